"""`scipy.signal`: the convolution over any axes, as autograd has it."""

from __future__ import annotations

import functools
import operator
from collections.abc import Sequence
from typing import Any

import numpy as np

from seegrad.errors import ShapeError, ValueRangeError
from seegrad.ops import indexing, shape
from seegrad.ops.linear.linalg import tensordot

Pairs = Sequence[Sequence[int]]


def _windows(a: Any, axis: int, size: int) -> Any:
    """a with one axis more, the last: the `size` elements from each place on along `axis`."""
    count = a.shape[axis] - size + 1
    places = np.arange(count)[:, None] + np.arange(size)
    read = indexing.take(a, places, axis=axis)
    return shape.moveaxis(read, axis + 1, -1)


def _middle(x: Any, axis: int, size: int) -> Any:
    return shape.part(x, axis, (x.shape[axis] - size) // 2, size)


def convolve(
    A: Any, B: Any, axes: Pairs | None = None, dot_axes: Pairs = ((), ()), mode: str = "full"
) -> Any:
    """The convolution of A and B along pairs of axes, as `scipy.signal.convolve` along each.

    Args:
        axes: two lists of axes, of A and of B, convolved with one another; None: the last ones
            that both have.
        dot_axes: two lists of axes that are multiplied and summed, as by tensordot.
        mode: "full", "same" or "valid".

    The result has A's other axes, then B's other ones, then the convolved ones. Raises ShapeError,
    ValueRangeError.

    >>> convolve(np.array([1.0, 2.0, 3.0]), np.array([1.0, 1.0]))
    array([1., 3., 5., 3.])
    """
    A, B = shape.array_like(A), shape.array_like(B)
    if mode not in ("full", "same", "valid"):
        raise ValueRangeError("an unknown mode", asked="full, same, valid", came=f"mode={mode!r}")
    if axes is None:
        count = min(len(A.shape), len(B.shape))
        axes = tuple(tuple(range(len(x.shape) - count, len(x.shape))) for x in (A, B))
    along = [[i % len(x.shape) for i in which] for x, which in zip((A, B), axes)]
    dotted = [[i % len(x.shape) for i in which] for x, which in zip((A, B), dot_axes)]
    sizes = [[x.shape[i] for i in which] for x, which in zip((A, B), along)]
    if len(along[0]) != len(along[1]):
        raise ShapeError("axes are convolved in pairs", came=f"axes={axes!r}")
    others = [
        [i for i in range(len(x.shape)) if i not in a + d]
        for x, a, d in zip((A, B), along, dotted)
    ]
    if mode == "valid" and any(map(operator.lt, *sizes)):
        if any(map(operator.gt, *sizes)):
            raise ShapeError(
                "one array must be at least as large as the other along all axes",
                asked='mode="full"', came=f"{sizes[0]}, {sizes[1]}",
            )  # fmt: skip
        turned = convolve(B, A, along[::-1], dotted[::-1], mode)
        first, second = len(others[1]), len(others[0])
        rest = range(first + second, len(turned.shape))
        return shape.transpose(turned, axes=(*range(first, first + second), *range(first), *rest))
    return _product(A, B, along, dotted, others, mode)


def _product(
    A: Any, B: Any, along: Any, dotted: Any, others: Any, mode: str
) -> Any:
    """Windows of A times B turned round, summed over what they share."""
    order = [*others[0], *along[0], *dotted[0]]
    a = shape.transpose(A, axes=tuple(order)) if order else A
    lead, reach = len(others[0]), [B.shape[i] for i in along[1]]
    for i, size in enumerate(reach):
        if mode != "valid":
            around, ndim = (size - 1, size - 1), len(a.shape)
            a = shape.pad(a, tuple(around if j == lead + i else (0, 0) for j in range(ndim)))
    a = functools.reduce(lambda x, i: _windows(x, lead + i, reach[i]), range(len(reach)), a)
    b = shape.flip(B, axis=tuple(along[1])) if along[1] else B
    start = lead + len(reach)
    summed = tuple(range(start, start + len(dotted[0]) + len(reach)))
    found = tensordot(a, b, axes=(summed, (*dotted[1], *along[1])))
    # A's others, convolved, B's others
    total = len(found.shape)
    moved = (*range(lead), *range(start, total), *range(lead, start))
    found = shape.transpose(found, axes=moved) if total else found
    if mode == "same":
        for i, axis in enumerate(along[0]):
            found = _middle(found, total - len(reach) + i, A.shape[axis])
    return found
