"""Stopping at the first NaN or infinity, forward or backward, and saying where it was born."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np

from seegrad.errors import NonFiniteError
from seegrad.graph.mode import in_mode
from seegrad.graph.node import Node
from seegrad.i18n import tr


def first_non_finite(data: Any) -> tuple[int, ...] | None:
    """The index of the first NaN or infinity, or None."""
    array = np.asarray(data)
    if array.dtype.kind != "f" or np.isfinite(array).all():
        return None
    return tuple(int(i) for i in np.argwhere(~np.isfinite(array))[0])


def _element(data: Any, index: tuple[int, ...], shape: tuple[int, ...]) -> str:
    """The element of an input that the element `index` of the result came from, if it is one."""
    array = np.asarray(data)
    try:
        return f"{np.broadcast_to(array, shape)[index]:.6g}"
    except ValueError:
        return f"shape {array.shape}, from {array.min():.6g} to {array.max():.6g}"


MET = (
    "0 meets an infinite slope: write what the function is equal to, log_softmax(z) for"
    " log(softmax(z)), x for exp(log(x)), abs(x) for sqrt(x * x), or keep 0 from it with where"
)
TAKEN = (
    "it takes a 0 that was computed: write log_softmax(z) for log(softmax(z)),"
    " log(det(c * A)) - n * log(c) for log(det(A)), or keep 0 from it with where"
)


def _instead(node: Node, values: tuple[Any, ...], found: Any, *, backwards: bool) -> str:
    """What to write where 0 and infinity met, or are about to."""
    if backwards:
        return MET if np.isnan(found) else ""
    zero = any(x.op is not None and np.any(v == 0) for x, v in zip(node.inputs, values))
    return TAKEN if zero else ""


def raise_if_non_finite(node: Node, data: Any, values: tuple[Any, ...], by: str = "") -> None:
    """NonFiniteError if `data`, made from finite `values`, is not finite.

    `data` is the node's value, or the derivative that its rule for the input `by` gave.
    """
    index = first_non_finite(data)
    if index is None or any(first_non_finite(v) is not None for v in values):
        return
    assert node.op is not None
    array = np.asarray(data)
    inputs = ", ".join(
        f"{x.name or node.op.input_name(i)} = {_element(v, index, array.shape)}"
        for i, (x, v) in enumerate(zip(node.inputs, values))
    )
    where = {"value": array[index], "index": index, "shape": array.shape}
    if by:
        what = tr(
            "the derivative by {name} is {value} at {index} of shape {shape}", name=by, **where
        )
    else:
        what = tr("its value is {value} at {index} of shape {shape}", **where)
    frame = f" in {node.frame}" if node.frame else ""
    # raised without a name of its own: a frame that holds its error would wait for the collector
    raise NonFiniteError(
        f"{node.op.name}{frame}: " + what,
        asked="finite numbers",
        came=tr("from {inputs}", inputs=inputs),
        hint=_instead(node, values, array[index], backwards=bool(by)),
        line=node.where,
    ).of(node.op, node.inputs)


def check_value(node: Node) -> None:
    """Raise NonFiniteError if this node is where a NaN or an infinity was born."""
    if node.op is not None:
        raise_if_non_finite(node, node.data, node.values)


def check_gradient(node: Node, position: int, g: Any) -> None:
    """Raise NonFiniteError if the derivative sent to an input of `node` is the first that is not
    finite."""
    assert node.op is not None
    g = g.data if isinstance(g, Node) else g
    if g is None:
        return
    name = node.inputs[position].name or node.op.input_name(position)
    raise_if_non_finite(node, g, node.values, by=name)


@contextmanager
def debug() -> Iterator[None]:
    """In this block, computation stops where the first NaN or infinity is born, and says where.

    Both ways are watched: values as they are computed, derivatives as they are sent back. Every
    operation also remembers its source line.

    >>> import seegrad as sg
    >>> with sg.debug():
    ...     sg.log(sg.tensor([1.0, 0.0], name="x"))
    Traceback (most recent call last):
    ...
    seegrad.errors.NonFiniteError: log: its value is -inf at (1,) of shape (2,)
      asked: finite numbers
      came: from x = 0
      ...
    """
    with (
        in_mode(locate=True, watch=check_value, watch_gradient=check_gradient),
        np.errstate(all="ignore"),
    ):
        yield
