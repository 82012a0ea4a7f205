"""Tracing: a Python function run once on symbols, through the same gate as eager, gives a graph.

Leaves that exist outside (parameters, state) stand in the graph as they are: their value at the
call's start. What is assigned to them becomes an output. What to do with the graph is not known
here; see `compiler`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from seegrad.errors import TraceError
from seegrad.graph.graph import walk
from seegrad.graph.mode import current_mode, in_mode
from seegrad.graph.node import Node
from seegrad.graph.spec import NO_ATTRS, Spec
from seegrad.tensor.tensor import Tensor, as_tensor
from seegrad.tree import Structure, flatten


@dataclass(eq=False)
class Trace:
    """What one run of a function showed.

    `assigned` and `gradients` are what leaves outside hold, and have gathered, when it ends;
    `touched` are the leaves whose gradients it has looked at at all, `gathered` the symbols of
    gradients that were there before; `arrived` are the gradients that it has sent to its
    arguments;
    `observed` are leaves whose numbers Python looked at, so that the graph depends on them.
    """

    inputs: tuple[Tensor, ...]
    outputs: tuple[Node, ...] = ()
    structure: Structure = field(default_factory=lambda: Structure(None))
    assigned: dict[Tensor, Node] = field(default_factory=dict)
    gradients: dict[Tensor, Node | None] = field(default_factory=dict)
    touched: list[Tensor] = field(default_factory=list)
    gathered: dict[Tensor, Tensor] = field(default_factory=dict)
    arrived: dict[Tensor, Node] = field(default_factory=dict)
    observed: set[Node] = field(default_factory=set)

    @property
    def leaves(self) -> list[Node]:
        """The leaves with numbers that the graph reads, or that are assigned to."""
        kept = [g for g in self.gradients.values() if g is not None]
        roots = [*self.outputs, *self.assigned.values(), *kept]
        found = [n for n in walk(roots) if n.op is None and n.data is not None]
        return list(dict.fromkeys([*found, *self.assigned]))


class Pausable:
    """A tracer that can be set aside for a while: nodes are then read as they were recorded."""

    recorded = 0
    """How many blocks of `as_recorded` are open."""

    @contextmanager
    def as_recorded(self) -> Iterator[None]:
        self.recorded += 1
        try:
            yield
        finally:
            self.recorded -= 1


class _Tracer(Pausable):
    """Says which node stands for a leaf at this point of the run."""

    def __init__(self, captures: bool) -> None:
        self.captures = captures
        self.current: dict[Node, Node] = {}
        self.observed: set[Node] = set()
        self.gathering: dict[Node, Any] = {}
        self.gathered: dict[Node, Tensor] = {}

    def read(self, node: Node) -> Node:
        if node.data is None or self.recorded:
            return node
        found = self.current.get(node)
        if found is not None:
            return found
        if node.op is not None and not self.captures:
            return self._outside(node)
        return node

    def _outside(self, node: Node) -> Node:
        """A value that a graph outside of the trace computed: a constant of the trace."""
        if node.requires_grad and current_mode().recording:
            raise TraceError(
                "a value computed outside of the traced function takes part in differentiation",
                came=repr(node),
                hint="compute it inside of the function, pass it as an argument, or use .detach()",
            )
        found = Tensor(None, (), NO_ATTRS, (), node.data, False, name=node.name)
        self.current[node] = found
        return found

    def assign(self, leaf: Node, value: Any) -> None:
        new = as_tensor(value)
        if new.data is not None:
            new = self.read(new)  # type: ignore[assignment]
        if new.dtype != leaf.dtype:
            new = new.astype(leaf.dtype)
        self.current[leaf] = new

    def observe(self, node: Node) -> None:
        self.observed.add(node)

    def keep_gradient(self, leaf: Node) -> None:
        if leaf in self.gathering or leaf.op is not None:
            return
        before = self.gathering[leaf] = leaf.gradient
        if before is not None and not (isinstance(before, Node) and before.data is None):
            name = f"{leaf.name}.grad" if leaf.name else "grad"
            self.gathered[leaf] = leaf.gradient = symbol(leaf.spec, name)


def symbol(spec: Spec, name: str = "", requires_grad: bool = False) -> Tensor:
    """A tensor of which only the spec is known."""
    return Tensor(None, (), NO_ATTRS, (), None, requires_grad, spec, name)


def trace(
    function: Callable[..., Any], symbols: Sequence[Tensor], call: Callable[..., Any],
    captures: bool = False,
) -> Trace:  # fmt: skip
    """Run `call(function)`, which passes the symbols on, and say what it did.

    With `captures` a value that a graph outside computed stands in the graph as it is, as a leaf
    does: for who applies the graph at once. Without, it is a constant, or refused.
    Gradients that leaves outside had gathered before are put back afterwards.
    """
    tracer, arguments = _Tracer(captures), set(symbols)
    found = Trace(tuple(symbols))
    try:
        with in_mode(tracer=tracer):
            result = call(function)
            outputs, found.structure = flatten(result)
            found.outputs = tuple(_as_output(x, tracer) for x in outputs)
        for leaf, value in tracer.current.items():
            if leaf.op is None and isinstance(leaf, Tensor):
                found.assigned[leaf] = value
        for leaf, before in tracer.gathering.items():
            if leaf in arguments and leaf.gradient is not None:
                found.arrived[leaf] = leaf.gradient  # type: ignore[index]
            if not isinstance(leaf, Tensor) or leaf.data is None:
                continue
            found.touched.append(leaf)
            if leaf.gradient is not tracer.gathered.get(leaf, before):
                found.gradients[leaf] = leaf.gradient
            if leaf in tracer.gathered:
                found.gathered[leaf] = tracer.gathered[leaf]
        found.observed = tracer.observed
    finally:
        for leaf, before in tracer.gathering.items():
            leaf.gradient = before
    return found


def _as_output(x: Any, tracer: _Tracer) -> Node:
    if isinstance(x, Node):
        return tracer.read(x)
    try:
        return as_tensor(x)
    except TypeError:
        raise TraceError(
            "a compiled function gives tensors, arrays and numbers",
            came=f"{type(x).__name__}",
            hint="return only values that were computed",
        ) from None
