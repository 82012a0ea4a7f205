"""How an op is called in ONNX: `Name`, or `Name(inputs and attributes, attribute=ours)`.

The text stands at the op's definition and is read in both directions: what stands before the
keywords becomes ONNX's inputs, in order; a keyword is an attribute there, its value ours (or a
whole number or a text that is always so). An input may be a list of numbers, the length of an
axis (`x.shape[axis]`) or `zeros(shape)`; `[1]` behind the call takes its second result. `Name`
alone takes the op's inputs. Calls of PyTorch's ATen are written alike; a name there may have the
overload behind it, `sum.dim_IntList(x, axis, keepdims)`. No file is known here.
"""

from __future__ import annotations

import ast
from dataclasses import dataclass
from functools import cache


@dataclass(frozen=True, slots=True)
class Literal:
    """Whole numbers that always stand there; as an input in the result's dtype."""

    values: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Length:
    """How many elements an input has along the axis that an attribute names."""

    input: str
    axis: str


@dataclass(frozen=True, slots=True)
class Zeros:
    """Zeros in the result's dtype, of the shape that an attribute says."""

    shape: str


@dataclass(frozen=True, slots=True)
class Word:
    """A text that always stands there."""

    text: str


Given = str | Literal | Length | Zeros
"""What becomes an input of ONNX's operator; a text is one of our inputs or attributes."""


@dataclass(frozen=True, slots=True)
class Exchange:
    """An op's call in ONNX. `inputs` is None where they are the op's own, in order."""

    name: str
    inputs: tuple[Given, ...] | None
    attributes: tuple[tuple[str, str | int | Word], ...]
    result: int = 0

    @property
    def named(self) -> frozenset[str]:
        """The inputs and attributes of ours that it speaks of."""
        found: set[str] = {value for _, value in self.attributes if isinstance(value, str)}
        for given in self.inputs or ():
            match given:
                case str():
                    found.add(given)
                case Length(input, axis):
                    found |= {input, axis}
                case Zeros(shape):
                    found.add(shape)
        return frozenset(found)


def _input(tree: ast.expr) -> Given:
    match tree:
        case ast.Name(id=name):
            return name
        case ast.List(elts=items):
            return Literal(tuple(_number(item) for item in items))
        case ast.Subscript(ast.Attribute(ast.Name(id=name), attr="shape"), ast.Name(id=axis)):
            return Length(name, axis)
        case ast.Call(func=ast.Name(id="zeros"), args=[ast.Name(id=shape)], keywords=[]):
            return Zeros(shape)
    raise ValueError(ast.unparse(tree))


def _number(tree: ast.expr) -> int:
    match tree:
        case ast.Constant(value=int() as value):
            return value
    raise ValueError(ast.unparse(tree))


def _attribute(tree: ast.expr) -> str | int | Word:
    match tree:
        case ast.Name(id=name):
            return name
        case ast.Constant(value=str() as text):
            return Word(text)
    return _number(tree)


@cache
def parse_exchange(text: str) -> Exchange:
    """`Softmax(x, axis=axis)` as data. Raises ValueError for another kind of text."""
    tree = ast.parse(text, mode="eval").body
    result = 0
    if isinstance(tree, ast.Subscript):
        result = _number(tree.slice)
        tree = tree.value
    match tree:
        case ast.Name() | ast.Attribute(ast.Name()):
            return Exchange(ast.unparse(tree), None, (), result)
        case ast.Call(func=ast.Name() | ast.Attribute(ast.Name()), args=args, keywords=keywords):
            attributes = tuple((str(k.arg), _attribute(k.value)) for k in keywords)
            return Exchange(ast.unparse(tree.func), tuple(map(_input, args)), attributes, result)
    raise ValueError(f"{text!r} is no call of an ONNX operator")
