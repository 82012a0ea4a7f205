"""`python -m tools.wheels [PYTHON ...]`: build wheel and sdist, check them, install and use them.

Both go to `dist/`. What is built from the sdist must be the wheel, byte for byte, and `twine` must
find nothing. Then, for each Python named (all from 3.11 on that are found, otherwise) and for no
extras and each one: a virtual environment in a folder of its own, the wheel installed, and
`tools/smoke.py` run there. Needs a package index; the tests build and check without one.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tarfile
import tempfile
import time
import tomllib
import zipfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from tools.install_torch import VERSION as TORCH

ROOT = Path(__file__).parents[1]
SMOKE = Path(__file__).with_name("smoke.py")
PROJECT: dict[str, Any] = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
EXTRAS: dict[str, list[str]] = PROJECT["optional-dependencies"]
OLDEST = 11
CPU_ONLY = sys.platform == "linux"
"""Whether PyTorch has a small build of its own for processors, which not every index offers."""


def ran(*words: str | Path, **settings: Any) -> subprocess.CompletedProcess[str]:
    return subprocess.run(words, capture_output=True, encoding="utf-8", check=False, **settings)


def must(*words: str | Path, **settings: Any) -> str:
    """What a command says; SystemExit with all its words when it fails."""
    done = ran(*words, **settings)
    if done.returncode:
        raise SystemExit(f"{' '.join(map(str, words))}\n{done.stdout}{done.stderr}")
    return done.stdout


# ------------------------------------------------------------------------ building


def build(source: Path, folder: Path, *kinds: str) -> list[Path]:
    """Wheel and sdist (or these kinds) of the sources in `source`, built without a network."""
    targets = [word for kind in kinds or ("sdist", "wheel") for word in ("--target", kind)]
    must(sys.executable, "-m", "hatchling", "build", "--directory", folder, *targets, cwd=source)
    return sorted(folder.iterdir())


def checked(files: Sequence[Path]) -> str:
    """What twine says of the files; SystemExit when it would not take them as they are."""
    return must(sys.executable, "-m", "twine", "check", "--strict", *files)


def from_sdist(sdist: Path, folder: Path) -> Path:
    """The wheel that the sdist gives."""
    with tarfile.open(sdist) as archive:
        archive.extractall(folder, filter="data")
    (source,) = folder.iterdir()
    return build(source, folder / "built", "wheel")[0]


# ---------------------------------------------------------------------- installing


def minor(python: str | Path) -> int:
    """The 11 of Python 3.11; 0 where this is no such Python."""
    told = ran(python, "-c", "import sys; print(*sys.version_info[:2])")
    words = told.stdout.split()
    return int(words[1]) if not told.returncode and words[0] == "3" else 0


def pythons() -> list[str]:
    """One Python of each version from the oldest on: of those on the PATH, and pyenv's."""
    names = [path for at in range(OLDEST, OLDEST + 9) if (path := shutil.which(f"python3.{at}"))]
    kept = Path(os.environ.get("PYENV_ROOT", Path.home() / ".pyenv"), "versions")
    names += sorted(map(str, kept.glob("3.*/bin/python")))
    found: dict[int, str] = {}
    for name in (sys.executable, *names):
        found.setdefault(minor(name), name)
    return [found[at] for at in sorted(found) if at >= OLDEST]


def brought(extra: str) -> Iterator[str]:
    """The extras that an extra consists of: itself, or those that it names."""
    for requirement in EXTRAS[extra]:
        _, bracket, inner = requirement.partition(f"{PROJECT['name']}[")
        if bracket:
            for name in inner.rstrip("]").split(","):
                yield from brought(name)
        else:
            yield extra


def used(python: str, wheel: Path, extra: str) -> str:
    """Install the wheel with this extra ("" for none) into a new environment and use it there:
    "", or what went wrong."""
    uv = shutil.which("uv") or Path(sys.executable).with_name("uv")
    found = os.environ.get("PIP_FIND_LINKS", "")
    environment = {key: it for key, it in os.environ.items() if not key.startswith("PYTHON")}
    environment |= {"UV_FIND_LINKS": found} if found else {}
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place, "empty")
        folder.mkdir()
        must(uv, "venv", "--quiet", "--python", python, Path(place, "venv"), env=environment)
        own = Path(place, "venv", *(("Scripts", "python.exe") if os.name == "nt" else
                                    ("bin", "python")))  # fmt: skip
        wishes = [f"{wheel}[{extra}]" if extra else str(wheel)]
        small = CPU_ONLY and extra == "torch"
        done = ran(uv, "pip", "install", "--quiet", "--python", own, *wishes,
                   *([f"torch=={TORCH}+cpu"] if small else []), env=environment)  # fmt: skip
        if done.returncode:
            return f"skipped, no torch {TORCH}+cpu for it here" if small else done.stderr
        names = sorted(set(brought(extra))) if extra else []
        told = ran(own, "-I", SMOKE, *names, cwd=folder, env=environment)
        return f"{told.stdout}{told.stderr}" if told.returncode else ""


def main(named: Sequence[str]) -> int:
    folder = ROOT / "dist"
    shutil.rmtree(folder, ignore_errors=True)
    sdist, wheel = sorted(build(ROOT, folder), key=lambda file: file.suffix)
    print(checked((sdist, wheel)), end="")
    with tempfile.TemporaryDirectory() as place:
        again = from_sdist(sdist, Path(place)).read_bytes() == wheel.read_bytes()
    with zipfile.ZipFile(wheel) as archive:
        count = len(archive.namelist())
    for file in (wheel, sdist):
        print(f"{file.name}: {file.stat().st_size / 1e6:.2f} MB")
    print(f"{count} files; from the sdist {'the same' if again else 'ANOTHER'} wheel")
    faults = int(not again)
    for python in named or pythons():
        for extra in ("", *EXTRAS):
            begun = time.monotonic()
            fault = used(python, wheel, extra)
            faults += bool(fault) and not fault.startswith("skipped")
            said = f"3.{minor(python)} {extra or 'no extras'}: {fault or 'works'}"
            print(f"{said} ({time.monotonic() - begun:.0f} s)", flush=True)
    return int(faults > 0)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
