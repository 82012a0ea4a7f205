"""Module: what every layer and network is. It finds its parameters, names them, keeps its box.

No layer lives here, and no numbers are computed here.
"""

from __future__ import annotations

import types
import warnings
import weakref
from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any, ClassVar, ParamSpec, Protocol, Self, TypeVar

import numpy as np
from numpy.typing import NDArray

from seegrad.display_hooks import can_present, present
from seegrad.errors import SeegradError, ShapeError, ValueRangeError
from seegrad.graph.mode import frame
from seegrad.graph.node import without_gaps
from seegrad.i18n import tr
from seegrad.nn.containment import PLAIN, Counts, held, hidden, joined, replaced
from seegrad.nn.module_methods import ModuleMethods
from seegrad.nn.preview import preview
from seegrad.nn.state_loading import load_values
from seegrad.ops.compare import astype
from seegrad.tensor.tensor import Tensor, tensor
from seegrad.text import signature
from seegrad.tree import slots

Array = NDArray[Any]
P = ParamSpec("P")
R = TypeVar("R", covariant=True)


class Forward(Protocol[P, R]):
    """What has a `forward`: calling a module takes and gives what that takes and gives."""

    def forward(self, *inputs: P.args, **keywords: P.kwargs) -> R: ...


class Parameters(list[Tensor]):
    """A module's parameters, and which module's: an optimizer notices what it comes to lack."""

    def __init__(self, values: Iterable[Tensor], module: Module) -> None:
        super().__init__(values)
        self.module = module


