"""The terminal picture: no two wires in one column, and what does not fit is folded."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from pictures import ALL, apples_and_oranges

import seegrad as sg
from benchmarks.drawn_networks import NETWORKS
from seegrad.drawing.export import text
from seegrad.drawing.export.text import CELL_HEIGHT, CELL_WIDTH, CELLS, ROWS, cells, to_text
from seegrad.drawing.layout.levels import first_screen
from seegrad.drawing.scene.build import build_scene
from seegrad.errors import ValueRangeError

MADE: dict[str, Callable[[], Any]] = {**{make.__name__: make for make in ALL}, **NETWORKS}


def crossing() -> Any:
    """Two values, each used by both of two operations: their wires must cross."""
    x, y = sg.tensor(2.0, name="x"), sg.tensor(3.0, name="y")
    return (x * y) + (y - x)


@pytest.mark.parametrize("name", MADE)
def test_it_fits_and_wires_keep_to_their_own_columns(name: str, monkeypatch: Any) -> None:
    shared: list[int] = []
    plain = text._set

    def counted(*given: Any) -> Any:
        paper, count = plain(*given)
        shared.append(count)
        return paper, count

    monkeypatch.setattr(text, "_set", counted)
    scene = build_scene(MADE[name]())
    for columns in (120, 80):
        shared.clear()
        drawn = to_text(scene, columns=columns)
        assert min(shared) == 0
        assert max(len(cells(line)) for line in drawn.splitlines()) <= columns
        assert "▶" in drawn


def test_a_shared_column_is_seen(monkeypatch: Any) -> None:
    monkeypatch.setattr(text._Columns, "is_free", lambda *_: True)
    together = to_text(build_scene(crossing()))
    monkeypatch.undo()
    assert to_text(build_scene(crossing())) != together


def test_what_does_not_fit_is_folded() -> None:
    scene = build_scene(NETWORKS["LeNet"]())
    wide, narrow = (
        first_screen(scene, columns * CELL_WIDTH, ROWS * CELL_HEIGHT, heat=False).level
        for columns in (200, 60)
    )
    assert narrow < wide
    assert "[net]" in to_text(scene, columns=60)
    assert "[net]" not in to_text(scene, columns=200)


def test_the_file_takes_the_width(tmp_path: Any) -> None:
    loss = NETWORKS["two layers"]()
    file = sg.draw(loss, tmp_path / "picture.txt", width=60)
    assert max(map(len, file.read_text("utf-8").splitlines())) <= 60
    with pytest.raises(ValueRangeError, match="width=40 … 1000 columns"):
        sg.draw(loss, tmp_path / "picture.txt", width=8)


def test_the_smallest_cells_come_last() -> None:
    assert list(CELLS) == sorted(CELLS, reverse=True)
    assert "650" in to_text(build_scene(apples_and_oranges()))


def test_an_arrow_comes_in_before_words_that_are_wider_than_their_box() -> None:
    drawn = to_text(build_scene(NETWORKS["LeNet"]()))
    for layer in ("[conv1]", "(ReLU)", "[max∘ max_pool1]", "[max∘ max_pool2]", "[affine2]"):
        assert f"▶{layer}" in drawn
