"""TransformerBlock, and PyTorch's encoder and decoder: attention, then a network by position."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, ClassVar

import numpy as np

from seegrad.errors import DTypeError, ValueRangeError
from seegrad.i18n import tr
from seegrad.nn.layers.activations import GELU
from seegrad.nn.layers.affine import Affine
from seegrad.nn.layers.attention import Cache, MultiHeadAttention
from seegrad.nn.layers.containers import Sequential
from seegrad.nn.layers.dropout import Dropout
from seegrad.nn.layers.mlp import ACTIVATIONS
from seegrad.nn.layers.normalisation import LayerNorm
from seegrad.nn.module import Module
from seegrad.nn.sizes import whole
from seegrad.tensor.tensor import Tensor


class TransformerBlock(Module):
    """x + attention(norm(x)), then + network(norm(…)), of (N, T, width) (Xiong et al., 2020).

    heads, causal: of the attention. hidden: width of the network's middle (default 4·width).
    dropout: on the attention's weights and on both branches. `run` and `cache` as in
    `MultiHeadAttention`: the next positions, without what came before computed again.

    Args:
        generator: where they are drawn from; sg's own when not given.

    >>> TransformerBlock(8, heads=2)(np.ones((3, 5, 8))).shape
    (3, 5, 8)
    >>> block = TransformerBlock(4, 2)
    >>> y, cache = block.run(np.ones((1, 1, 4)), block.cache(1, 8))
    >>> y.shape
    (1, 1, 4)
    """

    torch_names: ClassVar[dict[str, str]] = {
        "attention": "self_attn", "network.affine1": "linear1", "network.affine2": "linear2"
    }  # fmt: skip

    def __init__(
        self,
        width: int,
        heads: int,
        hidden: int | None = None,
        *,
        causal: bool = False,
        dropout: float = 0.0,
        dtype: Any = np.float32,
        generator: np.random.Generator | None = None,
    ) -> None:
        made: dict[str, Any] = {"dtype": dtype, "generator": generator}
        middle = 4 * width if hidden is None else hidden
        self.norm1 = LayerNorm(width, dtype=dtype)
        self.attention = MultiHeadAttention(width, heads, causal=causal, dropout=dropout, **made)
        self.norm2 = LayerNorm(width, dtype=dtype)
        self.network = Sequential(
            Affine(width, middle, initial="xavier", **made),
            GELU(),
            Affine(middle, width, initial="xavier", **made),
        )
        self.drop = Dropout(dropout) if dropout else None

    def forward(self, x: Any, allowed: Any = None) -> Tensor:
        x = x + self._dropped(self.attention(self.norm1(x), None, allowed))
        return x + self._dropped(self.network(self.norm2(x)))  # type: ignore[no-any-return]

    def cache(self, rows: int, length: int) -> Cache:
        """An empty cache for `rows` sequences of at most `length` positions, for `run`."""
        return self.attention.cache(rows, length)

    def run(self, x: Any, cache: Cache) -> tuple[Any, Cache]:
        """The next positions x (N, T, width) after those in the cache: outputs, and the cache."""
        seen, cache = self.attention.run(self.norm1(x), cache)
        x = x + self._dropped(seen)
        return x + self._dropped(self.network(self.norm2(x))), cache

    def _dropped(self, x: Any) -> Any:
        return x if self.drop is None else self.drop(x)


class _Layer(Module):
    """What the layers of PyTorch's Transformer share."""

    def __init__(
        self,
        width: int,
        heads: int,
        hidden: int = 2048,
        dropout: float = 0.1,
        activation: str = "relu",
        *,
        norm_first: bool = False,
        causal: bool = False,
        dtype: Any = np.float32,
        generator: np.random.Generator | None = None,
    ) -> None:
        if activation not in ACTIVATIONS:
            raise ValueRangeError(
                tr("there is no such activation"),
                asked=", ".join(ACTIVATIONS),
                came=f"activation={activation!r}",
            )
        made: dict[str, Any] = {"dtype": dtype, "generator": generator}
        self.norm_first = norm_first
        self.sizes = (width, heads, hidden, dropout, activation)
        self.settings = {"norm_first": norm_first, "causal": causal, **made}
        self.attention = MultiHeadAttention(width, heads, causal=causal, dropout=dropout, **made)
        self.network = Sequential(
            Affine(width, hidden, initial="xavier", **made),
            ACTIVATIONS[activation](),
            *([Dropout(dropout)] if dropout else []),
            Affine(hidden, width, initial="xavier", **made),
        )
        self.norm1, self.norm2 = LayerNorm(width, dtype=dtype), LayerNorm(width, dtype=dtype)
        self.drop = Dropout(dropout) if dropout else None

    def _added(self, x: Any, norm: Module, branch: Callable[[Any], Any]) -> Any:
        """x and its branch, brought to mean 0 and deviation 1 before the branch or after it."""
        made = branch(norm(x) if self.norm_first else x)
        total = x + (made if self.drop is None else self.drop(made))
        return total if self.norm_first else norm(total)

    def another(self) -> _Layer:
        """A layer with the same settings and weights of its own."""
        return type(self)(*self.sizes, **self.settings)

    def describe(self) -> str:
        return "norm_first=True" if self.norm_first else ""


