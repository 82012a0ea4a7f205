"""However a picture is folded, the same numbers are known at the same moment of its walk."""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise
from typing import Any

import pytest
from pictures import ALL

from benchmarks.drawn_networks import NETWORKS
from seegrad.chapter.figures import FIGURES
from seegrad.drawing.scene.build import build_scene
from seegrad.drawing.scene.bundles import bundled
from seegrad.drawing.scene.scene import Scene, View, fold
from seegrad.drawing.scene.steps import known, step_at, walk

BACKWARD = ("seed", "backward", "sum")
SCENES: dict[str, Callable[[], Scene]] = {
    **{name: lambda figure=figure: figure.scene("en") for name, figure in FIGURES.items()},
    **{make.__name__: lambda make=make: build_scene(make()) for make in ALL},
    "LeNet": lambda: build_scene(NETWORKS["LeNet"]()),
    "500 random scalars": lambda: build_scene(NETWORKS["500 random scalars"]()),
}  # fmt: skip


def seen(scene: Scene, view: View, time: float) -> dict[str, tuple[Any, Any]]:
    """Each wire's value and derivative, as far as they are known by then."""
    times = known(scene, view)
    return {
        wire.id: (
            wire.value if times[wire.id][0] <= time else None,
            wire.grad if times[wire.id][1] <= time else None,
        )
        for wire in view.wires
    }


@pytest.mark.parametrize("name", SCENES)
def test_a_fold_changes_no_number_at_any_step(name: str) -> None:
    scene = SCENES[name]()
    whole = {group.id for group in scene.groups}
    for group in scene.groups[:40]:
        for around in (whole, {group.parent}):
            open_, closed = (scene.opened(around | {group.id}), scene.opened(around - {group.id}))
            pair = [(each, bundled(fold(each))) for each in (open_, closed)]
            moments = {step.time for each, view in pair for step in walk(each, view)}
            for time in [*sorted(moments)[:: max(1, len(moments) // 12)], float("inf")]:
                before, after = (seen(each, view, time) for each, view in pair)
                for key in before.keys() & after.keys():
                    assert before[key] == after[key], (group.name, time, key)


@pytest.mark.parametrize("name", SCENES)
def test_the_walk_lights_what_it_makes_known(name: str) -> None:
    scene = SCENES[name]()
    for each in (scene, scene.opened(())):
        view = fold(each)
        times, steps = known(each, view), walk(each, view)
        assert all(a.time <= b.time for a, b in pairwise(steps))
        for i, step in enumerate(steps):
            assert step_at(steps, step.time) >= i
            late = [
                wire for wire in step.wires
                if times[wire][step.phase in BACKWARD] > step.time
            ]  # fmt: skip
            assert late == [], (step, late)
