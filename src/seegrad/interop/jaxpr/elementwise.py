"""Primitives that work element by element, and reductions along axes."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from seegrad.graph.bind import callable_op
from seegrad.graph.forms import Call, Elementwise
from seegrad.graph.op import Op
from seegrad.graph.spec import Spec
from seegrad.interop.jaxpr.site import Rule, Site, as_dtype, known
from seegrad.ops import arithmetic, bits, compare, reduce, scan_sort, transcendental
from seegrad.ops.nn.activation import sigmoid
from seegrad.ops.shape import flip
from seegrad.ops.special import floating_point, functions
from seegrad.tensor import numpy_functions


def _plain(function: Callable[..., Any]) -> Rule:
    return lambda site, xs: function(*xs)


def _first(site: Site, xs: list[Any]) -> Any:
    return xs[0]


def _by_kind(of_numbers: Callable[..., Any], of_booleans: Callable[..., Any]) -> Rule:
    return lambda site, xs: (of_booleans if xs[0].dtype.kind == "b" else of_numbers)(*xs)


def _unsigned(x: Any) -> Any:
    return as_dtype(x, np.dtype(f"u{x.dtype.itemsize}")) if x.dtype.kind == "i" else x


def _divide(site: Site, xs: list[Any]) -> Any:
    """Whole numbers are divided towards 0."""
    a, b = xs
    if a.dtype.kind == "f":
        return arithmetic.divide(a, b)
    if a.dtype.kind == "u":
        return arithmetic.floor_divide(a, b)
    return arithmetic.floor_divide(a - _remainder(site, xs), b)


def _remainder(site: Site, xs: list[Any]) -> Any:
    """The sign is that of the dividend."""
    a, b = xs
    if a.dtype.kind == "f":
        return floating_point.fmod(a, b)
    left = arithmetic.mod(arithmetic.abs(a), arithmetic.abs(b)) if a.dtype.kind == "i" else (
        arithmetic.mod(a, b)
    )
    return compare.where(compare.less(a, 0), -left, left) if a.dtype.kind == "i" else left


def _power(site: Site, xs: list[Any]) -> Any:
    a, b = xs
    exponent = known(b)
    if exponent is not None and not exponent.shape and a.dtype.kind == "f":
        return arithmetic.power_scalar(a, exponent=exponent.item())
    return transcendental.power(a, as_dtype(b, a.dtype))


def _round(site: Site, xs: list[Any]) -> Any:
    x = xs[0]
    if int(site["rounding_method"]) == 1:                # to the nearest even number
        return arithmetic.round(x)
    return arithmetic.sign(x) * arithmetic.floor(arithmetic.abs(x) + 0.5)


def _select(site: Site, xs: list[Any]) -> Any:
    which, *cases = xs
    if which.dtype.kind == "b":
        return compare.where(which, cases[1], cases[0]) if len(cases) == 2 else cases[0]
    found = cases[-1]
    for i in range(len(cases) - 2, -1, -1):
        found = compare.where(compare.less_equal(which, i), cases[i], found)
    return found


def _clamp(site: Site, xs: list[Any]) -> Any:
    """At a bound the derivative is the bound's, as in JAX."""
    low, x, high = xs
    above = compare.where(compare.less(x, high), x, high)
    return compare.where(compare.greater(x, low), above, low)


def _precision(site: Site, xs: list[Any]) -> Any:
    kinds = {(8, 23): np.float32, (11, 52): np.float64, (5, 10): np.float16}
    kind = kinds.get((int(site["exponent_bits"]), int(site["mantissa_bits"])))
    if kind is None:
        raise site.refuse("exponent_bits, mantissa_bits")
    return as_dtype(as_dtype(xs[0], np.dtype(kind)), xs[0].dtype)


def _polygamma(site: Site, xs: list[Any]) -> Any:
    order = known(xs[0])
    if order is None or np.unique(order).size != 1:
        raise site.refuse("an order that is not one constant")
    return functions.polygamma(xs[1], n=int(order.flat[0]))


def _bitcast_spec(x: Spec, *, dtype: Any) -> Spec:
    return Spec(x.shape, np.dtype(dtype))


def _bitcast_forward(x: Any, *, dtype: Any) -> Any:
    return np.asarray(x).view(dtype)


bitcast = callable_op(Op(
    name="bitcast", forward=_bitcast_forward, spec=_bitcast_spec, d={"x": None},
    lower=Call(Elementwise()), sign="bits", latex=r"\operatorname{bits} $x", family="elementwise",
))  # fmt: skip
"""The bits of x read as numbers of another dtype of the same width."""


def _bitcast(site: Site, xs: list[Any]) -> Any:
    if xs[0].dtype.itemsize != site.out.dtype.itemsize:
        raise site.refuse("a dtype of another width")
    return bitcast(xs[0], dtype=site.out.dtype)


