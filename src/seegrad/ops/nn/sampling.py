"""Reading between elements: pictures at positions that are computed, and mixtures along an axis.

What is read where is known (`neighbours`, `mixed`), or comes from a graph (`sampled`,
`grid_sample`). Pictures in another size stand in `resize`.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from seegrad.ops.arithmetic import clip, floor, mod, round
from seegrad.ops.compare import astype, logical_and, where
from seegrad.ops.indexing import index, take
from seegrad.ops.linear.linalg import matmul
from seegrad.ops.shape import expand_dims, moveaxis

Array = NDArray[Any]
TAPS = 4
"""So many neighbours are read one by one; more are a product with a matrix."""


def cubic_weights(t: Any, a: float) -> list[Any]:
    """How much the elements at -1, 0, 1, 2 count between 0 and 1 (Keys, 1981)."""

    def near(x: Any) -> Any:
        return ((a + 2) * x - (a + 3)) * x * x + 1

    def far(x: Any) -> Any:
        return ((a * x - 5 * a) * x + 8 * a) * x - 4 * a

    return [far(t + 1), near(t), near(1 - t), far(2 - t)]


# --------------------------------------------------------------- along an axis


def neighbours(places: Array, cubic: float | None = None, grown: float = 1.0) -> tuple[Any, Any]:
    """For each place the elements around it, (places, taps), and how much each counts.

    cubic: the coefficient of Keys' cubic, None for straight lines. grown: by how much the axis
    grows; below 1 as many elements are mixed as it shrinks (antialiasing).
    """
    places = places.astype(np.float64)
    if grown >= 1:
        low = np.floor(places)
        part = places - low
        shares = [1 - part, part] if cubic is None else cubic_weights(part, cubic)
        near = low[:, None] + np.arange(len(shares)) - (cubic is not None)
        return near.astype(np.int64), np.stack(shares, axis=1)
    first = math.floor(-(1 if cubic is None else 2) / grown) + 1
    near = (np.ceil(places) - 1)[:, None] + np.arange(first, 2 - first)
    apart = np.abs(near - places[:, None]) * grown
    if cubic is None:
        weights = np.clip(1 - apart, 0, None)
    else:
        inner, outer = (cubic_weights(apart - beyond, cubic)[1 - beyond] for beyond in (0, 1))
        weights = np.where(apart <= 1, inner, np.where(apart < 2, outer, 0))
    return near.astype(np.int64), weights / weights.sum(axis=1, keepdims=True)


def inside(near: Array, weights: Array, n: int) -> tuple[Array, Array]:
    """The same neighbours, those beyond an axis of n counting nothing."""
    weights = np.where((near < 0) | (near >= n), 0, weights)
    return near, weights / weights.sum(axis=1, keepdims=True)


def taken(x: Any, axis: int, places: Array) -> Any:
    """x read at whole places along an axis, the outermost beyond its ends."""
    return take(x, np.clip(places, 0, x.shape[axis] - 1).astype(np.int64), axis=axis)


def mixed(x: Any, axis: int, near: Array, weights: Array) -> Any:
    """x with, along an axis, the elements `near` (places, taps) put together by their weights."""
    n = x.shape[axis]
    if near.shape[1] > TAPS:
        matrix = np.zeros((len(near), n))
        np.add.at(matrix, (np.arange(len(near))[:, None], np.clip(near, 0, n - 1)), weights)
        last = matmul(moveaxis(x, source=axis, destination=-1), matrix.T.astype(x.dtype))
        return moveaxis(last, source=-1, destination=axis)
    lined = [-1 if i == axis else 1 for i in range(len(x.shape))]
    total = None
    for column, share in zip(near.T, weights.T):
        part = taken(x, axis, column) * share.astype(x.dtype).reshape(lined)
        total = part if total is None else total + part
    return total


# --------------------------------------------------------------- at positions that are computed


def _around(x: Any, mode: str) -> list[tuple[Any, Any]]:
    """The elements near the positions x, and how much each counts."""
    if mode == "nearest":
        return [(astype(round(x), dtype=np.int64), 1)]
    low = floor(x)
    part, first = x - low, astype(low, dtype=np.int64)
    if mode == "linear":
        return [(first, 1 - part), (first + 1, part)]
    return [(first + i, w) for i, w in enumerate(cubic_weights(part, -0.75), -1)]


def _held(i: Any, n: int, padding: str, corners: bool) -> tuple[Any, Any]:
    """Indices held within an axis of n, and which of them count; None: all."""
    if padding == "reflection":
        turn = 2 * (n - 1) if corners else 2 * n
        i = mod(i, turn) if turn else i * 0
        i = where(i >= n, turn - i - (0 if corners else 1), i)
    counts = logical_and(i >= 0, i < n) if padding == "zeros" else None
    return clip(i, low=0, high=n - 1), counts


def sampled(x: Any, places: Sequence[Any], mode: str, padding: str, corners: bool = False) -> Any:
    """x (N, C, …) read at positions (N, …), one array for each axis of the picture: (N, C, …).

    mode: "nearest", "linear" or "cubic". padding: "zeros", "border" or "reflection", what lies
    around x. corners: mirrored at the outermost elements, not at their edges.
    """
    n = x.shape[0]
    first = np.arange(n).reshape(n, *(1,) * (len(places[0].shape) - 1))
    last = moveaxis(x, source=1, destination=-1)
    total = None
    for corner in itertools.product(*(_around(place, mode) for place in places)):
        key, weight = [first], None
        for axis, (i, w) in enumerate(corner):
            i, counts = _held(i, x.shape[2 + axis], padding, corners)
            key.append(i)
            if counts is not None:
                w = w * astype(counts, dtype=x.dtype)
            weight = w if weight is None else weight * w
        part = index(last, tuple(key))
        if not isinstance(weight, int):
            part = part * expand_dims(astype(weight, dtype=x.dtype), axis=-1)
        total = part if total is None else total + part
    return moveaxis(total, source=-1, destination=1)


def grid_sample(x: Any, grid: Any, mode: str, padding: str, corners: bool) -> Any:
    """x read where the grid (N, …, axes) points to: from −1 to 1, the picture's last axis first."""
    places = []
    for axis, n in enumerate(x.shape[2:]):
        g = index(grid, (..., len(x.shape) - 3 - axis))
        places.append((g + 1) * ((n - 1) / 2) if corners else ((g + 1) * n - 1) / 2)
    return sampled(x, places, mode, padding, corners)
