"""Losses as modules: one number for how wrong the outputs are, the mean over the batch."""

from __future__ import annotations

from typing import Any

import numpy as np

from seegrad.errors import ShapeError, ValueRangeError
from seegrad.graph.node import snapshot
from seegrad.i18n import tr
from seegrad.nn.module import Module
from seegrad.ops import reduce
from seegrad.ops.compare import astype, floating, where
from seegrad.ops.nn import activation, loss
from seegrad.ops.special.functions import xlogy
from seegrad.tensor.tensor import Tensor


def _fitted(x: Any, t: Any) -> tuple[Any, Any]:
    """Outputs and targets as arrays; floating targets in the outputs' dtype."""
    x = x if isinstance(x, (Tensor, np.ndarray)) else np.asarray(snapshot(x, None, "x"))
    t = t if isinstance(t, (Tensor, np.ndarray)) else np.asarray(snapshot(t, None, "t"))
    if t.ndim == x.ndim and t.dtype != x.dtype and x.dtype.kind == "f":
        t = astype(t, dtype=x.dtype)
    return x, t


class SoftmaxWithLoss(Module):
    """Softmax and cross-entropy in one (chapter 5.6.3), the mean over the rows.

    Called with scores (N, C) and labels (N,), or one-hot or soft targets (N, C); a single sample
    may come without N. The derivative by the scores is (y − t)/N.
    """

    kind = "softmax_with_loss"

    def forward(self, x: Any, t: Any) -> Any:
        return loss.softmax_cross_entropy(*_fitted(x, t))


REDUCTIONS = ("mean", "sum", "none")


class CrossEntropyLoss(Module):
    """Softmax and cross-entropy in one, with PyTorch's settings; without any, `SoftmaxWithLoss`.

    Called with scores (N, C), or (N, …, C) with the classes last, and labels (N, …), or one-hot or
    soft targets of the scores' shape.

    Args:
        weight: how much each class counts, (C,); the mean is then over the weights of the labels.
        ignore_index: rows with this label count nothing.
        label_smoothing: how much of each target is shared out equally among all classes, 0 to 1.
        reduction: "mean" over the rows, "sum", or "none" for one loss a row.
    """

    kind = "softmax_with_loss"

    def __init__(
        self,
        weight: Any = None,
        ignore_index: int | None = None,
        label_smoothing: float = 0.0,
        reduction: str = "mean",
    ) -> None:
        if reduction not in REDUCTIONS:
            raise ValueRangeError("an unknown reduction", asked=", ".join(REDUCTIONS),
                                  came=f"reduction={reduction!r}")  # fmt: skip
        if not 0.0 <= label_smoothing <= 1.0:
            raise ValueRangeError("a share lies between 0 and 1", asked="from 0 to 1",
                                  came=f"label_smoothing={label_smoothing!r}")  # fmt: skip
        self.weight = None if weight is None else np.asarray(weight)
        self.ignore_index, self.label_smoothing = ignore_index, label_smoothing
        self.reduction = reduction

    def forward(self, x: Any, t: Any) -> Any:
        x, t = _fitted(x, t)
        settings = (self.ignore_index, self.label_smoothing, self.reduction)
        if self.weight is None and settings == (None, 0.0, "mean"):
            return loss.softmax_cross_entropy(x, t)
        return self._by_rows(x, t)

    def _by_rows(self, x: Any, t: Any) -> Any:
        """The loss of each row, then put together."""
        classes, x = x.shape[-1], floating(x)
        labels = len(t.shape) == len(x.shape) - 1
        counts: Any = np.ones(x.shape[:-1], x.dtype)
        if labels:
            if self.ignore_index is not None:
                counts = astype(t != self.ignore_index, dtype=x.dtype)
                t = where(t == self.ignore_index, 0, t)
            loss.check_labels(x, t)
            share = activation.one_hot(t, classes=classes, dtype=x.dtype)
        else:
            share = t
        weight = np.ones(classes, x.dtype) if self.weight is None else self.weight.astype(x.dtype)
        if weight.shape != (classes,):
            raise ShapeError("one weight for each class", asked=f"({classes},)",
                             came=tr("shape {shape}", shape=weight.shape))  # fmt: skip
        mass = reduce.sum(share * weight, axis=-1) * counts
        if self.label_smoothing:
            share = share * (1 - self.label_smoothing) + self.label_smoothing / classes
        # chosen, not multiplied: a score of −∞ of a class that counts nothing must not count
        logs = activation.log_softmax(x, axis=-1)
        costs = where(share * weight != 0, logs * (share * weight), 0.0)
        rows = reduce.sum(costs, axis=-1) * -counts
        if self.reduction == "none":
            return rows
        total = reduce.sum(rows)
        if self.reduction == "sum":
            return total
        return total / (reduce.sum(mass) if labels else rows.size)

    def describe(self) -> str:
        said = {
            "weight": None if self.weight is None else "…",
            "ignore_index": self.ignore_index,
            "label_smoothing": self.label_smoothing or None,
            "reduction": None if self.reduction == "mean" else self.reduction,
        }
        return ", ".join(f"{name}={value}" for name, value in said.items() if value is not None)


