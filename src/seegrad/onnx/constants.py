"""Constants of a graph that was traced with several batch sizes, where they differ between these.

One that is the same all along the axes that grow, or counts on in equal whole steps along one of
them (the mask, the numbers of the rows), is written from its beginning, as wide as the batch asks.
Any other depends on the batch in more than its sizes, which is refused.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from seegrad.graph.node import Node
from seegrad.onnx.steps import INT64, Size, Steps, Whole


def all_equal(nodes: Sequence[Node]) -> bool:
    """Does a node hold the same numbers in every trace?"""
    data = [node.data for node in nodes]
    if all(d is data[0] for d in data):
        return True
    return all(d is not None and _same(d, data[0]) for d in data)


def _same(a: Any, b: Any) -> bool:
    return bool(a.dtype == b.dtype and np.array_equal(a, b, equal_nan=a.dtype.kind == "f"))


def grown(steps: Steps, nodes: Sequence[Node]) -> str:
    """Write a constant that each trace has in its own size; returns its name."""
    data = [np.asarray(node.data) for node in nodes]
    if any(d.ndim for d in data):
        shape = steps.merged_shape(nodes)
        found = all(d.size for d in data) and (
            _the_same(steps, shape, data) or _counting(steps, shape, data)
        )
        if not found:
            raise steps.differs([d.shape for d in data])
        return found
    if any(d != np.round(d) for d in data):
        raise steps.differs(data)
    (whole,) = steps.merge([(int(d),) for d in data])
    return steps.cast(_scalar(steps, whole), INT64, nodes[0].dtype)


def _scalar(steps: Steps, whole: Whole) -> str:
    return steps.step("Reshape", [steps.sizes([whole]), steps.constant([], INT64)])


def _first(shape: Sequence[Whole]) -> tuple[slice, ...]:
    """Where a constant begins: one place of each axis that grows, all of any other."""
    return tuple(slice(0, 1 if isinstance(n, Size) else None) for n in shape)


def _the_same(steps: Steps, shape: tuple[Whole, ...], data: Sequence[Any]) -> str | None:
    first = data[0][_first(shape)]
    if not all(_same(d, np.broadcast_to(first, d.shape)) for d in data):
        return None
    if (first == first.flat[0]).all():
        first = first.flat[0]
    return steps.step("Expand", [steps.constant(first, data[0].dtype), steps.sizes(shape)])


def _counting(steps: Steps, shape: tuple[Whole, ...], data: Sequence[Any]) -> str | None:
    dtype, first = data[0].dtype, data[0][_first(shape)]
    if dtype.kind not in "iuf" or not all(
        np.isfinite(d).all() and (d == np.round(d)).all() for d in data
    ):
        return None
    longest = max(data, key=np.size)
    for axis in (i for i, n in enumerate(shape) if isinstance(n, Size)):
        step = np.take(longest, [1], axis)[_first(shape)].astype(np.int64) - first.astype(np.int64)
        row = (-1, *[1] * (len(shape) - 1 - axis))
        counts = (np.arange(d.shape[axis]).reshape(row) for d in data)
        if not all(
            _same(d, np.broadcast_to(first + n * step, d.shape).astype(dtype))
            for n, d in zip(counts, data)
        ):
            continue
        zero, one = steps.constant(0, INT64), steps.constant(1, INT64)
        count = steps.step("Range", [zero, _scalar(steps, shape[axis]), one])
        count = steps.step("Mul", [steps.reshaped(count, row), steps.constant(step, INT64)])
        count = steps.step("Add", [count, steps.constant(first, INT64)])
        return steps.step("Expand", [steps.cast(count, INT64, dtype), steps.sizes(shape)])
    return None
