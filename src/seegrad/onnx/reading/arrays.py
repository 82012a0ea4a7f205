"""Arrays of a file: those that stand in it, and those that it keeps in a file beside it.

No shape is believed before the bytes for it are there. A file beside the model must lie in the
model's folder, without a link on the way; what is read of it is counted.
"""

from __future__ import annotations

import math
import os
import stat
from pathlib import PurePosixPath
from typing import Any

import numpy as np
from numpy.typing import NDArray

from seegrad.errors import FormatError
from seegrad.i18n import tr
from seegrad.onnx.reading.source import Source

Array = NDArray[Any]


def array(source: Source, one: Any) -> Array:
    """A tensor of the file as an array, no larger than the bytes that are there for it."""
    dtype = source.dtype(one.data_type, one.name)
    if one.data_location == source.onnx.TensorProto.EXTERNAL or one.external_data:
        return _beside(source, one, dtype)
    count = math.prod(one.dims)
    if count < 0 or count > 8 * max(one.ByteSize(), 1):
        raise source.damaged(tr("a shape of {count} values that are not there", count=count))
    try:
        found: Array = np.array(source.onnx.numpy_helper.to_array(one))
    except Exception as fault:
        raise source.damaged(str(fault)) from fault
    return found


def _beside(source: Source, one: Any, dtype: np.dtype[Any]) -> Array:
    """An array in a file beside the model: its place and its size are checked before it is read."""
    said = {entry.key: entry.value for entry in one.external_data}
    try:
        begin = int(said.get("offset") or 0)
        length = int(said["length"]) if said.get("length") else None
    except ValueError as fault:
        raise source.damaged(f"{one.name[:80]}: {fault}") from fault
    if min(one.dims, default=0) < 0:
        raise source.damaged(f"{one.name[:80]}: {list(one.dims)[:8]}")
    wanted = math.prod(one.dims) * dtype.itemsize
    if begin < 0 or (length is not None and length != wanted):
        raise source.damaged(tr("{name} should have {count} bytes", name=one.name[:80],
                                count=wanted))  # fmt: skip
    raw = _bytes(source, one.name, said.get("location", ""), begin, wanted)
    found: Array = np.frombuffer(bytearray(raw), dtype.newbyteorder("<")).astype(dtype, copy=False)
    if dtype.kind == "b":
        found = np.frombuffer(raw, np.uint8) != 0
    return found.reshape(tuple(one.dims))


def _bytes(source: Source, name: str, location: str, begin: int, count: int) -> bytes:
    """`count` bytes of a file in the model's folder."""
    place = PurePosixPath(location)
    here = source.file.parent
    outside = not location or place.is_absolute() or ".." in place.parts
    outside = outside or any(sign in location for sign in "\\:\0")
    for part in () if outside else place.parts:
        here = here / part
        outside = outside or here.is_symlink()
    if outside:
        raise _elsewhere(source, name, location)
    flags = os.O_RDONLY | getattr(os, "O_BINARY", 0) | getattr(os, "O_NOFOLLOW", 0)
    try:
        number = os.open(here, flags | getattr(os, "O_NONBLOCK", 0))
    except OSError as fault:
        raise _elsewhere(source, name, f"{location}: {fault.strerror}") from fault
    with os.fdopen(number, "rb") as stream:
        about = os.fstat(stream.fileno())
        if not stat.S_ISREG(about.st_mode):
            raise _elsewhere(source, name, location)
        source.beside[here] = about.st_size
        source.taken += count
        if begin + count > about.st_size or source.taken > 2 * sum(source.beside.values()):
            raise source.damaged(tr("{name} should have {count} bytes", name=name[:80],
                                    count=count))  # fmt: skip
        stream.seek(begin)
        raw = stream.read(count)
    if len(raw) != count:
        raise source.damaged(tr("{name} should have {count} bytes", name=name[:80], count=count))
    return raw


def _elsewhere(source: Source, name: str, location: str) -> FormatError:
    return FormatError(
        tr("{path} keeps its values where they are not read", path=source.file.name),
        asked=tr("a file in the model's own folder, without links"),
        came=f"{name[:80]}: {location[:120]}",
        hint=tr("copy that file beside the model, or save it with all values inside"),
    )
