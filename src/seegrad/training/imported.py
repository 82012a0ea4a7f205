"""ONNX models as networks of ours: every operator in our ops, so that it can be seen and learnt.

Operators that one op answers to are read from the calls at the ops' definitions; those that say
more than one op stand in SPECIAL. The file itself is read in `formats.onnx`.
"""

from __future__ import annotations

import math
import os
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from typing import Any

import numpy as np

from seegrad.errors import FormatError, SeegradError
from seegrad.formats.onnx import Model, Step, read_model
from seegrad.graph.bind import frame
from seegrad.graph.exchange import Exchange, Literal, parse_exchange
from seegrad.graph.op import Op
from seegrad.language import say
from seegrad.nn.module import Module, parameter, state
from seegrad.ops import (
    TABLE,
    activation,
    arithmetic,
    compare,
    convolution,
    linalg,
    pooling,
    reduce,
    shape,
)
from seegrad.ops.select import index
from seegrad.tensor import Tensor

Values = Sequence[Any]
Reader = Callable[[Values, Mapping[str, Any]], Any]
HARMLESS = {"auto_pad": ("NOTSET", "VALID"), "noop_with_empty_axes": (0, 1), "allowzero": (0, 1)}
"""Attributes that no op of ours has, with the values that change nothing."""


def import_onnx(path: str | os.PathLike[str]) -> ImportedNetwork:
    """A network from an ONNX file, whose operators are ops of ours.

    It can be called, drawn, stepped through, differentiated, trained and exported again. Floating
    arrays of one axis or more are its parameters, by their names in the file. Raises FormatError
    for a damaged file, for values kept in other files, for loops and branches, and for an
    operator that is not known here, all before anything is computed.
    """
    return ImportedNetwork(read_model(path))


class _Part(Module):
    """A place for values with a common beginning of their names."""

    kind = "part"

    def forward(self, *inputs: Any) -> Any:
        raise TypeError("a part of an imported network cannot be called by itself")


class ImportedNetwork(Module):
    """The steps of an ONNX model, one after another; see `import_onnx`."""

    kind = "imported"

    def __init__(self, model: Model) -> None:
        unknown = sorted({step.operator for step in model.steps} - READERS.keys())
        if unknown:
            raise FormatError(
                say("this model has operators that are not known here"),
                asked=", ".join(sorted(READERS))[:300],
                came=", ".join(unknown[:8]),
            )
        self.model = Model(model.inputs, model.outputs, {}, model.steps)
        kept = {
            name
            for step in model.steps
            if step.operator == "BatchNormalization"
            for name in step.inputs[3:5]
        }
        self._fixed: list[tuple[str, Any]] = []
        self._places: list[tuple[str, tuple[str, ...]]] = []
        for name, array in model.constants.items():
            if array.dtype.kind != "f" or not array.ndim:
                self._fixed.append((name, array))
                continue
            make = state if name in kept else parameter
            self._places.append((name, self._put(name, array, make)))

    def _put(self, name: str, array: Any, make: Callable[..., Tensor]) -> tuple[str, ...]:
        """Keep a value where its name says: `affine1.W` is W of the part affine1."""
        *pieces, last = [re.sub(r"\W", "_", piece) or "_" for piece in name.split(".")]
        home: Module = self
        path = []
        for piece in pieces:
            inner = vars(home).get(piece)
            if not isinstance(inner, _Part):
                piece = _free(home, piece)
                inner = _Part()
                setattr(home, piece, inner)
            path.append(piece)
            home = inner
        last = _free(home, last)
        setattr(home, last, make(array, last, array.dtype))
        return (*path, last)

    def _value(self, path: tuple[str, ...]) -> Any:
        found: Any = self
        for piece in path:
            found = vars(found)[piece]
        return found

    def forward(self, *inputs: Any) -> Any:
        """The model's result, or a tuple of them."""
        wanted = self.model.inputs
        if len(inputs) != len(wanted):
            raise FormatError(
                say("this model takes another number of inputs"),
                asked=", ".join(f"{one.name} {one.shape}" for one in wanted),
                came=say("{count} inputs", count=len(inputs)),
            )
        values: dict[str, Any] = {"": None, **dict(self._fixed)}
        values.update({name: self._value(path) for name, path in self._places})
        for one, given in zip(wanted, inputs):
            x = given if isinstance(given, Tensor) else np.asarray(given)
            fits = x.dtype == one.dtype or x.dtype.kind != one.dtype.kind
            values[one.name] = x if fits else compare.astype(x, dtype=one.dtype)
        for step in _in_boxes(self.model.steps):
            found = _computed(step, [values[name] for name in step.inputs])
            results = found if isinstance(found, (list, tuple)) else (found,)
            values.update(zip(step.outputs, results))
        out = tuple(values[one.name] for one in self.model.outputs)
        return out[0] if len(out) == 1 else out

    def describe(self) -> str:
        names = ", ".join(f"{one.name} {one.shape}" for one in self.model.inputs)
        return f"{names}; {len(self.model.steps)} steps"


