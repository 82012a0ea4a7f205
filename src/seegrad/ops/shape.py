"""Operations that move numbers without computing: shapes, axes, joins, cuts, copies.

Basic slices are two steps, a cut (`strided_slice`) and a `reshape` that drops or adds axes of
length 1; the derivative of a cut is `slice_scatter`, and the other way round.
"""

from __future__ import annotations

import math
import operator
from collections.abc import Sequence
from itertools import pairwise
from typing import Any

import numpy as np

from seegrad.errors import DTypeError, IndexRangeError, ShapeError, ValueRangeError
from seegrad.graph.forms import Broadcast, Join, Pad, Permute, Place, Reshape, Slice
from seegrad.graph.node import Node, holds_node
from seegrad.graph.op import Case
from seegrad.graph.spec import Shape, Spec, Specs
from seegrad.i18n import tr
from seegrad.ops.families import (
    TABLE,
    composite,
    no_matter,
    one_axis,
    operation,
    some_axes,
)

SMALL = 4096
"""Up to so many elements, writing copies takes less time than making a view that repeats."""

Cut = tuple[int, int, int]
"""(start, length, step) along one axis."""


def as_shape(shape: Any) -> Shape:
    """`shape` (an int or several) as a tuple of ints."""
    if type(shape) is tuple and {int}.issuperset(map(type, shape)):
        return shape
    items = shape if isinstance(shape, (tuple, list)) else (shape,)
    try:
        return tuple(operator.index(n) for n in items)
    except TypeError:
        raise DTypeError(
            "a shape is made of integers", asked="an integer or a tuple of them", came=repr(shape)
        ) from None


def as_sizes(shape: Any) -> Shape:
    """`shape` as the sizes of something that is made: none of them below 0."""
    sizes = as_shape(shape)
    if min(sizes, default=0) < 0:
        raise ShapeError(
            "a size cannot be negative",
            asked="sizes from 0",
            came=tr("shape {shape}", shape=sizes),
        )
    return sizes


def written(x: Any, read: Shape, shape: Shape) -> Spec:
    """The spec of what an op makes that writes x where another would read `read` from `shape`."""
    if tuple(x.shape) != tuple(read):
        raise ShapeError(
            "x does not fit where it is to be written",
            asked=tr(
                "shape {shape}, in an array of shape {whole}",
                shape=tuple(read), whole=tuple(shape),
            ),
            came=tr("shape {shape}", shape=tuple(x.shape)),
        )
    return Spec(shape, x.dtype)


# --------------------------------------------------------------- reshape


def _reshape_attrs(x: Any, *, shape: Any) -> dict[str, Any]:
    given = as_shape(shape)
    total = math.prod(x.shape)
    if math.prod(given) == total and min(given, default=0) >= 0:
        return {"shape": given}
    sizes = list(given)
    if sizes.count(-1) == 1:
        known = math.prod(n for n in sizes if n != -1)
        if known and total % known == 0:
            sizes[sizes.index(-1)] = total // known
    if any(n < 0 for n in sizes) or math.prod(sizes) != total:
        raise ShapeError(
            tr("{count} elements cannot take the shape {shape}", count=total, shape=tuple(sizes)),
            asked=tr("sizes whose product is {count}; one of them may be -1", count=total),
            came=tr("shape {before} to {after}", before=tuple(x.shape), after=as_shape(shape)),
            hint="keep the first axis and flatten the rest: reshape(x, (len(x), -1))",
        )
    return {"shape": tuple(sizes)}


def _in_order(op: Any, args: tuple[Any, ...], kwargs: Any, order: str | None) -> Any:
    """`order=`: "C", the last axis runs first, as everywhere here; or "F", the first one does."""
    if order not in ("C", "F", "A", "K", None):
        raise ValueRangeError("an unknown order", asked='"C", "F"', came=f"order={order!r}")
    if order != "F":
        return op(*args, **kwargs)
    turned = transpose(array_like(args[0]))
    if op is not reshape:
        return op(turned)
    sizes = as_shape(args[1] if len(args) > 1 else kwargs["shape"])
    return transpose(reshape(turned, shape=sizes[::-1]))


