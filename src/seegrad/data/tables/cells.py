"""The texts in the rows of a CSV file: its encoding, its separator, its lines. No type is known.

Bytes → text (`decoded`) → rows of texts with the numbers of their lines (`cells_of`).
"""

from __future__ import annotations

import csv as reader
import io
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from seegrad.data.tables.fast_cells import FROM, fast_columns
from seegrad.errors import FormatError, ValueRangeError
from seegrad.files import content
from seegrad.i18n import tr

_FIELD_LIMIT = 2**16
_SEPARATORS = ",;\t|"
ENCODINGS = ("utf-8-sig", "cp949")
"""Tried in this order; a mark at the beginning of a file (UTF-16) comes first."""


@dataclass(frozen=True)
class Cells:
    """The columns of a file as texts, and how it was read. `lines`: the line each row ends at."""

    columns: Sequence[Sequence[str]]
    lines: Sequence[int] | None
    encoding: str
    separator: str


def decoded(file: Path, encoding: str | None = None) -> tuple[str, str]:
    """The text of a file, and its encoding: the one named, or found: UTF-8, UTF-16, CP949."""
    raw = content(file)
    marked = raw.startswith((b"\xff\xfe", b"\xfe\xff")) and not len(raw) % 2
    tried = (encoding,) if encoding else (*(("utf-16",) if marked else ()), *ENCODINGS)
    place = 0
    for name in tried:
        try:
            text = raw.decode(name)
        except UnicodeDecodeError as fault:
            place = max(place, fault.start)
            continue
        except LookupError:
            raise ValueRangeError(
                tr("there is no such encoding"), asked="utf-8, cp949, utf-16, cp1252 …", came=name
            ) from None
        if encoding or (_is_korean(text) if name == "cp949" else "\0" not in text):
            return text, name
    if encoding:
        problem = tr("{path} is not a text in {encoding}", path=file.name, encoding=encoding)
    else:
        problem = tr("{path} is not a text in UTF-8 or CP949", path=file.name)
    raise FormatError(
        problem,
        asked=tr("a CSV file"),
        came=tr("a byte that is no text, at {place}", place=place),
        hint=tr("name its encoding (cp1252, utf-16 …), or save it as CSV (UTF-8)"),
    )


def _is_korean(text: str) -> bool:
    """Are most letters beyond ASCII Hangul? Other encodings, read as CP949, give Hanja and signs.
    """
    beyond = [letter for letter in text if not letter.isascii()]
    hangul = sum("가" <= letter <= "힣" or "ㄱ" <= letter <= "ㆎ" for letter in beyond)
    return 2 * hangul > len(beyond)


def cells_of(file: Path, separator: str | None = None, encoding: str | None = None) -> Cells:
    """The filled rows of a file by columns. Raises FormatError that names the line."""
    text, found = decoded(file, encoding)
    first = text.lstrip("\r\n").split("\n", 1)[0]
    chosen = separator or max(_SEPARATORS, key=re.sub(r'"[^"]*"', "", first).count)
    if len(chosen) != 1:
        raise ValueRangeError(
            tr("a separator is one character"), asked=", ; tab |", came=repr(separator)
        )
    quick = fast_columns(text, chosen) if len(text) >= FROM else None
    if quick is not None:
        return Cells(quick, None, found, chosen)
    rows = rows_of(text, chosen, file.name)
    columns = list(zip(*(fields for _, fields in rows)))
    return Cells(columns, [line for line, _ in rows], found, chosen)


def rows_of(text: str, separator: str, name: str) -> list[tuple[int, list[str]]]:
    """Rows as (line number, texts), all with as many texts as the first."""
    before = reader.field_size_limit(_FIELD_LIMIT)
    try:
        rows = reader.reader(io.StringIO(text, newline=""), delimiter=separator, strict=True)
        lines = [(rows.line_num, fields) for fields in rows if any(map(str.strip, fields))]
    except reader.Error as fault:
        raise FormatError(
            tr("{path} cannot be read as CSV", path=name),
            asked=tr("lines of columns, with quotes closed"),
            came=str(fault),
        ) from fault
    finally:
        reader.field_size_limit(before)
    if not lines:
        raise FormatError(
            tr("{path} holds nothing to learn from", path=name),
            asked=tr("at least one line with two columns"),
            came=tr("an empty file"),
        )
    if _is_counted(lines):
        return lines
    width = len(lines[0][1])
    for number, fields in lines:
        if len(fields) != width:
            raise FormatError(
                tr("{path} line {line}: wrong number of columns", path=name, line=number),
                asked=tr("{count} columns, as in the first line", count=width),
                came=tr("{count} columns", count=len(fields)),
                hint=tr("put quotes around a text that holds the separator"),
            )
    return lines


def _is_counted(lines: list[tuple[int, list[str]]]) -> bool:
    """Is it one of scikit-learn's own files? Their first line counts the rows and the columns and
    names the classes; it is made as long as the others, its names in the last column."""
    (number, head), rest = lines[0], lines[1:]
    widths = {len(fields) for _, fields in rest}
    if len(widths) != 1 or head[:2] != [str(len(rest)), str(min(widths) - 1)] or len(head) < 3:
        return False
    width = widths.pop()
    classes = {row[-1] for _, row in rest}
    if not classes <= set(map(str, range(len(head) - 2))):
        return False
    lines[0] = number, [*(f"x{place + 1}" for place in range(width - 1)), "class"]
    for _, row in rest:
        row[-1] = head[2 + int(row[-1])]
    return True
