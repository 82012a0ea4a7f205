"""A table's rows made a network's inputs, and its outputs made answers; learnt once, then kept.

Directions: `learn` looks at the training rows; `Preparation.raw` takes the values out of any table
and checks them, `encoded` is the arithmetic on them (on arrays, and on tensors where it is to be
part of a graph), `answers` goes back. It goes to JSON and comes back with distrust.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from seegrad.data.labels import are_labels
from seegrad.data.tables.columns import BOOLEAN, CATEGORY, NUMBER, mean_and_deviation
from seegrad.data.tables.feature import Feature, not_numbers
from seegrad.data.tables.table import Column, Table, as_table
from seegrad.errors import FormatError, ValueRangeError
from seegrad.i18n import tr
from seegrad.text import nearest

Array = NDArray[Any]
CLASSIFICATION, REGRESSION = "classification", "regression"
TASKS = (CLASSIFICATION, REGRESSION)


@dataclass(frozen=True)
class Raw:
    """A table's values before any arithmetic: numbers (N, ·) with NaN in gaps, and the places of
    categories (N, ·); how many gaps each column has, and how often it held which unknown text."""

    numbers: Array
    codes: Array
    gaps: Mapping[str, int]
    unknown: Mapping[str, Mapping[str, int]]


@dataclass(frozen=True)
class Preparation:
    """What turns raw rows into inputs, and outputs into names or numbers.

    features: the columns that are used; none where the rows are arrays of numbers and taken as they
    are. classes: the names of the outputs; without them, numbers are fitted, as (t − mean) /
    deviation. named: the columns have names, not only places. decimal: the sign before fractions.

    Args:
        target: the column to predict.
        left_out: columns that are not looked at.

    >>> table = as_table({"height": [1.0, 3.0, None, 4.0], "kind": ["oak", "elm", "oak", "elm"]})
    >>> learnt = learn(table, "kind").preparation
    >>> learnt.task, learnt.classes, learnt.width
    ('classification', ('elm', 'oak'), 2)
    >>> learnt.inputs({"height": [3.0, None]}).tolist()
    [[0.22941..., 0.0], [0.22941..., 1.0]]
    >>> import seegrad as sg
    >>> table = sg.data.as_table({"size": [1.0, 2.0, 3.0], "price": [2.5, 4.5, 6.5]})
    >>> learnt = sg.data.learn(table, task="regression").preparation
    >>> learnt.table([[4.0]]).names
    ('size',)
    >>> raw = learnt.raw([[4.0]])
    >>> learnt.encoded(raw.numbers, raw.codes).shape
    (1, 1)
    >>> learnt.unscaled(learnt.targets(table)).round(1).ravel()
    array([2.5, 4.5, 6.5], dtype=float32)
    >>> learnt.answers(learnt.scaled(np.array([4.5]))).round(1)
    array([4.5])
    >>> Preparation.from_json(learnt.to_json()) == learnt
    True
    """

    features: tuple[Feature, ...] = ()
    target: str = ""
    classes: tuple[str, ...] = ()
    mean: tuple[float, ...] = ()
    deviation: tuple[float, ...] = ()
    named: bool = True
    decimal: str = "."
    left_out: tuple[str, ...] = field(default=())

    @property
    def task(self) -> str:
        return CLASSIFICATION if self.classes else REGRESSION

    @property
    def names(self) -> tuple[str, ...]:
        """The columns that it reads."""
        return tuple(feature.name for feature in self.features)

    @property
    def width(self) -> int:
        """How many inputs the network has."""
        return sum(feature.width for feature in self.features)

    @property
    def numeric(self) -> tuple[Feature, ...]:
        return tuple(feature for feature in self.features if feature.kind != CATEGORY)

    @property
    def textual(self) -> tuple[Feature, ...]:
        return tuple(feature for feature in self.features if feature.kind == CATEGORY)

    # ------------------------------------------------------------- inputs

    def table(self, rows: Any) -> Table:
        """Raw rows, of whatever kind, as a table that has the columns. Raises FormatError."""
        table = as_table(rows, self.names, self.decimal)
        missing = [name for name in self.names if name not in table]
        if not missing:
            return table
        if not self.named and len(table.columns) == len(self.features):
            columns = [
                Column(name, old.texts, old.values, old.decimal, old.truth)
                for name, old in zip(self.names, table.columns)
            ]
            return Table(**{**vars(table), "columns": tuple(columns)})
        close = [near for name in missing for near in nearest(name, table.names)]
        raise FormatError(
            tr("{path} lacks columns that were learnt from", path=table.name),
            asked=", ".join(missing[:12]),
            came=", ".join(table.names[:12]),
            hint=tr("nearest: {names}", names=", ".join(dict.fromkeys(close))) if close else "",
        )

    def raw(self, rows: Any) -> Raw:
        """The values of raw rows, checked. Raises FormatError that names rows and columns."""
        table = self.table(rows)
        numbers = [feature.numbers(table) for feature in self.numeric]
        coded = {feature.name: feature.codes(table) for feature in self.textual}
        count = len(table)
        return Raw(
            np.column_stack([np.zeros((count, 0)), *numbers]),
            np.column_stack([np.zeros((count, 0), np.int64), *(c for c, _ in coded.values())]),
            {name: len(gaps) for name in self.names if len(gaps := table[name].gaps)},
            {name: dict(unknown) for name, (_, unknown) in coded.items() if unknown},
        )

    def encoded(self, numbers: Any, codes: Sequence[Any]) -> Any:
        """The network's inputs from raw numbers (N, ·) and one array of places (N, 1) for each
        column of categories; tensors give a graph.

        Args:
            codes: one array of places for each column of categories.
        """
        dtype, parts = numbers.dtype, []
        if self.numeric:
            fill, mean, deviation = (
                np.array([getattr(one, name) for one in self.numeric], dtype)
                for name in ("fill", "mean", "deviation")
            )
            gap = np.isnan(numbers)
            parts.append((np.where(gap, fill, numbers) - mean) / deviation)
            holes = [place for place, feature in enumerate(self.numeric) if feature.gaps]
            if holes:
                parts.append(gap[:, np.array(holes)].astype(dtype))
        for feature, code in zip(self.textual, codes):
            parts.append((code == np.arange(len(feature.categories))).astype(dtype))
        return parts[0] if len(parts) == 1 else np.concatenate(parts, axis=1)

    def inputs(self, rows: Any) -> Array:
        """The network's inputs (N, width) of raw rows, as float32."""
        raw = rows if isinstance(rows, Raw) else self.raw(rows)
        encoded = self.encoded(raw.numbers, [raw.codes[:, i : i + 1] for i in
                                             range(raw.codes.shape[1])])  # fmt: skip
        found: Array = np.asarray(encoded, np.float32)
        return found

    # ------------------------------------------------------------- targets and answers

    def targets(self, rows: Any) -> Array:
        """The targets of a table with the target's column: class numbers, or scaled (N, 1).

        Raises FormatError for missing ones, for texts where numbers are asked for, and for classes
        that were not learnt.
        """
        table = as_table(rows, (), self.decimal)
        column = _target(table, self.target)
        if not self.classes:
            return self.scaled(_goal(table, column)[:, None])
        places = {name: place for place, name in enumerate(self.classes)}
        words = _class_names(column)
        if wrong := [row for row, word in enumerate(words) if word not in places]:
            raise FormatError(
                tr("{path} {place}: a class that was not learnt", path=table.name,
                   place=table.places(wrong)),
                asked=", ".join(self.classes[:12]),
                came=column.shown(wrong[0]),
            )  # fmt: skip
        return np.array([places[word] for word in words], np.int64)

    def scaled(self, t: Array) -> Array:
        """Numbers to fit with mean 0 and deviation 1, as float32."""
        if not self.mean:
            return t
        found: Array = ((t - np.array(self.mean)) / np.array(self.deviation)).astype(np.float32)
        return found

    def unscaled(self, outputs: Any) -> Any:
        """A network's outputs in the units of the targets; tensors give a graph."""
        if not self.mean:
            return outputs
        dtype = outputs.dtype
        return outputs * np.array(self.deviation, dtype) + np.array(self.mean, dtype)

    def answers(self, outputs: Array) -> Array:
        """Class names (N,), or numbers (N,), of several outputs (N, ·), from a network's outputs.
        """
        if self.classes:
            names: Array = np.array(self.classes)[outputs.argmax(axis=1)]
            return names
        numbers: Array = self.unscaled(np.asarray(outputs, np.float64))
        one: Array = numbers[:, 0] if numbers.ndim == 2 and numbers.shape[1] == 1 else numbers
        return one

    # ------------------------------------------------------------- JSON

    def to_json(self) -> dict[str, Any]:
        """As a run keeps it."""
        return asdict(self)

    @classmethod
    def from_json(cls, found: Any) -> Preparation:
        """Back from JSON. Raises FormatError for what is none.

        Args:
            found: what `to_json` gave.
        """
        try:
            made = cls(
                tuple(map(Feature.from_json, found["features"])), found["target"],
                tuple(found["classes"]), tuple(map(float, found["mean"])),
                tuple(map(float, found["deviation"])), bool(found["named"]), found["decimal"],
                tuple(found["left_out"]),
            )  # fmt: skip
            if (
                not all(isinstance(text, str) for text in (made.target, *made.classes))
                or made.decimal not in (".", ",")
                or len(made.mean) != len(made.deviation)
                or not (np.isfinite([*made.mean, *made.deviation]).all())
                or not all(value > 0 for value in made.deviation)
            ):
                raise ValueError(found)
        except (LookupError, TypeError, ValueError, AttributeError) as fault:
            raise FormatError(
                tr("{path} is damaged", path="config.json"),
                asked=tr("the columns and classes of a run"),
                came=str(found)[:100],
            ) from fault
        return made


