"""The networks that the first screen is measured on, small in numbers and full in structure."""

from __future__ import annotations

import random
from collections.abc import Callable
from itertools import pairwise
from typing import Any

import numpy as np

import seegrad as sg
from seegrad import nn


def _random(*shape: int) -> Any:
    return np.random.default_rng(7).standard_normal(shape).astype(np.float32)


def _loss(net: Callable[[Any], Any], x: Any, classes: int = 10) -> Any:
    """The loss of a network on one batch, there and back."""
    labels = np.arange(len(x)) % classes
    t = sg.tensor(np.eye(classes, dtype=np.float32)[labels], name="t", requires_grad=False)
    loss = sg.softmax_cross_entropy(net(sg.tensor(x, name="x", requires_grad=False)), t)
    loss.name = "L"
    loss.backward()
    return loss


def two_layers() -> Any:
    return _loss(nn.Sequential(nn.Affine(64, 50), nn.ReLU(), nn.Affine(50, 10)), _random(32, 64))


def lenet() -> Any:
    net = nn.Sequential(
        nn.Conv2d(1, 6, 5, padding=2), nn.ReLU(), nn.MaxPool2d(2), nn.Conv2d(6, 16, 5), nn.ReLU(),
        nn.MaxPool2d(2), nn.Flatten(), nn.Affine(400, 120), nn.ReLU(), nn.Affine(120, 84),
        nn.ReLU(), nn.Affine(84, 10),
    )  # fmt: skip
    return _loss(net, _random(4, 1, 28, 28))


def lstm() -> Any:
    net = nn.Sequential(nn.LSTM(8, 16, last=True), nn.Affine(16, 10))
    return _loss(net, _random(4, 32, 8))


def transformer() -> Any:
    blocks = [nn.TransformerBlock(16, heads=2) for _ in range(12)]
    net = nn.Sequential(*blocks, nn.Flatten(), nn.Affine(96, 10))
    return _loss(net, _random(2, 6, 16))


class Residual(nn.Module):
    """Two convolutions and what goes past them (He et al., 2016)."""

    def __init__(self, inputs: int, outputs: int) -> None:
        stride = 1 if inputs == outputs else 2
        self.conv1 = nn.Conv2d(inputs, outputs, 3, stride=stride, padding=1, bias=False)
        self.norm1 = nn.BatchNorm2d(outputs)
        self.conv2 = nn.Conv2d(outputs, outputs, 3, padding=1, bias=False)
        self.norm2 = nn.BatchNorm2d(outputs)
        if inputs != outputs:
            self.shortcut = nn.Conv2d(inputs, outputs, 1, stride=stride, bias=False)
        self.plain = inputs == outputs

    def forward(self, x: Any) -> Any:
        y = self.norm2(self.conv2(sg.relu(self.norm1(self.conv1(x)))))
        return sg.relu(y + (x if self.plain else self.shortcut(x)))


def resnet20() -> Any:
    widths = (8, 8, 8, 8, 16, 16, 16, 32, 32, 32)
    blocks = [Residual(a, b) for a, b in pairwise(widths)]
    first = (nn.Conv2d(1, 8, 3, padding=1, bias=False), nn.BatchNorm2d(8), nn.ReLU())
    net = nn.Sequential(*first, *blocks, nn.AvgPool2d(4), nn.Flatten(), nn.Affine(32, 10))
    return _loss(net, _random(2, 1, 16, 16))


def chain() -> Any:
    y = sg.tensor(0.5, name="x")
    for _ in range(1000):
        y = sg.sin(y) * 1.01
    y.name = "L"
    y.backward()
    return y


def random_scalars() -> Any:
    """500 nodes, each of two that came before."""
    draw = random.Random(3)
    nodes = [sg.tensor(draw.uniform(-1, 1), name=f"x{i}") for i in range(20)]
    while len(nodes) < 500:
        a, b = draw.sample(nodes[-60:], 2)
        nodes.append(sg.sin(a + b) if draw.random() < 0.4 else a * b)
    loss = sg.tanh(sum(nodes[-60:], start=sg.tensor(0.0)) * 0.01)
    loss.name = "L"
    loss.backward()
    return loss


NETWORKS: dict[str, Callable[[], Any]] = {
    "two layers": two_layers, "LeNet": lenet, "LSTM over 32 steps": lstm,
    "Transformer of 12 blocks": transformer, "ResNet-20": resnet20, "chain of 2,000": chain,
    "500 random scalars": random_scalars,
}  # fmt: skip
