"""The page's evaluator gives Python's numbers: on the whole op table, and on whole pictures."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pytest
from pictures import ALL, ask_twins, needs_node

import seegrad as sg
from seegrad.drawing.scene.build import build_scene
from seegrad.drawing.scene.inline_composites import inline
from seegrad.drawing.scene.page_program import Replay, Writer
from seegrad.drawing.scene.scene import Scene, to_json
from seegrad.graph.op import Op

pytestmark = needs_node


def numbers(values: list[Any]) -> np.ndarray[Any, Any]:
    return np.array([float(x) for x in values])


def page_answers(scenes: list[Scene]) -> list[list[list[Any]]]:
    programs = [json.loads(to_json(scene))["program"] for scene in scenes]
    answers: list[list[list[Any]]] = ask_twins(programs=programs)["programs"]
    return answers


def test_pictures_are_recomputed_as_recorded() -> None:
    scenes = [build_scene(figure(), open="all", live=True) for figure in ALL]
    for scene, values in zip(scenes, page_answers(scenes)):
        compared = 0
        for thing in (*scene.wires, *scene.boxes):
            spots = {**scene.program["wires"], **scene.program["boxes"]}.get(thing.id)
            if spots is None:
                continue
            for summary, spot in zip((thing.value, thing.grad), spots):
                assert (summary is None) == (spot is None), thing.id
                if summary is not None and summary.numbers:
                    np.testing.assert_allclose(
                        numbers(values[spot]), summary.numbers, rtol=1e-5, atol=1e-7
                    )
                    compared += 1
        assert compared >= len(scene.wires)


def cases_of(op: Op) -> list[tuple[list[np.ndarray[Any, Any]], dict[str, Any]]]:
    draw = np.random.default_rng(len(op.name))
    found = []
    for case in op.cases:
        arrays = []
        names = [name.lstrip("*") for name in op.inputs]
        for i, shape in enumerate(case.shapes):
            name = names[min(i, len(names) - 1)]
            if name in case.integers:
                arrays.append(draw.integers(0, case.integers[name], shape))
            else:
                low, high = case.domain.get(name, op.domain.get(name, (-2.0, 2.0)))
                arrays.append(draw.uniform(low, high, shape))
        found.append((arrays, dict(case.attrs)))
    return found


def test_the_op_table_is_computed_alike_forward_and_backward() -> None:
    expected: list[tuple[str, list[np.ndarray[Any, Any]]]] = []
    programs = []
    for op in sg.TABLE.values():
        for arrays, attrs in cases_of(op):
            leaves = [sg.tensor(x, requires_grad=x.dtype.kind == "f") for x in arrays]
            try:
                result = op(*leaves, **attrs)
            except TypeError:
                continue  # random ops take a key
            if not isinstance(result, sg.Tensor) or result.op is None or 0 in result.shape:
                continue
            inlined = inline(result.graph)
            (out,) = inlined.outputs
            seed = np.ones(result.shape) if result.requires_grad else None
            replay = Replay(inlined, [(out, seed)])
            writer = Writer(replay.bodies)
            wanted = [replay.nodes[out]]
            for part in inlined.parts:
                for position, _ in enumerate(part.inputs):
                    g = replay.gradient([(part.id, position)])
                    wanted += [g] if g is not None else []
            for composite in inlined.outermost:
                for position, _ in enumerate(composite.inputs):
                    g = replay.gradient([(composite.group, position)])
                    wanted += [g] if g is not None else []
            spots = [writer.place(node) for node in wanted]
            programs.append({"nodes": writer.nodes, "spots": spots})
            expected.append((op.name, [np.asarray(node.data, float) for node in wanted]))
    assert len({name for name, _ in expected}) > 100
    answers = ask_twins(programs=programs)["programs"]
    for (name, values), program, answer in zip(expected, programs, answers):
        for value, spot in zip(values, program["spots"]):
            np.testing.assert_allclose(
                numbers(answer[spot]).reshape(value.shape), value,
                rtol=1e-9, atol=1e-12, err_msg=name,
            )  # fmt: skip


def test_what_the_page_cannot_run_is_kept_as_it_is() -> None:
    x = sg.tensor([3.0, 1.0, 2.0], name="x", requires_grad=False)
    y = sg.sum(sg.sort(x) * sg.tensor([1.0, 2.0, 3.0], name="w"))
    y.backward()
    scene = build_scene(y, live=True)
    names = {box.id: box.name for box in scene.boxes}
    assert [names[key] for key in scene.program["inputs"]] == ["w"]


def test_a_large_graph_says_why_it_carries_no_program() -> None:
    y = sg.sum(sg.tensor(np.ones((300, 300)), name="x") * 2.0)
    (why,) = build_scene(y, live=True).program.values()
    assert "90,001 numbers" in why
    assert "60,000" in why
    assert "수 90,001개" in build_scene(y, live=True, language="ko").program["why"]


@pytest.mark.parametrize("figure", ALL)
def test_every_input_of_the_figures_can_be_edited(figure: Any) -> None:
    scene = build_scene(figure(), live=True)
    floating = [b.id for b in scene.boxes if b.value and b.kind in ("input", "parameter")]
    wanted = [
        key for key in floating
        if next(b for b in scene.boxes if b.id == key).value.dtype.startswith("float")  # type: ignore[union-attr]
    ]  # fmt: skip
    assert set(wanted) <= set(scene.program["inputs"])
