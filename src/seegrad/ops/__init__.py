"""Floor 2: every operation, defined once. `TABLE` lists them all."""

from seegrad.ops import (
    activation,
    along,
    arithmetic,
    closeness,
    compare,
    convolution,
    einsum,
    inverse,
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
    "along",
    "arithmetic",
    "closeness",
    "compare",
    "convolution",
    "einsum",
    "inverse",
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
