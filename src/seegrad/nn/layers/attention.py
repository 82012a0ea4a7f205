"""MultiHeadAttention: every position looks at others and takes a weighted mean of what they tr."""

from __future__ import annotations

import math
from typing import Any, ClassVar

import numpy as np

from seegrad.errors import ShapeError
from seegrad.graph.mode import frame
from seegrad.i18n import tr
from seegrad.nn.initialisers import Initialiser
from seegrad.nn.layers.affine import Affine
from seegrad.nn.layers.dropout import Dropout
from seegrad.nn.module import Module, as_input
from seegrad.nn.sizes import divides, whole
from seegrad.ops.compare import where
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


class MultiHeadAttention(Module):
    """Self-attention of (N, T, width) with `heads` heads; or attention to another sequence.

    causal: a position sees itself and what came before only. Called as `layer(x)`, with `memory`
    (N, S, width) to look there instead, and `allowed`, booleans that broadcast to (N, heads, T, S).

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

    def forward(self, x: Any, memory: Any = None, allowed: Any = None) -> Any:
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
            allowed = before if allowed is None else np.logical_and(before, allowed)
        q, k = self._heads(self.query(x)), self._heads(self.key(seen))
        mixed = attend(q, k, self._heads(self.value(seen)), allowed, self.drop)
        n, _, t, _ = mixed.shape
        return self.out(reshape(transpose(mixed, axes=(0, 2, 1, 3)), shape=(n, t, W.shape[0])))

    def _heads(self, x: Tensor) -> Any:
        """(N, T, width) as (N, heads, T, width/heads)."""
        n, t, width = x.shape
        apart = reshape(x, shape=(n, t, self.heads, width // self.heads))
        return transpose(apart, axes=(0, 2, 1, 3))

    def describe(self) -> str:
        return f"{self.query.W.shape[0]}, heads={self.heads}" + (", causal" if self.causal else "")
