"""Expressions evaluated and stored at one point of a loop nest, on lanes along its vector axis."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import numpy as np

from seegrad.compiler.codegen import scalar
from seegrad.compiler.codegen.llvm_builder import Function
from seegrad.compiler.codegen.llvm_types import Value, lanes_of, vector
from seegrad.compiler.codegen.loop_axes import Axis, LoopAxes
from seegrad.compiler.codegen.memory_access import (
    byte_offsets,
    from_memory,
    gather,
    index_at,
    load_lanes,
    row_numbers,
    store_lanes,
)
from seegrad.compiler.ir import scalar_types
from seegrad.compiler.ir.buffer import View
from seegrad.compiler.ir.expression import (
    Apply,
    Argument,
    Counter,
    Expression,
    Literal,
    Load,
    MaskedLoad,
    parts,
)
from seegrad.compiler.ir.kernel import Store

_BOOL = np.dtype(bool)


@dataclass(eq=False)
class Point:
    """Where lanes stand: pointers of the outer loops, and the place along the vector axis."""

    pointers: dict[View, Value]
    offset: Value
    lanes: int
    count: int
    counters: dict[int, Value] = field(default_factory=dict)
    memo: dict[Expression, Value] = field(default_factory=dict)


def evaluate(f: Function, roots: Sequence[Expression], memo: dict[Expression, Value],
             lanes: int, load: Callable[[Expression], Value]) -> list[Value]:
    """The values of `roots` at one point; `load` gives those of leaves. No recursion."""
    stack = [e for e in reversed(roots) if e not in memo]
    while stack:
        e = stack[-1]
        if e in memo:
            stack.pop()
            continue
        if isinstance(e, Apply):
            missing = [x for x in e.arguments if x not in memo]
            if missing:
                stack.extend(reversed(missing))
                continue
            memo[e] = _applied(f, e, [memo[x] for x in e.arguments])
        elif isinstance(e, Literal):
            kind = vector(scalar_types.scalar_type(e.dtype), lanes)
            memo[e] = f.constant(kind, scalar_types.literal(e.dtype, e.value))
        elif isinstance(e, Argument):
            memo[e] = f.splat(f.parameters[f"n{e.place}"], lanes)
        else:
            memo[e] = load(e)
        stack.pop()
    return [memo[e] for e in roots]


def _applied(f: Function, e: Apply, values: Sequence[Value]) -> Value:
    compute = e.compute
    if e.function == "where":
        condition = scalar.cast(f, values[0], e.arguments[0].dtype, _BOOL)
        rest = [
            scalar.cast(f, v, x.dtype, compute)
            for v, x in zip(values[1:], e.arguments[1:])
        ]
        x = f.select(condition, *rest)
        return scalar.cast(f, x, compute, e.dtype)
    if e.function == "cast":
        return scalar.cast(f, values[0], e.arguments[0].dtype, e.dtype)
    given = [scalar.cast(f, v, x.dtype, compute) for v, x in zip(values, e.arguments)]
    result = scalar.emit(f, e.function, compute, *given)
    made = scalar_types.result_dtype(e.function, *(compute for _ in e.arguments))
    return scalar.cast(f, result, made, e.dtype)


class PointEmitter:
    """Writes what happens at a point; `vector` is the axis of the lanes.

    With `written`, a short reduced axis is written out place by place.
    """

    def __init__(
        self, f: Function, loops: LoopAxes, vector: Axis | None, lanes: int, stream: bool,
        written: bool, fill: float,
    ) -> None:  # fmt: skip
        self.f, self.loops, self.vector, self.lanes = f, loops, vector, lanes
        self.stream, self.written, self.fill = stream, written, fill

    def moved(
        self, pointers: dict[View, Value], axis: Axis, i: Value, shift: bool = False
    ) -> dict[View, Value]:
        """The pointers i places further along the axis; a `shift` moves the index, not the row."""
        f, moved = self.f, dict(pointers)
        for v, stride in axis.strides.items():
            if v in axis.gathered:
                assert v.rows is not None
                if shift:
                    size = v.rows.dtype.itemsize * v.rows.strides[0]
                    moved[v.rows] = f.at(pointers[v.rows], f.times(i, size))
                else:
                    row = index_at(f, v.rows, pointers[v.rows], i)
                    moved[v] = f.at(pointers[v], f.times(row, stride * v.dtype.itemsize))
            elif stride:
                moved[v] = f.at(pointers[v], f.times(i, stride * v.dtype.itemsize))
        return moved

    def counted(self, counters: dict[int, Value], axis: Axis, i: Value) -> dict[int, Value]:
        """The counters with that of this axis at i."""
        if axis.counted is None:
            return counters
        if axis.split:
            i = self.f.add(i, self.f.parameters["start"])
        return {**counters, axis.counted: i}

    def store(self, point: Point, outer: Point, stores: Sequence[Store]) -> None:
        """Compute what the stores hold at `point`, and write it."""
        values = self.values([s.value for s in stores], point, outer)
        for store, x in zip(stores, values):
            x = scalar.cast(self.f, x, store.value.dtype, store.view.dtype)
            stride = self.vector.strides[store.view] if self.vector else 0
            pointer = self.place(store.view, point)
            store_lanes(self.f, x, store.view, pointer, stride, point.count, self.stream)

    def place(self, view: View, point: Point) -> Value:
        """The address of the view's first lane at `point`."""
        pointer = point.pointers[view]
        stride = self.vector.strides[view] if self.vector else 0
        if not stride or (self.vector and view in self.vector.gathered):
            return pointer
        return self.f.at(pointer, self.f.times(point.offset, stride * view.dtype.itemsize))

    def values(
        self, roots: Sequence[Expression], point: Point, outer: Point
    ) -> list[Value]:
        """Values at `point`; what does not vary along reduced axes is taken from `outer`."""
        f = self.f

        def leaf(e: Expression) -> Value:
            if point is not outer and not self.loops.varies[e]:
                return f.splat(self.values([e], outer, outer)[0], point.lanes)
            if isinstance(e, Counter):
                return self._counter(e, point)
            assert isinstance(e, Load), e
            if self.vector is not None and e.view in self.vector.gathered:
                return self._gathered(e.view, point)
            if isinstance(e, MaskedLoad):
                return self._guarded(e, point)
            stride = self.vector.strides[e.view] if self.vector else 0
            return load_lanes(f, e.view, self.place(e.view, point), stride, point.lanes,
                              point.count, self.fill)

        if point is not outer:
            self._bring(roots, point, outer)
        return evaluate(f, roots, point.memo, point.lanes, leaf)

    def _bring(self, roots: Sequence[Expression], point: Point, outer: Point) -> None:
        """Values of `outer` that `point` uses, spread over its lanes."""
        stack, seen = list(reversed(roots)), set()
        while stack:
            e = stack.pop()
            if e in point.memo or e in seen or isinstance(e, Literal):
                continue
            seen.add(e)
            if self.loops.varies[e]:
                stack.extend(parts(e))
            else:
                x = self.values([e], outer, outer)[0]
                same = lanes_of(x.type) == point.lanes
                point.memo[e] = x if same else self.f.splat(x, point.lanes)

    def _counter(self, e: Counter, point: Point) -> Value:
        f, kind = self.f, scalar_types.scalar_type(e.dtype)
        if self.vector is not None and self.vector.counted == e.axis:
            at = point.offset
            if self.vector.split:
                at = f.add(at, f.parameters["start"])
            first = f.cast("trunc", at, kind) if kind != "i64" else at
            return f.binary("add", f.splat(first, point.lanes), f.iota(kind, point.lanes))
        at = point.counters[e.axis]
        return f.splat(f.cast("trunc", at, kind) if kind != "i64" else at, point.lanes)

    def _guarded(self, e: MaskedLoad, point: Point) -> Value:
        """The lanes that lie within the memory; 0 in the others."""
        f, view, bound, slope = self.f, e.view, 0, 1
        along: Value | None = None
        allowed: Value | None = None
        own = self.vector.counted if self.vector is not None else None
        for outer, inner, step, size in e.bounds:
            back = f.times(self._position(inner, point), -step)
            at = f.cast("trunc", f.add(self._position(outer, point), back), "i32")
            if own in (outer, inner):
                along, bound, slope = at, size, 1 if own == outer else -step
            else:
                inside = f.compare("ult", at, f.constant("i32", size))
                allowed = inside if allowed is None else f.binary("and", allowed, inside)
        if along is None:
            assert allowed is not None
            mask = f.splat(allowed, point.lanes)
        else:
            if allowed is not None:                  # a place far outside, where none is allowed
                along = f.select(allowed, along, f.constant("i32", -(2**30)))
            apart = f.iota("i32", point.lanes)
            apart = f.binary("mul", apart, f.constant(apart.type, slope))
            lanes = f.binary("add", f.splat(along, point.lanes), apart)
            mask = f.compare("ult", lanes, f.constant(lanes.type, bound))
        if point.count < point.lanes:
            mask = f.binary("and", mask, f.first(point.count, point.lanes))
        stride = self.vector.strides[view] if self.vector else 0
        place, size = self.place(view, point), view.dtype.itemsize
        kind = scalar_types.memory_type(view.dtype)
        if stride == 1 or point.lanes == 1:
            x = f.load_where(mask, place, vector(kind, point.lanes), size, 0)
        else:
            x = gather(f, place, byte_offsets(f, stride * size, point.lanes), kind, size,
                       point.count, mask)
        return from_memory(f, x, view.dtype)

    def _position(self, axis: int, point: Point) -> Value:
        """Where along an axis of the kernel's space the first lane stands."""
        if self.vector is not None and self.vector.counted == axis:
            start = self.f.parameters["start"] if self.vector.split else self.f.integer(0)
            return self.f.add(point.offset, start)
        return point.counters[axis]

    def _gathered(self, view: View, point: Point) -> Value:
        assert view.rows is not None
        assert self.vector is not None
        f, rows = self.f, view.rows
        size = rows.dtype.itemsize
        place = f.at(point.pointers[rows], f.times(point.offset, rows.strides[0] * size))
        numbers = load_lanes(f, rows, place, rows.strides[0], point.lanes, point.count)
        numbers = row_numbers(f, rows, numbers)
        step = f.constant(numbers.type, self.vector.strides[view] * view.dtype.itemsize)
        offsets = f.binary("mul", numbers, step)
        kind = scalar_types.memory_type(view.dtype)
        if point.lanes == 1:
            x = f.load(f.at(point.pointers[view], offsets), kind, view.dtype.itemsize)
            return from_memory(f, x, view.dtype)
        x = gather(f, point.pointers[view], offsets, kind, view.dtype.itemsize, point.count,
                   fill=self.fill)
        return from_memory(f, x, view.dtype)

    def settle(self, roots: Sequence[Expression], point: Point) -> None:
        """Compute at `point` what of these does not vary along the reduced axes."""
        stack, seen = list(reversed(roots)), set()
        while stack:
            e = stack.pop()
            if e in seen or isinstance(e, Literal):
                continue
            seen.add(e)
            if self.loops.varies[e]:
                stack.extend(parts(e))
            else:
                self.values([e], point, point)
