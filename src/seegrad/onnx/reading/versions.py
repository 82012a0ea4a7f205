"""Old models brought to the operators of today: by onnx's own converter, and functions opened.

Both are programs of the onnx package; what they are given is bounded before.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from seegrad.errors import FormatError, SeegradWarning, warn_user
from seegrad.i18n import tr
from seegrad.onnx.model import MOST_STEPS, OLDEST_OPSET
from seegrad.onnx.reading.arrays import array
from seegrad.onnx.reading.source import OFFICIAL, Source

BROADCASTING = 7
"""The version since which shapes are stretched as NumPy does it."""


def opened(source: Source, made: Any) -> Any:
    """The model with the functions that it defines put where they are called."""
    if not made.functions:
        return made
    if _opened_size(source, made) > MOST_STEPS:
        raise source.unread(tr("{count} steps", count=f"> {MOST_STEPS}"))
    try:
        return source.onnx.inliner.inline_local_functions(made)
    except Exception as fault:
        raise source.damaged(str(fault).strip()) from fault


def _opened_size(source: Source, made: Any) -> int:
    """How many steps there are when all functions are open; a function in itself is a fault."""
    bodies = {(f.domain, f.name): f.node for f in made.functions}
    known: dict[tuple[str, str], int] = {}

    def count(nodes: Any, within: frozenset[tuple[str, str]]) -> int:
        total = 0
        for node in nodes:
            key = (node.domain, node.op_type)
            if key in within or len(within) > 60:
                raise source.damaged(f"{node.op_type} < {node.op_type}")
            if key in bodies and key not in known:
                known[key] = count(bodies[key], within | {key})
            total += known.get(key, 1)
            total += sum(count(a.g.node, within) for a in node.attribute if a.HasField("g"))
        return min(total, 2 * MOST_STEPS)

    return count(made.graph.node, frozenset())


def upgraded(source: Source, made: Any) -> Any:
    """The model with operators of version 13 at least, converted by onnx where they are older."""
    version = source.versions.get("", 0)
    if version >= OLDEST_OPSET or all(node.domain not in OFFICIAL for node in made.graph.node):
        return made
    if version < 1:
        raise _too_old(source, version, "")
    every = list(_every(made.graph.node))
    if len(every) > len(made.graph.node):
        if version < BROADCASTING or any(_changed(source, node, version) for node in every):
            why = tr("graphs inside of steps, which onnx does not convert")
            raise _too_old(source, version, why)
        source.versions[""] = OLDEST_OPSET
        return made
    for one in made.graph.initializer:
        if one.external_data:
            one.CopyFrom(source.onnx.numpy_helper.from_array(array(source, one), one.name))
    if version < BROADCASTING:
        _slopes_by_channel(source, made)
    try:
        found = source.onnx.version_converter.convert_version(made, OLDEST_OPSET)
    except Exception as fault:
        raise _too_old(source, version, str(fault).strip()[:160]) from fault
    source.versions[""] = OLDEST_OPSET
    warn_user(SeegradWarning(
        tr("{path} is of operator version {version}; read as onnx converts it to {count}",
           path=source.file.name, version=version, count=OLDEST_OPSET)
    ))  # fmt: skip
    return found


def _every(nodes: Any) -> Iterator[Any]:
    """All nodes, those of graphs inside of nodes too."""
    for node in nodes:
        yield node
        for attribute in node.attribute:
            if attribute.HasField("g"):
                yield from _every(attribute.g.node)


def _changed(source: Source, node: Any, version: int) -> bool:
    """Has a node's operator other inputs, attributes or defaults today than in the file's version?

    What has come since, and may be left away, is no change.
    """
    if node.domain not in OFFICIAL:
        return False
    defs = source.onnx.defs
    try:
        old, new = (defs.get_schema(node.op_type, each) for each in (version, OLDEST_OPSET))
    except defs.SchemaError:
        return True
    inputs = [[(one.name, str(one.option)) for one in each.inputs] for each in (old, new)]
    named = [{key: str(it.default_value) for key, it in each.attributes.items()}
             for each in (old, new)]  # fmt: skip
    more = [slot.option for slot in new.inputs[len(old.inputs) :]]
    return (
        inputs[0] != inputs[1][: len(inputs[0])]
        or any(option != defs.OpSchema.FormalParameterOption.Optional for option in more)
        or not named[0].items() <= named[1].items()
        or old.deprecated != new.deprecated
    )


def _slopes_by_channel(source: Source, made: Any) -> None:
    """PRelu before version 7: one slope for each channel, which onnx's converter passes over."""
    slopes = {node.input[1]: node.input[0] for node in made.graph.node if node.op_type == "PRelu"}
    if not slopes:
        return
    try:
        graph = source.onnx.shape_inference.infer_shapes(made).graph
    except Exception as fault:
        raise source.damaged(str(fault).strip()) from fault
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


def _too_old(source: Source, version: int, why: str) -> FormatError:
    return FormatError(
        tr("{path} is written for an old version of ONNX", path=source.file.name),
        asked=tr("operators of version {count} or later, or such that onnx can convert",
                 count=OLDEST_OPSET),
        came=tr("version {count}", count=version) + f": {why}",
        hint=tr("export it again with a newer version"),
    )  # fmt: skip