@operation(
    spec=lambda x, *, shape: Spec(shape, x.dtype),
    canonical=_reshape_attrs,
    lower=Reshape(),
    sign="▭",
    latex="$x",
    onnx="Reshape(x, shape)",
    aten=("view(x, shape)", "reshape(x, shape)", "_unsafe_view(x, shape)"),
    d={"x": lambda g, x_spec: reshape(g, shape=x_spec.shape)},
    also={"copy": no_matter, "order": _in_order},
    cases=(
        Case(((2, 3),), {"shape": (3, 2)}),
        Case(((2, 3),), {"shape": (-1,)}),
        Case(((),), {"shape": (1, 1)}),
        Case(((0, 3),), {"shape": (3, 0, 2)}),
        Case(((2, 1, 4),), {"shape": (2, 4)}),
    ),
)
def reshape(x, *, shape):
    """The same elements, in C order, in another shape; one size may be -1."""
    return x.reshape(shape)


@composite(
    sign="▬",
    latex=r"\operatorname{ravel} $x",
    also={"order": _in_order},
    cases=(Case(((2, 3),)), Case(((),)), Case(((0, 3),))),
)
def ravel(x):
    """All elements in one axis, in C order."""
    return reshape(x, shape=(-1 if math.prod(np.shape(x)) else 0,))


@composite(
    sign="+ax",
    latex="$x",
    onnx="Unsqueeze(x, axis)",
    aten="unsqueeze(x, axis)",
    cases=(
        Case(((2, 3),), {"axis": 1}),
        Case(((),), {"axis": 0}),
        Case(((3,),), {"axis": (0, -1)}),
    ),
)
def expand_dims(x, *, axis):
    """x with an axis of length 1 put in at each of `axis`."""
    many = tuple(axis) if isinstance(axis, (tuple, list)) else (axis,)
    ndim = len(x.shape) + len(many)
    at = some_axes(many, ndim)
    rest = iter(x.shape)
    return reshape(x, shape=tuple(1 if i in at else next(rest) for i in range(ndim)))


@composite(
    sign="−ax",
    latex="$x",
    onnx="Squeeze(x, axis)",
    aten=("squeeze", "squeeze.dim(x, axis)", "squeeze.dims(x, axis)"),
    cases=(
        Case(((2, 1, 3),), {"axis": None}),
        Case(((1, 3, 1),), {"axis": 0}),
        Case(((1, 3, 1),), {"axis": (0, -1)}),
    ),
)
def squeeze(x, *, axis=None):
    """x without its axes of length 1, or without those named in `axis`."""
    ones = tuple(i for i, n in enumerate(x.shape) if n == 1)
    drop = ones if axis is None else some_axes(axis, len(x.shape))
    if not set(drop) <= set(ones):
        raise ShapeError(
            "only axes of length 1 can be dropped",
            came=tr("shape {shape}, axis={axis}", shape=tuple(x.shape), axis=repr(axis)),
        )
    return reshape(x, shape=tuple(n for i, n in enumerate(x.shape) if i not in drop))


# --------------------------------------------------------------- order of axes


def _transpose_attrs(x: Any, *, axes: Any) -> dict[str, Any]:
    order = tuple(range(x.ndim))[::-1] if axes is None else some_axes(axes, x.ndim)
    if sorted(order) != list(range(x.ndim)):
        raise ShapeError(
            "a transpose names every axis once",
            asked=tr("an order of {axes}", axes=tuple(range(x.ndim))),
            came=f"axes={axes!r}",
        )
    return {"axes": order}


@operation(
    spec=lambda x, *, axes: Spec(tuple(x.shape[i] for i in axes), x.dtype),
    canonical=_transpose_attrs,
    lower=Permute(),
    sign="ᵀ",
    latex=r"$x^{\top}",
    numpy=("transpose", "permute_dims"),
    onnx="Transpose(x, perm=axes)",
    aten="permute(x, axes)",
    d={"x": lambda g, axes: transpose(g, axes=tuple(int(i) for i in np.argsort(axes)))},
    cases=(
        Case(((2, 3),), {"axes": None}),
        Case(((2, 1, 4),), {"axes": (1, 2, 0)}),
        Case(((3,),), {"axes": None}),
        Case(((),), {"axes": None}),
        Case(((0, 3),), {"axes": (-1, 0)}),
    ),
)
def transpose(x, *, axes=None):
    """x with its axes in the given order; reversed when none is given."""
    return x.transpose(axes)


