"""What every form is lowered with: buffers, views of nodes, copies, and kernels as they come.

Which kernels a form becomes is said in the files beside: expressions, matmul, data_movement.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from seegrad.compiler.ir.buffer import Buffer, View
from seegrad.compiler.ir.expression import (
    Literal,
    Load,
)
from seegrad.compiler.ir.kernel import Kernel, LoopNest, Store
from seegrad.compiler.lowering.groups import AxisMap, Grouping, behind, is_view, within
from seegrad.graph import forms as forms
from seegrad.graph.graph import Graph
from seegrad.graph.node import Node
from seegrad.graph.spec import DType, Shape


@dataclass(frozen=True)
class Index:
    """An input that must hold integers from 0 to `size` - 1 (or from -size, where `wraps`).

    `view` is what is read of it, of every step.
    """

    leaf: Node
    view: View
    size: int
    wraps: bool
    node: Node


@dataclass(frozen=True)
class Request:
    """What is to be lowered.

    `state` are leaves whose memory the program keeps; `assigned` says which node each of them
    becomes. `batches` are inputs whose rows are picked out of a larger array by an index.
    With `stepwise` there is one of each result for each step, as there is of each input in `rows`;
    with `reverse` the steps go through them backwards. A body inside of a loop, `turns` times, has
    `checkable` inputs: those in which an index can be checked before it runs.
    """

    graph: Graph
    results: tuple[Node, ...]
    assigned: Mapping[Node, Node]
    state: frozenset[Node]
    arguments: tuple[Node, ...]
    batches: Mapping[Node, Shape] = field(default_factory=dict)
    batch: int = 0
    stepwise: bool = False
    orders: Mapping[Node, tuple[int, ...]] = field(default_factory=dict)
    native: bool = True
    rows: frozenset[Node] = frozenset()
    reverse: bool = False
    turns: int = 1
    checkable: frozenset[Node] | None = None

    def known_before(self, x: Node) -> bool:
        """Whether what is read of the integers `x` can be checked before anything runs: within a
        loop only whole inputs are, and what steps assign to is known to the first of them."""
        leaf = behind(x)
        if leaf.op is not None or leaf in self.assigned:
            return False
        whole = Buffer("", leaf.shape, leaf.dtype, "input").view()
        read = seen(x, whole)
        if self.checkable is not None:
            return leaf in self.checkable and read == whole
        return read is not None


def seen_through(node: Node, view: View) -> View | None:
    """What a view node makes of the view before it; None where no view can say so."""
    assert node.op is not None
    form, attrs = node.op.lower, node.attrs
    if isinstance(form, forms.Permute):
        return view.permute(attrs["axes"])
    if isinstance(form, forms.Broadcast):
        return view.broadcast(node.shape)
    if isinstance(form, forms.Reshape):
        return view.reshape(node.shape)
    if isinstance(form, forms.Window):
        return view.window(attrs["size"], attrs["steps"], attrs["dilation"])
    assert isinstance(form, forms.Slice)
    return view.slice(attrs["index"])


def seen(x: Node, whole: View) -> View | None:
    """What `x` shows of what is behind it, of which `whole` is all, in whichever order; None where
    no view can say so."""
    chain: list[Node] = []
    while is_view(x):
        assert x.op is not None
        if chain or isinstance(x.op.lower, (forms.Slice, forms.Window)):
            chain.append(x)
        x = x.inputs[0]
    view: View | None = whole
    for step in reversed(chain):
        view = None if view is None else seen_through(step, view)
    return view


def aligned(view: View, axes: AxisMap, space: Sequence[int | None],
             sizes: Mapping[int, int]) -> View:
    """The view along the axes of a kernel's space."""
    strides, rows_axis = [], 0
    for place, c in enumerate(space):
        stride = 0
        for i, a in enumerate(axes):
            if a is not None and a == c:
                stride = view.strides[i]
                if view.rows is not None and i == view.rows_axis:
                    rows_axis = place
        strides.append(stride)
    rows, offset = view.rows, view.offset
    if rows is not None and (axes[view.rows_axis] is None):
        raise AssertionError("a gathered axis of length one is copied before")
    shape = tuple(1 if c is None else sizes[c] for c in space)
    return View(view.buffer, shape, tuple(strides), offset, rows, rows_axis)


