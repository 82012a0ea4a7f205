"""G1, G2, G5: every op against differences, in every layout of memory, and dtypes of results."""

from __future__ import annotations

import dataclasses
import itertools
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

import seegrad as sg
from seegrad.graph.op import Case, Op
from trust.gradients.oracle import H, case_faults, dtype_faults, is_far
from trust.harness.row import Found, Run, first, row
from trust.harness.sampling import inputs_of, of_floats


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


SHAPES = ((), (0,), (1,), (3,), (2, 3), (0, 3), (3, 0, 2), (2, 1, 4))


def reshaped_cases(op: Op) -> Iterator[Case]:
    """The op's cases with other shapes in the place of theirs, as far as the op takes them."""
    seen = {(c.shapes, str(c.attrs)) for c in op.cases}
    # indices and bounds of their own belong to their case's sizes
    plain = [c for c in op.cases if not c.integers and not _bounded_one_by_one(c)]
    for case, shape in itertools.product(plain, SHAPES):
        alike = len(set(case.shapes)) <= 1
        shapes = (shape,) * len(case.shapes) if alike else (shape, *case.shapes[1:])
        other = dataclasses.replace(case, shapes=shapes)
        if (key := (shapes, str(case.attrs))) not in seen and _takes(op, other):
            seen.add(key)
            yield other


def _bounded_one_by_one(case: Case) -> bool:
    return any(np.ndim(bound) for pair in case.domain.values() for bound in pair or ())


def _takes(op: Op, case: Case) -> bool:
    """Is there a result, whose numbers are fine enough for differences?"""
    try:
        out = op(*inputs_of(op, case, np.random.default_rng(0)), **case.attrs)
    except sg.SeegradError:
        return False
    return np.asarray(out).dtype != np.float32


def mode_faults(op: Op, case: Case, xs: list[Any], rng: np.random.Generator) -> Iterator[str]:
    """The forward derivative against differences; reverse over reverse against forward over."""
    function, points = of_floats(op, case, xs)
    if not points or not sg.as_tensor(function(*map(sg.tensor, points))).requires_grad:
        return
    ways = [rng.uniform(-1, 1, p.shape) for p in points]
    ahead, behind = (np.asarray(function(*[p + s * w for p, w in zip(points, ways)]))
                     for s in (H, -H))  # fmt: skip
    if is_far(sg.jvp(function, points, ways)[1], (ahead - behind) / (2 * H)):
        yield "the forward derivative is not what differences measure"
    weights = rng.uniform(0.5, 1.5, ahead.shape)

    def bent(*ps: Any) -> Any:
        y = function(*ps)
        return (y * (y + 1) * weights).sum()

    def slope(*ps: Any) -> Any:
        return sg.grad(bent, range(len(points)))(*ps)

    def along(*ps: Any) -> Any:
        return sum((g * w).sum() for g, w in zip(slope(*ps), ways))

    reverse = sg.grad(along, range(len(points)))(*points)
    forward = sg.jvp(slope, points, ways)[1]
    if any(not np.allclose(a, b, rtol=1e-8, atol=1e-8, equal_nan=True)
           for a, b in zip(reverse, forward)):  # fmt: skip
        yield "reverse over reverse and forward over reverse differ"


def _wrong(op: Op, case: Case, rng: np.random.Generator) -> list[str]:
    """All that is wrong with a case of an op."""
    xs = inputs_of(op, case, rng)
    try:
        found = [*case_faults(op, case, rng), *mode_faults(op, case, xs, rng)]
        if not _same(_derivatives(op, case, xs), _derivatives(op, case, xs)):
            found.append("other bits the second time")
    except sg.SeegradError as error:
        return [f"{type(error).__name__}: {str(error).splitlines()[0]}"]
    return found


@row(
    "G1",
    "every op with every case and shape it takes: reverse, forward, reverse over reverse, forward"
    " over reverse, against central differences in float64",
    "all within atol 1e-5, rtol 1e-3; bitwise repeatable",
    count=5,
    sample=1,
)
def g1(run: Run) -> Found:
    faults, done, seeds = [], 0, 0
    pairs = [*_pairs(), *((op, c) for op in sg.TABLE.values() for c in reshaped_cases(op))]
    with np.errstate(all="ignore"):
        for seed in range(run.count):
            if seed and run.out_of_time():
                break
            seeds += 1
            for op, case in pairs:
                done += 1
                wrong = _wrong(op, case, np.random.default_rng(run.seed + seed))
                faults += [f"{op.name} {case.shapes} {dict(case.attrs)}: {f}" for f in wrong]
    figure = (
        f"{done - len(faults):,} of {done:,} right"
        f" ({len(sg.TABLE)} ops, {len(pairs):,} cases, {seeds} draws of each)"
    )
    return Found(figure, first(faults, 60), whole=seeds == run.count)


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


def same_kind(a: Any, b: Any) -> bool:
    return a.shape == b.shape and a.dtype == b.dtype


def twice_faults(op: Op, case: Case, xs: list[Any]) -> Iterator[str]:
    """The same tensor as first input and as every like one: derivatives add up."""
    which = [i for i, x in enumerate(xs) if same_kind(x, xs[0])]
    if len(which) < 2 or xs[0].dtype.kind != "f":
        return
    x = sg.tensor(xs[0])
    shared = op(*[x if i in which else v for i, v in enumerate(xs)], **case.attrs)
    leaves = [sg.tensor(xs[0]) if i in which else sg.tensor(v) for i, v in enumerate(xs)]
    apart = op(*leaves, **case.attrs)
    if not np.array_equal(shared.value, apart.value, equal_nan=True):
        yield "the same tensor given twice: another result"
    if shared.requires_grad:
        weights = np.cos(np.arange(shared.size)).reshape(shared.shape)
        shared.backward(weights)
        apart.backward(weights)
        grads = [leaves[i].grad for i in which if leaves[i].grad is not None]
        if not np.allclose(x.grad, sum(grads), rtol=1e-12, atol=1e-14, equal_nan=True):
            yield "the same tensor given twice: another derivative"


@row(
    "G2",
    "layouts of memory: Fortran, step 2, negative stride, read-only, stride 0; the same tensor"
    " given twice",
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
            done += sum(same_kind(x, xs[0]) for x in xs) > 1
            faults += [f"{op.name} {case.shapes}: {f}" for f in twice_faults(op, case, xs)]
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
