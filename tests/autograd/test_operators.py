"""autograd's operators on functions: against formulas, differences, and autograd where it is."""

from __future__ import annotations

import numpy as np
import pytest

import seegrad as sg
import seegrad.autograd.numpy as anp
from seegrad.autograd import (
    checkpoint,
    deriv,
    elementwise_grad,
    grad,
    grad_and_aux,
    grad_named,
    hessian,
    hessian_vector_product,
    jacobian,
    make_ggnvp,
    make_hvp,
    make_jvp,
    make_jvp_reversemode,
    make_vjp,
    multigrad_dict,
    tensor_jacobian_product,
    value_and_grad,
)
from seegrad.autograd.test_util import check_grads
from seegrad.errors import GradientWarning

RNG = np.random.default_rng(0)
X, V = RNG.normal(size=4), RNG.normal(size=4)
A = RNG.normal(size=(3, 4))


def wave(x):
    return anp.sum(anp.sin(x) * x**2)


def slope_of_wave(x):
    return np.cos(x) * x**2 + 2 * x * np.sin(x)


def curve_of_wave(x):
    return -np.sin(x) * x**2 + 4 * x * np.cos(x) + 2 * np.sin(x)


def layer(x):
    return anp.tanh(anp.dot(A, x))


def slope_of_layer(x):
    return (1 - np.tanh(A @ x) ** 2)[:, None] * A


def test_grad_is_the_slope_and_comes_as_a_plain_array():
    found = grad(wave)(X)
    assert type(found) is np.ndarray
    np.testing.assert_allclose(found, slope_of_wave(X))
    value, found = value_and_grad(wave)(X)
    assert value == wave(X)
    np.testing.assert_allclose(found, slope_of_wave(X))


def test_argnum_is_one_argument_or_several():
    def f(a, b, c=3.0):
        return a * b**2 * c

    assert float(grad(f, 1)(2.0, 3.0)) == 36.0
    assert tuple(map(float, grad(f, (0, 1))(2.0, 3.0, c=1.0))) == (9.0, 12.0)
    assert float(grad_named(f, "b")(2.0, 3.0)) == 36.0
    assert {k: float(g) for k, g in multigrad_dict(f)(2.0, 3.0).items()} == {
        "a": 27.0, "b": 36.0, "c": 18.0,
    }  # fmt: skip


def test_arguments_may_be_containers():
    params = {"w": A, "b": [np.ones(3), 2.0]}

    def f(p):
        return anp.sum(anp.dot(p["w"], X) * p["b"][0]) * p["b"][1]

    found = grad(f)(params)
    np.testing.assert_allclose(found["w"], 2.0 * np.ones((3, 1)) * X)
    np.testing.assert_allclose(found["b"][0], 2.0 * A @ X)
    assert float(found["b"][1]) == pytest.approx((A @ X).sum())


def test_whole_numbers_are_promoted():
    assert float(grad(lambda x: x**2)(3)) == 6.0
    np.testing.assert_array_equal(grad(lambda x: anp.sum(x**2))(np.arange(3)), [0.0, 2.0, 4.0])


def test_second_derivatives_agree():
    np.testing.assert_allclose(np.diag(hessian(wave)(X)), curve_of_wave(X))
    np.testing.assert_allclose(hessian_vector_product(wave)(X, V), curve_of_wave(X) * V)
    np.testing.assert_allclose(make_hvp(wave)(X)[0](V), curve_of_wave(X) * V)
    np.testing.assert_allclose(elementwise_grad(elementwise_grad(anp.sin))(X), -np.sin(X))
    assert float(deriv(deriv(lambda x: x**3))(2.0)) == pytest.approx(12.0)


def test_jacobians_and_products_with_them():
    whole = slope_of_layer(X)
    np.testing.assert_allclose(jacobian(layer)(X), whole)
    u = RNG.normal(size=3)
    np.testing.assert_allclose(make_vjp(layer)(X)[0](u), u @ whole)
    np.testing.assert_allclose(make_jvp(layer)(X)(V)[1], whole @ V)
    np.testing.assert_allclose(make_jvp_reversemode(layer)(X)(V), whole @ V)
    np.testing.assert_allclose(tensor_jacobian_product(layer)(X, u), u @ whole)
    np.testing.assert_allclose(make_ggnvp(layer)(X)(V), whole.T @ whole @ V)


def test_auxiliary_results_stay_as_they_are():
    slope, more = grad_and_aux(lambda x: (wave(x), x * 2))(X)
    np.testing.assert_allclose(slope, slope_of_wave(X))
    np.testing.assert_array_equal(more, X * 2)


def test_a_checkpoint_changes_no_derivative():
    np.testing.assert_allclose(grad(checkpoint(wave))(X), slope_of_wave(X))


def test_a_result_that_does_not_depend_warns_and_a_truth_value_is_refused():
    with pytest.warns(GradientWarning):
        assert float(grad(lambda x: 1.0)(2.0)) == 0.0
    with pytest.raises(TypeError, match="floating-point number"):
        grad(lambda x: x > 1)(2.0)
    with pytest.raises(TypeError, match="one number"):
        grad(anp.sin)(X)
    with pytest.raises(sg.SeegradError, match="positional argument 3"):
        grad(wave, 3)(X)


def test_what_is_written_into_is_refused():
    def f(x):
        x[0] = 1.0
        return anp.sum(x)

    with pytest.raises(TypeError, match="does not change"):
        grad(f)(X)


def test_check_grads_finds_a_planted_mistake():
    from seegrad.autograd.extend import defvjp, primitive

    @primitive
    def double(x):
        return 2.0 * x

    defvjp(double, lambda ans, x: lambda g: g * 2.001)
    with pytest.raises(AssertionError, match="check of double failed"):
        check_grads(double, modes=["rev"], order=1)(1.0)
    with pytest.raises(AssertionError, match="check of double failed"):
        check_grads(double, modes=["fwd"], order=1)(1.0)
    check_grads(layer)(X)


@pytest.mark.parametrize("name", ["grad", "hessian", "jacobian", "elementwise_grad"])
def test_autograd_says_the_same(name):
    tnp = pytest.importorskip("autograd.numpy")
    import autograd as theirs

    def f(n):
        return lambda x: n.sum(n.sin(x) * n.exp(-x) / (1 + x**2))

    ours = getattr(sg.autograd, name)
    np.testing.assert_allclose(ours(f(anp))(X), getattr(theirs, name)(f(tnp))(X), rtol=1e-10)
