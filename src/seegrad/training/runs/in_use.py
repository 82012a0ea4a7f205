"""A run that was made, in use: raw rows in, names or numbers out; and as an ONNX file that does so.

Directions: folder → setting, network → `Run`; rows → inputs → outputs → answers. Nothing is learnt.
"""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from seegrad import nn
from seegrad.data import Dataset, Preparation
from seegrad.data.tables.preparation import Raw
from seegrad.errors import DTypeError, ShapeError
from seegrad.files import as_path
from seegrad.i18n import tr
from seegrad.nn.module import Module
from seegrad.onnx import export_onnx
from seegrad.ops.nn.activation import softmax
from seegrad.ops.reduce import argmax
from seegrad.ops.shape import concatenate
from seegrad.text import fresh
from seegrad.training import evaluation
from seegrad.training.run_directory import RunFolder
from seegrad.training.runs.setting import Setting
from seegrad.training.runs.sources import read_arrays
from seegrad.training.saving import load, read_checkpoint

Array = NDArray[Any]


def load_run(path: str | os.PathLike[str]) -> Run:
    """The network of a run's folder with all that it takes to use it on raw rows.

    A run that was killed is taken as its newest checkpoint has it. Raises MissingFileError for a
    folder that holds no run, FormatError for what is damaged in it.

    Args:
        path: of the run's folder.

    >>> from tempfile import TemporaryDirectory
    >>> from seegrad.cli import main
    >>> with TemporaryDirectory() as folder:
    ...     words = f"train --data moons --epochs 100 --lr 1 -o {folder}/run --json"
    ...     _ = main([*words.split(), "--hidden", "16"])  # prints the figures
    ...     run = load_run(f"{folder}/run")
    {"epoch": 100, ...}
    >>> run.predict([[0.0, 1.0], [1.0, -0.5]]).tolist(), run.task
    (['0', '1'], 'classification')
    """
    folder = RunFolder(path)
    setting = Setting.from_config(folder.read_config())
    network = setting.network()
    if folder.weights.exists() or not folder.checkpoints.paths():
        load(network, folder.weights)
    else:
        network.load_state_dict(read_checkpoint(folder.checkpoints.newest()).network)
    return Run(setting, network, folder.path)


