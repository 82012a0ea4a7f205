"""Linear systems: the inverse of a matrix, the solution of a·x = b, the determinant.

All work on the last two axes, batched over the rest; a matrix without an inverse is an error.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from seegrad.errors import DTypeError, ShapeError, ValueRangeError
from seegrad.graph.forms import Call, LeadingAxes
from seegrad.graph.op import Case
from seegrad.graph.spec import NO_ATTRS, Attrs, Shape, Spec
from seegrad.i18n import tr
from seegrad.ops.families import broadcast_shapes, operation
from seegrad.ops.linear.linalg import matmul
from seegrad.ops.shape import matrix_transpose, reshape


def around(a: Any, by: float, *shapes: Shape, attrs: Attrs = NO_ATTRS) -> Case:
    """A row of a test table whose matrices are near a given one."""
    return Case(shapes, attrs, domain={"a": (a - by, a + by)})


def diagonally_dominant(
    *shapes: tuple[Shape, ...], attrs: Attrs = NO_ATTRS
) -> tuple[Case, ...]:
    """Rows of a test table whose matrices have a strong diagonal, and so a good inverse."""
    return tuple(
        around(2 * np.eye(each[0][-1]), 0.5, *each, attrs=attrs)
        for each in shapes
    )


def square_matrix(a: Any) -> None:
    if len(a.shape) < 2 or a.shape[-1] != a.shape[-2]:
        raise ShapeError(
            "a square matrix is needed",
            asked="the last two axes of equal size",
            came=tr("shape {shape}", shape=tuple(a.shape)),
        )


def regular(function: Callable[..., Any], *arguments: Any) -> Any:
    """What `function` finds; NumPy's word that a matrix is singular becomes an error of ours."""
    try:
        return function(*arguments)
    except np.linalg.LinAlgError:
        shape = tuple(arguments[0].shape)
        raise ValueRangeError(
            "the matrix has no inverse",
            asked="rows that do not depend on each other",
            came=tr("a singular matrix of shape {shape}", shape=shape),
            hint="add a small multiple of the identity, or look for a row or column of zeros",
        ) from None


def invertible_spec(a: Spec) -> Spec:
    square_matrix(a)
    if a.dtype.kind == "f" and a.dtype.itemsize < 4:
        raise DTypeError(
            "matrices are factorised in float32 or float64",
            came=f"dtype {a.dtype}",
            hint="convert it first: .astype(np.float32)",
        )
    return Spec(a.shape, a.dtype if a.dtype.kind == "f" else np.dtype(np.float64))


@operation(
    spec=invertible_spec,
    lower=Call(LeadingAxes()),
    sign="inv",
    aten=("linalg_inv", "inverse"),
    latex="$a^{-1}",
    numpy=("inv",),
    d={"a": lambda g, out: -matmul(matmul(matrix_transpose(out), g), matrix_transpose(out))},
    cases=diagonally_dominant(((2, 2),), ((1, 1),), ((2, 3, 3),), ((0, 2, 2),)),
)
def inv(a):
    """The inverse of a matrix: (…, n, n) to (…, n, n). Its derivative is −A⁻ᵀ·g·A⁻ᵀ.

    Raises ValueRangeError for a singular matrix. To solve a system, `solve` is steadier.
    """
    return regular(np.linalg.inv, *map(np.ascontiguousarray, (a,)))


def solve_spec(a: Spec, b: Spec) -> Spec:
    square_matrix(a)
    n = a.shape[-1]
    rows = b.shape[-2:-1] if b.ndim > 1 else b.shape
    if rows != (n,):
        raise ShapeError(
            tr("a system of {n} equations needs {n} right-hand values", n=n),
            asked=tr("b of shape ({n},) or (…, {n}, m)", n=n),
            came=tr("shapes {left} and {right}", left=a.shape, right=b.shape),
        )
    dtype = invertible_spec(Spec(a.shape, np.result_type(a.dtype, b.dtype))).dtype
    if b.ndim == 1:
        return Spec((*a.shape[:-2], n), dtype)
    return Spec((*broadcast_shapes(a.shape[:-2], b.shape[:-2]), n, b.shape[-1]), dtype)


def as_columns(x: Any, vector: bool) -> Any:
    return reshape(x, shape=(*x.shape, 1)) if vector else x


def _by_matrix(g: Any, a: Any, out: Any, b_spec: Spec) -> Any:
    vector = b_spec.ndim == 1
    back = solve(matrix_transpose(a), as_columns(g, vector))
    return -matmul(back, matrix_transpose(as_columns(out, vector)))


def _by_values(g: Any, a: Any, b_spec: Spec) -> Any:
    if b_spec.ndim > 1:
        return solve(matrix_transpose(a), g)
    found = solve(matrix_transpose(a), as_columns(g, True))
    return reshape(found, shape=found.shape[:-1])


@operation(
    spec=solve_spec,
    lower=Call(LeadingAxes()),
    sign="solve",
    aten="linalg_solve",
    latex="$a^{-1} $b",
    numpy=("solve",),
    d={"a": _by_matrix, "b": _by_values},
    cases=diagonally_dominant(
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
    return regular(np.linalg.solve, *map(np.ascontiguousarray, (a, b)))


def _determinant_spec(a: Spec) -> Spec:
    return Spec(a.shape[:-2], invertible_spec(a).dtype)


@operation(
    spec=_determinant_spec,
    lower=Call(LeadingAxes()),
    sign="det",
    latex=r"\det $a",
    onnx="Det(a)",
    aten=("linalg_det", "det"),
    numpy=("det",),
    d={
        "a": lambda g, out, a: (
            reshape(g * out, shape=(*out.shape, 1, 1)) * matrix_transpose(inv(a))
        )
    },
    cases=diagonally_dominant(((2, 2),), ((1, 1),), ((2, 3, 3),), ((0, 2, 2),)),
)
def det(a):
    """The determinant: (…, n, n) to (…). Its derivative is det(A)·A⁻ᵀ.

    At a singular matrix the value is 0 and its derivative an error (JAX: the cofactors).
    """
    return regular(np.linalg.det, *map(np.ascontiguousarray, (a,)))
