"""The chapter's twenty-five cases as pictures: the nodes, the edges, and what is written on them.

A row of CASES says what must be seen; one test holds every picture to its row, another to what all
pictures have in common. The arithmetic of the cases itself is tested in tests/book.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pytest
from pictures import affine, apple, apples_and_oranges, sigmoid, softmax_with_loss
from test_scene import pairs

import seegrad as sg
from seegrad.drawing.fit import label, place_of, wire_names
from seegrad.drawing.reading import lines
from seegrad.drawing.scene import Box, Scene, fold
from seegrad.drawing.sketch import sketch
from seegrad.drawing.walk import walk
from seegrad.graph.mode import frame

LOGS = np.log([[2.0, 3.0, 5.0], [7.0, 2.0, 1.0]])


@dataclass(frozen=True)
class Case:
    """What the picture of a case must show.

    seen: the signs of the operations and the names of the closed boxes, sorted. edges: how many,
    trunks before forks apart. out: value and derivative of what leaves at the right end. named:
    the same of what is put in. shapes: of the values on the edges, where these are arrays.
    pairs: all that stands on the edges, where these are single numbers.
    """

    number: int
    draw: Callable[[], Scene]
    seen: tuple[str, ...]
    edges: int
    out: tuple[str, str]
    named: Mapping[str, tuple[str, str]] = field(default_factory=dict)
    shapes: tuple[tuple[int, ...], ...] = ()
    pairs: tuple[tuple[str, str], ...] = ()


def text(reading: Any) -> str:
    return " / ".join(lines(reading)).replace("\u2007", "") if reading else ""


def back(y: sg.Tensor, gradient: Any = None, **options: Any) -> Scene:
    """The picture after the derivative has gone back."""
    y.backward(gradient)
    return sketch(y, **options)


# --------------------------------------------------------------- the pictures


def c1() -> Scene:
    price = sg.tensor(100.0, name="사과") * sg.tensor(2.0, name="사과의 개수")
    return sketch(price * sg.tensor(1.1, name="소비세"))


def c4() -> Scene:
    shopping = sg.tensor(4000.0, name="여러 식품")
    with frame("복잡한 계산"):
        cost = shopping * 1.0
    apples = sg.tensor(100.0, name="사과") * sg.tensor(2.0, name="개수")
    return back((cost + apples) * sg.tensor(1.1, name="소비세"), open="none")


def c5() -> Scene:
    return back((sg.tensor(3.0, name="x") + sg.tensor(4.0, name="y")) ** 2)


def c6(join: Callable[[Any, Any], Any]) -> Scene:
    return back(join(sg.tensor(10.0, name="x"), sg.tensor(5.0, name="y")), 1.3)


def c7(use: Callable[[Any], Any]) -> Scene:
    return back(use(sg.tensor(3.0, name="x")))


def c8() -> Scene:
    x = sg.tensor([[1.0, -0.5], [-2.0, 3.0]], name="x")
    return back(sg.relu(x), np.array([[1.0, 2.0], [3.0, 4.0]]))


def c10() -> Scene:
    x = sg.tensor(np.log([[2.0, 3.0, 4.0, 5.0], [6.0, 7.0, 8.0, 9.0]]), name="x")
    gradient = np.array([[9.0, 16.0, 25.0, 36.0], [49.0, 64.0, 81.0, 100.0]])
    return back(sg.sigmoid(x), gradient)


def c11() -> Scene:
    return back(sg.sigmoid(sg.tensor([-1000.0, 0.0, 1000.0], name="x")), np.ones(3))


def c12() -> Scene:
    x, w = sg.tensor([1.0, 2.0], name="X"), sg.tensor([[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]], name="W")
    return back(x @ w + sg.tensor([7.0, 8.0, 9.0], name="B"), np.array([1.0, 2.0, 3.0]))


def c14() -> Scene:
    y = sg.tensor([[0.0] * 3, [10.0] * 3], name="XW") + sg.tensor([1.0, 2.0, 3.0], name="B")
    return back(y, np.array([[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]]))


def c15() -> Scene:
    x = sg.tensor(np.arange(8.0).reshape(2, 1, 2, 2), name="x")
    w = sg.tensor(np.arange(12.0).reshape(4, 3) / 10, name="W")
    y = sg.reshape(x, (2, 4)) @ w + sg.tensor(np.zeros(3), name="b")
    return back(y, np.ones((2, 3)))


def c16() -> Scene:
    a = sg.tensor(LOGS, name="a")
    return back(sg.softmax(a), np.array([[0.0, 0.0, 1.0], [1.0, 0.0, 0.0]]))


def loss_of(a: Any, t: Any, gradient: float = 1.0) -> Scene:
    """Softmax-with-Loss, closed, as its two numbers a and t come in."""
    scores = sg.tensor(a, name="a")
    targets = sg.tensor(np.asarray(t), name="t", requires_grad=False)
    return back(sg.softmax_cross_entropy(scores, targets), gradient)


def net_of(x: Any, w1: Any, w2: Any, act: Callable[[Any], Any], t: Any) -> Scene:
    """Affine, activation, Affine, Softmax-with-Loss on one example, biases all zero."""
    w1, w2 = np.asarray(w1, float), np.asarray(w2, float)
    x = sg.tensor(x, name="x")
    hidden = act(x @ sg.tensor(w1, name="W1") + sg.tensor(np.zeros(w1.shape[1]), name="b1"))
    scores = hidden @ sg.tensor(w2, name="W2") + sg.tensor(np.zeros(w2.shape[1]), name="b2")
    return back(sg.softmax_cross_entropy(scores, t))


def c21() -> Scene:
    two = np.log(2.0)
    w1 = [[two, two, 0.0], [two, 0.0, two]]
    w2 = [[9.0, 0.0], [0.0, 5.0], [0.0, 6.0]]
    return net_of([2.0, 1.0], w1, w2, sg.sigmoid, np.array([1.0, 0.0]))


def c22() -> Scene:
    w1 = np.zeros((5, 5))
    w1[0, 4] = w1[1, 0] = 1
    w1[2, 1] = w1[3, 2] = w1[4, 3] = -1
    w2 = [[5.0, 0, 0, 0, 5]] * 4 + [[-5.0, 5, 5, 5, -5]]
    return net_of([1.0, 2, 3, 4, 5], w1, w2, sg.relu, np.int64(0))


def two_layers(inputs: int, hidden: int, outputs: int) -> Any:
    sg.nn.seed(0)
    affine1, affine2 = sg.nn.Affine(inputs, hidden), sg.nn.Affine(hidden, outputs)
    return sg.nn.Sequential(affine1, sg.nn.ReLU(), affine2)


def c23() -> Scene:
    """The check painted on every operation of a network with three examples."""
    net = two_layers(784, 50, 10)
    x = np.random.default_rng(0).random((3, 784))
    loss = sg.nn.SoftmaxWithLoss()(net(x), np.array([5, 0, 4]))
    return back(loss, check=True)


def c24() -> Scene:
    """The exclusive or, before the first step."""
    np.random.seed(0)
    w1, w2 = np.random.randn(2, 8), np.random.randn(8, 2)
    x = sg.tensor([[0.0, 0.0], [0.0, 1.0], [1.0, 0.0], [1.0, 1.0]], name="x")
    hidden = sg.relu(x @ sg.tensor(w1, name="W1") + sg.tensor(np.zeros(8), name="b1"))
    scores = hidden @ sg.tensor(w2, name="W2") + sg.tensor(np.zeros(2), name="b2")
    return back(sg.softmax_cross_entropy(scores, np.array([0, 1, 1, 0])), rate=0.5)


def c25() -> Scene:
    """The book's network on a mini-batch of a hundred digits, before the first step."""
    net = two_layers(784, 50, 10)
    net.load_state_dict({name: 0.01 * np.asarray(v) for name, v in net.state_dict().items()})
    x = np.random.default_rng(0).random((100, 784)).astype(np.float32)
    loss = sg.nn.SoftmaxWithLoss()(net(x), np.arange(100) % 10)
    return back(loss)


