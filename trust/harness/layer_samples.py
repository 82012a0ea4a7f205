"""One example of every layer, and of every loss: what it is made with and what goes in.

Tests and rows that go over all layers or losses take them from here; each that `nn` has must be
there, which their tests see to.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from seegrad import nn


class WithItself(nn.Module):
    """A layer of two inputs, called with what comes in and something made of it."""

    def __init__(self, layer: Any) -> None:
        self.layer = layer

    def forward(self, x: Any) -> Any:
        return self.layer(x, x * x + 1)


LAYERS: dict[str, Any] = {
    "affine": (lambda: nn.Affine(6, 4), (6,)),
    "affine without bias": (lambda: nn.Affine(6, 4, bias=False), (2, 6)),
    "affine of one row": (lambda: nn.Sequential(nn.Flatten(), nn.Affine(12, 4)), (3, 4)),
    "relu": (nn.ReLU, (5,)),
    "leaky": (lambda: nn.LeakyReLU(0.2), (5,)),
    "elu": (lambda: nn.ELU(0.7), (5,)),
    "silu": (nn.SiLU, (5,)),
    "softplus": (nn.Softplus, (5,)),
    "celu": (lambda: nn.CELU(0.8), (5,)),
    "selu": (nn.SELU, (5,)),
    "mish": (nn.Mish, (5,)),
    "hardsigmoid": (nn.Hardsigmoid, (5,)),
    "hardswish": (nn.Hardswish, (5,)),
    "hardtanh": (lambda: nn.Hardtanh(-0.5, 2.0), (5,)),
    "relu6": (nn.ReLU6, (5,)),
    "softsign": (nn.Softsign, (5,)),
    "tanhshrink": (nn.Tanhshrink, (5,)),
    "logsigmoid": (nn.LogSigmoid, (5,)),
    "hardshrink": (nn.Hardshrink, (5,)),
    "softshrink": (nn.Softshrink, (5,)),
    "log softmax": (nn.LogSoftmax, (5,)),
    "glu": (nn.GLU, (6,)),
    "prelu": (lambda: nn.PReLU(3), (3, 4)),
    "rms_norm": (lambda: nn.RMSNorm(5), (3, 5)),
    "instance_norm": (lambda: nn.InstanceNorm(3), (3, 4, 4)),
    "sigmoid": (nn.Sigmoid, (5,)),
    "tanh": (nn.Tanh, (5,)),
    "gelu": (nn.GELU, (5,)),
    "gelu by tanh": (lambda: nn.GELU(approximate=True), (5,)),
    "softmax": (nn.Softmax, (5,)),
    "softmax over the batch": (lambda: nn.Softmax(axis=0), (5,)),
    "batch_norm": (lambda: nn.BatchNorm(5), (5,)),
    "layer_norm": (lambda: nn.LayerNorm(5), (3, 5)),
    "dropout": (lambda: nn.Dropout(0.5), (5,)),
    "flatten": (nn.Flatten, (2, 3)),
    "conv1d": (lambda: nn.Conv1d(2, 4, 3, stride=2, padding=1), (2, 7)),
    "conv2d": (lambda: nn.Conv2d(2, 4, 3, stride=2, padding=1, groups=2), (2, 7, 8)),
    "conv2d dilated": (lambda: nn.Conv2d(2, 3, 2, padding="same", dilation=2), (2, 5, 5)),
    "transposed": (lambda: nn.ConvTranspose2d(4, 2, 3, stride=2, padding=1), (4, 5, 5)),
    "max_pool": (lambda: nn.MaxPool2d(2), (2, 6, 7)),
    "max_pool padded": (lambda: nn.MaxPool2d(3, 2, 1), (2, 6, 7)),
    "max_pool1d": (lambda: nn.MaxPool1d(2), (2, 6)),
    "avg_pool": (lambda: nn.AvgPool2d(3, 2, 1), (2, 6, 7)),
    "avg_pool of what is there": (lambda: nn.AvgPool2d(3, 2, 1, count_padding=False), (2, 6, 7)),
    "avg_pool1d": (lambda: nn.AvgPool1d(3, 1), (2, 6)),
    "global": (nn.GlobalAvgPool, (3, 4, 5)),
    "global max": (nn.GlobalMaxPool, (3, 4, 5)),
    "batch_norm2d": (lambda: nn.BatchNorm2d(3), (3, 4, 4)),
    "group_norm": (lambda: nn.GroupNorm(2, 4), (4, 3, 3)),
    "attention": (lambda: nn.MultiHeadAttention(8, 2), (5, 8)),
    "transformer": (lambda: nn.TransformerBlock(8, 2, causal=True), (5, 8)),
    "positions": (lambda: nn.Positions(5, 8), (5, 8)),
    "residual": (lambda: nn.Residual(nn.Affine(5, 5), nn.Tanh()), (5,)),
    "rnn": (lambda: nn.RNN(3, 4), (6, 3)),
    "lstm": (lambda: nn.LSTM(3, 4, last=True), (6, 3)),
    "gru": (lambda: nn.GRU(3, 4), (6, 3)),
    "stacked both ways": (lambda: nn.LSTM(3, 4, num_layers=2, bidirectional=True), (5, 3)),
    "long both ways": (lambda: nn.GRU(3, 4, bidirectional=True), (12, 3)),
    "conv3d": (lambda: nn.Conv3d(2, 4, 2, stride=2, padding=1), (2, 4, 5, 6)),
    "transposed1d": (lambda: nn.ConvTranspose1d(2, 3, 3, stride=2), (2, 5)),
    "transposed3d": (lambda: nn.ConvTranspose3d(2, 3, 2, stride=2), (2, 3, 4, 3)),
    "max_pool up to the end": (lambda: nn.MaxPool2d(3, 2, ceil_mode=True), (2, 6, 8)),
    "max_pool3d": (lambda: nn.MaxPool3d(2), (2, 4, 5, 6)),
    "avg_pool up to the end": (lambda: nn.AvgPool2d(3, 2, 1, ceil_mode=True), (2, 6, 8)),
    "avg_pool3d": (lambda: nn.AvgPool3d(2), (2, 4, 5, 6)),
    "batch_norm1d": (lambda: nn.BatchNorm1d(3), (3, 4)),
    "batch_norm3d": (lambda: nn.BatchNorm3d(3), (3, 4, 2, 2)),
    **{
        f"adaptive {kind} {axes}d": (
            lambda kind=kind, axes=axes: getattr(nn, f"Adaptive{kind}Pool{axes}d")(2),
            (2, 5, 4, 6)[: axes + 1],
        )
        for kind in ("Avg", "Max") for axes in (1, 2, 3)
    },
    **{
        f"{kind} {axes}d": (
            lambda kind=kind, axes=axes: getattr(nn, f"{kind}Pad{axes}d")(1),
            (2, 5, 4, 6)[: axes + 1],
        )
        for kind in ("Zero", "Reflection", "Replication", "Circular") for axes in (1, 2, 3)
    },
    **{
        f"constant pad {axes}d": (
            lambda axes=axes: getattr(nn, f"ConstantPad{axes}d")(1, 0.5), (2, 5, 4, 6)[: axes + 1]
        )
        for axes in (1, 2, 3)
    },
    "upsample": (lambda: nn.Upsample(scale=2), (2, 3, 4)),
    "upsample to a size": (lambda: nn.Upsample((5, 3)), (2, 3, 4)),
    "bilinear": (lambda: nn.Upsample(scale=1.5, mode="bilinear"), (2, 3, 4)),
    "pixel shuffle": (lambda: nn.PixelShuffle(2), (4, 3, 2)),
    "pixel unshuffle": (lambda: nn.PixelUnshuffle(2), (2, 4, 2)),
    "identity": (lambda: nn.Sequential(nn.Identity(), nn.ReLU()), (3,)),
    "two inputs": (lambda: WithItself(nn.Bilinear(3, 3, 2)), (3,)),
    "cosine": (lambda: WithItself(nn.CosineSimilarity()), (3,)),
    "distance": (lambda: WithItself(nn.PairwiseDistance()), (3,)),
    "encoder": (
        lambda: nn.TransformerEncoder(nn.TransformerEncoderLayer(8, 2, 16), 2), (5, 8)),
    "decoder": (
        lambda: WithItself(nn.TransformerDecoder(nn.TransformerDecoderLayer(8, 2, 16), 2)), (5, 8)),
}  # fmt: skip
"""What makes a layer, and the shape of one sample of what goes in."""


def losses(rng: np.random.Generator) -> dict[str, tuple[dict[str, Any], Any, tuple[Any, ...]]]:
    """Each loss with its settings, the scores, and what they are held against."""
    count, kinds = 6, 5
    shape = (count, kinds)
    scores = rng.normal(size=shape) * 1.5
    other, third = rng.normal(size=shape), rng.normal(size=shape)
    labels = rng.integers(0, kinds, count)
    truths = (rng.random(shape) > 0.5) * 1.0
    sides = np.where(rng.random(shape) > 0.5, 1.0, -1.0)
    shares = rng.dirichlet(np.ones(kinds), count)
    counts = rng.integers(0, 6, shape) * 1.0
    weight = rng.random(kinds) + 0.5
    sets = np.array([[0, 3, -1, 1, 2], [1, -1, 0, 0, 0], [4, 2, 0, 1, 3], [-1, 0, 0, 0, 0],
                     [2, 1, 3, -1, -1], [3, -1, -1, -1, -1]])  # fmt: skip
    smooth = {"weight": weight, "ignore_index": 2, "label_smoothing": 0.1}
    return {
        "MSELoss": ({}, scores, (other,)),
        "L1Loss": ({}, scores, (other,)),
        "HuberLoss": ({"delta": 0.7}, scores, (other,)),
        "SmoothL1Loss": ({"beta": 0.7}, scores, (other,)),
        "KLDivLoss": ({}, scores, (shares,)),
        "KLDivLoss of logarithms": ({"log_target": True}, scores, (other,)),
        "PoissonNLLLoss": ({}, scores, (counts,)),
        "PoissonNLLLoss in full": ({"full": True}, scores, (counts,)),
        "PoissonNLLLoss of rates": (
            {"log_input": False, "full": True}, np.exp(scores), (counts,)),
        "GaussianNLLLoss": ({"full": True}, scores, (other, np.exp(third))),
        "GaussianNLLLoss of rows": ({}, scores, (other, np.exp(third[:, :1]))),
        "NLLLoss": ({"weight": weight, "ignore_index": 2}, scores, (labels,)),
        "CrossEntropyLoss": (smooth, scores, (labels,)),
        "BCELoss": ({"weight": weight}, 1 / (1 + np.exp(-scores)), (truths,)),
        "BCEWithLogitsLoss": ({}, scores, (truths,)),
        "BCEWithLogitsLoss weighted": (
            {"weight": weight, "pos_weight": weight[::-1].copy()}, scores, (truths,)),
        "SoftMarginLoss": ({}, scores, (sides,)),
        "HingeEmbeddingLoss": ({"margin": 0.8}, scores, (sides,)),
        "MultiMarginLoss": ({}, scores, (labels,)),
        "MultiMarginLoss squared": (
            {"p": 2, "margin": 0.7, "weight": weight}, scores, (labels,)),
        "MultiLabelMarginLoss": ({}, scores, (sets,)),
        "MultiLabelSoftMarginLoss": ({"weight": weight}, scores, (truths,)),
        "CosineEmbeddingLoss": ({"margin": 0.1}, scores, (other, sides[:, 0])),
        "MarginRankingLoss": ({"margin": 0.3}, scores, (other, sides)),
        "TripletMarginLoss": ({}, scores, (other, third)),
        "TripletMarginLoss swapped": ({"p": 1, "swap": True}, scores, (other, third)),
        "TripletMarginLoss of cubes": ({"p": 3, "margin": 2.0}, scores, (other, third)),
    }  # fmt: skip
