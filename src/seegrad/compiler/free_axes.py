"""One program for many calls: axes of any length, filled up to a few, and numbers that change.

A `Bucket` is compiled for the full length, with what is different in another call as inputs; a
`Filled` is another call, traced and compared with the bucket, whose program it runs: arguments are
written into larger memory, results are read out of it. How two traces are compared is said in
`transforms/free_axes`; here is when, and what is compiled where they do not fit.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from seegrad.compiler.ir.alignment import Array, aligned
from seegrad.compiler.ir.buffer import Buffer
from seegrad.compiler.passes import pipeline
from seegrad.compiler.passes.concat_slices import join_places
from seegrad.compiler.runtime.workspace import Workspace
from seegrad.compiler.specialization import ARRAYS, Kind, Variant, kind_of
from seegrad.errors import CallError, SeegradError, SeegradWarning, ShapeError, ValueRangeError
from seegrad.graph.graph import Graph
from seegrad.graph.node import Node
from seegrad.graph.spec import Shape, Spec
from seegrad.i18n import tr
from seegrad.text import signature, tidy
from seegrad.transforms.free_axes.axes import Axis
from seegrad.transforms.free_axes.fitting import Fitting, Padded, Refusal
from seegrad.transforms.free_axes.rules import RULES
from seegrad.transforms.tracing import symbol
from seegrad.tree import Structure, flatten, unflatten

Function = Callable[..., Any]
LEAST = 32
"""The smallest length that an axis is filled up to, where the caller names none."""
KEPT = 16
"""So many programs for full lengths are kept; the oldest goes first."""


class FreeAxisWarning(SeegradWarning):
    """A function is compiled for each length after all; given once for each compiled function."""


def refused(function: Function, why: Refusal) -> FreeAxisWarning:
    """The warning that every length is compiled for itself."""
    where = f" ({why.line})" if why.line else ""
    return FreeAxisWarning(
        tr("a call of {name}() cannot be filled up and is compiled as it is",
           name=tidy(getattr(function, "__name__", "function"))),
        asked="what can be filled up without a change of the result",
        came=f"{why}{where}",
        hint="leave out free=, or do that part outside of the compiled function",
    )


class Compared(Variant):
    """A call that is compared with others: what its trace has made is a part of the trace."""

    def _lives_outside(self, leaf: Node) -> bool:
        return leaf.order > self.began and super()._lives_outside(leaf)


class Traced(Compared):
    """A call that is traced alone."""

    def _compile(self, threads: int, rows: Sequence[Shape], workspace: Workspace) -> None:
        self.raw, self.handed_out = self._raw()
        self.opened = opened(self.raw)


def opened(graph: Graph) -> Graph:
    """The graph in the forms that have a rule."""
    return join_places(pipeline.open_composites(graph))


def _roots(variant: Variant) -> Any:
    """What the outputs of a variant's graph are."""
    found = variant.trace
    return (found.structure, list(variant.kept), list(variant.arrived), list(found.assigned),
            variant.names)


def matched(now: Traced, graph: Graph, full: Variant) -> tuple[Fitting, list[Padded]]:
    """A call beside that of the full length, whose graph is `graph`. Raises Refusal."""
    if _roots(now) != _roots(full):
        raise Refusal(tr("the function does something else at another length"))
    known: dict[Node, Node] = dict(zip(now.call.symbols, full.call.symbols))
    for ours, theirs in ((now.stands, full.stands), (now.trace.gathered, full.trace.gathered)):
        known |= {s: theirs[x] for x, s in ours.items() if x in theirs}  # type: ignore[index]
    clean = frozenset[Node]() if full.kind.rows else frozenset(full.call.symbols)
    fitting = Fitting(RULES, opened, known, clean)
    found = fitting.fit(now.opened.outputs, graph.outputs)
    if any(not x.fixed for x in found[now.handed_out :]):
        raise Refusal(tr("what the function assigns depends on the length"))
    return fitting, found


