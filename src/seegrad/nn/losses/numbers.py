"""Losses of numbers beside numbers: squares, absolute differences, likelihoods of distributions."""

from __future__ import annotations

import math
from typing import Any

from seegrad.errors import ShapeError, ValueRangeError
from seegrad.i18n import tr
from seegrad.nn.losses.reduction import REDUCTIONS, Loss, array, fitted, reduced
from seegrad.ops import reduce
from seegrad.ops.arithmetic import abs, maximum
from seegrad.ops.compare import where
from seegrad.ops.nn import loss
from seegrad.ops.shape import broadcast_to, reshape
from seegrad.ops.special.functions import xlogy
from seegrad.ops.transcendental import exp, log
from seegrad.tensor.tensor import Tensor


class MSELoss(Loss):
    """The mean of the squared differences of outputs and targets of equal shapes.

    reduction: "mean", "sum", or "none" for one cost an element.

    Raises:
        ValueRangeError: for another reduction.

    >>> import numpy as np
    >>> float(MSELoss()(np.array([1.0, 4.0]), np.array([1.0, 1.0])))
    4.5
    """

    def costs(self, x: Any, t: Any) -> Any:
        loss.check_pair(x, t)
        d = x - t
        return d * d

    def forward(self, x: Any, t: Any) -> Tensor:
        x, t = fitted(x, t)
        return loss.mean_squared_error(x, t) if self.reduction == "mean" else super().forward(x, t)


class L1Loss(Loss):
    """The mean of the absolute differences of outputs and targets of equal shapes.

    Outliers weigh less than in `MSELoss`; where the two are equal the derivative is 0. reduction
    as there.

    Raises:
        ValueRangeError: for another reduction.

    >>> import numpy as np
    >>> float(L1Loss()(np.array([1.0, 4.0]), np.array([1.0, 1.0])))
    1.5
    """

    def costs(self, x: Any, t: Any) -> Any:
        loss.check_pair(x, t)
        return abs(x - t)

    def forward(self, x: Any, t: Any) -> Tensor:
        x, t = fitted(x, t)
        return loss.mean_absolute_error(x, t) if self.reduction == "mean" else super().forward(x, t)


def _cornered(d: Any, delta: float) -> Any:
    """d²/2 up to delta, and the straight line that goes on from there."""
    return where(d <= delta, d * d * 0.5, (d - 0.5 * delta) * delta)


class HuberLoss(Loss):
    """The mean of d²/2 where |d| ≤ delta and delta·(|d| − delta/2) beyond (Huber, 1964).

    Args:
        reduction: "mean", "sum", or "none" for one loss an element or row.

    Raises:
        ValueRangeError: for a delta that is not above 0, and for another reduction.

    >>> import numpy as np
    >>> float(HuberLoss()(np.array([1.0, 4.0]), np.array([1.0, 1.0])))
    1.25
    """

    def __init__(self, *, delta: float = 1.0, reduction: str = "mean") -> None:
        super().__init__(reduction)
        if not delta > 0:
            raise ValueRangeError("a corner lies to the right of 0", asked="delta above 0",
                                  came=f"delta={delta!r}")  # fmt: skip
        self.delta = delta

    def costs(self, x: Any, t: Any) -> Any:
        loss.check_pair(x, t)
        return _cornered(abs(x - t), self.delta)

    def forward(self, x: Any, t: Any) -> Tensor:
        x, t = fitted(x, t)
        if self.reduction == "mean":
            return loss.huber(x, t, delta=self.delta)  # type: ignore[no-any-return]
        return super().forward(x, t)


class SmoothL1Loss(Loss):
    """`HuberLoss` over beta: slopes of ±1 far away, as PyTorch's; with beta 0 it is `L1Loss`.

    Args:
        beta: where the corner begins, 0 or more.
        reduction: "mean", "sum", or "none" for one loss an element or row.

    Raises:
        ValueRangeError: for a beta below 0, and for another reduction.

    >>> import numpy as np
    >>> float(SmoothL1Loss()(np.array([1.0, 4.0]), np.array([1.0, 1.0])))
    1.25
    """

    def __init__(self, *, beta: float = 1.0, reduction: str = "mean") -> None:
        super().__init__(reduction)
        if not beta >= 0:
            raise ValueRangeError(tr("{name} is no number below 0", name="beta"),
                                  asked="beta ≥ 0", came=f"beta={beta!r}")  # fmt: skip
        self.beta = beta

    def costs(self, x: Any, t: Any) -> Any:
        loss.check_pair(x, t)
        d = abs(x - t)
        return _cornered(d, self.beta) / self.beta if self.beta else d

    def forward(self, x: Any, t: Any) -> Tensor:
        x, t = fitted(x, t)
        if self.reduction == "mean" and self.beta:
            return loss.huber(x, t, delta=self.beta) / self.beta  # type: ignore[no-any-return]
        return super().forward(x, t)


