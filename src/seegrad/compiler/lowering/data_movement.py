"""Forms that move elements, each a function: padding, joining, gathering, windows, running sums;
and calls of NumPy for what has no native code.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from seegrad.compiler.ir.buffer import View
from seegrad.compiler.ir.expression import (
    Apply,
    Counter,
    Expression,
    Literal,
    Load,
    MaskedLoad,
    Reduced,
)
from seegrad.compiler.ir.kernel import Draw, LoopNest, NumpyCall, Store
from seegrad.compiler.lowering.builder import KernelBuilder
from seegrad.compiler.lowering.groups import behind, joined
from seegrad.compiler.lowering.type_promotion import cast
from seegrad.graph import forms
from seegrad.graph.node import Node


def numpy_call(builder: KernelBuilder, node: Node) -> None:
    views = tuple(map(builder.ungathered, node.inputs))
    why = builder.grouping.why[node]
    builder.add(
        NumpyCall(
            builder.name(node), (), [], (node,),
            inputs=views, output=builder.of[node].view(), why=why,
        )
    )


def _filled(
    builder: KernelBuilder, node: Node, value: Any, index: Sequence[tuple[int, int, int]]
) -> None:
    """The node's buffer filled with a value, and its input where `index` says."""
    x = node.inputs[0]
    source = builder.view(x)
    builder.reading.add(behind(x))
    whole = builder.of[node].view()
    before = builder.fill(whole, value, node)
    part = whole.slice(index)
    assert part is not None
    after = builder.add(LoopNest(builder.name(node), source.shape,
                           [Store(part, Load(source))], (node,)))
    builder.extra.append((before, after))


def _slice_scatter(builder: KernelBuilder, node: Node) -> None:
    _filled(builder, node, 0, node.attrs["index"])


def _pad(builder: KernelBuilder, node: Node) -> None:
    widths, x = node.attrs["widths"], node.inputs[0]
    _filled(builder, node, node.attrs["value"],
                 [(b, n, 1) for n, (b, _) in zip(x.shape, widths)])


def _fold(builder: KernelBuilder, node: Node) -> None:
    """Each place as the sum of the windows that hold it; where windows are some steps apart,
    zeros, to which every window adds what it holds."""
    source, whole = builder.ungathered(node.inputs[0]), builder.of[node].view()
    count = len(node.attrs["shape"])
    lead = len(whole.shape) - count
    if all(step == 1 for step in node.attrs["steps"]):
        _fold_densely(builder, node, source, whole, lead, count)
        return
    size, steps = source.shape[lead : lead + count], node.attrs["steps"]
    seen = whole.window(size, steps, node.attrs["dilation"])
    assert seen is not None
    name, windows = builder.name(node), range(lead, len(source.shape))
    apart = all(k == 1 or (d == 1 and k <= s)
                for k, s, d in zip(size, steps, node.attrs["dilation"]))
    if apart and source.size == whole.size:      # side by side, they leave nothing out
        builder.add(LoopNest(name, source.shape, [Store(seen, Load(source))], (node,)))
        return
    before = builder.fill(whole, 0, node)
    total: Expression = Load(source)
    if not apart:
        total = Apply("add", (Load(seen), total), node.dtype, node.dtype)
    after = builder.add(LoopNest(name, source.shape, [Store(seen, total)], (node,),
                           overlapping=frozenset() if apart else frozenset(windows)))
    builder.extra.append((before, after))


def _fold_densely(
    builder: KernelBuilder, node: Node, source: View, whole: View, lead: int, count: int
) -> None:
    """Place y holds element k of the window at y - k·dilation, for every k for which there is
    such a window: a sum over k of the source seen aslant."""
    dilation = node.attrs["dilation"]
    inner, along = source.strides[lead : lead + count], source.strides[lead + count :]
    aslant = tuple(k - d * p for k, d, p in zip(inner, dilation, along))
    size = source.shape[lead : lead + count]
    space = (*whole.shape, *size)
    seen = View(source.buffer, space, (*source.strides[:lead], *along, *aslant), source.offset)
    bounds = [(lead + i, lead + count + i, dilation[i], source.shape[lead + count + i])
              for i in range(count)]  # fmt: skip
    total = Reduced("sum", MaskedLoad(seen, bounds), node.dtype)
    out = View(whole.buffer, space, (*whole.strides, *(0,) * count), whole.offset)
    reduced = frozenset(range(lead + count, lead + 2 * count))
    builder.add(LoopNest(builder.name(node), space, [Store(out, total)], (node,), reduced))


def _concatenate(builder: KernelBuilder, node: Node) -> None:
    for x, index in joined(node):
        view, part = builder.view(x), builder.views[node].slice(index)
        builder.reading.add(behind(x))
        assert part is not None
        if view == part:                         # written here already
            continue
        value = cast(Load(view), node.dtype)
        builder.add(LoopNest(builder.name(node), x.shape, [Store(part, value)], (node,)))


