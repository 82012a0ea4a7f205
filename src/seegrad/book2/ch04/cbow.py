"""CBOW with embeddings and negative sampling (chapter 4.3.1)."""

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


class CBOW(Network):
    """A word from the mean of the vectors around it; `word_vecs` (V, H) are the word vectors."""

    def __init__(
        self, vocab_size: int, hidden_size: int, window_size: int, corpus: Any,
        dtype: Any = np.float32,
    ) -> None:  # fmt: skip
        whole(vocab_size=vocab_size, hidden_size=hidden_size, window_size=window_size)
        W_in = first_vectors(vocab_size, hidden_size, dtype)
        W_out = first_vectors(vocab_size, hidden_size, dtype)
        self.in_layers = [Embedding(W_in) for _ in range(2 * window_size)]
        self.ns_loss = NegativeSamplingLoss(W_out, corpus, power=0.75, sample_size=5)
        self._gather(*self.in_layers, self.ns_loss)
        self.word_vecs = W_in

    def forward(self, contexts: Any, target: Any) -> Any:
        """The loss, for ids of contexts (N, 2·window) and targets (N,)."""
        ids = as_ids(contexts, len(self.word_vecs), "contexts")
        fits("CBOW", ids, ("N", len(self.in_layers)), "contexts")
        rows = [layer.forward(ids[:, i]) for i, layer in enumerate(self.in_layers)]
        return self.ns_loss.forward(reduce(add, rows) * (1 / len(rows)), target)

    def backward(self, dout: Any = 1) -> None:
        """Fills `grads`."""
        dh = self.ns_loss.backward(dout) * (1 / len(self.in_layers))
        for layer in self.in_layers:
            layer.backward(dh)
