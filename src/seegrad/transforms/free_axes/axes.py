"""How the elements of an axis lie within the same axis at its full length; no node here.

An axis is a product of factors (now, full), the last running fastest: of a batch of 4 and a length
of 5 that may be 8, flattened, it is (4, 4) · (5, 8). Of each factor the first `now` places count.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from seegrad.graph.spec import Shape

Factor = tuple[int, int]


@dataclass(frozen=True, slots=True)
class Axis:
    """An axis, now and at its full length. `same`: one value stands all along it."""

    factors: tuple[Factor, ...] = ()
    same: bool = False

    @property
    def now(self) -> int:
        return math.prod(a for a, _ in self.factors)

    @property
    def full(self) -> int:
        return math.prod(b for _, b in self.factors)

    @property
    def free(self) -> bool:
        """Is it longer at its full length?"""
        return any(a != b for a, b in self.factors)

    @property
    def first(self) -> bool:
        """Do the elements of now stand at its beginning?"""
        return self.same or len(self.factors) < 2

    def places(self) -> np.ndarray[Any, Any]:
        """Where the elements of now stand at the full length."""
        found = np.zeros(1, np.int64)
        for a, b in self.factors:
            found = (found[:, None] * b + np.arange(a)).reshape(-1)
        return found


def axis(now: int, full: int, same: bool = False) -> Axis:
    """The first `now` of `full` places."""
    return Axis(() if now == full == 1 else ((now, full),), same and now != full)


def first_places(now: Shape, full: Shape) -> tuple[Axis, ...]:
    """The axes of an array that stands at the beginning of a larger one."""
    return tuple(map(axis, now, full))


def unified(a: Axis, b: Axis) -> Axis | None:
    """The axis of what is computed from both, element by element; None where they do not fit."""
    if not a.factors:
        return b
    if not b.factors or a == b:
        return a
    if (a.now, a.full) != (b.now, b.full):
        return None
    if a.same or b.same:
        return b if a.same else a
    return a if a.factors == b.factors else None


def regrouped(axes: Sequence[Axis], now: Shape, full: Shape) -> tuple[Axis, ...] | None:
    """The axes of the same elements as another shape; None where that mixes what counts with what
    does not."""
    work = _merged([(a, b, x.same) for x in axes for a, b in x.factors])[::-1]
    found = []
    for sizes in zip(now, full):
        mine, left = [], sizes
        while left != (1, 1):
            if not work or 0 in left:
                return None
            a, b, same = work.pop()
            if a and b and left[0] % a == 0 and left[1] % b == 0:
                part = a, b
            elif left[0] and a % left[0] == 0 and b % left[1] == 0 and (
                same or a // left[0] == b // left[1]
            ):
                part = left
                work.append((a // left[0], b // left[1], same))
            else:
                return None
            mine.append((*part, same))
            left = left[0] // part[0], left[1] // part[1]
        factors = tuple((a, b) for a, b, _ in _merged([(a, b, False) for a, b, _ in mine]))
        found.append(Axis(factors, bool(mine) and all(same for *_, same in mine)))
    return tuple(found) if all(x[:2] == (1, 1) for x in work) else None


def _merged(factors: Sequence[tuple[int, int, bool]]) -> list[tuple[int, int, bool]]:
    """The factors with those that are always full joined to the one before."""
    found: list[tuple[int, int, bool]] = []
    for a, b, same in factors:
        if a == b and found and not found[-1][2]:
            found[-1] = found[-1][0] * a, found[-1][1] * b, False
        elif (a, b) != (1, 1):
            found.append((a, b, same and a != b))
    return found
