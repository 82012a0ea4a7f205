"""Functions in an interpreter of their own, for memory, forks and kills; folders for a while."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, TypeVar

T = TypeVar("T")
HERE = Path(__file__).parents[2]


def environment() -> dict[str, str]:
    """The environment in which `seegrad` and `trust` are found."""
    paths = [str(HERE / "src"), str(HERE), os.environ.get("PYTHONPATH", "")]
    return {**os.environ, "PYTHONPATH": os.pathsep.join(p for p in paths if p)}


def run_apart(place: str, seconds: float = 120, **arguments: Any) -> dict[str, Any]:
    """What `module:function` returns, as JSON, from a fresh interpreter.

    RuntimeError with the last lines of its complaint when it fails, TimeoutError when it hangs.
    """
    module, function = place.split(":")
    code = (
        f"import json; from {module} import {function} as f;"
        f" print('\\n' + json.dumps(f(**json.loads({json.dumps(arguments)!r}))))"
    )
    try:
        done = subprocess.run(
            [sys.executable, "-c", code], capture_output=True, text=True, timeout=seconds,
            env=environment(), check=False,
        )  # fmt: skip
    except subprocess.TimeoutExpired:
        raise TimeoutError(f"{function}({arguments}) had not ended after {seconds:.0f} s") from None
    if done.returncode:
        raise RuntimeError(f"{function}({arguments}): {done.stderr.strip()[-300:]}")
    found: dict[str, Any] = json.loads(done.stdout.strip().splitlines()[-1])
    return found


def in_child(function: Callable[[], list[str]]) -> list[str]:
    """What `function` returns in a forked child; one more line when the child dies."""
    return _ended(*_forked(function))


def over_cores(work: Callable[[Sequence[T]], list[str]], items: Sequence[T]) -> list[str]:
    """What `work` finds in all of the items, each core's share in a child of its own."""
    cores = len(os.sched_getaffinity(0))
    shares = [items[k::cores] for k in range(cores)]
    children = [_forked(lambda share=share: work(share)) for share in shares if share]
    return [line for child in children for line in _ended(*child)]


def _forked(function: Callable[[], list[str]]) -> tuple[int, int]:
    """A child at work, and where its answer comes out."""
    out, into = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(out)
        try:
            with os.fdopen(into, "w") as stream:
                json.dump(function(), stream)
        finally:
            os._exit(0)
    os.close(into)
    return child, out


def _ended(child: int, out: int) -> list[str]:
    with os.fdopen(out) as stream:
        text = stream.read()
    status = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    found: list[str] = json.loads(text) if text else ["nothing came back"]
    return found if status == 0 else [*found, f"the process died: {status}"]


def memory() -> int:
    """Bytes of this process that are in memory now."""
    with open("/proc/self/statm") as stream:
        return int(stream.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")


def most_memory(process: int) -> int:
    """Bytes that a running process has had in memory at most."""
    with suppress(OSError), open(f"/proc/{process}/status") as stream:
        for line in stream:
            if line.startswith("VmHWM"):
                return int(line.split()[1]) * 1024
    return 0


@contextmanager
def folder() -> Iterator[Path]:
    """An empty folder for a while."""
    with tempfile.TemporaryDirectory(prefix="seegrad-trust-") as name:
        yield Path(name)
