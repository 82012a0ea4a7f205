"""Copies where they pay: a table read aslant again and again; none behind a result's last view."""

import numpy as np
import pytest

import seegrad as sg

CHANCE = np.random.default_rng(0)
X, W = (CHANCE.normal(size=s).astype("f4") for s in ((40, 1, 24), (24, 16)))


@pytest.mark.parametrize("threads", [1, 2])
def test_what_is_read_aslant_by_every_row_is_copied_once(threads):
    run = sg.compile(lambda x, w: sg.tanh(x * w.T), threads=threads)
    np.testing.assert_allclose(run(X, W), np.tanh(X * W.T), rtol=1e-6)
    assert "copy[" in run.source
    once = sg.compile(lambda x, w: sg.tanh(x * w.T), threads=threads)
    np.testing.assert_allclose(once(X[:1], W), np.tanh(X[:1] * W.T), rtol=1e-6)
    assert "copy[" not in once.source


def test_state_that_is_read_so_and_assigned_in_the_same_step():
    w = sg.tensor(W.copy(), name="w", requires_grad=True)

    def step(x):
        out = sg.tanh(x * w.T)
        w.assign(w.detach() * 0.5)
        return out

    run, value = sg.compile(step), W
    for _ in range(3):
        np.testing.assert_allclose(run(X), np.tanh(X * value.T), rtol=1e-6)
        value = value * np.float32(0.5)
        np.testing.assert_array_equal(w.value, value)


def test_a_result_that_is_seen_in_another_shape_is_not_copied():
    a, b = CHANCE.normal(size=(12, 8)), CHANCE.normal(size=(8, 6))
    run = sg.compile(lambda a, b: sg.reshape(a @ b, shape=(3, 4, 6)))
    np.testing.assert_allclose(run(a, b), (a @ b).reshape(3, 4, 6))
    assert "1 native kernels" in run.report


def test_two_results_of_one_value_are_two_arrays():
    def both(a):
        c = a * 2
        return sg.reshape(c, shape=(6,)), c, sg.reshape(c, shape=(3, 2))

    a = CHANCE.normal(size=(2, 3))
    found = sg.compile(both)(a)
    for x, shape in zip(found, ((6,), (2, 3), (3, 2))):
        np.testing.assert_array_equal(x, (a * 2).reshape(shape))
