"""How a function of one's own is given its derivative, by autograd's names."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from seegrad.autograd.tracer import Maker, UndefinedDerivativeError, primitive_vjps
from seegrad.autograd.tracer import getval as getval
from seegrad.autograd.tracer import notrace_primitive as notrace_primitive
from seegrad.autograd.tracer import primitive as primitive
from seegrad.autograd.vspace import vspace as vspace
from seegrad.i18n import tr
from seegrad.ops.reduce import sum as total
from seegrad.ops.shape import reshape, stack
from seegrad.transforms.derivatives import vjp
from seegrad.tree import tree_map

Function = Callable[..., Any]


def _name(function: Function) -> str:
    return getattr(function, "__name__", "a function")


def defvjp_argnum(function: Function, maker: Maker) -> None:
    """`maker(argnum, ans, args, kwargs)` gives what sends a derivative back to that argument."""
    primitive_vjps[function] = maker


def defvjp_argnums(function: Function, maker: Function) -> None:
    """`maker(argnums, ans, args, kwargs)` gives what sends derivatives back to all of `argnums`."""

    def one(argnum: int, ans: Any, args: Sequence[Any], kwargs: dict[str, Any]) -> Function:
        back = maker((argnum,), ans, args, kwargs)
        return lambda g: next(iter(back(g)))

    primitive_vjps[function] = one


def defvjp(function: Function, *makers: Function | None, argnums: Sequence[int] = ()) -> None:
    """Say the derivative of a primitive: one maker for each argument, None for zero.

    A maker takes `(ans, *args, **kwargs)`, the answer and the arguments, and gives a function
    that takes the derivative arriving at the answer to the derivative by the argument.

    >>> import numpy as np
    >>> from seegrad.autograd import grad
    >>> @primitive
    ... def cube(x):
    ...     return x ** 3
    >>> defvjp(cube, lambda ans, x: lambda g: g * 3 * x ** 2)
    >>> float(grad(cube)(2.0)), float(grad(grad(cube))(2.0))
    (12.0, 12.0)
    """
    known = dict(zip(argnums or range(len(makers)), makers))

    def one(argnum: int, ans: Any, args: Sequence[Any], kwargs: dict[str, Any]) -> Function | None:
        if argnum not in known:
            raise UndefinedDerivativeError(
                tr(
                    "{name} has no derivative by its argument {argnum}",
                    name=_name(function), argnum=argnum,
                ),
                asked="one function for each argument in defvjp, None for zero",
            )  # fmt: skip
        maker = known[argnum]
        return None if maker is None else maker(ans, *args, **kwargs)

    primitive_vjps[function] = one


def defjvp(
    function: Function, *rules: Function | str | None, argnums: Sequence[int] = ()
) -> None:
    """Say how the answer moves as each argument moves: `rule(g, ans, *args, **kwargs)`.

    "same": as the function itself does, which is linear in that argument. A derivative that
    `defvjp` has said stays: one follows from the other. Otherwise it is sent back by this rule
    turned round, for it is linear in g.
    """
    known = dict(zip(argnums or range(len(rules)), rules))
    if function in primitive_vjps:
        return

    def one(argnum: int, ans: Any, args: Sequence[Any], kwargs: dict[str, Any]) -> Function | None:
        rule = known.get(argnum)
        if rule is None:
            return None

        if rule == "same":
            return _linear(function, argnum, args, kwargs)

        def moved(t: Any) -> Any:
            assert callable(rule)
            return rule(t, ans, *args, **kwargs)

        return lambda g: vjp(moved, tree_map(lambda x: x * 0.0, args[argnum]))[1](g)[0]

    primitive_vjps[function] = one


def defjvp_argnum(function: Function, maker: Function) -> None:
    """`maker(argnum, g, ans, args, kwargs)` says how the answer moves with that argument."""

    def one(argnum: int, ans: Any, args: Sequence[Any], kwargs: dict[str, Any]) -> Function:
        def moved(t: Any) -> Any:
            return maker(argnum, t, ans, args, kwargs)

        return lambda g: vjp(moved, tree_map(lambda x: x * 0.0, args[argnum]))[1](g)[0]

    primitive_vjps.setdefault(function, one)


def def_linear(function: Function) -> None:
    """`function` is linear in each of its arguments, which are arrays."""
    if function not in primitive_vjps:
        primitive_vjps[function] = lambda argnum, ans, args, kwargs: _linear(
            function, argnum, args, kwargs
        )


def _linear(
    function: Function, argnum: int, args: Sequence[Any], kwargs: dict[str, Any]
) -> Function:
    """What sends a derivative back through a linear function: it is asked for each unit array."""
    x = args[argnum]

    def back(g: Any) -> Any:
        found = []
        for unit in np.eye(math.prod(x.shape)).reshape(-1, *x.shape):
            moved = [unit[()] if i == argnum else y for i, y in enumerate(args)]
            found.append(total(g * function(*moved, **kwargs)))
        return reshape(stack(*found), shape=tuple(x.shape))

    return back


class _OfOnesOwn:
    """Of autograd's classes for values that are no arrays: named, so that it can say what is so."""

    @classmethod
    def register(cls, kind: type, *more: Any) -> None:
        raise UndefinedDerivativeError(
            tr("{kind} cannot be a value of the graph", kind=kind.__name__),
            asked="arrays, numbers, and nested tuples, lists and dictionaries of those",
            hint="keep the arrays that it is made of in a tuple or dictionary",
        )


class Box(_OfOnesOwn):
    """autograd's class of traced values; here the one class is the tensor."""


class VSpace(_OfOnesOwn):
    """autograd's class of vector spaces; those of arrays and containers are `vspace(value)`."""

    def __init__(self, value: Any) -> None:
        self.register(type(value))


