"""ONNX's operators that are whole layers: recurrence, normalising, resizing, in ops of ours.

Each leaves a box of its name in pictures. The smaller operators stand in `operators`.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from seegrad.graph.mode import frame
from seegrad.nn.layers.recurrent import unstack
from seegrad.onnx.values import Attributes, Reader, Values, at, known, reads, whole
from seegrad.ops import (
    activation,
    arithmetic,
    compare,
    indexing,
    linalg,
    reduce,
    shape,
    transcendental,
)
from seegrad.ops.indexing import index

Step = Callable[[Any, tuple[Any, ...]], tuple[Any, ...]]

# --------------------------------------------------------------- recurrence

GATES = {"RNN": 1, "GRU": 3, "LSTM": 4}
USUAL = {"RNN": ["tanh"], "GRU": ["sigmoid", "tanh"], "LSTM": ["sigmoid", "tanh", "tanh"]}
FUNCTIONS: dict[str, Callable[[Any], Any]] = {
    "tanh": transcendental.tanh,
    "sigmoid": activation.sigmoid,
    "relu": activation.relu,
}


def recurrence(kind: str) -> Reader:
    """RNN, GRU or LSTM over (T, N, inputs): all outputs (T, directions, N, hidden), last states."""

    @reads("hidden_size", "direction", "activations", "linear_before_reset")
    def read(values: Values, attributes: Attributes) -> Any:
        if at(values, 4) is not None or at(values, 7) is not None:
            raise ValueError("sequence_lens or peepholes")
        x, hidden = values[0], values[2].shape[2]
        if attributes.get("hidden_size", hidden) != hidden:
            raise ValueError(f"hidden_size={attributes['hidden_size']}")
        direction = attributes.get("direction", "forward")
        ways = {"forward": (1,), "reverse": (-1,), "bidirectional": (1, -1)}[direction]
        named = attributes.get("activations") or USUAL[kind] * len(ways)
        words = [str(word) for word in named]
        outputs, ends = [], []
        for way, turn in enumerate(ways):
            mine = len(USUAL[kind])
            functions = [FUNCTIONS[w.lower()] for w in words[way * mine : (way + 1) * mine]]
            with frame("backward" if turn < 0 else "forward"):
                step = _step(kind, values, way, hidden, functions, attributes)
                state = _begin(values, way, hidden, 2 if kind == "LSTM" else 1)
                seen, end = _along(x, step, state, turn, values, way)
            outputs.append(seen)
            ends.append(end)
        states = [shape.stack(*each, axis=0) for each in zip(*ends)]
        return [shape.stack(*outputs, axis=1), *states]

    return read


def _along(
    x: Any, step: Step, state: tuple[Any, ...], turn: int, values: Values, way: int
) -> tuple[Any, tuple[Any, ...]]:
    """All outputs (T, N, hidden) in the sequence's own order, and the last state."""
    t, n, width = x.shape
    weights = index(values[1], way).T
    flat = linalg.matmul(shape.reshape(x, shape=(t * n, width)), weights)
    given = unstack(shape.reshape(flat, shape=(t, n, weights.shape[1])))[::turn]
    outputs = []
    for position, part in enumerate(given):
        with frame(f"step{position + 1}"):
            state = step(part, state)
        outputs.append(state[0])
    return shape.stack(*outputs[::turn], axis=0), state


def _begin(values: Values, way: int, hidden: int, count: int) -> tuple[Any, ...]:
    n, dtype = values[0].shape[1], values[0].dtype
    given = [at(values, 5), at(values, 6)][:count]
    return tuple(np.zeros((n, hidden), dtype) if h is None else index(h, way) for h in given)


def _step(
    kind: str, values: Values, way: int, hidden: int, functions: list[Any], attributes: Attributes
) -> Step:
    """From the input's part and a state to the next state, by ONNX's order of the gates."""
    back = index(values[2], way).T
    wide = GATES[kind] * hidden
    both = at(values, 3)
    both = np.zeros(2 * wide, values[0].dtype) if both is None else index(both, way)
    W_bias, R_bias = index(both, slice(0, wide)), index(both, slice(wide, 2 * wide))

    def block(a: Any, gate: int) -> Any:
        return index(a, (..., slice(gate * hidden, (gate + 1) * hidden)))

    def rnn(given: Any, state: tuple[Any, ...]) -> tuple[Any, ...]:
        (h,) = state
        return (functions[0](given + W_bias + linalg.matmul(h, back) + R_bias),)

    def gru(given: Any, state: tuple[Any, ...]) -> tuple[Any, ...]:
        (h,) = state
        given = given + W_bias
        z, r = (
            functions[0](block(given, i) + linalg.matmul(h, block(back, i)) + block(R_bias, i))
            for i in (0, 1)
        )
        if attributes.get("linear_before_reset"):
            recalled = r * (linalg.matmul(h, block(back, 2)) + block(R_bias, 2))
        else:
            recalled = linalg.matmul(r * h, block(back, 2)) + block(R_bias, 2)
        n = functions[1](block(given, 2) + recalled)
        return (n + z * (h - n),)

    def lstm(given: Any, state: tuple[Any, ...]) -> tuple[Any, ...]:
        h, cell = state
        sums = given + W_bias + linalg.matmul(h, back) + R_bias
        i, o, f = (functions[0](block(sums, gate)) for gate in (0, 1, 2))
        cell = f * cell + i * functions[1](block(sums, 3))
        return o * functions[2](cell), cell

    return {"RNN": rnn, "GRU": gru, "LSTM": lstm}[kind]


