"""Seeing inside a compiled function: its kernels as text, a report, a profile by kernel.

The numbers come from running each kernel alone, on copies of the state.
"""

from __future__ import annotations

import math
import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from seegrad.compiler import machine, native
from seegrad.compiler.executable import Executable, Segment
from seegrad.compiler.plan import (
    Accumulated,
    Apply,
    Counter,
    Expression,
    Foreign,
    Kernel,
    Literal,
    Load,
    Nest,
    Product,
    Reduced,
    View,
    every,
)
from seegrad.compiler.program import Task
from seegrad.compiler.schedule import Schedule, owners
from seegrad.compiler.variant import Variant
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
    if isinstance(kernel, Product):
        total += 2.0 * points * kernel.k
    if isinstance(kernel, Foreign):
        total += kernel.output.size
    return total


def bytes_of(kernel: Kernel) -> int:
    """Bytes of everything that the kernel reads and writes, each place once."""
    views = {(v.buffer, v.offset, v.shape): v for v in [*kernel.reads(), *kernel.writes()]}
    return sum(_distinct(v) * v.dtype.itemsize for v in views.values())


def _distinct(view: View) -> int:
    varied = [n for i, (n, s) in enumerate(zip(view.shape, view.strides))
              if s or (view.rows is not None and i == view.rows_axis)]
    return math.prod(varied)


def profile(variant: Variant, values: Sequence[Any], repeats: int = 20) -> Profile:
    """Every kernel of the plan run alone, on copies of memory, the best of several runs."""
    variant.give(values)
    original = variant.executable
    original.check_indices()
    alone = Executable(variant.lowered, (), 1, apart=True)
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
    peak = machine.flops(1) if native.available() else 1e9
    return Profile(tuple(lines), peak)


# --------------------------------------------------------------- as text


def source(variant: Variant) -> str:
    """Every kernel as readable text, in the order in which they run."""
    parts = []
    for segment in variant.executable.segments:
        if isinstance(segment, Segment):
            parts.append(_program(segment.schedule))
        else:
            parts.append(_kernel(segment))
    return "\n".join(parts)


def assembly(variant: Variant) -> str:
    """The same as LLVM's assembly."""
    return "\n\n".join(
        s.text for s in variant.executable.segments if isinstance(s, Segment)
    )


def _program(schedule: Schedule) -> str:
    lines = [f"# native program, {schedule.threads} thread{'s' * (schedule.threads > 1)}"]
    said = owners(schedule)
    for task in schedule.prologue:
        lines.append("# once, before the first step:")
        lines.append(_kernel(task.kernel))
    for task in schedule.tasks:
        if task.barrier:
            lines.append("# ---- all threads meet ----")
        lines.append(_kernel(task.kernel, _share(task, said, schedule.threads)))
    if schedule.closing:
        lines.append("# ---- all threads meet ----")
    return "\n".join(lines)


def _share(task: Task, said: Any, threads: int) -> str:
    return f", {said[task.kernel]}" if threads > 1 else ""


def _kernel(kernel: Kernel, share: str = "") -> str:
    names = _Names()
    nodes = ", ".join(_node(n) for n in kernel.nodes)
    lines = [f"def {_identifier(kernel.name)}():  # {list(kernel.space)}{share}"]
    lines.append(f"    # {nodes}")
    if isinstance(kernel, Foreign):
        lines.append(f"    # NumPy: {kernel.why}")
        given = ", ".join(names.view(v, ()) for v in kernel.inputs)
        assert kernel.nodes[0].op is not None
        lines.append(f"    {names.view(kernel.output, ())} = "
                     f"{kernel.nodes[0].op.name}({given})")
        return "\n".join(lines)
    if isinstance(kernel, Product):
        lines += _product_lines(kernel, names)
    else:
        assert isinstance(kernel, Nest)
        lines += _nest_lines(kernel, names)
    return "\n".join(lines)


def _node(node: Node) -> str:
    name = f" {node.name}" if node.name else ""
    said = f"{node.op.name if node.op else 'leaf'}{name}"
    return said + (f" in {node.frame}" if node.frame else "")


def _identifier(name: str) -> str:
    return "".join(c if c.isalnum() else "_" for c in name)


