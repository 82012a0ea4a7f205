"""From graph to scene: what a computational graph looks like, as data.

What stands where, in which group, with which numbers beside it, and what is open at first.
Composites come opened from `inline_composites.py`. No sizes, no colours, no files.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from seegrad.drawing.formula.rules import forward_formula, rule_formula
from seegrad.drawing.scene.inline_composites import Composite, InlinedGraph, Part, inline
from seegrad.drawing.scene.overlays import NOT_FINITE, checked, dead_units, measured, spoilt
from seegrad.drawing.scene.page_program import Sender, Spot, program
from seegrad.drawing.scene.repeats import cut_into_stretches, fold_repeats
from seegrad.drawing.scene.scene import Box, Group, Overlay, Scene, Wire
from seegrad.drawing.values.names import free_name, input_word, told_apart, written
from seegrad.drawing.values.summary import ArraySummary, shown_shape, summarize
from seegrad.drawing.values.user_text import clean
from seegrad.graph.graph import Graph
from seegrad.graph.node import Node
from seegrad.text import fill

MOST_APART = 12  # named inputs that stand outside of a long graph's stretches
VISIBLE = 150  # above this many boxes a picture starts closed


# ------------------------------------------------------------------ boxes and wires


def leaf_kind(node: Node, named: Mapping[Node, str]) -> str:
    """What a leaf is to the reader: an input, a parameter of a layer, or a constant.

    A network names its parameters after their layer: "affine1.W".
    """
    if node.requires_grad and "." in node.name:
        return "parameter"
    if node.name or node.requires_grad or node in named:
        return "input"
    return "constant"


class SceneBuilder:
    """Draws up the boxes and wires of one inlined graph."""

    def __init__(
        self, graph: Graph, inlined: InlinedGraph, named: Mapping[Node, str], stretched: bool
    ) -> None:
        self.graph, self.inlined, self.named = graph, inlined, named
        self.stretched = stretched
        self.groups = inlined.groups
        self.parts = {part.id: part for part in inlined.parts}
        leaves = {part.node for part in inlined.parts if part.node.op is None}
        self.shorts = Counter(named.get(node, node.name).rpartition(".")[2] for node in leaves)
        self.boxes: list[Box] = []
        self.wires: list[Wire] = []
        self.summaries: dict[int, ArraySummary] = {}
        self.kept: list[Any] = []
        self.users: dict[str, list[Sender]] = {key: [] for key in self.parts}
        for part in inlined.parts:
            for position, source in enumerate(part.inputs):
                self.users[source].append((part.id, position))
        self.at = {part.id: i for i, part in enumerate(inlined.parts)}
        self.entered: dict[str, list[tuple[Composite, int]]] = {}  # and by how many users inside
        for composite in inlined.composites.values():
            for source in dict.fromkeys(composite.inputs):
                count = len(self.within(composite, self.users[source]))
                self.entered.setdefault(source, []).append((composite, count))
        self.place: dict[str, str] = {part.id: part.group for part in inlined.parts}
        self.wire_spots: dict[str, Spot] = {}
        self.box_spots: dict[str, Spot] = {}
        self.copies: dict[str, str] = {}

    def summary(self, data: Any) -> ArraySummary | None:
        """The summary of an array, made once however often it is drawn."""
        if data is None or isinstance(data, Node):
            data = data.data if isinstance(data, Node) else None
            if data is None:
                return None
        key = id(data)
        if key not in self.summaries:
            self.summaries[key] = summarize(np.asarray(data))
            self.kept.append(data)
        return self.summaries[key]

    def draw(self) -> None:
        outputs: dict[str, list[int]] = {}
        for i, key in enumerate(self.inlined.outputs):
            outputs.setdefault(key, []).append(i)
        self.settle_leaves(set(outputs))
        for part in self.inlined.parts:
            if self.is_plain_constant(part) and part.id not in outputs:
                self.scatter(part)
                continue
            self.boxes.append(self.box(part))
            users: list[Sender] = list(self.users[part.id])
            ends = outputs.get(part.id, ())
            self.box_spots[part.id] = self.spot(part, [*users, *((f"o{i}", 0) for i in ends)])
            for i in outputs.get(part.id, ()):
                self.place[f"o{i}"] = ""
                users.append((f"o{i}", 0))
            self.branch(part, part.id, self.place[part.id], users)
        for i, key in enumerate(self.inlined.outputs):
            part = self.parts[key]
            name = clean(part.node.name) if part.node.op else ""
            self.boxes.append(Box(f"o{i}", "output", name=name))

    def is_plain_constant(self, part: Part) -> bool:
        """Is it a single number without a name, used more than once?"""
        node = part.node
        plain = node.op is None and not node.shape and leaf_kind(node, self.named) == "constant"
        return plain and len(self.users[part.id]) > 1

    def scatter(self, part: Part) -> None:
        """A plain constant is written beside each of its users, as on paper."""
        for i, (user, position) in enumerate(self.users[part.id]):
            key = f"{part.id}.{i}"
            self.copies[key] = part.id
            self.place[part.id] = self.place[user]
            self.boxes.append(replace(self.box(part), id=key))
            self.box_spots[key] = self.spot(part, [(user, position)])
            self.wire(part, key, user, position)

    def spot(self, part: Part, users: Sequence[Sender], steps: Sequence[Sender] = ()) -> Spot:
        """Where the live program finds what stands on a wire or a box."""
        inner = [user for user in users if user[0] in self.parts]
        output = part.id if len(inner) < len(users) else None
        senders = self.senders(part, inner)
        return Spot(part.id, senders, output, () if output or steps == senders else steps)

    def within(self, composite: Composite, users: Sequence[Sender]) -> list[Sender]:
        """Those of these users that the body of a composite has made."""
        return [user for user in users if self.at.get(user[0], -1) in composite.parts]

    def senders(self, part: Part, users: Sequence[Sender]) -> list[Sender]:
        """Who sends these users' derivatives back to a part: instead of all in one composite, the
        composite itself, since what ran is its own rule."""
        found: list[Sender] = []
        left = list(users)
        for composite, count in self.entered.get(part.id, ()):
            inside = self.within(composite, left)
            if count and len(inside) == count:
                places = [i for i, source in enumerate(composite.inputs) if source == part.id]
                found += [(composite.group, i) for i in places]
                left = [user for user in left if user not in inside]
        return [*found, *left]

    def built_in(self, part: Part) -> bool:
        """Is it a constant of a composite's own? Its rule holds for no other number."""
        around = self.groups.get(part.group)
        own = around is not None and around.kind == "composite"
        return own and leaf_kind(part.node, self.named) == "constant"

    def program(self, language: str) -> dict[str, Any]:
        """The graph as a program that the page can run, or why it cannot."""
        outputs = [(key, self.seed(key)) for key in dict.fromkeys(self.inlined.outputs)]
        leaves = [
            part.id
            for part in self.inlined.parts
            if part.node.op is None and part.node.dtype.kind == "f" and not self.built_in(part)
        ]
        written = program(self.inlined, outputs, self.wire_spots, self.box_spots, leaves, language)
        inputs = written.get("inputs", {})
        inputs |= {key: inputs[part] for key, part in self.copies.items() if part in inputs}
        return written

    def seed(self, key: str) -> Any:
        """The derivative that was sent in at an output."""
        return self.gradient_out(self.parts[key])

    def settle_leaves(self, outputs: set[str]) -> None:
        """Parameters and small constants stand in the layer that alone uses them; what the reader
        named stands outside of the stretches of a long graph, where it is not much."""
        named = [part for part in self.inlined.parts if part.node.op is None and part.node.name]
        apart = not self.stretched or len(named) <= MOST_APART
        for part in self.inlined.parts:
            if part.node.op is not None or part.id in outputs:
                continue
            kind = leaf_kind(part.node, self.named)
            if kind == "input" and apart and (part.node.name or not self.stretched):
                self.place[part.id] = part.group if part.node.frame else ""
                continue
            groups = [self.place[user] for user, _ in self.users[part.id]]
            self.place[part.id] = self.common(groups) if groups else ""

    def chain(self, group: str) -> list[str]:
        """A group and all around it, innermost first, the picture itself last."""
        found = [group]
        while group:
            group = self.groups[group].parent
            found.append(group)
        return found

    def common(self, groups: Sequence[str]) -> str:
        """The innermost group around all of these."""
        shared = self.chain(groups[0])
        for group in groups[1:]:
            around = set(self.chain(group))
            shared = [each for each in shared if each in around]
        return shared[0]

    def box(self, part: Part) -> Box:
        node, op = part.node, part.node.op
        group = self.place[part.id]
        value, grad = self.summary(node.data), self.summary(node.gradient)
        where = f"\n{clean(str(node.where))}" if node.where else ""
        if op is None:
            kind = leaf_kind(node, self.named)
            name = clean(self.named.get(node, node.name))
            layer, _, short = name.rpartition(".")
            around = self.chain(group)[:-1]
            if kind == "parameter" and any(layer.endswith(self.groups[g].name) for g in around):
                own = f"{layer.rpartition('.')[2]}.{short}"
                name = own if self.shorts[short] > 1 else short
            spec = str(node.spec)
            return Box(part.id, kind, "", name, group, value, grad, f"{spec}{where}")
        texts = {key: str(item) for key, item in node.attrs.items()}
        holes = {name.lstrip("*"): name for name in op.inputs}
        sign = fill(op.sign, {**holes, **texts, "out": ""}) if "$" in op.sign else op.sign
        forward = forward_formula(node)
        rules = tuple(
            rule_formula(node, i) if x.requires_grad else None for i, x in enumerate(node.inputs)
        )
        title = f"{op.name} {node.spec}{where}"
        name = clean(node.name)
        return Box(part.id, "operation", sign, name, group, value, grad, title, forward, rules)

    def branch(self, part: Part, start: str, level: str, users: list[tuple[str, int]]) -> None:
        """Lay wires from `start` to all users; where they part, a fork, group by group."""
        while True:
            buckets = self.buckets(level, users)
            if len(buckets) != 1:
                break
            (inner, only), *_ = buckets.items()
            if len(only) == 1:
                self.wire(part, start, *only[0])
                return
            level = inner
        if not buckets:
            return
        fork = f"f{len(self.boxes)}"
        branches = [sender for some in buckets.values() for sender in self.senders(part, some)]
        grad, steps = self.derivative(part, users, branches)
        value = self.summary(part.node.data)
        self.boxes.append(Box(fork, "fork", group=level, value=value, grad=grad))
        key = f"w{len(self.wires)}"
        above = _spec_text(part.node) if part.node.data is None else ""
        flows = grad is not None
        self.wires.append(
            Wire(key, start, fork, 0, "trunk", value, grad, flows, above=above, inner=steps)
        )
        self.wire_spots[key] = self.box_spots[fork] = self.spot(part, users, branches)
        for inner, some in buckets.items():
            if inner.startswith("\0"):
                self.wire(part, fork, *some[0])
            else:
                self.branch(part, fork, inner, some)

    def buckets(
        self, level: str, users: list[tuple[str, int]]
    ) -> dict[str, list[tuple[str, int]]]:
        """The users by the way they lie from `level`: a group inside, itself, or outward."""
        found: dict[str, list[tuple[str, int]]] = {}
        for user, position in users:
            chain = self.chain(self.place[user])
            if level not in chain:
                key = self.groups[level].parent
            else:
                at = chain.index(level)
                key = chain[at - 1] if at else f"\0{user}:{position}"
            found.setdefault(key, []).append((user, position))
        return found

    def total(self, part: Part, senders: Iterable[Sender]) -> Any:
        """The sum of the derivatives that come back from these."""
        result: Any = None
        for sender in senders:
            g = self.gradient(part, *sender)
            if g is not None:
                with np.errstate(all="ignore"):
                    result = g if result is None else result + g
        return result

    def gradient(self, part: Part, sender: str, position: int) -> Any:
        composite = self.inlined.composites.get(sender)
        if composite is not None or sender in self.parts:
            node = self.parts[sender].node if composite is None else composite.node
            g = None if node.branches is None else node.branches[position]
        else:
            g = self.gradient_out(part)
        return g.data if isinstance(g, Node) else g

    def derivative(
        self, part: Part, users: Sequence[Sender], steps: Sequence[Sender]
    ) -> tuple[ArraySummary | None, ArraySummary | None]:
        """What comes back from users; and what the steps to there give, where they meet 0·∞ and a
        composite's own rule does not."""
        senders = self.senders(part, users)
        grad = self.summary(self.total(part, senders))
        found = grad if steps == senders else self.summary(self.total(part, steps))
        same = grad is None or found is None or grad.bad == found.bad
        return grad, None if same else found

    def gradient_out(self, part: Part) -> Any:
        """What came in from the right at an output: its derivative without its users' part."""
        g = part.node.gradient
        g = g.data if isinstance(g, Node) else g
        if g is not None and self.users[part.id]:
            inner = self.total(part, self.senders(part, self.users[part.id]))
            with np.errstate(all="ignore"):
                g = g if inner is None else g - inner
        return g

    def wire(self, part: Part, start: str, user: str, position: int) -> None:
        key, users = f"w{len(self.wires)}", [(user, position)]
        self.wire_spots[key] = self.spot(part, users, users)
        grad, inner = self.derivative(part, users, users)
        flows = grad is not None
        above = _spec_text(part.node) if part.node.data is None else ""
        if user not in self.parts:
            value = self.summary(part.node.data)
            self.wires.append(Wire(key, start, user, 0, "output", value, grad, flows, above=above))
            return
        target = self.parts[user].node
        passed = target.values[position] if target.values else part.node.data
        op = target.op
        assert op is not None
        self.wires.append(
            Wire(
                key, start, user, position, "edge", self.summary(passed), grad, flows,
                op.input_name(position), above, inner=inner,
            )
        )  # fmt: skip


