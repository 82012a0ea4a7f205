"""The pages of chapters 4, 6 and 7: their figures, what is said beside them, and their plots."""

from __future__ import annotations

import re
from collections import Counter
from html import unescape

import numpy as np
import pytest

import seegrad as sg
from seegrad.chapter import chapter4, chapter6, chapter7
from seegrad.chapter.page import CHAPTERS, blocks, chapter_page, read
from seegrad.chapter.plots import Plot, Slider
from seegrad.cli.group import main
from trust.formulas.equations import faults_of_line

NUMBERS = (4, 6, 7)
FIGURES = [(n, name) for n in NUMBERS for name in CHAPTERS[n].figures]
PLOTS = [(n, name) for n in NUMBERS for name in CHAPTERS[n].plots]


def wanted(number, lang):
    chapter = CHAPTERS[number]
    return [(kind, content.partition(" | ")[0]) for kind, content in
            blocks(read(f"{chapter.text}.{lang}.txt"))
            if kind in ("figure", "plot", "derivation")]  # fmt: skip


@pytest.mark.parametrize("number", NUMBERS)
def test_both_texts_ask_for_all_that_is_there_in_the_same_order(number):
    asked = wanted(number, "en")
    assert asked == wanted(number, "ko")
    chapter = CHAPTERS[number]
    there = [("figure", name) for name in chapter.figures]
    there += [("plot", name) for name in chapter.plots]
    there += [("derivation", name) for name in chapter.derivations]
    assert Counter(asked) == Counter(there)
    kinds = [[kind for kind, _ in blocks(read(f"{chapter.text}.{lang}.txt"))] for lang in
             ("en", "ko")]  # fmt: skip
    assert kinds[0] == kinds[1]


@pytest.mark.parametrize("number", NUMBERS)
def test_the_page_is_alone(number):
    page = chapter_page("ko", number)
    assert page.startswith('<!doctype html>\n<html lang="ko">')
    assert len(page) < 2_500_000
    assert not re.search(r"(src|href)=\"(?!#|data:)", page)
    assert not re.search(r"<[^>]* style=", page)  # its security policy forbids them
    ids = re.findall(r'\bid="([^"]+)"', page.partition("<script")[0])
    assert [name for name, count in Counter(ids).items() if count > 1] == []
    for _, name in wanted(number, "en"):
        assert name in page


def test_other_chapters_are_named():
    with pytest.raises(sg.SeegradError, match="4, 5, 6, 7"):
        chapter_page("en", 8)


@pytest.mark.parametrize(("number", "name"), FIGURES)
def test_every_figure_draws_in_both_languages(number, name):
    figure = CHAPTERS[number].figures[name]
    english, korean = (figure.scene(lang) for lang in ("en", "ko"))
    assert len(english.boxes) == len(korean.boxes) > 2
    assert english.title == f"Figure {name}"
    np.testing.assert_array_equal(figure.graph("en").value, figure.graph("ko").value)


@pytest.mark.parametrize(
    ("number", "name"), [(n, name) for n in NUMBERS for name in CHAPTERS[n].derivations]
)
def test_every_printed_equality_is_true(number, name):
    told = CHAPTERS[number].derivations[name]("en")
    lines = [line for step in told.steps for line in step.lines if line is not None]
    assert len(lines) > 3
    assert [fault for line in lines if (fault := faults_of_line(line, told.known))] == []


@pytest.mark.parametrize("number", NUMBERS)
@pytest.mark.parametrize("lang", ["en", "ko"])
def test_the_programs_of_the_text_run(number, lang, capsys, monkeypatch):
    monkeypatch.setattr("seegrad.graph.graph.Graph.show", lambda *args, **more: None)
    for kind, content in blocks(read(f"chapter{number}.{lang}.txt")):
        if kind == "pre":
            np.random.seed(0)
            exec(content, {})  # noqa: S102 - the chapters are our own
            printed = [line for line in content.splitlines() if "# (" in line or "# [" in line]
            shown = capsys.readouterr().out.splitlines()
            for line, came in zip(printed, shown):
                assert line.partition("# ")[2].startswith(came)


