"""Skip-gram with a context of two words, over one-hot rows (chapter 3.5.2)."""

from __future__ import annotations

from typing import Any

import numpy as np

from seegrad.book.arrays import as_array
from seegrad.book2.arrays import fits
from seegrad.book2.ch03.simple_cbow import first_vectors
from seegrad.book2.layers import MatMul, SoftmaxWithLoss
from seegrad.book2.network import Network
from seegrad.nn.sizes import whole


class SimpleSkipGram(Network):
    """The two words beside one from the word itself; `word_vecs` (V, H) are the word vectors."""

    def __init__(self, vocab_size: int, hidden_size: int, dtype: Any = np.float32) -> None:
        whole(vocab_size=vocab_size, hidden_size=hidden_size)
        W_in = first_vectors(vocab_size, hidden_size, dtype)
        self.in_layer = MatMul(W_in)
        self.out_layer = MatMul(first_vectors(hidden_size, vocab_size, dtype))
        self.loss_layer1, self.loss_layer2 = SoftmaxWithLoss(), SoftmaxWithLoss()
        self._gather(self.in_layer, self.out_layer)
        self.word_vecs = W_in

    def forward(self, contexts: Any, target: Any) -> Any:
        """The sum of both mean losses, for one-hot contexts (N, 2, V) and targets (N, V)."""
        contexts = as_array(contexts, "contexts")
        fits("SimpleSkipGram", contexts, ("N", 2, len(self.word_vecs)), "contexts")
        scores = self.out_layer.forward(self.in_layer.forward(target))
        first = self.loss_layer1.forward(scores, contexts[:, 0])
        return first + self.loss_layer2.forward(scores, contexts[:, 1])

    def backward(self, dout: Any = 1) -> None:
        """Fills `grads`."""
        ds = self.loss_layer1.backward(dout) + self.loss_layer2.backward(dout)
        self.in_layer.backward(self.out_layer.backward(ds))
