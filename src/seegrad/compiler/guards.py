"""What a traced function depends on besides its arguments: captured variables, and what they hold.

A snapshot is taken when the function is traced; `changed` says, at every call, whether anything
in it is different now. Tensors are left out: their values are state, read anew by every call; they
are listed as `nodes`.
"""

from __future__ import annotations

import array
import ctypes
import functools
import os
import types
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextvars import ContextVar
from typing import Any

import numpy as np

from seegrad.compiler.held import Held, functions_of, names_asked, users
from seegrad.graph.node import Node, settled
from seegrad.graph.op import Op
from seegrad.i18n import tr
from seegrad.text import tidy
from seegrad.transforms.draws import ANEW, Draws
from seegrad.transforms.tracing import Trace
from seegrad.tree import slots

_PLAIN = (int, float, complex, bool, str, bytes, type(None), np.generic, np.dtype, type(Ellipsis))
_MISSING = object()


class Environment:
    """A snapshot of everything that a function captures."""

    def __init__(self, function: Callable[..., Any]) -> None:
        self._entries: list[tuple[Any, Any, Any]] = []
        self._attributes: list[tuple[Any, str, Any]] = []
        self._functions: list[tuple[types.FunctionType, Any, Any]] = []
        self._cells: list[tuple[Any, Any]] = []
        self._containers: list[Any] = []
        self._sizes: list[int] = []
        self._size = 0
        self._wholes: list[tuple[Callable[[Any], Any], Any, Any]] = []
        self._seen: set[int] = set()
        self._keep: list[Any] = []
        self.nodes: list[Node] = []
        self.draws = Draws()
        self.anew: set[str] = set()              # what may give something else at every call
        self.held = Held(function)
        stack = [function]
        while stack:
            x = stack.pop()
            found = self._look(x)
            self.held.inside.setdefault(id(x), found)
            stack.extend(found)

    def changed(self) -> bool:
        """Whether anything that was captured is different now; asked at every call."""
        try:
            for holder, key, value in self._entries:
                if holder[key] is not value and not _same(holder[key], value):
                    return True
        except LookupError:
            return True
        if sum(map(len, self._containers)) != self._size:     # none is smaller, so each is as large
            return True
        for cell, value in self._cells:
            try:                                  # `_contents` would cost every call more
                now = cell.cell_contents
            except ValueError:
                now = _MISSING
            if now is not value and not _same(now, value):
                return True
        for function, code, defaults in self._functions:
            if function.__code__ is not code or function.__defaults__ is not defaults:
                return True
        if self._attributes and any(
            (now := getattr(x, name, _MISSING)) is not value and not _same(now, value)
            for x, name, value in self._attributes
        ):
            return True
        return bool(self._wholes) and any(read(x) != then for read, x, then in self._wholes)

    def difference(self) -> str:
        """For people: what is different now, "" where nothing is."""
        for _, key, now, value in self._differing():
            if isinstance(now, _PLAIN) and isinstance(value, _PLAIN):
                return tr("{name}: {before} → {after}", name=str(key), before=repr(value),
                          after=repr(now))
            return tr("{name} is another object", name=str(key))
        for cell, value in self._cells:
            now = _contents(cell)
            if now is not value and not _same(now, value):
                return tr("a captured variable: {before} → {after}", before=tidy(repr(value)),
                          after=tidy(repr(now)))
        return tr("something that was captured") if self.changed() else ""

    def _differing(self) -> Iterator[tuple[Any, Any, Any, Any]]:
        """(place, key, what is there now, what was) of all that is held by a key or in a slot."""
        for holder, key, value in self._entries:
            there = key in holder if isinstance(holder, Mapping) else key < len(holder)
            now = holder[key] if there else _MISSING
            if now is not value and not _same(now, value):
                yield self.held.place(holder, key), key, now, value
        for x, name, value in self._attributes:
            now = getattr(x, name, _MISSING)
            if now is not value and not _same(now, value):
                yield (id(x), name), name, now, value

    def unread(self) -> set[Any] | None:
        """What is different now, where nothing of it can be read by the function's code, as far as
        names say; else None."""
        read = self.held.read()
        if read is None:
            return None
        found = {place for place, *_ in self._differing()}
        for x, size in zip(self._containers, self._sizes):
            if len(x) == size:
                continue
            if id(x) in self.held.owner:                 # an object has attributes more
                known = {key for holder, key, _ in self._entries if holder is x}
                found |= {self.held.place(x, key) for key in x.keys() - known}
            else:
                found.add((id(x), None))
        found |= {(id(x), None) for get, x, then in self._wholes if get(x) != then}
        found |= {(id(f), None) for f, code, defaults in self._functions
                  if f.__code__ is not code or f.__defaults__ is not defaults}  # fmt: skip
        cells = any(_contents(cell) is not value and not _same(_contents(cell), value)
                    for cell, value in self._cells)  # fmt: skip
        return found if found and not cells and not any(map(read, found)) else None

    def let_be(self, unread: set[Any]) -> None:
        """Look no more at these, which are told as `unread` tells them."""
        whole = {x for x, key in unread if key is None}
        self._entries = [
            e for e in self._entries
            if self.held.place(e[0], e[1]) not in unread and id(e[0]) not in whole
        ]  # fmt: skip
        self._attributes = [e for e in self._attributes if (id(e[0]), e[1]) not in unread]
        kept = [x for x in self._containers if id(x) not in whole]
        self._containers, self._sizes = kept, list(map(len, kept))
        self._size = sum(self._sizes)
        self._wholes = [e for e in self._wholes if id(e[1]) not in whole]
        self._functions = [e for e in self._functions if id(e[0]) not in whole]

    def traced_values(self) -> Iterator[str]:
        """Names under which containers outside now hold values of the trace.

        What stands under a private name (`_x`) is scratch: what it was before is put back.
        """
        for holder, key, value in self._entries:
            if isinstance(holder, Mapping) and _of_a_trace(holder.get(key)):
                if str(key).startswith("_") and not _of_a_trace(value) and isinstance(holder, dict):
                    holder[key] = value
                else:
                    yield str(key)
        for holder in self._containers:
            if isinstance(holder, list) and any(map(_of_a_trace, holder)):
                yield "a list"
            if isinstance(holder, dict):
                yield from (str(key) for key, x in holder.items() if _of_a_trace(x))

    def put_back(self) -> None:
        """What a trace that failed half-way has left in containers outside is as it was before."""
        for holder, key, value in self._entries:
            if isinstance(holder, dict) and _of_a_trace(holder.get(key)) and not _of_a_trace(value):
                holder[key] = value
        for holder in self._containers:
            if isinstance(holder, list):
                holder[:] = [x for x in holder if not _of_a_trace(x)]
            if isinstance(holder, dict):
                for key in [key for key, x in holder.items() if _of_a_trace(x)]:
                    del holder[key]

    # ------------------------------------------------------------------ looking

    def _look(self, x: Any) -> list[Any]:
        """Note what `x` holds now; gives what is to be looked at next."""
        if isinstance(x, Node):
            self.nodes.append(x)
            return []
        if isinstance(x, (*_PLAIN, Op)):
            return []
        if isinstance(x, type):
            self.held.inside[id(x)] = []         # what is in it is offered by its name
            return self._class(x)
        if id(x) in self._seen:
            return []
        self._seen.add(id(x))
        self._keep.append(x)
        if isinstance(x, types.BuiltinFunctionType):          # of an object, or of a module
            return [x.__self__]
        if (read := _as_a_whole(x)) is not None:
            self._wholes.append((read, x, read(x)))
        if isinstance(x, np.ndarray):
            return list(x.flat) if x.dtype == object else []
        if read is not None:
            if isinstance(x, ContextVar):
                return [x.get(None)]
            return list(x) if isinstance(x, set) else []
        if isinstance(x, types.FunctionType):
            return self._function(x)
        if isinstance(x, types.MethodType):
            return [x.__func__, x.__self__]
        if isinstance(x, functools.partial):
            return [x.func, *x.args, *x.keywords.values()]
        if isinstance(x, (list, deque)):
            self._measure(x)
            self._entries += [(x, place, value) for place, value in enumerate(x)]
            return list(x)
        if isinstance(x, (tuple, frozenset)):
            return list(x)
        if isinstance(x, (dict, types.MappingProxyType)):
            return self._dictionary(x)
        if isinstance(x, types.ModuleType) or self.draws.add(x):
            return []
        return self._object(x)

    def _measure(self, container: Any) -> None:
        self._containers.append(container)
        self._sizes.append(len(container))
        self._size += len(container)

    def _dictionary(self, x: Mapping[Any, Any]) -> list[Any]:
        self._measure(x)
        self._entries += [(x, key, value) for key, value in x.items()]
        return list(x.values())

    def _object(self, x: Any) -> list[Any]:
        if type(x).__module__.startswith(__name__.rpartition(".")[0]):
            # A compiled function, whose own notes are no state; or what the compiler gave out
            # about one, which stays as it is.
            return [x.function] if callable(x) else []
        if type(x).__module__.startswith("seegrad.") and hasattr(type(x), "holds"):
            # a function of ours that wraps the user's: what it keeps beside is no state
            return [getattr(x, name) for name in type(x).holds]
        found: list[Any] = []
        call = getattr(type(x), "__call__", None)  # noqa: B004 - its code is wanted
        for function in (call, getattr(type(x), "forward", None)):
            if isinstance(function, types.FunctionType):
                found.append(function)
        kind: type = type(x)
        values = [(name, getattr(x, name, _MISSING)) for name in slots(kind)]
        if users(kind.__module__):           # those of ours stay as they are
            self._attributes += [(x, name, value) for name, value in values]
        state = getattr(x, "__dict__", None)
        if isinstance(state, dict):
            self._dictionary(state)
            values += state.items()
        members = self._class(kind)
        self.held.object(x, found, values, members)
        return [*found, *(value for _, value in values), *members]

    def _function(self, f: types.FunctionType) -> list[Any]:
        if not users(f.__module__):
            return [*_cells_of(f, self._cells)]
        found = [*_cells_of(f, self._cells), *(f.__defaults__ or ())]
        self._functions.append((f, f.__code__, f.__defaults__))
        for state in (f.__kwdefaults__, f.__dict__):
            found += self._dictionary(state) if state else ()
        names = names_asked(f.__code__)
        self.anew |= ANEW & names
        for name in sorted(names & f.__globals__.keys()):
            value = f.__globals__[name]
            self._entries.append((f.__globals__, name, value))
            if isinstance(value, types.ModuleType):
                found += self._module(value, names)
            else:
                found.append(value)
        self.held.inside[id(f)] = found
        return found

    def _module(self, module: types.ModuleType, names: set[str]) -> list[Any]:
        if not users(module.__name__):
            return [os.environ] if module is os and names & {"environ", "getenv"} else []
        state = vars(module)
        found = []
        for name in sorted(names & state.keys()):
            self._entries.append((state, name, state[name]))
            found.append(state[name])
        return found

    def _class(self, kind: type) -> list[Any]:
        """The class's own attributes and methods, and those of the user's classes below it."""
        found = []
        for part in kind.__mro__:
            if not users(part.__module__) or id(part) in self._seen:
                continue
            self._seen.add(id(part))
            self._keep.append(part)
            members = vars(part)
            self._measure(members)
            for name, value in members.items():
                inside = functions_of(value)
                if not inside and (name.startswith("__") or hasattr(type(value), "__get__")):
                    continue
                self._entries.append((members, name, value))
                found += inside or [value]
            self.held.owner[id(members)] = part
        return found


