"""ONNX's operators in ours: what each means as a function of its inputs and attributes.

Operators that one op answers to are read from the calls at the ops' definitions; those that say
more than one op stand in SPECIAL. Whole layers (recurrence, normalising, resizing) are in
`onnx_layers`.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from seegrad.graph.exchange import Exchange, parse_exchange
from seegrad.graph.op import Op
from seegrad.ops import (
    TABLE,
    activation,
    along,
    arithmetic,
    compare,
    convolution,
    linalg,
    pooling,
    reduce,
    select,
    shape,
    transcendental,
)
from seegrad.training.onnx_layers import LAYERS
from seegrad.training.onnx_values import Attributes, Reader, Values, at, known, pairs, whole

HARMLESS = {"auto_pad": ("NOTSET", "VALID"), "noop_with_empty_axes": (0, 1), "allowzero": (0, 1)}
"""Attributes that no op of ours has, with the values that change nothing."""


# --------------------------------------------------------------- from the op table


def _from_table(op: Op, call: Exchange) -> Reader:
    """What reads an operator that one op answers to."""
    ours = [name.lstrip("*") for name in op.inputs]
    wanted = call.inputs or tuple(ours)
    keys = {value: key for key, value in call.attributes if isinstance(value, str)}

    def read(values: Values, attributes: Attributes) -> Any:
        inputs: list[Any] = []
        attrs: dict[str, Any] = {}
        for place, name in enumerate(wanted):
            if not isinstance(name, str) or at(values, place) is None:
                continue
            if name in ours:
                inputs += values[place:] if op.variadic else [values[place]]
            else:
                numbers = known(values[place], name)
                attrs[name] = _plain(name, numbers.tolist())
        for name, key in keys.items():
            if attributes.get(key) is not None:
                attrs[name] = _plain(name, attributes[key])
        for key, value in attributes.items():
            if value and key not in keys.values() and value not in HARMLESS.get(key, ()):
                raise ValueError(f"{key}={value}")
        return op(*inputs, **attrs)

    return read


def _plain(name: str, value: Any) -> Any:
    """A value of ONNX as our attribute."""
    if isinstance(value, (list, tuple)):
        numbers = tuple(value)
        return pairs(numbers) if name in ("padding", "widths") else numbers
    return bool(value) if name in ("keepdims", "count_padding") else value


# --------------------------------------------------------------- operators that say more


def _reduction(op: Op) -> Reader:
    def read(values: Values, attributes: Attributes) -> Any:
        given = at(values, 1)
        axes = attributes.get("axes") if given is None else whole(given, "axes")
        if not axes:
            axes = () if attributes.get("noop_with_empty_axes") else None
        return op(values[0], axis=axes, keepdims=bool(attributes.get("keepdims", 1)))

    return read


def _folded(op: Op) -> Reader:
    """Operators of two or more inputs that ours takes two at a time."""

    def read(values: Values, attributes: Attributes) -> Any:
        total = values[0]
        for value in values[1:]:
            total = op(total, value)
        return total

    return read


def _with_bias(product: Any, bias: Any) -> Any:
    if bias is None:
        return product
    return product + shape.reshape(bias, shape=(-1, *(1,) * (len(product.shape) - 2)))


def _window(attributes: Attributes, size: Sequence[int], lengths: Sequence[int]) -> dict[str, Any]:
    """Settings of a window of `size` over axes of `lengths`."""
    steps = attributes.get("strides", (1,) * len(size))
    dilation = attributes.get("dilations", (1,) * len(size))
    padding = pairs(attributes.get("pads", (0,) * 2 * len(size)))
    around = attributes.get("auto_pad", "NOTSET")
    if around.startswith("SAME"):
        padding = ()
        for n, k, s, d in zip(lengths, size, steps, dilation):
            total = max((-(-n // s) - 1) * s + (k - 1) * d + 1 - n, 0)
            half = total // 2
            ends = (half, total - half) if around == "SAME_UPPER" else (total - half, half)
            padding = (*padding, ends)
    return {"steps": steps, "padding": padding, "dilation": dilation}


def _conv(values: Values, attributes: Attributes) -> Any:
    settings = _window(attributes, values[1].shape[2:], values[0].shape[2:])
    product = convolution.conv(*values[:2], **settings, groups=attributes.get("group", 1))
    return _with_bias(product, at(values, 2))


def _conv_transpose(values: Values, attributes: Attributes) -> Any:
    y, W = values[:2]
    for name, plain in (("output_shape", ()), ("auto_pad", "NOTSET")):
        if attributes.get(name, plain) not in (plain, "VALID"):
            raise ValueError(f"{name}={attributes[name]}")
    settings = _window(attributes, W.shape[2:], y.shape[2:])
    more = attributes.get("output_padding", (0,) * (W.ndim - 2))
    lengths = tuple(
        (y.shape[2 + i] - 1) * settings["steps"][i]
        + (W.shape[2 + i] - 1) * settings["dilation"][i]
        + 1 + more[i] - sum(settings["padding"][i])
        for i in range(W.ndim - 2)
    )  # fmt: skip
    product = convolution.conv_transpose(
        y, W, shape=lengths, **settings, groups=attributes.get("group", 1)
    )
    return _with_bias(product, at(values, 2))


def _gemm(values: Values, attributes: Attributes) -> Any:
    a, b = values[:2]
    a = a.T if attributes.get("transA") else a
    b = b.T if attributes.get("transB") else b
    product = linalg.matmul(a, b)
    alpha, beta = attributes.get("alpha", 1.0), attributes.get("beta", 1.0)
    product = product if alpha == 1 else product * alpha
    bias = at(values, 2)
    if bias is None:
        return product
    return product + (bias if beta == 1 else bias * beta)


def _global(op: Op) -> Reader:
    return lambda values, attributes: op(
        values[0], axis=tuple(range(2, len(values[0].shape))), keepdims=True
    )


def _up_to_the_end(
    settings: Attributes, size: Sequence[int], lengths: Sequence[int]
) -> tuple[tuple[int, int], ...]:
    """Padding such that a last window that begins within the input is whole (`ceil_mode`)."""
    found = []
    for (before, after), n, k, s, d in zip(
        settings["padding"], lengths, size, settings["steps"], settings["dilation"]
    ):
        reach, there = (k - 1) * d + 1, n + before + after
        count = -(-(there - reach) // s) + 1
        if (count - 1) * s >= n + before:
            count -= 1
        found.append((before, after + max(0, (count - 1) * s + reach - there)))
    return tuple(found)


def _pool(op: Op, **more: tuple[str, Any]) -> Reader:
    """A pooling; ours steps by the window's size where ONNX steps by 1."""

    def read(values: Values, attributes: Attributes) -> Any:
        size, lengths = attributes["kernel_shape"], values[0].shape[2:]
        if attributes.get("storage_order"):
            raise ValueError("storage_order")
        settings = _window(attributes, size, lengths)
        if attributes.get("ceil_mode"):
            if attributes.get("count_include_pad"):
                raise ValueError("ceil_mode with count_include_pad")
            settings["padding"] = _up_to_the_end(settings, size, lengths)
        dilation = settings.pop("dilation")
        if "dilation" in op.attributes:
            settings["dilation"] = dilation
        elif set(dilation) != {1}:
            raise ValueError(f"dilations={dilation}")
        for ours, (theirs, default) in more.items():
            settings[ours] = bool(attributes.get(theirs, default))
        return op(values[0], size=tuple(size), **settings)

    return read


