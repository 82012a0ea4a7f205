"""A function whose intermediate values are not kept: the walk back computes them again.

One direction: the function runs once, on nodes of its own → what it recorded becomes a `Body`, a
graph of symbols without values → the op of this call keeps that, and its inputs. Python does not
run again, so what it chose, drew or counted is the same when the walk comes back.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, ParamSpec, TypeVar

import numpy as np

from seegrad.autodiff.backward_pass import backward
from seegrad.graph.bind import bind, callable_op
from seegrad.graph.forms import Call
from seegrad.graph.mode import current_mode, frame, in_mode
from seegrad.graph.node import Node
from seegrad.graph.op import Op
from seegrad.graph.spec import NO_ATTRS, Spec
from seegrad.ops.arithmetic import identity
from seegrad.tensor.tensor import Tensor, as_tensor
from seegrad.text import as_operator
from seegrad.transforms.derivatives import differentiating, named
from seegrad.transforms.loops.body import Body
from seegrad.transforms.tracing import symbol
from seegrad.tree import flatten, unflatten

P = ParamSpec("P")
R = TypeVar("R")


def checkpoint(function: Callable[P, R]) -> Callable[P, R]:
    """The same function, but its intermediate values are not kept: backward computes them again.

    Gives a single array or tensor. Trades time for memory (Chen et al., 2016). The function itself
    runs once: what it draws at random stays, and so does what it made of arrays alone.

    >>> import seegrad as sg
    >>> f = checkpoint(lambda x: (x * x).sum())
    >>> sg.grad(f)(np.array([1.0, 2.0]))
    array([2., 4.])
    """

    def run(*args: P.args, **kwargs: P.kwargs) -> R:
        mode = current_mode()
        if mode.tracer is not None:
            with frame("checkpoint"):                # what a loop, say, need not keep
                return function(*args, **kwargs)
        leaves, structure = flatten((args, kwargs))
        if not mode.recording or not any(isinstance(x, Node) for x in leaves):
            return function(*args, **kwargs)
        given = dict.fromkeys(x for x in leaves if isinstance(x, Node))
        own = {x: _leaf(x.data, x.requires_grad, x.name) for x in given}
        began = symbol(Spec((), np.dtype(float))).order
        placed, keywords = unflatten(
            structure, [own[x] if isinstance(x, Node) else x for x in leaves]
        )
        with differentiating(list(own.values())):
            out = as_tensor(function(*placed, **keywords))
        body, captured = _body(out, list(own.values()), began)
        inputs = (*given, *captured)
        name = getattr(function, "__name__", type(function).__name__)
        op = _op(body, name, [x.data for x in inputs], out.data)
        return bind(op, inputs, NO_ATTRS)  # type: ignore[no-any-return]

    run.__name__ = named(function, "checkpoint")
    return run


def _leaf(data: Any, requires_grad: bool, name: str = "") -> Tensor:
    return Tensor(None, (), NO_ATTRS, (), data, requires_grad, name=name)


def _body(out: Node, own: Sequence[Node], began: int) -> tuple[Body, list[Node]]:
    """What was recorded since `began`, without values, and the older nodes that it learns by."""
    found, stack = set(own), [out]
    while stack:
        node = stack.pop()
        if node not in found:
            found.add(node)
            if node.order < began:
                stack.extend(node.inputs)
    oldest_first = sorted(found - set(own), key=lambda node: node.order, reverse=True)
    older = [x for x in oldest_first if x.requires_grad and (x.order > began or x.op is None)]
    inputs = [*own, *older]
    placed: dict[Node, Any] = {x: symbol(x.spec, x.name, x.requires_grad) for x in inputs}
    for node in oldest_first:
        if node in placed:
            continue
        below = [placed[x] for x in node.inputs] if node.order < began else []
        if node.op is None or all(x.data is not None for x in below):
            placed[node] = _leaf(node.data, False, node.name)     # the same, whatever comes in
            continue
        placed[node] = made = node.op(*below, **node.attrs)
        if not node.requires_grad:                                # computed under no_grad
            made.requires_grad = False
    return Body([placed[x] for x in inputs], [placed[out]], "checkpoint"), older


def _op(body: Body, name: str, first: Sequence[Any], value: Any) -> Op:
    """An op made for one call, whose value is known: its derivative runs the body once more."""
    known = [(first, value)]
    last: list[Any] = [None, []]
    needs = [x.requires_grad for x in body.inputs]

    def forward(*xs: Any) -> Any:
        if known:
            given, found = known.pop()
            if all(a is b for a, b in zip(given, xs)):
                return found
        return body(xs)[0]

    def again(g: Any, xs: Sequence[Any]) -> list[Any]:
        """Every derivative at once; asked for again with the same g, the same answer."""
        if last[0] is not g:
            # a compiled function in it is a part of this graph
            with in_mode(recording=True, depth=current_mode().depth + 1):
                own = [
                    identity(x) if isinstance(x, Node) else _leaf(x, need)
                    for x, need in zip(xs, needs)
                ]
                out = body.applied(own)[0]
                as_graph = isinstance(g, Node)
                found = backward([out], [g], own, as_graph=as_graph, nested=True)
            last[:] = [g, [found.get(x) for x in own]]
        return last[1]  # type: ignore[no-any-return]

    def rule(g: Any, xs: tuple[Any, ...], position: int) -> Any:
        derivative = again(g, xs)[position]
        return xs[position] * 0 if derivative is None else derivative

    return callable_op(Op(
        name="checkpoint", forward=forward, spec=lambda *xs: body.specs[0], d={"xs": rule},
        lower=Call(), sign="⟲", latex=f"{as_operator(name)}($xs)", family="checkpoint",
    ))  # fmt: skip
