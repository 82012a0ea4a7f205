"""A row of the table: what is looked at, the figure to hold, and the function that measures it."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import numpy as np


@dataclass
class Run:
    """What a row is given to work with: how many cases, a seed, how long it may take.

    `seconds` is a bound, not a goal: a row asks `out_of_time` between cases and then stops, saying
    how many it has done. `timed`: does the clock decide? Not in the tests, where others work too.
    """

    count: int
    seed: int = 0
    seconds: float = float("inf")
    timed: bool = True
    started: float = field(default_factory=time.monotonic)

    @property
    def rng(self) -> np.random.Generator:
        return np.random.default_rng(self.seed)

    def out_of_time(self) -> bool:
        return time.monotonic() - self.started > self.seconds


@dataclass(frozen=True)
class Found:
    """The figure of one run of a row. `faults` are what failed, `notes` what a reader should know.

    The row holds when `holds` says so; by default, when there are no faults. `whole` is False where
    time ran out before all cases were tried.
    """

    figure: str
    faults: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    verdict: bool | None = None
    whole: bool = True

    @property
    def holds(self) -> bool:
        return not self.faults if self.verdict is None else self.verdict


@dataclass(frozen=True)
class Row:
    """One row: `count` cases in the full run, `sample` of them in the tests."""

    name: str
    what: str
    target: str
    measure: Callable[[Run], Found]
    count: int
    sample: int
    seconds: float


ROWS: dict[str, Row] = {}


ORDER = "GDLMUEZCASFTBO"
"""Gradients, differences, mutation, formulas, compiled code, scale, files, text, bad inputs."""


def in_order() -> list[Row]:
    """The rows as the table has them."""
    return sorted(ROWS.values(), key=lambda r: (ORDER.index(r.name[0]), r.name))


def row(
    name: str, what: str, target: str, *, count: int, sample: int, seconds: float = 120
) -> Callable[[Callable[[Run], Found]], Callable[[Run], Found]]:
    """Enter a function as a row of the table."""

    def enter(measure: Callable[[Run], Found]) -> Callable[[Run], Found]:
        assert name not in ROWS, f"{name} is measured twice"
        ROWS[name] = Row(name, what, target, measure, count, sample, seconds)
        return measure

    return enter


def first(faults: Sequence[str], most: int = 20) -> tuple[str, ...]:
    """The first faults, and how many more there are."""
    rest = len(faults) - most
    return (*faults[:most], *([f"... and {rest} more"] if rest > 0 else []))
