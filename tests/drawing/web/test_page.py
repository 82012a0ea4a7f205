"""The explorer in a real browser, offline: stepped, opened, edited, quizzed, trained, measured."""

from __future__ import annotations

import json
import re
import struct
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from pictures import affine, apple, apples_and_oranges, broken, network, sigmoid, softmax_with_loss

import seegrad as sg
from seegrad.drawing.layout.theme import DARK
from seegrad.graph.graph import Graph

sync = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
pytestmark = pytest.mark.xdist_group("browser")


Visit = Callable[..., Any]


@pytest.fixture
def visit(browser: Any, tmp_path: Path) -> Iterator[Visit]:
    """Opens a saved picture; fails when the page complains or asks for anything."""
    troubles: list[str] = []
    context = browser.new_context(
        offline=True, viewport={"width": 1200, "height": 700}, reduced_motion="reduce"
    )
    context.set_default_timeout(8000)

    def go(thing: Any, fragment: str = "", **options: Any) -> Any:
        file = sg.draw(thing, tmp_path / "page.html", **options)
        page = context.new_page()
        page.on("pageerror", lambda error: troubles.append(f"error: {error}"))
        page.on("console", lambda m: troubles.append(m.text) if m.type == "error" else None)
        address = file.as_uri()
        page.on(
            "request",
            lambda r: None if r.url.startswith((address, "data:")) else troubles.append(r.url),
        )
        page.goto(address + fragment)
        page.wait_for_selector(".sg svg.canvas .box")
        return page

    yield go
    context.close()
    assert troubles == []


def texts(page: Any, kind: str) -> list[str]:
    found: list[str] = page.eval_on_selector_all(
        f".sg svg.canvas text.{kind}",
        "all => all.filter(e => getComputedStyle(e).visibility === 'visible')"
        ".map(e => e.textContent)",
    )
    return sorted(found)


def says(page: Any) -> str:
    return re.sub(r"\s+", "", page.locator(".says").inner_text())


def test_first_screen_shows_everything(visit: Visit) -> None:
    page = visit(apple())
    assert texts(page, "value") == sorted(["100", "2", "200", "1.1", "220"])
    assert texts(page, "grad") == sorted(["2.2", "110", "1.1", "200", "1"])
    assert page.locator(".sg svg.canvas .backhead").count() == 5


def test_stepping_forward_and_back(visit: Visit) -> None:
    page = visit(sigmoid(), open="all")
    page.locator(".sg").focus()
    page.keyboard.press("Home")
    assert texts(page, "value") == ["1.099"]
    assert texts(page, "grad") == []
    for _ in range(4):
        page.keyboard.press("ArrowRight")
    assert texts(page, "value") == sorted(["1.099", "−1.099", "0.3333", "1.333", "0.75"])
    seen = []
    for _ in range(5):
        page.keyboard.press("ArrowRight")
        seen.append(texts(page, "grad"))
    assert [len(step) for step in seen] == [1, 2, 3, 4, 5]
    assert seen[-1] == sorted(["16", "−9", "−9", "−3", "3"])
    assert "=(−3)⋅(−1)=3" in says(page).replace("·", "⋅").replace("×", "⋅")
    page.keyboard.press("ArrowLeft")
    assert texts(page, "grad") == seen[-2]
    assert "step=8" in page.url
    page.keyboard.press("End")
    assert page.locator(".count").inner_text() == "10 / 10"
    page.locator(".slider").fill("0")
    assert texts(page, "grad") == []


def test_a_step_names_the_nodes_of_its_formula(visit: Visit) -> None:
    page = visit(sigmoid(), "#step=8", open="all")
    assert sorted(page.locator("text.letter").all_text_contents()) == ["h₁", "h₂"]
    assert page.locator(".wire.litback text.grad").all_text_contents() == ["−3"]
    assert page.locator(".wire.lit").count() == 0
    page.locator(".do-last").click()
    assert page.locator("text.letter").count() == 0


def test_the_branches_of_a_fork_have_names_and_every_factor_its_wire(visit: Visit) -> None:
    x = sg.tensor(3.0, name="x_1 <b>")
    y = x * x + x
    y.backward()
    page = visit(y, open="all")
    page.locator(".sg").focus()
    page.keyboard.press("Home")
    said = []
    for _ in range(6):
        page.keyboard.press("ArrowRight")
        said.append(says(page).replace("·", "⋅"))
        edges = page.locator(".says [data-edge]")
        for i in range(edges.count()):
            wire, part = (edges.nth(i).get_attribute(key) for key in ("data-edge", "data-part"))
            assert part in ("value", "gradient")
            assert page.locator(f'[data-wire="{wire}"]').count() == 1
    assert any("=6+1=7" in each or "=3+3+1=7" in each for each in said), said
    branches = {mark for each in said for mark in re.findall(r"<b>\((\d)\)", each)}
    assert branches == {"1", "2", "3"}, said
    assert page.locator(".says b").count() == 0  # a name is text


