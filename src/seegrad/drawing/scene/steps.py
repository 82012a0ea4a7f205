"""The walk through a picture: forward node by node, then backward, then the update.

A step says what becomes known; nothing is computed or drawn here. Its time is the same however the
picture is folded, so that opening a box changes no number.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from seegrad.drawing.scene.scene import Group, Scene, View

GIVEN = ("input", "parameter", "constant")
BACKWARD = ("seed", "backward", "sum")
"""The phases after which derivatives are known."""


@dataclass(frozen=True)
class Step:
    """One moment: "start", "forward", "seed", "backward", "sum" (at a fork) or "update".

    After a forward step the values of `wires` are known, after a backward one their derivatives.
    """

    phase: str
    box: str = ""
    wires: tuple[str, ...] = ()
    time: int = 0


@dataclass(frozen=True)
class Span:
    """The first and the last box of the scene that a thing stands for, by their places."""

    first: int
    last: int


def spans(scene: Scene, view: View) -> dict[str, Span]:
    """What is seen, in the order of the last box that each stands for."""
    found: dict[str, Span] = {}
    for i, box in enumerate(scene.boxes):
        if box.id in view.stands:
            at = view.stands[box.id]
            first = found[at].first if at in found else i
            found[at] = Span(first, i)
    return dict(sorted(found.items(), key=lambda item: item[1].last))


def known(scene: Scene, view: View) -> dict[str, tuple[int, int]]:
    """For each wire that is seen the times from which its value and its derivative are known."""
    count = len(scene.boxes)
    place = {box.id: i for i, box in enumerate(scene.boxes)}
    kinds = {box.id: box.kind for box in scene.boxes}
    before = {wire.target: wire.source for wire in scene.wires if wire.kind == "trunk"}
    goals = {wire.id: wire.target for wire in scene.wires}
    seen = spans(scene, view)
    found: dict[str, tuple[int, int]] = {}
    for wire in view.wires:
        source = wire.origin
        while source in before:
            source = before[source]
        if source not in place:
            source = wire.source
        value = place[source] + 1 if source in place else seen[source].last + 1
        if kinds.get(source, "") in GIVEN:
            value = 0
        goal = goals.get(wire.id, "")
        grad = 2 * count + 1 - (place[goal] if goal else seen[wire.target].first)
        found[wire.id] = (value, count + 1 if kinds.get(goal, "") == "output" else grad)
    return found


def walk(scene: Scene, view: View) -> tuple[Step, ...]:
    """Every step, in order, for what can be seen."""
    kinds = {b.id: "operation" if isinstance(b, Group) else b.kind for b in view.boxes}
    seen = {key: span for key, span in spans(scene, view).items() if key in kinds}
    count = len(scene.boxes)
    out: dict[str, list[str]] = {box: [] for box in seen}
    back: dict[str, list[str]] = {box: [] for box in seen}
    targets = {wire.id: wire.target for wire in view.wires}
    for wire in view.wires:
        out[wire.source].append(wire.id)
        if wire.backward:
            back[wire.target].append(wire.id)

    def leaving(boxes: Sequence[str]) -> tuple[str, ...]:
        found = [wire for box in boxes for wire in out[box]]
        for wire in found:
            if kinds[targets[wire]] == "fork":
                found += out[targets[wire]]
        return tuple(found)

    steps = [Step("start", "", leaving([box for box in seen if kinds[box] in GIVEN]))]
    for box, span in seen.items():
        if kinds[box] == "operation":
            steps.append(Step("forward", box, leaving([box]), span.last + 1))
    if not any(wire.backward and (wire.grad or wire.below) for wire in view.wires):
        return tuple(steps)
    seeds = [wire for box in seen if kinds[box] == "output" for wire in back[box]]
    steps.append(Step("seed", "", tuple(seeds), count + 1))
    for box, span in sorted(seen.items(), key=lambda item: -item[1].first):
        if back[box] and kinds[box] != "output":
            phase = "sum" if kinds[box] == "fork" else "backward"
            steps.append(Step(phase, box, tuple(back[box]), 2 * count + 1 - span.first))
    if scene.rate:
        steps.append(Step("update", "", (), 2 * count + 2))
    return tuple(steps)


def step_at(steps: Sequence[Step], time: float) -> int:
    """The last of these steps that is done by then."""
    return max(sum(1 for step in steps if step.time <= time) - 1, 0)
