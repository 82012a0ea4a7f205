"""The methods that readers of PyTorch and micrograd type: `x.relu()`, `x.exp()`, `x.softmax()` …

Each applies the operation of its name; NumPy's own methods are in `numpy_methods`.
"""

from __future__ import annotations

from typing import Any, Self

from seegrad.graph.node import Node
from seegrad.graph.spec import Axis, Operand
from seegrad.ops import arithmetic, compare, reduce, transcendental
from seegrad.ops.nn import activation


class TorchMethods(Node):
    """A node with the methods of a PyTorch tensor that NumPy's arrays lack."""

    __slots__ = ()

    def abs(self) -> Self:
        """See `seegrad.abs`."""
        return arithmetic.abs(self)

    def sqrt(self) -> Self:
        """See `seegrad.sqrt`."""
        return arithmetic.sqrt(self)

    def square(self) -> Self:
        """See `seegrad.square`."""
        return arithmetic.square(self)

    def sign(self) -> Self:
        """See `seegrad.sign`."""
        return arithmetic.sign(self)

    def exp(self) -> Self:
        """See `seegrad.exp`."""
        return transcendental.exp(self)

    def log(self) -> Self:
        """See `seegrad.log`."""
        return transcendental.log(self)

    def log1p(self) -> Self:
        """See `seegrad.log1p`."""
        return transcendental.log1p(self)

    def expm1(self) -> Self:
        """See `seegrad.expm1`."""
        return transcendental.expm1(self)

    def sin(self) -> Self:
        """See `seegrad.sin`."""
        return transcendental.sin(self)

    def cos(self) -> Self:
        """See `seegrad.cos`."""
        return transcendental.cos(self)

    def tanh(self) -> Self:
        """See `seegrad.tanh`."""
        return transcendental.tanh(self)

    def erf(self) -> Self:
        """See `seegrad.erf`."""
        return transcendental.erf(self)

    def relu(self) -> Self:
        """See `seegrad.relu`."""
        return activation.relu(self)

    def sigmoid(self) -> Self:
        """See `seegrad.sigmoid`."""
        return activation.sigmoid(self)

    def gelu(self) -> Self:
        """See `seegrad.gelu`."""
        return activation.gelu(self)

    def silu(self) -> Self:
        """See `seegrad.silu`."""
        return activation.silu(self)

    def softplus(self) -> Self:
        """See `seegrad.softplus`."""
        return activation.softplus(self)

    def softmax(self, axis: int = -1) -> Self:
        """See `seegrad.softmax`."""
        return activation.softmax(self, axis=axis)

    def log_softmax(self, axis: int = -1) -> Self:
        """See `seegrad.log_softmax`."""
        return activation.log_softmax(self, axis=axis)

    def logsumexp(self, axis: Axis = None, keepdims: bool = False) -> Self:
        """See `seegrad.logsumexp`."""
        return reduce.logsumexp(self, axis=axis, keepdims=keepdims)

    def tan(self) -> Self:
        """See `seegrad.tan`."""
        return transcendental.tan(self)

    def sinh(self) -> Self:
        """See `seegrad.sinh`."""
        return transcendental.sinh(self)

    def cosh(self) -> Self:
        """See `seegrad.cosh`."""
        return transcendental.cosh(self)

    def asin(self) -> Self:
        """See `seegrad.arcsin`."""
        return transcendental.arcsin(self)

    def acos(self) -> Self:
        """See `seegrad.arccos`."""
        return transcendental.arccos(self)

    def atan(self) -> Self:
        """See `seegrad.arctan`."""
        return transcendental.arctan(self)

    def log2(self) -> Self:
        """See `seegrad.log2`."""
        return transcendental.log2(self)

    def log10(self) -> Self:
        """See `seegrad.log10`."""
        return transcendental.log10(self)

    def exp2(self) -> Self:
        """See `seegrad.exp2`."""
        return transcendental.exp2(self)

    def reciprocal(self) -> Self:
        """See `seegrad.reciprocal`."""
        return arithmetic.reciprocal(self)

    def floor(self) -> Self:
        """See `seegrad.floor`."""
        return arithmetic.floor(self)

    def ceil(self) -> Self:
        """See `seegrad.ceil`."""
        return arithmetic.ceil(self)

    def trunc(self) -> Self:
        """See `seegrad.trunc`."""
        return arithmetic.trunc(self)

    def neg(self) -> Self:
        """See `seegrad.negative`."""
        return arithmetic.negative(self)

    def isnan(self) -> Self:
        """See `seegrad.isnan`."""
        return compare.isnan(self)

    def isinf(self) -> Self:
        """See `seegrad.isinf`."""
        return compare.isinf(self)

    def isfinite(self) -> Self:
        """See `seegrad.isfinite`."""
        return compare.isfinite(self)

    def logical_not(self) -> Self:
        """See `seegrad.logical_not`."""
        return compare.logical_not(self)

    def add(self, other: Operand) -> Self:
        """See `seegrad.add`."""
        return arithmetic.add(self, other)

    def sub(self, other: Operand) -> Self:
        """See `seegrad.subtract`."""
        return arithmetic.subtract(self, other)

    def mul(self, other: Operand) -> Self:
        """See `seegrad.multiply`."""
        return arithmetic.multiply(self, other)

    def div(self, other: Operand) -> Self:
        """See `seegrad.divide`."""
        return arithmetic.divide(self, other)

    def maximum(self, other: Operand) -> Self:
        """See `seegrad.maximum`."""
        return arithmetic.maximum(self, other)

    def minimum(self, other: Operand) -> Self:
        """See `seegrad.minimum`."""
        return arithmetic.minimum(self, other)

    def pow(self, other: Operand) -> Self:
        """See `seegrad.power`."""
        return transcendental.power(self, other)

    def logical_and(self, other: Operand) -> Self:
        """See `seegrad.logical_and`."""
        return compare.logical_and(self, other)  # type: ignore[no-any-return]

    def logical_or(self, other: Operand) -> Self:
        """See `seegrad.logical_or`."""
        return compare.logical_or(self, other)  # type: ignore[no-any-return]

    def rsqrt(self) -> Self:
        """1/√x."""
        return arithmetic.reciprocal(arithmetic.sqrt(self))

    def clamp(self, min: Any = None, max: Any = None) -> Self:
        """Held between two bounds, each a number or None. See `seegrad.clip`."""
        return arithmetic.clip(self, low=min, high=max)
