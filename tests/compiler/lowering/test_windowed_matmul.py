"""Convolutions are summed over windows where they lie: right for every setting, with no matrix of
all windows in memory, on one thread and on two."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import seegrad as sg
from seegrad.compiler import target
from seegrad.compiler.lowering.matmul.windowed import _merged, _together

pytestmark = pytest.mark.skipif(not target.available(), reason="needs llvmlite")

SETTINGS = [
    ((4, 3, 12, 13), (5, 3, 3, 3), {"padding": 1}),
    ((4, 16, 32, 32), (16, 16, 3, 3), {"padding": 1}),
    ((3, 8, 17, 19), (20, 8, 5, 3), {"padding": ((2, 1), (0, 1))}),
    ((3, 8, 20, 40), (7, 8, 3, 3), {"padding": 1, "steps": 2}),
    ((2, 6, 20, 24), (9, 6, 3, 2), {"padding": 1, "dilation": (2, 3)}),
    ((6, 16, 16, 16), (32, 16, 1, 1), {}),
    ((6, 16, 16, 16), (32, 16, 1, 1), {"steps": 2}),
    ((5, 9, 70), (17, 9, 7), {"padding": 3}),
    ((2, 4, 7, 8, 16), (5, 4, 3, 3, 3), {"padding": 1}),
    ((4, 8, 16, 16), (8, 2, 3, 3), {"padding": 1, "groups": 4}),
    ((3, 2, 40, 40), (33, 2, 11, 11), {"padding": "same"}),
    ((2, 3, 9, 9), (4, 3, 3, 3), {"padding": 3}),
]


@pytest.mark.parametrize("threads", [1, 2])
@pytest.mark.parametrize(("shape", "window", "settings"), SETTINGS)
def test_value_and_derivatives(shape: Any, window: Any, settings: Any, threads: int) -> None:
    rng = np.random.default_rng(0)
    given = [rng.standard_normal(s).astype(np.float32) for s in (shape, window)]

    def loss(x: Any, w: Any) -> Any:
        y = sg.conv(x, w, **settings)
        return (y * sg.tanh(y)).sum()

    slopes = sg.value_and_grad(loss, (0, 1))
    want, directions = slopes(*(x.astype(np.float64) for x in given))
    found, got = sg.compile(slopes, threads=threads)(*given)
    assert float(found) == pytest.approx(float(want), rel=1e-5)
    for a, b in zip(got, directions):
        b = np.asarray(b)
        assert np.abs(np.asarray(a) - b).max() < 3e-6 * np.abs(b).max() * b.size**0.25




def test_no_matrix_of_windows_is_made() -> None:
    x = np.ones((8, 16, 32, 32), np.float32)
    w = np.ones((16, 16, 3, 3), np.float32)

    def loss(x: Any, w: Any) -> Any:
        return (sg.conv(sg.tanh(x), w, padding=1) ** 2).sum()

    step = sg.compile(sg.grad(loss, (0, 1)))
    step(x, w)
    held = float(str(step.report).split(" kB of temporary memory")[0].split()[-1]) * 1000
    assert held < 6 * x.nbytes               # the windows of all places are nine times x


@pytest.mark.parametrize(
    ("axes", "merged"),
    [([(4, 1), (1, 9)], [(4, 1)]), ([(2, 6), (3, 2), (2, 1)], [(12, 1)]), ([(1, 5)], [(1, 0)]),
     ([(3, 0), (4, 1)], [(3, 0), (4, 1)])],
)  # fmt: skip
def test_axes_that_lie_as_one_are_one(axes: Any, merged: Any) -> None:
    assert _merged(axes) == merged


def test_axes_of_the_same_places() -> None:
    assert _together([(144, 1)], [(16, 100), (3, 10), (3, 1)]) == [
        (16, 9, 100), (3, 3, 10), (3, 1, 1),
    ]  # fmt: skip
    assert _together([(2, 6), (6, 1)], [(12, 1)]) == [(2, 6, 6), (6, 1, 1)]
    assert _together([(4, 3), (3, 1)], [(3, 4), (4, 1)]) is None
