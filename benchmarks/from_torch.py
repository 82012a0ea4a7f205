"""A training step of networks from `sg.from_torch`, beside PyTorch's own step of the module."""

from __future__ import annotations

import copy
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

import numpy as np

import seegrad as sg
from benchmarks.harness import OURS, bench, installed
from benchmarks.networks import RATE, stepping

Contenders = Mapping[str, Callable[[], object]]
CHANCE = np.random.default_rng(0)


def _mlp(nn: Any) -> Any:
    return nn.Sequential(nn.Linear(784, 100), nn.ReLU(), nn.Linear(100, 10))


def _lenet(nn: Any) -> Any:
    return nn.Sequential(
        nn.Conv2d(1, 6, 5), nn.ReLU(), nn.MaxPool2d(2), nn.Conv2d(6, 16, 5), nn.ReLU(),
        nn.MaxPool2d(2), nn.Flatten(), nn.Linear(256, 120), nn.ReLU(), nn.Linear(120, 10),
    )  # fmt: skip


def _last_of(nn: Any, kind: str) -> Any:
    class Last(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.layer = getattr(nn, kind)(16, 64, batch_first=True)
            self.head = nn.Linear(64, 10)

        def forward(self, x: Any) -> Any:
            return self.head(self.layer(x)[0][:, -1])

    return Last()


def _encoder(nn: Any) -> Any:
    class First(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            layer = nn.TransformerEncoderLayer(64, 4, 128, 0.0, batch_first=True)
            self.layers = nn.TransformerEncoder(layer, 2, enable_nested_tensor=False)
            self.head = nn.Linear(64, 10)

        def forward(self, x: Any) -> Any:
            return self.head(self.layers(x)[:, 0])

    return First()


MODULES: Mapping[str, tuple[str, Callable[[Any], Any], tuple[int, ...]]] = {
    "TORCH-MLP": ("MLP 784-100-10, batch 100", _mlp, (100, 784)),
    "TORCH-LENET": ("LeNet, 28 × 28, batch 32", _lenet, (32, 1, 28, 28)),
    "TORCH-LSTM": ("LSTM 16 → 64, T = 32, batch 32", partial(_last_of, kind="LSTM"), (32, 32, 16)),
    "TORCH-GRU": ("GRU 16 → 64, T = 32, batch 32", partial(_last_of, kind="GRU"), (32, 32, 16)),
    "TORCH-ENCODER": ("TransformerEncoder 2 × 64, 16 words, batch 16", _encoder, (16, 16, 64)),
}  # fmt: skip


def _enter(key: str, title: str, build: Callable[[Any], Any], shape: tuple[int, ...]) -> None:
    @bench(key, f"from_torch: {title}: one training step", rounds=9)
    def contenders() -> Contenders:
        if not installed("torch"):
            return {}
        import torch

        torch.manual_seed(0)
        module = build(torch.nn).train()
        x = CHANCE.standard_normal(shape).astype(np.float32)
        t = CHANCE.integers(0, 10, shape[0])
        net = sg.from_torch(copy.deepcopy(module), torch.from_numpy(x)).train()
        return {OURS: stepping(net, x, t, sg.compile), "torch": _theirs(module, x, t)}


def _theirs(module: Any, x: Any, t: Any) -> Callable[[], object]:
    import torch

    rule = torch.optim.SGD(module.parameters(), lr=RATE)
    inputs, labels = torch.from_numpy(x), torch.from_numpy(t)

    def step() -> object:
        rule.zero_grad()
        loss = torch.nn.functional.cross_entropy(module(inputs), labels)
        loss.backward()
        rule.step()
        return loss

    return step


for _key, _row in MODULES.items():
    _enter(_key, *_row)
