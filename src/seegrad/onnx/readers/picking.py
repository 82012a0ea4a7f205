"""ONNX's operators that pick, place and order elements: gathering, scattering, slicing, padding."""

from __future__ import annotations

from typing import Any

import numpy as np

from seegrad.graph.op import Op
from seegrad.onnx.readers.values import (
    Attributes,
    Reader,
    Readers,
    Values,
    at,
    known,
    pairs,
    reads,
    spread_to,
    whole,
)
from seegrad.ops import compare, indexing, reduce, scan_sort, shape
from seegrad.ops.index_update import At

PICKING = Readers()
"""Operators that pick, place and order elements."""

MOST_CLASSES = 2**24


@PICKING.reads("Slice")
def _slice(values: Values, attributes: Attributes) -> Any:
    x = values[0]
    starts, ends = whole(values[1], "starts"), whole(values[2], "ends")
    axes = range(len(starts)) if at(values, 3) is None else whole(values[3], "axes")
    steps = (1,) * len(starts) if at(values, 4) is None else whole(values[4], "steps")
    key = [slice(None)] * len(x.shape)
    for axis, start, end, step in zip(axes, starts, ends, steps):
        size = x.shape[axis]
        if step < 0 and size:  # ends are held within the axis, which NumPy's negative ones are not
            start = min(max(start + size if start < 0 else start, 0), size - 1)
            end = max(end + size if end < 0 else end, -1)
        stop = None if step < 0 and end < 0 else end
        key[axis] = slice(start, stop, step)
    return indexing.index(x, tuple(key))


@PICKING.reads("Pad", mode=("constant", "reflect", "edge", "wrap"))
def _pad(values: Values, attributes: Attributes) -> Any:
    x, mode = values[0], attributes.get("mode", "constant")
    chosen = at(values, 3)
    axes = range(len(x.shape)) if chosen is None else whole(chosen, "axes")
    widths = [(0, 0)] * len(x.shape)
    for axis, pair in zip(axes, pairs(whole(values[1], "pads"))):
        widths[axis] = pair
    if any(min(pair) < 0 for pair in widths):
        ends = [n + min(after, 0) for n, (_, after) in zip(x.shape, widths)]
        x = indexing.index(x, tuple(slice(max(-b, 0), n) for (b, _), n in zip(widths, ends)))
        widths = [(max(before, 0), max(after, 0)) for before, after in widths]
    if mode == "constant":
        filling = at(values, 2)
        number = 0 if filling is None else known(filling, "value").item()
        return shape.pad(x, widths=tuple(widths), value=number)
    for axis, pair in enumerate(widths):
        if any(pair):
            order = np.pad(np.arange(x.shape[axis]), pair, mode=mode)
            x = indexing.take(x, order, axis=axis)
    return x


