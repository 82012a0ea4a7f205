"""Batching rules: one for each form, which says how an axis of examples joins it.

A value is a pair: what holds it, and whether the examples are its first axis. A rule takes a node
of one example and the pairs of its inputs, and gives the node of all examples, batched; it knows
forms, never ops. `spread` carries the pairs through a graph, as far as that is younger than its
first symbol. Nothing is traced here.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Container, Mapping, Sequence
from types import MappingProxyType
from typing import Any

import numpy as np

from seegrad.graph import forms
from seegrad.graph.bind import bind
from seegrad.graph.graph import walk
from seegrad.graph.node import Node
from seegrad.graph.op import Op
from seegrad.ops.arithmetic import add, mod
from seegrad.ops.compare import equal, greater_equal, less, logical_and, where
from seegrad.ops.families import symbol
from seegrad.ops.indexing import take
from seegrad.ops.reduce import sum
from seegrad.ops.shape import (
    broadcast_to,
    matrix_transpose,
    moveaxis,
    part,
    reshape,
    stack,
    transpose,
)
from seegrad.tensor.tensor import as_tensor
from seegrad.transforms.loops.batching import batched as batched_loop

Batched = tuple[Any, bool]
"""A value, and whether its first axis is that of the examples."""
Rule = Callable[[Node, Sequence[Batched], int], Any]


def spread(
    outputs: Sequence[Node], known: Mapping[Node, Batched], count: int,
    units: Mapping[Node, int] = MappingProxyType({}),
) -> list[Any]:  # fmt: skip
    """The outputs for all `count` examples; `known` are the values that the graph began with.

    `units` says of which of them example i is 1 at place start + i and 0 elsewhere, with its start.
    """
    done, starts, scaled = dict(known), dict(units), set[Node]()
    began = max((node.order for node in known), default=0)       # orders fall as nodes are made
    for node in walk(outputs):
        if node in done or node.op is None or node.order > began:
            continue                                     # what was there before stays as it is
        inputs = [done.get(x, (x, False)) for x in node.inputs]
        if not any(batched for _, batched in inputs):
            done[node] = (bind(node.op, tuple(x for x, _ in inputs), node.attrs), False)
            continue
        unit = next((x for x in node.inputs if x in starts), None)
        found = None if unit is None else _unit_product(node, inputs, starts, scaled, count)
        if unit is not None and _stays_in_place(node, unit, inputs):
            starts[node] = starts[unit]
            if unit in scaled or isinstance(node.op.lower, forms.Scalar):
                scaled.add(node)
        done[node] = (batch(node, inputs, count) if found is None else found, True)
    pairs = [done.get(node, (node, False)) for node in outputs]
    return [x if batched else _repeated(x, count) for x, batched in pairs]


def _stays_in_place(node: Node, unit: Node, inputs: Sequence[Batched]) -> bool:
    """Is it 0 wherever its input `unit` is, and of as many elements?"""
    form = _op(node).lower
    if node.spec.size != unit.spec.size:
        return False
    if isinstance(form, forms.Reshape):
        return True
    others = [batched for x, (_, batched) in zip(node.inputs, inputs) if x is not unit]
    if not isinstance(form, forms.Scalar) or any(others) or len(others) != len(inputs) - 1:
        return False
    return node.shape == unit.shape and _keeps_zeros(
        form.tree, next(name for name, x in zip(_op(node).inputs, node.inputs) if x is unit)
    )


def _keeps_zeros(tree: forms.Expression, name: str) -> bool:
    """Is the expression 0 where its input `name` is, whatever finite number the others are?"""
    match tree:
        case forms.Input(found):
            return found == name
        case forms.Apply("multiply", arguments):
            return any(_keeps_zeros(a, name) for a in arguments)
        case forms.Apply("divide" | "negative", (a, *_)):
            return _keeps_zeros(a, name)
    return False


def _unit_product(
    node: Node, inputs: Sequence[Batched], starts: Mapping[Node, int], scaled: Container[Node],
    count: int,
) -> Any:  # fmt: skip
    """Unit vectors times a matrix that all examples share are its rows (or columns), scaled."""
    if not isinstance(_op(node).lower, forms.Product):
        return None
    for i, x in enumerate(node.inputs):
        matrix, batched = inputs[1 - i]
        if x not in starts or batched or len(matrix.shape) != 2 or matrix.dtype != node.dtype:
            continue
        if x.spec.size == matrix.shape[i]:
            rows = part(matrix_transpose(matrix) if i else matrix, 0, starts[x], count)
            if x in scaled:
                value = reshape(inputs[i][0], shape=(count, x.spec.size))
                rows = sum(value, axis=1, keepdims=True) * rows
            return reshape(rows, shape=(count, *node.shape))
    return None


def batch(node: Node, inputs: Sequence[Batched], count: int) -> Any:
    """The node for all examples, which are the first axis of what it gives."""
    assert node.op is not None
    form = node.op.lower
    rule = RULES.get(type(form.batching if isinstance(form, forms.Call) else form), _one_by_one)
    return rule(node, inputs, count)


def _op(node: Node) -> Op:
    assert node.op is not None
    return node.op


# --------------------------------------------------------------- what rules share


def _repeated(x: Any, count: int) -> Any:
    x = as_tensor(x)
    return broadcast_to(x, shape=(count, *x.shape))


def _each(inputs: Sequence[Batched], count: int) -> tuple[Any, ...]:
    """Every input with the examples first."""
    return tuple(x if batched else _repeated(x, count) for x, batched in inputs)


def _ranked(x: Any, batched: bool, rank: int) -> Any:
    """x with axes of length 1 put in so that an example has `rank` axes."""
    missing = rank + 1 - len(x.shape)
    if not batched or missing <= 0:
        return x
    return reshape(x, shape=(x.shape[0], *(1,) * missing, *x.shape[1:]))


def _one_by_one(node: Node, inputs: Sequence[Batched], count: int) -> Any:
    """No rule: the op itself, example by example."""
    rows = []
    for i in range(count):
        one = tuple(x[i] if batched else x for x, batched in inputs)
        rows.append(bind(_op(node), one, node.attrs))
    return stack(*rows, axis=0)


def _shifted(**changes: Callable[[Any, int], Any]) -> Rule:
    """A rule for a form of one input: the same op with these attributes changed."""

    def rule(node: Node, inputs: Sequence[Batched], count: int) -> Any:
        new = {name: change(node.attrs[name], count) for name, change in changes.items()}
        return bind(_op(node), (inputs[0][0],), {**node.attrs, **new})

    return rule


def _behind(axes: Any, count: int) -> Any:
    """Axes one further back."""
    return axes + 1 if isinstance(axes, int) else tuple(a + 1 for a in axes)


def _with_count(shape: Any, count: int) -> Any:
    return (count, *shape)


# --------------------------------------------------------------- the rules


def _aligned(node: Node, inputs: Sequence[Batched], count: int) -> Any:
    """Element by element, with broadcasting: equal ranks behind the examples."""
    rank = len(node.shape)
    return bind(_op(node), tuple(_ranked(x, b, rank) for x, b in inputs), node.attrs)


def _broadcast(node: Node, inputs: Sequence[Batched], count: int) -> Any:
    wide = _ranked(inputs[0][0], True, len(node.shape))
    return bind(_op(node), (wide,), {**node.attrs, "shape": (count, *node.attrs["shape"])})


def _permute(node: Node, inputs: Sequence[Batched], count: int) -> Any:
    axes = (0, *_behind(node.attrs["axes"], count))
    return bind(_op(node), (inputs[0][0],), {**node.attrs, "axes": axes})


def _arg_reduce(node: Node, inputs: Sequence[Batched], count: int) -> Any:
    x, axis = inputs[0][0], node.attrs["axis"]
    if axis is None:
        x, axis = reshape(x, shape=(count, math.prod(x.shape[1:]))), 0
    attrs = {**node.attrs, "axis": axis + 1, "keepdims": False}
    return reshape(bind(_op(node), (x,), attrs), shape=(count, *node.shape))


def _join(node: Node, inputs: Sequence[Batched], count: int) -> Any:
    attrs = {**node.attrs, "axis": node.attrs["axis"] + 1}
    return bind(_op(node), _each(inputs, count), attrs)


def _unchanged(node: Node, inputs: Sequence[Batched], count: int) -> Any:
    return bind(_op(node), (inputs[0][0],), node.attrs)


def _product(node: Node, inputs: Sequence[Batched], count: int) -> Any:
    """Vectors become matrices of one row or one column, which are dropped again."""
    (a, a_many), (b, b_many) = inputs
    ranks = [len(x.shape) for x in node.inputs]
    if ranks == [1, 2] and not b_many:                   # the examples are the rows
        return bind(_op(node), (a, b), node.attrs)
    if ranks[0] == 1:
        a = reshape(a, shape=(*a.shape[:-1], 1, a.shape[-1]))
    if ranks[1] == 1:
        b = reshape(b, shape=(*b.shape, 1))
    rank = max(*ranks, 2)
    y = bind(_op(node), (_ranked(a, a_many, rank), _ranked(b, b_many, rank)), node.attrs)
    return reshape(y, shape=(count, *node.shape))


def _contract(node: Node, inputs: Sequence[Batched], count: int) -> Any:
    subscripts = node.attrs["subscripts"]
    left, out = subscripts.split("->")
    new = next(c for c in map(chr, range(ord("a"), ord("z") + 1)) if c not in subscripts)
    terms = [new + t if batched else t for t, (_, batched) in zip(left.split(","), inputs)]
    attrs = {**node.attrs, "subscripts": f"{','.join(terms)}->{new}{out}"}
    return bind(_op(node), tuple(x for x, _ in inputs), attrs)


def _leading(node: Node, inputs: Sequence[Batched], count: int) -> Any:
    """Broadcast over the first axes; a vector beside matrices becomes a column."""
    ranks = [len(x.shape) for x in node.inputs]
    vector = len(ranks) == 2 and ranks[1] == 1 < ranks[0]
    rank, values = max(ranks), []
    for (x, batched), own in zip(inputs, ranks):
        if vector and own == 1:
            x, own = reshape(x, shape=(*x.shape, 1)), 2
        values.append(_ranked(x, batched, rank))
    found = bind(_op(node), tuple(values), node.attrs)
    return reshape(found, shape=(count, *node.shape)) if vector else found


def _named_axes(node: Node, inputs: Sequence[Batched], count: int) -> Any:
    form = _op(node).lower
    assert isinstance(form, forms.Call)
    assert isinstance(form.batching, forms.NamedAxes)
    new = {name: node.attrs[name] + 1 for name in form.batching.names}
    if "shape" in node.attrs:
        new["shape"] = (count, *node.attrs["shape"])
    return bind(_op(node), _each(inputs, count), {**node.attrs, **new})


# --------------------------------------------------------------- reading and adding by index


def _in_own_row(indices: Any, size: int, count: int, negative: bool = True) -> Any:
    """Indices into `size` places of their own example, as indices into those of all examples.

    What is out of range stays so: it would reach another example's places.
    """
    first = np.arange(count).reshape((count, *(1,) * (len(indices.shape) - 1))) * size
    least = -size if negative else 0
    inside = logical_and(greater_equal(indices, least), less(indices, size))
    return where(inside, add(mod(indices, max(size, 1)), first), count * size)


def _at_one_place(
    indices: Any, size: int, count: int, axis: int, rank: int, negative: bool
) -> Any:
    """Where along `axis` of `rank` axes each example's one index points, behind the examples."""
    place = take(np.arange(size), reshape(indices, shape=(count,)), axis=0, negative=negative)
    shape = [count, *(1,) * rank]
    place, shape[axis + 1] = reshape(place, shape=tuple(shape)), size
    return equal(place, np.arange(size).reshape([1, *shape[1:]]))


