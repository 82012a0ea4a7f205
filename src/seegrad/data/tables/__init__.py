"""Tables: rows of named columns, with text and gaps among them, and what makes inputs of them.

A table of contents, in the direction in which data goes: bytes → `cells` (texts in rows) → `table`
(columns) → `columns` says what a column holds → `feature` makes numbers of one column →
`preparation` is all of that for a whole table, learnt on the training rows and kept with the run,
and the way back from outputs to answers. `fast_cells` reads large files by polars.
"""

from __future__ import annotations

from seegrad.data.tables.preparation import Preparation, learn
from seegrad.data.tables.table import Table, as_table, read_table

__all__ = ["Preparation", "Table", "as_table", "learn", "read_table"]
