"""Arithmetic: sums, products, quotients, powers, signs, rounding.

Where a derivative jumps, the choice made is written in the op's docstring.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from seegrad.errors import DTypeError, ShapeError
from seegrad.graph.forms import Call, LeadingAxes
from seegrad.graph.laws import associative, commutative, idempotent, involution, unit, zero
from seegrad.graph.node import Node
from seegrad.graph.op import Case, Op
from seegrad.graph.spec import Spec
from seegrad.i18n import tr
from seegrad.ops.compare import where
from seegrad.ops.families import (
    CALL,
    MINUS,
    POWER,
    PRODUCT,
    SUM,
    broadcast_shapes,
    elementwise,
    operation,
)

POSITIVE = (0.5, 2.0)


@elementwise(
    scalar="a + b",
    sign="+",
    latex="$a + $b",
    precedence=SUM,
    laws=[commutative, associative, unit(0)],
    onnx="Add",
    aten="add(a, b)",
    d={"a": lambda g: g, "b": lambda g: g},
)
def add(a, b):
    """The sum of a and b. Its derivative passes through unchanged, to both sides."""
    return a + b


@elementwise(
    scalar="a - b",
    sign="−",
    latex="$a - $b",
    precedence=SUM,
    laws=[unit(0, right_only=True)],
    onnx="Sub",
    aten="sub(a, b)",
    d={"a": lambda g: g, "b": lambda g: -g},
)
def subtract(a, b):
    """The difference of a and b."""
    return a - b


@elementwise(
    scalar="a * b",
    sign="×",
    latex=r"$a \cdot $b",
    precedence=PRODUCT,
    laws=[commutative, associative, unit(1), zero(0)],
    onnx="Mul",
    aten="mul",
    d={"a": lambda g, b: g * b, "b": lambda g, a: g * a},
)
def multiply(a, b):
    """The product of a and b. Going back, the forward values are swapped and multiplied."""
    return a * b


@elementwise(
    scalar="a / b",
    sign="÷",
    latex=r"\frac{$a}{$b}",
    laws=[unit(1, right_only=True)],
    onnx="Div",
    aten="div.Tensor",
    numpy=("divide", "true_divide"),
    domain={"a": (-2.0, 2.0), "b": POSITIVE},
    d={"a": lambda g, b: g / b, "b": lambda g, b, out: -g * out / b},
)
def divide(a, b):
    """The quotient a / b, always a floating-point number."""
    return np.divide(a, b)


@elementwise(
    scalar="-x",
    sign="−",
    latex="-$x",
    precedence=MINUS,
    laws=[involution],
    onnx="Neg",
    aten="neg",
    d={"x": lambda g: -g},
)
def negative(x):
    """x with its sign turned."""
    return -x


@elementwise(
    scalar="1 / x",
    sign="/",
    latex=r"\frac{1}{$x}",
    onnx="Reciprocal",
    aten="reciprocal",
    numpy=(),
    domain=POSITIVE,
    d={"x": lambda g, out: -g * out * out},
)
def reciprocal(x):
    """One over x, always a floating-point number; dy/dx = −y² (chapter 5, the division node)."""
    return np.divide(1, x)


@elementwise(
    scalar="x * x",
    sign="²",
    aten="square",
    latex="$x^{2}",
    precedence=POWER,
    d={"x": lambda g, x: g * (2 * x)},
)
def square(x):
    """x times x."""
    return np.square(x)


@elementwise(
    scalar="power(x, exponent)",
    sign="**$exponent",
    latex="$x^{$exponent}",
    precedence=POWER,
    numpy=(),
    domain=POSITIVE,
    attrs=({"exponent": 3}, {"exponent": 0.5}, {"exponent": -2}, {"exponent": 2}),
    d={"x": lambda g, x, exponent: _power_slope(g, x, exponent)},
)
def power_scalar(x, *, exponent):
    """x to a fixed number; dy/dx = n·xⁿ⁻¹, and 0 for n = 0 (also at x = 0)."""
    return x**exponent


def _power_slope(g: Any, x: Any, n: float) -> Any:
    if n == 0:
        return g * 0
    if n == 1:
        return g
    return g * (2 * x) if n == 2 else g * (n * power_scalar(x, exponent=n - 1))


@elementwise(
    scalar="sqrt(x)",
    sign="√",
    latex=r"\sqrt{$x}",
    onnx="Sqrt",
    aten="sqrt",
    domain=POSITIVE,
    d={"x": lambda g, out: g / (2 * out)},
)
def sqrt(x):
    """The square root; its derivative at 0 is infinite, as the mathematics says.

    That of `sqrt(x * x)` at 0 is ∞·0, no number; `abs(x)` and `norm(x)` have one.
    """
    return np.sqrt(x)


@elementwise(
    scalar="cbrt(x)",
    sign="∛",
    latex=r"\sqrt[3]{$x}",
    domain=POSITIVE,
    # a power, since its own derivative at 0 stays −∞ where that of 1 / (out · out) is no number
    d={"x": lambda g, out: g * (power_scalar(out, exponent=-2) / 3)},
)
def cbrt(x):
    """The cube root; its derivative at 0 is infinite, as the mathematics says."""
    return np.cbrt(x)


@elementwise(
    scalar="hypot(a, b)",
    sign="hypot",
    aten="hypot",
    latex=r"\sqrt{$a^2 + $b^2}",
    domain=POSITIVE,
    d={
        "a": lambda g, a, out: g * a / where(out == 0, 1.0, out),
        "b": lambda g, b, out: g * b / where(out == 0, 1.0, out),
    },
)
def hypot(a, b):
    """√(a² + b²) without overflow; its derivative at (0, 0) is taken as 0, of any order.

    PyTorch gives NaN there, JAX a half to each; JAX's second derivative is wrong where a
    equals b.
    """
    return np.hypot(a, b)


@elementwise(
    scalar="abs(x)",
    sign="|·|",
    latex=r"\left|$x\right|",
    onnx="Abs",
    aten="abs",
    numpy=("absolute", "abs"),
    kinks="x",
    laws=[idempotent],
    d={"x": lambda g, x: g * sign(x)},
)
def abs(x):
    """The absolute value; its derivative at 0 is taken as 0, as in PyTorch (JAX: 1)."""
    return np.abs(x)


BETWEEN = "sin(3.141592653589793 * x)"
"""Zero at the whole numbers."""


def _steps(sign: str, latex: str, onnx: str = "", **said: Any) -> Callable[..., Op]:
    """A function of level steps, as NumPy's of the name: twice is once, the derivative is 0."""

    def define(forward: Any) -> Op:
        name = forward.__name__
        return elementwise(
            scalar=f"{name}(x)", sign=sign, latex=latex, onnx=onnx, laws=[idempotent],
            d={"x": lambda g: g * 0}, **{"aten": name, **said},
        )(forward)  # fmt: skip

    return define