def _gather(node: Node, inputs: Sequence[Batched], count: int) -> Any:
    (x, x_many), (indices, many) = inputs
    axis, attrs = node.attrs["axis"], dict(node.attrs)
    if not many:
        return bind(_op(node), (x, indices), {**attrs, "axis": axis + 1})
    if not x_many:
        found = bind(_op(node), (x, indices), attrs)
        return moveaxis(found, source=axis, destination=0)
    size, negative = x.shape[axis + 1], attrs.get("negative", True)
    if node.inputs[1].spec.size == 1 and x.dtype.kind == "f":      # a label: read by a choice
        here = _at_one_place(indices, size, count, axis, len(x.shape) - 1, negative)
        found = sum(where(here, x, np.zeros((), x.dtype)), axis=axis + 1)
        return reshape(found, shape=(count, *node.shape))
    rows = moveaxis(x, source=axis + 1, destination=1)
    flat = reshape(rows, shape=(count * size, *rows.shape[2:]))
    places = _in_own_row(indices, size, count, negative)
    found = bind(_op(node), (flat, places), {**attrs, "axis": 0})
    own = len(indices.shape)                             # (count, …indices, …rest)
    before = tuple(range(own, own + axis))
    return moveaxis(found, source=before, destination=tuple(range(1, 1 + axis)))


