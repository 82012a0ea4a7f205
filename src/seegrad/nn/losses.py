"""Losses as modules: one number for how wrong the outputs are, the mean over the batch."""

from __future__ import annotations

from typing import Any

import numpy as np

from seegrad.graph.node import snapshot
from seegrad.nn.module import Module
from seegrad.ops.compare import astype
from seegrad.ops.nn import loss
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


CrossEntropyLoss = SoftmaxWithLoss
"""The same loss under its other name."""


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
