"""Losses of classes: scores or probabilities beside labels, one a row or several."""

from __future__ import annotations

from typing import Any

import numpy as np

from seegrad.errors import DTypeError, ValueRangeError
from seegrad.i18n import tr
from seegrad.nn.losses.reduction import Loss, alike, array, fitted, reduced, signs, weights
from seegrad.nn.module import Module
from seegrad.ops import reduce
from seegrad.ops.arithmetic import maximum
from seegrad.ops.compare import astype, floating, logical_and, logical_not, where
from seegrad.ops.indexing import take_along_axis
from seegrad.ops.nn import activation, loss
from seegrad.ops.shape import expand_dims
from seegrad.tensor.tensor import Tensor


class SoftmaxWithLoss(Module):
    """Softmax and cross-entropy in one (chapter 5.6.3), the mean over the rows.

    Called with scores (N, C) and labels (N,), or one-hot or soft targets (N, C); a single sample
    may come without N. The derivative by the scores is (y − t)/N.

    >>> round(float(SoftmaxWithLoss()(np.zeros((1, 4)), np.array([2]))), 4)
    1.3863
    """

    def forward(self, x: Any, t: Any) -> Tensor:
        return loss.softmax_cross_entropy(*fitted(x, t))  # type: ignore[no-any-return]


class CrossEntropyLoss(Loss):
    """Softmax and cross-entropy in one, with PyTorch's settings; without any, `SoftmaxWithLoss`.

    Called with scores (N, C), or (N, …, C) with the classes last, and labels (N, …), or one-hot or
    soft targets of the scores' shape.

    Args:
        weight: how much each class counts, (C,); the mean is then over the weights of the labels.
        ignore_index: rows with this label count nothing, whatever their scores; where all have
            it, the mean is NaN and its derivative 0.
        label_smoothing: how much of each target is shared out equally among all classes, 0 to 1.
        reduction: "mean" over the rows, "sum", or "none" for one loss a row.

    Raises:
        ValueRangeError: for `label_smoothing` outside of 0 to 1, and for another reduction.

    >>> round(float(CrossEntropyLoss()(np.zeros((1, 4)), np.array([2]))), 4)
    1.3863
    """

    kind = "softmax_with_loss"

    def __init__(
        self,
        weight: Any = None,
        ignore_index: int | None = None,
        *,
        label_smoothing: float = 0.0,
        reduction: str = "mean",
    ) -> None:
        super().__init__(reduction)
        if not 0.0 <= label_smoothing <= 1.0:
            raise ValueRangeError("a share lies between 0 and 1", asked="from 0 to 1",
                                  came=f"label_smoothing={label_smoothing!r}")  # fmt: skip
        self.weight = None if weight is None else np.asarray(weight)
        self.ignore_index, self.label_smoothing = ignore_index, label_smoothing

    def forward(self, x: Any, t: Any) -> Tensor:
        x, t = fitted(x, t)
        settings = (self.ignore_index, self.label_smoothing, self.reduction)
        if self.weight is None and settings == (None, 0.0, "mean"):
            return loss.softmax_cross_entropy(x, t)  # type: ignore[no-any-return]
        return self.costs(x, t)  # type: ignore[no-any-return]

    def costs(self, x: Any, t: Any) -> Any:
        classes, x = x.shape[-1], floating(x)
        labels = len(t.shape) == len(x.shape) - 1
        counts: Any = np.ones(x.shape[:-1], bool)
        if labels:
            if self.ignore_index is not None:
                counts = t != self.ignore_index
                t = where(counts, t, 0)
                x = where(expand_dims(counts, axis=-1), x, 0.0)      # whatever stands there
            loss.check_labels(x, t)
            share = activation.one_hot(t, classes=classes, dtype=x.dtype)
        else:
            share = t
        weight = weights(self.weight, classes, x.dtype)
        mass = where(counts, reduce.sum(share * weight, axis=-1), 0.0)
        if self.label_smoothing:
            share = share * (1 - self.label_smoothing) + self.label_smoothing / classes
        # chosen, not multiplied: a score of −∞ of a class that counts nothing must not count
        logs = activation.log_softmax(x, axis=-1)
        costs = where(share * weight != 0, logs * (share * weight), 0.0)
        rows = where(counts, -reduce.sum(costs, axis=-1), 0.0)
        if self.reduction == "none":
            return rows
        total = reduce.sum(rows)
        if self.reduction == "sum":
            return total
        return total / (reduce.sum(mass) if labels else rows.size)


