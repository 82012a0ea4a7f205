"""The graph as a program for the live page: its nodes as lowering forms, forward and backward.

Every operation is written as one of the closed set of forms (composites by their bodies), so that
the page's evaluator (`web/evaluate.ts`) knows no operation. Nothing is evaluated as text.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, fields
from math import isfinite
from typing import Any

import numpy as np

from seegrad.autodiff.backward_pass import backward
from seegrad.drawing.formula.rules import quietly
from seegrad.drawing.scene.inline_composites import Composite, InlinedGraph
from seegrad.graph.forms import Apply, Body, Call, Expression, Input, Number, Random, Scalar
from seegrad.graph.graph import walk
from seegrad.graph.node import Node
from seegrad.graph.spec import NO_ATTRS
from seegrad.i18n import tr
from seegrad.tensor.tensor import Tensor

MOST_NUMBERS = 60_000  # in leaves; a larger graph is shown, but not recomputed in the page
MOST_NODES = 4_000


def tree(expression: Expression) -> Any:
    """A scalar expression as nested lists."""
    match expression:
        case Input(name):
            return name
        case Number(value):
            return value if isfinite(value) else ["divide", 1 if value > 0 else -1, 0]
        case Apply(function, arguments):
            return [function, *map(tree, arguments)]


def plain(value: Any) -> Any:
    """An attribute as JSON can hold it; dtypes and the like are left out."""
    if isinstance(value, (bool, np.bool_)):
        return bool(value)
    if isinstance(value, (int, np.integer)):
        return int(value)
    if isinstance(value, (float, np.floating)):
        return number(value)
    if isinstance(value, (tuple, list)):
        return [plain(item) for item in value]
    return value if isinstance(value, str) else None


def number(x: Any) -> float | str:
    """A number as JSON holds it: a float32 in its own few digits, NaN and infinities as words."""
    value = float(x)
    if not isfinite(value):
        return str(value)
    return float(str(x)) if isinstance(x, np.floating) else value


def _in_simpler_ops(node: Node) -> Node | None:
    """What an op without a form does to nodes, if that is made of other ops alone."""
    op = node.op
    assert op is not None
    try:
        with quietly(), np.errstate(all="ignore"):
            result = op.forward(*node.inputs, **node.attrs)
    except Exception:
        return None
    if not isinstance(result, Node):
        return None
    stack, seen = [result], set(node.inputs)
    while stack:
        each = stack.pop()
        if each in seen:
            continue
        if each.op is op:
            return None
        seen.add(each)
        stack.extend(each.inputs)
    return result


Sender = tuple[str, int]
"""Who sends a derivative back: a part, or a composite by its group, and by which of its inputs."""


@dataclass(frozen=True)
class Spot:
    """What stands on a wire or box: the value of a part, and the derivative that `senders` send, or
    what is sent in at `output`. `steps`: who sends it inside of a composite that is opened, where
    the composite's own rule gives what stands there."""

    part: str
    senders: Sequence[Sender]
    output: str | None = None
    steps: Sequence[Sender] = ()


class Writer:
    """Writes nodes as instructions, each once, after those that it needs; composites by their
    bodies, which are known already or made."""

    def __init__(self, bodies: Mapping[Node, Node] | None = None) -> None:
        self.bodies = bodies or {}
        self.nodes: list[dict[str, Any]] = []
        self.index: dict[Node, int] = {}
        self.frozen: dict[Node, str] = {}
        """Leaves that cannot be edited, and the operation that leans on them and that the page
        cannot run."""
        self.numbers = 0

    def place(self, node: Node) -> int:
        """The number of the instruction that computes `node`."""
        stack = [node]
        while stack:
            each = stack[-1]
            waiting = [x for x in each.inputs if x not in self.index]
            if each in self.index or not waiting:
                stack.pop()
                if each not in self.index:
                    self.index[each] = self.write(each)
            else:
                stack.extend(waiting)
        return self.index[node]

    def write(self, node: Node) -> int:
        op = node.op
        if op is None:
            return self.leaf(node)
        if node in self.bodies:
            return self.place(self.bodies[node])
        form = op.lower
        if isinstance(form, (Call, Random)):
            simpler = _in_simpler_ops(node)
            if simpler is not None:
                return self.place(simpler)
            self.frozen |= {leaf: op.name for leaf in walk([node]) if leaf.op is None}
            return self.leaf(node)
        if isinstance(form, Body):
            assert op.body is not None
            with quietly(), np.errstate(all="ignore"):
                result = op.body(*node.inputs, **node.attrs)
            return self.place(result)
        instruction: dict[str, Any] = {
            "form": type(form).__name__,
            "inputs": [self.index[x] for x in node.inputs],
        }
        if isinstance(form, Scalar):
            instruction |= {"tree": tree(form.tree), "names": list(op.inputs)}
        elif "kind" in {spot.name for spot in fields(form)}:
            instruction["kind"] = form.kind  # type: ignore[union-attr]
        attrs = {key: plain(value) for key, value in node.attrs.items()}
        if attrs:
            instruction["attrs"] = attrs
        return self.add(node, instruction)

    def leaf(self, node: Node) -> int:
        data = np.asarray(node.data)
        self.numbers += data.size
        kept = data.ravel() if self.numbers <= 2 * MOST_NUMBERS else data.ravel()[:0]
        values = [number(x) if data.dtype.kind == "f" else int(x) for x in kept]
        return self.add(node, {"form": "leaf", "data": values})

    def add(self, node: Node, instruction: dict[str, Any]) -> int:
        spec = node.spec
        self.nodes.append({**instruction, "shape": list(spec.shape), "dtype": spec.dtype.name})
        return len(self.nodes) - 1


