"""The passes: each takes a graph and gives a graph that means the same, for a stated reason.

They know forms, laws and identities, never an operation by name. `PIPELINE` says their order.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from seegrad.compiler.passes.concat_slices import join_places
from seegrad.compiler.passes.identities import IDENTITIES
from seegrad.compiler.passes.pattern import heads
from seegrad.compiler.passes.rewrite import constant, remade, rewrite
from seegrad.graph.forms import Body, Broadcast, Input, Permute, Place, Reshape, Scalar, Slice
from seegrad.graph.graph import Graph
from seegrad.graph.laws import Idempotent, Involution, Unit
from seegrad.graph.mode import frame as open_frame
from seegrad.graph.mode import in_mode
from seegrad.graph.node import Node
from seegrad.graph.verify import verify
from seegrad.tensor.tensor import Tensor, as_tensor

SMALL = 4096
"""Constants of up to so many elements are computed when the graph is compiled."""


@dataclass(frozen=True)
class Pass:
    """A step of the compiler, with the reason why it is there."""

    function: Callable[[Graph], Graph]
    reason: str

    @property
    def name(self) -> str:
        return self.function.__name__


@dataclass(frozen=True)
class Record:
    """The graph after a pass."""

    name: str
    reason: str
    graph: Graph


# --------------------------------------------------------------- the passes


def open_composites(graph: Graph) -> Graph:
    def change(node: Node) -> Node:
        while node.op is not None and isinstance(node.op.lower, Body):
            assert node.op.body is not None
            outer, where, name = node.frame, node.where, node.name
            with in_mode(recording=True, tracer=None, frame=outer), open_frame(
                node.op.name, node.op
            ):
                inner = as_tensor(node.op.body(*node.inputs, **node.attrs))
            if inner.spec != node.spec and inner.spec.shape == node.spec.shape:
                with in_mode(recording=True, tracer=None, frame=outer):
                    inner = inner.astype(node.spec.dtype)
            opened = Graph([inner], node.inputs)
            known = set(node.inputs)
            for made in opened.nodes:
                if made not in known and made.op is not None and made.where is None:
                    made.where = where
            if inner.op is not None and isinstance(inner.op.lower, Body):
                node = inner
                continue
            if not any(isinstance(n.op.lower, Body) for n in opened.operations if n.op):
                result: Node = inner
            else:
                (result,) = open_composites(Graph([inner], node.inputs)).outputs
            if name and not result.name and result.op is not None:
                result.name = name
            return result
        return node

    return rewrite(graph, change)


def _is_number(node: Node, value: float, given: frozenset[Node]) -> bool:
    """Whether every element is that number, known now: not what is `given` anew in each run."""
    while node.op is not None and isinstance(node.op.lower, (Broadcast, Permute, Reshape)):
        node = node.inputs[0]
    return (
        node.op is None and node.data is not None and node not in given
        and not node.requires_grad and 0 < node.spec.size <= SMALL
        and bool(np.all(node.data == value))
    )  # fmt: skip


def apply_laws(graph: Graph) -> Graph:
    given = frozenset(graph.listed)

    def change(node: Node) -> Node:
        op = node.op
        assert op is not None
        if isinstance(op.lower, Scalar) and len(node.inputs) == 1 and _copies(node):
            return node.inputs[0]
        for law in op.laws:
            if isinstance(law, Unit) and len(node.inputs) == 2:
                a, b = node.inputs
                # -0 + 0 is +0, so that zero is no unit of real sums, to the last bit.
                exact = law.value != 0 or law.right_only or node.dtype.kind != "f"
                if exact and _is_number(b, law.value, given) and a.spec == node.spec:
                    return a
                if exact and not law.right_only and _is_number(a, law.value, given) and (
                    b.spec == node.spec
                ):
                    return b
            inner = node.inputs[0]
            if isinstance(law, Involution) and inner.op is op:
                return inner.inputs[0]
            same = isinstance(law, Idempotent) and len(node.inputs) == 1
            if same and inner.op is op and not node.attrs and inner.spec == node.spec:
                return inner
        return node

    return rewrite(graph, change)


def _copies(node: Node) -> bool:
    assert node.op is not None
    assert isinstance(node.op.lower, Scalar)
    return isinstance(node.op.lower.tree, Input) and node.spec == node.inputs[0].spec


def join_views(graph: Graph) -> Graph:
    def change(node: Node) -> Node:
        assert node.op is not None
        form, x = node.op.lower, node.inputs[0] if node.inputs else None
        if x is None:
            return node
        if isinstance(form, (Reshape, Broadcast)) and x.shape == node.shape:
            return x
        if isinstance(form, Permute):
            axes = node.attrs["axes"]
            if tuple(axes) == tuple(range(len(axes))):
                return x
            if x.op is not None and isinstance(x.op.lower, Permute):
                both = tuple(x.attrs["axes"][i] for i in axes)
                return _again(node, x.inputs[0], {"axes": both})
        if isinstance(form, Reshape) and x.op is not None and isinstance(x.op.lower, Reshape):
            return _again(node, x.inputs[0], node.attrs)
        if isinstance(form, Slice) and all(
            cut == (0, n, 1) for cut, n in zip(node.attrs["index"], x.shape)
        ):
            return x
        if isinstance(form, Slice) and x.op is not None and isinstance(x.op.lower, Place):
            return _of_placed(node, x)
        return node

    return rewrite(graph, change)


def _of_placed(node: Node, x: Node) -> Node:
    """A slice of what stands in zeros, as a slice of that, or as zeros; as it is if of both."""
    pairs = list(zip(node.attrs["index"], x.attrs["index"]))
    if any((step, own) != (1, 1) for (_, _, step), (_, _, own) in pairs):
        return node
    if any(a + n <= b or b + m <= a for (a, n, _), (b, m, _) in pairs):
        return constant(np.zeros(node.shape, node.dtype)) if node.spec.size <= SMALL else node
    if not all(b <= a and a + n <= b + m for (a, n, _), (b, m, _) in pairs):
        return node
    (inner,) = x.inputs
    index = tuple((a - b, n, 1) for (a, n, _), (b, _, _) in pairs)
    return inner if node.shape == inner.shape else _again(node, inner, {"index": index})


def _again(node: Node, x: Node, attrs: Any) -> Node:
    """The same operation on x, unless it leaves x as it is."""
    if node.spec == x.spec and tuple(attrs.get("axes", ())) == tuple(
        range(len(attrs.get("axes", ())))
    ):
        return x
    new = Tensor(node.op, (x,), attrs, (), None, False, node.spec, node.name)
    new.frame, new.where = node.frame, node.where
    return new


_BY_HEAD: dict[str, list[Any]] = {}
for _identity in IDENTITIES:
    _BY_HEAD.setdefault(heads(_identity), []).append(_identity)


def apply_identities(graph: Graph) -> Graph:
    def change(node: Node) -> Node:
        assert node.op is not None
        for rule in _BY_HEAD.get(node.op.name, ()):
            found: Node | None = rule.apply(node)
            if found is not None:
                if found.op is not None and found.where is None:
                    found.where = node.where
                return found
        return node

    return rewrite(graph, change)


def fold_constants(graph: Graph) -> Graph:
    given = frozenset(graph.listed)

    def known(x: Node) -> bool:
        return x.op is None and x.data is not None and not x.requires_grad and x not in given

    def change(node: Node) -> Node:
        op = node.op
        assert op is not None
        if node.spec.size > SMALL or not node.inputs or not all(map(known, node.inputs)):
            return node
        with np.errstate(all="ignore"):
            return constant(op.forward(*[x.data for x in node.inputs], **node.attrs))

    return rewrite(graph, change)


def _frozen(value: Any) -> Any:
    if isinstance(value, np.ndarray):
        return (value.shape, value.dtype.str, value.tobytes())
    if isinstance(value, (list, tuple)):
        return tuple(map(_frozen, value))
    if isinstance(value, float):
        return ("float", value.hex())
    return (type(value).__name__, value)


def share(graph: Graph) -> Graph:
    seen: dict[Any, Node] = {}
    given = frozenset(graph.listed)

    def leaf(node: Node) -> Node:
        if node in given or node.data is None or node.requires_grad or node.spec.size > SMALL:
            return node
        key = ("constant", _frozen(np.asarray(node.data)))
        return seen.setdefault(key, node)

    leaves = {node: leaf(node) for node in graph.inputs}

    def change(node: Node) -> Node:
        node = remade(node, [leaves.get(x, x) for x in node.inputs])
        key = (node.op, tuple(map(id, node.inputs)),
               tuple(sorted((k, _frozen(v)) for k, v in node.attrs.items())))
        return seen.setdefault(key, node)

    return rewrite(graph, change)


PIPELINE: tuple[Pass, ...] = (
    Pass(open_composites, "a composite runs as its body, and other passes see inside"),
    Pass(join_views, "views of views are one view; views that change nothing go"),
    Pass(join_places, "zeros but for a part each, added up to a whole, are put side by side"),
    Pass(apply_laws, "units, involutions and copies compute nothing"),
    Pass(fold_constants, "what depends on no input is computed once, now"),
    Pass(apply_identities, "a cheaper expression with the same bits"),
    Pass(apply_laws, "what the identities left"),
    Pass(share, "equal nodes are one node"),
)


def run(graph: Graph, check: bool = False) -> tuple[Graph, list[Record]]:
    """The graph after every pass, and what each left behind."""
    records = []
    for step in PIPELINE:
        graph = step.function(graph)
        if check:
            verify(graph)
        records.append(Record(step.name, step.reason, graph))
    return graph, records
