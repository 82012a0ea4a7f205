"""Files: bytes read within bounds, bytes written whole or not at all.

Missing, truncated, oversized and over-compressed files are refused. No format is known here beyond
gzip; readers and writers of all others stand on this.
"""

from __future__ import annotations

import errno
import glob
import gzip
import os
import platform
import threading
import zlib
from contextlib import suppress
from pathlib import Path

from seegrad.errors import (
    AccessError,
    CallError,
    DiskError,
    FolderError,
    FormatError,
    MissingFileError,
)
from seegrad.i18n import tr

MAX_BYTES = 2**31
MAX_RATIO = 200
FREE_BYTES = 2**20
_CHUNK = 2**20


_KINDS: dict[int | None, type[FormatError]] = {
    errno.ENOENT: MissingFileError,
    errno.ENOTDIR: MissingFileError,
    errno.EISDIR: FolderError,
    errno.EACCES: AccessError,
    errno.EPERM: AccessError,
    errno.EROFS: AccessError,
    errno.ENOSPC: DiskError,
    errno.EDQUOT: DiskError,
}


def kind_of(fault: OSError) -> type[FormatError]:
    """Our error for what the system says: also a FileNotFoundError, a PermissionError …"""
    return _KINDS.get(fault.errno, FormatError)


def as_path(path: str | os.PathLike[str]) -> Path:
    """`path` with ~ opened; CallError when it is no path at all."""
    try:
        file = Path(path)
    except TypeError:
        raise CallError(
            tr("this is no path"), asked=tr("a text or a Path"), came=type(path).__name__
        ) from None
    with suppress(RuntimeError):  # a user that is not known here
        file = file.expanduser()
    return file


def existing(path: str | os.PathLike[str], wanted: str) -> Path:
    """`path` as a Path to a file that may be read; `wanted` says what was hoped for.

    Raises MissingFileError, FolderError or AccessError.
    """
    file = as_path(path)
    kind: type[FormatError] = MissingFileError
    came: str = tr("no such file")
    hint = tr("check the path; nothing is ever downloaded")
    try:
        if file.is_file():
            with file.open("rb"):
                return file
        if file.is_dir():
            kind, came, hint = FolderError, tr("a folder"), tr("name a file in it")
    except OSError as fault:
        kind, came = kind_of(fault), fault.strerror or type(fault).__name__
        if kind is AccessError:
            hint = tr("ask for the right to read it, or copy it to where you may")
    raise kind(tr("cannot read {path}", path=str(path)), asked=wanted, came=came, hint=hint)


def make_folder(path: Path) -> None:
    """Make the folder where it is missing, and those above it; OSErrors are told by name."""
    try:
        path.mkdir(parents=True, exist_ok=True)
    except OSError as fault:
        raise kind_of(fault)(
            tr("cannot make the folder {path}", path=str(path)),
            asked=tr("a place that may be written to"),
            came=fault.strerror or type(fault).__name__,
            hint=tr("choose another place"),
        ) from fault


def allow(file: Path, packed: int, unpacked: int, limit: int = MAX_BYTES) -> None:
    """Refuse a content of `unpacked` bytes that is over `limit`, or far beyond its packed size."""
    bound = min(limit, max(packed * MAX_RATIO, FREE_BYTES))
    if unpacked > bound:
        raise FormatError(
            tr("{path} would unpack to more than is allowed", path=file.name),
            asked=tr("at most {count} bytes", count=bound),
            came=tr("{count} bytes", count=unpacked),
            hint=tr("unpack it yourself if you trust it, or use a smaller file"),
        )


_GZIP = b"\x1f\x8b"


def beginning(file: Path, count: int) -> bytes:
    """The first `count` bytes of `file`, unpacked when it is gzip; fewer when it is shorter."""
    with file.open("rb") as stream:
        raw = stream.read(max(count, 2**16))
    if not raw.startswith(_GZIP):
        return raw[:count]
    try:
        return zlib.decompressobj(wbits=31).decompress(raw, count)
    except zlib.error:
        return b""


def content(file: Path, limit: int = MAX_BYTES) -> bytes:
    """All bytes of `file`, unpacked when it is gzip (told by its first bytes, not by its name)."""
    packed = file.stat().st_size
    with file.open("rb") as stream:
        zipped = stream.read(2) == _GZIP
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
            tr("{path} is damaged", path=file.name),
            asked=tr("a whole gzip file"),
            came=tr("it breaks off or is wrong after {count} bytes", count=total),
            hint=tr("fetch the file again"),
        ) from fault
    return b"".join(pieces)


def write_whole(path: str | os.PathLike[str], data: bytes | str) -> Path:
    """Write `data` to `path` so that whoever looks, and whatever breaks, finds the old or the new.

    The bytes (text as UTF-8) go to a temporary file beside it, are flushed to the disk and renamed.
    Raises FormatError when the folder is missing (MissingFileError) or cannot be written to
    (AccessError), DiskError when there is no room; the old file stays.
    """
    file = as_path(path)
    raw = data.encode("utf-8") if isinstance(data, str) else data
    beside = _beside(file)
    try:
        with beside.open("wb") as stream:
            stream.write(raw)
            stream.flush()
            os.fsync(stream.fileno())
        os.replace(beside, file)
    except OSError as fault:
        with suppress(OSError):
            beside.unlink(missing_ok=True)
        kind = kind_of(fault)
        if kind is DiskError:
            asked = tr("{count} bytes of room on the disk", count=len(raw))
            hint = tr("make room; what was written before is whole")
        else:
            asked = tr("a folder that is there and may be written to")
            hint = tr("choose another place")
        raise kind(
            tr("cannot write {path}", path=str(path)),
            asked=asked,
            came=fault.strerror or type(fault).__name__,
            hint=hint,
        ) from fault
    except BaseException:
        beside.unlink(missing_ok=True)
        raise
    _settle(file.parent)
    return file


_HOST = f"{zlib.crc32(platform.node().encode()):08x}"


def _beside(file: Path) -> Path:
    """A temporary name that no other writer has; what writers that are gone have left is removed.

    The name says whose it is: the machine's, the process's and the thread's number.
    """
    begins = f".{file.name[:100]}.{_HOST}-"
    with suppress(OSError):
        for left in file.parent.glob(f"{glob.escape(begins)}*.tmp"):
            process = left.name.removeprefix(begins).partition("-")[0]
            if process.isdigit() and _is_gone(int(process)):
                left.unlink(missing_ok=True)
    return file.with_name(f"{begins}{os.getpid()}-{threading.get_ident():x}.tmp")


def _is_gone(process: int) -> bool:
    """Is there no such process any more? Elsewhere than on POSIX nobody can ask without harm."""
    if os.name != "posix":
        return False
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return True
    except OSError:
        return False
    return False


def _settle(folder: Path) -> None:
    """Make a rename in `folder` outlast a power cut, where the system can."""
    with suppress(OSError):
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)
