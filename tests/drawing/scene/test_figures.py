"""The chapter's other figures as scenes: shapes, masks, sums, batches, and what stays opaque."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from test_scene import pairs, signs

import seegrad as sg
from seegrad.drawing.export.svg import to_svg
from seegrad.drawing.formula.unicode import to_text
from seegrad.drawing.scene.build import build_scene
from seegrad.drawing.scene.scene import Group, Scene, fold
from seegrad.drawing.values.summary import lines
from seegrad.graph.graph import Graph
from seegrad.graph.mode import frame
from seegrad.graph.op import Case, Op
from seegrad.graph.spec import NO_ATTRS, Spec
from seegrad.ops import TABLE
from seegrad.ops.families import composite


def grads(scene: Scene) -> dict[str, str]:
    """Input name → its derivative as it is shown."""
    return {
        box.name: " / ".join(lines(box.grad))
        for box in scene.boxes
        if box.grad and box.kind in ("input", "parameter")
    }


def test_the_rest_of_the_graph_may_stay_opaque() -> None:
    """Figure 5-4: whatever stands in the box is worth 4,000, nothing outside of it changes."""
    found = []
    for inside in (lambda x: x * 1.0, lambda x: (x * 2.0 + x * x) - x * 2.0 - x * x + x):
        shopping = sg.tensor(4000.0, name="여러 식품")
        with frame("복잡한 계산"):
            cost = inside(shopping)
        apples = sg.tensor(100.0, name="사과") * sg.tensor(2.0, name="개수")
        total = (cost + apples) * sg.tensor(1.1, name="소비세")
        total.backward()
        scene = build_scene(total, open="none")
        found.append(([(str(w.value), str(w.grad)) for w in fold(scene).wires], grads(scene)))
        assert "복잡한 계산" in to_svg(scene)
    assert found[0] == found[1]
    assert found[0][1] == {"여러 식품": "1.1", "사과": "2.2", "개수": "110", "소비세": "4200"}


def test_the_chain_rule_with_formulas_on_the_wires() -> None:
    """Figures 5-7 and 5-8: numbers, or formulas in their place."""
    z = (sg.tensor(3.0, name="x") + sg.tensor(4.0, name="y")) ** 2
    z.backward()
    scene = build_scene(z)
    assert pairs(scene) == sorted([("3", "14"), ("4", "14"), ("7", "14"), ("49", "1")])
    assert signs(scene) == ["**2", "+"]
    wires = tuple(replace(wire, below="2(x+y)·1") for wire in scene.wires)
    assert to_svg(replace(scene, wires=wires)).count("2(x+y)·1") == 4


def test_plus_passes_and_times_swaps() -> None:
    """Figures 5-11 and 5-13."""
    for make, wanted in ((lambda a, b: a + b, ["1.3", "1.3"]), (lambda a, b: a * b, ["6.5", "13"])):
        z = make(sg.tensor(10.0, name="x"), sg.tensor(5.0, name="y"))
        z.backward(1.3)
        assert list(grads(build_scene(z)).values()) == wanted


def test_relu_passes_or_stops() -> None:
    """Figure 5-18."""
    y = sg.relu(sg.tensor([[1.0, -0.5], [-2.0, 3.0]], name="x"))
    y.backward(np.array([[1.0, 2.0], [3.0, 4.0]]))
    assert grads(build_scene(y))["x"] == "1  0 / 0  4"
    (overlay,) = build_scene(y).overlays
    assert overlay.name == "dead"
    assert list(overlay.marks.values()) == [(0.0, "0/2")]


def test_the_folded_sigmoid_on_arrays() -> None:
    """Figures 5-21 and 5-22: closed and open give the same numbers."""
    x = sg.tensor(np.log([[2.0, 3.0], [6.0, 7.0]]), name="x")
    y = sg.sigmoid(x)
    y.backward(np.array([[9.0, 16.0], [49.0, 64.0]]))
    scene = build_scene(y, open="all")
    assert grads(scene)["x"] == "2  3 / 6  7"
    assert [group.note for group in scene.groups] == ["="]


def test_affine_on_one_sample_and_the_bias_of_a_batch() -> None:
    """Figures 5-25 and 5-27."""
    y = sg.tensor([1.0, 2.0], name="X") @ sg.tensor([[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]], name="W")
    y = y + sg.tensor([7.0, 8.0, 9.0], name="B")
    y.backward(np.array([1.0, 2.0, 3.0]))
    assert grads(build_scene(y)) == {"X": "[14, 32]", "W": "1  2  3 / 2  4  6", "B": "[1, 2, 3]"}
    y = sg.tensor([[0.0] * 3, [10.0] * 3], name="X") + sg.tensor([1.0, 2.0, 3.0], name="B")
    y.backward(np.array([[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]]))
    scene = build_scene(y)
    assert grads(scene)["B"] == "[5, 7, 9]"
    assert "Σ₀ ⟨g⟩" in {to_text(rule) for box in scene.boxes for rule in box.rules if rule}


def test_softmax_with_loss_in_two_boxes() -> None:
    """Figure 5-30: one box, scores in, (y − t)/N back."""
    a = sg.tensor(np.log([[2.0, 3.0, 5.0], [7.0, 2.0, 1.0]]), name="a")
    loss = sg.softmax_cross_entropy(a, np.array([2, 0]))
    loss.backward()
    scene = build_scene(loss)
    view = fold(scene)
    assert [box.name for box in view.boxes if getattr(box, "kind", "") == "composite"] == [
        "Softmax-with-Loss"
    ]
    assert grads(scene)["a"].replace("\u2007", "") == "0.1  0.15  −0.25 / −0.15  0.1  0.05"
    assert {group.note for group in scene.groups if group.note} == {"="}


def test_a_network_by_hand() -> None:
    """C22: its graph and the derivative that reaches the input."""
    w1 = np.zeros((5, 5))
    w1[0, 4] = w1[1, 0] = 1
    w1[2, 1] = w1[3, 2] = w1[4, 3] = -1
    w2 = np.array([[5.0, 0, 0, 0, 5]] * 4 + [[-5.0, 5, 5, 5, -5]])
    x = sg.tensor([1.0, 2, 3, 4, 5], name="x")
    scores = sg.relu(x @ sg.tensor(w1, name="W1")) @ sg.tensor(w2, name="W2")
    loss = sg.softmax_cross_entropy(scores, np.int64(0))
    loss.backward()
    scene = build_scene(loss)
    assert grads(scene)["x"] == "[6, −3, 0, 0, 0]"
    assert [lines(w.value) for w in scene.wires if w.kind == "output" and w.value] == [("1.609",)]
    assert {"W1", "W2", "x"} == set(grads(scene))


def somebodys_own() -> Op:
    """x·sin(x), a composite without a rule, kept out of the table that other tests draw from."""

    @composite(sign="wave", latex=r"\operatorname{wave}($x)", cases=(Case(((3,),)),))
    def wave(x: Any) -> Any:
        return x * sg.sin(x)

    return TABLE.pop("wave")


class Doubled(sg.nn.Module):
    """Somebody's own layer."""

    def __init__(self) -> None:
        super().__init__()
        self.inner, self.wave = sg.nn.Affine(3, 2), somebodys_own()

    def forward(self, x: Any) -> Any:
        return self.wave(self.inner(x)) * 2.0


