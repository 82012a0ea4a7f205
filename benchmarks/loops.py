"""Loops as nodes: an equation by Runge and Kutta's method and an LSTM, with gradients, beside
JAX's scan; and how long a first call takes as the number of turns grows."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

import numpy as np

import seegrad as sg
from benchmarks.harness import OURS, Curve, Result, Target, bench, finding, installed

Contenders = Mapping[str, Callable[[], object]]
JAX = "jax (scan)"
ODE_TURNS, LSTM_TURNS = (10, 50, 200, 2000), (35, 140, 500)
BATCH, INPUTS, HIDDEN = 20, 64, 64


def equation(turns: int, scan: Any, of: Any) -> tuple[Any, tuple[Any, ...]]:
    """64 equations dy/dt = a·y − b·y³ + c·sin y by RK4: a loss of all steps, and its arguments."""
    dt = np.float32(0.01)

    def loss(y: Any, p: Any) -> Any:
        def slope(y: Any) -> Any:
            return p[0] * y - p[1] * y * y * y + p[2] * of.sin(y)

        def turn(y: Any, _: Any) -> Any:
            k1 = slope(y)
            k2 = slope(y + dt / 2 * k1)
            k3 = slope(y + dt / 2 * k2)
            k4 = slope(y + dt * k3)
            y = y + dt / 6 * (k1 + 2 * k2 + 2 * k3 + k4)
            return y, y

        end, path = scan(turn, y, None, turns)
        return (end * end).sum() + path.mean()

    y = np.linspace(-1, 1, 64, dtype=np.float32)
    return loss, (y, np.array([1.0, 0.5, 0.2], np.float32))


def lstm(turns: int, scan: Any, of: Any, sigmoid: Any) -> tuple[Any, tuple[Any, ...]]:
    """An LSTM over sequences of so many positions: a loss, and its arguments."""

    def loss(W: Any, U: Any, b: Any, xs: Any) -> Any:
        rows = (xs.reshape((-1, INPUTS)) @ W).reshape((turns, BATCH, 4 * HIDDEN)) + b

        def turn(state: Any, x: Any) -> Any:
            h, cell = state
            z = x + h @ U
            i, f, g, o = (z[:, k * HIDDEN : (k + 1) * HIDDEN] for k in range(4))
            cell = sigmoid(f) * cell + sigmoid(i) * of.tanh(g)
            h = sigmoid(o) * of.tanh(cell)
            return (h, cell), h

        start = np.zeros((BATCH, HIDDEN), np.float32)
        _, ys = scan(turn, (start, start), rows)
        return (ys * ys).mean()

    chance = np.random.default_rng(0)

    def drawn(*shape: int) -> Any:
        return (chance.standard_normal(shape) * 0.1).astype(np.float32)

    xs = drawn(turns, BATCH, INPUTS) * 10
    return loss, (drawn(INPUTS, 4 * HIDDEN), drawn(HIDDEN, 4 * HIDDEN), drawn(4 * HIDDEN), xs)


def _ours(which: Callable[..., Any], turns: int, *more: Any) -> Callable[[], object]:
    loss, args = which(turns, sg.scan, sg, *more)
    run = sg.compile(sg.value_and_grad(loss, tuple(range(len(args)))))
    return lambda: run(*args)


def _theirs(which: Callable[..., Any], turns: int, sigmoid: bool) -> Callable[[], object]:
    import jax

    more = (jax.nn.sigmoid,) if sigmoid else ()
    loss, args = which(turns, jax.lax.scan, jax.numpy, *more)
    run = jax.jit(jax.value_and_grad(loss, tuple(range(len(args)))))
    return lambda: jax.block_until_ready(run(*args))


def _both(which: Callable[..., Any], turns: int, *more: Any) -> Contenders:
    found = {OURS: _ours(which, turns, *more)}
    if installed("jax"):
        found[JAX] = _theirs(which, turns, bool(more))
    return found


@bench("P13", "RK4, 64 equations, 200 steps, value and gradient",
       targets=[Target(JAX, 3.0)], rounds=9)  # fmt: skip
def equation_step() -> Contenders:
    return _both(equation, 200)


@bench("P13b", f"LSTM of {HIDDEN} over 140 steps, batch {BATCH}, value and gradient",
       targets=[Target(JAX, 3.0)], unit="ms", rounds=9)  # fmt: skip
def lstm_step() -> Contenders:
    return _both(lstm, 140, sg.sigmoid)


@finding("P13c")
def first_calls() -> Result:
    """Seconds of the first call, tracing and compiling included, at every number of turns."""
    _ours(equation, 3)()                         # what is made once, for all that is compiled
    curves = []
    for name, which, places, more in (
        ("turns of RK4", equation, ODE_TURNS, ()),
        ("positions of the LSTM", lstm, LSTM_TURNS, (sg.sigmoid,)),
    ):
        times = {OURS: tuple(_once(partial(_ours, which, n, *more)) for n in places)}
        if installed("jax"):
            times[JAX] = tuple(_once(partial(_theirs, which, n, bool(more))) for n in places)
        curves.append(Curve(name, "the first call, compiling included", places, times))
    most = max(t for curve in curves for t in curve.seconds[OURS] if t is not None)
    facts = {"slowest first call, s (target ≤ 1.5)": round(most, 2)}
    return Result("P13c", "scan: first calls", unit="ms", facts=facts, curves=tuple(curves))


def _once(make: Callable[[], Callable[[], object]]) -> float:
    start = time.perf_counter()
    make()()
    return time.perf_counter() - start
