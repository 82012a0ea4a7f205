"""A function compiled for one kind of call: its trace, graph, plan and memory, ready to run."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any, NamedTuple

import numpy as np

from seegrad.compiler import target
from seegrad.compiler.attached import Read, Refused, Result, sources
from seegrad.compiler.build import build
from seegrad.compiler.guards import Environment, Outside
from seegrad.compiler.lowering.builder import Request
from seegrad.compiler.lowering.lower import Lowered, lower
from seegrad.compiler.passes import pipeline
from seegrad.compiler.passes.rewrite import replaced
from seegrad.compiler.replay import locate_non_finite
from seegrad.compiler.runtime.state_slot import Slot
from seegrad.compiler.runtime.workspace import Workspace
from seegrad.compiler.scheduling import state_layout
from seegrad.errors import TraceError, ValueRangeError, warn_user
from seegrad.graph.graph import Graph, same_graph, walk
from seegrad.graph.mode import in_mode
from seegrad.graph.node import Node, check_numbers, native
from seegrad.graph.spec import NO_ATTRS, Shape, Spec
from seegrad.i18n import tr
from seegrad.tensor.tensor import Tensor
from seegrad.text import tidy
from seegrad.transforms.draws import repeated
from seegrad.transforms.tracing import Trace, symbol, trace
from seegrad.tree import LEAF, Structure, flatten, unflatten

Function = Callable[..., Any]
_LOW = str.maketrans("0123456789", "₀₁₂₃₄₅₆₇₈₉")
ARRAYS = (np.ndarray, Node, np.generic)


class Asked(NamedTuple):
    """What of the mode, and of the compiled function's own settings, its code depends on.

    The rest of the mode (frames, debugging, watching, the language) says what happens around a
    call, and is looked at anew by every one.
    """

    recording: bool
    threads: int
    watched: tuple[str, ...] = ()


@dataclass(frozen=True)
class Kind:
    """A kind of call: all that one variant serves, but for what leaves outside hold (`suits`)."""

    structure: Structure
    leaves: tuple[Any, ...]
    asked: Asked
    rows: tuple[Shape, ...] = ()


def argument(x: Any) -> Any:
    """An argument as compiled code can read it: whatever is an array to NumPy as an array, without
    gaps, in this machine's order of bytes.

    Raises DTypeError for arrays of anything but real numbers.
    """
    if isinstance(x, Node) or not (hasattr(x, "__array__") or isinstance(x, memoryview)):
        return x
    array = x if isinstance(x, np.generic) else np.asarray(x)
    check_numbers(x, array, "an argument")
    return native(array)


def kind_of(x: Any) -> Any:
    """What of an argument the trace depends on."""
    if isinstance(x, ARRAYS):
        return (tuple(x.shape), x.dtype, isinstance(x, Node) and x.requires_grad)
    try:
        hash(x)
    except TypeError:
        raise TraceError(
            "an argument of a compiled function is neither an array nor a plain value",
            came=type(x).__name__,
            hint="pass arrays, tensors, numbers, strings, or nested tuples, lists and dicts",
        ) from None
    sign = repr(x) if isinstance(x, float) and not x else ""           # 0.0 == -0.0
    return (type(x), x, sign)


class Call:
    """The arguments of a call: symbols for arrays, everything else as it is."""

    def __init__(self, args: Sequence[Any], kwargs: dict[str, Any]) -> None:
        leaves, structure = flatten((list(args), kwargs))
        self.symbols: list[Tensor] = []
        placed = []
        for x in leaves:
            if isinstance(x, ARRAYS):
                name = getattr(x, "name", "")
                grad = isinstance(x, Node) and x.requires_grad
                x = symbol(Spec(tuple(x.shape), np.dtype(x.dtype)), name, grad)
                self.symbols.append(x)
            placed.append(x)
        self.args, self.kwargs = unflatten(structure, placed)


class Variant:
    """The function traced and compiled for arguments of certain shapes and dtypes.

    With `rows`, the shapes of whole data sets, every call is a pass over mini-batches of them.
    """

    more: tuple[Tensor, ...] = ()

    def __init__(
        self,
        function: Function,
        args: Sequence[Any],
        kwargs: dict[str, Any],
        kind: Kind,
        compiled: Callable[[Function], Function],
        workspace: Workspace,
    ) -> None:
        """`compiled` compiles another function as this one is, for its derivative; `workspace` is
        temporary memory, for one variant at a time."""
        self.call = Call(args, kwargs)
        self.kind, self.asked, self.names = kind, kind.asked, kind.asked.watched
        self.environment = Environment(function)
        self.trace = self._traced(function)
        if self.environment.changed():           # made by the first run, such as an optimizer's
            self.environment = Environment(function)
            self.trace = self._traced(function)
            if self.environment.changed():
                raise TraceError(
                    "the compiled function changes something outside of it at every run",
                    hint="keep what changes in tensors and assign to them, or return it",
                )
        self.drawn = self.environment.draws.moved()
        for drawn in self.drawn:
            warn_user(repeated(drawn))
        found = self.trace
        self.observed = [(leaf, leaf.data) for leaf in found.observed if leaf.data is not None]
        self._refuse_observed()
        self.count = len(found.outputs)
        # A gradient that the step itself has used up is not handed out.
        self.kept = {
            leaf: g for leaf, g in found.gradients.items()
            if g is not None and leaf not in found.assigned
        }
        # Where there was none before, as `outside` sees to, there is none after.
        new = {*found.touched} - found.gathered.keys()
        self.cleared = [x for x in found.gradients if x not in self.kept and x not in new]
        outside = {*self.environment.nodes, *found.assigned}
        self.state = [x for x in found.leaves if x in outside or self._lives_outside(x)]
        state = set(self.state)
        # What is older than the trace and still no state is part of the code, as it is now.
        baked = [x for x in found.leaves if x.order > self.began and x not in state]
        self.observed += [(leaf, leaf.data) for leaf in baked]
        self.arrived = [i for i, s in enumerate(self.call.symbols) if s in found.arrived]
        # What the function made anew is nobody else's to freeze.
        captured = [*self.environment.nodes, *self.state, *baked]
        self.outside = Outside(dict.fromkeys([*found.touched, *captured]), found)
        self._compile(kind.asked.threads, kind.rows, workspace)
        name = getattr(function, "__name__", "a function")
        self.nodes = self._attached(name, compiled) if kind.asked.recording else {}
        self.reads = list(dict.fromkeys(r for node in self.nodes.values() for r in node.reads))

    def _lives_outside(self, leaf: Node) -> bool:
        """Whether a leaf that nothing captured is known to hold is read at every call anyway."""
        return leaf.requires_grad or bool(leaf.name) or leaf.spec.size > 64

    def identity(self, leaf: Node) -> Any:
        """What a leaf is known by in another trace of the same call: itself, where it is older than
        the trace; else its numbers."""
        return id(leaf) if leaf.order > self.began else np.asarray(leaf.data).tobytes()

    def _attached(
        self, name: str, compiled: Callable[[Function], Function]
    ) -> dict[int, Result | Refused]:
        """The results, by number, that need a derivative outside: how their nodes are made."""
        found = self.trace
        reads = [
            *(Read(s, place=i) for i, s in enumerate(self.call.symbols)),
            *(Read(x, leaf=x) for x in self.state),
            *(Read(s, gathered_by=x) for x, s in found.gathered.items()),
        ]
        needed = {r.symbol: replace(r, source=True) for r in reads if r.symbol.requires_grad}
        nodes: dict[int, Result | Refused] = {}
        for i, out in enumerate(found.outputs):
            own = sources(out) & needed.keys()
            lost = [x for x in own if x in found.assigned]
            if lost:
                nodes[i] = Refused(name, lost[0])
            elif own:
                own_reads = [needed[r.symbol] if r.symbol in own else r for r in reads]
                part = str(i + 1).translate(_LOW) if self.count > 1 else ""
                nodes[i] = Result(out, own_reads, f"{name}{part}", compiled)
        return nodes

    def _traced(self, function: Function) -> Trace:
        call, self.began = self.call, symbol(Spec((), np.dtype(float))).order
        with in_mode(frame=None, locate=False, watch=None, watch_gradient=None):
            try:
                found = trace(function, call.symbols, lambda f: f(*call.args, **call.kwargs))
            except BaseException:
                self.environment.put_back()
                raise
        for name in self.environment.traced_values():
            raise TraceError(
                tr(
                    "the traced function put a value into {name} that lives outside of it",
                    name=name,
                ),
                hint="return the value instead; a list does not grow when compiled code runs",
            )
        return found

    def _refuse_observed(self) -> None:
        for leaf, _ in self.observed:
            if leaf in self.trace.assigned:
                raise TraceError(
                    tr(
                        "the numbers of {name} were looked at, but the function changes them,"
                        " so that it would have to be traced at every call",
                        name=leaf.name or tr("a tensor"),
                    ),
                    hint="compute with the tensor itself instead of its value",
                )

    def _raw(self) -> tuple[Graph, int]:
        """What the function did, state as inputs: how many of the outputs are handed out."""
        found = self.trace
        self.seen: dict[str, Any] = {}
        looked_at = [watched_node(found, name) for name in self.names]
        results = (*found.outputs, *self.kept.values(), *found.arrived.values(), *looked_at)
        # State has numbers now that it will not have then: symbols stand for it.
        self.stands = {x: symbol(x.spec, x.name, x.requires_grad) for x in self.state}
        outputs = replaced([*results, *found.assigned.values()], self.stands)
        arguments = (*self.call.symbols, *found.gathered.values())
        return Graph(outputs, [*arguments, *self.stands.values()]), len(results)

    def _serving(self, raw: Graph) -> Graph:
        """The graph that is compiled, which may have `more` inputs."""
        return raw

    def _compile(self, threads: int, rows: Sequence[Shape], workspace: Workspace) -> None:
        found = self.trace
        raw, count = self._raw()
        self.graph, self.records = pipeline.run(self._serving(raw))
        self.records.insert(0, pipeline.Record("trace", "what the function did", raw))
        arguments = (*self.call.symbols, *found.gathered.values(), *self.more)
        batches = dict(zip(self.call.symbols, rows))
        self.request = Request(
            graph=self.graph,
            results=self.graph.outputs[:count],
            assigned=dict(zip(map(self.stands.__getitem__, found.assigned),
                              self.graph.outputs[count:])),
            state=frozenset(self.stands.values()),
            arguments=arguments,
            batches={s: shape for s, shape in batches.items() if shape},
            batch=next((s.shape[0] for s, shape in batches.items() if shape), 0),
            stepwise=bool(rows),
            native=target.available(),
        )
        self.lowered: Lowered = lower(self.request)
        if target.available() and (orders := state_layout.orders(self.lowered, threads)):
            self.request = replace(self.request, orders=orders)
            self.lowered = lower(self.request, self.lowered.grouping)
        leaves = self.lowered.leaves
        slots = [
            Slot(leaf, leaves[stand], leaf in found.assigned)
            for leaf, stand in self.stands.items() if stand in leaves
        ]
        self.executable = build(self.lowered, slots, threads, workspace=workspace)
        own, places = self.executable.inputs, map(leaves.get, self.call.symbols)
        self.places = [(place, own.get(place) if place else None) for place in places]
        self.gathered = [
            (leaves[stand], leaf) for leaf, stand in found.gathered.items() if stand in leaves
        ]
        self.index = next((b for b in self.lowered.buffers if b.name == "rows" and b.steps), None)
        self._settle()

    def _settle(self) -> None:
        """What is asked at every call."""
        signature = [(s.shape, s.dtype) for s in self.call.symbols]
        alone = self.kind.structure == flatten(([0] * len(signature), {}))[1]
        needs = any(s.requires_grad for s in self.call.symbols)
        self.plain = signature if alone and not needs and not self.kind.rows else None
        self.slice = 1           # steps of a pass between two looks outside, as learnt so far

    # ------------------------------------------------------------------ running

    def serves(self, args: Sequence[Any], asked: tuple[bool, int, tuple[str, ...]]) -> bool:
        """Whether this is the form for plain arrays, as these are: the fast path to the question
        whether the kind of call is the same and the leaves outside are as it needs them."""
        signature = self.plain
        if signature is None or len(args) != len(signature):
            return False
        for x, (shape, dtype) in zip(args, signature):
            if type(x) is not np.ndarray or x.shape != shape or x.dtype is not dtype:
                return False
        return self.asked == asked and self.outside.unchanged()

    def suits(self) -> bool:
        """Whether leaves outside have the gradients, and need them, as when this was traced."""
        return self.outside.unchanged()

    def stale(self) -> bool:
        """Whether something that the trace depended on is different now."""
        return (bool(self.observed) and self.outdated()) or self.environment.changed()

    def outdated(self) -> bool:
        """Whether a tensor whose numbers were looked at holds others now: for good."""
        return any(leaf.data is not data for leaf, data in self.observed)

    def difference(self) -> str:
        """For people: what outside is not as it was when this was traced."""
        for leaf, data in self.observed:
            if leaf.data is not data:
                return tr("the numbers of {name}", name=tidy(leaf.name) or tr("a tensor"))
        return self.environment.difference() or self.outside.difference()

    def give(self, values: Sequence[Any]) -> None:
        """Put arguments, gathered gradients and state where the program reads them."""
        executable = self.executable
        for (buffer, own), value in zip(self.places, values):
            if own is not None and type(value) is np.ndarray:
                own[...] = value
            elif buffer is not None:
                executable.give(buffer, value.data if isinstance(value, Node) else value)
        for buffer, leaf in self.gathered:
            executable.give(buffer, leaf.gradient)
        executable.take_state()

    def run(self, values: Sequence[Any]) -> Any:
        """The function of these arguments."""
        executable = self.executable
        held = {r: r.node(values) for r in self.reads} if self.reads else {}
        self.give(values)
        if executable.large:
            executable.make_outputs()
        executable.call_once()
        if executable.scalars:
            executable.show_state()
        results = self.results()
        self.leave(results, values)
        nodes, structure = self.nodes, self.trace.structure
        if structure is LEAF:
            if nodes:
                return nodes[0].node(results[0], held)
            return Tensor(None, (), NO_ATTRS, (), results[0], False)
        tensors = [
            nodes[i].node(x, held) if i in nodes else Tensor(None, (), NO_ATTRS, (), x, False)
            for i, x in enumerate(results[: self.count])
        ]
        return unflatten(structure, tensors)

    def rows(self, block: Any) -> Any:
        """The rows of every step's mini-batch as the program reads them."""
        return block

    def results(self) -> list[Any]:
        """What came out."""
        return self.executable.results()

    def snapshot(self) -> list[tuple[Slot, Any]]:
        """Copies of all that the program may change."""
        return [(slot, np.array(slot.view)) for slot in self.executable.slots if slot.assigned]

    def restore(self, saved: Sequence[tuple[Slot, Any]]) -> None:
        """Put back what `snapshot` gave."""
        for slot, data in saved:
            slot.view[...] = data
        self.executable.show_state()

    def locate_non_finite(self, values: Sequence[Any]) -> None:
        """Raise NonFiniteError where the first NaN or infinity of this call is born."""
        known: dict[Node, Any] = {}
        for symbol_, value in zip(self.call.symbols, values):
            data = np.asarray(value.data if isinstance(value, Node) else value)
            known[symbol_] = data[()] if data.ndim == 0 else data
        for leaf, stand in self.stands.items():
            known[stand] = leaf.data
        for leaf, stand in self.trace.gathered.items():
            known[stand] = leaf.gradient
        locate_non_finite(self.records[0].graph, known)

    def leave(self, results: Sequence[Any], values: Sequence[Any] = ()) -> None:
        """Leave on outside leaves, and add on the arguments, the gradients that the function left
        there, and keep what is watched: all of it is behind what the function returned."""
        for leaf in self.cleared:
            leaf.gradient = None
        if self.kept:
            for leaf, g in zip(self.kept, results[self.count :]):
                leaf.gradient = g
        if self.arrived:
            for place, g in zip(self.arrived, results[self.count + len(self.kept) :]):
                x = values[place]
                x.gradient = g if x.gradient is None else x.gradient + g
        if self.names:
            self.seen = dict(zip(self.names, results[-len(self.names):]))


