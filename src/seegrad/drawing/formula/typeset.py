"""Terms as trees of what stands where: brackets where they are needed, fractions, powers, matrices.

An op's template is read once (`template.py`) and its holes are filled with trees. What is printed
from a tree (`latex.py`, `mathml.py`, `unicode.py`) is never looked at again.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction as Ratio
from itertools import pairwise
from math import isfinite, prod
from typing import Any

import numpy as np

from seegrad.drawing.formula.samples import shape_tree
from seegrad.drawing.formula.template import read
from seegrad.drawing.formula.terms import (
    Applied,
    Elided,
    Name,
    Number,
    Sum,
    Term,
    Times,
    Value,
    Written,
    by_function,
    parts_of,
    printed_shape,
    reshaped,
    shape_of,
    times,
)
from seegrad.drawing.formula.tree import (
    DOTS,
    EQUALS,
    GAP,
    Constant,
    Digits,
    Fence,
    Fraction,
    Hole,
    Letter,
    Lined,
    Root,
    Row,
    Script,
    Sign,
    Table,
    Tree,
    Words,
    between,
    row,
)
from seegrad.drawing.values.summary import shown_attribute, shown_digits
from seegrad.graph.forms import Broadcast, Permute, Product, Reduce, Reshape
from seegrad.graph.laws import Commutative
from seegrad.graph.op import Op
from seegrad.graph.spec import Shape
from seegrad.text import ATOM, holes, settled

LONG = 130
"""Letters, digits and signs after which a formula is not shown."""
ENTRIES = 12
"""Entries of an array that is written out."""
MINUS, PLUS, DOT, ODOT, COMMA = Sign("−"), Sign("+"), Sign("·"), Sign("⊙"), Sign(",")


@dataclass(frozen=True, slots=True)
class Piece:
    """A tree and how tightly its outermost operation holds it together."""

    tree: Tree
    precedence: int = ATOM

    def within(self, outer: int) -> Tree:
        """The tree, in brackets if it holds less tightly than `outer` asks for."""
        if isinstance(self.tree, Hole):
            return Hole(self.tree.name, max(outer, self.tree.within))
        return self.tree if self.precedence >= outer else Fence(self.tree)


def length(tree: Tree) -> int:
    """How many letters, digits and signs a reader meets."""
    match tree:
        case Letter(text) | Constant(text) | Digits(text) | Sign(text) | Words(text):
            return max(1, len(text) // 3)
        case Row(items):
            return sum(map(length, items))
        case Fraction(above, below):
            return length(above) + length(below)
        case Script(base, below, above):
            return sum(length(part) for part in (base, below, above) if part is not None)
        case Root(inner) | Lined(inner):
            return length(inner)
        case Fence(inner):
            return 2 + length(inner)
        case Table(_, rows):
            return sum(length(cell) for cells in rows for cell in cells)
    return 1


# --------------------------------------------------------------- numbers


def number(value: float) -> Tree:
    """A number for people: 220, 3.3, 1.2 × 10⁻⁶."""
    text, power = shown_digits(value)
    negative = text.startswith("−")
    digits = Letter(text.lstrip("−")) if not isfinite(value) else Digits(text.lstrip("−"))
    scale = (Sign("×"), Script(Digits("10"), above=_whole(power))) if power else ()
    return row(*((MINUS,) if negative else ()), digits, *scale)


def _whole(value: int) -> Tree:
    return row(MINUS, Digits(str(-value))) if value < 0 else Digits(str(value))


def number_piece(value: float) -> Piece:
    """A number and how tightly it holds together: a negative one needs brackets in a product."""
    if value < 0:
        return Piece(number(value), by_function("negative").precedence)
    _, power = shown_digits(value)
    return Piece(number(value), by_function("multiply").precedence if power else ATOM)


def _constant(value: float) -> Piece:
    """A number that stands in a formula: as a fraction where its digits would not end."""
    near = Ratio(value).limit_denominator(30) if isfinite(value) else Ratio(0)
    close = value and abs(float(near) - value) <= 1e-15 * abs(value)
    if close and near.denominator not in (1, 2, 4, 5, 8, 10, 16, 20, 25):
        over = Fraction(Digits(str(abs(near.numerator))), Digits(str(near.denominator)))
        return _negated(over) if near < 0 else Piece(over)
    return number_piece(value)


def _negated(tree: Tree) -> Piece:
    return Piece(row(MINUS, tree), by_function("negative").precedence)


def array_tree(value: Any) -> Tree | None:
    """A number, or an array of few entries; None for anything larger."""
    array = np.asarray(value)
    if array.size > ENTRIES or array.ndim > 2 or not array.size:
        return None
    if array.ndim == 0:
        return number(float(array))
    rows = array.reshape(1, -1) if array.ndim == 1 else array
    return Table("pmatrix", tuple(tuple(number(float(v)) for v in each) for each in rows))


# --------------------------------------------------------------- terms


def typeset(term: Term) -> Tree:
    """A term as a tree."""
    return piece(term).tree


def piece(term: Term) -> Piece:
    """A term as a tree, with how tightly its outermost operation holds together."""
    match term:
        case Number(value):
            return _constant(value)
        case Name(label) | Elided(_, label):
            return Piece(label)
        case Value(value):
            if not np.ndim(value):
                return number_piece(float(value))
            return Piece(array_tree(value) or Letter("c", upright=True))
        case Written(factors):
            return _written(factors)
        case Sum(parts):
            return _sum(parts)
        case Times(coefficient, factors):
            return _product(coefficient, factors)
    return _applied(term)


_BETWEEN = (PLUS, MINUS, DOT, ODOT)
"""Behind these a number that is negative stands in brackets."""


def _behind_a_sign(tree: Tree) -> Tree:
    """The tree, in brackets if it begins with a sign of its own, now or once it is filled."""
    if isinstance(tree, Hole):
        return Hole(tree.name, max(tree.within, by_function("negative").precedence + 1))
    return Fence(tree) if is_minus(tree) else tree


_TIGHT = (DOT, ODOT, *(Sign(text) for text in ("×", "⊗", "∗", "÷", "mod", "/")))
"""What stands behind one of these belongs to a function or a sum that is open before it."""


def before_another(tree: Tree) -> Tree:
    """A factor that another follows: log(2x) and (∑ x), which would take that in; log x is
    plain, but where a number may come for x: log(2) · 3."""
    items = _items(tree)
    start = max((i + 1 for i, item in enumerate(items) if _operates(item)), default=0)
    kept, last = items[:start], items[start:]
    if len(last) < 2:
        return tree
    name = last[0].base if isinstance(last[0], Script) else last[0]
    if isinstance(name, Sign) and name.big:
        return row(*kept, Fence(row(*last)))
    called = isinstance(name, Letter) and name.upright and len(name.text) > 1
    if called and len(last) == 2 and isinstance(last[1], Hole):
        return row(*kept, last[0], Fence(Hole(last[1].name)))
    plain = len(last) == 2 and (isinstance(last[1], Fence) or _is_name(last[1]))
    return row(*kept, last[0], Fence(row(*last[1:]))) if called and not plain else tree


def _operates(item: Tree) -> bool:
    """Is it an operator, perhaps with a mark of its own?"""
    sign = item.base if isinstance(item, Script) else item
    return isinstance(sign, Sign) and not sign.big


def _is_name(tree: Tree) -> bool:
    """x, x₁, or words."""
    base = tree.base if isinstance(tree, Script) and tree.above is None else tree
    return isinstance(base, (Letter, Words))


def as_side(term: Term) -> Tree:
    """A term beside a sign of equality: x < 0 in brackets, as it is 1 or 0 there, and one more
    axis is said."""
    if isinstance(term, Applied) and isinstance(term.op.lower, Reshape) and prod(term.shape) > 1:
        before = printed_shape(term.arguments[0])
        if before and len(term.shape) > len(before) and _upright(term) is None:
            return _named_reshape(term).tree
    return piece(term).within(by_function("add").precedence)


def is_minus(tree: Tree) -> bool:
    """Does it begin with a minus?"""
    return isinstance(tree, Row) and bool(tree.items) and tree.items[0] == MINUS


def _written(factors: Sequence[Term]) -> Piece:
    """Factors as they come, a sign between each two; sums and negative ones in brackets."""
    tight = by_function("multiply").precedence
    arrays = sum(1 for factor in factors if shape_of(factor) != ())
    strict = [tight + 1 if isinstance(f, (Sum, Number)) else tight for f in factors]
    trees = [piece(f).within(outer) for f, outer in zip(factors, strict)]
    if len(trees) == 1:
        return piece(factors[0])
    trees = [*map(before_another, trees[:-1]), trees[-1]]
    return Piece(between(ODOT if arrays > 1 else DOT, trees), tight)


def _sum(parts: Sequence[tuple[float, Term]]) -> Piece:
    precedence = by_function("add").precedence
    ordered = [*parts]
    if ordered[0][0] < 0 and any(c > 0 for c, _ in ordered):  # y − t rather than −t + y
        first = next(i for i, (c, _) in enumerate(ordered) if c > 0)
        ordered.insert(0, ordered.pop(first))
    found: list[Tree] = []
    for coefficient, part in ordered:
        plain = part if abs(coefficient) == 1 else times(abs(coefficient), [(part, 1.0)])
        each = piece(plain)
        inside = each.within(precedence + 1 if coefficient < 0 else precedence)
        if found or coefficient < 0:
            inside = _behind_a_sign(inside)
        sign = MINUS if coefficient < 0 else PLUS
        found += [sign, inside] if found or coefficient < 0 else [inside]
    return Piece(row(*found), precedence)


def _ends(tree: Tree) -> bool:
    """Can a factor that follows stand right behind this: 2, t, e^x, (…)?"""
    match tree:
        case Letter(text) | Constant(text) | Script(Letter(text) | Constant(text)):
            return len(text) == 1
        case Script(base, _, _):
            return isinstance(base, Fence)
    return isinstance(tree, (Digits, Fence, Hole))


_LETTERS = (Letter, Constant)


def _begins(tree: Tree) -> bool:
    """Can this stand right behind a factor?"""
    if isinstance(tree, Script):
        return isinstance(tree.base, Fence) or (isinstance(tree.base, _LETTERS) and _ends(tree))
    return isinstance(tree, Fence) or (isinstance(tree, _LETTERS) and _ends(tree))


def _beside(trees: Sequence[Tree]) -> Tree:
    """Factors side by side where that can be read (2t, 2(x + y)), else with a dot between."""
    trees = [*map(before_another, trees[:-1]), trees[-1]]
    found = [trees[0]]
    for before, tree in pairwise(trees):
        close = _ends(before) and _begins(tree)
        found += [tree] if close else [DOT, tree]
    return row(*found)


def _product(coefficient: float, factors: Sequence[tuple[Term, float]]) -> Piece:
    above = [(base, e) for base, e in factors if e > 0]
    below = [(base, -e) for base, e in factors if e < 0]
    if below:
        over, under = _as_fraction(abs(coefficient))
        upper = piece(times(over, above)) if above else number_piece(over)
        lower = piece(times(under, below))
        over_under = Fraction(upper.tree, lower.tree)
        return _negated(over_under) if coefficient < 0 else Piece(over_under)
    trees = [_constant(abs(coefficient)).tree] if abs(coefficient) != 1 else []
    alone = len(above) == 1 and not trees
    if alone and coefficient < 0:                       # −(a + b), but −{ a (a > b); b
        alone = isinstance(piece(above[0][0]).tree, Table)
    single = [(b, e) for b, e in above if _is_single(b)]
    whole = [(b, e) for b, e in above if not _is_single(b)]
    trees += [_factor(base, e, alone) for base, e in _in_order(single)]
    if whole:
        sign = ODOT if len(whole) > 1 and not outer(whole) else DOT
        *first, last = [_factor(base, e, alone) for base, e in whole]
        trees.append(between(sign, [*map(before_another, first), last]))
    tree = _beside(trees)
    if coefficient < 0:
        return _negated(tree)
    tight = by_function("power" if alone else "multiply").precedence
    return Piece(tree, tight)


def _is_single(term: Term) -> bool:
    """One number, though it may stand where arrays of one element are asked for."""
    if isinstance(term, Applied) and isinstance(term.op.lower, (Reshape, Broadcast)):
        return _is_single(term.arguments[0])
    return shape_of(term) == ()


def _in_order(factors: Sequence[tuple[Term, float]]) -> Sequence[tuple[Term, float]]:
    """Single letters by the alphabet, where there are only such: 2xy."""
    names = [base.name if isinstance(base, Value) else base for base, _ in factors]
    letters = [name.label for name in names if isinstance(name, Name)]
    plain = [label.text for label in letters if isinstance(label, Letter) and not label.upright]
    if len(plain) < len(factors):
        return factors
    return [factor for _, factor in sorted(zip(plain, factors), key=lambda pair: pair[0])]


def _as_fraction(value: float) -> tuple[float, float]:
    """0.5 as 1 over 2, 1.5 as 3 over 2; anything else as itself over 1."""
    near = Ratio(value).limit_denominator(9) if isfinite(value) else Ratio(0)
    if float(near) != value or near.denominator in (1, 5):
        return value, 1.0
    return float(near.numerator), float(near.denominator)


def outer(factors: Sequence[tuple[Term, float]]) -> bool:
    """A column times a row: written as the matrix product that it is."""
    if len(factors) != 2:
        return False
    a, b = shape_of(factors[0][0]), shape_of(factors[1][0])
    return len(a) == 2 and len(b) == 2 and a[1] == 1 and b[0] == 1


def _factor(base: Term, exponent: float, alone: bool) -> Tree:
    inner = piece(base)
    power, tight = by_function("power").precedence, by_function("multiply").precedence
    if exponent != 1:
        if exponent == 0.5:
            return Root(inner.tree)
        tree = inner.within(power + 1)
        if isinstance(tree, Script) and tree.above is None and isinstance(tree.base, Letter):
            return Script(tree.base, tree.below, number(exponent))
        if isinstance(tree, (Fraction, Row, Script)):
            tree = Fence(tree)
        return Script(tree, above=number(exponent))
    if isinstance(base, Applied) and base.op.precedence <= tight:
        tight += 1
    return inner.tree if alone else inner.within(tight)


def _upright(term: Term) -> Term | None:
    """What changes its direction here: a vector (n,) made a column (n, 1), or the other way."""
    if isinstance(term, Applied) and isinstance(term.op.lower, Reshape):
        inner = term.arguments[0]
        flat, column = sorted((shape_of(inner), term.shape), key=len)
        if len(flat) == 1 and column == (*flat, 1) and flat[0] > 1:
            return inner
    return None


def without_kept_axes(term: Applied) -> Applied:
    """A sum that keeps the axes it runs over as the plain sum; anything else as it is."""
    attrs, axes = dict(term.attrs), dict(term.attrs).get("axis")
    if term.op.family != "reduction" or not attrs.get("keepdims") or not isinstance(axes, tuple):
        return term
    left = tuple(n for axis, n in enumerate(term.shape) if axis not in axes)
    return replace(term, attrs=tuple((attrs | {"keepdims": False}).items()), shape=left)


def _named_reshape(term: Term) -> Piece:
    """reshape₆(x): a value whose shape is another."""
    below = between(COMMA, [Digits(str(size)) for size in shape_of(term)])
    inner = Fence(typeset(_without_reshape(term)))
    return Piece(row(Script(Letter("reshape", upright=True), below), inner))


def is_plain(term: Applied) -> bool:
    """Does a value in another shape say so by itself: one number, or one more axis in front?"""
    before, after = printed_shape(term.arguments[0]), term.shape
    if prod(after) == 1 or not before:
        return True
    return before[-len(after):] == after[-len(before):] and prod(before) == prod(after)


# --------------------------------------------------------------- templates


def with_samples(term: Applied, samples: Tree) -> Term:
    """The mean over samples as a reader writes it: 1/N before the sum."""
    if "samples" not in holes(term.op.latex):
        return term
    return Elided(term, _applied(term, samples).tree)


def _of_matrices(axes: Shape) -> bool:
    """Are rows and columns all that changes places? Then Xᵀ says which axes; else they are said."""
    return len(axes) < 2 or axes == (*range(len(axes) - 2), len(axes) - 1, len(axes) - 2)


def _applied(term: Applied, samples: Tree | None = None) -> Piece:
    op, attrs = term.op, dict(term.attrs)
    if op is by_function("where"):
        return Piece(_cases(term), op.precedence)
    if (vector := _upright(term)) is not None:
        if isinstance(vector, Times) and vector.coefficient != 1 and vector.factors:
            rest = replace(term, arguments=(times(1.0, vector.factors),))
            return piece(times(vector.coefficient, [(rest, 1.0)]))
        return Piece(Script(piece(vector).within(ATOM), above=Letter("⊤")))
    if isinstance(op.lower, Permute) and tuple(attrs["axes"]) == tuple(range(len(term.shape))):
        return piece(term.arguments[0])
    if (summed := without_kept_axes(term)) is not term:
        told = reshaped(summed, term.shape)
        if not is_plain(told):                            # ∑₁ x that keeps its axis stands up
            return piece(told)
    if isinstance(op.lower, Reshape) and not is_plain(term):
        return _named_reshape(term)
    template = read(settled(op.latex, attrs))
    moved = isinstance(op.lower, Permute) and not _of_matrices(attrs["axes"])
    if moved and isinstance(template, Script) and template.above is not None:
        axes = Fence(read(shown_attribute(attrs["axes"])))
        template = Script(template.base, above=row(template.above, axes))
    values: dict[str, Piece] = {
        name: Piece(read(shown_attribute(value).replace("->", r"\to ")))
        for name, value in attrs.items()
    }
    values["samples"] = Piece(samples or _samples(term))
    last = len(op.inputs) - 1
    spread: list[Piece] = []
    for position, argument in enumerate(term.arguments):
        vector = _upright(argument) if isinstance(op.lower, Product) and position else None
        inner = piece(vector or argument)                 # Xᵀ · g: a vector behind needs no sign
        if isinstance(op.lower, Product) and ODOT in _items(inner.tree):
            inner = Piece(Fence(inner.tree))
        if op.variadic and position >= last:
            spread.append(inner)
        elif position and "samples" in holes(op.latex) and _are_labels(term):
            call = row(Letter("onehot", upright=True), Fence(inner.tree))
            values[op.inputs[position]] = Piece(call)
        else:
            values[op.inputs[position]] = inner
    if op.variadic:
        name = op.inputs[last].lstrip("*")
        added = template == Hole(name)
        sign = Sign(op.sign) if added else COMMA
        trees = [each.within(op.precedence if added else 0) for each in spread]
        trees = [_behind_a_sign(t) if added and i else t for i, t in enumerate(trees)]
        values[name] = Piece(between(sign, trees), op.precedence if added else 0)
    if isinstance(template, Hole):
        return values[template.name]
    arrays = all(shape_of(argument) for argument in term.arguments)
    if op is by_function("multiply") and arrays:
        template = row(*(ODOT if item == DOT else item for item in _items(template)))
    if op.family == "reduction" and isinstance(attrs.get("axis"), tuple):
        template = _over_axes(template, attrs["axis"], len(shape_of(term.arguments[0])))
    strict = op.precedence + 1 if op.precedence < ATOM else op.precedence
    holds = min(op.precedence, by_function("log").precedence) if _leads(template) else op.precedence
    return Piece(_filled(template, values, op, 0, strict), holds)


def _leads(template: Tree) -> bool:
    """Does a function's name stand before its argument, which has no brackets: sort x?"""
    first, *_, last = items if len(items := _items(template)) > 1 else (template, template)
    name = first.base if isinstance(first, Script) else first
    return isinstance(name, Letter) and name.upright and isinstance(last, Hole)


