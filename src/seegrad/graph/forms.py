"""The closed set of forms that an operation can lower to, and the scalar language of one of them.

Each evaluator (the NumPy plan, the native emitter, the page's JavaScript) knows these forms and
never an op. An op's attributes carry what a form needs, under the names given at each form.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

TRANSCENDENTAL: Mapping[str, int] = {
    "exp": 1, "exp2": 1, "expm1": 1, "log": 1, "log2": 1, "log10": 1, "log1p": 1,
    "sin": 1, "cos": 1, "tan": 1, "arcsin": 1, "arccos": 1, "arctan": 1, "arctan2": 2,
    "sinh": 1, "cosh": 1, "tanh": 1, "arcsinh": 1, "arccosh": 1, "arctanh": 1,
    "erf": 1, "hypot": 2, "logaddexp": 2,
}  # fmt: skip
"""The functions of the scalar language that take many steps, with their number of arguments."""
SCALAR_FUNCTIONS: Mapping[str, int] = {
    # arithmetic
    "add": 2, "subtract": 2, "multiply": 2, "divide": 2, "negative": 1, "power": 2, "mod": 2,
    "floor_divide": 2, "sqrt": 1, "cbrt": 1, "abs": 1, "sign": 1, "maximum": 2, "minimum": 2,
    "floor": 1, "ceil": 1, "round": 1, "trunc": 1,
    **TRANSCENDENTAL,
    # comparison and logic
    "equal": 2, "not_equal": 2, "less": 2, "less_equal": 2, "greater": 2, "greater_equal": 2,
    "logical_and": 2, "logical_or": 2, "logical_xor": 2, "logical_not": 1,
    "isnan": 1, "isinf": 1, "isfinite": 1, "where": 3,
}  # fmt: skip
"""Every function of the scalar language, with its number of arguments."""


@dataclass(frozen=True, slots=True)
class Input:
    """An input of the op, or an attribute that is a number."""

    name: str


@dataclass(frozen=True, slots=True)
class Number:
    """A number written in the expression; its dtype follows its partner's, as in NumPy."""

    value: float


@dataclass(frozen=True, slots=True)
class Apply:
    """One of SCALAR_FUNCTIONS applied to expressions."""

    function: str
    arguments: tuple[Expression, ...]


Expression = Input | Number | Apply

_OPERATORS: Mapping[type[ast.AST], str] = {
    ast.Add: "add", ast.Sub: "subtract", ast.Mult: "multiply", ast.Div: "divide",
    ast.Mod: "mod", ast.FloorDiv: "floor_divide", ast.Pow: "power", ast.USub: "negative",
    ast.Not: "logical_not", ast.And: "logical_and", ast.Or: "logical_or",
    ast.Eq: "equal", ast.NotEq: "not_equal", ast.Lt: "less", ast.LtE: "less_equal",
    ast.Gt: "greater", ast.GtE: "greater_equal",
}  # fmt: skip


def _translate(tree: ast.AST) -> Expression:
    match tree:
        case ast.Name(id=name):
            return Input(name)
        case ast.Constant(value=bool() | int() | float() as value):
            return Number(value)
        case ast.UnaryOp(op=operator, operand=x):
            return Apply(_OPERATORS[type(operator)], (_translate(x),))
        case ast.BinOp(left=a, op=operator, right=b):
            return Apply(_OPERATORS[type(operator)], (_translate(a), _translate(b)))
        case ast.BoolOp(op=operator, values=[a, b]):
            return Apply(_OPERATORS[type(operator)], (_translate(a), _translate(b)))
        case ast.Compare(left=a, ops=[operator], comparators=[b]):
            return Apply(_OPERATORS[type(operator)], (_translate(a), _translate(b)))
        case ast.Call(func=ast.Name(id=name), args=arguments, keywords=[]):
            if SCALAR_FUNCTIONS.get(name) != len(arguments):
                raise ValueError(f"{name} with {len(arguments)} arguments is no scalar function")
            return Apply(name, tuple(map(_translate, arguments)))
    raise ValueError(f"not in the scalar language: {ast.unparse(tree)}")


@cache
def parse_scalar(text: str) -> Expression:
    """The tree of a scalar expression such as `where(x > 0, x, slope * x)`."""
    return _translate(ast.parse(text, mode="eval").body)


def _functions(tree: Expression) -> set[str]:
    if not isinstance(tree, Apply):
        return set()
    return {tree.function}.union(*map(_functions, tree.arguments))


