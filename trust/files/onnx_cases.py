"""Models of one operator each, drawn: its inputs, dtypes, attributes and version.

What is drawn for an operator that is read but stands in no table here fails at import of O1.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]
RNG = np.random.Generator
I64 = np.int64


@dataclass
class Inputs:
    """What an operator is given: arrays, those that are constants of the model, attributes."""

    arrays: list[Array | None]
    fixed: set[int] = field(default_factory=set)
    attributes: dict[str, Any] = field(default_factory=dict)
    results: int = 1
    around: int = 0
    """So many of the last arrays are not the operator's: graphs inside of it read them."""


Draw = Callable[[RNG, Any, int], Inputs]

SETTINGS: Mapping[str, Sequence[Any]] = {
    "keepdims": (0, 1), "noop_with_empty_axes": (0, 1), "select_last_index": (0, 1),
    "fmod": (0, 1), "reverse": (0, 1), "exclusive": (0, 1), "saturate": (0, 1),
    "largest": (0, 1), "sorted": (1,), "upper": (0, 1), "training_mode": (0, 1),
    "storage_order": (0, 1), "ceil_mode": (0, 1), "count_include_pad": (0, 1),
    "detect_negative": (0, 1), "detect_positive": (0, 1), "transA": (0,), "transB": (0,),
    "linear_before_reset": (0, 1),
    "alpha": (0.25, 1.0, 1.5), "beta": (0.5, 1.0), "gamma": (1.5,), "bias": (1.0, 2.0),
    "epsilon": (1e-5, 0.01), "momentum": (0.9, 0.5), "stash_type": (1,), "seed": (3,),
    "approximate": ("none", "tanh"), "round_mode": ("up",), "antialias": (0, 1),
    "exclude_outside": (0, 1), "extrapolation_value": (0.0, 2.0), "cubic_coeff_a": (-0.75, -0.5),
    "coordinate_transformation_mode": (
        "half_pixel", "asymmetric", "align_corners", "pytorch_half_pixel",
        "half_pixel_symmetric",
    ),
    "nearest_mode": ("round_prefer_floor", "round_prefer_ceil", "floor", "ceil"),
    "start": (0, 1, -1), "end": (1, 2, -1), "batch_dims": (0,), "auto_pad": (
        "NOTSET", "VALID", "SAME_UPPER", "SAME_LOWER"),
}  # fmt: skip
"""Values of attributes that a draw leaves open, by name, each taken half of the time."""


def numbers(rng: RNG, shape: Sequence[int], dtype: Any) -> Array:
    """Small numbers of both signs where there are two, none of them 0."""
    dtype = np.dtype(dtype)
    if dtype.kind == "b":
        return rng.random(shape) < 0.5
    if dtype.kind == "f":
        return np.asarray(rng.normal(size=shape) * 2).astype(dtype)
    found = rng.integers(1, 9, shape)
    if dtype.kind == "i":
        found = found * rng.choice([-1, 1], shape)
    return np.asarray(found).astype(dtype)


def shaped(rng: RNG, least: int = 1, most: int = 4) -> tuple[int, ...]:
    return tuple(int(n) for n in rng.integers(1, 5, rng.integers(least, most + 1)))


def some_axis(rng: RNG, ndim: int) -> int:
    return int(rng.integers(-ndim, ndim))


# --------------------------------------------------------------- by kind


def one(within: tuple[float, float] | None = None) -> Draw:
    def draw(rng: RNG, dtype: Any, opset: int) -> Inputs:
        shape = shaped(rng, 0)
        if within is None:
            return Inputs([numbers(rng, shape, dtype)])
        return Inputs([np.asarray(rng.uniform(*within, shape)).astype(dtype)])

    return draw


def with_axis(rng: RNG, dtype: Any, opset: int) -> Inputs:
    x = numbers(rng, shaped(rng), dtype)
    return Inputs([x], attributes={"axis": some_axis(rng, x.ndim)})


def two(rng: RNG, dtype: Any, opset: int) -> Inputs:
    shape = shaped(rng)
    other = [n if rng.random() < 0.7 else 1 for n in shape[rng.integers(0, len(shape)) :]]
    arrays: list[Array | None] = [numbers(rng, shape, dtype), numbers(rng, other, dtype)]
    return Inputs(arrays, {1} if rng.random() < 0.5 else set())