def _spec_text(node: Node) -> str:
    """What is known of a value without numbers, as in a traced graph."""
    return f"{shown_shape(node.shape)} {node.dtype}"


def named_inputs(graph: Graph) -> dict[Node, str]:
    """The name of each input: its own, marked as in a derivation where another has it too (W, W′);
    without one, plain constants apart, the word that its first user has for it."""
    named = [node for node in graph.nodes if node.name]
    found = dict(zip(named, told_apart([node.name for node in named])))
    taken = {written(name) for name in found.values()}
    for node in graph.operations:
        for i, x in enumerate(node.inputs):
            array = x.spec.size > 1 and x.frame is None
            if x.op is None and not x.name and x not in found and (array or x.requires_grad):
                assert node.op is not None
                found[x] = free_name(input_word(node.op, i), taken)
    for x in graph.outputs:
        if x.op is None and not x.name and x not in found:
            found[x] = free_name("x", taken)
    return found


# ------------------------------------------------------------------ the whole scene


def build_scene(
    thing: Graph | Node,
    *,
    open: str | Iterable[str] = "auto",
    quiz: bool = False,
    title: str = "",
    language: str = "en",
    rate: float = 0.0,
    composites: bool = True,
    live: bool = False,
    check: bool = False,
    overlays: Mapping[str, Mapping[Node, float]] | None = None,
) -> Scene:
    """The scene of a graph (or of all that a node was computed from).

    Args:
        open: which groups start open. "auto": layers, as deep as the window shows the whole
            picture with text that can be read; "all"; "layers": networks open, their layers
            closed; "none"; or names of groups.
        quiz: make blanks of all derivatives: of an array its shape is asked for.
        rate: a learning rate, to end the walk with the update of the parameters.
        composites: can composites such as the sigmoid be opened?
        live: carry a program, so that a page can recompute everything when an input is edited.
        check: check each node's derivative by finite differences and paint the outcome.
        overlays: further measures to paint, by name: seconds, bytes ... node by node.
    """
    graph = thing if isinstance(thing, Graph) else Graph([thing])
    inlined = inline(graph, composites and len(graph.nodes) <= 20_000)
    fold_repeats(inlined)
    stretched = cut_into_stretches(inlined)
    drawn = SceneBuilder(graph, inlined, named_inputs(graph), stretched)
    drawn.draw()
    boxes, groups = _merged(drawn.boxes, [*inlined.groups.values()])
    scene = Scene(
        tuple(boxes), tuple(drawn.wires), tuple(groups), title=clean(title), language=language,
        rate=rate, program=drawn.program(language) if live else {},
    )  # fmt: skip
    wanted = ["check"] if check else [*(overlays or {})]
    painted = _overlays(inlined, check, overlays or {})
    wanted = [name for name in wanted if name in {each.name for each in painted}]
    first = wanted[0] if wanted else NOT_FINITE if spoilt(scene) else ""
    scene = replace(scene, overlays=painted, painted=first)
    blanks = frozenset(w.id for w in scene.wires if _blank(w)) if quiz else frozenset()
    seen = frozenset(opened(scene, open))
    return replace(scene, open=seen, blanks=blanks, auto=open == "auto")