class NLLLoss(Loss):
    """Minus the mean log-probability of the labels: log-probabilities (N, C), labels (N,).

    The classes come last, (N, …, C), as in `CrossEntropyLoss`, whose weight, ignore_index and
    reduction these are.

    >>> float(NLLLoss()(np.array([[-1.0, -2.0]]), np.array([1])))
    2.0
    """

    def __init__(
        self, weight: Any = None, ignore_index: int | None = None, reduction: str = "mean"
    ) -> None:
        super().__init__(reduction)
        self.weight = None if weight is None else np.asarray(weight)
        self.ignore_index = ignore_index

    def forward(self, x: Any, t: Any) -> Tensor:
        x, t = fitted(x, t)
        if self.ignore_index is None:
            counts: Any = None
        else:
            counts = t != self.ignore_index
            t = where(counts, t, 0)
        loss.check_labels(x, t)
        chosen = activation.one_hot(t, classes=x.shape[-1], dtype=np.bool_)
        if counts is not None:
            chosen = logical_and(chosen, expand_dims(counts, axis=-1))
        weight = weights(self.weight, x.shape[-1], x.dtype)
        rows = -reduce.sum(where(chosen, x * weight, 0.0), axis=-1)
        if self.reduction == "mean" and (self.weight is not None or counts is not None):
            return reduce.sum(rows) / reduce.sum(where(chosen, weight, 0.0))  # type: ignore[no-any-return]
        return reduced(rows, self.reduction)  # type: ignore[no-any-return]

    def costs(self, x: Any, t: Any) -> Any:
        return type(self)(self.weight, self.ignore_index, "none").forward(x, t)


class BCELoss(Loss):
    """The mean of −t·log x − (1 − t)·log(1 − x), x from 0 to 1; or from scores, with sigmoid.

    with_logits: the outputs are scores; sigmoid and loss are taken together, which is steadier.
    weight: how much each element counts, in a shape that broadcasts to theirs. pos_weight (of
    scores): how much a 1 among the targets counts, one number for each column.

    Args:
        reduction: "mean", "sum", or "none" for one loss an element or row.

    Raises:
        ValueRangeError: for another reduction, and for `pos_weight` without scores.

    >>> round(float(BCELoss()(np.array([0.5, 0.5]), np.array([1.0, 0.0]))), 4)
    0.6931
    >>> BCELoss().costs(np.array([0.5]), np.array([1.0])).round(2)
    array([0.69])
    """

    def __init__(
        self,
        *,
        with_logits: bool = False,
        weight: Any = None,
        pos_weight: Any = None,
        reduction: str = "mean",
    ) -> None:
        super().__init__(reduction)
        if pos_weight is not None and not with_logits:
            raise ValueRangeError(
                tr("pos_weight goes with scores"), asked="BCEWithLogitsLoss(pos_weight=…)",
                came="pos_weight",
            )  # fmt: skip
        self.with_logits = with_logits
        self.weight = None if weight is None else np.asarray(weight)
        self.pos_weight = None if pos_weight is None else np.asarray(pos_weight)

    def forward(self, x: Any, t: Any) -> Tensor:
        x, t = fitted(x, t)
        if self.reduction == "mean" and self.weight is None and self.pos_weight is None:
            if self.with_logits:
                return loss.binary_cross_entropy_with_logits(x, t)  # type: ignore[no-any-return]
            return loss.binary_cross_entropy(x, t)  # type: ignore[no-any-return]
        return super().forward(x, t)

    def costs(self, x: Any, t: Any) -> Any:
        loss.check_pair(x, t)
        x = floating(x)
        if not self.with_logits:
            found = loss.bce_costs(x, t)
        elif self.pos_weight is None:
            found = activation.softplus(x) - x * t
        else:
            more = 1 + (self.pos_weight.astype(x.dtype) - 1) * t
            found = (1 - t) * x + more * activation.softplus(-x)
        return found if self.weight is None else found * self.weight.astype(x.dtype)


class BCEWithLogitsLoss(BCELoss):
    """Sigmoid and binary cross-entropy in one, from scores: `BCELoss(with_logits=True)`.

    Args:
        weight: how much each element counts.
        pos_weight: how much the ones count.
        reduction: "mean", "sum", or "none" for one loss an element or row.

    >>> round(float(BCEWithLogitsLoss()(np.zeros(2), np.array([0.0, 1.0]))), 4)
    0.6931
    """

    def __init__(
        self, weight: Any = None, *, pos_weight: Any = None, reduction: str = "mean"
    ) -> None:
        super().__init__(
            with_logits=True, weight=weight, pos_weight=pos_weight, reduction=reduction
        )


class SoftMarginLoss(Loss):
    """The mean of log(1 + exp(−t·x)), t 1 or −1: scores x of either side.

    Args:
        reduction: "mean", "sum", or "none" for one loss an element or row.

    Raises:
        ValueRangeError: for another reduction.

    >>> round(float(SoftMarginLoss()(np.array([0.0]), np.array([1]))), 4)
    0.6931
    """

    def costs(self, x: Any, t: Any) -> Any:
        x, t = fitted(x, t)
        alike(x=x, t=t)
        signs(t)
        return activation.softplus(-(t * x))


