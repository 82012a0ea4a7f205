"""The derivatives of loops and choices: a scan's is a scan, a choice's a choice.

What a scan keeps for its backward turns (`Plan`): the carry that a turn began with, as far as a
derivative reads it, what comes of matrix products and calls, and of functions such as exp and tanh
unless that takes much more memory; all else a backward turn computes again, and so it does
everything inside of `sg.checkpoint`, and what a loop in the body keeps. What backward turns would
only add up, as the derivatives of weights, is one product or sum behind all of them.
A while loop has a forward derivative, a loop beside it; a choice keeps nothing.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np

from seegrad.errors import GradientError
from seegrad.graph.bind import bind, callable_op
from seegrad.graph.forms import Body as Opened
from seegrad.graph.forms import Call, Contract, Loop, Permute, Product, Reduce, Reshape, Scalar
from seegrad.graph.graph import substitute, walk
from seegrad.graph.mode import in_mode
from seegrad.graph.node import Node
from seegrad.graph.op import Op
from seegrad.graph.spec import Spec
from seegrad.i18n import tr
from seegrad.ops.linear.linalg import matmul
from seegrad.ops.reduce import sum as reduce_sum
from seegrad.ops.shape import reshape, transpose
from seegrad.tensor.tensor import Tensor
from seegrad.text import as_operator
from seegrad.transforms.loops.body import Body, argument, derivatives, is_float, zeros
from seegrad.transforms.loops.packing import Layout
from seegrad.transforms.loops.programs import Cond, Counts, Needs, Part, Scan, While

CHECKPOINT = "checkpoint"
"""The frame of what is computed again in a backward turn."""
MORE = 1.5
"""So many times the memory may be taken that not computing exp and its like again takes."""

Source = tuple[str, int]
"""Where rows for a backward turn lie: in an input of the scan, in what it saved, in g; or in what
the backward scan itself has made."""


def _costly(node: Node, slow: bool) -> bool:
    """Is a value rather kept than computed again? With `slow`, also that of exp and its like."""
    form = None if node.op is None else node.op.lower
    frame = node.frame
    while frame is not None:
        if frame.name == CHECKPOINT:
            return False
        frame = frame.parent
    if isinstance(form, Opened):             # a convolution, say
        return sum(x.ndim >= 2 for x in node.inputs) >= 2 or (slow and _slow(node))
    return isinstance(form, (Product, Contract, Call, Loop)) or (slow and _slow(node))


def _slow(node: Node) -> bool:
    """Does it take functions that take many steps?"""
    if node.op is None:
        return False
    if not isinstance(node.op.lower, Opened):
        return isinstance(node.op.lower, Scalar) and node.op.lower.slow
    given = [argument(x.spec) for x in node.inputs]
    assert node.op.body is not None
    with in_mode(recording=True, tracer=None, frame=None, watch=None):
        return any(map(_slow, walk([node.op.body(*given, **node.attrs)])))


def _again(node: Node, inputs: tuple[Any, ...]) -> Node:
    """The node with other inputs of the same specs."""
    new = Tensor(node.op, inputs, node.attrs, (), None, node.requires_grad, node.spec, node.name)
    new.frame, new.where = node.frame, node.where
    return new


@dataclass(frozen=True)
class Backward:
    """A backward turn as a body, and where its inputs come from."""

    body: Body
    counts: Counts
    sources: tuple[Source, ...]
    added: tuple[int, ...]
    """The inputs of the scan whose derivatives are added up in the carry."""
    targets: tuple[int, ...]
    """For each of its results, the input of the scan whose derivative it is."""
    products: dict[int, tuple[Source, Source]]
    """The inputs whose derivative is a product of all turns' factors at once."""
    sums: dict[int, tuple[Source, tuple[int, ...]]]
    """Those whose derivative is a sum of all turns' rows, over further axes of each too."""