def _blank(wire: Wire) -> bool:
    return wire.backward and wire.grad is not None


def _merged(boxes: list[Box], groups: list[Group]) -> tuple[list[Box], list[Group]]:
    """A layer that is one composite is drawn as one group; one that is one operation, as that."""
    held = {box.group for box in boxes}
    inner: dict[str, list[Group]] = {}
    for group in groups:
        inner.setdefault(group.parent, []).append(group)
    into: dict[str, str] = {}
    made: dict[str, Group] = {}
    titles: dict[str, str] = {}
    members: dict[str, list[Box]] = {}
    for box in boxes:
        members.setdefault(box.group, []).append(box)
    for group in groups:
        inside = inner.get(group.id, [])
        alone = members.get(group.id, [])
        if group.kind == "module" and not inside and len(alone) == 1 and alone[0].sign:
            into[group.id] = group.parent
            titles[alone[0].id] = f"{group.name}: {alone[0].title}"
        one = len(inside) == 1 and group.id not in held and group.kind == "module"
        if one and inside[0].kind == "composite":
            child = inside[0]
            into[child.id] = group.id
            made[group.id] = replace(
                group, kind="composite", sign=child.sign, rule=child.rule, rules=child.rules,
                where=child.where, note=child.note,
            )  # fmt: skip
    kept = [
        replace(made.get(g.id, g), parent=into.get(g.parent, g.parent))
        for g in groups
        if g.id not in into
    ]
    return [
        replace(box, group=into.get(box.group, box.group), title=titles.get(box.id, box.title))
        if box.group in into or box.id in titles
        else box
        for box in boxes
    ], kept