# --------------------------------------------------------------- normalising


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
@reads("epsilon", "momentum")
def _batch_normalization(values: Values, attributes: Attributes) -> Any:
    x = values[0]
    scale, bias, middle, variance = (_by_channel(v, x) for v in values[1:5])
    spread = arithmetic.sqrt(variance + attributes.get("epsilon", 1e-5))
    return (x - middle) / spread * scale + bias


@reads("axis", "epsilon", stash_type=(1,))
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


@reads("epsilon")
def _instance_normalization(values: Values, attributes: Attributes) -> Any:
    x, scale, bias = values
    axes = tuple(range(2, len(x.shape)))
    out = _standard(x, axes, attributes.get("epsilon", 1e-5))
    return out * _by_channel(scale, x) + _by_channel(bias, x)


@reads("num_groups", "epsilon", stash_type=(1,))
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


@reads("axis", "epsilon", stash_type=(1,))
def _rms_normalization(values: Values, attributes: Attributes) -> Any:
    x = _wide(values[0])
    axes = tuple(range(attributes.get("axis", -1) % len(x.shape), len(x.shape)))
    squares = reduce.mean(x * x, axis=axes, keepdims=True)
    return x / arithmetic.sqrt(squares + attributes.get("epsilon", 1e-5)) * values[1]


@reads("size", "alpha", "beta", "bias")
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


# --------------------------------------------------------------- resizing


@reads(
    "axes", "nearest_mode",
    mode=("nearest", "linear"),
    coordinate_transformation_mode=(
        "asymmetric", "align_corners", "half_pixel", "pytorch_half_pixel"
    ),
)  # fmt: skip
def _resize(values: Values, attributes: Attributes) -> Any:
    """Axis by axis: the nearest element, or a mixture of the two around."""
    x = values[0]
    mode = attributes.get("mode", "nearest")
    if mode == "linear" and x.dtype.kind != "f":
        raise ValueError(f"mode=linear, {x.dtype}")
    axes = attributes.get("axes") or range(len(x.shape))
    scales, sizes = at(values, 2), at(values, 3)
    if sizes is not None:
        wanted = whole(sizes, "sizes")
        factors = [n / x.shape[axis] for axis, n in zip(axes, wanted)]
    else:
        factors = [float(f) for f in known(scales, "scales").ravel()]
        wanted = tuple(int(x.shape[axis] * f) for axis, f in zip(axes, factors))
    for axis, count, factor in zip(axes, wanted, factors):
        if count != x.shape[axis]:
            places = _places(
                x.shape[axis], count, factor, attributes["coordinate_transformation_mode"]
            )
            near = attributes.get("nearest_mode", "round_prefer_floor")
            x = _between(x, axis, places) if mode == "linear" else _nearest(x, axis, places, near)
    return x


def _nearest(x: Any, axis: int, places: NDArray[Any], mode: str) -> Any:
    rounded = {
        "round_prefer_floor": np.ceil(places - np.float32(0.5)),
        "round_prefer_ceil": np.floor(places + np.float32(0.5)),
        "floor": np.floor(places),
        "ceil": np.ceil(places),
    }[mode]
    return _taken(x, axis, rounded)


def _between(x: Any, axis: int, places: NDArray[Any]) -> Any:
    """The neighbours on both sides, each by how near it is."""
    low = np.floor(places)
    lined = [-1 if i == axis else 1 for i in range(len(x.shape))]
    share = (places - low).astype(x.dtype).reshape(lined)
    return _taken(x, axis, low) * (1 - share) + _taken(x, axis, low + 1) * share


def _taken(x: Any, axis: int, places: NDArray[Any]) -> Any:
    return indexing.take(x, np.clip(places, 0, x.shape[axis] - 1).astype(np.int64), axis=axis)


def _places(old: int, new: int, factor: float, mode: str) -> NDArray[Any]:
    """Where the new elements lie among the old ones.

    In single precision and in onnxruntime's order, since at halves the last bit decides which
    element is the nearest.
    """
    counted, scale = np.arange(new, dtype=np.float32), np.float32(factor)
    half = np.float32(0.5)
    if mode == "asymmetric":
        return counted / scale
    if mode == "align_corners":
        return counted * np.float32(old - 1) / np.float32(max(new - 1, 1))
    if mode == "pytorch_half_pixel" and new == 1:
        return np.zeros(1, np.float32)
    return (counted + half) / scale - half


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


LAYERS: dict[str, Reader] = {
    **{kind: recurrence(kind) for kind in GATES},
    "BatchNormalization": _batch_normalization,
    "DepthToSpace": _depth_to_space,
    "GroupNormalization": _group_normalization,
    "InstanceNormalization": _instance_normalization,
    "LRN": _local_response,
    "LayerNormalization": _layer_normalization,
    "RMSNormalization": _rms_normalization,
    "Resize": _resize,
    "SpaceToDepth": _space_to_depth,
}
"""Operators that get a box of their own."""
