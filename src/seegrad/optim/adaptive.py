"""Rules with a step of its own for every number: AdaGrad, RMSprop, Adadelta, Adam and its kin."""

from __future__ import annotations

import math
from typing import Any, ClassVar, Unpack

from seegrad.ops.arithmetic import abs, maximum, sqrt
from seegrad.ops.compare import astype, where
from seegrad.ops.reduce import any
from seegrad.ops.transcendental import exp
from seegrad.optim.checks import not_negative, positive, share, shares
from seegrad.optim.optimizer import Bounds, Given, Optimizer, Options
from seegrad.tensor.tensor import Tensor


class AdaGrad(Optimizer):
    """h ← h + g²; W ← W − η·g/(√h + ε) (Duchi et al., 2011).

    Args:
        eps: what keeps the divisor away from 0.
        options: `weight_decay`, `clip_norm`, `clip_value`: see `Optimizer`.

    >>> import seegrad as sg
    >>> w = sg.tensor([1.0, -2.0], name="w")
    >>> rule = AdaGrad([w], lr=0.1)
    >>> (w * w).sum().backward()
    >>> rule.step()
    >>> w.value.round(3)
    array([ 0.9, -1.9])
    """

    eps: float
    checks: ClassVar = {"eps": positive}

    def __init__(
        self, parameters: Given, lr: float = 0.01, eps: float = 1e-10, **options: Unpack[Options]
    ) -> None:
        super().__init__(parameters, lr, eps=eps, **options)
        self.squares = self.slot("squares")

    def updated(self, i: int, p: Tensor, g: Any, lr: Tensor) -> Any:
        squares = self.squares[i] + g * g
        self.squares[i].assign(squares)
        return p - lr * g / (sqrt(squares) + self.setting(i, "eps"))


class RMSprop(Optimizer):
    """h ← ρ·h + (1−ρ)·g²; W ← W − η·g/(√h + ε) (Tieleman and Hinton, 2012).

    Args:
        decay: how much of the running mean stays.
        eps: what keeps the divisor away from 0.
        options: `weight_decay`, `clip_norm`, `clip_value`: see `Optimizer`.

    >>> import seegrad as sg
    >>> w = sg.tensor([1.0, -2.0], name="w")
    >>> rule = RMSprop([w], lr=0.1)
    >>> (w * w).sum().backward()
    >>> rule.step()
    >>> w.value.round(3)
    array([ 0., -1.])
    """

    checks: ClassVar = {"decay": share, "eps": positive}

    def __init__(
        self,
        parameters: Given,
        lr: float = 0.01,
        decay: float = 0.99,
        eps: float = 1e-8,
        **options: Unpack[Options],
    ) -> None:
        super().__init__(parameters, lr, decay=decay, eps=eps, **options)
        self.squares = self.slot("squares")

    def updated(self, i: int, p: Tensor, g: Any, lr: Tensor) -> Any:
        decay = self.setting(i, "decay")
        squares = self.squares[i] * decay + g * g * (1 - decay)
        self.squares[i].assign(squares)
        return p - lr * g / (sqrt(squares) + self.setting(i, "eps"))


class Adadelta(Optimizer):
    """h ← ρ·h + (1−ρ)·g²; δ = g·√(d + ε)/√(h + ε); d ← ρ·d + (1−ρ)·δ²; W ← W − η·δ (Zeiler, 2012).

    The steps are as long as those before were, so that η is 1 unless said.

    Args:
        decay: how much of the running means stays.
        eps: what keeps the divisor away from 0.
        options: `weight_decay`, `clip_norm`, `clip_value`: see `Optimizer`.

    >>> import seegrad as sg
    >>> w = sg.tensor([1.0, -2.0], name="w")
    >>> rule = Adadelta([w], lr=0.1)
    >>> (w * w).sum().backward()
    >>> rule.step()
    >>> w.value.round(3)
    array([ 1., -2.])
    """

    checks: ClassVar = {"decay": share, "eps": positive}

    def __init__(
        self,
        parameters: Given,
        lr: float = 1.0,
        decay: float = 0.9,
        eps: float = 1e-6,
        **options: Unpack[Options],
    ) -> None:
        super().__init__(parameters, lr, decay=decay, eps=eps, **options)
        self.squares, self.moved = self.slot("squares"), self.slot("moved")

    def updated(self, i: int, p: Tensor, g: Any, lr: Tensor) -> Any:
        decay, eps = self.setting(i, "decay"), self.setting(i, "eps")
        squares = self.squares[i] * decay + g * g * (1 - decay)
        self.squares[i].assign(squares)
        step = g * (sqrt(self.moved[i] + eps) / sqrt(squares + eps))
        self.moved[i].assign(self.moved[i] * decay + step * step * (1 - decay))
        return p - lr * step


