"""What transforms give keeps to what it came from; what depends on nothing says so."""

from __future__ import annotations

import warnings

import numpy as np
import pytest

import seegrad as sg
from seegrad.errors import DTypeError, GradientWarning
from seegrad.i18n import set_language

X = np.array([1.0, 2.0])


def cubes(w, x):
    return (w * x**3).sum()


# For f = w Σ x³: what is squared and summed, as a multiple of w².
WAYS = {
    "grad": (lambda f: sg.grad(f)(X), 3 * X**2),
    "value_and_grad": (lambda f: sg.value_and_grad(f)(X)[1], 3 * X**2),
    "its value": (lambda f: sg.value_and_grad(f)(X)[0], X**3 @ np.ones(2)),
    "vjp": (lambda f: sg.vjp(f, X)[1](1.0)[0], 3 * X**2),
    "vjp's value": (lambda f: sg.vjp(f, X)[0], X**3 @ np.ones(2)),
    "jvp": (lambda f: sg.jvp(f, (X,), (X,))[1], 3 * X**2 @ X),
    "jvp's value": (lambda f: sg.jvp(f, (X,), (X,))[0], X**3 @ np.ones(2)),
    "jacobian": (lambda f: sg.jacobian(f)(X), 3 * X**2),
    "hessian": (lambda f: sg.hessian(f)(X), np.diag(6 * X)),
    "hvp": (lambda f: sg.hvp(f, X, X), 6 * X * X),
    "grad of a checkpoint": (lambda f: sg.grad(sg.checkpoint(f))(X), 3 * X**2),
    "grad of a compiled one": (lambda f: sg.grad(sg.compile(f))(X), 3 * X**2),
    "grad of grad": (lambda f: sg.grad(lambda x: sg.grad(f)(x).sum())(X), 6 * X),
}


@pytest.mark.parametrize("where", ["eager", "compiled", "a computed tensor", "a second order"])
@pytest.mark.parametrize("name", list(WAYS))
def test_a_derivative_in_a_larger_loss_reaches_what_the_function_captured(name, where):
    way, shape = WAYS[name]
    w = sg.tensor(3.0)
    scale = (shape**2).sum()
    if where == "compiled":
        @sg.compile
        def step():
            (way(lambda x: cubes(w, x)) ** 2).sum().backward()

        step()
        assert w.grad == pytest.approx(2 * 3.0 * scale)
    elif where == "eager":
        (way(lambda x: cubes(w, x)) ** 2).sum().backward()
        assert w.grad == pytest.approx(2 * 3.0 * scale)
    elif where == "a computed tensor":
        v = w * w
        (way(lambda x: cubes(v, x)) ** 2).sum().backward()
        assert w.grad == pytest.approx(4 * 3.0**3 * scale)
    else:
        again = sg.grad(sg.grad(lambda w: (way(lambda x: cubes(w, x)) ** 2).sum()))
        assert again(3.0) == pytest.approx(2 * scale)


def test_the_penalty_on_a_slope():
    w = sg.tensor(3.0)

    def f(x):
        return (w * x**2).sum()

    loss = f(X) + (sg.grad(f)(X) ** 2).sum()
    loss.backward()
    assert w.grad == 125.0


def test_what_nothing_is_captured_by_stays_an_array():
    c = sg.tensor([1.0, 2.0], requires_grad=False)
    for found in (
        sg.grad(lambda x: (c * x).sum())(X), *sg.vjp(lambda x: c * x, X)[1](X),
        *sg.jvp(lambda x: c * x, (X,), (X,)), sg.jacobian(lambda x: c * x)(X),
        sg.hessian(lambda x: (c * x**2).sum())(X), sg.hvp(lambda x: (c * x**2).sum(), X, X),
    ):  # fmt: skip
        assert type(found) is np.ndarray
    slope = sg.grad(lambda x: (c.astype(np.float32) * x).sum())(np.float32(X))
    assert (type(slope), slope.dtype) == (np.ndarray, np.float32)


def test_under_no_grad_everything_is_plain_and_right():
    w, x = sg.tensor(3.0), sg.tensor(X)
    value, pull = sg.vjp(lambda x: w * x**2, X)
    assert value.requires_grad
    with sg.no_grad():
        found = sg.grad(lambda x: (w * x**2).sum())(X)
        assert (type(found), found.tolist()) == (np.ndarray, [6.0, 12.0])
        assert type(pull(X)[0]) is np.ndarray
        kept = sg.grad(lambda x: (w * x**2).sum())(x)
    assert isinstance(kept, sg.Tensor)
    assert (kept.requires_grad, kept.tolist()) == (False, [6.0, 12.0])
    assert pull(X)[0].requires_grad


