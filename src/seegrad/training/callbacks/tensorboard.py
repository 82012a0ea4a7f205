"""A run's numbers as TensorBoard events (extra `tensorboard`): the one file that knows how."""

from __future__ import annotations

import math
import os
import time
from pathlib import Path
from typing import Any

import numpy as np

from seegrad.errors import MissingExtraError
from seegrad.i18n import tr
from seegrad.training.history import Row
from seegrad.training.plan import Plan
from seegrad.training.trainer import Callback, Trainer


class TensorBoard(Callback):
    """Writes event files into `folder`, to be looked at with `tensorboard --logdir folder`.

    Scalars: the loss every `each` steps as `step/loss`, and the numbers of every epoch by their
    names. Histograms every `histograms` epochs (0: none): of each parameter by its dotted name,
    and of its gradient on the last mini-batch as `gradients/…`. Raises MissingExtraError where
    tensorboardX is not installed.
    """

    afterwards = True

    def __init__(self, folder: str | os.PathLike[str], each: int = 10, histograms: int = 1) -> None:
        self.folder, self.each, self.histograms = Path(folder).expanduser(), each, histograms
        self.writer: Any = None

    def on_start(self, trainer: Trainer, plan: Plan) -> None:
        try:
            from tensorboardX import SummaryWriter
        except ImportError as fault:
            raise MissingExtraError(
                tr("tensorboardX is not installed"), hint='pip install "tensorboardX>=2.6"'
            ) from fault
        # what an interrupted run wrote beyond its checkpoint is not shown twice
        beyond = trainer.count + 1 if trainer.count else None
        self.writer = SummaryWriter(
            str(self.folder), purge_step=beyond, filename_suffix=f".{time.time_ns()}"
        )

    def on_step(self, trainer: Trainer, step: int, loss: float) -> None:
        if self.each and step % self.each == 0:
            self.writer.add_scalar("step/loss", loss, step)

    def on_epoch(self, trainer: Trainer, row: Row) -> None:
        step = int(row["step"])
        for name, value in row.items():
            if name not in ("epoch", "step") and math.isfinite(value):
                self.writer.add_scalar(name.replace("_", "/", 1), value, step)
        if self.histograms and int(row["epoch"]) % self.histograms == 0:
            for name, parameter in trainer.network.named_parameters():
                self._histogram(name, parameter.value, step)
            for name, gradient in trainer.gradients().items():
                self._histogram(f"gradients/{name}", gradient, step)
        self.writer.flush()

    def on_end(self, trainer: Trainer) -> None:
        if self.writer is not None:
            self.writer.close()
            self.writer = None

    def _histogram(self, name: str, values: Any, step: int) -> None:
        numbers = np.asarray(values, np.float64) if isinstance(values, np.ndarray) else np.zeros(0)
        numbers = numbers[np.isfinite(numbers)]
        if numbers.size:
            self.writer.add_histogram(name, numbers, step)
