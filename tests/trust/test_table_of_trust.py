"""TRUST.md is what the kept figures say: generated, never typed."""

from __future__ import annotations

import json

from trust.__main__ import FIGURES, TABLE
from trust.harness.report import as_json, kept_in, markdown
from trust.harness.row import in_order
from trust.table import LOADED

assert LOADED


def test_the_table_is_written_from_the_figures():
    kept = kept_in(FIGURES)
    shown = [kept[row.name] for row in in_order() if row.name in kept]
    assert TABLE.read_text("utf-8") == markdown(shown)
    assert json.loads(as_json(shown)) == json.loads(FIGURES.read_text("utf-8"))


def test_every_row_has_a_figure():
    assert set(kept_in(FIGURES)) == {row.name for row in in_order()}
