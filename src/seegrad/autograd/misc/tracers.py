"""Graphs of functions that are kept: computed once, run again with other numbers."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from seegrad.autograd.core import floating
from seegrad.errors import CallError
from seegrad.graph.graph import Graph, walk
from seegrad.graph.node import Node
from seegrad.tensor.tensor import as_tensor, tensor

Function = Callable[..., Any]


def full_graph(function: Function, *args: Any, **kwargs: Any) -> Graph:
    """The graph of a call."""
    return Graph([as_tensor(function(*[tensor(floating(x)) for x in args], **kwargs))])


def const_graph(function: Function, *first: Any, **known: Any) -> Function:
    """A function whose graph does not change: it is run once, and then its graph is.

    Args:
        first, known: arguments that stay; the others come with each call.
    """
    kept: list[Any] = []

    def called(*args: Any) -> Any:
        given = [floating(x) for x in args]
        if not kept:
            leaves = [tensor(x, requires_grad=False) for x in given]
            out = function(*first, *leaves, **known)
            if not isinstance(out, Node):
                raise CallError("a graph that is kept has one result", came=repr(out)[:60])
            order = [node for node in walk([out]) if node.op is not None]
            kept[:] = [leaves, sorted(order, key=lambda node: -node.order), out]
            return out.data
        leaves, order, out = kept
        values: dict[Node, Any] = dict(zip(leaves, given))
        for node in order:
            inputs = [values.get(x, x.data) for x in node.inputs]
            values[node] = node.op(*inputs, **node.attrs)
        return values[out]

    return called