def test_the_command_writes_any_chapter(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    for given, file in ((["4"], "chapter4.html"), (["7", "-o", "seven.html"], "seven.html")):
        monkeypatch.setattr("sys.argv", ["seegrad", "chapter", *given])
        assert main() in (0, None)
        assert file in capsys.readouterr().out
        assert (tmp_path / file).stat().st_size > 100_000
    monkeypatch.setattr("sys.argv", ["seegrad", "chapter", "3"])
    assert main() == 2


# --------------------------------------------------------------- numbers


def test_chapter_4_says_what_its_captions_say():
    assert chapter4.squared_error("en").graph.find("y").grad == pytest.approx([0.1, 0.2, -0.3])
    assert chapter4.entropy("en").item() == pytest.approx(0.5108, abs=1e-4)
    assert chapter4.central_difference("en").item() == pytest.approx(6)
    bowl = chapter4.bowl("en").graph
    assert [bowl.find(name).grad for name in ("x0", "x1")] == [6, 8]
    assert chapter4.update("en").item() == pytest.approx(2.4)
    right = chapter4.simple_net("en").graph.find("W").grad[:, 2]
    assert (right < 0).all()


def test_chapter_6_says_what_its_captions_say():
    valley = chapter6.valley("en").graph
    assert (valley.find("x").grad, valley.find("y").grad) == pytest.approx((-0.7, 4))
    assert chapter6.momentum("en").item() == pytest.approx(0.92)
    assert chapter6.adagrad("en").item() == pytest.approx(0.5)
    norm = chapter6.normalised("en").graph
    assert norm.find("y").value.ravel() == pytest.approx([-1.5, -1.5, 2.5, 2.5], abs=1e-5)
    assert norm.find("x").grad.ravel() == pytest.approx([2, -2, -1, 1], abs=1e-5)
    assert chapter6.decayed("en").graph.find("W").grad == pytest.approx([-1.9, -2.2])
    assert chapter6.dropped("en").graph.find("x").grad.tolist() == [1, 0, 3, 0]
    losses = {name: chapter6.losses(first)[-1] for name, first in chapter6.FIRST.items()}
    assert losses["0.01"] > 2.2 > losses["Xavier"] > losses["He"]
    few, many = chapter6.accuracies(0.1, False)[-1], chapter6.accuracies(0.1, True)[-1]
    assert many > few + 0.3


def test_chapter_7_says_what_its_captions_say():
    y = chapter7.convolution("en")
    assert y.value[0, 0].tolist() == [[18, 19], [9, 18]]
    product = chapter7.as_product("en")
    np.testing.assert_array_equal(product.value, y.value)
    for name in ("x", "W", "b"):
        np.testing.assert_allclose(product.graph.find(name).grad, y.graph.find(name).grad)
    pooled = chapter7.pooling("en")
    assert pooled.value[0, 0].tolist() == [[3, 4], [5, 3]]
    back = pooled.graph.find("x").grad[0, 0]
    assert back.tolist() == [[0, 0, 0, 2], [1, 0, 0, 0], [3, 0, 0, 0], [0, 0, 0, 4]]
    before, net, accuracy = chapter7.learnt()
    assert accuracy > 0.88
    assert np.abs(net.params["W1"] - before).max() > 0.1


def test_pages_leave_the_readers_random_numbers_alone():
    np.random.seed(4)
    wanted = np.random.rand()
    np.random.seed(4)
    chapter7.lenet("en")
    chapter7.learnt.cache_clear()
    chapter7.learnt()
    assert np.random.rand() == wanted


# --------------------------------------------------------------- plots


@pytest.mark.parametrize(("number", "name"), PLOTS)
def test_every_plot_draws_in_both_languages(number, name):
    for lang in ("en", "ko"):
        plot = CHAPTERS[number].plots[name](lang)
        settings = {slider.name: len(slider.words) for slider in plot.sliders}
        for _, when in plot.parts:
            for each in when.split():
                axis, at = each.split(":")
                assert int(at.rstrip("+")) < settings[axis]
        html = plot.html(name)
        assert "nan" not in html
        assert ('class="off"' in html) == bool(plot.sliders)
        for slider in plot.sliders:  # every place shows something of its own
            whens = " ".join(when for _, when in plot.parts)
            assert {int(at) for at in re.findall(rf"\b{slider.name}:(\d+)", whens)} == set(
                range(len(slider.words))
            )


def test_the_sums_under_the_window_are_true():
    drawn = chapter7.window("en").svg()
    texts = [unescape(text) for text in re.findall(r">([^<>]* = [−\d]+)<", drawn)]
    assert len(texts) == 4
    for text in texts:
        left, _, right = text.partition(" = ")
        terms = [np.prod([float(n) for n in term.split("·")]) for term in left.split(" + ")]
        assert sum(terms) == float(right)


def test_the_slopes_of_the_secants():
    for h in chapter4.REACHES:
        forward, central = chapter4.slopes(h)
        assert forward == pytest.approx(0.2 + 0.01 * h)
        assert central == pytest.approx(0.2)


def test_the_ways_down():
    for rate in chapter4.RATES:
        expected = np.array(chapter4.START) * (1 - 2 * rate) ** np.arange(21)[:, None]
        np.testing.assert_allclose(chapter4.path_down(rate), expected)
    sgd = chapter6.way_of(chapter6.OPTIMIZERS["SGD, η = 0.95"]())
    expected = [(-7 * (1 - 0.095) ** i, 2 * (1 - 1.9) ** i) for i in range(31)]
    np.testing.assert_allclose(sgd, expected)


def test_histograms_count_all():
    for kind, (function, _) in chapter6.ACTIVATIONS.items():
        first, *_ = chapter6.activations(kind, 0.01)
        draw = np.random.default_rng(0)
        x, w = draw.normal(size=(1000, 100)), draw.normal(size=(100, 100)) * 0.01
        np.testing.assert_allclose(first, function(x @ w))
    spread = [values.std() for values in chapter6.activations("ReLU", (2 / 100) ** 0.5)]
    gone = [values.std() for values in chapter6.activations("ReLU", 0.01)]
    assert min(spread) > 0.4
    assert gone[-1] < 1e-4


def test_a_part_is_there_where_it_says():
    plot = Plot(1, 1, "", [Slider("a", "a", ["0", "1", "2"], 1), Slider("b", "b", ["0", "1"])])
    assert [plot.there(when) for when in ("a:1", "a:0", "a:0+", "a:2+", "a:1 b:0", "a:1 b:1")] == [
        True, False, True, False, True, False
    ]  # fmt: skip
