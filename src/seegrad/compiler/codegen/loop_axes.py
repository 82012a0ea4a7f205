"""The loops of a nest as data: merged axes, what varies along the reduced ones, and stages.

Several reductions over the same axes follow each other in stages, so that a softmax is one nest.
"""

from __future__ import annotations

from dataclasses import dataclass

from seegrad.compiler.ir.buffer import View
from seegrad.compiler.ir.expression import (
    Counter,
    Expression,
    Load,
    MaskedLoad,
    Reduced,
    parts,
)
from seegrad.compiler.ir.kernel import LoopNest, Store
from seegrad.compiler.target import host

WRITTEN_OUT = 4000
"""Rows of expressions that come to more, counted for each vector, are gone through in a loop."""


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


class LoopAxes:
    """What is known of a nest before it is written, for a share of its split axis."""

    def __init__(self, nest: LoopNest, split: int | None, length: int) -> None:
        self.nest = nest
        self.everything = nest.expressions
        self.views: list[View] = [s.view for s in nest.stores]
        self.views += [e.view for e in self.everything if isinstance(e, Load)]
        self.axes = self._normal_axes(split, length)
        self._classify()

    def _normal_axes(self, split: int | None, length: int) -> list[Axis]:
        counted = {e.axis for e in self.everything if isinstance(e, Counter)}
        counted |= {i for e in self.everything if isinstance(e, MaskedLoad) for i in e.counted}
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
                if isinstance(e, MaskedLoad):
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

    def vector_axis(self, lanes: int) -> Axis | None:
        """The axis along which lanes lie best, by the strides of all views."""
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
            fill = axis.size / (-(-axis.size // lanes) * lanes)
            return total * fill + 0.01 * fill - (0.3 if axis.reduced else 0)

        candidates = [a for a in self.axes if a.size > 1 and not a.running]
        return max(candidates, key=score, default=None)

    def side_by_side(self, lanes: int) -> Axis | None:
        """The axis of rows, where each is gone through several times but is too short to fill a
        vector: then lanes are rows, and nothing is summed across lanes. Only for whole vectors
        of rows: for what is left, all of it would be written, and compiled, once more."""
        rows, along = ([a for a in self.axes if a.reduced is r] for r in (False, True))
        if len(rows) != 1 or len(along) != 1 or self.stages < 2:
            return None
        (row,), (short,) = rows, along
        fits = 1 < short.size < lanes and row.size % lanes == 0
        plain = not (row.running or short.gathered or self.nest.overlapping)
        guarded = any(isinstance(e, MaskedLoad) for e in self.everything)
        written = short.size * len(self.varies) <= WRITTEN_OUT
        return row if fits and plain and written and not guarded else None