def _along(function: Callable[..., Any]) -> Rule:
    def rule(site: Site, xs: list[Any]) -> Any:
        axes = tuple(map(int, site["axes"]))
        return function(xs[0], axis=axes, keepdims=False) if axes else xs[0]

    return rule


def _arg(function: Callable[..., Any]) -> Rule:
    return lambda site, xs: function(xs[0], axis=int(site["axes"][0]), keepdims=False)


def _running(function: Callable[..., Any]) -> Rule:
    def rule(site: Site, xs: list[Any]) -> Any:
        axis = int(site["axis"])
        if not site["reverse"]:
            return function(xs[0], axis=axis)
        return flip(function(flip(xs[0], axis=axis), axis=axis), axis=axis)

    return rule


def _parity(site: Site, xs: list[Any]) -> Any:
    if xs[0].dtype.kind != "b":
        raise site.refuse("whole numbers")
    count = reduce.sum(as_dtype(xs[0], np.dtype(np.int64)), axis=tuple(site["axes"]))
    return compare.equal(arithmetic.mod(count, 2), 1)


RULES: dict[str, Rule] = {
    **{name: _plain(op) for name, op in {
        "add": arithmetic.add, "add_any": arithmetic.add, "sub": arithmetic.subtract,
        "mul": arithmetic.multiply, "neg": arithmetic.negative, "sign": arithmetic.sign,
        "floor": arithmetic.floor, "ceil": arithmetic.ceil, "abs": arithmetic.abs,
        "sqrt": arithmetic.sqrt, "cbrt": arithmetic.cbrt, "square": arithmetic.square,
        "max": arithmetic.maximum, "min": arithmetic.minimum,
        "stop_gradient": arithmetic.stop_gradient,
        "rsqrt": lambda x: arithmetic.reciprocal(arithmetic.sqrt(x)),
        "is_finite": compare.isfinite, "logistic": sigmoid,
        "exp": transcendental.exp, "exp2": transcendental.exp2, "expm1": transcendental.expm1,
        "log": transcendental.log, "log1p": transcendental.log1p, "tanh": transcendental.tanh,
        "sin": transcendental.sin, "cos": transcendental.cos, "tan": transcendental.tan,
        "asin": transcendental.arcsin, "acos": transcendental.arccos,
        "atan": transcendental.arctan, "sinh": transcendental.sinh, "cosh": transcendental.cosh,
        "asinh": transcendental.arcsinh, "acosh": transcendental.arccosh,
        "atanh": transcendental.arctanh, "atan2": transcendental.arctan2,
        "erf": transcendental.erf, "erfc": functions.erfc, "erf_inv": functions.erfinv,
        "lgamma": functions.gammaln, "digamma": lambda x: functions.polygamma(x, n=0),
        "bessel_i0e": functions.i0e, "bessel_i1e": functions.i1e,
        "nextafter": floating_point.nextafter,
        "eq": compare.equal, "ne": compare.not_equal, "lt": compare.less,
        "le": compare.less_equal, "gt": compare.greater, "ge": compare.greater_equal,
        "eq_to": compare.equal, "lt_to": compare.less, "le_to": compare.less_equal,
        "shift_left": bits.bitwise_left_shift,
        "shift_right_arithmetic": bits.bitwise_right_shift,
        "shift_right_logical": lambda a, b: bits.bitwise_right_shift(_unsigned(a), _unsigned(b)),
    }.items()},
    **dict.fromkeys(
        ("convert_element_type", "copy", "copy_p", "optimization_barrier", "pvary",
         "sharding_constraint", "reshard", "mesh_cast", "real"), _first,
    ),
    "optimization_barrier": lambda site, xs: list(xs),
    "and": _by_kind(bits.bitwise_and, compare.logical_and),
    "or": _by_kind(bits.bitwise_or, compare.logical_or),
    "xor": _by_kind(bits.bitwise_xor, compare.logical_xor),
    "not": _by_kind(bits.bitwise_invert, compare.logical_not),
    "div": _divide, "rem": _remainder, "pow": _power, "round": _round,
    "integer_pow": lambda site, xs: arithmetic.power_scalar(xs[0], exponent=int(site["y"])),
    "select_n": _select, "clamp": _clamp, "reduce_precision": _precision,
    "polygamma": _polygamma, "bitcast_convert_type": _bitcast,
    "reduce_sum": _along(reduce.sum), "reduce_prod": _along(reduce.prod),
    "reduce_max": _along(reduce.max), "reduce_min": _along(reduce.min),
    "reduce_and": _along(reduce.all), "reduce_or": _along(reduce.any), "reduce_xor": _parity,
    "argmax": _arg(reduce.argmax), "argmin": _arg(reduce.argmin),
    "cumsum": _running(scan_sort.cumsum), "cumprod": _running(scan_sort.cumprod),
    "cummax": _running(numpy_functions.cummax), "cummin": _running(numpy_functions.cummin),
    "cumlogsumexp": _running(numpy_functions.logcumsumexp),
}  # fmt: skip
