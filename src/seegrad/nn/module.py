"""Module: what every layer and network is. It finds its parameters, names them, keeps its box.

No layer lives here, and no numbers are computed here.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any, ClassVar, Self

import numpy as np
from numpy.typing import NDArray

from seegrad.errors import SeegradError, ShapeError, ValueRangeError
from seegrad.graph.bind import frame
from seegrad.graph.node import snapshot
from seegrad.language import say
from seegrad.ops.compare import astype
from seegrad.tensor import Tensor, tensor

Array = NDArray[Any]


class Module(ABC):
    """A layer or a network: tensors and other modules as attributes, and `forward`.

    A tensor attribute that takes part in differentiation is a parameter; one that does not is
    kept state (running means, random keys). Modules may stand in attributes, lists and dicts.
    Calling a module runs `forward` inside a box of the module's name, which pictures can fold.

    >>> class Scale(Module):
    ...     def __init__(self):
    ...         self.factor = parameter(np.ones(3), "factor")
    ...     def forward(self, x):
    ...         return x * self.factor
    >>> [name for name, _ in Scale().named_parameters()]
    ['factor']
    """

    kind: ClassVar[str] = ""
    """What the module is called in boxes when nobody names it; by default its class's name."""

    training: bool = True
    name: str = ""

    @abstractmethod
    def forward(self, *inputs: Any) -> Any:
        """What the module computes."""

    def __call__(self, *inputs: Any) -> Any:
        with frame(self.name or self.kind_name()):
            return self.forward(*inputs)

    @classmethod
    def kind_name(cls) -> str:
        """The word for modules of this class: `affine`, `relu`."""
        return cls.kind or cls.__name__.lower()

    def __setattr__(self, name: str, value: Any) -> None:
        object.__setattr__(self, name, value)
        found = {id(module): (key, module) for key, module in reversed([*_modules_in(name, value)])}
        for key, module in found.values():
            module._take_name(key)

    def _take_name(self, name: str) -> None:
        """Be called `name` from now on, with the tensors inside named after it."""
        if not self.name:
            object.__setattr__(self, "name", name.rsplit(".", 1)[-1])
        for inner, value in self._named_tensors():
            value.name = f"{name}.{inner}"

    # ------------------------------------------------------------- what is inside

    def named_modules(self, prefix: str = "") -> Iterator[tuple[str, Module]]:
        """This module and every module inside, each once, with its dotted name."""
        seen: set[int] = set()
        stack: list[tuple[str, Module]] = [(prefix, self)]
        while stack:
            name, module = stack.pop()
            if id(module) in seen:
                continue
            seen.add(id(module))
            yield name, module
            inner = [
                found
                for attribute, value in vars(module).items()
                for found in _modules_in(attribute, value)
            ]
            start = f"{name}." if name else ""
            stack.extend((start + key, child) for key, child in reversed(inner))

    def modules(self) -> list[Module]:
        """This module and every module inside, each once."""
        return [module for _, module in self.named_modules()]

    def _named_tensors(self) -> Iterator[tuple[str, Tensor]]:
        seen: set[int] = set()
        for name, module in self.named_modules():
            for attribute, value in vars(module).items():
                if isinstance(value, Tensor) and value.is_leaf and id(value) not in seen:
                    seen.add(id(value))
                    yield (f"{name}.{attribute}" if name else attribute), value

    def named_parameters(self) -> list[tuple[str, Tensor]]:
        """Every parameter, each once, with its dotted name: ("affine1.W", …)."""
        return [(name, value) for name, value in self._named_tensors() if value.requires_grad]

    def parameters(self) -> list[Tensor]:
        """Every parameter, each once."""
        return [value for _, value in self.named_parameters()]

    def named_state(self) -> list[tuple[str, Tensor]]:
        """Every tensor that is kept but not learnt: running means, random keys."""
        return [(name, value) for name, value in self._named_tensors() if not value.requires_grad]

    def count(self) -> int:
        """How many numbers are learnt."""
        return sum(value.size for value in self.parameters())

    def zero_grad(self) -> None:
        """Forget the gradients of all parameters."""
        for value in self.parameters():
            value.zero_grad()

    @contextmanager
    def using(self, values: Mapping[str, Any]) -> Iterator[Self]:
        """In this block, compute with other tensors in the place of some, by dotted name.

        The way to differentiate by parameters as by any argument: with `using({"W": w})`,
        `self(x)` is a function of w. Raises ValueRangeError for a name that is not there.
        """
        places: list[tuple[Module, str, Any]] = []
        homes = dict(self.named_modules())
        for name, value in values.items():
            path, _, attribute = name.rpartition(".")
            home = homes.get(path)
            if home is None or not isinstance(vars(home).get(attribute), Tensor):
                raise ValueRangeError(
                    say("the network has no value of this name"),
                    asked=name,
                    came=_some([known for known, _ in self._named_tensors()]),
                )
            places.append((home, attribute, value))
        before = [vars(home)[attribute] for home, attribute, _ in places]
        try:
            for home, attribute, value in places:
                object.__setattr__(home, attribute, value)
            yield self
        finally:
            for (home, attribute, _), value in zip(places, before):
                object.__setattr__(home, attribute, value)

    # ------------------------------------------------------------- mode and state

    def train(self, training: bool = True) -> Self:
        """Choose how layers behave that differ between training and use; returns this module."""
        for module in self.modules():
            object.__setattr__(module, "training", training)
        return self

    def eval(self) -> Self:
        """The network in use: nothing dropped, running means instead of the batch's."""
        return self.train(False)

    def state_dict(self) -> dict[str, Array]:
        """Name → copy of the values, of every parameter and all kept state."""
        return {name: np.array(value.value) for name, value in self._named_tensors()}

    def load_state_dict(self, values: Mapping[str, Any], strict: bool = True) -> None:
        """Take over values by name; nothing changes unless all of them fit.

        strict: refuse missing and unknown names too. Raises ShapeError with both shapes,
        ValueRangeError for names.
        """
        own = dict(self._named_tensors())
        missing, unknown = own.keys() - values.keys(), values.keys() - own.keys()
        if strict and (missing or unknown):
            raise ValueRangeError(
                say("these values belong to another network"),
                asked=_some(missing or own.keys()),
                came=_some(unknown or values.keys()),
                hint=say("build the network as it was when it was saved, or pass strict=False"),
            )
        fitting: list[tuple[Tensor, Array]] = []
        for name in own.keys() & values.keys():
            value = np.asarray(snapshot(values[name], None, name))
            if value.shape != own[name].shape:
                raise ShapeError(
                    say("{name} has another shape than the value for it", name=name),
                    asked=f"{own[name].shape}",
                    came=f"{value.shape}",
                    hint=say("build the network as it was when it was saved"),
                )
            fitting.append((own[name], value.astype(own[name].dtype)))
        for target, value in fitting:
            target.assign(value)

    # ------------------------------------------------------------- for people

    def describe(self) -> str:
        """What stands in the brackets of the module's repr."""
        return ""

    def __repr__(self) -> str:
        inner = [
            found
            for attribute, value in vars(self).items()
            for found in _modules_in(attribute, value)
        ]
        head = f"{type(self).__name__}({self.describe()})"
        if not inner:
            return head
        lines = [f"{type(self).__name__}("]
        for key, module in inner:
            first, *rest = repr(module).splitlines()
            lines += [f"  {key}: {first}", *("  " + line for line in rest)]
        return "\n".join([*lines, ")"])


