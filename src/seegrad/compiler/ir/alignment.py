"""Where memory begins: arrays aligned to cache lines and pages."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

Array = np.ndarray[Any, Any]
LINE, PAGE = 64, 4096
PAGED = 1 << 20
"""Arrays of so many bytes begin with a page."""


def aligned(shape: tuple[int, ...], dtype: Any, order: tuple[int, ...] = ()) -> Array:
    """An array whose memory begins at a cache line; its axes lie in memory in `order`.

    A large one begins with a page. Processors tell addresses apart by their place in the page at
    first: a load just behind an older store there, of any page, waits for it, so that nothing
    overlaps. NumPy's large arrays begin 16 bytes into a page; one walked through beside ours
    would always be caught, if ours began a line further on.

    Its base is an array of bytes that every view of it refers to, so that holders can be counted.
    """
    dtype = np.dtype(dtype)
    size = max(1, math.prod(shape)) * dtype.itemsize
    step = _grain(size)
    root = np.zeros(size + step, np.uint8)   # NumPy asks the system for huge pages
    skip = -root.ctypes.data % step
    return laid(root[skip : skip + size], shape, dtype, order)


def _grain(nbytes: int) -> int:
    """What the place of so many bytes is a multiple of."""
    return PAGE if nbytes >= PAGED else LINE


def up_to_grain(place: int, nbytes: int) -> int:
    """The first place from here on at which so many bytes may begin."""
    return -(-place // _grain(nbytes)) * _grain(nbytes)


def laid(memory: Array, shape: tuple[int, ...], dtype: Any, order: tuple[int, ...] = ()) -> Array:
    """The first of these bytes as an array; its axes lie in memory in `order`."""
    flat = memory[: math.prod(shape) * np.dtype(dtype).itemsize].view(dtype)
    order = order or tuple(range(len(shape)))
    made = flat.reshape([shape[i] for i in order])
    turned: Array = made.transpose([order.index(i) for i in range(len(shape))])
    return turned


def pointer(array: Array) -> int:
    """Where the array's memory begins."""
    address: int = array.__array_interface__["data"][0]
    return address
