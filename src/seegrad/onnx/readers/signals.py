"""ONNX's Fourier transforms and what goes with them; complex numbers are pairs on the last axis.

A transform is a product with the matrix of its cosines and sines, so that it has a derivative.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from seegrad.onnx.readers.values import Attributes, Reader, Readers, Values, at, known, reads, whole
from seegrad.ops import indexing, linalg, shape

SIGNALS = Readers()
"""Fourier transforms, windows for them, and weights for their spectra."""

LONGEST = 2**12
"""No transform is over more points: its matrix has as many rows and columns."""


def _matrices(n: int, rows: int, sign: float, dtype: Any) -> tuple[NDArray[Any], NDArray[Any]]:
    """cos and sin of 2π j k / n, j < n, k < rows; products are taken modulo n, which is exact."""
    if not 0 < n <= LONGEST:
        raise ValueError(f"dft_length={n}")
    angles = 2 * np.pi / n * (np.outer(np.arange(n), np.arange(rows)) % n)
    return np.cos(angles).astype(dtype), (sign * np.sin(angles)).astype(dtype)


def _fitted(x: Any, n: int) -> Any:
    """x (…, m, pair) with m cut to n, or filled up with zeros."""
    m, axis = x.shape[-2], len(x.shape) - 2
    if m > n:
        return shape.part(x, axis, 0, n)
    widths = tuple((0, n - m if i == axis else 0) for i in range(len(x.shape)))
    return shape.pad(x, widths=widths) if m < n else x


def _parts(x: Any) -> tuple[Any, Any]:
    """Real and imaginary part, each (…, n); None for the second where there is none."""
    second = indexing.index(x, (..., 1)) if x.shape[-1] == 2 else None
    return indexing.index(x, (..., 0)), second


def transformed(x: Any, n: int, inverse: bool, onesided: bool) -> Any:
    """The transform of x (…, m, 1 or 2) over its last axis but one, (…, n or n//2 + 1, 2)."""
    rows = n // 2 + 1 if onesided else n
    cos, sin = _matrices(n, rows, 1.0 if inverse else -1.0, x.dtype)
    real, imaginary = _parts(_fitted(x, n))
    re, im = linalg.matmul(real, cos), linalg.matmul(real, sin)
    if imaginary is not None:
        re = re - linalg.matmul(imaginary, sin)
        im = im + linalg.matmul(imaginary, cos)
    found = shape.stack(re, im, axis=-1)
    return found / n if inverse else found


def _real_again(x: Any, n: int) -> Any:
    """The real signal (…, n, 1) whose transform has x (…, m, 2) as its first half."""
    half = n // 2 + 1
    cos, sin = _matrices(n, half, 1.0, x.dtype)
    weight = np.full((half, 1), 2.0)
    weight[0] = 1.0
    weight[-1] = 1.0 if n % 2 == 0 else weight[-1]
    real, imaginary = _parts(_fitted(x, half))
    found = linalg.matmul(real, (cos.T * weight / n).astype(x.dtype))
    if imaginary is not None:
        found = found - linalg.matmul(imaginary, (sin.T * weight / n).astype(x.dtype))
    return shape.expand_dims(found, axis=-1)


@SIGNALS.reads("DFT", "axis", "inverse", "onesided")
def _dft(values: Values, attributes: Attributes) -> Any:
    x, given, place = values[0], at(values, 1), at(values, 2)
    ndim = len(x.shape)
    if x.shape[-1] not in (1, 2):
        raise ValueError(f"last axis {x.shape[-1]}")
    axis = attributes.get("axis", -2) if place is None else whole(place, "axis")[0]
    axis %= ndim
    if axis == ndim - 1:
        raise ValueError(f"axis={axis}")
    inverse, onesided = bool(attributes.get("inverse")), bool(attributes.get("onesided"))
    if given is not None:
        (n,) = whole(given, "dft_length")
    else:
        n = 2 * (x.shape[axis] - 1) if inverse and onesided else x.shape[axis]
    x = shape.moveaxis(x, source=axis, destination=-2)
    found = _real_again(x, n) if inverse and onesided else transformed(x, n, inverse, onesided)
    return shape.moveaxis(found, source=-2, destination=axis)


@SIGNALS.reads("STFT", "onesided")
def _stft(values: Values, attributes: Attributes) -> Any:
    """Transforms of frames (N, frames, n or n//2 + 1, 2) of a signal (N, length, 1 or 2)."""
    x, window = values[0], at(values, 2)
    x = shape.expand_dims(x, axis=-1) if len(x.shape) == 2 else x
    (step,) = whole(values[1], "frame_step")
    if at(values, 3) is not None:
        (n,) = whole(values[3], "frame_length")
    else:
        n = x.shape[1] if window is None else window.shape[0]
    if step < 1 or not 0 < n <= x.shape[1]:
        raise ValueError(f"frame_step={step}, frame_length={n}")
    starts = np.arange((x.shape[1] - n) // step + 1) * step
    frames = indexing.take(x, starts[:, None] + np.arange(n), axis=1)
    if window is not None:
        frames = frames * shape.reshape(window, shape=(-1, 1))
    return transformed(frames, n, False, bool(attributes.get("onesided", 1)))


def _window(*weights: float) -> Reader:
    """A window of cosines: sum of (-1)ᵏ · weight · cos 2πki / n."""

    @reads("periodic", "output_datatype")
    def read(values: Values, attributes: Attributes) -> Any:
        (size,) = whole(values[0], "size")
        if not 0 <= size <= 2**24:
            raise ValueError(f"size={size}")
        n = size if attributes.get("periodic", 1) else size - 1
        angles = 2 * np.pi * np.arange(size) / max(n, 1)
        terms = ((-1) ** k * w * np.cos(k * angles) for k, w in enumerate(weights))
        found = np.sum(list(terms), axis=0)
        return found.astype(attributes.get("output_datatype") or np.float32)

    return read


@SIGNALS.reads("MelWeightMatrix", "output_datatype")
def _mel_weights(values: Values, attributes: Attributes) -> Any:
    """Triangles on the mel scale over the points of a one-sided spectrum."""
    bins, n, rate, low, high = (known(v, "MelWeightMatrix").item() for v in values)
    points = n // 2 + 1
    if not (0 < bins <= LONGEST and 0 < points <= LONGEST and rate > 0):
        raise ValueError(f"{bins} bins, {n} points")
    first, last = (2595 * np.log10(1 + hertz / 700) for hertz in (low, high))
    mels = first + np.arange(bins + 2) * (last - first) / (bins + 2)
    edges = np.floor((n + 1) * 700 * (10 ** (mels / 2595) - 1) / rate).astype(np.int64)
    left, middle, right = edges[:-2], edges[1:-1], edges[2:]
    rows = np.arange(points)[:, None]
    with np.errstate(divide="ignore", invalid="ignore"):
        rising = np.where(middle > left, (rows - left) / (middle - left), rows == middle)
        falling = (right - rows) / (right - middle)
    up = (rows >= left) & (rows <= middle)
    down = (rows >= middle) & (rows < right) & (right > middle)
    found = np.where(down, falling, np.where(up, rising, 0.0))
    return found.astype(attributes.get("output_datatype") or np.float32)


SIGNALS.update({
    "BlackmanWindow": _window(0.42, 0.5, 0.08),
    "HammingWindow": _window(25 / 46, 21 / 46),
    "HannWindow": _window(0.5, 0.5),
})