class Plan:
    """What a scan keeps, and its backward scans, where derivatives go to the inputs in `needs`."""

    def __init__(self, scan: Scan, needs: Needs) -> None:
        self.scan, self.needs = scan, needs
        body, counts = scan.body, scan.counts
        self.first = counts.consts
        consts, self.carry, xs = counts.split(body.inputs)
        self.carries = [i for i, x in enumerate(self.carry) if is_float(x)]
        self.consts = [i for i, x in enumerate(consts) if needs[i] and is_float(x)]
        behind = counts.consts + counts.carry
        self.xs = [behind + i for i, x in enumerate(xs) if needs[behind + i] and is_float(x)]
        self.wrt = [
            *(self.carry[i] for i in self.carries), *(body.inputs[i] for i in self.consts),
            *(body.inputs[i] for i in self.xs),
        ]
        self.arriving = [argument(self.carry[i].spec, "g") for i in self.carries]
        self.main = self._sent(body.outputs[counts.carry :])
        self.kept = self._kept(self.main[1])
        self.saving = Body(body.inputs, [*body.outputs, *self.kept], body.name)
        rows = [Spec((scan.length, *x.shape), x.dtype) for x in self.kept]
        self.layout = Layout(rows)
        self._backward: dict[str, Backward] = {}

    def _sent(self, rows: Sequence[Node]) -> tuple[list[Node | None], list[Node | None]]:
        """A symbol for the derivative that arrives at each of `rows`, and what is sent on."""
        seeds = [argument(y.spec, "g") if is_float(y) else None for y in rows]
        ends = [self.scan.body.outputs[i] for i in self.carries]
        some = [(y, g) for y, g in zip(rows, seeds) if g is not None]
        outputs, arrived = [*ends, *(y for y, _ in some)], [*self.arriving, *(g for _, g in some)]
        return list(seeds), derivatives(outputs, arrived, self.wrt)

    def _kept(self, sent: Sequence[Node | None]) -> list[Node]:
        """What a backward turn reads of the forward turn, and is not computed again."""
        lean, rich = self._cut(sent, False), self._cut(sent, True)
        return rich if _bytes(rich) <= MORE * _bytes(lean) else lean

    def _cut(self, sent: Sequence[Node | None], slow: bool) -> list[Node]:
        """The carry and what is costly, each as what is made of it alone where that is no more."""
        forward = set(walk(self.scan.body.outputs)) - set(self.scan.body.inputs)
        costly: dict[Node, None] = {}
        readers: dict[Node, set[Node | None]] = {}
        stack: list[tuple[Node, Node | None]] = [(x, None) for x in sent if x is not None]
        while stack:
            node, reader = stack.pop()
            if node in readers:
                readers[node].add(reader)
                continue
            readers[node] = {reader}
            if node in forward and _costly(node, slow):
                costly[node] = None
            else:
                stack += [(x, node) for x in node.inputs]
        kept = dict.fromkeys(_narrowed(x, readers, forward) for x in costly)
        read = {*readers, *walk(kept)}
        return [*(x for x in self.carry if x in read), *kept]

    def backward(self, kind: str) -> Backward:
        """The backward scan for what arrives at results ("main"), or at what was saved."""
        if kind not in self._backward:
            self._backward[kind] = self._made(kind)
        return self._backward[kind]

    def _made(self, kind: str) -> Backward:
        seeds, sent = self.main if kind == "main" else self._sent(self.kept)
        carry, inputs = set(self.carry), self.scan.body.inputs
        known = {x: x if x in carry else argument(x.spec, x.name) for x in self.kept}
        cut = {x: s for x, s in known.items() if x is not s}
        n, m = len(self.carries), len(self.consts)
        here = iter(substitute([g for g in sent if g is not None], cut, _again))
        made = [None if g is None else next(here) for g in sent]
        sums = dict(zip(self.consts, made[n : n + m]))
        pairs = {i: pair for i, g in sums.items() if g is not None and (pair := _factors(g))}
        stacked = {*(x for pair in pairs.values() for x in pair), *made[n + m :]}
        rest = {i: _added(g) for i, g in sums.items() if g is not None and i not in pairs}
        rest = {i: found for i, found in rest.items() if found[0] in stacked}
        added = {i: argument(inputs[i].spec, "total") for i in sums if i not in {*pairs, *rest}}
        with in_mode(recording=True, tracer=None, frame=None, watch=None):
            totals = [a if (g := sums[i]) is None else a + g for i, a in added.items()]
        wrt = [*self.wrt[:n], *(inputs[i] for i in added), *self.wrt[n + m :]]
        outputs = [zeros(x.spec) if g is None else g
                   for x, g in zip(wrt, [*made[:n], *totals, *made[n + m :]])]  # fmt: skip
        behind = self.scan.counts.consts + self.scan.counts.carry
        rows: dict[Node, Source] = {s: ("saved", i) for i, s in enumerate(known.values())}
        rows |= {x: ("input", behind + i) for i, x in enumerate(inputs[behind:])}
        rows |= {s: ("g", i) for i, s in enumerate(seeds) if s is not None}
        first = n + len(added)
        places = {x: ("made", first + i) for i, x in enumerate(outputs[first:])} | rows
        more = [x for x in dict.fromkeys(x for pair in pairs.values() for x in pair)
                if x not in places]  # fmt: skip
        places |= {x: ("made", len(outputs) + i) for i, x in enumerate(more)}
        outputs += more
        used = set(walk(outputs))
        consts = [i for i in range(self.first) if inputs[i] in used]
        rows = {x: source for x, source in rows.items() if x in used}
        body = Body([*(inputs[i] for i in consts), *self.arriving, *added.values(), *rows],
                    outputs, f"∂ {self.scan.body.name}")  # fmt: skip
        return Backward(
            body, Counts(len(consts), n + len(added), len(rows)),
            (*(("input", i) for i in consts), *rows.values()), tuple(added),
            (*(self.first + i for i in self.carries), *added, *self.xs),
            {i: (places[a], places[b]) for i, (a, b) in pairs.items()},
            {i: (places[x], axes) for i, (x, axes) in rest.items()},
        )  # fmt: skip

    def pull(self, g: Any, xs: Sequence[Any], part: Part) -> dict[int, Any]:
        """The derivative by each input that needs one, for g arriving at one vector."""
        kind, number = part
        turn, layout, n = self.backward(kind), self.scan.layouts(self.needs)[kind], len(self.carry)
        arrived = [layout.read(p, g) if p.part == number else None for p in layout.places]
        ends, rows = (arrived[:n], arrived[n:]) if kind == "main" else ([None] * n, arrived)
        places = layout.places[n if kind == "main" else 0 :]
        saved: list[Any] = []
        if any(where == "saved" for where, _ in turn.sources):
            saved = self.scan.apply(xs, "saved", self.needs)

        def given(source: Source) -> Any:
            where, i = source
            if where == "g":
                return zeros(places[i].spec).data if rows[i] is None else rows[i]
            return {"input": xs, "saved": saved, "made": results}[where][i]

        starts = [zeros(self.carry[i].spec).data if ends[i] is None else ends[i]
                  for i in self.carries]
        starts += [zeros(self.scan.body.inputs[i].spec).data for i in turn.added]
        m, results = turn.counts.consts, []
        inputs = [*map(given, turn.sources[:m]), *starts, *map(given, turn.sources[m:])]
        again = Scan(turn.body, turn.counts, self.scan.length, not self.scan.reverse, Plan)
        results += again.apply(inputs)
        found = dict(zip(turn.targets, results))
        for i, pair in turn.products.items():
            a, b = (reshape(x, shape=(x.shape[0] * x.shape[1], x.shape[2]))
                    for x in map(given, pair))
            found[i] = matmul(transpose(a, axes=(1, 0)), b)
        for i, (source, axes) in turn.sums.items():
            total = reduce_sum(given(source), axis=(0, *(a + 1 for a in axes)))
            found[i] = reshape(total, shape=self.scan.body.inputs[i].shape)
        return found


