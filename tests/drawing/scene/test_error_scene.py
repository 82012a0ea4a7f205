"""An error of an operation as a picture."""

from __future__ import annotations

from xml.etree import ElementTree

import numpy as np
import pytest

import seegrad as sg
from seegrad.drawing.export.svg import to_svg
from seegrad.drawing.export.text import to_text
from seegrad.drawing.scene.error_scene import scene_of_error


def failed() -> sg.SeegradError:
    x = sg.tensor(np.ones((5, 3)), name="X")
    hidden = sg.relu(x * 2.0)
    with pytest.raises(sg.SeegradError) as caught:
        hidden @ sg.tensor(np.ones((4, 2)), name="W")
    return caught.value


def test_the_culprit_stands_behind_the_graph_that_led_to_it() -> None:
    scene = scene_of_error(failed())
    culprit = next(box for box in scene.boxes if box.kind == "culprit")
    into = [wire for wire in scene.wires if wire.target == culprit.id]
    assert [wire.value.shape for wire in into if wire.value] == [(5, 3), (4, 2)]
    assert {box.name for box in scene.boxes if box.kind == "input"} == {"X", "W"}
    assert {box.sign for box in scene.boxes if box.kind == "operation"} == {"×", "ReLU"}


def test_it_says_the_line_and_one_thing_to_try() -> None:
    text = to_text(scene_of_error(failed()))
    for words in ("(5, 3)", "(4, 2)", "at:", "hidden @ sg.tensor"):
        assert words in text
    svg = to_svg(scene_of_error(failed()))
    ElementTree.fromstring(svg)
    assert "culprit" in svg


def test_arrays_and_saving(tmp_path: object) -> None:
    with pytest.raises(sg.SeegradError) as caught:
        sg.tensor(np.ones((2, 3)), name="A") + np.ones((4,))
    sg.draw(caught.value, f"{tmp_path}/error.svg")
    sg.draw(caught.value, f"{tmp_path}/error.html")
    names = {box.name for box in scene_of_error(caught.value).boxes if box.kind == "input"}
    assert names == {"A", "b"}


def test_other_errors_have_no_picture() -> None:
    with pytest.raises(sg.SeegradError, match="no picture"):
        scene_of_error(sg.SeegradError("something else"))


def test_a_nan_is_drawn_where_it_was_born() -> None:
    x = sg.tensor([-1.0, 2.0], name="x")
    with sg.debug(), pytest.raises(sg.SeegradError) as caught:
        sg.sum(sg.log(x * 3.0))
    scene = scene_of_error(caught.value)
    culprit = next(box for box in scene.boxes if box.kind == "culprit")
    assert culprit.sign == "log"
    assert [box.sign for box in scene.boxes if box.kind == "operation"] == ["×"]
