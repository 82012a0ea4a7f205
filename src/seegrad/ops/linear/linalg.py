"""Matrices: matmul and its relatives, diagonals, triangles, norms. Sums by label: `einsum.py`."""

from __future__ import annotations

import builtins
import math
import operator
from typing import Any

import numpy as np

from seegrad.errors import DTypeError, ShapeError
from seegrad.graph.forms import Call, NamedAxes, Product
from seegrad.graph.op import Case
from seegrad.graph.spec import Shape, Spec
from seegrad.i18n import tr
from seegrad.ops.arithmetic import multiply, sqrt
from seegrad.ops.compare import astype, where
from seegrad.ops.families import (
    PRODUCT,
    broadcast_shapes,
    composite,
    one_axis,
    operation,
    reduction,
    some_axes,
)
from seegrad.ops.float16 import wide
from seegrad.ops.indexing import gather_nd, scatter_add_nd
from seegrad.ops.reduce import sum, unreduce
from seegrad.ops.shape import (
    as_sizes,
    matrix_transpose,
    moveaxis,
    reshape,
    transpose,
    written,
)


def _matmul_spec(a: Spec, b: Spec) -> Spec:
    if not a.ndim or not b.ndim:
        raise ShapeError(
            "a matrix product needs at least one axis on each side", hint="multiply with *"
        )
    inner = b.shape[-2] if b.ndim > 1 else b.shape[0]
    if a.shape[-1] != inner:
        hint = ""
        if b.ndim == 2 and a.shape[-1] == b.shape[1]:
            hint = "transpose the second: a @ b.T"
        elif a.ndim == 2 and b.ndim <= 2 and a.shape[0] == inner:
            hint = "transpose the first: a.T @ b"
        raise ShapeError(
            tr("the inner sizes {left} and {right} differ", left=a.shape[-1], right=inner),
            asked=tr(
                "(…, {a}) · ({b}, …): the last axis of the first and the second last of the"
                " second must be equal",
                a=a.shape[-1], b=a.shape[-1],
            ),
            hint=hint or tr("give the second {count} rows", count=a.shape[-1]),
        )
    batch = broadcast_shapes(a.shape[:-2], b.shape[:-2])
    rows = a.shape[-2:-1] if a.ndim > 1 else ()
    columns = b.shape[-1:] if b.ndim > 1 else ()
    return Spec((*batch, *rows, *columns), np.result_type(a.dtype, b.dtype))


def _by_left(g: Any, a_spec: Spec, b: Any) -> Any:
    if len(b.shape) == 1:
        return g * b if a_spec.ndim == 1 else reshape(g, shape=(*g.shape, 1)) * b
    if a_spec.ndim > 1:
        return matmul(g, matrix_transpose(b))
    rows = reshape(g, shape=(*g.shape[:-1], 1, g.shape[-1]))
    wide = matmul(rows, matrix_transpose(b))
    return reshape(wide, shape=(*wide.shape[:-2], wide.shape[-1]))


def _by_right(g: Any, a: Any, b_spec: Spec) -> Any:
    if len(a.shape) == 1:
        if b_spec.ndim == 1:
            return g * a
        column = reshape(a, shape=(a.shape[0], 1))
        return column * reshape(g, shape=(*g.shape[:-1], 1, g.shape[-1]))
    if b_spec.ndim == 2 and len(a.shape) > 2:       # one product over all rows, no sum of many
        count = math.prod(a.shape[:-1])
        rows = reshape(a, shape=(count, a.shape[-1]))
        return matmul(matrix_transpose(rows), reshape(g, shape=(count, g.shape[-1])))
    if b_spec.ndim > 1:
        return matmul(matrix_transpose(a), g)
    tall = matmul(matrix_transpose(a), reshape(g, shape=(*g.shape, 1)))
    return reshape(tall, shape=tall.shape[:-1])


