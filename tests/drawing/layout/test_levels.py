"""The first screen is the deepest level that a window shows whole; what is larger closes."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import seegrad as sg
from benchmarks.drawn_networks import NETWORKS, chain, lenet, random_scalars, two_layers
from seegrad.drawing.export.svg import to_svg
from seegrad.drawing.layout.labels import Labels
from seegrad.drawing.layout.levels import at_level, first_screen, last_level, screen
from seegrad.drawing.scene.build import build_scene
from seegrad.drawing.scene.bundles import MOST_PARALLEL, bundled
from seegrad.drawing.scene.scene import fold
from seegrad.drawing.values.heat_map import SPOILT, STEPS, heat_map
from seegrad.drawing.values.summary import summarize
from seegrad.errors import ValueRangeError

WINDOWS = ((1440.0, 780.0), (1024.0, 640.0), (390.0, 680.0))


@pytest.mark.parametrize("name", NETWORKS)
def test_the_deepest_level_that_fits_is_chosen(name: str) -> None:
    scene = build_scene(NETWORKS[name]())
    levels = []
    for width, height in WINDOWS:
        found = first_screen(scene, width, height, heat=True)
        assert found.scale == 1
        assert found.plan.width <= width
        assert found.plan.height <= height
        levels.append(found.level)
        if found.level < min(last_level(scene), 2):  # the next one is really too large
            deeper = screen(at_level(scene, found.level + 1), width, height, True, 1.0)
            assert deeper.scale < 1
    assert levels == sorted(levels, reverse=True)


def test_steps_of_time_and_blocks_fold_into_one_box() -> None:
    steps = sg.nn.LSTM(3, 4, last=True)(np.ones((2, 8, 3), np.float32)).sum()
    names = {group.name for group in build_scene(steps).groups if group.kind == "repeat"}
    assert names == {"step × 8"}
    scene = build_scene(NETWORKS["Transformer of 12 blocks"]())
    (repeat,) = [group for group in scene.groups if group.kind == "repeat"]
    assert repeat.name == "transformer_block × 12"
    assert sum(group.parent == repeat.id for group in scene.groups) == 12
    assert not any(group.kind == "repeat" for group in build_scene(two_layers()).groups)


def test_blocks_with_something_between_them_are_not_joined() -> None:
    net = sg.nn.Sequential(*(each for _ in range(4) for each in (sg.nn.Affine(3, 3), sg.nn.ReLU())))
    scene = build_scene(net(np.ones((2, 3), np.float32)))
    assert not any(group.kind == "repeat" for group in scene.groups)


def test_a_long_graph_without_layers_is_cut_into_stretches_of_stretches() -> None:
    scene = build_scene(chain())
    assert [group.name for group in scene.groups if not group.parent] == ["1–2000"]
    children = {group.id: 0 for group in scene.groups}
    for group in scene.groups:
        if group.parent:
            children[group.parent] += 1
    assert max(children.values()) == 3
    assert build_scene(two_layers()).groups[0].kind == "module"


def test_crowds_of_wires_become_one() -> None:
    scene = at_level(build_scene(random_scalars()), 2)
    view = fold(scene)
    together = bundled(view)
    assert len(together.wires) < len(view.wires) / 3
    ends = [(wire.source, wire.target) for wire in together.wires]
    assert max(map(ends.count, ends)) <= MOST_PARALLEL
    boxes = {box.id for box in together.boxes} | {group.id for group in together.groups}
    assert all(end in boxes for pair in ends for end in pair)
    counts = [int(wire.above[2:]) for wire in together.wires if wire.kind == "bundle"]
    assert counts
    assert min(counts) > 1


def test_a_heat_map_has_a_colour_for_each_sign_and_marks_what_is_not_finite() -> None:
    values = np.array([[1.0, -4.0], [0.0, np.nan]])
    assert heat_map(summarize(values)) == [[1, -STEPS], [0, SPOILT]]
    large = heat_map(summarize(np.linspace(-1, 1, 4800).reshape(60, 80)))
    assert len(large) == 6
    assert {len(row) for row in large} == {12}
    assert large[0][0] == -STEPS
    assert large[-1][-1] == STEPS
    assert heat_map(summarize(np.zeros((0, 3)))) == []


def test_saved_pictures_follow_the_same_rule(tmp_path: Path) -> None:
    loss = lenet()
    scene = build_scene(loss)
    for width in (1440, 390):
        found = first_screen(scene, width, max(width * 0.625, 640), heat=True)
        svg = sg.draw(loss, tmp_path / "net.svg", width=width).read_text("utf-8")
        (drawn,) = re.findall(r'^<svg [^>]* width="([\d.]+)"', svg)
        assert float(drawn) == found.plan.width <= width
        assert svg.count('<g class="box') == len(found.view.boxes)
    assert 'class="cell more' in svg
    assert "<title>(4, 1, 28, 28) / " in svg  # numbers on demand


def test_a_level_that_is_too_large_closes_further_and_says_so(tmp_path: Path) -> None:
    loss = lenet()
    svg = sg.draw(loss, tmp_path / "net.svg", level=2, width=640).read_text("utf-8")
    assert "level 2 is too large for 640 × 640: level 0 is shown" in svg
    korean = sg.draw(loss, tmp_path / "net.svg", level=2, width=640, lang="ko").read_text("utf-8")
    assert "0단계를 보입니다" in korean
    fits = sg.draw(loss, tmp_path / "net.svg", level=1, width=1600).read_text("utf-8")
    assert "too large" not in fits
    assert "conv1" in fits
    whole = sg.draw(loss, tmp_path / "net.svg", level="all").read_text("utf-8")
    assert whole.count('<g class="box') > fits.count('<g class="box')


@pytest.mark.parametrize(
    ("asked", "choices"),
    [
        ({"level": 9}, r"level='auto' \| 'all' \| 0 … 2"),
        ({"level": "deep"}, "level='deep'"),
        ({"level": True}, "level=True"),
        ({"width": 12}, "width=320 … 16384 pixels"),
        ({"width": "wide"}, "width='wide'"),
    ],
)
def test_a_level_or_width_that_is_not_there_is_named_with_the_choices(
    asked: dict[str, Any], choices: str, tmp_path: Path
) -> None:
    with pytest.raises(ValueRangeError, match=choices):
        sg.draw(two_layers(), tmp_path / "net.svg", **asked)


def test_a_small_graph_stands_in_one_row() -> None:
    a, b = sg.tensor(2.0, name="a"), sg.tensor(3.0, name="b")
    z = a * b
    z.backward()
    assert "V" not in "".join(re.findall(r' d="(M[^"]*)"', to_svg(build_scene(z)))).replace("v", "")


def test_a_window_too_small_for_the_numbers_shows_their_maps() -> None:
    x = sg.tensor(np.linspace(-1.0, 1.0, 12), name="x")
    y = sg.sum(sg.tanh(x * x) * sg.tensor(np.ones(12), name="w"))
    y.backward()
    scene = build_scene(y)
    for width, maps in ((1440, False), (390, True)):
        seen = first_screen(scene, width, 680, heat=True)
        assert seen.scale >= 1
        assert seen.scene.maps is maps
        labels = Labels(seen.scene, heat=True)
        above = [words[0] for wire in seen.view.wires if (words := labels.of(wire)) is not None]
        assert any("0.8182" in line for lines in above for line in lines) is not maps
    assert not first_screen(scene, 390, 680, heat=False).scene.maps
