"""Batches and linear algebra: many examples at once, factorised matrices, contraction paths."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

import seegrad as sg
from benchmarks.harness import OURS, Target, bench, installed
from seegrad import nn, optim
from seegrad.training.stepping import step_function

Contenders = Mapping[str, Callable[[], object]]

# --------------------------------------------------------------- P16

EXAMPLES = 100


def _normal(*shape: int) -> Any:
    chance = np.random.default_rng(sum(shape))
    return (chance.standard_normal(shape) / np.sqrt(shape[0])).astype(np.float32)


def _mlp_loss(of: Any) -> Any:
    def loss(p: Any, x: Any, t: Any) -> Any:
        scores = of.tanh(x @ p[0] + p[1]) @ p[2] + p[3]
        top = scores.max()
        return of.log(of.exp(scores - top).sum()) + top - of.take(scores, t, axis=0)

    return loss


def _conv_loss(of: Any, conv: Any) -> Any:
    def loss(p: Any, x: Any) -> Any:
        return (of.tanh(conv(x[None], p[0])).reshape((-1,)) @ p[1]) ** 2

    return loss


def _energy(of: Any) -> Any:
    wide, tall = _normal(300, 300), _normal(300, 64)
    return lambda x: (of.tanh(x @ wide) ** 2).sum() + of.log(1 + of.exp(x @ tall)).sum()


def _layer(of: Any) -> Any:
    first, second = _normal(32, 64), _normal(64, 16)
    return lambda x: of.tanh(of.tanh(x @ first) @ second)


def _batched(
    key: str, title: str, ours: Callable[[], Any], theirs: Callable[[], Any], *args: Any
) -> None:
    """Enter a row: two functions of the same arguments, both compiled."""

    @bench(key, title, targets=[Target("jax (jit)", 1.5)], rounds=9)
    def contenders() -> Contenders:
        run = sg.compile(ours())
        found: dict[str, Callable[[], object]] = {OURS: lambda: run(*args)}
        if installed("jax"):
            import jax
            import jax.numpy as jnp

            given = jax.tree.map(jnp.asarray, args)
            peer = jax.jit(theirs())
            for a, b in zip(jax.tree.leaves(peer(*given)), sg.tree.flatten(run(*args))[0]):
                np.testing.assert_allclose(a, np.asarray(b), rtol=2e-3, atol=2e-5)
            found["jax (jit)"] = lambda: jax.block_until_ready(peer(*given))
        return found


def _jax_conv(x: Any, w: Any) -> Any:
    import jax

    return jax.lax.conv(x, w, (1, 1), "VALID")


def _of_jax(make: Callable[[Any, Any], Any]) -> Callable[[], Any]:
    """`make(jax, jax.numpy)`, when it is asked for."""

    def made() -> Any:
        import jax

        return make(jax, jax.numpy)

    return made


_MLP = [_normal(64, 128), _normal(128), _normal(128, 10), _normal(10)]
_batched(
    "P16", "gradients for each of 100 examples, 64-128-10, the label taken by index",
    lambda: sg.vmap(sg.grad(_mlp_loss(sg)), in_axes=(None, 0, 0)),
    _of_jax(lambda jax, jnp: jax.vmap(jax.grad(_mlp_loss(jnp)), in_axes=(None, 0, 0))),
    _MLP, _normal(EXAMPLES, 64), np.arange(EXAMPLES) % 10,
)  # fmt: skip
_batched(
    "P16b", "gradients for each of 100 examples, convolution 3×3 of 16×16, 4 to 8 channels",
    lambda: sg.vmap(sg.grad(_conv_loss(sg, sg.conv)), in_axes=(None, 0)),
    _of_jax(
        lambda jax, jnp: jax.vmap(jax.grad(_conv_loss(jnp, _jax_conv)), in_axes=(None, 0))
    ),
    [_normal(8, 4, 3, 3), _normal(8 * 14 * 14)], _normal(EXAMPLES, 4, 16, 16),
)  # fmt: skip
_batched(
    "P16c", "Hessian of a function of 300 numbers", lambda: sg.hessian(_energy(sg)),
    _of_jax(lambda jax, jnp: jax.hessian(_energy(jnp))), _normal(300),
)  # fmt: skip
_batched(
    "P16d", "Jacobians 16×32 of two layers, for each of 100 examples",
    lambda: sg.vmap(sg.jacobian(_layer(sg))),
    _of_jax(lambda jax, jnp: jax.vmap(jax.jacrev(_layer(jnp)))), _normal(EXAMPLES, 32),
)  # fmt: skip


# --------------------------------------------------------------- P17

WORDS, WIDTH = 50_000, 64


def _embedded(key: str, rule: str, targets: tuple[Target, ...]) -> None:
    """Enter a row: a step of an embedding of 50,000 words with one layer behind it."""

    @bench(key, f"step of an embedding of 50,000 × 64, 1,024 words, {rule}", targets=targets,
           rounds=9)  # fmt: skip
    def contenders() -> Contenders:
        chance = np.random.default_rng(0)
        x, t = chance.integers(0, WORDS, (128, 8)), chance.integers(0, 10, 128)
        net = nn.Sequential(nn.Embedding(WORDS, WIDTH), nn.Flatten(), nn.Affine(8 * WIDTH, 10))
        make = optim.SGD if rule == "SGD" else optim.SparseAdam
        ours = sg.compile(step_function(net, make(net.parameters()), nn.SoftmaxWithLoss()))
        found: dict[str, Callable[[], object]] = {OURS: lambda: ours(x, t)}
        if rule == "Adam":
            whole = sg.compile(step_function(net, optim.Adam(net.parameters()),
                                             nn.SoftmaxWithLoss()))  # fmt: skip
            found[f"{OURS}, all rows"] = lambda: whole(x, t)
        if installed("torch"):
            found["torch (sparse)"] = _torch_embedded(x, t, rule, True)
            found["torch"] = _torch_embedded(x, t, rule, False)
        return found


def _torch_embedded(x: Any, t: Any, rule: str, sparse: bool) -> Callable[[], object]:
    import torch

    words = torch.nn.Embedding(WORDS, WIDTH, sparse=sparse)
    last = torch.nn.Linear(8 * WIDTH, 10)
    if rule == "SGD":
        rules = [torch.optim.SGD([*words.parameters(), *last.parameters()], lr=0.01)]
    else:
        first = torch.optim.SparseAdam if sparse else torch.optim.Adam
        rules = [first(list(words.parameters())), torch.optim.Adam(last.parameters())]
    rows, labels = torch.from_numpy(x), torch.from_numpy(t)

    def step() -> object:
        for each in rules:
            each.zero_grad()
        scores = last(words(rows).flatten(1))
        loss = torch.nn.functional.cross_entropy(scores, labels)
        loss.backward()
        for each in rules:
            each.step()
        return loss

    return step


_embedded("P17", "SGD", (Target("torch (sparse)", 2.0),))
_embedded("P17b", "Adam", (Target("torch (sparse)", 2.0), Target("torch", 2.0)))


# --------------------------------------------------------------- P18

POINTS = 400


def _likelihood(p: Any, squares: Any, y: Any, of: Any, linalg: Any, solve_triangular: Any) -> Any:
    """−log of a Gaussian process's marginal likelihood (Rasmussen and Williams, algorithm 2.1)."""
    kernel = of.exp(p[1]) * of.exp(-0.5 * squares / of.exp(p[0]) ** 2)
    factor = linalg.cholesky(kernel + (of.exp(p[2]) + 1e-6) * np.eye(len(y)))
    whitened = solve_triangular(factor, y, lower=True)
    return 0.5 * (whitened * whitened).sum() + of.log(of.diagonal(factor)).sum()


