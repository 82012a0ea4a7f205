"""The chain rule: one walk over the graph from right to left.

Rules are ordinary code over array functions, so that the same walk serves twice: on arrays it
gives numbers, on nodes it gives the derivative as a graph, which can be differentiated again.
Broadcasting is undone here, once, for every op; so is 0·∞, which is taken as 0: where nothing
arrives, or nothing passes, nothing goes on. `where(x > 0, log(x), 0)` and `sqrt(x * x)` so have the
derivative 0 at x = 0. A NaN that was there before, in a value or in what arrives, stays, unless a
choice has put it aside. With numbers at hand this costs nothing until a NaN is born; in a trace the
graph says it, behind choices and steep rules, for what is computed element by element.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from heapq import heappop, heappush
from typing import Any

import numpy as np

from seegrad.errors import MutationError
from seegrad.graph.bind import current_tracer, gradient_watch
from seegrad.graph.graph import walk
from seegrad.graph.lowering import Scalar
from seegrad.graph.node import Node
from seegrad.graph.op import NOTHING, OUT, Op
from seegrad.graph.spec import Inputs
from seegrad.ops.compare import astype, nan_to_zero, where, zero_times_infinity_to_zero
from seegrad.ops.reduce import sum
from seegrad.ops.shape import broadcast_to, reshape


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
    tracer = current_tracer()
    if tracer is not None:
        with tracer.as_recorded():
            return _walk_back(outputs, seeds, wrt, as_graph, keep, [], set())
    invalid: list[str] = []
    with np.errstate(all="ignore", invalid="call", call=lambda what, _: invalid.append(what)):
        return _walk_back(outputs, seeds, wrt, as_graph, keep, invalid, None)


def _walk_back(
    outputs: Sequence[Node], seeds: Sequence[Any], wrt: Sequence[Node] | None,
    as_graph: bool, keep: bool, invalid: list[str], doubtful: set[Node] | None,
) -> dict[Node, Any]:  # fmt: skip
    """`backward`, with a list to which NumPy adds whenever a NaN is born; in a trace, where none
    is seen, with a set for the nodes at which a 0 may arrive that meets an infinity, or the
    reverse."""
    needed = None if wrt is None else between(wrt, outputs)
    stops = frozenset(wrt) if wrt else ()
    watch = gradient_watch()
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
        if as_graph:
            _check_current(node)
            ins: Any = node.inputs
            out: Any = node
        else:
            ins, out = node.values, node.data
        if op.chooses and doubtful is None and _hides_a_nan(node):
            invalid.append("mended")  # look at every product from here
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
            if invalid:
                gx = _without_zero_times_infinity(gx, g, out, ins, op, invalid)
            elif doubtful is not None:
                gx = _beyond_doubt(gx, g, node, x, wants, doubtful)
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
            node.gradient = g
            node.branches = branches
    return found


def _without_zero_times_infinity(
    gx: Any, g: Any, out: Any, ins: Sequence[Any], op: Op, invalid: list[str]
) -> Any:
    """`gx` with 0 for the NaN that 0·∞ has just made, and only for that.

    A NaN that was there before stays: where an op works element by element, at its elements;
    elsewhere nobody can tell which results it has reached. So does what a rule itself leaves
    undefined, though something finite arrives: the slopes of hypot at (∞, ∞).
    """
    if "mended" not in invalid:
        invalid.clear()
    array, arrived = (np.asarray(x.data if isinstance(x, Node) else x) for x in (gx, g))
    if array.dtype.kind != "f" or not (born := np.isnan(array)).any():
        return gx
    nothing_arrived = arrived == 0
    if nothing_arrived.all() or (born.shape == arrived.shape and nothing_arrived[born].all()):
        return nan_to_zero(gx)
    before = [np.asarray(x.data if isinstance(x, Node) else x) for x in (g, out, *ins)]
    older = [nan for x in before if x.dtype.kind == "f" and (nan := np.isnan(x)).any()]
    if op.family != "elementwise":
        return gx if older else nan_to_zero(gx)
    undefined = np.isfinite(arrived) & ~nothing_arrived      # by the rule itself, as ∞ / ∞ is
    stays = np.logical_or.reduce(np.broadcast_arrays(born, undefined, *older)[1:])
    return where(stays, gx, nan_to_zero(gx)) if stays.shape == born.shape else gx


def _hides_a_nan(node: Node) -> bool:
    """Is there a NaN in what a choice did not choose, as in `where(x != 0, sin(x) / x, 1)`?"""
    out = node.data
    return any(
        np.asarray(x).dtype.kind == "f" and bool((np.isnan(x) & ~np.isnan(out)).any())
        for x in node.values
    )


def _beyond_doubt(
    gx: Any, g: Any, node: Node, x: Node, wants: int, doubtful: set[Node]
) -> Any:
    """`gx`, in a trace, with a node that puts 0 for 0·∞ where that can have come about."""
    op, made = node.op, gx.op
    assert op is not None
    chosen = made is not None and made.chooses
    doubted = node in doubtful
    if doubted and wants != NOTHING and not chosen and op.family == "elementwise":
        gx = zero_times_infinity_to_zero(gx, g)
    if doubted or chosen or steep(op, tuple(sorted(node.attrs.items()))):
        doubtful.add(x)
    return gx


CORNERS = (0.0, 0.5, 1.0, -1.0)


@cache
def steep(op: Op, attrs: tuple[tuple[str, Any], ...]) -> bool:
    """Has the op, computed element by element, an infinite slope where its value is finite?

    So has √x at 0. It is looked for at a few corners, by the op's own rules.
    """
    if not isinstance(op.lower, Scalar) or op.integer_inputs or op.variadic:
        return False
    axes = np.meshgrid(*[np.array(CORNERS)] * op.arity)
    given = dict(attrs)
    with np.errstate(all="ignore"):
        out = op.forward(*axes, **given)
        slopes = [rule(np.ones_like(axes[0]), out, axes, given, i)
                  for i, rule in enumerate(op.rules) if rule is not None]  # fmt: skip
    return any(bool((np.isinf(slope) & np.isfinite(out)).any()) for slope in slopes)


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