def test_a_map_shows_where_one_is(visit: Visit) -> None:
    page = visit(network(4), open="all")
    seen = page.locator("svg.map")
    sync.expect(seen).to_be_visible()
    frame = "Number(document.querySelector('svg.map rect').getAttribute('x'))"
    assert page.evaluate(frame) == 0
    room = seen.bounding_box()
    page.mouse.click(room["x"] + room["width"] * 0.95, room["y"] + room["height"] / 2)
    assert page.evaluate(frame) > 0
    page.locator(".do-fit").click()
    sync.expect(seen).to_be_hidden()


def test_wheel_and_hand_zoom_and_move(visit: Visit) -> None:
    page = visit(apple())

    def seen() -> list[float]:
        text = page.locator(".camera").get_attribute("transform")
        return [float(x) for x in re.findall(r"-?[\d.]+(?:e-?\d+)?", text or "")]

    x, y, k = seen()
    spot = page.locator("[data-box=n2]").bounding_box()
    page.mouse.move(spot["x"] + 20, spot["y"] + 20)
    page.mouse.wheel(0, -200)
    page.wait_for_function(f"!document.querySelector('.camera').getAttribute('transform').endsWith('({k})')")
    closer = page.locator("[data-box=n2]").bounding_box()
    assert seen()[2] == pytest.approx(k * np.exp(0.5), rel=1e-3)
    assert closer["width"] > 1.5 * spot["width"]
    assert abs(closer["x"] - spot["x"]) < spot["width"]  # what is under the pointer stays there
    x, y, k = seen()
    page.mouse.move(100, 100)
    page.mouse.down()
    page.mouse.move(160, 130, steps=3)
    page.mouse.up()
    assert seen() == pytest.approx([x + 60, y + 30, k])
    page.keyboard.press("0")
    assert seen() != pytest.approx([x + 60, y + 30, k])


def test_no_backward_arrow_to_constants(visit: Visit) -> None:
    page = visit(sigmoid(), open="all")
    assert page.locator(".wire").count() == 7
    assert page.locator(".wire .back").count() == 5


def test_playing_walks_by_itself(visit: Visit) -> None:
    page = visit(apple())
    page.locator(".do-play").click()
    sync.expect(page.locator(".count")).to_have_text("1 / 6")
    page.locator(".do-play").click()


def test_opening_and_closing_in_place(visit: Visit) -> None:
    page = visit(sigmoid())
    assert texts(page, "rule") == ["y(1−y)"]
    page.locator(".box.closed").click()
    assert texts(page, "word") == ["exp"]
    assert "open=g0" in page.url
    page.locator(".group").focus()
    page.keyboard.press("Enter")
    assert texts(page, "word") == []
    page.locator(".box.closed").focus()
    page.keyboard.press("Enter")
    assert texts(page, "word") == ["exp"]


def test_editing_an_input_recomputes_everything(visit: Visit) -> None:
    page = visit(apple())
    page.locator("[data-box=n0]").click()
    page.locator(".editor .field").fill("1.5e2")
    page.locator(".editor .apply").click()
    assert texts(page, "value") == sorted(["150", "2", "300", "1.1", "330"])
    assert texts(page, "grad") == sorted(["2.2", "165", "1.1", "300", "1"])
    page.locator(".editor .field").fill("alert(1)")
    page.locator(".editor .apply").click()
    assert "Not a number" in page.locator(".editor [role=alert]").inner_text()
    page.locator(".editor .reset").click()
    assert "220" in texts(page, "value")


def test_editing_an_array(visit: Visit) -> None:
    page = visit(affine())
    page.locator("[data-box=n1]").click()
    page.locator(".editor .field").first.fill("−10")
    page.keyboard.press("Enter")
    assert any(text.replace(" ", "").startswith("−3") for text in texts(page, "value"))
    assert page.locator(".heat").count() == 2


def test_quiz_is_graded_by_what_is_shown(visit: Visit) -> None:
    page = visit(apples_and_oranges(), quiz=True, lang="ko")
    fields = page.locator(".answer")
    assert fields.count() == 9
    assert texts(page, "grad") == []
    fields.nth(0).click()
    assert "도움말" in page.locator(".says").inner_text()
    fields.nth(0).fill("2.2000001")
    fields.nth(1).fill("7")
    page.keyboard.press("Enter")
    assert "1 / 9" in page.locator(".score").inner_text()
    assert "right" in (fields.nth(0).get_attribute("class") or "")
    assert "wrong" in (fields.nth(1).get_attribute("class") or "")
    page.locator(".show").click()
    assert "9 / 9" in page.locator(".score").inner_text()
    values = page.eval_on_selector_all(".answer", "all => all.map(e => e.value)")
    assert sorted(values) == sorted(["2.2", "110", "3.3", "165", "1.1", "1.1", "1.1", "650", "1"])


