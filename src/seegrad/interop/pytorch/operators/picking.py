"""ATen's operations that read and write by index arrays, sort and search."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from seegrad.interop.pytorch.operators.reader import as_dtype, axis_of, known, reads, table
from seegrad.ops import (
    activation,
    arithmetic,
    compare,
    index_update,
    indexing,
    reduce,
    scan_sort,
    shape,
)
from seegrad.tensor import numpy_functions
from seegrad.tensor.pytorch import names

# --------------------------------------------------------------- reading


table({
    "index.Tensor _unsafe_index.Tensor": lambda self, indices: indexing.index(self, _key(indices)),
    "take": lambda self, index: indexing.take(shape.reshape(self, shape=(-1,)), index, axis=0),
})


def _key(indices: Sequence[Any]) -> tuple[Any, ...]:
    return tuple(slice(None) if i is None else i for i in indices)


@reads("embedding")
def embedding(weight: Any, indices: Any, padding_idx: int = -1) -> Any:
    if padding_idx >= 0:  # its row is read, but never learnt
        rows = np.arange(weight.shape[0]).reshape(-1, 1) == padding_idx
        weight = compare.where(rows, arithmetic.stop_gradient(weight), weight)
    return indexing.take(weight, indices, axis=0)


@reads("gather")
def gather(self: Any, dim: int, index: Any) -> Any:
    if not len(self.shape):
        return shape.broadcast_to(self, shape=tuple(index.shape))
    if len(index.shape) < len(self.shape):
        return shape.reshape(self, shape=(-1,))[:0]
    axis = axis_of(dim, len(self.shape))
    return indexing.take_along_axis(_as_wide_as(self, index, axis), index, axis=axis)


def _as_wide_as(x: Any, indices: Any, axis: int) -> Any:
    """x cut to where the index array reaches along the other axes."""
    items = [
        slice(None) if i == axis else slice(0, n) for i, n in enumerate(tuple(indices.shape))
    ]
    wide = all(i == axis or x.shape[i] == n for i, n in enumerate(tuple(indices.shape)))
    return x if wide else shape.cut_by(x, items)


@reads("take_along_dim")
def take_along_dim(self: Any, indices: Any, dim: int | None = None) -> Any:
    if dim is None:
        flat = shape.reshape(self, shape=(-1,))
        return indexing.take(flat, shape.reshape(indices, shape=(-1,)), axis=0)
    axis = axis_of(dim, len(self.shape))
    return indexing.take_along_axis(self, indices, axis=axis)


@reads("index_select")
def index_select(self: Any, dim: int, index: Any) -> Any:
    if not len(self.shape):
        return arithmetic.identity(self)
    index = shape.reshape(index, shape=(-1,))
    return indexing.take(self, index, axis=axis_of(dim, len(self.shape)))


@reads("one_hot")
def one_hot(self: Any, num_classes: int = -1) -> Any:
    if num_classes < 0:
        known(None, "num_classes")
    return activation.one_hot(self, classes=num_classes, dtype=np.int64)


# --------------------------------------------------------------- writing


@reads("index_put", "_unsafe_index_put", "_index_put_impl")
def index_put(
    self: Any, indices: Sequence[Any], values: Any, result_dtype: Any, accumulate: bool = False
) -> Any:
    masks = [i for i in indices if i is not None]
    if len(masks) == len(indices) == 1 and masks[0].dtype.kind == "b" and not values.ndim:
        mask = masks[0]
        mask = shape.reshape(mask, shape=(*mask.shape, *(1,) * (self.ndim - mask.ndim)))
        return compare.where(mask, self + values if accumulate else values, self)
    part = index_update.At(self)[_key(indices)]
    values = as_dtype(values, result_dtype)
    return part.add(values) if accumulate else part.set(values)


def _placed(x: Any, indices: Any, axis: int) -> Any:
    """Where an index array of as many axes as x writes: an index array for each axis."""
    sizes = tuple(indices.shape)
    grid = []
    for i, n in enumerate(sizes):
        ones = tuple(-1 if j == i else 1 for j in range(len(sizes)))
        grid.append(indices if i == axis else np.arange(n).reshape(ones))
    return index_update.At(x)[tuple(grid)]


def _source(src: Any, index: Any) -> Any:
    if isinstance(src, (bool, int, float)):
        return src
    return shape.cut_by(src, [slice(0, n) for n in tuple(index.shape)])


@reads("scatter.src", "scatter.value")
def scatter(self: Any, dim: int, index: Any, src: Any = None, value: Any = None) -> Any:
    if not len(self.shape):
        return arithmetic.identity(self) * 0 + (value if src is None else src)
    given = value if src is None else _source(src, index)
    return _placed(self, index, axis_of(dim, len(self.shape))).set(given)


@reads("scatter.reduce", "scatter.value_reduce")
def scatter_by(
    self: Any, dim: int, index: Any, reduce: str, src: Any = None, value: Any = None
) -> Any:
    part = _placed(self, index, axis_of(dim, len(self.shape)))
    given = value if src is None else _source(src, index)
    return part.add(given) if reduce == "add" else part.multiply(given)


@reads("scatter_reduce.two")
def scatter_reduce(
    self: Any, dim: int, index: Any, src: Any, reduce: str, include_self: bool = True
) -> Any:
    """What falls onto one element put together, with it or without it."""
    axis, given = axis_of(dim, len(self.shape)), _source(src, index)
    start = {"prod": 1.0, "amax": -math.inf, "amin": math.inf}.get(reduce, 0.0)
    base = self if include_self else _placed(self, index, axis).set(start)
    part = _placed(base, index, axis)
    if reduce == "mean":
        ones = np.ones(tuple(self.shape), given.dtype)
        counted = ones if include_self else _placed(ones, index, axis).set(0.0)
        return part.add(given) / _placed(counted, index, axis).add(1.0)
    turn = {"sum": part.add, "prod": part.multiply, "amax": part.max, "amin": part.min}
    return turn[reduce](given)


@reads("scatter_add")
def scatter_add(self: Any, dim: int, index: Any, src: Any) -> Any:
    if not len(self.shape):
        return self + src
    axis = axis_of(dim, len(self.shape))
    src = _source(src, index)
    if all(i == axis or n == self.shape[i] for i, n in enumerate(tuple(index.shape))):
        return self + indexing.add_along_axis(src, index, axis=axis, shape=tuple(self.shape))
    return _placed(self, index, axis).add(src)


@reads("index_add")
def index_add(self: Any, dim: int, index: Any, source: Any, alpha: float = 1) -> Any:
    source = source if alpha == 1 else source * alpha
    if not len(self.shape):
        return self + shape.reshape(source, shape=())
    axis = axis_of(dim, len(self.shape))
    index = shape.reshape(index, shape=(-1,))
    return self + indexing.scatter_add(source, index, axis=axis, shape=tuple(self.shape))


def _rows(x: Any, dim: int, index: Any) -> Any:
    axis = axis_of(dim, len(x.shape))
    index = shape.reshape(index, shape=(-1,))
    return index_update.At(x)[(*(slice(None),) * axis, index)]


@reads("index_copy")
def index_copy(self: Any, dim: int, index: Any, source: Any) -> Any:
    if not len(self.shape):
        return shape.reshape(source, shape=())
    return _rows(self, dim, index).set(source)


@reads("index_fill")
def index_fill(self: Any, dim: int, index: Any, value: Any) -> Any:
    if not len(self.shape):
        return self * 0 + value
    return _rows(self, dim, index).set(value)


@reads("copy")
def copy(self: Any, src: Any) -> Any:
    """What is written over all of an array."""
    return shape.broadcast_to(src, shape=tuple(self.shape))


@reads("slice_scatter")
def slice_scatter(
    self: Any, src: Any, dim: int = 0, start: Any = None, end: Any = None, step: int = 1
) -> Any:
    axis = axis_of(dim, len(self.shape))
    return index_update.At(self)[(*(slice(None),) * axis, slice(start, end, step))].set(src)


@reads("select_scatter")
def select_scatter(self: Any, src: Any, dim: int, index: int) -> Any:
    axis = axis_of(dim, len(self.shape))
    return index_update.At(self)[(*(slice(None),) * axis, index)].set(src)


table({
    "diagonal_scatter": lambda self, src, offset=0, dim1=0, dim2=1: (
        names.diagonal_scatter(self, src, offset, dim1, dim2)
    ),
})


# --------------------------------------------------------------- sorting and searching


def _sorted(x: Any, axis: int, descending: bool) -> tuple[Any, Any]:
    if not len(x.shape):
        return arithmetic.identity(x), np.zeros((), np.int64)
    if descending:  # equal ones stay in their order
        turned = scan_sort.argsort(shape.flip(x, axis=axis), axis=axis)
        places = shape.flip(x.shape[axis] - 1 - turned, axis=axis)
    else:
        places = scan_sort.argsort(x, axis=axis)
    return indexing.take_along_axis(x, places, axis=axis), places


@reads("sort", "sort.stable")
def sort(self: Any, dim: int = -1, descending: bool = False, stable: Any = None) -> Any:
    axis = axis_of(dim, len(self.shape)) if len(self.shape) else 0
    return _sorted(self, axis, descending)


table({
    "argsort argsort.stable": lambda self, dim=-1, descending=False, stable=None: (
        sort(self, dim, descending)[1]
    ),
    "msort": lambda self: sort(self, 0)[0],
})


@reads("topk")
def topk(self: Any, k: int, dim: int = -1, largest: bool = True, sorted: bool = True) -> Any:
    if not len(self.shape):
        return arithmetic.identity(self), np.zeros((), np.int64)
    axis = axis_of(dim, len(self.shape))
    _, places = _sorted(self, axis, largest)
    items: list[Any] = [slice(None)] * len(self.shape)
    items[axis] = slice(0, k)
    places = shape.cut_by(places, items)
    return indexing.take_along_axis(self, places, axis=axis), places


@reads("kthvalue")
def kthvalue(self: Any, k: int, dim: int = -1, keepdim: bool = False) -> Any:
    if not len(self.shape):
        return arithmetic.identity(self), np.zeros((), np.int64)
    axis = axis_of(dim, len(self.shape))
    return _nth(self, k - 1, axis, keepdim)


def _nth(x: Any, n: int, axis: int, keepdim: bool) -> tuple[Any, Any]:
    values, places = _sorted(x, axis, False)
    items: list[Any] = [slice(None)] * len(x.shape)
    items[axis] = slice(n, n + 1) if keepdim else n
    return shape.cut_by(values, items), shape.cut_by(places, items)


@reads("median")
def median(self: Any) -> Any:
    flat = shape.reshape(self, shape=(-1,))
    return _nth(flat, (flat.shape[0] - 1) // 2, 0, False)[0]


@reads("median.dim")
def median_along(self: Any, dim: int, keepdim: bool = False) -> Any:
    if not len(self.shape):
        return arithmetic.identity(self), np.zeros((), np.int64)
    axis = axis_of(dim, len(self.shape))
    return _nth(self, (self.shape[axis] - 1) // 2, axis, keepdim)


@reads("searchsorted.Tensor", "searchsorted.Scalar")
def searchsorted(
    sorted_sequence: Any, self: Any, right: bool = False, side: str | None = None
) -> Any:
    way = side or ("right" if right else "left")
    self = np.asarray(self) if isinstance(self, (int, float)) else self
    return _searched(sorted_sequence, self, way)


@reads("bucketize.Tensor", "bucketize.Scalar")
def bucketize(self: Any, boundaries: Any, right: bool = False) -> Any:
    self = np.asarray(self) if isinstance(self, (int, float)) else self
    return _searched(boundaries, self, "right" if right else "left")


def _searched(a: Any, v: Any, side: str) -> Any:
    if len(a.shape) == 1:
        return numpy_functions.searchsorted(a, v, side)
    below = compare.less_equal if side == "right" else compare.less
    found = below(shape.expand_dims(a, axis=-2), shape.expand_dims(v, axis=-1))
    return reduce.sum(compare.astype(found, dtype=np.int64), axis=-1)


@reads("isin.Tensor_Tensor", "isin.Tensor_Scalar")
def isin(elements: Any, test_elements: Any = None, test_element: Any = None) -> Any:
    among = test_elements if test_element is None else np.asarray([test_element])
    return numpy_functions.isin(elements, among)