class Adam(Optimizer):
    """m ← β₁m + (1−β₁)g; v ← β₂v + (1−β₂)g²; W ← W − η·m̂/(√v̂ + ε) (Kingma and Ba, 2015).

    m̂ = m/(1−β₁ᵗ) and v̂ = v/(1−β₂ᵗ) undo the start at 0.

    Args:
        betas: how much of the means of gradients and squares stays.
        eps: what keeps the divisor away from 0.
        options: `weight_decay`, `clip_norm`, `clip_value`: see `Optimizer`.

    >>> import seegrad as sg
    >>> w = sg.tensor([1.0, -2.0], name="w")
    >>> rule = Adam([w], lr=0.1)
    >>> (w * w).sum().backward()
    >>> rule.step()
    >>> w.value.round(3)
    array([ 0.9, -1.9])
    """

    betas: tuple[float, float]
    checks: ClassVar = {"betas": shares, "eps": positive}

    def __init__(
        self,
        parameters: Given,
        lr: float = 0.001,
        betas: tuple[float, float] = (0.9, 0.999),
        eps: float = 1e-8,
        **options: Unpack[Options],
    ) -> None:
        super().__init__(parameters, lr, betas=betas, eps=eps, **options)
        self.means, self.squares = self.slot("means"), self.slot("squares")
        self.powers = self.numbers("beta1_power", 1.0), self.numbers("beta2_power", 1.0)
        self._grown: list[tuple[Any, Any]] = []
        self._missing: list[tuple[Any, Any]] = []

    def begin(self) -> None:
        """Each group's β₁ᵗ and β₂ᵗ; and 1 − β₁ᵗ and √(1 − β₂ᵗ), what the means lack of their start
        at 0."""
        self._grown, self._missing = [], []
        for number, group in enumerate(self.groups):
            betas = group.settings.get("betas", self.betas)
            kept = [powers[number] for powers in self.powers]
            grown = [power * beta for power, beta in zip(kept, betas)]
            for power, value in zip(kept, grown):
                power.assign(value)
            self._grown.append((grown[0], grown[1]))
            self._missing.append((1 - grown[0], sqrt(1 - grown[1])))

    def _averaged(self, i: int, g: Any) -> tuple[Any, Any]:
        """The next running means of the gradient and of its squares."""
        beta1, beta2 = self.setting(i, "betas")
        mean = self.means[i] * beta1 + g * (1 - beta1)
        return mean, self.squares[i] * beta2 + g * g * (1 - beta2)

    def _moved(self, i: int, g: Any) -> tuple[Any, Any]:
        """The same, and kept."""
        mean, square = self._averaged(i, g)
        self.means[i].assign(mean)
        self.squares[i].assign(square)
        return mean, square

    def _lacking(self, i: int, p: Tensor) -> tuple[Any, Any]:
        first, second = self._missing[self.at(i)]
        return astype(first, dtype=p.dtype), astype(second, dtype=p.dtype)

    def _stepped(self, i: int, p: Tensor, mean: Any, square: Any, lr: Tensor) -> Any:
        first, second = self._lacking(i, p)
        return p - (lr / first) * mean / (sqrt(square) / second + self.setting(i, "eps"))

    def updated(self, i: int, p: Tensor, g: Any, lr: Tensor) -> Any:
        return self._stepped(i, p, *self._moved(i, g), lr)


