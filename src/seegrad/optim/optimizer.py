"""Optimizer: gradients in, parameters assigned anew. Decay and state are kept here once.

All that changes from step to step (the learning rate too) is a leaf that is read and assigned,
so that a traced step sees it as state. The rules themselves stand one a file beside this.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Mapping
from typing import Any, ClassVar, TypedDict

import numpy as np
from numpy.typing import NDArray

from seegrad.errors import CallError, DTypeError, GradientError, ShapeError, ValueRangeError
from seegrad.graph.mode import frame, in_mode
from seegrad.i18n import tr
from seegrad.ops.compare import astype
from seegrad.optim.checks import not_negative, positive
from seegrad.optim.clipping import bounded, scaled
from seegrad.optim.groups import told_apart
from seegrad.tensor.tensor import Tensor, tensor

Array = NDArray[Any]
Given = Iterable[Tensor | Mapping[str, Any]]
"""What is optimised: parameters, or groups of them with settings of their own."""


class Bounds(TypedDict, total=False):
    """How far a gradient may reach, for every rule."""

    clip_norm: float | None
    clip_value: float | None


class Options(Bounds, total=False):
    """What every rule can be told that has no decay of its own."""

    weight_decay: float


_ELSEWHERE = {
    "momentum": "optim.Momentum(parameters, lr=0.01, momentum=0.9)",
    "nesterov": "optim.Nesterov(parameters, lr=0.01, momentum=0.9)",
}
"""PyTorch's settings of SGD that are rules of their own here."""