def _scatter(node: Node, inputs: Sequence[Batched], count: int) -> Any:
    (x, x_many), (indices, many) = inputs
    axis, shape = node.attrs["axis"], node.attrs["shape"]
    if not x_many:
        x = _repeated(x, count)
    if not many:
        attrs = {**node.attrs, "axis": axis + 1, "shape": (count, *shape)}
        return bind(_op(node), (x, indices), attrs)
    own, size = len(indices.shape), shape[axis]
    if node.inputs[1].spec.size == 1 and x.dtype.kind == "f":
        here = _at_one_place(indices, size, count, axis, len(shape), True)
        alone = reshape(x, shape=(count, *shape[:axis], 1, *shape[axis + 1 :]))
        return where(here, alone, np.zeros((), x.dtype))
    before = tuple(range(1, 1 + axis))                   # (count, …before, …indices, …after)
    rows = moveaxis(x, source=before, destination=tuple(range(own, own + axis)))
    rest = (*shape[:axis], *shape[axis + 1 :])
    attrs = {**node.attrs, "axis": 0, "shape": (count * size, *rest)}
    flat = bind(_op(node), (rows, _in_own_row(indices, size, count)), attrs)
    whole = reshape(flat, shape=(count, size, *rest))
    return moveaxis(whole, source=1, destination=axis + 1)


