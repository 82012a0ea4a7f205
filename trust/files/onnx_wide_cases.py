"""More models of one operator each, drawn: quantized numbers, attention, sampling, signals, losses,
graphs inside of steps, classical learning.

The draws of the simpler operators, and what all draws share, stand in `onnx_cases`.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from onnx import TensorProto, helper

from trust.files.onnx_cases import I64, RNG, Draw, Inputs, numbers, shaped, spatial, windowed

F32 = np.float32
SMALL = (np.uint8, np.int8)


def chosen(rng: RNG, *values: Any) -> Any:
    return values[int(rng.integers(len(values)))]


def whole(rng: RNG, shape: Any, dtype: Any) -> Any:
    about = np.iinfo(dtype)
    return rng.integers(max(about.min, -120), min(about.max, 250) + 1, shape).astype(dtype)


# --------------------------------------------------------------- quantized numbers


def quantize(rng: RNG, dtype: Any, opset: int) -> Inputs:
    dtype = dtype if dtype in (np.float32, np.float16) else np.float32
    axis = int(rng.integers(-3, 3))
    x = numbers(rng, (2, 3, 4), dtype) * np.asarray(8, dtype)
    size = () if rng.random() < 0.5 else (x.shape[axis],)
    kind = chosen(rng, *SMALL)
    scale = np.asarray(chosen(rng, 0.25, 0.5, 1.0) * rng.integers(1, 3, size)).astype(dtype)
    zero = np.asarray(rng.integers(0, 9, size)).astype(kind) if rng.random() < 0.6 else None
    return Inputs([x, scale, zero], {1, 2}, {"axis": axis, "saturate": 1})


def dequantize(rng: RNG, dtype: Any, opset: int) -> Inputs:
    kind, axis = chosen(rng, *SMALL, np.int32), int(rng.integers(-3, 3))
    x = whole(rng, (2, 3, 4), kind)
    size = () if rng.random() < 0.5 else (x.shape[axis],)
    scale = (rng.random(size) + 0.1).astype(F32)
    zero = np.asarray(whole(rng, size, kind)) if rng.random() < 0.6 and kind != np.int32 else None
    return Inputs([x, np.asarray(scale), zero], {1, 2}, {"axis": axis})


def quantize_dynamically(rng: RNG, dtype: Any, opset: int) -> Inputs:
    return Inputs([numbers(rng, shaped(rng), F32)], results=3)


def matmul_integer(rng: RNG, dtype: Any, opset: int) -> Inputs:
    a, b = chosen(rng, *SMALL), chosen(rng, *SMALL)
    zeros = [np.asarray(whole(rng, (), k)) if rng.random() < 0.5 else None for k in (a, b)]
    return Inputs([whole(rng, (2, 3), a), whole(rng, (3, 4), b), *zeros], {1, 2, 3})


def conv_integer(rng: RNG, dtype: Any, opset: int) -> Inputs:
    zeros = [np.asarray(whole(rng, (), np.uint8)) if rng.random() < 0.5 else None, None]
    more = {**windowed(rng, 2), "group": int(rng.integers(1, 3))}
    w = whole(rng, (4, 4 // more["group"], 2, 3), np.uint8)
    return Inputs([whole(rng, spatial(rng, 2, 4), np.uint8), w, *zeros], {1, 2, 3}, more)


def _scales(rng: RNG, count: int) -> list[Any]:
    return [np.asarray(2.0 ** -rng.integers(3, 6), F32) for _ in range(count)]


def qlinear_matmul(rng: RNG, dtype: Any, opset: int) -> Inputs:
    kind = chosen(rng, *SMALL)
    (a, b, y), (za, zb, zy) = _scales(rng, 3), [np.asarray(whole(rng, (), kind)) for _ in range(3)]
    arrays = [whole(rng, (2, 3), kind), a, za, whole(rng, (3, 4), kind), b, zb, y, zy]
    return Inputs(list(arrays), {1, 2, 3, 4, 5, 6, 7})


def qlinear_conv(rng: RNG, dtype: Any, opset: int) -> Inputs:
    more = {**windowed(rng, 2), "group": int(rng.integers(1, 3))}
    w = whole(rng, (4, 4 // more["group"], 2, 2), np.uint8)
    (a, y), (za, zw, zy) = _scales(rng, 2), [np.asarray(whole(rng, (), np.uint8)) for _ in "abc"]
    each = (2.0 ** -rng.integers(3, 6, 4)).astype(F32) if rng.random() < 0.5 else _scales(rng, 1)[0]
    bias = rng.integers(-99, 99, 4).astype(np.int32) if rng.random() < 0.5 else None
    arrays = [whole(rng, spatial(rng, 2, 4), np.uint8), a, za, w, each, zw, y, zy, bias]
    return Inputs(list(arrays), set(range(1, 9)), more)


# --------------------------------------------------------------- attention


def attention(rng: RNG, dtype: Any, opset: int) -> Inputs:
    kept = int(rng.integers(1, 3))
    heads, q, k, size = kept * int(rng.integers(1, 3)), 3, 4, 8
    flat = rng.random() < 0.5
    more: dict[str, Any] = {"is_causal": int(rng.integers(2))}
    arrays: list[Any] = []
    for many, length in ((heads, q), (kept, k), (kept, k)):
        shape = (2, length, many * size) if flat else (2, many, length, size)
        arrays.append(numbers(rng, shape, dtype))
    if flat:
        more |= {"q_num_heads": heads, "kv_num_heads": kept}
    if rng.random() < 0.3:
        more["scale"] = 0.5
    if rng.random() < 0.3:
        more["softcap"] = 2.0
    if rng.random() < 0.5:
        mask = numbers(rng, (q, k), chosen(rng, np.bool_, dtype))
        if mask.dtype == np.bool_:
            mask[:, 0] = True
        arrays.append(mask)
    return Inputs(arrays, {3}, more)


def rotary(rng: RNG, dtype: Any, opset: int) -> Inputs:
    flat, wide = rng.random() < 0.5, int(rng.choice([4, 8]))
    x = numbers(rng, (2, 3, 16) if flat else (2, 2, 3, 8), dtype)
    more: dict[str, Any] = {"interleaved": int(rng.integers(2))}
    if flat or rng.random() < 0.5:
        more["num_heads"] = 2
    if wide != 8:
        more |= {"rotary_embedding_dim": wide, "num_heads": 2}
    if rng.random() < 0.5:
        tables = [numbers(rng, (5, wide // 2), dtype) for _ in range(2)]
        return Inputs([x, *tables, rng.integers(0, 5, (2, 3)).astype(I64)], {1, 2, 3}, more)
    return Inputs([x, *(numbers(rng, (2, 3, wide // 2), dtype) for _ in range(2))], {1, 2}, more)


def linear_attention(rng: RNG, dtype: Any, opset: int) -> Inputs:
    kept = int(rng.integers(1, 3))
    heads, rule = kept * int(rng.integers(1, 3)), chosen(rng, "linear", "gated", "delta",
                                                         "gated_delta")  # fmt: skip
    arrays: list[Any] = [numbers(rng, (2, 5, many * 4), dtype) / 2 for many in (heads, kept, kept)]
    arrays.append(numbers(rng, (2, kept, 4, 4), dtype) if rng.random() < 0.5 else None)
    decay = -np.abs(numbers(rng, (2, 5, kept), dtype)) if "gated" in rule else None
    beta = rng.random((2, 5, kept)).astype(dtype) if "delta" in rule else None
    more = {"q_num_heads": heads, "kv_num_heads": kept, "update_rule": rule}
    return Inputs([*arrays, decay, beta], set(), more, 2)


def causal_conv(rng: RNG, dtype: Any, opset: int) -> Inputs:
    k = int(rng.integers(1, 4))
    bias = numbers(rng, (3,), dtype) if rng.random() < 0.5 else None
    past = numbers(rng, (2, 3, k - 1), dtype) if rng.random() < 0.5 else None
    more = {"activation": chosen(rng, "none", "silu", "swish")}
    return Inputs([numbers(rng, (2, 3, 5), dtype), numbers(rng, (3, 1, k), dtype), bias, past],
                  {1, 2}, more, 2)  # fmt: skip


def tensor_scatter(rng: RNG, dtype: Any, opset: int) -> Inputs:
    mode, axis = chosen(rng, "linear", "circular"), int(rng.choice([-2, 1, 2]))
    update = [2, 6, 6, 3]
    update[axis] = 2
    starts = rng.integers(0, 5 if mode == "linear" else 6, 2).astype(I64)
    arrays = [numbers(rng, (2, 6, 6, 3), dtype), numbers(rng, update, dtype), starts]
    return Inputs(list(arrays), {2}, {"mode": mode, "axis": axis})


def swiglu(rng: RNG, dtype: Any, opset: int) -> Inputs:
    shape = shaped(rng)
    return Inputs([numbers(rng, shape, dtype), numbers(rng, shape, dtype)])


# --------------------------------------------------------------- sampling


def grid_sample(rng: RNG, dtype: Any, opset: int) -> Inputs:
    axes = int(rng.integers(2, 4)) if opset >= 20 else 2
    kinds = ("linear", "nearest", "cubic") if opset >= 20 else ("bilinear", "nearest", "bicubic")
    mode = chosen(rng, *(kinds[:2] if axes == 3 else kinds))
    more = {"mode": mode, "padding_mode": chosen(rng, "zeros", "border", "reflection")}
    grid = rng.uniform(-1.3, 1.3, (2, *rng.integers(2, 4, axes), axes))
    dtype = dtype if dtype in (np.float32, np.float64) else np.float32
    return Inputs([numbers(rng, spatial(rng, axes, 2), dtype), grid.astype(F32)], {1},
                  {**more, "align_corners": int(rng.integers(2))})  # fmt: skip


def affine_grid(rng: RNG, dtype: Any, opset: int) -> Inputs:
    axes = int(rng.integers(2, 4))
    size = np.array([2, 3, *rng.integers(2, 5, axes)], I64)
    return Inputs([numbers(rng, (2, axes, axes + 1), F32), size], {1},
                  {"align_corners": int(rng.integers(2))})  # fmt: skip


def roi_align(rng: RNG, dtype: Any, opset: int) -> Inputs:
    start = rng.uniform(0, 4, (3, 2))
    regions = np.concatenate([start, start + rng.uniform(1, 5, (3, 2))], axis=1)
    more = {
        "output_height": 2, "output_width": 3, "sampling_ratio": int(rng.integers(0, 3)),
        "spatial_scale": chosen(rng, 1.0, 0.5), "mode": chosen(rng, "avg", "max"),
        "coordinate_transformation_mode": chosen(rng, "half_pixel", "output_half_pixel"),
    }  # fmt: skip
    which = rng.integers(0, 2, 3).astype(I64)
    return Inputs([numbers(rng, (2, 3, 7, 8), F32), regions.astype(F32), which], {1, 2}, more)


def deformed(rng: RNG, dtype: Any, opset: int) -> Inputs:
    group, parts = int(rng.integers(1, 3)), int(rng.integers(1, 3))
    more = {"group": group, "offset_group": parts, "kernel_shape": [2, 2], "pads": [0] * 4}
    offset = rng.uniform(-1, 1, (2, parts * 8, 4, 4)).astype(F32)
    bias = numbers(rng, (4,), F32) if rng.random() < 0.5 else None
    mask = rng.random((2, parts * 4, 4, 4)).astype(F32) if rng.random() < 0.5 else None
    arrays = [numbers(rng, (2, 4, 5, 5), F32), numbers(rng, (4, 4 // group, 2, 2), F32), offset]
    return Inputs([*arrays, bias, mask], {1, 3}, more)


def from_columns(rng: RNG, dtype: Any, opset: int) -> Inputs:
    block, steps = rng.integers(1, 4, 2), rng.integers(1, 3, 2)
    pads, apart = rng.integers(0, 2, 4), rng.integers(1, 3, 2)
    image = rng.integers(5, 8, 2)
    spots = (image + pads[:2] + pads[2:] - (block - 1) * apart - 1) // steps + 1
    x = numbers(rng, (2, 3 * int(block.prod()), int(spots.prod())), dtype)
    more = {"strides": steps.tolist(), "pads": pads.tolist(), "dilations": apart.tolist()}
    return Inputs([x, image.astype(I64), block.astype(I64)], {1, 2}, more)


def unpool(rng: RNG, dtype: Any, opset: int) -> Inputs:
    x = numbers(rng, (1, 2, 2, 3), dtype)
    windows = 2 * np.arange(2)[:, None] * 6 + 2 * np.arange(3)
    corner = rng.integers(0, 2, (2, 2, 2, 3))
    places = windows + corner[0] * 6 + corner[1] + np.arange(2)[:, None, None] * 24
    return Inputs([x, places[None].astype(I64)], {1}, {"kernel_shape": [2, 2], "strides": [2, 2]})


def upsample(rng: RNG, dtype: Any, opset: int) -> Inputs:
    scales = np.array([1, 1, *rng.integers(1, 4, 2)], F32)
    return Inputs([numbers(rng, (1, 2, 3, 4), F32), scales], {1}, {"mode": "nearest"})


# --------------------------------------------------------------- signals and losses


def dft(rng: RNG, dtype: Any, opset: int) -> Inputs:
    inverse, onesided = int(rng.integers(2)), int(rng.integers(2))
    dtype = dtype if dtype in (np.float32, np.float64) else np.float32
    x = numbers(rng, (2, 5, 6, 1 if onesided and not inverse else int(rng.integers(1, 3))), dtype)
    if inverse and onesided:
        x = numbers(rng, (2, 5, 6, 2), dtype)
        x[:, 0, :, 1] = x[:, :, 0, 1] = 0  # what belongs to no real signal is read in two ways
    axis, length = int(rng.choice([1, 2])), None
    if rng.random() < 0.4 and not (inverse and onesided):
        length = np.asarray(rng.integers(3, 9), I64)
    more: dict[str, Any] = {"inverse": inverse, "onesided": onesided}
    if opset < 20:
        return Inputs([x, length], {1}, {**more, "axis": axis})
    return Inputs([x, length, np.asarray(axis, I64)], {1, 2}, more)


def stft(rng: RNG, dtype: Any, opset: int) -> Inputs:
    dtype = dtype if dtype in (np.float32, np.float64) else np.float32
    n = int(rng.integers(3, 8))
    windowed = rng.random() < 0.6
    arrays: list[Any] = [numbers(rng, (2, 20, 1), dtype), np.asarray(rng.integers(1, 5), I64)]
    arrays.append(numbers(rng, (n,), dtype) if windowed else None)
    arrays.append(np.asarray(n, I64))
    return Inputs(arrays, {1, 2, 3}, {"onesided": int(rng.integers(2))})


def window(rng: RNG, dtype: Any, opset: int) -> Inputs:
    more = {"periodic": int(rng.integers(2))}
    return Inputs([np.asarray(rng.integers(2, 12), I64)], {0}, more)


def mel(rng: RNG, dtype: Any, opset: int) -> Inputs:
    whole_ones = [np.asarray(v, I64) for v in (rng.integers(4, 9), 32, 8192)]
    return Inputs([*whole_ones, np.asarray(0, F32), np.asarray(4096, F32)], {0, 1, 2, 3, 4})


def losses(results: int) -> Draw:
    def draw(rng: RNG, dtype: Any, opset: int) -> Inputs:
        rest = () if rng.random() < 0.5 else (2, 3)
        scores = numbers(rng, (4, 5, *rest), dtype)
        target = rng.integers(0, 5, (4, *rest)).astype(chosen(rng, np.int32, I64))
        weight = rng.uniform(0.5, 1.5, 5).astype(dtype) if rng.random() < 0.5 else None
        more: dict[str, Any] = {"reduction": chosen(rng, "none", "mean", "sum")}
        if rng.random() < 0.4:
            more["ignore_index"] = int(rng.integers(0, 5))
            target.flat[0] = (more["ignore_index"] + 1) % 5  # at least one counts
        return Inputs([scores, target, weight], {1, 2}, more, results)

    return draw


# --------------------------------------------------------------- picking and small ones


def reverse_sequence(rng: RNG, dtype: Any, opset: int) -> Inputs:
    rows = int(rng.integers(2))
    x = numbers(rng, (4, 5, 2), dtype)
    lengths = rng.integers(1, x.shape[1 - rows] + 1, x.shape[rows]).astype(I64)
    return Inputs([x, lengths], {1}, {"batch_axis": rows, "time_axis": 1 - rows})


def eye(rng: RNG, dtype: Any, opset: int) -> Inputs:
    more: dict[str, Any] = {"k": int(rng.integers(-2, 3))}
    if rng.random() < 0.5:
        more["dtype"] = int(rng.choice([TensorProto.FLOAT, TensorProto.INT64, TensorProto.DOUBLE]))
    return Inputs([numbers(rng, (3, 4), dtype)], attributes=more)


def bit_shift(rng: RNG, dtype: Any, opset: int) -> Inputs:
    x, by = whole(rng, (3, 4), dtype), rng.integers(0, 9, (4,)).astype(dtype)
    return Inputs([x, by], attributes={"direction": chosen(rng, "LEFT", "RIGHT")})


def center(rng: RNG, dtype: Any, opset: int) -> Inputs:
    x = numbers(rng, (4, 5, 3), dtype)
    axes = [None, [0], [1, 2], [-1, 0]][rng.integers(4)]
    sizes = rng.integers(1, 9, 3 if axes is None else len(axes)).astype(I64)
    return Inputs([x, sizes], {1}, {} if axes is None else {"axes": axes})


def lp_norm(rng: RNG, dtype: Any, opset: int) -> Inputs:
    x = numbers(rng, (2, 3, 4), dtype)
    return Inputs([x], attributes={"axis": int(rng.integers(-3, 3)), "p": int(rng.integers(1, 3))})


def lp_pool(rng: RNG, dtype: Any, opset: int) -> Inputs:
    axes = int(rng.integers(1, 3))
    more = {**windowed(rng, axes), "kernel_shape": rng.integers(2, 4, axes).tolist(),
            "p": int(rng.integers(1, 4))}  # fmt: skip
    if "pads" not in more:
        more["auto_pad"] = chosen(rng, "NOTSET", "VALID")
    return Inputs([numbers(rng, spatial(rng, axes, 3), dtype)], attributes=more)


def global_lp_pool(rng: RNG, dtype: Any, opset: int) -> Inputs:
    x = numbers(rng, spatial(rng, int(rng.integers(1, 3)), 3), F32)
    return Inputs([x], attributes={"p": int(rng.integers(1, 4))})


def mean_variance(rng: RNG, dtype: Any, opset: int) -> Inputs:
    axes = [[0, 2, 3], [1], [2, 3]][rng.integers(3)]
    return Inputs([numbers(rng, (2, 3, 4, 5), F32)], attributes={"axes": axes})


def shrink(rng: RNG, dtype: Any, opset: int) -> Inputs:
    more = {"lambd": 1.5, "bias": chosen(rng, 0.0, 0.5) if np.dtype(dtype).kind == "f" else 0.0}
    return Inputs([numbers(rng, (3, 4), dtype)], attributes=more)


# --------------------------------------------------------------- graphs inside of steps


def _graph(nodes: list[Any], inputs: list[str], outputs: list[str], shapes: dict[str, Any]) -> Any:
    """A graph of floating values, but for the number of a turn and a condition."""
    kinds = {"i": TensorProto.INT64, "on": TensorProto.BOOL, "again": TensorProto.BOOL}

    def told(name: str) -> Any:
        shape = shapes.get(name, [] if name in kinds else None)
        return helper.make_tensor_value_info(name, kinds.get(name, TensorProto.FLOAT), shape)

    return helper.make_graph(nodes, "body", [*map(told, inputs)], [*map(told, outputs)])


def branch(rng: RNG, dtype: Any, opset: int) -> Inputs:
    node = helper.make_node
    x = numbers(rng, (2, 3), F32)
    sides = [
        _graph([node("Sin", ["x1"], ["a"]), node("Mul", ["a", "x1"], ["b"])], [], ["b"], {}),
        _graph([node("Tanh", ["x1"], ["b"])], [], ["b"], {}),
    ]
    more = dict(zip(("then_branch", "else_branch"), sides))
    return Inputs([np.asarray(rng.random() < 0.5), x], set(), more, around=1)


def repeated(rng: RNG, dtype: Any, opset: int) -> Inputs:
    """So many turns, or until a sum is large; a body that reads x3, which is around it."""
    node, c = helper.make_node, numbers(rng, (2, 3), F32)
    counted = rng.random() < 0.6
    nodes = [node("Mul", ["c", "x3"], ["d"]), node("Add", ["d", "x3"], ["e"])]
    if counted:
        nodes += [node("Identity", ["on"], ["again"]), node("Sin", ["c"], ["row"])]
        outs = ["again", "e", "row"]
    else:
        limit = helper.make_tensor("limit", TensorProto.FLOAT, [], [50.0])
        nodes += [
            node("Constant", [], ["most"], value=limit),
            node("Abs", ["e"], ["size"]), node("ReduceMax", ["size"], ["top"], keepdims=0),
            node("Less", ["top", "most"], ["again"]),
        ]  # fmt: skip
        outs = ["again", "e"]
    body = _graph(nodes, ["i", "on", "c"], outs, {})
    turns = np.asarray(int(rng.integers(1 if counted else 0, 5)), I64)
    arrays = [turns, np.asarray(True), np.abs(c), np.abs(numbers(rng, (3,), F32)) + F32(1.1)]
    return Inputs(list(arrays), {0, 1}, {"body": body}, 2 if counted else 1, around=1)


def scanned(rng: RNG, dtype: Any, opset: int) -> Inputs:
    node = helper.make_node
    ways = [int(v) for v in rng.integers(0, 2, 3)]
    nodes = [
        node("Mul", ["c", "row"], ["d"]), node("Add", ["d", "other"], ["e"]),
        node("Tanh", ["e"], ["f"]), node("Sub", ["f", "row"], ["out"]),
    ]  # fmt: skip
    body = _graph(nodes, ["c", "row", "other"], ["f", "out"], {})
    axis = int(rng.integers(2))
    x = numbers(rng, (4, 3) if axis == 0 else (3, 4), F32)
    more = {
        "body": body, "num_scan_inputs": 2, "scan_input_axes": [axis, 0],
        "scan_input_directions": ways[:2], "scan_output_directions": ways[2:],
        "scan_output_axes": [int(rng.integers(2))],
    }  # fmt: skip
    arrays = [numbers(rng, (3,), F32), x, numbers(rng, (4, 3), F32)]
    return Inputs(list(arrays), set(), more, 2)


# --------------------------------------------------------------- classical learning


def features(rng: RNG) -> Any:
    return numbers(rng, (4, 3), F32)


def regressor(rng: RNG, dtype: Any, opset: int) -> Inputs:
    count = int(rng.integers(1, 4))
    more = {"coefficients": rng.normal(size=3 * count).tolist(), "targets": count,
            "intercepts": rng.normal(size=count).tolist()}  # fmt: skip
    return Inputs([features(rng)], attributes=more)


def classifier(rng: RNG, dtype: Any, opset: int) -> Inputs:
    count = int(rng.integers(2, 5))
    more = {
        "coefficients": rng.normal(size=3 * count).tolist(),
        "classlabels_ints": [*range(5, 5 + count)],
        "intercepts": rng.normal(size=count).tolist(), "multi_class": 1,
        "post_transform": chosen(rng, "NONE", "SOFTMAX", "LOGISTIC"),
    }  # fmt: skip
    return Inputs([features(rng)], attributes=more, results=2)


def scaler(rng: RNG, dtype: Any, opset: int) -> Inputs:
    count = chosen(rng, 1, 3)
    more = {"offset": rng.normal(size=count).tolist(), "scale": rng.normal(size=count).tolist()}
    return Inputs([features(rng)], attributes=more)


def normalizer(rng: RNG, dtype: Any, opset: int) -> Inputs:
    norm = chosen(rng, "L1", "L2", "MAX")
    x = features(rng)
    return Inputs([np.abs(x) if norm == "MAX" else x], attributes={"norm": norm})


def imputer(rng: RNG, dtype: Any, opset: int) -> Inputs:
    x = features(rng)
    old = chosen(rng, float("nan"), 2.0)
    x[rng.random(x.shape) < 0.3] = old
    more = {"imputed_value_floats": rng.normal(size=chosen(rng, 1, 3)).tolist(),
            "replaced_value_float": old}  # fmt: skip
    return Inputs([x], attributes=more)


def binarizer(rng: RNG, dtype: Any, opset: int) -> Inputs:
    return Inputs([features(rng)], attributes={"threshold": 0.5})


def extractor(rng: RNG, dtype: Any, opset: int) -> Inputs:
    return Inputs([features(rng), rng.integers(0, 3, 2).astype(I64)], {1})


def vectorizer(rng: RNG, dtype: Any, opset: int) -> Inputs:
    return Inputs([features(rng), features(rng)], attributes={"inputdimensions": [3, 3]})


def label_encoder(rng: RNG, dtype: Any, opset: int) -> Inputs:
    more: dict[str, Any] = {"keys_int64s": [1, 2, 5]}
    if rng.random() < 0.5:
        more |= {"values_int64s": [7, 8, 9], "default_int64": -3}
    else:
        more |= {"values_floats": [0.5, 1.5, 2.5], "default_float": -1.0}
    return Inputs([rng.integers(0, 6, (4,)).astype(I64)], attributes=more)


def one_hot_encoder(rng: RNG, dtype: Any, opset: int) -> Inputs:
    x = rng.integers(0, 5, (4, 2)).astype(I64)
    return Inputs([x], attributes={"cats_int64s": [1, 2, 3], "zeros": 1})


def zip_map(rng: RNG, dtype: Any, opset: int) -> Inputs:
    return Inputs([features(rng)], attributes={"classlabels_int64s": [0, 1, 2]})


CLASSICAL: dict[str, Draw] = {
    "ArrayFeatureExtractor": extractor, "Binarizer": binarizer, "FeatureVectorizer": vectorizer,
    "Imputer": imputer, "LabelEncoder": label_encoder, "LinearClassifier": classifier,
    "LinearRegressor": regressor, "Normalizer": normalizer, "OneHotEncoder": one_hot_encoder,
    "Scaler": scaler, "ZipMap": zip_map,
}  # fmt: skip
"""Those of the domain ai.onnx.ml."""

WIDE: dict[str, Draw] = {
    "AffineGrid": affine_grid, "Attention": attention, "BitShift": bit_shift,
    "CausalConvWithState": causal_conv, "CenterCropPad": center, "Col2Im": from_columns,
    "ConvInteger": conv_integer, "DFT": dft, "DeformConv": deformed,
    "DequantizeLinear": dequantize, "DynamicQuantizeLinear": quantize_dynamically,
    "EyeLike": eye, "GlobalLpPool": global_lp_pool, "GridSample": grid_sample,
    "If": branch, "LinearAttention": linear_attention, "Loop": repeated,
    "LpNormalization": lp_norm, "LpPool": lp_pool, "MatMulInteger": matmul_integer,
    "MaxUnpool": unpool, "MeanVarianceNormalization": mean_variance, "MelWeightMatrix": mel,
    "NegativeLogLikelihoodLoss": losses(1), "QLinearConv": qlinear_conv,
    "QLinearMatMul": qlinear_matmul, "QuantizeLinear": quantize,
    "ReverseSequence": reverse_sequence, "RoiAlign": roi_align, "RotaryEmbedding": rotary,
    "STFT": stft, "Scan": scanned, "Shrink": shrink, "SoftmaxCrossEntropyLoss": losses(2),
    "SwiGLU": swiglu, "TensorScatter": tensor_scatter, "Upsample": upsample,
    **dict.fromkeys(("BlackmanWindow", "HammingWindow", "HannWindow"), window),
    **CLASSICAL,
}  # fmt: skip
"""How the inputs of each operator are drawn."""
