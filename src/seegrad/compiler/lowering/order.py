"""The order of kernels: writers before readers, readers of old state before its writer, and of
all such orders one that holds little memory.
"""

from __future__ import annotations

import heapq
from collections.abc import Mapping, Sequence

from seegrad.compiler.ir.buffer import Buffer
from seegrad.compiler.ir.kernel import Kernel, Matmul
from seegrad.compiler.lowering.builder import KernelBuilder
from seegrad.graph.node import Node

NOTHING = 64
"""Bytes of temporary values so few that it costs nothing to keep them for later."""


class Cycle(Exception):
    """Assigned leaves that cannot be written where they lie."""

    def __init__(self, leaves: set[Node]) -> None:
        self.leaves = leaves


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


def ordered(
    builder: KernelBuilder, writes: Mapping[Node, Node], late: Mapping[Kernel, Node]
) -> list[Kernel]:
    """Writers before readers, readers of old state before its writer."""
    after: dict[Kernel, set[Kernel]] = {k: set() for k in builder.kernels}
    place = {k: i for i, k in enumerate(builder.kernels)}
    made: dict[Buffer, list[Kernel]] = {}
    for kernel in builder.kernels:
        for view in kernel.writes():
            made.setdefault(view.buffer, []).append(kernel)
    state = {builder.of[leaf]: leaf for leaf in builder.request.assigned}
    writer = {leaf: builder.maker[value] for leaf, value in writes.items()}
    writer |= {leaf: kernel for kernel, leaf in late.items()}
    for kernel in builder.kernels:
        for view in kernel.reads():
            if view.buffer in state:
                continue
            for maker in made.get(view.buffer, ()):
                if maker is not kernel and place[maker] < place[kernel]:
                    after[maker].add(kernel)
        for node in builder.sources[kernel]:
            last = builder.maker.get(node)
            if last is not None and last is not kernel and place[last] < place[kernel]:
                after[last].add(kernel)
            if node in writer and writer[node] is not kernel:
                after[kernel].add(writer[node])
    for first, second in builder.extra:
        after[first].add(second)
    _check_in_place(builder, writes, writer)
    return _sorted(builder, after, place, writes, writer)


def _check_in_place(
    builder: KernelBuilder, writes: Mapping[Node, Node], writer: Mapping[Node, Kernel]
) -> None:
    """State may be overwritten by a kernel only where it reads the very same place."""
    wrong = set()
    for kernel in dict.fromkeys(writer[leaf] for leaf in writes):
        stored = {s.view.buffer: s.view for s in reversed(kernel.stores)}
        for view in kernel.loads():
            there = stored.get(view.buffer, view)
            if view.strides != there.strides or view.offset != there.offset:
                wrong |= {leaf for leaf in writes if builder.of[leaf] is view.buffer}
    for leaf in writes:
        kernel, buffer = writer[leaf], builder.of[leaf]
        if isinstance(kernel, Matmul) and buffer in (kernel.a.buffer, kernel.b.buffer):
            wrong.add(leaf)
    if wrong:
        raise Cycle(wrong)


def _sorted(
    builder: KernelBuilder, after: Mapping[Kernel, set[Kernel]], place: Mapping[Kernel, int],
    writes: Mapping[Node, Node], writer: Mapping[Node, Kernel],
) -> list[Kernel]:  # fmt: skip
    waiting = dict.fromkeys(builder.kernels, 0)
    for users in after.values():
        for user in users:
            waiting[user] += 1
    held = _Held(builder.kernels)
    ready = [(held.change(k), place[k]) for k in builder.kernels if not waiting[k]]
    heapq.heapify(ready)
    found: dict[Kernel, None] = {}
    while ready:
        change, first = heapq.heappop(ready)
        kernel = builder.kernels[first]
        if kernel in found or change != held.change(kernel):
            continue                                  # it stands there again, as it is now
        found[kernel] = None
        now = {user for user in after[kernel] if waiting[user] == 1}
        for user in after[kernel]:
            waiting[user] -= 1
        for user in now | held.done(kernel):
            if not waiting[user]:
                heapq.heappush(ready, (held.change(user), place[user]))
    if len(found) < len(builder.kernels):
        left = set(builder.kernels) - set(found)
        stuck = {leaf for leaf in writes if writer[leaf] in left}
        raise Cycle(stuck or set(writes))
    return _sunk(list(found), after)


def _sunk(kernels: Sequence[Kernel], after: Mapping[Kernel, set[Kernel]]) -> list[Kernel]:
    """What is made of nothing, such as random numbers, is made just before somebody asks."""
    keys: dict[Kernel, tuple[int, int]] = {}
    for place in reversed(range(len(kernels))):
        kernel = kernels[place]
        keys[kernel] = place, 0
        made = {v.buffer for v in kernel.writes()}
        read = {v.buffer for v in kernel.reads()} & kernel.temporaries() - made
        if after[kernel] and sum(b.nbytes for b in read) <= NOTHING:
            asked, level = min(keys[user] for user in after[kernel])
            keys[kernel] = asked, level - 1
    return sorted(kernels, key=keys.__getitem__)
