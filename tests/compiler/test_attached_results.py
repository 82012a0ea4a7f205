"""Results of compiled functions in the graph around them, and the mode between two calls."""

from __future__ import annotations

import numpy as np
import pytest

import seegrad as sg
from seegrad.compiler import target
from seegrad.errors import GradientError

pytestmark = pytest.mark.skipif(not target.available(), reason="llvmlite is not installed")

X = np.array([1.0, 2.0])


def squares(w):
    return lambda x: (w * x**2).sum()


@pytest.mark.parametrize("make", [lambda: X.copy(), lambda: sg.tensor(X)])
def test_the_result_of_a_compiled_part_sends_its_derivative_on(make):
    w, x = sg.tensor(3.0), make()
    y = sg.compile(squares(w))(x)
    (y * y).backward()
    assert w.grad == 150.0
    if isinstance(x, sg.Tensor):
        assert x.grad.tolist() == [180.0, 360.0]


def test_several_results_each_their_own_part():
    w, x = sg.tensor(3.0), sg.tensor(X)
    f = sg.compile(lambda x: {"a": (w * x**2).sum(), "b": [w * x, sg.argmax(x)], "c": x * 2})
    found = f(x)
    assert [found["a"].requires_grad, found["b"][1].requires_grad] == [True, False]
    (found["a"] + (found["b"][0] ** 2).sum()).backward()
    assert (w.grad, x.grad.tolist()) == (35.0, [24.0, 48.0])
    found["c"].sum().backward()
    assert (w.grad, x.grad.tolist()) == (35.0, [26.0, 50.0])


def test_what_changes_between_the_call_and_the_pass_has_no_part_in_the_derivative():
    w, x, scale = sg.tensor([3.0, 4.0]), X.copy(), [2.0]
    f = sg.compile(lambda x: (w * w * x * scale[0]).sum())
    y = f(x)
    x[:] = 100.0
    scale[0] = 100.0
    sg.compile(lambda: w.assign(w * 100.0))()
    y.backward()
    assert w.grad.tolist() == [12.0, 32.0]


def test_higher_orders_through_a_compiled_part():
    w, x = sg.tensor(3.0), sg.tensor(2.0)
    sg.compile(lambda x: w**3 * x**2)(x).backward(as_graph=True)
    first = w.grad
    assert float(first) == 108.0
    w.grad = None
    first.backward()
    assert w.grad == 72.0
    w.grad = None
    slope = sg.compile(sg.grad(squares(w)))(X)
    (slope**2).sum().backward()
    assert w.grad == 120.0


def test_a_network_with_dropout_gives_the_derivative_of_the_draw_that_it_made():
    def gradients(compiled):
        sg.nn.seed(0)
        net = sg.nn.Sequential(sg.nn.Affine(3, 8, dtype=float), sg.nn.Dropout(0.5))
        run = sg.compile(net) if compiled else net
        for _ in range(2):
            loss = (run(np.arange(12.0).reshape(4, 3)) ** 2).sum()
        run(np.ones((4, 3)))
        loss.backward()
        return [p.grad for p in net.parameters()]

    for a, b in zip(gradients(True), gradients(False), strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-12)


@pytest.mark.parametrize("way", [
    lambda f: sg.grad(f)(X), lambda f: sg.vjp(f, X)[1](1.0)[0], lambda f: sg.jacobian(f)(X),
    lambda f: sg.jvp(lambda s: f(X * s), (1.0,), (1.0,))[1] / 30.0 * np.array([6.0, 12.0]),
    lambda f: sg.grad(sg.checkpoint(f))(X), lambda f: sg.grad(sg.checkpoint(f))(sg.tensor(X)),
    lambda f: sg.grad(lambda x: sg.compile(f)(x) * 1.0)(X),
])  # fmt: skip
def test_transforms_of_a_compiled_function_are_those_of_the_function(way):
    w = sg.tensor(3.0)
    found = way(sg.compile(squares(w)))
    np.testing.assert_allclose(found, [6.0, 12.0], rtol=1e-12)
    found.sum().backward()
    assert w.grad == pytest.approx(6.0)


def test_the_result_of_a_training_step_refuses_a_second_derivative():
    w = sg.tensor(3.0, name="w")
    opt = sg.optim.SGD([w], lr=0.1)

    @sg.compile
    def step(x):
        loss = squares(w)(x)
        opt.zero_grad()
        loss.backward()
        opt.step()
        return loss

    loss = step(X)
    assert (float(loss), float(w)) == (15.0, 2.5)
    for call in ((loss + w).backward, lambda: (loss * w).backward(as_graph=True)):
        with pytest.raises(GradientError, match=r"(?s)step\(\) cannot.*gives w another.*detach"):
            call()
    (loss.detach() * w).backward()
    assert w.grad == 15.0


def test_parameters_as_arguments_give_constants():
    value, slope = sg.compile(sg.value_and_grad(lambda p: (p**2).sum()))(X)
    assert (value.requires_grad, slope.requires_grad) == (False, False)


def test_a_gradient_that_is_sent_to_an_argument_arrives():
    w, x = sg.tensor(3.0), sg.tensor(X)

    @sg.compile
    def step(x):
        squares(w)(x).backward()

    for times in (1, 2):
        step(x)
        assert x.grad.tolist() == [6.0 * times, 12.0 * times]
        assert w.grad == 5.0 * times


# --------------------------------------------------------------- modes


def test_recording_and_freezing_are_looked_at_by_every_call():
    w = sg.tensor(3.0)
    f = sg.compile(squares(w))

    def recorded():
        return f(X).requires_grad

    found = []
    for _ in range(2):
        with sg.no_grad():
            found.append(recorded())
        found.append(recorded())
        w.requires_grad = False
        found.append(recorded())
        w.requires_grad = True
    assert found == [False, True, False] * 2
    assert len(f.variants) == 3, "each is compiled once"


@pytest.mark.parametrize("start", [True, False])
def test_a_parameter_frozen_after_compiling_gathers_nothing(start):
    w, v = sg.tensor(3.0), sg.tensor(2.0)
    w.requires_grad = start

    @sg.compile
    def step(x):
        (w * v * x).sum().backward()

    for needs in (start, not start, start):
        w.requires_grad, w.grad, v.grad = needs, None, None
        step(X)
        assert (w.grad, v.grad) == (6.0 if needs else None, 9.0)


def test_a_gradient_that_was_there_is_gathered_to():
    w = sg.tensor(3.0)

    @sg.compile
    def step(x):
        (w * x).sum().backward()
        w.assign(w - w.grad)
        w.zero_grad()

    step(X)
    assert float(w) == 0.0
    w.grad = 10.0
    step(X)
    assert float(w) == -13.0
    assert w.grad is None


def test_small_constants_are_read_anew():
    c = sg.tensor(2.0, requires_grad=False)
    f = sg.compile(lambda x: c * x)
    assert float(f(1.0)) == 2.0
    c.assign(5.0)
    assert float(f(1.0)) == 5.0
