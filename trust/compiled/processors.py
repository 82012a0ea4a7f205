"""A1: other processors: narrower vectors, other counts of threads, and aarch64 by emulation.

On each, a process of its own holds random programs and calls of the op table against eager. The
emulated one needs a root folder with an aarch64 Python and the project's dependencies, which
`tools/emulated_arm64.py` makes and the variable SEEGRAD_ARM64_ROOT names; where there is none,
the figure says so.
"""

from __future__ import annotations

import json
import os
import platform
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from unittest import mock

import numpy as np

import seegrad as sg
from seegrad.compiler import target
from seegrad.compiler.runtime import executable
from seegrad.graph.op import Case, Op
from trust.compiled.eager_agreement import compiled_fault
from trust.harness.isolation import environment
from trust.harness.random_programs import random_program
from trust.harness.row import Found, Run, first, row
from trust.harness.sampling import inputs_of, of_floats

PROJECT = Path(__file__).parents[2]
ROOT = "SEEGRAD_ARM64_ROOT"
SETS = ("avx512", "avx2", "sse")
THREADS = (1, 2, 4)
CALLS = 8
"""So many calls of the table are held for each random program."""


@dataclass(frozen=True)
class Processor:
    """A processor, and how Python is started on it."""

    name: str
    python: Sequence[str]
    settings: Mapping[str, str]


def call_fault(op: Op, case: Case, rng: np.random.Generator) -> str:
    """How compiled code differs from eager for one call and its derivatives; nothing: not at all.

    Calls that eager refuses are passed over: row C3 holds those.
    """
    function, points = of_floats(op, case, inputs_of(op, case, rng))
    weights = rng.uniform(0.5, 1.5, sg.as_tensor(function(*points)).shape)

    def total(*xs: Any) -> Any:
        return (function(*xs) * weights).sum()

    each = range(len(points))
    try:
        wanted = [function(*points), *sg.grad(total, each)(*points)]
    except sg.SeegradError:
        return ""
    got = [sg.compile(function)(*points), *sg.compile(sg.grad(total, each))(*points)]
    far = [
        i for i, (a, b) in enumerate(zip(wanted, got))
        if not np.allclose(np.asarray(a), np.asarray(b), rtol=1e-12, atol=1e-12, equal_nan=True)
    ]  # fmt: skip
    return f"{op.name} {case.shapes} {dict(case.attrs)}: results {far} differ" if far else ""


def faults_here(count: int, seed: int) -> dict[str, Any]:
    """What differs from eager on the processor at hand, in so many programs and calls."""
    rng = np.random.default_rng(seed)
    programs = [random_program(rng, 5, int(rng.integers(6, 61))) for _ in range(count)]
    table = [(op, case) for op in sg.TABLE.values() for case in op.cases]
    chosen = [table[i] for i in rng.permutation(len(table))[: CALLS * count]]
    with np.errstate(all="ignore"), mock.patch.object(executable, "POISON", True):
        found = [compiled_fault(p) for p in programs]
        found += [call_fault(op, case, rng) for op, case in chosen]
    return {
        "machine": platform.machine(), "bytes": target.host().bytes, "done": len(found),
        "faults": [fault for fault in found if fault],
    }  # fmt: skip


def faults_on(processor: Processor, count: int, seed: int, seconds: float) -> dict[str, Any]:
    """What differs there; a process that fails or hangs is a fault."""
    code = (
        f"import json; from trust.compiled.processors import faults_here as f;"
        f" print(); print(json.dumps(f({count}, {seed})))"
    )
    try:
        done = subprocess.run(
            [*processor.python, "-c", code], env={**environment(), **processor.settings},
            capture_output=True, text=True, timeout=seconds, check=False,
        )  # fmt: skip
    except subprocess.TimeoutExpired:
        return {"done": 0, "faults": [f"had not ended after {seconds:.0f} s"]}
    if done.returncode:
        return {"done": 0, "faults": [f"exit {done.returncode}: {done.stderr.strip()[-300:]}"]}
    found: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return found


def forced() -> Iterator[Processor]:
    """This processor as if it were older, on several threads; it must be of the kind of x86."""
    for most in SETS if target.host().x86 else ():
        for threads in THREADS:
            yield Processor(
                f"{most} on {threads}", [sys.executable],
                {target.MAX_ISA: most, "SEEGRAD_NUM_THREADS": str(threads)},
            )  # fmt: skip


@contextmanager
def emulated(root: Path) -> Iterator[Processor]:
    """An aarch64 with a copy of the project inside of its root."""
    folder = Path(tempfile.mkdtemp(prefix="seegrad-", dir=root))
    try:
        for part in ("src", "trust"):
            shutil.copytree(PROJECT / part, folder / part)
        inside = f"/{folder.name}"
        found = f"PYTHONPATH=/site:{inside}/src:{inside}"
        python = f"python{sys.version_info[0]}.{sys.version_info[1]}"
        # The emulated processor has SVE, for which OpenBLAS 0.3.31 forms x @ x.T wrongly.
        settings = ["SEEGRAD_NUM_THREADS=2", "OPENBLAS_CORETYPE=ARMV8"]
        command = ["chroot", str(root), "env", found, *settings, python]
        yield Processor("aarch64", command, {})
    finally:
        shutil.rmtree(folder)


@row(
    "A1",
    "random programs and the table's calls, compiled and eager, value and derivative: on x86 as"
    " AVX-512, AVX2 and SSE with 1, 2 and 4 threads each; on aarch64 by emulation",
    "≥ 1,000 on each x86, ≥ 100 on aarch64: equal to 1e-12 in float64",
    count=120,
    sample=1,
    seconds=3600,
)
def a1(run: Run) -> Found:
    faults: list[str] = []
    done: dict[str, int] = {}
    left_out: list[str] = []

    def held(processor: Processor, count: int) -> None:
        there = faults_on(processor, count, run.seed, min(run.seconds, 3600))
        faults.extend(f"{processor.name}: {fault}" for fault in there["faults"])
        done[processor.name] = there["done"]

    some = list(forced())
    if run.count < len(THREADS):  # a sample: one count of threads for each set of instructions
        some = [p for i, p in enumerate(some) if i % len(THREADS) == i // len(THREADS)]
    for processor in some:
        if run.out_of_time():
            left_out.append(processor.name)
        else:
            held(processor, run.count)
    if ROOT in os.environ:
        with emulated(Path(os.environ[ROOT])) as processor:
            held(processor, max(1, run.count // 8))
    figure = ", ".join(f"{name}: {count:,}" for name, count in done.items())
    figure = f"{len(faults)} differ of {sum(done.values()):,} ({figure})"
    if left_out:
        figure += f"; no time for {', '.join(left_out)}"
    if ROOT not in os.environ:
        figure += f"; aarch64 skipped: {ROOT} names no emulated root"
    return Found(figure, first(faults), whole=not left_out)
