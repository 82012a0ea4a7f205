"""PyTorch's functions that are put together from operations of the table, by PyTorch's names.

Each gives a new tensor, as all functions here do. What NumPy has, too, stands in
`numpy_functions`; methods of tensors in `methods`.
"""

from __future__ import annotations

import operator
from collections.abc import Sequence
from typing import Any

import numpy as np

from seegrad.errors import ShapeError, ValueRangeError
from seegrad.i18n import tr
from seegrad.ops import arithmetic, compare, indexing, shape, transcendental
from seegrad.ops.families import one_axis
from seegrad.ops.index_update import At
from seegrad.ops.linear import factorisations, linalg
from seegrad.tensor.numpy_functions import searchsorted

like = shape.array_like


def _key(x: Any, dim: int, index: Any) -> tuple[Any, ...]:
    return (*(slice(None),) * one_axis(dim, len(x.shape)), index)


def _written(x: Any, key: Any, how: str, value: Any) -> Any:
    """x with x[key] changed."""
    return getattr(At(x)[key], how)(value)


def index_add(x: Any, dim: int, index: Any, source: Any, *, alpha: float = 1) -> Any:
    """x with alpha·source added at the places `index` along `dim`; a place may be named again.

    >>> index_add(np.zeros(3), 0, [0, 0, 2], [1.0, 2.0, 5.0])
    array([3., 0., 5.])
    """
    x, source = like(x), like(source)
    return _written(x, _key(x, dim, np.asarray(index)), "add", source * alpha)


def index_copy(x: Any, dim: int, index: Any, source: Any) -> Any:
    """x with the rows of `source` at the places `index` along `dim`."""
    x = like(x)
    return _written(x, _key(x, dim, np.asarray(index)), "set", like(source))


def index_fill(x: Any, dim: int, index: Any, value: Any) -> Any:
    """x with one value at the places `index` along `dim`."""
    x = like(x)
    return _written(x, _key(x, dim, np.asarray(index)), "set", value)


def index_put(x: Any, indices: Sequence[Any], values: Any, accumulate: bool = False) -> Any:
    """x with x[indices] = values, or added to with `accumulate`."""
    key = tuple(i if hasattr(i, "op") else np.asarray(i) for i in indices)
    return _written(like(x), key, "add" if accumulate else "set", like(values))


def index_select(x: Any, dim: int, index: Any) -> Any:
    """x read at the places `index` along `dim`."""
    x = like(x)
    return indexing.take(x, np.asarray(index), axis=one_axis(dim, len(x.shape)))


def select_scatter(x: Any, src: Any, dim: int, index: int) -> Any:
    """x with `src` in place of x[index] along `dim`."""
    x = like(x)
    return _written(x, _key(x, dim, operator.index(index)), "set", like(src))


def slice_scatter(
    x: Any, src: Any, dim: int = 0, start: int | None = None, end: int | None = None,
    step: int = 1,
) -> Any:  # fmt: skip
    """x with `src` in place of x[start:end:step] along `dim`."""
    x = like(x)
    return _written(x, _key(x, dim, slice(start, end, step)), "set", like(src))


def diagonal_scatter(
    x: Any, src: Any, offset: int = 0, dim1: int = 0, dim2: int = 1
) -> Any:
    """x with `src` on a diagonal."""
    x, ndim = like(x), len(x.shape)
    at, to = one_axis(dim1, ndim), one_axis(dim2, ndim)
    rows = np.arange(max(0, min(x.shape[at] + min(offset, 0), x.shape[to] - max(offset, 0))))
    moved = shape.moveaxis(x, (at, to), (0, 1))
    key = (rows - min(offset, 0), rows + max(offset, 0))
    new = shape.moveaxis(like(src), -1, 0)
    return shape.moveaxis(_written(moved, key, "set", new), (0, 1), (at, to))


def masked_fill(x: Any, mask: Any, value: Any) -> Any:
    """x with one value where the mask holds."""
    return compare.where(like(mask), value, like(x))


def gather(x: Any, dim: int, index: Any) -> Any:
    """x read at `index` along `dim`, element by element; as `take_along_axis`."""
    return indexing.take_along_axis(like(x), like(index), axis=dim)


def scatter_add(x: Any, dim: int, index: Any, src: Any) -> Any:
    """x with src added at `index` along `dim`, element by element."""
    x = like(x)
    at = one_axis(dim, len(x.shape))
    added = indexing.add_along_axis(like(src), like(index), axis=at, shape=tuple(x.shape))
    return arithmetic.add(x, added)


