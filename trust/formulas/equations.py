"""E1: every equality that is printed, evaluated: as the terms that are printed, and as it is read.

Derivations of every op of the table, layer, loss, chapter's example and of random expressions, the
rules that a picture's steps show, chapters' texts, captions and words on wires. Names have the
values that passed and the derivatives that the backward pass gives. SymPy, an independent judge,
differentiates single numbers' functions.
"""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from typing import Any

import numpy as np

import seegrad as sg
from seegrad.autodiff.chain_rule import unbroadcast
from seegrad.chapter.page import CHAPTERS
from seegrad.drawing.formula.document import Derivation
from seegrad.drawing.formula.mathml import to_mathml
from seegrad.drawing.formula.rules import rule_term
from seegrad.drawing.formula.terms import Name, Term, evaluate
from seegrad.drawing.formula.tree import Hole
from seegrad.drawing.formula.typeset import Equation
from seegrad.drawing.formula.unicode import to_text
from seegrad.graph.graph import walk
from seegrad.graph.node import Node
from trust.formulas.explained import (
    Draw,
    alike,
    every_loss,
    expression,
    functions,
    layers,
    ops,
    shapes,
    tensors,
)
from trust.formulas.page_lines import page_lines, there
from trust.formulas.printed import names_of, reading
from trust.formulas.symbolic_judge import verdicts
from trust.formulas.texts import text_lines
from trust.harness.row import Found, Run, first, row
from trust.harness.sampling import inputs_of

CLOSE = 1e-9
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


@dataclass
class Counts:
    """What was looked at."""

    lines: int = 0
    derivations: int = 0
    sides: int = 0
    read: int = 0
    judged: int = 0
    page: int = 0
    texts: int = 0


def read_as_printed(
    lines: list[Equation], known: Any, counts: Counts, rng: np.random.Generator
) -> list[str]:
    """The lines once more, by what a reader sees of them alone."""
    names = names_of({to_mathml(name.label): np.asarray(value, float)
                      for name, value in known.items()})  # fmt: skip
    found = [reading(to_mathml(line.tree), names, rng) for line in lines]
    counts.sides += sum(len(line.sides) for line in lines)
    counts.read += sum(each.read for each in found)
    return [f"as it is read, {each.fault}" for each in found if each.fault]


def alike_faults(known: Any) -> list[str]:
    """Names that no reader can tell apart though they stand for two values."""
    seen: dict[str, Any] = {}
    faults: list[str] = []
    for name, value in known.items():
        for line in {to_text(name.label), to_mathml(name.label)}:
            other = seen.setdefault(line, value)
            if np.size(other) != np.size(value) or not np.allclose(
                np.ravel(other), np.ravel(value), rtol=CLOSE, equal_nan=True
            ):
                faults.append(f"{line} stands for {other} and for {value}")
    return faults


def lines_of(told: Derivation) -> list[Equation]:
    """All equations of a derivation."""
    return [line for step in told.steps for line in step.lines if line is not None]


def faults_of(told: Derivation, z: Any, seed: Any) -> tuple[int, list[str]]:
    """How many equations a derivation has, and those that are not true."""
    lines = lines_of(told)
    faults = [fault for line in lines if (fault := faults_of_line(line, told.known))]
    faults += alike_faults(told.known)
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
    node = op(*tensors(arrays, [op.input_name(i) for i in range(len(arrays))]), **case.attrs)
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


def printed_rules(rng: np.random.Generator, counts: Counts) -> list[str]:
    """The rules of the steps for the whole table, and the chapters' derivations."""
    faults: list[str] = []
    for op in sg.TABLE.values():
        for case in () if op.inlined or not op.differentiable else op.cases:
            count, wrong = rule_faults(op, case, rng)
            counts.lines, faults = counts.lines + count, faults + wrong
    for number, key in ((n, key) for n, each in CHAPTERS.items() for key in each.derivations):
        told = CHAPTERS[number].derivations[key]("en")
        shown = lines_of(told)
        found = [fault for line in shown if (fault := faults_of_line(line, told.known))]
        found += read_as_printed(shown, told.known, counts, rng)
        counts.lines += len(shown)
        faults += [f"chapter {number}, {key}: {f}" for f in found]
    return faults


def explained(draw: Draw, rng: np.random.Generator, counts: Counts) -> list[str] | None:
    """What is wrong with one derivation; None where nothing can be differentiated."""
    with warnings.catch_warnings(), np.errstate(all="ignore"):
        warnings.simplefilter("ignore")
        z, _ = draw(rng)
        if not isinstance(z, Node) or not z.requires_grad or z.op is None:
            return None
        seed = rng.normal(size=z.shape) if z.shape else None
        told = sg.explain(z, gradient=seed)
        count, faults = faults_of(told, z, seed)
        judged, others = verdicts(told, rng)
    faults += [*others, *read_as_printed(lines_of(told), told.known, counts, rng)]
    counts.lines, counts.derivations = counts.lines + count, counts.derivations + 1
    counts.judged += judged
    return faults


@row(
    "E1",
    "every equality printed in derivations and steps: each op, layer, loss, the chapters' examples,"
    " texts and captions, reports, random expressions, at 20 random inputs",
    "true to 1e-9; false 0",
    count=300,
    sample=15,
    seconds=1800,
)
def e1(run: Run) -> Found:
    rng, draws, counts = run.rng, max(1, run.count // 15), Counts()
    share = max(1, 120 // run.count)                     # of all that there is, in the tests
    faults: list[str] = []
    drawn = [*ops(), *every_loss(), *layers(), *functions(), *alike(), *shapes()][::share]
    looked = [*((*each, draws) for each in drawn), ("expression", expression, run.count)]
    for name, draw, times in looked:
        for _ in range(times):
            wrong = None if run.out_of_time() else explained(draw, rng, counts)
            if wrong is None:
                break
            faults += [f"{name}: {fault}" for fault in wrong]
    faults += printed_rules(rng, counts)
    for i in range(draws):
        read, wrong = text_lines(rng, plots=share == 1 and not i)
        counts.texts, faults = counts.texts + read, faults + wrong
    notes: tuple[str, ...] = ("the page's own lines need Node, which is not here",)
    if there():
        counts.page, wrong = page_lines(rng, run.count // 3, share)
        faults, notes = [*faults, *wrong], ()
    figure = (
        f"false {len(faults)}, of {counts.lines:,} equalities in {counts.derivations:,}"
        f" derivations; {counts.read:,} of {counts.sides:,} sides also as they are read,"
        f" {counts.page:,} in the page, {counts.texts:,} in texts, captions and guides;"
        f" SymPy agrees with {counts.judged:,}"
    )
    return Found(figure, first(faults), notes, whole=not run.out_of_time())
