"""Groups of nodes that are computed in one kernel, and the classes that stand for its axes.

Each computing node begins as a group of its own; `fusion.py` merges them. Views are looked through.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field

from seegrad.graph import forms
from seegrad.graph.graph import Graph
from seegrad.graph.node import Node
from seegrad.graph.spec import Shape

AxisMap = tuple[int | None, ...]
"""For each axis of one value, the axis (or class of axes) it runs along; None: it has one place."""

def is_view(node: Node) -> bool:
    """Whether the node only looks at its input in another way."""
    return node.op is not None and isinstance(
        node.op.lower, (forms.Permute, forms.Reshape, forms.Broadcast, forms.Slice, forms.Window)
    )


def behind(node: Node) -> Node:
    """The node whose memory a chain of views looks at."""
    while is_view(node):
        node = node.inputs[0]
    return node


def within(indices: Node, size: int) -> bool:
    """Whether integers that are computed are known to lie below `size`: places of an extreme."""
    node = behind(indices)
    if node.op is None or not isinstance(node.op.lower, forms.ArgReduce):
        return False
    axis, shape = node.attrs["axis"], node.inputs[0].shape
    return (node.inputs[0].spec.size if axis is None else shape[axis]) <= size


def joined(node: Node) -> Iterator[tuple[Node, list[tuple[int, int, int]]]]:
    """Each input of a node that puts them side by side, and the slice of the result that it is."""
    axis, at = node.attrs["axis"], 0
    for x in node.inputs:
        index = [(0, n, 1) for n in node.shape]
        index[axis] = (at, x.shape[axis], 1)
        at += x.shape[axis]
        yield x, index


def is_constant(node: Node) -> bool:
    """Whether the node is one number known now."""
    return (
        node.op is None and node.data is not None and not node.requires_grad
        and node.spec.size == 1
    )  # fmt: skip


def through(node: Node) -> tuple[Node, AxisMap]:
    """The node behind views that keep elements whole, and along which of its axes each of
    `node`'s axes runs."""
    axes: list[int | None] = list(range(len(node.shape)))
    while node.op is not None:
        form, x = node.op.lower, node.inputs[0] if node.inputs else None
        if isinstance(form, forms.Permute):
            order = node.attrs["axes"]
            axes = [None if a is None else order[a] for a in axes]
        elif isinstance(form, forms.Broadcast):
            assert x is not None
            lead = len(node.shape) - len(x.shape)
            axes = [
                None if a is None or a < lead or (x.shape[a - lead] == 1 != node.shape[a])
                else a - lead
                for a in axes
            ]
        elif isinstance(form, forms.Reshape):
            assert x is not None
            kept = _same_but_for_ones(node.shape, x.shape)
            if kept is None:
                break
            axes = [None if a is None else kept[a] for a in axes]
        else:
            break
        assert x is not None
        node = x
    return node, tuple(axes)


def _same_but_for_ones(shape: Shape, before: Shape) -> list[int | None] | None:
    """For each axis of `shape`, its axis in `before`, if they differ only in axes of length 1."""
    long = [i for i, n in enumerate(before) if n != 1]
    if [n for n in shape if n != 1] != [before[i] for i in long]:
        return None
    rest = iter(long)
    return [None if n == 1 else next(rest) for n in shape]


@dataclass(eq=False)
class Group:
    """Nodes computed in one kernel. Classes stand for the axes of its space."""

    kind: str                                # "loop_nest", "matmul" or "unfused"
    members: list[Node]
    maps: dict[Node, AxisMap]
    sizes: dict[int, int]
    reduced: frozenset[int] = frozenset()
    head: Node | None = None                 # the product itself, or the unfused node
    before: set[Group] = field(default_factory=set)
    after: set[Group] = field(default_factory=set)


