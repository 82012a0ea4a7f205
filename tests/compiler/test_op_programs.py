"""Large eager calls of composites and their rules: the programs that compute them, beside NumPy."""

import gc
import math
import weakref

import numpy as np
import pytest

import seegrad as sg
from seegrad.compiler import op_programs, target
from seegrad.graph.native import calls
from seegrad.ops.families import TABLE
from trust.harness import sampling

pytestmark = pytest.mark.skipif(not target.available(), reason="llvmlite is not installed")

CHANCE = np.random.default_rng(11)
X = CHANCE.standard_normal((16, 8, 32, 32)).astype(np.float32)
W = CHANCE.standard_normal((8, 8, 3, 3)).astype(np.float32)
COMPOSITES = sorted(
    name for name, op in TABLE.items()
    if op.body is not None and op.differentiable and op.forward is not op.run
)  # fmt: skip


@pytest.fixture
def made(monkeypatch):
    """The programs of this test, of which there were none."""
    monkeypatch.setattr(calls, "_MADE", calls._Made())
    monkeypatch.setattr(op_programs, "_LOCAL", op_programs._Local())
    return calls._MADE.programs


@pytest.fixture
def any_size(monkeypatch, made):
    monkeypatch.setattr(calls, "LEAST", 1)
    monkeypatch.setattr(op_programs, "WORTH", 0)
    monkeypatch.setattr(op_programs, "PASSES", 0)
    return made


def convolved(x, w):
    """A convolution's value and its derivatives by both."""
    x, w = sg.tensor(x), sg.tensor(w)
    y = sg.conv(x, w, padding=1)
    (y * y).sum().backward()
    return y.value, x.grad, w.grad


def by_numpy(monkeypatch, function, *args):
    with monkeypatch.context() as m:
        m.setattr(calls, "maker", lambda: None)
        m.setattr(calls, "_MADE", calls._Made())
        return function(*args)


def near(got, want, ulps=200):
    got, want = np.asarray(got), np.asarray(want)
    assert (got.shape, got.dtype) == (want.shape, want.dtype)
    eps = ulps * float(np.finfo(want.dtype).eps)
    np.testing.assert_allclose(got, want, rtol=eps, atol=eps * max(1, np.abs(want).max()))


def differentiated(op, case, xs):
    """The value of an op and its derivatives, weighted so that none is like another."""
    leaves = [sg.tensor(x) for x in xs]
    y = op(*leaves, **case.attrs)
    if not y.requires_grad:
        return [y.value]
    (y * np.cos(np.arange(y.size, dtype=y.dtype)).reshape(y.shape)).sum().backward()
    return [y.value, *(x.grad for x in leaves if x.grad is not None)]


@pytest.mark.parametrize("name", [*CHANCE.choice(COMPOSITES, 5, replace=False), "conv"])
def test_programs_give_what_numpy_gives(name, any_size, monkeypatch):
    op = TABLE[name]
    case = max(op.cases, key=lambda case: min(map(math.prod, case.shapes)))
    xs = sampling.inputs_of(op, case, np.random.default_rng(3), "f8")
    found = differentiated(op, case, xs)
    assert any(any_size.values())
    want = by_numpy(monkeypatch, differentiated, op, case, xs)
    assert len(found) == len(want)
    for a, b in zip(found, want):
        near(a, b)


def test_a_large_convolution_and_its_rules_are_programs(made, monkeypatch):
    first = convolved(X, W)
    assert sum(program is not None for program in made.values()) == 3
    for got, want in zip(first, by_numpy(monkeypatch, convolved, X, W)):
        near(got, want, 2000)
    kept = [x.copy() for x in first]
    other = convolved(X + 1, W)                    # into other memory, as long as the first is held
    for a, b, again, c in zip(first, kept, convolved(X, W), other):
        assert np.array_equal(a, b)
        assert np.array_equal(a, again)            # the same bits, the first time and the last
        assert not np.array_equal(a, c)


def test_a_mistake_of_a_program_is_seen(any_size, monkeypatch):
    class Wrong(op_programs.OpProgram):
        def __call__(self, *values):
            return super().__call__(*values) * np.float32(1.001)

    monkeypatch.setattr(op_programs, "OpProgram", Wrong)
    with pytest.raises(AssertionError):
        test_a_large_convolution_and_its_rules_are_programs(any_size, monkeypatch)


def test_small_calls_and_single_passes_stay_with_numpy(made):
    sg.softmax(sg.tensor(X[0, 0])).sum().backward()
    assert not made
    sg.mean(X)
    assert list(made.values()) == [None]
    assert sg.conv(X, W).flags.writeable           # arrays of one's own, as NumPy gives


def test_shapes_that_never_come_again_are_not_compiled_for(any_size, monkeypatch):
    monkeypatch.setattr(op_programs, "MOST", 1)
    for n in range(3, 6):
        for _ in range(9):
            sg.softmax(X[0, 0, :n])
    assert [program is not None for program in any_size.values()] == [True, True, True]
    for n in range(6, 9):
        sg.softmax(X[0, 0, :n])                    # 3 programs, 27 calls: one more
    assert sum(program is not None for program in any_size.values()) == 4


def test_what_went_in_is_not_held(made):
    x = X.copy()
    gone = weakref.ref(x)
    sg.conv(x, W, padding=1)
    del x
    gc.collect()
    assert gone() is None


def test_a_nan_is_said_as_numpy_says_it(made):
    x = X.copy()
    x[0, 0, 0, 0] = np.inf
    with pytest.warns(RuntimeWarning, match="invalid value"):
        found = sg.softmax(x.reshape(16, -1))
    assert np.isnan(found[0, 0])
    with np.errstate(all="raise"), pytest.raises(sg.errors.NonFiniteError):
        sg.softmax(x.reshape(16, -1))


def test_zeros_that_a_choice_made_stay_zero_in_large_calls(made, monkeypatch):
    w = W.copy()
    w[:, 0] = np.inf

    def run():
        x = sg.tensor(X)
        sg.where(X < 9, 0.0, sg.conv(x, sg.tensor(w), padding=1)).sum().backward()
        return x.grad

    with np.errstate(all="ignore"):
        assert np.array_equal(run(), by_numpy(monkeypatch, run))
        assert not run().any()


def test_higher_derivatives_of_large_calls(made, monkeypatch):
    def curved(x):
        return sg.hvp(lambda x: (sg.conv(x, W) ** 3).mean(), x, np.ones_like(x))

    near(curved(X), by_numpy(monkeypatch, curved, X), 2000)
