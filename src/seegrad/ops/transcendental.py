"""Exponentials, logarithms, trigonometric and hyperbolic functions, the error function, powers."""

from __future__ import annotations

import math

import numpy as np

from seegrad.graph.laws import associative, commutative
from seegrad.ops.arithmetic import sqrt
from seegrad.ops.compare import isinf, logical_and, where
from seegrad.ops.families import CALL, POWER, elementwise
from seegrad.ops.special.error_function import error_function

POSITIVE = (0.5, 2.0)
INSIDE = (-0.8, 0.8)


@elementwise(
    aten="exp",
    scalar="exp(x)", sign="exp", latex="e^{$x}", precedence=POWER, onnx="Exp", domain=(-2.0, 2.0),
    d={"x": lambda g, out: g * out},
)  # fmt: skip
def exp(x):
    """e to the power x; its own derivative."""
    return np.exp(x)


@elementwise(
    aten="exp2",
    scalar="exp2(x)", sign="2^", latex="2^{$x}", precedence=POWER,
    d={"x": lambda g, out: g * (out * math.log(2))},
)  # fmt: skip
def exp2(x):
    """2 to the power x."""
    return np.exp2(x)


@elementwise(
    aten=("expm1", "special_expm1"),
    scalar="expm1(x)", sign="exp−1", latex="(e^{$x} - 1)",
    d={"x": lambda g, out: g * (out + 1)},
)  # fmt: skip
def expm1(x):
    """e to the power x, minus 1, exact for small x."""
    return np.expm1(x)


@elementwise(
    aten="log",
    scalar="log(x)", sign="log", latex=r"\log $x", precedence=CALL, onnx="Log", domain=POSITIVE,
    d={"x": lambda g, x: g / x},
)  # fmt: skip
def log(x):
    """The natural logarithm; −∞ at 0, where its derivative is infinite."""
    return np.log(x)


@elementwise(
    aten="log2",
    scalar="log2(x)", sign="log₂", latex=r"\log_2 $x", precedence=CALL, domain=POSITIVE,
    d={"x": lambda g, x: g / (x * math.log(2))},
)  # fmt: skip
def log2(x):
    """The logarithm to base 2; −∞ at 0, where its derivative is infinite."""
    return np.log2(x)


@elementwise(
    aten="log10",
    scalar="log10(x)", sign="log₁₀", latex=r"\log_{10} $x", precedence=CALL, domain=POSITIVE,
    d={"x": lambda g, x: g / (x * math.log(10))},
)  # fmt: skip
def log10(x):
    """The logarithm to base 10; −∞ at 0, where its derivative is infinite."""
    return np.log10(x)


@elementwise(
    aten=("log1p", "special_log1p"),
    scalar="log1p(x)", sign="log1+", latex=r"\log(1 + $x)", domain=(-0.5, 2.0),
    d={"x": lambda g, x: g / (1 + x)},
)  # fmt: skip
def log1p(x):
    """The natural logarithm of 1 + x, exact for small x; −∞ at −1, its derivative infinite."""
    return np.log1p(x)


@elementwise(
    aten="logaddexp",
    scalar="logaddexp(a, b)", sign="log Σexp", latex=r"\log(e^{$a} + e^{$b})",
    laws=[commutative, associative],
    d={
        "a": lambda g, a, b, out: g * exp(_log_share(a, b, out)),
        "b": lambda g, a, b, out: g * exp(_log_share(b, a, out)),
    },
)  # fmt: skip
def logaddexp(a, b):
    """log(exp(a) + exp(b)) without overflow; two equal infinities share the derivative.

    (PyTorch, JAX, autograd and MyGrad give NaN there.)
    """
    return np.logaddexp(a, b)


def _log_share(a, b, out):
    """The logarithm of the share of exp(a) in exp(out) = exp(a) + exp(b)."""
    infinite = where(a == b, -math.log(2), where(a == out, 0.0, a - out))
    return where(isinf(out), infinite, a - out)


@elementwise(
    aten="sin",
    scalar="sin(x)", sign="sin", latex=r"\sin $x", precedence=CALL, onnx="Sin",
    d={"x": lambda g, x: g * cos(x)},
)  # fmt: skip
def sin(x):
    """The sine of x (radians)."""
    return np.sin(x)


@elementwise(
    aten="cos",
    scalar="cos(x)", sign="cos", latex=r"\cos $x", precedence=CALL, onnx="Cos",
    d={"x": lambda g, x: -g * sin(x)},
)  # fmt: skip
def cos(x):
    """The cosine of x (radians)."""
    return np.cos(x)


@elementwise(
    aten="tan",
    scalar="tan(x)", sign="tan", latex=r"\tan $x", precedence=CALL, onnx="Tan", domain=(-1.2, 1.2),
    d={"x": lambda g, out: g * (1 + out * out)},
)  # fmt: skip
def tan(x):
    """The tangent of x (radians)."""
    return np.tan(x)


@elementwise(
    aten="asin",
    scalar="arcsin(x)", sign="asin", latex=r"\arcsin $x", precedence=CALL, onnx="Asin",
    domain=INSIDE, numpy=("arcsin", "asin"),
    d={"x": lambda g, x: g / sqrt(1 - x * x)},
)  # fmt: skip
def arcsin(x):
    """The angle (radians) whose sine is x; its derivative at ±1 is infinite (MyGrad: 0)."""
    return np.arcsin(x)


