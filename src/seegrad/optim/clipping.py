"""Gradients held within bounds: all of them by their length together, or each number by itself.

As functions of gradients for the optimizers, and of parameters for loops of one's own.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np

from seegrad.errors import GradientError
from seegrad.graph.mode import in_mode
from seegrad.i18n import tr
from seegrad.ops.arithmetic import clip, minimum, sqrt
from seegrad.ops.compare import astype
from seegrad.ops.reduce import sum
from seegrad.optim.checks import positive
from seegrad.tensor.tensor import Tensor

_SMALL = 1e-12


def scaled(gradients: Sequence[Any], most: float) -> tuple[list[Any], Any]:
    """The gradients, scaled to be at most `most` long together; and how long they were."""
    total: Any = 0.0
    for g in gradients:
        total = total + astype(sum(g * g), dtype=np.float64)
    norm = sqrt(total)
    scale = minimum(most / (norm + _SMALL), 1.0)
    return [g * astype(scale, dtype=g.dtype) for g in gradients], norm


def bounded(gradients: Sequence[Any], most: float) -> list[Any]:
    """The gradients with every number between −most and most."""
    return [clip(g, low=-most, high=most) for g in gradients]


def clip_norm(parameters: Tensor | Iterable[Tensor], most: float) -> Any:
    """Make the gradients of all parameters together at most `most` long; returns their length.

    Between `loss.backward()` and the optimizer's step, in compiled steps too. The length is what
    it was before, a number (of a compiled step, traced). Raises GradientError where no parameter
    has a gradient, ValueRangeError for a bound that is not above 0.

    >>> w = sg.tensor(np.array([3.0, 4.0]))
    >>> (w * w).sum().backward()
    >>> float(clip_norm([w], 1.0)), w.grad.round(6)
    (10.0, array([0.6, 0.8]))
    """
    positive(most=most)
    having = _having(parameters)
    with in_mode(recording=False):
        gradients, norm = scaled([p.grad for p in having], most)
        for p, g in zip(having, gradients):
            p.grad = g
    return norm


def clip_value(parameters: Tensor | Iterable[Tensor], most: float) -> None:
    """Hold every number of the parameters' gradients between −most and most.

    >>> import seegrad as sg
    >>> w = sg.tensor([1.0, 2.0])
    >>> w.grad = np.array([3.0, -9.0])
    >>> clip_value([w], 5.0)
    >>> w.grad
    array([ 3., -5.])
    """
    positive(most=most)
    having = _having(parameters)
    with in_mode(recording=False):
        for p, g in zip(having, bounded([p.grad for p in having], most)):
            p.grad = g


def _having(parameters: Tensor | Iterable[Tensor]) -> list[Tensor]:
    given = [parameters] if isinstance(parameters, Tensor) else list(parameters)
    having = [p for p in given if p.grad is not None]
    if not having:
        raise GradientError(
            tr("no parameter has a gradient"), asked="loss.backward()",
            came=tr("a step without it"),
            hint="loss.backward(); optim.clip_norm(net.parameters(), 1.0); opt.step()",
        )  # fmt: skip
    return having