@PICKING.reads("Split", "axis", "num_outputs")
def _split(values: Values, attributes: Attributes) -> Any:
    x, axis = values[0], attributes.get("axis", 0)
    sizes = at(values, 1)
    if sizes is not None:
        return shape.split(x, np.cumsum(whole(sizes, "split"))[:-1].tolist(), axis)
    count = attributes.get("num_outputs")
    if count is None:
        raise ValueError("neither split nor num_outputs")
    each = -(-x.shape[axis] // count)
    return shape.split(x, [each * i for i in range(1, count)], axis)


@PICKING.reads("OneHot", "axis")
def _one_hot(values: Values, attributes: Attributes) -> Any:
    """`on` where the class is the label, counted from the end where it is negative, else `off`."""
    off, on = known(values[2], "values")
    (classes,) = whole(values[1], "depth")
    if classes > MOST_CLASSES:
        raise ValueError(f"depth={classes}")
    labels = shape.expand_dims(values[0], axis=attributes.get("axis", -1))
    axis = attributes.get("axis", -1) % len(labels.shape)
    lined = [classes if i == axis else 1 for i in range(len(labels.shape))]
    places = np.arange(classes).astype(labels.dtype).reshape(lined)
    return compare.where((labels == places) | (labels + classes == places), on, off)


def _extreme_at(op: Op) -> Reader:
    @reads("axis", "keepdims", "select_last_index")
    def read(values: Values, attributes: Attributes) -> Any:
        x, axis = values[0], attributes.get("axis", 0)
        keepdims = bool(attributes.get("keepdims", 1))
        if not attributes.get("select_last_index"):
            return op(x, axis=axis, keepdims=keepdims)
        return x.shape[axis] - 1 - op(shape.flip(x, axis=axis), axis=axis, keepdims=keepdims)

    return read


@PICKING.reads("TopK", "axis", "largest", "sorted")
def _top(values: Values, attributes: Attributes) -> Any:
    """TopK: the first k in order, and where they were; of equal ones the earlier first.

    Turned around rather than negated, which unsigned integers cannot be.
    """
    x, axis = values[0], attributes.get("axis", -1)
    (k,) = whole(values[1], "k")
    axis %= len(x.shape)
    if attributes.get("largest", 1):
        order = scan_sort.argsort(shape.flip(x, axis=axis), axis=axis)
        order = x.shape[axis] - 1 - shape.flip(order, axis=axis)
    else:
        order = scan_sort.argsort(x, axis=axis)
    if k > x.shape[axis]:
        raise ValueError(f"k={k}")
    order = indexing.index(order, (*[slice(None)] * axis, slice(0, k)))
    return indexing.take_along_axis(x, order, axis=axis), order


@PICKING.reads("GatherND", "batch_dims")
def _gather_nd(values: Values, attributes: Attributes) -> Any:
    """Elements by their places; the first axes may be those of the indices, row by row."""
    x, indices = values
    count = attributes.get("batch_dims", 0)
    rows = [
        np.arange(n).reshape([-1 if j == i else 1 for j in range(len(indices.shape) - 1)])
        for i, n in enumerate(indices.shape[:count])
    ]
    return indexing.index(x, (*rows, *_places(indices)))


def _places(indices: Any) -> tuple[Any, ...]:
    """The last axis of indices as one array for each axis that they point into."""
    return tuple(indexing.index(indices, (..., i)) for i in range(indices.shape[-1]))


REDUCTIONS = ("none", "add", "mul", "max", "min")


def _scattered(data: Any, key: tuple[Any, ...], updates: Any, attributes: Attributes) -> Any:
    """Data with updates in place of what the key names, or joined with it."""
    kind = attributes.get("reduction", "none")
    part = At(data)[key]
    if data.dtype.kind == "b" and kind != "none":
        raise ValueError(f"reduction={kind}, bool")
    if kind == "none":
        return _written(data, key, updates)
    join = {"add": part.add, "mul": part.multiply, "max": part.max, "min": part.min}[kind]
    return join(updates)


def _written(data: Any, key: tuple[Any, ...], updates: Any) -> Any:
    """Data with updates at the key; truth values are written as numbers."""
    if data.dtype.kind != "b":
        return At(data)[key].set(updates)
    numbers = (compare.astype(v, dtype=np.int8) for v in (data, updates))
    whole, part = numbers
    return compare.astype(At(whole)[key].set(part), dtype=np.bool_)


@PICKING.reads("ScatterND", reduction=REDUCTIONS)
def _scatter_nd(values: Values, attributes: Attributes) -> Any:
    data, indices, updates = values
    return _scattered(data, _places(indices), updates, attributes)


@PICKING.reads("Scatter", "axis", reduction=REDUCTIONS)
def _scatter_elements(values: Values, attributes: Attributes) -> Any:
    data, indices, updates = values
    axis = attributes.get("axis", 0) % len(data.shape)
    key: list[Any] = list(np.ix_(*map(np.arange, indices.shape)))
    key[axis] = indices
    return _scattered(data, tuple(key), updates, attributes)


@PICKING.reads("GatherElements", "axis")
def _gather_elements(values: Values, attributes: Attributes) -> Any:
    """Along one axis; on the others the indices may be fewer than the elements."""
    x, indices = values
    axis = attributes.get("axis", 0) % len(x.shape)
    ends = (None if i == axis else n for i, n in enumerate(indices.shape))
    within = indexing.index(x, tuple(slice(0, end) for end in ends))
    return indexing.take_along_axis(within, indices, axis=axis)


def _running(op: Op, beginning: int) -> Reader:
    """Running sums or products; without the element itself, or from the end, if that is asked."""

    @reads("exclusive", "reverse")
    def read(values: Values, attributes: Attributes) -> Any:
        x = values[0]
        (axis,) = whole(values[1], "axis")
        axis %= len(x.shape)
        x = shape.flip(x, axis=axis) if attributes.get("reverse") else x
        if attributes.get("exclusive") and x.shape[axis]:
            widths = tuple((int(i == axis), 0) for i in range(len(x.shape)))
            x = shape.pad(shape.part(x, axis, 0, x.shape[axis] - 1), widths=widths, value=beginning)
        x = op(x, axis=axis)
        return shape.flip(x, axis=axis) if attributes.get("reverse") else x

    return read


@PICKING.reads("ReverseSequence", "batch_axis", "time_axis")
def _reverse_sequence(values: Values, attributes: Attributes) -> Any:
    """Each sequence backwards up to its own length; what comes after stays."""
    x, lengths = values
    rows, time = attributes.get("batch_axis", 1), attributes.get("time_axis", 0)
    ndim = len(x.shape)
    steps = spread_to(np.arange(x.shape[time]), ndim, time)
    lengths = spread_to(lengths, ndim, rows)
    order = compare.where(steps < lengths, lengths - 1 - steps, steps)
    return indexing.take_along_axis(x, shape.broadcast_to(order, shape=x.shape), axis=time)


@PICKING.reads("EyeLike", "dtype", "k")
def _eye_like(values: Values, attributes: Attributes) -> Any:
    rows, columns = values[0].shape
    dtype = attributes.get("dtype") or values[0].dtype
    return np.eye(rows, columns, attributes.get("k", 0), dtype)


@PICKING.reads("Hardmax", "axis")
def _hardmax(values: Values, attributes: Attributes) -> Any:
    """1 where the first of the largest stands, else 0."""
    x, axis = values[0], attributes.get("axis", -1)
    best = reduce.argmax(x, axis=axis, keepdims=True)
    places = spread_to(np.arange(x.shape[axis]), len(x.shape), axis)
    return compare.astype(best == places, dtype=x.dtype)


@PICKING.reads("CenterCropPad", "axes")
def _center(values: Values, attributes: Attributes) -> Any:
    """The middle of x, or x in the middle of zeros."""
    x = values[0]
    axes = attributes.get("axes") or range(len(x.shape))
    for axis, size in zip(axes, whole(values[1], "shape")):
        axis %= len(x.shape)
        n = x.shape[axis]
        if size < n:
            x = shape.part(x, axis, (n - size) // 2, size)
        elif size > n:
            before = (size - n) // 2
            pair = (before, size - n - before)
            widths = [(0, 0)] * len(x.shape)
            widths[axis] = pair
            x = shape.pad(x, widths=tuple(widths))
    return x


PICKING.update({
    "ArgMax": _extreme_at(reduce.argmax),
    "ArgMin": _extreme_at(reduce.argmin),
    "CumProd": _running(scan_sort.cumprod, 1),
    "CumSum": _running(scan_sort.cumsum, 0),
    "ScatterElements": _scatter_elements,
})
