"""An op's derivative rules run on symbols, and what they say as a formula with holes.

So a formula cannot disagree with what is computed. What a whole graph says is
`symbolic_graph.py`'s affair.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager
from functools import cache, lru_cache
from typing import Any

import numpy as np

from seegrad.autodiff.chain_rule import unbroadcast
from seegrad.drawing.formula.terms import (
    ONE,
    Applied,
    Name,
    Term,
    Times,
    Written,
    chosen,
    has_choices,
    term_of,
    times,
)
from seegrad.drawing.formula.tree import Hole, Letter, Tree
from seegrad.drawing.formula.typeset import as_side, length, typeset
from seegrad.drawing.formula.unicode import to_text
from seegrad.graph.mode import in_mode
from seegrad.graph.node import Node
from seegrad.graph.op import Op
from seegrad.graph.spec import NO_ATTRS, Spec
from seegrad.tensor.tensor import Tensor

LONGEST = 100
"""Letters and signs; a longer rule helps nobody."""


def quietly() -> AbstractContextManager[None]:
    """Run operations for a picture alone: recorded, but neither traced, framed nor watched."""
    return in_mode(
        recording=True, frame=None, tracer=None, watch=None, watch_gradient=None, locate=False
    )


def symbol(spec: Spec) -> Tensor:
    """A leaf of which only shape and dtype are known."""
    return Tensor(None, (), NO_ATTRS, (), None, spec.dtype.kind == "f", spec)


def ask(
    op: Op, position: int, g: Node, out: Node, inputs: Sequence[Node], attrs: Mapping[str, Any]
) -> Node | None:
    """What a derivative rule, run on symbols, sends to an input, in its shape.

    None where the rule needs numbers and so has no formula.
    """
    rule = op.rule_at(position)
    if rule is None:
        return None
    try:
        with quietly():
            node = rule(g, out, inputs, attrs, position)
            return unbroadcast(node, inputs[position]) if isinstance(node, Node) else None
    except Exception:
        return None


def g_first(term: Term, g: Name) -> Term:
    """A derivative with what arrives in front: ∂L/∂y · y(1 − y)."""
    if isinstance(term, Times) and (g, 1.0) in term.factors:
        rest = tuple((base, e) for base, e in term.factors if base != g)
        if term.coefficient != 1 or rest:
            return Written((g, times(term.coefficient, rest)))
    return term


def _holes(op: Op, specs: Sequence[Spec]) -> list[Name]:
    return [Name(Hole(op.input_name(i)), spec.shape) for i, spec in enumerate(specs)]


def local_text(op: Op) -> str:
    """The local derivative of an op of one input in a few letters: y(1−y) for the sigmoid."""
    tree = local_derivative(op, Letter("x"), Letter("y"))
    return "" if tree is None else to_text(tree).replace(" ", "")


def forward_formula(node: Node) -> Tree | None:
    """What a node computes, with holes for its inputs; None where that is too long."""
    told: Tree | None = _kept(_forward, *_key(node))
    return told


def rule_formula(node: Node, position: int) -> Tree | None:
    """How a node's derivative by one input is computed, with the holes `g` (what arrives), `out`
    and the op's own input names; None where there is none to be told."""
    told: Tree | None = _kept(_decided, position, *_key(node))
    if told is None and (term := rule_term(node, position)) is not None:
        told = _kept(_typeset, term)
    return told


def rule_term(node: Node, position: int) -> Term | None:
    """The same as the term that is printed; what only guards a computer is left out where the
    node's numbers do not need it."""
    term = _kept(_rule, position, *_key(node))
    if term is None:
        return None
    known: dict[Name, Any] = {}
    if node.data is not None and node.op is not None:
        known = dict(zip(_holes(node.op, [x.spec for x in node.inputs]), node.values))
        known[Name(Hole("out"), node.shape)] = node.data
    return g_first(chosen(term, known, outermost=True), Name(Hole("g"), node.shape))


def _key(node: Node) -> tuple[Op, tuple[Spec, ...], tuple[Any, ...], Spec]:
    """What a node's formulas depend on, its numbers aside."""
    assert node.op is not None
    specs = tuple(x.spec for x in node.inputs)
    return node.op, specs, tuple(sorted(node.attrs.items())), node.spec


def _kept(function: Any, *key: Any) -> Any:
    """What a function that keeps its answers says; anew for an attribute that cannot be a key."""
    try:
        return function(*key)
    except TypeError:
        return function.__wrapped__(*key)


@cache
def _forward(op: Op, specs: tuple[Spec, ...], attrs: tuple[Any, ...], out: Spec) -> Tree | None:
    made: Tree | None = _kept(_typeset, Applied(op, attrs, tuple(_holes(op, specs)), out.shape))
    return made


@cache
def _decided(
    position: int, op: Op, specs: tuple[Spec, ...], attrs: tuple[Any, ...], out: Spec
) -> Tree | None:
    """A rule's formula, if there is one and no numbers have a say in it."""
    term = _kept(_rule, position, op, specs, attrs, out)
    if term is None or has_choices(term):
        return None
    told: Tree | None = _kept(
        _typeset, g_first(chosen(term, {}, outermost=True), Name(Hole("g"), out.shape))
    )
    return told


@cache
def _rule(
    position: int, op: Op, specs: tuple[Spec, ...], attrs: tuple[Any, ...], out: Spec
) -> Term | None:
    inputs, g, y = [symbol(spec) for spec in specs], symbol(out), symbol(out)
    sent = ask(op, position, g, y, inputs, dict(attrs))
    if sent is None:
        return None
    known: dict[Node, Term] = dict(zip(inputs, _holes(op, specs)))
    known |= {g: Name(Hole("g"), out.shape), y: Name(Hole("out"), out.shape)}
    return term_of(sent, known)


@lru_cache(maxsize=4096)
def _typeset(term: Term) -> Tree | None:
    return readable(as_side(term))


def readable(tree: Tree) -> Tree | None:
    """The formula, unless it is too long to be read."""
    return tree if length(tree) <= LONGEST else None


def local_derivative(op: Op, x: Tree, y: Tree) -> Tree | None:
    """The local derivative of an op of one input: y(1 − y) for the sigmoid."""
    if len(op.inputs) != 1 or op.family != "elementwise" or op.defaults is None:
        return None
    spec = Spec((), np.dtype(np.float64))
    source, g, out = symbol(spec), symbol(spec), symbol(spec)
    sent = ask(op, 0, g, out, [source], op.defaults)
    if sent is None:
        return None
    term = term_of(sent, {g: ONE, source: Name(x), out: Name(y)})
    tree = None if term is None else typeset(chosen(term, {}))
    return tree if tree is not None and length(tree) <= 18 else None
