"""What a column holds: numbers, yes or no, or categories; and how its texts are read as numbers.

Nothing is learnt here. A gap is NaN among numbers and "" among texts.
"""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

NUMBER, BOOLEAN, CATEGORY = "number", "boolean", "category"
KINDS = (NUMBER, BOOLEAN, CATEGORY)

GAPS = frozenset({"", "na", "n/a", "#n/a", "nan", "-nan", "null", "?", "<na>"})
"""What stands for a value that is missing, in small letters."""
GAPS_OF_NUMBERS = GAPS | {"none", "-", "--", "."}
"""And in columns of numbers."""

WORDS = {
    "true": 1.0, "yes": 1.0, "예": 1.0, "네": 1.0, "참": 1.0,
    "false": 0.0, "no": 0.0, "아니오": 0.0, "아니요": 0.0, "거짓": 0.0,
}  # fmt: skip
"""Texts that say yes or no."""

_THOUSANDS = re.compile(r"[+-]?\d{1,3}(,\d{3})+(\.\d*)?")
_DECIMAL = re.compile(r"[+-]?(\d{1,3}(\.\d{3})+|\d*),\d+([eE][+-]?\d+)?")
_DOTTED = re.compile(r"[+-]?\d{1,3}(\.\d{3})+")
_POINTED = re.compile(r"[+-]?\d*\.\d+([eE][+-]?\d+)?")
_SPACES = str.maketrans({"\u00a0": None, "\u202f": None, "\u2009": None, "−": "-"})


def is_gap(text: str) -> bool:
    """Does this text say that a value is missing?"""
    return text.lower() in GAPS


@dataclass(frozen=True)
class Numbers:
    """A column read as numbers: NaN in its gaps and in the rows that are `wrong`."""

    values: NDArray[np.float64]
    wrong: Sequence[int]


LARGEST, SMALLEST = 1e38, 1e-38
"""What float32 holds: larger numbers are refused, smaller deviations taken for none."""


def mean_and_deviation(values: NDArray[np.float64]) -> tuple[float, float]:
    """Of numbers; a constant column has deviation 1, so that it is only moved."""
    deviation = float(values.std())
    return float(values.mean()), deviation if deviation > SMALLEST else 1.0


def as_numbers(texts: Sequence[str], decimal: str) -> Numbers:
    """Texts (stripped) as numbers. decimal: the sign before the fraction, a point or a comma."""
    try:
        values = np.array([float(text) for text in texts])
        if np.isfinite(values).all() and "_" not in "".join(texts) and decimal == ".":
            return Numbers(values, ())
    except ValueError:
        pass
    values = np.array([_number(text, decimal) for text in texts])
    wrong: list[int] = np.flatnonzero(np.isinf(values)).tolist()
    values[wrong] = np.nan
    return Numbers(values, wrong)


def _number(text: str, decimal: str) -> float:
    """One number; NaN for a gap, infinity for what is no finite number."""
    if text.lower() in GAPS_OF_NUMBERS:
        return math.nan
    plain = text.translate(_SPACES)
    if decimal == "," and (_DECIMAL.fullmatch(plain) or _DOTTED.fullmatch(plain)):
        plain = plain.replace(".", "").replace(",", ".")
    elif decimal == "." and _THOUSANDS.fullmatch(plain):
        plain = plain.replace(",", "")
    try:
        value = math.nan if "_" in plain else float(plain)
    except ValueError:
        return math.inf
    return value if math.isfinite(value) else math.inf


LOOKED_AT = 1000
"""Rows in which a decimal comma is looked for."""


def decimal_sign(columns: Sequence[Sequence[str]], separator: str, usual: str = "") -> str:
    """The sign before the fraction in a file: a comma where no number has a point.

    Where every comma may as well part thousands, it does so in a file with commas between the
    columns, unless `usual` says otherwise.
    """
    cells = [text.strip() for column in columns for text in column[:LOOKED_AT]]
    commas = [text for text in cells if "," in text and _DECIMAL.fullmatch(text)]
    if not commas or any(_POINTED.fullmatch(text) for text in cells if "." in text):
        return "."
    if all(_THOUSANDS.fullmatch(text) for text in commas):
        return usual or ("." if separator == "," else ",")
    return ","


@dataclass(frozen=True)
class Kind:
    """What a column holds; of numbers with texts among them, the rows of these."""

    name: str
    wrong: Sequence[int] = ()


MOST_SLIPS = 0.1
"""Up to this share of texts, a column of numbers has slips in it; with more, it is of texts."""


def kind_of(texts: Sequence[str], decimal: str) -> Kind:
    """What a column of texts holds; its slips, where it is of numbers with texts among them."""
    filled = {text.lower() for text in texts} - GAPS
    if filled and filled <= WORDS.keys():
        return Kind(BOOLEAN)
    read = as_numbers(texts, decimal)
    numbers = int(np.isfinite(read.values).sum())
    if not read.wrong:
        return Kind(NUMBER if numbers or not filled else CATEGORY)
    slips = len(read.wrong)
    if numbers and (slips == 1 or slips <= MOST_SLIPS * numbers):
        return Kind(NUMBER, read.wrong)
    return Kind(CATEGORY)


MOST_CATEGORIES = 100
FEW = 20


def categories_of(texts: Sequence[str]) -> tuple[str, ...] | None:
    """The categories in a column's texts, at most the 100 commonest, sorted.

    None where most rows have a text of their own, as names, keys and sentences do.
    """
    counted = Counter(text for text in texts if not is_gap(text))
    if len(counted) > FEW and len(counted) > sum(counted.values()) / 2:
        return None
    ranked = sorted(counted, key=lambda text: (-counted[text], text))
    return tuple(sorted(ranked[:MOST_CATEGORIES]))
