"""What `help(sg.exp)` shows of an operation: its own words, and what its definition knows.

Arguments, derivative and errors are read off the op; the example is the first small row of its
table of cases, computed when it is asked for. Nothing is written down twice: op → text.
"""

from __future__ import annotations

import inspect
import re
import sys
from typing import Any

import numpy as np

from seegrad.text import signature

Op = Any                                         # which this is a part of, as its cases are
Case = Any

ATTRIBUTES = {
    "alpha": "how far it falls for x below 0.",
    "approximate": "by tanh instead of the error function.",
    "at_zero": "the value where x is 0.",
    "atol": "how much may differ, absolutely.",
    "axes": "the axes, in their new order or those that are summed over.",
    "axis": "along which axis, or axes; None: all.",
    "axis1": "the first of two axes.",
    "axis2": "the second of two axes.",
    "bound": "up to where x counts as 0.",
    "classes": "how many there are.",
    "count_padding": "does the padding count in the mean?",
    "ddof": "what is taken off the number of elements that is divided by.",
    "delta": "from where on the loss is a straight line.",
    "destination": "where the axes go.",
    "dilation": "the step between the elements that meet a filter; one for each axis, or one.",
    "dtype": "of which kind the numbers of the result are.",
    "equal_nan": "are two NaNs close?",
    "exponent": "the power.",
    "groups": "into so many parts the channels are divided, each with filters of its own.",
    "high": "the upper bound.",
    "index": "what is read or written: slices, one for each axis.",
    "inverse": "the way back.",
    "k": "which diagonal: 0 the main one, above it positive.",
    "keepdims": "do the axes stay, with size 1?",
    "layout": "how the index arrays lie in the key.",
    "low": "the lower bound.",
    "lower": "is it the lower triangle?",
    "n": "how often, or of which order.",
    "nan": "what stands for NaN.",
    "negative": "do negative places count from the end?",
    "neginf": "what stands for −∞.",
    "num": "how many.",
    "offset": "which diagonal: 0 the main one, above it positive.",
    "order": "of which order.",
    "p": "the probability of True.",
    "padding": "how many zeros stand around; one number for each axis, or one.",
    "posinf": "what stands for ∞.",
    "q": "which part lies below, from 0 to 1.",
    "rcond": "singular values below this part of the largest count as 0.",
    "repeats": "how often each element comes.",
    "reps": "how often along each axis.",
    "rtol": "how much may differ, relative to b.",
    "shape": "the shape of the result, or of what it is cut from.",
    "shift": "by how many places, one number or one for each axis.",
    "side": '"left" or "right": on which side of equal elements.',
    "size": "the size of the window, or of what it slides over.",
    "slope": "the slope for x below 0.",
    "source": "which axes move.",
    "steps": "how far a window moves; one number for each axis, or one.",
    "subscripts": "which axes meet, as in einsum.",
    "trans": "1: with the transpose of the matrix.",
    "unit_diagonal": "is the diagonal taken to be 1?",
    "value": "what is put there.",
    "widths": "how many before and after, for each axis.",
}
"""What an attribute of this name says, wherever an op's own text does not tell."""

SPACES = ("", "linalg", "special", "random", "fft")
LARGEST = 12


def documentation(op: Op) -> str:
    """The op's own words, then arguments, result, derivative, errors and an example."""
    own = inspect.cleandoc(op.forward.__doc__ or op.name)
    parts = [own, _arguments(op, own), _facts(op), _errors(op), _example(op)]
    return "\n\n".join(part for part in parts if part)


def _arguments(op: Op, own: str) -> str:
    lines = []
    for name, value in op.attributes.items():
        told = re.search(rf"\b{name}\b", own) and len(name) > 1
        if name in ATTRIBUTES and not told:
            usual = "" if value is inspect.Parameter.empty else f" By default {_written(value)}."
            lines.append(f"    {name}: {ATTRIBUTES[name]}{usual}")
    return "\n".join(["Args:", *lines]) if lines and "Args:" not in own else ""


