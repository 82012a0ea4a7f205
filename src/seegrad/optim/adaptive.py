"""Rules with a step of its own for every number: AdaGrad, RMSprop, Adam, AdamW."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from seegrad.ops.arithmetic import sqrt
from seegrad.ops.compare import astype
from seegrad.optim.optimizer import Optimizer, positive, share
from seegrad.tensor.tensor import Tensor


class AdaGrad(Optimizer):
    """h ← h + g²; W ← W − η·g/(√h + ε) (Duchi et al., 2011)."""

    def __init__(
        self, parameters: Iterable[Tensor], lr: float = 0.01, eps: float = 1e-10, **options: Any
    ) -> None:
        super().__init__(parameters, lr, **options)
        positive(eps=eps)
        self.eps = eps
        self.squares = self.slot("squares")

    def updated(self, i: int, p: Tensor, g: Any, lr: Tensor) -> Any:
        squares = self.squares[i] + g * g
        self.squares[i].assign(squares)
        return p - lr * g / (sqrt(squares) + self.eps)


class RMSprop(Optimizer):
    """h ← ρ·h + (1−ρ)·g²; W ← W − η·g/(√h + ε) (Tieleman and Hinton, 2012)."""

    def __init__(
        self,
        parameters: Iterable[Tensor],
        lr: float = 0.01,
        decay: float = 0.99,
        eps: float = 1e-8,
        **options: Any,
    ) -> None:
        super().__init__(parameters, lr, **options)
        share(decay=decay)
        positive(eps=eps)
        self.decay, self.eps = decay, eps
        self.squares = self.slot("squares")

    def updated(self, i: int, p: Tensor, g: Any, lr: Tensor) -> Any:
        squares = self.squares[i] * self.decay + g * g * (1 - self.decay)
        self.squares[i].assign(squares)
        return p - lr * g / (sqrt(squares) + self.eps)


class Adam(Optimizer):
    """m ← β₁m + (1−β₁)g; v ← β₂v + (1−β₂)g²; W ← W − η·m̂/(√v̂ + ε) (Kingma and Ba, 2015).

    m̂ = m/(1−β₁ᵗ) and v̂ = v/(1−β₂ᵗ) undo the start at 0.
    """

    def __init__(
        self,
        parameters: Iterable[Tensor],
        lr: float = 0.001,
        betas: tuple[float, float] = (0.9, 0.999),
        eps: float = 1e-8,
        **options: Any,
    ) -> None:
        super().__init__(parameters, lr, **options)
        share(beta1=betas[0], beta2=betas[1])
        positive(eps=eps)
        self.betas, self.eps = betas, eps
        self.means, self.squares = self.slot("means"), self.slot("squares")
        self.powers = self.number("beta1_power", 1.0), self.number("beta2_power", 1.0)
        self._missing: tuple[Any, Any] = (1.0, 1.0)

    def begin(self) -> None:
        grown = [power * beta for power, beta in zip(self.powers, self.betas)]
        for power, value in zip(self.powers, grown):
            power.assign(value)
        self._missing = 1 - grown[0], sqrt(1 - grown[1])

    def updated(self, i: int, p: Tensor, g: Any, lr: Tensor) -> Any:
        beta1, beta2 = self.betas
        mean = self.means[i] * beta1 + g * (1 - beta1)
        square = self.squares[i] * beta2 + g * g * (1 - beta2)
        self.means[i].assign(mean)
        self.squares[i].assign(square)
        first, second = (astype(part, dtype=p.dtype) for part in self._missing)
        return p - (lr / first) * mean / (sqrt(square) / second + self.eps)


class AdamW(Adam):
    """Adam with the decay taken from W itself, W ← W − η·λ·W (Loshchilov and Hutter, 2019)."""

    def __init__(
        self,
        parameters: Iterable[Tensor],
        lr: float = 0.001,
        betas: tuple[float, float] = (0.9, 0.999),
        eps: float = 1e-8,
        weight_decay: float = 0.01,
        **options: Any,
    ) -> None:
        super().__init__(parameters, lr, betas, eps, weight_decay=weight_decay, **options)

    def decayed(self, p: Tensor, g: Any) -> Any:
        return g

    def updated(self, i: int, p: Tensor, g: Any, lr: Tensor) -> Any:
        return super().updated(i, p, g, lr) - lr * (p * self.weight_decay)
