"""What comes in at the second volume's layers, looked at strictly: inputs, word ids, parameters."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from seegrad.book.arrays import as_array, as_floats
from seegrad.errors import DTypeError, IndexRangeError, ShapeError
from seegrad.i18n import tr
from seegrad.tensor.tensor import Tensor

Array = NDArray[Any]


def as_parameter(value: Any, name: str) -> Array:
    """The caller's own array where it holds floating-point numbers, else a new one that does."""
    array = as_floats(value, name)
    return np.array(array.value) if isinstance(array, Tensor) else np.asarray(array)


def as_input(value: Any, like: Any, name: str = "x") -> Any:
    """`value` in the dtype of the parameters that it meets; a tensor stays one."""
    array = as_array(value, name)
    return array if array.dtype == like.dtype else array.astype(like.dtype)


def as_ids(value: Any, words: int | None, name: str) -> Array:
    """Word ids, whole numbers from 0 to words − 1 (None: to any). DTypeError or IndexRangeError
    for others."""
    ids = as_array(value, name)
    ids = ids.value if isinstance(ids, Tensor) else ids
    if ids.dtype.kind not in "iu":
        raise DTypeError(
            tr("{name}: word ids are whole numbers", name=name),
            asked=_span(words),
            came=f"dtype {ids.dtype}",
            hint=tr("one-hot rows go into MatMul; ids come from preprocess(text)"),
        )
    if ids.size and (ids.min() < 0 or (words is not None and ids.max() >= words)):
        raise IndexRangeError(
            tr("{name}: there is no word with this id", name=name),
            asked=_span(words),
            came=f"{ids.min() if ids.min() < 0 else ids.max()}",
            hint=tr("W needs a row for each word of the vocabulary"),
        )
    return ids


def _span(words: int | None) -> str:
    if words is None:
        return tr("a whole number from {least}", least=0)
    return tr("integers from 0 to {last}", last=words - 1)


def fits(layer: str, value: Any, asked: tuple[Any, ...], name: str) -> None:
    """ShapeError unless `value` has the shape asked; letters stand for any number."""
    shape = tuple(value.shape)
    if len(shape) != len(asked) or any(
        isinstance(a, int) and a != s for a, s in zip(asked, shape)
    ):
        raise ShapeError(
            tr("{layer}: {name} does not have the shape it needs", layer=layer, name=name),
            asked=f"({', '.join(map(str, asked))}{',' * (len(asked) == 1)})",
            came=f"{name} {shape}",
        )
