"""PyTorch's functions that are put together from operations of the table, by PyTorch's names.

Each gives a new tensor, as all functions here do. What NumPy has, too, stands in
`numpy_functions`; methods of tensors in `methods`.
"""

from __future__ import annotations

import itertools
import operator
from collections.abc import Sequence
from typing import Any

import numpy as np

from seegrad.errors import ShapeError, ValueRangeError
from seegrad.i18n import tr
from seegrad.ops import (
    arithmetic,
    compare,
    indexing,
    reduce,
    scan_sort,
    shape,
    transcendental,
)
from seegrad.ops.families import one_axis
from seegrad.ops.index_update import At
from seegrad.ops.linear import factorisations, linalg
from seegrad.ops.nn import activation
from seegrad.ops.special import functions
from seegrad.tensor.numpy_functions import searchsorted
from seegrad.tensor.special import multigammaln

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
    return _written(x, _key(x, dim, like(index)), "add", source * alpha)


def index_copy(x: Any, dim: int, index: Any, source: Any) -> Any:
    """x with the rows of `source` at the places `index` along `dim`.

    >>> index_copy(np.zeros(3), 0, [2, 0], [1.0, 5.0])
    array([5., 0., 1.])
    """
    x = like(x)
    return _written(x, _key(x, dim, like(index)), "set", like(source))


def index_fill(x: Any, dim: int, index: Any, value: Any) -> Any:
    """x with one value at the places `index` along `dim`.

    >>> index_fill(np.zeros(3), 0, [0, 2], 7.0)
    array([7., 0., 7.])
    """
    x = like(x)
    return _written(x, _key(x, dim, like(index)), "set", value)


def index_put(x: Any, indices: Sequence[Any], values: Any, accumulate: bool = False) -> Any:
    """x with x[indices] = values, or added to with `accumulate`.

    >>> index_put(np.zeros(3), ([0, 2],), 7.0)
    array([7., 0., 7.])
    """
    key = tuple(map(like, indices))
    return _written(like(x), key, "add" if accumulate else "set", like(values))


def index_select(x: Any, dim: int, index: Any) -> Any:
    """x read at the places `index` along `dim`.

    >>> index_select([1.0, 2.0, 3.0], 0, [2, 0])
    array([3., 1.])
    """
    x = like(x)
    return indexing.take(x, like(index), axis=one_axis(dim, len(x.shape)))


def select_scatter(x: Any, src: Any, dim: int, index: int) -> Any:
    """x with `src` in place of x[index] along `dim`.

    >>> select_scatter(np.zeros((2, 2)), [1.0, 2.0], 0, 1)
    array([[0., 0.],
           [1., 2.]])
    """
    x = like(x)
    return _written(x, _key(x, dim, operator.index(index)), "set", like(src))


def slice_scatter(
    x: Any, src: Any, dim: int = 0, start: int | None = None, end: int | None = None,
    step: int = 1,
) -> Any:  # fmt: skip
    """x with `src` in place of x[start:end:step] along `dim`.

    >>> slice_scatter(np.zeros(3), [1.0, 2.0], 0, 1)
    array([0., 1., 2.])
    """
    x = like(x)
    return _written(x, _key(x, dim, slice(start, end, step)), "set", like(src))


def diagonal_scatter(
    x: Any, src: Any, offset: int = 0, dim1: int = 0, dim2: int = 1
) -> Any:
    """x with `src` on a diagonal.

    Args:
        offset: which diagonal: 0 the main one, above it positive.
        dim1: the axis of the rows.
        dim2: that of the columns.

    >>> diagonal_scatter(np.zeros((2, 2)), [1.0, 2.0])
    array([[1., 0.],
           [0., 2.]])
    """
    x, ndim = like(x), len(x.shape)
    at, to = one_axis(dim1, ndim), one_axis(dim2, ndim)
    rows = np.arange(max(0, min(x.shape[at] + min(offset, 0), x.shape[to] - max(offset, 0))))
    moved = shape.moveaxis(x, (at, to), (0, 1))
    key = (rows - min(offset, 0), rows + max(offset, 0))
    new = shape.moveaxis(like(src), -1, 0)
    return shape.moveaxis(_written(moved, key, "set", new), (0, 1), (at, to))


