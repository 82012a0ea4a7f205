"""Reading by index arrays, and adding back by them: take, take_along_axis, x[indices].

Indices are inputs of their own (integers, without derivative). Out of range is an error.
"""

from __future__ import annotations

import math
import operator
from collections.abc import Callable
from typing import Any

import numpy as np

from seegrad.errors import DTypeError, IndexRangeError, ShapeError, TraceError
from seegrad.graph.forms import Call, Gather, IndexedAxes, NamedAxes, Scatter
from seegrad.graph.mode import current_tracer
from seegrad.graph.node import Node
from seegrad.graph.op import Case
from seegrad.graph.spec import Shape, Spec, spec_of
from seegrad.i18n import tr
from seegrad.ops.arithmetic import add, mod, multiply
from seegrad.ops.families import broadcast_shapes, one_axis, operation
from seegrad.ops.float16 import wide
from seegrad.ops.shape import array_like, as_sizes, cut_by, reshape, transpose, written

Layout = tuple[str, ...]
"""For each axis of x: "i" where an index array reads it, ":" where all of it is kept."""


def _whole_numbers(indices: Any) -> None:
    if indices.dtype.kind not in "iu":
        raise DTypeError(
            tr("{name} must be integers", name="indices"),
            came=f"dtype {indices.dtype}",
            hint="use .astype(int), or a boolean mask of the same shape as x[mask]",
        )


def _take_attrs(x: Any, indices: Any, *, axis: Any, negative: Any) -> dict[str, Any]:
    _whole_numbers(indices)
    return {"axis": one_axis(axis, len(x.shape)), "negative": bool(negative)}


def _take_spec(x: Spec, indices: Spec, *, axis: int, negative: bool = True) -> Spec:
    return Spec((*x.shape[:axis], *indices.shape, *x.shape[axis + 1 :]), x.dtype)


def _in_range(indices: Any, size: int, negative: bool = True) -> None:
    least = -size if negative else 0
    if indices.size and (indices.min() < least or indices.max() >= size):
        bad = indices.max() if indices.max() >= size else indices.min()
        raise IndexRangeError(
            tr("index {index} is out of range", index=bad),
            asked=tr(
                "from {low} to {high}",
                low=least, high=size - 1,
            ) if size else "nothing: the axis is empty",
            came=tr("indices from {low} to {high}", low=indices.min(), high=indices.max()),
        )


@operation(
    spec=_take_spec,
    canonical=_take_attrs,
    lower=Gather(),
    sign="[i]",
    latex="${x}_{$indices}",
    onnx="Gather(x, indices, axis=axis)",
    aten="index_select(x, axis, indices)",
    # ONNX always counts from the end, so that the other kind is the same without the check
    onnx_body=lambda x, indices, *, axis, negative: take(x, indices, axis=axis),
    d={
        "x": lambda g, x_spec, indices, axis: scatter_add(
            g, indices, axis=axis, shape=x_spec.shape
        ),
        "indices": None,
    },
    integer_inputs=("indices",),
    cases=(
        Case(((4, 3), (2,)), {"axis": 0}, integers={"indices": 4}),
        Case(((2, 3), (2, 2)), {"axis": 1}, integers={"indices": 3}),
        Case(((4,), ()), {"axis": 0}, integers={"indices": 4}),
        Case(((3, 2), (0,)), {"axis": -1}, integers={"indices": 2}),
        Case(((3,), (5,)), {"axis": 0}, integers={"indices": 3}),
    ),
)
def take(x, indices, *, axis=0, negative=True):
    """x read at the integers `indices` along `axis`; what is read twice adds its derivatives.

    negative: do indices below 0 count from the end?
    """
    _in_range(indices, x.shape[axis], negative)
    return np.take(x, indices, axis=axis)


