"""The picture for LaTeX: TikZ with our own layout, ready to \\input or to compile alone."""

from __future__ import annotations

from collections.abc import Sequence

from seegrad.drawing.export.window import WIDTH, height_of
from seegrad.drawing.layout.labels import Labels, constant_text
from seegrad.drawing.layout.levels import window
from seegrad.drawing.layout.nested import Point
from seegrad.drawing.layout.strokes import is_circle, strokes
from seegrad.drawing.layout.theme import LIGHT, LINE
from seegrad.drawing.scene.scene import Box, Group, Scene
from seegrad.drawing.values.decimals import number
from seegrad.drawing.values.user_text import clean, short

_SPECIAL = {
    "\\": r"\textbackslash{}", "{": r"\{", "}": r"\}", "$": r"\$", "&": r"\&", "#": r"\#",
    "^": r"\textasciicircum{}", "_": r"\_", "~": r"\textasciitilde{}", "%": r"\%",
    "<": r"\textless{}", ">": r"\textgreater{}", "|": r"\textbar{}", '"': r"\textquotedbl{}",
    "−": "$-$", "×": r"$\times$", "÷": r"$\div$", "·": r"$\cdot$", "σ": r"$\sigma$",
    "∞": r"$\infty$", "…": r"\dots{}", "‖": r"$\Vert$", "\u2007": r"\hphantom{0}", "Σ": r"$\Sigma$",
    "≠": r"$\neq$", "•": r"$\bullet$", "²": "$^2$", "ᵀ": r"$^\top$", "∨": r"$\vee$",
    "∧": r"$\wedge$", "√": r"$\surd$", "≤": r"$\leq$", "≥": r"$\geq$", "\u0304": "",
}  # fmt: skip
_SPECIAL |= {c: f"$^{{{d}}}$" for c, d in zip("⁻⁰¹²³⁴⁵⁶⁷⁸⁹", ["-", *"0123456789"])}


def escape(text: str) -> str:
    """User text as LaTeX text; no letter of it is a command."""
    return "".join(_SPECIAL.get(c, c) for c in clean(text))


def _rgb(colour: str) -> str:
    return f"RGB}}{{{','.join(str(int(colour[i : i + 2], 16)) for i in (1, 3, 5))}"


def _path(points: Sequence[Point]) -> str:
    x, y = points[0]
    text = f"({number(x)},{number(y)})"
    for nx, ny in points[1:]:
        mid = number((x + nx) / 2)
        if ny == y or nx == x:
            text += f" -- ({number(nx)},{number(ny)})"
        else:
            text += f" .. controls ({mid},{number(y)}) and ({mid},{number(ny)}) .. "
            text += f"({number(nx)},{number(ny)})"
        x, y = nx, ny
    return text


def to_tikz(scene: Scene) -> str:
    """A document of its own with one tikzpicture (xelatex or lualatex for Korean names)."""
    seen = window(scene, WIDTH, height_of(WIDTH), heat=False)
    scene, view, plan = seen.scene, seen.view, seen.plan
    labels = Labels(scene)
    boxes: dict[str, Box | Group] = {box.id: box for box in view.boxes}
    lines = [
        r"\documentclass[tikz,border=4pt]{standalone}",
        r"\usepackage{iftex}",
        r"\ifPDFTeX\usepackage[utf8]{inputenc}\else\usepackage{fontspec}",
        r"\IfFontExistsTF{Noto Sans CJK KR}{\setmainfont{Noto Sans CJK KR}}{}\fi",
        r"\begin{document}",
        rf"\definecolor{{back}}{{{_rgb(LIGHT.accent)}}}",
        rf"\definecolor{{ground}}{{{_rgb(LIGHT.group)}}}",
        rf"\definecolor{{soft}}{{{_rgb(LIGHT.soft)}}}",
        r"\begin{tikzpicture}[x=0.75pt,y=-0.75pt,every node/.style={font=\footnotesize,"
        r"inner sep=0pt},>=latex]",
    ]
    for group in view.groups:
        rect = plan.places[group.id]
        a, b = (rect.x, rect.y), (rect.x + rect.width, rect.y + rect.height)
        lines.append(_rectangle(a, b, "fill=ground,draw=soft!40,rounded corners=6pt"))
        lines.append(_node(rect.x + 10, rect.y + 14, short(group.name), "anchor=west,soft"))
    for wire in view.wires:
        source, target = plan.places[wire.source], plan.places[wire.target]
        drawn = strokes(
            plan.paths[wire.id], source, target,
            is_circle(boxes.get(wire.source), source), is_circle(boxes.get(wire.target), target),
        )  # fmt: skip
        if wire.backward:
            lines.append(rf"\draw[back,line width=1.6pt,<-] {_path(drawn.backward)};")
        lines.append(rf"\draw[->] {_path(drawn.forward)};")
        found = labels.of(wire)
        if wire.id in plan.labels and found is not None:
            x, y = plan.labels[wire.id]
            blank = wire.id in scene.blanks
            above, below, top = found
            for i, line in enumerate(reversed([top, *above] if top else above)):
                lines.append(_node(x, y - 11 - LINE * i, line))
            for i, line in enumerate(below):
                words = r"\framebox[3em]{\strut}" if blank else escape(line)
                at = f"({number(x)},{number(y + 20 + LINE * i)})"
                lines.append(rf"\node[back] at {at} {{{words}}};")
    for box in view.boxes:
        lines += _box(box, plan.places[box.id].x, plan.places[box.id].y, plan.places[box.id].width,
                      plan.places[box.id].height)
    return "\n".join([*lines, r"\end{tikzpicture}", r"\end{document}"]) + "\n"


def _node(x: float, y: float, words: str, style: str = "") -> str:
    return rf"\node[{style}] at ({number(x)},{number(y)}) {{{escape(words)}}};"


def _rectangle(a: Point, b: Point, style: str) -> str:
    ends = f"({number(a[0])},{number(a[1])}) rectangle ({number(b[0])},{number(b[1])})"
    return rf"\draw[{style}] {ends};"


def _box(box: Box | Group, x: float, y: float, width: float, height: float) -> list[str]:
    a, b = (x, y), (x + width, y + height)
    mid = x + width / 2, y + height / 2
    if isinstance(box, Group):
        words = " ".join(filter(None, (box.sign, box.name)))
        ground = _rectangle(a, b, "fill=ground,draw=soft!40,rounded corners=6pt")
        return [ground, _node(*mid, words)]
    if box.kind == "fork":
        return [rf"\fill ({number(mid[0])},{number(mid[1])}) circle (2pt);"]
    if box.kind in ("operation", "culprit"):
        corner = number(min(width, height, 44) / 2 * 0.75)
        return [_rectangle(a, b, f"fill=white,rounded corners={corner}pt"), _node(*mid, box.sign)]
    if box.kind in ("input", "parameter"):
        frame = _rectangle(a, b, "fill=white,draw=soft!60,rounded corners=4pt")
        return [frame, _node(*mid, short(box.name))]
    words = constant_text(box) if box.kind == "constant" else short(box.name)
    return [_node(*mid, words)] if words else []
