"""`seegrad draw`: into a file, into the terminal, and one line when it cannot."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from seegrad.cli import main
from seegrad.i18n import set_language


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


WRONG = ["X@W", "X=[[1,2,3]]", "W=[[1,2],[3,4]]"]


@pytest.mark.parametrize("command", ["draw", "explain", "check"])
def test_an_operation_that_fails_is_drawn(
    command: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "error.txt"
    assert main([command, *WRONG, "--picture", str(file)]) == 2
    drawn = file.read_text("utf-8")
    for words in ("(1, 3)", "(2, 2)", "(dot)", "try: give the second 3 rows", "expression:1: X@W"):
        assert words in drawn
    said = capsys.readouterr().err.splitlines()
    assert said[0] == f"drawn in {file}"
    assert said[1].startswith("seegrad: matmul")
    assert len(said) == 2


def test_a_picture_that_cannot_be_drawn_is_said(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["draw", *WRONG, "--picture", "x.gif"]) == 2
    assert ".svg" in capsys.readouterr().err
    assert main(["draw", *WRONG, "--picture", str(tmp_path / "missing" / "x.svg")]) == 2
    said = capsys.readouterr().err.splitlines()
    assert [line.split(":")[1].split()[0] for line in said] == ["cannot", "matmul"]
    assert main(["draw", "x*x", "x=3", "--picture", str(tmp_path / "x.svg")]) == 0
    assert not (tmp_path / "x.svg").exists()


def test_a_run_that_breaks_off_is_drawn(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file, folder = tmp_path / "birth.svg", tmp_path / "run"
    words = ["train", "--data", "xor", "--lr", "1e300", "--out", str(folder)]
    assert main([*words, "--picture", str(file)]) == 1
    assert "culprit" in file.read_text("utf-8")
    assert (folder / "report.html").is_file()
    said = capsys.readouterr().err
    assert f"the run up to there is told in {folder / 'report.html'}" in said


def test_what_is_said_of_an_operation_is_in_korean(capsys: pytest.CaptureFixture[str]) -> None:
    try:
        assert main(["draw", *WRONG, "--lang", "ko"]) == 2
        assert "matmul: 안쪽 크기 3과 2가 다릅니다" in capsys.readouterr().err
    finally:
        set_language("en")
