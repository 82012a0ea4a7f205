"""The scalar language with dtypes: what each part of a node's expression computes in.

The rules are NumPy's, found by asking it; numbers written in an expression follow their partners.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from seegrad.compiler import plan, scalar_code
from seegrad.graph import lowering
from seegrad.graph.node import Node
from seegrad.graph.spec import DType

Make = Callable[[str], plan.Expression]


@dataclass(frozen=True)
class Typed:
    """Whether a node's expression has native code, and if not, why."""

    why: str


class _Unsupported(Exception):
    pass


def typed(node: Node) -> Typed:
    """Can the node's scalar expression be computed natively?"""
    assert node.op is not None
    names = [n.lstrip("*") for n in node.op.inputs]
    leaves = {n: plan.Literal(0, x.dtype) for n, x in zip(names, node.inputs)}
    for x in (*node.inputs, node):
        if x.dtype.name not in scalar_code.SCALARS:
            return Typed(f"dtype {x.dtype}")
    try:
        expression(node, leaves)
    except _Unsupported as error:
        return Typed(str(error))
    return Typed("")


def expression(node: Node, inputs: Mapping[str, plan.Expression]) -> plan.Expression:
    """The node's scalar expression over those of its inputs, in the dtype of its spec."""
    assert node.op is not None
    assert isinstance(node.op.lower, lowering.Scalar)
    made = _build(node.op.lower.tree, inputs, node.attrs)
    return cast(_settled(made, node.dtype), node.dtype)


def cast(e: plan.Expression, dtype: DType) -> plan.Expression:
    """e converted to `dtype`."""
    if e.dtype == dtype:
        return e
    if isinstance(e, plan.Literal):
        return plan.Literal(e.value, dtype)
    return plan.Apply("cast", (e,), dtype, e.dtype)


class _Weak:
    """A number without a dtype of its own."""

    def __init__(self, value: Any) -> None:
        self.value = value


def _settled(e: plan.Expression | _Weak, dtype: DType) -> plan.Expression:
    return plan.Literal(e.value, dtype) if isinstance(e, _Weak) else e


def _build(
    tree: lowering.Expression, inputs: Mapping[str, plan.Expression], attrs: Mapping[str, Any]
) -> plan.Expression | _Weak:
    if isinstance(tree, lowering.Number):
        return _Weak(tree.value)
    if isinstance(tree, lowering.Input):
        if tree.name in inputs:
            return inputs[tree.name]
        value = attrs[tree.name]
        if isinstance(value, np.generic):
            return plan.Literal(value.item(), value.dtype)
        return _Weak(value)
    parts = [_build(a, inputs, attrs) for a in tree.arguments]
    return _apply(tree.function, parts)


def _apply(function: str, parts: list[plan.Expression | _Weak]) -> plan.Expression | _Weak:
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
    if function == "power" and isinstance(settled[1], plan.Literal):
        simple = _simple_power(settled[0], settled[1].value, common)
        if simple is not None:
            return simple
    compute = scalar_code.compute_dtype(function, *dtypes)
    if not scalar_code.supported(function, compute):
        raise _Unsupported(f"{function} of {compute}")
    result = scalar_code.result_dtype(function, *dtypes)
    if result.name not in scalar_code.SCALARS:
        raise _Unsupported(f"{function} gives {result}")
    return plan.Apply(function, settled, result, compute)


def _simple_power(x: plan.Expression, n: float, dtype: DType) -> plan.Expression | None:
    """Small whole powers as products, a power of ½ as a root."""
    if x.dtype != dtype or dtype.kind not in "fiu":
        return None
    if n == 0.5 and dtype.kind == "f":
        return plan.Apply("sqrt", (x,), dtype, dtype)
    if n not in (1, 2, 3, 4):
        return None
    square = x if n == 1 else plan.Apply("multiply", (x, x), dtype, dtype)
    if n in (1, 2):
        return square
    return plan.Apply("multiply", (square, x if n == 3 else square), dtype, dtype)


def _compute(function: str, values: list[Any]) -> Any:
    name = {"round": "rint", "mod": "remainder"}.get(function, function)
    return getattr(np, name)(*values).item()
