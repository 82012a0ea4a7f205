"""Sizes that layers are made with: whole numbers, checked once. No layer lives here."""

from __future__ import annotations

import operator
from typing import Any

from seegrad.errors import ValueRangeError
from seegrad.i18n import tr


def whole(least: int = 1, **numbers: Any) -> None:
    """ValueRangeError for a number that is not a whole one from `least` on.

    >>> whole(inputs=3, outputs=2)
    """
    for name, value in numbers.items():
        try:
            counted = -1 if isinstance(value, bool) else operator.index(value)
        except TypeError:
            counted = -1
        if counted < least:
            raise ValueRangeError(
                tr("{name} counts something, so it starts at {least}", name=name, least=least),
                asked=tr("a whole number from {least}", least=least),
                came=f"{name}={value!r}",
            )


def each(value: int | tuple[int, ...], count: int, least: int = 1, **name: Any) -> tuple[int, ...]:
    """`value` for each of `count` axes; `name` is what it is called, as a keyword."""
    (called,) = name or ("size",)
    found = tuple(value) if isinstance(value, (tuple, list)) else (value,) * count
    if len(found) != count:
        raise ValueRangeError(
            tr("{name} needs one number for each axis", name=called),
            asked=tr("one number, or {count}", count=count),
            came=f"{called}={value!r}",
        )
    for item in found:
        whole(least, **{called: item})
    return found


def divides(parts: int, total: int, **names: Any) -> None:
    """ValueRangeError unless `total` falls into `parts` equal ones; `names`: how both are called.

    >>> divides(2, 6, heads=2, width=6)
    """
    if total % parts:
        (part, _), (whole_, _) = names.items()
        raise ValueRangeError(
            tr("{whole} does not fall into equal parts", whole=whole_),
            asked=tr("{part} that divides {whole}", part=part, whole=whole_),
            came=f"{whole_}={total}, {part}={parts}",
        )
