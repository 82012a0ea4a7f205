"""The pass for sums of parts: zeros but for a part each, added up to a whole, put side by side.

Such a sum is the derivative of an array that is read part by part: the columns of a sequence, one
in each step; the gates of a layer. Added as they stand, n parts take n times the memory of the
whole, and as much work. A sum is first read as what stands in which part; if the parts fill the
whole along one axis, it is made anew from them. Every bit is that of the sum: within a part the
same terms are added in the same order, and a zero, which the other parts bring, once at the end.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from seegrad.compiler.passes.identities import side_by_side
from seegrad.compiler.passes.rewrite import constant, rewrite
from seegrad.graph.bind import bind
from seegrad.graph.forms import Place
from seegrad.graph.graph import Graph
from seegrad.graph.laws import Unit
from seegrad.graph.mode import in_mode
from seegrad.graph.node import Node
from seegrad.graph.spec import NO_ATTRS, Shape
from seegrad.tensor.tensor import as_tensor

Index = tuple[tuple[int, int, int], ...]
Term = Any
"""A node, or a pair of terms that are to be added."""


@dataclass(frozen=True)
class _Placed:
    """A sum of values that are zero but for a part each: what stands in which part."""

    terms: Mapping[Index, Term]

    def plus(self, other: _Placed) -> _Placed:
        """Parts that are in both are added first, as their sum would add them."""
        found = dict(self.terms)
        for index, term in other.terms.items():
            found[index] = (found[index], term) if index in found else term
        return _Placed(found)

    def along(self, shape: Shape) -> int | None:
        """The only axis along which the parts lie, if they fill the shape, each in its place."""
        first = next(iter(self.terms))
        cut = [i for i, n in enumerate(shape) if first[i] != (0, n, 1)]
        if len(cut) != 1 or len(self.terms) < 2:
            return None
        (axis,), end = cut, 0
        if sum(index[axis][1] for index in self.terms) != shape[axis]:
            return None
        for index in sorted(self.terms, key=lambda index: index[axis]):
            start, length, step = index[axis]
            whole = all(index[i] == (0, n, 1) for i, n in enumerate(shape) if i != axis)
            if not whole or start != end or step != 1:
                return None
            end += length
        return axis


def join_places(graph: Graph) -> Graph:
    sums: dict[Node, _Placed] = {}
    for node in graph.operations:
        assert node.op is not None
        if isinstance(node.op.lower, Place):
            sums[node] = _Placed({node.attrs["index"]: node.inputs[0]})
        elif _is_sum(node) and all(x in sums for x in node.inputs):
            a, b = node.inputs
            sums[node] = sums[a].plus(sums[b])
    axes = {node: sums[node].along(node.shape) for node in sums}
    needed = set(graph.outputs)                # not only as a part of a larger one that is joined
    for node in graph.operations:
        if axes.get(node) is None:
            needed.update(node.inputs)
    joined: set[Node] = set()                  # their parts hold no -0: the sum made it +0

    def change(node: Node, done: Mapping[Node, Node]) -> Node | None:
        axis = axes.get(node)
        if axis is None or node not in needed:
            return None
        found: list[Node] = []
        zero = constant(np.zeros((), node.dtype))
        with in_mode(frame=node.frame, recording=True):
            for _, term in sorted(sums[node].terms.items(), key=lambda item: item[0][axis]):
                part = _added(node, term, done)
                if part not in joined:
                    found.append(_sum(node, part, zero))
                elif part.attrs["axis"] == axis:
                    found += part.inputs
                else:
                    found.append(part)
            whole: Node = side_by_side(found, axis)
        whole.where = node.where
        joined.add(whole)
        return whole

    return rewrite(graph, lambda node: node, change)


def _added(node: Node, term: Term, done: Mapping[Node, Node]) -> Node:
    """A term as a node: sums are made as `node` is."""
    built: list[Node] = []
    work: list[Term] = [term]
    while work:
        next_ = work.pop()
        if next_ is None:
            b, a = built.pop(), built.pop()
            built.append(_sum(node, a, b))
        elif isinstance(next_, Node):
            built.append(done[next_])
        else:
            first, second = next_
            work += [None, second, first]
    return built.pop()


def _sum(node: Node, a: Node, b: Node) -> Node:
    """a and b, added as `node` adds."""
    assert node.op is not None
    return as_tensor(bind(node.op, (a, b), NO_ATTRS))


def _is_sum(node: Node) -> bool:
    """Whether 0 changes nothing on either side, and the inputs are as what comes out."""
    assert node.op is not None
    zero = any(
        isinstance(law, Unit) and law.value == 0 and not law.right_only for law in node.op.laws
    )
    alike = len(node.inputs) == 2 and all(x.spec == node.spec for x in node.inputs)
    return zero and alike and not node.attrs
