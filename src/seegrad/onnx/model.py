"""ONNX files and what is in them, as plain data (extra `onnx`). The one file that imports onnx.

Which graph means what is not known here: see `writing` for ours, `importing` for
theirs.
"""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from seegrad.errors import FormatError, MissingExtraError
from seegrad.files import content, existing, write_whole
from seegrad.i18n import tr

Array = NDArray[Any]
OPSET, OLDEST_OPSET, IR_VERSION = 20, 13, 9
ML, ML_OPSET = "ai.onnx.ml", 3
"""The domain of operators on tables, of which LabelEncoder is written."""
NEWEST_OPSET = 28
"""The last version whose operators were held against onnxruntime (row O1 of the table of trust)."""
MOST_STEPS = 100_000


@dataclass(frozen=True)
class Value:
    """An input or output: a size of the shape may be a name, for what is decided at run time."""

    name: str
    dtype: np.dtype[Any]
    shape: tuple[int | str, ...]


ResultType = tuple[int, ...] | np.dtype[Any] | None
"""A result's dtype: that of inputs by their places, one that is always so, or None: not said."""


@dataclass(frozen=True)
class Step:
    """One operator applied to named values; an input that is left away is the empty name.

    Of a step that was read, `changed` names the attributes that are not at their defaults, and
    `results` says which dtype ONNX gives to each result.
    """

    operator: str
    inputs: tuple[str, ...]
    outputs: tuple[str, ...]
    attributes: Mapping[str, Any] = field(default_factory=dict)
    name: str = ""
    changed: frozenset[str] = frozenset()
    results: tuple[ResultType, ...] = ()
    domain: str = ""


@dataclass(frozen=True)
class Model:
    """Steps in the order in which they are computed, and the arrays that they start from."""

    inputs: tuple[Value, ...]
    outputs: tuple[Value, ...]
    constants: Mapping[str, Array]
    steps: tuple[Step, ...]
    metadata: Mapping[str, str] = field(default_factory=dict)


def official() -> Any:
    """The onnx package; MissingExtraError where it is not installed."""
    try:
        import onnx
        import onnx.numpy_helper
    except ImportError as fault:
        raise MissingExtraError(
            tr("onnx is not installed"), hint='pip install "seegrad[onnx]"'
        ) from fault
    return onnx


# --------------------------------------------------------------- what operators take


@dataclass(frozen=True)
class Slot:
    """What an operator takes at one input: which dtypes, and the letter of the type they share."""

    dtypes: frozenset[np.dtype[Any]]
    letter: str


@cache
def slots(operator: str) -> tuple[tuple[Slot, ...], tuple[str, ...]]:
    """What an operator takes, and the letters of the types of the results that it always has."""
    onnx = official()
    schema = onnx.defs.get_schema(operator, OPSET)
    takes = tuple(Slot(_dtypes(onnx, one.types), one.type_str) for one in schema.inputs)
    gives = (one.type_str for one in schema.outputs if one.option.name != "Optional")
    return takes, tuple(gives)


def _dtypes(onnx: Any, types: Any) -> frozenset[np.dtype[Any]]:
    found = (_dtype_named(text) for text in types)
    return frozenset(dtype for dtype in found if dtype is not None)


_DTYPES = frozenset({
    "float16", "float32", "float64", "int8", "int16", "int32", "int64",
    "uint8", "uint16", "uint32", "uint64", "bool",
})  # fmt: skip
"""The dtypes that are read, by their names in NumPy."""


def _dtype_named(text: str) -> np.dtype[Any] | None:
    """`tensor(float)` of a schema as a dtype; None for another type, or a letter for several."""
    element = text.removeprefix("tensor(").removesuffix(")")
    name = {"float": "float32", "double": "float64"}.get(element, element)
    return np.dtype(name) if name in _DTYPES and name != text else None


# --------------------------------------------------------------- writing


