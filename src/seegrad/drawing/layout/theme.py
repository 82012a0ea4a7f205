"""Colours, faces, measures and the estimated width of text: the look, in one place.

`web/layout/theme.js` is the twin of the measures and of `text_width`. The page's colours are
written from here as CSS variables; nothing here draws.
"""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass


@dataclass(frozen=True)
class Theme:
    """One set of colours; every text on its ground has a contrast of at least 4.5 to 1."""

    name: str
    paper: str
    ink: str
    soft: str  # shapes, captions
    accent: str  # all that flows backward
    cool: str  # what the pointer or the step is on
    group: str  # the ground of a group
    line: str  # its border
    node: str  # the ground of a circle
    wrong: str  # NaN, failed checks


LIGHT = Theme(
    "light", "#ffffff", "#20242a", "#59626e", "#b23a1e", "#175ca8", "#f6f5f1", "#dedbd2",
    "#ffffff", "#a3123c",
)  # fmt: skip
DARK = Theme(
    "dark", "#15171b", "#e9e7e2", "#a4abb5", "#ff9c78", "#85baff", "#1d2025", "#353a43",
    "#15171b", "#ff8fa6",
)  # fmt: skip
THEMES = {theme.name: theme for theme in (LIGHT, DARK)}

FACE = (
    "@font-face{font-family:'seegrad signs';src:local('Segoe UI'),local('Helvetica Neue'),"
    "local('Arial'),local('Liberation Sans'),local('DejaVu Sans');unicode-range:U+2202}"
)
"""A face for ∂ alone, which Korean faces draw as wide as a syllable; from this machine's fonts."""
SANS = (
    "'seegrad signs','Noto Sans KR','Noto Sans CJK KR','Apple SD Gothic Neo','Malgun Gothic',"
    "'Segoe UI','Helvetica Neue',Arial,'DejaVu Sans',sans-serif"
)
MATH = (
    "'STIX Two Math','Latin Modern Math','Cambria Math','Noto Serif','Times New Roman',"
    "'Liberation Serif','DejaVu Serif','Noto Serif CJK KR',serif"
)

FONT = 13.0  # numbers and names
SMALL = 11.0  # captions, shapes
SIGN = 19.0  # an operation's sign
LINE = 16.0  # from one line of text to the next
CIRCLE = 44.0  # an operation
ROOM = 1.2  # how much more room a text gets than it is estimated to need
HEAT_WIDTH = 48.0  # the small picture of an array on a wire
BACK = 7.0  # the backward arrow runs this far below the forward line

# Where a new width begins, and the width in em: narrow, middle, wide, none.
_BREAKS: tuple[tuple[int, float], ...] = (
    (0x0000, 0.0), (0x0020, 0.30), (0x0021, 0.34), (0x0022, 0.42), (0x0023, 0.62), (0x0025, 0.86),
    (0x0026, 0.70), (0x0027, 0.28), (0x0028, 0.36), (0x002A, 0.52), (0x002B, 0.60), (0x002C, 0.30),
    (0x002D, 0.38), (0x002E, 0.30), (0x002F, 0.42), (0x0030, 0.575), (0x003A, 0.32),
    (0x003C, 0.60), (0x0040, 0.94), (0x0041, 0.66), (0x0049, 0.32), (0x004A, 0.56), (0x004D, 0.84),
    (0x004E, 0.72), (0x0057, 0.92), (0x0058, 0.64), (0x005B, 0.38), (0x0061, 0.57), (0x0066, 0.36),
    (0x0067, 0.58), (0x0069, 0.28), (0x006B, 0.56), (0x006C, 0.28), (0x006D, 0.90), (0x006E, 0.58),
    (0x0072, 0.40), (0x0073, 0.50), (0x0074, 0.40), (0x0075, 0.58), (0x0077, 0.82), (0x0078, 0.54),
    (0x007B, 0.40), (0x007E, 0.60), (0x007F, 0.0), (0x00A0, 0.62), (0x0300, 0.0), (0x0370, 0.62),
    (0x1100, 1.0), (0x1160, 0.62), (0x2007, 0.575), (0x2008, 0.30), (0x200B, 0.0), (0x2010, 0.62),
    (0x202A, 0.0), (0x202F, 0.30), (0x2030, 0.90), (0x2060, 0.0), (0x2070, 0.42), (0x20A0, 0.70),
    (0x20D0, 0.0), (0x2100, 0.80), (0x2190, 1.0), (0x2200, 0.72), (0x2300, 0.90), (0x2E80, 1.0),
    (0xA4D0, 0.62), (0xAC00, 1.0), (0xD7B0, 0.62), (0xF900, 1.0), (0xFB00, 0.62), (0xFE00, 0.0),
    (0xFE10, 1.0), (0xFE70, 0.62), (0xFF01, 1.0), (0xFF61, 0.55), (0xFFE0, 1.0), (0xFFE7, 0.62),
    (0x1D400, 0.62), (0x1F300, 1.2), (0x20000, 1.0), (0xE0000, 0.0),
)  # fmt: skip
_STARTS = [start for start, _ in _BREAKS]
_EMS = [em for _, em in _BREAKS]


def text_width(text: str, size: float) -> float:
    """The estimated width of `text` in pixels when set at `size`."""
    total = 0.0
    for letter in text:
        total += _EMS[bisect_right(_STARTS, ord(letter)) - 1]
    return total * size