class KernelBuilder:
    """The kernels of one graph as they are made: buffers, views of nodes, and who read what."""

    def __init__(self, request: Request, grouping: Grouping) -> None:
        self.request, self.grouping = request, grouping
        self.kernels: list[Kernel] = []
        self.buffers: list[Buffer] = []
        self.of: dict[Node, Buffer] = {}
        self.views: dict[Node, View] = {}
        self.sources: dict[Kernel, set[Node]] = {}
        self.maker: dict[Node, Kernel] = {}
        self.constants: dict[Buffer, np.ndarray[Any, Any]] = {}
        self.indices: list[Index] = []
        self.reading: set[Node] = set()
        self.index_buffer: Buffer | None = None
        self.extra: list[tuple[Kernel, Kernel]] = []

    def buffer(self, name: str, shape: Shape, dtype: Any, role: str, **more: Any) -> Buffer:
        buffer = Buffer(name or role, tuple(shape), dtype, role, number=len(self.buffers), **more)
        self.buffers.append(buffer)
        return buffer

    def leaf(self, node: Node) -> View:
        request = self.request
        if node in request.batches:
            whole = self.buffer(node.name, request.batches[node], node.dtype, "input")
            if self.index_buffer is None:
                self.index_buffer = self.buffer(
                    "rows", (request.batch,), np.dtype(np.int64), "input", steps=True
                )
            self.of[node] = whole
            return View(whole, node.shape, whole.strides, 0, self.index_buffer.view(), 0)
        if node in request.state:
            order = request.orders.get(node, ())
            buffer = self.buffer(node.name, node.shape, node.dtype, "state", order=order)
        elif node.data is None:
            steps = node in request.rows
            buffer = self.buffer(node.name, node.shape, node.dtype, "input", steps=steps,
                                 reverse=steps and request.reverse)
        else:
            buffer = self.buffer(node.name, node.shape, node.dtype, "constant")
            self.constants[buffer] = np.asarray(node.data)
        self.of[node] = buffer
        return buffer.view()

    def name(self, node: Node) -> str:
        frame = f"{node.frame}/" if node.frame else ""
        return f"{frame}{node.name or (node.op.name if node.op else 'value')}"

    def view(self, node: Node) -> View:
        """Where the node's values lie, as it sees them; copies where no view can say so."""
        if node in self.views:
            self.reading.add(node)
            return self.views[node]
        if node.op is None:
            self.views[node] = self.leaf(node)
            self.reading.add(node)
            return self.views[node]
        chain = []
        while node not in self.views and node.op is not None and is_view(node):
            chain.append(node)
            node = node.inputs[0]
        view = self.view(node)
        for step in reversed(chain):
            found = seen_through(step, view)
            if found is None:
                found = seen_through(step, self.copied(view, step))
                assert found is not None
            view = self.views[step] = found
        # who reads a view reads what is behind it
        return view

    def ungathered(self, x: Node) -> View:
        """What a kernel is to read of `x`, without an index between."""
        view = self.view(x)
        self.reading.add(behind(x))
        return self.copied(view, x) if view.rows is not None else view

    def copied(self, view: View, node: Node, dtype: DType | None = None) -> View:
        """The same values in memory of their own, in C order."""
        name = f"{self.name(node)}.copy"
        buffer = self.buffer(name, view.shape, dtype or view.dtype, "temporary")
        self.copy(view, buffer.view(), node)
        return buffer.view()

    def copy(self, source: View, target: View, node: Node) -> Kernel:
        before = self.reading
        self.reading = {behind(node)} if is_view(node) else set(before)
        own = self.views.get(node)
        if own is not None and own.buffer is source.buffer and not is_view(node):
            self.reading.add(node)
        kernel = self.add(
            LoopNest("copy", source.shape, [Store(target, Load(source))], (node,))
        )
        self.reading = before
        return kernel

    def add(self, kernel: Kernel) -> Kernel:
        self.kernels.append(kernel)
        self.sources[kernel] = set(self.reading)
        return kernel

    def reshaped(self, view: View, shape: Shape, node: Node) -> View:
        found = view.reshape(shape)
        if found is None:
            found = self.copied(view, node).reshape(shape)
        assert found is not None
        return found

    def check(self, x: Node, size: int, wraps: bool, node: Node) -> None:
        if not x.spec.size or within(x, size):
            return
        leaf = behind(x)
        whole = self.view(leaf)
        view = seen(x, whole) or whole
        if view.rows is not None:                # any row of the data may be picked
            rows = view.buffer.shape[0]
            shape = (*view.shape[: view.rows_axis], rows, *view.shape[view.rows_axis + 1 :])
            view = replace(view, shape=shape, rows=None)
        self.indices.append(Index(leaf, view, size, wraps, node))

    def fill(self, target: View, value: Any, node: Node) -> Kernel:
        literal = Literal(value, target.dtype)
        return self.add(LoopNest("fill", target.shape, [Store(target, literal)], (node,)))

    def picked(self, whole: View, axis: int, indices: Node, node: Node) -> View:
        """The rows of `whole` along `axis` that the indices name, one behind the other."""
        wraps = node.attrs.get("negative", True)
        self.check(indices, whole.shape[axis], wraps, node)
        count = indices.spec.size
        rows = self.reshaped(self.ungathered(indices), (count,), indices)
        if wraps and rows.dtype.kind == "i":
            rows = replace(rows, wraps=whole.shape[axis])
        shape = (*whole.shape[:axis], count, *whole.shape[axis + 1:])
        return View(whole.buffer, shape, whole.strides, whole.offset, rows, axis)
