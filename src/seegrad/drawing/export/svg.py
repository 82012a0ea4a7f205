"""The picture as SVG: one self-contained, printable drawing with literal colours.

`web/draw.js` draws the same shapes in the page. What vector exports share is in
`strokes.py`; no layout is decided here.
"""

from __future__ import annotations

from collections.abc import Mapping

from seegrad.drawing.export.window import WIDTH, height_of
from seegrad.drawing.layout.labels import Labels, constant_text
from seegrad.drawing.layout.levels import window
from seegrad.drawing.layout.measure import sign_size
from seegrad.drawing.layout.nested import Rect
from seegrad.drawing.layout.strokes import curve, heat_strokes, is_circle, strokes
from seegrad.drawing.layout.theme import (
    FACE,
    FONT,
    HEAT_WIDTH,
    LIGHT,
    LINE,
    MATH,
    ROOM,
    SANS,
    SMALL,
    Theme,
    text_width,
)
from seegrad.drawing.scene.overlays import NOT_FINITE, not_finite, undefined_steps
from seegrad.drawing.scene.scene import Box, Group, Scene, View, Wire
from seegrad.drawing.scene.steps import BACKWARD, known, walk
from seegrad.drawing.values.decimals import number
from seegrad.drawing.values.heat_map import STEPS, heat_height
from seegrad.drawing.values.summary import ArraySummary, lines, shown_shape
from seegrad.drawing.values.user_text import clean, escape, short

HEAD_LENGTH, HEAD_HALF = 7.0, 3.0  # the forward arrow's head
BACK_LENGTH, BACK_HALF = 9.0, 5.0  # the backward arrow's head
BACK_WIDTH = 3.0


