"""What goes along one axis: running sums and products, differences, order, quantiles.

`axis` is one integer; NumPy's `axis=None`, the flattened array, is `seegrad.tensor`'s business.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from itertools import accumulate
from typing import Any

import numpy as np

from seegrad.errors import DTypeError, ShapeError, ValueRangeError
from seegrad.graph.forms import Body, Call, NamedAxes, Scan
from seegrad.graph.laws import idempotent
from seegrad.graph.op import Case
from seegrad.graph.spec import Spec
from seegrad.i18n import tr
from seegrad.ops.arithmetic import add, multiply, subtract
from seegrad.ops.compare import (
    astype,
    equal,
    floating,
    isnan,
    less,
    less_equal,
    logical_and,
    logical_or,
    where,
)
from seegrad.ops.families import composite, one_axis, operation, result_dtype
from seegrad.ops.float16 import accumulated, wide
from seegrad.ops.indexing import take_along_axis
from seegrad.ops.reduce import sum
from seegrad.ops.shape import array_like, broadcast_to, concatenate, flip, part, reshape

_ALONG = (
    Case(((3,),), {"axis": 0}),
    Case(((2, 3),), {"axis": -1}),
    Case(((2, 3),), {"axis": 0}),
    Case(((0, 3),), {"axis": 0}),
    Case(((2, 1, 4),), {"axis": 2}),
)


def _along(x: Any, *, axis: Any) -> dict[str, Any]:
    return {"axis": one_axis(axis, len(x.shape))}


# --------------------------------------------------------------- running sums and products


@operation(
    spec=lambda x, *, axis: Spec(x.shape, result_dtype(np.cumsum, [x], {})),
    canonical=_along,
    lower=Scan("sum"),
    sign="Σ…",
    latex=r"\operatorname{cumsum} $x",
    numpy=(),
    onnx="CumSum(x, axis)",
    aten="cumsum(x, axis)",
    d={"x": lambda g, axis: flip(cumsum(flip(g, axis=axis), axis=axis), axis=axis)},
    cases=_ALONG,
)
def cumsum(x, *, axis):
    """Running sums along `axis`; the derivative is summed from the other end."""
    return accumulated(np.cumsum, x, axis=axis)


@composite(
    sign="Π…",
    aten="cumprod(x, axis)",
    latex=r"\operatorname{cumprod} $x",
    numpy=(),
    cases=_ALONG,
)
def cumprod(x, *, axis):
    """Running products along `axis`, one factor at a time, so that zeros among them do no harm."""
    at = one_axis(axis, len(x.shape))
    n = x.shape[at]
    if x.dtype.kind != "f":
        x = astype(x, dtype=result_dtype(np.cumprod, [x], {}))
    if n < 2:
        return x
    return concatenate(*accumulate((part(x, at, i, 1) for i in range(n)), multiply), axis=at)


def _with_ends(front: bool, op: Any, args: Any, kwargs: Any, value: Any) -> Any:
    """`prepend=`, `append=`: x with these values before or behind it along the axis."""
    if value is None:
        return op(*args, **kwargs)
    x, value = array_like(args[0]), array_like(value)
    at = one_axis(kwargs.get("axis", args[2] if len(args) > 2 else -1), len(x.shape))
    if not len(value.shape):
        one = tuple(1 if i == at else n for i, n in enumerate(x.shape))
        value = broadcast_to(value, shape=one)
    parts = (value, x) if front else (x, value)
    return op(concatenate(*parts, axis=at), *args[1:], **kwargs)


@composite(
    sign="Δ",
    aten="diff(x, n, axis)",
    latex=r"\Delta $x",
    cases=(
        Case(((3,),), {"n": 1, "axis": 0}),
        Case(((2, 4),), {"n": 2, "axis": -1}),
        Case(((2, 3),), {"n": 3, "axis": 1}),
        Case(((3, 2),), {"n": 0, "axis": 0}),
    ),
    also={
        "prepend": lambda *call: _with_ends(True, *call),
        "append": lambda *call: _with_ends(False, *call),
    },
)
def diff(x, *, n=1, axis=-1):
    """Differences of neighbours along `axis`, taken `n` times."""
    at = one_axis(axis, len(x.shape))
    if n < 0:
        raise ValueRangeError("differences are taken so many times", asked="0 or more",
                              came=f"n={n}")  # fmt: skip
    for _ in range(n):
        length = max(x.shape[at] - 1, 0)
        x = subtract(part(x, at, min(1, x.shape[at]), length), part(x, at, 0, length))
    return x


# --------------------------------------------------------------- order


@operation(
    spec=lambda x, *, axis: Spec(x.shape, np.dtype(np.intp)),
    canonical=_along,
    lower=Call(NamedAxes(("axis",))),
    sign="argsort",
    latex=r"\operatorname{argsort} $x",
    onnx="TopK(x, x.shape[axis], axis=axis, largest=0)[1]",
    numpy=(),
    d={"x": None},
    cases=_ALONG,
)
def argsort(x, *, axis=-1):
    """The order that sorts x along `axis`, equal elements kept in their order."""
    return np.argsort(x, axis=axis, kind="stable")


def _sort_rule(g: Any, x: Any, axis: int) -> Any:
    back = argsort(argsort(x, axis=axis), axis=axis)
    return take_along_axis(g, back, axis=axis)


@operation(
    spec=lambda x, *, axis: x,
    canonical=_along,
    lower=Call(NamedAxes(("axis",))),
    sign="sort",
    latex=r"\operatorname{sort} $x",
    onnx="TopK(x, x.shape[axis], axis=axis, largest=0)",
    numpy=(),
    kinks="ties",
    laws=[idempotent],
    d={"x": _sort_rule},
    cases=_ALONG,
)
def sort(x, *, axis=-1):
    """x in ascending order along `axis`; each derivative goes back to where its element was."""
    return np.sort(x, axis=axis, kind="stable")


METHODS: Mapping[str, Callable[[float], float]] = {
    "linear": float,
    "lower": math.floor,
    "higher": math.ceil,
    "nearest": round,
    "midpoint": lambda place: (math.floor(place) + math.ceil(place)) / 2,
}
"""Where between two elements a quantile is read: its place among 0 … n − 1 becomes this one."""


@wide
def _between(below: Any, above: Any, part: float) -> Any:
    """What lies between two elements; of equal ones, infinite ones too, exactly that."""
    if part == 0.5:
        return multiply(add(below, above), 0.5)
    apart = subtract(above, below)
    if part < 0.5:
        return add(below, multiply(apart, part))
    return subtract(above, multiply(apart, 1 - part))


@composite(
    sign="quantile",
    latex=r"\operatorname{quantile} $x",
    numpy=(),
    kinks="ties",
    cases=(
        Case(((5,),), {"q": 0.3, "axis": 0, "keepdims": False}),
        Case(((4, 3),), {"q": 0.5, "axis": 0, "keepdims": True}),
        Case(((2, 5),), {"q": 1.0, "axis": -1, "keepdims": False}),
        Case(((1, 2),), {"q": 0.9, "axis": 0, "keepdims": False}),
        Case(((5,),), {"q": 0.3, "axis": 0, "method": "higher"}),
        Case(((4,),), {"q": 0.5, "axis": 0, "method": "nearest"}),
    ),
)
def quantile(x, *, q, axis, keepdims=False, method="linear"):
    """The value below which the part `q` (0 … 1) of the elements along `axis` lies.

    Between two elements it is interpolated, or read as `method` says; the derivative goes to
    those two. NaN where one of the elements is. Raises ShapeError for an empty axis,
    ValueRangeError for q outside of 0 … 1 and for another method.
    """
    at = one_axis(axis, len(x.shape))
    n = x.shape[at]
    if not n:
        raise ShapeError(
            "no elements have no quantile",
            came=tr("shape {shape}, axis={axis}", shape=tuple(x.shape), axis=at),
        )
    if not isinstance(q, (int, float, np.number)):
        raise DTypeError("a quantile is asked for by one number", came=f"q={q!r}")
    if not 0 <= q <= 1:
        raise ValueRangeError("a part lies between 0 and 1", asked="0 ≤ q ≤ 1", came=f"q={q}")
    if method not in METHODS:
        raise ValueRangeError("an unknown method", asked=", ".join(METHODS),
                              came=f"method={method!r}")  # fmt: skip
    place = METHODS[method](float(q) * (n - 1))
    low = math.floor(place)
    # where no two elements are mixed, whole numbers stay what they are
    ordered = sort(x if isinstance(place, int) else floating(x), axis=at)
    found = part(ordered, at, low, 1)
    if place > low:
        found = _between(found, part(ordered, at, low + 1, 1), place - low)
    if x.dtype.kind == "f":  # NaN is sorted to the end
        last = part(ordered, at, n - 1, 1)
        found = where(isnan(last), last, found)
    if keepdims:
        return found
    return reshape(found, shape=tuple(m for i, m in enumerate(x.shape) if i != at))


def _searched_spec(a: Spec, v: Spec, *, side: str) -> Spec:
    if a.ndim != 1:
        raise ShapeError("a vector in ascending order is searched", asked="one axis",
                         came=tr("shape {shape}", shape=a.shape))  # fmt: skip
    if side not in ("left", "right"):
        raise ValueRangeError("an unknown side", asked='"left", "right"', came=f"side={side!r}")
    return Spec(v.shape, np.dtype(np.intp))


def _counted(a, v, *, side):
    """How many of a lie before each v; NaN lies behind all numbers, as where it is sorted."""
    each = reshape(v, shape=(*v.shape, 1))
    before = less(a, each) if side == "left" else less_equal(a, each)
    if v.dtype.kind == "f":
        nan = isnan(each)
        before = logical_or(before, nan if side == "right" else logical_and(nan, equal(a, a)))
    return sum(astype(before, dtype=np.dtype(np.intp)), axis=-1)


@operation(
    spec=_searched_spec,
    lower=Body(),
    body=_counted,
    sign="search",
    latex=r"\operatorname{search}_{$a} $v",
    numpy=(),
    d={"a": None, "v": None},
    cases=tuple(
        Case((a, v), {"side": side}, domain={"a": (np.arange(*a) - 2.0, np.arange(*a) - 1.5)})
        for a, v, side in (((3,), (), "left"), ((4,), (2, 3), "right"), ((2,), (0,), "left"))
    ),
)
def searchsorted(a, v, *, side="left"):
    """Where each v would go into the ascending vector a: before its equals, or after ("right")."""
    return np.searchsorted(a, v, side=side)