class SparseAdam(Adam):
    """Adam for tables of which a step reads a few rows: what is not asked for stays as it is.

    A row (of the first axis) whose gradient is nothing but zeros keeps W, m and v; `Adam` goes on
    moving it by what its means remember. A compiled step does not even look at those rows of an
    `nn.Embedding`. There is no `weight_decay`, which changes all of them.

    Args:
        betas: how much of the means of gradients and squares stays.
        eps: what keeps the divisor away from 0.
        options: `clip_norm`, `clip_value`: see `Optimizer`.

    >>> import seegrad as sg
    >>> w = sg.tensor([[1.0, -2.0], [3.0, 4.0]], name="w")
    >>> rule = SparseAdam([w], lr=0.1)
    >>> (w[0] * w[0]).sum().backward()
    >>> rule.step()
    >>> w.value.round(3)
    array([[ 0.9, -1.9],
           [ 3. ,  4. ]])
    """

    def __init__(
        self,
        parameters: Given,
        lr: float = 0.001,
        betas: tuple[float, float] = (0.9, 0.999),
        eps: float = 1e-8,
        **options: Unpack[Bounds],
    ) -> None:
        super().__init__(parameters, lr, betas, eps, **options)

    def updated(self, i: int, p: Tensor, g: Any, lr: Tensor) -> Any:
        asked = any(g != 0, axis=tuple(range(1, p.ndim)), keepdims=True)
        before = self.means[i], self.squares[i]
        made = self._averaged(i, g)
        for kept, old, new in zip((self.means, self.squares), before, made):
            kept[i].assign(where(asked, new, old))
        return where(asked, self._stepped(i, p, *made, lr), p)


class AdamW(Adam):
    """Adam with the decay taken from W itself, W ← W − η·λ·W (Loshchilov and Hutter, 2019).

    Args:
        betas: how much of the means of gradients and squares stays.
        eps: what keeps the divisor away from 0.
        options: `clip_norm`, `clip_value`: see `Optimizer`.

    >>> import seegrad as sg
    >>> w = sg.tensor([1.0, -2.0], name="w")
    >>> rule = AdamW([w], lr=0.1)
    >>> (w * w).sum().backward()
    >>> rule.step()
    >>> w.value.round(3)
    array([ 0.899, -1.898])
    """

    def __init__(
        self,
        parameters: Given,
        lr: float = 0.001,
        betas: tuple[float, float] = (0.9, 0.999),
        eps: float = 1e-8,
        weight_decay: float = 0.01,
        **options: Unpack[Bounds],
    ) -> None:
        super().__init__(parameters, lr, betas, eps, weight_decay=weight_decay, **options)

    def decayed(self, i: int, p: Tensor, g: Any) -> Any:
        return g

    def updated(self, i: int, p: Tensor, g: Any, lr: Tensor) -> Any:
        return super().updated(i, p, g, lr) - lr * (p * self.setting(i, "weight_decay"))


class Adamax(Adam):
    """m ← β₁m + (1−β₁)g; u ← max(β₂u, |g| + ε); W ← W − η·m̂/u (Kingma and Ba, 2015, section 7).

    Adam whose second mean is the largest gradient of late instead of that of the squares.

    Args:
        betas: how much of the means of gradients and squares stays.
        eps: what keeps the divisor away from 0.
        options: `weight_decay`, `clip_norm`, `clip_value`: see `Optimizer`.

    >>> import seegrad as sg
    >>> w = sg.tensor([1.0, -2.0], name="w")
    >>> rule = Adamax([w], lr=0.1)
    >>> (w * w).sum().backward()
    >>> rule.step()
    >>> w.value.round(3)
    array([ 0.9, -1.9])
    """

    def __init__(
        self,
        parameters: Given,
        lr: float = 0.002,
        betas: tuple[float, float] = (0.9, 0.999),
        eps: float = 1e-8,
        **options: Unpack[Options],
    ) -> None:
        super().__init__(parameters, lr, betas, eps, **options)

    def updated(self, i: int, p: Tensor, g: Any, lr: Tensor) -> Any:
        beta1, beta2 = self.setting(i, "betas")
        mean = self.means[i] * beta1 + g * (1 - beta1)
        largest = maximum(self.squares[i] * beta2, abs(g) + self.setting(i, "eps"))
        self.means[i].assign(mean)
        self.squares[i].assign(largest)
        return p - (lr / self._lacking(i, p)[0]) * mean / largest


class _Counting(Adam):
    """What the rules share whose factors depend on the number of the step."""

    def __init__(self, parameters: Given, lr: float, *rest: Any, **options: Any) -> None:
        super().__init__(parameters, lr, *rest, **options)
        self.count = self.numbers("count", 0.0)[0]
        self._step: Any = 0.0

    def begin(self) -> None:
        super().begin()
        self._step = self.count + 1.0
        for kept in self.slots["count"]:
            kept.assign(self._step)


