"""What a training run has to say for itself: one row of numbers an epoch. Nothing is drawn here."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from seegrad.i18n import tr

Row = dict[str, float]


@dataclass
class History:
    """The rows of a run, oldest first, and the loss of every step.

    Args:
        losses: of every step.

    >>> history = History()
    >>> history.add({"epoch": 1, "loss": 2.3}); history.add({"epoch": 2, "loss": 1.9})
    >>> history["loss"]
    [2.3, 1.9]
    >>> history.best("loss")
    {'epoch': 2, 'loss': 1.9}
    >>> history = History()
    >>> history.add({"epoch": 1, "train_loss": 0.5})
    >>> print(history.table(["train_loss"]).split())
    ['train_loss', '0.5']
    """

    rows: list[Row] = field(default_factory=list)
    losses: list[float] = field(default_factory=list, repr=False)

    def add(self, row: Row) -> None:
        """Append one epoch's numbers.

        Args:
            row: the numbers of a pass, by name.
        """
        self.rows.append(row)

    def __getitem__(self, name: str) -> list[float]:
        """One number over all epochs; NaN where a row has none."""
        return [row.get(name, math.nan) for row in self.rows]

    def __len__(self) -> int:
        return len(self.rows)

    def __iter__(self) -> Iterator[Row]:
        return iter(self.rows)

    @property
    def last(self) -> Row:
        """The latest row, empty before the first epoch."""
        return self.rows[-1] if self.rows else {}

    def best(self, name: str, largest: bool = False) -> Row:
        """The row with the smallest (or largest) value of `name`; NaN is never the best."""
        known = [row for row in self.rows if not math.isnan(row.get(name, math.nan))]
        if not known:
            return {}
        return (max if largest else min)(known, key=lambda row: row[name])

    def table(self, names: Sequence[str] = ()) -> str:
        """The rows as text in columns.

        Args:
            names: which columns; None: all.
        """
        columns = list(names) or list(dict.fromkeys(name for row in self.rows for name in row))
        lines = ["  ".join(f"{name:>10}" for name in columns)]
        lines += [
            "  ".join(f"{row.get(name, math.nan):>10.4g}" for name in columns) for row in self.rows
        ]
        return "\n".join(lines)


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
