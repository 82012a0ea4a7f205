"""Dataset: inputs and targets side by side, and the one way they are parted into train and test.

No file is read here; every reader and generator of this wing ends in `Dataset`.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from seegrad.data.normalising import Normaliser
from seegrad.data.rows import Rows, part_of
from seegrad.errors import ShapeError, ValueRangeError
from seegrad.i18n import tr

Array = NDArray[Any]

TEST_SHARE = 0.2


@dataclass(frozen=True, eq=False)
class Dataset:
    """Inputs `x` and targets `t` with the same number of rows.

    x: floats, one example a row; an array, or `Rows` of one that stays on the disk. t: int64 labels
    0 … len(classes)-1, or floats to fit when `classes` is empty. `image` is (height, width) when a
    row is a picture. `held_out` is the number of last rows that the set itself keeps for testing
    (None: it has no such part).

    Args:
        name: what it is called.
        features: what the columns are called.
        source: where it comes from.

    >>> x, t = Dataset(np.zeros((10, 2)), np.zeros(10, np.int64))
    >>> train, test = Dataset(np.zeros((10, 2)), np.zeros(10, np.int64)).split()
    >>> len(train), len(test)
    (8, 2)
    >>> import seegrad as sg
    >>> set_ = sg.data.xor()
    >>> len(set_.take([0, 1])), set_.standardised().x.shape
    (2, (4, 2))
    """

    x: Any
    t: Array
    name: str = "data"
    classes: tuple[str, ...] = ()
    features: tuple[str, ...] = ()
    image: tuple[int, int] | None = None
    held_out: int | None = None
    source: str = field(default="", repr=False)

    def __post_init__(self) -> None:
        if self.x.ndim == 0 or self.t.ndim == 0 or len(self.x) != len(self.t):
            raise ShapeError(
                tr("inputs and targets do not have the same number of rows"),
                asked=tr("x and t with one row for each example"),
                came=f"x {self.x.shape}, t {self.t.shape}",
                hint=tr("pass one target for each row of x"),
            )

    def __len__(self) -> int:
        """The number of examples."""
        return len(self.x)

    def __iter__(self) -> Iterator[Array]:
        """Unpacks as `x, t = dataset`."""
        return iter((self.x, self.t))

    def __repr__(self) -> str:
        kind = f"{len(self.classes)} classes" if self.classes else "numbers to fit"
        return f"<{self.name}: x {self.x.shape} {self.x.dtype}, t {self.t.shape}, {kind}>"

    def take(self, rows: Any) -> Dataset:
        """The examples at `rows` (a slice or an index array), as a set without a split."""
        return replace(self, x=part_of(self.x, rows), t=self.t[rows], held_out=None)

    def split(self, test: float | int | None = None, seed: int = 0) -> tuple[Dataset, Dataset]:
        """A part to train on and a part to test on, as (train, test).

        test: None takes the set's own test part (the last `held_out` rows) where it has one, or
        else one fifth; a share between 0 and 1 or a count draws that many rows at random by `seed`.
        Raises ValueRangeError when nothing would be left to train on.
        """
        if test is None and self.held_out is not None:
            edge = len(self) - self.held_out
            return self.take(slice(0, edge)), self.take(slice(edge, None))
        train_rows, test_rows = split_rows(len(self), test, seed)
        if isinstance(self.x, (np.memmap, Rows)):  # read from one end of the file to the other
            test_rows, train_rows = np.sort(test_rows), np.sort(train_rows)
        return self.take(train_rows), self.take(test_rows)

    def standardised(self, learnt_from: Dataset | None = None) -> Dataset:
        """This set with each column moved to mean 0 and deviation 1, as learnt from another set.

        learnt_from: the training part (default: this set). A constant column is only moved.
        """
        learnt = Normaliser.learnt((learnt_from or self).x)
        if isinstance(self.x, (np.memmap, Rows)):
            whole = part_of(self.x, np.arange(len(self)))
            return replace(self, x=Rows(whole.base, whole.numbers, learnt))
        return replace(self, x=learnt(self.x))


def split_rows(
    examples: int, test: float | int | None = None, seed: int = 0
) -> tuple[Array, Array]:
    """Which rows to train on and which to test on, drawn by `seed`; `test` as in `Dataset.split`.

    >>> [rows.tolist() for rows in split_rows(5, 0.4)]
    [[3, 0, 1], [2, 4]]
    """
    share = TEST_SHARE if test is None else test
    count = round(share * examples) if isinstance(share, float) else int(share)
    if not 0 <= count < examples:
        raise ValueRangeError(
            tr("this split leaves nothing to train on"),
            asked=f"test={test}",
            came=tr("{count} examples", count=examples),
            hint=tr("choose a share between 0 and 1, or fewer rows"),
        )
    rows = np.random.default_rng(seed).permutation(examples)
    return rows[count:], rows[:count]
