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
from safetensors import SafetensorError

from seegrad.errors import DTypeError, FormatError
from seegrad.files import content, existing, write_whole
from seegrad.language import say

DIGEST = "seegrad.sha256"
_CHECKSUM = re.compile("[0-9a-f]{64}")
"""What a checksum looks like: one under another name is ours, and the name is damaged."""


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
                say("{name} cannot be stored", name=name),
                asked=say("numbers of at most 8 bytes"),
                came=f"dtype {value.dtype}",
            )
        plain[name] = np.array(value, value.dtype.newbyteorder("="), order="C")
    texts = dict(metadata or {})
    texts[DIGEST] = _digest(plain, texts)
    return write_whole(path, official.save(plain, metadata=texts))


def load_arrays(path: str | os.PathLike[str]) -> tuple[dict[str, NDArray[Any]], dict[str, str]]:
    """The named arrays of a file, and the texts about them.

    Raises FormatError when the file is missing, cut short, damaged anywhere, or of another kind.
    """
    file = existing(path, say("a safetensors file"))
    raw = content(file)
    try:
        arrays = {name: np.array(value) for name, value in official.load(raw).items()}
        texts = _metadata(raw)
    except (SafetensorError, ValueError, LookupError, TypeError, AttributeError) as fault:
        raise FormatError(
            say("{path} is damaged or is no safetensors file", path=file.name),
            asked=say("a whole safetensors file"),
            came=str(fault)[:200] or type(fault).__name__,
            hint=say("use an older checkpoint, or copy the file again"),
        ) from fault
    told = texts.pop(DIGEST, None)
    lost = told is None and any(map(_CHECKSUM.fullmatch, texts.values()))
    if lost or (told is not None and told != _digest(arrays, texts)):
        raise FormatError(
            say("{path} is damaged", path=file.name),
            asked=say("the numbers that were saved"),
            came=say("numbers with another checksum"),
            hint=say("use an older checkpoint, or copy the file again"),
        )
    return arrays, texts


def _metadata(raw: bytes) -> dict[str, str]:
    size = int.from_bytes(raw[:8], "little")
    head = json.loads(raw[8 : 8 + size])
    found = head.get("__metadata__") or {}
    return {str(key): str(value) for key, value in found.items()}


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
