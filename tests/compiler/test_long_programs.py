"""Long straight-line programs: what is compiled does not grow with them, and no size is a cliff."""

import numpy as np
import pytest

import seegrad as sg
from seegrad.compiler import target
from seegrad.compiler.codegen import program
from seegrad.compiler.lowering import fusion

pytestmark = pytest.mark.skipif(not target.available(), reason="llvmlite is not installed")


def _functions(compiled):
    return compiled.assembly.count("define internal")


def _calls(compiled):
    return sum(len(s.schedule.tasks) for s in compiled.newest.executable.segments)


def _steps(count, threads=1):
    """An equation solved by so many steps of Runge and Kutta, the network in it, its gradient."""
    chance = np.random.default_rng(0)
    first, second = (sg.tensor(chance.standard_normal(s), requires_grad=True)
                     for s in ((2, 5), (5, 2)))

    def solved(y):
        for _ in range(count):
            a = sg.tanh(y @ first) @ second
            b = sg.tanh((y + 0.05 * a) @ first) @ second
            y = y + 0.1 * b
        loss = (y**2).sum()
        loss.backward()
        return loss

    return solved, sg.compile(solved, threads=threads), (first, second)


@pytest.mark.parametrize("threads", [1, 2])
def test_more_steps_are_more_calls_of_the_same_code(threads):
    y = np.ones((4, 2))
    sizes = {}
    for count in (30, 60, 120):
        _, compiled, _ = _steps(count, threads)
        compiled(y)
        sizes[count] = _functions(compiled), _calls(compiled)
    assert sizes[60][0] <= sizes[30][0] + 6
    assert sizes[120][0] <= sizes[60][0] + 6
    assert abs((sizes[120][1] - sizes[60][1]) - 2 * (sizes[60][1] - sizes[30][1])) <= 8


@pytest.mark.parametrize("threads", [1, 2])
def test_a_long_program_computes_what_eager_does(threads):
    y = np.ones((4, 2))
    eager, compiled, leaves = _steps(80, threads)
    want = [eager(y).item(), *(np.array(w.grad) for w in leaves)]
    for w in leaves:
        w.grad = None
    got = [compiled(y).item(), *(np.array(w.grad) for w in leaves)]
    for a, b in zip(got, want):
        np.testing.assert_allclose(a, b, rtol=1e-9)


def test_kernels_that_differ_in_their_numbers_alone_are_one_function():
    numbers = np.random.default_rng(1).random(40)

    def run(x):
        for c in numbers:
            x = (x @ sg.tensor(np.full((2, 2), 0.5, x.dtype))) * float(c) + 0.5
        return x

    for dtype in (np.float32, np.float64):
        x = np.full((2, 2), 0.75, dtype)
        compiled = sg.compile(run, threads=1)
        np.testing.assert_allclose(compiled(x).value, run(sg.tensor(x)).value, rtol=1e-5)
        assert _calls(compiled) > program.GIVEN
        assert _functions(compiled) < 10


def test_a_sum_of_many_values_is_cut_up(monkeypatch):
    monkeypatch.setattr(fusion, "WIDE", 5)
    weights = sg.tensor(np.random.default_rng(2).standard_normal((3, 3)))

    def run(x):
        found = [x @ (weights * float(i)) for i in range(20)]
        total = found[0]
        for value in found[1:]:
            total = total + value
        return total

    x = np.ones((2, 3))
    compiled = sg.compile(run, threads=1)
    np.testing.assert_allclose(compiled(x).value, run(sg.tensor(x)).value, rtol=1e-12)
    for segment in compiled.newest.executable.segments:
        for task in segment.schedule.tasks:
            assert len({v.buffer for v in task.kernel.reads()}) <= 8


def test_a_long_chain_of_numbers_is_several_kernels(monkeypatch):
    monkeypatch.setattr(fusion, "LONG", 50)

    def run(x):
        for i in range(200):
            x = sg.sin(x) * 1.01 if i % 3 else x + 0.5 * x
        return x

    compiled = sg.compile(run, threads=1)
    assert compiled(np.float64(0.3)).item() == pytest.approx(run(sg.tensor(0.3)).item(), rel=1e-12)
    assert 5 <= _calls(compiled) <= 20
    assert compiled.assembly.count("define internal double @sin_") == 1


def test_programs_around_calls_of_numpy_share_their_code():
    def run(x):
        for _ in range(3):
            x = sg.sort(sg.tanh(x) * 1.5)
        return x

    compiled, x = sg.compile(run, threads=1), np.random.default_rng(0).normal(size=(4, 6))
    np.testing.assert_allclose(compiled(x).value, run(sg.tensor(x)).value, rtol=1e-12)
    programs = [s for s in compiled.newest.executable.segments if hasattr(s, "schedule")]
    assert len(programs) == 3
    assert len({s.program for s in programs}) == 1
    assert compiled.assembly.count("define internal void @k") == 1
