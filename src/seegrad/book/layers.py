"""The book's layers: `forward`, then `backward` with the derivative that arrives (chapters 5 to 7).

Relu, Sigmoid, Affine, SoftmaxWithLoss stand here; Dropout and BatchNormalization, Convolution and
Pooling in files of their own, and are handed on. All compute with the table's operations.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from seegrad.book.arrays import as_targets
from seegrad.book.base.image_layers import Convolution, Pooling
from seegrad.book.base.layer import Layer, as_leaf, plain
from seegrad.book.base.regularisation import BatchNormalization, Dropout
from seegrad.book.functions import (
    cross_entropy_error,
    identity_function,
    mean_squared_error,
    relu,
    relu_grad,
    sigmoid,
    sigmoid_grad,
    softmax,
    softmax_loss,
    step_function,
    sum_squared_error,
)
from seegrad.book.util import col2im, im2col
from seegrad.errors import ShapeError
from seegrad.i18n import tr
from seegrad.ops.linear.linalg import matmul
from seegrad.ops.nn.loss import softmax_cross_entropy
from seegrad.ops.shape import reshape
from seegrad.tensor.tensor import Tensor, tensor

__all__ = [
    "Affine", "BatchNormalization", "Convolution", "Dropout", "Pooling", "Relu", "Sigmoid",
    "SoftmaxWithLoss", "col2im", "cross_entropy_error", "identity_function", "im2col",
    "mean_squared_error", "np", "relu", "relu_grad", "sigmoid", "sigmoid_grad", "softmax",
    "softmax_loss", "step_function", "sum_squared_error",
]  # fmt: skip


def _biases(width: int) -> tuple[tuple[int, ...], ...]:
    """The shapes a bias for `width` outputs may have: the same for every sample."""
    return (width,), (1, width)


class Relu(Layer):
    """x where it is above 0, else 0 (chapter 5.5.1). Neither x nor dout is ever changed."""

    mask: Any = None

    def forward(self, x: Any) -> Any:
        """max(x, 0); `mask` is true where nothing passes."""
        leaf = as_leaf(x, "x")
        self.mask = leaf.value <= 0
        return plain(self._remember((leaf,), relu(leaf)), x)

    def backward(self, dout: Any) -> Any:
        """dout where x was above 0, else 0."""
        (dx,) = self._sent_back(dout, self._inputs)
        return plain(dx, dout)


class Sigmoid(Layer):
    """1/(1 + exp(−x)), sending back dout·y(1 − y) (chapter 5.5.2)."""

    out: Any = None

    def forward(self, x: Any) -> Any:
        """The sigmoid of x; kept as `out`."""
        leaf = as_leaf(x, "x")
        self.out = plain(self._remember((leaf,), sigmoid(leaf)), x)
        return self.out

    def backward(self, dout: Any) -> Any:
        """dout times y(1 − y)."""
        (dx,) = self._sent_back(dout, self._inputs)
        return plain(dx, dout)


class Affine(Layer):
    """Y = X·W + b, for one sample (D,), a batch (N, D) or images (N, C, H, W) (chapter 5.6).

    W and b are the caller's own arrays: what is done to them in place holds at the next forward.
    After `backward`, `dW` and `db` have the shapes of W and b. Raises ShapeError where X and W, or
    W (D, M) and b (M,), do not fit.
    """

    learned = "W", "b"

    def __init__(self, W: Any, b: Any, names: tuple[str, str] = ("W", "b")) -> None:
        self.W, self.b, self.names = W, b, names
        self.x: Any = None
        self.original_x_shape: tuple[int, ...] | None = None
        self.dW: Any = None
        self.db: Any = None

    def forward(self, x: Any) -> Any:
        """X·W + b; ShapeError naming both shapes when X is not as wide as W is high."""
        leaf, weights = as_leaf(x, "x"), as_leaf(self.W, self.names[0])
        bias = as_leaf(self.b, self.names[1])
        self.original_x_shape = leaf.shape
        flat = leaf
        if len(leaf.shape) > 2:
            flat = reshape(leaf, shape=(leaf.shape[0], math.prod(leaf.shape[1:])))
        if len(weights.shape) != 2 or bias.shape not in _biases(weights.shape[-1]):
            raise ShapeError(
                tr("Affine: W and b do not fit"),
                asked=tr("W with two axes, and b with one value for each column of W"),
                came=f"W {weights.shape} · b {bias.shape}",
            )
        if not flat.shape or flat.shape[-1] != weights.shape[0]:
            raise ShapeError(
                tr("Affine: X and W do not fit"),
                asked=tr("X with {count} columns, for W {shape}", count=weights.shape[0],
                          shape=weights.shape),
                came=f"X {leaf.shape}",
                hint=tr("the columns of X are as many as the rows of W"),
            )
        self.x = plain(flat, x)
        self._leaves = weights, bias
        out = self._remember((leaf, weights, bias), matmul(flat, weights) + bias)
        return plain(out, x, self.W, self.b)

    def backward(self, dout: Any) -> Any:
        """dX in the shape of X; keeps dW = Xᵀ·dY and db, the sum of dY over the samples."""
        return self._sent_back_with_learned(dout)


class SoftmaxWithLoss(Layer):
    """Softmax and cross-entropy in one; sends back (y − t)/N times dout (chapter 5.6.3).

    t: labels, one-hot or soft targets, of one sample or a batch; what does not fit is refused as
    `sg.softmax_cross_entropy` refuses it, never broadcast. delta: 1e-7 shows the loss that
    the book's code prints, which adds it inside of the logarithm; the derivative never has it.
    """

    def __init__(self, delta: float = 0.0) -> None:
        self.delta = delta
        self.loss: Any = None
        self.y: Any = None
        self.t: Any = None

    def forward(self, x: Any, t: Any) -> Any:
        """The mean loss; `y` keeps the probabilities."""
        leaf = as_leaf(x, "x")
        targets = as_targets("SoftmaxWithLoss", leaf, t)
        self.t = targets
        if not isinstance(targets, Tensor):
            targets = targets.astype(leaf.dtype) if targets.ndim == leaf.ndim else targets
            targets = tensor(targets, name="t", requires_grad=False)
        out = softmax_cross_entropy(leaf, targets)
        self.y = np.array(softmax(leaf.value))
        self.loss = plain(self._remember((leaf,), out), x, t)
        if self.delta and not isinstance(self.loss, Tensor):
            self.loss = cross_entropy_error(self.y, self.t, self.delta)
        return self.loss

    def backward(self, dout: Any = 1) -> Any:
        """(y − t)/N times dout."""
        (dx,) = self._sent_back(dout, self._inputs)
        return plain(dx, dout)
