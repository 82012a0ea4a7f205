"""Embedding: a row of learnt numbers for each word of a vocabulary, or for each position."""

from __future__ import annotations

from typing import Any, ClassVar

import numpy as np

from seegrad.errors import DTypeError, ShapeError
from seegrad.i18n import tr
from seegrad.nn.initialisers import Initialiser, default_generator, initialiser, normal
from seegrad.nn.module import Module, parameter
from seegrad.nn.sizes import whole
from seegrad.ops.compare import astype
from seegrad.ops.indexing import take
from seegrad.tensor.tensor import Tensor


class Embedding(Module):
    """Integers (…) from 0 to words − 1 become rows (…, width); a row used twice adds up.

    Raises IndexRangeError for an integer that is no word.

    >>> Embedding(10, 3)(np.array([[1, 2], [2, 9]])).shape
    (2, 2, 3)
    """

    kind = "embedding"
    torch_names: ClassVar[dict[str, str]] = {"W": "weight"}

    def __init__(
        self,
        words: int,
        width: int,
        initial: str | float | Initialiser = 1.0,
        dtype: Any = np.float32,
        generator: np.random.Generator | None = None,
    ) -> None:
        whole(words=words, width=width)
        chance = generator or default_generator()
        draw = normal(initial) if isinstance(initial, float) else initialiser(initial)
        self.W = parameter(draw((words, width), width, chance), "W", dtype)

    def forward(self, x: Any) -> Any:
        x = x if isinstance(x, Tensor) else np.asarray(x)
        if x.dtype.kind not in "iu":
            raise DTypeError(
                tr("{layer}: words are whole numbers", layer=self.name or self.kind),
                asked=tr("integers from 0 to {last}", last=self.W.shape[0] - 1),
                came=f"dtype {x.dtype}",
            )
        return take(self.W, x, axis=0, negative=False)

    def describe(self) -> str:
        words, width = self.W.shape
        return f"{words} → {width}"


class Positions(Module):
    """Adds a learnt row for each position to (N, T, width), T up to `length`."""

    kind = "positions"
    torch_names: ClassVar[dict[str, str]] = {"W": "weight"}

    def __init__(
        self,
        length: int,
        width: int,
        initial: str | float | Initialiser = 0.02,
        dtype: Any = np.float32,
        generator: np.random.Generator | None = None,
    ) -> None:
        whole(length=length, width=width)
        chance = generator or default_generator()
        self.W = parameter(initialiser(initial)((length, width), width, chance), "W", dtype)

    def forward(self, x: Any) -> Any:
        x = x if isinstance(x, Tensor) else np.asarray(x)
        length, width = self.W.shape
        if x.ndim < 2 or x.shape[-1] != width or x.shape[-2] > length:
            raise ShapeError(
                tr("{layer}: the input does not fit the weights", layer=self.name or self.kind),
                asked=tr("(…, T, {width}) with T up to {length}", width=width, length=length),
                came=tr("an input of shape {shape}", shape=x.shape),
            )
        x = x if x.dtype == self.W.dtype else astype(x, dtype=self.W.dtype)
        return x + self.W[: x.shape[-2]]

    def describe(self) -> str:
        length, width = self.W.shape
        return f"{length}, {width}"
