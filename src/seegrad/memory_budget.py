"""How much memory may still be taken, and the refusal of what is larger.

NumPy asks the system for any size, and a system that promises more than it has kills the process
later. What is clearly too large is refused here before anything is taken. No array lives here.
"""

from __future__ import annotations

import os
from pathlib import Path

from seegrad.errors import SizeError
from seegrad.i18n import tr, translate

LARGE = 2**28
"""Bytes below which nobody asks: a system that cannot give these fails by itself."""

_MEMINFO = Path("/proc/meminfo")
_GROUP = Path("/sys/fs/cgroup")
_BOUNDS = (
    ("memory.max", "memory.current"),
    ("memory/memory.limit_in_bytes", "memory/memory.usage_in_bytes"),
)
"""A container's bound and what is taken of it, as the two versions of control groups call them."""


def _number(file: Path) -> int | None:
    try:
        return int(file.read_text())
    except (OSError, ValueError):
        return None


def _of_the_machine() -> int | None:
    """What the system has to give: as Linux says it, or psutil; else all that is built in."""
    try:
        told = dict(row.split(":", 1) for row in _MEMINFO.read_text().splitlines())
        return int(told["MemAvailable"].split()[0]) * 1024
    except (OSError, ValueError, LookupError):
        pass
    try:
        import psutil

        return int(psutil.virtual_memory().available)
    except (ImportError, OSError):
        pass
    try:
        return os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    except (AttributeError, ValueError, OSError):  # Windows has no sysconf
        return None


def available() -> int | None:
    """Bytes that this process may still take; None where the system does not say.

    Linux says it itself. Elsewhere psutil does (the extra `memory`); without it all the memory that
    is built in counts as free.
    """
    found = [_of_the_machine()]
    for names in _BOUNDS:
        limit, used = (_number(_GROUP / name) for name in names)
        if limit is not None and used is not None:
            found.append(max(limit - used, 0))
    return min((each for each in found if each is not None), default=None)


def readable(count: int) -> str:
    """A number of bytes for people: 512 TiB."""
    size, unit = float(count), "B"
    for larger in ("KiB", "MiB", "GiB", "TiB", "PiB", "EiB"):
        if size < 1024:
            break
        size, unit = size / 1024, larger
    return f"{size:.3g} {unit}"


def afford(count: int, what: str) -> None:
    """SizeError when `count` bytes are more than there is room for; `what` names the wish."""
    if count <= LARGE:
        return
    room = available()
    if room is not None and count > room:
        raise SizeError(
            "this is larger than the memory that is left",
            asked=tr("at most {memory}", memory=readable(room)),
            came=tr("{memory} for {what}", memory=readable(count), what=translate(what)),
            hint="check the sizes; work in smaller parts, or in float32",
        )
    if count > 2**62:
        raise SizeError(
            "this is larger than any memory",
            asked="sizes that a machine can hold",
            came=tr("{memory} for {what}", memory=readable(count), what=translate(what)),
            hint="check the sizes",
        )
