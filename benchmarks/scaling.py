"""How the cost of a training step grows with the batch, the width, the depth and the threads.

Every point of every curve is a network of its own; all contenders take it in turns. Drawing the
curves is `curves.py`'s business.
"""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any

import seegrad as sg
from benchmarks.compiled import Task, epochs, our_step, torch_step
from benchmarks.harness import OURS, Curve, Result, finding, installed, rest
from seegrad.compiler.runtime import thread_pool

SAMPLES = 3
SHORTEST = 0.03
"""Seconds that one sample lasts at least."""
COMPILING = "seegrad, first call"
"""Tracing and compiling: once, not for each step."""
CONTENDERS = (OURS, "numpy", "torch", "jax (scan)")

Runs = Mapping[str, Callable[[], object]]


def _sample(run: Callable[[], object]) -> float:
    calls, start = 0, time.perf_counter()
    while (took := time.perf_counter() - start) < SHORTEST or not calls:
        run()
        calls += 1
    return took / calls


def _point(task: Task, runs: Runs) -> dict[str, float]:
    """Seconds a step for each contender, and what our first call takes beyond its steps."""
    found: dict[str, list[float]] = {name: [] for name in runs}
    start = time.perf_counter()
    runs[OURS]()
    first = time.perf_counter() - start
    for run in runs.values():
        run()
    for _ in range(SAMPLES):
        for name, run in runs.items():
            rest()
            found[name].append(_sample(run) / len(task.order))
    medians = {name: statistics.median(times) for name, times in found.items()}
    compiling = max(first - medians[OURS] * len(task.order), 0.0)
    return {**medians, COMPILING: compiling}


def _curve(axis: str, about: str, tasks: Mapping[int, Task]) -> Curve:
    points = []
    for task in tasks.values():
        every = epochs(task)
        points.append(_point(task, {name: every[name] for name in CONTENDERS if name in every}))
    return _joined(axis, about, tuple(tasks), points)


def _joined(
    axis: str, about: str, places: tuple[int, ...], points: Sequence[Mapping[str, float]]
) -> Curve:
    names = dict.fromkeys(name for point in points for name in point)
    return Curve(axis, about, places,
                 {name: tuple(point.get(name) for point in points) for name in names})


def _epoch(step: Callable[[Any, Any], Any], x: Any, t: Any, order: Any) -> None:
    for rows in order:
        step(x[rows], t[rows])


def _by_threads(task: Task) -> Curve:
    """Ours and PyTorch's, the two that can be told how many threads to use."""
    places = tuple(range(1, thread_pool.thread_count() + 1))
    points = []
    for threads in places:
        step = sg.compile(our_step(task).function, threads=threads)
        runs: dict[str, Callable[[], object]] = {
            OURS: partial(step.epoch, task.x, task.t, batch=task.batch, rows=task.order)
        }
        if installed("torch"):
            import torch

            x, t, order = map(torch.from_numpy, (task.x, task.t, task.order))
            theirs = torch_step(task, threads)
            runs["torch"] = partial(_epoch, theirs, x, t, order)
        points.append(_point(task, runs))
    return _joined("threads", "784-512-512-10, ReLU, batch 128", places, points)


@finding("SCALE")
def scaling() -> Result:
    """Microseconds a step as batch, width, depth and threads grow."""
    batches = (1, 4, 16, 64, 256, 1024, 4096)
    widths = (16, 64, 256, 1024, 2048)
    depths = (1, 2, 4, 8, 16, 32, 64)
    curves = (
        _curve("batch", "64-128-10, ReLU", {
            n: Task((64, 128, 10), n, 4096, steps=max(4, 400 // n)) for n in batches
        }),
        _curve("width", "64-w-w-10, ReLU, batch 64", {
            n: Task((64, n, n, 10), 64, 1000, steps=8) for n in widths
        }),
        _curve("depth", "64 wide, ReLU, batch 64", {
            n: Task((64, *[64] * n, 10), 64, 1000, steps=8) for n in depths
        }),
        _by_threads(Task((784, 512, 512, 10), 128, 2000, steps=8)),
    )  # fmt: skip
    return Result("SCALE", "how the cost of a step grows",
                  curves=curves)
