"""The chapter read in a real browser, offline: scrolled, swiped, stepped, printed, presented.

A few of its figures here; all of them, in every size and theme, with SEEGRAD_ALL_FIGURES=1
(`make pictures`).
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from pictures import apple, sigmoid

import seegrad as sg
from seegrad.chapter.page import chapter_page

sync = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
pytestmark = pytest.mark.xdist_group("browser")

ALL = bool(os.environ.get("SEEGRAD_ALL_FIGURES"))
SIZES = {"desk": (1440, 900), "tablet": (1024, 768), "phone": (390, 844)}
FEW = {
    5: ("0", "5-1", "5-15", "5-22", "A-4"), 4: ("4c", "4f"), 6: ("6a", "6d"), 7: ("7a", "7c"),
}  # fmt: skip
FIGURES = {5: 48, 4: 6, 6: 6, 7: 4}
PLOTS = {5: 0, 4: 3, 6: 4, 7: 4}
Open = Callable[..., Any]


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> Callable[[int], Path]:
    """Chapter → its page."""
    folder = tmp_path_factory.mktemp("chapters")

    def page(number: int) -> Path:
        file = folder / f"chapter{number}.html"
        if not file.exists():
            file.write_text(chapter_page("en", number), "utf-8")
        return file

    return page


@pytest.fixture
def chapter(written: Callable[[int], Path]) -> Path:
    return written(5)


@pytest.fixture
def visit(browser: Any) -> Iterator[Open]:
    """Opens a page; fails when it complains or asks for anything."""
    troubles: list[str] = []
    contexts = []

    def go(file: Path, fragment: str = "", size: str = "desk", **options: Any) -> Any:
        width, height = SIZES[size]
        context = browser.new_context(
            offline=True, viewport={"width": width, "height": height},
            has_touch=size == "phone", reduced_motion="reduce", **options,
        )  # fmt: skip
        contexts.append(context)
        context.set_default_timeout(10_000)
        page = context.new_page()
        page.on("pageerror", lambda error: troubles.append(f"error: {error}"))
        page.on("console", lambda m: troubles.append(m.text) if m.type == "error" else None)
        page.on(
            "request",
            lambda r: r.url.startswith((file.as_uri(), "data:")) or troubles.append(r.url),
        )
        page.goto(file.as_uri() + fragment)
        return page

    yield go
    for context in contexts:
        context.close()
    assert troubles == []


def figure(page: Any, name: str, lang: str = "en") -> Any:
    found = page.locator(f'article[lang={lang}] [data-figure="{name}"]')
    found.scroll_into_view_if_needed()
    found.locator(".bar").wait_for()
    return found


def at_place(part: Any) -> dict[str, float]:
    box: dict[str, float] = part.bounding_box()
    return box


def at_the_end(page: Any) -> bool:
    return bool(
        page.evaluate("scrollY + innerHeight >= document.documentElement.scrollHeight - 2")
    )


@pytest.mark.parametrize("number", FEW)
@pytest.mark.parametrize("size", SIZES if ALL else ["desk"])
def test_the_wheel_scrolls_over_all_figures_to_the_end(
    visit: Open, written: Callable[[int], Path], size: str, number: int
) -> None:
    page = visit(written(number), size=size)
    page.mouse.move(SIZES[size][0] / 2, SIZES[size][1] / 2)
    for _ in range(200):
        page.mouse.wheel(0, 900)
        page.wait_for_timeout(20)
        if at_the_end(page):
            break
    assert at_the_end(page)
    asleep = page.locator("article[lang=en] [data-figure]:not(:has(.bar))")
    sync.expect(asleep).to_have_count(0)


def test_a_finger_scrolls_the_page_and_moves_a_figure_sideways(visit: Open, chapter: Path) -> None:
    page = visit(chapter, size="phone", is_mobile=True)
    wide = figure(page, "A-2")
    room = wide.locator(".stage").bounding_box()
    before, seen = page.evaluate("scrollY"), wide.locator(".camera").get_attribute("transform")
    x, y = room["x"] + room["width"] / 2, room["y"] + room["height"] / 2
    swipe(page, x, y, 0, -150)
    page.wait_for_function("least => scrollY > least", arg=before + 100)
    assert wide.locator(".camera").get_attribute("transform") == seen
    before = still(page)
    swipe(page, x, wide.locator(".stage").bounding_box()["y"] + 100, -100, 0)
    sync.expect(wide.locator(".camera")).not_to_have_attribute("transform", seen)
    assert abs(page.evaluate("scrollY") - before) < 2


def swipe(page: Any, x: float, y: float, across: float, down: float) -> None:
    touch = page.context.new_cdp_session(page)

    def send(kind: str, *points: tuple[float, float]) -> None:
        told = [{"x": at, "y": below} for at, below in points]
        touch.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": told})
        page.wait_for_timeout(16)

    send("touchStart", (x, y))
    for part in range(1, 9):
        send("touchMove", (x + across * part / 8, y + down * part / 8))
    send("touchEnd")


def still(page: Any) -> float:
    """Where the page has come to rest."""
    place: float = page.evaluate(
        """async () => {
          for (let before = -1; before !== scrollY; ) {
            before = scrollY;
            await new Promise((rested) => setTimeout(rested, 150));
          }
          return scrollY;
        }"""
    )
    return place


def eventually(page: Any, holds: Callable[[], bool]) -> None:
    """Waits, with patience, for what a busy machine may be late with."""
    for _ in range(500):
        if holds():
            return
        page.wait_for_timeout(20)
    assert holds()


def test_ctrl_and_wheel_zooms(visit: Open, chapter: Path) -> None:
    page = visit(chapter)
    stage = figure(page, "5-1").locator(".stage")
    stage.hover()
    scale = "e => e.querySelector('.camera').transform.baseVal[1].matrix.a"
    before, place = stage.evaluate(scale), page.evaluate("scrollY")
    page.keyboard.down("Control")
    page.mouse.wheel(0, -200)
    page.keyboard.up("Control")
    eventually(page, lambda: stage.evaluate(scale) > 1.4 * before)
    assert page.evaluate("scrollY") == place


@pytest.mark.parametrize("number", FEW)
@pytest.mark.parametrize("lang", ["en", "ko"] if ALL else ["en"])
@pytest.mark.parametrize("size", SIZES if ALL else ["tablet"])
def test_every_figure_is_stepped_to_its_end_by_keys(
    visit: Open, written: Callable[[int], Path], size: str, lang: str, number: int
) -> None:
    page = visit(written(number), f"#lang={lang}", size, color_scheme="dark")
    names = page.eval_on_selector_all(
        f"article[lang={lang}] [data-figure]", "all => all.map(e => e.dataset.figure)"
    )
    assert set(FEW[number]) <= set(names)
    for name in names if ALL else FEW[number]:
        place = figure(page, name, lang)
        place = place.locator(".graph > .sg") if name == "playground" else place
        place.focus()
        page.keyboard.press("Home")
        count, last = place.locator(".count"), int(place.locator(".slider").get_attribute("max"))
        assert count.inner_text() == f"0 / {last}"
        for step in range(1, last + 1):
            page.keyboard.press("ArrowRight")
            assert count.inner_text() == f"{step} / {last}", name
        assert place.locator(".novalue, .nograd").count() == 0


def test_one_switch_for_the_language_and_one_for_the_theme(visit: Open, chapter: Path) -> None:
    page = visit(chapter)
    place = figure(page, "5-15")
    assert place.locator(".do-language, .do-dark").count() == 0
    at = place.bounding_box()["y"]
    page.locator("[data-switch=language]").click()
    assert not place.is_visible()
    korean = page.locator('article[lang=ko] [data-figure="5-15"]')
    assert abs(korean.bounding_box()["y"] - at) < 80  # the same place of the text
    korean.locator(".bar").wait_for()
    assert page.locator("html").get_attribute("lang") == "ko"
    assert page.title() == page.locator("h1:visible").inner_text()
    assert korean.get_attribute("lang") == "ko"
    paper = "e => getComputedStyle(e).backgroundColor"
    before = korean.evaluate(paper)
    page.locator("[data-switch=theme]").click()
    assert korean.evaluate(paper) != before
    assert page.locator("body").evaluate(paper) == korean.evaluate(paper)
    assert {"lang=ko", "theme=dark"} <= set(page.url.partition("#")[2].split("&"))
    again = visit(chapter, "#" + page.url.partition("#")[2])
    assert again.locator("body").evaluate(paper) == korean.evaluate(paper)
    assert again.locator("h1:visible").inner_text() == page.locator("h1:visible").inner_text()


def test_the_address_keeps_each_figures_view(visit: Open, chapter: Path) -> None:
    page = visit(chapter)
    first = figure(page, "5-1")
    first.locator(".do-first").click()
    first.locator(".do-next").click()
    second = figure(page, "5-15")
    second.locator("[data-box]").first.click()
    second.locator(".do-zoomIn").click()
    eventually(page, lambda: "5-15.at=" in page.url)
    again = visit(chapter, "#" + page.url.partition("#")[2])
    spoken = again.locator('article[lang=en] [data-figure="5-1"]')
    eventually(again, lambda: 0 <= spoken.bounding_box()["y"] < 900)  # it is in view
    first = figure(again, "5-1")
    sync.expect(first.locator(".count")).to_have_text(re.compile(r"^1 /"))
    sync.expect(figure(again, "5-15").locator(".panel")).to_be_visible()
    seen = 'article[lang=en] [data-figure="5-15"] [data-box]'
    there, here = (each.locator(seen).first.bounding_box() for each in (page, again))
    assert abs(there["x"] - here["x"]) < 2
    assert abs(there["width"] - here["width"]) < 1


@pytest.mark.parametrize("number", FEW)
def test_every_figure_is_on_paper_whole(
    visit: Open, written: Callable[[int], Path], number: int
) -> None:
    """Also those that were not scrolled to; as wide as the paper, without controls."""
    page = visit(written(number), color_scheme="dark")
    figure(page, FEW[number][1]).locator(".do-zoomIn").click()
    page.set_viewport_size({"width": 718, "height": 1000})  # A4 between its margins
    page.emulate_media(media="print")
    page.evaluate("dispatchEvent(new Event('beforeprint'))")
    drawn = page.eval_on_selector_all(
        "article[lang=en] [data-figure]",
        """all => all.map(e => {
          const svg = e.querySelector("svg.canvas"), room = svg.getBoundingClientRect();
          const parts = [...svg.querySelectorAll("rect, circle, path.fore, text")]
            .filter(p => p.checkVisibility({ visibilityProperty: true }))
            .map(p => p.getBoundingClientRect()).filter(p => p.width);
          const out = parts.filter(p => p.left < room.left - 2 || p.right > room.right + 2
            || p.top < room.top - 2 || p.bottom > room.bottom + 2);
          return { name: e.dataset.figure, count: parts.length, out: out.length,
            smallest: Math.min(...[...svg.querySelectorAll("text")].map(t =>
              parseFloat(getComputedStyle(t).fontSize) * svg.getScreenCTM().a)),
            wide: room.left >= 0 && room.right <= innerWidth, tall: room.height < 900,
            awake: !!e.querySelector(".bar") };
        })""",
    )
    assert len(drawn) == FIGURES[number]
    assert sum(one["awake"] for one in drawn) < 20
    for one in drawn:
        assert one["count"] > 3, one
        assert one["out"] == 0, one
        assert one["smallest"] > 6, one
        assert one["wide"], one
        assert one["tall"], one
    plots = page.locator("article[lang=en] svg.plot:visible")
    assert plots.count() == PLOTS[number]
    assert all(0 < box["width"] <= 718 for box in map(at_place, plots.all()))
    controls = ".bar:visible, .says:visible, .switches:visible, .settings:visible"
    assert page.locator(controls).count() == 0
    assert page.locator("body").evaluate("e => getComputedStyle(e).backgroundColor") == (
        "rgb(255, 255, 255)"
    )
    pages = page.pdf(format="A4").count(b"/Type /Page\n")
    assert FIGURES[number] / 4 < pages < 60


def test_without_scripts_a_picture_still_shows(
    visit: Open, chapter: Path, written: Callable[[int], Path], tmp_path: Path
) -> None:
    page = visit(chapter, java_script_enabled=False)
    assert page.locator("article[lang=en] [data-figure] svg.canvas").count() == 48
    assert page.locator('article[lang=en] [data-figure="0"] text.value').count() == 5
    for number in (4, 6, 7):
        page = visit(written(number), java_script_enabled=False)
        figures = page.locator("article[lang=en] [data-figure] svg.canvas:visible")
        assert figures.count() == FIGURES[number]
        assert page.locator("article[lang=en] svg.plot:visible").count() == PLOTS[number]
        assert page.locator("article[lang=en] svg.plot g[data-when]:visible").count() > 0
    alone = visit(sg.draw(apple(), tmp_path / "apple.html"), java_script_enabled=False)
    assert sorted(alone.locator("text.value:visible").all_text_contents()) == (
        ["1.1", "100", "2", "200", "220"]
    )


STEPPED = ("5-19 (1)", "5-19 (2)", "5-19 (3)", "A-4 (1)", "A-4 (5)", "A-4 (6)")


def test_a_figure_at_a_step_stands_at_it_on_paper_and_without_scripts(
    visit: Open, chapter: Path
) -> None:
    """Before it is scrolled to as after, on paper as on the screen: what is known by then."""
    known = """e => [...e.querySelectorAll("svg.canvas text.value, svg.canvas text.grad")]
        .filter(t => t.checkVisibility({ visibilityProperty: true }))
        .map(t => t.textContent).sort()"""
    lit = '[...e.querySelectorAll(".lit, .litback")].map(n => n.classList.value).sort()'

    def seen(page: Any, name: str) -> Any:
        place = page.locator(f'article[lang=en] [data-figure="{name}"]')
        return place.evaluate(known), place.evaluate(f"e => {lit}.length")

    plain, page = visit(chapter, java_script_enabled=False), visit(chapter)
    page.emulate_media(media="print")
    still = {name: seen(plain, name) for name in STEPPED}
    assert {name: seen(page, name) for name in STEPPED} == still
    page.emulate_media(media="screen")
    for name in STEPPED:
        figure(page, name)
        awake, marked = seen(page, name)
        assert (awake, marked > 0) == (still[name][0], still[name][1] > 0), name
    assert len({str(each) for each in still.values()}) == len(STEPPED)


def test_one_figure_is_presented_and_stepped_by_a_clicker(visit: Open, chapter: Path) -> None:
    page = visit(chapter)
    place = figure(page, "5-15")
    place.focus()
    page.keyboard.press("Home")
    page.keyboard.press("f")

    def fills() -> bool:
        room = place.bounding_box()
        return (room["x"], room["y"], room["width"]) == (0, 0, 1440)

    eventually(page, fills)
    page.keyboard.press("PageDown")
    assert place.locator(".count").inner_text().startswith("1 /")
    page.keyboard.press("PageUp")
    assert place.locator(".count").inner_text().startswith("0 /")
    page.keyboard.press("f")
    eventually(page, lambda: place.bounding_box()["width"] < 1400)


def test_a_steps_formula_is_whole_on_a_phone(visit: Open, chapter: Path) -> None:
    page = visit(chapter, size="phone")
    said = figure(page, "5-19 (1)").locator(".says")
    room = said.evaluate("e => [e.scrollWidth - e.clientWidth, e.scrollHeight - e.clientHeight]")
    assert max(room) <= 0, room
    assert said.locator("math").count() == 1


@pytest.mark.parametrize("number", FEW)
def test_figures_are_as_high_as_the_phone_needs_to_read_them(
    visit: Open, written: Callable[[int], Path], number: int
) -> None:
    """Whole and legible, or legible and moved sideways."""
    page = visit(written(number), size="phone")
    names = {5: ("5-4", "5-19 (1)", "A-4 (2)"), 4: ("4d",), 6: ("6e",), 7: ("7a",)}[number]
    for name in names:
        drawn = figure(page, name).locator("svg.canvas")
        sync.expect(drawn.locator(".camera")).to_have_attribute("transform", re.compile("scale"))
        smallest, high, whole, sizes = drawn.evaluate(
            """svg => {
              const camera = svg.querySelector(".camera"), { a } = camera.getCTM();
              const text = [...svg.querySelectorAll("text")].filter((each) => each.textContent);
              const sizes = text.map((each) => parseFloat(getComputedStyle(each).fontSize) * a);
              return [Math.min(...sizes), svg.clientHeight, camera.getBBox().height * a, a];
            }"""
        )
        assert smallest >= 9, (name, smallest, sizes)
        assert whole <= high <= 620, name
    lit = page.locator('article[lang=en] [data-figure="A-4 (2)"] .box.lit')
    for box in map(at_place, lit.all()):  # what the text speaks of is in view
        assert box["x"] >= 0
        assert box["x"] + box["width"] <= 390


def test_the_phone_has_one_row_of_controls_and_follows_the_step(
    visit: Open, tmp_path: Path
) -> None:
    page = visit(sg.draw(sigmoid(), tmp_path / "s.html", open="all"), size="phone")
    assert not page.locator("svg.map").is_visible()
    bar = page.locator(".bar")
    tops = bar.locator("button:visible").evaluate_all("all => all.map(e => e.offsetTop)")
    assert len(set(tops)) == 1
    sizes = bar.locator("button:visible").evaluate_all("all => all.map(e => e.offsetHeight)")
    assert min(sizes) >= 40
    page.keyboard.press("Home")
    for _ in range(10):
        page.keyboard.press("ArrowRight")
        lit = page.locator(".box.lit")
        if lit.count():
            box = lit.bounding_box()
            assert box["x"] >= 0
            assert box["x"] + box["width"] <= 390
            assert box["height"] >= 20


def test_sliders_move_a_plot_and_the_address_keeps_them(
    visit: Open, written: Callable[[int], Path]
) -> None:
    page = visit(written(4))
    plot = page.locator("article[lang=en] [data-plot=descent]")
    plot.scroll_into_view_if_needed()
    step, rate = (plot.locator(f"input[name={name}]") for name in ("step", "rate"))
    dots, told = plot.locator("circle.dot:visible"), plot.locator("text.strong:visible")
    assert dots.count() == 21
    step.focus()
    page.keyboard.press("Home")
    assert dots.count() == 1
    assert told.text_content() == "x₀: −3 · x₁: 4 · f: 25"
    page.keyboard.press("ArrowRight")
    assert dots.count() == 2
    assert told.text_content() == "x₀: −2.4 · x₁: 3.2 · f: 16"
    assert step.get_attribute("aria-valuetext") == "1"
    rate.focus()
    page.keyboard.press("End")
    assert plot.locator("output").first.inner_text() == "η = 1.05"
    assert told.text_content() == "x₀: 3.3 · x₁: −4.4 · f: 30.25"
    fragment = page.url.partition("#")[2]
    assert {"descent.step=1", "descent.rate=5"} <= set(fragment.split("&"))
    again = visit(written(4), f"#{fragment}")
    seen = again.locator("article[lang=en] [data-plot=descent] text.strong:visible")
    assert seen.text_content() == told.text_content()


@pytest.mark.parametrize("number", [4, 6, 7])
def test_a_plot_fits_a_phone_and_its_sliders_a_finger(
    visit: Open, written: Callable[[int], Path], number: int
) -> None:
    page = visit(written(number), "#lang=ko", size="phone", is_mobile=True)
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    for plot in page.locator("article[lang=ko] [data-plot]").all():
        box = at_place(plot)
        assert box["x"] >= 0
        assert box["x"] + box["width"] <= 390
        for slider in plot.locator("input").all():
            assert at_place(slider)["height"] >= 40
