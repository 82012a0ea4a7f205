"""autograd's names over the one graph: a table of contents, as `import autograd` has it.

A script that imports autograd runs with its imports changed to this package; what it computes is
the graph that is drawn. The graph is real: complex arrays are pairs of its values.
"""

from seegrad.autograd.builtins import dict as dict
from seegrad.autograd.builtins import isinstance as isinstance
from seegrad.autograd.builtins import list as list
from seegrad.autograd.builtins import tuple as tuple
from seegrad.autograd.builtins import type as type
from seegrad.autograd.differential_operators import deriv as deriv
from seegrad.autograd.differential_operators import elementwise_grad as elementwise_grad
from seegrad.autograd.differential_operators import grad as grad
from seegrad.autograd.differential_operators import grad_and_aux as grad_and_aux
from seegrad.autograd.differential_operators import grad_named as grad_named
from seegrad.autograd.differential_operators import hessian as hessian
from seegrad.autograd.differential_operators import hessian_tensor_product as hessian_tensor_product
from seegrad.autograd.differential_operators import hessian_vector_product as hessian_vector_product
from seegrad.autograd.differential_operators import holomorphic_grad as holomorphic_grad
from seegrad.autograd.differential_operators import jacobian as jacobian
from seegrad.autograd.differential_operators import make_ggnvp as make_ggnvp
from seegrad.autograd.differential_operators import make_hvp as make_hvp
from seegrad.autograd.differential_operators import make_jvp as make_jvp
from seegrad.autograd.differential_operators import make_jvp_reversemode as make_jvp_reversemode
from seegrad.autograd.differential_operators import make_vjp as make_vjp
from seegrad.autograd.differential_operators import multigrad_dict as multigrad_dict
from seegrad.autograd.differential_operators import (
    tensor_jacobian_product as tensor_jacobian_product,
)
from seegrad.autograd.differential_operators import value_and_grad as value_and_grad
from seegrad.autograd.differential_operators import (
    vector_jacobian_product as vector_jacobian_product,
)
from seegrad.text import public
from seegrad.transforms.checkpoint import checkpoint as checkpoint

__all__ = public(globals())
