"""The chapter's network: Affine, Sigmoid, Affine, and the loss (chapter 1.4.2)."""

from __future__ import annotations

import numpy as np

from seegrad.book2.base_model import Chain
from seegrad.book2.layers import Affine, Sigmoid, SoftmaxWithLoss
from seegrad.nn.sizes import whole


class TwoLayerNet(Chain):
    """`layers` are Affine, Sigmoid, Affine; first weights are 0.01·randn, biases 0.

    >>> net = TwoLayerNet(2, 10, 3)
    >>> loss = net.forward(np.ones((4, 2)), np.array([0, 1, 2, 0]))
    >>> net.backward().shape, [g.shape for g in net.grads]
    ((4, 2), [(2, 10), (10,), (10, 3), (3,)])
    """

    def __init__(self, input_size: int, hidden_size: int, output_size: int) -> None:
        whole(input_size=input_size, hidden_size=hidden_size, output_size=output_size)
        W1, b1 = 0.01 * np.random.randn(input_size, hidden_size), np.zeros(hidden_size)
        W2, b2 = 0.01 * np.random.randn(hidden_size, output_size), np.zeros(output_size)
        self.layers = [Affine(W1, b1), Sigmoid(), Affine(W2, b2)]
        self.loss_layer = SoftmaxWithLoss()
        self._gather(*self.layers)