@pytest.mark.parametrize("suffix", [".svg", ".html"])
def test_composites_and_layers_of_the_users_own(suffix: str, tmp_path: Path) -> None:
    """They fold, open, and take the check like ours."""
    spec = Spec((4, 2), np.dtype(np.float32))
    assert somebodys_own().spec(spec) == spec
    y = sg.sum(Doubled()(np.ones((4, 3))))
    y.backward()
    scene = build_scene(y, open="none", check=True)
    seen = {box.name for box in fold(scene).boxes if isinstance(box, Group)}
    assert seen == {"doubled"}
    assert {group.name for group in scene.groups} == {"doubled", "inner", "wave"}
    opened = fold(scene.opened(group.id for group in scene.groups))
    assert {"sin", "×"} <= {getattr(box, "sign", "") for box in opened.boxes}
    marks = next(overlay.marks for overlay in scene.overlays if overlay.name == "check")
    assert {words.split()[0] for _, words in marks.values()} == {"✓"}
    assert scene.painted == "check"
    text = sg.draw(y, tmp_path / f"own{suffix}", check=True).read_text("utf-8")
    assert "✓" in text


def test_a_wrong_rule_is_painted_and_told_at_the_fold() -> None:
    wrong = replace(TABLE["sigmoid"], d={"x": lambda g, out: g * out})
    y = sg.sum(wrong(sg.tensor([0.3, -1.0], name="x")))
    y.backward()
    scene = build_scene(y, check=True)
    assert [group.note for group in scene.groups] == ["≠"]
    closed = build_scene(y, check=True, composites=False)
    (overlay,) = closed.overlays
    words = {closed_box.sign: overlay.marks[closed_box.id][1] for closed_box in closed.boxes
             if closed_box.id in overlay.marks}  # fmt: skip
    assert words["σ"].startswith("✗")
    assert words["Σ"] == "✓"
    svg = to_svg(closed)
    assert svg.count("shade bad") == 1
    assert svg.count('class="shade"') == 1


def test_a_traced_graph_shows_shapes() -> None:
    x = sg.Tensor(None, (), NO_ATTRS, (), None, True, Spec((2, 3), np.dtype(np.float32)), "x")
    scene = build_scene(Graph([sg.exp(x) * 2.0]))
    assert [w.above for w in scene.wires if w.above] == ["(2, 3) float32"] * 3
    assert "(2, 3) float32" in to_svg(scene)


def test_a_compiled_step_and_its_profile() -> None:
    pytest.importorskip("llvmlite")
    net = sg.nn.Sequential(sg.nn.Affine(4, 8), sg.nn.Sigmoid(), sg.nn.Affine(8, 3))
    criterion, optimizer = sg.nn.SoftmaxWithLoss(), sg.optim.SGD(net.parameters(), lr=0.1)

    @sg.compile
    def step(x: np.ndarray, t: np.ndarray) -> sg.Tensor:
        optimizer.zero_grad()
        loss = criterion(net(x), t)
        loss.backward()
        optimizer.step()
        return loss

    x, t = np.ones((16, 4), np.float32), np.zeros(16, int)
    step(x, t)
    seconds = step.profile(x, t).by_node()
    scene = build_scene(step.graph, overlays={"seconds": seconds})
    assert "(16, 8) float32" in to_svg(scene)
    assert {"affine1.W", "affine2.W"} <= {box.name for box in scene.boxes}
    (overlay,) = scene.overlays
    assert overlay.name == "seconds"
    assert max(level for level, _ in overlay.marks.values()) == 1.0
