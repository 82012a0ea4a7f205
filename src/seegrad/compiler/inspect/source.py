"""A compiled function as readable text: its kernels, its assembly, its passes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from seegrad.compiler.ir.buffer import View
from seegrad.compiler.ir.expression import (
    Accumulated,
    Apply,
    Counter,
    Expression,
    Literal,
    Load,
    Reduced,
    every,
)
from seegrad.compiler.ir.kernel import Draw, Kernel, LoopNest, Matmul, NumpyCall
from seegrad.compiler.ir.loop_call import Inner, LoopCall
from seegrad.compiler.runtime.executable import Executable, Segment
from seegrad.compiler.scheduling.schedule import Schedule, owners
from seegrad.compiler.scheduling.task import Task
from seegrad.compiler.specialization import Variant
from seegrad.graph.node import Node

# --------------------------------------------------------------- as text


def source(variant: Variant) -> str:
    """Every kernel as readable text, in the order in which they run."""
    return _segments(variant.executable)


def _segments(executable: Executable) -> str:
    return "\n".join(
        _program(s.schedule) if isinstance(s, Segment) else _kernel(s)
        for s in executable.segments
    )


def assembly(variant: Variant) -> str:
    """The same as LLVM's assembly."""
    programs = _with_inner(variant.executable)
    segments = [s for e in programs for s in e.segments if isinstance(s, Segment)]
    return "\n\n".join(dict.fromkeys(s.written.text for s in segments))


def _with_inner(executable: Executable) -> list[Executable]:
    """The executable, and those of the bodies of its loops."""
    found = [executable]
    for kernel in executable.lowered.kernels:
        if isinstance(kernel, LoopCall):
            found += [e for inner in kernel.inners for e in _with_inner(inner.executable)]
    return found


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
    if isinstance(kernel, NumpyCall):
        lines.append(f"    # NumPy: {kernel.why}")
        given = ", ".join(names.view(v, ()) for v in kernel.inputs)
        assert kernel.nodes[0].op is not None
        lines.append(f"    {names.view(kernel.output, ())} = "
                     f"{kernel.nodes[0].op.name}({given})")
        return "\n".join(lines)
    if isinstance(kernel, LoopCall):
        for head, inner in zip(_heads(kernel, names), kernel.inners):
            lines += [f"    {head}:", *(f"        {x}" for x in _body_lines(inner))]
    elif isinstance(kernel, Draw):
        lines.append(f"    for i < {kernel.space[0]}:")
        lines.append(f"        {names.view(kernel.output, 'ij')} = "
                     f"philox({names.view(kernel.key, '')}, i + 1)")
    elif isinstance(kernel, Matmul):
        lines += _product_lines(kernel, names)
    else:
        assert isinstance(kernel, LoopNest)
        lines += _nest_lines(kernel, names)
    return "\n".join(lines)


def _heads(kernel: LoopCall, names: _Names) -> list[str]:
    """What says when each program inside of a loop runs."""
    if kernel.kind == "scan":
        return [f"for turn < {kernel.turns}"]
    if kernel.kind == "while":
        most = f" and turn < {kernel.turns}" * (kernel.turns >= 0)
        return ["test", f"while test{most}"]
    assert kernel.choice is not None
    return [f"if {names.view(kernel.choice, ())}", "else"]


def _body_lines(inner: Inner) -> list[str]:
    return _segments(inner.executable).splitlines() or ["pass"]


def _node(node: Node) -> str:
    name = f" {node.name}" if node.name else ""
    said = f"{node.op.name if node.op else 'leaf'}{name}"
    return said + (f" in {node.frame}" if node.frame else "")


def _identifier(name: str) -> str:
    return "".join(c if c.isalnum() else "_" for c in name)


def _product_lines(kernel: Matmul, names: _Names) -> list[str]:
    axes = [f"b{i}" for i in range(len(kernel.space) - 2)] + ["m", "n"]
    over = ", ".join(f"{a} < {n}" for a, n in zip(axes, kernel.space))
    deep = [f"k{i}" for i in range(len(kernel.deep))]
    a, b = kernel.whole()
    left = names.view(a, (*axes[:-2], "m", "k", *deep))
    right = names.view(b, (*axes[:-2], "k", "n", *deep))
    sums = zip([*deep, "k"], [*(n for n, _, _ in kernel.deep), kernel.k])
    summed = ", ".join(f"{c} < {n}" for c, n in sums)
    lines = [f"    for {over}:", f"        s = sum over {summed} of {left} * {right}"]
    return lines + [
        f"        {names.view(s.view, axes)} = {names.expression(s.value, axes)}"
        for s in kernel.stores
    ]


def _nest_lines(kernel: LoopNest, names: _Names) -> list[str]:
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
    every = _with_inner(executable)
    natives = [s for e in every for s in e.segments if isinstance(s, Segment)]
    foreign = {n: why for e in every for n, why in e.lowered.foreign.items()}
    nodes = len(variant.graph.operations)
    kernels = sum(len(s.schedule.tasks) for s in natives)
    barriers = sum(t.barrier for s in natives for t in s.schedule.tasks)
    barriers += sum(s.schedule.closing for s in natives)
    threads = max((s.threads for s in natives), default=1)
    values = sum(b.nbytes for b in lowered.buffers if b.role == "temporary")
    lines = [
        f"{nodes} nodes in {kernels} native kernels"
        f" and {len(foreign)} calls of NumPy",
        f"{threads} thread{'s' * (threads > 1)}, {barriers} barriers a step",
        f"{executable.temporary.nbytes / 1e3:.1f} kB of temporary memory"
        f" for {values / 1e3:.1f} kB of values",
    ]
    for node, why in foreign.items():
        place = f" at {node.where}" if node.where else ""
        lines.append(f"  {_node(node)} goes through NumPy: {why}{place}")
    for step in variant.records:
        lines.append(f"  {step.name}: {len(step.graph.operations)} nodes ({step.reason})")
    return "\n".join(lines)
