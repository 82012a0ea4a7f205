"""From groups of nodes to kernels: buffers, views, expressions, in an order that can run.

State that is assigned is written where it lies whenever everyone who needs the old value comes
before. Who runs what, and when, is decided in `schedule.py`.
"""

from __future__ import annotations

import heapq
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from seegrad.compiler.ir.buffer import Buffer, View
from seegrad.compiler.ir.expression import (
    Accumulated,
    Apply,
    Counter,
    Expression,
    Guarded,
    Literal,
    Load,
    Reduced,
)
from seegrad.compiler.ir.kernel import Foreign, Kernel, Nest, Product, Store
from seegrad.compiler.lowering.collapse_batch import merged
from seegrad.compiler.lowering.fusion import AxisMap, Group, Grouping, is_constant, is_view, through
from seegrad.compiler.lowering.native_support import why_foreign
from seegrad.compiler.lowering.type_promotion import cast, expression
from seegrad.errors import GraphError
from seegrad.graph import lowering as forms
from seegrad.graph.graph import Graph
from seegrad.graph.node import Node
from seegrad.graph.spec import Shape


@dataclass(frozen=True)
class Index:
    """An input that must hold integers from 0 to `size` - 1 (or from -size, where `wraps`)."""

    leaf: Node
    size: int
    wraps: bool
    node: Node


@dataclass(eq=False)
class Lowered:
    """Kernels in an order that can run, and the memory that they use."""

    kernels: list[Kernel]
    buffers: list[Buffer]
    leaves: dict[Node, Buffer]
    outputs: list[Buffer]
    assigned: dict[Node, Buffer]
    indices: list[Index]
    constants: dict[Buffer, np.ndarray[Any, Any]]
    foreign: dict[Node, str]
    of: dict[Node, Kernel] = field(default_factory=dict)
    made: dict[Node, Buffer] = field(default_factory=dict)


class _Cycle(Exception):
    def __init__(self, leaves: set[Node]) -> None:
        self.leaves = leaves


@dataclass(frozen=True)
class Request:
    """What is to be lowered.

    `state` are leaves whose memory the program keeps; `assigned` says which node each of them
    becomes. `batches` are inputs whose rows are picked out of a larger array by an index.
    With `stepwise` there is one of each result for each step.
    """

    graph: Graph
    results: tuple[Node, ...]
    assigned: Mapping[Node, Node]
    state: frozenset[Node]
    arguments: tuple[Node, ...]
    watched: tuple[Node, ...] = ()
    batches: Mapping[Node, Shape] = field(default_factory=dict)
    batch: int = 0
    stepwise: bool = False
    orders: Mapping[Node, tuple[int, ...]] = field(default_factory=dict)
    native: bool = True


def lower(request: Request) -> Lowered:
    """Kernels for the graph."""
    apart: set[Node] = set()
    foreign = why_foreign if request.native else (lambda node: "llvmlite is not installed")
    while True:
        try:
            return _Lowering(request, apart, Grouping(request.graph, foreign)).run()
        except _Cycle as cycle:
            if cycle.leaves <= apart:
                raise GraphError("the plan's kernels wait for each other") from None
            apart |= cycle.leaves


class _Held:
    """How much memory temporaries would hold, as kernels are done one by one."""

    def __init__(self, kernels: Sequence[Kernel]) -> None:
        self.touched = {k: k.temporaries() for k in kernels}
        self.left: dict[Buffer, set[Kernel]] = {}
        for kernel, buffers in self.touched.items():
            for buffer in buffers:
                self.left.setdefault(buffer, set()).add(kernel)
        self.begun: set[Buffer] = set()

    def change(self, kernel: Kernel) -> int:
        """The bytes that come to be held if the kernel is done next, less those let go."""
        return sum(
            b.nbytes * ((b not in self.begun) - (len(self.left[b]) == 1))
            for b in self.touched[kernel]
        )

    def done(self, kernel: Kernel) -> set[Kernel]:
        """The kernel is done; gives those for which `change` may be another now."""
        found: set[Kernel] = set()
        for buffer in self.touched[kernel]:
            left = self.left[buffer]
            left.discard(kernel)
            if buffer not in self.begun or len(left) == 1:
                found |= left
            self.begun.add(buffer)
        return found


