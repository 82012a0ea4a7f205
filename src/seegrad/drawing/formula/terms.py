"""Formulas for readers: terms read off a graph, simplified as a person would.

The simplifier is apart from the compiler's. It knows no operation: sums, products and powers are
recognised by the scalar form that an op declares, everything else by the laws that it declares.
Nothing is expanded and nothing reordered that a reader put in order. `typeset.py` makes them a
tree of what stands where; `evaluate` gives the number of the very same term.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Container, Mapping, Sequence
from dataclasses import dataclass
from functools import cache, reduce
from math import isfinite
from typing import Any

import numpy as np

from seegrad.drawing.formula.tree import Letter, Tree
from seegrad.graph import forms
from seegrad.graph.forms import Broadcast, Permute, Reduce, Reshape, Scalar
from seegrad.graph.graph import walk
from seegrad.graph.laws import Commutative, Idempotent, Involution, Unit, Zero
from seegrad.graph.node import Node
from seegrad.graph.op import Op
from seegrad.graph.spec import Shape
from seegrad.ops import TABLE


@dataclass(frozen=True, slots=True)
class Number:
    """A number without a name."""

    value: float


@dataclass(frozen=True, slots=True)
class Name:
    """Something with a name of its own: an input, an intermediate value, a derivative."""

    label: Tree
    shape: Shape = ()


@dataclass(frozen=True, slots=True)
class Sum:
    """Terms with a coefficient each, in the order in which they were met."""

    parts: tuple[tuple[float, Term], ...]


@dataclass(frozen=True, slots=True)
class Times:
    """A coefficient and factors with an exponent each, in the order in which they were met."""

    coefficient: float
    factors: tuple[tuple[Term, float], ...]


@dataclass(frozen=True, slots=True)
class Applied:
    """An operation that is none of these, on terms."""

    op: Op
    attrs: tuple[tuple[str, Any], ...]
    arguments: tuple[Term, ...]
    shape: Shape


@dataclass(frozen=True, slots=True)
class Written:
    """Factors side by side as they come, nothing simplified: ∂z/∂t · ∂t/∂x, 2t · 1."""

    factors: tuple[Term, ...]


@dataclass(frozen=True, slots=True, eq=False)
class Value:
    """A number or an array that is put in for a name, or that comes out."""

    value: Any
    name: Name | None = None

    @property
    def shape(self) -> Shape:
        return np.shape(self.value)


@dataclass(frozen=True, slots=True)
class Elided:
    """A term too long to be read, shown as `label`."""

    term: Term
    label: Tree


Term = Number | Name | Sum | Times | Applied | Written | Value | Elided

ZERO, ONE = Number(0.0), Number(1.0)
SAMPLES = Name(Letter("N"))
"""The number of samples. Its value is known beside it."""


def shape_of(term: Term) -> Shape:
    """The shape of a term's value."""
    match term:
        case Number():
            return ()
        case Name(shape=shape) | Applied(shape=shape) | Value(shape=shape):
            return shape
        case Elided(inner):
            return shape_of(inner)
        case Written(each):
            return _together([shape_of(factor) for factor in each])
        case Sum(parts):
            return _together([shape_of(part) for _, part in parts])
        case Times(_, factors):
            return _together([shape_of(factor) for factor, _ in factors])


def _together(shapes: Sequence[Shape]) -> Shape:
    return np.broadcast_shapes(*shapes) if shapes else ()


def parts_of(term: Term) -> tuple[Term, ...]:
    """The terms that a term is made of, one level down."""
    match term:
        case Sum(parts):
            return tuple(part for _, part in parts)
        case Times(_, factors):
            return tuple(factor for factor, _ in factors)
        case Applied(arguments=inner) | Written(inner):
            return inner
        case Elided(inner):
            return (inner,)
    return ()


def size(term: Term) -> int:
    """How many names and numbers a reader meets in a term."""
    own = isinstance(term, Applied)
    if isinstance(term, Times):
        own = term.coefficient not in (1, -1)
    inner = parts_of(term)
    return own + sum(map(size, inner)) if inner else 1


