"""What runs without native code: calls of a node's own NumPy function, copies and fills.

Everything is done on the arrays that an executable holds for its buffers, a step at a time.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from seegrad.compiler.ir.alignment import Array
from seegrad.compiler.ir.buffer import Buffer, View, array_of
from seegrad.compiler.ir.expression import Apply, Literal, Load
from seegrad.compiler.ir.kernel import Kernel, NumpyCall
from seegrad.graph.op_errors import explained

Arrays = Mapping[Buffer, Array]


def run(kernel: Kernel, arrays: Arrays, step: int) -> None:
    """One kernel by NumPy, for one step."""
    if isinstance(kernel, NumpyCall):
        _call(kernel, arrays, step)
    else:
        _move(kernel, arrays, step)


def array_at(view: View, arrays: Arrays, step: int) -> Array:
    """The view as an array, for the step at hand."""
    array = arrays[view.buffer]
    if view.buffer.steps:
        array = array[step : step + 1].reshape(view.buffer.shape)
    if view.buffer.shape:
        array = array.transpose(view.buffer.order)
    return array_of(view, array.reshape(-1))


def _move(kernel: Kernel, arrays: Arrays, step: int) -> None:
    """A copy or a fill, where there is no native code."""
    for store in kernel.stores:
        value, target = store.value, array_at(store.view, arrays, step)
        while isinstance(value, Apply) and value.function == "cast":
            value = value.arguments[0]
        if isinstance(value, Literal):
            target[...] = value.value
            continue
        assert isinstance(value, Load)
        target[...] = _picked(value.view, arrays, step)


def _picked(view: View, arrays: Arrays, step: int) -> Array:
    """The view as an array; rows that an index picks are copied."""
    if view.rows is None:
        return array_at(view, arrays, step)
    rows, axis = array_at(view.rows, arrays, step), view.rows_axis
    rows = np.where(rows < 0, rows + view.rows.wraps, rows)
    most = int(rows.max(initial=0)) + 1
    shape = (*view.shape[:axis], most, *view.shape[axis + 1 :])
    whole = View(view.buffer, shape, view.strides, view.offset)
    taken: Array = np.take(array_at(whole, arrays, step), rows, axis=axis)
    return taken


def _call(kernel: NumpyCall, arrays: Arrays, step: int) -> None:
    """A node's own NumPy function."""
    (node,) = kernel.nodes
    assert node.op is not None
    given = []
    for view in kernel.inputs:
        array = array_at(view, arrays, step)
        array.flags.writeable = False
        given.append(array[()] if array.ndim == 0 else array)
    try:
        with np.errstate(all="ignore"):
            result = node.op.forward(*given, **node.attrs)
    except Exception as error:
        raise explained(node.op, given, node.attrs, error) from error
    array_at(kernel.output, arrays, step)[...] = result
