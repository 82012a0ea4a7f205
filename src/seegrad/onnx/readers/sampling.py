"""ONNX's operators that read an array between its elements: grids, regions, moved windows."""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from seegrad.onnx.readers.values import (
    Attributes,
    Readers,
    Values,
    at,
    known,
    pairs,
    whole,
)
from seegrad.ops import arithmetic, compare, indexing, linalg, reduce, sampling, shape, window

SAMPLING = Readers()
"""Operators that read between elements, or add where windows were read."""

MOST_REGIONS = 4096
"""So many regions may have a grid of their own each."""


MODES = {"linear": "linear", "bilinear": "linear", "nearest": "nearest",
         "cubic": "cubic", "bicubic": "cubic"}  # fmt: skip


@SAMPLING.reads(
    "GridSample", "align_corners", mode=tuple(MODES),
    padding_mode=("zeros", "border", "reflection"),
)  # fmt: skip
def _grid_sample(values: Values, attributes: Attributes) -> Any:
    mode, padding = attributes.get("mode", "linear"), attributes.get("padding_mode", "zeros")
    corners = bool(attributes.get("align_corners"))
    x, grid = values
    return sampling.grid_sample(x, grid, MODES[mode], padding, corners)


@SAMPLING.reads("AffineGrid", "align_corners")
def _affine_grid(values: Values, attributes: Attributes) -> Any:
    theta = values[0]
    n, _, *sizes = whole(values[1], "size")
    if math.prod((n, *sizes)) > 2**26:
        raise ValueError(f"size={sizes}")
    lines = []
    for count in sizes:
        line = (2 * np.arange(count) + 1) / count - 1
        lines.append(np.linspace(-1, 1, count) if attributes.get("align_corners") else line)
    axes = np.meshgrid(*lines, indexing="ij")[::-1]
    points = np.stack([*axes, np.ones(tuple(sizes))], axis=-1).astype(theta.dtype)
    rows = points.reshape(-1, len(sizes) + 1)
    flat = linalg.matmul(rows, shape.swapaxes(theta, axis1=1, axis2=2))
    return shape.reshape(flat, shape=(n, *sizes, len(sizes)))


# --------------------------------------------------------------- regions


@SAMPLING.reads(
    "RoiAlign", "output_height", "output_width", "sampling_ratio", "spatial_scale",
    coordinate_transformation_mode=("half_pixel", "output_half_pixel"), mode=("avg", "max"),
)  # fmt: skip
def _roi_align(values: Values, attributes: Attributes) -> Any:
    """Regions of pictures as pictures of one size (He et al., 2017).

    Before version 16 no attribute says where a region begins: at its first element's middle.
    """
    x, regions, which = values
    attributes = {"coordinate_transformation_mode": "output_half_pixel", **attributes}
    ratio = attributes.get("sampling_ratio", 0)
    if ratio > 0:
        return _aligned(x, regions, which, (ratio, ratio), attributes)
    bounds = known(regions, "rois") * attributes.get("spatial_scale", 1.0)
    if len(bounds) > MOST_REGIONS:
        raise ValueError(f"{len(bounds)} rois")
    half = attributes["coordinate_transformation_mode"] == "half_pixel"
    found = []
    for i, (x1, y1, x2, y2) in enumerate(bounds):
        spans = [b - a if half else max(b - a, 1.0) for a, b in ((y1, y2), (x1, x2))]
        outs = (attributes.get("output_height", 1), attributes.get("output_width", 1))
        grid = tuple(max(math.ceil(span / out), 0) for span, out in zip(spans, outs))
        if math.prod(grid) * math.prod(outs) > 2**22:
            raise ValueError(f"rois[{i}]")
        one = slice(i, i + 1)
        found.append(_aligned(x, regions[one], which[one], grid, attributes))
    return shape.concatenate(*found, axis=0)


def _aligned(
    x: Any, regions: Any, which: Any, grid: tuple[int, ...], attributes: Attributes
) -> Any:
    """Regions of pictures, in which each element is of a grid of points."""
    mode = attributes["coordinate_transformation_mode"]
    outs = (attributes.get("output_height", 1), attributes.get("output_width", 1))
    if 0 in grid:
        size = (regions.shape[0], x.shape[1], *outs)
        return shape.broadcast_to(np.zeros((), x.dtype), shape=size)
    scaled = regions * np.asarray(attributes.get("spatial_scale", 1.0), x.dtype)
    scaled = scaled - np.asarray(0.5, x.dtype) if mode == "half_pixel" else scaled
    lines, inside = [], []
    for axis in (0, 1):
        start, end = (indexing.index(scaled, (slice(None), 1 - axis + i)) for i in (0, 2))
        span = end - start
        span = span if mode == "half_pixel" else arithmetic.maximum(span, 1)
        points = (np.arange(outs[axis] * grid[axis]) + 0.5) / grid[axis] / outs[axis]
        line = shape.expand_dims(start, axis=1) + shape.expand_dims(span, axis=1) * points.astype(
            x.dtype
        )
        n = x.shape[2 + axis]
        inside.append(compare.logical_and(line >= -1, line <= n))
        lines.append(arithmetic.clip(line, low=0.0, high=float(n - 1)))
    parts = _corners(x, which, lines, inside)
    many = (-1, outs[0], grid[0], outs[1], grid[1], x.shape[1])
    if attributes.get("mode", "avg") == "avg":
        total = arithmetic.add_n(*parts)
        found = reduce.mean(shape.reshape(total, shape=many), axis=(2, 4))
    else:
        top = parts[0]
        for part in parts[1:]:
            top = arithmetic.maximum(top, part)
        found = reduce.max(shape.reshape(top, shape=many), axis=(2, 4))
    return shape.moveaxis(found, source=-1, destination=1)