@pytest.mark.parametrize("way", [sg.grad, lambda f: sg.compile(sg.grad(f))])
def test_a_derivative_taken_under_no_grad_is_a_constant_of_the_outer_one(way):
    def f(x):
        with sg.no_grad():
            slope = sg.grad(lambda y: y**3)(x)
        return slope * x

    assert float(way(f)(2.0)) == 12.0


# --------------------------------------------------------------- what has no derivative


TRANSFORMS = {
    "grad": lambda f: sg.grad(f)(X),
    "value_and_grad": lambda f: sg.value_and_grad(f)(X)[1],
    "vjp": lambda f: sg.vjp(f, X)[1](np.float64(1.0))[0],
    "jvp": lambda f: sg.jvp(f, (X,), (X,))[1],
    "jacobian": lambda f: sg.jacobian(f)(X),
    "hessian": lambda f: sg.hessian(f)(X),
    "hvp": lambda f: sg.hvp(f, X, X),
    "compiled": lambda f: np.asarray(sg.compile(sg.grad(f))(X)),
}


@pytest.mark.parametrize("name", list(TRANSFORMS))
@pytest.mark.parametrize("f", [
    lambda x: sg.argmax(x), lambda x: (x > 0).all(), lambda x: x.sum().astype(int), lambda x: 3,
])  # fmt: skip
def test_whole_numbers_and_truth_values_are_refused(name, f):
    with pytest.raises(DTypeError, match=r"(?s)the result of <lambda>\(\) cannot.*test_attached"):
        TRANSFORMS[name](f)


@pytest.mark.parametrize("name", list(TRANSFORMS))
def test_a_result_that_does_not_depend_on_the_argument_warns_once_and_is_0(name):
    def constant(x):
        return sg.tensor(2.0) * 3

    with warnings.catch_warnings(record=True) as found:
        warnings.simplefilter("default")
        for _ in range(3):
            zero = TRANSFORMS[name](constant)
        assert not np.any(zero)
    (only,) = found
    assert issubclass(only.category, GradientWarning)
    assert only.filename == __file__
    assert "the result of constant() does not depend" in str(only.message)
    assert "test_attached.py" in str(only.message)


def test_which_of_several_results_depends_on_nothing():
    pull = sg.vjp(lambda x: (x * 2, np.ones(2)), X)[1]
    with pytest.warns(GradientWarning, match=r"result 1 of <lambda>\(\)"):
        assert pull((X, X))[0].tolist() == [2.0, 4.0]
    assert pull((X, X))[0].tolist() == [2.0, 4.0], "and once"
    set_language("ko")
    try:
        with pytest.warns(GradientWarning, match="도함수가 0입니다"):
            sg.grad(lambda x: 1.0)(2.0)
    finally:
        set_language("en")


@pytest.mark.parametrize(("f", "x"), [
    (lambda x: sg.stop_gradient(x) * 1.0, 2.0),
    (lambda x: sg.floor(x) * 1.0, 2.5),
    (lambda x: sg.where(x > 0, 1.0, 0.0), 2.0),
    (lambda x: sg.grad(lambda y: 3.0 * y)(x), 2.0),
    (lambda x: sg.grad(lambda y: W * y)(x), 2.0),
    (lambda x: sg.jvp(lambda y: 3.0 * y, (x,), (1.0,))[1], 2.0),
    (lambda x: sg.vjp(lambda y: 3.0 * y, x)[1](1.0)[0] * 2, 2.0),
    (sg.grad(sg.grad(lambda x: 3.0 * x * x)), 2.0),
])  # fmt: skip
def test_a_derivative_that_is_0_for_a_reason_says_nothing(f, x):
    for way in (sg.grad, lambda f: sg.compile(sg.grad(f))):
        assert float(way(f)(x)) == 0.0


W = sg.tensor(3.0)


def test_arguments_that_are_not_used_beside_others_say_nothing():
    assert sg.grad(lambda x, y: x * 2, argnums=(0, 1))(1.0, 2.0) == (2.0, 0.0)
    assert sg.hessian(lambda x: (3 * x).sum())(X).tolist() == [[0.0, 0.0], [0.0, 0.0]]
    assert sg.jacobian(lambda x: x[:1])(X).tolist() == [[1.0, 0.0]]
    assert sg.hvp(lambda x: (3 * x).sum(), X, X).tolist() == [0.0, 0.0]
