"""Charts of a run as SVG: curves, a table of confusions, points in the plane, small pictures.

Every text may be told in two languages; the page's style sheet shows one of them. Colours are
classes of that sheet. Nothing here knows what the numbers mean.
"""

from __future__ import annotations

import math
import struct
import zlib
from base64 import b64encode
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from seegrad.drawing.values.summary import scientific, shown
from seegrad.drawing.values.user_text import escape
from seegrad.i18n import LANGUAGES, tr

WIDTH, HEIGHT = 560, 270
LEFT, RIGHT, TOP, BOTTOM = 56, 130, 14, 40
MOST_POINTS = 400
MOST_CELLS = 40
MOST_DOTS = 1500
LINE_STEP = 15
LONG = 1e6  # a number at an axis, from here on a power of ten

Words = Mapping[str, str]
"""One text in each language."""


@dataclass(frozen=True)
class Curve:
    """One line of a chart; `kind` is its class in the style sheet."""

    name: Words
    x: Sequence[float]
    y: Sequence[float]
    kind: str


def both(sentence: str, **values: object) -> Words:
    """A sentence of the catalogue in every language."""
    return {lang: tr(sentence, language=lang, **values) for lang in LANGUAGES}


def plainly(text: str) -> Words:
    """A name or number that is the same in every language."""
    return dict.fromkeys(LANGUAGES, text)


def spoken(words: Words, tag: str = "span", attributes: str = "") -> str:
    """The text as HTML or SVG, once where the languages agree, else once in each."""
    if len(set(words.values())) == 1:
        return f"<{tag}{attributes}>{escape(next(iter(words.values())))}</{tag}>"
    return "".join(
        f'<{tag}{attributes} lang="{lang}">{escape(text)}</{tag}>' for lang, text in words.items()
    )


# --------------------------------------------------------------- curves


def curves(lines: Sequence[Curve], title: Words, across: Words, log: bool = False) -> str:
    """Lines over a common axis, each with its name at its right end."""
    lines = [fine for line in lines if len((fine := _finite(line, log)).x)]
    if not lines:
        return f'<p class="none">{spoken(both("nothing was recorded"))}</p>'
    every = [y for line in lines for y in line.y]
    ticks = _powers(every) if log else _steps(0.0, max(every))
    low, high = min(*ticks, *every), max(*ticks, *every)
    most = max(max(line.x) for line in lines)
    least = min(min(line.x) for line in lines)

    def place(x: float, y: float) -> tuple[float, float]:
        part = _share(math.log10(y), math.log10(low), math.log10(high)) if log else (
            _share(y, low, high))  # fmt: skip
        return (
            LEFT + _share(x, least, most) * (WIDTH - LEFT - RIGHT),
            HEIGHT - BOTTOM - part * (HEIGHT - TOP - BOTTOM),
        )

    parts = []
    for tick in ticks:
        _, y = place(least, tick)
        parts.append(f'<path class="grid" d="M{LEFT} {y:.1f}H{WIDTH - RIGHT}"/>')
        size = shown(tick) if tick < LONG else scientific(tick)
        parts.append(_text(LEFT - 8, y + 4, plainly(size), "end"))
    for x in _across(least, most):
        at, _ = place(x, low)
        parts.append(_text(at, HEIGHT - BOTTOM + 18, plainly(shown(x)), "middle"))
    parts.append(_text((LEFT + WIDTH - RIGHT) / 2, HEIGHT - 4, across, "middle"))
    ends = []
    for line in lines:
        points = [place(x, y) for x, y in zip(line.x, line.y)]
        path = "L".join(f"{x:.1f} {y:.1f}" for x, y in points)
        parts.append(f'<path class="curve {line.kind}" d="M{path}"/>')
        if len(points) == 1:
            x, y = points[0]
            parts.append(f'<circle class="dot {line.kind}" cx="{x:.1f}" cy="{y:.1f}" r="3"/>')
        ends.append(points[-1])
    for line, (x, _), y in zip(lines, ends, _apart([y for _, y in ends])):
        words = {lang: f"{name} {shown(line.y[-1])}" for lang, name in line.name.items()}
        parts.append(_text(x + 8, y + 4, words, "start", f" {line.kind}"))
    return _svg(WIDTH, HEIGHT, title, parts)


