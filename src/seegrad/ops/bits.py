"""Whole numbers bit by bit, by NumPy's names; they have no derivative.

Booleans are combined by the logical operations of `compare`.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from seegrad.errors import DTypeError
from seegrad.graph.forms import Call, Elementwise
from seegrad.graph.op import Case, Op
from seegrad.graph.spec import Spec
from seegrad.i18n import tr
from seegrad.ops.arithmetic import floor_divide
from seegrad.ops.families import elementwise_spec, operation
from seegrad.ops.transcendental import power

_BOTH = {"a": 8, "b": 8}
_PAIRS = tuple(
    Case(shapes, integers=_BOTH) for shapes in (((), ()), ((2, 3), (3,)), ((0, 3), (3,)))
)


def _whole(forward: Any) -> Any:
    """The spec of `forward`, for whole numbers and booleans only."""
    rule = elementwise_spec(forward)

    def spec(*specs: Spec) -> Spec:
        for each in specs:
            if each.dtype.kind not in "iub":
                raise DTypeError(
                    tr("{name} takes whole numbers", name=forward.__name__),
                    asked="integers or booleans", came=tr("dtype {dtype}", dtype=each.dtype),
                    hint="compare first, as in (x > 0)",
                )  # fmt: skip
        return rule(*specs)

    return spec


def _of_bits(function: Any, sign: str, latex: str, **said: Any) -> Callable[..., Op]:
    """What two whole numbers make bit by bit; no derivative goes there."""
    return operation(
        spec=_whole(function), lower=Call(Elementwise()), sign=sign, latex=latex, numpy=(),
        d={"a": None, "b": None}, cases=_PAIRS, integer_inputs=("a", "b"),
        **{"aten": function.__name__, **said},
    )  # fmt: skip


@_of_bits(np.bitwise_and, "&", r"$a \mathbin{\&} $b", onnx="BitwiseAnd")
def bitwise_and(a, b):
    """The bits that a and b both have."""
    return np.bitwise_and(a, b)


@_of_bits(np.gcd, "gcd", r"\gcd($a, $b)")
def gcd(a, b):
    """The greatest whole number that divides a and b."""
    return np.gcd(a, b)


@_of_bits(np.lcm, "lcm", r"\operatorname{lcm}($a, $b)")
def lcm(a, b):
    """The least whole number that a and b divide."""
    return np.lcm(a, b)


@_of_bits(np.bitwise_or, "|", r"$a \mathbin{|} $b", onnx="BitwiseOr")
def bitwise_or(a, b):
    """The bits that a or b has."""
    return np.bitwise_or(a, b)


@_of_bits(np.bitwise_xor, "⊕", r"$a \oplus $b", onnx="BitwiseXor")
def bitwise_xor(a, b):
    """The bits that just one of a and b has."""
    return np.bitwise_xor(a, b)


@operation(
    spec=_whole(np.invert), lower=Call(Elementwise()), sign="~", latex=r"\mathord{\sim} $x",
    onnx="BitwiseNot", numpy=(),
    aten="bitwise_not",
    d={"x": None}, integer_inputs=("x",),
    cases=tuple(Case((s,), integers={"x": 8}) for s in ((), (3,), (0, 2))),
)  # fmt: skip
def bitwise_invert(x):
    """Every bit of x turned over."""
    return np.invert(x)


@_of_bits(
    np.left_shift, "<<", r"$a \ll $b", aten=("bitwise_left_shift", "__lshift__"),
    onnx_body=lambda a, b: a * power(2, b),
)  # fmt: skip
def bitwise_left_shift(a, b):
    """The bits of a moved b places to the left: a·2ᵇ."""
    return np.left_shift(a, b)


@_of_bits(
    np.right_shift, ">>", r"$a \gg $b", aten=("bitwise_right_shift", "__rshift__"),
    onnx_body=lambda a, b: floor_divide(a, power(2, b)),
)  # fmt: skip
def bitwise_right_shift(a, b):
    """The bits of a moved b places to the right: ⌊a/2ᵇ⌋."""
    return np.right_shift(a, b)
