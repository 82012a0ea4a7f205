"""Rows too short to fill a vector lie side by side in its lanes: the same values as in eager."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import seegrad as sg
from seegrad.compiler import target
from seegrad.compiler.codegen import loop_axes

pytestmark = pytest.mark.skipif(not target.available(), reason="needs llvmlite")

SHAPES = [(16, 2), (48, 10), (32, 15), (40, 7), (33, 3), (5, 4)]


@pytest.fixture
def beside(monkeypatch: pytest.MonkeyPatch) -> list[bool]:
    """For each nest that is written, whether its rows lie side by side."""
    seen: list[bool] = []
    plain = loop_axes.LoopAxes.side_by_side

    def watched(self: Any, lanes: int) -> Any:
        found = plain(self, lanes)
        seen.append(found is not None)
        return found

    monkeypatch.setattr(loop_axes.LoopAxes, "side_by_side", watched)
    return seen


def values(shape: tuple[int, int], dtype: str) -> Any:
    x = np.random.default_rng(shape).normal(0, 4, shape).astype(dtype)
    x[0, 0], x[1, 1], x[2, 0], x[3, 1] = np.inf, -np.inf, np.nan, 1e5
    return x


@pytest.mark.parametrize("dtype", ["f4", "f8"])
@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("threads", [1, 2])
def test_softmax_of_short_rows(shape, dtype, threads, beside):
    x = values(shape, dtype)

    def both(x: Any) -> Any:
        y = sg.softmax(x, axis=-1)
        return y, sg.sum(y * x, axis=-1), sg.log_softmax(x, axis=-1)

    run = sg.compile(both, threads=threads)
    with np.errstate(all="ignore"):
        got, again, want = run(x), run(x), both(sg.tensor(x))
    # The logarithm subtracts numbers up to 16, whose last bit the order of the sum may change.
    rounding = 16 * np.finfo(dtype).eps
    for a, b, c, off in zip(got, again, want, (0, 0, rounding)):
        np.testing.assert_array_equal(a.value, b.value)
        np.testing.assert_allclose(a.value, c.value, 2e-5 if dtype == "f4" else 1e-12, off)
    if threads == 1:
        lanes = target.host().lanes(8 * int(dtype[1]))
        assert any(beside) == (shape[0] % lanes == 0 and shape[1] < lanes)


@pytest.mark.parametrize("rows", [None, "picked"])
def test_the_loss_of_short_rows_with_labels_and_picked_rows(rows, beside):
    chance = np.random.default_rng(1)
    x, t = chance.normal(size=(90, 6)).astype("f4"), chance.integers(0, 10, 90)
    order = chance.integers(0, 90, (3, 48))

    def trained(compiled: bool) -> Any:
        net = sg.nn.Affine(6, 10, generator=np.random.default_rng(2))
        rule, loss_of = sg.optim.SGD(net.parameters(), lr=0.5), sg.nn.SoftmaxWithLoss()

        def step(x: Any, t: Any) -> Any:
            rule.zero_grad()
            loss = loss_of(net(x), t)
            loss.backward()
            rule.step()
            return loss

        if compiled and rows:
            losses = sg.compile(step).epoch(x, t, batch=48, rows=order)
        else:
            run = sg.compile(step) if compiled else step
            losses = [float(run(x[k], t[k])) for k in order]
        return [np.asarray(losses), *(p.value for p in net.parameters())]

    for a, b in zip(trained(True), trained(False)):
        np.testing.assert_allclose(a, b, rtol=1e-4, atol=1e-6)
    assert any(beside) == (target.host().lanes(32) > 10)
