"""Every figure of the chapter as a graph: 5-1 to 5-30 and A-1 to A-5, with its numbers.

A figure is built anew for each language, since the names in it are the reader's. What a figure
looks like is the picture's affair.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Any

import numpy as np

from seegrad.drawing.scene.build import build_scene
from seegrad.drawing.scene.scene import Scene, fold
from seegrad.drawing.scene.steps import walk
from seegrad.errors import ValueRangeError
from seegrad.graph.mode import frame
from seegrad.i18n import tr
from seegrad.ops.arithmetic import add_n, identity, reciprocal
from seegrad.ops.nn.activation import relu, sigmoid, softmax
from seegrad.ops.nn.loss import softmax_cross_entropy
from seegrad.ops.transcendental import exp, log
from seegrad.tensor.tensor import Tensor, tensor
from seegrad.transforms.folding import expand

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
    composites: bool = True
    sign: str = ""  # drawn in the place of the only operation's
    after: tuple[str, str] | None = None  # where it stands still: the last such sign, its layer

    def graph(self, lang: str = "en") -> Tensor:
        """The graph's output, after its backward pass if the figure has one."""
        return self.build(lang)

    def scene(self, lang: str = "en") -> Scene:
        """The picture as data."""
        symbolic = self.above is not None or self.below is not None
        drawn = build_scene(
            self.build(lang), open=self.open, quiz=self.quiz, language=lang, live=not symbolic,
            title=f"{tr('Figure', language=lang)} {self.number}", composites=self.composites,
        )  # fmt: skip
        if self.sign:
            boxes = (replace(b, sign=self.sign) if b.sign else b for b in drawn.boxes)
            drawn = replace(drawn, boxes=tuple(boxes))
        return labelled(drawn, self.above or {}, self.below or {})

    def step(self, scene: Scene) -> int | None:
        """The step of the walk at which the reader finds it; None: the last."""
        if self.after is None:
            return None
        sign, layer = self.after
        view = fold(scene)
        layers = {group.id: group.name for group in scene.groups}
        places = {box.id: box for box in scene.boxes}
        found = None
        for i, each in enumerate(walk(scene, view)):
            box = places.get(each.box)
            if each.phase == "sum" and sign == FORK and found is None:
                found = i
            inside = box is not None and layers.get(box.group, "") == layer
            if each.phase == "backward" and inside and box and box.sign == sign:
                found = i
        return found


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


def _of(lang: str, korean: str, english: str) -> str:
    return korean if lang == "ko" else english


def _leaf(value: Any, name: str, learns: bool = True) -> Tensor:
    return tensor(value, name=name, requires_grad=learns)


def _named(z: Tensor, name: str) -> Tensor:
    z.name = name
    return z


# --------------------------------------------------------------- 5.1 shopping


def apples_with_numbers(lang: str) -> Tensor:
    """Apples times two, times 1.1: the numbers are part of the operations."""
    apple = _leaf(100.0, _of(lang, "사과", "apple"))
    price: Tensor = apple * 2 * 1.1
    return price


def apples(lang: str, backward: bool = True, only_apple: bool = False) -> Tensor:
    """Two apples at 100 with 10 % tax: 220."""
    apple = _leaf(100.0, _of(lang, "사과", "apple"))
    count = _leaf(2.0, _of(lang, "사과의 개수", "count"), not only_apple)
    tax = _leaf(1.1, _of(lang, "소비세", "tax"), not only_apple)
    price: Tensor = apple * count * tax
    if backward:
        price.backward()
    return price


def apples_and_oranges(lang: str, backward: bool = True) -> Tensor:
    """Two apples at 100 and three oranges at 150 with 10 % tax: 715."""
    count = _leaf(2.0, _of(lang, "사과의 개수", "apples"))
    apple = _leaf(100.0, _of(lang, "사과", "apple"))
    orange = _leaf(150.0, _of(lang, "귤", "orange"))
    oranges = _leaf(3.0, _of(lang, "귤의 개수", "oranges"))
    tax = _leaf(1.1, _of(lang, "소비세", "tax"))
    price: Tensor = (count * apple + orange * oranges) * tax
    if backward:
        price.backward()
    return price


