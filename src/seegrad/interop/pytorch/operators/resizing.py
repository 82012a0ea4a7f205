"""ATen's resizing of pictures and reading between their elements: upsample, grid_sampler."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from seegrad.interop.pytorch.operators.reader import reads
from seegrad.ops import arithmetic, compare, indexing, linalg, shape

Array = NDArray[Any]
Taps = tuple[list[Array], list[Array]]
"""Along an axis: which elements each result is made of, and by which shares."""


def _scale(n: int, out: int, factor: float | None, corners: bool) -> float:
    if corners:
        return (n - 1) / (out - 1) if out > 1 else 0.0
    return 1 / factor if factor else n / out


def _source(n: int, out: int, factor: float | None, corners: bool) -> Array:
    """Where between the elements each result lies."""
    scale = _scale(n, out, factor, corners)
    places = np.arange(out)
    return places * scale if corners else (places + 0.5) * scale - 0.5


def _linear(n: int, out: int, factor: float | None, corners: bool) -> Taps:
    at = np.maximum(_source(n, out, factor, corners), 0)
    first = np.minimum(np.floor(at).astype(np.int64), n - 1)
    share = np.clip(at - first, 0, 1)
    return [first, np.minimum(first + 1, n - 1)], [1 - share, share]


def _cubic(n: int, out: int, factor: float | None, corners: bool) -> Taps:
    at = _source(n, out, factor, corners)
    first = np.floor(at).astype(np.int64)
    t = at - first
    places = [np.clip(first + k, 0, n - 1) for k in (-1, 0, 1, 2)]
    return places, [_bent(np.abs(t - k)) for k in (-1, 0, 1, 2)]


def _bent(x: Array, a: float = -0.75) -> Array:
    """Keys' cubic (1981) at a distance x."""
    near = (a + 2) * x**3 - (a + 3) * x**2 + 1
    far = a * x**3 - 5 * a * x**2 + 8 * a * x - 4 * a
    found: Array = np.where(x <= 1, near, np.where(x < 2, far, 0))
    return found


def _nearest(n: int, out: int, factor: float | None, corners: bool) -> Taps:
    places = np.floor(np.arange(out) * np.float32(_scale(n, out, factor, False)))
    return [np.minimum(places.astype(np.int64), n - 1)], [np.ones(out)]


def _nearest_exact(n: int, out: int, factor: float | None, corners: bool) -> Taps:
    places = np.floor((np.arange(out) + 0.5) * _scale(n, out, factor, False))
    return [np.clip(places.astype(np.int64), 0, n - 1)], [np.ones(out)]


def _wide(bend: Callable[[Array], Array], reach: float) -> Callable[..., Taps]:
    """Taps as wide as the picture shrinks (antialias)."""

    def taps(n: int, out: int, factor: float | None, corners: bool) -> Taps:
        scale = _scale(n, out, factor, corners)
        wide = max(scale, 1.0)
        centre = scale * (np.arange(out) + 0.5)
        apart = (np.arange(n)[None] - centre[:, None] + 0.5) / wide
        shares = np.where(np.abs(apart) < reach, bend(np.abs(apart)), 0)
        shares /= shares.sum(axis=1, keepdims=True)
        return [np.full(out, i) for i in range(n)], list(shares.T)

    return taps


def _resized(
    x: Any, output_size: Any, factors: Any, corners: bool, taps: Callable[..., Taps], count: int
) -> Any:
    lengths = tuple(x.shape[-count:])
    if output_size is None:
        output_size = [math.floor(n * f) for n, f in zip(lengths, factors)]
    factors = factors or (None,) * count
    for axis, n, out, factor in zip(range(-count, 0), lengths, output_size, factors):
        places, shares = taps(n, out, factor, corners)
        if len(places) > 4:
            turned = linalg.matmul(
                shape.swapaxes(x, axis1=axis, axis2=-1), np.stack(shares).astype(x.dtype)
            )
            x = shape.swapaxes(turned, axis1=axis, axis2=-1)
            continue
        along = (-1, *(1,) * (-1 - axis))
        total: Any = None
        for at, share in zip(places, shares):
            part = indexing.take(x, at, axis=len(x.shape) + axis)
            if len(places) > 1:
                part = part * share.astype(x.dtype).reshape(along)
            total = part if total is None else total + part
        x = total
    return x