def test_steps_within_a_quiz_ask_in_letters(visit: Visit) -> None:
    page = visit(apples_and_oranges(), quiz=True)
    page.keyboard.press("Home")
    asked = 0
    for _ in range(40):
        page.keyboard.press("ArrowRight")
        if page.locator(".says .phase").count() == 0:
            break
        phase, said = (page.locator(f".says {part}").all_inner_texts()
                       for part in (".phase", ".formula"))  # fmt: skip
        if phase != ["Forward"]:
            asked += 1
            assert not re.search(r"\d{2}", "".join(said)), said
    assert asked >= 5


def test_any_picture_becomes_a_quiz(visit: Visit) -> None:
    page = visit(apple())
    page.locator(".do-quiz").click()
    assert page.locator(".answer").count() == 5
    page.locator(".do-quiz").click()
    assert page.locator(".answer").count() == 0


def test_language_and_theme(visit: Visit) -> None:
    page = visit(apple())
    assert "Everything is known" in page.locator(".says").inner_text()
    page.locator(".do-language").click()
    assert "모두 구했습니다" in page.locator(".says").inner_text()
    assert page.locator(".sg").get_attribute("lang") == "ko"
    before = page.evaluate("getComputedStyle(document.querySelector('.sg')).backgroundColor")
    page.locator(".do-dark").click()
    after = page.evaluate("getComputedStyle(document.querySelector('.sg')).backgroundColor")
    assert before != after
    assert "lang=ko" in page.url
    assert "theme=dark" in page.url


def spoken(page: Any) -> tuple[str, str, str]:
    """The language that the page says it is in, its title and its heading."""
    found: list[str] = page.evaluate(
        "[document.documentElement.lang, document.title, document.querySelector('h1').textContent]"
    )
    return found[0], found[1], found[2]


def test_the_whole_page_changes_its_language(visit: Visit) -> None:
    english, korean = (("en", "computational graph", "computational graph"),
                       ("ko", "계산 그래프", "계산 그래프"))  # fmt: skip
    page = visit(apple(), lang="ko")
    assert spoken(page) == korean
    page.locator(".do-language").click()
    assert spoken(page) == english
    assert spoken(visit(apple(), "#lang=en", lang="ko")) == english
    named = visit(apple(), title="apples")
    named.locator(".do-language").click()
    assert spoken(named) == ("ko", "apples", "apples")


def test_every_step_is_told_in_korean(visit: Visit) -> None:
    x = sg.tensor(2.0, name="x")
    y = x * x
    y.backward()
    page = visit(y, lang="ko", rate=0.1)
    page.locator(".sg").focus()
    page.keyboard.press("Home")
    phases = []
    while page.locator(".phase").count():
        phases.append(page.locator(".phase").inner_text())
        page.keyboard.press("ArrowRight")
    assert len(phases) == 6
    assert not re.search("[A-Za-z]", "".join(phases)), phases


def test_the_address_keeps_the_view(visit: Visit) -> None:
    page = visit(sigmoid(), "#step=3&open=g0&lang=ko&theme=dark")
    assert page.locator(".count").inner_text() == "3 / 10"
    assert page.locator(".sg").get_attribute("data-theme") == "dark"
    assert texts(page, "word") == ["exp"]


def test_the_address_keeps_numbers_that_were_changed(visit: Visit) -> None:
    page = visit(apple())
    page.locator("[data-box=n0]").click()
    page.locator(".editor .field").fill("150")
    page.locator(".editor .apply").click()
    number = page.locator("text.value", has_text="1.1").bounding_box()
    x, y = number["x"] + number["width"] / 2, number["y"] + number["height"] / 2
    page.mouse.move(x, y)
    page.mouse.down()
    page.mouse.move(x + 30, y, steps=4)
    page.mouse.up()
    sync.expect(page.locator("text.value", has_text="630")).to_have_count(1)
    again = visit(apple(), "#" + page.url.partition("#")[2])
    assert texts(page, "value") == sorted(["150", "2", "300", "2.1", "630"])
    assert texts(again, "value") == texts(page, "value")
    page.locator(".editor .reset").click()
    assert "given" not in page.url
    assert "220" in texts(visit(apple(), "#given=99,1 0,2,3 0,x"), "value")


def test_search_overlay_path_and_constants(visit: Visit) -> None:
    page = visit(network(3))
    page.locator(".sg").focus()
    page.keyboard.press("/")
    page.locator(".search").fill("sigmoid")
    assert page.locator(".found").inner_text().startswith("2")
    page.locator(".search").press("Enter")
    assert page.locator(".match").count() >= 1
    page.locator(".overlays").select_option("‖∂‖")
    assert page.locator(".mark.shade").count() > 3
    page = visit(sigmoid(), open="all")
    page.locator(".sg").focus()
    page.keyboard.press("c")
    assert page.locator(".box.constant").count() == 0


def test_nan_overlay_marks_its_path(visit: Visit) -> None:
    page = visit(broken())  # what came through is painted unasked
    marked = page.eval_on_selector_all(
        ".mark.shade", "all => all.map(e => e.parentElement.querySelector('.word, .sign')"
        ".textContent)"
    )  # fmt: skip
    assert sorted(marked) == ["log", "×", "Σ"]
    born = page.locator(".box[aria-label*='born here']")
    assert born.locator(".word").inner_html() == "log"


