"""A level that is wider than the room it has, cut between its columns into rows, as a text is.

A wire that is cut runs out to the right, back between the two rows, and in from the left, each on a
track of its own. Columns and heights come from `layered.py`; here they are only moved.
"""

from __future__ import annotations

from dataclasses import dataclass

from seegrad.drawing.layout.layered import Edge, Level, even, height_at
from seegrad.drawing.layout.theme import BACK

TRACK = 16.0  # between two wires that run back side by side: a wire and its backward arrow
GUTTER, BETWEEN = 14.0, 6.0  # free room left of a row, and above and below what runs back
HEAD = 24.0  # free room right of a row, where backward arrows have their heads
DEAR = 24.0  # how much height a row may cost to save the cut of one wire
RAGGED = 240.0  # and how much to spare the reader a row of next to nothing
LOW = 48.0  # the height of what may begin in another row than its column
BESIDE = 12.0  # free room between a box that begins in a row and what comes next


@dataclass
class Piece:
    """A wire between two neighbouring columns: what follows a place in its path."""

    edge: Edge
    at: int


def wrap(level: Level, room: float) -> None:
    """Cut a level into rows where it is wider than `room`; wires that run backward forbid it."""
    count = len(level.right)
    if count < 2 or level.extent <= room or any(edge.back for edge in level.edges):
        return
    crossing: list[list[Piece]] = [[] for _ in range(count)]
    wires = [0] * len(level.rank)
    for edge in level.edges:
        wires[edge.u] += 1
        wires[edge.v] += 1
        for i in range(len(edge.path) - 1):
            crossing[level.rank[edge.path[i]]].append(Piece(edge, i))
    lone = [[p for p in each if _is_lone(level, p, wires, each)] for each in crossing]
    lone = [each if len(each) < len(crossing[i]) else [] for i, each in enumerate(lone)]
    starts = _starts(level, crossing, lone, room)
    for r in range(len(starts) - 1, 0, -1):
        start = starts[r]
        if lone[start - 1]:
            _bring_down(level, start, lone[start - 1], crossing)
            for later in range(r + 1, len(starts)):
                starts[later] += 1
    if len(starts) > 1:
        _move(level, starts, crossing)


def _is_lone(level: Level, piece: Piece, wires: list[int], crossing: list[Piece]) -> bool:
    """Is it all there is of a small box, with room for that where the wires enter a row?"""
    u, y = piece.edge.u, height_at(level, piece.edge, 1)
    if piece.at > 0 or u >= len(level.members) or level.h[u] > LOW or wires[u] > 1:
        return False
    return all(p is piece or abs(height_at(level, p.edge, p.at + 1) - y) >= level.h[u]
               for p in crossing)  # fmt: skip


def _bring_down(level: Level, start: int, lone: list[Piece], crossing: list[list[Piece]]) -> None:
    """Put these wires' boxes into a column of their own, before the one that begins a row."""
    for q in range(len(level.rank)):
        level.rank[q] += 1 if level.rank[q] >= start else 0
    right = level.left[start] - BESIDE
    level.left.insert(start, right - max(level.w[piece.edge.u] for piece in lone))
    level.right.insert(start, right)
    for piece in lone:
        u = piece.edge.u
        level.y[u] = height_at(level, piece.edge, 1) - piece.edge.u_offset
        level.x[u] = right - level.w[u] / 2
        level.rank[u] = start
    crossing[start - 1] = [piece for piece in crossing[start - 1] if piece not in lone]
    crossing.insert(start, lone)


def _spans(level: Level) -> tuple[list[float], list[float]]:
    """The top and the bottom of each column."""
    count = len(level.right)
    tops, lows = [1e9] * count, [0.0] * count
    for q in range(len(level.rank)):
        column = level.rank[q]
        tops[column] = min(tops[column], level.y[q] - level.h[q] / 2)
        lows[column] = max(lows[column], level.y[q] + level.h[q] / 2)
    return tops, lows


def _starts(
    level: Level, crossing: list[list[Piece]], lone: list[list[Piece]], room: float
) -> list[int]:
    """The first column of each row: the cheapest way to cut, low in all, few wires cut, no row
    much shorter than there is room."""
    tops, lows = _spans(level)
    wires = [len(each) - len(lone[i]) for i, each in enumerate(crossing)]
    spare = [max([level.w[p.edge.u] + BESIDE for p in each], default=0.0) for each in lone]
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
            width += GUTTER + TRACK * wires[start - 1] + spare[start - 1] if start > 0 else 0.0
            width += HEAD + TRACK * wires[end - 1] if end < count else 0.0
            price = best[start] + low - top + max(0.0, width - room) * 1024
            price += RAGGED * max(0.0, 1 - width / room) ** 4
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


def _move(level: Level, starts: list[int], crossing: list[list[Piece]]) -> None:
    """Put the rows below one another, and lead the wires that were cut from each to the next."""
    tops, lows = _spans(level)
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
        pieces = crossing[end - 1]
        pieces.sort(key=lambda p: (height_at(level, p.edge, p.at), p.edge.key))
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
