"""Pooling to a size that is asked for, whatever comes in: windows as even as they can be."""

from __future__ import annotations

import math
from typing import Any, ClassVar

import numpy as np

from seegrad.errors import DTypeError, ShapeError
from seegrad.i18n import tr
from seegrad.nn.layers.pooling import AXES
from seegrad.nn.module import Module, as_array
from seegrad.nn.sizes import each
from seegrad.ops.compare import where
from seegrad.ops.indexing import take
from seegrad.ops.nn.pooling import average_pool, max_pool
from seegrad.ops.reduce import max, sum
from seegrad.tensor.tensor import Tensor

Sizes = int | tuple[int | None, ...]


class _Adaptive(Module):
    """What adaptive pooling shares: place i of n covers ⌊i·L/n⌋ … ⌈(i + 1)·L/n⌉ of L."""

    axes: ClassVar[int] = 2

    def __init__(self, size: Sizes) -> None:
        given = tuple(size) if isinstance(size, (tuple, list)) else (size,) * self.axes
        each(tuple(1 if one is None else one for one in given), self.axes, size=size)
        self.size = given

    def forward(self, x: Any) -> Tensor:
        x = as_array(x)
        if x.ndim != self.axes + 2 or 0 in x.shape[2:]:
            raise ShapeError(
                tr("{layer}: this is no batch of pictures", layer=self.name or self.kind_name()),
                asked=AXES[self.axes],
                came=tr("an input of shape {shape}", shape=x.shape),
            )
        sizes = tuple(n if s is None else s for n, s in zip(x.shape[2:], self.size))
        if all(not n % s for n, s in zip(x.shape[2:], sizes)):
            return self._even(x, tuple(n // s for n, s in zip(x.shape[2:], sizes)))  # type: ignore[no-any-return]
        for axis, new in enumerate(sizes, start=2):
            if new != x.shape[axis]:
                x = self._uneven(x, axis, *_windows(x.shape[axis], new))
        return x  # type: ignore[no-any-return]

    def _even(self, x: Any, window: tuple[int, ...]) -> Any:
        """All windows of one size, side by side."""
        raise NotImplementedError

    def _uneven(self, x: Any, axis: int, places: Any, there: Any) -> Any:
        """Windows along one axis: where each reads, and whether that is in the window."""
        raise NotImplementedError

    def describe(self) -> str:
        return f"{self.size}" if len(set(self.size)) > 1 else f"{self.size[0]}"


def _windows(old: int, new: int) -> tuple[Any, Any]:
    """Which elements each window reads (new, widest), and which of them it has."""
    starts = np.arange(new) * old // new
    ends = -(-(np.arange(1, new + 1) * old) // new)
    places = starts[:, None] + np.arange(int((ends - starts).max()))
    return np.minimum(places, old - 1), places < ends[:, None]


def _wide(there: Any, axis: int, ndim: int) -> Any:
    """What is known of each place of each window, to meet an array of windows."""
    return there.reshape((1,) * axis + there.shape + (1,) * (ndim - axis - 1))


class AdaptiveAvgPool2d(_Adaptive):
    """The means of `size` windows on each axis, whatever the picture's size; None keeps an axis.

    >>> AdaptiveAvgPool2d((2, 3))(np.ones((1, 4, 7, 9))).shape
    (1, 4, 2, 3)
    """

    kind = "adaptive_avg_pool"

    def _even(self, x: Any, window: tuple[int, ...]) -> Any:
        return average_pool(x, size=window)

    def _uneven(self, x: Any, axis: int, places: Any, there: Any) -> Any:
        if x.dtype.kind != "f":
            raise DTypeError("a mean needs floating-point numbers", came=f"dtype {x.dtype}")
        share = (there / there.sum(axis=1, keepdims=True)).astype(x.dtype)
        return sum(take(x, places, axis=axis) * _wide(share, axis, len(x.shape)), axis=axis + 1)


class AdaptiveAvgPool1d(AdaptiveAvgPool2d):
    """`AdaptiveAvgPool2d` along one axis: (N, C, length).

    Args:
        size: the sizes of the result, one number or one for each axis.

    >>> AdaptiveAvgPool1d(2)(np.ones((1, 1, 4))).shape
    (1, 1, 2)
    """

    axes = 1


class AdaptiveAvgPool3d(AdaptiveAvgPool2d):
    """`AdaptiveAvgPool2d` along three axes: (N, C, depth, height, width).

    Args:
        size: the sizes of the result, one number or one for each axis.

    >>> AdaptiveAvgPool3d(2)(np.ones((1, 1, 4, 4, 4))).shape
    (1, 1, 2, 2, 2)
    """

    axes = 3


class AdaptiveMaxPool2d(_Adaptive):
    """The largest of each of `size` windows on each axis, whatever the picture's size.

    Equal largest ones share the derivative. None keeps an axis as long as it is.

    >>> AdaptiveMaxPool2d(3)(np.ones((1, 4, 7, 9))).shape
    (1, 4, 3, 3)
    """

    kind = "adaptive_max_pool"

    def _even(self, x: Any, window: tuple[int, ...]) -> Any:
        return max_pool(x, size=window)

    def _uneven(self, x: Any, axis: int, places: Any, there: Any) -> Any:
        lowest = -math.inf if x.dtype.kind == "f" else np.iinfo(x.dtype).min
        seen = take(x, places, axis=axis)
        return max(where(_wide(there, axis, len(x.shape)), seen, lowest), axis=axis + 1)


class AdaptiveMaxPool1d(AdaptiveMaxPool2d):
    """`AdaptiveMaxPool2d` along one axis: (N, C, length).

    Args:
        size: the sizes of the result, one number or one for each axis.

    >>> AdaptiveMaxPool1d(2)(np.ones((1, 1, 4))).shape
    (1, 1, 2)
    """

    axes = 1


class AdaptiveMaxPool3d(AdaptiveMaxPool2d):
    """`AdaptiveMaxPool2d` along three axes: (N, C, depth, height, width).

    Args:
        size: the sizes of the result, one number or one for each axis.

    >>> AdaptiveMaxPool3d(2)(np.ones((1, 1, 4, 4, 4))).shape
    (1, 1, 2, 2, 2)
    """

    axes = 3
