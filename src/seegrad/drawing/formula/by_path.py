"""A derivation along the paths: local derivatives, their products, and the sum over paths.

For graphs of single numbers with few paths. Where a composite's own rule says the same in other
words, it is told too.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np

from seegrad.drawing.formula.by_node import numeric
from seegrad.drawing.formula.document import Parts
from seegrad.drawing.formula.rules import ask, symbol
from seegrad.drawing.formula.symbolic_graph import SymbolicGraph
from seegrad.drawing.formula.terms import (
    ONE,
    Applied,
    Name,
    Sum,
    Term,
    Times,
    Value,
    Written,
    chosen,
    evaluate,
    mentions,
    multiplied,
    parts_of,
    rebuilt,
    size,
    term_of,
    total,
    with_numbers,
)
from seegrad.drawing.formula.tree import partial
from seegrad.drawing.formula.typeset import LONG, equation, length, typeset
from seegrad.graph.node import Node
from seegrad.graph.op import Op
from seegrad.ops import TABLE

PATHS, LENGTH = 6, 7
"""With more paths or longer ones, the telling goes from right to left instead."""
WIDE = 90
"""Letters and signs after which a line is broken."""


@dataclass(frozen=True)
class LocalDerivative:
    """∂a/∂b for single numbers by one edge: its name, what it is, and the parts it is the sum of
    when b comes in twice."""

    name: Name
    slope: Term
    parts: tuple[Term, ...]


def local_derivative(graph: SymbolicGraph, a: Node, b: Node) -> LocalDerivative | None:
    """The derivative of a node by one that it is made of, told by the op's own rule.

    Where b reaches a by other ways too, the name is that of this branch alone: ∂y/∂x⁽²⁾.
    """
    assert a.op is not None
    parts: list[Term] = []
    valued, number = graph.with_values(a), np.zeros(())
    for i, source in enumerate(a.inputs):
        if source is b and a.op.rule_at(i) is not None:
            sent = graph.arriving(a, i, ONE)
            if sent is None or length(typeset(sent.term)) > LONG:
                return None
            parts.append(_by_the_output(graph, a, sent.term))
            if valued.data is not None:
                number = number + numeric(valued, i, np.ones(valued.shape))
    lower = typeset(graph.terms[b])
    if graph.has_other_ways(a, b):
        lower = graph.branched(b, next(i for i, user in enumerate(graph.users(b), 1) if user is a))
    name = Name(partial(typeset(graph.terms[a]), lower))
    if valued.data is not None:
        graph.known[name] = number
    return LocalDerivative(name, total([(1.0, part) for part in parts]), tuple(parts))


def _by_the_output(graph: SymbolicGraph, node: Node, term: Term) -> Term:
    """−y/t as −y² where y = 1/t: the derivative of a quotient as the chapter writes it."""
    match graph.made[node], graph.terms[node]:
        case Times(1.0, ((Name() as below, -1.0),)), Name() as y if mentions(term, {y}):
            return rebuilt(term, {below: Times(1.0, ((y, -1.0),))})
    return term


Path = tuple[Node, ...]
"""Nodes from the output back to what is differentiated by."""


def paths_of(graph: SymbolicGraph, x: Node, path: Sequence[Node]) -> list[Path] | None:
    """Every way back from the output to x; None if they are too many or too long."""
    on = set(path)
    found: list[Path] = []
    stack: list[Path] = [(graph.z,)]
    while stack:
        way = stack.pop()
        node = way[-1]
        if node is x:
            found.append(way)
            if len(found) > PATHS:
                return None
            continue
        if len(way) > LENGTH or node.op is None or len(stack) > 4 * PATHS:
            return None
        sources = [
            s for i, s in enumerate(node.inputs) if s in on and node.op.rule_at(i) is not None
        ]
        stack.extend((*way, s) for s in reversed(dict.fromkeys(sources)))
    return found


def by_paths(graph: SymbolicGraph, x: Node, parts: Parts, result: Any) -> bool:
    """Local derivatives, then products along the paths; False where that cannot be told so."""
    between = graph.between(x)
    if any(node.shape for node in between):
        return False
    paths = paths_of(graph, x, between)
    if not paths:
        return False
    for branched in dict.fromkeys(b for w in paths for a, b in pairwise(w)
                                  if graph.has_other_ways(a, b)):  # fmt: skip
        parts.local.append(equation(*graph.branches(branched), graph.terms[branched]))
    edges: dict[tuple[Node, Node], LocalDerivative] = {}
    for edge in dict.fromkeys(edge for way in paths for edge in pairwise(way)):
        found = local_derivative(graph, *edge)
        if found is None:
            return False
        edges[edge] = found
        added = Sum(tuple((1.0, part) for part in found.parts)) if len(found.parts) > 1 else None
        parts.local.append(equation(found.name, added, found.slope))
    parts.several = max(parts.several, len(paths))
    # where a choice was made, the way goes on with what was chosen
    slopes = {edge: chosen(found.slope, graph.known) for edge, found in edges.items()}
    whole = graph.arrow(x)
    if result is not None:
        graph.known[whole] = result
    product = total([(1.0, multiplied(*(slopes[e] for e in pairwise(w)))) for w in paths])
    spelled = graph.spelled(product, keep=graph.z)
    folded = folded_rule(graph, x, paths, spelled)
    if len(paths) > 1 or len(paths[0]) > 2:
        names = _added([Written(tuple(edges[e].name for e in pairwise(way))) for way in paths])
        factors = _added([Written(tuple(slopes[e] for e in pairwise(way))) for way in paths])
        line = equation(whole, names, factors, spelled, folded)
        if length(line.tree) > WIDE:
            parts.chain.append(equation(whole, names))
            line = equation(whole, factors, spelled, folded)
        parts.chain.append(line)
    if result is not None:
        best = folded if folded is not None else spelled
        put = with_numbers(best, graph.numbers())
        parts.put.append(equation(whole, put, Value(np.asarray(result))))
    return True


def _added(terms: Sequence[Term]) -> Term:
    """The sum, as it stands."""
    return terms[0] if len(terms) == 1 else Sum(tuple((1.0, term) for term in terms))


def folded_rule(graph: SymbolicGraph, x: Node, paths: Sequence[Path], chained: Term) -> Term | None:
    """Where the whole way lies in one composite: its own rule, if it says the same in other words.

    That both are equal is checked on numbers here, not believed.
    """
    frame = graph.z.frame
    inner = {node for way in paths for node in way[:-1]}
    while frame is not None and (frame.op is None or not frame.op.d):
        frame = frame.parent
    if frame is not None and frame.op is not None:
        whole = all(node.frame is frame for node in inner)
        return own_rule(graph, frame.op, x, chained) if whole else None
    for op in recognised(graph, x):
        rule = own_rule(graph, op, x, chained)
        if rule is not None and size(rule) <= size(chained) and not _composite_in(rule):
            return rule
    return None


def _composite_in(term: Term) -> bool:
    own = isinstance(term, Applied) and term.op.body is not None
    return own or any(map(_composite_in, parts_of(term)))


_POINTS = (-1.25, -0.5, 0.0, 0.75, 2.0)


def recognised(graph: SymbolicGraph, x: Node) -> list[Op]:
    """The composites of the table that a graph of small steps computes, told by their values."""
    name, made = graph.terms[x], graph.made.get(graph.z)
    for node in reversed(graph.nodes):
        inner = graph.terms[node]
        if made is None or size(made) > 4 * LENGTH:
            return []
        if node.op is not None and isinstance(inner, Name):
            made = rebuilt(made, {inner: graph.made[node]})
    found: list[Op] = []
    for op in TABLE.values():
        if op.body is None or op.family != "elementwise" or len(op.inputs) != 1 or not op.d:
            continue
        with np.errstate(all="ignore"):
            try:
                same = all(
                    np.isclose(
                        evaluate(made, {name: np.float64(at)}),  # type: ignore[arg-type,dict-item]
                        op.forward(np.float64(at), **(op.defaults or {})),
                        rtol=1e-12,
                    )
                    for at in _POINTS
                )
            except (KeyError, TypeError, ValueError):
                continue
        if same:
            found.append(op)
    return found


def own_rule(graph: SymbolicGraph, op: Op, x: Node, chained: Term) -> Term | None:
    name_x, name_z = graph.terms[x], graph.terms[graph.z]
    if not isinstance(name_x, Name) or not isinstance(name_z, Name):
        return None
    if len(op.inputs) != 1 or op.variadic or op.defaults is None:
        return None
    g, source, out = symbol(x.spec), symbol(x.spec), symbol(graph.z.spec)
    sent = ask(op, 0, g, out, [source], op.defaults)
    if sent is None:
        return None
    term = term_of(sent, {g: ONE, source: name_x, out: name_z})
    if term is None:
        return None
    for point in _POINTS:
        at: dict[Name, Any] = {name_x: np.float64(point)}
        with np.errstate(all="ignore"):
            at[name_z] = np.asarray(op.forward(at[name_x], **(op.defaults or {})))
            try:
                a, b = evaluate(term, at), evaluate(chained, at)
            except KeyError:
                return None
        if not np.allclose(a, b, rtol=1e-9, atol=1e-12):
            return None
    return term


def whole_slope(graph: SymbolicGraph, x: Node) -> Term | None:
    """The whole derivative by x as one term, spelled out; None if there are too many paths."""
    paths = paths_of(graph, x, graph.between(x))
    summands: list[tuple[float, Term]] = []
    for way in paths or ():
        found = [local_derivative(graph, *edge) for edge in pairwise(way)]
        summands.append((1.0, multiplied(*(each.slope for each in found if each is not None))))
    return graph.spelled(total(summands), keep=graph.z) if summands else None
