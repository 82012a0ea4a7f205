"""Loops and choices as ONNX's Scan, Loop and If: a body is a graph inside of a step.

What a body takes from outside it reads there by name, as ONNX allows. Which steps a body becomes is
the business of the writer that is passed in; here is what is around it.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Protocol

import numpy as np

from seegrad.errors import FormatError
from seegrad.graph.graph import substitute
from seegrad.graph.node import Node
from seegrad.i18n import tr
from seegrad.onnx.model import Model, Step, Value
from seegrad.onnx.steps import INT64
from seegrad.transforms.loops.body import Body, argument
from seegrad.transforms.loops.programs import Cond, Program, Scan, While

BOOL = np.dtype(bool)


class Writer(Protocol):
    """What writes a graph's nodes as steps."""

    steps: list[Step]
    called: dict[Node, str]
    loops: dict[Any, list[str]]

    def name_of(self, node: Node) -> str: ...
    def graph(self, outputs: Sequence[Sequence[Node]]) -> list[str]: ...
    def fresh(self, wish: str) -> str: ...
    def step(self, operator: str, inputs: Sequence[str], result: int = 0, **attributes: Any
             ) -> str: ...
    def constant(self, values: Any, dtype: Any) -> str: ...
    def value(self, name: str, nodes: Sequence[Node]) -> Value: ...


def loop_results(model: Writer, nodes: Sequence[Node], inputs: Sequence[str]) -> list[str]:
    """The steps of a loop, as several traces have it: the names of all that it gives."""
    programs: list[Any] = [node.attrs["loop"] for node in nodes]
    if isinstance(programs[0], Scan):
        return _scan(model, programs, inputs)
    if isinstance(programs[0], While):
        return _while(model, programs, inputs)
    assert isinstance(programs[0], Cond)
    return _if(model, programs, inputs)


def write_loop(model: Writer, nodes: Sequence[Node]) -> str:
    """One vector of a loop's results; the loop itself is written once."""
    program: Program = nodes[0].attrs["loop"]
    kind, number = nodes[0].attrs["part"]
    if kind != "main":
        raise FormatError(
            tr("{name} has no form in ONNX", name=f"∂ {program.name}"),
            asked=tr("operations that ONNX has, or that are made of such"),
            came=tr("the derivative of a loop"),
            hint=tr("the guide on ONNX says what has no form there, and why"),
        )
    if program not in model.loops:
        model.loops[program] = loop_results(model, nodes, [*map(model.name_of, nodes[0].inputs)])
    flat = [
        model.step("Reshape", [name, model.constant([-1], INT64)])
        for name, place in zip(model.loops[program], program.layout.places) if place.part == number
    ]
    return flat[0] if len(flat) == 1 else model.step("Concat", flat, axis=0)


def _renewed(bodies: Sequence[Body]) -> list[Body]:
    """The same bodies with nodes of their own: each is written once."""
    found = []
    for body in bodies:
        fresh = [argument(x.spec, x.name) for x in body.inputs]
        outputs = substitute(body.outputs, dict(zip(body.inputs, fresh)))
        found.append(Body(fresh, outputs, body.name))
    return found


class _Inside:
    """A graph inside of a step, while it is written."""

    def __init__(self, model: Writer) -> None:
        self.model, self.outside = model, model.steps
        self.inputs: list[Value] = []
        self.outputs: list[Value] = []
        model.steps = []

    def takes(self, nodes: Sequence[Node]) -> str:
        """An input of the graph, for the nodes that stand for it in each trace."""
        name = self.model.fresh("inside")
        self.inputs.append(self.model.value(name, nodes))
        return name

    def takes_plain(self, dtype: Any) -> str:
        """A number that ONNX gives, and nobody asks for."""
        name = self.model.fresh("unused")
        self.inputs.append(Value(name, np.dtype(dtype), ()))
        return name

    def gives(self, name: str, nodes: Sequence[Node]) -> None:
        """An output of the graph, by a name that is no other's."""
        out = self.model.fresh("given")
        self.model.steps.append(Step("Identity", (name,), (out,), {}, out))
        self.outputs.append(self.model.value(out, nodes))

    def done(self) -> Model:
        made = Model(tuple(self.inputs), tuple(self.outputs), {}, tuple(self.model.steps))
        self.model.steps = self.outside
        return made


def _written(model: Writer, bodies: Sequence[Body], names: Sequence[str]) -> list[str]:
    """The bodies' outputs, where their inputs have these names."""
    bodies = _renewed(bodies)
    model.called.update(zip(bodies[0].inputs, names))
    return model.graph([body.outputs for body in bodies])


def _step(model: Writer, operator: str, inputs: Sequence[str], count: int, **attributes: Any
          ) -> list[str]:  # fmt: skip
    outs = tuple(model.fresh(operator.lower()) for _ in range(count))
    model.steps.append(Step(operator, tuple(inputs), outs, attributes, outs[0] if outs else ""))
    return list(outs)


def _across(bodies: Sequence[Body], i: int, outputs: bool = False) -> list[Node]:
    return [(body.outputs if outputs else body.inputs)[i] for body in bodies]


def _scan(model: Writer, programs: Sequence[Scan], inputs: Sequence[str]) -> list[str]:
    first, bodies = programs[0], [p.body for p in programs]
    counts = first.counts
    consts, carry, xs = counts.split(inputs)
    inside = _Inside(model)
    names = [*consts, *(inside.takes(_across(bodies, i))
                        for i in range(counts.consts, len(inputs)))]  # fmt: skip
    if not xs:                                   # Scan goes along something
        xs = [model.constant(np.zeros(first.length), np.float32)]
        inside.takes_plain(np.float32)
    for i, name in enumerate(_written(model, bodies, names)):
        inside.gives(name, _across(bodies, i, True))
    ways = [int(first.reverse)]
    rows = len(bodies[0].outputs) - counts.carry
    return _step(
        model, "Scan", [*carry, *xs], len(bodies[0].outputs), body=inside.done(),
        num_scan_inputs=len(xs), scan_input_directions=ways * len(xs),
        **({"scan_output_directions": ways * rows} if rows else {}),
    )


def _while(model: Writer, programs: Sequence[While], inputs: Sequence[str]) -> list[str]:
    first, bodies, tests = programs[0], [p.body for p in programs], [p.test for p in programs]
    counts = first.counts
    consts, carry, _ = counts.split(inputs)
    (going,) = _written(model, tests, inputs)
    inside = _Inside(model)
    inside.takes_plain(INT64)
    inside.takes_plain(BOOL)
    held = [inside.takes(_across(bodies, counts.consts + i)) for i in range(counts.carry)]
    ends = _written(model, bodies, [*consts, *held])
    (again,) = _written(model, tests, [*consts, *ends])
    inside.gives(again, _across(tests, 0, True))
    for i, name in enumerate(ends):
        inside.gives(name, _across(bodies, i, True))
    most = "" if first.most is None else model.constant(first.most, INT64)
    return _step(model, "Loop", [most, going, *carry], counts.carry, body=inside.done())


def _if(model: Writer, programs: Sequence[Cond], inputs: Sequence[str]) -> list[str]:
    sides = {}
    for key, bodies in (("then_branch", [p.then for p in programs]),
                        ("else_branch", [p.other for p in programs])):  # fmt: skip
        inside = _Inside(model)
        for i, name in enumerate(_written(model, bodies, inputs[1:])):
            inside.gives(name, _across(bodies, i, True))
        sides[key] = inside.done()
    return _step(model, "If", inputs[:1], len(programs[0].then.outputs), **sides)
