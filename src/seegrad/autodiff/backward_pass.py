"""A backward pass: the walk of the chain rule, begun anew where a NaN was born.

With numbers at hand NaN costs nothing until one is born; the walk then begins anew, and knows of
every derivative which zeros are structural. What is done about NaN stands in `nan_policy`.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from seegrad.autodiff.chain_rule import walk_back
from seegrad.autodiff.nan_policy import (
    Mending,
    NaNFound,
    Policy,
    Watch,
    as_constants,
    as_recorded,
    numbers,
)
from seegrad.graph.mode import current_mode, in_mode
from seegrad.graph.node import Node


def backward(
    outputs: Sequence[Node],
    seeds: Sequence[Any],
    wrt: Sequence[Node] | None = None,
    *,
    as_graph: bool = False,
    keep: bool = False,
    nested: bool = False,
) -> dict[Node, Any]:
    """The derivatives of the outputs, each weighted by its seed, from right to left.

    Args:
        outputs, seeds: the nodes to differentiate, and the derivative that arrives at each.
        wrt: the nodes to stop at; None: every leaf that takes part.
        as_graph: run the rules on nodes, so that the derivative is a graph itself.
        keep: leave each node's derivative, and each edge's before the sum, on the graph.
        nested: a rule asks, in the middle of another walk, which looks after NaN on arrays.

    Returns the derivative by each leaf, or by each node of `wrt`, that was reached.
    """
    mode = current_mode()
    tracer, watch = mode.tracer, mode.watch_gradient
    if tracer is not None:
        with tracer.as_recorded():
            return _carefully(outputs, seeds, wrt, keep, watch, as_graph, tracing=as_graph)
    if nested and as_graph:
        return _carefully(outputs, seeds, wrt, keep, watch, as_graph)
    if nested:
        return walk_back(outputs, seeds, wrt, Policy(keep=keep, watch=watch))
    born: list[str] = []
    seen: list[int] = []
    with np.errstate(all="ignore", invalid="call", call=lambda what, _: born.append(what)):
        try:
            operands = as_recorded if as_graph else None
            counted = None if watch is None else _counted(watch, seen, born)
            return walk_back(outputs, seeds, wrt, Policy(born, operands, None, keep, counted))
        except NaNFound:
            pass
    rest = None if watch is None else _after(watch, len(seen))
    with np.errstate(all="ignore"), in_mode(recording=True, watch=None):
        return _carefully(outputs, seeds, wrt, keep, rest, as_graph)


def _counted(watch: Watch, seen: list[int], born: list[str]) -> Watch:
    """`watch`, which sees nothing from where a NaN is born, and counts what it has seen."""

    def counted(node: Node, position: int, gx: Any) -> None:
        if born:
            raise NaNFound
        seen.append(position)
        watch(node, position, gx)

    return counted


def _after(watch: Watch, count: int) -> Watch:
    """`watch` from the derivative on at which the walk before this one stopped."""
    left = [count]

    def rest(node: Node, position: int, gx: Any) -> None:
        if left[0]:
            left[0] -= 1
        else:
            watch(node, position, numbers(gx))

    return rest


def _carefully(
    outputs: Sequence[Node], seeds: Sequence[Any], wrt: Sequence[Node] | None, keep: bool,
    watch: Watch | None, as_graph: bool, *, tracing: bool = False,
) -> dict[Node, Any]:  # fmt: skip
    """The walk with the structural zeros of every derivative at hand."""
    mend = Mending(outputs, as_graph=as_graph, tracing=tracing)
    begun = [mend.seed(seed) for seed in seeds]
    operands, plain = (as_recorded, None) if as_graph else (as_constants, numbers)
    return walk_back(outputs, begun, wrt, Policy((), operands, mend, keep, watch, plain))


def ones_like(node: Node) -> Any:
    """The seed 1 for every element of a node, as a node's data."""
    return np.ones(node.shape, node.dtype) if node.shape else node.dtype.type(1)