@operation(
    spec=_matmul_spec,
    lower=Product(),
    sign="dot",
    latex=r"$a \cdot $b",
    precedence=PRODUCT,
    onnx="MatMul",
    aten=("matmul", "mm", "bmm", "mv"),
    d={"a": _by_left, "b": _by_right},
    cases=(
        Case(((2, 3), (3, 4))),
        Case(((3,), (3, 4))),
        Case(((2, 3), (3,))),
        Case(((3,), (3,))),
        Case(((5, 2, 3), (3, 4))),
        Case(((2, 3), (5, 3, 1))),
        Case(((2, 1, 2, 3), (4, 3, 2))),
        Case(((5, 2, 3), (3,))),
        Case(((3,), (5, 3, 2))),
        Case(((0, 3), (3, 2))),
        Case(((2, 0), (0, 3))),
    ),
    family="product",
)
def matmul(a, b):
    """The matrix product of the last two axes, batched over the rest; 1-D inputs are vectors.

    dA = g·Bᵀ and dB = Aᵀ·g, with shapes (N, K) = (N, M)(M, K) and (K, M) = (K, N)(N, M):
    chapter 5, the Affine layer.
    """
    if a.dtype.char == "e" and b.dtype.char == "e":
        # NumPy adds up in plain order: BLAS in float32, and float64 for long dots, err less
        total = np.float64 if a.shape[-1] > 1 << 16 else np.float32
        with np.errstate(over="ignore"):
            return np.matmul(a.astype(total), b.astype(total)).astype(a.dtype)
    if b.ndim == 2 and a.ndim > 2 and a.flags.c_contiguous:       # NumPy would take them one by one
        flat = np.matmul(a.reshape(math.prod(a.shape[:-1]), a.shape[-1]), b)
        return flat.reshape(*a.shape[:-1], b.shape[-1])
    return np.matmul(a, b)


@composite(
    sign="dot",
    aten=("dot", "vdot"),
    latex=r"$a \cdot $b",
    precedence=PRODUCT,
    cases=(
        Case(((3,), (3,))),
        Case(((2, 3), (3, 4))),
        Case(((), (3,))),
        Case(((2, 3), (4, 3, 2))),
    ),
)
def dot(a, b):
    """NumPy's dot: matmul for vectors and matrices, a product with a number, else a tensordot."""
    if not len(a.shape) or not len(b.shape):
        return multiply(a, b)
    if len(b.shape) <= 2:
        return matmul(a, b)
    return tensordot(a, b, axes=((len(a.shape) - 1,), (len(b.shape) - 2,)))


@composite(
    sign="⊗",
    aten=("outer", "ger"),
    latex=r"$a \otimes $b",
    precedence=PRODUCT,
    cases=(Case(((3,), (2,))), Case(((2, 2), (3,)))),
)
def outer(a, b):
    """The product of every element of a with every element of b, as a matrix."""
    rows, columns = math.prod(a.shape), math.prod(b.shape)
    return multiply(reshape(a, shape=(rows, 1)), reshape(b, shape=(1, columns)))


@composite(
    sign="dot",
    latex=r"$a \cdot $b",
    precedence=PRODUCT,
    cases=(
        Case(((2, 3), (3, 4)), {"axes": 1}),
        Case(((2, 3, 4), (4, 3)), {"axes": ((1, 2), (1, 0))}),
        Case(((2,), (3,)), {"axes": 0}),
    ),
)
def tensordot(a, b, *, axes=2):
    """The sum of products over the named axes of a and b (an int: the last of a, first of b)."""
    if isinstance(axes, int):
        if not 0 <= axes <= min(len(a.shape), len(b.shape)):
            raise ShapeError(
                tr("there are not {count} axes on both sides", count=axes),
                asked=tr("axes from {low} to {high}", low=0, high=min(len(a.shape), len(b.shape))),
                came=tr(
                    "shapes {left} and {right}, axes={axes}",
                    left=tuple(a.shape), right=tuple(b.shape), axes=axes,
                ),
            )
        first = tuple(range(len(a.shape) - axes, len(a.shape)))
        second = tuple(range(axes))
    else:
        if not isinstance(axes, (tuple, list)) or len(axes) != 2:
            raise DTypeError(
                "the axes to sum over are a number of them, or two lists", came=f"axes={axes!r}"
            )
        first, second = some_axes(axes[0], len(a.shape)), some_axes(axes[1], len(b.shape))
    sizes = [a.shape[i] for i in first]
    if len(first) != len(second) or sizes != [b.shape[i] for i in second]:
        raise ShapeError(
            "the axes to sum over do not fit",
            asked="as many axes on both sides, of equal sizes",
            came=tr(
                "shapes {left} and {right}, axes={axes}",
                left=tuple(a.shape), right=tuple(b.shape), axes=repr(axes),
            ),
        )
    free_a = tuple(i for i in range(len(a.shape)) if i not in first)
    free_b = tuple(i for i in range(len(b.shape)) if i not in second)
    inner = math.prod(sizes)
    left = transpose(a, axes=free_a + first)
    right = transpose(b, axes=second + free_b)
    rows, columns = [a.shape[i] for i in free_a], [b.shape[i] for i in free_b]
    flat = matmul(
        reshape(left, shape=(math.prod(rows), inner)),
        reshape(right, shape=(inner, math.prod(columns))),
    )
    return reshape(flat, shape=(*rows, *columns))


