"""ConvTranspose1d, 2d, 3d: the way back of a convolution, from few places to a larger picture."""

from __future__ import annotations

from typing import Any

import numpy as np

from seegrad.nn.initialisers import Initialiser
from seegrad.nn.layers.convolution import Size, Windowed
from seegrad.nn.sizes import each
from seegrad.ops.nn.convolution import conv_transpose


class ConvTranspose2d(Windowed):
    """Each element of (N, inputs, height, width) puts a whole window into the result.

    The result is (length − 1)·stride − 2·padding + dilation·(size − 1) + 1 + more long on each
    axis; `more` (PyTorch: output_padding) is below the stride. Settings as in `Conv2d`.

    Args:
        outputs: how many come out.
        groups: into so many parts the channels are divided.
        bias: is a number for each output channel added?
        initial: how the first weights are drawn; see `INITIALISERS`.
        dtype: the dtype of what is learnt.
        generator: where the first values are drawn from; sg's own when not given.

    >>> ConvTranspose2d(4, 2, 2, stride=2)(np.ones((3, 4, 7, 7))).shape
    (3, 2, 14, 14)
    """

    kind = "conv_transpose"
    axes = 2

    def __init__(
        self,
        inputs: int,
        outputs: int,
        size: Size,
        stride: Size = 1,
        padding: Size = 0,
        *,
        dilation: Size = 1,
        groups: int = 1,
        more: Size = 0,
        bias: bool = True,
        initial: str | float | Initialiser = "he",
        dtype: Any = np.float32,
        generator: np.random.Generator | None = None,
    ) -> None:
        self.more = each(more, self.axes, least=0, more=more)
        padding = each(padding, self.axes, least=0, padding=padding)
        sizes = (size, stride, padding, dilation, groups)
        drawn: dict[str, Any] = {"initial": initial, "dtype": dtype, "generator": generator}
        super().__init__(inputs, outputs, *sizes, bias, **drawn)

    def _channels(self) -> tuple[int, int]:
        return self.inputs, self.outputs // self.groups

    def _slide(self, x: Any, **settings: Any) -> Any:
        lengths = tuple(
            (n - 1) * s - 2 * p + d * (k - 1) + 1 + m
            for n, s, p, d, k, m in zip(
                x.shape[2:], self.stride, self.padding, self.dilation, self.size, self.more
            )
        )
        return conv_transpose(x, self.W, shape=lengths, **settings)

    def describe(self) -> str:
        return super().describe() + (f", more={self.more}" if any(self.more) else "")


class ConvTranspose1d(ConvTranspose2d):
    """`ConvTranspose2d` along one axis: (N, inputs, length).

    Args:
        outputs: how many come out.
        size: how large a filter is, one number or one for each axis.
        stride: how far it moves.
        padding: how many zeros stand around.
        dilation: the step between the elements that meet a filter.
        groups: into so many parts the channels are divided.
        bias: is a number for each output channel added?
        initial: how the first weights are drawn; see `INITIALISERS`.
        dtype: the dtype of what is learnt.
        generator: where the first values are drawn from; sg's own when not given.
        more: how many rows and columns are added at the end.

    >>> ConvTranspose1d(4, 2, 2, stride=2)(np.ones((3, 4, 7))).shape
    (3, 2, 14)
    """

    axes = 1


class ConvTranspose3d(ConvTranspose2d):
    """`ConvTranspose2d` along three axes: (N, inputs, depth, height, width).

    Args:
        outputs: how many come out.
        size: how large a filter is, one number or one for each axis.
        stride: how far it moves.
        padding: how many zeros stand around.
        dilation: the step between the elements that meet a filter.
        groups: into so many parts the channels are divided.
        bias: is a number for each output channel added?
        initial: how the first weights are drawn; see `INITIALISERS`.
        dtype: the dtype of what is learnt.
        generator: where the first values are drawn from; sg's own when not given.
        more: how many rows and columns are added at the end.

    >>> ConvTranspose3d(1, 2, 2)(np.ones((1, 1, 3, 3, 3))).shape
    (1, 2, 4, 4, 4)
    """

    axes = 3
