"""The report of a run: what it says, that it shows it offline, that it takes any data and name."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import seegrad as sg
from seegrad.data import Dataset
from seegrad.training import Report, RunFolder, Trainer


def trained(
    folder: Path, data: Dataset, hidden: int = 6, loss: Any = None, epochs: int = 4
) -> tuple[str, Trainer, Report]:
    """A small run with a report; returns its page."""
    train, test = data.split(seed=0)
    outputs = len(data.classes) or 1
    net = sg.nn.multilayer(data.x.shape[1], outputs, (hidden,), "sigmoid")
    report = Report(RunFolder(folder), train, test, {"network": (data.x.shape[1], hidden, outputs)})
    trainer = Trainer(net, sg.optim.SGD(net.parameters(), lr=0.1), loss, callbacks=[report])
    trainer.fit(train, test, epochs=epochs, batch=20)
    return (folder / "report.html").read_text("utf-8"), trainer, report


def test_the_confusions_and_norms_are_those_of_the_network(tmp_path: Path) -> None:
    data = sg.data.moons()
    page, trainer, report = trained(tmp_path, data, epochs=3)
    _, test = data.split(seed=0)
    answers = trainer.predict(test.x).argmax(axis=1)
    counts = [int(((test.t == i) & (answers == j)).sum()) for i in (0, 1) for j in (0, 1)]
    drawn = re.search(r'aria-label="Confusions.*?</svg>', page)
    assert drawn is not None
    told = [int(n) for n in re.findall(r">(\d+)</text>", drawn[0])]
    # the columns' and rows' names are 0 and 1 themselves
    assert sorted(told) == sorted([0, 1, 0, 1, *(n for n in counts if n)])
    assert report.steps == [trainer.history["step"][0], *trainer.history["step"][1:]]
    norms = {name: np.linalg.norm(g) for name, g in trainer.gradients().items()}
    layers = {name.partition(".")[0] for name in norms}
    assert set(report.norms) == layers
    for layer in layers:
        square = sum(x**2 for name, x in norms.items() if name.startswith(f"{layer}."))
        assert report.norms[layer][-1] == pytest.approx(np.sqrt(square), rel=1e-5)
    assert page.count("✓") >= 4
    assert 'class="bad">✗' not in page


def test_a_wrong_derivative_is_seen_in_the_report(tmp_path: Path) -> None:
    def loss(outputs: Any, t: Any) -> Any:
        return sg.mean(sg.stop_gradient(outputs) * (outputs - t))

    x = np.random.default_rng(0).normal(size=(60, 2))
    data = Dataset(x, x[:, :1] * 2.0)
    page, _, _ = trained(tmp_path, data, loss=loss, epochs=1)
    assert 'class="bad">✗' in page


def test_numbers_that_are_fitted_are_told_by_row(tmp_path: Path) -> None:
    x = np.random.default_rng(0).normal(size=(60, 3))
    data = Dataset(x, x[:, :1] - 0.5 * x[:, 1:2])
    page, _, _ = trained(tmp_path, data, loss=sg.nn.MSELoss())
    assert "off by" in page
    assert "Confusions" not in page


def test_a_run_that_goes_on_keeps_the_norms_before(tmp_path: Path) -> None:
    report = trained(tmp_path, sg.data.xor())[2]
    other = Report(report.folder, report.train)
    other.load_state_dict(report.state_dict())
    assert (other.steps, other.norms) == (report.steps, report.norms)


def test_the_end_of_a_run_is_differentiated_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    looked: list[int] = []
    last_batch = Trainer.last_batch

    def counted(trainer: Trainer) -> Any:
        looked.append(trainer.count)
        return last_batch(trainer)

    monkeypatch.setattr(Trainer, "last_batch", counted)
    _, trainer, report = trained(tmp_path, sg.data.xor(), epochs=3)
    assert looked == trainer.history["step"] == report.steps


def broken(folder: Path, rate: float, eager: bool) -> tuple[str, Trainer]:
    """A run that ends in a loss that is no number; its report and trainer."""
    x = np.random.default_rng(0).normal(size=(60, 3))
    data = Dataset(x, x[:, :1] * 2.0)
    net = sg.nn.Sequential(sg.nn.Affine(3, 8), sg.nn.ReLU(), sg.nn.Affine(8, 1))
    rule, report = sg.optim.SGD(net.parameters(), lr=rate), Report(RunFolder(folder), data)
    trainer = Trainer(net, rule, sg.nn.MSELoss(), callbacks=[report], eager=eager)
    with pytest.raises(sg.SeegradError, match="the loss is"):
        trainer.fit(data, epochs=30, batch=20)
    assert [file.name for file in folder.iterdir()] == ["report.html"]
    return (folder / "report.html").read_text("utf-8"), trainer


@pytest.mark.parametrize("eager", [True, False])
def test_a_run_that_breaks_off_is_told_up_to_the_birth(tmp_path: Path, eager: bool) -> None:
    page, trainer = broken(tmp_path, 50.0, eager)
    assert trainer.count == 3
    assert trainer.fault is not None
    assert trainer.fault.operation.name == "matmul"
    assert f"at step {trainer.count + 1}" in page
    assert "Where NaN or infinity came up" in page
    assert "the loss of the last steps" in page
    scenes = json.loads(page.partition('id="scenes">')[2].partition("</script>")[0])
    scene = scenes["graph"]["scene"]
    kinds = [box["kind"] for box in scene["boxes"]]
    assert kinds.count("culprit") == 1
    assert kinds.count("parameter") == 4 - 1  # the last bias was not reached
    assert "The gradient check" not in page


@pytest.mark.parametrize("eager", [True, False])
def test_infinite_weights_are_told_too(tmp_path: Path, eager: bool) -> None:
    page, trainer = broken(tmp_path, 1e300, eager)
    assert trainer.count >= 1
    assert "Where NaN or infinity came up" in page


@pytest.mark.xdist_group("browser")
def test_the_broken_page_shows_the_birth(browser: Any, tmp_path: Path) -> None:
    broken(tmp_path, 50.0, True)
    page = browser.new_context(offline=True).new_page()
    page.goto((tmp_path / "report.html").as_uri())
    page.locator("[data-figure=graph]").scroll_into_view_if_needed()
    page.wait_for_selector("[data-figure=graph] .stage .box.culprit")
    problem = page.locator("[data-figure=graph] .problem").inner_text()
    assert problem.startswith("the loss is inf at step 4")
    page.locator("[data-switch=language]").click()
    assert page.locator("h2").nth(1).inner_text() == "NaN이나 무한대가 생긴 곳"


def test_hostile_names_are_text(tmp_path: Path) -> None:
    name = "</script><img src=x onerror=alert(1)>\n\u202e"
    x = np.random.default_rng(0).normal(size=(40, 3))
    data = Dataset(x, (x[:, 0] > 0).astype(np.int64), name=name, classes=(name, "b"))
    page, _, _ = trained(tmp_path, data)
    assert "<img src=x" not in page
    assert page.count("</script>") == 2


@pytest.mark.xdist_group("browser")
def test_the_page_works_offline_in_both_languages(browser: Any, tmp_path: Path) -> None:
    trained(tmp_path, sg.data.digits(), epochs=1)
    context = browser.new_context(offline=True, viewport={"width": 1200, "height": 800})
    page = context.new_page()
    troubles: list[str] = []
    page.on("pageerror", lambda error: troubles.append(str(error)))
    page.on("console", lambda m: troubles.append(m.text) if m.type == "error" else None)
    address = (tmp_path / "report.html").as_uri()
    page.on(
        "request",
        lambda r: None if r.url.startswith((address, "data:")) else troubles.append(r.url),
    )
    page.goto(address)
    page.locator("[data-figure=graph]").scroll_into_view_if_needed()
    page.wait_for_selector("[data-figure=graph] .stage .box")
    assert page.locator("h1").inner_text() == "Training report: digits"
    assert page.locator(".cards img").count() == 12
    assert page.evaluate("[...document.images].every(i => i.naturalWidth === 8)")
    page.locator("[data-switch=language]").click()
    assert page.locator("h1").inner_text() == "학습 보고서: digits"
    assert page.locator("[data-figure=graph]").get_attribute("lang") == "ko"
    assert "Loss" not in page.locator("main").inner_text()
    paper = "getComputedStyle(document.body).backgroundColor"
    before = page.evaluate(paper)
    page.locator("[data-switch=theme]").click()
    page.wait_for_function(f"{paper} !== {before!r}")
    page.locator("[data-figure=graph] .do-first").click()
    assert page.locator("[data-figure=graph] .count").inner_text().startswith("0 /")
    context.close()
    assert troubles == []
