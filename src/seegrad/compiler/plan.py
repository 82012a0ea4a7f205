"""The plan as data: buffers, views of them, scalar expressions, and the kernels that fill them.

A kernel is a nest of loops or a matrix product; what it computes at each point is an expression.
Nothing here chooses, writes assembly or runs.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Hashable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from seegrad.graph.node import Node
from seegrad.graph.spec import DType, Shape


@dataclass(eq=False)
class Buffer:
    """Memory for one array.

    `role`: "input" (an argument), "state" (read and maybe written in place), "constant",
    "output" (handed out) or "temporary". With `steps`, there is one such array for each step of
    an epoch, one behind the other. `order` is the axis order in memory, outermost first.
    """

    name: str
    shape: Shape
    dtype: DType
    role: str
    steps: bool = False
    order: tuple[int, ...] = ()
    number: int = -1

    def __post_init__(self) -> None:
        self.order = self.order or tuple(range(len(self.shape)))

    @property
    def size(self) -> int:
        return math.prod(self.shape)

    @property
    def nbytes(self) -> int:
        return self.size * self.dtype.itemsize

    @property
    def strides(self) -> tuple[int, ...]:
        """How many elements lie between neighbours along each axis."""
        found, step = [0] * len(self.shape), 1
        for axis in reversed(self.order):
            found[axis] = step
            step *= self.shape[axis]
        return tuple(found)

    def view(self) -> View:
        """All of it."""
        return View(self, self.shape, self.strides, 0)

    def __repr__(self) -> str:
        return f"<{self.role} {self.name} {self.dtype}{list(self.shape)}>"


@dataclass(frozen=True)
class View:
    """A strided look at a buffer; strides and offset count elements.

    With `rows`, position i along the first axis is the row `rows[i]` of the buffer instead.
    """

    buffer: Buffer
    shape: Shape
    strides: tuple[int, ...]
    offset: int = 0
    rows: View | None = None
    rows_axis: int = 0

    @property
    def dtype(self) -> DType:
        return self.buffer.dtype

    @property
    def size(self) -> int:
        return math.prod(self.shape)

    @property
    def contiguous(self) -> bool:
        """Whether the elements lie one behind the other in C order."""
        step = 1
        for n, s in zip(reversed(self.shape), reversed(self.strides)):
            if n != 1 and s != step:
                return False
            step *= n
        return self.rows is None

    def gathered(self, axis: int) -> bool:
        """Whether positions along `axis` are rows that an index picks."""
        return self.rows is not None and self.rows_axis == axis

    def neighbours(self, axis: int) -> bool:
        """Whether positions one after the other along `axis` are neighbours in memory."""
        return self.strides[axis] == 1 and not self.gathered(axis)

    def box(self) -> tuple[tuple[int, int], ...] | None:
        """What part of the buffer it shows: (from, to) along each axis; None if it is no box."""
        shape, left = self.buffer.shape, self.offset
        if self.rows is not None or not self.size or not self.buffer.size:
            return None
        lengths = dict.fromkeys(range(len(shape)), 1)
        axis_of = {s: i for i, s in enumerate(self.buffer.strides) if shape[i] > 1}
        for n, s in zip(self.shape, self.strides):
            if n > 1 and s:
                axis = axis_of.pop(s, None)
                if axis is None:
                    return None
                lengths[axis] = n
        found = [(0, 1)] * len(shape)
        for axis in self.buffer.order:
            start, left = divmod(left, self.buffer.strides[axis])
            found[axis] = start, start + lengths[axis]
        return tuple(found) if all(stop <= n for (_, stop), n in zip(found, shape)) else None

    def permute(self, axes: Sequence[int]) -> View:
        where = list(axes).index(self.rows_axis) if self.rows is not None else 0
        return replace(
            self,
            shape=tuple(self.shape[i] for i in axes),
            strides=tuple(self.strides[i] for i in axes),
            rows_axis=where,
        )

    def broadcast(self, shape: Shape) -> View | None:
        """Repeated to `shape` by NumPy's rules; None where a gathered axis would be."""
        lead = len(shape) - len(self.shape)
        if self.rows is not None and self.shape[self.rows_axis] != shape[self.rows_axis + lead]:
            return None
        strides = [0] * lead
        for i, (n, s) in enumerate(zip(self.shape, self.strides)):
            gathered = self.rows is not None and i == self.rows_axis
            strides.append(0 if n == 1 and not gathered else s)
        return replace(
            self, shape=tuple(shape), strides=tuple(strides), rows_axis=self.rows_axis + lead
        )

    def reshape(self, shape: Shape) -> View | None:
        """The same elements in C order as `shape`, or None where that needs a copy."""
        if self.rows is not None:
            return self._reshape_rows(shape)
        strides = reshaped_strides(self.shape, self.strides, shape)
        if strides is None:
            return None
        return replace(self, shape=tuple(shape), strides=strides)

    def _reshape_rows(self, shape: Shape) -> View | None:
        if self.rows_axis != 0 or not shape or shape[0] != self.shape[0]:
            return None
        strides = reshaped_strides(self.shape[1:], self.strides[1:], shape[1:])
        if strides is None:
            return None
        return replace(self, shape=tuple(shape), strides=(self.strides[0], *strides))

    def slice(self, index: Sequence[tuple[int, int, int]]) -> View | None:
        """The part that (start, length, step) for each axis picks."""
        offset, rows = self.offset, self.rows
        strides = []
        for i, ((start, length, step), s) in enumerate(zip(index, self.strides)):
            if rows is not None and i == self.rows_axis:
                if (start, length, step) != (0, self.shape[i], 1):
                    rows = rows.slice([(start, length, step)])
                strides.append(s)
            else:
                offset += start * s
                strides.append(s * step)
        return replace(
            self,
            shape=tuple(length for _, length, _ in index),
            strides=tuple(strides),
            offset=offset,
            rows=rows,
        )

    def window(
        self, size: Sequence[int], steps: Sequence[int], dilation: Sequence[int]
    ) -> View | None:
        """Every place of a window over the last axes; None where one of them is gathered."""
        lead = len(self.shape) - len(size)
        if self.rows is not None and self.rows_axis >= lead:
            return None
        inner = self.strides[lead:]
        places = [
            (n - (k - 1) * d - 1) // s + 1
            for n, k, s, d in zip(self.shape[lead:], size, steps, dilation)
        ]
        return replace(
            self,
            shape=(*self.shape[:lead], *size, *places),
            strides=(
                *self.strides[:lead],
                *(n * d for n, d in zip(inner, dilation)),
                *(n * s for n, s in zip(inner, steps)),
            ),
        )


