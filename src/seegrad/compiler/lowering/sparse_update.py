"""Sparse updates: state whose change is 0 but for the rows that an index names is changed there.

`p − c·S`, where S is zeros to which rows were added, leaves every other row as it is, to the last
bit; so does `where(S's row is not all zeros, …, p)`. S keeps its memory from run to run, all zeros
in between: rows are added to it, then each of them updates the state and is cleared; a row that
comes up again finds zeros, and changes nothing.
Works on kernels in their order; which optimizer they come from is not known.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from seegrad.compiler.ir.buffer import Buffer, View
from seegrad.compiler.ir.expression import (
    Apply,
    Expression,
    Literal,
    Load,
    MaskedLoad,
    Reduced,
    every,
    rebuild,
)
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
    if not all(isinstance(k, LoopNest) for k in users) or len(fill.stores) + len(added.stores) != 2:
        return None
    assert isinstance(fill, LoopNest)
    assert isinstance(added, LoopNest)
    assert isinstance(update, LoopNest)
    whole, value = fill.stores[0].view, fill.stores[0].value
    zeros = isinstance(value, Literal) and value.value == 0 and whole.size == buffer.size
    rows = added.stores[0].view
    if not zeros or rows.buffer is not buffer or rows.rows is None or not added.running:
        return None
    space, axis = update.space, rows.rows_axis
    if any(s.view.buffer.role != "state" or s.view.rows is not None for s in update.stores):
        return None
    if len(space) != len(rows.shape) or axis in update.reduced:
        return None
    few = (*rows.shape[:axis], space[axis], *rows.shape[axis + 1 :]) == space \
        and 2 * rows.shape[axis] < space[axis]            # or else all rows are quicker
    sums = [e for e in update.expressions if isinstance(e, Load) and e.view.buffer is buffer]
    there = all(not isinstance(e, MaskedLoad) and e.view.strides == rows.strides
                and e.view.offset == rows.offset for e in sums)  # fmt: skip
    kept = _kept_by_zeros(update, sums) or _asked_for(update, sums, axis)
    return _Sparse(fill, added, update) if few and there and kept else None


def _kept_by_zeros(update: LoopNest, sums: Sequence[Expression]) -> bool:
    """Is the update the state less a multiple of the sums, each read at its own place?"""
    match [store.value for store in update.stores]:
        case [Apply(function="subtract", arguments=(Load() as old, Apply() as change))]:
            pass
        case _:
            return False
    if old.view != update.stores[0].view or change.function != "multiply" or update.reduced:
        return False
    scales = [a for a in change.arguments if a not in sums]
    if len(scales) != 1 or len(sums) != 1:
        return False
    return all(                                           # one number for all elements
        isinstance(e, Literal | Apply)
        or (isinstance(e, Load) and not any(e.view.strides) and e.view.rows is None)
        for e in every(scales)
    )


def _asked_for(update: LoopNest, sums: Sequence[Expression], axis: int) -> bool:
    """Is every state kept, each at its own place, where the sums, or all of a row, are zeros?"""
    for store in update.stores:
        match store.value:
            case Apply(function="where", arguments=(asked, _, Load() as old)):
                pass
            case _:
                return False
        match asked.argument if isinstance(asked, Reduced) and asked.kind == "any" else asked:
            case Apply(function="not_equal", arguments=(some, Literal(value=0))):
                pass
            case _:
                return False
        if some not in sums or old.view != store.view:
            return False
    return all(e.view.rows is None and (e.view.strides[axis] or not any(e.view.strides))
               for e in update.expressions if isinstance(e, Load))  # fmt: skip


def _by_rows(sparse: _Sparse) -> LoopNest:
    """The update of every row that was added to, which is cleared then."""
    update, rows = sparse.update, sparse.rows

    def picked(view: View) -> View:
        index = rows.rows if any(view.strides) else None
        return View(view.buffer, rows.shape, view.strides, view.offset, index, rows.rows_axis)

    values = rebuild(
        [s.value for s in update.stores],
        lambda e: Load(picked(e.view)) if isinstance(e, Load) else None,
    )
    stores = [Store(picked(s.view), value) for s, value in zip(update.stores, values)]
    stores.append(Store(rows, Literal(0, rows.dtype)))
    return LoopNest(update.name, rows.shape, stores, update.nodes, update.reduced,
                    running=frozenset({rows.rows_axis}))  # fmt: skip
