"""Numbers moved to mean 0 and deviation 1, then scaled anew by batch, row or group."""

from __future__ import annotations

import math
from typing import Any, ClassVar

import numpy as np

from seegrad.errors import ShapeError
from seegrad.i18n import tr
from seegrad.nn.module import Module, as_input, parameter, state
from seegrad.nn.sizes import divides, whole
from seegrad.ops.arithmetic import sqrt, stop_gradient
from seegrad.ops.nn.standardising import standardize
from seegrad.ops.reduce import mean, var
from seegrad.ops.shape import reshape
from seegrad.tensor.tensor import Tensor


class BatchNorm(Module):
    """Batch normalisation of (N, features) (Ioffe and Szegedy, 2015).

    While training, the batch's mean and variance are used, and running ones kept:
    running = (1 − momentum)·running + momentum·batch, the variance with N − 1. In use, `eval()`,
    the running ones are used. Raises ShapeError for a training batch of one.

    Args:
        eps: what keeps the variance away from 0.
        dtype: the dtype of what is learnt.

    >>> BatchNorm(3)(np.ones((4, 3))).shape
    (4, 3)
    """

    torch_names: ClassVar[dict[str, str]] = {"gamma": "weight", "beta": "bias"}
    axis: ClassVar[int] = -1
    """The axis that keeps its own mean: features, or channels."""

    def __init__(
        self, features: int, *, momentum: float = 0.1, eps: float = 1e-5, dtype: Any = np.float32
    ) -> None:
        self.momentum, self.eps = momentum, eps
        self.gamma = parameter(np.ones(features), "gamma", dtype)
        self.beta = parameter(np.zeros(features), "beta", dtype)
        self.running_mean = state(np.zeros(features), "running_mean", dtype)
        self.running_var = state(np.ones(features), "running_var", dtype)

    def forward(self, x: Any) -> Tensor:
        x = as_input(x, self.gamma, self.axis, self.name or self.kind)
        kept = self.axis % len(x.shape)
        wide = (x.shape[kept], *(1,) * (len(x.shape) - 1 - kept))
        if not self.training:
            deviation = sqrt(self.running_var + self.eps)
            return self._scaled((x - _as(self.running_mean, wide)) / _as(deviation, wide), wide)  # type: ignore[no-any-return]
        axes = tuple(axis for axis in range(len(x.shape)) if axis != kept)
        count = int(np.prod([x.shape[axis] for axis in axes], dtype=int))
        if count < 2:
            raise ShapeError(
                tr("{layer}: one row has no variance", layer=self.name or self.kind),
                asked=tr("at least two rows while training"),
                came=tr("an input of shape {shape}", shape=x.shape),
                hint=tr("call .eval() before using the network, or take larger mini-batches"),
            )
        seen = stop_gradient(x)
        self._remember(mean(seen, axis=axes), var(seen, axis=axes) * (count / (count - 1)))
        return self._scaled(standardize(x, axis=axes, eps=self.eps), wide)  # type: ignore[no-any-return]

    def _scaled(self, even: Any, wide: tuple[int, ...]) -> Any:
        return even * _as(self.gamma, wide) + _as(self.beta, wide)

    def _remember(self, middle: Any, variance: Any) -> None:
        m = self.momentum
        self.running_mean.assign(self.running_mean * (1 - m) + middle * m)
        self.running_var.assign(self.running_var * (1 - m) + variance * m)

    def describe(self) -> str:
        return f"{self.gamma.shape[0]}"


class BatchNorm2d(BatchNorm):
    """Batch normalisation of pictures (N, channels, height, width), one mean for each channel.

    Args:
        features: how many channels.
        momentum: which share of the running means a batch gives.
        eps: what keeps the variance away from 0.
        dtype: the dtype of what is learnt.

    >>> BatchNorm2d(3)(np.ones((2, 3, 4, 4))).shape
    (2, 3, 4, 4)
    """

    axis = 1


class BatchNorm1d(BatchNorm2d):
    """Batch normalisation of (N, features), or of sequences (N, channels, length).

    Unlike `BatchNorm`, whose features are the last axis, the channels are the second one.

    Args:
        momentum: which share of the running means a batch gives.
        eps: what keeps the variance away from 0.
        dtype: the dtype of what is learnt.

    >>> BatchNorm1d(3)(np.ones((4, 3))).shape
    (4, 3)
    """


class BatchNorm3d(BatchNorm2d):
    """Batch normalisation of volumes (N, channels, depth, height, width).

    Args:
        features: how many channels.
        momentum: which share of the running means a batch gives.
        eps: what keeps the variance away from 0.
        dtype: the dtype of what is learnt.

    >>> BatchNorm3d(3)(np.ones((2, 3, 4, 4, 4))).shape
    (2, 3, 4, 4, 4)
    """


