"""T1: what people type as expressions; text stays text."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import seegrad as sg
from trust.harness.isolation import most_memory
from trust.harness.row import Found, Run, first, row

SOURCE = Path(sg.__file__).parents[1]
NO_FAULT = ("9**9**9**9**x**x**x", "x #")
"""Harmless after all: they are computed, to infinity and to x."""

HOSTILE = [
    "__import__('os').system('ls')",
    "().__class__",
    "x.__class__",
    "x.value",
    "x.T.T.base",
    "lambda: 0",
    "(lambda: 0)()",
    "[i for i in range(9)]",
    "{1: 2}",
    "{1, 2}",
    "f'{x}'",
    "'a'*9",
    "b'a'",
    "open('/etc/passwd')",
    "eval('1')",
    "exec('1')",
    "getattr(x, 'T')",
    "print(x)",
    "x[0]",
    "x[::2]",
    "x if x else y",
    "x and y",
    "not x",
    "x := 3",
    "(x := 3)",
    "await x",
    "yield x",
    "*x",
    "exp(*[1,2])",
    "exp(**{})",
    "exp(x, x)",
    "exp()",
    "exp(y=x)",
    "sum(x, axis='a')",
    "sum(x, axis=99)",
    "sum(x, axis=[[1]])",
    "9**9**9**9**x**x**x",
    "x << 3",
    "x | 3",
    "~x",
    "x^2",
    "1_000_000**1_000_000 +",
    "x.T()",
    "exp(x).T.T.real",
    "np.exp(x)",
    "TABLE",
    "globals()",
    "x;y",
    "x\ny",
    "x = 3",
    "del x",
    "import os",
    "1j*x",
    "True",
    "None",
    "...",
    "x in y",
    "x < y < x",
    "x is y",
    "'x'",
    "\x00",
    "x\x00",
    "\ud800",
    "(" * 200 + "x" + ")" * 200,
    "0" + "-" * 900 + "x",
    "x" + "+x" * 480,
    "x" * 1001,
    "[" * 300,
    "exp(" * 45 + "x" + ")" * 45,
    "9" * 999,
    "broadcast_to(x, shape=(100000, 100000))",
    "broadcast_to(x, shape=(-1,))",
    "tile([1, 2, 3], reps=(1000000, 1000000))",
    "repeat([1, 2], repeats=1000000000)",
    "pad([1, 2], pad_width=1000000000)",
    "one_hot(x, classes=1000000000)",
    "outer(X, X)",
    "reshape(x, shape=(1, 2, 3))",
    "einsum('i->', x)",
    "uniform(x)",
    "normal(x, shape=(9,))",
    "q + 1",
    "unknown(x)",
    "",
    "   ",
    "#",
    "x #",
    "exp x",
    "2x",
    "x y",
    "ｘ.__class__",
    "﻿x..T",
    "concatenate([x, 'a'])",
    "[[1], [2, 3]] * x",
    "[x, [y]]",
    "x @ y",
    "[1,2,3] + [1,2] * x",
    "split(X, sections=3)",
    "1 + 1",
    "sum([1, 2])+",
    "cumsum(x, axis=10**9)",
    "diag(X, k=10000000)",
]


def asked(expression: str, folder: str) -> tuple[int, bytes, bytes, float, float]:
    """Exit code, both outputs, seconds and megabytes of one `seegrad explain` of its own."""
    values = ["x=3", "y=4", f"X={list(range(1000))}"]
    words = [sys.executable, "-m", "seegrad", "explain", expression, *values]
    with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err:
        child = subprocess.Popen(
            words, stdout=out, stderr=err, cwd=folder, env={**os.environ, "PYTHONPATH": str(SOURCE)}
        )
        done = peak = 0
        while not done:
            peak = max(peak, most_memory(child.pid))
            done, status, used = os.wait4(child.pid, os.WNOHANG)
            time.sleep(0.005)
        seconds = used.ru_utime + used.ru_stime  # of the processor: others work here too
        child.returncode = os.waitstatus_to_exitcode(status)
        out.seek(0)
        err.seek(0)
        return child.returncode, out.read(), err.read(), seconds, peak / 2**20


@row(
    "T1",
    "hostile expressions",
    "one line, exit 2, ≤ 1 s of processor, ≤ 200 MB",
    count=len(HOSTILE),
    sample=5,
    seconds=400,
)
def hostile_expressions(run: Run) -> Found:
    """Each in a process of its own, beside a harmless one that says what starting costs."""
    usable = [e for e in HOSTILE if "\0" not in e and e.isprintable() | ("\n" in e)]
    chosen = list(usable)
    run.rng.shuffle(chosen)
    faults: list[str] = []
    slowest = largest = 0.0
    done = 0
    with tempfile.TemporaryDirectory() as folder:
        for expression in chosen[: run.count]:
            if run.out_of_time():
                break
            done += 1
            code, out, err, seconds, megabytes = asked(expression, folder)
            slowest, largest = max(slowest, seconds), max(largest, megabytes)
            right = code == 2 and not out and err.count(b"\n") == 1 and b"Traceback" not in err
            if not right and expression not in NO_FAULT:
                faults.append(f"{expression[:60]!r}: exit {code}, {err.decode(errors='replace')}")
            if run.timed and (seconds > 1 or megabytes > 200):
                faults.append(f"{expression[:60]!r}: {seconds:.2f} s, {megabytes:.0f} MB")
        left = os.listdir(folder)
    if left:
        faults.append(f"left behind: {left}")
    figure = f"{done} expressions, slowest {slowest:.2f} s, largest {largest:.0f} MB"
    return Found(figure, first(faults), whole=done == min(run.count, len(usable)))
