"""How a graph is shown: a place for the drawing floors to enter what they can do.

The graph is below and the pictures above it; `Tensor.show`, `Graph.save` and the notebook's
display ask here, and what has been entered answers.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

_PRESENTERS: dict[str, Callable[..., Any]] = {}


def presents(name: str) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Enter a function under a name: "save", "show", "mimebundle", "explain" or "widget"."""

    def enter(function: Callable[..., Any]) -> Callable[..., Any]:
        _PRESENTERS[name] = function
        return function

    return enter


def present(name: str, thing: Any, *args: Any, **kwargs: Any) -> Any:
    """Call what was entered under `name`."""
    return _PRESENTERS[name](thing, *args, **kwargs)


def can_present(name: str) -> bool:
    """Has something been entered under `name`?"""
    return name in _PRESENTERS
