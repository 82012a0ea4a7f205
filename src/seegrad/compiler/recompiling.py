"""What was different each time that a function was compiled again, for people.

When it is compiled again is decided in `compile.py`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from seegrad.compiler.specialization import Kind, Variant
from seegrad.errors import SeegradWarning
from seegrad.graph.spec import Spec
from seegrad.i18n import tr
from seegrad.text import signature, tidy

OFTEN = 5
"""At the so manieth time that a function is compiled, it is said why."""


class RecompileWarning(SeegradWarning):
    """A function is compiled again and again; given once for each compiled function."""


def often(function: Callable[..., Any], changes: Sequence[str]) -> RecompileWarning:
    """The warning, with what changed each time."""
    return RecompileWarning(
        tr("{name}() is compiled for the {count}th time",
           name=tidy(getattr(function, "__name__", "function")), count=len(changes) + 1),
        asked="calls that are alike in shapes, dtypes, Python values and what is captured",
        came="; ".join(f"{i}. {said}" for i, said in enumerate(changes, 2)),
        hint="pad arrays to a few sizes, keep numbers that change in arrays or tensors",
    )


def change(function: Callable[..., Any], before: Variant, kind: Kind) -> str:
    """What is different from the call that `before` was made for."""
    then = before.kind
    if then.structure != kind.structure or len(then.leaves) != len(kind.leaves):
        return tr("the arguments are nested otherwise")
    for i, (a, b) in enumerate(zip(then.leaves, kind.leaves)):
        if a != b:
            name = _argument(function, i, len(kind.leaves))
            return tr("{name}: {before} → {after}", name=name, before=_said(a), after=_said(b))
    if then.rows != kind.rows:
        return tr("the data of the epoch have other shapes")
    if then.asked.recording != kind.asked.recording:
        return tr("gradients are recorded, or not")
    if then.asked != kind.asked:
        return tr("something else is watched")
    return before.difference() or tr("something that was captured")


def _argument(function: Callable[..., Any], place: int, count: int) -> str:
    """The name of an argument, where every argument is one value."""
    try:
        names = list(signature(function).parameters)
    except (TypeError, ValueError):
        names = []
    return names[place] if len(names) == count else tr("argument {number}", number=place + 1)


def _said(leaf: tuple[Any, ...]) -> str:
    """A leaf of a kind of call as people write it: (shape, dtype, …) or (type, value, …)."""
    if isinstance(leaf[0], tuple):
        return f"{Spec(leaf[0], leaf[1])}" + tr(" that requires a gradient") * bool(leaf[2])
    return repr(leaf[1])
