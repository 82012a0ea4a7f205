"""State that is kept from call to call: the memory of a leaf, and what the leaf shows of it.

The rule: arrays that graphs hold never change. A program may write into the array that a leaf
shows only while nobody else holds that array, or a view of it; else it takes a fresh one.
"""

from __future__ import annotations

from collections.abc import Iterable
from sys import getrefcount
from typing import Any

import numpy as np

from seegrad.compiler.ir.alignment import aligned, pointer
from seegrad.compiler.ir.buffer import Buffer
from seegrad.graph.node import Node


class Slot:
    """The memory of one leaf's state, and what the leaf shows of it."""

    def __init__(self, leaf: Node, buffer: Buffer, assigned: bool) -> None:
        self.leaf, self.buffer, self.assigned = leaf, buffer, assigned
        self.scalar = not buffer.shape
        self.written = assigned and not self.scalar
        self.view: Any = None
        self.write: Any = None
        self.shown: Any = None
        self.straight: Any = None                 # in C order what has lain here since
        item = buffer.dtype.itemsize
        self.strides = tuple(s * item for s in buffer.strides)

    def take_in(self) -> int:
        """Have the leaf's value in memory of ours; gives its address."""
        data = self.leaf.data
        if self.scalar:
            if self.view is None:
                self.view = aligned((), self.buffer.dtype)
            self.view[()] = data
            self.shown = data
            return pointer(self.view)
        copied, self.straight = data is self.straight, None
        if copied and self._back():
            return pointer(self.view)
        if not self.assigned and self._fits(data):
            self.shown = self.view = data
            return pointer(data)
        return self._fresh(data)

    def _back(self) -> bool:
        """The leaf shows a copy of what lies here: whether it can show this itself again."""
        self.leaf.data = self.shown
        return not moved((self,))

    def _fits(self, data: Any) -> bool:
        strides = [s for s, n in zip(data.strides, data.shape) if n > 1]
        wanted = [s for s, n in zip(self.strides, data.shape) if n > 1]
        return strides == wanted and data.flags.aligned

    def _fresh(self, data: Any) -> int:
        made = aligned(self.buffer.shape, self.buffer.dtype, self.buffer.order)
        np.copyto(made, data)
        self.write = self.view = made
        shown = made.view()
        shown.flags.writeable = False
        self.shown = shown
        if self.assigned:
            self.leaf.data = shown
        else:
            self.shown = data
        return pointer(made)

    def show(self) -> None:
        """After the program wrote: what a leaf of a single number shows is made anew."""
        if self.scalar and self.assigned:
            self.shown = self.leaf.data = self.view[()]

    def straighten(self) -> None:
        """Have the leaf show its value in C order again: NumPy's last bits depend on it."""
        if self.assigned and self.leaf.data is self.shown and not _in_c_order(self.buffer.order):
            straight = aligned(self.buffer.shape, self.buffer.dtype)
            np.copyto(straight, self.shown)
            straight.flags.writeable = False
            self.leaf.data = self.straight = straight


def moved(slots: Iterable[Slot]) -> list[Slot]:
    """The slots whose leaf shows something else by now, or shows the slot's memory where it may not
    be written in place: not only the leaf and the slot hold the array, or somebody has a view."""
    # Held by: slot.shown, leaf.data, the argument. The bytes: by slot.write and slot.shown as
    # their base, and the argument.
    return [
        slot for slot in slots
        if slot.leaf.data is not slot.shown or slot.straight is not None
        or (slot.written and (getrefcount(slot.shown) > 3 or getrefcount(slot.shown.base) > 4))
    ]  # fmt: skip


def _in_c_order(order: tuple[int, ...]) -> bool:
    return order == tuple(range(len(order)))
