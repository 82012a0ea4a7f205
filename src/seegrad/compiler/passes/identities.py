"""Identities that hold to the last bit: pairs of ordinary expressions, the only place of the
compiler that names operations. Tests evaluate both sides.

What a sum of parts is equal to is here too; where there is one, `concat_slices.py` finds out.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from seegrad.compiler.passes.pattern import Identity, identity
from seegrad.graph.node import Node
from seegrad.ops.arithmetic import divide, negative, power_scalar, reciprocal, sqrt, square
from seegrad.ops.arithmetic import identity as same
from seegrad.ops.shape import concatenate
from seegrad.tensor.tensor import as_tensor

Pair = tuple[Any, Any]


def times_minus_one(x: Any) -> Pair:
    return x * -1.0, -x


def minus_one_times(x: Any) -> Pair:
    return -1.0 * x, -x


def minus_a_negative(a: Any, b: Any) -> Pair:
    return a - (-b), a + b


def plus_a_negative(a: Any, b: Any) -> Pair:
    return a + (-b), a - b


def both_negative(a: Any, b: Any) -> Pair:
    return (-a) * (-b), a * b


def one_over(x: Any) -> Pair:
    return divide(1.0, x), reciprocal(x)


def second_power(x: Any) -> Pair:
    return power_scalar(x, exponent=2), square(x)


def second_power_of_a_real_exponent(x: Any) -> Pair:
    return power_scalar(x, exponent=2.0), square(x)


def first_power(x: Any) -> Pair:
    return power_scalar(x, exponent=1), same(x)


def half_power(x: Any) -> Pair:
    return power_scalar(x, exponent=0.5), sqrt(x)


def power_of_minus_one(x: Any) -> Pair:
    return power_scalar(x, exponent=-1), reciprocal(x)


def from_zero(x: Any) -> Pair:
    return negative(negative(x)), same(x)


def side_by_side(parts: Sequence[Node], axis: int) -> Node:
    """Parts that fill a whole along an axis, each in its place."""
    return as_tensor(concatenate(*parts, axis=axis))


IDENTITIES: tuple[Identity, ...] = tuple(
    identity(build)
    for build in (
        times_minus_one, minus_one_times, minus_a_negative, plus_a_negative, both_negative,
        one_over, second_power, second_power_of_a_real_exponent, first_power, half_power,
        power_of_minus_one, from_zero,
    )
)  # fmt: skip
