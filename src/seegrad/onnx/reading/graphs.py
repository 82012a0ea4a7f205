"""From ONNX's graphs to steps: defaults filled in, graphs inside of steps read like the outer one.

Arrays of inner graphs stand among the constants of the model, under a name that is free there.
"""

from __future__ import annotations

from collections import ChainMap
from dataclasses import replace
from typing import Any

import numpy as np

from seegrad.errors import FormatError
from seegrad.i18n import tr
from seegrad.onnx import model
from seegrad.onnx.reading.arrays import array
from seegrad.onnx.reading.source import LEARNING, OFFICIAL, Source

Scope = ChainMap[str, str]
"""What each name that may be read is called among all values of the model."""
DEEPEST = 24
"""So many graphs may stand one inside of another."""
PLAIN_ATTRIBUTES = (1, 2, 3, 6, 7, 8)
"""A float, an integer, a text, and lists of them."""
DTYPE_ATTRIBUTES = {
    "Cast": ("to",), "EyeLike": ("dtype",), "QuantizeLinear": ("output_dtype", "precision"),
    "DequantizeLinear": ("output_dtype",), "Attention": ("softmax_precision",),
    "BlackmanWindow": ("output_datatype",), "HammingWindow": ("output_datatype",),
    "HannWindow": ("output_datatype",), "MelWeightMatrix": ("output_datatype",),
}  # fmt: skip
"""The attributes that are numbers of dtypes."""

WEIGHTS = dict.fromkeys(("LinearRegressor", "LinearClassifier"), ("coefficients", "intercepts"))
"""The attributes that are weights, which become inputs behind the others."""


