"""Flatten: every example laid out as one row."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from seegrad.nn.module import Module
from seegrad.ops.shape import reshape
from seegrad.tensor.tensor import Tensor


class Flatten(Module):
    """(N, a, b, …) becomes (N, a·b·…); an empty batch keeps its width.

    >>> Flatten()(np.zeros((2, 3, 4))).shape
    (2, 12)
    """

    def forward(self, x: Any) -> Tensor:
        x = x if isinstance(x, Tensor) else np.asarray(x)
        if len(x.shape) <= 1:
            return x  # type: ignore[no-any-return]
        return reshape(x, shape=(x.shape[0], math.prod(x.shape[1:])))  # type: ignore[no-any-return]
