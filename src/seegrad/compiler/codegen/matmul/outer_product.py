"""Tiles of outer products: lanes lie along n, and each step of k adds a column times a row."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from seegrad.compiler.codegen.llvm_builder import Function
from seegrad.compiler.codegen.llvm_types import Value
from seegrad.compiler.codegen.matmul.epilogue import Epilogue
from seegrad.compiler.codegen.matmul.factors import Factors, MatmulPlan, aligned_up, each
from seegrad.compiler.codegen.matmul.packing import Panel, pack
from seegrad.compiler.codegen.memory_access import load_lanes

WRITTEN_OUT = 400
"""So much may come behind the product in one tile before a loop goes through its rows."""
ROOM_FOR_B = 1 << 19
"""Bytes of the second factor that stay near the core while rows of the first pass by."""


class OuterProductTiles:
    """Writes one matrix of the product in tiles of so many rows by so many vectors."""

    def __init__(self, f: Function, plan: MatmulPlan, factors: Factors, epilogue: Epilogue) -> None:
        self.f, self.plan, self.factors, self.epilogue = f, plan, factors, epilogue

    def write(self) -> None:
        """All tiles of the matrix."""
        f, plan, shape = self.f, self.plan, self.plan.shape
        if shape.pack_a or shape.pack_b:
            self._panels()
            return
        block = shape.columns * plan.lanes

        def over_n(m: Value, r: int) -> None:
            each(f, plan.n, block, lambda n, c: self._tile(m, r, n, c))

        def over_m(n: Value, c: int) -> None:
            each(f, plan.m, shape.rows, lambda m, r: self._tile(m, r, n, c))

        if plan.product.depth * plan.n * plan.size <= ROOM_FOR_B:
            each(f, plan.m, shape.rows, over_n)
        else:
            each(f, plan.n, block, over_m)

    def _panels(self) -> None:
        """Tiles whose factors are packed: rows block by block, columns panel by panel."""
        f, plan, shape = self.f, self.plan, self.plan.shape
        a, b, rows, last = plan.product.a, plan.product.b, shape.rows, len(plan.product.space)
        full, width = plan.m // rows * rows, shape.columns * plan.lanes
        room_a, _ = plan.panel_sizes
        place_b = f.at(f.parameters["scratch"], aligned_up(room_a * plan.size))

        def panel_a(m: Value, m0: Value, r: int) -> Panel:
            offset = f.times(f.sub(m, m0), plan.k * plan.size)
            return Panel(f.at(f.parameters["scratch"], offset), r)

        def packed_b(n: Value, count: int) -> Panel | None:
            if not shape.pack_b:
                return None
            panel = Panel(place_b, -(-count // plan.lanes) * plan.lanes)
            pack(f, self.factors.lines(b, last - 1, n, count), panel)
            return panel

        def block(m0: Value) -> None:
            stop = f.least(f.add(m0, shape.block), f.integer(full))

            def over_m(body: Callable[[Value, int], None]) -> None:
                f.loop(m0, stop, rows, lambda m: body(m, rows))
                if plan.m - full:
                    end = f.compare("eq", stop, f.integer(full))
                    f.guarded(end, lambda: body(f.integer(full), plan.m - full))

            if shape.pack_a:
                over_m(lambda m, r: pack(
                    f, self.factors.lines(a, last - 2, m, r), panel_a(m, m0, r)
                ))

            def columns(n: Value, count: int) -> None:
                right = packed_b(n, count)
                over_m(lambda m, r: self._tile(
                    m, r, n, count,
                    panel_a(m, m0, r) if shape.pack_a else None, right,
                ))

            each(f, plan.n, width, columns)

        f.loop(0, full, shape.block, block)

    def _tile(
        self, m: Value, rows: int, n: Value, width: int,
        packed_a: Panel | None = None, packed_b: Panel | None = None,
    ) -> None:
        """Rows m … m + rows - 1 by columns n … n + width - 1, then what comes behind."""
        f, plan, lanes = self.f, self.plan, self.plan.lanes
        counts = [min(lanes, width - j) for j in range(0, width, lanes)]
        columns = len(counts)
        left_at = self._left(m, rows, packed_a)
        right_at = self._right(n, counts, packed_b)

        def step(
            further: Sequence[Value], k: Value, _: int, sums: Sequence[Value]
        ) -> list[Value]:
            places, right, new = left_at(k), right_at(k, further[1]), []
            for i, place in enumerate(places):
                place = f.at(place, further[0])
                left = f.splat(f.load(place, plan.scalar, plan.size), lanes)
                new += [f.fma(left, right[j], sums[i * columns + j]) for j in range(columns)]
            return new

        self.epilogue.fetch(m, rows, n, width)
        sums = plan.summed(f, rows * columns, 1, step)
        if self.epilogue.length * len(sums) > WRITTEN_OUT:
            tile = f.stack(plan.kind, len(sums))
            row = columns * lanes * plan.size
            for i, total in enumerate(sums):
                f.store(total, f.at(tile, i * lanes * plan.size), plan.size)

            def behind(i: Value) -> None:
                totals = f.at(tile, f.times(i, row))
                self._behind(f.add(m, i), n, counts, [
                    f.load(f.at(totals, j * lanes * plan.size), plan.kind, plan.size)
                    for j in range(columns)
                ])

            f.loop(0, rows, 1, behind)
            return
        for i in range(rows):
            self._behind(f.add(m, i), n, counts, sums[i * columns:(i + 1) * columns])

    def _behind(self, m: Value, n: Value, counts: Sequence[int], totals: Sequence[Value]) -> None:
        """What comes behind the product in row m, from column n on."""
        for j, (count, total) in enumerate(zip(counts, totals)):
            self.epilogue.write(m, self.f.add(n, j * self.plan.lanes), count, total)

    def _left(self, m: Value, rows: int, packed: Panel | None) -> Callable[[Value], list[Value]]:
        """Where the first factor's numbers of rows m … m + rows - 1 are, at a step of k."""
        f, a, last = self.f, self.plan.product.a, len(self.plan.product.space)
        if packed is not None:
            return lambda k: [packed.at(f, k, i, self.plan.size) for i in range(rows)]
        starts = self.factors.row_pointers(a, last - 2, m, rows)

        def places(k: Value) -> list[Value]:
            offset = self.factors.k_offset(a, last - 1, k)
            return [f.at(start, offset) for start in starts]

        return places

    def _right(
        self, n: Value, counts: list[int], packed: Panel | None
    ) -> Callable[[Value, Value], list[Value]]:
        """The second factor's vectors from column n on, at a step of k, so many bytes further."""
        f, b, last = self.f, self.plan.product.b, len(self.plan.product.space)
        lanes, size = self.plan.lanes, self.plan.size
        if packed is not None:
            return lambda k, _: [
                f.load(packed.at(f, k, j * lanes, size), self.plan.kind, size)
                for j in range(len(counts))
            ]
        along = b.strides[-1]
        start = f.at(self.factors.pointers[id(b)], f.times(n, along * size))

        def vectors(k: Value, further: Value) -> list[Value]:
            place = f.at(f.at(start, further), self.factors.k_offset(b, last - 2, k))
            return [
                load_lanes(f, b, f.at(place, j * lanes * along * size), along, lanes, count)
                for j, count in enumerate(counts)
            ]

        return vectors