def _undoing(read: Callable[..., Spec]) -> Callable[..., dict[str, Any]]:
    """The canonical attributes of an op that adds x where one with the spec `read` would read."""

    def attrs(x: Any, *indices: Any, shape: Any, **others: Any) -> dict[str, Any]:
        whole = as_sizes(shape)
        if "axis" in others:
            others["axis"] = one_axis(others["axis"], len(whole))
        for i in indices:
            _whole_numbers(i)
        specs = map(spec_of, indices)
        written(x, read(Spec(whole, x.dtype), *specs, **others).shape, whole)
        return {**others, "shape": whole}

    return attrs


def _whole_shape(x: Spec, *indices: Spec, shape: Shape, **others: Any) -> Spec:
    return Spec(shape, x.dtype)


@operation(
    spec=_whole_shape,
    canonical=_undoing(_take_spec),
    lower=Scatter(),
    sign="+[i]",
    latex=r"\operatorname{add}_{$indices} $x",
    numpy=(),
    d={"x": lambda g, indices, axis: take(g, indices, axis=axis), "indices": None},
    integer_inputs=("indices",),
    cases=(
        Case(((2, 3), (2,)), {"axis": 0, "shape": (4, 3)}, integers={"indices": 4}),
        Case(((5,), (5,)), {"axis": 0, "shape": (3,)}, integers={"indices": 3}),
        Case(((2, 2, 2), (2, 2)), {"axis": 1, "shape": (2, 3)}, integers={"indices": 3}),
        Case(((0,), (0,)), {"axis": 0, "shape": (3,)}, integers={"indices": 3}),
    ),
)
@wide
def scatter_add(x, indices, *, axis, shape):
    """Zeros of `shape`, to which x is added at `indices` along `axis` (the undoing of take)."""
    _in_range(indices, shape[axis])
    out = np.zeros(shape, x.dtype)
    np.add.at(out, (slice(None),) * axis + (indices,), x)
    return out


def _along_attrs(x: Any, indices: Any, *, axis: Any) -> dict[str, Any]:
    _whole_numbers(indices)
    return {"axis": one_axis(axis, len(x.shape))}


def _along_spec(x: Spec, indices: Spec, *, axis: int) -> Spec:
    if x.ndim != indices.ndim:
        raise ShapeError("x and indices need the same number of axes")
    rest = broadcast_shapes(
        *[tuple(1 if i == axis else n for i, n in enumerate(s.shape)) for s in (x, indices)]
    )
    shape = tuple(indices.shape[i] if i == axis else n for i, n in enumerate(rest))
    return Spec(shape, x.dtype)


def _grid(indices: Any, read: Shape, shape: Shape, axis: int) -> tuple[Any, ...]:
    """Where in `shape` each element of `read` comes from, when take_along_axis reads there."""
    grid = []
    for i, (n, size) in enumerate(zip(read, shape)):
        ones = tuple(-1 if j == i else 1 for j in range(len(shape)))
        places = np.arange(n) if n == size else np.zeros(n, np.intp)  # size 1 is read again
        grid.append(np.broadcast_to(indices, read) if i == axis else places.reshape(ones))
    return tuple(grid)


@operation(
    spec=_along_spec,
    canonical=_along_attrs,
    lower=Call(NamedAxes(("axis",))),
    sign="[i]",
    latex="${x}_{$indices}",
    onnx="GatherElements(x, indices, axis=axis)",
    d={
        "x": lambda g, x_spec, indices, axis: add_along_axis(
            g, indices, axis=axis, shape=x_spec.shape
        ),
        "indices": None,
    },
    integer_inputs=("indices",),
    cases=(
        Case(((2, 3), (2, 1)), {"axis": 1}, integers={"indices": 3}),
        Case(((4,), (6,)), {"axis": 0}, integers={"indices": 4}),
        Case(((2, 3), (2, 3)), {"axis": 0}, integers={"indices": 2}),
        Case(((1, 3), (4, 2)), {"axis": 1}, integers={"indices": 3}),
    ),
)
def take_along_axis(x, indices, *, axis=-1):
    """For each place, the element of x along `axis` that `indices` names there."""
    _in_range(indices, x.shape[axis])
    return np.take_along_axis(x, indices, axis)


