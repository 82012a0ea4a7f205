"""Functions of one's own with a derivative of one's own, as operations of the graph; traces of it.

`primitive` makes an operation of a Python function that computes with plain arrays; `extend` says
what its derivative is. A call's positional arguments, which may be nested, are the inputs; what
comes out is one array. Here live also the few words by which scripts ask what a value is.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from seegrad.errors import CallError, DTypeError, GradientError, SeegradError, TraceError
from seegrad.graph.bind import bind, callable_op
from seegrad.graph.forms import Call
from seegrad.graph.graph import walk
from seegrad.graph.mode import current_mode, in_mode
from seegrad.graph.node import Node as GraphNode
from seegrad.graph.op import Op
from seegrad.graph.spec import NO_ATTRS, Spec
from seegrad.i18n import tr
from seegrad.tensor.tensor import tensor
from seegrad.text import as_operator
from seegrad.tree import Structure, flatten, unflatten

Maker = Callable[[int, Any, Sequence[Any], dict[str, Any]], Callable[[Any], Any] | None]
"""(argnum, answer, args, kwargs) → the function that sends a derivative back, None for zero."""

primitive_vjps: dict[Callable[..., Any], Maker] = {}
"""What sends a derivative back through a primitive, by primitive."""


class UndefinedDerivativeError(SeegradError, NotImplementedError):
    """A primitive, or something of autograd's, that has no derivative here."""


class OpaqueError(TraceError):
    """A primitive was reached where only shapes are known: its Python function needs numbers."""


def isbox(x: Any) -> bool:
    """Is x a tensor, a value whose way through the graph is known?"""
    return isinstance(x, GraphNode)


def getval(x: Any) -> Any:
    """The numbers of x, without its way through the graph."""
    return x.data if isinstance(x, GraphNode) else x


def notrace_primitive(function: Callable[..., Any]) -> Callable[..., Any]:
    """`function` on the numbers alone: no derivative goes through what it gives."""

    @functools.wraps(function)
    def called(*args: Any, **kwargs: Any) -> Any:
        leaves, structure = flatten([list(args), kwargs])
        plain = unflatten(structure, [getval(x) for x in leaves])
        return function(*plain[0], **plain[1])

    return called


def primitive(function: Callable[..., Any]) -> Callable[..., Any]:
    """An operation that computes as `function` does, on plain arrays, and is not looked into.

    Its derivative is said with `defvjp`. Called with plain arrays it is the function itself.
    Raises, when called with what is differentiated: UndefinedDerivativeError without a derivative.
    """

    @functools.wraps(function)
    def called(*args: Any, **kwargs: Any) -> Any:
        leaves, structure = flatten(args)
        nodes = [x for x in leaves if isinstance(x, GraphNode)]
        if any(isinstance(x, GraphNode) for x in flatten(kwargs)[0]):
            raise CallError(
                tr("{name}: derivatives go through positional arguments only", name=name()),
                came="a tensor by keyword",
                hint="pass it without its name",
            )
        if not nodes:
            return function(*args, **kwargs)
        needs = current_mode().recording and any(x.requires_grad for x in nodes)
        if needs and called not in primitive_vjps:
            raise UndefinedDerivativeError(
                tr("{name} is a primitive without a derivative", name=name()),
                asked="a derivative said with defvjp or defjvp",
                hint="leave @primitive away if it is computed with seegrad.autograd.numpy",
            )
        op = _operation(called, function, leaves, structure, kwargs)
        return bind(op, tuple(nodes), NO_ATTRS)

    def name() -> str:
        return getattr(function, "__name__", "a function")

    for key, value in {"fun": function, **_older_ways(called)}.items():
        setattr(called, key, value)
    return called


def _older_ways(called: Callable[..., Any]) -> dict[str, Callable[..., None]]:
    """How scripts from before `defvjp` say a derivative: methods of the primitive, by argnum."""
    known: dict[int, Callable[..., Any] | None] = {}

    def one(argnum: int, ans: Any, args: Sequence[Any], kwargs: dict[str, Any]) -> Any:
        maker = known.get(argnum)
        return None if maker is None else maker(ans, *args, **kwargs)

    def defgrad(maker: Callable[..., Any] | None, argnum: int = 0) -> None:
        known[argnum] = maker
        primitive_vjps[called] = one

    def defvjp(rule: Callable[..., Any], argnum: int = 0) -> None:
        def maker(ans: Any, *args: Any, **kwargs: Any) -> Callable[[Any], Any]:
            return lambda g: rule(g, ans, None, None, *args, **kwargs)

        defgrad(maker, argnum)

    def defvjp_is_zero(argnums: Sequence[int] = (0,)) -> None:
        for argnum in argnums:
            defgrad(None, argnum)

    return {"defgrad": defgrad, "defvjp": defvjp, "defvjp_is_zero": defvjp_is_zero}