@composite(
    sign="dot",
    aten="inner",
    latex=r"$a \cdot $b",
    precedence=PRODUCT,
    cases=(Case(((3,), (3,))), Case(((2, 3), (4, 3))), Case(((), (3,)))),
)
def inner(a, b):
    """The sum of products over the last axis of a and of b (a product with a number)."""
    if not len(a.shape) or not len(b.shape):
        return multiply(a, b)
    return tensordot(a, b, axes=((len(a.shape) - 1,), (len(b.shape) - 1,)))


@composite(
    sign="dot",
    latex=r"$a \cdot $b",
    precedence=PRODUCT,
    cases=(
        Case(((3,), (3,)), {"axis": -1}),
        Case(((2, 3), (3,)), {"axis": -1}),
        Case(((2, 3), (2, 3)), {"axis": 0}),
    ),
)
def vecdot(a, b, *, axis=-1):
    """The sum of products of matching vectors along `axis`, broadcast over the rest."""
    if not len(a.shape) or not len(b.shape):
        raise ShapeError("a vector has an axis", asked="one axis or more on each side",
                         hint="multiply with *")  # fmt: skip
    # the axis is counted in each of the two, and not in what they are broadcast to
    a, b = (moveaxis(x, source=axis, destination=-1) for x in (a, b))
    if a.shape[-1] != b.shape[-1]:
        raise ShapeError("the vectors have different lengths", asked="one length on both sides",
                         came=f"{a.shape[-1]} and {b.shape[-1]}")  # fmt: skip
    products = multiply(a, b)
    total = sum(products, axis=-1)
    # a sum of small integers is wider, what matmul and this give is not
    return total if total.dtype == products.dtype else astype(total, dtype=products.dtype)


@composite(
    sign="⊗",
    aten="kron",
    latex=r"$a \otimes $b",
    precedence=PRODUCT,
    cases=(Case(((2, 2), (1, 3))), Case(((2,), (3,))), Case(((2,), (2, 2))), Case(((), (2,)))),
)
def kron(a, b):
    """Every element of a times all of b, laid out as blocks."""
    ndim = builtins.max(len(a.shape), len(b.shape))
    rows = (1,) * (ndim - len(a.shape)) + tuple(a.shape)
    columns = (1,) * (ndim - len(b.shape)) + tuple(b.shape)
    spread = reshape(a, shape=tuple(n for pair in zip(rows, (1,) * ndim) for n in pair))
    inside = reshape(b, shape=tuple(n for pair in zip((1,) * ndim, columns) for n in pair))
    return reshape(multiply(spread, inside), shape=tuple(m * n for m, n in zip(rows, columns)))


# --------------------------------------------------------------- diagonals


def _diagonal_attrs(x: Any, *, offset: Any, axis1: Any, axis2: Any) -> dict[str, Any]:
    ndim = len(x.shape)
    if ndim < 2:
        raise ShapeError(
            "a diagonal needs two axes",
            came=tr("shape {shape}", shape=tuple(x.shape)),
        )
    i, j = one_axis(axis1, ndim), one_axis(axis2, ndim)
    if i == j:
        raise ShapeError(
            "a diagonal needs two different axes",
            came=tr("axes {first} and {second}", first=axis1, second=axis2),
        )
    return {"offset": int(offset), "axis1": i, "axis2": j}


