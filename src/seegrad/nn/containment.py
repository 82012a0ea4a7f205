"""What an attribute of a module holds, by name: through lists, tuples and dicts, however nested.

The one rule of names: an attribute's own, then a number or a key for each container, with dots
between: `a.lin`, `layers.0`, `blocks.encoder.2`. Nothing here knows what a module does.
"""

from __future__ import annotations

import copy
import functools
import sys
import types
from collections import deque
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import numpy as np

from seegrad.errors import DTypeError, ValueRangeError
from seegrad.i18n import tr
from seegrad.tree import slots

Counts = Callable[[Any], bool]
"""Whether a value is one of those that are looked for."""
PLAIN = (str, bytes, int, float, complex, bool, type(None), np.generic, np.dtype, type)
"""What holds nothing that could be learnt."""
_OPAQUE = frozenset({"numpy", "seegrad", *sys.stdlib_module_names} - {"__main__"})
"""Whose objects are not looked into: an optimizer's, a file's, a logger's."""
_ONCE = (types.GeneratorType, map, filter, zip, enumerate, reversed)
"""What can be walked through only once, so that nobody can say what it holds."""
_MOST = 10_000
"""So many objects behind an attribute are looked at for what is hidden there."""


def held(name: str, value: Any, counts: Counts) -> list[tuple[str, Any]]:
    """(name, item) of all that count and that `value` is, or holds, from left to right.

    Raises ValueRangeError for a key that gives no name, or one that another has.
    """
    found: list[tuple[str, Any]] = []
    if not isinstance(value, PLAIN):
        _collect(name, value, counts, found, [])
    return found


def _collect(
    name: str, value: Any, counts: Counts, found: list[tuple[str, Any]], around: list[Any]
) -> None:
    if counts(value):
        found.append((name, value))
        return
    if not isinstance(value, (list, tuple, dict)) or any(value is other for other in around):
        return                                   # a list that holds itself is walked once
    around.append(value)
    own: dict[str, Any] = {}
    for key, item in value.items() if isinstance(value, dict) else enumerate(value):
        if isinstance(item, PLAIN):
            continue
        before, part = len(found), str.__str__(key) if isinstance(key, str) else str(key)
        _collect(joined(name, part), item, counts, found, around)
        if len(found) > before:
            _check_key(name, key)
            if part in own:
                raise ValueRangeError(
                    tr("two keys of a dictionary would give the same name"),
                    asked=tr("keys that differ as text"),
                    came=tr("{one} and {other} in {name}", one=repr(own[part]),
                             other=repr(key), name=name),
                    hint=tr("name one of them otherwise"),
                )  # fmt: skip
            own[part] = key
    around.pop()


def joined(*parts: str) -> str:
    """A dotted name of those parts that are not empty."""
    return ".".join(part for part in parts if part)


def _check_key(name: str, key: Any) -> None:
    """An error for a key that cannot be read back from a dotted name."""
    if type(key) is int or (isinstance(key, str) and key and "." not in key):
        return
    raise ValueRangeError(
        tr("a key of a dictionary that holds parameters or modules is part of their names"),
        asked=tr("text without a dot, or a whole number"),
        came=tr("the key {key} in {name}", key=repr(key)[:60], name=name),
        hint=tr("use another key, such as {key}", key=repr(_better(key))),
    )


def _better(key: Any) -> str:
    """A key like this one that gives a name."""
    parts = key if isinstance(key, tuple) else (key,)
    text = "_".join(map(str, parts)).replace(".", "_").replace(" ", "_")
    return text or "_"


def replaced(value: Any, swaps: Mapping[int, Any], around: tuple[Any, ...] = ()) -> Any:
    """`value` with other items in the place of some, by identity; itself where nothing changes."""
    if id(value) in swaps:
        return swaps[id(value)]
    if not isinstance(value, (list, tuple, dict)) or any(value is other for other in around):
        return value
    around = (*around, value)
    if isinstance(value, dict):
        changed = {k: n for k, x in value.items() if (n := replaced(x, swaps, around)) is not x}
        if not changed:
            return value
        table = copy.copy(value)
        table.update(changed)
        return table
    items = [replaced(x, swaps, around) for x in value]
    if all(a is b for a, b in zip(items, value)):
        return value
    if isinstance(value, tuple):
        return value._make(items) if hasattr(value, "_make") else type(value)(items)
    made = copy.copy(value)
    made[:] = items
    return made


# ------------------------------------------------------------- what names cannot reach


def hidden(name: str, value: Any, counts: Counts) -> Iterator[tuple[Any, Any]]:
    """(holder, item): those that count and lie where `held` does not reach.

    In sets, deques, other mappings, dataclasses and objects of the user's own, arrays of objects,
    in what a function has captured. Raises DTypeError for a generator.
    """
    seen: set[int] = set()
    stack: list[tuple[Any, Any]] = [(value, None)]
    while stack and len(seen) < _MOST:
        x, holder = stack.pop()
        if isinstance(x, PLAIN) or id(x) in seen:
            continue
        seen.add(id(x))
        if counts(x):
            if holder is not None:
                yield holder, x
            continue
        if isinstance(x, _ONCE):
            raise DTypeError(
                tr("a network cannot keep what can be walked through only once"),
                asked=tr("a list, a tuple or a dictionary"),
                came=f"{name}: {type(x).__name__}",
                hint=tr("make a list of it: {code}", code=f"list({name.rpartition('.')[2]})"),
            )
        open_ = isinstance(x, (list, tuple, dict))
        stack += [(inner, holder if open_ else holder or x) for inner in _inside(x)]


def _inside(x: Any) -> list[Any]:
    """What a value holds, as far as it is the user's own."""
    if isinstance(x, Mapping):
        return list(x.values())
    if isinstance(x, (list, tuple, set, frozenset, deque)):
        return list(x)
    if isinstance(x, np.ndarray):
        return list(x.flat) if x.dtype == object else []
    if isinstance(x, types.MethodType):
        return [x.__func__, x.__self__]
    if isinstance(x, functools.partial):
        return [x.func, *x.args, *x.keywords.values()]
    if isinstance(x, types.FunctionType):
        return [*map(_contents, x.__closure__ or ()), *(x.__defaults__ or ())]
    wrapped = getattr(x, "__wrapped__", None)
    if isinstance(wrapped, types.FunctionType):               # compiled, cached, decorated
        return [wrapped]
    if type(x).__module__.partition(".")[0] in _OPAQUE or isinstance(x, types.ModuleType):
        return []
    kind: type = type(x)
    return [*getattr(x, "__dict__", {}).values(), *(getattr(x, n, None) for n in slots(kind))]


def _contents(cell: Any) -> Any:
    try:
        return cell.cell_contents
    except ValueError:
        return None
