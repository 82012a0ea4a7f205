"""A schedule as one native program: a function for each kernel, and each thread's own main.

The order, the owners and the barriers are decided in `schedule.py`; loops and products are
written by their emitters. Nothing here runs.
"""

from __future__ import annotations

from dataclasses import dataclass

from seegrad.compiler.ir.kernel import Kernel


@dataclass(eq=False)
class Task:
    """A kernel in its place: how it is shared out, and whether all threads meet before it.

    With `split` None, thread `owner` does all of it; otherwise thread t does
    bounds[t] … bounds[t + 1] of that axis.
    """

    kernel: Kernel
    split: int | None
    bounds: tuple[int, ...]
    owner: int = 0
    barrier: bool = False
    stream: bool = False
