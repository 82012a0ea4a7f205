"""CSV: one example a line, numbers in columns, one column the target."""

from __future__ import annotations

import csv as reader
import io
import math
import os
from pathlib import Path

import numpy as np

from seegrad.data.dataset import Dataset
from seegrad.data.labels import encoded
from seegrad.errors import FormatError, ValueRangeError
from seegrad.files import content, existing
from seegrad.i18n import tr

_FIELD_LIMIT = 2**16
_SEPARATORS = ",;\t|"


def csv(
    path: str | os.PathLike[str],
    target: str | int = -1,
    labels: bool | None = None,
    header: bool | None = None,
    separator: str | None = None,
) -> Dataset:
    """Examples from a CSV file (UTF-8, gzipped or not): x is (N, columns) float64.

    target: the name or the number of the target's column (default: the last). Text in it is
    labels, whole numbers that repeat too, unless `labels` says otherwise. header: whether the first
    line names the columns (default: it does when it holds a text above a number). separator: one
    of , ; tab | (default: what the first line uses most).
    Raises FormatError that names the line and the column of a text among numbers, a missing value,
    a number that is not finite, or a line with another number of columns.
    """
    file = existing(path, tr("a CSV file"))
    lines = _lines(file, separator)
    width = len(lines[0][1])
    for number, fields in lines:
        if len(fields) != width:
            raise FormatError(
                tr("{path} line {line}: wrong number of columns", path=file.name, line=number),
                asked=tr("{count} columns, as in the first line", count=width),
                came=tr("{count} columns", count=len(fields)),
                hint=tr("put quotes around a text that holds the separator"),
            )
    names = tuple(field.strip() for field in lines[0][1])
    named = _looks_like_names(lines) if header is None and not isinstance(target, str) else header
    if named is None:
        named = isinstance(target, str)
    if not named:
        names = tuple(str(column) for column in range(width))
    rows = lines[1:] if named else lines
    chosen = _column(file, target, names)
    if width < 2 or not rows:
        raise FormatError(
            tr("{path} holds nothing to learn from", path=file.name),
            asked=tr("at least one line with two columns"),
            came=tr("{rows} lines, {columns} columns", rows=len(rows), columns=width),
        )
    inputs = [column for column in range(width) if column != chosen]
    x = np.array([[_number(file, n, names[c], fields[c]) for c in inputs] for n, fields in rows])
    features = tuple(names[column] for column in inputs)
    texts = [_present(file, n, names[chosen], fields[chosen]) for n, fields in rows]
    try:
        goal = np.array([float(text) for text in texts])
    except ValueError:
        goal = np.array(texts)
    t, classes = encoded(goal, labels)
    return Dataset(x, t, file.name.split(".")[0], classes, features)


def _lines(file: Path, separator: str | None) -> list[tuple[int, list[str]]]:
    """The filled lines of the file as (line number, fields)."""
    try:
        text = content(file).decode("utf-8-sig")
    except UnicodeDecodeError as fault:
        raise FormatError(
            tr("{path} is not a text in UTF-8", path=file.name),
            asked=tr("a CSV file"),
            came=tr("a byte that is no text, at {place}", place=fault.start),
            hint=tr("save the table as CSV (UTF-8)"),
        ) from fault
    first = text.split("\n", 1)[0]
    chosen = separator or max(_SEPARATORS, key=first.count)
    if len(chosen) != 1:
        raise ValueRangeError(
            tr("a separator is one character"), asked=", ; tab |", came=repr(separator)
        )
    before = reader.field_size_limit(_FIELD_LIMIT)
    try:
        rows = reader.reader(io.StringIO(text, newline=""), delimiter=chosen, strict=True)
        lines = [(rows.line_num, fields) for fields in rows if any(map(str.strip, fields))]
    except reader.Error as fault:
        raise FormatError(
            tr("{path} cannot be read as CSV", path=file.name),
            asked=tr("lines of columns, with quotes closed"),
            came=str(fault),
        ) from fault
    finally:
        reader.field_size_limit(before)
    if not lines:
        raise FormatError(
            tr("{path} holds nothing to learn from", path=file.name),
            asked=tr("at least one line with two columns"),
            came=tr("an empty file"),
        )
    return lines


def _looks_like_names(lines: list[tuple[int, list[str]]]) -> bool:
    """Whether the first line holds a text in a column where the second holds a number."""
    if len(lines) < 2:
        return not any(map(_is_number, lines[0][1]))
    pairs = zip(lines[0][1], lines[1][1])
    return any(not _is_number(above) and _is_number(below) for above, below in pairs)


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True


def _column(file: Path, target: str | int, names: tuple[str, ...]) -> int:
    if isinstance(target, str):
        if target in names:
            return names.index(target)
    elif -len(names) <= target < len(names):
        return target % len(names)
    raise ValueRangeError(
        tr("{path} has no such column", path=file.name),
        asked=f"target={target!r}",
        came=", ".join(names[:12]),
        hint=tr("name one of the columns that came"),
    )


def _present(file: Path, line: int, column: str, text: str) -> str:
    stripped = text.strip()
    if stripped.lower() in ("", "na", "nan", "null", "?"):
        raise FormatError(
            tr("{path} line {line}: a value is missing", path=file.name, line=line),
            asked=tr("a value in column {column}", column=column),
            came=repr(text),
            hint=tr("drop the line or fill the value first"),
        )
    return stripped


def _number(file: Path, line: int, column: str, text: str) -> float:
    present = _present(file, line, column, text)
    try:
        value = float(present)
    except ValueError:
        value = math.nan
    if math.isfinite(value):
        return value
    raise FormatError(
        tr("{path} line {line}: not a number", path=file.name, line=line),
        asked=tr("a finite number in column {column}", column=column),
        came=repr(text[:40]),
        hint=tr("only the target's column may hold text"),
    )