def _items(tree: Tree) -> tuple[Tree, ...]:
    return tree.items if isinstance(tree, Row) else (tree,)


def _are_labels(term: Applied) -> bool:
    """Are the targets of a loss class numbers, one axis fewer than the scores have?"""
    scores, targets = map(shape_of, term.arguments)
    return len(targets) == len(scores) - 1


def _samples(term: Applied) -> Tree:
    """How many rows the first argument of a loss has."""
    return Digits(str(prod(shape_of(term.arguments[0])[:-1])))


def _filled(tree: Tree, values: Mapping[str, Piece], op: Op, own: int, strict: int) -> Tree:
    """A template with its holes filled; `own` is what a hole must hold as tightly as here."""

    def inside(part: Tree, outer: int = 0) -> Tree:
        return _filled(part, values, op, outer, strict)

    match tree:
        case Hole(name):
            return values[name].within(own) if name in values else Letter("y")
        case Row(items):
            return row(*_row_filled(items, inside, op))
        case Fraction(above, below):
            return Fraction(inside(above), inside(below))
        case Script(base, below, above):
            return Script(
                inside(base, strict),
                None if below is None else inside(below),
                None if above is None else inside(above),
            )
        case Root(inner, degree):
            return Root(inside(inner), degree)
        case Lined(inner):
            return Lined(inside(inner))
        case Fence(inner, left, right):
            return Fence(inside(inner), left, right)
        case Table(kind, rows):
            return Table(kind, tuple(tuple(inside(cell) for cell in cells) for cells in rows))
    return tree


