"""A kernel that runs programs of its own: a body again and again, or one of two bodies.

Each program inside has its own kernels and its own table of memory. What it reads and writes of
outside is bound to it when the kernel runs; so one text serves every turn.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np

from seegrad.compiler.ir.buffer import Buffer, View
from seegrad.compiler.ir.kernel import Kernel


@dataclass(eq=False)
class Inner:
    """One program inside: what is lowered, and which of its buffers lie where outside.

    `entry` is memory outside that holds two addresses, of its table and of its `run`; `answer` the
    truth value that a test gives. `executable` is there once the program is built.
    """

    lowered: Any
    bindings: list[tuple[Buffer, View]]
    entry: Buffer
    answer: Buffer | None = None
    executable: Any = None

    @cached_property
    def places(self) -> np.ndarray[Any, Any]:
        """For each binding: the entry of the table inside, that of the table outside, how many
        bytes behind the beginning it lies, and how many further in each step of what is around."""
        return np.array([
            (buffer.number, view.buffer.number, view.offset * view.dtype.itemsize
             + ((view.shape[0] - 1) * buffer.nbytes if buffer.steps and buffer.reverse else 0),
             view.buffer.stride * view.buffer.steps)
            for buffer, view in self.bindings
        ], np.int64).reshape(-1, 4).T  # fmt: skip


@dataclass(eq=False)
class LoopCall(Kernel):
    """`kind` "scan": the one program `turns` times; "while": test and body, at most `turns` times
    (-1: no bound); "cond": the first program where `choice` is true, else the second.

    `native`: is all of it machine code, for one thread? `cycles` is what it costs, as far as that
    is known.
    """

    kind: str = field(kw_only=True)
    inners: tuple[Inner, ...] = field(kw_only=True)
    turns: int = field(kw_only=True)
    given: tuple[View, ...] = field(kw_only=True)
    made: tuple[View, ...] = field(kw_only=True)
    choice: View | None = field(kw_only=True, default=None)
    native: bool = False
    cycles: float = 0.0

    def loads(self) -> Sequence[View]:
        return self.given

    def writes(self) -> list[View]:
        return list(self.made)
