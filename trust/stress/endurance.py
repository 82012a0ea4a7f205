"""C4, S3, S6: compiled steps again and again: threads, a million steps, a thousand shapes.

What is left behind is measured in an interpreter of its own, so that it is nobody else's.
"""

from __future__ import annotations

import ctypes
import gc
import importlib
import os
import threading
from contextlib import suppress
from functools import lru_cache
from typing import Any

import numpy as np

import seegrad as sg
from seegrad.compiler import build
from trust.harness.isolation import memory, run_apart
from trust.harness.row import Found, Run, first, row

compiling: Any = importlib.import_module("seegrad.compiler.compile")


def _compiled_step(net: Any, opt: Any, threads: int | None = None) -> Any:
    """A step of training: forward, backward, update."""

    def step(x: Any, t: Any) -> Any:
        opt.zero_grad()
        loss = sg.softmax_cross_entropy(net(x), t)
        loss.backward()
        opt.step()
        return loss

    return sg.compile(step, threads=threads)


# --------------------------------------------------------------- C4


def _trained(steps: int, threads: int) -> list[float]:
    """Losses and the last weights of a small compiled training, in whole."""
    sg.nn.seed(0)
    net = sg.nn.Sequential(sg.nn.Affine(64, 100), sg.nn.Sigmoid(), sg.nn.Affine(100, 10))
    opt = sg.optim.SGD(net.parameters(), lr=0.1)
    rng = np.random.default_rng(0)
    x, t = rng.normal(size=(200, 64)).astype(np.float32), rng.integers(0, 10, 200)

    quick = _compiled_step(net, opt, threads)
    losses = [float(quick(x, t)) for _ in range(steps)]
    return losses + [float(p.value.astype(np.float64).sum()) for p in net.parameters()]


def bits(steps: int, threads: int) -> dict[str, Any]:
    """A short training, as exact text."""
    return {"bits": [x.hex() for x in _trained(steps, threads)]}


@row(
    "C4",
    "threads 1, 2, 4, 8: the same training again and again",
    "20 runs each: the same bits at a given count",
    count=20,
    sample=1,
    seconds=400,
)
def c4(run: Run) -> Found:
    faults, done = [], 0
    right = {
        threads: run_apart("trust.stress.endurance:bits", steps=10, threads=threads)["bits"]
        for threads in (1, 2, 4, 8)
    }
    for k in range(run.count):
        if k and run.out_of_time():
            break
        for threads, apart in right.items():
            done += 1
            if bits(10, threads)["bits"] != apart:
                faults.append(f"{threads} threads, run {k}: other bits")
    return Found(
        f"{len(faults)} of {done} runs differ", first(faults), whole=done == 4 * run.count
    )


# --------------------------------------------------------------- S3


def endure(steps: int) -> dict[str, Any]:
    """So many compiled steps: what they leave behind, and whether they repeat."""
    sg.nn.seed(0)
    net = sg.nn.Affine(4, 3)
    opt = sg.optim.SGD(net.parameters(), lr=0.001)
    rng = np.random.default_rng(0)
    x, t = rng.normal(size=(8, 4)).astype(np.float32), rng.integers(0, 3, 8)

    quick = _compiled_step(net, opt)
    start = {name: np.array(value) for name, value in net.state_dict().items()}
    ends = []
    for _ in range(2):
        net.load_state_dict(start)
        for _ in range(200):
            quick(x, t)
        before = (memory(), threading.active_count(), len(os.listdir("/proc/self/fd")))
        for _ in range(steps // 2):
            quick(x, t)
        after = (memory(), threading.active_count(), len(os.listdir("/proc/self/fd")))
        ends.append([float(v).hex() for p in net.parameters() for v in p.value.ravel()])
    return {"grown": after[0] - before[0], "threads": after[1] - before[1],
            "handles": after[2] - before[2], "repeats": ends[0] == ends[1]}  # fmt: skip


@row(
    "S3",
    "compiled steps without end",
    "10⁶ steps: bitwise repeatable; memory, threads and file handles flat",
    count=1_000_000,
    sample=2000,
    seconds=300,
)
def s3(run: Run) -> Found:
    found = run_apart(
        "trust.stress.endurance:endure", seconds=min(run.seconds, 600) + 60, steps=run.count
    )
    faults = []
    if not found["repeats"]:
        faults.append("the second half does not repeat the first")
    if found["grown"] > 5 * 2**20 or found["threads"] or found["handles"]:
        faults.append(f"left behind: {found}")
    figure = f"{run.count:,} steps: {found['grown'] / 2**20:+.1f} MB, repeats: {found['repeats']}"
    return Found(figure, first(faults, 200))


# --------------------------------------------------------------- S6

MB = 2**20
FLAT = 10 * MB
"""So much may the memory grow by between a fifth of the shapes and all: four compiled programs."""


def _held() -> int:
    """Bytes in memory, without what the allocator keeps for later."""
    gc.collect()
    with suppress(OSError, AttributeError):
        ctypes.CDLL(None).malloc_trim(0)
    return memory()


def retraced(shapes: int) -> dict[str, Any]:
    """One compiled training step for so many shapes, none of them twice: what memory it takes.

    The rows of the mini-batch change; weights and optimizer stay. A fifth of the shapes fills
    what is kept on purpose, which is less where they are few.
    """
    compiling.KINDS = kept = min(compiling.KINDS, shapes // 5)
    build.made = lru_cache(kept)(build.made.__wrapped__)
    sg.nn.seed(0)
    net = sg.nn.Sequential(sg.nn.Affine(8, 16), sg.nn.Sigmoid(), sg.nn.Affine(16, 3))
    opt = sg.optim.Adam(net.parameters(), lr=0.001)
    rng = np.random.default_rng(0)

    step = _compiled_step(net, opt)
    traced, last, before, programs = 0, None, 0, set()
    for k, n in enumerate(rng.permutation(shapes) + 1):
        if k == shapes // 5:
            before = _held()
        step(rng.normal(size=(n, 8)).astype(np.float32), rng.integers(0, 3, n))
        traced += step.newest is not last
        last = step.newest
        programs.add(hash(step.assembly))
    return {"traced": traced, "programs": len(programs), "before": before, "after": _held()}


@row(
    "S6",
    "a compiled training step called with another shape each time, so that it is traced anew",
    "1,000 shapes: resident memory flat from the 200th on (≤ 10 MB, four programs)",
    count=1000,
    sample=20,
    seconds=900,
)
def s6(run: Run) -> Found:
    found = run_apart(
        "trust.stress.endurance:retraced", seconds=min(run.seconds, 900) + 60, shapes=run.count
    )
    before, after = found["before"] / MB, found["after"] / MB
    figure = (
        f"{found['programs']:,} different programs: {before:.1f} MB after {run.count // 5:,},"
        f" {after:.1f} MB after all ({after - before:+.1f} MB)"
    )
    faults = [] if found["traced"] == run.count else ["not every shape was traced once"]
    if found["programs"] != run.count:
        faults.append(f"{found['programs']:,} different programs of {run.count:,}")
    if found["after"] - found["before"] > FLAT:
        faults.append(f"{after - before:.1f} MB stay behind")
    return Found(figure, first(faults))
