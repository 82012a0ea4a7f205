"""The first step of a derivation: a name for every intermediate value, and what it is made of."""

from __future__ import annotations

from collections.abc import Mapping

from seegrad.drawing.formula.document import Step, sentence
from seegrad.drawing.formula.printer import (
    LONG,
    array_latex,
    equation,
    shape_line,
    shape_text,
    write,
)
from seegrad.drawing.formula.symbolic_graph import SymbolicGraph
from seegrad.drawing.formula.terms import Name
from seegrad.graph.node import Node
from seegrad.graph.op import Op
from seegrad.text import Piece

LINES = 40
"""Lines of one step; of the others the middle is left out."""


def names_step(graph: SymbolicGraph, lang: str, values: bool = True) -> Step | None:
    """t = x + y = 3 + 4 = 7, for every value that was computed."""
    lines: list[str] = []
    numbers = graph.numbers() if values else {}
    computed = [x for x in graph.nodes if x.op is not None and x not in graph.aliases]
    for node in computed[:LINES]:
        lines.append(_made(graph, node, numbers, values))
    if len(computed) > LINES:
        lines.append(r"\ldots")
    if not lines:
        return None
    return Step("names", sentence("Give every intermediate value a name.", lang), tuple(lines))


def _made(graph: SymbolicGraph, node: Node, numbers: Mapping[Name, Piece], values: bool) -> str:
    """One value: what it is made of, with numbers, or with shapes."""
    made = graph.shown[node]
    text = write(made)
    if len(text) > LONG:
        text = rf"\operatorname{{{_word(node.op)}}}(\ldots)"
    sides = [write(graph.terms[node]), text]
    entries = ""
    if values and node.data is not None:
        if not node.shape and all(not x.shape for x in node.inputs):
            sides.append(write(made, numbers))
        entries = array_latex(node.data)
        sides.append(entries)
    line = equation(*sides)
    shapes = shape_line(made, graph.specs[node].shape)
    if node.shape and not shapes and not entries:
        shapes = shape_text(graph.specs[node].shape)
    return line + (rf"\qquad {shapes}" if shapes else "")


def _word(op: Op | None) -> str:
    return "".join(c for c in (op.name if op else "") if c.isalpha())
