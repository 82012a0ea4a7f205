"""Tables that are in memory already: pandas and polars frames, by what both of them answer to.

Neither library is imported here. Tables with texts and gaps among the inputs are in `tables`.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from seegrad.data.dataset import Dataset
from seegrad.data.labels import are_labels, encoded
from seegrad.errors import DTypeError, FormatError, ValueRangeError
from seegrad.i18n import tr

Array = NDArray[Any]


def frame(table: Any, target: str | int = -1, labels: bool | None = None) -> Dataset:
    """Examples from a pandas or polars frame: x is (N, columns) float64.

    target: the name or the number of the target's column (default: the last); text in it is
    labels, whole numbers that look like labels too, unless `labels` says otherwise. Raises
    FormatError that names the row and the column of a text among numbers, a missing value or a
    number that is not finite.

    Args:
        table: a pandas or polars frame.

    Raises:
        DTypeError: for what is no frame.
        ValueRangeError: where two columns have one name.

    >>> import pandas
    >>> frame(pandas.DataFrame({"a": [1.0, 2.0], "t": [0, 1]})).x.shape
    (2, 1)
    """
    names = [str(name) for name in getattr(table, "columns", ())]
    if not names or not hasattr(table, "shape"):
        raise DTypeError(
            tr("this is no frame"), asked=tr("a pandas or polars frame"),
            came=type(table).__name__,
        )  # fmt: skip
    if len(set(names)) != len(names):
        twice = next(name for name in names if names.count(name) > 1)
        raise ValueRangeError(
            tr("two columns have the same name"), asked=tr("one name a column"), came=twice
        )
    columns = {str(name): np.asarray(table[name].to_numpy()) for name in table.columns}
    return from_columns(columns, target, labels, "frame")


def from_columns(
    columns: Mapping[str, Array], target: str | int, labels: bool | None, source: str
) -> Dataset:
    """Named columns as examples, checked; `source` is what messages call the table."""
    names = tuple(columns)
    if len(names) < 2 or not len(columns[names[0]]):
        raise FormatError(
            tr("{path} holds nothing to learn from", path=source),
            asked=tr("at least one line with two columns"),
            came=tr(
                "{rows} lines, {columns} columns",
                rows=len(columns[names[0]]) if names else 0,
                columns=len(names),
            ),
        )
    chosen = _chosen(target, names, source)
    features = tuple(name for name in names if name != chosen)
    x = np.column_stack([_numbers(name, columns[name], source) for name in features])
    goal = _target(chosen, columns[chosen], source)
    if labels is None and goal.dtype.kind in "ui":
        labels = are_labels(goal)
    t, classes = encoded(goal, labels)
    return Dataset(x, t, source, classes, features)


def _chosen(target: str | int, names: tuple[str, ...], source: str) -> str:
    if isinstance(target, str) and target in names:
        return target
    if not isinstance(target, str) and -len(names) <= target < len(names):
        return names[target]
    raise ValueRangeError(
        tr("{path} has no such column", path=source),
        asked=f"target={target!r}",
        came=", ".join(names[:12]),
        hint=tr("name one of the columns that came"),
    )


def _numbers(name: str, column: Array, source: str) -> Array:
    """A column of finite numbers, as float64."""
    _nothing_missing(name, column, source)
    if column.dtype.kind in "fiub":
        numbers = column.astype(np.float64)
    else:
        numbers = np.array([_number(value) for value in column.tolist()])
    wrong = ~np.isfinite(numbers)
    if wrong.any():
        row = int(np.argmax(wrong))
        raise FormatError(
            tr("{path} row {row}: not a number", path=source, row=row),
            asked=tr("a finite number in column {column}", column=name),
            came=repr(column[row])[:60],
            hint=tr("only the target's column may hold text"),
        )
    return numbers


def _number(value: Any) -> float:
    if isinstance(value, (bool, int, float, np.number)):
        return float(value)
    return float("nan")


def _target(name: str, column: Array, source: str) -> Array:
    """The target's column: numbers, or texts."""
    _nothing_missing(name, column, source)
    if column.dtype.kind != "O":
        return column
    values = column.tolist()
    if all(isinstance(value, (bool, int, float, np.number)) for value in values):
        return np.array(values)
    return np.array([str(value) for value in values])


def _nothing_missing(name: str, column: Array, source: str) -> None:
    if column.dtype.kind == "f":
        absent = np.isnan(column)
    elif column.dtype.kind == "O":
        # a value that is not equal to itself, or that cannot say so, is a missing one
        absent = np.array([value is None or _unequal(value) for value in column.tolist()], bool)
    elif column.dtype.kind in "mM":
        raise FormatError(
            tr("{path}: column {column} holds dates", path=source, column=name),
            asked=tr("numbers, or texts in the target's column"),
            came=str(column.dtype),
            hint=tr("turn them into numbers first, such as days since a day"),
        )
    else:
        return
    if absent.any():
        raise FormatError(
            tr("{path} row {row}: a value is missing", path=source, row=int(np.argmax(absent))),
            asked=tr("a value in column {column}", column=name),
            came=tr("{count} of them are missing", count=int(absent.sum())),
            hint=tr("drop the line or fill the value first"),
        )


def _unequal(value: Any) -> bool:
    try:
        return bool(value != value)
    except TypeError:
        return True
