"""Matrix products as assembly, written for their shapes: register tiles, ragged edges masked.

Lanes lie along n (or along m, which is the same product turned round) or along k (a tile of dot
products, summed across lanes at the end). What is fused behind it is evaluated on the tile.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from seegrad.compiler.codegen import scalar
from seegrad.compiler.codegen.llvm_builder import Function
from seegrad.compiler.codegen.llvm_types import Value, lanes_of, vector
from seegrad.compiler.codegen.memory_access import index_at, load_lanes, place_name, store_lanes
from seegrad.compiler.codegen.packing import Lines, Panel, pack, slack
from seegrad.compiler.codegen.point import evaluate
from seegrad.compiler.ir import scalar_types
from seegrad.compiler.ir.buffer import View
from seegrad.compiler.ir.expression import Accumulated, Expression, Load, every
from seegrad.compiler.ir.kernel import Matmul
from seegrad.compiler.scheduling.tiling import choose, lanes_for, lanes_to_use, panels, turned
from seegrad.compiler.target import host

SCRATCH = 1 << 15
"""Bytes of a tile's row that dot products may keep on the stack."""
FORESEEN = 512
"""Bytes of a row from which on it is fetched before its turn comes."""
ROOM_FOR_B = 1 << 19
"""Bytes of the second factor that stay near the core while rows of the first pass by."""


