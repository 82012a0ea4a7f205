"""Optimizers by the third volume's names; the updates are `seegrad.optim`'s."""

from functools import partial
from typing import Any, cast

from seegrad.dezero.layers import Layer
from seegrad.optim import adaptive, sgd


class Optimizer:
    """`setup(model)`, then `update()` for each step; parameters are there by the first one."""

    def __init__(self, kind: Any, *rates: float, **options: Any) -> None:
        self.kind, self.rates = kind, rates
        if options.keys() & {"beta1", "beta2"}:
            options["betas"] = options.pop("beta1", 0.9), options.pop("beta2", 0.999)
        self.options = {"lr" if k == "alpha" else k: v for k, v in options.items()}

    def setup(self, target: Layer) -> "Optimizer":
        """Train this model."""
        self.target, self.made = target, cast(Any, None)
        return self

    def update(self) -> None:
        """One step, by the derivatives that have arrived."""
        if self.made is None:
            nodes = [p.node for p in self.target.params()]
            self.made = self.kind(nodes, *self.rates, **self.options)
        self.made.step()


SGD, MomentumSGD = partial(Optimizer, sgd.SGD), partial(Optimizer, sgd.Momentum)
AdaGrad, Adam = partial(Optimizer, adaptive.AdaGrad), partial(Optimizer, adaptive.Adam)
