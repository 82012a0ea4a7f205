"""T3: command lines that are wrong, and Ctrl-C; each is run in a process of its own."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from trust.harness.isolation import environment, most_memory
from trust.harness.row import Found, Run, first, row


@dataclass(frozen=True)
class Ended:
    """How a command ended."""

    code: int
    out: str
    err: str
    seconds: float
    peak: int


def command(arguments: Sequence[str], seconds: float = 60, cwd: Path | None = None) -> Ended:
    """`python -m seegrad` with these arguments, in a process of its own, without any input."""
    with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err:
        started = time.perf_counter()
        child = subprocess.Popen(
            [sys.executable, "-m", "seegrad", *arguments], stdin=subprocess.DEVNULL,
            stdout=out, stderr=err, env={**environment(), "NO_COLOR": "1"}, cwd=cwd,
        )  # fmt: skip
        peak = 0
        while True:
            peak = max(peak, most_memory(child.pid))
            done, status = os.waitpid(child.pid, os.WNOHANG)
            if done:
                break
            if time.perf_counter() - started > seconds:
                child.send_signal(signal.SIGKILL)
                _, status = os.waitpid(child.pid, 0)
                break
            time.sleep(0.005)
        child.returncode = os.waitstatus_to_exitcode(status)
        taken = time.perf_counter() - started
        texts = []
        for stream in (out, err):
            stream.seek(0)
            texts.append(stream.read(10**6).decode("utf-8", "replace"))
    return Ended(child.returncode, texts[0], texts[1], taken, peak)


# --------------------------------------------------------------- T3

LINES: tuple[tuple[str, ...], ...] = (
    ("nosuch",), ("--nosuch",), ("train", "--nosuch"), ("train", "--data", "nosuch"),
    ("train", "--data", "csv:/nosuch.csv"), ("train", "--data", "npz:/nosuch.npz"),
    ("train", "--data", "mnist:/nosuch"), ("train", "--data", "csv:"), ("train", "--data", ""),
    ("train", "--hidden", "0"), ("train", "--hidden", "-5"), ("train", "--hidden", "abc"),
    ("train", "--hidden", "1000000000000"), ("train", "--hidden", "1.5"),
    ("train", "--activation", "nosuch"), ("train", "--optimizer", "nosuch"),
    ("train", "--lr", "-1"), ("train", "--lr", "0"), ("train", "--lr", "nan"),
    ("train", "--lr", "abc"), ("train", "--lr", "inf"), ("train", "--batch", "0"),
    ("train", "--batch", "-3"), ("train", "--batch", "x"), ("train", "--epochs", "0"),
    ("train", "--epochs", "-1"), ("train", "--epochs", "1.5"), ("train", "--steps", "0"),
    ("train", "--steps", "-1"), ("train", "--epochs", "1", "--steps", "1"),
    ("train", "--seed", "abc"), ("train", "--seed", "-1"),
    ("train", "--out", "/proc/run", "--steps", "1"), ("train", "--resume"),
    ("train", "--resume", "--out", "/nosuch"), ("train", "extra"), ("train", "--lang", "xx"),
    ("draw",), ("draw", "x"), ("draw", "x", "y=3"), ("draw", "x*y", "x=3"), ("draw", "x", "x"),
    ("draw", "x", "x="), ("draw", "x", "=3"), ("draw", "x", "x=abc"), ("draw", "x", "x=3", "x=4"),
    ("draw", "x", "x=3", "-o", "a.xyz"), ("draw", "x", "x=3", "-o", "/nosuch/a.svg"),
    ("draw", "x", "x=3", "-o", "/"), ("draw", "x", "x=3", "-o", ""),
    ("draw", "x", "x=3", "--theme", "nosuch"), ("draw", "x", "x=[1,2"), ("draw", "x",
    "x=[[1],[1,2]]"),
    ("draw", "x", "x=__import__('os')"), ("draw", "1+", "x=3"),
    ("explain",), ("explain", "x"), ("explain", "x", "x=3", "--wrt", "y"),
    ("explain", "x", "x=3", "--nosuch"), ("explain", "x", "x=3", "--wrt", ""),
    ("check", "/nosuch.safetensors"), ("check", "nosuch(x)", "x=1"), ("check", "--nosuch"),
    ("export",), ("export", "/nosuch"), ("export", "/nosuch", "-o", "a.onnx"), ("export", "."),
    ("ops", "extra", "words"), ("ops", "--nosuch"), ("--lang", "xx", "ops"),
)  # fmt: skip


def line_fault(arguments: tuple[str, ...], place: Path) -> str | None:
    """What is wrong with the answer to a bad command line."""
    before = sorted(p.name for p in place.iterdir())
    ended = command(arguments, cwd=place)
    shown = " ".join(arguments)
    if "Traceback" in ended.err + ended.out:
        return f"{shown}: a traceback: {ended.err.strip().splitlines()[-1][:120]}"
    if ended.code != 2:
        return f"{shown}: exit {ended.code}: {(ended.err or ended.out).strip()[-120:]!r}"
    reason = [r for r in ended.err.splitlines() if r.strip() and not r.startswith(("Usage", "Try"))]
    if len(reason) != 1:
        return f"{shown}: {len(reason)} lines of reason: {ended.err.strip()[:250]!r}"
    if sorted(p.name for p in place.iterdir()) != before:
        return f"{shown}: it left something behind"
    return None


def interrupt_fault(after: float, place: Path) -> str | None:
    """Ctrl-C so many seconds after the start of a training."""
    child = subprocess.Popen(
        [sys.executable, "-m", "seegrad", "train", "--data", "spiral", "--epochs", "100000",
         "--out", str(place / "run")],
        stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        env=environment(), cwd=place,
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
    )  # fmt: skip
    time.sleep(after)
    child.send_signal(signal.SIGINT)
    try:
        out, err = child.communicate(timeout=15)
    except subprocess.TimeoutExpired:
        child.kill()
        child.communicate()
        return f"Ctrl-C after {after:.2f} s: still running"
    if "Traceback" in err and f"{os.sep}seegrad{os.sep}" not in err:
        return None  # Python itself had not started yet
    temporary = [str(p.name) for p in place.rglob("*.tmp")]
    if "Traceback" in err or child.returncode not in (130, -2, 0):
        return f"Ctrl-C after {after:.2f} s: exit {child.returncode}: {(err or out)[-200:]!r}"
    if temporary:
        return f"Ctrl-C after {after:.2f} s: {temporary} stay"
    return None


@row(
    "T3",
    "bad command lines; Ctrl-C at 20 moments of a training",
    "≥ 60: a one-line reason, exit 2 (130), no traceback, nothing half-written",
    count=len(LINES) + 20,
    sample=8,
    seconds=600,
)
def t3(run: Run) -> Found:
    rng, faults, done = run.rng, [], 0
    jobs: list[Callable[[Path], str | None]] = [
        lambda place, line=line: line_fault(line, place) for line in LINES
    ]
    jobs += [lambda place, s=s: interrupt_fault(s, place) for s in np.linspace(0.3, 3.0, 20)]
    for k in rng.permutation(len(jobs))[: run.count]:
        if run.out_of_time():
            break
        done += 1
        with tempfile.TemporaryDirectory(prefix="seegrad-trust-") as name:
            if fault := jobs[k](Path(name)):
                faults.append(fault)
    whole = done == min(run.count, len(jobs))
    return Found(f"{done - len(faults)} of {done}", first(faults, 40), whole=whole)
