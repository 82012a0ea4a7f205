"""The beta distribution on 0 … 1, of shapes a and b."""

from __future__ import annotations

from typing import Any

from seegrad.autograd.scipy.library import borrowed
from seegrad.autograd.scipy.special import betainc
from seegrad.ops.shape import array_like
from seegrad.ops.special.functions import xlog1py, xlogy
from seegrad.ops.transcendental import exp
from seegrad.tensor.special import betaln

rvs = borrowed("stats.beta.rvs")


def logpdf(x: Any, a: Any, b: Any) -> Any:
    """The logarithm of the density."""
    x, a, b = array_like(x), array_like(a), array_like(b)
    return xlogy(a - 1.0, x) + xlog1py(b - 1.0, -1.0 * x) - betaln(a, b)


def pdf(x: Any, a: Any, b: Any) -> Any:
    """The density."""
    return exp(logpdf(x, a, b))


def cdf(x: Any, a: Any, b: Any) -> Any:
    """How probable a number up to x is; no derivative by a and b."""
    return betainc(a, b, x)
