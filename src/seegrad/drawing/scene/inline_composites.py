"""A graph with every composite opened into its body, run on the numbers that really passed.

So a fold is checked while it is drawn: both forms are put side by side, there and back. What the
parts look like is `build.py`'s affair.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from seegrad.autodiff.backward_pass import backward
from seegrad.drawing.formula.rules import local_text, quietly
from seegrad.drawing.scene.closed_rules import closed_rules
from seegrad.drawing.scene.scene import Group
from seegrad.drawing.values.user_text import clean
from seegrad.graph.graph import Graph, walk
from seegrad.graph.node import Frame, Node
from seegrad.graph.spec import NO_ATTRS
from seegrad.tensor.tensor import Tensor

MOST_INLINED = 400  # composites that are opened inside, at most
TOLERANCE = 1e-6  # relative; the two roads of a fold may differ by rounding


@dataclass
class Part:
    """One node of the inlined graph, with the group that it stands in."""

    id: str
    node: Node
    inputs: tuple[str, ...]
    group: str


@dataclass
class Composite:
    """A composite that is opened: its node, whose own rules give the derivatives around it.

    `inputs` are the parts that go into it, `parts` the places of those that its body made, of which
    `result` comes out; `inside` are the composites among them.
    """

    group: str
    node: Node
    inputs: tuple[str, ...]
    parts: range = range(0)
    result: str = ""
    inside: list[Composite] = field(default_factory=list)


@dataclass
class InlinedGraph:
    """The graph with every composite opened: parts in order, groups, and who is who."""

    parts: list[Part] = field(default_factory=list)
    groups: dict[str, Group] = field(default_factory=dict)
    stands: dict[Node, str] = field(default_factory=dict)  # a node of the graph → its part
    outputs: list[str] = field(default_factory=list)
    frames: dict[Frame, str] = field(default_factory=dict)
    composites: dict[str, Composite] = field(default_factory=dict)  # by their groups, outer first
    outermost: list[Composite] = field(default_factory=list)

    def group(self, name: str, parent: str, **facts: Any) -> str:
        key = f"g{len(self.groups)}"
        self.groups[key] = Group(key, clean(name), parent, **facts)
        return key

    def group_of(self, frame: Frame | None, outer: str, base: Frame | None = None) -> str:
        """The group of a frame, made with those around it when it is first met."""
        chain: list[Frame] = []
        while frame is not None and frame is not base and frame not in self.frames:
            chain.append(frame)
            frame = frame.parent
        at = outer if frame is None or frame is base else self.frames[frame]
        for each in reversed(chain):
            op = each.op
            if op is None:
                at = self.group(each.name, at)
            else:
                word = op.sign if len(op.sign) > 4 else op.name
                sign = "" if word == op.sign else op.sign
                at = self.group(word, at, sign=sign, kind="composite")
            self.frames[each] = at
        return at


def inline(graph: Graph, composites: bool = True) -> InlinedGraph:
    """Every node of the graph, composites opened into their bodies."""
    found = InlinedGraph()
    _add(found, graph.nodes, {}, "", None, found.outermost if composites else None)
    found.outputs = [found.stands[node] for node in graph.outputs]
    return found


def _add(
    found: InlinedGraph,
    nodes: Iterable[Node],
    known: dict[Node, str],
    outer: str,
    base: Frame | None,
    among: list[Composite] | None,
) -> None:
    """Adds nodes, and to `among` the composites of them that are opened; None: none is."""
    for node in nodes:
        if node in known:
            found.stands[node] = known[node]
            continue
        group = found.group_of(node.frame, outer, base)
        inputs = tuple(found.stands[x] for x in node.inputs)
        op = node.op
        room = len(found.composites) < MOST_INLINED
        if op is not None and op.body is not None and node.data is not None and room:
            body = None if among is None else _run_body(node)
            if among is not None and body is not None:
                leaves, result = body
                result.name = node.name
                word = op.sign if len(op.sign) > 4 else op.name
                rules, where = closed_rules(node)
                inside = found.group(
                    word,
                    group,
                    sign="" if word == op.sign else op.sign,
                    rule=local_text(op),
                    rules=tuple((source, *rule) for source, rule in zip(inputs, rules)),
                    where=where,
                    kind="composite",
                    note=_agree(node, leaves, result),
                )
                composite = found.composites[inside] = Composite(inside, node, inputs)
                among.append(composite)
                first, known_inside = len(found.parts), dict(zip(leaves, inputs))
                _add(found, walk([result]), known_inside, inside, result.frame, composite.inside)
                composite.parts = range(first, len(found.parts))
                composite.result = found.stands[node] = found.stands[result]
                continue
        key = f"n{len(found.parts)}"
        found.stands[node] = key
        found.parts.append(Part(key, node, inputs, group))


def _run_body(node: Node) -> tuple[list[Node], Node] | None:
    """The body of a composite, run on the values that passed, and back from its derivative."""
    op = node.op
    assert op is not None
    assert op.body is not None
    leaves: list[Node] = [
        Tensor(None, (), NO_ATTRS, (), value, x.requires_grad)
        for x, value in zip(node.inputs, node.values)
    ]
    if not leaves or any(leaf.data is None for leaf in leaves):
        return None
    with quietly(), np.errstate(all="ignore"):
        result = op.body(*leaves, **node.attrs)
        if not isinstance(result, Node) or result.op is None:
            return None
        if node.gradient is not None and not isinstance(node.gradient, Node):
            backward([result], [node.gradient], keep=True)
    return leaves, result


def _agree(node: Node, leaves: Sequence[Node], result: Node) -> str:
    """The fold's check: do the composite and its body give the same numbers, both ways? "NaN":
    the body meets 0·∞, which is no number, and there is nothing to compare."""
    pairs = [(node.data, result.data)]
    sums: dict[Node, Any] = {}
    with np.errstate(all="ignore"):
        for each in walk([result]):
            for x, g in zip(each.inputs, each.branches or ()):
                if g is not None:
                    sums[x] = sums[x] + g if x in sums else g
        for leaf, branch in zip(leaves, node.branches or ()):
            if branch is not None and leaf in sums:
                pairs.append((branch, sums[leaf]))
        if any((np.isnan(b) & ~np.isnan(a)).any() for a, b in pairs):
            return "NaN"
        loose = 1e-3 if np.dtype(node.dtype).itemsize < 8 else TOLERANCE
        same = all(np.allclose(a, b, rtol=loose, atol=loose, equal_nan=True) for a, b in pairs)
    return "=" if same else "≠"
