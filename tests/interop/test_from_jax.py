"""JAX functions as ours: value and gradient beside JAX's own, drawn, compiled, refused by name."""

from __future__ import annotations

import functools
import re
from pathlib import Path

import numpy as np
import pytest

import seegrad as sg
from seegrad.errors import (
    CallError,
    DTypeError,
    GradientError,
    GraphError,
    MissingExtraError,
    TraceError,
)
from seegrad.interop import jax as bridge

jax = pytest.importorskip("jax")
jnp = jax.numpy
lax = jax.lax
RANDOM = np.random.default_rng(0)


def draw(*shape):
    return RANDOM.normal(size=shape).astype(np.float32)


def mlp(params, x):
    for w, b in params[:-1]:
        x = jax.nn.relu(x @ w + b)
    w, b = params[-1]
    return x @ w + b


def mlp_loss(params, x, labels):
    scores = jax.nn.log_softmax(mlp(params, x))
    return -jnp.mean(jnp.take_along_axis(scores, labels[:, None], axis=1))


def attention(params, x):
    q, k, v = (jnp.einsum("btd,dhe->bhte", x, params[name]) for name in "qkv")
    scores = q @ jnp.swapaxes(k, -1, -2) / jnp.sqrt(q.shape[-1])
    mask = jnp.tril(jnp.ones(scores.shape[-2:], bool))
    weights = jax.nn.softmax(jnp.where(mask, scores, -jnp.inf), axis=-1)
    return jnp.einsum("bhte,hed->btd", weights @ v, params["o"])


def rnn(params, xs):
    def turn(h, x):
        h = jnp.tanh(params["w"] @ h + params["u"] @ x + params["b"])
        return h, h

    return lax.scan(turn, jnp.zeros(4), xs)


def ode(y0, ts, rate):
    from jax.experimental.ode import odeint

    return odeint(lambda y, t, k: jnp.stack([y[1], -k * y[0]]), y0, ts, rate)


def chains(x):
    energy = jax.scipy.special.logsumexp(jnp.sin(x)[:, None] + x[None, :], axis=1)
    return jax.nn.logsumexp(energy) + jnp.sum(jnp.logaddexp(x, 2 * x))


