"""Compiled workloads: whole training steps, elementwise work, first calls, second derivatives."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
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
    side_by_side,
)
from seegrad import nn, optim
from seegrad.compiler import build
from seegrad.compiler.inspect import machine_peak
from seegrad.compiler.runtime import thread_pool

Contenders = Mapping[str, Callable[[], object]]
STEPS = 60
RATE = 0.1
BETAS, EPS = (0.9, 0.999), 1e-8

# --------------------------------------------------------------- one training step, many ways


class Task:
    """A network of Affine layers with one activation between, its data and its first weights."""

    def __init__(
        self, sizes: Sequence[int], batch: int, rows: int, activation: str = "relu",
        rule: str = "sgd", steps: int = STEPS,
    ) -> None:
        chance = np.random.default_rng(0)
        self.sizes, self.batch, self.activation, self.rule = tuple(sizes), batch, activation, rule
        self.x = chance.random((rows, sizes[0]), dtype=np.float32)
        self.t = chance.integers(0, sizes[-1], rows)
        self.order = chance.integers(0, rows, (steps, batch))
        self.weights = [
            (chance.standard_normal((a, b)) * np.sqrt(1 / a)).astype(np.float32)
            for a, b in pairwise(sizes)
        ]

    @property
    def flops(self) -> float:
        """Floating-point operations of the products of a step that must be done."""
        pairs = list(pairwise(self.sizes))
        return sum(4.0 * self.batch * a * b for a, b in pairs) + sum(
            2.0 * self.batch * a * b for a, b in pairs[1:]
        )

    def parameters(self) -> list[Any]:
        """Weights and zero biases, layer by layer."""
        return [p.copy() for w in self.weights for p in (w, np.zeros(w.shape[1], np.float32))]


def our_step(task: Task) -> Any:
    layers: list[Any] = []
    for a, b in zip(task.sizes, task.sizes[1:]):
        layers += [nn.Affine(a, b), nn.ReLU() if task.activation == "relu" else nn.Sigmoid()]
    net = nn.Sequential(*layers[:-1])
    for target, value in zip(net.parameters(), task.parameters()):
        target.assign(value)
    rule = optim.SGD if task.rule == "sgd" else optim.Adam
    opt = rule(net.parameters(), lr=RATE if task.rule == "sgd" else 1e-3)
    loss_of = nn.SoftmaxWithLoss()

    @sg.compile
    def step(x: Any, t: Any) -> Any:
        opt.zero_grad()
        loss = loss_of(net(x), t)
        loss.backward()
        opt.step()
        return loss

    return step


def numpy_step(task: Task) -> Callable[[Any, Any], Any]:
    """The step written by hand."""
    p = task.parameters()
    sigmoid = task.activation == "sigmoid"
    moments = [(np.zeros_like(w), np.zeros_like(w)) for w in p]
    count = [0]

    def update(w: Any, g: Any, kept: Any) -> None:
        if task.rule == "sgd":
            w -= np.float32(RATE) * g
            return
        m, v = kept
        m += (1 - BETAS[0]) * (g - m)
        v += (1 - BETAS[1]) * (g * g - v)
        scale = np.float32(1e-3 * np.sqrt(1 - BETAS[1] ** count[0]) / (1 - BETAS[0] ** count[0]))
        w -= scale * m / (np.sqrt(v) + np.float32(EPS))

    def step(x: Any, t: Any) -> Any:
        count[0] += 1
        hidden = [x]
        for i in range(0, len(p) - 2, 2):
            z = hidden[-1] @ p[i] + p[i + 1]
            hidden.append(1 / (1 + np.exp(-z)) if sigmoid else np.maximum(z, 0))
        z = hidden[-1] @ p[-2] + p[-1]
        y = np.exp(z - z.max(axis=1, keepdims=True))
        y /= y.sum(axis=1, keepdims=True)
        rows = np.arange(len(t))
        loss = -np.log(y[rows, t]).mean()
        d = y
        d[rows, t] -= 1
        d /= np.float32(len(t))
        for i in range(len(p) - 2, -1, -2):
            h = hidden[i // 2]
            dw, db = h.T @ d, d.sum(axis=0)
            if i:
                d = d @ p[i].T
                d = d * (h * (1 - h)) if sigmoid else d * (h > 0)
            update(p[i], dw, moments[i])
            update(p[i + 1], db, moments[i + 1])
        return loss

    return step


def torch_step(task: Task, threads: int, compiled: bool = False) -> Callable[[Any, Any], Any]:
    import torch

    torch.set_num_threads(threads)
    layers: list[Any] = []
    for a, b in zip(task.sizes, task.sizes[1:]):
        active = torch.nn.ReLU if task.activation == "relu" else torch.nn.Sigmoid
        layers += [torch.nn.Linear(a, b), active()]
    net = torch.nn.Sequential(*layers[:-1])
    rule = torch.optim.SGD if task.rule == "sgd" else torch.optim.Adam
    opt = rule(net.parameters(), lr=RATE if task.rule == "sgd" else 1e-3)
    loss_of = torch.nn.CrossEntropyLoss()

    def step(x: Any, t: Any) -> Any:
        opt.zero_grad()
        loss = loss_of(net(x), t)
        loss.backward()
        opt.step()
        return loss

    return torch.compile(step) if compiled else step


def jax_step(task: Task) -> tuple[Any, Any]:
    """A pure step (state, x, t) → (state, loss), and its first state."""
    import jax
    import jax.numpy as jnp

    active = jax.nn.relu if task.activation == "relu" else jax.nn.sigmoid

    def loss_of(p: Any, x: Any, t: Any) -> Any:
        for i in range(0, len(p) - 2, 2):
            x = active(x @ p[i] + p[i + 1])
        rows = jax.nn.log_softmax(x @ p[-2] + p[-1])
        return -jnp.take_along_axis(rows, t[:, None], 1).mean()

    def step(state: Any, x: Any, t: Any) -> Any:
        p, m, v, count = state
        loss, g = jax.value_and_grad(loss_of)(p, x, t)
        if task.rule == "sgd":
            return ([w - RATE * d for w, d in zip(p, g)], m, v, count), loss
        count = count + 1
        m = [a + (1 - BETAS[0]) * (d - a) for a, d in zip(m, g)]
        v = [a + (1 - BETAS[1]) * (d * d - a) for a, d in zip(v, g)]
        scale = 1e-3 * jnp.sqrt(1 - BETAS[1] ** count) / (1 - BETAS[0] ** count)
        p = [w - scale * a / (jnp.sqrt(b) + EPS) for w, a, b in zip(p, m, v)]
        return (p, m, v, count), loss

    p = [jnp.asarray(w) for w in task.parameters()]
    zeros = [jnp.zeros_like(w) for w in p] if task.rule != "sgd" else []
    return step, (p, zeros, zeros, jnp.zeros(()))


def epochs(task: Task) -> Contenders:
    """Whole passes: a slice of steps, rows gathered from memory."""
    x, t, order = task.x, task.t, task.order
    step = our_step(task)
    by_hand = numpy_step(task)
    found: dict[str, Callable[[], object]] = {
        OURS: lambda: step.epoch(x, t, batch=task.batch, rows=order),
        "numpy": lambda: [by_hand(x[rows], t[rows]) for rows in order],
    }
    if installed("torch"):
        import torch

        x2, t2, rows2 = torch.from_numpy(x), torch.from_numpy(t), torch.from_numpy(order)
        torch2 = torch_step(task, 2)
        found["torch"] = lambda: [torch2(x2[rows], t2[rows]) for rows in rows2]
    if installed("jax"):
        found |= _jax_epochs(task)
    return found


def _jax_epochs(task: Task) -> Contenders:
    import jax
    import jax.numpy as jnp

    step, start = jax_step(task)
    x, t, order = jnp.asarray(task.x), jnp.asarray(task.t), jnp.asarray(task.order)
    once = jax.jit(lambda s, rows: step(s, x[rows], t[rows]))
    scan = jax.jit(lambda s: jax.lax.scan(lambda s, rows: step(s, x[rows], t[rows]), s, order))
    states = {"jit": start, "scan": start}

    def by_calls() -> object:
        state = states["jit"]
        for rows in order:
            state, loss = once(state, rows)
        states["jit"] = jax.block_until_ready(state)
        return loss

    def by_scan() -> object:
        states["scan"], losses = jax.block_until_ready(scan(states["scan"]))
        return losses

    return {"jax (jit)": by_calls, "jax (scan)": by_scan}


def single(task: Task) -> Contenders:
    """One step a call, on a mini-batch that is there."""
    x, t = task.x[: task.batch].copy(), task.t[: task.batch].copy()
    step, by_hand = our_step(task), numpy_step(task)
    found: dict[str, Callable[[], object]] = {
        OURS: lambda: step(x, t), "numpy": lambda: by_hand(x, t)
    }
    if installed("torch"):
        import torch

        x2, t2, torch1 = torch.from_numpy(x), torch.from_numpy(t), torch_step(task, 1)
        found["torch"] = lambda: torch1(x2, t2)
    if installed("jax"):
        import jax
        import jax.numpy as jnp

        pure, start = jax_step(task)
        once, x3, t3, state = jax.jit(pure), jnp.asarray(x), jnp.asarray(t), [start]

        def call() -> object:
            state[0], loss = once(state[0], x3, t3)
            return jax.block_until_ready(loss)

        found["jax (jit)"] = call
    return found


def per_step(timings: Sequence[Timing], steps: int) -> tuple[Timing, ...]:
    """Timings of slices as timings of a step."""
    return tuple(Timing(t.name, tuple(s / steps for s in t.seconds)) for t in timings)


def torch_compiles() -> bool:
    """torch.compile needs a C++ compiler."""
    return installed("torch") and shutil.which("g++") is not None


def _compiled_by_torch(task: Task) -> Contenders:
    if not torch_compiles():
        return {}
    import torch

    x, t, order = map(torch.from_numpy, (task.x, task.t, task.order))
    step = torch_step(task, 2, compiled=True)
    return {"torch.compile": lambda: [step(x[rows], t[rows]) for rows in order]}


def _trained(
    key: str, title: str, task: Task, factor: float, rounds: int, **facts: Any
) -> Result:
    contenders = {**epochs(task), **_compiled_by_torch(task)}
    timings = per_step(side_by_side(contenders, rounds), len(task.order))
    result = Result(key, title, timings, (Target("fastest", factor),))
    ours = result.of(OURS)
    assert ours is not None
    cores = thread_pool.thread_count()
    peak = machine_peak.flops(cores)
    facts |= {
        "products of a step, MFLOP": f"{task.flops / 1e6:.1f}",
        f"measured peak of {cores} threads, GFLOP/s": f"{peak / 1e9:.0f}",
        "share of the peak": f"{task.flops / ours.median / peak:.0%}",
    }
    if (ratio := result.ratio("fastest")) is not None:       # nothing could be faster than this
        bound = task.flops / peak
        facts["the products alone at the whole peak"] = (
            f"{bound * 1e6:.1f} µs, {ratio * ours.median / bound:.2f}× the fastest"
        )
    return Result(key, title, timings, result.targets, facts=facts)


@finding("P1")
def chapter() -> Result:
    """The chapter's network."""
    task = Task((784, 50, 10), 100, 6000, "sigmoid")
    result = _trained("P1", "a step of 784-50-10, sigmoid, SGD, batch 100, whole epochs", task,
                      3.5, 11)
    ours = result.of(OURS)
    assert ours is not None
    facts = {**result.facts, "10,000 steps, s": f"{ours.median * 1e4:.2f}",
             "copy bandwidth, GB/s": f"{machine_peak.copy_bandwidth() / 1e9:.0f}"}
    return Result("P1", result.title, result.timings, result.targets, facts=facts)


