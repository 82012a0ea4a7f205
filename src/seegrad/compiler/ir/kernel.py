"""Kernels: loops over a space of points, matrix products, random numbers, calls of NumPy.

What a kernel computes at each point is an expression.
"""

from __future__ import annotations

import math
from collections.abc import Hashable, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property

import numpy as np

from seegrad.compiler.ir import expression as ir
from seegrad.compiler.ir.buffer import Buffer, View
from seegrad.graph.node import Node
from seegrad.graph.spec import Shape


@dataclass(frozen=True)
class Store:
    """Where the value at each point goes. `view` has the kernel's axes."""

    view: View
    value: ir.Expression


@dataclass(eq=False)
class Kernel:
    """Work on a space of points: what it stores, and which nodes of the graph it stands for."""

    name: str
    space: Shape
    stores: list[Store]
    nodes: tuple[Node, ...] = ()

    @cached_property
    def expressions(self) -> tuple[ir.Expression, ...]:
        """Everything that is computed at a point, parts before wholes."""
        return tuple(ir.every([s.value for s in self.stores]))

    @cached_property
    def loaded(self) -> tuple[View, ...]:
        """Every view that an expression reads (with repetitions)."""
        views = [e.view for e in self.expressions if isinstance(e, ir.Load)]
        return tuple(v for view in views for v in (view, view.rows) if v is not None)

    def loads(self) -> Sequence[View]:
        """Every view that is read beside the factors of a product (with repetitions)."""
        return self.loaded

    def reads(self) -> list[View]:
        return list(self.loads())

    def writes(self) -> list[View]:
        return [s.view for s in self.stores]

    def temporaries(self) -> set[Buffer]:
        """The temporary values that are written or read."""
        views = (*self.writes(), *self.reads())
        return {v.buffer for v in views if v.buffer.role == "temporary"}


@dataclass(eq=False)
class LoopNest(Kernel):
    """Loops over `space`; axes in `reduced` are those that Reduced expressions sum away.

    A store whose view has stride 0 on all the reduced axes, and whose value does not vary along
    them, is done once for each point of the other axes. Along the axes in `overlapping` what is
    stored adds to what was stored before: one thread does them all. So it is along those in
    `running`, where each place needs the one before it: no lanes lie along them.
    """

    reduced: frozenset[int] = frozenset()
    overlapping: frozenset[int] = frozenset()
    running: frozenset[int] = frozenset()


@dataclass(eq=False)
class Matmul(Kernel):
    """sum over k of a[batch, m, k] · b[batch, k, n]; `space` is (*batch, m, n).

    The stores' values are expressions over Accumulated: the product's epilogue. `deep` are further
    axes that are summed over, outermost first: (length, stride of a, stride of b); so windows of
    a picture are summed over where they lie.
    """

    a: View = field(kw_only=True)
    b: View = field(kw_only=True)
    deep: tuple[tuple[int, int, int], ...] = ()

    @property
    def k(self) -> int:
        """The length of the innermost axis that is summed over."""
        return self.a.shape[-1]

    @property
    def depth(self) -> int:
        """How many products are summed for each result."""
        return self.k * math.prod(n for n, _, _ in self.deep)

    def whole(self) -> tuple[View, View]:
        """Both factors with the axes of `deep` behind the others: all that is read."""
        a, b = (
            replace(v, shape=(*v.shape, *(d[0] for d in self.deep)),
                    strides=(*v.strides, *(d[i] for d in self.deep)))
            for i, v in ((1, self.a), (2, self.b))
        )  # fmt: skip
        return a, b

    def reads(self) -> list[View]:
        extra = [v.rows for v in (self.a, self.b) if v.rows is not None]
        return [*self.whole(), *extra, *self.loads()]


@dataclass(eq=False)
class Draw(Kernel):
    """Uniform random numbers by a key: a point of the space is a counter, which gives as many
    numbers as `output`, seen so, has in a row; the last row may end early."""

    key: View = field(kw_only=True)
    output: View = field(kw_only=True)

    @property
    def each(self) -> int:
        """How many numbers a counter gives."""
        return self.output.shape[-1]

    def loads(self) -> Sequence[View]:
        return [self.key]

    def writes(self) -> list[View]:
        return [self.output]


@dataclass(eq=False)
class NumpyCall(Kernel):
    """A call of a node's own NumPy function: inputs and output are whole views."""

    inputs: tuple[View, ...] = field(kw_only=True)
    output: View = field(kw_only=True)
    why: str = field(kw_only=True)

    def reads(self) -> list[View]:
        return [*self.inputs, *(v.rows for v in self.inputs if v.rows is not None)]

    def writes(self) -> list[View]:
        return [self.output]


def places(kernel: Kernel) -> list[View]:
    """A view for each different place in memory at which one of the kernel's views begins."""
    found = {(v.buffer, v.offset): v for v in (*kernel.writes(), *kernel.reads())}
    return list(found.values())


def form_of(kernel: Kernel) -> tuple[Hashable, list[np.generic]]:
    """What the kernel does, whatever memory it does it to and whichever real numbers it does it
    with: kernels of equal forms have the same code. And these numbers.

    Places are numbered in the order of `places`, buffers as they come.
    """
    places_: dict[tuple[Buffer, int], int] = {}
    buffers: dict[Buffer, int] = {}

    def seen(view: View) -> Hashable:
        place = places_.setdefault((view.buffer, view.offset), len(places_))
        buffer = buffers.setdefault(view.buffer, len(buffers))
        rows = None if view.rows is None else seen(view.rows)
        return place, buffer, view.dtype, view.shape, view.strides, rows, view.rows_axis, view.wraps

    touched = [seen(v) for v in (*kernel.writes(), *kernel.reads())]
    numbers: dict[int, int] = {}
    given: list[np.generic] = []
    written: list[Hashable] = []
    for e in kernel.expressions:
        numbers[id(e)] = len(numbers)
        said: Hashable = ()
        if isinstance(e, ir.Load):
            said = seen(e.view), e.bounds if isinstance(e, ir.MaskedLoad) else ()
        elif isinstance(e, ir.Literal) and e.real:
            given.append(e.dtype.type(e.value))
        elif isinstance(e, ir.Literal):
            said = (str(np.asarray(e.value).dtype), repr(e.value))
        elif isinstance(e, ir.Apply):
            said = (e.function, e.compute)
        elif isinstance(e, ir.Reduced):
            said = e.kind
        elif isinstance(e, ir.Counter):
            said = e.axis
        inner = tuple(numbers[id(x)] for x in ir.parts(e))
        written.append((type(e), e.dtype, said, inner))
    values = tuple(numbers[id(s.value)] for s in kernel.stores)
    own: Hashable = ()
    if isinstance(kernel, LoopNest):
        own = kernel.reduced, kernel.overlapping, kernel.running
    elif isinstance(kernel, Matmul):
        own = kernel.deep, kernel.k
    elif isinstance(kernel, Draw):
        own = kernel.output.buffer.size
    form = type(kernel), kernel.space, own, tuple(touched), tuple(written), values
    return form, given
