"""The numbers behind the special functions: series and fractions over whole arrays, in float64.

Recurrence to where an asymptotic series is exact (gamma and its kin: Abramowitz and Stegun 6.1.40,
6.3.18, 6.4.11), a continued fraction (the complementary error function: 7.1.14), power series and
asymptotic series (Bessel functions: 9.6.10, 9.7.1), Newton steps (inverses). No op lives here.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from seegrad.ops.special.error_function import error_function

Array = np.ndarray[Any, Any]

# B₂, B₄, … of Bernoulli
BERNOULLI = (
    1 / 6, -1 / 30, 1 / 42, -1 / 30, 5 / 66, -691 / 2730, 7 / 6, -3617 / 510, 43867 / 798,
    -174611 / 330,
)  # fmt: skip
FAR = 24.0
"""From here on the asymptotic series of the gamma functions end below the last digit."""
STEPS = 1024
"""So many steps of a recurrence are taken at most; farther to the left a value is NaN."""
_log_gamma_of = np.frompyfunc(math.lgamma, 1, 1)


def log_gamma(x: Array) -> Array:
    """log |Γ(x)|; infinite at 0, −1, −2, …"""
    out = np.full(x.shape, np.inf)
    pole = (x <= 0) & (x == np.floor(x))
    near = ~pole & (x < FAR)
    out[near] = _log_gamma_of(x[near]).astype(np.float64)
    out[np.isnan(x)] = np.nan
    far = (x >= FAR) & np.isfinite(x)
    z = x[far]
    series = np.zeros_like(z)
    for k in range(len(BERNOULLI), 0, -1):
        series = series / (z * z) + BERNOULLI[k - 1] / (2 * k * (2 * k - 1))
    out[far] = (z - 0.5) * np.log(z) - z + 0.5 * math.log(2 * math.pi) + series / z
    return out


def polygamma(n: int, x: Array) -> Array:
    """The n-th derivative of digamma, (log Γ)′; n = 0 is digamma itself.

    At its poles it is infinite where it is so from both sides, of digamma at 0 from the side that
    the zero's sign says, and NaN at others.
    """
    out = np.full(x.shape, np.nan)
    pole = (x <= 0) & (x == np.floor(x))
    out[pole] = np.inf if n % 2 else -np.inf
    if not n:
        out[pole] = np.where(x[pole] == 0, np.copysign(np.inf, -x[pole]), np.nan)
    good = (x > FAR - STEPS) & ~pole
    z, total = x[good], np.zeros(int(good.sum()))
    sign, factorial = (-1.0) ** n, math.gamma(n + 1)
    while (low := z < FAR).any():
        total[low] -= sign * factorial / z[low] ** (n + 1)
        z = np.where(low, z + 1, z)
    series = np.zeros_like(z)
    for k in range(len(BERNOULLI), 0, -1):
        weight = BERNOULLI[k - 1] * math.gamma(2 * k + n) / math.gamma(2 * k + 1)
        series = (series + weight) / (z * z)
    if n == 0:
        out[good] = total + np.log(z) - 0.5 / z - series
    else:
        head = math.gamma(n) + factorial / (2 * z) + series
        out[good] = total - sign * head / z**n
    return out


def scaled_erfc(x: Array) -> Array:
    """exp(x²)·erfc(x), which neither vanishes nor overflows for x > 0."""
    near = x < 2.0
    out = np.empty(x.shape)
    with np.errstate(over="ignore"):
        out[near] = np.exp(x[near] ** 2) * (1.0 - error_function(x[near]))
    z = x[~near]
    fraction = z
    for k in range(120, 0, -1):
        fraction = z + (k / 2) / fraction
    out[~near] = 1 / (math.sqrt(math.pi) * fraction)
    return out


def erfc(x: Array) -> Array:
    """1 − erf(x), exact to the last digits far to the right, too."""
    out = np.where(np.isnan(x), np.nan, 1.0 - error_function(np.where(x < 0.5, x, 0.0)))
    right = x >= 0.5
    z = x[right]
    with np.errstate(under="ignore"):
        out[right] = np.where(np.isinf(z), 0.0, np.exp(-z * z) * _erfcx_right(z))
    return out


def _erfcx_right(z: Array) -> Array:
    out = np.empty(z.shape)
    middle = z < 2.0
    out[middle] = np.exp(z[middle] ** 2) * (1.0 - error_function(z[middle]))
    out[~middle] = scaled_erfc(z[~middle])
    return out


def inverse_erfc(q: Array) -> Array:
    """The x with erfc(x) = q, for 0 ≤ q ≤ 2; NaN elsewhere. Winitzki's start, then Halley."""
    out = np.full(q.shape, np.nan)
    out[q == 0], out[q == 2] = np.inf, -np.inf
    inside = (q > 0) & (q < 2)
    p = q[inside]
    small = np.minimum(p, 2 - p)
    ln = np.log(small * (2 - small))
    a = 2 / (math.pi * 0.147) + ln / 2
    x = np.sqrt(np.sqrt(a * a - ln / 0.147) - a)
    for _ in range(4):
        value = erfc(x)
        slope = -2 / math.sqrt(math.pi) * np.exp(-x * x)
        step = np.where(slope == 0, 0.0, (value - small) / np.where(slope == 0, 1.0, slope))
        x = x - step / (1 + x * step)
    out[inside] = np.where(p > 1, -x, x)
    return out


def inverse_erf(y: Array) -> Array:
    """The x with erf(x) = y, for −1 ≤ y ≤ 1; NaN elsewhere."""
    out = inverse_erfc(1.0 - np.abs(y))
    middle = np.abs(y) < 0.5
    x = out[middle]
    target = np.abs(y[middle])
    for _ in range(2):                  # 1 − y has lost digits of a small y
        slope = 2 / math.sqrt(math.pi) * np.exp(-x * x)
        x = x - (error_function(x) - target) / slope
    out[middle] = x
    return np.copysign(out, y)


def bessel_scaled(order: int, x: Array) -> Array:
    """exp(−|x|)·I(x), the modified Bessel function of the first kind, of order 0 or 1."""
    z = np.abs(x)
    out = np.empty(z.shape)
    near = z < 20.0
    half = z[near] / 2
    term = half**order / math.gamma(order + 1)
    total = term.copy()
    for k in range(1, 70):
        term = term * (half * half) / (k * (k + order))
        total += term
    out[near] = total * np.exp(-z[near])
    far = z[~near]
    term = np.ones_like(far)
    total = term.copy()
    for k in range(1, 30):
        term = term * -(4 * order * order - (2 * k - 1) ** 2) / (k * 8 * far)
        total += term
    with np.errstate(divide="ignore"):
        out[~near] = total / np.sqrt(2 * math.pi * far)
    return np.copysign(out, x) if order % 2 else out
