"""The ways in which steps are made: eagerly, compiled, or on mini-batches that are fetched ahead.

A step is one function of its mini-batch, whichever way it is made. Who counts, evaluates and stops
is `trainer`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from seegrad.compiler.compile import Compiled
from seegrad.data.augmenting import Change
from seegrad.data.rows import Rows
from seegrad.data.sampling import batch_rows
from seegrad.nn.module import Module
from seegrad.optim.optimizer import Optimizer
from seegrad.training.plan import Plan

Array = NDArray[Any]
Parts = tuple[Module, Optimizer, Any]
"""What a step is made of: network, optimizer, loss."""


def step_function(
    network: Module, optimizer: Optimizer, loss: Any, look: Callable[[Any], None] | None = None
) -> Callable[[Any, Any], Any]:
    """A step as a function of its mini-batch, as it is made and as it is compiled.

    It captures these and not the trainer, whose counts change at every step. look: sees the loss
    before it is differentiated; compiled steps are watched by the machine that runs them.
    """

    def step(x: Any, t: Any) -> Any:
        optimizer.zero_grad()
        value = loss(network(x), t)
        if look is not None:
            look(value)
        value.backward()
        optimizer.step()
        return value

    return step


class CompiledSteps:
    """Steps in native code, compiled anew where network, optimizer or loss is another object."""

    def __init__(self) -> None:
        self._kept: tuple[Parts, Compiled[..., Any]] | None = None

    def __call__(
        self,
        parts: Parts,
        x: Array,
        t: Array,
        order: Sequence[Any],
        made: Callable[[int, Any], bool],
    ) -> None:
        """A step for each of these mini-batches; `made` hears of losses and says whether to stop.

        Raises NonFiniteError for a loss that is no number, before that update is made.
        """
        if self._kept is None or any(a is not b for a, b in zip(self._kept[0], parts)):
            self._kept = parts, Compiled(step_function(*parts), None)
        self._kept[1].epoch(x, t, batch=1, rows=order, finite=True, progress=made)


def rest_of_pass(plan: Plan, count: int, seed: int, replace: bool) -> list[Any]:
    """The rows of each mini-batch that the pass of the next step still has, after `count` steps."""
    epoch, done = divmod(count, plan.per_epoch)
    drawn = int(np.random.SeedSequence([seed, epoch]).generate_state(1)[0])
    order = [*batch_rows(plan.examples, plan.batch, drawn, replace=replace)]
    return order[done : done + plan.steps - count]


def batches_of(
    x: Array,
    t: Array,
    order: Sequence[Any],
    change: Change | None,
    seed: int,
    epoch: int,
    done: int,
) -> Iterator[tuple[Array, Array]]:
    """These mini-batches, changed by what is drawn from (seed, epoch, number of the step)."""
    for number, rows in enumerate(order, start=done):
        chance = np.random.default_rng([seed, epoch, number])
        yield x[rows] if change is None else change(x[rows], chance), t[rows]


def whole_arrays(x: Any, t: Array, order: list[Any]) -> tuple[Any, Array, list[Any]]:
    """Inputs, targets and rows for native code: the whole array of a set that is on the disk."""
    if not isinstance(x, Rows):
        return x, t, order
    whole = np.zeros((len(x.base), *t.shape[1:]), t.dtype)
    whole[x.numbers] = t
    return x.base, whole, [x.numbers[rows] for rows in order]
