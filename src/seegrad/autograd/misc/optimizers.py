"""Descents by a slope function, over nested arrays: `sgd`, `rmsprop`, `adam`.

`grad(x, i)` gives the slope at step i, `callback(x, i, g)` sees each step. They are ordinary
computation, so that derivatives can be taken through a whole descent. For networks there is
`seegrad.optim`.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from seegrad.autograd.misc.flatten import flatten
from seegrad.ops.arithmetic import sqrt

Slope = Callable[[Any, int], Any]
Callback = Callable[[Any, int, Any], Any] | None


def _descend(
    grad: Slope, x0: Any, callback: Callback, steps: int, rule: Callable[[Any, Any, int], Any],
) -> Any:  # fmt: skip
    """x0 after `steps` times x + rule(state, slope, i); the rule's state is its own."""
    x, unflatten = flatten(x0)
    state: dict[str, Any] = {}
    for i in range(steps):
        g = flatten(grad(unflatten(x), i))[0]
        if callback:
            callback(unflatten(x), i, unflatten(g))
        x = x + rule(state, g, i)
    return unflatten(x)


def sgd(
    grad: Slope, x: Any, callback: Callback = None, num_iters: int = 200,
    step_size: float = 0.1, mass: float = 0.9,
) -> Any:  # fmt: skip
    """Descent with momentum: the velocity is the mean of slopes that fades by `mass`."""

    def rule(state: dict[str, Any], g: Any, i: int) -> Any:
        state["v"] = mass * state.get("v", np.zeros(g.shape)) - (1 - mass) * g
        return step_size * state["v"]

    return _descend(grad, x, callback, num_iters, rule)


def rmsprop(
    grad: Slope, x: Any, callback: Callback = None, num_iters: int = 100,
    step_size: float = 0.1, gamma: float = 0.9, eps: float = 1e-8,
) -> Any:  # fmt: skip
    """Steps divided by the root of the fading mean of squared slopes (Hinton's lectures, 6e)."""

    def rule(state: dict[str, Any], g: Any, i: int) -> Any:
        state["square"] = gamma * state.get("square", np.ones(g.shape)) + (1 - gamma) * g * g
        return -step_size * g / (sqrt(state["square"]) + eps)

    return _descend(grad, x, callback, num_iters, rule)


def adam(
    grad: Slope, x: Any, callback: Callback = None, num_iters: int = 100,
    step_size: float = 0.001, b1: float = 0.9, b2: float = 0.999, eps: float = 1e-8,
) -> Any:  # fmt: skip
    """Adam (Kingma and Ba, 2015).

    >>> x = adam(lambda x, i: 2 * x, np.array([1.0, -1.0]), num_iters=200, step_size=0.1)
    >>> bool(abs(x).max() < 0.01)
    True
    """

    def rule(state: dict[str, Any], g: Any, i: int) -> Any:
        zero = np.zeros(g.shape)
        state["m"] = b1 * state.get("m", zero) + (1 - b1) * g
        state["v"] = b2 * state.get("v", zero) + (1 - b2) * g * g
        mean, square = state["m"] / (1 - b1 ** (i + 1)), state["v"] / (1 - b2 ** (i + 1))
        return -step_size * mean / (sqrt(square) + eps)

    return _descend(grad, x, callback, num_iters, rule)
