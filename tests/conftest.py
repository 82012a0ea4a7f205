"""What several tests share: a browser, the real digits' folder, settings of the drawn tests."""

from __future__ import annotations

import os
import random
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, settings

from seegrad import nn

# read when SciPy is first imported; without it scikit-learn skips one of its checks
os.environ.setdefault("SCIPY_ARRAY_API", "1")

ROOT = Path(__file__).parent.parent

settings.register_profile(
    "seegrad",
    deadline=None,
    derandomize=True,
    max_examples=60,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture],
)
settings.load_profile("seegrad")


def _same_draws() -> None:
    nn.seed(0)
    np.random.seed(0)
    random.seed(0)
    if torch := sys.modules.get("torch"):
        torch.manual_seed(0)


_same_draws()                                          # for layers that are made with the tests


@pytest.fixture(autouse=True)
def _every_test_draws_the_same_on_every_run() -> None:
    _same_draws()


@pytest.fixture(scope="session")
def real_mnist() -> Path:
    """The folder with MNIST's test files; skips, saying so, where it is absent."""
    told = os.environ.get("SEEGRAD_TEST_DATA")
    folder = Path(told) if told else ROOT.parent / "shared" / "data" / "mnist"
    if not (folder / "t10k-images-idx3-ubyte.gz").is_file():
        pytest.skip(f"no MNIST files in {folder}: set SEEGRAD_TEST_DATA to their folder")
    return folder


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    """A browser for the tests of one file; its event loop ends with it, for others may need one.

    Tests that use it belong to the xdist group "browser", so that one is started at a time.
    """
    sync = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
    chromium = os.environ.get("SEEGRAD_CHROMIUM") or shutil.which("chromium")
    if chromium is None:
        pytest.skip("no browser: install chromium")
    sync.expect.set_options(timeout=30_000)            # what is right on a busy machine, only later
    with sync.sync_playwright() as play:
        started = play.chromium.launch(
            executable_path=chromium,
            args=["--no-sandbox", "--disable-gpu", "--disable-background-networking"],
        )
        yield started
        started.close()


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Say plainly what was left out, and why: no browser, no digits, no Node."""
    reasons: dict[str, int] = {}
    for report in terminalreporter.stats.get("skipped", []):
        reason = report.longrepr[2] if isinstance(report.longrepr, tuple) else str(report.longrepr)
        reason = reason.removeprefix("Skipped: ")
        reasons[reason] = reasons.get(reason, 0) + 1
    for reason, count in reasons.items():
        terminalreporter.write_line(f"left out: {count} × {reason}")