def _indexed_axes(node: Node, inputs: Sequence[Batched], count: int) -> Any:
    (x, x_many), *indices = inputs
    layout, attrs = node.attrs["layout"], dict(node.attrs)
    many = any(batched for _, batched in indices)
    rank = max(len(i.shape) for i in node.inputs[1:])
    values = [_ranked(i, batched, rank) for i, batched in indices]
    writes = "shape" in attrs
    own_row = many and (x_many or writes)
    if own_row:                                          # each example has its own places
        values.insert(0, np.arange(count).reshape((count, *(1,) * rank)))
    if x_many or writes:
        attrs["layout"] = ("i" if own_row else ":", *layout)
    here, wanted = _labels(attrs["layout"], rank, many), ["examples", *_labels(layout, rank)]
    if not writes:
        found = bind(_op(node), (x, *values), attrs)
        return transpose(found, axes=tuple(map(here.index, wanted)))
    x = transpose(x if x_many else _repeated(x, count), axes=tuple(map(wanted.index, here)))
    return bind(_op(node), (x, *values), {**attrs, "shape": (count, *attrs["shape"])})


def _labels(layout: Sequence[str], rank: int, many: bool | None = None) -> list[str]:
    """What the axes of x[indices] are, in NumPy's order, for indices of `rank` axes.

    many: are the examples in the indices (or else the first axis that is kept)? None: nowhere.
    """
    first, last = layout.index("i"), len(layout) - layout[::-1].index("i")
    start = first if last - first == layout.count("i") else 0
    kept = [f"kept {k}" for k in range(layout.count(":") - (many is False))]
    kept = ["examples", *kept] if many is False else kept
    read = ["examples"] * (many is True) + [f"read {k}" for k in range(rank)]
    return [*kept[:start], *read, *kept[start:]]


def _loop(node: Node, inputs: Sequence[Batched], count: int) -> Any:
    return batched_loop(node, inputs, count, spread)


def _body(node: Node, inputs: Sequence[Batched], count: int) -> Any:
    """A composite: its body, on symbols of one example, spread over all."""
    op = _op(node)
    assert op.body is not None
    assert isinstance(op.lower, forms.Body)
    if op.lower.batched is not None:
        return op.lower.batched(node, inputs, count)
    symbols = [symbol(x.spec) for x in node.inputs]
    out = as_tensor(op.body(*symbols, **node.attrs))
    (found,) = spread([out], dict(zip(symbols, inputs)), count)
    return found


RULES: Mapping[type, Rule] = {
    forms.Scalar: _aligned,
    forms.Reduce: _shifted(axis=_behind),
    forms.ArgReduce: _arg_reduce,
    forms.Scan: _shifted(axis=_behind),
    forms.Permute: _permute,
    forms.Reshape: _shifted(shape=_with_count),
    forms.Broadcast: _broadcast,
    forms.Slice: _shifted(index=lambda index, count: ((0, count, 1), *index)),
    forms.Place: _shifted(
        index=lambda index, count: ((0, count, 1), *index), shape=_with_count
    ),
    forms.Pad: _shifted(widths=lambda widths, count: ((0, 0), *widths)),
    forms.Join: _join,
    forms.Gather: _gather,
    forms.Scatter: _scatter,
    forms.Window: _unchanged,
    forms.Overlap: _unchanged,
    forms.OneHot: _unchanged,
    forms.Product: _product,
    forms.Contract: _contract,
    forms.Elementwise: _aligned,
    forms.LeadingAxes: _leading,
    forms.NamedAxes: _named_axes,
    forms.IndexedAxes: _indexed_axes,
    forms.Body: _body,
    forms.Loop: _loop,
}  # fmt: skip
