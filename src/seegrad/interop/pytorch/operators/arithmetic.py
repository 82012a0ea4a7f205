"""ATen's arithmetic, comparisons and elementary functions that say more than one op of ours.

What one op answers to stands at that op's definition.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from seegrad.interop.pytorch.operators.reader import as_dtype, promoted, reads, table
from seegrad.ops import (
    arithmetic,
    bits,
    closeness,
    compare,
    functions,
    norms,
    transcendental,
)
from seegrad.tensor import numpy_functions, special

PYTHON = (bool, int, float)


def _both(a: Any, b: Any, dtype: Any) -> tuple[Any, Any]:
    """Two operands in the dtype of the result, at least one of them an array."""
    both = promoted({"a": a, "b": b}, dtype)
    a, b = both["a"], both["b"]
    if isinstance(a, PYTHON) and isinstance(b, PYTHON):
        a = np.asarray(a, dtype)
    return a, b


def _scaled(b: Any, alpha: Any) -> Any:
    return b if alpha == 1 else b * alpha


@reads("add")
def add(self: Any, other: Any, result_dtype: Any, alpha: Any = 1) -> Any:
    a, b = _both(self, other, result_dtype)
    if result_dtype.kind == "b":
        return compare.logical_or(a, b)
    return arithmetic.add(a, _scaled(b, alpha))


@reads("sub", "subtract")
def sub(self: Any, other: Any, result_dtype: Any, alpha: Any = 1) -> Any:
    a, b = _both(self, other, result_dtype)
    return arithmetic.subtract(a, _scaled(b, alpha))


@reads("rsub")
def rsub(self: Any, other: Any, result_dtype: Any, alpha: Any = 1) -> Any:
    a, b = _both(self, other, result_dtype)
    return arithmetic.subtract(b, _scaled(a, alpha))


@reads("mul", "multiply")
def mul(self: Any, other: Any, result_dtype: Any) -> Any:
    a, b = _both(self, other, result_dtype)
    if result_dtype.kind == "b":
        return compare.logical_and(a, b)
    return arithmetic.multiply(a, b)


@reads("div", "true_divide", "divide")
def div(self: Any, other: Any, result_dtype: Any, rounding_mode: str | None = None) -> Any:
    a, b = _both(self, other, result_dtype)
    if rounding_mode == "floor":
        return arithmetic.floor_divide(a, b)
    if rounding_mode is None:
        return arithmetic.divide(a, b)
    if result_dtype.kind == "f":
        return arithmetic.trunc(arithmetic.divide(a, b))
    quotient = arithmetic.floor_divide(a, b)
    uneven = compare.logical_and(
        compare.not_equal(arithmetic.mod(a, b), 0), compare.not_equal(_below(a), _below(b))
    )
    return quotient + compare.astype(uneven, dtype=result_dtype)


def _below(x: Any) -> Any:
    return compare.less(np.asarray(x) if isinstance(x, PYTHON) else x, 0)


table({
    "floor_divide": lambda self, other, result_dtype: (
        arithmetic.floor_divide(*_both(self, other, result_dtype))
    ),
    "remainder": lambda self, other, result_dtype: (
        arithmetic.mod(*_both(self, other, result_dtype))
    ),
    "rsqrt": lambda self, result_dtype: (
        arithmetic.reciprocal(arithmetic.sqrt(as_dtype(self, result_dtype)))
    ),
    "positive resolve_conj resolve_neg real conj conj_physical _conj": lambda self: (
        arithmetic.identity(self)
    ),
    "_to_copy to type_as": lambda self, result_dtype: (
        arithmetic.identity(self) if result_dtype is None else _cast(self, result_dtype)
    ),
    "clamp_min": lambda self, min, result_dtype: clamp(self, result_dtype, min=min),
    "clamp_max": lambda self, max, result_dtype: clamp(self, result_dtype, max=max),
    "frac": lambda self: self - arithmetic.trunc(self),
    "lerp": lambda self, end, weight: self + weight * (end - self),
    "addcmul": lambda self, tensor1, tensor2, value=1: self + _scaled(tensor1 * tensor2, value),
    "addcdiv": lambda self, tensor1, tensor2, value=1: self + _scaled(tensor1 / tensor2, value),
    "heaviside": lambda self, values: numpy_functions.heaviside(self, values),
    "isneginf": lambda self: numpy_functions.isneginf(self),
    "isposinf": lambda self: numpy_functions.isposinf(self),
    "digamma special_digamma special_psi": lambda self, result_dtype: (
        functions.polygamma(as_dtype(self, result_dtype), n=0)
    ),
    "polygamma special_polygamma": lambda n, self, result_dtype: (
        functions.polygamma(as_dtype(self, result_dtype), n=n)
    ),
    "bitwise_and __and__": lambda self, other, result_dtype: (
        _by_bits(compare.logical_and, bits.bitwise_and, self, other, result_dtype)
    ),
    "bitwise_or __or__": lambda self, other, result_dtype: (
        _by_bits(compare.logical_or, bits.bitwise_or, self, other, result_dtype)
    ),
    "bitwise_xor __xor__": lambda self, other, result_dtype: (
        _by_bits(compare.logical_xor, bits.bitwise_xor, self, other, result_dtype)
    ),
    "bitwise_not": lambda self, result_dtype: (
        compare.logical_not(self) if result_dtype.kind == "b" else bits.bitwise_invert(self)
    ),
    "dist": lambda self, other, p=2: norms.vector_norm(self - other, ord=p),
    "ldexp": lambda self, other, result_dtype: (
        as_dtype(self, result_dtype) * transcendental.exp2(as_dtype(other, result_dtype))
    ),
    "isclose": lambda self, other, rtol=1e-5, atol=1e-8, equal_nan=False: (
        closeness.isclose(self, other, rtol=rtol, atol=atol, equal_nan=equal_nan)
    ),
    "mvlgamma special_multigammaln": lambda self, p, result_dtype: (
        special.multigammaln(as_dtype(self, result_dtype), p)
    ),
})


@reads("pow", "float_power")
def power(self: Any, exponent: Any, result_dtype: Any) -> Any:
    a, b = _both(self, exponent, result_dtype)
    if isinstance(b, PYTHON):
        b = float(b) if result_dtype.kind == "f" else int(b)
        if b == 2:
            return arithmetic.square(a)
        if b == 0.5:
            return arithmetic.sqrt(a)
        return arithmetic.power_scalar(a, exponent=b)
    return transcendental.power(a, b)


def _cast(x: Any, dtype: Any) -> Any:
    if x.dtype.kind == "f" and dtype.kind == "f":
        return arithmetic.identity(x) if x.dtype == dtype else compare.astype(x, dtype=dtype)
    return compare.astype(x, dtype=dtype)


@reads("clamp", "clip")
def clamp(self: Any, result_dtype: Any, min: Any = None, max: Any = None) -> Any:
    self = as_dtype(self, result_dtype)
    if all(end is None or isinstance(end, PYTHON) for end in (min, max)):
        return arithmetic.clip(self, low=min, high=max)
    ends = promoted({"low": min, "high": max}, result_dtype)
    # written out: at a bound, all of the derivative is x's
    if ends["low"] is not None:
        self = compare.where(compare.greater_equal(self, ends["low"]), self, ends["low"])
    if ends["high"] is not None:
        self = compare.where(compare.less_equal(self, ends["high"]), self, ends["high"])
    return self


@reads("round.decimals")
def rounded(self: Any, decimals: int = 0) -> Any:
    scale = 10.0**decimals
    return arithmetic.round(self * scale) / scale


@reads("masked_fill")
def masked_fill(self: Any, mask: Any, value: Any, result_dtype: Any) -> Any:
    if not isinstance(value, PYTHON):
        value = as_dtype(value, result_dtype)
    return compare.where(mask, value, self)


@reads("where.ScalarSelf", "where.ScalarOther", "where.Scalar", "where.self")
def where(condition: Any, self: Any, other: Any, result_dtype: Any) -> Any:
    a, b = _both(self, other, result_dtype)
    return compare.where(condition, a, b)


@reads("nan_to_num")
def nan_to_num(
    self: Any, nan: Any = None, posinf: Any = None, neginf: Any = None
) -> Any:  # fmt: skip
    if self.dtype.kind != "f":
        return arithmetic.identity(self)
    return numpy_functions.nan_to_num(self, nan or 0.0, posinf, neginf)


@reads("logit", "special_logit")
def logit(self: Any, result_dtype: Any, eps: float | None = None) -> Any:
    self = as_dtype(self, result_dtype)
    if eps is not None:
        self = arithmetic.clip(self, low=eps, high=1 - eps)
    return functions.logit(self)


def _by_bits(of_booleans: Any, of_integers: Any, a: Any, b: Any, dtype: Any) -> Any:
    if dtype.kind == "b":
        return of_booleans(a, b)
    a, b = (np.asarray(x, dtype) if isinstance(x, PYTHON) else as_integer(x, dtype) for x in (a, b))
    return of_integers(a, b)


def as_integer(x: Any, dtype: Any) -> Any:
    return x if x.dtype == dtype else compare.astype(x, dtype=dtype)
