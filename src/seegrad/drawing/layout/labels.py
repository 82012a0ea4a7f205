"""What is written on boxes and wires: drawn alike by every export and the page.

Nothing is measured here.
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


def shape_line(summary: ArraySummary, heat: bool = False) -> str:
    """The grey line on top of an array: its shape, and its dtype where words stand for numbers."""
    if summary.shape == ():
        return ""
    text = shown_shape(summary.shape)
    plain = heat or (summary.numbers and summary.size <= ON_WIRE)
    return text if plain else f"{text} {summary.dtype}"


def pictured(summary: ArraySummary | None, most: int = ON_WIRE) -> bool:
    """Is it an array of so many numbers that a heat-map stands for them?"""
    return summary is not None and summary.size > most


def label(
    wire: Wire, name: str, blank: bool = False, heat: bool = False, most: int = ON_WIRE
) -> tuple[list[str], list[str], str]:
    """The lines above and below a wire, and the grey line on top of them.

    `name` is the user's word for the value, when it does not already stand in a box. With `heat`
    the numbers of an array of more than `most` are left to its heat-map, but for what is NaN.
    """
    above: list[str] = []
    below: list[str] = []
    top = ""
    if wire.above:
        above = [wire.above]
    elif wire.value is not None:
        top = shape_line(wire.value, heat)
        above = _lines(wire.value, heat, most)
        if name and wire.value.shape == ():
            above = [f"{name} = {above[0]}"]
        elif name:
            top = f"{name} {top}"
    elif name:
        above = [name]
    if wire.below:
        below = [wire.below]
    elif wire.grad is not None and wire.backward:
        below = _lines(wire.grad, heat, most, True)
    if blank:
        below = [""]
    return above, below, top


def _lines(
    summary: ArraySummary, heat: bool, most: int, backward: bool = False
) -> list[str]:
    found = list(lines(summary, backward))
    if not heat or not pictured(summary, most):
        return found
    return found[2:] if pictured(summary) else []


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

    def __init__(self, scene: Scene, heat: bool = False) -> None:
        self.blanks, self.heat = scene.blanks, heat
        self.most = 1 if scene.maps else ON_WIRE  # entries that are written out
        self.runs = len(scene.moments) > 0 or scene.rate > 0  # its numbers will be others
        self.names, self.bare = wire_names(scene), bare_sources(scene)

    def of(self, wire: Wire) -> tuple[list[str], list[str], str] | None:
        """The lines above, below and on top; None for a bare wire."""
        source = wire.origin or wire.source
        if source in self.bare:
            return None
        name = self.names.get(source, "")
        return label(wire, name, wire.id in self.blanks, self.heat, self.most)

    def heats(self, wire: Wire) -> tuple[ArraySummary | None, ArraySummary | None]:
        """The arrays whose heat-maps stand above and below a wire."""
        if not self.heat or (wire.origin or wire.source) in self.bare:
            return None, None
        value = wire.value if not wire.above and pictured(wire.value, self.most) else None
        seen = wire.backward and not wire.below and wire.id not in self.blanks
        return value, wire.grad if seen and pictured(wire.grad, self.most) else None
