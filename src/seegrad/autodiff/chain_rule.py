"""The chain rule: one walk over the graph from right to left.

Rules are ordinary code over array functions, so that the same walk serves twice: on arrays it
gives numbers, on nodes it gives the derivative as a graph, which can be differentiated again.
Broadcasting is undone here, once, for every op.
"""

from __future__ import annotations

from collections.abc import Container, Sequence
from heapq import heapify, heappop, heappush
from typing import Any

from seegrad.autodiff.nan_policy import NaNFound, Policy, hides_a_nan
from seegrad.graph.graph import walk
from seegrad.graph.node import Node
from seegrad.graph.rule_call import NOTHING, OUT
from seegrad.graph.spec import Inputs
from seegrad.ops.compare import astype
from seegrad.ops.reduce import sum
from seegrad.ops.shape import broadcast_to, reshape

Derivatives = dict[Node, Any]


def reachable(wrt: Sequence[Node], outputs: Sequence[Node]) -> set[Node]:
    """The nodes whose derivative is needed: those on a way from `wrt` to the outputs."""
    needed = set(wrt)
    for node in walk(outputs):
        if node.requires_grad and node not in needed and not needed.isdisjoint(node.inputs):
            needed.add(node)
    return needed


def unbroadcast(g: Any, x: Any) -> Any:
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


def _seeded(
    outputs: Sequence[Node], seeds: Sequence[Any], needed: set[Node] | None, stops: Container[Node]
) -> tuple[Derivatives, Derivatives]:
    """Where a walk begins: what is found already, and what waits at a node."""
    found: Derivatives = {}
    pending: Derivatives = {}
    for node, seed in zip(outputs, seeds):
        if node.requires_grad and (needed is None or node in needed):
            into = found if node.op is None or node in stops else pending
            into[node] = into[node] + seed if node in into else seed
    return found, pending


def walk_back(
    outputs: Sequence[Node], seeds: Sequence[Any], wrt: Sequence[Node] | None, policy: Policy
) -> Derivatives:
    """The derivative by each leaf, or each node of `wrt`, that the seeds reach."""
    needed = None if wrt is None else reachable(wrt, outputs)
    stops = frozenset(wrt) if wrt else ()
    found, pending = _seeded(outputs, seeds, needed, stops)
    _propagate(found, pending, needed, stops, policy)
    plain = policy.plain
    return found if plain is None else {x: plain(g) for x, g in found.items()}


def _propagate(
    found: Derivatives, pending: Derivatives, needed: set[Node] | None, stops: Container[Node],
    policy: Policy,
) -> None:  # fmt: skip
    """From the derivatives that wait at nodes to those of leaves, the latest node first."""
    born, operands, mend = policy.born, policy.operands, policy.mend
    keep, watch, plain = policy.keep, policy.watch, policy.plain
    heapify(heap := [(node.order, node) for node in pending])
    first = heappop(heap) if heap else None   # the lowest stays out of the heap: a chain needs none
    while first is not None:
        node = first[1]
        first = heappop(heap) if heap else None
        g, op = pending.pop(node), node.op
        assert op is not None
        ins, out = node.values, node.data
        if operands is not None:
            ins, out = operands(node)
        if op.selects and mend is None and hides_a_nan(node):
            raise NaNFound
        branches: list[Any] = []
        fast_rules = op.fast_rules
        if op.variadic:
            fast_rules, ins = op.fast_rules_for(ins), Inputs(ins)
        for x, value, pull in zip(node.inputs, ins, fast_rules):
            if pull is None or not x.requires_grad or not (needed is None or x in needed):
                branches.append(None)
                continue
            rule, wants = pull
            if wants >= 0:
                gx = rule(g, ins[wants])
            elif wants == NOTHING:
                gx = rule(g)
            elif wants == OUT:
                gx = rule(g, out)
            else:
                gx = rule(g, out, ins, node.attrs, len(branches))
            if mend is not None:
                gx = mend(gx, node, wants, g, ins, out)
            if gx.shape != value.shape or gx.dtype is not value.dtype:
                gx = unbroadcast(gx, value)
            if watch is not None:
                watch(node, len(branches), gx)
            branches.append(gx)
            if x.op is None or (stops and x in stops):  # nothing lies behind it: no need to wait
                found[x] = found[x] + gx if x in found else gx
            elif x in pending:
                pending[x] = pending[x] + gx
            else:
                pending[x] = gx
                if first is None or x.order < first[0]:
                    if first is not None:
                        heappush(heap, first)
                    first = (x.order, x)
                else:
                    heappush(heap, (x.order, x))
        if born:
            raise NaNFound
        if keep:
            node.gradient = g if plain is None else plain(g)
            node.branches = branches if plain is None else [*map(plain, branches)]
