"""Words of autograd's `util` that scripts import."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from seegrad.autograd.test_util import check_grads


def func(function: Any) -> Any:
    """The function itself, by which a method was registered."""
    return function


def subvals(xs: Sequence[Any], changes: Iterable[tuple[int, Any]]) -> tuple[Any, ...]:
    """xs with other values at some places."""
    found = list(xs)
    for i, value in changes:
        found[i] = value
    return tuple(found)


def quick_grad_check(
    function: Any, x: Any, extra_args: Sequence[Any] = (), **options: Any
) -> None:
    """What old scripts check with: `check_grads` of first order, by the first argument."""
    check_grads(lambda x: function(x, *extra_args), modes=["rev"], order=1)(x)
