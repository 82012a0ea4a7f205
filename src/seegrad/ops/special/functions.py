"""Special functions, by SciPy's names: gamma and its kin, error functions, entropies, Bessel.

Their numbers come from `series`; a rule is mathematics as everywhere. The error function
itself is in `transcendental`.
"""

from __future__ import annotations

import functools
import math
from collections.abc import Callable
from typing import Any

import numpy as np

from seegrad.errors import ValueRangeError
from seegrad.graph.forms import Call, Elementwise
from seegrad.ops.arithmetic import abs, maximum, minimum, sign
from seegrad.ops.compare import floating, where
from seegrad.ops.families import CALL, MINUS, PRODUCT, elementwise
from seegrad.ops.special import series
from seegrad.ops.transcendental import INSIDE, POSITIVE, cos, erf, exp, log, log1p, sin

ROOT_PI = math.sqrt(math.pi)


def _in_float64(function: Callable[[Any], Any], x: Any) -> Any:
    """`function` of x as an array of float64; the result in x's own floating dtype."""
    x = np.asarray(x)
    found = function(np.atleast_1d(x.astype(np.float64))).reshape(x.shape)
    return found.astype(x.dtype if x.dtype.kind == "f" else np.float64)[()]


@elementwise(
    lower=Call(Elementwise()),
    sign="log Γ", latex=r"\log \Gamma($x)", domain=POSITIVE, precedence=CALL,
    aten=("lgamma", "special_gammaln"),
    numpy=(), d={"x": lambda g, x: g * polygamma(x, n=0)},
)  # fmt: skip
def gammaln(x):
    """The logarithm of |Γ(x)|; ∞ at 0, −1, −2, …; its derivative is digamma."""
    return _in_float64(series.log_gamma, x)


def _whole(x: Any, *, n: Any) -> dict[str, Any]:
    if not isinstance(n, (int, np.integer)) or n < 0:
        raise ValueRangeError(
            "a derivative is taken a whole number of times", asked="n from 0", came=f"n={n!r}"
        )
    return {"n": int(n)}


@elementwise(
    lower=Call(Elementwise()),
    canonical=_whole, sign="ψ⁽ⁿ⁾", latex=r"\psi^{($n)}($x)", domain=POSITIVE,
    numpy=(), attrs=({"n": 0}, {"n": 1}, {"n": 2}),
    d={"x": lambda g, x, n: g * polygamma(x, n=n + 1)},
)  # fmt: skip
def polygamma(x, *, n=0):
    """The n-th derivative of digamma, the derivative of log Γ(x), with its poles at 0, −1, −2, …"""
    return _in_float64(lambda z: series.polygamma(n, z), x)


@elementwise(
    aten="erfc",
    lower=Call(Elementwise()), onnx_body=lambda x: 1 - erf(x), sign="erfc",
    latex=r"\operatorname{erfc} $x", precedence=CALL, numpy=(),
    d={"x": lambda g, x: g * (-2 / ROOT_PI * exp(-(x * x)))},
)  # fmt: skip
def erfc(x):
    """1 − erf(x), exact where erf(x) is nearly 1."""
    return _in_float64(series.erfc, x)


@elementwise(
    lower=Call(Elementwise()),
    sign="erfcx", latex=r"\operatorname{erfcx} $x", precedence=CALL, numpy=(),
    aten="special_erfcx",
    d={"x": lambda g, x, out: g * (2 * x * out - 2 / ROOT_PI)},
)  # fmt: skip
def erfcx(x):
    """exp(x²)·erfc(x): erfc without its vanishing factor."""
    return _in_float64(series.scaled_erfc, x)


@elementwise(
    lower=Call(Elementwise()),
    sign="erf⁻¹", latex=r"\operatorname{erf}^{-1} $x", precedence=CALL, numpy=(),
    aten="erfinv",
    domain=INSIDE, d={"x": lambda g, out: g * (ROOT_PI / 2 * exp(out * out))},
)  # fmt: skip
def erfinv(x):
    """The number whose error function is x, for |x| ≤ 1 (±∞ at ±1)."""
    return _in_float64(series.inverse_erf, x)


