"""The book's fully connected network with weight decay, Dropout, Batch Normalization (6.3, 6.4)."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Sequence
from typing import Any

import numpy as np

from seegrad.book.layers import BatchNormalization, Dropout
from seegrad.book.multi_layer_net import MultiLayerNet

__all__ = ["MultiLayerNetExtend", "OrderedDict", "np"]


class MultiLayerNetExtend(MultiLayerNet):
    """As MultiLayerNet; with BatchNorm1 … before, and Dropout1 … behind each activation.

    dropout_ration is the share that Dropout leaves out (the book spells it so). `predict` and
    `loss` take `train_flg`; `gradient` learns, `accuracy` does not.
    """

    def __init__(
        self,
        input_size: int,
        hidden_size_list: Sequence[int],
        output_size: int,
        activation: str = "relu",
        weight_init_std: Any = "relu",
        weight_decay_lambda: float = 0,
        use_dropout: bool = False,
        dropout_ration: float = 0.5,
        use_batchnorm: bool = False,
    ) -> None:
        self.use_dropout, self.dropout_ration = use_dropout, dropout_ration
        self.use_batchnorm = use_batchnorm
        super().__init__(
            input_size, hidden_size_list, output_size, activation, weight_init_std,
            weight_decay_lambda,
        )  # fmt: skip

    def _between(self, number: int, width: int, activation: Any) -> None:
        if self.use_batchnorm:
            self.layers[f"BatchNorm{number}"] = BatchNormalization(
                np.ones(width), np.zeros(width), names=(f"gamma{number}", f"beta{number}")
            )
        super()._between(number, width, activation)
        if self.use_dropout:
            self.layers[f"Dropout{number}"] = Dropout(self.dropout_ration)

    def _learning(self) -> dict[str, bool]:
        return {"train_flg": True}
