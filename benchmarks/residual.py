"""ResNet-20 on pictures of 32 × 32, as the paper has it (He et al. 2016): P11 and P20.

One training step (SGD, batch 32), compiled and eager, and the scores of one picture and of 32.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np

import seegrad as sg
from benchmarks.harness import OURS, Target, bench, installed
from benchmarks.networks import stepping
from seegrad import nn

Contenders = Mapping[str, Callable[[], object]]
STAGES = ((16, 1), (32, 2), (64, 2))
RATE = 0.01
CHANCE = np.random.default_rng(0)
X, T = CHANCE.standard_normal((32, 3, 32, 32)).astype(np.float32), CHANCE.integers(0, 10, 32)


def _blocks() -> list[tuple[int, int, int]]:
    """(channels in, out, step) of each."""
    found, before = [], 16
    for width, step in STAGES:
        for i in range(3):
            found.append((before, width, 1 if i else step))
            before = width
    return found


class Block(nn.Module):
    """Two convolutions, and what came in added to what comes out."""

    def __init__(self, i: int, o: int, step: int) -> None:
        super().__init__()
        self.a = nn.Conv2d(i, o, 3, stride=step, padding=1, bias=False)
        self.b = nn.Conv2d(o, o, 3, padding=1, bias=False)
        self.norms = nn.Sequential(nn.BatchNorm2d(o), nn.BatchNorm2d(o))
        self.short = nn.Sequential()
        if i != o:
            self.short = nn.Sequential(
                nn.Conv2d(i, o, 1, stride=step, bias=False), nn.BatchNorm2d(o)
            )

    def forward(self, x: Any) -> Any:
        y = sg.relu(self.norms[0](self.a(x)))
        return sg.relu(self.norms[1](self.b(y)) + self.short(x))


class ResNet(nn.Module):
    """The whole network."""

    def __init__(self) -> None:
        super().__init__()
        nn.seed(0)
        self.stem = nn.Sequential(
            nn.Conv2d(3, 16, 3, padding=1, bias=False), nn.BatchNorm2d(16), nn.ReLU()
        )
        self.blocks = nn.Sequential(*(Block(*b) for b in _blocks()))
        self.head = nn.Affine(64, 10)

    def forward(self, x: Any) -> Any:
        return self.head(self.blocks(self.stem(x)).mean(axis=(2, 3)))


def _torch_net() -> Any:
    import torch
    from torch import nn as theirs

    class Residual(theirs.Module):
        def __init__(self, i: int, o: int, step: int) -> None:
            super().__init__()
            self.main = theirs.Sequential(
                theirs.Conv2d(i, o, 3, step, 1, bias=False), theirs.BatchNorm2d(o), theirs.ReLU(),
                theirs.Conv2d(o, o, 3, 1, 1, bias=False), theirs.BatchNorm2d(o),
            )  # fmt: skip
            self.short = theirs.Sequential() if i == o else theirs.Sequential(
                theirs.Conv2d(i, o, 1, step, bias=False), theirs.BatchNorm2d(o)
            )

        def forward(self, x: Any) -> Any:
            return torch.relu(self.main(x) + self.short(x))

    return theirs.Sequential(
        theirs.Conv2d(3, 16, 3, 1, 1, bias=False), theirs.BatchNorm2d(16), theirs.ReLU(),
        *(Residual(*b) for b in _blocks()),
        theirs.AdaptiveAvgPool2d(1), theirs.Flatten(), theirs.Linear(64, 10),
    )  # fmt: skip


def _torch_step() -> Callable[[], object]:
    import torch

    net, x, t = _torch_net(), torch.tensor(X), torch.tensor(T)
    rule = torch.optim.SGD(net.parameters(), lr=RATE)

    def run() -> None:
        rule.zero_grad()
        torch.nn.functional.cross_entropy(net(x), t).backward()
        rule.step()

    return run


def _jax_step() -> Callable[[], object]:
    import jax
    import jax.numpy as jnp
    from jax import lax

    def conv(x: Any, w: Any, step: int = 1) -> Any:
        reach = w.shape[2] // 2
        return lax.conv_general_dilated(x, w, (step, step), [(reach, reach)] * 2)

    def norm(x: Any, p: Any) -> Any:
        mean, var = x.mean((0, 2, 3), keepdims=True), x.var((0, 2, 3), keepdims=True)
        return (x - mean) * lax.rsqrt(var + 1e-5) * p[0][:, None, None] + p[1][:, None, None]

    def drawn(o: int, i: int, k: int) -> Any:
        return jnp.asarray(CHANCE.standard_normal((o, i, k, k)) * (2 / (i * k * k)) ** 0.5,
                           jnp.float32)  # fmt: skip

    def ones(o: int) -> Any:
        return (jnp.ones(o), jnp.zeros(o))

    blocks = [
        (drawn(o, i, 3), ones(o), drawn(o, o, 3), ones(o),
         None if i == o else (drawn(o, i, 1), ones(o)))
        for i, o, _ in _blocks()
    ]  # fmt: skip
    head = (jnp.zeros((64, 10)), jnp.zeros(10))
    held = [(drawn(16, 3, 3), ones(16), blocks, head)]
    x, t = jnp.asarray(X), jnp.asarray(T)

    def loss(w: Any) -> Any:
        y = jax.nn.relu(norm(conv(x, w[0]), w[1]))
        for (a, na, b, nb, short), (_, _, step) in zip(w[2], _blocks()):
            z = norm(conv(jax.nn.relu(norm(conv(y, a, step), na)), b), nb)
            y = jax.nn.relu(z + (y if short is None else norm(conv(y, short[0], step), short[1])))
        scores = jax.nn.log_softmax(y.mean((2, 3)) @ w[3][0] + w[3][1])
        return -scores[jnp.arange(len(t)), t].mean()

    @jax.jit
    def stepped(w: Any) -> Any:
        return jax.tree.map(lambda a, g: a - RATE * g, w, jax.grad(loss)(w))

    def run() -> None:
        held[0] = jax.block_until_ready(stepped(held[0]))

    return run


@bench("P11", "ResNet-20, batch 32: one training step, one call", unit="ms",
       targets=[Target("torch", 1.3), Target("jax (jit)", 1.3)])  # fmt: skip
def training() -> Contenders:
    found = {OURS: stepping(ResNet(), X, T, sg.compile)}
    if installed("torch"):
        found["torch"] = _torch_step()
    if installed("jax"):
        found["jax (jit)"] = _jax_step()
    return found


def scoring(net: Any, peer: Callable[[], Any], x: Any) -> Contenders:
    """What a network says of x: compiled, beside PyTorch's module of `peer()` and onnxruntime."""
    net.eval()
    run = sg.compile(lambda x: net(x))

    def ours() -> object:
        with sg.no_grad():
            return run(x)

    found: dict[str, Callable[[], object]] = {OURS: ours}
    if not installed("torch"):
        return found
    import torch

    theirs, given = peer().eval(), torch.tensor(x)

    def torchs() -> object:
        with torch.no_grad():
            return theirs(given)

    found["torch"] = torchs
    if installed("onnxruntime"):
        found["onnxruntime"] = _onnxruntime(net, x)
    return found


def _onnxruntime(net: Any, x: Any) -> Callable[[], object]:
    import onnxruntime

    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "net.onnx"
        sg.export_onnx(net, path, x)
        session = onnxruntime.InferenceSession(path.read_bytes())
    (name,) = [given.name for given in session.get_inputs()]
    return lambda: session.run(None, {name: x})


@bench("P11-1", "ResNet-20: the scores of one picture", targets=[Target("onnxruntime", 1)])
def one_picture() -> Contenders:
    return scoring(ResNet(), _torch_net, X[:1])


@bench("P11-32", "ResNet-20: the scores of 32 pictures", unit="ms",
       targets=[Target("onnxruntime", 1)])  # fmt: skip
def many_pictures() -> Contenders:
    return scoring(ResNet(), _torch_net, X)


@bench("P20", "ResNet-20, batch 32: one training step, eager", unit="ms", rounds=5,
       targets=[Target("torch", 0.6)])  # fmt: skip
def eager() -> Contenders:
    found = {OURS: stepping(ResNet(), X, T, lambda step: step)}
    if installed("torch"):
        found["torch"] = _torch_step()
    return found
