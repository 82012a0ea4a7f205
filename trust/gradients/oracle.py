"""Whether an op of the table is right, asked quickly: what planted mistakes must not get past.

Derivatives are compared with central differences along drawn directions, at first and second
order; what a direction cannot see (dtypes, corners, the two ways of running a rule) is asked for
by itself. No op is named here.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

import seegrad as sg
from seegrad.graph.op import Case, Op
from trust.gradients.corners import corner_faults
from trust.harness.sampling import inputs_of, of_floats

H = 1e-6
ATOL, RTOL = 1e-5, 1e-3


def is_far(a: Any, b: Any) -> bool:
    a, b = np.asarray(a, float), np.asarray(b, float)
    return a.shape != b.shape or not np.allclose(a, b, rtol=RTOL, atol=ATOL, equal_nan=True)


def _along(points: list[Any], tangents: list[Any], step: float) -> list[Any]:
    return [p + step * t for p, t in zip(points, tangents)]


def _dot(a: Any, b: Any) -> float:
    return float(sum(np.sum(np.asarray(x) * y) for x, y in zip(a, b)))


def case_faults(op: Op, case: Case, rng: np.random.Generator) -> Iterator[str]:
    """What is wrong with one case of an op."""
    xs = inputs_of(op, case, rng)
    function, points = of_floats(op, case, xs)
    leaves = [sg.tensor(p) for p in points]
    out = sg.as_tensor(function(*leaves))
    plain = np.asarray(op(*xs, **case.attrs))
    if out.shape != plain.shape or out.dtype != plain.dtype or is_far(out.value, plain):
        yield "tensors and arrays differ"
    yield from dtype_faults(op, case, xs)
    if not out.requires_grad:
        if op.family in ("elementwise", "reduction", "composite") and op.differentiable:
            yield "no derivative comes back"
        return
    weights = rng.uniform(0.5, 1.5, out.shape)
    out.backward(weights)
    raw = [np.zeros(p.shape) if x.grad is None else x.grad for x, p in zip(leaves, points)]

    def total(*ps: Any) -> Any:
        return (function(*ps) * weights).sum()

    def bent(*ps: Any) -> Any:
        y = function(*ps)
        return (y * (y + 1) * weights).sum()

    def slope(*ps: Any) -> Any:
        return sg.grad(bent, range(len(points)))(*ps)

    once = sg.grad(total, range(len(points)))(*map(sg.tensor, points))
    as_graph = [g.value for g in once]
    if any(is_far(a, b) for a, b in zip(raw, as_graph)):
        yield "the rule on arrays and the rule on tensors differ"
    for _ in range(2):
        tangents = [rng.uniform(-1, 1, p.shape) for p in points]
        right, left = (np.asarray(total(*_along(points, tangents, s))) for s in (H, -H))
        if is_far(_dot(raw, tangents), (right - left) / (2 * H)):
            yield "the derivative is not what differences measure"
        again = sg.jvp(slope, points, tangents)[1]
        ahead, behind = (slope(*_along(points, tangents, s)) for s in (H, -H))
        measured = [(np.asarray(a) - b) / (2 * H) for a, b in zip(ahead, behind)]
        if any(is_far(a, b) for a, b in zip(again, measured)):
            yield "the second derivative is not what differences measure"
    for i, (x, g) in enumerate(zip(points, raw)):
        alone = [sg.tensor(p, requires_grad=i == k) for k, p in enumerate(points)]
        function(*alone).backward(weights)
        if x.size and is_far(np.zeros(x.shape) if alone[i].grad is None else alone[i].grad, g):
            yield "asked alone, an input gets another derivative"


def dtype_faults(op: Op, case: Case, xs: list[Any]) -> Iterator[str]:
    """float32 in must give float32 out, and back."""
    narrow = [x.astype(np.float32) if x.dtype.kind == "f" else x for x in xs]
    leaves = [sg.tensor(x) for x in narrow]
    out = op(*leaves, **case.attrs)
    attrs = op.canonical_attrs(*narrow, **case.attrs)
    rule = op.spec(*[x.spec for x in leaves], **attrs)
    if (rule.shape, rule.dtype) != (out.shape, out.dtype):
        yield "its shape or dtype is not what its rule says"
    if out.dtype.kind != "f":
        return
    if out.dtype != np.float32 and "dtype" not in case.attrs:
        yield "float32 is widened"
    if not out.requires_grad or op.inlined:
        return
    g = np.ones(out.shape, out.dtype)
    for i, x in enumerate(narrow):
        call = op.rule_at(i)
        if call is None or x.dtype.kind != "f":
            continue
        found = call(g[()] if not g.ndim else g, out.data, narrow, attrs, i)
        if found.dtype != np.float32 and not (found.dtype == g.dtype == np.float64):
            yield "a derivative of float32 is widened by its rule"


def faults_of(op: Op, rng: np.random.Generator) -> Iterator[str]:
    """What is wrong with an op, cheapest first; whatever it raises is a fault as well."""
    try:
        yield from corner_faults(op)
        for case in op.cases:
            yield from case_faults(op, case, rng)
    except Exception as error:
        yield f"{type(error).__name__}: {str(error).splitlines()[0] if str(error) else ''}"


def is_wrong(op: Op, seed: int = 0) -> str | None:
    """The first fault of an op, or None."""
    with np.errstate(all="ignore"):
        return next(faults_of(op, np.random.default_rng(seed)), None)