def test_dead_units_are_painted(visit: Visit) -> None:
    x = sg.tensor([[1.0, -1.0, 2.0], [2.0, -3.0, -1.0]], name="x")
    y = sg.sum(sg.relu(x))
    y.backward()
    page = visit(y, "#overlay=dead")
    assert page.locator("text.mark").all_text_contents() == ["1/3"]
    marked = page.locator(".box", has=page.locator(".shade"))
    assert marked.locator(".word").inner_html() == "ReLU"


def test_the_time_of_a_compiled_step_is_painted(visit: Visit) -> None:
    pytest.importorskip("llvmlite")
    net = sg.nn.Sequential(sg.nn.Affine(64, 50), sg.nn.Sigmoid(), sg.nn.Affine(50, 10))
    criterion, optimizer = sg.nn.SoftmaxWithLoss(), sg.optim.SGD(net.parameters(), lr=0.1)

    @sg.compile
    def step(x: np.ndarray, t: np.ndarray) -> sg.Tensor:
        optimizer.zero_grad()
        loss = criterion(net(x), t)
        loss.backward()
        optimizer.step()
        return loss

    x, t = np.ones((100, 64), np.float32), np.zeros(100, int)
    step(x, t)
    seconds = step.profile(x, t).by_node()
    page = visit(step.graph, "#overlay=seconds", overlays={"seconds": seconds}, open="all")
    painted = page.eval_on_selector_all(
        ".mark.shade", "all => all.map(e => Number(e.getAttribute('fill-opacity')))"
    )
    assert len(painted) > 5
    assert max(painted) == pytest.approx(0.68)
    words = page.locator("text.mark").all_text_contents()
    assert sum(map(number, words)) <= 1.01 * sum(seconds.values())


def number(text: str) -> float:
    """What a number that is written for people says."""
    plain = text.translate(str.maketrans("−⁻⁰¹²³⁴⁵⁶⁷⁸⁹", "--0123456789"))
    return float(plain.replace("×10", "e"))


def test_all_digits_under_the_pointer_and_a_whole_array_when_pinned(visit: Visit) -> None:
    page = visit(sigmoid(), open="all")
    page.locator("text.value", has_text="0.3333").hover()
    tip = page.locator(".tip")
    assert "0.3333333333333333" in tip.inner_text()
    assert "−9" in tip.inner_text()
    page.mouse.move(5, 5)
    sync.expect(tip).to_be_hidden()
    x = sg.tensor(np.linspace(-1, 1, 100).reshape(10, 10), name="x")
    y = sg.sum(x * x)
    y.backward()
    page = visit(y)
    page.locator("[data-box=n0]").click()
    panel = page.locator(".panel")
    assert "(10, 10) float64" in panel.inner_text()
    assert panel.locator("table.numbers td").count() == 200
    assert panel.locator(".heat rect").count() == 200
    assert panel.locator(".histogram rect").count() == 2 * 16
    page.keyboard.press("Escape")
    sync.expect(panel).to_be_hidden()


def test_the_keyboard_alone_does_everything(visit: Visit) -> None:
    page = visit(sigmoid())
    page.keyboard.press("Home")  # nothing has the focus yet
    assert page.locator(".count").inner_text() == "0 / 4"
    page.keyboard.press("End")
    for _ in range(3):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement.classList.contains('closed')"):
            break
    page.keyboard.press("Enter")  # opens the composite that has the focus
    assert texts(page, "word") == ["exp"]
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")  # pins what follows
    sync.expect(page.locator(".panel")).to_be_visible()
    page.keyboard.press("Escape")
    sync.expect(page.locator(".panel")).to_be_hidden()
    for key, seen in (("q", ".answer"), ("m", ".drawer"), ("o", ".mark.shade")):
        assert page.locator(seen).and_(page.locator(":visible")).count() == 0
        page.keyboard.press(key)
        assert page.locator(seen).and_(page.locator(":visible")).count() > 0
    page.keyboard.press("l")
    page.keyboard.press("d")
    assert page.locator(".sg").get_attribute("lang") == "ko"
    assert page.locator(".sg").get_attribute("data-theme") == "dark"


def test_what_a_screen_reader_is_told(visit: Visit) -> None:
    page = visit(sigmoid(), "#step=8", open="all")
    told = page.locator(".sg").aria_snapshot()
    for words in (
        'button "Play or pause (Space)"', 'slider "Step"', 'toolbar "Step"',
        'button "x float64[], ', "exp float64", "expanded",
    ):  # fmt: skip
        assert words in told, told
    assert page.locator(".slider").get_attribute("aria-valuetext") == "8 / 10"
    live = page.locator("[aria-live=polite]")
    assert "Backward" in live.inner_text()
    assert live.locator("math").count() == 1
    page.locator(".do-next").click()
    assert "(−3)" in says(page)


