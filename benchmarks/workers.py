"""Several processes: the speed-up of training with 1 and 2, and how it goes on from there.

On paper a step with p processes takes update + (step − update)/p + 2·(p−1)·(α + β·bytes/p): every
process makes the whole update, a p-th of the rest, and its part of a ring all-reduce, in which α is
what a message costs and β what a byte costs, and of which the backward pass hides what it can. α, β
and the update are measured here; the lines on paper are that formula, not measurements, and know
nothing of cores that share memory and clock ("without the sums" shows what those cost).
"""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import numpy as np

from benchmarks.harness import Result, Timing, finding, installed

JOB = Path(__file__).with_name("worker_job.py")
FORECAST = (2, 4, 8, 16, 64)


def measured(count: int) -> dict[str, list[float]]:
    """What `worker_job.py` says with that many processes."""
    from seegrad.parallel.launching import launcher

    done = subprocess.run(
        [launcher(), "-n", str(count), "-genv", "OPENBLAS_NUM_THREADS", "1", sys.executable, JOB],
        capture_output=True, text=True, check=True, timeout=300, stdin=subprocess.DEVNULL,
    )  # fmt: skip
    found: dict[str, list[float]] = json.loads(done.stdout)
    return found


def fitted(bytes_: list[float], seconds: list[float]) -> tuple[float, float]:
    """α and β from seconds = 2·(α + β·bytes/2), least squares of the relative errors."""
    sizes, times = np.asarray(bytes_), np.asarray(seconds)
    rows = np.stack([2 / times, sizes / times], axis=1)
    alpha, beta = np.linalg.lstsq(rows, np.ones(len(times)), rcond=None)[0]
    return max(float(alpha), 0.0), max(float(beta), 0.0)


def compiled_steps(what: str, count: int, steps: int) -> dict[str, list[float]]:
    """Seconds of compiled steps with that many processes, each with one thread."""
    from seegrad.parallel.launching import launcher

    threads = ("-genv", "OPENBLAS_NUM_THREADS", "1", "-genv", "SEEGRAD_NUM_THREADS", "1")
    job = Path(__file__).with_name("compiled_worker_job.py")
    done = subprocess.run(
        [launcher(), "-n", str(count), *threads, sys.executable, str(job), what, str(steps)],
        capture_output=True, text=True, check=True, timeout=300, stdin=subprocess.DEVNULL,
    )  # fmt: skip
    found: dict[str, list[float]] = json.loads(done.stdout)
    return found


def _two_cores(key: str, what: str, title: str, steps: int) -> None:
    """Enter a row: one process on one core against two on two, in turns."""

    @finding(key)
    def row() -> Result:
        if not installed("mpi4py"):
            return Result(key, title, missing=("mpi4py",))
        kinds = ("steps", "computing")
        found: dict[str, dict[int, list[float]]] = {kind: {1: [], 2: []} for kind in kinds}
        for _ in range(3):
            for count in (1, 2):
                for kind, times in compiled_steps(what, count, steps).items():
                    found[kind][count] += times
        one, two = (float(np.median(found["steps"][count])) for count in (1, 2))
        alone = [float(np.median(found["computing"][count])) for count in (1, 2)]
        facts = {
            "speed-up with 2": f"{one / two:.2f}× (target ≥ 1.7×)",
            "processor time of a step, 1 and 2": f"{alone[0] * 1e3:.2f}, {alone[1] * 1e3:.2f} ms",
            "without sums and waiting": f"{alone[0] / alone[1]:.2f}×",
        }
        timings = tuple(Timing(f"{n} process" + "es" * (n > 1), tuple(s))
                        for n, s in found["steps"].items())  # fmt: skip
        return Result(key, title, timings, unit="ms", facts=facts)


_two_cores("P19", "lenet", "LeNet, batch 256, compiled: 2 processes on 2 cores against 1 on 1", 40)
_two_cores("P19b", "mlp", "MLP of 10⁶ weights, batch 1024, compiled: 2 on 2 cores against 1", 20)


@finding("WORKERS")
def workers() -> Result:
    title = "784-512-512-10, global batch 512, eager, one core a process: a step"
    if not installed("mpi4py"):
        return Result("WORKERS", title, missing=("mpi4py",))
    one, two = measured(1), measured(2)
    alpha, beta = fitted(two["bytes"], two["sums"])
    first, second = (float(np.median(found["steps"])) for found in (one, two))
    size = two["model"][0]
    update, own = float(np.median(one["update"])), float(np.median(two["own"]))
    facts = {
        "the update, that all make": f"{update * 1e3:.1f} ms",
        "with 2, without the sums": f"{own * 1e3:.1f} ms, {first / own:.2f}×",
        "speed-up with 2": f"{first / second:.2f}×, efficiency {first / second / 2:.0%}",
        "α a message, β a byte": f"{alpha * 1e6:.0f} µs, {beta * 1e9:.2f} ns",
    }
    for count in FORECAST:
        talk = 2 * (count - 1) * (alpha + beta * size / count)
        shared = update + (first - update) / count
        worst, best = shared + talk, max(shared, talk)
        facts[f"on paper with {count}"] = f"{first / worst:.1f}× to {first / best:.1f}×"
    timings = (Timing("1 process", tuple(one["steps"])), Timing("2 processes", tuple(two["steps"])))
    return Result("WORKERS", title, timings, unit="ms", facts=facts)
