"""IDX, the format of MNIST: one array a file, plain or gzipped; and `mnist`, which pairs them."""

from __future__ import annotations

import math
import os
import struct
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from seegrad.data.dataset import Dataset
from seegrad.data.npz_file import npz
from seegrad.errors import FormatError, MissingFileError, ShapeError, ValueRangeError
from seegrad.files import MAX_BYTES, as_path, beginning, content, existing
from seegrad.i18n import tr

_KINDS = {0x08: ">u1", 0x09: ">i1", 0x0B: ">i2", 0x0C: ">i4", 0x0D: ">f4", 0x0E: ">f8"}
_MOST_AXES = 64
_LONGEST_HEAD = 4 + 4 * _MOST_AXES
HELD_OUT_SHARE = 0.2


def read_idx(path: str | os.PathLike[str]) -> NDArray[Any]:
    """The array of one IDX file (gzipped or not), in the machine's own byte order.

    Raises FormatError when the file is missing, is no IDX file, breaks off, or is too long.

    Args:
        path: where the file is.

    >>> import tempfile
    >>> from pathlib import Path
    >>> import seegrad as sg
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     written = Path(folder, "t").write_bytes(bytes([0, 0, 8, 1, 0, 0, 0, 2, 7, 9]))
    ...     found = sg.data.read_idx(f"{folder}/t")
    >>> found
    array([7, 9], dtype=uint8)
    """
    file = existing(path, tr("an IDX file"))
    shape, dtype, start = _head(beginning(file, _LONGEST_HEAD), file)
    size = start + math.prod(shape) * dtype.itemsize
    raw = content(file, limit=min(size + 1, MAX_BYTES))
    if len(raw) != size:
        raise _wrong_length(file, size, len(raw))
    try:
        values = np.frombuffer(raw, dtype, offset=start).reshape(shape)
    except ValueError:  # beside a 0, other sizes may be too large for any array
        raise _wrong_length(file, size, len(raw)) from None
    return values.astype(dtype.newbyteorder("="))


def _head(raw: bytes, file: Path) -> tuple[tuple[int, ...], np.dtype[Any], int]:
    """Shape, dtype and where the numbers begin, from the first bytes of an IDX file."""
    kind = _KINDS.get(raw[2]) if len(raw) >= 4 and raw[:2] == b"\0\0" else None
    if kind is None or raw[3] > _MOST_AXES:
        raise FormatError(
            tr("{path} is not an IDX file", path=file.name),
            asked=tr("two zero bytes, a known type and a number of dimensions"),
            came=tr("it begins with {bytes}", bytes=raw[:4].hex(" ") or tr("nothing")),
            hint=tr("MNIST's files are named like train-images-idx3-ubyte.gz"),
        )
    rank = raw[3]
    start = 4 + 4 * rank
    if len(raw) < start:
        raise _wrong_length(file, start, len(raw))
    return struct.unpack(f">{rank}I", raw[4:start]), np.dtype(kind), start


def _wrong_length(file: Path, asked: int, came: int) -> FormatError:
    return FormatError(
        tr("{path} is not as long as its head says", path=file.name),
        asked=tr("{count} bytes", count=asked),
        came=tr("{count} bytes", count=came),
        hint=tr("fetch the file again"),
    )


def mnist(path: str | os.PathLike[str]) -> Dataset:
    """MNIST, Fashion-MNIST or their like, from a folder or a file; never downloaded.

    path: a folder with the IDX files under their usual names (…images-idx3-ubyte, …labels-
    idx1-ubyte, with or without .gz), one of the image files, or an npz file. x is (N, 784) float32
    from 0 to 1, t (N,) int64. With both the training and the test files there, `split()` gives
    exactly these; with only one of them, its last fifth is the test part (8,000 and 2,000 for
    the 10,000 images of the test file).

    Raises:
        MissingFileError: where there are no such files.
    """
    place = as_path(path)
    if place.suffix == ".npz":
        return npz(place)
    if place.is_dir():
        pairs = [pair for part in ("train", "t10k") if (pair := _pair(place, part))]
        if not pairs:
            raise MissingFileError(
                tr("no MNIST files in {path}", path=str(path)),
                asked="train-images-idx3-ubyte.gz, train-labels-idx1-ubyte.gz, t10k-…",
                came=_listing(place),
                hint=tr("put the IDX files into this folder, or name an npz file"),
            )
    else:
        images = existing(path, tr("a folder with IDX files, an IDX file or an npz file"))
        labels = images.with_name(images.name.replace("images", "labels").replace("idx3", "idx1"))
        pairs = [(images, existing(labels, tr("the labels that belong to the images")))]
    parts = [_images_and_labels(*pair) for pair in pairs]
    x = np.concatenate([part[0] for part in parts])
    t = np.concatenate([part[1] for part in parts])
    held_out = len(parts[1][1]) if len(parts) == 2 else round(len(t) * HELD_OUT_SHARE)
    height, width = x.shape[1:]
    classes = tuple(str(label) for label in range(max(10, int(t.max(initial=0)) + 1)))
    rows = (x.reshape(len(x), height * width) / np.float32(255)).astype(np.float32)
    return Dataset(rows, t, "mnist", classes, image=(height, width), held_out=held_out)


def _pair(folder: Path, part: str) -> tuple[Path, Path] | None:
    """The image and label files of one part of MNIST, or None when neither is there."""
    found = [
        next((folder / name for name in _names(part, kind) if (folder / name).is_file()), None)
        for kind in ("images-idx3", "labels-idx1")
    ]
    images, labels = found
    if images is None and labels is None:
        return None
    if images is None or labels is None:
        raise MissingFileError(
            tr("half of the {part} files is missing", part=part),
            asked=tr("images and labels"),
            came=_listing(folder),
            hint=tr("put both files into the folder"),
        )
    return images, labels


def _names(part: str, kind: str) -> list[str]:
    stem, number = kind.split("-")
    bases = (f"{part}-{stem}-{number}-ubyte", f"{part}-{stem}.{number}-ubyte")
    return [base + ending for base in bases for ending in ("", ".gz")]


def _listing(folder: Path, most: int = 5) -> str:
    names = sorted(entry.name for entry in folder.iterdir())
    more = " …" if len(names) > most else ""
    return ", ".join(names[:most]) + more if names else tr("an empty folder")


def _images_and_labels(images: Path, labels: Path) -> tuple[NDArray[Any], NDArray[np.int64]]:
    x, t = read_idx(images), read_idx(labels)
    if x.ndim != 3 or t.ndim != 1 or len(x) != len(t):
        raise ShapeError(
            tr("{path} and its labels do not belong together", path=images.name),
            asked=tr("images (N, height, width) and labels (N,)"),
            came=f"{x.shape}, {t.shape}",
            hint=tr("take both files from the same source"),
        )
    if not len(t) or t.dtype.kind not in "ui" or int(t.min()) < 0:
        raise ValueRangeError(
            tr("{path} holds no usable labels", path=labels.name),
            asked=tr("whole numbers from 0, at least one"),
            came=f"{t.shape} {t.dtype}",
        )
    return x, t.astype(np.int64)