@composite(
    sign="⇄",
    aten="movedim.intlist(x, source, destination)",
    latex="$x",
    cases=(
        Case(((2, 3, 4),), {"source": 0, "destination": -1}),
        Case(((2, 3),), {"source": (0, 1), "destination": (1, 0)}),
    ),
)
def moveaxis(x, *, source, destination):
    """x with the axes `source` moved to `destination`, the others in their order."""
    ndim = len(x.shape)
    come, go = some_axes(source, ndim), some_axes(destination, ndim)
    if len(come) != len(go):
        raise ShapeError("as many axes must go as come", came=f"{source!r} → {destination!r}")
    if come == go:
        return x
    order = [i for i in range(ndim) if i not in come]
    for target, origin in sorted(zip(go, come)):
        order.insert(target, origin)
    return transpose(x, axes=tuple(order))


@composite(
    sign="⇅",
    aten=("transpose.int(x, axis1, axis2)",),
    latex="$x",
    cases=(
        Case(((2, 3, 4),), {"axis1": 0, "axis2": -1}),
        Case(((2, 3),), {"axis1": 1, "axis2": 0}),
    ),
)
def swapaxes(x, *, axis1, axis2):
    """x with two axes exchanged."""
    order = list(range(len(x.shape)))
    i, j = one_axis(axis1, len(order)), one_axis(axis2, len(order))
    order[i], order[j] = order[j], order[i]
    return transpose(x, axes=tuple(order))


# --------------------------------------------------------------- repetition


def matrix_transpose(x: Any) -> Any:
    """x with its last two axes exchanged.

    >>> import seegrad as sg
    >>> sg.matrix_transpose([[1.0, 2.0]])
    array([[1.],
           [2.]])
    """
    return swapaxes(x, axis1=-1, axis2=-2)


def _broadcast_spec(x: Spec, *, shape: Shape) -> Spec:
    lead = len(shape) - x.ndim
    if lead < 0 or any(n not in (1, m) for n, m in zip(x.shape, shape[lead:])):
        raise ShapeError(
            tr("{shape} cannot be broadcast to {target}", shape=x.shape, target=shape),
            asked="equal sizes, or size 1, counted from the right",
        )
    return Spec(shape, x.dtype)


@operation(
    spec=_broadcast_spec,
    canonical=lambda x, *, shape: {"shape": as_sizes(shape)},
    lower=Broadcast(),
    sign="⇶",
    latex="$x",
    onnx="Expand(x, shape)",
    # the backward walk sums the derivative back to the shape that was broadcast
    d={"x": lambda g: g},
    cases=(
        Case(((1, 3),), {"shape": (2, 3)}),
        Case(((3,),), {"shape": (2, 3)}),
        Case(((),), {"shape": (2, 2)}),
        Case(((1,),), {"shape": (0,)}),
        Case(((2, 1, 4),), {"shape": (2, 3, 4)}),
    ),
)
def broadcast_to(x, *, shape):
    """x repeated to `shape` by NumPy's broadcasting rules."""
    if len(x.shape) > len(shape) or math.prod(shape) > SMALL:
        return np.broadcast_to(x, shape)
    out = np.empty(shape, x.dtype)
    out[...] = x
    return out


@composite(
    sign="▦",
    latex="$x",
    onnx="Tile(x, reps)",
    aten="repeat(x, reps)",
    cases=(
        Case(((2, 3),), {"reps": (2, 1)}),
        Case(((3,),), {"reps": 2}),
        Case(((3,),), {"reps": (2, 2)}),
    ),
)
def tile(x, *, reps):
    """x laid side by side `reps` times along each axis."""
    times = as_shape(reps)
    ndim = max(len(times), len(x.shape))
    times = (1,) * (ndim - len(times)) + times
    shape = (1,) * (ndim - len(x.shape)) + tuple(x.shape)
    spread = tuple(n for pair in zip(times, shape) for n in pair)
    once = tuple(n for size in shape for n in (1, size))
    copies = broadcast_to(reshape(x, shape=once), shape=spread)
    return reshape(copies, shape=tuple(t * n for t, n in zip(times, shape)))


