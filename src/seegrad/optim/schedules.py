"""Schedules: how the learning rate changes with the step, or when there is no progress.

The former are pure functions of the step's number.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import Any

from seegrad.errors import ValueRangeError
from seegrad.i18n import tr
from seegrad.optim.checks import not_negative, positive, share
from seegrad.optim.optimizer import Optimizer

Factor = Callable[[int], float]
"""Step (from 0) → what the first learning rate is multiplied with."""


class Schedule:
    """Sets an optimizer's learning rate to its first one times `factor(step)`.

    Call `step()` once after each optimizer step (or once an epoch, as the factor is meant).

    >>> import seegrad as sg
    >>> rule = sg.optim.SGD([sg.tensor([1.0])], lr=1.0)
    >>> schedule = Schedule(rule, exponential(0.5))
    >>> schedule.step()
    >>> float(rule.lr)
    0.5
    >>> schedule.load_state_dict(schedule.state_dict())
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


class ReduceLROnPlateau:
    """Multiplies the learning rate with `factor` when a figure has not become better for a while.

    Call `step(loss)` once an epoch with what is watched; a callback of a `Trainer` may do that.

    Args:
        mode: "min" for figures that are to fall, "max" for those that are to rise.
        factor: from 0 to 1. patience: so many epochs without progress are borne.
        threshold: how much better is better: a share of the best (`threshold_mode="rel"`), or a
            number ("abs").
        cooldown: so many epochs after a reduction are not counted. min_lr: the least.
        eps: reductions by less than this are not made.
        optimizer: whose learning rate falls.

    As PyTorch's of this name. Raises ValueRangeError for settings that cannot be.

    >>> leaf = sg.tensor(1.0)
    >>> opt = sg.optim.SGD([leaf], lr=0.1)
    >>> schedule = ReduceLROnPlateau(opt, patience=1)
    >>> for loss in (1.0, 0.5, 0.5, 0.5):
    ...     schedule.step(loss)
    >>> round(opt.lr.item(), 3)
    0.01
    >>> import seegrad as sg
    >>> plan = ReduceLROnPlateau(sg.optim.SGD([sg.tensor([1.0])], lr=1.0))
    >>> plan.load_state_dict(plan.state_dict())
    """

    def __init__(
        self,
        optimizer: Optimizer,
        mode: str = "min",
        factor: float = 0.1,
        patience: int = 10,
        threshold: float = 1e-4,
        threshold_mode: str = "rel",
        cooldown: int = 0,
        min_lr: float = 0.0,
        eps: float = 1e-8,
    ) -> None:
        for name, value, known in (
            ("mode", mode, ("min", "max")), ("threshold_mode", threshold_mode, ("rel", "abs")),
        ):  # fmt: skip
            if value not in known:
                raise ValueRangeError(tr("there is no such setting"), asked=", ".join(known),
                                      came=f"{name}={value!r}")  # fmt: skip
        share(factor=factor)
        not_negative(patience=patience, threshold=threshold, cooldown=cooldown, min_lr=min_lr,
                     eps=eps)  # fmt: skip
        self.optimizer, self.mode, self.factor = optimizer, mode, factor
        self.patience, self.threshold = patience, threshold
        self.threshold_mode, self.cooldown = threshold_mode, cooldown
        self.min_lr, self.eps = min_lr, eps
        self.best = math.inf if mode == "min" else -math.inf
        self.without, self.resting = 0, 0

    def step(self, figure: Any) -> None:
        """Note this epoch's figure, and reduce the learning rate where it is time."""
        figure = float(figure)
        self.without = 0 if self._better(figure) else self.without + 1
        self.best = figure if not self.without else self.best
        if self.resting:
            self.resting -= 1
            self.without = 0
        if self.without > self.patience:
            before = float(self.optimizer.lr.item())
            after = max(before * self.factor, self.min_lr)
            if before - after > self.eps:
                self.optimizer.lr = after
            self.resting, self.without = self.cooldown, 0

    def _better(self, figure: float) -> bool:
        sign = 1 if self.mode == "max" else -1
        if math.isinf(self.best):
            return sign * figure > sign * self.best
        if self.threshold_mode == "rel":
            return sign * figure > sign * self.best * (1 + sign * self.threshold)
        return sign * figure > sign * self.best + self.threshold

    def state_dict(self) -> dict[str, float]:
        """Where the schedule stands."""
        return {"best": self.best, "without": float(self.without), "resting": float(self.resting)}

    def load_state_dict(self, values: Mapping[str, Any]) -> None:
        """Go on from where another schedule stood; the learning rate is the optimizer's."""
        self.best = float(values["best"])
        self.without, self.resting = int(values["without"]), int(values["resting"])


def constant() -> Factor:
    """Always 1.

    >>> constant()(10)
    1.0
    """
    return lambda step: 1.0


def stepwise(every: int, factor: float = 0.1) -> Factor:
    """Multiplied with `factor` after every `every` steps.

    >>> [stepwise(2, 0.5)(step) for step in range(5)]
    [1.0, 1.0, 0.5, 0.5, 0.25]
    """
    _positive("every", every)
    return lambda step: float(factor) ** (step // every)


def exponential(factor: float) -> Factor:
    """factor ** step.

    >>> exponential(0.5)(3)
    0.125
    """
    return lambda step: float(factor) ** step


def cosine(steps: int, least: float = 0.0) -> Factor:
    """From 1 down to `least` along half a cosine in `steps` steps, then `least`.

    Source: Loshchilov and Hutter, 2017.

    >>> round(cosine(10)(5), 3)
    0.5
    """
    _positive("steps", steps)
    return lambda step: (
        least + (1 - least) * 0.5 * (1 + math.cos(math.pi * min(step, steps) / steps))
    )


def warmed_up(steps: int, then: Factor) -> Factor:
    """Rising evenly over the first `steps` steps, then as `then` says, counted from there.

    >>> warmed_up(4, constant())(1)
    0.4
    """
    _positive("steps", steps)
    return lambda step: (step + 1) / (steps + 1) if step < steps else then(step - steps)


def _positive(name: str, value: int) -> None:
    if value < 1:
        raise ValueRangeError(
            tr("a schedule counts steps from 1"), asked=f"{name} ≥ 1", came=f"{name}={value}"
        )
