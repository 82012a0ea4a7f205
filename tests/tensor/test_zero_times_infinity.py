"""0·∞ in a derivative: 0 where a choice put the 0, NaN where it was computed; alike in every way.

Limits of many compositions are row Z1 of the table of trust.
"""

from __future__ import annotations

import numpy as np
import pytest

import seegrad as sg

NAN, INF = float("nan"), float("inf")

COMPUTED = {
    "sqrt(x)**2": (lambda x: sg.sqrt(x) ** 2, 0.0),
    "exp(log(x))": (lambda x: sg.exp(sg.log(x)), 0.0),
    "sigmoid(log(x))": (lambda x: sg.sigmoid(sg.log(x)), 0.0),
    "sqrt(x·x)": (lambda x: sg.sqrt(x * x), 0.0),
    "abs(sqrt(x))": (lambda x: sg.abs(sg.sqrt(x)), 0.0),
    "tanh(1/x)": (lambda x: sg.tanh(1 / x), 0.0),
    "norm behind a root": (lambda x: sg.norm(sg.stack([sg.sqrt(x), x])), 0.0),
    "std behind a root": (lambda x: sg.std(sg.stack([sg.sqrt(x), x])), 0.0),
    "power behind a root": (lambda x: sg.power(sg.sqrt(x), 2 * sg.sqrt(x)), 0.0),
    "through a product": (lambda x: (sg.sqrt(sg.stack([x, x])) @ sg.sqrt(sg.stack([x, x]))), 0.0),
    "checkpointed": (lambda x: sg.checkpoint(sg.sqrt)(x) ** 2, 0.0),
}
CHOSEN = {
    "where": (lambda x: sg.where(x > 0, sg.log(x), 0.0), 0.0, 0.0),
    "where, a NaN": (lambda x: sg.where(x != 0, sg.sin(x) / x, 1.0), 0.0, 0.0),
    "where, twice": (
        lambda x: sg.where(x > 0, sg.sqrt(sg.where(x > 1, sg.log(x), x)), x), 0.0, 1.0
    ),
    "relu": (lambda x: sg.sqrt(sg.relu(x)), -1.0, 0.0),
    "maximum": (lambda x: sg.maximum(sg.sqrt(x), 1 + x), 0.0, 1.0),
    "minimum": (lambda x: sg.minimum(sg.sqrt(x), x - 1), 0.0, 1.0),
    "clip": (lambda x: sg.clip(sg.sqrt(x), 1.0, 2.0), 0.0, 0.0),
    "mask": (lambda x: (x > 0) * sg.sqrt(x), 0.0, 0.0),
    "mask of numbers": (lambda x: (x > 0).astype(float) * sg.sqrt(x), 0.0, 0.0),
    "floor": (lambda x: sg.sqrt(sg.floor(x)), 0.5, 0.0),
    "max": (lambda x: sg.max(sg.stack([sg.sqrt(x), x + 1])), 0.0, 1.0),
    "sort": (lambda x: sg.sort(sg.stack([sg.sqrt(x), x + 1]))[1], 0.0, 1.0),
    "slice": (lambda x: sg.sqrt(sg.stack([x, x + 1]))[1], 0.0, 0.5),
    "gather": (lambda x: sg.take(sg.sqrt(sg.stack([x, x + 1])), np.array([1, 1])).sum(), 0.0, 1.0),
    "a sum behind": (lambda x: sg.where(x > 0, sg.log(x), 0.0).sum() * x, 0.0, 0.0),
    "rows divided by their norm": (lambda x: _even(sg.stack([x, x])), 0.0, 0.0),
    "checkpointed": (lambda x: sg.where(x > 0, sg.checkpoint(sg.log)(x), 0.0), 0.0, 0.0),
}  # fmt: skip


def _even(v):
    length = sg.sqrt((v * v).sum())
    return sg.where(length > 0, v / length, 0.0).sum()


def _every_way(f):
    slope = sg.grad(f)
    yield "eager", slope
    yield "as a graph", lambda x: slope(sg.tensor(x)).value
    yield "forward", lambda x: sg.jvp(f, (x,), (1.0,))[1]
    yield "compiled", sg.compile(slope)
    yield "backward", lambda x: _backward(f, x)


def _backward(f, at):
    x = sg.tensor(at)
    f(x).backward()
    return x.grad


@pytest.mark.parametrize("name", COMPUTED)
def test_a_zero_that_was_computed_is_no_zero_times_infinity(name):
    f, at = COMPUTED[name]
    with np.errstate(all="ignore"):
        for way, slope in _every_way(f):
            found = float(np.asarray(slope(np.asarray(at))))
            assert np.isnan(found) or np.isinf(found), (way, found)


