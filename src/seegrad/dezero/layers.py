"""`L`: layers and models of the third volume."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from seegrad.dezero import functions as F
from seegrad.dezero.core import Parameter


class Layer:
    """Parameters and layers as attributes, and `forward`."""

    def params(self) -> Iterator[Parameter]:
        """All parameters, those of layers inside too."""
        for value in self.__dict__.values():
            if isinstance(value, Layer):
                yield from value.params()
            elif isinstance(value, Parameter):
                yield value

    def cleargrads(self) -> None:
        """Forget all derivatives."""
        for p in self.params():
            p.cleargrad()

    forward: Callable[..., Any]

    def __call__(self, *inputs: Any) -> Any:
        return self.forward(*inputs)


class Linear(Layer):
    """x·W + b; without `in_size` W is made for the first x."""

    def __init__(
        self, out_size: int, nobias: bool = False, dtype: Any = np.float32,
        in_size: int | None = None,
    ) -> None:  # fmt: skip
        self.out_size, self.dtype, self.W = out_size, dtype, None
        self.b = None if nobias else Parameter(np.zeros(out_size, dtype), name="b")
        if in_size is not None:
            self._draw(in_size)

    def _draw(self, size: int) -> None:
        W = np.random.randn(size, self.out_size).astype(self.dtype) * np.sqrt(1 / size)
        self.W = Parameter(W.astype(self.dtype), name="W")  # type: ignore[assignment]

    def forward(self, x: Any) -> Any:
        if self.W is None:
            self._draw(x.shape[1])
        return F.linear(x, self.W, self.b)


class Model(Layer):
    """A layer whose graph can be drawn."""

    def plot(self, *inputs: Any, to_file: str = "model.svg") -> None:
        """Draw the graph of what it gives for these inputs, into a file."""
        self.forward(*inputs).graph.save(to_file)


class MLP(Model):
    """Linear layers of these output sizes, with `activation` between them."""

    def __init__(
        self, fc_output_sizes: tuple[int, ...], activation: Callable[..., Any] = F.sigmoid
    ) -> None:
        self.activation, self.layers = activation, []
        for i, size in enumerate(fc_output_sizes):
            layer = Linear(size)
            setattr(self, f"l{i}", layer)
            self.layers.append(layer)

    def forward(self, x: Any) -> Any:
        for layer in self.layers[:-1]:
            x = self.activation(layer(x))
        return self.layers[-1](x)
