"""The normal distribution of vectors, by their mean and covariances."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from seegrad.autograd.scipy.library import borrowed
from seegrad.ops.arithmetic import stop_gradient
from seegrad.ops.compare import greater, where
from seegrad.ops.linear.factorisations import eigvalsh, pinv
from seegrad.ops.linear.linalg import diag, diagonal, matmul
from seegrad.ops.linear.triangular import cholesky, solve_triangular
from seegrad.ops.reduce import max, sum
from seegrad.ops.shape import array_like, matrix_transpose
from seegrad.ops.transcendental import exp, log

LOG_TWO_PI = math.log(2 * math.pi)
rvs = borrowed("stats.multivariate_normal.rvs")


def _covariances(cov: Any, size: int) -> Any:
    """The whole matrix, also of one variance for all, or of one for each."""
    cov = array_like(cov)
    if len(cov.shape) == 2:
        return cov
    return diag(cov) if len(cov.shape) else np.eye(size) * cov


def logpdf(x: Any, mean: Any = 0.0, cov: Any = 1.0, allow_singular: bool = False) -> Any:
    """The logarithm of the density of vectors along the last axis of x.

    Args:
        mean: a vector, or a number for all.
        cov: a matrix, a vector of variances, or one variance for all.
        allow_singular: the density within the space that the covariances reach.

    Raises ValueRangeError where cov is not positive definite, unless singular ones are allowed.
    """
    x, mean = array_like(x), array_like(mean)
    apart = x - mean
    if not len(apart.shape):
        apart = apart[None]
    size = apart.shape[-1]
    cov = _covariances(cov, size)
    if not allow_singular:
        lower = cholesky(cov)
        one = len(apart.shape) == 1
        z = solve_triangular(lower, apart if one else matrix_transpose(apart), lower=True)
        whole = 2.0 * sum(log(diagonal(lower)))
        return -0.5 * (size * LOG_TWO_PI + whole + sum(z * z, axis=0 if one else -2))
    found = eigvalsh(cov)
    least = 1e6 * np.finfo(np.float64).eps * max(stop_gradient(found))
    counts = greater(stop_gradient(found), least)
    whole = sum(log(where(counts, found, 1.0)))
    away = sum(matmul(apart, pinv(cov)) * apart, axis=-1)
    return -0.5 * (sum(where(counts, 1.0, 0.0)) * LOG_TWO_PI + whole + away)


def pdf(x: Any, mean: Any = 0.0, cov: Any = 1.0, allow_singular: bool = False) -> Any:
    """The density; see `logpdf`."""
    return exp(logpdf(x, mean, cov, allow_singular))


def entropy(mean: Any = 0.0, cov: Any = 1.0) -> Any:
    """The entropy, which only the covariances decide."""
    mean = array_like(mean)
    cov = _covariances(cov, mean.shape[0] if len(mean.shape) else 1)
    whole = 2.0 * sum(log(diagonal(cholesky(cov))))
    return 0.5 * (cov.shape[0] * (1 + LOG_TWO_PI) + whole) + 0.0 * sum(mean)
