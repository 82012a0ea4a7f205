"""What a run is made of: data, network, loss, optimizer; from words, and back from config.json.

Data go one way: `sources` reads them, a `Preparation` is learnt on the training part (or is the
run's, where it goes on), and what comes out is two sets of inputs and targets for the trainer.
"""

from __future__ import annotations

from dataclasses import dataclass, field, fields, replace
from typing import Any

import numpy as np

from seegrad import nn, optim
from seegrad.data import Dataset, Preparation, Table, learn
from seegrad.data.dataset import split_rows
from seegrad.errors import FormatError, ValueRangeError
from seegrad.i18n import tr
from seegrad.training.runs.scaled_loss import ScaledSquares
from seegrad.training.runs.sources import TABLES, is_table, read_arrays, read_rows, source

SCHEDULES = ("constant", "cosine")
FOLDED = ("hidden", "drop", "categories")


@dataclass(frozen=True)
class Loaded:
    """Data ready to be learnt from, the settings with what they ask for, and what is to be said."""

    setting: Setting
    train: Dataset
    test: Dataset
    notes: tuple[str, ...] = ()


@dataclass(frozen=True)
class Setting:
    """Everything that decides how a run goes, and what it takes to use it.

    target, task, drop, categories, separator, encoding, decimal: of a table, as `data.learn` and
    `data.read_table` take them. valid: further data to test on, instead of a fifth. momentum: of
    sgd, nesterov and momentum. schedule: "constant" or "cosine". inputs, outputs: the network's
    widths. examples: those to train on. preparation: what was learnt of the data.
    """

    data: str = "digits"
    hidden: tuple[int, ...] = (50,)
    activation: str = "sigmoid"
    optimizer: str = "sgd"
    lr: float = 0.1
    batch: int = 100
    seed: int = 0
    inputs: int = 0
    outputs: int = 0
    target: str | None = None
    task: str | None = None
    valid: str | None = None
    drop: tuple[str, ...] = ()
    categories: tuple[str, ...] = ()
    separator: str | None = None
    encoding: str | None = None
    decimal: str | None = None
    weight_decay: float = 0.0
    momentum: float | None = None
    schedule: str = "constant"
    patience: int | None = None
    epochs: int | None = None
    steps: int | None = None
    examples: int = 0
    preparation: Preparation = field(default=Preparation())

    def as_config(self) -> dict[str, Any]:
        """As config.json keeps it."""
        found = {one.name: getattr(self, one.name) for one in fields(self)}
        listed = {name: list(found[name]) for name in FOLDED}
        return {**found, **listed, "preparation": self.preparation.to_json()}

    def in_words(self) -> dict[str, Any]:
        """As a person reads it, the network by its widths; what was left as it is aside."""
        named = ("data", "activation", "optimizer", "lr", "batch", "seed")
        more = ("target", "task", "valid", "weight_decay", "momentum", "schedule", "patience")
        usual = Setting()
        said = {name: getattr(self, name) for name in more}
        return {
            "network": (self.inputs, *self.hidden, self.outputs),
            **{name: getattr(self, name) for name in named},
            **{name: value for name, value in said.items() if value != getattr(usual, name)},
        }

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> Setting:
        """Back from config.json; FormatError when it was not written by a run."""
        known = {one.name: config[one.name] for one in fields(cls) if one.name in config}
        needed = ("data", "hidden", "activation", "optimizer", "lr", "batch", "seed")
        right = (
            all(name in known for name in (*needed, "inputs", "outputs"))
            and all(isinstance(known.get(name, []), list) for name in FOLDED)
            and all(_is_width(n) for n in (*known["hidden"], known["inputs"], known["outputs"]))
            and known["activation"] in nn.ACTIVATIONS
            and known["optimizer"] in optim.RULES
            and isinstance(known["data"], str)
        )
        if not right:
            raise FormatError(
                tr("{path} is damaged", path="config.json"),
                asked=", ".join((*needed, "inputs", "outputs")),
                came=", ".join(map(str, config))[:100],
            )
        if "preparation" in known:
            known["preparation"] = Preparation.from_json(known["preparation"])
        elif config.get("labels"):  # a run of version 0.1.0
            known["preparation"] = Preparation(classes=tuple(map(str, range(known["outputs"]))))
        return cls(**{**known, **{name: tuple(known.get(name, ())) for name in FOLDED}})

    # ------------------------------------------------------------- data

    def read(self, words: str) -> Table | Dataset:
        """Data by a word, read as this run's own: with its columns' names and signs."""
        if not is_table(words):
            return read_arrays(words)
        made = self.preparation
        known = (*made.names, *filter(None, (self.target,))) if made.named else ()
        return read_rows(
            words, known, made.decimal if self.inputs else "",
            separator=self.separator, encoding=self.encoding, decimal=self.decimal,
        )  # fmt: skip

    def table(self, words: str) -> Table:
        """The table that a word names. Raises FormatError for data that are none."""
        found = self.read(words)
        if isinstance(found, Table):
            return found
        raise self._other_kind(f"{words}: x {found.x.shape}")

    def load(self) -> Loaded:
        """The data, parted, and these settings with the widths that the data ask for."""
        if source(self.data)[0] in TABLES:
            return self._from_table()
        for name in ("target", "drop", "categories", "task"):
            if getattr(self, name):
                raise ValueRangeError(
                    tr("--{name} is for tables", name=name),
                    asked="csv:PATH, parquet:PATH",
                    came=self.data,
                )
        return self._from_arrays()

    def _from_table(self) -> Loaded:
        table = self.table(self.data)
        notes: tuple[str, ...] = ()
        if self.valid is None:
            train_rows, test_rows = split_rows(len(table), seed=self.seed)
        else:
            train_rows, test_rows = np.arange(len(table)), np.arange(0)
        made = self.preparation
        if not self.inputs:
            target = -1 if self.target is None else _place(self.target, table)
            learnt = learn(table, target, self.task, train_rows, self.drop, self.categories)
            made, notes = learnt.preparation, learnt.notes
        fitted = replace(
            self, preparation=made, inputs=made.width, outputs=len(made.classes) or 1
        )
        whole = fitted.dataset(table)
        train = whole.take(train_rows)
        test = whole.take(test_rows) if self.valid is None else fitted.dataset(self.valid)
        return Loaded(fitted, train, test, notes)

    def _from_arrays(self) -> Loaded:
        whole = read_arrays(self.data)
        if self.valid is None:
            train, test = whole.split(seed=self.seed)
        else:
            train, test = whole.take(slice(None)), read_arrays(self.valid)
        if whole.classes:
            outputs, made = len(whole.classes), Preparation(classes=whole.classes)
        else:
            t = train.t.reshape(len(train), -1)
            outputs, made = t.shape[1], Preparation(
                mean=tuple(t.mean(axis=0).tolist()),
                deviation=tuple(float(d) or 1.0 for d in t.std(axis=0)),
            )
        if whole.classes and outputs < 2:
            raise ValueRangeError(
                tr("there is only one class to tell"),
                asked=tr("at least two classes"),
                came=", ".join(whole.classes),
            )
        if self.inputs:
            made = self.preparation
        fitted = replace(self, inputs=train.x.shape[1], outputs=outputs, preparation=made)
        return Loaded(fitted, fitted.dataset(train), fitted.dataset(test))

    def dataset(self, data: Table | Dataset | str) -> Dataset:
        """Raw rows with their targets as the network takes them: a table, a set, or a word."""
        made = self.preparation
        rows = self.read(data) if isinstance(data, str) else data
        if isinstance(rows, Table):
            if not made.features:
                raise self._other_kind(rows.name)
            t, x = made.targets(rows), made.inputs(rows)
            return Dataset(x, t, rows.name.split(".")[0], made.classes)
        if made.features or rows.x.ndim != 2 or rows.x.shape[1] != self.inputs:
            raise self._other_kind(f"{rows.name}: x {rows.x.shape}")
        if made.classes:
            if rows.classes != made.classes and rows.t.ndim == 1:
                return replace(rows, t=self._renumbered(rows), classes=made.classes)
            return rows
        t = rows.t.astype(np.float64).reshape(len(rows), -1)
        return replace(rows, t=made.scaled(t), classes=())

    def _renumbered(self, rows: Dataset) -> Any:
        """Labels of other data as this run numbers its classes."""
        names = rows.classes or tuple(map(str, range(self.outputs)))
        places = {name: place for place, name in enumerate(self.preparation.classes)}
        if strange := [name for name in names if name not in places]:
            raise FormatError(
                tr("{path}: a class that was not learnt", path=rows.name),
                asked=", ".join(self.preparation.classes[:12]),
                came=", ".join(strange[:6]),
            )
        return np.array([places[name] for name in names])[rows.t.astype(np.int64)]

    def _other_kind(self, came: str) -> FormatError:
        names = ", ".join(self.preparation.names[:12])
        return FormatError(
            tr("these are not data of the kind that was learnt from"),
            asked=tr("a table with {names}", names=names) if names
            else tr("arrays with {count} numbers a row", count=self.inputs),
            came=came,
        )  # fmt: skip

    # ------------------------------------------------------------- network

    def network(self) -> nn.Sequential:
        """The network, with first values drawn from the seed."""
        chance = np.random.default_rng(self.seed)
        return nn.multilayer(
            self.inputs, self.outputs, self.hidden, self.activation, generator=chance
        )

    def loss(self) -> nn.Module:
        """Cross-entropy for classes, mean squares in the units of the targets for numbers."""
        if self.preparation.classes:
            return nn.SoftmaxWithLoss()
        return ScaledSquares(self.preparation)

    def rule(self, network: nn.Module) -> optim.Optimizer:
        """The optimizer over a network's parameters. Raises ValueRangeError for momentum where
        there is none."""
        name, more = self.optimizer, {}
        if self.momentum is not None:
            if name not in ("sgd", "momentum", "nesterov"):
                raise ValueRangeError(
                    tr("this optimizer has no momentum to set"),
                    asked="sgd, momentum, nesterov",
                    came=f"--optimizer {name} --momentum {self.momentum:g}",
                )
            name, more = "momentum" if name == "sgd" else name, {"momentum": self.momentum}
        if self.weight_decay:
            more["weight_decay"] = self.weight_decay
        return optim.RULES[name](network.parameters(), lr=self.lr, **more)

    def plan(self, examples: int) -> int:
        """How many steps the whole run has."""
        if self.steps is not None:
            return self.steps
        return (self.epochs or 1) * -(-examples // self.batch)

    def rate(self, rule: optim.Optimizer, steps: int) -> optim.Schedule | None:
        """The schedule of the learning rate, if there is one."""
        return optim.Schedule(rule, optim.cosine(steps)) if self.schedule == "cosine" else None


def _is_width(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value > 0


def _place(target: str, table: Table) -> str | int:
    """A target's name, or its place where columns have no names."""
    if not table.named and target.lstrip("-").isdecimal():
        return int(target)
    return target
