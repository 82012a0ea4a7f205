"""Errors of an op that failed, in its own words: its name, what was asked, what came.

The memory for a result is checked here too, before it is taken.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from seegrad.errors import DTypeError, NonFiniteError, SeegradError, ShapeError, SizeError
from seegrad.graph.forms import SIZES
from seegrad.graph.node import conversion_hint
from seegrad.graph.op import Op
from seegrad.graph.spec import Attrs, spec_of
from seegrad.i18n import tr
from seegrad.memory_budget import LARGE as UNASKED
from seegrad.memory_budget import afford
from seegrad.text import tidy


def describe(op: Op, inputs: Sequence[Any]) -> str:
    """`x (100, 784) float32 · W (784, 50) float32`: the inputs by the user's names, or the op's."""
    parts = []
    for position, x in enumerate(inputs):
        name = tidy(getattr(x, "name", "")) or op.input_name(position)
        spec = spec_of(x)
        parts.append(f"{name} {spec.shape} {spec.dtype}")
    return " · ".join(parts)


LARGE = 2**26
"""Elements (of all inputs, multiplied) below which no result without a size of its own is large."""


def affordable(op: Op, values: Sequence[Any], attrs: Attrs, inputs: Sequence[Any] = ()) -> None:
    """SizeError, before anything is taken, when a result would not fit into the memory."""
    if not op.sized:
        bound = math.prod([v.size for v in values if hasattr(v, "size")])
        if bound <= LARGE:
            return
    try:
        if "shape" in attrs and "dtype" not in attrs:
            count = math.prod(attrs["shape"]) * values[0].dtype.itemsize
        else:
            count = op.spec(*map(spec_of, values), **attrs).nbytes
    except Exception:
        return  # what does not fit together is told by the op itself
    if count <= UNASKED:
        return
    try:
        sizes = "".join(f" · {k}={v!r}" for k, v in attrs.items() if k in SIZES)
        what = describe(op, inputs or values) + sizes
        afford(count, tr("a result of {inputs}", inputs=what))
    except SizeError as error:
        raise explained(op, inputs or values, attrs, error) from None


def explained(op: Op, inputs: Sequence[Any], attrs: Attrs, error: Exception) -> SeegradError:
    """The clearest error we have for an op that failed: its own spec's, with what came."""
    return _clearest(op, inputs, attrs, error).of(op, inputs)


def _clearest(op: Op, inputs: Sequence[Any], attrs: Attrs, error: Exception) -> SeegradError:
    inputs = [x if hasattr(x, "dtype") else np.asarray(x) for x in inputs]
    if isinstance(error, MemoryError) and not isinstance(error, SizeError):
        return SizeError(
            f"{op.name}: " + tr("the memory for its result is not there"),
            asked="a result that fits into the memory that is left",
            came=describe(op, inputs),
            hint="check the sizes; work in smaller parts, or in float32",
        )
    if isinstance(error, SeegradError):
        return _retold(op, inputs, error)
    try:
        op.spec(*[spec_of(x) for x in inputs], **attrs)
    except SeegradError as clearer:
        return _retold(op, inputs, clearer)
    except Exception:
        pass
    kind: type[SeegradError] = DTypeError if isinstance(error, TypeError) else ShapeError
    if isinstance(error, FloatingPointError | RuntimeWarning):    # np.errstate(all="raise")
        kind = NonFiniteError
    return kind(f"{op.name}: {error}", came=describe(op, inputs))


def _retold(op: Op, inputs: Sequence[Any], error: SeegradError) -> SeegradError:
    """The same error with the op's name before it, and what came."""
    problem = error.problem
    if not problem.startswith(f"{op.name}: "):
        problem = f"{op.name}: " + problem
    came = error.came or describe(op, inputs)
    return type(error)(problem, asked=error.asked, came=came, hint=error.hint, line=error.line)


def unsupported_input_error(op: Op, name: str, value: Any, dtype: Any) -> DTypeError:
    """The error for an input that is not made of real numbers."""
    return DTypeError(
        f"{op.name}: " + tr("{name} is not made of numbers that seegrad computes with", name=name),
        asked="floating-point, integer or boolean numbers",
        came=tr("{kind} of dtype {dtype}", kind=type(value).__name__, dtype=dtype),
        hint=conversion_hint(value),
    )
