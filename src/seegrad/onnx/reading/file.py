"""An ONNX file from its bytes to a model: parsed, checked, brought to today's operators, read."""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import Any

from seegrad.files import content, existing
from seegrad.i18n import tr
from seegrad.onnx.model import Model
from seegrad.onnx.package import official
from seegrad.onnx.reading.graphs import Reading
from seegrad.onnx.reading.source import OFFICIAL, Source
from seegrad.onnx.reading.texts import labels
from seegrad.onnx.reading.versions import opened, upgraded


def read_model(path: str | os.PathLike[str]) -> Model:
    """Read a model; attributes that are left away get their defaults.

    Values may be kept in files beside it, in its own folder. Models before version 13 are read as
    onnx's converter brings them there. Raises FormatError for a damaged file, for values that lie
    elsewhere or are not as large as is said, for dtypes that NumPy does not have, and for steps
    that are out of order.
    """
    onnx = official()
    file = existing(path, tr("an ONNX file"))
    source = Source(file, onnx)
    made = onnx.ModelProto()
    try:
        made.ParseFromString(content(file))
    except Exception as fault:
        raise source.damaged(str(fault)) from fault
    if not _is_text(made):
        raise source.damaged(tr("a name that is no text"))
    if not made.graph.output or not made.graph.node:
        raise source.damaged(tr("a model without steps or results"))
    for it in made.opset_import:
        domain = "" if it.domain in OFFICIAL else it.domain
        source.versions[domain] = max(it.version, source.versions.get(domain, 0))
    made = upgraded(source, opened(source, made))
    reading = Reading(source)
    found = reading.graph(made.graph)
    names = labels(source, found, reading.words)
    return Model(found.inputs, found.outputs, reading.constants, found.steps, names)


def _is_text(message: Any) -> bool:
    """Are all texts in a message UTF-8? protobuf hands out bytes where they are not."""
    for described, value in message.ListFields():
        single = isinstance(value, (str, bytes)) or not isinstance(value, Sequence)
        many = (value,) if single else value
        if described.message_type is not None and not all(map(_is_text, many)):
            return False
        if described.type == described.TYPE_STRING and any(isinstance(one, bytes) for one in many):
            return False
    return True
