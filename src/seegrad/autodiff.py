"""The chain rule: one walk over the graph from right to left.

Rules are ordinary code over array functions, so that the same walk serves twice: on arrays it
gives numbers, on nodes it gives the derivative as a graph, which can be differentiated again.
Broadcasting is undone here, once, for every op. What a choice has put aside is 0, whatever it is
multiplied by: `where(x > 0, log(x), 0)` has the derivative 0 at x = 0. A 0 that was computed is
not: `sqrt(x) ** 2` there is 0·∞, no number. With numbers at hand this costs nothing until a NaN
is born; the walk then begins anew, and knows of every derivative which zeros are structural.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from heapq import heappop, heappush
from typing import Any

import numpy as np

from seegrad.errors import MutationError
from seegrad.graph.graph import walk
from seegrad.graph.mode import current_tracer, gradient_watch, in_mode
from seegrad.graph.node import Node
from seegrad.graph.rule_call import NOTHING, OUT
from seegrad.graph.spec import NO_ATTRS, Inputs
from seegrad.ops.compare import astype, where
from seegrad.ops.reduce import sum
from seegrad.ops.shape import broadcast_to, reshape
from seegrad.structural_zeros import StructuralZeros, Zeros, before_a_singular_slope

Watch = Callable[[Node, int, Any], None]


def between(wrt: Sequence[Node], outputs: Sequence[Node]) -> set[Node]:
    """The nodes whose derivative is needed: those on a way from `wrt` to the outputs."""
    needed = set(wrt)
    for node in walk(outputs):
        if node.requires_grad and node not in needed and not needed.isdisjoint(node.inputs):
            needed.add(node)
    return needed


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


class _Born(Exception):
    """A NaN was born in a walk that does not know where it may be."""


def _as_recorded(node: Node) -> tuple[Any, Any]:
    _check_current(node)
    return node.inputs, node


def _as_constants(node: Node) -> tuple[Any, Any]:
    """A node's values as leaves, so that the graph which a rule makes of them can be read."""
    ins = [Node.makes(None, (), NO_ATTRS, (), value, x.requires_grad)
           for x, value in zip(node.inputs, node.values)]  # fmt: skip
    return ins, Node.makes(None, (), NO_ATTRS, (), node.data, True)


def _plain(g: Any) -> Any:
    return g.data if isinstance(g, Node) else g


@dataclass(slots=True)              # not frozen: one is made for each walk
class _Policy:
    """What one walk does about NaN.

    `born` is filled by NumPy as soon as a NaN is born; the walk then stops with _Born. `operands`
    gives a rule its inputs and result (None: the arrays of the node). `mend` puts 0 where the
    derivative that a rule has made is structurally zero. `plain` makes an array of a derivative.
    """

    born: Sequence[str] = ()
    operands: Callable[[Node], tuple[Any, Any]] | None = None
    mend: Callable[[Any, Node, int, Any, Any, Any], Any] | None = None
    plain: Callable[[Any], Any] | None = None


class _Mending:
    """The `mend` of a careful policy: eager on arrays, eager as a graph, or in a trace."""

    def __init__(self, outputs: Sequence[Node], *, as_graph: bool, tracing: bool) -> None:
        self.zeros = StructuralZeros(tracing)
        self.as_graph, self.tracing = as_graph, tracing
        self.near = before_a_singular_slope(outputs) if tracing else frozenset()

    def seed(self, seed: Any) -> Any:
        zeros = self.zeros.of_seed(seed)
        if not self.as_graph:
            seed = Node.makes(None, (), NO_ATTRS, (), seed, True)
        self.zeros.known[seed] = zeros
        return seed

    def __call__(self, gx: Any, node: Node, wants: int, g: Any, ins: Any, out: Any) -> Any:
        """`gx` with 0 where it is structurally zero, whatever 0 was multiplied by."""
        assert node.op is not None
        # A rule that asks for the result can meet a NaN there, as softmax of −∞ alone gives it.
        undefined = node.op.family != "elementwise" and node.op.asks_for_result
        sums = not self.tracing or node in self.near or undefined
        known = self.zeros.known
        self.zeros.of(g, sums=sums)          # where several derivatives have come together
        if not self.as_graph:
            for value, x in zip((*ins, out), (*node.inputs, node)):
                if value not in known:
                    known[value] = self.zeros.of(x, sums=sums)
        if not isinstance(gx, Node):
            gx = Node.makes(None, (), NO_ATTRS, (), gx, True)
        zeros = self.zeros.of(gx, sums=sums)
        if not self.as_graph:
            gx = Node.makes(None, (), NO_ATTRS, (), gx.data, True)
        elif self.tracing and zeros is not None and self._safe(zeros, gx, node, wants):
            return gx
        if zeros is not None:
            gx = where(zeros, gx.dtype.type(0), gx)
        known[gx] = zeros
        return gx

    def _safe(self, zeros: Zeros, gx: Node, node: Node, wants: int) -> bool:
        """Would a compiled loop be asked for what it need not, or could not, do in passing?"""
        assert node.op is not None
        if zeros is True:
            return False
        chosen = gx.op is not None and gx.op.chooses
        op = node.op
        return wants == NOTHING or chosen or not (op.family == "elementwise" or op.asks_for_result)


