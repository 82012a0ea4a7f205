"""ONNX's attention and what stands around it: rotated positions, caches, linear attention."""

from __future__ import annotations

from typing import Any

import numpy as np

from seegrad.onnx.readers.values import Attributes, Readers, Values, at
from seegrad.ops import (
    activation,
    arithmetic,
    compare,
    convolution,
    indexing,
    linalg,
    reduce,
    shape,
    transcendental,
)
from seegrad.ops.index_update import At
from seegrad.transforms.loops.control_flow import scan

ATTENTION = Readers()
"""Attention and its surroundings."""

NEVER = -np.inf


def _by_head(x: Any, heads: int) -> Any:
    """(N, length, heads · size) as (N, heads, length, size)."""
    n, length, wide = x.shape
    parts = shape.reshape(x, shape=(n, length, heads, wide // heads))
    return shape.transpose(parts, axes=(0, 2, 1, 3))


def _together(x: Any) -> Any:
    """(N, heads, length, size) as (N, length, heads · size)."""
    n, heads, length, size = x.shape
    turned = shape.transpose(x, axes=(0, 2, 1, 3))
    return shape.reshape(turned, shape=(n, length, heads * size))


@ATTENTION.reads(
    "Attention",
    "is_causal", "kv_num_heads", "left_window_size", "q_num_heads", "qk_matmul_output_mode",
    "right_window_size", "scale", "softcap", "softmax_precision",
)  # fmt: skip
def _attention(values: Values, attributes: Attributes) -> Any:
    """The mixture, keys and values with those of before, and the scores that are asked for."""
    q, k, v = values[:3]
    packed = len(q.shape) == 3
    if packed:
        heads, kept = int(attributes["q_num_heads"]), int(attributes["kv_num_heads"])
        q, k, v = _by_head(q, heads), _by_head(k, kept), _by_head(v, kept)
    past = at(values, 4)
    if past is not None:
        k = shape.concatenate(past, k, axis=2)
        v = shape.concatenate(values[5], v, axis=2)
    keys, vals = k, v
    groups = q.shape[1] // k.shape[1]
    if groups > 1:
        k, v = (shape.repeat(one, repeats=groups, axis=1) for one in (k, v))
    scale = attributes.get("scale")
    root = np.sqrt(1 / np.sqrt(q.shape[3]) if scale is None else scale).astype(q.dtype)
    scores = linalg.matmul(q * root, shape.swapaxes(k, axis1=2, axis2=3) * root)
    seen = [scores]
    if cap := attributes.get("softcap"):
        scores = transcendental.tanh(scores / cap) * cap
    seen.append(scores)
    bias = _bias(values, attributes, q, k, 0 if past is None else past.shape[2])
    odds, weights = _softened(scores, bias, attributes.get("softmax_precision"))
    seen += [odds, weights]
    out = linalg.matmul(weights, v)
    shown = seen[attributes.get("qk_matmul_output_mode", 0)]
    return _together(out) if packed else out, keys, vals, shown


def _softened(scores: Any, bias: Any, precision: Any) -> tuple[Any, Any]:
    """Scores with what may not be seen taken away, and their softmax; 0 where nothing is seen."""
    dtype = scores.dtype
    if bias is None:
        odds = scores
        kept = None
    else:
        odds = scores + bias
        dead = reduce.max(bias, axis=-1, keepdims=True) == NEVER
        kept = None if isinstance(dead, np.ndarray) and not dead.any() else dead
    safe = odds if kept is None else compare.where(kept, np.zeros((), dtype), odds)
    weights = activation.softmax(
        safe if precision is None else compare.astype(safe, dtype=precision), axis=-1
    )
    weights = compare.astype(weights, dtype=dtype)
    if kept is not None:
        weights = compare.where(kept, np.zeros((), dtype), weights)
    return odds, weights


def _bias(values: Values, attributes: Attributes, q: Any, k: Any, before: int) -> Any:
    """0 where a query may see a key and -∞ where not, with the mask that was given; or None."""
    queries, count, dtype = q.shape[2], k.shape[2], q.dtype
    mask, filled = at(values, 3), at(values, 6)
    found = None
    if mask is not None:
        found = mask
        if mask.dtype.kind == "b":
            found = compare.where(mask, np.zeros((), dtype), np.asarray(NEVER, dtype))
        if (lacking := count - mask.shape[-1]) > 0:
            widths = (*((0, 0),) * (len(mask.shape) - 1), (0, lacking))
            found = shape.pad(found, widths=widths, value=NEVER)
    offset: Any = before
    if filled is not None:
        filled = shape.reshape(filled, shape=(-1, 1, 1, 1))
        offset = filled - queries
    ahead = np.arange(count) - np.arange(queries)[:, None]
    allowed = []
    if attributes.get("is_causal"):
        allowed.append(ahead <= offset)
    left, right = attributes.get("left_window_size", -1), attributes.get("right_window_size", -1)
    if left >= 0:
        allowed.append(offset - ahead <= left)
    if right >= 0:
        allowed.append(ahead - offset <= right)
    if filled is not None:
        allowed.append(np.arange(count) < filled)
    for one in allowed:
        wall = compare.where(one, np.zeros((), dtype), np.asarray(NEVER, dtype))
        found = wall if found is None else found + wall
    return found


@ATTENTION.reads("RotaryEmbedding", "interleaved", "num_heads", "rotary_embedding_dim")
def _rotary(values: Values, attributes: Attributes) -> Any:
    """Pairs of elements turned by angles that grow with the position (Su et al., 2021)."""
    x, cos, sin = values[:3]
    packed = len(x.shape) == 3
    x = _by_head(x, int(attributes["num_heads"])) if packed else x
    wide = attributes.get("rotary_embedding_dim") or x.shape[3]
    if at(values, 3) is not None:
        cos, sin = (indexing.take(table, values[3], axis=0) for table in (cos, sin))
    cos, sin = (shape.expand_dims(table, axis=1) for table in (cos, sin))
    turned, rest = shape.part(x, 3, 0, wide), shape.part(x, 3, wide, x.shape[3] - wide)
    if attributes.get("interleaved"):
        one, two = (indexing.index(turned, (..., slice(i, None, 2))) for i in (0, 1))
    else:
        one, two = shape.part(turned, 3, 0, wide // 2), shape.part(turned, 3, wide // 2, wide // 2)
    found = (cos * one - sin * two, sin * one + cos * two)
    if attributes.get("interleaved"):
        whole = shape.reshape(shape.stack(*found, axis=-1), shape=turned.shape)
    else:
        whole = shape.concatenate(*found, axis=3)
    out = shape.concatenate(whole, rest, axis=3) if rest.shape[3] else whole
    return _together(out) if packed else out


RULES = ("linear", "gated", "delta", "gated_delta")


# chunk_size is a hint for speed
@ATTENTION.reads(
    "LinearAttention", "chunk_size", "kv_num_heads", "q_num_heads", "scale", update_rule=RULES,
)  # fmt: skip
def _linear_attention(values: Values, attributes: Attributes) -> Any:
    """A state that remembers outer products k·vᵀ and is read by q, position by position."""
    rule = attributes.get("update_rule", "gated_delta")
    heads, kept = int(attributes["q_num_heads"]), int(attributes["kv_num_heads"])
    dtype, wide = values[0].dtype, np.result_type(values[0].dtype, np.float32)
    q, k, v = (
        compare.astype(_by_head(x, many), dtype=wide)
        for x, many in zip(values[:3], (heads, kept, kept))
    )
    rows = [q, k, v]
    if "gated" in rule:
        rows.append(transcendental.exp(compare.astype(_by_head(values[4], kept), dtype=wide)))
    if "delta" in rule:
        rows.append(compare.astype(_by_head(values[5], values[5].shape[-1]), dtype=wide))
    before = at(values, 3)
    size = (q.shape[0], kept, k.shape[3], v.shape[3])
    state = np.zeros(size, wide) if before is None else compare.astype(before, dtype=wide)
    scale = attributes.get("scale") or 1 / np.sqrt(k.shape[3])

    def turn(state: Any, row: Any) -> tuple[Any, Any]:
        q, k, v, *more = (shape.expand_dims(x, axis=-1) for x in row)  # (N, heads, size, 1)
        if "gated" in rule:
            state = state * more[0]
        v = shape.swapaxes(v, axis1=2, axis2=3)
        if "delta" in rule:
            recalled = linalg.matmul(shape.swapaxes(k, axis1=2, axis2=3), state)
            v = more[-1] * (v - recalled)
        state = state + k * v
        read = shape.repeat(state, repeats=heads // kept, axis=1) if heads > kept else state
        out = linalg.matmul(shape.swapaxes(q, axis1=2, axis2=3), read)
        return state, shape.squeeze(out, axis=2) * np.asarray(scale, wide)

    along = tuple(shape.moveaxis(x, source=2, destination=0) for x in rows)
    state, outs = scan(turn, state, along)
    out = _together(shape.moveaxis(outs, source=0, destination=2))
    kind = dtype if before is None else before.dtype
    return compare.astype(out, dtype=dtype), compare.astype(state, dtype=kind)


@ATTENTION.reads("CausalConvWithState", activation=("none", "silu", "swish"))
def _causal_conv(values: Values, attributes: Attributes) -> Any:
    """Each channel with a window over what came before; and the end, which the next call needs."""
    x, w = values[:2]
    bias, past = at(values, 2), at(values, 3)
    behind = w.shape[2] - 1
    if past is None:
        x = shape.pad(x, widths=((0, 0), (0, 0), (behind, 0)))
    else:
        x = shape.concatenate(past, x, axis=2)
    out = convolution.conv(x, w, groups=x.shape[1])
    out = out if bias is None else out + shape.reshape(bias, shape=(-1, 1))
    if attributes.get("activation", "none") != "none":
        out = activation.silu(out)
    return out, shape.part(x, 2, x.shape[2] - behind, behind)


@ATTENTION.reads("TensorScatter", "axis", mode=("linear", "circular"))
def _tensor_scatter(values: Values, attributes: Attributes) -> Any:
    """A cache with new positions written from each example's own place on."""
    cache, update = values[:2]
    axis = attributes.get("axis", -2) % len(cache.shape)
    starts = at(values, 2)
    starts = np.zeros(cache.shape[0], np.int64) if starts is None else starts
    places = shape.expand_dims(starts, axis=1) + np.arange(update.shape[axis])
    if attributes.get("mode") == "circular":
        places = arithmetic.mod(places, cache.shape[axis])
    key: list[Any] = [slice(None)] * len(cache.shape)
    key[0], key[axis] = np.arange(cache.shape[0])[:, None], places
    lead = shape.moveaxis(update, source=axis, destination=1)
    if axis == 1:
        return At(cache)[tuple(key)].set(lead)
    swapped = shape.moveaxis(cache, source=axis, destination=1)
    made = At(swapped)[(key[0], places)].set(lead)
    return shape.moveaxis(made, source=1, destination=axis)
