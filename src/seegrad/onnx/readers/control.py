"""ONNX's graphs inside of steps: If, Loop and Scan as sg.cond, sg.while_loop and sg.scan.

A body reads what is around it by name; so does ours, which captures it. What is decided by
numbers that are known (a shape, a constant) is decided here, and leaves no choice in the graph.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from seegrad.errors import ShapeError
from seegrad.onnx.model import Model
from seegrad.onnx.readers.values import Attributes, Body, Readers, Values, at
from seegrad.ops import compare, shape
from seegrad.tensor.tensor import Tensor
from seegrad.transforms.loops.control_flow import cond, scan, while_loop

CONTROL = Readers()
"""Operators with graphs inside of them."""

UNROLLED = 256
"""So many turns of a body whose carry changes its shape are written one after another."""


@CONTROL.reads("If", "then_branch", "else_branch")
def _if(values: Values, attributes: Attributes) -> Any:
    then, other = attributes["then_branch"], attributes["else_branch"]
    (chosen,) = values
    if not isinstance(chosen, Tensor):
        return (then if np.asarray(chosen).any() else other).run()
    return cond(shape.reshape(chosen, shape=()), then.run, other.run)


def _known(value: Any) -> Any:
    """A number that the file or shapes decide; None where it is computed, or was left away."""
    return None if value is None or isinstance(value, Tensor) else np.asarray(value).item()


@CONTROL.reads("Loop", "body")
def _loop(values: Values, attributes: Attributes) -> Any:
    """Loop: so many turns, or as long as the body says so; what each turn gives beside, stacked."""
    body: Body = attributes["body"]
    most, going, carry = at(values, 0), at(values, 1), tuple(values[2:])
    rows = len(body.model.outputs) - 1 - len(carry)
    count = _known(most)
    if (going is None or _known(going) is not None) and _goes_on(body.model):
        if _known(going) is False:
            count = 0
        if count is not None:
            return _counted(body, carry, max(count, 0))
    if rows:
        raise ValueError("the number of turns, and with it a result's size, depends on the data")
    return _as_long_as(body, carry, most, going)


def _counted(body: Body, carry: tuple[Any, ...], count: int) -> list[Any]:
    """A number of turns that is known: a scan, or all turns where the carry changes its shape."""
    true = np.asarray(True)

    def turn(held: Any, i: Any) -> tuple[Any, Any]:
        _, *found = body.run(i, true, *held)
        return tuple(found[: len(held)]), tuple(found[len(held) :])

    try:
        last, beside = scan(turn, carry, np.arange(count))
        return [*last, *beside]
    except ShapeError:
        if not 0 < count <= UNROLLED:
            raise
    seen = []
    for i in range(count):
        carry, beside = turn(carry, np.asarray(i))
        seen.append(beside)
    return [*carry, *(shape.stack(*each, axis=0) for each in zip(*seen))]


def _as_long_as(body: Body, carry: tuple[Any, ...], most: Any, going: Any) -> list[Any]:
    bound = _known(most)
    limit = None if most is None else shape.reshape(most, shape=())

    def goes(held: Any) -> Any:
        i, on, _ = held
        return on if limit is None or bound is not None else compare.logical_and(on, i < limit)

    def turn(held: Any) -> Any:
        i, on, inner = held
        on, *found = body.run(i, on, *inner)
        return i + 1, shape.reshape(on, shape=()), tuple(found)

    on = np.asarray(True) if going is None else shape.reshape(going, shape=())
    first = (np.asarray(0), on, carry)
    _, _, last = while_loop(goes, turn, first, max_turns=None if bound is None else max(bound, 0))
    return list(last)


def _goes_on(body: Model) -> bool:
    """Does a loop's body hand on the condition that it was given, or say yes in any case?"""
    made = {name: step for step in body.steps for name in step.outputs}
    name = body.outputs[0].name
    while name in made:
        step = made[name]
        if step.operator == "Constant":
            return bool(np.all(next(iter(step.attributes.values()))))
        if step.operator not in ("Identity", "Cast"):
            return False
        (name,) = step.inputs
    return name == body.inputs[1].name


@CONTROL.reads(
    "Scan",
    "body", "num_scan_inputs", "scan_input_axes", "scan_input_directions", "scan_output_axes",
    "scan_output_directions",
)  # fmt: skip
def _scan(values: Values, attributes: Attributes) -> Any:
    """Scan: the body for each row of the inputs, each along its own axis, or backwards."""
    body: Body = attributes["body"]
    many = int(attributes["num_scan_inputs"])
    carry, xs = tuple(values[: len(values) - many]), values[len(values) - many :]
    rows = len(body.model.outputs) - len(carry)
    ways = attributes.get("scan_input_directions") or (0,) * many
    backs = attributes.get("scan_output_directions") or (0,) * rows
    reverse = {*ways, *backs} == {1}
    given = []
    for x, axis, way in zip(xs, attributes.get("scan_input_axes") or (0,) * many, ways):
        x = x if axis == 0 else shape.moveaxis(x, source=axis, destination=0)
        given.append(shape.flip(x, axis=0) if way and not reverse else x)

    def turn(held: Any, row: Any) -> tuple[Any, Any]:
        found = body.run(*held, *row)
        return tuple(found[: len(held)]), tuple(found[len(held) :])

    last, beside = scan(turn, carry, tuple(given), reverse=reverse)
    found = []
    for y, axis, way in zip(beside, attributes.get("scan_output_axes") or (0,) * rows, backs):
        y = shape.flip(y, axis=0) if way and not reverse else y
        found.append(y if axis == 0 else shape.moveaxis(y, source=0, destination=axis))
    return [*last, *found]