def reshaped_strides(
    shape: Sequence[int], strides: Sequence[int], new: Sequence[int]
) -> tuple[int, ...] | None:
    """Strides of the same memory seen as `new`, or None where the elements do not lie so."""
    if math.prod(shape) == 0:
        return tuple(0 for _ in new)
    # Merge neighbours that lie as one, then cut the merged axes again.
    merged: list[list[int]] = []
    for n, s in zip(shape, strides):
        if n == 1:
            continue
        if merged and merged[-1][1] == s * n:
            merged[-1] = [merged[-1][0] * n, s]
        else:
            merged.append([n, s])
    found: list[int] = []
    left, step = (1, 0)
    blocks = iter(merged)
    for n in new:
        if n == 1:
            found.append(0)
            continue
        if left == 1:
            size, step = next(blocks)
            left = size
            step = step * size
        if left % n:
            return None
        left //= n
        step //= n
        found.append(step)
    return tuple(found)


# --------------------------------------------------------------- expressions


class Expression:
    """A value at each point of a kernel's space. Identity matters: shared parts are objects."""

    __slots__ = ("dtype",)
    dtype: DType


class Load(Expression):
    """An element of a view whose axes are the kernel's (stride 0 where it does not vary)."""

    __slots__ = ("view",)

    def __init__(self, view: View) -> None:
        self.view, self.dtype = view, view.dtype


