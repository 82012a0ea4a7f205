"""Language models that write: word after word, drawn by the scores (chapter 7.1)."""

from __future__ import annotations

from collections.abc import Container
from typing import Any

import numpy as np

from seegrad.book.functions import softmax
from seegrad.book2.ch06.better_rnnlm import BetterRnnlm
from seegrad.book2.ch06.rnnlm import Rnnlm
from seegrad.errors import ValueRangeError
from seegrad.i18n import tr
from seegrad.nn.sizes import whole

State = tuple[Any, Any]


def written(
    model: Any, start_id: int, skip_ids: Container[int] | None, sample_size: int
) -> list[int]:
    """`sample_size` words from `start_id` on, each drawn by softmax of the scores."""
    whole(sample_size=sample_size)
    words, skipped = [int(start_id)], 0
    word = words[0]
    while len(words) < sample_size:
        p = softmax(np.asarray(model.predict(np.array([[word]])), np.float64).ravel())
        drawn = int(np.random.choice(len(p), size=1, p=p)[0])
        if skip_ids is None or drawn not in skip_ids:
            word, skipped = drawn, 0
            words.append(word)
        elif (skipped := skipped + 1) > 1000 + 100 * len(p):
            raise ValueRangeError(
                tr("only words that are to be skipped are drawn"),
                asked=tr("a model that gives other words a chance"), came=f"skip_ids={skip_ids}",
            )  # fmt: skip
    return words


class RnnlmGen(Rnnlm):
    """Rnnlm that writes."""

    def generate(
        self, start_id: int, skip_ids: Container[int] | None = None, sample_size: int = 100
    ) -> list[int]:
        """`sample_size` word ids that begin with `start_id`, none of them in `skip_ids`."""
        return written(self, start_id, skip_ids, sample_size)

    def get_state(self) -> State:
        """(h, c) of the LSTM."""
        return self.lstm_layer.h, self.lstm_layer.c

    def set_state(self, state: State) -> None:
        """Go on from a state that `get_state` gave."""
        self.lstm_layer.set_state(*state)


class BetterRnnlmGen(BetterRnnlm):
    """BetterRnnlm that writes."""

    def generate(
        self, start_id: int, skip_ids: Container[int] | None = None, sample_size: int = 100
    ) -> list[int]:
        """`sample_size` word ids that begin with `start_id`, none of them in `skip_ids`."""
        return written(self, start_id, skip_ids, sample_size)

    def get_state(self) -> list[State]:
        """(h, c) of each LSTM."""
        return [(layer.h, layer.c) for layer in self.lstm_layers]

    def set_state(self, states: list[State]) -> None:
        """Go on from states that `get_state` gave."""
        for layer, state in zip(self.lstm_layers, states, strict=True):
            layer.set_state(*state)
