"""Schedules as native programs of one module: code for each form of kernel, and what is called.

The code knows no buffer and no order: `run` goes through instructions that are data, the rows of
`Program`: each a call with a row of its own, which says where the kernel's places lie and which
numbers it is given. So what does the same elsewhere, or with other constants, is compiled once,
and compiling takes no longer for a program that does it a thousand times.

The order, the owners and the barriers are decided in `schedule.py`; loops and products are
written by their emitters. Nothing here runs.
"""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from seegrad.compiler.codegen.functions.philox import write_draw
from seegrad.compiler.codegen.llvm_builder import Function, Module
from seegrad.compiler.codegen.llvm_types import Value
from seegrad.compiler.codegen.loop_nest import LoopNestEmitter
from seegrad.compiler.codegen.matmul.emitter import MatmulEmitter
from seegrad.compiler.codegen.memory_access import place_name
from seegrad.compiler.codegen.spin_wait import write_barrier
from seegrad.compiler.codegen.worker_loop import JOB
from seegrad.compiler.ir.buffer import View
from seegrad.compiler.ir.expression import Argument, Expression, Literal, rebuild
from seegrad.compiler.ir.kernel import Draw, Kernel, LoopNest, Matmul, Store, form_of, places
from seegrad.compiler.ir.loop_call import Inner, LoopCall
from seegrad.compiler.ir.scalar_types import scalar_type
from seegrad.compiler.scheduling.schedule import Schedule
from seegrad.compiler.scheduling.task import Task

WORD = 8
SCRATCH, ROWS = -1, -2
"""Entries of the table before that of the first buffer: memory of the threads' own; the rows of
the first program, those of the next before them."""
BARRIER = -1
"""The instruction that has all threads meet; any other is the number of an entry point."""
GIVEN = 3
"""Kernels that differ in their numbers alone, in more ways than this, find them in their row."""


@dataclass(frozen=True)
class Program:
    """The module's text, where there may be several programs, the number of this one, the rows
    that it goes through, and each thread's bytes of scratch.

    Rows begin with where the instructions of each thread, of `alone`, and of the prologue begin
    and end; an instruction is (entry point, start of the share, its row).
    """

    text: str
    number: int
    rows: np.ndarray[Any, Any]
    room: int


def programs(
    schedules: Sequence[Schedule], tests: Sequence[tuple[int, int, int, int]] = ()
) -> list[Program]:
    """One module for all schedules, in which what they have in common is written once.

    For each, with its number behind the name: `run(table, barrier, thread, first, count)` for
    steps first … first+count-1, `alone` with the same arguments for one thread in place of
    several, and on one thread `once(table)`, step 0 if `check(table)` finds the integers that
    must stay below a bound to do so.
    """
    module = Module()
    writer = _Kernels(module, [t for s in schedules for t in (*s.prologue, *s.tasks)])
    rows = [_rows(schedule, writer) for schedule in schedules]
    module.globals.append(
        f"@entries = internal constant [{len(writer.entries)} x ptr] "
        f"[{', '.join(f'ptr @{name}' for name in writer.entries)}]"
    )
    threads = {s.threads for s in schedules}
    if max(threads, default=1) > 1:
        write_barrier(module)
    for count in sorted(threads):
        _write_follow(module, count)
    _write_check(module, tests)
    for number, schedule in enumerate(schedules):
        _write_run(module, schedule, number, writer.room)
        if schedule.threads == 1:
            _write_once(module, number)
    text = module.text
    module.functions.clear()                     # emitters, which are in circles, know the module
    return [Program(text, i, each, writer.room) for i, each in enumerate(rows)]


# --------------------------------------------------------------- kernels and their rows


