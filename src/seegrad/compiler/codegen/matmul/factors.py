"""Where the numbers of a product's factors are: addresses of rows, of steps of k, lines to pack."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

from seegrad.compiler.codegen.llvm_builder import Function
from seegrad.compiler.codegen.llvm_types import Value, vector
from seegrad.compiler.codegen.matmul.packing import Lines, slack
from seegrad.compiler.codegen.memory_access import index_at
from seegrad.compiler.codegen.summation import Chains, Total
from seegrad.compiler.ir import scalar_types
from seegrad.compiler.ir.buffer import View
from seegrad.compiler.ir.kernel import Matmul
from seegrad.compiler.scheduling.tiling import TileShape, choose, lanes_to_use, panels, turned
from seegrad.compiler.target import host

CHAIN = 256
"""So many steps of a tile follow each other at most; libraries go 256 to 512 steps, in all."""

WRITTEN_OUT = 8
"""So many steps of the innermost of several axes are written one behind the other."""

Pointers = dict[int, Value]
"""Where each view begins, by its id: the same part of memory may be read as several things."""


@dataclass(frozen=True)
class MatmulPlan:
    """What is known of a product before it is written, for a share of its split axis."""

    product: Matmul
    split: int | None
    length: int
    m: int
    n: int
    shape: TileShape
    lanes: int

    @classmethod
    def of(cls, product: Matmul, split: int | None, length: int) -> MatmulPlan:
        """The plan for `length` places of the axis `split`; turned round where that is better."""
        last = len(product.space)
        m = length if split == last - 2 else product.space[-2]
        n = length if split == last - 1 else product.space[-1]
        turn, shape = choose(product, m, n)
        if turn:
            product = turned(product)
            m, n = n, m
            if split is not None and split >= last - 2:
                split = 2 * last - 3 - split
        along = n if shape.along == "n" else product.k
        lanes = lanes_to_use(along, host().lanes(product.a.dtype.itemsize * 8))
        # Views of their own: a share of the split axis is another part of what is read as one
        # factor than of the same values read as the other, or behind the product.
        product = replace(product, a=_own(product.a), b=_own(product.b))
        return cls(product, split, length, m, n, shape, lanes)

    @property
    def k(self) -> int:
        return self.product.k

    @cached_property
    def size(self) -> int:
        """Bytes of an element of the factors."""
        return self.product.a.dtype.itemsize

    @cached_property
    def scalar(self) -> str:
        return scalar_types.scalar_type(self.product.a.dtype)

    @cached_property
    def kind(self) -> str:
        """The type of a vector of the factors' elements."""
        return vector(self.scalar, self.lanes)

    def summed(
        self, f: Function, many: int, step: int,
        body: Callable[[Sequence[Value], Value, int, Sequence[Value]], list[Value]],
    ) -> list[Value]:  # fmt: skip
        """The totals of a tile of so many vectors: the loops over everything that is summed.

        `body(bytes, k, count, sums)` adds steps k … k + count - 1, where factors a and b lie so
        many bytes further; `count` is `step`, or what is left.
        """
        deep, full = self.product.deep, self.k // step * step
        rest, turns = self.k - full, self.k // step
        short = bool(deep) and turns <= WRITTEN_OUT
        lengths = [n for n, _, _ in deep]
        inner = [] if short else [turns]
        total = Total("sum", self.product.a.dtype, self.lanes)
        chains = Chains.of(f, [total] * many, [*lengths, *inner], bool(rest), CHAIN)

        def along(places: Sequence[Value], sums: Sequence[Value]) -> list[Value]:
            if short:
                for k in range(0, full, step):
                    sums = body(places, f.integer(k), step, sums)
            elif full:
                sums = chains.loop(
                    len(deep), full, step, lambda k, *sums: body(places, k, step, sums), sums
                )
            if rest and not short and chains.cut == len(deep):
                return chains.add(sums, body(places, f.integer(full), rest, chains.fresh()))
            return list(body(places, f.integer(full), rest, sums) if rest else sums)

        def level(i: int, places: Sequence[Value], sums: Sequence[Value]) -> list[Value]:
            if i == len(deep):
                return along(places, sums)
            length, *strides = deep[i]

            def turn(at: Value, *sums: Value) -> list[Value]:
                moved = [f.add(p, f.times(at, s * self.size)) for p, s in zip(places, strides)]
                return level(i + 1, moved, sums)

            return chains.loop(i, length, 1, turn, sums)

        sums = level(0, [f.integer(0), f.integer(0)], chains.start()) if self.k else chains.start()
        return [chains.closed(i, [x], self.product.a.dtype) for i, x in enumerate(sums)]

    @cached_property
    def panel_sizes(self) -> list[int]:
        """Elements that a panel of each factor takes, with what packing may write behind it."""
        room = panels(self.shape, self.m, self.n, self.k, self.lanes)
        return [x + slack(self.size) if x else 0 for x in room]

    @cached_property
    def scratch(self) -> int:
        """Bytes of memory of its own that each thread needs."""
        return sum(aligned_up(x * self.size) for x in self.panel_sizes)


def _own(view: View) -> View:
    """The same view as an object of its own, and so what picks its rows."""
    return replace(view, rows=None if view.rows is None else replace(view.rows))


class Factors:
    """The two factors of a product, for one matrix of the batch."""

    def __init__(self, f: Function, plan: MatmulPlan, pointers: Pointers) -> None:
        self.f, self.plan, self.pointers = f, plan, pointers

    def row_pointers(self, view: View, axis: int, start: Value, many: int) -> list[Value]:
        """Where rows start … start + many - 1 of a factor begin."""
        f, found = self.f, []
        step = view.strides[axis] * self.plan.size
        for i in range(many):
            at = f.add(start, i)
            if view.rows is not None and view.rows_axis == axis:
                at = index_at(f, view.rows, self.pointers[id(view.rows)], at)
            found.append(f.at(self.pointers[id(view)], f.times(at, step)))
        return found

    def k_offset(self, view: View, axis: int, k: Value) -> Value:
        """How many bytes further step k of a factor is."""
        f = self.f
        if view.rows is not None and view.rows_axis == axis:
            k = index_at(f, view.rows, self.pointers[id(view.rows)], k)
        return f.times(k, view.strides[axis] * self.plan.size)

    def lines(self, view: View, axis: int, start: Value, many: int) -> Lines:
        """Positions start … start + many - 1 of a factor's axis, to be packed."""
        last = len(self.plan.product.space)
        deep = last - 1 if view is self.plan.product.a else last - 2
        return Lines(
            self.row_pointers(view, axis, start, many),
            lambda k: self.k_offset(view, deep, k),
            self.plan.k, self.plan.scalar, self.plan.size,
            beside=many == 1 or view.neighbours(axis),
            behind=view.neighbours(deep),
        )


def each(f: Function, length: int, tile: int, body: Callable[[Value, int], object]) -> None:
    """`body(start, size)` for full tiles in a loop, then for the rest."""
    full = length // tile * tile

    def whole(start: Value) -> None:
        body(start, tile)

    if full:
        f.loop(0, full, tile, whole)
    if length - full:
        body(f.integer(full), length - full)


def aligned_up(nbytes: int) -> int:
    """So many bytes, up to the end of a cache line."""
    return -(-nbytes // 64) * 64
