"""Fusion: which nodes are computed together, in one kernel, and along which axes.

Each computing node begins as a group of its own; groups are merged along the wires between them
when their axes agree and no cycle arises. Nothing is written here; see `lower.py`.
"""

from __future__ import annotations

import heapq
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

from seegrad.graph.forms import (
    Broadcast,
    Contract,
    OneHot,
    Permute,
    Product,
    Reduce,
    Reshape,
    Scalar,
    Slice,
    Window,
)
from seegrad.graph.graph import Graph
from seegrad.graph.node import Node
from seegrad.graph.spec import Shape

AxisMap = tuple[int | None, ...]
"""For each axis of one value, the axis (or class of axes) it runs along; None: it has one place."""

MOST = 8000
"""Groups of more nodes are not merged further: the search would take longer than it saves."""


def is_view(node: Node) -> bool:
    """Whether the node only looks at its input in another way."""
    return node.op is not None and isinstance(
        node.op.lower, (Permute, Reshape, Broadcast, Slice, Window)
    )


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
        if isinstance(form, Permute):
            order = node.attrs["axes"]
            axes = [None if a is None else order[a] for a in axes]
        elif isinstance(form, Broadcast):
            assert x is not None
            lead = len(node.shape) - len(x.shape)
            axes = [
                None if a is None or a < lead or (x.shape[a - lead] == 1 != node.shape[a])
                else a - lead
                for a in axes
            ]
        elif isinstance(form, Reshape):
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
    head: Node | None = None                 # the product itself, or the solo node
    number: int = -1
    before: set[Group] = field(default_factory=set)
    after: set[Group] = field(default_factory=set)