def _operation(
    called: Callable[..., Any], function: Callable[..., Any], leaves: Sequence[Any],
    structure: Structure, kwargs: dict[str, Any],
) -> Op:  # fmt: skip
    """The operation of one call: its inputs are the tensors among the leaves of its arguments."""
    places = [i for i, x in enumerate(leaves) if isinstance(x, GraphNode)]
    name = getattr(function, "__name__", "primitive")

    def whole(xs: Sequence[Any]) -> Any:
        given = list(leaves)
        for place, x in zip(places, xs):
            given[place] = x
        return unflatten(structure, given)

    def forward(*xs: Any) -> Any:
        # transforms that the function makes are its own: they give it plain arrays
        with in_mode(recording=True, depth=0, differentiated=frozenset()):
            return _one_array(name, function(*whole(xs), **kwargs))

    def spec(*xs: Spec) -> Spec:
        raise OpaqueError(
            tr("{name} is a primitive: Python code that needs numbers", name=name),
            hint="call it outside of sg.compile, or leave @primitive away",
        )

    last: list[Any] = [None, None, {}]

    def rule(g: Any, out: Any, xs: tuple[Any, ...], position: int) -> Any:
        if last[0] is not g:
            last[:] = [g, whole(xs), {}]
        argnum, leaf = _place(structure, places[position])
        if argnum not in last[2]:
            back = primitive_vjps[called](argnum, out, last[1], kwargs)
            last[2][argnum] = [] if back is None else flatten(back(g))[0]
        found = last[2][argnum]
        if not found or found[leaf] is None:
            return xs[position] * 0
        gx = found[leaf]
        return gx if hasattr(gx, "dtype") else np.asarray(gx)[()]

    return callable_op(Op(
        name=name, forward=forward, spec=spec, d={"xs": rule}, lower=Call(), sign=name,
        latex=f"{as_operator(name)}($xs)", family="primitive",
    ))  # fmt: skip


def _one_array(name: str, found: Any) -> Any:
    """What a primitive gave, as the value of a node."""
    if isinstance(found, GraphNode):
        if found.requires_grad and current_mode().recording:
            raise GradientError(
                tr("{name} uses what is differentiated, but not as an argument", name=name),
                asked="a primitive that gets each value it depends on as an argument",
            )
        found = found.data
    if isinstance(found, (tuple, list, dict)):
        raise CallError(
            tr("{name}: a primitive gives one array", name=name),
            came=type(found).__name__,
            hint="stack what it gives, or make one primitive for each",
        )
    array = np.asarray(found)
    if array.dtype.kind not in "fiub":
        raise DTypeError(
            tr("{name} gives what the graph does not compute with", name=name),
            asked="floating-point, integer or boolean numbers", came=f"dtype {array.dtype}",
        )  # fmt: skip
    return array[()]


def _place(structure: Structure, leaf: int) -> tuple[int, int]:
    """Which argument a leaf belongs to, and which leaf of that it is."""
    for argnum, child in enumerate(structure.children):
        count = len(_leaves(child))
        if leaf < count:
            return argnum, leaf
        leaf -= count
    raise IndexError(leaf)


def _leaves(structure: Structure) -> list[Structure]:
    if structure.kind is None:
        return [structure]
    return [x for child in structure.children for x in _leaves(child)]


# --------------------------------------------------------------- traces with nodes of one's own


class Node:
    """A base for nodes of one's own, which `trace` makes beside the graph, one for each operation.

    A subclass says `initialize_root(*args)` for the first one, and
    `__init__(value, fun, args, kwargs, parent_argnums, parents)` for what an operation gives.
    """

    @classmethod
    def new_root(cls, *args: Any, **kwargs: Any) -> Any:
        """The node of the argument."""
        root = cls.__new__(cls)
        root.initialize_root(*args, **kwargs)  # type: ignore[attr-defined]
        return root


def trace(start: Any, function: Callable[..., Any], x: Any) -> tuple[Any, Any]:
    """`(value, node)` of a call: the graph, told to nodes of the class of `start`.

    The node is None where the result does not depend on x.
    """
    leaf = tensor(x)
    out = function(leaf)
    if not isinstance(out, GraphNode) or leaf not in set(walk([out])):
        return getval(out), None
    made: dict[GraphNode, Any] = {leaf: start}
    for node in sorted(walk([out]), key=lambda node: -node.order):
        places = [i for i, y in enumerate(node.inputs) if y in made]
        if node.op is None or not places:
            continue
        args = tuple(getval(y) for y in node.inputs)
        parents = [made[node.inputs[i]] for i in places]
        made[node] = type(start)(node.data, node.op, args, node.attrs, places, parents)
    return getval(out), made[out]