# --------------------------------------------------------------- learning


@dataclass(frozen=True)
class Learnt:
    """What was learnt, and what is to be said of it, a sentence each."""

    preparation: Preparation
    notes: tuple[str, ...]


def learn(
    table: Table,
    target: str | int = -1,
    task: str | None = None,
    rows: Array | None = None,
    drop: Sequence[str] = (),
    categories: Sequence[str] = (),
) -> Learnt:
    """Learn from a table what its columns are and how they are scaled.

    target: the name or the place of the column to predict. task: "classification" or "regression";
    by default texts and few whole numbers are classes, other numbers are fitted. rows: those to
    learn medians, means, deviations and categories from (default: all); classes are those of all
    rows. drop: columns to leave out. categories: columns whose numbers are names, such as codes.

    Raises FormatError that names columns and rows: a target that is missing, constant, or a text
    where numbers are to be fitted; texts among numbers. ValueRangeError for names of no column,
    with the nearest.

    >>> import seegrad as sg
    >>> table = sg.data.as_table({"size": [1.0, 2.0, 3.0], "good": ["yes", "no", "yes"]})
    >>> learn(table).preparation.classes
    ('no', 'yes')
    """
    goal = _target(table, target)
    for name in (*drop, *categories):
        if name not in table:
            raise no_column(table, name)
    kind = _task(table, goal, task)
    learnt, left = [], []
    for column in table.columns:
        if column is goal or column.name in drop:
            continue
        feature = _feature(table, column, rows, column.name in categories)
        if feature is None:
            left.append(column.name)
        else:
            learnt.append(feature)
    if not learnt:
        raise FormatError(
            tr("{path} holds nothing to learn from", path=table.name),
            asked=tr("a column of numbers or categories beside the target"),
            came=", ".join(table.names[:12]),
        )
    classes: tuple[str, ...] = ()
    mean: tuple[float, ...] = ()
    deviation: tuple[float, ...] = ()
    if kind == CLASSIFICATION:
        classes = _classes(table, goal)
    else:
        t = _goal(table, goal)
        some = t if rows is None else t[rows]
        first, second = mean_and_deviation(some)
        mean, deviation = (first,), (second,)
    made = Preparation(
        tuple(learnt), goal.name, classes, mean, deviation, table.named, table.decimal, tuple(left)
    )
    return Learnt(made, tuple(_notes(table, made, task)))


