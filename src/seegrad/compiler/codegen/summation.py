"""The order in which long sums are taken: short chains in the numbers' own dtype, added up wide.

A chain is at most so many additions one after the other; the results of chains are added in
float64, those of float64 in chains as long as there are chains. The order depends on shapes alone.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from seegrad.compiler.codegen import scalar
from seegrad.compiler.codegen.llvm_builder import Function
from seegrad.compiler.codegen.llvm_types import Value, vector
from seegrad.compiler.ir import scalar_types
from seegrad.compiler.ir.expression import Reduced
from seegrad.graph.spec import DType

CHAIN = 32
"""So many additions, or fewer, follow each other in a reduction of less than float64."""
_FLOAT64 = np.dtype(np.float64)


@dataclass(frozen=True)
class Total:
    """One running total: of what kind, on how many lanes, of which dtype: never float16."""

    kind: str
    dtype: DType
    lanes: int

    @classmethod
    def of(cls, r: Reduced, lanes: int) -> Total:
        """That of a reduction."""
        return cls(r.kind, scalar_types.computing(r.dtype), lanes)

    @property
    def is_sum(self) -> bool:
        """Whether it gathers rounding errors."""
        return self.kind == "sum" and self.dtype.kind == "f"

    @property
    def wide(self) -> DType:
        """The dtype that its chains are added up in."""
        return _FLOAT64 if self.is_sum else self.dtype

    def start(self, f: Function, dtype: DType) -> Value:
        """What changes nothing when combined."""
        kind = vector(scalar_types.scalar_type(dtype), self.lanes)
        return f.constant(kind, scalar.neutral(self.kind, dtype))


@dataclass(frozen=True)
class Chains:
    """Running totals in loops: the loop at level `cut` ends a chain after every `turns` turns.

    Outside of it totals are wide. Without a cut all is one chain.
    """

    f: Function
    totals: Sequence[Total]
    cut: int | None = None
    turns: int = 0

    @classmethod
    def of(
        cls, f: Function, totals: Sequence[Total], lengths: Sequence[int], rest: int = 0,
        chain: int = CHAIN,
    ) -> Chains:  # fmt: skip
        """For loops of so many turns, the first outermost; the last one's body makes one addition
        to each total, and `rest` more follow behind that loop."""
        sums = [t for t in totals if t.is_sum]
        if not sums:
            return cls(f, totals)
        if all(t.dtype == _FLOAT64 for t in sums):
            chain = max(chain, math.isqrt(math.prod(lengths)))
        below = 1
        for level in reversed(range(len(lengths))):
            length = lengths[level]
            if length * below > chain:
                many = -(-length * below // chain)
                return cls(f, totals, level, max(1, -(-length // many)))
            below = length * below + (rest if level == len(lengths) - 1 else 0)
            below = min(below, chain)
        return cls(f, totals)

    def start(self) -> list[Value]:
        """The totals before the first loop."""
        return [t.start(self.f, self._dtype(t)) for t in self.totals]

    def fresh(self) -> list[Value]:
        """The totals at the begin of a chain."""
        return [t.start(self.f, t.dtype) for t in self.totals]

    def _dtype(self, t: Total) -> DType:
        return t.dtype if self.cut is None else t.wide

    def add(self, sums: Sequence[Value], chain: Sequence[Value]) -> list[Value]:
        """The wide totals with those of a chain that has ended."""
        f, new = self.f, []
        for t, total, x in zip(self.totals, sums, chain):
            x = scalar.cast(f, x, t.dtype, t.wide)
            new.append(scalar.combine(f, t.kind, t.wide, total, x))
        return new

    def loop(
        self, level: int, length: int, step: int, body: Callable[..., Sequence[Value]],
        sums: Sequence[Value],
    ) -> list[Value]:  # fmt: skip
        """The loop of this level, from 0 to `length` by `step`."""
        f, chain = self.f, self.turns * step
        if level != self.cut:
            return f.loop(0, length, step, body, sums)

        def one(begin: Value, *sums: Value) -> list[Value]:
            stop = f.add(begin, chain)
            stop = f.least(stop, f.integer(length)) if length % chain else stop
            return self.add(sums, f.loop(begin, stop, step, body, self.fresh()))

        return f.loop(0, length, chain, one, sums)

    def closed(self, k: int, columns: Sequence[Value], dtype: DType) -> Value:
        """The totals `columns`, like that with number k, as one on as many lanes, in `dtype`."""
        x, held = self._together(k, columns)
        return scalar.cast(self.f, x, held, dtype)

    def across(self, k: int, columns: Sequence[Value], dtype: DType) -> Value:
        """The totals `columns`, like that with number k, and all their lanes as one number."""
        t = self.totals[k]
        x, held = self._together(k, columns)
        x = scalar.across(self.f, t.kind, held, x, t.lanes)
        return scalar.cast(self.f, x, held, dtype)

    def _together(self, k: int, columns: Sequence[Value]) -> tuple[Value, DType]:
        """Halves upon halves."""
        t, left = self.totals[k], list(columns)
        held = self._dtype(t)
        while len(left) > 1:
            half = len(left) // 2
            left = [
                scalar.combine(self.f, t.kind, held, left[i], left[i + half]) for i in range(half)
            ] + left[2 * half:]
        return left[0], held
