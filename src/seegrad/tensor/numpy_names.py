"""NumPy's functions, by NumPy's names and with NumPy's arguments: what each does with a tensor.

Most are operations of the table as they are; here stand those whose arguments differ, and what
NumPy's protocols ask of a tensor. Nothing is computed here.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from seegrad.errors import DTypeError, ValueRangeError
from seegrad.graph.node import Node
from seegrad.i18n import tr
from seegrad.ops import TABLE, arithmetic, bits, compare, indexing, scan_sort, shape, transcendental
from seegrad.ops.families import one_axis, reduced_shape, some_axes
from seegrad.ops.linear import einsum, factorisations, norms, triangular
from seegrad.ops.nn import padding


def _flat(x: Any, axis: Any) -> tuple[Any, Any]:
    """x and axis, or all elements in one axis where NumPy's default asks for that."""
    x = shape.array_like(x)
    return (shape.ravel(x), 0) if axis is None else (x, axis)


def _running(op: Any, x: Any, axis: Any, dtype: Any, include_initial: bool, first: int) -> Any:
    """An op along an axis, in another dtype if one is given, and with its first value before it."""
    x, axis = _flat(x, axis)
    if dtype is not None:
        x = compare.astype(x, dtype=dtype)
    found = op(x, axis=axis)
    if dtype is not None:
        found = compare.astype(found, dtype=dtype)
    if not include_initial:
        return found
    at = one_axis(axis, len(found.shape))
    start = np.full([1 if i == at else n for i, n in enumerate(found.shape)], first, found.dtype)
    return shape.concatenate(start, found, axis=at)


def cumsum(
    x: Any, axis: Any = None, dtype: Any = None, *, include_initial: bool = False
) -> Any:
    """Running sums along `axis` (None: of the flattened x); from 0 on with `include_initial`.

    Args:
        dtype: the dtype to compute in.

    >>> cumsum([1.0, 2.0, 3.0], include_initial=True)
    array([0., 1., 3., 6.])
    """
    return _running(scan_sort.cumsum, x, axis, dtype, include_initial, 0)


def cumprod(
    x: Any, axis: Any = None, dtype: Any = None, *, include_initial: bool = False
) -> Any:
    """Running products along `axis` (None: of the flattened x); from 1 on with
    `include_initial`.

    Args:
        dtype: the dtype to compute in.

    >>> cumprod([1.0, 2.0, 3.0])
    array([1., 2., 6.])
    """
    return _running(scan_sort.cumprod, x, axis, dtype, include_initial, 1)


def sort(
    x: Any, axis: Any = -1, kind: str | None = None, *, descending: bool = False,
    stable: bool | None = True,
) -> Any:  # fmt: skip
    """x in ascending order along `axis` (None: flattened), or in descending order.

    Equal elements always keep their order.

    Args:
        kind, stable: without effect: equal elements keep their order anyhow.

    >>> sort([3.0, 1.0, 2.0], descending=True)
    array([3., 2., 1.])
    """
    x, axis = _flat(x, axis)
    if descending:
        return indexing.take_along_axis(x, argsort(x, axis, descending=True), axis=axis)
    return scan_sort.sort(x, axis=axis)


def argsort(
    x: Any, axis: Any = -1, kind: str | None = None, *, descending: bool = False,
    stable: bool | None = True,
) -> Any:  # fmt: skip
    """The order that sorts x along `axis` (None: flattened); equal elements keep their order.

    Args:
        descending: from the largest to the smallest.
        kind, stable: without effect: equal elements keep their order anyhow.

    >>> argsort([3.0, 1.0, 2.0], descending=True)
    array([0, 2, 1])
    """
    x, axis = _flat(x, axis)
    if not descending:
        return scan_sort.argsort(x, axis=axis)
    # the ascending order of the reversed x, reversed: equal ones stand as they stood
    size = x.shape[one_axis(axis, len(x.shape))]
    back = scan_sort.argsort(shape.flip(x, axis=axis), axis=axis)
    return shape.flip(size - 1 - back, axis=axis)


def clip(
    x: Any, low: Any = None, high: Any = None, *, min: Any = None, max: Any = None
) -> Any:
    """x held between low and high, numbers or arrays; also called `min` and `max`.

    The derivative at both ends is 1, as in PyTorch, where they are numbers.

    >>> clip([-2.0, 0.5, 2.0], -1.0, 1.0)
    array([-1. ,  0.5,  1. ])
    """
    low, high = low if min is None else min, high if max is None else max
    if not any(isinstance(end, (Node, np.ndarray)) for end in (low, high)):
        return arithmetic.clip(x, low=low, high=high)
    x = shape.array_like(x)
    for end, held in ((low, arithmetic.maximum), (high, arithmetic.minimum)):
        if end is not None:
            x = held(x, end)
    return x


