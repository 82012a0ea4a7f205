"""The book's optimizers (chapter 6.1): `update(params, grads)` moves arrays by their gradients.

`params` and `grads` go together by name (volume 1) or by place (volume 2). Arrays are moved in
place, so that the layers which hold them see it; plain numbers are put back into `params`. What
an optimizer remembers of a parameter is kept under the same name.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from seegrad.book.arrays import as_array
from seegrad.errors import DTypeError, ShapeError, ValueRangeError
from seegrad.i18n import tr
from seegrad.tensor.tensor import Tensor

__all__ = ["SGD", "AdaGrad", "Adam", "Momentum", "Nesterov", "RMSprop", "np"]

Array = NDArray[Any]
TINY = 1e-7
"""What the book adds to a root before it divides by it."""


class Optimizer:
    """What all have in common: looking at what comes in, memory by name, and the move itself.

    A rule says in `_step` how far one parameter goes.
    """

    def __init__(self, lr: float) -> None:
        self.lr = _within("lr", lr)
        self._shapes: dict[Any, tuple[int, ...]] = {}

    def update(self, params: Any, grads: Any) -> None:
        """Move every parameter, in place.

        params, grads: two dicts with the same names, or two lists of the same length. Raises
        ValueRangeError for a name that one of them lacks, ShapeError for a gradient of another
        shape than its parameter and for other parameters than those that this optimizer remembers,
        DTypeError for whole numbers, which cannot move by a fraction.
        """
        moves = {name: _pair(name, params[name], grads[name]) for name in _names(params, grads)}
        if self._shapes and {name: g.shape for name, (_, g) in moves.items()} != self._shapes:
            self._others(moves)
        self._begin(moves)
        for name, (value, gradient) in moves.items():
            step = self._step(name, gradient)
            if isinstance(value, np.ndarray):
                value += step
            else:
                params[name] = (value + step)[()]

    def _others(self, moves: Mapping[Any, Any]) -> None:
        raise ShapeError(
            tr("this optimizer remembers other parameters"),
            asked=", ".join(f"{name} {shape}" for name, shape in self._shapes.items()),
            came=", ".join(f"{name} {g.shape}" for name, (_, g) in moves.items()),
            hint=tr("make an optimizer for each network"),
        )

    def _begin(self, moves: Mapping[Any, Any]) -> None:
        """Before the first parameter of an update."""

    def _zeros(self, moves: Mapping[Any, Any]) -> dict[Any, Array]:
        self._shapes = {name: gradient.shape for name, (_, gradient) in moves.items()}
        return {name: np.zeros_like(value, float) for name, (value, _) in moves.items()}

    def _step(self, name: Any, gradient: Array) -> Array:
        raise NotImplementedError


class SGD(Optimizer):
    """Stochastic gradient descent: W ← W − η·∂L/∂W.

    >>> params = {"W": np.array([1.0, 2.0])}
    >>> SGD(lr=0.5).update(params, {"W": np.array([2.0, -2.0])})
    >>> params["W"]
    array([0., 3.])
    """

    def __init__(self, lr: float = 0.01) -> None:
        super().__init__(lr)

    def _step(self, name: Any, gradient: Array) -> Array:
        return -self.lr * gradient


class Momentum(Optimizer):
    """v ← α·v − η·∂L/∂W, W ← W + v: a ball that rolls down the loss; `v` by name."""

    def __init__(self, lr: float = 0.01, momentum: float = 0.9) -> None:
        super().__init__(lr)
        self.momentum = _within("momentum", momentum, 1)
        self.v: dict[Any, Array] | None = None

    def _begin(self, moves: Mapping[Any, Any]) -> None:
        if self.v is None:
            self.v = self._zeros(moves)

    def _step(self, name: Any, gradient: Array) -> Array:
        assert self.v is not None
        self.v[name] = self.momentum * self.v[name] - self.lr * gradient
        return self.v[name]


class Nesterov(Momentum):
    """Nesterov's accelerated gradient (Bengio et al., 2012): W ← W + α²·v − (1 + α)·η·∂L/∂W.

    v is the one before the step; early printings of the book's code took the one after it.
    """

    def _step(self, name: Any, gradient: Array) -> Array:
        return self.momentum * super()._step(name, gradient) - self.lr * gradient


class AdaGrad(Optimizer):
    """h ← h + (∂L/∂W)², W ← W − η·∂L/∂W/(√h + 10⁻⁷) (Duchi et al., 2011); `h` by name."""

    def __init__(self, lr: float = 0.01) -> None:
        super().__init__(lr)
        self.h: dict[Any, Array] | None = None

    def _begin(self, moves: Mapping[Any, Any]) -> None:
        if self.h is None:
            self.h = self._zeros(moves)

    def _remember(self, name: Any, gradient: Array) -> Array:
        assert self.h is not None
        self.h[name] = self.h[name] + gradient * gradient
        return self.h[name]

    def _step(self, name: Any, gradient: Array) -> Array:
        return -self.lr * gradient / (np.sqrt(self._remember(name, gradient)) + TINY)


class RMSprop(AdaGrad):
    """As AdaGrad, but h forgets: h ← ρ·h + (1 − ρ)·(∂L/∂W)² (Hinton)."""

    def __init__(self, lr: float = 0.01, decay_rate: float = 0.99) -> None:
        super().__init__(lr)
        self.decay_rate = _within("decay_rate", decay_rate, 1)

    def _remember(self, name: Any, gradient: Array) -> Array:
        assert self.h is not None
        kept = self.decay_rate
        self.h[name] = kept * self.h[name] + (1 - kept) * gradient * gradient
        return self.h[name]


class Adam(Optimizer):
    """Adam (Kingma and Ba, 2015), the corrections in the learning rate as in the book.

    `m` and `v`: the means of the gradient and of its square, by name; `iter`: the updates so far.
    """

    def __init__(self, lr: float = 0.001, beta1: float = 0.9, beta2: float = 0.999) -> None:
        super().__init__(lr)
        self.beta1 = _within("beta1", beta1, 1, False)
        self.beta2 = _within("beta2", beta2, 1, False)
        self.iter = 0
        self.m: dict[Any, Array] | None = None
        self.v: dict[Any, Array] | None = None

    def _begin(self, moves: Mapping[Any, Any]) -> None:
        if self.m is None:
            self.m, self.v = self._zeros(moves), self._zeros(moves)
        self.iter += 1

    def _step(self, name: Any, gradient: Array) -> Array:
        assert self.m is not None
        assert self.v is not None
        m, v = self.m[name], self.v[name]
        m = self.m[name] = m + (1 - self.beta1) * (gradient - m)
        v = self.v[name] = v + (1 - self.beta2) * (gradient**2 - v)
        rate = self.lr * np.sqrt(1.0 - self.beta2**self.iter) / (1.0 - self.beta1**self.iter)
        return np.asarray(-rate * m / (np.sqrt(v) + TINY))


def _within(name: str, value: Any, most: float = np.inf, itself: bool = True) -> float:
    """A setting as it came; ValueRangeError where it is no number from 0 to `most`."""
    number = isinstance(value, (int, float, np.number)) and not isinstance(value, bool)
    if not (number and 0 <= value <= most and np.isfinite(value) and (itself or value != most)):
        raise ValueRangeError(
            tr("{name} is no number that an optimizer can use", name=name),
            asked=f"0 ≤ {name}" + (f" {'≤' if itself else '<'} {most:g}" if most < np.inf else ""),
            came=f"{name}={value!r}",
        )
    return value  # type: ignore[no-any-return]


def _names(params: Any, grads: Any) -> Sequence[Any]:
    """The names, or places, by which parameters and gradients go together."""
    if isinstance(params, Mapping) and isinstance(grads, Mapping):
        lacking = [name for name in params if name not in grads]
        unknown = [name for name in grads if name not in params]
        if lacking or unknown:
            raise ValueRangeError(
                tr("{name} has no gradient", name=lacking[0]) if lacking
                else tr("there is a gradient for {name}, which is no parameter", name=unknown[0]),
                asked=tr("a gradient for each parameter, by the same name"),
                came=f"params {', '.join(map(str, params))} · grads {', '.join(map(str, grads))}",
                hint=tr("to move some of them, hand over those alone, with their gradients"),
            )  # fmt: skip
        return list(params)
    if isinstance(params, list) and isinstance(grads, (list, tuple)) and len(params) == len(grads):
        return range(len(params))
    raise DTypeError(
        tr("parameters and gradients go together by name or by place"),
        asked=tr("two dicts with the same names, or two lists of the same length"),
        came=f"params {type(params).__name__} · grads {type(grads).__name__}"
        + (f" · {len(params)}, {len(grads)}" if isinstance(params, list) == isinstance(grads, list)
           and hasattr(params, "__len__") and hasattr(grads, "__len__") else ""),
    )  # fmt: skip


def _pair(name: Any, value: Any, gradient: Any) -> tuple[Any, Array]:
    """A parameter and its gradient, as arrays that fit; numbers become arrays without axes."""
    if isinstance(value, Tensor):
        raise DTypeError(
            tr("the book's optimizers move arrays; {name} is a tensor", name=name),
            asked=tr("an array"), came="Tensor", hint=tr("for tensors: sg.optim"),
        )  # fmt: skip
    array = value if isinstance(value, np.ndarray) else as_array(value, str(name))
    if array is value and array.dtype.kind != "f":
        raise DTypeError(
            tr("{name} holds whole numbers and cannot move by a fraction", name=name),
            asked=tr("an array of floating-point numbers"),
            came=f"dtype {array.dtype}",
            hint=tr("make it one: {name}.astype(float)", name=name),
        )
    found = as_array(gradient, str(name))
    found = np.asarray(found.value if isinstance(found, Tensor) else found)
    if found.shape != array.shape:
        raise ShapeError(
            tr("the gradient of {name} does not have its shape", name=name),
            asked=f"{array.shape}",
            came=f"{found.shape}",
        )
    return (value if array is value else np.float64(value)), found
