"""pad: numbers around an array, one and the same or the array's own.

The op for the former is in `shape`; the others read the array by index.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from seegrad.errors import ShapeError, ValueRangeError
from seegrad.i18n import tr
from seegrad.ops import shape
from seegrad.ops.indexing import take

MODES = {"constant": "constant", "edge": "edge", "replicate": "edge", "reflect": "reflect",
         "symmetric": "symmetric", "wrap": "wrap", "circular": "wrap"}  # fmt: skip
"""What is put around, by NumPy's names and by PyTorch's, and NumPy's name for it."""


def pad(x: Any, widths: Any, value: Any = 0.0, mode: str = "constant") -> Any:
    """x with `widths` (before, after) of other numbers around it on each axis.

    Args:
        widths: one pair for each axis, one pair for all, or one number.
        value: what stands around with `mode="constant"`.
        mode: "constant"; "edge" ("replicate"), the nearest element; "reflect", mirrored at the
            outermost element; "symmetric", mirrored with it; "wrap" ("circular"), from the other
            end. As `numpy.pad`; the names in brackets are PyTorch's.

    Raises ShapeError for widths that do not fit, or an empty axis to take elements from;
    ValueRangeError for another mode.

    >>> pad(np.array([1.0, 2.0, 3.0]), (2, 1), mode="reflect")
    array([3., 2., 1., 2., 3., 2.])
    """
    if mode not in MODES:
        raise ValueRangeError(
            tr("there is no such way to pad"), asked=", ".join(MODES), came=f"mode={mode!r}"
        )
    if MODES[mode] == "constant":
        return shape.pad(x, widths=widths, value=value)
    x = shape.array_like(x)
    pairs = shape.pad.canonical_attrs(x, widths=widths, value=0.0)["widths"]
    for axis, pair in enumerate(pairs):
        if not any(pair):
            continue
        if not x.shape[axis]:
            raise ShapeError(
                tr("an empty axis has nothing to pad with"),
                asked=tr("mode={mode}, or an axis that is not empty", mode="'constant'"),
                came=tr("shape {shape}", shape=tuple(x.shape)),
            )
        order: Any = np.pad(np.arange(x.shape[axis]), pair, mode=MODES[mode])  # type: ignore[call-overload]
        x = take(x, order, axis=axis)
    return x
