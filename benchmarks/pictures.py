"""Pictures: how long a graph takes to become a page and to be seen, and how large the page is."""

from __future__ import annotations

import os
import shutil
import statistics
import tempfile
import time
from pathlib import Path
from typing import Any

import seegrad as sg
from benchmarks.drawn_networks import NETWORKS
from benchmarks.harness import Result, Timing, finding, installed
from seegrad.drawing.export.html import bundle, to_html
from seegrad.drawing.layout.measure import laid
from seegrad.drawing.scene.build import build_scene

NODES = (100, 1_000, 10_000)
SMALL = 5  # nodes of a picture of which the page itself is most
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
        text, seconds = made(graph)
        scene, layout = build_scene(graph), []
        for _ in range(ROUNDS):
            start = time.perf_counter()
            laid(scene)
            layout.append(time.perf_counter() - start)
        timings.append(Timing(f"{nodes:,} nodes to a page", seconds))
        facts[f"{nodes:,} nodes: layout, closed"] = f"{statistics.median(layout) * 1e3:.1f} ms"
        facts[f"{nodes:,} nodes: page"] = f"{len(text.encode()) / 1e3:.0f} kB"
    try:
        paints = first_paints(text)
        timings.append(Timing(f"{NODES[-1]:,} nodes, first paint", paints))
    except Unseen as reason:
        facts[f"{NODES[-1]:,} nodes, first paint"] = f"not measured: {reason}"
    try:
        for name, make in NETWORKS.items():
            drawn, seconds = made(make())
            opened, acted = first_paints(drawn), actions(drawn)
            timings.append(Timing(f"{name} to a page", seconds))
            timings.append(Timing(f"{name}, first paint", opened))
            timings.append(Timing(f"{name}, opening a box", acted))
            facts[f"{name}: page"] = f"{len(drawn.encode()) / 1e3:.0f} kB"
    except Unseen as reason:
        facts["networks, first paint"] = f"not measured: {reason}"
    small = to_html(build_scene(chain(SMALL).graph, live=True))
    facts[f"{SMALL} nodes: page"] = f"{len(small.encode()) / 1e3:.0f} kB"
    facts["the explorer alone"] = f"{len(bundle().encode()) / 1e3:.1f} kB"
    facts["targets"] = (
        "10,000 nodes: page ≤ 3 s, first paint ≤ 2 s; networks ≤ 1 s, an action ≤ 0.1 s; "
        "small page ≤ 250 kB, explorer ≤ 100 kB"
    )
    return Result("PIC", "a graph becomes a page", tuple(timings), unit="s", facts=facts)


def made(graph: Any) -> tuple[str, tuple[float, ...]]:
    """A graph's page, and the seconds that it takes to write it, round by round."""
    seconds, text = [], ""
    for _ in range(ROUNDS):
        start = time.perf_counter()
        text = to_html(build_scene(graph, live=True))
        seconds.append(time.perf_counter() - start)
    return text, tuple(seconds)


def actions(page: str) -> tuple[float, ...]:
    """Seconds that the page takes to open a closed box: fold, layout, drawing."""
    return tuple(_looked_at(page, ACTED, "acted"))


class Unseen(Exception):
    """Why no page can be looked at here."""


def first_paints(page: str) -> tuple[float, ...]:
    """Seconds from opening the page in a headless browser to its first boxes on the screen."""
    return tuple(_looked_at(page, "window.acted = () => 0", "painted"))


def _looked_at(page: str, script: str, asked: str) -> list[float]:
    """What a fresh page answers, round by round, in seconds."""
    if not installed("playwright"):
        raise Unseen("the package playwright is not installed")
    chromium = os.environ.get("SEEGRAD_CHROMIUM") or shutil.which("chromium")
    if chromium is None:
        raise Unseen("chromium is not installed")
    from playwright.sync_api import sync_playwright

    found: list[float] = []
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as play:
        file = Path(folder) / "page.html"
        file.write_text(page, "utf-8")
        browser = play.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        for _ in range(ROUNDS):
            context = browser.new_context(offline=True, viewport={"width": 1200, "height": 700})
            context.add_init_script(PAINTED)
            context.add_init_script(script)
            opened = context.new_page()
            opened.goto(file.as_uri())
            milliseconds = opened.evaluate("painted")
            if asked == "acted":
                milliseconds = opened.evaluate("acted()")
            found.append(milliseconds / 1e3)
            context.close()
        browser.close()
    return found


PAINTED = """
window.painted = new Promise((tell) => {
  new MutationObserver((changes, watcher) => {
    if (!document.querySelector(".sg svg.canvas .box")) return;
    watcher.disconnect();
    requestAnimationFrame(() => requestAnimationFrame(() => tell(performance.now())));
  }).observe(document, { childList: true, subtree: true });
});
"""
"""The time since the page was asked for, in ms, once a frame with boxes has been shown."""

ACTED = """
window.acted = () => {
  const box = document.querySelector(".sg svg.canvas .box.closed");
  const began = performance.now();
  box.dispatchEvent(new MouseEvent("click", { bubbles: true }));
  document.querySelector(".sg svg.canvas").getBoundingClientRect();
  return performance.now() - began;
};
"""
"""The time, in ms, of opening the first closed box, up to a layout of the page."""
