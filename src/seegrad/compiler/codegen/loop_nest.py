"""Nests of loops as assembly: elementwise work and reductions, in stages, on vectors.

A nest either lays its lanes along an axis of the result (each lane sums its own column) or along
a reduced axis (a row is summed across lanes). Several reductions over the same axes follow each
other in stages, so that a softmax is one nest. Which nests there are is decided elsewhere.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import numpy as np

from seegrad.compiler.codegen import scalar
from seegrad.compiler.codegen.llvm_builder import Function, Value, lanes_of, vector
from seegrad.compiler.ir import scalar_types
from seegrad.compiler.ir.buffer import View
from seegrad.compiler.ir.expression import (
    Apply,
    Counter,
    Expression,
    Guarded,
    Literal,
    Load,
    Reduced,
    every,
    parts,
)
from seegrad.compiler.ir.kernel import Nest, Store
from seegrad.compiler.scheduling.tiling import lanes_for
from seegrad.compiler.target import host

_BOOL = np.dtype(bool)
IN_REGISTERS = 8
"""A row of up to so many vectors stays in registers through all stages."""
WRITTEN_OUT = 4000
"""Rows of expressions that come to more, counted for each vector, are gone through in a loop."""
SIDE_BY_SIDE = 4
"""So many vectors are summed side by side, to hide the latency of the sum."""


@dataclass(eq=False)
class Axis:
    """One axis of the loops after merging: its length and each view's stride along it."""

    size: int
    reduced: bool
    strides: dict[View, int]
    split: bool = False
    factor: int = 1                # of `start`, when a split axis swallowed inner ones
    gathered: frozenset[View] = frozenset()
    counted: int | None = None     # the kernel's own axis, where a Counter asks for it
    running: bool = False


@dataclass(eq=False)
class Point:
    """Where lanes stand: pointers of the outer loops, and the place along the vector axis."""

    pointers: dict[View, Value]
    offset: Value
    lanes: int
    count: int
    counters: dict[int, Value] = field(default_factory=dict)
    memo: dict[Expression, Value] = field(default_factory=dict)


class Addresses:
    """Where the views begin: a function is handed a pointer to each place that it touches."""

    def __init__(self, f: Function) -> None:
        self.f = f

    def base(self, view: View) -> Value:
        """Where the view begins, for the step at hand."""
        return self.f.parameters[place_name(view)]


def place_name(view: View) -> str:
    """The parameter that points to where the view begins."""
    return f"b{view.buffer.number}_{view.offset}"


def index_at(f: Function, rows: View, pointer: Value, i: Value) -> Value:
    """The row number that `rows` holds at i."""
    size = rows.dtype.itemsize
    kind = scalar_types.memory_type(rows.dtype)
    number = f.load(f.at(pointer, f.times(i, rows.strides[0] * size)), kind, size)
    if kind == "i64":
        return number
    return f.cast("sext" if rows.dtype.kind == "i" else "zext", number, "i64")


def load_lanes(
    f: Function, view: View, pointer: Value, stride: int, lanes: int, count: int,
    fill: float = 0,
) -> Value:  # fmt: skip
    """`count` elements `stride` apart as lanes of the view's computing type; `fill` in the rest."""
    size, kind = view.dtype.itemsize, scalar_types.memory_type(view.dtype)
    if stride == 0 or lanes == 1:
        x = f.splat(f.load(pointer, kind, size), lanes)
    elif stride == 1:
        x = f.load_some(pointer, vector(kind, lanes), size, count, fill)
    elif stride == 2 and host().bytes == 64:             # what lies between is read and left
        span = 2 * count - 1
        low = f.load_some(pointer, vector(kind, lanes), size, min(span, lanes), fill)
        high = low
        if span > lanes:
            behind = f.at(pointer, lanes * size)
            high = f.load_some(behind, vector(kind, lanes), size, span - lanes, fill)
        x = f.shuffle(low, high, range(0, 2 * lanes, 2))
    else:
        x = gather(f, pointer, _offsets(f, stride * size, lanes), kind, size, count, fill=fill)
    if view.dtype.kind == "b":
        return f.compare("ne", x, f.constant(x.type, 0))
    return x