def _free(home: Module, name: str) -> str:
    while hasattr(home, name) or not name.isidentifier():
        name += "_" if name and not name[0].isdigit() else ""
        name = name if name and not name[0].isdigit() else f"_{name}"
    return name


def _in_boxes(steps: Sequence[Step]) -> Iterator[Step]:
    """The steps, with boxes open that are named as their names' paths say."""
    path: list[str] = []
    stack: list[ExitStack] = []
    try:
        for step in steps:
            want = [piece for piece in step.name.split("/")[:-1] if piece][:8]
            while path != want[: len(path)]:
                path.pop()
                stack.pop().close()
            for piece in want[len(path) :]:
                stack.append(ExitStack())
                stack[-1].enter_context(frame(piece))
                path.append(piece)
            yield step
    finally:
        while stack:
            stack.pop().close()


def _computed(step: Step, values: Values) -> Any:
    try:
        return READERS[step.operator](values, step.attributes)
    except SeegradError:
        raise
    except (TypeError, ValueError, KeyError, IndexError, AttributeError) as fault:
        raise FormatError(
            say("{name} cannot be computed as the file says", name=step.name[:80]),
            asked=step.operator,
            came=str(fault)[:200],
        ) from fault


# --------------------------------------------------------------- numbers that must be known


def _known(value: Any, what: str) -> Any:
    """An input that decides a shape: a plain array, not a value that is computed in the graph."""
    data = value.data if isinstance(value, Tensor) else value
    if data is None:
        raise FormatError(
            say("{name} must be known before the network runs", name=what),
            asked=say("a constant"),
            came=say("a value that is computed"),
        )
    return np.asarray(data)


def _whole(value: Any, what: str) -> tuple[int, ...]:
    return tuple(int(n) for n in _known(value, what).ravel())


def _at(values: Values, place: int) -> Any:
    return values[place] if place < len(values) else None


def _pairs(numbers: Sequence[int]) -> tuple[tuple[int, int], ...]:
    """All befores and then all afters, as pairs."""
    half = len(numbers) // 2
    return tuple(zip(map(int, numbers[:half]), map(int, numbers[half:])))


# --------------------------------------------------------------- from the op table


def _from_table(op: Op, call: Exchange) -> Reader:
    """What reads an operator that one op answers to."""
    ours = [name.lstrip("*") for name in op.inputs]
    wanted = call.inputs or tuple(ours)
    keys = {value: key for key, value in call.attributes if isinstance(value, str)}

    def read(values: Values, attributes: Mapping[str, Any]) -> Any:
        inputs: list[Any] = []
        attrs: dict[str, Any] = {}
        for place, name in enumerate(wanted):
            if isinstance(name, Literal) or _at(values, place) is None:
                continue
            if name in ours:
                inputs += values[place:] if op.variadic else [values[place]]
            else:
                numbers = _known(values[place], name)
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
        return _pairs(numbers) if name in ("padding", "widths") else numbers
    return bool(value) if name in ("keepdims", "count_padding") else value


# --------------------------------------------------------------- operators that say more


def _reduction(op: Op) -> Reader:
    def read(values: Values, attributes: Mapping[str, Any]) -> Any:
        given = _at(values, 1)
        axes = attributes.get("axes") if given is None else _whole(given, "axes")
        if not axes:
            axes = () if attributes.get("noop_with_empty_axes") else None
        return op(values[0], axis=axes, keepdims=bool(attributes.get("keepdims", 1)))

    return read


def _folded(op: Op) -> Reader:
    """Operators of two or more inputs that ours takes two at a time."""

    def read(values: Values, attributes: Mapping[str, Any]) -> Any:
        total = values[0]
        for value in values[1:]:
            total = op(total, value)
        return total

    return read


def _with_bias(product: Any, bias: Any) -> Any:
    if bias is None:
        return product
    return product + shape.reshape(bias, shape=(-1, *(1,) * (len(product.shape) - 2)))


