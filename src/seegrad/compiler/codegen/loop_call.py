"""The code of a kernel that runs programs inside: it binds their memory, and calls them."""

from __future__ import annotations

from seegrad.compiler.codegen.llvm_builder import Function, Module
from seegrad.compiler.codegen.llvm_types import Value
from seegrad.compiler.ir.buffer import View
from seegrad.compiler.ir.loop_call import Inner, LoopCall

ENTRY_POINT = (("ptr", "table"), ("ptr", "scratch"), ("i64", "step"), ("i64", "start"))
"""What a task is called with."""


def entry(f: Function, table: Value, number: int) -> Value:
    """What an entry of a table points at."""
    return f.load(f.at(table, number * 8), "ptr", 8)


def place(f: Function, view: View) -> Value:
    """Where a view begins, in the step at hand."""
    buffer = view.buffer
    found = entry(f, f.parameters["table"], buffer.number)
    if buffer.steps:
        found = f.at(found, f.times(f.parameters["step"], buffer.stride))
    return f.at(found, view.offset * buffer.dtype.itemsize)


def write_loop_call(module: Module, kernel: LoopCall, name: str) -> None:
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
        chosen = f.load(place(f, kernel.choice), "i8", 1)
        zero = f.constant("i8", 0)
        f.guarded(f.compare("ne", chosen, zero), lambda: run(0, none, 1))
        f.guarded(f.compare("eq", chosen, zero), lambda: run(1, none, 1))
    else:
        _write_while(f, kernel, programs[0][0], run)
    f.finish()


def _bound(f: Function, kernel: LoopCall, inner: Inner) -> tuple[Value, Value]:
    """The table of a program inside, filled, and its function."""
    both = entry(f, f.parameters["table"], inner.entry.number)
    table, function = entry(f, both, 0), entry(f, both, 1)
    for buffer, view in inner.bindings:
        start = place(f, view)
        if buffer.steps and buffer.stride < 0:
            start = f.at(start, (kernel.turns - 1) * buffer.nbytes)
        f.store(start, f.at(table, buffer.number * 8), 8)
    return table, function


def _write_while(f: Function, kernel: LoopCall, test: Value, run: object) -> None:
    answer = kernel.inners[0].answer
    assert answer is not None
    assert callable(run)
    truth, none = entry(f, test, answer.number), f.integer(0)
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
