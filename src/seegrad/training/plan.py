"""What a call of `fit` is meant to do, and the inputs it is given, both checked."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from seegrad.data.normalising import blocks
from seegrad.data.rows import by_rows, check_paired
from seegrad.errors import ShapeError, ValueRangeError
from seegrad.i18n import tr

Array = NDArray[Any]


@dataclass(frozen=True)
class Plan:
    """What a call of `fit` is meant to do."""

    examples: int
    batch: int
    steps: int
    per_epoch: int

    @property
    def epochs(self) -> int:
        """The number of passes, the last perhaps cut short."""
        return -(-self.steps // self.per_epoch)


def planned(examples: int, batch: int, epochs: int | None, steps: int | None) -> Plan:
    """The plan of so many passes or steps; ValueRangeError when both are given, or too few."""
    if (epochs is None) == (steps is None):
        epochs = 10 if epochs is None else epochs
        if steps is not None:
            raise ValueRangeError(
                tr("the length of a run is told in epochs or in steps"),
                asked=tr("one of the two"),
                came=f"epochs={epochs}, steps={steps}",
            )
    for name, value in (("batch", batch), ("epochs", epochs), ("steps", steps)):
        if value is not None and value < 1:
            raise ValueRangeError(
                tr("{name} counts something, so it starts at {least}", name=name, least=1),
                asked=f"{name} ≥ 1",
                came=f"{name}={value}",
            )
    per_epoch = -(-examples // batch)
    total = steps if steps is not None else (epochs or 0) * per_epoch
    return Plan(examples, batch, total, per_epoch)


def checked(data: Any) -> tuple[Array, Array]:
    """Inputs and targets as arrays with equal numbers of rows and finite inputs.

    Raises ShapeError or ValueRangeError.
    """
    x, t = map(by_rows, data)
    if x.ndim and not len(x):
        raise ShapeError(
            tr("there are no rows to learn from, or to try out"),
            asked=tr("at least one example"),
            came=f"x {x.shape}, t {t.shape}",
        )
    check_paired(x, t)
    for name, part in (("x", x), ("t", t)):
        if part.dtype.kind != "f":
            continue
        starts = blocks(part)  # one block in memory at a time: the whole may lie on the disk
        for start in starts:
            finite = np.isfinite(part[start : start + starts.step])
            if finite.all():
                continue
            where = np.argwhere(~finite)[0]
            where[0] += start
            raise ValueRangeError(
                tr("{name} holds a value that is not finite", name=name),
                asked=tr("numbers without NaN and infinity"),
                came=f"{name}[{', '.join(map(str, where))}] = {part[tuple(where)]}",
                hint=tr("drop or fill the missing values first"),
            )
    return x, t


def begun(plan: Plan, count: int) -> str:
    """A run's beginning in one line."""
    return tr(
        "training: {examples} examples, mini-batches of {batch}, steps {first} to {last}",
        examples=plan.examples, batch=plan.batch, first=count + 1, last=plan.steps,
    )  # fmt: skip


def ended(count: int, why: str) -> str:
    """A run's end in one line."""
    if why:
        return tr("training ended after step {count}: {why}", count=count, why=why)
    return tr("training ended after step {count}", count=count)