def _window(attributes: Mapping[str, Any], count: int) -> dict[str, Any]:
    if attributes.get("auto_pad", "NOTSET") not in ("NOTSET", "VALID"):
        raise ValueError(f"auto_pad={attributes['auto_pad']}")
    return {
        "steps": attributes.get("strides", (1,) * count),
        "padding": _pairs(attributes.get("pads", (0,) * 2 * count)),
        "dilation": attributes.get("dilations", (1,) * count),
    }


def _conv(values: Values, attributes: Mapping[str, Any]) -> Any:
    settings = _window(attributes, values[1].ndim - 2)
    product = convolution.conv(*values[:2], **settings, groups=attributes.get("group", 1))
    return _with_bias(product, _at(values, 2))


def _conv_transpose(values: Values, attributes: Mapping[str, Any]) -> Any:
    y, W = values[:2]
    if attributes.get("output_shape"):
        raise ValueError("output_shape")
    settings = _window(attributes, W.ndim - 2)
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
    return _with_bias(product, _at(values, 2))


def _gemm(values: Values, attributes: Mapping[str, Any]) -> Any:
    a, b = values[:2]
    a = a.T if attributes.get("transA") else a
    b = b.T if attributes.get("transB") else b
    product = linalg.matmul(a, b)
    alpha, beta = attributes.get("alpha", 1.0), attributes.get("beta", 1.0)
    product = product if alpha == 1 else product * alpha
    bias = _at(values, 2)
    if bias is None:
        return product
    return product + (bias if beta == 1 else bias * beta)


def _batch_normalization(values: Values, attributes: Mapping[str, Any]) -> Any:
    x, scale, bias, middle, variance = values[:5]
    wide = (-1, *(1,) * (len(x.shape) - 2))
    scale, bias, middle, variance = (
        shape.reshape(v, shape=wide) for v in (scale, bias, middle, variance)
    )
    spread = arithmetic.sqrt(variance + attributes.get("epsilon", 1e-5))
    return (x - middle) / spread * scale + bias


def _layer_normalization(values: Values, attributes: Mapping[str, Any]) -> Any:
    x = values[0]
    axes = tuple(range(attributes.get("axis", -1) % len(x.shape), len(x.shape)))
    centred = x - reduce.mean(x, axis=axes, keepdims=True)
    variance = reduce.mean(centred * centred, axis=axes, keepdims=True)
    out = centred / arithmetic.sqrt(variance + attributes.get("epsilon", 1e-5)) * values[1]
    bias = _at(values, 2)
    return out if bias is None else out + bias


def _global(op: Op) -> Reader:
    return lambda values, attributes: op(
        values[0], axis=tuple(range(2, len(values[0].shape))), keepdims=True
    )


def _pool(op: Op, **more: tuple[str, Any]) -> Reader:
    """A pooling; ours steps by the window's size where ONNX steps by 1."""

    def read(values: Values, attributes: Mapping[str, Any]) -> Any:
        size = attributes["kernel_shape"]
        if attributes.get("ceil_mode") or attributes.get("storage_order"):
            raise ValueError("ceil_mode or storage_order")
        settings = _window(attributes, len(size))
        dilation = settings.pop("dilation")
        if "dilation" in op.attributes:
            settings["dilation"] = dilation
        elif set(dilation) != {1}:
            raise ValueError(f"dilations={dilation}")
        for ours, (theirs, default) in more.items():
            settings[ours] = bool(attributes.get(theirs, default))
        return op(values[0], size=tuple(size), **settings)

    return read


def _flatten(values: Values, attributes: Mapping[str, Any]) -> Any:
    x = values[0]
    axis = attributes.get("axis", 1)
    axis = axis if axis >= 0 else axis + len(x.shape)
    rows = math.prod(x.shape[:axis])
    return shape.reshape(x, shape=(rows, math.prod(x.shape[axis:])))


def _reshape(values: Values, attributes: Mapping[str, Any]) -> Any:
    sizes = list(_whole(values[1], "shape"))
    if not attributes.get("allowzero"):
        sizes = [values[0].shape[i] if n == 0 else n for i, n in enumerate(sizes)]
    return shape.reshape(values[0], shape=tuple(sizes))


def _slice(values: Values, attributes: Mapping[str, Any]) -> Any:
    x = values[0]
    starts, ends = _whole(values[1], "starts"), _whole(values[2], "ends")
    axes = range(len(starts)) if _at(values, 3) is None else _whole(values[3], "axes")
    steps = (1,) * len(starts) if _at(values, 4) is None else _whole(values[4], "steps")
    key = [slice(None)] * len(x.shape)
    for axis, start, end, step in zip(axes, starts, ends, steps):
        size = x.shape[axis]
        # below the first element, going backwards, is before everything
        stop = None if step < 0 and end < -size else end
        key[axis] = slice(start, stop, step)
    return index(x, tuple(key))


