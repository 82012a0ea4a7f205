"""A run ended when it no longer gets better, and the best weights put back."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import numpy as np

from seegrad.errors import ValueRangeError
from seegrad.i18n import tr
from seegrad.training.history import Row
from seegrad.training.plan import Plan
from seegrad.training.trainer import Callback, Trainer


class EarlyStopping(Callback):
    """Stops when `monitor` has not improved by `least` for `patience` epochs.

    monitor: a name of the history's rows. A name with "accuracy" in it is better when larger,
    any other when smaller. restore: go back to the best epoch's weights at the end.

    Raises:
        ValueRangeError: for a patience below 1.

    >>> import seegrad as sg
    >>> net = sg.nn.Sequential(sg.nn.Linear(2, 2))
    >>> stopping = EarlyStopping("train_loss", patience=1, least=1.0)
    >>> rule = sg.optim.SGD(net.parameters(), lr=0.1)
    >>> trainer = sg.training.Trainer(net, rule, callbacks=[stopping])
    >>> len(trainer.fit(sg.data.moons(), epochs=9, batch=100, progress=False)) < 9
    True
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
