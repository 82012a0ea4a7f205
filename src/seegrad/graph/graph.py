"""A graph: the nodes that some outputs lean on, their edges, and ways to walk and rebuild them.

Nothing here computes a value or a derivative. Every pass of the compiler is Graph → Graph.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import zip_longest
from keyword import kwlist
from typing import Any

import numpy as np

from seegrad.display_hooks import can_present, present
from seegrad.graph.bind import bind
from seegrad.graph.node import Node
from seegrad.text import LONGEST_NAME, Writer, tidy


def walk(outputs: Iterable[Node]) -> Iterator[Node]:
    """Every node the outputs lean on, each once, inputs before users; no recursion."""
    seen: set[int] = set()
    stack: list[tuple[Node, bool]] = [(node, False) for node in reversed(tuple(outputs))]
    while stack:
        node, ready = stack.pop()
        if ready:
            yield node
        elif id(node) not in seen:
            seen.add(id(node))
            if node.inputs:
                stack.append((node, True))
                stack.extend((x, False) for x in reversed(node.inputs) if id(x) not in seen)
            else:
                yield node


@dataclass(frozen=True, eq=False, slots=True)
class Edge:
    """One wire of the graph: from `source` to input `position` of `target` (None: an output).

    >>> import seegrad as sg
    >>> x = sg.tensor(2.0, name="x")
    >>> (x * x).graph.edges[0].position
    0
    """

    source: Node
    target: Node | None
    position: int

    @property
    def value(self) -> Any:
        """What travelled from left to right: the value the target was computed from."""
        if self.target is None or not self.target.values:
            return self.source.data
        return self.target.values[self.position]

    @property
    def grad(self) -> Any:
        """What travelled from right to left along this edge alone, before sums at a fork."""
        if self.target is None:
            return self.source.gradient
        branches = self.target.branches
        return None if branches is None else branches[self.position]

    def __repr__(self) -> str:
        return f"<edge {self.source!r} → {self.target!r}[{self.position}]>"


class Graph:
    """The computational graph of some outputs.

    Args:
        outputs: the nodes on the right.
        inputs: leaves to list first, in this order; the others follow as the walk meets them.

    >>> import seegrad as sg
    >>> x = sg.tensor(2.0, name="x")
    >>> graph = (x * x).graph
    >>> graph.find("x").name
    'x'
    >>> print(graph.text())
    def graph(x):
        # x: float64[]
        multiply_1 = multiply(x, x)  # float64[]
        return multiply_1
    """

    def __init__(self, outputs: Sequence[Node], inputs: Sequence[Node] = ()) -> None:
        self.outputs = tuple(outputs)
        self.listed = tuple(inputs)

    @cached_property
    def nodes(self) -> tuple[Node, ...]:
        """Every node, inputs before users."""
        return tuple(walk((*self.listed, *self.outputs)))

    @cached_property
    def inputs(self) -> tuple[Node, ...]:
        """The leaves: what was put in, and constants."""
        return tuple(node for node in self.nodes if node.op is None)

    @cached_property
    def operations(self) -> tuple[Node, ...]:
        """The nodes that an operation made."""
        return tuple(node for node in self.nodes if node.op is not None)

    @cached_property
    def edges(self) -> tuple[Edge, ...]:
        """Every wire, in order of its target, the outputs' own wires last."""
        inner = [Edge(x, n, i) for n in self.nodes for i, x in enumerate(n.inputs)]
        return (*inner, *(Edge(node, None, i) for i, node in enumerate(self.outputs)))

    @cached_property
    def users(self) -> Mapping[Node, tuple[tuple[Node, int], ...]]:
        """For each node, who uses it and in which position."""
        found: dict[Node, list[tuple[Node, int]]] = {node: [] for node in self.nodes}
        for node in self.nodes:
            for i, x in enumerate(node.inputs):
                found[x].append((node, i))
        return {node: tuple(users) for node, users in found.items()}

    def save(self, path: Any, **options: Any) -> Any:
        """Save the picture: .svg .html .png .dot .mmd .txt .tex, by the path's suffix.

        See `seegrad.draw`.

        Args:
            options: as for `seegrad.draw`.
        """
        return present("save", self, path, **options)

    def show(self, **options: Any) -> None:
        """Show the picture in the browser, or in the notebook.

        See `seegrad.show`.

        Args:
            options: as for `seegrad.show`.
        """
        present("show", self, **options)

    def _repr_mimebundle_(self, **options: Any) -> Any:
        if not can_present("mimebundle"):
            return {"text/plain": repr(self)}
        return present("mimebundle", self, **options)

    def __len__(self) -> int:
        return len(self.nodes)

    def __iter__(self) -> Iterator[Node]:
        return iter(self.nodes)

    def find(self, name: str) -> Node:
        """The node with this name; KeyError lists the names there are."""
        for node in self.nodes:
            if node.name == name:
                return node
        named = ", ".join(node.name for node in self.nodes if node.name) or "none"
        raise KeyError(f"no node is called {name!r}; names in this graph: {named}")

    @cached_property
    def labels(self) -> Mapping[Node, str]:
        """A short, unique name for every node: its own, or its op's with a number."""
        taken: set[str] = set()
        spoken = {node.op.name for node in self.nodes if node.op} | {*kwlist, "graph"}
        counts: dict[str, int] = {}
        found: dict[Node, str] = {}
        for node in self.nodes:
            base = node.name or (node.op.name if node.op else "leaf")
            base = "".join(c if f"_{c}".isidentifier() else "_" for c in base[:LONGEST_NAME])
            base = base.strip("_") or "value"
            base = base if base.isidentifier() else f"_{base}"
            label = base if node.name and base not in spoken else ""
            while not label or label in taken:
                counts[base] = counts.get(base, 0) + 1
                label = f"{base}_{counts[base]}"
            taken.add(label)
            found[node] = label
        return found

    def text(self) -> str:
        """The graph as Python: a function of its leaves, one line a node."""
        labels, writer = self.labels, Writer()
        with writer.block(f"def graph({', '.join(labels[x] for x in self.inputs)}):"):
            for x in self.inputs:
                writer.line(f"# {labels[x]}: {x.spec}")
            for node in self.operations:
                assert node.op is not None
                words = [labels[x] for x in node.inputs]
                words += [f"{name}={value!r}" for name, value in node.attrs.items()]
                note = f"  # {node.spec}" + (f" · {tidy(str(node.frame))}" if node.frame else "")
                writer.line(f"{labels[node]} = {node.op.name}({', '.join(words)}){note}")
            writer.line(f"return {', '.join(labels[node] for node in self.outputs)}")
        return str(writer)

    def __repr__(self) -> str:
        return f"<graph of {len(self.operations)} operations on {len(self.inputs)} inputs>"


