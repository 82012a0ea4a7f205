"""Floor 2: every operation, defined once. `TABLE` lists them all."""

from seegrad.ops import (
    activation,
    arithmetic,
    compare,
    convolution,
    linalg,
    loss,
    pooling,
    random,
    reduce,
    select,
    shape,
    transcendental,
    window,
)
from seegrad.ops.families import TABLE

__all__ = [
    "TABLE",
    "activation",
    "arithmetic",
    "compare",
    "convolution",
    "linalg",
    "loss",
    "pooling",
    "random",
    "reduce",
    "select",
    "shape",
    "transcendental",
    "window",
]
