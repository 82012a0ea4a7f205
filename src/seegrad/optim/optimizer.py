"""Optimizer: gradients in, parameters assigned anew. Clipping, decay and state are kept here once.

All that changes from step to step (the learning rate too) is a leaf that is read and assigned,
so that a traced step sees it as state. The rules themselves stand one a file beside this.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from seegrad.errors import DTypeError, GradientError, ShapeError, ValueRangeError
from seegrad.graph.mode import frame, in_mode
from seegrad.i18n import tr
from seegrad.nn.module import Parameters
from seegrad.ops.arithmetic import clip, minimum, sqrt
from seegrad.ops.compare import astype
from seegrad.ops.reduce import sum
from seegrad.tensor.tensor import Tensor, tensor

Array = NDArray[Any]
_SMALL = 1e-12


class Optimizer(ABC):
    """What all rules share.

    parameters: leaf tensors that take part in differentiation. lr: the learning rate.
    weight_decay: λ adds λ·W to the gradient of W. clip_norm: the longest that all gradients
    together may be; longer ones are scaled down. clip_value: bounds every number of a gradient.
    """

    def __init__(
        self,
        parameters: Iterable[Tensor],
        lr: float,
        weight_decay: float = 0.0,
        clip_norm: float | None = None,
        clip_value: float | None = None,
    ) -> None:
        self.network = parameters.module if isinstance(parameters, Parameters) else None
        self.parameters = list(parameters)
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
        self.weight_decay, self.clip_norm, self.clip_value = weight_decay, clip_norm, clip_value
        self._lr = tensor(float(lr), name="lr", requires_grad=False)
        self.slots: dict[str, list[Tensor]] = {}

    @property
    def lr(self) -> Tensor:
        """The learning rate, a leaf; set it with a number."""
        return self._lr

    @lr.setter
    def lr(self, value: float) -> None:
        not_negative(lr=value)  # a schedule may come down to 0
        self._lr.assign(float(value))

    def slot(self, name: str, start: float = 0.0) -> list[Tensor]:
        """Make one kept tensor for each parameter, of its shape and dtype, filled with `start`."""
        self.slots[name] = [
            tensor(
                np.full(value.shape, start, value.dtype),
                name=f"{value.name}.{name}" if value.name else name,
                requires_grad=False,
            )
            for value in self.parameters
        ]
        return self.slots[name]

    def number(self, name: str, start: float) -> Tensor:
        """Make one kept number."""
        self.slots[name] = [tensor(float(start), name=name, requires_grad=False)]
        return self.slots[name][0]

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
                lr = self._lr if p.dtype == self._lr.dtype else astype(self._lr, dtype=p.dtype)
                p.assign(self.updated(i, p, self.decayed(p, g), lr))

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
        """The next value of parameter number `i` from its gradient `g`."""

    def decayed(self, p: Tensor, g: Any) -> Any:
        """The gradient with the decay's part."""
        return g + p * self.weight_decay if self.weight_decay else g

    def _bounded(self, gradients: list[Any]) -> list[Any]:
        if self.clip_value is not None:
            bound = self.clip_value
            gradients = [clip(g, low=-bound, high=bound) for g in gradients]
        if self.clip_norm is not None:
            total: Any = 0.0
            for g in gradients:
                total = total + astype(sum(g * g), dtype=np.float64)
            scale = minimum(self.clip_norm / (sqrt(total) + _SMALL), 1.0)
            gradients = [g * astype(scale, dtype=g.dtype) for g in gradients]
        return gradients

    # ------------------------------------------------------------- state

    def state_dict(self) -> dict[str, Array]:
        """The learning rate and everything kept, as name → copy: "velocity.0", …"""
        values = {"lr": np.array(self._lr.value)}
        for name, tensors in self.slots.items():
            for i, value in enumerate(tensors):
                values[f"{name}.{i}"] = np.array(value.value)
        return values

    def load_state_dict(self, values: Mapping[str, Any]) -> None:
        """Take over what `state_dict` gave; nothing changes unless all of it fits."""
        own = {"lr": self._lr}
        own.update({f"{n}.{i}": v for n, vs in self.slots.items() for i, v in enumerate(vs)})
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
        count = len(self.parameters)
        return f"{type(self).__name__}(lr={self._lr.item():g}, {count} parameters)"


def positive(**numbers: float) -> None:
    """ValueRangeError for a number that is not above 0 (a NaN is not)."""
    for name, value in numbers.items():
        if not value > 0 or value == float("inf"):
            raise ValueRangeError(
                tr("{name} is a number above 0", name=name), asked=f"{name} > 0",
                came=f"{name}={value}",
            )  # fmt: skip


def not_negative(**numbers: float) -> None:
    """ValueRangeError for a number below 0."""
    for name, value in numbers.items():
        if not 0 <= value < float("inf"):
            raise ValueRangeError(
                tr("{name} is not a negative number", name=name), asked=f"{name} ≥ 0",
                came=f"{name}={value}",
            )  # fmt: skip


def share(**numbers: float) -> None:
    """ValueRangeError for a number outside of [0, 1)."""
    for name, value in numbers.items():
        if not 0 <= value < 1:
            raise ValueRangeError(
                tr("{name} is a share below 1", name=name), asked=f"0 ≤ {name} < 1",
                came=f"{name}={value}",
            )  # fmt: skip
