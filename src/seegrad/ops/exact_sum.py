"""Sums of NumPy arrays whose rounding errors do not grow with what is summed. No op lives here.

NumPy adds pairwise along the last axis; along the others one after the other, which is mended here:
some at a time, and then their sums. float16 is added up in float32.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

Array = np.ndarray[Any, Any]
BLOCK = 128
"""So many are added one after the other."""
FLOAT32 = np.dtype(np.float32)


def exact_sum(x: Any, *, axis: Any = None, keepdims: bool = False, over: float = 1) -> Any:
    """The sum over `axis` (None: all; or a tuple), divided by `over`, in the dtype of x."""
    if x.dtype.char == "e":
        found = _summed(x.astype(FLOAT32), axis, keepdims)
        return np.asarray(found if over == 1 else found / over).astype(x.dtype)
    short = axis is None or x.ndim < 2
    found = np.add.reduce(x, axis=axis, keepdims=keepdims) if short else _summed(x, axis, keepdims)
    return found if over == 1 else found / x.dtype.type(over)


def _summed(x: Any, axis: Any, keepdims: Any) -> Any:
    if axis is None or x.dtype.kind not in "fc":
        return np.add.reduce(x, axis=axis, keepdims=keepdims)
    kept = [abs(x.strides[i]) for i, n in enumerate(x.shape) if n > 1 and i not in axis]
    outer = [i for i in axis if kept and abs(x.strides[i]) > min(kept)]
    if math.prod(x.shape[i] for i in outer) <= BLOCK:
        return np.add.reduce(x, axis=axis, keepdims=keepdims)
    inner = tuple(i for i in axis if i not in outer)
    found: Array = np.add.reduce(x, axis=inner, keepdims=True) if inner else x
    for i in outer:
        found = _blocked(found, i)
    return found if keepdims else found.reshape([n for i, n in enumerate(x.shape) if i not in axis])


def _blocked(x: Array, axis: int) -> Array:
    """The sum along one axis, kept with length 1."""
    length = x.shape[axis]
    if length <= BLOCK:
        return np.asarray(np.add.reduce(x, axis=axis, keepdims=True))
    full = length // BLOCK
    before, behind = (slice(None),) * axis, x.shape[axis + 1 :]
    whole = x[(*before, slice(full * BLOCK))].reshape(*x.shape[:axis], full, BLOCK, *behind)
    found = _blocked(np.add.reduce(whole, axis=axis + 1), axis)
    if length % BLOCK:
        rest = x[(*before, slice(full * BLOCK, None))]
        found = found + np.add.reduce(rest, axis=axis, keepdims=True)
    return np.asarray(found)
