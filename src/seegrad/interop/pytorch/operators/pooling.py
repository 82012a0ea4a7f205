"""ATen's pooling: windows of one size, and windows of as many places as are asked for."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from seegrad.interop.pytorch.operators.reader import reads
from seegrad.ops import (
    arithmetic,
    index_update,
    indexing,
    linalg,
    norms,
    pooling,
    reduce,
    shape,
    window,
)

Widths = tuple[tuple[int, int], ...]


def _each(values: Any, count: int) -> tuple[int, ...]:
    several = (values,) if isinstance(values, int) else tuple(values)
    return several if len(several) == count else several * count


def _batched(count: int, x: Any, pool: Callable[[Any], Any]) -> Any:
    """`pool` of x (N, C, …), or of one example (C, …) alone."""
    if len(x.shape) == count + 2:
        return pool(x)
    found = pool(shape.expand_dims(x, axis=0))
    if isinstance(found, tuple):
        return tuple(shape.squeeze(each, axis=0) for each in found)
    return shape.squeeze(found, axis=0)


def _around(
    lengths: Sequence[int], size: Sequence[int], steps: Sequence[int], padding: Sequence[int],
    dilation: Sequence[int], ceil: bool,
) -> Widths:  # fmt: skip
    """The padding of each axis; with `ceil` a last window that begins within is whole."""
    found = []
    for n, k, s, p, d in zip(lengths, size, steps, padding, dilation):
        reach = (k - 1) * d + 1
        spare = n + 2 * p - reach
        count = (-(-spare // s) if ceil else spare // s) + 1
        if ceil and (count - 1) * s >= n + p:
            count -= 1
        found.append((p, max((count - 1) * s + reach - n - p, p if not ceil else 0)))
    return tuple(found)


# --------------------------------------------------------------- the largest


def _max_pool(
    x: Any, count: int, kernel_size: Any, stride: Any, padding: Any, dilation: Any, ceil: bool
) -> Any:
    size, apart = _each(kernel_size, count), _each(dilation, count)
    steps = _each(stride, count) if stride else size

    def pool(x: Any) -> Any:
        around = _around(x.shape[2:], size, steps, _each(padding, count), apart, ceil)
        if ceil and any(2 * max(p) > k for p, k in zip(around, size)):
            low = -math.inf if x.dtype.kind == "f" else np.iinfo(x.dtype).min
            x, around = shape.pad(x, widths=((0, 0), (0, 0), *around), value=low), ((0, 0),) * count
        return pooling.max_pool(x, size=size, steps=steps, padding=around, dilation=apart)

    return _batched(count, x, pool)


def _max_pool_places(
    x: Any, count: int, kernel_size: Any, stride: Any, padding: Any, dilation: Any, ceil: bool
) -> Any:
    """The largest of each window and where in the picture it lies, which gets the derivative."""
    size, apart = _each(kernel_size, count), _each(dilation, count)
    steps = _each(stride, count) if stride else size

    def pool(x: Any) -> Any:
        around = _around(x.shape[2:], size, steps, _each(padding, count), apart, ceil)
        widths = ((0, 0), (0, 0), *around)
        low = -math.inf if x.dtype.kind == "f" else np.iinfo(x.dtype).min
        whole = shape.pad(x, widths=widths, value=low) if any(map(any, around)) else x
        seen = window.unfold(whole, size=size, steps=steps, dilation=apart)
        places = tuple(seen.shape[2 + count :])
        rows = (*x.shape[:2], math.prod(size), math.prod(places))
        best = reduce.argmax(shape.reshape(seen, shape=rows), axis=2, keepdims=True)
        own = np.arange(math.prod(x.shape[2:])).reshape(1, 1, *x.shape[2:])
        marked = window.unfold(
            np.pad(own, widths), size=size, steps=steps, dilation=apart
        ).reshape(1, 1, *rows[2:])
        where = indexing.take_along_axis(
            np.broadcast_to(marked, rows), best, axis=2
        )
        where = shape.reshape(where, shape=(*rows[:2], rows[3]))
        flat = shape.reshape(x, shape=(*rows[:2], -1))
        out = (*rows[:2], *places)
        found = indexing.take_along_axis(flat, where, axis=2)
        return shape.reshape(found, shape=out), shape.reshape(where, shape=out)

    return _batched(count, x, pool)


def _read_max(count: int) -> None:
    def pool(
        self: Any, kernel_size: Any, stride: Any = (), padding: Any = 0, dilation: Any = 1,
        ceil_mode: bool = False,
    ) -> Any:  # fmt: skip
        return _max_pool(self, count, kernel_size, stride, padding, dilation, ceil_mode)

    def places(
        self: Any, kernel_size: Any, stride: Any = (), padding: Any = 0, dilation: Any = 1,
        ceil_mode: bool = False,
    ) -> Any:  # fmt: skip
        return _max_pool_places(self, count, kernel_size, stride, padding, dilation, ceil_mode)

    reads(f"max_pool{count}d")(pool)
    reads(f"max_pool{count}d_with_indices")(places)


# --------------------------------------------------------------- the mean


def _avg_pool(
    x: Any, count: int, kernel_size: Any, stride: Any, padding: Any, ceil: bool, padded: bool,
    divisor: int | None,
) -> Any:  # fmt: skip
    size, one = _each(kernel_size, count), (1,) * count
    steps = _each(stride, count) if stride else size
    width = _each(padding, count)

    def pool(x: Any) -> Any:
        around = _around(x.shape[2:], size, steps, width, one, ceil)
        if not ceil and divisor is None:
            return pooling.average_pool(
                x, size=size, steps=steps, padding=around, count_padding=padded
            )
        whole = shape.pad(x, widths=((0, 0), (0, 0), *around)) if any(map(any, around)) else x
        total = pooling.average_pool(whole, size=size, steps=steps) * math.prod(size)
        if divisor is not None:
            return total / divisor
        counts: Any = np.ones((), x.dtype)
        for axis, (n, k, s, p) in enumerate(zip(x.shape[2:], size, steps, width)):
            first = np.arange(total.shape[2 + axis]) * s - p
            last = np.minimum(first + k, n + p)
            if not padded:
                first, last = np.maximum(first, 0), np.minimum(last, n)
            counts = np.multiply.outer(counts, (last - first).astype(x.dtype))
        return total / counts

    return _batched(count, x, pool)


def _read_mean(count: int) -> None:
    def pool(
        self: Any, kernel_size: Any, stride: Any = (), padding: Any = 0, ceil_mode: bool = False,
        count_include_pad: bool = True, divisor_override: int | None = None,
    ) -> Any:  # fmt: skip
        return _avg_pool(
            self, count, kernel_size, stride, padding, ceil_mode, count_include_pad,
            divisor_override,
        )  # fmt: skip

    reads(f"avg_pool{count}d")(pool)


# --------------------------------------------------------------- as many places as asked for


def _reaches(n: int, places: int) -> list[tuple[int, int]]:
    """From where to where each of `places` windows over n elements reaches."""
    return [(i * n // places, -(-(i + 1) * n // places)) for i in range(places)]


def _adaptive_mean(x: Any, count: int, output_size: Any) -> Any:
    wanted = [n if m is None else m for n, m in zip(x.shape[-count:], _each(output_size, count))]
    if all(m == 1 for m in wanted):
        return reduce.mean(x, axis=tuple(range(-count, 0)), keepdims=True)
    for axis, places in zip(range(-count, 0), wanted):
        n = x.shape[axis]
        shares = np.zeros((n, places), x.dtype)
        for i, (first, last) in enumerate(_reaches(n, places)):
            shares[first:last, i] = 1 / (last - first)
        if n == places:
            continue
        turned = linalg.matmul(shape.swapaxes(x, axis1=axis, axis2=-1), shares)
        x = shape.swapaxes(turned, axis1=axis, axis2=-1)
    return x


def _adaptive_max(x: Any, count: int, output_size: Any) -> Any:
    """The largest of each window, and its place in the picture."""
    wanted = [n if m is None else m for n, m in zip(x.shape[-count:], _each(output_size, count))]
    head, lengths = tuple(x.shape[:-count]), tuple(x.shape[-count:])
    windows: Any = np.zeros((1, 1), np.int64)
    for n, places in zip(lengths, wanted):
        reaches = _reaches(n, places)
        most = max((last - first for first, last in reaches), default=1)
        along = np.array([[min(f + i, e - 1) for i in range(most)] for f, e in reaches])
        windows = windows[:, None, :, None] * n + along[None, :, None, :]
        windows = windows.reshape(windows.shape[0] * places, -1)
    flat = shape.reshape(x, shape=(*head, -1))
    seen = indexing.take(flat, windows, axis=len(head))
    best = reduce.argmax(seen, axis=-1, keepdims=True)
    where = indexing.take_along_axis(np.broadcast_to(windows, tuple(seen.shape)), best, axis=-1)
    where = shape.squeeze(where, axis=-1)
    found = indexing.take_along_axis(flat, where, axis=len(head))
    out = (*head, *wanted)
    return shape.reshape(found, shape=out), shape.reshape(where, shape=out)


def _read_adaptive(count: int) -> None:
    def mean(self: Any, output_size: Any) -> Any:
        return _adaptive_mean(self, count, output_size)

    def most(self: Any, output_size: Any) -> Any:
        return _adaptive_max(self, count, output_size)

    reads(f"adaptive_avg_pool{count}d", f"_adaptive_avg_pool{count}d")(mean)
    reads(f"adaptive_max_pool{count}d")(most)


for _count in (1, 2, 3):
    _read_max(_count)
    _read_mean(_count)
    _read_adaptive(_count)


@reads("max_unpool2d", "max_unpool3d")
def max_unpool(
    self: Any, indices: Any, output_size: Sequence[int], stride: Any = None, padding: Any = None
) -> Any:
    count = len(output_size)
    head = tuple(self.shape[:-count])
    flat = shape.reshape(self, shape=(*head, -1))
    places = shape.reshape(indices, shape=(*head, -1))
    rows = math.prod(head)
    at = shape.reshape(places, shape=(rows, -1)), shape.reshape(flat, shape=(rows, -1))
    empty = np.zeros((rows, math.prod(output_size)), self.dtype)
    found = index_update.At(empty)[np.arange(rows)[:, None], at[0]].set(at[1])
    # a place named twice keeps the last value, and PyTorch gives the derivative to both
    total = indexing.add_along_axis(at[1], at[0], axis=1, shape=tuple(empty.shape))
    found = total + arithmetic.stop_gradient(found - total)
    return shape.reshape(found, shape=(*head, *output_size))


@reads("im2col")
def im2col(
    self: Any, kernel_size: Any, dilation: Any, padding: Any, stride: Any
) -> Any:  # fmt: skip
    def columns(x: Any) -> Any:
        around = tuple((p, p) for p in _each(padding, 2))
        whole = shape.pad(x, widths=((0, 0), (0, 0), *around)) if any(map(any, around)) else x
        size = _each(kernel_size, 2)
        seen = window.unfold(
            whole, size=size, steps=_each(stride, 2), dilation=_each(dilation, 2)
        )
        rows = x.shape[1] * math.prod(size)
        return shape.reshape(seen, shape=(x.shape[0], rows, math.prod(seen.shape[4:])))

    return _batched(2, self, columns)


@reads("col2im")
def col2im(
    self: Any, output_size: Any, kernel_size: Any, dilation: Any, padding: Any, stride: Any
) -> Any:
    size, steps, apart = _each(kernel_size, 2), _each(stride, 2), _each(dilation, 2)
    width, lengths = _each(padding, 2), _each(output_size, 2)
    x = shape.expand_dims(self, axis=0) if len(self.shape) == 2 else self
    whole = tuple(n + 2 * p for n, p in zip(lengths, width))
    places = [(n - (k - 1) * d - 1) // s + 1 for n, k, d, s in zip(whole, size, apart, steps)]
    channels = x.shape[1] // math.prod(size)
    seen = shape.reshape(x, shape=(x.shape[0], channels, *size, *places))
    found = window.overlap_add(seen, shape=whole, steps=steps, dilation=apart)
    inner = [slice(p, p + n) for p, n in zip(width, lengths)]
    found = shape.cut_by(found, [slice(None), slice(None), *inner])
    return shape.squeeze(found, axis=0) if len(self.shape) == 2 else found


@reads("_pdist_forward", "pdist")
def pdist(self: Any, p: float = 2) -> Any:
    first, second = np.triu_indices(self.shape[0], 1)
    apart = indexing.take(self, first, axis=0) - indexing.take(self, second, axis=0)
    return _length(apart, p)


@reads("cdist", "_cdist_forward", "_euclidean_dist")
def cdist(x1: Any, x2: Any, p: float = 2) -> Any:
    return _length(shape.expand_dims(x1, axis=-2) - shape.expand_dims(x2, axis=-3), p)


@reads("pairwise_distance")
def pairwise_distance(
    x1: Any, x2: Any, p: float = 2, eps: float = 1e-6, keepdim: bool = False
) -> Any:
    return _length(x1 - x2 + eps, p, keepdim)


def _length(x: Any, p: float, keepdim: bool = False) -> Any:
    return norms.vector_norm(x, ord=p, axis=-1, keepdims=keepdim)
