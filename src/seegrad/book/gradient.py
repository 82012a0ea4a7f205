"""The gradient by central differences, as the book has it: slow, simple, judge of the fast one."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from seegrad.book.arrays import as_array, as_floats
from seegrad.errors import ShapeError, ValueRangeError
from seegrad.i18n import tr
from seegrad.tensor.tensor import Tensor

__all__ = ["np", "numerical_gradient", "numerical_gradient_2d"]

STEP = 1e-4


def numerical_gradient(f: Callable[[Any], Any], x: Any, h: float = STEP) -> NDArray[Any]:
    """(f(x + h) − f(x − h))/2h for every number of x, each moved by itself.

    A floating-point array is moved in place, one number at a time, and put back as it was, so
    that f may look at it from elsewhere; anything else is converted first (adding 0.0001 to an
    integer would be lost). Raises ShapeError where f gives anything but one number.

    >>> numerical_gradient(lambda x: np.sum(x**2), np.array([1, 2])).round(6)
    array([2., 4.])
    """
    if not h > 0:
        raise ValueRangeError(
            tr("the step of a difference is a number above 0"), asked="h > 0", came=f"h={h}"
        )
    given = as_floats(x, "x")
    array = np.array(given.value) if isinstance(given, Tensor) else np.asarray(given)
    if not array.flags.writeable:
        array = array.copy()
    found = np.zeros(array.shape)
    for index in np.ndindex(array.shape):
        before = array[index]
        try:
            array[index] = before + h
            above = _number(f(array))
            array[index] = before - h
            below = _number(f(array))
        finally:
            array[index] = before
        found[index] = (above - below) / (2 * h)
    return found


def numerical_gradient_2d(f: Callable[[Any], Any], X: Any) -> NDArray[Any]:
    """The gradient at each row of X, with `f` of one row; of one point (D,) as above."""
    given = as_floats(X, "X")
    array = np.array(given.value) if isinstance(given, Tensor) else np.asarray(given)
    if array.ndim < 2:
        return numerical_gradient(f, array)
    return np.array([numerical_gradient(f, row) for row in array]).reshape(array.shape)


def _number(value: Any) -> float:
    """The one number that f gives."""
    array = np.asarray(as_array(value, "f(x)"))
    if array.size != 1:
        raise ShapeError(
            tr("a gradient is of a function with one number as its result"),
            asked="()",
            came=f"{array.shape}",
            hint=tr("sum the result, or differentiate one of its numbers"),
        )
    return float(array.item())
