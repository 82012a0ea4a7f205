"""ONNX's operators on quantized numbers: small integers that stand for (q - zero point) · scale."""

from __future__ import annotations

from typing import Any

import numpy as np

from seegrad.onnx.readers.values import (
    Attributes,
    Readers,
    Values,
    at,
    plain,
    spread_to,
)
from seegrad.onnx.readers.windows import convolved
from seegrad.ops import arithmetic, compare, linalg, reduce, shape

QUANTIZED = Readers()
"""Operators on quantized numbers."""


def _met(v: Any, x: Any, attributes: Attributes) -> Any:
    """Scales or zero points ready to meet x: one for all, one along an axis, or one for a block."""
    block, axis = attributes.get("block_size", 0), attributes.get("axis", 1)
    if len(v.shape) == 0 or tuple(v.shape) == (1,):
        return shape.reshape(v, shape=())
    if len(v.shape) == 1 and not block:
        return spread_to(v, len(x.shape), axis)
    if not block:
        raise ValueError(f"scales {tuple(v.shape)}")
    axis %= len(x.shape)
    wide = shape.repeat(v, repeats=block, axis=axis)
    return shape.part(wide, axis, 0, x.shape[axis])


def _narrowed(x: Any, dtype: np.dtype[Any]) -> Any:
    """Whole numbers held as floating ones, within the range of a dtype; NaN is 0."""
    about = np.iinfo(dtype)
    within = arithmetic.clip(x, low=float(about.min), high=float(about.max))
    return compare.astype(within, dtype=dtype)


@QUANTIZED.reads("QuantizeLinear", "axis", "block_size", "output_dtype", "precision", saturate=(1,))
def _quantize(values: Values, attributes: Attributes) -> Any:
    """The nearest whole number of steps, halves to the even one, held within its dtype."""
    x, scale, zero = values[0], values[1], at(values, 2)
    dtype = zero.dtype if zero is not None else attributes.get("output_dtype") or np.uint8
    wide = attributes.get("precision") or np.result_type(scale.dtype, np.float32)
    scale = compare.astype(_met(scale, x, attributes), dtype=wide)
    steps = arithmetic.round(compare.astype(x, dtype=wide) / scale)
    if zero is not None:
        steps = steps + compare.astype(_met(zero, x, attributes), dtype=wide)
    return _narrowed(steps, np.dtype(dtype))


@QUANTIZED.reads("DequantizeLinear", "axis", "block_size", "output_dtype")
def _dequantize(values: Values, attributes: Attributes) -> Any:
    x, scale, zero = values[0], values[1], at(values, 2)
    dtype = attributes.get("output_dtype") or scale.dtype
    wide = np.result_type(scale.dtype, np.float32)
    steps = compare.astype(x, dtype=wide)
    if zero is not None:
        steps = steps - compare.astype(_met(zero, x, attributes), dtype=wide)
    scale = compare.astype(_met(scale, x, attributes), dtype=wide)
    return compare.astype(steps * scale, dtype=dtype)


@plain
def _quantize_dynamically(values: Values) -> Any:
    """To 8 bits by the smallest and largest element: the integers, their scale, their zero."""
    (x,) = values
    low = arithmetic.minimum(reduce.min(x), np.float32(0))
    high = arithmetic.maximum(reduce.max(x), np.float32(0))
    scale = (high - low) / np.float32(255)
    safe = compare.where(scale == 0, np.float32(1), scale)
    zero = arithmetic.round(arithmetic.clip(-low / safe, low=0.0, high=255.0))
    steps = arithmetic.round(x / safe) + zero
    return _narrowed(steps, np.dtype(np.uint8)), scale, compare.astype(zero, dtype=np.uint8)


def _centred(x: Any, zero: Any, axis: int | None) -> Any:
    """x - zero in float64, in which sums of products of small integers are exact.

    `axis`: along which a vector of zero points lies.
    """
    x = compare.astype(x, dtype=np.float64)
    if zero is None:
        return x
    zero = compare.astype(zero, dtype=np.float64)
    if len(zero.shape) == 1 and zero.shape[0] > 1 and axis is not None:
        zero = spread_to(zero, len(x.shape), axis)
    elif len(zero.shape) == 1 and zero.shape[0] == 1:
        zero = shape.reshape(zero, shape=())
    return x - zero


@plain
def _matmul_integer(values: Values) -> Any:
    a, b = _centred(values[0], at(values, 2), -2), _centred(values[1], at(values, 3), -1)
    return compare.astype(linalg.matmul(a, b), dtype=np.int32)


SETTINGS = ("kernel_shape", "strides", "dilations", "pads", "group")
AROUND = ("NOTSET", "VALID", "SAME_UPPER", "SAME_LOWER")


@QUANTIZED.reads("ConvInteger", *SETTINGS, auto_pad=AROUND)
def _conv_integer(values: Values, attributes: Attributes) -> Any:
    x, w = _centred(values[0], at(values, 2), None), _centred(values[1], at(values, 3), 0)
    return compare.astype(convolved(x, w, attributes), dtype=np.int32)


def _requantized(product: Any, scale: Any, zero: Any) -> Any:
    """Exact sums of products in the scale and dtype of the result."""
    steps = compare.astype(product, dtype=np.float32) * scale
    steps = arithmetic.round(steps) + compare.astype(shape.reshape(zero, shape=()),
                                                     dtype=np.float32)  # fmt: skip
    return _narrowed(steps, zero.dtype)


def _scale(v: Any, ndim: int, axis: int) -> Any:
    return spread_to(v, ndim, axis) if np.prod(v.shape) > 1 else shape.reshape(v, shape=())


@plain
def _qlinear_matmul(values: Values) -> Any:
    a, a_scale, a_zero, b, b_scale, b_zero, y_scale, y_zero = values
    product = linalg.matmul(_centred(a, a_zero, -2), _centred(b, b_zero, -1))
    ndim = len(product.shape)
    scale = _scale(a_scale, ndim, -2) * _scale(b_scale, ndim, -1) / _scale(y_scale, ndim, -2)
    return _requantized(product, compare.astype(scale, dtype=np.float32), y_zero)


@QUANTIZED.reads("QLinearConv", *SETTINGS, auto_pad=AROUND)
def _qlinear_conv(values: Values, attributes: Attributes) -> Any:
    x, x_scale, x_zero, w, w_scale, w_zero, y_scale, y_zero = values[:8]
    product = convolved(_centred(x, x_zero, None), _centred(w, w_zero, 0), attributes)
    bias, ndim = at(values, 8), len(product.shape)
    if bias is not None:
        product = product + spread_to(compare.astype(bias, dtype=np.float64), ndim, 1)
    scale = _scale(x_scale, ndim, 1) * _scale(w_scale, ndim, 1) / _scale(y_scale, ndim, 1)
    return _requantized(product, scale, y_zero)


QUANTIZED.update({
    "DynamicQuantizeLinear": _quantize_dynamically,
    "MatMulInteger": _matmul_integer,
    "QLinearMatMul": _qlinear_matmul,
})
