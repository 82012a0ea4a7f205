"""SymPy as an independent judge of derivations of single numbers.

Both the function and its derivative are taken from the lines that are printed, put into SymPy's
own terms, and compared with what SymPy finds when it differentiates the function itself.
"""

from __future__ import annotations

import math
import operator
from collections.abc import Callable, Mapping
from functools import reduce
from typing import Any

import numpy as np
import sympy

from seegrad.drawing.formula.document import Derivation
from seegrad.drawing.formula.rules import quietly, symbol
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
    parts_of,
    term_of,
)
from seegrad.drawing.formula.tree import Letter, Words, partial
from seegrad.drawing.formula.unicode import to_text
from seegrad.graph import forms
from seegrad.graph.node import Node
from seegrad.graph.spec import Spec

FUNCTIONS: Mapping[str, Callable[..., Any]] = {
    "add": operator.add, "subtract": operator.sub, "multiply": operator.mul,
    "divide": operator.truediv, "negative": operator.neg, "power": operator.pow,
    "exp": sympy.exp, "log": sympy.log, "sqrt": sympy.sqrt, "sin": sympy.sin, "cos": sympy.cos,
    "tan": sympy.tan, "sinh": sympy.sinh, "cosh": sympy.cosh, "tanh": sympy.tanh,
    "arctan": sympy.atan, "erf": sympy.erf,
    "log1p": lambda x: sympy.log(1 + x), "expm1": lambda x: sympy.exp(x) - 1,
    "square": lambda x: x**2, "arcsin": sympy.asin, "arccos": sympy.acos, "arcsinh": sympy.asinh,
    "arccosh": sympy.acosh, "arctanh": sympy.atanh, "arctan2": sympy.atan2,
    "cbrt": lambda x: x ** sympy.Rational(1, 3), "exp2": lambda x: 2**x,
    "log2": lambda x: sympy.log(x, 2), "log10": lambda x: sympy.log(x, 10),
    "hypot": lambda x, y: sympy.sqrt(x**2 + y**2),
    "logaddexp": lambda x, y: sympy.log(sympy.exp(x) + sympy.exp(y)),
    "abs": sympy.Abs, "sign": sympy.sign, "maximum": sympy.Max, "minimum": sympy.Min,
    "less": sympy.Lt, "less_equal": sympy.Le, "greater": sympy.Gt, "greater_equal": sympy.Ge,
    "logical_and": sympy.And, "logical_or": sympy.Or, "logical_not": sympy.Not,
    "where": lambda c, x, y: sympy.Piecewise((x, c), (y, True)),
}  # fmt: skip
"""What the scalar forms say, in SymPy's words."""


LARGEST = 60
"""Names and numbers of a term written out, beyond which SymPy takes too long."""


def spelled_size(term: Term, defined: Mapping[Name, Term], sizes: dict[Name, int]) -> int:
    """How many names and numbers a term has, names replaced by what they are defined as."""
    if isinstance(term, Name) and term in defined:
        if term not in sizes:
            sizes[term] = spelled_size(defined[term], defined, sizes)
        return sizes[term]
    return 1 + sum(spelled_size(part, defined, sizes) for part in parts_of(term))


class CannotJudge(Exception):
    """SymPy's words do not reach here."""


def _number(value: float) -> Any:
    if math.isfinite(value) and value == int(value):
        return sympy.Integer(int(value))
    return sympy.Float(value, 40)                # of ∞ and NaN too


def _scalar(tree: forms.Expression, known: Mapping[str, Any]) -> Any:
    match tree:
        case forms.Number(value):
            return _number(value)
        case forms.Input(name) if name in known:
            return known[name]
        case forms.Apply(function, arguments) if function in FUNCTIONS:
            return FUNCTIONS[function](*[_scalar(each, known) for each in arguments])
    raise CannotJudge


