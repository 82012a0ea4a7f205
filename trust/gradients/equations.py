"""E1: every equality that is printed, evaluated: its sides are the terms that are printed.

Derivations of every op of the table, layer, loss, chapter's example and of random expressions, and
the rules that a picture's steps show. Names have the values that passed and the derivatives that
the backward pass gives. SymPy, an independent judge, differentiates single numbers' functions.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

import seegrad as sg
from seegrad import nn
from seegrad.autodiff.chain_rule import unbroadcast
from seegrad.chapter.page import CHAPTERS
from seegrad.drawing.formula.document import Derivation
from seegrad.drawing.formula.rules import rule_term
from seegrad.drawing.formula.terms import Name, Term, evaluate
from seegrad.drawing.formula.tree import Hole
from seegrad.drawing.formula.typeset import Equation
from seegrad.drawing.formula.unicode import to_text
from seegrad.graph.graph import walk
from seegrad.graph.node import Node
from trust.gradients.symbolic_judge import verdicts
from trust.harness.random_programs import by_table, random_program
from trust.harness.row import Found, Run, first, row
from trust.harness.sampling import inputs_of

CLOSE = 1e-9
Draw = Callable[[np.random.Generator], tuple[Any, Any]]
"""Gives a value to be explained, and the derivative that arrives at it."""


# --------------------------------------------------------------- what is looked at


def _tensors(arrays: list[Any], names: list[str]) -> list[Any]:
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
                return op(*_tensors(inputs_of(op, case, rng), names), **case.attrs), None

            yield f"{op.name}{case.shapes}", draw


def _layers() -> dict[str, tuple[Callable[[], Any], tuple[int, ...]]]:
    double: dict[str, Any] = {"dtype": np.float64}
    images, steps = (2, 2, 6, 6), (2, 3, 4)
    return {
        "Affine": (lambda: nn.Affine(4, 3, **double), (3, 4)),
        "Conv1d": (lambda: nn.Conv1d(2, 3, 3, **double), (2, 2, 7)),
        "Conv2d": (lambda: nn.Conv2d(2, 3, 3, padding=1, **double), images),
        "ConvTranspose2d": (lambda: nn.ConvTranspose2d(2, 3, 2, **double), images),
        "MaxPool2d": (lambda: nn.MaxPool2d(2), images),
        "AvgPool2d": (lambda: nn.AvgPool2d(2, padding=1), images),
        "GlobalAvgPool": (nn.GlobalAvgPool, images),
        "GlobalMaxPool": (nn.GlobalMaxPool, images),
        "BatchNorm": (lambda: nn.BatchNorm(4, **double), (3, 4)),
        "BatchNorm2d": (lambda: nn.BatchNorm2d(2, **double), images),
        "LayerNorm": (lambda: nn.LayerNorm(4, **double), (3, 4)),
        "GroupNorm": (lambda: nn.GroupNorm(2, 4, **double), (2, 4, 3)),
        "RNN": (lambda: nn.RNN(4, 2, **double), steps),
        "LSTM": (lambda: nn.LSTM(4, 2, **double), steps),
        "GRU": (lambda: nn.GRU(4, 2, **double), steps),
        "MultiHeadAttention": (lambda: nn.MultiHeadAttention(4, 2, **double), steps),
        "TransformerBlock": (lambda: nn.TransformerBlock(4, 2, **double), steps),
        "Residual": (lambda: nn.Residual(nn.Affine(4, 4, **double), nn.Tanh()), (3, 4)),
        **{kind.__name__: (kind, (3, 4)) for kind in (
            nn.ReLU, nn.LeakyReLU, nn.ELU, nn.Sigmoid, nn.Tanh, nn.GELU, nn.SiLU, nn.Softplus,
            nn.Softmax, nn.Dropout, nn.Flatten,
        )},
    }  # fmt: skip


def layers() -> Iterator[tuple[str, Draw]]:
    """Every layer, on an array; what comes out is added up after a smooth squeeze."""
    for name, (make, shape) in _layers().items():

        def draw(
            rng: np.random.Generator, make: Any = make, shape: Any = shape
        ) -> tuple[Any, Any]:
            layer, x = make(), sg.tensor(rng.normal(size=shape), name="x")
            out = layer(x)
            out = out[0] if isinstance(out, tuple) else out
            return sg.sum(sg.tanh(out)), None

        yield f"nn.{name}", draw


def losses() -> Iterator[tuple[str, Draw]]:
    """Every loss, on a batch, one sample, and labels."""

    def scores(rng: np.random.Generator, *shape: int) -> Any:
        return sg.tensor(rng.normal(size=shape), name="a")

    def chances(rng: np.random.Generator) -> Any:
        return sg.tensor(rng.uniform(0.1, 0.9, (3, 2)), name="y")

    def targets(rng: np.random.Generator, *shape: int) -> Any:
        t = rng.uniform(0.1, 1, shape)
        return sg.tensor(t / t.sum(-1, keepdims=True), name="t", requires_grad=False)

    yield "SoftmaxWithLoss", lambda r: (
        nn.SoftmaxWithLoss()(scores(r, 3, 4), targets(r, 3, 4)), None)  # fmt: skip
    yield "SoftmaxWithLoss, labels", lambda r: (
        nn.SoftmaxWithLoss()(scores(r, 3, 4), r.integers(0, 4, 3)), None)  # fmt: skip
    yield "SoftmaxWithLoss, one sample", lambda r: (
        nn.SoftmaxWithLoss()(scores(r, 4), targets(r, 4)), None)  # fmt: skip
    for kind in (nn.MSELoss, nn.L1Loss):
        yield kind.__name__, lambda r, k=kind: (k()(scores(r, 3, 2), targets(r, 3, 2)), None)
    yield "BCELoss", lambda r: (nn.BCELoss()(chances(r), targets(r, 3, 2)), None)
    yield "BCELoss, logits", lambda r: (
        nn.BCELoss(with_logits=True)(scores(r, 3, 2), targets(r, 3, 2)), None)  # fmt: skip


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


# --------------------------------------------------------------- evaluated


def faults_of_line(line: Equation, known: Any) -> str:
    """What is wrong with an equation; "" if all its sides are one and the same."""
    text = to_text(line.tree)
    if len(line.sides) < 2:
        return f"nothing is said: {text}"
    with np.errstate(all="ignore"):
        try:
            sides = [np.asarray(evaluate(side, known), float) for side in line.sides]
        except Exception as error:
            return f"cannot be evaluated ({type(error).__name__}: {error}): {text}"
    try:
        sides = np.broadcast_arrays(*sides)
    except ValueError:
        return f"of different shapes, {[np.shape(side) for side in sides]}: {text}"
    scale = max(1.0, *(float(np.abs(s[np.isfinite(s)]).max(initial=0)) for s in sides))
    for side in sides[1:]:
        if not np.allclose(side, sides[0], rtol=CLOSE, atol=CLOSE * scale, equal_nan=True):
            return f"false, {[side.ravel()[:3] for side in sides]}: {text}"
    return ""


def faults_of(told: Derivation, z: Any, seed: Any) -> tuple[int, list[str]]:
    """How many equations a derivation has, and those that are not true."""
    lines = [line for step in told.steps for line in step.lines if line is not None]
    faults = [fault for line in lines if (fault := faults_of_line(line, told.known))]
    leaves = [x for x in walk([z]) if x.op is None and x.requires_grad]
    results = told.result if isinstance(told.result, tuple) else (told.result,)
    z.backward(seed) if seed is not None else z.backward()
    for x, result in zip(leaves, results, strict=True):
        reached = 0.0 if x.grad is None else x.grad      # a sign, say, has no derivative
        if not np.allclose(reached, result, rtol=CLOSE, atol=1e-12, equal_nan=True):
            faults.append(f"the derivative by {x.name} is {result}, not {reached}")
    return len(lines), faults


def rule_faults(op: Any, case: Any, rng: np.random.Generator) -> tuple[int, list[str]]:
    """The rules that a picture's steps show, against the rules run on numbers."""
    arrays = inputs_of(op, case, rng)
    node = op(*_tensors(arrays, [op.input_name(i) for i in range(len(arrays))]), **case.attrs)
    if not isinstance(node, Node) or node.op is None or node.op.inlined:
        return 0, []
    g, faults, count = rng.normal(size=node.shape), [], 0
    known: dict[Term, Any] = {Name(Hole("g"), node.shape): g,
                              Name(Hole("out"), node.shape): node.data}  # fmt: skip
    for i, x in enumerate(node.inputs):
        known[Name(Hole(node.op.input_name(i)), x.shape)] = x.data
    for i, x in enumerate(node.inputs):
        rule, term = node.op.rule_at(i), rule_term(node, i)
        if rule is None or term is None or x.dtype.kind != "f":
            continue
        count += 1
        with np.errstate(all="ignore"):
            wanted = unbroadcast(
                np.asarray(rule(g, node.data, node.values, node.attrs, i)), np.asarray(x.data)
            )
            came = np.broadcast_to(evaluate(term, known), x.shape)  # type: ignore[arg-type]
        if not np.allclose(came, wanted, rtol=CLOSE, atol=1e-12, equal_nan=True):
            faults.append(f"{node.op.name}: the rule for {node.op.input_name(i)} as it is shown")
    return count, faults


