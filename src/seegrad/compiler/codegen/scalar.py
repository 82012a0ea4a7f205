"""The scalar language as assembly: one emitter for each function, on lanes of any width.

Which dtypes a function takes is asked with `scalar_types.supported`; what is not goes through
NumPy.
"""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np

from seegrad.compiler.codegen.functions import half, vector_math
from seegrad.compiler.codegen.llvm_builder import Function
from seegrad.compiler.codegen.llvm_types import Value, like
from seegrad.compiler.ir.scalar_types import (
    FLOAT32,
    HALF,
    MATHEMATICS,
    computing,
    exact,
    scalar_type,
)
from seegrad.compiler.target import host
from seegrad.graph.spec import DType

Emit = Callable[..., Value]


def cast(f: Function, x: Value, source: DType, target: DType) -> Value:
    """`x` as `target`, by NumPy's rules."""
    if source == target:
        return x
    if target == HALF:
        near = half.odd(f, x) if source.name == "float64" else cast(f, x, source, FLOAT32)
        return half.rounded(f, near)
    source = computing(source)
    if source == target:
        return x
    kind = like(x.type, scalar_type(target))
    if target.kind == "b":
        if source.kind == "f":
            return f.compare("une", x, f.constant(x.type, 0))
        return f.compare("ne", x, f.constant(x.type, 0))
    if source.kind == "f" and target.kind == "f":
        return f.cast("fptrunc" if source.itemsize > target.itemsize else "fpext", x, kind)
    if source.kind == "f":
        return f.cast("fptoui" if target.kind == "u" else "fptosi", x, kind)
    if target.kind == "f":
        return f.cast("sitofp" if source.kind == "i" else "uitofp", x, kind)
    if x.type == kind:
        return x
    if source.itemsize > target.itemsize and source.kind != "b":
        return f.cast("trunc", x, kind)
    return f.cast("sext" if source.kind == "i" else "zext", x, kind)


# --------------------------------------------------------------- the functions


def _arithmetic(floating: str, whole: str, logical: str = "") -> Emit:
    def emit(f: Function, dtype: DType, a: Value, b: Value) -> Value:
        word = {"f": floating, "b": logical}.get(dtype.kind, whole)
        return f.binary(word, a, b)

    return emit


def _relation(floating: str, signed: str, unsigned: str) -> Emit:
    def emit(f: Function, dtype: DType, a: Value, b: Value) -> Value:
        word = {"f": floating, "i": signed}.get(dtype.kind, unsigned)
        return f.compare(word, a, b)

    return emit


def _negative(f: Function, dtype: DType, x: Value) -> Value:
    if dtype.kind == "f":
        return f.fneg(x)
    return f.binary("sub", f.constant(x.type, 0), x)


def _extreme(intrinsic: str, floating: str, relation: tuple[str, str]) -> Emit:
    def emit(f: Function, dtype: DType, a: Value, b: Value) -> Value:
        if dtype.kind == "f":
            # NaN in either gives NaN. Which of two zeros comes out is as in NumPy, whose loops
            # use each processor's own instruction.
            if not host().x86:
                return f.intrinsic(intrinsic, a, b)
            better = f.select(f.compare(floating, a, b), a, b)
            return f.select(f.compare("uno", a, a), a, better)
        word = relation[0] if dtype.kind == "i" else relation[1]
        return f.select(f.compare(word, a, b), a, b)

    return emit


def _absolute(f: Function, dtype: DType, x: Value) -> Value:
    if dtype.kind == "f":
        return f.intrinsic("fabs", x)
    if dtype.kind in "bu":
        return x
    negative = f.compare("slt", x, f.constant(x.type, 0))
    return f.select(negative, _negative(f, dtype, x), x)


def _sign(f: Function, dtype: DType, x: Value) -> Value:
    zero, one, minus = (f.constant(x.type, c) for c in (0, 1, -1))
    if dtype.kind == "f":
        y = f.select(f.compare("ogt", x, zero), one, x)
        y = f.select(f.compare("olt", x, zero), minus, y)
        return f.select(f.compare("oeq", x, zero), zero, y)
    positive = f.compare("sgt" if dtype.kind == "i" else "ugt", x, zero)
    y = f.select(positive, one, zero)
    return f.select(f.compare("slt", x, zero), minus, y) if dtype.kind == "i" else y


