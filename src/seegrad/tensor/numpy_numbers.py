"""NumPy's functions on single numbers and their parts, put together from operations of the table.

Signs, rounding, powers of two, what NumPy asks about complex numbers, answered for real ones; and
rows of numbers between two ends. Along axes and on shapes: `numpy_functions`.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from seegrad.errors import ValueRangeError
from seegrad.graph.node import Node
from seegrad.i18n import tr
from seegrad.ops import arithmetic, compare, indexing, reduce, scan_sort, shape, transcendental
from seegrad.ops.families import one_axis
from seegrad.ops.linear import factorisations, linalg
from seegrad.ops.special import floating_point
from seegrad.tensor import fft
from seegrad.tensor.numpy_names import NUMPY_FUNCTIONS, cumprod, cumsum, without_nan

like = shape.array_like


# --------------------------------------------------------------- parts of complex numbers


def real(x: Any) -> Any:
    """The real part of x: of real numbers x itself.

    >>> real([1.0, 2.0])
    array([1., 2.])
    """
    return like(x)


def imag(x: Any) -> Any:
    """The imaginary part of x: of real numbers 0.

    >>> imag([1.0, 2.0])
    array([0., 0.])
    """
    x = like(x)
    return compare.where(True, x.dtype.type(0), x)


def conjugate(x: Any) -> Any:
    """The complex conjugate of x: of real numbers x itself.

    >>> conjugate([1.0, -2.0])
    array([ 1., -2.])
    """
    return like(x)


conj = conjugate


def angle(x: Any, deg: bool = False) -> Any:
    """The angle of x in the complex plane: of real numbers 0, or π where x (or −0) is negative.

    Args:
        deg: in degrees instead of radians.

    >>> angle([1.0, -2.0], deg=True)
    array([  0., 180.])
    """
    x = compare.floating(like(x))
    half = x.dtype.type(180.0 if deg else math.pi)
    angles = compare.where(floating_point.signbit(x), half, x.dtype.type(0))
    return compare.where(compare.isnan(x), x, angles)


def real_if_close(x: Any, tol: float = 100) -> Any:
    """x without an imaginary part that is near 0: of real numbers x itself.

    Args:
        tol: without effect: there are no imaginary parts.

    >>> real_if_close([1.0, 2.0])
    array([1., 2.])
    """
    return like(x)


def isreal(x: Any) -> NDArray[np.bool_]:
    """Is the imaginary part of each x 0? Of real numbers it is.

    >>> isreal([1.0, 2.0])
    array([ True,  True])
    """
    return np.ones(tuple(like(x).shape), bool)[()]


def iscomplex(x: Any) -> NDArray[np.bool_]:
    """Has each x an imaginary part? Real numbers have none.

    >>> iscomplex([1.0, 2.0])
    array([False, False])
    """
    return np.zeros(tuple(like(x).shape), bool)[()]


# --------------------------------------------------------------- whole numbers, fractions, powers


def fabs(x: Any) -> Any:
    """The size of x, always floating-point.

    >>> fabs([-1.5, 2.0])
    array([1.5, 2. ])
    """
    return arithmetic.abs(compare.floating(like(x)))


def fix(x: Any) -> Any:
    """x rounded towards 0, always floating-point.

    >>> fix([-1.5, 1.5])
    array([-1.,  1.])
    """
    return arithmetic.trunc(compare.floating(like(x)))


def modf(x: Any) -> tuple[Any, Any]:
    """The fraction of x and its whole part, both with x's sign.

    >>> modf([1.5, -2.25])
    (array([ 0.5 , -0.25]), array([ 1., -2.]))
    """
    x = compare.floating(like(x))
    finite = compare.where(compare.isinf(x), 0.0, x)
    return floating_point.copysign(finite - arithmetic.trunc(finite), x), arithmetic.trunc(x)


def divmod(a: Any, b: Any) -> tuple[Any, Any]:
    """a // b and a % b.

    >>> divmod([7.0], [2.0])
    (array([3.]), array([1.]))
    """
    a, b = like(a), like(b)
    return arithmetic.floor_divide(a, b), arithmetic.mod(a, b)


def float_power(a: Any, b: Any) -> Any:
    """a to the power of b, in float64 at least.

    >>> float_power([2, 3], 2)
    array([4., 9.])
    """
    a, b = (compare.astype(like(x), dtype=np.dtype(np.float64)) for x in (a, b))
    return transcendental.power(a, b)


def ldexp(a: Any, b: Any) -> Any:
    """a·2ᵇ.

    >>> float(ldexp(0.75, 3))
    6.0
    """
    a = compare.floating(like(a))
    return _times_power_of_two(a, compare.astype(like(b), dtype=a.dtype))


def _times_power_of_two(x: Any, power: Any) -> Any:
    """x·2 to a whole power, in two steps: 2¹⁰⁷⁴ alone would be infinite."""
    half = arithmetic.floor(power * 0.5)
    return x * transcendental.exp2(half) * transcendental.exp2(power - half)


def frexp(x: Any) -> tuple[Any, Any]:
    """`(m, e)` with x = m·2ᵉ and ½ ≤ |m| < 1 (0 of 0); e has no derivative.

    >>> tuple(map(float, frexp(6.0)))
    (0.75, 3.0)
    """
    x = compare.floating(like(x))
    size = arithmetic.abs(arithmetic.stop_gradient(x))
    usual = compare.logical_and(compare.isfinite(size), compare.greater(size, 0))
    power = arithmetic.floor(transcendental.log2(compare.where(usual, size, 1.0))) + 1
    # the logarithm may be rounded over a whole number: once more, exactly
    part = _times_power_of_two(size, -power)
    power = power + compare.astype(compare.greater_equal(part, 1), dtype=x.dtype)
    power = power - compare.astype(compare.less(part, 0.5), dtype=x.dtype)
    power = compare.where(usual, power, 0.0)
    exponent = compare.astype(power, dtype=np.dtype(np.int32))
    return _times_power_of_two(x, -power), exponent


def polyval(p: Any, x: Any) -> Any:
    """The polynomial with coefficients p, the highest power first, at x (Horner's scheme).

    >>> polyval([1.0, 2.0, 3.0], 2.0)
    np.float64(11.0)
    """
    p, x = like(p), like(x)
    found = x * 0
    for i in range(p.shape[0]):
        found = found * x + p[i]
    return found


# --------------------------------------------------------------- rows of numbers


def linspace(
    start: Any, stop: Any, num: int = 50, endpoint: bool = True, *, axis: int = 0
) -> Any:
    """`num` numbers from start to stop, which may be tensors, along a new axis."""
    if num < 0:
        raise ValueRangeError("a row has no less than 0 numbers", came=f"num={num}")
    start, stop = compare.floating(like(start)), compare.floating(like(stop))
    parts = np.arange(num) / max(num - 1 if endpoint else num, 1)
    apart = stop - start
    parts = parts.reshape(-1, *(1,) * len(apart.shape)).astype(apart.dtype)
    found = start * (1 - parts) + stop * parts
    return found if axis == 0 else shape.moveaxis(found, 0, axis)


def logspace(
    start: Any, stop: Any, num: int = 50, endpoint: bool = True, base: float = 10.0,
    *, axis: int = 0,
) -> Any:  # fmt: skip
    """`num` powers of `base`, their exponents from start to stop.

    Args:
        endpoint: is `stop` the last one?
        axis: where the new axis stands.

    >>> logspace(0.0, 2.0, 3)
    array([  1.,  10., 100.])
    """
    return transcendental.power(base, linspace(start, stop, num, endpoint, axis=axis))


def geomspace(
    start: Any, stop: Any, num: int = 50, endpoint: bool = True, *, axis: int = 0
) -> Any:
    """`num` numbers from start to stop, of one sign, each the same multiple of the last.

    Args:
        endpoint: is `stop` the last one?
        axis: where the new axis stands.

    Raises:
        ValueRangeError: for a start or a stop of 0.

    >>> geomspace(-1.0, -100.0, 3)
    array([  -1.,  -10., -100.])
    """
    start, stop = compare.floating(like(start)), compare.floating(like(stop))
    for end in (start, stop):
        known = getattr(end, "data", None) if isinstance(end, Node) else end
        if known is not None and (np.asarray(known) == 0).any():
            raise ValueRangeError("no multiple leads from 0 or to 0",
                                  asked="numbers other than 0", came=f"{known}")  # fmt: skip
    side = arithmetic.sign(start)
    low, high = (transcendental.log(end * side) for end in (start, stop))
    found = transcendental.exp(linspace(low, high, num, endpoint)) * side
    return found if axis == 0 else shape.moveaxis(found, 0, axis)


def nancumsum(x: Any, axis: Any = None) -> Any:
    """Running sums of the elements that are not NaN.

    Args:
        axis: along which axis; None: of all of x.

    >>> nancumsum([1.0, np.nan, 3.0])
    array([1., 1., 4.])
    """
    return cumsum(without_nan(x, 0.0), axis)


def nancumprod(x: Any, axis: Any = None) -> Any:
    """Running products of the elements that are not NaN.

    Args:
        axis: along which axis; None: of all of x.

    >>> nancumprod([2.0, np.nan, 3.0])
    array([2., 2., 6.])
    """
    return cumprod(without_nan(x, 1.0), axis)


def nanargmax(x: Any, axis: Any = None, keepdims: bool = False) -> Any:
    """Where the largest element is that is not NaN.

    Args:
        axis: along which axis; None: of all of x.
        keepdims: does the axis stay, with size 1?

    >>> nanargmax([1.0, np.nan, 3.0])
    np.int64(2)
    """
    return reduce.argmax(without_nan(x, -math.inf), axis=axis, keepdims=keepdims)


def nanargmin(x: Any, axis: Any = None, keepdims: bool = False) -> Any:
    """Where the smallest element is that is not NaN.

    Args:
        axis: along which axis; None: of all of x.
        keepdims: does the axis stay, with size 1?

    >>> nanargmin([1.0, np.nan, 3.0])
    np.int64(0)
    """
    return reduce.argmin(without_nan(x, math.inf), axis=axis, keepdims=keepdims)


# --------------------------------------------------------------- products with vectors


def matvec(a: Any, x: Any) -> Any:
    """Matrices (…, m, n) times vectors (…, n).

    >>> matvec(np.eye(2) * 3, [1.0, 2.0])
    array([3., 6.])
    """
    columns = shape.expand_dims(like(x), axis=-1)
    return shape.squeeze(linalg.matmul(like(a), columns), axis=-1)


def vecmat(x: Any, a: Any) -> Any:
    """Vectors (…, m) times matrices (…, m, n).

    >>> vecmat([1.0, 2.0], np.eye(2) * 3)
    array([3., 6.])
    """
    rows = shape.expand_dims(like(x), axis=-2)
    return shape.squeeze(linalg.matmul(rows, like(a)), axis=-2)


def cond(a: Any) -> Any:
    """The largest singular value of a matrix over the least, as `numpy.linalg.cond`.

    >>> cond([[2.0, 0.0], [0.0, 1.0]])
    np.float64(2.0)
    """
    values = factorisations.svdvals(like(a))
    return reduce.max(values, axis=-1) / reduce.min(values, axis=-1)


# --------------------------------------------------------------- shapes


def rollaxis(x: Any, axis: int, start: int = 0) -> Any:
    """x with an axis rolled back until it lies before the one at `start`.

    Raises:
        ValueRangeError: for a place that is not there.

    >>> rollaxis(np.ones((2, 3, 4)), 2).shape
    (4, 2, 3)
    """
    x = like(x)
    ndim = len(x.shape)
    at = one_axis(axis, ndim)
    to = start + ndim if start < 0 else start
    if not 0 <= to <= ndim:
        raise ValueRangeError("there is no such place for an axis", came=f"start={start}")
    return shape.moveaxis(x, at, to - 1 if at < to else to)


def diagflat(x: Any, k: int = 0) -> Any:
    """A matrix with the elements of x on its k-th diagonal.

    >>> diagflat([1.0, 2.0])
    array([[1., 0.],
           [0., 2.]])
    """
    return linalg.diag(shape.ravel(like(x)), k=k)


def broadcast_arrays(*xs: Any) -> tuple[Any, ...]:
    """All in the shape that they have together.

    >>> [x.shape for x in broadcast_arrays(np.ones((2, 1)), np.ones(3))]
    [(2, 3), (2, 3)]
    """
    arrays = [like(x) for x in xs]
    whole = np.broadcast_shapes(*(tuple(x.shape) for x in arrays))
    return tuple(shape.broadcast_to(x, shape=whole) for x in arrays)


def block(blocks: Any) -> Any:
    """A matrix of nested lists of matrices: the innermost lists are joined along the last axis.

    Args:
        blocks: nested lists of arrays: the innermost stand side by side, the lists below each
            other.

    >>> block([[np.eye(2), np.zeros((2, 1))], [np.ones((1, 3))]])
    array([[1., 0., 0.],
           [0., 1., 0.],
           [1., 1., 1.]])
    """
    depth, inner = 0, blocks
    while isinstance(inner, list):
        depth, inner = depth + 1, inner[0]

    def widest(part: Any) -> int:
        return max(map(widest, part)) if isinstance(part, list) else len(like(part).shape)

    ndim = max(depth, widest(blocks))

    def joined(part: Any, level: int) -> Any:
        if not isinstance(part, list):
            part = like(part)
            return shape.reshape(part, shape=(1,) * (ndim - len(part.shape)) + tuple(part.shape))
        return shape.concatenate(*[joined(x, level + 1) for x in part], axis=ndim - depth + level)

    return joined(blocks, 0)


def delete(x: Any, places: Any, axis: int | None = None) -> Any:
    """x without the elements at `places` along `axis` (None: of the flattened x).

    >>> delete([1.0, 2.0, 3.0], 1)
    array([1., 3.])
    """
    x = like(x)
    if axis is None:
        x, axis = shape.ravel(x), 0
    at = one_axis(axis, len(x.shape))
    kept = np.delete(np.arange(x.shape[at]), places)
    return indexing.take(x, kept, axis=at)


def insert(x: Any, places: Any, values: Any, axis: int | None = None) -> Any:
    """x with values before the places named along `axis` (None: of the flattened x).

    >>> insert([1.0, 2.0, 3.0], 1, 9.0)
    array([1., 9., 2., 3.])
    """
    x = like(x)
    if axis is None:
        x, axis = shape.ravel(x), 0
    at = one_axis(axis, len(x.shape))
    values = compare.astype(like(values), dtype=x.dtype)
    values = shape.reshape(values, shape=(1,) * (len(x.shape) - len(values.shape)) + values.shape)
    if not np.ndim(places):  # as NumPy has it: several values may go before one place
        values = shape.moveaxis(values, 0, at)
    n, new = x.shape[at], np.size(places) if np.size(places) > 1 else values.shape[at]
    order = np.insert(np.arange(n), places, np.arange(n, n + new))
    sizes = tuple(new if i == at else m for i, m in enumerate(x.shape))
    whole = shape.concatenate(x, shape.broadcast_to(values, shape=sizes), axis=at)
    return indexing.take(whole, order, axis=at)


def topk(x: Any, k: int, dim: int = -1, largest: bool = True) -> tuple[Any, Any]:
    """The k largest (smallest) elements along `dim`, in order, and where they are.

    Raises:
        ValueRangeError: where there are not so many elements.

    >>> topk([3.0, 1.0, 2.0], 2)
    (array([3., 2.]), array([0, 2]))
    """
    x = like(x)
    at = one_axis(dim, len(x.shape))
    if not 0 <= k <= x.shape[at]:
        raise ValueRangeError(
            "there are not so many elements", asked=tr("at most {n}", n=x.shape[at]), came=f"k={k}"
        )
    order = scan_sort.argsort(arithmetic.negative(x) if largest else x, axis=at)
    places = shape.part(order, at, 0, k)
    return indexing.take_along_axis(x, places, axis=at), places


amax, amin = reduce.max, reduce.min
degrees = NUMPY_FUNCTIONS["degrees"]
radians = NUMPY_FUNCTIONS["radians"]
rint = NUMPY_FUNCTIONS["rint"]
true_divide, positive = arithmetic.divide, arithmetic.identity


def _eigvalsh(a: Any, UPLO: str = "L") -> Any:
    """As NumPy's: one triangle is read, the lower one unless another is named."""
    return factorisations.eigvalsh(a, UPLO=UPLO)


def _eigh(a: Any, UPLO: str = "L") -> Any:
    """As NumPy's: one triangle is read, and eigenvectors have the signs that reading it gives."""
    found = factorisations.eigh(a, UPLO=UPLO)
    numbers = getattr(a, "data", None)
    if UPLO != "U" or numbers is None:
        return found
    theirs = np.linalg.eigh(np.asarray(numbers), "U").eigenvectors
    ours = np.asarray(getattr(found.eigenvectors, "data", found.eigenvectors))
    signs = np.where((theirs * ours).sum(axis=-2, keepdims=True) < 0, -1.0, 1.0)
    return found._replace(eigenvectors=found.eigenvectors * signs.astype(ours.dtype))


NUMPY_FUNCTIONS.update({
    function.__name__: function
    for function in (
        angle, block, broadcast_arrays, delete, diagflat, divmod, fabs, fix, float_power, frexp,
        geomspace, imag, iscomplex, isreal, ldexp, linspace, logspace, modf, nanargmax, nanargmin,
        insert, matvec, nancumprod, nancumsum, polyval, real, real_if_close, rollaxis, vecmat,
    )
})  # fmt: skip


def _of_last_axes(function: Any) -> Any:
    """NumPy's linalg takes its matrices from the last two axes, unlike the plain function."""

    def called(x: Any, *, offset: int = 0) -> Any:
        return function(like(x), offset=offset, axis1=-2, axis2=-1)

    return called


NUMPY_FUNCTIONS.update({
    "linalg.diagonal": _of_last_axes(linalg.diagonal),
    "linalg.cond": cond,
    "copy": lambda x, order="K", subok=False: arithmetic.identity(x),
    "linalg.trace": _of_last_axes(
        lambda x, **where: reduce.sum(linalg.diagonal(x, **where), axis=-1)
    ),
    "iscomplexobj": lambda x: False,
    "isrealobj": lambda x: True,
    "fftshift": fft.fftshift,
    "ifftshift": fft.ifftshift,
    "conjugate": conjugate,
    "conj": conjugate,
    "reciprocal": arithmetic.reciprocal,
    "amax": amax,
    "amin": amin,
    "eigh": _eigh,
    "eigvalsh": _eigvalsh,
})
