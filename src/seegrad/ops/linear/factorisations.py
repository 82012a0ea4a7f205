"""Eigenvalues, singular values, QR, the logarithm of a determinant, the pseudo-inverse.

LAPACK, through NumPy, on the last two axes, batched over the rest. What LAPACK gives at once is one
value of the graph, its parts one below the other ("stacked"); the functions that people call cut
them out of it. Where a derivative does not exist (vectors of equal eigenvalues or singular values)
it is not finite; what is asked of the values alone stays finite.
"""

from __future__ import annotations

from typing import Any, Literal, NamedTuple, overload

import numpy as np

from seegrad.errors import GradientError, ShapeError, ValueRangeError
from seegrad.graph.bind import bind, callable_op
from seegrad.graph.forms import Call, LeadingAxes
from seegrad.graph.op import Op
from seegrad.graph.spec import NO_ATTRS, Spec, spec_of
from seegrad.i18n import tr
from seegrad.ops.compare import equal, logical_and, where
from seegrad.ops.families import operation
from seegrad.ops.linear.linalg import matmul, tril
from seegrad.ops.linear.solve_systems import around, diagonally_dominant, inv, invertible_spec
from seegrad.ops.linear.triangular import solve_triangular, symmetric_part
from seegrad.ops.shape import array_like, concatenate, matrix_transpose, part, reshape

T = matrix_transpose


class EighResult(NamedTuple):
    """Eigenvalues (…, n), ascending, and the eigenvectors (…, n, n), one a column.

    >>> EighResult([1.0], [[1.0]]).eigenvalues
    [1.0]
    """

    eigenvalues: Any
    eigenvectors: Any


class SVDResult(NamedTuple):
    """a = U·diag(S)·Vh.

    >>> SVDResult([[1.0]], [2.0], [[1.0]]).S
    [2.0]
    """

    U: Any
    S: Any
    Vh: Any


class QRResult(NamedTuple):
    """a = Q·R.

    >>> QRResult([[1.0]], [[2.0]]).R
    [[2.0]]
    """

    Q: Any
    R: Any


class SlogdetResult(NamedTuple):
    """det a = sign·exp(logabsdet).

    >>> SlogdetResult(1.0, 0.0).sign
    1.0
    """

    sign: Any
    logabsdet: Any


def _rows(x: Any, start: int, count: int) -> Any:
    return part(x, len(x.shape) - 2, start, count)


def _without_rows(x: Any) -> Any:
    """(…, 1, n) as (…, n)."""
    return reshape(x, shape=(*x.shape[:-2], x.shape[-1]))


def _stacked(*parts: Any) -> Any:
    return np.concatenate(parts, axis=-2)


def _floating(a: Spec, name: str) -> Spec:
    """The spec of a square matrix of a's dtype; ShapeError where a is no matrix."""
    if a.ndim < 2:
        raise ShapeError(
            tr("{name} takes matrices", name=name),
            asked="two axes or more",
            came=tr("shape {shape}", shape=a.shape),
        )
    return invertible_spec(Spec((*a.shape[:-2], 1, 1), a.dtype))


def _quotient(x: Any, gap: Any) -> Any:
    """x/gap; where both are 0 nothing is asked for, and it is 0. x/0 is not finite."""
    with np.errstate(all="ignore"):
        return x / where(logical_and(equal(gap, 0), equal(x, 0)), np.ones((), gap.dtype), gap)


def _failing(function: Any, *arrays: Any, **how: Any) -> Any:
    """LAPACK's answer; ValueRangeError where it finds none, as for a NaN."""
    try:
        return function(*map(np.ascontiguousarray, arrays), **how)
    except np.linalg.LinAlgError:
        if arrays[0].ndim < 2:                 # the op's spec says what is wrong with that
            raise
        raise ValueRangeError(
            "the factorisation does not converge",
            asked="finite numbers",
            came=tr("a matrix of shape {shape}", shape=arrays[0].shape),
            hint="look for NaN or inf: sg.debug() names where the first one comes from",
        ) from None


# --------------------------------------------------------------- eigenvalues


def _eigh_rule(g: Any, out: Any) -> Any:
    n = out.shape[-1]
    eye = np.eye(n, dtype=g.dtype)
    values, vectors = _rows(out, 0, 1), _rows(out, 1, n)
    turned = matmul(T(vectors), _rows(g, 1, n)) * (1 - eye)
    inner = _quotient(turned, values - T(values)) + eye * _rows(g, 0, 1)
    return matmul(matmul(vectors, symmetric_part(inner)), T(vectors))


