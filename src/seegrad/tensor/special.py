"""`sg.special`: special functions by the names of `scipy.special`, each an operation of the table.

A table of contents, with what is put together from those.
"""

from __future__ import annotations

import math
from typing import Any

from seegrad.ops import arithmetic, compare, shape, transcendental
from seegrad.ops.nn.activation import log_softmax as log_softmax
from seegrad.ops.nn.activation import sigmoid as expit
from seegrad.ops.nn.activation import softmax as softmax
from seegrad.ops.reduce import logsumexp as logsumexp
from seegrad.ops.special import functions
from seegrad.ops.special.floating_point import signbit
from seegrad.ops.special.functions import entr as entr
from seegrad.ops.special.functions import erfc as erfc
from seegrad.ops.special.functions import erfcx as erfcx
from seegrad.ops.special.functions import erfinv as erfinv
from seegrad.ops.special.functions import gammaln as gammaln
from seegrad.ops.special.functions import i0 as i0
from seegrad.ops.special.functions import i0e as i0e
from seegrad.ops.special.functions import i1 as i1
from seegrad.ops.special.functions import i1e as i1e
from seegrad.ops.special.functions import log_ndtr as log_ndtr
from seegrad.ops.special.functions import logit as logit
from seegrad.ops.special.functions import ndtr as ndtr
from seegrad.ops.special.functions import ndtri as ndtri
from seegrad.ops.special.functions import sinc as sinc
from seegrad.ops.special.functions import xlog1py as xlog1py
from seegrad.ops.special.functions import xlogy as xlogy
from seegrad.ops.transcendental import erf as erf
from seegrad.ops.transcendental import expm1 as expm1
from seegrad.ops.transcendental import log1p as log1p

__all__ = [
    "beta", "betaln", "digamma", "entr", "erf", "erfc", "erfcinv", "erfcx", "erfinv", "expit",
    "expm1", "gamma", "gammaln", "gammasgn", "i0", "i0e", "i1", "i1e", "log1p", "log_ndtr",
    "log_softmax", "logit", "logsumexp", "multigammaln", "ndtr", "ndtri", "polygamma", "psi",
    "rgamma", "sinc", "softmax", "xlog1py", "xlogy",
]  # fmt: skip


def polygamma(n: int, x: Any) -> Any:
    """The n-th derivative of digamma at x, as `scipy.special.polygamma` takes them.

    >>> float(polygamma(1, 1.0))  # π²/6
    1.6449340668482264
    """
    return functions.polygamma(x, n=n)


def digamma(x: Any) -> Any:
    """The derivative of log Γ(x).

    >>> round(float(digamma(1.0)), 6)
    -0.577216
    """
    return functions.polygamma(x, n=0)


psi = digamma


def gammasgn(x: Any) -> Any:
    """The sign of Γ(x): −1 between −1 and 0, −3 and −2, …, else 1; NaN at −1, −2, …

    >>> round(float(gammasgn(-0.5)), 6)
    -1.0
    """
    x = compare.floating(shape.array_like(x))
    odd = compare.not_equal(arithmetic.mod(arithmetic.floor(x), 2), 0)
    below = compare.where(odd | compare.equal(x, 0), -1.0, 1.0)     # −0 is left of the pole at 0
    pole = _is_pole(x) & compare.less(x, 0)
    found = compare.where(signbit(x), compare.where(pole, math.nan, below), 1.0)
    found = compare.where(compare.isnan(x), math.nan, found)
    return arithmetic.stop_gradient(compare.astype(found, dtype=x.dtype))


def _is_pole(x: Any) -> Any:
    """Is x one of 0, −1, −2, …, where Γ is infinite?"""
    return compare.less_equal(x, 0) & compare.equal(arithmetic.floor(x), x)


def gamma(x: Any) -> Any:
    """Γ(x), (x − 1)! of whole numbers.

    >>> round(float(gamma(5.0)), 9)
    24.0
    """
    return gammasgn(x) * transcendental.exp(gammaln(x))


def rgamma(x: Any) -> Any:
    """1 / Γ(x).

    >>> round(float(rgamma(3.0)), 6)
    0.5
    """
    x = compare.floating(shape.array_like(x))
    size = transcendental.exp(-gammaln(x))
    return compare.where(_is_pole(x), size, gammasgn(x) * size)


def _beta(a: Any, b: Any) -> tuple[Any, Any]:
    """Γ(a)·Γ(b) / Γ(a + b): its sign, and the logarithm of its size.

    Where one of the two is a pole n and the other a whole number m from 1 to −n, the poles above
    and below cancel, and it is (−1)ᵐ times that of 1 − n − m and m.
    """
    a, b = (compare.floating(shape.array_like(x)) for x in (a, b))
    first = _is_pole(a)
    either = first | _is_pole(b)
    n, m = compare.where(first, a, b), compare.where(first, b, a)
    whole = compare.equal(arithmetic.floor(m), m)
    cancel = either & whole & compare.greater(m, 0) & compare.less_equal(n + m, 0)
    endless = either & compare.logical_not(cancel)
    a, b = compare.where(cancel, 1 - n - m, a), compare.where(cancel, m, b)
    total = compare.where(endless, 1.0, a + b)
    odd = whole & compare.not_equal(arithmetic.mod(m, 2), 0)
    turned = odd & (cancel | compare.less(m, 0))
    below = compare.where(_is_pole(total), 1.0, gammasgn(total))
    usual = gammasgn(a) * gammasgn(b) * below
    side = compare.where(either, compare.where(turned, -1.0, 1.0), usual)
    return side, gammaln(a) + gammaln(b) - gammaln(total)


def betaln(a: Any, b: Any) -> Any:
    """The logarithm of the size of the beta function.

    >>> round(float(betaln(2.0, 3.0)), 6)
    -2.484907
    """
    _, size = _beta(a, b)
    return size


def beta(a: Any, b: Any) -> Any:
    """The beta function Γ(a)·Γ(b) / Γ(a + b).

    >>> round(float(beta(2.0, 3.0)), 6)
    0.083333
    """
    side, size = _beta(a, b)
    return side * transcendental.exp(size)


def multigammaln(a: Any, d: int) -> Any:
    """The logarithm of the gamma function of d dimensions, for a > (d − 1)/2.

    >>> import seegrad as sg
    >>> round(float(sg.mvlgamma(3.0, 2)), 4)
    1.5502
    """
    a = compare.floating(shape.array_like(a))
    parts = [gammaln(a - i / 2) for i in range(d)]
    return sum(parts[1:], parts[0]) + d * (d - 1) / 4 * math.log(math.pi)


def erfcinv(x: Any) -> Any:
    """The number whose complementary error function is x, for 0 ≤ x ≤ 2.

    >>> round(float(erfcinv(0.5)), 6)
    0.476936
    """
    return ndtri(shape.array_like(x) * 0.5) * -math.sqrt(0.5)
