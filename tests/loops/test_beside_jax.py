"""Random bodies in loops and choices beside JAX's: value, first and second derivative, vmap."""

from __future__ import annotations

import numpy as np
import pytest
from bodies import B, Drawn, H, inputs

import seegrad as sg

jax = pytest.importorskip("jax")
pytest.importorskip("jax.numpy")
SEEDS = (1,)
TURNS = 4


@pytest.fixture(autouse=True)
def double_precision():
    before = jax.config.jax_enable_x64
    jax.config.update("jax_enable_x64", True)
    yield
    jax.config.update("jax_enable_x64", before)


def _score(m, carry):
    return (carry["a"] ** 2).sum() + m.sin(carry["b"])


def scanned(seed, m, scan):
    def loss(w, x):
        _, carry, xs = inputs(seed, TURNS)
        end, (one, two) = scan(Drawn(seed, m, w), carry, xs * x, reverse=bool(seed % 2))
        return _score(m, end) + (one * 0.3).sum() + (two * two).sum()

    return loss


def chosen(seed, m, cond):
    """One of two bodies, by what the numbers are."""
    bodies = [seed, seed + 50]

    def loss(w, x):
        _, carry, _ = inputs(seed)
        first, second = (lambda x, s=s: Drawn(s, m, w)(carry, x)[0] for s in bodies)
        return _score(m, cond(x.sum() > 0, first, second, x))

    return loss


def repeated(seed, m, while_loop):
    """The body until its first number has gone far enough, at most `TURNS` times."""

    def loss(w, x):
        _, carry, _ = inputs(seed)
        body = Drawn(seed, m, w)

        def go(state):
            count, carry = state
            return count + 1, body(carry, x)[0]

        def more(state):
            return (state[0] < TURNS) & (state[1]["a"][0, 0] ** 2 < 0.9)

        return _score(m, while_loop(more, go, (0, carry))[1])

    return loss


KINDS = {
    "scan": (scanned, sg.scan, jax.lax.scan),
    "cond": (chosen, sg.cond, jax.lax.cond),
    "while": (repeated, sg.while_loop, jax.lax.while_loop),
}


def _alike(ours, theirs, rtol=1e-8):
    for a, b in zip(jax.tree.leaves(ours, is_leaf=lambda x: isinstance(x, sg.Tensor)),
                    jax.tree.leaves(theirs), strict=True):
        np.testing.assert_allclose(np.asarray(a), np.asarray(b), rtol=rtol, atol=1e-11)


def _everything(m, f, v, backward):
    """Value, first and second derivative, from left to right and from right to left."""

    def found(w, x):
        def moved(x):
            return m.jvp(lambda x: f(w, x), (x,), (v,))[1]

        results = [f(w, x), *m.jvp(moved, (x,), (v,))]
        if backward:                         # through `while` JAX has none either
            slope = m.grad(f, (0, 1))
            results += [slope(w, x), m.grad(lambda w, x: (slope(w, x)[1] * v).sum(), (0, 1))(w, x)]
        return tuple(results)

    return found


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("kind", KINDS)
def test_loops_of_random_bodies_are_those_of_jax(kind, seed):
    make, mine, its = KINDS[kind]
    chance = np.random.default_rng(seed)
    w, x, v = inputs(seed)[0], chance.normal(size=(B, H)), chance.normal(size=(B, H))
    many = np.stack([x, -x, 0.5 * x])
    ours = _everything(sg, make(seed, sg, mine), v, kind != "while")
    theirs = jax.vmap(_everything(jax, make(seed, jax.numpy, its), v, kind != "while"), (None, 0))
    wanted = jax.jit(theirs)(w, many)
    alone = jax.tree.map(lambda a: a[0], wanted)
    _alike(ours(w, x), alone)
    _alike(sg.compile(ours)(w, x), alone)
    _alike(sg.vmap(ours, in_axes=(None, 0))(w, many), wanted)