@elementwise(
    aten="acos",
    scalar="arccos(x)", sign="acos", latex=r"\arccos $x", precedence=CALL, onnx="Acos",
    domain=INSIDE, numpy=("arccos", "acos"),
    d={"x": lambda g, x: -g / sqrt(1 - x * x)},
)  # fmt: skip
def arccos(x):
    """The angle (radians) whose cosine is x; its derivative at ±1 is infinite (MyGrad: 0)."""
    return np.arccos(x)


@elementwise(
    aten="atan",
    scalar="arctan(x)", sign="atan", latex=r"\arctan $x", precedence=CALL, onnx="Atan",
    numpy=("arctan", "atan"),
    d={"x": lambda g, x: g / (1 + x * x)},
)  # fmt: skip
def arctan(x):
    """The angle (radians) whose tangent is x."""
    return np.arctan(x)


@elementwise(
    aten="atan2",
    scalar="arctan2(a, b)", sign="atan2", latex=r"\operatorname{atan2}($a, $b)",
    numpy=("arctan2", "atan2"), domain=POSITIVE,
    d={
        "a": lambda g, a, b: g * b / _radius2(a, b),
        "b": lambda g, a, b: -g * a / _radius2(a, b),
    },
)  # fmt: skip
def arctan2(a, b):
    """The angle (radians) of the point (b, a); its derivative at (0, 0) is taken as 0.

    So does PyTorch; JAX, autograd and MyGrad give NaN.
    """
    return np.arctan2(a, b)


def _radius2(a, b):
    squared = a * a + b * b
    return where(squared == 0, 1.0, squared)


@elementwise(
    aten="sinh",
    scalar="sinh(x)", sign="sinh", latex=r"\sinh $x", precedence=CALL, onnx="Sinh",
    d={"x": lambda g, x: g * cosh(x)},
)  # fmt: skip
def sinh(x):
    """The hyperbolic sine."""
    return np.sinh(x)


@elementwise(
    aten="cosh",
    scalar="cosh(x)", sign="cosh", latex=r"\cosh $x", precedence=CALL, onnx="Cosh",
    d={"x": lambda g, x: g * sinh(x)},
)  # fmt: skip
def cosh(x):
    """The hyperbolic cosine."""
    return np.cosh(x)


@elementwise(
    aten="tanh",
    scalar="tanh(x)", sign="tanh", latex=r"\tanh $x", precedence=CALL, onnx="Tanh",
    d={"x": lambda g, out: g * (1 - out * out)},
)  # fmt: skip
def tanh(x):
    """The hyperbolic tangent; dy/dx = 1 − y²."""
    return np.tanh(x)


@elementwise(
    scalar="arcsinh(x)", sign="asinh", latex=r"\operatorname{arsinh} $x", precedence=CALL,
    onnx="Asinh", numpy=("arcsinh", "asinh"),
    aten="asinh",
    d={"x": lambda g, x: g / sqrt(1 + x * x)},
)  # fmt: skip
def arcsinh(x):
    """The inverse of sinh."""
    return np.arcsinh(x)


@elementwise(
    scalar="arccosh(x)", sign="acosh", latex=r"\operatorname{arcosh} $x", precedence=CALL,
    onnx="Acosh", numpy=("arccosh", "acosh"), domain=(1.2, 3.0),
    aten="acosh",
    d={"x": lambda g, x: g / sqrt(x * x - 1)},
)  # fmt: skip
def arccosh(x):
    """The inverse of cosh, for x ≥ 1; its derivative at 1 is infinite."""
    return np.arccosh(x)


@elementwise(
    scalar="arctanh(x)", sign="atanh", latex=r"\operatorname{artanh} $x", precedence=CALL,
    onnx="Atanh", numpy=("arctanh", "atanh"), domain=INSIDE,
    aten="atanh",
    d={"x": lambda g, x: g / (1 - x * x)},
)  # fmt: skip
def arctanh(x):
    """The inverse of tanh, for |x| < 1."""
    return np.arctanh(x)


@elementwise(
    aten="erf",
    scalar="erf(x)", sign="erf", latex=r"\operatorname{erf} $x", precedence=CALL, onnx="Erf",
    numpy=(), d={"x": lambda g, x: g * (2 / math.sqrt(math.pi) * exp(-(x * x)))},
)  # fmt: skip
def erf(x):
    """The error function 2/√π ∫₀ˣ exp(−t²) dt."""
    x = np.asarray(x)
    return error_function(x).astype(x.dtype if x.dtype.kind == "f" else np.float64)[()]


@elementwise(
    scalar="power(a, b)",
    sign="^",
    latex="$a^{$b}",
    precedence=POWER,
    onnx="Pow",
    aten="pow",
    domain={"a": POSITIVE, "b": (-2.0, 2.0)},
    d={
        "a": lambda g, a, b: g * (b * power(a, where(b == 0, 0.0, b - 1))),
        "b": lambda g, a, b, out: g * (out * log(where(logical_and(a == 0, b >= 0), 1.0, a))),
    },
)
def power(a, b):
    """a to the power b. At b = 0 the derivative by a is 0.

    The derivative by b is no number where a < 0, for nearby powers are none; it is 0 where a = 0
    and b ≥ 0. So it is in PyTorch; JAX gives NaN by a at (0, 0), and by b where a = 0 and b < 0.
    """
    return np.power(a, b)
