"""A plan made ready to run: its programs, memory for its buffers, and the calls that run them.

It is given arrays and gives arrays; what they mean to the person who called is said in
`specialization.py`, and how the programs were made in `build.py`.
"""

from __future__ import annotations

import ctypes
import sys
import time
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from seegrad.compiler.codegen.program import ROWS, SCRATCH, Program
from seegrad.compiler.ir.alignment import PAGED, Array, aligned, laid, pointer, up_to_grain
from seegrad.compiler.ir.buffer import Buffer
from seegrad.compiler.ir.kernel import Kernel
from seegrad.compiler.ir.loop_call import LoopCall
from seegrad.compiler.lowering.builder import Index
from seegrad.compiler.lowering.lower import Lowered
from seegrad.compiler.runtime import jit, loop_runner, numpy_fallback, thread_pool
from seegrad.compiler.runtime.state_slot import Slot, moved
from seegrad.compiler.runtime.thread_policy import Pace
from seegrad.compiler.runtime.workspace import Workspace
from seegrad.compiler.scheduling.schedule import Schedule
from seegrad.compiler.scheduling.task import Task
from seegrad.errors import IndexRangeError, ValueRangeError
from seegrad.graph.forms import OneHot
from seegrad.i18n import tr

SMALL = 1 << 16
"""Arguments of up to so many bytes are copied into memory of ours rather than pointed at."""
LARGE = 1 << 20
"""Results from so many bytes on lie in memory that is used again once nobody holds it."""
STRETCH = 0.002
"""Seconds of steps that several threads take before it is asked again how many had better."""
POISON = False
"""In tests: temporary memory is filled with NaN before every run, and shared wherever it can."""


NOTHING = np.empty(0, np.uint8)


class Segment:
    """A run of kernels in one native program."""

    def __init__(self, schedule: Schedule, written: Program, program: jit.Program) -> None:
        """`program` is what was compiled of what was written."""
        self.schedule, self.threads = schedule, schedule.threads
        self.written, self.program, number = written, program, written.number
        self.address = program.address(f"run{number}")
        word, place = ctypes.c_int64, ctypes.c_void_p
        self.call = program.function(f"run{number}", [place, place, word, word, word])
        self.check = program.function("check", [place], word)
        if self.threads == 1:
            self.once = program.function(f"once{number}", [place], word)
        else:
            self.alone = program.function(f"alone{number}", [place, place, word, word, word])
            self.pace, self.awake = Pace(), True

    def run(self, table: int, first: int, count: int) -> None:
        """Steps first … first + count - 1; several threads look at the clock now and then."""
        if self.threads == 1:
            self.call(table, 0, 0, first, count)
            return
        now, stop = time.perf_counter(), first + count
        while first < stop:
            many = min(stop - first, max(1, int(STRETCH / self.pace.step(now))))
            start, together = now, self.pace.all_together(now)
            before, self.awake = self.awake, True
            if together:
                self.awake = thread_pool.pool().run(self.address, table, first, many, self.threads)
            else:
                self.alone(table, 0, 0, first, many)
            now = time.perf_counter()
            if self.awake or not before:  # to wake them up once says nothing about their pace
                self.pace.note(together, (now - start) / many, now, many)
            first += many


