"""Arrays that stay on the disk: npy and uncompressed npz files, read only where rows are asked for.

So a set may be larger than memory. Heads are read with the same distrust as in `npz_file`.
"""

from __future__ import annotations

import math
import os
import struct
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from seegrad.data.dataset import Dataset
from seegrad.data.labels import encoded
from seegrad.data.npz_file import read_head
from seegrad.errors import FormatError
from seegrad.files import existing
from seegrad.i18n import tr

Array = NDArray[Any]
_LOCAL_HEAD = struct.Struct("<4sHHHHHIIIHH")


def map_npy(path: str | os.PathLike[str]) -> Array:
    """The array of an npy file, left on the disk and read-only.

    Raises FormatError when the file is missing, holds Python objects, or is not as long as its
    head says.

    Args:
        path: where the file is.

    >>> import tempfile
    >>> import seegrad as sg
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     np.save(f"{folder}/x.npy", np.ones((4, 2)))
    ...     shape = sg.data.map_npy(f"{folder}/x.npy").shape
    >>> shape
    (4, 2)
    """
    file = existing(path, tr("an npy file"))
    return _mapped(file, 0, file.stat().st_size, file.name)


def map_npz(path: str | os.PathLike[str]) -> dict[str, Array]:
    """All arrays of an npz file written with `np.savez`, by name, left on the disk.

    Raises FormatError for a compressed one (`np.savez_compressed`): it has to be unpacked first.

    Args:
        path: where the file is.

    >>> import tempfile
    >>> import seegrad as sg
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     np.savez(f"{folder}/set.npz", x=np.ones((4, 2)), t=np.zeros(4, int))
    ...     found = {k: v.shape for k, v in sg.data.map_npz(f"{folder}/set.npz").items()}
    >>> found
    {'x': (4, 2), 't': (4,)}
    """
    file = existing(path, tr("an npz file"))
    try:
        with zipfile.ZipFile(file) as archive:
            members = archive.infolist()
    except (zipfile.BadZipFile, NotImplementedError, OSError, ValueError) as fault:
        raise _damaged(file.name, str(fault) or type(fault).__name__) from fault
    return {m.filename.removesuffix(".npy"): _member(file, m) for m in members}


def mapped(path: str | os.PathLike[str], targets: str | os.PathLike[str] | None = None) -> Dataset:
    """A set whose inputs stay on the disk; targets are read, as they are small.

    path: an npz file with x and t, or an npy file with the inputs, and `targets` one with theirs.

    Raises:
        FormatError: where the file names no inputs and targets, or the inputs are no numbers.

    >>> import tempfile
    >>> import seegrad as sg
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     np.savez(f"{folder}/set.npz", x=np.ones((4, 2)), t=np.zeros(4, int))
    ...     found = len(sg.data.mapped(f"{folder}/set.npz"))
    >>> found
    4
    """
    if targets is not None:
        x, t = map_npy(path), map_npy(targets)
    else:
        arrays = map_npz(path)
        if not {"x", "t"} <= arrays.keys():
            raise FormatError(
                tr("{path} names no inputs and targets", path=Path(path).name),
                asked=tr("arrays named x and t"),
                came=", ".join(sorted(arrays)[:8]) or tr("no arrays"),
                hint="np.savez(path, x=x, t=t)",
            )
        x, t = arrays["x"], arrays["t"]
    if x.dtype.kind not in "uifb":
        raise FormatError(
            tr("the inputs in {path} are not numbers", path=Path(path).name),
            asked=tr("whole or floating numbers"),
            came=f"dtype {x.dtype}",
        )
    labels, classes = encoded(np.array(t))
    return Dataset(x, labels, Path(path).stem, classes)


def _member(file: Path, member: zipfile.ZipInfo) -> Array:
    """One array inside an npz file, found behind its local head."""
    if member.compress_type != zipfile.ZIP_STORED or member.flag_bits & 1:
        raise FormatError(
            tr("{path} is compressed, so that it cannot stay on the disk", path=file.name),
            asked=tr("an npz file written with np.savez"),
            came=member.filename[:80],
            hint=tr("read it whole with sg.data.npz, or write it again with np.savez"),
        )
    with file.open("rb") as stream:
        stream.seek(member.header_offset)
        head = stream.read(_LOCAL_HEAD.size)
    if len(head) < _LOCAL_HEAD.size or head[:4] != b"PK\x03\x04":
        raise _damaged(file.name, member.filename[:80])
    *_, name_length, extra_length = _LOCAL_HEAD.unpack(head)
    start = member.header_offset + _LOCAL_HEAD.size + name_length + extra_length
    return _mapped(file, start, member.file_size, member.filename)


def _mapped(file: Path, start: int, length: int, name: str) -> Array:
    """The array whose npy file lies at `start`, over `length` bytes."""
    with file.open("rb") as stream:
        stream.seek(start)
        held = min(length, file.stat().st_size - start)
        shape, dtype, by_columns = read_head(stream, name, held)
        offset = stream.tell()
    if not math.prod(shape) * dtype.itemsize:
        return np.zeros(shape, dtype)
    order: Any = "F" if by_columns else "C"
    return np.memmap(file, dtype, "r", offset, shape, order)


def _damaged(name: str, came: str) -> FormatError:
    return FormatError(
        tr("{path} is damaged or is no npz file", path=name),
        asked=tr("a whole npy or npz file"),
        came=came,
        hint=tr("write it again with np.save or np.savez"),
    )
