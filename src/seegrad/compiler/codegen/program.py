"""A schedule as one native program: a function for each kernel, and each thread's own main.

The order, the owners and the barriers are decided in `schedule.py`; loops and products are
written by their emitters. Nothing here runs.
"""

from __future__ import annotations

from collections.abc import Hashable, Sequence

from seegrad.compiler.codegen.llvm_builder import Function, Module
from seegrad.compiler.codegen.loop_nest import LoopNestEmitter
from seegrad.compiler.codegen.matmul import MatmulEmitter
from seegrad.compiler.codegen.memory_access import place_name
from seegrad.compiler.codegen.spin_wait import barrier, declarations
from seegrad.compiler.ir.kernel import Kernel, LoopNest, Matmul, form_of, places
from seegrad.compiler.scheduling.task import Task


def program_text(
    tasks: Sequence[Task],
    threads: int,
    closing: bool,
    tests: Sequence[tuple[int, int, int, int]] = (),
    prologue: Sequence[Task] = (),
    scratch: int = 0,
) -> tuple[str, int]:
    """The module: `run(table, barrier, thread, first, count)` for steps first … first+count-1,
    `alone` with the same arguments for one thread in place of several, `check(table)` for the
    integers that must stay below a bound, and on one thread `once(table)`: if they do, step 0.

    Entry `scratch` of the table is memory of the threads' own; how many bytes each of them
    needs comes beside the text.
    """
    module, room = Module(), 0
    written: dict[Hashable, str] = {}
    for number, task in enumerate((*prologue, *tasks)):
        room = max(room, _write_kernels(module, task, number, written))
    if threads > 1:
        module.functions += [declarations(), barrier()]
        module.functions.append(_alone(tasks, threads, prologue, scratch))
    module.functions.append(_main(tasks, threads, closing, prologue, scratch, room))
    module.functions.append(_check(tests))
    if threads == 1:
        module.functions.append(_ONCE)
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


_ONCE = """\
define i64 @once(ptr %table) {
entry:
  %wrong = call i64 @check(ptr %table)
  %refused = icmp ne i64 %wrong, 0
  br i1 %refused, label %out, label %begin
begin:
  call void @run(ptr %table, ptr null, i64 0, i64 0, i64 1)
  br label %out
out:
  ret i64 %wrong
}"""


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
            if isinstance(kernel, LoopNest):
                LoopNestEmitter(f, kernel, task.split, length, task.stream).emit()
            else:
                assert isinstance(kernel, Matmul)
                emitter = MatmulEmitter(f, kernel, task.split, length)
                emitter.emit()
                room = max(room, emitter.scratch)
            f.finish()
        task.names[length] = written[key]
        task.entry_points[length] = f"t{number}_{length}"
        module.functions.append(_door(task, length, task.entry_points[length]))
    return room


def describe(kernel: Kernel) -> str:
    """The nodes that a kernel computes, by name and frame."""
    said = [
        f"{n.op.name if n.op else 'leaf'}{f' {n.name}' if n.name else ''}"
        f"{f' in {n.frame}' if n.frame else ''}"
        for n in kernel.nodes
    ]
    return f"{kernel.name}: " + (", ".join(said) or "no node of its own")


def _main(
    tasks: Sequence[Task], threads: int, closing: bool, prologue: Sequence[Task],
    scratch: int, room: int,
) -> str:
    """`run`: what each of the threads does."""
    barriers = (sum(t.barrier for t in tasks) + closing) if threads > 1 else 0
    cases = " ".join(f"i64 {t}, label %begin{t}" for t in range(threads))
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
        f"  switch i64 %thread, label %out [ {cases} ]",
    ]
    before = threads if prologue and threads > 1 else 0
    for t in range(threads):
        lines.append(f"begin{t}:")
        if t == 0:
            lines += [_call(task, 0, "first") for task in prologue]
        if before:
            lines.append(f"  call void @wait(ptr %barrier, i64 {threads})")
        lines += [
            f"  br label %step{t}",
            f"step{t}:",
            f"  %s{t} = phi i64 [ %first, %begin{t} ], [ %n{t}, %step{t} ]",
            f"  %done{t} = sub i64 %s{t}, %first",
            f"  %past{t} = mul i64 %done{t}, {barriers * threads}",
            f"  %phase{t} = add i64 %past{t}, {before}",
        ]
        met = 0
        for task in tasks:
            if task.barrier and threads > 1:
                met += 1
                lines += _meet(t, met, threads)
            lines.append(_call(task, t, f"s{t}"))
        if closing and threads > 1:
            lines += _meet(t, met + 1, threads)
        lines += [
            f"  %n{t} = add i64 %s{t}, 1",
            f"  %more{t} = icmp slt i64 %n{t}, %last",
            f"  br i1 %more{t}, label %step{t}, label %out",
        ]
    lines += ["out:", "  ret void", "}"]
    return "\n".join(lines)


