"""A derivation from right to left, one line a node: what arrives times the local derivative.

Where a value is used more than once each branch has its own line and name, and then their sum.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from seegrad.autodiff.chain_rule import unbroadcast
from seegrad.drawing.formula.document import Parts
from seegrad.drawing.formula.rules import g_first
from seegrad.drawing.formula.symbolic_graph import SymbolicGraph
from seegrad.drawing.formula.terms import (
    ONE,
    ZERO,
    Applied,
    Name,
    Number,
    Sum,
    Term,
    Times,
    by_function,
    evaluate,
    leans_only_on,
    parts_of,
    printed_shape,
    replaced,
    shape_of,
    size,
    spread,
    times,
    total,
    with_numbers,
)
from seegrad.drawing.formula.tree import Tree, Words, named
from seegrad.drawing.formula.typeset import (
    LONG,
    Equation,
    equation,
    length,
    short,
    shown,
    typeset,
    without_kept_axes,
)
from seegrad.drawing.values.names import free_letter
from seegrad.graph.forms import Broadcast, Permute, Reduce, Reshape, Scalar
from seegrad.graph.node import Node
from seegrad.i18n import tr

BRIEF = 3
"""A derivative of no more names and numbers than this is put into the next line."""


def from_the_right(
    graph: SymbolicGraph, targets: Sequence[Node], parts: Parts, seed: Any, lang: str
) -> list[Any]:
    """One line a node, from the output back; gives the derivative's value for each target."""
    walk = WalkBack(graph, targets, seed)
    for node in reversed(graph.nodes):
        if node in walk.users and node not in graph.aliases:
            walk.visit(node)
    parts.right += [*walk.remarks.lines(lang), *walk.lines]
    return [walk.value.get(x) for x in targets]


def numeric(node: Node, position: int, g: Any) -> Any:
    """The number that a node's rule sends to an input when the number g arrives."""
    op = node.op
    assert op is not None
    rule = op.rule_at(position)
    assert rule is not None
    with np.errstate(all="ignore"):
        slope = rule(g, node.data, node.values, node.attrs, position)
        return unbroadcast(slope, node.values[position])


