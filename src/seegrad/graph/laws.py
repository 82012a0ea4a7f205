"""The closed set of algebraic laws that an operation may declare. Ops are many, laws are few.

A law is a fact for the passes, the reading simplifier and the tests; none of them names an op.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Commutative:
    """op(a, b) = op(b, a)."""


@dataclass(frozen=True, slots=True)
class Associative:
    """op(op(a, b), c) = op(a, op(b, c)), up to rounding."""


@dataclass(frozen=True, slots=True)
class Unit:
    """op(a, value) = a; with `right_only`, not op(value, a)."""

    value: float
    right_only: bool = False


@dataclass(frozen=True, slots=True)
class Zero:
    """op(a, value) = value for finite a."""

    value: float


@dataclass(frozen=True, slots=True)
class Involution:
    """op(op(x)) = x."""


@dataclass(frozen=True, slots=True)
class Idempotent:
    """op(op(x)) = op(x), or op(a, a) = a for two inputs."""


Law = Commutative | Associative | Unit | Zero | Involution | Idempotent

commutative = Commutative()
associative = Associative()
involution = Involution()
idempotent = Idempotent()


def unit(value: float, *, right_only: bool = False) -> Unit:
    """The law op(a, value) = a."""
    return Unit(value, right_only)


def zero(value: float) -> Zero:
    """The law op(a, value) = value."""
    return Zero(value)