class Module(ModuleMethods, ABC):
    """A layer or a network: tensors and other modules as attributes, and `forward`.

    A tensor attribute that takes part in differentiation is a parameter; one that does not is
    kept state (running means, random keys). Tensors and modules may stand in attributes and, at
    any depth, in lists, tuples and dicts; their names are the way to them: `layers.0.W`,
    `blocks.encoder.W`. One that stands in several places is one parameter, under its first name.
    Calling a module runs `forward` inside a box of the module's name, which pictures can fold.

    >>> class Scale(Module):
    ...     def __init__(self):
    ...         self.factors = {"left": parameter(np.ones(3), "left")}
    ...     def forward(self, x):
    ...         return x * self.factors["left"]
    >>> [name for name, _ in Scale().named_parameters()]
    ['factors.left']
    >>> import seegrad as sg
    >>> net = sg.nn.Sequential(sg.nn.Linear(2, 3), sg.nn.BatchNorm(3), sg.nn.Linear(3, 1))
    >>> net.count(), len(net.parameters()), len(net.modules()), net.kind_name()
    (19, 6, 4, 'net')
    >>> [name for name, _ in net.named_modules()]
    ['', 'affine1', 'batch_norm1', 'affine2']
    >>> [name for name, _ in net.named_children()]
    ['affine1', 'batch_norm1', 'affine2']
    >>> len([*net.named_leaves()]), len(net.named_state()), len(net.named_buffers())
    (8, 2, 2)
    >>> len(net.buffers()), net.get_submodule("affine1").describe()
    (2, '2 → 3')
    >>> net.eval().train().load_state_dict(net.state_dict())
    >>> net.register_forward_pre_hook(lambda module, inputs: None).remove()
    >>> net.zero_grad()
    >>> net.register_buffer("seen", 0.0)
    >>> net.register_parameter("scale", sg.tensor(1.0))
    >>> net.float().half().double().parameters()[0].dtype
    dtype('float64')
    >>> with net.using({"scale": sg.tensor(2.0)}):
    ...     float(net.scale)
    2.0
    """

    kind: ClassVar[str] = ""
    """What the module is called in boxes when nobody names it; by default its class's name."""

    spread: ClassVar[tuple[str, ...]] = ()
    """Containers whose items are named as if each were an attribute: a Sequential's layers."""

    torch_names: ClassVar[Mapping[str, str]] = {}
    """What its values are called in PyTorch, where that differs; see `nn.torch_names`."""

    training: bool = True
    name: str = ""

    @abstractmethod
    def forward(self, *inputs: Any, **keywords: Any) -> Any:
        """What the module computes."""

    def __call__(self: Forward[P, R], *inputs: P.args, **keywords: P.kwargs) -> R:
        module: Any = self
        with frame(module.name or module.kind_name()):
            if module.hooks is not None:
                found: R = module._hooked(inputs, keywords)
                return found
            return self.forward(*inputs, **keywords)

    @classmethod
    def kind_name(cls) -> str:
        """The word for modules of this class: `affine`, `relu`."""
        return cls.kind or cls.__name__.lower()

    def __setattr__(self, name: str, value: Any) -> None:
        # A key that gives no name is refused before anything is set.
        parts = held("" if name in self.spread else name, value, _is_part)
        object.__setattr__(self, name, value)
        inside: set[int] = set()
        for key, part in parts:
            if isinstance(part, Module):
                if not part.name:
                    object.__setattr__(part, "name", key)
                inside.update(id(tensor) for _, tensor in part.named_leaves())
            elif not part.name:
                part.name = key
        if inside:
            for key, tensor in self.named_leaves():
                if id(tensor) in inside:
                    tensor.name = key

    # ------------------------------------------------------------- what is inside

    def _attributes(self) -> list[tuple[str, Any]]:
        """The attributes that may hold something, by name."""
        own = [item for item in self.__dict__.items() if type(item[1]) not in _USUAL]
        if names := slots(type(self)):
            own += [(name, getattr(self, name)) for name in names if hasattr(self, name)]
        return own

    def _parts(self, counts: Counts | None = None) -> list[tuple[str, Any]]:
        """The leaves and the modules directly inside, each under every name that it has here."""
        counts = counts or _is_part
        found: list[tuple[str, Any]] = []
        several = False
        for attribute, value in self._attributes():
            if isinstance(value, (list, tuple, dict)):
                several = True
                found += held("" if attribute in self.spread else attribute, value, counts)
            elif counts(value):
                found.append((attribute, value))
        if several and len(found) > len(dict(found)):
            names = [name for name, _ in found]
            raise ValueRangeError(
                tr("two parts of a module have the same name"),
                asked=tr("one name for each"),
                came=_listed({name for name in names if names.count(name) > 1}),
                hint=tr("name one of them otherwise"),
            )
        return found

    def _walk(self, prefix: str = "") -> Iterator[tuple[str, Module, list[tuple[str, Any]]]]:
        """This module and every module inside, each once: its dotted name and its parts."""
        seen: set[int] = set()
        stack: list[tuple[str, Module]] = [(prefix, self)]
        while stack:
            name, module = stack.pop()
            if id(module) in seen:
                continue
            seen.add(id(module))
            parts = module._parts()
            yield name, module, parts
            stack += [
                (f"{name}.{key}" if name else key, part)
                for key, part in reversed(parts)
                if not isinstance(part, Tensor)
            ]

    def named_modules(self, prefix: str = "") -> Iterator[tuple[str, Module]]:
        """This module and every module inside, each once, with its dotted name after `prefix`."""
        for name, module, _ in self._walk(prefix):
            yield name, module

    def modules(self) -> list[Module]:
        """This module and every module inside, each once."""
        return [module for _, module in self.named_modules()]

    def named_leaves(self) -> Iterator[tuple[str, Tensor]]:
        """Every leaf, each once, under its first name."""
        seen: set[int] = set()
        for name, _, parts in self._walk():
            for key, part in parts:
                if isinstance(part, Tensor) and id(part) not in seen:
                    seen.add(id(part))
                    yield (f"{name}.{key}" if name else key), part

    def _every_name(self) -> dict[str, Tensor]:
        """Every tensor by each of its names: one that is shared has several."""
        found: dict[str, Tensor] = {}
        stack: list[tuple[str, Module, tuple[Module, ...]]] = [("", self, ())]
        while stack:
            name, module, around = stack.pop()
            if module in around:
                continue
            for key, part in module._parts(_is_kept):
                if isinstance(part, Module):
                    stack.append((joined(name, key), part, (*around, module)))
                else:
                    found[joined(name, key)] = part
        return found

    def named_parameters(self) -> list[tuple[str, Tensor]]:
        """Every parameter, each once, with its dotted name: ("affine1.W", …).

        Raises ValueRangeError for parameters and modules where no name leads: in sets, objects
        that are no modules, in what a function has captured.
        """
        self._refuse_hidden()
        return [(name, value) for name, value in self.named_leaves() if value.requires_grad]

    def parameters(self) -> list[Tensor]:
        """Every parameter, each once."""
        return Parameters([value for _, value in self.named_parameters()], self)

    def named_state(self) -> list[tuple[str, Tensor]]:
        """Every tensor that is kept but not learnt: running means, random keys."""
        return [(name, value) for name, value in self.named_leaves() if not value.requires_grad]

    def _refuse_hidden(self) -> None:
        """An error for parameters and modules that would be neither trained nor saved."""
        walked = list(self._walk())
        known = {id(module) for _, module, _ in walked}
        known |= {id(part) for _, _, parts in walked for _, part in parts}
        for name, module, _ in walked:
            own = {**vars(module), **dict(module._attributes())}
            held_by_class = {k: v for k, v in _class_attributes(type(module)) if k not in own}
            for attribute, value in [*own.items(), *held_by_class.items()]:
                where = joined(name, attribute)
                lost = [*hidden(where, value, _is_part)]
                if attribute in held_by_class:
                    lost += [(type(module), part) for _, part in held(where, value, _is_part)]
                for holder, part in lost:
                    if id(part) not in known and _matters(part):
                        raise _hidden_error(where, holder, part)
                for _, part in held(where, value, _is_lost):
                    _warn_of_computed(where, part)

    def count(self) -> int:
        """How many numbers are learnt."""
        return sum(value.size for value in self.parameters())

    def zero_grad(self) -> None:
        """Forget the gradients of all parameters."""
        for _, value in self.named_leaves():
            if value.requires_grad:
                value.zero_grad()

    @contextmanager
    def using(self, values: Mapping[str, Any]) -> Iterator[Self]:
        """In this block, compute with other tensors in the place of some, by dotted name.

        The way to differentiate by parameters as by any argument: with `using({"W": w})`,
        `self(x)` is a function of w. One that is shared is replaced wherever it stands. Raises
        ValueRangeError for a name that is not there.
        """
        known = self._every_name()
        swaps: dict[int, Any] = {}
        for name, value in values.items():
            if name not in known:
                raise ValueRangeError(
                    tr("the network has no value of this name"), asked=name, came=_some(known)
                )
            if swaps.setdefault(id(known[name]), value) is not value:
                raise ValueRangeError(
                    tr("one shared tensor is given two values"),
                    asked=tr("one value, under any of its names"),
                    came=_listed(key for key in values if known[key] is known[name]),
                )
        before: list[tuple[Module, str, Any]] = []
        try:
            for module in self.modules():
                for attribute, value in module._attributes():
                    other = replaced(value, swaps)
                    if other is not value:
                        before.append((module, attribute, value))
                        object.__setattr__(module, attribute, other)
            yield self
        finally:
            for module, attribute, value in before:
                object.__setattr__(module, attribute, value)

    # ------------------------------------------------------------- state

    def state_dict(self) -> dict[str, Array]:
        """Name → copy of the values, of every parameter and all kept state.

        A shared tensor stands there once, under its first name.
        """
        self._refuse_hidden()
        return {name: np.array(value.value) for name, value in self.named_leaves()}

    def load_state_dict(self, values: Mapping[str, Any], strict: bool = True) -> None:
        """Take over values by name; nothing changes unless all of them fit.

        strict: refuse missing and unknown names too. A shared tensor may come under any of its
        names, or several with equal values. Raises ValueRangeError for names, ShapeError for
        shapes, DTypeError for kinds of numbers; each lists all that do not fit.
        """
        self._refuse_hidden()
        own = dict(self.named_leaves())
        load_values(own, self._every_name, values, strict)

    # ------------------------------------------------------------- for people

    def describe(self) -> str:
        """What stands in the brackets of the module's repr."""
        return ""

    def __repr__(self) -> str:
        inner = [(key, part) for key, part in self._parts() if isinstance(part, Module)]
        head = f"{type(self).__name__}({self.describe()})"
        if not inner:
            return head
        lines = [f"{type(self).__name__}("]
        for key, module in inner:
            first, *rest = repr(module).splitlines()
            lines += [f"  {key}: {first}", *("  " + line for line in rest)]
        return "\n".join([*lines, ")"])

    def _repr_mimebundle_(self, **options: Any) -> Any:
        graph = preview(self, [value for _, value in self.named_leaves() if value.requires_grad])
        if graph is None or not can_present("mimebundle"):
            return {"text/plain": repr(self)}
        return {**present("mimebundle", graph, **options), "text/plain": repr(self)}