def _own(name: str) -> Emit:
    return lambda f, dtype, *values: vector_math.emit(f, name, *values)


def _llvm(name: str) -> Emit:
    def emit(f: Function, dtype: DType, x: Value) -> Value:
        return x if dtype.kind != "f" else f.intrinsic(name, x)

    return emit


def _sqrt(f: Function, dtype: DType, x: Value) -> Value:
    return f.intrinsic("sqrt", x)


def _mod(f: Function, dtype: DType, a: Value, b: Value) -> Value:
    """The remainder with the sign of the divisor."""
    zero = f.constant(a.type, 0)
    r = vector_math.emit(f, "fmod", a, b)
    other = f.binary(
        "xor",
        f.compare("olt", r, zero),
        f.compare("olt", b, zero),
    )
    wrong = f.binary("and", other, f.compare("une", r, zero))
    y = f.select(wrong, f.binary("fadd", r, b), r)
    return f.select(f.compare("oeq", r, zero), f.intrinsic("copysign", zero, b), y)


def _floor_divide(f: Function, dtype: DType, a: Value, b: Value) -> Value:
    """NumPy's: from the remainder, so that it agrees with mod; a / 0 as a division gives it."""
    zero, one = f.constant(a.type, 0), f.constant(a.type, 1)
    r = vector_math.emit(f, "fmod", a, b)
    q = f.binary("fdiv", f.binary("fsub", a, r), b)
    other = f.binary("xor", f.compare("olt", r, zero), f.compare("olt", b, zero))
    wrong = f.binary("and", other, f.compare("une", r, zero))
    q = f.select(wrong, f.binary("fsub", q, one), q)
    whole = f.intrinsic("floor", q)
    far = f.compare("ogt", f.binary("fsub", q, whole), f.constant(a.type, 0.5))
    whole = f.select(far, f.binary("fadd", whole, one), whole)
    ratio = f.binary("fdiv", a, b)
    none = f.compare("oeq", whole, zero)
    whole = f.select(none, f.intrinsic("copysign", zero, ratio), whole)
    return f.select(f.compare("oeq", b, zero), ratio, whole)


def _test(relation: str) -> Emit:
    def emit(f: Function, dtype: DType, x: Value) -> Value:
        if dtype.kind != "f":
            answer = 1 if relation == "one" else 0
            return f.constant(like(x.type, "i1"), answer)
        if relation == "uno":
            return f.compare("uno", x, x)
        size = f.intrinsic("fabs", x)
        return f.compare(relation, size, f.constant(x.type, math.inf))

    return emit


def _hypot(f: Function, dtype: DType, a: Value, b: Value) -> Value:
    """The larger times √(1 + q²), q the quotient; steady over the whole range."""
    if dtype.itemsize == 4:
        wide = like(a.type, "double")
        a, b = f.cast("fpext", a, wide), f.cast("fpext", b, wide)
        square = f.fma(a, a, f.binary("fmul", b, b))
        y = f.cast("fptrunc", f.intrinsic("sqrt", square), like(a.type, "float"))
    else:
        a, b = f.intrinsic("fabs", a), f.intrinsic("fabs", b)
        large = f.select(f.compare("ogt", a, b), a, b)
        small = f.select(f.compare("ogt", a, b), b, a)
        some = f.compare("ogt", large, f.constant(a.type, 0))
        safe = f.select(some, large, f.constant(a.type, 1))
        q = f.binary("fdiv", small, safe)
        root = f.intrinsic("sqrt", f.fma(q, q, f.constant(a.type, 1)))
        y = f.select(some, f.binary("fmul", large, root), f.binary("fadd", a, b))
    infinite = f.compare("oeq", f.intrinsic("fabs", a), f.constant(a.type, math.inf))
    other = f.compare("oeq", f.intrinsic("fabs", b), f.constant(b.type, math.inf))
    return f.select(f.binary("or", infinite, other), f.constant(y.type, math.inf), y)


