"""Every operation, defined once. `TABLE` lists them all.

`families` says what the operations of a family share. Then come those on single elements
(compare, arithmetic, transcendental), on shapes and places (shape, indexing, scan_sort,
index_update), sums (reduce), and the packages `linear`, `nn` and `special`. A definition here is
all that there is of an op: what it computes, its rules, its form, its texts.
"""

from seegrad.ops import (  # noqa: F401
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
from seegrad.ops.families import TABLE as TABLE
from seegrad.ops.linear import (  # noqa: F401
    einsum,
    factorisations,
    fourier,
    linalg,
    norms,
    solve_systems,
    triangular,
)
from seegrad.ops.nn import (  # noqa: F401
    activation,
    convolution,
    loss,
    pooling,
    resize,
    sampling,
    standardising,
    window,
)
from seegrad.ops.special import floating_point, functions  # noqa: F401
