"""Expressions from the command line, such as "(x+y)**2": read by a whitelist, never run as code.

Python's own parser makes the tree; only names, numbers, arithmetic and operations of the table
pass. Shapes are worked out before anything is computed, so that nothing large is ever made.
"""

from __future__ import annotations

import ast
import json
import math
import unicodedata
import warnings
from collections.abc import Mapping
from typing import Any

import numpy as np

from seegrad.errors import ExpressionError, Line, SeegradError
from seegrad.graph.bind import bind
from seegrad.graph.node import Node
from seegrad.graph.op import Op
from seegrad.graph.spec import NO_ATTRS
from seegrad.i18n import tr
from seegrad.ops import TABLE
from seegrad.tensor.numpy_names import NUMPY_FUNCTIONS
from seegrad.tensor.tensor import Tensor, tensor

LONGEST, DEEPEST, NODES = 1000, 40, 300
LARGEST = 100_000  # elements of any value
NUMBER = 1e5  # an attribute, such as an axis or an exponent, is no larger
OPERATORS: Mapping[type[ast.AST], str] = {
    ast.Add: "add", ast.Sub: "subtract", ast.Mult: "multiply", ast.Div: "divide",
    ast.MatMult: "matmul", ast.Mod: "mod", ast.FloorDiv: "floor_divide", ast.USub: "negative",
    ast.Gt: "greater", ast.GtE: "greater_equal", ast.Lt: "less", ast.LtE: "less_equal",
    ast.Eq: "equal", ast.NotEq: "not_equal",
}  # fmt: skip
CONSTANTS = {"pi": math.pi, "e": math.e}


def read_value(name: str, text: str) -> Tensor:
    """The tensor that `name=text` on a command line gives: a number or a nested list of numbers.

    >>> read_value("x", "[[1, 2], [3, 4]]").shape
    (2, 2)
    """
    plain = unicodedata.normalize("NFKC", name)
    if not plain.isidentifier() or len(plain) > 40:
        raise ExpressionError(
            tr("a name consists of letters and digits"), came=_short(name),
            hint=tr("write for example x=3"),
        )  # fmt: skip
    if len(text) > 20 * LONGEST or text.count("[") > LONGEST:
        raise ExpressionError(tr("the value of {name} is too long", name=plain))
    try:
        value = json.loads(text.replace("(", "[").replace(")", "]"))
        array = np.asarray(value, np.float64)
    except (ValueError, TypeError, RecursionError, OverflowError):
        raise ExpressionError(
            tr("the value of {name} is not a number", name=plain),
            asked=tr("a number, or lists of numbers with equal lengths: [[1, 2], [3, 4]]"),
            came=_short(text),
        ) from None
    if array.ndim > 8 or array.size > LARGEST or isinstance(value, (dict, str, type(None), bool)):
        raise ExpressionError(
            tr("the value of {name} is not a number", name=plain), came=_short(text)
        )
    return tensor(array if array.ndim else float(array), name=plain)


def read_expression(text: str, values: Mapping[str, Tensor] | None = None) -> Tensor:
    """The tensor that an expression of the given values computes, with its graph.

    Names, numbers, + - * / ** @ % //, comparisons, `.T`, lists of numbers, and every operation of
    the table by its name (attributes by keyword). Anything else is an ExpressionError: nothing is
    run as code, nothing longer, deeper or larger than the limits at the head is read or computed.

    Args:
        text: the expression.

    >>> x, y = read_value("x", "3"), read_value("y", "4")
    >>> read_expression("(x+y)**2", {"x": x, "y": y}).item()
    49.0
    """
    known: dict[str, Node] = {
        unicodedata.normalize("NFKC", name): value for name, value in (values or {}).items()
    }
    tree = _parsed(text)
    try:
        with np.errstate(all="ignore"):
            _Builder(known, dry=True).build(tree)  # refuses what would be too large
            result = _Builder(known, dry=False).build(tree)
    except ExpressionError:
        raise
    except SeegradError as error:
        raise ExpressionError(
            error.problem, asked=error.asked, came=error.came, hint=error.hint,
            line=Line(tr("expression"), 1, "", _short(text)),
        ).of(error.operation, error.inputs) from None
    except (TypeError, ValueError, OverflowError, RecursionError, MemoryError, IndexError,
            KeyError, AttributeError, ZeroDivisionError) as error:  # fmt: skip
        raise ExpressionError(str(error) or type(error).__name__) from None
    if not isinstance(result, Tensor):
        raise ExpressionError(
            tr("the expression computes nothing from a value"), came=_short(text),
            hint=tr("use a name and give it a value: x=3"),
        )  # fmt: skip
    return result


