"""Layers without parameters that apply one activation function to every number, or every row."""

from __future__ import annotations

from typing import Any

import numpy as np

from seegrad.nn.module import Module
from seegrad.ops import transcendental
from seegrad.ops.nn import activation
from seegrad.tensor.tensor import Tensor


def _as_array(x: Any) -> Any:
    return x if isinstance(x, Tensor) else np.asarray(x)


class ReLU(Module):
    """x where it is positive, else 0; the derivative at 0 is 0 (chapter 5.5.1)."""

    kind = "relu"

    def forward(self, x: Any) -> Any:
        return activation.relu(_as_array(x))


class LeakyReLU(Module):
    """x where it is positive, else slope·x."""

    kind = "leaky_relu"

    def __init__(self, slope: float = 0.01) -> None:
        self.slope = slope

    def forward(self, x: Any) -> Any:
        return activation.leaky_relu(_as_array(x), slope=self.slope)

    def describe(self) -> str:
        return f"slope={self.slope}"


class ELU(Module):
    """x where it is positive, else alpha·(exp(x) − 1) (Clevert et al., 2015)."""

    kind = "elu"

    def __init__(self, alpha: float = 1.0) -> None:
        self.alpha = alpha

    def forward(self, x: Any) -> Any:
        return activation.elu(_as_array(x), alpha=self.alpha)

    def describe(self) -> str:
        return "" if self.alpha == 1.0 else f"alpha={self.alpha}"


class Sigmoid(Module):
    """1/(1 + exp(−x)), with the derivative y(1 − y) (chapter 5.5.2)."""

    kind = "sigmoid"

    def forward(self, x: Any) -> Any:
        return activation.sigmoid(_as_array(x))


class Tanh(Module):
    """The hyperbolic tangent."""

    kind = "tanh"

    def forward(self, x: Any) -> Any:
        return transcendental.tanh(_as_array(x))


class GELU(Module):
    """x·Φ(x), or its approximation by tanh (Hendrycks and Gimpel, 2016)."""

    kind = "gelu"

    def __init__(self, approximate: bool = False) -> None:
        self.approximate = approximate

    def forward(self, x: Any) -> Any:
        return activation.gelu(_as_array(x), approximate=self.approximate)

    def describe(self) -> str:
        return "approximate=True" if self.approximate else ""


class SiLU(Module):
    """x·σ(x), also called swish (Elfwing et al., 2017)."""

    kind = "silu"

    def forward(self, x: Any) -> Any:
        return activation.silu(_as_array(x))


class Softplus(Module):
    """log(1 + exp(x)): ReLU without its corner, its derivative the sigmoid."""

    kind = "softplus"

    def forward(self, x: Any) -> Any:
        return activation.softplus(_as_array(x))


class Softmax(Module):
    """exp(x) over its sum along `axis`: each row (by default) positive and summing to 1."""

    kind = "softmax"

    def __init__(self, axis: int = -1) -> None:
        self.axis = axis

    def forward(self, x: Any) -> Any:
        return activation.softmax(_as_array(x), axis=self.axis)

    def describe(self) -> str:
        return "" if self.axis == -1 else f"axis={self.axis}"
