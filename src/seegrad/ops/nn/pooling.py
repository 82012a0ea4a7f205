"""Pooling of (N, C, …): the largest element or the mean of every window.

Equal largest elements share the derivative equally. Settings of windows are read in `window.py`.
"""

from __future__ import annotations

import math
import operator
from typing import Any

import numpy as np

from seegrad.errors import DTypeError, ShapeError
from seegrad.graph.forms import Body
from seegrad.graph.op import Case
from seegrad.graph.spec import Shape, Spec
from seegrad.i18n import tr
from seegrad.ops.arithmetic import maximum
from seegrad.ops.compare import astype, where
from seegrad.ops.families import operation
from seegrad.ops.float16 import wide
from seegrad.ops.indexing import index
from seegrad.ops.nn import window as windows
from seegrad.ops.reduce import argmax, sum
from seegrad.ops.shape import broadcast_to, reshape, strided_slice


def _pool_attrs(x: Any, *, size: Any, steps: Any, padding: Any, **rest: Any) -> dict[str, Any]:
    count = len(x.shape) - 2
    if count < 1:
        raise ShapeError(
            "pooling needs axes to slide along",
            asked="x (N, C, …)",
            came=tr("shape {shape}", shape=x.shape),
        )
    window = windows.each_axis("size", size, count, 1)
    dilation = windows.each_axis("dilation", rest.pop("dilation", 1), count, 1)
    around = windows.around_each(padding, window, dilation)
    between = windows.each_axis("steps", window if steps is None else steps, count, 1)
    lengths = windows.padded_lengths(x.shape[2:], around)
    sides = [2 * before > k for (before, _), k in zip(around, window)]
    if not any(sides) and any(2 * after > k for (_, after), k in zip(around, window)):
        places = windows.positions(lengths, window, between, dilation)
        sides = [(p - 1) * s >= n - a for p, s, n, (_, a) in zip(places, between, lengths, around)]
    if any(sides):
        raise ShapeError(
            "a window of padding alone has nothing to pool",
            asked="at most half of the window's size as padding",
            came=f"size={window}, padding={padding!r}",
        )
    windows.positions(lengths, window, between, dilation)
    more: dict[str, Any] = {name: bool(value) for name, value in rest.items()}
    more = more or {"dilation": dilation}
    return {"size": window, "steps": between, "padding": around, **more}


def _pool_spec(
    x: Spec, *, size: Shape, steps: Shape, padding: windows.Pairs, dilation: Shape = (), **rest: Any
) -> Spec:
    lengths = windows.padded_lengths(x.shape[2:], padding)
    places = windows.positions(lengths, size, steps, dilation or (1,) * len(size))
    return Spec((*x.shape[:2], *places), x.dtype)


def _lowest(dtype: Any) -> float:
    if dtype.kind == "f":
        return -math.inf
    return 0 if dtype.kind == "b" else int(np.iinfo(dtype).min)


def _lifted(y: Any, count: int) -> Any:
    """y (N, C, *places) with axes of size 1 for the window, to meet (N, C, *size, *places)."""
    return reshape(y, shape=(*y.shape[:2], *(1,) * count, *y.shape[2:]))


def _over_window(seen: Any, count: int) -> Any:
    """The sum over the window's axes, size 1 left in their place."""
    head, size, places = seen.shape[:2], seen.shape[2 : 2 + count], seen.shape[2 + count :]
    flat = reshape(seen, shape=(*head, math.prod(size), *places))
    return reshape(sum(flat, axis=2), shape=(*head, *(1,) * count, *places))


def _folded(function: Any, x: Any, size: Shape, steps: Shape, dilation: Shape) -> Any:
    """`function` of one element of every window, the next one, and so on: the window reduced."""
    places = windows.positions(x.shape[2:], size, steps, dilation)
    total: Any = None
    for offset in windows.offsets(size):
        whole = ((0, x.shape[0], 1), (0, x.shape[1], 1))
        inner = tuple((k * d, p, s) for k, d, p, s in zip(offset, dilation, places, steps))
        part = strided_slice(x, index=whole + inner)
        total = part if total is None else function(total, part)
    return total


