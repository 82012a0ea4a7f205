"""What a network does on given examples, at the weights it has. Nothing is learnt here."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
from numpy.typing import NDArray

from seegrad.compiler.compile import Compiled
from seegrad.data.rows import by_rows
from seegrad.errors import NonFiniteError, TraceError
from seegrad.graph.mode import in_mode
from seegrad.i18n import tr, translate
from seegrad.nn.initialisers import random_state, restore_random
from seegrad.nn.losses import SoftmaxWithLoss
from seegrad.nn.module import Module
from seegrad.optim.optimizer import Optimizer
from seegrad.transforms.debugging import debug

Array = NDArray[Any]
EVALUATED_AT_ONCE = 1000
COMPILED_FROM = 2**26
"""Rows times parameters from which on an evaluation is compiled."""


class Predictor:
    """The outputs of a network, in evaluation mode, a thousand rows at a time.

    In native code where there is enough to do that compiling pays, which only the numbers of rows
    and parameters decide, so that every run with these decides alike. What cannot be traced, and
    every network if `eager`, runs through NumPy.
    """

    def __init__(self, eager: bool = False) -> None:
        self.eager = eager
        self._kept: tuple[Module, Compiled[..., Any]] | None = None

    def __call__(self, network: Module, x: Any) -> Array:
        x = by_rows(x)
        mode = network.training
        network.eval()
        try:
            with in_mode(recording=False):
                run = self._runs(network, len(x))
                parts = [
                    np.asarray(run(x[start : start + EVALUATED_AT_ONCE]))
                    for start in range(0, max(len(x), 1), EVALUATED_AT_ONCE)
                ]
        finally:
            network.train(mode)
        return np.concatenate(parts)

    def _runs(self, network: Module, rows: int) -> Callable[[Any], Any]:
        weights = sum(p.size for p in network.parameters())
        if self.eager or rows * weights < COMPILED_FROM:
            return network
        if self._kept is None or self._kept[0] is not network:
            self._kept = network, Compiled(lambda x: network(x), None)
        native = self._kept[1]

        def run(x: Any) -> Any:
            if self.eager:
                return network(x)
            try:
                return native(x)
            except TraceError:                           # it asks for numbers on its way
                self.eager = True
                return network(x)

        return run


def reported(loss: Any, value: float) -> float:
    """A step's loss as it is told: in the units that the loss says, where it has other ones."""
    return float(loss.reported(value)) if hasattr(loss, "reported") else value


def in_units(loss: Any, values: Array) -> Array:
    """Outputs or targets in the units that the loss tells them in."""
    return np.asarray(loss.unscaled(values)) if hasattr(loss, "unscaled") else values


def scores(loss: Any, outputs: Array, t: Any) -> dict[str, float]:
    """The loss of outputs, and their accuracy where the targets are classes.

    A loss that has `figures` of its own, in other units, says them.
    """
    t = np.asarray(t)
    if hasattr(loss, "figures"):
        own: dict[str, float] = loss.figures(outputs, t)
        return own
    with in_mode(recording=False):
        found = {"loss": float(np.asarray(loss(outputs, t)))}
    classes = t.argmax(axis=-1) if t.ndim == outputs.ndim and t.ndim > 1 else t
    if outputs.ndim == 2 and outputs.shape[1] > 1 and isinstance(loss, SoftmaxWithLoss):
        found["accuracy"] = float((outputs.argmax(axis=1) == classes).mean())
    return found


@contextmanager
def differentiated(
    network: Module, optimizer: Optimizer, loss: Any, x: Any, t: Any
) -> Iterator[Any]:
    """The loss, differentiated in evaluation mode; the gradients there were are put back."""
    named = network.named_parameters()
    before, mode = [p.grad for _, p in named], network.training
    network.eval()
    try:
        optimizer.zero_grad()
        value = loss(network(x), t)
        value.backward()
        yield value
    finally:
        network.train(mode)
        for (_, p), gradient in zip(named, before):
            p.grad = gradient


def locate_non_finite(network: Module, loss: Any, x: Any, t: Any) -> NonFiniteError | None:
    """Where a mini-batch first meets a NaN or infinity, computed once more; state is put back."""
    state, chance = network.state_dict(), random_state()
    try:
        with debug():
            loss(network(x), t)
    except NonFiniteError as error:
        return error
    finally:
        network.load_state_dict(state)
        restore_random(chance)
    return None


def non_finite_loss(
    value: float, step: int, lr: float, cause: NonFiniteError | None
) -> NonFiniteError:
    """What ends a run, with the operation in which it came up, for the picture."""
    found = "" if cause is None else translate(cause.problem)
    fault = NonFiniteError(
        tr("the loss is {value} at step {step}", value=value, step=step),
        asked=tr("a finite loss"),
        came="; ".join(filter(None, (found, f"lr={lr:g}"))),
        hint=tr("take a smaller learning rate; sg.debug() finds where it was born"),
    )
    return fault if cause is None else fault.of(cause.operation, cause.inputs)
