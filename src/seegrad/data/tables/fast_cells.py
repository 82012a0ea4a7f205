"""The texts of large CSV files by polars (extra `frames`), where it is installed. The one file
that imports polars.

It gives the very texts that our own reader gives, or None for whatever is not plain, which is then
read (or refused, by its line) by ours.
"""

from __future__ import annotations

from collections.abc import Sequence

FROM = 2**20
"""Characters from which on the time to import polars is won back."""


def fast_columns(text: str, separator: str) -> Sequence[Sequence[str]] | None:
    """The columns of a CSV text; None without polars, and for what its rows do not fit."""
    try:
        import polars
    except ImportError:
        return None
    try:
        frame = polars.read_csv(
            text.encode(), has_header=False, infer_schema_length=0, separator=separator
        )
    except Exception:  # of many kinds, by version; our own reader says what is wrong
        return None
    if not frame.width or frame.to_series(frame.width - 1).null_count():
        return None                          # a short line, an empty one, or a gap: not told apart
    return [column.fill_null("").to_list() for column in frame.get_columns()]
