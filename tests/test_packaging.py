"""What is published: one version everywhere, wheel and sdist as an index takes them, and installed
outside of the repository. Every Python and every extra: `make wheels`."""

from __future__ import annotations

import ast
import os
import re
import subprocess
import sys
import tarfile
import tomllib
import zipfile
from pathlib import Path

import pytest

import seegrad as sg
from tools import smoke, wheels

ROOT = Path(__file__).parent.parent
DECLARED = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
PROJECT, GROUPS = DECLARED["project"], DECLARED["dependency-groups"]
EXTRAS: dict[str, list[str]] = PROJECT["optional-dependencies"]
SHIPPED = {".py", ".txt", ".css", ".json", ".md", ".gz", ".typed", ".js", ".pyi"}

pytestmark = pytest.mark.xdist_group("packaging")  # built once


def test_one_version_everywhere():
    version = PROJECT["version"]
    assert sg.__version__ == version
    citation = (ROOT / "CITATION.cff").read_text("utf-8")
    assert re.search(r"^version: (.+)$", citation, re.MULTILINE)[1] == version
    released = re.search(r"^date-released: (.+)$", citation, re.MULTILINE)[1]
    headings = re.findall(r"^## (.+)$", (ROOT / "CHANGELOG.md").read_text("utf-8"), re.MULTILINE)
    assert f"{version} ({released})" in headings[:2]
    assert headings[0] in ("Unreleased", f"{version} ({released})")


def test_each_python_that_is_promised_has_its_classifier():
    oldest = int(PROJECT["requires-python"].removeprefix(">=3."))
    told = [line for line in PROJECT["classifiers"] if re.search(r":: 3\.\d+$", line)]
    assert told == [f"Programming Language :: Python :: 3.{at}" for at in range(oldest, 15)]
    assert oldest == wheels.OLDEST
    assert DECLARED["tool"]["mypy"]["python_version"] == f"3.{oldest}"


# ------------------------------------------------------------------------ the extras


def test_all_is_every_extra_but_the_one_that_says_so():
    assert {*wheels.brought("all")} == EXTRAS.keys() - {"all", "frames", "torch"}
    assert smoke.USES.keys() == EXTRAS.keys() - {"all", "frames"}


def hints() -> list[tuple[str, str]]:
    """(place, requirement) of all that messages say to install."""
    found = []
    for file in (ROOT / "src").rglob("*.py"):
        text = file.read_text("utf-8")
        for node in ast.walk(ast.parse(text)) if "pip install" in text else ():
            value = getattr(node, "value", None)
            if isinstance(value, str) and value.startswith("pip install "):
                place = f"{file.relative_to(ROOT)}:{node.lineno}"
                wishes = value.removeprefix("pip install ").split()
                found += [(place, wish.strip('"')) for wish in wishes]
    return found


def test_hints_name_the_package_that_is_missing_as_it_is_declared():
    """None sends people to an index for seegrad itself: it may not be there, or be another's."""
    declared = {wish.split(";")[0] for wishes in EXTRAS.values() for wish in wishes}
    names = {re.split(r"[><=\[]", wish)[0] for wish in declared}
    told = hints()
    assert len(told) >= 10
    for place, wish in told:
        name = re.split(r"[><=\[]", wish)[0]
        assert name != "seegrad", place
        assert wish in declared or name not in names, f"{place}: {wish}"


