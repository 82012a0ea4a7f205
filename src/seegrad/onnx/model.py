"""ONNX files and what is in them, as plain data (extra `onnx`).

Which graph means what is not known here: see `writing` for ours, `importing` for theirs. A
file becomes a model in `reading`.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from seegrad.errors import FormatError
from seegrad.files import write_whole
from seegrad.i18n import tr
from seegrad.onnx.package import official

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
    labels: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """The names of the classes that an output counts, where the file gives them by name."""
    metadata: Mapping[str, str] = field(default_factory=dict)


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
    found = (dtype_named(text) for text in types)
    return frozenset(dtype for dtype in found if dtype is not None)


DTYPES = frozenset({
    "float16", "float32", "float64", "int8", "int16", "int32", "int64",
    "uint8", "uint16", "uint32", "uint64", "bool",
})  # fmt: skip
"""The dtypes that are read, by their names in NumPy."""


def dtype_named(text: str) -> np.dtype[Any] | None:
    """`tensor(float)` of a schema as a dtype; None for another type, or a letter for several."""
    element = text.removeprefix("tensor(").removesuffix(")")
    name = {"float": "float32", "double": "float64"}.get(element, element)
    return np.dtype(name) if name in DTYPES and name != text else None


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
        written = made.SerializeToString()
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
    return write_whole(path, written)


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
