"""A model as it is written: steps, constants, names; sizes that grow with the batch.

It knows ONNX's operators and no op of ours. Which steps a node becomes is the business of
`writing`, and of `forms` where ONNX has no operator for it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from seegrad.errors import FormatError
from seegrad.graph.node import Node
from seegrad.graph.op import Op
from seegrad.i18n import tr
from seegrad.onnx.model import Step, slots
from seegrad.text import fresh

BATCH = "N"
INT64 = np.dtype(np.int64)


@dataclass(frozen=True)
class Size:
    """A whole number that grows with the batch: rate·N + base."""

    rate: int
    base: int


Whole = int | Size


@dataclass(frozen=True)
class Merged:
    """One node as several traces have it: sizes that differ are `Size`s."""

    nodes: tuple[Node, ...]
    shape: tuple[Whole, ...]
    attrs: Mapping[str, Any]

    @property
    def op(self) -> Op:
        op = self.nodes[0].op
        assert op is not None
        return op

    @property
    def dtype(self) -> np.dtype[Any]:
        return self.nodes[0].dtype


class Steps:
    """Steps and constants as they are written, one name for each."""

    def __init__(self, batches: Sequence[int]) -> None:
        self.batches = tuple(batches)
        self.steps: list[Step] = []
        self.constants: dict[str, NDArray[Any]] = {}
        self.taken: set[str] = set()
        self.loops: dict[Any, list[str]] = {}
        """What the results of each loop are called."""
        self.batch_of: tuple[str, int] | None = None
        self.where = ""

    # ------------------------------------------------------------- names and merging

    def fresh(self, wish: str) -> str:
        """A name that nothing has yet."""
        name = fresh(wish, self.taken)
        self.taken.add(name)
        return name

    def merge(self, values: Sequence[Any]) -> Any:
        """One value for all traces, with `Size` where whole numbers grow with the batch."""
        first = values[0]
        if isinstance(first, (tuple, list)):
            if {len(v) for v in values} != {len(first)}:
                raise self.differs(values)
            return tuple(self.merge(parts) for parts in zip(*values))
        if all(type(v) is type(first) and v == first for v in values):
            return first
        if not all(isinstance(v, (int, np.integer)) for v in values):
            raise self.differs(values)
        span = self.batches[1] - self.batches[0]
        rate = (int(values[1]) - int(first)) // span
        size = Size(rate, int(first) - rate * self.batches[0])
        if any(size.rate * n + size.base != v for n, v in zip(self.batches, values)):
            raise self.differs(values)
        return size

    def differs(self, values: Sequence[Any]) -> FormatError:
        return FormatError(
            tr("the graph depends on the size of the batch"),
            asked=tr("the same graph for every batch"),
            came=f"{self.where} {', '.join(map(str, values))}"[:200].strip(),
            hint=tr("export with dynamic_batch=False, for the batch of the example alone"),
        )

    def merged_shape(self, nodes: Sequence[Node]) -> tuple[Whole, ...]:
        shape: tuple[Whole, ...] = self.merge([tuple(map(int, node.shape)) for node in nodes])
        return shape

    def shape_of(self, node: Merged, i: int) -> tuple[Whole, ...]:
        """The shape of an input."""
        return self.merged_shape([one.inputs[i] for one in node.nodes])

    def fixed(self, n: Whole) -> int:
        """A size that does not grow with the batch."""
        if isinstance(n, Size):
            raise self.differs([f"{n.rate}·{BATCH} + {n.base}"])
        return n

    def product(self, a: Whole, b: Whole) -> Whole:
        """a·b, of which only one may grow with the batch."""
        if isinstance(a, Size) and isinstance(b, Size):
            raise self.differs([a, b])
        return times(a, b) if isinstance(b, int) else times(b, self.fixed(a))

    # ------------------------------------------------------------- steps

    def step(self, operator: str, inputs: Sequence[str], result: int = 0, **attributes: Any) -> str:
        """Add a step; returns the name of its first result, or of the one that is asked for."""
        wish = f"{self.where}/{operator}" if self.where else operator
        outs = tuple(self.fresh(wish) for _ in slots(operator)[1])
        self.steps.append(Step(operator, tuple(inputs), outs, attributes, outs[0]))
        return outs[result]

    def constant(self, values: Any, dtype: Any) -> str:
        """The name of a constant array; equal ones are entered once."""
        array = np.asarray(values, dtype)
        for name, known in self.constants.items():
            same = known.dtype == array.dtype and known.shape == array.shape
            if same and known.size < 64 and known.tobytes() == array.tobytes():
                return name
        name = self.fresh("constant")
        self.constants[name] = array
        return name

    def cast(self, name: str, have: np.dtype[Any], want: np.dtype[Any]) -> str:
        return name if have == want else self.step("Cast", [name], to=want)

    def sizes(self, values: Sequence[Whole]) -> str:
        """Whole numbers as a vector, computed from the batch where they grow with it."""
        if not any(isinstance(n, Size) for n in values):
            return self.constant(values, INT64)
        parts = []
        for n in values:
            if not isinstance(n, Size):
                parts.append(self.constant([n], INT64))
                continue
            assert self.batch_of is not None
            name, axis = self.batch_of
            part = self.step("Shape", [name], start=axis, end=axis + 1)
            if n.rate != 1:
                part = self.step("Mul", [part, self.constant([n.rate], INT64)])
            if n.base:
                part = self.step("Add", [part, self.constant([n.base], INT64)])
            parts.append(part)
        return parts[0] if len(parts) == 1 else self.step("Concat", parts, axis=0)

    def reshaped(self, x: str, shape: Sequence[Whole]) -> str:
        return self.step("Reshape", [x, self.sizes(shape)], allowzero=1)

    def zeros(self, shape: Sequence[Whole], dtype: np.dtype[Any]) -> str:
        return self.step("Expand", [self.constant(0, dtype), self.sizes(shape)])

    def added(
        self, x: str, indices: str, read: Sequence[Whole], shape: Sequence[Whole], axis: int,
        dtype: np.dtype[Any],
    ) -> str:  # fmt: skip
        """Zeros of `shape` to which x (`read`) is added where indices of its shape tr."""
        zeros = self.zeros(shape, dtype)
        if not all(read):  # nothing is added, which not every runtime knows how to do
            return zeros
        return self.step("ScatterElements", [zeros, indices, x], axis=axis, reduction="add")


def times(n: Whole, factor: int) -> Whole:
    return Size(n.rate * factor, n.base * factor) if isinstance(n, Size) else n * factor


def total(a: Whole, b: Whole) -> Whole:
    if not isinstance(a, Size) and not isinstance(b, Size):
        return a + b
    one, two = (n if isinstance(n, Size) else Size(0, n) for n in (a, b))
    total = Size(one.rate + two.rate, one.base + two.base)
    return total if total.rate else total.base
