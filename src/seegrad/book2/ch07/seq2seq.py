"""Sequence to sequence: an encoder's last state is where a decoder begins (chapter 7.3)."""

from __future__ import annotations

from typing import Any

import numpy as np

from seegrad.book.arrays import as_array
from seegrad.book2.base_model import BaseModel
from seegrad.book2.network import Network, drawn, lstm_weights
from seegrad.book2.time_layers import TimeAffine, TimeEmbedding, TimeLSTM, TimeSoftmaxWithLoss
from seegrad.errors import ShapeError
from seegrad.i18n import tr
from seegrad.nn.sizes import whole


class Encoder(Network):
    """Ids xs (N, T) to the last state (N, H); all states are kept as `hs`."""

    def __init__(
        self, vocab_size: int, wordvec_size: int, hidden_size: int, dtype: Any = np.float32
    ) -> None:
        V, D, H = vocab_size, wordvec_size, hidden_size
        whole(vocab_size=V, wordvec_size=D, hidden_size=H)
        self.embed = TimeEmbedding(drawn(100, V, D, dtype=dtype))
        self.lstm = TimeLSTM(*lstm_weights(D, H, dtype), stateful=False)
        self._gather(self.embed, self.lstm)
        self.hs: Any = None

    def forward(self, xs: Any) -> Any:
        """The last state."""
        self.hs = self.lstm.forward(self.embed.forward(xs))
        return self.hs[:, -1, :]

    def backward(self, dh: Any) -> Any:
        """From the derivative by the last state."""
        dhs = np.zeros_like(self.hs)
        dhs[:, -1, :] = dh
        return self.embed.backward(self.lstm.backward(dhs))


class Decoder(Network):
    """From a state h (N, H) and ids xs (N, T) to scores (N, T, V).

    `peek` columns of h join the inputs of the LSTM and of the Affine at every position.
    """

    def __init__(
        self, vocab_size: int, wordvec_size: int, hidden_size: int, dtype: Any = np.float32,
        peek: int = 0,
    ) -> None:  # fmt: skip
        V, D, H = vocab_size, wordvec_size, hidden_size
        whole(vocab_size=V, wordvec_size=D, hidden_size=H)
        self.embed = TimeEmbedding(drawn(100, V, D, dtype=dtype))
        self.lstm = TimeLSTM(*lstm_weights(peek + D, H, dtype), stateful=True)
        affine_W = drawn(np.sqrt(peek + H), peek + H, V, dtype=dtype)
        self.affine = TimeAffine(affine_W, np.zeros(V, dtype))
        self._gather(self.embed, self.lstm, self.affine)

    def forward(self, xs: Any, h: Any) -> Any:
        """The scores for each position."""
        self.lstm.set_state(h)
        return self._scores(xs, h)

    def _scores(self, xs: Any, h: Any) -> Any:
        return self.affine.forward(self.lstm.forward(self.embed.forward(xs)))

    def backward(self, dscore: Any) -> Any:
        """The derivative by h."""
        self.embed.backward(self.lstm.backward(self.affine.backward(dscore)))
        return self.lstm.dh

    def generate(self, h: Any, start_id: int, sample_size: int) -> list[int]:
        """`sample_size` ids after `start_id`, each the one with the best score; h: (1, H)."""
        self.lstm.set_state(h)
        sampled, word = [], int(start_id)
        for _ in range(sample_size):
            word = int(np.argmax(self._scores(np.array([[word]]), h)))
            sampled.append(word)
        return sampled


class Seq2seq(BaseModel):
    """`encoder`, `decoder` and the loss; questions xs (N, T), answers ts (N, T') with their first
    sign, from which the decoder begins.

    >>> net = Seq2seq(13, 4, 8)
    >>> loss = net.forward(np.zeros((2, 7), int), np.ones((2, 5), int))
    >>> net.backward(); len(net.generate(np.zeros((1, 7), int), 0, 4))
    4
    """

    def __init__(
        self, vocab_size: int, wordvec_size: int, hidden_size: int, dtype: Any = np.float32
    ) -> None:
        args = vocab_size, wordvec_size, hidden_size, dtype
        self._join(Encoder(*args), Decoder(*args))

    def _join(self, encoder: Any, decoder: Any) -> None:
        self.encoder, self.decoder = encoder, decoder
        self.softmax = TimeSoftmaxWithLoss()
        self._gather(encoder, decoder)

    def forward(self, xs: Any, ts: Any) -> Any:
        """The mean loss over the answers' signs but the first."""
        ts = as_array(ts, "ts")
        if ts.ndim != 2 or ts.shape[1] < 2:
            raise ShapeError(
                tr("an answer has its first sign and at least one more"),
                asked="ts (N, T), T ≥ 2", came=f"ts {ts.shape}",
            )  # fmt: skip
        score = self.decoder.forward(ts[:, :-1], self.encoder.forward(xs))
        return self.softmax.forward(score, ts[:, 1:])

    def backward(self, dout: Any = 1) -> Any:
        """Fills `grads` of decoder and encoder."""
        return self.encoder.backward(self.decoder.backward(self.softmax.backward(dout)))

    def generate(self, xs: Any, start_id: int, sample_size: int) -> list[int]:
        """The answer to one question xs (1, T): `sample_size` ids after `start_id`."""
        xs = as_array(xs, "xs")
        if xs.ndim != 2 or xs.shape[0] != 1:
            raise ShapeError(
                tr("generate answers one question at a time"), asked="xs (1, T)",
                came=f"xs {xs.shape}",
            )  # fmt: skip
        whole(sample_size=sample_size)
        sampled: list[int] = self.decoder.generate(self.encoder.forward(xs), start_id, sample_size)
        return sampled
