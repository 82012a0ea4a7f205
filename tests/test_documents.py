"""Every python block of the documents runs, in order, each document in a namespace of its own."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from seegrad.ops import TABLE

ROOT = Path(__file__).parent.parent
BLOCK = re.compile(r"^```python\n(.*?)^```", re.MULTILINE | re.DOTALL)
DOCUMENTS = sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md")])


def blocks(text: str) -> list[tuple[int, str]]:
    """(line, source) of every fenced python block."""
    return [(text[: m.start(1)].count("\n"), m.group(1)) for m in BLOCK.finditer(text)]


@pytest.fixture
def own_table():
    """A document may define operations: afterwards the table is as it was."""
    before = dict(TABLE)
    yield
    TABLE.clear()
    TABLE.update(before)


@pytest.mark.usefixtures("own_table")
@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: str(path.relative_to(ROOT)))
def test_every_python_block_runs(document, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    names = {"__name__": "__document__"}
    for line, source in blocks(document.read_text("utf-8")):
        program = compile("\n" * line + source, str(document), "exec")
        exec(program, names)  # noqa: S102 - the documents are our own


def test_blocks_are_found():
    assert blocks("a\n```python\nx = 1\n```\n```\nno\n```\n") == [(2, "x = 1\n")]
    assert any(blocks(document.read_text("utf-8")) for document in DOCUMENTS)


def test_both_readmes_show_the_same_code():
    english, korean = (
        [source for _, source in blocks((ROOT / name).read_text("utf-8"))]
        for name in ("README.md", "README.ko.md")
    )
    strip = re.compile(r"\s*#.*$", re.MULTILINE)
    assert [strip.sub("", s) for s in english] == [strip.sub("", s) for s in korean]
