"""ATen's linear algebra and contractions that say more than one op of ours."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from seegrad.interop.pytorch.operators.reader import reads
from seegrad.ops import (
    einsum,
    factorisations,
    linalg,
    norms,
    reduce,
    shape,
    solve_systems,
    transcendental,
)
from seegrad.ops import triangular as triangles
from seegrad.tensor import numpy_functions


@reads("einsum")
def einsum_(equation: str, tensors: Sequence[Any]) -> Any:
    return einsum.einsum(equation, *tensors)


@reads("tensordot")
def tensordot(self: Any, other: Any, dims_self: Any, dims_other: Any) -> Any:
    return linalg.tensordot(self, other, axes=(tuple(dims_self), tuple(dims_other)))


@reads("linalg_vecdot")
def vecdot(x: Any, y: Any, dim: int = -1) -> Any:
    return reduce.sum(x * y, axis=dim)


@reads("linalg_cross", "cross")
def cross(self: Any, other: Any, dim: int | None = -1) -> Any:
    if dim is None:
        dim = next(i for i, n in enumerate(self.shape) if n == 3)
    return numpy_functions.cross(self, other, dim)


@reads("linalg_multi_dot", "chain_matmul")
def multi_dot(tensors: Sequence[Any]) -> Any:
    return norms.multi_dot(list(tensors))


@reads("linalg_matrix_power", "matrix_power")
def matrix_power(self: Any, n: int) -> Any:
    return norms.matrix_power(self, n)


@reads("linalg_inv_ex")
def inv_ex(A: Any) -> Any:
    return solve_systems.inv(A), np.zeros(tuple(A.shape[:-2]), np.int32)


SIGNS_FREE = frozenset({"linalg_eigh", "linalg_svd", "_linalg_svd", "svd"})
"""What gives vectors that are as right with the other sign: which one, no definition says."""


@reads("linalg_cholesky", "cholesky")
def cholesky(self: Any, upper: bool = False) -> Any:
    lower = triangles.cholesky_lower(self)
    return shape.matrix_transpose(lower) if upper else lower


@reads("linalg_cholesky_ex")
def cholesky_ex(self: Any, upper: bool = False) -> Any:
    return cholesky(self, upper), np.zeros(tuple(self.shape[:-2]), np.int32)


@reads("linalg_solve_triangular")
def solve_triangular(
    self: Any, B: Any, upper: bool, left: bool = True, unitriangular: bool = False
) -> Any:
    if left:
        return triangles.solve_triangular(self, B, lower=not upper, unit_diagonal=unitriangular)
    turned = triangles.solve_triangular(
        shape.matrix_transpose(self), shape.matrix_transpose(B), lower=upper,
        unit_diagonal=unitriangular,
    )  # fmt: skip
    return shape.matrix_transpose(turned)


@reads("triangular_solve")
def triangular_solve(
    self: Any, A: Any, upper: bool = True, transpose: bool = False, unitriangular: bool = False
) -> Any:
    found = triangles.solve_triangular(
        A, self, lower=not upper, trans=int(transpose), unit_diagonal=unitriangular
    )
    return found, A


@reads("linalg_eigh")
def eigh(A: Any, UPLO: str = "L") -> Any:
    return tuple(factorisations.eigh(A, UPLO))


@reads("linalg_eigvalsh")
def eigvalsh(A: Any, UPLO: str = "L") -> Any:
    return factorisations.eigvalsh(A, UPLO)


@reads("_linalg_svd", "linalg_svd")
def svd(A: Any, full_matrices: bool = False, compute_uv: bool = True) -> Any:
    return tuple(factorisations.svd(A, full_matrices))


@reads("svd")
def svd_tall(self: Any, some: bool = True, compute_uv: bool = True) -> Any:
    u, s, vt = factorisations.svd(self, not some)
    return u, s, shape.matrix_transpose(vt)


@reads("linalg_qr")
def qr(A: Any, mode: str = "reduced") -> Any:
    return tuple(factorisations.qr(A, mode))


@reads("linalg_slogdet", "slogdet")
def slogdet(self: Any = None, A: Any = None) -> Any:
    return tuple(factorisations.slogdet(A if self is None else self))


@reads("logdet")
def logdet(self: Any) -> Any:
    sign, size = factorisations.slogdet(self)
    return size + transcendental.log(sign)


@reads("linalg_pinv")
def pinv(self: Any, rcond: float = 1e-15) -> Any:
    return factorisations.pinv(self, rcond=rcond if rcond > 1e-15 else None)


@reads("trace")
def trace(self: Any) -> Any:
    return reduce.sum(linalg.diagonal(self, offset=0, axis1=0, axis2=1))


@reads("block_diag")
def block_diag(tensors: Sequence[Any]) -> Any:
    blocks = [shape.reshape(x, shape=(1,) * (2 - len(x.shape)) + tuple(x.shape)) for x in tensors]
    width = sum(b.shape[1] for b in blocks)
    rows, at = [], 0
    for block in blocks:
        after = width - at - block.shape[1]
        rows.append(shape.pad(block, widths=((0, 0), (at, after))))
        at += block.shape[1]
    return shape.concatenate(*rows, axis=0)


@reads("cov")
def cov(self: Any, correction: int = 1) -> Any:
    return numpy_functions.cov(self, ddof=correction)


@reads("corrcoef")
def corrcoef(self: Any) -> Any:
    return numpy_functions.corrcoef(self)


@reads("linalg_matrix_exp", "matrix_exp")
def matrix_exp(self: Any) -> Any:
    """By squaring: exp(a) = exp(a/2ⁿ)^(2ⁿ), the inner one by its series."""
    turns = 12
    a = self / 2.0**turns
    more = a / 9
    for k in range(8, 0, -1):
        more = (a + linalg.matmul(a, more)) / k
    for _ in range(turns):  # (1 + more)² − 1, which keeps the small digits
        more = more * 2 + linalg.matmul(more, more)
    return more + np.eye(self.shape[-1], dtype=self.dtype)