def _is_part(x: Any) -> bool:
    """Whether x is a module, or a leaf with numbers."""
    if isinstance(x, Tensor):                    # asked first: of a class that is not abstract
        return x.op is None and x.data is not None
    return isinstance(x, Module)


def _is_kept(x: Any) -> bool:
    """Whether x is a module or any tensor, computed ones too."""
    return isinstance(x, (Tensor, Module))


def _is_lost(x: Any) -> bool:
    """Whether x was computed from what can be learnt, outside of any module's call."""
    return isinstance(x, Tensor) and x.op is not None and x.requires_grad and x.frame is None


def _matters(part: Any) -> bool:
    """Whether it is a fault not to find this part: it can be learnt, or its mode can change."""
    if isinstance(part, Tensor):
        return part.requires_grad
    return any(
        module.training or any(isinstance(p, Tensor) and p.requires_grad for _, p in parts)
        for _, module, parts in part._walk()
    )


def _hidden_error(where: str, holder: Any, part: Any) -> SeegradError:
    kind = holder.__name__ if isinstance(holder, type) else type(holder).__name__
    return ValueRangeError(
        tr("a part of the network lies where it is neither trained nor saved"),
        asked=tr("tensors and modules as attributes, in lists, tuples and dictionaries"),
        came=tr("{part} in {holder}, in {name}", part=repr(part).splitlines()[0][:60],
                 holder=kind, name=where),
        hint=tr("make it an attribute; or freeze it: requires_grad = False, and .eval()"),
    )  # fmt: skip


