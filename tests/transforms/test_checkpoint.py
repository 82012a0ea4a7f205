"""Checkpointed functions: the same numbers, whatever Python draws, chooses or counts on the way."""

from __future__ import annotations

import gc
import tracemalloc

import numpy as np
import pytest

import seegrad as sg
from seegrad import nn

X = np.linspace(0.5, 2.0, 8)


def drawing(rng):
    return lambda x: x * rng.normal(size=8)


def counting():
    turns = []

    def f(x):
        turns.append(1)
        return x * len(turns)

    return f


def nested():
    drop = nn.Dropout(0.5)
    return lambda x: sg.checkpoint(drop)(x) * 3


@pytest.mark.parametrize(
    "made",
    [
        lambda: drawing(np.random.default_rng(0)),
        lambda: (lambda x: x * np.random.rand(8)),
        lambda: nn.Dropout(0.5),
        nested,
        counting,
    ],
    ids=["generator", "np.random", "dropout", "nested", "counter"],
)
def test_what_comes_back_is_the_derivative_of_what_went_out(made):
    function = made()                            # in proportion to x, by factors of its own
    for _ in range(3):
        x = sg.tensor(X, name="x")
        out = sg.checkpoint(function)(x)
        out.sum().backward()
        np.testing.assert_allclose(x.grad, out.value / X)


def test_statistics_are_updated_once():
    norms = [nn.BatchNorm(2) for _ in range(2)]
    rows = sg.tensor(np.arange(12.0).reshape(6, 2), name="rows")
    norms[0](rows).sum().backward()
    sg.checkpoint(norms[1])(rows).sum().backward()
    for (name, a), (_, b) in zip(norms[0].state_dict().items(), norms[1].state_dict().items()):
        np.testing.assert_array_equal(a, b, err_msg=name)


def test_values_may_choose_the_way_and_keywords_are_arguments():
    w = sg.tensor(3.0, name="w")

    @sg.checkpoint
    def f(x, *, scale, lists):
        found = x * scale * lists[0]
        return found * w if sg.stop_gradient(found).sum().item() > 0 else -found

    for sign in (1.0, -1.0):
        x, scale, one = (sg.tensor(v, name="v") for v in (np.array([1.0, 2.0]), sign * 2.0, 1.0))
        f(x, scale=scale, lists=[one, "kept"]).sum().backward()
        by = 3.0 if sign > 0 else -1.0
        np.testing.assert_allclose(x.grad, [2 * sign * by] * 2)
        np.testing.assert_allclose(scale.grad, 3 * by)
        np.testing.assert_allclose(one.grad, 6 * sign * by)
    assert w.grad == 6.0


def test_what_was_computed_outside_learns_too():
    w = sg.tensor(2.0, name="w")
    outside = w * w
    x = sg.tensor(3.0, name="x")
    (sg.checkpoint(lambda x: x * outside * outside)(x) + outside).backward()
    assert (x.grad, w.grad) == (16.0, 3 * 4 * 8 + 4)


def test_a_parameter_made_on_the_way_learns():
    made = {}

    def lazy(x):
        made.setdefault("w", sg.tensor(4.0, name="w"))
        return x * made["w"]

    x = sg.tensor(3.0, name="x")
    sg.checkpoint(lazy)(x).backward()
    assert (x.grad, made["w"].grad) == (4.0, 3.0)


def test_derivatives_of_every_order_and_without_recording():
    def f(x):
        return sg.sin(x) * sg.exp(x)

    saved = sg.checkpoint(f)
    x = sg.tensor(X, name="x")
    for order in range(1, 4):
        plain, again = f, saved
        for _ in range(order):
            plain, again = (
                (lambda x, g=g: sg.grad(lambda x: g(x).sum())(x)) for g in (plain, again)
            )
        np.testing.assert_allclose(again(X), plain(X), rtol=1e-12)
    np.testing.assert_allclose(
        sg.jvp(saved, (X,), (np.ones(8),))[1], sg.jvp(f, (X,), (np.ones(8),))[1]
    )
    np.testing.assert_allclose(sg.compile(saved)(X).value, f(X), rtol=1e-12)
    with sg.no_grad():
        assert not saved(x).requires_grad
    with sg.no_grad():
        quiet = sg.checkpoint(lambda x: f(x))(x)
    assert quiet.op is None or not quiet.requires_grad


def test_a_part_under_no_grad_stays_without_a_derivative():
    def f(x):
        with sg.no_grad():
            scale = x * 2
        return x * scale

    x = sg.tensor(np.array([1.0, 3.0]), name="x")
    sg.checkpoint(f)(x).sum().backward()
    np.testing.assert_allclose(x.grad, [2.0, 6.0])


def test_nothing_of_the_way_is_kept():
    x = sg.tensor(np.ones(100_000), name="x")

    def long(x):
        for _ in range(40):
            x = sg.sin(x)
        return x

    def held(f):
        gc.collect()
        tracemalloc.start()
        out = f(x)
        gc.collect()
        size = tracemalloc.get_traced_memory()[0]
        tracemalloc.stop()
        return size, out

    assert held(sg.checkpoint(long))[0] < 2_000_000 < held(long)[0]
