"""A1: other processors: narrower vectors, other counts of threads, and aarch64 by emulation.

Each is a process of its own that measures C1 there. The emulated one needs a root folder with an
aarch64 Python and the project's dependencies, which `tools/emulated_arm64.py` makes and which
the variable SEEGRAD_ARM64_ROOT names; where there is none, the figure says so.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

from seegrad.compiler import native
from trust.row import Found, Run, row

PROJECT = Path(__file__).parent.parent
ROOT = "SEEGRAD_ARM64_ROOT"
SETS = ("avx512", "avx2", "sse")
THREADS = (1, 2, 4)


def measured(command: Sequence[str], settings: Mapping[str, str], where: Path) -> str:
    """What C1 says there, or what went wrong."""
    done = subprocess.run(
        command, env={**os.environ, **settings}, cwd=where, capture_output=True, text=True,
        check=False,
    )  # fmt: skip
    lines = done.stdout.splitlines()
    if done.returncode == 0 and re.search(r"\b0 of [\d,]+ differ", done.stdout):
        return ""
    return " ".join(lines[-3:] + done.stderr.splitlines()[-3:]) or f"exit {done.returncode}"


def arguments(run: Run, share: int) -> list[str]:
    """How C1 is asked for its share of the cases."""
    count = max(1, run.count // share)
    return ["-m", "trust", "C1", "--count", f"C1={count}", "--seed", str(run.seed)]


@contextmanager
def copied_into(root: Path) -> Iterator[str]:
    """A copy of the project inside of the root, by the name that it has there."""
    folder = Path(tempfile.mkdtemp(prefix="seegrad-", dir=root))
    try:
        for part in ("src", "trust"):
            shutil.copytree(PROJECT / part, folder / part)
        yield f"/{folder.name}"
    finally:
        shutil.rmtree(folder)


def emulated(run: Run, root: Path) -> str:
    """What is wrong on aarch64."""
    with copied_into(root) as inside:
        settings = {"PYTHONPATH": f"/site:{inside}/src:{inside}", "SEEGRAD_NUM_THREADS": "2"}
        pairs = [f"{name}={value}" for name, value in settings.items()]
        python = [f"python{sys.version_info[0]}.{sys.version_info[1]}", *arguments(run, 20)]
        return measured(["chroot", str(root), "env", *pairs, *python], {}, PROJECT)


@row(
    "A1",
    "C1 on x86 with AVX-512, with AVX2 and with neither, on 1, 2 and 4 threads; on aarch64 by"
    " emulation",
    "equal to 1e-12 in float64 on each",
    count=900,
    sample=3,
    seconds=3600,
)
def a1(run: Run) -> Found:
    faults, tried = [], []
    if native.host().x86:
        share = len(SETS) * len(THREADS)
        for most in SETS:
            for threads in THREADS if run.count >= share else (2,):
                settings = {
                    native.MAX_ISA: most, "SEEGRAD_NUM_THREADS": str(threads),
                    "PYTHONPATH": os.pathsep.join([str(PROJECT / "src"), str(PROJECT)]),
                }  # fmt: skip
                fault = measured([sys.executable, *arguments(run, share)], settings, PROJECT)
                faults += [f"{most}, {threads} threads: {fault}"] if fault else []
        tried.append(f"x86 as {', '.join(SETS)} on {', '.join(map(str, THREADS))} threads")
    root = os.environ.get(ROOT)
    if root is None:
        tried.append(f"aarch64 skipped: {ROOT} names no emulated root")
    else:
        fault = emulated(run, Path(root))
        faults += [f"aarch64: {fault}"] if fault else []
        tried.append("aarch64 emulated")
    return Found(f"{'; '.join(tried)}: {len(faults)} of them differ", tuple(faults))
