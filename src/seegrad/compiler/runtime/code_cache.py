"""Machine code kept on disk from one process to the next, in the folder SEEGRAD_CACHE_DIR; off
where that is not set. What is compiled, and how, is known to `jit.py` alone.

A file is found by a digest of all that its code depends on, and holds a digest of the code. Code is
run, so only files are read that this user owns and nobody else may write; any other, and one that
is damaged, is left alone, in one line.
"""

from __future__ import annotations

import os
import stat
import tempfile
from collections.abc import Sequence
from contextlib import suppress
from hashlib import sha256
from pathlib import Path

from seegrad.errors import SeegradWarning, warn_user
from seegrad.i18n import tr

FOLDER = "SEEGRAD_CACHE_DIR"
_MARK = b"seegrad machine code 1\n"
_DIGEST = 32
_OTHERS = stat.S_IWGRP | stat.S_IWOTH


class CacheWarning(SeegradWarning):
    """Machine code on disk that is not used."""


class _Unusable(Exception):
    """Why a file or the folder is left alone."""


def key(parts: Sequence[str]) -> bytes:
    """The digest of all that machine code depends on."""
    found = sha256()
    for part in parts:
        data = part.encode()
        found.update(len(data).to_bytes(8, "little") + data)
    return found.digest()


def load(name: bytes) -> bytes | None:
    """The code that is kept under this key; None where there is none that may be used."""
    folder = _folder()
    if folder is None:
        return None
    try:
        return _read(folder / f"{name.hex()}.code", name)
    except FileNotFoundError:
        return None
    except (OSError, _Unusable) as fault:
        _ignored(folder / f"{name.hex()}.code", fault)
        return None


def keep(name: bytes, code: bytes) -> None:
    """Keep code under this key, whole or not at all."""
    folder = _folder()
    if folder is None:
        return
    file = folder / f"{name.hex()}.code"
    written = ""
    try:
        handle, written = tempfile.mkstemp(dir=folder, prefix=".code-")    # for this user alone
        with os.fdopen(handle, "wb") as out:
            out.write(_MARK + name + sha256(code).digest() + code)
        os.replace(written, file)
    except OSError as fault:
        _ignored(file, fault)
        with suppress(OSError):
            os.unlink(written)


def _folder() -> Path | None:
    """The folder, made where it is missing; None where there is to be no cache."""
    asked = os.environ.get(FOLDER, "").strip()
    if not asked:
        return None
    folder = Path(asked).expanduser()
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        _check_owner(folder.stat())
    except (OSError, _Unusable) as fault:
        _ignored(folder, fault)
        return None
    return folder


def _check_owner(found: os.stat_result) -> None:
    """Raise where somebody else could have written it; Windows keeps users apart by itself."""
    if hasattr(os, "geteuid"):
        if found.st_uid != os.geteuid():
            raise _Unusable("it belongs to somebody else")
        if found.st_mode & _OTHERS:
            raise _Unusable("others may write it")


def _read(file: Path, name: bytes) -> bytes:
    handle = os.open(file, os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_BINARY", 0))
    with os.fdopen(handle, "rb") as lines:
        found = os.fstat(handle)
        if not stat.S_ISREG(found.st_mode):
            raise _Unusable("it is no file")
        _check_owner(found)
        data = lines.read()
    head = len(_MARK) + 2 * _DIGEST
    digest, code = data[head - _DIGEST : head], data[head:]
    if data[: head - _DIGEST] != _MARK + name:
        raise _Unusable("it is of something else")
    if sha256(code).digest() != digest:
        raise _Unusable("it is damaged")
    return code


def _ignored(file: Path, fault: Exception) -> None:
    why = str(fault) if isinstance(fault, _Unusable) else fault.strerror  # type: ignore[attr-defined]
    warn_user(CacheWarning(
        tr("the machine code kept in {file} is not used: {why}", file=str(file), why=tr(str(why)))
    ))