class _Kernels:
    """The kernels of a program as they are written: one function for each form, each length of
    share, and each set of numbers, unless these are given."""

    def __init__(self, module: Module, tasks: Sequence[Task]) -> None:
        self.module, self.room = module, 0
        self.entries: list[str] = []
        self._forms = {
            task.kernel: (task.kernel, []) if isinstance(task.kernel, LoopCall)
            else form_of(task.kernel) for task in tasks
        }  # fmt: skip
        self._written: dict[Hashable, int] = {}
        variety: dict[Hashable, set[Hashable]] = {}
        for form, numbers in self._forms.values():
            variety.setdefault(form, set()).add(tuple(map(repr, numbers)))
        self._given = {form for form, found in variety.items() if len(found) > GIVEN}

    def entry(self, task: Task, length: int) -> int:
        """The number of the entry point for the task's kernel and so long a share."""
        form, numbers = self._forms[task.kernel]
        given = form in self._given
        steps = tuple(v.buffer.stride if v.buffer.steps else 0 for v in places(task.kernel))
        key = (form, given or tuple(map(repr, numbers)), steps, task.split, length, task.stream)
        if key not in self._written:
            self._written[key] = len(self.entries)
            self._write(task, length, given, steps)
        return self._written[key]

    def row(self, task: Task) -> list[int]:
        """Where the kernel's places lie: entry of the table and bytes behind it, for each; then
        the numbers that it is given, by their bits."""
        found = []
        for view in places(task.kernel):
            found += [view.buffer.number * WORD, view.offset * view.buffer.dtype.itemsize]
        form, numbers = self._forms[task.kernel]
        if form in self._given:
            found += [int(np.array(x).view(f"i{x.itemsize}")) for x in numbers]
        return found

    def _write(self, task: Task, length: int, given: bool, steps: Sequence[int]) -> None:
        kernel, module = task.kernel, self.module
        number = len(self.entries)
        if isinstance(kernel, LoopCall):
            _write_loop_call(module, kernel, f"e{number}")
            self.entries.append(f"e{number}")
            return
        plain = "".join(c if c.isascii() and c.isalnum() else "_" for c in kernel.name)
        name = f"k{number}_{plain}" + (f"_{length}" if task.split is not None else "")
        f = Function(module, name, _ENTRY, public=False)
        f.comment(describe(kernel))
        _find_places(f, kernel, steps, self._forms[kernel][1] if given else ())
        if given:
            kernel = _with_arguments(kernel)
        if isinstance(kernel, LoopNest):
            LoopNestEmitter(f, kernel, task.split, length, task.stream).emit()
        elif isinstance(kernel, Draw):
            write_draw(f, kernel, length)
        else:
            assert isinstance(kernel, Matmul)
            emitter = MatmulEmitter(f, kernel, task.split, length)
            emitter.emit()
            self.room = max(self.room, emitter.plan.scratch)
        f.finish()
        self.entries.append(name)


def _find_places(
    f: Function, kernel: Kernel, steps: Sequence[int], numbers: Sequence[np.generic]
) -> None:
    """Pointers to what the kernel touches in the step at hand, and its numbers, for its code."""
    row, table = f.parameters["row"], f.parameters["table"]
    for i, (view, stride) in enumerate(zip(places(kernel), steps)):
        place = f.load(f.at(table, _word(f, row, 2 * i)), "ptr", WORD, fixed=True)
        place = f.at(place, _word(f, row, 2 * i + 1))
        if stride:
            place = f.at(place, f.times(f.parameters["step"], stride))
        f.parameters[place_name(view)] = place
    for i, x in enumerate(numbers):
        at = f.at(row, (2 * len(steps) + i) * WORD)
        f.parameters[f"n{i}"] = f.load(at, scalar_type(x.dtype), WORD, fixed=True)


_ENTRY = (("ptr", "table"), ("ptr", "scratch"), ("i64", "step"), ("i64", "start"), ("ptr", "row"))


def _with_arguments(kernel: Kernel) -> Kernel:
    """The kernel with arguments in the place of the numbers that `form_of` tells of."""
    count = 0

    def change(e: Expression) -> Expression | None:
        nonlocal count
        if not (isinstance(e, Literal) and e.real):
            return None
        count += 1
        return Argument(count - 1, e.dtype)

    values = rebuild([s.value for s in kernel.stores], change)
    return replace(kernel, stores=[Store(s.view, x) for s, x in zip(kernel.stores, values)])


def _rows(schedule: Schedule, writer: _Kernels) -> np.ndarray[Any, Any]:
    """What `Program.rows` says, for `follow` to go through."""
    threads = schedule.threads
    calls: list[list[tuple[int, int, int]]] = [[] for _ in range(threads + 2)]
    rows: list[int] = []
    for task in schedule.prologue:
        calls[-1].append((writer.entry(task, 0), 0, len(rows)))
        rows += writer.row(task)
    for task in schedule.tasks:
        at = len(rows)
        rows += writer.row(task)
        for t in range(threads):
            if task.barrier and threads > 1:
                calls[t].append((BARRIER, 0, 0))
            share = _share(task, t)
            if share is not None:
                call = (writer.entry(task, share[0]), share[1], at)
                calls[t].append(call)
                calls[threads].append(call)
    if schedule.closing and threads > 1:
        for t in range(threads):
            calls[t].append((BARRIER, 0, 0))
    begin = 2 * len(calls)
    behind = begin + 3 * sum(map(len, calls))
    heads: list[int] = []
    code: list[int] = []
    for each in calls:
        heads += [begin + len(code), begin + len(code) + 3 * len(each)]
        for entry, start, at in each:
            code += [entry, start, (behind + at) * WORD]
    return np.array([*heads, *code, *rows], np.int64)