def _eigh_spec(a: Spec) -> Spec:
    found = invertible_spec(a)
    n = a.shape[-1]
    return Spec((*a.shape[:-2], n + 1, n), found.dtype)


@operation(
    spec=_eigh_spec,
    lower=Call(LeadingAxes()),
    sign="eigh",
    latex=r"\operatorname{eigh} $a",
    numpy=(),
    d={"a": _eigh_rule},
    cases=(
        around(np.diag([1.0, 3.0]), 0.3, (2, 2)),
        around(np.diag([1.0, 3.0, -2.0]), 0.3, (2, 3, 3)),
        around(np.eye(1), 0.3, (1, 1)),
        around(np.diag([1.0, 3.0]), 0.3, (0, 2, 2)),
    ),
)
def stacked_eigh(a):
    """Eigenvalues of the symmetric part of a as a row, below it the eigenvectors as columns.

    (…, n, n) to (…, n+1, n). With F = 1/(wⱼ − wᵢ) beside the diagonal, the derivative is
    V·(diag(gw) + F∘Vᵀ·gV)·Vᵀ, its symmetric part (Giles, "Collected matrix derivative results for
    forward and reverse mode algorithmic differentiation", 2008).
    """
    values, vectors = _failing(np.linalg.eigh, symmetric_part(a))
    return _stacked(values[..., None, :], vectors)


def _symmetric_from(a: Any, triangle: str) -> Any:
    """The symmetric matrix that one triangle of a states."""
    if triangle not in ("L", "U"):
        raise ValueRangeError(
            tr("{name} names a triangle", name="UPLO"), asked="'L' or 'U'", came=repr(triangle)
        )
    lower = a if triangle == "L" else T(a)
    return tril(lower) + T(tril(lower, k=-1))


def eigh(a: Any, UPLO: str | None = None) -> EighResult:
    """Eigenvalues, ascending, and eigenvectors of a symmetric matrix, as `numpy.linalg.eigh`.

    (…, n, n) to (…, n) and (…, n, n). The symmetric part of a is taken (UPLO="L" or "U": what one
    triangle states), and the derivative is symmetric. Vectors of equal eigenvalues have no
    derivative: it is not finite if they are asked for.

    >>> eigh(np.array([[2.0, 0.0], [0.0, 1.0]])).eigenvalues
    array([1., 2.])
    """
    a = array_like(a)
    found = stacked_eigh(a if UPLO is None else _symmetric_from(a, UPLO))
    n = found.shape[-1]
    return EighResult(_without_rows(_rows(found, 0, 1)), _rows(found, 1, n))


def _eigvalsh_rule(g: Any, a: Any) -> Any:
    vectors = eigh(a).eigenvectors
    return matmul(vectors * reshape(g, shape=(*g.shape[:-1], 1, g.shape[-1])), T(vectors))


@operation(
    spec=lambda a: Spec(a.shape[:-1], invertible_spec(a).dtype),
    lower=Call(LeadingAxes()),
    sign="λ",
    latex=r"\lambda($a)",
    numpy=(),
    d={"a": _eigvalsh_rule},
    cases=(
        around(np.diag([1.0, 3.0]), 0.3, (2, 2)),
        around(np.diag([1.0, 3.0, -2.0]), 0.3, (2, 3, 3)),
    ),
)
def symmetric_eigenvalues(a):
    """The eigenvalues of the symmetric part of a, ascending: (…, n, n) to (…, n).

    The derivative is V·diag(g)·Vᵀ; of equal eigenvalues it is one of several.
    """
    return _failing(np.linalg.eigvalsh, symmetric_part(a))


def eigvalsh(a: Any, UPLO: str | None = None) -> Any:
    """The eigenvalues that `eigh` gives, without the vectors.

    Args:
        UPLO: "L" or "U": read this triangle alone.

    >>> eigvalsh([[2.0, 0.0], [0.0, 1.0]])
    array([1., 2.])
    """
    a = array_like(a)
    return symmetric_eigenvalues(a if UPLO is None else _symmetric_from(a, UPLO))


# --------------------------------------------------------------- singular values