def no_column(table: Table, name: Any) -> ValueRangeError:
    """What says that a table has no such column, with the nearest names."""
    close = nearest(str(name), table.names)
    return ValueRangeError(
        tr("{path} has no such column", path=table.name),
        asked=str(name),
        came=", ".join(table.names[:12]),
        hint=tr("nearest: {names}", names=", ".join(close)) if close
        else tr("name one of the columns that came"),
    )  # fmt: skip


def _target(table: Table, target: str | int) -> Column:
    """The target's column, without gaps."""
    if isinstance(target, str):
        if target not in table:
            raise no_column(table, target)
        column = table[target]
    elif -len(table.columns) <= target < len(table.columns):
        column = table.columns[target]
    else:
        raise no_column(table, target)
    if len(column.gaps):
        raise FormatError(
            tr("{path} {place}: the target is missing", path=table.name,
               place=table.places(column.gaps)),
            asked=tr("a value in column {column}", column=column.name),
            came=tr("{count} of {total} are missing", count=len(column.gaps), total=len(table)),
            hint=tr("fill these rows, or take them out"),
        )  # fmt: skip
    return column


def _task(table: Table, goal: Column, task: str | None) -> str:
    """The task, guessed where it is not said; a constant target is refused."""
    if task not in (None, *TASKS):
        raise ValueRangeError(tr("there is no such task"), asked=", ".join(TASKS), came=str(task))
    if len(set(goal.words)) == 1:
        raise FormatError(
            tr("{path}: column {column}, the target, is the same in every row", path=table.name,
               column=goal.name),
            asked=tr("at least two different values"),
            came=tr("{value} in all {count} rows", value=goal.shown(0), count=len(goal)),
            hint=tr("name another column with --target"),
        )  # fmt: skip
    if task is None:
        if goal.kind.name != NUMBER:
            return CLASSIFICATION
        return CLASSIFICATION if are_labels(_goal(table, goal)) else REGRESSION
    if task == CLASSIFICATION and len(set(goal.words)) > max(2, len(goal) / 2):
        raise FormatError(
            tr("{path}: column {column} is no class", path=table.name, column=goal.name),
            asked=tr("classes that come at least twice"),
            came=tr("{count} different values in {total} rows", count=len(set(goal.words)),
                    total=len(goal)),
            hint="--task regression",
        )  # fmt: skip
    return task


