"""The chapter's network: Affine, ReLU, Affine, Softmax-with-Loss (chapter 5.7.2)."""

from __future__ import annotations

from collections import OrderedDict
from typing import Any

import numpy as np

from seegrad.book.base.network import Network, scaled_randn, widths
from seegrad.book.layers import Affine, Relu, SoftmaxWithLoss

__all__ = ["OrderedDict", "TwoLayerNet", "np"]


class TwoLayerNet(Network):
    """Two Affine layers with ReLU between them, and the loss.

    `layers` has Affine1, Relu1, Affine2, and `params` their arrays W1, b1, W2, b2; `graph` is
    the whole computational graph of the last loss. First weights come from `np.random.randn`.
    """

    def __init__(
        self,
        input_size: int,
        hidden_size: int,
        output_size: int,
        weight_init_std: float = 0.01,
    ) -> None:
        widths(input_size=input_size, hidden_size=hidden_size, output_size=output_size)
        W1 = scaled_randn(weight_init_std, input_size, input_size, hidden_size)
        W2 = scaled_randn(weight_init_std, hidden_size, hidden_size, output_size)
        self.layers: OrderedDict[str, Any] = OrderedDict()
        self.layers["Affine1"] = Affine(W1, np.zeros(hidden_size), ("W1", "b1"))
        self.layers["Relu1"] = Relu()
        self.layers["Affine2"] = Affine(W2, np.zeros(output_size), ("W2", "b2"))
        self.last_layer = self.lastLayer = SoftmaxWithLoss()
