"""A schedule as one native program: a function for each kernel, and each thread's own main.

The order, the owners and the barriers are decided in `schedule.py`; loops and products are
written by their emitters. Nothing here runs.
"""

from __future__ import annotations

from dataclasses import dataclass, field

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
    names: dict[int, str] = field(default_factory=dict)
    entry_points: dict[int, str] = field(default_factory=dict)

    @property
    def lengths(self) -> list[int]:
        """The lengths of share that occur; 0: all of it."""
        if self.split is None:
            return [0]
        return sorted({b - a for a, b in zip(self.bounds, self.bounds[1:])} - {0})
