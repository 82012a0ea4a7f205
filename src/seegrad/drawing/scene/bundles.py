"""Where many wires run between the same two boxes of a folded picture, one is drawn: "× n".

A fork whose branches all went into bundles is left out. Numbers come back when a box is opened.
"""

from __future__ import annotations

from dataclasses import replace

from seegrad.drawing.scene.scene import Group, View, Wire

MOST_PARALLEL = 3  # wires between two boxes that are drawn one by one
CROWDED = 48  # wires at folded boxes from which on no two boxes have more than one


def bundled(view: View) -> View:
    """The view with its crowded pairs of boxes joined by one wire each."""
    folded = {box.id for box in view.boxes if isinstance(box, Group)}
    behind: dict[str, Wire] = {}  # a fork at a folded group → the trunk that leads to it
    for wire in view.wires:
        if wire.kind == "trunk" and wire.source in folded and wire.target not in folded:
            behind[wire.target] = wire
    pairs: dict[str, list[Wire]] = {}
    keys: dict[str, str] = {}
    for wire in view.wires:
        source = _source(wire, behind)
        if (source in folded or wire.target in folded) and wire.target not in behind:
            key = f"{source}\0{wire.target}"
            keys[wire.id] = key
            pairs.setdefault(key, []).append(wire)
    most = 0 if len(keys) > CROWDED else MOST_PARALLEL
    crowded = {key for key, wires in pairs.items() if len(wires) > most}
    if not crowded:
        return view
    kept = [wire for wire in view.wires if keys.get(wire.id, "") not in crowded]
    led = {wire.source for wire in kept}
    gone = {fork for fork in behind if fork not in led}
    wires = [wire for wire in kept if wire.target not in gone]
    for key, among in pairs.items():
        if key in crowded:
            wires.append(_bundle(among, _source(among[0], behind)))
    boxes = tuple(box for box in view.boxes if box.id not in gone)
    return replace(view, boxes=boxes, wires=tuple(wires))


def _source(wire: Wire, behind: dict[str, Wire]) -> str:
    """The box that a wire comes from, forks apart."""
    at = wire.source
    while at in behind:
        at = behind[at].source
    return at


def _bundle(wires: list[Wire], source: str) -> Wire:
    """One wire for all of these."""
    if len(wires) == 1:
        return replace(wires[0], source=source)
    words = f"× {len(wires)}"
    backward = any(wire.backward for wire in wires)
    below = words if any(wire.backward and wire.grad is not None for wire in wires) else ""
    return Wire(
        f"{wires[0].id}+", source, wires[0].target, 0, "bundle",
        backward=backward, above=words, below=below,
    )  # fmt: skip

