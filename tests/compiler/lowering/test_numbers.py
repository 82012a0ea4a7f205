"""Groups of single numbers in one kernel: none reads another through a view that moves elements."""

from __future__ import annotations

from unittest import mock

import numpy as np
import pytest

import seegrad as sg
from seegrad.compiler.runtime import executable


@pytest.mark.parametrize("count", [2, 5])
def test_numbers_read_through_a_view_that_turns_round(count):
    def f(x):
        for _ in range(count):
            y = sg.where(x > 0.1, x, -x)
            x = sg.flip(sg.cumsum(sg.sinh(y[::-1]), axis=0), axis=0)
            x = sg.minimum(x, sg.sigmoid(y)[::-1].reshape((-1,)))
        return sg.tanh(x).sum()

    x = np.array([0.7])
    want = sg.value_and_grad(f)(x)
    with mock.patch.object(executable, "POISON", True):
        got = sg.compile(sg.value_and_grad(f))(x)
    for a, b in zip(got, want):
        np.testing.assert_allclose(a, b, rtol=1e-12)