def _finite(line: Curve, log: bool) -> Curve:
    """The points that can be drawn, at most MOST_POINTS of them, the last among them."""
    pairs = [
        (x, y) for x, y in zip(line.x, line.y) if math.isfinite(y) and (y > 0 or not log)
    ]  # fmt: skip
    every = max(1, -(-len(pairs) // MOST_POINTS))
    kept = pairs[::-1][::every][::-1]
    return Curve(line.name, [x for x, _ in kept], [y for _, y in kept], line.kind)


def _share(x: float, low: float, high: float) -> float:
    return (x - low) / (high - low) if high > low else 0.5


def _steps(low: float, high: float) -> list[float]:
    """Round numbers from low to beyond high, about four of them."""
    if high <= low:
        return [low, low + 1.0]
    raw = (high - low) / 4
    unit = 10.0 ** math.floor(math.log10(raw))
    step = next(unit * k for k in (1, 2, 2.5, 5, 10) if unit * k >= raw * 0.999)
    return [low + step * i for i in range(math.ceil((high - low) / step - 1e-9) + 1)]


def _powers(values: Sequence[float]) -> list[float]:
    """Powers of ten around the values, every second or third where there are many."""
    low, high = math.floor(math.log10(min(values))), math.ceil(math.log10(max(values)))
    high = max(high, low + 1)
    every = max(1, -(-(high - low) // 5))
    return [10.0**k for k in range(low, high + every, every) if k <= 308]


def _across(low: float, high: float) -> list[float]:
    """Whole numbers along the lower edge."""
    if high <= low:
        return [low]
    step = max(1.0, _steps(0.0, high - low)[1])
    first = math.ceil(low / step) * step
    found = [first + step * i for i in range(int((high - first) / step) + 1)]
    return found if high - found[-1] < 0.3 * step else [*found, high]


def _apart(places: Sequence[float]) -> list[float]:
    """The same heights in the same order, moved so that no two texts overlap."""
    order = sorted(range(len(places)), key=lambda i: places[i])
    moved = [0.0] * len(places)
    last = -math.inf
    for i in order:
        last = moved[i] = max(places[i], last + LINE_STEP)
    over = max(0.0, last - (HEIGHT - BOTTOM - 8))
    return [y - over for y in moved]


# --------------------------------------------------------------- confusions


def confusions(counts: NDArray[Any], names: Sequence[str], title: Words) -> str:
    """A row for each true class, a column for each answer; right answers on the diagonal."""
    many = len(names)
    cell = 34 if many <= 12 else max(10, 400 // many)
    left = 24 + min(120, 8 * max(len(name) for name in names))
    most = max(int(counts.max()), 1)
    wrong = max(int((counts - np.diag(np.diag(counts))).max()), 1)
    parts = [
        _text(left + many * cell / 2, 14, both("predicted"), "middle"),
        _text(left - 8, 34, both("true"), "end"),
    ]
    for i, name in enumerate(names):
        short = name if len(name) <= 14 else f"{name[:13]}…"
        fits = many <= 12
        if fits:
            parts.append(_text(left + (i + 0.5) * cell, 34, plainly(short[:4]), "middle"))
        parts.append(_text(left - 8, 42 + (i + 0.66) * cell, plainly(short), "end"))
        for j, count in enumerate(counts[i]):
            kind, top = ("right", most) if i == j else ("wrong", wrong)
            fill = 0.0 if not count else 0.1 + 0.35 * math.sqrt(count / top)
            x, y = left + j * cell, 42 + i * cell
            parts.append(
                f'<rect class="cell {kind}" x="{x}" y="{y}" width="{cell - 1}" '
                f'height="{cell - 1}" fill-opacity="{fill:.2f}"/>'
            )
            if count and fits:
                parts.append(_text(x + cell / 2, y + cell * 0.64, plainly(str(count)), "middle"))
    return _svg(left + many * cell + 8, 50 + many * cell, title, parts)


# --------------------------------------------------------------- points and pictures


def points(x: NDArray[Any], kinds: Sequence[int], ringed: NDArray[Any], title: Words) -> str:
    """Points in the plane, each of a kind, some of them ringed."""
    side = 340
    low, high = x.min(axis=0), x.max(axis=0)
    span = np.where(high > low, high - low, 1.0)
    every = max(1, -(-len(x) // MOST_DOTS))
    parts = []
    for i in range(0, len(x), every):
        part = (x[i] - low) / span
        cx, cy = 16 + part[0] * (side - 32), side - 16 - part[1] * (side - 32)
        parts.append(f'<circle class="dot k{kinds[i] % 4}" cx="{cx:.1f}" cy="{cy:.1f}" r="3"/>')
        if ringed[i]:
            parts.append(f'<circle class="ring" cx="{cx:.1f}" cy="{cy:.1f}" r="7"/>')
    return _svg(side, side, title, parts)


def picture(values: NDArray[Any], name: str) -> str:
    """A small grey picture, dark where the values are large, as an <img> that needs no file."""
    grid = np.asarray(values, np.float64)
    low, high = float(np.nanmin(grid)), float(np.nanmax(grid))
    scaled = np.nan_to_num((grid - low) / (high - low if high > low else 1.0))
    rows = (255 - np.round(255 * scaled)).astype(np.uint8)
    raw = b"".join(b"\0" + row.tobytes() for row in rows)
    head = struct.pack(">IIBBBBB", rows.shape[1], rows.shape[0], 8, 0, 0, 0, 0)
    chunks = ((b"IHDR", head), (b"IDAT", zlib.compress(raw, 9)), (b"IEND", b""))
    data = b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))
        for kind, body in chunks
    )
    return f'<img alt="{escape(name)}" src="data:image/png;base64,{b64encode(data).decode()}">'


# --------------------------------------------------------------- SVG


def _text(x: float, y: float, words: Words, anchor: str, kind: str = "") -> str:
    style = f' class="{anchor}{kind}" x="{x:.1f}" y="{y:.1f}"'
    return spoken(words, "text", style)


def _svg(width: float, height: float, title: Words, parts: Sequence[str]) -> str:
    """The whole drawing, named for those who cannot see it."""
    name = escape(" / ".join(dict.fromkeys(title.values())))
    return (
        f'<svg class="chart" viewBox="0 0 {width:g} {height:g}" width="{width:g}" role="img" '
        f'aria-label="{name}">{"".join(parts)}</svg>'
    )
