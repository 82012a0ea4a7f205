"""Where temporary values lie: those that are never needed at once share memory.

Time is counted in moments: on one thread a task is a moment; on several, all tasks between two
barriers are one, since nobody knows which of them comes first; a call of NumPy is one too. A value
is needed from the first moment that touches it to the last. What is computed once, before the
first of many steps, is needed always; and where threads do not meet at the end of a step, the
last moment of a step may be the first of the next.

Larger values are placed first, each as low as what is needed beside it allows. Of very many, those
beyond the `FIRST` largest are placed as they come to be needed, in memory behind, each in the
smallest hole that holds it: linear time.
"""

from __future__ import annotations

from bisect import bisect_left, insort
from collections.abc import Iterable, Mapping, Sequence

from seegrad.compiler.ir.alignment import PAGE, up_to_grain
from seegrad.compiler.ir.buffer import Buffer
from seegrad.compiler.ir.kernel import Kernel
from seegrad.compiler.scheduling.schedule import Schedule

APART = 1 << 18
"""Values that take no more bytes than this together are near the core anyhow: none shares."""
FIRST = 500
"""So many values are each compared with all that are placed already."""
Moments = tuple[tuple[int, int], ...]
"""Spans of moments, first and last, in order."""
ALWAYS: Moments = ((0, 1 << 60),)


def needed(parts: Iterable[Schedule | Kernel]) -> dict[Buffer, Moments]:
    """The moments in which each temporary buffer is needed, for parts run in turn."""
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
        if buffer not in always:
            again = [(first, first) for first, last in wraps if first < start <= last <= stop]
            found[buffer] = (*again, (start, stop))
    return found


def _touch(spans: dict[Buffer, tuple[int, int]], kernel: Kernel, now: int) -> None:
    for buffer in kernel.temporaries():
        spans[buffer] = spans.get(buffer, (now, now))[0], now


def at_once(a: Moments, b: Moments) -> bool:
    """Whether there is a moment in both."""
    return any(start <= last and first <= stop for start, stop in a for first, last in b)


def placed(moments: Mapping[Buffer, Moments], apart: int = APART) -> tuple[dict[Buffer, int], int]:
    """Where in one piece of memory each buffer begins, and how many bytes all of it takes.

    Buffers that take up to `apart` bytes together lie beside each other.
    """
    order = sorted(moments, key=lambda b: -b.nbytes)
    offsets: dict[Buffer, int] = {}
    if sum(up_to_grain(b.nbytes, b.nbytes) for b in moments) <= apart:
        end = 0
        for buffer in order:
            offsets[buffer] = end = up_to_grain(end, buffer.nbytes)
            end += up_to_grain(buffer.nbytes, buffer.nbytes)
        return offsets, end
    taken: list[tuple[int, int, Moments]] = []        # from, to, moments: in order of memory
    for buffer in order[:FIRST]:
        start = _lowest(taken, moments[buffer], buffer.nbytes)
        offsets[buffer] = start
        insort(taken, (start, start + up_to_grain(buffer.nbytes, buffer.nbytes), moments[buffer]))
    end = max((stop for _, stop, _ in taken), default=0)
    return offsets, _swept({b: moments[b] for b in order[FIRST:]}, offsets, end)


def _lowest(taken: Sequence[tuple[int, int, Moments]], mine: Moments, nbytes: int) -> int:
    """The lowest place for so many bytes that is free in these moments."""
    start = end = 0
    for low, high, moments in taken:
        if high <= end or not at_once(moments, mine):
            continue
        if low >= start + nbytes:
            break
        start, end = up_to_grain(high, nbytes), high
    return start


def _swept(
    moments: Mapping[Buffer, Moments], offsets: dict[Buffer, int], begin: int
) -> int:
    """Place buffers in memory from `begin` on, as they come to be needed; gives its end.

    One that is needed in several spans is held from the first to the last.
    """
    begin = end = up_to_grain(begin, PAGE) if moments else begin
    size = {b: up_to_grain(max(b.nbytes, 1), b.nbytes) for b in moments}
    events = [(spans[0][0], 1, i, b) for i, (b, spans) in enumerate(moments.items())]
    events += [(spans[-1][1], 2, i, b) for i, (b, spans) in enumerate(moments.items())]
    holes: list[tuple[int, int]] = []                  # bytes, place: the smallest first
    for _, kind, _, buffer in sorted(events, key=lambda event: event[:3]):
        nbytes = size[buffer]
        if kind == 2:
            insort(holes, (nbytes, offsets[buffer]))
            continue
        found = bisect_left(holes, (nbytes, 0))
        if found < len(holes):
            room, place = holes.pop(found)
            fits = up_to_grain(place, nbytes) == place
            offsets[buffer] = place if fits else end
            if not fits:
                insort(holes, (room, place))
            elif room > nbytes:
                insort(holes, (room - nbytes, place + nbytes))
        else:
            offsets[buffer] = end = up_to_grain(end, nbytes)
        if offsets[buffer] >= end:
            end = offsets[buffer] + nbytes
    return end
