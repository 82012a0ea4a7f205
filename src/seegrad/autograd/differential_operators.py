"""autograd's operators on functions, over the walks of `core`: each takes `(function, argnum)`."""

from __future__ import annotations

import inspect
from collections import OrderedDict
from collections.abc import Callable
from typing import Any

from seegrad.autograd import core
from seegrad.autograd.core import floating, vspace
from seegrad.autograd.numpy import complex_pairs
from seegrad.autograd.tracer import OpaqueError
from seegrad.autograd.wrap_util import unary_to_nary
from seegrad.errors import CallError, DTypeError
from seegrad.i18n import tr
from seegrad.ops.linear.linalg import tensordot
from seegrad.ops.reduce import sum
from seegrad.ops.shape import reshape, stack
from seegrad.text import signature
from seegrad.transforms import derivatives

Function = Callable[..., Any]

make_vjp = unary_to_nary(core.make_vjp)
make_jvp = unary_to_nary(core.make_jvp)


def _of_one_number(who: str, answer: Any) -> Any:
    """The seed of a scalar function's derivative; CallError for anything else."""
    if not hasattr(answer, "dtype") or answer.dtype.kind != "f":
        raise DTypeError(
            tr("{who} needs a function that gives a floating-point number", who=who),
            asked="a result of dtype float32 or float64",
            came=tr("{value} of type {kind}", value=repr(answer)[:60], kind=type(answer).__name__),
        )
    space = vspace(answer)
    if space.size != 1 or space.structure.kind is not None:
        raise CallError(
            tr("{who} needs a function that gives one number", who=who),
            asked="a result of shape ()",
            came=tr("results of shape {shapes}", shapes=", ".join(str(s) for s, _ in space.leaves)),
            hint="try jacobian or elementwise_grad",
        )
    return space.ones()


@unary_to_nary
def grad(function: Function, x: Any) -> Any:
    """The derivative of a function that gives one number, as a function of the same arguments.

    Args:
        function: gives one number; computed with `seegrad.autograd.numpy`, NumPy's functions,
            operators, or seegrad's.
        argnum: the argument to differentiate by (0), or several, whose derivatives come as a tuple.
            It may be an array, a number, or nested tuples, lists and dictionaries of those.

    Raises CallError if it does not give one number, GradientError for an argument that is not
    there; warns if the result does not depend on the argument.

    >>> float(grad(lambda x, y: x * y ** 2, argnum=1)(2.0, 3.0))
    12.0
    """
    back, answer = core.make_vjp(function, x)
    return back(_of_one_number("grad", answer))


@unary_to_nary
def value_and_grad(function: Function, x: Any) -> tuple[Any, Any]:
    """The value of a function that gives one number, and its derivative; as `grad`."""
    back, answer = core.make_vjp(function, x)
    return answer, back(_of_one_number("value_and_grad", answer))


@unary_to_nary
def elementwise_grad(function: Function, x: Any) -> Any:
    """The derivative of the sum of all that comes out: of each element, of elementwise functions.

    >>> import numpy as np
    >>> elementwise_grad(lambda x: x ** 2)(np.array([1.0, 2.0, 3.0]))
    array([2., 4., 6.])
    """
    back, answer = core.make_vjp(function, x)
    return back(vspace(answer).ones())


@unary_to_nary
def deriv(function: Function, x: Any) -> Any:
    """How the answer moves as all of x moves by 1: the derivative of a function of one number."""
    return core.make_jvp(function, x)(vspace(x).ones())[1]


@unary_to_nary
def jacobian(function: Function, x: Any) -> Any:
    """Every derivative of every element of the answer: shape (*answer.shape, *x.shape)."""
    x = floating(x)
    try:
        return derivatives.jacobian(function)(x)
    except (OpaqueError, DTypeError):
        pass                                      # row by row, where no row can stand for all
    back, answer = core.make_vjp(function, x)
    rows = [back(row) for row in vspace(answer).standard_basis()]
    return reshape(stack(*rows), shape=(*vspace(answer).shape, *vspace(x).shape))


@unary_to_nary
def hessian(function: Function, x: Any) -> Any:
    """Second derivatives: shape (*answer.shape, *x.shape, *x.shape)."""
    return jacobian(jacobian(function))(x)


