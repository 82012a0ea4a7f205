"""Eager workloads: small operations one by one, scalars, very long graphs."""

from __future__ import annotations

import random
import statistics
import time
import tracemalloc
from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import pairwise
from typing import Any

import numpy as np

import seegrad as sg
from benchmarks.harness import (
    OURS,
    Result,
    Target,
    Timing,
    bench,
    finding,
    installed,
    rest,
    seconds,
    side_by_side,
)

Contenders = Mapping[str, Callable[[], object]]

# --------------------------------------------------------------- P4

PAIRS = 10


@bench(
    "P4", "eager: 21 operations on 10 float32 elements, forward and backward",
    targets=[Target("torch", 1.5), Target("autograd", 3), Target("mygrad", 3)],
)  # fmt: skip
def chain() -> Contenders:
    data = np.random.default_rng(0).random(10).astype(np.float32)
    leaf = sg.tensor(data)

    def ours() -> None:
        y = leaf
        for _ in range(PAIRS):
            y = sg.sin(y) * leaf
        y.sum().backward()
        leaf.zero_grad()

    found: dict[str, Callable[[], object]] = {OURS: ours}
    if installed("torch"):
        found["torch"] = _torch_chain(data)
    if installed("autograd"):
        found["autograd"] = _autograd_chain(data)
    if installed("mygrad"):
        found["mygrad"] = _mygrad_chain(data)
    if installed("jax"):
        found["jax (untraced)"] = _jax_chain(data)
    return found


def _torch_chain(data: Any) -> Callable[[], object]:
    import torch

    torch.set_num_threads(1)
    x = torch.tensor(data, requires_grad=True)

    def run() -> None:
        y = x
        for _ in range(PAIRS):
            y = torch.sin(y) * x
        y.sum().backward()
        x.grad = None

    return run


def _autograd_chain(data: Any) -> Callable[[], object]:
    import autograd
    import autograd.numpy as anp

    def f(x: Any) -> Any:
        y = x
        for _ in range(PAIRS):
            y = anp.sin(y) * x
        return anp.sum(y)

    slope = autograd.grad(f)
    return lambda: slope(data)


def _mygrad_chain(data: Any) -> Callable[[], object]:
    import mygrad

    x = mygrad.tensor(data)

    def run() -> None:
        y = x
        for _ in range(PAIRS):
            y = mygrad.sin(y) * x
        y.sum().backward()
        x.null_grad()

    return run


def _jax_chain(data: Any) -> Callable[[], object]:
    import jax
    import jax.numpy as jnp

    def f(x: Any) -> Any:
        y = x
        for _ in range(PAIRS):
            y = jnp.sin(y) * x
        return y.sum()

    slope, x = jax.grad(f), jnp.asarray(data)
    return lambda: slope(x).block_until_ready()


# --------------------------------------------------------------- P6

SIZES = (2, 16, 16, 1)
RATE = 0.1
Layers = list[list[tuple[list[Any], Any]]]


def _net(leaf: Callable[[float], Any]) -> Layers:
    rng = random.Random(1337)
    return [
        [([leaf(rng.uniform(-1, 1)) for _ in range(n)], leaf(0.0)) for _ in range(m)]
        for n, m in pairwise(SIZES)
    ]


def _weights(net: Layers) -> Iterator[Any]:
    for layer in net:
        for w, b in layer:
            yield from (*w, b)


def _score(net: Layers, x: Sequence[Any], relu: Callable[[Any], Any]) -> Any:
    for k, layer in enumerate(net):
        sums = [sum((wi * xi for wi, xi in zip(w, x)), b) for w, b in layer]
        x = [relu(s) for s in sums] if k < len(net) - 1 else sums
    return x[0]


def _moons_step(
    leaf: Callable[[float], Any], constant: Callable[[float], Any], relu: Callable[[Any], Any],
    none: Any,
) -> Callable[[], object]:  # fmt: skip
    """One step of micrograd's demonstration: hinge loss, weight decay, on 10 points."""
    points, labels = _moons(10)
    net = _net(leaf)
    weights = list(_weights(net))

    def step() -> Any:
        scores = [_score(net, [constant(v) for v in x], relu) for x in points]
        losses = [relu(1 + -t * s) for t, s in zip(labels, scores)]
        total = sum(losses) * (1.0 / len(losses)) + 1e-4 * sum(w * w for w in weights)
        for w in weights:
            w.grad = none
        total.backward()
        return total

    return step