def test_exported_svg_is_the_view(visit: Visit) -> None:
    page = visit(sigmoid(), open="all")
    with page.expect_download() as waiting:
        page.locator(".do-more").click()
        page.locator(".svg").click()
    text = Path(waiting.value.path()).read_text("utf-8")
    assert "var(" not in text
    assert ">exp<" in text
    with page.expect_download() as waiting:
        page.locator(".png").click()
    drawn = Path(waiting.value.path()).read_bytes()
    assert drawn.startswith(b"\x89PNG")
    size = [int(x) for x in re.findall(r'(?:width|height)="(\d+)"', text)[:2]]
    assert struct.unpack(">II", drawn[16:24]) == (2 * size[0], 2 * size[1])
    assert len(drawn) > 10_000  # an empty sheet of this size has about one


def test_the_export_keeps_step_and_colours(visit: Visit, tmp_path: Path) -> None:
    page = visit(sigmoid(), "#step=3&theme=dark", open="all")
    page.locator(".do-more").click()
    with page.expect_download() as waiting:
        page.locator(".svg").click()
    file = tmp_path / "view.svg"
    file.write_bytes(Path(waiting.value.path()).read_bytes())
    alone = page.context.new_page()
    alone.goto(file.as_uri())
    visible = (
        "all => all.filter(e => getComputedStyle(e).visibility === 'visible')"
        ".map(e => e.textContent)"
    )
    shown = alone.eval_on_selector_all("text.value", visible)
    assert sorted(shown) == sorted(["1.099", "−1.099", "0.3333", "1.333"])
    assert alone.eval_on_selector_all("text.grad", visible) == []
    assert alone.locator("rect").first.get_attribute("fill") == DARK.paper


def test_training_in_the_page(visit: Visit) -> None:
    points = sg.data.xor(copies=16, noise=0.05)
    sg.nn.seed(3)
    net = sg.nn.Sequential(sg.nn.Affine(2, 8), sg.nn.Tanh(), sg.nn.Affine(8, 2))
    page = visit(sg.playground(net, points.x, points.t, rate=0.5))
    cells = "all => all.map(cell => cell.getAttribute('d')).join()"
    before = page.locator(".below path.cell").evaluate_all(cells)
    page.locator("button.train").click()
    done = re.compile("accuracy 100 %$")
    sync.expect(page.locator(".trained")).to_have_text(done, timeout=30_000)
    page.locator("button.train").click()
    assert page.locator(".below path.cell").evaluate_all(cells) != before
    painted = page.evaluate(
        "new Set(document.querySelector('.boundary').getContext('2d')"
        ".getImageData(0, 0, 252, 252).data).size"
    )
    assert painted > 8


def test_keyboard_reaches_every_box_and_names_it(visit: Visit) -> None:
    page = visit(affine())
    boxes = page.locator(".sg svg.canvas .box[tabindex='0']")
    assert boxes.count() == 6
    for i in range(6):
        assert boxes.nth(i).get_attribute("aria-label")
    assert page.locator(".sg button:not([aria-label]):not(.text)").count() == 0
    assert page.locator("[aria-live=polite]").count() == 1


OVERLAPS = """() => {
  const size = e => e.getBoundingClientRect();
  const texts = [...document.querySelectorAll('.sg svg.canvas text')].map(size);
  const meet = (a, b) => a.left < b.right - 1 && b.left < a.right - 1
    && a.top < b.bottom - 2 && b.top < a.bottom - 2;
  const found = [];
  texts.forEach((a, i) => texts.slice(i + 1).forEach((b, j) => {
    // lines of one label stand 16 apart and may share a little of their line boxes
    if (meet(a, b) && Math.abs(a.top - b.top) < 12 * a.height / 20) found.push([i, i + 1 + j]);
  }));
  const circles = [...document.querySelectorAll('.box .node')].map(size);
  texts.forEach((a, i) => circles.forEach(c => {
    const inside = a.left >= c.left - 1 && a.right <= c.right + 1;
    if (meet(a, c) && !inside) found.push(['box', i]);
  }));
  return found;
}"""


@pytest.mark.parametrize(
    "figure",
    [apple, apples_and_oranges, sigmoid, affine, softmax_with_loss, network, broken],
)
def test_no_text_overlaps_in_the_browsers_own_measure(visit: Visit, figure: Any) -> None:
    assert visit(figure(), open="all").evaluate(OVERLAPS) == []


def test_reduced_motion_is_heard(browser: Any, tmp_path: Path) -> None:
    file = sg.draw(apple(), tmp_path / "page.html")
    context = browser.new_context(offline=True, reduced_motion="reduce")
    page = context.new_page()
    page.goto(file.as_uri() + "#step=0")
    page.locator(".do-next").click()
    assert page.locator(".runner").count() == 0
    context.close()


