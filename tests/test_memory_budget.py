"""How much memory may be taken: as Linux says it, as psutil says it, and within a container."""

from __future__ import annotations

import sys
from pathlib import Path
from types import SimpleNamespace

import pytest

import seegrad as sg
from seegrad import memory_budget as budget

FREE = 3 * 2**30


@pytest.fixture
def elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A system without /proc, whose control groups are told by the files in this folder."""
    monkeypatch.setattr(budget, "_MEMINFO", tmp_path / "meminfo")
    monkeypatch.setattr(budget, "_GROUP", tmp_path)
    return tmp_path


def _psutil(monkeypatch: pytest.MonkeyPatch, free: int | None) -> None:
    told = SimpleNamespace(virtual_memory=lambda: SimpleNamespace(available=free))
    monkeypatch.setitem(sys.modules, "psutil", None if free is None else told)


def test_linux_says_it_itself(elsewhere, monkeypatch):
    _psutil(monkeypatch, 1)
    (elsewhere / "meminfo").write_text("MemTotal: 9 kB\nMemAvailable:   2048 kB\n")
    assert budget.available() == 2**21


@pytest.mark.parametrize("text", [None, "", "MemTotal: 9 kB\n", "MemAvailable: lots\n"])
def test_psutil_says_it_elsewhere(elsewhere, monkeypatch, text):
    if text is not None:
        (elsewhere / "meminfo").write_text(text)
    _psutil(monkeypatch, FREE)
    assert budget.available() == FREE
    with pytest.raises(sg.SeegradError, match="3 GiB"):
        budget.afford(FREE + 1, "a wish")
    budget.afford(FREE, "a wish")


def test_without_either_all_that_is_built_in_counts(elsewhere, monkeypatch):
    _psutil(monkeypatch, None)
    monkeypatch.setattr(budget.os, "sysconf", {"SC_PHYS_PAGES": 8, "SC_PAGE_SIZE": 4096}.get)
    assert budget.available() == 8 * 4096
    monkeypatch.delattr(budget.os, "sysconf")
    assert budget.available() is None
    budget.afford(2**40, "a wish")
    with pytest.raises(sg.SeegradError, match="any memory"):
        budget.afford(2**63, "a wish")


@pytest.mark.parametrize("names", budget._BOUNDS)
def test_a_containers_bound_counts_too(elsewhere, monkeypatch, names):
    _psutil(monkeypatch, FREE)
    for name, number in zip(names, (2**30, 2**29)):
        (elsewhere / name).parent.mkdir(exist_ok=True)
        (elsewhere / name).write_text(f"{number}\n")
    assert budget.available() == 2**29
    (elsewhere / names[0]).write_text("max\n")
    assert budget.available() == FREE


def test_psutil_itself_agrees_with_linux(monkeypatch):
    psutil = pytest.importorskip("psutil")
    said = psutil.virtual_memory().available
    assert said / 2 < (budget._of_the_machine() or 0) < 2 * said
    monkeypatch.setattr(budget, "_MEMINFO", Path("/nowhere"))
    assert said / 2 < (budget._of_the_machine() or 0) < 2 * said
