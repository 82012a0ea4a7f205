"""A graph in the terms of a reader: names for its values, N for its number of samples, what each
value is made of, and what an op's own rule says on such names.

What a derivation says of it is `by_path.py` and `by_node.py`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from seegrad.autodiff.chain_rule import unbroadcast
from seegrad.drawing.formula.latex import named
from seegrad.drawing.formula.printer import number_piece, write
from seegrad.drawing.formula.rules import symbol
from seegrad.drawing.formula.terms import (
    MANY,
    Applied,
    Name,
    Term,
    apply,
    constant,
    mentions,
    rebuilt,
    size,
    term_of,
)
from seegrad.drawing.values.names import is_number, letters
from seegrad.graph.forms import Product
from seegrad.graph.graph import walk
from seegrad.graph.mode import in_mode
from seegrad.graph.node import Node
from seegrad.graph.spec import Shape, Spec
from seegrad.text import Piece

SHORT = 12
"""A formula with more names and numbers than this is not put into another one."""


# --------------------------------------------------------------- the number of samples


_SHAPELESS = (bool, int, float, type(None), np.dtype)


def batched(nodes: Sequence[Node]) -> dict[Node, Spec]:
    """The specs with N rows instead of the number that happened to come, if that can be graph.

    The first axis of the first matrix that is put in is tried, alone and with other leaves of as
    many rows; the ops' own spec rules say whether it fits.
    """
    plain = {node: node.spec for node in nodes}
    for node in nodes:
        if any(not isinstance(value, _SHAPELESS) and key != "axis"
               for key, value in node.attrs.items()):  # fmt: skip
            return plain
    leaves = [node for node in nodes if node.op is None]
    first = next((x for x in leaves if x.spec.ndim >= 2 and x.shape[0] > 1), None)
    if first is None or len(nodes) > 400:
        return plain
    others = [x for x in leaves if x is not first and x.shape[:1] == first.shape[:1]]
    choices = [[first], *([first, x] for x in others), [first, *others]]
    for chosen in choices:
        if found := _with_many(nodes, set(chosen)):
            return found
    return plain


def _with_many(nodes: Sequence[Node], chosen: set[Node]) -> dict[Node, Spec] | None:
    specs: dict[Node, Spec] = {}
    try:
        for node in nodes:
            if node in chosen:
                specs[node] = Spec((MANY, *node.shape[1:]), node.dtype)
            elif node.op is None:
                specs[node] = node.spec
            else:
                specs[node] = node.op.spec(*[specs[x] for x in node.inputs], **node.attrs)
                if not _as_it_was(specs[node].shape, node.shape) or _summed_away(node, specs):
                    return None
    except Exception:
        return None
    return specs


def _as_it_was(shape: Shape, real: Shape) -> bool:
    """Is this the real shape, but for axes of N samples?"""
    return len(shape) == len(real) and all(n in (MANY, m) for n, m in zip(shape, real))


def _summed_away(node: Node, specs: Mapping[Node, Spec]) -> bool:
    """Does a product run over the N rows? Then they are no samples."""
    assert node.op is not None
    came = any(MANY in specs[x].shape for x in node.inputs)
    return came and isinstance(node.op.lower, Product) and MANY not in specs[node].shape


# --------------------------------------------------------------- a graph that can be told


@dataclass
class SymbolicGraph:
    """A graph in the terms of a reader: a term for every node, and what each was made of."""

    z: Node
    nodes: tuple[Node, ...]
    specs: Mapping[Node, Spec]
    terms: dict[Node, Term] = field(default_factory=dict)
    made: dict[Node, Term] = field(default_factory=dict)
    shown: dict[Node, Term] = field(default_factory=dict)  # the same, as it was written
    aliases: set[Node] = field(default_factory=set)
    written: dict[Name, Piece] = field(default_factory=dict)
    top: str = ""

    @classmethod
    def of(cls, z: Node, names: Mapping[Node, str] | None = None) -> SymbolicGraph:
        nodes = tuple(walk([z]))
        words = names or letters(nodes, z)
        graph = cls(z, nodes, batched(nodes))
        for node in nodes:
            if node in words:
                graph.terms[node] = Name(named(words[node]), graph.specs[node].shape)
            else:
                graph.terms[node] = constant(node)
            if node.op is not None:
                arguments = tuple(graph.terms[x] for x in node.inputs)
                shape = graph.specs[node].shape
                graph.made[node] = apply(node.op, node.attrs, arguments, shape)
                graph.shown[node] = Applied(node.op, tuple(node.attrs.items()), arguments, shape)
                made = graph.made[node]
                same = isinstance(made, Name) and made.shape == shape
                if same and node is not z and not node.name:  # another form of its input
                    graph.terms[node] = made
                    graph.aliases.add(node)
        graph.top = "L" if z.shape and "L" not in words.values() else write(graph.terms[z])
        if z.shape and graph.top != "L":
            graph.top = r"\ell"
        return graph

    def arrow(self, node: Node) -> Name:
        """The derivative of the whole by a node, as a name."""
        lower = write(self.terms[node])
        return Name(rf"\frac{{\partial {self.top}}}{{\partial {lower}}}", self.specs[node].shape)

    def partial(self, above: Node, below: Node) -> str:
        """∂a/∂b."""
        upper, lower = write(self.terms[above]), write(self.terms[below])
        return rf"\frac{{\partial {upper}}}{{\partial {lower}}}"

    def arriving(self, node: Node, position: int, g: Term) -> Term | None:
        """What the op's own rule sends to an input when g arrives; None if it says nothing."""
        op = node.op
        assert op is not None
        rule = op.rule_at(position)
        assert rule is not None
        ins = [x if is_number(x) else symbol(self.specs[x]) for x in node.inputs]
        upstream, out = symbol(self.specs[node]), symbol(self.specs[node])
        known: dict[Node, Term] = {s: self.terms[x] for s, x in zip(ins, node.inputs)}
        known |= {upstream: g, out: self.terms[node]}
        try:
            with in_mode(recording=True, frame=None, tracer=None):
                sent = rule(upstream, out, ins, node.attrs, position)
                target = symbol(self.specs[node.inputs[position]])
                sent = unbroadcast(sent, target)
            return term_of(sent, known) if isinstance(sent, Node) else None
        except Exception:
            return None  # a rule that asks for numbers has no formula

    def between(self, x: Node) -> tuple[Node, ...]:
        """The nodes from x to z, through which a derivative flows."""
        reached = {x}
        for node in self.nodes:
            if node.op is None or node in reached:
                continue
            for i, source in enumerate(node.inputs):
                if source in reached and node.op.rule_at(i) is not None:
                    reached.add(node)
        needed = {self.z}
        for node in reversed(self.nodes):
            if node in needed:
                needed.update(node.inputs)
        return tuple(node for node in self.nodes if node in reached and node in needed)

    def spelled(self, term: Term, keep: Node | None = None) -> Term:
        """The term with intermediate values replaced by what they are, as long as it is short."""
        for node in reversed(self.nodes):
            name = self.terms[node]
            if node.op is None or node is keep or node in self.aliases:
                continue
            if isinstance(name, Name) and mentions(term, {name}):
                longer = rebuilt(term, {name: self.made[node]})
                if size(longer) > SHORT or self.is_tall(node):
                    return term
                term = longer
        return term

    def is_tall(self, node: Node) -> bool:
        """Is this an array whose making is better left where it stands?"""
        return bool(node.shape)

    def numbers(self) -> dict[Name, Piece]:
        """Every name with its number, where it has one."""
        if not self.written:
            for node, name in self.terms.items():
                if isinstance(name, Name) and node.data is not None and node.shape == ():
                    self.written[name] = number_piece(float(np.asarray(node.data)))
        return self.written

    def values(self) -> dict[Name, Any]:
        """Every name with its value, where it has one."""
        return {
            name: np.asarray(node.data)
            for node, name in self.terms.items()
            if isinstance(name, Name) and node.data is not None
        }
