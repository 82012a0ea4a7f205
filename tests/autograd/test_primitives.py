"""Functions of one's own with derivatives of one's own."""

from __future__ import annotations

import numpy as np
import pytest

import seegrad as sg
import seegrad.autograd.numpy as anp
from seegrad.autograd import deriv, grad, jacobian
from seegrad.autograd.extend import Box, VSpace, def_linear, defjvp, defvjp, primitive
from seegrad.autograd.misc import const_graph
from seegrad.autograd.misc.fixed_points import fixed_point
from seegrad.autograd.misc.tracers import full_graph
from seegrad.autograd.test_util import check_grads
from seegrad.autograd.tracer import Node, getval, isbox, trace

X = np.array([0.3, -1.2, 2.0])


@primitive
def logsumexp(x):
    top = np.max(x)
    return top + np.log(np.sum(np.exp(x - top)))


defvjp(logsumexp, lambda ans, x: lambda g: g * anp.exp(x - ans))


@primitive
def scaled(pair, factor):
    assert type(pair[0]) is not sg.Tensor          # plain numbers only
    return (pair[0] + 2 * pair[1]) * factor


defvjp(
    scaled,
    lambda ans, pair, factor: lambda g: (g * factor, 2 * g * factor),
    lambda ans, pair, factor: lambda g: g * (pair[0] + 2 * pair[1]),
)


def test_a_primitive_has_derivatives_of_any_order():
    check_grads(lambda x: logsumexp(x**2))(X)
    assert logsumexp(X) == pytest.approx(np.log(np.exp(X).sum()))


def test_a_primitive_stands_in_the_graph_under_its_name():
    x = sg.tensor(X)
    y = logsumexp(x)
    assert [node.op.name for node in y.graph.nodes if node.op] == ["logsumexp"]
    y.backward()
    np.testing.assert_allclose(x.grad, np.exp(X) / np.exp(X).sum())


def test_arguments_may_be_nested():
    check_grads(scaled, (0, 1))((1.0, 3.0), 2.0)
    assert tuple(map(float, grad(scaled)((1.0, 3.0), 2.0))) == (2.0, 4.0)


def test_a_rule_forwards_serves_backwards_too():
    @primitive
    def cube(x):
        return x**3

    defjvp(cube, lambda g, ans, x: g * 3 * x**2)
    check_grads(cube)(X)

    @primitive
    def turn(x):
        return x[::-1].copy()

    def_linear(turn)
    check_grads(turn)(X)


def test_scripts_from_before_defvjp_run():
    from seegrad.autograd.util import quick_grad_check

    @primitive
    def times(x, y):
        return x * y

    times.defgrad(lambda ans, x, y: lambda g: g * y)
    times.defvjp(lambda g, ans, vs, gvs, x, y: g * x, argnum=1)
    check_grads(times, (0, 1))(X, X + 1)
    times.defvjp_is_zero([1])
    assert not np.any(grad(lambda y: anp.sum(times(X, y) + y * 0.0))(X))
    quick_grad_check(lambda x, y: x**2 * y, 3.0, (2.0,))


def test_a_jacobian_goes_row_by_row_where_a_primitive_stands():
    @primitive
    def square(x):
        return x**2

    defvjp(square, lambda ans, x: lambda g: g * 2 * opaque_identity(x))

    @primitive
    def opaque_identity(x):
        return np.array(x)

    defvjp(opaque_identity, lambda ans, x: lambda g: g)
    np.testing.assert_allclose(jacobian(square)(X), np.diag(2 * X))


def test_what_has_no_derivative_is_refused_by_name():
    @primitive
    def rounded(x):
        return np.round(x)

    for transform in (grad, deriv):
        with pytest.raises(NotImplementedError, match="rounded is a primitive"):
            transform(rounded)(1.5)
    defvjp(rounded, None)
    assert float(grad(lambda x: rounded(x) + x)(1.5)) == 1.0


def test_a_derivative_is_never_lost_without_a_word():
    @primitive
    def one(x):
        return x

    defvjp(one, lambda ans, x: lambda g: g)

    def captured(x):
        @primitive
        def sneaky(y):
            return y * x                       # x is no argument

        defvjp(sneaky, lambda ans, y: lambda g: g)
        return sneaky(x)

    with pytest.raises(sg.SeegradError, match="not as an argument"):
        grad(captured)(2.0)
    with pytest.raises(TypeError, match="positional arguments only"):
        grad(lambda x: one(1.0, y=x))(2.0)

    @primitive
    def two(x):
        return x, x

    defvjp(two, lambda ans, x: lambda g: g)
    with pytest.raises(TypeError, match="gives one array"):
        grad(lambda x: two(x)[0])(2.0)
    with pytest.raises(TypeError, match="needs numbers"):
        sg.compile(logsumexp)(X)


def test_classes_of_ones_own_are_refused_by_name():
    class Mine:
        pass

    class MineBox(Box):
        pass

    with pytest.raises(NotImplementedError, match="Mine"):
        MineBox.register(Mine)
    with pytest.raises(NotImplementedError, match="Mine"):
        VSpace(Mine())


def test_a_fixed_point_has_the_derivative_of_where_it_rests():
    def root(a):
        return fixed_point(lambda a: lambda x: (x + a / x) / 2, a, 10.0,
                           lambda x, y: abs(x - y), 1e-12)  # fmt: skip

    assert float(root(2.0)) == pytest.approx(2**0.5)
    assert float(grad(root)(2.0)) == pytest.approx(0.5 / 2**0.5, rel=1e-6)
    assert float(grad(grad(root))(2.0)) == pytest.approx(-0.25 / 2**1.5, rel=1e-5)


def test_a_kept_graph_is_run_again_without_the_function():
    calls = []

    def f(x, y):
        calls.append(1)
        return anp.sin(x) * y

    kept = const_graph(f, y=3.0)
    for v in (0.5, 1.5):
        assert float(kept(v)) == pytest.approx(3 * np.sin(v))
    assert len(calls) == 1
    assert [n.op.name for n in full_graph(f, 0.5, 3.0).nodes if n.op] == ["sin", "multiply"]


def test_a_trace_is_told_to_nodes_of_ones_own():
    class Said(Node):
        def initialize_root(self, x):
            self.text = str(x)

        def __init__(self, value, fun, args, kwargs, parent_argnums, parents):
            self.text = f"{fun.__name__}({', '.join(p.text for p in parents)})"

    value, node = trace(Said.new_root("x"), lambda x: anp.sin(x) * x, 2.0)
    assert value == pytest.approx(np.sin(2.0) * 2.0)
    assert node.text == "multiply(sin(x), x)"
    assert isbox(sg.tensor(1.0))
    assert getval(sg.tensor(1.0)) == 1.0
