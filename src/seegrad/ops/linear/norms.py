"""Norms of every order, as `numpy.linalg.norm`, and products of many matrices.

All are made of other operations. The Euclidean norm itself is an op of `linalg.py`.
"""

from __future__ import annotations

import math
import operator
from collections.abc import Sequence
from typing import Any

import numpy as np

from seegrad.errors import DTypeError, ShapeError, ValueRangeError
from seegrad.i18n import tr
from seegrad.ops import reduce
from seegrad.ops.arithmetic import abs, identity, power_scalar
from seegrad.ops.compare import astype, equal, not_equal, where
from seegrad.ops.families import some_axes
from seegrad.ops.linear import linalg
from seegrad.ops.linear.einsum import LETTERS, pairwise
from seegrad.ops.linear.factorisations import svdvals
from seegrad.ops.linear.linalg import matmul
from seegrad.ops.linear.solve_systems import inv, square_matrix
from seegrad.ops.shape import array_like, broadcast_to, moveaxis, reshape, squeeze

Axes = int | tuple[int, ...] | None


def norm(x: Any, ord: Any = None, axis: Axes = None, keepdims: bool = False) -> Any:
    """The norm of vectors or matrices, as `numpy.linalg.norm`.

    Args:
        x: an array.
        ord: of vectors a number (p: (Σ|x|ᵖ)^(1/p)), ±inf (the largest or least size) or 0 (how many
            are not 0); of matrices "fro", "nuc" (the sum of the singular values), ±2 (the largest
            or least), ±1 and ±inf (of the columns' and rows' sums). None: √Σx².
        axis: one axis: of vectors; two: of matrices; None: all of x, which has one or two axes
            unless ord is None.
        keepdims: keep the axes, with size 1.

    At 0 the derivative of a norm is taken as 0. Raises ShapeError, ValueRangeError.

    >>> norm(np.array([3.0, -4.0]), 1), norm(np.eye(3), "nuc")
    (np.float64(7.0), np.float64(3.0))
    """
    x = array_like(x)
    if x.dtype.kind != "f":
        x = astype(x, dtype=np.dtype(np.float64))
    axes = some_axes(axis, len(x.shape))
    if ord is None:
        return linalg.norm(x, axis=axes, keepdims=keepdims)
    if len(axes) == 1:
        return _vector_norm(x, ord, axes, keepdims)
    if len(axes) == 2:
        return _matrix_norm(x, ord, axes, keepdims)
    raise ShapeError(
        "a norm of an order is one of vectors or of matrices",
        asked="one axis, or two",
        came=tr("shape {shape}, axis={axis}", shape=tuple(x.shape), axis=axis),
    )


def vector_norm(x: Any, *, axis: Axes = None, keepdims: bool = False, ord: Any = 2) -> Any:
    """The norm of vectors along `axis` (several: as one; None: all of x), of any order.

    Args:
        keepdims: do the axes stay, with size 1?
        ord: the power; 2 for the length, ∞ for the largest size.

    >>> vector_norm([3.0, 4.0])
    np.float64(5.0)
    """
    x = array_like(x)
    if x.dtype.kind != "f":
        x = astype(x, dtype=np.dtype(np.float64))
    return _vector_norm(x, ord, some_axes(axis, len(x.shape)), keepdims)


def matrix_norm(x: Any, *, keepdims: bool = False, ord: Any = "fro") -> Any:
    """The norm of the matrices in the last two axes.

    Args:
        keepdims: do the axes stay, with size 1?
        ord: "fro", "nuc", 1, −1, 2, −2, ∞ or −∞, as in NumPy.

    >>> matrix_norm([[3.0, 0.0], [0.0, 4.0]])
    np.float64(5.0)
    """
    return norm(x, ord, (-2, -1), keepdims)


def _order_error(ord: Any, asked: str) -> ValueRangeError:
    return ValueRangeError(tr("there is no norm of order {order}", order=repr(ord)), asked=asked)


