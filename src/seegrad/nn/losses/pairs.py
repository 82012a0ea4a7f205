"""What compares two vectors, or ranks them: similarities, distances and the losses made of them."""

from __future__ import annotations

from typing import Any

import numpy as np

from seegrad.errors import ShapeError, ValueRangeError
from seegrad.i18n import tr
from seegrad.nn.losses.reduction import Loss, alike, array, fitted, signs
from seegrad.nn.module import Module, listed, unusual
from seegrad.ops import reduce
from seegrad.ops.arithmetic import abs, maximum, minimum, sqrt
from seegrad.ops.compare import where
from seegrad.ops.transcendental import power
from seegrad.tensor.tensor import Tensor

_SMALL = 1e-12


class CosineSimilarity(Module):
    """x·y/(|x||y|) along `axis`, no length below eps; called with two arrays of one shape.

    >>> CosineSimilarity()(np.array([[1.0, 0.0]]), np.array([[1.0, 1.0]])).round(4)
    array([0.7071])
    """

    def __init__(self, axis: int = 1, eps: float = 1e-8) -> None:
        self.axis, self.eps = axis, eps

    def forward(self, x: Any, y: Any) -> Tensor:
        x, y = fitted(x, y)
        alike(x=x, y=y)
        dots = reduce.sum(x * y, axis=self.axis)
        squares = [reduce.sum(one * one, axis=self.axis) for one in (x, y)]
        # below the root, so that the slope of a vector of zeros is a number
        one, other = (sqrt(maximum(s, self.eps**2)) for s in squares)
        return dots / (one * other)  # type: ignore[no-any-return]

    def describe(self) -> str:
        return listed(unusual(self))


class PairwiseDistance(Module):
    """(Σ|x − y + eps|ᵖ)^(1/p) along the last axis; called with two arrays of one shape.

    Raises:
        ValueRangeError: for a power that is not above 0.

    Args:
        keepdims: does the last axis stay, with size 1?

    >>> float(PairwiseDistance()(np.zeros((1, 2)), np.array([[3.0, 4.0]])).round(3)[0])
    5.0
    """

    def __init__(self, p: float = 2.0, eps: float = 1e-6, keepdims: bool = False) -> None:
        if not p > 0:
            raise ValueRangeError(tr("{name} is a number above 0", name="p"), asked="p > 0",
                                  came=f"p={p}")  # fmt: skip
        self.p, self.eps, self.keepdims = p, eps, keepdims

    def forward(self, x: Any, y: Any) -> Tensor:
        x, y = fitted(x, y)
        alike(x=x, y=y)
        d = x - y + self.eps
        if self.p == np.inf:
            return reduce.max(abs(d), axis=-1, keepdims=self.keepdims)  # type: ignore[no-any-return]
        powers = d * d if self.p == 2 else abs(d) if self.p == 1 else power(abs(d), self.p)
        total = reduce.sum(powers, axis=-1, keepdims=self.keepdims)
        if self.p == 2:
            return sqrt(total)  # type: ignore[no-any-return]
        return total if self.p == 1 else power(total, 1 / self.p)  # type: ignore[no-any-return]

    def describe(self) -> str:
        return listed(unusual(self))


class CosineEmbeddingLoss(Loss):
    """1 − cos(x, y) where t is 1, and max(0, cos(x, y) − margin) where it is −1.

    Called (x, y, t): x and y (N, D), t (N,); or (D,), (D,) and one number.

    Args:
        reduction: "mean", "sum", or "none" for one loss an element or row.

    >>> float(CosineEmbeddingLoss()(np.array([[1.0, 0.0]]), np.array([[0.0, 1.0]]), np.array([1])))
    1.0
    """

    def __init__(self, margin: float = 0.0, reduction: str = "mean") -> None:
        super().__init__(reduction)
        self.margin = margin

    def costs(self, x: Any, y: Any, t: Any) -> Any:
        x, y = fitted(x, y)
        t = array(t)
        alike(x=x, y=y)
        if tuple(t.shape) != tuple(x.shape[:-1]):
            raise ShapeError(
                "the targets do not fit the outputs", asked=f"{tuple(x.shape[:-1])}",
                came=tr("shape {shape}", shape=tuple(t.shape)),
            )  # fmt: skip
        signs(t)
        lengths = [reduce.sum(one * one, axis=-1) + _SMALL for one in (x, y)]
        near = reduce.sum(x * y, axis=-1) / sqrt(lengths[0] * lengths[1])
        return where(t > 0, 1 - near, maximum(near - self.margin, 0.0))


class MarginRankingLoss(Loss):
    """max(0, −t·(x − y) + margin): x is to be above y where t is 1, below where it is −1.

    Called (x, y, t), all of one shape.

    Args:
        reduction: "mean", "sum", or "none" for one loss an element or row.

    >>> float(MarginRankingLoss()(np.array([1.0]), np.array([3.0]), np.array([1])))
    2.0
    """

    def __init__(self, margin: float = 0.0, reduction: str = "mean") -> None:
        super().__init__(reduction)
        self.margin = margin

    def costs(self, x: Any, y: Any, t: Any) -> Any:
        x, y = fitted(x, y)
        x, t = fitted(x, t)
        alike(x=x, y=y, t=t)
        signs(t)
        return maximum(self.margin - t * (x - y), 0.0)


class TripletMarginLoss(Loss):
    """max(0, d(a, p) − d(a, n) + margin): each anchor nearer to its positive than its negative.

    Called (anchor, positive, negative), each (N, D); d is `PairwiseDistance(p, eps)`. swap: use
    d(p, n) where it is smaller than d(a, n) (Balntas et al., 2016).

    Args:
        reduction: "mean", "sum", or "none" for one loss an element or row.

    >>> near, far = np.zeros((1, 2)), np.array([[3.0, 4.0]])
    >>> float(TripletMarginLoss()(near, near, far).round(3))
    0.0
    """

    def __init__(
        self, margin: float = 1.0, p: float = 2.0, eps: float = 1e-6, swap: bool = False,
        reduction: str = "mean",
    ) -> None:  # fmt: skip
        super().__init__(reduction)
        self.margin, self.swap = margin, swap
        self.distance = PairwiseDistance(p, eps)

    def costs(self, anchor: Any, positive: Any, negative: Any) -> Any:
        far = self.distance(anchor, negative)
        if self.swap:
            far = minimum(far, self.distance(positive, negative))
        return maximum(self.distance(anchor, positive) - far + self.margin, 0.0)