@composite(
    sign="⊞",
    latex="$x",
    cases=(Case(((2, 3),), {"repeats": 2, "axis": 1}), Case(((3,),), {"repeats": 3, "axis": None})),
)
def repeat(x, *, repeats, axis=None):
    """Each element `repeats` times in a row along `axis` (None: of the flattened x).

    Of several repeats, one for each element along the axis, the numbers must be known.
    """
    if len(np.shape(repeats)):
        x, axis = (ravel(x), 0) if axis is None else (x, axis)
        at = one_axis(axis, len(x.shape))
        counts = np.asarray(repeats)
        if counts.shape != (x.shape[at],) or counts.dtype.kind not in "iu" or (counts < 0).any():
            raise ShapeError(
                "repeats are whole numbers from 0, one for each element along the axis",
                asked=tr("{count} whole numbers", count=x.shape[at]),
                came=tr("{kind} of dtype {dtype}", kind=f"{counts.shape}", dtype=counts.dtype),
            )
        places = np.repeat(np.arange(x.shape[at]), counts)
        return TABLE["take"](x, places, axis=at)
    try:
        times = operator.index(repeats)
    except TypeError:
        raise DTypeError("repeats must be one integer", came=repr(repeats)) from None
    if axis is None:
        x, axis = ravel(x), 0
    at = one_axis(axis, len(x.shape)) + 1
    copies = reshape(x, shape=(*x.shape[:at], 1, *x.shape[at:]))
    copies = broadcast_to(copies, shape=(*x.shape[:at], times, *x.shape[at:]))
    return reshape(copies, shape=(*x.shape[: at - 1], x.shape[at - 1] * times, *x.shape[at:]))


# --------------------------------------------------------------- cuts


def _slices(index: Sequence[Cut]) -> tuple[slice, ...]:
    """Python slices that read (start, length, step) on every axis."""
    found = []
    for start, length, step in index:
        stop = start + length * step
        found.append(slice(start, stop if stop >= 0 else None, step))
    return tuple(slice(0, 0) if part[1] == 0 else s for part, s in zip(index, found))


def _lengths(index: Sequence[Cut], shape: Shape) -> Shape:
    """The shape of a cut; IndexRangeError if it would read outside."""
    if len(index) != len(shape):
        raise IndexRangeError(
            "a cut names every axis", asked=f"{len(shape)} axes", came=f"{len(index)} axes"
        )
    for (start, length, step), size in zip(index, shape):
        if not step:
            raise IndexRangeError(
                "a cut does not go on", asked="a step other than 0", came=f"step {step}"
            )
        last = start + (length - 1) * step
        if length < 0 or (length and not (0 <= start < size and 0 <= last < size)):
            raise IndexRangeError(
                "a cut reads outside of its axis",
                asked=tr(
                    "from {low} to {high}",
                    low=0, high=size - 1,
                ) if size else "nothing: the axis is empty",
                came=tr("from {low} to {high}", low=start, high=last),
            )
    return tuple([length for _, length, _ in index])


_CUTS = (
    Case(((2, 3),), {"index": ((0, 1, 1), (0, 3, 1))}),
    Case(((4, 3),), {"index": ((3, 2, -2), (1, 2, 1))}),
    Case(((3,),), {"index": ((0, 0, 1),)}),
    Case(((0, 3),), {"index": ((0, 0, 1), (2, 3, -1))}),
    Case(((),), {"index": ()}),
)


@operation(
    spec=lambda x, *, index: Spec(_lengths(index, x.shape), x.dtype),
    lower=Slice(),
    sign="[:]",
    latex="${x}_{[$index]}",
    numpy=(),
    d={"x": lambda g, x_spec, index: slice_scatter(g, index=index, shape=x_spec.shape)},
    cases=_CUTS,
)
def strided_slice(x, *, index):
    """The part of x that `index` names: (start, length, step) for each axis."""
    _lengths(index, x.shape)
    return x[_slices(index)]


@operation(
    spec=lambda x, *, index, shape: written(x, _lengths(index, shape), shape),
    canonical=lambda x, *, index, shape: {"index": index, "shape": as_sizes(shape)},
    lower=Place(),
    sign="▫",
    latex=r"\operatorname{place}($x, [$index])",
    numpy=(),
    d={"x": lambda g, index: strided_slice(g, index=index)},
    cases=(
        Case(((1, 3),), {"index": ((0, 1, 1), (0, 3, 1)), "shape": (2, 3)}),
        Case(((2, 2),), {"index": ((3, 2, -2), (1, 2, 1)), "shape": (4, 3)}),
        Case(((0,),), {"index": ((0, 0, 1),), "shape": (3,)}),
        Case(((),), {"index": (), "shape": ()}),
    ),
)
def slice_scatter(x, *, index, shape):
    """Zeros of `shape`, with x written where `strided_slice` with the same index would read."""
    out = np.zeros(written(x, _lengths(index, shape), shape).shape, x.dtype)
    out[_slices(index)] = x
    return out


