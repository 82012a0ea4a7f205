"""Which of the things that a function holds its code can read, by the names that stand in it.

An object of a plain class of the user's is read by its attributes' names: one that stands nowhere
in code that can be called (in `train`, say, of which a compiled `update` knows nothing) is not
read. What has other ways in (`getattr`, `vars`, a class of a library's below) is read as a whole.
"""

from __future__ import annotations

import abc
import functools
import operator
import re
import sys
import sysconfig
import types
import typing
from collections.abc import Callable, Sequence
from typing import Any

_OWN = __name__.partition(".")[0] + "."
_LIBRARIES = tuple(
    path for name in ("stdlib", "platstdlib", "purelib", "platlib")
    if (path := sysconfig.get_paths().get(name))
)
_BARE = (object, typing.Generic, abc.ABC, typing.Protocol)
_BY_NAME = {
    "getattr", "vars", "dir", "locals", "globals", "eval", "exec", "__dict__", "__getattribute__",
    "attrgetter", "methodcaller", "getmembers", "asdict", "astuple", "fields", "replace",
    "copy", "deepcopy",
}  # fmt: skip
"""Names of what reads attributes whose names stand elsewhere, or nowhere."""
_WORD = re.compile(r"[^\W\d]\w*")
_MAKING = {"__init__", "__new__", "__post_init__", "__init_subclass__", "__set_name__"}
"""Methods that run where an object is made, which is where its class is named."""


class Held:
    """What lies inside of what, and under which names."""

    def __init__(self, root: Any) -> None:
        self.root = root
        self.inside: dict[int, Sequence[Any]] = {}
        self.owner: dict[int, Any] = {}              # whose the dictionary of attributes is
        self._named: dict[int, list[tuple[str, Any]]] = {}
        self._kinds: dict[int, type] = {}

    def object(
        self, x: Any, found: list[Any], attributes: list[tuple[str, Any]], members: list[Any]
    ) -> None:
        """An object, what lies in it, its attributes, and what its class brings."""
        kind: type = type(x)
        if not _plain(kind):
            self.inside[id(x)] = [*found, *(value for _, value in attributes), *members]
            return
        self.inside[id(x)], self._named[id(x)] = found, attributes
        self._kinds[id(x)] = kind
        if isinstance(state := getattr(x, "__dict__", None), dict):
            self.owner[id(state)] = x

    def place(self, holder: Any, key: Any) -> tuple[int, Any]:
        """Where something lies: an attribute of an object, or anywhere in a container."""
        owner = self.owner.get(id(holder))
        return (id(holder), None) if owner is None else (id(owner), key)

    def read(self) -> Callable[[tuple[int, Any]], bool] | None:
        """What says of a place whether the code can read it; None: there is no telling."""
        names: set[str] = set()
        reached: set[int] = set()
        classes: set[int] = set()
        waiting: dict[str, list[Any]] = {}
        stack = [self.root]

        def learn(new: set[str]) -> None:
            for name in new - names:
                stack.extend(waiting.pop(name, ()))
            names.update(new)

        def offer(name: str, value: Any) -> None:
            if name in names or (name.startswith("__") and name not in _MAKING):
                stack.append(value)
            else:
                waiting.setdefault(name, []).append(value)

        while stack:
            x = stack.pop()
            if x is getattr or x is vars or isinstance(x, (operator.attrgetter,
                                                           operator.methodcaller)):  # fmt: skip
                return None
            if id(x) in reached:
                continue
            reached.add(id(x))
            if isinstance(x, types.FunctionType) and users(x.__module__):
                found = names_in(x.__code__, spelt=True)
                if found & _BY_NAME:
                    return None
                learn(found)
            if isinstance(x, type):
                learn({*_MAKING, *getattr(x, "__match_args__", ())})
            kind: type = x if isinstance(x, type) else self._kinds.get(id(x), object)
            for part in (part for part in kind.__mro__ if users(part.__module__)):
                classes.add(id(part))
                for name, value in vars(part).items():
                    if _plain(kind):
                        for inside in functions_of(value) or [value]:
                            offer(name, inside)
                    else:
                        stack.extend(functions_of(value) or [value])
            stack.extend(self.inside.get(id(x), ()))
            for name, value in self._named.get(id(x), ()):
                offer(name, value)
        reached |= classes

        def is_read(place: tuple[int, Any]) -> bool:
            where, name = place
            if name is not None:
                return where in reached and name in names
            return where in reached or where not in self.inside     # such as a module's globals

        return is_read


@functools.cache
def _plain(kind: type) -> bool:
    """Is a class the user's all through, and are its attributes found by their names alone?"""
    parts = [part for part in kind.__mro__ if part not in _BARE]
    return all(
        users(part.__module__) and not {"__getattr__", "__getattribute__"} & vars(part).keys()
        and all(functions_of(value) or not hasattr(type(value), "__get__") or name.startswith("__")
                or isinstance(value, types.MemberDescriptorType)
                for name, value in vars(part).items())
        for part in parts
    )  # fmt: skip


def functions_of(member: Any) -> list[Any]:
    """The functions behind a member of a class: of a method, a property, a decorated method."""
    if isinstance(member, types.FunctionType):
        return [member]
    if isinstance(member, type) or not hasattr(type(member), "__get__"):
        return []
    ways = ("__func__", "fget", "fset", "fdel", "func", "__wrapped__", "function")
    found = [getattr(member, way, None) for way in ways]
    return [f for f in dict.fromkeys(found) if isinstance(f, types.FunctionType)]


def names_in(code: types.CodeType, spelt: bool = False) -> set[str]:
    """Every name that the code, or code inside of it, asks for; `spelt`: and every text in it."""
    found = set(code.co_names)
    constants = [*code.co_consts]
    while constants:
        constant = constants.pop()
        if isinstance(constant, types.CodeType):
            found |= names_in(constant, spelt)
        elif isinstance(constant, (tuple, frozenset)):
            constants += constant
        elif spelt and isinstance(constant, str):
            found.add(constant)
    return found


def names_asked(code: types.CodeType) -> set[str]:
    """Every name that the code asks for; where it asks by texts (`eval`, `globals()["K"]`), also
    the words in its texts."""
    names = names_in(code)
    if names & _BY_NAME:
        names |= {word for text in names_in(code, spelt=True) for word in _WORD.findall(text)}
    return names


@functools.cache
def users(name: str | None) -> bool:
    """Whether a module is the user's own: not ours, not a library's."""
    if name is None or name == "numpy" or name.startswith((_OWN, "numpy.")):
        return False
    if f"{name}." == _OWN:
        return False
    module = sys.modules.get(name)
    file = getattr(module, "__file__", None)
    return module is not None and (file is None or not file.startswith(_LIBRARIES))