def _corners(x: Any, which: Any, lines: Sequence[Any], inside: Sequence[Any]) -> list[Any]:
    """The four elements around each point, each by how near it is: (regions, rows, columns, C)."""
    last = shape.moveaxis(x, source=1, destination=-1)
    first = shape.reshape(which, shape=(-1, 1, 1))
    sides = []
    for axis, line in enumerate(lines):
        low = arithmetic.floor(line)
        part = line - low
        at_low = compare.astype(low, dtype=np.int64)
        ends = (at_low, arithmetic.clip(at_low + 1, low=0, high=x.shape[2 + axis] - 1))
        counts = compare.astype(inside[axis], dtype=x.dtype)
        sides.append(list(zip(ends, ((1 - part) * counts, part * counts))))
    found = []
    for (i, wi), (j, wj) in itertools.product(*sides):
        i, wi = (shape.expand_dims(v, axis=2) for v in (i, wi))
        j, wj = (shape.expand_dims(v, axis=1) for v in (j, wj))
        found.append(indexing.index(last, (first, i, j)) * shape.expand_dims(wi * wj, axis=-1))
    return found


# --------------------------------------------------------------- windows


@SAMPLING.reads(
    "DeformConv", "dilations", "group", "kernel_shape", "offset_group", "pads", "strides",
)  # fmt: skip
def _deformed(values: Values, attributes: Attributes) -> Any:
    """A convolution whose window's elements are read where the offsets move them (Dai, 2017)."""
    x, W, offset = values[:3]
    bias, mask = at(values, 3), at(values, 4)
    (n, c, _, _), (out, _, *size) = x.shape, W.shape
    parts, groups = attributes.get("offset_group", 1), attributes.get("group", 1)
    steps = attributes.get("strides") or (1, 1)
    apart = attributes.get("dilations") or (1, 1)
    around = pairs(attributes.get("pads") or (0, 0, 0, 0))
    count, spots = math.prod(size), offset.shape[2:]
    moves = shape.reshape(offset, shape=(n * parts, count, 2, *spots))
    inner = np.indices(tuple(size)).reshape(2, count)
    places = []
    for axis in (0, 1):
        line = np.arange(spots[axis]) * steps[axis] - around[axis][0]
        line = line.reshape((-1, 1) if axis == 0 else (1, -1))
        still = (inner[axis] * apart[axis])[:, None, None] + line
        moved = indexing.index(moves, (slice(None), slice(None), axis))
        places.append(moved + still.astype(x.dtype))
    seen = sampling.sampled(
        shape.reshape(x, shape=(n * parts, c // parts, *x.shape[2:])), places, "linear", "zeros"
    )
    if mask is not None:
        seen = seen * shape.reshape(mask, shape=(n * parts, 1, count, *spots))
    seen = shape.reshape(seen, shape=(n, groups, c // groups * count, math.prod(spots)))
    weights = shape.reshape(W, shape=(groups, out // groups, -1))
    found = shape.reshape(linalg.matmul(weights, seen), shape=(n, out, *spots))
    return found if bias is None else found + shape.reshape(bias, shape=(-1, 1, 1))


@SAMPLING.reads("Col2Im", "dilations", "pads", "strides")
def _from_columns(values: Values, attributes: Attributes) -> Any:
    """Col2Im: all windows added where they were read, around the picture nothing."""
    x = values[0]
    image, block = whole(values[1], "image_shape"), whole(values[2], "block_shape")
    count = len(image)
    steps = tuple(attributes.get("strides") or (1,) * count)
    apart = tuple(attributes.get("dilations") or (1,) * count)
    around = pairs(attributes.get("pads") or (0,) * 2 * count)
    lengths = window.padded_lengths(image, around)
    spots = window.positions(lengths, block, steps, apart)
    parts = shape.reshape(x, shape=(x.shape[0], x.shape[1] // math.prod(block), *block, *spots))
    if math.prod(lengths) > 2**28:
        raise ValueError(f"image_shape={image}")
    return window.bare(
        window.overlap_add(parts, shape=lengths, steps=steps, dilation=apart), around
    )