@_steps(
    "sgn", r"\operatorname{sgn} $x", "Sign", precedence=CALL, aten=("sign", "sgn"), kinks="x"
)
def sign(x):
    """−1, 0 or 1; its derivative is 0 everywhere."""
    return np.sign(x)


def _tie(g: Any, wins: Any, ties: Any) -> Any:
    """The share of `g` for one of two candidates: all, half of it at a tie, or nothing."""
    return where(wins, g, where(ties, 0.5 * g, 0.0))


@elementwise(
    scalar="maximum(a, b)",
    sign="max",
    latex=r"\max($a, $b)",
    laws=[commutative, associative, idempotent],
    onnx="Max",
    aten="maximum",
    kinks="a - b",
    d={
        "a": lambda g, a, b: _tie(g, a > b, a == b),
        "b": lambda g, a, b: _tie(g, b > a, a == b),
    },
)
def maximum(a, b):
    """The larger of a and b; at a tie each takes half of the derivative, so that they add to 1.

    PyTorch, JAX and HIPS/autograd choose the same; MyGrad gives 0 to both.
    """
    return np.maximum(a, b)


@elementwise(
    scalar="minimum(a, b)",
    sign="min",
    latex=r"\min($a, $b)",
    laws=[commutative, associative, idempotent],
    onnx="Min",
    aten="minimum",
    kinks="a - b",
    d={
        "a": lambda g, a, b: _tie(g, a < b, a == b),
        "b": lambda g, a, b: _tie(g, b < a, a == b),
    },
)
def minimum(a, b):
    """The smaller of a and b; at a tie each takes half of the derivative, so that they add to 1."""
    return np.minimum(a, b)


def _bounds(x: Any, *, low: Any, high: Any) -> dict[str, Any]:
    """Numbers for both ends; None means as far as the dtype goes, and so does a Python integer
    beyond it, as NumPy has it."""
    ends: tuple[Any, Any] = (-np.inf, np.inf)
    if x.dtype.kind == "b":
        ends = (False, True)
    elif x.dtype.kind in "iu":
        ends = (np.iinfo(x.dtype).min, np.iinfo(x.dtype).max)
    for name, end in (("low", low), ("high", high)):
        if isinstance(end, Node):
            raise DTypeError(
                tr("{name} must be a number", name=name),
                came=tr("{name} of shape {shape}", name=f"{name}=a tensor", shape=end.shape),
                hint="for tensors write minimum(maximum(x, low), high)",
            )
        if not (end is None or hasattr(end, "dtype") or isinstance(end, (int, float, list))):
            raise DTypeError(tr("{name} must be a number", name=name), came=f"{name}={end!r}")
        if end is not None and len(np.shape(end)):
            raise ShapeError(
                tr("{name} must be a number", name=name),
                came=tr("{name} of shape {shape}", name=name, shape=np.shape(end)),
                hint="for arrays write minimum(maximum(x, low), high)",
            )
    low, high = (end if given is None else given for given, end in zip((low, high), ends))
    if x.dtype.kind in "iu":
        low = max(low, ends[0]) if isinstance(low, int) else low
        high = min(high, ends[1]) if isinstance(high, int) else high
        low, high = (float(a) if isinstance(a, int) and isinstance(b, (float, np.floating)) else a
                     for a, b in ((low, high), (high, low)))  # fmt: skip
    return {"low": low, "high": high}


