"""Showing in browser and notebook, and what is said when an extra is missing."""

from __future__ import annotations

import builtins
import html
import sys
import traceback
from base64 import b64decode
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from urllib.parse import urlparse
from urllib.request import url2pathname
from xml.etree import ElementTree

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
    with pytest.raises(sg.SeegradError, match='pip install "resvg-py>='):
        sg.draw(apple(), tmp_path / "apple.png")
    assert list(tmp_path.iterdir()) == []
    for cached in (png.draws, png.family_for):
        cached.cache_clear()
    notebook._class.cache_clear()
    monkeypatch.setitem(sys.modules, "anywidget", None)
    with pytest.raises(sg.SeegradError, match='pip install "anywidget>='):
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


def test_a_notebook_keeps_the_live_page_a_still_picture_and_the_derivation() -> None:
    kept = apple()._repr_mimebundle_(lang="ko")
    assert set(kept) == {"text/html", "image/png", "text/latex", "text/plain"}
    assert b64decode(kept["image/png"]).startswith(b"\x89PNG")
    assert kept["text/latex"].startswith("$$")
    assert kept["text/latex"].endswith("$$")
    still = kept["text/html"].split("data:image/svg+xml;base64,")[1].split('"')[0]
    drawn = ElementTree.fromstring(b64decode(still))
    assert "사과" in "".join(drawn.itertext())
    assert 'lang="ko"' in html.unescape(kept["text/html"])


def test_without_resvg_a_notebook_keeps_the_page_all_the_same(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for cached in (png.draws, png.family_for):
        cached.cache_clear()
    monkeypatch.setitem(sys.modules, "resvg_py", None)
    kept = apple()._repr_mimebundle_()
    assert set(kept) == {"text/html", "text/latex", "text/plain"}
    for cached in (png.draws, png.family_for):
        cached.cache_clear()


def test_films_playgrounds_and_modules_display_themselves() -> None:
    net = sg.nn.Sequential(sg.nn.Affine(2, 3), sg.nn.Sigmoid(), sg.nn.Affine(3, 2))
    film = sg.film()
    assert film._repr_mimebundle_() == {"text/plain": "Film(0 moments)"}
    film.take(apple())
    playground = sg.playground(net, [[0.0, 1.0], [1.0, 0.0]], [0, 1], batch=2)
    for thing in (film, playground, net, sg.nn.Conv2d(1, 2, 3), sg.nn.LSTM(3, 4)):
        kept = thing._repr_mimebundle_()
        assert {"text/html", "image/png", "text/plain"} <= set(kept)
        assert kept["text/plain"] == repr(thing)
        assert len(repr(thing)) < 300
    assert sg.nn.ReLU()._repr_mimebundle_() == {"text/plain": "ReLU()"}


def test_a_module_is_shown_as_it_was() -> None:
    nn = sg.nn
    net = nn.Sequential(nn.Affine(2, 3), nn.BatchNorm(3), nn.Dropout(0.5), nn.Affine(3, 2))
    before = {name: leaf.value.copy() for name, leaf in net.named_leaves()}
    assert "batchnorm" in net._repr_mimebundle_()["text/html"]
    for name, leaf in net.named_leaves():
        assert (leaf.value == before[name]).all()
        assert leaf.grad is None


def test_the_asked_language_reaches_films_and_playgrounds(tmp_path: Path) -> None:
    net, rows = sg.nn.Affine(2, 2), [[0.0, 1.0], [1.0, 0.0]]
    film = sg.film()
    film.take(apple())
    for i, thing in enumerate((film, sg.playground(net, rows, [0, 1], batch=2))):
        page = sg.draw(thing, tmp_path / f"{i}.html", lang="ko").read_text("utf-8")
        assert '<html lang="ko">' in page
    said = sg.film(lang="ko")
    said.take(apple())
    assert said.scene().language == "ko"
    for wrong in (
        lambda: sg.film(lang="fr"),
        lambda: sg.playground(net, rows, [0, 1], batch=2, lang="fr"),
        lambda: sg.draw(film, tmp_path / "x.html", lang="fr"),
    ):
        with pytest.raises(sg.SeegradError, match="English and Korean"):
            wrong()
