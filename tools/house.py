"""`python -m tools.house`: how the house stands: sizes, circles of imports, imports upwards.

Read from the source. Five numbers and where they come from: files in the largest folder, circles,
lines of the longest class and function, imports upwards. `tests/test_floors.py` holds them to their
bounds by these same functions; what still exceeds them is listed there.
"""

from __future__ import annotations

import ast
import re
import sys
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

PACKAGE = Path(__file__).parent.parent / "src" / "seegrad"
SOURCES = {".py", ".js", ".ts", ".css"}

# Lowest first. On a floor written as a tuple of names in `LADDERS` the later may know the earlier;
# on any other floor the wings do not know each other.
FLOORS = (
    (
        "i18n", "display_hooks", "errors", "memory_budget", "text", "files", "safetensors_file",
        "streams",
    ),
    ("graph",),
    ("ops",),
    ("tree", "autodiff", "tensor", "transforms", "expression"),
    ("nn", "compiler", "drawing"),
    ("optim", "data", "onnx", "training", "parallel"),
    ("interop", "book", "book2", "micrograd", "autograd", "dezero"),
    ("chapter", "sklearn", "contents", "appendix", "cli", "__main__", "__init__"),
)
LADDERS = {0, 3, 5, 6}
OPEN = {"contents", "appendix", "cli", "__main__", "__init__"}
LEVEL = {wing: level for level, wings in enumerate(FLOORS) for wing in wings}
MAY_NAME_OPS = {
    "ops", "autodiff", "tensor", "transforms", "nn", "optim", "onnx", "training",
    "interop", "book", "book2", "micrograd", "autograd", "dezero", "contents", "appendix",
    "chapter",
}  # fmt: skip
RULES_FILE = "compiler/passes/identities.py"
# Inside a wing, its rooms in the order in which data goes through them.
STAGES = {
    "compiler": (
        "target", "held", "guards", "ir", "passes", "lowering", "scheduling", "codegen", "runtime",
        "build", "op_programs", "replay", "attached", "specialization", "free_axes", "inspect",
        "epoch", "recompiling", "compile", "contents",
    ),
    "drawing": (
        "values", "formula", "scene", "layout", "export", "display", "notebook", "contents",
    ),
}  # fmt: skip
ALWAYS_THERE = {"numpy", "click", "rich"}

Import = tuple[int, list[str], str | None]


@dataclass(frozen=True)
class Bounds:
    """What the house holds itself to."""

    files: int = 15
    circles: int = 0
    class_lines: int = 300
    function_lines: int = 60
    upwards: int = 0


# ------------------------------------------------------------- reading imports


def sources(package: Path) -> list[Path]:
    return sorted(package.rglob("*.py"))


def wing_of(file: Path, package: Path) -> str:
    return file.relative_to(package).parts[0].removesuffix(".py")


class WithoutTypes(ast.NodeTransformer):
    """Takes away what only a type checker reads: it is not there when the program runs."""

    def visit_If(self, node: ast.If) -> ast.AST | None:
        named = isinstance(node.test, ast.Name) and node.test.id == "TYPE_CHECKING"
        return None if named else self.generic_visit(node)


@cache
def parsed(file: Path) -> ast.Module:
    return ast.parse(file.read_text("utf-8"))


def own_imports(file: Path, package: Path, types: bool = True) -> Iterator[Import]:
    """Every import of our own, wherever it stands: (line, path below the package, name).

    types: those too that only a type checker reads.
    """
    here = list(file.relative_to(package).parts[:-1])
    tree = parsed(file) if types else WithoutTypes().visit(ast.parse(file.read_text("utf-8")))
    for node in ast.walk(tree):
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


# ------------------------------------------------------------- imports upwards


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


# ------------------------------------------------------------- circles


def module_name(file: Path, package: Path) -> str:
    parts = file.relative_to(package).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def needs(package: Path, types: bool) -> dict[str, set[str]]:
    """Module → the modules of ours that it imports; a package's own table of contents aside."""
    modules = {module_name(file, package): file for file in sources(package)}
    found: dict[str, set[str]] = {module: set() for module in modules}
    for module, file in modules.items():
        for _, path, name in own_imports(file, package, types):
            longest = ".".join([*path, name] if name and path != [name] else path)
            target = longest if longest in modules else ".".join(path)
            if target in modules and target != module and not module.startswith(target + "."):
                found[module].add(target)
    return found


def circles(package: Path, types: bool = True) -> list[list[str]]:
    """Modules that reach one another by their imports, one list a circle."""
    graph = needs(package, types)
    reached = {module: reachable(graph, module) for module in graph}
    rings = {
        tuple(sorted({module} | {other for other in reached[module] if module in reached[other]}))
        for module in graph
        if module in reached[module]
    }
    return [list(ring) for ring in sorted(rings)]


