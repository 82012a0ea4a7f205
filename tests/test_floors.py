"""Imports run down only: read from the source, so that it holds wherever an import hides."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

from tools.house import (
    FLOORS,
    PACKAGE,
    STAGES,
    Bounds,
    beyond,
    circles,
    class_lengths,
    faults,
    folders,
    function_lengths,
    hidden_imports,
    report,
    sources,
    third_parties,
)
from tools.house_picture import PICTURE, picture

BOUNDS = Bounds()


def test_imports_run_down_only():
    assert list(faults(PACKAGE)) == []


def test_no_circles():
    assert circles(PACKAGE, types=False) == []
    assert circles(PACKAGE) == []


def test_no_folder_holds_too_many_files():
    assert beyond(folders(PACKAGE), BOUNDS.files) == {}


def test_no_class_and_no_function_is_too_long():
    assert beyond(class_lengths(PACKAGE), BOUNDS.class_lines) == {}
    assert beyond(function_lengths(PACKAGE), BOUNDS.function_lines) == {}


def test_sizes_are_measured(tmp_path):
    package = tmp_path / "seegrad"
    package.mkdir()
    (package / "a.py").write_text("class A:\n    x = 1\n\n    def f(self):\n        return 1\n")
    assert class_lengths(package) == {"a.py A": 5}
    assert function_lengths(package) == {"a.py f": 2}
    assert folders(package) == {".": 1}
    assert beyond(class_lengths(package), 4) == {"a.py A": 5}
    assert beyond(class_lengths(package), 5) == {}


SCRIPT = """export class A {
  private x = 1;

  f(
    a: number,
  ): number {
    if (a) {
      return g(a);
    }
    return 1;
  }
}

export const g = (a: number) => {
  const b = a;
  return b;
};

function h({ a }: { a: number }) {
  return f(
    a,
  );
}
"""


def test_the_page_keeps_to_the_same_sizes(tmp_path):
    (tmp_path / "a.ts").write_text(SCRIPT)
    assert class_lengths(tmp_path) == {"a.ts A": 12}
    assert function_lengths(tmp_path) == {"a.ts f": 8, "a.ts g": 4, "a.ts h": 5}
    measured = function_lengths(PACKAGE)
    files = {place.split()[0] for place in measured}
    scripts = {file.relative_to(PACKAGE).as_posix() for file in PACKAGE.rglob("*.ts")}
    entries = {"explorer/entry", "training/entry"}
    without = {"words", "training/words", "input/actions", "scene", *entries}
    assert scripts - files == {f"drawing/web/{name}.ts" for name in without}
    for file in PACKAGE.rglob("*.ts"):
        lines = file.read_text("utf-8").splitlines()
        assert lines[0].startswith("// "), f"{file} does not say what lives there"
        long = [line for line in lines if len(line) > 100]
        assert long == [] or file.name == "words.ts", file


def test_the_report_begins_with_the_five_numbers():
    first = [int(word) for word in report().splitlines()[0].split(", ")]
    assert first[0] == max(folders(PACKAGE).values())
    assert first[1:] == [
        0,
        max(class_lengths(PACKAGE).values()),
        max(function_lengths(PACKAGE).values()),
        0,
    ]


def test_no_import_of_our_own_hides_in_a_function():
    assert list(hidden_imports(PACKAGE)) == []


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
    "share a floor": ("nn/module.py", "from ..drawing import display\n"),
    "comes after": ("data/sampling.py", "import seegrad.training\n"),
    "on no floor": ("tools.py", ""),
    "reaches up to stage": (
        "compiler/lowering/fusion.py", "from seegrad.compiler.codegen import program\n"
    ),
    "stage scene reaches up": ("drawing/scene/build.py", "from ..layout import theme\n"),
    "is no stage": ("compiler/lowering/fusion.py", "import seegrad.compiler.extra\n"),
    "may not name an op": (
        "drawing/export/svg.py", "from seegrad.ops.arithmetic import multiply\n"
    ),
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
    (folder / "c.py").write_text("from seegrad.graph import a\n")
    assert circles(tmp_path / "seegrad") == [["graph.a", "graph.b"]]
    assert list(hidden_imports(tmp_path / "seegrad")) == ["graph/b.py:2"]


def test_the_check_finds_circles_that_only_types_close(tmp_path):
    folder = tmp_path / "seegrad" / "graph"
    folder.mkdir(parents=True)
    (folder / "a.py").write_text("from seegrad.graph import b\n")
    (folder / "b.py").write_text(
        "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    from seegrad.graph import a\n"
    )
    assert circles(tmp_path / "seegrad", types=False) == []
    assert circles(tmp_path / "seegrad") == [["graph.a", "graph.b"]]


def test_the_picture_of_the_house_names_every_room():
    rooms = {room for row in (*FLOORS, *STAGES.values()) for room in row}
    for drawn in (picture(), PICTURE.read_text("utf-8")):
        assert {name.removesuffix("/") for name in re.findall(r">([\w/]+)</text>", drawn)} >= rooms


def test_the_documents_name_files_that_are_there():
    text = Path("docs/internals.md").read_text("utf-8")
    for place in re.findall(r"`([\w/]+\.py|[\w/]+/)`", text):
        folders = (PACKAGE, *PACKAGE.iterdir(), *(PACKAGE / "compiler").iterdir())
        places = [each / place for each in (PACKAGE.parents[1], *folders) if each.is_dir()]
        places += [room / place for room in (PACKAGE / "drawing").iterdir() if room.is_dir()]
        assert any(each.exists() for each in places), f"docs/internals.md: {place}"
