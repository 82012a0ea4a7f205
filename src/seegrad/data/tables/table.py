"""A table: named columns of texts or numbers, from a CSV file, a frame, a mapping, or rows.

What a column is used for is not known here.
"""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from seegrad.data.tables.cells import Cells, cells_of, decoded, rows_of
from seegrad.data.tables.columns import (
    BOOLEAN,
    LARGEST,
    NUMBER,
    WORDS,
    Kind,
    Numbers,
    as_numbers,
    decimal_sign,
    is_gap,
    kind_of,
)
from seegrad.errors import DTypeError, FormatError, ValueRangeError
from seegrad.files import existing
from seegrad.i18n import tr

Array = NDArray[Any]


@dataclass(frozen=True, eq=False)
class Column:
    """One column: stripped texts ("" or another word of a gap), or float64 with NaN in its gaps.

    truth: the numbers are 0 and 1 for no and yes.
    """

    name: str
    texts: Sequence[str] | None = None
    values: Array | None = None
    decimal: str = "."
    truth: bool = False

    def __len__(self) -> int:
        return len(self.texts if self.texts is not None else self._values)

    @property
    def _values(self) -> Array:
        assert self.values is not None
        return self.values

    @cached_property
    def kind(self) -> Kind:
        """What it holds."""
        if self.texts is None:
            return Kind(BOOLEAN if self.truth else NUMBER)
        return kind_of(self.texts, self.decimal)

    @cached_property
    def numbers(self) -> Numbers:
        """Its values as numbers, gaps as NaN, and the rows in which there is none."""
        if self.texts is None:
            wrong = np.flatnonzero(np.isinf(self._values)).tolist()
            return Numbers(np.where(np.isinf(self._values), np.nan, self._values), wrong)
        return as_numbers(self.texts, self.decimal)

    @cached_property
    def usable(self) -> Numbers:
        """Its values as numbers to compute with: those that float32 has not are wrong, too."""
        found = self.numbers
        large = np.flatnonzero(np.abs(np.nan_to_num(found.values)) > LARGEST).tolist()
        if not large:
            return found
        values = found.values.copy()
        values[large] = np.nan
        return Numbers(values, sorted([*found.wrong, *large]))

    @cached_property
    def truths(self) -> Numbers:
        """1 for yes and 0 for no, gaps as NaN, and the rows in which there is something else."""
        if self.texts is None:
            values = self.numbers.values
            other = np.flatnonzero(~np.isin(values, [0, 1]) & (values == values))
            return Numbers(values, other.tolist())
        known = {**WORDS, "1": 1.0, "0": 0.0, "1.0": 1.0, "0.0": 0.0}
        found = [
            np.nan if is_gap(text) else known.get(text.lower(), np.inf) for text in self.texts
        ]
        values = np.array(found)
        wrong = np.flatnonzero(np.isinf(values)).tolist()
        values[wrong] = np.nan
        return Numbers(values, wrong)

    @cached_property
    def words(self) -> list[str]:
        """Its values as texts, gaps as ""."""
        if self.texts is not None:
            return ["" if is_gap(text) else text for text in self.texts]
        if self.truth:
            return ["" if v != v else str(bool(v)) for v in self._values.tolist()]
        return ["" if v != v else f"{v:.12g}" for v in self._values.tolist()]

    @cached_property
    def gaps(self) -> Array:
        """The rows without a value."""
        if self.texts is None:
            return np.flatnonzero(np.isnan(self._values))
        return np.flatnonzero([is_gap(text) for text in self.texts])

    def take(self, rows: Array) -> Column:
        """Some of its rows."""
        if self.texts is None:
            return replace(self, values=self._values[rows])
        return replace(self, texts=[self.texts[row] for row in rows])

    def shown(self, row: int) -> str:
        """A value as the table has it."""
        return repr(self.texts[row] if self.texts is not None else f"{self._values[row]:g}")[:60]


