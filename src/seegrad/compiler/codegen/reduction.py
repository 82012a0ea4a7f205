"""One run over the reduced axes of a nest: what is stored inside, what is summed, in what order."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from seegrad.compiler.codegen import loop_axes, scalar
from seegrad.compiler.codegen.llvm_types import Value, vector
from seegrad.compiler.codegen.loop_axes import Axis
from seegrad.compiler.codegen.point import Point, PointEmitter
from seegrad.compiler.codegen.summation import Chains, Total
from seegrad.compiler.ir import scalar_types
from seegrad.compiler.ir.buffer import View
from seegrad.compiler.ir.expression import (
    Expression,
    Reduced,
)
from seegrad.compiler.ir.kernel import Store

IN_REGISTERS = 8
"""A row of up to so many vectors stays in registers through all stages."""
SIDE_BY_SIDE = 4
"""So many vectors are summed side by side, to hide the latency of the sum."""


def reduce(
    emitter: PointEmitter,
    points: list[Point],
    reductions: list[Reduced],
    stores: list[Store],
    kept: dict[int, dict[Expression, Value]],
) -> None:
    """One run over the reduced axes: stores inside, reductions into the points' memos."""
    inner = [a for a in emitter.loops.axes if a.reduced]
    if not inner:
        for point in points:
            emitter.store(point, point, stores)
            for r in reductions:
                x = emitter.values([r.argument], point, point)[0]
                point.memo[r] = scalar.cast(emitter.f, x, r.argument.dtype, r.dtype)
        return
    if any(a.size == 0 for a in inner):
        for point in points:
            point.memo.update((r, _start(emitter, r, point.lanes)) for r in reductions)
        return
    if emitter.vector is not None and emitter.vector.reduced:
        _along_row(emitter, points[0], [a for a in inner if a is not emitter.vector],
                       reductions, stores, kept)
        return
    if emitter.written:
        _written_out(emitter, points, inner[0], reductions, stores, kept)
        return
    for point in points:     # what stays fixed is computed before the loops
        emitter.settle([*(r.argument for r in reductions), *(s.value for s in stores)], point)

    width = len(reductions)

    def body(pointers: dict[View, Value], counters: dict[int, Value],
             sums: Sequence[Value]) -> list[Value]:
        new = []
        for k, point in enumerate(points):
            here = Point(pointers, point.offset, point.lanes, point.count, counters)
            emitter.store(here, point, stores)
            new += _add(emitter, here, point, reductions, sums[k * width:(k + 1) * width])
        return new

    totals = [Total.of(r, p.lanes) for p in points for r in reductions]
    chains = Chains.of(emitter.f, totals, [a.size for a in inner])
    sums = _inner(emitter, inner, points[0].pointers, points[0].counters, chains, body)
    for k, x in enumerate(sums):
        r = reductions[k % width]
        points[k // width].memo[r] = chains.closed(k, [x], r.dtype)


def _written_out(
    emitter: PointEmitter, points: list[Point], axis: Axis, reductions: list[Reduced],
    stores: list[Store],
    kept: dict[int, dict[Expression, Value]],
) -> None:
    """The short reduced axis place by place; what is computed there is kept for later."""
    for k, point in enumerate(points):
        chains = Chains(emitter.f, [Total.of(r, point.lanes) for r in reductions])
        sums = chains.start()
        for j in range(axis.size):
            at = emitter.f.integer(j)
            here = Point(emitter.moved(point.pointers, axis, at), point.offset, point.lanes,
                         point.count, emitter.counted(point.counters, axis, at),
                         kept.setdefault(k * axis.size + j, {}))
            emitter.store(here, point, stores)
            sums = _add(emitter, here, point, reductions, sums)
        for i, r in enumerate(reductions):
            point.memo[r] = chains.closed(i, [sums[i]], r.dtype)


def _inner(
    emitter: PointEmitter, axes: Sequence[Axis], pointers: dict[View, Value],
    counters: dict[int, Value], chains: Chains, body: Callable[..., list[Value]],
) -> list[Value]:  # fmt: skip
    """The loops over the axes, first to last, round the body."""

    def loops(level: int, pointers: dict[View, Value], counters: dict[int, Value],
              sums: Sequence[Value]) -> list[Value]:
        if level == len(axes):
            return body(pointers, counters, sums)
        axis = axes[level]
        return chains.loop(
            level, axis.size, 1,
            lambda i, *sums: loops(
                level + 1, emitter.moved(pointers, axis, i), emitter.counted(counters, axis, i),
                sums,
            ),
            sums,
        )

    return loops(0, pointers, counters, chains.start())


def _start(
    emitter: PointEmitter, r: Reduced, lanes: int) -> Value:
    kind = vector(scalar_types.scalar_type(r.dtype), lanes)
    return emitter.f.constant(kind, scalar.neutral(r.kind, r.dtype))


def _add(
    emitter: PointEmitter, here: Point, outer: Point, reductions: Sequence[Reduced],
    sums: Sequence[Value],
) -> list[Value]:
    f, new = emitter.f, []
    values = emitter.values([r.argument for r in reductions], here, outer)
    for r, x, total in zip(reductions, values, sums):
        held = scalar_types.computing(r.dtype)
        x = scalar.cast(f, x, r.argument.dtype, held)
        across_lanes = emitter.vector is not None and emitter.vector.reduced
        if across_lanes and here.count < here.lanes:
            x = f.select(f.first(here.count, here.lanes), x, _start(emitter, r, here.lanes))
        new.append(scalar.combine(f, r.kind, held, total, x))
    return new


def _along_row(
    emitter: PointEmitter,
    outer: Point,
    others: list[Axis],
    reductions: list[Reduced],
    stores: list[Store],
    kept: dict[int, dict[Expression, Value]],
) -> None:
    """Lanes along a reduced axis; sums are taken across lanes at the end."""
    assert emitter.vector is not None
    f, lanes, axis = emitter.f, emitter.lanes, emitter.vector
    emitter.settle([*(r.argument for r in reductions), *(s.value for s in stores)], outer)
    chunks, tail = axis.size // lanes, axis.size % lanes
    vectors = chunks + bool(tail)
    unrolled = not others and vectors <= IN_REGISTERS and (
        vectors * len(emitter.loops.varies) <= loop_axes.WRITTEN_OUT
    )
    side = 1 if unrolled else min(SIDE_BY_SIDE, chunks or 1)
    if not reductions or side * len(emitter.loops.varies) > loop_axes.WRITTEN_OUT:
        side = 1

    def at(point: Point, sums: Sequence[Value]) -> list[Value]:
        emitter.store(point, outer, stores)
        return _add(emitter, point, outer, reductions, sums)

    width, main = len(reductions), 0 if unrolled else chunks // side * side
    totals = [Total.of(r, lanes) for r in reductions] * side
    level = len(others)
    chains = Chains.of(f, totals, [*(a.size for a in others), main // side], vectors - main)

    def row(pointers: dict[View, Value], counters: dict[int, Value],
            sums: Sequence[Value]) -> list[Value]:
        def step(i: Value, *sums: Value) -> list[Value]:
            new = []
            for u in range(side):
                point = Point(pointers, f.add(i, u * lanes), lanes, lanes, counters)
                new += at(point, sums[u * width:(u + 1) * width])
            return new

        def behind(sums: list[Value]) -> list[Value]:
            for c in range(main, vectors):
                count = tail if c == chunks else lanes
                point = Point(pointers, f.integer(c * lanes), lanes, count, counters)
                if unrolled:
                    point.memo = kept.setdefault(c, {})
                sums[:width] = at(point, sums[:width])
            return sums

        new = chains.loop(level, main * lanes, side * lanes, step, sums) if main else list(sums)
        if chains.cut == level and main < vectors:
            return chains.add(new, behind(chains.fresh()))
        return behind(new)

    sums = _inner(emitter, others, outer.pointers, outer.counters, chains, row)
    for k, r in enumerate(reductions):
        outer.memo[r] = chains.across(k, sums[k::width], r.dtype)
