"""A schedule as one native program: a function for each kernel, and each thread's own main.

The order, the owners and the barriers are decided in `schedule.py`; loops and products are
written by their emitters. Nothing here runs.
"""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import dataclass, field

from seegrad.compiler.assembly import Function, Module
from seegrad.compiler.loops import NestEmitter, place_name
from seegrad.compiler.native import host
from seegrad.compiler.plan import Kernel, Nest, Product, form_of, places
from seegrad.compiler.product import ProductEmitter

SPINS = 4000
"""So often a waiting thread looks again before it lets others use its core."""


@dataclass(eq=False)
class Task:
    """A kernel in its place: how it is shared out, and whether all threads meet before it.

    With `split` None, thread `owner` does all of it; otherwise thread t does
    bounds[t] … bounds[t + 1] of that axis.
    """

    kernel: Kernel
    split: int | None
    bounds: tuple[int, ...]
    owner: int = 0
    barrier: bool = False
    stream: bool = False
    names: dict[int, str] = field(default_factory=dict)

    @property
    def lengths(self) -> list[int]:
        """The lengths of share that occur; 0: all of it."""
        if self.split is None:
            return [0]
        return sorted({b - a for a, b in zip(self.bounds, self.bounds[1:])} - {0})


def program_text(
    tasks: Sequence[Task],
    threads: int,
    closing: bool,
    tests: Sequence[tuple[int, int, int, int]] = (),
    prologue: Sequence[Task] = (),
    scratch: int = 0,
) -> tuple[str, int]:
    """The module: `run(table, barrier, thread, first, count)` for steps first … first+count-1,
    and `check(table)` for the integers that must stay below a bound.

    Entry `scratch` of the table is memory of the threads' own; how many bytes each of them
    needs comes beside the text.
    """
    module, room = Module(), 0
    written: dict[Hashable, str] = {}
    for number, task in enumerate((*prologue, *tasks)):
        room = max(room, _write_kernels(module, task, number, written))
    module.functions.append(_WAIT.format(pause=_pause(module), spins=SPINS))
    module.declare("seegrad_yield", "i32", [])
    module.functions.append(_main(tasks, threads, closing, prologue, scratch, room))
    module.functions.append(_check(tests))
    return module.text, room


def _check(tests: Sequence[tuple[int, int, int, int]]) -> str:
    """`check(table)`: 0 if every integer of each (buffer, count, bytes, bound) is below it."""
    lines = ["define i64 @check(ptr %table) {", "entry:", "  br label %t0"]
    for i, (buffer, count, size, bound) in enumerate(tests):
        kind = f"i{size * 8}"
        lines += [
            f"t{i}:",
            f"  %s{i} = getelementptr i8, ptr %table, i64 {buffer * 8}",
            f"  %p{i} = load ptr, ptr %s{i}, align 8",
            f"  br label %l{i}",
            f"l{i}:",
            f"  %k{i} = phi i64 [ 0, %t{i} ], [ %n{i}, %l{i} ]",
            f"  %bad{i} = phi i1 [ false, %t{i} ], [ %b{i}, %l{i} ]",
            f"  %a{i} = getelementptr {kind}, ptr %p{i}, i64 %k{i}",
            f"  %x{i} = load {kind}, ptr %a{i}, align {size}",
            f"  %o{i} = icmp uge {kind} %x{i}, {min(bound, 2 ** (8 * size) - 1)}",
            f"  %b{i} = or i1 %bad{i}, %o{i}",
            f"  %n{i} = add i64 %k{i}, 1",
            f"  %m{i} = icmp slt i64 %n{i}, {count}",
            f"  br i1 %m{i}, label %l{i}, label %e{i}",
            f"e{i}:",
            f"  br i1 %b{i}, label %wrong, label %t{i + 1}",
        ]
    lines += [f"t{len(tests)}:", "  ret i64 0", "wrong:", "  ret i64 1", "}"]
    if not tests:
        lines = ["define i64 @check(ptr %table) {", "  ret i64 0", "}"]
    return "\n".join(lines)


def _write_kernels(
    module: Module, task: Task, number: int, written: dict[Hashable, str]
) -> int:
    """One function for each length of share; kernels that do the same elsewhere share theirs.

    Returns how many bytes of scratch those that were written need.
    """
    kernel, form, room = task.kernel, form_of(task.kernel), 0
    for length in task.lengths:
        key = (form, task.split, length, task.stream)
        if key not in written:
            plain = "".join(c if c.isascii() and c.isalnum() else "_" for c in kernel.name)
            name = f"k{number}_{plain}" + (f"_{length}" if task.split is not None else "")
            written[key] = name
            pointers = [("ptr", place_name(v)) for v in places(kernel)]
            parameters = [("i64", "start"), ("ptr", "scratch"), *pointers]
            f = Function(module, name, parameters, public=False)
            f.comment(describe(kernel))
            if isinstance(kernel, Nest):
                NestEmitter(f, kernel, task.split, length, task.stream).emit()
            else:
                assert isinstance(kernel, Product)
                emitter = ProductEmitter(f, kernel, task.split, length)
                emitter.emit()
                room = max(room, emitter.scratch)
            f.finish()
        task.names[length] = written[key]
    return room


def describe(kernel: Kernel) -> str:
    """The nodes that a kernel computes, by name and frame."""
    said = [
        f"{n.op.name if n.op else 'leaf'}{f' {n.name}' if n.name else ''}"
        f"{f' in {n.frame}' if n.frame else ''}"
        for n in kernel.nodes
    ]
    return f"{kernel.name}: " + (", ".join(said) or "no node of its own")


