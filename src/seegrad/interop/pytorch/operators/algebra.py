"""ATen's linear algebra and contractions that say more than one op of ours."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from seegrad.interop.pytorch.operators.reader import reads, table
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

table({
    "einsum": lambda equation, tensors: einsum.einsum(equation, *tensors),
    "tensordot": lambda self, other, dims_self, dims_other: (
        linalg.tensordot(self, other, axes=(tuple(dims_self), tuple(dims_other)))
    ),
    "linalg_vecdot": lambda x, y, dim=-1: reduce.sum(x * y, axis=dim),
    "linalg_multi_dot": lambda tensors: norms.multi_dot(list(tensors)),
    "chain_matmul": lambda matrices: norms.multi_dot(list(matrices)),
    "linalg_matrix_power matrix_power": lambda self, n: norms.matrix_power(self, n),
    "linalg_inv_ex": lambda A: (solve_systems.inv(A), np.zeros(tuple(A.shape[:-2]), np.int32)),
    "linalg_cholesky_ex": lambda self, upper=False: (
        cholesky(self, upper), np.zeros(tuple(self.shape[:-2]), np.int32)
    ),
    "linalg_eigh": lambda self, UPLO="L": tuple(factorisations.eigh(self, UPLO)),
    "linalg_eigvalsh": lambda self, UPLO="L": factorisations.eigvalsh(self, UPLO),
    "_linalg_svd linalg_svd": lambda A, full_matrices=False, compute_uv=True: (
        tuple(factorisations.svd(A, full_matrices))
    ),
    "linalg_qr": lambda A, mode="reduced": tuple(factorisations.qr(A, mode)),
    "linalg_slogdet slogdet": lambda self=None, A=None: (
        tuple(factorisations.slogdet(A if self is None else self))
    ),
    "linalg_pinv": lambda self, rcond=1e-15: (
        factorisations.pinv(self, rcond=rcond if rcond > 1e-15 else None)
    ),
    "trace": lambda self: reduce.sum(linalg.diagonal(self, offset=0, axis1=0, axis2=1)),
    "cov": lambda self, correction=1: numpy_functions.cov(self, ddof=correction),
    "corrcoef": lambda self: numpy_functions.corrcoef(self),
})


@reads("linalg_cross", "cross")
def cross(self: Any, other: Any, dim: int | None = -1) -> Any:
    if dim is None:
        dim = next(i for i, n in enumerate(self.shape) if n == 3)
    return numpy_functions.cross(self, other, axis=dim)


SIGNS_FREE = frozenset({"linalg_eigh", "linalg_svd", "_linalg_svd", "svd"})
"""What gives vectors that are as right with the other sign: which one, no definition says."""


@reads("linalg_cholesky", "cholesky")
def cholesky(self: Any, upper: bool = False) -> Any:
    lower = triangles.cholesky_lower(self)
    return shape.matrix_transpose(lower) if upper else lower


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


@reads("svd")
def svd_tall(self: Any, some: bool = True, compute_uv: bool = True) -> Any:
    u, s, vt = factorisations.svd(self, not some)
    return u, s, shape.matrix_transpose(vt)


@reads("logdet")
def logdet(self: Any) -> Any:
    sign, size = factorisations.slogdet(self)
    return size + transcendental.log(sign)


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
