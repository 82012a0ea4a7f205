"""`sg.special`: special functions by the names of `scipy.special`, each an operation of the table.

A table of contents, with what only renames: nothing is computed here.
"""

from __future__ import annotations

from typing import Any

from seegrad.ops.nn.activation import log_softmax as log_softmax
from seegrad.ops.nn.activation import sigmoid as expit
from seegrad.ops.nn.activation import softmax as softmax
from seegrad.ops.reduce import logsumexp as logsumexp
from seegrad.ops.special import functions
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
    "digamma", "entr", "erf", "erfc", "erfcx", "erfinv", "expit", "expm1", "gammaln", "i0", "i0e",
    "i1", "i1e", "log1p", "log_ndtr", "log_softmax", "logit", "logsumexp", "ndtr", "ndtri",
    "polygamma", "psi", "sinc", "softmax", "xlog1py", "xlogy",
]  # fmt: skip


def polygamma(n: int, x: Any) -> Any:
    """The n-th derivative of digamma at x > 0, as `scipy.special.polygamma` takes them.

    >>> float(polygamma(1, 1.0))  # π²/6
    1.6449340668482264
    """
    return functions.polygamma(x, n=n)


def digamma(x: Any) -> Any:
    """The derivative of log Γ(x)."""
    return functions.polygamma(x, n=0)


psi = digamma
