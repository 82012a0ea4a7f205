"""ONNX's operators that pick, place and order elements: gathering, scattering, slicing, padding."""

from __future__ import annotations

from typing import Any

import numpy as np

from seegrad.graph.op import Op
from seegrad.onnx.values import (
    Attributes,
    Reader,
    Values,
    at,
    known,
    pairs,
    reads,
    whole,
)
from seegrad.ops import compare, indexing, reduce, scan_sort, shape

MOST_CLASSES = 2**24


@reads()
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


@reads(mode=("constant", "reflect", "edge", "wrap"))
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


@reads("axis", "num_outputs")
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


@reads("axis")
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


@reads("axis", "largest", "sorted")
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


@reads()
def _gather_nd(values: Values, attributes: Attributes) -> Any:
    return indexing.index(values[0], _places(values[1]))


def _places(indices: Any) -> tuple[Any, ...]:
    """The last axis of indices as one array for each axis that they point into."""
    return tuple(indexing.index(indices, (..., i)) for i in range(indices.shape[-1]))


def _scattered(added: Any, there: Any, values: Values, attributes: Attributes) -> Any:
    """Data with updates added, or in their place."""
    kind = attributes.get("reduction", "none")
    if kind == "add":
        return values[0] + added
    return compare.where(there > 0, added, values[0])


@reads(reduction=("none", "add"))
def _scatter_nd(values: Values, attributes: Attributes) -> Any:
    data, indices, updates = values
    places = _places(indices)
    layout = ("i",) * len(places) + (":",) * (len(data.shape) - len(places))
    settings = {"layout": layout, "shape": tuple(data.shape)}
    ones = np.ones(updates.shape, data.dtype)
    added, there = (indexing.scatter_add_nd(v, *places, **settings) for v in (updates, ones))
    return _scattered(added, there, values, attributes)


@reads("axis", reduction=("none", "add"))
def _scatter_elements(values: Values, attributes: Attributes) -> Any:
    data, indices, updates = values
    axis = attributes.get("axis", 0) % len(data.shape)
    inner = tuple(n if i != axis else data.shape[i] for i, n in enumerate(indices.shape))
    widths = tuple((0, whole - part) for whole, part in zip(data.shape, inner))
    ones = np.ones(updates.shape, data.dtype)
    added, there = (
        shape.pad(indexing.add_along_axis(v, indices, axis=axis, shape=inner), widths=widths)
        for v in (updates, ones)
    )
    return _scattered(added, there, values, attributes)


@reads("axis")
def _gather_elements(values: Values, attributes: Attributes) -> Any:
    """Along one axis; on the others the indices may be fewer than the elements."""
    x, indices = values
    axis = attributes.get("axis", 0) % len(x.shape)
    ends = (None if i == axis else n for i, n in enumerate(indices.shape))
    within = indexing.index(x, tuple(slice(0, end) for end in ends))
    return indexing.take_along_axis(within, indices, axis=axis)


@reads("exclusive", "reverse")
def _cumsum(values: Values, attributes: Attributes) -> Any:
    x = values[0]
    (axis,) = whole(values[1], "axis")
    axis %= len(x.shape)
    x = shape.flip(x, axis=axis) if attributes.get("reverse") else x
    x = scan_sort.cumsum(x, axis=axis)
    if attributes.get("exclusive") and x.shape[axis]:
        widths = tuple((int(i == axis), 0) for i in range(len(x.shape)))
        x = shape.pad(x, widths=widths, value=0)
        x = indexing.index(x, (*[slice(None)] * axis, slice(0, -1)))
    return shape.flip(x, axis=axis) if attributes.get("reverse") else x


PICKING: dict[str, Reader] = {
    "ArgMax": _extreme_at(reduce.argmax),
    "ArgMin": _extreme_at(reduce.argmin),
    "CumSum": _cumsum,
    "GatherElements": _gather_elements,
    "GatherND": _gather_nd,
    "OneHot": _one_hot,
    "Pad": _pad,
    "ScatterElements": _scatter_elements,
    "ScatterND": _scatter_nd,
    "Slice": _slice,
    "Split": _split,
    "TopK": _top,
}
"""Operators that pick, place and order elements."""
