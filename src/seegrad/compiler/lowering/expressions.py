"""Groups of fused nodes as loop nests: the expression of every member along the kernel's axes."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

import numpy as np

from seegrad.compiler.ir import expression as ir
from seegrad.compiler.ir.buffer import View
from seegrad.compiler.ir.kernel import LoopNest, Store
from seegrad.compiler.lowering.builder import KernelBuilder, aligned
from seegrad.compiler.lowering.groups import AxisMap, Group, behind, is_constant
from seegrad.compiler.lowering.type_promotion import cast, expression
from seegrad.graph import forms
from seegrad.graph.node import Node

SHORT, AGAIN, SMALL = 8, 8, 1 << 20
"""A row that is too short to matter; so many times, up to so many bytes, is worth a copy."""


def expressions(
    builder: KernelBuilder, group: Group, space: Sequence[int | None],
    start: Mapping[Node, ir.Expression],
) -> dict[Node, ir.Expression]:
    """The expression of every member, over loads along the kernel's axes."""
    found: dict[Node, ir.Expression] = dict(start)
    loads: dict[View, ir.Load] = {}
    for node in group.members:
        if node in found:
            continue
        inputs = []
        for x in node.inputs:
            inputs.append(_input(builder, group, node, x, space, found, loads))
        found[node] = _expression(builder, group, node, inputs, space)
    return found


def _input(builder: KernelBuilder, group: Group, node: Node, x: Node, space: Sequence[int | None],
    found: Mapping[Node, ir.Expression], loads: dict[View, ir.Load],
) -> ir.Expression:
    base, _ = builder.grouping.through(x)
    if base in found and builder.grouping.of.get(base) is group:
        return found[base]
    if is_constant(base):
        return ir.Literal(np.asarray(base.data).item(), base.dtype)
    view = builder.view(x)
    builder.reading.add(behind(x))
    axes = builder.grouping.input_axes(node, x)
    if view.rows is not None and axes[view.rows_axis] is None:
        view = builder.copied(view, x)
    view = aligned(view, axes, space, group.sizes)
    if group.kind == "matmul" and view.rows is not None and (
        view.rows_axis == len(space) - 1
    ):
        view = aligned(
            builder.copied(builder.view(x), x), axes, space, group.sizes
        )
    if view not in loads:
        loads[view] = ir.Load(_straightened(builder, group, view, x))
    return loads[view]


def _straightened(builder: KernelBuilder, group: Group, view: View, x: Node) -> View:
    """The view, or one of a copy: what is read many times, each time aslant, is copied before."""
    known = [bool(s) for s in view.strides]
    if group.kind != "loop_nest" or view.rows is not None or not view.shape or (
        view.strides[-1] in (0, 1) or view.shape[-1] < SHORT
    ):
        return view
    shape = tuple(n if varied else 1 for n, varied in zip(view.shape, known))
    few = view.dtype.itemsize * math.prod(shape) <= SMALL
    if not few or AGAIN * math.prod(shape) > math.prod(group.sizes.values()):
        return view
    copied = builder.copied(View(view.buffer, shape, view.strides, view.offset), x)
    strides = tuple(s if varied else 0 for s, varied in zip(copied.strides, known))
    return View(copied.buffer, view.shape, strides)


def _expression(
    builder: KernelBuilder, group: Group, node: Node, inputs: Sequence[ir.Expression],
    space: Sequence[int | None],
) -> ir.Expression:
    assert node.op is not None
    form = node.op.lower
    if isinstance(form, forms.Scalar):
        names = [n.lstrip("*") for n in node.op.inputs]
        return expression(node, dict(zip(names, inputs)))
    if isinstance(form, forms.Reduce):
        if form.kind in ("all", "any"):
            given = cast(inputs[0], np.dtype(bool))
        else:
            given = cast(inputs[0], node.dtype)
        if all(node.inputs[0].shape[i] == 1 for i in node.attrs["axis"]):
            return given                         # one element: nothing to go through
        return ir.Reduced(form.kind, given, node.dtype)
    assert isinstance(form, forms.OneHot)
    last = group.maps[node][-1]
    labels = cast(inputs[0], np.dtype(np.int32))
    place: ir.Expression
    if last is None:
        place = ir.Literal(0, labels.dtype)
    else:
        place = ir.Counter(list(space).index(last), labels.dtype)
    builder.check(node.inputs[0], node.attrs["classes"], False, node)
    equal = ir.Apply("equal", (labels, place), np.dtype(bool), labels.dtype)
    return cast(equal, node.dtype)


def loop_nest(builder: KernelBuilder, group: Group) -> None:
    space = _space(builder, group)
    sizes = tuple(group.sizes[c] for c in space)
    values = expressions(builder, group, space, {})
    stores = []
    for node in group.members:
        if node in builder.of:
            view = aligned(builder.views[node], group.maps[node], space, group.sizes)
            stores.append(Store(view, values[node]))
    reduced = frozenset(i for i, c in enumerate(space) if c in group.reduced)
    if stores:
        name = builder.name(group.members[-1])
        builder.add(LoopNest(name, sizes, stores, tuple(group.members), reduced))


def _space(builder: KernelBuilder, group: Group) -> list[int]:
    """The group's axes in the order of the largest thing that is stored or summed."""
    best: AxisMap = ()
    for node in group.members:
        axes = group.maps[node]
        stored = node in builder.of
        for candidate in (axes, builder.grouping.argument.get(node, ())):
            count = sum(a is not None for a in candidate)
            have = sum(a is not None for a in best)
            if count > have or (count == have and stored):
                best = candidate
    order = [a for a in best if a is not None]
    return order + [c for c in group.sizes if c not in order]
