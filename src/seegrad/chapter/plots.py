"""Plots of a chapter: contours and paths, histograms, maps of numbers, moved by sliders.

A `Plot` is a list of parts, SVG that says when it is there, and the sliders that decide it; the
page's `training/plots.ts` moves them. What is drawn was computed before: nothing here computes it.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from html import escape
from typing import Any

import numpy as np


@dataclass(frozen=True)
class Slider:
    """A setting: its name in `when`, its label, what is said at each of its places."""

    name: str
    label: str
    words: Sequence[str]
    start: int = 0

    def html(self, key: str) -> str:
        """The slider with what it says now."""
        words = escape(json.dumps(list(self.words), ensure_ascii=False))
        said = escape(self.words[self.start])
        return (
            f'<label for="{key}"><span>{escape(self.label)}</span>'
            f'<input id="{key}" type="range" name="{self.name}" min="0" max="{len(self.words) - 1}"'
            f' value="{self.start}" data-words="{words}" aria-valuetext="{said}">'
            f'<output for="{key}">{said}</output></label>'
        )


@dataclass
class Plot:
    """A drawing of `wide` × `high` pixels, said in one sentence, and its sliders."""

    wide: float
    high: float
    says: str
    sliders: Sequence[Slider] = ()
    parts: list[tuple[str, str]] = field(default_factory=list)

    def add(self, svg: str, when: str = "") -> None:
        """A part, there always or where `when` says."""
        self.parts.append((svg, when))

    def there(self, when: str) -> bool:
        """Is such a part there at the sliders' first places?"""
        first = {slider.name: slider.start for slider in self.sliders}
        asked = (each.partition(":")[::2] for each in when.split())
        return all(
            first[name] >= int(at[:-1]) if at.endswith("+") else first[name] == int(at)
            for name, at in asked
        )

    def svg(self) -> str:
        """The drawing."""
        drawn = "".join(
            f'<g data-when="{when}"{"" if self.there(when) else off}>{svg}</g>' if when else svg
            for svg, when in self.parts
            for off in (' class="off"',)
        )
        return (
            f'<svg class="plot" role="img" viewBox="0 0 {self.wide:g} {self.high:g}"'
            f' aria-label="{escape(self.says)}">{drawn}</svg>'
        )

    def html(self, name: str, prefix: str = "") -> str:
        """The plot's place in a page."""
        controls = "".join(s.html(f"{prefix}{name}-{s.name}") for s in self.sliders)
        row = f'<div class="settings">{controls}</div>' if controls else ""
        canvas = f'<div class="canvas" role="group" tabindex="0" aria-label="{escape(self.says)}">'
        return f'<div class="plot" data-plot="{name}">{row}{canvas}{self.svg()}</div></div>'


