"""ATen's operations that are whole layers: linear, convolution, normalising, embedding, attention.

The parameters keep the shapes that they have in PyTorch.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from seegrad.graph.mode import frame
from seegrad.interop.pytorch.operators.activations import masked_softmax
from seegrad.interop.pytorch.operators.reader import as_dtype, reads, table
from seegrad.interop.pytorch.operators.shapes import native_dropout
from seegrad.ops import (
    activation,
    arithmetic,
    compare,
    convolution,
    indexing,
    linalg,
    reduce,
    shape,
)

# --------------------------------------------------------------- products


@reads("linear")
def linear(input: Any, weight: Any, bias: Any = None) -> Any:
    if len(weight.shape) == 1:
        product = linalg.matmul(input, weight)
    else:
        product = linalg.matmul(input, shape.matrix_transpose(weight))
    return product if bias is None else product + bias


table({
    "addmm": lambda self, mat1, mat2, beta=1, alpha=1: (
        _added(self, linalg.matmul(mat1, mat2), beta, alpha)
    ),
    "addmv": lambda self, mat, vec, beta=1, alpha=1: (
        _added(self, linalg.matmul(mat, vec), beta, alpha)
    ),
    "addr": lambda self, vec1, vec2, beta=1, alpha=1: (
        _added(self, linalg.outer(vec1, vec2), beta, alpha)
    ),
    "baddbmm": lambda self, batch1, batch2, beta=1, alpha=1: (
        _added(self, linalg.matmul(batch1, batch2), beta, alpha)
    ),
    "addbmm": lambda self, batch1, batch2, beta=1, alpha=1: (
        _added(self, reduce.sum(linalg.matmul(batch1, batch2), axis=0), beta, alpha)
    ),
})


def _added(x: Any, product: Any, beta: float, alpha: float) -> Any:
    product = product if alpha == 1 else product * alpha
    if beta == 0:
        return shape.broadcast_to(product, shape=product.shape)
    return (x if beta == 1 else x * beta) + product


@reads("bilinear")
def bilinear(input1: Any, input2: Any, weight: Any, bias: Any = None) -> Any:
    first = linalg.tensordot(input1, weight, axes=((-1,), (1,)))
    found = reduce.sum(first * shape.expand_dims(input2, axis=-2), axis=-1)
    return found if bias is None else found + bias


# --------------------------------------------------------------- convolution


def _pairs(padding: Any, count: int) -> Any:
    if isinstance(padding, str):
        return 0 if padding == "valid" else "same"
    several = tuple(padding) if len(padding) == count else tuple(padding) * count
    return tuple((p, p) for p in several)


def _each(values: Sequence[int], count: int) -> tuple[int, ...]:
    return tuple(values) if len(values) == count else tuple(values) * count


def _with_bias(product: Any, bias: Any, count: int) -> Any:
    return product if bias is None else product + shape.reshape(bias, shape=(-1, *(1,) * count))


@reads(
    "convolution", "_convolution", "conv1d", "conv2d", "conv3d", "conv1d.padding",
    "conv2d.padding", "conv3d.padding",
)  # fmt: skip
def convolved(
    input: Any, weight: Any, bias: Any = None, stride: Any = (1,), padding: Any = (0,),
    dilation: Any = (1,), transposed: bool = False, output_padding: Any = (0,), groups: int = 1,
) -> Any:  # fmt: skip
    if transposed:
        return transposed_convolution(
            input, weight, bias, stride, padding, output_padding, groups, dilation
        )
    count = len(weight.shape) - 2
    single = len(input.shape) == count + 1
    x = shape.expand_dims(input, axis=0) if single else input
    steps, between = _each(stride, count), _each(dilation, count)
    around = _pairs(padding, count)
    if around == "same":
        spare = [d * (k - 1) for d, k in zip(between, weight.shape[2:])]
        around = tuple((n // 2, n - n // 2) for n in spare)
    product = convolution.conv(
        x, weight, steps=steps, padding=around, dilation=between, groups=groups
    )
    found = _with_bias(product, bias, count)
    return shape.squeeze(found, axis=0) if single else found


@reads("conv_transpose1d", "conv_transpose2d.input", "conv_transpose3d.input")
def transposed_convolution(
    input: Any, weight: Any, bias: Any = None, stride: Any = (1,), padding: Any = (0,),
    output_padding: Any = (0,), groups: int = 1, dilation: Any = (1,),
) -> Any:  # fmt: skip
    count = len(weight.shape) - 2
    single = len(input.shape) == count + 1
    y = shape.expand_dims(input, axis=0) if single else input
    steps, between = _each(stride, count), _each(dilation, count)
    around, more = _pairs(padding, count), _each(output_padding, count)
    # more of the result is kept at the end, and where no window reaches, zeros
    kept = [min(m, p[0]) for m, p in zip(more, around)]
    cut = tuple((p, q - k) for (p, q), k in zip(around, kept))
    spare = tuple((0, m - k) for m, k in zip(more, kept))
    product = convolution.conv_transpose(
        y, weight, steps=steps, padding=cut, dilation=between, groups=groups
    )
    if any(map(any, spare)):
        product = shape.pad(product, widths=((0, 0), (0, 0), *spare))
    found = _with_bias(product, bias, count)
    return shape.squeeze(found, axis=0) if single else found


# --------------------------------------------------------------- normalising


def _along_channels(x: Any, values: Any) -> Any:
    return shape.reshape(values, shape=(-1, *(1,) * (len(x.shape) - 2)))


def _finished(x: Any, even: Any, weight: Any, bias: Any) -> Any:
    if weight is not None:
        even = even * _along_channels(x, weight)
    return even if bias is None else even + _along_channels(x, bias)


@reads("_native_batch_norm_legit_functional", "native_batch_norm", "_native_batch_norm_legit")
def batch_norm(
    input: Any, weight: Any, bias: Any, running_mean: Any, running_var: Any, training: bool,
    momentum: float, eps: float,
) -> Any:  # fmt: skip
    """The result, the batch's mean and 1/deviation, and what the running ones become."""
    if not training:
        found = batch_norm_in_use(input, weight, bias, running_mean, running_var, momentum, eps)
        return (*found, running_mean, running_var)
    axes = (0, *range(2, len(input.shape)))
    count = math.prod(input.shape[i] for i in axes)
    middle = reduce.mean(input, axis=axes)
    centred = input - _along_channels(input, middle)
    spread = reduce.mean(centred * centred, axis=axes)
    even = centred / _along_channels(input, arithmetic.sqrt(spread + eps))
    out = _finished(input, even, weight, bias)
    means, spreads = arithmetic.stop_gradient(middle), arithmetic.stop_gradient(spread)
    kept = [running_mean, running_var]
    if running_mean is not None:
        wide = spreads * (count / max(count - 1, 1))
        kept = [
            running_mean * (1 - momentum) + means * momentum,
            running_var * (1 - momentum) + wide * momentum,
        ]
    return (out, middle, arithmetic.reciprocal(arithmetic.sqrt(spread + eps)), *kept)


