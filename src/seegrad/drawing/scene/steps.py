"""The walk through a picture: forward node by node, then backward, then the update.

A step says what becomes known; nothing is computed or drawn here.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from seegrad.drawing.scene.scene import Group, Scene, View


@dataclass(frozen=True)
class Step:
    """One moment: "start", "forward", "seed", "backward", "sum" (at a fork) or "update".

    After a forward step the values of `wires` are known, after a backward one their derivatives.
    """

    phase: str
    box: str = ""
    wires: tuple[str, ...] = ()


def walk(scene: Scene, view: View) -> tuple[Step, ...]:
    """Every step, in order, for what can be seen."""
    kinds = {b.id: "operation" if isinstance(b, Group) else b.kind for b in view.boxes}
    order = view_order(scene, view)
    out: dict[str, list[str]] = {box: [] for box in order}
    back: dict[str, list[str]] = {box: [] for box in order}
    targets = {wire.id: wire.target for wire in view.wires}
    for wire in view.wires:
        out[wire.source].append(wire.id)
        if wire.backward:
            back[wire.target].append(wire.id)

    def leaving(boxes: Sequence[str]) -> tuple[str, ...]:
        found = [wire for box in boxes for wire in out[box]]
        for wire in found:
            if kinds[targets[wire]] == "fork":
                found.extend(out[targets[wire]])
        return tuple(found)

    given = [box for box in order if kinds[box] in ("input", "parameter", "constant")]
    steps = [Step("start", "", leaving(given))]
    steps += [Step("forward", box, leaving([box])) for box in order if kinds[box] == "operation"]
    if not any(wire.backward and (wire.grad or wire.below) for wire in view.wires):
        return tuple(steps)
    seeds = [wire for box in order if kinds[box] == "output" for wire in back[box]]
    steps.append(Step("seed", "", tuple(seeds)))
    for box in reversed(order):
        if back[box] and kinds[box] != "output":
            phase = "sum" if kinds[box] == "fork" else "backward"
            steps.append(Step(phase, box, tuple(back[box])))
    if scene.rate:
        steps.append(Step("update"))
    return tuple(steps)


def view_order(scene: Scene, view: View) -> list[str]:
    """What is seen, each thing at the place of the last box that it stands for."""
    last: dict[str, int] = {}
    for i, box in enumerate(scene.boxes):
        last[view.stands[box.id]] = i
    return sorted(last, key=last.__getitem__)
