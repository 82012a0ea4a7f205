"""A network that trains inside its own page: mini-batches, every number and derivative on show.

The page runs the same graph as Python does, by its lowering forms (`page_program.py`); data and
first weights travel with it. Nothing is trained here.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np

from seegrad.drawing.scene.build import build_scene
from seegrad.drawing.scene.scene import Scene, picture_language
from seegrad.errors import ShapeError, ValueRangeError
from seegrad.i18n import tr
from seegrad.ops import TABLE
from seegrad.tensor.tensor import tensor

MOST_ROWS = 1000


def playground(
    net: Callable[[Any], Any],
    x: Any,
    t: Any,
    *,
    batch: int = 32,
    rate: float = 0.5,
    title: str = "",
    lang: str | None = None,
    open: str = "auto",
) -> Scene:
    """A picture of `net` on one mini-batch that can be trained in the page; save it with `sg.draw`.

    Args:
        net: what turns a batch (batch, features) into scores (batch, classes).
        x, t: data (rows, features) and labels (rows,); with two features the page draws the
            decision boundary. At most 1,000 rows travel with the page.
        batch, rate: rows a step, and the learning rate to begin with.

    Raises ShapeError for data that do not fit, ValueRangeError when the network is too large for
    a page or cannot be run there.
    """
    rows, labels = np.asarray(x, dtype=np.float64), np.asarray(t)
    if rows.ndim != 2 or labels.shape != rows.shape[:1] or labels.dtype.kind not in "iu":
        raise ShapeError(
            tr("a playground needs rows of features and a label for each"),
            asked="x (rows, features), t (rows,) int",
            came=f"x {rows.shape}, t {labels.shape} {labels.dtype}",
        )
    if not 1 <= batch <= len(rows):
        raise ValueRangeError(
            tr("a mini-batch has at least one row, and no more than there are"),
            asked=f"1 … {len(rows)}",
            came=f"batch={batch}",
        )
    classes = int(labels.max()) + 1
    first = tensor(rows[:batch].astype(np.float32), name="x", requires_grad=False)
    one_hot = np.eye(classes, dtype=np.float32)[labels[:batch]]
    targets = tensor(one_hot, name="t", requires_grad=False)
    scores = net(first)
    scores.name = scores.name or "scores"
    loss = TABLE["softmax_cross_entropy"](scores, targets)
    loss.name = "L"
    leaves = [node for node in loss.graph.inputs if node.requires_grad]
    before = [leaf.gradient for leaf in leaves]
    try:
        for leaf in leaves:
            leaf.gradient = None
        loss.backward()
        scene = build_scene(
            loss, title=title, language=picture_language(lang), rate=rate, live=True, open=open
        )
    finally:
        for leaf, gradient in zip(leaves, before):
            leaf.gradient = gradient
    return replace(scene, program=_training(scene, rows, labels, classes, rate, scores.name))


def _training(
    scene: Scene, rows: Any, labels: Any, classes: int, rate: float, scores: str
) -> dict[str, Any]:
    """The scene's program with what training it takes."""
    program = dict(scene.program)
    places = {box.name: box.id for box in scene.boxes}
    spots = program.get("boxes", {})
    learnt = [
        spots[box.id]
        for box in scene.boxes
        if box.kind in ("parameter", "input") and spots and spots[box.id][1] is not None
    ]
    if not learnt or places["x"] not in program["inputs"]:
        raise ValueRangeError(
            tr("this network is too large to be trained in a page, or cannot be run there"),
            asked=tr("a few thousand numbers, and no random operations"),
            came=tr("{count} boxes", count=len(scene.boxes)),
            hint=tr("a smaller network, for example 2-16-2, or a smaller batch"),
        )
    chosen = np.linspace(0, len(rows) - 1, min(len(rows), MOST_ROWS)).astype(int)
    program["train"] = {
        "x": program["inputs"][places["x"]],
        "t": program["inputs"][places["t"]],
        "parameters": learnt,
        "loss": spots[next(box.id for box in scene.boxes if box.name == "L")][0],
        "scores": spots[places[scores]][0],
        "data": {
            "x": [[float(f"{v:.6g}") for v in row] for row in rows[chosen]],
            "t": [int(label) for label in labels[chosen]],
        },
        "classes": classes,
        "oneHot": True,
        "rate": rate,
    }
    return program
