"""Seq2seq whose decoder looks at the encoder's state at every position (chapter 7.4.2)."""

from __future__ import annotations

from typing import Any

import numpy as np

from seegrad.book2.ch07.seq2seq import Decoder, Encoder, Seq2seq


class PeekyDecoder(Decoder):
    """A decoder whose LSTM and Affine get h (N, H) at each position, too."""

    def __init__(
        self, vocab_size: int, wordvec_size: int, hidden_size: int, dtype: Any = np.float32
    ) -> None:
        super().__init__(vocab_size, wordvec_size, hidden_size, dtype, peek=hidden_size)
        self.cache = hidden_size

    def _scores(self, xs: Any, h: Any) -> Any:
        n, t = xs.shape
        hs = np.repeat(h, t, axis=0).reshape(n, t, self.cache)
        out = self.lstm.forward(np.concatenate((hs, self.embed.forward(xs)), axis=2))
        return self.affine.forward(np.concatenate((hs, out), axis=2))

    def backward(self, dscore: Any) -> Any:
        """The derivative by h, along the state and at every position."""
        H = self.cache
        dout = self.affine.backward(dscore)
        dhs, dout = dout[:, :, :H], self.lstm.backward(dout[:, :, H:])
        self.embed.backward(dout[:, :, H:])
        return self.lstm.dh + np.sum(dhs + dout[:, :, :H], axis=1)


class PeekySeq2seq(Seq2seq):
    """Seq2seq with a PeekyDecoder."""

    def __init__(
        self, vocab_size: int, wordvec_size: int, hidden_size: int, dtype: Any = np.float32
    ) -> None:
        args = vocab_size, wordvec_size, hidden_size, dtype
        self._join(Encoder(*args), PeekyDecoder(*args))
