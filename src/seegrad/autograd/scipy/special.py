"""`scipy.special`: operations of the table, and SciPy's own functions with their derivatives."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from seegrad.autograd.extend import defvjp
from seegrad.autograd.scipy.library import borrowed
from seegrad.ops import compare, reduce, shape, transcendental
from seegrad.tensor.special import beta as beta
from seegrad.tensor.special import betaln as betaln
from seegrad.tensor.special import digamma as digamma
from seegrad.tensor.special import entr as entr
from seegrad.tensor.special import erf as erf
from seegrad.tensor.special import erfc as erfc
from seegrad.tensor.special import erfcinv as erfcinv
from seegrad.tensor.special import erfinv as erfinv
from seegrad.tensor.special import expit as expit
from seegrad.tensor.special import gamma as gamma
from seegrad.tensor.special import gammaln as gammaln
from seegrad.tensor.special import gammasgn as gammasgn
from seegrad.tensor.special import i0 as i0
from seegrad.tensor.special import i1 as i1
from seegrad.tensor.special import log_ndtr as log_ndtr
from seegrad.tensor.special import logit as logit
from seegrad.tensor.special import multigammaln as multigammaln
from seegrad.tensor.special import ndtr as ndtr
from seegrad.tensor.special import ndtri as ndtri
from seegrad.tensor.special import polygamma as polygamma
from seegrad.tensor.special import psi as psi
from seegrad.tensor.special import rgamma as rgamma
from seegrad.tensor.special import xlog1py as xlog1py
from seegrad.tensor.special import xlogy as xlogy


def logsumexp(
    x: Any, axis: Any = None, b: Any = 1.0, keepdims: bool = False, return_sign: bool = False
) -> Any:
    """log Σ b·exp(x) along `axis`, without overflow; b ≥ 0 are weights.

    With return_sign a pair, its second part the sign of the sum, which is 1 for such weights.
    """
    x = shape.array_like(x)
    if not (isinstance(b, float) and b == 1.0):
        weights = shape.array_like(b)
        x = compare.where(compare.greater(weights, 0), x, -math.inf) + transcendental.log(
            compare.where(compare.greater(weights, 0), weights, 1.0)
        )
    found = reduce.logsumexp(x, axis=axis, keepdims=keepdims)
    return (found, np.ones(tuple(found.shape))) if return_sign else found


betainc = borrowed("special.betainc")
defvjp(
    betainc,
    lambda ans, a, b, x: lambda g: (
        g * x ** (a - 1) * (1 - x) ** (b - 1) * transcendental.exp(-betaln(a, b))
    ),
    argnums=[2],
)  # fmt: skip


def _density(a: Any, x: Any) -> Any:
    """Of the gamma distribution of shape a, at x."""
    return transcendental.exp((a - 1) * transcendental.log(x) - x - gammaln(a))


gammainc = borrowed("special.gammainc")
defvjp(gammainc, lambda ans, a, x: lambda g: g * _density(a, x), argnums=[1])
gammaincc = borrowed("special.gammaincc")
defvjp(gammaincc, lambda ans, a, x: lambda g: g * -_density(a, x), argnums=[1])

j0, j1, y0, y1 = (borrowed(f"special.{name}") for name in ("j0", "j1", "y0", "y1"))
jn, yn = borrowed("special.jn"), borrowed("special.yn")
iv, ive = borrowed("special.iv"), borrowed("special.ive")
defvjp(j0, lambda ans, x: lambda g: g * -j1(x))
defvjp(y0, lambda ans, x: lambda g: g * -y1(x))
defvjp(j1, lambda ans, x: lambda g: g * 0.5 * (j0(x) - jn(2, x)))
defvjp(y1, lambda ans, x: lambda g: g * 0.5 * (y0(x) - yn(2, x)))
defvjp(jn, lambda ans, n, x: lambda g: g * 0.5 * (jn(n - 1, x) - jn(n + 1, x)), argnums=[1])
defvjp(yn, lambda ans, n, x: lambda g: g * 0.5 * (yn(n - 1, x) - yn(n + 1, x)), argnums=[1])
defvjp(iv, lambda ans, n, x: lambda g: g * 0.5 * (iv(n - 1, x) + iv(n + 1, x)), argnums=[1])
defvjp(
    ive,
    lambda ans, n, x: lambda g: g * (ans * (n / x - np.sign(x)) + ive(n + 1, x)),
    argnums=[1],
)
