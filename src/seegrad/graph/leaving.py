"""Numbers that leave the graph: where a transform would lose a derivative, a named error.

A look that only decides or shows (bool, int, a comparison, repr) is free; what could be computed
with further is not. Outside of transforms every look is free, except into a leaf that is written.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from seegrad.errors import GradientError, MutationError
from seegrad.graph.mode import current_mode
from seegrad.graph.node import Node
from seegrad.i18n import tr
from seegrad.text import tidy

AT = "write x = x.at[...].set(value), which gives a new tensor; sg.stop_gradient(value) if meant"


def _reaches(node: Node, found: Callable[[Node], bool]) -> bool:
    """Does a derivative at `node` flow to a node that is looked for?"""
    seen, waiting = {id(node)}, [node]
    while waiting:
        x = waiting.pop()
        if found(x):
            return True
        for y in x.inputs:
            if y.requires_grad and id(y) not in seen:
                seen.add(id(y))
                waiting.append(y)
    return False


def _came(node: Node) -> str:
    made = f", made by {node.op.name}" if node.op is not None else ""
    return f"{tidy(node.name) or tr('a tensor')} {node.spec}{made}"


def may_leave(node: Node, what: str) -> None:
    """GradientError where `what` would turn what a transform differentiates into plain numbers."""
    mode = current_mode()
    by = mode.differentiated
    if by and node.requires_grad and mode.recording and _reaches(node, by.__contains__):
        raise GradientError(
            tr("{what} gives plain numbers, and the derivative would be lost", what=tr(what)),
            asked="a value that does not depend on what is differentiated by",
            came=_came(node),
            hint="compute with sg's functions, sg.stack and x.at[...].set(v);"
            " sg.stop_gradient(x) if a constant is meant",
        )


def may_be_written(leaf: Node, value: Any) -> None:
    """MutationError where a derivative would need what is written, or what was there before."""
    mode = current_mode()
    if leaf in mode.differentiated:
        raise MutationError(
            "what is differentiated by does not change", came=_came(leaf), hint=AT
        )
    if not (isinstance(value, Node) and value.requires_grad and mode.recording):
        return

    def lost(x: Node) -> bool:
        return x in mode.differentiated or (x.op is None and x.requires_grad and x is not leaf)

    if mode.tracer is None and _reaches(value, lost):
        raise MutationError(
            "a derivative would be lost: the value that is written depends on what needs one",
            asked="numbers, a constant, or a value computed from this leaf alone",
            came=_came(value),
            hint=AT,
        )
