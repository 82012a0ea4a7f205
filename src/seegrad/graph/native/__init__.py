"""Large calls of composites, and of their rules, as native programs instead of NumPy's passes.

`calls` says which calls are large and keeps what was made for them; what makes a program of a
function stands higher, in the compiler, and is entered here.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

Program = Callable[..., Any]
"""What computes a function of arrays of certain shapes and dtypes."""
Maker = Callable[[Callable[..., Any], tuple[Any, ...]], Program | None]
"""Makes the program of a function for arrays like these; None: NumPy does it as well."""

_UNREAD: list[Callable[[], Maker]] = []


def made_by(read: Callable[[], Maker]) -> None:
    """`read` gives what makes programs; it is called when the first is to be made."""
    _UNREAD[:] = [read]


def maker() -> Maker | None:
    """What makes programs, if anything does."""
    return _UNREAD[0]() if _UNREAD else None
