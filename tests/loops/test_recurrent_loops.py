"""Recurrent networks as loops: what is kept, what is added up behind, threads without barriers."""

from __future__ import annotations

import numpy as np
import pytest

import seegrad as sg
from seegrad import nn
from seegrad.compiler.ir.buffer import Buffer
from seegrad.compiler.ir.loop_call import LoopCall
from seegrad.compiler.scheduling.schedule import _line
from seegrad.compiler.target import available
from seegrad.graph.graph import walk

B, H, T = 8, 16, 9
KEPT = {"RNN": 2, "LSTM": 7, "GRU": 5}
"""Rows of H that are kept: h and tanh; h, the cell, four gates and tanh; h, r, z, n, h·Uₙ."""


def _loss(layer, x):
    y = layer(x)
    return (y * y).mean()


def _scans(node):
    return [n for n in walk([node]) if n.op is not None and n.op.name == "scan"]


@pytest.mark.parametrize("name", KEPT)
def test_gates_are_kept_and_weights_are_added_up_behind_the_loop(name):
    layer, x = getattr(nn, name)(H, H), sg.tensor(np.ones((B, T, H), np.float32))
    loss = _loss(layer, x)
    (forward,) = _scans(loss)
    plan = forward.attrs["loop"].plan(forward.attrs["needs"])
    assert sum(plan.layout.sizes) == KEPT[name] * T * B * H
    turn = plan.backward("main")
    assert not turn.added
    assert (len(turn.products), len(turn.sums)) == (1, 1)          # U, c
    parts = 2 if name == "GRU" else 1                              # dz, of x·W and of h·U
    assert len(turn.body.outputs) == layer.states + parts


def test_what_takes_much_more_memory_is_computed_again():
    def turn(h, x):
        return sg.sin(sg.sin(sg.sin(sg.sin(h)) + x)), None

    end = sg.scan(turn, sg.tensor(np.ones(3)), np.ones((T, 3)))[0].sum()
    (loop,) = _scans(end)
    assert sum(loop.attrs["loop"].plan(loop.attrs["needs"]).layout.sizes) == T * 3     # h


@pytest.mark.parametrize("keepdims", [False, True])
def test_a_bias_of_any_shape_gets_the_derivative_of_the_turns_written_out(keepdims):
    chance = np.random.default_rng(0)
    bias = chance.normal(size=(1, 3) if keepdims else 3)
    args = chance.normal(size=(3, 3)), bias, chance.normal(size=(2, 3)), chance.normal(size=3)

    def turn(h, w, b, full, last):
        return sg.tanh(h @ w + b + full + last)

    def loop(*args):
        h, ys = sg.scan(lambda h, _: (turn(h, *args),) * 2, np.ones((2, 3)), length=4)
        return (h * h).sum() + sg.sin(ys).sum()

    def hand(*args):
        h, total = np.ones((2, 3)), 0.0
        for _ in range(4):
            h = turn(h, *args)
            total = total + sg.sin(h).sum()
        return (h * h).sum() + total

    every = (0, 1, 2, 3)
    for f in (sg.grad(loop, every), sg.compile(sg.grad(loop, every))):
        for ours, theirs in zip(f(*args), sg.grad(hand, every)(*args), strict=True):
            np.testing.assert_allclose(np.asarray(ours), np.asarray(theirs), rtol=1e-9)
    v = chance.normal(size=bias.shape)
    ours, theirs = (sg.hvp(lambda b, f=f: f(args[0], b, *args[2:]), bias, v) for f in (loop, hand))
    np.testing.assert_allclose(np.asarray(ours), np.asarray(theirs), rtol=1e-8)


@pytest.mark.skipif(not available(), reason="needs native code")
@pytest.mark.parametrize("name", ["LSTM", "GRU"])
def test_threads_that_share_the_examples_never_meet_in_a_loop(name):
    layer = getattr(nn, name)(64, 64)
    x = np.random.default_rng(0).normal(size=(32, T, 64)).astype(np.float32)

    def step(x):
        layer.zero_grad()
        loss = _loss(layer, x)
        loss.backward()
        return loss, [p.grad for p in layer.parameters()]

    run = sg.compile(step, threads=2)
    found, wanted = run(x), step(x)
    (variant,) = run.variants
    loops = [k for k in variant.executable.lowered.kernels if isinstance(k, LoopCall)]
    bodies = [k.inners[0].executable.only for k in loops]
    assert [body.threads for body in bodies] == [2, 2]
    for body in bodies:
        assert not body.schedule.closing
        assert not any(task.barrier for task in body.schedule.tasks)
        assert len(body.schedule.tasks) <= 7
    np.testing.assert_allclose(found[0].value, wanted[0].value, rtol=1e-6)
    for ours, theirs in zip(found[1], wanted[1], strict=True):
        np.testing.assert_allclose(np.asarray(ours), np.asarray(theirs), rtol=1e-4, atol=1e-7)


def test_to_which_place_of_an_axis_an_address_belongs():
    whole = Buffer("z", (20, 256), np.dtype(np.float32), "temporary").view()
    part = whole.slice([(0, 20, 1), (64, 64, 1)])
    assert _line(whole, 0) == _line(part, 0) == (0, 0)
    assert _line(whole, 1) == (0, 256)
    assert _line(part, 1) == (64, 256)
    lower = whole.slice([(5, 10, 1), (0, 256, 1)])
    assert _line(lower, 0) == (5, 0)
    assert _line(whole.slice([(19, 20, -1), (0, 256, 1)]), 0) == (0, 0)
    windows = whole.window((3, 1), (1, 1), (1, 1))
    assert [n for n in windows.shape if n != 1] == [3, 18, 256]
    assert _line(windows, windows.shape.index(18)) is None
