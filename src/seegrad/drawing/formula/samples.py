"""N, the number of samples, as a symbol: what is read off a graph at other numbers of rows.

The ops' own spec rules say whether the rows of some leaves can be of any number. Then every rule
is run on symbols at the real number of rows and at two others; a coefficient that changes with it
is written by N (`merged`), and so is an axis (`axes`). What cannot be told so keeps its number.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Any

import numpy as np

from seegrad.drawing.formula.terms import (
    SAMPLES,
    Applied,
    Elided,
    Name,
    Number,
    Sum,
    Term,
    Times,
    Value,
    Written,
    times,
    total,
)
from seegrad.drawing.formula.tree import Digits, Sign, Tree, between, row
from seegrad.drawing.formula.tree import Fence as Bracketed
from seegrad.drawing.values.names import written
from seegrad.graph.forms import Product
from seegrad.graph.node import Node
from seegrad.graph.spec import Shape, Spec

OTHER = (1009, 2003)
"""Numbers of rows that no axis has by chance."""


@dataclass
class Rows:
    """A graph's specs, and the terms of its nodes, at one number of rows."""

    number: int
    specs: Mapping[Node, Spec]
    terms: dict[Node, Term] = field(default_factory=dict)


_SHAPELESS = (bool, int, float, type(None), np.dtype)


def at_other_rows(nodes: Sequence[Node]) -> tuple[Rows, ...]:
    """The graph at the real number of rows; and at two others, if there is such a number.

    The first axis of the first matrix that is put in is tried, alone and with other leaves of as
    many rows.
    """
    real = {node: node.spec for node in nodes}
    leaves = [node for node in nodes if node.op is None]
    first = next((x for x in leaves if x.spec.ndim >= 2 and x.shape[0] > 1), None)
    fixed = any(
        not isinstance(value, _SHAPELESS) and key != "axis"
        for node in nodes
        for key, value in node.attrs.items()
    )
    if first is None or fixed or len(nodes) > 400 or any(written(x.name) == "N" for x in nodes):
        return (Rows(1, real),)
    others = [x for x in leaves if x is not first and x.shape[:1] == first.shape[:1]]
    for chosen in ([first], *([first, x] for x in others), [first, *others]):
        found = [_specs_at(nodes, set(chosen), rows) for rows in OTHER]
        if all(found):
            return (
                Rows(first.shape[0], real),
                *(Rows(n, specs) for n, specs in zip(OTHER, found) if specs),
            )
    return (Rows(1, real),)


def _specs_at(nodes: Sequence[Node], chosen: set[Node], rows: int) -> dict[Node, Spec] | None:
    specs: dict[Node, Spec] = {}
    try:
        for node in nodes:
            if node in chosen:
                specs[node] = Spec((rows, *node.shape[1:]), node.dtype)
            elif node.op is None:
                specs[node] = node.spec
            else:
                specs[node] = node.op.spec(*[specs[x] for x in node.inputs], **node.attrs)
                alike = len(specs[node].shape) == len(node.shape) and all(
                    n in (rows, m) for n, m in zip(specs[node].shape, node.shape)
                )
                if not alike or _summed_away(node, specs, rows):
                    return None
    except Exception:
        return None  # a spec rule refuses other numbers of rows
    return specs


def _summed_away(node: Node, specs: Mapping[Node, Spec], rows: int) -> bool:
    """Does a product run over the rows? Then they are no samples."""
    assert node.op is not None
    came = any(rows in specs[x].shape for x in node.inputs)
    return came and isinstance(node.op.lower, Product) and rows not in specs[node].shape


# --------------------------------------------------------------- three terms made one


class Differs(Exception):
    """The terms are not one and the same with N in it."""


def merged(terms: Sequence[Term], rows: Sequence[int]) -> Term:
    """The term that gives each of these at its number of rows; the first of them if none does."""
    try:
        return _merged(tuple(terms), tuple(rows)) if len(terms) > 1 else terms[0]
    except Differs:
        return terms[0]