@finding("P2")
def wide() -> Result:
    """Two hidden layers of 512, Adam."""
    task = Task((784, 512, 512, 10), 128, 6000, rule="adam", steps=12)
    return _trained("P2", "a step of 784-512-512-10, ReLU, Adam, batch 128, whole epochs", task,
                    1.3, 7)


@finding("P3")
def tiny() -> Result:
    """The digits' network, whole epochs."""
    task = Task((64, 32, 10), 32, 1797, steps=200)
    return _trained("P3", "a step of 64-32-10, ReLU, SGD, batch 32, whole epochs", task, 4, 9)


@bench("P3b", "a step of 64-32-10, ReLU, SGD, batch 32, one call a step",
       targets=[Target("fastest", 4)], rounds=9)  # fmt: skip
def tiny_calls() -> Contenders:
    return single(Task((64, 32, 10), 32, 1797))


# --------------------------------------------------------------- P5

ELEMENTS = 10_000_000


def _arithmetic(x: Any, exp: Any) -> Any:
    return 1.0 / (exp(x * -1.0) + 1.0)


@finding("P5")
def sigmoid_arithmetic() -> Result:
    """Memory is the limit: x and g are read, y and dx written."""
    chance = np.random.default_rng(0)
    x = chance.standard_normal(ELEMENTS, dtype=np.float32)
    g = np.ones_like(x)

    @sg.compile
    def both(x: Any, g: Any) -> Any:
        y, pull = sg.vjp(lambda z: _arithmetic(z, sg.exp), x)
        return y, pull(g)[0]

    def by_hand() -> object:
        y = _arithmetic(x, np.exp)
        return y, g * (y * (1 - y))

    found: dict[str, Callable[[], object]] = {OURS: lambda: both(x, g), "numpy": by_hand}
    if installed("torch"):
        import torch

        torch.set_num_threads(2)
        leaf = torch.from_numpy(x.copy()).requires_grad_()
        upstream = torch.from_numpy(g)

        def torch_run() -> object:
            leaf.grad = None
            y = _arithmetic(leaf, torch.exp)
            y.backward(upstream)
            return y

        found["torch"] = torch_run
        if torch_compiles():
            forward = torch.compile(lambda z: _arithmetic(z, torch.exp))

            def torch_compiled_run() -> object:
                leaf.grad = None
                y = forward(leaf)
                y.backward(upstream)
                return y

            found["torch.compile"] = torch_compiled_run
    if installed("jax"):
        import jax
        import jax.numpy as jnp

        def pulled(x: Any, g: Any) -> Any:
            y, pull = jax.vjp(lambda z: _arithmetic(z, jnp.exp), x)
            return y, pull(g)[0]

        run, x3, g3 = jax.jit(pulled), jnp.asarray(x), jnp.asarray(g)
        found["jax (jit)"] = lambda: jax.block_until_ready(run(x3, g3))
    timings = side_by_side(found, 7)
    targets = (Target("jax (jit)", 1.0), Target("torch.compile", 1.0))
    result = Result("P5", "sigmoid of 10⁷ float32 as ×, exp, +, ÷: forward and backward", timings,
                    targets, unit="ms")
    ours = result.of(OURS)
    assert ours is not None
    moved, copied = 4.0 * x.nbytes / ours.median, machine_peak.copy_bandwidth()
    facts = {
        "bytes moved, GB/s": f"{moved / 1e9:.1f}",
        "copy bandwidth, GB/s": f"{copied / 1e9:.1f}",
        "share of the copy bandwidth": f"{moved / copied:.0%} (target ≥ 85 %)",
    }
    return Result("P5", result.title, timings, targets, "ms", facts)


