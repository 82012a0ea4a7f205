"""Operators on functions of one argument, as operators on functions of many (`argnum`)."""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence
from typing import Any

from seegrad.errors import CallError, GradientError
from seegrad.i18n import tr

Function = Callable[..., Any]


def get_name(function: Function) -> str:
    """The name of a function, for messages."""
    return getattr(function, "__name__", "[unknown name]")


def unary_to_nary(operator: Function) -> Function:
    """`operator(function, x)` as `operator(function, argnum)(*args)`; see `seegrad.autograd.grad`.

    argnum: the number of an argument, or several, whose tuple is then the x.
    """

    @functools.wraps(operator)
    def many(
        function: Function, argnum: int | Sequence[int] = 0, *more: Any, **options: Any
    ) -> Any:
        several = not isinstance(argnum, int)
        if several and not isinstance(argnum, (tuple, list)):
            raise CallError(
                "an argument's number is a whole number, or several of them",
                asked="argnum=0, or argnum=(0, 1)", came=f"argnum={argnum!r}",
            )  # fmt: skip
        which = [argnum] if isinstance(argnum, int) else list(argnum)

        def called(*args: Any, **kwargs: Any) -> Any:
            for i in which:
                if not -len(args) <= i < len(args):
                    raise GradientError(
                        tr(
                            "there is no positional argument {number} to differentiate by", number=i
                        ),
                        asked=tr("argnums below {count}", count=len(args)),
                        came=f"argnum={argnum!r}",
                    )

            def one(x: Any) -> Any:
                given = list(args)
                for i, value in zip(which, x if several else (x,)):
                    given[i] = value
                return function(*given, **kwargs)

            one.__name__ = get_name(function)
            x = tuple(args[i] for i in which) if several else args[which[0]]
            return operator(one, x, *more, **options)

        kind = get_name(operator)
        called.__name__ = f"{kind}_of_{get_name(function)}_wrt_argnum_{argnum}"
        called.__doc__ = f"    {kind} of function {get_name(function)} with respect to {argnum}."
        return called

    return many