def _merged(terms: tuple[Term, ...], rows: tuple[int, ...]) -> Term:
    kinds = {type(term) for term in terms}
    if Times in kinds and kinds != {Times}:
        terms = tuple(t if isinstance(t, Times) else Times(1.0, ((t, 1.0),)) for t in terms)
        kinds = {Times}
    if len(kinds) > 1:
        raise Differs
    match terms[0]:
        case Number():
            return _number([t.value for t in terms if isinstance(t, Number)], rows)
        case Name(label):
            if any(isinstance(t, Name) and t.label != label for t in terms):
                raise Differs
        case Sum(parts):
            every = [t.parts for t in terms if isinstance(t, Sum)]
            columns = _columns(every, len(parts))
            return total([
                (1.0, _scaled([c for c, _ in column], [part for _, part in column], rows))
                for column in columns
            ])  # fmt: skip
        case Times(_, factors):
            kept = [t for t in terms if isinstance(t, Times)]
            columns = _columns([t.factors for t in kept], len(factors))
            if any(len({e for _, e in column}) > 1 for column in columns):
                raise Differs
            inner = [(_merged(tuple(b for b, _ in column), rows), column[0][1])
                     for column in columns]  # fmt: skip
            scale = _number([t.coefficient for t in kept], rows)
            return times(1.0, [*_first(scale), *inner])
        case Applied(op, attrs, arguments, shape):
            calls = [t for t in terms if isinstance(t, Applied) and t.op is op]
            if len(calls) < len(terms):
                raise Differs
            inside = _columns([t.arguments for t in calls], len(arguments))
            return Applied(op, attrs, tuple(_merged(tuple(c), rows) for c in inside), shape)
        case Value() | Written() | Elided():
            pass
    return terms[0]


def _first(scale: Term) -> list[tuple[Term, float]]:
    return list(scale.factors) if isinstance(scale, Times) and scale.coefficient == 1 else [
        (scale, 1.0)
    ]  # fmt: skip


def _columns(rows: Sequence[Sequence[Any]], length: int) -> list[list[Any]]:
    if any(len(each) != length for each in rows):
        raise Differs
    return [list(column) for column in zip(*rows)]


def _scaled(numbers: Sequence[float], parts: Sequence[Term], rows: tuple[int, ...]) -> Term:
    return times(1.0, [*_first(_number(numbers, rows)), (_merged(tuple(parts), rows), 1.0)])


def _number(values: Sequence[float], rows: Sequence[int]) -> Term:
    """c·Nᵏ or c·(N − 1)ᵏ for numbers that change with the number of rows."""
    if all(value == values[0] for value in values):
        return Number(values[0])
    for less in (0, 1):
        base = SAMPLES if not less else Sum(((1.0, SAMPLES), (-1.0, Number(1.0))))
        for power in (-1.0, 1.0, -2.0, 2.0, -0.5, 0.5):
            if any(n == less for n in rows):
                continue
            scale = [value / (n - less) ** power for value, n in zip(values, rows)]
            if np.allclose(scale, scale[0], rtol=1e-12, atol=0):
                near = Fraction(scale[-1]).limit_denominator(1000)
                exact = float(near) if np.isclose(float(near), scale[-1], rtol=1e-12) else scale[0]
                return times(exact, [(base, power)])
    raise Differs


# --------------------------------------------------------------- shapes


def shape_tree(shapes: Sequence[Shape], rows: Sequence[int]) -> Tree:
    """A shape with N for the number of samples: (N, 3)."""
    axes = [_axis(sizes, rows) for sizes in zip(*shapes)]
    inner = row(axes[0], Sign(",")) if len(axes) == 1 else between(Sign(","), axes)
    return Bracketed(inner)


def _axis(sizes: Sequence[int], rows: Sequence[int]) -> Tree:
    if len(sizes) > 1 and sizes[0] != sizes[1]:
        times_n = sizes[1] // rows[1]
        if all(size == times_n * n for size, n in zip(sizes, rows)):
            assert isinstance(SAMPLES, Name)
            return SAMPLES.label if times_n == 1 else row(Digits(str(times_n)), SAMPLES.label)
    return Digits(str(sizes[0]))
