"""Kernels → executable: scheduled, written as LLVM text, compiled, and given places in memory.

The stages themselves are in `scheduling/`, `codegen/` and `runtime/`; here they follow each other.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache

import numpy as np

from seegrad.compiler import target
from seegrad.compiler.codegen.program import programs
from seegrad.compiler.ir.kernel import Kernel, NumpyCall
from seegrad.compiler.ir.loop_call import LoopCall
from seegrad.compiler.lowering.lower import Lowered
from seegrad.compiler.runtime import executable, jit, thread_pool
from seegrad.compiler.runtime.executable import Executable, Segment
from seegrad.compiler.runtime.state_slot import Slot
from seegrad.compiler.runtime.workspace import Workspace
from seegrad.compiler.scheduling import buffer_reuse
from seegrad.compiler.scheduling.schedule import scheduled

Test = tuple[int, int, int, int]


def build(
    lowered: Lowered, slots: Sequence[Slot], threads: int, apart: bool = False,
    turns: int = 0, workspace: Workspace | None = None,
) -> Executable:  # fmt: skip
    """What runs the kernels; with `apart`, every one is a program of its own (see `inspect/`).

    turns: it is the body of a loop of so many. workspace: temporary memory that others use too.
    """
    for kernel in lowered.kernels:
        if isinstance(kernel, LoopCall):
            _build_inside(kernel, lowered, 1 if turns else threads)
    runs = _runs(lowered.kernels, apart)
    if target.available():
        segments = _segments(runs, threads, _index_tests(lowered), turns)
    else:
        segments = list(lowered.kernels)
    parts = [s.schedule if isinstance(s, Segment) else s for s in segments]
    gap = 0 if executable.POISON else buffer_reuse.APART
    places, room = buffer_reuse.placed(buffer_reuse.needed(parts), gap)
    return Executable(lowered, slots, segments, places, room, workspace or Workspace())


def _build_inside(kernel: LoopCall, lowered: Lowered, threads: int) -> None:
    """The programs inside of a loop, once: what is around them knows their addresses."""
    if kernel.inners[0].executable is not None:
        return
    several = kernel.kind == "scan" and kernel.turns > 1
    for inner in kernel.inners:
        many = threads if several else 1
        inner.executable = build(inner.lowered, (), many, turns=max(kernel.turns, 1))
    only = [inner.executable.only for inner in kernel.inners]
    kernel.native = all(segment is not None and segment.threads == 1 for segment in only)
    if kernel.native:
        for inner, segment in zip(kernel.inners, only):
            addresses = inner.executable.table_address, segment.address
            lowered.constants[inner.entry] = np.array(addresses, np.int64)
        costs = [segment.schedule.cost for segment in only]
        kernel.cycles = max(kernel.turns, 1) * (max(costs) if kernel.kind == "cond" else sum(costs))


def _runs(kernels: Sequence[Kernel], apart: bool) -> list[list[Kernel] | Kernel]:
    """What Python has a part in, and the kernels between that go into one program."""
    runs: list[list[Kernel] | Kernel] = []
    for kernel in kernels:
        if isinstance(kernel, NumpyCall) or (isinstance(kernel, LoopCall) and not kernel.native):
            runs.append(kernel)
        elif runs and isinstance(runs[-1], list) and not apart:
            runs[-1].append(kernel)
        else:
            runs.append([kernel])
    return runs


def _segments(
    runs: Sequence[list[Kernel] | Kernel], threads: int, tests: Sequence[Test], turns: int
) -> list[Segment | Kernel]:
    """The native programs of one module, and between them what Python has a part in."""
    schedules = [scheduled(r, threads, turns) for r in runs if not isinstance(r, Kernel)]
    if not schedules:
        return [run for run in runs if isinstance(run, Kernel)]
    written = programs(schedules, tests)
    thread_pool.prepare()
    made_of = made(written[0].text)
    natives = iter([Segment(s, w, made_of) for s, w in zip(schedules, written)])
    return [run if isinstance(run, Kernel) else next(natives) for run in runs]


@lru_cache(maxsize=64)
def made(text: str) -> jit.Program:
    """The program of this text; equal networks share theirs, since memory is given by table."""
    return jit.Program(text, 0)


def _index_tests(lowered: Lowered) -> list[Test]:
    """What native code can check of the indices that come in: buffer, count, bytes, bound."""
    found = []
    for index in lowered.indices:
        buffer = lowered.leaves[index.leaf]
        if buffer.size:
            found.append((buffer.number, buffer.size, buffer.dtype.itemsize, index.size))
    return list(dict.fromkeys(found))
