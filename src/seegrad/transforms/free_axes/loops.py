"""The rule of loops: a scan that takes as many turns as at the full length, of which some count.

In the others its carry stays as it is, whether they come last or, in a backward scan, first. What a
body needs that is different at another length comes in as one more input. Loops that go on until
they are told, and choices, are left as they are, where no free axis reaches them.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Any

import numpy as np

from seegrad.graph.bind import bind
from seegrad.graph.mode import in_mode
from seegrad.graph.node import Node
from seegrad.graph.spec import NO_ATTRS, Spec
from seegrad.ops.compare import where
from seegrad.ops.shape import reshape
from seegrad.transforms.free_axes.axes import Axis, axis, first_places, regrouped, unified
from seegrad.transforms.free_axes.fitting import Fitting, Padded
from seegrad.transforms.loops.body import Body, argument
from seegrad.transforms.loops.programs import Counts, Program, Scan


def loop(fit: Fitting, a: Node, b: Node, ins: Sequence[Padded]) -> Padded:
    """A vector of results of a loop, put together from them."""
    ours, theirs, needs = a.attrs["loop"], b.attrs["loop"], b.attrs["needs"]
    fit.check(b, fit.alike(a, b, "loop"), type(ours) is type(theirs))
    if not isinstance(theirs, Scan):
        return _left_as_it_is(fit, a, b, ins)
    key = theirs, needs, tuple(id(x.node) for x in ins)
    if key not in fit.shared:
        fit.shared[key] = _scan(fit, b, ours, theirs, needs, ins), ins
    results: list[Padded] = fit.shared[key][0]
    kind, number = b.attrs["part"]
    layouts = theirs.layouts(needs)
    own = results[: len(layouts["main"].places)]
    if kind != "main":
        own = results[len(own) :]
    parts = [x for place, x in zip(layouts[kind].places, own) if place.part == number]
    return fit.vector(b, [_flat(fit, b, x) for x in parts])


def _flat(fit: Fitting, b: Node, x: Padded) -> Padded:
    now, full = (1, 1) if not x.axes else (
        int(np.prod([one.now for one in x.axes])), int(np.prod([one.full for one in x.axes]))
    )  # fmt: skip
    axes = regrouped(x.axes, (now,), (full,))
    if axes is None:
        raise fit.refusal(b)
    return Padded(bind(reshape, (x.node,), {"shape": (full,)}), axes, x.clean)


def _inside(
    fit: Fitting, ours: Body, theirs: Body, axes: Sequence[tuple[Axis, ...]],
    clean: Sequence[bool],
) -> tuple[Fitting, list[Padded]]:
    """Both bodies as one, with inputs like these."""
    known = dict(zip(ours.inputs, theirs.inputs))
    own = Fitting(
        fit.rules, fit.opening, known,
        frozenset(x for x, zero in zip(theirs.inputs, clean) if zero),
        axes_of=dict(zip(theirs.inputs, axes)),
    )
    # made once: what is compared later is known by its nodes
    graphs = [x.kept("opened", partial(fit.opening, x.graph)) for x in (ours, theirs)]
    return own, own.fit(graphs[0].outputs, graphs[1].outputs)


def _left_as_it_is(fit: Fitting, a: Node, b: Node, ins: Sequence[Padded]) -> Padded:
    """A while loop or a choice, which has to be the same at both lengths."""
    ours: Program = a.attrs["loop"]
    theirs: Program = b.attrs["loop"]
    fit.check(b, all(x.fixed for x in ins), a.shape == b.shape)
    fit.check(b, getattr(ours, "most", None) == getattr(theirs, "most", None))
    for name, body in theirs.bodies.items():
        axes = [first_places(x.shape, x.shape) for x in body.inputs]
        own, found = _inside(fit, ours.bodies[name], body, axes, [False] * len(axes))
        fit.check(b, not own.slots, all(x.fixed for x in found))
    return Padded(fit.made(b, ins), first_places(a.shape, b.shape))


def _scan(
    fit: Fitting, b: Node, ours: Scan, theirs: Scan, needs: Any, ins: Sequence[Padded]
) -> list[Padded]:
    """All results of a scan, what it saves last."""
    counts, turns = theirs.counts, axis(ours.length, theirs.length)
    saving = "saved" in theirs.layouts(needs)
    bodies = [s.plan(needs).saving if saving else s.body for s in (ours, theirs)]
    consts, carry, xs = counts.split(ins)
    fit.check(b, ours.counts == counts, ours.reverse == theirs.reverse,
              all(x.axes[0].first for x in xs))  # fmt: skip
    for x in xs:
        fit.unify(b, [x.axes[0], turns])
    axes = [*(x.axes for x in consts), *(tuple(Axis(i.factors) for i in x.axes) for x in carry),
            *(x.axes[1:] for x in xs)]  # fmt: skip
    clean = [*(x.clean for x in consts), *(False for _ in carry), *(x.clean for x in xs)]
    own, found = _inside(fit, bodies[0], bodies[1], axes, clean)
    n = counts.carry
    for before, after in zip(axes[counts.consts :], found[:n]):
        pairs = zip(before, after.axes)
        fit.check(b, all(unified(x, y) == x for x, y in pairs))
    own_inputs = counts.split(bodies[1].inputs)
    outputs = [x.node for x in found]
    more, rows = [], []
    if turns.free:
        counts_now = argument(Spec((), np.dtype(bool)), "counts")
        outputs[:n] = [bind(where, (counts_now, y, x), NO_ATTRS)
                       for x, y in zip(own_inputs[1], outputs)]  # fmt: skip
        here = np.arange(theirs.length) < ours.length
        flags = fit.slot((b, "turns", needs), here, np.ones(theirs.length, bool))
        more, rows = [counts_now], [flags]
    slots = own.slots.items()
    given = [fit.slot((b, "inside", needs, key), s.value, s.full) for key, s in slots]
    body = Body([*own_inputs[0], *(s.symbol for _, s in slots), *own_inputs[1], *own_inputs[2],
                 *more], outputs, bodies[1].name)  # fmt: skip
    new = Counts(counts.consts + len(given), n, counts.xs + len(more))
    again = Scan(body, new, theirs.length, theirs.reverse, theirs.planned)
    with in_mode(frame=b.frame):
        results = again.apply([*(x.node for x in consts), *given, *(x.node for x in carry),
                               *(x.node for x in xs), *rows])  # fmt: skip
    return [*(Padded(x, own) for x, own in zip(results, axes[counts.consts :][:n])),
            *(Padded(x, (turns, *y.axes)) for x, y in zip(results[n:], found[n:]))]  # fmt: skip


