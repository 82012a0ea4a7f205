"""What this machine can do, measured: multiply-adds a second, bytes copied a second."""

from __future__ import annotations

import ctypes
import time
from collections.abc import Callable
from functools import cache

import numpy as np

from seegrad.compiler import target
from seegrad.compiler.codegen.llvm_builder import Function, Module
from seegrad.compiler.codegen.llvm_types import Value, vector
from seegrad.compiler.codegen.worker_loop import JOB
from seegrad.compiler.ir.alignment import aligned, pointer
from seegrad.compiler.runtime import jit, thread_pool

_CHAINS = 16
_STEPS = 20000
WHILE = 0.1
"""Seconds over which the best is looked for: others may take a core away for a few thousandths."""


def _text() -> str:
    """`run` as a job of all threads: chains of multiply-adds that do not wait for each other."""
    module = Module()
    f = Function(module, "run", JOB)
    kind = vector("float", target.host().lanes(32))
    factor = f.splat(f.load(f.parameters["table"], "float", 4), target.host().lanes(32))

    def step(i: Value, *sums: Value) -> list[Value]:
        return [f.fma(x, factor, factor) for x in sums]

    sums = f.loop(0, _STEPS, 1, step, [f.constant(kind, 0.1 * i) for i in range(_CHAINS)])
    total = sums[0]
    for x in sums[1:]:
        total = f.binary("fadd", total, x)
    place = f.at(f.parameters["table"], f.times(f.add(f.parameters["thread"], 1), 64))
    f.store(total, place, 4)
    f.finish()
    return module.text


def _best(run: Callable[[], object]) -> float:
    """The fewest seconds that it takes, of all the times for which there is time."""
    best, end = float("inf"), time.perf_counter() + WHILE
    while (start := time.perf_counter()) < end:
        run()
        best = min(best, time.perf_counter() - start)
    return best


@cache
def flops(threads: int) -> float:
    """float32 operations a second of so many threads, at best (a multiply-add counts twice)."""
    program = jit.Program(_text(), 0)
    word, place = ctypes.c_int64, ctypes.c_void_p
    call = program.function("run", [place, place, word, word, word])
    table = aligned((16 * (threads + 2),), np.float32)
    table[0] = 0.5

    def run() -> None:
        if threads == 1:
            call(pointer(table), 0, 0, 0, 1)
        else:
            thread_pool.pool().run(program.address("run"), pointer(table), 0, 1, threads)

    return 2.0 * _CHAINS * target.host().lanes(32) * _STEPS * threads / _best(run)


@cache
def copy_bandwidth(megabytes: int = 40) -> float:
    """Bytes a second that NumPy copies (read and written, counted both), at best."""
    source = np.ones(megabytes * 250_000, np.float32)
    target = np.ones_like(source)
    return 2.0 * source.nbytes / _best(lambda: np.copyto(target, source))