def test_a_hostile_name_runs_nothing(visit: Visit) -> None:
    name = "</script><img src=x onerror=\"document.title='hit'\">"
    x = sg.tensor(2.0, name=name)
    y = sg.sigmoid(x * x)
    y.name = name
    y.backward()
    page = visit(y, title=name)
    page.locator("[data-box=n0]").click()
    page.locator(".sg").focus()
    for _ in range(8):
        page.keyboard.press("ArrowLeft")
    assert page.title() != "hit"
    assert page.locator("img").count() == 0


ODD_NAMES = (
    "x" * 300, "가" * 200, "\u202eevil", "שלום עולם", "السلام عليكم", "a\nb\tc", "a\"b'c&<d>",
    "🍎👨‍👩‍👧", "W̃₁∂", "",
)  # fmt: skip


def test_odd_names_stay_within_their_boxes(visit: Visit) -> None:
    total = sg.tensor(1.0, name="first")
    for name in ODD_NAMES:
        total = total * sg.tensor(1.5, name=name)
    total.name = "ע" * 50
    total.backward()
    page = visit(total)
    assert page.evaluate(OVERLAPS) == []
    assert page.evaluate("document.querySelectorAll('.sg svg.canvas .box.input').length") == 11


def test_nothing_one_thing_and_odd_values(visit: Visit, browser: Any, tmp_path: Path) -> None:
    assert texts(visit(sg.tensor(3.0, name="x")), "value") == ["3"]
    odd = sg.tensor([np.nan, np.inf, -np.inf, 0.0, 1e300], name="x") * 1.0
    odd.backward(np.ones(5))
    page = visit(odd)
    assert "[NaN, ∞, −∞, 0, 1×10³⁰⁰]" in texts(page, "value")
    page.locator("[data-box=n0]").click()
    assert page.locator(".panel dd.bad").inner_text() == "3"
    empty = sg.sum(sg.tensor(np.zeros((0, 3)), name="x"))
    empty.backward()
    page = visit(empty)
    assert texts(page, "value") == ["0", "[ ]"]
    page.locator("[data-box=n0]").click()
    huge = sg.sum(sg.tensor(np.ones((2000, 1000)), name="x"))
    huge.backward()
    page = visit(huge)
    page.locator("[data-box=n0]").click()
    assert page.locator(".heat").count() == 2
    assert page.evaluate("document.documentElement.outerHTML.length") < 400_000
    file = sg.draw(Graph([]), tmp_path / "nothing.html")
    troubles: list[str] = []
    bare = browser.new_context(offline=True).new_page()
    bare.on("pageerror", lambda error: troubles.append(str(error)))
    bare.goto(file.as_uri())
    bare.locator(".do-first").click()
    for key in "qmocp0 ":
        bare.keyboard.press(key)
    assert troubles == []


def test_ten_thousand_nodes_open(visit: Visit) -> None:
    x = sg.tensor(np.float64(1.0), name="x")
    y = x
    for _ in range(10_000):
        y = y * 1.0001
    page = visit(y)
    assert 2 <= page.locator(".box").count() <= 200
    page.locator(".box.closed").first.click()
    page.wait_for_selector(".group")


def test_recorded_steps_are_scrubbed(visit: Visit) -> None:
    film, w = sg.film(), sg.tensor(4.0, name="w")
    for step in range(4):
        loss = w * 2.0
        loss.backward()
        film.take(loss, f"step {step}")
        w = sg.tensor(w.value - 1.0, name="w")
    page = visit(film)
    assert "1" in texts(page, "value")
    page.locator(".moment").fill("0")
    assert texts(page, "value") == ["4", "8"]
    assert "step 0" in page.locator(".moment-title").inner_text()


def test_a_film_tells_an_infinite_loss_as_such(visit: Visit) -> None:
    film = sg.film(lang="en")
    for value in (2.0, 1e200):
        w = sg.tensor(value, name="w")
        with np.errstate(all="ignore"):
            loss = w * w
            loss.backward()
        film.take(loss)
    page = visit(film)
    assert page.locator(".moment-title").inner_text() == "1 · loss ∞"


def test_checks_and_measures_are_painted(visit: Visit) -> None:
    loss = network(2)
    slow = {node: float(i) for i, node in enumerate(loss.graph.operations)}
    page = visit(loss, check=True, overlays={"seconds": slow}, open="all")
    assert any("✓" in text for text in page.locator("text.mark").all_text_contents())
    assert "overlay" not in page.url
    page.locator(".do-more").click()
    for name, mark in (("check", "✓"), ("seconds", "3")):
        page.locator(".overlays").select_option(name)
        assert any(mark in text for text in page.locator("text.mark").all_text_contents())


