"""NumPy's methods on tensors, and NumPy's own functions called with a tensor.

What those functions are called here stands in `numpy_names`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Self, TypedDict, Unpack

from seegrad.errors import CallError
from seegrad.graph.bind import bind
from seegrad.graph.op import Op
from seegrad.graph.spec import Axis, Operand
from seegrad.i18n import tr
from seegrad.ops import arithmetic, compare, reduce, shape
from seegrad.ops.linear import linalg
from seegrad.tensor.array_interface import ArrayInterface, value_of
from seegrad.tensor.numpy_names import (
    DECIDING,
    KEYWORDS,
    NUMPY_FUNCTIONS,
    ON_SHAPES,
    ON_VALUES,
    REDUCTIONS,
    clip,
    cumprod,
    cumsum,
    round,
    take,
    undefined,
)
from seegrad.text import signature

PRIORITY = 1000
"""Whose answer NumPy asks for first, where a tensor meets another type that answers it."""


class Choice(TypedDict, total=False):
    """Which elements of an array count."""

    where: Any


class Mean(Choice, total=False):
    """And in which dtype it is computed."""

    dtype: Any


class Extreme(Choice, total=False):
    """Which elements count, and a value beside them."""

    initial: Any


class Total(Mean, Extreme, total=False):
    """All of these."""


class NumpyMethods(ArrayInterface):
    """A node with NumPy's methods."""

    __slots__ = ()

    @property
    def T(self) -> Self:
        """The axes in reverse order."""
        return shape.transpose(self)

    @property
    def mT(self) -> Self:
        """The last two axes exchanged."""
        return shape.matrix_transpose(self)  # type: ignore[no-any-return]

    def sum(self, axis: Axis = None, keepdims: bool = False, **more: Unpack[Total]) -> Self:
        """See `seegrad.sum`, also for `dtype=`, `where=` and `initial=`."""
        if more:
            return reduce.sum(self, axis=axis, keepdims=keepdims, **more)
        return bind(reduce.sum, (self,), {"axis": axis, "keepdims": keepdims})  # type: ignore[no-any-return]

    def mean(self, axis: Axis = None, keepdims: bool = False, **more: Unpack[Mean]) -> Self:
        """See `seegrad.mean`, also for `dtype=` and `where=`."""
        if more:
            return reduce.mean(self, axis=axis, keepdims=keepdims, **more)
        return bind(reduce.mean, (self,), {"axis": axis, "keepdims": keepdims})  # type: ignore[no-any-return]

    def prod(self, axis: Axis = None, keepdims: bool = False, **more: Unpack[Total]) -> Self:
        """See `seegrad.prod`, also for `dtype=`, `where=` and `initial=`."""
        if more:
            return reduce.prod(self, axis=axis, keepdims=keepdims, **more)
        return bind(reduce.prod, (self,), {"axis": axis, "keepdims": keepdims})  # type: ignore[no-any-return]

    def max(self, axis: Axis = None, keepdims: bool = False, **more: Unpack[Extreme]) -> Self:
        """See `seegrad.max`, also for `where=` and `initial=`."""
        if more:
            return reduce.max(self, axis=axis, keepdims=keepdims, **more)
        return bind(reduce.max, (self,), {"axis": axis, "keepdims": keepdims})  # type: ignore[no-any-return]

    def min(self, axis: Axis = None, keepdims: bool = False, **more: Unpack[Extreme]) -> Self:
        """See `seegrad.min`, also for `where=` and `initial=`."""
        if more:
            return reduce.min(self, axis=axis, keepdims=keepdims, **more)
        return bind(reduce.min, (self,), {"axis": axis, "keepdims": keepdims})  # type: ignore[no-any-return]

    def all(self, axis: Axis = None, keepdims: bool = False, **more: Unpack[Choice]) -> Self:
        """See `seegrad.all`, also for `where=`."""
        return reduce.all(self, axis=axis, keepdims=keepdims, **more)

    def any(self, axis: Axis = None, keepdims: bool = False, **more: Unpack[Choice]) -> Self:
        """See `seegrad.any`, also for `where=`."""
        return reduce.any(self, axis=axis, keepdims=keepdims, **more)

    def var(
        self, axis: Axis = None, keepdims: bool = False, ddof: float = 0, **more: Unpack[Mean]
    ) -> Self:
        """See `seegrad.var`, also for `dtype=` and `where=`."""
        return reduce.var(self, axis=axis, keepdims=keepdims, ddof=ddof, **more)

    def std(
        self, axis: Axis = None, keepdims: bool = False, ddof: float = 0, **more: Unpack[Mean]
    ) -> Self:
        """See `seegrad.std`, also for `dtype=` and `where=`."""
        return reduce.std(self, axis=axis, keepdims=keepdims, ddof=ddof, **more)

    def argmax(self, axis: Axis = None, keepdims: bool = False) -> Self:
        """See `seegrad.argmax`."""
        return reduce.argmax(self, axis=axis, keepdims=keepdims)

    def argmin(self, axis: Axis = None, keepdims: bool = False) -> Self:
        """See `seegrad.argmin`."""
        return reduce.argmin(self, axis=axis, keepdims=keepdims)

    def cumsum(self, axis: Axis = None, dtype: Any = None) -> Self:
        """See `seegrad.cumsum`."""
        return cumsum(self, axis, dtype)  # type: ignore[no-any-return]

    def cumprod(self, axis: Axis = None, dtype: Any = None) -> Self:
        """See `seegrad.cumprod`."""
        return cumprod(self, axis, dtype)  # type: ignore[no-any-return]

    def reshape(self, *sizes: Any, order: str = "C") -> Self:
        """See `seegrad.reshape`; sizes one by one, or as a tuple."""
        wanted = sizes[0] if len(sizes) == 1 else sizes
        if order != "C":
            return shape.reshape(self, shape=wanted, order=order)
        return shape.reshape(self, shape=wanted)

    def ravel(self, order: str = "C") -> Self:
        """See `seegrad.ravel`."""
        return shape.ravel(self) if order == "C" else shape.ravel(self, order=order)

    flatten = ravel

    def transpose(self, *axes: Any) -> Self:
        """See `seegrad.transpose`; axes one by one, or as a tuple."""
        order = axes[0] if len(axes) == 1 and not isinstance(axes[0], int) else axes
        return shape.transpose(self, axes=order or None)

    def swapaxes(self, axis1: int, axis2: int) -> Self:
        """See `seegrad.swapaxes`."""
        return shape.swapaxes(self, axis1, axis2)

    def squeeze(self, axis: Axis = None) -> Self:
        """See `seegrad.squeeze`."""
        return shape.squeeze(self, axis=axis)

    def repeat(self, repeats: int, axis: Axis = None) -> Self:
        """See `seegrad.repeat`."""
        return shape.repeat(self, repeats, axis)

    def take(self, indices: Any, axis: Axis = None, *, mode: str = "raise") -> Self:
        """See `seegrad.take`."""
        return take(self, indices, axis, mode=mode)  # type: ignore[no-any-return]

    def dot(self, other: Operand) -> Self:
        """See `seegrad.dot`."""
        return linalg.dot(self, other)

    def clip(
        self, low: Any = None, high: Any = None, *, min: Any = None, max: Any = None
    ) -> Self:
        """See `seegrad.clip`."""
        return clip(self, low, high, min=min, max=max)  # type: ignore[no-any-return]

    def round(self, decimals: int = 0) -> Self:
        """To the nearest number with so many decimals; see `seegrad.round`."""
        return round(self, decimals)  # type: ignore[no-any-return]

    def astype(self, dtype: Any, *, copy: bool = True) -> Self:
        """See `seegrad.astype`; `copy` is without effect, as values never change."""
        return compare.astype(self, dtype)

    def copy(self) -> Self:
        """A node of its own with the same value."""
        return arithmetic.identity(self)

    # ---------------------------------------------------------- NumPy's own functions

    def __array_ufunc__(self, ufunc: Any, method: str, *inputs: Any, **options: Any) -> Any:
        if any(_comes_first(type(x)) for x in inputs):
            return NotImplemented
        name = ufunc.__name__ if method == "__call__" else REDUCTIONS.get((ufunc, method))
        function = NUMPY_FUNCTIONS.get(name) if name else None
        if function is None or options.get("out") is not None:
            called = ufunc.__name__ if method == "__call__" else f"{ufunc.__name__}.{method}"
            raise undefined(f"numpy.{called}" + ("" if function is None else " with out="))
        if method == "reduce":
            options.setdefault("axis", 0)
        return function(*inputs, **{k: v for k, v in options.items() if k != "out"})

    def __array_function__(
        self, function: Any, types: Any, args: tuple[Any, ...], kwargs: Mapping[str, Any]
    ) -> Any:
        if any(map(_comes_first, types)):
            return NotImplemented
        name = function.__name__
        of_linalg = function.__module__ == "numpy.linalg" and f"linalg.{name}"
        if ours := NUMPY_FUNCTIONS.get(of_linalg) or NUMPY_FUNCTIONS.get(name):
            given = {KEYWORDS.get((name, k), k): v for k, v in kwargs.items()}
            _refuse_unknown(f"{function.__module__}.{name}", ours, given)
            return ours(*args, **given)
        if name in ON_SHAPES and not kwargs:
            match args:
                case (ArrayInterface() as x,):
                    return getattr(x, name)
        if name in DECIDING:
            return function(*_values(args, _look_at), **_values(dict(kwargs), _look_at))
        if name in ON_VALUES:
            return function(*_values(args), **_values(dict(kwargs)))
        raise undefined(f"{function.__module__}.{name}")


def _refuse_unknown(name: str, ours: Callable[..., Any], given: Mapping[str, Any]) -> None:
    """CallError for an argument of NumPy's that what answers for its function does not have."""
    if not given or isinstance(ours, Op):  # an op says itself what it takes
        return
    known = signature(ours).parameters
    open_ended = any(p.kind is p.VAR_KEYWORD for p in known.values())
    for argument in given:
        if argument not in known and not open_ended:
            raise CallError(
                tr("{name} of tensors has no argument {argument}", name=name, argument=argument),
                asked=", ".join(known),
                came=f"{argument}={str(given[argument])[:20]}",
            )


def _comes_first(kind: type) -> bool:
    """Does this type know of tensors, and answer NumPy in their place?"""
    first = getattr(kind, "__array_priority__", 0)
    return isinstance(first, (int, float)) and first > PRIORITY


def _look_at(x: Any) -> Any:
    return x._look() if isinstance(x, ArrayInterface) else x


def _values(tree: Any, read: Callable[[Any], Any] = value_of) -> Any:
    if isinstance(tree, (tuple, list)):
        return type(tree)(_values(x, read) for x in tree)
    if isinstance(tree, dict):
        return {k: _values(v, read) for k, v in tree.items()}
    return read(tree)
