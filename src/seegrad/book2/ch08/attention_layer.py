"""Attention: which of the encoder's states the decoder looks at, and their sum (chapter 8.1)."""

from __future__ import annotations

from typing import Any

import numpy as np

from seegrad.book.arrays import as_floats
from seegrad.book2.arrays import fits
from seegrad.book2.formula import Formula
from seegrad.book2.layer import Layer
from seegrad.book2.layers import Softmax
from seegrad.book2.network import Network
from seegrad.book2.np import GPU
from seegrad.ops.linear.linalg import matmul
from seegrad.ops.nn.activation import softmax
from seegrad.ops.reduce import sum as total
from seegrad.ops.shape import swapaxes
from seegrad.tensor.tensor import Tensor

__all__ = ["GPU", "Attention", "AttentionWeight", "Softmax", "TimeAttention", "WeightSum", "np"]


class WeightSum(Layer):
    """The sum of states hs (N, T, H), each weighted by its a (N, T): (N, H) (chapter 8.1.2)."""

    formula = Formula(lambda hs, a: total(hs * a[:, :, None], axis=1))

    def __init__(self) -> None:
        super().__init__()

    def forward(self, hs: Any, a: Any) -> Any:
        """The context vector (N, H)."""
        hs, a = as_floats(hs, "hs"), as_floats(a, "a")
        fits("WeightSum", hs, ("N", "T", "H"), "hs")
        fits("WeightSum", a, hs.shape[:2], "a")
        return self._run(hs, a)

    def backward(self, dc: Any) -> Any:
        """(dhs, da)."""
        return self._back(dc)


class AttentionWeight(Layer):
    """softmax of the products of h (N, H) with each of hs (N, T, H): (N, T) (chapter 8.1.3)."""

    formula = Formula(lambda hs, h: softmax(total(hs * h[:, None, :], axis=2), axis=-1))

    def __init__(self) -> None:
        super().__init__()

    def forward(self, hs: Any, h: Any) -> Any:
        """The weights, which sum to 1 in each row."""
        hs, h = as_floats(hs, "hs"), as_floats(h, "h")
        fits("AttentionWeight", hs, ("N", "T", "H"), "hs")
        fits("AttentionWeight", h, (hs.shape[0], hs.shape[2]), "h")
        return self._run(hs, h)

    def backward(self, da: Any) -> Any:
        """(dhs, dh)."""
        return self._back(da)


class Attention(Network):
    """Both in a row, for one position of the decoder (chapter 8.1.4); keeps `attention_weight`."""

    def __init__(self) -> None:
        self.params, self.grads = [], []
        self.attention_weight_layer = AttentionWeight()
        self.weight_sum_layer = WeightSum()
        self.attention_weight: Any = None

    def forward(self, hs: Any, h: Any) -> Any:
        """The context vector (N, H) for hs (N, T, H) and h (N, H)."""
        self.attention_weight = self.attention_weight_layer.forward(hs, h)
        return self.weight_sum_layer.forward(hs, self.attention_weight)

    def backward(self, dout: Any) -> Any:
        """(dhs, dh)."""
        dhs, da = self.weight_sum_layer.backward(dout)
        through, dh = self.attention_weight_layer.backward(da)
        return dhs + through, dh


def _attend(hs_enc: Any, hs_dec: Any) -> tuple[Any, Any]:
    """Contexts (N, T', H) and weights (N, T', T), of all positions at once."""
    weights = softmax(matmul(hs_dec, swapaxes(hs_enc, axis1=1, axis2=2)), axis=-1)
    return matmul(weights, hs_enc), weights


class TimeAttention(Layer):
    """Attention for each position of the decoder (chapter 8.1.5).

    `attention_weights` is a list of the weights (N, T), one for each position.
    """

    formula = Formula(_attend)

    def __init__(self) -> None:
        super().__init__()
        self.attention_weights: list[Any] = []

    def forward(self, hs_enc: Any, hs_dec: Any) -> Any:
        """Contexts (N, T', H), for hs_enc (N, T, H) and hs_dec (N, T', H)."""
        hs_enc, hs_dec = as_floats(hs_enc, "hs_enc"), as_floats(hs_dec, "hs_dec")
        fits("TimeAttention", hs_enc, ("N", "T", "H"), "hs_enc")
        n, _, h = hs_enc.shape
        fits("TimeAttention", hs_dec, (n, "T'", h), "hs_dec")
        out, weights = self._run(hs_enc, hs_dec)
        weights = weights.value if isinstance(weights, Tensor) else weights
        self.attention_weights = list(np.moveaxis(weights, 1, 0))
        return out

    def backward(self, dout: Any) -> Any:
        """(dhs_enc, dhs_dec)."""
        return self._back(dout)
