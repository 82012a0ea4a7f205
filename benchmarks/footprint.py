"""What it costs to have it: the time of a first import, the bytes of an installation."""

from __future__ import annotations

import importlib.metadata
import os
import re
import subprocess
import sys
import tempfile
from collections.abc import Callable
from functools import partial
from pathlib import Path

import seegrad
from benchmarks.harness import OURS, Result, finding, installed, side_by_side

SOURCE = Path(seegrad.__file__).parents[1]
FIRST_USE = {
    OURS: "import seegrad as sg; sg.tensor(1.0)",
    "numpy": "import numpy as np; np.array(1.0)",
    "torch": "import torch; torch.tensor(1.0)",
    "jax": "import jax.numpy as jnp; jnp.array(1.0)",
    "autograd": "import autograd.numpy as anp; anp.array(1.0)",
    "mygrad": "import mygrad; mygrad.tensor(1.0)",
}
"""The import, and something small done with it: imports that put off their work gain nothing."""


def _start(code: str, folder: str) -> None:
    """A process of its own; `folder` holds byte code, which what is installed has beside it."""
    kept = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    settings = kept | {"PYTHONPYCACHEPREFIX": folder}
    subprocess.run([sys.executable, "-c", code], check=True, cwd=SOURCE, env=settings)


def _canonical(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def distributions(name: str, extras: tuple[str, ...] = ()) -> set[str]:
    """A distribution and all that it needs, as far as it is installed here."""
    found, todo = set[str](), [(name, extras)]
    while todo:
        at, wanted = todo.pop()
        try:
            needs = importlib.metadata.requires(at) or []
        except importlib.metadata.PackageNotFoundError:
            continue
        if _canonical(at) in found:
            continue
        found.add(_canonical(at))
        for need in needs:
            text, _, marker = need.partition(";")
            extra = re.search(r"extra\s*==\s*['\"]([^'\"]+)['\"]", marker)
            if "platform_system" in marker or "sys_platform" in marker:
                continue
            if extra is None or extra.group(1) in wanted:
                todo.append((re.split(r"[\s<>=!~\[(]", text.strip())[0], ()))
    return found


def size_of(names: set[str]) -> int:
    """The bytes of these distributions' files."""
    total = 0
    for name in names:
        for file in importlib.metadata.files(name) or ():
            path = Path(str(file.locate()))
            if path.is_file():
                total += path.stat().st_size
    return total


def our_size() -> int:
    """Ours with what it needs, the compiler's part included."""
    own = sum(p.stat().st_size for p in (SOURCE / "seegrad").rglob("*") if p.is_file())
    needed = set[str]()
    for name in ("numpy", "click", "rich", "safetensors", "llvmlite"):
        needed |= distributions(name)
    return own + size_of(needed)


@finding("P8")
def footprint() -> Result:
    used = {name: code for name, code in FIRST_USE.items() if name == OURS or installed(name)}
    runs: dict[str, Callable[[], object]]
    with tempfile.TemporaryDirectory() as folder:
        runs = {
            name: partial(_start, code, folder)
            for name, code in {"python alone": "pass", **used}.items()
        }
        timings = side_by_side(runs, 5)
    bare = next(t for t in timings if t.name == "python alone").median
    facts: dict[str, str] = {}
    for t in timings:
        if t.name in FIRST_USE:
            facts[f"{t.name}: import alone"] = f"{t.median - bare:.2f} s"
    facts["seegrad: installed, with what it needs"] = f"{our_size() / 1e6:.0f} MB"
    for peer in ("numpy", "torch", "jax"):
        if installed(peer):
            facts[f"{peer}: installed"] = f"{size_of(distributions(peer)) / 1e6:.0f} MB"
    facts["targets"] = "import ≤ 0.25 s beyond Python itself; ≤ 280 MB"
    title = "a new process that imports it and makes one value"
    return Result("P8", title, timings, unit="s", facts=facts)
