"""Every python block of the documents runs, in order, each document in a namespace of its own."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from seegrad.i18n import language, set_language
from seegrad.ops import TABLE

ROOT = Path(__file__).parent.parent
BLOCK = re.compile(r"^```(?:python|\{code-cell\} python)\n(.*?)^```", re.MULTILINE | re.DOTALL)
MADE = {"_build", "generated"}
DOCUMENTS = sorted(
    path for path in [*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md")] if not MADE & {*path.parts}
)


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
    before = language()
    try:
        for line, source in blocks(document.read_text("utf-8")):
            program = compile("\n" * line + source, str(document), "exec")
            exec(program, names)  # noqa: S102 - the documents are our own
    finally:
        set_language(before)


def test_blocks_are_found():
    assert blocks("a\n```python\nx = 1\n```\n```\nno\n```\n") == [(2, "x = 1\n")]
    assert any(blocks(document.read_text("utf-8")) for document in DOCUMENTS)


STRIP = re.compile(r"\s*#.*$", re.MULTILINE)
TRANSLATED = sorted((ROOT / "docs" / "ko").rglob("*.md"))


@pytest.mark.parametrize("korean", TRANSLATED, ids=lambda path: path.name)
def test_every_translation_keeps_the_code_and_the_headings(korean):
    if korean.name == "index.md":
        return
    english = ROOT / "docs" / korean.relative_to(ROOT / "docs" / "ko")
    own, theirs = (path.read_text("utf-8") for path in (korean, english))
    assert len(blocks(own)) == len(blocks(theirs))
    for heading in ("## ", "### ", "```"):
        counts = [
            sum(row.startswith(heading) for row in text.splitlines()) for text in (own, theirs)
        ]
        assert counts[0] == counts[1], heading


def test_both_readmes_show_the_same_code():
    english, korean = (
        [source for _, source in blocks((ROOT / name).read_text("utf-8"))]
        for name in ("README.md", "README.ko.md")
    )
    strip = re.compile(r"\s*#.*$", re.MULTILINE)
    assert [strip.sub("", s) for s in english] == [strip.sub("", s) for s in korean]


def test_every_operation_has_its_section_and_its_picture(tmp_path, monkeypatch):
    monkeypatch.syspath_prepend(str(ROOT / "docs"))
    operations = pytest.importorskip("operations", reason="scikit-learn is not installed")
    operations.write(tmp_path)
    page = (tmp_path / "operations.md").read_text("utf-8")
    sections = re.findall(r"^### (\w+)$", page, re.MULTILINE)
    assert sorted(sections) == sorted(TABLE)
    for name in re.findall(r"\(operations/(\w+)\.svg\)", page):
        assert "<svg" in (tmp_path / "operations" / f"{name}.svg").read_text("utf-8")
