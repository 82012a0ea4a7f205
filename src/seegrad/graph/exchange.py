"""How an op is called in ONNX: `Name`, or `Name(inputs and attributes, attribute=ours)`.

The text stands at the op's definition and is read in both directions: what stands before the
keywords becomes ONNX's inputs, in order; a keyword is an attribute there, its value ours (or a
whole number that is always so). `Name` alone takes the op's inputs. No file is known here.
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
class Exchange:
    """An op's call in ONNX. `inputs` is None where they are the op's own, in order."""

    name: str
    inputs: tuple[str | Literal, ...] | None
    attributes: tuple[tuple[str, str | int], ...]

    @property
    def named(self) -> frozenset[str]:
        """The inputs and attributes of ours that it speaks of."""
        found = [*(self.inputs or ()), *(value for _, value in self.attributes)]
        return frozenset(name for name in found if isinstance(name, str))


def _input(tree: ast.expr) -> str | Literal:
    match tree:
        case ast.Name(id=name):
            return name
        case ast.List(elts=items):
            return Literal(tuple(_number(item) for item in items))
    raise ValueError(ast.unparse(tree))


def _number(tree: ast.expr) -> int:
    match tree:
        case ast.Constant(value=int() as value):
            return value
    raise ValueError(ast.unparse(tree))


@cache
def parse_exchange(text: str) -> Exchange:
    """`Softmax(x, axis=axis)` as data. Raises ValueError for another kind of text."""
    match ast.parse(text, mode="eval").body:
        case ast.Name(id=name):
            return Exchange(name, None, ())
        case ast.Call(func=ast.Name(id=name), args=args, keywords=keywords):
            attributes = tuple(
                (str(k.arg), k.value.id if isinstance(k.value, ast.Name) else _number(k.value))
                for k in keywords
            )
            return Exchange(name, tuple(map(_input, args)), attributes)
    raise ValueError(f"{text!r} is no call of an ONNX operator")
