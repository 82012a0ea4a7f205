"""The book's functions on arrays: activations, losses, and their slopes where it has them."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from seegrad.book.arrays import as_array, as_targets, fitting
from seegrad.ops.compare import astype, floating, logical_and
from seegrad.ops.nn import activation
from seegrad.ops.nn.loss import mean_squared_error as paired

__all__ = [
    "cross_entropy_error", "identity_function", "mean_squared_error", "np", "relu", "relu_grad",
    "sigmoid", "sigmoid_grad", "softmax", "softmax_loss", "step_function", "sum_squared_error",
]  # fmt: skip

DELTA = 1e-7
"""What the book adds to a probability before it takes the logarithm."""


def identity_function(x: Any) -> Any:
    """x itself."""
    return x


def step_function(x: Any) -> Any:
    """1 where x is above 0, else 0."""
    return np.asarray(astype(as_array(x, "x") > 0, dtype=int))


def sigmoid(x: Any) -> Any:
    """1/(1 + exp(−x)), without a warning however far x is from 0."""
    return activation.sigmoid(as_array(x, "x"))


def sigmoid_grad(x: Any) -> Any:
    """The slope of the sigmoid, y(1 − y)."""
    y = sigmoid(x)
    return y * (1.0 - y)


def relu(x: Any) -> Any:
    """max(x, 0)."""
    return activation.relu(as_array(x, "x"))


def relu_grad(x: Any) -> Any:
    """1 where x is above 0, else 0: at 0 as the layer has it."""
    array = as_array(x, "x")
    return astype(array > 0, dtype=array.dtype if array.dtype.kind == "f" else np.float64)


def softmax(x: Any) -> Any:
    """exp(x) over its sum, row by row; each row sums to 1."""
    return activation.softmax(as_array(x, "x"))


def sum_squared_error(y: Any, t: Any) -> Any:
    """Half of the sum of the squared differences of outputs and targets of equal shapes.

    Raises ShapeError where the shapes differ: a loss never broadcasts.
    """
    y, t = as_array(y, "y"), as_array(t, "t")
    if y.shape != t.shape:
        fitting("sum_squared_error", paired, y, t)
    return 0.5 * np.sum((floating(y) - floating(t)) ** 2)


mean_squared_error = sum_squared_error
"""The same sum under the name that the Korean edition's code has for it."""


def cross_entropy_error(y: Any, t: Any, delta: float = DELTA) -> Any:
    """−Σ t·log(y + δ), the mean over the rows.

    y: probabilities (N, C) or (C,). t: labels (N,), or one-hot or soft targets (N, C); of one
    sample a label or (1,), or (C,). Raises ShapeError, DTypeError for labels that are not whole
    numbers, ValueRangeError for one that is no class, as `sg.softmax_cross_entropy` does.
    """
    y = as_array(y, "y")
    t = as_targets("cross_entropy_error", y, t)
    weights = t
    if t.ndim < y.ndim:
        weights = activation.one_hot(t, classes=y.shape[-1], dtype=np.float64)
    raised = y + delta
    # a class that nobody asks for costs nothing, even if it is impossible: no 0·log 0
    raised = raised + astype(logical_and(weights == 0, raised == 0), dtype=np.float64)
    return -np.sum(weights * np.log(raised)) / max(1, math.prod(y.shape[:-1]))


def softmax_loss(X: Any, t: Any) -> Any:
    """Softmax, then the cross-entropy."""
    return cross_entropy_error(softmax(X), t)