class _Lowering:
    def __init__(self, request: Request, apart: set[Node], grouping: Grouping) -> None:
        self.request, self.apart, self.grouping = request, apart, grouping
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
        self.writes: dict[Node, Node] = {}
        self.extra: list[tuple[Kernel, Kernel]] = []

    # ------------------------------------------------------------------ memory

    def _buffer(self, name: str, shape: Shape, dtype: Any, role: str, **more: Any) -> Buffer:
        buffer = Buffer(name or role, tuple(shape), dtype, role, number=len(self.buffers), **more)
        self.buffers.append(buffer)
        return buffer

    def _leaf(self, node: Node) -> View:
        request = self.request
        if node in request.batches:
            whole = self._buffer(node.name, request.batches[node], node.dtype, "input")
            if self.index_buffer is None:
                self.index_buffer = self._buffer(
                    "rows", (request.batch,), np.dtype(np.int64), "input", steps=True
                )
            self.of[node] = whole
            return View(whole, node.shape, whole.strides, 0, self.index_buffer.view(), 0)
        if node in request.state:
            order = request.orders.get(node, ())
            buffer = self._buffer(node.name, node.shape, node.dtype, "state", order=order)
        elif node.data is None:
            buffer = self._buffer(node.name, node.shape, node.dtype, "input")
        else:
            buffer = self._buffer(node.name, node.shape, node.dtype, "constant")
            self.constants[buffer] = np.asarray(node.data)
        self.of[node] = buffer
        return buffer.view()

    def _plan_memory(self) -> None:
        """A buffer for every node that someone outside of its group reads."""
        request = self.request
        kept = [x for x in request.graph.listed if x in request.state]
        for leaf in (*request.arguments, *kept):
            self.views[leaf] = self._leaf(leaf)
        taken: dict[Node, Buffer] = {}
        for leaf, value in request.assigned.items():
            group = self.grouping.of.get(value)
            fits = (
                group is not None and leaf not in self.apart and value not in taken
                and value.dtype == leaf.dtype and group.kind != "solo"
            )  # fmt: skip
            if fits:
                taken[value] = self.of[leaf]
                self.writes[leaf] = value
        needed = self._needed()
        for node in self.grouping.of:
            if node not in needed:
                continue
            if node in taken:
                self.of[node] = taken[node]
            else:
                self.of[node] = self._buffer(
                    self._name(node), node.shape, node.dtype, "temporary"
                )
            self.views[node] = self.of[node].view()

    def _name(self, node: Node) -> str:
        frame = f"{node.frame}/" if node.frame else ""
        return f"{frame}{node.name or (node.op.name if node.op else 'value')}"

    def _needed(self) -> set[Node]:
        grouping, found = self.grouping, set()
        for node, group in grouping.of.items():
            if group.kind == "solo":
                found.add(node)
            inside = dict(zip(node.inputs, grouping.fused_inputs(node)))
            for x in node.inputs:
                base = grouping._source(x)
                if base is None:
                    continue
                fused = inside[x][1] is not None
                if grouping.of[base] is not group or not fused:
                    found.add(base)
        roots = [*self.request.results, *self.request.assigned.values(), *self.request.watched]
        for node in roots:
            base = grouping._source(node)
            if base is not None:
                found.add(base)
        return found

    # ------------------------------------------------------------------ views

    def view(self, node: Node) -> View:
        """Where the node's values lie, as it sees them; copies where no view can say so."""
        if node in self.views:
            self._note(node)
            return self.views[node]
        if node.op is None:
            self.views[node] = self._leaf(node)
            self._note(node)
            return self.views[node]
        chain = []
        while node not in self.views and node.op is not None and is_view(node):
            chain.append(node)
            node = node.inputs[0]
        view = self.view(node)
        for step in reversed(chain):
            found = self._step(step, view)
            if found is None:
                found = self._step(step, self._copied(view, step))
                assert found is not None
            view = self.views[step] = found
        # who reads a view reads what is behind it
        return view

    def _note(self, node: Node) -> None:
        self.reading.add(node)

    def _behind(self, node: Node) -> Node:
        while is_view(node):
            node = node.inputs[0]
        return node

    def _step(self, node: Node, view: View) -> View | None:
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

    def _ungathered(self, x: Node) -> View:
        """What a kernel is to read of `x`, without an index between."""
        view = self.view(x)
        self.reading.add(self._behind(x))
        return self._copied(view, x) if view.rows is not None else view

    def _copied(self, view: View, node: Node, role: str = "temporary") -> View:
        """The same values in memory of their own, in C order."""
        buffer = self._buffer(f"{self._name(node)}.copy", view.shape, view.dtype, role)
        self._copy(view, buffer.view(), node)
        return buffer.view()

    def _copy(self, source: View, target: View, node: Node) -> Kernel:
        before = self.reading
        self.reading = {self._behind(node)} if is_view(node) else set(before)
        for view_node, view in self.views.items():
            if view.buffer is source.buffer and not is_view(view_node):
                self.reading.add(view_node)
        kernel = self._add(
            Nest("copy", source.shape, [Store(target, Load(source))], (node,))
        )
        self.reading = before
        self._written[target.buffer] = kernel
        return kernel

    # ------------------------------------------------------------------ kernels

    def _add(self, kernel: Kernel) -> Kernel:
        self.kernels.append(kernel)
        self.sources[kernel] = set(self.reading)
        return kernel

    def run(self) -> Lowered:
        self._written: dict[Buffer, Kernel] = {}
        self._plan_memory()
        for group in self.grouping.order:
            self.reading = set()
            before = len(self.kernels)
            if group.kind == "nest":
                self._nest(group)
            elif group.kind == "product":
                self._product(group)
            else:
                assert group.head is not None
                self._solo(group.head)
            for node in group.members:
                if len(self.kernels) > before:
                    self.maker[node] = self.kernels[-1]
        self.reading = set()
        outputs = [self._result(node, i) for i, node in enumerate(self.request.results)]
        self._finish_state()
        kernels = self._ordered()
        return Lowered(
            kernels, self.buffers, {n: self.of[n] for n in self.of if n.op is None}, outputs,
            {leaf: self.of[leaf] for leaf in self.request.assigned},
            self.indices, self.constants, self.grouping.why,
            dict(self.maker),
            {n: b for n, b in self.of.items() if n.op is not None},
        )

    def _result(self, node: Node, place: int) -> Buffer:
        """The buffer that result number `place` is handed out in."""
        buffer = self.of.get(node)
        if buffer is not None and node.op is not None and buffer.role == "temporary":
            buffer.role, buffer.steps = "output", self.request.stepwise
            return buffer
        self.reading = set()
        view = self.view(node)
        out = self._buffer(
            node.name or "result", node.shape, node.dtype, "output", steps=self.request.stepwise
        )
        self._copy(view, out.view(), node)
        return out

    def _finish_state(self) -> None:
        """What was not written where it lies is copied there in the end."""
        self.late: dict[Kernel, Node] = {}
        for leaf, value in self.request.assigned.items():
            if leaf in self.writes:
                continue
            self.reading = set()
            view = self.view(value)
            if view.buffer is self.of[leaf] or self._is_old(view):
                view = self._copied(view, value)
                self.reading = set()
            self.late[self._copy(view, self.of[leaf].view(), value)] = leaf

    def _is_old(self, view: View) -> bool:
        """Whether the view looks at state that is itself about to change."""
        return any(self.of[leaf] is view.buffer for leaf in self.request.assigned)

    def _aligned(self, view: View, axes: AxisMap, space: Sequence[int | None],
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

    def _expressions(
        self, group: Group, space: Sequence[int | None], start: Mapping[Node, Expression]
    ) -> dict[Node, Expression]:
        """The expression of every member, over loads along the kernel's axes."""
        found: dict[Node, Expression] = dict(start)
        loads: dict[View, Load] = {}
        for node in group.members:
            if node in found:
                continue
            inputs = []
            for x in node.inputs:
                inputs.append(self._input(group, node, x, space, found, loads))
            found[node] = self._expression(group, node, inputs, space)
        return found

    def _input(
        self, group: Group, node: Node, x: Node, space: Sequence[int | None],
        found: Mapping[Node, Expression], loads: dict[View, Load],
    ) -> Expression:
        base, _ = through(x)
        if base in found and self.grouping.of.get(base) is group:
            return found[base]
        if is_constant(base):
            return Literal(np.asarray(base.data).item(), base.dtype)
        view = self.view(x)
        self.reading.add(self._behind(x))
        axes = self.grouping._input_axes(node, x)
        if view.rows is not None and axes[view.rows_axis] is None:
            view = self._copied(view, x)
        view = self._aligned(view, axes, space, group.sizes)
        if group.kind == "product" and view.rows is not None and (
            view.rows_axis == len(space) - 1
        ):
            view = self._aligned(
                self._copied(self.view(x), x), axes, space, group.sizes
            )
        return loads.setdefault(view, Load(view))

    def _expression(
        self, group: Group, node: Node, inputs: Sequence[Expression], space: Sequence[int | None]
    ) -> Expression:
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
            return Reduced(form.kind, given, node.dtype)
        assert isinstance(form, forms.OneHot)
        last = group.maps[node][-1]
        labels = cast(inputs[0], np.dtype(np.int32))
        place: Expression
        if last is None:
            place = Literal(0, labels.dtype)
        else:
            place = Counter(list(space).index(last), labels.dtype)
        self._check(node.inputs[0], node.attrs["classes"], False, node)
        equal = Apply("equal", (labels, place), np.dtype(bool), labels.dtype)
        return cast(equal, node.dtype)

    def _check(self, x: Node, size: int, wraps: bool, node: Node) -> None:
        leaf = self._behind(x)
        self.indices.append(Index(leaf, size, wraps, node))

    def _nest(self, group: Group) -> None:
        space = self._space(group)
        sizes = tuple(group.sizes[c] for c in space)
        values = self._expressions(group, space, {})
        stores = []
        for node in group.members:
            if node in self.of:
                view = self._aligned(self.of[node].view(), group.maps[node], space, group.sizes)
                stores.append(Store(view, values[node]))
        reduced = frozenset(i for i, c in enumerate(space) if c in group.reduced)
        if stores:
            name = self._name(group.members[-1])
            self._add(Nest(name, sizes, stores, tuple(group.members), reduced))

    def _space(self, group: Group) -> list[int]:
        """The group's axes in the order of the largest thing that is stored or summed."""
        best: AxisMap = ()
        for node in group.members:
            axes = group.maps[node]
            stored = node in self.of
            for candidate in (axes, self.grouping.argument.get(node, ())):
                count = sum(a is not None for a in candidate)
                have = sum(a is not None for a in best)
                if count > have or (count == have and stored):
                    best = candidate
        order = [a for a in best if a is not None]
        return order + [c for c in group.sizes if c not in order]

    def _product(self, group: Group) -> None:
        head = group.head
        assert head is not None
        a, b, labels = self._factors(head)
        space: list[int | None] = list(self._product_space(group, head, labels))
        sizes = tuple(1 if c is None else group.sizes[c] for c in space)
        batch = sizes[:-2]
        left = a.broadcast((*batch, *a.shape[-2:]))
        right = b.broadcast((*batch, *b.shape[-2:]))
        assert left is not None
        assert right is not None
        values = self._expressions(group, space, {head: Accumulated(head.dtype)})
        stores = []
        for node in group.members:
            if node in self.of:
                view = self._aligned(self.of[node].view(), group.maps[node], space, group.sizes)
                stores.append(Store(view, values[node]))
        name = self._name(head)
        self._add(merged(Product(name, sizes, stores, tuple(group.members), left, right)))

    def _product_space(
        self, group: Group, head: Node, labels: tuple[str, str] | None
    ) -> list[int | None]:
        axes = list(group.maps[head])
        if labels is not None:                       # a contraction: batch, m, n among its axes
            out, order = labels
            return [axes[out.index(c)] if c != "." else None for c in order]
        a, b = head.inputs
        if len(a.shape) == 1 and len(b.shape) == 1:
            return [None, None]
        if len(a.shape) == 1:
            axes.insert(len(axes) - 1, None)
        if len(b.shape) == 1:
            axes.append(None)
        return axes

    def _factors(self, head: Node) -> tuple[View, View, tuple[str, str] | None]:
        """Both factors as views (…, m, k) and (…, k, n)."""
        a, b = (self._factor(x) for x in head.inputs)
        assert head.op is not None
        if isinstance(head.op.lower, forms.Contract):
            return self._contracted(head, a, b)
        if len(a.shape) == 1:
            a = self._reshaped(a, (1, *a.shape), head.inputs[0])
        if len(b.shape) == 1:
            b = self._reshaped(b, (*b.shape, 1), head.inputs[1])
        if a.rows is not None and a.rows_axis < len(a.shape) - 2 and len(a.shape) < len(b.shape):
            a = self._copied(a, head.inputs[0])
        if b.rows is not None and b.rows_axis == len(b.shape) - 1:
            b = self._copied(b, head.inputs[1])
        return a, b, None

    def _factor(self, x: Node) -> View:
        view = self.view(x)
        self.reading.add(self._behind(x))
        if view.rows is not None and view.shape[view.rows_axis] == 1:
            view = self._copied(view, x)
        return view

    def _reshaped(self, view: View, shape: Shape, node: Node) -> View:
        found = view.reshape(shape)
        if found is None:
            found = self._copied(view, node).reshape(shape)
        assert found is not None
        return found

    def _contracted(
        self, head: Node, a: View, b: View
    ) -> tuple[View, View, tuple[str, str]]:
        left, out = head.attrs["subscripts"].split("->")
        first, second = left.split(",")
        batch = [c for c in out if c in first and c in second]
        m = "".join(c for c in first if c not in second)
        n = "".join(c for c in second if c not in first)
        k = "".join(c for c in first if c in second and c not in out)
        if a.rows is not None:
            a = self._copied(a, head.inputs[0])
        if b.rows is not None:
            b = self._copied(b, head.inputs[1])
        sizes = dict(zip(first, head.inputs[0].shape)) | dict(zip(second, head.inputs[1].shape))
        a = a.permute([first.index(c) for c in (*batch, *m, *k)])
        b = b.permute([second.index(c) for c in (*batch, *k, *n)])
        shape = tuple(sizes[c] for c in batch)
        rows, columns, inner = (sizes[c] if c else 1 for c in (m, n, k))
        a = self._reshaped(a, (*shape, rows, inner), head.inputs[0])
        b = self._reshaped(b, (*shape, inner, columns), head.inputs[1])
        return a, b, (out, "".join(batch) + (m or ".") + (n or "."))

    # ------------------------------------------------------------------ solo nodes

    def _solo(self, node: Node) -> None:
        assert node.op is not None
        if node in self.grouping.why:
            self._foreign(node)
            return
        makers: dict[type, Callable[[Node], None]] = {
            forms.Place: self._place, forms.Pad: self._pad, forms.Join: self._join,
            forms.Gather: self._gather, forms.Overlap: self._overlap,
            forms.Scan: self._scan, forms.Scatter: self._scatter,
        }  # fmt: skip
        makers[type(node.op.lower)](node)

    def _foreign(self, node: Node) -> None:
        views = tuple(map(self._ungathered, node.inputs))
        why = self.grouping.why[node]
        self._add(
            Foreign(self._name(node), (), [], (node,), views, self.of[node].view(), why)
        )

    def _fill(self, target: View, value: Any, node: Node) -> Kernel:
        literal = Literal(value, target.dtype)
        return self._add(Nest("fill", target.shape, [Store(target, literal)], (node,)))

    def _filled(self, node: Node, value: Any, index: Sequence[tuple[int, int, int]]) -> None:
        """The node's buffer filled with a value, and its input where `index` says."""
        x = node.inputs[0]
        source = self.view(x)
        self.reading.add(self._behind(x))
        whole = self.of[node].view()
        before = self._fill(whole, value, node)
        part = whole.slice(index)
        assert part is not None
        after = self._add(Nest(self._name(node), source.shape,
                               [Store(part, Load(source))], (node,)))
        self.extra.append((before, after))

    def _place(self, node: Node) -> None:
        self._filled(node, 0, node.attrs["index"])

    def _pad(self, node: Node) -> None:
        widths, x = node.attrs["widths"], node.inputs[0]
        self._filled(node, node.attrs["value"],
                     [(b, n, 1) for n, (b, _) in zip(x.shape, widths)])

    def _overlap(self, node: Node) -> None:
        """Each place as the sum of the windows that hold it; where windows are some steps apart,
        zeros, to which every window adds what it holds."""
        source, whole = self._ungathered(node.inputs[0]), self.of[node].view()
        count = len(node.attrs["shape"])
        lead = len(whole.shape) - count
        if all(step == 1 for step in node.attrs["steps"]):
            self._overlap_sum(node, source, whole, lead, count)
            return
        size, steps = source.shape[lead : lead + count], node.attrs["steps"]
        seen = whole.window(size, steps, node.attrs["dilation"])
        assert seen is not None
        name, windows = self._name(node), range(lead, len(source.shape))
        apart = all(k == 1 or (d == 1 and k <= s)
                    for k, s, d in zip(size, steps, node.attrs["dilation"]))
        if apart and source.size == whole.size:      # side by side, they leave nothing out
            self._add(Nest(name, source.shape, [Store(seen, Load(source))], (node,)))
            return
        before = self._fill(whole, 0, node)
        total: Expression = Load(source)
        if not apart:
            total = Apply("add", (Load(seen), total), node.dtype, node.dtype)
        after = self._add(Nest(name, source.shape, [Store(seen, total)], (node,),
                               overlapping=frozenset() if apart else frozenset(windows)))
        self.extra.append((before, after))

    def _overlap_sum(
        self, node: Node, source: View, whole: View, lead: int, count: int
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
        total = Reduced("sum", Guarded(seen, bounds), node.dtype)
        out = View(whole.buffer, space, (*whole.strides, *(0,) * count), whole.offset)
        reduced = frozenset(range(lead + count, lead + 2 * count))
        self._add(Nest(self._name(node), space, [Store(out, total)], (node,), reduced))

    def _join(self, node: Node) -> None:
        axis, at, whole = node.attrs["axis"], 0, self.of[node].view()
        for x in node.inputs:
            view = self.view(x)
            self.reading.add(self._behind(x))
            index = [(0, n, 1) for n in whole.shape]
            index[axis] = (at, x.shape[axis], 1)
            part = whole.slice(index)
            assert part is not None
            at += x.shape[axis]
            value = cast(Load(view), node.dtype)
            self._add(Nest(self._name(node), x.shape, [Store(part, value)], (node,)))

    def _gather(self, node: Node) -> None:
        """Rows picked by an index that came in: a copy through the index."""
        x, indices = node.inputs
        axis = node.attrs["axis"]
        source = self._ungathered(x)
        picked = self._picked(source, axis, indices, node)
        out = self.of[node].view().reshape(picked.shape)
        assert out is not None
        self._add(Nest(self._name(node), picked.shape, [Store(out, Load(picked))], (node,)))

    def _picked(self, whole: View, axis: int, indices: Node, node: Node) -> View:
        """The rows of `whole` along `axis` that the indices name, one behind the other."""
        wraps = node.attrs.get("negative", True)
        self._check(indices, whole.shape[axis], wraps, node)
        count = indices.spec.size
        rows = self._reshaped(self.view(indices), (count,), indices)
        self.reading.add(self._behind(indices))
        shape = (*whole.shape[:axis], count, *whole.shape[axis + 1:])
        return View(whole.buffer, shape, whole.strides, whole.offset, rows, axis)

    def _scatter(self, node: Node) -> None:
        """Zeros, to which rows are added where the index says, one after the other."""
        x, indices = node.inputs
        axis, whole = node.attrs["axis"], self.of[node].view()
        source = self._ungathered(x)
        seen = self._picked(whole, axis, indices, node)
        source = self._reshaped(source, seen.shape, x)
        before = self._fill(whole, 0, node)
        total = Apply("add", (Load(seen), Load(source)), node.dtype, node.dtype)
        after = self._add(Nest(self._name(node), seen.shape, [Store(seen, total)], (node,),
                               running=frozenset({axis})))
        self.extra.append((before, after))

    def _scan(self, node: Node) -> None:
        """The first place as it is, and then each as the sum of the one before and what comes."""
        (x,) = node.inputs
        axis, out = node.attrs["axis"], self.of[node].view()
        source = self._ungathered(x)

        def part(view: View, start: int, length: int) -> View:
            index = [(0, n, 1) for n in view.shape]
            index[axis] = (start, length, 1)
            found = view.slice(index)
            assert found is not None
            return found

        name, length = self._name(node), x.shape[axis]
        first = cast(Load(part(source, 0, min(length, 1))), node.dtype)
        target = part(out, 0, min(length, 1))
        before = self._add(Nest(name, target.shape, [Store(target, first)], (node,)))
        if length < 2:
            return
        target = part(out, 1, length - 1)
        coming = cast(Load(part(source, 1, length - 1)), node.dtype)
        total = Apply("add", (Load(part(out, 0, length - 1)), coming), node.dtype, node.dtype)
        after = self._add(Nest(name, target.shape, [Store(target, total)], (node,),
                               running=frozenset({axis})))
        self.extra.append((before, after))

    # ------------------------------------------------------------------ order

    def _ordered(self) -> list[Kernel]:
        """Writers before readers, readers of old state before its writer."""
        after: dict[Kernel, set[Kernel]] = {k: set() for k in self.kernels}
        place = {k: i for i, k in enumerate(self.kernels)}
        made: dict[Buffer, list[Kernel]] = {}
        for kernel in self.kernels:
            for view in kernel.writes():
                made.setdefault(view.buffer, []).append(kernel)
        state = {self.of[leaf]: leaf for leaf in self.request.assigned}
        writer = {leaf: self.maker[value] for leaf, value in self.writes.items()}
        writer |= {leaf: kernel for kernel, leaf in self.late.items()}
        for kernel in self.kernels:
            for view in kernel.reads():
                if view.buffer in state:
                    continue
                for maker in made.get(view.buffer, ()):
                    if maker is not kernel and place[maker] < place[kernel]:
                        after[maker].add(kernel)
            for node in self.sources[kernel]:
                maker = self.maker.get(node)  # type: ignore[assignment]
                if maker is not None and maker is not kernel and place[maker] < place[kernel]:
                    after[maker].add(kernel)
                if node in writer and writer[node] is not kernel:
                    after[kernel].add(writer[node])
        for first, second in self.extra:
            after[first].add(second)
        self._check_in_place(writer)
        return self._sorted(after, place, writer)

    def _check_in_place(self, writer: Mapping[Node, Kernel]) -> None:
        """State may be overwritten by a kernel only where it reads the very same place."""
        wrong = set()
        for kernel in dict.fromkeys(writer[leaf] for leaf in self.writes):
            stored = {s.view.buffer: s.view for s in reversed(kernel.stores)}
            for view in kernel.loads():
                there = stored.get(view.buffer, view)
                if view.strides != there.strides or view.offset != there.offset:
                    wrong |= {leaf for leaf in self.writes if self.of[leaf] is view.buffer}
        for leaf in self.writes:
            kernel, buffer = writer[leaf], self.of[leaf]
            if isinstance(kernel, Product) and buffer in (kernel.a.buffer, kernel.b.buffer):
                wrong.add(leaf)
        if wrong:
            raise _Cycle(wrong)

    def _sorted(
        self, after: Mapping[Kernel, set[Kernel]], place: Mapping[Kernel, int],
        writer: Mapping[Node, Kernel],
    ) -> list[Kernel]:
        waiting = dict.fromkeys(self.kernels, 0)
        for users in after.values():
            for user in users:
                waiting[user] += 1
        held = _Held(self.kernels)
        ready = [(held.change(k), place[k]) for k in self.kernels if not waiting[k]]
        heapq.heapify(ready)
        found: dict[Kernel, None] = {}
        while ready:
            change, first = heapq.heappop(ready)
            kernel = self.kernels[first]
            if kernel in found or change != held.change(kernel):
                continue                                  # it stands there again, as it is now
            found[kernel] = None
            now = {user for user in after[kernel] if waiting[user] == 1}
            for user in after[kernel]:
                waiting[user] -= 1
            for user in now | held.done(kernel):
                if not waiting[user]:
                    heapq.heappush(ready, (held.change(user), place[user]))
        if len(found) < len(self.kernels):
            left = set(self.kernels) - set(found)
            stuck = {leaf for leaf in self.writes if writer[leaf] in left}
            raise _Cycle(stuck or set(self.writes))
        return list(found)
