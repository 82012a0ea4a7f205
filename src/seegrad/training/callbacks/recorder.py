"""A run written into its directory as it goes: numbers, checkpoints, weights."""

from __future__ import annotations

import math
import time

from seegrad.training.checkpoints import KEPT, Checkpoints
from seegrad.training.history import Row
from seegrad.training.plan import Plan
from seegrad.training.run_directory import RunFolder
from seegrad.training.saving import save
from seegrad.training.trainer import Callback, Trainer


class Recorder(Callback):
    """Keeps a run's folder up to date: numbers and a checkpoint, and the weights at the end.

    When the loss stops being a number, the last good checkpoint stays.

    seconds: how long to wait at least between two checkpoints; short epochs share one.
    every: a checkpoint after so many steps, whatever the clock says. keep: how many stay.

    >>> import seegrad as sg
    >>> import tempfile
    >>> import seegrad as sg
    >>> net, moons = sg.nn.Sequential(sg.nn.Linear(2, 2)), sg.data.moons()
    >>> parent = tempfile.TemporaryDirectory()
    >>> recorder = Recorder(sg.training.RunFolder(parent.name))
    >>> rule = sg.optim.SGD(net.parameters(), lr=0.1)
    >>> trainer = sg.training.Trainer(net, rule, callbacks=[recorder])
    >>> history = trainer.fit(moons, epochs=1, progress=False)
    >>> sg.training.Checkpoints(f"{parent.name}/checkpoints").newest().suffix
    '.safetensors'
    >>> parent.cleanup()
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
