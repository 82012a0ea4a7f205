"""Dropout: while training, values are left out at random and the rest scaled up."""

from __future__ import annotations

from typing import Any, ClassVar

import numpy as np

from seegrad.errors import ValueRangeError
from seegrad.i18n import tr
from seegrad.nn.initialisers import default_generator
from seegrad.nn.module import Module, as_array, state
from seegrad.ops.compare import astype
from seegrad.ops.random import bernoulli, key
from seegrad.tensor.tensor import Tensor


class Dropout(Module):
    """Each value is left out with probability `p` and the others divided by 1 − p.

    So the expected value stays (Srivastava et al., 2014, in the inverted form): in use, `eval()`,
    nothing happens at all. The random key is kept state: it counts on with every call.

    Args:
        seed: of the numbers that choose; drawn when not given.

    Raises:
        ValueRangeError: for a share outside of 0 to 1.

    >>> Dropout(0.5).eval()(np.ones(3))
    array([1., 1., 1.])
    """

    torch_names: ClassVar[dict[str, str]] = {"key": ""}

    def __init__(self, p: float = 0.5, *, seed: int | None = None) -> None:
        if not 0 <= p < 1:
            raise ValueRangeError(
                tr("p is the share of values left out"), asked="0 ≤ p < 1", came=f"p={p}"
            )
        self.p = p
        drawn = int(default_generator().integers(2**62)) if seed is None else seed
        self.key = state(key(drawn), "key")

    def forward(self, x: Any) -> Tensor:
        if not self.training or self.p == 0:
            return x  # type: ignore[no-any-return]
        x = as_array(x)
        kept = bernoulli(self.key, p=1 - self.p, shape=x.shape, dtype=np.float32)
        self.key.assign(self.key + np.array([0, 1]))
        if x.dtype.kind == "f" and x.dtype != np.float32:
            kept = astype(kept, dtype=x.dtype)
        return x * (kept * (1 / (1 - self.p)))  # type: ignore[no-any-return]

    def describe(self) -> str:
        return f"p={self.p}"