def _svd_rule(g: Any, out: Any, a_spec: Spec) -> Any:
    (m, n), k = a_spec.shape[-2:], out.shape[-1]
    eye = np.eye(k, dtype=g.dtype)
    u, s, v = _rows(out, 0, m), _rows(out, m, 1), _rows(out, m + 1, n)
    gu, gs, gv = _rows(g, 0, m), _rows(g, m, 1), _rows(g, m + 1, n)
    in_u, in_v = matmul(T(u), gu), matmul(T(v), gv)
    gap = (s - T(s)) * (s + T(s))
    inner = _quotient(in_u - T(in_u), gap) * s + T(s) * _quotient(in_v - T(in_v), gap) + eye * gs
    found = matmul(matmul(u, inner), T(v))
    if m > k:
        found = found + matmul(_quotient(gu - matmul(u, in_u), s), T(v))
    if n > k:
        found = found + matmul(u, T(_quotient(gv - matmul(v, in_v), s)))
    return found


def _svd_spec(a: Spec) -> Spec:
    dtype = _floating(a, "svd").dtype
    m, n = a.shape[-2:]
    return Spec((*a.shape[:-2], m + 1 + n, min(m, n)), dtype)


_TALL, _WIDE = np.eye(3, 2) * [3.0, 1.0], np.eye(2, 3) * [[3.0], [1.0]]


@operation(
    spec=_svd_spec,
    lower=Call(LeadingAxes()),
    sign="svd",
    latex=r"\operatorname{svd} $a",
    numpy=(),
    d={"a": _svd_rule},
    cases=(
        around(np.diag([3.0, 1.0]), 0.3, (2, 2)),
        around(_TALL, 0.3, (2, 3, 2)),
        around(_WIDE, 0.3, (2, 3)),
        around(_TALL, 0.3, (0, 3, 2)),
    ),
)
def stacked_svd(a):
    """U, the singular values as a row, and V, one below the other: (…, m, n) to (…, m+1+n, k).

    k is the smaller of m and n. With F = 1/(sⱼ² − sᵢ²) beside the diagonal, A = U·S·Vᵀ has the
    derivative of Townsend, "Differentiating the singular value decomposition", 2016.
    """
    u, s, vh = _failing(np.linalg.svd, a, full_matrices=False)
    return _stacked(u, s[..., None, :], np.swapaxes(vh, -1, -2))


def _no_derivative(g: Any) -> Any:
    raise GradientError(
        "the further columns of an orthogonal basis may turn, and have no derivative",
        hint="full_matrices=False, or mode='reduced', gives the columns that have one",
    )


def _complement(q: Any) -> Any:
    return np.linalg.qr(q, mode="complete")[0][..., q.shape[-1] :]


_COMPLEMENT = callable_op(Op(
    name="orthogonal_complement", forward=_complement,
    spec=lambda q: Spec((*q.shape[:-1], q.shape[-2] - q.shape[-1]), q.dtype),
    d={"q": _no_derivative}, lower=Call(LeadingAxes()), sign="⊥", latex="$q^{\\perp}",
    family="structure",
))  # fmt: skip
"""Columns that make those of q, which are orthonormal, a basis. Not of the table: no derivative."""


def _whole_basis(q: Any) -> Any:
    if q.shape[-2] == q.shape[-1]:
        return q
    return concatenate(q, bind(_COMPLEMENT, (q,), NO_ATTRS), axis=len(q.shape) - 1)


@overload
def svd(
    a: Any, full_matrices: bool = True, compute_uv: Literal[True] = True
) -> SVDResult: ...
@overload
def svd(a: Any, full_matrices: bool = True, *, compute_uv: Literal[False]) -> Any: ...
def svd(a: Any, full_matrices: bool = True, compute_uv: bool = True) -> Any:
    """The singular value decomposition a = U·diag(S)·Vh, as `numpy.linalg.svd`: S descending.

    (…, m, n) to U (…, m, k), S (…, k), Vh (…, k, n), k the smaller of m and n; with `full_matrices`
    (the default) U and Vh are square, and their further columns and rows have no derivative
    (GradientError). Vectors of equal singular values have none either: it is not finite.

    Args:
        compute_uv: False: the singular values alone.

    >>> u, s, vh = svd(np.array([[0.0, 2.0], [1.0, 0.0], [0.0, 0.0]]), full_matrices=False)
    >>> s, u.shape
    (array([2., 1.]), (3, 2))
    """
    a = array_like(a)
    if not compute_uv:
        return svdvals(a)
    m, n = a.shape[-2:] if len(a.shape) > 1 else (0, 0)
    found = stacked_svd(a)
    u, v = _rows(found, 0, m), _rows(found, m + 1, n)
    if full_matrices:
        u, v = _whole_basis(u), _whole_basis(v)
    return SVDResult(u, _without_rows(_rows(found, m, 1)), T(v))