@elementwise(
    aten="special_ndtri",
    lower=Call(Elementwise()), sign="Φ⁻¹", latex=r"\Phi^{-1}($x)", numpy=(), domain=(0.1, 0.9),
    d={"x": lambda g, out: g * (math.sqrt(2 * math.pi) * exp(out * out * 0.5))},
)  # fmt: skip
def ndtri(x):
    """The quantile of the standard normal distribution, for 0 ≤ x ≤ 1."""
    return _in_float64(lambda p: -math.sqrt(2) * series.inverse_erfc(2 * p), x)


@elementwise(
    aten="special_ndtr",
    body=lambda x: 0.5 * erfc(x * -math.sqrt(0.5)), sign="Φ", latex=r"\Phi($x)", numpy=(),
    d={"x": lambda g, x: g * (exp(x * x * -0.5) * (1 / math.sqrt(2 * math.pi)))},
)  # fmt: skip
def ndtr(x):
    """The standard normal distribution: how probable a number up to x is."""
    return 0.5 * erfc(x * -math.sqrt(0.5))


def _log_ndtr(x):
    left = minimum(x, -1.0)
    far = log(erfcx(left * -math.sqrt(0.5)) * 0.5) - left * left * 0.5
    near = log1p(-0.5 * erfc(maximum(x, -1.0) * math.sqrt(0.5)))
    return where(x < -1.0, far, near)


@elementwise(
    aten="special_log_ndtr",
    body=_log_ndtr, sign="log Φ", latex=r"\log \Phi($x)", numpy=(),
    d={"x": lambda g, x, out: g * (exp(x * x * -0.5 - out) * (1 / math.sqrt(2 * math.pi)))},
)  # fmt: skip
def log_ndtr(x):
    """The logarithm of the standard normal distribution, exact far to the left."""
    return _log_ndtr(x)


@elementwise(
    lower=Call(Elementwise()),
    sign="I₀e", latex=r"e^{-\left|$x\right|} I_0($x)", precedence=PRODUCT, numpy=(), kinks="x",
    aten="special_i0e",
    d={"x": lambda g, x, out: g * (i1e(x) - sign(x) * out)},
)  # fmt: skip
def i0e(x):
    """exp(−|x|)·I₀(x), the modified Bessel function of order 0 without its growth."""
    return _in_float64(lambda z: series.bessel_scaled(0, z), x)


@elementwise(
    lower=Call(Elementwise()), sign="Iₙe", latex=r"e^{-\left|$x\right|} I_{$order}($x)",
    precedence=PRODUCT, numpy=(),
    kinks="x", attrs=({"order": 2}, {"order": 3}),
    d={
        "x": lambda g, x, out, order: g * (
            (ive(x, order=order - 1) + ive(x, order=order + 1)) * 0.5 - sign(x) * out
        )
    },
)  # fmt: skip
def ive(x, *, order=2):
    """exp(−|x|)·Iₙ(x), the modified Bessel function of a whole order from 1 on."""
    return _in_float64(lambda z: series.bessel_scaled(order, z), x)


@elementwise(
    lower=Call(Elementwise()),
    sign="I₁e", latex=r"e^{-\left|$x\right|} I_1($x)", precedence=PRODUCT, numpy=(), kinks="x",
    aten="special_i1e",
    d={"x": lambda g, x, out: g * ((i0e(x) + ive(x, order=2)) * 0.5 - sign(x) * out)},
)  # fmt: skip
def i1e(x):
    """exp(−|x|)·I₁(x), the modified Bessel function of order 1 without its growth."""
    return _in_float64(lambda z: series.bessel_scaled(1, z), x)


@elementwise(
    aten=("i0", "special_i0"),
    body=lambda x: exp(abs(floating(x))) * i0e(x), sign="I₀", latex="I_0($x)", numpy=("i0",),
    d={"x": lambda g, x: g * i1(x)},
)  # fmt: skip
def i0(x):
    """The modified Bessel function of the first kind, of order 0."""
    return exp(abs(floating(x))) * i0e(x)