def local_computation(lang: str) -> Tensor:
    """Whatever the other shopping was: 4,000 is all that the + node sees of it."""
    count = _leaf(2.0, _of(lang, "사과의 개수", "apples"))
    apple = _leaf(100.0, _of(lang, "사과", "apple"))
    others = _leaf(4000.0, _of(lang, "복잡한 계산", "anything"))
    tax = _leaf(1.1, _of(lang, "소비세", "tax"))
    price: Tensor = (count * apple + others) * tax
    price.backward()
    return price


# --------------------------------------------------------------- 5.2, 5.3 the chain rule, + and ×


def any_function(lang: str) -> Tensor:
    """y = f(x), whatever f is."""
    y = _named(identity(_leaf(1.0, "x")), "y")
    y.backward()
    return y


def square_of_sum(lang: str) -> Tensor:
    """z = (x + y)² at x = 3, y = 4."""
    t = _named(_leaf(3.0, "x") + _leaf(4.0, "y"), "t")
    z = _named(t**2, "z")
    z.backward()
    return z


def plus(lang: str) -> Tensor:
    """10 + 5 = 15; 1.3 arrives and passes to both sides."""
    z = _named(_leaf(10.0, "x") + _leaf(5.0, "y"), "z")
    z.backward(1.3)
    return z


def plus_in_a_graph(lang: str) -> Tensor:
    """A + node somewhere inside a large graph whose last value is L."""
    z = _named(_leaf(10.0, "x") + _leaf(5.0, "y"), "z")
    loss = _named(z * 1.3, "L")
    loss.backward()
    return loss


def product(lang: str) -> Tensor:
    """10 × 5 = 50; 1.3 arrives, and the inputs come back swapped: 6.5 and 13."""
    z = _named(_leaf(10.0, "x") * _leaf(5.0, "y"), "z")
    z.backward(1.3)
    return z


# --------------------------------------------------------------- 5.5 activations


def rectified(lang: str, x: float = 2.0) -> Tensor:
    """ReLU at one number: open or shut."""
    y = _named(relu(_leaf(x, "x")), "y")
    y.backward(5.0)
    return y


def sigmoid_closed(lang: str) -> Tensor:
    """y = σ(ln 3) = ¾; 16 arrives, 3 goes on."""
    y = _named(sigmoid(_leaf(np.log(3.0), "x")), "y")
    y.backward(16.0)
    return y


def sigmoid_open(lang: str, backward: bool = True) -> Tensor:
    """The same by ×(−1), exp, +1 and /: below, from the right, 16, −9, −9, −3, 3."""
    y = expand(_named(sigmoid(_leaf(np.log(3.0), "x")), "y"))
    if backward:
        y.backward(16.0)
    return y


# --------------------------------------------------------------- 5.6 Affine, Softmax-with-Loss


def matrix_product(lang: str) -> Tensor:
    """(2,)·(2, 3) = (3,)."""
    x = _leaf([1.0, 2.0], "X")
    y = _named(x @ _leaf([[1.0, 2, 3], [4, 5, 6]], "W"), "O")
    y.backward(np.array([1.0, 2, 3]))
    return y


def affine(lang: str, batch: bool = False, backward: bool = True) -> Tensor:
    """Y = X·W + B for one sample or for N = 3 of them."""
    x = _leaf([[1.0, 0], [0, 1], [1, 1]] if batch else [1.0, 2.0], "X")
    y = x @ _leaf([[1.0, 2, 3], [4, 5, 6]], "W") + _leaf([7.0, 8, 9], "B")
    if backward:
        y.backward(np.array([[2.0, 1, -1], [1, 0, 0], [0, 0, 1]] if batch else [1.0, 2, 3]))
    return _named(y, "Y")


SCORES = (5.3, 0.3, 10.1, 0.01)