@operation(
    spec=_whole_shape,
    canonical=_undoing(_along_spec),
    lower=Call(NamedAxes(("axis",))),
    sign="+[i]",
    latex=r"\operatorname{add}_{$indices} $x",
    onnx="ScatterElements(zeros(shape), indices, x, axis=axis, reduction='add')",
    numpy=(),
    d={"x": lambda g, indices, axis: take_along_axis(g, indices, axis=axis), "indices": None},
    integer_inputs=("indices",),
    cases=(
        Case(((2, 1), (2, 1)), {"axis": 1, "shape": (2, 3)}, integers={"indices": 3}),
        Case(((6,), (6,)), {"axis": 0, "shape": (4,)}, integers={"indices": 4}),
        Case(((4, 2), (4, 2)), {"axis": 1, "shape": (1, 3)}, integers={"indices": 3}),
    ),
)
@wide
def add_along_axis(x, indices, *, axis, shape):
    """Zeros of `shape`, to which x is added where take_along_axis would read."""
    _in_range(indices, shape[axis])
    out = np.zeros(shape, x.dtype)
    np.add.at(out, _grid(indices, x.shape, shape, axis), x)
    return out


# --------------------------------------------------------------- x[i, j, ...]


def _expression(layout: Layout, indices: tuple[Any, ...]) -> tuple[Any, ...]:
    rest = iter(indices)
    return tuple(slice(None) if kind == ":" else next(rest) for kind in layout)


def _index_spec(x: Spec, *indices: Spec, layout: Layout) -> Spec:
    """NumPy itself says which shape comes out, from views that hold no numbers."""
    _names_every_axis(layout, x.shape)
    reads = tuple(np.broadcast_to(np.zeros((), np.intp), i.shape) for i in indices)
    # an axis that is read has an element to read; whether it really has is asked of the numbers
    sizes = (n if kind == ":" else max(n, 1) for n, kind in zip(x.shape, layout, strict=True))
    hollow = np.broadcast_to(np.empty((), bool), tuple(sizes))
    for i in indices:
        _whole_numbers(i)
    try:
        return Spec(hollow[_expression(layout, reads)].shape, x.dtype)
    except IndexError:
        raise IndexRangeError(
            "the index arrays do not fit together",
            asked="equal sizes on every axis, counted from the right, or size 1",
            came=" and ".join(str(i.shape) for i in indices),
        ) from None


def _names_every_axis(layout: Layout, shape: Shape) -> None:
    if len(layout) != len(shape):
        raise IndexRangeError(
            "a layout says of each axis whether index arrays read it",
            asked=f"{len(shape)} × 'i', ':'",
            came=f"layout={layout}",
        )


def _all_in_range(indices: tuple[Any, ...], shape: Shape, layout: Layout) -> None:
    _names_every_axis(layout, shape)
    for size, i in zip((n for n, kind in zip(shape, layout) if kind == "i"), indices):
        _in_range(i, size)


def _at_front(layout: Layout) -> tuple[int, ...]:
    """The axes of x, those that index arrays read first."""
    return tuple(sorted(range(len(layout)), key=lambda i: layout[i] == ":"))


def _as_one(indices: tuple[Any, ...], sizes: Shape) -> Any:
    """Index arrays into axes of `sizes` as one into these axes flattened."""
    places = (mod(i, size) for i, size in zip(indices, sizes))
    total = next(places)
    for place, size in zip(places, sizes[1:]):
        total = add(multiply(total, size), place)
    return total


def _order(layout: Layout, ndim: int) -> tuple[int, ...]:
    """Where NumPy puts the `ndim` axes of the indices, which come first: where they read from."""
    kept = layout.count(":")
    first, last = layout.index("i"), len(layout) - layout[::-1].index("i")
    before = first if last - first == layout.count("i") else 0
    return (
        *range(ndim, ndim + before), *range(ndim), *range(ndim + before, ndim + kept)
    )  # fmt: skip