def mentions(term: Term, names: Container[Name]) -> bool:
    """Does any of these names stand in the term?"""
    if isinstance(term, Name):
        return term in names
    return any(mentions(part, names) for part in parts_of(term))


def leans_only_on(term: Term, names: Container[Name]) -> bool:
    """Are all the names in the term among these?"""
    if isinstance(term, Name):
        return term in names
    return all(leans_only_on(part, names) for part in parts_of(term))


def replaced(term: Term, change: Callable[[Term], Term]) -> Term:
    """The term with every part of it changed, one level down; nothing is simplified."""
    match term:
        case Sum(parts):
            return Sum(tuple((c, change(part)) for c, part in parts))
        case Times(coefficient, factors):
            return Times(coefficient, tuple((change(base), e) for base, e in factors))
        case Applied(op, attrs, arguments, shape):
            return Applied(op, attrs, tuple(map(change, arguments)), shape)
        case Written(factors):
            return Written(tuple(map(change, factors)))
    return term


def renamed(term: Term, names: Mapping[Name, Name]) -> Term:
    """The term with other names; nothing is simplified."""
    if isinstance(term, Name):
        return names.get(term, term)
    return replaced(term, lambda part: renamed(part, names))


def with_numbers(term: Term, values: Mapping[Name, Any]) -> Term:
    """The term with numbers in the place of names: 3 + 4 for x + y."""
    if isinstance(term, Name):
        return Value(values[term], term) if term in values else term
    return replaced(term, lambda part: with_numbers(part, values))


# --------------------------------------------------------------- put together, simplified


def total(parts: Sequence[tuple[float, Term]]) -> Term:
    """A sum: nested sums opened, numbers and like terms added up."""
    found: dict[Term, float] = {}
    alike: dict[Any, Term] = {}             # a product whatever the order of its factors
    number = 0.0
    for weight, part in parts:
        inner = part.parts if isinstance(part, Sum) else ((1.0, part),)
        for coefficient, term in inner:
            coefficient = coefficient * weight
            if isinstance(term, Times) and term.coefficient != 1:
                coefficient, term = coefficient * term.coefficient, times(1.0, term.factors)
            if isinstance(term, Number):
                number += coefficient * term.value
            else:
                key = frozenset(term.factors) if isinstance(term, Times) else term
                term = alike.setdefault(key, term)
                found[term] = found.get(term, 0.0) + coefficient
    kept = [(c, t) for t, c in found.items() if c != 0]
    if number or not kept:
        first = parts[0][1] if parts else ZERO
        at = 0 if isinstance(first, Number) and kept else len(kept)
        kept.insert(at, (number, ONE) if number else (0.0, ONE))
    if len(kept) == 1:
        coefficient, only = kept[0]
        return times(coefficient, ((only, 1.0),))
    return Sum(tuple(kept))


def times(coefficient: float, factors: Sequence[tuple[Term, float]]) -> Term:
    """A product: nested products opened, numbers multiplied, equal factors made powers."""
    found: dict[Term, float] = {}
    for base, exponent in factors:
        if isinstance(base, Number):
            power = _power(base.value, exponent)
            if power is not None:
                coefficient *= power
                continue
        inner: Sequence[tuple[Term, float]] = ((base, 1.0),)
        if isinstance(base, Times) and (exponent == int(exponent) or base.coefficient > 0):
            power = _power(base.coefficient, exponent)
            if power is not None:
                coefficient, inner = coefficient * power, base.factors
        for each, own in inner:
            if isinstance(each, Number) and (power := _power(each.value, own * exponent)):
                coefficient *= power
            else:
                found[each] = found.get(each, 0.0) + own * exponent
    if coefficient == 0:
        return ZERO
    kept = tuple((base, exponent) for base, exponent in found.items() if exponent != 0)
    if not kept:
        return Number(coefficient)
    if kept[0][1] == 1 and len(kept) == 1:
        only = kept[0][0]
        if coefficient == 1:
            return only
        if isinstance(only, Sum) and coefficient == -1 and only.parts[0][0] < 0:
            return total([(-c, part) for c, part in only.parts])
    return Times(coefficient, kept)