def network(lang: str) -> Tensor:
    """Affine, ReLU, Affine, ReLU, Affine, Softmax: from scores to probabilities."""
    draw = np.random.default_rng(5)
    x: Any = _leaf(draw.normal(size=3).round(1), "x", learns=False)
    widths = (3, 3, 3, 4)
    for layer, (rows, columns) in enumerate(pairwise(widths), 1):
        with frame(f"Affine{layer}"):
            w = _leaf(draw.normal(size=(rows, columns)).round(1), f"W{layer}")
            z = x @ w
            # the last bias brings the scores to the figure's
            b = np.array(SCORES) - z.value if layer == 3 else draw.normal(size=columns).round(1)
            x = z + _leaf(b, f"b{layer}")
        if layer < 3:
            with frame(f"ReLU{layer}"):
                x = relu(x)
    _named(x, _of(lang, "점수", "scores"))
    return _named(softmax(x), _of(lang, "확률", "probabilities"))


LOGITS, TARGETS = (3.0, 2.0, 5.0), (0.0, 1.0, 0.0)


def _scores() -> list[Tensor]:
    return [_leaf(np.log(v), f"a{i}") for i, v in enumerate(LOGITS, 1)]


def softmax_forward(lang: str) -> Tensor:
    """S = Σ exp(a), y = exp(a)·(1/S): the three y, joined at the right end for one graph."""
    powers = [exp(a) for a in _scores()]
    share = reciprocal(add_n(*powers))
    ys = [_named(power * share, f"y{i}") for i, power in enumerate(powers, 1)]
    total: Tensor = add_n(*ys)
    return total


def cross_entropy(lang: str, backward: bool = True) -> Tensor:
    """L = −Σ t·log y."""
    ys = [_leaf(v / 10, f"y{i}") for i, v in enumerate(LOGITS, 1)]
    terms = [_leaf(t, f"t{i}", learns=False) * log(y) for i, (t, y) in
             enumerate(zip(TARGETS, ys), 1)]  # fmt: skip
    loss = _named(add_n(*terms) * -1.0, "L")
    if backward:
        loss.backward()
    return loss


def softmax_with_loss(lang: str, backward: bool = True) -> Tensor:
    """All sixteen nodes of it: a = ln(3, 2, 5), t = (0, 1, 0)."""
    with frame("Softmax"):
        powers = [exp(a) for a in _scores()]
        share = reciprocal(add_n(*powers))
        ys = [_named(power * share, f"y{i}") for i, power in enumerate(powers, 1)]
    with frame("Cross Entropy Error"):
        targets = [_leaf(t, f"t{i}") for i, t in enumerate(TARGETS, 1)]
        terms = [t * log(y) for t, y in zip(targets, ys)]
        loss = _named(add_n(*terms) * -1.0, "L")
    if backward:
        loss.backward()
    return loss


def softmax_with_loss_closed(lang: str) -> Tensor:
    """One node: the derivative that arrives at a is y − t."""
    loss = softmax_cross_entropy(_leaf(np.log(LOGITS), "a"), _leaf(TARGETS, "t", learns=False))
    loss.backward()
    return _named(loss, "L")


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


_SOFTMAX_STEPS = (
    ("log", "Cross Entropy Error"), ("×", "Softmax"), (FORK, "Softmax"), ("/", "Softmax"),
    ("+", "Softmax"), None,
)  # fmt: skip