def _diagonal_length(rows: int, columns: int, offset: int) -> int:
    return max(min(rows + min(offset, 0), columns - max(offset, 0)), 0)


def _diagonal_spec(x: Spec, *, offset: int, axis1: int, axis2: int) -> Spec:
    rest = tuple(n for i, n in enumerate(x.shape) if i not in (axis1, axis2))
    length = _diagonal_length(x.shape[axis1], x.shape[axis2], offset)
    return Spec((*rest, length), x.dtype)


def _on_diagonal(length: int, offset: int) -> tuple[Any, Any]:
    """The rows and the columns of a diagonal."""
    steps = np.arange(length)
    return steps + max(-offset, 0), steps + max(offset, 0)


def _both_last(shape: Shape, axis1: int, axis2: int) -> tuple[int, ...]:
    """The axes of a shape, the two of a diagonal behind all others."""
    return (*(i for i in range(len(shape)) if i not in (axis1, axis2)), axis1, axis2)


def _diagonal_taken(x, *, offset, axis1, axis2):
    moved = transpose(x, axes=_both_last(x.shape, axis1, axis2))
    rows, columns = moved.shape[-2:]
    length = _diagonal_length(rows, columns, offset)
    layout = (":",) * (len(x.shape) - 2) + ("i", "i")
    return gather_nd(moved, *_on_diagonal(length, offset), layout=layout)


@operation(
    spec=_diagonal_spec,
    canonical=_diagonal_attrs,
    lower=Call(NamedAxes(("axis1", "axis2"))),
    sign="⋱",
    aten="diagonal(x, offset, axis1, axis2)",
    latex=r"\operatorname{diag} $x",
    onnx_body=_diagonal_taken,
    d={
        "x": lambda g, x_spec, offset, axis1, axis2: place_diagonal(
            g, offset=offset, axis1=axis1, axis2=axis2, shape=x_spec.shape
        )
    },
    cases=(
        Case(((3, 3),), {"offset": 0, "axis1": 0, "axis2": 1}),
        Case(((2, 4),), {"offset": 1, "axis1": 0, "axis2": 1}),
        Case(((2, 3, 2),), {"offset": -1, "axis1": 2, "axis2": 0}),
    ),
)
def diagonal(x, *, offset=0, axis1=0, axis2=1):
    """The diagonal of two axes, as a new last axis."""
    return np.diagonal(x, offset, axis1, axis2)


def _placed_attrs(x: Any, *, offset: Any, axis1: Any, axis2: Any, shape: Any) -> dict[str, Any]:
    whole = as_sizes(shape)
    attrs = _diagonal_attrs(Spec(whole, x.dtype), offset=offset, axis1=axis1, axis2=axis2)
    written(x, _diagonal_spec(Spec(whole, x.dtype), **attrs).shape, whole)
    return {**attrs, "shape": whole}


def _diagonal_added(x, *, offset, axis1, axis2, shape):
    axes = _both_last(shape, axis1, axis2)
    layout = (":",) * (len(shape) - 2) + ("i", "i")
    whole = tuple(shape[i] for i in axes)
    places = _on_diagonal(x.shape[-1], offset)
    moved = scatter_add_nd(x, *places, layout=layout, shape=whole)
    return transpose(moved, axes=tuple(map(axes.index, range(len(axes)))))