def test_notebook_output_steps_inside_its_frame(browser: Any, tmp_path: Path) -> None:
    """What an exported notebook holds: the output's HTML in a page of somebody else's."""
    output = apple()._repr_mimebundle_()["text/html"]
    file = tmp_path / "exported.html"
    file.write_text(f"<!doctype html><meta charset=utf-8><h1>notebook</h1>{output}", "utf-8")
    context = browser.new_context(offline=True)
    page = context.new_page()
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.goto(file.as_uri())
    frame = page.frame_locator("iframe")
    frame.locator(".do-first").click()
    sync.expect(frame.locator(".count")).to_have_text("0 / 6")
    frame.locator(".do-next").click()
    sync.expect(frame.locator(".count")).to_have_text("1 / 6")
    assert [url for url in asked if not url.startswith((file.as_uri(), "about:"))] == []
    context.close()


def test_widget_draws_and_tells_python(browser: Any, tmp_path: Path) -> None:
    pytest.importorskip("anywidget")
    shown = apple().widget(height=300)
    (tmp_path / "widget.mjs").write_text(shown._esm, "utf-8")
    state = {"scene": shown.scene, "height": shown.height, "sheet": "", "given": {}}
    (tmp_path / "page.html").write_text(
        "<!doctype html><meta charset=utf-8><style>" + shown._css + "</style><div id=el></div>"
        '<script type="application/json" id=state>'
        + json.dumps(state).replace("<", "\\u003c")
        + "</script>",
        "utf-8",
    )
    context = browser.new_context(offline=True)
    page = context.new_page()
    page.goto((tmp_path / "page.html").as_uri())
    page.evaluate(
        """async (source) => {
          const state = JSON.parse(document.getElementById("state").textContent);
          window.saved = 0;
          window.state = state;
          const model = { get: (key) => state[key], set: (key, value) => { state[key] = value; },
            save_changes: () => { window.saved++; }, on: () => {}, off: () => {} };
          const address = URL.createObjectURL(new Blob([source], { type: "text/javascript" }));
          const module = await import(address);
          const el = document.createElement("div");
          module.default.render({ model, el });           // JupyterLab may place it later
          document.getElementById("el").append(el);
        }""",
        shown._esm,
    )
    sync.expect(page.locator(".sg")).to_have_attribute("data-theme", "light")
    page.locator("[data-box=n0]").click()
    page.locator(".editor .field").fill("150")
    page.locator(".editor .apply").click()
    assert page.evaluate("window.saved") == 1
    assert page.evaluate("window.state.given") == {"0": [150]}
    context.close()


def test_a_number_is_dragged_on_its_edge(visit: Visit) -> None:
    page = visit(apple())
    spot = page.locator(".wire.live text.value", has_text="100").bounding_box()
    x, y = spot["x"] + spot["width"] / 2, spot["y"] + spot["height"] / 2
    page.mouse.move(x, y)
    page.mouse.down()
    page.mouse.move(x + 60, y, steps=4)  # twenty steps of ten
    sync.expect(page.locator("svg.canvas text.value", has_text="660")).to_have_count(1)
    assert texts(page, "value") == sorted(["300", "2", "600", "1.1", "660"])
    page.mouse.up()
    before = page.locator(".camera").get_attribute("transform")
    page.mouse.move(x, y + 40)
    assert page.locator(".camera").get_attribute("transform") == before


@pytest.mark.parametrize(
    ("typed", "said"), [("1,5", "with a point"), ("1e400", "Too large"), ("1/0", "Too large")]
)
def test_what_is_no_number_is_refused_in_words(visit: Visit, typed: str, said: str) -> None:
    page = visit(apple())
    page.locator("[data-box=n0]").click()
    page.locator(".editor .field").fill(typed)
    page.locator(".editor .apply").click()
    assert said in page.locator(".editor [role=alert]").inner_text()
    assert "220" in texts(page, "value")


def test_one_number_of_a_large_array_is_changed(visit: Visit) -> None:
    x = sg.tensor(np.zeros(50_000), name="x")
    y = sg.sum(x)
    y.backward()
    page = visit(y)
    page.locator("[data-box=n0]").click()
    page.locator(".editor [type=number]").fill("40000")
    page.locator(".editor .field").fill("2.5")
    page.locator(".editor .apply").click()
    assert "2.5" in texts(page, "value")


def test_the_hint_names_the_mistake(visit: Visit) -> None:
    page = visit(apples_and_oranges(), quiz=True)
    fields = page.locator(".answer")
    for typed, said in (("110", "other input"), ("2", "multiply it by what arrives"),
                        ("1.1", "local derivative"), ("−2.2", "sign")):  # fmt: skip
        fields.nth(0).fill(typed)
        fields.nth(0).press("Enter")
        assert said in page.locator(".mistake").inner_text(), typed
        assert "0 / 9" in page.locator(".score").inner_text()
        page.locator(".check").click()
        assert page.evaluate("document.activeElement.className") == "text check"
        assert said in page.locator(".mistake").inner_text(), typed
        assert page.locator(".hint").count() == 1
        assert page.locator(".verdict").all_inner_texts() == ["✗"]
    fields.nth(0).fill("2.2")
    fields.nth(0).press("Enter")
    assert page.locator(".verdict").all_inner_texts() == ["✓"]


