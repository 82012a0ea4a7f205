"""Sparse updates: state whose change is 0 but for the rows that an index names is changed there.

`p − c·S`, where S is zeros to which rows were added, leaves every other row as it is, to the last
bit. S keeps its memory from run to run, all zeros in between: rows are added to it, then each of
them updates the state and is cleared; a row that comes up again finds zeros, and changes nothing.
Works on kernels in their order; which optimizer they come from is not known.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from seegrad.compiler.ir.buffer import Buffer, View
from seegrad.compiler.ir.expression import Apply, Literal, Load, MaskedLoad, every, rebuild
from seegrad.compiler.ir.kernel import Kernel, LoopNest, NumpyCall, Store


@dataclass(frozen=True)
class _Sparse:
    """The three kernels: zeros, rows added to them, the update of some state."""

    fill: LoopNest
    added: LoopNest
    update: LoopNest

    @property
    def rows(self) -> View:
        """The rows that are added to."""
        return self.added.stores[0].view


def sparse_updates(
    kernels: Sequence[Kernel], constants: dict[Buffer, np.ndarray[Any, Any]]
) -> list[Kernel]:
    """The kernels, with updates by rows where that gives the same bits.

    Not where a call of NumPy could end a run in between, with sums that are not cleared.
    """
    found = list(kernels)
    if any(isinstance(k, NumpyCall) for k in kernels):
        return found
    users: dict[Buffer, list[Kernel]] = {}
    for kernel in kernels:
        for buffer in {v.buffer for v in (*kernel.writes(), *kernel.reads())}:
            users.setdefault(buffer, []).append(kernel)
    for buffer, three in users.items():
        sparse = _sparse(buffer, three)
        if sparse is None:
            continue
        found.remove(sparse.fill)
        found[found.index(sparse.update)] = _by_rows(sparse)
        buffer.role = "constant"                          # kept, and zeros again after every run
        constants[buffer] = np.zeros(buffer.shape, buffer.dtype)
    return found


def _sparse(buffer: Buffer, users: Sequence[Kernel]) -> _Sparse | None:
    if buffer.role != "temporary" or len(users) != 3:
        return None
    fill, added, update = users
    if not all(isinstance(k, LoopNest) and len(k.stores) == 1 for k in users):
        return None
    assert isinstance(fill, LoopNest)
    assert isinstance(added, LoopNest)
    assert isinstance(update, LoopNest)
    whole, value = fill.stores[0].view, fill.stores[0].value
    zeros = isinstance(value, Literal) and value.value == 0 and whole.size == buffer.size
    rows = added.stores[0].view
    if not zeros or rows.buffer is not buffer or rows.rows is None or not added.running:
        return None
    target, axis = update.stores[0].view, rows.rows_axis
    if target.buffer.role != "state" or target.rows is not None or update.reduced:
        return None
    if len(target.shape) != len(rows.shape):
        return None
    few = (*rows.shape[:axis], target.shape[axis], *rows.shape[axis + 1 :]) == target.shape \
        and 2 * rows.shape[axis] < target.shape[axis]     # or else all rows are quicker
    if not few or not _kept_by_zeros(update, buffer, rows):
        return None
    return _Sparse(fill, added, update)


def _kept_by_zeros(update: LoopNest, buffer: Buffer, rows: View) -> bool:
    """Is the update the state less a multiple of the sums, each read at its own place?"""
    store = update.stores[0]
    match store.value:
        case Apply(function="subtract", arguments=(Load() as old, Apply() as change)):
            pass
        case _:
            return False
    if old.view != store.view or change.function != "multiply":
        return False
    sums = [a for a in change.arguments if isinstance(a, Load) and a.view.buffer is buffer]
    scales = [a for a in change.arguments if a not in sums]
    if len(sums) != 1 or len(scales) != 1 or any(isinstance(e, MaskedLoad) for e in sums):
        return False
    if sums[0].view.strides != rows.strides or sums[0].view.offset != rows.offset:
        return False
    return all(                                           # one number for all elements
        isinstance(e, Literal | Apply)
        or (isinstance(e, Load) and not any(e.view.strides) and e.view.rows is None)
        for e in every(scales)
    )


def _by_rows(sparse: _Sparse) -> LoopNest:
    """The update of every row that was added to, which is cleared then."""
    update, rows = sparse.update, sparse.rows
    store = update.stores[0]

    def picked(view: View) -> View:
        index = rows.rows if any(view.strides) else None
        return View(view.buffer, rows.shape, view.strides, view.offset, index, rows.rows_axis)

    (value,) = rebuild(
        [store.value], lambda e: Load(picked(e.view)) if isinstance(e, Load) else None
    )
    stores = [Store(picked(store.view), value), Store(rows, Literal(0, rows.dtype))]
    running = frozenset({rows.rows_axis})
    return LoopNest(update.name, rows.shape, stores, update.nodes, running=running)