def several(rng: RNG, dtype: Any, opset: int) -> Inputs:
    shape = shaped(rng)
    return Inputs([numbers(rng, shape[i:], dtype) for i in range(min(rng.integers(1, 4), 3))])


def power(rng: RNG, dtype: Any, opset: int) -> Inputs:
    kinds = (np.float32, np.float64, np.int32, np.int64)
    found = two(rng, dtype, opset)
    base, shape = found.arrays[0], np.shape(found.arrays[1])
    assert base is not None
    exponent = np.asarray(rng.integers(0, 4, shape)).astype(rng.choice(kinds))
    return Inputs([np.abs(base), exponent], found.fixed)


def remainder(rng: RNG, dtype: Any, opset: int) -> Inputs:
    found = two(rng, dtype, opset)
    if np.dtype(dtype).kind == "f":
        found.attributes["fmod"] = 1
        if rng.random() < 0.3:
            found.arrays = [np.asarray([1e4, 6e4, -3e4], dtype), np.asarray([3.3], dtype)]
    return found


def reduced(first: int) -> Draw:
    """A reduction whose axes are an input since version `first`."""

    def draw(rng: RNG, dtype: Any, opset: int) -> Inputs:
        x = numbers(rng, shaped(rng), dtype)
        axes = rng.choice(x.ndim, rng.integers(0, x.ndim + 1), replace=False)
        axes = axes - x.ndim * (rng.random() < 0.3)
        if not axes.size:
            return Inputs([x])
        if opset < first:
            return Inputs([x], attributes={"axes": axes.tolist()})
        return Inputs([x, axes.astype(I64)], {1})

    return draw


def spatial(rng: RNG, axes: int, channels: int) -> tuple[int, ...]:
    return (2, channels, *map(int, rng.integers(4, 8, axes)))


def windowed(rng: RNG, axes: int) -> dict[str, Any]:
    found: dict[str, Any] = {}
    if rng.random() < 0.6:
        found["strides"] = rng.integers(1, 3, axes).tolist()
    if rng.random() < 0.5:
        found["pads"] = rng.integers(0, 2, 2 * axes).tolist()
        found["auto_pad"] = "NOTSET"
    return found


def pool(dilated: int, results: int = 1) -> Draw:
    def draw(rng: RNG, dtype: Any, opset: int) -> Inputs:
        axes = int(rng.integers(1, 3))
        more = windowed(rng, axes)
        if opset >= dilated and rng.random() < 0.3:
            more["dilations"] = [2] * axes
        more["kernel_shape"] = rng.integers(2, 4, axes).tolist()
        x = numbers(rng, spatial(rng, axes, 3), dtype)
        return Inputs([x], attributes=more, results=int(rng.integers(1, results + 1)))

    return draw