def _in_one_axis(x: Any, axes: tuple[int, ...]) -> tuple[Any, int]:
    """x with all elements of several axes in one, the last; and which axis that is."""
    if len(axes) == 1:
        return x, axes[0]
    kept = [i for i in range(len(x.shape)) if i not in axes]
    if len(axes) == len(x.shape):
        return shape.ravel(x), 0
    sizes = tuple(x.shape[i] for i in kept)
    last = math.prod(x.shape[i] for i in axes)
    return shape.reshape(shape.transpose(x, axes=(*kept, *axes)), shape=(*sizes, last)), len(kept)


def quantile(
    x: Any, q: Any, axis: Any = None, keepdims: bool = False, *, method: str = "linear"
) -> Any:
    """The value below which the part q (0 … 1) of x along `axis` lies (None: of all of x).

    Between two elements it is interpolated; the derivative goes to those two. NaN where one of
    the elements is NaN. Several q, in a list or an array, make axes that stand first.

    Args:
        keepdims: does the axis stay, with size 1?
        method: "linear", or "lower", "higher", "nearest", "midpoint" between two elements.

    >>> quantile([1.0, 2.0, 4.0], 0.75)
    array(3.)
    >>> quantile([1.0, 2.0, 4.0], [0.0, 0.75])
    array([1., 3.])
    """
    x = shape.array_like(x)
    axes = some_axes(axis, len(x.shape))
    sizes = reduced_shape(x.shape, axes, keepdims)
    x, at = _in_one_axis(x, axes)

    def one(part: Any) -> Any:
        found = scan_sort.quantile(x, q=part, axis=at, method=method)
        return shape.reshape(found, shape=sizes) if keepdims else found

    if isinstance(q, Node) or not np.ndim(q):
        return one(q if isinstance(q, Node) else np.asarray(q)[()])
    parts = np.asarray(q)
    if method in ("linear", "midpoint"):  # NumPy mixes two elements in the parts' dtype
        x = compare.astype(x, dtype=np.result_type(compare.floating(x).dtype, parts.dtype))
    if not parts.size:
        return np.zeros((*parts.shape, *sizes), x.dtype)
    each = shape.stack(*map(one, parts.flat), axis=0)
    return each if parts.ndim == 1 else shape.reshape(each, shape=(*parts.shape, *sizes))


def median(x: Any, axis: Any = None, keepdims: bool = False) -> Any:
    """The middle value along `axis` (None: of all of x), the mean of the two if there are two.

    NaN where one of the elements is NaN.

    Args:
        keepdims: does the axis stay, with size 1?

    >>> median([3.0, 1.0, 2.0])
    array(2.)
    """
    return quantile(x, 0.5, axis, keepdims)


def without_nan(x: Any, instead: float) -> Any:
    """x with a number in place of NaN; whole numbers hold none and stay what they are."""
    x = shape.array_like(x)
    return compare.where(compare.isnan(x), instead, x) if x.dtype.kind == "f" else x


def take(x: Any, indices: Any, axis: Any = None, *, mode: str = "raise") -> Any:
    """x read at the integers `indices` along `axis` (None: of the flattened x).

    Args:
        mode: what becomes of an index that is not there: "raise" an error, "clip" it to the ends
            (those below 0 too), or "wrap" it round.

    Raises:
        ValueRangeError: for another mode.

    >>> take([1.0, 2.0, 3.0], [2, 0])
    array([3., 1.])
    """
    if axis is None:
        x, axis = shape.ravel(shape.array_like(x)), 0
    x = shape.array_like(x)
    indices = shape.array_like(indices)
    size = x.shape[one_axis(axis, len(x.shape))]
    match mode:
        case "raise":
            pass
        case "clip":
            indices = arithmetic.clip(indices, 0, size - 1)
        case "wrap":
            indices = arithmetic.mod(indices, size)
        case _:
            raise ValueRangeError("an unknown mode", asked="raise, clip, wrap",
                                  came=f"mode={mode!r}")  # fmt: skip
    return indexing.take(x, indices, axis=axis)


def round(x: Any, decimals: int = 0) -> Any:
    """x to the nearest number with `decimals` decimals, ties to the even one.

    >>> round(np.array([1.25, 2.5]), 1)
    array([1.2, 2.5])
    """
    if not decimals:
        return arithmetic.round(x)
    x, scale = shape.array_like(x), 10.0**decimals
    return compare.astype(arithmetic.round(x * scale) / scale, dtype=x.dtype)


