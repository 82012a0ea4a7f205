"""A run told in plain lines, for pipes and files."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from seegrad.training.history import Row, row_in_words
from seegrad.training.plan import Plan
from seegrad.training.trainer import Callback, Trainer


class Lines(Callback):
    """Plain lines, for pipes and files: one an epoch, or about twenty when there are more.

    say_line: where they go, `print` by default.

    >>> import seegrad as sg
    >>> net = sg.nn.Sequential(sg.nn.Linear(2, 2))
    >>> told = []
    >>> rule = sg.optim.SGD(net.parameters(), lr=0.1)
    >>> trainer = sg.training.Trainer(net, rule, callbacks=[Lines(told.append)])
    >>> history = trainer.fit(sg.data.moons(), epochs=2)
    >>> len(told) >= 2
    True
    """

    most = 20
    shows = True

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