def conv(rng: RNG, dtype: Any, opset: int) -> Inputs:
    axes, group = int(rng.integers(1, 3)), int(rng.integers(1, 3))
    more = {**windowed(rng, axes), "group": group}
    if rng.random() < 0.3 and "auto_pad" in more:
        more["dilations"] = [2] * axes
    size = rng.integers(1, 4, axes).tolist()
    if rng.random() < 0.5:
        more["kernel_shape"] = size
    w = numbers(rng, (4, 4 // group, *size), dtype)
    bias = numbers(rng, (4,), dtype) if rng.random() < 0.5 else None
    return Inputs([numbers(rng, spatial(rng, axes, 4), dtype), w, bias], {1, 2}, more)


def conv_transpose(rng: RNG, dtype: Any, opset: int) -> Inputs:
    found = conv(rng, dtype, opset)
    w = found.arrays[1]
    assert w is not None
    group = found.attributes["group"]
    found.arrays[1] = numbers(rng, (4, 4 // group, *w.shape[2:]), dtype)
    if rng.random() < 0.3:
        found.attributes["auto_pad"] = str(rng.choice(["SAME_UPPER", "SAME_LOWER", "VALID"]))
        found.attributes.pop("pads", None)
        found.attributes.pop("dilations", None)
    elif "strides" in found.attributes and rng.random() < 0.4:
        found.attributes["output_padding"] = [int(s > 1) for s in found.attributes["strides"]]
    return found


def product(rng: RNG, dtype: Any, opset: int) -> Inputs:
    n, m, k = (int(v) for v in rng.integers(1, 5, 3))
    lead = (2,) if rng.random() < 0.4 else ()
    arrays: list[Array | None] = [numbers(rng, (*lead, n, m), dtype), numbers(rng, (m, k), dtype)]
    return Inputs(arrays)


def gemm(rng: RNG, dtype: Any, opset: int) -> Inputs:
    n, m, k = (int(v) for v in rng.integers(1, 5, 3))
    turned = [int(v) for v in rng.integers(0, 2, 2)]
    a, b = ((m, n) if turned[0] else (n, m)), ((k, m) if turned[1] else (m, k))
    arrays: list[Array | None] = [numbers(rng, a, dtype), numbers(rng, b, dtype)]
    if rng.random() < 0.6:
        arrays.append(numbers(rng, [(k,), (1, k), (n, k), (n, 1), ()][rng.integers(5)], dtype))
    return Inputs(arrays, attributes={"transA": turned[0], "transB": turned[1]})


EQUATIONS = {
    "ij,jk->ik": "23 34", "ij,jk": "23 34", "bij, bjk -> bik": "223 234", "...ij,...jk->...ik":
    "223 34", "ii->i": "33", "ii": "33", "ij->": "23", "ij->ji": "23", "i,j->ij": "2 3",
    "ij,ij->i": "23 23", "Ab,bC->AC": "23 34", "...i->...": "234",
}  # fmt: skip


def einsum(rng: RNG, dtype: Any, opset: int) -> Inputs:
    equation = str(rng.choice(list(EQUATIONS)))
    shapes = [tuple(map(int, word)) for word in EQUATIONS[equation].split()]
    return Inputs([numbers(rng, s, dtype) for s in shapes], attributes={"equation": equation})


def det(rng: RNG, dtype: Any, opset: int) -> Inputs:
    return Inputs([numbers(rng, (2, 3, 3), dtype)])


# --------------------------------------------------------------- shapes


def reshape(rng: RNG, dtype: Any, opset: int) -> Inputs:
    to = [(3, 4), (-1, 2), (0, -1), (0, 6), (2, 3, 2), (12,)][rng.integers(6)]
    return Inputs([numbers(rng, (2, 6), dtype), np.array(to, I64)], {1})


def transpose(rng: RNG, dtype: Any, opset: int) -> Inputs:
    x = numbers(rng, shaped(rng), dtype)
    if rng.random() < 0.3:
        return Inputs([x])
    return Inputs([x], attributes={"perm": rng.permutation(x.ndim).tolist()})


def flatten(rng: RNG, dtype: Any, opset: int) -> Inputs:
    x = numbers(rng, shaped(rng, 2), dtype)
    return Inputs([x], attributes={"axis": int(rng.integers(-x.ndim, x.ndim + 1))})


def squeeze(rng: RNG, dtype: Any, opset: int) -> Inputs:
    x = numbers(rng, (1, 3, 1, 2), dtype)
    axes = [None, [0], [-2], [0, 2]][rng.integers(4)]
    return Inputs([x, None if axes is None else np.array(axes, I64)], {1})


def unsqueeze(rng: RNG, dtype: Any, opset: int) -> Inputs:
    axes = [[0], [-1], [0, 2], [3, 1]][rng.integers(4)]
    return Inputs([numbers(rng, (3, 2), dtype), np.array(axes, I64)], {1})


def expand(rng: RNG, dtype: Any, opset: int) -> Inputs:
    to = [(3, 2), (4, 3, 2), (1,), (3, 1)][rng.integers(4)]
    return Inputs([numbers(rng, (3, 1), dtype), np.array(to, I64)], {1})


def tile(rng: RNG, dtype: Any, opset: int) -> Inputs:
    x = numbers(rng, shaped(rng), dtype)
    return Inputs([x, rng.integers(1, 3, x.ndim).astype(I64)], {1})


def concat(rng: RNG, dtype: Any, opset: int) -> Inputs:
    shape = list(shaped(rng))
    axis = some_axis(rng, len(shape))
    found: list[Array | None] = []
    for _ in range(rng.integers(1, 4)):
        shape[axis] = int(rng.integers(1, 4))
        found.append(numbers(rng, shape, dtype))
    return Inputs(found, attributes={"axis": axis})


def split(rng: RNG, dtype: Any, opset: int) -> Inputs:
    more: dict[str, Any] = {"axis": int(rng.integers(-2, 2))}
    x = numbers(rng, (6, 6), dtype)
    if rng.random() < 0.5:
        sizes = [[2, 4], [1, 2, 3], [6]][rng.integers(3)]
        return Inputs([x, np.array(sizes, I64)], {1}, more, len(sizes))
    count = int(rng.integers(2, 4))
    if opset >= 18:
        count = int(rng.integers(2, 5))
        more["num_outputs"] = count
    return Inputs([x], set(), more, count)


def cut(rng: RNG, dtype: Any, opset: int) -> Inputs:
    x = numbers(rng, (5, 4), dtype)
    count = int(rng.integers(1, 3))
    starts, ends = (rng.integers(-7, 8, count).astype(I64) for _ in range(2))
    axes = rng.choice(2, count, replace=False).astype(I64) - 2 * int(rng.random() < 0.3)
    steps = rng.choice([-2, -1, 1, 2], count).astype(I64)
    if rng.random() < 0.2:
        ends[:] = rng.choice([np.iinfo(I64).max, np.iinfo(I64).min + 1])
    return Inputs([x, starts, ends, axes, steps][: rng.integers(4, 6)], {1, 2, 3, 4})


def pad(rng: RNG, dtype: Any, opset: int) -> Inputs:
    modes = ["constant", "reflect", "edge", *(["wrap"] if opset >= 19 else [])]
    mode = str(rng.choice(modes))
    low = -1 if mode == "constant" else 0
    pads = rng.integers(low, 3, 4).astype(I64)
    value = numbers(rng, (), dtype) if mode == "constant" and rng.random() < 0.5 else None
    return Inputs([numbers(rng, (3, 4), dtype), pads, value], {1, 2}, {"mode": mode})


def blocks(channels: int, opset_of_mode: int) -> Draw:
    def draw(rng: RNG, dtype: Any, opset: int) -> Inputs:
        more: dict[str, Any] = {"blocksize": 2}
        if opset >= opset_of_mode:
            more["mode"] = str(rng.choice(["DCR", "CRD"]))
        return Inputs([numbers(rng, (2, channels, 4, 6), dtype)], attributes=more)

    return draw


# --------------------------------------------------------------- picking


def indices(rng: RNG, size: int, shape: Sequence[int]) -> Array:
    return np.asarray(rng.integers(-size, size, shape)).astype(rng.choice([np.int32, I64]))


def gather(rng: RNG, dtype: Any, opset: int) -> Inputs:
    x = numbers(rng, shaped(rng), dtype)
    axis = some_axis(rng, x.ndim)
    return Inputs([x, indices(rng, x.shape[axis], shaped(rng, 0, 2))], {1}, {"axis": axis})


def gather_elements(rng: RNG, dtype: Any, opset: int) -> Inputs:
    axis = int(rng.integers(-2, 2))
    x = numbers(rng, (3, 4), dtype)
    return Inputs([x, indices(rng, x.shape[axis], (2, 3))], {1}, {"axis": axis})


def gather_nd(rng: RNG, dtype: Any, opset: int) -> Inputs:
    if rng.random() < 0.4:
        count = int(rng.integers(1, 3))
        places = rng.integers(-2, 2, (*(3, 2)[:count], 4, 1)).astype(I64)
        return Inputs([numbers(rng, (3, 2, 4, 2), dtype), places], {1}, {"batch_dims": count})
    places = rng.integers(-2, 2, (3, rng.integers(1, 3))).astype(I64)
    return Inputs([numbers(rng, (3, 2, 4), dtype), places], {1})


def _joins(opset: int) -> list[str]:
    more = ["max", "min"] if opset >= 18 else []
    return ["none", *(["add", "mul"] if opset >= 16 else []), *more]


def scatter_elements(rng: RNG, dtype: Any, opset: int) -> Inputs:
    kinds = _joins(opset)
    more = {"axis": 1, **({"reduction": str(rng.choice(kinds))} if opset >= 16 else {})}
    places = np.stack([rng.permutation(4)[:2] for _ in range(2)]).astype(I64)
    if more.get("reduction", "none") != "none":  # places that are named twice
        places = rng.integers(-4, 4, (2, 2)).astype(I64)
    return Inputs([numbers(rng, (3, 4), dtype), places, numbers(rng, (2, 2), dtype)], {1}, more)


def scatter_nd(rng: RNG, dtype: Any, opset: int) -> Inputs:
    more = {"reduction": str(rng.choice(_joins(opset)))} if opset >= 16 else {}
    places = rng.permutation(3)[:2].reshape(2, 1).astype(I64)
    return Inputs([numbers(rng, (3, 4), dtype), places, numbers(rng, (2, 4), dtype)], {1}, more)


def top(rng: RNG, dtype: Any, opset: int) -> Inputs:
    axis = int(rng.integers(-2, 2))
    x = numbers(rng, (4, 5), dtype)
    return Inputs([x, np.array([rng.integers(1, 5)], I64)], {1}, {"axis": axis}, 2)


def cumsum(rng: RNG, dtype: Any, opset: int) -> Inputs:
    x = numbers(rng, shaped(rng), dtype)
    return Inputs([x, np.asarray(some_axis(rng, x.ndim), I64)], {1})


def one_hot(rng: RNG, dtype: Any, opset: int) -> Inputs:
    kind = rng.choice([np.float32, I64])
    labels = rng.integers(-5, 5, (2, 3)).astype(I64)
    values = np.array([[0, 1], [2, 5]][rng.integers(2)], kind)
    return Inputs([labels, np.asarray(4, I64), values], {1, 2}, {"axis": int(rng.integers(-3, 3))})


def trilu(rng: RNG, dtype: Any, opset: int) -> Inputs:
    k = np.asarray(rng.integers(-3, 4), I64) if rng.random() < 0.6 else None
    return Inputs([numbers(rng, [(3, 4), (2, 3, 3)][rng.integers(2)], dtype), k], {1})


# --------------------------------------------------------------- layers


def batch_norm(rng: RNG, dtype: Any, opset: int) -> Inputs:
    x = numbers(rng, spatial(rng, int(rng.integers(0, 3)), 3), dtype)
    arrays = [np.abs(numbers(rng, (3,), dtype)) + np.asarray(0.1, dtype) for _ in range(4)]
    return Inputs([x, *arrays], {1, 2, 3, 4})


def layer_norm(rng: RNG, dtype: Any, opset: int) -> Inputs:
    x = numbers(rng, (2, 3, 4), dtype)
    axis = int(rng.integers(-2, 0))
    scale, bias = (numbers(rng, x.shape[axis:], dtype) for _ in range(2))
    return Inputs([x, scale, *([bias] if rng.random() < 0.5 else [])], {1, 2}, {"axis": axis})


def rms_norm(rng: RNG, dtype: Any, opset: int) -> Inputs:
    return Inputs([numbers(rng, (2, 3, 4), dtype), numbers(rng, (4,), dtype)], {1})


def by_channel(groups: bool) -> Draw:
    def draw(rng: RNG, dtype: Any, opset: int) -> Inputs:
        x = numbers(rng, spatial(rng, 2, 4), dtype)
        count = 2 if groups and opset < 21 else 4
        more = {"num_groups": 2} if groups else {}
        return Inputs([x, *(numbers(rng, (count,), dtype) for _ in range(2))], {1, 2}, more)

    return draw


def pictured(rng: RNG, dtype: Any, opset: int) -> Inputs:
    return Inputs([numbers(rng, spatial(rng, int(rng.integers(1, 4)), 3), dtype)])


def local_response(rng: RNG, dtype: Any, opset: int) -> Inputs:
    # as many pictures as channels: onnx's own evaluator takes the one for the other
    x = numbers(rng, (5, 5, *spatial(rng, 2, 5)[2:]), dtype)
    return Inputs([x], attributes={"size": int(rng.choice([1, 3, 5]))})


def recurrent(gates: int) -> Draw:
    def draw(rng: RNG, dtype: Any, opset: int) -> Inputs:
        direction = str(rng.choice(["forward", "reverse", "bidirectional"]))
        ways = 1 + (direction == "bidirectional")
        shapes = [(5, 2, 3), (ways, gates * 4, 3), (ways, gates * 4, 4), (ways, gates * 8)]
        arrays: list[Array | None] = [numbers(rng, shape, dtype) / 2 for shape in shapes]
        if rng.random() < 0.4:
            arrays[3] = None
        if rng.random() < 0.4:
            arrays += [None, numbers(rng, (ways, 2, 4), dtype)]
        more: dict[str, Any] = {"hidden_size": 4, "direction": direction}
        more |= {"layout": 0, "input_forget": 0}
        if dtype != np.float32:  # onnx's own evaluator passes over what follows
            return Inputs(arrays, {1, 2, 3}, more, 3 if gates == 4 else 2)
        if rng.random() < 0.3:
            more |= {"clip": 1.0}
        if rng.random() < 0.3:
            more |= {"input_forget": 1}
        if rng.random() < 0.3:
            arrays += [None] * (5 - len(arrays))
            arrays[4] = rng.integers(1, 6, 2).astype(np.int32)
        if gates == 4 and rng.random() < 0.3:
            arrays += [None] * (7 - len(arrays))
            arrays.append(numbers(rng, (ways, 12), dtype) / 2)
        if rng.random() < 0.3:
            words = rng.choice(["Relu", "Tanh", "Sigmoid", "Softsign", "Softplus", "HardSigmoid"],
                               ways * {1: 1, 3: 2, 4: 3}[gates])  # fmt: skip
            if gates > 1:  # gates without bounds let the state grow beyond any precision
                words[:: {3: 2, 4: 3}[gates]] = rng.choice(["Sigmoid", "HardSigmoid", "Tanh"])
            more["activations"] = [str(word) for word in words]
        return Inputs(arrays, {1, 2, 3, 4, 7}, more, 3 if gates == 4 else 2)

    return draw


def resize(rng: RNG, dtype: Any, opset: int) -> Inputs:
    more: dict[str, Any] = {"mode": str(rng.choice(["nearest", "linear", "cubic"]))}
    if more["mode"] == "cubic" or (more["mode"] == "linear" and np.dtype(dtype).kind != "f"):
        dtype = np.float32
    x = numbers(rng, (1, 2, 4, 5), dtype)
    if rng.random() < 0.5:
        factors = rng.choice([0.5, 1.0, 2.0, 3.0], 2)
        scales = np.array([1, 1, *factors], np.float32)
        return Inputs([x, None, scales], {2}, more)
    sizes = np.array([1, 2, *rng.integers(2, 9, 2)], I64)
    if opset >= 18 and rng.random() < 0.3:
        more |= {"axes": [2, 3], "keep_aspect_ratio_policy": str(
            rng.choice(["not_larger", "not_smaller"]))}  # fmt: skip
        return Inputs([x, None, None, sizes[2:]], {3}, more)
    if rng.random() < 0.2:
        more["coordinate_transformation_mode"] = "tf_crop_and_resize"
        region = np.array([0, 0, 0.13, -0.07, 1, 1, 0.81, 1.17], np.float32)
        return Inputs([x, region, None, sizes], {1, 3}, more)
    return Inputs([x, None, None, sizes], {3}, more)


# --------------------------------------------------------------- others


def cast(rng: RNG, dtype: Any, opset: int) -> Inputs:
    return Inputs([numbers(rng, (3, 2), dtype)], attributes={"to": int(rng.choice([1, 6, 7, 11]))})


def cast_like(rng: RNG, dtype: Any, opset: int) -> Inputs:
    like = numbers(rng, (1,), rng.choice([np.float32, np.float64, np.int32, I64]))
    return Inputs([numbers(rng, (3, 2), dtype), like], {1})


def clip(rng: RNG, dtype: Any, opset: int) -> Inputs:
    ends = [np.asarray(n, dtype) if rng.random() < 0.7 else None for n in (1, 4)]
    return Inputs([numbers(rng, (3, 4), dtype), *ends], {1, 2})


def where(rng: RNG, dtype: Any, opset: int) -> Inputs:
    data = numbers(rng, (3, 4), rng.choice([np.float32, np.float64, np.int32, I64]))
    return Inputs([numbers(rng, (3, 1), bool), data, numbers(rng, (4,), data.dtype)])


def dropout(rng: RNG, dtype: Any, opset: int) -> Inputs:
    training = [None, np.asarray(False), np.asarray(True)][rng.integers(3)]
    return Inputs([numbers(rng, (3, 4), dtype), np.asarray(0.5, np.float32), training], {1, 2})


def unusual(rng: RNG, dtype: Any, opset: int) -> Inputs:
    return Inputs([np.array([1, np.inf, -np.inf, np.nan, 0], dtype)])


def constant(rng: RNG, dtype: Any, opset: int) -> Inputs:
    kinds = {"value_float": 1.5, "value_floats": [1.5, 2.0], "value_int": 3, "value_ints": [3, 4],
             "value_string": "a"}  # fmt: skip
    name = str(rng.choice(list(kinds)))
    return Inputs([], attributes={name: kinds[name]})


def filled(rng: RNG, dtype: Any, opset: int) -> Inputs:
    kind = rng.choice([np.float32, np.float64, np.int32, I64])
    more = {"value": numbers(rng, (1,), kind)} if rng.random() < 0.7 else {}
    return Inputs([np.array([2, 3], I64)], {0}, more)


def counted(rng: RNG, dtype: Any, opset: int) -> Inputs:
    step = rng.choice([0.1, 0.25, 2]) if np.dtype(dtype).kind == "f" else rng.choice([1, 2, -3])
    ends = (1, 7) if step > 0 else (7, 1)
    return Inputs([np.asarray(v, dtype) for v in (*ends, step)], {0, 1, 2})


DRAWS: dict[str, Draw] = {
    **dict.fromkeys(
        [
        "Abs", "Neg", "Sign", "Floor", "Ceil", "Round", "Exp", "Sin", "Cos", "Atan", "Sinh",
        "Cosh", "Tanh", "Asinh", "Erf", "Relu", "LeakyRelu", "Elu", "Sigmoid", "Softplus",
        "Gelu", "Celu", "HardSigmoid", "HardSwish", "Mish", "Selu", "Softsign", "Swish",
        "ThresholdedRelu", "Identity", "Not", "BitwiseNot", "Shape", "Size",
        ],
        one(),
    ),
    **dict.fromkeys(("Log", "Sqrt", "Reciprocal"), one((0.5, 2.0))),
    **dict.fromkeys(("Asin", "Acos", "Atanh", "Tan"), one((-0.9, 0.9))),
    "Acosh": one((1.2, 3.0)),
    **dict.fromkeys(("Softmax", "LogSoftmax", "Hardmax", "ArgMax", "ArgMin"), with_axis),
    **dict.fromkeys(
        [
        "Add", "Sub", "Mul", "Div", "PRelu", "Equal", "Greater", "GreaterOrEqual", "Less",
        "LessOrEqual", "And", "Or", "Xor", "BitwiseAnd", "BitwiseOr", "BitwiseXor",
        ],
        two,
    ),
    **dict.fromkeys(("Max", "Min", "Sum", "Mean"), several),
    **dict.fromkeys(
        [
        "ReduceL1", "ReduceL2", "ReduceLogSum", "ReduceLogSumExp", "ReduceMax", "ReduceMean",
        "ReduceMin", "ReduceProd", "ReduceSumSquare",
        ],
        reduced(18),
    ),
    "ReduceSum": reduced(13),
    "Pow": power, "Mod": remainder,
    "AveragePool": pool(19), "MaxPool": pool(12, 2), "GlobalAveragePool": pictured,
    "GlobalMaxPool": pictured, "Conv": conv, "ConvTranspose": conv_transpose,
    "MatMul": product, "Gemm": gemm, "Einsum": einsum, "Det": det,
    "Reshape": reshape, "Transpose": transpose, "Flatten": flatten, "Squeeze": squeeze,
    "Unsqueeze": unsqueeze, "Expand": expand, "Tile": tile, "Concat": concat, "Split": split,
    "Slice": cut, "Pad": pad, "DepthToSpace": blocks(8, 11), "SpaceToDepth": blocks(2, 28),
    "Gather": gather, "GatherElements": gather_elements, "GatherND": gather_nd,
    "Scatter": scatter_elements, "ScatterElements": scatter_elements, "ScatterND": scatter_nd,
    "TopK": top, "CumProd": cumsum, "CumSum": cumsum,
    "OneHot": one_hot, "Trilu": trilu,
    "BatchNormalization": batch_norm, "LayerNormalization": layer_norm,
    "RMSNormalization": rms_norm, "InstanceNormalization": by_channel(False),
    "GroupNormalization": by_channel(True), "LRN": local_response,
    "RNN": recurrent(1), "GRU": recurrent(3), "LSTM": recurrent(4), "Resize": resize,
    "Cast": cast, "CastLike": cast_like, "Clip": clip, "Where": where, "Dropout": dropout,
    "IsInf": unusual, "IsNaN": unusual, "Constant": constant, "ConstantOfShape": filled,
    "Range": counted,
}  # fmt: skip
"""How the inputs of each operator are drawn."""
