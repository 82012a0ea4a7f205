"""The native side of the thread pool: what workers do, and how the caller posts and joins a job.

They share one piece of memory, laid out here; `thread_pool.py` makes it and starts the threads.
"""

from __future__ import annotations

from enum import IntEnum

from seegrad.compiler.codegen.llvm_builder import Function, Module
from seegrad.compiler.codegen.llvm_types import Value
from seegrad.compiler.codegen.spin_wait import pause, wait_until

JOB = (("ptr", "table"), ("ptr", "barrier"), ("i64", "thread"), ("i64", "first"), ("i64", "count"))
"""What the function of a job takes: steps first … first + count - 1 are done by this thread."""
LINE = 16                      # eight-byte words between fields, so that no two share a cache line
MANY = 1 << 16
"""The generation counts jobs in steps of this; below it, it says on how many threads the job runs.

In one word, since nobody waits for a worker that is not asked: between two loads of its own, the
next job might be posted, which the worker would then run twice.
"""
LOOKS = 20000
"""So often an idle worker looks for work before it goes to sleep (about half a millisecond)."""


class Field(IntEnum):
    """What lies in the shared memory, in lines; each worker has two from WORKERS on: whether it
    is asleep (and beside it whether it was found so), and the last generation that it saw."""

    GENERATION = 0
    FUNCTION = 1
    TABLE = 2
    FIRST = 3
    COUNT = 4
    BARRIER = 5
    FINISHED = 6
    WORKERS = 7


def state_word(worker: int) -> int:
    """The word of the shared memory that says whether a worker is asleep."""
    return (Field.WORKERS + 2 * worker) * LINE


def worker_text() -> str:
    """The module: `serve(shared, me)` for a worker, and `post` and `join` for the caller."""
    module = Module()
    _write_serve(module)
    _write_join(module)
    _write_post(module)
    return module.text


def _at(f: Function, field: Field) -> Value:
    return f.at(f.parameters["shared"], field * LINE * 8)


def _state(f: Function, worker: Value) -> Value:
    return f.at(_at(f, Field.WORKERS), f.times(worker, LINE * 16))


def _run_job(f: Function, thread: Value) -> None:
    """Call the function of the job as this thread."""
    function = f.load(_at(f, Field.FUNCTION), "ptr", 8)
    table = f.load(_at(f, Field.TABLE), "ptr", 8)
    first = f.load(_at(f, Field.FIRST), "i64", 8)
    count = f.load(_at(f, Field.COUNT), "i64", 8)
    f.call_address(function, table, _at(f, Field.BARRIER), thread, first, count)


def _write_serve(module: Module) -> None:
    """`serve(shared, me)`: do the jobs that are posted, until there has long been none.

    Before it goes, a worker says that it is asleep and looks once more: who posted a job in
    between has either woken it, or it takes the word back itself.
    """
    f = Function(module, "serve", (("ptr", "shared"), ("i64", "me")))
    me, generation = f.parameters["me"], _at(f, Field.GENERATION)
    state = _state(f, me)
    seen = f.at(state, LINE * 8)
    asleep, awake = f.integer(1), f.integer(0)
    f.jump("start")
    f.label("start")
    looked: list[Value] = []

    def something_new() -> Value:
        looked[:] = f.atomic_load(generation, "i64", "seq_cst"), f.load(seen, "i64", 8)
        return f.compare("ne", *looked)

    def idle(looks: Value) -> None:
        f.branch(f.compare("sgt", looks, f.integer(LOOKS)), "sleep", "pause")
        f.label("sleep")
        f.atomic_update("xchg", state, asleep)
        late = f.compare("ne", f.atomic_load(generation, "i64", "seq_cst"), looked[1])
        f.branch(late, "rouse", "out")
        f.label("rouse")
        f.branch(f.compare_exchange(state, asleep, awake), "start", "out")
        f.label("pause")
        pause(f)

    f.spin(something_new, idle)
    f.store(looked[0], seen, 8)
    threads = f.binary("and", looked[0], f.integer(MANY - 1))
    f.branch(f.compare("slt", me, threads), "work", "start")
    f.label("work")
    _run_job(f, me)
    f.atomic_update("add", _at(f, Field.FINISHED), f.integer(1))
    f.jump("start")
    f.label("out")
    f.finish()


def _write_post(module: Module) -> None:
    """`post(shared, function, table, first, count, threads)`: begin a job.

    Gives how many workers were found asleep, each marked beside its state; if none was, the job
    is done as well.
    """
    given = (("ptr", "function"), ("ptr", "table"), ("i64", "first"), ("i64", "count"))
    parameters = (("ptr", "shared"), *given, ("i64", "threads"))
    f = Function(module, "post", parameters, "i64")
    threads, zero, one = f.parameters["threads"], f.integer(0), f.integer(1)
    for _, name in given:
        f.store(f.parameters[name], _at(f, Field[name.upper()]), 8)
    f.store(zero, _at(f, Field.BARRIER), 8)
    f.store(zero, _at(f, Field.FINISHED), 8)
    generation = _at(f, Field.GENERATION)
    jobs = f.binary("and", f.load(generation, "i64", 8), f.integer(-MANY))
    f.atomic_update("xchg", generation, f.binary("or", f.add(jobs, MANY), threads))

    def rouse(worker: Value, found: Value) -> list[Value]:
        state = _state(f, worker)
        asleep = f.cast("zext", f.compare_exchange(state, one, zero), "i64")
        f.store(asleep, f.at(state, 8), 8)
        return [f.add(found, asleep)]

    # Once at least: a job is posted for two threads or more.
    (asleep,) = f.loop(one, threads, 1, rouse, [zero])
    f.guarded(
        f.compare("eq", asleep, zero),
        lambda: f.call_void("join", f.parameters["shared"], declare=False),
    )
    f.finish(asleep)


def _write_join(module: Module) -> None:
    """`join(shared)`: take part as thread 0, and wait until all others have finished."""
    f = Function(module, "join", (("ptr", "shared"),))
    posted = f.load(_at(f, Field.GENERATION), "i64", 8)
    threads = f.binary("and", posted, f.integer(MANY - 1))
    _run_job(f, f.integer(0))
    wait_until(f, _at(f, Field.FINISHED), f.sub(threads, f.integer(1)), "seq_cst")
    f.finish()
