"""micrograd's networks of single numbers: `Neuron`, `Layer`, `MLP`.

Weights are drawn as micrograd draws them, one by one from Python's `random`, so that a seed gives
the same network. For networks of arrays there is `seegrad.nn`.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from typing import Any

from seegrad.errors import ShapeError
from seegrad.i18n import tr
from seegrad.micrograd.engine import Value


class Module:
    """Something with parameters."""

    def zero_grad(self) -> None:
        """Forget the derivatives of all parameters."""
        for p in self.parameters():
            p.zero_grad()

    def parameters(self) -> list[Value]:
        """The values that training changes."""
        return []


class Neuron(Module):
    """Σ wᵢ·xᵢ + b, then ReLU unless `nonlin` is False."""

    def __init__(self, nin: int, nonlin: bool = True) -> None:
        self.w = [Value(random.uniform(-1, 1)) for _ in range(nin)]
        self.b = Value(0)
        self.nonlin = nonlin

    def __call__(self, x: Sequence[Any]) -> Value:
        if len(x) != len(self.w):
            raise ShapeError(
                "a neuron takes one number for each of its weights",
                asked=tr("{count} numbers", count=len(self.w)), came=str(len(x)),
            )  # fmt: skip
        act = sum((wi * xi for wi, xi in zip(self.w, x)), self.b)
        return act.relu() if self.nonlin else act

    def parameters(self) -> list[Value]:
        """The weights, then the bias."""
        return [*self.w, self.b]

    def __repr__(self) -> str:
        return f"{'ReLU' if self.nonlin else 'Linear'}Neuron({len(self.w)})"


class Layer(Module):
    """Neurons beside one another; of one neuron the number itself comes out."""

    def __init__(self, nin: int, nout: int, **options: Any) -> None:
        self.neurons = [Neuron(nin, **options) for _ in range(nout)]

    def __call__(self, x: Sequence[Any]) -> Any:
        out = [neuron(x) for neuron in self.neurons]
        return out[0] if len(out) == 1 else out

    def parameters(self) -> list[Value]:
        """Those of each neuron, one after the other."""
        return [p for neuron in self.neurons for p in neuron.parameters()]

    def __repr__(self) -> str:
        return f"Layer of [{', '.join(map(str, self.neurons))}]"


class MLP(Module):
    """Layers behind one another, ReLU after each but the last.

    >>> len(MLP(2, [16, 16, 1]).parameters())
    337
    """

    def __init__(self, nin: int, nouts: Sequence[int]) -> None:
        sizes = [nin, *nouts]
        self.layers = [
            Layer(sizes[i], sizes[i + 1], nonlin=i != len(nouts) - 1) for i in range(len(nouts))
        ]

    def __call__(self, x: Sequence[Any]) -> Any:
        out: Any = x
        for i, layer in enumerate(self.layers):
            out = layer([out] if i and not isinstance(out, list) else out)
        return out

    def parameters(self) -> list[Value]:
        """Those of each layer, one after the other."""
        return [p for layer in self.layers for p in layer.parameters()]

    def __repr__(self) -> str:
        return f"MLP of [{', '.join(map(str, self.layers))}]"
