"""Showing in browser and notebook, and what is said when an extra is missing."""

from __future__ import annotations

import builtins
import sys
import traceback
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from urllib.parse import urlparse
from urllib.request import url2pathname

import pytest
from pictures import apple

import seegrad as sg
from seegrad.drawing import display, notebook
from seegrad.drawing.export import png


def test_show_opens_a_page(monkeypatch: pytest.MonkeyPatch) -> None:
    opened: list[str] = []
    monkeypatch.setattr(display.webbrowser, "open", lambda url: opened.append(url) or True)
    apple().show(lang="ko")
    page = Path(url2pathname(urlparse(opened[0]).path))
    assert "사과" in page.read_text("utf-8")


def test_show_says_where_the_page_is_without_a_browser(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(display.webbrowser, "open", lambda url: False)
    apple().graph.show()
    said = capsys.readouterr().out
    assert "graph.html" in said


def test_show_in_a_notebook_displays(monkeypatch: pytest.MonkeyPatch) -> None:
    ipython = pytest.importorskip("IPython.display")
    shown: list[Any] = []
    shell = type("ZMQInteractiveShell", (), {})()
    monkeypatch.setattr(builtins, "get_ipython", lambda: shell, raising=False)
    monkeypatch.setattr(ipython, "display", lambda bundle, raw: shown.append(bundle))
    sg.show(apple())
    assert "iframe" in shown[0]["text/html"]


def test_an_error_in_a_notebook_comes_with_its_picture(monkeypatch: pytest.MonkeyPatch) -> None:
    shown: list[Any] = []
    usual = SimpleNamespace(structured_traceback=traceback.format_exception)
    shell = type("ZMQInteractiveShell", (), {"InteractiveTB": usual})()
    monkeypatch.setattr(builtins, "get_ipython", lambda: shell, raising=False)
    monkeypatch.setattr(display, "_display", shown.append)
    with pytest.raises(sg.SeegradError) as caught:
        sg.tensor([[1.0, 2.0]], name="X") @ sg.tensor([[1.0, 2.0]], name="W")
    lines = "\n".join(caught.value._render_traceback_())
    assert "the inner sizes 2 and 1 differ" in lines
    assert "iframe" in shown[0]["text/html"]
    assert "culprit" in shown[0]["text/html"]
    sg.SeegradError("something else")._render_traceback_()
    assert len(shown) == 1


def test_a_missing_extra_says_what_to_install(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    for cached in (png.draws, png.family_for):
        cached.cache_clear()
    monkeypatch.setitem(sys.modules, "resvg_py", None)
    with pytest.raises(sg.SeegradError, match=r"seegrad\[png\]"):
        sg.draw(apple(), tmp_path / "apple.png")
    assert list(tmp_path.iterdir()) == []
    for cached in (png.draws, png.family_for):
        cached.cache_clear()
    notebook._class.cache_clear()
    monkeypatch.setitem(sys.modules, "anywidget", None)
    with pytest.raises(sg.SeegradError, match=r"seegrad\[notebook\]"):
        apple().widget()
    notebook._class.cache_clear()


def test_playground_and_film_refuse_what_does_not_fit() -> None:
    net = sg.nn.Affine(2, 2)
    rows = [[0.0, 1.0], [1.0, 0.0]]
    with pytest.raises(sg.SeegradError, match="label"):
        sg.playground(net, rows, [0, 1, 1])
    with pytest.raises(sg.SeegradError, match="mini-batch"):
        sg.playground(net, rows, [0, 1], batch=3)
    film = sg.film()
    film.take(apple())
    with pytest.raises(sg.SeegradError, match="one graph"):
        film.take(sg.tensor(1.0) * 2.0)


def test_a_playground_leaves_the_network_as_it_was() -> None:
    net = sg.nn.Affine(2, 2)
    before = net.W.value.copy()
    scene = sg.playground(net, [[0.0, 1.0], [1.0, 0.0]], [0, 1], batch=2)
    assert (net.W.value == before).all()
    assert net.W.grad is None
    assert len(scene.program["train"]["parameters"]) == 2
