"""Numbers as people read them: a value's few facts, and the text that stands on a wire.

The page's `shown` and `lines` are written from these. No layout and no colour here; what a wire
means is `scene.py`'s affair.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from math import inf, isfinite, isnan, prod
from typing import Any

import numpy as np
from numpy.typing import NDArray

from seegrad.drawing.values.decimals import exponential, fixed, stripped

DIGITS = 4  # significant digits that the eye can use
ON_WIRE = 12  # entries written out on a wire
KEPT = 256  # entries kept for a closer look
BLOCK = 1 << 18  # entries that are looked at together
GRID = 24  # rows and columns of the heat-map of a larger array

_SUPERSCRIPT = "⁰¹²³⁴⁵⁶⁷⁸⁹"
_FIGURE_SPACE = "\u2007"


@dataclass(frozen=True)
class ArraySummary:
    """What is read off one array: every number when there are few, else its outline."""

    shape: tuple[int, ...]
    dtype: str
    numbers: tuple[float, ...] = ()  # all of them, row by row, when there are at most KEPT
    grid: tuple[tuple[float, ...], ...] = ()  # block means of a larger array, for the heat-map
    low: float = 0.0
    high: float = 0.0
    mean: float = 0.0
    norm: float = 0.0
    bad: int = 0  # entries that are NaN or infinite

    @property
    def size(self) -> int:
        return prod(self.shape)


@cache
def _name(dtype: np.dtype[Any]) -> str:
    """The dtype's name, which NumPy puts together anew each time."""
    return dtype.name


def summarize(value: NDArray[np.generic]) -> ArraySummary:
    """The summary of an array of numbers or truth values.

    Statistics are taken over the finite entries; complex numbers are read by magnitude.
    """
    array = np.asarray(value)
    if array.shape == () and array.dtype.kind != "c":
        return _one(float(array), _name(array.dtype))
    numbers = np.abs(array) if array.dtype.kind == "c" else array
    size = numbers.size
    few = tuple(float(x) for x in numbers.ravel()) if size <= KEPT else ()
    facts, good = _facts(numbers.reshape(-1)) if size else ({}, 0)
    grid = () if few or not size else _grid(numbers.reshape(_rows(array.shape)))
    return ArraySummary(array.shape, _name(array.dtype), few, grid, bad=size - good, **facts)


def _facts(flat: NDArray[np.generic]) -> tuple[dict[str, float], int]:
    """Least, most, mean and norm of the finite entries, and how many there are.

    Block by block, so that a large array is never copied as a whole.
    """
    low, high, total, count = np.inf, -np.inf, 0.0, 0
    for good in _finite_blocks(flat):
        low, high = min(low, float(good.min())), max(high, float(good.max()))
        total += float((good / flat.size).sum())
        count += good.size
    if not count:
        return {}, 0
    top = max(abs(low), abs(high))
    square = 0.0
    if top > 0:
        for good in _finite_blocks(flat):
            square += float(np.square(good / top).sum())
    mean = total * (flat.size / count)
    return {"low": low, "high": high, "mean": mean, "norm": top * square**0.5}, count


def _finite_blocks(flat: NDArray[np.generic]) -> Iterator[NDArray[np.float64]]:
    for start in range(0, flat.size, BLOCK):
        block = flat[start : start + BLOCK].astype(np.float64)
        fine = np.isfinite(block)
        good = block if fine.all() else block[fine]
        if good.size:
            yield good


def _one(x: float, dtype: str) -> ArraySummary:
    """The summary of a single number."""
    if not isfinite(x):
        return ArraySummary((), dtype, (x,), bad=1)
    return ArraySummary((), dtype, (x,), low=x, high=x, mean=x, norm=abs(x))


def _rows(shape: tuple[int, ...]) -> tuple[int, int]:
    """The two sides under which an array is shown: its last axis, and all the others."""
    width = shape[-1] if shape else 1
    return (prod(shape[:-1]) if shape else 1, width)


