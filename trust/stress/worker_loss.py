"""A worker of a data-parallel training is killed: how the others end, and what is said. For S4."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from seegrad.errors import MissingExtraError
from seegrad.parallel import launching
from trust.harness.isolation import environment, folder

MARK = "SEEGRAD_TRUST_JOB"


def available() -> bool:
    """Are there an MPI and a /proc to find the workers in?"""
    try:
        launching.launcher()
        import mpi4py  # noqa: F401
    except (ImportError, MissingExtraError):
        return False
    return Path("/proc/self/environ").exists()


def _workers(mark: str) -> Iterator[int]:
    """The processes that train: those that the launcher has counted."""
    for entry in Path("/proc").iterdir():
        try:
            words = (entry / "cmdline").read_bytes().split(b"\0")
            around = (entry / "environ").read_bytes()
        except OSError:
            continue
        if b"seegrad" in words and b"PMI_RANK=" in around and f"{MARK}={mark}".encode() in around:
            yield int(entry.name)


def lost_worker(count: int) -> dict[str, Any]:
    """Kill one of `count` workers: seconds until all have ended, exit code, what was said, rest."""
    mark = f"{os.getpid()}-{time.monotonic_ns()}"
    around = {k: v for k, v in environment().items() if k not in launching._COUNTS}
    with folder() as place:
        job = subprocess.Popen(
            [sys.executable, "-m", "seegrad", "train", "--data", "spiral", "--steps", "1000000",
             "--save-every", "5", "--out", "run", "--workers", str(count)],
            cwd=place, text=True, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
            stderr=subprocess.PIPE, env={**around, MARK: mark},
        )  # fmt: skip
        deadline = time.monotonic() + 90
        while time.monotonic() < deadline and not any(place.glob("run/checkpoints/step-*")):
            time.sleep(0.02)
        workers = sorted(_workers(mark))
        if len(workers) != count:
            job.kill()
            return {"seconds": 99.0, "code": None, "said": job.communicate()[1], "left": 0}
        os.kill(workers[-1], signal.SIGKILL)
        started = time.monotonic()
        try:
            _, said = job.communicate(timeout=60)
        except subprocess.TimeoutExpired:
            job.kill()
            said = job.communicate()[1]
        taken = time.monotonic() - started
        left = list(_workers(mark))
    return {"seconds": taken, "code": job.returncode, "said": said.strip(), "left": len(left)}
