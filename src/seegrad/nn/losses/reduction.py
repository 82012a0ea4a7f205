"""What all losses share: outputs and targets as arrays, and how costs become one number."""

from __future__ import annotations

from abc import abstractmethod
from typing import Any

import numpy as np

from seegrad.errors import ShapeError, ValueRangeError
from seegrad.graph.node import snapshot
from seegrad.i18n import tr
from seegrad.nn.module import Module, listed, unusual
from seegrad.ops import reduce
from seegrad.ops.compare import astype
from seegrad.tensor.tensor import Tensor

REDUCTIONS = ("mean", "sum", "none")


def array(x: Any) -> Any:
    """x as an array, or the tensor that it is."""
    return x if isinstance(x, (Tensor, np.ndarray)) else np.asarray(snapshot(x, None, "x"))


def fitted(x: Any, t: Any) -> tuple[Any, Any]:
    """Outputs and targets as arrays; floating targets in the outputs' dtype."""
    x, t = array(x), array(t)
    if t.ndim == x.ndim and t.dtype != x.dtype and x.dtype.kind == "f":
        t = astype(t, dtype=x.dtype)
    return x, t


def reduced(costs: Any, reduction: str) -> Any:
    """The mean of the costs, their sum, or the costs themselves."""
    if reduction == "none":
        return costs
    return reduce.mean(costs) if reduction == "mean" else reduce.sum(costs)


class Loss(Module):
    """A loss whose `costs` are one number an element, or a row, put together by `reduction`.

    reduction: "mean", "sum", or "none" for the costs themselves.
    """

    kind = ""
    reductions: tuple[str, ...] = REDUCTIONS

    def __init__(self, reduction: str = "mean") -> None:
        if reduction not in self.reductions:
            raise ValueRangeError("an unknown reduction", asked=", ".join(self.reductions),
                                  came=f"reduction={reduction!r}")  # fmt: skip
        self.reduction = reduction

    @abstractmethod
    def costs(self, *inputs: Any) -> Any:
        """What each element, or each row, costs."""

    def forward(self, *inputs: Any) -> Tensor:
        return reduced(self.costs(*inputs), self.reduction)  # type: ignore[no-any-return]

    def describe(self) -> str:
        said = unusual(self)
        last = {"reduction": said.pop("reduction")} if "reduction" in said else {}
        return listed(said | last)


def alike(**arrays: Any) -> None:
    """ShapeError unless all have one shape, and something in it."""
    shapes = {name: tuple(x.shape) for name, x in arrays.items()}
    first = next(iter(shapes.values()))
    if any(shape != first for shape in shapes.values()) or 0 in first:
        raise ShapeError(
            tr("what is compared has one shape"),
            asked=tr("targets of shape {shape}: a loss never broadcasts", shape=first),
            came=", ".join(f"{name} {shape}" for name, shape in shapes.items()),
        )


def weights(weight: Any, count: int, dtype: Any) -> Any:
    """One weight for each of `count` classes; ShapeError for another number of them."""
    found = np.ones(count, dtype) if weight is None else np.asarray(weight).astype(dtype)
    if found.shape != (count,):
        raise ShapeError("one weight for each class", asked=f"({count},)",
                         came=tr("shape {shape}", shape=found.shape))  # fmt: skip
    return found


def signs(t: Any) -> None:
    """ValueRangeError for targets, where their numbers are known, that are neither 1 nor −1."""
    known = t.data if isinstance(t, Tensor) else t
    if known is not None and not np.isin(known, (-1, 1)).all():
        raise ValueRangeError(
            tr("the targets say which side each is on"), asked=tr("1 or −1"),
            came=f"{np.asarray(known)[~np.isin(known, (-1, 1))].flat[0]}",
        )  # fmt: skip
