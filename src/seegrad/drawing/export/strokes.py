"""The lines of wires as points and paths, shared by the vector exports.

No layout is decided here.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import sqrt

from seegrad.drawing.layout.nested import Point, Rect
from seegrad.drawing.layout.theme import BACK
from seegrad.drawing.scene.scene import Box, Group


def number(x: float) -> str:
    """A coordinate with at most two digits after the point."""
    text = f"{x:.2f}".rstrip("0").rstrip(".")
    return "0" if text == "-0" else text


def curve(points: Sequence[Point]) -> str:
    """A wire's path: level runs as lines, climbs as gentle curves, bends as half circles."""
    (x, y), rest = points[0], points[1:]
    parts = [f"M{number(x)} {number(y)}"]
    before = x
    for nx, ny in rest:
        if ny == y:
            parts.append(f"H{number(nx)}")
        elif nx == x:
            bow = abs(ny - y) * (0.7 if x >= before else -0.7)
            parts.append(
                f"C{number(x + bow)} {number(y)} {number(x + bow)} {number(ny)}"
                f" {number(nx)} {number(ny)}"
            )
        else:
            mid = (x + nx) / 2
            parts.append(
                f"C{number(mid)} {number(y)} {number(mid)} {number(ny)} {number(nx)} {number(ny)}"
            )
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
    """A wire as it is drawn: the forward line, and the backward arrow below it."""

    forward: tuple[Point, ...]
    backward: tuple[Point, ...]  # in the order of the forward line; it points to the first


def strokes(
    path: Sequence[Point], source: Rect, target: Rect, round_source: bool, round_target: bool
) -> Strokes:
    """Both lines of a wire, shortened for their arrow heads."""
    shifted = [(x, y + BACK) for x, y in path]
    (_, first), (_, last) = shifted[0], shifted[-1]
    shifted[0] = (outline(source, round_source, first, True) + 2, first)
    shifted[-1] = (outline(target, round_target, last, False) - 2, last)
    return Strokes(tuple(path), tuple(shifted))


def is_circle(box: Box | Group | None, rect: Rect) -> bool:
    drawn = isinstance(box, Box) and box.kind in ("operation", "culprit")
    return drawn and rect.width == rect.height
