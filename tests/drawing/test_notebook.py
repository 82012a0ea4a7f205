"""JupyterLab itself: a picture shows and steps in a notebook, live and in its exported HTML."""

from __future__ import annotations

import gc
import json
import os
import subprocess
import sys
import time
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import seegrad

pytest.importorskip("jupyterlab", reason="jupyterlab is not installed")
sync = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
pytestmark = [
    pytest.mark.xdist_group("browser"),
    # the notebook's own packages, not ours
    pytest.mark.filterwarnings("ignore::DeprecationWarning"),
]
PATIENCE = 30_000
CELLS = (
    "import seegrad as sg\n"
    "price = sg.tensor(100.0, name='사과') * sg.tensor(2.0, name='개수') * sg.tensor(1.1)\n"
    "price.backward()\n"
    "price",
    "shown = price.widget(height=300)\nshown",
)


@pytest.fixture
def notebook(tmp_path: Path) -> Path:
    """A notebook of two cells that nobody has run."""
    import nbformat

    cells = [nbformat.v4.new_code_cell(source) for source in CELLS]
    file = tmp_path / "apples.ipynb"
    kernel = {"name": "python3", "display_name": "Python 3", "language": "python"}
    told = nbformat.v4.new_notebook(cells=cells, metadata={"kernelspec": kernel})
    nbformat.write(told, file)
    return file


