"""Networks of the field: a training step (SGD) of LeNet, a GRU, a Transformer block, and peers.

The same sizes for all; ours is the compiled step, called one by one as the peers are.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

import seegrad as sg
from benchmarks.harness import OURS, Target, bench, installed
from seegrad import nn, optim

Contenders = Mapping[str, Callable[[], object]]
CHANCE = np.random.default_rng(0)
RATE = 0.01


def stepping(net: Any, x: Any, t: Any, wrap: Callable[[Any], Any]) -> Callable[[], object]:
    """A step of training on one mini-batch, made of `wrap` of the step in eager code."""
    rule, criterion = optim.SGD(net.parameters(), lr=RATE), nn.SoftmaxWithLoss()

    def step(x: Any, t: Any) -> Any:
        rule.zero_grad()
        loss = criterion(net(x), t)
        loss.backward()
        rule.step()
        return loss

    run = wrap(step)
    return lambda: run(x, t)


def _ours(make: Callable[[], Any], x: Any, t: Any) -> dict[str, Callable[[], object]]:
    nn.seed(0)
    return {
        OURS: stepping(make(), x, t, sg.compile),
        f"{OURS} eager": stepping(make(), x, t, lambda f: f),
    }


def _torch(net: Any, x: Any, t: Any) -> Callable[[], object]:
    import torch

    rule = torch.optim.SGD(net.parameters(), lr=RATE)
    inputs, labels = torch.tensor(x), torch.tensor(t).reshape(-1)

    def run() -> None:
        rule.zero_grad()
        scores = net(inputs)
        torch.nn.functional.cross_entropy(scores.reshape(-1, scores.shape[-1]), labels).backward()
        rule.step()

    return run


def _jax(apply: Callable[[Any, Any], Any], weights: Any, x: Any, t: Any) -> Callable[[], object]:
    import jax
    import jax.numpy as jnp

    inputs, labels = jnp.asarray(x), jnp.asarray(t).reshape(-1)

    def loss(w: Any) -> Any:
        scores = apply(w, inputs)
        rows = jax.nn.log_softmax(scores.reshape(-1, scores.shape[-1]))
        return -rows[jnp.arange(len(labels)), labels].mean()

    @jax.jit
    def step(w: Any) -> Any:
        return jax.tree.map(lambda a, g: a - RATE * g, w, jax.grad(loss)(w))

    held = [jax.tree.map(jnp.asarray, weights)]

    def run() -> None:
        held[0] = jax.block_until_ready(step(held[0]))

    return run


def _drawn(*shape: int) -> Any:
    return (CHANCE.standard_normal(shape) * 0.1).astype(np.float32)


# --------------------------------------------------------------- LeNet


@bench("LENET", "LeNet, 28×28, batch 64: one step, one call", targets=[Target("fastest", 1)])
def lenet() -> Contenders:
    x, t = _drawn(64, 1, 28, 28), CHANCE.integers(0, 10, 64)
    found = _ours(
        lambda: nn.Sequential(
            nn.Conv2d(1, 6, 5, padding=2), nn.ReLU(), nn.MaxPool2d(2),
            nn.Conv2d(6, 16, 5), nn.ReLU(), nn.MaxPool2d(2), nn.Flatten(),
            nn.Affine(400, 120), nn.ReLU(), nn.Affine(120, 84), nn.ReLU(), nn.Affine(84, 10),
        ), x, t,
    )  # fmt: skip
    if installed("torch"):
        from torch import nn as theirs

        net = theirs.Sequential(
            theirs.Conv2d(1, 6, 5, padding=2), theirs.ReLU(), theirs.MaxPool2d(2),
            theirs.Conv2d(6, 16, 5), theirs.ReLU(), theirs.MaxPool2d(2), theirs.Flatten(),
            theirs.Linear(400, 120), theirs.ReLU(), theirs.Linear(120, 84), theirs.ReLU(),
            theirs.Linear(84, 10),
        )  # fmt: skip
        found["torch"] = _torch(net, x, t)
    if installed("jax"):
        found["jax (jit)"] = _jax_lenet(x, t)
    return found


def _jax_lenet(x: Any, t: Any) -> Callable[[], object]:
    import jax
    from jax import lax

    def pooled(h: Any) -> Any:
        return lax.reduce_window(h, -np.inf, lax.max, (1, 1, 2, 2), (1, 1, 2, 2), "VALID")

    def apply(w: Any, h: Any) -> Any:
        for kernel, bias, padding in ((w[0], w[1], "SAME"), (w[2], w[3], "VALID")):
            h = lax.conv(h, kernel, (1, 1), padding) + bias[:, None, None]
            h = pooled(jax.nn.relu(h))
        h = h.reshape(len(h), -1)
        h = jax.nn.relu(h @ w[4] + w[5])
        return jax.nn.relu(h @ w[6] + w[7]) @ w[8] + w[9]

    shapes = [(6, 1, 5, 5), (6,), (16, 6, 5, 5), (16,), (400, 120), (120,), (120, 84), (84,),
              (84, 10), (10,)]  # fmt: skip
    return _jax(apply, [_drawn(*shape) for shape in shapes], x, t)


# --------------------------------------------------------------- GRU

STEPS, HIDDEN, WORDS = 32, 128, 64


@bench("GRU", "GRU of 128 over 32 characters, batch 32: one step", targets=[Target("fastest", 1)])
def gru() -> Contenders:
    x, t = _drawn(32, STEPS, 32), CHANCE.integers(0, WORDS, (32, STEPS))
    found = _ours(
        lambda: nn.Sequential(nn.GRU(32, HIDDEN), nn.Affine(HIDDEN, WORDS)), x, t
    )
    if installed("torch"):
        import torch

        class Reader(torch.nn.Module):
            def __init__(self) -> None:
                super().__init__()
                self.gru = torch.nn.GRU(32, HIDDEN, batch_first=True)
                self.out = torch.nn.Linear(HIDDEN, WORDS)

            def forward(self, x: Any) -> Any:
                return self.out(self.gru(x)[0])

        found["torch"] = _torch(Reader(), x, t)
    if installed("jax"):
        found["jax (scan)"] = _jax_gru(x, t)
    return found


def _jax_gru(x: Any, t: Any) -> Callable[[], object]:
    import jax
    import jax.numpy as jnp

    def apply(w: Any, inputs: Any) -> Any:
        given = (inputs @ w[0] + w[1]).transpose(1, 0, 2)

        def step(h: Any, part: Any) -> tuple[Any, Any]:
            xr, xz, xn = jnp.split(part, 3, -1)
            hr, hz, hn = jnp.split(h @ w[2] + w[3], 3, -1)
            z = jax.nn.sigmoid(xz + hz)
            n = jnp.tanh(xn + jax.nn.sigmoid(xr + hr) * hn)
            h = n + z * (h - n)
            return h, h

        _, out = jax.lax.scan(step, jnp.zeros((len(inputs), HIDDEN), np.float32), given)
        return out.transpose(1, 0, 2) @ w[4] + w[5]

    shapes = [(32, 3 * HIDDEN), (3 * HIDDEN,), (HIDDEN, 3 * HIDDEN), (3 * HIDDEN,),
              (HIDDEN, WORDS), (WORDS,)]  # fmt: skip
    return _jax(apply, [_drawn(*shape) for shape in shapes], x, t)


# --------------------------------------------------------------- Transformer

WIDTH, HEADS = 128, 4


@bench(
    "TRANSFORMER", "Transformer block, width 128, 4 heads, 64 positions, batch 16: one step",
    targets=[Target("fastest", 1)],
)  # fmt: skip
def transformer() -> Contenders:
    x, t = _drawn(16, 64, WIDTH), CHANCE.integers(0, WIDTH, (16, 64))
    found = _ours(lambda: nn.TransformerBlock(WIDTH, HEADS), x, t)
    if installed("torch"):
        import torch

        found["torch"] = _torch(
            torch.nn.TransformerEncoderLayer(
                WIDTH, HEADS, 4 * WIDTH, 0.0, "gelu", batch_first=True, norm_first=True
            ), x, t,
        )  # fmt: skip
    if installed("jax"):
        found["jax (jit)"] = _jax_block(x, t)
    return found


def _jax_block(x: Any, t: Any) -> Callable[[], object]:
    import jax
    import jax.numpy as jnp

    def norm(h: Any, gamma: Any, beta: Any) -> Any:
        centred = h - h.mean(-1, keepdims=True)
        return centred / jnp.sqrt((centred**2).mean(-1, keepdims=True) + 1e-5) * gamma + beta

    def apply(w: Any, h: Any) -> Any:
        a = norm(h, w["g1"], w["b1"])

        def heads(part: Any) -> Any:
            n, length, _ = part.shape
            return part.reshape(n, length, HEADS, -1).transpose(0, 2, 1, 3)

        q, k, v = (heads(a @ w[name] + w[f"c{name}"]) for name in "qkv")
        weights = jax.nn.softmax(q @ k.transpose(0, 1, 3, 2) / np.sqrt(WIDTH // HEADS))
        h = h + (weights @ v).transpose(0, 2, 1, 3).reshape(h.shape) @ w["o"] + w["co"]
        a = norm(h, w["g2"], w["b2"])
        return h + jax.nn.gelu(a @ w["m"] + w["cm"], approximate=False) @ w["l"] + w["cl"]

    square, row = (WIDTH, WIDTH), (WIDTH,)
    shapes: dict[str, tuple[int, ...]] = {
        **dict.fromkeys("qkvo", square), **{f"c{n}": row for n in "qkvol"},
        **dict.fromkeys(("g1", "b1", "g2", "b2"), row),
        "m": (WIDTH, 4 * WIDTH), "cm": (4 * WIDTH,), "l": (4 * WIDTH, WIDTH),
    }  # fmt: skip
    return _jax(apply, {name: _drawn(*shape) for name, shape in shapes.items()}, x, t)
