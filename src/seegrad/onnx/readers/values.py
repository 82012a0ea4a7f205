"""What the readers of ONNX's operators share: their form, and inputs that must be known early."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from seegrad.errors import FormatError
from seegrad.i18n import tr
from seegrad.onnx.model import Model
from seegrad.ops import shape
from seegrad.tensor.tensor import Tensor

Values = Sequence[Any]
Attributes = Mapping[str, Any]
MOST = 2**16
"""No list of sizes, axes or parts is longer."""
ASKED = ""
"""Among the attributes of a step, how many results of it are asked for."""
Compute = Callable[[Values, Attributes], Any]


@dataclass(frozen=True, slots=True)
class Reader:
    """How an operator is computed, and which of its attributes that honours.

    `honours` has for each attribute the values that are understood, None for all. An attribute
    that is not there may only have its default; `refused` finds what a step asks for beyond.
    """

    compute: Compute
    honours: Mapping[str, tuple[Any, ...] | None]

    def refused(self, attributes: Attributes, changed: frozenset[str]) -> list[str]:
        """The attributes that are neither at their defaults nor honoured."""
        return [
            name
            for name in sorted(changed)
            if name not in self.honours
            or ((values := self.honours[name]) is not None
                and (isinstance(attributes[name], np.ndarray) or attributes[name] not in values))
        ]  # fmt: skip


@dataclass(frozen=True)
class Body:
    """A graph inside of a step, as its reader gets it: its model, and what computes it."""

    model: Model
    run: Callable[..., tuple[Any, ...]]


class Readers(dict[str, Reader]):
    """A family of operators by their names."""

    def reads(
        self, operator: str, *names: str, **values: tuple[Any, ...]
    ) -> Callable[[Compute], Reader]:
        """Enter the function below as the operator's reader; what it honours as in `reads`."""

        def enter(compute: Compute) -> Reader:
            self[operator] = reads(*names, **values)(compute)
            return self[operator]

        return enter


def reads(*names: str, **values: tuple[Any, ...]) -> Callable[[Compute], Reader]:
    """A reader that honours the attributes `names`, and those in `values` at these values alone."""
    return lambda compute: Reader(compute, {**dict.fromkeys(names), **values})


def plain(function: Callable[[Values], Any]) -> Reader:
    """A reader of an operator without attributes."""
    return Reader(lambda values, attributes: function(values), {})


def known(value: Any, what: str) -> Any:
    """An input that decides a shape: a plain array, not a value that is computed in the graph."""
    data = value.data if isinstance(value, Tensor) else value
    if data is None:
        raise FormatError(
            tr("{name} must be known before the network runs", name=what),
            asked=tr("a constant"),
            came=tr("a value that is computed"),
        )
    return np.asarray(data)


def whole(value: Any, what: str) -> tuple[int, ...]:
    """An input that holds whole numbers, such as a shape or axes: not millions of them."""
    numbers = known(value, what)
    if numbers.size > MOST:
        raise FormatError(
            tr("{name} has too many numbers", name=what),
            asked=tr("at most {count} elements", count=MOST),
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


def spread_to(x: Any, ndim: int, axis: int) -> Any:
    """A vector along one axis of `ndim`, so that it meets such arrays there."""
    return shape.reshape(x, shape=tuple(-1 if i == axis % ndim else 1 for i in range(ndim)))