def opened(scene: Scene, which: str | Iterable[str]) -> set[str]:
    """The ids of the groups that start open."""
    if which == "all":
        return {group.id for group in scene.groups}
    if which == "none":
        return set()
    if which == "layers":
        return {group.parent for group in scene.groups if group.kind == "module" and group.parent}
    if which != "auto":
        wanted = {which} if isinstance(which, str) else set(which)
        return {group.id for group in scene.groups if {group.id, group.name} & wanted}
    members: dict[str, int] = {}
    for box in scene.boxes:
        members[box.group] = members.get(box.group, 0) + 1
    for group in scene.groups:
        members[group.parent] = members.get(group.parent, 0) + 1
    result: set[str] = set()
    seen = members.get("", 0)
    for group in scene.groups:
        inside = members.get(group.id, 0)
        reachable = not group.parent or group.parent in result
        if group.kind == "module" and reachable and seen + inside <= VISIBLE:
            result.add(group.id)
            seen += inside - 1
    return result


def _overlays(
    inlined: InlinedGraph, check: bool, given: Mapping[str, Mapping[Node, float]]
) -> tuple[Overlay, ...]:
    """The overlays that have something to show."""
    nodes = [part.node for part in inlined.parts]
    places = {**{part.node: part.id for part in inlined.parts}, **inlined.stands}
    found = [measured(name, values, places) for name, values in given.items()]
    found.append(dead_units(nodes, places))
    if check:
        found.append(checked(nodes, places))
    return tuple(overlay for overlay in found if overlay.marks)
