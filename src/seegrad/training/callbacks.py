"""The one protocol by which others follow a training run, and the followers that come with it.

A callback is told what happens and may ask the trainer to stop; it computes nothing for it.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from seegrad.errors import ValueRangeError
from seegrad.i18n import tr
from seegrad.training.checkpoints import KEPT, Checkpoints
from seegrad.training.folder import RunFolder
from seegrad.training.saving import save

if TYPE_CHECKING:
    from seegrad.training.trainer import Plan, Trainer

Row = dict[str, float]


class Callback:
    """Does nothing; write over what you want to hear of.

    Whoever hears of steps hears of each as it is made, so that it can look at the weights and
    stop the run there. With `afterwards` it may be told of many at once, after they were made.
    """

    afterwards = False

    def on_start(self, trainer: Trainer, plan: Plan) -> None:
        """Before the first step: the plan says how many steps and epochs are meant."""

    def on_step(self, trainer: Trainer, step: int, loss: float) -> None:
        """After each step (numbered from 1), with the loss before it."""

    def on_epoch(self, trainer: Trainer, row: Row) -> None:
        """After each pass and its evaluation."""

    def on_end(self, trainer: Trainer) -> None:
        """After the last step, also when it was interrupted."""

    def state_dict(self) -> dict[str, Any]:
        """Named arrays that a checkpoint keeps of this callback, so that a resumed run has them."""
        return {}

    def load_state_dict(self, values: Mapping[str, Any]) -> None:
        """Take over what `state_dict` gave, before the run goes on."""


class EarlyStopping(Callback):
    """Stops when `monitor` has not improved by `least` for `patience` epochs.

    monitor: a name of the history's rows. A name with "accuracy" in it is better when larger,
    any other when smaller. restore: go back to the best epoch's weights at the end.
    """

    def __init__(
        self,
        monitor: str = "test_loss",
        patience: int = 5,
        least: float = 0.0,
        restore: bool = True,
    ) -> None:
        if patience < 1:
            raise ValueRangeError(
                tr("patience counts epochs from 1"), asked="patience ≥ 1",
                came=f"patience={patience}",
            )  # fmt: skip
        self.monitor, self.patience, self.least, self.restore = monitor, patience, least, restore
        self.sign = -1.0 if "accuracy" in monitor else 1.0
        self.best, self.since, self.weights = math.inf, 0, None
        self.resumed = False

    best: float
    since: int
    weights: dict[str, Any] | None

    def on_start(self, trainer: Trainer, plan: Plan) -> None:
        if not self.resumed:
            self.best, self.since, self.weights = math.inf, 0, None
        self.resumed = False

    def state_dict(self) -> dict[str, Any]:
        weights = {f"weights.{name}": value for name, value in (self.weights or {}).items()}
        return {"best": np.float64(self.best), "since": np.int64(self.since), **weights}

    def load_state_dict(self, values: Mapping[str, Any]) -> None:
        self.best, self.since = float(values["best"]), int(values["since"])
        weights = {
            name.removeprefix("weights."): value
            for name, value in values.items()
            if name.startswith("weights.")
        }
        self.weights = weights or None
        self.resumed = True

    def on_epoch(self, trainer: Trainer, row: Row) -> None:
        if self.monitor not in row:
            raise ValueRangeError(
                tr("there is no such number to watch"),
                asked=f"monitor={self.monitor!r}",
                came=", ".join(row),
                hint=tr("choose one of these, or pass data to test on"),
            )
        value = self.sign * row[self.monitor]
        if value < self.best - self.least:
            self.best, self.since = value, 0
            self.weights = trainer.network.state_dict() if self.restore else None
            return
        self.since += 1
        if self.since >= self.patience:
            trainer.stop(
                tr("no better {name} for {count} epochs", name=self.monitor, count=self.since)
            )

    def on_end(self, trainer: Trainer) -> None:
        if self.weights is not None and self.since:
            trainer.network.load_state_dict(self.weights)


class Recorder(Callback):
    """Keeps a run's folder up to date: numbers and a checkpoint, and the weights at the end.

    When the loss stops being a number, the last good checkpoint stays.

    seconds: how long to wait at least between two checkpoints; short epochs share one.
    every: a checkpoint after so many steps, whatever the clock says. keep: how many stay.
    """

    def __init__(
        self,
        folder: RunFolder,
        seconds: float = 1.0,
        every: int | None = None,
        keep: int = KEPT,
    ) -> None:
        self.folder, self.seconds, self.every = folder, seconds, every
        self.afterwards = every is None
        self.checkpoints = Checkpoints(folder.checkpoints.folder, keep)
        self.kept = -math.inf
        self.plan: Plan | None = None

    def on_start(self, trainer: Trainer, plan: Plan) -> None:
        self.kept, self.plan = -math.inf, plan

    def on_step(self, trainer: Trainer, step: int, loss: float) -> None:
        if self.every is None or step % self.every or self.plan is None:
            return
        # where a pass ends, its checkpoint waits for its evaluation
        if step % self.plan.per_epoch and step < self.plan.steps:
            self._keep(trainer)

    def on_epoch(self, trainer: Trainer, row: Row) -> None:
        if self.every is not None or time.monotonic() - self.kept >= self.seconds:
            self._keep(trainer)

    def on_end(self, trainer: Trainer) -> None:
        if not trainer.failed:
            self._keep(trainer)
            save(trainer.network, self.folder.weights)

    def _keep(self, trainer: Trainer) -> None:
        self.checkpoints.make()
        trainer.save(self.checkpoints.place(trainer.count))
        self.checkpoints.tidy(trainer.count)
        self.folder.write_metrics(trainer.history.rows)
        self.kept = time.monotonic()


class Lines(Callback):
    """Plain lines, for pipes and files: one an epoch, or about twenty when there are more.

    say_line: where they go, `print` by default.
    """

    most = 20

    def __init__(self, say_line: Callable[[str], Any] = print) -> None:
        self.say_line = say_line
        self.every = 1
        self.last: Row = {}
        self.said: Row = {}

    def on_start(self, trainer: Trainer, plan: Plan) -> None:
        self.every = max(1, plan.epochs // self.most)
        self.last = self.said = {}

    def on_epoch(self, trainer: Trainer, row: Row) -> None:
        self.last = row
        if row["epoch"] == 1 or not row["epoch"] % self.every:
            self._say(row)

    def on_end(self, trainer: Trainer) -> None:
        if self.last and self.said is not self.last:
            self._say(self.last)

    def _say(self, row: Row) -> None:
        self.said = row
        self.say_line(row_in_words(row))


def row_in_words(row: Row) -> str:
    """A row of the history as one line of less than eighty characters.

    >>> row_in_words({"epoch": 3, "step": 45, "loss": 0.312, "test_accuracy": 0.95})
    'epoch 3 · loss 0.3120 · test accuracy 0.9500'
    """
    spoken = {
        "loss": tr("loss"),
        "train_accuracy": tr("training accuracy"),
        "test_accuracy": tr("test accuracy"),
    }
    if "test_accuracy" not in row:
        spoken["test_loss"] = tr("test loss")
    parts = [f"{tr('epoch')} {row.get('epoch', 0):.0f}"]
    for name, word in spoken.items():
        if name in row:
            value = row[name]
            parts.append(f"{word} {value:.4f}" if value < 1e4 else f"{word} {value:.3e}")
    return " · ".join(parts)