class NLLLoss(Module):
    """Minus the mean log-probability of the labels: log-probabilities (N, C), labels (N,)."""

    kind = "nll_loss"

    def forward(self, x: Any, t: Any) -> Any:
        x, t = _fitted(x, t)
        loss.check_labels(x, t)
        chosen = activation.one_hot(t, classes=x.shape[-1], dtype=np.bool_)
        return -reduce.sum(where(chosen, x, 0.0)) / (x.size // x.shape[-1])


class KLDivLoss(Module):
    """The mean over the rows of Σ t·(log t − x): log-probabilities x, probabilities t.

    The Kullback–Leibler divergence of t from exp(x), as PyTorch's with reduction="batchmean".
    """

    kind = "kl_div_loss"

    def forward(self, x: Any, t: Any) -> Any:
        x, t = _fitted(x, t)
        loss.check_pair(x, t)
        return reduce.sum(xlogy(t, t) - t * x) / (x.shape[0] if len(x.shape) else 1)


class HuberLoss(Module):
    """The mean of d²/2 where |d| ≤ delta and delta·(|d| − delta/2) beyond (Huber, 1964)."""

    kind = "huber_loss"

    def __init__(self, delta: float = 1.0) -> None:
        self.delta = delta

    def forward(self, x: Any, t: Any) -> Any:
        return loss.huber(*_fitted(x, t), delta=self.delta)

    def describe(self) -> str:
        return "" if self.delta == 1.0 else f"delta={self.delta}"


class SmoothL1Loss(Module):
    """`HuberLoss` over beta: slopes of ±1 far away, as PyTorch's."""

    kind = "smooth_l1_loss"

    def __init__(self, beta: float = 1.0) -> None:
        self.beta = beta

    def forward(self, x: Any, t: Any) -> Any:
        return loss.huber(*_fitted(x, t), delta=self.beta) / self.beta

    def describe(self) -> str:
        return "" if self.beta == 1.0 else f"beta={self.beta}"


class MSELoss(Module):
    """The mean of the squared differences of outputs and targets of equal shapes."""

    kind = "mse_loss"

    def forward(self, x: Any, t: Any) -> Any:
        return loss.mean_squared_error(*_fitted(x, t))


class L1Loss(Module):
    """The mean of the absolute differences of outputs and targets of equal shapes.

    Outliers weigh less than in `MSELoss`; where the two are equal the derivative is 0.
    """

    kind = "l1_loss"

    def forward(self, x: Any, t: Any) -> Any:
        return loss.mean_absolute_error(*_fitted(x, t))


class BCELoss(Module):
    """The mean of −t·log x − (1 − t)·log(1 − x), x from 0 to 1; or from scores, with sigmoid.

    with_logits: the outputs are scores; sigmoid and loss are taken together, which is steadier.
    """

    kind = "bce_loss"

    def __init__(self, with_logits: bool = False) -> None:
        self.with_logits = with_logits

    def forward(self, x: Any, t: Any) -> Any:
        x, t = _fitted(x, t)
        if self.with_logits:
            return loss.binary_cross_entropy_with_logits(x, t)
        return loss.binary_cross_entropy(x, t)

    def describe(self) -> str:
        return "with_logits=True" if self.with_logits else ""