def _row_filled(
    items: Sequence[Tree], inside: Callable[[Tree, int], Tree], op: Op
) -> Iterator[Tree]:
    """The parts of a row, holes in brackets where their neighbours would tear them apart."""
    ordered = not any(isinstance(law, Commutative) for law in op.laws)
    for i, item in enumerate(items):
        around = [items[j] for j in (i - 1, i + 1) if 0 <= j < len(items)]
        apart = all(each == COMMA for each in around)
        strict = op.precedence + (ordered and i > 0 and op.precedence < ATOM)
        filled = inside(item, 0 if apart else strict)
        if isinstance(filled, Fraction) and filled.above == filled.below:
            continue  # 1/1 of a single sample
        if i + 1 < len(items) and items[i + 1] in _TIGHT:
            filled = before_another(filled)
        torn = i > 0 and items[i - 1] in _BETWEEN
        yield _behind_a_sign(filled) if torn else filled


def _cases(term: Applied) -> Tree:
    """A choice by value, and the choices inside its last branch, one below the other."""
    rows: list[tuple[Tree, ...]] = []
    last: Term = term
    while isinstance(last, Applied) and last.op is term.op:
        condition, value, last = last.arguments
        rows.append((typeset(value), Fence(typeset(condition))))
    rows.append((typeset(last),))
    return Table("cases", tuple(rows))