def _pad(values: Values, attributes: Mapping[str, Any]) -> Any:
    if attributes.get("mode", "constant") != "constant" or _at(values, 3) is not None:
        raise ValueError(f"mode={attributes.get('mode')}")
    filling = _at(values, 2)
    number = 0.0 if filling is None else _known(filling, "value").item()
    return shape.pad(values[0], widths=_pairs(_whole(values[1], "pads")), value=number)


def _axes_of(values: Values, attributes: Mapping[str, Any]) -> tuple[int, ...] | None:
    given = _at(values, 1)
    return attributes.get("axes") if given is None else _whole(given, "axes")


def _constant(values: Values, attributes: Mapping[str, Any]) -> Any:
    kinds = {"value_float": np.float32, "value_floats": np.float32, "value_int": np.int64,
             "value_ints": np.int64}  # fmt: skip
    for name, value in attributes.items():
        return value if name == "value" else np.asarray(value, kinds[name])
    raise ValueError("no value")


def _constant_of_shape(values: Values, attributes: Mapping[str, Any]) -> Any:
    filling = np.asarray(attributes.get("value", np.zeros(1, np.float32))).reshape(())
    return shape.broadcast_to(filling, shape=_whole(values[0], "shape"))


def _expand(values: Values, attributes: Mapping[str, Any]) -> Any:
    x = values[0]
    both = np.broadcast_shapes(tuple(x.shape), _whole(values[1], "shape"))
    return shape.broadcast_to(x, shape=both)


def _split(values: Values, attributes: Mapping[str, Any]) -> Any:
    x, axis = values[0], attributes.get("axis", 0)
    sizes = _at(values, 1)
    if sizes is not None:
        return shape.split(x, np.cumsum(_whole(sizes, "split"))[:-1].tolist(), axis)
    count = attributes.get("num_outputs")
    if count is None:
        raise ValueError("neither split nor num_outputs")
    each = -(-x.shape[axis] // count)
    return shape.split(x, [each * i for i in range(1, count)], axis)


def _clip(values: Values, attributes: Mapping[str, Any]) -> Any:
    ends = [None if _at(values, i) is None else _known(values[i], "clip").item() for i in (1, 2)]
    return arithmetic.clip(values[0], low=ends[0], high=ends[1])


def _shape(values: Values, attributes: Mapping[str, Any]) -> Any:
    sizes = tuple(values[0].shape)[attributes.get("start", 0) : attributes.get("end")]
    return np.asarray(sizes, np.int64)


def _gelu(values: Values, attributes: Mapping[str, Any]) -> Any:
    return activation.gelu(values[0], approximate=attributes.get("approximate") == "tanh")


def _one_hot(values: Values, attributes: Mapping[str, Any]) -> Any:
    off, on = _known(values[2], "values").tolist()
    (classes,) = _whole(values[1], "depth")
    if attributes.get("axis", -1) not in (-1, len(values[0].shape)) or (off, on) != (0, 1):
        raise ValueError("an axis or values of its own")
    dtype = _known(values[2], "values").dtype
    return activation.one_hot(values[0], classes=classes, dtype=dtype)


def _mod(values: Values, attributes: Mapping[str, Any]) -> Any:
    a, b = values
    if not attributes.get("fmod"):
        return arithmetic.mod(a, b)
    return a - arithmetic.trunc(a / b) * b


def _extreme_at(op: Op) -> Reader:
    def read(values: Values, attributes: Mapping[str, Any]) -> Any:
        if attributes.get("select_last_index"):
            raise ValueError("select_last_index")
        keepdims = bool(attributes.get("keepdims", 1))
        return op(values[0], axis=attributes.get("axis", 0), keepdims=keepdims)

    return read


def _range(values: Values, attributes: Mapping[str, Any]) -> Any:
    start, limit, step = (_known(v, "range").item() for v in values)
    if step == 0 or abs((limit - start) / step) > 2**24:
        raise ValueError("a range that is too long")
    return np.arange(start, limit, step, dtype=_known(values[0], "range").dtype)


SPECIAL: dict[str, Reader] = {
    "ArgMax": _extreme_at(reduce.argmax),
    "ArgMin": _extreme_at(reduce.argmin),
    "AveragePool": _pool(pooling.average_pool, count_padding=("count_include_pad", 0)),
    "BatchNormalization": _batch_normalization,
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
    "LayerNormalization": _layer_normalization,
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
    return {**found, **SPECIAL}


READERS = _readers()
"""Every operator that can be read."""