def _warn_of_computed(where: str, part: Tensor) -> None:
    """Say once of a computed tensor that it will not be trained."""
    if part in _TOLD:
        return
    _TOLD.add(part)
    text = tr(
        "{name} was computed from other tensors, so it is neither trained nor saved: make a leaf"
        " of its values with nn.parameter(t.value, ...), or say .detach() if it is meant",
        name=where,
    )
    warnings.warn(text, UserWarning, stacklevel=5)


_USUAL = frozenset({str, int, float, bool, type(None), np.ndarray, np.dtype})
"""What most attributes are that hold neither tensors nor modules."""
_TOLD: weakref.WeakSet[Tensor] = weakref.WeakSet()


def _class_attributes(kind: type) -> Iterator[tuple[str, Any]]:
    """What the classes below Module hold that is no method."""
    for part in kind.__mro__[: kind.__mro__.index(Module)]:
        for name, value in vars(part).items():
            if not isinstance(value, (*PLAIN, types.FunctionType)) and not name.startswith("__"):
                yield name, value


def _some(names: Iterable[str], most: int = 6) -> str:
    listed = sorted(names)
    return ", ".join(listed[:most]) + (" …" if len(listed) > most else "")


def _listed(names: Iterable[str]) -> str:
    return ", ".join(sorted(names))


def unusual(module: Module) -> dict[str, Any]:
    """What a module is made with otherwise than by default, by name; arrays as …"""
    defaults = signature(type(module)).parameters
    made = {name: getattr(module, name) for name in defaults if hasattr(module, name)}
    found = {name: "…" if isinstance(value, np.ndarray) else value for name, value in made.items()}
    return {name: value for name, value in found.items() if value != defaults[name].default}


def listed(settings: Mapping[str, Any]) -> str:
    """Settings as they stand in a module's brackets."""
    return ", ".join(f"{name}={value}" for name, value in settings.items())


def parameter(values: Any, name: str, dtype: Any = np.float32) -> Tensor:
    """A leaf that is learnt; float32 unless asked otherwise.

    Args:
        name: what pictures and files call it.
        dtype: its dtype.

    >>> parameter([1.0, 2.0], "w").requires_grad
    True
    """
    return tensor(values, name=name, dtype=dtype, requires_grad=True)


def state(values: Any, name: str, dtype: Any = None) -> Tensor:
    """A leaf that is kept and assigned to, but not learnt.

    Args:
        name: what pictures and files call it.
        dtype: its dtype; that of the values when not given.

    >>> state([0.0], "mean").requires_grad
    False
    """
    return tensor(values, name=name, dtype=dtype, requires_grad=False)


def as_array(x: Any) -> Any:
    """`x` as a layer takes it: the tensor that it is, or an array. DTypeError where it has gaps."""
    return x if isinstance(x, Tensor) else without_gaps(x, "an input")


def as_input(x: Any, like: Tensor, axis: int, layer: str) -> Any:
    """`x` as a layer takes it: in the dtype of its parameters, `like.shape[0]` wide on `axis`.

    Raises ShapeError that names both shapes, before any arithmetic.
    """
    x = as_array(x)
    if x.ndim == 0 or x.shape[axis] != like.shape[0]:
        raise _width_error(x, like, layer)
    return x if x.dtype == like.dtype else astype(x, dtype=like.dtype)


def _width_error(x: Any, like: Tensor, layer: str) -> SeegradError:
    width = like.shape[0]
    hint = tr("make the layer before give {count} values, or change this layer", count=width)
    if x.ndim >= 2 and width == int(np.prod(x.shape[1:])):
        hint = tr("put a Flatten() before this layer")
    return ShapeError(
        tr("{layer}: the input does not fit the weights", layer=layer),
        asked=tr(
            "{count} values a row, for {name} {shape}",
            count=width,
            name=like.name,
            shape=like.shape,
        ),
        came=tr("an input of shape {shape}", shape=x.shape),
        hint=hint,
    )
