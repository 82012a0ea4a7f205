"""The numbers around a composite are those that seegrad computes, where the steps inside of it meet
0·∞: in the picture, in its page, and in words."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest
from pictures import ask_twins, needs_node

import seegrad as sg
from seegrad.drawing.export.svg import to_svg
from seegrad.drawing.export.text import to_text
from seegrad.drawing.scene.build import build_scene
from seegrad.drawing.scene.scene import Scene, fold, to_json

CORNERS = (-1000.0, -100.0, 0.0, 2.0, 100.0, 1000.0)


def composites() -> Iterator[tuple[str, Any]]:
    """Every op of the table with a body, of one array of numbers and no attribute that must be."""
    for name, op in sg.TABLE.items():
        if op.body is not None and len(op.inputs) == 1 and op.differentiable:
            yield name, op


def squeezed(op: Any, x: Any) -> Any:
    """One number of an op's result, with other operations around it; None where it takes none."""
    try:
        return sg.sum(op(x) * 3.0)
    except sg.SeegradError:
        return None


def drawn(dtype: str) -> Iterator[tuple[str, Any, Any]]:
    """Each composite at each corner: its name, the input, and the result, gone back through."""
    for name, op in composites():
        for corner in CORNERS:
            x = sg.tensor(np.full(3, corner, dtype), name="x")
            with np.errstate(all="ignore"):
                y = squeezed(op, x)
                if y is None or not y.requires_grad:
                    continue
                y.backward()
            yield f"{name} at {corner}", x, y


def leading(scene: Scene) -> Any:
    """The derivative that the picture shows on what leads out of x."""
    (x,) = [box for box in scene.boxes if box.name == "x"]
    (wire,) = [wire for wire in fold(scene).wires if wire.source == x.id]
    return x.grad, wire.grad


@pytest.mark.parametrize("dtype", ["float64", "float32"])
@pytest.mark.parametrize("which", ["none", "all"])
def test_what_stands_around_a_composite_is_what_the_node_that_ran_gave(
    dtype: str, which: str
) -> None:
    seen = 0
    for name, x, y in drawn(dtype):
        box, wire = leading(build_scene(y, open=which))
        np.testing.assert_array_equal(wire.numbers, x.grad, err_msg=name)
        assert box == wire, name
        seen += 1
    assert seen > 60


def saturated(make: Callable[[Any], Any], value: Any) -> Any:
    x = sg.tensor(np.asarray(value), name="x")
    with np.errstate(all="ignore"):
        y = make(x)
        y.backward()
    return y


UNDEFINED: tuple[tuple[str, Callable[[Any], Any], Any], ...] = (
    ("sigmoid", lambda x: sg.sigmoid(x) * 2, -800.0),
    ("silu", sg.silu, -800.0),
    ("std", lambda x: sg.std(x) * 2, [2.0, 2.0]),
    ("norm", sg.linalg.norm, [0.0, 0.0]),
)


@pytest.mark.parametrize(("name", "make", "value"), UNDEFINED)
def test_steps_that_meet_zero_times_infinity_are_told_in_words(
    name: str, make: Callable[[Any], Any], value: Any
) -> None:
    y = saturated(make, value)
    closed, whole = (build_scene(y, open=which) for which in ("none", "all"))
    assert "NaN" not in to_text(closed)
    assert "0 · ∞" not in to_svg(closed)
    assert not whole.painted
    for shown in (to_text(whole), to_svg(whole)):
        assert "NaN" in shown
        assert "by its own rule" in shown
    assert "NaN" in {group.note for group in whole.groups}
    inside = build_scene(y, open="all", language="ko")
    assert "자체의 규칙" in to_text(inside)


@needs_node
@pytest.mark.parametrize(("name", "make", "value"), UNDEFINED)
def test_the_page_computes_with_the_rules_that_python_does(
    name: str, make: Callable[[Any], Any], value: Any
) -> None:
    scene = build_scene(saturated(make, value), live=True)
    program = json.loads(to_json(scene))["program"]
    (values,) = ask_twins(programs=[program])["programs"]
    undefined = 0
    for wire in scene.wires:
        places = program["wires"][wire.id]
        for at, summary in zip(places, (wire.value, wire.grad, wire.inner or wire.grad)):
            if at is not None and summary is not None:
                np.testing.assert_allclose([float(x) for x in values[at]], summary.numbers)
        undefined += wire.inner is not None
    assert undefined


def test_a_film_keeps_what_the_steps_inside_give() -> None:
    film = sg.film(lang="en")
    for value in (0.0, -800.0):
        film.take(saturated(sg.sigmoid, value))
    first, last = film.scene().moments
    (wire,) = [w for w in film.scene().wires if w.inner is not None]
    assert first["readings"][wire.id][2] is None
    assert np.isnan(last["readings"][wire.id][2].numbers[0])
