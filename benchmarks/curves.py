"""Curves as a picture: one panel an axis, both scales logarithmic, each curve named at its end.

A curve has a colour, a marker and its name, so that nobody needs to see the colours. No figure
is measured here.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from html import escape
from itertools import pairwise
from typing import Any

WIDE, HIGH = 460, 300
LEFT, RIGHT, TOP, BOTTOM = 54, 96, 44, 44
THEMES = {
    "light": {"paper": "#ffffff", "ink": "#22272e", "faint": "#dfe3e8", "quiet": "#5b6470"},
    "dark": {"paper": "#14181d", "ink": "#e8ebef", "faint": "#323a44", "quiet": "#a3adb9"},
}
COLOURS = {
    "light": ("#b3371e", "#1f5fa8", "#3d7a36", "#7a4a9e"),
    "dark": ("#ff8a6b", "#7fb4f5", "#8fce86", "#c79bea"),
}
MARKERS = ("circle", "square", "triangle", "diamond")

Curve = Mapping[str, Any]


def drawn(curves: Sequence[Curve], words: Mapping[str, str], theme: str) -> str:
    """The panels as one SVG, two in a row; `words` has the texts under their English ones."""
    names = list(dict.fromkeys(name for c in curves for name in c["seconds"]))
    looks = {name: (COLOURS[theme][i % 4], MARKERS[i % 4]) for i, name in enumerate(names)}
    ink = THEMES[theme]
    rows = -(-len(curves) // 2)
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {2 * WIDE} {rows * HIGH}"'
        f' width="{2 * WIDE}" height="{rows * HIGH}" role="img"'
        ' font-family="system-ui, \'Noto Sans KR\', \'Noto Sans CJK KR\', sans-serif"'
        ' font-size="12">',
        f"<title>{escape(words['title'])}</title>",
        f'<rect width="100%" height="100%" fill="{ink["paper"]}"/>',
    ]
    for i, curve in enumerate(curves):
        x, y = i % 2 * WIDE, i // 2 * HIGH
        parts.append(f'<g transform="translate({x} {y})">{_panel(curve, words, looks, ink)}</g>')
    return "\n".join([*parts, "</svg>\n"])


def _panel(
    curve: Curve, words: Mapping[str, str], looks: Mapping[str, tuple[str, str]],
    ink: Mapping[str, str],
) -> str:  # fmt: skip
    places = curve["places"]
    times = [t * 1e6 for row in curve["seconds"].values() for t in row if t is not None]
    low, high = math.floor(math.log10(min(times))), math.ceil(math.log10(max(times)))
    first, last = math.log(places[0]), math.log(places[-1])

    def x_of(place: float) -> float:
        share = (math.log(place) - first) / (last - first) if last > first else 0.5
        return LEFT + share * (WIDE - LEFT - RIGHT)

    def y_of(time: float) -> float:
        share = (math.log10(time * 1e6) - low) / (high - low)
        return HIGH - BOTTOM - share * (HIGH - TOP - BOTTOM)

    title = f"{words[curve['axis']]}: {words.get(curve['about'], curve['about'])}"
    parts = [f'<g font-weight="600">{_text(LEFT, 22, title, ink["ink"], "start")}</g>']
    for power in range(low, high + 1):
        y = y_of(10**power / 1e6)
        parts.append(f'<path d="M{LEFT} {y:.1f}H{WIDE - RIGHT}" stroke="{ink["faint"]}"/>')
        parts.append(_text(LEFT - 6, y + 4, _amount(power), ink["quiet"], "end"))
    for place in places:
        parts.append(_text(x_of(place), HIGH - BOTTOM + 18, str(place), ink["quiet"], "middle"))
    ends = []
    for name, row in curve["seconds"].items():
        points = [(x_of(p), y_of(t)) for p, t in zip(places, row) if t is not None]
        colour, marker = looks[name]
        line = "M" + "L".join(f"{x:.1f} {y:.1f}" for x, y in points)
        width = 2.5 if name == "seegrad" else 1.5
        parts.append(f'<path d="{line}" fill="none" stroke="{colour}" stroke-width="{width}"/>')
        parts += [_marker(marker, x, y, colour) for x, y in points]
        ends.append([points[-1][1] + 4, name, colour])
    ends.sort()
    for above, below in pairwise(ends):          # names keep a line's height apart
        below[0] = max(below[0], above[0] + 14)
    for y, name, colour in ends:
        parts.append(_text(WIDE - RIGHT + 8, y, words.get(name, name), colour, "start"))
    return "".join(parts)


def _text(x: float, y: float, text: str, colour: str, anchor: str) -> str:
    return (f'<text x="{x:.1f}" y="{y:.1f}" fill="{colour}" text-anchor="{anchor}">'
            f"{escape(text)}</text>")  # fmt: skip


def _marker(kind: str, x: float, y: float, colour: str) -> str:
    r = 3.5
    if kind == "circle":
        return f'<circle cx="{x:.1f}" cy="{y:.1f}" r="{r}" fill="{colour}"/>'
    if kind == "square":
        return f'<path d="M{x - r:.1f} {y - r:.1f}h{2 * r}v{2 * r}h{-2 * r}z" fill="{colour}"/>'
    if kind == "triangle":
        return f'<path d="M{x:.1f} {y - r:.1f}l{r} {2 * r}h{-2 * r}z" fill="{colour}"/>'
    d = r + 1
    corners = f"M{x:.1f} {y - d:.1f}l{d} {d}l{-d} {d}l{-d} {-d}z"
    return f'<path d="{corners}" fill="{colour}"/>'


def _amount(power: int) -> str:
    return {0: "1 µs", 1: "10 µs", 2: "100 µs", 3: "1 ms", 4: "10 ms", 5: "100 ms", 6: "1 s",
            7: "10 s"}.get(power, f"10^{power} µs")  # fmt: skip
