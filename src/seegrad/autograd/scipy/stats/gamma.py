"""The gamma distribution, of shape a."""

from __future__ import annotations

from typing import Any

from seegrad.autograd.scipy.library import borrowed
from seegrad.autograd.scipy.special import gammainc
from seegrad.ops.shape import array_like
from seegrad.ops.special.functions import gammaln, xlogy
from seegrad.ops.transcendental import exp

rvs = borrowed("stats.gamma.rvs")


def logpdf(x: Any, a: Any) -> Any:
    """The logarithm of the density."""
    x, a = array_like(x), array_like(a)
    return xlogy(a - 1.0, x) - x - gammaln(a)


def pdf(x: Any, a: Any) -> Any:
    """The density."""
    return exp(logpdf(x, a))


def cdf(x: Any, a: Any) -> Any:
    """How probable a number up to x is; no derivative by a."""
    return gammainc(a, x)