def _product_lines(kernel: Product, names: _Names) -> list[str]:
    axes = [f"b{i}" for i in range(len(kernel.space) - 2)] + ["m", "n"]
    over = ", ".join(f"{a} < {n}" for a, n in zip(axes, kernel.space))
    left = names.view(kernel.a, (*axes[:-2], "m", "k"))
    right = names.view(kernel.b, (*axes[:-2], "k", "n"))
    lines = [f"    for {over}:", f"        s = sum over k < {kernel.k} of {left} * {right}"]
    return lines + [
        f"        {names.view(s.view, axes)} = {names.expression(s.value, axes)}"
        for s in kernel.stores
    ]


def _nest_lines(kernel: Nest, names: _Names) -> list[str]:
    axes = ["i", "j", "k", "l", "p", "q", "r", "s"][: len(kernel.space)]
    outer = [f"{a} < {n}" for i, (a, n) in enumerate(zip(axes, kernel.space))
             if i not in kernel.reduced]
    inner = [f"{a} < {n}" for i, (a, n) in enumerate(zip(axes, kernel.space))
             if i in kernel.reduced]
    lines = [f"    for {', '.join(outer) or 'once'}:"]
    names.inner = ", ".join(inner)
    return lines + [
        f"        {names.view(s.view, axes)} = {names.expression(s.value, axes)}"
        for s in kernel.stores
    ]


class _Names:
    """Views and expressions as people write them."""

    def __init__(self) -> None:
        self.inner = ""

    def view(self, view: View, axes: Sequence[str]) -> str:
        name = view.buffer.name or view.buffer.role
        at = []
        for i, (a, s) in enumerate(zip(axes, view.strides)):
            if view.rows is not None and i == view.rows_axis:
                at.append(f"{view.rows.buffer.name}[{a}]")
            elif s:
                at.append(a)
        return f"{name}[{', '.join(at)}]" if at else name

    def expression(self, root: Expression, axes: Sequence[str]) -> str:
        """The expression on one line; no recursion."""
        said: dict[Expression, str] = {}
        for e in every([root]):
            if isinstance(e, Load):
                said[e] = self.view(e.view, axes)
            elif isinstance(e, Literal):
                said[e] = f"{e.value:g}" if isinstance(e.value, float) else str(e.value)
            elif isinstance(e, Apply):
                inner = ", ".join(said[x] for x in e.arguments)
                word = str(e.dtype) if e.function == "cast" else e.function
                said[e] = f"{word}({inner})"
            elif isinstance(e, Reduced):
                said[e] = f"{e.kind}[{self.inner}]({said[e.argument]})"
            elif isinstance(e, Accumulated):
                said[e] = "s"
            elif isinstance(e, Counter):
                said[e] = axes[e.axis]
        text = said[root]
        return text if len(text) <= 400 else f"{text[:397]}..."


def report(variant: Variant) -> str:
    """What was compiled, and what goes through NumPy and why."""
    executable, lowered = variant.executable, variant.lowered
    natives = [s for s in executable.segments if isinstance(s, Segment)]
    nodes = len(variant.graph.operations)
    kernels = sum(len(s.schedule.tasks) for s in natives)
    meetings = sum(t.barrier for s in natives for t in s.schedule.tasks)
    meetings += sum(s.schedule.closing for s in natives)
    threads = max((s.threads for s in natives), default=1)
    values = sum(b.nbytes for b in lowered.buffers if b.role == "temporary")
    lines = [
        f"{nodes} nodes in {kernels} native kernels"
        f" and {len(executable.segments) - len(natives)} calls of NumPy",
        f"{threads} thread{'s' * (threads > 1)}, {meetings} meetings a step",
        f"{executable.temporary.nbytes / 1e3:.1f} kB of temporary memory"
        f" for {values / 1e3:.1f} kB of values",
    ]
    for node, why in lowered.foreign.items():
        place = f" at {node.where}" if node.where else ""
        lines.append(f"  {_node(node)} goes through NumPy: {why}{place}")
    for step in variant.records:
        lines.append(f"  {step.name}: {len(step.graph.operations)} nodes ({step.reason})")
    return "\n".join(lines)
