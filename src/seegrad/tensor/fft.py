"""`sg.fft`: Fourier transforms by NumPy's names, of pairs `(real, imag)` of real arrays.

The graph computes with real numbers, so that what NumPy gives as complex numbers is a pair here,
which each transform takes as two arguments or as the one `Pair` that another has given.
All are the operation `stacked_dft` with cuts, joins and scales around it.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np

from seegrad.errors import CallError, ShapeError, ValueRangeError
from seegrad.i18n import tr
from seegrad.ops import compare, shape
from seegrad.ops.families import one_axis, some_axes
from seegrad.ops.linear.fourier import stacked_dft

__all__ = [
    "Pair", "fft", "fft2", "fftn", "fftshift", "ifft", "ifft2", "ifftn", "ifftshift", "irfft",
    "irfft2", "irfftn", "rfft", "rfft2", "rfftn",
]  # fmt: skip


class Pair(NamedTuple):
    """Real and imaginary part of an array of complex numbers.

    >>> Pair([1.0], [0.0]).real
    [1.0]
    """

    real: Any
    imag: Any


def _parts(real: Any, imag: Any) -> Pair:
    """Real and imaginary part (None: there is none), which may have come as one `Pair`."""
    if isinstance(real, Pair):
        if imag is not None:
            raise CallError("a pair has its imaginary part with it", asked="irfft(pair, n=…)",
                            came=f"pair, {str(imag)[:20]}")  # fmt: skip
        return real
    if isinstance(real, tuple) and any(len(np.shape(x)) for x in real):
        raise CallError("a tuple is no array of complex numbers",
                        asked="irfft(real, imag), irfft(*pair), irfft(Pair(real, imag))",
                        came=tr("a tuple of {count}", count=len(real)))  # fmt: skip
    return Pair(real, imag)


def _real(x: Any) -> Any:
    """x, where what comes has no imaginary part."""
    real, imag = _parts(x, None)
    if imag is not None:
        raise CallError("this transform is of real numbers", asked="rfft(x)", came="a pair",
                        hint="fft(real, imag)")  # fmt: skip
    return real


def _fitted(x: Any, axis: int, n: int) -> Any:
    """x cut, or filled with zeros, to n along an axis."""
    size = x.shape[axis]
    if n <= size:
        return x if n == size else shape.part(x, axis, 0, n)
    return shape.pad(x, tuple((0, n - size if i == axis else 0) for i in range(len(x.shape))))


def _scale(n: int, norm: str | None, inverse: bool) -> float:
    scales = {None: n if inverse else 1, "backward": n if inverse else 1, "ortho": math.sqrt(n),
              "forward": 1 if inverse else n}  # fmt: skip
    if norm not in scales:
        raise ValueRangeError(
            tr("there is no norm {norm} of a transform", norm=repr(norm)),
            asked="None, 'backward', 'ortho' or 'forward'",
        )
    return 1 / scales[norm]


def _count(n: Any, size: int) -> int:
    count = size if n is None else int(n)
    if count < 1:
        raise ValueRangeError("a transform needs at least one number", came=f"n={count}")
    return count


def _along(real: Any, imag: Any, n: Any, axis: int, norm: str | None, inverse: bool) -> Pair:
    real, imag = _parts(real, imag)
    real = compare.floating(shape.array_like(real))
    imag = real * 0 if imag is None else compare.floating(shape.array_like(imag))
    if tuple(real.shape) != tuple(imag.shape):
        raise ShapeError(
            "real and imaginary part have one shape", came=f"{real.shape}, {imag.shape}"
        )
    last = len(real.shape)
    at = one_axis(axis, last)
    count = _count(n, real.shape[at])
    both = shape.stack(_fitted(real, at, count), _fitted(imag, at, count), axis=last)
    moved = stacked_dft(shape.moveaxis(both, at, last - 1), inverse=inverse)
    found = shape.moveaxis(moved, last - 1, at) * _scale(count, norm, inverse)
    return Pair(found[..., 0], found[..., 1])


def fft(
    real: Any, imag: Any = None, n: int | None = None, axis: int = -1, norm: str | None = None
) -> Pair:
    """The transform along one axis: Σ x(m)·exp(−2πi·km/n), as `numpy.fft.fft`.

    Args:
        real, imag: the parts of x, or both as one `Pair`; real numbers need no `imag`.
        n: how many numbers of the axis are taken; further ones are zeros. None: all.
        norm: "backward", "ortho" or "forward": what it is divided by, as NumPy says it.

    Raises ShapeError, ValueRangeError.

    >>> fft(np.array([1.0, 0.0, 0.0, 0.0])).real
    array([1., 1., 1., 1.])
    """
    return _along(real, imag, n, axis, norm, inverse=False)


def ifft(
    real: Any, imag: Any = None, n: int | None = None, axis: int = -1, norm: str | None = None
) -> Pair:
    """The transform back, as `numpy.fft.ifft`.

    Args:
        real: the real parts.
        imag: the imaginary parts; None: 0.
        n: to how many numbers it is cut or filled with zeros.
        axis: along which axis.
        norm: "backward" (the default: the way back divides), "ortho", or "forward".

    >>> ifft([3.0, -1.0]).real
    array([1., 2.])
    """
    return _along(real, imag, n, axis, norm, inverse=True)


def rfft(x: Any, n: int | None = None, axis: int = -1, norm: str | None = None) -> Pair:
    """The first half, n // 2 + 1 numbers, of the transform of real numbers; the rest mirrors it.

    Args:
        axis: along which axis.
        norm: "backward" (the default: the way back divides), "ortho", or "forward".

    >>> rfft(np.array([1.0, 2.0, 3.0, 2.0])).real
    array([ 8., -2.,  0.])
    """
    whole = fft(_real(x), None, n, axis, norm)
    at = one_axis(axis, len(whole.real.shape))
    half = whole.real.shape[at] // 2 + 1
    return Pair(shape.part(whole.real, at, 0, half), shape.part(whole.imag, at, 0, half))


def irfft(
    real: Any, imag: Any = None, n: int | None = None, axis: int = -1, norm: str | None = None
) -> Any:
    """The n real numbers whose transform begins so, as `numpy.fft.irfft`; n = 2·(size − 1).

    Args:
        imag: the imaginary parts; None: 0.
        axis: along which axis.
        norm: "backward" (the default: the way back divides), "ortho", or "forward".

    >>> x = np.array([1.0, 2.0, 3.0, 2.0])
    >>> bool(np.allclose(irfft(*rfft(x)), x))
    True
    """
    real, imag = _parts(real, imag)
    real = compare.floating(shape.array_like(real))
    imag = real * 0 if imag is None else compare.floating(shape.array_like(imag))
    at = one_axis(axis, len(real.shape))
    count = _count(n, 2 * (real.shape[at] - 1))
    half = count // 2 + 1
    real, imag = _fitted(real, at, half), _fitted(imag, at, half)
    # the numbers at 0 and n/2 are their own mirror images: their imaginary parts do not count
    sizes = tuple(half if i == at else 1 for i in range(len(real.shape)))
    own = np.ones(half)
    own[0] = 0
    if count % 2 == 0:
        own[-1] = 0
    imag = imag * own.reshape(sizes).astype(imag.dtype)
    rest = count - half
    mirror = [shape.flip(shape.part(x, at, 1, rest), axis=at) for x in (real, imag)]
    whole = (
        shape.concatenate(real, mirror[0], axis=at), shape.concatenate(imag, -mirror[1], axis=at)
    )
    return ifft(*whole, None, at, norm).real


def _sizes_and_axes(x: Any, s: Sequence[int] | None, axes: Any) -> list[tuple[int | None, int]]:
    ndim = len(shape.array_like(x).shape)
    if axes is None:
        axes = range(ndim) if s is None else range(ndim - len(s), ndim)
    places = [one_axis(i, ndim) for i in axes]
    if s is not None and len(s) != len(places):
        raise ShapeError("one size for each axis", asked=f"{len(places)}", came=f"{len(s)}")
    return list(zip([None] * len(places) if s is None else list(s), places))


def fftn(
    real: Any, imag: Any = None, s: Sequence[int] | None = None, axes: Any = None,
    norm: str | None = None,
) -> Pair:  # fmt: skip
    """`fft` along each of `axes` (None: all), with the sizes s.

    Args:
        real: the real parts.
        imag: the imaginary parts; None: 0.
        norm: "backward" (the default: the way back divides), "ortho", or "forward".

    >>> fftn([1.0, 2.0]).real
    array([ 3., -1.])
    """
    found = _parts(real, imag)
    for n, axis in reversed(_sizes_and_axes(found.real, s, axes)):
        found = fft(*found, n, axis, norm)
    return found


def ifftn(
    real: Any, imag: Any = None, s: Sequence[int] | None = None, axes: Any = None,
    norm: str | None = None,
) -> Pair:  # fmt: skip
    """`ifft` along each of `axes` (None: all), with the sizes s.

    Args:
        real: the real parts.
        imag: the imaginary parts; None: 0.
        norm: "backward" (the default: the way back divides), "ortho", or "forward".

    >>> ifftn([3.0, -1.0]).real
    array([1., 2.])
    """
    found = _parts(real, imag)
    for n, axis in reversed(_sizes_and_axes(found.real, s, axes)):
        found = ifft(*found, n, axis, norm)
    return found


def rfftn(
    x: Any, s: Sequence[int] | None = None, axes: Any = None, norm: str | None = None
) -> Pair:
    """`rfft` along the last of `axes` (None: all), `fft` along the others.

    Args:
        s: the sizes to which the axes are cut or filled with zeros.
        norm: "backward" (the default: the way back divides), "ortho", or "forward".

    >>> rfftn([1.0, 2.0]).real
    array([ 3., -1.])
    """
    x = _real(x)
    *others, (n, last) = _sizes_and_axes(x, s, axes)
    found = rfft(x, n, last, norm)
    for size, axis in reversed(others):
        found = fft(*found, size, axis, norm)
    return found


def irfftn(
    real: Any, imag: Any = None, s: Sequence[int] | None = None, axes: Any = None,
    norm: str | None = None,
) -> Any:  # fmt: skip
    """`ifft` along all of `axes` (None: all) but the last, `irfft` along that.

    Args:
        real: the real parts.
        imag: the imaginary parts; None: 0.
        norm: "backward" (the default: the way back divides), "ortho", or "forward".
        s: the sizes to which the axes are cut or filled.

    >>> irfftn([3.0, -1.0])
    array([1., 2.])
    """
    found = _parts(real, imag)
    *others, (n, last) = _sizes_and_axes(found.real, s, axes)
    for size, axis in others:
        found = ifft(*found, size, axis, norm)
    return irfft(*found, n, last, norm)


def fft2(
    real: Any, imag: Any = None, s: Sequence[int] | None = None, axes: Any = (-2, -1),
    norm: str | None = None,
) -> Pair:  # fmt: skip
    """`fftn` along the last two axes.

    Args:
        real: the real parts.
        imag: the imaginary parts; None: 0.
        s: the sizes to which the axes are cut or filled with zeros.
        norm: "backward" (the default: the way back divides), "ortho", or "forward".

    >>> fft2(np.eye(2)).real
    array([[2., 0.],
           [0., 2.]])
    """
    return fftn(real, imag, s, axes, norm)


def ifft2(
    real: Any, imag: Any = None, s: Sequence[int] | None = None, axes: Any = (-2, -1),
    norm: str | None = None,
) -> Pair:  # fmt: skip
    """`ifftn` along the last two axes.

    Args:
        real: the real parts.
        imag: the imaginary parts; None: 0.
        s: the sizes to which the axes are cut or filled with zeros.
        norm: "backward" (the default: the way back divides), "ortho", or "forward".

    >>> ifft2(np.eye(2)).real
    array([[0.5, 0. ],
           [0. , 0.5]])
    """
    return ifftn(real, imag, s, axes, norm)


def rfft2(
    x: Any, s: Sequence[int] | None = None, axes: Any = (-2, -1), norm: str | None = None
) -> Pair:
    """`rfftn` along the last two axes.

    Args:
        s: the sizes to which the axes are cut or filled with zeros.
        norm: "backward" (the default: the way back divides), "ortho", or "forward".

    >>> rfft2(np.ones((2, 2))).real
    array([[4., 0.],
           [0., 0.]])
    """
    return rfftn(x, s, axes, norm)


def irfft2(
    real: Any, imag: Any = None, s: Sequence[int] | None = None, axes: Any = (-2, -1),
    norm: str | None = None,
) -> Any:  # fmt: skip
    """`irfftn` along the last two axes.

    Args:
        real: the real parts.
        imag: the imaginary parts; None: 0.
        s: the sizes to which the axes are cut or filled with zeros.
        norm: "backward" (the default: the way back divides), "ortho", or "forward".

    >>> irfft2(np.ones((2, 2))).shape
    (2, 2)
    """
    return irfftn(real, imag, s, axes, norm)


def fftshift(x: Any, axes: Any = None) -> Any:
    """x with the number of frequency 0 in the middle of each of `axes` (None: all); of a pair too.

    >>> fftshift([0.0, 1.0, 2.0, 3.0])
    array([2., 3., 0., 1.])
    """
    if isinstance(x, Pair):
        return Pair(*(fftshift(part, axes) for part in x))
    x = shape.array_like(_real(x))
    places = some_axes(axes, len(x.shape))
    return shape.roll(x, tuple(x.shape[i] // 2 for i in places), places)


def ifftshift(x: Any, axes: Any = None) -> Any:
    """`fftshift` undone.

    Args:
        axes: which axes; None: all.

    >>> ifftshift([2.0, 3.0, 0.0, 1.0])
    array([0., 1., 2., 3.])
    """
    if isinstance(x, Pair):
        return Pair(*(ifftshift(part, axes) for part in x))
    x = shape.array_like(_real(x))
    places = some_axes(axes, len(x.shape))
    return shape.roll(x, tuple(-(x.shape[i] // 2) for i in places), places)


fftfreq, rfftfreq = np.fft.fftfreq, np.fft.rfftfreq
