"""The Dirichlet distribution of numbers that sum to 1, of concentrations alpha."""

from __future__ import annotations

from typing import Any

from seegrad.autograd.scipy.library import borrowed
from seegrad.ops.reduce import sum
from seegrad.ops.shape import array_like
from seegrad.ops.special.functions import gammaln, xlogy
from seegrad.ops.transcendental import exp

rvs = borrowed("stats.dirichlet.rvs")


def logpdf(x: Any, alpha: Any) -> Any:
    """The logarithm of the density; x along its first axis."""
    x, alpha = array_like(x), array_like(alpha)
    whole = gammaln(sum(alpha)) - sum(gammaln(alpha))
    if len(x.shape) > 1:
        alpha = alpha[(slice(None), *(None,) * (len(x.shape) - 1))]
    return whole + sum(xlogy(alpha - 1.0, x), axis=0)


def pdf(x: Any, alpha: Any) -> Any:
    """The density."""
    return exp(logpdf(x, alpha))
