"""Values and types of LLVM's assembly as text: scalars, vectors, and constants written exactly.

Instructions are in `llvm_builder.py`.
"""

from __future__ import annotations

import struct
from typing import NamedTuple

import numpy as np

_FLOATS = {"float": "f32", "double": "f64"}


class Value(NamedTuple):
    """One value of the assembly: how it is written, and its type."""

    name: str
    type: str


def vector(scalar: str, lanes: int) -> str:
    """The type of `lanes` values of the type `scalar`; one lane is the scalar itself."""
    return f"<{lanes} x {scalar}>" if lanes > 1 else scalar


def scalar_of(kind: str) -> str:
    """The type of one lane of `kind`."""
    return kind[kind.index("x") + 2 : -1] if kind[0] == "<" else kind


def lanes_of(kind: str) -> int:
    """How many lanes `kind` has; 1 for a scalar."""
    return int(kind[1 : kind.index("x") - 1]) if kind[0] == "<" else 1


def like(kind: str, scalar: str) -> str:
    """The type with as many lanes as `kind`, each a `scalar`."""
    return vector(scalar, lanes_of(kind))


def is_float(kind: str) -> bool:
    """Whether the lanes of `kind` are floating-point numbers."""
    return scalar_of(kind) in _FLOATS


def bits_of(kind: str) -> int:
    """How many bits one lane of `kind` has."""
    scalar = scalar_of(kind)
    return {"float": 32, "double": 64}.get(scalar) or int(scalar[1:])


def overload_suffix(kind: str) -> str:
    """What the name of an intrinsic for `kind` ends with."""
    if kind == "ptr":
        return "p0"
    scalar = scalar_of(kind)
    short = _FLOATS.get(scalar, scalar)
    lanes = lanes_of(kind)
    return f"v{lanes}{short}" if lanes > 1 else short


def number(scalar: str, x: float) -> str:
    """`x` as a constant of the type `scalar`, written exactly."""
    if scalar == "float":
        with np.errstate(over="ignore"):
            x = float(np.float32(x))
    if scalar in _FLOATS:
        return "0x" + struct.pack(">d", x).hex().upper()
    if scalar == "i1":
        return "true" if x else "false"
    return str(int(x))


def is_constant(a: Value) -> bool:
    """Whether `a` is a number known now."""
    return a.name[0] not in "%<s"
