"""The chapter's figures as scenes: which boxes and wires, with which numbers on them."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pytest
from pictures import ALL, affine, apple, apples_and_oranges, broken, network, sigmoid
from pictures import softmax_with_loss as full_softmax

import seegrad as sg
from seegrad.drawing.export.svg import to_svg
from seegrad.drawing.formula.unicode import to_text
from seegrad.drawing.scene.build import build_scene
from seegrad.drawing.scene.scene import Scene, fold, to_json
from seegrad.drawing.scene.steps import walk
from seegrad.drawing.values.summary import lines, shown, summarize
from seegrad.graph.graph import Graph


def pairs(scene: Scene) -> list[tuple[str, str]]:
    """Every wire that is no trunk, as what stands above and below it."""
    found = []
    for wire in scene.wires:
        if wire.kind != "trunk":
            above = " / ".join(lines(wire.value)) if wire.value else ""
            below = " / ".join(lines(wire.grad, True)) if wire.grad and wire.backward else ""
            found.append((above, below))
    return sorted(found)


def signs(scene: Scene) -> list[str]:
    return sorted(box.sign for box in scene.boxes if box.kind == "operation")


def test_apple() -> None:
    scene = build_scene(apple())
    assert signs(scene) == ["×", "×"]
    assert [box.name for box in scene.boxes if box.kind == "input"] == [
        "사과", "사과의 개수", "소비세",
    ]  # fmt: skip
    assert pairs(scene) == sorted(
        [("100", "2.2"), ("2", "110"), ("200", "1.1"), ("1.1", "200"), ("220", "1")]
    )


def test_apples_and_oranges_and_its_nine_blanks() -> None:
    scene = build_scene(apples_and_oranges(), quiz=True)
    assert pairs(scene) == sorted(
        [
            ("2", "110"), ("100", "2.2"), ("150", "3.3"), ("3", "165"), ("200", "1.1"),
            ("450", "1.1"), ("650", "1.1"), ("1.1", "650"), ("715", "1"),
        ]
    )  # fmt: skip
    assert len(scene.blanks) == 9


def test_sigmoid_open_and_closed() -> None:
    scene = build_scene(sigmoid(), open="all")
    assert signs(scene) == ["+", "/", "exp", "×"]
    assert len([wire for wire in scene.wires if wire.kind != "trunk"]) == 7
    by_sign = {box.sign: box.id for box in scene.boxes}
    back = {
        sign: [shown(w.grad.numbers[0]) for w in scene.wires if w.target == key and w.grad]
        for sign, key in by_sign.items()
        if sign
    }
    assert back == {"/": ["−9"], "+": ["−9"], "exp": ["−3"], "×": ["3"]}
    constants = [box.id for box in scene.boxes if box.kind == "constant"]
    assert len(constants) == 2
    assert not any(wire.backward for wire in scene.wires if wire.source in constants)
    (group,) = scene.groups
    assert (group.sign, group.rule, group.note, group.kind) == ("σ", "y(1−y)", "=", "composite")
    closed = fold(scene.opened([]))
    assert len(closed.wires) == 2
    assert [shown(wire.grad.numbers[0]) for wire in closed.wires if wire.grad] == ["3", "16"]


def test_walk_through_the_sigmoid() -> None:
    scene = build_scene(sigmoid(), open="all")
    view = fold(scene)
    steps = walk(scene, view)
    sign = {box.id: box.sign for box in scene.boxes}
    assert [step.phase for step in steps] == ["start"] + ["forward"] * 4 + ["seed"] + [
        "backward"
    ] * 4
    assert [sign[s.box] for s in steps if s.phase == "forward"] == ["×", "exp", "+", "/"]
    assert [sign[s.box] for s in steps if s.phase == "backward"] == ["/", "+", "exp", "×"]


def test_affine_shows_shapes_and_transposes() -> None:
    scene = build_scene(affine())
    shapes = sorted(str(wire.value.shape) for wire in scene.wires if wire.value)
    assert shapes == ["(2, 3)", "(3, 2)", "(3, 3)", "(3, 3)", "(3,)"]
    assert all(wire.grad and wire.value and wire.grad.shape == wire.value.shape
               for wire in scene.wires)  # fmt: skip
    rules = {b.sign: tuple(to_text(r) for r in b.rules if r) for b in scene.boxes if b.rules}
    assert rules["dot"] == ("⟨g⟩ · ⟨b⟩ᵀ", "⟨a⟩ᵀ · ⟨g⟩")
    assert rules["+"] == ("⟨g⟩", "Σ₀ ⟨g⟩")


def test_full_softmax_with_loss() -> None:
    scene = build_scene(full_softmax())
    assert signs(scene).count("×") == 7
    assert len(signs(scene)) == 16
    assert len([box for box in scene.boxes if box.kind in ("input", "constant")]) == 7
    assert len([wire for wire in scene.wires if wire.kind != "trunk"]) == 28
    forks = [box for box in scene.boxes if box.kind == "fork"]
    sums = sorted(shown(box.grad.numbers[0]) for box in forks if box.grad)
    assert sums == sorted(["−10", "0.1", "−0.4", "0.1"])
    inputs = {box.name: box.grad for box in scene.boxes if box.kind == "input"}
    assert [shown(inputs[f"a{i}"].numbers[0]) for i in (1, 2, 3)] == ["0.3", "−0.8", "0.5"]


def test_fork_shows_branches_and_their_sum() -> None:
    x = sg.tensor(3.0, name="x")
    (x * x + x).backward()
    y = x * x + x
    y.backward()
    scene = build_scene(y)
    trunk = next(wire for wire in scene.wires if wire.kind == "trunk")
    branches = [wire for wire in scene.wires if wire.source == trunk.target]
    assert sorted(w.grad.numbers[0] for w in branches if w.grad) == [1.0, 3.0, 3.0]
    assert trunk.grad is not None
    assert trunk.grad.numbers == (7.0,)


def test_parameters_stand_in_their_layers() -> None:
    scene = build_scene(network(3))
    groups = {group.id: group.name for group in scene.groups}
    homes = {(groups.get(b.group), b.name) for b in scene.boxes if b.kind == "parameter"}
    layers = [f"affine{i}" for i in (1, 2, 3)]
    assert homes == {(layer, f"{layer}.{name}") for layer in layers for name in "Wb"}
    (only,) = {b.name for b in build_scene(network(1)).boxes if b.kind == "parameter"} - {"b"}
    assert only == "W"  # the layer's name is said where another has one of that name
    closed = fold(scene.opened(["g0"]))
    assert not any(getattr(box, "kind", "") == "parameter" for box in closed.boxes)


def test_a_constant_is_written_beside_each_of_its_users() -> None:
    x, two = sg.tensor(3.0, name="x"), sg.tensor(2.0, requires_grad=False)
    scene = build_scene(x * two + two)
    assert [box.kind for box in scene.boxes].count("constant") == 2
    assert not any(box.kind == "fork" for box in scene.boxes)


def test_closing_everything_leaves_inputs_groups_and_the_result() -> None:
    view = fold(build_scene(network(8), open="none"))
    assert len(view.boxes) <= 5
    assert all(wire.source != wire.target for wire in view.wires)


def test_nan_is_counted_where_it_is() -> None:
    scene = build_scene(broken())
    bad = {box.sign: box.value.bad for box in scene.boxes if box.value and box.value.bad}
    assert bad == {"log": 1, "×": 1, "Σ": 1}
    assert '"nan"' in to_json(scene)


def test_the_way_of_a_nan_is_painted_unasked() -> None:
    scene = build_scene(broken())
    assert scene.painted == "NaN"
    svg = to_svg(scene)
    assert svg.count("shade bad") == 3
    assert svg.count("born here") == 1
    assert "여기서 생김" in to_svg(build_scene(broken(), language="ko"))
    assert build_scene(apple()).painted == ""
    masked = sg.sum(sg.softmax(sg.where([True, False], sg.tensor([1.0, 2.0], name="x"), -np.inf)))
    masked.backward()
    assert build_scene(masked).painted == ""  # an infinity that was meant and did no harm


@pytest.mark.parametrize("figure", ALL)
def test_every_scene_is_json(figure: Any) -> None:
    data = json.loads(to_json(build_scene(figure(), open="all")))
    assert data["boxes"]
    for wire in data["wires"]:
        if "value" in wire:
            assert "shape" in data["readings"][wire["value"]]


def test_what_was_named_stands_outside_of_the_stretches_of_a_long_chain() -> None:
    x = sg.tensor(0.5, name="x")
    y = x
    for _ in range(300):
        y = sg.sin(y) + 0.001
    y.backward()
    scene = build_scene(y)
    closed = fold(scene.opened(()))
    named, *_, last = (box for box in closed.boxes if getattr(box, "kind", "") != "stretch")
    assert (named.name, named.group, last.kind) == ("x", "", "output")  # type: ignore[union-attr]
    (wire,) = [wire for wire in closed.wires if wire.source == named.id]
    assert wire.grad is not None
    assert wire.grad.numbers == (x.grad,)
    many = sg.sum(sg.stack([sg.tensor(float(i), name=f"w{i}") * 2.0 for i in range(99)]))
    assert len(fold(build_scene(many).opened(())).boxes) < 20


def test_a_long_chain_is_cut_into_stretches() -> None:
    x = sg.tensor(1.0, name="x")
    for _ in range(1000):
        x = x * 1.001
    scene = build_scene(x)
    assert len(fold(scene).boxes) <= 150
    assert any(group.kind == "stretch" for group in scene.groups)


def test_one_node_and_constants_only() -> None:
    alone = build_scene(sg.tensor(3.0, name="x"))
    assert [box.kind for box in alone.boxes] == ["input", "output"]


@pytest.mark.parametrize(
    ("x", "text"),
    [
        (220.00000000000003, "220"), (3.3000000000000003, "3.3"), (1 / 3, "0.3333"), (0.0, "0"),
        (-9.0, "−9"), (1e-5, "1×10⁻⁵"), (123456.7, "123457"), (1234567.0, "1234567"),
        (1.5e9, "1.5×10⁹"), (0.99996, "1"), (9999.6, "10000"), (float("nan"), "NaN"),
        (float("-inf"), "−∞"), (4.248354255291589e-18, "4.248×10⁻¹⁸"), (0.00012346, "0.0001235"),
        (999999.7, "1×10⁶"),
    ],
)  # fmt: skip
def test_numbers_for_people(x: float, text: str) -> None:
    assert shown(x) == text


def test_reading_of_odd_arrays() -> None:
    assert lines(summarize(np.zeros((0, 3)))) == ("[ ]",)
    assert lines(summarize(np.array([True, False]))) == ("[T, F]",)
    big = summarize(np.full((30, 40), 1e300))
    assert big.norm == pytest.approx(1e300 * np.sqrt(1200))
    assert len(big.grid) <= 24
    assert summarize(np.array([np.nan, 1.0])).bad == 1


def test_large_arrays_are_read_without_a_copy() -> None:
    large = np.linspace(-1, 1, 600_000, dtype=np.float32).reshape(600, 1000)
    large[3, 4] = np.inf
    summary = summarize(large)
    assert (summary.low, summary.high, summary.bad) == (-1.0, 1.0, 1)
    assert summary.mean == pytest.approx(0.0, abs=1e-5)
    assert summary.norm == pytest.approx(np.sqrt(600_000 / 3), rel=1e-3)
    assert len(summary.grid) == len(summary.grid[0]) == 24


def test_several_outputs_and_derivatives_as_graphs() -> None:
    x = sg.tensor([1.0, 2.0], name="x")
    double, square = x * 2.0, x * x
    square.backward(np.ones(2), as_graph=True)
    scene = build_scene(Graph([double, square]))
    assert [box.kind for box in scene.boxes].count("output") == 2
    outs = [wire for wire in scene.wires if wire.kind == "output"]
    assert [wire.backward for wire in outs] == [False, True]
    assert any(lines(w.grad) == ("[1, 2]",) for w in scene.wires if w.grad)


def test_drawing_is_not_watched() -> None:
    """Inside sg.debug() a body that passes through infinity is drawn, not complained about."""
    x = sg.tensor([-1000.0, 1.0], name="x")
    y = sg.sum(sg.sigmoid(x))
    y.backward()
    with sg.debug(), sg.no_grad():
        scene = build_scene(y, open="all", live=True)
    assert any(box.sign == "exp" for box in scene.boxes)
    assert scene.program


@pytest.mark.parametrize("shape", [(24, 24), (25, 31), (1000, 7), (5, 300), (1, 601), (2, 3, 50)])
def test_a_cell_of_a_heat_map_is_the_mean_of_its_block(shape):
    rng = np.random.default_rng(0)
    values = rng.normal(size=shape)
    values[rng.random(shape) < 0.3] = np.nan
    values[..., :2] = -np.inf
    grid = np.array(summarize(values).grid)
    table = values.reshape(-1, shape[-1])
    if len(table) == 1:  # a row is folded into 24
        padded = np.full(24 * -(-table.size // 24), np.nan)
        padded[: table.size] = table[0]
        table = padded.reshape(24, -1)
    assert grid.shape == tuple(min(24, side) for side in table.shape)
    of = [np.arange(side) * blocks // side for side, blocks in zip(table.shape, grid.shape)]
    for r, c in np.ndindex(grid.shape):
        block = table[np.ix_(of[0] == r, of[1] == c)]
        good = block[np.isfinite(block)]
        wanted = good.mean() if good.size else np.nan
        np.testing.assert_allclose(grid[r, c], wanted, rtol=6e-4, equal_nan=True)
    assert summarize(np.full((30, 30), 1e308)).grid[0][0] == 1e308


def test_two_weights_never_have_one_name() -> None:
    """Layers outside of a network, and two networks, each with an affine1: marked as explained."""
    x = sg.tensor(np.ones((2, 2)), name="x")
    first, second = sg.nn.Affine(2, 2), sg.nn.Affine(2, 2)
    nets = [sg.nn.Sequential(sg.nn.Affine(2, 2), sg.nn.ReLU()) for _ in range(2)]
    for y in (sg.sum(second(first(x)) ** 2), sg.sum(nets[1](nets[0](x)) ** 2)):
        y.backward()
        boxes = build_scene(y, open="all").boxes
        names = [box.name for box in boxes if box.kind in ("input", "parameter")]
        assert len(names) == len(set(names)) == 5
        assert sum("W′" in name for name in names) == 1
        explained = str(sg.explain(y))
        assert all(name.rpartition(".")[2] in explained for name in names)
