"""How an op's function and its rules come to a native program where their arrays are large.

Which road a call takes depends on shapes, dtypes and attributes alone, from its first time on: the
same call has the same bits all the time. A result in which there is a NaN is computed again
by NumPy, which says, as in every small call, where it was born.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

import numpy as np

from seegrad.graph.native import Program, maker
from seegrad.graph.rule_call import MUCH, FastRule
from seegrad.graph.spec import Attrs

LEAST = 1 << 13
"""Elements of all arrays together from which on it is asked whether a program is worth it."""

Function = Callable[..., Any]


class _Made(threading.local):
    """The programs of a thread, which has memory of its own for them; None: NumPy is as good."""

    def __init__(self) -> None:
        self.programs: dict[Any, Program | None] = {}


_MADE = _Made()


def _large(values: tuple[Any, ...]) -> bool:
    size = 0
    for x in values:
        if type(x) is not np.ndarray:
            return False
        size += x.size
    return size >= LEAST


def _computed(key: Any, function: Function, plain: Function, values: tuple[Any, ...]) -> Any:
    """`plain(*values)`, by the program of `function` if there is one for such values.

    `key` says which function it is: one that the op has for good, the input whose derivative it
    gives, and the attributes.
    """
    whole = (key, *[(x.shape, x.dtype) for x in values])
    try:
        program = _MADE.programs[whole]
    except KeyError:
        make = maker()
        program = _MADE.programs[whole] = make(function, values) if make is not None else None
    except TypeError:                      # an attribute that cannot be looked up
        return plain(*values)
    if program is None or "raise" in np.geterr().values():
        return plain(*values)
    found = program(*values)
    if found.dtype.kind == "f" and np.isnan(found.max()):
        return plain(*values)
    return found


def native_run(forward: Function, body: Function) -> Function:
    """`forward`, an op's function on arrays; `body` is the same in terms of other ops."""

    def run(*values: Any, **attrs: Any) -> Any:
        if not _large(values):
            return forward(*values, **attrs)
        return _computed(
            (body, *attrs.items()),
            lambda *xs: body(*xs, **attrs), lambda *xs: forward(*xs, **attrs), values,
        )  # fmt: skip

    return run


def native_rule(rule: FastRule, asks_for_result: bool) -> FastRule:
    """A rule as the backward walk calls it, on arrays by a program if they are large."""
    call, wants = rule

    def pull(*values: Any) -> Any:
        return _computed(call, call, call, values) if _large(values) else call(*values)

    def pull_of_all(g: Any, out: Any, ins: Any, attrs: Attrs, position: int) -> Any:
        values = (g, *ins, out) if asks_for_result else (g, *ins)
        if not _large(values):
            return call(g, out, ins, attrs, position)

        def function(g: Any, *rest: Any) -> Any:
            ins, out = (rest[:-1], rest[-1]) if asks_for_result else (rest, None)
            return call(g, out, ins, attrs, position)

        return _computed((call, position, *attrs.items()), function, function, values)

    return (pull_of_all if wants == MUCH else pull), wants