def _modules_in(name: str, value: Any) -> Iterator[tuple[str, Module]]:
    """The modules that an attribute holds, named after it."""
    if isinstance(value, Module):
        yield name, value
    elif isinstance(value, (list, tuple)):
        for position, item in enumerate(value):
            yield from _modules_in(f"{name}.{position}", item)
    elif isinstance(value, dict):
        for key, item in value.items():
            yield from _modules_in(str(key), item)


def _some(names: Any, most: int = 6) -> str:
    listed = sorted(names)
    return ", ".join(listed[:most]) + (" …" if len(listed) > most else "")


def parameter(values: Any, name: str, dtype: Any = np.float32) -> Tensor:
    """A leaf that is learnt; float32 unless asked otherwise."""
    return tensor(values, name=name, dtype=dtype, requires_grad=True)


def state(values: Any, name: str, dtype: Any = None) -> Tensor:
    """A leaf that is kept and assigned to, but not learnt."""
    return tensor(values, name=name, dtype=dtype, requires_grad=False)


def as_input(x: Any, like: Tensor, axis: int, layer: str) -> Any:
    """`x` as a layer takes it: in the dtype of its parameters, `like.shape[0]` wide on `axis`.

    Raises ShapeError that names both shapes, before any arithmetic.
    """
    if not isinstance(x, Tensor):
        x = np.asarray(x)
    if x.ndim == 0 or x.shape[axis] != like.shape[0]:
        raise _width_error(x, like, layer)
    return x if x.dtype == like.dtype else astype(x, dtype=like.dtype)


def _width_error(x: Any, like: Tensor, layer: str) -> SeegradError:
    width = like.shape[0]
    hint = say("make the layer before give {count} values, or change this layer", count=width)
    if x.ndim >= 2 and width == int(np.prod(x.shape[1:])):
        hint = say("put a Flatten() before this layer")
    return ShapeError(
        say("{layer}: the input does not fit the weights", layer=layer),
        asked=say(
            "{count} values a row, for {name} {shape}",
            count=width,
            name=like.name,
            shape=like.shape,
        ),
        came=say("an input of shape {shape}", shape=x.shape),
        hint=hint,
    )
