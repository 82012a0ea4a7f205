"""Playground and film in a real browser, offline: trained, chosen, diverged, shared, played."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import seegrad as sg
from seegrad.chapter.playground import ACTIVATIONS, DEPTHS, SETS, WIDTHS

sync = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
pytestmark = pytest.mark.xdist_group("browser")
SIZES = ((1440, 900), (1024, 768), (390, 844))


@pytest.fixture
def visit(browser: Any, tmp_path: Path) -> Iterator[Callable[..., Any]]:
    """Opens a saved picture; fails when the page complains or asks for anything."""
    troubles: list[str] = []
    context = browser.new_context(offline=True, viewport={"width": 1440, "height": 900})
    context.set_default_timeout(15_000)

    def go(thing: Any, fragment: str = "", **options: Any) -> Any:
        file = sg.draw(thing, tmp_path / "page.html", **options)
        page = context.new_page()
        page.on("pageerror", lambda error: troubles.append(f"error: {error}"))
        page.on("console", lambda m: troubles.append(m.text) if m.type == "error" else None)
        address = file.as_uri()
        page.on(
            "request",
            lambda r: None
            if r.url.startswith((address, "data:", "blob:"))
            else troubles.append(r.url),
        )
        page.goto(address + fragment)
        page.wait_for_selector(".sg svg.canvas .box")
        return page

    yield go
    context.close()
    assert troubles == []


def told(page: Any) -> tuple[int, float]:
    """Steps and loss, as the page tells them."""
    words = page.locator(".trained").inner_text()
    steps, loss = re.match(r"(\d+) steps · loss (\S+) ·", words).groups()  # type: ignore[union-attr]
    return int(steps), float(loss)


def places(page: Any) -> list[Any]:
    """Where every box, wire and label of the picture stands."""
    found: list[Any] = page.eval_on_selector_all(
        ".graph [data-box], .graph [data-wire] .fore, .graph text",
        "all => all.map(e => { const r = e.getBoundingClientRect();"
        " return e.matches('text.value, text.grad') ? [r.y, r.x + r.width / 2]"
        " : [r.x, r.y, r.width, r.height]; })",
    )
    return found


def test_the_picture_never_moves_while_it_trains(visit: Any) -> None:
    page = visit(sg.playground(lang="en"))
    before = places(page)
    page.locator("button.train").click()
    sync.expect(page.locator(".trained")).to_have_text(re.compile(r"^(\d{3}|[4-9]\d) steps"))
    page.locator("button.train").click()
    after = places(page)
    assert [len(place) for place in after] == [len(place) for place in before]
    assert np.abs(np.concatenate(after) - np.concatenate(before)).max() <= 1
    assert told(page)[0] > 40


def test_a_step_in_the_page_is_the_step_in_python(visit: Any) -> None:
    rows = np.array([[0.0, 1.0], [1.0, 0.5], [-1.0, 2.0]])
    labels = np.array([0, 1, 1])
    net = sg.nn.Sequential(sg.nn.Affine(2, 3), sg.nn.Tanh(), sg.nn.Affine(3, 2))
    loss = sg.nn.SoftmaxWithLoss()(net(rows), labels)
    page = visit(sg.playground(net, rows, labels, batch=3, lang="en"))
    assert told(page) == (0, pytest.approx(float(loss.value), rel=1e-3))
    wide = page.eval_on_selector_all(
        ".neurons path",
        "all => all.map(e => [Number(e.getAttribute('stroke-width')), e.getAttribute('class'),"
        " e.textContent])",
    )
    weights = np.concatenate([net[0].W.value.ravel(), net[2].W.value.ravel()])
    assert len(wide) == len(weights)
    for (width, kind, _), w in zip(wide, weights):
        assert width == pytest.approx(0.3 + 1.6 * abs(w), abs=0.01)
        assert kind == ("minus" if w < 0 else "plus")


def test_everything_can_be_chosen_trained_and_begun_again(visit: Any) -> None:
    page = visit(sg.playground(lang="en"))
    one = page.locator(".do-one")
    offered = {
        "data": list(SETS), "width": [*map(str, WIDTHS)], "depth": [*map(str, DEPTHS)],
        "activation": list(ACTIVATIONS),
    }  # fmt: skip
    for kind, choices in offered.items():
        field = page.locator(f"select.{kind}")
        assert field.locator("option").evaluate_all("all => all.map(e => e.value)") == choices
        for choice in choices[:2]:
            page.locator(f"select.{kind}").select_option(choice)
            sync.expect(page.locator(".trained")).to_have_text(re.compile("^0 steps"))
            begun = told(page)
            one.click()
            assert told(page)[0] == 1
            page.locator("button.restart").click()
            assert told(page) == begun
    page.locator("select.width").select_option("4")
    page.locator("select.depth").select_option("3")
    sync.expect(page.locator(".neurons rect")).to_have_count(2 + 3 * 4 + 2)


def test_a_diverged_run_says_so_and_offers_to_begin_again(visit: Any) -> None:
    page = visit(sg.playground(lang="en"))
    alert = page.locator(".diverged")
    begun = told(page)
    assert alert.is_hidden()
    page.locator(".rate").fill("-1")
    page.locator(".rate").press("Enter")
    assert page.locator(".rate").get_attribute("aria-invalid") == "true"
    assert "above zero" in page.locator(".training [role=alert]").inner_text()
    page.locator(".rate").fill("100000")
    page.locator(".rate").press("Enter")
    page.locator("button.train").click()
    sync.expect(alert).to_contain_text("diverged")
    sync.expect(page.locator("button.train")).to_be_disabled()
    page.locator("button.restart").click()
    assert alert.is_hidden()
    assert told(page) == begun
    assert page.locator("button.train").is_enabled()


def test_the_address_shares_what_was_chosen_and_trained(visit: Any) -> None:
    scene = sg.playground(lang="en")
    page = visit(scene)
    page.locator("select.data").select_option("xor")
    sync.expect(page).to_have_url(re.compile("data=xor"))
    page.locator(".rate").fill("0.25")
    page.locator(".rate").press("Enter")
    for _ in range(3):
        page.locator(".do-one").click()
    kept, fragment = told(page), page.evaluate("location.hash")
    other = visit(scene, fragment)
    sync.expect(other.locator(".trained")).to_contain_text("3 steps")
    assert told(other) == kept
    assert other.locator("select.data").input_value() == "xor"
    assert other.locator(".rate").input_value() == "0.25"
    wrong = visit(scene, "#data=nothing&width=77&rate=x&steps=-4")
    assert told(wrong)[0] == 0
    assert wrong.locator("select.width").input_value() == "6"


@pytest.mark.parametrize("size", SIZES)
def test_network_boundary_and_loss_are_in_view(visit: Any, size: tuple[int, int]) -> None:
    page = visit(sg.playground(lang="ko"))
    page.set_viewport_size({"width": size[0], "height": size[1]})
    assert "정확도" in page.locator(".trained").inner_text()
    assert page.locator("button.train").inner_text() == "학습"
    for part in (".controls", ".neurons", ".boundary", ".losses"):
        box = page.locator(part).bounding_box()
        assert box["x"] >= 0
        assert box["y"] >= 0
        assert box["x"] + box["width"] <= size[0] + 1
        assert box["y"] + box["height"] <= size[1] + 1
        assert min(box["width"], box["height"]) >= 50


def recorded(lang: str, steps: int = 6) -> sg.drawing.scene.film.Film:
    film, w = sg.film(lang=lang), sg.tensor(4.0, name="w")
    for step in range(steps):
        loss = (w - 1.0) ** 2
        loss.backward()
        film.take(loss, f"step {step}")
        w = sg.tensor(w.value - 0.3 * w.grad, name="w")
    return film


def test_a_film_plays_and_nothing_moves(visit: Any) -> None:
    page = visit(recorded("ko"))
    assert page.locator(".film .moment-title").inner_text().startswith("step 5 · 손실 ")
    still = "all => all.map(e => { const r = e.getBoundingClientRect(); return [r.x, r.y]; })"
    before = page.eval_on_selector_all("[data-box]", still)
    page.locator(".film .moment").fill("0")
    assert page.locator(".film .moment-title").inner_text() == "step 0 · 손실 9"
    assert page.eval_on_selector_all("[data-box]", still) == before
    page.locator(".do-film").click()
    sync.expect(page.locator(".film .moment")).to_have_value("5")
    points = page.locator(".film .loss").get_attribute("d").count("L")
    assert points == 5
