"""Networks written number by number: one kernel when compiled, and what eager gives."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import seegrad as sg
from seegrad.compiler import target
from seegrad.compiler.codegen import loop_axes

pytestmark = pytest.mark.skipif(not target.available(), reason="needs llvmlite")

CHANCE = np.random.default_rng(5)
X = CHANCE.standard_normal((37, 2))
T = np.sign(CHANCE.standard_normal(37))
START = CHANCE.standard_normal((4, 3))


def training() -> tuple[list[Any], Any]:
    """Weights that are single numbers, and a step of descent over all examples."""
    hidden = [[sg.tensor(v, requires_grad=True) for v in row] for row in START[:3]]
    last = [sg.tensor(v, requires_grad=True) for v in START[3]]
    weights = [w for row in (*hidden, last) for w in row]

    def loss(x: Any, t: Any) -> Any:
        inner = [sg.relu(a * x[0] + b * x[1] + c) for a, b, c in hidden]
        score = sum(w * h for w, h in zip(last, inner))
        return sg.relu(1 - t * score)

    def step(x: Any, t: Any) -> Any:
        total = sg.vmap(loss)(x, t).mean() + 0.01 * sum(w * w for w in weights)
        for w in weights:
            w.grad = None
        total.backward()
        for w in weights:
            w.assign(w - 0.1 * w.grad)
        return total

    return weights, step


@pytest.mark.parametrize("written_out", [0, 10**6])
def test_many_numbers_become_one_kernel_with_the_values_of_eager(
    written_out: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(loop_axes, "WRITTEN_OUT", written_out)
    weights, step = training()
    want = [step(X, T).item() for _ in range(3)]
    others, again = training()
    compiled = sg.compile(again)
    got = [compiled(X, T).item() for _ in range(3)]
    assert len(compiled.newest.lowered.kernels) == 1
    np.testing.assert_allclose(got, want, rtol=1e-12)
    np.testing.assert_allclose([w.item() for w in others], [w.item() for w in weights], rtol=1e-10)