APPLE = (("100", "2.2"), ("2", "110"), ("200", "1.1"), ("1.1", "200"), ("220", "1"))
LOSS = "Softmax-with-Loss"
NET = ("+", "+", LOSS, "dot", "dot")
ONE = {"a": ("[1.099, 0.6931, 1.609]", "[0.3, −0.8, 0.5]")}
BATCH = "0.6931  1.099  1.609 / 1.946  0.6931  0"
CASES = (
    Case(1, c1, ("×", "×"), 5, ("220", ""),
         {"사과": ("100", ""), "사과의 개수": ("2", ""), "소비세": ("1.1", "")}),
    Case(2, lambda: sketch(apple()), ("×", "×"), 5, ("220", "1"),
         {"사과": ("100", "2.2"), "사과의 개수": ("2", "110"), "소비세": ("1.1", "200")},
         pairs=APPLE),
    Case(3, lambda: sketch(apples_and_oranges(), quiz=True), ("+", "×", "×", "×"), 9, ("715", "1"),
         {"사과": ("100", "2.2"), "사과의 개수": ("2", "110"), "귤": ("150", "3.3"),
          "귤의 개수": ("3", "165"), "소비세": ("1.1", "650")},
         pairs=(("100", "2.2"), ("2", "110"), ("150", "3.3"), ("3", "165"), ("200", "1.1"),
                ("450", "1.1"), ("650", "1.1"), ("1.1", "650"), ("715", "1"))),
    Case(4, c4, ("+", "×", "×", "복잡한 계산"), 8, ("4620", "1"),
         {"여러 식품": ("4000", "1.1"), "사과": ("100", "2.2"), "개수": ("2", "110"),
          "소비세": ("1.1", "4200")}),
    Case(5, c5, ("**2", "+"), 4, ("49", "1"), {"x": ("3", "14"), "y": ("4", "14")},
         pairs=(("3", "14"), ("4", "14"), ("7", "14"), ("49", "1"))),
    Case(6, lambda: c6(sg.add), ("+",), 3, ("15", "1.3"),
         {"x": ("10", "1.3"), "y": ("5", "1.3")}),
    Case(6, lambda: c6(sg.multiply), ("×",), 3, ("50", "1.3"),
         {"x": ("10", "6.5"), "y": ("5", "13")}),
    Case(7, lambda: c7(lambda x: x * x), ("×",), 3, ("9", "1"), {"x": ("3", "6")},
         pairs=(("3", "3"), ("3", "3"), ("9", "1"))),
    Case(7, lambda: c7(lambda x: x * x + x), ("+", "×"), 5, ("12", "1"), {"x": ("3", "7")},
         pairs=(("3", "1"), ("3", "3"), ("3", "3"), ("9", "1"), ("12", "1"))),
    Case(8, c8, ("ReLU",), 2, ("1  0 / 0  3", "1  2 / 3  4"),
         {"x": ("1  −0.5 / −2  3", "1  0 / 0  4")}, ((2, 2), (2, 2))),
    Case(9, lambda: sketch(sigmoid(), open="all"), ("+", "/", "exp", "×"), 7, ("0.75", "16"),
         {"x": ("1.099", "3")},
         pairs=(("1.099", "3"), ("−1", ""), ("−1.099", "−3"), ("0.3333", "−9"), ("1", ""),
                ("1.333", "−9"), ("0.75", "16"))),
    Case(10, c10, ("sigmoid",), 2,
         ("0.6667  0.75  0.8  0.8333 / 0.8571  0.875  0.8889  0.9",
          "9  16  25  36 / 49  64  81  100"),
         {"x": ("0.6931  1.099  1.386  1.609 / 1.792  1.946  2.079  2.197",
                "2  3  4  5 / 6  7  8  9")}, ((2, 4), (2, 4))),
    Case(11, c11, ("sigmoid",), 2, ("[0, 0.5, 1]", "[1, 1, 1]"),
         {"x": ("[−1000, 0, 1000]", "[0, 0.25, 0]")}, ((3,), (3,))),
    Case(12, c12, ("+", "dot"), 5, ("[16, 20, 24]", "[1, 2, 3]"),
         {"X": ("[1, 2]", "[14, 32]"), "W": ("1  2  3 / 4  5  6", "1  2  3 / 2  4  6"),
          "B": ("[7, 8, 9]", "[1, 2, 3]")}, ((2,), (2, 3), (3,), (3,), (3,))),
    Case(13, lambda: sketch(affine()), ("+", "dot"), 5,
         ("8  10  12 / 11  13  15 / 12  15  18", "2  1  −1 / 1  0  0 / 0  0  1"),
         {"X": ("1  0 / 0  1 / 1  1", "1  7 / 1  4 / 3  6"),
          "W": ("1  2  3 / 4  5  6", "2  1  0 / 1  0  1"), "B": ("[7, 8, 9]", "[3, 1, 0]")},
         ((2, 3), (3,), (3, 2), (3, 3), (3, 3))),
    Case(14, c14, ("+",), 3, ("1  2  3 / 11  12  13", "1  2  3 / 4  5  6"),
         {"XW": ("0  0  0 / 10  10  10", "1  2  3 / 4  5  6"),
          "B": ("[1, 2, 3]", "[5, 7, 9]")}, ((2, 3), (2, 3), (3,))),
    Case(15, c15, ("+", "dot", "▭"), 6, ("4.2  4.8  5.4 / 11.4  13.6  15.8", "1  1  1 / 1  1  1"),
         {"x": ("0  1 / 2  3 / 4  5 / 6  7", "0.3  1.2 / 2.1  3 / 0.3  1.2 / 2.1  3"),
          "W": ("0  0.1  0.2 / 0.3  0.4  0.5 / 0.6  0.7  0.8 / 0.9  1  1.1",
                "4  4  4 / 6  6  6 / 8  8  8 / 10  10  10"),
          "b": ("[0, 0, 0]", "[2, 2, 2]")},
         ((2, 1, 2, 2), (2, 3), (2, 3), (2, 4), (3,), (4, 3))),
    Case(16, c16, ("softmax",), 2, ("0.2  0.3  0.5 / 0.7  0.2  0.1", "0  0  1 / 1  0  0"),
         {"a": (BATCH, "−0.1  −0.15  0.25 / 0.21  −0.14  −0.07")}, ((2, 3), (2, 3))),
    Case(17, lambda: sketch(softmax_with_loss()),
         ("+", "+", "/", *["exp"] * 3, *["log"] * 3, *["×"] * 7), 28, ("1.609", "1"),
         {"a1": ("1.099", "0.3"), "a2": ("0.6931", "−0.8"), "a3": ("1.609", "0.5"),
          "t1": ("0", "1.204"), "t2": ("1", "1.609"), "t3": ("0", "0.6931")}),
    Case(18, lambda: loss_of(np.log([3.0, 2.0, 5.0]), [0.0, 1.0, 0.0]), (LOSS,), 3,
         ("1.609", "1"), ONE),
    Case(18, lambda: loss_of(np.log([0.01, 0.99]), [0.0, 1.0]), (LOSS,), 3, ("0.01005", "1"),
         {"a": ("[−4.605, −0.01005]", "[0.01, −0.01]")}),
    Case(19, lambda: loss_of(LOGS, [2, 0]), (LOSS,), 3, ("0.5249", "1"),
         {"a": (BATCH, "0.1  0.15  −0.25 / −0.15  0.1  0.05"), "t": ("[2, 0]", "")}),
    Case(19, lambda: loss_of(LOGS, [[0.0, 0.0, 1.0], [1.0, 0.0, 0.0]], 2.0), (LOSS,), 3,
         ("0.5249", "2"), {"a": (BATCH, "0.2  0.3  −0.5 / −0.3  0.2  0.1")}),
    Case(20, lambda: loss_of(LOGS, [[0.1, 0.2, 0.7], [0.8, 0.1, 0.1]]), (LOSS,), 3,
         ("0.7817", "1"), {"a": (BATCH, "0.05  0.05  −0.1 / −0.05  0.05  1.388×10⁻¹⁷")}),
    Case(20, lambda: loss_of(np.log([3.0, 2.0, 5.0]), 1), (LOSS,), 3, ("1.609", "1"), ONE),
    Case(21, c21, tuple(sorted((*NET, "sigmoid"))), 12, ("0.6931", "1"),
         {"x": ("[2, 1]", "[−0.03081, 0.154]"),
          "W1": ("0.6931  0.6931  0 / 0.6931  0  0.6931",
                 "−0.8889  0.8  1.333 / −0.4444  0.4  0.6667"),
          "b1": ("[0, 0, 0]", "[−0.4444, 0.4, 0.6667]"),
          "W2": ("9  0 / 0  5 / 0  6", "−0.4444  0.4444 / −0.4  0.4 / −0.3333  0.3333"),
          "b2": ("[0, 0]", "[−0.5, 0.5]")}),
    Case(22, c22, tuple(sorted((*NET, "ReLU"))), 11, ("1.609", "1"),
         {"x": ("[1, 2, 3, 4, 5]", "[6, −3, 0, 0, 0]"), "b1": ("[0, 0, 0, 0, 0]",
          "[−3, 0, 0, 0, 6]"), "b2": ("[0, 0, 0, 0, 0]", "[−0.8, 0.2, 0.2, 0.2, 0.2]"),
          "W1": ("−1 … 1 / μ −0.04", "−15 … 30 / μ 1.8")}),
    Case(23, c23, tuple(sorted(("+", "+", "ReLU", "dot", "dot", "softmax_with_loss"))), 12,
         ("2.754", "1"), {"t": ("[5, 0, 4]", "")},
         ((3,), (3, 10), (3, 10), (3, 50), (3, 50), (3, 50), (3, 784), (10,), (50,), (50, 10),
          (784, 50))),
    Case(24, c24, tuple(sorted((*NET, "ReLU"))), 12, ("4.203", "1"),
         {"t": ("[0, 1, 1, 0]", ""), "b2": ("[0, 0]", "[0.3736, −0.3736]")}),
    Case(25, c25, tuple(sorted(("+", "+", "ReLU", "dot", "dot", "softmax_with_loss"))), 12,
         ("2.303", "1"), {},
         ((10,), (50,), (50, 10), (100,), (100, 10), (100, 10), (100, 50), (100, 50), (100, 50),
          (100, 784), (784, 50))),
)  # fmt: skip


