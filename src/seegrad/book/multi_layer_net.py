"""The book's fully connected network with any number of hidden layers (chapter 6)."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Sequence
from itertools import pairwise
from typing import Any

import numpy as np

from seegrad.book.base.network import Network, scaled_randn, widths
from seegrad.book.layers import Affine, Relu, Sigmoid, SoftmaxWithLoss
from seegrad.errors import ValueRangeError
from seegrad.i18n import tr

__all__ = ["MultiLayerNet", "OrderedDict", "np"]

ACTIVATIONS = {"sigmoid": Sigmoid, "relu": Relu}


class MultiLayerNet(Network):
    """Affine1, Activation_function1, …, Affine of the outputs, and the loss.

    activation: "relu" or "sigmoid". weight_init_std: the deviation of the first weights, or "relu"
    (also "he": √(2/n)), or "sigmoid" (also "xavier": √(1/n)). weight_decay_lambda: λ of the weight
    decay ½λ·ΣW², part of the loss and of its gradient. `params` are W1, b1, W2 …
    """

    def __init__(
        self,
        input_size: int,
        hidden_size_list: Sequence[int],
        output_size: int,
        activation: str = "relu",
        weight_init_std: Any = "relu",
        weight_decay_lambda: float = 0,
    ) -> None:
        self.input_size, self.output_size = input_size, output_size
        self.hidden_size_list = hidden_size_list
        self.hidden_layer_num = len(hidden_size_list)
        self.weight_decay_lambda = weight_decay_lambda
        sizes = [input_size, *hidden_size_list, output_size]
        hidden = {f"hidden_size_list[{i}]": n for i, n in enumerate(hidden_size_list)}
        widths(**hidden, input_size=input_size, output_size=output_size)
        if str(activation).lower() not in ACTIVATIONS:
            raise ValueRangeError(
                tr("there is no such activation"),
                asked=", ".join(ACTIVATIONS), came=f"activation={activation!r}",
            )  # fmt: skip
        if isinstance(weight_decay_lambda, bool) or not weight_decay_lambda >= 0:
            raise ValueRangeError(
                tr("weight decay pulls towards 0"),
                asked="0 ≤ weight_decay_lambda", came=f"{weight_decay_lambda!r}",
            )  # fmt: skip
        self.layers: OrderedDict[str, Any] = OrderedDict()
        for number, (inputs, outputs) in enumerate(pairwise(sizes), 1):
            weights = scaled_randn(weight_init_std, inputs, inputs, outputs)
            self.layers[f"Affine{number}"] = Affine(
                weights, np.zeros(outputs), (f"W{number}", f"b{number}")
            )
            if number <= self.hidden_layer_num:
                self._between(number, outputs, ACTIVATIONS[str(activation).lower()])
        self.last_layer = SoftmaxWithLoss()

    def _between(self, number: int, width: int, activation: Any) -> None:
        """What stands behind a hidden Affine layer."""
        self.layers[f"Activation_function{number}"] = activation()
