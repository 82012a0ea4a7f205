"""A GPT of four layers, trained, asked for scores and made to write: P12 and P20b.

Width 128, 4 heads, context 64, 65 letters, dropout 0.1; a step is AdamW with clipped gradients,
batch 16. All write 40 letters greedily with a cache of keys and values.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from functools import cache
from typing import Any

import numpy as np

import seegrad as sg
from benchmarks.harness import OURS, Target, bench, installed
from benchmarks.residual import scoring
from seegrad import nn, optim

Contenders = Mapping[str, Callable[[], object]]
WIDTH, HEADS, LAYERS, CONTEXT, LETTERS, DROPPED = 128, 4, 4, 64, 65, 0.1
BATCH, READ, WRITTEN = 16, 32, 40
RATE, DECAY, BETAS, LARGEST = 1e-3, 0.01, (0.9, 0.999), 1.0
CHANCE = np.random.default_rng(0)
X, T = (CHANCE.integers(0, LETTERS, (READ, CONTEXT)) for _ in range(2))


class GPT(nn.Module):
    """Letters and their places, blocks, scores."""

    def __init__(self) -> None:
        super().__init__()
        nn.seed(0)
        self.words, self.places = nn.Embedding(LETTERS, WIDTH), nn.Embedding(CONTEXT, WIDTH)
        self.drop = nn.Dropout(DROPPED)
        self.blocks: list[Any] = [
            nn.TransformerBlock(WIDTH, HEADS, causal=True, dropout=DROPPED) for _ in range(LAYERS)
        ]
        self.norm, self.head = nn.LayerNorm(WIDTH), nn.Affine(WIDTH, LETTERS)

    def forward(self, x: Any) -> Any:
        seen = self.drop(self.words(x) + self.places(np.arange(x.shape[1])))
        for block in self.blocks:
            seen = block(seen)
        return self.head(self.norm(seen))

    def cache(self) -> list[Any]:
        """Of each block, for one text."""
        return [block.cache(1, CONTEXT) for block in self.blocks]

    def run(self, x: Any, at: Any, caches: list[Any]) -> tuple[Any, list[Any]]:
        """The scores behind the next letter, which stands in place `at`, and the caches."""
        seen = self.words(x) + self.places(at)
        found = []
        for block, kept in zip(self.blocks, caches):
            seen, kept = block.run(seen, kept)
            found.append(kept)
        return self.head(self.norm(seen)), found


@cache
def _torch_class() -> Any:
    import torch
    from torch import nn as theirs
    from torch.nn import functional as F

    class Block(theirs.Module):
        def __init__(self) -> None:
            super().__init__()
            self.norm1, self.norm2 = theirs.LayerNorm(WIDTH), theirs.LayerNorm(WIDTH)
            self.qkv, self.out = theirs.Linear(WIDTH, 3 * WIDTH), theirs.Linear(WIDTH, WIDTH)
            self.network = theirs.Sequential(
                theirs.Linear(WIDTH, 4 * WIDTH), theirs.GELU(), theirs.Linear(4 * WIDTH, WIDTH)
            )
            self.drop = theirs.Dropout(DROPPED)

        def forward(self, x: Any, kept: Any = None) -> Any:
            n, t, _ = x.shape
            parts = self.qkv(self.norm1(x)).split(WIDTH, 2)
            q, k, v = (p.view(n, t, HEADS, -1).transpose(1, 2) for p in parts)
            if kept is not None:
                k, v = torch.cat((kept[0], k), 2), torch.cat((kept[1], v), 2)
            seen = F.scaled_dot_product_attention(
                q, k, v, dropout_p=DROPPED if self.training else 0.0, is_causal=kept is None
            )
            x = x + self.drop(self.out(seen.transpose(1, 2).reshape(n, t, WIDTH)))
            x = x + self.drop(self.network(self.norm2(x)))
            return x if kept is None else (x, (k, v))

    class Theirs(theirs.Module):
        def __init__(self) -> None:
            super().__init__()
            self.words = theirs.Embedding(LETTERS, WIDTH)
            self.places = theirs.Embedding(CONTEXT, WIDTH)
            self.drop = theirs.Dropout(DROPPED)
            self.blocks = theirs.ModuleList([Block() for _ in range(LAYERS)])
            self.norm, self.head = theirs.LayerNorm(WIDTH), theirs.Linear(WIDTH, LETTERS)

        def forward(self, x: Any) -> Any:
            seen = self.drop(self.words(x) + self.places.weight[: x.shape[1]])
            for block in self.blocks:
                seen = block(seen)
            return self.head(self.norm(seen))

        def run(self, x: Any, at: int, kept: list[Any]) -> Any:
            seen = self.words(x) + self.places.weight[at : at + 1]
            for i, block in enumerate(self.blocks):
                seen, kept[i] = block(seen, kept[i])
            return self.head(self.norm(seen))

    return Theirs


# --------------------------------------------------------------- a step of training


def _our_step(wrap: Callable[[Any], Any]) -> Callable[[], object]:
    net, loss_of = GPT(), nn.SoftmaxWithLoss()
    parameters = net.parameters()
    rule = optim.AdamW(parameters, lr=RATE, weight_decay=DECAY)

    @wrap
    def step(x: Any, t: Any) -> Any:
        rule.zero_grad()
        loss = loss_of(net(x), t)
        loss.backward()
        optim.clip_norm(parameters, LARGEST)
        rule.step()
        return loss

    return lambda: step(X[:BATCH], T[:BATCH])


def _torch_step() -> Callable[[], object]:
    import torch

    net = _torch_class()()
    rule = torch.optim.AdamW(net.parameters(), lr=RATE, weight_decay=DECAY, fused=True)
    x, t = torch.tensor(X[:BATCH]), torch.tensor(T[:BATCH]).reshape(-1)

    def step() -> object:
        rule.zero_grad()
        loss = torch.nn.functional.cross_entropy(net(x).reshape(-1, LETTERS), t)
        loss.backward()
        torch.nn.utils.clip_grad_norm_(net.parameters(), LARGEST)
        rule.step()
        return loss

    return step


def _jax_weights() -> dict[str, Any]:
    def drawn(*shape: int) -> Any:
        return (CHANCE.standard_normal(shape) / math.sqrt(shape[0])).astype(np.float32)

    def norm() -> Any:
        return np.ones(WIDTH, np.float32), np.zeros(WIDTH, np.float32)

    def affine(i: int, o: int) -> Any:
        return drawn(i, o), np.zeros(o, np.float32)

    blocks = [
        {"norm1": norm(), "qkv": affine(WIDTH, 3 * WIDTH), "out": affine(WIDTH, WIDTH),
         "norm2": norm(), "wide": affine(WIDTH, 4 * WIDTH), "back": affine(4 * WIDTH, WIDTH)}
        for _ in range(LAYERS)
    ]  # fmt: skip
    return {"words": drawn(LETTERS, WIDTH), "places": drawn(CONTEXT, WIDTH), "blocks": blocks,
            "norm": norm(), "head": affine(WIDTH, LETTERS)}  # fmt: skip


def _jax_loss(w: Any, x: Any, t: Any, key: Any) -> Any:
    import jax
    import jax.numpy as jnp

    keys = iter(jax.random.split(key, 3 * LAYERS + 1))

    def dropped(h: Any) -> Any:
        stays = jax.random.bernoulli(next(keys), 1 - DROPPED, h.shape)
        return jnp.where(stays, h / (1 - DROPPED), 0)

    def norm(h: Any, p: Any) -> Any:
        centred = h - h.mean(-1, keepdims=True)
        return centred * jax.lax.rsqrt((centred**2).mean(-1, keepdims=True) + 1e-5) * p[0] + p[1]

    def heads(h: Any) -> Any:
        return h.reshape(*h.shape[:2], HEADS, -1).transpose(0, 2, 1, 3)

    h = dropped(w["words"][x] + w["places"])
    before = np.tri(CONTEXT, dtype=bool)
    for p in w["blocks"]:
        q, k, v = map(heads, jnp.split(norm(h, p["norm1"]) @ p["qkv"][0] + p["qkv"][1], 3, -1))
        scores = q @ k.transpose(0, 1, 3, 2) / math.sqrt(WIDTH // HEADS)
        seen = dropped(jax.nn.softmax(jnp.where(before, scores, -jnp.inf))) @ v
        seen = seen.transpose(0, 2, 1, 3).reshape(h.shape)
        h = h + dropped(seen @ p["out"][0] + p["out"][1])
        wide = jax.nn.gelu(norm(h, p["norm2"]) @ p["wide"][0] + p["wide"][1], approximate=False)
        h = h + dropped(wide @ p["back"][0] + p["back"][1])
    rows = jax.nn.log_softmax(norm(h, w["norm"]) @ w["head"][0] + w["head"][1])
    return -jnp.take_along_axis(rows, t[..., None], -1).mean()


def _jax_step() -> Callable[[], object]:
    import jax
    import jax.numpy as jnp

    @jax.jit
    def step(w: Any, m: Any, v: Any, count: Any, key: Any) -> Any:
        key, mine = jax.random.split(key)
        loss, g = jax.value_and_grad(_jax_loss)(w, x, t, mine)
        norm = jnp.sqrt(sum((d**2).sum() for d in jax.tree.leaves(g)))
        g = jax.tree.map(lambda d: d * jnp.minimum(1, LARGEST / (norm + 1e-6)), g)
        count = count + 1
        m = jax.tree.map(lambda a, d: BETAS[0] * a + (1 - BETAS[0]) * d, m, g)
        v = jax.tree.map(lambda a, d: BETAS[1] * a + (1 - BETAS[1]) * d * d, v, g)
        first, second = 1 - BETAS[0] ** count, 1 - BETAS[1] ** count
        w = jax.tree.map(
            lambda p, a, b: p - RATE * (DECAY * p + a / first / (jnp.sqrt(b / second) + 1e-8)),
            w, m, v,
        )  # fmt: skip
        return (w, m, v, count, key), loss

    x, t = jnp.asarray(X[:BATCH]), jnp.asarray(T[:BATCH])
    weights = jax.tree.map(jnp.asarray, _jax_weights())
    zeros = jax.tree.map(jnp.zeros_like, weights)
    held = [(weights, zeros, zeros, jnp.zeros(()), jax.random.key(0))]

    def run() -> object:
        held[0], loss = step(*held[0])
        return jax.block_until_ready(loss)

    return run


@bench("P12", "GPT of 4 layers, batch 16, dropout, AdamW, clipping: one training step", unit="ms",
       targets=[Target("torch", 1.8), Target("jax (jit)", 2.0)])  # fmt: skip
def training() -> Contenders:
    found = {OURS: _our_step(sg.compile)}
    if installed("torch"):
        found["torch"] = _torch_step()
    if installed("jax"):
        found["jax (jit)"] = _jax_step()
    return found


@bench("P20b", "GPT of 4 layers, batch 16, dropout, AdamW, clipping: one step, eager", unit="ms",
       targets=[Target("torch", 0.6)], rounds=5)  # fmt: skip
def eager() -> Contenders:
    found = {OURS: _our_step(lambda step: step)}
    if installed("torch"):
        found["torch"] = _torch_step()
    return found


# --------------------------------------------------------------- scores, and text


@bench("P12-32", f"GPT of 4 layers: the scores of {READ} texts of {CONTEXT} letters", unit="ms",
       targets=[Target("onnxruntime", 1)])  # fmt: skip
def many_texts() -> Contenders:
    return scoring(GPT(), lambda: _torch_class()(), X)


def _our_text(net: Any) -> Callable[[], object]:
    """One compiled call: the loop over the letters is a node of the program."""

    @sg.compile
    def written(x: Any) -> Any:
        def turn(state: Any, at: Any) -> Any:
            x = sg.argmax(state[0], axis=-1)
            return net.run(x, at, state[1]), x

        start = net.run(x, np.array([0]), net.cache())
        return sg.scan(turn, start, np.arange(1, WRITTEN + 1)[:, None])[1]

    return lambda: written(X[:1, :1])


def _our_letters(net: Any) -> Callable[[], object]:
    """A call for each letter, of one program."""

    @sg.compile
    def turn(x: Any, at: Any, caches: Any) -> Any:
        scores, caches = net.run(x, at, caches)
        return sg.argmax(scores, axis=-1), caches

    def run() -> object:
        x, caches = X[:1, :1], net.cache()
        for at in range(WRITTEN):
            x, caches = turn(x, np.array([at]), caches)
        return x

    return run


def _torch_text() -> Callable[[], object]:
    import torch

    net = _torch_class()().eval()
    first = torch.tensor(X[:1, :1])
    nothing = torch.empty(1, HEADS, 0, WIDTH // HEADS)

    def run() -> object:
        x, kept = first, [(nothing, nothing)] * LAYERS
        with torch.no_grad():
            for at in range(WRITTEN):
                x = net.run(x, at, kept).argmax(-1)
        return x

    return run


@bench("P12-40", f"GPT of 4 layers: {WRITTEN} letters written, with a cache", unit="ms",
       targets=[Target("torch", 8)])  # fmt: skip
def writing() -> Contenders:
    net = GPT()
    net.eval()
    found = {OURS: _our_text(net), f"{OURS}, a call a letter": _our_letters(net)}
    if installed("torch"):
        found["torch"] = _torch_text()
    return found
