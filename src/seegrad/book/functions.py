"""The book's functions on arrays: activations, losses, and their slopes where it has them."""

from __future__ import annotations

from typing import Any

import numpy as np

from seegrad.ops import activation
from seegrad.tensor import Tensor

DELTA = 1e-7
"""What the book adds to a probability before it takes the logarithm."""


def _array(x: Any) -> Any:
    return x if isinstance(x, Tensor) else np.asarray(x)


def identity_function(x: Any) -> Any:
    """x itself."""
    return x


def step_function(x: Any) -> Any:
    """1 where x is above 0, else 0."""
    return np.asarray(np.asarray(x) > 0).astype(int)


def sigmoid(x: Any) -> Any:
    """1/(1 + exp(−x)), without a warning however far x is from 0."""
    return activation.sigmoid(_array(x))


def sigmoid_grad(x: Any) -> Any:
    """The slope of the sigmoid, y(1 − y)."""
    y = sigmoid(x)
    return y * (1.0 - y)


def relu(x: Any) -> Any:
    """max(x, 0)."""
    return activation.relu(_array(x))


def relu_grad(x: Any) -> Any:
    """1 where x is above 0, else 0: at 0 as the layer has it."""
    array = np.asarray(x)
    return (array > 0).astype(array.dtype if array.dtype.kind == "f" else np.float64)


def softmax(x: Any) -> Any:
    """exp(x) over its sum, row by row; each row sums to 1."""
    return activation.softmax(_array(x))


def sum_squared_error(y: Any, t: Any) -> Any:
    """Half of the sum of the squared differences."""
    return 0.5 * np.sum((_array(y) - _array(t)) ** 2)


mean_squared_error = sum_squared_error
"""The same sum under the name that the Korean edition's code has for it."""


def cross_entropy_error(y: Any, t: Any, delta: float = DELTA) -> Any:
    """−Σ t·log(y + δ), the mean over the rows.

    y: probabilities (N, C) or (C,). t: labels, one-hot or soft targets.
    """
    y, t = _array(y), np.asarray(t)
    if t.ndim == y.ndim:
        weights = t
    else:
        weights = np.asarray(activation.one_hot(t, classes=y.shape[-1], dtype=np.float64))
    count = 1 if y.ndim == 1 else y.shape[0]
    taken = np.where(weights == 0, 1.0, 0.0)
    return -np.sum(weights * np.log(y + delta + taken)) / count


def softmax_loss(X: Any, t: Any) -> Any:
    """Softmax, then the cross-entropy."""
    return cross_entropy_error(softmax(X), t)
