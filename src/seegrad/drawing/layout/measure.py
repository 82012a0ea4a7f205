"""How much room everything asks for: from what is seen of a scene to places and routes.

Which groups are open, and into what room it goes, is for `levels.py` to say.
"""

from __future__ import annotations

from math import inf

from seegrad.drawing.layout.labels import Labels, constant_text
from seegrad.drawing.layout.nested import Place, Plan, Route, arrange
from seegrad.drawing.layout.theme import (
    CIRCLE,
    FONT,
    HEAT_WIDTH,
    LINE,
    ROOM,
    SIGN,
    SMALL,
    text_width,
)
from seegrad.drawing.scene.bundles import bundled
from seegrad.drawing.scene.scene import Box, Group, Scene, View, Wire, fold
from seegrad.drawing.values.heat_map import heat_height
from seegrad.drawing.values.user_text import short

BLANK = 64.0  # the least width of a blank in a quiz
PLAIN_BELOW = 8.0  # room below a wire that nothing flows back on


def _room(text: str, size: float) -> float:
    """An even whole number of pixels that surely holds `text`."""
    half = int(text_width(text, size) * ROOM / 2)
    return float(half * 2 + 2)


def place_of(box: Box | Group, arguments: int = 1) -> Place:
    """The room of one box. A circle where the sign fits, otherwise a pill; names as they are."""
    if isinstance(box, Group):
        return _closed(box, arguments)
    if box.kind == "fork":
        return Place(box.id, box.group, 8.0, 8.0, "dot")
    if box.kind == "output":
        width = _room(short(box.name), FONT) + 12 if box.name else 4.0
        return Place(box.id, box.group, width, 28.0 if box.name else 4.0)
    if box.kind == "constant":
        return Place(box.id, box.group, _room(constant_text(box), FONT) + 8, 24.0)
    if box.kind in ("input", "parameter"):
        width = max(_room(short(box.name), FONT) + 20, 36.0)
        return Place(box.id, box.group, width, 32.0, lead=1 if box.kind == "input" else 0)
    width, height = _room(box.sign, sign_size(box.sign)), max(CIRCLE, 14.0 * arguments + 16)
    if width <= CIRCLE - 4 and height == CIRCLE:
        return Place(box.id, box.group, CIRCLE, CIRCLE, "circle")
    return Place(box.id, box.group, max(width + 16, CIRCLE), height)


def sign_size(sign: str) -> float:
    """One letter is set large; words such as exp smaller."""
    return SIGN if len(sign) <= 1 else FONT + 2


def _closed(group: Group, arguments: int) -> Place:
    texts = (
        _room(group.sign, sign_size(group.sign)),
        _room(short(group.name), SMALL),
        _room(group.rule, SMALL),
    )
    height = 30.0 + (LINE if group.sign else 0.0) + (LINE if group.rule else 0.0)
    height = max(height + 6, 14.0 * arguments + 16)
    return Place(group.id, group.parent, max(max(texts) + 24, 64.0), height)


def route_of(wire: Wire, labels: Labels) -> Route:
    """The room of one wire's label. A constant's wire is bare: its number stands at its tail."""
    ends = (wire.id, wire.source, wire.target, wire.position)
    found = labels.of(wire)
    if found is None:
        return Route(*ends)
    above, below, top = found
    value, grad = labels.heats(wire)
    width = _room(top, SMALL) if top else 0.0
    for text in (*above, *below):
        width = max(width, _room(text, FONT))
    width = max(width, BLANK) if wire.id in labels.blanks else width
    if value or grad:
        width = max(width, HEAT_WIDTH)
    if not width and not wire.backward:
        return Route(*ends)
    rows = len(above) + (1 if top else 0)
    high = 6.0 + LINE * rows if rows else 8.0
    low = PLAIN_BELOW
    if wire.backward or below:
        low = 14.0 + LINE * (len(below) if grad else max(len(below), 1))
    high += heat_height(value) + 4 if value else 0.0
    low += heat_height(grad) + 4 if grad else 0.0
    return Route(*ends, max(width + 8, 40.0), high, low)


def fit(scene: Scene, view: View, heat: bool = False) -> tuple[list[Place], list[Route]]:
    """Places and routes of what can be seen; with `heat`, large arrays as heat-maps."""
    counts: dict[str, int] = {}
    for wire in view.wires:
        counts[wire.target] = counts.get(wire.target, 0) + 1
    places = [
        Place(g.id, g.parent, _room(short(g.name), SMALL) + 36, group=True) for g in view.groups
    ]
    places += [place_of(box, counts.get(box.id, 0)) for box in view.boxes]
    labels = Labels(scene, heat)
    return places, [route_of(wire, labels) for wire in view.wires]


def laid(scene: Scene, room: float = inf, heat: bool = False) -> tuple[View, Plan]:
    """What can be seen of a scene, and where; in rows where it is wider than `room`."""
    view = bundled(fold(scene))
    places, routes = fit(scene, view, heat)
    return view, arrange(places, routes, room)
