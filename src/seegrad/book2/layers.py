"""The layers of chapters 1 to 4: products, activations, losses, dropout and word vectors.

Each is a formula over the op table and what the book has around it; no derivative is written here.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from seegrad.book.arrays import as_array, as_floats, as_targets
from seegrad.book.functions import cross_entropy_error, relu, sigmoid, softmax
from seegrad.book2.arrays import as_ids, as_input, fits
from seegrad.book2.formula import Formula
from seegrad.book2.layer import Layer
from seegrad.book2.np import GPU
from seegrad.errors import ShapeError, ValueRangeError
from seegrad.i18n import tr
from seegrad.ops.indexing import take
from seegrad.ops.linear.linalg import matmul
from seegrad.ops.nn import activation
from seegrad.ops.nn.loss import binary_cross_entropy_with_logits, softmax_cross_entropy
from seegrad.ops.shape import reshape
from seegrad.tensor.tensor import Tensor

__all__ = [
    "GPU",
    "Affine",
    "Dropout",
    "Embedding",
    "MatMul",
    "Sigmoid",
    "SigmoidWithLoss",
    "Softmax",
    "SoftmaxWithLoss",
    "cross_entropy_error",
    "np",
    "relu",
    "sigmoid",
    "softmax",
]


def rows_fit(layer: str, x: Any, W: Any) -> None:
    """ShapeError unless the last axis of x is as long as W has rows."""
    if W.ndim != 2 or not x.shape or x.shape[-1] != W.shape[0]:
        raise ShapeError(
            tr("{layer}: x and W do not fit", layer=layer),
            asked=tr("x with as many columns as W has rows, W with two axes"),
            came=f"x {x.shape} · W {W.shape}",
        )


def bias_fits(layer: str, W: Any, b: Any) -> None:
    """ShapeError unless b has one number for each column of W."""
    if W.ndim != 2 or b.shape not in (W.shape[1:], (1, *W.shape[1:])):
        raise ShapeError(
            tr("{layer}: W and b do not fit", layer=layer),
            asked=tr("W with two axes, and b with one value for each column of W"),
            came=f"W {W.shape} · b {b.shape}",
        )


def ratio(dropout_ratio: Any) -> float:
    """The share that is dropped. ValueRangeError unless it is from 0 on and below 1."""
    if not 0 <= dropout_ratio < 1:
        raise ValueRangeError(
            tr("a share of what is dropped is from 0 on and below 1"),
            asked="0 ≤ dropout_ratio < 1",
            came=f"dropout_ratio={dropout_ratio!r}",
        )
    return float(dropout_ratio)


class MatMul(Layer):
    """x·W (chapter 1.3.4). x: (N, D) in the dtype of W, or converted to it.

    >>> layer = MatMul(np.ones((7, 3)))
    >>> layer.forward(np.eye(7)[:2]).shape, layer.backward(np.ones((2, 3))).shape
    ((2, 3), (2, 7))
    """

    formula = Formula(lambda x, W: matmul(x, W))

    def __init__(self, W: Any) -> None:
        super().__init__(W)
        self.x: Any = None

    def forward(self, x: Any) -> Any:
        """x·W; ShapeError where their sizes do not fit."""
        (W,) = self.params
        self.x = as_input(x, W)
        rows_fit("MatMul", self.x, W)
        return self._run(self.x)

    def backward(self, dout: Any) -> Any:
        """dout·Wᵀ; `grads[0]` becomes xᵀ·dout."""
        return self._back(dout)


class Affine(MatMul):
    """x·W + b (chapter 1.3.5)."""

    formula = Formula(lambda x, W, b: matmul(x, W) + b)

    def __init__(self, W: Any, b: Any) -> None:
        Layer.__init__(self, W, b)
        self.x = None
        bias_fits(type(self).__name__, *self.params)

    def forward(self, x: Any) -> Any:
        """x·W + b; ShapeError where their sizes do not fit."""
        W, _ = self.params
        self.x = as_input(x, W)
        rows_fit("Affine", self.x, W)
        return self._run(self.x)


class Softmax(Layer):
    """exp(x) over its sum, row by row; kept as `out`."""

    formula = Formula(lambda x: activation.softmax(x))

    def __init__(self) -> None:
        super().__init__()
        self.out: Any = None

    def forward(self, x: Any) -> Any:
        """The probabilities, of the shape of x."""
        self.out = self._run(as_floats(x, "x"))
        return self.out

    def backward(self, dout: Any) -> Any:
        """The derivative by x."""
        return self._back(dout)


class Sigmoid(Softmax):
    """1/(1 + exp(−x)), without a warning however far x is from 0; kept as `out`."""

    formula = Formula(lambda x: activation.sigmoid(x))


def _softmax_loss(x: Any, t: Any) -> tuple[Any, Any]:
    return softmax_cross_entropy(x, t), activation.softmax(x)


class SoftmaxWithLoss(Layer):
    """Softmax and cross-entropy in one; sends back (y − t)/N times dout (chapter 1.3.5).

    t: labels (N,), one-hot or soft targets (N, C). delta: 1e-7 shows the loss that the book's
    code prints, which adds it inside of the logarithm.
    """

    formula = Formula(_softmax_loss, constants="t")

    def __init__(self, delta: float = 0.0) -> None:
        super().__init__()
        self.delta = delta
        self.y: Any = None
        self.t: Any = None

    def forward(self, x: Any, t: Any) -> Any:
        """The mean loss; `y` keeps the probabilities."""
        x = as_floats(x, "x")
        self.t = as_targets(type(self).__name__, x, t)
        loss, self.y = self._run(x, self.t)
        if self.delta and not isinstance(loss, Tensor):
            return cross_entropy_error(self.y, self.t, self.delta)
        return loss

    def backward(self, dout: Any = 1) -> Any:
        """(y − t)/N times dout."""
        return self._back(dout)


def _sigmoid_loss(x: Any, t: Any) -> tuple[Any, Any]:
    return binary_cross_entropy_with_logits(x, t), activation.sigmoid(x)


def as_truths(layer: str, x: Any, t: Any) -> Any:
    """Right (1) or wrong (0) for each score, in the dtype of the scores."""
    t = as_array(t, "t")
    if t.shape != x.shape:
        raise ShapeError(
            tr("{layer}: each score needs its own answer", layer=layer),
            asked=tr("t of shape {shape}", shape=x.shape),
            came=f"t {t.shape}",
        )
    if t.size and (t.min() < 0 or t.max() > 1):
        raise ValueRangeError(
            tr("{layer}: an answer is 0 (wrong) or 1 (right)", layer=layer),
            asked=tr("numbers from 0 to 1"),
            came=tr("labels from {low} to {high}", low=t.min(), high=t.max()),
        )
    return t.astype(x.dtype)


class SigmoidWithLoss(Layer):
    """Sigmoid and cross-entropy with two classes (chapter 4.2.4); sends back (y − t)/N times dout.

    x: scores (N,), or (N, 1); t: 0 or 1 for each.
    """

    formula = Formula(_sigmoid_loss, constants="t")

    def __init__(self, delta: float = 0.0) -> None:
        super().__init__()
        self.delta = delta
        self.loss: Any = None
        self.y: Any = None
        self.t: Any = None

    def forward(self, x: Any, t: Any) -> Any:
        """The mean loss; `y` keeps the probabilities."""
        x = as_floats(x, "x")
        given = as_array(t, "t")
        if x.shape == (*given.shape, 1):
            given = reshape(given, shape=x.shape)
        self.t = as_truths(type(self).__name__, x, given)
        self.loss, self.y = self._run(x, self.t)
        if self.delta and not isinstance(self.loss, Tensor):
            both = np.stack([1 - self.y.ravel(), self.y.ravel()], axis=1)
            self.loss = cross_entropy_error(both, self.t.ravel().astype(int), self.delta)
        return self.loss

    def backward(self, dout: Any = 1) -> Any:
        """(y − t)/N times dout."""
        return self._back(dout)


class Dropout(Layer):
    """Drops a share of the numbers while training, and lowers all of them else (chapter 6.5.2)."""

    formula = Formula(lambda x, mask: x * mask, constants="mask")

    def __init__(self, dropout_ratio: float = 0.5) -> None:
        super().__init__()
        self.dropout_ratio = ratio(dropout_ratio)
        self.mask: Any = None

    def forward(self, x: Any, train_flg: bool = True) -> Any:
        """x where the mask, drawn anew, is true; else x·(1 − ratio)."""
        x = as_floats(x, "x")
        if train_flg:
            self.mask = np.random.rand(*x.shape) > self.dropout_ratio
        kept = self.mask if train_flg else np.asarray(1.0 - self.dropout_ratio)
        return self._run(x, kept.astype(x.dtype))

    def backward(self, dout: Any) -> Any:
        """dout where something passed, also after a pass without training."""
        return self._back(dout)


class Embedding(Layer):
    """The rows of W for word ids (chapter 4.1); a word that comes twice adds its derivatives."""

    formula = Formula(lambda idx, W: take(W, idx, axis=0, negative=False), constants="idx")

    def __init__(self, W: Any) -> None:
        super().__init__(W)
        fits(type(self).__name__, self.params[0], ("V", "D"), "W")
        self.idx: Any = None

    def forward(self, idx: Any) -> Any:
        """Rows of W, one for each id; IndexRangeError for an id that is no word."""
        self.idx = as_ids(idx, len(self.params[0]), "idx")
        return self._run(self.idx)

    def backward(self, dout: Any) -> None:
        """Fills `grads[0]`, of the shape of W; ids have no derivative."""
        self._back(dout)
