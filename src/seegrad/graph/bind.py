"""The one gate through which every operation is applied.

On plain arrays an op is just its NumPy function. As soon as one input is a node, a node is made:
with numbers (eager), or without them (symbols, and everything while a function is traced).
What else happens at the gate, and whether a graph is recorded at all, is the thread's `Mode`.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, overload

import numpy as np

from seegrad.errors import (
    CallError,
    DTypeError,
    IndexRangeError,
    SeegradError,
    ShapeError,
    SizeError,
    user_line,
)
from seegrad.graph.coerce import NUMBERS, PLAIN, SINGLE, constant, numbers
from seegrad.graph.documentation import Documentation
from seegrad.graph.mode import LOCAL, Mode, frame
from seegrad.graph.node import Node, holds_node
from seegrad.graph.op import N, Op
from seegrad.graph.op_errors import LARGE, affordable, explained
from seegrad.graph.spec import NO_ATTRS, Attrs

FLOAT32, FLOAT64 = np.dtype(np.float32), np.dtype(np.float64)

HALF = 2**13
"""Two inputs of so many elements cannot make more than LARGE."""


def _plain(op: Op, args: tuple[Any, ...], attrs: Attrs) -> Any:
    """The op on plain arrays, numbers and lists of numbers: NumPy in, NumPy out."""
    for a in args:
        if isinstance(a, (list, tuple)) and holds_node(a):
            return bind(op, tuple([numbers(op, i, x) for i, x in enumerate(args)]), attrs)
    known = SINGLE if op.inlined or op.canonical is not None else PLAIN
    args = tuple([a if type(a) in known else numbers(op, i, a) for i, a in enumerate(args)])
    if op.inlined:
        return _body(op, args, attrs)
    try:
        if op.canonical is not None:
            attrs = op.canonical(*args, **attrs)
        if op.sized or len(args) > 1:
            affordable(op, args, attrs)
        return op.run(*args, **attrs)
    except Exception as error:
        raise explained(op, args, attrs, error) from error


def _body(op: Op, args: tuple[Any, ...], attrs: Attrs) -> Any:
    """The body of a composite; its name stands before what an op inside it says."""
    assert op.body is not None
    try:
        return op.body(*args, **attrs)
    except SeegradError as error:
        if not isinstance(error, (CallError, DTypeError, ShapeError, IndexRangeError, SizeError)):
            raise
        raise explained(op, args, attrs, error) from error
    except Exception as error:
        raise explained(op, args, attrs, error) from error


def _canonical(op: Op, inputs: Sequence[Any], attrs: Attrs) -> Attrs:
    """The attributes in the one form that rules and lowerings rely on."""
    assert op.canonical is not None
    try:
        return op.canonical(*inputs, **attrs)
    except Exception as error:
        raise explained(op, inputs, attrs, error) from error


def bind(op: Op, args: tuple[Any, ...], attrs: Attrs) -> Any:
    """Apply `op`: a node if any input is a node, otherwise a NumPy result."""
    if op.direct:
        if len(args) == 2:
            return bind_two(op, args[0], args[1])
        if len(args) == 1:
            return bind_one(op, args[0])
    elif len(args) == 1 and isinstance(args[0], Node) and not op.inlined:
        (x,) = args                              # a reduction, as a rule, and nothing else to do
        if x.data is not None and LOCAL.mode is None:
            return _recorded(op, args, attrs, (x.data,), x.requires_grad)
    for a in args:
        if isinstance(a, Node):
            return _bind_with_care(op, args, attrs, a.makes)
    return _plain(op, args, attrs)


def _usual(x: Any) -> bool:
    """Is x an array of numbers, and not so large that its size must be looked at?"""
    if type(x) is not np.ndarray or x.size > HALF:
        return False
    return x.dtype.kind in NUMBERS and bool(x.dtype.isnative)


@overload
def bind_one(op: Op, x: N) -> N: ...
@overload
def bind_one(op: Op, x: Any) -> Any: ...
def bind_one(op: Op, x: Any) -> Any:
    """`bind` for a direct op of one input: the plainest cases are written out for speed."""
    if type(x) is np.ndarray and (x.dtype is FLOAT32 or x.dtype is FLOAT64):
        try:
            return op.run(x)
        except Exception as error:
            raise explained(op, (x,), NO_ATTRS, error) from error
    if not isinstance(x, Node):
        return _plain(op, (x,), NO_ATTRS)
    value = x.data
    if value is None or LOCAL.mode is not None:
        return _bind_with_care(op, (x,), NO_ATTRS, x.makes)
    try:
        data = op.run(value)
    except Exception as error:
        raise explained(op, (x,), NO_ATTRS, error) from error
    return x.makes(op, (x,), NO_ATTRS, (value,), data, x.requires_grad and op.differentiable)


@overload
def bind_two(op: Op, a: N, b: Any) -> N: ...
@overload
def bind_two(op: Op, a: Any, b: N) -> N: ...
@overload
def bind_two(op: Op, a: Any, b: Any) -> Any: ...
def bind_two(op: Op, a: Any, b: Any) -> Any:
    """`bind` for a direct op of two inputs: the plainest case is written out for speed."""
    if isinstance(a, Node):
        if not isinstance(b, Node):
            if LOCAL.mode is not None or a.data is None:
                return _bind_with_care(op, (a, b), NO_ATTRS, a.makes)
            b = constant(op, 1, b, (a,), a.makes)
    elif isinstance(b, Node):
        if LOCAL.mode is not None or b.data is None:
            return _bind_with_care(op, (a, b), NO_ATTRS, b.makes)
        a = constant(op, 0, a, (b,), b.makes)
    elif _usual(a) and _usual(b):
        try:
            return op.run(a, b)
        except Exception as error:
            raise explained(op, (a, b), NO_ATTRS, error) from error
    else:
        return _plain(op, (a, b), NO_ATTRS)
    left, right = a.data, b.data
    if left is None or right is None or LOCAL.mode is not None:
        return _bind_with_care(op, (a, b), NO_ATTRS, a.makes)
    if left.size * right.size > LARGE:
        affordable(op, (left, right), NO_ATTRS, (a, b))
    try:
        data = op.run(left, right)
    except Exception as error:
        raise explained(op, (a, b), NO_ATTRS, error) from error
    needs = (a.requires_grad or b.requires_grad) and op.differentiable
    return a.makes(op, (a, b), NO_ATTRS, (left, right), data, needs)


def _forward(op: Op, inputs: Sequence[Any], attrs: Attrs, values: tuple[Any, ...]) -> Any:
    """The op's own function on values; what it raises is explained in terms of the inputs."""
    try:
        return op.run(*values, **attrs)
    except Exception as error:
        raise explained(op, inputs, attrs, error) from error