class WalkBack:
    """The walk from the output to what is differentiated by, and the lines that it leaves."""

    def __init__(self, graph: SymbolicGraph, targets: Sequence[Node], seed: Any) -> None:
        self.graph = graph
        self.targets = set(targets)
        self.lines: list[Equation] = []
        self.remarks = Remarks(graph)
        self.arrives: dict[Node, Term] = {graph.z: ONE if not graph.z.shape else self.arrow()}
        self.value: dict[Node, Any] = {graph.z: seed}
        ways = [set(graph.between(x)) for x in targets]
        self.users: dict[Node, list[tuple[Node, int]]] = {
            node: [] for node in graph.nodes if any(node in way for way in ways)
        }
        for node in self.users:
            for i, source in enumerate(node.inputs):
                asked = node.op is not None and node.op.rule_at(i) is not None
                flows = any(node in way and source in way and node is not x
                            for way, x in zip(ways, targets))  # fmt: skip
                if asked and flows and node not in graph.aliases:
                    self.users[graph.origin(source)].append((node, i))

    def arrow(self) -> Name:
        return self.graph.arrow(self.graph.z)

    def visit(self, node: Node) -> None:
        """Tell a node's derivative, branch by branch where there are several."""
        graph = self.graph
        if node is graph.z:
            self.learn(self.arrow(), self.value[node])
            if not node.shape:
                self.lines.append(equation(self.arrow(), ONE))
            elif self.value[node] is not None and (entries := shown(self.value[node])):
                self.lines.append(equation(self.arrow(), entries))
            return
        users, name = self.users[node], graph.arrow(node)
        if not users:                               # all that use it have no derivative by it
            self.value[node] = np.zeros(node.shape)
            self.learn(name, self.value[node])
            self.lines.append(equation(name, ZERO))
            self.arrives[node] = ZERO
            return
        if len(users) == 1:
            self.arrives[node], self.value[node] = self.branch(node, *users[0], name)
            return
        names = [graph.branch(node, i) for i in range(1, len(users) + 1)]
        found = [self.branch(node, *user, each) for user, each in zip(users, names)]
        values = [value for _, value in found]
        value = None
        if all(each is not None for each in values):
            value = np.sum(np.stack([np.asarray(each) for each in values]), axis=0)
            self.learn(name, value)
        self.value[node] = value
        brief = total([(1.0, term) for term, _ in found])
        added = Sum(tuple((1.0, each) for each in names))
        self.arrives[node] = self.tell(node, name, added, brief, None)

    def branch(self, node: Node, user: Node, position: int, name: Name) -> tuple[Term, Any]:
        """One line: what a user sends back. Gives its short form and its value."""
        graph = self.graph
        value = self.value.get(user)
        if value is not None:
            value = numeric(user, position, value)
            self.learn(name, value)
        arrow = graph.arrow(user)
        full = graph.arriving(user, position, arrow)
        brief = graph.arriving(user, position, self.passed_on(user, arrow))
        if full is None or brief is None:
            return self.tell(node, name, None, None, None), value
        told = g_first(self.remarks.parted(self.remarks.seen(full.term)), arrow)
        return self.tell(node, name, told, self.remarks.seen(brief.term), full.shapes), value

    def passed_on(self, user: Node, arrow: Name) -> Term:
        """What arrives at a node in its short form, or by its name: a number that stands for a
        whole array is that array element by element alone, and no matrix that is multiplied."""
        brief = self.arrives[user]
        whole = printed_shape(brief) == shape_of(brief)
        op = user.op
        alone = op is not None and (op.family == "elementwise" or isinstance(op.lower, _EACH))
        return brief if whole or alone else arrow

    def tell(
        self, node: Node, name: Name, told: Term | None, brief: Term | None, note: Tree | None
    ) -> Term:
        """∂L/∂X = ∂L/∂Y · Wᵀ = …, and the shapes beside it. Gives what the next line may use."""
        graph, value = self.graph, self.graph.known.get(name)
        sides: list[Term | None] = [name, None if told is None else short(told)]
        if brief is not None and length(typeset(brief)) <= LONG:
            sides.append(brief)
            spelled = graph.spelled(brief, keep=graph.z) if node in self.targets else brief
            if length(typeset(spelled)) <= LONG:
                sides.append(spelled)
            numbers = graph.numbers()
            given = numbers.keys() & self.remarks.given
            if not shape_of(spelled) and leans_only_on(spelled, given):
                sides.append(with_numbers(spelled, numbers))
        entries = None if value is None else shown(value)
        if entries is None and note is None and node.shape:
            note = graph.shape(node)
        line = equation(*sides, entries, note=note)
        if len(line.sides) > 1:
            self.lines.append(line)
        fits = brief is not None and size(brief) <= BRIEF and shape_of(brief) == node.shape
        return brief if brief is not None and fits and not _reshaped(brief) else name

    def learn(self, name: Name, value: Any) -> None:
        if value is not None:
            self.graph.known[name] = np.asarray(value)


_EACH = (Scalar, Reduce, Reshape, Permute, Broadcast)
"""What sends each element back as it came, times a number or to more places."""


def _reshaped(term: Term) -> bool:
    """Is it written as another value whose shape is another? Then the axes of later steps are not
    that value's."""
    return any(isinstance(each.op.lower, Reshape) for each in calls_in(term))


def bare(term: Term) -> Term:
    """A number in another shape as the number, which every element is multiplied by."""
    inner = term
    while isinstance(inner, Applied) and isinstance(inner.op.lower, (Reshape, Broadcast, Scalar)):
        if len(inner.arguments) != 1:
            return term
        inner = inner.arguments[0]
    return inner if isinstance(inner, Number) and inner == ONE else term


