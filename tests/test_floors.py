"""Imports run down only: read from the source, so that it holds wherever an import hides."""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parent.parent / "src" / "seegrad"

# Lowest first. On a floor written as a tuple of names in `LADDERS` the later may know the earlier;
# on any other floor the wings do not know each other.
FLOORS = (
    ("i18n", "display_hooks", "errors", "memory_budget", "text", "files", "streams", "renamed"),
    ("graph",),
    ("ops",),
    (
        "tree", "autodiff", "tensor", "transforms", "expression",
    ),
    ("nn", "compiler", "drawing", "formats"),
    ("optim", "data", "training", "parallel"),
    ("book", "chapter", "sklearn", "contents", "appendix", "cli", "__main__", "__init__"),
)
LADDERS = {0, 3, 5}
OPEN = {"contents", "appendix", "cli", "__main__", "__init__"}
LEVEL = {wing: level for level, wings in enumerate(FLOORS) for wing in wings}
MAY_NAME_OPS = {
    "ops", "autodiff", "tensor", "transforms", "nn",
    "optim", "training", "book", "contents", "appendix", "chapter",
}  # fmt: skip
RULES_FILE = "compiler/passes/identities.py"
# Inside a wing, its rooms in the order in which data goes through them.
STAGES = {
    "compiler": (
        "target", "guards", "ir", "passes", "lowering", "scheduling", "codegen", "runtime",
        "replay", "attached", "specialization", "inspect", "compile", "vmap",
    ),
}  # fmt: skip
ALWAYS_THERE = {"numpy", "click", "rich"}

Import = tuple[int, list[str], str | None]


def sources(package: Path) -> list[Path]:
    return sorted(package.rglob("*.py"))


def wing_of(file: Path, package: Path) -> str:
    return file.relative_to(package).parts[0].removesuffix(".py")


class WithoutTypes(ast.NodeTransformer):
    """Takes away what only a type checker reads: it is not there when the program runs."""

    def visit_If(self, node: ast.If) -> ast.AST | None:
        named = isinstance(node.test, ast.Name) and node.test.id == "TYPE_CHECKING"
        return None if named else self.generic_visit(node)


def own_imports(file: Path, package: Path) -> Iterator[Import]:
    """Every import of our own, wherever it stands: (line, path below the package, name)."""
    here = list(file.relative_to(package).parts[:-1])
    for node in ast.walk(WithoutTypes().visit(ast.parse(file.read_text("utf-8")))):
        if isinstance(node, ast.ImportFrom):
            parts = node.module.split(".") if node.module else []
            if node.level:
                path = here[: len(here) - node.level + 1] + parts
            elif parts[0] == package.name:
                path = parts[1:]
            else:
                continue
            for alias in node.names:
                yield node.lineno, path or [alias.name], alias.name
        elif isinstance(node, ast.Import):
            for alias in node.names:
                if alias.name.split(".")[0] == package.name:
                    yield node.lineno, alias.name.split(".")[1:] or ["__init__"], None


def faults(package: Path) -> Iterator[str]:
    for file in sources(package):
        place, wing = file.relative_to(package), wing_of(file, package)
        if wing not in LEVEL:
            yield f"{place}: on no floor"
            continue
        for line, path, name in own_imports(file, package):
            other = path[0]
            if other == wing:
                if fault := upstream(file, path, package):
                    yield f"{place}:{line}: {fault}"
                continue
            if fault := between(wing, other):
                yield f"{place}:{line}: {fault}"
            elif (
                other == "ops"
                and wing not in MAY_NAME_OPS
                and place.as_posix() != RULES_FILE
                and (len(path) > 1 or name != "TABLE")
            ):
                yield f"{place}:{line}: {wing} may not name an op, only the TABLE"


def upstream(file: Path, path: list[str], package: Path) -> str | None:
    """What is wrong with a stage of a wing importing another one, or None."""
    parts = file.relative_to(package).with_suffix("").parts
    stages = STAGES.get(parts[0])
    if stages is None or parts[1] == "__init__" or len(path) < 2:
        return None
    mine, theirs = parts[1], path[1]
    for stage in (mine, theirs):
        if stage not in stages:
            return f"{parts[0]}/{stage} is no stage"
    if stages.index(theirs) > stages.index(mine):
        return f"stage {mine} reaches up to stage {theirs}"
    return None


def between(wing: str, other: str) -> str | None:
    """What is wrong with `wing` importing `other`, or None."""
    if other not in LEVEL:
        return f"imports {other}, which is on no floor"
    mine, theirs = LEVEL[wing], LEVEL[other]
    if theirs > mine:
        return f"{wing} reaches up to {other}"
    row = FLOORS[mine]
    if theirs == mine and wing not in OPEN:
        if mine not in LADDERS:
            return f"{wing} and {other} share a floor and must not know each other"
        if row.index(other) > row.index(wing):
            return f"{wing} may not know {other}, which comes after it"
    return None


