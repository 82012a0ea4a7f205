"""A language model of two LSTMs with dropout, whose ends share one matrix (chapter 6.5)."""

from __future__ import annotations

from typing import Any

import numpy as np

from seegrad.book2.base_model import Chain
from seegrad.book2.network import drawn, lstm_weights
from seegrad.book2.time_layers import (
    TimeAffine,
    TimeDropout,
    TimeEmbedding,
    TimeLSTM,
    TimeSoftmaxWithLoss,
)
from seegrad.errors import ValueRangeError
from seegrad.i18n import tr
from seegrad.nn.sizes import whole


class BetterRnnlm(Chain):
    """Regularised LSTMs (arXiv:1409.2329) with tied weights (arXiv:1608.05859, 1611.01462).

    The last Affine's W is the transpose of the word vectors, the same memory: wordvec_size and
    hidden_size are equal. Masks are drawn while `train_flg` is true.
    """

    def __init__(
        self, vocab_size: int = 10000, wordvec_size: int = 650, hidden_size: int = 650,
        dropout_ratio: float = 0.5, dtype: Any = np.float32,
    ) -> None:  # fmt: skip
        V, D, H = vocab_size, wordvec_size, hidden_size
        whole(vocab_size=V, wordvec_size=D, hidden_size=H)
        if D != H:
            raise ValueRangeError(
                tr("the shared matrix needs word vectors as wide as the state"),
                asked="wordvec_size = hidden_size", came=f"{D}, {H}",
            )  # fmt: skip
        embed_W = drawn(100, V, D, dtype=dtype)
        first, second = lstm_weights(D, H, dtype), lstm_weights(H, H, dtype)
        self.lstm_layers = [TimeLSTM(*first, stateful=True), TimeLSTM(*second, stateful=True)]
        self.drop_layers = [TimeDropout(dropout_ratio) for _ in range(3)]
        drop, lstm = self.drop_layers, self.lstm_layers
        self.layers = [
            TimeEmbedding(embed_W), drop[0], lstm[0], drop[1], lstm[1], drop[2],
            TimeAffine(embed_W.T, np.zeros(V, dtype)),
        ]  # fmt: skip
        self.loss_layer = TimeSoftmaxWithLoss()
        self._gather(*self.layers)

    def predict(self, xs: Any, train_flg: bool = False) -> Any:
        """The scores (N, T, V); masks only while training."""
        for layer in self.drop_layers:
            layer.train_flg = train_flg
        return super().predict(xs)

    def forward(self, xs: Any, ts: Any, train_flg: bool = True) -> Any:
        """The mean loss."""
        return self.loss_layer.forward(self.predict(xs, train_flg), ts)

    def reset_state(self) -> None:
        """Begin a new text."""
        for layer in self.lstm_layers:
            layer.reset_state()
