"""The onnx package (extra `onnx`): the one file that imports it, and what of it runs apart.

What changes a model there is written in C++, and a damaged model may bring it down. So it is done
in a process of its own: if that ends without an answer, the model is refused. This file is both
sides: `apart` asks, and as a program it answers; it imports little, since a child begins with it.
"""

from __future__ import annotations

import os
import subprocess
import sys
from typing import Any

from seegrad.errors import MissingExtraError
from seegrad.i18n import tr

BROADCASTING = 7
"""The version since which shapes are stretched as NumPy does it."""
PLACES_SAID = 11
"""The version since which Resize says where its elements lie."""
SINGLE_AXES = 13
"""The version since which Softmax and its kin go along one axis, not along all from one on."""
LONGEST = 300
"""Seconds after which the child is ended."""
SAID = 3
"""How the child ends when onnx refuses a model in words."""


def official() -> Any:
    """The onnx package; MissingExtraError where it is not installed."""
    try:
        import onnx
        import onnx.inliner
        import onnx.numpy_helper
        import onnx.version_converter
    except ImportError as fault:
        raise MissingExtraError(
            tr("onnx is not installed"), hint='pip install "onnx>=1.17"'
        ) from fault
    return onnx


class ChildError(Exception):
    """What onnx said of a model, or that it came to no answer."""


def apart(made: Any, version: int | None = None) -> Any:
    """A model with its functions opened, or converted to a version, by a child of this process."""
    paths = {"PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
    try:
        raw = made.SerializeToString()
        job = subprocess.run(
            [sys.executable, "-P", __file__, str(version or "")],
            input=raw, capture_output=True, check=False, timeout=LONGEST,
            env={**os.environ, **paths},
        )  # fmt: skip
    except (OSError, ValueError, subprocess.SubprocessError) as fault:
        raise ChildError(str(fault)) from fault
    if job.returncode == SAID:
        raise ChildError(job.stderr.decode("utf-8", "replace").strip())
    found = official().ModelProto()
    try:
        if job.returncode:
            raise ValueError(job.returncode)
        found.ParseFromString(job.stdout)
    except Exception as fault:
        raise ChildError(tr("onnx came to no answer")) from fault
    return found


# --------------------------------------------------------------- what the child does


def _converted(onnx: Any, made: Any, version: int) -> Any:
    """By onnx's converter, and by hand where it passes over what an operator meant before."""
    onnx.checker.check_model(made)
    convert = onnx.version_converter.convert_version
    old = max(it.version for it in made.opset_import if it.domain in ("", "ai.onnx"))
    if old < BROADCASTING:
        _slopes_by_channel(onnx, made)
    made = convert(made, SINGLE_AXES - 1)
    _hardmax_of_rows(onnx, made)
    made = convert(made, version)
    if old < PLACES_SAID:
        _from_corners(made)
    return made


def _slopes_by_channel(onnx: Any, made: Any) -> None:
    """PRelu before version 7: one slope for each channel, which the converter passes over."""
    slopes = {
        node.input[1]: node.input[0]
        for node in made.graph.node
        if node.op_type == "PRelu" and len(node.input) == 2
    }
    if not slopes:
        return
    graph = onnx.shape_inference.infer_shapes(made).graph
    ranks = {
        value.name: len(value.type.tensor_type.shape.dim)
        for value in (*graph.input, *graph.value_info)
    }
    for one in made.graph.initializer:
        if len(one.dims) == 1 and one.dims[0] > 1 and one.name in slopes:
            one.dims.extend([1] * (ranks.get(slopes[one.name], 2) - 2))
    for value in made.graph.input:
        dims = value.type.tensor_type.shape.dim
        if value.name in slopes and len(dims) == 1 and dims[0].dim_value > 1:
            for _ in range(ranks.get(slopes[value.name], 2) - 2):
                dims.add().dim_value = 1


def _hardmax_of_rows(onnx: Any, made: Any) -> None:
    """Hardmax before version 13 takes all axes from `axis` on as one."""
    nodes = []
    for node in made.graph.node:
        if node.op_type != "Hardmax":
            nodes.append(node)
            continue
        axis = next((one.i for one in node.attribute if one.name == "axis"), 1)
        x, y = node.input[0], node.output[0]
        shape, rows, found = (f"{y}/{part}" for part in ("shape", "rows", "found"))
        nodes += [
            onnx.helper.make_node("Shape", [x], [shape]),
            onnx.helper.make_node("Flatten", [x], [rows], axis=axis),
            onnx.helper.make_node("Hardmax", [rows], [found], axis=1),
            onnx.helper.make_node("Reshape", [found, shape], [y]),
        ]
    made.graph.ClearField("node")
    made.graph.node.extend(nodes)


def _from_corners(made: Any) -> None:
    """Resize before version 11 is what Upsample was: it reads at i ÷ scale."""
    for node in made.graph.node:
        if node.op_type == "Resize":
            node.op_type = "Upsample"
            del node.input[1]            # the region, which the converter puts there


def answer() -> int:
    """As a child: a model comes in, and goes out changed; what onnx says against it, in words."""
    onnx = official()
    made = onnx.ModelProto()
    try:
        made.ParseFromString(sys.stdin.buffer.read())
        if sys.argv[1]:
            made = _converted(onnx, made, int(sys.argv[1]))
        else:
            made = onnx.inliner.inline_local_functions(made)
        sys.stdout.buffer.write(made.SerializeToString())
    except Exception as fault:
        sys.stderr.write(str(fault)[:1000])
        return SAID
    return 0


if __name__ == "__main__":
    sys.exit(answer())
