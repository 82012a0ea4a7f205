"""One pass over mini-batches in native code: which rows a step takes, and the steps in slices.

Between two slices the outside world is looked at; what a step computes is the variant's.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from seegrad.compiler.specialization import Variant
from seegrad.errors import (
    DTypeError,
    IndexRangeError,
    NonFiniteError,
    ShapeError,
    ValueRangeError,
)
from seegrad.i18n import tr
from seegrad.tree import unflatten

SLICE = 0.05
"""Seconds after which a running epoch looks at the outside world."""


@dataclass(frozen=True)
class Epoch:
    """A pass over `data`: who is told how far it is, and whether every result must be finite.

    `variant` gives the form of the function for mini-batches like these, of such data sets.
    """

    data: Sequence[Any]
    variant: Callable[[Sequence[Any], Sequence[Any]], Variant]
    progress: Callable[[int, Any], Any] | None
    finite: bool

    def run(self, rows: Any) -> Any:
        """What the function gives for each step; `rows` are the numbers of each step's rows."""
        count = count_rows(self.data)
        parts: list[list[Any]] = []
        variant, done = None, 0
        for block in _blocks(rows):
            _check_rows(block, count)
            variant = self.variant(self._samples(block.shape[1]), [x.shape for x in self.data])
            results = self._steps(variant, block, done)
            parts.append(results)
            done += len(block)
            if len(results[0]) < len(block):
                break
        if variant is None:
            raise ValueRangeError("there is no mini-batch to take a step on", came="no rows")
        joined = [np.concatenate(column) for column in zip(*parts)]
        return unflatten(variant.trace.structure, joined)

    def _samples(self, size: int) -> list[Any]:
        """Mini-batches of so many rows."""
        return [x[:1].repeat(size, axis=0) if len(x) < size else x[:size] for x in self.data]

    def _steps(self, variant: Variant, block: Any, done: int) -> list[Any]:
        """The steps of a block of rows (steps, batch), in slices; `done` steps are behind."""
        executable = variant.executable
        variant.give(self.data)
        executable.check_indices()
        steps, first = len(block), 0
        if variant.index is not None:
            executable.hold(variant.index, variant.rows(block))
        executable.make_outputs(steps)
        try:
            while first < steps:
                many = min(variant.slice, steps - first)
                fine, stop = self._slice(variant, first, many, done)
                first += fine
                if fine < many:
                    _explain(variant, [x[block[first]] for x in self.data], done + first)
                if stop:
                    break
        finally:
            executable.show_state()
            executable.straighten_state()
        results = variant.results()
        last = [g[first - 1] for g in results[: len(results) - len(variant.names)]]
        variant.leave([*last, *(x[:first] for x in results[len(last) :])])
        return [x[:first] for x in results[: variant.count]]

    def _slice(self, variant: Variant, first: int, many: int, done: int) -> tuple[int, bool]:
        """Steps first … first + many - 1: how many of them are fine, and whether to stop."""
        executable = variant.executable
        saved = variant.snapshot() if self.finite else []
        start = time.perf_counter()
        executable.run(first, many)
        took = max(time.perf_counter() - start, 1e-6)
        shown = [x[first : first + many] for x in variant.results()[: variant.count]]
        fine = _fine(variant, saved, shown, first) if self.finite else many
        variant.slice = max(1, int(min(many * SLICE / took, many * 16)))
        if self.progress is None or not fine:
            return fine, False
        executable.show_state()
        results = unflatten(variant.trace.structure, [x[:fine] for x in shown])
        return fine, bool(self.progress(done + first + fine, results))


def _fine(variant: Variant, saved: Any, shown: Sequence[Any], first: int) -> int:
    """How many steps of a slice gave finite results; state is put back to behind them."""
    good = len(shown[0])
    for x in shown:
        if x.dtype.kind == "f" and not np.isfinite(x).all():
            good = min(good, int(np.argmin(np.isfinite(x).reshape(len(x), -1).all(axis=1))))
    if good < len(shown[0]):
        variant.restore(saved)
        if good:
            variant.executable.run(first, good)
        variant.executable.show_state()
    return good


def _explain(variant: Variant, values: Sequence[Any], step: int) -> None:
    """Raise NonFiniteError for a step whose result is not finite, where it was born."""
    variant.locate_non_finite(values)
    raise NonFiniteError(
        tr("the result of step {step} is not finite", step=step), asked="finite numbers",
        hint="take a smaller learning rate",
    )  # fmt: skip


def count_rows(data: Sequence[Any]) -> int:
    """How many rows all of the arrays have."""
    sizes = {len(x) if x.ndim else -1 for x in data}
    if len(sizes) != 1 or -1 in sizes:
        raise ShapeError(
            "the arrays of an epoch do not have the same number of rows",
            asked="one row for each example in every array",
            came=", ".join(str(x.shape) for x in data) or "no array",
        )
    return sizes.pop()


def drawn_rows(count: int, batch: int, seed: int, shuffle: bool, replace: bool) -> list[Any]:
    """Row numbers of one pass, drawn as `seegrad.data.batches` draws them."""
    if isinstance(batch, bool) or not isinstance(batch, (int, np.integer)) or batch < 1:
        raise ValueRangeError(
            "a mini-batch holds at least one example", asked="a whole number from 1",
            came=f"batch={batch!r}",
        )  # fmt: skip
    chance = np.random.default_rng(seed)
    if replace:
        return [chance.integers(0, count, batch) for _ in range(-(-count // batch))]
    order = chance.permutation(count) if shuffle else np.arange(count)
    return [order[start : start + batch] for start in range(0, count, batch)]


def _blocks(rows: Any) -> list[Any]:
    """Neighbouring steps of equal size as arrays (steps, batch)."""
    if isinstance(rows, np.ndarray) and rows.ndim == 2 and rows.dtype.kind in "iu":
        return [np.ascontiguousarray(rows, np.int64)] if len(rows) else []
    blocks: list[list[Any]] = []
    for row in rows if np.iterable(rows) else [rows]:
        row = _row_numbers(row)
        if blocks and len(blocks[-1][0]) == len(row):
            blocks[-1].append(row)
        else:
            blocks.append([row])
    return [np.array(block, np.int64) for block in blocks]


def _row_numbers(row: Any) -> Any:
    """The rows of one mini-batch."""
    row = np.asarray(row)
    if row.ndim != 1 or (row.size and row.dtype.kind not in "iu"):
        kind = ShapeError if row.ndim != 1 else DTypeError
        raise kind(
            "a mini-batch is given by the numbers of its rows",
            asked=tr("integers (steps, batch), or a list of such rows"),
            came=tr("shape {shape}, dtype {dtype}", shape=row.shape, dtype=row.dtype),
            hint="rows.reshape(-1, batch)" if row.ndim != 1 else "rows.astype(int)",
        )
    return row


def _check_rows(block: Any, count: int) -> None:
    if block.size and (block.min() < 0 or block.max() >= count):
        raise IndexRangeError(
            "a row of a mini-batch is out of range",
            asked=f"from 0 to {count - 1}",
            came=f"rows from {block.min()} to {block.max()}",
        )
