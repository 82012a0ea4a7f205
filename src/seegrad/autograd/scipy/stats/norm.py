"""The normal distribution, by its mean `loc` and standard deviation `scale`."""

from __future__ import annotations

import math
from typing import Any

from seegrad.autograd.scipy.library import borrowed
from seegrad.ops.shape import array_like
from seegrad.ops.special.functions import log_ndtr, ndtr
from seegrad.ops.transcendental import exp, log

rvs = borrowed("stats.norm.rvs")


def _standard(x: Any, loc: Any, scale: Any) -> Any:
    return (array_like(x) - loc) / scale


def logpdf(x: Any, loc: Any = 0.0, scale: Any = 1.0) -> Any:
    """The logarithm of the density."""
    z = _standard(x, loc, scale)
    return -0.5 * z * z - log(scale) - 0.5 * math.log(2 * math.pi)


def pdf(x: Any, loc: Any = 0.0, scale: Any = 1.0) -> Any:
    """The density."""
    return exp(logpdf(x, loc, scale))


def cdf(x: Any, loc: Any = 0.0, scale: Any = 1.0) -> Any:
    """How probable a number up to x is."""
    return ndtr(_standard(x, loc, scale))


def sf(x: Any, loc: Any = 0.0, scale: Any = 1.0) -> Any:
    """How probable a number above x is."""
    return ndtr(-1.0 * _standard(x, loc, scale))


def logcdf(x: Any, loc: Any = 0.0, scale: Any = 1.0) -> Any:
    """The logarithm of `cdf`."""
    return log_ndtr(_standard(x, loc, scale))


def logsf(x: Any, loc: Any = 0.0, scale: Any = 1.0) -> Any:
    """The logarithm of `sf`."""
    return log_ndtr(-1.0 * _standard(x, loc, scale))
