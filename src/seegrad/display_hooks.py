"""How graphs and errors are shown: a place for the drawing floors to enter what they can do.

They are below and the pictures above; `Tensor.show`, `Graph.save` and the notebook's display ask
here, and what has been entered answers.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

_PRESENTERS: dict[str, Callable[..., Any]] = {}
_UNREAD: list[Callable[[], object]] = []


def more_presenters(read: Callable[[], object]) -> None:
    """`read` makes more entries; it is called when something is first to be shown."""
    _UNREAD.append(read)


def presents(name: str) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Enter a function: "save", "show", "mimebundle", "explain", "widget", "traceback"."""

    def enter(function: Callable[..., Any]) -> Callable[..., Any]:
        _PRESENTERS[name] = function
        return function

    return enter


def present(name: str, thing: Any, *args: Any, **kwargs: Any) -> Any:
    """Call what was entered under `name`."""
    can_present(name)
    return _PRESENTERS[name](thing, *args, **kwargs)


def can_present(name: str) -> bool:
    """Has something been entered under `name`?"""
    while _UNREAD:
        _UNREAD.pop()()
    return name in _PRESENTERS
