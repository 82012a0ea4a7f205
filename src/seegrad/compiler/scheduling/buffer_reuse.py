"""Where temporary values lie: those that are never needed at once share memory.

Time is counted in moments: on one thread a task is a moment; on several, all tasks between two
barriers are one, since nobody knows which of them comes first; a call of NumPy is one too. A value
is needed from the first moment that touches it to the last. What is computed once, before the
first of many steps, is needed always; and where threads do not meet at the end of a step, the
last moment of a step may be the first of the next.

Larger values are placed first, each as low as what is needed beside it allows.
"""

from __future__ import annotations

from bisect import insort
from collections.abc import Iterable, Mapping, Sequence

from seegrad.compiler.ir.alignment import up_to_grain
from seegrad.compiler.ir.buffer import Buffer
from seegrad.compiler.ir.kernel import Kernel
from seegrad.compiler.scheduling.schedule import Schedule

APART = 1 << 18
"""Values that take no more bytes than this together are near the core anyhow: none shares."""
ALWAYS = -1


def needed(parts: Iterable[Schedule | Kernel]) -> dict[Buffer, int]:
    """The moments in which each temporary buffer is needed, as bits, for parts run in turn."""
    spans: dict[Buffer, tuple[int, int]] = {}
    always: set[Buffer] = set()
    wraps: list[tuple[int, int]] = []
    now = -1
    for part in parts:
        now += 1
        if isinstance(part, Kernel):
            _touch(spans, part, now)
            continue
        for task in part.prologue:
            always |= task.kernel.temporaries()
        first = now
        for number, task in enumerate(part.tasks):
            now += number > 0 and (task.barrier or part.threads == 1)
            _touch(spans, task.kernel, now)
        if part.threads > 1 and not part.closing:
            wraps.append((first, now))
    found = dict.fromkeys(always, ALWAYS)
    for buffer, (start, stop) in spans.items():
        if buffer in always:
            continue
        bits = (1 << stop + 1) - (1 << start)
        for first, last in wraps:
            if start <= last <= stop:
                bits |= 1 << first
        found[buffer] = bits
    return found


def _touch(spans: dict[Buffer, tuple[int, int]], kernel: Kernel, now: int) -> None:
    for buffer in kernel.temporaries():
        spans[buffer] = spans.get(buffer, (now, now))[0], now


def placed(moments: Mapping[Buffer, int], apart: int = APART) -> tuple[dict[Buffer, int], int]:
    """Where in one piece of memory each buffer begins, and how many bytes all of it takes.

    Buffers that take up to `apart` bytes together lie beside each other.
    """
    few = sum(up_to_grain(b.nbytes, b.nbytes) for b in moments) <= apart
    offsets: dict[Buffer, int] = {}
    taken: list[tuple[int, int, int]] = []            # from, to, moments: in order of memory
    for buffer in sorted(moments, key=lambda b: -b.nbytes):
        mine = ALWAYS if few else moments[buffer]
        start = _lowest(taken, mine, buffer.nbytes)
        offsets[buffer] = start
        insort(taken, (start, start + up_to_grain(buffer.nbytes, buffer.nbytes), mine))
    return offsets, max((stop for _, stop, _ in taken), default=0)


def _lowest(taken: Sequence[tuple[int, int, int]], mine: int, nbytes: int) -> int:
    """The lowest place for so many bytes that is free in these moments."""
    start = 0
    for low, high, moments in taken:
        if not moments & mine:
            continue
        if low >= start + nbytes:
            break
        start = max(start, up_to_grain(high, nbytes))
    return start