def _svdvals_rule(g: Any, a: Any) -> Any:
    u, _, vh = svd(a, full_matrices=False)
    return matmul(u * reshape(g, shape=(*g.shape[:-1], 1, g.shape[-1])), vh)


@operation(
    spec=lambda a: Spec((*a.shape[:-2], min(a.shape[-2:])), _floating(a, "svdvals").dtype),
    lower=Call(LeadingAxes()),
    sign="σᵢ",
    aten="linalg_svdvals",
    latex=r"\sigma_i($a)",
    numpy=("svdvals",),
    d={"a": _svdvals_rule},
    cases=(
        around(np.diag([3.0, 1.0]), 0.3, (2, 2)),
        around(_TALL, 0.3, (2, 3, 2)),
        around(_WIDE, 0.3, (2, 3)),
    ),
)
def svdvals(a):
    """The singular values of a, descending: (…, m, n) to (…, k); the derivative is U·diag(g)·Vᵀ."""
    return _failing(np.linalg.svd, a, compute_uv=False)


# --------------------------------------------------------------- QR


def _qr_rule(g: Any, out: Any, a_spec: Spec) -> Any:
    m, n = a_spec.shape[-2:]
    q, r, gq, gr = _rows(out, 0, m), T(_rows(out, m, n)), _rows(g, 0, m), T(_rows(g, m, n))
    lower = tril(matmul(r, T(gr)) - matmul(T(gq), q))
    symmetric = lower + T(tril(lower, k=-1))
    return T(solve_triangular(r, T(gq + matmul(q, symmetric))))


def _qr_spec(a: Spec) -> Spec:
    dtype = _floating(a, "qr").dtype
    m, n = a.shape[-2:]
    if m < n:
        raise ShapeError(
            "qr: " + tr("there are fewer rows than columns"),
            asked=tr("at least {n} rows", n=n), came=tr("shape {shape}", shape=a.shape),
        )  # fmt: skip
    return Spec((*a.shape[:-2], m + n, n), dtype)


@operation(
    spec=_qr_spec,
    lower=Call(LeadingAxes()),
    sign="qr",
    latex=r"\operatorname{qr} $a",
    numpy=(),
    d={"a": _qr_rule},
    cases=(
        *diagonally_dominant(((2, 2),), ((2, 3, 3),)),
        around(_TALL, 0.3, (3, 2)),
        around(_TALL, 0.3, (0, 3, 2)),
    ),
)
def stacked_qr(a):
    """Q and, below it, Rᵀ of a with at least as many rows as columns: (…, m, n) to (…, m+n, n).

    With M = R·gRᵀ − gQᵀ·Q and its lower triangle mirrored, the derivative is (gQ + Q·M)·R⁻ᵀ
    (Walter and Lehmann, "Algorithmic differentiation of linear algebra functions", 2010).
    """
    _qr_spec(spec_of(a))
    q, r = _failing(np.linalg.qr, a)
    return _stacked(q, np.swapaxes(r, -1, -2))


@overload
def qr(a: Any, mode: Literal["reduced", "complete"] = "reduced") -> QRResult: ...
@overload
def qr(a: Any, mode: str) -> Any: ...
def qr(a: Any, mode: str = "reduced") -> Any:
    """The decomposition a = Q·R into orthonormal columns and an upper triangle, as NumPy's.

    (…, m, n) to Q (…, m, k) and R (…, k, n), k the smaller of m and n. mode "r" gives R alone,
    "complete" a square Q, whose further columns have no derivative (GradientError). The derivative
    needs k independent first columns: otherwise ValueRangeError.

    >>> q, r = qr(np.array([[3.0, 1.0], [4.0, 2.0]]))
    >>> bool(np.allclose(q @ r, [[3, 1], [4, 2]]))
    True
    """
    if mode not in ("reduced", "r", "complete"):
        raise ValueRangeError(
            tr("there is no mode {mode} of qr", mode=repr(mode)),
            asked="'reduced', 'r' or 'complete'",
        )
    a = array_like(a)
    dtype = _floating(Spec(tuple(a.shape), a.dtype), "qr").dtype
    m, n = a.shape[-2:]
    last, k = len(a.shape) - 1, min(m, n)
    found = stacked_qr(a if n <= m else part(a, last, 0, m))
    q, r = _rows(found, 0, m), T(_rows(found, m, k))
    if n > m:                                  # what the first m columns do to the others
        r = concatenate(r, matmul(T(q), part(a, last, m, n - m)), axis=last)
    if mode == "complete" and m > n:
        q = _whole_basis(q)
        zeros = np.zeros((*r.shape[:-2], m - n, n), dtype)
        r = concatenate(r, zeros, axis=last - 1)
    return r if mode == "r" else QRResult(q, r)


