"""G1, G2, G5: every op against differences, in every layout of memory, and dtypes of results."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

import seegrad as sg
from seegrad.graph.op import Case, Op
from trust.drawn import inputs_of, of_floats
from trust.judge import case_faults, dtype_faults
from trust.row import Found, Run, first, row


def _pairs() -> Iterator[tuple[Op, Case]]:
    for op in sg.TABLE.values():
        for case in op.cases:
            yield op, case


def _derivatives(op: Op, case: Case, xs: list[Any]) -> list[Any]:
    """The result of an op, and its derivative by every input that has one."""
    function, points = of_floats(op, case, xs)
    leaves = [sg.tensor(p) for p in points]
    out = sg.as_tensor(function(*leaves))
    if out.requires_grad:
        out.backward(np.cos(np.arange(out.size)).reshape(out.shape).astype(out.dtype))
    return [out.value, *[x.grad for x in leaves if x.grad is not None]]


def _same(a: list[Any], b: list[Any]) -> bool:
    return len(a) == len(b) and all(
        np.array_equal(x, y, equal_nan=True) for x, y in zip(a, b)
    )  # fmt: skip


@row(
    "G1",
    "every op with every case: reverse, forward, second order against central differences",
    "all within atol 1e-5, rtol 1e-3; bitwise repeatable",
    count=5,
    sample=1,
)
def g1(run: Run) -> Found:
    faults, done = [], 0
    with np.errstate(all="ignore"):
        for seed in range(run.count):
            if seed and run.out_of_time():
                break
            for op, case in _pairs():
                done += 1
                rng = np.random.default_rng(run.seed + seed)
                faults += [f"{op.name} {case.shapes}: {f}" for f in case_faults(op, case, rng)]
                xs = inputs_of(op, case, rng)
                if not _same(_derivatives(op, case, xs), _derivatives(op, case, xs)):
                    faults.append(f"{op.name} {case.shapes}: other bits the second time")
    cases = sum(len(op.cases) for op in sg.TABLE.values())
    figure = f"{done - len(faults)} of {done} right ({len(sg.TABLE)} ops, {cases} cases)"
    return Found(figure, first(faults))


def _layouts(x: Any) -> Iterator[tuple[str, Any]]:
    """The same numbers in memory in other ways."""
    yield "Fortran", np.asfortranarray(x).reshape(x.shape)
    wide = np.zeros((*x.shape, 2), x.dtype)
    wide[..., 0] = x
    yield "step 2", wide[..., 0]
    if x.ndim:
        yield "negative stride", np.ascontiguousarray(x[::-1])[::-1]
    frozen = x.copy()
    frozen.setflags(write=False)
    yield "read-only", frozen


def _or_refused(op: Op, case: Case, xs: Sequence[Any]) -> list[Any]:
    """The derivatives, or nothing where equal rows are refused (they have no inverse)."""
    try:
        return _derivatives(op, case, xs)
    except sg.SeegradError:
        return []


@row(
    "G2",
    "layouts of memory: Fortran, step 2, negative stride, read-only, stride 0",
    "the result of C order; no input changed",
    count=1,
    sample=1,
)
def g2(run: Run) -> Found:
    faults, done, rng = [], 0, run.rng
    with np.errstate(all="ignore"):
        for op, case in _pairs():
            xs = inputs_of(op, case, rng)
            right = _derivatives(op, case, xs)
            for kind in ("Fortran", "step 2", "negative stride", "read-only"):
                done += 1
                arrays = [dict(_layouts(x)).get(kind, x) for x in xs]
                before = [a.copy() for a in arrays]
                found = _derivatives(op, case, arrays)
                if any(not np.allclose(a, b, rtol=1e-12, equal_nan=True)
                       for a, b in zip(found, right)):  # fmt: skip
                    faults.append(f"{op.name} {case.shapes}: {kind} differs")
                if not _same(arrays, before):
                    faults.append(f"{op.name} {case.shapes}: {kind}: an input was changed")
            if all(x.ndim and x.size for x in xs):
                done += 1
                rows = [np.broadcast_to(x[:1], x.shape) for x in xs]
                found = _or_refused(op, case, rows)
                alone = _or_refused(op, case, [r.copy() for r in rows])
                if any(not np.allclose(a, b, rtol=1e-12, equal_nan=True)
                       for a, b in zip(found, alone, strict=True)):  # fmt: skip
                    faults.append(f"{op.name} {case.shapes}: stride 0 differs")
    return Found(f"{done - len(faults)} of {done} the same", first(faults))


DTYPES = ("bool", "int8", "int16", "int32", "int64", "uint8", "uint16", "uint32", "uint64",
          "float16", "float32", "float64")  # fmt: skip
BINARY = ("add", "multiply", "divide", "maximum", "power", "arctan2", "less", "logical_and")


@row(
    "G5",
    "promotion: 12 × 12 dtypes × 8 binary ops; float32 in, float32 out and back",
    "as NumPy 2",
    count=1,
    sample=1,
)
def g5(run: Run) -> Found:
    faults, done = [], 0
    with np.errstate(all="ignore"):
        for name, (a, b) in itertools.product(BINARY, itertools.product(DTYPES, repeat=2)):
            done += 1
            x, y = np.ones(2, a), np.ones(2, b)
            try:
                right: Any = getattr(np, name)(x, y).dtype
            except TypeError:
                right = None
            try:
                found: Any = sg.TABLE[name](sg.tensor(x), sg.tensor(y)).dtype
            except sg.SeegradError:
                found = None
            if found != right:
                faults.append(f"{name}({a}, {b}): {found}, not {right}")
        for op, case in _pairs():
            done += 1
            xs = inputs_of(op, case, run.rng)
            faults += [f"{op.name} {case.shapes}: {f}" for f in dtype_faults(op, case, xs)]
    return Found(f"{done - len(faults)} of {done} as NumPy", first(faults))