def _as(values: Any, wide: tuple[int, ...]) -> Any:
    """One number a feature, in the shape that meets the input."""
    return values if tuple(values.shape) == wide else reshape(values, shape=wide)


class LayerNorm(Module):
    """Layer normalisation over the last axis of (…, features) (Ba et al., 2016).

    Args:
        eps: what keeps the variance away from 0.
        dtype: the dtype of what is learnt.

    >>> LayerNorm(3)(np.array([[1.0, 2.0, 3.0]])).value.round(2)
    array([[-1.22,  0.  ,  1.22]], dtype=float32)
    """

    torch_names: ClassVar[dict[str, str]] = {"gamma": "weight", "beta": "bias"}

    def __init__(self, features: int, eps: float = 1e-5, *, dtype: Any = np.float32) -> None:
        self.eps = eps
        self.gamma = parameter(np.ones(features), "gamma", dtype)
        self.beta = parameter(np.zeros(features), "beta", dtype)

    def forward(self, x: Any) -> Tensor:
        x = as_input(x, self.gamma, -1, self.name or self.kind)
        return standardize(x, axis=-1, eps=self.eps) * self.gamma + self.beta  # type: ignore[no-any-return]

    def describe(self) -> str:
        return f"{self.gamma.shape[0]}"


class GroupNorm(Module):
    """Group normalisation of (N, channels, …) (Wu and He, 2018); independent of the batch.

    groups: into how many equal groups the channels fall.

    Args:
        eps: what keeps the variance away from 0.
        dtype: the dtype of what is learnt.

    >>> GroupNorm(2, 4)(np.ones((2, 4, 3))).shape
    (2, 4, 3)
    """

    torch_names: ClassVar[dict[str, str]] = {"gamma": "weight", "beta": "bias"}

    def __init__(
        self, groups: int, channels: int, eps: float = 1e-5, *, dtype: Any = np.float32
    ) -> None:
        whole(groups=groups, channels=channels)
        divides(groups, channels, groups=groups, channels=channels)
        self.groups, self.eps = groups, eps
        self.gamma = parameter(np.ones(channels), "gamma", dtype)
        self.beta = parameter(np.zeros(channels), "beta", dtype)

    def forward(self, x: Any) -> Tensor:
        x = as_input(x, self.gamma, 1, self.name or self.kind)
        n, channels, *places = x.shape
        inner = channels // self.groups * math.prod(places)
        parts = reshape(x, shape=(n, self.groups, inner))
        even = reshape(standardize(parts, axis=-1, eps=self.eps), shape=x.shape)
        wide = (channels, *(1,) * len(places))
        return even * reshape(self.gamma, shape=wide) + reshape(self.beta, shape=wide)  # type: ignore[no-any-return]

    def describe(self) -> str:
        return f"{self.groups}, {self.gamma.shape[0]}"


class InstanceNorm(GroupNorm):
    """Each channel of each sample of (N, channels, …) by its own mean and deviation.

    Ulyanov et al., 2016: group normalisation with as many groups as channels.

    Args:
        eps: what keeps the variance away from 0.
        dtype: the dtype of what is learnt.

    >>> InstanceNorm(3)(np.ones((2, 3, 4))).shape
    (2, 3, 4)
    """

    def __init__(self, channels: int, eps: float = 1e-5, *, dtype: Any = np.float32) -> None:
        super().__init__(channels, channels, eps, dtype=dtype)

    def describe(self) -> str:
        return f"{self.groups}"


class RMSNorm(Module):
    """The last axis of (…, features) over its root mean square (Zhang and Sennrich, 2019).

    Unlike `LayerNorm` it takes no mean away and adds no bias.

    Args:
        eps: what keeps the mean square away from 0.
        dtype: the dtype of what is learnt.

    >>> RMSNorm(2)(np.array([[3.0, 4.0]])).value.round(2)
    array([[0.85, 1.13]], dtype=float32)
    """

    torch_names: ClassVar[dict[str, str]] = {"gamma": "weight"}

    def __init__(self, features: int, eps: float = 1e-6, *, dtype: Any = np.float32) -> None:
        self.eps = eps
        self.gamma = parameter(np.ones(features), "gamma", dtype)

    def forward(self, x: Any) -> Tensor:
        x = as_input(x, self.gamma, -1, self.name or self.kind)
        return x / sqrt(mean(x * x, axis=-1, keepdims=True) + self.eps) * self.gamma  # type: ignore[no-any-return]

    def describe(self) -> str:
        return f"{self.gamma.shape[0]}"
