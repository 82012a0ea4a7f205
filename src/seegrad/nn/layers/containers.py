"""Layers made of layers: Sequential, one after another, and Residual, added to what came in."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, overload

import numpy as np

from seegrad.errors import DTypeError, ShapeError
from seegrad.i18n import tr
from seegrad.nn.module import Module
from seegrad.tensor.tensor import Tensor


class Sequential(Module):
    """Layers applied from left to right.

    Each gets a name from its kind and its number among its kind: affine1, sigmoid1, affine2. The
    network itself is called `net` unless told otherwise.

    >>> sg.nn.Sequential(sg.nn.Affine(784, 50), sg.nn.Sigmoid(), sg.nn.Affine(50, 10))
    Sequential(
      affine1: Affine(784 → 50)
      sigmoid1: Sigmoid()
      affine2: Affine(50 → 10)
    )
    """

    kind = "net"
    spread = ("layers",)

    def __init__(self, *layers: Any, name: str = "") -> None:
        self.name = name
        counts: dict[str, int] = {}
        named: dict[str, Module] = {}
        for layer in layers:
            if not isinstance(layer, Module):
                raise DTypeError(
                    tr("a network is made of layers"),
                    asked="Affine(784, 50), ReLU(), …",
                    came=repr(layer)[:60],
                    hint=tr("write ReLU() with brackets")
                    if isinstance(layer, type)
                    else tr("wrap a function in a Module of your own"),
                )
            word, key = layer.kind_name(), layer.name.rpartition(".")[2]
            counts[word] = counts.get(word, 0) + 1
            while not key or key in named:
                key = f"{word}{counts[word]}"
                counts[word] += key in named
            named[key] = layer
        self.layers = named

    def forward(self, x: Any) -> Any:
        for layer in self.layers.values():
            x = layer(x)
        return x

    def __len__(self) -> int:
        return len(self.layers)

    def __iter__(self) -> Iterator[Module]:
        return iter(self.layers.values())

    @overload
    def __getitem__(self, key: int | str) -> Module: ...
    @overload
    def __getitem__(self, key: slice) -> list[Module]: ...
    def __getitem__(self, key: int | str | slice) -> Module | list[Module]:
        """A layer by its number or name, or several by a slice."""
        return self.layers[key] if isinstance(key, str) else list(self.layers.values())[key]


class Residual(Module):
    """x + layers(x) (He et al., 2016); or shortcut(x) + layers(x) where the shape changes.

    >>> from seegrad import nn
    >>> nn.Residual(nn.Affine(3, 3), nn.ReLU())(np.ones((2, 3))).shape
    (2, 3)
    """

    kind = "residual"

    def __init__(self, *layers: Any, shortcut: Module | None = None) -> None:
        self.layers = Sequential(*layers)
        self.shortcut = shortcut

    def forward(self, x: Any) -> Any:
        x = x if isinstance(x, Tensor) else np.asarray(x)
        made = self.layers(x)
        kept = x if self.shortcut is None else self.shortcut(x)
        if made.shape != kept.shape:
            raise ShapeError(
                tr("{layer}: the two branches do not fit", layer=self.name or self.kind),
                asked=f"{kept.shape}",
                came=f"{made.shape}",
                hint=tr("give a shortcut that changes the shape in the same way"),
            )
        return kept + made