table({
    "_native_batch_norm_legit.no_stats": lambda input, weight, bias, training, momentum, eps: (
        batch_norm(input, weight, bias, None, None, True, momentum, eps)[:3]
    ),
    "layer_norm": lambda input, normalized_shape, weight=None, bias=None, eps=1e-05: (
        native_layer_norm(input, normalized_shape, weight, bias, eps)[0]
    ),
    "group_norm": lambda input, num_groups, weight=None, bias=None, eps=1e-05: (
        native_group_norm(input, weight, bias, num_groups, eps)[0]
    ),
})


@reads("_native_batch_norm_legit_no_training")
def batch_norm_in_use(
    input: Any, weight: Any, bias: Any, running_mean: Any, running_var: Any, momentum: float,
    eps: float,
) -> Any:  # fmt: skip
    deviation = arithmetic.sqrt(running_var + eps)
    even = (input - _along_channels(input, running_mean)) / _along_channels(input, deviation)
    empty = np.zeros(0, input.dtype)
    return _finished(input, even, weight, bias), empty, empty


@reads("instance_norm")
def instance_norm(
    input: Any, weight: Any, bias: Any, use_input_stats: bool, momentum: float, eps: float
) -> Any:
    """By the example's own statistics; with running ones PyTorch takes it apart."""
    return _finished(input, _even(input, tuple(range(2, len(input.shape))), eps)[0], weight, bias)


def _even(x: Any, axes: tuple[int, ...], eps: float) -> tuple[Any, Any, Any]:
    """x with mean 0 and deviation 1 along axes; the mean, and 1/deviation."""
    middle = reduce.mean(x, axis=axes, keepdims=True)
    centred = x - middle
    deviation = arithmetic.sqrt(reduce.mean(centred * centred, axis=axes, keepdims=True) + eps)
    return centred / deviation, middle, deviation


@reads("native_layer_norm")
def native_layer_norm(
    input: Any, normalized_shape: Sequence[int], weight: Any, bias: Any, eps: float
) -> Any:
    axes = tuple(range(-len(normalized_shape), 0))
    even, middle, deviation = _even(input, axes, eps)
    even = even if weight is None else even * weight
    out = even if bias is None else even + bias
    return out, *map(arithmetic.stop_gradient, (middle, arithmetic.reciprocal(deviation)))


@reads("rms_norm", "_fused_rms_norm")
def rms_norm(
    input: Any, normalized_shape: Sequence[int], weight: Any = None, eps: float | None = None
) -> Any:
    axes = tuple(range(-len(normalized_shape), 0))
    eps = float(np.finfo(input.dtype).eps) if eps is None else eps
    size = arithmetic.sqrt(reduce.mean(input * input, axis=axes, keepdims=True) + eps)
    even = input / size
    return even if weight is None else even * weight