# --------------------------------------------------------------- what is seen


def drawn(case: Case) -> Any:
    return pytest.param(case, id=f"C{case.number}")


def seen(scene: Scene) -> tuple[str, ...]:
    boxes = fold(scene).boxes
    found = [
        box.name if not isinstance(box, Box) else box.sign
        for box in boxes
        if not isinstance(box, Box) or box.kind == "operation"
    ]
    return tuple(sorted(found))


def test_there_is_a_picture_of_every_case() -> None:
    assert [*dict.fromkeys(case.number for case in CASES)] == [*range(1, 26)]


@pytest.mark.parametrize("case", [*map(drawn, CASES)])
def test_a_picture_shows_its_case(case: Case) -> None:
    scene = case.draw()
    view = fold(scene)
    forks = {box.id for box in view.boxes if getattr(box, "kind", "") == "fork"}
    wires = [wire for wire in view.wires if wire.target not in forks]
    assert seen(scene) == case.seen
    assert len(wires) == case.edges
    (out,) = [wire for wire in wires if wire.kind == "output"]
    assert (text(out.value), text(out.grad)) == case.out
    found = {box.name: (text(box.value), text(box.grad)) for box in scene.boxes
             if box.kind in ("input", "parameter")}  # fmt: skip
    assert {name: found[name] for name in case.named} == dict(case.named)
    if case.shapes:
        shapes = [wire.value.shape for wire in wires if wire.value and wire.value.shape]
        assert sorted(shapes) == sorted(case.shapes)
    if case.pairs:
        assert pairs(scene) == sorted(case.pairs)