def calls_in(term: Term) -> Iterator[Applied]:
    """Every operation in a term that is no sum or product, as often as it stands there."""
    if isinstance(term, Applied):
        yield term
    for part in parts_of(term):
        yield from calls_in(part)


def _with_name(term: Term, part: Term, name: Name) -> Term:
    return name if term == part else replaced(term, lambda each: _with_name(each, part, name))


def _counts_ties(term: Term) -> bool:
    """Is it a sum over places that are equal to something: to the greatest of them?"""
    return any(call.op is by_function("equal") for call in calls_in(term))


class Remarks:
    """Short names for functions that turn up in a derivative, and sums that are known to be 1."""

    def __init__(self, graph: SymbolicGraph) -> None:
        self.graph = graph
        self.names: dict[Term, Name] = {}
        self.ones: dict[Applied, None] = {}
        self.given = {term for term in graph.terms.values() if isinstance(term, Name)}

    def lines(self, lang: str | None = None) -> list[Equation]:
        """y = softmax(a), ∑ t = 1: what the equations rely on."""
        unique = Words(tr("as there are no ties", lang))
        return [
            *(equation(name, term) for term, name in self.names.items()),
            *(equation(without_kept_axes(term), ONE, note=unique if _counts_ties(term) else None)
              for term in self.ones),
        ]  # fmt: skip

    def seen(self, term: Term) -> Term:
        """The term with such functions named and such sums put in."""
        match term:
            case Sum(parts):
                return total([(c, self.seen(part)) for c, part in parts])
            case Times(coefficient, factors):
                inner = [(self.seen(base), exponent) for base, exponent in factors]
                found = times(coefficient, [(bare(base), exponent) for base, exponent in inner])
                return spread(found, shape_of(term))
            case Applied():
                return self.function(term)
        return term

    def function(self, term: Applied) -> Term:
        from_data = all(leans_only_on(each, self.given) for each in term.arguments)
        if from_data and isinstance(term.op.lower, Reduce) and self.is_one(term):
            self.ones[term] = None
            return ONE
        plain = all(isinstance(each, Name) for each in term.arguments)
        if from_data and plain and term.op.body is not None and term.shape:
            if term not in self.names:
                letter = free_letter("ysuvwpq", self.graph.taken)
                self.names[term] = name = Name(named(letter), term.shape)
                if (value := self.value(term)) is not None:
                    self.graph.known[name] = value
            return self.names[term]
        inside = [self.seen(each) for each in term.arguments]
        if inside == [ONE] and isinstance(term.op.lower, (Reshape, Permute)):
            return ONE
        kept = tuple(
            old if isinstance(new, Number) and shape_of(old) else new
            for old, new in zip(term.arguments, inside)
        )
        return Applied(term.op, term.attrs, kept, term.shape)

    def parted(self, term: Term) -> Term:
        """A term too long for a line, with names for what stands in it more than once, and then
        for its largest parts."""
        while length(typeset(term)) > LONG:
            counts = Counter(calls_in(term))
            fitting = [each for each in counts if each != term and self.value(each) is not None
                       and size(each) > 1 and length(typeset(each)) <= LONG]  # fmt: skip
            if not fitting:
                return term
            part = max(fitting, key=lambda each: (counts[each] > 1, counts[each] * size(each)))
            letter = free_letter("UVRSPQKMHJ", self.graph.taken)
            self.names[part] = name = Name(named(letter), part.shape)
            self.graph.known[name] = self.value(part)
            term = _with_name(term, part, name)
        return term

    def value(self, term: Term) -> Any:
        try:
            return evaluate(term, self.graph.known)
        except (KeyError, TypeError, ValueError):
            return None

    def is_one(self, term: Applied) -> bool:
        value = self.value(term)
        if value is None:
            return False
        return bool(np.size(value)) and bool(np.allclose(value, 1.0, rtol=1e-12))
