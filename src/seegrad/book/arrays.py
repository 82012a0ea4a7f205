"""What comes in at the book's functions and layers, looked at as strictly as the core does.

Numbers, lists and arrays become arrays, tensors stay; anything else is an error with its name.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from seegrad.errors import SeegradError, ValueRangeError
from seegrad.graph.coerce import NUMBERS
from seegrad.graph.node import snapshot
from seegrad.graph.spec import spec_of
from seegrad.i18n import tr
from seegrad.ops.nn.activation import labels_in_range
from seegrad.ops.nn.loss import softmax_cross_entropy
from seegrad.tensor.tensor import Tensor

EXACT = 2**53
"""Up to here float64 has every whole number."""


def as_array(value: Any, name: str) -> Any:
    """`value` as an array of numbers; a tensor as it is.

    Raises DTypeError for None, text, complex numbers and lists whose rows differ in length.
    """
    if isinstance(value, Tensor):
        return value
    if type(value) is np.ndarray and value.dtype.kind in NUMBERS:
        return value
    return np.asarray(snapshot(value, None, name))


def as_floats(value: Any, name: str) -> Any:
    """`value` as an array of floating-point numbers; whole numbers as float64, none rounded."""
    array = as_array(value, name)
    if isinstance(array, Tensor) or array.dtype.kind == "f":
        return array
    exact(array, name)
    return array.astype(np.float64)


def exact(whole: Any, name: str) -> None:
    """ValueRangeError for a number that lies where float64 does not have every whole number."""
    if whole.size and (whole.max() > EXACT or whole.min() < -EXACT):
        raise ValueRangeError(
            tr("{name} is too large to be exact as a floating-point number", name=name),
            asked=tr("whole numbers up to 2**53"),
            came=f"{max(abs(int(whole.max())), abs(int(whole.min())))}",
            hint=tr("write it as a float where rounding is meant"),
        )


def fitting(name: str, op: Any, y: Any, t: Any) -> None:
    """The error of the core's loss `op` for outputs and targets that do not fit, in our name."""
    try:
        op.spec(spec_of(y), spec_of(t))
    except SeegradError as error:
        raise type(error)(
            f"{name}: " + error.problem,
            asked=error.asked,
            came=f"y {y.shape} {y.dtype} · t {t.shape} {t.dtype}",
            hint=error.hint,
        ) from None


def as_targets(name: str, y: Any, t: Any) -> Any:
    """Labels, or a weight for every class, that fit the outputs `y`; of one sample also (1,).

    The label of a batch of one may stand as (1, 1).
    """
    t = as_array(t, "t")
    if y.shape[:-1] == t.shape[:-1] == (1,) and t.shape[-1] == 1 != y.shape[-1]:
        t = t.reshape(1)
    if y.ndim == 1 and t.shape == (1,) and y.shape != (1,):
        t = t[0] if isinstance(t, Tensor) else t.reshape(())
    fitting(name, softmax_cross_entropy, y, t)
    if t.ndim < y.ndim and not isinstance(t, Tensor):
        labels_in_range(t, y.shape[-1])
    return t
