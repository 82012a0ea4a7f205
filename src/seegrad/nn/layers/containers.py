"""Layers made of layers: Sequential, one after another, and Residual, added to what came in.

A list or a dictionary of layers needs no class of ours: a module finds what is in it.
"""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable, Iterator
from typing import Any, overload

from seegrad.errors import CallError, DTypeError, ShapeError
from seegrad.i18n import tr
from seegrad.nn.module import Module, as_array
from seegrad.tensor.tensor import Tensor
from seegrad.text import signature


@functools.cache
def _named(forward: Callable[..., Any]) -> frozenset[str] | None:
    """The keywords that a `forward` takes besides what flows through; None where it takes any."""
    told = list(signature(forward).parameters.values())[1:]
    if any(p.kind is p.VAR_KEYWORD for p in told):
        return None
    usual = (inspect.Parameter.POSITIONAL_OR_KEYWORD, inspect.Parameter.KEYWORD_ONLY)
    return frozenset(p.name for p in told[1:] if p.kind in usual)


def keywords_of(layer: Module) -> frozenset[str] | None:
    """What a layer can be told by keyword besides its input; None: anything."""
    if isinstance(layer, Sequential):
        inner = [keywords_of(one) for one in layer.layers.values()]
        return None if None in inner else frozenset().union(*(i for i in inner if i is not None))
    if isinstance(layer, Residual):
        return keywords_of(layer.layers)
    return _named(type(layer).forward)


class Sequential(Module):
    """Layers applied from left to right.

    Each gets a name from its kind and its number among its kind: affine1, sigmoid1, affine2; or
    its key, where the layers come as one dictionary. The network itself is called `net` unless
    told otherwise. A keyword of the call goes to every layer that takes it: `net(x, allowed=mask)`
    to all that attend. Raises CallError for one that no layer takes.

    Raises:
        DTypeError: for what is no layer.

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
        if len(layers) == 1 and isinstance(layers[0], dict):
            for key, layer in layers[0].items():
                if isinstance(layer, Module) and not layer.name:
                    layer.name = key
            layers = tuple(layers[0].values())
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

    def forward(self, x: Any, **keywords: Any) -> Tensor:
        if not keywords:
            for layer in self.layers.values():
                x = layer(x)
            return x  # type: ignore[no-any-return]
        taken = [keywords_of(layer) for layer in self.layers.values()]
        unknown = [k for k in keywords if all(t is not None and k not in t for t in taken)]
        if unknown:
            raise CallError(
                tr("{layer}: no layer takes this keyword", layer=self.name or self.kind),
                asked=", ".join(sorted(frozenset().union(*(t for t in taken if t is not None))))
                or tr("none"),
                came=", ".join(unknown),
            )
        for layer, names in zip(self.layers.values(), taken):
            x = layer(x, **{k: v for k, v in keywords.items() if names is None or k in names})
        return x  # type: ignore[no-any-return]

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

    def __init__(self, *layers: Any, shortcut: Module | None = None) -> None:
        self.layers = Sequential(*layers)
        self.shortcut = shortcut

    def forward(self, x: Any, **keywords: Any) -> Tensor:
        x = as_array(x)
        made = self.layers(x, **keywords)
        kept = x if self.shortcut is None else self.shortcut(x)
        if made.shape != kept.shape:
            raise ShapeError(
                tr("{layer}: the two branches do not fit", layer=self.name or self.kind),
                asked=f"{kept.shape}",
                came=f"{made.shape}",
                hint=tr("give a shortcut that changes the shape in the same way"),
            )
        return kept + made  # type: ignore[no-any-return]


ModuleList = ParameterList = list
"""PyTorch's names for what is a plain list here."""
ModuleDict = ParameterDict = dict
"""PyTorch's names for what is a plain dictionary here."""