def test_imports_run_down_only():
    assert list(faults(PACKAGE)) == []


def module_name(file: Path, package: Path) -> str:
    parts = file.relative_to(package).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def circles(package: Path) -> list[list[str]]:
    """Modules that import one another in a ring, found by taking away those that import nothing."""
    modules = {module_name(file, package): file for file in sources(package)}
    needs: dict[str, set[str]] = {}
    for module, file in modules.items():
        needs[module] = set()
        for _, path, name in own_imports(file, package):
            longest = ".".join([*path, name] if name and path != [name] else path)
            target = longest if longest in modules else ".".join(path)
            if target in modules and target != module and not module.startswith(target + "."):
                needs[module].add(target)
    while free := {module for module, wanted in needs.items() if not wanted & needs.keys()}:
        for module in free:
            del needs[module]
    return [[module, *sorted(wanted & needs.keys())] for module, wanted in sorted(needs.items())]


def test_no_circles():
    assert circles(PACKAGE) == []


def hidden_imports(package: Path) -> Iterator[str]:
    """Imports of our own inside a function."""
    for file in sources(package):
        tree = ast.parse(file.read_text("utf-8"))
        for function in ast.walk(tree):
            if not isinstance(function, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda):
                continue
            for node in ast.walk(function):
                ours = (
                    isinstance(node, ast.ImportFrom)
                    and (node.level or (node.module or "").split(".")[0] == package.name)
                ) or (
                    isinstance(node, ast.Import)
                    and any(alias.name.split(".")[0] == package.name for alias in node.names)
                )
                if ours:
                    yield f"{file.relative_to(package)}:{node.lineno}"


def test_no_import_of_our_own_hides_in_a_function():
    assert list(hidden_imports(PACKAGE)) == []


def third_parties(package: Path) -> dict[str, set[str]]:
    """Optional library → the files that import it."""
    found: dict[str, set[str]] = {}
    for file in sources(package):
        for node in ast.walk(ast.parse(file.read_text("utf-8"))):
            if isinstance(node, ast.Import):
                names = [alias.name for alias in node.names]
            elif isinstance(node, ast.ImportFrom) and not node.level and node.module:
                names = [node.module]
            else:
                continue
            for name in names:
                top = name.split(".")[0]
                known = top in sys.stdlib_module_names or top in ALWAYS_THERE
                if not known and top != package.name:
                    found.setdefault(top, set()).add(file.relative_to(package).as_posix())
    return found


def test_each_optional_library_is_imported_in_one_file():
    many = {name: files for name, files in third_parties(PACKAGE).items() if len(files) > 1}
    assert many == {}


def test_no_grab_bags_and_every_module_says_what_lives_there():
    for file in sources(PACKAGE):
        assert file.stem not in ("utils", "helpers", "common", "misc"), file
        tree = ast.parse(file.read_text("utf-8"))
        told = ast.get_docstring(tree)
        assert told, f"{file} does not say what lives there"
        assert len(told.splitlines()) <= 12, f"{file} says too much at its head"


PLANTED = {
    "reaches up": ("graph/node.py", "from seegrad.tensor import Tensor\n"),
    "share a floor": ("nn/affine.py", "from ..drawing import svg\n"),
    "comes after": ("data/sampling.py", "import seegrad.training\n"),
    "on no floor": ("tools.py", ""),
    "reaches up to stage": (
        "compiler/lowering/fusion.py", "from seegrad.compiler.codegen import program\n"
    ),
    "is no stage": ("compiler/lowering/fusion.py", "import seegrad.compiler.extra\n"),
    "may not name an op": ("drawing/svg.py", "from seegrad.ops.arithmetic import multiply\n"),
}


@pytest.mark.parametrize("fault", PLANTED)
def test_the_check_itself_finds_what_is_planted(tmp_path, fault):
    name, text = PLANTED[fault]
    file = tmp_path / "seegrad" / name
    file.parent.mkdir(parents=True)
    file.write_text(text)
    assert any(fault in found for found in faults(tmp_path / "seegrad"))


def test_the_check_finds_circles_and_hidden_imports(tmp_path):
    folder = tmp_path / "seegrad" / "graph"
    folder.mkdir(parents=True)
    (folder / "a.py").write_text("from seegrad.graph import b\n")
    (folder / "b.py").write_text("def f():\n    from .a import g\n")
    assert [ring[0] for ring in circles(tmp_path / "seegrad")] == ["graph.a", "graph.b"]
    assert list(hidden_imports(tmp_path / "seegrad")) == ["graph/b.py:2"]
