"""Data by a word: `digits`, `csv:wine.csv`, `wine.csv`, `npz:own.npz`: as a table, or as arrays.

Nothing is learnt of them here, and nothing is parted.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

from seegrad import data
from seegrad.data import Dataset, Table
from seegrad.data.parquet_file import parquet_columns
from seegrad.data.tables.table import as_table, read_table
from seegrad.errors import ValueRangeError
from seegrad.i18n import tr
from seegrad.text import nearest

SETS = {"digits": data.digits, "spiral": data.spiral, "moons": data.moons, "xor": data.xor}
LARGE = 2**28
"""Bytes from which on an npz file stays on the disk."""


def _npz(path: str) -> Dataset:
    file = Path(path).expanduser()
    large = file.is_file() and file.stat().st_size > LARGE
    return data.mapped(file) if large else data.npz(file)


ARRAYS: dict[str, Callable[[str], Dataset]] = {"mnist": data.mnist, "npz": _npz}
TABLES = ("csv", "parquet")
FILES = (*ARRAYS, *TABLES)
SUFFIXES = {".csv": "csv", ".tsv": "csv", ".txt": "csv", ".npz": "npz", ".parquet": "parquet"}


def source(words: str) -> tuple[str, str]:
    """What kind of data is named, and the path, if it is a file."""
    kind, _, path = words.partition(":")
    if (kind in SETS and not path) or (kind in FILES and path):
        return kind, path
    suffix = Path(words.removesuffix(".gz")).suffix.lower()
    prefixed = path and len(kind) > 1 and kind.isalpha()
    if suffix in SUFFIXES and not prefixed:
        return SUFFIXES[suffix], words
    close = nearest(kind, [*SETS, *FILES])
    if suffix in (".xlsx", ".xls", ".ods"):
        raise ValueRangeError(
            tr("there is no such data"), asked=", ".join(SUFFIXES), came=words,
            hint=tr("save the table as CSV (UTF-8)"),
        )  # fmt: skip
    raise ValueRangeError(
        tr("there is no such data"),
        asked=", ".join([*SETS, *(f"{name}:PATH" for name in FILES)]),
        came=words,
        hint=tr("nearest: {names}", names=", ".join(close)) if close else "",
    )


def is_table(words: str) -> bool:
    """Are these rows of named columns?"""
    return source(words)[0] in TABLES


def read_arrays(words: str) -> Dataset:
    """Data that are arrays: inputs and targets."""
    kind, path = source(words)
    if kind in SETS:
        return SETS[kind]()
    return ARRAYS[kind](path)


def read_rows(
    words: str, known: Sequence[str] = (), usual: str = "", *, header: bool | None = None,
    separator: str | None = None, encoding: str | None = None, decimal: str | None = None,
) -> Table:  # fmt: skip
    """Data that are a table. known: names that are looked for in its first line."""
    kind, path = source(words)
    if kind == "parquet":
        return as_table(parquet_columns(path), source=Path(path).name)
    return read_table(
        path, header=header, separator=separator, encoding=encoding, decimal=decimal, known=known,
        usual=usual,
    )  # fmt: skip
