"""Chapter 7's network: Convolution, ReLU, Pooling, Affine, ReLU, Affine, Softmax-with-Loss."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from seegrad.book.base.network import ImageNetwork, scaled_randn, settings, widths
from seegrad.book.layers import Affine, Convolution, Pooling, Relu, SoftmaxWithLoss
from seegrad.book.util import conv_output_size

__all__ = ["OrderedDict", "SimpleConvNet", "np"]

CONV = ("filter_num", "filter_size", "pad", "stride")
FIRST: Mapping[str, int] = {"filter_num": 30, "filter_size": 5, "pad": 0, "stride": 1}


class SimpleConvNet(ImageNetwork):
    """Conv1, Relu1, Pool1, Affine1, Relu2, Affine2, and the loss (7.5).

    input_dim: channels, height, width; conv_param: filter_num, filter_size, pad, stride. `params`
    are W1, b1 (the filters), W2, b2, W3, b3.
    """

    def __init__(
        self,
        input_dim: Sequence[int] = (1, 28, 28),
        conv_param: Mapping[str, int] = FIRST,
        hidden_size: int = 100,
        output_size: int = 10,
        weight_init_std: float = 0.01,
    ) -> None:
        made = settings("conv_param", conv_param, CONV)
        filters, size = made["filter_num"], made["filter_size"]
        channels, *lengths = input_dim
        widths(filter_num=filters, hidden_size=hidden_size, output_size=output_size)
        places = [conv_output_size(n, size, made["stride"], made["pad"]) for n in lengths]
        pooled = filters * int(np.prod([conv_output_size(n, 2, 2) for n in places]))

        def first(name: str, *shape: int) -> dict[str, Any]:
            outputs = shape[0] if len(shape) == 4 else shape[-1]
            weights = scaled_randn(weight_init_std, int(np.prod(shape)) // outputs, *shape)
            return {"W": weights, "b": np.zeros(outputs), "names": (f"W{name}", f"b{name}")}

        self.layers: OrderedDict[str, Any] = OrderedDict(
            Conv1=Convolution(
                **first("1", filters, channels, size, size), stride=made["stride"], pad=made["pad"]
            ),
            Relu1=Relu(),
            Pool1=Pooling(pool_h=2, pool_w=2, stride=2),
            Affine1=Affine(**first("2", pooled, hidden_size)),
            Relu2=Relu(),
            Affine2=Affine(**first("3", hidden_size, output_size)),
        )
        self.last_layer = SoftmaxWithLoss()
