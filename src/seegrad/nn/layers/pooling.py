"""Pooling layers: one number for every window of a picture, or for all of it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, ClassVar

from seegrad.errors import ShapeError
from seegrad.i18n import tr
from seegrad.nn.layers.convolution import Size
from seegrad.nn.module import Module, as_array
from seegrad.nn.sizes import each
from seegrad.ops.nn.pooling import max_pool, mean_to_the_end
from seegrad.ops.nn.window import Pairs, up_to_the_end
from seegrad.ops.reduce import max, mean
from seegrad.tensor.tensor import Tensor


class _Pool(Module):
    """What the pooling layers share."""

    axes: ClassVar[int] = 2

    def __init__(
        self, size: Size, stride: Size | None = None, padding: Size = 0, ceil_mode: bool = False
    ) -> None:
        self.size = each(size, self.axes, size=size)
        self.stride = self.size if stride is None else each(stride, self.axes, stride=stride)
        self.padding = each(padding, self.axes, least=0, padding=padding)
        self.ceil_mode = ceil_mode

    def _pictures(self, x: Any) -> Any:
        x = as_array(x)
        if x.ndim != self.axes + 2:
            raise ShapeError(
                tr("{layer}: this is no batch of pictures", layer=self.name or self.kind_name()),
                asked=AXES[self.axes],
                came=tr("an input of shape {shape}", shape=x.shape),
            )
        return x

    def _around(self, x: Any, dilation: tuple[int, ...]) -> Pairs:
        """The padding before and after each axis; with `ceil_mode` up to the last window's end."""
        pairs = tuple((p, p) for p in self.padding)
        if not self.ceil_mode:
            return pairs
        return up_to_the_end(x.shape[2:], self.size, self.stride, pairs, dilation)

    def describe(self) -> str:
        words = "×".join(map(str, self.size))
        words += f", stride={self.stride}" if self.stride != self.size else ""
        words += f", padding={self.padding}" if any(self.padding) else ""
        return words + (", ceil_mode=True" if self.ceil_mode else "")


AXES = {1: "(N, C, L)", 2: "(N, C, H, W)", 3: "(N, C, D, H, W)"}
"""How what is pooled along so many axes is laid out."""


class MaxPool2d(_Pool):
    """The largest element of each window; equal largest ones share the derivative equally.

    size: of the window. stride: between windows (None: its size). padding: at most half a window.
    ceil_mode: count a last window too that begins in the picture and ends beyond it. dilation:
    between the elements of a window.

    >>> MaxPool2d(2)(np.arange(16.0).reshape(1, 1, 4, 4))[0, 0]
    array([[ 5.,  7.],
           [13., 15.]])
    """

    kind = "max_pool"

    def __init__(
        self,
        size: Size,
        stride: Size | None = None,
        padding: Size = 0,
        *,
        ceil_mode: bool = False,
        dilation: Size = 1,
    ) -> None:
        super().__init__(size, stride, padding, ceil_mode)
        self.dilation = each(dilation, self.axes, dilation=dilation)

    def forward(self, x: Any) -> Tensor:
        x = self._pictures(x)
        around = self._around(x, self.dilation)
        return max_pool(  # type: ignore[no-any-return]
            x, size=self.size, steps=self.stride, padding=around, dilation=self.dilation
        )

    def describe(self) -> str:
        spread = any(d != 1 for d in self.dilation)
        return super().describe() + (f", dilation={self.dilation}" if spread else "")


class MaxPool1d(MaxPool2d):
    """`MaxPool2d` along one axis: (N, C, length).

    Args:
        size: how large a window is, one number or one for each axis.
        stride: how far it moves; its size when not given.
        padding: how much stands around.
        ceil_mode: is a window counted that reaches beyond the end?
        dilation: the step between the elements of a window.

    >>> MaxPool1d(2)(np.ones((1, 1, 4))).shape
    (1, 1, 2)
    """

    axes = 1