def reachable(graph: dict[str, set[str]], start: str) -> set[str]:
    found: set[str] = set()
    waiting = [*graph[start]]
    while waiting:
        module = waiting.pop()
        if module not in found:
            found.add(module)
            waiting += graph[module]
    return found


def hidden_imports(package: Path) -> Iterator[str]:
    """Imports of our own inside a function."""
    for file in sources(package):
        tree = parsed(file)
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


def third_parties(package: Path) -> dict[str, set[str]]:
    """Optional library → the files that import it."""
    found: dict[str, set[str]] = {}
    for file in sources(package):
        for node in ast.walk(parsed(file)):
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


# ------------------------------------------------------------- sizes


def folders(package: Path) -> Counter[str]:
    """Folder below the package → how many source files lie in it."""
    files = (file for file in package.rglob("*") if file.suffix in SOURCES)
    return Counter(file.parent.relative_to(package).as_posix() for file in files)


def lengths(package: Path, *kinds: type[ast.stmt]) -> Counter[str]:
    """Place of each definition of a kind, as `file.py Name`, → its lines."""
    found: Counter[str] = Counter()
    for file in sources(package):
        for node in ast.walk(parsed(file)):
            if isinstance(node, ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef) and (
                isinstance(node, kinds)
            ):
                place = f"{file.relative_to(package).as_posix()} {node.name}"
                found[place] = max(found[place], (node.end_lineno or 0) - node.lineno + 1)
    return found


def class_lengths(package: Path) -> Counter[str]:
    return lengths(package, ast.ClassDef) + script_lengths(package, SCRIPT_CLASS)


def function_lengths(package: Path) -> Counter[str]:
    python = lengths(package, ast.FunctionDef, ast.AsyncFunctionDef)
    return python + script_lengths(package, SCRIPT_FUNCTION)


SCRIPT_CLASS = re.compile(r"(?:export )?(?:abstract )?class (\w+)")
SCRIPT_FUNCTION = re.compile(
    r"(?:export )?(?:async )?function\*? (\w+)"
    r"|(?!(?:if|for|while|switch|catch|return)\b)"  # a method, with whatever stands before its name
    r"(?:(?:private|public|protected|static|async|get|set) )*(\w+)(?:<[^>]*>)?\([^;]*$"
    r"|(?:export )?const (\w+)(?:: [^=]+)? = (?:async )?(?:\([^;]*|\w+) ?=>"
)


def script_lengths(package: Path, kind: re.Pattern[str]) -> Counter[str]:
    """As `lengths`, of the page's TypeScript.

    It is formatted (`npm run check`), so a definition ends with the first line that is indented as
    its own and closes a brace.
    """
    found: Counter[str] = Counter()
    for file in sorted(package.rglob("*.ts")):
        lines = file.read_text("utf-8").splitlines()
        for first, line in enumerate(lines):
            bare = line.lstrip()
            margin = line[: len(line) - len(bare)]
            named = kind.match(bare)
            if named is None or bare.endswith(";"):
                continue
            place = f"{file.relative_to(package).as_posix()} {next(filter(None, named.groups()))}"
            for last in range(first + 1, len(lines)):
                if lines[last].startswith(f"{margin}}}") and not lines[last].endswith("{"):
                    found[place] = max(found[place], last - first + 1)
                    break
                if lines[last].strip() and not lines[last].startswith(margin):
                    break
    return found


def beyond(sizes: Counter[str], bound: int) -> dict[str, int]:
    """What exceeds a bound, the largest first."""
    return {place: size for place, size in sizes.most_common() if size > bound}


# ------------------------------------------------------------- the report


def report(package: Path = PACKAGE) -> str:
    """The five numbers on one line, and below it where each comes from."""
    bounds, upwards = Bounds(), list(faults(package))
    running, all_circles = circles(package, types=False), circles(package)
    sizes = [
        ("files in the largest folder", folders(package), bounds.files),
        ("lines of the longest class", class_lengths(package), bounds.class_lines),
        ("lines of the longest function", function_lengths(package), bounds.function_lines),
    ]
    files, classes, functions = (found.most_common(1)[0] for _, found, _ in sizes)
    lines = [f"{files[1]}, {len(all_circles)}, {classes[1]}, {functions[1]}, {len(upwards)}", ""]
    for what, found, bound in sizes:
        place, most = found.most_common(1)[0]
        lines.append(f"{what}: {most} of {bound} ({place})")
        lines += [f"    {size:5} {place}" for place, size in beyond(found, bound).items()]
    lines.append(
        f"circles: {len(running)} when the program runs, {len(all_circles)} with what types need"
    )
    lines += [f"    {' · '.join(ring)}" for ring in all_circles]
    lines.append(f"imports upwards: {len(upwards)}")
    lines += [f"    {fault}" for fault in upwards]
    return "\n".join(lines)


if __name__ == "__main__":
    print(report())
