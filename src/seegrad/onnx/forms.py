"""Forms that ONNX has no operator of its own for, as several of its model.

An evaluator of the closed set of forms: it knows them and ONNX's operators, and no op of ours.
"""

from __future__ import annotations

import math

import numpy as np

from seegrad.graph.forms import ArgReduce, Overlap, Place, Reduce, Scatter, Slice, Window
from seegrad.onnx.steps import INT64, Merged, Size, Steps, Whole, times, total

BOOL = np.dtype(bool)
FIRST = -(2**62)
"""Before every first element, where a slice that goes backwards ends."""


def by_form(model: Steps, node: Merged, inputs: list[str]) -> str | None:
    """Write a node by the form of its op; None where the form does not say it."""
    match node.op.lower:
        case Reduce("all" | "any" as kind):
            return _truth(model, node, inputs[0], "ReduceProd" if kind == "all" else "ReduceSum")
        case ArgReduce(kind):
            return _extreme_of_all(model, node, inputs[0], f"Arg{kind.capitalize()}")
        case Slice():
            return _slice(model, node, inputs[0])
        case Place():
            return _place(model, node, inputs[0])
        case Scatter():
            return _scatter(model, node, *inputs)
        case Window():
            return _window(model, node, inputs[0])
        case Overlap():
            return _overlap(model, node, inputs[0])
    return None


def _truth(model: Steps, node: Merged, x: str, operator: str) -> str:
    have = node.nodes[0].inputs[0].dtype
    number = model.cast(model.cast(x, have, BOOL), BOOL, np.dtype(np.int32))
    axes = model.sizes(node.attrs["axis"])
    keepdims = int(node.attrs["keepdims"])
    found = model.step(operator, [number, axes], keepdims=keepdims, noop_with_empty_axes=1)
    return model.step("Cast", [found], to=BOOL)


def _extreme_of_all(model: Steps, node: Merged, x: str, operator: str) -> str:
    flat = model.step("Reshape", [x, model.constant([-1], INT64)])
    found = model.step(operator, [flat], axis=0, keepdims=0)
    if not node.attrs["keepdims"]:
        return found
    return model.step("Reshape", [found, model.constant([1] * len(node.shape), INT64)])


def _slice(model: Steps, node: Merged, x: str) -> str:
    whole = model.shape_of(node, 0)
    starts: list[Whole] = []
    ends: list[Whole] = []
    axes, steps = [], []
    for axis, (start, length, step) in enumerate(node.attrs["index"]):
        if (start, length, step) == (0, whole[axis], 1):
            continue
        end = total(start, times(length, step))
        negative = end.base if isinstance(end, Size) and not end.rate else end
        if isinstance(negative, int) and negative < 0:
            end = FIRST
        starts.append(start if length != 0 else 0)
        ends.append(end if length != 0 else 0)
        axes.append(axis)
        steps.append(step if length != 0 else 1)
    if not axes:
        return model.step("Identity", [x])
    return model.step(
        "Slice",
        [x, model.sizes(starts), model.sizes(ends), model.sizes(axes), model.sizes(steps)],
    )


def _place(model: Steps, node: Merged, x: str) -> str:
    """Elements that lie apart or backwards are turned and spread first, then padded."""
    index, whole = node.attrs["index"], node.attrs["shape"]
    if not whole:
        return model.step("Identity", [x])
    lengths = [length for _, length, _ in index]
    if 0 in lengths:
        return model.zeros(whole, node.dtype)
    before: list[Whole] = []
    after: list[Whole] = []
    for axis, (start, length, step) in enumerate(index):
        wide = abs(step)
        if step < 0:
            start = total(start, times(total(length, -1), step))
            backwards = (model.constant([n], INT64) for n in (-1, FIRST, axis, -1))
            x = model.step("Slice", [x, *backwards])
        if wide > 1:
            apart = [*lengths[: axis + 1], 1, *lengths[axis + 1 :]]
            gaps = np.zeros((2, len(apart)), np.int64)
            gaps[1, axis + 1] = wide - 1
            x = model.step("Pad", [model.reshaped(x, apart), model.constant(gaps.ravel(), INT64)])
            lengths[axis] = times(length, wide)
            x = model.reshaped(x, lengths)
        before.append(start)
        after.append(total(whole[axis], times(total(start, lengths[axis]), -1)))
    return model.step("Pad", [x, model.sizes([*before, *after])])


def _scatter(model: Steps, node: Merged, x: str, indices: str) -> str:
    """The axes of the indices made one, along which x is added."""
    axis = node.attrs["axis"]
    read, own = model.shape_of(node, 0), model.shape_of(node, 1)
    many: Whole = 1
    for n in own:
        many = model.product(many, n)
    flat = (*read[:axis], many, *read[axis + len(own) :])
    lined = [many if i == axis else 1 for i in range(len(flat))]
    places = model.step("Expand", [model.reshaped(indices, lined), model.sizes(flat)])
    return model.added(model.reshaped(x, flat), places, flat, node.shape, axis, node.dtype)


def _window(model: Steps, node: Merged, x: str) -> str:
    """Axis by axis the places of the window are read; then the window's axes come first."""
    size, steps, dilation = (node.attrs[name] for name in ("size", "steps", "dilation"))
    count, lead = len(size), len(node.shape) - 2 * len(size)
    for i in range(count):
        rows = np.arange(size[i])[:, None] * dilation[i]
        places = rows + np.arange(model.fixed(node.shape[lead + count + i])) * steps[i]
        x = model.step("Gather", [x, model.constant(places, INT64)], axis=lead + 2 * i)
    inner = [lead + 2 * i for i in range(count)]
    return model.step("Transpose", [x], perm=[*range(lead), *inner, *(i + 1 for i in inner)])


def _overlap(model: Steps, node: Merged, x: str) -> str:
    """All windows in one axis are added to all that they slide over in one axis."""
    steps, dilation = node.attrs["steps"], node.attrs["dilation"]
    lengths = tuple(map(model.fixed, node.attrs["shape"]))
    read = model.shape_of(node, 0)
    count = len(lengths)
    lead = read[: len(read) - 2 * count]
    seen = tuple(map(model.fixed, read[len(lead) :]))
    places = np.zeros((), np.int64)
    for i, n in enumerate(lengths):
        rows = np.arange(seen[i])[:, None] * dilation[i]
        along = rows + np.arange(seen[count + i]) * steps[i]
        shape = [m if j in (i, count + i) else 1 for j, m in enumerate(seen)]
        places = places * n + along.reshape(shape)
    flat = (*lead, math.prod(seen))
    row = model.constant(places.reshape((1,) * len(lead) + (-1,)), INT64)
    indices = model.step("Expand", [row, model.sizes(flat)])
    whole = (*lead, math.prod(lengths))
    found = model.added(model.reshaped(x, flat), indices, flat, whole, len(lead), node.dtype)
    return model.reshaped(found, (*lead, *lengths))
