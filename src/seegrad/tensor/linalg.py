"""sg.linalg: linear algebra by NumPy's and SciPy's names, with derivatives of any order.

A table of contents: what is named here is defined in `ops/linear`, and in `array_api` where the
standard works on the last two axes.
"""

from seegrad.ops.linear.einsum import einsum as einsum
from seegrad.ops.linear.factorisations import EighResult as EighResult
from seegrad.ops.linear.factorisations import QRResult as QRResult
from seegrad.ops.linear.factorisations import SlogdetResult as SlogdetResult
from seegrad.ops.linear.factorisations import SVDResult as SVDResult
from seegrad.ops.linear.factorisations import eigh as eigh
from seegrad.ops.linear.factorisations import eigvalsh as eigvalsh
from seegrad.ops.linear.factorisations import pinv as pinv
from seegrad.ops.linear.factorisations import qr as qr
from seegrad.ops.linear.factorisations import slogdet as slogdet
from seegrad.ops.linear.factorisations import svd as svd
from seegrad.ops.linear.factorisations import svdvals as svdvals
from seegrad.ops.linear.linalg import matmul as matmul
from seegrad.ops.linear.linalg import outer as outer
from seegrad.ops.linear.linalg import tensordot as tensordot
from seegrad.ops.linear.linalg import vecdot as vecdot
from seegrad.ops.linear.norms import matrix_norm as matrix_norm
from seegrad.ops.linear.norms import matrix_power as matrix_power
from seegrad.ops.linear.norms import multi_dot as multi_dot
from seegrad.ops.linear.norms import norm as norm
from seegrad.ops.linear.norms import vector_norm as vector_norm
from seegrad.ops.linear.solve_systems import det as det
from seegrad.ops.linear.solve_systems import inv as inv
from seegrad.ops.linear.solve_systems import solve as solve
from seegrad.ops.linear.triangular import cholesky as cholesky
from seegrad.ops.linear.triangular import solve_triangular as solve_triangular
from seegrad.ops.shape import matrix_transpose as matrix_transpose
from seegrad.tensor.array_api import diagonal as diagonal
from seegrad.tensor.array_api import matrix_rank as matrix_rank
from seegrad.tensor.array_api import trace as trace
from seegrad.tensor.numpy_functions import cross as cross
from seegrad.tensor.numpy_numbers import cond as cond