def _bytes(nodes: Sequence[Node]) -> int:
    return sum(x.spec.size * x.dtype.itemsize for x in nodes)


def _narrowed(
    node: Node, readers: Mapping[Node, set[Node | None]], forward: set[Node]
) -> Node:
    """What is made of the node, and read in its place, along a way that does not widen."""
    while len(readers[node]) == 1:
        (reader,) = readers[node]
        if reader is None or reader not in forward or _bytes([reader]) > _bytes([node]):
            break
        node = reader
    return node


def _added(g: Node) -> tuple[Node, tuple[int, ...]]:
    """x, axes with g the sum of x over these, but for axes of length 1; without axes where g is
    no sum."""
    x = g
    while x.op is not None and isinstance(x.op.lower, Reshape):
        x = x.inputs[0]
    if x.op is None or x.op.lower != Reduce("sum"):
        return g, ()
    return x.inputs[0], tuple(x.attrs["axis"])


def _factors(g: Node) -> tuple[Node, Node] | None:
    """a, b with g = aᵀ·b, if that is what g is and a and b are smaller: the sum of many such
    products is one product of all a's and b's below each other."""
    turned = g.op is not None and isinstance(g.op.lower, Permute)
    product = g.inputs[0] if turned else g
    if product.op is None or not isinstance(product.op.lower, Product) or g.ndim != 2:
        return None
    a, b = product.inputs
    if a.ndim != 2 or b.ndim != 2 or a.shape[1] * sum(g.shape) >= 2 * g.spec.size:
        return None
    return (b, _turned(a)) if turned else (_turned(a), b)


def _turned(x: Node) -> Node:
    """The transpose of a matrix."""
    if x.op is not None and isinstance(x.op.lower, Permute) and x.inputs[0].ndim == 2:
        return x.inputs[0] if x.attrs["axes"] == (1, 0) else x
    with in_mode(recording=True, tracer=None, frame=None, watch=None):
        found: Node = transpose(x, axes=(1, 0))
    return found


# --------------------------------------------------------------- choices


