"""`draw_dot`: the picture of micrograd's notebook, each value a box with its data and its grad.

The text is DOT, which Graphviz reads; in a notebook the same graph is drawn by seegrad itself.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from seegrad.drawing.display import scene_of
from seegrad.drawing.export.svg import to_svg
from seegrad.errors import FormatError
from seegrad.files import as_path, write_whole
from seegrad.micrograd.engine import Value


def trace(root: Value) -> tuple[set[Value], set[tuple[Value, Value]]]:
    """The values that root was computed from, with root, and the edges between them."""
    nodes: set[Value] = set()
    edges: set[tuple[Value, Value]] = set()
    waiting = [root]
    while waiting:
        value = waiting.pop()
        if value in nodes:
            continue
        nodes.add(value)
        for child in value._prev:
            edges.add((child, value))
            waiting.append(child)
    return nodes, edges


class Dot:
    """A picture: `source` is its DOT text; a notebook shows it; `render(path)` writes it."""

    def __init__(self, source: str, root: Value, format: str) -> None:
        self.source, self.root, self.format = source, root, format

    def _repr_svg_(self) -> str:
        return to_svg(scene_of(self.root.node))

    def render(self, filename: str | Path = "graph", **options: Any) -> str:
        """Write `filename` with the picture's format: ".svg" or ".dot"; the path it has now."""
        path = as_path(f"{filename}.{self.format}")
        text = self.source if self.format == "dot" else self._repr_svg_()
        write_whole(path, text.encode("utf-8"))
        return str(path)

    def __str__(self) -> str:
        return self.source


def draw_dot(root: Value, format: str = "svg", rankdir: str = "LR") -> Dot:
    """The graph of a value, every value with `data` and `grad`, every operation a circle.

    Args:
        format: "svg" or "dot": what `render` writes.
        rankdir: "LR" from left to right, "TB" from top to bottom.

    Raises FormatError for another format or direction.

    >>> a = Value(2.0, label="a")
    >>> print(draw_dot(a * 3).source.count("shape=record"))
    3
    """
    if format not in ("svg", "dot"):
        raise FormatError("an unknown format of a picture", asked="svg, dot", came=format)
    if rankdir not in ("LR", "TB"):
        raise FormatError("an unknown direction of a picture", asked="LR, TB", came=rankdir)
    nodes, edges = trace(root)
    names = {
        value: f"n{i}" for i, value in enumerate(sorted(nodes, key=lambda v: -v.node.order))
    }
    lines = ["digraph {", f"  rankdir={rankdir}"]
    for value, name in names.items():
        text = f"{value.label} | " if value.label else ""
        text = f"{{ {text}data {value.data:.4f} | grad {value.grad:.4f} }}"
        lines.append(f'  {name} [label="{_escaped(text)}" shape=record]')
        if value._op:
            lines.append(f'  {name}op [label="{_escaped(value._op)}"]')
            lines.append(f"  {name}op -> {name}")
    lines += sorted(f"  {names[child]} -> {names[value]}op" for child, value in edges)
    return Dot("\n".join([*lines, "}"]) + "\n", root, format)


def _escaped(text: str) -> str:
    return text.replace("\\", "\\\\").replace('"', '\\"')


