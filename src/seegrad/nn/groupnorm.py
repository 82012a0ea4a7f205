"""GroupNorm: groups of channels of one example moved to mean 0 and deviation 1, then scaled."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from seegrad.nn.module import Module, as_input, parameter
from seegrad.nn.sizes import divides, whole
from seegrad.ops.arithmetic import sqrt
from seegrad.ops.reduce import mean
from seegrad.ops.shape import reshape


class GroupNorm(Module):
    """Group normalisation of (N, channels, …) (Wu and He, 2018); independent of the batch.

    groups: into how many equal groups the channels fall.
    """

    kind = "group_norm"

    def __init__(
        self, groups: int, channels: int, eps: float = 1e-5, dtype: Any = np.float32
    ) -> None:
        whole(groups=groups, channels=channels)
        divides(groups, channels, groups=groups, channels=channels)
        self.groups, self.eps = groups, eps
        self.gamma = parameter(np.ones(channels), "gamma", dtype)
        self.beta = parameter(np.zeros(channels), "beta", dtype)

    def forward(self, x: Any) -> Any:
        x = as_input(x, self.gamma, 1, self.name or self.kind)
        n, channels, *places = x.shape
        inner = channels // self.groups * math.prod(places)
        parts = reshape(x, shape=(n, self.groups, inner))
        centred = parts - mean(parts, axis=-1, keepdims=True)
        variance = mean(centred * centred, axis=-1, keepdims=True)
        even = reshape(centred / sqrt(variance + self.eps), shape=x.shape)
        wide = (channels, *(1,) * len(places))
        return even * reshape(self.gamma, shape=wide) + reshape(self.beta, shape=wide)

    def describe(self) -> str:
        return f"{self.groups}, {self.gamma.shape[0]}"
