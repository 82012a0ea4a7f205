"""A network that trains inside its own page: mini-batches, every number and derivative on show.

The page runs the same graph as Python does, by its lowering forms (`page_program.py`); data and
first weights travel with it. Which data and networks there are to choose from is the caller's.
Nothing is trained here.
"""

from __future__ import annotations

import json
from base64 import b64encode
from collections.abc import Callable, Mapping
from dataclasses import replace
from gzip import compress
from itertools import pairwise
from typing import Any

import numpy as np

from seegrad.drawing.scene.build import build_scene
from seegrad.drawing.scene.scene import Scene, picture_language, to_json
from seegrad.errors import ShapeError, ValueRangeError
from seegrad.i18n import tr
from seegrad.ops import TABLE
from seegrad.tensor.tensor import tensor

MOST_ROWS = 1000


def training_scene(
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
    """A picture of `net` on one mini-batch that can be trained in the page.

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
    program["train"] = {
        "x": program["inputs"][places["x"]],
        "t": program["inputs"][places["t"]],
        "parameters": learnt,
        "layers": _layers(program, {leaf for leaf, _ in learnt}),
        "loss": spots[next(box.id for box in scene.boxes if box.name == "L")][0],
        "scores": spots[places[scores]][0],
        "data": carried(rows, labels),
        "classes": classes,
        "oneHot": True,
        "rate": rate,
    }
    return program


def carried(x: Any, t: Any) -> dict[str, Any]:
    """Data as the page has them; at most MOST_ROWS, evenly chosen."""
    chosen = np.linspace(0, len(x) - 1, min(len(x), MOST_ROWS)).astype(int)
    return {
        "x": [[float(f"{v:.6g}") for v in row] for row in np.asarray(x)[chosen]],
        "t": [int(label) for label in np.asarray(t)[chosen]],
    }


def _layers(program: Mapping[str, Any], learnt: set[int]) -> list[list[int]]:
    """Of a chain of layers: for each, what goes in and its weights; [] of any other network.

    The page draws them as columns of neurons; what comes out of the last are the scores.
    """
    nodes = program["nodes"]
    found = [
        node["inputs"]
        for node in nodes
        if node["form"] == "Product" and node["inputs"][1] in learnt
    ]
    sizes = [nodes[weights]["shape"] for _, weights in found]
    flat = all(len(nodes[at]["shape"]) == 2 for pair in found for at in pair)
    chained = flat and all(one[1] == next_[0] for one, next_ in pairwise(sizes))
    return found if chained else []


def with_choices(scene: Scene, nets: Mapping[str, Scene], choices: Mapping[str, Any]) -> Scene:
    """The scene with others to choose from, by name; what is chosen by is the caller's.

    They travel packed (gzip, base64), without numbers: the page computes all of them itself.
    """
    texts = {name: to_json(_bare(net)) for name, net in nets.items()}
    packed = b64encode(compress(json.dumps(texts).encode(), 9, mtime=0)).decode()
    train = {**scene.program["train"], "choices": {**choices, "nets": packed}}
    return replace(scene, program={**scene.program, "train": train})


def _bare(scene: Scene) -> Scene:
    """The scene without its numbers and data; first weights and derivatives' ways stay."""
    train = {key: item for key, item in scene.program["train"].items() if key != "data"}
    given = {train["x"], train["t"]}
    nodes = [
        {**node, "data": []} if i in given else node
        for i, node in enumerate(scene.program["nodes"])
    ]
    return replace(
        scene,
        boxes=tuple(replace(box, value=None, grad=None) for box in scene.boxes),
        wires=tuple(replace(wire, value=None, grad=None) for wire in scene.wires),
        program={**scene.program, "nodes": nodes, "train": train},
    )
