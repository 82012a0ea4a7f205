"""The graph of a call beside that of the full length, node by node: one that gives both.

Data flows from the leaves to the outputs, once. Of every pair of nodes a `Padded` is made: the node
at the full length, and where in it the elements of now lie; what lies beside them is arbitrary, but
where a rule puts a number there. What is different in both graphs (a mask, a count, an index, a
constant) becomes a `Slot`: an input with its value for now. Rules know forms, never ops; where
nothing is known, `Refusal` says which node stands in the way.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from seegrad.errors import Line
from seegrad.graph.bind import bind
from seegrad.graph.forms import Slice
from seegrad.graph.graph import Graph
from seegrad.graph.mode import in_mode
from seegrad.graph.node import Node
from seegrad.graph.op import Op
from seegrad.graph.spec import NO_ATTRS, Spec
from seegrad.i18n import Message, tr
from seegrad.ops.compare import where
from seegrad.ops.indexing import take
from seegrad.ops.shape import broadcast_to, concatenate, reshape
from seegrad.tensor.tensor import Tensor, as_tensor
from seegrad.transforms.free_axes.axes import Axis, axis, first_places, unified
from seegrad.transforms.tracing import symbol

Rule = Callable[["Fitting", Node, Node, Sequence["Padded"]], "Padded"]


class Refusal(Exception):
    """A free axis cannot be filled up: why, and at which line."""

    def __init__(self, reason: Message | str, line: Line | None = None) -> None:
        super().__init__(reason)
        self.line = line


@dataclass(frozen=True)
class Padded:
    """A value at the full length: its axes, and whether it is 0 beside what counts.

    `parts`: what a vector is put together from, one behind the other.
    """

    node: Node
    axes: tuple[Axis, ...]
    clean: bool = False
    parts: tuple[Padded, ...] = ()

    @property
    def fixed(self) -> bool:
        return not any(a.free for a in self.axes)


@dataclass(frozen=True)
class Slot:
    """An input of the graph at the full length: its value for now, and that of the full length."""

    symbol: Tensor
    value: Any
    full: Any


@dataclass
class Fitting:
    """Two graphs of one function, for now and for the full length.

    `known` says which leaf of the latter stands for one of the former; those in `clean` are filled
    up with zeros. `opening` makes the graph of a loop's body one of forms that have a rule.
    """

    rules: Mapping[type, Rule]
    opening: Callable[[Graph], Graph]
    known: Mapping[Node, Node]
    clean: frozenset[Node] = frozenset()
    slots: dict[Hashable, Slot] = field(default_factory=dict)
    axes_of: Mapping[Node, tuple[Axis, ...]] = field(default_factory=dict)
    shared: dict[Hashable, Any] = field(default_factory=dict)
    _done: dict[tuple[Node, Node], Padded] = field(default_factory=dict)
    _masked: dict[Hashable, Node] = field(default_factory=dict)

    def fit(self, now: Sequence[Node], full: Sequence[Node]) -> list[Padded]:
        """The outputs of both graphs as one."""
        if len(now) != len(full):
            raise Refusal(tr("the function does something else at another length"))
        stack = [(a, b, False) for a, b in zip(reversed(now), reversed(full))]
        partner: dict[Node, Node] = {}
        with in_mode(recording=True, tracer=None, frame=None, watch=None):
            while stack:
                a, b, ready = stack.pop()
                if ready:
                    self._done[a, b] = self._pair(a, b)
                elif (a, b) not in self._done:
                    if a.op is not b.op or len(a.inputs) != len(b.inputs) or (
                        b.op is not None and partner.setdefault(b, a) is not a
                    ):
                        raise Refusal(tr("the function does something else at another length"),
                                      a.where or b.where)
                    stack.append((a, b, True))
                    stack += [(x, y, False) for x, y in zip(a.inputs, b.inputs)]
            return [self.whole(self._done[a, b], b) for a, b in zip(now, full)]

    # ------------------------------------------------------------------ pairs

    def _pair(self, a: Node, b: Node) -> Padded:
        found = self._leaf(a, b) if b.op is None else self._operation(a, b)
        if a.dtype != b.dtype or (
            [(x.now, x.full) for x in found.axes] != list(zip(a.shape, b.shape))
        ):
            raise self.refusal(b)
        return found

    def _leaf(self, a: Node, b: Node) -> Padded:
        if a in self.known:
            if self.known[a] is not b or a.ndim != b.ndim:
                raise Refusal(tr("the function does something else at another length"))
            axes = self.axes_of.get(b) or first_places(a.shape, b.shape)
            return Padded(b, axes, b in self.clean)
        if a is b:
            return Padded(b, first_places(a.shape, b.shape))
        if a.data is None or b.data is None or a.dtype != b.dtype or a.ndim != b.ndim:
            raise Refusal(tr("the function does something else at another length"))
        return self._constant(np.asarray(a.data), np.asarray(b.data), b)

    def _constant(self, now: Any, full: Any, b: Node) -> Padded:
        """Constants of both graphs: equal, one number all over, or each its own."""
        axes = first_places(now.shape, full.shape)
        if now.shape == full.shape and now.tobytes() == full.tobytes():
            return Padded(b, axes)
        if any(m > n for m, n in zip(now.shape, full.shape)):
            raise Refusal(tr("a constant is longer than at the full length"))
        if now.shape != full.shape and _even(now) and _even(full):
            one, other = now.flat[0], full.flat[0]
            if one.tobytes() == other.tobytes():
                value: Node = as_tensor(other)
            else:
                value = self.slot((b, "number"), np.asarray(one), np.asarray(other))
            axes = tuple(Axis(x.factors, x.free) for x in axes)
            return Padded(bind(broadcast_to, (value,), {"shape": full.shape}), axes)
        value = np.zeros(full.shape, full.dtype)  # type: ignore[assignment]
        value[tuple(map(slice, now.shape))] = now  # type: ignore[index]
        return Padded(self.slot((b, "constant"), value, full), axes, True)

    def _operation(self, a: Node, b: Node) -> Padded:
        assert b.op is not None
        ins = [self._done[x, y] for x, y in zip(a.inputs, b.inputs)]
        if all(x.fixed and not x.parts for x in ins) and a.shape == b.shape and self.alike(a, b):
            return Padded(self.made(b, ins), first_places(a.shape, b.shape))
        form = b.op.lower
        if not isinstance(form, Slice):
            ins = [self.whole(x, y) for x, y in zip(ins, b.inputs)]
        rule = self.rules.get(type(getattr(form, "batching", form)))
        if rule is None:
            raise self.refusal(b)
        return rule(self, a, b, ins)

    # ------------------------------------------------------------------ what rules use

    def refusal(self, b: Node) -> Refusal:
        """That this node stands in the way."""
        name = b.op.name if b.op is not None else b.name
        return Refusal(tr("{name} would give something else along an axis that is filled up",
                          name=name), b.where)

    def alike(self, a: Node, b: Node, *but: str) -> bool:
        """Are the attributes equal, but for these?"""
        return a.attrs.keys() == b.attrs.keys() and all(
            _equal(a.attrs[name], b.attrs[name]) for name in b.attrs if name not in but
        )

    def check(self, b: Node, *conditions: bool) -> None:
        """Refuse the node where a condition does not hold."""
        if not all(conditions):
            raise self.refusal(b)

    def made(self, b: Node, ins: Sequence[Padded]) -> Node:
        """The node of the full length on other inputs of the same specs."""
        if all(x.node is y for x, y in zip(ins, b.inputs)):
            return b
        new = Tensor(b.op, tuple(x.node for x in ins), b.attrs, (), None, False, b.spec, b.name)
        new.frame, new.where = b.frame, b.where
        return new

    def bound(self, b: Node, op: Op, *inputs: Any, **attrs: Any) -> Node:
        """A new node in the place of `b`."""
        with in_mode(frame=b.frame):
            made: Node = as_tensor(bind(op, inputs, attrs))
        made.where = b.where
        return made

    def joined(self, b: Node, ins: Sequence[Padded], at: int) -> Padded:
        """What stands one behind the other, with what counts at the beginning."""
        one = [x.axes[at] for x in ins]
        now, full = (sum(getattr(x, name) for x in one) for name in ("now", "full"))
        axes = [axis(now, full) if i == at else self.unify(b, column)
                for i, column in enumerate(zip(*(x.axes for x in ins)))]  # fmt: skip
        node = self.bound(b, concatenate, *(x.node for x in ins), axis=at)
        if any(x.free for x in one[:-1]) or not one[-1].first:
            starts = np.cumsum([0, *(x.full for x in one[:-1])])
            place = np.zeros(full, np.int64)
            place[:now] = np.concatenate([s + x.places() for s, x in zip(starts, one)])
            rows = self.slot((b, "places"), place, np.arange(full))
            node = self.bound(b, take, node, rows, axis=at, negative=False)
        return Padded(node, tuple(axes))

    def vector(self, b: Node, parts: Sequence[Padded]) -> Padded:
        """A vector put together from others, which are joined only if it is read as a whole."""
        if len(parts) == 1:
            return parts[0]
        now, full = (sum(getattr(x.axes[0], name) for x in parts) for name in ("now", "full"))
        return Padded(b, (axis(now, full),), False, tuple(parts))

    def whole(self, x: Padded, b: Node) -> Padded:
        """A vector whose parts stand side by side, `b` at the full length, in one piece."""
        if not x.parts:
            return x
        if (b, "whole") not in self.shared:
            self.shared[b, "whole"] = self.joined(b, x.parts, 0)
        found: Padded = self.shared[b, "whole"]
        return found

    def slot(self, key: Hashable, value: Any, full: Any) -> Tensor:
        """An input with this value now, and that one at the full length."""
        found = self.slots.get(key)
        if found is None:
            made = symbol(Spec(full.shape, full.dtype))
            found = self.slots[key] = Slot(made, value, full)
        elif not _equal(found.value, value):
            raise Refusal(tr("the function does something else at another length"))
        return found.symbol

    def masked(self, x: Padded, places: Sequence[int], value: Any, key: Hashable) -> Padded:
        """x with this number beside what counts along these axes."""
        for i in places:
            one = x.axes[i]
            if not one.free or (x.clean and value == 0):
                continue
            memo = x.node, i, one, np.asarray(value).tobytes()
            if memo not in self._masked:
                here = np.zeros(one.full, bool)
                here[one.places()] = True
                flag = self.slot((key, i), here, np.ones(one.full, bool))
                shape = tuple(one.full if j == i else 1 for j in range(len(x.axes)))
                flag = bind(reshape, (flag,), {"shape": shape})
                number = np.asarray(value, x.node.dtype)[()]
                self._masked[memo] = bind(where, (flag, x.node, number), NO_ATTRS)
            axes = tuple(Axis(o.factors, o.same and j != i) for j, o in enumerate(x.axes))
            x = Padded(self._masked[memo], axes, x.clean)
        clean = x.clean or (not np.any(value) and all(
            i in places for i, one in enumerate(x.axes) if one.free
        ))
        return Padded(x.node, x.axes, clean)

    def unify(self, b: Node, axes: Sequence[Axis]) -> Axis:
        """The one axis that all of these are."""
        found = Axis()
        for other in axes:
            one = unified(found, other)
            if one is None:
                raise self.refusal(b)
            found = one
        return found


def _even(x: Any) -> bool:
    """Is every element the same?"""
    return bool(x.size) and x.tobytes() == x.flat[0].tobytes() * x.size


def _equal(a: Any, b: Any) -> bool:
    if isinstance(a, np.ndarray) or isinstance(b, np.ndarray):
        same = np.shape(a) == np.shape(b) and np.asarray(a).tobytes() == np.asarray(b).tobytes()
        return same and np.asarray(a).dtype == np.asarray(b).dtype
    if isinstance(a, (tuple, list)) and isinstance(b, (tuple, list)):
        return len(a) == len(b) and all(map(_equal, a, b))
    return type(a) is type(b) and (a is b or (bool(a == b) and repr(a) == repr(b)))