@pytest.mark.parametrize("case", [*map(drawn, CASES)])
def test_what_all_pictures_have_in_common(case: Case) -> None:
    scene = case.draw()
    view = fold(scene)
    kinds = {box.id: getattr(box, "kind", "") for box in view.boxes}
    signs_of = {box.id: getattr(box, "sign", "") for box in view.boxes}
    names, arguments = wire_names(scene), [wire.target for wire in view.wires]
    for wire in view.wires:
        assert wire.value is not None
        above, below, top = label(wire, names.get(wire.source, ""))
        if wire.value.shape:  # mind the shapes
            assert str(wire.value.shape) in top
        if wire.grad is not None:
            assert wire.grad.shape == wire.value.shape
        if kinds[wire.source] == "constant":
            assert not wire.backward
        assert not [line for line in (*above, *below) if "00000" in line]
    for box in view.boxes:
        if kinds[box.id] == "operation" and len(signs_of[box.id]) == 1:
            if arguments.count(box.id) < 3:
                assert place_of(box, arguments.count(box.id)).shape == "circle"
        elif kinds[box.id] in ("input", "parameter"):
            assert box.name
    phases = [step.phase for step in walk(scene, view)]
    ways = [phase for phase in phases if phase in ("forward", "backward")]
    assert ways == sorted(ways, reverse=True)  # all forward steps come first
    assert ("backward" in ways) == bool(case.out[1])
    assert all(group.note != "≠" for group in scene.groups)


