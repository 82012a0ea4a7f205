"""O1: models of ONNX, read here, against onnxruntime; where it has no kernel, against onnx itself.

Each is computed eagerly and compiled, and differentiated by its floating-point input.
"""

from __future__ import annotations

import warnings
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

import seegrad as sg
from seegrad.errors import SeegradWarning
from seegrad.onnx.importing import import_onnx
from seegrad.onnx.operators import READERS
from trust.files.onnx_cases import DRAWS, SETTINGS, Inputs
from trust.harness.isolation import folder
from trust.harness.row import Found, Run, first, row

try:
    import onnx
    import onnxruntime
    from onnx.backend.test.case.node import collect_testcases
    from onnx.reference import ReferenceEvaluator

    from trust.files.onnx_wide_cases import CLASSICAL, WIDE
except ImportError:  # without the extra `test` the row says so
    onnx = None  # type: ignore[assignment]
    WIDE = CLASSICAL = {}

Array = NDArray[Any]
OLDEST = 13
GONE = {"Scatter": 10, "Upsample": 9}
"""Operators that are no more, and the last version that had them."""
LEARNING = "ai.onnx.ml"
LEARNED = 3
"""The version of that domain in which its operators are drawn."""
CLOSE = {2: 2e-2, 4: 2e-4, 8: 1e-5}
"""How far floating-point results may be apart, by the bytes of an element.

The runtime norms and resizes float64 partly in single precision (`stash_type`).
"""


@dataclass(frozen=True)
class Case:
    """A model, what it is fed, which of that may be built into it, what must come out."""

    name: str
    model: Any
    feed: dict[str, Array]
    expected: Sequence[Sequence[Array]]


# --------------------------------------------------------------- the package's own tests


def of_the_package(operator: str | None = None) -> Iterator[Case]:
    """The node tests of onnx, with its own results and those of the runtime."""
    for test in collect_testcases(operator):
        for inputs, outputs in test.data_sets or ():
            arrays = [_plain(value) for value in inputs]
            results = [_plain(value) for value in outputs]
            names = [one.name for one in test.model.graph.input]
            feed = dict(zip(names, arrays))
            if any(a.dtype.kind == "f" for a in (*arrays, *results) if isinstance(a, np.ndarray)):
                yield Case(test.name, test.model, feed, [results])


def _plain(value: Any) -> Any:
    if isinstance(value, onnx.TensorProto):
        return onnx.numpy_helper.to_array(value)
    return value if isinstance(value, (list, dict)) or value is None else np.asarray(value)


# --------------------------------------------------------------- drawn ones


def drawn(rng: np.random.Generator, operator: str, newest: int) -> Case | None:
    """A model of one operator; None where the version has it not, or not for what was drawn."""
    opset = GONE.get(operator) or int(rng.integers(_oldest(operator), newest + 1))
    try:
        schema = _schema(operator, opset)
    except onnx.defs.SchemaError:
        return None
    dtype = rng.choice(_dtypes(schema.inputs[0].types)) if schema.inputs else np.float32
    given = {**DRAWS, **WIDE}[operator](rng, dtype, opset)
    for name, values in SETTINGS.items():
        if name in schema.attributes and name not in given.attributes and rng.random() < 0.5:
            given.attributes[name] = values[int(rng.integers(len(values)))]
    given.attributes = {k: v for k, v in given.attributes.items() if k in schema.attributes}
    told = {k: v for k, v in given.attributes.items() if not isinstance(v, onnx.GraphProto)}
    label = f"{operator} of version {opset}, {np.dtype(dtype)}, {told}"
    model, feed = built(operator, given, opset)
    return Case(label, model, feed, ())


@cache
def _oldest(operator: str) -> int:
    """The first version that is read and has an operator."""
    every = onnx.defs.get_all_schemas_with_history()
    first = min(it.since_version for it in every if it.name == operator)
    return max(OLDEST, first)


