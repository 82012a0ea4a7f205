"""LBFGS: steps along −H·g, H an approximation of the inverse Hessian from the steps before.

The loss is asked for again within a step, so that the step takes a closure; what it looks at is
one long vector. It is no part of a compiled step; the closure may be one.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from seegrad.errors import CallError, TraceError, ValueRangeError
from seegrad.graph.mode import current_mode
from seegrad.i18n import tr
from seegrad.optim.checks import not_negative
from seegrad.optim.optimizer import Optimizer
from seegrad.tensor.tensor import Tensor, tensor

Array = NDArray[Any]
Closure = Callable[[], Any]
Found = tuple[float, float, Array, float]
"""A place on the line: how far, the loss, the gradient there, its slope along the line."""
CURVED = 1e-10
"""A step along which the gradient has grown by less says nothing of the curvature."""


def _counted(**numbers: Any) -> None:
    for name, value in numbers.items():
        if not isinstance(value, (int, np.integer)) or value < 1:
            raise ValueRangeError(
                tr("{name} counts something, so it starts at {least}", name=name, least=1),
                asked=tr("a whole number from {least}", least=1), came=f"{name}={value!r}",
            )  # fmt: skip


def _search(line_search: Any) -> None:
    if line_search not in (None, "strong_wolfe"):
        raise ValueRangeError(
            tr("there is no such line search"), asked="None, 'strong_wolfe'",
            came=f"line_search={line_search!r}",
        )  # fmt: skip


class LBFGS(Optimizer):
    """W ← W − η·H·g, H from the last `history` steps (Nocedal, 1980; Liu and Nocedal, 1989).

    For problems whose whole data fit in one loss: `step(closure)`, where `closure` forgets the
    gradients, makes the loss, calls `backward` and returns it.

    Args:
        iterations: so many in one step at most (PyTorch: max_iter); evaluations: so many calls
            of the closure (None: 1.25 times as many).
        grad_tolerance, change_tolerance: where the largest number of the gradient, or of the
            step, is below, it is at its end.
        history: so many steps are remembered.
        line_search: None for steps of η, or "strong_wolfe": each as long as the loss along the
            line asks for (Nocedal and Wright, 2006, algorithms 3.5 and 3.6).

    Raises:
        ValueRangeError: for groups with settings of their own.

    >>> w = sg.tensor(np.array([-1.2, 1.0]))
    >>> opt = LBFGS([w], lr=1.0, iterations=60, line_search="strong_wolfe")
    >>> def closure():
    ...     opt.zero_grad()
    ...     loss = (1 - w[0]) ** 2 + 100 * (w[1] - w[0] ** 2) ** 2
    ...     loss.backward()
    ...     return loss
    >>> _ = opt.step(closure)
    >>> w.value.round(4)
    array([1., 1.])
    """

    checks: ClassVar = {
        "iterations": _counted, "evaluations": _counted, "history": _counted,
        "grad_tolerance": not_negative, "change_tolerance": not_negative, "line_search": _search,
    }  # fmt: skip
    iterations: int
    evaluations: int
    history: int
    grad_tolerance: float
    change_tolerance: float
    line_search: str | None

    def __init__(
        self,
        parameters: Iterable[Tensor],
        lr: float = 1.0,
        iterations: int = 20,
        evaluations: int | None = None,
        grad_tolerance: float = 1e-7,
        change_tolerance: float = 1e-9,
        history: int = 100,
        line_search: str | None = None,
    ) -> None:
        super().__init__(
            parameters, lr, iterations=iterations,
            evaluations=evaluations or max(1, iterations * 5 // 4),
            grad_tolerance=grad_tolerance, change_tolerance=change_tolerance, history=history,
            line_search=line_search,
        )  # fmt: skip
        if len(self.groups) > 1:
            raise ValueRangeError(
                tr("the parameters of LBFGS are one vector"), asked=tr("one group"),
                came=tr("{count} groups", count=len(self.groups)),
            )  # fmt: skip
        size = sum(p.size for p in self.parameters)
        for name, shape in (("steps", (history, size)), ("changes", (history, size)),
                            ("direction", (size,)), ("gradient", (size,)),
                            ("numbers", (4,))):  # fmt: skip
            kept = tensor(np.zeros(shape), name=name, requires_grad=False)
            self.slots[name] = [kept]

    def updated(self, i: int, p: Tensor, g: Any, lr: Tensor) -> Any:
        """No parameter has a next value of its own here."""
        raise NotImplementedError

    # ------------------------------------------------------------- a step

    def step(self, closure: Closure | None = None) -> Any:
        """Up to `iterations` steps; returns the loss before the first.

        Raises CallError without a closure, TraceError while a function is traced, and GradientError
        where the closure leaves no gradient.
        """
        if closure is None or not callable(closure):
            raise CallError(
                tr("LBFGS asks for the loss again and again"), asked="opt.step(closure)",
                came="opt.step()",
                hint=tr("closure: opt.zero_grad(); loss = …; loss.backward(); return loss"),
            )  # fmt: skip
        if current_mode().tracer is not None:
            raise TraceError(
                tr("how often LBFGS asks for the loss depends on its numbers"),
                asked=tr("a step that is not compiled; the closure may be"), came="opt.step",
            )  # fmt: skip
        first = closure()
        loss, g = float(first.item()), self._gradient()
        calls, start = 1, self._values()
        kept = {name: np.array(values[0].value) for name, values in self.slots.items()}
        steps, changes = kept["steps"], kept["changes"]
        made, stored, scale, length = kept["numbers"]
        stored = int(stored)
        direction, before = kept["direction"], kept["gradient"]
        for _ in range(self.iterations):
            if np.abs(g).max(initial=0) <= self.grad_tolerance:
                break
            made += 1
            if made == 1:
                direction, stored, scale = -g, 0, 1.0
            else:
                stored, scale = self._remember(
                    steps, changes, direction * length, g - before, stored, scale
                )
                direction = -_twice(g, steps[:stored], changes[:stored], scale)
            before, slope = g, float(g @ direction)
            lr = float(self.lr.item())
            length = min(1.0, 1.0 / np.abs(g).sum()) * lr if made == 1 else lr
            if slope > -self.change_tolerance:
                break
            old = loss
            if self.line_search:
                loss, g, length, more = self._searched(
                    closure, start, direction, length, (0.0, loss, g, slope)
                )
                self._set(start + length * direction)
            else:
                self._set(start + length * direction)
                loss, g, more = self._evaluated(closure)
            calls, start = calls + more, self._values()
            moved = np.abs(direction * length).max(initial=0)
            if calls >= self.evaluations or moved <= self.change_tolerance:
                break
            if abs(loss - old) < self.change_tolerance:
                break
        self._keep(steps, changes, direction, before, np.array([made, stored, scale, length]))
        return first

    def _remember(
        self, steps: Array, changes: Array, step: Array, change: Array, stored: int, scale: float
    ) -> tuple[int, float]:
        """Put a step and how the gradient changed along it behind the others."""
        curved = float(change @ step)
        if curved <= CURVED:
            return stored, scale
        if stored == len(steps):
            steps[:-1], changes[:-1] = steps[1:].copy(), changes[1:].copy()
            stored -= 1
        steps[stored], changes[stored] = step, change
        return stored + 1, curved / float(change @ change)

    def _evaluated(self, closure: Closure) -> tuple[float, Array, int]:
        loss = float(closure().item())
        return loss, self._gradient(), 1

    def _gradient(self) -> Array:
        if all(p.grad is None for p in self.parameters):
            super().step()                               # says that no parameter has a gradient
        found = [np.zeros(p.size) if p.grad is None else np.ravel(p.grad) for p in self.parameters]
        flat = np.concatenate(found).astype(np.float64)
        return flat + self.weight_decay * self._values() if self.weight_decay else flat

    def _values(self) -> Array:
        return np.concatenate([np.ravel(p.value) for p in self.parameters]).astype(np.float64)

    def _set(self, flat: Array) -> None:
        at = 0
        for p in self.parameters:
            p.assign(flat[at : at + p.size].reshape(p.shape).astype(p.dtype))
            at += p.size

    def _keep(self, *values: Array) -> None:
        for (kept,), value in zip(self.slots.values(), values):
            kept.assign(value)

    # ------------------------------------------------------------- along the line

    def _searched(
        self, closure: Closure, start: Array, direction: Array, length: float, first: Found
    ) -> tuple[float, Array, float, int]:
        """A length whose loss is low enough and whose slope is flat enough, and what is there."""
        calls = 0

        def at(far: float) -> Found:
            nonlocal calls
            self._set(start + far * direction)
            loss, g, more = self._evaluated(closure)
            calls += more
            return far, loss, g, float(g @ direction)

        _, loss, g, far = _wolfe(at, first, length)
        return loss, g, far, calls


def _twice(g: Array, steps: Array, changes: Array, scale: float) -> Array:
    """H·g by the two loops over the steps that are remembered."""
    q, shares = g.copy(), []
    for s, y in zip(steps[::-1], changes[::-1]):
        share = float(s @ q) / float(y @ s)
        q -= share * y
        shares.append(share)
    q *= scale
    for s, y, share in zip(steps, changes, reversed(shares)):
        q += s * (share - float(y @ q) / float(y @ s))
    return q


LOW, FLAT, MOST = 1e-4, 0.9, 25
"""Of the strong Wolfe conditions: how low, how flat; and so many places are looked at."""


def _wolfe(at: Callable[[float], Found], first: Found, length: float) -> tuple[Any, ...]:
    """(found, loss, gradient, length) of a place that is low and flat enough."""
    _, loss0, _, slope0 = first
    before, here = first, at(length)
    low = high = None
    for turn in range(MOST):
        far, loss, _, slope = here
        if not loss <= loss0 + LOW * far * slope0 or (turn and loss >= before[1]):
            low, high = before, here
            break
        if abs(slope) <= -FLAT * slope0:
            return here, loss, here[2], far
        if slope >= 0:
            low, high = here, before
            break
        before, here = here, at(2 * far)
    if low is None or high is None:
        return here, here[1], here[2], here[0]
    for _ in range(MOST):
        middle = at(_between(low, high))
        far, loss, _, slope = middle
        if not loss <= loss0 + LOW * far * slope0 or loss >= low[1]:
            high = middle
        else:
            if abs(slope) <= -FLAT * slope0:
                low = middle
                break
            if slope * (high[0] - low[0]) >= 0:
                high = low
            low = middle
        if abs(high[0] - low[0]) * abs(slope0) < 1e-12:
            break
    return low, low[1], low[2], low[0]


def _between(low: Found, high: Found) -> float:
    """The lowest place of the cubic through both ends, held away from them; or their middle."""
    (a, fa, _, sa), (b, fb, _, sb) = low, high
    middle, wide = (a + b) / 2, abs(b - a)
    if not np.isfinite([fa, fb, sa, sb]).all():
        return middle
    lean = sa + sb - 3 * (fa - fb) / (a - b)
    root = lean * lean - sa * sb
    if root < 0:
        return middle
    root = float(np.sqrt(root)) * (1 if b > a else -1)
    found = b - (b - a) * (sb + root - lean) / (sb - sa + 2 * root or 1.0)
    inside = min(a, b) + 0.1 * wide <= found <= max(a, b) - 0.1 * wide
    return float(found) if inside else middle
