"""LU factors with partial pivoting, as JAX's `lu`: determinants are made of them.

The factors and the pivots are two ops that belong to this door alone. Derivative: de Hoog,
Anderssen, Lukas, "Differentiation of matrix functionals using triangular factorization" (2011).
"""

from __future__ import annotations

from typing import Any

import numpy as np

from seegrad.graph.bind import callable_op
from seegrad.graph.forms import Call, LeadingAxes
from seegrad.graph.op import Op
from seegrad.graph.spec import Spec
from seegrad.interop.jaxpr.site import Rule, Site
from seegrad.ops.indexing import take_along_axis
from seegrad.ops.linear.linalg import matmul, tril, triu
from seegrad.ops.linear.triangular import solve_triangular
from seegrad.ops.scan_sort import argsort
from seegrad.ops.shape import expand_dims, matrix_transpose

INT32 = np.dtype(np.int32)


def _factored(a: Any) -> tuple[Any, Any, Any]:
    """L below the diagonal and U on and above it, in one matrix; with which row each was exchanged;
    and the order of the rows."""
    a = np.array(a)
    n = a.shape[-1]
    flat = a.reshape(-1, n, n)
    each = np.arange(len(flat))
    pivots = np.empty((len(flat), n), INT32)
    order = np.tile(np.arange(n, dtype=INT32), (len(flat), 1))
    for k in range(n):
        row = k + np.argmax(np.abs(flat[:, k:, k]), axis=1)
        pivots[:, k] = row
        for x in (flat, order):
            x[each, k], x[each, row] = x[each, row].copy(), x[each, k].copy()
        pivot = flat[:, k, k, None]
        below = flat[:, k + 1 :, k]
        np.divide(below, pivot, out=below, where=pivot != 0)
        flat[:, k + 1 :, k + 1 :] -= below[:, :, None] * flat[:, k, None, k + 1 :]
    lead = a.shape[:-2]
    return flat.reshape(a.shape), pivots.reshape(*lead, n), order.reshape(*lead, n)


def _rule(g: Any, a: Any, out: Any) -> Any:
    lower = tril(out, k=-1) + np.eye(out.shape[-1], dtype=out.dtype)
    upper = triu(out)
    by_lower = tril(matmul(matrix_transpose(lower), tril(g, k=-1)), k=-1)
    by_upper = triu(matmul(triu(g), matrix_transpose(upper)))
    left = solve_triangular(lower, by_lower + by_upper, trans=1, lower=True, unit_diagonal=True)
    found = matrix_transpose(solve_triangular(upper, matrix_transpose(left)))
    back = argsort(rows(a)[..., 1, :], axis=-1)
    return take_along_axis(found, expand_dims(back, axis=-1), axis=-2)


factors = callable_op(Op(
    name="lu", forward=lambda a: _factored(a)[0], spec=lambda a: a, d={"a": _rule},
    lower=Call(LeadingAxes()), sign="LU", latex=r"\operatorname{lu} $a", family="linear",
))  # fmt: skip
"""(…, n, n) to L and U in one matrix (…, n, n)."""

rows = callable_op(Op(
    name="lu_rows", forward=lambda a: np.stack(_factored(a)[1:], axis=-2),
    spec=lambda a: Spec((*a.shape[:-2], 2, a.shape[-1]), INT32), d={"a": None},
    lower=Call(LeadingAxes()), sign="LU rows", latex=r"\operatorname{rows} $a", family="linear",
))  # fmt: skip
"""(…, n, n) to the exchanges of rows and their order, (…, 2, n)."""


def _lu(site: Site, xs: list[Any]) -> Any:
    a = xs[0]
    if a.shape[-1] != a.shape[-2]:
        raise site.refuse("a matrix that is not square")
    found = rows(a)
    return [factors(a), found[..., 0, :], found[..., 1, :]]


RULES: dict[str, Rule] = {"lu": _lu}