def write_model(model: Model, path: str | os.PathLike[str]) -> Path:
    """Write a model, checked by ONNX's own checker first, whole or not at all."""
    onnx = official()
    helper = onnx.helper
    tables = {(ML, ML_OPSET)} if any(step.domain == ML for step in model.steps) else ()
    made = helper.make_model(
        _as_graph(onnx, model),
        producer_name="seegrad",
        ir_version=IR_VERSION,
        opset_imports=[helper.make_opsetid(*pair) for pair in (("", OPSET), *tables)],
    )
    helper.set_model_props(made, dict(model.metadata))
    try:
        onnx.checker.check_model(made, full_check=True)
        return write_whole(path, made.SerializeToString())
    except (onnx.checker.ValidationError, onnx.shape_inference.InferenceError) as fault:
        raise FormatError(
            tr("this graph is not one that ONNX allows"),
            asked=tr("a model that onnx.checker accepts"),
            came=str(fault).strip()[:300],
        ) from fault
    except ValueError as fault:
        raise FormatError(
            tr("the model is too large for one ONNX file"),
            asked=tr("at most 2 GiB"),
            came=str(fault)[:200],
        ) from fault


def _as_graph(onnx: Any, model: Model) -> Any:
    """A model as ONNX's graph, with the graphs inside of its steps."""
    helper = onnx.helper

    def info(value: Value) -> Any:
        kind = helper.np_dtype_to_tensor_dtype(value.dtype)
        return helper.make_tensor_value_info(value.name, kind, list(value.shape))

    return helper.make_graph(
        [
            helper.make_node(
                step.operator, list(step.inputs), list(step.outputs), step.name or None,
                domain=step.domain or None,
                **{key: _as_attribute(onnx, it) for key, it in step.attributes.items()},
            )
            for step in model.steps
        ],
        "seegrad",
        [info(value) for value in model.inputs],
        [info(value) for value in model.outputs],
        [onnx.numpy_helper.from_array(np.ascontiguousarray(a).reshape(a.shape), name)
         for name, a in model.constants.items()],
    )  # fmt: skip


def _as_attribute(onnx: Any, value: Any) -> Any:
    if isinstance(value, Model):
        return _as_graph(onnx, value)
    return onnx.helper.np_dtype_to_tensor_dtype(value) if isinstance(value, np.dtype) else value


# --------------------------------------------------------------- reading

OFFICIAL = ("", "ai.onnx")
"""The names of the domain of ONNX's own operators."""


def read_model(path: str | os.PathLike[str]) -> Model:
    """Read a model that is in one file; attributes that are left away get their defaults.

    Raises FormatError for a damaged file, for values kept in other files (which could point
    anywhere), for dtypes that NumPy does not have, for nested graphs and functions, and for steps
    that are out of order.
    """
    onnx = official()
    file = existing(path, tr("an ONNX file"))
    made = onnx.ModelProto()
    try:
        made.ParseFromString(content(file))
    except Exception as fault:
        raise _damaged(file, str(fault)) from fault
    if not _is_text(made):
        raise _damaged(file, tr("a name that is no text"))
    graph = made.graph
    if not graph.output or not graph.node:
        raise _damaged(file, tr("a model without steps or results"))
    opset = max((it.version for it in made.opset_import if it.domain in OFFICIAL), default=0)
    if opset < OLDEST_OPSET and any(node.domain in OFFICIAL for node in graph.node):
        raise FormatError(
            tr("{path} is written for an old version of ONNX", path=file.name),
            asked=tr("operators of version {count} or later", count=OLDEST_OPSET),
            came=tr("version {count}", count=opset),
            hint=tr("export it again with a newer version"),
        )
    nested = [a.name for n in graph.node for a in n.attribute if a.type in _UNREAD_ATTRIBUTES]
    if made.functions or nested or graph.sparse_initializer or len(graph.node) > MOST_STEPS:
        raise FormatError(
            tr("{path} uses parts of ONNX that are not read here", path=file.name),
            asked=tr("steps one after another, without loops, branches or functions"),
            came=", ".join(nested[:3]) or tr("{count} steps", count=len(graph.node)),
        )
    constants = {one.name: _array(file, onnx, one) for one in graph.initializer}
    steps = tuple(_step(file, onnx, node, opset) for node in graph.node)
    inputs = tuple(_value(file, onnx, one) for one in graph.input if one.name not in constants)
    outputs = tuple(_value(file, onnx, one) for one in graph.output)
    known = {"", *constants, *(value.name for value in inputs)}
    for step in steps:
        if missing := set(step.inputs) - known:
            raise _damaged(file, tr("{name} is used before it is made", name=min(missing)))
        known |= set(step.outputs)
    if missing := {value.name for value in outputs} - known:
        raise _damaged(file, tr("{name} is used before it is made", name=min(missing)))
    return Model(inputs, outputs, constants, steps)


