"""How a native thread waits for others: it looks again, then lets others run, then sleeps.

For programs (`program.py`), and for the workers that run them (`worker_loop.py`).
"""

from __future__ import annotations

import os

from seegrad.compiler.codegen.llvm_builder import Function, Module
from seegrad.compiler.codegen.llvm_types import Value
from seegrad.compiler.target import host

SPINS = 4000
"""So often a waiting thread only looks again."""
YIELDS = 16
"""So often it then lets others use its core, before it sleeps between its looks."""
DOZE = 1 if os.name == "nt" else 50
"""How long such a sleep is meant to be, in the unit of the system's function."""


def pause(f: Function) -> None:
    """The processor's hint that a loop is waiting, where it has one."""
    if host().x86:
        f.call_void("llvm.x86.sse2.pause")
    elif host().triple.startswith(("aarch64", "arm64")):
        f.call_void("llvm.aarch64.hint", Value("1", "i32"))


def wait_until(f: Function, counter: Value, target: Value, ordering: str) -> None:
    """Go on once `counter` has come to `target`."""
    f.spin(
        lambda: f.compare("sge", f.atomic_load(counter, "i64", ordering), target),
        lambda looks: _be_patient(f, looks),
    )


def _be_patient(f: Function, looks: Value) -> None:
    """What to do once one has looked `looks` times; `thread_pool.prepare` gives the system's
    functions."""
    tag = f.fresh()
    brief, give, let, doze, rest = (f"{x}{tag}" for x in ("brief", "give", "yield", "doze", "rest"))
    f.branch(f.compare("sgt", looks, f.integer(SPINS)), give, brief)
    f.label(brief)
    pause(f)
    f.jump(rest)
    f.label(give)
    f.branch(f.compare("sgt", looks, f.integer(SPINS + YIELDS)), doze, let)
    f.label(let)
    f.call("seegrad_yield", "i32")
    f.jump(rest)
    f.label(doze)
    f.call("seegrad_doze", "i32", Value(str(DOZE), "i32"))
    f.jump(rest)
    f.label(rest)


def write_barrier(module: Module) -> None:
    """`wait(barrier, target)`: arrive, and go on once `target` arrivals are counted."""
    f = Function(module, "wait", (("ptr", "barrier"), ("i64", "target")), public=False)
    barrier = f.parameters["barrier"]
    f.atomic_update("add", barrier, f.integer(1))
    wait_until(f, barrier, f.parameters["target"], "acquire")
    f.finish()