class TransformerEncoderLayer(_Layer):
    """Self-attention and a small network, each added to what came in (Vaswani et al., 2017).

    PyTorch's layer of this name with `batch_first=True`: x (N, T, width). norm_first: normalise
    before each branch, not after it. activation: one of `ACTIVATIONS`. Called with `allowed`,
    booleans that broadcast to (N, heads, T, T), True where one may look (PyTorch's masks of
    booleans say where one may not).

    Args:
        hidden: how wide the layer between is.
        dropout: which share is left out in training.
        dtype: the dtype of what is learnt.
        generator: where the first values are drawn from; sg's own when not given.
        causal: does each position see only those before it?

    Raises:
        ValueRangeError: for another activation.

    >>> TransformerEncoderLayer(8, heads=2, hidden=16)(np.ones((3, 5, 8))).shape
    (3, 5, 8)
    """

    kind = "encoder_layer"

    def forward(self, x: Any, allowed: Any = None) -> Tensor:
        x = self._added(x, self.norm1, lambda x: self.attention(x, None, allowed))
        return self._added(x, self.norm2, self.network)  # type: ignore[no-any-return]


class TransformerDecoderLayer(_Layer):
    """Causal self-attention, attention to the encoder's outputs, and a small network.

    PyTorch's layer of this name with `batch_first=True`; causal unless told otherwise. Called as
    `layer(x, memory)`, x (N, T, width), memory (N, S, width); `allowed` and `allowed_memory` as in
    `TransformerEncoderLayer`.

    Args:
        hidden: how wide the layer between is.
        dropout: which share is left out in training.
        heads: how many heads attention has.
        activation: "relu" or "gelu".
        norm_first: is what comes in normalised, and not what comes out?
        dtype: the dtype of what is learnt.
        generator: where the first values are drawn from; sg's own when not given.

    >>> layer = TransformerDecoderLayer(8, heads=2, hidden=16)
    >>> layer(np.ones((3, 5, 8)), np.ones((3, 7, 8))).shape
    (3, 5, 8)
    """

    kind = "decoder_layer"

    def __init__(
        self,
        width: int,
        heads: int,
        hidden: int = 2048,
        dropout: float = 0.1,
        activation: str = "relu",
        *,
        norm_first: bool = False,
        causal: bool = True,
        dtype: Any = np.float32,
        generator: np.random.Generator | None = None,
    ) -> None:
        made: dict[str, Any] = {"dtype": dtype, "generator": generator}
        settings = {"norm_first": norm_first, "causal": causal, **made}
        super().__init__(width, heads, hidden, dropout, activation, **settings)
        self.cross = MultiHeadAttention(width, heads, dropout=dropout, **made)
        self.norm3 = LayerNorm(width, dtype=dtype)

    def forward(
        self, x: Any, memory: Any, allowed: Any = None, allowed_memory: Any = None
    ) -> Tensor:
        x = self._added(x, self.norm1, lambda x: self.attention(x, None, allowed))
        x = self._added(x, self.norm2, lambda x: self.cross(x, memory, allowed_memory))
        return self._added(x, self.norm3, self.network)  # type: ignore[no-any-return]


class _Stack(Module):
    """Layers of a Transformer one after another, and perhaps a norm behind them."""

    def __init__(self, layer: _Layer, num_layers: int, norm: Module | None = None) -> None:
        whole(num_layers=num_layers)
        if not isinstance(layer, _Layer):
            raise DTypeError(
                tr("each layer of a stack has weights of its own, made like those of the first"),
                asked="TransformerEncoderLayer(8, 2), TransformerDecoderLayer(8, 2)",
                came=repr(layer).splitlines()[0][:60],
                hint=tr("other layers stand in a Sequential, or in a list of your module"),
            )
        self.layers = [layer, *(layer.another() for _ in range(num_layers - 1))]
        self.norm = norm

    def forward(self, x: Any, *memory: Any, **keywords: Any) -> Tensor:
        for layer in self.layers:
            x = layer(x, *memory, **keywords)
        return x if self.norm is None else self.norm(x)  # type: ignore[no-any-return]


class TransformerEncoder(_Stack):
    """`num_layers` layers like `layer`, one after another, then `norm` where there is one.

    Unlike PyTorch's, which begin as copies of the first, each draws first values of its own.

    Raises:
        DTypeError: for a layer that is none of a stack's.

    >>> net = TransformerEncoder(TransformerEncoderLayer(8, 2, hidden=16), num_layers=2)
    >>> net(np.ones((3, 5, 8))).shape
    (3, 5, 8)
    """

    kind = "encoder"


class TransformerDecoder(_Stack):
    """`num_layers` layers like `layer`, each called with x and the encoder's outputs.

    Args:
        norm: a layer behind the last.

    Raises:
        DTypeError: for a layer that is none of a stack's.

    >>> net = TransformerDecoder(TransformerDecoderLayer(8, 2, hidden=16), num_layers=2)
    >>> net(np.ones((3, 5, 8)), np.ones((3, 7, 8))).shape
    (3, 5, 8)
    """

    kind = "decoder"
