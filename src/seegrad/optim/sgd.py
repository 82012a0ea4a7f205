"""Gradient descent: plain, with momentum, and looking ahead."""

from __future__ import annotations

from typing import Any, ClassVar, Unpack

from seegrad.optim.checks import share
from seegrad.optim.optimizer import Given, Optimizer, Options
from seegrad.tensor.tensor import Tensor


class SGD(Optimizer):
    """W ← W − η·∂L/∂W: a step against the gradient, which points uphill (chapter 5.7.1).

    Args:
        options: `weight_decay`, `clip_norm`, `clip_value`: see `Optimizer`.

    >>> import seegrad as sg
    >>> w = sg.tensor([1.0, -2.0], name="w")
    >>> rule = SGD([w], lr=0.1)
    >>> (w * w).sum().backward()
    >>> rule.step()
    >>> w.value.round(3)
    array([ 0.8, -1.6])
    """

    def __init__(self, parameters: Given, lr: float = 0.01, **options: Unpack[Options]) -> None:
        super().__init__(parameters, lr, **options)

    def updated(self, i: int, p: Tensor, g: Any, lr: Tensor) -> Any:
        return p - lr * g


class Momentum(Optimizer):
    """v ← μ·v + g; W ← W − η·v (Polyak, 1964): a ball that rolls.

    Args:
        momentum: how much of the last step goes on.
        options: `weight_decay`, `clip_norm`, `clip_value`: see `Optimizer`.

    >>> import seegrad as sg
    >>> w = sg.tensor([1.0, -2.0], name="w")
    >>> rule = Momentum([w], lr=0.1)
    >>> (w * w).sum().backward()
    >>> rule.step()
    >>> w.value.round(3)
    array([ 0.8, -1.6])
    """

    momentum: float
    checks: ClassVar = {"momentum": share}

    def __init__(
        self,
        parameters: Given,
        lr: float = 0.01,
        momentum: float = 0.9,
        **options: Unpack[Options],
    ) -> None:
        super().__init__(parameters, lr, momentum=momentum, **options)
        self.velocity = self.slot("velocity")

    def _rolled(self, i: int, g: Any) -> Any:
        velocity = self.velocity[i] * self.setting(i, "momentum") + g
        self.velocity[i].assign(velocity)
        return velocity

    def updated(self, i: int, p: Tensor, g: Any, lr: Tensor) -> Any:
        return p - lr * self._rolled(i, g)


class Nesterov(Momentum):
    """v ← μ·v + g; W ← W − η·(g + μ·v) (Nesterov, 1983): the gradient where the ball will be.

    Args:
        options: `weight_decay`, `clip_norm`, `clip_value`: see `Optimizer`.

    >>> import seegrad as sg
    >>> w = sg.tensor([1.0, -2.0], name="w")
    >>> rule = Nesterov([w], lr=0.1)
    >>> (w * w).sum().backward()
    >>> rule.step()
    >>> w.value.round(3)
    array([ 0.62, -1.24])
    """

    def updated(self, i: int, p: Tensor, g: Any, lr: Tensor) -> Any:
        return p - lr * (g + self._rolled(i, g) * self.setting(i, "momentum"))