@unary_to_nary
def make_hvp(function: Function, x: Any) -> tuple[Function, Any]:
    """`(product, slope)`: product(v) is the Hessian at x times v, without the Hessian."""
    return core.make_vjp(grad(function), x)


@unary_to_nary
def make_jvp_reversemode(function: Function, x: Any) -> Function:
    """A function of v: how the answer moves as x moves along v, by two walks back."""
    along = core.make_jvp(function, x)
    return lambda v: along(v)[1]


@unary_to_nary
def grad_and_aux(function: Function, x: Any) -> tuple[Any, Any]:
    """Of a function that gives `(number, more)`: the number's derivative, and `more` as it is."""
    back, (answer, more) = core.make_vjp(lambda x: tuple(function(x)), x)
    return back((vspace(answer).ones(), vspace(more).zeros())), more


def hessian_tensor_product(function: Function, argnum: int = 0) -> Function:
    """A function of `(*args, v)`: the Hessian times v, which has the argument's shape.

    >>> import numpy as np
    >>> product = hessian_tensor_product(lambda x: (x ** 3).sum())
    >>> product(np.array([1.0, 2.0]), np.array([1.0, 1.0]))
    array([ 6., 12.])
    """
    slope = grad(function, argnum)

    def along(*args: Any, **kwargs: Any) -> Any:
        return sum(slope(*args[:-1], **kwargs) * args[-1])

    return grad(along, argnum)  # type: ignore[no-any-return]


def tensor_jacobian_product(function: Function, argnum: int = 0) -> Function:
    """A function of `(*args, v)`: v times the Jacobian, over all axes of v."""

    def weighted(*args: Any, **kwargs: Any) -> Any:
        v = args[-1]
        return tensordot(v, function(*args[:-1], **kwargs), axes=len(v.shape))

    return jacobian(weighted, argnum)  # type: ignore[no-any-return]


hessian_vector_product = hessian_tensor_product
vector_jacobian_product = tensor_jacobian_product


def _half_of_squares(x: Any) -> Any:
    return sum(x * x, axis=-1) * 0.5


def make_ggnvp(function: Function, g: Function = _half_of_squares, f_argnum: int = 0) -> Function:
    """The generalised Gauss-Newton matrix of g(function(x)) times a vector.

    Args:
        g: of what the function gives, one number; half the sum of squares if not said.
        f_argnum: the function's argument to differentiate by.

    Source: Schraudolph, "Fast curvature matrix-vector products", 2002.
    """

    @unary_to_nary
    def made(function: Function, x: Any) -> Function:
        back, answer = core.make_vjp(function, x)
        curved = core.make_vjp(grad(g), answer)[0]
        along = core.make_jvp(function, x)
        return lambda v: back(curved(along(v)[1]))

    return made(function, f_argnum)  # type: ignore[no-any-return]


def grad_named(function: Function, argname: str) -> Function:
    """The derivative by the argument of this name."""
    names = list(signature(function).parameters)
    if argname not in names:
        raise CallError(
            tr("{name} has no argument {argument}", name=function.__name__, argument=argname),
            asked=", ".join(names), came=argname,
        )  # fmt: skip
    return grad(function, names.index(argname))  # type: ignore[no-any-return]


def multigrad_dict(function: Function) -> Function:
    """The derivatives by all arguments, as a dictionary by their names.

    >>> {k: float(g) for k, g in multigrad_dict(lambda x, y=3.0: x * y)(2.0).items()}
    {'x': 3.0, 'y': 2.0}
    """
    parameters = signature(function)

    def slopes(*args: Any, **kwargs: Any) -> dict[str, Any]:
        bound = parameters.bind(*args, **kwargs)
        bound.apply_defaults()

        def by_name(values: dict[str, Any]) -> Any:
            again = inspect.BoundArguments(parameters, OrderedDict(values))
            return function(*again.args, **again.kwargs)

        return dict(grad(by_name)(dict(bound.arguments)))

    return slopes


@unary_to_nary
def holomorphic_grad(function: Function, x: Any) -> Any:
    """The complex derivative of a holomorphic function of complex numbers.

    >>> complex(holomorphic_grad(lambda z: z * z)(1.0 + 2.0j))
    (2+4j)
    """
    back, answer = core.make_vjp(lambda z: complex_pairs.parts(function(z))[0], x)
    return back(_of_one_number("holomorphic_grad", answer))
