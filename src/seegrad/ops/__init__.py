"""Every operation, defined once. `TABLE` lists them all.

`families` says what the operations of a family share. Then come those on single elements
(compare, arithmetic, transcendental), on shapes and places (shape, indexing, scan_sort,
index_update), sums (reduce), and the packages `linear` and `nn`. A definition here is all that
there is of an op: what it computes, its rules, its form, its texts.
"""

from seegrad.ops import (
    arithmetic,
    closeness,
    compare,
    indexing,
    random,
    reduce,
    scan_sort,
    shape,
    transcendental,
)
from seegrad.ops.families import TABLE
from seegrad.ops.linear import einsum, factorisations, linalg, norms, solve_systems, triangular
from seegrad.ops.nn import activation, convolution, loss, pooling, window

__all__ = [
    "TABLE",
    "activation",
    "arithmetic",
    "closeness",
    "compare",
    "convolution",
    "einsum",
    "factorisations",
    "indexing",
    "linalg",
    "loss",
    "norms",
    "pooling",
    "random",
    "reduce",
    "scan_sort",
    "shape",
    "solve_systems",
    "transcendental",
    "triangular",
    "window",
]
