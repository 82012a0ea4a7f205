"""`python -I tools/smoke.py [EXTRA ...]`: does an installed seegrad do what its extras promise?

Run by `tools.wheels` with the Python that seegrad is installed into, in an empty folder, never on
the sources: nothing of the repository is imported. The named extras are those that are installed: a
few lines use each. Where none is named, every command runs, and what an extra would bring must be
refused by a sentence that says what to install.
"""

from __future__ import annotations

import importlib.util
import os
import subprocess
import sys
import warnings
from collections.abc import Callable
from pathlib import Path

import numpy as np

import seegrad as sg

# what old Pythons and libraries only warn of is an error in the next ones
warnings.filterwarnings("error", module="seegrad")

COMMANDS = (
    "--version", "--help", "train --data moons --epochs 2 --out run", "check run", "evaluate run",
    "draw x*y+x x=3 y=4", "draw x*y+x x=3 y=4 -o a.html", "explain x*y x=3 y=4", "ops exp",
    "chapter -o chapter.html", "bench --help", "check exp(x)*x x=2 --lang ko",
)  # fmt: skip


def command(words: str) -> subprocess.CompletedProcess[str]:
    """What the command `seegrad`, as it was installed beside this Python, does with these words."""
    suffix = ".exe" if os.name == "nt" else ""
    script = Path(sys.executable).with_name(f"seegrad{suffix}")
    return subprocess.run(
        [script, *words.split()], capture_output=True, encoding="utf-8", check=False, timeout=300,
        env={**os.environ, "PYTHONIOENCODING": "utf-8"},
    )  # fmt: skip


def done(words: str) -> str:
    """What a command says; an AssertionError when it ends with a fault."""
    ran = command(words)
    assert ran.returncode == 0, f"seegrad {words}: {ran.returncode}\n{ran.stdout}{ran.stderr}"
    return ran.stdout


def core() -> None:
    x = sg.tensor(3.0, name="x")
    y = sg.exp(x) * x
    y.backward()
    assert np.isclose(float(x.grad), 4 * np.exp(3.0))
    native()
    for name in ("y.svg", "y.html", "y.txt", "y.tex"):
        y.graph.save(name)
        assert Path(name).stat().st_size > 0, name
    assert all(hasattr(sg, name) for name in dir(sg))
    for words in COMMANDS:
        assert done(words), words
    assert Path("run", "report.html").is_file()
    assert Path("chapter.html").is_file()


def network() -> sg.nn.Module:
    return sg.nn.Sequential(sg.nn.Affine(4, 3), sg.nn.Tanh(), sg.nn.Affine(3, 2))


def native() -> None:
    x = np.linspace(0, 1, 50)
    compiled = sg.compile(lambda x: sg.sin(x) * x)
    np.testing.assert_allclose(compiled(x), np.sin(x) * x, atol=1e-14)
    assert bool(compiled.assembly) == bool(importlib.util.find_spec("llvmlite"))


def png() -> None:
    sg.draw(sg.tensor(1.0) * 2.0, "y.png")
    assert Path("y.png").read_bytes().startswith(b"\x89PNG")


def notebook() -> None:
    assert (sg.tensor(1.0) * 2.0).widget().scene


def sklearn() -> None:
    from seegrad.sklearn import SeegradClassifier

    x = np.random.default_rng(0).normal(size=(60, 2))
    SeegradClassifier(max_epochs=3, random_state=0).fit(x, x[:, 0] > 0).predict(x)


def onnx() -> None:
    net, x = network(), np.ones((2, 4))
    sg.export_onnx(net, "net.onnx", example=x)
    there = sg.import_onnx("net.onnx")
    np.testing.assert_allclose(np.asarray(there(x)), np.asarray(net(x)), rtol=1e-5)


def tensorboard() -> None:
    words = command("train --data moons --epochs 1 --out board --tensorboard")
    if words.returncode:
        raise sg.SeegradError(words.stderr)
    assert list(Path("board").rglob("events.out.*"))


def pandas() -> None:
    import pandas as frames

    made = sg.data.frame(frames.DataFrame({"a": [1.0, 2.0], "label": [0, 1]}))
    assert made.x.shape == (2, 1)


def polars() -> None:
    import polars as frames

    made = sg.data.frame(frames.DataFrame({"a": [1.0, 2.0], "label": [0, 1]}))
    assert made.x.shape == (2, 1)


def parquet() -> None:
    if importlib.util.find_spec("pyarrow"):
        import pyarrow.parquet

        table = pyarrow.table({"a": [1.0, 2.0], "label": [0, 1]})
        pyarrow.parquet.write_table(table, "a.parquet")
    assert sg.data.parquet("a.parquet").x.shape == (2, 1)


def jax() -> None:
    if importlib.util.find_spec("jax"):
        import jax.lax as lax

        x = np.arange(3, dtype="f")
        total = sg.from_jax(lambda x: lax.scan(lambda c, x: (c + x, c * x), 0.0, x), x)
        assert float(np.asarray(total(x)[0])) == 3
    sg.from_jax(lambda x: x * x + 1, np.ones(3, "f"))


def torch() -> None:
    if not importlib.util.find_spec("torch"):
        sg.from_torch(None)
    import torch as other

    module = other.nn.Sequential(other.nn.Linear(4, 3), other.nn.Tanh())
    assert sg.from_torch(module, other.randn(2, 4)).verified


def mpi() -> None:
    words = command("train --data moons --epochs 1 --out workers --workers 2")
    if words.returncode:
        raise sg.SeegradError(words.stderr)


def memory() -> None:
    from seegrad import memory_budget

    memory_budget._MEMINFO = Path("nowhere")
    free = memory_budget.available()
    assert free is not None
    assert free > 2**20


USES: dict[str, tuple[str, Callable[[], None]]] = {
    "compile": ("llvmlite", native),
    "png": ("resvg_py", png),
    "notebook": ("anywidget", notebook),
    "sklearn": ("sklearn", sklearn),
    "onnx": ("onnx", onnx),
    "tensorboard": ("tensorboardX", tensorboard),
    "pandas": ("pandas", pandas),
    "polars": ("polars", polars),
    "parquet": ("pyarrow", parquet),
    "jax": ("jax", jax),
    "torch": ("torch", torch),
    "mpi": ("mpi4py", mpi),
    "memory": ("psutil", memory),
}
"""Extra → (the module that it brings, what it is used for)."""
UNMISSED = {"compile", "pandas", "polars", "memory"}
"""Those without which nothing is refused: there is another way, or the table comes from them."""


def refused(use: Callable[[], None]) -> bool:
    """Is this refused by a sentence that says what to install?"""
    try:
        use()
    except sg.SeegradError as fault:
        return "pip install" in str(fault)
    return False


def main() -> int:
    given = sys.argv[1:]
    if not given:
        core()
        for extra in USES.keys() - UNMISSED:
            assert refused(USES[extra][1]), f"{extra} is not missed in words"
    for module, use in (USES[extra] for extra in given):
        assert importlib.util.find_spec(module), f"{module} is not installed"
        use()
    return 0


if __name__ == "__main__":
    sys.exit(main())
