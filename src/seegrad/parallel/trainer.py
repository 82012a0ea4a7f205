"""ParallelTrainer: the trainer on several processes, each with a share of every mini-batch.

The steps are those of one process with the same whole mini-batch, up to rounding; batch
normalisation alone sees only its own share. The first process alone evaluates, speaks and writes.
Steps run in native code (`native_step.py`), or with `eager` through NumPy.
"""

from __future__ import annotations

import json
import math
from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from seegrad.errors import ValueRangeError
from seegrad.i18n import tr
from seegrad.parallel.buckets import BUCKET_BYTES, Exchange
from seegrad.parallel.native_step import NativeStep
from seegrad.parallel.world import World
from seegrad.training.plan import Plan
from seegrad.training.trainer import Trainer

Array = NDArray[Any]


class ParallelTrainer(Trainer):
    """A `Trainer` that shares its work with the other processes of `world`.

    Made and called alike on all of them; first values are the first process's. The loss is a mean
    over its rows, so that shares count by their rows. bucket_bytes: how much is summed at a time.
    eager: step by step through NumPy, sums begun while the backward pass still runs.
    """

    def __init__(
        self,
        network: Any,
        optimizer: Any,
        *args: Any,
        world: World,
        bucket_bytes: int = BUCKET_BYTES,
        **kwargs: Any,
    ) -> None:
        self.world = world
        self._asked = False
        self._why = ""
        super().__init__(network, optimizer, *args, **kwargs)
        if not world.leads:
            self.callbacks = []
            self.shown_by = None  # type: ignore[misc]  # of this one only
        self.exchange = Exchange(optimizer.parameters, world, bucket_bytes)
        self._native = None if self.eager else NativeStep(self.exchange.buckets)
        self.eager = True  # the gradients of every step leave: none runs through to the next
        self._same_everywhere()

    def _same_everywhere(self) -> None:
        """Give all processes the first one's values."""
        for _, value in [*self.network.named_parameters(), *self.network.named_state()]:
            data = np.array(value.value)
            self.world.share(data)
            value.assign(data)

    # ------------------------------------------------------------- a step

    def step(self, x: Any, t: Any) -> float:
        """One step on this process's share of the mini-batch; the loss is the whole one's."""
        rows = np.array_split(np.arange(len(x)), self.world.size)[self.world.rank]
        x, t, share = x[rows], t[rows], len(rows) / len(x)
        if self._native is not None:
            mine = self._native.gradients(self._parts(), x, t, share)
            told = np.array([mine, self._asked], np.float64)
            heard = self.world.start_sum(told)
            self.exchange.sum()
            return self._updated(heard, told, self._native.update)
        self.optimizer.zero_grad()
        loss = self.loss(self.network(x), t) if len(rows) else None
        mine = float(loss.item()) * share if loss is not None else 0.0
        told = np.array([mine, self._asked], np.float64)
        heard = self.world.start_sum(told)  # on its way during the backward pass
        with self.exchange.over(loss):
            if loss is not None:
                loss.backward(np.asarray(share, loss.dtype))
        return self._updated(heard, told, self.optimizer.step)

    def _updated(self, heard: Any, told: Array, update: Callable[[], None]) -> float:
        """The update, if the whole loss is a number, and what all have to do after it."""
        self.world.wait([heard])
        value, asked = told
        if not math.isfinite(value):
            raise self._not_finite(float(value))
        update()
        if self.schedule is not None:
            self.schedule.step()
        if asked:
            self._agree()
        return float(value)

    def _pass(self, x: Array, t: Array, plan: Plan) -> None:
        super()._pass(x, t, plan)
        self._average_state()

    def _average_state(self) -> None:
        """Kept floating-point state (running means) is the mean of all processes'."""
        for _, value in self.network.named_state():
            if value.dtype.kind == "f":
                total = self.world.sum(np.asarray(value.value).ravel()) / self.world.size
                value.assign(total.reshape(value.shape).astype(value.dtype))

    def _evaluate(self, x: Array, t: Array, held_out: Any, plan: Plan) -> None:
        if self.world.leads:
            super()._evaluate(x, t, held_out, plan)
        row = json.loads(self.world.tell(json.dumps(self.history.last)))
        if not self.world.leads:
            if self.history.last.get("epoch") == row["epoch"]:
                self.history.rows.pop()
            self.history.add(row)
        if self.world.sum(self._asked)[0]:
            self._agree()

    # ------------------------------------------------------------- stopping together

    @property
    def _interrupted(self) -> bool:
        return False

    @_interrupted.setter
    def _interrupted(self, value: bool) -> None:
        self._asked, self._why = value, tr("interrupted") if value else ""

    def stop(self, why: str) -> None:
        """Ask all processes to end the run; they do after the next step that all begin."""
        self._asked, self._why = True, self._why or why

    def _agree(self) -> None:
        """All stop, for the reason that the first of those who asked has."""
        asking = np.zeros(self.world.size)
        asking[self.world.rank] = self._asked
        speaker = int(np.argmax(self.world.sum(asking) > 0))
        self.stopped = self.world.tell(self._why, speaker)
        self._asked = False


def enough(batch: int, workers: int) -> None:
    """ValueRangeError when a mini-batch has fewer rows than there are processes."""
    if batch < workers:
        raise ValueRangeError(
            tr("there are more workers than examples in a mini-batch"),
            asked=tr("at most {count} workers", count=batch),
            came=f"--workers {workers}",
            hint=tr("take larger mini-batches, or fewer workers"),
        )
