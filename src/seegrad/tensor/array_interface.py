"""The numbers of a tensor, for NumPy, for Python and for people: each way out of the graph.

Inside a transform, what could be computed with further does not leave; see `graph.leaving`.
"""

from __future__ import annotations

import operator
import sys
from typing import Any, Self

import numpy as np

from seegrad.errors import (
    CallError,
    DTypeError,
    SeegradError,
    ShapeError,
    TraceError,
    ValueRangeError,
)
from seegrad.graph.leaving import may_leave
from seegrad.graph.mode import current_mode
from seegrad.graph.node import Node, read_only
from seegrad.i18n import tr
from seegrad.text import tidy

Array = np.ndarray[Any, Any]


class ArrayInterface(Node):
    """A node whose numbers can be looked at."""

    __slots__ = ()

    @property
    def value(self) -> Array:
        """The numbers, as a read-only NumPy array. A traced tensor has none: TraceError.

        Inside a transform, of what depends on its input: GradientError, for the derivative would
        be lost. `sg.stop_gradient(x).value` says that it is meant.
        """
        may_leave(self, "value")
        return self._look()

    def _look(self) -> Array:
        """The numbers for showing and deciding, which no derivative needs to follow."""
        return read_only(self._numbers("its value was asked for"))

    def _numbers(self, why: str) -> Any:
        if self.data is None:
            raise TraceError(
                tr(
                    "this value has no numbers while the function is traced, but {why}",
                    why=tr(why),
                ),
                came=tr("a traced tensor {name} {spec}", name=tidy(self.name), spec=self.spec),
                hint="use sg.where for a choice by value, make the argument static, or return it",
            )
        tracer = current_mode().tracer
        if tracer is not None:
            tracer.observe(self)
        return self.data

    def numpy(self) -> Array:
        """The numbers, as a read-only NumPy array."""
        return self.value

    @property
    def size(self) -> int:
        """The number of elements."""
        return self.spec.size

    def item(self) -> Any:
        """The only element, as a Python number. ShapeError if there are more, or none.

        Inside a transform as for `value`: GradientError where a derivative would be lost.
        """
        may_leave(self, "item()")
        return self._only("item()", ShapeError)

    def _only(self, what: str, error: type[SeegradError]) -> Any:
        data = self._numbers("Python asked for a number")
        if data.size != 1:
            raise error(
                tr("{what} needs a tensor with one element", what=tr(what)),
                asked="one element",
                came=tr(
                    "{name} of shape {shape}",
                    name=tidy(self.name) or tr("a tensor"), shape=self.shape,
                ),
                hint="reduce it first, for example with .sum(), .any() or .all()",
            )
        return data.item()

    def tolist(self) -> Any:
        """The elements as (nested lists of) Python numbers."""
        return self.value.tolist()

    def __len__(self) -> int:
        if not self.shape:
            raise CallError("a tensor of shape () has no length", came=repr(self))
        return self.shape[0]

    def __contains__(self, item: Any) -> bool:
        return item in self._look()

    def __bool__(self) -> bool:
        return bool(self._only("a truth value", ShapeError))

    def __float__(self) -> float:
        may_leave(self, "float()")
        return float(self._only("float()", CallError))

    def __int__(self) -> int:
        return int(self._only("int()", CallError))

    def __index__(self) -> int:
        if self.dtype.kind not in "iu":
            raise DTypeError("an index must be an integer", came=repr(self))
        return operator.index(self._only("an index", CallError))

    def __complex__(self) -> complex:
        return complex(float(self))

    def __format__(self, spec: str) -> str:
        if not spec:
            return repr(self)
        may_leave(self, "a format of a number")
        if self.size == 1:
            return format(self.item(), spec)
        each: Any = {"all": lambda number: format(number, spec)}
        return np.array2string(self._look(), separator=", ", formatter=each)

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> Array:
        may_leave(self, "a NumPy array of a tensor")
        value = read_only(self._numbers("NumPy asked for them"))
        return np.array(value, dtype=dtype, copy=copy)

    @property
    def device(self) -> str:
        """Where the numbers are: "cpu"."""
        return "cpu"

    def to_device(self, device: str, *, stream: Any = None) -> Self:
        """The tensor itself: there is one device, "cpu". ValueRangeError for another.

        Args:
            stream: without effect.
        """
        if device != "cpu":
            raise ValueRangeError("there is one device", asked='"cpu"', came=f"device={device!r}")
        return self

    def __array_namespace__(self, *, api_version: str | None = None) -> Any:
        """`seegrad` itself, as a namespace of the Array API standard."""
        known = ("2021.12", "2022.12", "2023.12", "2024.12")
        if api_version not in (None, *known):
            raise ValueRangeError("this version of the standard is not known",
                                  asked=", ".join(known), came=f"{api_version!r}")  # fmt: skip
        return sys.modules[__name__.partition(".")[0]]

    def __dlpack__(self, **options: Any) -> Any:
        return np.array(self.value).__dlpack__(**options)

    def __dlpack_device__(self) -> Any:
        return self.value.__dlpack_device__()


def value_of(x: Any) -> Any:
    """The NumPy value of a tensor; anything else as it is."""
    return x.value if isinstance(x, ArrayInterface) else x
