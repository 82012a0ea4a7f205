"""Seq2seq with attention, its encoder in one direction or in both (chapters 8.2 and 8.3.1)."""

from __future__ import annotations

from typing import Any

import numpy as np

from seegrad.book2.ch07.seq2seq import Encoder, Seq2seq
from seegrad.book2.ch08.attention_layer import TimeAttention
from seegrad.book2.network import Network, drawn, lstm_weights
from seegrad.book2.time_layers import TimeAffine, TimeBiLSTM, TimeEmbedding, TimeLSTM
from seegrad.nn.sizes import whole


class AttentionEncoder(Encoder):
    """Ids xs (N, T) to all states (N, T, H)."""

    def forward(self, xs: Any) -> Any:
        """All states."""
        self.hs = self.lstm.forward(self.embed.forward(xs))
        return self.hs

    def backward(self, dhs: Any) -> Any:
        """From the derivative by all states."""
        return self.embed.backward(self.lstm.backward(dhs))


class AttentionBiEncoder(AttentionEncoder):
    """Ids xs (N, T) to the states of both directions, (N, T, 2H) (chapter 8.3.1)."""

    def __init__(
        self, vocab_size: int, wordvec_size: int, hidden_size: int, dtype: Any = np.float32
    ) -> None:
        V, D, H = vocab_size, wordvec_size, hidden_size
        whole(vocab_size=V, wordvec_size=D, hidden_size=H)
        self.embed = TimeEmbedding(drawn(100, V, D, dtype=dtype))
        both = (*lstm_weights(D, H, dtype), *lstm_weights(D, H, dtype))
        self.lstm: Any = TimeBiLSTM(*both, stateful=False)
        self._gather(self.embed, self.lstm)


class AttentionDecoder(Network):
    """From all of the encoder's states (N, T, H) and ids xs (N, T') to scores (N, T', V)."""

    def __init__(
        self, vocab_size: int, wordvec_size: int, hidden_size: int, dtype: Any = np.float32
    ) -> None:
        V, D, H = vocab_size, wordvec_size, hidden_size
        whole(vocab_size=V, wordvec_size=D, hidden_size=H)
        self.embed = TimeEmbedding(drawn(100, V, D, dtype=dtype))
        self.lstm = TimeLSTM(*lstm_weights(D, H, dtype), stateful=True)
        self.attention = TimeAttention()
        affine_W = drawn(np.sqrt(2 * H), 2 * H, V, dtype=dtype)
        self.affine = TimeAffine(affine_W, np.zeros(V, dtype))
        self._gather(self.embed, self.lstm, self.attention, self.affine)

    def forward(self, xs: Any, enc_hs: Any) -> Any:
        """The scores for each position."""
        self.lstm.set_state(enc_hs[:, -1])
        return self._scores(xs, enc_hs)

    def _scores(self, xs: Any, enc_hs: Any) -> Any:
        dec_hs = self.lstm.forward(self.embed.forward(xs))
        contexts = self.attention.forward(enc_hs, dec_hs)
        return self.affine.forward(np.concatenate((contexts, dec_hs), axis=2))

    def backward(self, dscore: Any) -> Any:
        """The derivative by all of the encoder's states."""
        dout = self.affine.backward(dscore)
        H = dout.shape[2] // 2
        denc_hs, ddec_hs = self.attention.backward(dout[:, :, :H])
        self.embed.backward(self.lstm.backward(dout[:, :, H:] + ddec_hs))
        denc_hs[:, -1] += self.lstm.dh
        return denc_hs

    def generate(self, enc_hs: Any, start_id: int, sample_size: int) -> list[int]:
        """`sample_size` ids after `start_id`, each the one with the best score; enc_hs: (1, T, H).

        `attention.attention_weights` then has the weights of every position of the answer.
        """
        self.lstm.set_state(enc_hs[:, -1])
        sampled, weights, word = [], [], int(start_id)
        for _ in range(sample_size):
            word = int(np.argmax(self._scores(np.array([[word]]), enc_hs)))
            sampled.append(word)
            weights += self.attention.attention_weights
        self.attention.attention_weights = weights
        return sampled


class AttentionSeq2seq(Seq2seq):
    """Seq2seq whose decoder attends to all of the encoder's states."""

    def __init__(
        self, vocab_size: int, wordvec_size: int, hidden_size: int, dtype: Any = np.float32
    ) -> None:
        args = vocab_size, wordvec_size, hidden_size, dtype
        self._join(AttentionEncoder(*args), AttentionDecoder(*args))


class AttentionBiSeq2seq(Seq2seq):
    """AttentionSeq2seq whose encoder reads in both directions; the decoder is twice as wide."""

    def __init__(
        self, vocab_size: int, wordvec_size: int, hidden_size: int, dtype: Any = np.float32
    ) -> None:
        V, D, H = vocab_size, wordvec_size, hidden_size
        self._join(AttentionBiEncoder(V, D, H, dtype), AttentionDecoder(V, D, 2 * H, dtype))
