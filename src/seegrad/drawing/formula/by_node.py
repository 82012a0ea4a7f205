"""A derivation from right to left, one line a node: what arrives times the local derivative."""

from __future__ import annotations

from collections.abc import Container, Sequence
from typing import Any

import numpy as np

from seegrad.autodiff.chain_rule import unbroadcast
from seegrad.drawing.formula.document import Parts
from seegrad.drawing.formula.naming import LINES
from seegrad.drawing.formula.printer import (
    BRACKETS,
    LONG,
    array_latex,
    equation,
    piece,
    shape_line,
    write,
)
from seegrad.drawing.formula.symbolic_graph import SymbolicGraph
from seegrad.drawing.formula.terms import (
    ONE,
    Applied,
    Name,
    Number,
    Sum,
    Term,
    Times,
    evaluate,
    multiplied,
    shape_of,
    size,
    total,
)
from seegrad.graph.forms import Reduce
from seegrad.graph.node import Node


def from_the_right(
    graph: SymbolicGraph, targets: Sequence[Node], parts: Parts, seed: Any
) -> list[Any]:
    """One line a node, from the output back; gives the derivative's value for each target."""
    ways = [graph.between(x) for x in targets]
    on = set().union(*map(set, ways))
    arrives: dict[Node, Term] = {graph.z: graph.arrow(graph.z) if graph.z.shape else ONE}
    value: dict[Node, Any] = {graph.z: seed}
    users: dict[Node, list[tuple[Node, int]]] = {node: [] for node in on}
    flows = {edge for way, x in zip(ways, targets) for edge in _edges(way, x)}
    for node in graph.nodes:
        for i, source in enumerate(node.inputs if node in on else ()):
            if (node, i) in flows:
                users[source].append((node, i))
    lines: list[str] = []
    remarks = Remarks(graph)
    for node in reversed(graph.nodes):
        if node not in on:
            continue
        if node is graph.z:
            if not graph.z.shape:
                lines.append(equation(graph.partial(node, node), "1"))
            elif seed is not None and (entries := array_latex(seed)):
                lines.append(equation(graph.arrow(node).latex, entries))
            continue
        sent: list[tuple[Term | None, Term | None, Node]] = []
        gradient: Any = None
        for user, i in users[node]:
            full = graph.arriving(user, i, graph.arrow(user))
            short = graph.arriving(user, i, arrives[user])
            sent.append((full, short, user))
            if value.get(user) is not None:
                more = _numeric(user, i, value[user])
                gradient = more if gradient is None else gradient + more
        value[node] = gradient
        line = _line(graph, node, sent, arrives, gradient, remarks)
        if " = " in line and node not in graph.aliases:
            lines.append(line)
    if len(lines) > 2 * LINES:
        lines = [*lines[:LINES], r"\ldots", *lines[-LINES:]]
    parts.right += [*remarks.lines(), *lines]
    return [value.get(x) for x in targets]


def _edges(way: Sequence[Node], x: Node) -> list[tuple[Node, int]]:
    """The edges (target, position) along which a derivative flows back to x."""
    on = set(way)
    return [
        (node, i)
        for node in way
        if node.op is not None and node is not x
        for i, source in enumerate(node.inputs)
        if source in on and node.op.rule_at(i) is not None
    ]


def _numeric(node: Node, position: int, g: Any) -> Any:
    op = node.op
    assert op is not None
    rule = op.rule_at(position)
    assert rule is not None
    with np.errstate(all="ignore"):
        slope = rule(g, node.data, node.values, node.attrs, position)
        return unbroadcast(slope, node.values[position])


def _line(
    graph: SymbolicGraph,
    node: Node,
    parts: Sequence[tuple[Term | None, Term | None, Node]],
    arrives: dict[Node, Term],
    gradient: Any,
    remarks: Remarks,
) -> str:
    """∂L/∂X = ∂L/∂Y · Wᵀ = …, and the shapes beside it."""
    arrow = graph.arrow(node)
    sides = [arrow.latex]
    arrives[node] = arrow
    shapes: list[str] = []
    full = [remarks.seen(term) for term, _, _ in parts if term is not None]
    short = [remarks.seen(term) for _, term, _ in parts if term is not None]
    if len(full) == len(parts):
        written = " + ".join(
            g_first(term, graph.arrow(user)) for term, (_, _, user) in zip(full, parts)
        )
        simple = total([(1.0, term) for term in short])
        sides.append(written if len(written) <= LONG else r"\ldots")
        brief = write(simple)
        if len(brief) <= LONG:
            sides.append(brief)
        if size(simple) <= 1:
            arrives[node] = simple
        shapes = [line for term in full if (line := shape_line(term, graph.specs[node].shape))]
        if not node.shape and not any(user.shape for *_, user in parts):
            sides.append(_with_numbers(graph, simple))
    if gradient is not None:
        sides.append(array_latex(gradient))
    return equation(*sides) + "".join(rf"\qquad {line}" for line in dict.fromkeys(shapes))


