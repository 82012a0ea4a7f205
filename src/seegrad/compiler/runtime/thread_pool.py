"""Worker threads for native programs: one job at a time, spinning while busy, asleep when idle.

The caller is thread 0 and works too. A job is one function that all threads run, each with its
number; it meets the others at its own barriers. What the job does is not known here.
"""

from __future__ import annotations

import ctypes
import os
import threading
import weakref
from functools import cache
from typing import Any

import numpy as np

from seegrad.compiler.codegen.spin_wait import declarations, patience, pause
from seegrad.compiler.runtime import jit
from seegrad.errors import ValueRangeError
from seegrad.i18n import tr

_LINE = 16                     # eight-byte words between fields, so that no two share a cache line
_GENERATION, _FUNCTION, _TABLE, _FIRST, _COUNT, _BARRIER, _FINISHED, _WORKERS = range(8)
_MANY = 1 << 16
"""The generation counts jobs in steps of this; below it, it says on how many threads the job runs.

In one word, since nobody waits for a worker that is not asked: between two loads of its own, the
next job might be posted, which the worker would then run twice.
"""
_LOOKS = 20000
"""So often an idle worker looks for work before it goes to sleep (about half a millisecond)."""


def thread_count() -> int:
    """SEEGRAD_NUM_THREADS, or the cores this process may use."""
    asked = os.environ.get("SEEGRAD_NUM_THREADS", "").strip()
    if asked:
        if not asked.isdigit() or not 1 <= int(asked) <= 256:
            raise ValueRangeError(
                "SEEGRAD_NUM_THREADS is not a number of threads",
                asked=tr("a whole number from {low} to {high}", low=1, high=256),
                came=repr(asked),
            )
        return int(asked)
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def _system(windows: str, posix: str) -> int:
    """The address of a function of the system."""
    try:
        if os.name == "nt":
            function = getattr(ctypes.windll.kernel32, windows)  # type: ignore[attr-defined]
        else:
            function = getattr(ctypes.CDLL(None), posix)
        return ctypes.cast(function, ctypes.c_void_p).value or 0
    except (AttributeError, OSError):
        return 0


@cache
def prepare() -> None:
    """Make the system's functions known to native code; once for each process."""
    # Windows counts milliseconds, POSIX microseconds: either is a short sleep.
    for name, address in (
        ("seegrad_yield", _system("SwitchToThread", "sched_yield")),
        ("seegrad_doze", _system("Sleep", "usleep")),
    ):
        if address:
            jit.symbol(name, address)


def _field(index: int) -> int:
    return index * _LINE * 8


def _serving_text() -> str:
    fields = {
        "generation": _GENERATION, "function": _FUNCTION, "table": _TABLE, "first": _FIRST,
        "count": _COUNT, "barrier": _BARRIER, "finished": _FINISHED,
    }  # fmt: skip
    places = "\n".join(
        f"  %{name} = getelementptr i8, ptr %shared, i64 {_field(i)}" for name, i in fields.items()
    )
    return f"""
{declarations()}

define void @serve(ptr %shared, i64 %me) {{
entry:
{places}
  %offset = mul i64 %me, {_LINE * 16}
  %mine0 = getelementptr i8, ptr %shared, i64 {_field(_WORKERS)}
  %state = getelementptr i8, ptr %mine0, i64 %offset
  %seen = getelementptr i8, ptr %state, i64 {_LINE * 8}
  br label %start
start:
  br label %look
look:
  %n = phi i64 [ 0, %start ], [ %m, %pause ]
  %g = load atomic i64, ptr %generation seq_cst, align 8
  %old = load i64, ptr %seen, align 8
  %new = icmp ne i64 %g, %old
  br i1 %new, label %job, label %idle
idle:
  %m = add i64 %n, 1
  %tired = icmp sgt i64 %m, {_LOOKS}
  br i1 %tired, label %sleep, label %pause
pause:
  {pause()}
  br label %look
sleep:
  %was = atomicrmw xchg ptr %state, i64 1 seq_cst
  %again = load atomic i64, ptr %generation seq_cst, align 8
  %late = icmp ne i64 %again, %old
  br i1 %late, label %rouse, label %out
rouse:
  %pair = cmpxchg ptr %state, i64 1, i64 0 seq_cst seq_cst
  %mine = extractvalue {{ i64, i1 }} %pair, 1
  br i1 %mine, label %start, label %out
job:
  store i64 %g, ptr %seen, align 8
  %many = and i64 %g, {_MANY - 1}
  %asked = icmp slt i64 %me, %many
  br i1 %asked, label %work, label %start
work:
  %f = load ptr, ptr %function, align 8
  %t = load ptr, ptr %table, align 8
  %a = load i64, ptr %first, align 8
  %c = load i64, ptr %count, align 8
  call void %f(ptr %t, ptr %barrier, i64 %me, i64 %a, i64 %c)
  %was2 = atomicrmw add ptr %finished, i64 1 seq_cst
  br label %start
out:
  ret void
}}

define i64 @post(ptr %shared, ptr %f, ptr %t, i64 %a, i64 %c, i64 %many) {{
entry:
{places}
  store ptr %f, ptr %function, align 8
  store ptr %t, ptr %table, align 8
  store i64 %a, ptr %first, align 8
  store i64 %c, ptr %count, align 8
  store i64 0, ptr %barrier, align 8
  store i64 0, ptr %finished, align 8
  %last = load i64, ptr %generation, align 8
  %jobs = and i64 %last, {-_MANY}
  %next_job = add i64 %jobs, {_MANY}
  %g = or i64 %next_job, %many
  %was = atomicrmw xchg ptr %generation, i64 %g seq_cst
  %mine0 = getelementptr i8, ptr %shared, i64 {_field(_WORKERS)}
  br label %look
look:
  %w = phi i64 [ 1, %entry ], [ %next, %look ]
  %mask = phi i64 [ 0, %entry ], [ %more, %look ]
  %offset = mul i64 %w, {_LINE * 16}
  %state = getelementptr i8, ptr %mine0, i64 %offset
  %pair = cmpxchg ptr %state, i64 1, i64 0 seq_cst seq_cst
  %asleep = extractvalue {{ i64, i1 }} %pair, 1
  %wide = zext i1 %asleep to i64
  %more = add i64 %mask, %wide
  %ring = getelementptr i8, ptr %state, i64 8
  store i64 %wide, ptr %ring, align 8
  %next = add i64 %w, 1
  %on = icmp slt i64 %next, %many
  br i1 %on, label %look, label %posted
posted:
  %none = icmp eq i64 %more, 0
  br i1 %none, label %go, label %out
go:
  call void @join(ptr %shared)
  br label %out
out:
  ret i64 %more
}}

define void @join(ptr %shared) {{
entry:
{places}
  %f = load ptr, ptr %function, align 8
  %t = load ptr, ptr %table, align 8
  %a = load i64, ptr %first, align 8
  %c = load i64, ptr %count, align 8
  %g = load i64, ptr %generation, align 8
  %many = and i64 %g, {_MANY - 1}
  call void %f(ptr %t, ptr %barrier, i64 0, i64 %a, i64 %c)
  %others = sub i64 %many, 1
  br label %look
look:
  %n = phi i64 [ 0, %entry ], [ %m, %rest ]
  %seen = load atomic i64, ptr %finished seq_cst, align 8
  %there = icmp sge i64 %seen, %others
  br i1 %there, label %out, label %again
again:
  %m = add i64 %n, 1
{patience("%m", "rest")}
rest:
  br label %look
out:
  ret void
}}
"""


