"""Flatten: every example laid out as one row."""

from __future__ import annotations

import math
from typing import Any

from seegrad.errors import ShapeError
from seegrad.i18n import tr
from seegrad.nn.module import Module, as_array, listed, unusual
from seegrad.ops.shape import reshape
from seegrad.tensor.tensor import Tensor


class Flatten(Module):
    """(N, a, b, …) becomes (N, a·b·…); an empty batch keeps its width.

    Args:
        start_dim: the first axis that is laid out.
        end_dim: the last one.

    Raises:
        ShapeError: for axes that are not there.

    >>> Flatten()(np.zeros((2, 3, 4))).shape
    (2, 12)
    >>> Flatten(0, 1)(np.zeros((2, 3, 4))).shape
    (6, 4)
    """

    def __init__(self, start_dim: int = 1, end_dim: int = -1) -> None:
        self.start_dim, self.end_dim = start_dim, end_dim

    def forward(self, x: Any) -> Tensor:
        x = as_array(x)
        rank = len(x.shape)
        if rank <= 1:
            return x  # type: ignore[no-any-return]
        first, last = (axis + rank * (axis < 0) for axis in (self.start_dim, self.end_dim))
        if not 0 <= first <= last < rank:
            raise ShapeError(
                tr("{layer}: these axes are not there", layer=self.name or self.kind),
                asked=f"0 ≤ start_dim ≤ end_dim < {rank}",
                came=f"start_dim={self.start_dim}, end_dim={self.end_dim}",
            )
        row = math.prod(x.shape[first : last + 1])
        return reshape(x, shape=(*x.shape[:first], row, *x.shape[last + 1 :]))  # type: ignore[no-any-return]

    def describe(self) -> str:
        return listed(unusual(self))
