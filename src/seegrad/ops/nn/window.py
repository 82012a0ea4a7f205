"""Sliding windows over the last axes, and how they are set: sizes, steps, padding, dilation.

`unfold` only looks (a strided view) and `overlap_add` is its undoing. Convolution and pooling
stand on them, in their own files.
"""

from __future__ import annotations

import itertools
import operator
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from seegrad.errors import DTypeError, ShapeError
from seegrad.graph.forms import Overlap, Window
from seegrad.graph.op import Case
from seegrad.graph.spec import Shape, Spec
from seegrad.i18n import tr
from seegrad.ops.families import operation
from seegrad.ops.float16 import wide
from seegrad.ops.shape import pad, strided_slice

Pairs = tuple[tuple[int, int], ...]
"""For each spatial axis how much is put (before, after) it."""


# --------------------------------------------------------------- sizes, steps, padding


def each_axis(name: str, value: Any, count: int, least: int) -> tuple[int, ...]:
    """`value` (one integer or one for each spatial axis) as `count` integers from `least`."""
    items = value if isinstance(value, (tuple, list)) else (value,) * count
    try:
        found = tuple(operator.index(n) for n in items)
    except TypeError:
        raise DTypeError(
            tr("{name} must be an integer, or one for each axis", name=name),
            came=f"{name}={value!r}",
        ) from None
    if len(found) != count or min(found, default=least) < least:
        raise ShapeError(
            tr("{name} does not fit the axes that the window slides along", name=name),
            asked=tr("one integer from {least}, or {count} of them", least=least, count=count),
            came=f"{name}={value!r}",
        )
    return found