def _over_axes(template: Tree, axes: Sequence[int], ndim: int) -> Tree:
    """∑ x with the axes below the sign, unless they are all of them."""
    below = between(COMMA, [Digits(str(axis)) for axis in axes])
    if len(axes) == ndim:
        return template
    match template:
        case Lined(inner):
            return row(Script(Letter("mean", upright=True), below), Fence(inner))
        case Row(items):
            big = (i for i, item in enumerate(items) if isinstance(item, Sign) and item.big)
            at = next(big, 0)
            return row(*items[:at], Script(items[at], below), *items[at + 1 :])
    return Script(template, below)


# --------------------------------------------------------------- shapes, equations


def shape_line(
    terms: Sequence[Term], outcomes: Sequence[Shape], rows: Sequence[int]
) -> Tree | None:
    """Mind the shapes: (N, 2) = (N, 3)(3, 2) for products and sums; None for anything else.

    The term comes at each number of rows.
    """
    inner = [_without_reshape(term) for term in terms]
    first = inner[0]
    if isinstance(first, Times) and outer(first.factors):
        made = [[base for base, _ in t.factors] for t in inner if isinstance(t, Times)]
    elif isinstance(first, Applied) and (
        isinstance(first.op.lower, Product) or first.op.lower == Reduce("sum")
    ):
        made = [[_without_reshape(a) for a in parts_of(t)] for t in inner]
    else:
        return None
    if len(made) < len(terms):
        return None
    factors = [
        shape_tree([shape_of(part) for part in each], rows) for each in zip(*made, strict=True)
    ]
    axes = dict(first.attrs).get("axis", ()) if isinstance(first, Applied) else ()
    if isinstance(first, Applied) and first.op.lower == Reduce("sum"):
        below = between(COMMA, [Digits(str(axis)) for axis in axes])
        factors = [Script(Sign("∑", big=True), below), *factors]
    return row(shape_tree(outcomes, rows), EQUALS, *factors)


def _without_reshape(term: Term) -> Term:
    while isinstance(term, Applied) and isinstance(term.op.lower, Reshape):
        term = term.arguments[0]
    return term


@dataclass(frozen=True, slots=True)
class Equation:
    """a = b = c: the terms that are equal, and beside them their shapes.

    What `evaluate` gives of the terms is what is printed of them: they are the same objects.
    """

    sides: tuple[Term, ...]
    note: Tree | None = None

    @property
    def tree(self) -> Tree:
        """As a tree to be printed."""
        line = between(EQUALS, [as_side(side) for side in self.sides])
        return line if self.note is None else row(line, GAP, self.note)


def equation(*sides: Term | None, note: Tree | None = None) -> Equation:
    """a = b = c, each side that says something new once, none that is too long."""
    kept: dict[Tree, Term] = {}
    for side in sides:
        if side is not None:
            kept.setdefault(typeset(side), side)
    return Equation(tuple(kept.values()), note)


def shown(value: Any) -> Term | None:
    """A number or a small array as a side of an equation; None for a large one."""
    return None if array_tree(value) is None else Value(value)


def short(term: Term) -> Term:
    """The term, or dots where it is too long to be read."""
    return term if length(typeset(term)) <= LONG else Elided(term, DOTS)
