"""Bytes from a file within bounds: missing, truncated, oversized and over-compressed files refused.

No format is known here beyond gzip; the readers of IDX, npz and CSV stand on it.
"""

from __future__ import annotations

import gzip
import os
import zlib
from pathlib import Path

from seegrad.errors import FormatError
from seegrad.language import say

MAX_BYTES = 2**31
MAX_RATIO = 200
FREE_BYTES = 2**20
_CHUNK = 2**20


def existing(path: str | os.PathLike[str], wanted: str) -> Path:
    """`path` as a Path to a file that is there; `wanted` says what was hoped for."""
    file = Path(path).expanduser()
    if file.is_file():
        return file
    if file.is_dir():
        came, hint = say("a folder"), say("name a file in it")
    else:
        came, hint = say("no such file"), say("check the path; nothing is ever downloaded")
    raise FormatError(
        say("cannot read {path}", path=str(path)), asked=wanted, came=came, hint=hint
    )


def allow(file: Path, packed: int, unpacked: int, limit: int = MAX_BYTES) -> None:
    """Refuse a content of `unpacked` bytes that is over `limit`, or far beyond its packed size."""
    bound = min(limit, max(packed * MAX_RATIO, FREE_BYTES))
    if unpacked > bound:
        raise FormatError(
            say("{path} would unpack to more than is allowed", path=file.name),
            asked=say("at most {count} bytes", count=bound),
            came=say("{count} bytes", count=unpacked),
            hint=say("unpack it yourself if you trust it, or use a smaller file"),
        )


def content(file: Path, limit: int = MAX_BYTES) -> bytes:
    """All bytes of `file`, unpacked when it is gzip (told by its first bytes, not by its name)."""
    packed = file.stat().st_size
    with file.open("rb") as stream:
        zipped = stream.read(2) == b"\x1f\x8b"
    if not zipped:
        allow(file, max(packed, 1), packed, limit)
        return file.read_bytes()
    pieces: list[bytes] = []
    total = 0
    try:
        with gzip.open(file, "rb") as stream:
            while piece := stream.read(_CHUNK):
                total += len(piece)
                allow(file, packed, total, limit)
                pieces.append(piece)
    except (EOFError, zlib.error, gzip.BadGzipFile) as fault:
        raise FormatError(
            say("{path} is damaged", path=file.name),
            asked=say("a whole gzip file"),
            came=say("it breaks off or is wrong after {count} bytes", count=total),
            hint=say("fetch the file again"),
        ) from fault
    return b"".join(pieces)
