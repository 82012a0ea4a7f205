"""A run's numbers to MLflow. The one file that imports mlflow, and only when it is used."""

from __future__ import annotations

import math
from typing import Any

from seegrad.errors import MissingExtraError
from seegrad.i18n import tr
from seegrad.training.history import Row
from seegrad.training.plan import Plan
from seegrad.training.trainer import Callback, Trainer


class MLflow(Callback):
    """Logs parameters and every epoch's numbers in `mlflow.start_run(**settings)`.

    Where a run is open already, it is used and left open. The place is what
    `mlflow.set_tracking_uri` last said.
    """

    def __init__(self, **settings: Any) -> None:
        self.settings = settings
        self.library: Any = None
        self.opened = False

    def on_start(self, trainer: Trainer, plan: Plan) -> None:
        try:
            import mlflow
        except ImportError as fault:
            raise MissingExtraError(
                tr("{name} is not installed", name="mlflow"), hint="pip install mlflow"
            ) from fault
        self.library = mlflow
        self.opened = mlflow.active_run() is None
        if self.opened:
            mlflow.start_run(**self.settings)
        mlflow.log_params(
            {
                "optimizer": type(trainer.optimizer).__name__,
                "batch": plan.batch,
                "parameters": trainer.network.count(),
            }
        )

    def on_epoch(self, trainer: Trainer, row: Row) -> None:
        numbers = {name: float(value) for name, value in row.items() if math.isfinite(value)}
        self.library.log_metrics(numbers, step=int(row["step"]))

    def on_end(self, trainer: Trainer) -> None:
        if self.library is not None and self.opened:
            self.library.end_run()
        self.library = None
