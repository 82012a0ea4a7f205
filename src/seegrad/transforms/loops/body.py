"""A function as a graph inside of a node: traced once, computed on arrays as often as is asked.

What the function uses of the world outside comes in as inputs too, so that a derivative reaches
it. Derivatives of a body are bodies again. What repeats a body, or chooses one, is in `programs`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import cached_property
from typing import Any

import numpy as np

from seegrad.autodiff.backward_pass import backward
from seegrad.errors import TraceError
from seegrad.graph.graph import Graph, substitute, walk
from seegrad.graph.mode import Tracer, current_mode, in_mode
from seegrad.graph.node import Node
from seegrad.graph.op_errors import explained
from seegrad.graph.spec import NO_ATTRS, Spec
from seegrad.i18n import tr
from seegrad.tensor.tensor import Tensor, as_tensor
from seegrad.text import tidy
from seegrad.transforms.draws import told
from seegrad.transforms.tracing import Pausable, symbol
from seegrad.tree import Structure, unflatten

Arrays = Sequence[Any]


class Capture(Pausable):
    """The tracer of a body: what is older than the trace is let in by a symbol of its own."""

    def __init__(self) -> None:
        self.outer: Tracer | None = current_mode().tracer
        self.captured: dict[Node, Tensor] = {}
        self.began = symbol(Spec((), np.dtype(float))).order

    def read(self, node: Node) -> Node:
        if self.recorded or node.order < self.began:
            return node
        if self.outer is not None:
            node = self.outer.read(node)
        if node not in self.captured:
            self.captured[node] = argument(node.spec, node.name)
        return self.captured[node]

    def assign(self, leaf: Node, value: Any) -> None:
        raise TraceError(
            tr("the body of a loop gives {name} another value",
               name=tidy(leaf.name) or tr("a tensor")),
            asked="a body that only computes",
            came="an assignment",
            hint="carry the value along: take it from the carry and return the new one",
        )  # fmt: skip

    def observe(self, node: Node) -> None:
        if self.outer is not None:
            self.outer.observe(node)

    def keep_gradient(self, leaf: Node) -> None:
        raise TraceError(
            tr("the body of a loop asks for the gradient of {name}",
               name=tidy(leaf.name) or tr("a tensor")),
            asked="a body that only computes",
            came="backward(), .grad or zero_grad() in it",
            hint="use sg.grad in the body, or backward() on the loop's result",
        )  # fmt: skip

    @contextmanager
    def tracing(self) -> Iterator[None]:
        """In this block nothing is computed: what is called leaves a graph."""
        with in_mode(tracer=self, recording=True, frame=None, watch=None, watch_gradient=None):
            yield


def argument(spec: Spec, name: str = "") -> Tensor:
    """An input of a body, differentiable where numbers are."""
    return symbol(spec, name, spec.dtype.kind == "f")


class Body:
    """A graph of symbols: `outputs` as functions of `inputs`, and nothing else."""

    def __init__(self, inputs: Sequence[Node], outputs: Sequence[Node], name: str) -> None:
        self.inputs, self.outputs, self.name = tuple(inputs), tuple(outputs), name
        self.derived: dict[Any, Any] = {}
        """Bodies made from this one, by what they are: its derivatives, for many examples."""

    @cached_property
    def graph(self) -> Graph:
        return Graph(self.outputs, self.inputs)

    @property
    def specs(self) -> list[Spec]:
        """What comes out."""
        return [x.spec for x in self.outputs]

    def __repr__(self) -> str:
        return f"<{tidy(self.name)}: {len(self.graph.operations)} operations>"

    @cached_property
    def _steps(self) -> tuple[list[Any], list[tuple[Node, tuple[int, ...], int]], list[int]]:
        """The memory of one run, what is done in it, and where the outputs lie then."""
        place = {x: i for i, x in enumerate(self.inputs)}
        memory: list[Any] = [None] * len(self.inputs)
        steps = []
        for node in walk(self.outputs):
            if node in place:
                continue
            place[node] = len(memory)
            memory.append(node.data)
            if node.op is None:
                assert node.data is not None, f"{self!r} has an input of which it does not know"
            else:
                steps.append((node, tuple(place[x] for x in node.inputs), place[node]))
        return memory, steps, [place[x] for x in self.outputs]

    def values(self, arguments: Arrays) -> dict[Node, Any]:
        """The value of every node of the graph."""
        memory = self._run(arguments)
        every = [*self.inputs, *(x for x in walk(self.outputs) if x not in set(self.inputs))]
        return dict(zip(every, memory))

    def __call__(self, arguments: Arrays) -> list[Any]:
        """The outputs for arrays."""
        memory = self._run(arguments)
        return [memory[i] for i in self._steps[2]]

    def _run(self, arguments: Arrays) -> list[Any]:
        start, steps, _ = self._steps
        memory = list(start)
        memory[: len(arguments)] = arguments
        for node, places, at in steps:
            op = node.op
            assert op is not None
            given = [memory[i] for i in places]
            try:
                memory[at] = op.run(*given, **node.attrs)
            except Exception as error:
                raise explained(op, given, node.attrs, error) from error
        return memory

    def applied(self, arguments: Sequence[Any]) -> list[Any]:
        """The outputs for nodes: the graph once more, on these."""

        def again(node: Node, inputs: tuple[Any, ...]) -> Any:
            assert node.op is not None
            made = node.op(*inputs, **node.attrs)
            if isinstance(made, Node) and not node.requires_grad:   # computed under no_grad
                made.requires_grad = False
            return made

        return substitute(self.outputs, dict(zip(self.inputs, arguments)), again)

    def kept(self, key: Any, make: Callable[[], Any]) -> Any:
        """What is derived from this body under `key`, made once."""
        if key not in self.derived:
            self.derived[key] = make()
        return self.derived[key]


def traced(
    function: Callable[..., Any], arguments: Sequence[tuple[Structure, Sequence[Tensor]]],
    turns: bool = True,
) -> tuple[Any, dict[Node, Tensor]]:  # fmt: skip
    """What the function gives for trees of symbols, and which nodes outside it used, each by a
    symbol. `turns`: it stands for many runs, so that what it draws comes again; a warning says it.
    """
    capture = Capture()
    own = {x for _, leaves in arguments for x in leaves}
    for x in own:                                # older than the trace, and still its own
        capture.captured[x] = x
    many = turns and capture.outer is None                      # who traces outside asks too
    with told(function, many), capture.tracing():
        result = function(*[unflatten(structure, leaves) for structure, leaves in arguments])
    return result, {x: s for x, s in capture.captured.items() if x not in own}


def as_node(x: Any, captured: dict[Node, Tensor]) -> Node:
    """A result of a traced function as a node of its graph."""
    node = as_tensor(x)
    if node.data is not None and node in captured:
        return captured[node]
    return captured.get(node, node)


def zeros(spec: Spec) -> Tensor:
    """A constant of zeros."""
    data = np.zeros(spec.shape, spec.dtype)
    data.flags.writeable = False
    return Tensor(None, (), NO_ATTRS, (), data[()] if data.ndim == 0 else data, False)


def is_float(x: Node) -> bool:
    """Do derivatives pass through it?"""
    return x.dtype.kind == "f"


def derivatives(
    outputs: Sequence[Node], seeds: Sequence[Node], wrt: Sequence[Node]
) -> list[Node | None]:
    """The derivative of the outputs, each weighted by a symbol, by inputs of their graph."""
    capture = Capture()
    with capture.tracing(), in_mode(depth=current_mode().depth + 1):
        found = backward(outputs, seeds, list(wrt), as_graph=True)
    return [found.get(x) for x in wrt]