class Drawing:
    """Collects the elements of one SVG."""

    def __init__(
        self, scene: Scene, theme: Theme | None, width: float, step: int | None = None
    ) -> None:
        seen = window(scene, width, height_of(width), heat=True)
        self.scene, self.theme = seen.scene, theme
        self.view, self.plan = seen.view, seen.plan
        self.parts: list[str] = []
        self.labels = Labels(self.scene, heat=True)
        self.boxes: dict[str, Box | Group] = {box.id: box for box in self.view.boxes}
        self.marks = seen_marks(self.scene, self.view)
        self.known = known(self.scene, self.view)
        steps = walk(self.scene, self.view)
        self.now = None if step is None or step >= len(steps) else steps[step]

    def is_known(self, at: int) -> bool:
        """Is what is known from a time on known at the step that is drawn?"""
        return self.now is None or at <= self.now.time

    def lit(self, thing: str) -> str:
        """The class of a wire or box that the step that is drawn is about."""
        if self.now is None or thing not in (*self.now.wires, self.now.box):
            return ""
        back = thing in self.now.wires and self.now.phase in BACKWARD
        return " litback" if back else " lit"

    def text(self, x: float, y: float, words: str, kind: str, anchor: str = "middle") -> None:
        kind = kind if anchor == "middle" else f"{kind} {anchor}"
        self.parts.append(
            f'<text class="{kind}" x="{number(x)}" y="{number(y)}">{escape(words)}</text>'
        )

    def group(self, group: Group) -> None:
        rect = self.plan.places[group.id]
        self.parts.append(f'<g class="group {group.kind}"><title>{escape(group.name)}</title>')
        self.rect(rect, "ground", 10)
        self.text(rect.x + 12, rect.y + 19, short(group.name), "caption", "start")
        self.parts.append("</g>")

    def rect(self, rect: Rect, kind: str, radius: float, fill: float = 1.0) -> None:
        opacity = "" if fill == 1.0 else f' fill-opacity="{number(fill)}"'
        self.parts.append(
            f'<rect class="{kind}" x="{number(rect.x)}" y="{number(rect.y)}"'
            f' width="{number(rect.width)}" height="{number(rect.height)}" rx="{number(radius)}"'
            f"{opacity}/>"
        )

    def wire(self, wire: Wire) -> None:
        path, source, target = (
            self.plan.paths[wire.id],
            self.plan.places[wire.source],
            self.plan.places[wire.target],
        )
        drawn = strokes(
            path,
            source,
            target,
            is_circle(self.boxes.get(wire.source), source),
            is_circle(self.boxes.get(wire.target), target),
        )
        self.parts.append(f'<g class="wire {wire.kind}{self.lit(wire.id)}">')
        if wire.backward and self.is_known(self.known[wire.id][1]):
            x, y = drawn.backward[0]
            tip = x + BACK_LENGTH
            self.parts.append(f'<path class="back" d="{curve(((tip, y), *drawn.backward[1:]))}"/>')
            self.parts.append(
                f'<path class="backhead" d="M{number(x)} {number(y)}l{number(BACK_LENGTH)}'
                f' {number(-BACK_HALF)}v{number(2 * BACK_HALF)}z"/>'
            )
        self.parts.append(f'<path class="fore" d="{curve(drawn.forward)}"/>')
        target_box = self.boxes.get(wire.target)
        if not (isinstance(target_box, Box) and target_box.kind == "fork"):
            x, y = drawn.forward[-1]
            self.parts.append(
                f'<path class="head" d="M{number(x)} {number(y)}l{number(-HEAD_LENGTH)}'
                f' {number(-HEAD_HALF)}v{number(2 * HEAD_HALF)}z"/>'
            )
        self.wire_label(wire)
        self.parts.append("</g>")

    def wire_label(self, wire: Wire) -> None:
        found = self.labels.of(wire)
        if wire.id not in self.plan.labels or found is None:
            return
        x, y = self.plan.labels[wire.id]
        above, below, top = found
        value, grad = self.labels.heats(wire)
        has_value, has_grad = map(self.is_known, self.known[wire.id])
        high = heat_height(value) + 10 if value else 7.0
        at = y - high - LINE * (len(above) - 1)
        if top and has_value:
            self.text(x, at - LINE, top, "shape")
        for i, words in enumerate(above if has_value else ()):
            self.text(x, at + LINE * i, words, "value")
        if value and has_value:
            self.heat(value, x, y - 6 - heat_height(value))
        if not has_grad:
            return
        if wire.id in self.scene.blanks:
            self.rect(Rect(x - 26, y + 12, 52, 18), "blank", 3)
            return
        under = y + 25 + (heat_height(grad) + 2 if grad else 0.0)
        for i, words in enumerate(below):
            self.text(x, under + LINE * i, words, "grad")
        if grad:
            self.heat(grad, x, y + 14)

    def heat(self, summary: ArraySummary, x: float, y: float) -> None:
        """The small picture of an array, its middle at x; its numbers are in its title."""
        left = x - HEAT_WIDTH / 2
        words = " / ".join((shown_shape(summary.shape), *lines(summary)))
        self.parts.append(f"<g><title>{escape(words)}</title>")
        self.rect(Rect(left, y, HEAT_WIDTH, heat_height(summary)), "cell frame", 0)
        for kind, path in heat_strokes(summary, left, y):
            self.parts.append(f'<path class="{kind}" d="{path}"/>')
        self.parts.append("</g>")

    def box(self, box: Box | Group) -> None:
        rect = self.plan.places[box.id]
        x, y = rect.x + rect.width / 2, rect.y + rect.height / 2
        kind = f"closed {box.kind}" if isinstance(box, Group) else box.kind
        said = f"<title>{escape(self.title(box))}</title>" if self.now is None else ""
        self.parts.append(f'<g class="box {kind}{self.lit(box.id)}">{said}')
        first = len(self.parts)
        if isinstance(box, Group):
            self.closed(box, rect, x)
        elif box.kind == "fork":
            self.parts.append(f'<circle class="dot" cx="{number(x)}" cy="{number(y)}" r="3.5"/>')
        elif box.kind in ("operation", "culprit"):
            self.rect(rect, "node", min(rect.width, rect.height, 44.0) / 2)
            size = sign_size(box.sign)
            self.text(x, y + size * 0.34, box.sign, "sign" if size > FONT + 2 else "word")
        elif box.kind in ("input", "parameter"):
            self.rect(rect, "name", 6)
            self.text(x, y + FONT * 0.36, short(box.name), "label")
        elif box.kind == "constant":
            self.text(x, y + FONT * 0.36, constant_text(box), "number")
        elif box.name:
            self.text(x, y + FONT * 0.36, short(box.name), "label")
        if box.id in self.marks and box.kind not in ("fork", "output"):
            self.mark(rect, first + 1, box.kind == "operation", *self.marks[box.id])
        self.parts.append("</g>")

    def title(self, box: Box | Group) -> str:
        """What a box says when it is pointed at; in a quiz not what is asked for."""
        if isinstance(box, Group):
            return box.name
        words = [box.title or box.name or box.sign]
        grad = None if self.scene.blanks else box.grad
        for what, summary in (("value", box.value), ("derivative", grad)):
            if summary is not None:
                shape = f" {shown_shape(summary.shape)}" if summary.shape else ""
                words.append(f"{what}{shape}: {' / '.join(lines(summary))}")
        return "\n".join(words)

    def mark(self, rect: Rect, at: int, rounded: bool, level: float, words: str) -> None:
        """An overlay's colour over a box, below its sign; its words above."""
        bad = words.startswith("✗") or self.scene.painted == NOT_FINITE
        kind = "shade bad" if bad else "shade"
        radius = min(rect.width, rect.height) / 2 if rounded else 8.0
        self.rect(rect, kind, radius, 0.08 + 0.6 * level)
        self.parts.insert(at, self.parts.pop())
        self.text(rect.x + rect.width / 2, rect.y - 4, words, "mark")

    def closed(self, group: Group, rect: Rect, x: float) -> None:
        self.rect(rect, "ground", 10)
        rows = [(group.sign, "sign" if len(group.sign) <= 1 else "word", LINE + 6)]
        rows += [(short(group.name), "caption", LINE), (group.rule, "rule", LINE)]
        shownrows = [row for row in rows if row[0]]
        at = rect.y + (rect.height - sum(row[2] for row in shownrows)) / 2
        for words, kind, height in shownrows:
            self.text(x, at + height * 0.75, words, kind)
            at += height

    def svg(self) -> str:
        width, height = max(self.plan.width, 64.0), max(self.plan.height, 48.0)
        told = [clean(line) for line in self.scene.note]
        notes = [*told, *undefined_steps(self.scene, self.view)]
        for i, line in enumerate(notes):
            kind = "note" if i or not told else "problem"
            self.text(16, height + FONT + (LINE + 4) * i, line, kind, "start")
            width = max(width, text_width(line, FONT) * ROOM + 32)
        height += (LINE + 4) * len(notes) + (12 if notes else 0)
        for group in self.view.groups:
            self.group(group)
        for wire in self.view.wires:
            self.wire(wire)
        for box in self.view.boxes:
            self.box(box)
        title = self.scene.title or "computational graph"
        own = "" if self.theme is None else (
            f'<style>{style(self.theme)}</style><rect class="paper" width="100%" height="100%"/>'
        )  # fmt: skip
        head = (
            f'<svg xmlns="http://www.w3.org/2000/svg" class="canvas" width="{number(width)}"'
            f' height="{number(height)}" viewBox="0 0 {number(width)} {number(height)}"'
            f' role="img" xml:space="preserve" lang="{escape(self.scene.language)}">'
            f"<title>{escape(title)}</title>{own}"
        )
        return head + "".join(self.parts) + "</svg>\n"


