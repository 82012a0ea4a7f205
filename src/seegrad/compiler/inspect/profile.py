"""Time, bytes and operations of a compiled function, kernel by kernel."""

from __future__ import annotations

import math
import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from seegrad.compiler import target
from seegrad.compiler.build import build
from seegrad.compiler.inspect import machine_peak
from seegrad.compiler.ir.buffer import View
from seegrad.compiler.ir.expression import Apply, Reduced, every
from seegrad.compiler.ir.kernel import Kernel, Matmul, NumpyCall
from seegrad.compiler.runtime.executable import Segment
from seegrad.compiler.specialization import Variant
from seegrad.graph.node import Node


@dataclass(frozen=True)
class Line:
    """One kernel of a profile."""

    kernel: str
    nodes: tuple[Node, ...]
    frame: str
    microseconds: float
    flops: float
    nbytes: int

    @property
    def gigaflops(self) -> float:
        """Floating-point operations a nanosecond."""
        return self.flops / self.microseconds / 1e3 if self.microseconds else 0.0


@dataclass(frozen=True)
class Profile:
    """Time, operations and bytes of every kernel, each run alone on one thread.

    `peak` is the machine's own: float32 operations a second of one thread.
    """

    lines: tuple[Line, ...]
    peak: float

    @property
    def microseconds(self) -> float:
        """All kernels together."""
        return sum(line.microseconds for line in self.lines)

    def __str__(self) -> str:
        rows = [f"{'µs':>9} {'share':>6} {'MFLOP':>8} {'of peak':>8} {'kB':>9}  kernel"]
        total = self.microseconds or 1.0
        for line in self.lines:
            part = line.flops / max(line.microseconds, 1e-9) * 1e6 / self.peak
            rows.append(
                f"{line.microseconds:9.1f} {line.microseconds / total:6.0%}"
                f" {line.flops / 1e6:8.2f} {part:8.0%} {line.nbytes / 1e3:9.1f}"
                f"  {line.kernel}"
            )
        rows.append(f"{self.microseconds:9.1f}        {'':17} {'':9}  in all")
        return "\n".join(rows)

    def by_node(self) -> dict[Node, float]:
        """Microseconds for each node; a group's time is shared equally among its nodes."""
        found: dict[Node, float] = {}
        for line in self.lines:
            for node in line.nodes:
                part = line.microseconds / len(line.nodes)
                found[node] = found.get(node, 0.0) + part
        return found


def flops_of(kernel: Kernel) -> float:
    """Floating-point operations that the kernel asks for (an elementary function counts one)."""
    points = math.prod(kernel.space)
    applied = sum(
        isinstance(e, (Apply, Reduced)) and e.dtype.kind == "f"
        for e in every([s.value for s in kernel.stores])
    )
    total = float(points * applied)
    if isinstance(kernel, Matmul):
        total += 2.0 * points * kernel.depth
    if isinstance(kernel, NumpyCall):
        total += kernel.output.size
    return total


def bytes_of(kernel: Kernel) -> int:
    """Bytes of everything that the kernel reads and writes, each place once."""
    views = {(v.buffer, v.offset, v.shape): v for v in [*kernel.reads(), *kernel.writes()]}
    return sum(_distinct(v) * v.dtype.itemsize for v in views.values())


def _distinct(view: View) -> int:
    varied = [n for i, (n, s) in enumerate(zip(view.shape, view.strides))
              if s or (view.rows is not None and i == view.rows_axis)]
    return min(math.prod(varied), view.buffer.size)         # windows lie over each other


def profile(variant: Variant, values: Sequence[Any], repeats: int = 20) -> Profile:
    """Every kernel of the plan run alone, on copies of memory, the best of several runs."""
    variant.give(values)
    original = variant.executable
    original.check_indices()
    alone = build(variant.lowered, (), 1, apart=True)
    for buffer, array in original.arrays.items():
        if buffer.role == "state":
            copy = np.array(array, copy=True, order="K")
            alone.hold(buffer, copy)
        elif buffer.role == "input":
            alone.hold(buffer, array)
    alone.make_outputs()
    lines = []
    for segment in alone.segments:
        if not isinstance(segment, Segment):
            kernel = segment
        else:
            kernel = (*segment.schedule.prologue, *segment.schedule.tasks)[0].kernel
        best = math.inf
        for _ in range(repeats):
            start = time.perf_counter()
            alone.run_one(segment, 0)
            best = min(best, time.perf_counter() - start)
        frame = str(kernel.nodes[-1].frame or "") if kernel.nodes else ""
        lines.append(
            Line(kernel.name, kernel.nodes, frame, best * 1e6, flops_of(kernel), bytes_of(kernel))
        )
    peak = machine_peak.flops(1) if target.available() else 1e9
    return Profile(tuple(lines), peak)