def around_each(padding: Any, size: Sequence[int], dilation: Sequence[int]) -> Pairs:
    """`padding` (a number, one an axis, pairs, or "same") as (before, after) for each axis."""
    if isinstance(padding, str):
        if padding != "same":
            raise ShapeError("padding is a number, or 'same'", came=f"padding={padding!r}")
        extra = [d * (k - 1) for k, d in zip(size, dilation)]
        return tuple((e // 2, e - e // 2) for e in extra)
    if isinstance(padding, (tuple, list)) and any(isinstance(p, (tuple, list)) for p in padding):
        if len(padding) != len(size) or any(not isinstance(p, (tuple, list)) for p in padding):
            raise ShapeError(
                "padding needs one (before, after) for each axis",
                asked=tr("{count} pairs", count=len(size)),
                came=f"padding={padding!r}",
            )
        both = [each_axis("padding", tuple(p), 2, 0) for p in padding]
    else:
        both = [(p, p) for p in each_axis("padding", padding, len(size), 0)]
    return tuple((before, after) for before, after in both)


def reach(size: Sequence[int], dilation: Sequence[int]) -> tuple[int, ...]:
    """How far a window reaches along each axis: (size − 1)·dilation + 1."""
    return tuple((k - 1) * d + 1 for k, d in zip(size, dilation))


def positions(
    lengths: Sequence[int], size: Sequence[int], steps: Sequence[int], dilation: Sequence[int]
) -> Shape:
    """How many places a window takes along each (padded) axis; ShapeError where it does not fit."""
    wide = reach(size, dilation)
    if any(n < r for n, r in zip(lengths, wide)):
        raise ShapeError(
            tr(
                "the window reaches over {wide}, but there are only {lengths}",
                wide=wide, lengths=tuple(lengths),
            ),
            asked="a window no larger than what it slides over",
            hint="take a smaller window, or more padding",
        )
    return tuple((n - r) // s + 1 for n, r, s in zip(lengths, wide, steps))


def up_to_the_end(
    lengths: Sequence[int], size: Shape, steps: Shape, padding: Pairs, dilation: Shape
) -> Pairs:
    """`padding` with what a last window needs that begins in x or before it, and ends beyond."""
    found = []
    for n, r, s, (before, after) in zip(lengths, reach(size, dilation), steps, padding):
        there = before + n + after
        count = max(0, -(-(there - r) // s)) + 1
        count -= (count - 1) * s >= before + n
        found.append((before, after + max(0, (count - 1) * s + r - there)))
    return tuple(found)


def padded_lengths(lengths: Sequence[int], padding: Pairs) -> Shape:
    """The lengths with what is put around them."""
    return tuple(before + n + after for n, (before, after) in zip(lengths, padding))


def _lead(count: int) -> Pairs:
    return ((0, 0),) * count


def padded(x: Any, padding: Pairs, value: float = 0.0) -> Any:
    """x with `padding` around its last axes."""
    if not any(map(any, padding)):
        return x
    return pad(x, widths=_lead(len(x.shape) - len(padding)) + padding, value=value)


def bare(x: Any, padding: Pairs) -> Any:
    """x without the `padding` around its last axes."""
    if not any(map(any, padding)):
        return x
    around = _lead(len(x.shape) - len(padding)) + padding
    return strided_slice(x, index=tuple((b, n - b - a, 1) for n, (b, a) in zip(x.shape, around)))


# --------------------------------------------------------------- windows


def _windows_attrs(x: Any, *, size: Any, steps: Any, dilation: Any) -> dict[str, Any]:
    count = len(size) if isinstance(size, (tuple, list)) else 1
    if count > len(x.shape):
        raise ShapeError(
            tr("a window over {count} axes needs as many", count=count),
            came=tr("shape {shape}", shape=x.shape),
        )
    return {
        "size": each_axis("size", size, count, 1),
        "steps": each_axis("steps", steps, count, 1),
        "dilation": each_axis("dilation", dilation, count, 1),
    }


def _windows_spec(x: Spec, *, size: Shape, steps: Shape, dilation: Shape) -> Spec:
    lead = x.ndim - len(size)
    places = positions(x.shape[lead:], size, steps, dilation)
    return Spec((*x.shape[:lead], *size, *places), x.dtype)


def seen_through(x: Any, size: Shape, steps: Shape, dilation: Shape) -> Any:
    """A view of x's memory as `unfold` lays it out."""
    lead = x.ndim - len(size)
    places = positions(x.shape[lead:], size, steps, dilation)
    inner = x.strides[lead:]
    strides = (
        *x.strides[:lead],
        *(n * d for n, d in zip(inner, dilation)),
        *(n * s for n, s in zip(inner, steps)),
    )
    shape = (*x.shape[:lead], *size, *places)
    return np.lib.stride_tricks.as_strided(x, shape, strides, writeable=x.flags.writeable)


_WINDOW_CASES = (
    ((5,), {"size": (2,), "steps": 1, "dilation": 1}),
    ((2, 7), {"size": (3,), "steps": (2,), "dilation": (2,)}),
    ((2, 4, 5), {"size": (2, 3), "steps": (2, 1), "dilation": 1}),
    ((0, 3, 4), {"size": (2, 2), "steps": 1, "dilation": (1, 2)}),
)


@operation(
    spec=_windows_spec,
    canonical=_windows_attrs,
    lower=Window(),
    sign="▤",
    latex=r"\operatorname{windows} $x",
    numpy=(),
    d={
        "x": lambda g, x_spec, size, steps, dilation: overlap_add(
            g, shape=x_spec.shape[x_spec.ndim - len(size):], steps=steps, dilation=dilation
        )
    },
    cases=tuple(Case((shape,), attrs) for shape, attrs in _WINDOW_CASES),
    family="window",
)  # fmt: skip
def unfold(x, *, size, steps=1, dilation=1):
    """Every place of a window that slides along the last axes: (…, *size, *places).

    `steps` between places, `dilation` between the elements of one window.
    """
    return seen_through(x, size, steps, dilation)


def _overlap_attrs(x: Any, *, shape: Any, steps: Any, dilation: Any) -> dict[str, Any]:
    lengths = tuple(map(operator.index, shape))
    count = len(lengths)
    if 2 * count > len(x.shape):
        raise ShapeError(
            "windows have twice as many last axes as what they slide over",
            asked=tr("{count} axes or more", count=2 * count),
            came=tr("shape {shape}", shape=tuple(x.shape)),
        )
    settled = {
        "shape": lengths,
        "steps": each_axis("steps", steps, count, 1),
        "dilation": each_axis("dilation", dilation, count, 1),
    }
    lead = len(x.shape) - 2 * count
    size, places = tuple(x.shape[lead : lead + count]), tuple(x.shape[lead + count :])
    if positions(lengths, size, settled["steps"], settled["dilation"]) != places:
        raise ShapeError(
            tr(
                "windows {size} at {places} places do not come from {lengths}",
                size=size, places=places, lengths=lengths,
            ),
            asked=tr(
                "{count} places",
                count=positions(lengths, size, settled["steps"], settled["dilation"]),
            ),
        )
    return settled


def offsets(size: Sequence[int]) -> Iterator[tuple[int, ...]]:
    """Where each element of a window stands in it."""
    return itertools.product(*map(range, size))


def _corner(
    offset: Sequence[int], places: Sequence[int], steps: Sequence[int], dilation: Sequence[int]
) -> tuple[Any, ...]:
    """The slices that one element of the window reads, over all places."""
    return (
        ...,
        *(
            slice(k * d, k * d + (p - 1) * s + 1, s)
            for k, p, s, d in zip(offset, places, steps, dilation)
        ),
    )


@operation(
    spec=lambda x, *, shape, steps, dilation: Spec(
        (*x.shape[: x.ndim - 2 * len(shape)], *shape), x.dtype
    ),
    canonical=_overlap_attrs,
    lower=Overlap(),
    sign="▥",
    latex=r"\operatorname{overlap} $x",
    numpy=(),
    d={
        "x": lambda g, x_spec, shape, steps, dilation: unfold(
            g,
            size=x_spec.shape[x_spec.ndim - 2 * len(shape) : x_spec.ndim - len(shape)],
            steps=steps,
            dilation=dilation,
        )
    },
    cases=(
        Case(((2, 4),), {"shape": (5,), "steps": 1, "dilation": 1}),
        Case(((2, 3, 2),), {"shape": (7,), "steps": (2,), "dilation": (2,)}),
        Case(((3, 2, 3, 2, 3),), {"shape": (4, 5), "steps": (2, 1), "dilation": 1}),
        Case(((0, 2, 2, 2, 2),), {"shape": (3, 4), "steps": 1, "dilation": (1, 2)}),
    ),
    family="window",
)
@wide
def overlap_add(x, *, shape, steps=1, dilation=1):
    """Zeros whose last axes are `shape`, to which every window is added where `unfold` saw it."""
    count = len(shape)
    lead = x.ndim - 2 * count
    size, places = x.shape[lead : lead + count], x.shape[lead + count :]
    out = np.zeros((*x.shape[:lead], *shape), x.dtype)
    for offset in offsets(size):
        out[_corner(offset, places, steps, dilation)] += x[(slice(None),) * lead + offset]
    return out