def _is_text(message: Any) -> bool:
    """Are all texts in a message UTF-8? protobuf hands out bytes where they are not."""
    for described, value in message.ListFields():
        single = isinstance(value, (str, bytes)) or not isinstance(value, Sequence)
        many = (value,) if single else value
        if described.message_type is not None and not all(map(_is_text, many)):
            return False
        if described.type == described.TYPE_STRING and any(isinstance(one, bytes) for one in many):
            return False
    return True


def _damaged(file: Path, came: str) -> FormatError:
    return FormatError(
        tr("{path} is damaged or is no ONNX file", path=file.name),
        asked=tr("a whole ONNX file"),
        came=came[:200],
        hint=tr("export it again, or copy the file again"),
    )


def _array(file: Path, onnx: Any, one: Any) -> Array:
    """An array that stands in the file itself, no larger than its bytes."""
    if one.data_location == onnx.TensorProto.EXTERNAL or one.external_data:
        raise FormatError(
            tr("{path} keeps its values in other files", path=file.name),
            asked=tr("one file that holds everything"),
            came=one.name[:80],
            hint=tr("save it with all values inside"),
        )
    count = 1
    for size in one.dims:
        count *= size
    if count < 0 or count > 8 * max(one.ByteSize(), 1):
        raise _damaged(file, tr("a shape of {count} values that are not there", count=count))
    _dtype(file, onnx, one.data_type, one.name)
    try:
        found: Array = np.array(onnx.numpy_helper.to_array(one))
    except Exception as fault:
        raise _damaged(file, str(fault)) from fault
    return found


def _dtype(file: Path, onnx: Any, number: int, name: str) -> np.dtype[Any]:
    """The dtype of a value by its number in ONNX; a valid one that is not read is named."""
    try:
        word = onnx.TensorProto.DataType.Name(number).lower()
    except ValueError as fault:
        raise _damaged(file, f"dtype {number}") from fault
    if word == "undefined":
        raise _damaged(file, f"dtype {number}")
    word = {"float": "float32", "double": "float64"}.get(word, word)
    if word not in _DTYPES:
        raise _unsupported(file, name, word)
    found: np.dtype[Any] = np.dtype(word)
    return found


def _unsupported(file: Path, name: str, kind: str) -> FormatError:
    return FormatError(
        tr("{path} has values of a type that is not read here", path=file.name),
        asked=", ".join(sorted(_DTYPES)),
        came=f"{name[:80]}: {kind}",
        hint=tr("export it again with one of these"),
    )


def _value(file: Path, onnx: Any, one: Any) -> Value:
    form = one.type.WhichOneof("value")
    if form not in (None, "tensor_type"):
        raise _unsupported(file, one.name, form.removesuffix("_type").replace("_", " "))
    kind = one.type.tensor_type
    dtype = _dtype(file, onnx, kind.elem_type, one.name)
    sizes = tuple(d.dim_value if d.HasField("dim_value") else d.dim_param for d in kind.shape.dim)
    return Value(one.name, dtype, sizes)