class Bucket(Compared):
    """The form for a full length, which those of others run too."""

    def __init__(self, probe: Traced, *args: Any) -> None:
        """`probe` is a call of another length."""
        self.probe = probe
        self.filled: Any = None                  # whose values the slots have
        self.rooms: dict[int, Array] = {}
        super().__init__(*args)

    def _serving(self, raw: Graph) -> Graph:
        self.opened = opened(raw)
        fitting, found = matched(self.probe, self.opened, self)
        self.slots = fitting.slots
        self.more = tuple(slot.symbol for slot in self.slots.values())
        del self.probe
        return Graph([x.node for x in found], [*raw.listed, *self.more])

    def fill(self, filled: Variant, values: Mapping[Any, Any]) -> None:
        """Give the slots these values, and the rest those of the full length."""
        if self.filled is filled:
            return
        for key, slot in self.slots.items():
            buffer = self.lowered.leaves.get(slot.symbol)
            if buffer is not None:
                self.executable.give(buffer, values.get(key, slot.full))
        self.filled = filled

    def give(self, values: Sequence[Any]) -> None:
        self.fill(self, {})
        super().give(values)

    def room(self, place: int, buffer: Buffer) -> Array:
        """Memory for an argument of any length."""
        if place not in self.rooms:
            self.rooms[place] = aligned(buffer.shape, buffer.dtype)
        return self.rooms[place]


class Filled(Traced):
    """A call that is filled up and run by a bucket's program."""

    def __init__(self, bucket: Callable[[], Bucket], *args: Any) -> None:
        self.find = bucket
        super().__init__(*args)

    def _compile(self, threads: int, rows: Sequence[Shape], workspace: Workspace) -> None:
        super()._compile(threads, rows, workspace)
        bucket = self.bucket = self.find()
        fitting, found = matched(self, bucket.opened, bucket)
        if not fitting.slots.keys() <= bucket.slots.keys():
            raise Refusal(tr("the function does something else at another length"))
        self.values = {key: slot.value for key, slot in fitting.slots.items()}
        self.cuts = [_cut(x.axes, bool(rows)) for x in found[: self.handed_out]]
        self.records = [pipeline.Record("trace", "what the function did", self.raw),
                        *bucket.records[1:]]
        self.graph, self.request, self.lowered = bucket.graph, bucket.request, bucket.lowered
        self.executable, self.index = bucket.executable, bucket.index
        self.places = bucket.places
        leaves = bucket.lowered.leaves
        stands = bucket.trace.gathered
        self.gathered = [(leaves[stands[x]], x) for x in self.trace.gathered
                         if stands[x] in leaves]  # fmt: skip
        self.smaller = [(s.shape if s.shape != full.shape and not rows else None)
                        for s, full in zip(self.call.symbols, bucket.call.symbols)]
        del self.opened, self.find
        self._settle()

    def give(self, values: Sequence[Any]) -> None:
        bucket, executable = self.bucket, self.executable
        bucket.fill(self, self.values)
        for i, ((buffer, own), value, shape) in enumerate(zip(self.places, values, self.smaller)):
            if buffer is None:
                continue
            data = value.data if isinstance(value, Node) else value
            if shape is None:
                executable.give(buffer, data)
                continue
            room = bucket.room(i, buffer) if own is None else own
            for d, n in enumerate(shape):
                room[(slice(None),) * d + (slice(n, None),)] = 0
            room[tuple(map(slice, shape))] = data
            if own is None:
                executable.hold(buffer, room)
        for buffer, leaf in self.gathered:
            executable.give(buffer, leaf.gradient)
        executable.take_state()

    def rows(self, block: Any) -> Any:
        more = self.bucket.request.batch - block.shape[1]
        return np.ascontiguousarray(np.pad(block, ((0, 0), (0, more)), mode="edge"))

    def results(self) -> list[Any]:
        return [cut(x) for cut, x in zip(self.cuts, self.executable.results())]


def _cut(axes: Sequence[Axis], steps: bool) -> Callable[[Any], Any]:
    """What reads the elements of now out of a result, or of one for each of many steps."""
    free = [(d + steps, one) for d, one in enumerate(axes) if one.free]

    def cut(x: Any) -> Any:
        for d, one in free:
            if one.first:
                x = x[(slice(None),) * d + (slice(one.now),)]
            else:
                x = np.take(x, one.places(), axis=d)
                x.flags.writeable = False
        return x

    return cut


# --------------------------------------------------------------- what is asked for


