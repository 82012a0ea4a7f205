"""Terms written as LaTeX for readers: brackets where they are needed, fractions, powers, shapes."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from fractions import Fraction
from math import isfinite
from typing import Any

import numpy as np

from seegrad.drawing.formula.terms import (
    MANY,
    Applied,
    Name,
    Number,
    Sum,
    Term,
    Times,
    by_function,
    shape_of,
    times,
)
from seegrad.drawing.values.summary import shown_attribute, shown_digits
from seegrad.graph.forms import Product, Reduce, Reshape
from seegrad.graph.laws import Commutative
from seegrad.graph.spec import Shape
from seegrad.text import ATOM, Piece, fill

Names = Mapping[Name, Piece]
BRACKETS = (r"\left(", r"\right)")
LONG = 400
"""Letters of LaTeX after which a formula is not shown."""
ENTRIES = 12
"""Entries of an array that is written out."""


def number(value: float) -> str:
    """A number for people, in LaTeX: 220, 3.3, 1.2 \\times 10^{-6}."""
    digits, power = shown_digits(value)
    digits = digits.replace("−", "-").replace("∞", r"\infty").replace("NaN", r"\text{NaN}")
    return rf"{digits} \times 10^{{{power}}}" if power else digits


def number_piece(value: float) -> Piece:
    """A number and how tightly it holds together: a negative one needs brackets in a product."""
    if value < 0:
        return Piece(number(value), by_function("negative").precedence)
    _, power = shown_digits(value)
    return Piece(number(value), by_function("multiply").precedence if power else ATOM)


def constant_piece(value: float) -> Piece:
    """A number that stands in a formula: as a fraction where its digits would not end."""
    near = Fraction(value).limit_denominator(30) if isfinite(value) else Fraction(0)
    if value and float(near) == value and near.denominator not in (1, 2, 4, 5, 8, 10, 16, 20, 25):
        sign = "-" if near < 0 else ""
        text = rf"{sign}\frac{{{abs(near.numerator)}}}{{{near.denominator}}}"
        return Piece(text, by_function("negative").precedence if sign else ATOM)
    return number_piece(value)


def write(term: Term, names: Names | None = None) -> str:
    """A term as LaTeX; `names` are written as given there, for example as their numbers."""
    return piece(term, names or {}).text


def piece(term: Term, names: Names) -> Piece:
    """A term as LaTeX with how tightly its outermost operation holds together."""
    match term:
        case Number(value):
            return constant_piece(value)
        case Name(latex):
            return names.get(term) or Piece(latex)
        case Sum(parts):
            return _sum(parts, names)
        case Times(coefficient, factors):
            return _product(coefficient, factors, names)
        case Applied():
            return _applied(term, names)


def _sum(parts: Sequence[tuple[float, Term]], names: Names) -> Piece:
    precedence = by_function("add").precedence
    text = ""
    ordered = [*parts]
    if ordered[0][0] < 0 and any(c > 0 for c, _ in ordered):  # y − t rather than −t + y
        first = next(i for i, (c, _) in enumerate(ordered) if c > 0)
        ordered.insert(0, ordered.pop(first))
    for coefficient, part in ordered:
        each = piece(times(abs(coefficient), [(part, 1.0)]), names)
        inside = each.within(precedence + 1 if coefficient < 0 else precedence, BRACKETS)
        if text and inside.startswith("-"):
            inside = each.within(ATOM, BRACKETS)
        if not text:
            text = f"-{inside}" if coefficient < 0 else inside
        else:
            text += f" - {inside}" if coefficient < 0 else f" + {inside}"
    return Piece(text, precedence)


_SMALL = r"(?:[A-Za-zα-ωΑ-Ω]|\\sigma)(?:_\{[^{}]*\})?(?:\^\{[^{}]*\})?"
_SHUT = rf"(?:{_SMALL}|e\^\{{[^{{}}]*\}}|.*\\right\)(?:\^\{{[^{{}}]*\}})?)"
_OPEN = rf"(?:{_SMALL}|e\^\{{.*\}}|\\left\(.*)"
_COUNT = r"[0-9.]+"


def joined(texts: Sequence[str], sign: str = r" \cdot ") -> str:
    """Factors side by side where that can be read (2t, 2(x + y)), else with a sign between."""
    text = texts[0]
    last = text
    for following in texts[1:]:
        closed = re.fullmatch(rf"{_COUNT}|{_SHUT}", last)
        close = closed and re.fullmatch(_OPEN, following) and "frac" not in following
        text += (" " if close else sign) + following
        last = following
    return text


def _product(coefficient: float, factors: Sequence[tuple[Term, float]], names: Names) -> Piece:
    above = [(base, e) for base, e in factors if e > 0]
    below = [(base, -e) for base, e in factors if e < 0]
    precedence = by_function("multiply").precedence
    if below:
        over, under = _as_fraction(abs(coefficient))
        upper = piece(Times(over, tuple(above)), names) if above else number_piece(over)
        lower = piece(times(under, below), names)
        fraction = by_function("divide").latex
        text = fill(fraction, {"a": upper.text, "b": lower.text})
        negative = Piece(f"-{text}", by_function("negative").precedence)
        return negative if coefficient < 0 else Piece(text)
    texts = [constant_piece(abs(coefficient)).text] if abs(coefficient) != 1 else []
    arrays = sum(1 for base, _ in above if shape_of(base) != ())
    plain = [(b, e) for b, e in above if shape_of(b) == ()]
    whole = [(b, e) for b, e in above if shape_of(b) != ()]
    alone = len(above) == 1 and not texts
    texts += [_factor(base, e, names, alone) for base, e in plain]
    text = joined(texts) if texts else ""
    if whole:
        sign = r" \odot " if arrays > 1 and not _outer(whole) else r" \cdot "
        matrices = sign.join(_factor(base, e, names, alone) for base, e in whole)
        text = joined([text, matrices]) if text else matrices
    if coefficient < 0:
        return Piece(f"-{text}", by_function("negative").precedence)
    if len(above) == 1 and abs(coefficient) == 1:
        return Piece(text, by_function("power").precedence)
    return Piece(text, precedence)


def _as_fraction(value: float) -> tuple[float, float]:
    """0.5 as 1 over 2, 1.5 as 3 over 2; anything else as itself over 1."""
    near = Fraction(value).limit_denominator(9) if isfinite(value) else Fraction(0)
    if float(near) != value or near.denominator in (1, 5):
        return value, 1.0
    return float(near.numerator), float(near.denominator)


def _outer(whole: Sequence[tuple[Term, float]]) -> bool:
    """A column times a row: written as the matrix product that it is."""
    if len(whole) != 2:
        return False
    a, b = shape_of(whole[0][0]), shape_of(whole[1][0])
    return len(a) == 2 and len(b) == 2 and a[1] == 1 and b[0] == 1


def _factor(base: Term, exponent: float, names: Names, alone: bool) -> str:
    inner = piece(base, names)
    power = by_function("power")
    if exponent != 1:
        strict = Piece(inner.text, min(inner.precedence, power.precedence))
        inside = inner if inner.precedence == ATOM else strict
        text = inside.within(power.precedence + 1, BRACKETS)
        if re.search(r"\\frac|\\cdot", text) and not text.startswith(r"\left("):
            text = rf"\left({text}\right)"
        raised = number(exponent) if exponent == int(exponent) else str(exponent)
        return fill(power.latex, {"x": text, "exponent": raised})
    tight = by_function("multiply").precedence
    if isinstance(base, Applied) and base.op.precedence <= tight:
        tight += 1
    return inner.text if alone else inner.within(tight, BRACKETS)


def _applied(term: Applied, names: Names) -> Piece:
    op, attrs = term.op, dict(term.attrs)
    if op is by_function("where"):
        return Piece(_cases(term, names), op.precedence)
    template = op.latex
    values = {name: shown_attribute(value) for name, value in attrs.items()}
    if column := _column(term):
        inner = piece(column, names).within(ATOM, BRACKETS)
        return Piece(rf"{inner}^{{\top}}")
    last = len(op.inputs) - 1
    spread: list[str] = []
    for position, argument in enumerate(term.arguments):
        name = op.inputs[min(position, last)].lstrip("*")
        inside = piece(argument, names)
        if op.variadic and position >= last:
            spread.append(inside.within(op.precedence, BRACKETS))
            continue
        at = template.find(f"${name}")
        shut = re.search(rf"[{{(\[|]\${name}[}})\],|\\]", template) is not None
        ordered = at > 0 and not any(isinstance(law, Commutative) for law in op.laws)
        strict = op.precedence + 1 if ordered and op.precedence < ATOM else op.precedence
        if at == 0 and "^" in template:
            strict = op.precedence + 1 if op.precedence < ATOM else ATOM
        if template == f"${name}":
            return inside
        values[name] = inside.text if shut else inside.within(strict, BRACKETS)
    if spread:
        name = op.inputs[last].lstrip("*")
        alone = template == f"${name}"
        values[name] = (f" {op.sign} " if alone else ", ").join(spread)
    if op is by_function("multiply") and all(map(shape_of, term.arguments)):
        template = template.replace(r"\cdot", r"\odot")  # told apart from the matrix product
    text = fill(template, {**values, "out": "y"})
    if isinstance(op.lower, Reduce) and attrs.get("axis") and shape_of(term.arguments[0]):
        text = _over_axes(text, attrs["axis"], len(shape_of(term.arguments[0])))
    return Piece(text, op.precedence)


def _cases(term: Applied, names: Names) -> str:
    """A choice by value, and the choices inside its last branch, one below the other."""
    rows: list[str] = []
    last: Term = term
    while isinstance(last, Applied) and last.op is term.op:
        condition, value, last = last.arguments
        rows.append(rf"{piece(value, names).text} & ({piece(condition, names).text})")
    rows.append(piece(last, names).text)
    inner = r"\\ ".join(rows)
    return rf"\begin{{cases}}{inner}\end{{cases}}"


def _column(term: Applied) -> Term | None:
    """What stands upright here: a vector (n,) made a column (n, 1), written as a transpose."""
    if isinstance(term.op.lower, Reshape) and len(term.arguments) == 1:
        inner = term.arguments[0]
        flat = shape_of(inner)
        if len(flat) == 1 and term.shape == (*flat, 1) and flat[0] > 1:
            return inner
    return None


def _over_axes(text: str, axes: Sequence[int], ndim: int) -> str:
    """∑ x with the axes below the sign, unless they are all of them."""
    if len(axes) == ndim:
        return text
    found = re.match(r"\\(sum|prod|max|min)\b", text)
    if not found:
        return text
    below = ", ".join(map(str, axes))
    return rf"{found[0]}_{{{below}}}{text[found.end() :]}"


# --------------------------------------------------------------- shapes


def shape_text(shape: Shape) -> str:
    """A shape with N for the number of samples: (N, 3)."""
    sizes = ["N" if n == MANY else f"{n // MANY} N" if n and n % MANY == 0 else str(n)
             for n in shape]  # fmt: skip
    return f"({sizes[0]},)" if len(sizes) == 1 else f"({', '.join(sizes)})"


def shape_line(term: Term, outcome: Shape) -> str:
    """Mind the shapes: (N, 2) = (N, 3)(3, 2) for products and sums; "" for anything else."""
    inner = _without_reshape(term)
    if isinstance(inner, Times) and _outer(inner.factors):
        row = "".join(shape_text(shape_of(base)) for base, _ in inner.factors)
        return f"{shape_text(outcome)} = {row}"
    if not isinstance(inner, Applied):
        return ""
    if isinstance(inner.op.lower, Product):
        row = "".join(shape_text(shape_of(_without_reshape(a))) for a in inner.arguments)
        return f"{shape_text(outcome)} = {row}"
    if inner.op.lower == Reduce("sum"):
        axes = ", ".join(map(str, dict(inner.attrs)["axis"]))
        shape = shape_text(shape_of(_without_reshape(inner.arguments[0])))
        return rf"{shape_text(outcome)} = \sum_{{{axes}}} {shape}"
    return ""


def _without_reshape(term: Term) -> Term:
    while isinstance(term, Applied) and isinstance(term.op.lower, Reshape):
        term = term.arguments[0]
    return term


def array_latex(value: Any) -> str:
    """A number, or an array of few entries, as LaTeX; "" for anything larger."""
    array = np.asarray(value)
    if array.size > ENTRIES or array.ndim > 2 or not array.size:
        return ""
    if array.ndim == 0:
        return number(float(array))
    rows = array.reshape(1, -1) if array.ndim == 1 else array
    inner = r"\\".join(" & ".join(number(float(v)) for v in row) for row in rows)
    return rf"\begin{{pmatrix}}{inner}\end{{pmatrix}}"


def equation(*sides: str) -> str:
    """a = b = c, each side that says something new once."""
    kept = [side for i, side in enumerate(sides) if side and (not i or side != sides[i - 1])]
    return " = ".join(dict.fromkeys(kept))