class KLDivLoss(Loss):
    """The mean over the rows of Σ t·(log t − x): log-probabilities x, probabilities t.

    The Kullback–Leibler divergence of t from exp(x). reduction: "batchmean" (the default: over
    the rows), "mean" over all elements (PyTorch's default), "sum" or "none". log_target: the
    targets are log-probabilities too.

    >>> import numpy as np
    >>> round(float(KLDivLoss()(np.log(np.array([[0.5, 0.5]])), np.array([[0.75, 0.25]]))), 4)
    0.1308
    """

    reductions = ("batchmean", *REDUCTIONS)

    def __init__(self, reduction: str = "batchmean", log_target: bool = False) -> None:
        super().__init__(reduction)
        self.log_target = log_target

    def costs(self, x: Any, t: Any) -> Any:
        loss.check_pair(x, t)
        if self.log_target:
            return exp(t) * (t - x)
        return xlogy(t, t) - t * x

    def forward(self, x: Any, t: Any) -> Tensor:
        x, t = fitted(x, t)
        costs = self.costs(x, t)
        if self.reduction == "batchmean":
            return reduce.sum(costs) / (x.shape[0] if len(x.shape) else 1)  # type: ignore[no-any-return]
        return reduced(costs, self.reduction)  # type: ignore[no-any-return]


class PoissonNLLLoss(Loss):
    """exp(x) − t·x: counts t beside the logarithm of what is expected, without the term log t!.

    log_input: whether x are logarithms; otherwise x − t·log(x + eps). full: with Stirling's
    approximation of log t! for t above 1.

    Args:
        reduction: "mean", "sum", or "none" for one loss an element or row.

    >>> import numpy as np
    >>> float(PoissonNLLLoss()(np.array([0.0]), np.array([2.0])))
    1.0
    """

    def __init__(
        self, log_input: bool = True, full: bool = False, eps: float = 1e-8,
        reduction: str = "mean",
    ) -> None:  # fmt: skip
        super().__init__(reduction)
        self.log_input, self.full, self.eps = log_input, full, eps

    def costs(self, x: Any, t: Any) -> Any:
        x, t = fitted(x, t)
        loss.check_pair(x, t)
        found = exp(x) - t * x if self.log_input else x - t * log(x + self.eps)
        if self.full:
            many = where(t > 1, t, 1.0)
            found = found + where(
                t > 1, many * log(many) - many + log(many * (2 * math.pi)) * 0.5, 0.0
            )
        return found


class GaussianNLLLoss(Loss):
    """(log v + (x − t)²/v)/2: targets t beside means x and variances v; called (x, t, v).

    Variances below eps count as eps. v has the shape of x, or one number a row: (…,) or (…, 1).
    full: with the constant log(2π)/2 (Nix and Weigend, 1994).

    Args:
        reduction: "mean", "sum", or "none" for one loss an element or row.

    Raises:
        ValueRangeError: for `eps` that is not above 0, and for another reduction.

    >>> import numpy as np
    >>> float(GaussianNLLLoss()(np.array([1.0]), np.array([3.0]), np.array([1.0])))
    2.0
    """

    def __init__(self, *, full: bool = False, eps: float = 1e-6, reduction: str = "mean") -> None:
        super().__init__(reduction)
        if not eps > 0:
            raise ValueRangeError(tr("{name} is a number above 0", name="eps"), asked="eps > 0",
                                  came=f"eps={eps}")  # fmt: skip
        self.full, self.eps = full, eps

    def costs(self, x: Any, t: Any, variance: Any) -> Any:
        x, t = fitted(x, t)
        loss.check_pair(x, t)
        v = array(variance)
        if tuple(v.shape) == tuple(x.shape[:-1]):
            v = reshape(v, shape=(*v.shape, 1))
        if tuple(v.shape) not in (tuple(x.shape), (*x.shape[:-1], 1)):
            raise ShapeError(
                tr("a variance for each output, or for each row"),
                asked=f"{tuple(x.shape)}", came=tr("shape {shape}", shape=tuple(v.shape)),
            )  # fmt: skip
        v = maximum(broadcast_to(v, shape=tuple(x.shape)), self.eps)
        d = x - t
        found = (log(v) + d * d / v) * 0.5
        return found + 0.5 * math.log(2 * math.pi) if self.full else found
