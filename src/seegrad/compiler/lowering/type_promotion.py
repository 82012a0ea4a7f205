"""The scalar language with dtypes: what each part of a node's expression computes in.

The rules are NumPy's, found by asking it; numbers written in an expression follow their partners.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np

from seegrad.compiler.ir import scalar_types
from seegrad.compiler.ir.expression import Apply, Expression, Literal
from seegrad.graph import forms
from seegrad.graph.node import Node
from seegrad.graph.op import Op
from seegrad.graph.spec import NO_ATTRS, DType


@dataclass(frozen=True)
class Typed:
    """Whether a node's expression has native code, and if not, why."""

    why: str


class _Unsupported(Exception):
    pass


def typed(node: Node) -> Typed:
    """Can the node's scalar expression be computed natively?"""
    assert node.op is not None
    if node.attrs:
        return _typed(node.op, node.attrs, node.dtype, *(x.dtype for x in node.inputs))
    return _typed_plain(node.op, node.dtype, *(x.dtype for x in node.inputs))


def _typed(op: Op, attrs: Mapping[str, Any], made: DType, *given: DType) -> Typed:
    assert isinstance(op.lower, forms.Scalar)
    names = [n.lstrip("*") for n in op.inputs]
    for dtype in (*given, made):
        if not scalar_types.native(dtype):
            return Typed(f"dtype {dtype}")
    try:
        _build(op.lower.tree, {n: Literal(0, d) for n, d in zip(names, given)}, attrs)
    except _Unsupported as error:
        return Typed(str(error))
    return Typed("")


@lru_cache(maxsize=4096)
def _typed_plain(op: Op, made: DType, *given: DType) -> Typed:
    return _typed(op, NO_ATTRS, made, *given)


def expression(node: Node, inputs: Mapping[str, Expression]) -> Expression:
    """The node's scalar expression over those of its inputs, in the dtype of its spec."""
    assert node.op is not None
    assert isinstance(node.op.lower, forms.Scalar)
    made = _build(node.op.lower.tree, inputs, node.attrs)
    return cast(_settled(made, node.dtype), node.dtype)


def cast(e: Expression, dtype: DType) -> Expression:
    """e converted to `dtype`."""
    if e.dtype == dtype:
        return e
    if isinstance(e, Literal):
        return Literal(e.value, dtype)
    return Apply("cast", (e,), dtype, e.dtype)


class _Weak:
    """A number without a dtype of its own."""

    def __init__(self, value: Any) -> None:
        self.value = value


def _settled(e: Expression | _Weak, dtype: DType) -> Expression:
    return Literal(e.value, dtype) if isinstance(e, _Weak) else e


def _build(
    tree: forms.Expression, inputs: Mapping[str, Expression], attrs: Mapping[str, Any]
) -> Expression | _Weak:
    if isinstance(tree, forms.Number):
        return _Weak(tree.value)
    if isinstance(tree, forms.Input):
        if tree.name in inputs:
            return inputs[tree.name]
        value = attrs[tree.name]
        if isinstance(value, np.generic):
            return Literal(value.item(), value.dtype)
        return _Weak(value)
    parts = [_build(a, inputs, attrs) for a in tree.arguments]
    return _apply(tree.function, parts)


def _apply(function: str, parts: list[Expression | _Weak]) -> Expression | _Weak:
    strong = [p.dtype for p in parts if not isinstance(p, _Weak)]
    if not strong:
        return _Weak(_compute(function, [p.value for p in parts if isinstance(p, _Weak)]))
    choice = function == "where"
    partners = [p.dtype for p in parts[1:] if not isinstance(p, _Weak)] if choice else strong
    values = [p.value for p in (parts[1:] if choice else parts) if isinstance(p, _Weak)]
    common = np.result_type(*partners, *values) if partners or values else strong[0]
    settled = [
        _settled(p, np.dtype(bool) if choice and i == 0 else common) for i, p in enumerate(parts)
    ]
    dtypes = [p.dtype for p in settled]
    if function == "power" and isinstance(settled[1], Literal):
        simple = _simple_power(settled[0], settled[1].value, common)
        if simple is not None:
            return simple
    compute = scalar_types.compute_dtype(function, *dtypes)
    if not scalar_types.supported(function, compute):
        raise _Unsupported(f"{function} of {compute}")
    result = scalar_types.result_dtype(function, *dtypes)
    if not scalar_types.native(result):
        raise _Unsupported(f"{function} gives {result}")
    return Apply(function, settled, result, compute)


def _simple_power(x: Expression, n: float, dtype: DType) -> Expression | None:
    """Small whole powers as products, a power of ½ as a root."""
    if x.dtype != dtype or dtype.kind not in "fiu":
        return None
    if n == 0.5 and dtype.kind == "f":
        return Apply("sqrt", (x,), dtype, dtype)
    if n not in (1, 2, 3, 4):
        return None
    square = x if n == 1 else Apply("multiply", (x, x), dtype, dtype)
    if n in (1, 2):
        return square
    return Apply("multiply", (square, x if n == 3 else square), dtype, dtype)


def _compute(function: str, values: list[Any]) -> Any:
    name = {"round": "rint", "mod": "remainder"}.get(function, function)
    return getattr(np, name)(*values).item()
