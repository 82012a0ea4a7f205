"""Nested tuples, lists and dictionaries as a flat list of leaves and a structure, and back."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import cache
from typing import Any


@dataclass(frozen=True, slots=True)
class Structure:
    """The shape of a tree without its leaves. `kind` is a container type, or None for a leaf."""

    kind: type | None
    keys: tuple[Any, ...] = ()
    children: tuple[Structure, ...] = ()


LEAF = Structure(None)
PARTED: dict[type, Callable[[Any], tuple[Any, ...]]] = {}
"""Types that are trees themselves, though no containers of Python's: what each is made of. The type
called with these parts gives it again."""


def flatten(tree: Any) -> tuple[list[Any], Structure]:
    """The leaves of a tree from left to right (dictionaries in their own order), and its shape."""
    if isinstance(tree, dict):
        keys, children = tuple(tree), tuple(tree.values())
    elif isinstance(tree, (tuple, list)):
        keys, children = (), tuple(tree)
    elif tree is None:
        return [], Structure(type(None))
    elif type(tree) in PARTED:
        keys, children = (), PARTED[type(tree)](tree)
    else:
        return [tree], LEAF
    leaves: list[Any] = []
    structures = []
    for child in children:
        below, structure = flatten(child)
        leaves += below
        structures.append(structure)
    return leaves, Structure(type(tree), keys, tuple(structures))


def unflatten(structure: Structure, leaves: Iterable[Any]) -> Any:
    """The tree of this shape with these leaves."""
    return _build(structure, iter(leaves))


def _build(structure: Structure, leaves: Any) -> Any:
    kind: Any = structure.kind
    if kind is None:
        return next(leaves)
    if kind is type(None):
        return None
    children = [_build(child, leaves) for child in structure.children]
    if issubclass(kind, dict):
        return kind(zip(structure.keys, children))
    if hasattr(kind, "_fields") or kind in PARTED:
        return kind(*children)
    return kind(children)


def tree_map(function: Callable[..., Any], tree: Any, *rest: Any) -> Any:
    """`function` of each leaf (and of the leaves at the same place in `rest`), as a tree.

    >>> tree_map(lambda x: x + 1, {"a": 1, "b": (2, 3)})
    {'a': 2, 'b': (3, 4)}
    """
    leaves, structure = flatten(tree)
    others = [flatten(t)[0] for t in rest]
    return unflatten(structure, [function(*row) for row in zip(leaves, *others)])


@cache
def slots(kind: type) -> tuple[str, ...]:
    """The attributes that a class keeps outside of its dictionary, as `getattr` knows them.

    >>> class Point:
    ...     __slots__ = ("x", "__y")
    >>> slots(Point)
    ('x', '_Point__y')
    """
    found = []
    for part in kind.__mro__:
        said = vars(part).get("__slots__", ())
        for name in (said,) if isinstance(said, str) else said:
            hidden = name.startswith("__") and not name.endswith("__")
            found.append(f"_{part.__name__.lstrip('_')}{name}" if hidden else name)
    return tuple(n for n in found if n not in ("__dict__", "__weakref__"))
