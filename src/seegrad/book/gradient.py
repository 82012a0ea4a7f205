"""The gradient by central differences, as the book has it: slow, simple, judge of the fast one."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

STEP = 1e-4


def numerical_gradient(f: Callable[[Any], Any], x: Any, h: float = STEP) -> NDArray[Any]:
    """(f(x + h) − f(x − h))/2h for every number of x, each moved by itself.

    A floating-point array is moved in place, one number at a time, and put back as it was, so
    that f may look at it from elsewhere; anything else is converted first (adding 0.0001 to an
    integer would be lost).

    >>> numerical_gradient(lambda x: np.sum(x**2), np.array([1, 2])).round(6)
    array([2., 4.])
    """
    array = x if isinstance(x, np.ndarray) and x.dtype.kind == "f" else np.array(x, np.float64)
    found = np.zeros(array.shape)
    for index in np.ndindex(array.shape):
        before = array[index]
        try:
            array[index] = before + h
            above = float(np.asarray(f(array)))
            array[index] = before - h
            below = float(np.asarray(f(array)))
        finally:
            array[index] = before
        found[index] = (above - below) / (2 * h)
    return found
