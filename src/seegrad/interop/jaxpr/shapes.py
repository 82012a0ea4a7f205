"""Primitives that move elements: shapes, axes, slices, pads, order."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from seegrad.interop.jaxpr.site import Rule, Site, sizes
from seegrad.ops import shape as moves
from seegrad.ops.arithmetic import negative
from seegrad.ops.indexing import take_along_axis
from seegrad.ops.scan_sort import argsort
from seegrad.ops.scan_sort import sort as sorted_along


def _broadcast(site: Site, xs: list[Any]) -> Any:
    x, shape = xs[0], sizes(site["shape"])
    ones = [1] * len(shape)
    for axis, at in enumerate(site["broadcast_dimensions"]):
        ones[at] = x.shape[axis]
    if tuple(ones) != tuple(x.shape):
        x = moves.reshape(x, shape=tuple(ones))
    return x if tuple(x.shape) == shape else moves.broadcast_to(x, shape=shape)


def _reshape(site: Site, xs: list[Any]) -> Any:
    if site.params.get("dimensions") is not None:
        raise site.refuse("dimensions")
    return moves.reshape(xs[0], shape=sizes(site["new_sizes"]))


def _transpose(site: Site, xs: list[Any]) -> Any:
    return moves.transpose(xs[0], axes=sizes(site["permutation"]))


def _slice(site: Site, xs: list[Any]) -> Any:
    starts, ends = sizes(site["start_indices"]), sizes(site["limit_indices"])
    steps = sizes(site["strides"] or (1,) * len(starts))
    index = tuple((a, -(-(b - a) // s), s) for a, b, s in zip(starts, ends, steps))
    return moves.strided_slice(xs[0], index=index)


def _split(site: Site, xs: list[Any]) -> Any:
    axis, start, parts = int(site["axis"]), 0, []
    for size in sizes(site["sizes"]):
        parts.append(moves.part(xs[0], axis, start, size))
        start += size
    return parts


def interior(x: Any, gaps: tuple[int, ...], value: Any) -> Any:
    """x with `gaps` more elements between its own along each axis."""
    if not any(gaps) or not math.prod(x.shape):
        return x
    whole = tuple(max(n + (n - 1) * gap, 0) for n, gap in zip(x.shape, gaps))
    index = tuple((0, n, gap + 1) for n, gap in zip(x.shape, gaps))
    spread = moves.slice_scatter(x, index=index, shape=whole)
    if value is None:
        return spread
    between = np.ones(whole, x.dtype)
    between[tuple(slice(None, None, gap + 1) for gap in gaps)] = 0
    return spread + value * between


def widened(x: Any, widths: Any, value: Any) -> Any:
    """x with `widths` (before, after) of `value` around it; a negative width cuts."""
    cut = tuple(
        (max(0, -a), n - max(0, -a) - max(0, -b), 1) for n, (a, b) in zip(x.shape, widths)
    )
    if any((a, n) != (0, m) for (a, n, _), m in zip(cut, x.shape)):
        x = moves.strided_slice(x, index=cut)
    wide = tuple((max(0, a), max(0, b)) for a, b in widths)
    if not any(a or b for a, b in wide):
        return x
    if isinstance(value, (int, float)):
        return moves.pad(x, widths=wide, value=value)
    outside = np.ones(x.shape, x.dtype)
    outside = np.pad(outside * 0, wide, constant_values=1)
    return moves.pad(x, widths=wide, value=0) + value * outside


def _pad(site: Site, xs: list[Any]) -> Any:
    x, value = xs
    config = [sizes(row) for row in site["padding_config"]]
    filled = value.item() if isinstance(value, (np.ndarray, np.generic)) else value
    gaps = tuple(gap for _, _, gap in config)
    x = interior(x, gaps, None if isinstance(filled, (int, float)) and filled == 0 else value)
    return widened(x, [(a, b) for a, b, _ in config], filled)


def _iota(site: Site, xs: list[Any]) -> Any:
    shape, axis = sizes(site["shape"]), int(site["dimension"])
    ones = [-1 if i == axis else 1 for i in range(len(shape))]
    row = np.arange(shape[axis], dtype=site.out.dtype).reshape(ones)
    return np.ascontiguousarray(np.broadcast_to(row, shape))


def _sort(site: Site, xs: list[Any]) -> Any:
    axis, keys = int(site["dimension"]), int(site["num_keys"])
    if len(xs) == 1:
        return [sorted_along(xs[0], axis=axis)]
    order = argsort(xs[keys - 1], axis=axis)
    for key in reversed(xs[: keys - 1]):                 # stable: the first key last
        again = argsort(take_along_axis(key, order, axis=axis), axis=axis)
        order = take_along_axis(order, again, axis=axis)
    return [take_along_axis(x, order, axis=axis) for x in xs]


def _top(site: Site, xs: list[Any]) -> Any:
    x, count = xs[0], int(site["k"])
    axis = int(site.params.get("axis", -1)) % len(x.shape)
    if x.dtype.kind in "ub":
        raise site.refuse(f"dtype {x.dtype}")
    order = moves.part(argsort(negative(x), axis=axis), axis, 0, count)
    return [take_along_axis(x, order, axis=axis), order]


def _unstack(site: Site, xs: list[Any]) -> Any:
    axis = int(site["axis"])
    slices = (moves.part(xs[0], axis, i, 1) for i in range(len(site.outputs)))
    return [moves.squeeze(x, axis=axis) for x in slices]


def _empty(site: Site, xs: list[Any]) -> Any:
    return np.zeros(site.out.shape, site.out.dtype)


RULES: dict[str, Rule] = {
    "stack": lambda site, xs: moves.stack(*xs, axis=int(site["axis"])), "unstack": _unstack,
    "tile": lambda site, xs: moves.tile(xs[0], reps=sizes(site["reps"])), "empty": _empty,
    "broadcast_in_dim": _broadcast, "reshape": _reshape, "transpose": _transpose,
    "squeeze": lambda site, xs: moves.squeeze(xs[0], axis=sizes(site["dimensions"])),
    "expand_dims": lambda site, xs: moves.expand_dims(xs[0], axis=sizes(site["dimensions"])),
    "rev": lambda site, xs: moves.flip(xs[0], axis=sizes(site["dimensions"])),
    "concatenate": lambda site, xs: moves.concatenate(*xs, axis=int(site["dimension"])),
    "slice": _slice, "split": _split, "pad": _pad, "iota": _iota, "sort": _sort, "top_k": _top,
}  # fmt: skip