def _schema(operator: str, opset: int) -> Any:
    if operator in CLASSICAL:
        return onnx.defs.get_schema(operator, LEARNED, LEARNING)
    return onnx.defs.get_schema(operator, opset)


def _dtypes(types: Sequence[str]) -> list[Any]:
    wide = {"float": "float32", "double": "float64"}
    names = (text.removeprefix("tensor(").removesuffix(")") for text in sorted(types))
    found = [getattr(np, wide.get(name, name), None) for name in names if name != "bool"]
    known: list[Any] = [kind for kind in found if isinstance(kind, type)]
    real = [kind for kind in known if issubclass(kind, (np.integer, np.floating))]
    return real or [np.bool_]


def built(operator: str, given: Inputs, opset: int) -> tuple[Any, dict[str, Array]]:
    """The model, and what its open inputs are fed."""
    helper, names, fixed, feed = onnx.helper, [], [], {}
    for place, array in enumerate(given.arrays):
        names.append("" if array is None else f"x{place}")
        if array is None:
            continue
        if place in given.fixed:
            fixed.append(onnx.numpy_helper.from_array(np.asarray(array), f"x{place}"))
        else:
            feed[f"x{place}"] = np.asarray(array)
    names = names[: len(names) - given.around]
    while names and not names[-1]:
        names.pop()
    outs = [f"y{i}" for i in range(given.results)]
    attributes = {
        key: onnx.numpy_helper.from_array(value) if isinstance(value, np.ndarray) else value
        for key, value in given.attributes.items()
    }
    code = helper.np_dtype_to_tensor_dtype
    domain = LEARNING if operator in CLASSICAL else ""
    graph = helper.make_graph(
        [helper.make_node(operator, names, outs, domain=domain, **attributes)],
        "drawn",
        [helper.make_tensor_value_info(k, code(v.dtype), v.shape) for k, v in feed.items()],
        _results(operator, given, outs, opset),
        fixed,
    )
    versions = [helper.make_opsetid("", opset), helper.make_opsetid(LEARNING, LEARNED)]
    made = helper.make_model(graph, opset_imports=versions[: 1 + bool(domain)], ir_version=10)
    with suppress(onnx.shape_inference.InferenceError):  # the runtime has the last word
        made = onnx.shape_inference.infer_shapes(made)
    return made, feed


def _results(operator: str, given: Inputs, outs: Sequence[str], opset: int) -> list[Any]:
    """The results, with the dtypes that the schema's letters give; the rest is inferred."""
    helper, schema, found = onnx.helper, _schema(operator, opset), []
    kinds = {
        slot.type_str: array.dtype
        for slot, array in zip(schema.inputs, given.arrays)
        if array is not None
    }
    for name, slot in zip(outs, schema.outputs):
        if slot.type_str in kinds and slot.is_homogeneous:
            code = helper.np_dtype_to_tensor_dtype(kinds[slot.type_str])
            found.append(helper.make_tensor_value_info(name, code, None))
        else:
            found.append(helper.make_empty_tensor_value_info(name))
    return found + [helper.make_empty_tensor_value_info(name) for name in outs[len(found) :]]


# --------------------------------------------------------------- the judges


def by_the_runtime(case: Case) -> list[Array] | None:
    """What onnxruntime gives; None where it refuses the model."""
    options = onnxruntime.SessionOptions()
    options.log_severity_level, options.intra_op_num_threads = 4, 1
    try:
        session = onnxruntime.InferenceSession(case.model.SerializeToString(), options)
        found: list[Array] = [_rows(it) for it in session.run(None, case.feed)]
    except Exception:
        return None
    return found


def _rows(result: Any) -> Array:
    """A list of dictionaries, one for each row, as the table of their values."""
    if isinstance(result, list) and result and isinstance(result[0], dict):
        return np.array([list(row.values()) for row in result], np.float32)
    return np.asarray(result)


