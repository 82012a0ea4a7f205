"""ATen's sums, extremes, norms and running sums that say more than one op of ours."""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np

from seegrad.interop.pytorch.operators.reader import as_dtype, axis_of, reads, table
from seegrad.ops import (
    arithmetic,
    compare,
    indexing,
    linalg,
    norms,
    reduce,
    scan_sort,
    shape,
)
from seegrad.tensor import numpy_functions

Axes = Any


def _axes(dim: Any) -> Axes:
    """None for all axes, as ATen's empty list is."""
    if dim is None or (isinstance(dim, tuple) and not dim):
        return None
    return dim


@reads("sum", "sum.dim_IntList")
def sum_(self: Any, result_dtype: Any, dim: Any = None, keepdim: bool = False) -> Any:
    x = as_dtype(self, result_dtype) if result_dtype.kind == "f" else _whole(self, result_dtype)
    return reduce.sum(x, axis=_axes(dim), keepdims=keepdim)


def _whole(x: Any, dtype: Any) -> Any:
    return compare.astype(x, dtype=dtype) if x.dtype.kind == "b" else x


table({
    "mean mean.dim": lambda self, result_dtype, dim=None, keepdim=False: (
        reduce.mean(as_dtype(self, result_dtype), axis=_axes(dim), keepdims=keepdim)
    ),
    "nansum": lambda self, dim=None, keepdim=False: (
        numpy_functions.nansum(self, _axes(dim), keepdim)
    ),
    "nanmean": lambda self, dim=None, keepdim=False: (
        numpy_functions.nanmean(self, _axes(dim), keepdim)
    ),
})


@reads("prod", "prod.dim_int")
def prod(self: Any, result_dtype: Any, dim: int | None = None, keepdim: bool = False) -> Any:
    x = as_dtype(self, result_dtype) if result_dtype.kind == "f" else _whole(self, result_dtype)
    return reduce.prod(x, axis=dim, keepdims=keepdim)


def _spread(
    function: Callable[..., Any], self: Any, dim: Any = None, unbiased: bool = True,
    correction: Any = None, keepdim: bool = False,
) -> Any:  # fmt: skip
    ddof = (1 if unbiased else 0) if correction is None else correction
    return function(self, axis=_axes(dim), ddof=ddof, keepdims=keepdim)


def _spread_and_mean(
    function: Callable[..., Any], self: Any, dim: Any = None, unbiased: bool = True,
    correction: Any = None, keepdim: bool = False,
) -> Any:  # fmt: skip
    found = _spread(function, self, dim, unbiased, correction, keepdim)
    return found, reduce.mean(self, axis=_axes(dim), keepdims=keepdim)


for _name, _function in (("var", reduce.var), ("std", reduce.std)):
    for _word, _reader in ((_name, _spread), (f"{_name}_mean", _spread_and_mean)):
        reads(_word, f"{_word}.dim", f"{_word}.correction")(partial(_reader, _function))


# --------------------------------------------------------------- extremes


table({
    "amax": lambda self, dim=(), keepdim=False: reduce.max(self, axis=_axes(dim), keepdims=keepdim),
    "amin": lambda self, dim=(), keepdim=False: reduce.min(self, axis=_axes(dim), keepdims=keepdim),
    "aminmax": lambda self, dim=None, keepdim=False: (
        reduce.min(self, axis=dim, keepdims=keepdim), reduce.max(self, axis=dim, keepdims=keepdim)
    ),
    "max.dim": lambda self, dim, keepdim=False: _chosen(self, dim, keepdim, reduce.argmax),
    "min.dim": lambda self, dim, keepdim=False: _chosen(self, dim, keepdim, reduce.argmin),
    "max.other": lambda self, other: arithmetic.maximum(self, other),
    "min.other": lambda self, other: arithmetic.minimum(self, other),
    "argmax": lambda self, dim=None, keepdim=False: _where(reduce.argmax, self, dim, keepdim),
    "argmin": lambda self, dim=None, keepdim=False: _where(reduce.argmin, self, dim, keepdim),
    "all all.dim all.dims": lambda self, dim=None, keepdim=False: (
        reduce.all(self, axis=_axes(dim), keepdims=keepdim)
    ),
    "any any.dim any.dims": lambda self, dim=None, keepdim=False: (
        reduce.any(self, axis=_axes(dim), keepdims=keepdim)
    ),
    "count_nonzero count_nonzero.dim_IntList": lambda self, dim=None: (
        numpy_functions.count_nonzero(self, _axes(dim))
    ),
    "logsumexp": lambda self, dim, result_dtype, keepdim=False: (
        reduce.logsumexp(as_dtype(self, result_dtype), axis=_axes(dim), keepdims=keepdim)
    ),
})


def _chosen(x: Any, dim: int, keepdim: bool, find: Any) -> tuple[Any, Any]:
    """The values at the places that are found, which get all of the derivative."""
    if not len(x.shape):
        return arithmetic.identity(x), np.zeros((), np.int64)
    axis = axis_of(dim, len(x.shape))
    places = find(x, axis=axis, keepdims=True)
    values = indexing.take_along_axis(x, places, axis=axis)
    if keepdim:
        return values, places
    return shape.squeeze(values, axis=axis), shape.squeeze(places, axis=axis)


def _where(find: Any, x: Any, dim: int | None, keepdim: bool) -> Any:
    if not len(x.shape):
        return np.zeros((), np.int64)
    x = x if x.dtype.kind != "b" else compare.astype(x, dtype=np.int64)
    return find(x, axis=dim, keepdims=keepdim)


