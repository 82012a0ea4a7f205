"""The page answers as Python does, where it is written from it and where it is its own."""

from __future__ import annotations

import json
import random
import struct
import subprocess
from pathlib import Path

import numpy as np
import pytest
from pictures import ALL, NODE, apple, ask_twins, broken, needs_node

from benchmarks.drawn_networks import NETWORKS
from seegrad.drawing.layout.levels import first_screen, screen
from seegrad.drawing.layout.measure import fit
from seegrad.drawing.layout.strokes import curve, heat_strokes
from seegrad.drawing.layout.theme import text_width
from seegrad.drawing.scene.build import build_scene
from seegrad.drawing.scene.packed import to_page
from seegrad.drawing.scene.scene import fold, to_json
from seegrad.drawing.scene.steps import known, walk
from seegrad.drawing.values.summary import lines, shown
from seegrad.drawing.values.user_text import short
from seegrad.graph.forms import SCALAR_FUNCTIONS

pytestmark = needs_node
HERE = Path(__file__).parent


def numbers() -> list[float]:
    draw = random.Random(5)
    found = [0.0, -0.0, 1.0, 0.5, 2.5, 12345.0, 0.00012345, 12344.5, 1e6, 999999.5, 1e9, 0.1 + 0.2]
    found += [draw.uniform(-1, 1) * 10 ** draw.randrange(-12, 12) for _ in range(500)]
    found += [round(draw.uniform(-1000, 1000), 3) for _ in range(300)]
    bits = (draw.getrandbits(64).to_bytes(8, "little") for _ in range(300))
    found += [x for (x,) in (struct.unpack("<d", b) for b in bits) if x == x]
    return [x for x in found if abs(x) != float("inf")]


def test_numbers_are_shown_alike() -> None:
    cases = numbers()
    assert ask_twins(shown=cases)["shown"] == [shown(x) for x in cases]


def test_texts_are_measured_and_shortened_alike() -> None:
    draw = random.Random(6)
    texts = ["", "사과의 개수", "x̂ = 3", "a" * 60, "日本語テキスト", "مرحبا", "🍎🍊", "−1.5×10⁻⁵"]
    texts += ["".join(chr(draw.randrange(32, 0x2FFF)) for _ in range(20)) for _ in range(50)]
    answers = ask_twins(widths=texts, shorts=texts)
    assert answers["widths"] == [text_width(text, 13.0) for text in texts]
    plain = [text for text in texts if text.isprintable()]
    assert [answers["shorts"][texts.index(text)] for text in plain] == [short(t) for t in plain]


def test_scenes_are_folded_fitted_and_walked_alike() -> None:
    opened = ("all", "auto", "none")
    scenes = [build_scene(figure(), open=which) for figure in ALL for which in opened]
    answers = ask_twins(scenes=[json.loads(to_json(scene)) for scene in scenes])["scenes"]
    for scene, answer in zip(scenes, answers):
        view = fold(scene)
        places, routes = fit(scene, view)
        told = [
            (p["id"], p["parent"], p["width"], p["height"], p.get("shape", "box"), p.get("lead", 0))
            for p in answer["places"]
        ]
        assert told == [(p.id, p.parent, p.width, p.height, p.shape, p.lead) for p in places]
        told = [
            (r["id"], r["source"], r["target"], r["position"], r.get("width", 0),
             r.get("above", 0), r.get("below", 0))
            for r in answer["routes"]
        ]  # fmt: skip
        assert told == [
            (r.id, r.source, r.target, r.position, r.width, r.above, r.below) for r in routes
        ]
        assert [(s["phase"], s["box"], tuple(s["wires"]), s["time"]) for s in answer["steps"]] == [
            (step.phase, step.box, step.wires, step.time) for step in walk(scene, view)
        ]
        assert {key: tuple(times) for key, times in answer["known"].items()} == known(scene, view)
        assert answer["labels"] == [
            list(lines(wire.value)) if wire.value else [] for wire in view.wires
        ]


def test_what_is_packed_for_a_page_comes_out_as_it_was() -> None:
    scenes = [build_scene(make(), live=True) for make in (NETWORKS["two layers"], broken, apple)]
    answers = ask_twins(unpacked=[json.loads(to_page(scene)) for scene in scenes])["unpacked"]
    for scene, answer in zip(scenes, answers):
        plain = json.loads(to_json(scene))
        assert len(answer["readings"]) == len(plain["readings"])
        for told, was in zip(answer["readings"], plain["readings"]):
            assert [told["shape"], told["dtype"]] == [was["shape"], was["dtype"]]
            assert told["bad"] == was.get("bad", 0)
            numbers = [str(x) if isinstance(x, str) else float(x) for x in was.get("numbers", [])]
            assert [x.lower().replace("inity", "") if isinstance(x, str) else x
                    for x in told["numbers"]] == numbers  # fmt: skip
            cells = np.array(was.get("grid", []), float)
            step = np.nanmax(np.abs(cells), initial=0.0) / 32767
            np.testing.assert_allclose(np.array(told["grid"], float), cells, rtol=0, atol=step)
            assert ((np.array(told["grid"], float) == 0) == (cells == 0)).all()
        narrow = [{**node, "data": np.asarray(node["data"], node["dtype"]).tolist()}
                  if "data" in node else node for node in plain["program"]["nodes"]]  # fmt: skip
        for told, node in zip(answer["nodes"], narrow, strict=True):
            if "data" in node:
                data = np.asarray([float(x) for x in told["data"]], node["dtype"]).tolist()
                told = {**told, "data": data}
            assert str(told) == str({key: node[key] for key in told})
            assert told.keys() == node.keys()


NAMES = ("two layers", "LeNet", "Transformer of 12 blocks", "chain of 2,000")


@pytest.mark.parametrize("name", NAMES)
def test_both_choose_and_lay_out_the_same_first_screen(name: str) -> None:
    scene = build_scene(NETWORKS[name]())
    windows = [[1440, 780], [1024, 640], [390, 680]]
    answers = ask_twins(screens=[json.loads(to_json(scene)), windows])["screens"]
    for window, answer in zip(windows, answers):
        pair = (first_screen(scene, *window, heat=True), screen(scene, *window, heat=True))
        for found, told in zip(pair, answer):
            assert told["level"] == found.level
            assert told["scale"] == found.scale
            assert [told["width"], told["height"]] == [found.plan.width, found.plan.height]
            for key, rect in found.plan.places.items():
                assert told["places"][key] == [rect.x, rect.y, rect.width, rect.height]
            wires = found.view.wires
            assert told["curves"] == [curve(found.plan.paths[wire.id]) for wire in wires]
            assert told["heats"] == [
                [list(pair) for pair in heat_strokes(wire.value, 8, 16)]
                if wire.value and wire.value.size > 12 else []
                for wire in wires
            ]  # fmt: skip


def test_the_page_knows_the_whole_scalar_language() -> None:
    assert ask_twins(functions=[])["functions"] == dict(SCALAR_FUNCTIONS)


def test_the_pages_own_unit_tests_pass() -> None:
    tests = sorted(str(file) for file in HERE.glob("*.test.mjs"))
    assert len(tests) >= 3
    ran = subprocess.run([*NODE, "--test", *tests], capture_output=True, text=True, check=False)
    assert ran.returncode == 0, ran.stdout
