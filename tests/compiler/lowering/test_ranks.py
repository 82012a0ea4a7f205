"""Groups merged in random order: a contraction is refused exactly where it would make a cycle."""

from hypothesis import given
from hypothesis import strategies as st

from seegrad.compiler.lowering import ranks
from seegrad.compiler.lowering.groups import Group
from seegrad.compiler.lowering.ranks import Ranks


def _wired(count, wires):
    groups = [Group("loop_nest", [], {}, {}) for _ in range(count)]
    for a, b in wires:
        a, b = sorted((a % count, b % count))
        if a != b:
            groups[a].after.add(groups[b])
            groups[b].before.add(groups[a])
    return groups


def _waits(start, goal):
    """Whether there is a way from `start` to `goal` through another group."""
    stack, seen = [g for g in start.after if g is not goal], set()
    while stack:
        group = stack.pop()
        if group is goal:
            return True
        if group not in seen:
            seen.add(group)
            stack.extend(group.after)
    return False


def _merge(first, second):
    for near, far in (("before", "after"), ("after", "before")):
        for other in list(getattr(second, near)):
            getattr(other, far).discard(second)
            if other is not first:
                getattr(other, far).add(first)
                getattr(first, near).add(other)
        getattr(first, near).discard(second)


PAIR = st.tuples(st.integers(0, 30), st.integers(0, 30))


@given(st.integers(2, 12), st.lists(PAIR, max_size=40), st.lists(PAIR, max_size=30))
def test_what_is_refused_would_be_a_cycle_and_nothing_else(count, wires, merges):
    groups = _wired(count, wires)
    order = Ranks(groups)
    for a, b in merges:
        first, second = groups[a % len(groups)], groups[b % len(groups)]
        if first is second:
            continue
        cycle = _waits(first, second) or _waits(second, first)
        assert order.contract(first, second) is not cycle
        if not cycle:
            _merge(first, second)
            groups.remove(second)
        place = {g: i for i, g in enumerate(order.in_order(groups))}
        assert all(place[g] < place[user] for g in groups for user in g.after)


def test_what_is_far_apart_is_not_merged(monkeypatch):
    monkeypatch.setattr(ranks, "MOST", 3)
    groups = _wired(9, [(0, 1), (1, 2), (2, 3), (3, 8), (0, 4), (4, 8), (5, 6), (6, 8), (5, 8)])
    assert not Ranks(groups).contract(groups[0], groups[8])
