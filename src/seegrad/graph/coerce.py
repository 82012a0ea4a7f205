"""Numbers, lists and arrays as an op takes them: constants of a graph, or arrays of numbers."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from seegrad.errors import DTypeError
from seegrad.graph.node import Node, holds_node, native, snapshot
from seegrad.graph.op import Op
from seegrad.graph.op_errors import unsupported_input_error
from seegrad.graph.spec import NO_ATTRS
from seegrad.i18n import tr

NUMBERS = "fiub"
"""The kinds of dtype that values may have: floating-point, integer, unsigned, boolean."""

SINGLE = frozenset({np.float64, np.float32, np.bool})
PLAIN = SINGLE | {int, float, bool}
"""Types of single numbers that need no look; those of NumPy have a dtype."""


def constant(op: Op, position: int, value: Any, like: Sequence[Any], cls: type[Node]) -> Node:
    """A leaf for a number or array that joins the graph as the input at `position` of `op`.

    A Python number takes the dtype that NumPy would give it beside `like` (its partners).
    """
    # beside whole numbers alone a Python number takes their dtype, as an index it has its own
    integer = position in op.integer_positions and len(op.integer_positions) != op.arity
    kind = type(value)
    if (kind is float or kind is int) and len(like) == 1 and like[0].dtype.kind == "f":
        data = like[0].dtype.type(value)
    elif isinstance(value, (list, tuple)) and holds_node(value):
        return numbers(op, position, value)  # type: ignore[no-any-return]
    elif integer:
        data = snapshot(numbers(op, position, value))
        if data.dtype.kind not in "iu":
            raise DTypeError(
                f"{op.name}: " + tr("{name} must be integers", name=op.input_name(position)),
                came=f"dtype {data.dtype}",
            )
    elif kind in (int, float, bool):
        try:
            data = np.result_type(*[x.dtype for x in like], value).type(value)
        except OverflowError:
            dtype = np.result_type(*[x.dtype for x in like])
            raise DTypeError(
                f"{op.name}: "
                + tr("Python integer {value} out of bounds for {dtype}", value=value, dtype=dtype),
                asked="a number that fits the dtype beside it",
                came=f"{value!r}",
            ) from None
    else:
        data = snapshot(numbers(op, position, value))
    return cls(None, (), NO_ATTRS, (), data, False)


def numbers(op: Op, position: int, value: Any) -> Any:
    """`value` as an array of numbers; DTypeError for text, objects, complex numbers, dates.

    A (nested) list with nodes in it is joined into a node, so that no derivative is lost.
    """
    if type(value) is np.ndarray and value.dtype.kind in NUMBERS:
        return native(value)
    if isinstance(value, (list, tuple)) and holds_node(value):
        return Node.makes.joined(value)
    name = op.input_name(position)
    try:
        array = value if isinstance(value, (Node, np.generic)) else np.asarray(value)
    except (TypeError, ValueError):
        raise DTypeError(
            f"{op.name}: " + tr("{name} is not an array of numbers", name=name),
            asked="numbers, or nested lists of numbers with equal lengths",
            came=tr("a {kind} with parts of different lengths", kind=type(value).__name__),
        ) from None
    if array.dtype.kind not in NUMBERS or isinstance(value, np.ma.MaskedArray):
        raise unsupported_input_error(op, name, value, array.dtype)
    return native(array)