_FIGURES: tuple[Figure, ...] = (
    Figure("5-1", apples_with_numbers),
    Figure("5-2", lambda lang: apples(lang, backward=False)),
    Figure("5-3", lambda lang: apples_and_oranges(lang, backward=False)),
    Figure("5-4", local_computation),
    Figure("5-5", lambda lang: apples(lang, only_apple=True)),
    Figure("5-6", any_function, {("x", "y"): "x", ("y", "→"): "y"},
           {("x", "y"): "E · ∂y/∂x", ("y", "→"): "E"}, sign="f"),
    Figure("5-7", square_of_sum, None,
           {**_CHAIN_NAMED, ("x", "t"): _XY[0], ("y", "t"): _XY[1]}),
    Figure("5-8", square_of_sum, None,
           {("z", "→"): "1", ("t", "z"): "1 · 2t = 2(x + y)", ("x", "t"): "2(x + y) · 1",
            ("y", "t"): "2(x + y) · 1"}),
    Figure("5-9", plus, _NAMES_2, {("z", "→"): "∂L/∂z", ("x", "z"): "∂L/∂z · 1",
                                   ("y", "z"): "∂L/∂z · 1"}),
    Figure("5-10", plus_in_a_graph, {("x", "z"): "x", ("y", "z"): "y", ("z", "L"): "z",
                                     ("L", "→"): "L"},
           {("z", "L"): "∂L/∂z", ("x", "z"): "∂L/∂z · 1", ("y", "z"): "∂L/∂z · 1",
            ("L", "→"): "∂L/∂L = 1"}),
    Figure("5-11", plus),
    Figure("5-12", product, _NAMES_2, {("z", "→"): "∂L/∂z", ("x", "z"): "∂L/∂z · y",
                                       ("y", "z"): "∂L/∂z · x"}),
    Figure("5-13", product),
    Figure("5-14", apples),
    Figure("5-15", apples_and_oranges, quiz=True),
    Figure("5-16", apples),
    Figure("5-17", apples_and_oranges),
    Figure("5-18 (x > 0)", rectified, None, {("y", "→"): "∂L/∂y", ("x", "y"): "∂L/∂y"}),
    Figure("5-18 (x ≤ 0)", lambda lang: rectified(lang, -2.0), None,
           {("y", "→"): "∂L/∂y", ("x", "y"): "0"}),
    Figure("5-19", lambda lang: sigmoid_open(lang, backward=False), open="all"),
    Figure("5-19 (1)", sigmoid_open, _SIGMOID_ABOVE, _SIGMOID_BELOW, open="all",
           after=("/", "sigmoid")),
    Figure("5-19 (2)", sigmoid_open, _SIGMOID_ABOVE, _SIGMOID_BELOW, open="all",
           after=("+", "sigmoid")),
    Figure("5-19 (3)", sigmoid_open, _SIGMOID_ABOVE, _SIGMOID_BELOW, open="all",
           after=("exp", "sigmoid")),
    Figure("5-20", sigmoid_open, open="all"),
    Figure("5-21", sigmoid_closed, {("x", "y"): "x", ("y", "→"): "y"},
           {("y", "→"): "∂L/∂y", ("x", "y"): "(∂L/∂y)y² exp(−x)"}, composites=False),
    Figure("5-22", sigmoid_closed, {("x", "y"): "x", ("y", "→"): "y"},
           {("y", "→"): "∂L/∂y", ("x", "y"): "(∂L/∂y)y(1 − y)"}, composites=False),
    Figure("5-23", matrix_product),
    Figure("5-24", lambda lang: affine(lang, backward=False)),
    Figure("5-25", affine),
    Figure("5-26", matrix_product, {("X", "O"): "X (2,)", ("W", "O"): "W (2, 3)",
                                    ("O", "→"): "O (3,)"},
           {("O", "→"): "∂L/∂O (3,)", ("X", "O"): "∂L/∂O · Wᵀ: (2,) = (3,)(3, 2)",
            ("W", "O"): "Xᵀ · ∂L/∂O: (2, 3) = (2, 1)(1, 3)"}),
    Figure("5-27", lambda lang: affine(lang, batch=True)),
    Figure("5-28", network, open="none"),
    Figure("5-29", softmax_with_loss, open="all"),
    Figure("5-30", softmax_with_loss, open="none"),
    Figure("A-1", softmax_with_loss, open="none"),
    Figure("A-2", softmax_forward),
    Figure("A-3", lambda lang: cross_entropy(lang, backward=False)),
    Figure("A-4", cross_entropy),
    *(Figure(f"A-4 ({i})", softmax_with_loss, open="all", after=after)
      for i, after in enumerate(_SOFTMAX_STEPS, 1)),
    Figure("A-5", softmax_with_loss, open="all"),
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