def _goal(table: Table, column: Column) -> Array:
    """The target as numbers to fit. Raises FormatError for texts among them."""
    read = column.usable
    if len(read.wrong):
        raise FormatError(
            tr("{path} {place}: the target is not a number", path=table.name,
               place=table.places(read.wrong)),
            asked=tr("a finite number in column {column}", column=column.name),
            came=tr("{value}; {count} such values", value=column.shown(read.wrong[0]),
                    count=len(read.wrong)),
            hint=tr("mend it, or predict classes: --task classification"),
        )  # fmt: skip
    return read.values


def _class_names(column: Column) -> list[str]:
    """Each row's class as it is called: numbers without needless zeros."""
    if column.texts is not None and column.kind.name == NUMBER and not column.kind.wrong:
        return [f"{value:.12g}" for value in column.numbers.values.tolist()]
    return column.words


def _classes(table: Table, column: Column) -> tuple[str, ...]:
    names = set(_class_names(column))
    numbers = column.kind.name == NUMBER and not column.numbers.wrong
    return tuple(sorted(names, key=float) if numbers else sorted(names))


def _feature(table: Table, column: Column, rows: Array | None, asked: bool) -> Feature | None:
    """What is learnt of a column; None where it is left out."""
    kind = column.kind
    if asked:
        return Feature.learnt(column if rows is None else column.take(rows), CATEGORY)
    wrong = column.usable.wrong if kind.name == NUMBER else kind.wrong
    if wrong:
        number = tr("a finite number in column {column}", column=column.name)
        raise not_numbers(table, column, wrong, number)
    numbering = column.name.startswith(("column ", "Unnamed: ")) or _is_key(column.name)
    if kind.name == NUMBER and numbering and _counts_rows(column):
        return None
    return Feature.learnt(column if rows is None else column.take(rows), kind.name)


def _is_key(name: str) -> bool:
    plain = name.strip().lower()
    return plain.endswith("id") or plain in ("index", "no", "no.", "번호", "순번")


def _counts_rows(column: Column) -> bool:
    """Do its values only number the rows?"""
    values = column.numbers.values
    return bool(len(values) > 1 and (np.diff(values) == 1).all())


def _notes(table: Table, made: Preparation, task: str | None) -> list[str]:
    """What was found, a sentence each."""
    notes: list[str] = []
    if table.encoding and table.encoding not in ("utf-8-sig", "utf-8"):
        notes.append(tr("{path} is read as {encoding}", path=table.name, encoding=table.encoding))
    if table.decimal == ",":
        notes.append(tr("numbers are read with a decimal comma"))
    classes = len(made.classes)
    if task is None and classes:
        notes.append(tr("task: classification of {column} ({count} classes); "
                        "--task regression fits numbers", column=made.target, count=classes))
    elif task is None:
        notes.append(tr("task: regression of {column} (mean {mean}, deviation {deviation}); "
                        "--task classification tells classes", column=made.target,
                        mean=f"{made.mean[0]:.4g}", deviation=f"{made.deviation[0]:.4g}"))
    counts = {kind: sum(feature.kind == kind for feature in made.features)
              for kind in (NUMBER, BOOLEAN, CATEGORY)}
    if counts[CATEGORY] or counts[BOOLEAN]:
        notes.append(tr("columns: {numbers} of numbers, {truths} of yes or no, {texts} of "
                        "categories; {width} inputs", numbers=counts[NUMBER],
                        truths=counts[BOOLEAN], texts=counts[CATEGORY], width=made.width))
    if gaps := [feature.name for feature in made.features if feature.gaps]:
        notes.append(tr("values are missing in {columns}: numbers get the column's median, texts "
                        "are a category of their own, and the network is told where",
                        columns=_listed(gaps)))
    if made.left_out:
        notes.append(tr("left out: {columns} (nearly every row another text, only a count of the "
                        "rows, or empty)", columns=_listed(made.left_out)))
    return notes  # fmt: skip


def _listed(names: Sequence[str], most: int = 8) -> str:
    more = f" … (+{len(names) - most})" if len(names) > most else ""
    return ", ".join(names[:most]) + more
