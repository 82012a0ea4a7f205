"""`F`: the functions of the book's third volume, each an operation of the table on variables."""

from __future__ import annotations

from typing import Any

import numpy as np

from seegrad.dezero.core import Config, Variable, on_variables, plain
from seegrad.ops import arithmetic, reduce, shape, transcendental
from seegrad.ops.linear import linalg
from seegrad.ops.nn import activation, loss

sin, cos, tanh, exp, log = map(
    on_variables,
    (transcendental.sin, transcendental.cos, transcendental.tanh, transcendental.exp,
     transcendental.log),
)  # fmt: skip
reshape, sum, broadcast_to = map(
    on_variables, (shape.reshape, reduce.sum, shape.broadcast_to)
)
transpose, matmul = on_variables(shape.transpose), on_variables(linalg.matmul)
sigmoid, relu = on_variables(activation.sigmoid), on_variables(activation.relu)
max, min, mean = on_variables(reduce.max), on_variables(reduce.min), on_variables(reduce.mean)
average, clip = mean, on_variables(arithmetic.clip)
get_item = on_variables(lambda x, slices: x[slices])
logsumexp = on_variables(lambda x, axis=1: reduce.logsumexp(x, axis=axis, keepdims=True))
leaky_relu = on_variables(lambda x, slope=0.2: activation.leaky_relu(x, slope=slope))
softmax = on_variables(lambda x, axis=1: activation.softmax(x, axis=axis))
log_softmax = on_variables(lambda x, axis=1: activation.log_softmax(x, axis=axis))


@on_variables
def linear(x: Any, W: Any, b: Any = None) -> Any:
    """x·W + b."""
    return linalg.matmul(x, W) if b is None else linalg.matmul(x, W) + b


@on_variables
def sum_to(x: Any, shape: Any) -> Any:
    """x summed over the axes along which an array of this shape was repeated."""
    lead = len(x.shape) - len(shape)
    axes = [*range(lead), *(lead + i for i, n in enumerate(shape) if n == 1)]
    return reduce.sum(x, axis=tuple(axes), keepdims=True).reshape(shape) if axes else x


@on_variables
def mean_squared_error(x0: Any, x1: Any) -> Any:
    """The sum of the squared differences by the number of rows."""
    apart = x0 - x1
    return reduce.sum(apart * apart) / len(apart)


@on_variables
def softmax_cross_entropy(x: Any, t: Any) -> Any:
    """The mean over the rows of −log softmax at the labels t."""
    return loss.softmax_cross_entropy(x, t)


def dropout(x: Any, dropout_ratio: float = 0.5) -> Any:
    """Each element 0 with this probability while layers train, the others scaled up."""
    if not Config.train:
        return x
    kept = np.random.rand(*plain(x).shape) > dropout_ratio
    return Variable(plain(x) * (kept / (1.0 - dropout_ratio)).astype(plain(x).dtype))


def accuracy(y: Any, t: Any) -> Variable:
    """Which part of the rows has its largest value at the label; without a derivative."""
    found, t = np.asarray(plain(y).data).argmax(axis=1), plain(t)
    return Variable(np.asarray((found == np.asarray(getattr(t, "data", t))).mean()))
