"""The methods that readers of PyTorch and micrograd type: `x.relu()`, `x.exp()`, `x.softmax()` …

Each applies the operation of its name; NumPy's own methods are in `numpy_methods`.
"""

from __future__ import annotations

from typing import Any

from seegrad.ops import arithmetic, reduce, transcendental
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