def printed_rules(rng: np.random.Generator) -> tuple[int, list[str]]:
    """The rules of the steps for the whole table, and the chapters' derivations."""
    lines, faults = 0, []
    for op in sg.TABLE.values():
        for case in () if op.inlined or not op.differentiable else op.cases:
            count, wrong = rule_faults(op, case, rng)
            lines, faults = lines + count, faults + wrong
    for number, key in ((n, key) for n, each in CHAPTERS.items() for key in each.derivations):
        told = CHAPTERS[number].derivations[key]("en")
        shown = [line for step in told.steps for line in step.lines if line is not None]
        found = [fault for line in shown if (fault := faults_of_line(line, told.known))]
        lines += len(shown)
        faults += [f"chapter {number}, {key}: {f}" for f in found]
    return lines, faults


@row(
    "E1",
    "every equality printed in derivations and steps: each op, layer, loss, the chapter's examples,"
    " random expressions, at 20 random inputs",
    "true to 1e-9; false 0",
    count=300,
    sample=15,
    seconds=900,
)
def e1(run: Run) -> Found:
    rng, draws = run.rng, max(1, run.count // 15)
    faults: list[str] = []
    lines = told = judged = 0
    looked = [*((*each, draws) for each in (*ops(), *losses(), *layers())),
              ("expression", expression, run.count)]  # fmt: skip
    for name, draw, times in looked:
        for _ in range(times):
            if run.out_of_time():
                break
            with warnings.catch_warnings(), np.errstate(all="ignore"):
                warnings.simplefilter("ignore")
                z, seed = draw(rng)
                if not isinstance(z, Node) or not z.requires_grad or z.op is None:
                    break
                seed = rng.normal(size=z.shape) if z.shape else None
                derivation = sg.explain(z, gradient=seed)
                count, wrong = faults_of(derivation, z, seed)
                by_sympy, other = verdicts(derivation, rng) if draw is expression else (0, [])
            wrong, judged = [*wrong, *other], judged + by_sympy
            faults += [f"{name}: {fault}" for fault in wrong]
            lines, told = lines + count, told + 1
    count, wrong = printed_rules(rng)
    lines, faults = lines + count, faults + wrong
    figure = (
        f"false {len(faults)}, of {lines:,} equalities in {told:,} derivations;"
        f" SymPy agrees with {judged:,}"
    )
    return Found(figure, first(faults), whole=not run.out_of_time())
