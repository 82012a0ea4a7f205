"""Derivatives sent back and along: `make_vjp` and `make_jvp` of one argument, as autograd has them.

The walks are those of `transforms.derivatives`; here whole numbers become floating-point ones
first, and results that are no floating-point numbers get the derivative 0, with a warning, as
autograd does it.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from seegrad.autograd.numpy.complex_pairs import (
    as_answer,
    conjugated,
    paired,
    unpaired,
    widened,
)
from seegrad.autograd.tracer import primitive as primitive
from seegrad.autograd.tracer import primitive_vjps as primitive_vjps
from seegrad.autograd.vspace import VSpace as VSpace
from seegrad.autograd.vspace import vspace as vspace
from seegrad.graph.node import Node
from seegrad.ops.arithmetic import stop_gradient
from seegrad.tensor.tensor import as_tensor
from seegrad.transforms import derivatives
from seegrad.tree import flatten, tree_map, unflatten

Function = Callable[..., Any]


def floating(x: Any) -> Any:
    """A tree whose whole numbers are floating-point numbers."""

    def one(leaf: Any) -> Any:
        if isinstance(leaf, Node):
            return leaf
        array = np.asarray(leaf)
        return array.astype(np.float64)[()] if array.dtype.kind in "iu" else leaf

    return tree_map(one, x)


class _Answer:
    """What a function gave, where parts of it have no derivative: kept beside, as they were."""

    def __init__(self, function: Function) -> None:
        self.function = function
        self.kept: dict[int, Any] = {}

    def __call__(self, x: Any) -> Any:
        leaves, structure = flatten(paired(self.function(widened(x))))
        for i, leaf in enumerate(leaves):
            if as_tensor(leaf).dtype.kind != "f":
                self.kept[i] = leaf.data if isinstance(leaf, Node) else leaf
                leaves[i] = stop_gradient(as_tensor(leaf).astype(np.float64))
        return unflatten(structure, leaves)

    def whole(self, found: Any) -> Any:
        if self.kept:
            leaves, structure = flatten(found)
            found = unflatten(structure, [self.kept.get(i, x) for i, x in enumerate(leaves)])
        return unpaired(found)


def make_vjp(function: Function, x: Any) -> tuple[Function, Any]:
    """`(back, answer)`: back(g) gives the derivative by x, for g arriving at the answer."""
    asked = _named(_Answer(function), function)
    answer, pull = derivatives.vjp(asked, floating(paired(x)))

    def back(g: Any) -> Any:
        seed = conjugated(as_answer(floating(g), answer))
        return unpaired(conjugated(pull(seed)[0]))

    return back, asked.whole(answer)


def make_jvp(function: Function, x: Any) -> Function:
    """A function of v that gives `(answer, change)`: how the answer moves as x moves along v."""

    def along(v: Any) -> tuple[Any, Any]:
        asked = _named(_Answer(function), function)
        at = floating(paired(x))
        answer, change = derivatives.jvp(asked, (at,), (as_answer(floating(v), at),))
        return asked.whole(answer), unpaired(change)

    return along


def _named(answer: _Answer, function: Function) -> _Answer:
    answer.__name__ = getattr(function, "__name__", "a function")  # type: ignore[attr-defined]
    return answer