class Outside:
    """The leaves that live outside of a trace: whether they need a gradient, and have one, decides
    what the trace is."""

    def __init__(self, leaves: Iterable[Node], trace: Trace) -> None:
        touched = set(trace.touched)
        self._leaves = [
            (x, x.requires_grad, x in trace.gathered if x in touched else None)
            for x in leaves if x.data is not None or x in touched
        ]
        # Most are parameters that begin without a gradient; they are asked faster.
        self._learning = [x for x, needs, gathered in self._leaves if needs and gathered is False]
        self._others = [each for each in self._leaves if each[1:] != (True, False)]

    def unchanged(self) -> bool:
        """Whether they have gradients, and need them, as in the trace; asked at every call."""
        for leaf in self._learning:
            if leaf.gradient is not None or not leaf.requires_grad:
                return False
        for leaf, needs, gathered in self._others:
            if leaf.requires_grad is not needs or (leaf.gradient is None) is gathered:
                return False
        return True

    def difference(self) -> str:
        """For people: what is not as in the trace, "" where nothing is."""
        for leaf, needs, gathered in self._leaves:
            if (leaf.gradient is None) is gathered:
                name = f"{tidy(leaf.name) or tr('a tensor')}.grad"
                return tr("{name} is there, or None", name=name)
            if leaf.requires_grad is not needs:
                return tr("{name} requires a gradient, or not",
                          name=tidy(leaf.name) or tr("a tensor"))
        return ""