def _recorded(
    op: Op, inputs: tuple[Node, ...], attrs: Attrs, values: tuple[Any, ...], needs: bool
) -> Node:
    """The node of an op on nodes with numbers."""
    if op.canonical is not None:
        attrs = _canonical(op, inputs, attrs)
    if op.sized or len(values) > 1:
        affordable(op, values, attrs, inputs)
    data = _forward(op, inputs, attrs, values)
    if type(data) is not np.ndarray and not isinstance(data, np.generic):
        data = np.asarray(data)
    if needs and not (op.differentiable and data.dtype.kind == "f"):
        needs = False
    return inputs[0].makes(op, inputs, attrs, values, data, needs)


def _bind_with_care(op: Op, args: tuple[Any, ...], attrs: Attrs, cls: type[Node]) -> Any:
    """`bind` where something is to be done first: constants, composites, symbols, modes."""
    if op.inlined:
        args = tuple(a if isinstance(a, Node) else numbers(op, i, a) for i, a in enumerate(args))
        with frame(op.name, op):
            return _body(op, args, attrs)
    mode = LOCAL.mode
    tracer = mode.tracer if mode is not None else None
    needs, symbolic, found, data = False, tracer is not None, [], []
    for i, x in enumerate(args):
        if not isinstance(x, Node):
            x = constant(op, i, x, [a for a in args if hasattr(a, "dtype")], cls)
        elif tracer is not None:
            x = tracer.read(x)
        needs = needs or x.requires_grad
        symbolic = symbolic or x.data is None
        found.append(x)
        data.append(x.data)
    inputs, values = tuple(found), tuple(data)
    if symbolic:
        return _symbolic(op, inputs, attrs, needs, cls, mode)
    node = _recorded(op, inputs, attrs, values, needs)
    if mode is None:
        return node
    if not mode.recording:
        return cls(None, (), NO_ATTRS, (), node.data, False)
    node.frame = mode.frame
    if mode.locate:
        node.where = user_line()
    if mode.watch is not None:
        mode.watch(node)
    return node


def _symbolic(
    op: Op, inputs: tuple[Node, ...], attrs: Attrs, needs: bool, cls: type[Node], mode: Mode | None
) -> Node:
    """A node of which only the spec is known."""
    if op.canonical is not None:
        attrs = _canonical(op, inputs, attrs)
    try:
        spec = op.spec(*[x.spec for x in inputs], **attrs)
    except Exception as error:
        raise explained(op, inputs, attrs, error) from error
    needs = needs and op.differentiable and spec.dtype.kind == "f"
    if mode is not None and not mode.recording:
        needs = False
    node = cls(op, inputs, attrs, (), None, needs, spec)
    if mode is not None:
        node.frame = mode.frame
        node.where = user_line() if mode.locate or mode.tracer is not None else None
    return node


class _AnyOp(Op):
    """An op that can be called."""

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        if kwargs and self.also:
            for name, change in self.also.items():
                if name in kwargs and not isinstance(change, str):
                    value = kwargs.pop(name)
                    return change(self, args, kwargs, value)
        if len(args) == self.arity:
            if self.direct and not kwargs:
                return bind(self, args, NO_ATTRS)
            attrs = kwargs if len(kwargs) == len(self.attributes) else {**self.optional, **kwargs}
            if attrs.keys() == self.attributes.keys():
                return bind(self, args, attrs)
        return bind(self, *self.arguments(args, kwargs))


_NONE: Any = object()
"""Stands for an argument that was not given."""


class _UnaryOp(_AnyOp):
    """An op of one input and nothing else: the same, called with less ado."""

    def __call__(self, x: Any = _NONE, /, *more: Any, **kwargs: Any) -> Any:
        if more or kwargs or x is _NONE:
            return super().__call__(*(() if x is _NONE else (x, *more)), **kwargs)
        return bind_one(self, x)


class _BinaryOp(_AnyOp):
    """An op of two inputs and nothing else: the same, called with less ado."""

    def __call__(self, a: Any = _NONE, b: Any = _NONE, /, *more: Any, **kwargs: Any) -> Any:
        if more or kwargs or b is _NONE:
            given = tuple(x for x in (a, b) if x is not _NONE)
            return super().__call__(*given, *more, **kwargs)
        return bind_two(self, a, b)


for _kind in (_AnyOp, _UnaryOp, _BinaryOp):
    _kind.__doc__ = Documentation(_kind.__doc__)  # type: ignore[assignment]


def callable_op(op: Op) -> Op:
    """The same op, now to be called: it goes through the shortest way for what it takes."""
    shortest = {1: _UnaryOp, 2: _BinaryOp} if op.direct else {}
    object.__setattr__(op, "__class__", shortest.get(op.arity, _AnyOp))
    return op
