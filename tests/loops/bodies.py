"""Random bodies of loops, written once over a namespace: seegrad's functions, or JAX's."""

from __future__ import annotations

import numpy as np

H, B = 3, 2
UNARY = ("tanh", "sin", "exp", "abs", "square")


class Drawn:
    """A random smooth function of a carry {"a": (B, H), "b": ()} and a row (B, H)."""

    def __init__(self, seed: int, m, w) -> None:
        self.chance, self.m, self.w = np.random.default_rng(seed), m, w
        self.plan = [
            (self.chance.integers(0, 5), self.chance.integers(0, 1 << 20, 2),
             UNARY[self.chance.integers(0, len(UNARY))])
            for _ in range(self.chance.integers(3, 9))
        ]  # fmt: skip

    def made(self, kind, name, u, v):
        m = self.m
        if kind == 0:
            return m.tanh(u) * v
        if kind == 1:
            return m.tanh(u @ self.w)
        if kind == 2:
            return u - 0.5 * v
        if kind == 3:
            return getattr(m, name)(m.tanh(u)) * 0.5
        return m.where(u > v, m.tanh(u), 0.3 * v)

    def __call__(self, carry, x):
        m, pool = self.m, [carry["a"], x, carry["a"] * carry["b"]]
        for kind, at, name in self.plan:
            u, v = (pool[i % len(pool)] for i in at)
            pool.append(self.made(kind, name, u, v))
        a = m.tanh(pool[-1] + 0.5 * carry["a"] @ self.w)
        b = carry["b"] * 0.9 + m.sum(pool[-2]) * 0.1
        return {"a": a, "b": m.tanh(b)}, (pool[-1] * x, b)


def inputs(seed: int, turns: int = 5):
    """w, carry, xs, in float64."""
    chance = np.random.default_rng(1000 + seed)
    w = chance.normal(size=(H, H))
    carry = {"a": chance.normal(size=(B, H)), "b": chance.normal()}
    return w, carry, chance.normal(size=(turns, B, H))


def unrolled(body, carry, xs, reverse=False):
    """What scan means."""
    ys = []
    order = range(len(xs))
    for t in reversed(order) if reverse else order:
        carry, y = body(carry, xs[t])
        ys.append(y)
    return carry, ys[::-1] if reverse else ys
