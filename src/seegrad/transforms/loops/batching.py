"""Loops of many examples at once: the body for all of them, side by side along a first axis.

Where an example decides for itself, a choice computes both sides and selects, and a while loop
goes on until the last has ended, leaving the others as they are. How a graph without loops is
spread over examples is the caller's to say (`transforms/batching.py`).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from seegrad.graph.graph import substitute, walk
from seegrad.graph.mode import in_mode
from seegrad.graph.node import Node
from seegrad.graph.spec import Spec
from seegrad.ops.compare import where
from seegrad.ops.reduce import any as any_of
from seegrad.ops.shape import broadcast_to, concatenate, moveaxis, reshape
from seegrad.tensor.tensor import Tensor
from seegrad.transforms.loops.body import Body, argument
from seegrad.transforms.loops.packing import Layout
from seegrad.transforms.loops.programs import Cond, Counts, Program, Scan, While

Batched = tuple[Any, bool]
"""A value, and whether it has the examples along its first axis."""
Spread = Callable[[Sequence[Node], dict[Any, Batched], int], list[Any]]
"""The outputs of a graph for so many examples, from values for its inputs."""


def batched(node: Node, inputs: Sequence[Batched], count: int, spread: Spread) -> Any:
    """The vector of a loop for every example: (count, size)."""
    program: Program = node.attrs["loop"]
    kind, number = node.attrs["part"]
    layouts = program.layouts(node.attrs["needs"])
    last = program.spread
    if last is None or any(a[0] is not b[0] for a, b in zip(last[0], inputs)):
        found = _Examples(count, spread).results(program, layouts, inputs)
        last = program.spread = inputs, found
    rest = len(layouts["main"].places)
    results = last[1][:rest] if kind == "main" else last[1][rest:]
    return _packed(layouts[kind], number, results, count)


def _packed(layout: Layout, number: int, results: Sequence[Batched], count: int) -> Any:
    parts = [
        reshape(_all(x, count), shape=(count, place.spec.size))
        for place, x in zip(layout.places, results) if place.part == number
    ]
    return parts[0] if len(parts) == 1 else concatenate(parts, axis=1)


def _all(x: Batched, count: int) -> Any:
    """The value for every example, repeated where it is the same for all."""
    value, own = x
    return value if own else broadcast_to(value, shape=(count, *value.shape))


class _Examples:
    """So many examples, and how a plain graph is spread over them."""

    def __init__(self, count: int, spread: Spread) -> None:
        self.count, self.spread = count, spread

    def results(
        self, program: Program, layouts: dict[str, Layout], inputs: Sequence[Batched]
    ) -> list[Batched]:
        """Every result of the loop, what it saves last."""
        if isinstance(program, Scan):
            saving = "saved" in layouts
            body = program.body
            if saving:
                needs = next(n for n, plan in program.plans.items()
                             if plan.layout is layouts["saved"])  # fmt: skip
                body = program.plan(needs).saving
            return self._scan(program, body, inputs)
        if isinstance(program, While):
            return self._while(program, inputs)
        assert isinstance(program, Cond)
        return self._cond(program, inputs)

    def _argument(self, x: Node, own: bool) -> Tensor:
        return argument(Spec((self.count, *x.shape), x.dtype) if own else x.spec, x.name)

    def _body(
        self, body: Body, flags: Sequence[bool], wanted: Sequence[bool]
    ) -> Body:
        """The body for all examples; an output that is not `wanted` so is the same for all."""
        inputs = [self._argument(x, own) for x, own in zip(body.inputs, flags)]
        known: dict[Any, Batched] = dict(zip(body.inputs, zip(inputs, flags)))
        with in_mode(recording=True, tracer=None, frame=None, watch=None):
            many = iter(self.spread([y for y, w in zip(body.outputs, wanted) if w], known,
                                    self.count))  # fmt: skip
            alone = iter(substitute([y for y, w in zip(body.outputs, wanted) if not w],
                                    dict(zip(body.inputs, inputs))))  # fmt: skip
            outputs = [next(many if w else alone) for w in wanted]
        return Body(inputs, outputs, body.name)

    def _carried(self, bodies: Sequence[Body], flags: Sequence[bool], counts: Counts
                 ) -> tuple[list[bool], list[bool]]:  # fmt: skip
        """Which inputs, and which outputs of the last body, are different for every example."""
        flags, body = list(flags), bodies[-1]
        while True:
            touched = _touched(body, flags)
            wanted = [
                t or flags[counts.consts + i] if i < counts.carry else t
                for i, t in enumerate(touched)
            ]
            if wanted[: counts.carry] == flags[counts.consts : counts.consts + counts.carry]:
                return flags, wanted
            flags[counts.consts : counts.consts + counts.carry] = wanted[: counts.carry]

    def _given(self, inputs: Sequence[Batched], flags: Sequence[bool]) -> list[Any]:
        """The inputs, those repeated that are the same for all now, but not after a turn."""
        return [_all(x, self.count) if own else x[0] for x, own in zip(inputs, flags)]

    def _scan(self, scan: Scan, body: Body, inputs: Sequence[Batched]) -> list[Batched]:
        counts = scan.counts
        flags, wanted = self._carried([body], [own for _, own in inputs], counts)
        many = self._body(body, flags, wanted)
        given, behind = self._given(inputs, flags), counts.consts + counts.carry
        given[behind:] = [moveaxis(x, 0, 1) if own else x
                          for x, own in zip(given[behind:], flags[behind:])]
        again = Scan(many, counts, scan.length, scan.reverse, scan.planned)
        found = again.apply(given)
        found[counts.carry :] = [
            moveaxis(y, 0, 1) if own else y
            for y, own in zip(found[counts.carry :], wanted[counts.carry :])
        ]
        return list(zip(found, wanted))

    def _cond(self, cond: Cond, inputs: Sequence[Batched]) -> list[Batched]:
        (choice, own), *rest = inputs
        flags, every = [f for _, f in rest], [True] * len(cond.then.outputs)
        if not own:
            then, other = (self._body(body, flags, every) for body in (cond.then, cond.other))
            found = Cond(then, other, cond.pulled_by).apply([choice, *(x for x, _ in rest)])
            return [(y, True) for y in found]
        with np.errstate(all="ignore"):          # of what is not chosen
            then_is, other_is = (
                self.spread(body.outputs, dict(zip(body.inputs, rest)), self.count)
                for body in (cond.then, cond.other)
            )
        return [(_chosen(choice, a, b), True) for a, b in zip(then_is, other_is)]

    def _while(self, loop: While, inputs: Sequence[Batched]) -> list[Batched]:
        counts = loop.counts
        flags, wanted = self._carried([loop.body], [own for _, own in inputs], counts)
        (each,) = _touched(loop.test, flags)
        if each:                                 # then every carry ends in its own time
            flags[counts.consts :] = wanted = [True] * counts.carry
        body = self._body(loop.body, flags, wanted)
        test = self._body(loop.test, flags, [each])
        if each:
            with in_mode(recording=True, tracer=None, frame=None, watch=None):
                going = substitute(test.outputs, dict(zip(test.inputs, body.inputs)))[0]
                carry = body.inputs[counts.consts :]
                outputs = [_chosen(going, y, x) for x, y in zip(carry, body.outputs)]
                test = Body(test.inputs, [any_of(test.outputs[0])], loop.test.name)
                body = Body(body.inputs, outputs, loop.body.name)
        again = While(test, body, counts, loop.most, loop.pulled_by)
        return list(zip(again.apply(self._given(inputs, flags)), wanted))


def _touched(body: Body, flags: Sequence[bool]) -> list[bool]:
    """Which outputs depend on an input that is different for every example."""
    found = {x for x, own in zip(body.inputs, flags) if own}
    for node in walk(body.outputs):
        if not found.isdisjoint(node.inputs):
            found.add(node)
    return [y in found for y in body.outputs]


def _chosen(choice: Any, a: Any, b: Any) -> Any:
    """a where the example's choice is true, else b."""
    rank = np.ndim(a) if not isinstance(a, Node) else a.ndim
    return where(reshape(choice, shape=(choice.shape[0], *(1,) * (rank - 1))), a, b)