class Retraced(Variant):
    """A call traced once more, to see whether it does what it did before."""

    def _compile(self, threads: int, rows: Sequence[Shape], workspace: Workspace) -> None:
        self.raw, self.handed_out = self._raw()

    def _attached(self, name: str, compiled: Callable[[Function], Function]) -> dict[int, Any]:
        return {}

    def does_as(self, other: Variant) -> bool:
        """Whether this is the program that `other` has compiled."""
        parts = [
            (v.trace.structure, v.count, v.names, [*map(v.identity, (*v.kept, *v.cleared,
             *v.trace.assigned, *v.stands, *v.trace.gathered))], v.arrived,
             [(id(x), id(d)) for x, d in v.observed])
            for v in (self, other)
        ]  # fmt: skip
        return parts[0] == parts[1] and same_graph(self.raw, other.records[0].graph)


def watched_node(found: Trace, name: str) -> Node:
    """The node that a name stands for: a node's own, `layer.out`, or `parameter.grad`."""
    roots = [*found.outputs, *found.assigned.values(),
             *(g for g in found.gradients.values() if g is not None)]
    nodes = list(walk(roots))
    for leaf, g in found.gradients.items():
        if g is not None and f"{leaf.name}.grad" == name:
            return g
    for node in nodes:
        if node.name == name:
            return node
    layer = f".{name.removesuffix('.out')}."
    inside = [
        n for n in nodes if n.op is not None and n.frame is not None
        and layer in f".{'.'.join(n.frame.path)}."
    ]  # fmt: skip
    if name.endswith(".out") and inside:
        return min(inside, key=lambda n: n.order)
    frames = dict.fromkeys(f"{p}.out" for n in nodes if n.frame for p in n.frame.path)
    known = [*(f"{x.name}.grad" for x in found.gradients if x.name),
             *(n.name for n in nodes if n.name), *frames]
    raise ValueRangeError(tr("there is nothing called {name} to watch", name=name),
                          asked=", ".join(known[:12]), came=name)