# --------------------------------------------------------------- what goes through the rows


def _word(f: Function, pointer: Value, number: int | Value) -> Value:
    """The integer with this number behind `pointer`."""
    at = number * WORD if isinstance(number, int) else f.times(number, WORD)
    return f.load(f.at(pointer, at), "i64", WORD, fixed=True)


def _write_follow(module: Module, threads: int) -> None:
    """`follow(table, barrier, rows, part, scratch, step, met)`, with the number of threads behind
    its name: the instructions of a part, for one step; `met` are the arrivals at barriers before.
    Gives those behind it."""
    f = Function(module, f"follow{threads}", _FOLLOW, "i64", public=False)
    table, barrier, rows, part, scratch, step, met = f.parameters.values()
    begin = _word(f, rows, f.times(part, 2))
    end = _word(f, rows, f.add(f.times(part, 2), 1))

    def instruction(at: Value, met: Value) -> list[Value]:
        entry = _word(f, rows, at)

        def call() -> None:
            start, row = _word(f, rows, f.add(at, 1)), _word(f, rows, f.add(at, 2))
            known = Value("@entries", "ptr")
            entry_point = f.load(f.at(known, f.times(entry, WORD)), "ptr", WORD)
            f.call_address(entry_point, table, scratch, step, start, f.at(rows, row))

        if threads == 1:
            call()
            return [met]
        now, tag = f.add(met, threads), f.fresh()
        f.branch(f.compare("slt", entry, f.integer(0)), f"meet{tag}", f"call{tag}")
        f.label(f"meet{tag}")
        f.call_void("wait", barrier, now, declare=False)
        f.jump(f"next{tag}")
        f.label(f"call{tag}")
        call()
        f.jump(f"next{tag}")
        f.label(f"next{tag}")
        return [f.emit(f"phi i64 [ {now.name}, %meet{tag} ], [ {met.name}, %call{tag} ]", "i64")]

    f.finish(f.guarded(
        f.compare("slt", begin, end), lambda: f.loop(begin, end, 3, instruction, [met]), [met]
    )[0])


_FOLLOW = (("ptr", "table"), ("ptr", "barrier"), ("ptr", "rows"), ("i64", "part"),
           ("ptr", "scratch"), ("i64", "step"), ("i64", "met"))  # fmt: skip


def _write_run(module: Module, schedule: Schedule, number: int, room: int) -> None:
    """`run`: what each of the threads does; and `alone`, in which one thread does the shares of
    all, for when the others would come too late: the same shares, so the same bits."""
    threads = schedule.threads
    for name in ("run", "alone")[: 1 + (threads > 1)]:
        f = Function(module, f"{name}{number}", JOB)
        shared = threads > 1 and name == "run"

        def steps(f: Function = f, shared: bool = shared) -> None:
            table, barrier, thread, first, count = f.parameters.values()
            rows, memory = _entry_of(f, ROWS - number), _entry_of(f, SCRATCH)
            scratch = f.at(memory, f.times(thread, room)) if shared else memory
            part = thread if shared else f.integer(0 if threads == 1 else threads)
            none, met = f.integer(0), f.integer(0)

            def follow(part: Value, scratch: Value, step: Value, met: Value) -> Value:
                return f.call(f"follow{threads}", "i64", table, barrier, rows, part, scratch, step,
                              met, declare=False)

            def prologue() -> None:
                follow(f.integer(threads + 1), memory, first, none)

            if schedule.prologue:
                f.guarded(f.compare("eq", thread, none), prologue)
                if shared:
                    met = f.integer(threads)
                    f.call_void("wait", barrier, met, declare=False)
            f.loop(first, f.add(first, count), 1,
                   lambda s, met: [follow(part, scratch, s, met)], [met])

        f.guarded(f.compare("sgt", f.parameters["count"], f.integer(0)), steps)
        f.finish()


def _write_once(module: Module, number: int) -> None:
    """`once(table)`: check the integers and, if all are below their bounds, run step 0."""
    f = Function(module, f"once{number}", (("ptr", "table"),), "i64")
    table, none = f.parameters["table"], f.integer(0)
    wrong = f.call("check", "i64", table, declare=False)
    f.guarded(
        f.compare("eq", wrong, none),
        lambda: f.call_void(
            f"run{number}", table, Value("null", "ptr"), none, none, f.integer(1), declare=False
        ),
    )
    f.finish(wrong)


