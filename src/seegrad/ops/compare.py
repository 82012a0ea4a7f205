"""Comparisons, logic, choice between two values, conversion of dtype. Results without numbers
to learn from (booleans) have no derivative, and say so."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from seegrad.errors import DTypeError
from seegrad.graph.laws import commutative, idempotent
from seegrad.graph.op import Case, Op
from seegrad.graph.spec import native_dtype
from seegrad.ops.families import SUM, chosen, elementwise, no_matter

LOGIC = 5


def _comparison(
    sign: str, latex: str, onnx: str = "", *, aten: str, symmetric: bool = False
) -> Any:
    def define(forward: Any) -> Op:
        return elementwise(
            scalar=f"{forward.__name__}(a, b)",
            sign=sign,
            latex=latex,
            precedence=LOGIC,
            onnx=onnx,
            aten=aten,
            laws=[commutative] if symmetric else [],
            d={"a": None, "b": None},
        )(forward)

    return define


@_comparison("=", "$a = $b", "Equal", symmetric=True, aten="eq")
def equal(a, b):
    """Where a equals b."""
    return np.equal(a, b)


@_comparison("≠", r"$a \ne $b", symmetric=True, aten="ne")
def not_equal(a, b):
    """Where a differs from b."""
    return np.not_equal(a, b)


@_comparison("<", "$a < $b", "Less", aten="lt")
def less(a, b):
    """Where a is below b."""
    return np.less(a, b)


@_comparison("≤", r"$a \le $b", "LessOrEqual", aten="le")
def less_equal(a, b):
    """Where a is not above b."""
    return np.less_equal(a, b)


@_comparison(">", "$a > $b", "Greater", aten="gt")
def greater(a, b):
    """Where a is above b."""
    return np.greater(a, b)


@_comparison("≥", r"$a \ge $b", "GreaterOrEqual", aten="ge")
def greater_equal(a, b):
    """Where a is not below b."""
    return np.greater_equal(a, b)


@_comparison("∧", r"$a \land $b", "And", symmetric=True, aten="logical_and")
def logical_and(a, b):
    """Where both are true (not zero)."""
    return np.logical_and(a, b)


@_comparison("∨", r"$a \lor $b", "Or", symmetric=True, aten="logical_or")
def logical_or(a, b):
    """Where at least one is true (not zero)."""
    return np.logical_or(a, b)


@_comparison("⊻", r"$a \oplus $b", "Xor", symmetric=True, aten="logical_xor")
def logical_xor(a, b):
    """Where exactly one is true (not zero)."""
    return np.logical_xor(a, b)


def _question(sign: str, latex: str, onnx: str = "", **said: Any) -> Callable[..., Op]:
    """What is true or false of each number alone, as NumPy's function of the name."""

    def define(forward: Any) -> Op:
        name = forward.__name__
        return elementwise(
            scalar=f"{name}(x)", sign=sign, latex=latex, onnx=onnx, aten=name, d={"x": None}, **said
        )(forward)

    return define


@_question("¬", r"\lnot $x", "Not", precedence=LOGIC)
def logical_not(x):
    """Where x is false (zero)."""
    return np.logical_not(x)


@_question("nan?", r"\operatorname{isnan} $x", "IsNaN")
def isnan(x):
    """Where x is not a number."""
    return np.isnan(x)


@_question("∞?", r"\operatorname{isinf} $x", "IsInf")
def isinf(x):
    """Where x is infinite."""
    return np.isinf(x)


@_question("fin?", r"\operatorname{isfinite} $x")
def isfinite(x):
    """Where x is a finite number."""
    return np.isfinite(x)


@elementwise(
    scalar="where(condition, a, b)",
    sign="?:",
    latex=r"\begin{cases}$a & ($condition)\\ $b\end{cases}",
    precedence=SUM,
    onnx="Where",
    aten="where.self",
    cases=tuple(
        Case(shapes, integers={"condition": 2})
        for shapes in (((), (), ()), ((2, 3), (3,), (2, 1)), ((3,), (3,), (3,)), ((0, 3), (3,), ()))
    ),
    d={
        "condition": None,
        "a": lambda g, condition: where(condition, g, 0.0),
        "b": lambda g, condition: where(condition, 0.0, g),
    },
)
def where(condition, a, b):
    """a where the condition is true, b elsewhere; the derivative goes to the one chosen.

    What was not chosen gets the derivative 0, even if its own derivative is infinite or its value
    no number: `where(x != 0, sin(x) / x, 1)` and `where(x > 0, log(x), 0)` need no second where
    inside, which PyTorch, JAX, autograd, MyGrad and tinygrad ask for. It costs nothing until a
    NaN is born on the way back (see `seegrad.autodiff`).
    """
    return chosen(condition, a, b)


def _number_dtype(dtype: Any) -> Any:
    """`dtype` as NumPy's, if values may have it."""
    try:
        found = native_dtype(dtype)
    except TypeError:
        found = None
    if found is None or found.kind not in "fiub":
        raise DTypeError(
            "this is no dtype that seegrad computes with",
            asked="a floating-point, integer or boolean dtype, such as float32",
            came=f"dtype={dtype!r}",
        )
    return found


@elementwise(
    scalar="x",
    sign="▷$dtype",
    latex="$x",
    onnx="Cast(x, to=dtype)",
    numpy=("astype",),
    cases=(
        Case(((3,),), {"dtype": np.dtype(np.float64)}),
        Case(((2, 3),), {"dtype": np.dtype(np.float64)}),
        Case(((),), {"dtype": np.dtype(np.float64)}),
        Case(((0, 3),), {"dtype": np.dtype(np.float32)}),
    ),
    canonical=lambda x, *, dtype: {"dtype": _number_dtype(dtype)},
    laws=[idempotent],
    d={"x": lambda g, x_spec: astype(g, dtype=x_spec.dtype)},
    also={"copy": no_matter, "device": no_matter},
)
def astype(x, *, dtype):
    """x converted to another dtype; the derivative is converted back."""
    return np.asarray(x).astype(dtype)


def floating(x: Any) -> Any:
    """x itself; as float64 where it holds integers or booleans."""
    if not hasattr(x, "dtype"):
        x = np.asarray(x)[()]
    return x if x.dtype.kind == "f" else astype(x, dtype=np.float64)