def _gather(builder: KernelBuilder, node: Node) -> None:
    """Rows picked by an index that came in: a copy through the index."""
    x, indices = node.inputs
    axis = node.attrs["axis"]
    source = builder.ungathered(x)
    picked = builder.picked(source, axis, indices, node)
    out = builder.of[node].view().reshape(picked.shape)
    assert out is not None
    builder.add(LoopNest(builder.name(node), picked.shape, [Store(out, Load(picked))], (node,)))


def _scatter_add(builder: KernelBuilder, node: Node) -> None:
    """Zeros, to which rows are added where the index says, one after the other."""
    x, indices = node.inputs
    axis, whole = node.attrs["axis"], builder.of[node].view()
    source = builder.ungathered(x)
    seen = builder.picked(whole, axis, indices, node)
    source = builder.reshaped(source, seen.shape, x)
    before = builder.fill(whole, 0, node)
    total = Apply("add", (Load(seen), Load(source)), node.dtype, node.dtype)
    after = builder.add(LoopNest(builder.name(node), seen.shape, [Store(seen, total)], (node,),
                           running=frozenset({axis})))
    builder.extra.append((before, after))


def _cumulate(builder: KernelBuilder, node: Node) -> None:
    """The first place as it is, and then each as the sum of the one before and what comes."""
    (x,) = node.inputs
    axis, out = node.attrs["axis"], builder.of[node].view()
    source = builder.ungathered(x)

    def part(view: View, start: int, length: int) -> View:
        index = [(0, n, 1) for n in view.shape]
        index[axis] = (start, length, 1)
        found = view.slice(index)
        assert found is not None
        return found

    name, length = builder.name(node), x.shape[axis]
    first = cast(Load(part(source, 0, min(length, 1))), node.dtype)
    target = part(out, 0, min(length, 1))
    before = builder.add(LoopNest(name, target.shape, [Store(target, first)], (node,)))
    if length < 2:
        return
    target = part(out, 1, length - 1)
    coming = cast(Load(part(source, 1, length - 1)), node.dtype)
    total = Apply("add", (Load(part(out, 0, length - 1)), coming), node.dtype, node.dtype)
    after = builder.add(LoopNest(name, target.shape, [Store(target, total)], (node,),
                           running=frozenset({axis})))
    builder.extra.append((before, after))


def _place_of_extreme(builder: KernelBuilder, node: Node) -> None:
    """The first of the places along an axis where the extreme stands, or NaN."""
    (x,), axis = node.inputs, node.attrs["axis"]
    source = builder.ungathered(x)
    if axis is None:
        source, axis = builder.reshaped(source, (x.spec.size,), x), 0
    assert node.op is not None
    value, truth, dtype = Load(source), np.dtype(bool), node.dtype
    extreme = Reduced(node.op.lower.kind, value, x.dtype)  # type: ignore[union-attr]
    at, beyond = Counter(axis, dtype), Literal(source.shape[axis], dtype)
    place = Apply("where", (Apply("equal", (value, extreme), truth, x.dtype), at, beyond),
                  dtype, dtype)  # fmt: skip
    if x.dtype.kind == "f":
        place = Apply("where", (Apply("isnan", (value,), truth, x.dtype), at, place), dtype, dtype)
    rest = builder.of[node].view().reshape((*source.shape[:axis], *source.shape[axis + 1 :]))
    assert rest is not None
    strides = (*rest.strides[:axis], 0, *rest.strides[axis:])
    store = Store(View(rest.buffer, source.shape, strides), Reduced("min", place, dtype))
    builder.add(LoopNest(builder.name(node), source.shape, [store], (node,), frozenset({axis})))


def _drawn(builder: KernelBuilder, node: Node) -> None:
    """Random numbers, counter by counter."""
    (x,) = node.inputs
    key, each = builder.ungathered(x), 32 // node.dtype.itemsize
    blocks = -(-node.spec.size // each)
    rows = View(builder.of[node], (blocks, each), (each, 1))
    seen = View(key.buffer, (blocks, 2), (0, *key.strides), key.offset)
    builder.add(Draw(builder.name(node), (blocks,), [], (node,), key=seen, output=rows))


MOVES: dict[type, Callable[[KernelBuilder, Node], None]] = {
    forms.Place: _slice_scatter, forms.Pad: _pad, forms.Join: _concatenate,
    forms.Gather: _gather, forms.Overlap: _fold, forms.Scan: _cumulate,
    forms.Scatter: _scatter_add, forms.Random: _drawn,
    forms.ArgReduce: _place_of_extreme,
}  # fmt: skip


def unfused(builder: KernelBuilder, node: Node) -> None:
    """The kernels of a node that no other is fused with."""
    assert node.op is not None
    if node in builder.grouping.why:
        numpy_call(builder, node)
    else:
        MOVES[type(node.op.lower)](builder, node)
