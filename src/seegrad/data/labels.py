"""Targets told apart: labels (text or whole numbers) become 0 … K-1 with names, numbers stay."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from seegrad.errors import ValueRangeError
from seegrad.i18n import tr


def encoded(t: NDArray[Any], labels: bool | None = None) -> tuple[NDArray[Any], tuple[str, ...]]:
    """Targets as (int64 labels, class names), or as (floats, ()) when they are numbers to fit.

    labels: True or False decides; None takes text, booleans and whole-number types as labels, and
    floats when they look like it (`are_labels`). Labels that are 0 … K-1 without a gap keep their
    numbers; others are numbered in order, their names kept. One-hot rows become labels, rows of
    shares that sum to 1 stay.
    Raises ValueRangeError for targets that are not finite.
    """
    if t.dtype.kind in "US" and _is_text(t):
        texts, numbers = np.unique(t.astype(str), return_inverse=True)
        return numbers.reshape(t.shape).astype(np.int64), tuple(str(text) for text in texts)
    if t.dtype.kind not in "uifb" or not np.isfinite(t).all():
        raise ValueRangeError(
            tr("the targets are not all finite numbers or texts"),
            asked=tr("labels, or numbers without NaN and infinity"),
            came=f"{t.shape} {t.dtype}",
            hint=tr("drop or fill the missing values first"),
        )
    if t.ndim == 2 and t.shape[1] == 1:
        t = t[:, 0]
    if t.ndim > 1:
        rows_sum_to_one = t.ndim == 2 and np.allclose(t.sum(axis=1), 1.0) and (t >= 0).all()
        classes = tuple(str(k) for k in range(t.shape[1])) if rows_sum_to_one else ()
        if classes and ((t == 0) | (t == 1)).all():
            return t.argmax(axis=1), classes
        return t.astype(np.float64), classes
    values, numbers = np.unique(t, return_inverse=True)
    if labels is None:
        labels = t.dtype.kind in "uib" or are_labels(t)
    if not labels:
        return t.astype(np.float64), ()
    names = tuple(f"{value:.12g}" for value in values.astype(np.float64))
    return numbers.astype(np.int64), names


MOST_LABELS, WIDEST = 20, 100


def are_labels(t: NDArray[Any]) -> bool:
    """Do these numbers look like labels? They do when they are whole, at most 20 different ones
    within 100 of one another, and each comes twice on average.

    >>> are_labels(np.array([3, 5, 3, 5])), are_labels(np.arange(200) // 10 * 1000)
    (True, False)
    """
    values = np.unique(t)
    few = len(values) <= min(MOST_LABELS, len(t) / 2)
    return bool(few and (values == np.round(values)).all() and np.ptp(values) <= WIDEST)


def _is_text(t: NDArray[Any]) -> bool:
    """Can all of it be written out? The bytes of a file may stand for no character at all."""
    try:
        for text in t.astype(str).ravel().tolist():
            text.encode()
    except (UnicodeError, ValueError, SystemError):
        return False
    return True