def _of_a_trace(x: Any) -> bool:
    """Whether x is, or holds, a value that has no numbers."""
    if isinstance(x, (tuple, list)):
        return any(map(_of_a_trace, x))
    return isinstance(x, Node) and x.data is None


def _cells_of(f: types.FunctionType, cells: list[tuple[Any, Any]]) -> list[Any]:
    found = []
    for cell in f.__closure__ or ():
        value = _contents(cell)
        cells.append((cell, value))
        found.append(value)
    return found


def _contents(cell: Any) -> Any:
    try:
        return cell.cell_contents
    except ValueError:
        return _MISSING


def _same(now: Any, value: Any) -> bool:
    """Whether two plain values are equal, and of one type."""
    if type(now) is not type(value) or not isinstance(value, _PLAIN):
        return False
    if now != value:
        return bool(now != now and value != value)
    return bool(value) or repr(now) == repr(value)       # 0.0 == -0.0, but 1 / x tells


def _as_a_whole(x: Any) -> Callable[[Any], Any] | None:
    """What reads all that `x` holds, to the bit, where that is compared as one; None elsewhere."""
    if isinstance(x, np.ndarray):
        file = isinstance(x, np.memmap) and not x.flags.writeable     # too long to read at a call
        return None if file or settled(x) else _contained
    if isinstance(x, set):
        return frozenset
    if isinstance(x, (array.array, bytearray, memoryview, ctypes.Array)):
        return bytes
    if x is os.environ:
        return dict
    if isinstance(x, ContextVar):
        return _current
    # what is a library's, and has its numbers where nobody sees them
    return _NUMBERS_OF.get(type(x).__module__.partition(".")[0])


def _contained(array: np.ndarray[Any, Any]) -> tuple[Any, ...]:
    """All that an array holds, to the bit."""
    return array.shape, array.dtype, array.tobytes()


def _labelled(table: Any) -> Any:
    """All that a table or a column of pandas holds."""
    axes = table.axes if hasattr(type(table), "axes") else None
    return axes and ([tuple(labels) for labels in axes], _contained(np.asarray(table)))


def _detached(x: Any) -> Any:
    """All that a tensor of PyTorch holds."""
    return _contained(np.asarray(x.detach().cpu())) if hasattr(type(x), "detach") else None


def _current(variable: ContextVar[Any]) -> Any:
    """What a context variable has here, told apart from what it may have else."""
    value = variable.get(None)
    return repr(value) if isinstance(value, _PLAIN) else id(value)


_NUMBERS_OF: dict[str, Callable[[Any], Any]] = {"pandas": _labelled, "torch": _detached}