class _Pool:
    """Workers 1 … n, started when they are first needed."""

    def __init__(self) -> None:
        prepare()
        self.lock = threading.Lock()
        self.program = jit.Program(_serving_text())
        word, address = ctypes.c_int64, ctypes.c_void_p
        self.serve = self.program.function("serve", [address, word])
        self.post = self.program.function(
            "post", [address, address, address, word, word, word], word
        )
        self.join = self.program.function("join", [address])
        memory = np.zeros((_WORKERS + 2 * 257 + 1) * _LINE, np.int64)
        skip = -memory.ctypes.data % 128 // 8
        self.memory = memory
        self.shared = memory.ctypes.data + skip * 8
        self.words = memory[skip:]
        self.bells: list[threading.Semaphore] = []

    def grow(self, threads: int) -> None:
        """Have workers for a job of so many threads."""
        while len(self.bells) < threads - 1:
            number = len(self.bells) + 1
            bell = threading.Semaphore(0)
            # A worker begins asleep, as far as the others can see, having seen all jobs so far.
            self.words[(_WORKERS + 2 * number) * _LINE] = 1
            self.words[(_WORKERS + 2 * number + 1) * _LINE] = self.words[_GENERATION * _LINE]
            self.bells.append(bell)
            threading.Thread(
                target=_work, args=(self.serve, self.shared, number, bell, self.memory),
                name=f"seegrad-{number}", daemon=True,
            ).start()

    def run(self, function: int, table: int, first: int, count: int, threads: int) -> bool:
        """Run a job on so many threads and wait for its end; whether all were awake for it."""
        with self.lock:
            if len(self.bells) < threads - 1:
                self.grow(threads)
            if not self.post(self.shared, function, table, first, count, threads):
                return True
            # `post` marks beside its state each worker that it found asleep.
            for number in range(1, threads):
                if self.words[(_WORKERS + 2 * number) * _LINE + 1]:
                    self.bells[number - 1].release()
            self.join(self.shared)
            return False


def _work(
    serve: Any, shared: int, number: int, bell: threading.Semaphore, memory: Any
) -> None:
    while True:
        bell.acquire()
        serve(shared, number)


class _Holder:
    pool: _Pool | None = None


_HOLDER = _Holder()
_MAKING = threading.Lock()
_LOCKED: weakref.WeakSet[Any] = weakref.WeakSet()


def renew_lock_after_fork(owner: Any) -> None:
    """Give `owner` a new `lock` in a forked child, where whoever held the old one is gone."""
    _LOCKED.add(owner)


def _after_fork() -> None:
    global _MAKING
    _HOLDER.pool = None
    _MAKING = threading.Lock()
    for owner in list(_LOCKED):
        owner.lock = threading.RLock()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_after_fork)


def pool() -> _Pool:
    """The workers of this process."""
    found = _HOLDER.pool
    if found is None:
        with _MAKING:
            found = _HOLDER.pool
            if found is None:
                found = _HOLDER.pool = _Pool()
    return found
