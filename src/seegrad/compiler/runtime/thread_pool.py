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

from seegrad.compiler.codegen.worker_loop import LINE, Field, state_word, worker_text
from seegrad.compiler.runtime import jit
from seegrad.errors import ValueRangeError
from seegrad.i18n import tr


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


class _Pool:
    """Workers 1 … n, started when they are first needed."""

    def __init__(self) -> None:
        prepare()
        self.lock = threading.Lock()
        self.program = jit.Program(worker_text())
        word, address = ctypes.c_int64, ctypes.c_void_p
        self.serve = self.program.function("serve", [address, word])
        self.post = self.program.function(
            "post", [address, address, address, word, word, word], word
        )
        self.join = self.program.function("join", [address])
        memory = np.zeros(state_word(257) + LINE, np.int64)
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
            state = state_word(number)
            self.words[state] = 1
            self.words[state + LINE] = self.words[Field.GENERATION * LINE]
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
                if self.words[state_word(number) + 1]:
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
