"""Products whose factors are also read elsewhere in the same kernel, shared out over threads."""

from __future__ import annotations

import numpy as np
import pytest

import seegrad as sg

CHANCE = np.random.default_rng(0)
A, B = CHANCE.standard_normal((2, 256, 256)) / 16
FUNCTIONS = {
    "a square": lambda a, b: a @ a,
    "a square of the transpose": lambda a, b: a.T @ a.T,
    "the left factor behind the product": lambda a, b: sg.tanh(a @ b) * a,
    "the right factor behind the product": lambda a, b: sg.tanh(a @ b) * b,
    "both": lambda a, b: (a @ b) * a + b,
    "rows of each": lambda a, b: (a[:128] @ b) * a[:128] + b[:128],
    "a batch": lambda a, b: sg.stack(a, b) @ sg.stack(a, b) * sg.stack(a, b),
}


@pytest.mark.parametrize("threads", [1, 2])
@pytest.mark.parametrize("name", FUNCTIONS)
def test_a_factor_may_be_read_as_something_else_too(name, threads):
    f = FUNCTIONS[name]
    got = sg.compile(f, threads=threads)(A, B).value
    np.testing.assert_allclose(got, f(sg.tensor(A), sg.tensor(B)).value, atol=1e-13)