class Grouping:
    """The groups of a graph, and the wires between them."""

    def __init__(self, graph: Graph, foreign: Callable[[Node], str]) -> None:
        self.of: dict[Node, Group] = {}
        self.why: dict[Node, str] = {}
        self.argument: dict[Node, AxisMap] = {}
        """For each reduction, the classes along which its argument's axes run."""
        self.order: list[Group] = []
        """The groups as they can run, once they are merged."""
        self._classes = 0
        self._through: dict[Node, tuple[Node, AxisMap]] = {}
        self.outputs = set(graph.outputs)
        for node in graph.operations:
            if not is_view(node):
                self._begin(node, foreign(node))
        self.place = {node: i for i, node in enumerate(self.of)}
        self.users: dict[Node, list[Node]] = {}
        self._wire()

    def groups(self) -> list[Group]:
        """Every group once."""
        return list(dict.fromkeys(self.of.values()))

    def _axes(self, sizes: Iterable[int]) -> tuple[AxisMap, dict[int, int]]:
        """New classes for axes of these sizes, none for an axis of one place."""
        found: list[int | None] = []
        made = {}
        for n in sizes:
            if n == 1:
                found.append(None)
                continue
            self._classes += 1
            found.append(self._classes)
            made[self._classes] = n
        return tuple(found), made

    def _begin(self, node: Node, why: str) -> None:
        assert node.op is not None
        form = node.op.lower
        if why:
            self.why[node] = why
            self.of[node] = Group("unfused", [node], {}, {}, head=node)
        elif isinstance(form, (forms.Scalar, forms.OneHot)):
            axes, sizes = self._axes(node.shape)
            self.of[node] = Group("loop_nest", [node], {node: axes}, sizes)
        elif isinstance(form, forms.Reduce):
            x = node.inputs[0]
            axes, sizes = self._axes(x.shape)
            over = node.attrs["axis"]
            kept = [a for i, a in enumerate(axes) if i not in over]
            out = tuple(
                None if i in over else a for i, a in enumerate(axes)
            ) if node.attrs["keepdims"] else tuple(kept)
            reduced = frozenset(a for i, a in enumerate(axes) if i in over and a is not None)
            self.of[node] = Group("loop_nest", [node], {node: out}, sizes, reduced)
            self.argument[node] = axes
        elif isinstance(form, (forms.Product, forms.Contract)):
            axes, sizes = self._axes(node.shape)
            self.of[node] = Group("matmul", [node], {node: axes}, sizes, head=node)
        else:
            self.of[node] = Group("unfused", [node], {}, {}, head=node)

    # ------------------------------------------------------------------ wires between groups

    def through(self, x: Node) -> tuple[Node, AxisMap]:
        """`through`, asked once for each node."""
        if x not in self._through:
            self._through[x] = through(x)
        return self._through[x]

    def fused_inputs(self, node: Node) -> list[tuple[Node, AxisMap | None]]:
        """For each input of a nest's member: the node behind it, and the classes along which
        that node's axes must run; None where it must be in memory whole."""
        found: list[tuple[Node, AxisMap | None]] = []
        assert node.op is not None
        group = self.of[node]
        for x in node.inputs:
            base, axes = self.through(x)
            if group.kind == "unfused" or base.op is None or is_view(base):
                found.append((base, None))
                continue
            if isinstance(node.op.lower, (forms.Product, forms.Contract)):
                found.append((base, None))
                continue
            mine = self.input_axes(node, x)
            wanted: dict[int, int | None] = {}
            for place, a in enumerate(axes):
                if a is not None:
                    wanted[a] = mine[place]
            found.append((base, tuple(wanted.get(i) for i in range(len(base.shape)))))
        return found

    def input_axes(self, node: Node, x: Node) -> AxisMap:
        """The classes along which the axes of input x run."""
        assert node.op is not None
        form = node.op.lower
        if isinstance(form, forms.Reduce):
            return self.argument[node]
        mine = self.of[node].maps[node]
        if isinstance(form, forms.OneHot):
            return mine[:-1]
        if x.shape == node.shape:
            return mine
        lead = len(node.shape) - len(x.shape)
        return tuple(
            None if n == 1 else mine[lead + i] for i, n in enumerate(x.shape)
        )

    def _wire(self) -> None:
        for node, group in self.of.items():
            for x in node.inputs:
                base = self.source(x)
                if base is None:
                    continue
                self.users.setdefault(base, []).append(node)
                if base in self.of and self.of[base] is not group:
                    group.before.add(self.of[base])
                    self.of[base].after.add(group)

    def source(self, x: Node) -> Node | None:
        """The computing node behind all views of x."""
        x = behind(x)
        return None if x.op is None else x