@dataclass(frozen=True)
class Wish:
    """Which axes of which arguments are free, and the lengths that they are filled up to."""

    axes: Mapping[str, tuple[int, ...]]
    lengths: tuple[int, ...]

    def full(self, length: int) -> int:
        """The length that this one is filled up to."""
        if self.lengths:
            return next((n for n in self.lengths if n >= length), length)
        return max(LEAST, 1 << (length - 1).bit_length()) if length else 0


def wish(function: Function, free: Any, lengths: Any) -> Wish | None:
    """What was asked for, checked. Raises CallError, ValueRangeError."""
    if free is None:
        if lengths is not None:
            raise CallError("lengths are those of free axes, and none is free",
                            asked="compile(f, free={name: axis}, lengths=…)")
        return None
    names = _parameters(function)
    if not isinstance(free, Mapping) or not free:
        raise CallError("free says which axes of which arguments may have any length",
                        asked='free={"x": 0}', came=f"free={free!r}")
    axes: dict[str, tuple[int, ...]] = {}
    for name, value in free.items():
        several = tuple(value) if isinstance(value, (tuple, list)) else (value,)
        if names and name not in names:
            raise CallError(tr("there is no argument {name}", name=repr(name)),
                            asked=", ".join(names), came=f"free={free!r}")
        if not several or any(isinstance(x, bool) or not isinstance(x, int) for x in several):
            raise ValueRangeError("a free axis is a whole number, or several",
                                  asked='free={"x": 0} or free={"x": (0, 1)}',
                                  came=f"free={free!r}")
        axes[name] = several
    try:
        sizes = () if lengths is None else tuple(sorted(lengths))
    except TypeError:
        sizes = (0,)
    if any(isinstance(n, bool) or not isinstance(n, int) or n < 1 for n in sizes):
        raise ValueRangeError("lengths are whole numbers from 1", asked="lengths=(32, 64, 128)",
                              came=f"lengths={lengths!r}")
    return Wish(axes, sizes)


def _parameters(function: Function) -> list[str]:
    """The names of the parameters; none where they are not known, or any name is taken."""
    try:
        parameters = signature(function).parameters
    except (TypeError, ValueError):
        return []
    if any(p.kind is p.VAR_KEYWORD for p in parameters.values()):
        return []
    return list(parameters)


class FreeAxes:
    """The programs of a function that serve many calls, and the calls that were found not to fit.

    Free axes are asked for; Python numbers are looked at once calls differ in them.
    """

    def __init__(self, function: Function, asked: Wish | None) -> None:
        self.function, self.asked = function, asked
        self.buckets: list[Bucket] = []          # the latest used first
        self.refused: set[Kind] = set()
        self.numbers: dict[tuple[Structure, int], Any] = {}
        """Another value of each number that is not the same in every call."""

    def axes(self, args: Sequence[Any], kwargs: Mapping[str, Any]) -> list[tuple[int, ...]]:
        """The free axes of every leaf of a call."""
        leaves = flatten((list(args), dict(kwargs)))[0]
        if self.asked is None:
            return [()] * len(leaves)
        names = _parameters(self.function)
        owners: list[str] = []
        for i, x in enumerate(args):
            name = names[min(i, len(names) - 1)] if names else ""
            owners += [name] * len(flatten(x)[0])
        for name, x in kwargs.items():
            owners += [name] * len(flatten(x)[0])
        found = []
        for name, x in zip(owners, leaves):
            axes = self.asked.axes.get(name, ()) if isinstance(x, ARRAYS) else ()
            for axis in axes:
                if not -x.ndim <= axis < x.ndim:
                    raise ShapeError(
                        tr("{name} has no axis {axis} that could be free", name=name, axis=axis),
                        asked=f"free={dict(self.asked.axes)!r}", came=str(tuple(x.shape)),
                    )  # fmt: skip
            found.append(tuple(axis % x.ndim for axis in axes))
        return found

    def variant(
        self, args: Sequence[Any], kwargs: dict[str, Any], kind: Kind, known: Sequence[Variant],
        note: Callable[[Kind], None], *more: Any,
    ) -> Variant | None:
        """The form for a call; None where it is to be compiled as it is. Raises Refusal, once.

        `known` are the forms there are, `note` is told what is compiled; `more` is what a
        `Variant` is made with besides.
        """
        call = _Calls(self, args, kwargs, kind, known)
        if {call.full, kind} & self.refused or not call.many:
            return None

        def bucket() -> Bucket:
            return self._bucket(call, note, more)

        try:
            if call.full == kind:
                return bucket()
            return Filled(bucket, self.function, args, kwargs, kind, *more)
        except Refusal:
            self.refused.add(kind)
            raise

    def _bucket(self, call: _Calls, note: Callable[[Kind], None], more: Sequence[Any]) -> Bucket:
        """The program for the full length, made where there is none that still holds."""
        for found in self.buckets:
            if found.kind == call.full and not found.stale() and found.suits():
                self.buckets.remove(found)
                self.buckets.insert(0, found)
                return found
        try:
            (args, kwargs), (other, others) = call.whole, call.other
            probe = Traced(self.function, other, others, call.full, *more)
            made = Bucket(probe, self.function, args, kwargs, call.full, *more)
        except Refusal:
            self.refused.add(call.full)
            raise
        except (SeegradError, ValueError, TypeError, IndexError) as error:
            self.refused.add(call.full)
            raise Refusal(tr("it cannot be traced at the full length: {why}",
                             why=str(error).partition("\n")[0])) from error
        note(call.kind)
        self.buckets.insert(0, made)
        del self.buckets[KEPT:]
        return made


