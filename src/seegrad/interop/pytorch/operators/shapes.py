"""ATen's operations that change shapes, cut and join, and those that make arrays."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from seegrad.interop.pytorch.operators.reader import as_dtype, axis_of, known, number, reads, table
from seegrad.ops import compare, indexing, linalg, resize, shape, transcendental
from seegrad.tensor import numpy_functions
from seegrad.tensor.pytorch import names

END = 2**62

# --------------------------------------------------------------- shapes


@reads("expand", "broadcast_to")
def expand(self: Any, size: Sequence[int]) -> Any:
    own = (1,) * (len(size) - len(self.shape)) + tuple(self.shape)
    return shape.broadcast_to(self, shape=tuple(n if s == -1 else s for s, n in zip(size, own)))


@reads("broadcast_tensors")
def broadcast_tensors(tensors: Sequence[Any]) -> Any:
    common = np.broadcast_shapes(*[tuple(x.shape) for x in tensors])
    return [shape.broadcast_to(x, shape=common) for x in tensors]


table({
    "expand_as": lambda self, other: shape.broadcast_to(self, shape=tuple(other.shape)),
    "view_as reshape_as": lambda self, other: shape.reshape(self, shape=tuple(other.shape)),
    "ravel": lambda self: shape.reshape(self, shape=(-1,)),
    "t numpy_T mT adjoint mH matrix_H": lambda self: (
        self if len(self.shape) < 2 else shape.matrix_transpose(self)
    ),
    "repeat": lambda self, repeats: shape.tile(self, reps=tuple(repeats)),
    "tile": lambda self, dims: shape.tile(self, reps=tuple(dims) or (1,)),
    "repeat_interleave.self_int": lambda self, repeats, dim=None: (
        shape.repeat(self, repeats=repeats, axis=dim)
    ),
    "unflatten.int": lambda self, dim, sizes: names.unflatten(self, dim, sizes),
    "rot90": lambda self, k=1, dims=(0, 1): numpy_functions.rot90(self, k, dims),
    "repeat_interleave.self_Tensor": lambda self, repeats, dim=None: (
        shape.repeat(self, repeats=known(repeats, "repeats"), axis=dim)
    ),
    "diag_embed": lambda self, offset=0, dim1=-2, dim2=-1: (
        names.diag_embed(self, offset, dim1, dim2)
    ),
    "meshgrid meshgrid.indexing": lambda tensors, indexing="ij": (
        numpy_functions.meshgrid(*tensors, indexing=indexing)
    ),
    "tensor_split.sections": lambda self, sections, dim=0: (
        numpy_functions.array_split(self, sections, dim)
    ),
    "tensor_split.indices": lambda self, indices, dim=0: shape.split(self, list(indices), dim),
})


@reads("flatten.using_ints")
def flatten(self: Any, start_dim: int = 0, end_dim: int = -1) -> Any:
    ndim = len(self.shape)
    if not ndim:
        return shape.reshape(self, shape=(1,))
    first, last = axis_of(start_dim, ndim), axis_of(end_dim, ndim)
    sizes = tuple(self.shape)
    middle = math.prod(sizes[first : last + 1])
    return shape.reshape(self, shape=(*sizes[:first], middle, *sizes[last + 1 :]))


@reads("squeeze.dim", "squeeze.dims")
def squeeze(self: Any, dim: Any) -> Any:
    axes = (dim,) if isinstance(dim, int) else tuple(dim)
    ndim = len(self.shape)
    gone = {axis_of(a, ndim) for a in axes if ndim and self.shape[a] == 1}
    kept = tuple(n for i, n in enumerate(self.shape) if i not in gone)
    return shape.reshape(self, shape=kept)


@reads("roll")
def roll(self: Any, shifts: Sequence[int], dims: Sequence[int] = ()) -> Any:
    if not dims:
        flat = shape.roll(shape.reshape(self, shape=(-1,)), shift=shifts[0], axis=0)
        return shape.reshape(flat, shape=tuple(self.shape))
    for shift, axis in zip(shifts, dims):
        self = shape.roll(self, shift=shift, axis=axis)
    return self


# --------------------------------------------------------------- cutting and joining


@reads("cat", "concat", "concatenate")
def cat(tensors: Sequence[Any], result_dtype: Any, dim: int = 0) -> Any:
    parts = [x for x in tensors if len(x.shape) != 1 or x.shape[0] or len(tensors) == 1]
    parts = parts or list(tensors[:1])
    return shape.concatenate(*[as_dtype(x, result_dtype) for x in parts], axis=dim)


@reads("slice")
def slice_(
    self: Any, dim: int = 0, start: int | None = None, end: int | None = None, step: int = 1
) -> Any:
    axis = axis_of(dim, len(self.shape))
    if (start or 0) == 0 and (end is None or end >= END) and step == 1:
        return self
    stop = None if end is None or end >= END else end
    return shape.cut_by(self, _on_axis(self, axis, slice(start, stop, step)))


def _on_axis(x: Any, axis: int, item: Any) -> list[Any]:
    items: list[Any] = [slice(None)] * len(x.shape)
    items[axis] = item
    return items


@reads("narrow")
def narrow(self: Any, dim: int, start: Any, length: int) -> Any:
    first = number(start, "start")
    axis = axis_of(dim, len(self.shape))
    first = first + self.shape[axis] if first < 0 else first
    return shape.cut_by(self, _on_axis(self, axis, slice(first, first + length)))


@reads("select.int")
def select(self: Any, dim: int, index: int) -> Any:
    return shape.cut_by(self, _on_axis(self, axis_of(dim, len(self.shape)), index))


@reads("split.Tensor", "split_with_sizes", "split.sizes")
def split(self: Any, split_size: Any = None, split_sizes: Any = None, dim: int = 0) -> Any:
    n = self.shape[axis_of(dim, len(self.shape))]
    sizes = split_sizes or split_size
    if isinstance(sizes, int):
        sizes = [min(sizes, n - at) for at in range(0, n, sizes)] or [0]
    return shape.split(self, np.cumsum(sizes)[:-1], dim)


@reads("chunk")
def chunk(self: Any, chunks: int, dim: int = 0) -> Any:
    n = self.shape[axis_of(dim, len(self.shape))]
    return split(self, split_size=max(-(-n // chunks), 1), dim=dim)


@reads("unbind.int")
def unbind(self: Any, dim: int = 0) -> Any:
    axis = axis_of(dim, len(self.shape))
    return [select(self, axis, i) for i in range(self.shape[axis])]


@reads("unfold")
def unfold(self: Any, dimension: int, size: int, step: int) -> Any:
    if not len(self.shape):
        return shape.broadcast_to(self, shape=(size,)) if size else np.zeros(0, self.dtype)
    axis = axis_of(dimension, len(self.shape))
    count = (self.shape[axis] - size) // step + 1
    places = np.arange(count)[:, None] * step + np.arange(size)
    return shape.moveaxis(
        indexing.take(self, places, axis=axis), source=axis + 1, destination=-1
    )


@reads("constant_pad_nd")
def constant_pad_nd(self: Any, pad: Sequence[int], value: float = 0) -> Any:
    widths = [(0, 0)] * (len(self.shape) - len(pad) // 2)
    widths += [(pad[i], pad[i + 1]) for i in range(len(pad) - 2, -1, -2)]
    items = [slice(max(0, -b), n - max(0, -a)) for n, (b, a) in zip(self.shape, widths)]
    x = shape.cut_by(self, items) if any(min(w) < 0 for w in widths) else self
    wide = tuple((max(0, b), max(0, a)) for b, a in widths)
    return shape.pad(x, widths=wide, value=value) if any(map(any, wide)) else x


@reads("pad")
def pad(self: Any, pad: Sequence[int], mode: str = "constant", value: float | None = None) -> Any:
    if mode == "constant":
        return constant_pad_nd(self, pad, value or 0)
    ways = {"reflect": "reflect", "replicate": "edge", "circular": "wrap"}
    return _padded_by(self, pad, ways[mode])


def _padded_by(x: Any, pad: Sequence[int], mode: str) -> Any:
    """Elements of x itself around it: read by the places that NumPy pads with."""
    for i in range(0, len(pad), 2):
        axis = len(x.shape) - 1 - i // 2
        before, after = pad[i], pad[i + 1]
        if mode == "edge" and (before or after):
            n = x.shape[axis]
            places = np.clip(np.arange(n + before + after) - before, 0, n - 1)
            x = indexing.take(x, places, axis=axis)
        elif before or after:
            places = np.arange(x.shape[axis])
            places = places[max(0, -before) : len(places) - max(0, -after)]
            widths = (max(0, before), max(0, after))
            x = indexing.take(x, np.pad(places, widths, mode=mode), axis=axis)  # type: ignore[call-overload]
    return x


table({
    "reflection_pad1d reflection_pad2d reflection_pad3d": lambda self, padding: (
        _padded_by(self, padding, "reflect")
    ),
    "replication_pad1d replication_pad2d replication_pad3d": lambda self, padding: (
        _padded_by(self, padding, "edge")
    ),
})


table({
    "pixel_shuffle": lambda self, upscale_factor: resize.depth_to_space(self, upscale_factor),
    "pixel_unshuffle": lambda self, downscale_factor: resize.space_to_depth(self, downscale_factor),
})


@reads("channel_shuffle", "native_channel_shuffle")
def channel_shuffle(self: Any, groups: int) -> Any:
    n, c, *places = self.shape
    x = shape.reshape(self, shape=(n, groups, c // groups, *places))
    return shape.reshape(shape.swapaxes(x, axis1=1, axis2=2), shape=(n, c, *places))


# --------------------------------------------------------------- made arrays


def _made(values: Any, result_dtype: Any) -> Any:
    return np.asarray(values, result_dtype)


table({
    "full": lambda size, fill_value, result_dtype: (
        np.full(tuple(size), number(fill_value, "fill_value"), result_dtype)
    ),
    "zeros_like empty_like zero": lambda self, result_dtype: (
        np.zeros(tuple(self.shape), result_dtype)
    ),
    "ones new_ones": lambda size, result_dtype, self=None: np.ones(tuple(size), result_dtype),
    "ones_like": lambda self, result_dtype: np.ones(tuple(self.shape), result_dtype),
    "scalar_tensor": lambda s, result_dtype: _made(s, result_dtype),
    "arange": lambda end, result_dtype, start=0, step=1: (
        np.arange(start, end, step).astype(result_dtype)
    ),
    "linspace": lambda start, end, steps, result_dtype: (
        np.linspace(start, end, steps).astype(result_dtype)
    ),
    "eye": lambda n, result_dtype, m=None: np.eye(n, m, dtype=result_dtype),
    "tril_indices": lambda row, col, offset=0: np.stack(np.tril_indices(row, offset, col)),
    "triu_indices": lambda row, col, offset=0: np.stack(np.triu_indices(row, offset, col)),
    "tril": lambda self, diagonal=0: (
        linalg.tril(self, k=diagonal) if self.dtype.kind == "f" else _cut(self, diagonal, np.tri)
    ),
})


@reads("full_like", "new_full")
def full_like(self: Any, fill_value: Any, result_dtype: Any, size: Any = None) -> Any:
    sizes = tuple(self.shape) if size is None else tuple(size)
    return np.full(sizes, number(fill_value, "fill_value"), result_dtype)


@reads("fill")
def fill(self: Any, value: Any, result_dtype: Any) -> Any:
    if isinstance(value, (bool, int, float)):
        return np.full(tuple(self.shape), value, result_dtype)
    return shape.broadcast_to(value, shape=tuple(self.shape))


@reads("zeros", "empty", "new_zeros", "new_empty", "empty_strided", "new_empty_strided")
def zeros(size: Sequence[int], result_dtype: Any, self: Any = None, stride: Any = None) -> Any:
    return np.zeros(tuple(size), result_dtype)


@reads("triu")
def triu(self: Any, diagonal: int = 0) -> Any:
    if self.dtype.kind == "f":
        return linalg.triu(self, k=diagonal)
    return _cut(self, diagonal, lambda n, m, k: ~np.tri(n, m, k - 1, bool))


def _cut(x: Any, diagonal: int, where: Any) -> Any:
    inside = np.asarray(where(*x.shape[-2:], diagonal), bool)
    return compare.where(inside, x, np.zeros((), x.dtype))


# --------------------------------------------------------------- random


table({
    "randn normal.float_float": lambda size, noise, result_dtype, mean=0.0, std=1.0: (
        noise.normal(tuple(size), result_dtype) * std + mean
    ),
    "randn_like": lambda self, noise, result_dtype: noise.normal(tuple(self.shape), result_dtype),
    "rand": lambda size, noise, result_dtype: noise.uniform(tuple(size), result_dtype),
    "rand_like": lambda self, noise, result_dtype: noise.uniform(tuple(self.shape), result_dtype),
    "exponential": lambda self, noise, result_dtype, lambd=1.0: (
        -transcendental.log1p(-noise.uniform(tuple(self.shape), result_dtype)) / lambd
    ),
    "uniform": lambda self, noise, result_dtype, to=1.0: (
        noise.uniform(tuple(self.shape), result_dtype) * to
    ),
    "dropout feature_dropout": lambda input, p, train, noise: (
        native_dropout(input, p, noise, train)[0]
    ),
})


@reads("bernoulli", "bernoulli.p")
def bernoulli(self: Any, noise: Any, result_dtype: Any, p: Any = None) -> Any:
    drawn = noise.uniform(tuple(self.shape), np.dtype(np.float32))
    return compare.astype(compare.less(drawn, self if p is None else p), dtype=result_dtype)


@reads("native_dropout")
def native_dropout(input: Any, p: float, noise: Any, train: bool | None = True) -> Any:
    if not train or p == 0:
        return input, np.ones(tuple(input.shape), bool)
    kept = compare.greater_equal(noise.uniform(tuple(input.shape), np.dtype(np.float32)), p)
    share = compare.astype(kept, dtype=input.dtype)
    return input * (share * (1 / (1 - p) if p < 1 else 0.0)), kept


# --------------------------------------------------------------- sizes


table({
    "sym_size.int": lambda self, dim: int(self.shape[dim]),
    "sym_numel": lambda self: math.prod(self.shape),
})


@reads(
    "_assert_scalar", "_assert_async", "_assert_tensor_metadata", "sym_constrain_range",
    "sym_constrain_range_for_size",
)  # fmt: skip
def promised(
    self: Any = None, a: Any = None, size: Any = None, stride: Any = None, assert_msg: Any = None,
    min: Any = None, max: Any = None,
) -> None:  # fmt: skip
    """What the module's author has checked while it was written down."""
