"""Forms of a compiled function beside each other: kept, in one memory, and told about when many."""

import warnings

import numpy as np
import pytest

import seegrad as sg
from seegrad import nn, optim
from seegrad.compiler import target
from seegrad.compiler.compile import ASLEEP
from seegrad.compiler.recompiling import RecompileWarning

CHANCE = np.random.default_rng(0)


def test_training_and_evaluating_in_turns_keeps_both_forms():
    nn.seed(0)
    net = nn.Sequential(nn.Affine(6, 8), nn.BatchNorm(8), nn.ReLU(), nn.Affine(8, 1))
    rule = optim.SGD(net.parameters(), lr=1e-3)

    @sg.compile
    def step(x):
        loss = (net(x) ** 2).mean()
        loss.backward()
        rule.step()
        return loss

    x = CHANCE.standard_normal((16, 6)).astype(np.float32)
    for turn in range(12):
        net.train(turn % 2 == 0)
        if turn % 3 == 0:
            rule.zero_grad()
        step(x)
        if turn == 5:
            before = [*step.variants]
    assert set(step.variants) == set(before)


def test_a_form_of_what_was_captured_before_is_still_right():
    scale = {"by": 1.0}
    run = sg.compile(lambda x: x * scale["by"], threads=1)
    x = np.ones(3)
    for by in (1.0, 2.0, 1.0, 2.0, 3.0, 1.0):
        scale["by"] = by
        np.testing.assert_array_equal(run(x).value, x * by)
    assert len(run.variants) == 3


def test_of_what_keeps_changing_few_forms_are_kept():
    count = {"n": 0.0}
    run = sg.compile(lambda x: x + count["n"], threads=1)
    for n in range(20):
        count["n"] = float(n)
        np.testing.assert_array_equal(run(np.ones(2)).value, np.ones(2) + n)
    assert len(run.variants) <= ASLEEP + 1


@pytest.mark.skipif(not target.available(), reason="llvmlite is not installed")
def test_forms_lie_in_one_memory():
    w = CHANCE.standard_normal((64, 64))

    def run(x):
        return sg.grad(lambda x: (sg.tanh(sg.tanh(x @ w) @ w) ** 2).sum())(x)

    compiled = sg.compile(run, threads=1)
    sizes = (800, 1600, 400, 1200, 1600, 800)
    for n in sizes:
        x = CHANCE.standard_normal((n, 64))
        np.testing.assert_allclose(np.asarray(compiled(x)), np.asarray(run(x)), rtol=1e-9)
    rooms = [v.executable.room for v in compiled.variants]
    assert len(rooms) == 4
    assert min(rooms) > 100_000
    held = {id(v.executable.memory.base) for v in compiled.variants if v.executable.memory.size}
    assert len(held) == 1
    assert compiled.workspace.memory.nbytes < 1.1 * max(rooms) + (1 << 21)


def test_the_fifth_compilation_says_what_changed_each_time():
    sets = {"on": True}
    names = sg.tensor(np.ones(3), name="weight", requires_grad=True)
    run = sg.compile(lambda x, n: (x * names).sum() * n * (2 if sets["on"] else 1))
    run(np.ones(3), 1)
    run(np.ones((2, 3)), 1)
    run(np.ones((2, 3)), 2)
    sets["on"] = False
    run(np.ones((2, 3)), 2)
    with pytest.warns(RecompileWarning) as said:
        run(np.ones((2, 3), np.float32), 2)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        run(np.ones((4, 3), np.float32), 2)                    # once is enough
    assert len(said) == 1
    text = str(said[0].message)
    assert "5th" in text
    for part in ("float64[3] → float64[2, 3]", "1 → 2", "on: True → False", "float32[2, 3]"):
        assert part in text
    assert text.index("True → False") < text.index("float32[2, 3]")
    assert __file__ in said[0].filename


def test_the_gradient_and_the_mode_are_among_the_reasons():
    leaf = sg.tensor(np.ones(2), name="weight", requires_grad=True)

    def step(x):
        loss = (leaf * x).sum()
        loss.backward()
        return loss

    run = sg.compile(step, threads=1)
    run(np.ones(2))
    run(np.ones(2))
    with sg.no_grad():
        sg.compile(lambda x: x * 2)(np.ones(2))
    assert run.changes == ["weight.grad is there, or None"]
