"""One figure of a chapter: its graph, and how it is shown; texts in the place of numbers.

The lists of figures stand in `figures.py` and in the chapters' own modules; what is drawn is the
picture's affair.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

from seegrad.drawing.layout.labels import constant_text
from seegrad.drawing.scene.build import build_scene
from seegrad.drawing.scene.scene import Box, Scene, fold
from seegrad.drawing.scene.steps import walk
from seegrad.i18n import tr
from seegrad.tensor.tensor import Tensor

FORK = "fork"

Labels = Mapping[tuple[str, str], str]
"""(what a wire comes from, what it goes to) → the text on it; an output goes to "→"."""


@dataclass(frozen=True)
class Figure:
    """One figure: its number, how its graph is built, and how it is shown."""

    number: str
    build: Callable[[str], Tensor]
    above: Labels | None = None
    below: Labels | None = None
    quiz: bool = False
    open: str = "auto"
    sign: str = ""  # drawn in the place of the only operation's
    rule: str = ""  # written in the closed box in the place of its own
    constants_inside: bool = False  # ×2 in the circle, as one operation
    after: tuple[str, str] | None = None  # stands still at such a sign of a layer

    def graph(self, lang: str = "en") -> Tensor:
        """The graph's output, after its backward pass if the figure has one."""
        return self.build(lang)

    def scene(self, lang: str = "en") -> Scene:
        """The picture as data."""
        symbolic = self.above is not None or self.below is not None
        drawn = build_scene(
            self.build(lang), open=self.open, quiz=self.quiz, language=lang, live=not symbolic,
            title=self.title(lang),
        )  # fmt: skip
        if self.sign:
            boxes = (replace(b, sign=self.sign) if b.sign else b for b in drawn.boxes)
            drawn = replace(drawn, boxes=tuple(boxes))
        if self.rule:
            drawn = replace(
                drawn, groups=tuple(replace(group, rule=self.rule) for group in drawn.groups)
            )
        if self.constants_inside:
            drawn = with_constants_inside(drawn)
        return labelled(drawn, self.above or {}, self.below or {})

    def title(self, lang: str) -> str:
        """What the figure is called: "Figure 5-1"; the one that opens the page has no number."""
        word: str = tr("Figure", language=lang)
        return f"{word} {self.number}" if self.number != "0" else ""

    def step(self, scene: Scene) -> int | None:
        """The step of the walk at which the reader finds it; None: the last."""
        if self.after is None:
            return None
        sign, layer = self.after
        layers = {group.id: group.name for group in scene.groups}
        flows = {w.source for w in scene.wires if w.grad is not None and any(w.grad.numbers or ())}
        places = {
            box.id
            for box in scene.boxes
            if box.sign == sign and layers.get(box.group, "") == layer and box.id in flows
        }
        found = None
        for i, each in enumerate(walk(scene, fold(scene))):
            if each.phase == "sum" and sign == FORK and found is None:
                found = i
            if each.phase == "backward" and each.box in places:
                found = i
        return found


def with_constants_inside(scene: Scene) -> Scene:
    """The scene with every plain constant in the circle of the operation that takes it: ×2."""
    constants = {box.id: box for box in scene.boxes if box.kind == "constant"}
    inside = {w.target: constants[w.source] for w in scene.wires if w.source in constants}

    def joined(box: Box) -> Box:
        held = inside.get(box.id)
        return replace(box, sign=f"{box.sign}{constant_text(held)}") if held else box

    return replace(
        scene,
        boxes=tuple(joined(box) for box in scene.boxes if box.id not in constants),
        wires=tuple(wire for wire in scene.wires if wire.source not in constants),
    )


def labelled(scene: Scene, above: Labels, below: Labels) -> Scene:
    """The scene with texts in the place of numbers, on the wires that they name."""
    words: dict[str, str] = {}
    for box in scene.boxes:
        words[box.id] = "→" if box.kind == "output" else (box.name or box.sign)
    wires = []
    for wire in scene.wires:
        ends = (words.get(wire.source, ""), words.get(wire.target, ""))
        wires.append(
            replace(wire, above=above.get(ends, wire.above), below=below.get(ends, wire.below))
        )
    return replace(scene, wires=tuple(wires))


def by_number(*figures: Figure) -> dict[str, Figure]:
    """Figures by their numbers."""
    return {figure.number: figure for figure in figures}