def _short(text: str) -> str:
    clean = "".join(c if c.isprintable() else " " for c in " ".join(text[:200].split()))
    return clean if len(clean) <= 60 else clean[:59] + "…"


def _parsed(text: str) -> ast.expr:
    if len(text) > LONGEST:
        raise ExpressionError(
            tr("the expression is too long"),
            asked=tr("at most {count} characters", count=LONGEST),
            came=str(len(text)),
        )
    deepest = depth = 0
    for c in text:
        depth += (c in "([{") - (c in ")]}")
        deepest = max(deepest, depth)
    if deepest > DEEPEST:
        raise ExpressionError(tr("the expression is nested too deeply"))
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            tree = ast.parse(text.strip(), mode="eval").body
    except (SyntaxError, ValueError, MemoryError, RecursionError) as error:
        place = getattr(error, "offset", None)
        raise ExpressionError(
            tr("the expression cannot be read"),
            came=_short(text) + (f" ({tr('at character')} {place})" if place else ""),
        ) from None
    count, stack = 0, [(tree, 0)]
    while stack:
        node, level = stack.pop()
        count += 1
        if level > DEEPEST or count > 3 * NODES:
            raise ExpressionError(tr("the expression is nested too deeply"))
        children: list[Any] = list(ast.iter_child_nodes(node))
        stack.extend((child, level + 1) for child in children)
    return tree


def symbol(x: Node) -> Node:
    """A leaf of which only shape and dtype are known."""
    if x.data is None:
        return x
    return Tensor(None, (), NO_ATTRS, (), None, x.requires_grad, x.spec, x.name)


