"""Old models brought to the operators of today: by onnx's own converter, and functions opened.

Both are programs of the onnx package, which run apart; what they are given is bounded before.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from seegrad.errors import FormatError, SeegradWarning, warn_user
from seegrad.i18n import tr
from seegrad.onnx.model import MOST_STEPS, OLDEST_OPSET
from seegrad.onnx.package import BROADCASTING, ChildError, apart
from seegrad.onnx.reading.arrays import array
from seegrad.onnx.reading.source import OFFICIAL, Source


def opened(source: Source, made: Any) -> Any:
    """The model with the functions that it defines put where they are called."""
    if not made.functions:
        return made
    if _opened_size(source, made) > MOST_STEPS:
        raise source.unread(tr("{count} steps", count=f"> {MOST_STEPS}"))
    try:
        return apart(made)
    except ChildError as fault:
        raise source.damaged(str(fault)) from fault


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
    try:
        found = apart(made, OLDEST_OPSET)
    except ChildError as fault:
        raise _too_old(source, version, str(fault)[:160]) from fault
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


def _too_old(source: Source, version: int, why: str) -> FormatError:
    return FormatError(
        tr("{path} is written for an old version of ONNX", path=source.file.name),
        asked=tr("operators of version {count} or later, or such that onnx can convert",
                 count=OLDEST_OPSET),
        came=tr("version {count}", count=version) + f": {why}",
        hint=tr("export it again with a newer version"),
    )  # fmt: skip