def _max_pool_body(x, *, size, steps, padding, dilation):
    whole = windows.padded(x, padding, _lowest(x.dtype))
    return _folded(maximum, whole, size, steps, dilation)


@wide
def _max_pool_rule(
    g: Any, x: Any, out: Any, size: Shape, steps: Shape, padding: windows.Pairs, dilation: Shape
) -> Any:
    count = len(size)
    whole = windows.padded(x, padding, _lowest(x.dtype))
    ties = windows.unfold(whole, size=size, steps=steps, dilation=dilation) == _lifted(out, count)
    winners = astype(_over_window(ties, count), dtype=g.dtype)
    parts = where(ties, _lifted(g, count) / winners, 0.0)
    back = windows.overlap_add(parts, shape=whole.shape[2:], steps=steps, dilation=dilation)
    return windows.bare(back, padding)


@operation(
    spec=_pool_spec,
    canonical=_pool_attrs,
    lower=Body(),
    body=_max_pool_body,
    sign="max∘",
    latex=r"\operatorname{maxpool} $x",
    onnx="MaxPool(x, kernel_shape=size, strides=steps, pads=padding, dilations=dilation)",
    numpy=(),
    kinks="ties",
    d={"x": _max_pool_rule},
    cases=(
        Case(((2, 1, 6),), {"size": 2, "steps": None, "padding": 0, "dilation": 1}),
        Case(((1, 2, 4, 5),), {"size": (2, 3), "steps": 1, "padding": 0, "dilation": 1}),
        Case(((1, 1, 5, 5),), {"size": 3, "steps": 2, "padding": 1, "dilation": 1}),
        Case(((1, 1, 5),), {"size": 2, "steps": 1, "padding": 0, "dilation": 2}),
    ),
    family="window",
)
def max_pool(x, *, size, steps=None, padding=0, dilation=1):
    """The largest element of every window of x (N, C, …); equal largest ones share the derivative.

    (PyTorch gives all of it to the first.)
    steps: between places (None: the window's size, so that windows do not overlap).
    """
    return _max_pool_body(x, size=size, steps=steps, padding=padding, dilation=dilation)


def _counts(
    lengths: Shape, size: Shape, steps: Shape, padding: windows.Pairs, counted: bool
) -> Any:
    """How many elements each window is averaged over."""
    if counted or not any(map(any, padding)):
        return math.prod(size)
    there = np.pad(np.ones(lengths), padding)
    ones = windows.seen_through(there, size, steps, (1,) * len(size))
    return ones.sum(axis=tuple(range(len(size))))


def _refuse_whole_numbers(x: Any) -> None:
    if x.dtype.kind != "f":
        raise DTypeError("a mean needs floating-point numbers", came=f"dtype {x.dtype}")


def _average_attrs(x: Any, **attrs: Any) -> dict[str, Any]:
    _refuse_whole_numbers(x)
    return _pool_attrs(x, **attrs)


@wide
def _average_body(x, *, size, steps, padding, count_padding):
    one = (1,) * len(size)
    total = _folded(operator.add, windows.padded(x, padding), size, steps, one)
    counts = _counts(tuple(x.shape[2:]), size, steps, padding, count_padding)
    return total * (1 / np.asarray(counts)).astype(total.dtype)


@wide
def _average_rule(
    g: Any, x_spec: Spec, size: Shape, steps: Shape, padding: windows.Pairs, count_padding: bool
) -> Any:
    counts = _counts(x_spec.shape[2:], size, steps, padding, count_padding)
    share = g * (1 / np.asarray(counts)).astype(g.dtype)
    lengths = windows.padded_lengths(x_spec.shape[2:], padding)
    parts = broadcast_to(_lifted(share, len(size)), shape=(*g.shape[:2], *size, *g.shape[2:]))
    return windows.bare(windows.overlap_add(parts, shape=lengths, steps=steps, dilation=1), padding)


