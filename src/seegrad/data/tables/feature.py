"""One column as a network's inputs: what is learnt of it, and its raw values in a table.

A feature is data, kept with the run. The arithmetic on raw values is `preparation`'s.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from seegrad.data.tables.columns import (
    BOOLEAN,
    CATEGORY,
    KINDS,
    NUMBER,
    categories_of,
    mean_and_deviation,
)
from seegrad.data.tables.table import Column, Table
from seegrad.errors import FormatError
from seegrad.i18n import tr

Array = NDArray[Any]


@dataclass(frozen=True)
class Feature:
    """What was learnt of a column on the training rows.

    kind: "number", "boolean" or "category". A gap among numbers gets `fill`, their median; then
    they are moved to mean 0 and deviation 1. gaps: the column had some, so that an input of its own
    says where. categories: one input for each, all 0 for a text that is none of them; with `gaps`
    the empty text is one of them.
    """

    name: str
    kind: str = NUMBER
    fill: float = 0.0
    mean: float = 0.0
    deviation: float = 1.0
    gaps: bool = False
    categories: tuple[str, ...] = ()

    @property
    def width(self) -> int:
        """How many inputs it becomes."""
        return len(self.categories) if self.kind == CATEGORY else 1 + self.gaps

    @classmethod
    def learnt(cls, column: Column, kind: str) -> Feature | None:
        """What a column teaches; None where it holds nothing to learn from."""
        gaps = bool(len(column.gaps))
        if kind == CATEGORY:
            found = categories_of(column.words)
            if not found:
                return None
            return cls(column.name, kind, gaps=gaps, categories=("", *found) if gaps else found)
        read = column.truths if kind == BOOLEAN else column.usable
        known = read.values[~np.isnan(read.values)]
        if not len(known):
            return None
        fill = float(np.median(known))
        values = np.where(np.isnan(read.values), fill, read.values)
        gaps = len(known) < len(values)
        return cls(column.name, kind, fill, *mean_and_deviation(values), gaps)

    def numbers(self, table: Table) -> Array:
        """A table's raw values of it, NaN in the gaps. Raises FormatError naming the rows."""
        column = table[self.name]
        if column.texts is not None and not all(map(bool, column.texts)) and not any(column.texts):
            return np.full(len(column), np.nan)
        read = column.truths if self.kind == BOOLEAN else column.usable
        if len(read.wrong):
            yes = tr("yes or no in column {column}", column=self.name)
            number = tr("a finite number in column {column}", column=self.name)
            raise not_numbers(table, column, read.wrong, yes if self.kind == BOOLEAN else number)
        return read.values

    def codes(self, table: Table) -> tuple[Array, Counter[str]]:
        """The place of each row's category, −1 for none of them; and how often which was unknown.
        """
        places = {name: place for place, name in enumerate(self.categories)}
        words = table[self.name].words
        unknown = Counter(word for word in words if word and word not in places)
        return np.array([places.get(word, -1) for word in words], np.int64), unknown

    @classmethod
    def from_json(cls, found: Any) -> Feature:
        """Back from JSON. Raises TypeError or ValueError for what is none."""
        numbers = {name: float(found[name]) for name in ("fill", "mean", "deviation")}
        categories = tuple(found["categories"])
        right = (
            isinstance(found["name"], str) and found["kind"] in KINDS
            and all(isinstance(name, str) for name in categories)
            and np.isfinite(list(numbers.values())).all() and numbers["deviation"] > 0
        )  # fmt: skip
        if not right:
            raise ValueError(found)
        return cls(
            found["name"], found["kind"], gaps=bool(found["gaps"]), categories=categories, **numbers
        )


def not_numbers(table: Table, column: Column, wrong: Any, asked: str) -> FormatError:
    """What says where a column holds texts among its numbers."""
    more = tr("; {count} such values", count=len(wrong)) if len(wrong) > 1 else ""
    return FormatError(
        tr("{path} {place}: not a number", path=table.name, place=table.places(wrong)),
        asked=asked,
        came=f"{column.shown(wrong[0])}{more}",
        hint=tr("mend it, leave it empty where it is missing (or {words}), or take the column as "
                "categories (--categories)", words="NA, ?, -"),
    )  # fmt: skip