def choice_pulled(
    cond: Cond, g: Any, xs: Sequence[Any], part: Part, needs: Needs
) -> dict[int, Any]:
    """The choice between the derivatives of both sides."""
    number, layout = part[1], cond.layout
    wanted = tuple(i for i, need in enumerate(needs) if i and need)
    places = [i for i, p in enumerate(layout.places) if p.part == number]

    def sent(body: Body) -> Body:
        seeds = [argument(body.outputs[i].spec, "g") for i in places]
        wrt = [body.inputs[i - 1] for i in wanted]
        found = derivatives([body.outputs[i] for i in places], seeds, wrt)
        outputs = [zeros(x.spec) if d is None else d for d, x in zip(found, wrt)]
        return Body([*body.inputs, *seeds], outputs, f"∂ {body.name}")

    key = ("sent", wanted, number)
    then, other = (side.kept(key, partial(sent, side)) for side in (cond.then, cond.other))
    arrived = [layout.read(layout.places[i], g) for i in places]
    return dict(zip(wanted, Cond(then, other, choice_pulled).apply([*xs, *arrived])))


# --------------------------------------------------------------- while


def while_pulled(
    loop: While, g: Any, xs: Sequence[Any], part: Part, needs: Needs
) -> dict[int, Any]:
    """What is sent back by a while loop: it can be differentiated by g, and is nothing more."""
    wanted = [i for i, need in enumerate(needs) if need]
    if not isinstance(g, Node):
        return {i: _sent_back(g, *xs, loop=loop, part=part, wanted=i) for i in wanted}
    return {i: bind(PULLBACK, (g, *xs), {"loop": loop, "part": part, "wanted": i})
            for i in wanted}


def _sent_back(g: Any, *xs: Any, loop: While, part: Part, wanted: int) -> Any:
    if np.any(g):
        raise _without_bound(loop)
    return np.zeros_like(xs[wanted])[()]


def _without_bound(loop: While) -> GradientError:
    return GradientError(
        tr(
            "{name}: how often a while loop runs is not known before, so that its derivative cannot"
            " be taken from right to left",
            name=loop.name,
        ),
        asked="a bound on the number of turns, or a derivative from left to right",
        came="a while_loop without max_turns",
        hint="pass max_turns=..., use sg.scan or sg.fori_loop, or take sg.jvp",
    )  # fmt: skip


def _no_second(loop: While) -> Any:
    raise _without_bound(loop)


PULLBACK = callable_op(Op(
    name="while_pullback", forward=_sent_back, lower=Call(), sign="∂↻",
    latex=f"{as_operator('while_pullback')}_{{$loop$part}}($g, $xs)", family="loop",
    spec=lambda g, *xs, loop, part, wanted: xs[wanted],
    d={
        "g": lambda g, xs, loop, part, wanted: tangent(loop, g, xs, part, wanted),
        "xs": lambda out, loop: _no_second(loop),
    },
))  # fmt: skip
"""What a while loop would send back. Nothing computes it: its own derivative by g, which is what
moves from left to right, is the loop of `tangent`."""


def tangent(loop: While, h: Any, xs: Sequence[Any], part: Part, wanted: int) -> Any:
    """How the vector `part` changes as input `wanted` moves along h: a loop of both at once."""
    counts, body = loop.counts, loop.body
    consts, carry, _ = counts.split(body.inputs)
    floats = [i for i, x in enumerate(carry) if is_float(x)]
    moved = wanted < counts.consts

    def made() -> tuple[Body, Body]:
        wrt = [carry[i] for i in floats] + ([consts[wanted]] if moved else [])
        along = [argument(x.spec, f"d{x.name}") for x in wrt]
        seeds = [argument(body.outputs[i].spec, "g") for i in floats]
        sent = derivatives([body.outputs[i] for i in floats], seeds, wrt)
        pairs = [(s, d) for s, d in zip(sent, along) if s is not None]
        found = derivatives([s for s, _ in pairs], [d for _, d in pairs], seeds)
        changes = [zeros(s.spec) if d is None else d for s, d in zip(seeds, found)]
        own, rest = along[: len(floats)], along[len(floats) :]
        both = Body([*consts, *rest, *carry, *own], [*body.outputs, *changes], f"d {body.name}")
        first, second = counts.split(loop.test.inputs)[:2]
        spare = [argument(x.spec) for x in (*rest, *own)]
        test = Body([*first, *spare[: len(rest)], *second, *spare[len(rest) :]],
                    loop.test.outputs, loop.test.name)
        return test, both

    test, both = body.kept(("tangent", wanted if moved else -1, loop.test), made)
    starts = [h if counts.consts + i == wanted else zeros(carry[i].spec).data for i in floats]
    beside = [h] if moved else []
    inputs = [*xs[: counts.consts], *beside, *xs[counts.consts :], *starts]
    more = Counts(counts.consts + len(beside), counts.carry + len(floats))
    results = While(test, both, more, loop.most, loop.pulled_by).apply(inputs)
    changes = iter(results[counts.carry :])
    parts = [next(changes) if i in floats else None for i in range(counts.carry)]
    return loop.layout.written(parts, part[1])
