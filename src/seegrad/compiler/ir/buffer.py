"""Buffers, which are memory for one array each, and strided views of them."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from seegrad.graph.spec import DType, Shape


@dataclass(eq=False)
class Buffer:
    """Memory for one array.

    `role`: "input" (an argument), "state" (read and maybe written in place), "constant",
    "output" (handed out) or "temporary". With `steps`, there is one such array for each step of
    an epoch, one behind the other; with `reverse` too, each before the one that came earlier.
    `order` is the axis order in memory, outermost first.
    """

    name: str
    shape: Shape
    dtype: DType
    role: str
    steps: bool = False
    order: tuple[int, ...] = ()
    number: int = -1
    reverse: bool = False

    def __post_init__(self) -> None:
        self.order = self.order or tuple(range(len(self.shape)))

    @property
    def size(self) -> int:
        return math.prod(self.shape)

    @property
    def nbytes(self) -> int:
        return self.size * self.dtype.itemsize

    @property
    def stride(self) -> int:
        """How many bytes lie between the arrays of a step and of the next."""
        return -self.nbytes if self.reverse else self.nbytes

    @property
    def strides(self) -> tuple[int, ...]:
        """How many elements lie between neighbours along each axis."""
        found, step = [0] * len(self.shape), 1
        for axis in reversed(self.order):
            found[axis] = step
            step *= self.shape[axis]
        return tuple(found)

    def view(self) -> View:
        """All of it."""
        return View(self, self.shape, self.strides, 0)

    def __repr__(self) -> str:
        return f"<{self.role} {self.name} {self.dtype}{list(self.shape)}>"


@dataclass(frozen=True)
class View:
    """A strided look at a buffer; strides and offset count elements.

    With `rows`, position i along `rows_axis` is the row `rows[i]` of the buffer instead; numbers
    below 0 count from the end of `wraps` rows, where that is not 0.
    """

    buffer: Buffer
    shape: Shape
    strides: tuple[int, ...]
    offset: int = 0
    rows: View | None = None
    rows_axis: int = 0
    wraps: int = 0
    """Of the view of an index."""

    @property
    def dtype(self) -> DType:
        return self.buffer.dtype

    @property
    def size(self) -> int:
        return math.prod(self.shape)

    @property
    def contiguous(self) -> bool:
        """Whether the elements lie one behind the other in C order."""
        step = 1
        for n, s in zip(reversed(self.shape), reversed(self.strides)):
            if n != 1 and s != step:
                return False
            step *= n
        return self.rows is None

    def gathered(self, axis: int) -> bool:
        """Whether positions along `axis` are rows that an index picks."""
        return self.rows is not None and self.rows_axis == axis

    def neighbours(self, axis: int) -> bool:
        """Whether positions one after the other along `axis` are neighbours in memory."""
        return self.strides[axis] == 1 and not self.gathered(axis)

    def box(self) -> tuple[tuple[int, int], ...] | None:
        """What part of the buffer it shows: (from, to) along each axis; None if it is no box."""
        shape, left = self.buffer.shape, self.offset
        if self.rows is not None or not self.size or not self.buffer.size:
            return None
        if len(shape) == 1 and self.contiguous:          # a result in a vector of several
            return ((left, left + self.size),)
        lengths = dict.fromkeys(range(len(shape)), 1)
        axis_of = {s: i for i, s in enumerate(self.buffer.strides) if shape[i] > 1}
        for n, s in zip(self.shape, self.strides):
            if n > 1 and s:
                axis = axis_of.pop(s, None)
                if axis is None:
                    return None
                lengths[axis] = n
        found = [(0, 1)] * len(shape)
        for axis in self.buffer.order:
            start, left = divmod(left, self.buffer.strides[axis])
            found[axis] = start, start + lengths[axis]
        return tuple(found) if all(stop <= n for (_, stop), n in zip(found, shape)) else None

    def permute(self, axes: Sequence[int]) -> View:
        where = list(axes).index(self.rows_axis) if self.rows is not None else 0
        return replace(
            self,
            shape=tuple(self.shape[i] for i in axes),
            strides=tuple(self.strides[i] for i in axes),
            rows_axis=where,
        )

    def broadcast(self, shape: Shape) -> View | None:
        """Repeated to `shape` by NumPy's rules; None where a gathered axis would be."""
        lead = len(shape) - len(self.shape)
        if self.rows is not None and self.shape[self.rows_axis] != shape[self.rows_axis + lead]:
            return None
        strides = [0] * lead
        for i, (n, s) in enumerate(zip(self.shape, self.strides)):
            gathered = self.rows is not None and i == self.rows_axis
            strides.append(0 if n == 1 and not gathered else s)
        return replace(
            self, shape=tuple(shape), strides=tuple(strides), rows_axis=self.rows_axis + lead
        )

    def reshape(self, shape: Shape) -> View | None:
        """The same elements in C order as `shape`, or None where that needs a copy."""
        if self.rows is not None:
            return self._reshape_rows(shape)
        strides = reshaped_strides(self.shape, self.strides, shape)
        if strides is None:
            return None
        return replace(self, shape=tuple(shape), strides=strides)

    def _reshape_rows(self, shape: Shape) -> View | None:
        if self.rows_axis != 0 or not shape or shape[0] != self.shape[0]:
            return None
        strides = reshaped_strides(self.shape[1:], self.strides[1:], shape[1:])
        if strides is None:
            return None
        return replace(self, shape=tuple(shape), strides=(self.strides[0], *strides))

    def slice(self, index: Sequence[tuple[int, int, int]]) -> View | None:
        """The part that (start, length, step) for each axis picks."""
        offset, rows = self.offset, self.rows
        strides = []
        for i, ((start, length, step), s) in enumerate(zip(index, self.strides)):
            if rows is not None and i == self.rows_axis:
                if (start, length, step) != (0, self.shape[i], 1):
                    rows = rows.slice([(start, length, step)])
                strides.append(s)
            else:
                offset += start * s
                strides.append(s * step)
        return replace(
            self,
            shape=tuple(length for _, length, _ in index),
            strides=tuple(strides),
            offset=offset,
            rows=rows,
        )

    def window(
        self, size: Sequence[int], steps: Sequence[int], dilation: Sequence[int]
    ) -> View | None:
        """Every place of a window over the last axes; None where one of them is gathered."""
        lead = len(self.shape) - len(size)
        if self.rows is not None and self.rows_axis >= lead:
            return None
        inner = self.strides[lead:]
        places = [
            (n - (k - 1) * d - 1) // s + 1
            for n, k, s, d in zip(self.shape[lead:], size, steps, dilation)
        ]
        return replace(
            self,
            shape=(*self.shape[:lead], *size, *places),
            strides=(
                *self.strides[:lead],
                *(n * d for n, d in zip(inner, dilation)),
                *(n * s for n, s in zip(inner, steps)),
            ),
        )


