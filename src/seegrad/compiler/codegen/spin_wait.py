"""How a native thread waits for others: it looks again, then lets others run, then sleeps.

The assembly of it, for programs (`program.py`) and for the workers that run them
(`thread_pool.py`).
"""

from __future__ import annotations

import os

from seegrad.compiler.target import host

SPINS = 4000
"""So often a waiting thread only looks again."""
YIELDS = 16
"""So often it then lets others use its core, before it sleeps between its looks."""
DOZE = 1 if os.name == "nt" else 50
"""How long such a sleep is meant to be, in the unit of the system's function."""


def pause() -> str:
    """The processor's hint that a loop is waiting."""
    if host().x86:
        return "call void @llvm.x86.sse2.pause()"
    if host().triple.startswith(("aarch64", "arm64")):
        return "call void @llvm.aarch64.hint(i32 1)"
    return "; no hint for this processor"


def declarations() -> str:
    """What waiting code calls; `runtime.prepare` gives the system's functions."""
    lines = ["declare i32 @seegrad_yield()", "declare i32 @seegrad_doze(i32)"]
    if host().x86:
        lines.append("declare void @llvm.x86.sse2.pause()")
    elif host().triple.startswith(("aarch64", "arm64")):
        lines.append("declare void @llvm.aarch64.hint(i32)")
    return "\n".join(lines)


def patience(looks: str, after: str) -> str:
    """What to do once one has looked `looks` times; `after` is the label that follows."""
    return f"""  %long = icmp sgt i64 {looks}, {SPINS}
  br i1 %long, label %give, label %brief
brief:
  {pause()}
  br label %{after}
give:
  %longer = icmp sgt i64 {looks}, {SPINS + YIELDS}
  br i1 %longer, label %doze, label %yield
yield:
  %yielded = call i32 @seegrad_yield()
  br label %{after}
doze:
  %dozed = call i32 @seegrad_doze(i32 {DOZE})
  br label %{after}"""


def barrier() -> str:
    """`wait(barrier, target)`: arrive, and go on once `target` arrivals are counted."""
    return f"""define internal void @wait(ptr %barrier, i64 %target) {{
entry:
  %before = atomicrmw add ptr %barrier, i64 1 seq_cst
  br label %look
look:
  %n = phi i64 [ 0, %entry ], [ %m, %rest ]
  %seen = load atomic i64, ptr %barrier acquire, align 8
  %there = icmp sge i64 %seen, %target
  br i1 %there, label %go, label %again
again:
  %m = add i64 %n, 1
{patience("%m", "rest")}
rest:
  br label %look
go:
  ret void
}}"""
