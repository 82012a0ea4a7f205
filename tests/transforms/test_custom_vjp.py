"""A derivative of one's own: eager, compiled, batched, again differentiated, in loops, refused."""

from __future__ import annotations

import numpy as np
import pytest

import seegrad as sg
from seegrad.errors import CallError, GradientError, ShapeError

X = np.array([0.5, -1.5, 2.0])


@sg.custom_vjp
def steep(x, y):
    """x² y, with three times the slope in x."""
    return x * x * y


steep.defvjp(
    lambda x, y: (x * x * y, (x, y)),
    lambda saved, g: (6 * saved[0] * saved[1] * g, g * saved[0] ** 2),
)


def loss(x, y=X):
    return steep(x, y).sum()


def test_the_rule_is_used_instead_of_the_function_s_own_derivative():
    assert np.array_equal(steep(X, X), X**3)
    assert np.allclose(sg.grad(loss)(X), 6 * X * X)
    assert np.allclose(sg.grad(loss, 1)(X, X), X * X)
    x = sg.tensor(X, name="x")
    y = steep(x, X)
    assert y.op.name == "steep"
    y.sum().backward()
    assert np.allclose(x.grad, 6 * X * X)


def test_it_can_be_differentiated_again_through_both_functions():
    assert np.allclose(sg.hessian(loss)(X), np.diag(6 * X))
    assert np.allclose(sg.hvp(loss, X, X), 6 * X * X)
    _, change = sg.jvp(loss, (X,), (X,))
    assert np.allclose(change, (6 * X**3).sum())
    third = sg.grad(lambda x: sg.grad(lambda y: sg.grad(loss)(y).sum())(x).sum())
    assert np.allclose(third(X + 0.0), 0)


def test_compiled_is_eager_to_the_bit():
    for f in (loss, sg.grad(loss), sg.hessian(loss)):
        assert np.array_equal(np.asarray(sg.compile(f)(X)), np.asarray(f(X)))


def test_the_forward_pass_runs_once():
    ran = []

    @sg.custom_vjp
    def f(x):
        ran.append("function")
        return x + 1

    def forward(x):
        ran.append("forward")
        return x + 1, None

    f.defvjp(forward, lambda saved, g: (g,))
    f(X)
    assert ran == ["function"]
    x = sg.tensor(X)
    f(x)                                         # the first call finds the shape out
    ran.clear()
    f(x).sum().backward()
    assert ran == ["forward"]


def test_many_examples_keep_the_rule():
    many = np.stack([X, 2 * X])
    assert np.allclose(sg.vmap(sg.grad(loss))(many), 6 * many * X)
    assert np.allclose(sg.grad(lambda m: sg.vmap(loss)(m).sum())(many), 6 * many * X)
    shared = sg.grad(lambda y: sg.vmap(loss, in_axes=(0, None))(many, y).sum())
    assert np.allclose(shared(X), (many**2).sum(axis=0))
    assert np.allclose(sg.compile(sg.grad(lambda m: sg.vmap(loss)(m).sum()))(many), 6 * many * X)
    assert np.allclose(sg.jacobian(lambda x: steep(x, X))(X), np.diag(6 * X * X))


def test_in_loops_and_checkpoints():
    def looped(x):
        return sg.scan(lambda c, row: (steep(c, row), None), x[0], x)[0]

    def unrolled(x):
        c = x[0]
        for i in range(3):
            c = steep(c, x[i])
        return c

    assert np.allclose(sg.grad(looped)(X), sg.grad(unrolled)(X))
    assert np.allclose(sg.compile(sg.grad(looped))(X), sg.grad(unrolled)(X))
    assert np.allclose(sg.grad(sg.checkpoint(loss))(X), 6 * X * X)
    chosen = sg.grad(lambda x: sg.cond(x.sum() > 0, loss, lambda x: -x.sum(), x))
    assert np.allclose(chosen(X), 6 * X * X)


def pair(tree, n):
    return {"a": tree["w"] * tree["b"], "n": n + 1, "s": (tree["w"].sum(),)}


def test_trees_in_and_out_and_results_of_two_dtypes():
    f = sg.custom_vjp(pair)
    f.defvjp(
        lambda tree, n: (pair(tree, n), tree),
        lambda tree, g: (
            {"w": g["a"] * tree["b"] + 10 * g["s"][0], "b": g["a"] * tree["w"]}, None,
        ),
    )
    tree = {"w": X, "b": X + 1}

    def total(tree):
        out = f(tree, np.arange(2))
        return out["a"].sum() + out["s"][0]

    got = sg.grad(total)(tree)
    assert np.allclose(got["w"], X + 11)
    assert np.allclose(got["b"], X)
    again = sg.compile(sg.grad(total))(tree)
    assert np.allclose(again["w"], X + 11)
    out = f({k: sg.tensor(v) for k, v in tree.items()}, np.arange(2))
    assert out["n"].dtype == np.arange(2).dtype
    assert np.array_equal(out["n"].value, [1, 2])
    by_w = sg.vmap(sg.grad(lambda w, b: total({"w": w, "b": b})), in_axes=(0, None))
    assert np.allclose(by_w(np.stack([X, X]), X), np.stack([X + 10, X + 10]))