def _rint(x: Any) -> Any:
    """The nearest whole number, always floating-point: NumPy's rint, unlike its round.

    >>> import seegrad as sg
    >>> sg.rint([0.5, 1.7])
    array([0., 2.])
    """
    x = shape.array_like(x)
    return arithmetic.round(compare.astype(x, dtype=np.rint(np.zeros((), x.dtype)).dtype))


def _pad(x: Any, pad_width: Any, mode: str = "constant", constant_values: float = 0) -> Any:
    if mode not in padding.MODES:
        raise undefined(f"numpy.pad with mode={mode!r}")
    return padding.pad(x, pad_width, constant_values, mode)


def _by_bits(of_integers: Callable[..., Any], of_booleans: Callable[..., Any]) -> Any:
    """Whole numbers bit by bit, booleans by logic; anything else is refused by the former."""

    def combined(*xs: Any) -> Any:
        arrays = [x if isinstance(x, (int, np.generic)) else shape.array_like(x) for x in xs]
        logical = all(getattr(x, "dtype", np.dtype(type(x))).kind == "b" for x in arrays)
        return (of_booleans if logical else of_integers)(*arrays)

    return combined


NUMPY_FUNCTIONS: dict[str, Callable[..., Any]] = {
    **{name: op for op in TABLE.values() for name in op.numpy},
    "cumsum": cumsum,
    "cumprod": cumprod,
    "cumulative_sum": cumsum,
    "cumulative_prod": cumprod,
    "sort": sort,
    "argsort": argsort,
    "clip": clip,
    "round": round,
    "around": round,
    "median": median,
    "quantile": quantile,
    "take": take,
    "split": shape.split,
    "hstack": shape.hstack,
    "vstack": shape.vstack,
    "einsum": einsum.einsum,
    "norm": norms.norm,
    "matrix_norm": norms.matrix_norm,
    "vector_norm": norms.vector_norm,
    "matrix_power": norms.matrix_power,
    "multi_dot": norms.multi_dot,
    "cholesky": triangular.cholesky,
    "eigh": factorisations.eigh,
    "eigvalsh": factorisations.eigvalsh,
    "svd": factorisations.svd,
    "qr": factorisations.qr,
    "slogdet": factorisations.slogdet,
    "pad": _pad,
    "power": transcendental.power,
    "positive": arithmetic.identity,
    "rint": _rint,
    "matrix_transpose": shape.matrix_transpose,
    "bitwise_and": _by_bits(bits.bitwise_and, compare.logical_and),
    "bitwise_or": _by_bits(bits.bitwise_or, compare.logical_or),
    "bitwise_xor": _by_bits(bits.bitwise_xor, compare.logical_xor),
    "invert": _by_bits(bits.bitwise_invert, compare.logical_not),
    "left_shift": bits.bitwise_left_shift,
    "right_shift": bits.bitwise_right_shift,
    "gcd": bits.gcd,
    "lcm": bits.lcm,
}
"""What NumPy's functions do with a tensor, by NumPy's names. What makes leaves comes in from above,
where leaves are made."""

REDUCTIONS = {
    (np.add, "reduce"): "sum",
    (np.multiply, "reduce"): "prod",
    (np.maximum, "reduce"): "max",
    (np.minimum, "reduce"): "min",
}
KEYWORDS = {("clip", "a_min"): "low", ("clip", "a_max"): "high", ("clip", "min"): "low",
             ("clip", "max"): "high"}  # fmt: skip
ON_SHAPES = {"shape", "ndim", "size"}
"""NumPy functions that a tensor answers also where it has no numbers."""
DECIDING = {"allclose", "array_equal", "array_equiv", "shape", "ndim", "size",
            "array2string", "array_repr", "array_str", "result_type", "iscomplexobj",
            "may_share_memory", "shares_memory", "count_nonzero", "nonzero", "argwhere",
            "flatnonzero"}  # fmt: skip
"""NumPy functions that need the numbers and only show them, or decide something by them."""
ON_VALUES = {"unique", "histogram", "bincount", "save", "savetxt"}
"""NumPy functions that need the numbers and pass some of them on without a derivative."""


def undefined(name: str) -> DTypeError:
    return DTypeError(
        tr("{name} is not defined for tensors", name=name),
        asked="a function of the table: `seegrad ops` lists them",
        hint="for the numbers alone, without a derivative, pass sg.stop_gradient(x).value",
    )