def _step(file: Path, onnx: Any, node: Any, opset: int) -> Step:
    """A node as a step, with the defaults of its schema filled in."""
    schema = _schema(file, onnx, node, opset)
    attributes: dict[str, Any] = {}
    for name, known in schema.attributes.items():
        if known.default_value.type:
            attributes[name] = _attribute(file, onnx, known.default_value)
    given = {one.name: _attribute(file, onnx, one) for one in node.attribute}
    changed = frozenset(name for name in given if not _same(given[name], attributes.get(name)))
    attributes.update(given)
    if node.op_type == "Cast":
        attributes["to"] = _dtype(file, onnx, int(attributes.get("to", 0)), node.name or "Cast")
    if node.op_type == "Split" and len(node.input) < 2:  # before version 18 the results are counted
        attributes.setdefault("num_outputs", len(node.output))
    return Step(
        node.op_type, tuple(node.input), tuple(node.output), attributes,
        node.name or node.op_type, changed, _result_types(schema, node),
    )  # fmt: skip


def _schema(file: Path, onnx: Any, node: Any, opset: int) -> Any:
    """What ONNX says of a node's operator in the version that the file is written for."""
    newest = min(NEWEST_OPSET, onnx.defs.onnx_opset_version())
    try:
        if node.domain not in OFFICIAL:
            raise onnx.defs.SchemaError(node.domain)
        schema = onnx.defs.get_schema(node.op_type, min(opset, onnx.defs.onnx_opset_version()))
    except onnx.defs.SchemaError as fault:
        raise FormatError(
            tr("{path} uses an operator that is not known here", path=file.name),
            asked=tr("ONNX's own operators"),
            came=f"{node.domain}.{node.op_type}".strip("."),
        ) from fault
    if opset > onnx.defs.onnx_opset_version() or schema.since_version > newest:
        raise FormatError(
            tr("{path} is written for a version of ONNX that is not known here", path=file.name),
            asked=tr("operators of version {count} or earlier", count=newest),
            came=f"{node.op_type}, " + tr("version {count}", count=opset),
            hint=tr("export it again with an older version"),
        )
    return schema


def _result_types(schema: Any, node: Any) -> tuple[ResultType, ...]:
    """The dtype of each result, as the schema's letters for types tell."""
    takes = schema.inputs
    places: dict[str, tuple[int, ...]] = {}
    for place, name in enumerate(node.input):
        if name and takes:
            letter = takes[min(place, len(takes) - 1)].type_str
            places[letter] = (*places.get(letter, ()), place)
    found: list[ResultType] = []
    for place in range(len(node.output)):
        text = schema.outputs[min(place, len(schema.outputs) - 1)].type_str
        found.append(places.get(text, _dtype_named(text)))
    return tuple(found)


def _same(a: Any, b: Any) -> bool:
    """Is an attribute at its default? An array never is: no operator has one as default."""
    return not isinstance(a, np.ndarray) and type(a) is type(b) and bool(a == b)


_PLAIN_ATTRIBUTES = (1, 2, 3, 6, 7, 8)
"""A float, an integer, a text, and lists of them."""
_UNREAD_ATTRIBUTES = (5, 9, 10, 11, 12, 13, 14)
"""Graphs, lists of arrays, sparse arrays, types."""


def _attribute(file: Path, onnx: Any, one: Any) -> Any:
    if one.type == onnx.AttributeProto.TENSOR:
        return _array(file, onnx, one.t)
    if one.type not in _PLAIN_ATTRIBUTES or one.ref_attr_name:
        raise _damaged(file, tr("{name} is of no known kind", name=one.name[:80]))
    found = onnx.helper.get_attribute_value(one)
    if isinstance(found, (int, float, bytes)):
        return _text(found)
    return tuple(map(_text, found))


def _text(value: Any) -> Any:
    return value.decode("utf-8", "replace") if isinstance(value, bytes) else value