@reads("native_group_norm")
def native_group_norm(
    input: Any, weight: Any, bias: Any, group: int, eps: float, N: int = 0, C: int = 0,
    HxW: int = 0,
) -> Any:  # fmt: skip
    n = input.shape[0]
    parts = shape.reshape(input, shape=(n, group, math.prod(input.shape[1:]) // group))
    even, middle, deviation = _even(parts, (2,), eps)
    out = _finished(input, shape.reshape(even, shape=tuple(input.shape)), weight, bias)
    told = middle, arithmetic.reciprocal(deviation)
    return out, *[shape.squeeze(x, axis=2) for x in told]


@reads("local_response_norm")
def local_response_norm(
    input: Any, size: int, alpha: float = 1e-4, beta: float = 0.75, k: float = 1.0
) -> Any:
    channels = input.shape[1]
    apart = np.arange(channels)[:, None] - np.arange(channels)
    near = ((apart >= -(size // 2)) & (apart < size - size // 2)).astype(input.dtype)
    squares = linalg.tensordot(input * input, near, axes=((1,), (0,)))
    total = shape.moveaxis(squares, source=-1, destination=1)
    return input / arithmetic.power_scalar(k + alpha / size * total, exponent=beta)


# --------------------------------------------------------------- bags of embeddings


@reads("embedding_bag", "_embedding_bag", "_embedding_bag_forward_only")
def embedding_bag(
    weight: Any, indices: Any, offsets: Any, mode: int = 0, per_sample_weights: Any = None,
    include_last_offset: bool = False, padding_idx: int | None = None,
) -> Any:  # fmt: skip
    """Sums (0), means (1) or largest (2) of the rows of each bag; a bag begins at each offset."""
    bags = offsets.shape[0] - bool(include_last_offset)
    indices = shape.reshape(indices, shape=(-1,))
    count = indices.shape[0]
    rows = indexing.take(weight, indices, axis=0)
    begins = compare.less_equal(
        shape.reshape(offsets, shape=(-1, 1)), np.arange(count).reshape(1, -1)
    )
    bag = reduce.sum(compare.astype(begins, dtype=np.int64), axis=0) - 1
    there = np.ones(count, weight.dtype)
    if padding_idx is not None and padding_idx >= 0:
        there = compare.astype(compare.not_equal(indices, padding_idx), dtype=weight.dtype)
    empty = np.zeros(0, np.int64)
    if mode == 2:
        inside = compare.equal(shape.reshape(bag, shape=(1, -1)), np.arange(bags).reshape(-1, 1))
        inside = compare.logical_and(inside, compare.greater(there, 0))
        each = compare.where(
            shape.expand_dims(inside, axis=-1), shape.expand_dims(rows, axis=0), -math.inf
        )
        most = reduce.max(each, axis=1)
        return compare.where(compare.isinf(most), 0.0, most), empty, empty, empty
    share = there if per_sample_weights is None else there * per_sample_weights
    rows = rows * shape.reshape(share, shape=(-1, 1))
    width = weight.shape[1]
    total = indexing.scatter_add(rows, bag, axis=0, shape=(bags, width))
    if mode == 1:
        many = indexing.scatter_add(there, bag, axis=0, shape=(bags,))
        total = total / shape.reshape(arithmetic.maximum(many, 1.0), shape=(-1, 1))
    return total, empty, empty, empty


# --------------------------------------------------------------- attention


@reads("scaled_dot_product_attention")
def attention(
    query: Any, key: Any, value: Any, noise: Any, result_dtype: Any, attn_mask: Any = None,
    dropout_p: float = 0.0, is_causal: bool = False, scale: float | None = None,
    enable_gqa: bool = False,
) -> Any:  # fmt: skip
    if enable_gqa:
        times = query.shape[-3] // key.shape[-3]
        key = shape.repeat(key, repeats=times, axis=len(key.shape) - 3)
        value = shape.repeat(value, repeats=times, axis=len(value.shape) - 3)
    share = 1 / math.sqrt(query.shape[-1]) if scale is None else scale
    with frame("attention"):
        scores = linalg.matmul(query * share, shape.matrix_transpose(key))
        if is_causal:
            seen = np.tri(query.shape[-2], key.shape[-2], dtype=bool)
            scores = compare.where(seen, scores, -math.inf)
        closed = False
        if attn_mask is not None and attn_mask.dtype.kind == "b":
            scores, closed = compare.where(attn_mask, scores, -math.inf), True
        elif attn_mask is not None:
            scores, closed = scores + as_dtype(attn_mask, result_dtype), True
        shares = masked_softmax(scores, -1) if closed else activation.softmax(scores, axis=-1)
        if dropout_p:
            shares = native_dropout(shares, dropout_p, noise)[0]
        return linalg.matmul(shares, value)
