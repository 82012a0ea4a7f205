"""A progress bar on a terminal, the one file that imports rich; elsewhere plain lines."""

from __future__ import annotations

import sys
import time
from typing import Any

from seegrad.i18n import tr
from seegrad.training.callbacks.lines import Lines
from seegrad.training.history import Row
from seegrad.training.plan import Plan
from seegrad.training.trainer import Callback, Trainer

REFRESH = 0.1


class Bar(Lines):
    """One bar over all steps, with the loss and the speed beside it, below the lines of epochs."""

    def __init__(self) -> None:
        from rich.console import Console
        from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

        self.bar = Progress(
            TextColumn("{task.description}"),
            BarColumn(bar_width=30),
            TextColumn("{task.completed:.0f}/{task.total:.0f}"),
            TextColumn("{task.fields[loss]}"),
            TextColumn("{task.fields[speed]}"),
            TimeRemainingColumn(),
            console=Console(stderr=True),
        )
        super().__init__(lambda line: self.bar.console.print(line, highlight=False))
        self.task: Any = None
        self.shown = self.began = 0.0
        self.first = 0

    def on_start(self, trainer: Trainer, plan: Plan) -> None:
        super().on_start(trainer, plan)
        self.began, self.first = time.perf_counter(), trainer.count
        self.task = self.bar.add_task(
            tr("training"), total=plan.steps, completed=trainer.count, loss="", speed=""
        )
        self.bar.start()

    afterwards = True

    def on_step(self, trainer: Trainer, step: int, loss: float) -> None:
        now = time.perf_counter()
        if now - self.shown < REFRESH:
            return
        self.shown = now
        speed = (step - self.first) / max(now - self.began, 1e-9)
        self.bar.update(
            self.task,
            completed=step,
            loss=f"{tr('loss')} {loss:.4f}",
            speed=tr("{count} steps/s", count=f"{speed:,.0f}"),
        )

    def on_epoch(self, trainer: Trainer, row: Row) -> None:
        self.bar.update(self.task, completed=trainer.count)
        super().on_epoch(trainer, row)

    def on_end(self, trainer: Trainer) -> None:
        super().on_end(trainer)
        self.bar.update(self.task, completed=trainer.count)
        self.bar.stop()


def progress() -> Callback:
    """A bar when the error stream is a terminal, otherwise a line an epoch on it."""
    if sys.stderr.isatty():
        return Bar()
    return Lines(lambda line: print(line, file=sys.stderr, flush=True))


Trainer.shown_by = staticmethod(progress)
