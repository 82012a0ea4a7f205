"""TransformerBlock: attention and a small network on each position, both added to what came in."""

from __future__ import annotations

from typing import Any, ClassVar

import numpy as np

from seegrad.nn.layers.activations import GELU
from seegrad.nn.layers.affine import Affine
from seegrad.nn.layers.attention import MultiHeadAttention
from seegrad.nn.layers.containers import Sequential
from seegrad.nn.layers.dropout import Dropout
from seegrad.nn.layers.normalisation import LayerNorm
from seegrad.nn.module import Module


class TransformerBlock(Module):
    """x + attention(norm(x)), then + network(norm(…)), of (N, T, width) (Xiong et al., 2020).

    heads, causal: of the attention. hidden: width of the network's middle (default 4·width).
    dropout: on the attention's weights and on both branches.

    >>> TransformerBlock(8, heads=2)(np.ones((3, 5, 8))).shape
    (3, 5, 8)
    """

    kind = "transformer_block"
    torch_names: ClassVar[dict[str, str]] = {
        "attention": "self_attn", "network.affine1": "linear1", "network.affine2": "linear2"
    }  # fmt: skip

    def __init__(
        self,
        width: int,
        heads: int,
        hidden: int | None = None,
        causal: bool = False,
        dropout: float = 0.0,
        dtype: Any = np.float32,
        generator: np.random.Generator | None = None,
    ) -> None:
        made: dict[str, Any] = {"dtype": dtype, "generator": generator}
        middle = 4 * width if hidden is None else hidden
        self.norm1 = LayerNorm(width, dtype=dtype)
        self.attention = MultiHeadAttention(width, heads, causal, dropout, **made)
        self.norm2 = LayerNorm(width, dtype=dtype)
        self.network = Sequential(
            Affine(width, middle, initial="xavier", **made),
            GELU(),
            Affine(middle, width, initial="xavier", **made),
        )
        self.drop = Dropout(dropout) if dropout else None

    def forward(self, x: Any, allowed: Any = None) -> Any:
        x = x + self._dropped(self.attention(self.norm1(x), None, allowed))
        return x + self._dropped(self.network(self.norm2(x)))

    def _dropped(self, x: Any) -> Any:
        return x if self.drop is None else self.drop(x)
