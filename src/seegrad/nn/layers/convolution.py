"""Convolution layers: windows with weights slide over one axis, two or three."""

from __future__ import annotations

import math
from abc import abstractmethod
from typing import Any, ClassVar

import numpy as np

from seegrad.errors import ShapeError
from seegrad.i18n import tr
from seegrad.nn.initialisers import Initialiser, default_generator, initialiser, zeros
from seegrad.nn.module import Module, as_array, parameter
from seegrad.nn.sizes import divides, each, whole
from seegrad.ops.compare import astype
from seegrad.ops.nn.convolution import conv
from seegrad.ops.shape import reshape
from seegrad.tensor.tensor import Tensor

Size = int | tuple[int, ...]


def as_pictures(x: Any, channels: int, axes: int, like: Tensor, layer: str) -> Any:
    """`x` as (N, channels, …) in the dtype of the weights `like`; ShapeError names both shapes."""
    x = as_array(x)
    if x.ndim != axes + 2 or x.shape[1] != channels:
        hint = ""
        if x.ndim == axes + 1 and channels == 1:
            hint = tr("put in the axis of channels: x[:, None]")
        elif x.ndim == 2 and axes == 2 and x.shape[1] % channels == 0:
            side = math.isqrt(x.shape[1] // channels)
            if side * side * channels == x.shape[1]:
                hint = f"x.reshape(-1, {channels}, {side}, {side})"
        elif x.ndim == axes + 2 and x.shape[-1] == channels:
            hint = tr("the channels come before the picture: np.moveaxis(x, -1, 1)")
        raise ShapeError(
            tr("{layer}: the input does not fit the weights", layer=layer),
            asked=tr(
                "(N, {channels}, …) with {axes} axes after the channels",
                channels=channels,
                axes=axes,
            ),
            came=tr("an input of shape {shape}", shape=x.shape),
            hint=hint,
        )
    return x if x.dtype == like.dtype else astype(x, dtype=like.dtype)


class Windowed(Module):
    """What the layers share whose weights are windows: sizes, weights and how they are told."""

    torch_names: ClassVar[dict[str, str]] = {"W": "weight", "b": "bias"}
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
        *,
        initial: str | float | Initialiser = "he",
        dtype: Any = np.float32,
        generator: np.random.Generator | None = None,
    ) -> None:
        whole(inputs=inputs, outputs=outputs, groups=groups)
        divides(groups, inputs, groups=groups, inputs=inputs)
        divides(groups, outputs, groups=groups, outputs=outputs)
        self.inputs, self.outputs, self.groups = inputs, outputs, groups
        self.size = each(size, self.axes, size=size)
        self.stride = each(stride, self.axes, stride=stride)
        self.dilation = each(dilation, self.axes, dilation=dilation)
        if not isinstance(padding, str):
            padding = each(padding, self.axes, least=0, padding=padding)
        self.padding = padding
        chance = generator or default_generator()
        fan_in = inputs // groups * math.prod(self.size)
        shape = (*self._channels(), *self.size)
        self.W = parameter(initialiser(initial)(shape, fan_in, chance), "W", dtype)
        self.b = parameter(zeros((outputs,), fan_in, chance), "b", dtype) if bias else None

    @abstractmethod
    def _channels(self) -> tuple[int, int]:
        """The first two axes of the weights."""

    @abstractmethod
    def _slide(self, x: Any, **settings: Any) -> Any:
        """The windows with weights over x (N, inputs, …), without the bias."""

    def forward(self, x: Any) -> Tensor:
        x = as_pictures(x, self.inputs, self.axes, self.W, self.name or self.kind_name())
        out = self._slide(
            x,
            steps=self.stride,
            padding=self.padding,
            dilation=self.dilation,
            groups=self.groups,
        )
        if self.b is None:
            return out  # type: ignore[no-any-return]
        return out + reshape(self.b, shape=(self.outputs, *(1,) * self.axes))  # type: ignore[no-any-return]

    def describe(self) -> str:
        words = [f"{self.inputs} → {self.outputs}, {'×'.join(map(str, self.size))}"]
        for name, plain in (("stride", 1), ("padding", 0), ("dilation", 1)):
            value = getattr(self, name)
            if value != (plain,) * self.axes:
                words.append(f"{name}={value!r}")
        if self.groups != 1:
            words.append(f"groups={self.groups}")
        if self.b is None:
            words.append("bias=False")
        return ", ".join(words)


class _Conv(Windowed):
    """What the convolutions along one axis, two and three share."""

    def _channels(self) -> tuple[int, int]:
        return self.outputs, self.inputs // self.groups

    def _slide(self, x: Any, **settings: Any) -> Any:
        return conv(x, self.W, **settings)


class Conv1d(_Conv):
    """Windows over one axis: (N, inputs, length) becomes (N, outputs, places).

    size: of the window. stride: between places. padding: zeros on both sides, or "same".
    dilation: between the elements of a window. groups: parts of the channels that do not see each
    other. initial, dtype, generator: as in `Affine`. Cross-correlation, as everywhere in the field.

    Args:
        bias: is a number for each output channel added?

    >>> Conv1d(2, 4, 3)(np.ones((5, 2, 10))).shape
    (5, 4, 8)
    """

    axes = 1


class Conv2d(_Conv):
    """Windows over pictures: (N, inputs, height, width) becomes (N, outputs, …).

    Settings as in `Conv1d`, each one number or (vertical, horizontal).

    Args:
        size: how large a filter is, one number or one for each axis.
        stride: how far it moves.
        padding: how many zeros stand around.
        dilation: the step between the elements that meet a filter.
        groups: into so many parts the channels are divided.
        bias: is a number for each output channel added?
        initial: how the first weights are drawn; see `INITIALISERS`.
        dtype: the dtype of what is learnt.
        generator: where the first values are drawn from; sg's own when not given.

    >>> Conv2d(1, 6, 5, padding=2)(np.ones((3, 1, 28, 28))).shape
    (3, 6, 28, 28)
    """

    kind = "conv"
    axes = 2


class Conv3d(_Conv):
    """Windows over volumes: (N, inputs, depth, height, width) becomes (N, outputs, …).

    Settings as in `Conv1d`, each one number or one for each axis.

    Args:
        size: how large a filter is, one number or one for each axis.
        stride: how far it moves.
        padding: how many zeros stand around.
        dilation: the step between the elements that meet a filter.
        groups: into so many parts the channels are divided.
        bias: is a number for each output channel added?
        initial: how the first weights are drawn; see `INITIALISERS`.
        dtype: the dtype of what is learnt.
        generator: where the first values are drawn from; sg's own when not given.

    >>> Conv3d(1, 2, 3)(np.ones((1, 1, 4, 5, 6))).shape
    (1, 2, 2, 3, 4)
    """

    axes = 3