@bench("P18", f"marginal likelihood of a Gaussian process, N = {POINTS}, with gradient, float64",
       targets=[Target("jax (jit)", 1.0)], unit="ms", rounds=9)  # fmt: skip
def marginal_likelihood() -> Contenders:
    chance = np.random.default_rng(0)
    x = chance.uniform(-3, 3, (POINTS, 1))
    y = np.sin(x[:, 0]) + 0.1 * chance.standard_normal(POINTS)
    p, squares = np.array([0.0, 0.0, -2.0]), (x - x.T) ** 2
    solve = sg.linalg.solve_triangular
    ours = sg.compile(
        sg.value_and_grad(lambda p: _likelihood(p, squares, y, sg, sg.linalg, solve))
    )
    found: dict[str, Callable[[], object]] = {OURS: lambda: ours(p)}
    if installed("jax"):
        import jax
        import jax.numpy as jnp
        from jax.scipy.linalg import solve_triangular

        def loss(p: Any, squares: Any, y: Any) -> Any:
            return _likelihood(p, squares, y, jnp, jnp.linalg, solve_triangular)

        with jax.enable_x64(True):
            theirs = jax.jit(jax.value_and_grad(loss))
            given = [jnp.asarray(v) for v in (p, squares, y)]
            np.testing.assert_allclose(theirs(*given)[1], ours(p)[1].value, rtol=1e-6)

        def jax_run() -> object:
            with jax.enable_x64(True):
                return jax.block_until_ready(theirs(*given))

        found["jax (jit)"] = jax_run
    if installed("torch"):
        found["torch"] = _torch_likelihood(p, squares, y)
    return found


def _torch_likelihood(p: Any, squares: Any, y: Any) -> Callable[[], object]:
    import torch

    d, t, eye = torch.tensor(squares), torch.tensor(y), torch.eye(POINTS, dtype=torch.float64)
    leaf = torch.tensor(p, requires_grad=True)

    def run() -> object:
        leaf.grad = None
        kernel = leaf[1].exp() * (-0.5 * d / leaf[0].exp() ** 2).exp()
        factor = torch.linalg.cholesky(kernel + (leaf[2].exp() + 1e-6) * eye)
        whitened = torch.linalg.solve_triangular(factor, t[:, None], upper=False)
        loss = 0.5 * (whitened * whitened).sum() + factor.diagonal().log().sum()
        loss.backward()
        return loss

    return run


# --------------------------------------------------------------- P21

FACTORS = "ab,cd,bc,de->ae"


@bench("P21", f"einsum of four factors of 60×60: {FACTORS}",
       targets=[Target("opt_einsum", 0.5)], rounds=9)  # fmt: skip
def four_factors() -> Contenders:
    chance = np.random.default_rng(0)
    xs = [chance.random((60, 60), dtype=np.float32) for _ in range(4)]
    compiled = sg.compile(lambda *a: sg.einsum(FACTORS, *a))
    found: dict[str, Callable[[], object]] = {
        OURS: lambda: compiled(*xs),
        "seegrad eager": lambda: sg.einsum(FACTORS, *xs),
        "numpy (optimal)": lambda: np.einsum(FACTORS, *xs, optimize="optimal"),
    }
    if installed("opt_einsum"):
        import opt_einsum

        found["opt_einsum"] = lambda: opt_einsum.contract(FACTORS, *xs)
    if installed("jax"):
        import jax
        import jax.numpy as jnp

        run, ys = jax.jit(lambda *a: jnp.einsum(FACTORS, *a)), [jnp.asarray(x) for x in xs]
        found["jax (jit)"] = lambda: jax.block_until_ready(run(*ys))
    return found