def narrow(x: Any, dim: int, start: int, length: int) -> Any:
    """`length` elements of x along `dim`, from `start` on."""
    x = like(x)
    at = one_axis(dim, len(x.shape))
    first = start + x.shape[at] if start < 0 else start
    if length < 0 or first < 0 or first + length > x.shape[at]:
        raise ShapeError(
            "this part reaches out of the axis", asked=tr("at most {n}", n=x.shape[at]),
            came=f"start={start}, length={length}",
        )  # fmt: skip
    return shape.part(x, at, first, length)


def unbind(x: Any, dim: int = 0) -> tuple[Any, ...]:
    """The slices of x along `dim`, one by one."""
    x = like(x)
    return tuple(x[_key(x, dim, i)] for i in range(x.shape[one_axis(dim, len(x.shape))]))


def chunk(x: Any, chunks: int, dim: int = 0) -> tuple[Any, ...]:
    """x in at most `chunks` parts of one size along `dim`, the last perhaps smaller."""
    x = like(x)
    if chunks < 1:
        raise ValueRangeError("parts are counted from 1", came=f"{chunks}")
    at = one_axis(dim, len(x.shape))
    each = max(1, -(-x.shape[at] // chunks))
    return tuple(
        shape.part(x, at, i, min(each, x.shape[at] - i)) for i in range(0, x.shape[at], each)
    )


def bucketize(x: Any, boundaries: Any, *, right: bool = False) -> Any:
    """Between which of the ascending boundaries each x lies; whole numbers.

    right=False: boundaries[i-1] < x ≤ boundaries[i]; True: boundaries[i-1] ≤ x < boundaries[i].
    """
    return searchsorted(boundaries, x, side="right" if right else "left")


def logdet(a: Any) -> Any:
    """The logarithm of the determinant; −∞ where it is 0, NaN where it is negative."""
    sign, size = factorisations.slogdet(a)
    return compare.where(compare.less(sign, 0), np.nan, size)


def clamp(x: Any, min: Any = None, max: Any = None) -> Any:
    """x, but not below `min` and not above `max`; as `clip`."""
    return arithmetic.clip(x, min, max)


def lerp(start: Any, end: Any, weight: Any) -> Any:
    """start + weight·(end − start)."""
    start = like(start)
    return start + weight * (like(end) - start)


def addcmul(x: Any, a: Any, b: Any, *, value: float = 1) -> Any:
    """x + value·a·b."""
    return like(x) + value * (like(a) * like(b))


def addcdiv(x: Any, a: Any, b: Any, *, value: float = 1) -> Any:
    """x + value·a/b."""
    return like(x) + value * (like(a) / like(b))


def addmm(x: Any, a: Any, b: Any, *, beta: float = 1, alpha: float = 1) -> Any:
    """beta·x + alpha·a@b; for batches `baddbmm`, for a vector b `addmv`."""
    return beta * like(x) + alpha * linalg.matmul(like(a), like(b))


addmv = baddbmm = addmm


def addr(x: Any, a: Any, b: Any, *, beta: float = 1, alpha: float = 1) -> Any:
    """beta·x + alpha·(the outer product of a and b)."""
    return beta * like(x) + alpha * linalg.outer(like(a), like(b))


mm = bmm = mv = linalg.matmul


def rsqrt(x: Any) -> Any:
    """1 / √x."""
    return arithmetic.reciprocal(arithmetic.sqrt(compare.floating(like(x))))


def cdist(a: Any, b: Any, p: float = 2.0) -> Any:
    """The distance of each row of a to each row of b: (…, m, d), (…, n, d) to (…, m, n)."""
    apart = shape.expand_dims(like(a), axis=-2) - shape.expand_dims(like(b), axis=-3)
    if p == 2:
        return linalg.norm(apart, axis=-1)
    if p == 1:
        return arithmetic.abs(apart).sum(axis=-1)
    return transcendental.power((arithmetic.abs(apart) ** p).sum(axis=-1), 1 / p)


def diag_embed(x: Any, offset: int = 0, dim1: int = -2, dim2: int = -1) -> Any:
    """Matrices with the last axis of x on a diagonal."""
    x = like(x)
    size, ndim = x.shape[-1] + abs(offset), len(x.shape) + 1
    found = linalg.place_diagonal(
        x, offset=offset, axis1=ndim - 2, axis2=ndim - 1, shape=(*x.shape[:-1], size, size)
    )
    return shape.moveaxis(found, (-2, -1), (dim1, dim2))


def movedim(x: Any, source: Any, destination: Any) -> Any:
    """Axes moved to other places; as `moveaxis`."""
    return shape.moveaxis(like(x), source, destination)