def by_the_package(case: Case) -> list[Array] | None:
    """What onnx's own evaluator gives, which is not strict about dtypes.

    None where it gives up, or where the shape is not the one that ONNX says.
    """
    try:
        with np.errstate(all="ignore"):
            found = ReferenceEvaluator(case.model).run(None, case.feed)
    except Exception:
        return None
    results = []
    for one, said in zip(map(np.asarray, found), case.model.graph.output):
        kind = said.type.tensor_type
        if not kind.elem_type:
            return None
        if kind.HasField("shape") and one.ndim != len(kind.shape.dim):
            return None
        dtype = onnx.helper.tensor_dtype_to_np_dtype(kind.elem_type)
        results.append(one.astype(dtype))
    return results


def differs(ours: Sequence[Any], theirs: Sequence[Any]) -> str:
    """How two lists of results differ; nothing where they do not."""
    for a, b in zip(map(np.asarray, ours), theirs):
        if not isinstance(b, np.ndarray):
            b = np.asarray(b)
        if (a.dtype, a.shape) != (b.dtype, b.shape):
            return f"{a.dtype}{a.shape} instead of {b.dtype}{b.shape}"
        if a.dtype.kind != "f":
            if not np.array_equal(a, b):
                return f"{a.ravel()[:3]} instead of {b.ravel()[:3]}"
            continue
        if not np.array_equal(np.isnan(a), np.isnan(b)):
            return f"{np.isnan(a).sum()} NaN instead of {np.isnan(b).sum()}"
        near = CLOSE[a.dtype.itemsize]
        one, two = a.astype(np.float64), b.astype(np.float64)
        if not np.allclose(one, two, rtol=near, atol=near, equal_nan=True):
            worst = np.nanargmax(np.abs(one - two))
            return f"{one.ravel()[worst]} instead of {two.ravel()[worst]}"
    return ""


# --------------------------------------------------------------- one case


def _authorities(case: Case) -> Iterator[Sequence[Array] | None]:
    """What must come out, by each that says it, asked one after another."""
    yield by_the_runtime(case)
    if case.expected:
        yield from case.expected
    else:
        yield by_the_package(case)


class Tally:
    """How many cases came out equal or refused, and what was wrong."""

    def __init__(self) -> None:
        self.counts: Counter[str] = Counter()
        self.faults: list[str] = []

    def judge(self, case: Case, path: Path) -> None:
        path.write_bytes(case.model.SerializeToString())
        ours = self._tried(case, lambda: _listed(import_onnx(path)(*case.feed.values())))
        if ours is None:
            return
        said = ""
        for theirs in _authorities(case):
            if theirs is None:
                continue
            if not (said := differs(ours, theirs)):
                self._inside(case, path, ours)
                return
        self.counts["wrong" if said else "without a judge"] += 1
        if said:
            self.faults.append(f"{case.name}: {said}")

    def _tried(self, case: Case, compute: Callable[[], Any]) -> Any:
        try:
            with warnings.catch_warnings():  # that a model is old is no fault
                warnings.simplefilter("ignore", SeegradWarning)
                return compute()
        except sg.SeegradError:
            self.counts["refused"] += 1
        except Exception as error:
            self.counts["wrong"] += 1
            self.faults.append(f"{case.name}: a bare {type(error).__name__}: {error}"[:200])
        return None

    def _inside(self, case: Case, path: Path, eager: list[Any]) -> None:
        """Compiled, with all but floating-point inputs built in, and the derivative by those."""
        path.write_bytes(_closed(case).SerializeToString())
        open_ones = [a for a in case.feed.values() if a.dtype.kind == "f"]

        def compute() -> str:
            net = import_onnx(path)
            if not open_ones:
                return ""
            if said := differs(_listed(sg.compile(net)(*open_ones)), eager):
                return f"compiled: {said}"
            return _slope(net, open_ones, eager)

        said = self._tried(case, compute)
        if said is not None:
            self.counts["wrong" if said else "equal"] += 1
        if said:
            self.faults.append(f"{case.name}: {said}")


