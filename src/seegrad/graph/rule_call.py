"""How a derivative rule is called: its parameters' names are looked up once, at its definition.

The walk that calls the rules is `autodiff`'s.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from seegrad.graph.spec import Attrs, Inputs, Specs, spec_of

Rule = Callable[..., Any]
RuleCall = Callable[[Any, Any, Sequence[Any], Attrs, int], Any]
"""A rule called with everything there is: (g, out, inputs, attrs, position)."""

NOTHING, OUT, MUCH = -1, -2, -3
FastRule = tuple[Callable[..., Any], int]
"""A rule as the backward walk calls it, and what it wants beside g: the number of an input,
NOTHING, OUT, or MUCH, which is all that a RuleCall takes."""


def known_of(x: Any) -> Any:
    """What is known of x without its numbers; an array, which knows as much, stands for itself."""
    return x if type(x) is np.ndarray else spec_of(x)


def rule_call(rule: Rule, parameters: tuple[str, ...], inputs: tuple[str, ...]) -> RuleCall:
    """`rule` with its parameter names looked up once and for all."""
    place = {name: i for i, name in enumerate(inputs)}
    variadic = inputs[-1] if inputs and inputs[-1].startswith("*") else None

    def getter(name: str) -> RuleCall:
        if name == "g":
            return lambda g, out, ins, attrs, position: g
        if name == "out":
            return lambda g, out, ins, attrs, position: out
        if name == "out_spec":
            return lambda g, out, ins, attrs, position: spec_of(out)
        if name == "position":
            return lambda g, out, ins, attrs, position: position
        if variadic is not None and name == variadic[1:]:
            start = len(inputs) - 1
            return lambda g, out, ins, attrs, position: tuple(ins[start:])
        if variadic is not None and name == f"{variadic[1:]}_specs":
            start = len(inputs) - 1
            if start:
                return lambda g, out, ins, attrs, position: Specs(map(spec_of, ins[start:]))
            return lambda g, out, ins, attrs, position: (
                ins.specs if isinstance(ins, Inputs) else Specs(map(spec_of, ins))
            )
        if name in place:
            i = place[name]
            return lambda g, out, ins, attrs, position: ins[i]
        if name.endswith("_spec") and name[:-5] in place:
            i = place[name[:-5]]
            return lambda g, out, ins, attrs, position: known_of(ins[i])
        return lambda g, out, ins, attrs, position: attrs[name]

    getters = tuple(map(getter, parameters))

    def call(g: Any, out: Any, ins: Sequence[Any], attrs: Attrs, position: int) -> Any:
        return rule(*[get(g, out, ins, attrs, position) for get in getters])

    return call


def fast_rule(rule: Rule, parameters: tuple[str, ...], inputs: tuple[str, ...]) -> FastRule:
    """The cheapest way to call `rule`, so that the walk need not go through a RuleCall."""
    if parameters == ("g",):
        return rule, NOTHING
    if parameters == ("g", "out"):
        return rule, OUT
    if len(parameters) == 2 and parameters[0] == "g" and parameters[1] in inputs:
        return rule, inputs.index(parameters[1])
    return rule_call(rule, parameters, inputs), MUCH
