"""ONNX files and what is in them, as plain data (extra `onnx`). The one file that imports onnx.

Which graph means what is not known here: see `onnx_writing` for ours, `training.imported` for
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
from seegrad.language import say

Array = NDArray[Any]
OPSET, OLDEST_OPSET, IR_VERSION = 20, 13, 9
MOST_STEPS = 100_000


@dataclass(frozen=True)
class Value:
    """An input or output: a size of the shape may be a name, for what is decided at run time."""

    name: str
    dtype: np.dtype[Any]
    shape: tuple[int | str, ...]


@dataclass(frozen=True)
class Step:
    """One operator applied to named values; an input that is left away is the empty name."""

    operator: str
    inputs: tuple[str, ...]
    outputs: tuple[str, ...]
    attributes: Mapping[str, Any] = field(default_factory=dict)
    name: str = ""


@dataclass(frozen=True)
class Model:
    """Steps in the order in which they are computed, and the arrays that they start from."""

    inputs: tuple[Value, ...]
    outputs: tuple[Value, ...]
    constants: Mapping[str, Array]
    steps: tuple[Step, ...]


def official() -> Any:
    """The onnx package; MissingExtraError where it is not installed."""
    try:
        import onnx
        import onnx.numpy_helper
    except ImportError as fault:
        raise MissingExtraError(
            say("onnx is not installed"), hint='pip install "seegrad[onnx]"'
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
    known = set()
    for text in types:
        element = text.removeprefix("tensor(").removesuffix(")")
        name = {"float": "float32", "double": "float64"}.get(element, element)
        if name == "bool" or name.rstrip("0123456789") in ("float", "int", "uint"):
            known.add(np.dtype(name))
    return frozenset(known)


# --------------------------------------------------------------- writing


def write_model(model: Model, path: str | os.PathLike[str]) -> Path:
    """Write a model, checked by ONNX's own checker first, whole or not at all."""
    onnx = official()
    helper, numpy_helper = onnx.helper, onnx.numpy_helper

    def info(value: Value) -> Any:
        kind = helper.np_dtype_to_tensor_dtype(value.dtype)
        return helper.make_tensor_value_info(value.name, kind, list(value.shape))

    graph = helper.make_graph(
        [
            helper.make_node(
                step.operator, list(step.inputs), list(step.outputs), step.name or None,
                **{key: _as_attribute(helper, it) for key, it in step.attributes.items()},
            )
            for step in model.steps
        ],
        "seegrad",
        [info(value) for value in model.inputs],
        [info(value) for value in model.outputs],
        [numpy_helper.from_array(np.ascontiguousarray(a).reshape(a.shape), name)
         for name, a in model.constants.items()],
    )  # fmt: skip
    made = helper.make_model(
        graph,
        producer_name="seegrad",
        ir_version=IR_VERSION,
        opset_imports=[helper.make_opsetid("", OPSET)],
    )
    try:
        onnx.checker.check_model(made, full_check=True)
        return write_whole(path, made.SerializeToString())
    except (onnx.checker.ValidationError, onnx.shape_inference.InferenceError) as fault:
        raise FormatError(
            say("this graph is not one that ONNX allows"),
            asked=say("a model that onnx.checker accepts"),
            came=str(fault).strip()[:300],
        ) from fault
    except ValueError as fault:
        raise FormatError(
            say("the model is too large for one ONNX file"),
            asked=say("at most 2 GiB"),
            came=str(fault)[:200],
        ) from fault


def _as_attribute(helper: Any, value: Any) -> Any:
    return helper.np_dtype_to_tensor_dtype(value) if isinstance(value, np.dtype) else value


# --------------------------------------------------------------- reading