def test_every_derivative_is_asked_for_and_none_stands_in_the_open(
    visit: Visit, tmp_path: Path
) -> None:
    x = sg.tensor([1.0, -2.0], name="x")
    y = sg.sum(sg.sigmoid(x) * 3 * x)
    y.backward()
    page = visit(y, quiz=True)
    names = [field.get_attribute("aria-label") for field in page.locator(".answer").all()]
    assert len(names) == len(set(names)) == len(page.locator(".backhead").all())
    assert sum("shape" in name for name in names) == len(names) - 1
    assert texts(page, "grad") == []
    for suffix in ("txt", "svg", "dot", "mmd", "tex"):
        answered, asked = (
            sg.draw(y, tmp_path / f"told.{suffix}", quiz=quiz).read_text("utf-8")
            for quiz in (False, True)
        )
        assert "0.5898" in answered, suffix          # what σ sends back
        assert "0.5898" not in asked, suffix
        assert "2.783" not in asked, suffix          # what arrives at x


def test_of_arrays_the_shape_is_asked_for(visit: Visit) -> None:
    page = visit(network(2), "#quiz=1")
    fields = page.locator(".answer")
    assert fields.count() >= 3
    room = page.locator(".stage").bounding_box()
    for field in fields.all():
        box = field.bounding_box()
        assert box["x"] >= room["x"]
        assert box["x"] + box["width"] <= room["x"] + room["width"]
    page.locator(".show").click()
    count = fields.count()
    right = page.locator(".score").inner_text().split()
    assert right[1] == right[3]
    assert page.locator(".verdict.right").count() == count


def test_factors_are_marked_alike_in_the_formula_and_on_their_edges(visit: Visit) -> None:
    page = visit(apple(), "#step=5")
    page.locator(".do-back").click()
    assert page.locator(".wire.upstream text.grad").count() == 1
    for kind in ("f0", "f1"):
        number = page.locator(f".wire.{kind} text.value").text_content()
        assert number in page.locator(f".says .{kind}").all_text_contents()


def test_a_dot_carries_its_number_and_the_number_comes_with_it(visit: Visit) -> None:
    page = visit(apple(), "#step=0")
    page.emulate_media(reduced_motion="no-preference")
    while_it_flies = """() => {
        document.querySelector('.do-next').click();
        const number = document.querySelector('.arriving .above');
        const carried = document.querySelector('.runner text');
        return [carried.textContent, getComputedStyle(number).visibility];
    }"""
    assert page.evaluate(while_it_flies) == ["200", "hidden"]
    sync.expect(page.locator(".runner, .arriving")).to_have_count(0)
    assert "200" in texts(page, "value")


def test_where_a_nan_was_born_is_said(visit: Visit) -> None:
    assert "NaN or ∞, born at log" in visit(broken()).locator(".says").inner_text()


def test_why_a_number_cannot_be_changed_is_said(visit: Visit) -> None:
    a = sg.tensor(np.eye(2) * 2, name="a")
    y = sg.sum(sg.linalg.inv(a))
    y.backward()
    page = visit(y)
    page.locator("[data-box=n0]").click()
    assert "inv" in page.locator(".fixed").inner_text()


def test_why_a_large_picture_cannot_be_changed_is_said(visit: Visit) -> None:
    page = visit(sg.sum(sg.tensor(np.ones(70_000), name="x") * 2.0))
    page.locator("[data-box=n0]").click()
    sync.expect(page.locator(".fixed")).to_contain_text("Too large to be changed in the page: 70")


def test_an_edit_that_saturates_a_composite_keeps_its_own_rule(visit: Visit) -> None:
    x = sg.tensor(2.0, name="x")
    y = sg.sigmoid(x) * 2
    y.backward()
    page = visit(y, open="all")
    page.locator("[data-box=n0]").click()
    page.locator(".editor .field").fill("-800")
    page.locator(".editor .apply").click()
    assert page.locator("text.mark").count() == 0
    assert "NaN" not in page.locator(".says").inner_text()
    (wire,) = page.evaluate("""[...document.querySelectorAll('[data-wire]')].map(
        e => e.textContent).filter(t => t.startsWith('−800'))""")
    assert wire == "−8000"                        # the value, and the derivative 0
    page.locator(".sg").focus()
    for _ in range(99):
        page.keyboard.press("ArrowLeft")
        if "ownrule" in says(page):
            break
    assert "=0Inside,thestepsmeet0·∞,whichisnonumber" in says(page)


def test_an_edit_that_spoils_the_result_paints_the_way(visit: Visit) -> None:
    x = sg.tensor(2.0, name="x")
    y = sg.exp(x) * 2
    y.backward()
    page = visit(y)
    page.locator("[data-box=n0]").click()
    for typed, marked in (("1e3", True), ("1", False)):
        page.locator(".editor .field").fill(typed)
        page.locator(".editor .apply").click()
        assert (page.locator("text.mark").count() > 0) == marked
        assert ("born at" in page.locator(".says").inner_text()) == marked
