"""Fusion: which nodes are computed together, in one kernel, and along which axes.

Groups are merged along the wires between them when their axes agree and no cycle arises. Nothing
is written here; see `lower.py`.
"""

from __future__ import annotations

import heapq
from collections.abc import Callable, Iterable, Sequence

from seegrad.compiler.lowering.groups import AxisMap, Group, Grouping
from seegrad.compiler.lowering.ranks import Ranks
from seegrad.graph.graph import Graph
from seegrad.graph.node import Node

WIDE = 64
"""A kernel reads what at most so many others wrote: the sum of a thousand values is cut up."""
LONG = 1000
"""A kernel computes at most so many nodes."""
NUMBERS = 64
"""Of more groups of single numbers, only those of one depth are merged."""


def fuse(graph: Graph, foreign: Callable[[Node], str]) -> Grouping:
    """The groups of a graph, merged and in an order in which they can run.

    `foreign` says of a node why it goes through NumPy, if it does.
    """
    grouping = Grouping(graph, foreign)
    _Merger(grouping).merge()
    grouping.order = _ordered(grouping)
    return grouping


class _Merger:
    """Merges groups pair by pair."""

    def __init__(self, grouping: Grouping) -> None:
        self.grouping, self.of = grouping, grouping.of
        self.ranks = Ranks(grouping.groups())

    def merge(self) -> None:
        """Merge what can be: into single users, behind products, along the other wires."""
        users, nodes = self.grouping.users, list(self.of)
        for node in reversed(nodes):                     # into the only one who asks for it
            if node in self.grouping.outputs:
                continue
            who = {self.of[u] for u in users.get(node, ())}
            if len(who) == 1:
                (consumer,) = who
                if consumer is not self.of[node]:
                    self._try(self.of[node], consumer)
        for node in nodes:                               # what comes behind a product
            group = self.of[node]
            if group.kind == "matmul":
                for consumer in self._by_place(group.after):
                    if consumer.kind == "loop_nest":
                        self._try(self.of[node], consumer)
        for node in nodes:                               # along the other wires
            for user in users.get(node, ()):
                if self.of[user] is not self.of[node]:
                    self._try(self.of[node], self.of[user])
        self._merge_numbers()

    def _by_place(self, groups: Iterable[Group]) -> list[Group]:
        return sorted(groups, key=lambda g: min(self.grouping.place[n] for n in g.members))

    def _merge_numbers(self) -> None:
        """Groups of single numbers that do not wait for each other become one."""
        numbers = [g for g in self.grouping.groups() if g.kind == "loop_nest" and not g.sizes]
        if len(numbers) > NUMBERS:
            self._merge_by_depth(numbers)
            return
        for i, first in enumerate(numbers):
            for second in numbers[i + 1:]:
                few = len(first.members) * len(second.members) > 0 and (
                    len(first.members) + len(second.members) <= LONG
                )
                # One that reads the other may do so through a view that moves elements.
                apart = first not in second.after and second not in first.after
                if few and apart and self.ranks.contract(first, second):
                    self._join(first, second, {}, frozenset())

    def _merge_by_depth(self, numbers: Sequence[Group]) -> None:
        """Groups of equal depth do not wait for each other, whichever of them are merged."""
        depth: dict[Group, int] = {}
        for group in self.ranks.in_order(self.grouping.groups()):
            depth[group] = max((depth[g] + 1 for g in group.before), default=0)
        first: dict[int, Group] = {}
        for group in numbers:
            here = first.setdefault(depth[group], group)
            if len(here.members) + len(group.members) > LONG:
                first[depth[group]] = group
            elif here is not group:
                self._join(here, group, {}, frozenset())

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
        if len(first.members) + len(second.members) > LONG or _read(first, second) > WIDE:
            return False
        names = self._unified(first, second)
        if names is None:
            return False
        reduced = frozenset(names.get(c, c) for c in first.reduced | second.reduced)
        if not self._sound(first, second, names, reduced):
            return False
        if not self.ranks.contract(first, second):
            return False
        self._join(first, second, names, reduced)
        return True

    def _only_behind(self, first: Group, second: Group) -> bool:
        """Whether what `second`'s product itself reads is not in `first`."""
        assert second.head is not None
        sources = map(self.grouping.source, second.head.inputs)
        return all(x is None or self.of.get(x) is not first for x in sources)

    def _unified(self, first: Group, second: Group) -> dict[int, int] | None:
        """New names for the classes of `second`, so that every wire between the two agrees."""
        names: dict[int, int] = {}
        for node in self._readers(first, second):
            for base, wanted in self.grouping.fused_inputs(node):
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
                behind = self.grouping.source(x)
                if behind is not None and self.of.get(behind) is first and (
                    self.grouping.through(x)[0] is not behind
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
        found = {u for node in first.members for u in self.grouping.users.get(node, ())
                 if self.of[u] is second}
        return sorted(found, key=self.grouping.place.__getitem__)

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
                if node in self.grouping.argument:
                    argument = self.grouping.argument[node]
                    given = {names_here.get(a, a) for a in argument if a is not None}
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
            if node in self.grouping.argument:
                self.grouping.argument[node] = rename(self.grouping.argument[node])
        first.sizes.update({names.get(c, c): n for c, n in second.sizes.items()})
        first.reduced = reduced
        first.head = second.head if first.head is None else first.head
        first.kind = "matmul" if "matmul" in (first.kind, second.kind) else "loop_nest"
        for node in second.members:
            self.of[node] = first
        second.members = []
        _rewire(first, second)


def _read(first: Group, second: Group) -> int:
    """How many other groups the two wait for together, if that may be many."""
    most = len(first.before) + len(second.before)
    return most if most <= WIDE else len((first.before | second.before) - {first, second})


def _rewire(first: Group, second: Group) -> None:
    """Let the wires of `second` be those of `first`."""
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


def _ordered(grouping: Grouping) -> list[Group]:
    """Producers before users, otherwise as the graph has them; members likewise."""
    place, groups = grouping.place, grouping.groups()
    for group in groups:
        group.members.sort(key=place.__getitem__)
    waiting = {g: len(g.before) for g in groups}
    last = {place[g.members[-1]]: g for g in groups}
    ready = [i for i, g in last.items() if not waiting[g]]
    heapq.heapify(ready)
    found: list[Group] = []
    while ready:
        group = last[heapq.heappop(ready)]
        found.append(group)
        for user in group.after:
            waiting[user] -= 1
            if not waiting[user]:
                heapq.heappush(ready, place[user.members[-1]])
    assert len(found) == len(groups), "fusion made a cycle"
    return found
