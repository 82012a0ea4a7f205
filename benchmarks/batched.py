"""Batches and linear algebra: many examples at once, factorised matrices, contraction paths."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np

import seegrad as sg
from benchmarks.harness import OURS, Target, bench, installed

Contenders = Mapping[str, Callable[[], object]]

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