@pytest.mark.parametrize("draw", [c10, c16, c21, lambda: loss_of(LOGS, [2, 0])])
def test_closed_and_open_say_the_same(draw: Callable[[], Scene]) -> None:
    """C10, C18, C21: a composite's box opens, and its inside is held against its own rule."""
    scene = draw()
    assert [group.note for group in scene.groups if group.note]
    assert {group.note for group in scene.groups if group.note} == {"="}
    opened = scene.opened(group.id for group in scene.groups)
    assert len(fold(opened).wires) > len(fold(scene).wires)
    ends = [[(text(w.value), text(w.grad)) for w in fold(each).wires if w.kind == "output"]
            for each in (scene, opened)]  # fmt: skip
    assert ends[0] == ends[1]


def test_the_quiz_of_the_apples_has_nine_blanks() -> None:
    assert len(next(case for case in CASES if case.number == 3).draw().blanks) == 9


def test_the_check_is_painted_on_every_operation() -> None:
    """C23: each operation of the network is compared, however large its weights are."""
    scene = c23()
    marks = next(overlay.marks for overlay in scene.overlays if overlay.name == "check")
    flowing = {box.id for box in scene.boxes if box.kind == "operation" and any(box.rules)}
    assert set(marks) == flowing
    assert {words.split()[0] for _, words in marks.values()} == {"✓"}


def test_the_walk_of_the_exclusive_or_ends_with_the_update() -> None:
    scene = c24()
    assert walk(scene, fold(scene))[-1].phase == "update"


def test_the_network_of_the_digits_has_its_parameters() -> None:
    sizes = [box.value.size for box in c25().boxes if box.kind == "parameter" and box.value]
    assert sum(sizes) == 39_760