def _power(base: float, exponent: float) -> float | None:
    try:
        result = base**exponent
    except (ZeroDivisionError, OverflowError):
        return None
    return result if isinstance(result, (int, float)) and isfinite(result) else None


def multiplied(*terms: Term) -> Term:
    """The product of some terms."""
    return times(1.0, [(term, 1.0) for term in terms])


@cache
def by_function(function: str) -> Op:
    """The op of the table whose form is just this scalar function of its inputs."""
    for op in TABLE.values():
        form = op.lower
        if isinstance(form, Scalar) and isinstance(form.tree, forms.Apply):
            names = [*(n.lstrip("*") for n in op.inputs), *op.attributes]
            plain = tuple(forms.Input(name) for name in names)
            if form.tree.function == function and form.tree.arguments == plain:
                return op
    raise KeyError(function)


def _arithmetic(tree: forms.Expression, known: Mapping[str, Term]) -> Term | None:
    """A scalar form as sums, products and powers; None if it has anything else in it."""
    match tree:
        case forms.Number(value):
            return Number(float(value))
        case forms.Input(name):
            return known.get(name)
        case forms.Apply(function, arguments):
            terms = [_arithmetic(each, known) for each in arguments]
            if any(term is None for term in terms):
                return None
            return _combined(function, [term for term in terms if term is not None])
    return None


def _combined(function: str, terms: Sequence[Term]) -> Term | None:
    match function, terms:
        case "add", [a, b]:
            return total([(1.0, a), (1.0, b)])
        case "subtract", [a, b]:
            return total([(1.0, a), (-1.0, b)])
        case "multiply", [a, b]:
            return multiplied(a, b)
        case "divide", [a, b]:
            return times(1.0, [(a, 1.0), (b, -1.0)])
        case "negative", [a]:
            return times(-1.0, [(a, 1.0)])
        case "power", [a, Number(exponent)]:
            return times(1.0, [(a, exponent)])
    return None


def apply(op: Op, attrs: Mapping[str, Any], arguments: Sequence[Term], shape: Shape) -> Term:
    """An operation on terms, as simple as its form and its laws make it."""
    if isinstance(op.lower, Scalar):
        known = {name.lstrip("*"): term for name, term in zip(op.inputs, arguments)}
        for name, value in attrs.items():
            if isinstance(value, (int, float)):
                known[name] = Number(float(value))
        found = _arithmetic(op.lower.tree, known)
        if found is not None:
            return found
    if arguments and shape == () and all(isinstance(each, Number) for each in arguments):
        values = [np.float64(each.value) for each in arguments if isinstance(each, Number)]
        with np.errstate(all="ignore"):
            result = np.asarray(op.forward(*values, **attrs))
        if result.shape == () and result.dtype.kind == "f" and np.isfinite(result):
            return Number(float(result))
    if arguments and arguments[0] == ZERO and isinstance(op.lower, _LINEAR):
        return ZERO
    alike = arguments and printed_shape(arguments[0]) == () != shape_of(arguments[0])
    if alike and isinstance(op.lower, (Reshape, Permute)):
        return spread(_unspread(arguments[0]), shape)
    if alike and op.lower == Reduce("sum"):
        axes = attrs["axis"]                        # the sum of one and the same: so many times it
        count = float(np.prod([shape_of(arguments[0])[axis] for axis in axes]))
        once = multiplied(Number(count), _unspread(arguments[0]))
        return spread(once, shape)
    return _by_laws(Applied(op, tuple(attrs.items()), tuple(arguments), shape))


def printed_shape(term: Term) -> Shape:
    """The shape that a reader takes a term for: that a number is repeated is not printed."""
    match term:
        case Applied(op, _, (inner,)) if isinstance(op.lower, Broadcast):
            return printed_shape(inner)
        case Sum() | Times() | Written():
            return _together([printed_shape(part) for part in parts_of(term)])
    return shape_of(term)