def _vector_norm(x: Any, ord: Any, axes: tuple[int, ...], keepdims: bool) -> Any:
    if isinstance(ord, str) or not isinstance(ord, (int, float, np.number)):
        raise _order_error(ord, "a number, inf or -inf for vectors")
    if ord == 2:
        return linalg.norm(x, axis=axes, keepdims=keepdims)
    if ord == 0:
        return astype(reduce.sum(not_equal(x, 0), axis=axes, keepdims=keepdims), dtype=x.dtype)
    sizes = abs(x)
    if math.isinf(ord):
        edge = reduce.max if ord > 0 else reduce.min
        return edge(sizes, axis=axes, keepdims=keepdims)
    if ord == 1:
        return reduce.sum(sizes, axis=axes, keepdims=keepdims)
    p = float(ord)
    total = reduce.sum(power_scalar(sizes, exponent=p), axis=axes, keepdims=keepdims)
    none, one = equal(total, 0), np.ones((), x.dtype)
    root = power_scalar(where(none, one, total), exponent=1 / p)
    return where(none, np.zeros((), x.dtype), root)


def _matrix_norm(x: Any, ord: Any, axes: tuple[int, ...], keepdims: bool) -> Any:
    rows, columns = axes
    if ord == "fro":
        return linalg.norm(x, axis=axes, keepdims=keepdims)
    edge = {"nuc": reduce.sum, 1: reduce.max, 2: reduce.max, math.inf: reduce.max,
            -1: reduce.min, -2: reduce.min, -math.inf: reduce.min}.get(ord)  # fmt: skip
    if edge is None:
        raise _order_error(ord, "'fro', 'nuc', 1, -1, 2, -2, inf or -inf for matrices")
    if ord in ("nuc", 2, -2):
        found = edge(svdvals(moveaxis(x, source=axes, destination=(-2, -1))), axis=-1)
    else:
        summed, rest = (rows, columns) if ord in (1, -1) else (columns, rows)
        sums = reduce.sum(abs(x), axis=summed, keepdims=True)
        found = edge(sums, axis=rest, keepdims=True)
        found = squeeze(found, axis=axes)
    if not keepdims:
        return found
    return reshape(found, shape=tuple(1 if i in axes else n for i, n in enumerate(x.shape)))


# --------------------------------------------------------------- products of many


def matrix_power(a: Any, n: int) -> Any:
    """a·a·…, n times, by repeated squaring: (…, k, k) to (…, k, k); n < 0: of the inverse.

    Raises:
        DTypeError: for a power that is no whole number.

    >>> matrix_power(np.array([[1.0, 1.0], [0.0, 1.0]]), 5)
    array([[1., 5.],
           [0., 1.]])
    """
    a = array_like(a)
    square_matrix(a)
    try:
        count = operator.index(n)
    except TypeError:
        raise DTypeError("a matrix has whole powers", came=f"n={n!r}") from None
    if count == 0:
        return broadcast_to(np.eye(a.shape[-1], dtype=a.dtype), shape=tuple(a.shape))
    power, found = (inv(a) if count < 0 else a), None
    count = max(count, -count)
    while count:
        if count & 1:
            found = power if found is None else matmul(found, power)
        count >>= 1
        if count:
            power = matmul(power, power)
    return identity(found)


def multi_dot(arrays: Sequence[Any]) -> Any:
    """The product of two and more matrices in the order of the fewest multiplications.

    As `numpy.linalg.multi_dot`: the first and the last may be vectors. Raises ShapeError.

    Args:
        arrays: two or more matrices; the first and the last may be vectors.

    >>> multi_dot([np.ones((2, 9)), np.ones((9, 3)), np.ones(3)])
    array([27., 27.])
    """
    xs = [array_like(x) for x in arrays]
    if len(xs) < 2:
        raise ShapeError("a product needs two matrices or more", came=str(len(xs)))
    ends = (0, len(xs) - 1)
    terms = [LETTERS[i : i + 2] for i in range(len(xs))]
    for i, x in enumerate(xs):
        ndim = len(x.shape)
        if ndim != 2 and not (ndim == 1 and i in ends):
            raise ShapeError(
                tr("factor {number} is not a matrix", number=i),
                asked="matrices; the first and the last may be vectors",
                came=tr("shape {shape}", shape=tuple(x.shape)),
            )
        if ndim == 1:
            terms[i] = terms[i][1] if i == 0 else terms[i][0]
    out = "".join(c for c in (LETTERS[0], LETTERS[len(xs)]) if c in "".join(terms))
    return pairwise(xs, terms, out)
