"""What a run is made of, from words on the command line: data, network, loss, optimizer.

The same settings stand in a run's config.json, so that a later command makes the same again.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from seegrad import data, nn, optim
from seegrad.data import Dataset
from seegrad.errors import FormatError, ValueRangeError
from seegrad.i18n import tr

SETS = {"digits": data.digits, "spiral": data.spiral, "moons": data.moons, "xor": data.xor}
LARGE = 2**28
"""Bytes from which on an npz file stays on the disk."""


def _npz(path: str) -> Dataset:
    file = Path(path).expanduser()
    large = file.is_file() and file.stat().st_size > LARGE
    return data.mapped(file) if large else data.npz(file)


FILES = {"mnist": data.mnist, "csv": data.csv, "npz": _npz, "parquet": data.parquet}


@dataclass(frozen=True)
class Setting:
    """Everything that decides how a run goes."""

    data: str = "digits"
    hidden: tuple[int, ...] = (50,)
    activation: str = "sigmoid"
    optimizer: str = "sgd"
    lr: float = 0.1
    batch: int = 100
    seed: int = 0
    inputs: int = 0
    outputs: int = 0
    labels: bool = True

    def as_config(self) -> dict[str, Any]:
        """As config.json keeps it."""
        return asdict(self)

    def in_words(self) -> dict[str, Any]:
        """As a person reads it, the network by its widths."""
        widths = (self.inputs, *self.hidden, self.outputs)
        named = ("data", "activation", "optimizer", "lr", "batch", "seed")
        return {"network": widths, **{name: getattr(self, name) for name in named}}

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> Setting:
        """Back from config.json; FormatError when it was not written by a run."""
        known = {name: config[name] for name in cls.__dataclass_fields__ if name in config}
        fits = known.keys() == cls.__dataclass_fields__.keys() and isinstance(known["hidden"], list)
        if not fits or known["activation"] not in nn.ACTIVATIONS:
            raise FormatError(
                tr("{path} is damaged", path="config.json"),
                asked=", ".join(cls.__dataclass_fields__),
                came=", ".join(map(str, config))[:100],
            )
        return cls(**{**known, "hidden": tuple(known["hidden"])})

    def load(self) -> tuple[Setting, Dataset, Dataset]:
        """The data, parted, and these settings with the widths that the data ask for."""
        kind, _, path = self.data.partition(":")
        if kind in SETS and not path:
            whole = SETS[kind]()
        elif kind in FILES and path:
            whole = FILES[kind](path)
        else:
            raise ValueRangeError(
                tr("there is no such data"),
                asked=", ".join([*SETS, *(f"{name}:PATH" for name in FILES)]),
                came=self.data,
            )
        train, test = whole.split(seed=self.seed)
        if kind in ("csv", "parquet"):
            train, test = train.standardised(), test.standardised(train)
        if not whole.classes and whole.t.ndim == 1:
            train, test = (replace(part, t=part.t[:, None]) for part in (train, test))
        outputs = len(whole.classes) or train.t.shape[1]
        if whole.classes and outputs < 2:
            raise ValueRangeError(
                tr("there is only one class to tell"),
                asked=tr("at least two classes"),
                came=", ".join(whole.classes),
            )
        fitted = replace(self, inputs=train.x.shape[1], outputs=outputs, labels=bool(whole.classes))
        return fitted, train, test

    def network(self) -> nn.Sequential:
        """The network, with first values drawn from the seed."""
        chance = np.random.default_rng(self.seed)
        return nn.multilayer(
            self.inputs, self.outputs, self.hidden, self.activation, generator=chance
        )

    def loss(self) -> nn.Module:
        """Cross-entropy for classes, mean squares for numbers."""
        return nn.SoftmaxWithLoss() if self.labels else nn.MSELoss()

    def rule(self, network: nn.Module) -> optim.Optimizer:
        """The optimizer over a network's parameters."""
        return optim.RULES[self.optimizer](network.parameters(), lr=self.lr)
