"""Rows: a part of an array that stays on the disk, read when its rows are asked for.

So a set larger than memory can be parted at random and normalised like any other.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from seegrad.errors import ShapeError
from seegrad.graph.node import without_gaps
from seegrad.i18n import tr

Array = NDArray[Any]


class Rows:
    """The rows `numbers` of `base`, in that order; what is read passes through `change`, if given.

    Answers to what is asked of an array by rows: `x[3:5]`, `x[[7, 1]]`, `len(x)`, `x.shape`.

    >>> part = Rows(np.arange(10.0).reshape(5, 2), np.array([4, 0]))
    >>> part[:1], part.shape
    (array([[8., 9.]]), (2, 2))
    >>> import tempfile
    >>> import seegrad as sg
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     np.savez(f"{folder}/set.npz", x=np.ones((4, 2)), t=np.zeros(4, int))
    ...     found = sg.data.mapped(f"{folder}/set.npz").x.take([0, 1]).shape
    >>> found
    (2,)
    """

    def __init__(
        self, base: Array, numbers: Array, change: Callable[[Array], Array] | None = None
    ) -> None:
        self.base, self.numbers, self.change = base, np.asarray(numbers, np.int64), change
        self.shape = (len(self.numbers), *base.shape[1:])
        self.ndim = len(self.shape)
        self.dtype = base.dtype if change is None else change(np.zeros_like(base[:1])).dtype
        self.nbytes = int(np.prod(self.shape, dtype=np.int64)) * self.dtype.itemsize

    def __len__(self) -> int:
        return len(self.numbers)

    def __getitem__(self, key: Any) -> Array:
        """Rows as an array of their own, in memory."""
        rows, *rest = key if isinstance(key, tuple) else (key,)
        numbers = self.numbers[rows]
        found = np.asarray(self.base[np.atleast_1d(numbers)])
        found = found if self.change is None else self.change(found)
        return found[(slice(None) if numbers.ndim else 0, *rest)]

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> Array:
        return np.asarray(self[:], dtype)

    def take(self, rows: Any) -> Rows:
        """Some of these rows, still on the disk."""
        return Rows(self.base, self.numbers[rows], self.change)


def by_rows(x: Any) -> Any:
    """`x` as an array, or as it is when it stays on the disk. DTypeError where it has gaps."""
    return x if isinstance(x, Rows) else without_gaps(x)


def part_of(x: Any, rows: Any) -> Any:
    """`x[rows]`; of what is on the disk, nothing is read yet."""
    if isinstance(x, Rows):
        return x.take(rows)
    if isinstance(x, np.memmap) and not isinstance(rows, slice):
        return Rows(x, np.arange(len(x))[rows])
    return x[rows]


def check_paired(x: Any, t: Any) -> None:
    """ShapeError unless x and t have one row for each example."""
    if x.ndim == 0 or t.ndim == 0 or len(x) != len(t):
        raise ShapeError(
            tr("inputs and targets do not have the same number of rows"),
            asked=tr("x and t with one row for each example"),
            came=f"x {x.shape}, t {t.shape}",
            hint=tr("pass one target for each row of x"),
        )
