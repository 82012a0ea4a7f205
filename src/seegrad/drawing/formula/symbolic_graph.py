"""A graph in the terms of a reader: names for its values, N for its number of samples, what each
value is made of, and what an op's own rule says on such names.

What a derivation says of it is `by_path.py` and `by_node.py`.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from seegrad.drawing.formula.rules import ask, quietly, symbol
from seegrad.drawing.formula.samples import Rows, at_other_rows, merged, shape_tree
from seegrad.drawing.formula.terms import (
    SAMPLES,
    Applied,
    Name,
    Term,
    Value,
    apply,
    chosen,
    constant,
    mentions,
    parts_of,
    rebuilt,
    replaced,
    size,
    term_of,
)
from seegrad.drawing.formula.tree import Digits, Letter, Script, Tree, named, partial
from seegrad.drawing.formula.tree import Fence as Bracketed
from seegrad.drawing.formula.typeset import shape_line, typeset, with_samples
from seegrad.drawing.values.names import (
    free_letter,
    is_alias,
    is_condition,
    is_number,
    letters,
    written,
)
from seegrad.graph.graph import walk
from seegrad.graph.node import Node
from seegrad.graph.spec import NO_ATTRS, Spec
from seegrad.tensor.tensor import Tensor

SHORT = 12
"""A formula with more names and numbers than this is not put into another one."""


@dataclass
class Sent:
    """What a rule sends to an input: a term, and the shapes that it is made of."""

    term: Term
    shapes: Tree | None = None


@dataclass
class SymbolicGraph:
    """A graph in the terms of a reader: a term for every node, and what each was made of.

    `known` has the value of every name that has one, of derivatives too as they are worked out:
    with it every equation can be evaluated.
    """

    z: Node
    nodes: tuple[Node, ...]
    rows: tuple[Rows, ...]
    terms: dict[Node, Term] = field(default_factory=dict)
    made: dict[Node, Term] = field(default_factory=dict)
    shown: dict[Node, Term] = field(default_factory=dict)  # the same, as it was written
    shapes: dict[Node, Tree | None] = field(default_factory=dict)  # of what it is made of
    aliases: set[Node] = field(default_factory=set)
    spoken: set[Node] = field(default_factory=set)  # conditions, which have no name
    known: dict[Name, Any] = field(default_factory=dict)
    owner: dict[Tree, Node] = field(default_factory=dict)  # whose name or derivative it is
    words: Mapping[Node, str] = field(default_factory=dict)
    values: Mapping[Node, Node] = field(default_factory=dict)  # who has the values, if others
    taken: set[str] = field(default_factory=set)  # as they are written: no name is given twice
    labels: Mapping[Node, Tree] = field(default_factory=dict)  # in the place of names
    states: dict[Node, list[Any]] = field(default_factory=dict)  # of leaves, one after another
    kept: Collection[Node] = ()  # who has a name in any case
    top: Tree = field(default=Letter("L"))

    @classmethod
    def of(
        cls, z: Node, targets: Collection[Node] = (), avoided: Collection[str] = ()
    ) -> SymbolicGraph:
        """The graph of everything that z was computed from; `targets` have names of their own.

        Nothing is called by what is `avoided`, as the formulas mean something else by it.
        """
        nodes = tuple(walk([z]))
        words, rows = letters(nodes, z, avoided=avoided), at_other_rows(nodes)
        made = cls(z, nodes, rows, words=words, kept={z, *targets}, taken={*avoided})
        return made.told()

    @classmethod
    def inside(cls, outer: SymbolicGraph, node: Node) -> SymbolicGraph | None:
        """The body of a composite that works element by element, told on a single number.

        Input and outcome have the names that they have in the graph around; the values are those
        of all elements.
        """
        body, around = node.op.body if node.op is not None else None, node.inputs[0]
        source, outcome = outer.words.get(outer.origin(around)), outer.words.get(node)
        if body is None or source is None or outcome is None:
            return None
        ends = []
        for data, spec in ((around.data, around.spec), (None, Spec((), around.dtype))):
            x = Tensor(None, (), NO_ATTRS, (), data, True, spec)
            with quietly(), np.errstate(all="ignore"):
                ends.append((x, body(x, **node.attrs)))
        (_, values), (x, z) = ends
        if not isinstance(z, Node) or z.op is None:
            return None
        x.name, z.name = source, outcome
        nodes = tuple(walk([z]))
        words = letters(nodes, z, outer.taken)
        pairs = dict(zip(nodes, walk([values]))) if around.data is not None else {}
        rows = at_other_rows(nodes)
        taken = outer.taken
        return cls(z, nodes, rows, words=words, values=pairs, kept={x, z}, taken=taken).told()

    @classmethod
    def of_body(cls, outer: SymbolicGraph, node: Node) -> tuple[SymbolicGraph, list[Node]] | None:
        """The body of a composite, run on the arrays that passed, and what it was run on.

        Inputs and outcome have the names that they have in the graph around.
        """
        op, words = node.op, [outer.words.get(outer.origin(x)) for x in node.inputs]
        if op is None or op.body is None or node.data is None or None in words:
            return None
        leaves: list[Node] = [
            Tensor(None, (), NO_ATTRS, (), value, x.requires_grad, None)
            for x, value in zip(node.inputs, node.values)
        ]
        with quietly(), np.errstate(all="ignore"):
            z = op.body(*leaves, **node.attrs)
        if not isinstance(z, Node) or z.op is None or node not in outer.words:
            return None
        for leaf, word in zip((*leaves, z), (*words, outer.words[node])):
            leaf.name = word or ""
        nodes = tuple(walk([z]))
        found = letters(nodes, z, outer.taken)
        rows = (Rows(1, {each: each.spec for each in nodes}),)
        inner = cls(z, nodes, rows, words=found, kept={z, *leaves}, taken=outer.taken)
        return inner.told(outer.top), leaves

    def told(self, top: Tree | None = None) -> SymbolicGraph:
        """All its nodes named; `top` is what is differentiated, if it is not the last of them."""
        graph, z, words, nodes = self, self.z, self.words, self.nodes
        graph.terms = graph.rows[0].terms
        if len(graph.rows) > 1:
            graph.known[SAMPLES] = float(graph.rows[0].number)
        told = [word for node, word in words.items() if node not in graph.labels]
        graph.taken |= {"N", *map(written, told)}
        for node in nodes:
            graph.add(node, words.get(node))
        if top is None:
            top = named(free_letter("LℓJE", graph.taken)) if z.shape else typeset(graph.terms[z])
        graph.top = top
        return graph

    def origin(self, node: Node) -> Node:
        """The node of which this is another form."""
        while node in self.aliases:
            node = node.inputs[0]
        return node

    def with_values(self, node: Node) -> Node:
        """The node that has the values that this one stands for."""
        return self.values.get(node, node)

    def add(self, node: Node, word: str | None) -> None:
        """Name a node, and say what it was made of."""
        for at in self.rows:
            label = self.labels.get(node) or named(word or "")
            at.terms[node] = Name(label, at.specs[node].shape) if word else constant(node)
        name = self.terms[node]
        if isinstance(name, Name):
            self.owner[name.label] = node
        data = self.with_values(node).data
        if isinstance(name, Name) and data is not None:
            self.known[name] = np.asarray(data)
        if node.op is None:
            return
        states = {
            x: self.state(x, used)
            for x, used in zip(node.inputs, node.values if data is not None else ())
            if x.op is None and x not in self.values
        }
        calls = [
            Applied(node.op, tuple(node.attrs.items()),
                    tuple(states.get(x) or at.terms[x] for x in node.inputs), at.specs[node].shape)
            for at in self.rows
        ]  # fmt: skip
        first = calls[0]
        made = apply(node.op, node.attrs, first.arguments, node.shape)
        self.made[node] = made
        self.shown[node] = with_samples(first, self.samples(first.arguments))
        self.shapes[node] = shape_line(calls, *self.outcomes(node))
        if word is None and is_condition(node):
            for at, term in zip(self.rows, calls):
                at.terms[node] = term
            self.spoken.add(node)
        spoken = is_alias(node) and self.origin(node.inputs[0]) in self.spoken
        same = (isinstance(made, Name) and made.shape == node.shape) or spoken
        if same and not node.name and not (word and node in self.kept):  # another form of its input
            for at in self.rows:
                at.terms[node] = at.terms[node.inputs[0]]
            self.aliases.add(node)

    def state(self, leaf: Node, used: Any) -> Name | None:
        """The name of a leaf that has moved on between two uses: key, then key⁽²⁾; None where it
        has the same value all along."""
        name = self.terms[leaf]
        if not isinstance(name, Name):
            return None
        seen = self.states.setdefault(leaf, [])
        same = (i for i, each in enumerate(seen) if each is used or np.array_equal(each, used))
        at = next(same, len(seen))
        if at == len(seen):
            seen.append(used)
        moved = Name(_marked(name.label, at + 1), name.shape) if at else name
        self.known[moved] = np.asarray(used)
        return moved if at else None

    def samples(self, arguments: Sequence[Term]) -> Tree:
        """How many samples a loss is the mean over."""
        shape = arguments[0].shape if isinstance(arguments[0], Name) else ()
        count = int(np.prod(shape[:-1], dtype=int))
        known = self.known.get(SAMPLES) if len(self.rows) > 1 else None  # else a user's own N
        return SAMPLES.label if known == count else Digits(str(count))

    def outcomes(self, node: Node) -> tuple[list[Any], list[int]]:
        """A node's shape at each number of rows, and these numbers."""
        return [at.specs[node].shape for at in self.rows], [at.number for at in self.rows]

    def shape(self, node: Node) -> Tree:
        """A node's shape, with N in it."""
        return shape_tree(*self.outcomes(node))

    def arrow(self, node: Node) -> Name:
        """The derivative of the whole by a node, as a name."""
        return self._owned(partial(self.top, typeset(self.terms[node])), node)

    def branch(self, node: Node, count: int) -> Name:
        """The derivative of the whole by one of the branches that leave a node."""
        return self._owned(partial(self.top, self.branched(node, count)), node)

    def _owned(self, label: Tree, node: Node) -> Name:
        self.owner[label] = node
        return Name(label, node.shape)

    def branched(self, node: Node, count: int) -> Tree:
        """x⁽²⁾: a value on its way into the second of those that use it."""
        return _marked(typeset(self.terms[node]), count)

    def arriving(self, node: Node, position: int, g: Term) -> Sent | None:
        """What the op's own rule sends to an input when g arrives; None if it says nothing."""
        op, source = node.op, node.inputs[position]
        assert op is not None
        found: list[Term] = []
        for at in self.rows if self._fits(g) else self.rows[:1]:
            ins = [x if is_number(x) else symbol(at.specs[x]) for x in node.inputs]
            upstream, out = symbol(at.specs[node]), symbol(at.specs[node])
            known: dict[Node, Term] = {s: at.terms[x] for s, x in zip(ins, node.inputs)}
            known |= {upstream: self._at(g, at), out: at.terms[node]}
            sent = ask(op, position, upstream, out, ins, node.attrs)
            term = None if sent is None else term_of(sent, known)
            if term is None:
                return None  # a rule that asks for numbers has no formula
            found.append(term)
        here = self.rows[: len(found)]
        numbers = [at.number for at in here]
        shapes = shape_line(found, [at.specs[source].shape for at in here], numbers)
        return Sent(chosen(merged(found, numbers), self.known, outermost=True), shapes)

    def _fits(self, g: Term) -> bool:
        """Can the term be had at other numbers of rows?"""
        if isinstance(g, Name):
            return g.label in self.owner
        return not isinstance(g, (Applied, Value)) and all(map(self._fits, parts_of(g)))

    def _at(self, g: Term, at: Rows) -> Term:
        """The term with the shapes that it has at a number of rows."""
        if isinstance(g, Name):
            owner = self.owner.get(g.label)
            return g if owner is None else Name(g.label, at.specs[owner].shape)
        return replaced(g, lambda part: self._at(part, at))

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

    def users(self, x: Node) -> list[Node]:
        """The nodes that take x and send a derivative back to it."""
        return [
            node
            for node in self.nodes
            if node.op is not None
            and any(s is x and node.op.rule_at(i) is not None for i, s in enumerate(node.inputs))
        ]

    def has_other_ways(self, a: Node, b: Node) -> bool:
        """Is a made of b by another way too than by the edge between them?"""
        inside = set(walk([a]))
        return any(user is not a and user in inside for user in self.users(b))

    def branches(self, x: Node) -> list[Name]:
        """x⁽¹⁾, x⁽²⁾, …: a value on its way into each of those that use it."""
        count = len(self.users(x))
        names = [Name(self.branched(x, i), x.shape) for i in range(1, count + 1)]
        name = self.terms[x]
        if isinstance(name, Name) and name in self.known:
            self.known |= dict.fromkeys(names, self.known[name])
        return names

    def spelled(self, term: Term, keep: Node | None = None) -> Term:
        """The term with intermediate values replaced by what they are, as long as it is short."""
        for node in reversed(self.nodes):
            name = self.terms[node]
            if node.op is None or node is keep or node in self.aliases:
                continue
            if isinstance(name, Name) and mentions(term, {name}):
                longer = rebuilt(term, {name: self.made[node]})
                if size(longer) > SHORT or node.shape:
                    return term
                term = longer
        return term

    def numbers(self) -> dict[Name, Any]:
        """The names of single numbers, with their values."""
        return {name: value for name, value in self.known.items() if name.shape == ()}


def _marked(tree: Tree, count: int) -> Tree:
    """x⁽²⁾."""
    mark = Bracketed(Digits(str(count)))
    if isinstance(tree, Script) and tree.above is None:
        return Script(tree.base, tree.below, mark)
    return Script(tree, above=mark)
