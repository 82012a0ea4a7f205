"""What is known without looking at numbers: an array's shape and dtype, an op's attributes."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import accumulate
from types import MappingProxyType
from typing import Any, Protocol

import numpy as np
from numpy.typing import ArrayLike

Shape = tuple[int, ...]
DType = np.dtype[Any]
Attrs = Mapping[str, Any]
"""The attributes of an op by name."""
Axis = int | Sequence[int] | None
"""Along which axes: one, several, or all."""
Operand = ArrayLike
"""What an operation takes: arrays, tensors (arrays to NumPy), numbers, lists of them."""

NO_ATTRS: Attrs = MappingProxyType({})


def native_dtype(dtype: Any) -> DType:
    """NumPy's dtype, in this machine's order of bytes, the only one that is computed in.

    Raises TypeError for what NumPy knows no dtype for.

    >>> native_dtype(">f4")
    dtype('float32')
    """
    found: DType = np.dtype(dtype)
    return found if found.isnative else np.dtype(found.type)


@dataclass(frozen=True, slots=True)
class Spec:
    """The shape and dtype of a value, known before (or without) its numbers."""

    shape: Shape
    dtype: DType

    @property
    def ndim(self) -> int:
        return len(self.shape)

    @property
    def size(self) -> int:
        return math.prod(self.shape)

    @property
    def nbytes(self) -> int:
        return self.size * self.dtype.itemsize

    def __str__(self) -> str:
        """For example `float32[100, 784]`."""
        return f"{self.dtype}[{', '.join(map(str, self.shape))}]"


class HasSpec(Protocol):
    """What knows its own spec: a node."""

    @property
    def spec(self) -> Spec: ...


class Specs(tuple[Spec, ...]):
    """The specs of any number of inputs; remembers where along an axis each of them begins."""

    @cached_property
    def _starts(self) -> dict[int, tuple[int, ...]]:
        return {}

    def starts(self, axis: int) -> tuple[int, ...]:
        """Where each begins when all are laid one behind the other along `axis`."""
        if axis not in self._starts:
            sizes = (x.shape[axis] for x in self)
            self._starts[axis] = tuple(accumulate(sizes, initial=0))
        return self._starts[axis]


class Inputs(tuple[Any, ...]):
    """The inputs of a node as its rules see them; their specs are looked up once."""

    @cached_property
    def specs(self) -> Specs:
        return Specs(map(spec_of, self))


def spec_of(x: Any) -> Spec:
    """The spec of a node, an array or a NumPy scalar."""
    return x.spec if hasattr(x, "spec") else Spec(x.shape, x.dtype)
