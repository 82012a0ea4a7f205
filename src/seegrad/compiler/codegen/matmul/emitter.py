"""The loops outside a product's tiles: over the batch, for a share of the split axis."""

from __future__ import annotations

from seegrad.compiler.codegen.llvm_builder import Function
from seegrad.compiler.codegen.llvm_types import Value
from seegrad.compiler.codegen.matmul.dot import DotTiles
from seegrad.compiler.codegen.matmul.epilogue import Epilogue
from seegrad.compiler.codegen.matmul.factors import Factors, MatmulPlan, Pointers
from seegrad.compiler.codegen.matmul.outer_product import OuterProductTiles
from seegrad.compiler.codegen.memory_access import index_at, place_name
from seegrad.compiler.ir.buffer import View
from seegrad.compiler.ir.expression import Load, every
from seegrad.compiler.ir.kernel import Matmul


class MatmulEmitter:
    """Writes one product into a function, for a share of its split axis."""

    def __init__(self, f: Function, product: Matmul, split: int | None, length: int) -> None:
        self.f, self.plan = f, MatmulPlan.of(product, split, length)
        product = self.plan.product
        loads = [e.view for e in every([s.value for s in product.stores]) if isinstance(e, Load)]
        views = [product.a, product.b, *(s.view for s in product.stores), *loads]
        self.views = list({id(v): v for v in views}.values())

    def emit(self) -> None:
        """The loops over the batch, and in them the tiles of a matrix."""
        f = self.f
        pointers = {id(v): f.parameters[place_name(v)] for v in self.views}
        for v in self.views:
            if v.rows is not None:
                pointers[id(v.rows)] = f.parameters[place_name(v.rows)]
        if self.plan.split is not None:
            pointers = self._shifted(pointers, self.plan.split, f.parameters["start"])
        if self.plan.m == 0 or self.plan.n == 0:
            return
        self._batch(0, pointers)

    def _stride(self, view: View, axis: int) -> int | None:
        """The view's stride along an axis of the space; None where it has no such axis."""
        last = len(self.plan.product.space)
        if view is self.plan.product.a and axis == last - 1:
            return None
        if view is self.plan.product.b and axis == last - 2:
            return None
        return view.strides[axis]

    def _shifted(self, pointers: Pointers, axis: int, start: Value) -> Pointers:
        moved, f = dict(pointers), self.f
        for v in self.views:
            if (stride := self._stride(v, axis)) is None:
                continue
            if v.rows is not None and v.rows_axis == axis:
                size = v.rows.dtype.itemsize * v.rows.strides[0]
                moved[id(v.rows)] = f.at(pointers[id(v.rows)], f.times(start, size))
            elif stride:
                moved[id(v)] = f.at(pointers[id(v)], f.times(start, stride * v.dtype.itemsize))
        return moved

    def _batch(self, axis: int, pointers: Pointers) -> None:
        f, space = self.f, self.plan.product.space
        if axis == len(space) - 2:
            self._matrix(pointers)
            return
        size = self.plan.length if axis == self.plan.split else space[axis]

        def body(i: Value) -> None:
            moved = dict(pointers)
            for v in self.views:
                step = v.strides[axis] * v.dtype.itemsize
                if v.rows is not None and v.rows_axis == axis:
                    row = index_at(f, v.rows, pointers[id(v.rows)], i)
                    moved[id(v)] = f.at(pointers[id(v)], f.times(row, step))
                elif step:
                    moved[id(v)] = f.at(pointers[id(v)], f.times(i, step))
            self._batch(axis + 1, moved)

        if size:
            f.loop(0, size, 1, body)

    def _matrix(self, pointers: Pointers) -> None:
        """One matrix of the batch, in tiles."""
        tiles = OuterProductTiles if self.plan.shape.along == "n" else DotTiles
        factors = Factors(self.f, self.plan, pointers)
        tiles(self.f, self.plan, factors, Epilogue(self.f, self.plan, pointers)).write()
