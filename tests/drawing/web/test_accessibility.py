"""Every kind of page is free of what axe-core finds, in both languages, light and dark."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from pictures import PACKAGES, apples_and_oranges, network, sigmoid

import seegrad as sg
from seegrad.chapter.page import chapter_page
from seegrad.training import Report, RunFolder, Trainer

pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
AXE = PACKAGES / "axe-core" / "axe.min.js"
pytestmark = [
    pytest.mark.xdist_group("browser"),
    pytest.mark.skipif(not AXE.is_file(), reason="axe-core is not there: npm ci"),
]
RUN = """() => axe.run(document, { resultTypes: ["violations"], rules: {
  "label-content-name-mismatch": { enabled: true }, "target-size": { enabled: true } } })"""


def playground() -> Any:
    points = sg.data.xor(copies=8, noise=0.05)
    net = sg.nn.Sequential(sg.nn.Affine(2, 4), sg.nn.Tanh(), sg.nn.Affine(4, 2))
    return sg.playground(net, points.x, points.t)


def film() -> Any:
    taken, w = sg.film(), sg.tensor(4.0, name="w")
    for step in range(3):
        loss = w * 2.0
        loss.backward()
        taken.take(loss, f"step {step}")
        w = sg.tensor(w.value - 1.0, name="w")
    return taken


def stepped(page: Any) -> None:
    page.keyboard.press("Home")
    for _ in range(7):
        page.keyboard.press("ArrowRight")


def pinned(page: Any) -> None:
    page.locator("[data-box]").first.click()
    page.keyboard.press("m")


def graded(page: Any) -> None:
    page.locator(".answer").first.fill("7")
    page.keyboard.press("Enter")


PAGES: dict[str, tuple[Callable[[], Any], Callable[[Any], None]]] = {
    "opened": (lambda: sigmoid(), stepped),
    "pinned": (lambda: network(2), pinned),
    "quiz": (lambda: apples_and_oranges(), graded),
    "playground": (playground, lambda page: None),
    "film": (film, lambda page: None),
}


def violations(page: Any) -> list[str]:
    page.evaluate(AXE.read_text("utf-8"))
    return [
        f"{found['id']}: {node['html'][:160]} {node['failureSummary']}"
        for found in page.evaluate(RUN)["violations"]
        for node in found["nodes"]
    ]


def opened(browser: Any, address: str, width: int = 1024) -> Any:
    context = browser.new_context(
        offline=True, bypass_csp=True, reduced_motion="reduce",
        viewport={"width": width, "height": 768},
    )  # fmt: skip
    page = context.new_page()
    page.goto(address)
    return page


@pytest.mark.parametrize("kind", PAGES)
@pytest.mark.parametrize("look", ["lang=en&theme=light", "lang=ko&theme=dark"])
def test_axe_finds_nothing(browser: Any, tmp_path: Path, kind: str, look: str) -> None:
    make, act = PAGES[kind]
    options = {"quiz": True} if kind == "quiz" else {"open": "all"} if kind == "opened" else {}
    page = opened(browser, sg.draw(make(), tmp_path / "p.html", **options).as_uri() + "#" + look)
    act(page)
    assert violations(page) == []
    page.context.close()


@pytest.mark.parametrize(("number", "figure", "part"), [
    (5, "5-15", ".answer"), (4, "4d", ".bar"), (6, "6a", ".bar"), (7, "7c", ".bar"),
])  # fmt: skip
@pytest.mark.parametrize("look", ["lang=en&theme=dark", "lang=ko&theme=light"])
def test_axe_finds_nothing_in_the_chapters(
    browser: Any, tmp_path: Path, look: str, number: int, figure: str, part: str
) -> None:
    file = tmp_path / "chapter.html"
    file.write_text(chapter_page("en", number), "utf-8")
    page = opened(browser, f"{file.as_uri()}#{look}", 390 if "lang=ko" in look else 1024)
    page.locator(f'[data-figure="{figure}"]:visible').scroll_into_view_if_needed()
    page.locator(f'[data-figure="{figure}"]:visible {part}').first.wait_for()
    assert violations(page) == []
    page.context.close()


@pytest.mark.parametrize(("language", "theme"), [("en", "light"), ("ko", "dark")])
def test_axe_finds_nothing_in_the_report_of_a_run(
    browser: Any, tmp_path: Path, language: str, theme: str
) -> None:
    data = sg.data.moons()
    net = sg.nn.multilayer(2, 2, (3,), "sigmoid")
    report = Report(RunFolder(tmp_path), data, data, {"network": (2, 3, 2)})
    optimizer = sg.optim.SGD(net.parameters(), lr=0.1)
    Trainer(net, optimizer, callbacks=[report]).fit(data, data, epochs=2, batch=20)
    address = f"{(tmp_path / 'report.html').as_uri()}#lang={language}&theme={theme}"
    page = opened(browser, address, 390 if language == "ko" else 1024)
    page.locator(".explorer svg.canvas").scroll_into_view_if_needed()
    assert page.locator("body").get_attribute("data-lang") == language
    assert violations(page) == []
    page.context.close()


def test_what_is_planted_is_found(browser: Any, tmp_path: Path) -> None:
    page = opened(browser, sg.draw(sigmoid(), tmp_path / "p.html").as_uri())
    page.evaluate("document.querySelector('.do-play').removeAttribute('aria-label')")
    page.evaluate("document.querySelector('.do-play').removeAttribute('title')")
    assert any(found.startswith("button-name") for found in violations(page))
    page.context.close()


def test_boxes_say_value_and_derivative_as_far_as_they_are_known(
    browser: Any, tmp_path: Path
) -> None:
    page = opened(browser, sg.draw(sigmoid(), tmp_path / "p.html", open="all").as_uri())
    times = page.locator("[data-box=n2]")
    assert times.get_attribute("aria-label") == (
        "× multiply float64[], value −1.099, derivative −3"
    )
    page.keyboard.press("l")
    assert "값 −1.099, 미분 −3" in times.get_attribute("aria-label")
    page.keyboard.press("Home")
    assert "값" not in times.get_attribute("aria-label")
    page.keyboard.press("ArrowRight")
    assert "값 −1.099" in times.get_attribute("aria-label")
    assert "미분" not in times.get_attribute("aria-label")
    times.focus()
    page.keyboard.press("Enter")
    assert page.evaluate("document.activeElement.classList.contains('do-close')")
    page.keyboard.press("Escape")
    assert page.evaluate("document.activeElement.dataset.box") == "n2"
    page.context.close()
