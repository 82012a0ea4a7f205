"""A schedule as one native program: a function for each kernel, and each thread's own main.

The order, the owners and the barriers are decided in `schedule.py`; loops and products are
written by their emitters. Nothing here runs.
"""

from __future__ import annotations

from collections.abc import Hashable, Sequence

from seegrad.compiler.codegen.llvm_builder import Function, Module
from seegrad.compiler.codegen.llvm_types import Value
from seegrad.compiler.codegen.loop_nest import LoopNestEmitter
from seegrad.compiler.codegen.matmul.emitter import MatmulEmitter
from seegrad.compiler.codegen.memory_access import place_name
from seegrad.compiler.codegen.spin_wait import write_barrier
from seegrad.compiler.codegen.worker_loop import JOB
from seegrad.compiler.ir.buffer import View
from seegrad.compiler.ir.kernel import Kernel, LoopNest, Matmul, form_of, places
from seegrad.compiler.ir.loop_call import Inner, LoopCall
from seegrad.compiler.scheduling.task import Task

ENTRY_POINT = (("ptr", "table"), ("ptr", "scratch"), ("i64", "step"), ("i64", "start"))
"""What a task is called with."""


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
        write_barrier(module)
        _write_alone(module, tasks, threads, prologue, scratch)
    _write_run(module, tasks, threads, closing, prologue, scratch, room)
    _write_check(module, tests)
    if threads == 1:
        _write_once(module)
    return module.text, room


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


def _write_once(module: Module) -> None:
    """`once(table)`: check the integers and, if all are below their bounds, run step 0."""
    f = Function(module, "once", (("ptr", "table"),), "i64")
    table, none = f.parameters["table"], f.integer(0)
    wrong = f.call("check", "i64", table, declare=False)
    f.guarded(
        f.compare("eq", wrong, none),
        lambda: f.call_void(
            "run", table, Value("null", "ptr"), none, none, f.integer(1), declare=False
        ),
    )
    f.finish(wrong)


def _write_kernels(
    module: Module, task: Task, number: int, written: dict[Hashable, str]
) -> int:
    """One function for each length of share; kernels that do the same elsewhere share theirs.

    Returns how many bytes of scratch those that were written need.
    """
    kernel, room = task.kernel, 0
    if isinstance(kernel, LoopCall):
        task.entry_points[0] = f"t{number}_0"
        _write_loop_call(module, kernel, task.entry_points[0])
        return 0
    form = form_of(kernel)
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
                room = max(room, emitter.plan.scratch)
            f.finish()
        task.names[length] = written[key]
        task.entry_points[length] = f"t{number}_{length}"
        _write_entry_point(module, task, length, task.entry_points[length])
    return room


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


def _write_run(
    module: Module, tasks: Sequence[Task], threads: int, closing: bool, prologue: Sequence[Task],
    scratch: int, room: int,
) -> None:
    """`run`: what each of the threads does."""
    f = Function(module, "run", JOB)
    thread, first, count = (f.parameters[x] for x in ("thread", "first", "count"))
    last = f.add(first, count)
    f.branch(f.compare("sle", count, f.integer(0)), "out", "choose")
    f.label("choose")
    own = f.at(_entry_of(f, scratch), f.times(thread, room))
    f.switch(thread, [f"begin{t}" for t in range(threads)], "out")
    barriers = (sum(t.barrier for t in tasks) + closing) if threads > 1 else 0
    before = threads if prologue and threads > 1 else 0
    for t in range(threads):
        f.label(f"begin{t}")
        if t == 0:
            for task in prologue:
                _call(f, task, 0, own, first)
        if before:
            _meet(f, f.integer(threads))

        def step(s: Value, t: int = t) -> None:
            met = f.add(f.times(f.sub(s, first), barriers * threads), before)
            for task in tasks:
                if task.barrier and threads > 1:
                    met = f.add(met, threads)
                    _meet(f, met)
                _call(f, task, t, own, s)
            if closing and threads > 1:
                _meet(f, f.add(met, threads))

        f.loop(first, last, 1, step)
        f.jump("out")
    f.label("out")
    f.finish()


def _write_alone(
    module: Module, tasks: Sequence[Task], threads: int, prologue: Sequence[Task], scratch: int
) -> None:
    """`alone`: one thread does the shares of all, for when the others would come too late.

    The shares are the same, so the results are too, to the bit.
    """
    f = Function(module, "alone", JOB)
    first, count = f.parameters["first"], f.parameters["count"]

    def steps() -> None:
        own = _entry_of(f, scratch)
        for task in prologue:
            _call(f, task, 0, own, first)

        def step(s: Value) -> None:
            for task in tasks:
                for t in range(threads):
                    _call(f, task, t, own, s)

        f.loop(first, f.add(first, count), 1, step)

    f.guarded(f.compare("sgt", count, f.integer(0)), steps)
    f.finish()


def _meet(f: Function, arrivals: Value) -> None:
    """Wait until so many arrivals of threads are counted."""
    f.call_void("wait", f.parameters["barrier"], arrivals, declare=False)


def _share(task: Task, thread: int) -> tuple[int, int] | None:
    """How long this thread's share is (0: all of it), and where it starts."""
    if task.split is None:
        return (0, 0) if task.owner == thread else None
    start, stop = task.bounds[thread], task.bounds[thread + 1]
    return (stop - start, start) if stop > start else None


def _call(f: Function, task: Task, thread: int, scratch: Value, step: Value) -> None:
    """This thread's share of the task, if it has one."""
    share = _share(task, thread)
    if share is not None:
        length, start = share
        entry = task.entry_points[length]
        f.call_void(entry, f.parameters["table"], scratch, step, f.integer(start), declare=False)


def _write_entry_point(module: Module, task: Task, length: int, name: str) -> None:
    """A function of (table, scratch, step, start) that calls the task's kernel with pointers to
    what it touches in that step."""
    f = Function(module, name, ENTRY_POINT, public=False)
    given = [f.parameters["start"], f.parameters["scratch"]]
    given += [_place(f, view) for view in places(task.kernel)]
    f.call_void(task.names[length], *given, declare=False)
    f.finish()


# --------------------------------------------------------------- programs inside


def _place(f: Function, view: View) -> Value:
    """Where a view begins, in the step at hand."""
    buffer = view.buffer
    found = _entry_of(f, buffer.number)
    if buffer.steps:
        found = f.at(found, f.times(f.parameters["step"], buffer.stride))
    return f.at(found, view.offset * buffer.dtype.itemsize)


def _write_loop_call(module: Module, kernel: LoopCall, name: str) -> None:
    """A function of (table, scratch, step, start): the kernel in one step of what is around it."""
    f = Function(module, name, ENTRY_POINT, public=False)
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
