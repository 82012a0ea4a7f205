"""A small picture of an array: one cell for each block of entries, strong where they are large.

Cells are steps of a colour scale, from −STEPS to STEPS by sign; SPOILT where an entry is NaN or
infinite. Colours and sizes are no affair of this file.
"""

from __future__ import annotations

from math import isfinite

from seegrad.drawing.values.summary import ArraySummary

STEPS = 4
SPOILT = 9
ROWS, COLUMNS = 6, 12  # cells at most


def heat_map(summary: ArraySummary) -> list[list[int]]:
    """The cells, row by row; [] where nothing is known of the entries.

    The last axis runs to the right, all others down. The strongest block has ±STEPS.

    >>> heat_map(ArraySummary((2, 2), "float64", (1.0, -2.0, 0.0, 4.0)))
    [[1, -2], [0, 4]]
    """
    table = _table_of(summary)
    if not table or not table[0]:
        return []
    height, width = len(table), len(table[0])
    rows, columns = min(ROWS, height), min(COLUMNS, width)
    blocks: list[list[float]] = []
    top = 0.0
    for r in range(rows):
        line: list[float] = []
        for c in range(columns):
            mean = _mean(
                table,
                r * height // rows, (r + 1) * height // rows,
                c * width // columns, (c + 1) * width // columns,
            )  # fmt: skip
            line.append(mean)
            if isfinite(mean):
                top = max(top, abs(mean))
        blocks.append(line)
    return [[_step(mean, top) for mean in line] for line in blocks]


def heat_height(summary: ArraySummary) -> float:
    """How high the map is drawn: a vector is a band, a matrix a picture."""
    width = summary.shape[-1] if summary.shape else 1
    rows = len(summary.grid) if summary.grid else len(summary.numbers) // max(width, 1)
    return 8.0 * min(rows, 3)


def _table_of(summary: ArraySummary) -> list[list[float]]:
    """What is kept of the entries, as rows."""
    if not summary.numbers:
        return [list(row) for row in summary.grid]
    width = summary.shape[-1] if summary.shape else 1
    numbers = summary.numbers
    return [list(numbers[i : i + width]) for i in range(0, len(numbers), width)]


def _mean(table: list[list[float]], top: int, low: int, left: int, right: int) -> float:
    total = 0.0
    for r in range(top, low):
        for c in range(left, right):
            total += table[r][c]
    return total / ((low - top) * (right - left))


def _step(mean: float, top: float) -> int:
    """A step of the scale; what is not zero is never shown as zero."""
    if not isfinite(mean):
        return SPOILT
    if mean == 0:
        return 0
    step = int(abs(mean) / top * STEPS + 0.5)
    step = max(step, 1)
    return -step if mean < 0 else step