def masked_fill(x: Any, mask: Any, value: Any) -> Any:
    """x with one value where the mask holds.

    >>> masked_fill([1.0, 2.0], [True, False], 0.0)
    array([0., 2.])
    """
    return compare.where(like(mask), value, like(x))


def gather(x: Any, dim: int, index: Any) -> Any:
    """x read at `index` along `dim`, element by element; as `take_along_axis`.

    >>> gather([[1.0, 2.0], [3.0, 4.0]], 1, [[0], [1]])
    array([[1.],
           [4.]])
    """
    return indexing.take_along_axis(like(x), like(index), axis=dim)


def scatter_add(x: Any, dim: int, index: Any, src: Any) -> Any:
    """x with src added at `index` along `dim`, element by element.

    >>> scatter_add(np.zeros(3), 0, [2, 2], [1.0, 5.0])
    array([0., 0., 6.])
    """
    x = like(x)
    at = one_axis(dim, len(x.shape))
    added = indexing.add_along_axis(like(src), like(index), axis=at, shape=tuple(x.shape))
    return arithmetic.add(x, added)


def narrow(x: Any, dim: int, start: int, length: int) -> Any:
    """`length` elements of x along `dim`, from `start` on.

    Raises:
        ShapeError: where the part reaches out of the axis.

    >>> narrow([1.0, 2.0, 3.0, 4.0], 0, 1, 2)
    array([2., 3.])
    """
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
    """The slices of x along `dim`, one by one.

    >>> unbind([1.0, 2.0])
    (np.float64(1.0), np.float64(2.0))
    """
    x = like(x)
    return tuple(x[_key(x, dim, i)] for i in range(x.shape[one_axis(dim, len(x.shape))]))


