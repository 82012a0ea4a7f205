"""Programs of float16 run natively: totals in float32 and wider, nothing through NumPy."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import seegrad as sg
from seegrad.compiler import target

pytestmark = pytest.mark.skipif(not target.available(), reason="needs llvmlite")
N = 100_000
"""More than float16 can count."""

REDUCTIONS = {
    "sum": lambda x: (x / 1024).sum(), "mean": lambda x: x.mean(), "var": lambda x: x.var(),
    "std": lambda x: x.std(), "norm": lambda x: sg.norm(x / 16), "dot": lambda x: (x / 64) @ x,
    "logsumexp": lambda x: sg.logsumexp(x), "softmax": lambda x: (sg.softmax(x) * x).sum(),
}  # fmt: skip


def calls_of_numpy(step: Any) -> int:
    return int(str(step.report).split(" calls of NumPy")[0].split()[-1])


@pytest.mark.parametrize("name", REDUCTIONS)
def test_reductions_beyond_the_range_of_float16(name: str) -> None:
    """Within one rounding to float16 of float64, and with a derivative that is not lost."""
    f, rng = REDUCTIONS[name], np.random.default_rng(0)
    x = rng.uniform(0.5, 1.5, N).astype(np.float16)
    step = sg.compile(sg.value_and_grad(f))
    value, slope = step(x)
    exact, direction = sg.value_and_grad(f)(x.astype(np.float64))
    assert calls_of_numpy(step) == 0
    assert np.asarray(value).dtype == np.asarray(slope).dtype == np.float16
    rounded = 3 * 2.0**-11
    assert float(np.asarray(value)) == pytest.approx(float(exact), rel=rounded)
    far = np.abs(np.asarray(slope, np.float64) - np.asarray(direction))
    assert (far <= np.abs(direction) * rounded + 2.0**-24).all()


def test_a_network_of_float16_trains_without_numpy() -> None:
    rng = np.random.default_rng(0)
    x, w = (rng.standard_normal(s).astype(np.float16) for s in ((64, 32), (32, 10)))
    labels = rng.integers(0, 10, 64)

    def loss(w: Any) -> Any:
        return sg.softmax_cross_entropy(sg.relu(sg.tensor(x) @ w), labels)

    step = sg.compile(sg.grad(loss))
    found, want = np.asarray(step(w), float), np.asarray(sg.grad(loss)(w), float)
    assert calls_of_numpy(step) == 0
    assert np.abs(found - want).max() < 2.0**-11 * np.abs(want).max()
