"""ONNX's normalising layers: mean 0 and variance 1, or length 1, over some axes."""

from __future__ import annotations

from typing import Any

import numpy as np

from seegrad.onnx.readers.values import Attributes, Readers, Values, at
from seegrad.ops import arithmetic, compare, reduce, shape
from seegrad.ops.indexing import index

NORMALIZING = Readers()
"""Normalising layers."""


def _standard(x: Any, axes: tuple[int, ...], epsilon: float) -> Any:
    """x with mean 0 and variance 1 over some axes."""
    centred = x - reduce.mean(x, axis=axes, keepdims=True)
    variance = reduce.mean(centred * centred, axis=axes, keepdims=True)
    return centred / arithmetic.sqrt(variance + epsilon)


def _wide(x: Any) -> Any:
    """x in the dtype in which norms are summed, `stash_type`: halves in single precision."""
    return compare.astype(x, dtype=np.float32) if x.dtype == np.float16 else x


def _by_channel(v: Any, x: Any) -> Any:
    """One number a channel, ready to meet x (N, C, …)."""
    return shape.reshape(v, shape=(-1, *(1,) * (len(x.shape) - 2)))


# momentum speaks of training alone
@NORMALIZING.reads("BatchNormalization", "epsilon", "momentum")
def _batch_normalization(values: Values, attributes: Attributes) -> Any:
    x = values[0]
    scale, bias, middle, variance = (_by_channel(v, x) for v in values[1:5])
    spread = arithmetic.sqrt(variance + attributes.get("epsilon", 1e-5))
    return (x - middle) / spread * scale + bias


@NORMALIZING.reads("LayerNormalization", "axis", "epsilon", stash_type=(1,))
def _layer_normalization(values: Values, attributes: Attributes) -> Any:
    """The normalised values, and what they were normalised with: mean and 1 / deviation."""
    x = _wide(values[0])
    axes = tuple(range(attributes.get("axis", -1) % len(x.shape), len(x.shape)))
    mean = reduce.mean(x, axis=axes, keepdims=True)
    centred = x - mean
    variance = reduce.mean(centred * centred, axis=axes, keepdims=True)
    deviation = arithmetic.sqrt(variance + attributes.get("epsilon", 1e-5))
    out = centred / deviation * values[1]
    out = out if at(values, 2) is None else out + values[2]
    return out, mean, arithmetic.reciprocal(deviation)


@NORMALIZING.reads("InstanceNormalization", "epsilon")
def _instance_normalization(values: Values, attributes: Attributes) -> Any:
    x, scale, bias = values
    axes = tuple(range(2, len(x.shape)))
    out = _standard(x, axes, attributes.get("epsilon", 1e-5))
    return out * _by_channel(scale, x) + _by_channel(bias, x)


@NORMALIZING.reads("GroupNormalization", "num_groups", "epsilon", stash_type=(1,))
def _group_normalization(values: Values, attributes: Attributes) -> Any:
    x, scale, bias = values
    x = _wide(x)
    groups = int(attributes["num_groups"])
    n, channels, *rest = x.shape
    parts = shape.reshape(x, shape=(n, groups, channels // groups, *rest))
    axes = tuple(range(2, len(parts.shape)))
    out = shape.reshape(_standard(parts, axes, attributes.get("epsilon", 1e-5)), shape=x.shape)
    if scale.shape[0] != channels:  # a number a group, as it was before version 21
        scale, bias = (shape.repeat(v, repeats=channels // groups, axis=0) for v in (scale, bias))
    return out * _by_channel(scale, x) + _by_channel(bias, x)


@NORMALIZING.reads("RMSNormalization", "axis", "epsilon", stash_type=(1,))
def _rms_normalization(values: Values, attributes: Attributes) -> Any:
    x = _wide(values[0])
    axes = tuple(range(attributes.get("axis", -1) % len(x.shape), len(x.shape)))
    squares = reduce.mean(x * x, axis=axes, keepdims=True)
    return x / arithmetic.sqrt(squares + attributes.get("epsilon", 1e-5)) * values[1]


@NORMALIZING.reads("LRN", "size", "alpha", "beta", "bias")
def _local_response(values: Values, attributes: Attributes) -> Any:
    """LRN: divided by the squares of the channels near by (Krizhevsky et al., 2012)."""
    x, size = values[0], int(attributes["size"])
    widths = [(0, 0)] * len(x.shape)
    widths[1] = ((size - 1) // 2, size // 2)
    squares = shape.pad(x * x, widths=tuple(widths))
    near = [index(squares, (slice(None), slice(i, i + x.shape[1]))) for i in range(size)]
    total = arithmetic.add_n(*near)
    base = attributes.get("bias", 1.0) + attributes.get("alpha", 1e-4) / size * total
    return x / arithmetic.power_scalar(base, exponent=attributes.get("beta", 0.75))


@NORMALIZING.reads("MeanVarianceNormalization", "axes")
def _mean_variance(values: Values, attributes: Attributes) -> Any:
    return _standard(values[0], tuple(attributes.get("axes", (0, 2, 3))), 0.0)


@NORMALIZING.reads("LpNormalization", "axis", p=(1, 2))
def _length_one(values: Values, attributes: Attributes) -> Any:
    """x over its length, the sum of |x| or the root of squares; where that is 0, 0."""
    x, axis = values[0], attributes.get("axis", -1)
    if attributes.get("p", 2) == 1:
        length = reduce.sum(arithmetic.abs(x), axis=axis, keepdims=True)
    else:
        squares = reduce.sum(x * x, axis=axis, keepdims=True)
        length = arithmetic.sqrt(compare.where(squares == 0, np.ones((), x.dtype), squares))
    return x / compare.where(length == 0, np.ones((), x.dtype), length)
