"""ONNX's operators in ours: what each means as a function of its inputs and attributes.

Operators that one op answers to are read from the calls at the ops' definitions; those that say
more than one op stand in SPECIAL. Those that pick and place elements are in `picking`,
windows in `windows`, whole layers (recurrence, normalising, resizing) in `layers`.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from seegrad.graph.onnx_signature import Exchange, parse_exchange
from seegrad.graph.op import Op
from seegrad.onnx.readers.attention import ATTENTION
from seegrad.onnx.readers.classical import CLASSICAL
from seegrad.onnx.readers.control import CONTROL
from seegrad.onnx.readers.losses import LOSSES
from seegrad.onnx.readers.normalizing import NORMALIZING
from seegrad.onnx.readers.picking import PICKING
from seegrad.onnx.readers.quantized import QUANTIZED
from seegrad.onnx.readers.recurrence import RECURRENT
from seegrad.onnx.readers.resizing import RESIZING
from seegrad.onnx.readers.sampling import SAMPLING
from seegrad.onnx.readers.signals import SIGNALS
from seegrad.onnx.readers.values import (
    Attributes,
    Reader,
    Readers,
    Values,
    at,
    known,
    pairs,
    plain,
    reads,
    whole,
)
from seegrad.onnx.readers.windows import WINDOWS
from seegrad.ops import (
    TABLE,
    activation,
    arithmetic,
    bits,
    compare,
    einsum,
    linalg,
    reduce,
    shape,
    transcendental,
)
from seegrad.text import signature

SPECIAL = Readers()
"""Operators that need more than one op of ours, or that say what our op does not."""

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
        return op(*inputs, **attrs)

    return reads(*keys.values())(read)


def _plain(name: str, value: Any) -> Any:
    """A value of ONNX as our attribute."""
    if isinstance(value, (list, tuple)):
        numbers = tuple(value)
        return pairs(numbers) if name in ("padding", "widths") else numbers
    return bool(value) if name in ("keepdims", "count_padding") else value


# --------------------------------------------------------------- operators that say more


def _reduction(op: Op) -> Reader:
    return _over(lambda x, axes, keepdims: op(x, axis=axes, keepdims=keepdims))


def _folded(op: Op) -> Reader:
    """Operators of two or more inputs that ours takes two at a time."""

    def read(values: Values) -> Any:
        total = values[0]
        for value in values[1:]:
            total = op(total, value)
        return total

    return plain(read)


@SPECIAL.reads("Gemm", "alpha", "beta", "transA", "transB")
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


@SPECIAL.reads("Flatten", "axis")
def _flatten(values: Values, attributes: Attributes) -> Any:
    x = values[0]
    axis = attributes.get("axis", 1)
    axis = axis if axis >= 0 else axis + len(x.shape)
    rows = math.prod(x.shape[:axis])
    return shape.reshape(x, shape=(rows, math.prod(x.shape[axis:])))


@SPECIAL.reads("Reshape", "allowzero")
def _reshape(values: Values, attributes: Attributes) -> Any:
    sizes = list(whole(values[1], "shape"))
    if not attributes.get("allowzero"):
        sizes = [values[0].shape[i] if n == 0 else n for i, n in enumerate(sizes)]
    return shape.reshape(values[0], shape=tuple(sizes))


def _axes_of(values: Values) -> tuple[int, ...] | None:
    given = at(values, 1)
    return None if given is None else whole(given, "axes")


@SPECIAL.reads("Constant", "value", "value_float", "value_floats", "value_int", "value_ints")
def _constant(values: Values, attributes: Attributes) -> Any:
    kinds = {"value_float": np.float32, "value_floats": np.float32, "value_int": np.int64,
             "value_ints": np.int64}  # fmt: skip
    for name, value in attributes.items():
        return value if name == "value" else np.asarray(value, kinds[name])
    raise ValueError("no value")


@SPECIAL.reads("ConstantOfShape", "value")
def _constant_of_shape(values: Values, attributes: Attributes) -> Any:
    filling = np.asarray(attributes.get("value", np.zeros(1, np.float32))).reshape(())
    return shape.broadcast_to(filling, shape=whole(values[0], "shape"))


@SPECIAL.reads("Expand")
def _expand(values: Values, attributes: Attributes) -> Any:
    x = values[0]
    both = np.broadcast_shapes(tuple(x.shape), whole(values[1], "shape"))
    return shape.broadcast_to(x, shape=both)


@SPECIAL.reads("Clip")
def _clip(values: Values, attributes: Attributes) -> Any:
    ends = [None if at(values, i) is None else known(values[i], "clip").item() for i in (1, 2)]
    return arithmetic.clip(values[0], low=ends[0], high=ends[1])


@SPECIAL.reads("Shape", "start", "end")
def _shape(values: Values, attributes: Attributes) -> Any:
    sizes = tuple(values[0].shape)[attributes.get("start", 0) : attributes.get("end")]
    return np.asarray(sizes, np.int64)


@SPECIAL.reads("Gelu", approximate=("none", "tanh"))
def _gelu(values: Values, attributes: Attributes) -> Any:
    return activation.gelu(values[0], approximate=attributes.get("approximate") == "tanh")


@plain
def _div(values: Values) -> Any:
    """Of integers the quotient without its fraction, as in C."""
    a, b = values
    if a.dtype.kind == "f":
        return arithmetic.divide(a, b)
    quotient = arithmetic.floor_divide(a, b)
    return quotient if a.dtype.kind == "u" else quotient + _apart(a, b)


def _apart(a: Any, b: Any) -> Any:
    """1 where integers divide to a fraction below 0, which is rounded up there."""
    uneven = compare.logical_and(arithmetic.mod(a, b) != 0, compare.not_equal(a < 0, b < 0))
    return compare.astype(uneven, dtype=a.dtype)


@SPECIAL.reads("Mod", "fmod")
def _mod(values: Values, attributes: Attributes) -> Any:
    """The remainder with the sign of b, or with fmod that of a."""
    a, b = values
    if not attributes.get("fmod"):
        return arithmetic.mod(a, b)
    if a.dtype.kind != "f":
        remainder = arithmetic.mod(a, b)
        return remainder if a.dtype.kind == "u" else remainder - _apart(a, b) * b
    # of the absolute values both remainders are the same, and exact
    remainder = arithmetic.mod(arithmetic.abs(a), arithmetic.abs(b))
    return compare.where(a < 0, -remainder, remainder)


@plain
def _pow(values: Values) -> Any:
    """In the dtype of the base, whatever that of the exponent."""
    return compare.astype(transcendental.power(*values), dtype=values[0].dtype)


@SPECIAL.reads("Dropout", "seed")
def _dropout(values: Values, attributes: Attributes) -> Any:
    """What it does in use, and which elements are kept: all."""
    training = at(values, 2)
    if training is not None and known(training, "training_mode").any():
        raise ValueError("training_mode=1")
    kept = np.ones(tuple(values[0].shape), bool)
    return arithmetic.identity(values[0]), kept


@SPECIAL.reads("Einsum", "equation")
def _einsum(values: Values, attributes: Attributes) -> Any:
    return einsum.einsum(attributes["equation"], *values)


@SPECIAL.reads("Range", stash_type=(1,))
def _range(values: Values, attributes: Attributes) -> Any:
    start, limit, step = (known(v, "range").item() for v in values)
    if step == 0 or abs((limit - start) / step) > 2**24:
        raise ValueError("a range that is too long")
    dtype = known(values[0], "range").dtype
    counted = np.arange(max(math.ceil((limit - start) / step), 0)).astype(dtype)
    return dtype.type(start) + counted * dtype.type(step)


def _bent(function: Callable[..., Any]) -> Reader:
    """A function of x and of attributes by their names in ONNX; what is not given is as there."""
    names = list(signature(function).parameters)[1:]
    return reads(*names)(
        lambda values, attributes: function(
            values[0], **{name: attributes[name] for name in names if name in attributes}
        )
    )


def _celu(x: Any, alpha: float = 1.0) -> Any:
    return alpha * activation.elu(x / alpha, alpha=1.0)


def _selu(x: Any, alpha: float = 1.6732632423543772, gamma: float = 1.0507009873554805) -> Any:
    return gamma * activation.elu(x, alpha=alpha)


def _hard_sigmoid(x: Any, alpha: float = 0.2, beta: float = 0.5) -> Any:
    return arithmetic.clip(x * alpha + beta, low=0.0, high=1.0)


@SPECIAL.reads("IsInf", "detect_positive", "detect_negative")
def _is_infinite(values: Values, attributes: Attributes) -> Any:
    x = values[0]
    found = compare.isinf(x)
    for name, side in (("detect_positive", x < 0), ("detect_negative", x > 0)):
        if not attributes.get(name, 1):
            found = compare.logical_and(found, side)
    return found


@SPECIAL.reads("PRelu")
def _prelu(values: Values, attributes: Attributes) -> Any:
    x, slope = values
    return arithmetic.maximum(x, 0) + slope * arithmetic.minimum(x, 0)


@SPECIAL.reads("Trilu", "upper")
def _trilu(values: Values, attributes: Attributes) -> Any:
    k = 0 if at(values, 1) is None else known(values[1], "k").item()
    return (linalg.triu if attributes.get("upper", 1) else linalg.tril)(values[0], k=k)


@SPECIAL.reads("BitShift", "direction")
def _bit_shift(values: Values, attributes: Attributes) -> Any:
    left = attributes["direction"] == "LEFT"
    x, by = values
    many = np.iinfo(x.dtype).bits
    shift = bits.bitwise_left_shift if left else bits.bitwise_right_shift
    # a shift by all bits leaves the sign alone, of which C says nothing
    within = compare.logical_and(by >= 0, by < many)
    rest = np.zeros((), x.dtype)
    if not left and x.dtype.kind == "i":
        rest = compare.where(x < 0, np.asarray(-1, x.dtype), rest)
    return compare.where(within, shift(x, compare.where(within, by, np.zeros((), by.dtype))), rest)


@SPECIAL.reads("SwiGLU", "alpha")
def _swiglu(values: Values, attributes: Attributes) -> Any:
    """a · sigmoid(alpha · a) · b (Shazeer, 2020)."""
    a, b = values
    if a.shape != b.shape:
        raise ValueError(f"{tuple(a.shape)}, {tuple(b.shape)}")
    return a * activation.sigmoid(a * attributes.get("alpha", 1.0)) * b


def _shrink(x: Any, bias: float = 0.0, lambd: float = 0.5) -> Any:
    zero = np.zeros((), x.dtype)
    near = np.asarray(bias, x.dtype)
    return compare.where(x < -lambd, x + near, compare.where(x > lambd, x - near, zero))


def _extreme(op: Op, least: bool) -> Reader:
    """The largest or smallest; of no elements the number that is below or above all others."""

    def found(x: Any, axes: Any, keepdims: bool) -> Any:
        if x.dtype.kind == "b":
            return (reduce.any if least else reduce.all)(x, axis=axes, keepdims=keepdims)
        if 0 not in x.shape:
            return op(x, axis=axes, keepdims=keepdims)
        ends = (-np.inf, np.inf) if x.dtype.kind == "f" else _bounds(x.dtype)
        filling = np.zeros(tuple(x.shape), x.dtype)
        sums = np.sum(filling, axis=axes, keepdims=keepdims, dtype=x.dtype)
        return sums + np.asarray(ends[0 if least else 1], x.dtype)

    return _over(found)


def _bounds(dtype: Any) -> tuple[int, int]:
    about = np.iinfo(dtype)
    return int(about.min), int(about.max)


def _over(function: Callable[[Any, Any, bool], Any]) -> Reader:
    """A reduction: a function of x, axes and whether these stay."""

    @reads("axes", "keepdims", "noop_with_empty_axes")
    def read(values: Values, attributes: Attributes) -> Any:
        axes = _axes_of(values) or attributes.get("axes")
        if not axes:
            axes = () if attributes.get("noop_with_empty_axes") else None
        return function(values[0], axes, bool(attributes.get("keepdims", 1)))

    return read


SPECIAL.update({
    "Cast": reads("to")(
        lambda values, attributes: compare.astype(values[0], dtype=attributes["to"])
    ),
    "CastLike": plain(lambda values: compare.astype(values[0], dtype=values[1].dtype)),
    "Celu": _bent(_celu),
    "Div": _div,
    "HardSigmoid": _bent(_hard_sigmoid),
    "HardSwish": plain(lambda values: values[0] * _hard_sigmoid(values[0], 1 / 6, 0.5)),
    "Max": _folded(arithmetic.maximum),
    "Mean": plain(lambda values: arithmetic.add_n(*values) / len(values)),
    "Min": _folded(arithmetic.minimum),
    "Mish": plain(lambda values: values[0] * transcendental.tanh(activation.softplus(values[0]))),
    "Pow": _pow,
    "ReduceL1": _over(lambda x, a, k: reduce.sum(arithmetic.abs(x), axis=a, keepdims=k)),
    "ReduceLogSum": _over(lambda x, a, k: transcendental.log(reduce.sum(x, axis=a, keepdims=k))),
    "ReduceMax": _extreme(reduce.max, True),
    "ReduceMin": _extreme(reduce.min, False),
    "ReduceSumSquare": _over(lambda x, a, k: reduce.sum(x * x, axis=a, keepdims=k)),
    "Selu": _bent(_selu),
    "Shrink": _bent(_shrink),
    "Size": plain(lambda values: np.asarray(math.prod(values[0].shape), np.int64)),
    "Softsign": plain(lambda values: values[0] / (1 + arithmetic.abs(values[0]))),
    "Squeeze": plain(lambda values: shape.squeeze(values[0], axis=_axes_of(values))),
    "Swish": _bent(lambda x, alpha=1.0: x * activation.sigmoid(x * alpha)),
    "ThresholdedRelu": _bent(lambda x, alpha=1.0: compare.where(x > alpha, x, 0.0)),
    "Unsqueeze": plain(lambda values: shape.expand_dims(values[0], axis=_axes_of(values))),
})


BOXED: dict[str, Reader] = {
    **WINDOWS, **RECURRENT, **NORMALIZING, **RESIZING, **SAMPLING, **ATTENTION, **LOSSES,
    **SIGNALS, **QUANTIZED, **CONTROL,
}  # fmt: skip
"""Operators that leave a box of their name in pictures."""


def _readers() -> dict[str, Reader]:
    found: dict[str, Reader] = {}
    for op in TABLE.values():
        if not op.onnx:
            continue
        call = parse_exchange(op.onnx)
        reader = _reduction(op) if op.family == "reduction" else _from_table(op, call)
        found.setdefault(call.name, reader)
    return {**found, **SPECIAL, **PICKING, **BOXED, **CLASSICAL}


READERS = _readers()
"""Every operator that can be read."""