# --------------------------------------------------------------- norms


table({
    "linalg_vector_norm": lambda self, ord=2, dim=None, keepdim=False: (
        norms.vector_norm(self, ord=ord, axis=_axes(dim), keepdims=keepdim)
    ),
})


@reads("norm.Scalar", "norm.ScalarOpt_dim", "norm.ScalarOpt_dtype", "norm.ScalarOpt_dim_dtype")
def norm(self: Any, p: Any = 2, dim: Any = None, keepdim: bool = False) -> Any:
    return norms.vector_norm(
        self, ord=2 if p is None else p, axis=_axes(dim), keepdims=keepdim
    )


@reads("linalg_norm", "linalg_matrix_norm", "linalg_matrix_norm.str_ord", "linalg_norm.ord_str")
def linalg_norm(self: Any, ord: Any = None, dim: Any = None, keepdim: bool = False) -> Any:
    if dim is None and ord is not None and len(self.shape) > 2:
        dim = (-2, -1)
    return norms.norm(self, ord, tuple(dim) if isinstance(dim, (tuple, list)) else dim, keepdim)


@reads("renorm")
def renorm(self: Any, p: float, dim: int, maxnorm: float) -> Any:
    axis = axis_of(dim, len(self.shape))
    others = tuple(i for i in range(len(self.shape)) if i != axis)
    size = norms.vector_norm(self, ord=p, axis=others, keepdims=True)
    return self * compare.where(size > maxnorm, maxnorm / (size + 1e-7), 1.0)


@reads("_weight_norm", "_weight_norm_interface")
def weight_norm(v: Any, g: Any, dim: int = 0) -> Any:
    others = tuple(i for i in range(len(v.shape)) if i != axis_of(dim, len(v.shape)))
    return v * (g / linalg.norm(v, axis=others, keepdims=True))


# --------------------------------------------------------------- running


@reads("cumsum")
def cumsum(self: Any, dim: int, result_dtype: Any) -> Any:
    if not len(self.shape):
        return arithmetic.identity(self)
    return scan_sort.cumsum(_whole(self, result_dtype), axis=axis_of(dim, len(self.shape)))


@reads("cumprod")
def cumprod(self: Any, dim: int) -> Any:
    if not len(self.shape):
        return arithmetic.identity(self)
    return scan_sort.cumprod(self, axis=axis_of(dim, len(self.shape)))


@reads("logcumsumexp")
def logcumsumexp(self: Any, dim: int) -> Any:
    if not len(self.shape):
        return arithmetic.identity(self)
    return numpy_functions.logcumsumexp(self, dim)


def _so_far(x: Any, dim: int, beats: Any) -> tuple[Any, Any]:
    """The best element so far along an axis, the last of equal ones, and its place."""
    if not len(x.shape):
        return arithmetic.identity(x), np.zeros((), np.int64)
    axis = axis_of(dim, len(x.shape))
    n = x.shape[axis]
    last = shape.moveaxis(x, source=axis, destination=-1)
    earlier = np.tri(n, dtype=bool)
    candidates = compare.where(earlier, shape.expand_dims(last, axis=-2), _worst(x, beats))
    turned = shape.flip(candidates, axis=-1)
    find = reduce.argmax if beats is compare.greater else reduce.argmin
    places = n - 1 - find(turned, axis=-1)
    places = shape.moveaxis(places, source=-1, destination=axis)
    return indexing.take_along_axis(x, places, axis=axis), places


def _worst(x: Any, beats: Any) -> Any:
    if x.dtype.kind == "f":
        return -math.inf if beats is compare.greater else math.inf
    limits = np.iinfo(x.dtype)
    return np.asarray(limits.min if beats is compare.greater else limits.max, x.dtype)


table({
    "cummax": lambda self, dim: _so_far(self, dim, compare.greater),
    "cummin": lambda self, dim: _so_far(self, dim, compare.less),
    "trapezoid.x trapezoid.dx trapz.x trapz.dx": lambda y, x=None, dx=1, dim=-1: (
        numpy_functions.trapezoid(y, x, dx, dim)
    ),
    "vander": lambda x, N=None, increasing=False: numpy_functions.vander(x, N, increasing),
})


@reads("diff")
def diff(self: Any, n: int = 1, dim: int = -1, prepend: Any = None, append: Any = None) -> Any:
    parts = [x for x in (prepend, self, append) if x is not None]
    whole = shape.concatenate(*parts, axis=dim) if len(parts) > 1 else self
    return scan_sort.diff(whole, n=n, axis=dim)


@reads("cumulative_trapezoid.x", "cumulative_trapezoid.dx")
def cumulative_trapezoid(y: Any, x: Any = None, dx: float = 1, dim: int = -1) -> Any:
    axis = axis_of(dim, len(y.shape))
    items: list[Any] = [slice(None)] * len(y.shape)
    before, after = list(items), list(items)
    before[axis], after[axis] = slice(0, -1), slice(1, None)
    both = shape.cut_by(y, before) + shape.cut_by(y, after)
    if x is None:
        return scan_sort.cumsum(both * (dx / 2), axis=axis)
    if len(x.shape) == 1:
        x = shape.reshape(x, shape=tuple(-1 if i == axis else 1 for i in range(len(y.shape))))
    return scan_sort.cumsum(both * scan_sort.diff(x, axis=dim) / 2, axis=axis)