class Guarded(Load):
    """An element of a view that reaches beyond its memory, and 0 there: read only where, for each
    (axis, inner, step, size) of `bounds`, position[axis] - step · position[inner] is in 0 … size.
    """

    __slots__ = ("bounds",)

    def __init__(self, view: View, bounds: Sequence[tuple[int, int, int, int]]) -> None:
        super().__init__(view)
        self.bounds = tuple(bounds)

    @property
    def counted(self) -> set[int]:
        """The axes whose positions it asks for."""
        return {axis for outer, inner, _, _ in self.bounds for axis in (outer, inner)}


class Literal(Expression):
    """A number."""

    __slots__ = ("value",)

    def __init__(self, value: Any, dtype: DType) -> None:
        self.value, self.dtype = value, dtype


class Apply(Expression):
    """A function of the scalar language, on arguments all cast to `compute` first."""

    __slots__ = ("arguments", "compute", "function")

    def __init__(
        self, function: str, arguments: Sequence[Expression], dtype: DType, compute: DType
    ) -> None:
        self.function, self.arguments = function, tuple(arguments)
        self.dtype, self.compute = dtype, compute


class Reduced(Expression):
    """A reduction (sum, prod, max, min, all, any) of a value over the kernel's reduced axes."""

    __slots__ = ("argument", "kind")

    def __init__(self, kind: str, argument: Expression, dtype: DType) -> None:
        self.kind, self.argument, self.dtype = kind, argument, dtype


class Accumulated(Expression):
    """What a product has summed at this point."""

    __slots__ = ()

    def __init__(self, dtype: DType) -> None:
        self.dtype = dtype


class Counter(Expression):
    """The position along an axis of the kernel's space."""

    __slots__ = ("axis",)

    def __init__(self, axis: int, dtype: DType) -> None:
        self.axis, self.dtype = axis, dtype


def parts(e: Expression) -> tuple[Expression, ...]:
    """The expressions that `e` is made from directly."""
    if isinstance(e, Apply):
        return e.arguments
    if isinstance(e, Reduced):
        return (e.argument,)
    return ()


def every(roots: Sequence[Expression]) -> Iterator[Expression]:
    """Each expression below the roots, once, parts before wholes; no recursion."""
    seen: set[int] = set()
    stack = [(e, False) for e in reversed(roots)]
    while stack:
        e, ready = stack.pop()
        if ready:
            yield e
        elif id(e) not in seen:
            seen.add(id(e))
            stack.append((e, True))
            stack.extend((x, False) for x in parts(e) if id(x) not in seen)


def rebuild(
    roots: Sequence[Expression], change: Callable[[Expression], Expression | None]
) -> list[Expression]:
    """The roots again, with what `change` replaces replaced (parts first)."""
    done: dict[int, Expression] = {}
    for e in every(roots):
        new = change(e)
        if new is None:
            inner = tuple(done[id(x)] for x in parts(e))
            same = all(a is b for a, b in zip(inner, parts(e)))
            if same:
                new = e
            elif isinstance(e, Apply):
                new = Apply(e.function, inner, e.dtype, e.compute)
            else:
                assert isinstance(e, Reduced)
                new = Reduced(e.kind, inner[0], e.dtype)
        done[id(e)] = new
    return [done[id(e)] for e in roots]


# --------------------------------------------------------------- kernels


@dataclass(frozen=True)
class Store:
    """Where the value at each point goes. `view` has the kernel's axes."""

    view: View
    value: Expression


