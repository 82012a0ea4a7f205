"""What every benchmark shares: contenders measured side by side in one run, as table and JSON.

A contender is a function of nothing. In every round each takes its turn, in an order that
rotates, so that a busy moment of the machine falls on all. No workload lives here.
"""

from __future__ import annotations

import gc
import importlib.metadata
import importlib.util
import os
import platform
import statistics
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

OURS = "seegrad"
PEERS = ("numpy", "torch", "jax", "autograd", "mygrad", "micrograd")
SAMPLE = 0.1
"""Seconds that one measurement lasts at least; shorter calls are repeated within it, so that
everybody also pays for clearing away what they leave behind."""
REST = 0.1
"""Seconds before each measurement: threads of the contender before may still be waiting for work
(OpenBLAS's take processor time for 80 ms after a product, as measured)."""


@dataclass(frozen=True)
class Target:
    """At least `factor` times as fast as `peer`; "fastest": than every peer."""

    peer: str
    factor: float

    def __str__(self) -> str:
        return f"≥ {self.factor:g}× {self.peer}"


@dataclass(frozen=True)
class Bench:
    """A workload: its key in the list of targets, and what makes its contenders."""

    key: str
    title: str
    contenders: Callable[[], Mapping[str, Callable[[], object]]]
    targets: tuple[Target, ...]
    unit: str
    rounds: int


@dataclass(frozen=True)
class Timing:
    """Seconds a call, over the rounds."""

    name: str
    seconds: tuple[float, ...]

    @property
    def median(self) -> float:
        return statistics.median(self.seconds)

    @property
    def spread(self) -> tuple[float, float]:
        """The quartiles."""
        if len(self.seconds) < 2:
            return self.seconds[0], self.seconds[0]
        low, _, high = statistics.quantiles(self.seconds, n=4, method="inclusive")
        return low, high


@dataclass(frozen=True)
class Curve:
    """How the cost of a call grows along one axis: seconds for each contender, None: not run."""

    axis: str
    about: str
    places: tuple[int, ...]
    seconds: Mapping[str, tuple[float | None, ...]]


@dataclass(frozen=True)
class Result:
    """What one benchmark found: timings, curves, and facts that are neither."""

    key: str
    title: str
    timings: tuple[Timing, ...] = ()
    targets: tuple[Target, ...] = ()
    unit: str = "µs"
    facts: Mapping[str, Any] = field(default_factory=dict)
    missing: tuple[str, ...] = ()
    curves: tuple[Curve, ...] = ()

    def of(self, name: str) -> Timing | None:
        return next((t for t in self.timings if t.name == name), None)

    def ratio(self, peer: str) -> float | None:
        """How many times faster we are than `peer` (or than the fastest)."""
        ours = self.of(OURS)
        others = [t for t in self.timings if not t.name.startswith(OURS)]
        theirs = min(others, key=lambda t: t.median, default=None) if peer == "fastest" \
            else self.of(peer)  # fmt: skip
        return theirs.median / ours.median if ours and theirs else None


BENCHES: dict[str, Bench | Callable[[], Result]] = {}


def bench(
    key: str, title: str, *, targets: Sequence[Target] = (), unit: str = "µs", rounds: int = 15
) -> Callable[[Callable[[], Mapping[str, Callable[[], object]]]], Bench]:
    """Enter a function that gives {name: contender}; peers that are not installed stay out."""

    def enter(contenders: Callable[[], Mapping[str, Callable[[], object]]]) -> Bench:
        made = Bench(key, title, contenders, tuple(targets), unit, rounds)
        BENCHES[key] = made
        return made

    return enter


def finding(key: str) -> Callable[[Callable[[], Result]], Callable[[], Result]]:
    """Enter a function that measures in its own way and gives a Result."""

    def enter(measure: Callable[[], Result]) -> Callable[[], Result]:
        BENCHES[key] = measure
        return measure

    return enter


def installed(name: str) -> bool:
    """Is this peer there?"""
    return importlib.util.find_spec(name) is not None


def seconds(run: Callable[[], object], calls: int) -> float:
    """The time of one of `calls` calls."""
    start = time.perf_counter()
    for _ in range(calls):
        run()
    return (time.perf_counter() - start) / calls


def rest() -> None:
    """What comes between two contenders: garbage is cleared away, idle threads go to sleep."""
    gc.collect()
    time.sleep(REST)


