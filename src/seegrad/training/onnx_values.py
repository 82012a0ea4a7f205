"""What the readers of ONNX's operators share: their form, and inputs that must be known early."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from seegrad.errors import FormatError
from seegrad.language import say
from seegrad.tensor import Tensor

Values = Sequence[Any]
Attributes = Mapping[str, Any]
MOST = 2**16
"""No list of sizes, axes or parts is longer."""
Reader = Callable[[Values, Attributes], Any]


def known(value: Any, what: str) -> Any:
    """An input that decides a shape: a plain array, not a value that is computed in the graph."""
    data = value.data if isinstance(value, Tensor) else value
    if data is None:
        raise FormatError(
            say("{name} must be known before the network runs", name=what),
            asked=say("a constant"),
            came=say("a value that is computed"),
        )
    return np.asarray(data)


def whole(value: Any, what: str) -> tuple[int, ...]:
    """An input that holds whole numbers, such as a shape or axes: not millions of them."""
    numbers = known(value, what)
    if numbers.size > MOST:
        raise FormatError(
            say("{name} has too many numbers", name=what),
            asked=say("at most {count} elements", count=MOST),
            came=f"{numbers.size}",
        )
    return tuple(int(n) for n in numbers.ravel())


def at(values: Values, place: int) -> Any:
    """An input by its place; None where it was left away."""
    return values[place] if place < len(values) else None


def pairs(numbers: Sequence[int]) -> tuple[tuple[int, int], ...]:
    """All befores and then all afters, as pairs."""
    half = len(numbers) // 2
    return tuple(zip(map(int, numbers[:half]), map(int, numbers[half:])))
