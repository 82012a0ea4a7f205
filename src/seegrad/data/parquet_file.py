"""Parquet: a table in columns (extra `frames`). The one file that imports pyarrow."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import numpy as np

from seegrad.data.dataframe import from_columns
from seegrad.data.dataset import Dataset
from seegrad.errors import FormatError, MissingExtraError
from seegrad.files import allow, existing
from seegrad.i18n import tr


def parquet(
    path: str | os.PathLike[str], target: str | int = -1, labels: bool | None = None
) -> Dataset:
    """Examples from a Parquet file: x is (N, columns) float64; target and labels as in `csv`.

    Raises FormatError for a file that is missing, damaged, or unpacks to too much, and for what
    is wrong in its columns; MissingExtraError where pyarrow is not installed.

    Args:
        path: where the file is.
    """
    return from_columns(parquet_columns(path), target, labels, Path(path).name.split(".")[0])


def parquet_columns(path: str | os.PathLike[str]) -> dict[str, Any]:
    """The columns of a Parquet file as arrays, by their names; errors as in `parquet`."""
    try:
        import pyarrow
        import pyarrow.parquet
    except ImportError as fault:
        raise MissingExtraError(
            tr("{name} is not installed", name="pyarrow"), hint='pip install "seegrad[frames]"'
        ) from fault
    file = existing(path, tr("a Parquet file"))
    try:
        with pyarrow.parquet.ParquetFile(file) as reader:
            told = reader.metadata
            groups = [told.row_group(i) for i in range(told.num_row_groups)]
            unpacked = max(
                told.num_rows * told.num_columns * 8, sum(g.total_byte_size for g in groups)
            )
            allow(file, max(file.stat().st_size, 1), unpacked)
            table = reader.read()
    except (pyarrow.ArrowException, OSError, ValueError) as fault:
        if isinstance(fault, FormatError):
            raise
        raise FormatError(
            tr("{path} is damaged or is no Parquet file", path=file.name),
            asked=tr("a Parquet file"),
            came=str(fault)[:200],
            hint=tr("fetch the file again"),
        ) from fault
    return {
        name: np.asarray(column.to_numpy(zero_copy_only=False))
        for name, column in zip(table.column_names, table.columns)
    }
