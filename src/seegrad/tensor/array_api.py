"""What the Array API standard asks for beside NumPy's functions: dtypes, sets, inspection.

`sg` is a namespace of the standard (2024.12) without complex numbers; `Tensor.__array_namespace__`
gives it. What depends on the numbers for its shape (unique_values, nonzero) needs them: traced,
it is a TraceError.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np

from seegrad.errors import ShapeError, ValueRangeError
from seegrad.graph.node import Node
from seegrad.graph.spec import DType
from seegrad.i18n import tr
from seegrad.ops import compare, indexing, reduce, shape
from seegrad.ops.families import broadcast_shapes as broadcast_shapes
from seegrad.ops.families import one_axis
from seegrad.ops.linear import factorisations, linalg
from seegrad.ops.shape import array_like as like
from seegrad.tensor.array_interface import ArrayInterface
from seegrad.tensor.numpy_names import NUMPY_FUNCTIONS
from seegrad.tensor.tensor import as_tensor

bool = np.dtype(np.bool)
int8, int16, int32, int64 = (np.dtype(f"int{n}") for n in (8, 16, 32, 64))
uint8, uint16, uint32, uint64 = (np.dtype(f"uint{n}") for n in (8, 16, 32, 64))
float16, float32, float64 = (np.dtype(f"float{n}") for n in (16, 32, 64))
e, pi, inf, nan, newaxis = np.e, np.pi, np.inf, np.nan, None

KINDS = {
    "bool": (bool,),
    "signed integer": (int8, int16, int32, int64),
    "unsigned integer": (uint8, uint16, uint32, uint64),
    "real floating": (float32, float64),
    "complex floating": (),
}
KINDS["integral"] = KINDS["signed integer"] + KINDS["unsigned integer"]
KINDS["numeric"] = KINDS["integral"] + KINDS["real floating"]


# --------------------------------------------------------------- dtypes


def _dtype(x: Any) -> Any:
    """The dtype of an array or a dtype; a Python number as it is."""
    return x.dtype if isinstance(x, (Node, np.ndarray, np.generic)) else x


def result_type(*arrays_and_dtypes: Any) -> DType:
    """The dtype that operations between these arrays, dtypes and numbers give.

    Args:
        arrays_and_dtypes: arrays, dtypes and numbers.

    >>> result_type(np.float32, np.ones(2))
    dtype('float64')
    """
    found: DType = np.result_type(*map(_dtype, arrays_and_dtypes))
    return found


def can_cast(from_: Any, to: Any) -> Any:
    """May this array or dtype become that dtype, by the rules of type promotion?

    Args:
        from_: an array or a dtype.
        to: a dtype.

    >>> can_cast(np.float32, np.float64), can_cast(np.float64, np.float32)
    (True, False)
    """
    return np.can_cast(np.dtype(_dtype(from_)), to)


def isdtype(dtype: Any, kind: Any) -> Any:
    """Is a dtype of this kind ("bool", "integral", "real floating", …), or of one of several?

    >>> isdtype(np.float32, "real floating")
    True
    """
    return np.isdtype(np.dtype(dtype), kind)


def finfo(type: Any) -> Any:
    """What a floating-point dtype (or that of an array) can hold: .eps, .max, .min, .bits.

    Args:
        type: a dtype or an array.

    >>> float(finfo(np.float32).eps)
    1.1920928955078125e-07
    """
    return np.finfo(_dtype(type))


def iinfo(type: Any) -> Any:
    """The least and the largest number of an integer dtype (or that of an array).

    Args:
        type: a dtype or an array.

    >>> iinfo(np.int8).max
    127
    """
    return np.iinfo(_dtype(type))


# --------------------------------------------------------------- elements and shapes


def concat(arrays: Sequence[Any], *more: Any, axis: int | None = 0) -> Any:
    """The arrays one behind the other along `axis` (None: flattened).

    Args:
        more: further arrays, where they come one by one.

    >>> concat([np.ones(2), np.zeros(1)])
    array([1., 1., 0.])
    """
    xs = [like(x) for x in ([arrays, *more] if more else arrays)]
    if axis is None:
        return shape.concatenate(*map(shape.ravel, xs), axis=0)
    return shape.concatenate(*xs, axis=axis)


def unstack(x: Any, *, axis: int = 0) -> tuple[Any, ...]:
    """The parts of x along `axis`, without that axis.

    >>> unstack([1.0, 2.0])
    (array(1.), array(2.))
    """
    x = like(x)
    at = one_axis(axis, len(x.shape))
    return tuple(
        shape.squeeze(shape.part(x, at, i, 1), axis=at) for i in range(x.shape[at])
    )


# --------------------------------------------------------------- what depends on the numbers


class UniqueAllResult(NamedTuple):
    values: Any
    indices: Any
    inverse_indices: Any
    counts: Any


class UniqueCountsResult(NamedTuple):
    values: Any
    counts: Any


class UniqueInverseResult(NamedTuple):
    values: Any
    inverse_indices: Any


def _numbers(x: Any, why: str) -> Any:
    """The numbers of x: TraceError where a trace does not know them."""
    return np.asarray(x._numbers(why)) if isinstance(x, ArrayInterface) else np.asarray(x)


def _as(x: Any, *arrays: Any) -> list[Any]:
    """Arrays as tensors where x is one."""
    return [as_tensor(a) if isinstance(x, Node) else a for a in arrays]


def unique_all(x: Any) -> UniqueAllResult:
    """The distinct elements in ascending order, where each is first, which each is, how many.

    Every NaN is one of its own. The derivative of a value goes to the first that has it.

    >>> unique_all([2, 1, 2]).counts
    array([1, 2])
    """
    x = like(x)
    numbers = _numbers(x, "which elements are distinct depends on them")
    _, first, inverse, counts = np.unique(
        numbers, return_index=True, return_inverse=True, return_counts=True, equal_nan=False
    )
    values = indexing.take(shape.ravel(x), first, axis=0)
    rest = _as(x, first, inverse.reshape(numbers.shape), counts)
    return UniqueAllResult(values, *rest)


def unique_counts(x: Any) -> UniqueCountsResult:
    """The distinct elements and how often each is there; see `unique_all`.

    >>> unique_counts([2, 1, 2])
    UniqueCountsResult(values=array([1, 2]), counts=array([1, 2]))
    """
    found = unique_all(x)
    return UniqueCountsResult(found.values, found.counts)


def unique_inverse(x: Any) -> UniqueInverseResult:
    """The distinct elements and which of them each element is; see `unique_all`.

    >>> unique_inverse([2, 1, 2])
    UniqueInverseResult(values=array([1, 2]), inverse_indices=array([1, 0, 1]))
    """
    found = unique_all(x)
    return UniqueInverseResult(found.values, found.inverse_indices)


def unique_values(x: Any) -> Any:
    """The distinct elements; see `unique_all`.

    >>> unique_values([2, 1, 2])
    array([1, 2])
    """
    return unique_all(x).values


def nonzero(x: Any) -> tuple[Any, ...]:
    """The indices, axis by axis, of the elements that are not 0.

    Raises:
        ShapeError: for a single number.

    >>> nonzero([0.0, 3.0, 5.0])
    (array([1, 2]),)
    """
    x = like(x)
    if not len(x.shape):
        raise ShapeError("a single number has no places", asked="one axis or more", came="shape ()")
    return tuple(_as(x, *np.nonzero(_numbers(x, "how many are not 0 depends on them"))))


def flatnonzero(x: Any) -> Any:
    """The places of the elements of the flattened x that are not 0.

    >>> flatnonzero([0.0, 3.0, 5.0])
    array([1, 2])
    """
    return nonzero(shape.ravel(like(x)))[0]


def argwhere(x: Any) -> Any:
    """The indices of the elements that are not 0, a row for each.

    >>> argwhere([[0.0, 3.0], [5.0, 0.0]])
    array([[0, 1],
           [1, 0]])
    """
    x = like(x)
    (found,) = _as(x, np.argwhere(_numbers(x, "how many are not 0 depends on them")))
    return found


def compress(condition: Any, x: Any, axis: int | None = None) -> Any:
    """The parts of x along `axis` (None: of the flattened x) where a vector of truths is true.

    >>> compress([True, False, True], [1.0, 2.0, 3.0])
    array([1., 3.])
    """
    x, where = like(x), flatnonzero(condition)
    if axis is None:
        x, axis = shape.ravel(x), 0
    return indexing.take(x, where, axis=one_axis(axis, len(x.shape)))


# --------------------------------------------------------------- linear algebra


def trace(x: Any, *, offset: int = 0, dtype: Any = None) -> Any:
    """The sums of the diagonals of matrices, the last two axes.

    Args:
        offset: which diagonal: 0 the main one, above it positive.
        dtype: the dtype to sum in.

    >>> trace([[1.0, 2.0], [3.0, 4.0]])
    np.float64(5.0)
    """
    return reduce.sum(diagonal(x, offset=offset), axis=-1, dtype=dtype)


def diagonal(x: Any, *, offset: int = 0) -> Any:
    """The diagonals of matrices, the last two axes.

    Args:
        offset: which diagonal: 0 the main one, above it positive.

    Raises:
        ShapeError: for less than two axes.

    >>> diagonal([[1.0, 2.0], [3.0, 4.0]])
    array([1., 4.])
    """
    x = like(x)
    if len(x.shape) < 2:
        raise ShapeError("a diagonal is that of a matrix", came=tr("shape {shape}", shape=x.shape))
    return linalg.diagonal(x, offset, -2, -1)


def matrix_rank(x: Any, *, rtol: Any = None) -> Any:
    """How many singular values are larger than rtol times the largest; without a derivative.

    rtol is as large as the larger size of the matrix times the dtype's eps where it is not given.

    >>> matrix_rank([[1.0, 2.0], [2.0, 4.0]])
    np.int64(1)
    """
    x = like(x)
    values = factorisations.svdvals(x)
    if rtol is None:
        rtol = max(x.shape[-2:]) * float(np.finfo(x.dtype).eps)
    bound = reduce.max(values, axis=-1, keepdims=True) * rtol
    return reduce.sum(compare.astype(compare.greater(values, bound), dtype=int64), axis=-1)


# --------------------------------------------------------------- the namespace itself


class NamespaceInfo:
    """What the namespace can do, in the words of the standard."""

    def capabilities(self) -> dict[str, Any]:
        """Boolean masks and shapes that depend on data work where numbers are known: eager."""
        return {"boolean indexing": True, "data-dependent shapes": True, "max dimensions": 64}

    def default_device(self) -> str:
        return "cpu"

    def devices(self) -> list[str]:
        return ["cpu"]

    def default_dtypes(self, *, device: Any = None) -> dict[str, DType]:
        """float64, int64; there are no complex numbers."""
        return {"real floating": float64, "integral": int64, "indexing": int64}

    def dtypes(self, *, device: Any = None, kind: Any = None) -> dict[str, DType]:
        """The dtypes by name, of one kind or of several."""
        kinds = ("bool", "numeric") if kind is None else kind
        kinds = kinds if isinstance(kinds, tuple) else (kinds,)
        if unknown := [k for k in kinds if k not in KINDS]:
            raise ValueRangeError("there is no such kind of dtype", came=", ".join(unknown),
                                  asked=", ".join(KINDS))  # fmt: skip
        return {str(d): d for k in kinds for d in KINDS[k]}


def __array_namespace_info__() -> NamespaceInfo:
    """What this namespace of the Array API standard can do.

    >>> sorted(__array_namespace_info__().capabilities())[:1]
    ['boolean indexing']
    """
    return NamespaceInfo()


NUMPY_FUNCTIONS.update(
    compress=compress, concatenate=lambda xs, axis=0: concat(xs, axis=axis), unstack=unstack
)