def _logaddexp(f: Function, dtype: DType, a: Value, b: Value) -> Value:
    larger = f.select(f.compare("ogt", a, b), a, b)
    distance = f.intrinsic("fabs", f.binary("fsub", a, b))
    y = f.binary(
        "fadd", larger, vector_math.emit(f, "log1p", vector_math.emit(f, "exp", f.fneg(distance)))
    )
    same = f.compare("oeq", a, b)
    twice = f.binary("fadd", a, f.constant(a.type, math.log(2)))
    y = f.select(same, twice, y)
    return f.select(f.compare("uno", a, b), f.binary("fadd", a, b), y)


def _power(f: Function, dtype: DType, a: Value, b: Value) -> Value:
    return vector_math.emit(f, "pow", a, b)


_EMITTERS: dict[str, Emit] = {
    "add": _arithmetic("fadd", "add", "or"),
    "subtract": _arithmetic("fsub", "sub"),
    "multiply": _arithmetic("fmul", "mul", "and"),
    "divide": _arithmetic("fdiv", ""),
    "negative": _negative, "power": _power, "mod": _mod, "floor_divide": _floor_divide,
    "sqrt": _sqrt, "abs": _absolute, "sign": _sign,
    "maximum": _extreme("maximum", "ogt", ("sgt", "ugt")),
    "minimum": _extreme("minimum", "olt", ("slt", "ult")),
    "floor": _llvm("floor"), "ceil": _llvm("ceil"), "round": _llvm("rint"),
    "trunc": _llvm("trunc"),
    "equal": _relation("oeq", "eq", "eq"), "not_equal": _relation("une", "ne", "ne"),
    "less": _relation("olt", "slt", "ult"), "less_equal": _relation("ole", "sle", "ule"),
    "greater": _relation("ogt", "sgt", "ugt"),
    "greater_equal": _relation("oge", "sge", "uge"),
    "logical_and": _arithmetic("", "", "and"), "logical_or": _arithmetic("", "", "or"),
    "logical_xor": _arithmetic("", "", "xor"),
    "logical_not": lambda f, dtype, x: f.binary("xor", x, f.constant(x.type, 1)),
    "isnan": _test("uno"), "isinf": _test("oeq"), "isfinite": _test("one"),
    "hypot": _hypot, "logaddexp": _logaddexp,
    **{name: _own(name) for name in MATHEMATICS},
}  # fmt: skip


def emit(f: Function, function: str, compute: DType, *values: Value) -> Value:
    """The function of values that are lanes of `compute`; of float16, rounded to it."""
    if function == "where":
        return f.select(*values)
    if compute == HALF:
        x = emit(f, function, FLOAT32, *values)
        return x if exact(function) else half.rounded(f, x)
    if compute.kind == "b" and function in ("maximum", "minimum"):
        return f.binary("or" if function == "maximum" else "and", *values)
    return _EMITTERS[function](f, compute, *values)


# --------------------------------------------------------------- reductions

_COMBINE = {"sum": "add", "prod": "multiply", "max": "maximum", "min": "minimum",
            "all": "logical_and", "any": "logical_or"}  # fmt: skip


def neutral(kind: str, dtype: DType) -> float:
    """What changes nothing when combined."""
    if kind in ("sum", "any"):
        return 0
    if kind in ("prod", "all"):
        return 1
    if dtype.kind == "f":
        return -math.inf if kind == "max" else math.inf
    if dtype.kind == "b":
        return 0 if kind == "max" else 1
    info = np.iinfo(dtype)
    return info.min if kind == "max" else info.max


def combine(f: Function, kind: str, dtype: DType, a: Value, b: Value) -> Value:
    """One step of the reduction."""
    return emit(f, _COMBINE[kind], dtype, a, b)


def across(f: Function, kind: str, dtype: DType, x: Value, lanes: int) -> Value:
    """All lanes of x reduced to one, halves upon halves."""
    while lanes > 1:
        half = lanes // 2
        low = f.shuffle(x, x, range(half)) if half > 1 else f.extract(x, 0)
        high = f.shuffle(x, x, range(half, lanes)) if half > 1 else f.extract(x, 1)
        x = combine(f, kind, dtype, low, high)
        lanes = half
    return x