class _Calls:
    """The calls that one program serves: what they have in common, and two of them."""

    def __init__(
        self, programs: FreeAxes, args: Sequence[Any], kwargs: dict[str, Any], kind: Kind,
        known: Sequence[Variant],
    ) -> None:
        self.kind, asked, numbers = kind, programs.asked, programs.numbers
        leaves, structure = flatten((list(args), kwargs))
        axes = programs.axes(args, kwargs)
        if kind.rows:                            # of each mini-batch, of which rows are the first
            axes = [own if own == (0,) else () for own in axes]
        for variant in known:
            numbers |= _other_numbers(variant.kind, kind, axes)
        here = {i: x for (s, i), x in numbers.items() if s == structure and _number(kind.leaves[i])}
        self.many = any(axes) or bool(here)

        def full(length: int) -> int:
            return asked.full(length) if asked else length

        def another(length: int) -> int:
            return length if 1 < length < full(length) else max(full(length) - 1, min(length, 1))

        whole, other = _resized(leaves, axes, full), _resized(leaves, axes, another)
        kinds = [("number", type(leaves[i])) if i in here else kind_of(x)
                 for i, x in enumerate(whole)]  # fmt: skip
        for i, x in here.items():
            other[i] = x if repr(x) != repr(leaves[i]) else type(x)(x + 1)
        self.full = Kind(structure, tuple(kinds), kind.asked, kind.rows)
        self.whole: tuple[Any, Any] = tuple(unflatten(structure, whole))
        self.other: tuple[Any, Any] = tuple(unflatten(structure, other))


def _number(leaf: Any) -> bool:
    """Is this leaf of a kind of call a Python number?"""
    return leaf[0] is int or leaf[0] is float


def _other_numbers(
    then: Kind, now: Kind, axes: Sequence[tuple[int, ...]]
) -> dict[tuple[Structure, int], Any]:
    """The numbers in which two kinds of call differ, where they differ in nothing else."""
    if (then.structure, then.asked, then.rows) != (now.structure, now.asked, now.rows):
        return {}
    found = {}
    for i, (a, b) in enumerate(zip(then.leaves, now.leaves)):
        if a == b or axes[i]:
            continue
        if not (_number(b) and a[0] is b[0]):
            return {}
        found[now.structure, i] = a[1]
    return found


def _resized(
    leaves: Sequence[Any], axes: Sequence[tuple[int, ...]], size: Callable[[int], int]
) -> list[Any]:
    """The leaves with other lengths along their free axes: symbols for arrays."""
    found = []
    for x, own in zip(leaves, axes):
        if own:
            shape = tuple(size(n) if i in own else n for i, n in enumerate(x.shape))
            grad = isinstance(x, Node) and x.requires_grad
            x = symbol(Spec(shape, np.dtype(x.dtype)), getattr(x, "name", ""), grad)
        found.append(x)
    return found
