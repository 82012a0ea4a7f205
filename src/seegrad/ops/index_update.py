"""Writing without writing: x.at[key].set(v) and its kin give a new value and keep every derivative.

The names and meanings are JAX's; places named twice are written one after the other, as
`numpy.ufunc.at` does. Everything is put together from other operations.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any, Generic, TypeVar

import numpy as np

from seegrad.errors import DTypeError, ShapeError, TraceError
from seegrad.graph.mode import current_tracer, frame
from seegrad.graph.node import Node, holds_node, snapshot
from seegrad.i18n import tr
from seegrad.ops.arithmetic import add, identity, maximum, minimum, multiply
from seegrad.ops.compare import astype, greater, not_equal, where
from seegrad.ops.indexing import index, scatter_add, take
from seegrad.ops.scan_sort import argsort
from seegrad.ops.shape import broadcast_to, concatenate, ravel, reshape

X = TypeVar("X")
Combine = Callable[[Any, Any], Any]


class At(Generic[X]):
    """`x.at`: to be indexed, as in `x.at[1:3].set(0.0)`."""

    __slots__ = ("_x",)

    def __init__(self, x: X) -> None:
        self._x = x

    def __getitem__(self, key: Any) -> Part[X]:
        return Part(self._x, key)


class Part(Generic[X]):
    """`x.at[key]`: the part of x of which a new value is made. `x` itself never changes.

    `key` is whatever reads x[key]: integers, slices, None, ..., integer arrays, boolean masks. A
    new part v broadcasts to the part's shape. IndexRangeError, ShapeError and DTypeError as in
    reading; DTypeError where x's dtype cannot hold v.
    """

    __slots__ = ("_key", "_x")

    def __init__(self, x: X, key: Any) -> None:
        self._x, self._key = x, key

    def get(self) -> X:
        """x[key]."""
        return index(self._x, self._key)  # type: ignore[no-any-return]

    def set(self, v: Any) -> X:
        """x with v at [key]; of places named twice the last one counts."""
        return self._made("set", v, lambda old, new: new)

    def add(self, v: Any) -> X:
        """x with v added at [key]; what is named twice is added twice."""
        return self._made("add", v, add)

    def multiply(self, v: Any) -> X:
        """x multiplied by v at [key]; what is named twice, twice."""
        return self._made("multiply", v, multiply)

    def max(self, v: Any) -> X:
        """x with the larger of x and v at [key]."""
        return self._made("max", v, maximum)

    def min(self, v: Any) -> X:
        """x with the smaller of x and v at [key]."""
        return self._made("min", v, minimum)

    def _made(self, name: str, v: Any, combine: Combine) -> X:
        x: Any = self._x
        key = self._key
        v = _new_values(v, x.dtype)
        with frame(f"at.{name}"):
            if _unknown_mask(x, key) and not len(v.shape):
                mask = reshape(key, shape=(*key.shape, *(1,) * (len(x.shape) - len(key.shape))))
                return where(mask, combine(x, v), x)  # type: ignore[no-any-return]
            places = _places(x.shape, key)
            v = ravel(_stretched(v, tuple(places.shape)))
            places, flat = ravel(places), ravel(x)
            if not math.prod(places.shape):
                return identity(x)  # type: ignore[no-any-return]
            if name == "add":
                flat = add(flat, scatter_add(v, places, axis=0, shape=flat.shape))
            elif name == "set":
                flat = _put(flat, *_last(places, v))
            else:
                flat = _one_by_one(flat, places, v, combine, _distinct(key))
            return reshape(flat, shape=x.shape)  # type: ignore[no-any-return]


def _new_values(v: Any, dtype: Any) -> Any:
    if holds_node(v):
        v = v if isinstance(v, Node) else Node.makes.joined(v)
    else:
        v = snapshot(v, what="the new part")
    if not np.can_cast(v.dtype, dtype, "same_kind"):
        raise DTypeError(
            "the new part does not fit the dtype of the whole",
            asked=tr("numbers that {dtype} can hold", dtype=dtype),
            came=f"dtype {v.dtype}",
            hint="convert the whole first, for example with .astype(float)",
        )
    return v if v.dtype == dtype else astype(v, dtype=dtype)


def _stretched(v: Any, shape: tuple[int, ...]) -> Any:
    try:
        return broadcast_to(v, shape=shape)
    except ShapeError:
        raise ShapeError(
            "the new part does not fit",
            asked=tr("shape {shape}, or one that broadcasts to it", shape=shape),
            came=tr("shape {shape}", shape=tuple(v.shape)),
        ) from None


def _unknown_mask(x: Any, key: Any) -> bool:
    """A boolean mask of which a trace does not know what it holds, over the first axes of x."""
    return (
        isinstance(key, Node)
        and key.dtype.kind == "b"
        and (key.data is None or current_tracer() is not None)
        and tuple(key.shape) == tuple(x.shape[: len(key.shape)])
    )


def _places(shape: tuple[int, ...], key: Any) -> Any:
    """Where in the flattened x each element of x[key] stands: numbers, unless they are traced."""
    places = index(np.arange(math.prod(shape)).reshape(shape), key)
    if isinstance(places, Node) and places.data is not None:
        return np.asarray(places.data)
    return places if isinstance(places, Node) else np.asarray(places)


def _distinct(key: Any) -> bool:
    """Is no place named twice, whatever the traced indices in key are?"""
    items = key if isinstance(key, tuple) else (key,)
    known = (tuple(getattr(i, "shape", None) or np.shape(i)) for i in items if holds_node(i))
    return all(math.prod(shape) == 1 for shape in known)


def _last(places: Any, v: Any) -> tuple[Any, Any, Any]:
    """(places in order, v in this order, which of them is the last of its place)."""
    order = argsort(places, axis=0)
    ordered = take(places, order, axis=0)
    count = ordered.shape[0]
    ends = not_equal(ordered[1:], ordered[: count - 1])
    last = concatenate(ends, np.ones(1, bool), axis=0)
    if isinstance(last, Node):
        return ordered, take(v, order, axis=0), last
    kept = np.flatnonzero(last)
    return ordered[kept], take(v, order[kept], axis=0), np.ones(kept.size, bool)


def _put(flat: Any, places: Any, v: Any, counts: Any) -> Any:
    """flat with v at places, of which those that count are named once."""
    known = isinstance(counts, np.ndarray)               # then all of them count
    shape = flat.shape
    new = scatter_add(v if known else where(counts, v, 0), places, axis=0, shape=shape)
    written = scatter_add(astype(counts, dtype=np.intp), places, axis=0, shape=shape)
    return where(greater(written, 0), new, flat)


def _one_by_one(flat: Any, places: Any, v: Any, combine: Combine, distinct: bool) -> Any:
    """What is named once at a time, then what is named a second time, and so on."""
    if isinstance(places, Node):
        if not distinct:
            raise TraceError(
                "whether an index names a place twice is not known while a function is traced",
                hint="use .set or .add, or pass the index as a static argument",
            )
        every = np.ones(places.shape, bool)
        return _put(flat, places, combine(take(flat, places, axis=0), v), every)
    order = np.argsort(places, kind="stable")
    _, starts, counts = np.unique(places[order], return_index=True, return_counts=True)
    for turn in range(int(counts.max())):
        now = order[starts[counts > turn] + turn]
        old, new = take(flat, places[now], axis=0), take(v, now, axis=0)
        flat = _put(flat, places[now], combine(old, new), np.ones(now.size, bool))
    return flat
