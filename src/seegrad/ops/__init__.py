"""Floor 2: every operation, defined once. `TABLE` lists them all."""

from seegrad.ops import (
    activation,
    arithmetic,
    compare,
    linalg,
    loss,
    random,
    reduce,
    select,
    shape,
    transcendental,
)
from seegrad.ops.families import TABLE

__all__ = [
    "TABLE",
    "activation",
    "arithmetic",
    "compare",
    "linalg",
    "loss",
    "random",
    "reduce",
    "select",
    "shape",
    "transcendental",
]
