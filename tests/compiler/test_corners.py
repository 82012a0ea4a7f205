"""At the corners where 0 meets ∞: what compiled code gives is what eager gives, to order 2."""

from __future__ import annotations

import numpy as np
import pytest

import seegrad as sg
from seegrad.autodiff.structural_zeros import singular
from trust.gradients.corners import CORNERS, TOGETHER

BEYOND = (
    ("√(x·x)", lambda x: sg.sqrt(x * x), 0.0),
    ("hidden behind a sum", lambda x: sg.where(x > 0, sg.log(x), 0.0).sum() * x, 0.0),
    ("hidden overflow", lambda x: sg.where(x < 100, sg.exp(x) * x, 0.0), 1e3),
    ("hidden NaN in a sigmoid", lambda x: sg.where(x > 0, sg.sigmoid(sg.sqrt(x)), 0.0), -1.0),
    ("leaky", lambda x: sg.leaky_relu(sg.where(x > 0, sg.log(x), 0.0)), 0.0),
    ("a NaN that stays", lambda x: sg.where(x > 5, 0.0, sg.sqrt(x) * 2), -1.0),
    ("a NaN that came in", lambda x: sg.where(x != x, sg.log(x), 0.0), float("nan")),
)


def _same(f, *points):
    with np.errstate(all="ignore"):
        want, found = f(*points), sg.compile(f)(*points)
    if not isinstance(want, (tuple, list)):
        want, found = [want], [found]
    for a, b in zip(want, found):
        np.testing.assert_allclose(b.value, np.asarray(a), rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize("corner", CORNERS, ids=[f"{i}-{c.op}" for i, c in enumerate(CORNERS)])
def test_every_corner(corner):
    op = sg.TABLE[corner.op]
    points = [np.asarray(x) for x in corner.inputs]
    which = [i for i, x in enumerate(points) if x.dtype.kind == "f"]
    with np.errstate(all="ignore"):
        shape = np.shape(op(*points, **corner.attrs))
    weights = np.ones(shape) if corner.arriving is None else np.asarray(corner.arriving)

    def total(*xs):
        whole = list(points)
        for i, x in zip(which, xs):
            whole[i] = x
        return (op(*whole, **corner.attrs) * weights).sum()

    def slopes(*xs):
        found = sg.grad(total, range(len(which)))(*xs)
        return sum((g * (1.0 + k)).sum() for k, g in enumerate(found))

    floats = [points[i] for i in which]
    _same(sg.grad(total, range(len(which))), *floats)
    _same(sg.grad(slopes, range(len(which))), *floats)


@pytest.mark.parametrize(
    ("f", "at"),
    [pytest.param(f, at, id=f"{name}-{at}")
     for name, f, at in (*BEYOND, *((n, f, at) for n, f, at, _ in TOGETHER))],
)  # fmt: skip
def test_functions_of_several_ops(f, at):
    _same(sg.grad(f), np.asarray(at))
    _same(sg.grad(sg.grad(f)), np.asarray(at))
    _same(sg.grad(lambda x: f(x).sum() if f(x).ndim else f(x)), np.asarray(at))


def test_rows_that_are_masked():
    x = np.array([[0.0, 2.0], [-1.0, 3.0], [4.0, 0.5]])

    def f(x):
        return sg.where(x > 0, sg.log(x) / sg.sqrt(x), 0.0).sum()

    _same(sg.grad(f), x)
    _same(lambda x, v: sg.hvp(f, x, v), x, np.ones_like(x))


NAN = float("nan")
MIXED = (
    (lambda x: sg.sqrt(x * x), [0.0, NAN, 2.0], [NAN, NAN, 1.0]),
    (lambda x: sg.sqrt(x * x) * np.array([1.0, NAN, 1.0]), [1.0, 1.0, 2.0], [1.0, NAN, 1.0]),
    (lambda x: sg.where(x > 0, sg.sqrt(x * x), 0.0) * np.array([1.0, NAN, 1.0]), [0.0, 1.0, 2.0],
     [0.0, NAN, 1.0]),
    (lambda x: sg.where(x > 0, sg.log(x), 0.0), [0.0, NAN, 2.0], [0.0, 0.0, 0.5]),
    (lambda x: sg.sqrt(x) * x, [4.0, -1.0, 1.0], [3.0, NAN, 1.5]),
)


@pytest.mark.parametrize(("f", "at", "slopes"), MIXED)
def test_a_nan_that_was_there_stays_and_hides_nothing_beside_it(f, at, slopes):
    slope = sg.grad(lambda x: f(x).sum())
    with np.errstate(all="ignore"):
        found = (slope(np.array(at)), slope(sg.tensor(at)), sg.compile(slope)(np.array(at)))
    for each in found:
        np.testing.assert_allclose(np.asarray(each), slopes, rtol=1e-12)


def _singular(op, above=False):
    return not op.attributes and singular(op, (), (above,) * len(op.inputs))


def test_what_has_an_infinite_slope_is_found_by_its_own_rule():
    names = {op.name for op in sg.TABLE.values() if _singular(op)}
    assert {"sqrt", "cbrt", "arcsin", "arccos", "power", "divide", "log"} <= names
    assert not names & {"exp", "multiply", "tanh", "sigmoid", "add"}
    assert not any(_singular(sg.TABLE[name], above=True) for name in ("sqrt", "divide", "log"))


def test_where_nothing_chooses_nothing_is_added():
    graph = sg.compile(sg.grad(lambda x: (sg.tanh(x) * sg.exp(x) / (1 + x * x)).sum()))
    graph(np.ones(3))
    assert not any(n.op.selects for n in graph.graph_after("trace").operations)


def test_a_usual_network_gets_no_product_and_no_reduction_for_it():
    """Behind a relu only the loop that is there anyway keeps what was chosen."""
    sg.nn.seed(0)
    net = sg.nn.Sequential(
        sg.nn.Affine(4, 5), sg.nn.BatchNorm(5), sg.nn.ReLU(), sg.nn.Affine(5, 5), sg.nn.ReLU(),
        sg.nn.Affine(5, 3),
    )  # fmt: skip

    def step(x):
        loss = sg.softmax_cross_entropy(net(x), np.array([0, 1, 2]))
        loss.backward()
        return loss

    graph = sg.compile(step)
    graph(np.random.default_rng(0).random((3, 4), np.float32))
    names = [n.op.name for n in graph.graph_after("trace").operations]
    assert names.count("matmul") == 8
    assert names.count("where") <= 7        # two of the relus, the others in passing
    assert "equal" not in names             # which ends a product or a sum of what was chosen