def _grid(table: NDArray[np.generic]) -> tuple[tuple[float, ...], ...]:
    """Block means of a table, at most GRID by GRID, to four digits."""
    if table.shape[0] == 1 and table.shape[1] > GRID:
        side = -(-table.shape[1] // GRID)
        padded = np.full(side * GRID, np.nan, np.float64)
        padded[: table.shape[1]] = table[0]
        table = padded.reshape(GRID, side)
    height, width = table.shape
    tops, lefts = _begins(height), _begins(width)
    counts = np.outer(np.diff(tops, append=height), np.diff(lefts, append=width)).astype(float)
    sums, most = np.zeros(counts.shape), counts.max()
    step = max(1, BLOCK // width)
    for start in range(0, height, step):
        block = table[start : start + step].astype(np.float64)
        fine = np.isfinite(block)
        at = np.searchsorted(tops, np.arange(start, start + len(block)), "right") - 1
        first = np.flatnonzero(np.diff(at, prepend=-1))
        if not fine.all():
            lost = np.add.reduceat((~fine).astype(float), lefts, axis=1)
            counts[at[first]] -= np.add.reduceat(lost, first, axis=0)
            block = np.where(fine, block, 0.0)
        columns = np.add.reduceat(block / most, lefts, axis=1)
        sums[at[first]] += np.add.reduceat(columns, first, axis=0)
    with np.errstate(divide="ignore", invalid="ignore"):
        means = (sums * (most / counts)).tolist()
    return tuple(tuple(float(f"{mean:.4g}") for mean in row) for row in means)


def _begins(side: int) -> NDArray[np.intp]:
    """Where the blocks of a side begin."""
    blocks = min(GRID, side)
    return -(-np.arange(blocks) * side // blocks)


def shown(x: float) -> str:
    """A number for people: 220, not 220.00000000000003.

    Four significant digits, half away from zero; digits before the point are never dropped
    below a million; scientific notation beyond that and below 0.0001; whole numbers in full.

    >>> shown(220.00000000000003), shown(3.3000000000000003), shown(-0.00000123)
    ('220', '3.3', '−1.23×10⁻⁶')
    """
    digits, power = shown_digits(x)
    return f"{digits}×10{superscript(power)}" if power else digits


def superscript(power: int) -> str:
    """A power as small raised digits.

    >>> superscript(-12)
    '⁻¹²'
    """
    digits = "".join(_SUPERSCRIPT[int(digit)] for digit in str(abs(power)))
    return f"⁻{digits}" if power < 0 else digits


def shown_digits(x: float) -> tuple[str, int]:
    """The digits of `shown`, and the power of ten behind them; 0 where there is none.

    >>> shown_digits(3.3), shown_digits(-0.00000123)
    (('3.3', 0), ('−1.23', -6))
    """
    if isnan(x):
        return "NaN", 0
    if x == 0:
        return "0", 0
    sign = "−" if x < 0 else ""
    size = abs(x)
    if size == inf:
        return sign + "∞", 0
    if size == int(size) and size < 1e9:
        return f"{sign}{int(size)}", 0
    digits, exponent = exponential(size, DIGITS)
    if exponent >= 6 or exponent < -4:
        return f"{sign}{stripped(digits)}", exponent
    if exponent >= DIGITS:
        return f"{sign}{fixed(size, 0)}", 0
    text = fixed(float(f"{digits}e{exponent}"), DIGITS - 1 - exponent)
    return f"{sign}{stripped(text)}", 0


def scientific(size: float) -> str:
    """A positive number as digits and a power of ten.

    >>> scientific(1e8)
    '1×10⁸'
    """
    digits, exponent = exponential(size, DIGITS)
    return f"{stripped(digits)}×10{superscript(exponent)}"


def shown_shape(shape: tuple[int, ...]) -> str:
    """A shape as NumPy writes it: (2, 3), (3,), ()."""
    inner = ", ".join(str(n) for n in shape)
    return f"({inner},)" if len(shape) == 1 else f"({inner})"


def shown_attribute(value: object) -> str:
    """An operation's attribute in a formula: numbers, words, and parts of axes as NumPy writes
    them; "" for what says nothing to a reader.

    >>> shown_attribute(((0, 1, 1), (2, 3, 1), (4, 5, -1)))
    '0, 2:5, 4::-1'
    """
    if isinstance(latex := getattr(value, "latex", None), str):    # it knows how it is written
        return latex
    if isinstance(value, (bool, int, str)):
        return str(value)
    if isinstance(value, float):
        return shown(value).replace("−", "-")
    if isinstance(value, tuple):
        return ", ".join(
            _slice(*item) if isinstance(item, tuple) and len(item) == 3 else shown_attribute(item)
            for item in value
        )
    return ""


def _slice(start: int, length: int, step: int) -> str:
    """`length` places from `start` on."""
    if length == 1:
        return str(start)
    stop = start + length * step
    end = "" if stop < 0 else str(stop)
    return f"{start}:{end}" if step == 1 else f"{start}:{end}:{step}"


def lines(summary: ArraySummary, backward: bool = False) -> tuple[str, ...]:
    """What stands on a wire: all numbers of a small array, the outline of a large one."""
    if summary.size == 0:
        return ("[ ]",)
    if summary.size <= ON_WIRE and summary.numbers:
        return _table(summary)
    spread = f"{shown(summary.low)} … {shown(summary.high)}"
    fact = f"‖·‖ {shown(summary.norm)}" if backward else f"μ {shown(summary.mean)}"
    wrong = (f"NaN/∞: {summary.bad}",) if summary.bad else ()
    return (spread, fact, *wrong)


def _table(summary: ArraySummary) -> tuple[str, ...]:
    if summary.dtype == "bool":
        texts = ["T" if x else "F" for x in summary.numbers]
    else:
        texts = [shown(x) for x in summary.numbers]
    if not summary.shape:
        return tuple(texts)
    width = summary.shape[-1]
    if len(summary.shape) == 1 and width > 6:
        width = -(-width // (2 if width <= 8 else 3))
    rows = [texts[i : i + width] for i in range(0, len(texts), width)]
    if len(rows) == 1:
        return ("[" + ", ".join(rows[0]) + "]",)
    wide = max(len(text) for text in texts)
    body = ["  ".join(text.rjust(wide, _FIGURE_SPACE) for text in row) for row in rows]
    return tuple(body)