def _unspread(term: Term) -> Term:
    """A single number that is repeated, once."""
    if isinstance(term, Applied) and isinstance(term.op.lower, Broadcast):
        return _unspread(term.arguments[0])
    return replaced(term, _unspread) if isinstance(term, (Sum, Times, Written)) else term


def reshaped(term: Term, shape: Shape) -> Applied:
    """The term in another shape."""
    op = next(op for op in TABLE.values() if isinstance(op.lower, Reshape))
    return Applied(op, (("shape", shape),), (term,), shape)


def spread(term: Term, shape: Shape) -> Term:
    """A single number for each element of a shape."""
    if shape_of(term) == shape:
        return term
    return Applied(_broadcast(), (("shape", shape),), (term,), shape)


@cache
def _broadcast() -> Op:
    return next(op for op in TABLE.values() if isinstance(op.lower, Broadcast))


_LINEAR = (Reduce, Reshape, Permute, Broadcast)


def _by_laws(term: Applied) -> Term:
    op, arguments = term.op, term.arguments
    for law in op.laws:
        match law:
            case Involution() if isinstance(inner := arguments[0], Applied) and inner.op is op:
                return inner.arguments[0]
            case Idempotent():
                inner = arguments[0]
                if len(arguments) == 1 and isinstance(inner, Applied) and inner.op is op:
                    return inner
                if len(arguments) == 2 and arguments[0] == arguments[1]:
                    return arguments[0]
            case Unit(value, right_only):
                if arguments[1] == Number(value):
                    return arguments[0]
                if not right_only and arguments[0] == Number(value):
                    return arguments[1]
            case Zero(value) if Number(value) in arguments:
                return Number(value)
            case Commutative():
                pass  # a reader keeps the order in which it was written
    inner = arguments[0] if arguments else ZERO
    if isinstance(op.lower, Permute):
        second = dict(term.attrs)["axes"]
        if tuple(second) == tuple(range(len(second))):
            return inner
    if isinstance(op.lower, Permute) and isinstance(inner, Applied) and inner.op is op:
        first = dict(inner.attrs)["axes"]
        if tuple(first[i] for i in second) == tuple(range(len(second))):
            return inner.arguments[0]
    return term


def rebuilt(term: Term, known: Mapping[Name, Term]) -> Term:
    """The term with names replaced by terms, simplified again."""
    match term:
        case Name():
            return known.get(term, term)
        case Sum(parts):
            return total([(c, rebuilt(part, known)) for c, part in parts])
        case Times(coefficient, factors):
            return times(coefficient, [(rebuilt(base, known), e) for base, e in factors])
        case Applied(op, attrs, arguments, shape):
            return apply(op, dict(attrs), [rebuilt(a, known) for a in arguments], shape)
    return term


MOST = 200
"""Names and numbers in a term; a rule that says more than this has no formula."""


def term_of(node: Node, known: Mapping[Node, Term]) -> Term | None:
    """The term of a graph, nodes in `known` being the terms given there; None if it is too long."""
    done: dict[Node, Term] = dict(known)
    stack = [node]
    needed: set[Node] = set()
    while stack:
        each = stack.pop()
        if each not in done and each not in needed:
            needed.add(each)
            stack.extend(each.inputs)
    sizes = dict.fromkeys(done, 1)
    for each in walk([node]):
        if each in done or each not in needed:
            continue
        sizes[each] = 1 + sum(sizes[x] for x in each.inputs)
        if sizes[each] > MOST:
            return None
        if each.op is None:
            done[each] = constant(each)
        else:
            done[each] = apply(each.op, each.attrs, [done[x] for x in each.inputs], each.shape)
    return done[node]


def constant(node: Node) -> Term:
    """A leaf that nobody named: its number, or its array."""
    if node.data is None:
        return Name(Letter("c", upright=True), node.shape)
    return Value(node.data) if node.shape else Number(np.asarray(node.data).item())


