"""The chain rule: one walk over the graph from right to left.

Rules are ordinary code over array functions, so that the same walk serves twice: on arrays it
gives numbers, on nodes it gives the derivative as a graph, which can be differentiated again.
Broadcasting is undone here, once, for every op.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from seegrad.errors import MutationError
from seegrad.graph.bind import current_mode
from seegrad.graph.graph import walk
from seegrad.graph.node import Node
from seegrad.ops.compare import astype
from seegrad.ops.reduce import sum
from seegrad.ops.shape import broadcast_to, reshape

Users = dict[Node, int]
"""How many edges bring a derivative to each node that needs one."""


def users_of(outputs: Sequence[Node], wrt: Sequence[Node] | None) -> Users:
    """The nodes whose derivative is needed: all that take part, or those between `wrt` and out."""
    needed: set[Node] | None = None
    if wrt is not None:
        needed = set(wrt)
        for node in walk(outputs):
            if node.requires_grad and node not in needed and not needed.isdisjoint(node.inputs):
                needed.add(node)
    users: Users = {}
    stops = frozenset(wrt or ())
    for node in outputs:
        if node.requires_grad and (needed is None or node in needed):
            users.setdefault(node, 0)
    stack = list(users)
    while stack:
        node = stack.pop()
        op = node.op
        if op is None or node in stops:
            continue
        for x, rule in zip(node.inputs, op.rules if op.arity >= 0 else op.rules_for(node.inputs)):
            if x.requires_grad and rule is not None and (needed is None or x in needed):
                if x in users:
                    users[x] += 1
                else:
                    users[x] = 1
                    stack.append(x)
    return users


def fit(g: Any, x: Any) -> Any:
    """`g` in the shape and dtype of x: summed over the axes along which x was repeated."""
    shape = x.shape
    if g.shape != shape:
        lead = len(g.shape) - len(shape)
        if lead >= 0:
            axes = [*range(lead)]
            axes += [lead + i for i, n in enumerate(shape) if n == 1 and g.shape[lead + i] != 1]
            if axes:
                g = sum(g, axis=tuple(axes), keepdims=True)
            if g.shape != shape:
                g = reshape(g, shape=shape)
        else:
            g = broadcast_to(g, shape=shape)
    return g if g.dtype == x.dtype else astype(g, dtype=x.dtype)


def backward(
    outputs: Sequence[Node],
    seeds: Sequence[Any],
    wrt: Sequence[Node] | None = None,
    *,
    as_graph: bool = False,
    keep: bool = False,
) -> dict[Node, Any]:
    """The derivatives of the outputs, each weighted by its seed, from right to left.

    Args:
        outputs, seeds: the nodes to differentiate, and the derivative that arrives at each.
        wrt: the nodes to stop at; None: every leaf that takes part.
        as_graph: run the rules on nodes, so that the derivative is a graph itself.
        keep: leave each node's derivative, and each edge's before the sum, on the graph.

    Returns the derivative by each leaf, or by each node of `wrt`, that was reached.
    """
    users = users_of(outputs, wrt)
    pending: dict[Node, Any] = {}
    for node, seed in zip(outputs, seeds):
        if node in users:
            pending[node] = pending[node] + seed if node in pending else seed
    ready = [node for node in pending if not users[node]]
    watch = current_mode().watch_gradient
    stops = frozenset(wrt or ())
    found: dict[Node, Any] = {}
    while ready:
        node = ready.pop()
        g = pending.pop(node)
        op = node.op
        if op is None or node in stops:
            found[node] = g
            continue
        if as_graph:
            _check_current(node)
            ins: Any = node.inputs
            out: Any = node
        else:
            ins, out = node.values, node.data
        branches: list[Any] = []
        rules = op.rules if op.arity >= 0 else op.rules_for(ins)
        for i, (x, value, rule) in enumerate(zip(node.inputs, ins, rules)):
            gx = None
            edges = users.get(x)
            if edges is not None and rule is not None:
                gx = rule(g, out, ins, node.attrs, i)
                if gx.shape != value.shape or gx.dtype != value.dtype:
                    gx = fit(gx, value)
                if watch is not None:
                    watch(node, i, gx)
                earlier = pending.get(x)
                pending[x] = gx if earlier is None else earlier + gx
                if edges == 1:
                    ready.append(x)
                users[x] = edges - 1
            branches.append(gx)
        if keep:
            node.gradient = g
            node.branches = branches
    return found


def _check_current(node: Node) -> None:
    """A derivative as a graph reads the inputs again: they must still be what they were."""
    for i, (x, value) in enumerate(zip(node.inputs, node.values)):
        if x.data is not value and value is not None:
            assert node.op is not None
            raise MutationError(
                f"{node.op.name}: its input {x.name or node.op.input_name(i)} has been given"
                " another value since",
                asked="the value that the graph was recorded with",
                hint="take higher derivatives before you update the parameters",
            )


def ones_like(node: Node) -> Any:
    """The seed 1 for every element of a node, as a node's data."""
    one = np.ones(node.shape, node.dtype)
    return one[()] if one.ndim == 0 else one
