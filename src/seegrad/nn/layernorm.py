"""LayerNorm: every row moved to mean 0 and deviation 1 over its features, then scaled anew."""

from __future__ import annotations

from typing import Any

import numpy as np

from seegrad.nn.module import Module, as_input, parameter
from seegrad.ops.arithmetic import sqrt
from seegrad.ops.reduce import mean


class LayerNorm(Module):
    """Layer normalisation over the last axis of (…, features) (Ba et al., 2016)."""

    kind = "layer_norm"

    def __init__(self, features: int, eps: float = 1e-5, dtype: Any = np.float32) -> None:
        self.eps = eps
        self.gamma = parameter(np.ones(features), "gamma", dtype)
        self.beta = parameter(np.zeros(features), "beta", dtype)

    def forward(self, x: Any) -> Any:
        x = as_input(x, self.gamma, -1, self.name or self.kind)
        centred = x - mean(x, axis=-1, keepdims=True)
        variance = mean(centred * centred, axis=-1, keepdims=True)
        return centred / sqrt(variance + self.eps) * self.gamma + self.beta

    def describe(self) -> str:
        return f"{self.gamma.shape[0]}"