def _flatten(values: Values, attributes: Attributes) -> Any:
    x = values[0]
    axis = attributes.get("axis", 1)
    axis = axis if axis >= 0 else axis + len(x.shape)
    rows = math.prod(x.shape[:axis])
    return shape.reshape(x, shape=(rows, math.prod(x.shape[axis:])))


def _reshape(values: Values, attributes: Attributes) -> Any:
    sizes = list(whole(values[1], "shape"))
    if not attributes.get("allowzero"):
        sizes = [values[0].shape[i] if n == 0 else n for i, n in enumerate(sizes)]
    return shape.reshape(values[0], shape=tuple(sizes))


def _slice(values: Values, attributes: Attributes) -> Any:
    x = values[0]
    starts, ends = whole(values[1], "starts"), whole(values[2], "ends")
    axes = range(len(starts)) if at(values, 3) is None else whole(values[3], "axes")
    steps = (1,) * len(starts) if at(values, 4) is None else whole(values[4], "steps")
    key = [slice(None)] * len(x.shape)
    for axis, start, end, step in zip(axes, starts, ends, steps):
        size = x.shape[axis]
        # below the first element, going backwards, is before everything
        stop = None if step < 0 and end < -size else end
        key[axis] = slice(start, stop, step)
    return select.index(x, tuple(key))


