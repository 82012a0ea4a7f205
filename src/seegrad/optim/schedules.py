"""Schedules: how the learning rate changes with the step. Pure functions of the step's number."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import Any

from seegrad.errors import ValueRangeError
from seegrad.i18n import tr
from seegrad.optim.optimizer import Optimizer, positive

Factor = Callable[[int], float]
"""Step (from 0) → what the first learning rate is multiplied with."""


class Schedule:
    """Sets an optimizer's learning rate to its first one times `factor(step)`.

    Call `step()` once after each optimizer step (or once an epoch, as the factor is meant).
    """

    def __init__(self, optimizer: Optimizer, factor: Factor) -> None:
        self.optimizer, self.factor = optimizer, factor
        self.first = float(optimizer.lr.item())
        self.count = 0
        optimizer.lr = self.first * factor(0)

    def step(self) -> None:
        """Go on to the next step's learning rate."""
        self.count += 1
        self.optimizer.lr = self.first * self.factor(self.count)

    def state_dict(self) -> dict[str, float]:
        """Where the schedule stands: the first learning rate and the number of steps."""
        return {"first": self.first, "count": float(self.count)}

    def load_state_dict(self, values: Mapping[str, Any]) -> None:
        """Go on from where another schedule stood; the learning rate follows."""
        first, count = float(values["first"]), int(values["count"])
        positive(lr=first)
        self.first, self.count = first, count
        self.optimizer.lr = first * self.factor(count)


def constant() -> Factor:
    """Always 1."""
    return lambda step: 1.0


def stepwise(every: int, factor: float = 0.1) -> Factor:
    """Multiplied with `factor` after every `every` steps.

    >>> [stepwise(2, 0.5)(step) for step in range(5)]
    [1.0, 1.0, 0.5, 0.5, 0.25]
    """
    _positive("every", every)
    return lambda step: float(factor) ** (step // every)


def exponential(factor: float) -> Factor:
    """factor ** step."""
    return lambda step: float(factor) ** step


def cosine(steps: int, least: float = 0.0) -> Factor:
    """From 1 down to `least` along half a cosine in `steps` steps, then `least`.

    Source: Loshchilov and Hutter, 2017.
    """
    _positive("steps", steps)
    return lambda step: (
        least + (1 - least) * 0.5 * (1 + math.cos(math.pi * min(step, steps) / steps))
    )


def warmed_up(steps: int, then: Factor) -> Factor:
    """Rising evenly over the first `steps` steps, then as `then` says, counted from there."""
    _positive("steps", steps)
    return lambda step: (step + 1) / (steps + 1) if step < steps else then(step - steps)


def _positive(name: str, value: int) -> None:
    if value < 1:
        raise ValueRangeError(
            tr("a schedule counts steps from 1"), asked=f"{name} ≥ 1", came=f"{name}={value}"
        )
