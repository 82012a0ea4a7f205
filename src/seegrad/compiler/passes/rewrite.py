"""A graph made anew, node by node: what every pass does, whatever it changes."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from seegrad.graph.graph import Graph, walk
from seegrad.graph.node import Node
from seegrad.graph.spec import NO_ATTRS
from seegrad.tensor.tensor import Tensor


def remade(node: Node, inputs: Sequence[Node]) -> Node:
    """The node with other inputs of the same specs; its place and name are kept."""
    if all(a is b for a, b in zip(inputs, node.inputs)):
        return node
    new = Tensor(node.op, tuple(inputs), node.attrs, (), None, False, node.spec, node.name)
    new.frame, new.where = node.frame, node.where
    return new


def rewrite(
    graph: Graph, change: Callable[[Node], Node],
    instead: Callable[[Node, Mapping[Node, Node]], Node | None] = lambda node, done: None,
) -> Graph:
    """Every node, inputs first, put through `change`, which gives an equal one.

    `instead` may give one for a node as it was, from what has become of those before it.
    """
    done: dict[Node, Node] = {}
    for node in graph.nodes:
        if node.op is None:
            done[node] = node
            continue
        new = instead(node, done)
        if new is None:
            new = change(remade(node, [done[x] for x in node.inputs]))
        if node.name and not new.name and new.op is not None:
            new.name = node.name
        done[node] = new
    outputs = [done[x] for x in graph.outputs]
    if all(a is b for a, b in zip(outputs, graph.outputs)):
        return graph
    return Graph(outputs, graph.listed)


def replaced(outputs: Sequence[Node], known: Mapping[Node, Node]) -> list[Node]:
    """The outputs with some leaves replaced by others of the same spec."""
    done: dict[Node, Node] = dict(known)
    for node in walk(outputs):
        if node not in done:
            done[node] = remade(node, [done[x] for x in node.inputs]) if node.op else node
    return [done[node] for node in outputs]


def constant(value: Any) -> Node:
    """A leaf with a number or a small array."""
    data = np.asarray(value)
    data.flags.writeable = False
    return Tensor(None, (), NO_ATTRS, (), data[()] if data.ndim == 0 else data, False)