def store_lanes(
    f: Function, x: Value, view: View, pointer: Value, stride: int, count: int, stream: bool
) -> None:
    """The lanes of x to `count` elements `stride` apart."""
    size, lanes = view.dtype.itemsize, lanes_of(x.type)
    if view.dtype.kind == "b":
        x = f.cast("zext", x, vector("i8", lanes))
    if lanes == 1:
        f.store(x, pointer, size)
    elif stride == 1:
        if stream and count == lanes and lanes * size == host().bytes:
            f.store(x, pointer, host().bytes, stream=True)
        else:
            f.store_some(x, pointer, size, count)
    elif stride == 0:
        f.store(f.extract(x, 0), pointer, size)
    elif stride == 2 and host().bytes == 64:
        for half in range(2):
            chosen = [half * lanes // 2 + i // 2 for i in range(lanes)]
            wanted = [i % 2 == 0 and k < count for i, k in enumerate(chosen)]
            if any(wanted):
                place = f.at(pointer, half * lanes * size)
                f.store_where(f.truths(wanted), f.shuffle(x, x, chosen), place, size)
    else:
        for lane in range(count):
            f.store(f.extract(x, lane), f.at(pointer, lane * stride * size), size)


def _offsets(f: Function, step: int, lanes: int) -> Value:
    items = ", ".join(f"i64 {i * step}" for i in range(lanes))
    return Value(f"<{items}>", vector("i64", lanes))


def gather(
    f: Function, pointer: Value, offsets: Value, kind: str, align: int, count: int,
    mask: Value | None = None, fill: float = 0,
) -> Value:  # fmt: skip
    """Elements at byte offsets from a pointer; lanes from `count` on, or outside of the mask,
    hold `fill`, unread."""
    lanes = lanes_of(offsets.type)
    if kind in ("float", "double", "i32", "i64"):
        places = f.emit(
            f"getelementptr i8, ptr {pointer.name}, {offsets.type} {offsets.name}",
            vector("ptr", lanes),
        )
        result, mask = vector(kind, lanes), mask or f.first(count, lanes)
        short = {"float": "f32", "double": "f64"}.get(kind, kind)
        name = f"llvm.masked.gather.v{lanes}{short}.v{lanes}p0"
        rest = f.constant(result, fill)
        f.module.declare(name, result, [places.type, "i32", mask.type, result])
        text = (
            f"call {result} @{name}({places.type} {places.name}, i32 {align}, "
            f"{mask.type} {mask.name}, {result} {rest.name})"
        )
        return f.emit(text, result)
    x = f.constant(vector(kind, lanes), fill)
    for lane in range(count):
        place = f.at(pointer, f.extract(offsets, lane))
        one = (
            f.load(place, kind, align) if mask is None
            else f.load_where(f.extract(mask, lane), place, kind, align, 0)
        )  # fmt: skip
        x = f.insert(x, one, lane)
    return x


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


class NestEmitter:
    """Writes one nest into a function, for a share of its split axis."""

    def __init__(
        self,
        f: Function,
        nest: Nest,
        split: int | None,
        length: int,
        stream: bool = False,
        lanes: int | None = None,
    ) -> None:
        self.f, self.nest, self.stream = f, nest, stream
        self.addresses = Addresses(f)
        self.roots = [s.value for s in nest.stores]
        self.everything = list(every(self.roots))
        self.views: list[View] = [s.view for s in nest.stores]
        self.views += [e.view for e in self.everything if isinstance(e, Load)]
        self.axes = self._normal_axes(split, length)
        self.lanes = lanes or lanes_for(self.everything)
        self._classify()

    # ------------------------------------------------------------------ shape of the loops

    def _normal_axes(self, split: int | None, length: int) -> list[Axis]:
        counted = {e.axis for e in self.everything if isinstance(e, Counter)}
        counted |= {i for e in self.everything if isinstance(e, Guarded) for i in e.counted}
        axes = []
        for i, n in enumerate(self.nest.space):
            size = length if i == split else n
            gathered = frozenset(v for v in self.views if v.gathered(i))
            if n == 1 and i != split and i not in counted and not gathered:
                continue
            axes.append(
                Axis(
                    size,
                    i in self.nest.reduced,
                    {v: v.strides[i] for v in self.views},
                    i == split,
                    gathered=gathered,
                    counted=i if i in counted else None,
                    running=i in self.nest.running,
                )
            )
        # What is added where places overlap is read as it lies: it is larger than what it adds to.
        main = self.views[-1 if self.nest.overlapping else 0]
        first_load = next((v for v in self.views[len(self.nest.stores):]), main)
        axes.sort(
            key=lambda a: (
                a.reduced, not a.gathered,
                -abs(a.strides[first_load if a.reduced else main]),
            )
        )
        merged: list[Axis] = []
        for axis in axes:
            if merged and self._merges(merged[-1], axis):
                outer = merged[-1]
                merged[-1] = Axis(
                    outer.size * axis.size, axis.reduced, axis.strides, outer.split,
                    outer.factor * axis.size,
                )
            else:
                merged.append(axis)
        return merged

    @staticmethod
    def _merges(outer: Axis, inner: Axis) -> bool:
        if outer.reduced != inner.reduced or inner.split or outer.gathered or inner.gathered:
            return False
        if outer.counted is not None or inner.counted is not None:
            return False
        if outer.running or inner.running:
            return False
        return all(outer.strides[v] == inner.strides[v] * inner.size for v in outer.strides)

    def _classify(self) -> None:
        """Which expressions vary along reduced axes, and the stage of each reduction."""
        reduced = [a for a in self.axes if a.reduced]
        self.varies: dict[Expression, bool] = {}
        self.stage: dict[Expression, int] = {}
        for e in self.everything:
            stage = max((self.stage[x] for x in parts(e)), default=0)
            varies = any(self.varies[x] for x in parts(e))
            if isinstance(e, Load):
                varies = any(a.strides[e.view] or e.view in a.gathered for a in reduced)
                if isinstance(e, Guarded):
                    varies = varies or not e.counted.isdisjoint(self.nest.reduced)
            elif isinstance(e, Counter):
                varies = e.axis in self.nest.reduced
            elif isinstance(e, Reduced):
                varies, stage = False, stage + 1
            self.varies[e], self.stage[e] = varies, stage
        self.reductions = [e for e in self.everything if isinstance(e, Reduced)]
        read = {e.view.buffer for e in self.everything if isinstance(e, Load)}
        last = max((self.stage[s.value] for s in self.nest.stores), default=0)
        self.inner_stores: dict[int, list[Store]] = {}
        self.outer_stores: list[Store] = []
        for store in self.nest.stores:
            inner = self.varies[store.value] or any(
                a.strides[store.view] for a in reduced
            )
            if not inner and reduced:
                self.outer_stores.append(store)
                continue
            stage = last if store.view.buffer in read else self.stage[store.value]
            self.inner_stores.setdefault(stage, []).append(store)
        self.stages = 1 + max(
            [self.stage[r] - 1 for r in self.reductions] + list(self.inner_stores) + [0]
        )

    def _vector_axis(self) -> Axis | None:
        def score(axis: Axis) -> float:
            total = 0.0
            for place, view in enumerate(self.views):
                weight = 2.0 if place < len(self.nest.stores) else 1.0
                if view in axis.gathered:
                    total -= 4 * weight
                elif abs(axis.strides[view]) == 1:
                    total += weight if axis.strides[view] == 1 else -weight
                elif axis.strides[view] == 2 and host().bytes == 64:
                    total += 0.25 * weight
                elif axis.strides[view]:
                    total -= 2 * weight
            fill = axis.size / (-(-axis.size // self.lanes) * self.lanes)
            return total * fill + 0.01 * fill - (0.3 if axis.reduced else 0)

        candidates = [a for a in self.axes if a.size > 1 and not a.running]
        return max(candidates, key=score, default=None)

    def _side_by_side(self) -> Axis | None:
        """The axis of rows, where each is gone through several times but is too short to fill a
        vector: then lanes are rows, and nothing is summed across lanes. Only for whole vectors
        of rows: for what is left, all of it would be written, and compiled, once more."""
        rows, along = ([a for a in self.axes if a.reduced is r] for r in (False, True))
        if len(rows) != 1 or len(along) != 1 or self.stages < 2:
            return None
        (row,), (short,) = rows, along
        fits = 1 < short.size < self.lanes and row.size % self.lanes == 0
        plain = not (row.running or short.gathered or self.nest.overlapping)
        guarded = any(isinstance(e, Guarded) for e in self.everything)
        written = short.size * len(self.varies) <= WRITTEN_OUT
        return row if fits and plain and written and not guarded else None

    # ------------------------------------------------------------------ writing it

    def emit(self) -> None:
        if any(a.size == 0 for a in self.axes if not a.reduced):
            return
        beside = self._side_by_side()
        self.vector, self.written = beside or self._vector_axis(), beside is not None
        if self.vector is not None:
            size = self.vector.size
            while self.lanes > 1 and self.lanes // 2 >= size:
                self.lanes //= 2
        else:
            self.lanes = 1
        # Lanes beyond a row's end are left out of its sum. With 0 in them, LLVM (22.1, wherever
        # masked loads are written out: aarch64, x86 without AVX) takes 0 / 0 for 0 and drops the
        # select that leaves them out; 1 / 1 is safe.
        applied = [e for e in self.everything if isinstance(e, Apply)]
        divides = any(scalar_types.divides(e.function) for e in applied)
        self.fill = int(divides and self.vector is not None and self.vector.reduced)
        pointers = {v: self.addresses.base(v) for v in dict.fromkeys(self.views)}
        for v in list(pointers):
            if v.rows is not None:
                pointers[v.rows] = self.addresses.base(v.rows)
        start = self.f.parameters["start"]
        for axis in self.axes:
            if axis.split:
                pointers = self._moved(pointers, axis, self.f.times(start, axis.factor), True)
        counters: dict[int, Value] = {}
        outer = [a for a in self.axes if not a.reduced and a is not self.vector]
        self._outer(outer, pointers, counters)

    def _moved(
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

    def _counted(self, counters: dict[int, Value], axis: Axis, i: Value) -> dict[int, Value]:
        if axis.counted is None:
            return counters
        if axis.split:
            i = self.f.add(i, self.f.parameters["start"])
        return {**counters, axis.counted: i}

    def _outer(
        self, axes: list[Axis], pointers: dict[View, Value], counters: dict[int, Value]
    ) -> None:
        if axes:
            axis, rest = axes[0], axes[1:]
            self.f.loop(
                0, axis.size, 1,
                lambda i: self._outer(
                    rest, self._moved(pointers, axis, i), self._counted(counters, axis, i)
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
        wide = SIDE_BY_SIDE if any(a.reduced for a in self.axes) and not self.written else 1
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
        for stage in range(self.stages):
            reductions = [r for r in self.reductions if self.stage[r] == stage + 1]
            stores = self.inner_stores.get(stage, [])
            if reductions or stores:
                self._pass(points, reductions, stores, kept)
        for point in points:
            self._store(point, point, self.outer_stores)

    def _store(self, point: Point, outer: Point, stores: Sequence[Store]) -> None:
        values = self._values([s.value for s in stores], point, outer)
        for store, x in zip(stores, values):
            x = scalar.cast(self.f, x, store.value.dtype, store.view.dtype)
            stride = self.vector.strides[store.view] if self.vector else 0
            pointer = self._place(store.view, point)
            store_lanes(self.f, x, store.view, pointer, stride, point.count, self.stream)

    def _place(self, view: View, point: Point) -> Value:
        pointer = point.pointers[view]
        stride = self.vector.strides[view] if self.vector else 0
        if not stride or (self.vector and view in self.vector.gathered):
            return pointer
        return self.f.at(pointer, self.f.times(point.offset, stride * view.dtype.itemsize))

    def _values(
        self, roots: Sequence[Expression], point: Point, outer: Point
    ) -> list[Value]:
        """Values at `point`; what does not vary along reduced axes is taken from `outer`."""
        f = self.f

        def leaf(e: Expression) -> Value:
            if point is not outer and not self.varies[e]:
                return f.splat(self._values([e], outer, outer)[0], point.lanes)
            if isinstance(e, Counter):
                return self._counter(e, point)
            assert isinstance(e, Load), e
            if self.vector is not None and e.view in self.vector.gathered:
                return self._gathered(e.view, point)
            if isinstance(e, Guarded):
                return self._guarded(e, point)
            stride = self.vector.strides[e.view] if self.vector else 0
            return load_lanes(f, e.view, self._place(e.view, point), stride, point.lanes,
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
            if self.varies[e]:
                stack.extend(parts(e))
            else:
                x = self._values([e], outer, outer)[0]
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

    def _guarded(self, e: Guarded, point: Point) -> Value:
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
        place, size = self._place(view, point), view.dtype.itemsize
        kind = scalar_types.memory_type(view.dtype)
        if stride == 1 or point.lanes == 1:
            x = f.load_where(mask, place, vector(kind, point.lanes), size, 0)
        else:
            x = gather(f, place, _offsets(f, stride * size, point.lanes), kind, size,
                       point.count, mask)
        return f.compare("ne", x, f.constant(x.type, 0)) if view.dtype.kind == "b" else x

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
        wide = vector("i64", point.lanes)
        if numbers.type != wide:
            numbers = f.cast("sext" if rows.dtype.kind == "i" else "zext", numbers, wide)
        step = f.constant(wide, self.vector.strides[view] * view.dtype.itemsize)
        offsets = f.binary("mul", numbers, step)
        kind = scalar_types.memory_type(view.dtype)
        if point.lanes == 1:
            return f.load(f.at(point.pointers[view], offsets), kind, view.dtype.itemsize)
        x = gather(f, point.pointers[view], offsets, kind, view.dtype.itemsize, point.count,
                   fill=self.fill)
        return f.compare("ne", x, f.constant(x.type, 0)) if view.dtype.kind == "b" else x

    # ------------------------------------------------------------------ one pass

    def _pass(
        self,
        points: list[Point],
        reductions: list[Reduced],
        stores: list[Store],
        kept: dict[int, dict[Expression, Value]],
    ) -> None:
        """One run over the reduced axes: stores inside, reductions into the points' memos."""
        inner = [a for a in self.axes if a.reduced]
        if not inner:
            for point in points:
                self._store(point, point, stores)
                for r in reductions:
                    x = self._values([r.argument], point, point)[0]
                    point.memo[r] = scalar.cast(self.f, x, r.argument.dtype, r.dtype)
            return
        if any(a.size == 0 for a in inner):
            for point in points:
                self._take(point, reductions, [self._start(r, point.lanes) for r in reductions])
            return
        if self.vector is not None and self.vector.reduced:
            self._pass_row(points[0], [a for a in inner if a is not self.vector],
                           reductions, stores, kept)
            return
        if self.written:
            self._pass_written(points, inner[0], reductions, stores, kept)
            return
        for point in points:     # what stays fixed is computed before the loops
            self._settle([*(r.argument for r in reductions), *(s.value for s in stores)], point)

        def body(pointers: dict[View, Value], counters: dict[int, Value],
                 sums: Sequence[Value]) -> list[Value]:
            new = []
            for k, point in enumerate(points):
                here = Point(pointers, point.offset, point.lanes, point.count, counters)
                self._store(here, point, stores)
                mine = sums[k * len(reductions):(k + 1) * len(reductions)]
                new += self._add(here, point, reductions, mine)
            return new

        start = [self._start(r, p.lanes) for p in points for r in reductions]
        sums = self._inner(inner, points[0].pointers, points[0].counters, start, body)
        for k, point in enumerate(points):
            self._take(point, reductions, sums[k * len(reductions):(k + 1) * len(reductions)])

    def _pass_written(
        self, points: list[Point], axis: Axis, reductions: list[Reduced], stores: list[Store],
        kept: dict[int, dict[Expression, Value]],
    ) -> None:
        """The short reduced axis place by place; what is computed there is kept for later."""
        for k, point in enumerate(points):
            sums: Sequence[Value] = [self._start(r, point.lanes) for r in reductions]
            for j in range(axis.size):
                at = self.f.integer(j)
                here = Point(self._moved(point.pointers, axis, at), point.offset, point.lanes,
                             point.count, self._counted(point.counters, axis, at),
                             kept.setdefault(k * axis.size + j, {}))
                self._store(here, point, stores)
                sums = self._add(here, point, reductions, sums)
            self._take(point, reductions, sums)

    def _settle(self, roots: Sequence[Expression], point: Point) -> None:
        """Compute at `point` what of these does not vary along the reduced axes."""
        stack, seen = list(reversed(roots)), set()
        while stack:
            e = stack.pop()
            if e in seen or isinstance(e, Literal):
                continue
            seen.add(e)
            if self.varies[e]:
                stack.extend(parts(e))
            else:
                self._values([e], point, point)

    def _inner(
        self,
        axes: Sequence[Axis],
        pointers: dict[View, Value],
        counters: dict[int, Value],
        sums: Sequence[Value],
        body: Callable[..., list[Value]],
    ) -> list[Value]:
        if not axes:
            return body(pointers, counters, sums)
        axis, rest = axes[0], axes[1:]
        return self.f.loop(
            0, axis.size, 1,
            lambda i, *sums: self._inner(
                rest, self._moved(pointers, axis, i), self._counted(counters, axis, i), sums, body
            ),
            sums,
        )

    def _start(self, r: Reduced, lanes: int) -> Value:
        kind = vector(scalar_types.scalar_type(r.dtype), lanes)
        return self.f.constant(kind, scalar.neutral(r.kind, r.dtype))

    def _add(
        self, here: Point, outer: Point, reductions: Sequence[Reduced], sums: Sequence[Value]
    ) -> list[Value]:
        f, new = self.f, []
        values = self._values([r.argument for r in reductions], here, outer)
        for r, x, total in zip(reductions, values, sums):
            x = scalar.cast(f, x, r.argument.dtype, r.dtype)
            across_lanes = self.vector is not None and self.vector.reduced
            if across_lanes and here.count < here.lanes:
                x = f.select(f.first(here.count, here.lanes), x, self._start(r, here.lanes))
            new.append(scalar.combine(f, r.kind, r.dtype, total, x))
        return new

    def _take(
        self, point: Point, reductions: Sequence[Reduced], sums: Sequence[Value]
    ) -> None:
        for r, x in zip(reductions, sums):
            point.memo[r] = x

    def _pass_row(
        self,
        outer: Point,
        others: list[Axis],
        reductions: list[Reduced],
        stores: list[Store],
        kept: dict[int, dict[Expression, Value]],
    ) -> None:
        """Lanes along a reduced axis; sums are taken across lanes at the end."""
        assert self.vector is not None
        f, lanes, axis = self.f, self.lanes, self.vector
        self._settle([*(r.argument for r in reductions), *(s.value for s in stores)], outer)
        chunks, tail = axis.size // lanes, axis.size % lanes
        vectors = chunks + bool(tail)
        unrolled = not others and vectors <= IN_REGISTERS and (
            vectors * len(self.varies) <= WRITTEN_OUT
        )
        side = 1 if unrolled else min(SIDE_BY_SIDE, chunks or 1)
        if not reductions or side * len(self.varies) > WRITTEN_OUT:
            side = 1

        def here(pointers: dict[View, Value], counters: dict[int, Value], i: Value,
                 count: int) -> Point:
            return Point(pointers, i, lanes, count, counters)

        def at(point: Point, sums: Sequence[Value]) -> list[Value]:
            self._store(point, outer, stores)
            return self._add(point, outer, reductions, sums)

        width = len(reductions)

        def row(pointers: dict[View, Value], counters: dict[int, Value],
                sums: Sequence[Value]) -> list[Value]:
            if unrolled:
                new = list(sums)
                for c in range(chunks + bool(tail)):
                    count = tail if c == chunks else lanes
                    point = here(pointers, counters, f.integer(c * lanes), count)
                    point.memo = kept.setdefault(c, {})
                    new = at(point, new)
                return new
            main = chunks // side * side

            def step(i: Value, *sums: Value) -> list[Value]:
                new = []
                for u in range(side):
                    point = here(pointers, counters, f.add(i, u * lanes), lanes)
                    new += at(point, sums[u * width:(u + 1) * width])
                return new

            new = f.loop(0, main * lanes, side * lanes, step, sums) if main else list(sums)
            for c in range(main, chunks + bool(tail)):
                count = tail if c == chunks else lanes
                point = here(pointers, counters, f.integer(c * lanes), count)
                new[:width] = at(point, new[:width])
            return new

        start = [self._start(r, lanes) for r in reductions] * side
        sums = self._inner(others, outer.pointers, outer.counters, start, row)
        totals = []
        for k, r in enumerate(reductions):
            columns = sums[k::width]
            while len(columns) > 1:
                half = len(columns) // 2
                columns = [
                    scalar.combine(f, r.kind, r.dtype, columns[i], columns[i + half])
                    for i in range(half)
                ] + columns[2 * half:]
            totals.append(scalar.across(f, r.kind, r.dtype, columns[0], lanes))
        self._take(outer, reductions, totals)
