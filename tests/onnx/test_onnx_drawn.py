"""Each operator that is read, on models drawn as the row O1 of the table of trust draws them."""

from __future__ import annotations

import numpy as np
import pytest

pytest.importorskip("onnx", reason="onnx is not installed")
pytest.importorskip("onnxruntime", reason="onnxruntime is not installed")

from seegrad.onnx.operators import READERS
from seegrad.onnx.readers.refused import REFUSED, reason
from trust.files import onnx_import
from trust.files.onnx_cases import DRAWS
from trust.files.onnx_wide_cases import WIDE

TWICE = ["GRU", "LSTM", "MaxPool", "RNN", "Resize", "ScatterElements", "ScatterND", "Scatter"]


@pytest.mark.parametrize("operator", [*sorted(WIDE), *TWICE])
def test_drawn_models_come_out_equal_eager_compiled_and_differentiated(operator, tmp_path):
    rng, tally = np.random.default_rng(7), onnx_import.Tally()
    for _ in range(12):
        made = onnx_import.drawn(rng, operator, 28)
        if made is not None:
            tally.judge(made, tmp_path / "m.onnx")
        if tally.counts["equal"] == 2:
            break
    assert tally.faults == []
    assert tally.counts["equal"] == 2, tally.counts


def test_the_judge_finds_a_fault_that_is_planted(tmp_path, monkeypatch):
    reader = READERS["SwiGLU"]
    wrong = type(reader)(lambda values, attributes: values[0] * values[1], reader.honours)
    monkeypatch.setitem(READERS, "SwiGLU", wrong)
    tally = onnx_import.Tally()
    tally.judge(onnx_import.drawn(np.random.default_rng(0), "SwiGLU", 28), tmp_path / "m.onnx")
    assert tally.counts["wrong"] == 1


def test_all_that_is_read_is_drawn_and_nothing_is_both_read_and_refused():
    assert DRAWS.keys() | WIDE.keys() == READERS.keys()
    assert not DRAWS.keys() & WIDE.keys()
    assert not REFUSED.keys() & READERS.keys()
    assert all(map(reason, REFUSED))
    assert not reason("Relu")
