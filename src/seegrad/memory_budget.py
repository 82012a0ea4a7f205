"""How much memory may still be taken, and the refusal of what is larger.

NumPy asks the system for any size, and a system that promises more than it has kills the process
later. What is clearly too large is refused here before anything is taken. No array lives here.
"""

from __future__ import annotations

from pathlib import Path

from seegrad.errors import SizeError
from seegrad.i18n import tr, translate

LARGE = 2**28
"""Bytes below which nobody asks: a system that cannot give these fails by itself."""

_MEMINFO = Path("/proc/meminfo")
_GROUP = Path("/sys/fs/cgroup")


def _number(file: Path) -> int | None:
    try:
        return int(file.read_text())
    except (OSError, ValueError):
        return None


def available() -> int | None:
    """Bytes that this process may still take; None where the system does not say."""
    found = []
    try:
        for row in _MEMINFO.read_text().splitlines():
            name, _, rest = row.partition(":")
            if name == "MemAvailable":
                found.append(int(rest.split()[0]) * 1024)
    except (OSError, ValueError, IndexError):
        pass
    limit, used = _number(_GROUP / "memory.max"), _number(_GROUP / "memory.current")
    if limit is not None and used is not None:
        found.append(max(limit - used, 0))
    return min(found, default=None)


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
