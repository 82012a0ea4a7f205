"""Skip-gram with an embedding and negative sampling (chapter 4.3.1, and the book's code)."""

from __future__ import annotations

from functools import reduce
from operator import add
from typing import Any

import numpy as np

from seegrad.book2.arrays import as_ids, fits
from seegrad.book2.ch03.simple_cbow import first_vectors
from seegrad.book2.ch04.negative_sampling_layer import NegativeSamplingLoss
from seegrad.book2.layers import Embedding
from seegrad.book2.network import Network
from seegrad.nn.sizes import whole


class SkipGram(Network):
    """The words around one from its vector; `word_vecs` (V, H) are the word vectors."""

    def __init__(
        self, vocab_size: int, hidden_size: int, window_size: int, corpus: Any,
        dtype: Any = np.float32,
    ) -> None:  # fmt: skip
        whole(vocab_size=vocab_size, hidden_size=hidden_size, window_size=window_size)
        W_in = first_vectors(vocab_size, hidden_size, dtype)
        W_out = first_vectors(vocab_size, hidden_size, dtype)
        self.in_layer = Embedding(W_in)
        self.loss_layers = [
            NegativeSamplingLoss(W_out, corpus, power=0.75, sample_size=5)
            for _ in range(2 * window_size)
        ]
        self._gather(self.in_layer, *self.loss_layers)
        self.word_vecs = W_in

    def forward(self, contexts: Any, target: Any) -> Any:
        """The sum of the losses, for ids of contexts (N, 2·window) and targets (N,)."""
        ids = as_ids(contexts, len(self.word_vecs), "contexts")
        fits("SkipGram", ids, ("N", len(self.loss_layers)), "contexts")
        h = self.in_layer.forward(target)
        losses = [layer.forward(h, ids[:, i]) for i, layer in enumerate(self.loss_layers)]
        return reduce(add, losses)

    def backward(self, dout: Any = 1) -> None:
        """Fills `grads`."""
        self.in_layer.backward(reduce(add, [layer.backward(dout) for layer in self.loss_layers]))