class Replay:
    """The unfolded graph once more, with its derivative as a graph.

    As in the graph that ran, a composite is one node, and its own rules give the derivatives
    around it; its body stands beside it, and is gone back through from what arrives at it.
    """

    def __init__(self, inlined: InlinedGraph, outputs: Sequence[tuple[str, Any]]) -> None:
        """`outputs`: (part, derivative)."""
        self.parts = inlined.parts
        self.nodes: dict[str, Node] = {}  # part → what its users take
        self.senders: dict[str, Node] = {}  # part, or a composite's group → whose rules are asked
        self.bodies: dict[Node, Node] = {}  # a composite → what its body computes
        with quietly(), np.errstate(all="ignore"):
            self.run(range(len(self.parts)), inlined.outermost)
            seeds = [(self.nodes[key], seed) for key, seed in outputs if seed is not None]
            ends = [node for node, _ in seeds]
            given = [Tensor(None, (), NO_ATTRS, (), seed, False) for _, seed in seeds]
            if ends:
                backward(ends, given, as_graph=True, keep=True)
            for composite in inlined.outermost:
                self.open(composite)
        self.seeds = dict(zip((key for key, seed in outputs if seed is not None), given))

    def run(self, places: range, composites: Sequence[Composite]) -> None:
        """Makes the nodes of these parts, and of each composite among them one."""
        at = places.start
        for composite in composites:
            self.add(range(at, composite.parts.start))
            node = self.applied(composite.node, composite.inputs)
            self.senders[composite.group] = self.nodes[composite.result] = node
            at = composite.parts.stop
        self.add(range(at, places.stop))

    def add(self, places: range) -> None:
        for part in self.parts[places.start : places.stop]:
            node = part.node
            made: Node = Tensor(None, (), NO_ATTRS, (), node.data, node.requires_grad)
            if node.op is not None:
                made = self.applied(node, part.inputs)
            self.senders[part.id] = self.nodes[part.id] = made

    def applied(self, node: Node, inputs: Sequence[str]) -> Node:
        assert node.op is not None
        made = node.op(*[self.nodes[x] for x in inputs], **node.attrs)
        assert isinstance(made, Node)
        return made

    def open(self, composite: Composite) -> None:
        """Makes the body of a composite, and goes back through it."""
        whole = self.senders[composite.group]
        self.run(composite.parts, composite.inside)
        result = self.bodies[whole] = self.nodes[composite.result]
        if isinstance(whole.gradient, Node):
            inputs = [*dict.fromkeys(self.nodes[x] for x in composite.inputs)]
            backward([result], [whole.gradient], inputs, as_graph=True, keep=True)
        for each in composite.inside:
            self.open(each)

    def gradient(self, senders: Iterable[Sender], output: str | None = None) -> Node | None:
        """The derivative that comes back from these: a node, or None."""
        total: Any = self.seeds.get(output) if output is not None else None
        for sender, position in senders:
            branches = self.senders[sender].branches
            g = None if branches is None else branches[position]
            if isinstance(g, Node):
                with quietly():
                    total = g if total is None else total + g
        return total if isinstance(total, Node) else None


def _too_large(numbers: int, nodes: int, language: str) -> dict[str, str]:
    what, count, most = tr("numbers", language=language), numbers, MOST_NUMBERS
    if numbers <= MOST_NUMBERS:
        what, count, most = tr("nodes", language=language), nodes, MOST_NODES
    said = tr(
        "Too large to be changed in the page: {count} {what}, and at most {most} are recomputed.",
        language=language, count=f"{count:,}", what=what, most=f"{most:,}",
    )  # fmt: skip
    return {"why": said}


def program(
    inlined: InlinedGraph,
    outputs: Sequence[tuple[str, Any]],
    wires: Mapping[str, Spot],
    boxes: Mapping[str, Spot],
    editable: Sequence[str],
    language: str = "en",
) -> dict[str, Any]:
    """The program of a picture; where a page cannot have one, the words that say why."""
    parts = inlined.parts
    size = sum(part.node.spec.size for part in parts if part.node.op is None)
    if any(part.node.data is None for part in parts):
        return {"why": tr("Nothing can be changed here: the picture has no numbers.",
                          language=language)}  # fmt: skip
    if size > MOST_NUMBERS or len(parts) > MOST_NODES:
        return _too_large(size, len(parts), language)
    replay = Replay(inlined, outputs)
    writer = Writer(replay.bodies)

    def spot(place: Spot) -> list[int | None]:
        found = [replay.nodes[place.part], replay.gradient(place.senders, place.output)]
        if place.steps:
            found.append(replay.gradient(place.steps))
        return [None if node is None else writer.place(node) for node in found]

    written = {
        "wires": {key: spot(place) for key, place in wires.items()},
        "boxes": {key: spot(place) for key, place in boxes.items()},
    }
    if writer.numbers > 2 * MOST_NUMBERS or len(writer.nodes) > 4 * MOST_NODES:
        return _too_large(max(size, writer.numbers // 2), len(writer.nodes) // 4, language)
    inputs = {
        key: writer.index[replay.nodes[key]]
        for key in editable
        if replay.nodes[key] not in writer.frozen and replay.nodes[key] in writer.index
    }
    fixed = {
        key: writer.frozen[replay.nodes[key]]
        for key in editable
        if replay.nodes[key] in writer.frozen
    }
    return {"nodes": writer.nodes, **written, "inputs": inputs, "fixed": fixed}
