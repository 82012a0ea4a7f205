"""Pictures in another size: `interpolate`, by the nearest element or two of them, and channels that
become places.

Where new elements lie among the old ones is known before anything is computed, so that it is made
of reading by index and of sums.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from seegrad.errors import DTypeError, ShapeError, ValueRangeError
from seegrad.graph.mode import frame
from seegrad.i18n import tr
from seegrad.ops.indexing import take
from seegrad.ops.nn.sampling import mixed, neighbours
from seegrad.ops.nn.window import each_axis
from seegrad.ops.shape import array_like, repeat, reshape, transpose

LINEAR = {"linear": None, "bilinear": 2, "trilinear": 3}
"""The names of the linear mode, and for how many axes each is (None: any)."""
MODES = ("nearest", "nearest-exact", *LINEAR)


def interpolate(
    x: Any,
    size: Any = None,
    scale: Any = None,
    mode: str = "nearest",
    align_corners: bool = False,
) -> Any:
    """x (N, C, …) with other lengths on the axes after the channels, as PyTorch's of this name.

    Args:
        size: the new lengths, one number for all or one for each axis; or
        scale: what the lengths are multiplied with, rounded down.
        mode: "nearest" (each element from the one at or before its place), "nearest-exact" (from
            the one whose middle is nearest), or "linear" ("bilinear" of pictures, "trilinear"):
            the two neighbours on each axis, each by how near it is.
        align_corners: of the linear mode: the outermost elements stay where they are, so that
            distances are measured between middles and not between edges.

    Raises ValueRangeError, ShapeError and DTypeError for what does not fit.

    >>> interpolate(np.array([[[1.0, 3.0]]]), size=4, mode="linear")
    array([[[1. , 1.5, 2.5, 3. ]]])
    """
    x = array_like(x)
    lengths, ratios = _asked(x, size, scale, mode, align_corners)
    with frame("interpolate"):
        for axis, (new, ratio) in enumerate(zip(lengths, ratios), start=2):
            if new == x.shape[axis] and (ratio == 1 or mode == "nearest"):
                continue
            if mode not in LINEAR:
                x = _nearest(x, axis, new, ratio, 0.5 if mode == "nearest-exact" else 0.0)
            else:
                places = _places(x.shape[axis], new, ratio, align_corners)
                x = mixed(x, axis, *neighbours(places))
    return x


def _asked(
    x: Any, size: Any, scale: Any, mode: str, align_corners: bool
) -> tuple[tuple[int, ...], list[float]]:
    """The new lengths, and how many old elements one new one spans."""
    count = len(x.shape) - 2
    if mode not in MODES:
        raise ValueRangeError(
            tr("there is no such way to interpolate"), asked=", ".join(MODES),
            came=f"mode={mode!r}",
        )  # fmt: skip
    if count < 1 or 0 in x.shape[2:] or (LINEAR.get(mode) or count) != count:
        raise ShapeError(
            tr("there are no places to interpolate between"),
            asked="(N, C, …)" if mode not in LINEAR or not LINEAR[mode]
            else tr("(N, C, …) with {axes} axes after the channels", axes=LINEAR[mode]),
            came=tr("shape {shape}", shape=tuple(x.shape)),
        )  # fmt: skip
    if (size is None) == (scale is None):
        raise ValueRangeError(
            tr("the new size is told as lengths, or as what they are multiplied with"),
            asked=tr("one of the two"), came=f"size={size!r}, scale={scale!r}",
        )  # fmt: skip
    if mode in LINEAR and x.dtype.kind != "f":
        raise DTypeError("a mean needs floating-point numbers", came=f"dtype {x.dtype}")
    if mode not in LINEAR and align_corners:
        raise ValueRangeError(
            tr("corners are aligned where elements are mixed"), asked=", ".join(LINEAR),
            came=f"mode={mode!r}, align_corners=True",
        )  # fmt: skip
    if size is not None:
        lengths = each_axis("size", size, count, 1)
        return lengths, [n / new for n, new in zip(x.shape[2:], lengths)]
    factors = scale if isinstance(scale, (tuple, list)) else (scale,) * count
    made = [math.floor(n * f) for n, f in zip(x.shape[2:], factors) if f > 0]
    if len(factors) != count or len(made) != count or min(made) < 1:
        raise ValueRangeError(
            tr("the new lengths start at 1"), asked=tr("one number above 0, or {n}", n=count),
            came=f"scale={scale!r}",
        )  # fmt: skip
    return tuple(made), [1 / f for f in factors]


def _nearest(x: Any, axis: int, new: int, ratio: float, middle: float) -> Any:
    old = x.shape[axis]
    if new % old == 0 and ratio == old / new:
        return repeat(x, repeats=new // old, axis=axis)
    places = np.floor((np.arange(new) + middle) * ratio).astype(np.int64)
    return take(x, np.clip(places, 0, old - 1), axis=axis)


def _places(old: int, new: int, ratio: float, align_corners: bool) -> Any:
    """Where the new elements lie among the old ones."""
    if align_corners:
        return np.arange(new) * ((old - 1) / (new - 1) if new > 1 else 0.0)
    return np.clip((np.arange(new) + 0.5) * ratio - 0.5, 0, old - 1)


# --------------------------------------------------------------- channels as places


def depth_to_space(x: Any, r: int, channels_first: bool = True) -> Any:
    """(…, C·r², H, W) as (…, C, H·r, W·r): the channels' parts as places (Shi et al., 2016).

    channels_first: are the r² parts of a channel side by side, or those of each part's channels?
    """
    *head, c, h, w = x.shape
    k, inner = len(head), c // r**2
    down, right, channel = (1, 2, 0) if channels_first else (0, 1, 2)
    apart = reshape(x, shape=(*head, *((inner, r, r) if channels_first else (r, r, inner)), h, w))
    order = (*range(k), *(k + i for i in (channel, 3, down, 4, right)))
    return reshape(transpose(apart, axes=order), shape=(*head, inner, h * r, w * r))


def space_to_depth(x: Any, r: int, channels_first: bool = True) -> Any:
    """(…, C, H·r, W·r) as (…, C·r², H, W): the undoing of `depth_to_space`."""
    *head, c, h, w = x.shape
    k = len(head)
    apart = reshape(x, shape=(*head, c, h // r, r, w // r, r))
    order = (0, 2, 4, 1, 3) if channels_first else (2, 4, 0, 1, 3)
    turned = transpose(apart, axes=(*range(k), *(k + i for i in order)))
    return reshape(turned, shape=(*head, c * r**2, h // r, w // r))