def part(x: Any, axis: int, start: int, length: int) -> Any:
    """`length` elements of x along `axis`, from `start` on."""
    index = tuple((start, length, 1) if i == axis else (0, n, 1) for i, n in enumerate(x.shape))
    return strided_slice(x, index=index)


def _one_slice(item: slice, size: int) -> Cut:
    try:
        start, stop, step = item.indices(size)
    except TypeError:
        raise DTypeError("a slice is made of integers", came=repr(item)) from None
    except ValueError:
        raise ValueRangeError(
            "the step of a slice cannot be 0", asked="a step other than 0", came=repr(item)
        ) from None
    return start, len(range(start, stop, step)), step


def cut_by(x: Any, items: Sequence[Any]) -> Any:
    """x[items] for ints, slices and None (a new axis), one item an axis of x."""
    index, shape, axis = [], [], 0
    for item in items:
        if item is None:
            shape.append(1)
            continue
        size = x.shape[axis]
        if isinstance(item, slice):
            one = _one_slice(item, size)
            shape.append(one[1])
        else:
            i = operator.index(item)
            if not -size <= i < size:
                raise IndexRangeError(
                    tr("index {index} is outside of axis {axis}", index=i, axis=axis),
                    asked=tr(
                        "from {low} to {high}",
                        low=-size, high=size - 1,
                    ) if size else "nothing: the axis is empty",
                    came=tr("index {index} into shape {shape}", index=i, shape=tuple(x.shape)),
                )
            one = (i % size, 1, 1)
        index.append(one)
        axis += 1
    if any(c != (0, n, 1) for c, n in zip(index, x.shape)):
        x = strided_slice(x, index=tuple(index))
    return x if tuple(shape) == tuple(x.shape) else reshape(x, shape=tuple(shape))


@composite(
    sign="⇋",
    aten="flip(x, axis)",
    latex="$x",
    cases=(
        Case(((2, 3),), {"axis": None}),
        Case(((2, 3),), {"axis": 1}),
        Case(((3,),), {"axis": 0}),
        Case(((0, 3),), {"axis": 0}),
    ),
)
def flip(x, *, axis=None):
    """x read backwards along `axis` (None: every axis)."""
    turned = some_axes(axis, len(x.shape))
    return strided_slice(
        x,
        index=tuple((n - 1 if n else 0, n, -1) if i in turned else (0, n, 1)
                    for i, n in enumerate(x.shape)),
    )  # fmt: skip


def _shifts(shift: Any, axis: Any, ndim: int) -> dict[int, int]:
    """For each axis, by how much it is shifted in all."""
    given = axis if isinstance(axis, (tuple, list)) else (axis,)
    axes = tuple([one_axis(i, ndim) for i in given])
    try:
        given = shift if isinstance(shift, (tuple, list)) else (shift,)
        shifts = tuple(operator.index(by) for by in given)
    except TypeError:
        raise DTypeError(
            "a shift is an integer, or one for each axis", came=f"shift={shift!r}"
        ) from None
    if len(shifts) != len(axes) and 1 not in (len(shifts), len(axes)):
        raise ShapeError(
            "the shifts do not fit the axes",
            asked="as many shifts as axes, or one of either",
            came=f"shift={shift!r}, axis={axis!r}",
        )
    shifts, axes = (shifts * len(axes), axes) if len(shifts) == 1 else (
        shifts, axes * len(shifts) if len(axes) == 1 else axes
    )  # fmt: skip
    found: dict[int, int] = {}
    for by, i in zip(shifts, axes):
        found[i] = found.get(i, 0) + by
    return found


