"""The window that a saved picture is made for: the level and the width that were asked for, and
what is said when a level had to close further. Nothing is drawn here.
"""

from __future__ import annotations

from dataclasses import replace

from seegrad.drawing.layout.levels import first_screen, last_level
from seegrad.drawing.scene.scene import Scene
from seegrad.errors import ValueRangeError
from seegrad.i18n import tr

WIDTH = 1440.0  # pixels of a picture
COLUMNS = 120.0  # of a terminal
LEAST, MOST = 320, 16_384  # pixels
NARROW, WIDE = 40, 1000  # columns
ASPECT = 0.625  # height to width
Level = int | str
"""How deep a picture is open: 0 (all closed) and more, "auto" or "all"."""


def height_of(width: float) -> float:
    return width * ASPECT


def checked_width(width: float | None, text: bool = False) -> float:
    """The width asked for, in pixels or columns. Raises ValueRangeError where it is none."""
    if width is None:
        return COLUMNS if text else WIDTH
    least, most = (NARROW, WIDE) if text else (LEAST, MOST)
    if isinstance(width, bool) or not isinstance(width, (int, float)) or not least <= width <= most:
        unit = tr("columns") if text else tr("pixels")
        raise ValueRangeError(
            tr("a picture cannot be of this width"),
            asked=f"width={least} … {most} {unit}",
            came=f"width={width!r}",
        )
    return float(width)


def at(scene: Scene, level: Level, width: float) -> Scene:
    """The scene open as deep as `level` says; closed further, with a note, where it is too large.

    Raises ValueRangeError for a level that is not there.
    """
    deepest = last_level(scene)
    if level == "auto":
        return scene
    if level == "all":
        return scene.opened(group.id for group in scene.groups)
    if isinstance(level, bool) or not isinstance(level, int) or not 0 <= level <= deepest:
        raise ValueRangeError(
            tr("this picture has no such level"),
            asked=f"level='auto' | 'all' | 0 … {deepest}",
            came=f"level={level!r}",
        )
    found = first_screen(scene, width, height_of(width), True, level)
    note = scene.note
    if found.level < level:
        words = tr(
            "level {level} is too large for {width} × {height}: level {shown} is shown",
            language=scene.language, level=level, width=round(width),
            height=round(height_of(width)), shown=found.level,
        )  # fmt: skip
        note = (*note, words)
    return replace(found.scene, note=note, auto=False)
