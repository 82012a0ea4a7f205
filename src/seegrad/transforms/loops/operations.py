"""The ops of loops and choices: one definition each, with the rule for its derivative."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from seegrad.graph.bind import callable_op
from seegrad.graph.forms import Loop
from seegrad.graph.op import Op
from seegrad.graph.spec import Spec
from seegrad.text import as_operator
from seegrad.transforms.loops.programs import Cond, Needs, Part, Program, Scan, While


def _forward(*xs: Any, loop: Program, part: Part, needs: Needs | None) -> Any:
    return loop.vector(xs, part, needs or ())


def _spec(*xs: Spec, loop: Program, part: Part, needs: Needs | None) -> Spec:
    kind, number = part                          # what is kept is planned when it is asked for
    return (loop.layout if kind == "main" else loop.layouts(needs or ())[kind]).spec(number)


def _canonical(*xs: Any, loop: Program, part: Part, needs: Needs | None) -> dict[str, Any]:
    """Where derivatives go is settled when the node is made: what is kept depends on it."""
    if needs is None:
        needs = tuple(bool(getattr(x, "requires_grad", False)) for x in xs)
    return {"loop": loop, "part": Part(*part), "needs": needs}


def _rule(
    g: Any, xs: Sequence[Any], loop: Program, part: Part, needs: Needs, position: int
) -> Any:
    """One derivative of all that come out of one backward loop."""
    sent = loop.sent
    if (
        sent is None or sent[0] is not g or sent[2] != part or position not in sent[3]
        or any(a is not b for a, b in zip(sent[1], xs))
    ):  # fmt: skip
        if not needs[position]:                  # it takes part only since the node was made
            needs = (*needs[:position], True, *needs[position + 1 :])
        sent = loop.sent = g, xs, part, loop.pull(g, xs, part, needs)
    if position == max(sent[3]):
        loop.sent = None
    return sent[3][position]


def _op(name: str, sign: str) -> Op:
    return callable_op(Op(
        name=name, forward=_forward, spec=_spec, d={"xs": _rule}, lower=Loop(), sign=sign,
        latex=f"{as_operator(name)}_{{$loop$part}}($xs)", family="loop",
        canonical=_canonical,
    ))  # fmt: skip


OPERATIONS: dict[type[Program], Op] = {
    Scan: _op("scan", "⟳"), While: _op("while_loop", "↻"), Cond: _op("cond", "⑂"),
}
"""The op of each kind of program."""
for _kind, _made in OPERATIONS.items():
    _kind.op = _made
