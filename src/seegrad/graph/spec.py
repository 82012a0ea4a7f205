"""What is known of an array without looking at its numbers: shape and dtype."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np

Shape = tuple[int, ...]
DType = np.dtype[Any]


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


def spec_of(x: Any) -> Spec:
    """The spec of a node, an array or a NumPy scalar."""
    return x.spec if hasattr(x, "spec") else Spec(x.shape, x.dtype)