def chunk(x: Any, chunks: int, dim: int = 0) -> tuple[Any, ...]:
    """x in at most `chunks` parts of one size along `dim`, the last perhaps smaller.

    Raises:
        ValueRangeError: for less than one part.

    >>> chunk([1.0, 2.0, 3.0], 2)
    (array([1., 2.]), array([3.]))
    """
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

    >>> bucketize([0.5, 2.5], [1.0, 2.0, 3.0])
    array([0, 2])
    """
    return searchsorted(boundaries, x, side="right" if right else "left")


def logdet(a: Any) -> Any:
    """The logarithm of the determinant; −∞ where it is 0, NaN where it is negative.

    >>> round(float(logdet([[2.0, 0.0], [0.0, 3.0]])), 4)
    1.7918
    """
    sign, size = factorisations.slogdet(a)
    return compare.where(compare.less(sign, 0), np.nan, size)


def clamp(x: Any, min: Any = None, max: Any = None) -> Any:
    """x, but not below `min` and not above `max`; as `clip`.

    >>> clamp([-2.0, 0.5, 2.0], min=-1.0, max=1.0)
    array([-1. ,  0.5,  1. ])
    """
    return arithmetic.clip(x, min, max)


def lerp(start: Any, end: Any, weight: Any) -> Any:
    """start + weight·(end − start).

    >>> lerp([0.0], [10.0], 0.25)
    array([2.5])
    """
    start = like(start)
    return start + weight * (like(end) - start)


def addcmul(x: Any, a: Any, b: Any, *, value: float = 1) -> Any:
    """x + value·a·b.

    >>> addcmul([1.0, 2.0], [3.0, 4.0], [2.0, 8.0], value=2)
    array([13., 66.])
    """
    return like(x) + value * (like(a) * like(b))


def addcdiv(x: Any, a: Any, b: Any, *, value: float = 1) -> Any:
    """x + value·a/b.

    >>> addcdiv([1.0, 2.0], [3.0, 4.0], [2.0, 8.0], value=2)
    array([4., 3.])
    """
    return like(x) + value * (like(a) / like(b))


def addmm(x: Any, a: Any, b: Any, *, beta: float = 1, alpha: float = 1) -> Any:
    """beta·x + alpha·a@b; for batches `baddbmm`, for a vector b `addmv`.

    >>> addmm(np.ones((2, 2)), np.eye(2), np.full((2, 2), 3.0), beta=2, alpha=10)
    array([[32., 32.],
           [32., 32.]])
    """
    return beta * like(x) + alpha * linalg.matmul(like(a), like(b))


addmv = baddbmm = addmm


def addr(x: Any, a: Any, b: Any, *, beta: float = 1, alpha: float = 1) -> Any:
    """beta·x + alpha·(the outer product of a and b).

    >>> addr(np.zeros((2, 2)), [1.0, 2.0], [3.0, 4.0], alpha=10)
    array([[30., 40.],
           [60., 80.]])
    """
    return beta * like(x) + alpha * linalg.outer(like(a), like(b))


mm = bmm = mv = linalg.matmul


def rsqrt(x: Any) -> Any:
    """1 / √x.

    >>> rsqrt([4.0, 16.0])
    array([0.5 , 0.25])
    """
    return arithmetic.reciprocal(arithmetic.sqrt(compare.floating(like(x))))


def cdist(a: Any, b: Any, p: float = 2.0) -> Any:
    """The distance of each row of a to each row of b: (…, m, d), (…, n, d) to (…, m, n).

    Args:
        p: the power of the norm: 2 for lengths, 1 for the sum of the sizes.

    >>> cdist([[0.0, 0.0]], [[3.0, 4.0], [0.0, 1.0]])
    array([[5., 1.]])
    """
    apart = shape.expand_dims(like(a), axis=-2) - shape.expand_dims(like(b), axis=-3)
    if p == 2:
        return linalg.norm(apart, axis=-1)
    if p == 1:
        return arithmetic.abs(apart).sum(axis=-1)
    return transcendental.power((arithmetic.abs(apart) ** p).sum(axis=-1), 1 / p)


def diag_embed(x: Any, offset: int = 0, dim1: int = -2, dim2: int = -1) -> Any:
    """Matrices with the last axis of x on a diagonal.

    Args:
        offset: which diagonal: 0 the main one, above it positive.
        dim1: where the rows' axis stands in the result.
        dim2: where the columns' axis stands.

    >>> diag_embed([1.0, 2.0])
    array([[1., 0.],
           [0., 2.]])
    """
    x = like(x)
    size, ndim = x.shape[-1] + abs(offset), len(x.shape) + 1
    found = linalg.place_diagonal(
        x, offset=offset, axis1=ndim - 2, axis2=ndim - 1, shape=(*x.shape[:-1], size, size)
    )
    return shape.moveaxis(found, (-2, -1), (dim1, dim2))


def movedim(x: Any, source: Any, destination: Any) -> Any:
    """Axes moved to other places; as `moveaxis`.

    Args:
        source: which axes move.
        destination: where they go.

    >>> movedim(np.ones((2, 3, 4)), 0, 2).shape
    (3, 4, 2)
    """
    return shape.moveaxis(like(x), source, destination)


def scatter(x: Any, dim: int, index: Any, src: Any) -> Any:
    """x with src in the places `index` along `dim`, element by element; the last one counts.

    >>> scatter(np.zeros(3), 0, [2, 0], [1.0, 5.0])
    array([5., 0., 1.])
    """
    x, index = like(x), like(index)
    at = one_axis(dim, len(x.shape))
    key = [like(i) for i in np.indices(tuple(index.shape), sparse=True)]
    key[at] = index
    new = src if not hasattr(src, "shape") else src[tuple(map(slice, index.shape))]
    return _written(x, tuple(key), "set", new)


def unflatten(x: Any, dim: int, sizes: Sequence[int]) -> Any:
    """x with one axis as several, of these sizes.

    Args:
        dim: which axis.

    >>> unflatten(np.ones(6), 0, (2, 3)).shape
    (2, 3)
    """
    x = like(x)
    at = one_axis(dim, len(x.shape))
    return shape.reshape(x, shape=(*x.shape[:at], *sizes, *x.shape[at + 1 :]))


def std_mean(
    x: Any, dim: Any = None, *, correction: float = 1, keepdim: bool = False
) -> tuple[Any, Any]:
    """The standard deviation, by n − correction, and the mean.

    Args:
        dim: along which axis; None: of all of x.
        keepdim: does it stay, with size 1?

    >>> std_mean([1.0, 2.0, 3.0])
    (np.float64(1.0), np.float64(2.0))
    """
    x = like(x)
    deviation = reduce.std(x, axis=dim, keepdims=keepdim, ddof=correction)
    return deviation, reduce.mean(x, axis=dim, keepdims=keepdim)


def var_mean(
    x: Any, dim: Any = None, *, correction: float = 1, keepdim: bool = False
) -> tuple[Any, Any]:
    """The variance, by n − correction, and the mean.

    Args:
        dim: along which axis; None: of all of x.
        keepdim: does it stay, with size 1?

    >>> var_mean([1.0, 2.0, 3.0])
    (np.float64(1.0), np.float64(2.0))
    """
    x = like(x)
    variance = reduce.var(x, axis=dim, keepdims=keepdim, ddof=correction)
    return variance, reduce.mean(x, axis=dim, keepdims=keepdim)


def aminmax(x: Any, *, dim: int | None = None, keepdim: bool = False) -> tuple[Any, Any]:
    """The smallest and the largest element along `dim`.

    Args:
        keepdim: does `dim` stay, with size 1?

    >>> aminmax([3.0, 1.0, 2.0])
    (np.float64(1.0), np.float64(3.0))
    """
    x = like(x)
    low = reduce.min(x, axis=dim, keepdims=keepdim)
    return low, reduce.max(x, axis=dim, keepdims=keepdim)


def msort(x: Any) -> Any:
    """x in ascending order along its first axis.

    >>> msort([[3.0, 1.0], [2.0, 4.0]])
    array([[2., 1.],
           [3., 4.]])
    """
    return scan_sort.sort(like(x), axis=0)


def kthvalue(x: Any, k: int, dim: int = -1, keepdim: bool = False) -> tuple[Any, Any]:
    """The k-th smallest element along `dim`, counted from 1, and where it is.

    Args:
        keepdim: does `dim` stay, with size 1?

    Raises:
        ValueRangeError: where there are not so many elements.

    >>> kthvalue([3.0, 1.0, 2.0], 2)
    (array(2.), array(2))
    """
    x = like(x)
    at = one_axis(dim, len(x.shape))
    if not 1 <= k <= x.shape[at]:
        raise ValueRangeError(
            "there are not so many elements", asked=tr("at most {n}", n=x.shape[at]), came=f"k={k}"
        )
    places = shape.part(scan_sort.argsort(x, axis=at), at, k - 1, 1)
    found = indexing.take_along_axis(x, places, axis=at)
    return (found, places) if keepdim else (
        shape.squeeze(found, axis=at), shape.squeeze(places, axis=at)
    )


# --------------------------------------------------------------- torch.nn.functional


def _reduced(x: Any, reduction: str) -> Any:
    if reduction == "none":
        return x
    if reduction == "batchmean":
        return reduce.sum(x) / x.shape[0]
    if reduction not in ("mean", "sum"):
        raise ValueRangeError(
            "an unknown reduction", asked="none, mean, sum", came=f"reduction={reduction!r}"
        )
    return reduce.mean(x) if reduction == "mean" else reduce.sum(x)


def glu(x: Any, dim: int = -1) -> Any:
    """a·σ(b), a and b the halves of x along `dim` (Dauphin et al., 2016).

    >>> glu([1.0, 2.0, 0.0, 0.0])
    array([0.5, 1. ])
    """
    a, b = shape.split(like(x), 2, dim)
    return a * activation.sigmoid(b)


def cosine_similarity(a: Any, b: Any, dim: int = 1, eps: float = 1e-8) -> Any:
    """The cosine of the angle between vectors along `dim`; sizes count as `eps` at least.

    >>> cosine_similarity([[1.0, 1.0]], [[1.0, 0.0]])
    array([0.70710678])
    """
    a, b = like(a), like(b)
    sizes = [
        arithmetic.maximum(linalg.norm(x, axis=dim, keepdims=True), eps) for x in (a, b)
    ]
    return reduce.sum((a / sizes[0]) * (b / sizes[1]), axis=dim)


def kl_div(x: Any, target: Any, reduction: str = "mean", log_target: bool = False) -> Any:
    """target·(log target − x) for log-probabilities x; `reduction` as PyTorch's.

    Args:
        log_target: is `target` a logarithm too?

    >>> round(float(kl_div(np.log([0.5, 0.5]), [0.75, 0.25])), 4)
    0.0654
    """
    x, target = like(x), like(target)
    if log_target:
        return _reduced(transcendental.exp(target) * (target - x), reduction)
    return _reduced(functions.xlogy(target, target) - target * x, reduction)


def smooth_l1_loss(x: Any, target: Any, reduction: str = "mean", beta: float = 1.0) -> Any:
    """d²/(2·beta) where |d| < beta, |d| − beta/2 beyond.

    Args:
        reduction: "mean", "sum" or "none".
        target: what x should be.

    >>> float(smooth_l1_loss([1.0, 3.0], [1.0, 0.0]))
    1.25
    """
    apart = like(x) - like(target)
    size = arithmetic.abs(apart)
    near = apart * apart * (0.5 / beta) if beta else size
    return _reduced(compare.where(compare.less(size, beta), near, size - beta / 2), reduction)


def rms_norm(x: Any, normalized_shape: Any, weight: Any = None, eps: float | None = None) -> Any:
    """x over the root of its mean square along the last axes (Zhang and Sennrich, 2019).

    Args:
        eps: what keeps the root away from 0; the dtype's own least step when not given.
        weight: what each element is multiplied by.

    Raises:
        ShapeError: where `normalized_shape` is not that of the last axes.

    >>> rms_norm([3.0, 4.0], 2)
    array([0.84852814, 1.13137085])
    """
    x = compare.floating(like(x))
    sizes = (normalized_shape,) if isinstance(normalized_shape, int) else tuple(normalized_shape)
    if tuple(x.shape[len(x.shape) - len(sizes) :]) != sizes:
        raise ShapeError("these are not the last axes", asked=f"(..., {sizes})", came=f"{x.shape}")
    axes = tuple(range(-len(sizes), 0))
    least = float(np.finfo(x.dtype).eps) if eps is None else eps
    found = x * rsqrt(reduce.mean(x * x, axis=axes, keepdims=True) + least)
    return found if weight is None else found * like(weight)


def embedding_bag(
    indices: Any, weight: Any, offsets: Any = None, mode: str = "mean",
    per_sample_weights: Any = None,
) -> Any:  # fmt: skip
    """Rows of `weight` at the indices, summed or averaged bag by bag; "max" the largest of each.

    Args:
        indices: (bags, n); or a vector, of which `offsets` says where each bag begins.
        per_sample_weights: a factor for each row, with mode "sum".

    Raises:
        ValueRangeError: for another mode.

    >>> embedding_bag([[0, 1]], np.eye(3), mode="sum")
    array([[1., 1., 0.]])
    """
    indices, weight = like(indices), like(weight)
    if mode not in ("sum", "mean", "max"):
        raise ValueRangeError("an unknown mode", asked="sum, mean, max", came=f"mode={mode!r}")
    rows = indexing.take(weight, indices, axis=0)
    if per_sample_weights is not None:
        rows = rows * shape.expand_dims(like(per_sample_weights), axis=-1)
    reduced = {"sum": reduce.sum, "mean": reduce.mean, "max": reduce.max}[mode]
    if len(indices.shape) == 2:
        return reduced(rows, axis=1)
    begins = [*map(int, np.asarray(offsets)), indices.shape[0]]
    bags = [
        reduced(shape.part(rows, 0, a, b - a), axis=0) if b > a else weight[0] * 0
        for a, b in itertools.pairwise(begins)
    ]
    return shape.stack(*bags, axis=0)


mvlgamma = multigammaln


def take_along_dim(x: Any, indices: Any, dim: int) -> Any:
    """x read at `indices` along `dim`, the other axes broadcast.

    >>> take_along_dim([[1.0, 2.0]], [[1]], 1)
    array([[2.]])
    """
    return gather(x, dim, indices)