class RAdam(_Counting):
    """Adam that takes the means of squares into account once they are trusted (Liu et al., 2020).

    With ρ∞ = 2/(1−β₂) − 1 and ρ = ρ∞ − 2tβ₂ᵗ/(1−β₂ᵗ): while ρ ≤ 5, W ← W − η·m̂; then the step
    of Adam times √((ρ−4)(ρ−2)ρ∞/((ρ∞−4)(ρ∞−2)ρ)).

    Args:
        betas: how much of the means of gradients and squares stays.
        eps: what keeps the divisor away from 0.
        options: `weight_decay`, `clip_norm`, `clip_value`: see `Optimizer`.

    >>> import seegrad as sg
    >>> w = sg.tensor([1.0, -2.0], name="w")
    >>> rule = RAdam([w], lr=0.1)
    >>> (w * w).sum().backward()
    >>> rule.step()
    >>> w.value.round(3)
    array([ 0.8, -1.6])
    """

    def __init__(
        self,
        parameters: Given,
        lr: float = 0.001,
        betas: tuple[float, float] = (0.9, 0.999),
        eps: float = 1e-8,
        **options: Unpack[Options],
    ) -> None:
        super().__init__(parameters, lr, betas, eps, **options)

    def updated(self, i: int, p: Tensor, g: Any, lr: Tensor) -> Any:
        mean, square = self._moved(i, g)
        first, second = self._lacking(i, p)
        beta2, power = self.setting(i, "betas")[1], self._grown[self.at(i)][1]
        end = 2 / (1 - beta2) - 1
        length = end - 2 * self._step * power / (1 - power)
        held = maximum(length, 5.0)             # no root of a negative number where it is unused
        trust = (held - 4) * (held - 2) / held * (end / ((end - 4) * (end - 2)))
        adapted = astype(sqrt(trust), dtype=p.dtype) * (
            second / (sqrt(square) + self.setting(i, "eps"))
        )
        return p - (lr / first) * mean * where(length > 5, adapted, 1.0)


class NAdam(_Counting):
    """Adam that looks ahead as Nesterov does (Dozat, 2016).

    With μₜ = β₁(1 − 0.96^(t·ψ)/2) in the place of β₁, ψ `momentum_decay`.

    Args:
        betas: how much of the means of gradients and squares stays.
        eps: what keeps the divisor away from 0.
        options: `weight_decay`, `clip_norm`, `clip_value`: see `Optimizer`.

    >>> import seegrad as sg
    >>> w = sg.tensor([1.0, -2.0], name="w")
    >>> rule = NAdam([w], lr=0.1)
    >>> (w * w).sum().backward()
    >>> rule.step()
    >>> w.value.round(3)
    array([ 0.894, -1.894])
    """

    momentum_decay: float
    checks: ClassVar = {**Adam.checks, "momentum_decay": not_negative}

    def __init__(
        self,
        parameters: Given,
        lr: float = 0.002,
        betas: tuple[float, float] = (0.9, 0.999),
        eps: float = 1e-8,
        momentum_decay: float = 0.004,
        **options: Unpack[Options],
    ) -> None:
        super().__init__(parameters, lr, betas, eps, momentum_decay=momentum_decay, **options)
        self.products = self.numbers("momentum_product", 1.0)
        self._factors: list[tuple[Any, Any]] = []

    def begin(self) -> None:
        super().begin()
        self._factors = []
        for number, group in enumerate(self.groups):
            beta = group.settings.get("betas", self.betas)[0]
            decay = group.settings.get("momentum_decay", self.momentum_decay)
            now, then = (
                beta * (1 - 0.5 * exp((self._step + ahead) * (decay * math.log(0.96))))
                for ahead in (0.0, 1.0)
            )
            product = self.products[number] * now
            self.products[number].assign(product)
            self._factors.append(((1 - now) / (1 - product), then / (1 - product * then)))

    def updated(self, i: int, p: Tensor, g: Any, lr: Tensor) -> Any:
        mean, square = self._moved(i, g)
        scale = sqrt(square) / self._lacking(i, p)[1] + self.setting(i, "eps")
        own, ahead = (astype(f, dtype=p.dtype) for f in self._factors[self.at(i)])
        return p - lr * (own * g + ahead * mean) / scale