@dataclass(eq=False)
class Kernel:
    """Work on a space of points: what it stores, and which nodes of the graph it stands for."""

    name: str
    space: Shape
    stores: list[Store]
    nodes: tuple[Node, ...] = ()

    def loads(self) -> Iterator[View]:
        """Every view that is read (with repetitions)."""
        for e in every([s.value for s in self.stores]):
            if isinstance(e, Load):
                yield e.view
                if e.view.rows is not None:
                    yield e.view.rows

    def reads(self) -> list[View]:
        return list(self.loads())

    def writes(self) -> list[View]:
        return [s.view for s in self.stores]

    def temporaries(self) -> set[Buffer]:
        """The temporary values that are written or read."""
        views = (*self.writes(), *self.reads())
        return {v.buffer for v in views if v.buffer.role == "temporary"}


@dataclass(eq=False)
class Nest(Kernel):
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
class Product(Kernel):
    """sum over k of a[batch, m, k] · b[batch, k, n]; `space` is (*batch, m, n).

    The stores' values are expressions over Accumulated: the product's epilogue.
    """

    a: View = field(default=None)  # type: ignore[assignment]
    b: View = field(default=None)  # type: ignore[assignment]

    @property
    def k(self) -> int:
        return self.a.shape[-1]

    def reads(self) -> list[View]:
        extra = [v.rows for v in (self.a, self.b) if v.rows is not None]
        return [self.a, self.b, *extra, *self.loads()]


@dataclass(eq=False)
class Foreign(Kernel):
    """A call of a node's own NumPy function: inputs and output are whole views."""

    inputs: tuple[View, ...] = ()
    output: View = field(default=None)  # type: ignore[assignment]
    why: str = ""

    def reads(self) -> list[View]:
        return [*self.inputs, *(v.rows for v in self.inputs if v.rows is not None)]

    def writes(self) -> list[View]:
        return [self.output]


def places(kernel: Kernel) -> list[View]:
    """A view for each different place in memory at which one of the kernel's views begins."""
    found = {(v.buffer, v.offset): v for v in (*kernel.writes(), *kernel.reads())}
    return list(found.values())


def form_of(kernel: Kernel) -> Hashable:
    """What the kernel does, whatever memory it does it to: equal for kernels whose code is.

    Places are numbered in the order of `places`, buffers as they come.
    """
    places_: dict[tuple[Buffer, int], int] = {}
    buffers: dict[Buffer, int] = {}

    def seen(view: View) -> Hashable:
        place = places_.setdefault((view.buffer, view.offset), len(places_))
        buffer = buffers.setdefault(view.buffer, len(buffers))
        rows = None if view.rows is None else seen(view.rows)
        return place, buffer, view.dtype, view.shape, view.strides, rows, view.rows_axis

    touched = [seen(v) for v in (*kernel.writes(), *kernel.reads())]
    numbers: dict[int, int] = {}
    written: list[Hashable] = []
    for e in every([s.value for s in kernel.stores]):
        numbers[id(e)] = len(numbers)
        said: Hashable = ()
        if isinstance(e, Load):
            said = seen(e.view), e.bounds if isinstance(e, Guarded) else ()
        elif isinstance(e, Literal):
            said = (str(np.asarray(e.value).dtype), repr(e.value))
        elif isinstance(e, Apply):
            said = (e.function, e.compute)
        elif isinstance(e, Reduced):
            said = e.kind
        elif isinstance(e, Counter):
            said = e.axis
        inner = tuple(numbers[id(x)] for x in parts(e))
        written.append((type(e), e.dtype, said, inner))
    values = tuple(numbers[id(s.value)] for s in kernel.stores)
    own: Hashable = ()
    if isinstance(kernel, Nest):
        own = kernel.reduced, kernel.overlapping, kernel.running
    return type(kernel), kernel.space, own, tuple(touched), tuple(written), values


def array_of(view: View, memory: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    """The view as a NumPy array over the buffer's own (flat) memory."""
    flat = memory.reshape(-1)
    if view.rows is not None:
        raise ValueError("a gathered view is no plain array")
    item = flat.itemsize
    return np.lib.stride_tricks.as_strided(
        flat[view.offset :], view.shape, [s * item for s in view.strides], writeable=True
    )
