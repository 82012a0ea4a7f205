"""The scheduler: who does which share of each kernel, in which order, and where threads meet.

A kernel is cut along one axis, or left whole. Two kernels that touch the same memory need a
barrier between them unless every thread touches only what it touched before. The cost that is
weighed counts cycles of the slowest thread, barriers, and bytes that cross from core to core.
"""

from __future__ import annotations

import math
from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass, field

from seegrad.compiler.ir import scalar_types
from seegrad.compiler.ir.buffer import Buffer, View
from seegrad.compiler.ir.expression import Apply
from seegrad.compiler.ir.kernel import Draw, Kernel, LoopNest, Matmul
from seegrad.compiler.ir.loop_call import LoopCall
from seegrad.compiler.scheduling.task import Task
from seegrad.compiler.scheduling.tiling import choose, lanes_for

BARRIER = 1500.0
"""Cycles that a barrier of all threads costs, with the wait for the slowest."""
LAUNCH = 6000.0
"""Cycles that it costs, once a call, to have other threads take part at all."""
LOOP = 60000.0
"""Cycles that it costs to have other threads take part in a loop, which is then called apart."""
EPOCH = 40
"""So many steps, or more, a call takes that takes several."""
CROSSING = 0.15
"""Cycles for a byte that another core wrote last."""
MEMORY = 0.06
"""Cycles for a byte that is read or written at all."""
STREAM = 1 << 23
"""From so many bytes on, results go past the caches."""
DRAW = 30.0
"""Cycles that a counter's random numbers cost."""
SEARCH = 120
"""Schedules of more kernels are taken from the best seed, without further search."""

Choice = int | None


@dataclass(frozen=True)
class Access:
    """How a kernel touches a buffer: `step` is the stride along the cut axis, 0: all of it.

    `line` says to which place of the cut axis an address belongs, two that are equal the same:
    (how many steps the first lies behind the beginning, after how many elements it all repeats,
    0: never); None where it may belong to several places, as in windows.
    `box` is the part of the buffer that all threads together touch, where that can be said.
    """

    buffer: Buffer
    step: int
    line: tuple[int, int] | None
    write: bool
    nbytes: int
    box: tuple[tuple[int, int], ...] | None


def elsewhere(a: Access, b: Access) -> bool:
    """Whether two accesses to one buffer are known to be to different parts of it."""
    if a.box is None or b.box is None:
        return False
    pairs = zip(a.box, b.box)
    return any(low >= stop or start >= high for (start, stop), (low, high) in pairs)


@dataclass(eq=False)
class Schedule:
    """Tasks in order; with `closing`, all threads meet at the end of a step.

    `prologue` are tasks whose results are the same in every step: thread 0 does them once.
    """

    tasks: list[Task]
    threads: int
    closing: bool
    cost: float = 0.0
    prologue: list[Task] = field(default_factory=list)


@dataclass(eq=False)
class _Work:
    """What is known of a kernel before a choice is made."""

    kernel: Kernel
    options: list[Choice]
    cycles: dict[Choice, float] = field(default_factory=dict)
    accesses: dict[Choice, list[Access]] = field(default_factory=dict)


