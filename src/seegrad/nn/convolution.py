"""Convolution layers: windows with weights slide over one axis or two."""

from __future__ import annotations

import math
from typing import Any, ClassVar

import numpy as np

from seegrad.errors import ShapeError
from seegrad.language import say
from seegrad.nn.initialisers import Initialiser, default_generator, initialiser, zeros
from seegrad.nn.module import Module, parameter
from seegrad.nn.sizes import divides, each, whole
from seegrad.ops.compare import astype
from seegrad.ops.convolution import conv
from seegrad.ops.shape import reshape
from seegrad.tensor import Tensor

Size = int | tuple[int, ...]


def as_pictures(x: Any, channels: int, axes: int, like: Tensor, layer: str) -> Any:
    """`x` as (N, channels, …) in the dtype of the weights `like`; ShapeError names both shapes."""
    x = x if isinstance(x, Tensor) else np.asarray(x)
    if x.ndim != axes + 2 or x.shape[1] != channels:
        hint = ""
        if x.ndim == axes + 1 and channels == 1:
            hint = say("put in the axis of channels: x[:, None]")
        elif x.ndim == 2 and axes == 2 and x.shape[1] % channels == 0:
            side = math.isqrt(x.shape[1] // channels)
            if side * side * channels == x.shape[1]:
                hint = f"x.reshape(-1, {channels}, {side}, {side})"
        elif x.ndim == axes + 2 and x.shape[-1] == channels:
            hint = say("the channels come before the picture: np.moveaxis(x, -1, 1)")
        raise ShapeError(
            say("{layer}: the input does not fit the weights", layer=layer),
            asked=say(
                "(N, {channels}, …) with {axes} axes after the channels",
                channels=channels,
                axes=axes,
            ),
            came=say("an input of shape {shape}", shape=x.shape),
            hint=hint,
        )
    return x if x.dtype == like.dtype else astype(x, dtype=like.dtype)


class _Conv(Module):
    """What the layers for one axis and for two share."""

    axes: ClassVar[int]

    def __init__(
        self,
        inputs: int,
        outputs: int,
        size: Size,
        stride: Size = 1,
        padding: Any = 0,
        dilation: Size = 1,
        groups: int = 1,
        bias: bool = True,
        initial: str | float | Initialiser = "he",
        dtype: Any = np.float32,
        generator: np.random.Generator | None = None,
    ) -> None:
        whole(inputs=inputs, outputs=outputs, groups=groups)
        divides(groups, inputs, groups=groups, inputs=inputs)
        divides(groups, outputs, groups=groups, outputs=outputs)
        window = each(size, self.axes, size=size)
        self.stride = each(stride, self.axes, stride=stride)
        self.dilation = each(dilation, self.axes, dilation=dilation)
        if not isinstance(padding, str):
            padding = each(padding, self.axes, least=0, padding=padding)
        self.padding, self.groups = padding, groups
        chance = generator or default_generator()
        fan_in = inputs // groups * math.prod(window)
        weights = initialiser(initial)((outputs, inputs // groups, *window), fan_in, chance)
        self.W = parameter(weights, "W", dtype)
        self.b = parameter(zeros((outputs,), fan_in, chance), "b", dtype) if bias else None

    def forward(self, x: Any) -> Any:
        channels = self.W.shape[1] * self.groups
        x = as_pictures(x, channels, self.axes, self.W, self.name or self.kind_name())
        out = conv(
            x,
            self.W,
            steps=self.stride,
            padding=self.padding,
            dilation=self.dilation,
            groups=self.groups,
        )
        return out if self.b is None else out + along_channels(self.b, self.axes)

    def describe(self) -> str:
        outputs, width, *window = self.W.shape
        words = [f"{width * self.groups} → {outputs}, {'×'.join(map(str, window))}"]
        for name, plain in (("stride", 1), ("padding", 0), ("dilation", 1)):
            value = getattr(self, name)
            if value != (plain,) * self.axes:
                words.append(f"{name}={value!r}")
        if self.groups != 1:
            words.append(f"groups={self.groups}")
        if self.b is None:
            words.append("bias=False")
        return ", ".join(words)


def along_channels(b: Tensor, axes: int) -> Any:
    """One number a channel, ready to meet (N, channels, …)."""
    return reshape(b, shape=(b.shape[0], *(1,) * axes))


class Conv1d(_Conv):
    """Windows over one axis: (N, inputs, length) becomes (N, outputs, places).

    size: of the window. stride: between places. padding: zeros on both sides, or "same".
    dilation: between the elements of a window. groups: parts of the channels that do not see each
    other. initial, dtype, generator: as in `Affine`. Cross-correlation, as everywhere in the field.

    >>> Conv1d(2, 4, 3)(np.ones((5, 2, 10))).shape
    (5, 4, 8)
    """

    kind = "conv1d"
    axes = 1


class Conv2d(_Conv):
    """Windows over pictures: (N, inputs, height, width) becomes (N, outputs, …).

    Settings as in `Conv1d`, each one number or (vertical, horizontal).

    >>> Conv2d(1, 6, 5, padding=2)(np.ones((3, 1, 28, 28))).shape
    (3, 6, 28, 28)
    """

    kind = "conv"
    axes = 2
