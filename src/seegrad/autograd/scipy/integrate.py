"""`scipy.integrate.odeint`, with the derivative of its solution by the adjoint method."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from seegrad.autograd.core import make_vjp
from seegrad.autograd.extend import defvjp_argnum
from seegrad.autograd.misc.flatten import flatten
from seegrad.autograd.scipy.library import borrowed
from seegrad.ops.linear.linalg import dot
from seegrad.ops.shape import array_like, concatenate, stack

_solve = borrowed("integrate.odeint")


def odeint(func: Callable[..., Any], y0: Any, t: Any, args: Any = (), **options: Any) -> Any:
    """The y with dy/dt = func(y, t, *args) and y(t[0]) = y0, at the times t: (len(t), len(y0)).

    SciPy solves it. Its derivative by y0, t and args is the solution of another equation,
    backwards in time (Chen et al., "Neural ordinary differential equations", 2018).
    """
    return _solve(func, y0, t, tuple(args), **options)


def _back(
    argnum: int, ans: Any, given: Sequence[Any], options: dict[str, Any]
) -> Callable[[Any], Any]:
    func, y0, t, args = given
    y0, t = array_like(y0), array_like(t)
    count = y0.shape[0]
    flat, unflatten = flatten(args)

    def flat_func(y: Any, time: Any, flat: Any) -> Any:
        return func(y, time, *unflatten(flat))

    def backwards(state: Any, time: Any, flat: Any) -> Any:
        """Of y, of what arrives at it, and of what has been collected for args."""
        y, arriving = state[:count], state[count : 2 * count]
        back, slope = make_vjp(lambda both: flat_func(both[0], time, both[1]), (y, flat))
        by_y, by_args = back(-1.0 * arriving)
        return concatenate(slope, by_y, by_args)

    def back(g: Any) -> Any:
        steps = t.shape[0]
        arriving, by_args = g[steps - 1], np.zeros(flat.shape)
        by_time: list[Any] = []
        for i in range(steps - 1, 0, -1):
            by_time.append(dot(func(ans[i], t[i], *args), g[i]))
            state = concatenate(ans[i], arriving, by_args)
            found = _solve(backwards, state, stack(t[i], t[i - 1]), (flat,), **options)[1]
            arriving = found[count : 2 * count] + g[i - 1]
            by_args = found[2 * count :]
        begin = arriving - g[0]                   # y at the first time is y0, whenever that is
        by_time.append(-1.0 * dot(func(ans[0], t[0], *args), begin))
        if argnum == 1:
            return arriving
        return stack(*reversed(by_time)) if argnum == 2 else unflatten(by_args)

    return back


defvjp_argnum(_solve, _back)
