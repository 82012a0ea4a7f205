"""What repeats is found and folded: equal blocks in a row become one group "× n", and a long graph
without layers is cut into stretches of stretches.

Works on the inlined graph, before anything is drawn, so that wires part at the new groups too.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from itertools import pairwise
from typing import Any

from seegrad.drawing.scene.inline_composites import InlinedGraph, Part
from seegrad.drawing.scene.scene import Group

LEAST = 3  # blocks in a row that are worth one box
LOOSE = 60  # operations without a layer that a picture bears
FEW = 8  # operations in the smallest stretch, at most
BRANCHES = 3  # stretches in a stretch


def fold_repeats(inlined: InlinedGraph) -> None:
    """Put a group around every run of equal blocks: layers of a network, steps of time."""
    kinds = _signatures(inlined)
    children: dict[str, list[Group]] = {}
    for group in inlined.groups.values():
        children.setdefault(group.parent, []).append(group)
    made: dict[str, Group] = {}  # the first block of a run → the group around the run
    into: dict[str, str] = {}
    for inner in children.values():
        for run in _runs(inner, kinds):
            ids = {group.id for group in run}
            if len(run) >= LEAST and run[0].kind == "module" and _is_closed(inlined, ids):
                key = f"r{len(made)}"
                name = f"{run[0].name.rstrip('0123456789')} × {len(run)}"
                made[run[0].id] = Group(key, name, run[0].parent, kind="repeat")
                into |= dict.fromkeys(ids, key)
    if not made:
        return
    groups: dict[str, Group] = {}
    for key, group in inlined.groups.items():
        if key in made:
            groups[made[key].id] = made[key]
        groups[key] = replace(group, parent=into.get(key, group.parent))
    inlined.groups = groups


def _signatures(inlined: InlinedGraph) -> dict[str, Any]:
    """What each group is made of: operations with their shapes, and groups, in order."""
    inside: dict[str, list[Any]] = {key: [] for key in inlined.groups}
    for part in inlined.parts:
        if part.node.op is not None and part.group:
            inside[part.group].append((part.node.op.name, part.node.shape))
    found: dict[str, Any] = {}
    names: dict[Any, int] = {}
    for key, group in reversed(inlined.groups.items()):
        whole = (group.kind, group.sign, tuple(inside[key]))
        found[key] = names.setdefault(whole, len(names))
        if group.parent:
            inside[group.parent].append(found[key])
    return found


def _runs(groups: Sequence[Group], kinds: dict[str, Any]) -> list[list[Group]]:
    """Neighbours of one kind."""
    runs: list[list[Group]] = []
    for group in groups:
        if runs and kinds[runs[-1][-1].id] == kinds[group.id]:
            runs[-1].append(group)
        else:
            runs.append([group])
    return runs


def _is_closed(inlined: InlinedGraph, ids: set[str]) -> bool:
    """Does nothing that leaves these groups come back into them through something else?"""
    within: dict[str, bool] = {"": False}
    for key, group in inlined.groups.items():
        within[key] = key in ids or within[group.parent]
    inside: set[str] = set()
    outside: set[str] = set()
    for part in inlined.parts:
        if within[part.group]:
            if not outside.isdisjoint(part.inputs):
                return False
            inside.add(part.id)
        elif not (inside | outside).isdisjoint(part.inputs):
            outside.add(part.id)
    return True


def cut_into_stretches(inlined: InlinedGraph) -> bool:
    """Cut a long graph without layers into stretches of stretches; False if it is short."""
    tops = {key: key for key, group in inlined.groups.items() if not group.parent}
    for key, group in inlined.groups.items():
        tops[key] = tops[group.parent or key]
    found: dict[str, Part | str] = {}  # what stands in no group, in order
    for part in inlined.parts:
        if part.group:
            found.setdefault(tops[part.group], tops[part.group])
        elif part.node.op is not None:
            found[part.id] = part
    loose = [*found.values()]
    if len(loose) <= LOOSE:
        return False
    groups, into = _stretches(len(loose))
    for item, key in zip(loose, into):
        if isinstance(item, Part):
            item.group = key
        else:
            inlined.groups[item] = replace(inlined.groups[item], parent=key)
    inlined.groups = {group.id: group for group in groups} | inlined.groups
    return True


def _stretches(count: int) -> tuple[list[Group], list[str]]:
    """The tree of stretches over so many things, the outermost first, and where each stands."""
    groups: list[Group] = []
    pieces, depth = 1, 0
    while True:
        bounds = [i * count // pieces for i in range(pieces + 1)]
        for i, (first, end) in enumerate(pairwise(bounds)):
            parent = f"s{depth - 1}.{i // BRANCHES}" if depth else ""
            groups.append(Group(f"s{depth}.{i}", f"{first + 1}–{end}", parent, kind="stretch"))
        if count <= pieces * FEW:
            break
        pieces, depth = pieces * BRANCHES, depth + 1
    into = [f"s{depth}.{i}" for i, (first, end) in enumerate(pairwise(bounds))
            for _ in range(first, end)]  # fmt: skip
    return groups, into
