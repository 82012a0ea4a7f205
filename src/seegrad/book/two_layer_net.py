"""The chapter's network: Affine, ReLU, Affine, Softmax-with-Loss (chapter 5.7.2)."""

from __future__ import annotations

from collections import OrderedDict
from typing import Any

import numpy as np
from numpy.typing import NDArray

from seegrad.book.functions import cross_entropy_error
from seegrad.book.gradient import numerical_gradient
from seegrad.book.layers import Affine, Relu, SoftmaxWithLoss
from seegrad.errors import ShapeError
from seegrad.graph.graph import Graph
from seegrad.language import say
from seegrad.tensor import Tensor, tensor

Array = NDArray[Any]


class Parameters(dict[str, Array]):
    """The network's arrays by name. Setting one fills the array that the layers look at."""

    def __setitem__(self, name: str, value: Any) -> None:
        if name not in self:
            super().__setitem__(name, value)
            return
        array, value = self[name], np.asarray(value)
        if value.shape != array.shape:
            raise ShapeError(
                say("{name} has another shape than the value for it", name=name),
                asked=f"{array.shape}",
                came=f"{value.shape}",
            )
        if value is not array:
            array[...] = value


class TwoLayerNet:
    """Two Affine layers with ReLU between them, and the loss.

    `params` has W1, b1, W2, b2; `layers` Affine1, Relu1, Affine2 over the same arrays; `graph` is
    the whole computational graph of the last loss. First weights come from `np.random.randn`.
    """

    def __init__(
        self,
        input_size: int,
        hidden_size: int,
        output_size: int,
        weight_init_std: float = 0.01,
    ) -> None:
        self.params = Parameters()
        self.params["W1"] = weight_init_std * np.random.randn(input_size, hidden_size)
        self.params["b1"] = np.zeros(hidden_size)
        self.params["W2"] = weight_init_std * np.random.randn(hidden_size, output_size)
        self.params["b2"] = np.zeros(output_size)
        p = self.params
        self.layers: OrderedDict[str, Any] = OrderedDict()
        self.layers["Affine1"] = Affine(p["W1"], p["b1"], ("W1", "b1"))
        self.layers["Relu1"] = Relu()
        self.layers["Affine2"] = Affine(p["W2"], p["b2"], ("W2", "b2"))
        self.lastLayer = SoftmaxWithLoss()
        self._loss: Tensor | None = None

    def predict(self, x: Any) -> Any:
        """The scores, before softmax."""
        for layer in self.layers.values():
            x = layer.forward(x)
        return x

    def loss(self, x: Any, t: Any) -> Any:
        """The mean loss over the batch."""
        value = self._in_one_graph(x, t).item()
        last = self.lastLayer
        return cross_entropy_error(last.y, t, last.delta) if last.delta else value

    def accuracy(self, x: Any, t: Any) -> float:
        """The share of rows whose largest score is at the label."""
        t = np.asarray(t)
        labels = t if t.ndim == 1 else t.argmax(axis=1)
        return float((np.asarray(self.predict(x)).argmax(axis=1) == labels).mean())

    def numerical_gradient(self, x: Any, t: Any) -> dict[str, Array]:
        """The gradient by central differences: two forward passes for every parameter."""
        return {
            name: numerical_gradient(lambda _: self.loss(x, t), array)
            for name, array in self.params.items()
        }

    def gradient(self, x: Any, t: Any) -> dict[str, Array]:
        """The gradient by backpropagation: one forward pass and one backward pass.

        The derivative by x is not computed: nobody asks for it, and it is half of the work.
        """
        self._in_one_graph(x, t).backward()
        grads: dict[str, Array] = {}
        for number, layer in enumerate(l for l in self.layers.values() if isinstance(l, Affine)):
            weights, bias = layer._leaves
            layer.dW, layer.db = np.array(weights.grad), np.array(bias.grad)
            grads[f"W{number + 1}"], grads[f"b{number + 1}"] = layer.dW, layer.db
        return grads

    @property
    def graph(self) -> Graph:
        """The whole graph of the last loss, from x and the parameters to one number."""
        if self._loss is None:
            return self.lastLayer.graph
        return self._loss.graph

    def _in_one_graph(self, x: Any, t: Any) -> Tensor:
        given = x if isinstance(x, Tensor) else tensor(x, name="x", requires_grad=False)
        loss: Tensor = self.lastLayer.forward(self.predict(given), t)
        self._loss = loss
        return loss