def read_model(path: str | os.PathLike[str]) -> Model:
    """Read a model that is in one file; attributes that are left away get their defaults.

    Raises FormatError for a damaged file, for values kept in other files (which could point
    anywhere), for nested graphs and functions, and for steps that are out of order.
    """
    onnx = official()
    file = existing(path, say("an ONNX file"))
    made = onnx.ModelProto()
    try:
        made.ParseFromString(content(file))
    except Exception as fault:
        raise _damaged(file, str(fault)) from fault
    if not _is_text(made):
        raise _damaged(file, say("a name that is no text"))
    graph = made.graph
    if not graph.output or not graph.node:
        raise _damaged(file, say("a model without steps or results"))
    opset = max((it.version for it in made.opset_import if it.domain in ("", "ai.onnx")), default=0)
    if opset < OLDEST_OPSET:
        raise FormatError(
            say("{path} is written for an old version of ONNX", path=file.name),
            asked=say("operators of version {count} or later", count=OLDEST_OPSET),
            came=say("version {count}", count=opset),
            hint=say("export it again with a newer version"),
        )
    nested = [a.name for n in graph.node for a in n.attribute if a.type in (5, 10)]
    if made.functions or nested or graph.sparse_initializer or len(graph.node) > MOST_STEPS:
        raise FormatError(
            say("{path} uses parts of ONNX that are not read here", path=file.name),
            asked=say("steps one after another, without loops, branches or functions"),
            came=", ".join(nested[:3]) or say("{count} steps", count=len(graph.node)),
        )
    constants = {one.name: _array(file, onnx, one) for one in graph.initializer}
    steps = tuple(_step(file, onnx, node, opset) for node in graph.node)
    inputs = tuple(_value(file, onnx, one) for one in graph.input if one.name not in constants)
    outputs = tuple(_value(file, onnx, one) for one in graph.output)
    known = {"", *constants, *(value.name for value in inputs)}
    for step in steps:
        if missing := set(step.inputs) - known:
            raise _damaged(file, say("{name} is used before it is made", name=min(missing)))
        known |= set(step.outputs)
    if missing := {value.name for value in outputs} - known:
        raise _damaged(file, say("{name} is used before it is made", name=min(missing)))
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
        say("{path} is damaged or is no ONNX file", path=file.name),
        asked=say("a whole ONNX file"),
        came=came[:200],
        hint=say("export it again, or copy the file again"),
    )


def _array(file: Path, onnx: Any, one: Any) -> Array:
    """An array that stands in the file itself, no larger than its bytes."""
    if one.data_location == onnx.TensorProto.EXTERNAL or one.external_data:
        raise FormatError(
            say("{path} keeps its values in other files", path=file.name),
            asked=say("one file that holds everything"),
            came=one.name[:80],
            hint=say("save it with all values inside"),
        )
    count = 1
    for size in one.dims:
        count *= size
    if count < 0 or count > 8 * max(one.ByteSize(), 1):
        raise _damaged(file, say("a shape of {count} values that are not there", count=count))
    try:
        found: Array = np.array(onnx.numpy_helper.to_array(one))
    except Exception as fault:
        raise _damaged(file, str(fault)) from fault
    if found.dtype.kind not in "fiub":
        raise _damaged(file, f"{one.name}: {found.dtype}")
    return found


def _dtype(file: Path, onnx: Any, number: int) -> np.dtype[Any]:
    try:
        found: np.dtype[Any] = np.dtype(onnx.helper.tensor_dtype_to_np_dtype(number))
    except (KeyError, TypeError) as fault:
        raise _damaged(file, f"dtype {number}") from fault
    if found.kind not in "fiub":
        raise _damaged(file, f"dtype {found}")
    return found


def _value(file: Path, onnx: Any, one: Any) -> Value:
    kind = one.type.tensor_type
    dtype = _dtype(file, onnx, kind.elem_type)
    sizes = tuple(d.dim_value if d.HasField("dim_value") else d.dim_param for d in kind.shape.dim)
    return Value(one.name, dtype, sizes)


def _step(file: Path, onnx: Any, node: Any, opset: int) -> Step:
    """A node as a step, with the defaults of its schema filled in."""
    attributes: dict[str, Any] = {}
    try:
        if node.domain not in ("", "ai.onnx"):
            raise onnx.defs.SchemaError(node.domain)
        schema = onnx.defs.get_schema(node.op_type, min(opset, onnx.defs.onnx_opset_version()))
    except onnx.defs.SchemaError as fault:
        raise FormatError(
            say("{path} uses an operator that is not known here", path=file.name),
            asked=say("ONNX's own operators"),
            came=f"{node.domain}.{node.op_type}".strip("."),
        ) from fault
    for name, known in schema.attributes.items():
        if known.default_value.type:
            attributes[name] = _attribute(file, onnx, known.default_value)
    for one in node.attribute:
        attributes[one.name] = _attribute(file, onnx, one)
    if node.op_type == "Cast":
        attributes["to"] = _dtype(file, onnx, int(attributes.get("to", 0)))
    return Step(
        node.op_type, tuple(node.input), tuple(node.output), attributes, node.name or node.op_type
    )


_PLAIN_ATTRIBUTES = (1, 2, 3, 6, 7, 8)
"""A float, an integer, a text, and lists of them."""


def _attribute(file: Path, onnx: Any, one: Any) -> Any:
    if one.type == onnx.AttributeProto.TENSOR:
        return _array(file, onnx, one.t)
    if one.type not in _PLAIN_ATTRIBUTES or one.ref_attr_name:
        raise _damaged(file, say("{name} is of no known kind", name=one.name[:80]))
    found = onnx.helper.get_attribute_value(one)
    if isinstance(found, bytes):
        return found.decode("utf-8", "replace")
    return found if isinstance(found, (int, float)) else tuple(found)
