"""Loops and choices: their bodies lowered by themselves, to run inside of one kernel.

The carry of a loop lies in the vector of its results from the start, where each turn writes it
anew; rows are read and written where they lie, a step further at every turn.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from seegrad.compiler.ir.buffer import Buffer, View
from seegrad.compiler.ir.loop_call import Inner, LoopCall
from seegrad.compiler.lowering.builder import KernelBuilder, Request
from seegrad.compiler.lowering.groups import behind
from seegrad.compiler.passes import pipeline
from seegrad.graph.node import Node
from seegrad.transforms.loops.body import Body
from seegrad.transforms.loops.packing import Layout
from seegrad.transforms.loops.programs import Cond, Program, Scan, While

Lower = Callable[[Request], Any]


@dataclass
class _Site:
    """One loop in the program around it: who lowers bodies, and the vectors of its results."""

    builder: KernelBuilder
    node: Node
    lower: Lower
    vectors: dict[str, list[Buffer]]
    layouts: dict[str, Layout]

    def places(self, kind: str) -> list[View]:
        """Where each result of a kind lies."""
        found = []
        for place in self.layouts[kind].places:
            whole = self.vectors[kind][place.part].view()
            part = whole.slice([(place.start, place.spec.size, 1)])
            shaped = None if part is None else part.reshape(place.shape)
            assert shaped is not None
            found.append(shaped)
        return found

    def plain(self, x: Node) -> View:
        """An input as memory in C order."""
        view = self.builder.ungathered(x)
        return view if view.contiguous else self.builder.copied(view, x)

    def inner(self, body: Body, lowered: Any, bindings: Sequence[tuple[Node, View]],
              results: Sequence[View], answer: bool = False) -> Inner:  # fmt: skip
        """A lowered body, bound to where its inputs and results lie; the indices in it that come
        from outside are checked there."""
        sources = dict(zip(body.inputs, self.node.inputs[-len(body.inputs) :]))
        for index in lowered.indices:
            self.builder.check(sources[index.leaf], index.size, index.wraps, index.node)
        entry = self.builder.buffer("inside", (2,), np.dtype(np.int64), "constant")
        self.builder.constants[entry] = np.zeros(2, np.int64)
        bound = [(lowered.leaves[x], view) for x, view in bindings if x in lowered.leaves]
        if not answer:
            bound += zip(lowered.outputs, results)
        return Inner(lowered, bound, entry, lowered.outputs[0] if answer else None)

    def call(self, kind: str, inners: Sequence[Inner], turns: int, given: Sequence[View],
             choice: View | None = None) -> None:  # fmt: skip
        """The kernel itself, which every node of the loop comes out of."""
        made = [b.view() for vectors in self.vectors.values() for b in vectors]
        own = [] if kind == "cond" else made                  # the carry is read there too
        more = [choice] if choice is not None else []
        self.builder.add(LoopCall(
            self.builder.name(self.node), (), [], (self.node,), kind=kind, inners=tuple(inners),
            turns=turns, given=(*given, *own, *more), made=tuple(made), choice=choice,
        ))  # fmt: skip


def loop_call(builder: KernelBuilder, node: Node, lower: Lower) -> None:
    """The kernels of a loop, for the first of its nodes; the others are in the same vectors."""
    program: Program = node.attrs["loop"]
    together = [
        n for n in builder.grouping.of
        if n.op is node.op and n.attrs["loop"] is program
        and all(a is b for a, b in zip(n.inputs, node.inputs))
    ]  # fmt: skip
    if together[0] is not node:
        builder.maker[node] = builder.maker[together[0]]
        return
    needs = next((n.attrs["needs"] for n in together if n.attrs["part"][0] == "saved"), ())
    layouts = program.layouts(needs)
    of = {n.attrs["part"]: builder.of[n] for n in together}
    vectors = {
        kind: [of.get((kind, i)) or builder.buffer(f"{program.name}.{kind}", (n,), d, "temporary")
               for i, (n, d) in enumerate(zip(layout.sizes, layout.dtypes))]
        for kind, layout in layouts.items()
    }  # fmt: skip
    site = _Site(builder, node, lower, vectors, layouts)
    if isinstance(program, Scan):
        body = program.plan(needs).saving if "saved" in layouts else program.body
        _scan(site, program, body)
    elif isinstance(program, While):
        _while(site, program)
    else:
        assert isinstance(program, Cond)
        _cond(site, program)


def _request(site: _Site, body: Body, carry: Sequence[Node] = (), rows: Sequence[Node] = (),
             reverse: bool = False, turns: int = 1) -> Request:  # fmt: skip
    """What is to be lowered of a body."""
    graph, _ = pipeline.run(body.graph)
    state = frozenset(carry)
    n = len(state)
    sources = dict(zip(body.inputs, site.node.inputs[-len(body.inputs) :]))
    known = {
        x for x, source in sources.items()
        if x not in state and site.builder.request.known_before(source)
    }  # fmt: skip
    return Request(
        graph=graph, results=graph.outputs[n:],
        assigned={x: y for x, y in zip(carry, graph.outputs) if x is not y},
        state=state, arguments=tuple(x for x in body.inputs if x not in state),
        rows=frozenset(rows), reverse=reverse, turns=turns, stepwise=bool(carry or rows),
        checkable=frozenset(known),
    )  # fmt: skip


def _begin(site: _Site, starts: Sequence[Node], places: Sequence[View]) -> None:
    """The carry that a loop begins with, put where the results are."""
    for x, place in zip(starts, places):
        view = site.builder.view(x)
        site.builder.reading.add(behind(x))
        site.builder.copy(view, place, x)


def _scan(site: _Site, program: Scan, body: Body) -> None:
    consts, carry, rows = program.counts.split(body.inputs)
    fixed, starts, given = program.counts.split(site.node.inputs)
    places, n = site.places("main"), len(carry)
    results = [*places[n:], *(site.places("saved") if "saved" in site.layouts else ())]
    _begin(site, starts, places)
    turns = program.length
    request = _request(site, body, carry, rows, program.reverse, turns)
    if not turns:
        return
    request_views = [site.plain(x) for x in (*fixed, *given)]
    lowered = site.lower(request)
    bindings = [*zip((*consts, *rows), request_views), *zip(carry, places)]
    inner = site.inner(body, lowered, bindings, results)
    site.call("scan", [inner], turns, request_views)


def _while(site: _Site, program: While) -> None:
    fixed, starts, _ = program.counts.split(site.node.inputs)
    places = site.places("main")
    _begin(site, starts, places)
    given = [site.plain(x) for x in fixed]
    inners = []
    for body, answer in ((program.test, True), (program.body, False)):
        consts, carry, _ = program.counts.split(body.inputs)
        request = _request(site, body, () if answer else carry)
        bindings = [*zip(consts, given), *zip(carry, places)]
        inners.append(site.inner(body, site.lower(request), bindings, (), answer))
    site.call("while", inners, -1 if program.most is None else program.most, given)


def _cond(site: _Site, program: Cond) -> None:
    choice, *given = [site.plain(x) for x in site.node.inputs]
    places = site.places("main")
    inners = [
        site.inner(body, site.lower(_request(site, body)), [*zip(body.inputs, given)], places)
        for body in (program.then, program.other)
    ]
    site.call("cond", inners, 1, given, choice)
