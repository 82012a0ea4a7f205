"""`plot_dot_graph`: where scripts of the third volume import it from."""

from __future__ import annotations

from typing import Any


def plot_dot_graph(output: Any, verbose: bool = True, to_file: str = "graph.svg") -> None:
    """Draw the graph of a variable into a file, by its suffix: .svg, .png, .html, .dot …"""
    output.graph.save(to_file)
