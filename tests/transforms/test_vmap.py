"""vmap against a loop over the examples: values, per-example gradients, compiled."""

import numpy as np
import pytest

import seegrad as sg
from seegrad.errors import ShapeError

RNG = np.random.default_rng(0)
FUNCTIONS = {
    "elementwise": lambda x: sg.sin(x) * x + 1.0,
    "reduction": lambda x: sg.sum(x * x, axis=0),
    "views": lambda x: (x.T.reshape((-1,))[1:] * 2.0).reshape((5, 1)),
    "product": lambda x: x @ np.arange(6.0).reshape(3, 2) + x.sum(),
    "softmax": lambda x: sg.softmax(x, axis=-1),
    "no form": lambda x: sg.sort(x, axis=0) + sg.cumsum(x, axis=1),
}


@pytest.mark.parametrize("name", FUNCTIONS)
def test_vmap_is_a_loop(name):
    f, x = FUNCTIONS[name], RNG.normal(size=(4, 2, 3))
    want = np.stack([np.asarray(f(sg.tensor(row))) for row in x])
    np.testing.assert_allclose(np.asarray(sg.vmap(f)(x)), want, rtol=1e-12)
    np.testing.assert_allclose(np.asarray(sg.vmap(f, in_axes=2)(np.moveaxis(x, 0, 2))), want,
                               rtol=1e-12)
    np.testing.assert_allclose(sg.compile(sg.vmap(f))(x).value, want, rtol=1e-12)


def test_gradients_for_each_example():
    def loss(w, x, t):
        return sg.softmax_cross_entropy(sg.tanh(x @ w), t)

    w, x, t = RNG.normal(size=(5, 3)), RNG.normal(size=(7, 5)), RNG.integers(0, 3, 7)
    each = sg.vmap(sg.grad(loss), in_axes=(None, 0, 0))
    want = np.stack([sg.grad(loss)(w, a, b) for a, b in zip(x, t)])
    np.testing.assert_allclose(np.asarray(each(w, x, t)), want, rtol=1e-10)
    np.testing.assert_allclose(sg.compile(each)(w, x, t).value, want, rtol=1e-10)


def test_different_numbers_of_examples_are_refused():
    with pytest.raises(ShapeError, match="equally many"):
        sg.vmap(lambda a, b: a + b)(np.ones(3), np.ones(4))
    with pytest.raises(ShapeError, match="one axis"):
        sg.vmap(lambda a, b: a + b, in_axes=(0,))(np.ones(3), np.ones(4))


def test_gradients_reach_what_the_mapped_function_captures():
    w = sg.tensor(3.0, requires_grad=True)
    x = np.array([1.0, 2.0, 4.0])
    total = sg.vmap(lambda v: (w * v) ** 2)(x).sum()
    total.backward()
    assert w.grad.item() == pytest.approx(2 * 3.0 * (x**2).sum())


CAPTURING = {
    "an argument of the differentiated function": (
        lambda w, rows: sg.vmap(lambda r: sg.tanh(r * w).sum())(rows).sum(),
        lambda w, rows: sg.tanh(rows * w).sum()),
    "what was computed from it": (
        lambda w, rows: (lambda v: sg.vmap(lambda r: (r * v).sum() ** 2)(rows).sum())(w * 2),
        lambda w, rows: ((rows * (w * 2)).sum(1) ** 2).sum()),
    "in a map in a map": (
        lambda w, rows: sg.vmap(
            lambda r: sg.vmap(lambda s: (s * w.sum() * r).sum())(w * r))(rows).sum(),
        lambda w, rows: sum((s * w.sum() * r).sum() for r in rows for s in w * r)),
    "beside a derivative inside": (
        lambda w, rows: sg.vmap(lambda r: sg.grad(lambda u: (u * u * w).sum())(r))(rows).sum(),
        lambda w, rows: (2 * rows * w).sum()),
}  # fmt: skip

WAYS = {
    "grad": sg.grad, "hessian": sg.hessian, "jacobian": sg.jacobian,
    "compiled": lambda f: sg.compile(sg.grad(f)),
    "hvp": lambda f: lambda w: sg.hvp(f, w, np.ones(3)),
    "jvp": lambda f: lambda w: sg.jvp(f, (w,), (np.ones(3),))[1],
    "grad of grad": lambda f: sg.grad(lambda w: (sg.grad(f)(w) ** 2).sum()),
}


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("what", CAPTURING)
def test_a_map_captures_what_is_differentiated_around_it(what, way):
    chance = np.random.default_rng(0)
    rows, w = chance.normal(size=(5, 3)), chance.normal(size=3)
    mapped, by_hand = (WAYS[way](lambda w, f=f: f(w, rows)) for f in CAPTURING[what])
    np.testing.assert_allclose(np.asarray(mapped(w)), np.asarray(by_hand(w)), rtol=1e-9, atol=1e-12)
