"""A run told in plain lines, for pipes and files."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from seegrad.i18n import tr
from seegrad.training.history import Row
from seegrad.training.plan import Plan
from seegrad.training.trainer import Callback, Trainer


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
        spoken["test_r2"] = tr("test R²")
    parts = [f"{tr('epoch')} {row.get('epoch', 0):.0f}"]
    parts += [f"{word} {figure(row[name])}" for name, word in spoken.items() if name in row]
    return " · ".join(parts)


def figure(value: float) -> str:
    """A figure as it is told.

    >>> figure(0.5), figure(2900.123), figure(4.2e9)
    ('0.5000', '2900.1230', '4.200e+09')
    """
    return f"{value:.4f}" if abs(value) < 1e4 else f"{value:.3e}"
