"""Random programs over the op table, as data: the same program can be run by several roads.

Values are kept inside every op's domain by squeezing them smoothly into it, so that a program has
a derivative everywhere it is asked for (up to kinks, which are met with probability 0).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

import seegrad as sg
from seegrad.graph.op import Op

Apply = Callable[[str, Sequence[Any], dict[str, Any]], Any]
Array = np.ndarray[Any, Any]


@dataclass(frozen=True)
class Step:
    """One step: an op of the table by name, its inputs (an int: the number of a value; a float: a
    number as it is), its attributes."""

    op: str
    inputs: tuple[int | float, ...]
    attrs: dict[str, Any]

    def __str__(self) -> str:
        words = [f"v{i}" if isinstance(i, int) else str(i) for i in self.inputs]
        words += [f"{k}={v!r}" for k, v in self.attrs.items()]
        return f"{self.op}({', '.join(words)})"


@dataclass(frozen=True)
class Program:
    """Leaves and steps; the result is one number made of all values that no step uses."""

    leaves: tuple[Array, ...]
    steps: tuple[Step, ...]

    def run(self, leaves: Sequence[Any], apply: Apply) -> Any:
        """The number that comes out."""
        values = list(leaves)
        used: set[int | float] = set()
        for step in self.steps:
            used.update(i for i in step.inputs if isinstance(i, int))
            args = [values[i] if isinstance(i, int) else i for i in step.inputs]
            values.append(apply(step.op, args, step.attrs))
        total = None
        for i, value in enumerate(values):
            if i not in used:
                part = apply("sum", [apply("tanh", [value], {})], {})
                total = part if total is None else apply("add", [total, part], {})
        return total

    def text(self) -> str:
        rows = [f"v{i}: {x.shape}" for i, x in enumerate(self.leaves)]
        rows += [f"v{i + len(self.leaves)} = {s}" for i, s in enumerate(self.steps)]
        return "; ".join(rows)


def by_table(name: str, args: Sequence[Any], attrs: dict[str, Any]) -> Any:
    """Run a step as seegrad does."""
    return sg.TABLE[name](*args, **attrs)


STEPPED = {"astype", "stop_gradient", "sign", "floor", "ceil", "round", "trunc",
           "mod", "floor_divide", "clip", "power_scalar"}  # fmt: skip
"""What has no derivative, or jumps."""
SMOOTH = [
    op for op in sg.TABLE.values()
    if op.family == "elementwise" and op.arity in (1, 2) and op.differentiable
    and op.name not in STEPPED
]  # fmt: skip
REDUCTIONS = ("sum", "mean", "max", "min", "prod", "logsumexp", "var", "norm")
ALONG = ("softmax", "log_softmax", "cumsum", "sort", "flip")


class Writer:
    """Writes a program step by step; it knows the values so far, to fit shapes and domains."""

    def __init__(self, rng: np.random.Generator, leaves: int) -> None:
        self.rng = rng
        shapes = [self._shape() for _ in range(leaves)]
        self.leaves = tuple(np.asarray(rng.uniform(-1.5, 1.5, shape)) for shape in shapes)
        self.values: list[Any] = list(self.leaves)
        self.steps: list[Step] = []

    def _shape(self) -> tuple[int, ...]:
        return tuple(int(self.rng.integers(1, 4)) for _ in range(self.rng.integers(0, 4)))

    def pick(self) -> int:
        """A value, a late one rather than an early one."""
        n = len(self.values)
        return n - 1 - min(int(self.rng.exponential(2.5)), n - 1)

    def put(self, op: str, inputs: Sequence[int | float], **attrs: Any) -> int:
        args = [self.values[i] if isinstance(i, int) else i for i in inputs]
        self.values.append(np.asarray(by_table(op, args, attrs)))
        self.steps.append(Step(op, tuple(inputs), attrs))
        return len(self.values) - 1

    def squeezed(self, i: int, bounds: tuple[float, float]) -> int:
        """The value i, moved smoothly to where an op is defined, if it is not there already."""
        low, high = bounds
        x = self.values[i]
        if not x.size or (x.min() > low and x.max() < high):
            return i
        wide = self.put("multiply", [self.put("sigmoid", [i]), (high - low) * 0.9])
        return self.put("add", [wide, low + (high - low) * 0.05])

    def fitting(self, i: int) -> int:
        """A value that broadcasts against the value i."""
        for _ in range(6):
            j = self.pick()
            if self.values[j].dtype.kind != "f":
                continue
            try:
                shape = np.broadcast_shapes(self.values[i].shape, self.values[j].shape)
            except ValueError:
                continue
            if np.prod(shape) <= 200:
                return j
        return self.put("sum", [0])

    def smooth(self, i: int) -> None:
        op: Op = SMOOTH[self.rng.integers(len(SMOOTH))]
        inputs = [i] if op.arity == 1 else [i, self.fitting(i)]
        inputs = [
            self.squeezed(j, op.domain[name]) for j, name in zip(inputs, op.inputs)
        ]  # fmt: skip
        self.put(op.name, inputs)

    def reduced(self, i: int) -> None:
        name, ndim = str(self.rng.choice(REDUCTIONS)), self.values[i].ndim
        axis = None if not ndim or self.rng.random() < 0.3 else int(self.rng.integers(-ndim, ndim))
        keepdims = bool(self.rng.integers(2))
        i = self.squeezed(i, (0.5, 2.0)) if name == "norm" else i
        self.put(name, [i], axis=axis, keepdims=keepdims)

    def along(self, i: int) -> None:
        if ndim := self.values[i].ndim:
            self.put(str(self.rng.choice(ALONG)), [i], axis=int(self.rng.integers(-ndim, ndim)))

    def reshaped(self, i: int) -> None:
        x = self.values[i]
        match int(self.rng.integers(4)):
            case 0:
                self.put("reshape", [i], shape=(-1,))
            case 1:
                self.put("transpose", [i], axes=tuple(map(int, self.rng.permutation(x.ndim))))
            case 2:
                self.put("expand_dims", [i], axis=int(self.rng.integers(x.ndim + 1)))
            case _:
                self.put("squeeze", [i])

    def cut(self, i: int) -> None:
        index = []
        for n in self.values[i].shape:
            start = int(self.rng.integers(n))
            turned = self.rng.random() < 0.3
            index.append((start, start + 1, -1) if turned else (start, n - start, 1))
        self.put("strided_slice", [i], index=tuple(index))

    def joined(self, i: int) -> None:
        if ndim := self.values[i].ndim:
            self.put("concatenate", [i, i], axis=int(self.rng.integers(ndim)))

    def product(self, i: int) -> None:
        if self.values[i].ndim >= 2:
            turned = self.put("swapaxes", [i], axis1=-1, axis2=-2)
            self.put("matmul", [i, turned])

    def chosen(self, i: int) -> None:
        other = self.put("negative", [i])
        self.put("where", [self.put("greater", [i, 0.1]), i, other])

    def write(self, steps: int) -> Program:
        ways = (self.smooth, self.smooth, self.smooth, self.reduced, self.along, self.reshaped,
                self.cut, self.joined, self.product, self.chosen)  # fmt: skip
        while len(self.steps) < steps:
            i = self.pick()
            if self.values[i].dtype.kind != "f" or self.values[i].size > 300:
                i = 0
            ways[self.rng.integers(len(ways))](i)
        return Program(self.leaves, tuple(self.steps))


def random_program(rng: np.random.Generator, least: int = 5, most: int = 30) -> Program:
    """A program whose result and derivative are finite numbers of moderate size."""
    while True:
        program = Writer(rng, int(rng.integers(1, 4))).write(int(rng.integers(least, most + 1)))
        leaves = [sg.tensor(x) for x in program.leaves]
        with np.errstate(all="ignore"):
            out = program.run(leaves, by_table)
            out.backward()
        gradients = [np.zeros(x.shape) if x.grad is None else x.grad for x in leaves]
        if all(np.isfinite(g).all() and np.abs(g).max(initial=0) < 1e4 for g in gradients):
            return program
