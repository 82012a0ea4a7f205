"""What is written on boxes and wires: measured here, and drawn alike by every export.

`web/layout/labels.js` is the twin.
"""

from __future__ import annotations

from seegrad.drawing.scene.scene import Box, Scene, Wire
from seegrad.drawing.values.summary import ON_WIRE, ArraySummary, lines, shown_shape
from seegrad.drawing.values.user_text import short


def constant_text(box: Box) -> str:
    """What stands for a constant: its name, its number, or its shape."""
    summary = box.value
    if box.name or summary is None:
        return short(box.name) or "·"
    texts = lines(summary) if summary.shape == () else (shown_shape(summary.shape),)
    return texts[0]


def shape_line(summary: ArraySummary) -> str:
    """The grey line on top of an array: its shape, and its dtype where numbers are left out."""
    if summary.shape == ():
        return ""
    text = shown_shape(summary.shape)
    return text if summary.numbers and summary.size <= ON_WIRE else f"{text} {summary.dtype}"


def label(wire: Wire, name: str, blank: bool = False) -> tuple[list[str], list[str], str]:
    """The lines above and below a wire, and the grey line on top of them.

    `name` is the user's word for the value, when it does not already stand in a box.
    """
    above: list[str] = []
    below: list[str] = []
    top = ""
    if wire.above:
        above = [wire.above]
    elif wire.value is not None:
        top = shape_line(wire.value)
        above = list(lines(wire.value))
        if name and wire.value.shape == ():
            above = [f"{name} = {above[0]}"]
        elif name:
            top = f"{name} {top}"
    elif name:
        above = [name]
    if wire.below:
        below = [wire.below]
    elif wire.grad is not None and wire.backward:
        below = list(lines(wire.grad, backward=True))
    if blank:
        below = [""]
    return above, below, top


def wire_names(scene: Scene) -> dict[str, str]:
    """The names that stand on wires: those of results within, for an input's stands in its box
    and that of what leads out at the right end."""
    leaving = {wire.source for wire in scene.wires if wire.kind == "output"}
    results = [box for box in scene.boxes if box.kind == "operation" and box.name]
    return {box.id: short(box.name) for box in results if box.id not in leaving}


def bare_sources(scene: Scene) -> set[str]:
    """The constants whose number stands at the tail of their wire, so that the wire stays bare."""
    constants = [box for box in scene.boxes if box.kind == "constant"]
    return {
        box.id for box in constants if not box.value or (not box.value.shape and not box.name)
    }


class Labels:
    """What stands on the wires of one scene, as they are seen."""

    def __init__(self, scene: Scene) -> None:
        self.blanks = scene.blanks
        self.names, self.bare = wire_names(scene), bare_sources(scene)
        self.origin = {wire.id: wire.source for wire in scene.wires}

    def of(self, wire: Wire) -> tuple[list[str], list[str], str] | None:
        """The lines above, below and on top; None for a bare wire."""
        source = self.origin[wire.id]
        if source in self.bare:
            return None
        return label(wire, self.names.get(source, ""), wire.id in self.blanks)