class Run:
    """A network, and what its run knows of the data: columns, scales, categories, class names.

    setting: what the run was made of. network: takes what `inputs` gives. path: the run's folder.
    """

    def __init__(self, setting: Setting, network: nn.Sequential, path: Path) -> None:
        self.setting, self.network, self.path = setting, network.eval(), path
        self._predictor = evaluation.Predictor()

    @property
    def preparation(self) -> Preparation:
        """Means, scales, categories, names."""
        return self.setting.preparation

    @property
    def task(self) -> str:
        """"classification" or "regression"."""
        return self.preparation.task

    @property
    def classes(self) -> tuple[str, ...]:
        """What the classes are called, in the order of the outputs; none for fitted numbers."""
        return self.preparation.classes

    @property
    def columns(self) -> tuple[str, ...]:
        """The columns that rows must have; none for arrays of numbers."""
        return self.preparation.names

    def __repr__(self) -> str:
        what = self.preparation.target or ", ".join(self.classes[:4]) or "y"
        return f"<run {self.path}: {self.task} of {what}, {self.setting.inputs} inputs>"

    def raw(self, rows: Any) -> Raw | Array:
        """The values of raw rows, checked: of a table's columns, or an array as it is.

        rows: a frame, a mapping of columns, rows in the order of `columns`, a data set, or a file.
        Raises FormatError, ShapeError or DTypeError for what is not like the data learnt from.
        """
        if isinstance(rows, Dataset):
            rows = rows.x
        if self.preparation.features:
            path = isinstance(rows, (str, os.PathLike))
            return self.preparation.raw(self.setting.table(str(rows)) if path else rows)
        if isinstance(rows, (str, os.PathLike)):
            rows = read_arrays(str(rows)).x
        x = rows[:] if hasattr(rows, "numbers") else np.asarray(rows)
        if x.dtype.kind not in "fiub":
            raise DTypeError(
                tr("these are not numbers"), asked=tr("an array of numbers"), came=str(x.dtype)
            )
        x = (x / np.float32(255)).astype(np.float32) if x.dtype == np.uint8 else x
        x = x.astype(np.float32) if x.dtype.kind != "f" else x
        x = x[None] if x.shape == (self.setting.inputs,) else x.reshape(len(x), -1)
        if x.shape[1] != self.setting.inputs:
            raise ShapeError(
                tr("these examples are not like those learnt from"),
                asked=f"(N, {self.setting.inputs})",
                came=f"{np.shape(rows)}",
            )
        return x

    def outputs(self, rows: Any) -> Array:
        """The network's own outputs (N, outputs) for raw rows: scores, or scaled numbers."""
        raw = rows if isinstance(rows, Raw) else self.raw(rows)
        return self.network_outputs(self.preparation.inputs(raw) if isinstance(raw, Raw) else raw)

    def network_outputs(self, x: Any) -> Array:
        """The network's own outputs for inputs that are prepared already."""
        return self._predictor(self.network, x)

    def predict(self, rows: Any) -> Array:
        """For each raw row the name of its class, or the number that was fitted.

        rows: a pandas or polars frame, a mapping of columns, rows (N, columns) in the order of
        `columns`, one row, or the path of a file. A category that was not learnt counts as none of
        the known ones, a missing number as the column's median.
        Raises FormatError that names columns and rows for what is not like the data learnt from.
        """
        return self.preparation.answers(self.outputs(rows))

    def predict_proba(self, rows: Any) -> Array:
        """The probability of each class (N, classes), in the order of `classes`.

        Raises DTypeError for a run that fits numbers.

        Args:
            rows: as for `predict`.
        """
        if not self.classes:
            raise DTypeError(
                tr("numbers that are fitted have no probabilities"),
                asked=tr("a run that tells classes"),
                came=self.task,
            )
        return self.shares(self.outputs(rows))

    def shares(self, outputs: Array) -> Array:
        """Scores as probabilities.

        Args:
            outputs: scores.
        """
        return np.asarray(softmax(outputs))

    def evaluate(self, rows: Any) -> dict[str, float]:
        """Loss and accuracy, or mean squares, R² and mean absolute error, on rows with targets.

        rows: a table with the target's column, a data set, or the path or word of either.
        """
        data = rows
        if not isinstance(rows, (Dataset, str, os.PathLike)):
            data = self.preparation.table(rows)
        return self.scores(
            self.setting.dataset(str(data) if isinstance(data, os.PathLike) else data)
        )

    def scores(self, data: Dataset) -> dict[str, float]:
        """As `evaluate`, of a set that is prepared already."""
        return evaluation.scores(self.setting.loss(), self.network_outputs(data.x), data.t)

    # ------------------------------------------------------------- ONNX

    def export(self, path: str | os.PathLike[str]) -> Path:
        """Write an ONNX model that takes raw rows and gives names.

        Its input is `x` (N, columns) where all columns are numbers, or else one input (N, 1) for
        each column, by its name: floats (NaN where one is missing) and texts. Its outputs are
        `probabilities` and `label`, or `y`; `label_2` and so on where a column is called so.
        Columns and classes stand in its metadata, too.
        """
        made = self.preparation
        textual = {one.name: one.categories for one in made.textual}
        if textual:
            names = [one.name for one in (*made.numeric, *made.textual)]
            examples = tuple(
                np.zeros((1, 1), np.int64 if name in textual else np.float32) for name in names
            )
        else:
            names, width = ["x"], len(made.features) or self.setting.inputs
            examples = (np.zeros((1, width), np.float32),)
        words = ("probabilities", "label") if self.classes else ("y",)
        results = [fresh(word, names) for word in words]
        facts = {
            "seegrad.task": self.task, "seegrad.target": made.target,
            "seegrad.columns": json.dumps(self.columns, ensure_ascii=False),
            "seegrad.classes": json.dumps(self.classes, ensure_ascii=False),
        }  # fmt: skip
        return export_onnx(
            OnRawRows(self.network, made), as_path(path), examples, input_names=names,
            output_names=results, input_words=textual,
            output_words={results[-1]: self.classes} if self.classes else {},
            metadata=facts,
        )  # fmt: skip


class OnRawRows(Module):
    """A network between the arithmetic of its preparation and that of its answers.

    Called with raw numbers (N, ·), or with one array (N, 1) for each column: numbers, then places
    of categories. Gives probabilities and the place of the likeliest class, or numbers.
    """

    def __init__(self, network: Module, preparation: Preparation) -> None:
        self.network, self.preparation = network, preparation

    def forward(self, *columns: Any) -> Any:
        made = self.preparation
        count = len(made.numeric)
        if not made.features:
            x = columns[0]
        elif not made.textual:
            x = made.encoded(columns[0], [])
        else:
            numbers = concatenate(list(columns[:count]), axis=1) if count else np.float32(0)
            x = made.encoded(numbers, columns[count:])
        y = self.network(x)
        if made.classes:
            return softmax(y), argmax(y, axis=1)
        return made.unscaled(y)