@dataclass(frozen=True, eq=False)
class Table:
    """Columns of the same length. `named`: their names come from the data, not from their places.

    Args:
        columns: their names and values.
        name: what errors call the table.
        decimal: the decimal sign of the file.
        encoding: that of the file.
        first_row: on which line of the file the first row stands.
        file: was it read from one?
        lines: on which line each row stands.
        separator: what stands between two values.

    >>> table = as_table({"height": [1.5, None], "kind": ["oak", "elm"]})
    >>> len(table), table.names, table["height"].gaps.tolist()
    (2, ('height', 'kind'), [1])
    >>> import seegrad as sg
    >>> sg.data.as_table({"size": [1.0, 2.0]}).places([1])
    'row 1'
    """

    columns: tuple[Column, ...]
    name: str
    named: bool = True
    decimal: str = "."
    encoding: str = ""
    first_row: int = 0
    file: Path | None = field(default=None, repr=False)
    lines: Sequence[int] | None = field(default=None, repr=False)
    separator: str = field(default=",", repr=False)

    def __len__(self) -> int:
        return len(self.columns[0])

    @property
    def names(self) -> tuple[str, ...]:
        return tuple(column.name for column in self.columns)

    def __getitem__(self, name: str) -> Column:
        return self.columns[self.names.index(name)]

    def __contains__(self, name: object) -> bool:
        return name in self.names

    def places(self, rows: Any, most: int = 6) -> str:
        """Rows as a person finds them: by their lines in the file, by their numbers in a frame.

        Args:
            rows: their numbers, from 0.
            most: how many are named at most.
        """
        some = [int(row) for row in rows[:most]]
        shown = ", ".join(str(self._line(row)) for row in some)
        more = f" … (+{len(rows) - most})" if len(rows) > most else ""
        if self.file is None:
            return tr("row {row}", row=shown + more)
        return tr("line {line}", line=shown + more)

    def _line(self, row: int) -> int:
        if self.file is None:
            return row
        if self.lines is not None:
            return self.lines[row + self.first_row]
        text = decoded(self.file, self.encoding)[0]
        return rows_of(text, self.separator, self.file.name)[row + self.first_row][0]


def read_table(
    path: str | os.PathLike[str],
    *,
    header: bool | None = None,
    separator: str | None = None,
    encoding: str | None = None,
    decimal: str | None = None,
    known: Sequence[str] = (),
    usual: str = "",
) -> Table:
    """A CSV file as a table, gzipped or not.

    header: does the first line name the columns? (default: it does when it holds one of the names
    that are `known`, a text above a number, or texts that come nowhere below). separator: one of
    , ; tab | (default: what the first line uses most). encoding: by default UTF-8, UTF-16 by its
    mark, or CP949. decimal: the sign before the fraction, "." or "," (default: found; `usual` where
    it could be both). Raises FormatError, with the line, for what cannot be read.

    Args:
        path: where the file is.

    Raises:
        ValueRangeError: for a decimal sign that is neither a point nor a comma.

    >>> import tempfile
    >>> from pathlib import Path
    >>> import seegrad as sg
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     file = Path(folder, "wine.csv")
    ...     written = file.write_text("size,good 1,yes 2,no".replace(" ", chr(10)))
    ...     table = sg.data.read_table(file)
    >>> table.names
    ('size', 'good')
    """
    file = existing(path, tr("a CSV file"))
    cells = cells_of(file, separator, encoding)
    names = [column[0].strip() for column in cells.columns]
    met = {*names} & {*known}
    told = any(not _is_number(name) for name in met) or (met == {*known} and len(met) > 1)
    named = (bool(met) and told) or _names_above(cells) if header is None else header
    first = 1 if named else 0
    if len(cells.columns[0]) <= first:
        raise FormatError(
            tr("{path} holds nothing to learn from", path=file.name),
            asked=tr("at least one line with two columns"),
            came=tr("{rows} lines, {columns} columns", rows=0, columns=len(names)),
        )
    if decimal not in (None, ".", ","):
        raise ValueRangeError(
            tr("a decimal sign is a point or a comma"), asked=". ,", came=repr(decimal)
        )
    texts = [[text.strip() for text in column[first:]] for column in cells.columns]
    sign = decimal or decimal_sign(texts, cells.separator, usual)
    called = _named(names, file.name) if named else [str(i) for i in range(len(names))]
    columns = tuple(Column(name, column, None, sign) for name, column in zip(called, texts))
    return Table(
        columns, file.name, named, sign, cells.encoding, first, file, cells.lines, cells.separator
    )


def _named(names: Sequence[str], source: str) -> list[str]:
    """Names of columns; one without is called by its place, two alike are refused."""
    called = [name or f"column {place + 1}" for place, name in enumerate(names)]
    if len(set(called)) != len(called):
        twice = next(name for name in called if called.count(name) > 1)
        raise FormatError(
            tr("{path}: two columns have the same name", path=source),
            asked=tr("one name a column"),
            came=twice,
        )
    return called


def _names_above(cells: Cells) -> bool:
    """Does the first line name the columns?"""
    heads = [column[0].strip() for column in cells.columns]
    firsts = [column[1].strip() if len(column) > 1 else "" for column in cells.columns]
    if any(map(_is_number, heads)):
        return False
    if any(_is_number(below) for below in firsts):
        return True
    apart = all(head not in column[1:] for head, column in zip(heads, cells.columns))
    return all(heads) and len(set(heads)) == len(heads) and apart


def _is_number(text: str) -> bool:
    return not as_numbers([text], ",").wrong and not is_gap(text)