@composite(
    sign="↻",
    aten="roll(x, shift, axis)",
    latex="$x",
    cases=(
        Case(((5,),), {"shift": 2, "axis": 0}),
        Case(((2, 3),), {"shift": -1, "axis": 1}),
        Case(((2, 3),), {"shift": 2, "axis": None}),
        Case(((2, 3),), {"shift": (1, 1), "axis": (0, 1)}),
        Case(((2, 3),), {"shift": (1, 3), "axis": -1}),
    ),
)
def roll(x, *, shift, axis=None):
    """x shifted along `axis`, what falls off one end coming back at the other.

    Several shifts and several axes go together in pairs, one of either goes with all of the
    other, and what is shifted twice is shifted by the sum.
    """
    if axis is None:
        return reshape(roll(ravel(x), shift=shift, axis=0), shape=tuple(x.shape))
    for i, by in _shifts(shift, axis, len(x.shape)).items():
        if size := x.shape[i]:
            k = -by % size
            head = [slice(None)] * i
            x = concatenate(
                cut_by(x, [*head, slice(k, None), *[slice(None)] * (len(x.shape) - i - 1)]),
                cut_by(x, [*head, slice(0, k), *[slice(None)] * (len(x.shape) - i - 1)]),
                axis=i,
            )
    return x


# --------------------------------------------------------------- joins


def _pad_attrs(x: Any, *, widths: Any, value: Any) -> dict[str, Any]:
    if not x.ndim:
        return {"widths": (), "value": value}
    try:
        pairs = np.broadcast_to(np.asarray(widths), (x.ndim, 2))
    except ValueError:
        raise ShapeError(
            "the widths do not fit the axes",
            asked=tr("one (before, after) for each of {count} axes, or one for all", count=x.ndim),
            came=f"widths={widths!r}",
        ) from None
    if pairs.dtype.kind not in "iu" or (pairs < 0).any():
        raise DTypeError("widths must be integers, 0 or more", came=f"widths={widths!r}")
    if isinstance(value, Node):
        raise DTypeError(
            "value is a plain number, through which no derivative goes",
            came=f"value={value!r}",
            hint="pad with 0 and use sg.where, or sg.concatenate; float(sg.stop_gradient(value))",
        )
    if np.asarray(value).dtype.kind not in "fiub" or np.ndim(value):
        raise DTypeError("value must be a number", came=f"value={value!r}")
    return {"widths": tuple((int(b), int(a)) for b, a in pairs), "value": value}


@operation(
    spec=lambda x, *, widths, value: Spec(
        tuple(b + n + a for n, (b, a) in zip(x.shape, widths)), x.dtype
    ),
    canonical=_pad_attrs,
    lower=Pad(),
    sign="⊡",
    latex=r"\operatorname{pad} $x",
    onnx="Pad(x, widths, value)",
    numpy=(),
    d={
        "x": lambda g, x_spec, widths: strided_slice(
            g, index=tuple((b, n, 1) for n, (b, _) in zip(x_spec.shape, widths))
        )
    },
    cases=(
        Case(((2, 3),), {"widths": ((1, 0), (2, 1)), "value": 0.0}),
        Case(((3,),), {"widths": 1, "value": 1.5}),
        Case(((0, 2),), {"widths": ((1, 1), (0, 0)), "value": 0.0}),
        Case(((),), {"widths": (), "value": 0.0}),
    ),
)
def pad(x, *, widths, value=0.0):
    """x with `widths` (before, after) of the number `value` around it on each axis."""
    return np.pad(x, widths, constant_values=value) if x.ndim else x


def _join_attrs(*xs: Any, axis: Any) -> dict[str, Any]:
    if not xs:
        raise ShapeError("there is nothing to join", asked="at least one array")
    return {"axis": one_axis(axis, len(xs[0].shape))}


def _join_spec(*xs: Spec, axis: int) -> Spec:
    for x in xs[1:]:
        same = x.ndim == xs[0].ndim and all(
            n == m for i, (n, m) in enumerate(zip(x.shape, xs[0].shape)) if i != axis
        )
        if not same:
            raise ShapeError(
                tr("{shape} does not fit {other}", shape=x.shape, other=xs[0].shape),
                asked=tr("equal sizes on every axis but {axis}", axis=axis),
            )
    sizes = list(xs[0].shape)
    sizes[axis] = sum(x.shape[axis] for x in xs)
    return Spec(tuple(sizes), np.result_type(*[x.dtype for x in xs]))


def _own_part(g: Any, position: int, xs_specs: Specs, axis: int) -> Any:
    return part(g, axis, xs_specs.starts(axis)[position], xs_specs[position].shape[axis])


