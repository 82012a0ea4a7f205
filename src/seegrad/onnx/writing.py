"""Our graphs as ONNX models: each op by the call at its definition, else by its form, else opened.

It knows the forms and ONNX's operators, and no op of ours. A size that differs between traces made
with several batch sizes is written as computed from the batch.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import zip_longest
from typing import Any

import numpy as np

from seegrad.errors import FormatError, GraphError
from seegrad.graph.forms import Apply, Expression, Input, Loop, Number, Scalar, parse_scalar
from seegrad.graph.graph import walk
from seegrad.graph.mode import in_mode
from seegrad.graph.node import Node
from seegrad.graph.onnx_signature import Exchange, Length, Literal, Word, Zeros, parse_exchange
from seegrad.graph.spec import NO_ATTRS, Spec
from seegrad.i18n import tr
from seegrad.onnx.constants import all_equal, grown
from seegrad.onnx.forms import by_form
from seegrad.onnx.loops import write_loop
from seegrad.onnx.model import Model, Step, Value, slots
from seegrad.onnx.steps import BATCH, INT64, Merged, Size, Steps, Whole
from seegrad.ops import TABLE
from seegrad.tensor.tensor import Tensor

BOOL, FLOAT32 = np.dtype(bool), np.dtype(np.float32)

IN_SIMPLER = {
    "arctan2": (
        "where(logical_and(equal(a, 0), equal(b, 0)), 0, arctan(a / b)"
        " + where(b < 0, where(a < 0, -3.141592653589793, 3.141592653589793), 0))"
    ),
    "cbrt": "sign(x) * power(abs(x), 0.3333333333333333)",
    "exp2": "exp(x * 0.6931471805599453)",
    "expm1": (
        "where(abs(x) < 0.5, 2 * tanh(x * 0.5) / (1 - tanh(x * 0.5)), exp(x) - 1)"
    ),
    "floor_divide": "floor(a / b)",
    "hypot": "sqrt(a * a + b * b)",
    "isfinite": "logical_not(logical_or(isnan(x), isinf(x)))",
    "log10": "log(x) * 0.4342944819032518",
    "log1p": "where(equal(1 + x, 1), x, log(1 + x) * x / (1 + x - 1))",
    "log2": "log(x) * 1.4426950408889634",
    "logaddexp": "maximum(a, b) + log1p(exp(-abs(a - b)))",
    "mod": "a - floor(a / b) * b",
    "not_equal": "logical_not(equal(a, b))",
    "trunc": "sign(x) * floor(abs(x))",
}  # fmt: skip
"""Functions of the scalar language that ONNX has no operator for, in those that it has."""


def to_model(
    inputs: Sequence[Sequence[Node]],
    outputs: Sequence[Sequence[Node]],
    batches: Sequence[int],
    names: Mapping[Node, str],
    input_names: Sequence[str],
    output_names: Sequence[str],
) -> Model:
    """The graphs between inputs and outputs, traced once for each of `batches`, as one model.

    names: what leaves are called in the file. Raises FormatError for an op that ONNX has no form
    for, and for a graph that differs between batches in more than its sizes.
    """
    writer = _Writer(batches, names)
    given = []
    for name, nodes in zip(input_names, zip(*inputs)):
        shape = writer.merged_shape(nodes)
        writer.called[nodes[0]] = writer.fresh(name)
        given.append(writer.value(writer.called[nodes[0]], nodes))
        if writer.batch_of is None and any(isinstance(n, Size) for n in shape):
            writer.batch_of = given[-1].name, [isinstance(n, Size) for n in shape].index(True)
    results = writer.graph(outputs)
    taken = []
    for name, value, nodes in zip(output_names, results, zip(*outputs)):
        out = writer.fresh(name)
        writer.steps.append(Step("Identity", (value,), (out,), {}, f"{out}_out"))
        taken.append(writer.value(out, nodes))
    return Model(tuple(given), tuple(taken), writer.constants, tuple(writer.steps))


def _named(shape: tuple[Whole, ...]) -> tuple[int | str, ...]:
    words: list[int | str] = []
    for n in shape:
        if isinstance(n, Size):
            word = BATCH if n.rate == 1 else f"{n.rate}{BATCH}"
            words.append(word + (f"_plus_{n.base}" if n.base else ""))
        else:
            words.append(n)
    return tuple(words)


def _named_op(node: Node | None) -> str:
    return "-" if node is None or node.op is None else node.op.name


class _Writer(Steps):
    """What every node is called, and how it is written."""

    def __init__(self, batches: Sequence[int], names: Mapping[Node, str]) -> None:
        super().__init__(batches)
        self.names = names
        self.called: dict[Node, str] = {}
        self.learnt: set[Node] = set()
        """Nodes that lean on a named value: they are written, so that it stays one in the file."""
        self.leaves: dict[Node, Sequence[Node]] = {}

    # ------------------------------------------------------------- graphs

    def graph(self, outputs: Sequence[Sequence[Node]]) -> list[str]:
        """Write everything that the outputs of the first trace lean on; returns their names."""
        walks = [walk(trace) for trace in outputs]
        for nodes in zip_longest(*walks):
            if any(node is None for node in nodes) or len({node.op for node in nodes}) > 1:
                raise self.differs([_named_op(node) for node in nodes])
            first = nodes[0]
            if first in self.called:
                continue
            if first in self.names or any(x in self.learnt for x in first.inputs):
                self.learnt.add(first)
            fixed = first.data is not None and first not in self.learnt and all_equal(nodes)
            if first.op is None or fixed:
                self.leaves[first] = nodes
                continue
            self.where = str(first.frame or first.op.name)
            if isinstance(first.op.lower, Loop):
                self.called[first] = write_loop(self, nodes)
                continue
            attrs = {name: self.merge([n.attrs[name] for n in nodes]) for name in first.attrs}
            merged = Merged(nodes, self.merged_shape(nodes), attrs)
            self.called[first] = self.node(merged)
        return [self.name_of(node) for node in outputs[0]]

    def name_of(self, node: Node) -> str:
        """What a node is called; a constant is entered when it is first asked for."""
        if node not in self.called:
            if node.data is None:
                raise GraphError(tr("{node} stands for no input", node=repr(node)))
            self.called[node] = self._leaf(node, self.leaves[node])
        return self.called[node]

    def _leaf(self, node: Node, nodes: Sequence[Node]) -> str:
        if all_equal(nodes):
            name = self.fresh(self.names.get(node) or node.name or "constant")
            self.constants[name] = np.asarray(node.data)
            return name
        return grown(self, nodes)

    # ------------------------------------------------------------- one node

    def value(self, name: str, nodes: Sequence[Node]) -> Value:
        """What is said of a value in the file."""
        return Value(name, nodes[0].dtype, _named(self.merged_shape(nodes)))

    def node(self, node: Merged) -> str:
        """Write one node: by its op's call, else by its form, else its body."""
        inputs = [self.name_of(x) for x in node.nodes[0].inputs]
        op = node.op
        if op.onnx and (found := self.by_call(node, inputs, parse_exchange(op.onnx))):
            return found
        if isinstance(op.lower, Scalar):
            return self.by_expression(node, inputs, op.lower.tree)
        if found := by_form(self, node, inputs):
            return found
        if body := op.onnx_body or op.body:
            return self.by_body(node, inputs, body)
        raise FormatError(
            tr("{name} has no form in ONNX", name=op.name),
            asked=tr("operations that ONNX has, or that are made of such"),
            came=f"{self.where}: {node.nodes[0].where or op.name}",
            hint=tr("the guide on ONNX says what has no form there, and why"),
        )

    def by_body(self, node: Merged, inputs: list[str], body: Any) -> str:
        """Write the composite's own body in its place."""
        traces = []
        for one in node.nodes:
            symbols = [
                Tensor(None, (), NO_ATTRS, (), None, True, Spec(x.shape, x.dtype))
                for x in one.inputs
            ]
            with in_mode(tracer=None, recording=True, frame=one.frame):
                traces.append((symbols, body(*symbols, **one.attrs)))
        for symbol, name in zip(traces[0][0], inputs):
            self.called[symbol] = name
        return self.graph([[made] for _, made in traces])[0]

    def by_call(self, node: Merged, inputs: list[str], call: Exchange) -> str | None:
        """Write the call that stands at the op's definition, where it says all there is to tr."""
        op, first = node.op, node.nodes[0]
        # what `negative` refuses, ONNX reads as well: no value is another for it
        unsaid = set(op.attributes) - call.named - {"dtype", "negative"}
        if any(node.attrs.get(name) != op.attributes[name] for name in unsaid):
            return None
        said = call.named & set(op.attributes)
        if any(node.attrs.get(name) is None for name in said):
            return None
        if ("axis", "axis") in call.attributes and node.attrs["axis"] == ():
            return None                      # that of a single number, which has none
        takes, gives = slots(call.name)
        result = gives[call.result]
        have = {x.lstrip("*"): i for i, x in enumerate(op.inputs)}
        wanted = call.inputs or tuple(x.lstrip("*") for x in op.inputs)
        names: list[str] = []
        dtypes = [x.dtype for x in first.inputs]
        for place, want in enumerate(wanted):
            slot = takes[min(place, len(takes) - 1)]
            if isinstance(want, str) and want in have:
                rest = dtypes[have[want] :] if op.variadic else dtypes[have[want] : have[want] + 1]
                for offset, dtype in enumerate(rest):
                    mine = have[want] + offset
                    target = self._dtype(node, slot, takes, result)
                    if slot.letter != takes[0].letter and slot.letter != result:
                        target = dtype
                    if target not in slot.dtypes:
                        if slot.dtypes != {BOOL}:
                            return None
                        target = BOOL
                    names.append(self.cast(inputs[mine], dtype, target))
                continue
            shared = slot.letter == takes[0].letter
            dtype = self._dtype(node, slot, takes, result) if shared else INT64
            match want:
                case Literal(values):
                    names.append(self.constant(values, node.dtype))
                case Zeros(shape):
                    names.append(self.zeros(node.attrs[shape], node.dtype))
                case Length(of, axis):
                    whole = self.shape_of(node, have[of])
                    names.append(self.sizes([whole[node.attrs[axis]]]))
                case str():
                    names.append(self._written(call.name, node, want, dtype))
        attributes = {
            key: self._attribute(node, key, value, call) for key, value in call.attributes
        }
        return self._fitted(node, call, names, attributes)

    def _fitted(
        self, node: Merged, call: Exchange, names: list[str], attributes: dict[str, Any]
    ) -> str:
        """The step itself, with what ONNX's operators ask beyond what NumPy does."""
        operator = call.name
        if operator == "Reshape" and 0 in node.shape:
            attributes["allowzero"] = 1
        if operator == "GatherElements":
            names = self._spread(node, names)
        if operator in ("Pad", "Transpose") and not node.shape:
            return self.step("Identity", names[:1])
        if operator == "OneHot":
            return self._one_hot(node, names)
        if operator == "ScatterElements":
            return self._added_along(node, *names[1:])
        return self.step(operator, names, call.result, **attributes)

    def _one_hot(self, node: Merged, names: list[str]) -> str:
        """OneHot wants labels with an axis, and runtimes know it for floats alone."""
        labels, depth, _ = names
        single = len(node.shape) == 1
        if single:
            labels = self.step("Reshape", [labels, self.constant([1], INT64)])
        values = self.constant([0, 1], np.float32)
        rows = self.cast(self.step("OneHot", [labels, depth, values]), FLOAT32, node.dtype)
        return self.step("Reshape", [rows, self.sizes(node.shape)]) if single else rows

    def _dtype(self, node: Merged, slot: Any, takes: Any, result: str) -> np.dtype[Any]:
        """The dtype that inputs of one letter share: the result's, or what NumPy would take."""
        if slot.letter == result:
            return node.dtype
        sharing = [
            x.dtype
            for i, x in enumerate(node.nodes[0].inputs)
            if takes[min(i, len(takes) - 1)].letter == slot.letter
        ]
        common = np.result_type(*sharing) if sharing else node.dtype
        return np.dtype(common)

    def _written(self, operator: str, node: Merged, name: str, dtype: np.dtype[Any]) -> str:
        """An attribute of ours where ONNX takes an input."""
        value = node.attrs[name]
        if not isinstance(value, (tuple, Size)):
            return self.constant(value, dtype)
        whole = _flat(value) if isinstance(value, tuple) else (value,)
        if operator == "Reshape":
            grown = [i for i, n in enumerate(whole) if isinstance(n, Size)]
            if len(grown) == 1 and 0 not in whole:
                whole = tuple(-1 if isinstance(n, Size) else n for n in whole)
        return self.sizes(whole)

    def _attribute(self, node: Merged, key: str, value: str | int | Word, call: Exchange) -> Any:
        """The value of an attribute in ONNX."""
        if isinstance(value, Word):
            return value.text
        found = node.attrs[value] if isinstance(value, str) else value
        if isinstance(found, bool):
            return int(found)
        if isinstance(found, tuple):
            found = _flat(found)
        if isinstance(found, Size) or (
            isinstance(found, tuple) and any(isinstance(n, Size) for n in found)
        ):
            raise self.differs([found])
        return self._left_over(node, found, call) if key == "output_padding" else found

    def _left_over(self, node: Merged, lengths: Any, call: Exchange) -> list[int]:
        """What a transposed convolution leaves over at the end, from the lengths of its result."""
        ours = {key: str(value) for key, value in call.attributes}
        y, W = (x.shape for x in node.nodes[0].inputs)
        found = []
        for i, n in enumerate(lengths):
            step, hole = (node.attrs[ours[key]][i] for key in ("strides", "dilations"))
            reach = (W[2 + i] - 1) * hole + 1
            found.append(n - ((y[2 + i] - 1) * step + reach - sum(node.attrs[ours["pads"]][i])))
        return found

    def _spread(self, node: Merged, names: list[str]) -> list[str]:
        """x and indices with equal sizes on every axis but the one that is read along."""
        axis = node.attrs["axis"]
        shapes = [self.shape_of(node, 0), self.shape_of(node, 1)]
        found = []
        for name, own in zip(names, shapes):
            want = tuple(n if i == axis else node.shape[i] for i, n in enumerate(own))
            found.append(name if want == own else self.step("Expand", [name, self.sizes(want)]))
        return found

    def _added_along(self, node: Merged, indices: str, x: str) -> str:
        """An axis of size 1, to which all elements of x along it are added, is written as wide."""
        axis, dtype = node.attrs["axis"], node.dtype
        read, own = self.shape_of(node, 0), self.shape_of(node, 1)
        if own != read:
            indices = self.step("Expand", [indices, self.sizes(read)])
        wide = tuple(node.shape[i] if i == axis else n for i, n in enumerate(read))
        found = self.added(x, indices, read, wide, axis, dtype)
        if wide == node.shape:
            return found
        over = [i for i, n in enumerate(wide) if n != node.shape[i]]
        return self.step("ReduceSum", [found, self.constant(over, INT64)], keepdims=1)

    # ------------------------------------------------------------- scalar expressions

    def by_expression(self, node: Merged, inputs: list[str], tree: Expression) -> str:
        """Write a scalar expression, operator by operator, in the dtype of the result."""
        given = node.nodes[0].inputs
        work = node.dtype
        if work == BOOL:
            work = np.dtype(np.result_type(*[x.dtype for x in given]))
        if work.kind in "iu":
            work = np.dtype(np.float64)
        names = [x.lstrip("*") for x in node.op.inputs]
        bound = {
            name: self.cast(value, x.dtype, BOOL if x.dtype == BOOL else work)
            for name, value, x in zip(names, inputs, given)
        }
        kinds = {name: x.dtype == BOOL for name, x in zip(names, given)}
        for name, value in node.attrs.items():
            if isinstance(value, (int, float, np.number)):
                bound[name], kinds[name] = self.constant(value, work), False
        found, truth = self._expression(tree, bound, kinds, work)
        return self.cast(found, BOOL if truth else work, node.dtype)

    def _expression(
        self, tree: Expression, bound: dict[str, str], kinds: dict[str, bool], work: Any
    ) -> tuple[str, bool]:
        """(name, is it a truth value?) of an expression."""
        if isinstance(tree, Input):
            return bound[tree.name], kinds[tree.name]
        if isinstance(tree, Number):
            return self.constant(tree.value, work), False
        assert isinstance(tree, Apply)
        parts = [self._expression(part, bound, kinds, work) for part in tree.arguments]
        if tree.function in IN_SIMPLER:
            words = ("x",) if len(parts) == 1 else ("a", "b")
            inner = {word: name for word, (name, _) in zip(words, parts)}
            truths = {word: truth for word, (_, truth) in zip(words, parts)}
            return self._expression(parse_scalar(IN_SIMPLER[tree.function]), inner, truths, work)
        takes, _ = slots(operator := parse_exchange(TABLE[tree.function].onnx).name)
        names = []
        for place, (name, truth) in enumerate(parts):
            wanted = takes[min(place, len(takes) - 1)].dtypes
            if wanted == {BOOL} and not truth:
                name = self.step("Cast", [name], to=BOOL)
            elif BOOL not in wanted and truth:
                name = self.step("Cast", [name], to=work)
            names.append(name)
        truth = operator in (
            "Equal", "Less", "LessOrEqual", "Greater", "GreaterOrEqual", "And", "Or", "Xor",
            "Not", "IsNaN", "IsInf",
        )  # fmt: skip
        return self.step(operator, names), truth


def _flat(value: tuple[Any, ...]) -> tuple[Any, ...]:
    """Pairs (before, after) as ONNX writes them, all befores and then all afters."""
    if value and all(isinstance(item, tuple) for item in value):
        return tuple(side for sides in zip(*value) for side in sides)
    return value
