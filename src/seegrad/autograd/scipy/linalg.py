"""`scipy.linalg`: operations of the table, and SciPy's own functions with their derivatives."""

from __future__ import annotations

from typing import Any

from seegrad.autograd.extend import defvjp
from seegrad.autograd.scipy.library import borrowed
from seegrad.ops import shape
from seegrad.ops.linear import triangular
from seegrad.ops.linear.factorisations import svdvals as svdvals
from seegrad.ops.linear.linalg import matmul, place_diagonal
from seegrad.ops.linear.norms import norm as norm
from seegrad.ops.linear.solve_systems import det as det
from seegrad.ops.linear.solve_systems import inv as inv
from seegrad.ops.linear.solve_systems import solve as solve

T = shape.matrix_transpose


def solve_triangular(
    a: Any, b: Any, trans: Any = 0, lower: bool = False, unit_diagonal: bool = False,
    **how: Any,
) -> Any:  # fmt: skip
    """The x with a·x = b, a triangular; `seegrad.linalg.solve_triangular`."""
    return triangular.solve_triangular(
        a, b, trans=trans, lower=lower, unit_diagonal=unit_diagonal
    )


def cholesky(a: Any, lower: bool = False, **how: Any) -> Any:
    """The triangle whose product with itself is a; SciPy's gives the upper one."""
    return triangular.cholesky(a, upper=not lower)


def solve_banded(l_and_u: tuple[int, int], ab: Any, b: Any, **how: Any) -> Any:
    """The x with a·x = b, of a matrix given by its diagonals: ab[u + i - j, j] is a[i, j].

    Here the whole matrix is made and solved.
    """
    low, up = l_and_u
    ab = shape.array_like(ab)
    n = ab.shape[1]
    a: Any = 0.0
    for k in range(-low, up + 1):
        band = ab[up - k, max(k, 0) : n + min(k, 0)]
        a = a + place_diagonal(band, offset=k, axis1=0, axis2=1, shape=(n, n))
    return solve(a, b)


sqrtm = borrowed("linalg.sqrtm")
solve_sylvester = borrowed("linalg.solve_sylvester")

# with s = √a, da = s·ds + ds·s: what is sent back solves the same equation, transposed
defvjp(sqrtm, lambda ans, a, **how: lambda g: solve_sylvester(T(ans), T(ans), g))


def _sylvester(ans: Any, a: Any, b: Any, g: Any) -> Any:
    """The derivative by q of the x with a·x + x·b = q."""
    return solve_sylvester(T(a), T(b), g)


defvjp(
    solve_sylvester,
    lambda ans, a, b, q: lambda g: -matmul(_sylvester(ans, a, b, g), T(ans)),
    lambda ans, a, b, q: lambda g: -matmul(T(ans), _sylvester(ans, a, b, g)),
    lambda ans, a, b, q: lambda g: _sylvester(ans, a, b, g),
)
