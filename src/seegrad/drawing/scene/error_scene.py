"""An error as a picture: the graph as far as it came, the operation that failed, what to try.

Only errors of operations know what they were given; nothing is computed here.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np

from seegrad.drawing.scene.build import build_scene
from seegrad.drawing.scene.scene import Box, Scene
from seegrad.errors import SeegradError, ValueRangeError
from seegrad.graph.graph import Graph
from seegrad.graph.node import Node
from seegrad.i18n import language, tr
from seegrad.tensor.tensor import tensor


def scene_of_error(error: SeegradError, *, lang: str | None = None, open: Any = "auto") -> Scene:
    """The picture of an error: the inputs' graph with shapes, and the culprit that took them.

    Raises ValueRangeError for an error in which no operation failed.
    """
    op = error.operation
    if op is None:
        raise ValueRangeError(
            tr("this error has no picture: no operation failed"), came=type(error).__name__
        )
    inputs = [_named(x, op.input_name(i)) for i, x in enumerate(error.inputs)]
    scene = build_scene(Graph(inputs), language=lang or language(), composites=False, open=open)
    wires = tuple(
        replace(w, target="culprit", position=int(w.target[1:]), kind="edge", backward=False)
        if w.kind == "output"
        else w
        for w in scene.wires
    )
    boxes = [box for box in scene.boxes if box.kind != "output"]
    sign = op.name if "$" in op.sign else op.sign
    culprit = Box("culprit", "culprit", sign, title=str(error))
    lines = tuple(line for line in error.message().splitlines() if line.strip())
    return replace(scene, boxes=(*boxes, culprit), wires=wires, note=lines, title=lines[0])


def _named(x: Any, word: str) -> Node:
    """An input as a node with a name: its own, or the operation's word for it."""
    if not isinstance(x, Node):
        return tensor(np.asarray(x), name=word, requires_grad=False)
    if x.op is None and not x.name and x.data is not None:
        return tensor(np.asarray(x.data), name=word, requires_grad=False)
    return x