@operation(
    spec=_join_spec,
    canonical=_join_attrs,
    lower=Join(),
    sign="⧺",
    latex=r"\operatorname{concat}($xs)",
    numpy=("concatenate", "concat"),
    onnx="Concat(xs, axis=axis)",
    aten="cat(xs, axis)",
    d={"xs": _own_part},
    cases=(
        Case(((2, 3), (1, 3)), {"axis": 0}),
        Case(((2, 3), (2, 0), (2, 1)), {"axis": -1}),
        Case(((3,),), {"axis": 0}),
    ),
)
def concatenate(*xs, axis=0):
    """The inputs one behind the other along an axis that they all have."""
    return np.concatenate(xs, axis)


@composite(
    sign="≡",
    aten="stack(xs, axis)",
    latex=r"\operatorname{stack}($xs)",
    cases=(
        Case(((2, 3), (2, 3)), {"axis": 0}),
        Case(((3,), (3,)), {"axis": -1}),
        Case(((), ()), {"axis": 0}),
    ),
)
def stack(*xs, axis=0):
    """The inputs, all of one shape, side by side along a new axis."""
    shapes = {tuple(np.shape(x)) for x in xs}
    if len(shapes) != 1:
        raise ShapeError(
            "only equal shapes can be stacked",
            asked="one shape for all",
            came=", ".join(map(str, sorted(shapes))) or "nothing",
            hint="concatenate joins along an axis that is there already",
        )
    return concatenate(*[expand_dims(x, axis=axis) for x in xs], axis=axis)


def split(x: Any, indices_or_sections: Any, axis: int = 0) -> list[Any]:
    """x cut into parts along `axis`: a number of equal ones, or at the given places.

    Returns a list of cuts, as `numpy.split` does.

    Raises:
        DTypeError: where the parts are neither a number nor a list of places.
        ShapeError: where the axis has not that many equal parts.

    Args:
        indices_or_sections: how many parts, or where to cut.

    >>> split([1.0, 2.0, 3.0, 4.0], 2)
    [array([1., 2.]), array([3., 4.])]
    """
    x = array_like(x)
    ndim = len(x.shape)
    at = one_axis(axis, ndim)
    size = x.shape[at]
    given = indices_or_sections
    try:
        many = isinstance(given, (tuple, list, np.ndarray))
        ends = [operator.index(i) for i in given] if many else []
        parts = 0 if many else operator.index(given)
    except TypeError:
        raise DTypeError(
            "split: " + tr("the parts are a number of them, or a list of places"),
            asked="an integer, or integers", came=repr(given),
        ) from None  # fmt: skip
    if not many:
        if parts <= 0 or size % parts:
            raise ShapeError(
                "split: " + tr(
                    "{size} cannot be split into {parts} equal parts",
                    size=size, parts=parts,
                ),
                asked=tr("a divisor of {size}, or a list of places", size=size),
                came=tr(
                    "{parts} parts of axis {axis} of shape {shape}",
                    parts=parts, axis=at, shape=tuple(x.shape),
                ),
            )
        ends = [size // parts * i for i in range(1, parts)]
    bounds = [0, *ends, size]
    whole = [slice(None)] * ndim
    return [cut_by(x, [*whole[:at], slice(a, b), *whole[at + 1 :]]) for a, b in pairwise(bounds)]


def hstack(xs: Sequence[Any]) -> Any:
    """The arrays side by side: along the second axis, or the only one.

    >>> hstack([[1.0, 2.0], [3.0]])
    array([1., 2., 3.])
    """
    rows = [reshape(x, shape=(1,)) if not len(x.shape) else x for x in map(array_like, xs)]
    return concatenate(*rows, axis=0 if rows and len(rows[0].shape) == 1 else 1)


def vstack(xs: Sequence[Any]) -> Any:
    """The arrays one below the other: along the first axis, vectors as rows.

    >>> vstack([[1.0, 2.0], [3.0, 4.0]])
    array([[1., 2.],
           [3., 4.]])
    """
    return concatenate(
        *[x if len(x.shape) > 1 else reshape(x, shape=(1, math.prod(x.shape)))
          for x in map(array_like, xs)], axis=0,
    )  # fmt: skip


def array_like(x: Any) -> Any:
    """What has a shape as it is; lists as an array, or as a node where nodes are in them."""
    if hasattr(x, "shape"):
        return x
    return Node.makes.joined(x) if holds_node(x) else np.asarray(x)
