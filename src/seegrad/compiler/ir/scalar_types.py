"""Which dtypes native code computes with, and what each scalar function takes and gives."""

from __future__ import annotations

from functools import cache

import numpy as np

from seegrad.graph.forms import TRANSCENDENTAL
from seegrad.graph.spec import DType

SCALARS = {
    "float16": "float", "float32": "float", "float64": "double", "bool": "i1",
    "int8": "i8", "int16": "i16", "int32": "i32", "int64": "i64",
    "uint8": "i8", "uint16": "i16", "uint32": "i32", "uint64": "i64",
}  # fmt: skip
HALF, FLOAT32 = np.dtype(np.float16), np.dtype(np.float32)
"""float16 is computed with as float32: widened when it is loaded, and every result rounded."""


@cache
def native(dtype: DType) -> bool:
    """Whether code computes with the dtype."""
    return dtype.name in SCALARS


def totals_in_memory(dtype: DType) -> bool:
    """Whether a running total may lie in memory as the dtype; that of float16 is float32."""
    return native(dtype) and dtype != HALF


def computing(dtype: DType) -> DType:
    """The dtype in which numbers of `dtype` are computed with."""
    return FLOAT32 if dtype == HALF else dtype


@cache
def scalar_type(dtype: DType) -> str:
    """The type of one lane that computes with `dtype`; of one that is only moved, its bits."""
    return SCALARS.get(dtype.name, f"i{8 * dtype.itemsize}")


@cache
def memory_type(dtype: DType) -> str:
    """The type of one element in memory (booleans take a byte, float16 two)."""
    return "i8" if dtype.kind == "b" else "i16" if dtype == HALF else scalar_type(dtype)


def literal(dtype: DType, value: float) -> float:
    """The number as code writes it: by its bits where its dtype is only moved."""
    if dtype == HALF:
        with np.errstate(over="ignore"):
            return float(np.float16(value))
    if native(dtype):
        return value
    return int(np.array(value, dtype).view(f"u{dtype.itemsize}"))
MATHEMATICS = tuple(f for f in TRANSCENDENTAL if f not in ("hypot", "logaddexp"))
FUNCTIONS = {
    "add", "subtract", "multiply", "divide", "negative", "power", "mod", "floor_divide", "sqrt",
    "abs", "sign", "maximum", "minimum", "floor", "ceil", "round", "trunc", "equal", "not_equal",
    "less", "less_equal", "greater", "greater_equal", "logical_and", "logical_or", "logical_xor",
    "logical_not", "isnan", "isinf", "isfinite", "hypot", "logaddexp", *MATHEMATICS,
}  # fmt: skip
"""The functions that have native code, beside `where`."""
_FLOATING_ONLY = {"divide", "power", "mod", "floor_divide", "sqrt", "hypot", "logaddexp", "round",
                  *MATHEMATICS}  # fmt: skip
_LOGICAL = {"logical_and", "logical_or", "logical_xor", "logical_not"}
_EXACT = {"negative", "abs", "sign", "maximum", "minimum", "floor", "ceil", "round", "trunc",
          "equal", "not_equal", "less", "less_equal", "greater", "greater_equal", "isnan", "isinf",
          "isfinite", *_LOGICAL}  # fmt: skip
_EXPENSIVE = {*MATHEMATICS, "power", "mod", "floor_divide", "divide", "sqrt", "hypot",
              "logaddexp"}  # fmt: skip


def expensive(function: str) -> bool:
    """Whether a value of this function is better kept than computed again."""
    return function in _EXPENSIVE


def exact(function: str) -> bool:
    """Whether what the function gives needs no rounding."""
    return function in _EXACT


def divides(function: str) -> bool:
    """Whether the function's own code may divide what it is given."""
    return function in _EXPENSIVE


@cache
def result_dtype(function: str, *dtypes: DType) -> DType:
    """The dtype that NumPy gives the function of such arguments."""
    if function == "where":
        return np.result_type(*dtypes[1:])
    name = {"round": "rint", "mod": "remainder"}.get(function, function)
    if name == "erf":
        return dtypes[0] if dtypes[0].kind == "f" else np.dtype(np.float64)
    with np.errstate(all="ignore"):
        made: DType = getattr(np, name)(*[np.ones(1, d) for d in dtypes]).dtype
    return made


@cache
def compute_dtype(function: str, *dtypes: DType) -> DType:
    """The dtype in which the function works."""
    if function == "where":
        return np.result_type(*dtypes[1:])
    if function in _LOGICAL:
        return np.dtype(bool)
    if function in _FLOATING_ONLY:
        return result_dtype(function, *dtypes)
    return np.result_type(*dtypes)


def supported(function: str, compute: DType) -> bool:
    """Whether there is native code for the function in this dtype."""
    if function == "where":
        return native(compute)
    if function not in FUNCTIONS or not native(compute):
        return False
    if function in _FLOATING_ONLY:
        return compute.kind == "f"
    if function in _LOGICAL:
        return compute.kind == "b"
    if compute.kind == "b":
        return function in {"add", "multiply", "equal", "not_equal", "isnan", "isinf", "isfinite",
                            "maximum", "minimum"}  # fmt: skip
    return True
