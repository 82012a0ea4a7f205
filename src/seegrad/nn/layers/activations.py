"""Layers without parameters that apply one activation function to every number, or every row."""

from __future__ import annotations

from typing import Any

import numpy as np

from seegrad.nn.module import Module, parameter
from seegrad.ops import transcendental
from seegrad.ops.compare import where
from seegrad.ops.nn import activation
from seegrad.ops.shape import reshape, split
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


class CELU(Module):
    """x where it is positive, else alpha·(exp(x/alpha) − 1) (Barron, 2017)."""

    kind = "celu"

    def __init__(self, alpha: float = 1.0) -> None:
        self.alpha = alpha

    def forward(self, x: Any) -> Any:
        return activation.celu(_as_array(x), alpha=self.alpha)

    def describe(self) -> str:
        return "" if self.alpha == 1.0 else f"alpha={self.alpha}"


class SELU(Module):
    """ELU scaled so that layers keep mean 0 and variance 1 (Klambauer et al., 2017)."""

    kind = "selu"

    def forward(self, x: Any) -> Any:
        return activation.selu(_as_array(x))


class Mish(Module):
    """x·tanh(log(1 + exp(x))) (Misra, 2019)."""

    kind = "mish"

    def forward(self, x: Any) -> Any:
        return activation.mish(_as_array(x))


class Hardsigmoid(Module):
    """The sigmoid in straight lines: x/6 + 1/2 held between 0 and 1."""

    kind = "hardsigmoid"

    def forward(self, x: Any) -> Any:
        return activation.hardsigmoid(_as_array(x))


class Hardswish(Module):
    """x·hardsigmoid(x) (Howard et al., 2019)."""

    kind = "hardswish"

    def forward(self, x: Any) -> Any:
        return activation.hardswish(_as_array(x))


class Hardtanh(Module):
    """x held between low and high; `ReLU6` is `Hardtanh(0.0, 6.0)`."""

    kind = "hardtanh"

    def __init__(self, low: float = -1.0, high: float = 1.0) -> None:
        self.low, self.high = low, high

    def forward(self, x: Any) -> Any:
        return activation.hardtanh(_as_array(x), low=self.low, high=self.high)

    def describe(self) -> str:
        return f"low={self.low}, high={self.high}"


class ReLU6(Hardtanh):
    """x held between 0 and 6."""

    kind = "relu6"

    def __init__(self) -> None:
        super().__init__(0.0, 6.0)

    def describe(self) -> str:
        return ""


class Softsign(Module):
    """x / (1 + |x|)."""

    kind = "softsign"

    def forward(self, x: Any) -> Any:
        return activation.softsign(_as_array(x))


class Tanhshrink(Module):
    """x − tanh(x)."""

    kind = "tanhshrink"

    def forward(self, x: Any) -> Any:
        return activation.tanhshrink(_as_array(x))


class LogSigmoid(Module):
    """The logarithm of the sigmoid, steady for any x."""

    kind = "logsigmoid"

    def forward(self, x: Any) -> Any:
        return activation.logsigmoid(_as_array(x))


class Hardshrink(Module):
    """x, and 0 where |x| is at most the bound."""

    kind = "hardshrink"

    def __init__(self, bound: float = 0.5) -> None:
        self.bound = bound

    def forward(self, x: Any) -> Any:
        return activation.hardshrink(_as_array(x), bound=self.bound)

    def describe(self) -> str:
        return f"bound={self.bound}"


class Softshrink(Module):
    """x moved towards 0 by the bound, and 0 where |x| is at most the bound."""

    kind = "softshrink"

    def __init__(self, bound: float = 0.5) -> None:
        self.bound = bound

    def forward(self, x: Any) -> Any:
        return activation.softshrink(_as_array(x), bound=self.bound)

    def describe(self) -> str:
        return f"bound={self.bound}"


class LogSoftmax(Module):
    """The logarithm of softmax along `axis`, steady for any scores."""

    kind = "log_softmax"

    def __init__(self, axis: int = -1) -> None:
        self.axis = axis

    def forward(self, x: Any) -> Any:
        return activation.log_softmax(_as_array(x), axis=self.axis)

    def describe(self) -> str:
        return "" if self.axis == -1 else f"axis={self.axis}"


class GLU(Module):
    """a·σ(b), a and b the halves of x along `axis` (Dauphin et al., 2016)."""

    kind = "glu"

    def __init__(self, axis: int = -1) -> None:
        self.axis = axis

    def forward(self, x: Any) -> Any:
        a, b = split(_as_array(x), 2, self.axis)
        return a * activation.sigmoid(b)

    def describe(self) -> str:
        return "" if self.axis == -1 else f"axis={self.axis}"


class PReLU(Module):
    """x where it is positive, else slope·x, the slope learnt (He et al., 2015).

    features: 1 for one slope, or a slope for each channel, the second axis of (N, C, …).
    """

    kind = "prelu"

    def __init__(self, features: int = 1, slope: float = 0.25, dtype: Any = np.float32) -> None:
        self.slope = parameter(np.full(features, slope), "slope", dtype)

    def forward(self, x: Any) -> Any:
        x = _as_array(x)
        slope: Any = self.slope
        if slope.shape[0] > 1 and len(x.shape) > 2:
            slope = reshape(slope, shape=(slope.shape[0], *(1,) * (len(x.shape) - 2)))
        return where(x > 0, x, x * slope)

    def describe(self) -> str:
        return f"{self.slope.shape[0]}"
