"""Colours over the boxes: gradient checks, dead units, and any measure given node by node.

The page adds gradient norms and NaN by itself, for it recomputes them; of NaN, drawings are told
here. Nothing is drawn here.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import numpy as np

from seegrad.drawing.scene.scene import Box, Overlay, Scene, View
from seegrad.drawing.values.summary import shown
from seegrad.graph.node import Node
from seegrad.i18n import tr
from seegrad.transforms.gradcheck import gradcheck_node

Places = Mapping[Node, str]
"""Node → the box that stands for it."""

MOST_COMPARED = 60  # of each input of a node, so that a gradient check takes no noticeable time


def measured(name: str, values: Mapping[Node, float], places: Places, unit: str = "") -> Overlay:
    """An overlay of plain numbers: the largest is the strongest colour."""
    top = max((abs(value) for value in values.values()), default=0.0)
    marks = {
        places[node]: (abs(value) / top if top else 0.0, f"{shown(float(value))}{unit}")
        for node, value in values.items()
        if node in places
    }
    return Overlay(name, unit, marks)


def dead_units(nodes: Iterable[Node], places: Places) -> Overlay:
    """Where a kinked unit passed nothing on for the whole batch: its share of the last axis."""
    marks: dict[str, tuple[float, str]] = {}
    for node in nodes:
        op = node.op
        if op is None or op.onnx != "Relu" or node.data is None or node.spec.size == 0:
            continue
        data = np.asarray(node.data)
        rows = data.reshape(-1, data.shape[-1]) if data.ndim else data.reshape(1, 1)
        dead = int((rows <= 0).all(axis=0).sum())
        marks[places[node]] = (dead / rows.shape[1], f"{dead}/{rows.shape[1]}")
    return Overlay("dead", "", marks)


def checked(nodes: Iterable[Node], places: Places) -> Overlay:
    """Each node's own derivative against central differences, in float64."""
    marks: dict[str, tuple[float, str]] = {}
    for node in nodes:
        if node.op is None or not node.requires_grad or node.data is None:
            continue
        report = gradcheck_node(node, largest=MOST_COMPARED)
        if report:
            kinks = len(report.kinks)
            marks[places[node]] = (0.35, f"✓ ∠{kinks}") if kinks else (0.0, "✓")
        else:
            marks[places[node]] = (1.0, f"✗ {shown(report.max_error)}")
    return Overlay("check", "", marks)


NOT_FINITE = "NaN"
"""The name of the overlay that shows the way of NaN and infinity, as the page knows it."""


def spoilt(scene: Scene) -> bool:
    """Has NaN or infinity come through to a result, or back to what it is differentiated by?"""
    ends = [wire for wire in scene.wires if wire.kind == "output"]
    leaves = [box for box in scene.boxes if box.kind in ("input", "parameter") and box.grad]
    summaries = [*(wire.value for wire in ends), *(wire.grad for wire in ends)]
    return any(summary is not None and summary.bad for summary in summaries) or any(
        leaf.grad is not None and leaf.grad.bad for leaf in leaves
    )


def not_finite(scene: Scene) -> Overlay:
    """The way of NaN and infinity from where they were born."""
    reached = {wire.target for wire in scene.wires if wire.value is not None and wire.value.bad}
    marks: dict[str, tuple[float, str]] = {}
    for box in scene.boxes:
        came = box.value.bad if box.value is not None else 0
        bad = came + (box.grad.bad if box.grad is not None else 0)
        if came and box.id not in reached:
            marks[box.id] = (1.0, tr("born here", language=scene.language))
        elif bad:
            marks[box.id] = (0.4, f"NaN/∞: {bad}")
    return Overlay(NOT_FINITE, "", marks)


def undefined_steps(scene: Scene, view: View) -> list[str]:
    """What is said below a picture of the open composites whose steps meet 0·∞, and whose own rule
    does not: the derivatives around them are not those that their steps give."""
    names = {group.id: group.name for group in scene.groups}
    within = {box.id: names.get(box.group, "") for box in view.boxes if isinstance(box, Box)}
    found = dict.fromkeys(within.get(w.target, "") for w in view.wires if w.inner is not None)
    return [
        tr(
            "inside {name} the steps meet 0 · ∞, which is no number; the derivatives around it come"
            " by its own rule",
            language=scene.language, name=name,
        )
        for name in found
        if name
    ]  # fmt: skip
