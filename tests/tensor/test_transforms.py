"""Derivatives of functions, of any order, in any nesting."""

from __future__ import annotations

import itertools
import math

import numpy as np
import pytest

import seegrad as sg
from seegrad.errors import GradientError


def smooth(x):
    return (sg.sin(x) * sg.exp(0.3 * x)).sum()


def hand(x, order):
    """The derivative of sin(x)·exp(0.3x), by its complex form Im exp((0.3 + i)x)."""
    return float(np.imag((0.3 + 1j) ** order * np.exp((0.3 + 1j) * x)))


def by_grad(f):
    return sg.grad(f)


def by_value_and_grad(f):
    return lambda x: sg.value_and_grad(f)(x)[1]


def by_vjp(f):
    return lambda x: sg.vjp(f, x)[1](np.float64(1.0))[0]


def by_jvp(f):
    return lambda x: sg.jvp(f, (x,), (np.float64(1.0),))[1]


def by_jacobian(f):
    return lambda x: sg.jacobian(f)(x)


def by_checkpoint(f):
    return sg.grad(sg.checkpoint(f))


WAYS = [by_grad, by_value_and_grad, by_vjp, by_jvp, by_jacobian, by_checkpoint]


@pytest.mark.parametrize("order", [1, 2, 3])
def test_every_nesting_gives_the_same_derivative(order):
    for ways in itertools.product(WAYS, repeat=order):
        f = smooth
        for way in ways:
            f = way(f)
        got = f(np.float64(0.7))
        assert not isinstance(got, sg.Tensor)
        np.testing.assert_allclose(got, hand(0.7, order), rtol=1e-12, err_msg=str(ways))


def test_to_order_five():
    f = smooth
    for order in range(1, 6):
        f = sg.grad(f)
        np.testing.assert_allclose(f(0.4), hand(0.4, order), rtol=1e-12)


def test_perturbations_are_not_confused():
    """d/dx (x · d/dy (x + y)) = 1, and not 2 (Siskind & Pearlmutter, 2005)."""
    assert sg.grad(lambda x: x * sg.grad(lambda y: x + y)(2.0))(1.0) == 1.0
    assert sg.grad(lambda x: x * sg.grad(lambda y: x * y)(2.0))(3.0) == 6.0
    inner = lambda x: sg.jvp(lambda y: x * y, (1.0,), (1.0,))[1]  # noqa: E731
    assert sg.grad(lambda x: x * inner(x))(3.0) == 6.0
    assert sg.jvp(lambda x: x * sg.grad(lambda y: x * y * y)(2.0), (3.0,), (1.0,))[1] == 24.0


def test_hessian_jacobian_and_hvp_agree():
    a = np.array([[2.0, -1.0, 0.3], [0.0, 1.5, 0.7], [1.0, 0.2, 3.0]])

    def f(x):
        return (x @ (a @ x)) + (x**3).sum()

    x, v = np.array([0.5, -1.0, 2.0]), np.array([1.0, 0.5, -2.0])
    h = a + a.T + np.diag(6 * x)
    np.testing.assert_allclose(sg.hessian(f)(x), h, rtol=1e-13)
    np.testing.assert_allclose(sg.hvp(f, x, v), h @ v, rtol=1e-13)
    np.testing.assert_allclose(sg.jacobian(sg.grad(f))(x), h, rtol=1e-13)
    np.testing.assert_allclose(sg.jvp(sg.grad(f), (x,), (v,))[1], h @ v, rtol=1e-13)
    third = sg.jacobian(sg.hessian(f))(x)
    assert third.shape == (3, 3, 3)
    assert [third[i, i, i] for i in range(3)] == [6, 6, 6]


def test_jacobian_shapes():
    j = sg.jacobian(lambda x: sg.outer(x, x))(np.ones(3))
    assert j.shape == (3, 3, 3)
    assert sg.jacobian(lambda x: x[:0])(np.ones(3)).shape == (0, 3)
    assert sg.jacobian(lambda x, y: x * y, argnums=1)(np.ones(2), np.ones(2)).shape == (2, 2)


def test_structures_go_in_and_come_out():
    tree = {"w": np.array([1.0, 2.0]), "more": (np.array(3.0), [np.array([[4.0]])])}

    def f(p, k):
        return (p["w"] ** 2).sum() * k + p["more"][0] * p["more"][1][0].sum()

    d = sg.grad(f)(tree, 2.0)
    assert d["w"].tolist() == [4.0, 8.0]
    assert d["more"][0] == 4.0
    assert d["more"][1][0].tolist() == [[3.0]]
    both = sg.grad(f, argnums=(0, 1))(tree, 2.0)
    assert both[1] == 5.0
    value, pull = sg.vjp(lambda x: {"a": x * 2, "b": (x, x * x)}, 3.0)
    assert value["b"][1] == 9.0
    assert pull({"a": 1.0, "b": (10.0, 100.0)}) == (612.0,)
    (derivative, aux) = sg.grad(lambda x: (x * x, "seen"), has_aux=True)(3.0)
    assert (derivative, aux) == (6.0, "seen")


def test_arrays_give_arrays_and_tensors_tensors():
    slope = sg.grad(lambda x: (x**3).sum())
    assert isinstance(slope(np.ones(2)), np.ndarray)
    x = sg.tensor([1.0, 2.0])
    d = slope(x)
    assert isinstance(d, sg.Tensor)
    d.sum().backward()
    assert x.grad.tolist() == [6.0, 12.0]
    slope(np.ones(2))[0] = 5.0  # what arrays give is the caller's own


