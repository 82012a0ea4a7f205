"""MultiHeadAttention: every position looks at others and takes a weighted mean of them."""

from __future__ import annotations

import math
from typing import Any, ClassVar

import numpy as np

from seegrad.errors import IndexRangeError, ShapeError
from seegrad.graph.mode import frame
from seegrad.i18n import tr
from seegrad.nn.initialisers import Initialiser
from seegrad.nn.layers.affine import Affine
from seegrad.nn.layers.dropout import Dropout
from seegrad.nn.module import Module, as_input
from seegrad.nn.sizes import divides, whole
from seegrad.ops.arithmetic import clip
from seegrad.ops.compare import logical_and, where
from seegrad.ops.indexing import take
from seegrad.ops.linear.linalg import matmul
from seegrad.ops.nn.activation import softmax
from seegrad.ops.shape import matrix_transpose, reshape, transpose
from seegrad.tensor.tensor import Tensor


def attend(q: Any, k: Any, v: Any, allowed: Any = None, drop: Any = None) -> Any:
    """softmax(q·kᵀ/√d)·v over the last two axes (Vaswani et al., 2017).

    allowed: booleans that broadcast to the scores; where False, nothing is seen. A row that may
    see nothing is NaN, as it has no mean. drop: a layer applied to the weights.
    """
    with frame("attend"):
        scores = matmul(q, matrix_transpose(k)) * (1 / math.sqrt(q.shape[-1]))
        if allowed is not None:
            scores = where(allowed, scores, -math.inf)
        weights = softmax(scores, axis=-1)
        return matmul(weights if drop is None else drop(weights), v)


Cache = tuple[Any, Any, Any]
"""Keys and values (N, heads, length, width/heads) of the positions that were read, and their count.

As long from the beginning as it will ever be, so that a compiled step is compiled once.
"""


def _written(kept: Any, new: Any, count: Any) -> Any:
    """`kept` (N, heads, length, d) with `new` (N, heads, t, d) from position `count` on."""
    at = np.arange(kept.shape[2]) - count
    if new.shape[2] == 1:                            # a single one needs no index
        here, placed = at == 0, new
    else:
        here = logical_and(at >= 0, at < new.shape[2])
        placed = take(new, clip(at, 0, new.shape[2] - 1), axis=2)
    return where(reshape(here, shape=(kept.shape[2], 1)), placed, kept)


