"""A language model of an embedding, an LSTM and an Affine over time (chapter 6.4)."""

from __future__ import annotations

from typing import Any

import numpy as np

from seegrad.book2.base_model import Chain
from seegrad.book2.network import drawn, lstm_weights
from seegrad.book2.time_layers import TimeAffine, TimeEmbedding, TimeLSTM, TimeSoftmaxWithLoss
from seegrad.nn.sizes import whole


class Rnnlm(Chain):
    """The next word from those before it: ids (N, T) in, one score for each word out."""

    def __init__(
        self, vocab_size: int = 10000, wordvec_size: int = 100, hidden_size: int = 100,
        dtype: Any = np.float32,
    ) -> None:  # fmt: skip
        V, D, H = vocab_size, wordvec_size, hidden_size
        whole(vocab_size=V, wordvec_size=D, hidden_size=H)
        embed_W = drawn(100, V, D, dtype=dtype)
        self.lstm_layer = TimeLSTM(*lstm_weights(D, H, dtype), stateful=True)
        affine_W = drawn(np.sqrt(H), H, V, dtype=dtype)
        self.layers = [
            TimeEmbedding(embed_W), self.lstm_layer, TimeAffine(affine_W, np.zeros(V, dtype)),
        ]  # fmt: skip
        self.loss_layer = TimeSoftmaxWithLoss()
        self._gather(*self.layers)

    def reset_state(self) -> None:
        """Begin a new text."""
        self.lstm_layer.reset_state()
