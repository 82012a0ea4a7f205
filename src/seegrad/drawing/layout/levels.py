"""What is seen first: the deepest level of folding that a window shows whole, its text large.

Level 0 has every group closed; each further level opens the networks, layers, repeats and
stretches one deeper; composites such as the sigmoid stay closed on all of them. A picture that is
wider than its window is cut into rows where that shows it larger. Scene in, scene and plan out.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from math import inf, sqrt

from seegrad.drawing.layout.measure import fit
from seegrad.drawing.layout.nested import Place, Plan, Route, arrange
from seegrad.drawing.scene.bundles import bundled
from seegrad.drawing.scene.scene import Scene, View, fold

TRIES = 4  # how often the room is narrowed for what stands out of it
LEAST_AREA = 3600.0  # pixels² that a box and its wire take at least
HOPELESS = 3.0  # a plan of so many times the window's area is not cut into rows to fit
WORTH = 1.15  # how much larger rows must show a picture whose groups were given


@dataclass(frozen=True)
class Screen:
    """What a window shows: the scene with the groups that are open, and where everything is."""

    scene: Scene
    view: View
    plan: Plan
    level: int  # how deep it is open; −1 where the groups were given
    scale: float  # at most 1: how small it must be made to be seen whole


def depths(scene: Scene) -> dict[str, int]:
    """How many groups that levels open stand around each group; a composite is deeper than all."""
    found = {"": -1}
    for group in scene.groups:
        found[group.id] = found[group.parent] + 1
    return found


def last_level(scene: Scene) -> int:
    """The deepest level: all groups open but composites."""
    deep = depths(scene)
    return max([deep[g.id] + 1 for g in scene.groups if g.kind != "composite"], default=0)


def at_level(scene: Scene, level: int) -> Scene:
    """The scene with the groups of this level open."""
    deep = depths(scene)
    seen = [g.id for g in scene.groups if g.kind != "composite" and deep[g.id] < level]
    return replace(scene, open=frozenset(seen))


def _least(scene: Scene, level: int) -> int:
    """How many boxes are seen at this level at least, told without folding: forks left out."""
    deep = depths(scene)
    opened = {"": True}
    count = 0
    for group in scene.groups:
        inside = opened[group.parent]
        opened[group.id] = inside and group.kind != "composite" and deep[group.id] < level
        if inside and not opened[group.id]:
            count += 1
    for box in scene.boxes:
        if box.kind != "fork" and opened[box.group]:
            count += 1
    return count


def first_screen(scene: Scene, width: float, height: float, heat: bool, most: int = 99) -> Screen:
    """The deepest level, `most` at most, that this window shows whole; level 0 if none does, in
    a window too small for its numbers with a heat-map for every array."""
    for level in range(min(last_level(scene), most), 0, -1):
        if _least(scene, level) * LEAST_AREA > width * height:
            continue
        opened = at_level(scene, level)
        view = bundled(fold(opened))
        places, routes = fit(opened, view, heat)
        if _area(places, routes) > width * height:
            continue
        plan = fitted(places, routes, width, height, 1.0, HOPELESS * width * height)
        scale = _scale(plan, width, height)
        if scale >= 1:
            return Screen(opened, view, plan, level, scale)
    closed = at_level(scene, 0)
    seen = screen(closed, width, height, heat, 1.0)
    if heat and seen.scale < 1:
        mapped = screen(replace(closed, maps=True), width, height, heat, 1.0)
        seen = mapped if mapped.scale > seen.scale else seen
    return replace(seen, level=0)


def window(scene: Scene, width: float, height: float, heat: bool, most: int = 99) -> Screen:
    """What a window shows: of the level that it may choose, or of the groups that are open."""
    if scene.auto:
        return first_screen(scene, width, height, heat, most)
    return screen(scene, width, height, heat)


def screen(
    scene: Scene, width: float, height: float, heat: bool, worth: float = WORTH
) -> Screen:
    """The groups that are open, as large as this window can show them whole."""
    view = bundled(fold(scene))
    places, routes = fit(scene, view, heat)
    plan = fitted(places, routes, width, height, worth)
    return Screen(scene, view, plan, -1, _scale(plan, width, height))


def fitted(
    places: list[Place], routes: list[Route], width: float, height: float, worth: float = 1.0,
    most: float = inf,
) -> Plan:  # fmt: skip
    """The plan that is seen largest in the window: in one row, or in as many as help, which they
    do where they show it `worth` times as large.

    One of more than `most` pixels² is left as it is.
    """
    best = arrange(places, routes)
    if best.width <= width or best.width * best.height > most:
        return best
    least = worth * _scale(best, width, height)
    for wide in (width, sqrt(best.width * best.height * width / max(height, 1.0))):
        room = max(wide, width)
        for _ in range(TRIES):
            plan = arrange(places, routes, room)
            scale = _scale(plan, width, height)
            if scale > least:
                best, least = plan, scale
            if plan.width <= wide or room < 120:
                break
            room -= plan.width - wide
        if best.width <= width and best.height <= height:
            break
    return best


def _scale(plan: Plan, width: float, height: float) -> float:
    return min(1.0, width / max(plan.width, 1.0), height / max(plan.height, 1.0))


def _area(places: list[Place], routes: list[Route]) -> float:
    """What the boxes and labels cover, were they side by side."""
    boxes = sum(place.width * place.height for place in places if not place.group)
    return boxes + sum(route.width * (route.above + route.below) for route in routes)