@operation(
    spec=lambda x, *, offset, axis1, axis2, shape: Spec(shape, x.dtype),
    canonical=_placed_attrs,
    lower=Call(NamedAxes(("axis1", "axis2"))),
    sign="⋱",
    latex=r"\operatorname{diag} $x",
    onnx_body=_diagonal_added,
    numpy=(),
    d={"x": lambda g, offset, axis1, axis2: diagonal(g, offset=offset, axis1=axis1, axis2=axis2)},
    cases=(
        Case(((3,),), {"offset": 0, "axis1": 0, "axis2": 1, "shape": (3, 3)}),
        Case(((2, 2),), {"offset": 1, "axis1": 0, "axis2": 1, "shape": (2, 4, 2)}),
    ),
)
def place_diagonal(x, *, offset, axis1, axis2, shape):
    """Zeros of `shape`, with x written on the diagonal that `diagonal` would read."""
    out = np.zeros(shape, x.dtype)
    moved = np.moveaxis(out, (axis1, axis2), (-2, -1))
    rows, columns = _on_diagonal(x.shape[-1], offset)
    moved[..., rows, columns] = x
    return out


@composite(
    sign="⋱",
    aten="diag(x, k)",
    latex=r"\operatorname{diag} $x",
    cases=(Case(((3,),), {"k": 0}), Case(((2, 3),), {"k": 1}), Case(((2,),), {"k": -1})),
)
def diag(x, *, k=0):
    """A matrix with the vector x on its k-th diagonal, or the k-th diagonal of a matrix x."""
    try:
        k = operator.index(k)
    except TypeError:
        raise DTypeError("k must be an integer", came=f"k={k!r}") from None
    if len(x.shape) == 1:
        n = x.shape[0] + abs(k)
        return place_diagonal(x, offset=k, axis1=0, axis2=1, shape=(n, n))
    if len(x.shape) != 2:
        raise ShapeError(
            "diag takes a vector or a matrix",
            came=tr("shape {shape}", shape=tuple(x.shape)),
        )
    return diagonal(x, offset=k)


@composite(
    sign="tr",
    aten="trace",
    latex=r"\operatorname{tr} $x",
    cases=(Case(((3, 3),), {"offset": 0}), Case(((2, 4),), {"offset": 1})),
)
def trace(x, *, offset=0):
    """The sum of the diagonal."""
    return sum(diagonal(x, offset=offset), axis=-1)


def _triangle(x: Any, keep: Any, k: Any) -> Any:
    if not len(x.shape):
        raise ShapeError("a triangle is part of a matrix", came=tr("shape {shape}", shape=()))
    square = (*x.shape, *x.shape)[-2:]                   # a vector stands for each row
    return where(keep(np.ones(square, bool), k), x, np.zeros((), x.dtype))


_TRIANGLES = (
    Case(((3, 3),), {"k": 0}),
    Case(((3,),), {"k": 0}),
    Case(((2, 4),), {"k": 1}),
    Case(((2, 3, 2),), {"k": -1}),
)


@composite(sign="◺", latex=r"\operatorname{tril} $x", cases=_TRIANGLES, aten="tril(x, k)")
def tril(x, *, k=0):
    """The last two axes' elements on and below the k-th diagonal, 0 above it."""
    return _triangle(x, np.tril, k)


@composite(sign="◹", latex=r"\operatorname{triu} $x", cases=_TRIANGLES, aten="triu(x, k)")
def triu(x, *, k=0):
    """The last two axes' elements on and above the k-th diagonal, 0 below it."""
    return _triangle(x, np.triu, k)


@wide
def _norm_rule(g: Any, x: Any, out: Any, x_spec: Spec, axis: tuple[int, ...]) -> Any:
    slope = g / where(out == 0, np.inf, out)    # 0 by arithmetic, not by choice
    return unreduce(slope, x_spec, axis) * x


@wide
def _norm_body(x, *, axis, keepdims):
    return sqrt(sum(x * x, axis=axis, keepdims=keepdims))


@reduction(
    sign="‖·‖",
    latex=r"\left\lVert $x \right\rVert",
    numpy=(),
    onnx="ReduceL2(x, axis, keepdims=keepdims, noop_with_empty_axes=1)",
    d={"x": _norm_rule},
    body=_norm_body,
)
@wide
def norm(x, *, axis=None, keepdims=False):
    """The Euclidean norm √Σx²; at 0 its derivative is taken as 0, as in PyTorch (others: NaN)."""
    return np.sqrt(np.sum(np.square(x), axis=axis, keepdims=keepdims))
