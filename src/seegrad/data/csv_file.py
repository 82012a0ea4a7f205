"""CSV whose columns are numbers, one of them perhaps text: the target. How a file is read at all
stands in `tables`, which also takes texts and gaps among the inputs."""

from __future__ import annotations

import os

import numpy as np

from seegrad.data.dataset import Dataset
from seegrad.data.labels import encoded
from seegrad.data.tables.preparation import no_column
from seegrad.data.tables.table import Column, Table, read_table
from seegrad.errors import FormatError
from seegrad.i18n import tr


def csv(
    path: str | os.PathLike[str],
    target: str | int = -1,
    labels: bool | None = None,
    header: bool | None = None,
    separator: str | None = None,
    encoding: str | None = None,
    decimal: str | None = None,
) -> Dataset:
    """Examples from a CSV file of numbers, gzipped or not: x is (N, columns) float64.

    target: the name or the number of the target's column (default: the last). Text in it is
    labels, whole numbers that look like labels too, unless `labels` says otherwise. header: whether
    the first line names the columns (default: it does when it holds a text above a number).
    separator: one of , ; tab | (default: what the first line uses most). encoding: default UTF-8 or
    CP949, whichever fits. decimal: the sign before the fraction, by default found.
    Raises FormatError that names the line and the column of a text among numbers, a missing value,
    a number that is not finite, or a line with another number of columns. For tables with texts and
    gaps see `read_table` and `learn`.

    Args:
        path: where the file is.

    >>> import tempfile
    >>> from pathlib import Path
    >>> import seegrad as sg
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     file = Path(folder, "numbers.csv")
    ...     written = file.write_text("1,2,0 3,4,1".replace(" ", chr(10)))
    ...     found = sg.data.csv(file)
    >>> found.x.shape
    (2, 2)
    """
    named = True if header is None and isinstance(target, str) else header
    table = read_table(path, header=named, separator=separator, encoding=encoding, decimal=decimal)
    if isinstance(target, str):
        chosen = table.names.index(target) if target in table else len(table.columns)
    else:
        chosen = target + len(table.columns) if target < 0 else target
    if not 0 <= chosen < len(table.columns):
        raise no_column(table, target)
    inputs = [column for place, column in enumerate(table.columns) if place != chosen]
    if not inputs:
        raise FormatError(
            tr("{path} holds nothing to learn from", path=table.name),
            asked=tr("at least one line with two columns"),
            came=tr("{rows} lines, {columns} columns", rows=len(table), columns=1),
        )
    x = np.column_stack([_numbers(table, column) for column in inputs])
    goal = table.columns[chosen]
    _refuse_gaps(table, goal)
    fitted = np.array(goal.texts) if goal.numbers.wrong else goal.numbers.values
    t, classes = encoded(fitted, labels)
    features = tuple(column.name for column in inputs)
    return Dataset(x, t, table.name.split(".")[0], classes, features)


def _refuse_gaps(table: Table, column: Column) -> None:
    if len(column.gaps):
        raise FormatError(
            tr("{path} {place}: a value is missing", path=table.name,
               place=table.places(column.gaps)),
            asked=tr("a value in column {column}", column=column.name),
            came=column.shown(column.gaps[0]),
            hint=tr("drop the line or fill the value first"),
        )  # fmt: skip


def _numbers(table: Table, column: Column) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
    """A column of finite numbers."""
    _refuse_gaps(table, column)
    read = column.numbers
    gaps = np.flatnonzero(np.isnan(read.values))
    if len(gaps):
        raise FormatError(
            tr("{path} {place}: not a number", path=table.name, place=table.places(gaps)),
            asked=tr("a finite number in column {column}", column=column.name),
            came=column.shown(gaps[0]),
            hint=tr("only the target's column may hold text"),
        )
    return read.values