class MultiHeadAttention(Module):
    """Self-attention of (N, T, width) with `heads` heads; or attention to another sequence.

    causal: a position sees itself and what came before only. Called as `layer(x)`, with `memory`
    (N, S, width) to look there instead, and `allowed`, booleans that broadcast to (N, heads, T, S).
    `run` reads a sequence in parts, as one that is written step by step asks for.

    Args:
        dropout: which share of the weights is left out in training.
        dtype: the dtype of what is learnt.
        generator: where the first values are drawn from; sg's own when not given.
        bias: are numbers added to queries, keys, values and outputs?
        initial: how the first values are drawn; see `INITIALISERS`.

    >>> MultiHeadAttention(8, heads=2, causal=True)(np.ones((3, 5, 8))).shape
    (3, 5, 8)
    """

    kind = "attention"
    torch_names: ClassVar[dict[str, str]] = {
        "query.W": "in_proj_weight.T[0/3]", "query.b": "in_proj_bias[0/3]",
        "key.W": "in_proj_weight.T[1/3]", "key.b": "in_proj_bias[1/3]",
        "value.W": "in_proj_weight.T[2/3]", "value.b": "in_proj_bias[2/3]", "out": "out_proj",
    }  # fmt: skip

    def __init__(
        self,
        width: int,
        heads: int,
        *,
        causal: bool = False,
        dropout: float = 0.0,
        bias: bool = True,
        initial: str | float | Initialiser = "xavier",
        dtype: Any = np.float32,
        generator: np.random.Generator | None = None,
    ) -> None:
        whole(width=width, heads=heads)
        divides(heads, width, heads=heads, width=width)
        self.heads, self.causal = heads, causal
        made = {"bias": bias, "initial": initial, "dtype": dtype, "generator": generator}
        self.query = Affine(width, width, **made)
        self.key = Affine(width, width, **made)
        self.value = Affine(width, width, **made)
        self.out = Affine(width, width, **made)
        self.drop = Dropout(dropout) if dropout else None

    def forward(self, x: Any, memory: Any = None, allowed: Any = None) -> Tensor:
        layer, W = self.name or self.kind, self.query.W
        x = as_input(x, W, -1, layer)
        seen = x if memory is None else as_input(memory, W, -1, layer)
        if x.ndim != 3 or seen.ndim != 3 or x.shape[0] != seen.shape[0]:
            raise ShapeError(
                tr("{layer}: attention is between sequences", layer=layer),
                asked=f"(N, T, {W.shape[0]})",
                came=tr("an input of shape {shape}", shape=x.shape)
                + ("" if memory is None else f", memory {seen.shape}"),
            )
        if self.causal:
            before = np.tri(x.shape[1], seen.shape[1], dtype=bool)
            allowed = before if allowed is None else logical_and(before, allowed)
        k, v = self._heads(self.key(seen)), self._heads(self.value(seen))
        return self._mixed(x, k, v, allowed)  # type: ignore[no-any-return]

    def _mixed(self, x: Any, k: Any, v: Any, allowed: Any) -> Any:
        mixed = attend(self._heads(self.query(x)), k, v, allowed, self.drop)
        n, _, t, _ = mixed.shape
        return self.out(reshape(transpose(mixed, axes=(0, 2, 1, 3)), shape=(n, t, x.shape[2])))

    def cache(self, rows: int, length: int) -> Cache:
        """An empty cache for `rows` sequences of at most `length` positions, for `run`.

        >>> MultiHeadAttention(4, 2).cache(1, 8)[0].shape
        (1, 2, 8, 2)
        """
        whole(rows=rows, length=length)
        W = self.query.W
        shape = (rows, self.heads, length, W.shape[0] // self.heads)
        return np.zeros(shape, W.dtype), np.zeros(shape, W.dtype), np.array(0)

    def run(self, x: Any, cache: Cache) -> tuple[Any, Cache]:
        """The next positions x (N, T, width) after those in the cache: outputs, and the cache.

        Each sees those before and itself, as with `causal`; the keys and values of those before
        are not computed again. Raises IndexRangeError where the cache is full.

        Raises:
            ShapeError: for what are no sequences.

        >>> layer = MultiHeadAttention(8, heads=2, causal=True, dtype=np.float64)
        >>> x, cache = np.ones((3, 5, 8)), layer.cache(3, 5)
        >>> first, cache = layer.run(x[:, :4], cache)
        >>> second, cache = layer.run(x[:, 4:], cache)
        >>> bool(np.allclose(second.value, layer(x).value[:, 4:]))
        True
        """
        x = as_input(x, self.query.W, -1, self.name or self.kind)
        keys, values, count = cache
        length, made = keys.shape[2], x.shape[1] if len(x.shape) == 3 else 0
        if not made or x.shape[0] != keys.shape[0]:
            raise ShapeError(
                tr("{layer}: attention is between sequences", layer=self.name or self.kind),
                asked=f"({keys.shape[0]}, T, {x.shape[-1]})",
                came=tr("an input of shape {shape}", shape=x.shape),
            )
        there = None if isinstance(count, Tensor) and count.data is None else int(count)
        if made > length or (there is not None and there + made > length):
            raise IndexRangeError(
                tr("{layer}: the cache is full", layer=self.name or self.kind),
                asked=tr("at most {count} positions", count=length),
                came=tr("{count} positions", count=made + (there or 0)),
                hint=tr("make a longer one: {code}", code=f"cache({keys.shape[0]}, …)"),
            )
        keys = _written(keys, self._heads(self.key(x)), count)
        values = _written(values, self._heads(self.value(x)), count)
        before = np.arange(length) <= np.arange(made)[:, None] + count
        return self._mixed(x, keys, values, before), (keys, values, count + made)

    def _heads(self, x: Tensor) -> Any:
        """(N, T, width) as (N, heads, T, width/heads)."""
        n, t, width = x.shape
        apart = reshape(x, shape=(n, t, self.heads, width // self.heads))
        return transpose(apart, axes=(0, 2, 1, 3))

    def describe(self) -> str:
        return f"{self.query.W.shape[0]}, heads={self.heads}" + (", causal" if self.causal else "")