def _calls(run: Callable[[], object]) -> int:
    """So many calls make a sample that is long enough; the first call, which may compile, is
    left out."""
    run()
    once = max(seconds(run, 1), 1e-9)
    return max(1, int(SAMPLE / once))


def side_by_side(
    contenders: Mapping[str, Callable[[], object]], rounds: int
) -> tuple[Timing, ...]:
    """Each contender's timings, taken in turns."""
    names = list(contenders)
    calls = {name: _calls(contenders[name]) for name in names}
    found: dict[str, list[float]] = {name: [] for name in names}
    for turn in range(rounds):
        shift = turn % len(names)
        for name in names[shift:] + names[:shift]:
            rest()
            found[name].append(seconds(contenders[name], calls[name]))
    return tuple(Timing(name, tuple(times)) for name, times in found.items())


def measure(key: str, rounds: int | None = None) -> Result:
    """Run one benchmark."""
    made = BENCHES[key]
    if not isinstance(made, Bench):
        return made()
    contenders = made.contenders()
    wanted = {t.peer for t in made.targets} - {"fastest"}
    timings = side_by_side(contenders, rounds or made.rounds)
    missing = tuple(sorted(wanted - contenders.keys()))
    return Result(key, made.title, timings, made.targets, made.unit, missing=missing)


# --------------------------------------------------------------- what people read

_UNITS = {"s": 1.0, "ms": 1e3, "µs": 1e6}


def table(result: Result) -> str:
    """The result as lines of text."""
    lines = [f"{result.key}  {result.title}"]
    scale, ours = _UNITS[result.unit], result.of(OURS)
    for t in sorted(result.timings, key=lambda t: t.median):
        low, high = t.spread
        row = f"    {t.name:22s} {t.median * scale:10.2f} {result.unit}"
        row += f"   {low * scale:9.2f} … {high * scale:.2f}"
        if ours is not None and t is not ours:
            row += f"   {t.median / ours.median:7.2f}× ours"
        lines.append(row)
    for name, value in result.facts.items():
        lines.append(f"    {name:40s} {value}")
    for curve in result.curves:
        lines += _curve_rows(curve, scale, result.unit)
    for target in result.targets:
        ratio = result.ratio(target.peer)
        if ratio is None:
            lines.append(f"    target {target}: {target.peer} is not installed")
        else:
            verdict = "met" if ratio >= target.factor else "NOT met"
            lines.append(f"    target {target}: {ratio:.2f}× — {verdict}")
    return "\n".join(lines)


def _curve_rows(curve: Curve, scale: float, unit: str) -> list[str]:
    head = "".join(f"{place:>12d}" for place in curve.places)
    rows = [f"    {curve.axis + ', ' + unit:22s}{head}   ({curve.about})"]
    for name, times in curve.seconds.items():
        cells = ("-" if t is None else f"{t * scale:.1f}" for t in times)
        rows.append(f"      {name:20s}" + "".join(f"{cell:>12s}" for cell in cells))
    return rows


def as_data(result: Result) -> dict[str, Any]:
    """The result for JSON, times in seconds."""
    return {
        "key": result.key,
        "title": result.title,
        "timings": {
            t.name: {"median": t.median, "quartiles": t.spread, "rounds": t.seconds}
            for t in result.timings
        },
        "targets": [
            {"peer": t.peer, "factor": t.factor, "found": result.ratio(t.peer)}
            for t in result.targets
        ],
        "facts": dict(result.facts),
        "unit": result.unit,
        "curves": [
            {"axis": c.axis, "about": c.about, "places": c.places, "seconds": dict(c.seconds)}
            for c in result.curves
        ],
    }


def machine() -> dict[str, str]:
    """What it ran on."""
    name = platform.processor() or platform.machine()
    try:
        for line in Path("/proc/cpuinfo").read_text().splitlines():
            if line.startswith("model name"):
                name = line.partition(":")[2].strip()
                break
    except OSError:
        pass
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    versions = {}
    for peer in PEERS:
        try:
            versions[peer] = importlib.metadata.version(peer)
        except importlib.metadata.PackageNotFoundError:
            versions[peer] = "not installed"
    return {"cpu": name, "cores": str(cores), "system": platform.platform(),
            "python": sys.version.split()[0], **versions}  # fmt: skip