@pytest.fixture
def lab(notebook: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """JupyterLab at work in the notebook's folder; gives its address."""
    folder = notebook.parent
    source = str(Path(seegrad.__file__).parents[1])
    kept = {
        **os.environ, "PYTHONPATH": source, "HOME": str(folder),
        "JUPYTER_CONFIG_DIR": str(folder / "config"), "JUPYTER_RUNTIME_DIR": str(folder / "run"),
        "JUPYTER_PLATFORM_DIRS": "1",
    }  # fmt: skip
    command = [
        sys.executable, "-m", "jupyterlab", "--no-browser", "--allow-root", "--port=0",
        "--ip=127.0.0.1", "--LabApp.expose_app_in_browser=True",
        "--IdentityProvider.token=", f"--ServerApp.root_dir={folder}",
        "--LabApp.news_url=", "--LabApp.check_for_updates_class=jupyterlab.NeverCheckForUpdate",
    ]  # fmt: skip
    with (folder / "log").open("wb") as log:
        server = subprocess.Popen(command, env=kept, stdout=log, stderr=log)
        try:
            yield _address(server, folder)
        finally:
            server.terminate()
            try:
                server.wait(3)
            except subprocess.TimeoutExpired:
                server.kill()
                server.wait()


def _address(server: subprocess.Popen[bytes], folder: Path) -> str:
    """Where the server says that it listens."""
    until = time.monotonic() + PATIENCE / 1000
    while time.monotonic() < until and server.poll() is None:
        for file in (folder / "run").glob("jpserver-*.json"):
            try:
                told: str = json.loads(file.read_text("utf-8"))["url"]
            except ValueError:
                continue
            return told
        time.sleep(0.1)
    raise AssertionError((folder / "log").read_text("utf-8"))


def run(told: Any, allow_errors: bool = False) -> None:
    """Executes a notebook's cells in a kernel of its own."""
    from nbclient import NotebookClient

    os.environ.setdefault("PYTHONPATH", str(Path(seegrad.__file__).parents[1]))
    with warnings.catch_warnings():
        # jupyter_client drops its handle of the kernel's process without waiting for the last of it
        warnings.simplefilter("ignore", ResourceWarning)
        NotebookClient(told, kernel_name="python3", timeout=60, allow_errors=allow_errors).execute()
        gc.collect()


def step_through(picture: Any) -> None:
    """From the first step to the second, in the picture that is given."""
    picture.locator(".do-first").click()
    sync.expect(picture.locator(".count")).to_have_text("0 / 6")
    picture.locator(".do-next").click()
    sync.expect(picture.locator(".count")).to_have_text("1 / 6")
    sync.expect(picture.locator(".arriving")).to_have_count(0)       # the number has arrived
    visible = (
        "all => all.filter(e => getComputedStyle(e).visibility === 'visible').map(e => "
        "e.textContent)"
    )
    values = picture.locator("svg.canvas text.value").evaluate_all(visible)
    assert sorted(values) == sorted(["100", "2", "200", "1.1"])


def test_a_picture_shows_and_steps_in_jupyterlab(browser: Any, lab: str) -> None:
    context = browser.new_context(viewport={"width": 1200, "height": 900})
    context.set_default_timeout(PATIENCE)
    elsewhere: list[str] = []

    def near(route: Any) -> None:
        if route.request.url.startswith((lab, "data:", "blob:", "about:")):
            route.continue_()
        else:
            elsewhere.append(route.request.url)
            route.abort()

    context.route("**/*", near)
    page = context.new_page()
    page.goto(f"{lab}lab/tree/apples.ipynb?reset")
    page.locator(".jp-Notebook .jp-CodeCell").first.wait_for()
    page.get_by_text("| Idle").first.wait_for()
    page.get_by_role("menuitem", name="Run", exact=True).click()
    page.get_by_role("menuitem", name="Run All Cells", exact=True).click()
    step_through(page.frame_locator(".jp-OutputArea iframe"))
    widget = page.locator(".jp-OutputArea .sg")
    widget.wait_for()
    widget.locator(".says").click()  # the first click chooses the cell, and the notebook scrolls
    widget.locator(".do-first").scroll_into_view_if_needed()     # and again, to the row of keys
    sync.expect(widget.locator(".do-first")).to_be_in_viewport()
    step_through(widget)
    widget.locator("[data-box=n0]").click()
    widget.locator(".editor .field").fill("150")
    widget.locator(".editor .apply").click()
    sync.expect(widget.locator("svg.canvas text.value", has_text="330")).to_have_count(1)
    context.close()
    assert elsewhere == []


def test_a_notebook_that_is_not_trusted_shows_the_picture(
    browser: Any, lab: str, notebook: Path
) -> None:
    import nbformat

    told = nbformat.read(notebook, as_version=4)
    price = seegrad.tensor(100.0, name="사과") * seegrad.tensor(2.0, name="개수")
    data = price._repr_mimebundle_()
    del told.cells[1:]
    told.cells[0].outputs = [nbformat.v4.new_output("execute_result", data, execution_count=1)]
    nbformat.write(told, notebook)
    context = browser.new_context(viewport={"width": 1200, "height": 900})
    context.set_default_timeout(PATIENCE)
    page = context.new_page()
    page.goto(f"{lab}lab/tree/apples.ipynb?reset")
    still = page.locator(".jp-OutputArea img")
    still.wait_for()
    page.wait_for_function("document.querySelector('.jp-OutputArea img').naturalWidth > 100")
    assert page.locator(".jp-OutputArea iframe").count() == 0
    context.close()


def test_the_picture_follows_the_notebooks_theme(browser: Any, lab: str) -> None:
    context = browser.new_context(viewport={"width": 1200, "height": 900})
    context.set_default_timeout(PATIENCE)
    page = context.new_page()
    page.goto(f"{lab}lab/tree/apples.ipynb?reset")
    page.locator(".jp-Notebook .jp-CodeCell").first.wait_for()
    page.get_by_text("| Idle").first.wait_for()
    page.get_by_role("menuitem", name="Run", exact=True).click()
    page.get_by_role("menuitem", name="Run All Cells", exact=True).click()
    framed = page.frame_locator(".jp-OutputArea iframe").locator("#seegrad")
    live = page.locator(".jp-OutputArea .sg")
    for picture in (framed, live):
        sync.expect(picture).to_have_attribute("data-theme", "light")
    page.evaluate(
        "jupyterapp.commands.execute('apputils:change-theme', { theme: 'JupyterLab Dark' })"
    )
    for picture in (framed, live):
        sync.expect(picture).to_have_attribute("data-theme", "dark", timeout=PATIENCE)
    context.close()


def test_an_error_shows_its_picture_over_the_traceback(notebook: Path) -> None:
    import nbformat

    told = nbformat.read(notebook, as_version=4)
    told.cells[0].source = (
        "import seegrad as sg\n"
        "sg.tensor([[1.0, 2.0]], name='X') @ sg.tensor([[1.0, 2.0]], name='W')"
    )
    told.cells = told.cells[:1]
    run(told, allow_errors=True)
    picture, error = told.cells[0].outputs
    assert "culprit" in picture["data"]["text/html"]
    assert error["ename"] == "ShapeError"
    lines = "\n".join(error["traceback"])
    assert "the inner sizes 2 and 1 differ" in lines
    assert "tensor" in lines  # the user's line, as IPython shows it


def test_an_exported_notebook_steps_offline(browser: Any, notebook: Path) -> None:
    import nbformat
    from nbconvert import HTMLExporter

    told = nbformat.read(notebook, as_version=4)
    told.cells = told.cells[:1]
    run(told)
    page_text, _ = HTMLExporter(mathjax_url="", require_js_url="").from_notebook_node(told)
    file = notebook.with_suffix(".html")
    file.write_text(page_text, "utf-8")
    context = browser.new_context(offline=True)
    page = context.new_page()
    page.goto(file.as_uri())
    step_through(page.frame_locator("iframe"))
    context.close()
