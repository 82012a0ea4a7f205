"""What is derived for row E1: each op of the table on its own cases, each layer, each loss, random
expressions. Each draws a value to be explained, with new numbers each time.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

import seegrad as sg
from seegrad import nn
from trust.harness.layer_samples import LAYERS, losses
from trust.harness.random_programs import by_table, random_program
from trust.harness.sampling import inputs_of

Draw = Callable[[np.random.Generator], tuple[Any, Any]]
"""Gives a value to be explained, and the derivative that arrives at it."""


def tensors(arrays: list[Any], names: list[str]) -> list[Any]:
    """Arrays as tensors of these names; integers stay as they are."""
    return [
        sg.tensor(x, name=name) if x.dtype.kind == "f" else x for x, name in zip(arrays, names)
    ]


def ops() -> Iterator[tuple[str, Draw]]:
    """Every op of the table, on each case of its own test table."""
    for op in sg.TABLE.values():
        if not op.differentiable or op.family == "random":
            continue
        for case in op.cases:
            if any(0 in shape for shape in case.shapes):
                continue

            def draw(rng: np.random.Generator, op: Any = op, case: Any = case) -> tuple[Any, Any]:
                names = [op.input_name(i) for i in range(len(case.shapes))]
                return op(*tensors(inputs_of(op, case, rng), names), **case.attrs), None

            yield f"{op.name}{case.shapes}", draw


CORNERS = (-800.0, 0.0, 800.0)


def saturated() -> Iterator[tuple[str, Draw]]:
    """Every composite of one array where the steps of its body may meet 0·∞."""
    for op in sg.TABLE.values():
        if op.body is None or len(op.inputs) != 1 or not op.differentiable:
            continue
        for corner in CORNERS:

            def draw(
                rng: np.random.Generator, op: Any = op, corner: float = corner
            ) -> tuple[Any, Any]:
                x = sg.tensor(corner if not rng.integers(2) else np.full(2, corner), name="x")
                try:
                    return sg.sum(op(x)) * rng.uniform(1, 2), None
                except sg.SeegradError:                  # it takes no such array
                    return None, None

            yield f"{op.name} at {corner:g}", draw


def layers() -> Iterator[tuple[str, Draw]]:
    """Every layer, on two samples; what comes out is added up after a smooth squeeze."""
    for name, (make, shape) in LAYERS.items():

        def draw(rng: np.random.Generator, made: Any = make, of: Any = shape) -> tuple[Any, Any]:
            out = made().to(np.float64)(sg.tensor(rng.normal(size=(2, *of)), name="x"))
            return sg.sum(sg.tanh(out[0] if isinstance(out, tuple) else out)), None

        yield f"nn, {name}", draw

    def words(rng: np.random.Generator, layer: Callable[..., Any]) -> tuple[Any, Any]:
        return sg.sum(sg.tanh(layer(7, 4).to(np.float64)(rng.integers(0, 7, (2, 3))))), None

    yield "nn, embedding", lambda rng: words(rng, nn.Embedding)
    yield "nn, embedding bag", lambda rng: words(rng, nn.EmbeddingBag)


REDUCTIONS = ("mean", "sum", "none")


def every_loss() -> Iterator[tuple[str, Draw]]:
    """Every loss under every reduction, on a batch, and the one of the book on a sample too."""
    for name in losses(np.random.default_rng(0)):
        for reduction in REDUCTIONS:

            def draw(
                rng: np.random.Generator, name: str = name, reduction: str = reduction
            ) -> tuple[Any, Any]:
                settings, x, rest = losses(rng)[name]
                kind = getattr(nn, name.split()[0])(**settings, reduction=reduction)
                held = [sg.tensor(each, name=n, requires_grad=False) if each.dtype.kind == "f"
                        else each for n, each in zip("tsv", rest)]  # fmt: skip
                return kind(sg.tensor(x, name="a"), *held), None

            yield f"{name}, {reduction}", draw

    def ctc(rng: np.random.Generator) -> tuple[Any, Any]:
        scores = sg.log_softmax(sg.tensor(rng.normal(size=(4, 2, 3)), name="a"))
        return nn.CTCLoss()(scores, np.array([[1, 2], [2, 0]]), np.full(2, 4), [2, 1]), None

    def alone(rng: np.random.Generator) -> tuple[Any, Any]:
        a = sg.tensor(rng.normal(size=4), name="a")
        return nn.SoftmaxWithLoss()(a, sg.tensor(np.eye(4)[1], name="t", requires_grad=False)), None

    yield "CTCLoss", ctc
    yield "SoftmaxWithLoss, one sample", alone


@sg.custom_vjp
def _cubed(x: Any) -> Any:
    return x**3


_cubed.defvjp(lambda x: (x**3, x), lambda x, g: (3 * g * x**2,))


def _wave(x: Any, w: Any) -> Any:
    return sg.sin(x) * w


def _both(x: Any, w: Any) -> Any:
    return x * w, sg.exp(x)


def _turn(c: Any, row: Any) -> Any:
    return c * row + c, c


def functions() -> Iterator[tuple[str, Draw]]:
    """Functions that stand as one node: compiled, checkpointed, in loops and choices."""
    compiled, pair = sg.compile(_wave), sg.compile(_both)
    ways: dict[str, Callable[[Any, Any], Any]] = {
        "checkpoint": sg.checkpoint(_wave),
        "a checkpoint without a name": sg.checkpoint(lambda x, w: x * w * w),
        "compiled": lambda x, w: compiled(x, w) * 2,
        "two compiled results": lambda x, w: sg.add(*pair(x, w)),
        "custom_vjp": lambda x, w: _cubed(x) * w,
        "scan": lambda x, w: sg.scan(_turn, x, sg.stack(w, w, x))[0],
        "scan, its rows": lambda x, w: sg.sum(sg.scan(_turn, x, sg.stack(w, w))[1]),
        "cond": lambda x, w: sg.cond(True, _wave, lambda x, w: x, x, w),
        "fori_loop": lambda x, w: sg.fori_loop(0, 3, lambda i, c: c * w, x),
        "while_loop": lambda x, w: sg.while_loop(
            lambda c: sg.sum(c) < 100.0, lambda c: c * 2.0 + w * w, x, max_turns=12
        ),
    }
    for name, way in ways.items():
        for shape in ((), (3,), (2, 2)):

            def draw(
                rng: np.random.Generator, way: Any = way, shape: Any = shape
            ) -> tuple[Any, Any]:
                x, w = (sg.tensor(rng.uniform(0.5, 2, shape), name=name) for name in "xw")
                return way(x, w), None

            yield f"{name}{shape}", draw


_LONG = "the weight of the first layer of the network number "
_ALIKE = [
    ("t_1", "t₁", "t"), ("T_1", "T₂", "T"), ("x", "x", "x′"), (_LONG + "1", _LONG + "2", "w"),
    ("e", "exp", "x"), ("π", "pi", "Φ"), ("σ", "Σ", "log"), ("h₁", "h_2", "L"), ("y", "L", "N"),
    ("mean", "∂", "η"),
]  # fmt: skip
"""Names that are written alike, and names that formulas have a meaning for."""


def _of_three(a: Any, b: Any, c: Any) -> Any:
    t = a * b + c
    return sg.mean(sg.sigmoid(t) * a + sg.log(b) * c**a + sg.exp(a) / b + sg.gelu(c) * sg.sum(b))


def alike() -> Iterator[tuple[str, Draw]]:
    """One expression of single numbers and of arrays, under names that could be mixed up."""
    for names in _ALIKE:
        for shape in ((), (3,)):

            def draw(
                rng: np.random.Generator, names: Any = names, shape: Any = shape
            ) -> tuple[Any, Any]:
                leaves = [sg.tensor(rng.uniform(0.5, 2, shape), name=name) for name in names]
                return _of_three(*leaves), None

            yield f"{', '.join(names)}{shape}", draw


def _stretched(a: Any) -> Any:
    return sg.sum(sg.sum(a**2, axis=1) * sg.mean(a, axis=(0, 2))[0])


_SHAPES: dict[str, tuple[tuple[int, ...], Callable[[Any], Any]]] = {
    "a sum over the axis in the middle": ((2, 3, 4), _stretched),
    "a matrix for every slice": ((4, 5), lambda w: sg.sum(np.ones((2, 3, 4)) @ w)),
    "an outer product": ((3,), lambda x: sg.sum((x[:, None] * x[None, :]) ** 2)),
    "a stack": ((2,), lambda x: sg.sum(sg.stack([x, x * 2, x**2]) ** 2)),
    "a column": ((2, 3), lambda x: -sg.mean(sg.log_softmax(x)[:, 0])),
    "tiles": ((2,), lambda x: sg.sum(sg.tile(x, 2) ** 2 * np.arange(4.0))),
    "a flat matrix": ((2, 3), lambda x: sg.sum(sg.reshape(x, (6,)) @ np.ones((6, 2)))),
    "a variance of rows": ((2, 4), lambda x: sg.sum(sg.var(x, axis=1))),
}


def shapes() -> Iterator[tuple[str, Draw]]:
    """What changes a shape on the way there or back."""
    for name, (shape, way) in _SHAPES.items():

        def draw(rng: np.random.Generator, shape: Any = shape, way: Any = way) -> tuple[Any, Any]:
            return way(sg.tensor(rng.uniform(0.5, 2, shape), name="x")), None

        yield name, draw


def expression(rng: np.random.Generator) -> tuple[Any, Any]:
    """A random expression: half of them of a few single numbers, which are told path by path."""
    if rng.integers(2):
        program = random_program(rng, 3, 12)
        leaves = [sg.tensor(x, name=n) for x, n in zip(program.leaves, "xyw")]
        return program.run(leaves, by_table), None
    values = [sg.tensor(float(rng.uniform(0.3, 2)), name=n) for n in "xyw"]
    one: list[Any] = [sg.exp, sg.log1p, sg.sigmoid, sg.tanh, sg.sqrt, sg.square, sg.sin, sg.relu]
    two: list[Any] = [sg.add, sg.subtract, sg.multiply, sg.divide, sg.maximum, sg.power]
    for _ in range(rng.integers(2, 6)):
        late = values[-1] if rng.integers(2) else values[rng.integers(len(values))]
        other = values[rng.integers(len(values))]
        known = one[rng.integers(len(one))](sg.abs(late) if rng.integers(3) == 0 else late)
        made = known if rng.integers(2) else two[rng.integers(len(two))](late, other)
        if np.isfinite(made.value) and abs(made.value) < 50 and made.value > 0.05:
            values.append(made)
    return values[-1] * values[0] + values[rng.integers(3)], None