class HingeEmbeddingLoss(Loss):
    """The mean of x where t is 1, and of max(0, margin − x) where t is −1: x are distances.

    Args:
        reduction: "mean", "sum", or "none" for one loss an element or row.

    >>> float(HingeEmbeddingLoss()(np.array([0.5, 0.5]), np.array([1, -1])))
    0.5
    """

    def __init__(self, margin: float = 1.0, reduction: str = "mean") -> None:
        super().__init__(reduction)
        self.margin = margin

    def costs(self, x: Any, t: Any) -> Any:
        x, t = fitted(x, t)
        alike(x=x, t=t)
        signs(t)
        return where(t > 0, x, maximum(self.margin - x, 0.0))


class MultiMarginLoss(Loss):
    """Σ max(0, margin − x[t] + x[i])ᵖ/C over the classes i beside t: scores (N, C), labels (N,).

    The hinge of several classes (Crammer and Singer, 2001). p: 1 or 2. weight: of each class.

    Args:
        reduction: "mean", "sum", or "none" for one loss an element or row.

    Raises:
        ValueRangeError: where p is neither 1 nor 2, and for another reduction.

    >>> float(MultiMarginLoss()(np.array([[0.0, 1.0]]), np.array([1])))
    0.0
    """

    def __init__(
        self, p: int = 1, margin: float = 1.0, weight: Any = None, reduction: str = "mean"
    ) -> None:
        super().__init__(reduction)
        if p not in (1, 2):
            raise ValueRangeError(tr("the power of a margin is 1 or 2"), asked="1, 2",
                                  came=f"p={p!r}")  # fmt: skip
        self.p, self.margin = p, margin
        self.weight = None if weight is None else np.asarray(weight)

    def costs(self, x: Any, t: Any) -> Any:
        x, t = fitted(x, t)
        loss.check_labels(x, t)
        classes, at = x.shape[-1], expand_dims(t, axis=-1)
        found = maximum(self.margin - take_along_axis(x, at, axis=-1) + x, 0.0)
        found = found * found if self.p == 2 else found
        own = activation.one_hot(t, classes=classes, dtype=np.bool_)
        rows = reduce.sum(where(own, 0.0, found), axis=-1) * (1 / classes)
        if self.weight is None:
            return rows
        share = activation.one_hot(t, classes=classes, dtype=x.dtype)
        return rows * reduce.sum(share * weights(self.weight, classes, x.dtype), axis=-1)


class MultiLabelMarginLoss(Loss):
    """Σ max(0, 1 − x[j] + x[i])/C over the classes j of a row and i that are not its own.

    Called with scores (N, C), or (C,), and the classes of each row as integers of the same shape,
    those from the first −1 on not counted.

    Args:
        reduction: "mean", "sum", or "none" for one loss an element or row.

    Raises:
        ValueRangeError: for another reduction.

    >>> float(MultiLabelMarginLoss()(np.array([[0.0, 1.0]]), np.array([[1, -1]])))
    0.0
    """

    def costs(self, x: Any, t: Any) -> Any:
        x, t = array(x), array(t)
        alike(x=x, t=t)
        if t.dtype.kind not in "iu":
            raise DTypeError(tr("{name} must be integers", name="labels"), came=f"dtype {t.dtype}")
        classes = x.shape[-1]
        ended = reduce.sum(_before(t < 0), axis=-1) > 0
        named = where(ended, 0, t)
        loss.check_labels(np.zeros((*t.shape, classes)), named)
        apart = activation.one_hot(named, classes=classes, dtype=x.dtype)
        apart = apart * astype(logical_not(expand_dims(ended, axis=-1)), dtype=x.dtype)
        own = reduce.sum(apart, axis=-2) > 0
        picked = take_along_axis(x, named, axis=-1)
        gaps = maximum(1 - expand_dims(picked, axis=-1) + expand_dims(x, axis=-2), 0.0)
        there = logical_and(
            logical_not(expand_dims(ended, axis=-1)), logical_not(expand_dims(own, axis=-2))
        )
        return reduce.sum(where(there, gaps, 0.0), axis=(-2, -1)) * (1 / classes)


def _before(flags: Any) -> Any:
    """For each place, what is flagged there and before: (…, C, C)."""
    count = flags.shape[-1]
    return logical_and(expand_dims(flags, axis=-2), np.tri(count, dtype=bool))


class MultiLabelSoftMarginLoss(Loss):
    """The mean over the classes of each row's binary cross-entropy, from scores (N, C).

    Targets (N, C) are 0 or 1. weight: of each class. reduction: over the rows.

    >>> round(float(MultiLabelSoftMarginLoss()(np.zeros((1, 2)), np.array([[1, 0]]))), 4)
    0.6931
    """

    def __init__(self, weight: Any = None, reduction: str = "mean") -> None:
        super().__init__(reduction)
        self.weight = None if weight is None else np.asarray(weight)

    def costs(self, x: Any, t: Any) -> Any:
        x, t = fitted(x, t)
        loss.check_pair(x, t)
        found = activation.softplus(x) - x * t
        if self.weight is not None:
            found = found * weights(self.weight, x.shape[-1], x.dtype)
        return reduce.mean(found, axis=-1)