def bounds(length: int, threads: int) -> tuple[int, ...]:
    """Where the shares of an axis begin and end; long axes are cut at whole vectors."""
    grain = 64 if length >= 4096 * threads else 16 if length >= 256 * threads else 1
    units = -(-length // grain)
    return tuple(min(length, units * t // threads * grain) for t in range(threads + 1))


def scheduled(kernels: Sequence[Kernel], threads: int, turns: int = 0) -> Schedule:
    """The cheapest schedule that is found, on one thread or on all of them.

    turns: it is the body of a loop of so many, where threads do not meet if that can be. Elsewhere
    they may, since what is needed before and what is needed behind a barrier share memory.
    """
    once = _same_every_step(kernels)
    rest = [k for k in kernels if k not in once]
    found = _Scheduler(rest, 1).schedule()
    if threads > 1 and rest:
        together = _Scheduler(rest, threads, inside=turns > 0).schedule()
        launch = LOOP / turns if turns else LAUNCH / (EPOCH if _several_steps(kernels) else 1)
        found = together if together.cost + launch < found.cost else found
    found.prologue = [Task(k, None, ()) for k in kernels if k in once]
    return found


def _several_steps(kernels: Sequence[Kernel]) -> bool:
    return any(v.buffer.steps for k in kernels for v in (*k.reads(), *k.writes()))


def _same_every_step(kernels: Sequence[Kernel]) -> set[Kernel]:
    """Kernels that read nothing that changes from step to step, and alone write what they do."""
    if not _several_steps(kernels):
        return set()
    written: dict[Buffer, int] = {}
    for kernel in kernels:
        for view in kernel.writes():
            written[view.buffer] = written.get(view.buffer, 0) + 1
    found: set[Kernel] = set()
    fixed: set[Buffer] = set()
    for kernel in kernels:
        reads, writes = kernel.reads(), kernel.writes()
        same = all(not v.buffer.steps and (v.buffer in fixed or v.buffer not in written)
                   for v in reads)
        own = all(not v.buffer.steps and v.buffer.role == "temporary"
                  and written[v.buffer] == 1 for v in writes)
        if same and own:
            found.add(kernel)
            fixed |= {v.buffer for v in writes}
    return found


# --------------------------------------------------------------- what things cost


def _cycles(kernel: Kernel, choice: Choice, threads: int) -> float:
    share = 1 if choice is None else threads
    if isinstance(kernel, Matmul):
        m, n = kernel.space[-2:]
        last = len(kernel.space)
        batch = math.prod(kernel.space[:-2])
        if choice == last - 2:
            m = -(-m // threads)
        elif choice == last - 1:
            n = -(-n // threads)
        elif choice is not None:
            batch = -(-batch // threads)
        if not m or not n:
            return 0.0
        _, shape = choose(kernel, m, n)
        return batch * (shape.cycles + _behind(kernel) * m * n)
    if isinstance(kernel, LoopCall):
        return kernel.cycles
    points = math.prod(kernel.space) / share
    if isinstance(kernel, Draw):
        return DRAW * points
    return points * _behind(kernel) + 60


def _behind(kernel: Kernel) -> float:
    """Cycles a point of the kernel's expressions."""
    lanes = lanes_for(kernel.expressions)
    cycles = 0.5 * len(kernel.stores)
    for e in kernel.expressions:
        if isinstance(e, Apply):
            cycles += 8.0 if scalar_types.expensive(e.function) else 0.5
        else:
            cycles += 0.5
    return cycles / lanes


def _accesses(kernel: Kernel, choice: Choice, threads: int, inside: bool) -> list[Access]:
    last = len(kernel.space)

    def access(view: View, axis: Choice, write: bool) -> Access:
        size = min(view.buffer.nbytes, view.size * view.dtype.itemsize)
        if view.rows is not None and axis == view.rows_axis:
            size //= threads
        if axis is None or view.rows is not None:
            return Access(view.buffer, 0, None, write, size, view.box())
        line = _line(view, axis) if inside else (view.offset, 0)
        return Access(view.buffer, view.strides[axis], line, write, size, view.box())

    found = []
    if isinstance(kernel, Matmul):
        axes: dict[str, Choice] = {"a": choice, "b": choice}
        if choice == last - 1:
            axes["a"] = None
        if choice == last - 2:
            axes["b"] = None
        a, b = kernel.whole()
        found += [access(a, axes["a"], False), access(b, axes["b"], False)]
    found += [access(v, choice if len(v.strides) == last else None, False)
              for v in kernel.loads()]
    found += [access(v, choice, True) for v in kernel.writes()]
    return list(dict.fromkeys(found))


def _line(view: View, axis: int) -> tuple[int, int] | None:
    """`Access.line`: the other axes are within one step of `axis`, or far beyond all of them."""
    step, length = abs(view.strides[axis]), view.shape[axis]
    if not step:
        return None
    others = [(abs(s), n) for i, (s, n) in enumerate(zip(view.strides, view.shape)) if i != axis]
    inner = sum(s * (n - 1) for s, n in others if s < step)
    outer = [s for s, n in others if s >= step and n > 1]
    period = min(outer, default=0)
    first = view.offset + sum(s * (n - 1) for s, n in zip(view.strides, view.shape) if s < 0)
    if period:
        first %= period
    line, rest = divmod(first, step)
    whole = not period or (line + length) * step <= period
    if rest + inner >= step or not whole or any(s % period for s in outer):
        return None
    return line, period


# --------------------------------------------------------------- the search


class _Scheduler:
    def __init__(self, kernels: Sequence[Kernel], threads: int, inside: bool = False) -> None:
        self.threads, self.inside = threads, inside
        self.works = [self._work(k) for k in kernels]
        self.links = self._links()
        self.barriers: dict[tuple[int, int, Choice, Choice], bool] = {}
        self.touched: dict[tuple[int, Choice], Mapping[Buffer, Sequence[Access]]] = {}
        self.cut_so: dict[Hashable, list[tuple[int, int]]] = {}
        """For each way to share out memory: the kernels, and the options of theirs, that do."""
        for i, work in enumerate(self.works):
            for number, option in enumerate(work.options):
                if option is not None:
                    for key in self._cuts(i, option):
                        self.cut_so.setdefault(key, []).append((i, number))

    def _work(self, kernel: Kernel) -> _Work:
        options: list[Choice] = [None]
        if self.threads > 1:
            never: frozenset[int] = frozenset()
            if isinstance(kernel, LoopNest):
                never = kernel.reduced | kernel.overlapping | kernel.running
            for axis, n in enumerate(kernel.space):
                whole = any(
                    not s.view.strides[axis] and s.view.size for s in kernel.stores
                ) and n > 1
                if axis not in never and n >= self.threads and not whole:
                    options.append(axis)
        work = _Work(kernel, options)
        for choice in options:
            work.cycles[choice] = _cycles(kernel, choice, self.threads)
            work.accesses[choice] = _accesses(kernel, choice, self.threads, self.inside)
        return work

    def _links(self) -> list[list[int]]:
        """For each kernel, the earlier ones that it must follow."""
        read: dict[Buffer, list[tuple[int, Access]]] = {}
        written: dict[Buffer, list[tuple[int, Access]]] = {}
        links: list[list[int]] = []
        for j, work in enumerate(self.works):
            found = set()
            for b in work.accesses[None]:
                before = written.get(b.buffer, [])
                for i, a in (*before, *read.get(b.buffer, ())) if b.write else before:
                    if i not in found and not elsewhere(a, b):
                        found.add(i)
            for b in work.accesses[None]:
                (written if b.write else read).setdefault(b.buffer, []).append((j, b))
            links.append(sorted(found))
        return links

    def schedule(self) -> Schedule:
        if self.threads == 1:
            choices: list[Choice] = [None] * len(self.works)
            return self._made(choices)
        best = min(self._seeds(), key=lambda c: self.cost(c)[0])
        if len(self.works) <= SEARCH:
            best = self._improved(best)
        return self._made(best)

    def _seeds(self) -> list[list[Choice]]:
        """From each axis of each kernel, the cut that the others follow along shared memory."""
        found: list[list[Choice]] = [[None] * len(self.works)]
        seen = {tuple(found[0])}
        heavy = sorted(range(len(self.works)), key=lambda i: -self.works[i].cycles[None])
        for i in heavy[:8]:
            for option in self.works[i].options:
                if option is None:
                    continue
                choices: dict[int, Choice] = {}
                self._spread(i, option, choices)
                for k in heavy:
                    if k not in choices:
                        rest = [o for o in self.works[k].options if o is not None]
                        if rest:
                            first = min(rest, key=lambda o: self.works[k].cycles[o])
                            self._spread(k, first, choices)
                seed = [choices.get(k) for k in range(len(self.works))]
                if tuple(seed) not in seen:
                    seen.add(tuple(seed))
                    found.append(seed)
        return found

    def _spread(self, start: int, option: Choice, choices: dict[int, Choice]) -> None:
        """Choose `option` for a kernel, and for all that touch the same memory the same cut."""
        choices[start] = option
        stack = [start]
        while stack:
            i = stack.pop()
            fitting: dict[int, int] = {}
            for key in self._cuts(i, choices[i]):
                for k, number in self.cut_so.get(key, ()):
                    if k not in choices:
                        fitting[k] = min(number, fitting.get(k, number))
            for k, number in sorted(fitting.items()):
                choices[k] = self.works[k].options[number]
                stack.append(k)

    def _cuts(self, i: int, choice: Choice) -> set[Hashable]:
        """Which memory kernel i, cut so, shares out, and how."""
        length = self._length(i, choice)
        return {(a.buffer, a.step, a.line, length)
                for a in self.works[i].accesses[choice] if a.step}

    def _length(self, i: int, choice: Choice) -> int:
        return 0 if choice is None else self.works[i].kernel.space[choice]

    def _improved(self, choices: list[Choice]) -> list[Choice]:
        best, cost = list(choices), self.cost(choices)[0]
        for _ in range(3):
            before = cost
            for i, work in enumerate(self.works):
                for option in work.options:
                    if option == best[i]:
                        continue
                    trial = list(best)
                    trial[i] = option
                    c = self.cost(trial)[0]
                    if c < cost:
                        best, cost = trial, c
            if cost == before:
                break
        return best

    # ------------------------------------------------------------------ judging a choice

    def _apart(self, i: int, a: Access, j: int, b: Access, choices: Sequence[Choice]) -> bool:
        """Whether two accesses to one buffer are to different parts of it, or stay within each
        thread's own part."""
        if elsewhere(a, b):
            return True
        if choices[i] is None and choices[j] is None:
            return True                                   # both are thread 0's alone
        if choices[i] is None or choices[j] is None:
            return False
        return (
            bool(a.step) and a.step == b.step and a.line is not None and a.line == b.line
            and self._length(i, choices[i]) == self._length(j, choices[j])
        )  # fmt: skip

    def _needs_barrier(self, i: int, j: int, choices: Sequence[Choice]) -> bool:
        """Whether threads must meet between kernels i and j."""
        key = (i, j, choices[i], choices[j])
        if key not in self.barriers:
            self.barriers[key] = self._conflict(i, j, choices)
        return self.barriers[key]

    def _conflict(self, i: int, j: int, choices: Sequence[Choice]) -> bool:
        first, second = self._touched(i, choices[i]), self._touched(j, choices[j])
        return any(
            (a.write or b.write) and not self._apart(i, a, j, b, choices)
            for buffer in first.keys() & second.keys()
            for a in first[buffer] for b in second[buffer]
        )  # fmt: skip

    def _touched(self, i: int, choice: Choice) -> Mapping[Buffer, Sequence[Access]]:
        """The accesses of kernel i, cut so, by what they are to."""
        if (i, choice) not in self.touched:
            found: dict[Buffer, list[Access]] = {}
            for a in self.works[i].accesses[choice]:
                found.setdefault(a.buffer, []).append(a)
            self.touched[i, choice] = found
        return self.touched[i, choice]

    def _phases(self, choices: Sequence[Choice]) -> list[int]:
        if self.threads == 1:
            return [0] * len(self.works)
        phases: list[int] = []
        for j, before in enumerate(self.links):
            phase = 0
            for i in before:
                phase = max(phase, phases[i] + self._needs_barrier(i, j, choices))
            phases.append(phase)
        return phases

    def _closing(self, phases: Sequence[int], choices: Sequence[Choice]) -> bool:
        """Whether the next step must wait for the end of this one."""
        last = max(phases, default=0)
        touched: dict[Buffer, list[tuple[int, Access]]] = {}
        for i, phase in enumerate(phases):
            if phase == last:
                for a in self.works[i].accesses[choices[i]]:
                    if not a.buffer.steps:
                        touched.setdefault(a.buffer, []).append((i, a))
        return any(
            (a.write or b.write) and not self._apart(i, a, j, b, choices)
            for j, phase in enumerate(phases) if phase == 0
            for b in self.works[j].accesses[choices[j]]
            for i, a in touched.get(b.buffer, ())
        )  # fmt: skip

    def cost(self, choices: Sequence[Choice]) -> tuple[float, list[int], bool]:
        """Cycles a step, the phase of every kernel, whether a step ends with a barrier."""
        phases = self._phases(choices)
        closing = self.threads > 1 and self._closing(phases, choices)
        total = BARRIER * (max(phases, default=0) + closing) if self.threads > 1 else 0.0
        alone: dict[int, float] = {}
        shared: dict[int, float] = {}
        for work, choice, phase in zip(self.works, choices, phases):
            into = alone if choice is None and self.threads > 1 else shared
            into[phase] = into.get(phase, 0.0) + work.cycles[choice]
        total += sum(alone.values()) + sum(shared.values())
        return total + self._crossing(choices), phases, closing

    def _crossing(self, choices: Sequence[Choice]) -> float:
        """Cycles for bytes that come from other cores, or through memory at all."""
        writers: dict[Buffer, tuple[int, Access]] = {}
        for i, work in enumerate(self.works):              # who wrote last in the step before
            for a in work.accesses[choices[i]]:
                if a.write:
                    writers[a.buffer] = (i, a)
        total = 0.0
        others = (self.threads - 1) / self.threads
        for j, work in enumerate(self.works):
            share = 1.0 if choices[j] is None else 1.0 / self.threads
            for b in work.accesses[choices[j]]:
                part = 1.0 if choices[j] is None or not b.step else share
                total += MEMORY * b.nbytes * part
                if self.threads > 1 and b.buffer in writers:
                    i, a = writers[b.buffer]
                    if not self._apart(i, a, j, b, choices):
                        total += CROSSING * b.nbytes * part * others
            for b in work.accesses[choices[j]]:
                if b.write:
                    writers[b.buffer] = (j, b)
        return total

    def _made(self, choices: Sequence[Choice]) -> Schedule:
        cost, phases, closing = self.cost(choices)
        order = sorted(range(len(self.works)), key=lambda i: (phases[i], i))
        tasks = []
        phase = 0
        for i in order:
            kernel, choice = self.works[i].kernel, choices[i]
            cut = () if choice is None else bounds(kernel.space[choice], self.threads)
            task = Task(kernel, choice, cut, barrier=phases[i] > phase,
                        stream=_streams(kernel, choice, cut))
            phase = phases[i]
            tasks.append(task)
        return Schedule(tasks, self.threads, closing, cost)


def _streams(kernel: Kernel, choice: Choice, cut: Sequence[int]) -> bool:
    """Whether what is stored is so much that it had better go past the caches."""
    if not isinstance(kernel, LoopNest) or kernel.reduced:
        return False
    read = {v.buffer for v in kernel.loads()}
    stored = kernel.writes()
    if any(v.buffer in read or not v.contiguous or v.offset for v in stored):
        return False
    if any(v.buffer.steps or v.buffer.role == "state" for v in stored):
        return False                             # its memory may begin anywhere
    if any(c * stored[0].strides[0] % 64 for c in cut[:-1]) and len(kernel.space) > 1:
        return False
    rows = kernel.space[-1] if len(kernel.space) > 1 else 0
    if choice and (rows % 64 or any(c % 64 for c in cut[:-1])):
        return False                             # cut inside of a row, each row begins by itself
    if rows % 64 and len(kernel.space) > 1 and not all(v.contiguous for v in kernel.loads()):
        return False
    return sum(v.buffer.nbytes for v in stored) >= STREAM


def owners(schedule: Schedule) -> Mapping[Kernel, str]:
    """For people: how each kernel is shared out."""
    said = {}
    for task in schedule.tasks:
        if task.split is None:
            said[task.kernel] = f"thread {task.owner}"
        else:
            said[task.kernel] = f"axis {task.split} at {', '.join(map(str, task.bounds[1:-1]))}"
    return said
