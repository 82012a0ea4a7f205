"""ATen's activation functions and losses that say more than one op of ours."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from seegrad.interop.pytorch.operators.reader import axis_of, reads, table
from seegrad.ops import (
    activation,
    arithmetic,
    compare,
    indexing,
    reduce,
    scan_sort,
    shape,
)
from seegrad.ops.transcendental import exp, log
from seegrad.tensor.pytorch import names

# --------------------------------------------------------------- activations


table({
    "gelu": lambda self, approximate="none": (
        activation.gelu(self, approximate=approximate == "tanh")
    ),
    "relu6": lambda self: activation.hardtanh(self, low=0.0, high=6.0),
    "rrelu_with_noise_functional": lambda self, noise, lower=0.125, upper=1 / 3, training=False: (
        rrelu(self, noise, lower, upper, training), np.zeros(0, self.dtype)
    ),
    "threshold": lambda self, threshold, value: compare.where(self > threshold, self, value),
    "softsign": lambda self: activation.softsign(self),
    "log_sigmoid_forward": lambda self: (activation.logsigmoid(self), np.zeros(0, self.dtype)),
    "_safe_softmax": lambda self, dim: masked_softmax(self, dim),
    "glu": lambda self, dim=-1: names.glu(self, dim),
})


@reads("elu")
def elu(self: Any, alpha: float = 1, scale: float = 1, input_scale: float = 1) -> Any:
    if (scale, input_scale) == (1, 1):
        return activation.elu(self, alpha=alpha)
    bent = activation.elu(self * input_scale, alpha=alpha)
    return compare.where(self > 0, self, bent) * scale


@reads("softplus")
def softplus(self: Any, beta: float = 1, threshold: float = 20) -> Any:
    bent = activation.softplus(self) if beta == 1 else activation.softplus(self * beta) / beta
    return compare.where(self * beta > threshold, self, bent)


@reads("prelu", "_prelu_kernel")
def prelu(self: Any, weight: Any) -> Any:
    if weight.size > 1 and len(self.shape) > 2 and len(weight.shape) == 1:
        weight = shape.reshape(weight, shape=(-1, *(1,) * (len(self.shape) - 2)))
    return compare.where(self > 0, self, weight * self)


@reads("rrelu", "rrelu_with_noise")
def rrelu(
    self: Any, noise: Any, lower: float = 0.125, upper: float = 1 / 3, training: bool = False
) -> Any:
    if not training:
        return activation.leaky_relu(self, slope=(lower + upper) / 2)
    drawn = noise.uniform(tuple(self.shape), np.dtype(np.float32))
    slope = compare.astype(drawn, dtype=self.dtype) * (upper - lower) + lower
    return compare.where(self > 0, self, self * slope)


def masked_softmax(x: Any, axis: int) -> Any:
    """softmax, and zeros where all of a row is −∞."""
    closed = reduce.all(compare.equal(x, -math.inf), axis=axis, keepdims=True)
    return compare.where(closed, 0.0, activation.softmax(compare.where(closed, 0.0, x), axis=axis))


# --------------------------------------------------------------- losses

MEAN, SUM = 1, 2
REDUCTIONS = ("none", "mean", "sum")


def _reduced(values: Any, reduction: int) -> Any:
    if reduction == MEAN:
        return reduce.mean(values)
    return reduce.sum(values) if reduction == SUM else values


table({
    "mse_loss": lambda self, target, reduction=MEAN: (
        _reduced(arithmetic.square(self - target), reduction)
    ),
    "kl_div": lambda self, target, reduction=MEAN, log_target=False: (
        names.kl_div(self, target, REDUCTIONS[reduction], log_target)
    ),
    "soft_margin_loss": lambda self, target, reduction=MEAN: (
        _reduced(activation.softplus(-target * self), reduction)
    ),
    "margin_ranking_loss": lambda input1, input2, target, margin=0.0, reduction=MEAN: (
        _reduced(activation.relu(-target * (input1 - input2) + margin), reduction)
    ),
    "multilabel_margin_loss": lambda self, target, reduction=MEAN: (
        multilabel_margin_loss_forward(self, target, reduction)[0]
    ),
})


@reads("l1_loss")
def l1_loss(self: Any, target: Any, reduction: int = MEAN) -> Any:
    return _reduced(arithmetic.abs(self - target), reduction)


@reads("huber_loss")
def huber_loss(self: Any, target: Any, reduction: int = MEAN, delta: float = 1.0) -> Any:
    apart = arithmetic.abs(self - target)
    values = compare.where(
        apart <= delta, arithmetic.square(self - target) * 0.5, (apart - 0.5 * delta) * delta
    )
    return _reduced(values, reduction)


@reads("smooth_l1_loss")
def smooth_l1_loss(self: Any, target: Any, reduction: int = MEAN, beta: float = 1.0) -> Any:
    if beta == 0:
        return l1_loss(self, target, reduction)
    apart = arithmetic.abs(self - target)
    near = arithmetic.square(self - target) * (0.5 / beta)
    return _reduced(compare.where(apart < beta, near, apart - 0.5 * beta), reduction)


@reads("binary_cross_entropy")
def binary_cross_entropy(
    self: Any, target: Any, weight: Any = None, reduction: int = MEAN
) -> Any:
    values = -(target * _log_from(self) + (1 - target) * _log_from(1 - self))
    return _reduced(values if weight is None else values * weight, reduction)


def _log_from(x: Any) -> Any:
    """The logarithm, which PyTorch holds above −100 here."""
    tiny = x.dtype.type(1e-44 if x.dtype.itemsize < 8 else 1e-300)
    return arithmetic.clip(log(arithmetic.maximum(x, tiny)), low=-100.0)


@reads("binary_cross_entropy_with_logits")
def binary_cross_entropy_with_logits(
    self: Any, target: Any, weight: Any = None, pos_weight: Any = None, reduction: int = MEAN
) -> Any:
    stretched = 1 if pos_weight is None else (pos_weight - 1) * target + 1
    values = (1 - target) * self + stretched * activation.softplus(-self)
    return _reduced(values if weight is None else values * weight, reduction)


@reads("poisson_nll_loss")
def poisson_nll_loss(
    input: Any, target: Any, log_input: bool, full: bool, eps: float, reduction: int
) -> Any:
    values = exp(input) - target * input if log_input else input - target * log(input + eps)
    if full:
        much = compare.where(target > 1, target, 2.0)
        more = much * log(much) - much + 0.5 * log(2 * math.pi * much)
        values = values + compare.where(target > 1, more, 0.0)
    return _reduced(values, reduction)


@reads("hinge_embedding_loss")
def hinge_embedding_loss(
    self: Any, target: Any, margin: float = 1.0, reduction: int = MEAN
) -> Any:
    apart = compare.where(compare.equal(target, 1), 0.0, activation.relu(margin - self))
    return _reduced(apart + compare.where(compare.equal(target, -1), 0.0, self), reduction)


@reads("cosine_similarity")
def cosine_similarity(x1: Any, x2: Any, dim: int = 1, eps: float = 1e-8) -> Any:
    ndim = max(len(x1.shape), len(x2.shape))
    axis = axis_of(dim, ndim) - ndim
    squares = reduce.sum(x1 * x1, axis=axis), reduce.sum(x2 * x2, axis=axis)
    lengths = [arithmetic.sqrt(arithmetic.maximum(each, eps * eps)) for each in squares]
    return reduce.sum(x1 * x2, axis=axis) / (lengths[0] * lengths[1])


@reads("multi_margin_loss")
def multi_margin_loss(
    self: Any, target: Any, p: float = 1, margin: float = 1, weight: Any = None,
    reduction: int = MEAN,
) -> Any:  # fmt: skip
    single = len(self.shape) == 1
    x = shape.reshape(self, shape=(1, -1)) if single else self
    target = shape.reshape(target, shape=(-1,))
    classes = x.shape[1]
    right = indexing.take_along_axis(x, shape.reshape(target, shape=(-1, 1)), axis=1)
    over = activation.relu(margin - right + x)
    over = over if p == 1 else arithmetic.square(over)
    if weight is not None:
        over = over * shape.reshape(indexing.take(weight, target, axis=0), shape=(-1, 1))
    other = 1 - activation.one_hot(target, classes=classes, dtype=x.dtype)
    values = reduce.sum(over * other, axis=1) / classes
    return _reduced(shape.reshape(values, shape=()) if single else values, reduction)


@reads("multilabel_margin_loss_forward")
def multilabel_margin_loss_forward(self: Any, target: Any, reduction: int = MEAN) -> Any:
    single = len(self.shape) == 1
    x = shape.reshape(self, shape=(1, -1)) if single else self
    target = shape.reshape(target, shape=x.shape)
    classes = x.shape[1]
    # all that stands before the first -1 counts
    counts = compare.equal(
        scan_sort.cumsum(compare.astype(compare.less(target, 0), dtype=np.int64), axis=1), 0
    )
    named = activation.one_hot(arithmetic.maximum(target, 0), classes=classes, dtype=x.dtype)
    here = named * compare.astype(shape.expand_dims(counts, axis=-1), dtype=x.dtype)
    belongs = reduce.max(here, axis=1)
    at = reduce.sum(here * shape.expand_dims(x, axis=1), axis=2)
    over = activation.relu(1 - shape.expand_dims(at, axis=2) + shape.expand_dims(x, axis=1))
    chosen = compare.astype(shape.expand_dims(counts, axis=-1), dtype=x.dtype)
    over = over * chosen * shape.expand_dims(1 - belongs, axis=1)
    values = reduce.sum(over, axis=(1, 2)) / classes
    found = _reduced(shape.reshape(values, shape=()) if single else values, reduction)
    return found, (shape.reshape(belongs, shape=self.shape))


# --------------------------------------------------------------- of classes


def _weighted_nll(
    logs: Any, target: Any, weight: Any, reduction: int, ignore_index: int, axis: int
) -> tuple[Any, Any]:
    """−log p of the named classes, and the weight of all that count."""
    ignored = compare.equal(target, ignore_index)
    safe = compare.where(ignored, np.zeros((), np.int64), target)
    picked = indexing.take_along_axis(logs, shape.expand_dims(safe, axis=axis), axis=axis)
    picked = shape.squeeze(picked, axis=axis)
    each = compare.astype(compare.logical_not(ignored), dtype=logs.dtype)
    if weight is not None:
        each = each * indexing.take(weight, safe, axis=0)
    values = -picked * each
    total = reduce.sum(each)
    if reduction == MEAN:
        return reduce.sum(values) / total, total
    return _reduced(values, reduction), total


@reads("nll_loss", "nll_loss_nd", "nll_loss2d")
def nll_loss(
    self: Any, target: Any, weight: Any = None, reduction: int = MEAN, ignore_index: int = -100
) -> Any:
    axis = 1 if len(self.shape) > 1 else 0
    return _weighted_nll(self, target, weight, reduction, ignore_index, axis)[0]


@reads("nll_loss_forward", "nll_loss2d_forward")
def nll_loss_forward(
    self: Any, target: Any, weight: Any = None, reduction: int = MEAN, ignore_index: int = -100
) -> Any:
    axis = 1 if len(self.shape) > 1 else 0
    return _weighted_nll(self, target, weight, reduction, ignore_index, axis)


@reads("cross_entropy_loss")
def cross_entropy_loss(
    self: Any, target: Any, weight: Any = None, reduction: int = MEAN, ignore_index: int = -100,
    label_smoothing: float = 0.0,
) -> Any:  # fmt: skip
    axis = 1 if len(self.shape) > 1 else 0
    logs = activation.log_softmax(self, axis=axis)
    classes = self.shape[axis]
    along = (classes, *(1,) * (len(self.shape) - axis - 1))
    wide = None if weight is None else shape.reshape(weight, shape=along)
    if tuple(target.shape) == tuple(self.shape) and target.dtype.kind == "f":
        target = target * (1 - label_smoothing) + label_smoothing / classes
        values = -reduce.sum(logs * target * (1 if wide is None else wide), axis=axis)
        rows = math.prod(values.shape)
        return reduce.sum(values) / rows if reduction == MEAN else _reduced(values, reduction)
    hard, total = _weighted_nll(logs, target, weight, reduction, ignore_index, axis)
    if not label_smoothing:
        return hard
    counts = compare.astype(compare.not_equal(target, ignore_index), dtype=logs.dtype)
    spread = -reduce.sum(logs if wide is None else logs * wide, axis=axis) * counts
    spread = reduce.sum(spread) / total if reduction == MEAN else _reduced(spread, reduction)
    return hard * (1 - label_smoothing) + spread * (label_smoothing / classes)
