"""BatchNorm: every column moved to mean 0 and deviation 1 over the batch, then scaled anew."""

from __future__ import annotations

from typing import Any

import numpy as np

from seegrad.errors import ShapeError
from seegrad.language import say
from seegrad.nn.module import Module, as_input, parameter, state
from seegrad.ops.arithmetic import sqrt, stop_gradient
from seegrad.ops.reduce import mean


class BatchNorm(Module):
    """Batch normalisation of (N, features) (Ioffe and Szegedy, 2015).

    While training, the batch's mean and variance are used, and running ones kept:
    running = (1 − momentum)·running + momentum·batch, the variance with N − 1. In use, `eval()`,
    the running ones are used. Raises ShapeError for a training batch of one.
    """

    kind = "batch_norm"

    def __init__(
        self, features: int, momentum: float = 0.1, eps: float = 1e-5, dtype: Any = np.float32
    ) -> None:
        self.momentum, self.eps = momentum, eps
        self.gamma = parameter(np.ones(features), "gamma", dtype)
        self.beta = parameter(np.zeros(features), "beta", dtype)
        self.running_mean = state(np.zeros(features), "running_mean", dtype)
        self.running_var = state(np.ones(features), "running_var", dtype)

    def forward(self, x: Any) -> Any:
        x = as_input(x, self.gamma, -1, self.name or self.kind)
        if not self.training:
            centred, variance = x - self.running_mean, self.running_var
            return centred / sqrt(variance + self.eps) * self.gamma + self.beta
        axes = tuple(range(len(x.shape) - 1))
        count = int(np.prod([x.shape[axis] for axis in axes], dtype=int))
        if count < 2:
            raise ShapeError(
                say("{layer}: one row has no variance", layer=self.name or self.kind),
                asked=say("at least two rows while training"),
                came=say("an input of shape {shape}", shape=x.shape),
                hint=say("call .eval() before using the network, or take larger mini-batches"),
            )
        middle = mean(x, axis=axes)
        centred = x - middle
        variance = mean(centred * centred, axis=axes)
        self._remember(stop_gradient(middle), stop_gradient(variance) * (count / (count - 1)))
        return centred / sqrt(variance + self.eps) * self.gamma + self.beta

    def _remember(self, middle: Any, variance: Any) -> None:
        m = self.momentum
        self.running_mean.assign(self.running_mean * (1 - m) + middle * m)
        self.running_var.assign(self.running_var * (1 - m) + variance * m)

    def describe(self) -> str:
        return f"{self.gamma.shape[0]}"