@dataclass(frozen=True)
class Axes:
    """A rectangle of the drawing for numbers from `low` to `high`: (left, top, wide, high)."""

    room: tuple[float, float, float, float]
    low: tuple[float, float]
    high: tuple[float, float]

    def at(self, x: Any, y: Any) -> tuple[Any, Any]:
        """Where numbers lie in the drawing."""
        left, top, wide, high = self.room
        across = (np.asarray(x) - self.low[0]) / (self.high[0] - self.low[0])
        up = (np.asarray(y) - self.low[1]) / (self.high[1] - self.low[1])
        return left + across * wide, top + (1 - up) * high

    def frame(self, name: str = "") -> str:
        """The border, the lines through 0, and numbers at the corners."""
        left, top, wide, high = self.room
        parts = [_frame(left, top, wide, high)]
        x, y = self.at(0, 0)
        if self.low[0] < 0 < self.high[0]:
            parts.append(f'<path class="axis" d="M{x:.1f} {top:g}v{high:g}"/>')
        if self.low[1] < 0 < self.high[1]:
            parts.append(f'<path class="axis" d="M{left:g} {y:.1f}h{wide:g}"/>')
        below = top + high + 16
        parts += [
            words(left, below, number(self.low[0]), "start"),
            words(left + wide, below, number(self.high[0]), "end"),
            words(left - 5, top + high, number(self.low[1]), "end"),
            words(left - 5, top + 10, number(self.high[1]), "end"),
        ]
        if name:
            parts.append(words(left + wide / 2, below, name))
        return "".join(parts)

    def path(self, points: Any, kind: str = "way") -> str:
        """A line through points (N, 2), as far as they lie in the rectangle or near it."""
        points = np.asarray(points, float)
        x, y = self.at(points[:, 0], points[:, 1])
        return f'<path class="{kind}" d="{_line(x, y)}"/>'

    def dot(self, x: float, y: float, kind: str = "dot", radius: float = 3.5) -> str:
        """A dot."""
        across, down = self.at(x, y)
        return f'<circle class="{kind}" cx="{across:.1f}" cy="{down:.1f}" r="{radius:g}"/>'

    def ellipse(self, reach: tuple[float, float]) -> str:
        """The contour x²/a² + y²/b² = 1 with (a, b) = `reach`."""
        (x, y), (right, top) = self.at(0, 0), self.at(*reach)
        return (
            f'<ellipse class="contour" cx="{x:.1f}" cy="{y:.1f}" rx="{right - x:.1f}"'
            f' ry="{y - top:.1f}"/>'
        )

    def clip(self, name: str, svg: str) -> str:
        """`svg` as far as it lies in the rectangle."""
        left, top, wide, high = self.room
        return (
            f'<clipPath id="{name}"><rect x="{left:g}" y="{top:g}" width="{wide:g}"'
            f' height="{high:g}"/></clipPath><g clip-path="url(#{name})">{svg}</g>'
        )


def _line(x: Iterable[float], y: Iterable[float]) -> str:
    return "M" + "L".join(f"{a:.1f} {b:.1f}" for a, b in zip(x, y, strict=True))


def number(value: float) -> str:
    """A number as it is written in a plot."""
    return f"{value:g}".replace("-", "−")


def words(x: float, y: float, text: str, anchor: str = "middle", kind: str = "") -> str:
    """A text; `anchor`: start, middle or end."""
    look = f' class="{kind}"' if kind else ""
    return f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}"{look}>{escape(text)}</text>'


def histogram(room: tuple[float, float, float, float], shares: Sequence[float]) -> str:
    """Bars for shares of the tallest possible one, 1."""
    left, top, wide, high = room
    step = wide / len(shares)
    bars = "".join(
        f"M{left + i * step:.1f} {top + high:.1f}v{-high * min(1, s):.1f}h{step:.1f}"
        f"V{top + high:.1f}z"
        for i, s in enumerate(shares)
        if s > 0
    )
    return (
        f'<path class="bars" d="{bars or f"M{left} {top}"}"/>'
        f'<path class="axis" d="M{left:g} {top + high:g}h{wide:g}"/>'
    )


def heat_map(x: float, y: float, cell: float, values: Any, numbers: bool = False) -> str:
    """A map of numbers: warm above 0, cool below, as strong as they are far from it."""
    values = np.asarray(values, float)
    strongest = float(np.abs(values).max()) or 1.0
    darkest = 0.45 if numbers else 0.8  # what is written on it stays easy to read
    parts = []
    for i, row in enumerate(values):
        for j, value in enumerate(row):
            kind = "warm" if value >= 0 else "cold"
            parts.append(
                f'<rect class="{kind}" x="{x + j * cell:g}" y="{y + i * cell:g}" width="{cell:g}"'
                f' height="{cell:g}" fill-opacity="{darkest * abs(value) / strongest:.2f}"/>'
            )
            if numbers:
                place = x + (j + 0.5) * cell, y + (i + 0.5) * cell + 5
                parts.append(words(*place, number(value)))
    high, wide = values.shape
    return "".join(parts) + _frame(x, y, wide * cell, high * cell)


def _frame(x: float, y: float, wide: float, high: float) -> str:
    return f'<rect class="frame" x="{x:g}" y="{y:g}" width="{wide:g}" height="{high:g}"/>'


def outline(x: float, y: float, wide: float, high: float) -> str:
    """A rectangle around what is looked at."""
    return f'<rect class="looked" x="{x:g}" y="{y:g}" width="{wide:g}" height="{high:g}"/>'