@elementwise(
    scalar="minimum(maximum(x, low), high)",
    sign="clip",
    latex=r"\operatorname{clip}($x, $low, $high)",
    onnx="Clip(x, low, high)",
    aten="clamp(x, low, high)",
    numpy=("clip",),
    kinks="(x - low) * (x - high)",
    canonical=_bounds,
    attrs={"low": -1.0, "high": 1.0},
    d={"x": lambda g, x, low, high: where((x >= low) & (x <= high), g, 0.0)},
)
def clip(x, *, low=None, high=None):
    """x held between the numbers low and high; the derivative at both ends is 1, as in PyTorch.

    (JAX, whose clip is a minimum of a maximum, gives a half there, autograd and MyGrad 0.)
    """
    return np.clip(x, low, high)


@_steps("⌊·⌋", r"\lfloor $x \rfloor", "Floor", kinks=BETWEEN)
def floor(x):
    """The largest whole number not above x; its derivative is 0."""
    return np.floor(x)


@_steps("⌈·⌉", r"\lceil $x \rceil", "Ceil", kinks=BETWEEN)
def ceil(x):
    """The smallest whole number not below x; its derivative is 0."""
    return np.ceil(x)


@_steps(
    "round", r"\lfloor $x \rceil", "Round", numpy=("round", "around"),
    kinks="cos(3.141592653589793 * x)",
)  # fmt: skip
def round(x):
    """The nearest whole number, halves to even, in the dtype of x; its derivative is 0."""
    return np.round(x)


@_steps("trunc", r"\operatorname{trunc} $x", precedence=CALL, kinks=BETWEEN)
def trunc(x):
    """x without its fraction; its derivative is 0."""
    return np.trunc(x)


@elementwise(
    scalar="mod(a, b)",
    sign="mod",
    aten="remainder",
    latex=r"$a \bmod $b",
    precedence=PRODUCT,
    numpy=("remainder", "mod"),
    domain={"a": (2.1, 2.3), "b": (0.8, 1.0)},
    kinks="sin(3.141592653589793 * (a / b))",
    # what mod took away, and not floor(a / b), which rounds up to the next number now and then
    d={"a": lambda g: g, "b": lambda g, a, b: -g * floor_divide(a, b)},
)
def mod(a, b):
    """The remainder of a / b, with the sign of b; at its jumps the derivatives are 1 and −⌊a/b⌋."""
    return np.remainder(a, b)


@elementwise(
    scalar="floor_divide(a, b)",
    sign="//",
    latex=r"\left\lfloor \frac{$a}{$b} \right\rfloor",
    domain={"a": (0.1, 0.9), "b": (1.0, 2.0)},
    kinks="sin(3.141592653589793 * (a / b))",
    d={"a": lambda g: g * 0, "b": lambda g: g * 0},
)
def floor_divide(a, b):
    """The quotient rounded down; its derivative is 0."""
    return np.floor_divide(a, b)


@elementwise(
    aten=("clone", "alias", "lift_fresh_copy", "contiguous"),
    scalar="x", sign="=", latex="$x", numpy=(), onnx="Identity", d={"x": lambda g: g}
)
def identity(x):
    """x itself, as a node of its own."""
    return x


@elementwise(
    scalar="x", sign="⊣", latex="$x", numpy=(), onnx="Identity", d={"x": None}, aten="detach",
)
def stop_gradient(x):
    """x itself, but no derivative goes back through it."""
    return x


def _common_spec(*xs: Spec) -> Spec:
    if not xs:
        raise ShapeError("there is nothing to add", asked="at least one term")
    return Spec(broadcast_shapes(*[x.shape for x in xs]), np.result_type(*[x.dtype for x in xs]))


@operation(
    spec=_common_spec,
    lower=Call(LeadingAxes()),
    sign="+",
    latex="$xs",
    precedence=SUM,
    onnx="Sum",
    d={"xs": lambda g: g},
    cases=(Case(((3,),)), Case(((2, 3), (3,), ())), Case(((), (), ())), Case(((0, 3), (1, 3)))),
    family="elementwise",
)
def add_n(*xs):
    """The sum of several terms in one node; the derivative passes through to each."""
    total = xs[0]
    for x in xs[1:]:
        total = total + x
    return total
