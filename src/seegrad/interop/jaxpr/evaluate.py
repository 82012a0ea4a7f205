"""Running a jaxpr on values or nodes, equation by equation, and finding what it cannot run.

What no result needs is not run. Numbers that are known beforehand stay NumPy arrays, so that only
what depends on the arguments becomes a graph.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import numpy as np

from seegrad.errors import DTypeError
from seegrad.graph.spec import Spec
from seegrad.i18n import tr
from seegrad.interop.jaxpr import control, elementwise, indexing, lu, prng, products, shapes
from seegrad.interop.jaxpr.site import Rule, Site, as_dtype, refusal

RULES: Mapping[str, Rule] = {
    **elementwise.RULES, **shapes.RULES, **indexing.RULES, **products.RULES, **lu.RULES,
    **prng.RULES, **control.RULES,
}  # fmt: skip
KINDS = "fiub"
Derivative = Callable[[Any], tuple[Callable[..., Any], Callable[..., Any]]]


def is_key(aval: Any) -> bool:
    """Are these random keys (of JAX's extended dtypes)?"""
    return not isinstance(aval.dtype, np.dtype)


def spec_of_aval(aval: Any) -> Spec:
    """The spec of what stands for a value of this kind: keys are pairs of words."""
    shape = tuple(map(int, aval.shape))
    return Spec((*shape, 2), prng.UINT32) if is_key(aval) else Spec(shape, aval.dtype)


def bodies(params: Mapping[str, Any]) -> Iterator[Any]:
    """The jaxprs among an equation's settings."""
    for value in params.values():
        for each in value if isinstance(value, (tuple, list)) else (value,):
            inner = getattr(each, "jaxpr", each)
            if hasattr(inner, "eqns"):
                yield inner


def _needed(equation: Any) -> list[Any]:
    """The inputs that are really read."""
    if equation.primitive.name != "custom_linear_solve":
        return list(equation.invars)
    lengths = equation.params["const_lengths"]
    total = lengths.matvec + lengths.vecmat + lengths.solve + lengths.transpose_solve
    return [*equation.invars[: lengths.matvec], *equation.invars[total:]]


def live(jaxpr: Any) -> list[Any]:
    """The equations that a result needs, in order."""
    wanted = {v for v in jaxpr.outvars if not hasattr(v, "val")}
    found = []
    for equation in reversed(jaxpr.eqns):
        if not wanted.isdisjoint(equation.outvars):
            found.append(equation)
            wanted.update(v for v in _needed(equation) if not hasattr(v, "val"))
    return found[::-1]


def unknown(jaxpr: Any) -> Iterator[tuple[str, Any]]:
    """(what, equation) of all that has no counterpart here, inside of bodies too."""
    for equation in live(jaxpr):
        name = equation.primitive.name
        if name not in RULES:
            yield name, equation
            continue
        inner = list(bodies(equation.params)) if name != "custom_linear_solve" else []
        for v in () if inner else (*_needed(equation), *equation.outvars):
            kind = str(v.aval.dtype)
            if "fry" not in kind if is_key(v.aval) else v.aval.dtype.kind not in KINDS:
                yield f"{name} of {kind}", equation
        for body in inner:
            yield from unknown(body)


def _site(equation: Any, run: Any, derivative: Derivative) -> Site:
    name, params = equation.primitive.name, equation.params
    if name in shapes.RULES or name in indexing.RULES:
        keys = next((v.aval for v in equation.invars if is_key(v.aval)), None)
        if keys is not None:
            longer = prng.settings_of_keys(name, dict(params), len(keys.shape))
            if longer is None:
                raise refusal(tr("{name} of random keys", name=name))
            params = {**params, **longer}
    return Site(
        name, params, tuple(spec_of_aval(v.aval) for v in equation.invars),
        tuple(spec_of_aval(v.aval) for v in equation.outvars), run,
        lambda: derivative(equation),
    )


def equation_results(
    equation: Any, values: Sequence[Any], derivative: Derivative
) -> list[Any]:
    """What one equation gives, of the shapes and dtypes that JAX says."""

    def run(body: Any, arguments: Sequence[Any]) -> list[Any]:
        return evaluate(getattr(body, "jaxpr", body), getattr(body, "consts", ()), arguments,
                        derivative)  # fmt: skip

    site = _site(equation, run, derivative)
    found = RULES[site.name](site, list(values))
    results = list(found) if isinstance(found, (list, tuple)) else [found]
    if len(results) != len(site.outputs):
        raise DTypeError(
            tr("from_jax: {what} has no counterpart here", what=site.name),
            asked=tr("{count} results", count=len(site.outputs)),
            came=tr("{count} results", count=len(results)),
        )
    return [as_dtype(x, spec.dtype) for x, spec in zip(results, site.outputs)]


def evaluate(
    jaxpr: Any, consts: Sequence[Any], arguments: Sequence[Any], derivative: Derivative
) -> list[Any]:
    """The results of a jaxpr for arrays or nodes."""
    memory: dict[Any, Any] = {}

    def read(v: Any) -> Any:
        return np.asarray(v.val, v.aval.dtype) if hasattr(v, "val") else memory[v]

    for v, x in zip(jaxpr.constvars, consts):
        memory[v] = np.asarray(x)
    memory.update(zip(jaxpr.invars, arguments))
    for equation in live(jaxpr):
        skipped = equation.primitive.name == "custom_linear_solve"
        values = [memory.get(v) if skipped and not hasattr(v, "val") else read(v)
                  for v in equation.invars]  # fmt: skip
        memory.update(zip(equation.outvars, equation_results(equation, values, derivative)))
    return [read(v) for v in jaxpr.outvars]
