"""How long the first call of a long straight-line program takes: P14.

The program is an equation solved by Runge and Kutta's rule, unrolled, with its gradient. Seconds
are processor time, so that others on the machine change them little.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import numpy as np

import seegrad as sg
from benchmarks.harness import Result, finding, installed

STEPS = {12: "10³ nodes", 125: "10⁴ nodes", 1250: "10⁵ nodes"}
PEER_STEPS = (12,)
"""JAX compiles what is unrolled for minutes beyond."""
STEP = 0.05


def _solved(tanh: Callable[[Any], Any], y: Any, first: Any, second: Any, steps: int) -> Any:
    def slope(y: Any) -> Any:
        return tanh(y @ first) @ second

    for _ in range(steps):
        a = slope(y)
        b = slope(y + STEP / 2 * a)
        c = slope(y + STEP / 2 * b)
        y = y + STEP / 6 * (a + 2 * b + 2 * c + slope(y + STEP * c))
    return (y**2).sum()


def _weights() -> tuple[Any, Any, Any]:
    chance = np.random.default_rng(0)
    first, second = chance.standard_normal((2, 16)), chance.standard_normal((16, 2))
    return np.ones((8, 2), np.float32), first.astype(np.float32), second.astype(np.float32)


def _ours(steps: int) -> tuple[float, str]:
    """Seconds of the first call, and of what."""
    y, *weights = _weights()
    first, second = (sg.tensor(w, requires_grad=True) for w in weights)

    def step(y: Any) -> Any:
        loss = _solved(sg.tanh, y, first, second, steps)
        loss.backward()
        return loss

    compiled, start = sg.compile(step, threads=1), time.process_time()
    compiled(y)
    took = time.process_time() - start
    return took, f"{len(compiled.graph.operations):,} nodes, {took:.2f} s"


def _jax(steps: int) -> float:
    import jax

    y, *weights = _weights()
    program = jax.jit(jax.value_and_grad(
        lambda first, second: _solved(jax.numpy.tanh, y, first, second, steps), (0, 1)
    ))
    start = time.process_time()
    jax.block_until_ready(program(*weights))
    return time.process_time() - start


@finding("P14")
def compiling() -> Result:
    """First calls of unrolled programs; linear, if the last figure stays as it is."""
    facts: dict[str, str] = {}
    _ours(2)                                           # what is made once for the process
    for steps, name in STEPS.items():
        took, said = _ours(steps)
        facts[f"first call, {name}"] = f"{said}, {took / steps * 1e3:.1f} ms a step of the solver"
        if steps in PEER_STEPS and installed("jax"):
            facts[f"JAX, {name}"] = f"{_jax(steps):.2f} s"
    return Result("P14", "first call of a straight-line program and its gradient", facts=facts)
