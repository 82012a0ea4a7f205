"""ConvTranspose2d: the way back of a convolution, from few places to a larger picture."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from seegrad.nn.convolution import Size, along_channels, as_pictures
from seegrad.nn.initialisers import Initialiser, default_generator, initialiser, zeros
from seegrad.nn.module import Module, parameter
from seegrad.nn.sizes import divides, each, whole
from seegrad.ops.convolution import conv_transpose


class ConvTranspose2d(Module):
    """Each element of (N, inputs, height, width) puts a whole window into the result.

    The result is (length − 1)·stride − 2·padding + dilation·(size − 1) + 1 + more long on each
    axis; `more` (PyTorch: output_padding) is below the stride. Settings as in `Conv2d`.

    >>> ConvTranspose2d(4, 2, 2, stride=2)(np.ones((3, 4, 7, 7))).shape
    (3, 2, 14, 14)
    """

    kind = "conv_transpose"

    def __init__(
        self,
        inputs: int,
        outputs: int,
        size: Size,
        stride: Size = 1,
        padding: Size = 0,
        dilation: Size = 1,
        groups: int = 1,
        more: Size = 0,
        bias: bool = True,
        initial: str | float | Initialiser = "he",
        dtype: Any = np.float32,
        generator: np.random.Generator | None = None,
    ) -> None:
        whole(inputs=inputs, outputs=outputs, groups=groups)
        divides(groups, inputs, groups=groups, inputs=inputs)
        divides(groups, outputs, groups=groups, outputs=outputs)
        self.size = each(size, 2, size=size)
        self.stride = each(stride, 2, stride=stride)
        self.padding = each(padding, 2, least=0, padding=padding)
        self.dilation = each(dilation, 2, dilation=dilation)
        self.more, self.groups = each(more, 2, least=0, more=more), groups
        chance = generator or default_generator()
        fan_in = inputs // groups * math.prod(self.size)
        shape = (inputs, outputs // groups, *self.size)
        self.W = parameter(initialiser(initial)(shape, fan_in, chance), "W", dtype)
        self.b = parameter(zeros((outputs,), fan_in, chance), "b", dtype) if bias else None

    def forward(self, x: Any) -> Any:
        x = as_pictures(x, self.W.shape[0], 2, self.W, self.name or self.kind)
        lengths = tuple(
            (n - 1) * s - 2 * p + d * (k - 1) + 1 + m
            for n, s, p, d, k, m in zip(
                x.shape[2:], self.stride, self.padding, self.dilation, self.size, self.more
            )
        )
        out = conv_transpose(
            x,
            self.W,
            shape=lengths,
            steps=self.stride,
            padding=self.padding,
            dilation=self.dilation,
            groups=self.groups,
        )
        return out if self.b is None else out + along_channels(self.b, 2)

    def describe(self) -> str:
        inputs, width, *window = self.W.shape
        return f"{inputs} → {width * self.groups}, {'×'.join(map(str, window))}" + (
            f", stride={self.stride}" if self.stride != (1, 1) else ""
        )
