"""The lines of wires as points and paths, and the cells of heat-maps: what the vector exports and
the page draw alike. No layout is decided here.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import sqrt

from seegrad.drawing.layout.nested import Point, Rect
from seegrad.drawing.layout.theme import BACK, HEAT_WIDTH
from seegrad.drawing.scene.scene import Box, Group
from seegrad.drawing.values.decimals import number
from seegrad.drawing.values.heat_map import SPOILT, heat_height, heat_map
from seegrad.drawing.values.summary import ArraySummary

BEND = 15.0  # an upright run up to this is a bend, a longer one a straight line
CORNER = 6.0


def curve(points: Sequence[Point]) -> str:
    """A wire's path: level runs as lines, climbs as gentle curves, bends as half circles, and
    the upright runs between two rows as straight lines with round corners."""
    x, y = points[0]
    parts = [f"M{number(x)} {number(y)}"]
    before = x
    for i in range(1, len(points)):
        nx, ny = points[i]
        after = points[min(i + 1, len(points) - 1)]
        if nx == x and abs(ny - y) > BEND:
            stop = ny - (CORNER if ny > y else -CORNER)
            on = nx + (CORNER if after[0] > nx else -CORNER)
            parts.append(f"V{number(stop)}Q{number(nx)} {number(ny)} {number(on)} {number(ny)}")
        elif nx == x:
            bow = number(x + abs(ny - y) * (0.7 if x >= before else -0.7))
            parts.append(f"C{bow} {number(y)} {bow} {number(ny)} {number(nx)} {number(ny)}")
        elif ny == y and after[0] == nx and abs(after[1] - ny) > BEND:
            stop = nx - (CORNER if nx > x else -CORNER)
            on = ny + (CORNER if after[1] > ny else -CORNER)
            parts.append(f"H{number(stop)}Q{number(nx)} {number(ny)} {number(nx)} {number(on)}")
        elif ny == y:
            parts.append(f"H{number(nx)}")
        else:
            mid = number((x + nx) / 2)
            parts.append(f"C{mid} {number(y)} {mid} {number(ny)} {number(nx)} {number(ny)}")
        before = x if nx != x else before
        x, y = nx, ny
    return "".join(parts)


def outline(rect: Rect, circle: bool, y: float, right: bool) -> float:
    """Where the outline of a box is at height y, on its left or right side."""
    if not circle:
        return rect.x + rect.width if right else rect.x
    radius = rect.height / 2
    off = min(abs(y - rect.y - radius), radius)
    reach = sqrt(radius * radius - off * off)
    return rect.x + radius + (reach if right else -reach)


@dataclass(frozen=True)
class Strokes:
    """A wire as it is drawn: the forward line, and the backward arrow beside it."""

    forward: Sequence[Point]
    backward: Sequence[Point]  # in the order of the forward line; it points to the first


def strokes(
    path: Sequence[Point], source: Rect, target: Rect, round_source: bool, round_target: bool
) -> Strokes:
    """Both lines of a wire; the backward one lies below, and inside where the wire turns."""
    shifted: list[Point] = []
    for i in range(len(path)):
        x, y = path[i]
        dx, dy = 0.0, BACK
        px, py = path[max(i - 1, 0)]
        nx, ny = path[min(i + 1, len(path) - 1)]
        if px == x and abs(y - py) > BEND:
            dx, dy = (-BACK if y > py else BACK), (BACK if nx > x else -BACK)
        elif nx == x and abs(ny - y) > BEND:
            dx, dy = (-BACK if ny > y else BACK), (BACK if x > px else -BACK)
        shifted.append((x + dx, y + dy))
    first, last = shifted[0][1], shifted[-1][1]
    shifted[0] = (outline(source, round_source, first, True) + 2, first)
    shifted[len(shifted) - 1] = (outline(target, round_target, last, False) - 2, last)
    return Strokes(path, shifted)


def is_circle(box: Box | Group | None, rect: Rect) -> bool:
    drawn = isinstance(box, Box) and box.kind in ("operation", "culprit")
    return drawn and rect.width == rect.height


def heat_strokes(summary: ArraySummary, x: float, y: float) -> list[tuple[str, str]]:
    """The cells of an array's heat-map, its upper left corner at (x, y): for every step of the
    scale that occurs a class ("heat more3", "heat less1", "cell bad") and a path."""
    cells = heat_map(summary)
    paths: dict[str, list[str]] = {}
    for r in range(len(cells)):
        wide, high = HEAT_WIDTH / len(cells[r]), heat_height(summary) / len(cells)
        for c in range(len(cells[r])):
            step = cells[r][c]
            if step == 0:
                continue
            kind = f"more{step}" if step > 0 else f"less{-step}"
            at = f"M{number(x + c * wide)} {number(y + r * high)}"
            box = f"{at}h{number(wide)}v{number(high)}h{number(-wide)}z"
            paths.setdefault("cell bad" if step == SPOILT else f"cell {kind}", []).append(box)
    return [(kind, "".join(boxes)) for kind, boxes in paths.items()]
