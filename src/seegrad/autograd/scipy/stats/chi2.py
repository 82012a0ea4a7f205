"""The chi-squared distribution, of `df` degrees of freedom: twice a gamma of half of them."""

from __future__ import annotations

import math
from typing import Any

from seegrad.autograd.scipy.library import borrowed
from seegrad.autograd.scipy.stats import gamma
from seegrad.ops.shape import array_like

rvs = borrowed("stats.chi2.rvs")


def logpdf(x: Any, df: Any) -> Any:
    """The logarithm of the density."""
    return gamma.logpdf(array_like(x) * 0.5, array_like(df) * 0.5) - math.log(2)


def pdf(x: Any, df: Any) -> Any:
    """The density."""
    return gamma.pdf(array_like(x) * 0.5, array_like(df) * 0.5) * 0.5


def cdf(x: Any, df: Any) -> Any:
    """How probable a number up to x is; no derivative by df."""
    return gamma.cdf(array_like(x) * 0.5, array_like(df) * 0.5)
