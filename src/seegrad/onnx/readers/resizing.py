"""ONNX's operators that make pictures larger or smaller: Resize, Upsample, depth and space."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from seegrad.onnx.readers.values import Attributes, Readers, Values, at, known, whole
from seegrad.ops import compare, resize, sampling

RESIZING = Readers()
"""Operators that change the size of pictures."""

PLACES = (
    "asymmetric", "align_corners", "half_pixel", "pytorch_half_pixel", "half_pixel_symmetric",
    "tf_crop_and_resize",
)  # fmt: skip


@RESIZING.reads(
    "Resize",
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
        return sampling.taken(x, axis, rounded)
    cubic = attributes.get("cubic_coeff_a", -0.75) if mode == "cubic" else None
    grown = min(factor, 1.0) if attributes.get("antialias") else 1.0
    near, weights = sampling.neighbours(places, cubic, grown)
    if attributes.get("exclude_outside"):
        near, weights = sampling.inside(near, weights, n)
    return sampling.mixed(x, axis, near, weights)


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


@RESIZING.reads("Upsample", mode=("nearest", "linear"))
def _upsample(values: Values, attributes: Attributes) -> Any:
    """Resize as it was before version 11: read at i ÷ scale, the element before where it grows,
    and the one after where it shrinks; or a mixture of the two."""
    x, scales = values[0], known(values[1], "scales")
    told = {
        "mode": attributes.get("mode", "nearest"), "coordinate_transformation_mode": "asymmetric"
    }
    grown = _resize.compute([x, None, np.maximum(scales, 1)], {**told, "nearest_mode": "floor"})
    return _resize.compute([grown, None, np.minimum(scales, 1)], {**told, "nearest_mode": "ceil"})


@RESIZING.reads("DepthToSpace", "blocksize", mode=("DCR", "CRD"))
def _depth_to_space(values: Values, attributes: Attributes) -> Any:
    channels_first = attributes.get("mode", "DCR") != "DCR"
    return resize.depth_to_space(values[0], int(attributes["blocksize"]), channels_first)


@RESIZING.reads("SpaceToDepth", "blocksize", mode=("DCR", "CRD"))
def _space_to_depth(values: Values, attributes: Attributes) -> Any:
    channels_first = attributes.get("mode", "DCR") != "DCR"
    return resize.space_to_depth(values[0], int(attributes["blocksize"]), channels_first)