class _Builder:
    """Builds a graph from a tree that has passed the limits."""

    def __init__(self, known: Mapping[str, Node], dry: bool) -> None:
        self.known, self.dry = known, dry
        self.made = 0

    def build(self, tree: ast.expr) -> Any:
        match tree:
            case ast.Constant(value=int() | float() as value) if not isinstance(value, bool):
                return _number(value)
            case ast.Name(id=name):
                return self.name(name)
            case ast.List() | ast.Tuple():
                return self.row(tree)
            case ast.UnaryOp(op=ast.UAdd(), operand=x):
                return self.build(x)
            case ast.UnaryOp(op=ast.USub(), operand=ast.Constant(value=int() | float() as value)):
                return -_number(value)
            case ast.UnaryOp(op=ast.USub(), operand=x):
                return self.call("negative", [self.build(x)], {})
            case ast.BinOp(left=a, op=ast.Pow(), right=b):
                return self.power(self.build(a), self.build(b))
            case ast.BinOp(left=a, op=operator, right=b) if type(operator) in OPERATORS:
                return self.call(OPERATORS[type(operator)], [self.build(a), self.build(b)], {})
            case ast.Compare(left=a, ops=[operator], comparators=[b]) if (
                type(operator) in OPERATORS
            ):
                return self.call(OPERATORS[type(operator)], [self.build(a), self.build(b)], {})
            case ast.Attribute(value=x, attr="T"):
                return self.call("transpose", [self.build(x)], {})
            case ast.Call(func=ast.Name(id=name), args=arguments, keywords=keywords):
                return self.function(name, arguments, keywords)
        raise ExpressionError(
            tr("this does not belong in an expression"),
            came=_short(ast.unparse(tree)) if len(ast.dump(tree)) < 5000 else "…",
            hint=tr("use names, numbers, + - * / ** @ and the operations of `seegrad ops`"),
        )

    def row(self, tree: ast.List | ast.Tuple) -> Any:
        """A list of numbers as an array; with names in it, as the stack of its items."""
        if all(isinstance(each, (*_LITERALS, ast.Load)) for each in ast.walk(tree)):
            return _array(tree)
        items = [self.build(item) for item in tree.elts]
        return self.call("stack", items, {"axis": 0})

    def name(self, name: str) -> Any:
        if name in self.known:
            return self.known[name]
        if name in CONSTANTS:
            return CONSTANTS[name]
        raise ExpressionError(
            tr("{name} has no value", name=_short(name)),
            asked=", ".join(self.known) or tr("a value for each name"),
            hint=tr("give it one: {name}=3", name=_short(name)),
        )

    def power(self, base: Any, exponent: Any) -> Any:
        if isinstance(exponent, float) and isinstance(base, Node):
            whole = int(exponent) if exponent == int(exponent) else exponent
            return self.call("power_scalar", [base], {"exponent": whole})
        return self.call("power", [base, exponent], {})

    def function(self, name: str, arguments: list[ast.expr], keywords: list[ast.keyword]) -> Any:
        inputs = [self.build(each) for each in arguments]
        attrs: dict[str, Any] = {}
        for keyword in keywords:
            if keyword.arg is None:
                raise ExpressionError(tr("this does not belong in an expression"), came="**")
            attrs[keyword.arg] = _attribute(keyword.value)
        return self.call(name, inputs, attrs)

    def call(self, name: str, inputs: list[Any], attrs: dict[str, Any]) -> Any:
        function: Any = TABLE.get(name) or NUMPY_FUNCTIONS.get(name)
        if not isinstance(function, Op) or function.family == "random":
            raise ExpressionError(
                tr("there is no such operation"), came=_short(name),
                hint=tr("`seegrad ops` lists them"),
            )  # fmt: skip
        self.made += 1
        if self.made > NODES:
            raise ExpressionError(tr("the expression is too long"))
        if function.inlined or not any(isinstance(x, Node) for x in inputs):
            inputs = [x if isinstance(x, Node) else tensor(x, requires_grad=False)
                      for x in inputs]  # fmt: skip
        if self.dry:  # no numbers, so that nothing is computed before its size is known
            inputs = [symbol(x) if isinstance(x, Node) else x for x in inputs]
        given, settled = function.arguments(tuple(inputs), attrs)
        made = bind(function, given, settled)
        for x in (made, *given):
            size = math.prod(np.shape(x) if not isinstance(x, Node) else x.shape)
            if size > LARGEST:
                raise ExpressionError(
                    tr("a value would become too large"),
                    asked=tr("at most {count} elements", count=LARGEST),
                    came=f"{name}: {size}",
                )
        return made


def _number(value: float) -> float:
    try:
        return float(value)
    except OverflowError:
        raise ExpressionError(tr("a number is too large"), came=f"{str(value)[:20]}…") from None


_LITERALS = (ast.List, ast.Tuple, ast.Constant, ast.UnaryOp, ast.USub)


def _array(tree: ast.expr) -> Any:
    try:
        return np.asarray(_literal(tree), np.float64)
    except (ValueError, TypeError, OverflowError):
        raise ExpressionError(
            tr("a list holds numbers only, in equal lengths"), came=_short(ast.unparse(tree))
        ) from None


def _literal(tree: ast.expr) -> Any:
    match tree:
        case ast.List(elts=items) | ast.Tuple(elts=items):
            return [_literal(item) for item in items]
        case ast.Constant(value=int() | float() as value) if not isinstance(value, bool):
            return _number(value)
        case ast.UnaryOp(op=ast.USub(), operand=x):
            return -_literal(x)
    raise ValueError


def _attribute(tree: ast.expr) -> Any:
    """The value of an attribute: a number, True, False, None, or a tuple of whole numbers."""
    match tree:
        case ast.Constant(value=bool() | None as value):
            return value
        case ast.Constant(value=int() | float() as value) if abs(value) <= NUMBER:
            return value
        case ast.UnaryOp(op=ast.USub(), operand=x) if not isinstance(x, ast.UnaryOp):
            return -_attribute(x)
        case ast.List(elts=items) | ast.Tuple(elts=items) if len(items) <= 8:
            return tuple(_attribute(item) for item in items)
    raise ExpressionError(
        tr("an attribute is a number, True, False, None or a few numbers"),
        came=_short(ast.unparse(tree)),
    )
