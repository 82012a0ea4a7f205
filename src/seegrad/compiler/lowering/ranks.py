"""A topological order of groups that stays one while groups are contracted; what merges is not
decided here.

Every group has a rank, and wires go up in rank. Whether a contraction makes a cycle is asked of
the groups between two ranks alone, and of no more than `MOST` of them, so that fusion takes linear
time (D. J. Pearce and P. H. J. Kelly, "A dynamic topological sort algorithm", 2006).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from seegrad.compiler.lowering.groups import Group

MOST = 200
"""Where more groups than this lie between two, these are not merged: they are far apart."""


class Ranks:
    """The order; groups come in an order in which they can run."""

    def __init__(self, groups: Sequence[Group]) -> None:
        self._rank = {group: i for i, group in enumerate(groups)}

    def in_order(self, groups: Iterable[Group]) -> list[Group]:
        """The groups so that each comes behind all that it waits for."""
        return sorted(groups, key=self._rank.__getitem__)

    def contract(self, first: Group, second: Group) -> bool:
        """Give two groups one place in the order, unless one waits for the other through a third
        (or too many lie between them to see): gives whether they now have one."""
        rank = self._rank
        if rank[first] > rank[second]:
            first, second = second, first
        behind = self._between(first, second, up=True)
        if behind is not None and not behind:
            rank[first] = rank[second]
            return True
        ahead = self._between(second, first, up=False)
        if ahead is None or (ahead and behind is None):
            return False
        if not ahead:
            rank[second] = rank[first]
            return True
        assert behind is not None
        if second in behind or first in ahead:
            return False
        moved = [*self.in_order(ahead), first, *self.in_order(behind)]
        free = sorted([rank[second], *map(rank.__getitem__, moved)])
        rank.update(zip(moved, free))
        rank[second] = rank[first]
        return True

    def _between(self, start: Group, goal: Group, up: bool) -> set[Group] | None:
        """What waits for `start` (or, not `up`, what it waits for) within the rank of `goal`; None
        where that is too much. The direct wire to `goal` does not count; `goal` is among what is
        found if there is another way to it."""
        rank, bound = self._rank, self._rank[goal]
        found: set[Group] = set()
        stack = [start]
        while stack:
            group = stack.pop()
            for x in group.after if up else group.before:
                if x in found or (rank[x] > bound if up else rank[x] < bound):
                    continue
                if x is goal and group is start:
                    continue
                found.add(x)
                if x is goal or len(found) > MOST:
                    return {goal} if x is goal else None
                stack.append(x)
        return found
