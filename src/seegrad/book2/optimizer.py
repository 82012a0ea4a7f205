"""The second volume's optimizers: `update(params, grads)` on lists of arrays, in place.

What an optimizer remembers has one array for each parameter, in the order of the lists.
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Sequence
from typing import Any, ClassVar

import numpy as np

from seegrad.book2.arrays import Array
from seegrad.errors import CallError, ShapeError, ValueRangeError
from seegrad.i18n import tr

__all__ = ["SGD", "AdaGrad", "Adam", "Momentum", "Nesterov", "RMSprop"]

SMALL = 1e-7
"""What keeps a division by a root away from 0, as in the book."""


class _Optimizer:
    """Checks the lists, keeps an array of zeros for each parameter and name in `remembered`."""

    remembered: ClassVar[tuple[str, ...]] = ()

    def __init__(self, lr: float) -> None:
        self.lr = lr
        for name in self.remembered:
            setattr(self, name, None)

    def update(self, params: Sequence[Array], grads: Sequence[Array]) -> None:
        """Move each of `params`, in place, along its gradient in `grads`.

        Raises CallError for anything but lists, ValueRangeError for lists of different lengths,
        ShapeError for a gradient of another shape than its parameter; then nothing has moved.
        """
        _paired(params, grads)
        for name in self.remembered:
            kept = getattr(self, name)
            if kept is None:
                setattr(self, name, [np.zeros_like(p) for p in params])
            elif [k.shape for k in kept] != [p.shape for p in params]:
                raise ValueRangeError(
                    tr("an optimizer remembers something for each parameter"),
                    asked=tr("the parameters of the first update"),
                    came=", ".join(str(p.shape) for p in params),
                    hint=tr("make an optimizer for each network"),
                )
        self._begin()
        for i, (param, grad) in enumerate(zip(params, grads)):
            self._move(i, param, grad)

    def _begin(self) -> None:
        """What an update does once."""

    @abstractmethod
    def _move(self, i: int, param: Array, grad: Array) -> None:
        """Move the parameter at place i."""


def _paired(params: Any, grads: Any) -> None:
    for name, arrays in (("params", params), ("grads", grads)):
        if not isinstance(arrays, (list, tuple)):
            raise CallError(
                tr("update() takes two lists of arrays"),
                asked="update(model.params, model.grads)",
                came=f"{name}: {type(arrays).__name__}",
                hint=tr("the first volume's optimizers, in seegrad.book, take dictionaries"),
            )
    if len(params) != len(grads):
        raise ValueRangeError(
            tr("each parameter has one gradient"),
            asked=f"{len(params)} grads",
            came=f"{len(grads)} grads",
        )
    for i, (param, grad) in enumerate(zip(params, grads)):
        if not isinstance(param, np.ndarray) or param.dtype.kind != "f":
            raise CallError(
                tr("a parameter is an array of floating-point numbers, changed in place"),
                asked=f"params[{i}]: float array",
                came=f"{type(param).__name__} {getattr(param, 'dtype', '')}",
            )
        if np.shape(grad) != param.shape:
            raise ShapeError(
                tr("a gradient has the shape of its parameter"),
                asked=f"grads[{i}] {param.shape}",
                came=f"{np.shape(grad)}",
            )


class SGD(_Optimizer):
    """param ← param − lr·grad (chapter 1.3.6).

    >>> W = np.ones(2)
    >>> SGD(lr=0.5).update([W], [np.ones(2)])
    >>> W
    array([0.5, 0.5])
    """

    def __init__(self, lr: float = 0.01) -> None:
        super().__init__(lr)

    def _move(self, i: int, param: Array, grad: Array) -> None:
        param -= self.lr * grad


class Momentum(_Optimizer):
    """v ← momentum·v − lr·grad, param ← param + v."""

    remembered = ("v",)
    v: list[Array]

    def __init__(self, lr: float = 0.01, momentum: float = 0.9) -> None:
        super().__init__(lr)
        self.momentum = momentum

    def _move(self, i: int, param: Array, grad: Array) -> None:
        self.v[i] *= self.momentum
        self.v[i] -= self.lr * grad
        param += self.v[i]


class Nesterov(Momentum):
    """Nesterov's accelerated gradient (arXiv:1212.0901): param ← param + m²·v − (1 + m)·lr·grad
    with the velocity before it is renewed; the book's code takes the one after."""

    def _move(self, i: int, param: Array, grad: Array) -> None:
        param += self.momentum * self.momentum * self.v[i]
        param -= (1 + self.momentum) * self.lr * grad
        self.v[i] *= self.momentum
        self.v[i] -= self.lr * grad


class AdaGrad(_Optimizer):
    """h ← h + grad², param ← param − lr·grad/√h."""

    remembered = ("h",)
    h: list[Array]

    def __init__(self, lr: float = 0.01) -> None:
        super().__init__(lr)

    def _move(self, i: int, param: Array, grad: Array) -> None:
        self.h[i] += grad * grad
        param -= self.lr * grad / (np.sqrt(self.h[i]) + SMALL)


class RMSprop(_Optimizer):
    """h ← decay·h + (1 − decay)·grad², param ← param − lr·grad/√h."""

    remembered = ("h",)
    h: list[Array]

    def __init__(self, lr: float = 0.01, decay_rate: float = 0.99) -> None:
        super().__init__(lr)
        self.decay_rate = decay_rate

    def _move(self, i: int, param: Array, grad: Array) -> None:
        self.h[i] *= self.decay_rate
        self.h[i] += (1 - self.decay_rate) * grad * grad
        param -= self.lr * grad / (np.sqrt(self.h[i]) + SMALL)


class Adam(_Optimizer):
    """Adam (arXiv:1412.6980): a momentum m and a mean square v, both corrected for their start."""

    remembered = ("m", "v")
    m: list[Array]
    v: list[Array]

    def __init__(self, lr: float = 0.001, beta1: float = 0.9, beta2: float = 0.999) -> None:
        super().__init__(lr)
        self.beta1, self.beta2 = beta1, beta2
        self.iter = 0
        self._rate = lr

    def _begin(self) -> None:
        self.iter += 1
        grown = np.sqrt(1.0 - self.beta2**self.iter) / (1.0 - self.beta1**self.iter)
        self._rate = float(self.lr * grown)

    def _move(self, i: int, param: Array, grad: Array) -> None:
        self.m[i] += (1 - self.beta1) * (grad - self.m[i])
        self.v[i] += (1 - self.beta2) * (grad * grad - self.v[i])
        param -= self._rate * self.m[i] / (np.sqrt(self.v[i]) + SMALL)