def as_table(
    rows: Any, names: Sequence[str] = (), usual: str = "", source: str = "rows"
) -> Table:
    """A table of what comes: a Table, a CSV file by its path, a pandas or polars frame, a mapping
    of columns, or rows (N, columns) whose columns are called `names`. source: what messages call
    it.

    Raises DTypeError for anything else, FormatError for columns of different lengths.

    Args:
        usual: what the columns are called where nothing names them.

    >>> import seegrad as sg
    >>> as_table({"size": [1.0, 2.0], "good": ["yes", "no"]}).names
    ('size', 'good')
    """
    if isinstance(rows, Table):
        return rows
    if isinstance(rows, (str, os.PathLike)):
        return read_table(rows, known=names, usual=usual)
    if hasattr(rows, "columns") and hasattr(rows, "shape"):
        found = {str(name): np.asarray(rows[name].to_numpy()) for name in rows.columns}
        if len(found) != len(rows.columns):
            _named([str(name) for name in rows.columns], "frame")
        return _of(found, "frame")
    if isinstance(rows, Mapping):
        found = {str(name): _vector(values) for name, values in rows.items()}
        return _of(found, source)
    if isinstance(rows, np.ndarray) or (isinstance(rows, (list, tuple)) and len(rows)):
        return _by_rows(rows, names)
    raise DTypeError(
        tr("this is no table"),
        asked=tr("a frame, a mapping of columns, rows, or the path of a CSV file"),
        came=type(rows).__name__,
    )


def _vector(values: Any) -> Array:
    return np.asarray(values.to_numpy() if hasattr(values, "to_numpy") else _mixed(values))


def _mixed(values: Any) -> Any:
    """Values as an array that keeps numbers beside texts."""
    if isinstance(values, np.ndarray):
        return values
    values = list(values) if isinstance(values, (list, tuple)) else [values]
    plain = all(isinstance(v, (bool, int, float, np.number)) for v in values)
    return np.array(values) if plain else np.array([*values, None], object)[:-1]


def _by_rows(rows: Any, names: Sequence[str]) -> Table:
    if isinstance(rows[0] if len(rows) else None, Mapping):
        keys = dict.fromkeys(key for row in rows for key in row)
        return as_table({key: _mixed([row.get(key) for row in rows]) for key in keys})
    lists: Any
    if not isinstance(rows, np.ndarray):
        lists = [list(row) if isinstance(row, (list, tuple, np.ndarray)) else [row] for row in rows]
        if names and all(len(row) == 1 for row in lists) and len(names) == len(lists) > 1:
            lists = [[row[0] for row in lists]]               # one row
    else:
        lists = rows.reshape(1, -1) if rows.ndim == 1 and len(names) != 1 else rows
        lists = lists.reshape(len(lists), -1)
    width = len(lists[0]) if len(lists) else len(names)
    if any(len(row) != width for row in lists) or (names and width != len(names)):
        raise FormatError(
            tr("the rows do not have the columns that were learnt from"),
            asked=tr("{count} columns: {names}", count=len(names), names=", ".join(names[:12])),
            came=tr("{count} columns", count=width),
        )
    called = list(names) or [str(i) for i in range(width)]
    columns = {name: _mixed([row[i] for row in lists]) for i, name in enumerate(called)}
    return replace(_of(columns, "rows"), named=bool(names))


def _of(columns: Mapping[str, Array], source: str) -> Table:
    """Named arrays as a table."""
    lengths = {len(values) if values.ndim else -1 for values in columns.values()}
    if len(lengths) != 1 or min(lengths) < 1:
        raise FormatError(
            tr("{path} holds nothing to learn from", path=source),
            asked=tr("columns of the same length, with at least one row"),
            came=", ".join(f"{name} {values.shape}" for name, values in columns.items())[:100],
        )
    return Table(tuple(_column(name, values, source) for name, values in columns.items()), source)


def _column(name: str, values: Array, source: str) -> Column:
    if values.dtype.kind in "fiub":
        return Column(name, None, values.astype(np.float64), ".", values.dtype.kind == "b")
    if values.dtype.kind in "mM":
        raise FormatError(
            tr("{path}: column {column} holds dates", path=source, column=name),
            asked=tr("numbers or texts"),
            came=str(values.dtype),
            hint=tr("turn them into numbers first, such as days since a day"),
        )
    cells = [None if _is_none(value) else value for value in values.tolist()]
    filled = [value for value in cells if value is not None]
    if filled and all(isinstance(value, (bool, int, float, np.number)) for value in filled):
        numbers = np.array([np.nan if value is None else float(value) for value in cells])
        return Column(name, None, numbers, ".", all(isinstance(v, bool) for v in filled))
    return Column(name, ["" if value is None else _text(value) for value in cells])


def _text(value: Any) -> str:
    return f"{value:.12g}" if isinstance(value, float) else str(value).strip()


def _is_none(value: Any) -> bool:
    """A value that is not equal to itself, or that cannot say so, is a missing one."""
    try:
        return value is None or bool(value != value)
    except TypeError:
        return True
