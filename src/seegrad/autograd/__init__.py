"""autograd's names over the one graph: a table of contents, as `import autograd` has it.

A script that imports autograd runs with its imports changed to this package; what it computes is
the graph that is drawn. The graph is real: complex arrays are pairs of its values.
"""

from __future__ import annotations

from seegrad.autograd.builtins import dict, isinstance, list, tuple, type
from seegrad.autograd.differential_operators import (
    checkpoint,
    deriv,
    elementwise_grad,
    grad,
    grad_and_aux,
    grad_named,
    hessian,
    hessian_tensor_product,
    hessian_vector_product,
    holomorphic_grad,
    jacobian,
    make_ggnvp,
    make_hvp,
    make_jvp,
    make_jvp_reversemode,
    make_vjp,
    multigrad_dict,
    tensor_jacobian_product,
    value_and_grad,
    vector_jacobian_product,
)

__all__ = [
    "checkpoint", "deriv", "dict", "elementwise_grad", "grad", "grad_and_aux", "grad_named",
    "hessian", "hessian_tensor_product", "hessian_vector_product", "holomorphic_grad",
    "isinstance", "jacobian", "list", "make_ggnvp", "make_hvp", "make_jvp",
    "make_jvp_reversemode", "make_vjp", "multigrad_dict", "tensor_jacobian_product", "tuple",
    "type", "value_and_grad", "vector_jacobian_product",
]  # fmt: skip