def _moons(n: int) -> tuple[list[list[float]], list[float]]:
    angle = np.linspace(0, np.pi, n // 2)
    upper = np.stack([np.cos(angle), np.sin(angle)], 1)
    lower = np.stack([1 - np.cos(angle), 0.5 - np.sin(angle)], 1)
    return [*upper.tolist(), *lower.tolist()], [1.0] * (n // 2) + [-1.0] * (n // 2)


@bench(
    "P6", "micrograd's moons net 2-16-16-1 written with scalars, one step on 10 points",
    targets=[Target("micrograd", 1)], unit="ms", rounds=9,
)  # fmt: skip
def scalars() -> Contenders:
    found: dict[str, Callable[[], object]] = {
        OURS: _moons_step(sg.tensor, lambda v: sg.tensor(v, requires_grad=False), sg.relu, None)
    }
    if installed("micrograd"):
        from micrograd.engine import Value

        found["micrograd"] = _moons_step(Value, Value, lambda v: v.relu(), 0)
    return found


@finding("P6b")
def scalars_compiled() -> Result:
    """Micrograd's demonstration as it is trained: all 100 points, hinge loss, decay, update.

    The network is the one written with scalars; ours is mapped over the points and compiled.
    """
    steps = 200
    x, t = (np.array(part, np.float32) for part in _moons(100))
    net = _net(lambda v: sg.tensor(np.float32(v), requires_grad=True))
    weights = list(_weights(net))

    def hinge(x: Any, t: Any) -> Any:
        return sg.relu(1 - t * _score(net, [x[0], x[1]], sg.relu))

    @sg.compile
    def step(x: Any, t: Any) -> Any:
        total = sg.vmap(hinge)(x, t).mean() + 1e-4 * sum(w * w for w in weights)
        for w in weights:
            w.grad = None
        total.backward()
        for w in weights:
            w.assign(w - RATE * w.grad)
        return total

    order = np.tile(np.arange(len(x)), (steps, 1))
    start = time.perf_counter()
    step.epoch(x, t, batch=len(x), rows=order[:1])
    facts = {"first step, with its compilation, s": f"{time.perf_counter() - start:.1f}"}
    found = {OURS: lambda: step.epoch(x, t, batch=len(x), rows=order)}
    (ours,) = side_by_side(found, 9)
    timings = [Timing(OURS, tuple(s / steps for s in ours.seconds))]
    if installed("micrograd"):
        timings += side_by_side({"micrograd": _micrograd_training(x.tolist(), t.tolist())}, 5)
    return Result("P6b", "the same net trained on 100 points, compiled, whole epochs",
                  tuple(timings), (Target("micrograd", 1000),), facts=facts)


def _micrograd_training(points: Any, labels: Any) -> Callable[[], object]:
    from micrograd.engine import Value

    net = _net(Value)
    weights = list(_weights(net))

    def step() -> Any:
        scores = [_score(net, [Value(v) for v in x], lambda v: v.relu()) for x in points]
        losses = [(1 + -t * s).relu() for t, s in zip(labels, scores)]
        total = sum(losses) * (1.0 / len(losses)) + 1e-4 * sum(w * w for w in weights)
        for w in weights:
            w.grad = 0
        total.backward()
        for w in weights:
            w.data -= RATE * w.grad
        return total

    return step


# --------------------------------------------------------------- P9

LONGEST = 1_000_000


def _long(n: int) -> Callable[[], object]:
    def run() -> None:
        x = sg.tensor(1.0)
        y = x
        for _ in range(n):
            y = y * 1.0
        y.backward()

    return run


def _long_torch(n: int) -> Callable[[], object]:
    import torch

    def run() -> None:
        x = torch.tensor(1.0, requires_grad=True)
        y = x
        for _ in range(n):
            y = y * 1.0
        y.backward()

    return run


def _long_autograd(n: int) -> Callable[[], object]:
    import autograd

    def f(x: float) -> float:
        y = x
        for _ in range(n):
            y = y * 1.0
        return y

    return lambda: autograd.grad(f)(1.0)


def _bytes_a_node(n: int = 20_000) -> float:
    tracemalloc.start()
    x = sg.tensor(1.0)
    y = x
    before = tracemalloc.get_traced_memory()[0]
    for _ in range(n):
        y = -y
    taken = tracemalloc.get_traced_memory()[0] - before
    tracemalloc.stop()
    return taken / n


@finding("P9")
def length() -> Result:
    """A chain of 10⁶ nodes, and shorter ones to show that time grows in proportion."""
    chains = {(OURS, n): _long(n) for n in (10_000, 100_000, LONGEST)}
    if installed("torch"):
        chains["torch", LONGEST] = _long_torch(LONGEST)
    if installed("autograd"):
        chains["autograd", LONGEST] = _long_autograd(LONGEST)
    taken: dict[tuple[str, int], list[float]] = {chain: [] for chain in chains}
    for _ in range(3):                        # in turns: a busy moment falls on all of them
        for (name, n), run in chains.items():
            rest()
            taken[name, n].append(seconds(run, max(1, 100_000 // n)))
    timings = [Timing(name, tuple(s)) for (name, n), s in taken.items() if n == LONGEST]
    facts: dict[str, Any] = {}
    for (name, n), found in taken.items():
        if name == OURS:
            took = statistics.median(found)
            facts[f"{name}: {n:,} nodes"] = f"{took:7.2f} s, {took / n * 1e6:.2f} µs a node"
    facts["bytes a node of shape ()"] = f"{_bytes_a_node():.0f}"
    title = "a chain of 10⁶ multiplications of scalars, forward, backward and freed"
    return Result("P9", title, tuple(timings), unit="s", facts=facts)