class MaxPool3d(MaxPool2d):
    """`MaxPool2d` along three axes: (N, C, depth, height, width).

    Args:
        size: how large a window is, one number or one for each axis.
        stride: how far it moves; its size when not given.
        padding: how much stands around.
        ceil_mode: is a window counted that reaches beyond the end?
        dilation: the step between the elements of a window.

    >>> MaxPool3d(2)(np.ones((1, 1, 4, 4, 4))).shape
    (1, 1, 2, 2, 2)
    """

    axes = 3


class AvgPool2d(_Pool):
    """The mean of each window; settings as in `MaxPool2d`.

    count_padding: whether the zeros around the picture count as elements.

    Args:
        size: how large a window is, one number or one for each axis.
        stride: how far it moves; its size when not given.
        padding: how much stands around.
        ceil_mode: is a window counted that reaches beyond the end?

    >>> AvgPool2d(2)(np.ones((1, 1, 4, 4))).shape
    (1, 1, 2, 2)
    """

    kind = "avg_pool"

    def __init__(
        self,
        size: Size,
        stride: Size | None = None,
        padding: Size = 0,
        *,
        count_padding: bool = True,
        ceil_mode: bool = False,
    ) -> None:
        super().__init__(size, stride, padding, ceil_mode)
        self.count_padding = count_padding

    def forward(self, x: Any) -> Tensor:
        x = self._pictures(x)
        inner, around = tuple((p, p) for p in self.padding), self._around(x, (1,) * self.axes)
        counted = self.count_padding
        return mean_to_the_end(  # type: ignore[no-any-return]
            x, self.size, self.stride, inner, around, counted
        )


class AvgPool1d(AvgPool2d):
    """`AvgPool2d` along one axis: (N, C, length).

    Args:
        size: how large a window is, one number or one for each axis.
        stride: how far it moves; its size when not given.
        padding: how much stands around.
        ceil_mode: is a window counted that reaches beyond the end?
        count_padding: does the padding count in the mean?

    >>> AvgPool1d(2)(np.ones((1, 1, 4))).shape
    (1, 1, 2)
    """

    axes = 1


class AvgPool3d(AvgPool2d):
    """`AvgPool2d` along three axes: (N, C, depth, height, width).

    Args:
        size: how large a window is, one number or one for each axis.
        stride: how far it moves; its size when not given.
        padding: how much stands around.
        ceil_mode: is a window counted that reaches beyond the end?
        count_padding: does the padding count in the mean?

    >>> AvgPool3d(2)(np.ones((1, 1, 4, 4, 4))).shape
    (1, 1, 2, 2, 2)
    """

    axes = 3


class _GlobalPool(Module):
    """What pooling over all places shares."""

    pooled: ClassVar[Callable[..., Any]]

    def forward(self, x: Any) -> Tensor:
        x = as_array(x)
        if x.ndim < 3 or 0 in x.shape[2:]:
            raise ShapeError(
                tr("{layer}: there are no places to pool", layer=self.name or self.kind),
                asked="(N, C, H, W)",
                came=tr("an input of shape {shape}", shape=x.shape),
            )
        return type(self).pooled(x, axis=tuple(range(2, x.ndim)))  # type: ignore[no-any-return]


class GlobalAvgPool(_GlobalPool):
    """The mean of each channel over all places: (N, C, …) becomes (N, C).

    >>> GlobalAvgPool()(np.ones((2, 3, 5, 5))).shape
    (2, 3)
    """

    kind = "global_pool"
    pooled = mean


class GlobalMaxPool(_GlobalPool):
    """The largest element of each channel over all places: (N, C, …) becomes (N, C).

    Equal largest ones share the derivative equally.

    >>> GlobalMaxPool()(np.arange(8.0).reshape(1, 2, 2, 2))
    array([[3., 7.]])
    """

    pooled = max