def test_arguments_that_are_no_arrays_and_keywords():
    def power(x, n=2, *, by=1.0):
        return x**n * by

    f = sg.custom_vjp(power, nondiff_argnums=(1,))
    f.defvjp(
        lambda x, n: (x**n, x),
        lambda n, x, g: (100 * n * g,),
    )
    with pytest.raises(TypeError):
        f(X, 3, 4)

    g = sg.custom_vjp(lambda x, n=2: x**n, nondiff_argnums=(1,))
    g.defvjp(lambda x, n: (x**n, x), lambda n, x, arriving: (100 * n * arriving,))
    assert np.allclose(sg.grad(lambda x: g(x, 3).sum())(X), 300)
    assert np.allclose(sg.grad(lambda x: g(x).sum())(X), 200)
    assert np.allclose(sg.grad(lambda x: g(n=4, x=x).sum())(X), 400)


def test_drawn_and_told(tmp_path):
    x = sg.tensor(X, name="x")
    y = steep(x, sg.tensor(X, name="y"))
    y.sum().graph.save(tmp_path / "a.svg")
    assert "steep" in (tmp_path / "a.svg").read_text("utf-8")
    y.sum().graph.save(tmp_path / "a.html")
    told = str(sg.explain(y.sum(), wrt=x))
    assert "steep(x, y)" in told
    assert "6" in told

    @sg.custom_vjp(sign="2×", latex="2 $x")
    def double(x):
        return 2 * x

    double.defvjp(lambda x: (2 * x, None), lambda saved, g: (2 * g,))
    z = double(x)
    assert z.op.sign == "2×"
    assert "2 x" in sg.explain(z.sum(), wrt=x).latex
    assert sg.gradcheck(lambda x: double(x).sum(), X, order=2)
    assert not sg.gradcheck(lambda x: loss(x), X)        # its slope is not that of its values


def test_a_method_and_a_captured_array():
    class Layer:
        scale = 3.0

        @sg.custom_vjp
        def run(self, x):
            return x * 2

    Layer.run.static = frozenset({0})
    Layer.run.defvjp(lambda self, x: (x * 2, None), lambda self, saved, g: (g * self.scale,))
    assert np.allclose(sg.grad(lambda x: Layer().run(x).sum())(X), 3)
    constant = sg.tensor(X, requires_grad=False)
    f = sg.custom_vjp(lambda x: x * constant)
    f.defvjp(lambda x: (x * constant, None), lambda saved, g: (g * constant,))
    assert np.allclose(sg.grad(lambda x: f(x).sum())(X), X)


WRONG = {
    "count": (lambda saved, g: (g,), CallError, "by each argument"),
    "no tuple": (lambda saved, g: g, CallError, "by each argument"),
    "shape": (lambda saved, g: (g.sum(), g), ShapeError, "input 0"),
    "structure": (lambda saved, g: (g, [g]), CallError, "argument 1"),
}


@pytest.mark.parametrize("name", WRONG)
def test_wrong_derivatives_name_the_line_of_backward(name):
    backward, kind, words = WRONG[name]
    f = sg.custom_vjp(lambda x, y: x * y)
    f.defvjp(lambda x, y: (x * y, None), backward)
    for run in (sg.grad(lambda x: f(x, x).sum()), sg.compile(sg.grad(lambda x: f(x, x).sum()))):
        with pytest.raises(kind, match=words) as caught:
            run(X)
        assert caught.value.line.number == backward.__code__.co_firstlineno


def test_what_would_lose_a_derivative_is_refused():
    weight = sg.tensor(2.0, name="w")
    f = sg.custom_vjp(lambda x: x * weight)
    f.defvjp(lambda x: (x * weight, None), lambda saved, g: (g,))
    with pytest.raises(GradientError, match="no argument"):
        sg.grad(lambda x: f(x).sum())(X)
    bare = sg.custom_vjp(lambda x: x)
    with pytest.raises(CallError, match="no derivative yet"):
        bare(X)
    with pytest.raises(CallError, match="two functions"):
        bare.defvjp(lambda x: x, 3)
    with pytest.raises(CallError, match="function"):
        sg.custom_vjp(3)
    bare.defvjp(lambda x: x, lambda saved, g: (g,))
    with pytest.raises(CallError, match="result, saved"):
        sg.grad(lambda x: bare(x).sum())(X)


def test_stated_again_the_new_rule_counts():
    f = sg.custom_vjp(lambda x: x * 1.0)
    for slope in (2.0, 5.0):
        f.defvjp(lambda x: (x * 1.0, None), lambda saved, g, slope=slope: (g * slope,))
        assert np.allclose(sg.grad(lambda x: f(x).sum())(X), slope)


def test_in_a_network_trained_saved_and_exported(tmp_path):
    runtime = pytest.importorskip("onnxruntime")

    class Net(sg.nn.Module):
        def __init__(self):
            super().__init__()
            self.affine = sg.nn.Affine(3, 2)

        def forward(self, x):
            return bent(self.affine(x))

    bent = sg.custom_vjp(lambda x: sg.tanh(x) * 2)
    bent.defvjp(lambda x: (sg.tanh(x) * 2, x), lambda x, g: (g * (1 + 0 * x),))
    net, x = Net(), np.ones((4, 3), np.float32)
    optimizer = sg.optim.SGD(net.parameters(), lr=0.1)

    def step(x):
        optimizer.zero_grad()
        loss = (net(x) ** 2).mean()
        loss.backward()
        optimizer.step()
        return loss

    losses = [step(x).item(), *(sg.compile(step)(x).item() for _ in range(3))]
    assert losses == sorted(losses, reverse=True)
    sg.export_onnx(net, tmp_path / "net.onnx", example=x)
    session = runtime.InferenceSession(tmp_path / "net.onnx")
    for rows in (x, x[:1]):
        (y,) = session.run(None, {session.get_inputs()[0].name: rows})
        assert np.allclose(y, net(rows).value, atol=1e-6)
