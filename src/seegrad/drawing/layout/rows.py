"""A level that is wider than the room it has, cut between its columns into rows, as a text is.

A wire that is cut runs out to the right, back between the two rows, and in from the left, each on a
track of its own. Columns and heights come from `layered.py`; here they are only moved.
"""

from __future__ import annotations

from dataclasses import dataclass

from seegrad.drawing.layout.layered import Edge, Level, even
from seegrad.drawing.layout.theme import BACK

TRACK = 16.0  # between two wires that run back side by side: a wire and its backward arrow
GUTTER, BETWEEN = 14.0, 6.0  # free room left of a row, and above and below what runs back
HEAD = 24.0  # free room right of a row, where backward arrows have their heads
DEAR = 24.0  # how much height a row may cost to save the cut of one wire


@dataclass
class Piece:
    """A wire between two neighbouring columns, and the height at which it leaves the left one."""

    edge: Edge
    at: int  # its place in the wire's path
    leaves: float


def wrap(level: Level, room: float) -> None:
    """Cut a level into rows where it is wider than `room`; wires that run backward forbid it."""
    count = len(level.right)
    if count < 2 or level.extent <= room or any(edge.back for edge in level.edges):
        return
    crossing: list[list[Piece]] = [[] for _ in range(count)]
    for edge in level.edges:
        for i in range(len(edge.path) - 1):
            q = edge.path[i]
            shift = (edge.above - edge.below) / 2 if q == edge.label_at else 0.0
            leaves = level.y[q] + (edge.u_offset if i == 0 else shift)
            crossing[level.rank[q]].append(Piece(edge, i, leaves))
    tops, lows = [1e9] * count, [0.0] * count
    for q in range(len(level.rank)):
        column = level.rank[q]
        tops[column] = min(tops[column], level.y[q] - level.h[q] / 2)
        lows[column] = max(lows[column], level.y[q] + level.h[q] / 2)
    starts = _starts(level, tops, lows, [len(each) for each in crossing], room)
    if len(starts) > 1:
        _move(level, starts, tops, lows, crossing)


def _starts(
    level: Level, tops: list[float], lows: list[float], wires: list[int], room: float
) -> list[int]:
    """The first column of each row: the cheapest way to cut, low in all and few wires cut."""
    count = len(wires)
    best, begin = [0.0] * (count + 1), [0] * (count + 1)
    for end in range(1, count + 1):
        best[end] = 1e15
        top, low = tops[end - 1], lows[end - 1]
        for start in range(end - 1, -1, -1):
            top, low = min(top, tops[start]), max(low, lows[start])
            width = level.right[end - 1] - level.left[start]
            if width > room and start < end - 1:
                break
            width += GUTTER + TRACK * wires[start - 1] if start > 0 else 0.0
            width += HEAD + TRACK * wires[end - 1] if end < count else 0.0
            price = best[start] + low - top + max(0.0, width - room) * 1024
            if start > 0:
                price += 2 * BETWEEN + (TRACK + DEAR) * wires[start - 1]
            if price < best[end]:
                best[end], begin[end] = price, start
    starts: list[int] = []
    at = count
    while at > 0:
        at = begin[at]
        starts.append(at)
    return list(reversed(starts))


def _move(
    level: Level,
    starts: list[int],
    tops: list[float],
    lows: list[float],
    crossing: list[list[Piece]],
) -> None:
    """Put the rows below one another, and lead the wires that were cut from each to the next."""
    count = len(tops)
    level.extent = 0.0
    dx, dy = [0.0] * count, [0.0] * count
    floor = 0.0
    for r in range(len(starts)):
        start, end = starts[r], starts[r + 1] if r + 1 < len(starts) else count
        inset = GUTTER + TRACK * len(crossing[start - 1]) if r > 0 else 0.0
        top, low = min(tops[start:end]), max(lows[start:end])
        for column in range(start, end):
            dx[column], dy[column] = inset - level.left[start], floor - top
        edge = level.right[end - 1] + dx[end - 1]
        floor += low - top
        if r + 1 == len(starts):
            level.extent = max(level.extent, edge)
            continue
        pieces = sorted(crossing[end - 1], key=lambda piece: (piece.leaves, piece.edge.key))
        n = len(pieces)
        for k in range(n):
            piece = pieces[k]
            out = edge + HEAD + TRACK * (n - 1 - k)
            between = floor + BETWEEN + TRACK * (n - 1 - k) + BACK
            back = TRACK * (n - k)
            piece.edge.turns[piece.at] = (out, between, back)
        level.extent = max(level.extent, edge + HEAD + TRACK * n)
        floor += 2 * BETWEEN + TRACK * n
    for q in range(len(level.rank)):
        level.x[q] += dx[level.rank[q]]
        level.y[q] += dy[level.rank[q]]
    level.left = [x + dx[column] for column, x in enumerate(level.left)]
    level.right = [x + dx[column] for column, x in enumerate(level.right)]
    level.extent = even(level.extent)
