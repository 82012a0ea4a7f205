"""`seegrad draw`: into a file, into the terminal, and one line when it cannot."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from seegrad.cli import main


def test_into_a_file(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "graph.svg"
    assert main(["draw", "(x+y)**2", "x=3", "y=4", "-o", str(file)]) == 0
    assert capsys.readouterr().out.strip() == str(file)
    text = file.read_text("utf-8")
    assert ">14<" in text
    assert ">49<" in text


def test_into_the_terminal(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["draw", "sigmoid(x)", "x=0", "--open"]) == 0
    text = capsys.readouterr().out
    assert "(exp)" in text
    assert "◀ 0.25" in text
    assert "\x1b" not in text


def test_as_json(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["draw", "x*y", "x=3", "y=4", "--json"]) == 0
    scene = json.loads(capsys.readouterr().out)
    assert [box["sign"] for box in scene["boxes"] if "sign" in box] == ["×"]


@pytest.mark.parametrize(
    "words",
    [
        ["draw", "x*", "x=3"],
        ["draw", "x", "-o", "x.gif"],
        ["draw", "x*y", "x=3"],
        ["draw", "x", "x=3", "-o", "/nowhere/at/all/x.svg"],
        ["draw", "__import__('os')"],
        ["draw", "x", "x=3", "--theme", "pink"],
        ["draw"],
    ],
)
def test_one_line_when_it_cannot(words: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert main(words) == 2
    said = capsys.readouterr().err.strip()
    assert len(said.splitlines()) == 1
    assert "Traceback" not in said