def _write_check(module: Module, tests: Sequence[tuple[int, int, int, int]]) -> None:
    """`check(table)`: 0 if every integer of each (buffer, count, bytes, bound) is below it."""
    f = Function(module, "check", (("ptr", "table"),), "i64")
    for i, (buffer, count, size, bound) in enumerate(tests):
        f.branch(_some_beyond(f, _entry_of(f, buffer), count, size, bound), "wrong", f"fine{i}")
        f.label(f"fine{i}")
    f.leave(f.integer(0))
    f.label("wrong")
    f.finish(f.integer(1))


def _some_beyond(f: Function, place: Value, count: int, size: int, bound: int) -> Value:
    """Whether any of `count` integers of `size` bytes is not below the bound."""
    kind = f"i{size * 8}"
    least = Value(str(min(bound, 2 ** (8 * size) - 1)), kind)

    def look(k: Value, bad: Value) -> list[Value]:
        x = f.load(f.at(place, f.times(k, size)), kind, size)
        return [f.binary("or", bad, f.compare("uge", x, least))]

    (bad,) = f.loop(0, count, 1, look, [f.constant("i1", 0)])
    return bad


def _share(task: Task, thread: int) -> tuple[int, int] | None:
    """How long this thread's share is (0: all of it), and where it starts."""
    if task.split is None:
        return (0, 0) if task.owner == thread else None
    start, stop = task.bounds[thread], task.bounds[thread + 1]
    return (stop - start, start) if stop > start else None


def describe(kernel: Kernel) -> str:
    """The nodes that a kernel computes, by name and frame."""
    said = [
        f"{n.op.name if n.op else 'leaf'}{f' {n.name}' if n.name else ''}"
        f"{f' in {n.frame}' if n.frame else ''}"
        for n in kernel.nodes
    ]
    return f"{kernel.name}: " + (", ".join(said) or "no node of its own")


def _entry_of(f: Function, number: int) -> Value:
    """What an entry of the table points at."""
    return f.load(f.at(f.parameters["table"], number * 8), "ptr", 8)


# --------------------------------------------------------------- programs inside


def _place(f: Function, view: View) -> Value:
    """Where a view begins, in the step at hand."""
    buffer = view.buffer
    found = _entry_of(f, buffer.number)
    if buffer.steps:
        found = f.at(found, f.times(f.parameters["step"], buffer.stride))
    return f.at(found, view.offset * buffer.dtype.itemsize)


def _write_loop_call(module: Module, kernel: LoopCall, name: str) -> None:
    """The entry point of the kernel, which knows its places: no other has its programs."""
    f = Function(module, name, _ENTRY, public=False)
    programs = [_bound(f, kernel, inner) for inner in kernel.inners]
    none = f.integer(0)

    def run(number: int, first: Value, count: int) -> None:
        table, function = programs[number]
        null = Value("null", "ptr")
        f.call_address(function, table, null, none, first, f.integer(count))

    if kernel.kind == "scan":
        run(0, none, kernel.turns)
    elif kernel.kind == "cond":
        assert kernel.choice is not None
        chosen = f.load(_place(f, kernel.choice), "i8", 1)
        zero = f.constant("i8", 0)
        f.guarded(f.compare("ne", chosen, zero), lambda: run(0, none, 1))
        f.guarded(f.compare("eq", chosen, zero), lambda: run(1, none, 1))
    else:
        _write_while(f, kernel, programs[0][0], run)
    f.finish()


def _bound(f: Function, kernel: LoopCall, inner: Inner) -> tuple[Value, Value]:
    """The table of a program inside, filled, and its function."""
    both = _entry_of(f, inner.entry.number)
    table, function = f.load(both, "ptr", 8), f.load(f.at(both, 8), "ptr", 8)
    for buffer, view in inner.bindings:
        start = _place(f, view)
        if buffer.steps and buffer.stride < 0:
            start = f.at(start, (kernel.turns - 1) * buffer.nbytes)
        f.store(start, f.at(table, buffer.number * 8), 8)
    return table, function


def _write_while(f: Function, kernel: LoopCall, test: Value, run: object) -> None:
    answer = kernel.inners[0].answer
    assert answer is not None
    assert callable(run)
    truth, none = f.load(f.at(test, answer.number * 8), "ptr", 8), f.integer(0)
    done = f.stack("i64", 1)
    f.store(none, done, 8)

    def over() -> Value:
        run(0, none, 1)
        over = f.compare("eq", f.load(truth, "i8", 1), f.constant("i8", 0))
        if kernel.turns < 0:
            return over
        full = f.compare("sge", f.load(done, "i64", 8), f.integer(kernel.turns))
        return f.binary("or", over, full)

    def turn(_: Value) -> None:
        count = f.load(done, "i64", 8)
        run(1, count, 1)
        f.store(f.add(count, 1), done, 8)

    f.spin(over, turn)