class Grouping:
    """The groups of a graph, in an order in which they can run."""

    def __init__(self, graph: Graph, foreign: Callable[[Node], str]) -> None:
        self.graph = graph
        self.of: dict[Node, Group] = {}
        self.why: dict[Node, str] = {}
        self.argument: dict[Node, AxisMap] = {}
        """For each reduction, the classes along which its argument's axes run."""
        self._classes = 0
        self.outputs = set(graph.outputs)
        for node in graph.operations:
            if not is_view(node):
                self._begin(node, foreign(node))
        self.place = {node: i for i, node in enumerate(self.of)}
        self.users = self._users()
        self._wire()
        if len(self.groups()) <= MOST:
            self._merge_all()
        self.order = self._sorted()

    def groups(self) -> list[Group]:
        return list(dict.fromkeys(self.of.values()))

    # ------------------------------------------------------------------ the beginning

    def _axes(self, sizes: Iterable[int]) -> tuple[AxisMap, dict[int, int]]:
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
        elif isinstance(form, (Scalar, OneHot)):
            axes, sizes = self._axes(node.shape)
            self.of[node] = Group("loop_nest", [node], {node: axes}, sizes)
        elif isinstance(form, Reduce):
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
        elif isinstance(form, (Product, Contract)):
            axes, sizes = self._axes(node.shape)
            self.of[node] = Group("matmul", [node], {node: axes}, sizes, head=node)
        else:
            self.of[node] = Group("unfused", [node], {}, {}, head=node)

    # ------------------------------------------------------------------ wires between groups

    def fused_inputs(self, node: Node) -> list[tuple[Node, AxisMap | None]]:
        """For each input of a nest's member: the node behind it, and the classes along which
        that node's axes must run; None where it must be in memory whole."""
        found: list[tuple[Node, AxisMap | None]] = []
        assert node.op is not None
        group = self.of[node]
        for x in node.inputs:
            base, axes = through(x)
            if group.kind == "unfused" or base.op is None or is_view(base):
                found.append((base, None))
                continue
            if isinstance(node.op.lower, (Product, Contract)):
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
        if isinstance(form, Reduce):
            return self.argument[node]
        mine = self.of[node].maps[node]
        if isinstance(form, OneHot):
            return mine[:-1]
        lead = len(node.shape) - len(x.shape)
        return tuple(
            None if n == 1 else mine[lead + i] for i, n in enumerate(x.shape)
        )

    def _wire(self) -> None:
        for node in self.of:
            group = self.of[node]
            for x in node.inputs:
                base = self.source(x)
                if base is not None and base in self.of and self.of[base] is not group:
                    group.before.add(self.of[base])
                    self.of[base].after.add(group)

    def source(self, x: Node) -> Node | None:
        """The computing node behind all views of x."""
        while is_view(x):
            x = x.inputs[0]
        return None if x.op is None else x

    # ------------------------------------------------------------------ merging

    def _merge_all(self) -> None:
        users, nodes = self.users, list(self.of)
        for node in reversed(nodes):                     # into the only one who asks for it
            if node in self.outputs:
                continue
            who = {self.of[u] for u in users.get(node, ())}
            if len(who) == 1:
                (consumer,) = who
                if consumer is not self.of[node]:
                    self._try(self.of[node], consumer)
        for node in nodes:                               # what comes behind a product
            group = self.of[node]
            if group.kind == "matmul":
                for consumer in self._ordered(group.after):
                    if consumer.kind == "loop_nest":
                        self._try(self.of[node], consumer)
        for node in nodes:                               # along the other wires
            for user in users.get(node, ()):
                if self.of[user] is not self.of[node]:
                    self._try(self.of[node], self.of[user])
        self._merge_numbers()

    def _users(self) -> dict[Node, list[Node]]:
        users: dict[Node, list[Node]] = {}
        for node in self.of:
            for x in node.inputs:
                base = self.source(x)
                if base is not None:
                    users.setdefault(base, []).append(node)
        return users

    def _ordered(self, groups: Iterable[Group]) -> list[Group]:
        return sorted(groups, key=lambda g: min(self.place[n] for n in g.members))

    def _merge_numbers(self) -> None:
        """Groups of single numbers that do not wait for each other become one."""
        numbers = [g for g in self.groups() if g.kind == "loop_nest" and not g.sizes]
        for i, first in enumerate(numbers):
            if first.members and self.of[first.members[0]] is first:
                anchor = first.members[0]
                for second in numbers[i + 1:]:
                    here = self.of[anchor]
                    if second.members and self.of[second.members[0]] is second and (
                        here is not second and not self._reaches(second, here)
                        and not self._reaches(here, second)
                    ):
                        self._join(here, second, {}, frozenset())

    def _reaches(self, start: Group, goal: Group, direct: bool = True) -> bool:
        """Whether `goal` waits for `start`; without `direct`, through another group."""
        stack = [g for g in start.after if direct or g is not goal]
        seen = set(stack)
        while stack:
            group = stack.pop()
            if group is goal:
                return True
            for further in group.after:
                if further not in seen:
                    seen.add(further)
                    stack.append(further)
        return False

    def _try(self, first: Group, second: Group) -> bool:
        """Merge the group of a producer with that of a user, if that is sound."""
        if first is second or "unfused" in (first.kind, second.kind):
            return False
        if first.kind == second.kind == "matmul":
            return False
        if second.kind == "matmul" and not self._only_behind(first, second):
            return False
        if first.kind == "matmul" and second.reduced:
            return False
        names = self._unified(first, second)
        if names is None:
            return False
        if self._reaches(first, second, direct=False) or self._reaches(second, first):
            return False
        reduced = frozenset(names.get(c, c) for c in first.reduced | second.reduced)
        if not self._sound(first, second, names, reduced):
            return False
        self._join(first, second, names, reduced)
        return True

    def _only_behind(self, first: Group, second: Group) -> bool:
        """Whether what `second`'s product itself reads is not in `first`."""
        assert second.head is not None
        return all(self.of.get(self.source(x)) is not first  # type: ignore[arg-type]
                   for x in second.head.inputs)

    def _unified(self, first: Group, second: Group) -> dict[int, int] | None:
        """New names for the classes of `second`, so that every wire between the two agrees."""
        names: dict[int, int] = {}
        for node in self._readers(first, second):
            for base, wanted in self.fused_inputs(node):
                if self.of.get(base) is not first:
                    continue
                if wanted is None:
                    return None
                have = first.maps[base]
                for theirs, mine, n in zip(have, wanted, base.shape):
                    if n == 1:
                        continue
                    if theirs is None or mine is None:
                        return None
                    if names.setdefault(mine, theirs) != theirs:
                        return None
            for x in node.inputs:                      # a view that moves elements about
                behind = self.source(x)
                if behind is not None and self.of.get(behind) is first and (
                    through(x)[0] is not behind
                ):
                    return None
        if len(set(names.values())) != len(names):
            return None
        # A reduced axis of the one that only broadcasts in the other may be the same axis.
        left = [c for c in first.sizes if c not in names.values()]
        right = [c for c in second.sizes if c not in names]
        for c in right:
            for d in left:
                reduced = (c in second.reduced) == (d in first.reduced) or not (
                    second.reduced and first.reduced
                )
                if first.sizes[d] == second.sizes[c] and reduced:
                    names[c] = d
                    left.remove(d)
                    break
        return names

    def _readers(self, first: Group, second: Group) -> Iterable[Node]:
        """Members of `second`, among them all that read a member of `first`."""
        if len(second.members) <= len(first.members):
            return second.members
        found = {u for node in first.members for u in self.users.get(node, ())
                 if self.of[u] is second}
        return sorted(found, key=self.place.__getitem__)

    def _sound(
        self, first: Group, second: Group, names: dict[int, int], reduced: frozenset[int]
    ) -> bool:
        """Whether every member covers all axes, or all but the reduced ones."""
        sizes = set(first.sizes) | {names.get(c, c) for c in second.sizes}
        outer = sizes - reduced
        renamed = frozenset(names.get(c, c) for c in second.reduced)
        if first.reduced and renamed and first.reduced != renamed:
            return False
        for group, names_here in ((first, {}), (second, names)):
            same = frozenset(names_here.get(c, c) for c in group.reduced) == reduced
            if same and {names_here.get(c, c) for c in group.sizes} == sizes:
                continue                                 # as sound as it was before
            for node, axes in group.maps.items():
                covered = {names_here.get(a, a) for a in axes if a is not None}
                if covered not in (sizes, outer):
                    return False
                if isinstance(node.op.lower, Reduce):  # type: ignore[union-attr]
                    given = {names_here.get(a, a) for a in self.argument[node] if a is not None}
                    if given != sizes or covered != outer:
                        return False
        if "matmul" in (first.kind, second.kind):
            product = first if first.kind == "matmul" else second
            names_here = {} if product is first else names
            mine = {names_here.get(c, c) for c in product.sizes}
            return mine == sizes and not reduced
        return True

    def _join(
        self, first: Group, second: Group, names: dict[int, int], reduced: frozenset[int]
    ) -> None:
        """Move all of `first` and `second` into one, the smaller into the larger."""
        if len(first.members) < len(second.members):
            first, second = second, first
            names = {theirs: mine for mine, theirs in names.items()}
            reduced = frozenset(names.get(c, c) for c in reduced)
        rename: Callable[[AxisMap], AxisMap] = lambda axes: tuple(  # noqa: E731
            None if a is None else names.get(a, a) for a in axes
        )
        first.members += second.members
        for node, axes in second.maps.items():
            first.maps[node] = rename(axes)
            if node in self.argument:
                self.argument[node] = rename(self.argument[node])
        first.sizes.update({names.get(c, c): n for c, n in second.sizes.items()})
        first.reduced = reduced
        first.head = second.head if first.head is None else first.head
        first.kind = "matmul" if "matmul" in (first.kind, second.kind) else "loop_nest"
        for node in second.members:
            self.of[node] = first
        second.members = []
        for group in second.before:
            group.after.discard(second)
            if group is not first:
                group.after.add(first)
                first.before.add(group)
        for group in second.after:
            group.before.discard(second)
            if group is not first:
                group.before.add(first)
                first.after.add(group)
        first.before.discard(second)
        first.after.discard(second)
        first.before.discard(first)
        first.after.discard(first)

    # ------------------------------------------------------------------ order

    def _sorted(self) -> list[Group]:
        """Producers before users, otherwise as the graph has them; members likewise."""
        place, groups = self.place, self.groups()
        for group in groups:
            group.members.sort(key=place.__getitem__)
        waiting = {g: len(g.before) for g in groups}
        last = {place[g.members[-1]]: g for g in groups}
        ready = [i for i, g in last.items() if not waiting[g]]
        heapq.heapify(ready)
        found: list[Group] = []
        while ready:
            group = last[heapq.heappop(ready)]
            group.number = len(found)
            found.append(group)
            for user in group.after:
                waiting[user] -= 1
                if not waiting[user]:
                    heapq.heappush(ready, place[user.members[-1]])
        assert len(found) == len(groups), "fusion made a cycle"
        return found
