"""ONNX models as networks of ours: every operator in our ops, so that it can be seen and learnt.

How an operator is read stands in `operators`; the file itself is read in `model`.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import nullcontext
from dataclasses import replace
from typing import Any

import numpy as np

from seegrad.errors import FormatError, SeegradError
from seegrad.graph.mode import frame, in_frames
from seegrad.i18n import tr
from seegrad.nn.module import Module, parameter, state
from seegrad.onnx.model import Model, ResultType, Step, Value
from seegrad.onnx.operators import BOXED, READERS
from seegrad.onnx.readers.refused import reason
from seegrad.onnx.readers.values import ASKED, Body, Values
from seegrad.onnx.reading import read_model
from seegrad.ops import compare
from seegrad.tensor.tensor import Tensor


def import_onnx(path: str | os.PathLike[str]) -> ImportedNetwork:
    """A network from an ONNX file, whose operators are ops of ours.

    It can be called, drawn, stepped through, differentiated, trained and exported again. Floating
    arrays of one axis or more are its parameters, by their names in the file; branches and loops
    are `sg.cond`, `sg.scan` and `sg.while_loop`. Values may lie in files beside the model; a
    model before version 13 is read as onnx's converter brings it there, which a warning says.
    Raises FormatError for a damaged file, for values that lie outside of its folder, and for all
    operators and settings that are not known here, with the reason, before anything is computed.

    Args:
        path: of the model.

    >>> import seegrad as sg
    >>> import tempfile
    >>> import seegrad as sg
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     file = sg.export_onnx(lambda x: x * 2, f"{folder}/twice.onnx", np.ones(3))
    ...     net = import_onnx(file)
    >>> net(np.ones(3, np.float32)).tolist()
    [2.0, 2.0, 2.0]
    """
    return ImportedNetwork(read_model(path))


class _Part(Module):
    """A place for values with a common beginning of their names."""

    kind = "part"

    def forward(self, *inputs: Any) -> Any:
        raise TypeError("a part of an imported network cannot be called by itself")


class ImportedNetwork(Module):
    """The steps of an ONNX model, one after another. See `seegrad.import_onnx`."""

    kind = "imported"

    def __init__(self, model: Model) -> None:
        _refuse(model)
        self.model = replace(model, constants={})
        kept = {
            name
            for step in _every(model)
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
        *pieces, last = map(_as_word, name.split("."))
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
        path.append(last)
        # a leaf of no part is one of the network's: pictures put it into the network's box
        called = ".".join(path if len(path) > 1 else (self.kind, last))
        setattr(home, last, make(array, called, array.dtype))
        return tuple(path)

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
                tr("this model takes another number of inputs"),
                asked=", ".join(f"{one.name} {one.shape}" for one in wanted),
                came=tr("{count} inputs", count=len(inputs)),
            )
        values: dict[str, Any] = {"": None, **dict(self._fixed)}
        values.update({name: self._value(path) for name, path in self._places})
        for one, given in zip(wanted, inputs):
            x = given if isinstance(given, Tensor) else np.asarray(given)
            values[one.name] = _fitting(one, x)
        out = _run(self.model, values)
        return out[0] if len(out) == 1 else out

    @property
    def labels(self) -> Mapping[str, tuple[str, ...]]:
        """The names of the classes that an output counts, where the file gives classes by name."""
        return self.model.labels

    def describe(self) -> str:
        names = ", ".join(f"{one.name} {one.shape}" for one in self.model.inputs)
        return f"{names}; {len(self.model.steps)} steps"


def _fitting(wanted: Value, x: Any) -> Any:
    """An input in the model's dtype, if that is only another width of its kind."""
    if x.dtype == wanted.dtype:
        return x
    if x.dtype.kind != wanted.dtype.kind:
        raise FormatError(
            tr("{name} has another dtype than the model", name=wanted.name[:80]),
            asked=str(wanted.dtype),
            came=str(x.dtype),
            hint=tr("convert it first: {how}", how=f".astype({str(wanted.dtype)!r})"),
        )
    return compare.astype(x, dtype=wanted.dtype)


def _every(model: Model) -> Iterator[Step]:
    """All steps, those of graphs inside of steps too."""
    for step in model.steps:
        yield step
        for inner in step.attributes.values():
            if isinstance(inner, Model):
                yield from _every(inner)


