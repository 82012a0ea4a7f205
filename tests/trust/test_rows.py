"""A seeded sample of every row of the table of trust."""

from __future__ import annotations

import pytest

from trust.harness.row import ROWS, Run
from trust.table import LOADED

assert LOADED


@pytest.mark.parametrize("name", list(ROWS))
def test_a_sample_of_the_row_holds(name):
    row = ROWS[name]
    found = row.measure(Run(row.sample, seed=1, timed=False))
    assert found.holds, "\n".join([found.figure, *found.faults])
