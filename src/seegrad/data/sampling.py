"""Mini-batches: which rows come together, in which order. Only row numbers and slices here."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from seegrad.data.rows import by_rows, check_paired
from seegrad.errors import ValueRangeError
from seegrad.i18n import tr


def batch_rows(
    count: int,
    size: int,
    seed: int = 0,
    shuffle: bool = True,
    replace: bool = False,
    drop_last: bool = False,
) -> Iterator[NDArray[np.int64]]:
    """The row numbers of one pass over `count` examples, `size` at a time.

    Every row comes once, in an order drawn from `seed` (`shuffle=False`: in its own order), and the
    last batch holds what is left; with `drop_last=True` it is left out unless it is full, so that
    all batches are of one size. With `replace=True` each batch draws its rows anew from all,
    as the book does with `np.random.choice`; then every batch is full.

    Raises:
        ValueRangeError: for a size below 1, no examples, or no mini-batch that is left.

    >>> [rows.tolist() for rows in batch_rows(5, 2, shuffle=False)]
    [[0, 1], [2, 3], [4]]
    """
    if not isinstance(size, (int, np.integer)) or isinstance(size, bool) or size < 1:
        raise ValueRangeError(
            tr("a mini-batch holds at least one example"),
            asked=tr("a whole number from 1"),
            came=f"size={size!r}",
        )
    if count < 1:
        raise ValueRangeError(
            tr("there is nothing to take a mini-batch from"),
            asked=tr("at least one example"),
            came=tr("{count} examples", count=count),
        )
    chance = np.random.default_rng(seed)
    if replace:
        return (chance.integers(0, count, size) for _ in range(-(-count // size)))
    order = chance.permutation(count) if shuffle else np.arange(count)
    if drop_last:
        if count < size:
            raise ValueRangeError(
                tr("no mini-batch would be left"),
                asked=tr("at least {count} examples, or drop_last=False", count=size),
                came=tr("{count} examples", count=count),
            )
        order = order[: count // size * size]
    return (order[start : start + size] for start in range(0, len(order), size))


def batches(
    x: Any,
    t: Any,
    size: int,
    seed: int = 0,
    shuffle: bool = True,
    replace: bool = False,
    drop_last: bool = False,
) -> Iterator[tuple[NDArray[Any], NDArray[Any]]]:
    """One pass over the examples as (x, t) mini-batches; copies, so the caller may change them.

    x, t: arrays with one row for each example. size, seed, shuffle, replace,
    drop_last: as in `batch_rows`.
    Raises ShapeError when x and t differ in their number of rows.

    >>> for xs, ts in batches(np.arange(6).reshape(3, 2), np.arange(3), 2, shuffle=False):
    ...     print(xs.tolist(), ts.tolist())
    [[0, 1], [2, 3]] [0, 1]
    [[4, 5]] [2]
    """
    x, t = by_rows(x), by_rows(t)
    check_paired(x, t)
    order = batch_rows(len(x), size, seed, shuffle, replace, drop_last)
    return ((x[rows], t[rows]) for rows in order)
