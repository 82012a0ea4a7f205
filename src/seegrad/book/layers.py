"""The chapter's four layers: Relu, Sigmoid, Affine, SoftmaxWithLoss, for one sample or a batch."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from seegrad.book.base.arrays import as_targets
from seegrad.book.base.layer import Layer, as_leaf
from seegrad.book.functions import cross_entropy_error
from seegrad.errors import ShapeError
from seegrad.i18n import tr
from seegrad.ops.linear.linalg import matmul
from seegrad.ops.nn.activation import relu, sigmoid, softmax
from seegrad.ops.nn.loss import softmax_cross_entropy
from seegrad.ops.shape import reshape
from seegrad.tensor.tensor import Tensor, tensor

Array = NDArray[Any]


def _biases(width: int) -> tuple[tuple[int, ...], ...]:
    """The shapes a bias for `width` outputs may have: the same for every sample."""
    return (width,), (1, width)


def _plain(result: Any, *like: Any) -> Any:
    """A tensor for tensors, an array of its own for anything else."""
    if any(isinstance(x, Tensor) for x in like):
        return result
    return np.array(result.value if isinstance(result, Tensor) else result)[()]


class Relu(Layer):
    """x where it is above 0, else 0 (chapter 5.5.1). Neither x nor dout is ever changed."""

    mask: Any = None

    def forward(self, x: Any) -> Any:
        """max(x, 0); `mask` is true where nothing passes."""
        leaf = as_leaf(x, "x")
        self.mask = leaf.value <= 0
        return _plain(self._remember((leaf,), relu(leaf)), x)

    def backward(self, dout: Any) -> Any:
        """dout where x was above 0, else 0."""
        (dx,) = self._sent_back(dout, self._inputs)
        return _plain(dx, dout)


class Sigmoid(Layer):
    """1/(1 + exp(−x)), sending back dout·y(1 − y) (chapter 5.5.2)."""

    out: Any = None

    def forward(self, x: Any) -> Any:
        """The sigmoid of x; kept as `out`."""
        leaf = as_leaf(x, "x")
        self.out = _plain(self._remember((leaf,), sigmoid(leaf)), x)
        return self.out

    def backward(self, dout: Any) -> Any:
        """dout times y(1 − y)."""
        (dx,) = self._sent_back(dout, self._inputs)
        return _plain(dx, dout)


class Affine(Layer):
    """Y = X·W + b, for one sample (D,), a batch (N, D) or images (N, C, H, W) (chapter 5.6).

    W and b are the caller's own arrays: what is done to them in place holds at the next forward.
    After `backward`, `dW` and `db` have the shapes of W and b. Raises ShapeError where X and W, or
    W (D, M) and b (M,), do not fit.
    """

    def __init__(self, W: Any, b: Any, names: tuple[str, str] = ("W", "b")) -> None:
        self.W, self.b, self.names = W, b, names
        self.x: Any = None
        self.original_x_shape: tuple[int, ...] | None = None
        self.dW: Any = None
        self.db: Any = None
        self._leaves: tuple[Tensor, ...] = ()

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
        self.x = _plain(flat, x)
        self._leaves = weights, bias
        out = self._remember((leaf, weights, bias), matmul(flat, weights) + bias)
        return _plain(out, x, self.W, self.b)

    def backward(self, dout: Any) -> Any:
        """dX in the shape of X; keeps dW = Xᵀ·dY and db, the sum of dY over the samples."""
        dx, dW, db = self._sent_back(dout, self._inputs)
        self.dW, self.db = np.array(dW), np.array(db)
        return _plain(dx, dout)


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
        self.loss = _plain(self._remember((leaf,), out), x, t)
        if self.delta and not isinstance(self.loss, Tensor):
            self.loss = cross_entropy_error(self.y, self.t, self.delta)
        return self.loss

    def backward(self, dout: Any = 1) -> Any:
        """(y − t)/N times dout."""
        (dx,) = self._sent_back(dout, self._inputs)
        return _plain(dx, dout)