def _refuse(model: Model) -> None:
    """FormatError for all operators that are not read, or for all settings of no effect here."""
    unknown = sorted({step.operator for step in _every(model)} - READERS.keys())
    if unknown:
        told = [f"{it} ({why})" if (why := reason(it)) else it for it in unknown[:12]]
        raise FormatError(
            tr("this model has operators that are not known here"),
            asked=tr("some of the {count} operators that are read", count=len(READERS)),
            came=", ".join(told)[:600],
            hint=tr("the guide on ONNX lists them; export the model without these"),
        )
    wrong: dict[str, str] = {}
    asked: dict[str, str] = {}
    name = ""
    for step in _every(model):
        reader = READERS[step.operator]
        if found := reader.refused(step.attributes, step.changed):
            name = name or step.name[:80]
            words = ", ".join(f"{key}={_brief(step.attributes[key])}" for key in found)
            wrong[f"{step.operator}({words})"] = words
            allowed = ", ".join(map(_allowed, reader.honours.items()))
            asked[step.operator] = f"{step.operator}({allowed})"
    if wrong:
        raise FormatError(
            tr("{name} has a setting that is not honoured here", name=name),
            asked=", ".join(asked.values())[:400],
            came=", ".join(wrong if len(wrong) > 1 else wrong.values())[:400],
            hint=tr("the guide on ONNX lists them; export the model without these"),
        )


def _brief(value: Any) -> str:
    return "graph" if isinstance(value, Model) else str(value)[:80]


def _allowed(honoured: tuple[str, tuple[Any, ...] | None]) -> str:
    name, values = honoured
    return name if values is None else f"{name}={'|'.join(map(str, values))}"


def _made(values: Mapping[str, Any], name: str) -> Any:
    """A value by its name; further results of a step, as a mask or indices, are not made."""
    if name not in values:
        raise FormatError(
            tr("{name} is a result that is not computed here", name=name[:80]),
            asked=tr("the first result of a step"),
            came=tr("one of its further results"),
        )
    return values[name]


def _as_word(text: str) -> str:
    """A text as a name that Python allows."""
    word = "".join(c if f"_{c}".isidentifier() else "_" for c in text)
    return word if word.isidentifier() else f"_{word}"


def _free(home: Module, name: str) -> str:
    while hasattr(home, name):
        name += "_"
    return name


def _path(step: Step) -> list[str]:
    """The boxes around a step, as its name's path tells them."""
    return [piece for piece in step.name.split("/")[:-1] if piece][:8]


def _run(model: Model, values: dict[str, Any]) -> tuple[Any, ...]:
    """All steps of a graph one after another; `values` has what they may read."""
    for step in in_frames(model.steps, _path):
        given = [_made(values, name) for name in step.inputs]
        found = _computed(step, given, values)
        results = found if isinstance(found, (list, tuple)) else (found,)
        for name, result, want in zip(step.outputs, results, step.results):
            values[name] = _typed(step, result, given, want)
    return tuple(_made(values, one.name) for one in model.outputs)


def _inside(model: Model, outside: dict[str, Any]) -> Body:
    """A graph inside of a step; it reads what is around it by name."""

    def run(*inputs: Any) -> tuple[Any, ...]:
        return _run(model, {**outside, **dict(zip((one.name for one in model.inputs), inputs))})

    return Body(model, run)


def _computed(step: Step, given: Values, values: dict[str, Any]) -> Any:
    settings = {
        key: _inside(it, values) if isinstance(it, Model) else it
        for key, it in step.attributes.items()
    }
    settings[ASKED] = len(step.outputs)
    try:
        with frame(step.operator.lower()) if step.operator in BOXED else nullcontext():
            found = READERS[step.operator].compute(given, settings)
    except SeegradError:
        raise
    except (
        TypeError, ValueError, LookupError, AttributeError, ArithmeticError, MemoryError,
        RuntimeError, AssertionError,
    ) as fault:  # fmt: skip
        raise FormatError(
            tr("{name} cannot be computed as the file says", name=step.name[:80]),
            asked=step.operator,
            came=str(fault)[:200],
        ) from fault
    return found


def _typed(step: Step, result: Any, given: Values, want: ResultType) -> Any:
    """A result in the dtype that ONNX gives it: wider ones of its kind are narrowed as there."""
    if want is None:
        return result
    # one dtype in the file; several where the network was made wider than it
    dtype = np.result_type(*(given[i].dtype for i in want)) if isinstance(want, tuple) else want
    if result.dtype == dtype:
        return result
    if {result.dtype.kind, dtype.kind} in ({"f"}, {"i"}, {"u"}, {"i", "u"}):
        return compare.astype(result, dtype=dtype)
    raise FormatError(
        tr("{name} cannot be computed as the file says", name=step.name[:80]),
        asked=f"{step.operator}: {dtype}",
        came=f"{result.dtype}",
    )
