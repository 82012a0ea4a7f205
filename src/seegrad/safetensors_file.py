"""safetensors through the official package: named arrays and texts about them, never code.

The format itself has no checksum, so ours goes into the file's metadata and is checked on the way
back; files from elsewhere, which have none, are read too.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import safetensors.numpy as official
from numpy.typing import NDArray
from safetensors import SafetensorError, deserialize

from seegrad.errors import DTypeError, FormatError
from seegrad.files import content, existing, write_whole
from seegrad.i18n import tr

DIGEST = "seegrad.sha256"
_CHECKSUM = re.compile("[0-9a-f]{64}")
"""What a checksum looks like: one under another name is ours, and the name is damaged."""


_READ = {
    "BOOL": "?", "U8": "u1", "I8": "i1", "U16": "<u2", "I16": "<i2", "U32": "<u4", "I32": "<i4",
    "U64": "<u8", "I64": "<i8", "F16": "<f2", "F32": "<f4", "F64": "<f8", "BF16": "<u2",
}  # fmt: skip
"""The format's names for kinds of numbers, and how their bytes are read."""
_UNREAD = frozenset({
    "C64", "F4", "F6_E2M3", "F6_E3M2", "F8_E4M3", "F8_E5M2", "F8_E8M0", "F8_E4M3FNUZ",
    "F8_E5M2FNUZ",
})  # fmt: skip
"""Those it has and NumPy has not, or that nothing here computes with."""


def save_arrays(
    arrays: Mapping[str, Any],
    path: str | os.PathLike[str],
    metadata: Mapping[str, str] | None = None,
) -> Path:
    """Write named arrays, whole or not at all; `load_arrays` gives the `metadata` back."""
    plain = {name: np.asarray(value) for name, value in arrays.items()}
    for name, value in plain.items():
        if value.dtype.kind not in "biuf" or value.dtype.itemsize > 8:
            raise DTypeError(
                tr("{name} cannot be stored", name=name),
                asked=tr("numbers of at most 8 bytes"),
                came=f"dtype {value.dtype}",
            )
        plain[name] = np.array(value, value.dtype.newbyteorder("="), order="C")
    texts = dict(metadata or {})
    texts[DIGEST] = _digest(plain, texts)
    return write_whole(path, official.save(plain, metadata=texts))


def load_arrays(path: str | os.PathLike[str]) -> tuple[dict[str, NDArray[Any]], dict[str, str]]:
    """The named arrays of a file, and the texts about them.

    Numbers of kind BF16 become float32, which holds each of them exactly. Raises MissingFileError
    without the file, FormatError when it is cut short, damaged anywhere, of another kind, or holds
    numbers that are not read here (F8, F6, F4, complex): the message names them.
    """
    file = existing(path, tr("a safetensors file"))
    raw = content(file)
    try:
        head = _head(raw)
        _refuse_unread(file, head)
        views = deserialize(raw)  # type: ignore[no-untyped-call]
        arrays = {name: _numbers(view) for name, view in views}
        told = head.get("__metadata__") or {}
        texts = {str(key): str(value) for key, value in told.items()}
    except FormatError:
        raise
    except (
        SafetensorError, ValueError, LookupError, TypeError, AttributeError, RecursionError,
    ) as fault:  # fmt: skip
        raise FormatError(
            tr("{path} is damaged or is no safetensors file", path=file.name),
            asked=tr("a whole safetensors file"),
            came=str(fault)[:200] or type(fault).__name__,
            hint=tr("use an older checkpoint, or copy the file again"),
        ) from fault
    told = texts.pop(DIGEST, None)
    lost = told is None and any(map(_CHECKSUM.fullmatch, texts.values()))
    if lost or (told is not None and told != _digest(arrays, texts)):
        raise FormatError(
            tr("{path} is damaged", path=file.name),
            asked=tr("the numbers that were saved"),
            came=tr("numbers with another checksum"),
            hint=tr("use an older checkpoint, or copy the file again"),
        )
    return arrays, texts


def _head(raw: bytes) -> dict[str, Any]:
    """What stands about each array, by its name, and the texts."""
    size = int.from_bytes(raw[:8], "little")
    found: dict[str, Any] = json.loads(raw[8 : 8 + size])
    return found


def _refuse_unread(file: Path, head: Mapping[str, Any]) -> None:
    """FormatError for a kind of numbers that the format has and we have not."""
    for name, told in head.items():
        kind = None if name == "__metadata__" else told.get("dtype")
        if kind in _UNREAD:
            raise FormatError(
                tr("{path} holds numbers that are not read here", path=file.name),
                asked=", ".join(_READ),
                came=f"{name[:60]}: {kind}",
                hint=tr("convert it to F32 or BF16 with the program that wrote it"),
            )


def _numbers(view: Mapping[str, Any]) -> NDArray[Any]:
    """One array as the official reader hands it out: kind, shape and bytes."""
    kind = view["dtype"]
    values = np.frombuffer(view["data"], _READ[kind]).reshape(view["shape"])
    if kind == "BF16":  # the upper half of a float32
        return (values.astype(np.uint32) << 16).view(np.float32)
    return values.astype(values.dtype.newbyteorder("="))


def _digest(arrays: Mapping[str, NDArray[Any]], texts: Mapping[str, str]) -> str:
    """A checksum of names, dtypes, shapes, numbers and texts."""
    total = hashlib.sha256()
    for name in sorted(arrays):
        value = arrays[name]
        total.update(f"{name}\0{value.dtype.name}\0{value.shape}\0".encode())
        total.update(value.astype(value.dtype.newbyteorder("<"), copy=False).tobytes())
    for key in sorted(texts):
        total.update(f"{key}\0{texts[key]}\0".encode())
    return total.hexdigest()