def _pad(values: Values, attributes: Attributes) -> Any:
    x, mode = values[0], attributes.get("mode", "constant")
    chosen = at(values, 3)
    axes = range(len(x.shape)) if chosen is None else whole(chosen, "axes")
    widths = [(0, 0)] * len(x.shape)
    for axis, pair in zip(axes, pairs(whole(values[1], "pads"))):
        widths[axis] = pair
    if any(min(pair) < 0 for pair in widths):
        ends = [n + min(after, 0) for n, (_, after) in zip(x.shape, widths)]
        x = select.index(x, tuple(slice(max(-b, 0), n) for (b, _), n in zip(widths, ends)))
        widths = [(max(before, 0), max(after, 0)) for before, after in widths]
    if mode == "constant":
        filling = at(values, 2)
        number = 0.0 if filling is None else known(filling, "value").item()
        return shape.pad(x, widths=tuple(widths), value=number)
    name = {"reflect": "reflect", "edge": "edge", "wrap": "wrap"}[mode]
    for axis, pair in enumerate(widths):
        if any(pair):
            order = np.pad(np.arange(x.shape[axis]), pair, mode=name)  # type: ignore[call-overload]
            x = select.take(x, order, axis=axis)
    return x


def _axes_of(values: Values, attributes: Attributes) -> tuple[int, ...] | None:
    given = at(values, 1)
    return attributes.get("axes") if given is None else whole(given, "axes")


def _constant(values: Values, attributes: Attributes) -> Any:
    kinds = {"value_float": np.float32, "value_floats": np.float32, "value_int": np.int64,
             "value_ints": np.int64}  # fmt: skip
    for name, value in attributes.items():
        return value if name == "value" else np.asarray(value, kinds[name])
    raise ValueError("no value")


def _constant_of_shape(values: Values, attributes: Attributes) -> Any:
    filling = np.asarray(attributes.get("value", np.zeros(1, np.float32))).reshape(())
    return shape.broadcast_to(filling, shape=whole(values[0], "shape"))


def _expand(values: Values, attributes: Attributes) -> Any:
    x = values[0]
    both = np.broadcast_shapes(tuple(x.shape), whole(values[1], "shape"))
    return shape.broadcast_to(x, shape=both)