def _read(name: str, taps: Callable[..., Taps], count: int) -> None:
    def read(
        input: Any = None, self: Any = None, output_size: Any = None, align_corners: bool = False,
        scale_factors: Any = None, scales: Any = None, scales_d: Any = None, scales_h: Any = None,
        scales_w: Any = None,
    ) -> Any:  # fmt: skip
        factors = scale_factors
        if factors is None:
            given = (scales_d, scales_h, scales_w)[3 - count :] if count > 1 else (scales,)
            factors = given if any(given) else None
        x = input if self is None else self
        return _resized(x, output_size, factors, align_corners, taps, count)

    reads(name)(read)


for _count, _word in ((1, "linear"), (2, "bilinear"), (3, "trilinear")):
    _read(f"upsample_{_word}{_count}d", _linear, _count)
    _read(f"upsample_nearest{_count}d", _nearest, _count)
    _read(f"_upsample_nearest_exact{_count}d", _nearest_exact, _count)
_read("upsample_bicubic2d", _cubic, 2)
_read("_upsample_bilinear2d_aa", _wide(lambda x: 1 - x, 1.0), 2)
_read("_upsample_bicubic2d_aa", _wide(lambda x: _bent(x, -0.5), 2.0), 2)


# --------------------------------------------------------------- at places that are computed

BILINEAR, NEAREST = 0, 1
ZEROS, BORDER = 0, 1


def _unnormalised(at: Any, n: int, corners: bool) -> Any:
    return (at + 1) * ((n - 1) / 2) if corners else ((at + 1) * n - 1) / 2


def _reflected(at: Any, n: int, corners: bool) -> Any:
    low, span = (0.0, n - 1.0) if corners else (-0.5, float(n))
    if span <= 0:
        return at * 0
    apart = arithmetic.abs(at - low)
    turns = arithmetic.floor(apart / span)
    rest = apart - turns * span
    even = compare.equal(arithmetic.mod(turns, 2.0), 0)
    return compare.where(even, rest + low, span - rest + low)


def _inside(at: Any, n: int, padding_mode: int, corners: bool) -> Any:
    if padding_mode == ZEROS:
        return at
    if padding_mode != BORDER:
        at = _reflected(at, n, corners)
    return arithmetic.clip(at, low=0.0, high=n - 1.0)


@reads("grid_sampler", "grid_sampler_2d", "grid_sampler_3d")
def grid_sampler(
    input: Any, grid: Any, interpolation_mode: int, padding_mode: int, align_corners: bool
) -> Any:
    if interpolation_mode not in (BILINEAR, NEAREST):
        raise ValueError(f"interpolation_mode={interpolation_mode}")
    count = len(input.shape) - 2
    lengths = tuple(input.shape[2:])
    ats = []
    for axis, n in enumerate(lengths):
        last = shape.cut_by(grid, [*[slice(None)] * (count + 1), count - 1 - axis])
        ats.append(_inside(_unnormalised(last, n, align_corners), n, padding_mode, align_corners))
    if interpolation_mode == NEAREST:
        return _read_at(input, [arithmetic.round(at) for at in ats], lengths)
    total: Any = None
    low = [arithmetic.stop_gradient(arithmetic.floor(at)) for at in ats]
    for corner in np.ndindex(*(2,) * count):
        share: Any = 1.0
        for at, first, far in zip(ats, low, corner):
            share = share * ((at - first) if far else (1 - (at - first)))
        part = _read_at(input, [f + float(c) for f, c in zip(low, corner)], lengths)
        part = part * shape.expand_dims(share, axis=1)
        total = part if total is None else total + part
    return total


def _read_at(x: Any, ats: Sequence[Any], lengths: Sequence[int]) -> Any:
    """x (N, C, …) at whole places (N, …), and 0 where there is nothing."""
    flat: Any = 0
    there: Any = True
    for at, n in zip(ats, lengths):
        there = compare.logical_and(
            there, compare.logical_and(compare.greater_equal(at, 0), compare.less(at, n))
        )
        safe = compare.astype(arithmetic.clip(at, low=0.0, high=n - 1.0), dtype=np.int64)
        flat = flat * n + safe
    head, places = tuple(x.shape[:2]), tuple(ats[0].shape[1:])
    index = shape.reshape(flat, shape=(head[0], 1, math.prod(places)))
    index = shape.broadcast_to(index, shape=(*head, math.prod(places)))
    found = indexing.take_along_axis(shape.reshape(x, shape=(*head, -1)), index, axis=2)
    found = shape.reshape(found, shape=(*head, *places))
    return compare.where(shape.expand_dims(there, axis=1), found, 0.0)
