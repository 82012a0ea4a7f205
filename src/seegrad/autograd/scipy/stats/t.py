"""Student's t distribution, of `df` degrees of freedom, moved by `loc` and widened by `scale`."""

from __future__ import annotations

import math
from typing import Any

from seegrad.autograd.extend import defvjp
from seegrad.autograd.scipy.library import borrowed
from seegrad.ops.shape import array_like
from seegrad.ops.special.functions import gammaln
from seegrad.ops.transcendental import exp, log, log1p

rvs = borrowed("stats.t.rvs")


def logpdf(x: Any, df: Any, loc: Any = 0.0, scale: Any = 1.0) -> Any:
    """The logarithm of the density."""
    df = array_like(df)
    z = (array_like(x) - loc) / scale
    whole = gammaln((df + 1) * 0.5) - gammaln(df * 0.5) - 0.5 * log(df * math.pi) - log(scale)
    return whole - (df + 1) * 0.5 * log1p(z * z / df)


def pdf(x: Any, df: Any, loc: Any = 0.0, scale: Any = 1.0) -> Any:
    """The density."""
    return exp(logpdf(x, df, loc, scale))


_cdf = borrowed("stats.t.cdf")
defvjp(_cdf, lambda ans, z, df: lambda g: g * pdf(z, df), argnums=[0])


def cdf(x: Any, df: Any, loc: Any = 0.0, scale: Any = 1.0) -> Any:
    """How probable a number up to x is; no derivative by df."""
    return _cdf((array_like(x) - loc) / scale, df)


def logcdf(x: Any, df: Any, loc: Any = 0.0, scale: Any = 1.0) -> Any:
    """The logarithm of `cdf`."""
    return log(cdf(x, df, loc, scale))
