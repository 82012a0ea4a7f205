"""The Poisson distribution of whole numbers k, of mean mu."""

from __future__ import annotations

from typing import Any

from seegrad.autograd.scipy.library import borrowed
from seegrad.autograd.scipy.special import gammaincc
from seegrad.ops.arithmetic import floor, stop_gradient
from seegrad.ops.compare import floating
from seegrad.ops.shape import array_like
from seegrad.ops.special.functions import gammaln, xlogy
from seegrad.ops.transcendental import exp

rvs = borrowed("stats.poisson.rvs")


def logpmf(k: Any, mu: Any) -> Any:
    """The logarithm of the probability of k; no derivative by k."""
    k, mu = floating(array_like(k)), array_like(mu)
    k = stop_gradient(k)
    return xlogy(k, mu) - gammaln(k + 1.0) - mu


def pmf(k: Any, mu: Any) -> Any:
    """The probability of k."""
    return exp(logpmf(k, mu))


def cdf(k: Any, mu: Any) -> Any:
    """How probable a number up to k is; no derivative by k."""
    return gammaincc(stop_gradient(floor(floating(array_like(k)))) + 1.0, mu)