def _split(values: Values, attributes: Attributes) -> Any:
    x, axis = values[0], attributes.get("axis", 0)
    sizes = at(values, 1)
    if sizes is not None:
        return shape.split(x, np.cumsum(whole(sizes, "split"))[:-1].tolist(), axis)
    count = attributes.get("num_outputs")
    if count is None:
        raise ValueError("neither split nor num_outputs")
    each = -(-x.shape[axis] // count)
    return shape.split(x, [each * i for i in range(1, count)], axis)


def _clip(values: Values, attributes: Attributes) -> Any:
    ends = [None if at(values, i) is None else known(values[i], "clip").item() for i in (1, 2)]
    return arithmetic.clip(values[0], low=ends[0], high=ends[1])


def _shape(values: Values, attributes: Attributes) -> Any:
    sizes = tuple(values[0].shape)[attributes.get("start", 0) : attributes.get("end")]
    return np.asarray(sizes, np.int64)


def _gelu(values: Values, attributes: Attributes) -> Any:
    return activation.gelu(values[0], approximate=attributes.get("approximate") == "tanh")


def _one_hot(values: Values, attributes: Attributes) -> Any:
    off, on = known(values[2], "values").tolist()
    (classes,) = whole(values[1], "depth")
    if attributes.get("axis", -1) not in (-1, len(values[0].shape)) or (off, on) != (0, 1):
        raise ValueError("an axis or values of its own")
    dtype = known(values[2], "values").dtype
    return activation.one_hot(values[0], classes=classes, dtype=dtype)


def _mod(values: Values, attributes: Attributes) -> Any:
    a, b = values
    if not attributes.get("fmod"):
        return arithmetic.mod(a, b)
    return a - arithmetic.trunc(a / b) * b


def _extreme_at(op: Op) -> Reader:
    def read(values: Values, attributes: Attributes) -> Any:
        if attributes.get("select_last_index"):
            raise ValueError("select_last_index")
        keepdims = bool(attributes.get("keepdims", 1))
        return op(values[0], axis=attributes.get("axis", 0), keepdims=keepdims)

    return read


def _range(values: Values, attributes: Attributes) -> Any:
    start, limit, step = (known(v, "range").item() for v in values)
    if step == 0 or abs((limit - start) / step) > 2**24:
        raise ValueError("a range that is too long")
    return np.arange(start, limit, step, dtype=known(values[0], "range").dtype)


def _bent(function: Callable[..., Any]) -> Reader:
    """A function of x and of attributes by their names in ONNX; what is not given is as there."""
    return lambda values, attributes: function(values[0], **attributes)


def _celu(x: Any, alpha: float = 1.0) -> Any:
    return alpha * activation.elu(x / alpha, alpha=1.0)


def _selu(x: Any, alpha: float = 1.6732632423543772, gamma: float = 1.0507009873554805) -> Any:
    return gamma * activation.elu(x, alpha=alpha)


def _hard_sigmoid(x: Any, alpha: float = 0.2, beta: float = 0.5) -> Any:
    return arithmetic.clip(x * alpha + beta, low=0.0, high=1.0)


def _is_infinite(values: Values, attributes: Attributes) -> Any:
    x = values[0]
    found = compare.isinf(x)
    for name, side in (("detect_positive", x < 0), ("detect_negative", x > 0)):
        if not attributes.get(name, 1):
            found = compare.logical_and(found, side)
    return found


def _prelu(values: Values, attributes: Attributes) -> Any:
    x, slope = values
    return arithmetic.maximum(x, 0.0) + slope * arithmetic.minimum(x, 0.0)


def _trilu(values: Values, attributes: Attributes) -> Any:
    k = 0 if at(values, 1) is None else known(values[1], "k").item()
    return (linalg.triu if attributes.get("upper", 1) else linalg.tril)(values[0], k=k)


def _top(values: Values, attributes: Attributes) -> Any:
    """TopK: the first k in order, and where they were."""
    x, axis = values[0], attributes.get("axis", -1)
    (k,) = whole(values[1], "k")
    order = along.argsort(-x if attributes.get("largest", 1) else x, axis=axis)
    axis %= len(x.shape)
    order = select.index(order, (*[slice(None)] * axis, slice(0, k)))
    return select.take_along_axis(x, order, axis=axis), order


def _gather_nd(values: Values, attributes: Attributes) -> Any:
    if attributes.get("batch_dims"):
        raise ValueError(f"batch_dims={attributes['batch_dims']}")
    return select.index(values[0], _places(values[1]))


def _places(indices: Any) -> tuple[Any, ...]:
    """The last axis of indices as one array for each axis that they point into."""
    return tuple(select.index(indices, (..., i)) for i in range(indices.shape[-1]))


def _scattered(added: Any, there: Any, values: Values, attributes: Attributes) -> Any:
    """Data with updates added, or in their place."""
    kind = attributes.get("reduction", "none")
    if kind not in ("none", "add"):
        raise ValueError(f"reduction={kind}")
    if kind == "add":
        return values[0] + added
    return compare.where(there > 0, added, values[0])


def _scatter_nd(values: Values, attributes: Attributes) -> Any:
    data, indices, updates = values
    places = _places(indices)
    layout = ("i",) * len(places) + (":",) * (len(data.shape) - len(places))
    settings = {"layout": layout, "shape": tuple(data.shape)}
    ones = np.ones(updates.shape, data.dtype)
    added, there = (select.add_by_arrays(v, *places, **settings) for v in (updates, ones))
    return _scattered(added, there, values, attributes)


def _scatter_elements(values: Values, attributes: Attributes) -> Any:
    data, indices, updates = values
    axis = attributes.get("axis", 0) % len(data.shape)
    inner = tuple(n if i != axis else data.shape[i] for i, n in enumerate(indices.shape))
    widths = tuple((0, whole - part) for whole, part in zip(data.shape, inner))
    ones = np.ones(updates.shape, data.dtype)
    added, there = (
        shape.pad(select.add_along_axis(v, indices, axis=axis, shape=inner), widths=widths)
        for v in (updates, ones)
    )
    return _scattered(added, there, values, attributes)


def _gather_elements(values: Values, attributes: Attributes) -> Any:
    """Along one axis; on the others the indices may be fewer than the elements."""
    x, indices = values
    axis = attributes.get("axis", 0) % len(x.shape)
    ends = (None if i == axis else n for i, n in enumerate(indices.shape))
    within = select.index(x, tuple(slice(0, end) for end in ends))
    return select.take_along_axis(within, indices, axis=axis)


def _over(function: Callable[[Any, Any, bool], Any]) -> Reader:
    """A reduction that is made of others."""

    def read(values: Values, attributes: Attributes) -> Any:
        axes = _axes_of(values, attributes)
        if not axes:
            axes = () if attributes.get("noop_with_empty_axes") else None
        return function(values[0], axes, bool(attributes.get("keepdims", 1)))

    return read


SPECIAL: dict[str, Reader] = {
    "ArgMax": _extreme_at(reduce.argmax),
    "ArgMin": _extreme_at(reduce.argmin),
    "AveragePool": _pool(pooling.average_pool, count_padding=("count_include_pad", 0)),
    "CastLike": lambda values, attributes: compare.astype(values[0], dtype=values[1].dtype),
    "Celu": _bent(_celu),
    "GatherElements": _gather_elements,
    "GatherND": _gather_nd,
    "HardSigmoid": _bent(_hard_sigmoid),
    "HardSwish": lambda values, attributes: values[0] * _hard_sigmoid(values[0], 1 / 6, 0.5),
    "IsInf": _is_infinite,
    "Mean": lambda values, attributes: arithmetic.add_all(*values) / len(values),
    "Mish": lambda values, attributes: (
        values[0] * transcendental.tanh(activation.softplus(values[0]))
    ),
    "PRelu": _prelu,
    "ReduceL1": _over(lambda x, a, k: reduce.sum(arithmetic.abs(x), axis=a, keepdims=k)),
    "ReduceLogSum": _over(lambda x, a, k: transcendental.log(reduce.sum(x, axis=a, keepdims=k))),
    "ReduceSumSquare": _over(lambda x, a, k: reduce.sum(x * x, axis=a, keepdims=k)),
    "ScatterElements": _scatter_elements,
    "ScatterND": _scatter_nd,
    "Selu": _bent(_selu),
    "Size": lambda values, attributes: np.asarray(math.prod(values[0].shape), np.int64),
    "Softsign": lambda values, attributes: values[0] / (1 + arithmetic.abs(values[0])),
    "Swish": _bent(lambda x, alpha=1.0: x * activation.sigmoid(x * alpha)),
    "ThresholdedRelu": _bent(lambda x, alpha=1.0: compare.where(x > alpha, x, 0.0)),
    "TopK": _top,
    "Trilu": _trilu,
    "Cast": lambda values, attributes: compare.astype(values[0], dtype=attributes["to"]),
    "Clip": _clip,
    "Constant": _constant,
    "ConstantOfShape": _constant_of_shape,
    "Conv": _conv,
    "ConvTranspose": _conv_transpose,
    "Dropout": lambda values, attributes: arithmetic.identity(values[0]),
    "Expand": _expand,
    "Flatten": _flatten,
    "Gelu": _gelu,
    "Gemm": _gemm,
    "GlobalAveragePool": _global(reduce.mean),
    "GlobalMaxPool": _global(reduce.max),
    "MaxPool": _pool(pooling.max_pool),
    "Max": _folded(arithmetic.maximum),
    "Min": _folded(arithmetic.minimum),
    "Mod": _mod,
    "OneHot": _one_hot,
    "Pad": _pad,
    "Range": _range,
    "Reshape": _reshape,
    "Shape": _shape,
    "Slice": _slice,
    "Split": _split,
    "Squeeze": lambda values, attributes: shape.squeeze(
        values[0], axis=_axes_of(values, attributes)
    ),
    "Unsqueeze": lambda values, attributes: shape.expand_dims(
        values[0], axis=_axes_of(values, attributes)
    ),
}
"""Operators that need more than one op of ours, or that say what our op does not."""


def _readers() -> dict[str, Reader]:
    found: dict[str, Reader] = {}
    for op in TABLE.values():
        if not op.onnx:
            continue
        call = parse_exchange(op.onnx)
        reader = _reduction(op) if op.family == "reduction" else _from_table(op, call)
        found.setdefault(call.name, reader)
    return {**found, **SPECIAL, **LAYERS}


READERS = _readers()
"""Every operator that can be read."""