def backward(
    outputs: Sequence[Node],
    seeds: Sequence[Any],
    wrt: Sequence[Node] | None = None,
    *,
    as_graph: bool = False,
    keep: bool = False,
    within: bool = False,
) -> dict[Node, Any]:
    """The derivatives of the outputs, each weighted by its seed, from right to left.

    Args:
        outputs, seeds: the nodes to differentiate, and the derivative that arrives at each.
        wrt: the nodes to stop at; None: every leaf that takes part.
        as_graph: run the rules on nodes, so that the derivative is a graph itself.
        keep: leave each node's derivative, and each edge's before the sum, on the graph.
        within: a rule asks, in the middle of another walk, which looks after NaN on arrays.

    Returns the derivative by each leaf, or by each node of `wrt`, that was reached.
    """
    tracer, watch = current_tracer(), gradient_watch()
    if tracer is not None:
        with tracer.as_recorded():
            return _carefully(outputs, seeds, wrt, keep, watch, as_graph, tracing=as_graph)
    if within:
        if as_graph:
            return _carefully(outputs, seeds, wrt, keep, watch, as_graph)
        return _walk_back(outputs, seeds, wrt, keep, watch, _Policy())
    born: list[str] = []
    seen: list[int] = []
    if watch is not None:
        watch = _counted(watch, seen)
    with np.errstate(all="ignore", invalid="call", call=lambda what, _: born.append(what)):
        try:
            policy = _Policy(born, _as_recorded if as_graph else None)
            return _walk_back(outputs, seeds, wrt, keep, watch, policy)
        except _Born:
            pass
    if watch is not None:
        watch = _after(watch, len(seen))
    with np.errstate(all="ignore"), in_mode(recording=True, watch=None):
        return _carefully(outputs, seeds, wrt, keep, watch, as_graph)


def _counted(watch: Watch, seen: list[int]) -> Watch:
    def counted(node: Node, position: int, gx: Any) -> None:
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
            watch(node, position, _plain(gx))

    return rest


def _carefully(
    outputs: Sequence[Node], seeds: Sequence[Any], wrt: Sequence[Node] | None, keep: bool,
    watch: Watch | None, as_graph: bool, *, tracing: bool = False,
) -> dict[Node, Any]:  # fmt: skip
    """The walk with the structural zeros of every derivative at hand."""
    mend = _Mending(outputs, as_graph=as_graph, tracing=tracing)
    operands, plain = (_as_recorded, None) if as_graph else (_as_constants, _plain)
    policy = _Policy((), operands, mend, plain)
    return _walk_back(outputs, [mend.seed(s) for s in seeds], wrt, keep, watch, policy)


def _walk_back(
    outputs: Sequence[Node], seeds: Sequence[Any], wrt: Sequence[Node] | None, keep: bool,
    watch: Watch | None, policy: _Policy,
) -> dict[Node, Any]:  # fmt: skip
    """`backward` under a policy for NaN."""
    born, operands, mend, plain = policy.born, policy.operands, policy.mend, policy.plain
    needed = None if wrt is None else between(wrt, outputs)
    stops = frozenset(wrt) if wrt else ()
    pending: dict[Node, Any] = {}
    heap: list[tuple[int, Node]] = []
    found: dict[Node, Any] = {}
    for node, seed in zip(outputs, seeds):
        if node.requires_grad and (needed is None or node in needed):
            if node.op is None or node in stops:
                found[node] = found[node] + seed if node in found else seed
            elif node in pending:
                pending[node] = pending[node] + seed
            else:
                pending[node] = seed
                heappush(heap, (node.order, node))
    first = heappop(heap) if heap else None   # the lowest stays out of the heap: a chain needs none
    while first is not None:
        node = first[1]
        first = heappop(heap) if heap else None
        g = pending.pop(node)
        op = node.op
        assert op is not None
        if operands is None:
            ins: Any = node.values
            out: Any = node.data
        else:
            ins, out = operands(node)
        if op.chooses and mend is None and _hides_a_nan(node):
            raise _Born
        branches: list[Any] = []
        pulls = op.pulls
        if op.arity < 0:
            pulls, ins = op.pulls_for(ins), Inputs(ins)
        for x, value, pull in zip(node.inputs, ins, pulls):
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
            if born:
                raise _Born
            if mend is not None:
                gx = mend(gx, node, wants, g, ins, out)
            if gx.shape != value.shape or gx.dtype is not value.dtype:
                gx = fit(gx, value)
            if watch is not None:
                watch(node, len(branches), gx)
            branches.append(gx)
            if x.op is None or (stops and x in stops):  # nothing lies behind it: no need to wait
                found[x] = found[x] + gx if x in found else gx
            elif x in pending:
                pending[x] = pending[x] + gx
            else:
                pending[x] = gx
                entry = (x.order, x)
                if first is None:
                    first = entry
                    continue
                if x.order < first[0]:
                    first, entry = entry, first
                heappush(heap, entry)
        if keep:
            node.gradient = g if plain is None else plain(g)
            node.branches = branches if plain is None else [*map(plain, branches)]
    return found if plain is None else {x: plain(g) for x, g in found.items()}


def _hides_a_nan(node: Node) -> bool:
    """Is there a NaN in what a choice did not choose, as in `where(x != 0, sin(x) / x, 1)`?"""
    out = node.data
    if out is None:
        return False
    return any(
        np.asarray(x).dtype.kind == "f" and bool((np.isnan(x) & ~np.isnan(out)).any())
        for x in node.values
    )


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
    return np.ones(node.shape, node.dtype) if node.shape else node.dtype.type(1)
