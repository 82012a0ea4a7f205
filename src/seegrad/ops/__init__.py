"""Every operation, defined once. `TABLE` lists them all.

`families` says what the operations of a family share. Then come those on single elements
(compare, arithmetic, transcendental), on shapes and places (shape, indexing, scan_sort,
index_update), sums (reduce), and the packages `linear`, `nn` and `special`. A definition here is
all that there is of an op: what it computes, its rules, its form, its texts.
"""

from seegrad.ops import (
    arithmetic,
    bits,
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
from seegrad.ops.linear import (
    einsum,
    factorisations,
    fourier,
    linalg,
    norms,
    solve_systems,
    triangular,
)
from seegrad.ops.nn import activation, convolution, loss, pooling, window
from seegrad.ops.special import floating_point, functions

__all__ = [
    "TABLE",
    "activation",
    "arithmetic",
    "bits",
    "closeness",
    "compare",
    "convolution",
    "einsum",
    "factorisations",
    "floating_point",
    "fourier",
    "functions",
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