def _split(x: Shape, layout: Layout) -> tuple[Shape, Shape]:
    """The sizes of a shape that index arrays read, and the rest."""
    sizes = [tuple(n for n, kind in zip(x, layout) if kind == wanted) for wanted in "i:"]
    return sizes[0], sizes[1]


def _taken_as_one(x, *indices, layout):
    """`gather_nd` as one `take`, from the axes that are read made one."""
    read, kept = _split(x.shape, layout)
    flat = reshape(transpose(x, axes=_at_front(layout)), shape=(math.prod(read), *kept))
    found = take(flat, _as_one(indices, read), axis=0)
    return transpose(found, axes=_order(layout, len(found.shape) - len(kept)))


def _added_as_one(x, *indices, layout, shape):
    """`scatter_add_nd` as one `scatter_add`, to the axes that are read made one."""
    read, kept = _split(shape, layout)
    place = _as_one(indices, read)
    rows = transpose(x, axes=_undone(_order(layout, len(place.shape))))
    flat = scatter_add(rows, place, axis=0, shape=(math.prod(read), *kept))
    return transpose(reshape(flat, shape=(*read, *kept)), axes=_undone(_at_front(layout)))


def _undone(axes: tuple[int, ...]) -> tuple[int, ...]:
    """The order of axes that takes back the order `axes`."""
    return tuple(sorted(range(len(axes)), key=axes.__getitem__))


_INDEX_CASES = (
    Case(((4, 3), (2,)), {"layout": ("i", ":")}, integers={"indices": 3}),
    Case(((3, 3), (2,), (2,)), {"layout": ("i", "i")}, integers={"indices": 3}),
    Case(((3, 2, 3), (2, 1), (2,)), {"layout": ("i", ":", "i")}, integers={"indices": 3}),
    Case(((3,), (0,)), {"layout": ("i",)}, integers={"indices": 3}),
)


@operation(
    spec=_index_spec,
    lower=Call(IndexedAxes()),
    sign="[i,j]",
    latex="${x}_{$indices}",
    onnx_body=_taken_as_one,
    numpy=(),
    d={
        "x": lambda g, x_spec, indices, layout: scatter_add_nd(
            g, *indices, layout=layout, shape=x_spec.shape
        ),
        "indices": None,
    },
    integer_inputs=("*indices",),
    cases=_INDEX_CASES,
)
def gather_nd(x, *indices, layout):
    """x[i, :, j ...] for index arrays that broadcast together; `layout` says which axes they read.

    What is read twice adds its derivatives.
    """
    _all_in_range(indices, x.shape, layout)
    return x[_expression(layout, indices)]


@operation(
    spec=_whole_shape,
    canonical=_undoing(_index_spec),
    lower=Call(IndexedAxes()),
    sign="+[i,j]",
    latex=r"\operatorname{add}_{$indices} $x",
    onnx_body=_added_as_one,
    numpy=(),
    d={
        "x": lambda g, indices, layout: gather_nd(g, *indices, layout=layout),
        "indices": None,
    },
    integer_inputs=("*indices",),
    cases=(
        Case(((2, 3), (2,)), {"layout": ("i", ":"), "shape": (4, 3)}, integers={"indices": 3}),
        Case(((2,), (2,), (2,)), {"layout": ("i", "i"), "shape": (3, 3)}, integers={"indices": 3}),
    ),
)
@wide
def scatter_add_nd(x, *indices, layout, shape):
    """Zeros of `shape`, to which x is added where take_by_arrays would read."""
    _all_in_range(indices, shape, layout)
    out = np.zeros(shape, x.dtype)
    np.add.at(out, _expression(layout, indices), x)
    return out