def test_float32_stays():
    x = np.float32([1.0, 2.0])
    assert sg.grad(lambda v: (v * v).sum())(x).dtype == np.float32
    assert sg.hvp(lambda v: (v**3).sum(), x, x).dtype == np.float32
    assert sg.jvp(lambda v: sg.sin(v), (x,), (x,))[1].dtype == np.float32


def test_nothing_flows_past_stop_gradient_and_no_grad():
    assert sg.grad(lambda x: x * sg.stop_gradient(x))(3.0) == 3.0

    def f(x):
        with sg.no_grad():
            y = x * x
        return x * y

    assert sg.grad(f)(3.0) == 9.0
    assert sg.grad(lambda x: sg.stop_gradient(x) * 1.0)(3.0) == 0.0
    with sg.no_grad():  # what is asked for explicitly is still given
        assert sg.grad(lambda x: x * x)(3.0) == 6.0


# --------------------------------------------------------------- checkpoint


def test_a_checkpoint_computes_again_and_keeps_nothing():
    calls = []

    def f(x):
        calls.append(1)
        return sg.sin(x) * sg.exp(x)

    x = sg.tensor(np.linspace(0, 1, 5))
    plain = sg.grad(lambda v: (sg.sin(v) * sg.exp(v)).sum())(x.value)
    y = sg.checkpoint(f)(x)
    assert len([n for n in y.graph.operations]) == 1  # noqa: C416
    y.sum().backward()
    assert len(calls) == 1, "Python runs once; what it did is done again"
    np.testing.assert_allclose(x.grad, plain, rtol=1e-14)


def test_a_checkpoint_reaches_what_the_function_captured():
    w, x = sg.tensor(2.0), sg.tensor(3.0)
    sg.checkpoint(lambda v: v * w * w)(x).backward()
    assert (x.grad, w.grad) == (4.0, 12.0)


# --------------------------------------------------------------- the backward pass


def test_the_branches_of_a_fork_before_their_sum():
    x = sg.tensor(3.0, name="x")
    y = x * x + x
    y.backward()
    into = [(e.target.op.name, e.position, float(e.grad)) for e in y.graph.edges if e.source is x]
    assert sorted(into) == [("add", 1, 1.0), ("multiply", 0, 3.0), ("multiply", 1, 3.0)]
    assert x.grad == 7.0


def test_seeds_other_than_one_and_passes_that_add_up():
    x = sg.tensor([1.0, 2.0])
    y = x * 3
    y.backward([1.0, 10.0])
    assert x.grad.tolist() == [3.0, 30.0]
    y.backward([1.0, 1.0])
    assert x.grad.tolist() == [6.0, 33.0]
    assert y.grad.tolist() == [1.0, 1.0], "an intermediate node shows the last pass"
    x.zero_grad()
    assert x.grad is None


def test_constants_get_no_derivative():
    x, c = sg.tensor([1.0, 2.0]), sg.tensor([3.0, 4.0], requires_grad=False)
    y = x * c * 2
    y.sum().backward()
    assert c.grad is None
    assert [e.grad for e in y.graph.edges if e.source is c] == [None]


def test_a_leaf_that_is_itself_an_output():
    x = sg.tensor(3.0)
    value, pull = sg.vjp(lambda v: (v, v * v), 3.0)
    assert value == (3.0, 9.0)
    assert pull((1.0, 1.0)) == (7.0,)
    x.backward()
    assert x.grad == 1.0


@pytest.mark.parametrize(("call", "words"), [
    (lambda: sg.tensor([1.0, 2.0]).backward(), "without one"),
    (lambda: (sg.tensor([1, 2]) * 2).sum().backward(), "nothing to differentiate by"),
    (lambda: sg.tensor(1.0, requires_grad=False).backward(), "it is a constant"),
    (lambda: sg.grad(lambda x: x * 2)(np.ones(3)), "one number"),
    (lambda: sg.grad(lambda x: x, argnums=3)(1.0), "no positional argument 3"),
    (lambda: sg.jvp(lambda x: x, (1.0,), ()), "as many tangents"),
    (lambda: sg.vjp(lambda x: (x, x), 1.0)[1](1.0), "another structure"),
])  # fmt: skip
def test_what_cannot_be_differentiated_says_so(call, words):
    with pytest.raises(GradientError, match=words) as found:
        call()
    assert "test_transforms.py" in str(found.value), "the user's own line"


def test_integers_are_not_differentiated_by():
    with pytest.raises(TypeError, match=r"(?s)not a floating-point number.*3\.0 instead of 3"):
        sg.grad(lambda x: x * x)(3)
    assert math.isclose(sg.grad(lambda x: x * x)(3.0), 6.0)


def test_directions_have_the_shape_of_their_argument():
    for call in (
        lambda: sg.hvp(lambda x: (x * x).sum(), np.ones(3), np.ones(4)),
        lambda: sg.jvp(lambda x: x * x, (np.ones(3),), (np.ones(4),)),
    ):
        with pytest.raises(ValueError, match=r"(?s)a tangent has the shape.*\(3,\).*\(4,\)"):
            call()
