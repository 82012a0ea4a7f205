"""ONNX's operators that make pictures larger or smaller: Resize, Upsample, depth and space."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from seegrad.onnx.readers.sampling import cubic_weights
from seegrad.onnx.readers.values import Attributes, Reader, Values, at, known, reads, whole
from seegrad.ops import compare, indexing, linalg, shape

PLACES = (
    "asymmetric", "align_corners", "half_pixel", "pytorch_half_pixel", "half_pixel_symmetric",
    "tf_crop_and_resize",
)  # fmt: skip
TAPS = 4
"""So many neighbours are read one by one; more are a product with a matrix."""


@reads(
    "antialias", "axes", "cubic_coeff_a", "exclude_outside", "extrapolation_value", "nearest_mode",
    mode=("nearest", "linear", "cubic"),
    coordinate_transformation_mode=PLACES,
    keep_aspect_ratio_policy=("stretch", "not_larger", "not_smaller"),
)  # fmt: skip
def _resize(values: Values, attributes: Attributes) -> Any:
    """Axis by axis: the nearest element, or a mixture of those around."""
    x, mode = values[0], attributes.get("mode", "nearest")
    if mode != "nearest" and x.dtype.kind != "f":
        raise ValueError(f"mode={mode}, {x.dtype}")
    axes = [axis % len(x.shape) for axis in attributes.get("axes") or range(len(x.shape))]
    scales, sizes = at(values, 2), at(values, 3)
    lengths = [x.shape[axis] for axis in axes]
    if sizes is not None:
        wanted, factors = _fitting(whole(sizes, "sizes"), lengths, attributes)
    else:
        factors = [float(f) for f in known(scales, "scales").ravel()]
        wanted = [math.floor(n * f) for n, f in zip(lengths, factors)]
    places = attributes.get("coordinate_transformation_mode", "half_pixel")
    if places == "align_corners" and any(
        abs(n * f - size) > 1e-4 for n, f, size in zip(lengths, factors, wanted)
    ):
        # the standard puts the last element beyond the corner, the runtime into it
        raise ValueError(f"align_corners with scales {factors} of {lengths}, which leave a part")
    crop = places == "tf_crop_and_resize"
    region = known(values[1], "roi").ravel() if crop else np.zeros(0)
    for i, (axis, count, factor) in enumerate(zip(axes, wanted, factors)):
        if count == x.shape[axis] and factor == 1 and not crop:
            continue
        ends = (float(region[i]), float(region[i + len(axes)])) if crop else (0.0, 1.0)
        there = _places(x.shape[axis], count, factor, ends, attributes)
        outside = (there < 0) | (there > x.shape[axis] - 1)
        x = _along(x, axis, there, factor, attributes)
        if crop and outside.any():
            lined = outside.reshape([-1 if j == axis else 1 for j in range(len(x.shape))])
            value = np.asarray(attributes.get("extrapolation_value", 0.0), x.dtype)
            x = compare.where(lined, value, x)
    return x


def _fitting(
    sizes: Sequence[int], lengths: Sequence[int], attributes: Attributes
) -> tuple[Sequence[int], list[float]]:
    """The sizes, and by how much each axis grows; with all axes growing alike if that is asked."""
    factors = [size / n for size, n in zip(sizes, lengths)]
    policy = attributes.get("keep_aspect_ratio_policy", "stretch")
    if policy == "stretch":
        return sizes, factors
    factor = min(factors) if policy == "not_larger" else max(factors)
    return [math.floor(factor * n + 0.5) for n in lengths], [factor] * len(lengths)


def _along(x: Any, axis: int, places: NDArray[Any], factor: float, attributes: Attributes) -> Any:
    """x read at places along one axis, which may lie between its elements."""
    mode, n = attributes.get("mode", "nearest"), x.shape[axis]
    if mode == "nearest":
        rounded = {
            "round_prefer_floor": np.ceil(places - np.float32(0.5)),
            "round_prefer_ceil": np.floor(places + np.float32(0.5)),
            "floor": np.floor(places),
            "ceil": np.ceil(places),
        }[attributes.get("nearest_mode", "round_prefer_floor")]
        return _taken(x, axis, rounded)
    near, weights = _mixture(places, factor, attributes)
    if attributes.get("exclude_outside"):
        weights = np.where((near < 0) | (near >= n), 0, weights)
        weights = weights / weights.sum(axis=1, keepdims=True)
    if near.shape[1] > TAPS:
        matrix = np.zeros((len(places), n))
        np.add.at(matrix, (np.arange(len(places))[:, None], np.clip(near, 0, n - 1)), weights)
        last = linalg.matmul(shape.moveaxis(x, source=axis, destination=-1),
                             matrix.T.astype(x.dtype))  # fmt: skip
        return shape.moveaxis(last, source=-1, destination=axis)
    lined = [-1 if i == axis else 1 for i in range(len(x.shape))]
    total = None
    for column, share in zip(near.T, weights.T):
        part = _taken(x, axis, column) * share.astype(x.dtype).reshape(lined)
        total = part if total is None else total + part
    return total


def _mixture(
    places: NDArray[Any], factor: float, attributes: Attributes
) -> tuple[NDArray[Any], NDArray[Any]]:
    """For each place the elements around it, (places, taps), and how much each counts."""
    cubic = attributes.get("mode") == "cubic"
    a = attributes.get("cubic_coeff_a", -0.75)
    places = places.astype(np.float64)
    if not attributes.get("antialias") or factor >= 1:
        low = np.floor(places)
        part = places - low
        shares = cubic_weights(part, a) if cubic else [1 - part, part]
        near = low[:, None] + np.arange(len(shares)) - (1 if cubic else 0)
        return near.astype(np.int64), np.stack(shares, axis=1)
    reach = 2 if cubic else 1
    first = math.floor(-reach / factor) + 1
    near = (np.ceil(places) - 1)[:, None] + np.arange(first, 2 - first)
    apart = np.abs(near - places[:, None]) * factor
    weights = np.clip(1 - apart, 0, None)
    if cubic:
        inner = ((a + 2) * apart - (a + 3)) * apart * apart + 1
        outer = ((a * apart - 5 * a) * apart + 8 * a) * apart - 4 * a
        weights = np.where(apart <= 1, inner, np.where(apart < 2, outer, 0))
    return near.astype(np.int64), weights / weights.sum(axis=1, keepdims=True)


def _taken(x: Any, axis: int, places: NDArray[Any]) -> Any:
    return indexing.take(x, np.clip(places, 0, x.shape[axis] - 1).astype(np.int64), axis=axis)


def _places(
    old: int, new: int, factor: float, ends: tuple[float, float], attributes: Attributes
) -> NDArray[Any]:
    """Where the new elements lie among the old ones.

    In single precision and in onnxruntime's order, since at halves the last bit decides which
    element is the nearest.
    """
    mode = attributes.get("coordinate_transformation_mode", "half_pixel")
    counted, scale = np.arange(new, dtype=np.float32), np.float32(factor)
    half = np.float32(0.5)
    if mode == "asymmetric":
        return counted / scale
    if mode == "align_corners":
        return counted * np.float32(old - 1) / np.float32(max(new - 1, 1))
    if mode == "tf_crop_and_resize":
        start, end = (np.float32(v) for v in ends)
        if new == 1:
            return np.full(1, half * (start + end) * np.float32(old - 1))
        step = (end - start) * np.float32(old - 1) / np.float32(new - 1)
        return start * np.float32(old - 1) + counted * step
    if mode == "pytorch_half_pixel" and new == 1:
        return np.zeros(1, np.float32)
    places = (counted + half) / scale - half
    if mode == "half_pixel_symmetric":
        places = places + np.float32(old / 2 * (1 - new / (factor * old)))
    return places.astype(np.float32)


@reads(mode=("nearest", "linear"))
def _upsample(values: Values, attributes: Attributes) -> Any:
    """Resize as it was before version 10: each element repeated, or a mixture of the next two."""
    told = {
        "mode": attributes.get("mode", "nearest"), "nearest_mode": "floor",
        "coordinate_transformation_mode": "asymmetric",
    }  # fmt: skip
    return _resize.compute([values[0], None, values[1]], told)


@reads("blocksize", mode=("DCR", "CRD"))
def _depth_to_space(values: Values, attributes: Attributes) -> Any:
    n, c, h, w = values[0].shape
    b = int(attributes["blocksize"])
    if attributes.get("mode", "DCR") == "DCR":
        parts, order = (n, b, b, c // b**2, h, w), (0, 3, 4, 1, 5, 2)
    else:
        parts, order = (n, c // b**2, b, b, h, w), (0, 1, 4, 2, 5, 3)
    turned = shape.transpose(shape.reshape(values[0], shape=parts), axes=order)
    return shape.reshape(turned, shape=(n, c // b**2, h * b, w * b))


@reads("blocksize", mode=("DCR", "CRD"))
def _space_to_depth(values: Values, attributes: Attributes) -> Any:
    n, c, h, w = values[0].shape
    b = int(attributes["blocksize"])
    parts = shape.reshape(values[0], shape=(n, c, h // b, b, w // b, b))
    order = (0, 3, 5, 1, 2, 4) if attributes.get("mode", "DCR") == "DCR" else (0, 1, 3, 5, 2, 4)
    turned = shape.transpose(parts, axes=order)
    return shape.reshape(turned, shape=(n, c * b**2, h // b, w // b))


RESIZING: dict[str, Reader] = {
    "DepthToSpace": _depth_to_space,
    "Resize": _resize,
    "SpaceToDepth": _space_to_depth,
    "Upsample": _upsample,
}
"""Operators that change the size of pictures."""
