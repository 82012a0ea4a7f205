"""What is fused behind a product, evaluated and stored on the lanes of a tile."""

from __future__ import annotations

from seegrad.compiler.codegen import scalar
from seegrad.compiler.codegen.llvm_builder import Function
from seegrad.compiler.codegen.llvm_types import Value, lanes_of
from seegrad.compiler.codegen.matmul.factors import MatmulPlan, Pointers
from seegrad.compiler.codegen.memory_access import index_at, load_lanes, store_lanes
from seegrad.compiler.codegen.point import evaluate
from seegrad.compiler.ir.buffer import View
from seegrad.compiler.ir.expression import Accumulated, Expression, Load
from seegrad.compiler.scheduling.tiling import LINE

FAR = 1 << 18
"""Memory of so many bytes is far from the core when its turn comes."""


class Epilogue:
    """Writes the stores of a product, for one matrix of the batch."""

    def __init__(self, f: Function, plan: MatmulPlan, pointers: Pointers) -> None:
        self.f, self.stores, self.pointers = f, plan.product.stores, pointers
        self.roots = [s.value for s in self.stores]
        self.dtype = plan.product.a.dtype
        views = [s.view for s in self.stores]
        views += [e.view for e in plan.product.expressions if isinstance(e, Load)]
        scattered = sum(v.strides[-1] not in (0, 1) for v in views)
        self.length = len(views) + len(plan.product.expressions) + 2 * plan.lanes * scattered
        """About how many instructions it takes for a vector."""
        self.far = [v for v in {id(v): v for v in views}.values() if v.strides[-1] == 1
                    and v.strides[-2] and v.rows is None and v.buffer.nbytes >= FAR]

    def write(self, m: Value, n: Value, count: int, total: Value) -> None:
        """What comes behind the product, on the lanes of `total` at (m, n …)."""
        f = self.f
        lanes = lanes_of(total.type)

        def leaf(e: Expression) -> Value:
            if isinstance(e, Accumulated):
                return scalar.cast(f, total, self.dtype, e.dtype)
            assert isinstance(e, Load)
            view = e.view
            if view.rows is not None and view.rows_axis == len(view.strides) - 2:
                row = index_at(f, view.rows, self.pointers[id(view.rows)], m)
                place = self._place(view, row, n)
            else:
                place = self._place(view, m, n)
            return load_lanes(f, view, place, view.strides[-1], lanes, count)

        values = evaluate(f, self.roots, {}, lanes, leaf)
        for store, x in zip(self.stores, values):
            x = scalar.cast(f, x, store.value.dtype, store.view.dtype)
            place = self._place(store.view, m, n)
            store_lanes(f, x, store.view, place, store.view.strides[-1], count, False)

    def fetch(self, m: Value, rows: int, n: Value, width: int) -> None:
        """Have what the stores of a tile touch brought near while its sums are made."""
        for view in self.far:
            line = LINE // view.dtype.itemsize
            for i in range(rows):
                for j in range(0, width, line):
                    self.f.fetch(self._place(view, self.f.add(m, i), self.f.add(n, j)))

    def _place(self, view: View, m: Value, n: Value) -> Value:
        f, size = self.f, view.dtype.itemsize
        place = f.at(self.pointers[id(view)], f.times(m, view.strides[-2] * size))
        return f.at(place, f.times(n, view.strides[-1] * size))
