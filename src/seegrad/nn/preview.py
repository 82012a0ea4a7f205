"""A module's graph before it has met any data: traced on a symbol whose shape the parameters name.

What is drawn of it is the picture's affair. No numbers are computed, and nothing is changed.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy as np

from seegrad.graph.graph import Graph
from seegrad.graph.spec import Spec
from seegrad.tensor.tensor import Tensor
from seegrad.transforms.tracing import symbol, trace

SIDES = (28, 32, 8, 16, 64, 224)
"""Sides of an image that are tried for a network that begins with a convolution."""

STEPS = 4
"""The length of a sequence that is tried."""


def input_specs(parameters: Sequence[Tensor]) -> Iterator[Spec]:
    """What such a network may take, the likeliest first, by its first array of weights."""
    weights = next((p for p in parameters if p.ndim >= 2), None)
    if weights is None:
        return
    shape, real = weights.shape, weights.dtype
    if weights.ndim == 2:
        yield Spec((1, shape[0]), real)
        yield Spec((1, STEPS), np.dtype(np.int64))
        yield Spec((1, STEPS, shape[0]), real)
        return
    for side in SIDES:
        yield Spec((1, shape[1], *[side] * (weights.ndim - 2)), real)


def preview(module: Callable[[Any], Any], parameters: Sequence[Tensor]) -> Graph | None:
    """The module's graph on a symbol x, or None where no guess at the input's shape fits.

    Leaves' gradients and kept state stay as they are: a trace assigns nothing outside.
    """
    for spec in input_specs(parameters):
        x = symbol(spec, "x")
        try:
            found = trace(module, [x], lambda call, x=x: call(x))
        except Exception:
            continue
        if found.outputs:
            return Graph(list(dict.fromkeys(found.outputs)))
    return None
