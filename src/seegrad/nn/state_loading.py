"""Values taken over by name: all of them, or none and an error that lists what does not fit."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from seegrad.errors import DTypeError, ShapeError, ValueRangeError
from seegrad.i18n import tr
from seegrad.tensor.tensor import Tensor

Array = NDArray[Any]


def load_values(
    own: Mapping[str, Tensor], aliases: Callable[[], Mapping[str, Tensor]], values: Any,
    strict: bool,
) -> None:  # fmt: skip
    """Assign `values` to the tensors of their names.

    own: every tensor once, by its first name; aliases: gives them by all of their names.
    """
    if not isinstance(values, Mapping):
        raise DTypeError(
            tr("a network's values come by name"),
            asked="net.load_state_dict(other.state_dict())",
            came=type(values).__name__,
            hint=tr("read a file with sg.load(net, path)"),
        )
    known = own if own.keys() == values.keys() else aliases()
    given = {name: np.asarray(value) for name, value in values.items() if name in known}
    _check_names(own, known, values, given, strict)
    _check_shapes(known, given)
    _check_shared(known, given)
    cast = {name: _cast(name, value, known[name].dtype) for name, value in given.items()}
    for name, value in cast.items():
        known[name].assign(value)


def _check_names(
    own: Mapping[str, Tensor],
    known: Mapping[str, Tensor],
    values: Mapping[Any, Any],
    given: Mapping[str, Array],
    strict: bool,
) -> None:
    """ValueRangeError for names that are missing or not known, with the shapes that differ."""
    there = {id(known[name]) for name in given}
    missing = [name for name, tensor in own.items() if id(tensor) not in there]
    unknown = [name for name in values if name not in known]
    if not strict or not (missing or unknown):
        return
    shapes = [name for name, value in given.items() if value.shape != known[name].shape]
    came = [
        tr("missing: {names}", names=", ".join(missing)) if missing else "",
        tr("not known: {names}", names=", ".join(map(str, unknown))) if unknown else "",
        tr("of another shape: {names}", names=_with_shapes(shapes, given)) if shapes else "",
    ]
    raise ValueRangeError(
        tr("these values belong to another network"),
        asked=_with_shapes([*missing, *shapes] or own, known),
        came="; ".join(part for part in came if part),
        hint=tr("build the network as it was when it was saved, or pass strict=False"),
    )


def _check_shapes(known: Mapping[str, Tensor], given: Mapping[str, Array]) -> None:
    wrong = [name for name, value in given.items() if value.shape != known[name].shape]
    if wrong:
        raise ShapeError(
            tr("{name} has another shape than the value for it", name=", ".join(wrong)),
            asked=_with_shapes(wrong, known),
            came=_with_shapes(wrong, given),
            hint=tr("build the network as it was when it was saved"),
        )


def _check_shared(known: Mapping[str, Tensor], given: Mapping[str, Array]) -> None:
    """ValueRangeError for one tensor that comes under two names with two values."""
    first: dict[int, str] = {}
    for name, value in given.items():
        other = first.setdefault(id(known[name]), name)
        if other != name and value.tobytes() != given[other].astype(value.dtype).tobytes():
            raise ValueRangeError(
                tr("one shared tensor is given two values"),
                asked=tr("equal values under all of its names"),
                came=f"{other}, {name}",
                hint=tr("build the network as it was when it was saved"),
            )


def _cast(name: str, value: Array, dtype: Any) -> Array:
    """The value in a parameter's dtype; an error where its numbers would become others."""
    if not np.can_cast(value.dtype, dtype, "same_kind"):
        raise DTypeError(
            tr("{name} holds another kind of numbers than the value for it", name=name),
            asked=f"{name} {dtype}",
            came=f"dtype {value.dtype}",
            hint=tr("convert it first, for example with .astype(float)"),
        )
    with np.errstate(over="ignore"):
        made = value.astype(dtype)
    fits = made == value if dtype.kind in "iu" else np.isfinite(made) | ~np.isfinite(value)
    if value.dtype != dtype and not np.all(fits):
        raise ValueRangeError(
            tr("{name}: a number is too large for its dtype", name=name),
            asked=f"{name} {dtype}",
            came=f"{np.max(np.abs(value))!r}, {value.dtype}",
        )
    return made


def _with_shapes(names: Any, of: Mapping[str, Any]) -> str:
    return ", ".join(f"{name} {tuple(of[name].shape)}" for name in names)