def _with_numbers(graph: SymbolicGraph, term: Term) -> str:
    names = graph.numbers()
    return write(term, names) if _only(term, names) else ""


def g_first(term: Term, g: Name) -> str:
    """A derivative with what arrives in front: ∂L/∂y · y(1 − y)."""
    if isinstance(term, Times):
        upstream = [(b, e) for b, e in term.factors if b == g and e == 1]
        rest = tuple((b, e) for b, e in term.factors if b != g)
        if upstream and (term.coefficient != 1 or rest):
            local = Times(term.coefficient, rest) if rest else Number(term.coefficient)
            alone = len(rest) == 1 and term.coefficient == 1 and rest[0][1] == 1
            local_piece = piece(rest[0][0] if alone else local, {})
            arrays = shape_of(g) != () and any(shape_of(b) != () for b, _ in rest)
            sign = r" \odot " if arrays else r" \cdot "
            tight = 21 if isinstance(rest[0][0] if alone else local, Sum) else 20
            return f"{g.latex}{sign}{local_piece.within(tight, BRACKETS)}"
    return write(term)


class Remarks:
    """Short names for functions that turn up in a derivative, and sums that are known to be 1."""

    def __init__(self, graph: SymbolicGraph) -> None:
        self.graph = graph
        self.names: dict[Term, Name] = {}
        self.ones: dict[Term, str] = {}
        self.known = {term for term in graph.terms.values() if isinstance(term, Name)}
        self.taken = {term.latex for term in graph.terms.values() if isinstance(term, Name)}

    def lines(self) -> list[str]:
        """y = softmax(a), ∑ t = 1: what the equations rely on."""
        named_ = [equation(name.latex, write(term)) for term, name in self.names.items()]
        return [*named_, *(f"{text} = 1" for text in self.ones.values())]

    def seen(self, term: Term) -> Term:
        """The term with such functions named and such sums put in."""
        match term:
            case Sum(parts):
                return total([(c, self.seen(part)) for c, part in parts])
            case Times(coefficient, factors):
                found: Term = Number(coefficient)
                for base, exponent in factors:
                    inner = self.seen(base)
                    found = multiplied(found, _raised(inner, exponent))
                return found
            case Applied():
                return self.function(term)
        return term

    def function(self, term: Applied) -> Term:
        data_only = all(_only(argument, self.known) for argument in term.arguments)
        if data_only and isinstance(term.op.lower, Reduce) and self.is_one(term):
            self.ones[term] = write(term)
            return ONE
        if data_only and term.op.body is not None and term.shape:
            if term not in self.names:
                letter = next(x for x in ("y", "s", "u", "v", "w", "p", "q") if self.fresh(x))
                self.taken.add(letter)
                self.names[term] = Name(letter, term.shape)
            return self.names[term]
        inside = tuple(self.seen(argument) for argument in term.arguments)
        return Applied(term.op, term.attrs, inside, term.shape)

    def fresh(self, letter: str) -> bool:
        return letter not in self.taken

    def is_one(self, term: Applied) -> bool:
        try:
            value = evaluate(term, self.graph.values())
        except Exception:
            return False
        return bool(np.size(value)) and bool(np.allclose(value, 1.0, rtol=1e-12))


def _raised(term: Term, exponent: float) -> Term:
    return term if exponent == 1 else multiplied(Times(1.0, ((term, exponent),)))


def _only(term: Term, known: Container[Name]) -> bool:
    """Does the term lean on values only, and on no derivative?"""
    match term:
        case Name():
            return term in known
        case Sum(parts):
            return all(_only(part, known) for _, part in parts)
        case Times(_, factors):
            return all(_only(base, known) for base, _ in factors)
        case Applied(arguments=arguments):
            return all(_only(each, known) for each in arguments)
    return True
