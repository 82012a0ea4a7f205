"""What NumPy does not ask a tensor about: lists with tensors in them, arrays made of tensors."""

from __future__ import annotations

import functools
from collections.abc import Callable
from types import BuiltinFunctionType, FunctionType, ModuleType
from typing import Any

import numpy as np

from seegrad.errors import ValueRangeError
from seegrad.graph.node import Node, holds_node
from seegrad.ops import arithmetic, shape
from seegrad.ops.compare import astype
from seegrad.ops.linear.linalg import place_diagonal
from seegrad.tensor import numpy_functions as numpy_functions
from seegrad.tensor import numpy_numbers as numpy_numbers
from seegrad.tensor.tensor import as_tensor

OF_SEQUENCES = {
    "concatenate", "concat", "stack", "hstack", "vstack", "dstack", "column_stack", "block",
    "select", "choose", "broadcast_arrays", "meshgrid", "einsum", "lexsort", "ix_", "multi_dot",
}  # fmt: skip
"""Functions that take several arrays as one list, which is not one array."""
FUNCTIONS = (FunctionType, BuiltinFunctionType, np.ufunc, type(np.sum))


def joined(x: Any) -> Any:
    """A list with tensors in it as the tensor that it is meant to be."""
    return as_tensor(x) if isinstance(x, (list, tuple)) and holds_node(x) else x


def face(function: Callable[..., Any]) -> Callable[..., Any]:
    """NumPy's function, for which lists with tensors in them are arrays, too."""

    @functools.wraps(function)
    def called(*args: Any, **kwargs: Any) -> Any:
        if any(type(x) in (list, tuple) for x in args):
            args = tuple(map(joined, args))
        return function(*args, **kwargs)

    return called


def faces(module: ModuleType) -> dict[str, Any]:
    """All public names of one of NumPy's modules, its functions as `face` makes them."""
    found = {name: getattr(module, name) for name in dir(module) if not name.startswith("_")}
    return {
        name: face(value) if isinstance(value, FUNCTIONS) and name not in OF_SEQUENCES else value
        for name, value in found.items()
    }


def array(x: Any, dtype: Any = None, **options: Any) -> Any:
    """An array; of tensors, or lists with tensors in them, the tensor that stacks them."""
    if not holds_node(x):
        return np.array(x, dtype, **options)
    found = arithmetic.identity(as_tensor(x))
    for _ in range(options.get("ndmin", 0) - len(found.shape)):
        found = shape.expand_dims(found, axis=0)
    return found if dtype is None else astype(found, dtype=np.dtype(dtype))


def asarray(x: Any, dtype: Any = None, **options: Any) -> Any:
    """x as an array; tensors stay, lists with tensors in them become one."""
    if not holds_node(x):
        return np.asarray(x, dtype, **options)
    found = as_tensor(x)
    return found if dtype is None else astype(found, dtype=np.dtype(dtype))


def full(sizes: Any, fill_value: Any, dtype: Any = None) -> Any:
    """An array of this shape with one value everywhere, which may be a tensor."""
    if not isinstance(fill_value, Node):
        return np.full(sizes, fill_value, dtype)
    sizes = (sizes,) if isinstance(sizes, int) else tuple(sizes)
    found = shape.broadcast_to(fill_value, shape=sizes)
    return found if dtype is None else astype(found, dtype=np.dtype(dtype))


def make_diagonal(D: Any, offset: int = 0, axis1: int = 0, axis2: int = 1) -> Any:
    """Matrices over the last two axes with D's last axis on their diagonals; as autograd has it.

    Raises ValueRangeError for anything but offset=0, axis1=-1, axis2=-2.
    """
    if (offset, axis1, axis2) != (0, -1, -2):
        raise ValueRangeError(
            "make_diagonal places on the last two axes", asked="offset=0, axis1=-1, axis2=-2",
            came=f"offset={offset}, axis1={axis1}, axis2={axis2}",
        )  # fmt: skip
    D = shape.array_like(D)
    n, ndim = D.shape[-1], len(D.shape)
    return place_diagonal(
        D, offset=0, axis1=ndim - 1, axis2=ndim, shape=(*D.shape[:-1], n, n)
    )


def row_stack(xs: Any) -> Any:
    """Rows one below the other: `vstack`."""
    return np.vstack(xs)


def where(condition: Any, *choices: Any, **named: Any) -> Any:
    """NumPy's where; a single truth value gives the one or the other as it is."""
    x, y = (*choices, *(named[k] for k in ("x", "y") if k in named)) or (None, None)
    if x is None:
        return np.where(condition)
    if isinstance(condition, (bool, np.bool_)) and not (hasattr(x, "dtype") or hasattr(y, "dtype")):
        return x if condition else y
    return np.where(condition, joined(x), joined(y))


class _Index:
    """NumPy's `r_` and `c_`, with tensors among what is joined."""

    def __init__(self, plain: Any, axis: int, columns: bool) -> None:
        self.plain, self.axis, self.columns = plain, axis, columns

    def __getitem__(self, key: Any) -> Any:
        parts = key if isinstance(key, tuple) else (key,)
        if not holds_node(list(parts)):
            return self.plain[key]
        if any(isinstance(x, str) for x in parts):
            raise ValueRangeError("tensors are joined without a letter before them", came=parts[0])
        arrays = [shape.array_like(x if isinstance(x, Node) else self.plain[x]) for x in parts]
        if self.columns:
            arrays = [shape.expand_dims(x, axis=1) if len(x.shape) == 1 else x for x in arrays]
        arrays = [shape.expand_dims(x, axis=0) if not len(x.shape) else x for x in arrays]
        return shape.concatenate(*arrays, axis=self.axis)


r_, c_ = _Index(np.r_, 0, columns=False), _Index(np.c_, -1, columns=True)
