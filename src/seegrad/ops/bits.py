"""Whole numbers bit by bit, by NumPy's names; they have no derivative.

Booleans are combined by the logical operations of `compare`.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from seegrad.errors import DTypeError
from seegrad.graph.forms import Call, Elementwise
from seegrad.graph.op import Case
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


@operation(
    spec=_whole(np.bitwise_and), lower=Call(Elementwise()), sign="&", latex=r"$a \mathbin{\&} $b",
    onnx="BitwiseAnd", numpy=(), d={"a": None, "b": None}, cases=_PAIRS, integer_inputs=("a", "b"),
    aten="bitwise_and",
)  # fmt: skip
def bitwise_and(a, b):
    """The bits that a and b both have."""
    return np.bitwise_and(a, b)


@operation(
    spec=_whole(np.bitwise_or), lower=Call(Elementwise()), sign="|", latex=r"$a \mathbin{|} $b",
    onnx="BitwiseOr", numpy=(), d={"a": None, "b": None}, cases=_PAIRS, integer_inputs=("a", "b"),
    aten="bitwise_or",
)  # fmt: skip
def bitwise_or(a, b):
    """The bits that a or b has."""
    return np.bitwise_or(a, b)


@operation(
    spec=_whole(np.bitwise_xor), lower=Call(Elementwise()), sign="⊕", latex=r"$a \oplus $b",
    onnx="BitwiseXor", numpy=(), d={"a": None, "b": None}, cases=_PAIRS, integer_inputs=("a", "b"),
    aten="bitwise_xor",
)  # fmt: skip
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


@operation(
    aten=("bitwise_left_shift", "__lshift__"),
    spec=_whole(np.left_shift), lower=Call(Elementwise()), sign="<<", latex=r"$a \ll $b", numpy=(),
    onnx_body=lambda a, b: a * power(2, b),
    d={"a": None, "b": None}, cases=_PAIRS, integer_inputs=("a", "b"),
)  # fmt: skip
def bitwise_left_shift(a, b):
    """The bits of a moved b places to the left: a·2ᵇ."""
    return np.left_shift(a, b)


@operation(
    aten=("bitwise_right_shift", "__rshift__"),
    spec=_whole(np.right_shift), lower=Call(Elementwise()), sign=">>", latex=r"$a \gg $b", numpy=(),
    onnx_body=lambda a, b: floor_divide(a, power(2, b)),
    d={"a": None, "b": None}, cases=_PAIRS, integer_inputs=("a", "b"),
)  # fmt: skip
def bitwise_right_shift(a, b):
    """The bits of a moved b places to the right: ⌊a/2ᵇ⌋."""
    return np.right_shift(a, b)