@elementwise(
    aten="special_i1",
    body=lambda x: exp(abs(floating(x))) * i1e(x), sign="I₁", latex="I_1($x)", numpy=(),
    d={"x": lambda g, x: g * ((i0(x) + exp(abs(x)) * ive(x, order=2)) * 0.5)},
)  # fmt: skip
def i1(x):
    """The modified Bessel function of the first kind, of order 1."""
    return exp(abs(floating(x))) * i1e(x)


def _xlogy(x, y):
    used = x != 0
    return where(used, x * log(where(used, y, 1.0)), 0.0)


@elementwise(
    aten=("xlogy", "special_xlogy"),
    body=_xlogy, sign="x log y", latex=r"$x \log $y", precedence=PRODUCT, numpy=(), domain=POSITIVE,
    d={
        "x": lambda g, x, y: g * log(y),
        "y": lambda g, x, y: g * where(x != 0, x / where(x != 0, y, 1.0), 0.0),
    },
)  # fmt: skip
def xlogy(x, y):
    """x·log(y), 0 where x is 0."""
    return _xlogy(x, y)


def _xlog1py(x, y):
    used = x != 0
    return where(used, x * log1p(where(used, y, 0.0)), 0.0)


@elementwise(
    aten="special_xlog1py",
    body=_xlog1py, sign="x log(1+y)", latex=r"$x \log(1 + $y)", precedence=PRODUCT,
    numpy=(), domain=POSITIVE,
    d={
        "x": lambda g, x, y: g * log1p(y),
        "y": lambda g, x, y: g * where(x != 0, x / (1 + where(x != 0, y, 0.0)), 0.0),
    },
)  # fmt: skip
def xlog1py(x, y):
    """x·log(1 + y), 0 where x is 0."""
    return _xlog1py(x, y)


@elementwise(
    aten="special_entr",
    body=lambda x: where(x < 0, -math.inf, -xlogy(abs(x), abs(x))), sign="−x log x",
    latex=r"-$x \log $x", precedence=MINUS, numpy=(), domain=POSITIVE,
    d={"x": lambda g, x: g * (-1 - log(x))},
)  # fmt: skip
def entr(x):
    """−x·log(x), what an event of probability x adds to the entropy; 0 at 0, −∞ below."""
    return where(x < 0, -math.inf, -xlogy(abs(x), abs(x)))


@elementwise(
    body=lambda x: log(x) - log1p(-x), sign="logit", latex=r"\log \frac{$x}{1 - $x}", numpy=(),
    domain=(0.1, 0.9), precedence=CALL, d={"x": lambda g, x: g / (x * (1 - x))},
)  # fmt: skip
def logit(x):
    """log(x / (1 − x)), the inverse of the sigmoid, for 0 ≤ x ≤ 1."""
    return log(x) - log1p(-x)


def _sinc(x):
    turned = where(x != 0, x, 1.0) * math.pi
    return where(x != 0, sin(turned) / turned, 1.0)


_SINC_SLOPE = tuple(
    (-1) ** k * 2 * k * math.pi ** (2 * k) / math.factorial(2 * k + 1) for k in range(8, 0, -1)
)


def _sinc_rule(g: Any, x: Any, out: Any) -> Any:
    near = abs(x) < 0.25                # where the quotient loses its digits, its series
    square = where(near, x * x, 0.0)
    series = x * functools.reduce(lambda total, c: total * square + c, _SINC_SLOPE)
    slope = (cos(x * math.pi) - out) / where(near, 1.0, x)
    return g * where(near, series, slope)


@elementwise(
    aten=("sinc", "special_sinc"),
    body=_sinc, sign="sinc", latex=r"\operatorname{sinc} $x", precedence=CALL,
    d={"x": _sinc_rule},
)  # fmt: skip
def sinc(x):
    """sin(πx) / (πx), 1 at 0, as NumPy has it."""
    return _sinc(x)