def _listed(results: Any) -> list[Any]:
    return [
        one.detach().numpy() if isinstance(one, sg.Tensor) else one
        for one in (results if isinstance(results, tuple) else (results,))
    ]


def _closed(case: Case) -> Any:
    """The model with all inputs that are not floating-point built in."""
    made = onnx.ModelProto()
    made.CopyFrom(case.model)
    shut = {k: v for k, v in case.feed.items() if v.dtype.kind != "f"}
    for one in [one for one in made.graph.input if one.name in shut]:
        made.graph.input.remove(one)
        made.graph.initializer.append(onnx.numpy_helper.from_array(shut[one.name], one.name))
    return made


def _slope(net: Any, inputs: Sequence[Array], eager: Sequence[Any]) -> str:
    """What is wrong with the derivative by the first input, eager and compiled."""
    if eager[0].dtype.kind != "f" or not all(np.isfinite(a).all() for a in (*inputs, eager[0])):
        return ""

    def total(*xs: Any) -> Any:
        found = net(*xs)
        return sg.sum(found[0] if isinstance(found, tuple) else found)

    by_hand = _listed(sg.grad(total)(*inputs))[0]
    if by_hand.shape != inputs[0].shape or by_hand.dtype != inputs[0].dtype:
        return f"a derivative {by_hand.dtype}{by_hand.shape}"
    if np.isnan(by_hand).any():
        return "a derivative that is no number"
    compiled = _listed(sg.compile(sg.grad(total))(*inputs))
    said = differs(compiled, [by_hand])
    if said and np.abs(compiled[0] - by_hand).max() <= 2 * _swayed(sg.grad(total), inputs, by_hand):
        return ""
    return f"the derivative compiled: {said}" if said else ""


def _swayed(slope: Any, inputs: Sequence[Array], found: Array) -> float:
    """How far a derivative moves when every input does by the last place of its numbers: what no
    order of additions need come nearer to."""
    rng = np.random.default_rng(0)
    most = 0.0
    for _ in range(3):
        to = [rng.choice([-np.inf, np.inf], x.shape).astype(x.dtype) for x in inputs]
        moved = _listed(slope(*map(np.nextafter, inputs, to)))[0]
        most = max(most, float(np.abs(moved - found).max()))
    return most


# --------------------------------------------------------------- the row


@row(
    "O1",
    "models of ONNX: all node tests of the onnx package that hold floating-point values, and"
    " operators × dtypes × attributes × versions 13 … newest, against onnxruntime",
    "≥ 2,000 drawn, each equal, compiled too and with a derivative, or refused by name; wrong 0",
    count=2000,
    sample=120,
    seconds=900,
)
def o1(run: Run) -> Found:
    if onnx is None:
        return Found("skipped: onnx and onnxruntime are not installed")
    drawn_ones = {**DRAWS, **WIDE}.keys()
    assert drawn_ones == READERS.keys(), drawn_ones ^ READERS.keys()
    tally, tested = Tally(), 0
    rng, newest = run.rng, onnx.defs.onnx_opset_version()
    with folder() as home:
        path = Path(home) / "model.onnx"
        if run.timed:  # making them takes longer than a sample may
            for case in of_the_package():
                tested += 1
                tally.judge(case, path)
        operators, done = list(rng.permutation(sorted(READERS))), 0
        while done < run.count and not run.out_of_time():
            made = drawn(rng, str(operators[done % len(operators)]), newest)
            if made is not None:
                tally.judge(made, path)
            done += 1
    counts = tally.counts
    figure = (
        f"{tested} node tests and {done} drawn: {counts['equal']:,} equal,"
        f" {counts['refused']:,} refused by name, {counts['wrong']} wrong"
    )
    notes = (f"{counts['without a judge']} models neither runtime nor package computes",)
    return Found(figure, first(tally.faults, 40), notes, whole=done == run.count)
