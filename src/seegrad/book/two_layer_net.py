"""The chapter's network: Affine, ReLU, Affine, Softmax-with-Loss (chapter 5.7.2)."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterator, Mapping, MutableMapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from seegrad.book.base.arrays import as_array, as_targets
from seegrad.book.functions import cross_entropy_error
from seegrad.book.gradient import numerical_gradient
from seegrad.book.layers import Affine, Relu, SoftmaxWithLoss
from seegrad.errors import ShapeError, ValueRangeError
from seegrad.graph.graph import Graph
from seegrad.i18n import tr
from seegrad.tensor.tensor import Tensor, tensor

Array = NDArray[Any]


class Parameters(MutableMapping[str, Array]):
    """The arrays of a network's Affine layers by name: W1, b1, W2 …

    Nothing is kept here: what is read is the layer's own array, and what is set, in whatever way,
    fills it. Raises ShapeError for a value of another shape, ValueRangeError for a name that no
    layer has and for taking one away; then nothing has changed.
    """

    def __init__(self, net: TwoLayerNet) -> None:
        self._net = net

    def _arrays(self) -> dict[str, Array]:
        affine = [layer for layer in self._net.layers.values() if isinstance(layer, Affine)]
        return {
            f"{name}{number}": getattr(layer, name)
            for number, layer in enumerate(affine, 1)
            for name in ("W", "b")
        }

    def __getitem__(self, name: str) -> Array:
        return self._arrays()[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._arrays())

    def __len__(self) -> int:
        return len(self._arrays())

    def __repr__(self) -> str:
        return repr(self._arrays())

    def __contains__(self, name: object) -> bool:
        return name in self._arrays()

    def copy(self) -> dict[str, Array]:
        """A dict with copies of the arrays, which later changes do not reach."""
        return {name: np.array(array) for name, array in self.items()}

    def __setitem__(self, name: str, value: Any) -> None:
        self.update({name: value})

    def update(self, *values: Any, **more: Any) -> None:
        """Fill the arrays of these names, all or none."""
        arrays, filled = self._arrays(), []
        for name, value in dict(*values, **more).items():
            if name not in arrays:
                raise self._refused(tr("no layer has a parameter {name}", name=name), name)
            given = np.asarray(as_array(value, name))
            if given.shape != arrays[name].shape:
                raise ShapeError(
                    tr("{name} has another shape than the value for it", name=name),
                    asked=f"{arrays[name].shape}",
                    came=f"{given.shape}",
                )
            if given is not arrays[name]:
                filled.append((arrays[name], np.array(given)))
        for array, given in filled:
            array[...] = given

    def __ior__(self, values: Any) -> Parameters:
        self.update(values)
        return self

    def setdefault(self, name: str, default: Any = None) -> Array:
        """The array of this name; there is no new one to be made."""
        if name not in self:
            raise self._refused(tr("no layer has a parameter {name}", name=name), name)
        return self[name]

    def __delitem__(self, name: str) -> None:
        raise self._refused(tr("a parameter cannot be taken from its layer"), name)

    def pop(self, name: str, *default: Any) -> Any:
        del self[name]

    def popitem(self) -> Any:
        del self[next(reversed(self._arrays()))]

    def clear(self) -> None:
        del self[", ".join(self)]

    def _refused(self, problem: str, name: object) -> ValueRangeError:
        return ValueRangeError(
            problem,
            asked=", ".join(self),
            came=str(name),
            hint=tr("give net.layers another layer, or copy the arrays: net.params.copy()"),
        )


class TwoLayerNet:
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
        widths = {"input_size": input_size, "hidden_size": hidden_size, "output_size": output_size}
        for name, width in widths.items():
            if not isinstance(width, (int, np.integer)) or isinstance(width, bool) or width < 1:
                raise ValueRangeError(
                    tr("a layer is at least one value wide"),
                    asked=tr("a whole number from 1"),
                    came=f"{name}={width!r}",
                )
        W1 = weight_init_std * np.random.randn(input_size, hidden_size)
        W2 = weight_init_std * np.random.randn(hidden_size, output_size)
        self.layers: OrderedDict[str, Any] = OrderedDict()
        self.layers["Affine1"] = Affine(W1, np.zeros(hidden_size), ("W1", "b1"))
        self.layers["Relu1"] = Relu()
        self.layers["Affine2"] = Affine(W2, np.zeros(output_size), ("W2", "b2"))
        self.lastLayer = SoftmaxWithLoss()
        self._loss: Tensor | None = None

    @property
    def params(self) -> Parameters:
        """The layers' arrays by name; assigning a whole set of them fills these arrays."""
        return Parameters(self)

    @params.setter
    def params(self, values: Mapping[str, Any]) -> None:
        mine = Parameters(self)
        if missing := [name for name in mine if name not in values]:
            raise ValueRangeError(
                tr("{name} is missing", name=", ".join(missing)),
                asked=", ".join(mine),
                came=", ".join(map(str, values)),
                hint=tr("to fill some of them: net.params.update(W1=...)"),
            )
        mine.update(values)

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
        scores = np.asarray(self.predict(x))
        targets = np.asarray(as_targets("accuracy", scores, t))
        labels = targets if targets.ndim < scores.ndim else targets.argmax(axis=-1)
        return float((scores.argmax(axis=-1) == labels).mean())

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