def _alone(
    tasks: Sequence[Task], threads: int, prologue: Sequence[Task], scratch: int
) -> str:
    """`alone`: one thread does the shares of all, for when the others would come too late.

    The shares are the same, so the results are too, to the bit.
    """
    lines = [
        "define void @alone(ptr %table, ptr %barrier, i64 %thread, i64 %first, i64 %count) {",
        "entry:",
        "  %last = add i64 %first, %count",
        "  %none = icmp sle i64 %count, 0",
        "  br i1 %none, label %out, label %begin",
        "begin:",
        f"  %place = getelementptr i8, ptr %table, i64 {scratch * 8}",
        "  %scratch = load ptr, ptr %place, align 8",
        *(_call(task, 0, "first") for task in prologue),
        "  br label %step",
        "step:",
        "  %s = phi i64 [ %first, %begin ], [ %n, %step ]",
        *(_call(task, t, "s") for task in tasks for t in range(threads)),
        "  %n = add i64 %s, 1",
        "  %more = icmp slt i64 %n, %last",
        "  br i1 %more, label %step, label %out",
        "out:",
        "  ret void",
        "}",
    ]
    return "\n".join(lines)


def _meet(thread: int, number: int, threads: int) -> list[str]:
    name = f"%target{thread}_{number}"
    return [
        f"  {name} = add i64 %phase{thread}, {number * threads}",
        f"  call void @wait(ptr %barrier, i64 {name})",
    ]


def _share(task: Task, thread: int) -> tuple[int, int] | None:
    """How long this thread's share is (0: all of it), and where it starts."""
    if task.split is None:
        return (0, 0) if task.owner == thread else None
    start, stop = task.bounds[thread], task.bounds[thread + 1]
    return (stop - start, start) if stop > start else None


def _call(task: Task, thread: int, step: str) -> str:
    """This thread's share of the task, if it has one."""
    share = _share(task, thread)
    if share is None:
        return ""
    length, start = share
    given = f"ptr %table, ptr %scratch, i64 %{step}, i64 {start}"
    return f"  call void @{task.entry_points[length]}({given})"


def _door(task: Task, length: int, name: str) -> str:
    """A function of (table, scratch, step, start) that calls the task's kernel with pointers to
    what it touches in that step."""
    heading = f"define internal void @{name}(ptr %table, ptr %scratch, i64 %step, i64 %start)"
    lines, given = [heading + " {"], ["i64 %start", "ptr %scratch"]
    for i, view in enumerate(places(task.kernel)):
        buffer, at = view.buffer, f"%p{i}"
        lines += [
            f"  {at}s = getelementptr i8, ptr %table, i64 {buffer.number * 8}",
            f"  {at} = load ptr, ptr {at}s, align 8",
        ]
        if buffer.steps:
            lines += [
                f"  {at}m = mul i64 %step, {buffer.nbytes}",
                f"  {at}p = getelementptr i8, ptr {at}, i64 {at}m",
            ]
            at = f"{at}p"
        if view.offset:
            offset = view.offset * buffer.dtype.itemsize
            lines.append(f"  {at}o = getelementptr i8, ptr {at}, i64 {offset}")
            at = f"{at}o"
        given.append(f"ptr {at}")
    call = f"  call void @{task.names[length]}({', '.join(given)})"
    return "\n".join([*lines, call, "  ret void", "}"])