@operation(
    spec=_pool_spec,
    canonical=_average_attrs,
    lower=Body(),
    body=_average_body,
    sign="mean∘",
    latex=r"\operatorname{meanpool} $x",
    onnx="AveragePool(x, kernel_shape=size, strides=steps, pads=padding,"
    " count_include_pad=count_padding)",
    numpy=(),
    d={"x": _average_rule},
    cases=(
        Case(((2, 1, 6),), {"size": 2, "steps": None, "padding": 0, "count_padding": True}),
        Case(((1, 2, 4, 5),), {"size": (2, 3), "steps": 1, "padding": 0, "count_padding": True}),
        Case(((1, 1, 5, 5),), {"size": 3, "steps": 2, "padding": 1, "count_padding": True}),
        Case(((1, 1, 5, 5),), {"size": 3, "steps": 2, "padding": 1, "count_padding": False}),
    ),
    family="window",
)
def average_pool(x, *, size, steps=None, padding=0, count_padding=True):
    """The mean of every window of x (N, C, …).

    steps: as in `max_pool`. count_padding: divide by the window's whole size also where it reaches
    into the padding (as PyTorch does), not by the elements that are there.
    """
    return _average_body(x, size=size, steps=steps, padding=padding, count_padding=count_padding)


def mean_to_the_end(
    x: Any, size: Shape, steps: Shape, padding: windows.Pairs, whole: windows.Pairs, counted: bool,
    dilation: Shape = (),
) -> Any:  # fmt: skip
    """The mean of every window of x, which is 0 up to `whole` around it.

    An element counts that is in x; with `counted` also one in `padding`, but none beyond that.
    """
    _refuse_whole_numbers(x)
    apart = dilation or (1,) * len(size)
    usual = set(apart) == {1} and not any(2 * max(pair) > k for k, pair in zip(size, whole))
    if usual and (padding == whole or not counted):
        return average_pool(x, size=size, steps=steps, padding=whole, count_padding=counted)
    there = np.pad(np.ones(x.shape[2:]), padding, constant_values=float(counted))
    there = np.pad(there, [(0, b - a) for (_, a), (_, b) in zip(padding, whole)])
    many = windows.seen_through(there, size, steps, apart).sum(axis=tuple(range(len(size))))
    if usual:
        means = average_pool(x, size=size, steps=steps, padding=whole)
        return means * (math.prod(size) / many).astype(x.dtype)
    seen = windows.unfold(windows.padded(x, whole), size=size, steps=steps, dilation=apart)
    return sum(seen, axis=tuple(range(2, 2 + len(size)))) / many.astype(x.dtype)


def largest_places(
    x: Any, size: Shape, steps: Shape, padding: windows.Pairs, dilation: Shape, numbers: Any = None
) -> Any:
    """For every window of x (N, C, …) the number of the place in x where its first largest lies.

    numbers: what the places are called, of the shape of x's last axes; counted otherwise.
    """
    settings = {"size": size, "steps": steps, "dilation": dilation}
    seen = windows.unfold(windows.padded(x, padding, _lowest(x.dtype)), **settings)
    places, spots = math.prod(size), tuple(seen.shape[2 + len(size) :])
    rows = reshape(seen, shape=(*x.shape[:2], places, math.prod(spots)))
    best = argmax(rows, axis=2, keepdims=False)
    lengths = tuple(x.shape[2:])
    own = np.arange(math.prod(lengths)).reshape(lengths) if numbers is None else numbers
    inside = windows.seen_through(np.pad(own, padding), size, steps, dilation).reshape(places, -1)
    found = index(inside, (best, np.arange(math.prod(spots))))
    return reshape(found, shape=(*x.shape[:2], *spots))
