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
