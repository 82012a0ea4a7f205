"""Embedding: a row of learnt numbers for each word of a vocabulary, each bag, each position."""

from __future__ import annotations

from typing import Any, ClassVar

import numpy as np

from seegrad.errors import DTypeError, ShapeError, ValueRangeError
from seegrad.i18n import tr
from seegrad.nn.initialisers import Initialiser, default_generator, initialiser, normal
from seegrad.nn.module import Module, as_array, parameter
from seegrad.nn.sizes import whole
from seegrad.ops.compare import astype, where
from seegrad.ops.indexing import take
from seegrad.ops.linear.linalg import matmul
from seegrad.ops.reduce import max, mean, sum
from seegrad.ops.shape import expand_dims, reshape
from seegrad.tensor.tensor import Tensor, as_tensor


class Embedding(Module):
    """Integers (…) from 0 to words − 1 become rows (…, width); a row used twice adds up.

    Raises IndexRangeError for an integer that is no word.

    Args:
        initial: how the first values are drawn; see `INITIALISERS`.
        generator: where they are drawn from; sg's own when not given.

    >>> Embedding(10, 3)(np.array([[1, 2], [2, 9]])).shape
    (2, 2, 3)
    """

    torch_names: ClassVar[dict[str, str]] = {"W": "weight"}

    def __init__(
        self,
        words: int,
        width: int,
        *,
        initial: str | float | Initialiser = 1.0,
        dtype: Any = np.float32,
        generator: np.random.Generator | None = None,
    ) -> None:
        whole(words=words, width=width)
        chance = generator or default_generator()
        draw = normal(initial) if isinstance(initial, float) else initialiser(initial)
        self.W = parameter(draw((words, width), width, chance), "W", dtype)

    def forward(self, x: Any) -> Tensor:
        x = as_array(x)
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


class EmbeddingBag(Embedding):
    """The mean, sum or largest of the rows of each bag of words: (N, S) becomes (N, width).

    mode: "mean", "sum" or "max". Called with integers (N, S), a bag a row; or with all words one
    behind the other (M,) and `offsets`, where each bag begins. `weights`, one for each word, go
    with "sum". An empty bag is 0. Settings else as in `Embedding`.

    Raises:
        ValueRangeError: for another mode.

    Args:
        initial: how the first values are drawn; see `INITIALISERS`.
        generator: where they are drawn from; sg's own when not given.

    >>> EmbeddingBag(10, 3)(np.array([[1, 2], [2, 9]])).shape
    (2, 3)
    >>> EmbeddingBag(10, 3)(np.array([1, 2, 2, 9, 4]), offsets=np.array([0, 2])).shape
    (2, 3)
    """

    def __init__(
        self,
        words: int,
        width: int,
        *,
        mode: str = "mean",
        initial: str | float | Initialiser = 1.0,
        dtype: Any = np.float32,
        generator: np.random.Generator | None = None,
    ) -> None:
        if mode not in ("mean", "sum", "max"):
            raise ValueRangeError(
                tr("there is no such way to put a bag together"), asked="mean, sum, max",
                came=f"mode={mode!r}",
            )  # fmt: skip
        super().__init__(words, width, initial=initial, dtype=dtype, generator=generator)
        self.mode = mode

    def forward(self, x: Any, offsets: Any = None, weights: Any = None) -> Tensor:
        x = as_array(x)
        weights = weights if weights is None or isinstance(weights, Tensor) else np.asarray(weights)
        if len(x.shape) != (2 if offsets is None else 1) or (
            weights is not None and (tuple(weights.shape) != tuple(x.shape) or self.mode != "sum")
        ):
            raise ShapeError(
                tr("{layer}: these are no bags of words", layer=self.name or self.kind),
                asked=tr("(N, S); or (M,) and offsets; weights of that shape with mode='sum'"),
                came=tr("an input of shape {shape}", shape=tuple(x.shape))
                + ("" if weights is None else f", weights, mode={self.mode!r}"),
            )
        rows = super().forward(x)
        if weights is not None:
            weights = astype(weights, dtype=self.W.dtype)
            rows = rows * reshape(weights, shape=(*weights.shape, 1))
        if offsets is not None:
            return self._apart(rows, _bags(offsets, x.shape[0]))  # type: ignore[no-any-return]
        if not x.shape[1]:
            return as_tensor(np.zeros((x.shape[0], self.W.shape[1]), self.W.dtype))
        return {"mean": mean, "sum": sum, "max": max}[self.mode](rows, axis=1)

    def _apart(self, rows: Any, bags: Any) -> Any:
        """Rows (M, width) put together where `bags` (N, M) says which are of which bag."""
        if self.mode == "max":
            held = bags[:, :, None]
            largest = max(where(held, expand_dims(rows, axis=0), -np.inf), axis=1)
            return where(bags.any(axis=1)[:, None], largest, 0.0)
        counts = np.maximum(bags.sum(axis=1, keepdims=True), 1) if self.mode == "mean" else 1
        return matmul((bags / counts).astype(self.W.dtype), rows)

    def describe(self) -> str:
        return f"{super().describe()}, mode={self.mode!r}"


def _bags(offsets: Any, count: int) -> Any:
    """Which of `count` words each bag holds (bags, words), from where each begins."""
    starts = np.asarray(offsets)
    fits = starts.ndim == 1 and starts.dtype.kind in "iu" and starts.size and not starts[0]
    if not fits or (np.diff(starts) < 0).any() or starts[-1] > count:
        raise ValueRangeError(
            tr("offsets say where each bag begins"),
            asked=tr("integers that rise from 0 to at most {count}", count=count),
            came=f"offsets={starts}",
        )
    ends = np.append(starts[1:], count)
    at = np.arange(count)
    return (at >= starts[:, None]) & (at < ends[:, None])


class Positions(Module):
    """Adds a learnt row for each position to (N, T, width), T up to `length`.

    Called with `start`, the position of the first, where a sequence is read in parts.

    Args:
        initial: how the first rows are drawn.
        dtype: the dtype of what is learnt.
        generator: where the first values are drawn from; sg's own when not given.

    >>> Positions(5, 4)(np.zeros((2, 5, 4))).shape
    (2, 5, 4)
    """

    torch_names: ClassVar[dict[str, str]] = {"W": "weight"}

    def __init__(
        self,
        length: int,
        width: int,
        *,
        initial: str | float | Initialiser = 0.02,
        dtype: Any = np.float32,
        generator: np.random.Generator | None = None,
    ) -> None:
        whole(length=length, width=width)
        chance = generator or default_generator()
        self.W = parameter(initialiser(initial)((length, width), width, chance), "W", dtype)

    def forward(self, x: Any, start: Any = None) -> Tensor:
        x = as_array(x)
        length, width = self.W.shape
        if x.ndim < 2 or x.shape[-1] != width or x.shape[-2] > length:
            raise ShapeError(
                tr("{layer}: the input does not fit the weights", layer=self.name or self.kind),
                asked=tr("(…, T, {width}) with T up to {length}", width=width, length=length),
                came=tr("an input of shape {shape}", shape=x.shape),
            )
        x = x if x.dtype == self.W.dtype else astype(x, dtype=self.W.dtype)
        if start is None:
            return x + self.W[: x.shape[-2]]  # type: ignore[no-any-return]
        return x + take(self.W, np.arange(x.shape[-2]) + start, axis=0, negative=False)  # type: ignore[no-any-return]

    def describe(self) -> str:
        length, width = self.W.shape
        return f"{length}, {width}"