def _pause(module: Module) -> str:
    if host().x86:
        module.declare("llvm.x86.sse2.pause", "void", [])
        return "call void @llvm.x86.sse2.pause()"
    if host().triple.startswith(("aarch64", "arm64")):
        module.declare("llvm.aarch64.hint", "void", ["i32"])
        return "call void @llvm.aarch64.hint(i32 1)"
    return "; no hint for this processor"


_WAIT = """define internal void @wait(ptr %barrier, i64 %target) {{
entry:
  %before = atomicrmw add ptr %barrier, i64 1 seq_cst
  br label %look
look:
  %n = phi i64 [ 0, %entry ], [ %m, %rest ]
  %seen = load atomic i64, ptr %barrier acquire, align 8
  %there = icmp sge i64 %seen, %target
  br i1 %there, label %go, label %pause
pause:
  {pause}
  %m = add i64 %n, 1
  %long = icmp sgt i64 %m, {spins}
  br i1 %long, label %give, label %rest
give:
  %r = call i32 @seegrad_yield()
  br label %rest
rest:
  br label %look
go:
  ret void
}}"""


def _main(
    tasks: Sequence[Task], threads: int, closing: bool, prologue: Sequence[Task],
    scratch: int, room: int,
) -> str:
    meetings = (sum(t.barrier for t in tasks) + closing) if threads > 1 else 0
    lines = [
        "define void @run(ptr %table, ptr %barrier, i64 %thread, i64 %first, i64 %count) {",
        "entry:",
        "  %last = add i64 %first, %count",
        "  %none = icmp sle i64 %count, 0",
        "  br i1 %none, label %out, label %choose",
        "choose:",
        f"  %place = getelementptr i8, ptr %table, i64 {scratch * 8}",
        "  %own = load ptr, ptr %place, align 8",
        f"  %before = mul i64 %thread, {room}",
        "  %scratch = getelementptr i8, ptr %own, i64 %before",
    ]
    cases = " ".join(f"i64 {t}, label %begin{t}" for t in range(threads))
    lines.append(f"  switch i64 %thread, label %out [ {cases} ]")
    for t in range(threads):
        lines.append(f"begin{t}:")
        if t == 0:
            for number, task in enumerate(prologue):
                lines += _call(task, 0, 0, f"p{number}", "first")
        if prologue and threads > 1:
            lines.append(f"  call void @wait(ptr %barrier, i64 {threads})")
        lines += [f"  br label %step{t}", f"step{t}:"]
        lines.append(f"  %s{t} = phi i64 [ %first, %begin{t} ], [ %n{t}, %step{t} ]")
        lines.append(f"  %done{t} = sub i64 %s{t}, %first")
        before = threads if prologue and threads > 1 else 0
        lines.append(f"  %past{t} = mul i64 %done{t}, {meetings * threads}")
        lines.append(f"  %phase{t} = add i64 %past{t}, {before}")
        meeting = 0
        for number, task in enumerate(tasks):
            if task.barrier and threads > 1:
                meeting += 1
                lines += _meet(t, meeting, threads)
            share = _share(task, t)
            if share is not None:
                lines += _call(task, *share, f"t{t}_{number}", f"s{t}")
        if closing and threads > 1:
            lines += _meet(t, meeting + 1, threads)
        lines.append(f"  %n{t} = add i64 %s{t}, 1")
        lines.append(f"  %more{t} = icmp slt i64 %n{t}, %last")
        lines.append(f"  br i1 %more{t}, label %step{t}, label %out")
    lines += ["out:", "  ret void", "}"]
    return "\n".join(lines)


def _meet(thread: int, meeting: int, threads: int) -> list[str]:
    name = f"%target{thread}_{meeting}"
    return [
        f"  {name} = add i64 %phase{thread}, {meeting * threads}",
        f"  call void @wait(ptr %barrier, i64 {name})",
    ]


def _share(task: Task, thread: int) -> tuple[int, int] | None:
    """How long this thread's share is (0: all of it), and where it starts."""
    if task.split is None:
        return (0, 0) if task.owner == thread else None
    start, stop = task.bounds[thread], task.bounds[thread + 1]
    return (stop - start, start) if stop > start else None


def _call(task: Task, length: int, start: int, tag: str, step: str) -> list[str]:
    """A call of the task's function, with pointers to what it touches in that step."""
    lines, given = [], [f"i64 {start}", "ptr %scratch"]
    for i, view in enumerate(places(task.kernel)):
        buffer, name = view.buffer, f"%{tag}_{i}"
        lines += [
            f"  {name}s = getelementptr i8, ptr %table, i64 {buffer.number * 8}",
            f"  {name} = load ptr, ptr {name}s, align 8",
        ]
        if buffer.steps:
            lines += [
                f"  {name}m = mul i64 %{step}, {buffer.nbytes}",
                f"  {name}p = getelementptr i8, ptr {name}, i64 {name}m",
            ]
            name = f"{name}p"
        if view.offset:
            offset = view.offset * buffer.dtype.itemsize
            lines.append(f"  {name}o = getelementptr i8, ptr {name}, i64 {offset}")
            name = f"{name}o"
        given.append(f"ptr {name}")
    return [*lines, f"  call void @{task.names[length]}({', '.join(given)})"]
