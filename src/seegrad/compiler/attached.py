"""What a compiled function gave as a node of the graph around it, with the derivative compiled too.

The derivative is taken of the graph that was traced, at the arguments and the state that the call
began with: what Python captured, drew or assigned since then has no part in it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from seegrad.autodiff.backward_pass import backward
from seegrad.errors import GradientError, user_line
from seegrad.graph.bind import bind, callable_op
from seegrad.graph.forms import Call
from seegrad.graph.graph import walk
from seegrad.graph.mode import current_mode, in_mode
from seegrad.graph.node import Node
from seegrad.graph.op import Op
from seegrad.graph.spec import NO_ATTRS, Spec
from seegrad.i18n import tr
from seegrad.ops import TABLE
from seegrad.tensor.tensor import Tensor, as_tensor
from seegrad.text import as_operator, tidy

Function = Callable[..., Any]


@dataclass(frozen=True, eq=False)
class Read:
    """A symbol of a traced graph, and what stands in its place at a call: an argument, a leaf
    outside, or the gradient that one has gathered. `source`: is it differentiated by?"""

    symbol: Node
    source: bool = False
    place: int = 0
    leaf: Node | None = None
    gathered_by: Node | None = None

    def value(self, arguments: Sequence[Any]) -> Any:
        """What stands there now."""
        if self.gathered_by is not None:
            return self.gathered_by.gradient
        return arguments[self.place] if self.leaf is None else self.leaf

    def node(self, arguments: Sequence[Any]) -> Tensor:
        """The input of a result's node: what is differentiated by itself, else its numbers."""
        x = self.value(arguments)
        if self.source:
            return x  # type: ignore[no-any-return]
        if isinstance(x, Node):
            return Tensor(None, (), NO_ATTRS, (), x.data, False, name=x.name)
        return as_tensor(x)


def sources(out: Node) -> set[Node]:
    """The leaves that the derivative of `out` goes to."""
    seen: set[Node] = set()
    stack = [out]
    while stack:
        node = stack.pop()
        if node.requires_grad and node not in seen:
            seen.add(node)
            stack.extend(node.inputs)
    return {node for node in seen if node.op is None}


def computed_again(outputs: Sequence[Node], known: Mapping[Node, Any]) -> list[Any]:
    """The outputs of a graph with other values in the place of some leaves: arrays or nodes."""
    done: dict[Node, Any] = dict(known)
    numbers = not any(isinstance(x, Node) for x in known.values())
    for node in walk(outputs):
        if node in done:
            continue
        if node.op is None:
            done[node] = node.data if numbers else node
        else:
            made = done[node] = bind(node.op, tuple(done[x] for x in node.inputs), node.attrs)
            if not (numbers or node.requires_grad):        # computed under no_grad
                made.requires_grad = False
    return [done[x] for x in outputs]


class Result:
    """One result of a compiled function: how the node that stands for it is made at every call."""

    def __init__(self, out: Node, reads: Sequence[Read], name: str, compiled: Function) -> None:
        used = set(walk([out]))
        self.reads = tuple(r for r in reads if r.symbol in used)
        self.op = _op(out, self.reads, name, compiled)

    def node(self, data: Any, held: Mapping[Read, Tensor]) -> Tensor:
        """The node of the result `data`; `held` are the inputs that the call began with."""
        inputs = tuple(held[r] for r in self.reads)
        made = Tensor(self.op, inputs, NO_ATTRS, tuple(x.data for x in inputs), data, True)
        return in_place(made)


def in_place(node: Tensor) -> Tensor:
    """The node with the frame and the line that it was made in."""
    mode = current_mode()
    node.frame = mode.frame
    if mode.locate:
        node.where = user_line()
    return node


def _op(out: Node, reads: Sequence[Read], name: str, compiled: Function) -> Op:
    """The op of a result: its derivative is compiled at the first pass that needs it."""
    symbols = tuple(r.symbol for r in reads)
    wanted = tuple(i for i, r in enumerate(reads) if r.source)

    def derivatives(g: Any, *xs: Any) -> list[Any]:
        with in_mode(recording=True):
            own = [TABLE["identity"](as_tensor(x)) for x in xs]
            for i in wanted:
                own[i].requires_grad = True
            (again,) = computed_again([out], dict(zip(symbols, own)))
            found = backward([again], [as_tensor(g)], [own[i] for i in wanted], as_graph=True)
        return [found.get(own[i], own[i] * 0) for i in wanted]

    program = compiled(derivatives)
    last: list[Any] = [None, (), []]

    def rule(g: Any, xs: tuple[Any, ...], position: int) -> Any:
        if last[0] is not g or any(a is not b for a, b in zip(xs, last[1])):
            last[:] = g, xs, _all(g, xs)
        found = last[2][wanted.index(position)]
        if position == wanted[-1]:
            last[:] = None, (), []
        return found

    def _all(g: Any, xs: tuple[Any, ...]) -> list[Any]:
        if isinstance(g, Node):
            with in_mode(depth=current_mode().depth + 1):
                return derivatives(g, *xs)
        with in_mode(tracer=None, depth=0, recording=False, frame=None):
            return [x.data for x in program(g, *xs)]

    return callable_op(Op(
        name="compiled", d={"xs": rule}, lower=Call(), sign="ƒ",
        forward=lambda *xs: computed_again([out], dict(zip(symbols, xs)))[0],
        spec=lambda *xs: out.spec, latex=f"{as_operator(name)}($xs)", family="compiled",
    ))  # fmt: skip


class Refused:
    """A result that has no derivative, since the call gives its sources other values: an
    optimizer's step does. A backward pass that comes to it says so."""

    def __init__(self, name: str, leaf: Node) -> None:
        self.reads: tuple[Read, ...] = ()
        source = Tensor(None, (), NO_ATTRS, (), leaf.dtype.type(0), True, name=leaf.name)
        self.inputs, self.values = (source,), (source.data,)
        self.op = _refusing(f"{tidy(name)}()", tidy(leaf.name) or tr("a tensor"))

    def node(self, data: Any, held: Mapping[Read, Tensor]) -> Tensor:
        """The node of the result `data`."""
        return Tensor(self.op, self.inputs, NO_ATTRS, self.values, data, True)


def _refusing(name: str, leaf: str) -> Op:
    def forward(x: Any) -> Any:
        return x

    def rule(g: Any) -> Any:
        raise GradientError(
            tr(
                "the result of the compiled {name} cannot be differentiated outside of it: it"
                " gives {other} another value",
                name=name, other=leaf,
            ),
            asked="a compiled function that leaves what it is differentiated by as it is",
            came=tr("an assignment to {other} in {name}", other=leaf, name=name),
            hint="call backward() inside of the compiled function, or take the numbers alone"
            " with .detach()",
        )

    def spec(x: Spec) -> Spec:
        return x

    return callable_op(Op(
        name="compiled", forward=forward, spec=spec, d={"x": rule}, lower=Call(),
        sign="ƒ", latex=f"{as_operator(name.removesuffix('()'))}($x)", family="compiled",
    ))  # fmt: skip
