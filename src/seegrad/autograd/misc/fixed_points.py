"""Where an iteration comes to rest, and the derivative of that by the implicit function theorem."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from seegrad.autograd.core import make_vjp
from seegrad.autograd.extend import defvjp, primitive
from seegrad.tree import tree_map


@primitive
def fixed_point(
    f: Callable[[Any], Callable[[Any], Any]], a: Any, x0: Any,
    distance: Callable[[Any, Any], Any], tol: float,
) -> Any:  # fmt: skip
    """The x with f(a)(x) = x, found from x0 by applying f(a) until x moves less than `tol`.

    The derivative by a is that of the x at rest, whatever way led there.
    """
    step, x = f(a), x0
    while True:
        x, before = step(x), x
        if not distance(x, before) > tol:
            return x


def _back(
    ans: Any, f: Callable[..., Any], a: Any, x0: Any, distance: Callable[..., Any], tol: float
) -> Callable[[Any], Any]:
    """x* = f(a)(x*), so that its derivative is a fixed point itself: w = wᵀ·∂f/∂x + g."""

    def back(g: Any) -> Any:
        def turned(parameters: Any) -> Callable[[Any], Any]:
            a, rest, arriving = parameters
            by_x = make_vjp(f(a), rest)[0]
            return lambda w: tree_map(lambda one, two: one + two, by_x(w), arriving)

        start = tree_map(lambda x: x * 0.0, g)
        weights = fixed_point(turned, (a, ans, g), start, distance, tol)
        return make_vjp(lambda a: f(a)(ans), a)[0](weights)

    return back


defvjp(fixed_point, None, _back, None)
