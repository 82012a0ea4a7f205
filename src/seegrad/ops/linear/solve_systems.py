"""Linear systems: the inverse of a matrix, the solution of a·x = b, the determinant.

All work on the last two axes, batched over the rest; a matrix without an inverse is an error.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from seegrad.errors import DTypeError, ShapeError, ValueRangeError
from seegrad.graph.forms import Call
from seegrad.graph.op import Case
from seegrad.graph.spec import Shape, Spec
from seegrad.i18n import tr
from seegrad.ops.families import broadcast_shapes, operation
from seegrad.ops.linear.linalg import matmul
from seegrad.ops.shape import matrix_transpose, reshape


def _cases(*shapes: tuple[Shape, ...]) -> tuple[Case, ...]:
    """Rows of a test table whose matrices have a strong diagonal, and so a good inverse."""
    return tuple(
        Case(each, domain={"a": (2 * np.eye(each[0][-1]) - 0.5, 2 * np.eye(each[0][-1]) + 0.5)})
        for each in shapes
    )


def _square(a: Any) -> None:
    if len(a.shape) < 2 or a.shape[-1] != a.shape[-2]:
        raise ShapeError(
            "only a square matrix can be solved for",
            asked="the last two axes of equal size",
            came=tr("shape {shape}", shape=tuple(a.shape)),
        )


def _regular(function: Callable[..., Any], *arrays: Any) -> Any:
    """What NumPy finds, with the same bits for every layout in memory.

    Its word that a matrix is singular becomes an error of ours.
    """
    try:
        return function(*map(np.ascontiguousarray, arrays))
    except np.linalg.LinAlgError:
        shape = tuple(arrays[0].shape)
        raise ValueRangeError(
            "the matrix has no inverse",
            asked="rows that do not depend on each other",
            came=tr("a singular matrix of shape {shape}", shape=shape),
            hint="add a small multiple of the identity, or look for a row or column of zeros",
        ) from None


def _inverse_spec(a: Spec) -> Spec:
    _square(a)
    if a.dtype.kind == "f" and a.dtype.itemsize < 4:
        raise DTypeError(
            "linear systems are solved in float32 or float64",
            came=f"dtype {a.dtype}",
            hint="convert it first: .astype(np.float32)",
        )
    return Spec(a.shape, a.dtype if a.dtype.kind == "f" else np.dtype(np.float64))


@operation(
    spec=_inverse_spec,
    lower=Call(),
    sign="inv",
    latex="$a^{-1}",
    numpy=("inv",),
    d={"a": lambda g, out: -matmul(matmul(matrix_transpose(out), g), matrix_transpose(out))},
    cases=_cases(((2, 2),), ((1, 1),), ((2, 3, 3),), ((0, 2, 2),)),
)
def inv(a):
    """The inverse of a matrix: (…, n, n) to (…, n, n). Its derivative is −A⁻ᵀ·g·A⁻ᵀ.

    Raises ValueRangeError for a singular matrix. To solve a system, `solve` is steadier.
    """
    return _regular(np.linalg.inv, a)


def _solve_spec(a: Spec, b: Spec) -> Spec:
    _square(a)
    n = a.shape[-1]
    rows = b.shape[-2:-1] if b.ndim > 1 else b.shape
    if rows != (n,):
        raise ShapeError(
            tr("a system of {n} equations needs {n} right-hand values", n=n),
            asked=tr("b of shape ({n},) or (…, {n}, m)", n=n),
            came=tr("shapes {left} and {right}", left=a.shape, right=b.shape),
        )
    dtype = _inverse_spec(Spec(a.shape, np.result_type(a.dtype, b.dtype))).dtype
    if b.ndim == 1:
        return Spec((*a.shape[:-2], n), dtype)
    return Spec((*broadcast_shapes(a.shape[:-2], b.shape[:-2]), n, b.shape[-1]), dtype)


def _as_columns(x: Any, vector: bool) -> Any:
    return reshape(x, shape=(*x.shape, 1)) if vector else x


def _by_matrix(g: Any, a: Any, out: Any, b_spec: Spec) -> Any:
    vector = b_spec.ndim == 1
    back = solve(matrix_transpose(a), _as_columns(g, vector))
    return -matmul(back, matrix_transpose(_as_columns(out, vector)))


def _by_values(g: Any, a: Any, b_spec: Spec) -> Any:
    if b_spec.ndim > 1:
        return solve(matrix_transpose(a), g)
    found = solve(matrix_transpose(a), _as_columns(g, True))
    return reshape(found, shape=found.shape[:-1])


@operation(
    spec=_solve_spec,
    lower=Call(),
    sign="solve",
    latex="$a^{-1} $b",
    numpy=("solve",),
    d={"a": _by_matrix, "b": _by_values},
    cases=_cases(
        ((2, 2), (2,)),
        ((3, 3), (3, 2)),
        ((2, 2, 2), (2, 1)),
        ((2, 2), (3, 2, 1)),
        ((2, 2, 2), (2,)),
        ((0, 2, 2), (2, 3)),
    ),
)
def solve(a, b):
    """x with a·x = b: a (…, n, n), b a vector (n,) or columns (…, n, m).

    With h = A⁻ᵀ·g, dB = h and dA = −h·xᵀ. Raises ValueRangeError for a singular matrix.
    """
    return _regular(np.linalg.solve, a, b)


def _determinant_spec(a: Spec) -> Spec:
    return Spec(a.shape[:-2], _inverse_spec(a).dtype)


@operation(
    spec=_determinant_spec,
    lower=Call(),
    sign="det",
    latex=r"\det $a",
    onnx="Det(a)",
    numpy=("det",),
    d={
        "a": lambda g, out, a: (
            reshape(g * out, shape=(*out.shape, 1, 1)) * matrix_transpose(inv(a))
        )
    },
    cases=_cases(((2, 2),), ((1, 1),), ((2, 3, 3),), ((0, 2, 2),)),
)
def det(a):
    """The determinant: (…, n, n) to (…). Its derivative is det(A)·A⁻ᵀ.

    At a singular matrix the value is 0 and its derivative an error (JAX: the cofactors).
    """
    return _regular(np.linalg.det, a)