def collatz(n):
    def turn(state):
        n, steps = state
        return jnp.where(n % 2 == 0, n // 2, 3 * n + 1), steps + 1

    return lax.while_loop(lambda s: s[0] != 1, turn, (n, jnp.zeros((), n.dtype)))


def choices(x, which):
    y = lax.cond(x.sum() > 0, lambda x: x**2, jnp.sin, x)
    return lax.switch(which, [jnp.exp, jnp.cos, lambda x: x * y], x)


def image(w, x):
    y = lax.conv_general_dilated(
        x, w, (1, 1), "SAME", dimension_numbers=("NHWC", "HWIO", "NHWC")
    )
    y = jax.nn.gelu(y)
    y = lax.reduce_window(y, -jnp.inf, lax.max, (1, 2, 2, 1), (1, 2, 2, 1), "VALID")
    return lax.reduce_window(y, 0.0, lax.add, (1, 2, 2, 1), (1, 1, 1, 1), "SAME") / 4


def updates(x, i):
    y = x.at[i].add(2 * x[i]).at[1:3].set(0.0).at[jnp.array([0, 0])].multiply(3.0)
    y = y.at[i].max(x[::-1][i]).at[-1].min(0.5)
    return y, x[i], jnp.take(x, i, mode="fill"), jnp.outer(x, x)[i][:, i], lax.dynamic_slice(
        x, (i[0],), (2,)
    ), lax.dynamic_update_slice(x, x[:2] * 2, (i[1],))


def sums(a, b):
    return jnp.einsum("bij,bkj->bik", a, b), jnp.einsum("bij,bkl->ijkl", a, b), jnp.trace(
        a, axis1=1, axis2=2
    )


def hutchinson(x, key):
    noise = jax.random.normal(key, x.shape)
    gradient = jax.grad(lambda y: jnp.sum(jnp.tanh(y) ** 3))
    _, along = jax.jvp(gradient, (x,), (noise,))
    return jnp.vdot(noise, along)


CASES = {
    "mlp": (mlp_loss, ([(draw(3, 8), draw(8)), (draw(8, 4), draw(4))], draw(5, 3),
                       np.array([0, 3, 1, 1, 2]))),
    "attention": (attention, ({n: draw(6, 2, 3) for n in "qkv"} | {"o": draw(2, 3, 6)},
                              draw(2, 4, 6))),
    "rnn": (rnn, ({"w": draw(4, 4), "u": draw(4, 3), "b": draw(4)}, draw(6, 3))),
    "ode": (ode, (draw(2), np.linspace(0, 1, 4, dtype=np.float32), np.float32(2.0))),
    "chains": (chains, (draw(5),)),
    "while": (collatz, (np.int32(7),)),
    "cond": (choices, (draw(4), np.int32(2))),
    "conv": (image, (draw(3, 3, 2, 4), draw(2, 6, 6, 2))),
    "at": (updates, (draw(6), np.array([3, -1, 2]))),
    "einsum": (sums, (draw(2, 3, 3), draw(2, 4, 3))),
    "hutchinson": (hutchinson, (draw(4), jax.random.key(1))),
}  # fmt: skip


@functools.cache
def ours(name):
    function, args = CASES[name]
    return sg.from_jax(function, *args)


def jaxed(tree):
    return jax.tree.map(jnp.asarray, tree)


def near(found, theirs, tolerance=2e-5):
    found, theirs = jax.tree.leaves(found), jax.tree.leaves(theirs)
    assert len(found) == len(theirs)
    for a, b in zip(found, theirs):
        a = a.value if isinstance(a, sg.Tensor) else a
        scale = max(float(np.abs(b).max()), 1.0) if b.size else 1.0
        np.testing.assert_allclose(np.asarray(a), np.asarray(b), atol=tolerance * scale)


@pytest.mark.parametrize("name", CASES)
def test_values_are_jax_s(name):
    function, args = CASES[name]
    f, theirs = ours(name), jax.jit(function)(*jaxed(args))
    near(f(*args), theirs)
    assert jax.tree.structure(f(*args)) == jax.tree.structure(theirs)
    near(sg.compile(lambda *xs: f(*xs))(*args[:1], *args[1:]) if name != "hutchinson" else
         sg.compile(lambda x: f(x, args[1]))(args[0]), theirs)  # fmt: skip


@pytest.mark.parametrize("name", [n for n in CASES if n != "while"])
def test_gradients_are_jax_s(name):
    function, args = CASES[name]
    f = ours(name)
    assert f.verified.gradient is not None

    def total(run):
        def loss(first, *rest):
            leaves = jax.tree.leaves(run(first, *rest))
            return sum((x * x).sum() for x in leaves if x.dtype.kind == "f")

        return loss

    theirs = jax.jit(jax.grad(total(function)))(*jaxed(args))
    near(sg.grad(total(f))(*args), theirs, 2e-4)
    rest = args[1:]
    near(sg.compile(sg.grad(lambda first: total(f)(first, *rest)))(args[0]), theirs, 2e-4)


FUNCTIONS = {
    name: getattr(jax.nn, name)
    for name in ("relu", "gelu", "silu", "elu", "selu", "softplus", "hard_swish", "mish", "relu6",
                 "celu", "log_sigmoid", "standardize", "sigmoid", "hard_tanh", "soft_sign",
                 "squareplus", "leaky_relu", "log_softmax", "glu")
} | {
    name: getattr(jnp, name)
    for name in ("sort", "argsort", "median", "cumsum", "cumprod", "var", "std", "floor", "round",
                 "ravel", "exp2", "log1p", "cbrt", "sinc", "i0", "arctan", "arcsinh", "tanh",
                 "sign", "isfinite", "argmax", "argmin", "flipud", "diff", "ptp", "prod", "any",
                 "nan_to_num", "square", "reciprocal", "trunc", "deg2rad", "expm1")
} | {
    "floor_divide": lambda x: x // 2, "mod": lambda x: x % 3, "power": lambda x: jnp.abs(x) ** 1.5,
    "integer_division": lambda x: ((x * 7).astype(int) // -2, (x * 7).astype(int) % -3,
                                   lax.div((x * 7).astype(int), -2), lax.rem(x, 0.7)),
    "bits": lambda x: ((x * 9).astype(int) & 5, ~(x * 9).astype(int), (x * 9).astype(int) >> 1,
                       lax.shift_right_logical((x * 9).astype(int), 3), (x > 0) ^ (x < 1)),
    "pad": lambda x: (jnp.pad(x, 2, mode="reflect"), lax.pad(x, 2.0, ((1, -1, 2), (0, 2, 1)))),
    "clip": lambda x: jnp.clip(x, -0.5, 0.5), "roll": lambda x: jnp.roll(x, 1, 0),
    "top": lambda x: lax.top_k(x, 2), "quantile": lambda x: jnp.quantile(x, 0.3),
    "cumulative": lambda x: (lax.cumlogsumexp(x), lax.cummax(x, reverse=True), lax.cummin(x)),
    "lexsort": lambda x: jnp.lexsort((x[0], jnp.round(x[1]))),
    "interp": lambda x: jnp.interp(x, jnp.arange(4.0), jnp.arange(4.0) ** 2),
    "segments": lambda x: jax.ops.segment_sum(x, jnp.array([0, 2, 0]), num_segments=3),
    "logpdf": lambda x: jax.scipy.stats.norm.logpdf(x), "gamma": lambda x: (
        jax.scipy.special.gammaln(x + 3), jax.scipy.special.digamma(x + 3),
        jax.scipy.special.polygamma(1, x + 3), jax.scipy.special.erfc(x),
        jax.scipy.special.erfinv(jnp.tanh(x)), jax.scipy.special.i0e(x), jax.scipy.special.i1e(x)),
    "resize": lambda x: jax.image.resize(x, (5, 6), "bilinear"),
    "vmap": lambda x: jax.vmap(lambda v: v[jnp.argmax(v)] * v)(x),
    "vmap at": lambda x: jax.vmap(lambda v, i: v.at[i].set(2.0))(x, jnp.array([0, 3, 1])),
    "hessian": lambda x: jax.hessian(lambda v: jnp.sum(jnp.tanh(v) ** 2))(x[0]),
    "pool gradient": lambda x: jax.grad(lambda y: jnp.sum(lax.reduce_window(
        y, -jnp.inf, lax.max, (2, 2), (1, 2), "SAME") ** 2))(x),
    "stacked": lambda x: (jnp.stack([x, 2 * x], 1), jnp.tile(x, (2, 1)), jnp.unstack(x)),
    "remat": jax.checkpoint(lambda x: jnp.sin(x) ** 2), "stop": lambda x: x * lax.stop_gradient(x),
    "fori": lambda x: lax.fori_loop(0, 4, lambda i, c: c * jnp.cos(c) + i, x),
    "map": lambda x: lax.map(jnp.sum, x), "associative": lambda x: lax.associative_scan(
        jnp.add, x),
    "one_hot": lambda x: jax.nn.one_hot(jnp.array([1, 2]), 3) @ x,
    "attend": lambda x: jax.nn.dot_product_attention(x[None, :, None], x[None, :, None],
                                                     x[None, :, None], is_causal=True),
    "transposed": lambda x: lax.conv_transpose(x[None, :, :, None], jnp.ones((2, 3, 1, 2)),
                                               (2, 1), "SAME"),
    "depthwise": lambda x: lax.conv_general_dilated(
        x[None].transpose(0, 2, 1), jnp.arange(8.0).reshape(4, 1, 2), (1,), [(1, 0)],
        rhs_dilation=(2,), feature_group_count=4),
    "smallest": lambda x: lax.reduce_window(x, jnp.inf, lax.min, (2, 2), (1, 2), "SAME"),
    "convolve": lambda x: jnp.convolve(x[0], x[1, :3]),
    "solve": lambda x: (jnp.linalg.solve(x[:, :3] + 4 * jnp.eye(3), x[:, 3]),
                        jnp.linalg.solve(x[:, :3] + 4 * jnp.eye(3), x),
                        jnp.linalg.inv(x[:, :3] + 4 * jnp.eye(3))),
    "determinant": lambda x: (jnp.linalg.slogdet(x.T @ x + jnp.diag(x[0]) + 3 * jnp.eye(4)),
                              jnp.linalg.det(x.T @ x + 2 * jnp.eye(4)), jnp.diagonal(x),
                              jnp.linalg.slogdet(jnp.stack([x[:, :3], x[:, 1:]]))),
    "lu": lambda x: jax.scipy.linalg.lu(x.T @ x + jnp.diag(x[1]))[1:],
    "decompose": lambda x: (jnp.linalg.cholesky(x @ x.T + jnp.eye(3)),
                            jnp.linalg.eigvalsh(x @ x.T), jnp.linalg.qr(x.T)[1],
                            jnp.linalg.svd(x, compute_uv=False), jnp.linalg.norm(x)),
    "random": lambda x: (x * jax.random.uniform(jax.random.PRNGKey(4), x.shape),
                         jax.random.permutation(jax.random.key(1), x),
                         jax.random.bernoulli(jax.random.key(2), 0.3, (4,)),
                         jax.random.categorical(jax.random.key(3), x),
                         jax.random.randint(jax.random.key(5), (3,), 0, 10),
                         [jax.random.normal(k) for k in jax.random.split(jax.random.key(6), 3)],
                         jax.random.gumbel(jax.random.fold_in(jax.random.key(7), 3), (2,))),
}  # fmt: skip


@pytest.mark.parametrize("name", FUNCTIONS)
def test_functions_of_jax(name):
    """from_jax itself compares value and gradient with JAX's, and refuses what differs."""
    with np.errstate(all="ignore"):
        f = sg.from_jax(FUNCTIONS[name], draw(3, 4))
    assert f.verified.value <= 2e-4
    assert f.verified.gradient is None or f.verified.gradient <= 2e-3


def test_a_derivative_that_a_function_states_is_kept():
    @jax.custom_vjp
    def odd(x, n):
        return x * n

    odd.defvjp(lambda x, n: (x * n, (x, n)), lambda saved, g: (g * 7.0 * saved[0], None))

    @jax.custom_jvp
    def steep(x):
        return jnp.floor(x)

    steep.defjvp(lambda primals, tangents: (jnp.floor(primals[0]), tangents[0] * 5.0))
    f = sg.from_jax(lambda x: odd(x, 3).sum() + steep(x).sum(), draw(3))
    x = draw(3)
    near(sg.grad(f)(x), 7 * x + 5)
    near(sg.hessian(f)(x), 7 * np.eye(3))
    near(sg.vmap(sg.grad(f))(np.stack([x, -x])), np.stack([7 * x + 5, 5 - 7 * x]))
    near(sg.compile(sg.grad(f))(x), 7 * x + 5)


def test_it_is_drawn_with_jax_s_names(tmp_path):
    f = sg.from_jax(lambda x: jax.nn.softmax(x).sum() + jax.nn.relu(x).sum(), draw(3))
    y = f(sg.tensor(draw(3), name="x"))
    assert "relu" in [node.op.name for node in y.graph.operations]
    y.graph.save(tmp_path / "a.svg")
    assert "relu" in (tmp_path / "a.svg").read_text("utf-8")
    names = {node.name for node in ours("mlp").graph.nodes if node.op is None}
    assert {"params[0][0]", "params[1][1]", "x"} <= names


def test_trees_shapes_and_dtypes_follow_the_function():
    def f(tree, *, scale):
        return {"a": tree["x"] * scale, "b": (tree["y"].sum(), None)}

    tree = {"y": np.arange(3), "x": draw(2)}
    read = sg.from_jax(f, tree, scale=2.0)
    got = read(tree, scale=3.0)
    assert list(got) == ["a", "b"]
    assert got["b"][1] is None
    assert got["a"].dtype == np.float32
    assert read({"x": draw(5), "y": np.arange(4)}, scale=1.0)["a"].shape == (5,)
    wide = sg.tensor(np.ones(2), name="x")               # float64 becomes what JAX computes with
    y = read({"x": wide, "y": np.arange(3)}, scale=2.0)["a"]
    assert y.dtype == np.float32
    y.sum().backward()
    assert wide.grad.dtype == np.float64


def test_all_that_is_unknown_is_named_at_once():
    with pytest.raises(DTypeError, match="fft") as caught:
        sg.from_jax(lambda x: jnp.fft.fft(x).real + jax.scipy.special.gammainc(x, x), draw(4))
    assert "igamma" in str(caught.value)
    assert "test_from_jax.py" in str(caught.value)
    with pytest.raises(DTypeError, match="complex64"):
        sg.from_jax(lambda x: (x * 1j).imag, draw(2))


def test_wrong_calls_are_told():
    with pytest.raises(CallError, match="examples"):
        sg.from_jax(jnp.sin)
    with pytest.raises(CallError, match="function"):
        sg.from_jax(3, draw(2))
    with pytest.raises(CallError, match="no array"):
        sg.from_jax(lambda x, mode: x, draw(2), "same")
    assert sg.from_jax(functools.partial(lambda x, mode: x * 2, mode="same"), draw(2))
    with pytest.raises(TraceError, match="cannot be traced"):
        sg.from_jax(lambda x: x if x.sum() > 0 else -x, draw(2))
    f = sg.from_jax(lambda x: lax.while_loop(lambda c: c.sum() < 9, lambda c: c * 2, x), np.ones(2))
    assert f.verified.gradient is None
    with pytest.raises(GradientError):
        sg.grad(lambda x: f(x).sum())(np.ones(2, np.float32))


def test_a_rule_that_is_wrong_is_found_and_named(monkeypatch):
    from seegrad.interop.jaxpr import evaluate

    broken = {**evaluate.RULES, "sin": lambda site, xs: xs[0] * 0.9}
    monkeypatch.setattr(evaluate, "RULES", broken)
    with pytest.raises(GraphError, match="sin"):
        sg.from_jax(lambda x: jnp.cos(x) + jnp.sin(x), draw(3))
    slope = {**evaluate.RULES, "sin": lambda site, xs: sg.sin(sg.stop_gradient(xs[0]))}
    monkeypatch.setattr(evaluate, "RULES", slope)
    with pytest.raises(GraphError, match="derivative"):
        sg.from_jax(lambda x: jnp.cos(x) + jnp.sin(x), draw(3))


def test_without_jax_the_extra_is_named(monkeypatch):
    import sys

    bridge._jax.cache_clear()
    monkeypatch.setitem(sys.modules, "jax", None)
    with pytest.raises(MissingExtraError, match="JAX"):
        sg.from_jax(jnp.sin, draw(2))
    bridge._jax.cache_clear()


def test_the_guide_runs(tmp_path, monkeypatch):
    root = Path(__file__).parents[2] / "docs"
    monkeypatch.chdir(tmp_path)
    for guide in (root / "guides" / "jax.md", root / "ko" / "guides" / "jax.md"):
        names: dict[str, object] = {}
        sources = re.findall(r"^```py\n(.*?)^```", guide.read_text("utf-8"), re.M | re.S)
        assert len(sources) == 2
        for source in sources:
            exec(compile(source, str(guide), "exec"), names)  # noqa: S102 - our own
        assert "relu" in (tmp_path / "loss.svg").read_text("utf-8")