def _facts(op: Op) -> str:
    inputs = [name.lstrip("*") for name in op.inputs]
    facts = []
    if op.family == "elementwise":
        together = ", broadcast as NumPy broadcasts" if len(inputs) > 1 else ""
        facts.append(f"Element by element: the shape is that of {' and '.join(inputs)}{together}.")
    elif op.family == "reduction":
        facts.append("The shape is that of x without the axes, or with size 1 there.")
    by = [name for name, rule in zip(inputs, op.rules) if rule is not None]
    if not op.inlined:
        facts.append(f"Differentiable by {', '.join(by)}." if by else "No derivative goes back.")
    return " ".join(facts)


def _errors(op: Op) -> str:
    inputs = " or ".join(name.lstrip("*") for name in op.inputs)
    lines = [
        f"CallError: for an argument too few or too many; it is {op.name}"
        f"{signature(op.forward)}.",
        f"DTypeError: where {inputs} holds no numbers.",
    ]
    if op.family == "reduction":
        lines.append("ShapeError: for an axis that is not there.")
    elif op.family != "elementwise" or len(op.inputs) > 1:
        lines.append("ShapeError: where shapes do not fit.")
    if op.integer_inputs:
        named = ", ".join(sorted(op.integer_inputs))
        lines.append(f"IndexRangeError: where {named} names a place that is not there.")
    return "\n    ".join(["Raises:", *lines])


# ------------------------------------------------------------- the example


def _example(op: Op) -> str:
    """A call of the op on the first small row of its cases, and what it gives."""
    fitting = [c for c in op.cases if all(0 not in shape for shape in c.shapes)]
    sizes = [sum(int(np.prod(shape)) for shape in case.shapes) for case in fitting]
    small = [case for case, size in zip(fitting, sizes) if 3 <= size <= LARGEST]
    if not fitting:
        return ""
    case = small[0] if small else fitting[int(np.argmin(sizes))]
    arrays = [_values(op, case, i) for i in range(len(case.shapes))]
    said = {k: v for k, v in case.attrs.items() if k not in op.optional or v != op.optional[k]}
    words = [*map(_array, arrays), *(f"{k}={_written(v)}" for k, v in said.items())]
    try:
        found = op(*(a if a.shape else a.item() for a in arrays), **case.attrs)
    except Exception:                            # its cases have to be drawn anew until they fit
        return ""
    lines = [line.rstrip() or "<BLANKLINE>" for line in repr(found).splitlines()]
    return "\n    ".join(["Example:", f">>> {_path(op)}({', '.join(words)})", *lines])


def _values(op: Op, case: Case, i: int) -> Any:
    """Numbers for one input, evenly spread over its domain."""
    name, shape = op.inputs[min(i, len(op.inputs) - 1)].lstrip("*"), case.shapes[i]
    count = int(np.prod(shape))
    if name in case.integers:
        return np.arange(count).reshape(shape) % case.integers[name]
    low, high = case.domain.get(name) or op.domain[name]
    spread = np.linspace(0.1, 0.9, count).reshape(shape) if count > 1 else np.full(shape, 0.7)
    return np.round(low + (np.asarray(high) - low) * spread, 2)


def _array(a: Any) -> str:
    return f"np.array({a.tolist()})" if a.shape else repr(a.item())


def _written(value: Any) -> str:
    return f"np.{np.dtype(value).name}" if isinstance(value, (type, np.dtype)) else repr(value)


def _path(op: Op) -> str:
    """Under which name people reach it."""
    root, name = sys.modules[__name__.partition(".")[0]], op.name
    for space in SPACES:
        if getattr(getattr(root, space) if space else root, name, None) is op:
            return f"sg.{space}.{name}" if space else f"sg.{name}"
    return f"sg.TABLE[{name!r}]"


class Documentation:
    """`op.__doc__`, written when somebody reads it; of the class itself, its own text."""

    def __init__(self, of_the_class: str | None) -> None:
        self.of_the_class = of_the_class

    def __get__(self, op: Op, kind: Any = None) -> str | None:
        return self.of_the_class if op is None else documentation(op)
