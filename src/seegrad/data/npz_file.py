"""npz and npy read without any code in them: sizes bounded, object arrays refused."""

from __future__ import annotations

import io
import math
import os
import struct
import tokenize
import zipfile
import zlib
from collections.abc import Iterable
from pathlib import Path
from typing import IO, Any

import numpy as np
from numpy.lib import format as npy
from numpy.typing import NDArray

from seegrad.data.dataset import Dataset
from seegrad.data.labels import encoded
from seegrad.errors import FormatError
from seegrad.files import MAX_BYTES, allow, existing
from seegrad.i18n import tr

INPUTS = ("x", "X", "data", "images")
TARGETS = ("t", "y", "target", "labels")


def read_npz(path: str | os.PathLike[str], limit: int = MAX_BYTES) -> dict[str, NDArray[Any]]:
    """All arrays of an npz file, by name.

    Raises FormatError when the file is missing or damaged, holds object arrays (they could carry
    code), or would unpack to more than `limit` bytes or far beyond its own size.
    """
    file = existing(path, tr("an npz file"))
    try:
        with zipfile.ZipFile(file) as archive:
            members = archive.infolist()
            if any(member.compress_type not in _PACKED for member in members):
                raise NotImplementedError("a way of packing that np.savez does not use")
            allow(file, file.stat().st_size, sum(m.file_size for m in members), limit)
            return {
                member.filename.removesuffix(".npy"): _decode(archive.read(member), member.filename)
                for member in members
            }
    except FormatError:
        raise
    except (
        zipfile.BadZipFile, zlib.error, struct.error, EOFError, NotImplementedError, OSError,
        ValueError,
    ) as fault:  # fmt: skip
        raise FormatError(
            tr("{path} is damaged or is no npz file", path=file.name),
            asked=tr("a whole npz file"),
            came=str(fault) or type(fault).__name__,
            hint=tr("write it again with np.savez"),
        ) from fault
    except RuntimeError as fault:
        raise FormatError(
            tr("{path} is damaged or is no npz file", path=file.name),
            asked=tr("an npz file without a password"),
            came=str(fault),
        ) from fault


_PACKED = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)
"""How np.savez packs; the others may ask for any memory before they give a byte."""

_UNREADABLE = (ValueError, TypeError, SyntaxError, tokenize.TokenError)
"""What NumPy lets through when the head of an npy file is nonsense."""


def read_head(stream: IO[bytes], name: str, length: int) -> tuple[tuple[int, ...], Any, bool]:
    """Shape, dtype and whether by columns, from the head of an npy file of so many bytes in all.

    Raises FormatError for a head that cannot be read, Python objects, and another length.
    """
    start = stream.tell()
    try:
        version = npy.read_magic(stream)
        read = npy.read_array_header_1_0 if version == (1, 0) else npy.read_array_header_2_0
        shape, by_columns, dtype = read(stream)
    except (*_UNREADABLE, RecursionError, MemoryError, OSError) as fault:
        raise FormatError(
            tr("{path} is damaged", path=name),
            asked=tr("an npy array"),
            came=tr("a head that cannot be read"),
            hint=tr("write it again with np.save or np.savez"),
        ) from fault
    if dtype.hasobject:
        raise FormatError(
            tr("{path} holds Python objects, which may carry code", path=name),
            asked=tr("numbers or text"),
            came=f"dtype {dtype}",
            hint=tr("save numbers: np.asarray(values, dtype=float)"),
        )
    there = length - (stream.tell() - start)
    sound = all(type(n) is int and n >= 0 for n in shape)
    if not sound or math.prod(shape) * dtype.itemsize != there:
        raise FormatError(
            tr("{path} is not as long as its head says", path=name),
            asked=f"{shape} {dtype}",
            came=tr("{count} bytes", count=max(there, 0)),
        )
    return shape, dtype, by_columns