# --------------------------------------------------------------- P7

_TORCH = """
import sys, time
sys.path.insert(0, ".")
import torch
from benchmarks.compiled import Task, torch_step
task = Task((784, 50, 10), 100, 6000, "sigmoid")
x, t = torch.from_numpy(task.x[:100]), torch.from_numpy(task.t[:100])
step = torch_step(task, 2, compiled=True)
start = time.perf_counter()
step(x, t)
print(time.perf_counter() - start)
"""


@finding("P7")
def first_calls() -> Result:
    """Trace, differentiate, compile and run P1's step for the first time."""
    task = Task((784, 50, 10), 100, 6000, "sigmoid")
    x, t = task.x[:100], task.t[:100]

    def ours() -> float:
        build.made.cache_clear()
        step = our_step(task)
        start = time.perf_counter()
        step(x, t)
        return time.perf_counter() - start

    ours()
    timings = [Timing(OURS, tuple(ours() for _ in range(5)))]
    if installed("jax"):
        import jax

        def peer() -> float:
            jax.clear_caches()
            step, state = jax_step(task)
            start = time.perf_counter()
            jax.block_until_ready(jax.jit(step)(state, x, t))
            return time.perf_counter() - start

        peer()
        timings.append(Timing("jax (jit)", tuple(peer() for _ in range(5))))
    facts: dict[str, Any] = {}
    if torch_compiles():
        with tempfile.TemporaryDirectory() as cache:  # a first call: nothing is known from before
            done = subprocess.run(
                [sys.executable, "-c", _TORCH], capture_output=True, text=True,
                env=os.environ | {"TORCHINDUCTOR_CACHE_DIR": cache},
            )  # fmt: skip
        if done.returncode == 0:
            timings.append(Timing("torch.compile", (float(done.stdout.split()[-1]),)))
        else:
            facts["torch.compile"] = f"failed: {done.stderr.strip().splitlines()[-1][:80]}"
    else:
        facts["torch.compile"] = "not measured: it needs a C++ compiler"
    targets = (Target("jax (jit)", 1.0), Target("torch.compile", 50.0))
    return Result("P7", "first call of P1's step", tuple(timings), targets, "ms", facts)