def index(x: Any, key: Any) -> Any:
    """x[key] for everything that NumPy takes: ints, slices, None, ..., integer and boolean arrays.

    A boolean mask asks for numbers, so that it cannot be used while a function is traced.
    """
    items = list(key) if isinstance(key, tuple) else [key]
    items = [_item(i) for i in items]
    used = sum(_axes_of(i) for i in items if i is not None and i is not Ellipsis)
    ndim = len(x.shape)
    if sum(i is Ellipsis for i in items) > 1:
        raise ShapeError("an index may hold one ellipsis", came=f"{key!r}")
    if used > ndim:
        raise IndexRangeError(
            tr("{count} indices are too many", count=used),
            asked=tr("at most {count} for shape {shape}", count=ndim, shape=tuple(x.shape)),
            came=tr("{count} indices", count=used),
        )
    at = next((n for n, i in enumerate(items) if i is Ellipsis), len(items))
    items[at : at + 1] = [slice(None)] * (ndim - used)
    if not any(_is_array(i) for i in items):
        return cut_by(x, items)
    return _index_arrays(x, items)


def _item(item: Any) -> Any:
    if item is None or item is Ellipsis or isinstance(item, slice):
        return item
    if isinstance(item, (bool, np.bool_)):
        return np.asarray(item)                          # a mask of no axes, and not 0 or 1
    if isinstance(item, (list, tuple, np.ndarray, Node)):
        array: Any = array_like(item)
        if isinstance(item, (list, tuple)) and not array.size:
            array = array.astype(np.intp)
        if array.dtype.kind not in "iub":
            raise DTypeError(
                "an index must be an integer, a boolean mask or a slice",
                came=tr("an array of dtype {dtype}", dtype=array.dtype),
            )
        return array
    try:
        return operator.index(item)
    except TypeError:
        raise DTypeError(
            "an index must be an integer, a slice, None, ... or an array",
            came=f"{item!r}",
        ) from None


def _is_array(item: Any) -> bool:
    return isinstance(item, (Node, np.ndarray))


def _axes_of(item: Any) -> int:
    return len(item.shape) if _is_array(item) and item.dtype.kind == "b" else 1


def _index_arrays(x: Any, items: list[Any]) -> Any:
    """Index arrays among the items: cut the slices first, then read by the arrays."""
    first: list[Any] = []
    layout, arrays, axis = [], [], 0
    mixed = any(isinstance(i, int) for i in items)
    for item in items:
        if item is None:
            first.append(None)
            layout.append(":")
        elif isinstance(item, slice):
            first.append(item)
            layout.append(":")
            axis += 1
        else:
            axes = _axes_of(item)                        # a mask of none reads an axis of its own
            for one in _as_integers(item, x.shape[axis : axis + axes]):
                first.append(slice(None) if axes else None)
                layout.append("i")
                arrays.append(one)
            axis += axes
    x = cut_by(x, first)
    if len(arrays) == 1 and not mixed:
        return take(x, arrays[0], axis=layout.index("i"))
    return gather_nd(x, *arrays, layout=tuple(layout))


def _as_integers(item: Any, shape: Shape) -> list[Any]:
    if isinstance(item, int):
        return [np.asarray(item)]
    if item.dtype.kind != "b":
        return [item]
    if isinstance(item, Node) and (tracer := current_tracer()) is not None:
        item = tracer.read(item)
        tracer.observe(item)
    mask = item.data if isinstance(item, Node) else item
    if mask is None:
        raise TraceError(
            "a boolean mask decides the shape of the result, which a trace must know",
            hint="use sg.where(mask, x, 0), which keeps the shape",
        )
    if tuple(mask.shape) != tuple(shape):
        raise IndexRangeError(
            "the mask does not fit",
            asked=tr("shape {shape}", shape=tuple(shape)),
            came=tr("shape {shape}", shape=mask.shape),
        )
    return list(np.nonzero(mask)) if mask.ndim else [np.zeros(int(mask), np.intp)]