def _decode(raw: bytes, name: str) -> NDArray[Any]:
    """The array in the bytes of one npy file."""
    stream = io.BytesIO(raw)
    shape, dtype, by_columns = read_head(stream, name, len(raw))
    count = math.prod(shape)
    there = len(raw) - stream.tell()
    values = np.frombuffer(raw, dtype, count, stream.tell()) if there else np.zeros(count, dtype)
    return values.reshape(shape, order="F" if by_columns else "C").copy()


def npz(path: str | os.PathLike[str]) -> Dataset:
    """Inputs and targets from an npz file.

    The arrays are found by name: x (or X, data, images) and t (or y, target, labels), or the same
    with _train and _test, which then are the set's own split. Images (N, height, width) become
    rows; whole numbers of one byte are scaled to 0…1. Labels may be text or whole numbers.

    Args:
        path: where the file is.

    Raises:
        FormatError: where the file names no inputs and targets.

    >>> import tempfile
    >>> import seegrad as sg
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     np.savez(f"{folder}/set.npz", x=np.ones((4, 2)), t=np.zeros(4, int))
    ...     found = sg.data.npz(f"{folder}/set.npz")
    >>> found.x.shape
    (4, 2)
    """
    arrays = read_npz(path)
    file = Path(path)
    parts = [
        (_find(arrays, INPUTS, ending), _find(arrays, TARGETS, ending))
        for ending in ("", "_train", "_test")
    ]
    whole, train, test = ((x, t) if x is not None and t is not None else None for x, t in parts)
    chosen = [whole] if whole else [part for part in (train, test) if part]
    if not chosen:
        raise FormatError(
            tr("{path} names no inputs and targets", path=file.name),
            asked=tr("arrays named x and t, or x_train, t_train, x_test, t_test"),
            came=", ".join(sorted(arrays)[:8]) or tr("no arrays"),
            hint="np.savez(path, x=x, t=t)",
        )
    x = _joined(file, [part[0] for part in chosen])
    t, classes = encoded(_joined(file, [part[1] for part in chosen]))
    image = (x.shape[1], x.shape[2]) if x.ndim == 3 else None
    held_out = len(chosen[1][0]) if len(chosen) == 2 else None
    return Dataset(_rows(x, file), t, file.stem, classes, image=image, held_out=held_out)


def _find(
    arrays: dict[str, NDArray[Any]], names: Iterable[str], ending: str
) -> NDArray[Any] | None:
    return next((arrays[name + ending] for name in names if name + ending in arrays), None)


def _joined(file: Path, parts: list[NDArray[Any]]) -> NDArray[Any]:
    shapes = {part.shape[1:] for part in parts}
    if any(part.ndim == 0 for part in parts) or len(shapes) != 1:
        raise FormatError(
            tr("the arrays in {path} do not fit together", path=file.name),
            asked=tr("the same columns in the training and the test part"),
            came=", ".join(str(part.shape) for part in parts),
        )
    return np.concatenate(parts)


def _rows(x: NDArray[Any], file: Path) -> NDArray[Any]:
    """Inputs as rows of finite floats."""
    if x.dtype.kind not in "uifb":
        raise FormatError(
            tr("the inputs in {path} are not numbers", path=file.name),
            asked=tr("whole or floating numbers"),
            came=f"dtype {x.dtype}",
        )
    rows = x.reshape(len(x), math.prod(x.shape[1:]))
    if x.dtype == np.uint8:
        return (rows / np.float32(255)).astype(np.float32)
    floats = rows if rows.dtype.kind == "f" else rows.astype(np.float64)
    if not np.isfinite(floats).all():
        bad = np.argwhere(~np.isfinite(floats))[0]
        raise FormatError(
            tr("the inputs in {path} are not all finite", path=file.name),
            asked=tr("numbers without NaN and infinity"),
            came=tr("row {row}, column {column}", row=int(bad[0]), column=int(bad[-1])),
            hint=tr("drop or fill the missing values first"),
        )
    return floats
