"""The methods that readers of PyTorch and micrograd type: `x.relu()`, `x.exp()`, `x.softmax()` …

Each applies the operation of its name; NumPy's own methods are in `numpy_methods`.
"""

from __future__ import annotations

from typing import Any

from seegrad.ops import arithmetic, compare, reduce, transcendental
from seegrad.ops.nn import activation


class TorchMethods:
    """A node with the methods of a PyTorch tensor that NumPy's arrays lack."""

    __slots__ = ()

    def abs(self) -> Any:
        """See `seegrad.abs`."""
        return arithmetic.abs(self)

    def sqrt(self) -> Any:
        """See `seegrad.sqrt`."""
        return arithmetic.sqrt(self)

    def square(self) -> Any:
        """See `seegrad.square`."""
        return arithmetic.square(self)

    def sign(self) -> Any:
        """See `seegrad.sign`."""
        return arithmetic.sign(self)

    def exp(self) -> Any:
        """See `seegrad.exp`."""
        return transcendental.exp(self)

    def log(self) -> Any:
        """See `seegrad.log`."""
        return transcendental.log(self)

    def log1p(self) -> Any:
        """See `seegrad.log1p`."""
        return transcendental.log1p(self)

    def expm1(self) -> Any:
        """See `seegrad.expm1`."""
        return transcendental.expm1(self)

    def sin(self) -> Any:
        """See `seegrad.sin`."""
        return transcendental.sin(self)

    def cos(self) -> Any:
        """See `seegrad.cos`."""
        return transcendental.cos(self)

    def tanh(self) -> Any:
        """See `seegrad.tanh`."""
        return transcendental.tanh(self)

    def erf(self) -> Any:
        """See `seegrad.erf`."""
        return transcendental.erf(self)

    def relu(self) -> Any:
        """See `seegrad.relu`."""
        return activation.relu(self)

    def sigmoid(self) -> Any:
        """See `seegrad.sigmoid`."""
        return activation.sigmoid(self)

    def gelu(self) -> Any:
        """See `seegrad.gelu`."""
        return activation.gelu(self)

    def silu(self) -> Any:
        """See `seegrad.silu`."""
        return activation.silu(self)

    def softplus(self) -> Any:
        """See `seegrad.softplus`."""
        return activation.softplus(self)

    def softmax(self, axis: int = -1) -> Any:
        """See `seegrad.softmax`."""
        return activation.softmax(self, axis=axis)

    def log_softmax(self, axis: int = -1) -> Any:
        """See `seegrad.log_softmax`."""
        return activation.log_softmax(self, axis=axis)

    def logsumexp(self, axis: Any = None, keepdims: bool = False) -> Any:
        """See `seegrad.logsumexp`."""
        return reduce.logsumexp(self, axis=axis, keepdims=keepdims)

    def tan(self) -> Any:
        """See `seegrad.tan`."""
        return transcendental.tan(self)

    def sinh(self) -> Any:
        """See `seegrad.sinh`."""
        return transcendental.sinh(self)

    def cosh(self) -> Any:
        """See `seegrad.cosh`."""
        return transcendental.cosh(self)

    def asin(self) -> Any:
        """See `seegrad.arcsin`."""
        return transcendental.arcsin(self)

    def acos(self) -> Any:
        """See `seegrad.arccos`."""
        return transcendental.arccos(self)

    def atan(self) -> Any:
        """See `seegrad.arctan`."""
        return transcendental.arctan(self)

    def log2(self) -> Any:
        """See `seegrad.log2`."""
        return transcendental.log2(self)

    def log10(self) -> Any:
        """See `seegrad.log10`."""
        return transcendental.log10(self)

    def exp2(self) -> Any:
        """See `seegrad.exp2`."""
        return transcendental.exp2(self)

    def reciprocal(self) -> Any:
        """See `seegrad.reciprocal`."""
        return arithmetic.reciprocal(self)

    def floor(self) -> Any:
        """See `seegrad.floor`."""
        return arithmetic.floor(self)

    def ceil(self) -> Any:
        """See `seegrad.ceil`."""
        return arithmetic.ceil(self)

    def trunc(self) -> Any:
        """See `seegrad.trunc`."""
        return arithmetic.trunc(self)

    def neg(self) -> Any:
        """See `seegrad.negative`."""
        return arithmetic.negative(self)

    def isnan(self) -> Any:
        """See `seegrad.isnan`."""
        return compare.isnan(self)

    def isinf(self) -> Any:
        """See `seegrad.isinf`."""
        return compare.isinf(self)

    def isfinite(self) -> Any:
        """See `seegrad.isfinite`."""
        return compare.isfinite(self)

    def logical_not(self) -> Any:
        """See `seegrad.logical_not`."""
        return compare.logical_not(self)

    def add(self, other: Any) -> Any:
        """See `seegrad.add`."""
        return arithmetic.add(self, other)

    def sub(self, other: Any) -> Any:
        """See `seegrad.subtract`."""
        return arithmetic.subtract(self, other)

    def mul(self, other: Any) -> Any:
        """See `seegrad.multiply`."""
        return arithmetic.multiply(self, other)

    def div(self, other: Any) -> Any:
        """See `seegrad.divide`."""
        return arithmetic.divide(self, other)

    def maximum(self, other: Any) -> Any:
        """See `seegrad.maximum`."""
        return arithmetic.maximum(self, other)

    def minimum(self, other: Any) -> Any:
        """See `seegrad.minimum`."""
        return arithmetic.minimum(self, other)

    def pow(self, other: Any) -> Any:
        """See `seegrad.power`."""
        return transcendental.power(self, other)

    def logical_and(self, other: Any) -> Any:
        """See `seegrad.logical_and`."""
        return compare.logical_and(self, other)

    def logical_or(self, other: Any) -> Any:
        """See `seegrad.logical_or`."""
        return compare.logical_or(self, other)

    def rsqrt(self) -> Any:
        """1/√x."""
        return arithmetic.reciprocal(arithmetic.sqrt(self))

    def clamp(self, min: Any = None, max: Any = None) -> Any:
        """Held between two bounds, each a number or None. See `seegrad.clip`."""
        return arithmetic.clip(self, low=min, high=max)