@pytest.mark.parametrize("name", CHOSEN)
def test_a_zero_that_was_chosen_stays_one(name):
    f, at, expected = CHOSEN[name]
    with np.errstate(all="ignore"):
        for way, slope in _every_way(f):
            assert float(np.asarray(slope(np.asarray(at)))) == pytest.approx(expected), way
        assert np.isfinite(sg.grad(sg.grad(f))(at)), "its second derivative"


def test_log_of_softmax_is_no_wrong_zero():
    slope = sg.grad(lambda z: -sg.log(sg.softmax(z))[0, 0])
    z = np.array([[0.0, 2000.0]])
    with np.errstate(all="ignore"):
        assert np.isnan(slope(z)).all()
        assert np.isnan(sg.compile(slope)(z).value).all()
    right = sg.grad(lambda z: -sg.log_softmax(z)[0, 0])(z)
    np.testing.assert_array_equal(right, [[-1.0, 1.0]])


def test_log_of_a_determinant_that_underflows_is_no_wrong_zero():
    a = np.eye(400) * 0.01
    with np.errstate(all="ignore"):
        assert not np.isfinite(np.diag(sg.grad(lambda a: sg.log(sg.det(a)))(a))).any()
    scaled = sg.grad(lambda a: sg.log(sg.det(100 * a)) - 400 * np.log(100))(a)
    np.testing.assert_allclose(np.diag(scaled), 100.0)


def test_a_kernel_of_equal_points_is_no_wrong_zero():
    """The likelihood of a Gaussian process whose matrix is singular to the last bit."""
    x = np.linspace(0, 1, 400)
    apart = (x[:, None] - x) ** 2

    def likelihood(scale):
        k = sg.exp(-apart / scale) * 0.01 + 1e-3 * np.eye(400)
        return sg.log(sg.det(k))

    with np.errstate(all="ignore"):
        assert float(likelihood(np.array(0.5))) == -INF
        assert not np.isfinite(sg.grad(likelihood)(0.5))


def test_a_jacobian_of_what_is_steep():
    with np.errstate(all="ignore"):
        np.testing.assert_array_equal(sg.jacobian(sg.sqrt)(np.zeros(2)), [[INF, 0], [0, INF]])


def test_each_derivative_is_watched_once_though_the_walk_begins_anew():
    seen = []
    x = sg.tensor([0.0, 1.0])
    with np.errstate(all="ignore"):
        out = (sg.where(x > 0, sg.log(x / 1.0), 0.0) * 2.0).sum()
    before = np.array(x.value)
    with sg.graph.mode.in_mode(watch_gradient=lambda node, i, g: seen.append((node, i, g))):
        out.backward()
    assert len({(id(node), i) for node, i, _ in seen}) == len(seen)
    assert all(isinstance(g, (np.ndarray, np.generic)) for _, _, g in seen)
    np.testing.assert_array_equal(x.grad, [0.0, 2.0])
    np.testing.assert_array_equal(before, x.value)


@pytest.mark.parametrize(
    ("f", "at", "said"),
    [
        (lambda x: sg.sqrt(x) ** 2, 0.0, "0 meets an infinite slope"),
        (lambda x: sg.log(sg.softmax(x)).sum(), [0.0, 2000.0], "log_softmax(z)"),
        (lambda x: sg.log(sg.det(x)), np.eye(400) * 0.01, "log(det(c * A)) - n * log(c)"),
    ],
)
def test_debugging_says_what_to_write_instead(f, at, said):
    x = sg.tensor(at, name="x")
    with pytest.raises(sg.SeegradError) as error, sg.debug():
        f(x).backward()
    assert said in error.value.hint
    assert error.value.line


def test_debugging_does_not_stop_at_what_a_choice_has_put_aside():
    x = sg.tensor([0.0, 4.0])
    with sg.debug():
        sg.where(x > 1, sg.sqrt(x) * x, 0.0).sum().backward()
    np.testing.assert_array_equal(x.grad, [0.0, 3.0])


def test_rows_that_a_mask_shuts_send_nothing_back_through_softmax():
    """Attention over nothing: softmax gives NaN there, a choice puts it aside; compiled alike."""
    chance = np.random.default_rng(0)
    q, k, v = (chance.normal(size=(4, 3)) for _ in range(3))
    mask = np.tril(np.ones((4, 4), bool))
    mask[1] = False
    shut = ~mask.any(1, keepdims=True)

    def attended(q, k, v):
        share = sg.softmax(q @ k.T + np.where(mask, 0.0, -np.inf))
        return ((sg.where(shut, 0.0, share) @ v) ** 2).sum()

    with np.errstate(all="ignore"):
        eager = sg.grad(attended, (0, 1, 2))(q, k, v)
        compiled = sg.compile(sg.grad(attended, (0, 1, 2)))(q, k, v)
    for a, b in zip(eager, compiled):
        assert np.isfinite(a).all()
        np.testing.assert_allclose(b, a, rtol=1e-12)
