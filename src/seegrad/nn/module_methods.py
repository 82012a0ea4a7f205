"""The methods of a module that readers of PyTorch type: children, apply, train, to, hooks, buffers.

What a module holds, and under which names, is found in `module`; each method here walks over that.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING, Any, ClassVar, Self

import numpy as np

from seegrad.errors import DTypeError, ValueRangeError
from seegrad.graph.spec import native_dtype
from seegrad.i18n import tr
from seegrad.nn.calls import Settings, check_call
from seegrad.nn.containment import replaced
from seegrad.tensor.tensor import Tensor, tensor


class Hooks:
    """What is called around a module's `forward`.

    A class of ours, so that what a hook has captured does not count as a part of the network.
    """

    def __init__(self) -> None:
        self.before: dict[Handle, Callable[..., Any]] = {}
        self.after: dict[Handle, Callable[..., Any]] = {}


class Handle:
    """What registering a hook gives: `remove()` takes the hook away again."""

    def __init__(self, table: dict[Handle, Callable[..., Any]]) -> None:
        self._table = table

    def remove(self) -> None:
        """Take the hook away; nothing where that has been done."""
        self._table.pop(self, None)


_WORDS = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")
"""Where a word begins inside a class's name."""


class ModuleMethods:
    """A module's methods by PyTorch's names; `Module` says what is inside."""

    kind: ClassVar[str]
    hooks: Hooks | None = None
    frozen: tuple[str, ...] = ()
    """The names of the leaves that `requires_grad_(False)` has frozen here."""

    _parts: Callable[..., list[tuple[str, Any]]]
    _walk: Callable[..., Iterator[tuple[str, Any, list[tuple[str, Any]]]]]
    _attributes: Callable[[], list[tuple[str, Any]]]
    named_leaves: Callable[[], Iterator[tuple[str, Tensor]]]
    named_state: Callable[[], list[tuple[str, Tensor]]]
    modules: Callable[[], list[Any]]
    _refuse_hidden: Callable[[], None]

    def __init_subclass__(cls, **more: Any) -> None:
        """Layers of this package are called as their class is, in small letters: `max_pool1d`."""
        super().__init_subclass__(**more)
        if cls.__module__.startswith("seegrad.nn.") and "kind" not in vars(cls):
            cls.kind = _WORDS.sub("_", cls.__name__).lower()

    if not TYPE_CHECKING:  # what a class takes stands at its __init__

        def __new__(cls, *inputs, **keywords):
            """A module that is not yet made, if it takes what it is to be made with."""
            if inputs or keywords:
                check_call(cls, inputs, keywords)
            return super().__new__(cls)

        __signature__ = Settings()

    # ------------------------------------------------------------- what is inside

    def named_children(self) -> list[tuple[str, Any]]:
        """The modules directly inside, each once, with their names."""
        found: dict[int, tuple[str, Any]] = {}
        for name, part in self._parts():
            if not isinstance(part, Tensor):
                found.setdefault(id(part), (name, part))
        return list(found.values())

    def children(self) -> list[Any]:
        """The modules directly inside, each once.

        >>> [child.kind for child in sg.nn.Sequential(sg.nn.Affine(2, 3), sg.nn.ReLU()).children()]
        ['affine', 'relu']
        """
        return [part for _, part in self.named_children()]

    def get_submodule(self, name: str) -> Any:
        """The module of this dotted name; itself for "". Raises ValueRangeError for another."""
        there = {key: module for key, module, _ in self._walk()}
        if name not in there:
            raise ValueRangeError(
                tr("the network has no module of this name"),
                asked=", ".join(sorted(there)[:8]),
                came=name,
            )
        return there[name]

    def named_buffers(self) -> list[tuple[str, Tensor]]:
        """Every tensor that is kept but not learnt, by name: `named_state`."""
        return self.named_state()

    def buffers(self) -> list[Tensor]:
        """Every tensor that is kept but not learnt: running means, random keys."""
        return [value for _, value in self.named_state()]

    def apply(self, function: Callable[[Any], Any]) -> Self:
        """Call `function` with every module inside, the inner ones first, and this one last.

        >>> seen = []
        >>> net = sg.nn.Sequential(sg.nn.Affine(2, 3), sg.nn.ReLU())
        >>> _ = net.apply(lambda module: seen.append(module.kind))
        >>> seen
        ['affine', 'relu', 'net']
        """
        for module in self._from_within({id(self)}):
            function(module)
        return self

    def _from_within(self, seen: set[int]) -> list[Any]:
        found: list[Any] = []
        for child in self.children():
            if id(child) not in seen:
                seen.add(id(child))
                found += child._from_within(seen)
        return [*found, self]

    # ------------------------------------------------------------- changing all of it

    def register_buffer(self, name: str, values: Any, dtype: Any = None) -> None:
        """Keep a tensor under this name that is saved and assigned to, but not learnt.

        The same as `self.name = sg.nn.state(values, name)`.
        """
        self._check_name(name)
        setattr(self, name, tensor(values, dtype, name=name, requires_grad=False))

    def register_parameter(self, name: str, value: Tensor | None) -> None:
        """Make a tensor a parameter under this name: the same as `self.name = value`.

        Args:
            name: what it is called.

        Raises:
            DTypeError: for what is no tensor.
        """
        self._check_name(name)
        if value is not None and not isinstance(value, Tensor):
            raise DTypeError(
                tr("a parameter is a tensor"),
                asked="sg.nn.parameter(values, name)",
                came=type(value).__name__,
            )
        setattr(self, name, value)

    add_module = register_module = setattr

    def _check_name(self, name: Any) -> None:
        if not isinstance(name, str) or not name.isidentifier() or hasattr(type(self), name):
            raise ValueRangeError(
                tr("a name under which a module keeps a tensor is that of a new attribute"),
                asked=tr("a name such as {name}", name="'scale'"),
                came=repr(name)[:60],
            )

    def requires_grad_(self, requires_grad: bool = True) -> Self:
        """Freeze every parameter inside (False), or thaw what was frozen in this way (True).

        Frozen ones are kept state: no derivative is taken by them, and no step changes them. An
        optimizer is made afterwards, from the parameters that are left.

        Args:
            requires_grad: do they take part in differentiation?

        >>> net = sg.nn.Sequential(sg.nn.Affine(2, 3), sg.nn.BatchNorm(3))
        >>> net[0].requires_grad_(False).parameters(), len(net.parameters())
        ([], 2)
        >>> len(net.requires_grad_().parameters())
        4
        """
        for _, module, parts in self._walk():
            own = [(k, p) for k, p in parts if isinstance(p, Tensor)]
            if requires_grad:
                changed = [(k, p) for k, p in own if k in module.frozen]
                object.__setattr__(module, "frozen", ())
            else:
                changed = [(k, p) for k, p in own if p.requires_grad]
                keys = (*module.frozen, *(k for k, _ in changed))
                object.__setattr__(module, "frozen", keys)
            for _, leaf in changed:
                leaf.requires_grad = requires_grad
        return self

    def train(self, training: bool = True) -> Self:
        """Choose how layers behave that differ between training and use; returns this module."""
        self._refuse_hidden()
        for module in self.modules():
            object.__setattr__(module, "training", training)
        return self

    def eval(self) -> Self:
        """The network in use: nothing dropped, running means instead of the batch's."""
        return self.train(False)

    def to(self, dtype: Any) -> Self:
        """Every floating-point leaf in another dtype; returns this module.

        The leaves are new tensors, so an optimizer is made afterwards. "cpu" changes nothing, as
        there is no other place. Raises DTypeError for what is no floating-point dtype.

        >>> sg.nn.Affine(2, 3).to(np.float64).W.dtype
        dtype('float64')
        """
        if isinstance(dtype, str) and dtype.partition(":")[0] == "cpu":
            return self
        kind = _floating(dtype)
        swaps: dict[int, Any] = {}
        for _, leaf in self.named_leaves():
            if leaf.dtype.kind == "f" and leaf.dtype != kind:
                values = np.asarray(leaf.value).astype(kind)
                swaps[id(leaf)] = tensor(
                    values, name=leaf.name, requires_grad=leaf.requires_grad
                )
        for module in self.modules():
            for attribute, value in module._attributes():
                other = replaced(value, swaps)
                if other is not value:
                    object.__setattr__(module, attribute, other)
        return self

    def float(self) -> Self:
        """Every floating-point leaf in float32."""
        return self.to(np.float32)

    def double(self) -> Self:
        """Every floating-point leaf in float64."""
        return self.to(np.float64)

    def half(self) -> Self:
        """Every floating-point leaf in float16."""
        return self.to(np.float16)

    # ------------------------------------------------------------- hooks

    def register_forward_hook(self, hook: Callable[..., Any]) -> Handle:
        """Have `hook(module, inputs, output)` called after each `forward`.

        What it returns, unless None, takes the place of the output. It is part of what is
        computed: traced, drawn and compiled. Returns a handle whose `remove()` ends it.

        >>> layer = sg.nn.Affine(2, 3)
        >>> handle = layer.register_forward_hook(lambda module, inputs, out: print(out.shape))
        >>> _ = layer(np.ones((5, 2)))
        (5, 3)
        >>> handle.remove()
        """
        return self._registered("after", hook)

    def register_forward_pre_hook(self, hook: Callable[..., Any]) -> Handle:
        """Have `hook(module, inputs)` called before each `forward`.

        What it returns, unless None, takes the place of the inputs: a tuple, or one value.
        """
        return self._registered("before", hook)

    def _registered(self, when: str, hook: Callable[..., Any]) -> Handle:
        if not callable(hook):
            raise DTypeError(
                tr("a hook is a function"), asked="hook(module, inputs, output)",
                came=repr(hook)[:60],
            )  # fmt: skip
        hooks = self.hooks or Hooks()
        if self.hooks is None:
            object.__setattr__(self, "hooks", hooks)
        table = getattr(hooks, when)
        handle = Handle(table)
        table[handle] = hook
        return handle

    def _hooked(self, inputs: tuple[Any, ...], keywords: Mapping[str, Any]) -> Any:
        """`forward` with what is called around it."""
        assert self.hooks is not None
        for hook in list(self.hooks.before.values()):
            given = hook(self, inputs)
            if given is not None:
                inputs = given if isinstance(given, tuple) else (given,)
        out = self.forward(*inputs, **keywords)              # type: ignore[attr-defined]
        for hook in list(self.hooks.after.values()):
            other = hook(self, inputs, out)
            out = out if other is None else other
        return out


def _floating(dtype: Any) -> np.dtype[Any]:
    """The floating-point dtype meant; DTypeError for any other."""
    try:
        kind: np.dtype[Any] = native_dtype(dtype)
    except TypeError:
        kind = np.dtype(object)
    if kind.kind != "f":
        raise DTypeError(
            tr("a network's numbers are floating-point"),
            asked="np.float32, np.float64, np.float16",
            came=repr(dtype)[:60],
            hint=tr("there is one place to compute in: leave out .to(device)")
            if isinstance(dtype, str) and kind.kind == "O" else "",
        )  # fmt: skip
    return kind
