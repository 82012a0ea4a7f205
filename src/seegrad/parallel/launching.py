"""Start a command on several processes of this machine, and say clearly when one of them dies.

Knows the launcher `mpiexec` and the marks that launchers leave in the environment; not MPI itself.
"""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import threading
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import IO, Any

from seegrad.errors import MissingExtraError
from seegrad.i18n import tr

_COUNTS = ("PMI_SIZE", "OMPI_COMM_WORLD_SIZE", "MPI_LOCALNRANKS", "PMIX_SIZE")
_NOISE = (
    "====", "=   BAD TERMINATION", "=   PID ", "=   EXIT CODE", "=   CLEANING UP",
    "=   YOU CAN IGNORE", "YOUR APPLICATION TERMINATED", "This typically refers to a problem",
    "Please see the FAQ page", "application called MPI_Abort", "Abort(",
)  # fmt: skip
LOST = 3
_OWN_CODES = (0, 1, 2, 130)


def worker_count(environment: Mapping[str, str] = os.environ) -> int:
    """How many processes the launcher that started this one has started (1: none did).

    >>> worker_count({"PMI_SIZE": "4"}), worker_count({})
    (4, 1)
    """
    for name in _COUNTS:
        if environment.get(name, "").isdigit():
            return int(environment[name])
    steps = environment.get("SLURM_STEP_NUM_TASKS", "")
    return int(steps) if steps.isdigit() else 1


def launched(environment: Mapping[str, str] = os.environ) -> bool:
    """Has a launcher started this process?"""
    return any(name in environment for name in (*_COUNTS, "SLURM_STEP_NUM_TASKS"))


def launcher() -> str:
    """The path of mpiexec: beside this Python, or where the system finds it."""
    beside = Path(sys.executable).parent / "mpiexec"
    found = str(beside) if beside.is_file() else shutil.which("mpiexec")
    if found is None:
        raise MissingExtraError(
            tr("there is no mpiexec to start workers with"),
            asked=tr("mpiexec, which the package mpich brings"),
            came=tr("none beside this Python, none on the PATH"),
            hint='pip install "mpi4py>=4.0" "mpich>=4.2"',
        )
    return found


def launch(count: int, arguments: Sequence[str]) -> int:
    """Run `python -m seegrad ARGUMENTS` on `count` processes; returns the exit code.

    Each gets its share of the cores. What they print goes through; when one is lost, the others are
    ended by the launcher and one sentence says so.
    """
    threads = str(max(1, (os.cpu_count() or 1) // count))
    environment = {**os.environ, "PYTHONIOENCODING": "utf-8"}  # how `_pass_on` reads them
    for name in ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "SEEGRAD_NUM_THREADS"):
        environment.setdefault(name, threads)
    command = [launcher(), "-n", str(count), sys.executable, "-m", "seegrad", *arguments]
    job = subprocess.Popen(
        command,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env=environment,
    )
    before = signal.getsignal(signal.SIGTERM)
    signal.signal(signal.SIGTERM, lambda number, place: job.terminate())
    readers = [
        threading.Thread(target=_pass_on, args=(source, target), daemon=True)
        for source, target in ((job.stdout, sys.stdout), (job.stderr, sys.stderr))
    ]
    for reader in readers:
        reader.start()
    try:
        code = _ended(job)
    finally:
        signal.signal(signal.SIGTERM, before)
    for reader in readers:
        reader.join(timeout=2)
    return code


def _ended(job: subprocess.Popen[bytes]) -> int:
    """The job's exit code; Ctrl-C reaches the workers by themselves, so wait on for them."""
    while True:
        try:
            return job.wait()
        except KeyboardInterrupt:
            continue


def _pass_on(source: IO[bytes] | None, target: Any) -> None:
    """Copy lines, without the launcher's own prose about processes that ended badly."""
    assert source is not None
    for raw in source:
        line = raw.decode("utf-8", "replace")
        if not line.startswith(_NOISE):
            target.write(line)
            target.flush()


def verdict(code: int) -> str:
    """What to say of a job that ended with this code; nothing when a worker has said it itself."""
    if code in _OWN_CODES:
        return ""
    number = code - 128 if code > 128 else code
    cause: str = tr("exit code {code}", code=code)
    if number in (item.value for item in signal.Signals):
        cause = signal.Signals(number).name
    return tr("a worker was lost ({cause}); the others have been stopped", cause=cause)
