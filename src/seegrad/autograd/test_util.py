"""`check_grads`: derivatives against differences along random directions, forward and back."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Sequence
from typing import Any

from seegrad.autograd.core import floating, make_jvp, make_vjp, vspace
from seegrad.autograd.wrap_util import get_name, unary_to_nary
from seegrad.errors import ValueRangeError
from seegrad.i18n import tr

Function = Callable[..., Any]
TOL = RTOL = EPS = 1e-6


def scalar_close(a: Any, b: Any) -> bool:
    """Are two numbers equal to 1e-6, or to 1e-6 of their sum?"""
    return bool(abs(a - b) < TOL or abs(a - b) / abs(a + b) < RTOL)


def _difference(function: Function, x: Any, v: Any) -> Any:
    """How the answer moves as x moves along v, by a central difference."""
    there = vspace(x)
    ahead = function(there.add(x, there.scalar_mul(v, EPS / 2)))
    behind = function(there.add(x, there.scalar_mul(v, -EPS / 2)))
    out = vspace(ahead)
    return out.scalar_mul(out.add(ahead, out.scalar_mul(behind, -1.0)), 1 / EPS)


def _unequal(what: str, name: str, analytic: Any, numeric: Any) -> AssertionError:
    return AssertionError(tr(
        "({what}) check of {name} failed: the derivative is {analytic}, the difference says"
        " {numeric}",
        what=what, name=name, analytic=analytic, numeric=numeric,
    ))  # fmt: skip


def check_vjp(function: Function, x: Any) -> None:
    """AssertionError unless what is sent back agrees with a difference along a random direction."""
    back, y = make_vjp(function, x)
    v, g = vspace(x).randn(), vspace(y).randn()
    found = vspace(x).covector(back(vspace(y).covector(g)))
    if vspace(found) != vspace(x):
        raise _unequal("VJP", get_name(function), vspace(found), vspace(x))
    analytic = vspace(x).inner_prod(v, found)
    numeric = vspace(y).inner_prod(g, _difference(function, x, v))
    if not scalar_close(numeric, analytic):
        raise _unequal("VJP", get_name(function), analytic, numeric)


def check_jvp(function: Function, x: Any) -> None:
    """AssertionError unless the change along a random direction agrees with a difference."""
    v = vspace(x).randn()
    found = make_jvp(function, x)(v)[1]
    check_equivalent(found, _difference(function, x, v), get_name(function))


def check_equivalent(x: Any, y: Any, name: str = "") -> None:
    """AssertionError unless x and y lie in one space and agree along a random direction."""
    space = vspace(x)
    if space != vspace(y):
        raise _unequal("JVP", name, space, vspace(y))
    v = space.randn()
    one, other = space.inner_prod(x, v), space.inner_prod(y, v)
    if not scalar_close(one, other):
        raise _unequal("JVP", name, one, other)


@unary_to_nary
def check_grads(
    function: Function, x: Any, modes: Sequence[str] = ("fwd", "rev"), order: int = 2
) -> None:
    """AssertionError unless the derivatives of a function agree with differences.

    Args:
        function, argnum: as for `grad`; the answer may be of any structure.
        modes: "fwd" checks `make_jvp`, "rev" `make_vjp`.
        order: 2 checks the derivative of the derivative, too.

    >>> check_grads(lambda x: x ** 3)(2.0)
    """
    if unknown := [m for m in modes if m not in ("fwd", "rev")]:
        raise ValueRangeError("an unknown mode", asked="fwd, rev", came=f"mode={unknown[0]!r}")
    x = floating(x)
    for mode, check in (("fwd", check_jvp), ("rev", check_vjp)):
        if mode not in modes:
            continue
        check(function, x)
        if order > 1:
            space = vspace(x) if mode == "fwd" else vspace(function(x))

            def derivative(x: Any, v: Any, mode: str = mode) -> Any:
                if mode == "fwd":
                    return make_jvp(function, x)(v)[1]
                return make_vjp(function, x)[0](v)

            derivative.__name__ = f"{'jvp' if mode == 'fwd' else 'vjp'}_{get_name(function)}"
            check_grads(derivative, (0, 1), modes, order=order - 1)(x, space.randn())


def combo_check(function: Function, *options: Any, **more: Any) -> Function:
    """`check_grads` for every combination of the given arguments and keyword arguments."""

    def every(*args: Any, **kwargs: Any) -> None:
        for chosen in itertools.product(*args):
            for values in itertools.product(*kwargs.values()):
                check_grads(function, *options, **more)(*chosen, **dict(zip(kwargs, values)))

    return every
