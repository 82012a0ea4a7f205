"""From groups of nodes to kernels: buffers, views, expressions, in an order that can run.

State that is assigned is written where it lies whenever everyone who needs the old value comes
before. Who runs what, and when, is decided by the scheduler.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import reduce
from operator import or_
from typing import Any

import numpy as np

from seegrad.compiler.ir.buffer import Buffer, View
from seegrad.compiler.ir.kernel import Kernel, Store
from seegrad.compiler.lowering.builder import Index, KernelBuilder, Request
from seegrad.compiler.lowering.data_movement import unfused
from seegrad.compiler.lowering.expressions import loop_nest
from seegrad.compiler.lowering.fusion import fuse
from seegrad.compiler.lowering.groups import Group, Grouping, behind, joined
from seegrad.compiler.lowering.loops import loop_call
from seegrad.compiler.lowering.matmul.matmul import matmul
from seegrad.compiler.lowering.native_support import why_foreign
from seegrad.compiler.lowering.order import Cycle, ordered
from seegrad.compiler.lowering.sparse_update import sparse_updates
from seegrad.errors import GraphError
from seegrad.graph.forms import Join, Loop
from seegrad.graph.node import Node


@dataclass(eq=False)
class Lowered:
    """Kernels in an order that can run, and the memory that they use."""

    kernels: list[Kernel]
    buffers: list[Buffer]
    leaves: dict[Node, Buffer]
    outputs: list[Buffer]
    indices: list[Index]
    constants: dict[Buffer, np.ndarray[Any, Any]]
    grouping: Grouping

    @property
    def foreign(self) -> dict[Node, str]:
        """What goes through NumPy, and why."""
        return self.grouping.why


def lower(request: Request, grouping: Grouping | None = None) -> Lowered:
    """Kernels for the graph; its `grouping`, where it is known from before."""
    apart: set[Node] = set()
    foreign: Callable[[Node], str] = lambda node: why_foreign(node, request)  # noqa: E731
    if not request.native:
        foreign = lambda node: "llvmlite is not installed"  # noqa: E731
    grouping = grouping or fuse(request.graph, foreign)
    while True:
        try:
            return _lowered(KernelBuilder(request, grouping), apart)
        except Cycle as cycle:
            if cycle.leaves <= apart:
                raise GraphError("the plan's kernels wait for each other") from None
            apart |= cycle.leaves


def _lowered(builder: KernelBuilder, apart: set[Node]) -> Lowered:
    """Kernels for every group, then for results and state; leaves in `apart` are copied to."""
    request, grouping = builder.request, builder.grouping
    in_place = _plan_memory(builder, apart)
    for group in grouping.order:
        builder.reading = set()
        before = len(builder.kernels)
        if group.kind == "loop_nest":
            loop_nest(builder, group)
        elif group.kind == "matmul":
            matmul(builder, group)
        else:
            assert group.head is not None
            assert group.head.op is not None
            if isinstance(group.head.op.lower, Loop) and group.head not in grouping.why:
                loop_call(builder, group.head, lower)
            else:
                unfused(builder, group.head)
        for node in group.members:
            if len(builder.kernels) > before:
                builder.maker[node] = builder.kernels[-1]
    outputs = [_result(builder, node) for node in request.results]
    late = _copy_state(builder, in_place)
    kernels = ordered(builder, in_place, late)
    if request.turns == 1:
        kernels = sparse_updates(kernels, builder.constants)
    return Lowered(
        kernels, builder.buffers,
        {n: b for n, b in builder.of.items() if n.op is None}, outputs,
        builder.indices, builder.constants, grouping,
    )  # fmt: skip


def _plan_memory(builder: KernelBuilder, apart: set[Node]) -> dict[Node, Node]:
    """A buffer for every node that someone outside of its group reads; gives the leaves whose
    new value is written where the old one lies."""
    request, grouping = builder.request, builder.grouping
    apart |= _read_later(request, grouping)
    kept = [x for x in request.graph.listed if x in request.state]
    for leaf in (*request.arguments, *kept):
        builder.views[leaf] = builder.leaf(leaf)
    in_place: dict[Node, Node] = {}
    taken: dict[Node, Buffer] = {}
    for leaf, value in request.assigned.items():
        group = grouping.of.get(value)
        fits = (
            group is not None and leaf not in apart and value not in taken
            and value.dtype == leaf.dtype and group.kind != "unfused"
        )  # fmt: skip
        if fits:
            taken[value] = builder.of[leaf]
            in_place[leaf] = value
    needed, parts = _needed(request, grouping), _parts(request, grouping)
    for node in grouping.of:
        if node in needed and node not in parts:
            builder.of[node] = taken.get(node) or builder.buffer(
                builder.name(node), node.shape, node.dtype, "temporary"
            )
            builder.views[node] = builder.of[node].view()
    for node, (whole, index) in reversed(parts.items()):     # a whole before its parts
        part = builder.views[whole].slice(index)
        assert part is not None
        builder.of[node], builder.views[node] = builder.of[whole], part
    return in_place


def _parts(
    request: Request, grouping: Grouping
) -> dict[Node, tuple[Node, list[tuple[int, int, int]]]]:
    """What is only put beside others, and written where it is put: in which node, and where."""
    found = {}
    kept = {*request.results, *request.assigned.values()}
    for node, group in grouping.of.items():
        if group.kind != "unfused" or node in grouping.why or not isinstance(_form(node), Join):
            continue
        for x, index in joined(node):
            written = x in grouping.of and x not in grouping.why and (
                grouping.of[x].kind != "unfused" or isinstance(_form(x), Join)
            )
            if written and grouping.users[x] == [node] and x.dtype == node.dtype and x not in kept:
                found[x] = node, index
    return found


def _form(node: Node) -> object:
    return node.op and node.op.lower


def _read_later(request: Request, grouping: Grouping) -> set[Node]:
    """The leaves that are assigned and whose old value someone asks for who waits for the group
    of the new one: they cannot be written where they lie."""
    bit: dict[Node, int] = {}
    made: dict[Group, int] = {}                    # the leaves that a group makes, as bits
    for leaf, value in request.assigned.items():
        if (group := grouping.of.get(value)) is not None:
            bit[leaf] = 1 << len(bit)
            made[group] = made.get(group, 0) | bit[leaf]
    waits: dict[Group, int] = {}                   # and those that it waits for
    for group in grouping.order:
        waits[group] = reduce(or_, (waits[g] | made.get(g, 0) for g in group.before), 0)
    asks = ((leaf, group) for node, group in grouping.of.items() for x in node.inputs
            for leaf in (behind(x),) if leaf in bit)
    return {leaf for leaf, group in asks if waits[group] & bit[leaf]}


def _needed(request: Request, grouping: Grouping) -> set[Node]:
    """The nodes whose values are read outside of their group."""
    found = set()
    for node, group in grouping.of.items():
        if group.kind == "unfused":
            found.add(node)
        inside = dict(zip(node.inputs, grouping.fused_inputs(node)))
        for x in node.inputs:
            base = grouping.source(x)
            if base is None:
                continue
            fused = inside[x][1] is not None
            if grouping.of[base] is not group or not fused:
                found.add(base)
    for node in (*request.results, *request.assigned.values()):
        base = grouping.source(node)
        if base is not None:
            found.add(base)
    return found


def _result(builder: KernelBuilder, node: Node) -> Buffer:
    """The buffer that a result is handed out in."""
    stepwise = builder.request.stepwise
    buffer = builder.of.get(node)
    if buffer is not None and node.op is not None and buffer.role == "temporary":
        buffer.role, buffer.steps = "output", stepwise
        buffer.reverse = stepwise and builder.request.reverse
        return buffer
    builder.reading = set()
    view = builder.view(node)
    whole = view.contiguous and view.size == view.buffer.size
    if whole and view.buffer.role == "temporary" and not stepwise:
        buffer = view.buffer                     # the same numbers in the same order
        buffer.role, buffer.shape, buffer.order = "output", view.shape, tuple(range(node.ndim))
        return buffer
    out = builder.buffer(node.name or "result", node.shape, node.dtype, "output", steps=stepwise,
                         reverse=stepwise and builder.request.reverse)
    if not _stored_too(builder, node, out.view()):
        builder.copy(view, out.view(), node)
    return out


def _stored_too(builder: KernelBuilder, node: Node, target: View) -> bool:
    """Have the kernel of a node store its value in another place too, if it can."""
    kernel, group = builder.maker.get(node), builder.grouping.of.get(node)
    if kernel is None or group is None or group.kind == "unfused":
        return False
    mine = builder.views[node]
    if mine.strides != target.strides or mine.offset:
        return False
    for store in kernel.stores:
        if store.view.buffer is mine.buffer:
            view = View(target.buffer, store.view.shape, store.view.strides)
            kernel.stores.append(Store(view, store.value))
            return True
    return False


def _copy_state(builder: KernelBuilder, in_place: Mapping[Node, Node]) -> dict[Kernel, Node]:
    """What was not written where it lies is copied there in the end: by which kernel, to where."""
    state = {builder.of[leaf] for leaf in builder.request.assigned}
    late: dict[Kernel, Node] = {}
    for leaf, value in builder.request.assigned.items():
        if leaf in in_place:
            continue
        builder.reading = set()
        view = builder.view(value)
        if view.buffer in state:                 # what it looks at is itself about to change
            view = builder.copied(view, value)
            builder.reading = set()
        late[builder.copy(view, builder.of[leaf].view(), value)] = leaf
    return late
