"""The first screen of real networks in a real browser: all of it in view, all text legible, the
loss there; and a box that is opened or closed changes no number."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from pictures import network, softmax_with_loss

import seegrad as sg
from benchmarks.drawn_networks import NETWORKS, lstm

sync = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
pytestmark = pytest.mark.xdist_group("browser")

WINDOWS = ((1440, 900), (1024, 768), (390, 844))
LEGIBLE = 11.0

MEASURE = """() => {
  const size = (element) => element.getBoundingClientRect();
  const canvas = document.querySelector(".sg svg.canvas");
  const scale = canvas.querySelector(".camera").getCTM().a;
  const words = [...canvas.querySelectorAll("text")].filter((text) => text.textContent.trim());
  const stage = size(canvas), whole = size(canvas.querySelector(".camera"));
  return {
    text: Math.min(...words.map((text) => parseFloat(getComputedStyle(text).fontSize) * scale)),
    outside: Math.max(stage.left - whole.left, stage.top - whole.top,
      whole.right - stage.right, whole.bottom - stage.bottom),
    loss: words.some((text) => text.textContent === "L" && text.closest(".output")),
    boxes: canvas.querySelectorAll(".box").length,
  };
}"""

NUMBERS = """() => {
  const seen = (element) => getComputedStyle(element).visibility === "visible";
  const found = {};
  for (const wire of document.querySelectorAll(".sg svg.canvas [data-wire]")) {
    for (const kind of ["above", "below"]) {
      const part = wire.querySelector(`.${kind}`);
      const cells = [...(part?.querySelectorAll("path.cell") ?? [])];
      const words = [...(part?.querySelectorAll("text") ?? [])].map((text) => text.textContent);
      const map = cells.map((cell) => cell.getAttribute("class")).join();
      if (part) found[`${wire.dataset.wire} ${kind}`] = seen(part) ? [...words, map].join("|") : "";
    }
  }
  return found;
}"""


def scanned(folder: Path) -> Any:
    w = sg.tensor(0.5, name="w")

    def step(h: Any, x: Any) -> tuple[Any, Any]:
        h = sg.tanh(w * h + x)
        return h, h

    _, all_h = sg.scan(step, sg.tensor(0.0, name="h0"), sg.tensor(np.linspace(0, 1, 12), name="xs"))
    return loss_of(all_h)


def imported(folder: Path) -> Any:
    net = sg.nn.multilayer(8, 4, (16,), "relu")
    sg.export_onnx(net, folder / "net.onnx", np.zeros((2, 8), np.float32))
    found = sg.import_onnx(folder / "net.onnx")
    assert {leaf.name for leaf in found.parameters()} == {
        f"affine{i}.{name}" for i in (1, 2) for name in "Wb"
    }
    return loss_of(found(sg.tensor(np.ones((2, 8), np.float32), name="x")))


def loss_of(y: Any) -> Any:
    loss = sg.sum(y**2)
    loss.name = "L"
    loss.backward()
    return loss


MADE: dict[str, Callable[[Path], Any]] = {
    **{name: lambda _, make=make: make() for name, make in NETWORKS.items()},  # type: ignore[misc]
    "scan": scanned, "imported": imported,
}  # fmt: skip


@pytest.mark.parametrize("name", MADE)
def test_the_first_screen_shows_the_whole_graph_and_its_text_can_be_read(
    name: str, browser: Any, tmp_path: Path
) -> None:
    file = sg.draw(MADE[name](tmp_path), tmp_path / "page.html")
    for width, height in WINDOWS:
        context = browser.new_context(offline=True, viewport={"width": width, "height": height})
        page = context.new_page()
        page.goto(file.as_uri())
        page.wait_for_selector(".sg svg.canvas .box")
        found = page.evaluate(MEASURE)
        assert found["text"] >= LEGIBLE, (width, found)
        assert found["outside"] <= 0, (width, found)
        assert found["loss"], (width, found)
        assert found["boxes"] > 1
        context.close()


def folds(page: Any) -> list[str]:
    """Everything that can be opened or closed now."""
    found: list[str] = page.eval_on_selector_all(
        ".sg svg.canvas .box.closed, .sg svg.canvas .group",
        "all => all.map(each => each.dataset.box ?? each.dataset.group)",
    )
    return found


def turn(page: Any, key: str) -> None:
    """Opens or closes a box by the keyboard."""
    page.locator(f"[data-box='{key}'], [data-group='{key}']").focus()
    page.keyboard.press("Enter")


@pytest.mark.parametrize("width", [1440, 760, 720, 641, 390])
def test_the_controls_stand_in_one_row(browser: Any, tmp_path: Path, width: int) -> None:
    """Also where a window is enlarged to 200 %."""
    page = browser.new_page(viewport={"width": width, "height": 450})
    page.goto(sg.draw(softmax_with_loss(), tmp_path / "page.html").as_uri())
    rows = page.evaluate("""[...document.querySelectorAll(".bar button")]
        .filter((each) => each.checkVisibility()).map((each) => each.getBoundingClientRect())
        .map((room) => [room.top, room.right <= innerWidth])""")
    page.close()
    assert len({top for top, _ in rows}) == 1
    assert all(inside for _, inside in rows)


@pytest.mark.parametrize("figure", [softmax_with_loss, network, lstm])
def test_opening_and_closing_changes_no_number(
    figure: Callable[[], Any], browser: Any, tmp_path: Path
) -> None:
    context = browser.new_context(offline=True, reduced_motion="reduce")
    page = context.new_page()
    page.goto(sg.draw(figure(), tmp_path / "page.html").as_uri())
    page.wait_for_selector(".sg svg.canvas .box")
    for part in (1.0, 0.8, 0.3, 0.0):
        last = int(page.locator(".slider").get_attribute("max"))
        page.locator(".slider").fill(str(round(last * part)))
        for key in folds(page)[:6]:
            before = page.evaluate(NUMBERS)
            for _ in range(2):
                turn(page, key)
                after = page.evaluate(NUMBERS)
                assert {k: after[k] for k in before if k in after} == {
                    k: before[k] for k in before if k in after
                }, (part, key)
                if part == 1.0:
                    count = page.locator(".count").inner_text().split(" / ")
                    assert count[0] == count[1]
            assert page.evaluate(NUMBERS) == before
    context.close()


def test_opening_zooms_to_what_was_opened(browser: Any, tmp_path: Path) -> None:
    context = browser.new_context(offline=True, reduced_motion="reduce")
    page = context.new_page()
    page.goto(sg.draw(NETWORKS["Transformer of 12 blocks"](), tmp_path / "page.html").as_uri())
    page.wait_for_selector(".sg svg.canvas .box")
    (repeat,) = page.eval_on_selector_all(
        ".box.closed.repeat", "all => all.map(each => each.dataset.box)"
    )
    turn(page, repeat)
    blocks = page.eval_on_selector_all(
        ".box.closed", "all => all.map(each => each.getAttribute('aria-label'))"
    )
    assert sum("transformer_block" in block for block in blocks) == 12
    inside = page.locator(f"[data-group='{repeat}']").bounding_box()
    stage = page.locator(".stage").bounding_box()
    assert inside["x"] >= stage["x"] - 1
    assert inside["x"] + inside["width"] <= stage["x"] + stage["width"] + 1
    assert inside["width"] > stage["width"] / 2 or inside["height"] > stage["height"] / 2
    context.close()
