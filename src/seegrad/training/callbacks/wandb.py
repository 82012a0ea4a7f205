"""A run's numbers to Weights & Biases; wandb is imported here alone, and when it is used."""

from __future__ import annotations

from typing import Any

from seegrad.errors import MissingExtraError
from seegrad.i18n import tr
from seegrad.training.history import Row
from seegrad.training.plan import Plan
from seegrad.training.trainer import Callback, Trainer


class WandB(Callback):
    """Passes every epoch's numbers on to `wandb.init(**settings)`, or to a run that is open.

    run: an open run, which is left open at the end. settings: project=, name=, mode="offline", ….
    Whether anything is sent anywhere is decided by wandb's own settings.
    """

    def __init__(self, run: Any = None, **settings: Any) -> None:
        self.given, self.settings = run, settings
        self.run: Any = None

    def on_start(self, trainer: Trainer, plan: Plan) -> None:
        self.run = self.given
        if self.run is None:
            try:
                import wandb
            except ImportError as fault:
                raise MissingExtraError(
                    tr("{name} is not installed", name="wandb"), hint="pip install wandb"
                ) from fault
            self.run = wandb.init(**self.settings)
        self.run.config.update(
            {
                "optimizer": type(trainer.optimizer).__name__,
                "batch": plan.batch,
                "parameters": trainer.network.count(),
            }
        )

    def on_epoch(self, trainer: Trainer, row: Row) -> None:
        self.run.log(dict(row), step=int(row["step"]))

    def on_end(self, trainer: Trainer) -> None:
        if self.run is not None and self.given is None:
            self.run.finish()
        self.run = None