def reshaped_strides(
    shape: Sequence[int], strides: Sequence[int], new: Sequence[int]
) -> tuple[int, ...] | None:
    """Strides of the same memory seen as `new`, or None where the elements do not lie so."""
    if math.prod(shape) == 0:
        return tuple(0 for _ in new)
    # Merge neighbours that lie as one, then cut the merged axes again.
    merged: list[list[int]] = []
    for n, s in zip(shape, strides):
        if n == 1:
            continue
        if merged and merged[-1][1] == s * n:
            merged[-1] = [merged[-1][0] * n, s]
        else:
            merged.append([n, s])
    found: list[int] = []
    left, step = (1, 0)
    blocks = iter(merged)
    for n in new:
        if n == 1:
            found.append(0)
            continue
        if left == 1:
            size, step = next(blocks)
            left = size
            step = step * size
        if left % n:
            return None
        left //= n
        step //= n
        found.append(step)
    return tuple(found)


def array_of(view: View, memory: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    """The view as a NumPy array over the buffer's own (flat) memory."""
    flat = memory.reshape(-1)
    if view.rows is not None:
        raise ValueError("a gathered view is no plain array")
    item = flat.itemsize
    return np.lib.stride_tricks.as_strided(
        flat[view.offset :], view.shape, [s * item for s in view.strides], writeable=True
    )