class Reading:
    """The arrays, words and steps of a file while they are gathered."""

    def __init__(self, source: Source) -> None:
        self.source = source
        self.constants: dict[str, model.Array] = {}
        self.words: dict[str, tuple[str, ...]] = {}
        """Constants that are texts; among the numbers stand their places."""
        self.steps = 0

    def graph(self, one: Any, outside: Scope | None = None) -> model.Model:
        """A graph and those inside of it; `outside` has the names that it may read."""
        self.steps += len(one.node)
        scope: Scope = ChainMap({"": ""}) if outside is None else outside.new_child()
        if one.sparse_initializer or len(scope.maps) > DEEPEST or self.steps > model.MOST_STEPS:
            many = tr("{count} steps", count=self.steps)
            raise self.source.unread("sparse_initializer" if one.sparse_initializer else many)
        inner = outside is not None
        own = {it.name: self._constant(it, scope) for it in one.initializer}
        given = tuple(self._value(it, inner) for it in one.input if inner or it.name not in own)
        scope.update({value.name: value.name for value in given})
        scope.update(own)
        steps = []
        for node in one.node:
            if missing := {name for name in node.input if name not in scope}:
                raise self._before(min(missing))
            steps.append(self._step(node, scope))
            scope.update({name: name for name in node.output})
        if missing := {it.name for it in one.output if it.name not in scope}:
            raise self._before(min(missing))
        results = (self._value(it, True) for it in one.output)
        named = tuple(replace(it, name=scope[it.name]) for it in results)
        return model.Model(given, named, {}, tuple(steps))

    def _before(self, name: str) -> FormatError:
        return self.source.damaged(tr("{name} is used before it is made", name=name))

    def _constant(self, one: Any, scope: Scope) -> str:
        """Keep an array; what it is called among all constants."""
        name = str(one.name)
        while name in self.constants or name in scope:
            name += "_"
        if one.data_type == self.source.onnx.TensorProto.STRING and not one.external_data:
            self.words[name] = tuple(_text(word) for word in one.string_data)
            found = np.arange(len(self.words[name]))
            if tuple(one.dims) not in ((len(found),), (1, len(found))):
                raise self.source.unsupported(one.name, "string")
            self.constants[name] = found.reshape(tuple(one.dims))
        else:
            self.constants[name] = array(self.source, one)
        return name

    def _value(self, one: Any, open: bool = False) -> model.Value:
        """An input or output; an output may be open, which is a matter of what makes it."""
        form = one.type.WhichOneof("value")
        if form is None and open:
            return model.Value(one.name, np.dtype(np.float32), ())
        if form not in (None, "tensor_type"):
            if open:
                return model.Value(one.name, np.dtype(object), (form.removesuffix("_type"),))
            raise self.source.unsupported(one.name, form.removesuffix("_type").replace("_", " "))
        kind = one.type.tensor_type
        word = self.source.kind(kind.elem_type, one.name) if kind.elem_type or not open else ""
        if open and word in ("", "string"):
            return model.Value(one.name, np.dtype(object if word else np.float32), (word,))
        dtype = self.source.dtype(kind.elem_type, one.name)
        dims = kind.shape.dim
        sizes = tuple(d.dim_value if d.HasField("dim_value") else d.dim_param for d in dims)
        return model.Value(one.name, dtype, sizes)

    # ------------------------------------------------------------- steps

    def _step(self, node: Any, scope: Scope) -> model.Step:
        """A node as a step, with the defaults of its schema filled in."""
        schema = self._schema(node)
        operator = node.op_type
        if schema is None:
            name = f"{node.domain}.{operator}".strip(".")
            return model.Step(name, tuple(node.input), tuple(node.output), {}, node.name or name)
        attributes: dict[str, Any] = {}
        for name, about in schema.attributes.items():
            if about.default_value.type:
                attributes[name] = self._attribute(about.default_value, scope)
        given = {one.name: self._attribute(one, scope) for one in node.attribute}
        changed = frozenset(name for name in given if not _same(given[name], attributes.get(name)))
        attributes.update(given)
        for name in DTYPE_ATTRIBUTES.get(operator, ()):
            if attributes.get(name) or operator == "Cast":
                number = attributes.get(name, 0)
                if not isinstance(number, int):
                    raise self.source.damaged(f"{operator}: {name}")
                attributes[name] = self.source.dtype(number, node.name or operator)
        inputs = [scope[name] for name in node.input]
        for name in WEIGHTS.get(operator, ()):
            if name in given:
                inputs.append(self._weights(f"{node.name or operator}.{name}", attributes[name]))
        if operator == "Split" and len(node.input) < 2:
            attributes.setdefault("num_outputs", len(node.output))  # counted, before version 18
        return model.Step(
            operator, tuple(inputs), tuple(node.output), attributes,
            node.name or operator, changed, _result_types(schema, node),
        )  # fmt: skip

    def _weights(self, wish: str, numbers: Any) -> str:
        """Weights that stand in an attribute, among the constants; what they are called there."""
        if not isinstance(numbers, tuple) or not all(isinstance(n, (int, float)) for n in numbers):
            raise self.source.damaged(wish[:80])
        name, number = wish, 1
        while name in self.constants:
            number += 1
            name = f"{wish}{number}"
        self.constants[name] = np.asarray(numbers, np.float32)
        return name

    def _schema(self, node: Any) -> Any:
        """What ONNX says of a node's operator in the version that the file is written for.

        None where it does not know it, which is told together with all others that are not read.
        """
        defs = self.source.onnx.defs
        domain = "" if node.domain in OFFICIAL else node.domain
        if domain not in ("", LEARNING):
            return None
        version, newest = self.source.versions.get(domain, 0), defs.onnx_opset_version()
        try:
            schema = defs.get_schema(node.op_type, max(1, min(version, newest)), domain)
        except defs.SchemaError:
            return None
        newest = min(model.NEWEST_OPSET, newest)
        if not domain and (version > newest or schema.since_version > newest):
            raise FormatError(
                tr("{path} is written for a version of ONNX that is not known here",
                   path=self.source.file.name),
                asked=tr("operators of version {count} or earlier", count=newest),
                came=f"{node.op_type}, " + tr("version {count}", count=version),
                hint=tr("export it again with an older version"),
            )  # fmt: skip
        return schema

    def _attribute(self, one: Any, scope: Scope) -> Any:
        kinds = self.source.onnx.AttributeProto
        if one.ref_attr_name:
            raise self.source.damaged(tr("{name} is of no known kind", name=one.name[:80]))
        if one.type == kinds.TENSOR:
            return array(self.source, one.t)
        if one.type == kinds.GRAPH:
            return self.graph(one.g, scope)
        if one.type not in PLAIN_ATTRIBUTES:
            if one.type in kinds.AttributeType.values():
                raise self.source.unread(one.name[:80])
            raise self.source.damaged(tr("{name} is of no known kind", name=one.name[:80]))
        found = self.source.onnx.helper.get_attribute_value(one)
        if isinstance(found, (int, float, bytes)):
            return _text(found)
        return tuple(map(_text, found))


def _result_types(schema: Any, node: Any) -> tuple[model.ResultType, ...]:
    """The dtype of each result, as the schema's letters for types tell."""
    takes = schema.inputs
    places: dict[str, tuple[int, ...]] = {}
    for place, name in enumerate(node.input):
        if name and takes:
            letter = takes[min(place, len(takes) - 1)].type_str
            places[letter] = (*places.get(letter, ()), place)
    found: list[model.ResultType] = []
    for place in range(len(node.output)):
        slot = schema.outputs[min(place, len(schema.outputs) - 1)]
        text = slot.type_str
        found.append(places.get(text, model.dtype_named(text)) if slot.is_homogeneous else None)
    return tuple(found)


def _same(a: Any, b: Any) -> bool:
    """Is an attribute at its default? An array never is: no operator has one as default."""
    return not isinstance(a, (np.ndarray, model.Model)) and type(a) is type(b) and bool(a == b)


def _text(value: Any) -> Any:
    return value.decode("utf-8", "replace") if isinstance(value, bytes) else value