class Optimizer(ABC):
    """What all rules share.

    parameters: leaf tensors that take part in differentiation, or groups: dictionaries of "params"
    and of what is set otherwise for them, "lr", "weight_decay" and the rule's own. lr: the
    learning rate. weight_decay: λ adds λ·W to the gradient of W. clip_norm: the longest that all
    gradients together may be; longer ones are scaled down. clip_value: bounds every number of a
    gradient.

    Raises:
        ValueRangeError: where there is nothing to optimise.
        DTypeError: for what is no leaf that takes part in differentiation.

    Args:
        settings: of a rule of one's own, as `checks` names them.

    >>> import seegrad as sg
    >>> class Steps(Optimizer):
    ...     def updated(self, i, p, g, lr):
    ...         return p - lr * sg.sign(g)
    >>> w = sg.tensor([1.0, -2.0], name="w")
    >>> rule = Steps([w], lr=0.5)
    >>> (w * w).sum().backward()
    >>> rule.step()
    >>> w.tolist()
    [0.5, -1.5]
    >>> rule.load_state_dict(rule.state_dict())
    """

    checks: ClassVar[Mapping[str, Callable[..., None]]] = {}
    """A rule's settings that a group may have otherwise, and what each has to be."""

    def __init__(
        self,
        parameters: Given,
        lr: float,
        weight_decay: float = 0.0,
        clip_norm: float | None = None,
        clip_value: float | None = None,
        **settings: Any,
    ) -> None:
        self._take(settings)
        checks = {"weight_decay": not_negative, **self.checks}
        self.groups, self.parameters, self.network = told_apart(parameters, lr, checks)
        if not self.parameters:
            raise ValueRangeError(
                tr("there is nothing to optimise"),
                asked=tr("at least one parameter"),
                came=tr("none"),
                hint="optim.SGD(net.parameters(), lr=0.1)",
            )
        for value in self.parameters:
            if not isinstance(value, Tensor) or not value.is_leaf or not value.requires_grad:
                raise DTypeError(
                    tr("only leaves that take part in differentiation can be optimised"),
                    asked="net.parameters()",
                    came=repr(value)[:80],
                )
        positive(lr=lr)
        not_negative(weight_decay=weight_decay)
        for name, bound in (("clip_norm", clip_norm), ("clip_value", clip_value)):
            if bound is not None:
                positive(**{name: bound})
        for group in self.groups:
            positive(lr=group["lr"])
            for name, value in group.settings.items():
                checks[name](**{name: value})
        self.weight_decay, self.clip_norm, self.clip_value = weight_decay, clip_norm, clip_value
        self.slots: dict[str, list[Tensor]] = {}

    def _take(self, settings: Mapping[str, Any]) -> None:
        """Keep a rule's settings as attributes, each checked; CallError for one it has not."""
        for name, value in settings.items():
            if name not in self.checks:
                usual = ("lr", "weight_decay", "clip_norm", "clip_value")
                raise CallError(
                    tr("{rule} has no such setting", rule=type(self).__name__),
                    asked=", ".join((*usual, *self.checks)),
                    came=name,
                    hint=_ELSEWHERE.get(name, ""),
                )
            self.checks[name](**{name: value})
            setattr(self, name, value)

    def setting(self, i: int, name: str) -> Any:
        """What is set for parameter number `i`: by its group, or for all.

        Args:
            name: of the setting.
        """
        return self.groups[self.at(i)].settings.get(name, getattr(self, name))

    @property
    def lr(self) -> Tensor:
        """The learning rate, a leaf; set it with a number. Of several groups, that of the first:
        the others move in proportion."""
        return self.groups[0].lr

    @lr.setter
    def lr(self, value: float) -> None:
        not_negative(lr=value)  # a schedule may come down to 0
        for group in self.groups:
            group.lr.assign(float(value) * float(group.ratio.item()))

    def slot(self, name: str, start: float = 0.0) -> list[Tensor]:
        """Make one kept tensor for each parameter, of its shape and dtype, filled with `start`.

        Args:
            name: what the tensors are kept under.
        """
        self.slots[name] = [
            tensor(
                np.full(value.shape, start, value.dtype),
                name=f"{value.name}.{name}" if value.name else name,
                requires_grad=False,
            )
            for value in self.parameters
        ]
        return self.slots[name]

    def numbers(self, name: str, start: float) -> list[Tensor]:
        """Make one kept number for each group.

        Args:
            name: what they are kept under.
            start: what they begin with.
        """
        self.slots[name] = [
            tensor(float(start), name=name, requires_grad=False) for _ in self.groups
        ]
        return self.slots[name]

    def at(self, i: int) -> int:
        """The number of the group that parameter number `i` is in."""
        group = 0
        while i >= len(self.groups[group].parameters):
            i -= len(self.groups[group].parameters)
            group += 1
        return group

    # ------------------------------------------------------------- a step

    def zero_grad(self) -> None:
        """Forget the gradients of all parameters."""
        for value in self.parameters:
            value.zero_grad()

    def step(self) -> None:
        """Give every parameter that has a gradient its next value.

        Raises GradientError when none has: `loss.backward()` has not been called; and when the
        network has got parameters since the optimizer was made.
        """
        self._refuse_unknown()
        having = [(i, p) for i, p in enumerate(self.parameters) if p.grad is not None]
        if not having:
            raise GradientError(
                tr("no parameter has a gradient"),
                asked="loss.backward()",
                came=tr("a step without it"),
                hint="opt.zero_grad(); loss.backward(); opt.step()",
            )
        with in_mode(recording=False), frame(type(self).__name__.lower()):
            gradients = self._bounded([p.grad for _, p in having])
            self.begin()
            for (i, p), g in zip(having, gradients):
                lr = self.groups[self.at(i)].lr
                lr = lr if p.dtype == lr.dtype else astype(lr, dtype=p.dtype)
                p.assign(self.updated(i, p, self.decayed(i, p, g), lr))

    def _refuse_unknown(self) -> None:
        """GradientError for a parameter of the network that the loss needs and no step changes."""
        if self.network is None:
            return
        known = set(map(id, self.parameters))
        lost = [
            name
            for name, value in self.network.named_leaves()
            if value.requires_grad and value.gradient is not None and id(value) not in known
        ]
        if lost:
            raise GradientError(
                tr("the network has parameters that the optimizer does not know"),
                asked=tr("the parameters that there were when the optimizer was made"),
                came=tr("{names}: added, replaced or unfrozen since", names=", ".join(lost)),
                hint=tr(
                    "make the optimizer anew from net.parameters(); or from a plain list of those"
                    " that it is to train"
                ),
            )

    def begin(self) -> None:  # noqa: B027 - most rules have nothing to do here
        """What is done once a step, before the parameters."""

    @abstractmethod
    def updated(self, i: int, p: Tensor, g: Any, lr: Tensor) -> Any:
        """The next value of parameter number `i` from its gradient `g`.

        Args:
            i: the number of the parameter.
            p: the parameter.
        """

    def decayed(self, i: int, p: Tensor, g: Any) -> Any:
        """The gradient of parameter number `i` with the decay's part.

        Args:
            p: the parameter.
        """
        decay = self.setting(i, "weight_decay")
        return g + p * decay if decay else g

    def _bounded(self, gradients: list[Any]) -> list[Any]:
        if self.clip_value is not None:
            gradients = bounded(gradients, self.clip_value)
        if self.clip_norm is not None:
            gradients, _ = scaled(gradients, self.clip_norm)
        return gradients

    # ------------------------------------------------------------- state

    def state_dict(self) -> dict[str, Array]:
        """The learning rates and everything kept, as name → copy: "velocity.0", …"""
        return {name: np.array(value.value) for name, value in self._kept().items()}

    def _kept(self) -> dict[str, Tensor]:
        """All that changes from step to step but the parameters, by name."""
        own = {group.lr.name: group.lr for group in self.groups}
        own |= {group.ratio.name: group.ratio for group in self.groups[1:]}
        return own | {f"{n}.{i}": v for n, vs in self.slots.items() for i, v in enumerate(vs)}

    def load_state_dict(self, values: Mapping[str, Any]) -> None:
        """Take over what `state_dict` gave; nothing changes unless all of it fits.

        Raises:
            ValueRangeError: where the values belong to another optimizer.
            ShapeError: where one has another shape.
        """
        own = self._kept()
        if own.keys() != values.keys():
            raise ValueRangeError(
                tr("these values belong to another optimizer"),
                asked=", ".join(sorted(own)[:6]),
                came=", ".join(sorted(values)[:6]),
                hint=tr("make the optimizer as it was when it was saved"),
            )
        for name, target in own.items():
            if np.shape(values[name]) != target.shape:
                raise ShapeError(
                    tr("{name} has another shape than the value for it", name=name),
                    asked=f"{target.shape}",
                    came=f"{np.shape(values[name])}",
                )
        for name, target in own.items():
            target.assign(np.asarray(values[name]))

    def __repr__(self) -> str:
        count, several = len(self.parameters), len(self.groups)
        groups = tr(" in {count} groups", count=several) if several > 1 else ""
        return f"{type(self).__name__}(lr={self.lr.item():g}, {count} parameters{groups})"