class MatmulEmitter:
    """Writes one product into a function, for a share of its split axis."""

    def __init__(self, f: Function, product: Matmul, split: int | None, length: int) -> None:
        last = len(product.space)
        m = length if split == last - 2 else product.space[-2]
        n = length if split == last - 1 else product.space[-1]
        turn, self.shape = choose(product, m, n)
        if turn:
            product = turned(product)
            m, n = n, m
            if split is not None and split >= last - 2:
                split = 2 * last - 3 - split
        self.f, self.product, self.split, self.length = f, product, split, length
        self.m, self.n, self.k = m, n, product.k
        self.dtype = product.a.dtype
        self.size = self.dtype.itemsize
        self.scalar = scalar_types.scalar_type(self.dtype)
        self.lanes = host().lanes(self.size * 8)
        along = n if self.shape.along == "n" else self.k
        self.lanes = lanes_to_use(along, self.lanes)
        self.kind = vector(self.scalar, self.lanes)
        room = panels(self.shape, m, n, self.k, self.lanes)
        self.panels = [x + slack(self.size) if x else 0 for x in room]
        self.scratch = sum(_aligned(x * self.size) for x in self.panels)
        """Bytes of memory of its own that each thread needs."""
        self.roots = [s.value for s in product.stores]
        self.loads = [e.view for e in every(self.roots) if isinstance(e, Load)]

    # ------------------------------------------------------------------ the outer loops

    def emit(self) -> None:
        product, f = self.product, self.f
        views = [product.a, product.b, *(s.view for s in product.stores), *self.loads]
        views = list(dict.fromkeys(views))
        pointers = {v: f.parameters[place_name(v)] for v in views}
        for v in views:
            if v.rows is not None:
                pointers[v.rows] = f.parameters[place_name(v.rows)]
        if self.split is not None:
            pointers = self._shifted(pointers, self.split, f.parameters["start"])
        if self.m == 0 or self.n == 0:
            return
        self._batch(0, pointers)

    def _stride(self, view: View, axis: int) -> int | None:
        """The view's stride along an axis of the space; None where it has no such axis."""
        last = len(self.product.space)
        if view is self.product.a and axis == last - 1:
            return None
        if view is self.product.b and axis == last - 2:
            return None
        return view.strides[axis]

    def _shifted(
        self, pointers: dict[View, Value], axis: int, start: Value
    ) -> dict[View, Value]:
        moved, f = dict(pointers), self.f
        for v in pointers:
            if len(v.strides) != len(self.product.space):
                continue                             # an index: it moves with what it picks
            if (stride := self._stride(v, axis)) is None:
                continue
            if v.rows is not None and v.rows_axis == axis:
                size = v.rows.dtype.itemsize * v.rows.strides[0]
                moved[v.rows] = f.at(pointers[v.rows], f.times(start, size))
            elif stride:
                moved[v] = f.at(pointers[v], f.times(start, stride * v.dtype.itemsize))
        return moved

    def _batch(self, axis: int, pointers: dict[View, Value]) -> None:
        f, space = self.f, self.product.space
        if axis == len(space) - 2:
            self._tiles(pointers)
            return
        size = self.length if axis == self.split else space[axis]

        def body(i: Value) -> None:
            moved = dict(pointers)
            for v in pointers:
                if len(v.strides) != len(space):
                    continue
                step = v.strides[axis] * v.dtype.itemsize
                if v.rows is not None and v.rows_axis == axis:
                    row = index_at(f, v.rows, pointers[v.rows], i)
                    moved[v] = f.at(pointers[v], f.times(row, step))
                elif step:
                    moved[v] = f.at(pointers[v], f.times(i, step))
            self._batch(axis + 1, moved)

        if size:
            f.loop(0, size, 1, body)

    def _tiles(self, pointers: dict[View, Value]) -> None:
        shape = self.shape
        if shape.along == "k":
            width = max(shape.columns, SCRATCH // (self.size * shape.rows))
            for n0, wide in _blocks(self.n, width):
                self._each(self.m, shape.rows,
                           lambda m, r, n0=n0, wide=wide: self._dots(pointers, m, r, n0, wide))
            return
        if shape.pack_a or shape.pack_b:
            self._panels(pointers)
            return
        block = shape.columns * self.lanes
        small_b = self.k * self.n * self.size <= ROOM_FOR_B

        def over_n(m: Value, r: int) -> None:
            self._each(self.n, block, lambda n, c: self._tile(pointers, m, r, n, c))

        if small_b:
            self._each(self.m, shape.rows, over_n)
            return
        self._each(
            self.n, block,
            lambda n, c: self._each(
                self.m, shape.rows, lambda m, r: self._tile(pointers, m, r, n, c)
            ),
        )

    def _panels(self, pointers: dict[View, Value]) -> None:
        """Tiles whose factors are packed: rows block by block, columns panel by panel."""
        f, shape, last = self.f, self.shape, len(self.product.space)
        a, b, rows = self.product.a, self.product.b, self.shape.rows
        full, width = self.m // rows * rows, shape.columns * self.lanes
        room_a, _ = self.panels
        place_b = f.at(f.parameters["scratch"], _aligned(room_a * self.size))

        def panel_a(m: Value, m0: Value, r: int) -> Panel:
            offset = f.times(f.sub(m, m0), self.k * self.size)
            return Panel(f.at(f.parameters["scratch"], offset), r)

        def packed_b(n: Value, count: int) -> Panel | None:
            if not shape.pack_b:
                return None
            panel = Panel(place_b, -(-count // self.lanes) * self.lanes)
            pack(f, self._lines(b, pointers, last - 1, n, count), panel)
            return panel

        def block(m0: Value) -> None:
            stop = f.least(f.add(m0, shape.block), f.integer(full))

            def over_m(body: Callable[[Value, int], None]) -> None:
                f.loop(m0, stop, rows, lambda m: body(m, rows))
                if self.m - full:
                    end = f.compare("eq", stop, f.integer(full))
                    f.guarded(end, lambda: body(f.integer(full), self.m - full))

            if shape.pack_a:
                over_m(lambda m, r: pack(
                    f, self._lines(a, pointers, last - 2, m, r), panel_a(m, m0, r)
                ))

            def columns(n: Value, count: int) -> None:
                right = packed_b(n, count)
                over_m(lambda m, r: self._tile(
                    pointers, m, r, n, count,
                    panel_a(m, m0, r) if shape.pack_a else None, right,
                ))

            self._each(self.n, width, columns)

        f.loop(0, full, shape.block, block)

    def _each(self, length: int, tile: int, body: object) -> None:
        """`body(start, size)` for full tiles in a loop, then for the rest."""
        f, full = self.f, length // tile * tile
        if full:
            f.loop(0, full, tile, lambda i: body(i, tile))  # type: ignore[operator]
        if length - full:
            body(f.integer(full), length - full)  # type: ignore[operator]

    # ------------------------------------------------------------------ addresses of the factors

    def _row_pointers(
        self, view: View, pointers: dict[View, Value], axis: int, start: Value, many: int
    ) -> list[Value]:
        """Where rows start … start + many - 1 of a factor begin."""
        f, found = self.f, []
        step = view.strides[axis] * self.size
        for i in range(many):
            at = f.add(start, i)
            if view.rows is not None and view.rows_axis == axis:
                at = index_at(f, view.rows, pointers[view.rows], at)
            found.append(f.at(pointers[view], f.times(at, step)))
        return found

    def _k_offset(self, view: View, pointers: dict[View, Value], axis: int, k: Value) -> Value:
        f = self.f
        if view.rows is not None and view.rows_axis == axis:
            k = index_at(f, view.rows, pointers[view.rows], k)
        return f.times(k, view.strides[axis] * self.size)

    def _lines(
        self, view: View, pointers: dict[View, Value], axis: int, start: Value, many: int
    ) -> Lines:
        """Positions start … start + many - 1 of a factor's axis, to be packed."""
        last = len(self.product.space)
        deep = last - 1 if view is self.product.a else last - 2
        return Lines(
            self._row_pointers(view, pointers, axis, start, many),
            lambda k: self._k_offset(view, pointers, deep, k),
            self.k, self.scalar, self.size,
            beside=many == 1 or view.neighbours(axis),
            behind=view.neighbours(deep),
        )

    # ------------------------------------------------------------------ lanes along n

    def _tile(
        self, pointers: dict[View, Value], m: Value, rows: int, n: Value, width: int,
        packed_a: Panel | None = None, packed_b: Panel | None = None,
    ) -> None:
        f, lanes = self.f, self.lanes
        counts = [min(lanes, width - j) for j in range(0, width, lanes)]
        columns = len(counts)
        left_at = self._left(pointers, m, rows, packed_a)
        right_at = self._right(pointers, n, counts, packed_b)
        zero = f.constant(self.kind, 0)

        def step(k: Value, *sums: Value) -> list[Value]:
            places, right, new = left_at(k), right_at(k), []
            for i, place in enumerate(places):
                left = f.splat(f.load(place, self.scalar, self.size), lanes)
                new += [f.fma(left, right[j], sums[i * columns + j]) for j in range(columns)]
            return new

        sums: Sequence[Value] = [zero] * (rows * columns)
        if self.k:
            sums = f.loop(0, self.k, 1, step, sums)
        for i in range(rows):
            for j, count in enumerate(counts):
                self._finish(pointers, f.add(m, i), f.add(n, j * lanes), count,
                             sums[i * columns + j])

    def _left(
        self, pointers: dict[View, Value], m: Value, rows: int, packed: Panel | None
    ) -> Callable[[Value], list[Value]]:
        """Where the first factor's numbers of rows m … m + rows - 1 are, at a step of k."""
        f, a, last = self.f, self.product.a, len(self.product.space)
        if packed is not None:
            return lambda k: [packed.at(f, k, i, self.size) for i in range(rows)]
        starts = self._row_pointers(a, pointers, last - 2, m, rows)

        def places(k: Value) -> list[Value]:
            offset = self._k_offset(a, pointers, last - 1, k)
            return [f.at(start, offset) for start in starts]

        return places

    def _right(
        self, pointers: dict[View, Value], n: Value, counts: list[int], packed: Panel | None
    ) -> Callable[[Value], list[Value]]:
        """The second factor's vectors from column n on, at a step of k."""
        f, b, last = self.f, self.product.b, len(self.product.space)
        lanes, size = self.lanes, self.size
        if packed is not None:
            return lambda k: [
                f.load(packed.at(f, k, j * lanes, size), self.kind, size)
                for j in range(len(counts))
            ]
        along = b.strides[-1]
        start = f.at(pointers[b], f.times(n, along * size))

        def vectors(k: Value) -> list[Value]:
            place = f.at(start, self._k_offset(b, pointers, last - 2, k))
            return [
                load_lanes(f, b, f.at(place, j * lanes * along * size), along, lanes, count)
                for j, count in enumerate(counts)
            ]

        return vectors

    def _finish(
        self, pointers: dict[View, Value], m: Value, n: Value, count: int, total: Value
    ) -> None:
        """What comes behind the product, on the lanes of `total` at (m, n …)."""
        f = self.f
        lanes = lanes_of(total.type)

        def leaf(e: Expression) -> Value:
            if isinstance(e, Accumulated):
                return total
            assert isinstance(e, Load)
            view = e.view
            if view.rows is not None and view.rows_axis == len(view.strides) - 2:
                row = index_at(f, view.rows, pointers[view.rows], m)
                place = f.at(pointers[view], f.times(row, view.strides[-2] * view.dtype.itemsize))
                place = f.at(place, f.times(n, view.strides[-1] * view.dtype.itemsize))
            else:
                place = self._place(pointers, view, m, n)
            return load_lanes(f, view, place, view.strides[-1], lanes, count)

        values = evaluate(f, self.roots, {}, lanes, leaf)
        for store, x in zip(self.product.stores, values):
            x = scalar.cast(f, x, store.value.dtype, store.view.dtype)
            place = self._place(pointers, store.view, m, n)
            store_lanes(f, x, store.view, place, store.view.strides[-1], count, False)

    def _place(self, pointers: dict[View, Value], view: View, m: Value, n: Value) -> Value:
        f, size = self.f, view.dtype.itemsize
        place = f.at(pointers[view], f.times(m, view.strides[-2] * size))
        return f.at(place, f.times(n, view.strides[-1] * size))

    # ------------------------------------------------------------------ lanes along k

    def _dots(self, pointers: dict[View, Value], m: Value, rows: int, n0: int, wide: int) -> None:
        """Rows m … m + rows - 1 against columns n0 … n0 + wide - 1, then what comes behind."""
        f, size = self.f, self.size
        pitch = wide + 16
        scratch = f.stack(self.scalar, pitch * rows)
        a, b, last = self.product.a, self.product.b, len(self.product.space)
        a_rows = self._row_pointers(a, pointers, last - 2, m, rows)

        def block(n: Value, columns: int) -> None:
            b_rows = self._row_pointers(b, pointers, last - 1, f.add(n, n0), columns)
            sums = self._dot_sums(a_rows, b_rows, self._upcoming(pointers, m, rows, n, wide))
            together = max(1, self.lanes // columns)        # rows whose sums fit one vector
            for first in range(0, rows, together):
                lines = range(first, min(first + together, rows))
                x = self._summed(sums[first * columns:(lines[-1] + 1) * columns])
                for i in lines:
                    part = self._part(x, (i - first) * columns, columns)
                    f.store(part, f.at(scratch, f.times(f.add(n, i * pitch), size)), size)

        self._each(wide, self.shape.columns, block)
        width = min(host().lanes(size * 8), lanes_for(every(self.roots)))
        width = lanes_to_use(wide, width)

        def behind(n: Value, columns: int) -> None:
            def row(i: Value) -> None:
                place = f.at(f.at(scratch, f.times(n, size)), f.times(i, pitch * size))
                total = f.load(place, vector(self.scalar, width), size)
                self._finish(pointers, f.add(m, i), f.add(n, n0), columns, total)

            f.loop(0, rows, 1, row)

        self._each(wide, width, behind)

    def _upcoming(
        self, pointers: dict[View, Value], m: Value, rows: int, n: Value, wide: int
    ) -> list[Value]:
        """Rows of the next tile to be fetched while the columns from n on are computed.

        Rows that an index picks lie anywhere, so that the processor cannot foresee them. Each
        block of columns has its share of them; behind the last row it is the last row again.
        """
        f, a, last = self.f, self.product.a, len(self.product.space)
        if a.rows is None or a.rows_axis != last - 2 or self.k * self.size < FORESEEN:
            return []
        columns = self.shape.columns
        share = -(-rows // -(-wide // columns))
        first = f.times(f.binary("udiv", n, f.integer(columns)), share)
        found = []
        for i in range(share):
            at = f.least(f.add(f.add(m, rows + i), first), f.integer(self.m - 1))
            found += self._row_pointers(a, pointers, last - 2, at, 1)
        return found

    def _dot_sums(
        self, a_rows: list[Value], b_rows: list[Value], upcoming: Sequence[Value] = ()
    ) -> list[Value]:
        f, lanes, size = self.f, self.lanes, self.size
        full = self.k // lanes * lanes
        many = len(a_rows) * len(b_rows)

        def step(k: Value, sums: Sequence[Value], count: int) -> list[Value]:
            offset = f.times(k, size)
            right = [f.load_some(f.at(p, offset), self.kind, size, count, 0) for p in b_rows]
            new = []
            for p in upcoming:
                f.fetch(f.at(p, offset))
            for i, p in enumerate(a_rows):
                left = f.load_some(f.at(p, offset), self.kind, size, count, 0)
                new += [
                    f.fma(left, x, sums[i * len(b_rows) + j]) for j, x in enumerate(right)
                ]
            return new

        sums: Sequence[Value] = [f.constant(self.kind, 0)] * many
        if full:
            sums = f.loop(0, full, lanes, lambda k, *s: step(k, s, lanes), sums)
        if self.k - full:
            sums = step(f.integer(full), sums, self.k - full)
        return list(sums)

    def _part(self, x: Value, start: int, count: int) -> Value:
        """Lanes start … start + count - 1 of x."""
        if lanes_of(x.type) == 1:
            return x
        if count == 1:
            return self.f.extract(x, start)
        return self.f.shuffle(x, x, range(start, start + count))

    def _summed(self, line: Sequence[Value]) -> Value:
        """One vector whose lanes are the sums across the lanes of each of `line`."""
        f, lanes = self.f, self.lanes
        many, group = list(line), lanes
        while len(many) > 1 and group > 1:
            half = group // 2
            if len(many) % 2:
                many.append(f.constant(self.kind, 0))
            count = lanes // half
            low = [g * group + i for g in range(count // 2) for i in range(half)]
            low = [x for part in (0, lanes) for x in (part + y for y in low)]
            high = [x + half for x in low]
            many = [
                f.binary("fadd", f.shuffle(x, y, low), f.shuffle(x, y, high))
                for x, y in zip(many[::2], many[1::2])
            ]
            group = half
        x = many[0]
        while group > 1:
            half, have = group // 2, lanes_of(x.type)
            low = [g * group + i for g in range(have // group) for i in range(half)]
            high = [i + half for i in low]
            if len(low) == 1:
                x = f.binary("fadd", f.extract(x, low[0]), f.extract(x, high[0]))
            else:
                x = f.binary("fadd", f.shuffle(x, x, low), f.shuffle(x, x, high))
            group = half
        return x


def _aligned(nbytes: int) -> int:
    return -(-nbytes // 64) * 64


def _blocks(length: int, width: int) -> list[tuple[int, int]]:
    return [(i, min(width, length - i)) for i in range(0, length, width)]
