"""What holds for every file of the package: Korean for every sentence, nothing that runs text."""

from __future__ import annotations

import ast
import json
import re
import string
from collections.abc import Iterator
from pathlib import Path

import pytest

from seegrad import errors

PACKAGE = Path(__file__).parent.parent / "src" / "seegrad"
KOREAN: dict[str, str] = json.loads((PACKAGE / "catalogue" / "ko.json").read_text("utf-8"))


def spoken(folder: Path) -> Iterator[tuple[str, str]]:
    """(place, sentence) of every `tr("…")` and every option's help."""
    for file in sorted(folder.rglob("*.py")):
        for node in ast.walk(ast.parse(file.read_text("utf-8"))):
            if not isinstance(node, ast.Call):
                continue
            name = getattr(node.func, "id", getattr(node.func, "attr", None))
            said = node.args[:1] if name == "tr" else []
            if name == "option":
                said = [word.value for word in node.keywords if word.arg == "help"]
            for text in said:
                if isinstance(text, ast.Constant):
                    yield f"{file.relative_to(folder)}:{node.lineno}", str(text.value)


def test_every_sentence_has_a_korean_counterpart():
    missing = [f"{place}: {text!r}" for place, text in spoken(PACKAGE) if text not in KOREAN]
    assert missing == []


ERRORS = {
    name for name in vars(errors) if name.endswith(("Error", "Warning"))
} - {"OpDefinitionError"}  # fmt: skip


def parts_of(text: ast.expr) -> Iterator[ast.expr]:
    """What a message is put together from: the sides of a choice, of `or`, of a sum."""
    inner = {
        ast.IfExp: lambda x: (x.body, x.orelse), ast.BoolOp: lambda x: x.values,
        ast.BinOp: lambda x: (x.left, x.right),
    }.get(type(text))  # fmt: skip
    if inner is None:
        yield text
    else:
        for part in inner(text):
            yield from parts_of(part)


def written(text: ast.expr) -> str:
    """A literal or an f-string as it comes out, a number for every value put in; or nothing."""
    parts = text.values if isinstance(text, ast.JoinedStr) else [text]
    pieces = [
        str(part.value) if isinstance(part, ast.Constant) else str(place)
        for place, part in enumerate(parts, 7)
    ]
    fixed = isinstance(text, ast.JoinedStr | ast.Constant)
    return "".join(pieces) if fixed and any(isinstance(p, ast.Constant) for p in parts) else ""


CODE = re.compile(r"pip install .*|[\w.]+\(.*\)")
"""What is the same in every language."""


def problems(folder: Path) -> Iterator[tuple[str, str, bool]]:
    """(place, sentence, is it filled in already?) of every error that is written as plain English
    where it is raised: the problem, and what was asked, came, and is to be tried, where that is
    more than a few names."""
    for file in sorted(folder.rglob("*.py")):
        for node in ast.walk(ast.parse(file.read_text("utf-8"))):
            if isinstance(node, ast.Call) and getattr(node.func, "id", "") in ERRORS and node.args:
                place = f"{file.relative_to(folder)}:{node.lineno}"
                for part in parts_of(node.args[0]):
                    said = written(part)
                    if re.search("[a-z]{3}", said) and not re.fullmatch(r"[\w.]+: ", said):
                        yield place, said, isinstance(part, ast.JoinedStr)
                for word in node.keywords:
                    for part in parts_of(word.value):
                        said = written(part) if word.arg in ("asked", "came", "hint") else ""
                        if re.search("[a-z]{2} [a-z]+ [a-z]", said) and not CODE.fullmatch(said):
                            yield f"{place} {word.arg}", said, isinstance(part, ast.JoinedStr)


def test_every_error_has_a_korean_counterpart():
    found = list(problems(PACKAGE))
    assert len(found) > 50
    missing = [f"{place}: {text!r}" for place, text, _ in found if text not in KOREAN]
    assert missing == []


def test_no_error_is_written_with_its_values_already_in_it():
    """They go in through `tr`, so that the template can be looked up."""
    assert [f"{place}: {text!r}" for place, text, filled in problems(PACKAGE) if filled] == []


def test_korean_fills_the_same_holes():
    formatter = string.Formatter()
    for english, korean in KOREAN.items():
        holes = [
            sorted(name for _, name, _, _ in formatter.parse(text) if name is not None)
            for text in (english, korean)
        ]
        assert holes[0] == holes[1], english


def test_the_catalogue_is_sorted_and_says_nothing_twice():
    pairs = json.loads(
        (PACKAGE / "catalogue" / "ko.json").read_text("utf-8"), object_pairs_hook=list
    )
    keys = [key for key, _ in pairs]
    assert keys == sorted(set(keys))


CALLS = {"eval", "exec", "compile", "__import__"}
MODULES = {"pickle", "cPickle", "marshal", "shelve", "dill", "cloudpickle", "yaml"}
# The one place where text becomes a program: the page's files are read, never run, by Python.
KEYWORDS = {"allow_pickle": True, "shell": True}
WRITES_PROGRAMS: set[str] = set()


def runs_text(source: str) -> Iterator[str]:
    """Everything in `source` that could turn data into code."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Call):
            if isinstance(node.func, ast.Name) and node.func.id in CALLS:
                yield f"{node.lineno}: {node.func.id}()"
            if isinstance(node.func, ast.Attribute) and node.func.attr in ("system", "popen"):
                yield f"{node.lineno}: .{node.func.attr}()"
            for keyword in node.keywords:
                value = getattr(keyword.value, "value", None)
                if keyword.arg in KEYWORDS and value is not False:
                    yield f"{node.lineno}: {keyword.arg}={value}"
        names = []
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            names = [node.module or ""]
        for name in names:
            if name.split(".")[0] in MODULES:
                yield f"{node.lineno}: import {name}"


def test_nothing_in_the_package_runs_text_or_pickles():
    found = {
        str(file.relative_to(PACKAGE)): list(runs_text(file.read_text("utf-8")))
        for file in PACKAGE.rglob("*.py")
    }
    assert {name: faults for name, faults in found.items() if faults} == {}


@pytest.mark.parametrize(
    "planted",
    [
        "eval('1')",
        "exec(text)",
        "import pickle",
        "from yaml import load",
        "numpy.load(f, allow_pickle=True)",
        "subprocess.run(c, shell=True)",
        "os.system(c)",
        "numpy.load(f, allow_pickle=flag)",
    ],
)
def test_the_gate_itself_catches(planted):
    assert list(runs_text(planted))