@dataclass(frozen=True, slots=True)
class Scalar:
    """One scalar expression over the inputs (broadcast) and numeric attributes; fusible.

    Its result takes the dtype of the node's spec.
    """

    text: str

    @property
    def tree(self) -> Expression:
        return parse_scalar(self.text)

    @property
    def selects(self) -> bool:
        """Whether it takes one value or another, so that what it leaves has no part in it."""
        return "where" in _functions(self.tree)

    @property
    def slow(self) -> bool:
        """Whether it takes many steps, so that what it gives is rather kept."""
        return not _functions(self.tree).isdisjoint(TRANSCENDENTAL)


@dataclass(frozen=True, slots=True)
class Reduce:
    """A reduction over `axis` (a tuple) with `keepdims`: sum, prod, max, min, all or any."""

    kind: str


@dataclass(frozen=True, slots=True)
class ArgReduce:
    """The first index of the max or min along `axis` (an int; None: flattened), `keepdims`."""

    kind: str


@dataclass(frozen=True, slots=True)
class Scan:
    """A running sum along `axis` (an int)."""

    kind: str


@dataclass(frozen=True, slots=True)
class Permute:
    """Axes in the order `axes`."""


@dataclass(frozen=True, slots=True)
class Reshape:
    """The same elements in C order, as `shape`."""


@dataclass(frozen=True, slots=True)
class Broadcast:
    """Repeated to `shape` by NumPy's broadcasting rules."""


@dataclass(frozen=True, slots=True)
class Slice:
    """`index`: for each axis a triple (start, length, step); step may be negative."""


@dataclass(frozen=True, slots=True)
class Place:
    """Zeros of `shape` with the input written where Slice with the same `index` would read."""


@dataclass(frozen=True, slots=True)
class Pad:
    """`widths`: for each axis (before, after); filled with the number `value`."""


@dataclass(frozen=True, slots=True)
class Join:
    """The inputs one behind the other along `axis`."""


@dataclass(frozen=True, slots=True)
class Gather:
    """`x` read at the integers `indices` along `axis`; out of range is an error."""


@dataclass(frozen=True, slots=True)
class Scatter:
    """Zeros of `shape` to which the first input is added at `indices` along `axis`."""


@dataclass(frozen=True, slots=True)
class Window:
    """A view: for the last axes of x, `size` elements (`dilation` apart) at places `steps` apart.

    Element (…, *k, *p) of the result is x at (…, *(k·dilation + p·steps)); nothing is copied.
    """


@dataclass(frozen=True, slots=True)
class Overlap:
    """Zeros with `shape` as last axes, to which the input is added where Window would read."""


@dataclass(frozen=True, slots=True)
class OneHot:
    """1 where the position along a new last axis of `classes` is the input, else 0, as `dtype`."""


@dataclass(frozen=True, slots=True)
class Product:
    """The matrix product of the last two axes, batched over the rest, as `numpy.matmul`."""


@dataclass(frozen=True, slots=True)
class Contract:
    """The sum of products that `subscripts` (Einstein's, no label twice in a term) states."""


@dataclass(frozen=True, slots=True)
class Random:
    """Numbers of the kind "uniform" or "normal" from a counter-based generator and its key."""

    kind: str


@dataclass(frozen=True, slots=True)
class Loop:
    """`loop`: what has graphs of its own inside, and says how often, or which, of them is run."""


@dataclass(frozen=True, slots=True)
class Elementwise:
    """Works element by element and broadcasts, so that more axes in front change nothing."""


@dataclass(frozen=True, slots=True)
class LeadingAxes:
    """Batched already: it works on the last axes and broadcasts over those before."""


@dataclass(frozen=True, slots=True)
class NamedAxes:
    """Works along the axes that its attributes `names` give as int, and keeps all others."""

    names: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class IndexedAxes:
    """Index arrays read (or, with `shape`, write) the axes that `layout` names."""


Batching = Elementwise | LeadingAxes | NamedAxes | IndexedAxes
"""How an axis of examples joins an op whose form does not say so."""


@dataclass(frozen=True, slots=True)
class Call:
    """No form: the op's NumPy function is called as it is; nothing is fused through it.

    `batching` says how many examples go through one call; None: one call for each.
    """

    batching: Batching | None = None


@dataclass(frozen=True, slots=True)
class Body:
    """The composite's own body is put in its place.

    `batched(node, inputs, count)` gives the node for all examples, where the body's own nodes would
    lose something (a derivative that is stated beside it); None: the body, for all examples.
    """

    batched: Callable[..., Any] | None = None


SIZES = frozenset({"shape", "widths", "classes"})
"""Attributes that alone can make a result larger than all that went in."""

Form = (
    Scalar | Reduce | ArgReduce | Scan | Permute | Reshape | Broadcast | Slice | Place | Pad
    | Join | Gather | Scatter | Window | Overlap | OneHot | Product | Contract | Random | Call
    | Body | Loop
)  # fmt: skip
