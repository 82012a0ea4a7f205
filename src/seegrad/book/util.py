"""The book's helpers: im2col and col2im (chapter 7.4), a smoothed curve, a shuffled data set.

im2col and col2im are made of the table's operations: arrays give arrays, tensors a graph in which
one is the derivative of the other.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from seegrad.book.arrays import as_array, as_floats
from seegrad.errors import ShapeError, ValueRangeError
from seegrad.i18n import tr
from seegrad.ops.nn.window import bare, each_axis, overlap_add, padded, positions, unfold
from seegrad.ops.shape import reshape, transpose

__all__ = ["col2im", "conv_output_size", "im2col", "np", "shuffle_dataset", "smooth_curve"]

Array = NDArray[Any]
WINDOW = 11
"""How many values a point of a smoothed curve is the mean of."""


def smooth_curve(x: Any) -> Array:
    """`x` (a list of losses) smoothed by a Kaiser window of 11 values, as long as it came.

    >>> smooth_curve([1.0, 1.0, 1.0]).round(6)
    array([1., 1., 1.])
    """
    values = np.asarray(as_floats(x, "x"))
    if values.ndim != 1 or not values.size:
        raise ShapeError(
            tr("a curve is a list of at least one number"), asked="(N,)", came=f"{values.shape}"
        )
    before = np.pad(values, (WINDOW - 1, 0), "reflect" if values.size > 1 else "edge")
    mirrored = np.pad(before, (0, WINDOW - 1), "symmetric")
    window = np.kaiser(WINDOW, 2)
    return np.convolve(window / window.sum(), mirrored, mode="valid")[5:-5]


def shuffle_dataset(x: Any, t: Any) -> tuple[Any, Any]:
    """`x` and `t` in one new order, drawn by `np.random`; any number of axes.

    Raises ShapeError where they are not equally many.
    """
    x, t = as_array(x, "x"), as_array(t, "t")
    if not x.ndim or not t.ndim or len(x) != len(t):
        raise ShapeError(
            tr("there is not one label for each sample"),
            asked=tr("x and t with the same first axis"),
            came=f"x {x.shape} · t {t.shape}",
        )
    order = np.random.permutation(len(x))
    return x[order], t[order]


def conv_output_size(input_size: int, filter_size: int, stride: int = 1, pad: int = 0) -> int:
    """(input_size + 2·pad − filter_size)/stride + 1, what is left over dropped.

    >>> conv_output_size(28, 5)
    24
    """
    stride, pad = whole_from("stride", stride, 1), whole_from("pad", pad, 0)
    input_size = whole_from("input_size", input_size, 1)
    filter_size = whole_from("filter_size", filter_size, 1)
    return positions((input_size + 2 * pad,), (filter_size,), (stride,), (1,))[0]


def im2col(input_data: Any, filter_h: int, filter_w: int, stride: int = 1, pad: int = 0) -> Any:
    """Every window of the images as a row: (N, C, H, W) → (N·out_h·out_w, C·filter_h·filter_w).

    >>> im2col(np.random.rand(10, 3, 7, 7), 5, 5).shape
    (90, 75)
    """
    x = as_floats(input_data, "input_data")
    _images("im2col", x.shape)
    size, stride, pad = _filter(filter_h, filter_w, stride, pad)
    seen = unfold(padded(x, ((pad, pad), (pad, pad))), size=size, steps=(stride, stride))
    count, channels, high, wide, *places = seen.shape
    rows = transpose(seen, axes=(0, 4, 5, 1, 2, 3))
    return reshape(rows, shape=(count * places[0] * places[1], channels * high * wide))


def col2im(
    col: Any, input_shape: Any, filter_h: int, filter_w: int, stride: int = 1, pad: int = 0
) -> Any:
    """The rows of `im2col` added up where they were seen: its derivative, not its inverse.

    >>> col2im(im2col(np.ones((1, 1, 3, 3)), 2, 2), (1, 1, 3, 3), 2, 2)[0, 0]
    array([[1., 2., 1.],
           [2., 4., 2.],
           [1., 2., 1.]])
    """
    rows = as_floats(col, "col")
    shape = tuple(input_shape) if isinstance(input_shape, (tuple, list)) else (input_shape,)
    _images("col2im", shape)
    size, stride, pad = _filter(filter_h, filter_w, stride, pad)
    count, channels, *lengths = shape
    whole = [length + 2 * pad for length in lengths]
    places = positions(whole, size, (stride, stride), (1, 1))
    wanted = (count * places[0] * places[1], channels * size[0] * size[1])
    if tuple(rows.shape) != wanted:
        raise ShapeError(
            tr("col does not hold the windows of such images"),
            asked=f"col {wanted}", came=f"col {rows.shape} · input_shape {shape}",
        )  # fmt: skip
    apart = reshape(rows, shape=(count, *places, channels, *size))
    seen = transpose(apart, axes=(0, 3, 4, 5, 1, 2))
    return bare(overlap_add(seen, shape=whole, steps=(stride, stride)), ((pad, pad), (pad, pad)))


def whole_from(name: str, value: Any, least: int) -> int:
    """`value` as a whole number from `least`, or an error with its name."""
    return each_axis(name, value, 1, least)[0]


def _filter(high: Any, wide: Any, stride: Any, pad: Any) -> tuple[tuple[int, int], int, int]:
    size = whole_from("filter_h", high, 1), whole_from("filter_w", wide, 1)
    return size, whole_from("stride", stride, 1), whole_from("pad", pad, 0)


def _images(name: str, shape: tuple[Any, ...]) -> None:
    """Images have four axes; one image, or one without channels, is told how to have them."""
    if len(shape) != 4:
        raise ShapeError(
            tr("{name} takes images", name=name),
            asked=tr("four axes: images, channels, height, width"),
            came=f"{shape}",
            hint=tr("one image of one channel: x.reshape(1, 1, height, width)"),
        )
    if any(isinstance(n, bool) or not isinstance(n, (int, np.integer)) or n < 0 for n in shape):
        raise ValueRangeError(
            tr("{name} takes images", name=name), asked=tr("whole numbers"), came=f"{shape}"
        )
