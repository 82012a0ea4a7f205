"""Every figure of the chapter, 5-1 to 5-30 and A-1 to A-5: its graph, and how it is shown.

A figure is built anew for each language, since the names in it are the reader's. The graphs
stand in `graphs.py`, the captions in the text; what is drawn is the picture's affair.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

from seegrad.chapter import graphs
from seegrad.drawing.layout.labels import constant_text
from seegrad.drawing.scene.build import build_scene
from seegrad.drawing.scene.scene import Box, Scene, fold
from seegrad.drawing.scene.steps import walk
from seegrad.errors import ValueRangeError
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


# --------------------------------------------------------------- the list

_CHAIN_NAMED = {("z", "→"): "∂z/∂z", ("t", "z"): "(∂z/∂z)(∂z/∂t)"}
_XY = "(∂z/∂z)(∂z/∂t)(∂t/∂x)", "(∂z/∂z)(∂z/∂t)(∂t/∂y)"
_NAMES_2 = {("x", "z"): "x", ("y", "z"): "y", ("z", "→"): "z"}
_SIGMOID_ABOVE = {
    ("x", "×"): "x", ("×", "exp"): "−x", ("exp", "+"): "exp(−x)", ("+", "y"): "1 + exp(−x)",
    ("y", "→"): "y",
}  # fmt: skip
_SIGMOID_BELOW = {
    ("y", "→"): "∂L/∂y", ("+", "y"): "−(∂L/∂y)y²", ("exp", "+"): "−(∂L/∂y)y²",
    ("×", "exp"): "−(∂L/∂y)y² exp(−x)", ("x", "×"): "(∂L/∂y)y² exp(−x)",
}  # fmt: skip

_LOSS_ABOVE = {
    **{(f"a{i}", "exp"): f"a{i}" for i in (1, 2, 3)},
    **{(f"y{i}", "log"): f"y{i}" for i in (1, 2, 3)},
    **{(f"t{i}", "×"): f"t{i}" for i in (1, 2, 3)}, ("L", "→"): "L",
}  # fmt: skip
_LOSS_BELOW = {
    **{(f"a{i}", "exp"): f"y{i} − t{i}" for i in (1, 2, 3)},
    **{(f"y{i}", "log"): f"−t{i}/y{i}" for i in (1, 2, 3)}, ("L", "→"): "1",
}  # fmt: skip

_SOFTMAX_STEPS = (
    ("log", "Cross Entropy Error"), ("×", "Softmax"), (FORK, "Softmax"), ("/", "Softmax"),
    ("+", "Softmax"), None,
)  # fmt: skip


_FIGURES: tuple[Figure, ...] = (
    Figure("0", graphs.apples),
    Figure("5-1", graphs.apples_with_numbers, constants_inside=True),
    Figure("5-2", lambda lang: graphs.apples(lang, backward=False)),
    Figure("5-3", lambda lang: graphs.apples_and_oranges(lang, backward=False)),
    Figure("5-4", graphs.local_computation),
    Figure("5-5", lambda lang: graphs.apples(lang, only_apple=True)),
    Figure("5-6", graphs.any_function, {("x", "y"): "x", ("y", "→"): "y"},
           {("x", "y"): "E · ∂y/∂x", ("y", "→"): "E"}, sign="f"),
    Figure("5-7", graphs.square_of_sum, None,
           {**_CHAIN_NAMED, ("x", "t"): _XY[0], ("y", "t"): _XY[1]}),
    Figure("5-8", graphs.square_of_sum, None,
           {("z", "→"): "1", ("t", "z"): "1 · 2t = 2(x + y)", ("x", "t"): "2(x + y) · 1",
            ("y", "t"): "2(x + y) · 1"}),
    Figure("5-8 (x·x + x)", graphs.fork),
    Figure("5-9", graphs.plus, _NAMES_2, {("z", "→"): "∂L/∂z", ("x", "z"): "∂L/∂z · 1",
                                   ("y", "z"): "∂L/∂z · 1"}),
    Figure("5-10", graphs.plus_in_a_graph, {("x", "z"): "x", ("y", "z"): "y", ("z", "L"): "z",
                                     ("L", "→"): "L"},
           {("z", "L"): "∂L/∂z", ("x", "z"): "∂L/∂z · 1", ("y", "z"): "∂L/∂z · 1",
            ("L", "→"): "∂L/∂L = 1"}),
    Figure("5-11", graphs.plus),
    Figure("5-12", graphs.product, _NAMES_2, {("z", "→"): "∂L/∂z", ("x", "z"): "∂L/∂z · y",
                                       ("y", "z"): "∂L/∂z · x"}),
    Figure("5-13", graphs.product),
    Figure("5-14", graphs.apples),
    Figure("5-15", graphs.apples_and_oranges, quiz=True),
    Figure("5-16", graphs.apples),
    Figure("5-17", graphs.apples_and_oranges),
    Figure("5-18 (x > 0)", graphs.rectified, None, {("y", "→"): "∂L/∂y", ("x", "y"): "∂L/∂y"}),
    Figure("5-18 (x ≤ 0)", lambda lang: graphs.rectified(lang, -2.0), None,
           {("y", "→"): "∂L/∂y", ("x", "y"): "0"}),
    Figure("5-19", lambda lang: graphs.sigmoid_open(lang, backward=False), open="all"),
    Figure("5-19 (1)", graphs.sigmoid_open, _SIGMOID_ABOVE, _SIGMOID_BELOW, open="all",
           after=("/", "sigmoid")),
    Figure("5-19 (2)", graphs.sigmoid_open, _SIGMOID_ABOVE, _SIGMOID_BELOW, open="all",
           after=("+", "sigmoid")),
    Figure("5-19 (3)", graphs.sigmoid_open, _SIGMOID_ABOVE, _SIGMOID_BELOW, open="all",
           after=("exp", "sigmoid")),
    Figure("5-20", graphs.sigmoid_open, open="all"),
    Figure("5-21", graphs.sigmoid_closed, _SIGMOID_ABOVE, _SIGMOID_BELOW, open="none",
           rule="y² exp(−x)"),
    Figure("5-22", graphs.sigmoid_closed, _SIGMOID_ABOVE,
           {**_SIGMOID_BELOW, ("x", "×"): "(∂L/∂y)y(1 − y)"}, open="none"),
    Figure("5-23", graphs.matrix_product),
    Figure("5-24", lambda lang: graphs.affine(lang, backward=False)),
    Figure("5-25", graphs.affine),
    Figure("5-26", graphs.matrix_product, {("X", "O"): "X (2,)", ("W", "O"): "W (2, 3)",
                                    ("O", "→"): "O (3,)"},
           {("O", "→"): "∂L/∂O (3,)", ("X", "O"): "∂L/∂O · Wᵀ: (2,) = (3,)(3, 2)",
            ("W", "O"): "Xᵀ · ∂L/∂O: (2, 3) = (2, 1)(1, 3)"}),
    Figure("5-27", lambda lang: graphs.affine(lang, batch=True)),
    Figure("5-28", graphs.network, open="none"),
    Figure("5-29", graphs.softmax_with_loss, open="all"),
    Figure("5-30", lambda lang: graphs.softmax_with_loss(lang, beside=False), _LOSS_ABOVE,
           _LOSS_BELOW, open="none"),
    Figure("A-1", lambda lang: graphs.softmax_with_loss(lang, beside=False), open="none"),
    Figure("A-2", graphs.softmax_forward),
    Figure("A-3", lambda lang: graphs.cross_entropy(lang, backward=False)),
    Figure("A-4", graphs.cross_entropy),
    *(Figure(f"A-4 ({i})", graphs.softmax_with_loss, open="all", after=after)
      for i, after in enumerate(_SOFTMAX_STEPS, 1)),
    Figure("A-5", graphs.softmax_with_loss, open="all"),
)  # fmt: skip

FIGURES: Mapping[str, Figure] = {figure.number: figure for figure in _FIGURES}
"""Every figure by its number."""


def figure(number: str) -> Figure:
    """A figure by its number, for example "5-5"; ValueRangeError lists what there is."""
    if number not in FIGURES:
        raise ValueRangeError(
            tr("the chapter has no such figure"), asked=", ".join(FIGURES), came=number
        )
    return FIGURES[number]

