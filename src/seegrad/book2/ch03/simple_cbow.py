"""CBOW with a context of two words, over one-hot rows (chapter 3.4)."""

from __future__ import annotations

from typing import Any

import numpy as np

from seegrad.book.arrays import as_array
from seegrad.book2.arrays import Array, fits
from seegrad.book2.layers import MatMul, SoftmaxWithLoss
from seegrad.book2.network import Network
from seegrad.nn.sizes import whole


def first_vectors(rows: int, columns: int, dtype: Any) -> Array:
    """0.01·randn, rounded before it is made small, as the book's code does."""
    return np.asarray(0.01 * np.random.randn(rows, columns).astype(dtype))


class SimpleCBOW(Network):
    """The word in the middle from the two beside it; `word_vecs` (V, H) are the word vectors."""

    def __init__(self, vocab_size: int, hidden_size: int, dtype: Any = np.float32) -> None:
        whole(vocab_size=vocab_size, hidden_size=hidden_size)
        W_in = first_vectors(vocab_size, hidden_size, dtype)
        W_out = first_vectors(hidden_size, vocab_size, dtype)
        self.in_layer0, self.in_layer1 = MatMul(W_in), MatMul(W_in)
        self.out_layer = MatMul(W_out)
        self.loss_layer = SoftmaxWithLoss()
        self._gather(self.in_layer0, self.in_layer1, self.out_layer)
        self.word_vecs = W_in

    def forward(self, contexts: Any, target: Any) -> Any:
        """The mean loss, for one-hot contexts (N, 2, V) and one-hot targets (N, V)."""
        contexts = as_array(contexts, "contexts")
        fits("SimpleCBOW", contexts, ("N", 2, len(self.word_vecs)), "contexts")
        h0 = self.in_layer0.forward(contexts[:, 0])
        h1 = self.in_layer1.forward(contexts[:, 1])
        return self.loss_layer.forward(self.out_layer.forward((h0 + h1) * 0.5), target)

    def backward(self, dout: Any = 1) -> None:
        """Fills `grads`; both input layers share one matrix, each with a gradient of its own."""
        dh = self.out_layer.backward(self.loss_layer.backward(dout)) * 0.5
        self.in_layer1.backward(dh)
        self.in_layer0.backward(dh)
