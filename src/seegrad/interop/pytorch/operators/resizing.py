"""ATen's resizing of pictures and reading between their elements: upsample, grid_sampler."""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np

from seegrad.interop.pytorch.operators.reader import reads, table
from seegrad.ops import sampling

Along = Callable[[Any, int, int, float | None, bool], Any]
"""x with so many places along an axis, which is stretched by a factor, or by what comes of it."""


def _scale(n: int, out: int, factor: float | None, corners: bool) -> float:
    if corners:
        return (n - 1) / (out - 1) if out > 1 else 0.0
    return 1 / factor if factor else n / out


def _linear(
    x: Any, axis: int, out: int, factor: float | None, corners: bool, cubic: float | None = None
) -> Any:
    scale, places = _scale(x.shape[axis], out, factor, corners), np.arange(out)
    at = places * scale if corners else (places + 0.5) * scale - 0.5
    return sampling.mixed(x, axis, *sampling.neighbours(at, cubic))


def _smooth(
    x: Any, axis: int, out: int, factor: float | None, corners: bool, cubic: float | None = None
) -> Any:
    """Mixed over as many elements as the picture shrinks by (antialias)."""
    n = x.shape[axis]
    scale = _scale(n, out, factor, corners)
    near = sampling.neighbours((np.arange(out) + 0.5) * scale - 0.5, cubic, 1 / max(scale, 1.0))
    return sampling.mixed(x, axis, *sampling.inside(*near, n))


def _nearest(x: Any, axis: int, out: int, factor: float | None, corners: bool) -> Any:
    scale = np.float32(_scale(x.shape[axis], out, factor, False))
    return sampling.taken(x, axis, np.floor(np.arange(out) * scale))


def _nearest_exact(x: Any, axis: int, out: int, factor: float | None, corners: bool) -> Any:
    scale = _scale(x.shape[axis], out, factor, False)
    return sampling.taken(x, axis, np.floor((np.arange(out) + 0.5) * scale))


def _resized(
    x: Any, output_size: Any, factors: Any, corners: bool, along: Along, count: int
) -> Any:
    lengths = tuple(x.shape[-count:])
    if output_size is None:
        output_size = [math.floor(n * f) for n, f in zip(lengths, factors)]
    first = len(x.shape) - count
    for axis, out, factor in zip(range(first, first + count), output_size,
                                 factors or (None,) * count):  # fmt: skip
        x = along(x, axis, out, factor, corners)
    return x


def _read(
    along: Along, count: int, input: Any = None, self: Any = None, output_size: Any = None,
    align_corners: bool = False, scale_factors: Any = None, scales: Any = None,
    scales_d: Any = None, scales_h: Any = None, scales_w: Any = None,
) -> Any:  # fmt: skip
    factors = scale_factors
    if factors is None:
        given = (scales_d, scales_h, scales_w)[3 - count :] if count > 1 else (scales,)
        factors = given if any(given) else None
    x = input if self is None else self
    return _resized(x, output_size, factors, align_corners, along, count)


for _count, _word in ((1, "linear"), (2, "bilinear"), (3, "trilinear")):
    reads(f"upsample_{_word}{_count}d")(partial(_read, _linear, _count))
    reads(f"upsample_nearest{_count}d")(partial(_read, _nearest, _count))
    reads(f"_upsample_nearest_exact{_count}d")(partial(_read, _nearest_exact, _count))
table({
    "upsample_bicubic2d": partial(_read, partial(_linear, cubic=-0.75), 2),
    "_upsample_bilinear2d_aa": partial(_read, _smooth, 2),
    "_upsample_bicubic2d_aa": partial(_read, partial(_smooth, cubic=-0.5), 2),
})

MODES = ("linear", "nearest", "cubic")
PADDINGS = ("zeros", "border", "reflection")
table({
    "grid_sampler grid_sampler_2d grid_sampler_3d": (
        lambda input, grid, interpolation_mode, padding_mode, align_corners: sampling.grid_sample(
            input, grid, MODES[interpolation_mode], PADDINGS[padding_mode], align_corners
        )
    ),
})
