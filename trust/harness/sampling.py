"""Inputs drawn for the cases of the op table: where a rule is smooth, and where it is not asked."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from seegrad.graph.op import Case, Op

Arrays = list[Any]


def inputs_of(op: Op, case: Case, rng: np.random.Generator, dtype: Any = np.float64) -> Arrays:
    """Fitting inputs for a case: indices where it says so, otherwise numbers from the domain."""
    found: Arrays = []
    last = len(op.inputs) - 1
    for i, shape in enumerate(case.shapes):
        name = op.inputs[min(i, last)].lstrip("*")
        if name in case.integers:
            found.append(np.asarray(rng.integers(0, case.integers[name], shape)))
        else:
            low, high = case.domain.get(name) or op.domain[name]
            found.append(np.asarray(rng.uniform(low, high, shape), dtype))
    return found


def floats(xs: Sequence[Any]) -> list[int]:
    """Which of them are floating-point numbers."""
    return [i for i, x in enumerate(xs) if x.dtype.kind == "f"]


def of_floats(op: Op, case: Case, xs: Sequence[Any]) -> tuple[Callable[..., Any], Arrays]:
    """The op as a function of its floating-point inputs, and those inputs."""
    which = floats(xs)

    def function(*points: Any) -> Any:
        whole = list(xs)
        for i, x in zip(which, points):
            whole[i] = x
        return op(*whole, **case.attrs)

    return function, [xs[i] for i in which]
