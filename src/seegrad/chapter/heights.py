"""How high each figure of a page stands: as high as its picture needs to be read whole, at the
widths that page.css gives to text. Scenes in, style rules out; the page's script lays the same
scenes out in the same rooms."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from math import inf

from seegrad.drawing.layout.levels import screen, window
from seegrad.drawing.scene.scene import Scene
from seegrad.drawing.values.user_text import escape

CONTROLS = 116  # pixels of a figure below its picture: what is said, and the keys
MANY = 20  # boxes of a picture that is given all the room there is
AIR = 12.0  # pixels around a picture
LEAST = 0.7  # as in web/reading.ts: what rows show smaller is one row, which is moved sideways


@dataclass(frozen=True)
class Room:
    """Windows, and how wide and high, in pixels, the picture of a figure or a wide figure is."""

    media: str
    width: float
    wide: float
    least: float
    most: float

    def height(self, scene: Scene, wide: bool) -> int:
        """Of the whole figure."""
        seen = window(scene, self.wide if wide else self.width, self.most, heat=True)
        if seen.scale < LEAST:
            seen = screen(seen.scene, inf, self.most, heat=True)
        needed = seen.plan.height * seen.scale + AIR
        return round(max(self.least, min(self.most, needed))) + CONTROLS


ROOMS = (
    Room("max-width:640px", 362, 365, 224, 620),
    Room("min-width:641px", 958, 958, 314, 560),
    Room("min-width:1240px", 958, 1164, 314, 800),
)


def is_wide(scene: Scene) -> bool:
    """Is a picture larger than the room that text has, or has it that many boxes?"""
    if len(scene.boxes) > MANY:
        return True
    text = ROOMS[1]
    row = screen(scene, inf, text.most, heat=True).plan
    return row.width > text.width or row.height > text.most


def height_rules(figures: Iterable[tuple[str, Scene, bool]]) -> str:
    """The style sheet of figures: the key of each, its scene, and whether it is wide."""
    known = list(figures)
    sheet = []
    for room in ROOMS:
        rules = (
            f'.chapter [data-scene="{escape(key)}"]{{height:{room.height(scene, wide)}px}}'
            for key, scene, wide in known
        )
        sheet.append(f"@media ({room.media}){{{''.join(rules)}}}")
    return "\n".join(sheet)