def test_documents_and_makefile_name_extras_and_groups_that_are_there():
    paths = [*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md"), ROOT / "Makefile"]
    texts = "\n".join(path.read_text("utf-8") for path in paths if "_build" not in path.parts)
    named = re.findall(r"(?:\.|whl)\[([\w,]+)\]", texts)
    assert {extra for names in named for extra in names.split(",")} <= EXTRAS.keys()
    assert not re.search(r"install\W+seegrad(?!-\d)", texts)
    assert {*re.findall(r"--group (\w+)", texts)} <= GROUPS.keys()
    for guide in ("docs/guides/installing.md", "docs/ko/guides/installing.md"):
        told = (ROOT / guide).read_text("utf-8")
        assert {*re.findall(r"^\| `(\w+)`", told, re.MULTILINE)} == EXTRAS.keys()
        for extra in smoke.USES:
            assert all(f"`{wish.split(';')[0]}`" in told for wish in EXTRAS[extra]), extra


# ------------------------------------------------------------------- wheel and sdist


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """(sdist, wheel), built from this folder without a network."""
    pytest.importorskip("hatchling", reason="hatchling is not installed")
    sdist, wheel = sorted(
        wheels.build(ROOT, tmp_path_factory.mktemp("dist")), key=lambda file: file.suffix
    )
    return sdist, wheel


def test_an_index_takes_both_and_not_one_without_a_description(built, tmp_path):
    pytest.importorskip("twine", reason="twine is not installed")
    broken = tmp_path / built[1].name
    with zipfile.ZipFile(built[1]) as old, zipfile.ZipFile(broken, "w") as new:
        for name in old.namelist():
            if name.endswith("/METADATA"):
                new.writestr(name, old.read(name).split(b"\n\n")[0] + b"\n\n")
    with pytest.raises(SystemExit) as found:
        wheels.checked([*built, broken])
    told = str(found.value)
    assert (told.count("PASSED"), told.count("FAILED")) == (2, 1)
    assert "`long_description` missing" in told


def test_the_wheel_holds_the_package_and_nothing_else(built):
    with zipfile.ZipFile(built[1]) as archive:
        names = {name for name in archive.namelist() if ".dist-info/" not in name}
    package = ROOT / "src"
    ours = {path.relative_to(package).as_posix() for path in package.rglob("*.py")}
    suite = {f"seegrad/suite/{path.relative_to(ROOT).as_posix()}"
             for path in (ROOT / "benchmarks").rglob("*.py")}  # fmt: skip
    assert ours | suite == {name for name in names if name.endswith(".py")}
    assert {Path(name).suffix for name in names} == SHIPPED
    scripts = {name for name in names if name.endswith(".js")}
    assert scripts == {f"seegrad/drawing/web/built/{n}.js" for n in ("explorer", "training")}
    assert built[1].stat().st_size < 2e6


def test_the_sdist_holds_what_it_takes_to_build_and_to_test(built):
    with tarfile.open(built[0]) as archive:
        names = {name.partition("/")[2] for name in archive.getnames()}
    listed = subprocess.run(
        ["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=False
    ).stdout.split()
    kept = {name for name in listed if (ROOT / name).is_file()}
    assert kept - names == set()
    assert not {name.split("/")[0] for name in names} & {".venv", "node_modules", "runs", "dist"}
    assert {"PKG-INFO", "CITATION.cff", "LICENSE", "tests/test_packaging.py"} <= names


OUTSIDE = """
import sys, seegrad, seegrad.cli
print(seegrad.__path__[0], seegrad.__version__)
sys.exit(seegrad.cli.main("draw x*y x=3 y=4 -o a.html --lang ko".split()))
"""


def test_it_runs_outside_of_the_repository(built, tmp_path):
    """Unpacked as an installer does, in a process that sees none of the sources."""
    with zipfile.ZipFile(built[1]) as archive:
        archive.extractall(tmp_path / "there")
    kept = {key: it for key, it in os.environ.items() if not key.startswith("PYTHON")}
    ran = subprocess.run(
        [sys.executable, "-c", OUTSIDE], cwd=tmp_path, capture_output=True, text=True, check=False,
        env={**kept, "PYTHONPATH": str(tmp_path / "there")},
    )  # fmt: skip
    assert ran.returncode == 0, ran.stderr
    assert ran.stdout.splitlines()[0] == f"{tmp_path / 'there' / 'seegrad'} {PROJECT['version']}"
    assert (tmp_path / "a.html").is_file()
