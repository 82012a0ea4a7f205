"""Tiles of dot products: lanes lie along k, and are summed across at the end."""

from __future__ import annotations

from collections.abc import Sequence

from seegrad.compiler.codegen.llvm_builder import Function
from seegrad.compiler.codegen.llvm_types import Value, lanes_of, vector
from seegrad.compiler.codegen.matmul.epilogue import Epilogue
from seegrad.compiler.codegen.matmul.factors import Factors, MatmulPlan, each
from seegrad.compiler.ir.expression import every
from seegrad.compiler.scheduling.tiling import lanes_for, lanes_to_use
from seegrad.compiler.target import host

SCRATCH = 1 << 15
"""Bytes of a tile's row that dot products may keep on the stack."""
FORESEEN = 512
"""Bytes of a row from which on it is fetched before its turn comes."""


class DotTiles:
    """Writes one matrix of the product, rows against columns, through a scratch row of sums."""

    def __init__(self, f: Function, plan: MatmulPlan, factors: Factors, epilogue: Epilogue) -> None:
        self.f, self.plan, self.factors, self.epilogue = f, plan, factors, epilogue

    def write(self) -> None:
        """All tiles of the matrix."""
        plan, shape = self.plan, self.plan.shape
        width = max(shape.columns, SCRATCH // (plan.size * shape.rows))
        for n0 in range(0, plan.n, width):
            wide = min(width, plan.n - n0)

            def rows(m: Value, count: int, n0: int = n0, wide: int = wide) -> None:
                self._dots(m, count, n0, wide)

            each(self.f, plan.m, shape.rows, rows)

    def _dots(self, m: Value, rows: int, n0: int, wide: int) -> None:
        """Rows m … m + rows - 1 against columns n0 … n0 + wide - 1, then what comes behind."""
        f, size = self.f, self.plan.size
        pitch = wide + 16
        scratch = f.stack(self.plan.scalar, pitch * rows)
        a, b, last = self.plan.product.a, self.plan.product.b, len(self.plan.product.space)
        a_rows = self.factors.row_pointers(a, last - 2, m, rows)

        def block(n: Value, columns: int) -> None:
            b_rows = self.factors.row_pointers(b, last - 1, f.add(n, n0), columns)
            sums = self._dot_sums(a_rows, b_rows, self._upcoming(m, rows, n, wide))
            together = max(1, self.plan.lanes // columns)        # rows whose sums fit one vector
            for first in range(0, rows, together):
                lines = range(first, min(first + together, rows))
                x = self._summed(sums[first * columns:(lines[-1] + 1) * columns])
                for i in lines:
                    part = self._part(x, (i - first) * columns, columns)
                    f.store(part, f.at(scratch, f.times(f.add(n, i * pitch), size)), size)

        each(f, wide, self.plan.shape.columns, block)
        fused = every([s.value for s in self.plan.product.stores])
        width = min(host().lanes(size * 8), lanes_for(fused))
        width = lanes_to_use(wide, width)

        def behind(n: Value, columns: int) -> None:
            def row(i: Value) -> None:
                place = f.at(f.at(scratch, f.times(n, size)), f.times(i, pitch * size))
                total = f.load(place, vector(self.plan.scalar, width), size)
                self.epilogue.write(f.add(m, i), f.add(n, n0), columns, total)

            f.loop(0, rows, 1, row)

        each(f, wide, width, behind)

    def _upcoming(self, m: Value, rows: int, n: Value, wide: int) -> list[Value]:
        """Rows of the next tile to be fetched while the columns from n on are computed.

        Rows that an index picks lie anywhere, so that the processor cannot foresee them. Each
        block of columns has its share of them; behind the last row it is the last row again.
        """
        f, a, last = self.f, self.plan.product.a, len(self.plan.product.space)
        if a.rows is None or a.rows_axis != last - 2 or self.plan.k * self.plan.size < FORESEEN:
            return []
        columns = self.plan.shape.columns
        share = -(-rows // -(-wide // columns))
        first = f.times(f.binary("udiv", n, f.integer(columns)), share)
        found = []
        for i in range(share):
            at = f.least(f.add(f.add(m, rows + i), first), f.integer(self.plan.m - 1))
            found += self.factors.row_pointers(a, last - 2, at, 1)
        return found

    def _dot_sums(
        self, a_rows: list[Value], b_rows: list[Value], upcoming: Sequence[Value] = ()
    ) -> list[Value]:
        f, lanes, size = self.f, self.plan.lanes, self.plan.size
        many = len(a_rows) * len(b_rows)

        def step(
            further: Sequence[Value], k: Value, count: int, sums: Sequence[Value]
        ) -> list[Value]:
            offset = f.times(k, size)
            right = [
                f.load_some(f.at(f.at(p, further[1]), offset), self.plan.kind, size, count, 0)
                for p in b_rows
            ]
            new = []
            for p in upcoming:
                f.fetch(f.at(p, offset))
            for i, p in enumerate(a_rows):
                place = f.at(f.at(p, further[0]), offset)
                left = f.load_some(place, self.plan.kind, size, count, 0)
                new += [
                    f.fma(left, x, sums[i * len(b_rows) + j]) for j, x in enumerate(right)
                ]
            return new

        return self.plan.summed(f, many, lanes, step)

    def _part(self, x: Value, start: int, count: int) -> Value:
        """Lanes start … start + count - 1 of x."""
        if lanes_of(x.type) == 1:
            return x
        if count == 1:
            return self.f.extract(x, start)
        return self.f.shuffle(x, x, range(start, start + count))

    def _summed(self, line: Sequence[Value]) -> Value:
        """One vector whose lanes are the sums across the lanes of each of `line`."""
        f, lanes = self.f, self.plan.lanes
        many, group = list(line), lanes
        while len(many) > 1 and group > 1:
            half = group // 2
            if len(many) % 2:
                many.append(f.constant(self.plan.kind, 0))
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