# --------------------------------------------------------------- determinant, pseudo-inverse


def _slogdet_rule(g: Any, a: Any) -> Any:
    slope = part(g, len(g.shape) - 1, 1, 1)
    return reshape(slope, shape=(*slope.shape, 1)) * T(inv(a))


@operation(
    spec=lambda a: Spec((*a.shape[:-2], 2), invertible_spec(a).dtype),
    lower=Call(LeadingAxes()),
    sign="slogdet",
    latex=r"\operatorname{slogdet} $a",
    numpy=(),
    d={"a": _slogdet_rule},
    cases=diagonally_dominant(((2, 2),), ((1, 1),), ((2, 3, 3),), ((0, 2, 2),)),
)
def stacked_slogdet(a):
    """The sign of the determinant and the logarithm of its size, side by side: (…, 2).

    The derivative of the logarithm is A⁻ᵀ; the sign has none.
    """
    return np.stack(np.linalg.slogdet(np.ascontiguousarray(a)), axis=-1)


def slogdet(a: Any) -> SlogdetResult:
    """The sign and the logarithm of the absolute determinant, as `numpy.linalg.slogdet`.

    (…, n, n) to (…) and (…). Of a singular matrix they are 0 and −∞, the derivative an error.

    >>> sign, logabsdet = slogdet(np.array([[0.0, 2.0], [1.0, 0.0]]))
    >>> float(sign), round(float(logabsdet), 6)
    (-1.0, 0.693147)
    """
    found = stacked_slogdet(array_like(a))
    last = len(found.shape) - 1
    both = (reshape(part(found, last, i, 1), shape=found.shape[:-1]) for i in (0, 1))
    return SlogdetResult(*both)


def _pinv_rule(g: Any, a: Any, out: Any) -> Any:
    (m, n), p, gt = a.shape[-2:], out, T(g)
    left = np.eye(m, dtype=g.dtype) - matmul(a, p)           # 0 where the rows are independent
    right = np.eye(n, dtype=g.dtype) - matmul(p, a)
    by_inverse = matmul(matmul(T(p), g), T(p))
    by_rows, by_columns = matmul(left, gt), matmul(gt, right)
    return matmul(by_rows, matmul(p, T(p))) + matmul(matmul(T(p), p), by_columns) - by_inverse


def _pinv_attrs(a: Any, *, rcond: Any) -> dict[str, Any]:
    return {"rcond": None if rcond is None else float(rcond)}


@operation(
    spec=lambda a, *, rcond: Spec(
        (*a.shape[:-2], a.shape[-1], a.shape[-2]), _floating(a, "pinv").dtype
    ),
    canonical=_pinv_attrs,
    lower=Call(LeadingAxes()),
    sign="pinv",
    latex="$a^{+}",
    numpy=("pinv",),
    d={"a": _pinv_rule},
    also={"rtol": "rcond"},
    cases=(
        *diagonally_dominant(((2, 2),), ((2, 3, 3),), attrs={"rcond": None}),
        around(_TALL, 0.3, (2, 3, 2), attrs={"rcond": 1e-8}),
        around(_WIDE, 0.3, (2, 3), attrs={"rcond": None}),
    ),
)
def pinv(a, *, rcond=None):
    """The pseudo-inverse (Moore–Penrose) of a matrix: (…, m, n) to (…, n, m), as NumPy's.

    Singular values below rcond times the largest count as 0. The derivative holds where the rank
    stays the same (Golub and Pereyra, "The differentiation of pseudo-inverses and nonlinear least
    squares problems whose variables separate", 1973).
    """
    return _failing(np.linalg.pinv, a, rcond=rcond)
