"""A language model of an embedding, an RNN and an Affine over time (chapter 5.5.1)."""

from __future__ import annotations

from typing import Any

import numpy as np

from seegrad.book2.base_model import Chain
from seegrad.book2.network import drawn
from seegrad.book2.time_layers import TimeAffine, TimeEmbedding, TimeRNN, TimeSoftmaxWithLoss
from seegrad.nn.sizes import whole


class SimpleRnnlm(Chain):
    """The next word from those before it: ids (N, T) in, one score for each word out."""

    def __init__(
        self, vocab_size: int, wordvec_size: int, hidden_size: int, dtype: Any = np.float32
    ) -> None:
        V, D, H = vocab_size, wordvec_size, hidden_size
        whole(vocab_size=V, wordvec_size=D, hidden_size=H)
        embed_W = drawn(100, V, D, dtype=dtype)
        rnn_Wx = drawn(np.sqrt(D), D, H, dtype=dtype)
        rnn_Wh = drawn(np.sqrt(H), H, H, dtype=dtype)
        affine_W = drawn(np.sqrt(H), H, V, dtype=dtype)
        self.rnn_layer = TimeRNN(rnn_Wx, rnn_Wh, np.zeros(H, dtype), stateful=True)
        self.layers = [
            TimeEmbedding(embed_W), self.rnn_layer, TimeAffine(affine_W, np.zeros(V, dtype)),
        ]  # fmt: skip
        self.loss_layer = TimeSoftmaxWithLoss()
        self._gather(*self.layers)

    def reset_state(self) -> None:
        """Begin a new text."""
        self.rnn_layer.reset_state()
