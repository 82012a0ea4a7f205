"""gather, scatter and dynamic slices: JAX's general forms as reading and writing by index arrays.

Every axis of the operand that is read or written in parts gets an index array over the places of
the result (or of the updates); whole axes along which nothing is chosen stay as they are.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from seegrad.interop.jaxpr.site import Rule, Site, known, sizes
from seegrad.ops.arithmetic import add, maximum, minimum, multiply, negative
from seegrad.ops.compare import greater_equal, less_equal, logical_and, where
from seegrad.ops.index_update import At
from seegrad.ops.indexing import gather_nd, take
from seegrad.ops.scan_sort import argsort
from seegrad.ops.shape import concatenate, ravel, reshape, strided_slice, transpose


def _mode(site: Site) -> str:
    """"clip", "fill" (or drop), or "promised"."""
    name = str(getattr(site["mode"], "name", site["mode"])).upper()
    return "clip" if "CLIP" in name else "fill" if "FILL" in name else "promised"


def _on_axes(x: Any, rank: int, axes: Sequence[int]) -> Any:
    """x with its axes at `axes` of `rank`, and length 1 elsewhere."""
    shape = [1] * rank
    for n, axis in zip(x.shape, axes):
        shape[axis] = n
    return reshape(x, shape=tuple(shape))


def _column(indices: Any, number: int) -> Any:
    """The index arrays' column `number`, of the batch's shape, as integers that can be negative."""
    column = indices[..., number]
    return column if column.dtype.kind == "i" else column.astype(np.int64)


def _bounded(start: Any, most: int, mode: str) -> tuple[Any, Any]:
    """Starts that are in range, and which of them were (None: all of them)."""
    numbers = known(start)
    if mode == "promised" or (
        numbers is not None and numbers.size and numbers.min() >= 0 and numbers.max() <= most
    ):
        return start, None
    inside = None
    if mode == "fill":
        inside = logical_and(greater_equal(start, 0), less_equal(start, most))
    return minimum(maximum(start, 0), most), inside


def _both(a: Any, b: Any) -> Any:
    return b if a is None else a if b is None else logical_and(a, b)


def _places(
    indices: Any, shape: Sequence[int], window: Sequence[int], columns: Sequence[int],
    batching: dict[int, int], batch_axes: Sequence[int], window_axes: dict[int, int], rank: int,
    mode: str,
) -> tuple[list[Any], Any]:
    """For every axis of the operand an index array over `rank` axes, or None where all is kept
    along an axis of its own; and which places are in range (None: all).

    `columns` says which axis each column of the indices starts; `batching` which axis of the
    indices' batch an axis of the operand goes along with.
    """
    found: list[Any] = []
    inside: Any = None
    for axis, (size, width) in enumerate(zip(shape, window)):
        if axis in batching:
            at = batching[axis]
            row = np.arange(size)
            found.append(_on_axes(row, rank, [batch_axes[at]]))
            continue
        offset = None
        if axis in window_axes:
            offset = _on_axes(np.arange(width), rank, [window_axes[axis]])
        if axis not in columns:
            found.append(None if offset is not None and width == size else
                         np.zeros((1,) * rank, int) if offset is None else offset)
            continue
        start, good = _bounded(_column(indices, columns.index(axis)), size - width, mode)
        start = _on_axes(start, rank, batch_axes)
        inside = _both(inside, None if good is None else _on_axes(good, rank, batch_axes))
        found.append(start if offset is None else add(start, offset))
    return found, inside


def _gather(site: Site, xs: list[Any]) -> Any:
    x, indices = xs
    numbers, window = site["dimension_numbers"], sizes(site["slice_sizes"])
    rank, offsets = len(site.out.shape), sizes(numbers.offset_dims)
    batching = sizes(numbers.operand_batching_dims)
    dropped = {*sizes(numbers.collapsed_slice_dims), *batching}
    kept = [axis for axis in range(len(x.shape)) if axis not in dropped]
    window_axes = dict(zip(kept, offsets))
    batch_axes = [axis for axis in range(rank) if axis not in offsets]
    places, inside = _places(
        indices, x.shape, window, sizes(numbers.start_index_map),
        dict(zip(batching, sizes(numbers.start_indices_batching_dims))), batch_axes, window_axes,
        rank, _mode(site),
    )
    found = _read(x, places, window_axes, batch_axes, site.out.shape)
    if inside is None:
        return found
    fill = site["fill_value"]
    if fill is None:
        kind = found.dtype.kind
        fill = np.nan if kind == "f" else kind == "b" or (
            np.iinfo(found.dtype).min if kind == "i" else np.iinfo(found.dtype).max
        )
    return where(inside, found, np.asarray(fill, found.dtype))


def _read(
    x: Any, places: list[Any], window_axes: dict[int, int], batch_axes: Sequence[int],
    shape: Sequence[int],
) -> Any:
    """x at these places: whole axes are kept where no index array needs their place."""
    arrays = [p for p in places if p is not None]
    if not arrays:
        return x if tuple(x.shape) == tuple(shape) else reshape(x, shape=tuple(shape))
    layout = tuple(":" if p is None else "i" for p in places)
    whole = [window_axes[axis] for axis, p in enumerate(places) if p is None]
    own = [axis for axis in range(len(shape)) if axis not in whole]
    # the axes that are read stand where the index arrays have more than one element
    small = [reshape(p, shape=tuple(p.shape[i] for i in own)) for p in arrays]
    wanted = tuple(shape[i] for i in own)
    if len(small) == 1 and tuple(small[0].shape) == wanted:
        axis = layout.index("i")
        found = take(x, small[0], axis=axis)
        before = list(range(axis))
        order = [*before, *range(axis, axis + len(own)), *range(axis + len(own), len(shape))]
        labels = [*whole[:axis], *own, *whole[axis:]]
        return _by_labels(found, labels, order)
    first = small[0]
    if not any(tuple(p.shape) == wanted for p in small):  # together they span the axes
        small[0] = add(first, np.zeros(wanted, np.int64))
    found = gather_nd(moved := _indices_first(x, layout), *small,
                      layout=("i",) * len(small) + (":",) * (len(moved.shape) - len(small)))
    return _by_labels(found, [*own, *whole], range(len(shape)))


def _indices_first(x: Any, layout: Sequence[str]) -> Any:
    order = tuple(sorted(range(len(layout)), key=lambda i: layout[i] == ":"))
    return x if order == tuple(range(len(layout))) else transpose(x, axes=order)


def _by_labels(x: Any, labels: Sequence[int], order: Sequence[int]) -> Any:
    """x, whose axes are called `labels`, in the order of the labels."""
    axes = tuple(sorted(range(len(labels)), key=labels.__getitem__))
    return x if axes == tuple(range(len(axes))) else transpose(x, axes=axes)


# --------------------------------------------------------------- scatter


def _scatter(kind: str) -> Rule:
    def rule(site: Site, xs: list[Any]) -> Any:
        x, indices, updates = xs
        numbers = site["dimension_numbers"]
        windows = sizes(numbers.update_window_dims)
        batching = sizes(numbers.operand_batching_dims)
        dropped = {*sizes(numbers.inserted_window_dims), *batching}
        kept = [axis for axis in range(len(x.shape)) if axis not in dropped]
        window_axes, rank = dict(zip(kept, windows)), len(updates.shape)
        width = [updates.shape[window_axes[a]] if a in window_axes else 1
                 for a in range(len(x.shape))]
        batch_axes = [axis for axis in range(rank) if axis not in windows]
        places, inside = _places(
            indices, x.shape, width, sizes(numbers.scatter_dims_to_operand_dims),
            dict(zip(batching, sizes(numbers.scatter_indices_batching_dims))), batch_axes,
            window_axes, rank, _mode(site),
        )
        return _written(kind, x, places, inside, updates, window_axes, rank)

    return rule


def _written(
    kind: str, x: Any, places: list[Any], inside: Any, updates: Any, window_axes: dict[int, int],
    rank: int,
) -> Any:
    """x with the updates at these places of the flattened x; what is out of range is dropped."""
    if not int(np.prod(updates.shape)):
        return x
    flat_places: Any = 0
    for axis, (size, place) in enumerate(zip(x.shape, places)):
        if place is None:
            place = _on_axes(np.arange(size), rank, [window_axes[axis]])
        flat_places = add(multiply(flat_places, size), place)
    flat, count = ravel(x), int(np.prod(x.shape))
    if inside is not None:                               # a place that is cut off again
        flat_places = where(inside, flat_places, count)
        flat = concatenate(flat, np.zeros(1, x.dtype), axis=0)
    flat_places = add(flat_places, np.zeros(updates.shape, np.int64))
    numbers = known(flat_places)
    at, v = ravel(flat_places) if numbers is None else numbers.ravel(), ravel(updates)
    if numbers is None and kind in ("max", "min"):       # of places named twice the last counts
        order = argsort(v if kind == "max" else negative(v), axis=0)
        at, v = take(at, order, axis=0), take(v, order, axis=0)
        v = (maximum if kind == "max" else minimum)(v, take(flat, at, axis=0))
        kind = "set"
    found = getattr(At(flat)[at], kind)(v)
    if inside is not None:
        found = strided_slice(found, index=((0, count, 1),))
    return reshape(found, shape=tuple(x.shape))


# --------------------------------------------------------------- dynamic slices


def _starts(x: Any, starts: Sequence[Any], window: Sequence[int]) -> list[Any]:
    """Where a slice begins along each axis, moved so that it fits: ints where they are known."""
    found: list[Any] = []
    for start, size, width in zip(starts, x.shape, window):
        numbers = known(start)
        most = size - width
        if not most:
            found.append(0)
        elif numbers is not None:
            found.append(min(max(int(numbers), 0), most))
        else:
            found.append(minimum(maximum(start, 0), most))
    return found


def _dynamic_slice(site: Site, xs: list[Any]) -> Any:
    x, window = xs[0], sizes(site["slice_sizes"])
    starts = _starts(x, xs[1:], window)
    cut = tuple((a if isinstance(a, int) else 0, n if isinstance(a, int) else m, 1)
                for a, n, m in zip(starts, window, x.shape))
    if any((a, n) != (0, m) for (a, n, _), m in zip(cut, x.shape)):
        x = strided_slice(x, index=cut)
    for axis, (start, width) in enumerate(zip(starts, window)):
        if not isinstance(start, int):
            x = take(x, add(start, np.arange(width, dtype=start.dtype)), axis=axis)
    return x


def _dynamic_update(site: Site, xs: list[Any]) -> Any:
    """The update where it lies, read by index arrays, and x elsewhere."""
    x, update = xs[0], xs[1]
    starts = _starts(x, xs[2:], update.shape)
    if all(isinstance(start, int) for start in starts):
        key = tuple(slice(a, a + n) for a, n in zip(starts, update.shape))
        return At(x)[key].set(update)
    here: Any = None
    for axis, (start, width, size) in enumerate(zip(starts, update.shape, x.shape)):
        if width == size:
            continue
        places = np.arange(size) - start
        inside = logical_and(greater_equal(places, 0), less_equal(places, width - 1))
        update = take(update, minimum(maximum(places, 0), width - 1), axis=axis)
        here = _both(here, _on_axes(inside, len(x.shape), [axis]))
    return where(here, update, x)


RULES: dict[str, Rule] = {
    "gather": _gather, "scatter": _scatter("set"), "scatter-add": _scatter("add"),
    "scatter_add": _scatter("add"),
    "scatter-sub": lambda site, xs: _scatter("add")(site, [*xs[:2], negative(xs[2])]),
    "scatter_mul": _scatter("multiply"),
    "scatter-mul": _scatter("multiply"), "scatter_min": _scatter("min"),
    "scatter-min": _scatter("min"), "scatter_max": _scatter("max"),
    "scatter-max": _scatter("max"),
    "dynamic_slice": _dynamic_slice, "dynamic_update_slice": _dynamic_update,
}  # fmt: skip
