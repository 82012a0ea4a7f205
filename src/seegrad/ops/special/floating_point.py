"""Signs, remainders, steps, NaN and infinities of floating-point numbers, by NumPy's names."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from seegrad.graph.forms import Call, Elementwise
from seegrad.ops.arithmetic import abs, trunc
from seegrad.ops.compare import isinf, isnan, where
from seegrad.ops.families import PRODUCT, elementwise
from seegrad.ops.transcendental import exp2, logaddexp

LN2 = math.log(2)
APART = {"a": (0.5, 2.0), "b": (2.5, 4.0)}


def _first_wins(g: Any, a: Any, b: Any, larger: bool) -> Any:
    """What a gets of the larger (or smaller) of both: half of it where they are equal."""
    ahead = (a > b) if larger else (a < b)
    return where(ahead | isnan(b), g, where(a == b, g * 0.5, 0.0))


@elementwise(
    aten="fmax",
    scalar="where(isnan(a), b, where(isnan(b), a, maximum(a, b)))", sign="fmax",
    latex=r"\operatorname{fmax}($a, $b)", kinks="a - b",
    d={
        "a": lambda g, a, b: _first_wins(g, a, b, larger=True),
        "b": lambda g, a, b: _first_wins(g, b, a, larger=True),
    },
)  # fmt: skip
def fmax(a, b):
    """The larger of two numbers; beside NaN, the other one."""
    return np.fmax(a, b)


@elementwise(
    aten="fmin",
    scalar="where(isnan(a), b, where(isnan(b), a, minimum(a, b)))", sign="fmin",
    latex=r"\operatorname{fmin}($a, $b)", kinks="a - b",
    d={
        "a": lambda g, a, b: _first_wins(g, a, b, larger=False),
        "b": lambda g, a, b: _first_wins(g, b, a, larger=False),
    },
)  # fmt: skip
def fmin(a, b):
    """The smaller of two numbers; beside NaN, the other one."""
    return np.fmin(a, b)


@elementwise(
    aten="fmod",
    lower=Call(Elementwise()), onnx_body=lambda a, b: a - b * trunc(a / b), sign="fmod",
    latex=r"$a \bmod $b", precedence=PRODUCT,
    domain={"a": (4.2, 4.8), "b": (1.05, 1.35)},
    d={"a": lambda g: g, "b": lambda g, a, b: g * -trunc(a / b)},
)  # fmt: skip
def fmod(a, b):
    """What is left of a after whole multiples of b, with a's sign (`mod` has b's)."""
    return np.fmod(a, b)


@elementwise(
    aten="copysign",
    lower=Call(Elementwise()), onnx_body=lambda a, b: where(b < 0, -abs(a), abs(a)), sign="±",
    latex=r"\operatorname{copysign}($a, $b)", domain=APART,
    d={"a": lambda g, a, b: g * copysign(1.0, a) * copysign(1.0, b), "b": None},
)  # fmt: skip
def copysign(a, b):
    """The size of a with the sign of b (that of a zero counts)."""
    return np.copysign(a, b)


@elementwise(
    scalar="where(isnan(x), x, where(x > 0, 1.0, where(x < 0, 0.0, at_zero)))", sign="H",
    latex="H($x)", kinks="x", attrs={"at_zero": 0.5}, numpy=(), d={"x": None},
)  # fmt: skip
def step(x, *, at_zero=0.5):
    """The Heaviside step: 0 below 0, 1 above, `at_zero` at 0. It has no derivative."""
    x = np.asarray(x)
    found = np.heaviside(x, at_zero)
    return found.astype(x.dtype if x.dtype.kind == "f" else np.float64)


@elementwise(
    aten="signbit",
    lower=Call(Elementwise()),
    onnx_body=lambda x: x < 0, sign="<0", latex=r"\operatorname{signbit} $x",
    d={"x": None},
)  # fmt: skip
def signbit(x):
    """Is the sign of x negative (that of a zero counts)?"""
    return np.signbit(x)


@elementwise(
    aten="nextafter",
    lower=Call(Elementwise()), sign="next", latex=r"\operatorname{nextafter}($a, $b)", domain=APART,
    d={"a": lambda g: g, "b": None},
)  # fmt: skip
def nextafter(a, b):
    """The number next to a in the direction of b."""
    return np.nextafter(a, b)


@elementwise(
    aten="deg2rad",
    scalar="x * 0.017453292519943295", sign="deg→rad", latex=r"\frac{\pi}{180} $x",
    precedence=PRODUCT, numpy=("deg2rad", "radians"), d={"x": lambda g: g * (math.pi / 180)},
)  # fmt: skip
def deg2rad(x):
    """Degrees as radians."""
    return np.deg2rad(x)


@elementwise(
    aten="rad2deg",
    scalar="x * 57.29577951308232", sign="rad→deg", latex=r"\frac{180}{\pi} $x",
    precedence=PRODUCT, numpy=("rad2deg", "degrees"), d={"x": lambda g: g * (180 / math.pi)},
)  # fmt: skip
def rad2deg(x):
    """Radians as degrees."""
    return np.rad2deg(x)


@elementwise(
    aten="logaddexp2",
    lower=Call(Elementwise()), sign="log₂Σ2",
    onnx_body=lambda a, b: logaddexp(a * LN2, b * LN2) / LN2,
    latex=r"\log_2(2^{$a} + 2^{$b})",
    d={
        "a": lambda g, a, out: g * exp2(a - out),
        "b": lambda g, b, out: g * exp2(b - out),
    },
)  # fmt: skip
def logaddexp2(a, b):
    """log₂(2ᵃ + 2ᵇ) without overflow."""
    return np.logaddexp2(a, b)


@elementwise(
    scalar="where(isnan(x), nan, where(isinf(x), where(x > 0, posinf, neginf), x))",
    sign="finite", latex=r"\operatorname{finite}($x)",
    attrs={"nan": 0.0, "posinf": 9.0, "neginf": -9.0}, numpy=(),
    d={"x": lambda g, x: where(isnan(x) | isinf(x), 0.0, g)},
)  # fmt: skip
def finite(x, *, nan=0.0, posinf=0.0, neginf=0.0):
    """x with numbers in place of NaN and the infinities, where the derivative is 0."""
    ends = np.where(np.isinf(x), np.where(x > 0, posinf, neginf), x)
    return np.where(np.isnan(x), nan, ends).astype(x.dtype if x.dtype.kind == "f" else np.float64)
