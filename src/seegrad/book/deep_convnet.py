"""Chapter 8's network: six convolutions, three poolings, two Affine layers with Dropout (8.1)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from seegrad.book.base.network import ImageNetwork, scaled_randn, settings, widths
from seegrad.book.layers import Affine, Convolution, Dropout, Pooling, Relu, SoftmaxWithLoss
from seegrad.book.simple_convnet import CONV
from seegrad.book.util import conv_output_size

__all__ = ["DeepConvNet", "np"]


def _of(filters: int, pad: int = 1) -> Mapping[str, int]:
    return {"filter_num": filters, "filter_size": 3, "pad": pad, "stride": 1}


class DeepConvNet(ImageNetwork):
    """conv relu conv relu pool, three times, then affine relu dropout affine dropout (8.1.1).

    First weights are He's; over 99 % of MNIST's test images after the book's 20 epochs. `loss`
    and `gradient` leave values out, `predict` and `accuracy` do not. `layers` is a list, `params`
    are W1, b1, … W8, b8.
    """

    def __init__(
        self,
        input_dim: Sequence[int] = (1, 28, 28),
        conv_param_1: Mapping[str, int] = _of(16),
        conv_param_2: Mapping[str, int] = _of(16),
        conv_param_3: Mapping[str, int] = _of(32),
        conv_param_4: Mapping[str, int] = _of(32, pad=2),
        conv_param_5: Mapping[str, int] = _of(64),
        conv_param_6: Mapping[str, int] = _of(64),
        hidden_size: int = 50,
        output_size: int = 10,
    ) -> None:
        widths(hidden_size=hidden_size, output_size=output_size)
        self.layers: list[Any] = []
        channels, *lengths = input_dim
        given = (conv_param_1, conv_param_2, conv_param_3, conv_param_4, conv_param_5, conv_param_6)
        for number, each in enumerate(given, 1):
            made = settings(f"conv_param_{number}", each, CONV)
            filters, size = made["filter_num"], made["filter_size"]
            widths(filter_num=filters)
            weights = scaled_randn("he", channels * size * size, filters, channels, size, size)
            names = f"W{number}", f"b{number}"
            self.layers += [
                Convolution(weights, np.zeros(filters), made["stride"], made["pad"], names),
                Relu(),
            ]
            lengths = [conv_output_size(n, size, made["stride"], made["pad"]) for n in lengths]
            channels = filters
            if number % 2 == 0:
                self.layers.append(Pooling(pool_h=2, pool_w=2, stride=2))
                lengths = [conv_output_size(n, 2, 2) for n in lengths]
        inputs = channels * int(np.prod(lengths))
        self.layers += [
            _affine("7", inputs, hidden_size), Relu(), Dropout(0.5),
            _affine("8", hidden_size, output_size), Dropout(0.5),
        ]  # fmt: skip
        self.last_layer = SoftmaxWithLoss()

    def loss(self, x: Any, t: Any, train_flg: bool = True) -> Any:
        """The mean loss over the batch, with values left out, as the book has it."""
        return super().loss(x, t, train_flg)


def _affine(name: str, inputs: int, outputs: int) -> Affine:
    weights = scaled_randn("he", inputs, inputs, outputs)
    return Affine(weights, np.zeros(outputs), (f"W{name}", f"b{name}"))
