"""Nests of loops as assembly: elementwise work and reductions, in stages, on vectors.

A nest either lays its lanes along an axis of the result (each lane sums its own column) or along
a reduced axis (a row is summed across lanes). Which nests there are is decided elsewhere.
"""

from __future__ import annotations

from seegrad.compiler.codegen.llvm_builder import Function
from seegrad.compiler.codegen.llvm_types import Value
from seegrad.compiler.codegen.loop_axes import Axis, LoopAxes
from seegrad.compiler.codegen.memory_access import place_name
from seegrad.compiler.codegen.point import Point, PointEmitter
from seegrad.compiler.codegen.reduction import SIDE_BY_SIDE, reduce
from seegrad.compiler.ir import scalar_types
from seegrad.compiler.ir.buffer import View
from seegrad.compiler.ir.expression import (
    Apply,
    Expression,
)
from seegrad.compiler.ir.kernel import LoopNest
from seegrad.compiler.scheduling.tiling import lanes_for


class LoopNestEmitter:
    """Writes one nest into a function, for a share of its split axis."""

    def __init__(
        self, f: Function, nest: LoopNest, split: int | None, length: int, stream: bool = False,
        lanes: int | None = None,
    ) -> None:  # fmt: skip
        self.f = f
        self.loops = LoopAxes(nest, split, length)
        lanes = lanes or lanes_for(self.loops.everything)
        beside = self.loops.side_by_side(lanes)
        self.vector, self.written = beside or self.loops.vector_axis(lanes), beside is not None
        if self.vector is None:
            lanes = 1
        else:
            while lanes > 1 and lanes // 2 >= self.vector.size:
                lanes //= 2
        self.lanes = lanes
        self.at = PointEmitter(
            f, self.loops, self.vector, lanes, stream, self.written, self._fill()
        )

    def emit(self) -> None:
        """Write the whole nest."""
        if any(a.size == 0 for a in self.loops.axes if not a.reduced):
            return
        pointers = {v: self.f.parameters[place_name(v)] for v in dict.fromkeys(self.loops.views)}
        for v in list(pointers):
            if v.rows is not None:
                pointers[v.rows] = self.f.parameters[place_name(v.rows)]
        start = self.f.parameters["start"]
        for axis in self.loops.axes:
            if axis.split:
                pointers = self.at.moved(pointers, axis, self.f.times(start, axis.factor), True)
        counters: dict[int, Value] = {}
        outer = [a for a in self.loops.axes if not a.reduced and a is not self.vector]
        self._outer(outer, pointers, counters)

    def _outer(
        self, axes: list[Axis], pointers: dict[View, Value], counters: dict[int, Value]
    ) -> None:
        if axes:
            axis, rest = axes[0], axes[1:]
            self.f.loop(
                0, axis.size, 1,
                lambda i: self._outer(
                    rest, self.at.moved(pointers, axis, i), self.at.counted(counters, axis, i)
                ),
            )
            return
        if self.vector is None or self.vector.reduced:
            self._row(pointers, counters)
        else:
            self._columns(pointers, counters)

    def _columns(self, pointers: dict[View, Value], counters: dict[int, Value]) -> None:
        """Lanes along an axis of the result."""
        assert self.vector is not None
        f, size, lanes = self.f, self.vector.size, self.lanes
        wide = SIDE_BY_SIDE if any(a.reduced for a in self.loops.axes) and not self.written else 1
        chunks = size // lanes
        wide = min(wide, max(1, chunks))

        def points(i: Value, how_many: int, last: int) -> list[Point]:
            found = []
            for u in range(how_many):
                at = f.add(i, u * lanes)
                count = last if u == how_many - 1 else lanes
                found.append(Point(pointers, at, lanes, count, counters))
            return found

        main = chunks // wide * wide
        if main:
            f.loop(0, main * lanes, wide * lanes,
                   lambda i: self._stages(points(i, wide, lanes)))
        left, tail = chunks - main, size - chunks * lanes
        if left or tail:
            many = left + (1 if tail else 0)
            self._stages(points(f.integer(main * lanes), many, tail or lanes))

    def _row(self, pointers: dict[View, Value], counters: dict[int, Value]) -> None:
        """Lanes along a reduced axis, or no lanes at all."""
        self._stages([Point(pointers, self.f.integer(0), 1, 1, counters)])

    def _stages(self, points: list[Point]) -> None:
        """All stages at these points of the outer axes; then what is stored once for each."""
        kept: dict[int, dict[Expression, Value]] = {}
        for stage in range(self.loops.stages):
            reductions = [r for r in self.loops.reductions if self.loops.stage[r] == stage + 1]
            stores = self.loops.inner_stores.get(stage, [])
            if reductions or stores:
                reduce(self.at, points, reductions, stores, kept)
        for point in points:
            self.at.store(point, point, self.loops.outer_stores)

    def _fill(self) -> int:
        # Lanes beyond a row's end are left out of its sum. With 0 in them, LLVM (22.1, wherever
        # masked loads are written out: aarch64, x86 without AVX) takes 0 / 0 for 0 and drops the
        # select that leaves them out; 1 / 1 is safe.
        applied = [e for e in self.loops.everything if isinstance(e, Apply)]
        divides = any(scalar_types.divides(e.function) for e in applied)
        return int(divides and self.vector is not None and self.vector.reduced)
