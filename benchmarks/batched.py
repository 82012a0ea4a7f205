"""Batches and linear algebra: many examples at once, factorised matrices, contraction paths."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

import seegrad as sg
from benchmarks.harness import OURS, Target, bench, installed

Contenders = Mapping[str, Callable[[], object]]

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