def substitute(
    outputs: Sequence[Node],
    known: Mapping[Node, Any],
    rebuild: Callable[[Node, tuple[Any, ...]], Any] | None = None,
) -> list[Any]:
    """The outputs again, with the nodes in `known` replaced by other values.

    A node none of whose inputs changed is kept as it is; the others are made anew by `rebuild`,
    or by applying their op to the new inputs.
    """
    done: dict[Node, Any] = dict(known)
    for node in walk(outputs):
        if node in done:
            continue
        if node.op is None:
            done[node] = node
            continue
        inputs = tuple(done[x] for x in node.inputs)
        if all(a is b for a, b in zip(inputs, node.inputs)):
            done[node] = node
        elif rebuild is not None:
            done[node] = rebuild(node, inputs)
        else:
            done[node] = bind(node.op, inputs, node.attrs)
    return [done[node] for node in outputs]


def same_graph(a: Graph, b: Graph) -> bool:
    """Do two graphs compute the same of their inputs, place by place, constants included?

    >>> import seegrad as sg
    >>> x = sg.tensor(1.0)
    >>> doubled, tripled = Graph([x * 2.0], [x]), Graph([x * 3.0], [x])
    >>> same_graph(doubled, Graph([x * 2.0], [x])), same_graph(doubled, tripled)
    (True, False)
    """
    if [x.spec for x in a.listed] != [x.spec for x in b.listed]:
        return False
    twins: dict[Node, Node] = dict(zip(a.listed, b.listed))
    for x, y in zip_longest(walk(a.outputs), walk(b.outputs)):
        if x is None or y is None:
            return False
        if x not in twins:
            if not _alike(x, y) or not _same([twins[i] for i in x.inputs], y.inputs):
                return False
            twins[x] = y
        if twins[x] is not y:
            return False
    return _same([twins[x] for x in a.outputs], b.outputs)


def _same(some: Sequence[Node], others: Sequence[Node]) -> bool:
    return [*map(id, some)] == [*map(id, others)]


def _alike(x: Node, y: Node) -> bool:
    """The same operation and attributes, or the same constant to the bit."""
    if x.op is not y.op or x.spec != y.spec or x.requires_grad != y.requires_grad:
        return False
    if x.op is None:
        return (x.data is not None and y.data is not None
                and np.asarray(x.data).tobytes() == np.asarray(y.data).tobytes())  # fmt: skip
    return x.attrs.keys() == y.attrs.keys() and all(
        _equal(value, y.attrs[key]) for key, value in x.attrs.items()
    )


def _equal(a: Any, b: Any) -> bool:
    """The same attribute: equal to the bit, or of those that say so themselves, such as loops."""
    if hasattr(a, "same_as"):
        return bool(a.same_as(b))
    try:
        return bool(a == b) and repr(a) == repr(b)
    except ValueError:                               # arrays, which nobody compares here
        return False