# --------------------------------------------------------------- P10


@bench("P10", "Hessian of P1's loss times a vector, compiled",
       targets=[Target("fastest", 1.0)], rounds=9)  # fmt: skip
def second_order() -> Contenders:
    task = Task((784, 50, 10), 100, 6000, "sigmoid")
    x, t, p = task.x[:100].copy(), task.t[:100].copy(), task.parameters()
    v = [np.ones_like(w) for w in p]

    def loss(p: Any, x: Any, t: Any) -> Any:
        h = sg.sigmoid(sg.matmul(x, p[0]) + p[1])
        return sg.softmax_cross_entropy(h @ p[2] + p[3], t)

    ours = sg.compile(lambda p, v, x, t: sg.hvp(lambda q: loss(q, x, t), p, v))
    found: dict[str, Callable[[], object]] = {OURS: lambda: ours(p, v, x, t)}
    if installed("torch"):
        found["torch"] = _torch_hvp(p, v, x, t)
    if installed("jax"):
        found["jax (jit)"] = _jax_hvp(p, v, x, t)
    return found


def _torch_hvp(p: Any, v: Any, x: Any, t: Any) -> Callable[[], object]:
    import torch

    torch.set_num_threads(2)
    q = tuple(torch.from_numpy(w.copy()) for w in p)
    u = tuple(map(torch.from_numpy, v))
    x2, t2 = torch.from_numpy(x), torch.from_numpy(t)

    def loss(*q: Any) -> Any:
        h = torch.sigmoid(x2 @ q[0] + q[1])
        return torch.nn.functional.cross_entropy(h @ q[2] + q[3], t2)

    return lambda: torch.autograd.functional.hvp(loss, q, u)


def _jax_hvp(p: Any, v: Any, x: Any, t: Any) -> Callable[[], object]:
    import jax
    import jax.numpy as jnp

    def loss(q: Any) -> Any:
        h = jax.nn.sigmoid(x @ q[0] + q[1])
        rows = jax.nn.log_softmax(h @ q[2] + q[3])
        return -jnp.take_along_axis(rows, t[:, None], 1).mean()

    run = jax.jit(lambda q, u: jax.jvp(jax.grad(loss), (q,), (u,))[1])
    q, u = [jnp.asarray(w) for w in p], [jnp.asarray(w) for w in v]
    return lambda: jax.block_until_ready(run(q, u))