def translated(term: Term, defined: Mapping[Name, Term]) -> Any:
    """A term in SymPy's terms, names replaced by what they are defined as."""
    match term:
        case Number(value):
            return _number(value)
        case Name():
            if term in defined:
                return translated(defined[term], defined)
            return sympy.Symbol(to_text(term.label), real=True)
        case Value() | Elided():
            raise CannotJudge
        case Sum(parts):
            return sum(c * translated(part, defined) for c, part in parts)
        case Times(coefficient, factors):
            return coefficient * reduce(
                operator.mul, [translated(base, defined) ** e for base, e in factors], 1
            )
        case Written(factors):
            return reduce(operator.mul, [translated(each, defined) for each in factors])
        case Applied(op, attrs, arguments):
            inner = [translated(each, defined) for each in arguments]
            if isinstance(op.lower, forms.Scalar):
                numbers = {k: v for k, v in attrs if isinstance(v, (int, float))}
                return _scalar(op.lower.tree, numbers | dict(zip(op.inputs, inner)))
            return _body(term, inner)
    raise CannotJudge


def _body(term: Applied, inner: list[Any]) -> Any:
    """A composite, by its own body."""
    if term.op.body is None or term.shape != ():
        raise CannotJudge
    leaves = [symbol(Spec((), np.dtype(np.float64))) for _ in inner]
    with quietly():
        made = term.op.body(*leaves, **dict(term.attrs))
    names: dict[Node, Term] = {x: Name(Words(f"input {i}")) for i, x in enumerate(leaves)}
    found = term_of(made, names) if isinstance(made, Node) else None
    if found is None:
        raise CannotJudge
    spelled = translated(found, {})
    return spelled.subs({sympy.Symbol(to_text(Words(f"input {i}")), real=True): each
                         for i, each in enumerate(inner)}, simultaneous=True)  # fmt: skip


def _has_numbers(term: Term) -> bool:
    return isinstance(term, (Value, Elided)) or any(map(_has_numbers, parts_of(term)))


def _agree(came: Any, wanted: Any, at: dict[Any, float], rng: np.random.Generator) -> bool:
    """Are both the same number at three points near by?"""
    for _ in range(3):
        a, b = (complex(sympy.sympify(each).subs(at).evalf(30)) for each in (came, wanted))
        if abs(a - b) > 1e-9 * max(1, abs(b)):
            return False
        at = {name: value * float(rng.uniform(0.999, 1.001)) for name, value in at.items()}
    return True


def _symbol(name: Name) -> Any:
    return sympy.Symbol(to_text(name.label), real=True)


def verdicts(told: Derivation, rng: np.random.Generator) -> tuple[int, list[str]]:
    """How many of the derivatives SymPy could judge, and those that it finds otherwise."""
    steps = [step for step in told.steps if step.part != "fold"]
    lines = [line for step in steps for line in step.lines if line is not None]
    defined: dict[Name, Term] = {}
    for line in (line for step in steps if step.part == "names" for line in step.lines if line):
        if isinstance(line.sides[0], Name):
            defined[line.sides[0]] = line.sides[1]
    if not defined or any(name.shape for name in told.known):
        return 0, []
    outcome = [*defined][-1]
    inputs = [n for n in told.known if n not in defined and isinstance(n.label, (Letter, Words))]
    at = {_symbol(name): float(told.known[name]) for name in inputs}
    judged, faults, spelled = 0, [], spelled_size(outcome, defined, {})
    for x in inputs:
        slope = partial(outcome.label, x.label)
        for line in lines:
            plain = [side for side in line.sides[1:] if not _has_numbers(side)]
            head = line.sides[0]
            if not plain or not isinstance(head, Name) or head.label != slope:
                continue
            if spelled > LARGEST or spelled_size(plain[-1], defined, {}) > LARGEST:
                continue
            try:
                wanted = sympy.diff(translated(outcome, defined), _symbol(x))
                came = translated(plain[-1], defined)
                agree = _agree(came, wanted, at, rng)
            except (CannotJudge, TypeError, AttributeError, RecursionError):
                continue
            judged += 1
            if not agree:
                faults.append(f"SymPy finds {wanted}, not {came}")
    return judged, faults
