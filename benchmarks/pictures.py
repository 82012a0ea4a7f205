"""Pictures: how long a graph takes to become a page, and how large the page is."""

from __future__ import annotations

import statistics
import time

import seegrad as sg
from benchmarks.harness import Result, Timing, finding
from seegrad.drawing.fit import laid
from seegrad.drawing.html import bundle, to_html
from seegrad.drawing.sketch import sketch

NODES = (100, 1_000, 10_000)
ROUNDS = 5


def chain(nodes: int) -> sg.Tensor:
    """A graph without layers, differentiated: the hardest to fold."""
    y = x = sg.tensor(1.0, name="x")
    for i in range(nodes):
        y = y * x if i % 3 == 0 else sg.tanh(y)
    y.backward()
    return y


@finding("PIC")
def pictures() -> Result:
    timings: list[Timing] = []
    facts: dict[str, str] = {}
    for nodes in NODES:
        graph = chain(nodes).graph
        page, layout = [], []
        for _ in range(ROUNDS):
            start = time.perf_counter()
            text = to_html(sketch(graph, live=True))
            page.append(time.perf_counter() - start)
            scene = sketch(graph)
            start = time.perf_counter()
            laid(scene)
            layout.append(time.perf_counter() - start)
        timings.append(Timing(f"{nodes:,} nodes to a page", tuple(page)))
        facts[f"{nodes:,} nodes: layout, closed"] = f"{statistics.median(layout) * 1e3:.1f} ms"
        facts[f"{nodes:,} nodes: page"] = f"{len(text.encode()) / 1e3:.0f} kB"
    facts["the explorer alone"] = f"{len(bundle().encode()) / 1e3:.0f} kB"
    facts["targets"] = "10,000 nodes to a page ≤ 3 s; explorer ≤ 80 kB"
    return Result("PIC", "a graph becomes a page", tuple(timings), unit="s", facts=facts)