class Executable:
    """Runs a plan on given arrays."""

    def __init__(
        self, lowered: Lowered, slots: Sequence[Slot], segments: Sequence[Segment | Kernel],
        places: Mapping[Buffer, int], room: int, workspace: Workspace,
    ) -> None:  # fmt: skip
        """`places` is where temporary values lie in one piece of memory of `room` bytes."""
        self.workspace, self.places, self.room = workspace, places, room
        self.lowered, self.slots, self.segments = lowered, list(slots), list(segments)
        natives = [s for s in self.segments if isinstance(s, Segment)]
        before = 1 + len(natives)
        entries = np.zeros(before + len(lowered.buffers), np.int64)
        self.table = entries[before:]
        self.table_address = pointer(entries) + before * entries.itemsize
        self.arrays: dict[Buffer, Array] = {}
        self.inputs: dict[Buffer, Array] = {}
        self.pools: dict[Buffer, list[Array]] = {}
        self.entries, self.before = entries, before
        self.scratch_room = max((s.threads * s.written.room for s in natives), default=0)
        for segment in natives:
            entries[before + ROWS - segment.written.number] = pointer(segment.written.rows)
        self.only = natives[0] if len(natives) == len(self.segments) == 1 else None
        self.once = self.only.once if self.only and self.only.threads == 1 else None
        self.scalars = [s for s in self.slots if s.scalar and s.assigned]
        small = self._make_memory(lowered)
        self.outputs = [(b, small.get(b)) for b in lowered.outputs]
        """What comes out, each with its memory where it is a single number."""
        self.large = [b for b in lowered.outputs if b not in small]
        self._lay_out()

    def _lay_out(self) -> None:
        """Have temporary values and scratch memory in the workspace as it is now."""
        begin = up_to_grain(self.room, PAGED)
        self.memory = self.workspace.room(self, begin + self.scratch_room)
        self.temporary = self.memory[: self.room]
        self.scratch = self.memory[begin : begin + self.scratch_room]
        self.entries[self.before + SCRATCH] = pointer(self.memory) + begin
        for buffer, start in self.places.items():
            memory = self.temporary[start : start + buffer.nbytes]
            self.hold(buffer, laid(memory, buffer.shape, buffer.dtype, buffer.order))

    def let_go(self) -> None:
        """The workspace grows: hold nothing of what it was."""
        for buffer in self.places:
            self.arrays.pop(buffer, None)
        self.memory = self.temporary = self.scratch = NOTHING

    def _make_memory(self, lowered: Lowered) -> dict[Buffer, Array]:
        """Memory that stays for constants, small inputs and single numbers; the last of them."""
        small = {}
        for buffer in lowered.buffers:
            if buffer.role == "constant":
                array = aligned(buffer.shape, buffer.dtype)
                np.copyto(array, lowered.constants[buffer])
                self.hold(buffer, array)
            elif buffer.role == "input" and buffer.nbytes <= SMALL and not buffer.steps:
                self.inputs[buffer] = aligned(buffer.shape, buffer.dtype)
                self.hold(buffer, self.inputs[buffer])
            elif buffer.role == "output" and not buffer.shape and not buffer.steps:
                small[buffer] = aligned((), buffer.dtype)
                self.hold(buffer, small[buffer])
        return small

    def hold(self, buffer: Buffer, array: Array) -> None:
        """Let the buffer's memory be that of `array`."""
        self.arrays[buffer] = array
        self.table[buffer.number] = pointer(array)

    # ------------------------------------------------------------------ inputs and state

    def give(self, buffer: Buffer, value: Any) -> None:
        """Have the value of an argument where the program reads it."""
        own = self.inputs.get(buffer)
        if own is not None:
            own[...] = value
            return
        array = np.asarray(value)
        if not (array.flags.c_contiguous and array.flags.aligned):
            array = np.ascontiguousarray(array)
        self.hold(buffer, array)

    def take_state(self) -> None:
        """Have every leaf's value in memory that may be written."""
        for slot in moved(self.slots):
            self.table[slot.buffer.number] = slot.take_in()
            self.arrays[slot.buffer] = slot.view

    def show_state(self) -> None:
        """Have leaves of a single number show what the program wrote."""
        for slot in self.scalars:
            slot.show()

    def straighten_state(self) -> None:
        """Have every leaf show its value in C order, after the last of many steps."""
        for slot in self.slots:
            slot.straighten()

    def check_indices(self) -> None:
        """Every index within its axis, or an error; negative ones count from the end."""
        if not self.lowered.indices:
            return
        first = self.segments[0] if self.segments else None
        if isinstance(first, Segment) and not first.check(self.table_address):
            return
        for index in self.lowered.indices:
            self._check(index)

    def _check(self, index: Index) -> None:
        array = numpy_fallback.array_at(index.view, self.arrays, 0)
        if not array.size:
            return
        low, high = array.min(), array.max()
        least = -index.size if index.wraps else 0
        if high >= index.size or low < least:
            assert index.node.op is not None
            if isinstance(index.node.op.lower, OneHot):
                raise ValueRangeError(
                    "a label is out of range",
                    asked=tr(
                        "integers from {low} to {high}, one for each of {count} classes",
                        low=0, high=index.size - 1, count=index.size,
                    ),
                    came=tr("labels from {low} to {high}", low=low, high=high),
                )
            far = high if high >= index.size else low
            raise IndexRangeError(
                f"{index.node.op.name}: {tr('index {index} is out of range', index=far)}",
                asked=tr("from {low} to {high}", low=least, high=index.size - 1),
                came=tr("indices from {low} to {high}", low=low, high=high),
            )

    # ------------------------------------------------------------------ outputs

    def make_outputs(self, steps: int = 1) -> None:
        """Memory for what is handed out: fresh, or what nobody holds any more."""
        for buffer in self.large:
            shape = (steps, *buffer.shape) if buffer.steps else buffer.shape
            self.hold(buffer, self._memory(buffer, shape))

    def _memory(self, buffer: Buffer, shape: tuple[int, ...]) -> Array:
        if buffer.nbytes < LARGE or buffer.steps:
            return np.empty(shape, buffer.dtype)
        pool = self.pools.setdefault(buffer, [])
        self.arrays.pop(buffer, None)
        for array in pool:
            # Held by the pool, the loop and the argument; its bytes by it and the argument.
            if sys.getrefcount(array) <= 3 and sys.getrefcount(array.base) <= 3:
                return array
        array = aligned(shape, buffer.dtype)
        if len(pool) < 3:
            pool.append(array)
        return array

    def results(self) -> list[Any]:
        """What came out, as nodes hold it: read-only, or a single number."""
        found = []
        for buffer, number in self.outputs:
            if number is not None:
                found.append(number[()])
                continue
            shown = self.arrays[buffer].view()
            shown.flags.writeable = False
            found.append(shown)
        return found

    # ------------------------------------------------------------------ running

    def call_once(self) -> None:
        """Check the indices and run one step; in one native call where a program does it all."""
        if self.memory is not self.workspace.memory:
            self._lay_out()
        if self.once is None or POISON or self.once(self.table_address):
            self.check_indices()
            self.run()

    def run(self, first: int = 0, count: int = 1) -> None:
        """Run `count` steps; step by step where NumPy has a part."""
        if self.memory is not self.workspace.memory:
            self._lay_out()
        if POISON:
            self.scratch.fill(255)                       # NaN in every type of number
            self.temporary.fill(255)
        if self.only is not None:
            self.only.run(self.table_address, first, count)
            return
        for step in range(first, first + count):
            for segment in self.segments:
                self.run_one(segment, step)

    def run_one(self, segment: Segment | Kernel, step: int) -> None:
        """One native program, or one kernel by NumPy."""
        if isinstance(segment, Segment):
            segment.run(self.table_address, step, 1)
        elif isinstance(segment, LoopCall):
            loop_runner.run(segment, self.arrays, self.table, step)
        else:
            numpy_fallback.run(segment, self.arrays, step)


def tasks_of(executable: Executable) -> list[Task]:
    """Every task of every native segment, in order."""
    return [
        task for s in executable.segments if isinstance(s, Segment) for task in s.schedule.tasks
    ]
