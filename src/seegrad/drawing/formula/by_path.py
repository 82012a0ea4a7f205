"""A derivation along the paths: local derivatives, their products, and the sum over paths.

For graphs of single numbers with few paths. Where a composite's own rule says the same in other
words, it is told too.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import Any

import numpy as np

from seegrad.drawing.formula.document import Parts
from seegrad.drawing.formula.printer import BRACKETS, LONG, equation, number, piece, write
from seegrad.drawing.formula.rules import symbol
from seegrad.drawing.formula.symbolic_graph import SymbolicGraph
from seegrad.drawing.formula.terms import (
    ONE,
    Applied,
    Name,
    Number,
    Sum,
    Term,
    Times,
    chosen,
    evaluate,
    mentions,
    multiplied,
    rebuilt,
    size,
    term_of,
    total,
)
from seegrad.drawing.formula.unicode import to_text
from seegrad.graph.mode import in_mode
from seegrad.graph.node import Node
from seegrad.graph.op import Op
from seegrad.ops import TABLE

PATHS, LENGTH = 6, 7
"""With more paths or longer ones, the telling goes from right to left instead."""
WIDE = 200
"""Letters of text after which a line is broken."""


def local_derivative(graph: SymbolicGraph, node: Node, x: Node) -> tuple[Term, list[Term]] | None:
    """∂node/∂x for single numbers, and the parts it is the sum of when x comes in twice."""
    assert node.op is not None
    parts: list[Term] = []
    for i, source in enumerate(node.inputs):
        if source is x and node.op.rule_at(i) is not None:
            term = graph.arriving(node, i, ONE)
            if term is None or len(write(term)) > LONG:
                return None
            parts.append(_by_the_output(graph, node, term))
    return total([(1.0, part) for part in parts]), parts


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
    slopes: dict[tuple[Node, Node], Term] = {}
    lines: list[str] = []
    for edge in dict.fromkeys(edge for way in paths for edge in pairwise(way)):
        found = local_derivative(graph, *edge)
        if found is None:
            return False
        slopes[edge], pieces = found
        sides = [graph.partial(*edge)]
        if len(pieces) > 1:
            sides.append(" + ".join(piece(p, {}).within(11, BRACKETS) for p in pieces))
        lines.append(equation(*sides, write(slopes[edge])))
    parts.local |= dict.fromkeys(lines)
    parts.several = max(parts.several, len(paths))
    values = graph.values()
    if values:  # where a choice was made, the way goes on with what was chosen
        slopes = {edge: chosen(slope, values) for edge, slope in slopes.items()}
    whole = graph.partial(graph.z, x)
    product = total([(1.0, multiplied(*(slopes[e] for e in pairwise(w)))) for w in paths])
    spelled = graph.spelled(product, keep=graph.z)
    folded = folded_rule(graph, x, paths, spelled)
    if len(paths) > 1 or len(paths[0]) > 2:
        names = " + ".join(
            r" \cdot ".join(graph.partial(*edge) for edge in pairwise(way)) for way in paths
        )
        factors = " + ".join(
            r" \cdot ".join(_as_factor(slopes[edge]) for edge in pairwise(way)) for way in paths
        )
        tail = [write(spelled), write(folded) if folded is not None else ""]
        line = equation(whole, names, factors, *tail)
        rows = [line]
        if len(to_text(line)) > WIDE:
            rows = [equation(whole, names), equation(whole, factors, *tail)]
        parts.chain += rows
    if result is not None:
        best = folded if folded is not None else spelled
        put = write(best, graph.numbers())
        parts.put.append(equation(whole, put, number(float(np.asarray(result)))))
    return True


def _as_factor(term: Term) -> str:
    """A local derivative among others: in brackets when it is a sum or negative."""
    tight = 21 if isinstance(term, (Sum, Number)) or _minus(term) else 20
    return piece(term, {}).within(tight, BRACKETS)


def _minus(term: Term) -> bool:
    return isinstance(term, Times) and term.coefficient < 0


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
    match term:
        case Sum(parts):
            return any(_composite_in(part) for _, part in parts)
        case Times(_, factors):
            return any(_composite_in(base) for base, _ in factors)
        case Applied(op=op, arguments=arguments):
            return op.body is not None or any(map(_composite_in, arguments))
    return False


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
    if len(op.inputs) != 1 or op.variadic or op.defaults is None or op.rules[0] is None:
        return None
    g, source, out = symbol(x.spec), symbol(x.spec), symbol(graph.z.spec)
    with in_mode(recording=True, frame=None, tracer=None):
        sent = op.rules[0](g, out, [source], op.defaults or {}, 0)
    term = term_of(sent, {g: ONE, source: name_x, out: name_z})
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
        slopes = [local_derivative(graph, *edge) for edge in pairwise(way)]
        summands.append((1.0, multiplied(*(slope[0] for slope in slopes if slope is not None))))
    return graph.spelled(total(summands), keep=graph.z) if summands else None
