"""Triangular matrices: the Cholesky factor and substitution, on the last two axes, batched.

Substitution halves the rows until a triangle is small and is inverted, so that nearly all of it is
products of matrices (Du Croz and Higham, "Stability of methods for matrix inversion", 1992).
"""

from __future__ import annotations

from typing import Any

import numpy as np

from seegrad.errors import ValueRangeError
from seegrad.graph.forms import Call, LeadingAxes
from seegrad.graph.op import Case
from seegrad.graph.spec import Spec, spec_of
from seegrad.i18n import tr
from seegrad.ops.families import operation
from seegrad.ops.linear.linalg import matmul, tril, triu
from seegrad.ops.linear.solve_systems import (
    as_columns,
    diagonally_dominant,
    invertible_spec,
    regular,
    solve_spec,
    square_matrix,
)
from seegrad.ops.shape import array_like, concatenate, cut_by, matrix_transpose, reshape

BLOCK = 16
"""Rows whose triangle is inverted."""


def symmetric_part(a: Any) -> Any:
    """(a + aᵀ)/2, of square matrices: NumPy would stretch a column and a row to one."""
    square_matrix(a)
    return (a + matrix_transpose(a)) * 0.5


# --------------------------------------------------------------- substitution


def _small_inverses(a: Any, lower: bool, unit_diagonal: bool) -> Any:
    """The inverses of the triangles of BLOCK rows on the diagonal: (…, count, BLOCK, BLOCK)."""
    n = a.shape[-1]
    small = np.zeros((*a.shape[:-2], -(-n // BLOCK), BLOCK, BLOCK), a.dtype)
    for i, start in enumerate(range(0, n, BLOCK)):
        part = a[..., start : start + BLOCK, start : start + BLOCK]
        small[..., i, : part.shape[-2], : part.shape[-1]] = part
    beside = np.tri(BLOCK, k=-1, dtype=bool)
    small[..., beside.T if lower else beside] = 0
    steps = np.arange(BLOCK)
    if unit_diagonal:
        small[..., steps, steps] = 1
    elif rest := n % BLOCK:
        small[..., -1, steps[rest:], steps[rest:]] = 1
    return np.linalg.inv(small)


def _substituted(a: Any, b: Any, lower: bool, unit_diagonal: bool) -> Any:
    """x with a·x = b, from the first row on if a is lower, else from the last."""
    n, batch = a.shape[-1], np.broadcast_shapes(a.shape[:-2], b.shape[:-2])
    x = np.array(np.broadcast_to(b, (*batch, *b.shape[-2:])), order="C")
    inverses = _small_inverses(a, lower, unit_diagonal)
    product = np.empty((*batch, n // 2 + BLOCK, b.shape[-1]), x.dtype)

    def solve_rows(first: int, last: int) -> None:
        """The rows of the blocks from `first` on, before `last`."""
        if last - first == 1:
            rows = slice(first * BLOCK, min(last * BLOCK, n))
            count = rows.stop - rows.start
            inverse = inverses[..., first, :count, :count]
            x[..., rows, :] = np.matmul(inverse, x[..., rows, :])
            return
        middle = (first + last) // 2
        halves = [(first, middle), (middle, last)][:: 1 if lower else -1]
        known, rows = (slice(i * BLOCK, min(j * BLOCK, n)) for i, j in halves)
        solve_rows(*halves[0])
        moved = product[..., : rows.stop - rows.start, :]
        np.matmul(a[..., rows, known], x[..., known, :], out=moved)
        x[..., rows, :] -= moved
        solve_rows(*halves[1])

    if n:
        solve_rows(0, -(-n // BLOCK))
    return x


def _triangle(a: Any, lower: bool, unit_diagonal: bool) -> Any:
    """The triangle of a that counts; 0 beside it."""
    if not unit_diagonal:
        return tril(a) if lower else triu(a)
    return tril(a, k=-1) if lower else triu(a, k=1)


def _transposed(trans: Any) -> bool:
    if trans in (0, "N", False):
        return False
    if trans in (1, 2, "T", "C", True):
        return True
    raise ValueRangeError(
        tr("{name} says which system is solved", name="trans"),
        asked="0 (a·x = b) or 1 (aᵀ·x = b)",
        came=f"trans={trans!r}",
    )


def _triangular_attrs(
    a: Any, b: Any, *, trans: Any, lower: Any, unit_diagonal: Any
) -> dict[str, Any]:
    solve_spec(spec_of(a), spec_of(b))
    return {
        "trans": _transposed(trans), "lower": bool(lower), "unit_diagonal": bool(unit_diagonal)
    }  # fmt: skip


def _by_triangle(
    g: Any, a: Any, out: Any, b_spec: Spec, trans: bool, lower: bool, unit_diagonal: bool
) -> Any:
    vector = b_spec.ndim == 1
    back = solve_triangular(
        a, as_columns(g, vector), trans=not trans, lower=lower, unit_diagonal=unit_diagonal
    )
    x = as_columns(out, vector)
    pair = (x, back) if trans else (back, x)
    return -_triangle(matmul(pair[0], matrix_transpose(pair[1])), lower, unit_diagonal)


def _by_right_side(
    g: Any, a: Any, b_spec: Spec, trans: bool, lower: bool, unit_diagonal: bool
) -> Any:
    vector = b_spec.ndim == 1
    back = solve_triangular(
        a, as_columns(g, vector), trans=not trans, lower=lower, unit_diagonal=unit_diagonal
    )
    return reshape(back, shape=back.shape[:-1]) if vector else back


def _triangular_cases(**attrs: Any) -> tuple[Case, ...]:
    whole = {"trans": 0, "lower": False, "unit_diagonal": False, **attrs}
    shapes = (((3, 3), (3,)), ((2, 2), (2, 3)), ((2, 3, 3), (3, 1)), ((2, 2), (3, 2, 1)))
    return diagonally_dominant(*shapes, attrs=whole)


@operation(
    spec=lambda a, b, **attrs: solve_spec(a, b),
    canonical=_triangular_attrs,
    lower=Call(LeadingAxes()),
    sign="solve △",
    latex=r"$a^{-\when{trans}{\top}{1}} $b",
    numpy=(),
    d={"a": _by_triangle, "b": _by_right_side},
    cases=(
        *_triangular_cases(),
        *_triangular_cases(lower=True),
        *_triangular_cases(lower=True, trans=1)[:3],
        *_triangular_cases(unit_diagonal=True, trans=1)[:2],
        *diagonally_dominant(((0, 2, 2), (2, 3)), attrs={"lower": True}),
    ),
)
def solve_triangular(a, b, *, trans=0, lower=False, unit_diagonal=False):
    """x with a·x = b for a triangular a (…, n, n); b a vector (n,) or columns (…, n, m).

    As `scipy.linalg.solve_triangular`: trans=1 solves aᵀ·x = b; only the upper triangle (`lower`:
    the lower one) is read, with 1 on its diagonal if `unit_diagonal`. With h = A⁻ᵀ·g, dB = h and
    dA = the triangle of −h·xᵀ. Raises ValueRangeError for a 0 on the diagonal.
    """
    wanted = invertible_spec(Spec(a.shape, np.result_type(a, b))).dtype
    a, b = (x.astype(wanted, copy=False) for x in (a, b))
    if trans:
        a, lower = matrix_transpose(a), not lower
    if b.ndim == 1:
        return regular(_substituted, a, b[:, None], lower, unit_diagonal)[..., 0]
    return regular(_substituted, a, b, lower, unit_diagonal)


# --------------------------------------------------------------- Cholesky


LARGE = 128
"""Rows from which on the half of a product that does not count is worth leaving out."""


def _block(x: Any, rows: slice, columns: slice) -> Any:
    n = x.shape[-1]
    whole = [slice(None)] * (len(x.shape) - 2)
    return cut_by(x, [*whole, slice(*rows.indices(n)), slice(*columns.indices(n))])


def _lower_of_product(lower: Any, g: Any) -> Any:
    """lowerᵀ·g, of which only the lower triangle counts: of the blocks above it, zeros."""
    n = lower.shape[-1]
    if n < LARGE:
        return matmul(matrix_transpose(lower), g)
    head, tail, last = slice(0, n // 2), slice(n // 2, n), len(g.shape) - 1
    below, beside = _block(lower, tail, head), _block(g, tail, head)
    corner = matrix_transpose(_block(lower, tail, tail))
    first = matmul(matrix_transpose(_block(lower, head, head)), _block(g, head, head))
    upper = first + matmul(matrix_transpose(below), beside)
    zeros = np.zeros((*upper.shape[:-1], n - n // 2), g.dtype)
    row = concatenate(matmul(corner, beside), matmul(corner, _block(g, tail, tail)), axis=last)
    return concatenate(concatenate(upper, zeros, axis=last), row, axis=last - 1)


def _cholesky_rule(g: Any, out: Any) -> Any:
    n = out.shape[-1]
    half = np.tril(np.ones((n, n), g.dtype)) - np.eye(n, dtype=g.dtype) / 2
    inner = _lower_of_product(out, g) * half
    left = solve_triangular(out, inner, trans=1, lower=True)
    both = solve_triangular(out, matrix_transpose(left), trans=1, lower=True)
    return symmetric_part(both)


def _positive_definite(a: Any) -> Any:
    whole = symmetric_part(np.ascontiguousarray(a))
    try:
        return np.linalg.cholesky(whole)
    except np.linalg.LinAlgError:
        least = f"{np.linalg.eigvalsh(whole).min():.3g}"
        raise ValueRangeError(
            "the matrix is not positive definite",
            asked="a symmetric matrix whose eigenvalues are all above 0",
            came=tr("shape {shape}, least eigenvalue {least}", shape=a.shape, least=least),
            hint="add a small multiple of the identity to it",
        ) from None


@operation(
    spec=invertible_spec,
    lower=Call(LeadingAxes()),
    sign="chol",
    latex=r"\operatorname{chol} $a",
    numpy=(),
    d={"a": _cholesky_rule},
    cases=diagonally_dominant(((2, 2),), ((1, 1),), ((3, 3),), ((2, 3, 3),), ((0, 2, 2),)),
)
def cholesky_lower(a):
    """The lower triangular L with L·Lᵀ = (a + aᵀ)/2: (…, n, n) to (…, n, n).

    Its derivative is symmetric: with P the lower triangle of Lᵀ·g, its diagonal halved,
    (S + Sᵀ)/2 for S = L⁻ᵀ·P·L⁻¹ (Murray, "Differentiation of the Cholesky decomposition", 2016).
    Raises ValueRangeError for a matrix that is not positive definite.
    """
    return _positive_definite(a)


def cholesky(a: Any, *, upper: bool = False) -> Any:
    """The Cholesky factor of a symmetric positive definite matrix: a = L·Lᵀ, or Uᵀ·U if `upper`.

    (…, n, n) to (…, n, n). The symmetric part of a is what is factorised, and the derivative is
    symmetric, as in JAX and PyTorch. Raises ValueRangeError where a is not positive definite.

    >>> cholesky(np.array([[4.0, 2.0], [2.0, 2.0]]))
    array([[2., 0.],
           [1., 1.]])
    """
    found = cholesky_lower(array_like(a))
    return matrix_transpose(found) if upper else found
