"""The page's layout is written from the Python, and what is committed is what it gives now."""

from __future__ import annotations

import ast

import pytest

from tools.python_to_js import DRAWING, MODULES, Names, Writer, translated


def test_what_is_committed_is_what_the_python_gives() -> None:
    stale = [
        name
        for name, text in translated().items()
        if (DRAWING / "web" / f"{name}.js").read_text("utf-8") != text
    ]
    assert stale == [], "python -m tools.python_to_js && npm run build"


def test_no_layout_is_kept_by_hand_beside_it() -> None:
    rooms = ("layout", "scene", "values")
    found = {
        file.relative_to(DRAWING / "web").with_suffix("").as_posix()
        for room in rooms
        for file in (DRAWING / "web" / room).glob("*.js")
    }
    assert found == set(MODULES)


def written(source: str) -> str:
    tree = ast.parse(source)
    return "\n".join(Writer("case", Names({"case": tree})).block(tree.body))


@pytest.mark.parametrize(
    ("python", "script"),
    [
        ("x = d[k]", "x = d[k];"),
        ("d: dict[str, int] = {}\nx = d[k]", "d = new Map([]);\n  x = d.get(k);"),
        ("d: dict[str, int] = {}\nd[k] = 1", "d = new Map([]);\n  d.set(k, 1);"),
        ("found = [1]\nfound += more", "found = [1];\n  extend(found, more);"),
        ("x = [0.0] * n", "x = Array(n).fill(0);"),
        ("x = a if b else c", "x = (truthy(b) ? a : c);"),
        ("x = a == ()", "x = (same(a, []));"),
        ("x = f'{a}`$'", "x = `${a}\\`\\$`;"),
        ("x = [a for a, b in c if b > 1]",
         "x = Array.from(c).filter(([a, b]) => (b > 1)).map(([a, b]) => a);"),
    ],
)  # fmt: skip
def test_python_means_the_same_in_the_page(python: str, script: str) -> None:
    assert written(python).strip() == script


@pytest.mark.parametrize("source", ["with a: pass", "x = a @ b", "x = yield", "raise E"])
def test_what_has_no_word_is_refused_by_its_line(source: str) -> None:
    with pytest.raises(SyntaxError, match=r"case\.py:1"):
        written(source)