def seen_marks(scene: Scene, view: View) -> Mapping[str, tuple[float, str]]:
    """What the painted overlay says of each box that is seen: of a closed one, the strongest."""
    found: dict[str, tuple[float, str]] = {}
    every = (*scene.overlays, not_finite(scene)) if scene.painted == NOT_FINITE else scene.overlays
    for overlay in every:
        for box, mark in overlay.marks.items() if overlay.name == scene.painted else ():
            place = view.stands.get(box, box)
            if place not in found or found[place][0] < mark[0]:
                found[place] = mark
    return found


def style(theme: Theme) -> str:
    """The drawing's own style sheet, with this theme's colours written in."""
    t = theme
    return (
        f"{FACE}text{{font:{number(FONT)}px {SANS};fill:{t.ink};text-anchor:middle;"
        "font-variant-numeric:tabular-nums;white-space:pre}text.start{text-anchor:start}"
        f".paper{{fill:{t.paper}}}"
        f".ground{{fill:{t.group};stroke:{t.line};stroke-width:1}}"
        f".node{{fill:{t.node};stroke:{t.ink};stroke-width:1.2}}"
        f".name{{fill:{t.paper};stroke:{t.line};stroke-width:1.2}}"
        f".parameter .name{{stroke:{t.soft};stroke-dasharray:3 2}}"
        f".dot{{fill:{t.ink}}}"
        f".fore{{fill:none;stroke:{t.ink};stroke-width:1.2}}.head{{fill:{t.ink}}}"
        f".back{{fill:none;stroke:{t.accent};stroke-width:{number(BACK_WIDTH)}}}"
        f".backhead,text.grad{{fill:{t.accent}}}"
        f".blank{{fill:{t.paper};stroke:{t.accent};stroke-dasharray:4 3}}"
        f"text.sign{{font:19px {MATH}}}text.word{{font:15px {MATH}}}"
        f"text.shape,text.caption,text.rule{{font-size:{number(SMALL)}px;fill:{t.soft}}}"
        f"text.rule{{fill:{t.accent}}}"
        f"{heat_style(t.cool, t.accent, t.wrong, t.line)}"
        f".shade{{fill:{t.cool}}}.shade.bad{{fill:{t.wrong}}}"
        f"text.mark{{font-size:10px;fill:{t.cool}}}"
        f".culprit .node{{stroke:{t.wrong};stroke-width:3}}"
        f".culprit text,text.problem{{fill:{t.wrong}}}"
    )


def heat_style(more: str, less: str, bad: str, line: str) -> str:
    """The colour scale of the heat-maps: stronger steps for larger numbers, a colour a sign."""
    steps = "".join(
        f".cell.{kind}{step}{{fill:{colour};fill-opacity:{number(step / STEPS)}}}"
        for kind, colour in (("more", more), ("less", less))
        for step in range(1, STEPS + 1)
    )
    return f".cell.frame{{fill:none;stroke:{line}}}{steps}.cell.bad{{fill:{bad}}}"


def to_svg(
    scene: Scene, theme: Theme | None = LIGHT, width: float = WIDTH, step: int | None = None
) -> str:
    """The scene as SVG text, as a window of this width would show it first, at a step of its walk
    or with all that is known; without a theme its colours are those of a page's style sheet."""
    return Drawing(scene, theme, width, step).svg()