def evaluate(term: Term, known: Mapping[Name, Any]) -> Any:
    """The number or array that a term stands for."""
    match term:
        case Number(value) | Value(value, _):
            return value
        case Name():
            return known[term]
        case Elided(inner):
            return evaluate(inner, known)
        case Written(each):
            return reduce(operator.mul, [np.asarray(evaluate(f, known)) for f in each])
        case Sum(parts):
            return sum(c * evaluate(part, known) for c, part in parts)
        case Times(coefficient, factors):
            result: Any = coefficient
            for base, exponent in factors:
                value = evaluate(base, known)
                result = result * (value if exponent == 1 else np.asarray(value) ** exponent)
            return result
        case Applied(op, attrs, arguments):
            return op.forward(*[np.asarray(evaluate(a, known)) for a in arguments], **dict(attrs))


def chosen(term: Term, known: Mapping[Name, Any], outermost: bool = False) -> Term:
    """The term with every choice made that its numbers decide alike.

    `outermost`: the choice that the term itself is stays, with all its branches, as a book shows
    it, unless it only keeps a computer from dividing by zero.
    """
    match term:
        case Sum(parts):
            return total([(c, chosen(part, known)) for c, part in parts])
        case Times(coefficient, factors):
            return times(coefficient, [(chosen(base, known), e) for base, e in factors])
        case Applied(op, attrs, arguments, shape):
            if op is by_function("where"):
                taken = _taken(term, known, outermost)
                if taken is not None and shape_of(taken) == shape:
                    return chosen(taken, known, outermost)
                if outermost:
                    branches = [_branch(each, known) for each in arguments[1:]]
                    return Applied(op, attrs, (arguments[0], *branches), shape)
            elif _never_clips(term, known):
                return chosen(arguments[0], known)
            inside = [chosen(each, known) for each in arguments]
            return apply(op, dict(attrs), inside, shape)
    return term


def _branch(term: Term, known: Mapping[Name, Any]) -> Term:
    """A branch of a choice that stays, choices inside and all; one for ties goes if there are
    none."""
    if isinstance(term, Applied) and term.op is by_function("where"):
        condition = term.arguments[0]
        if isinstance(condition, Applied) and condition.op is by_function("equal"):
            try:
                if not np.any(evaluate(condition, known)):
                    return _branch(term.arguments[2], known)
            except (KeyError, TypeError, ValueError):
                pass
    return chosen(term, known, outermost=True)


def has_choices(term: Term) -> bool:
    """Is there a choice or a bound in it that numbers have a say in?"""
    choice = isinstance(term, Applied) and (
        term.op is by_function("where") or "low" in dict(term.attrs)
    )
    return choice or any(map(has_choices, parts_of(term)))


def _taken(term: Applied, known: Mapping[Name, Any], outermost: bool) -> Term | None:
    """The branch of a choice that is taken for every element; None if that cannot be said."""
    condition, first, second = term.arguments
    test = condition.op if isinstance(condition, Applied) else None
    single = isinstance(condition, Applied) and any(
        isinstance(each, Number) for each in condition.arguments
    )
    guards = single and test in (by_function("equal"), by_function("not_equal"))
    if outermost and not guards:
        return None
    try:
        holds = np.asarray(evaluate(condition, known))
    except (KeyError, TypeError, ValueError):
        return None if not guards else second if test is by_function("equal") else first
    return first if holds.all() else second if not holds.any() else None


TINY = 1e-30


def _never_clips(term: Applied, known: Mapping[Name, Any]) -> bool:
    """Is this a bound so small that only a computer needs it, and is nothing below it?"""
    low, high = dict(term.attrs).get("low"), dict(term.attrs).get("high")
    if not isinstance(low, float) or not 0 < low < TINY or high not in (None, np.inf):
        return False
    try:
        return bool(np.all(np.asarray(evaluate(term.arguments[0], known)) >= low))
    except (KeyError, TypeError, ValueError):
        return True
