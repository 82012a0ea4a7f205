"""Every activation, loss and further layer of torch.nn, many of them in one module."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import pytest

import seegrad as sg
from seegrad.interop.pytorch.operators import READERS
from seegrad.interop.pytorch.operators.reader import Reader

torch = pytest.importorskip("torch", reason="PyTorch is not installed")
from torch import nn  # noqa: E402


class Several(nn.Module):
    """Layers side by side, each of its own learnt input."""

    def __init__(self, layers: Mapping[str, Any], inputs: Mapping[str, Any]) -> None:
        super().__init__()
        self.inputs = nn.ParameterDict(dict(inputs))
        self.layers = nn.ModuleDict({k: v for k, v in layers.items() if isinstance(v, nn.Module)})
        self.functions = {k: v for k, v in layers.items() if not isinstance(v, nn.Module)}

    def forward(self, one):
        every = {**self.layers, **self.functions}
        return {k: layer(self.inputs[k] * one) for k, layer in every.items()}


def read(layers: Mapping[str, Any], inputs: Mapping[str, Any]) -> Any:
    module = Several(layers, inputs).double().eval()
    return sg.from_torch(module, torch.ones((), dtype=torch.float64), dynamic_batch=False)


ACTIVATIONS = (
    "ELU", "Hardshrink", "Hardsigmoid", "Hardtanh", "Hardswish", "LeakyReLU", "LogSigmoid",
    "PReLU", "ReLU", "ReLU6", "SELU", "CELU", "GELU", "Sigmoid", "SiLU", "Mish", "Softplus",
    "Softshrink", "Softsign", "Tanh", "Tanhshrink", "GLU", "Identity", "Softmin", "Softmax",
    "LogSoftmax", "Softmax2d", "RReLU",
)  # fmt: skip


def test_every_activation():
    made = {"Threshold": nn.Threshold(0.1, -0.3), "GELU_tanh": nn.GELU("tanh")}
    made["Softplus_beta"] = nn.Softplus(beta=3.0, threshold=2.0)
    along = {"Softmin", "Softmax", "LogSoftmax"}
    for name in ACTIVATIONS:
        made[name] = getattr(nn, name)(**({"dim": 1} if name in along else {}))
    torch.manual_seed(0)
    net = read(made, {name: torch.randn(2, 4, 3, 6) * 2 for name in made})
    assert net.verified.output <= 1e-12
    # PyTorch's slope of hardsigmoid is 1/6 in float32
    assert net.verified.gradients.pop("inputs.Hardsigmoid") <= 1e-7
    assert net.verified.gradient <= 1e-9


N, C = 6, 5


def classes(*shape: int) -> Any:
    return torch.randint(0, C, shape or (N,))


def target(*shape: int) -> Any:
    return torch.randn(*(shape or (N, C)))


def losses() -> dict[str, Callable[[Any], Any]]:
    torch.manual_seed(1)
    labels, marked, whole = classes(), classes(), torch.rand(N, C)
    marked[2] = -100
    weight, signs = torch.rand(C) + 0.5, torch.sign(torch.randn(N))
    wanted, pixels = target(), classes(N, 2)
    several = torch.tensor([[1, 3, -1, 0, 2]] * N)
    chances = torch.softmax(target(), 1)
    found: dict[str, Callable[[Any], Any]] = {}
    for reduction in ("mean", "sum", "none"):
        how = {"reduction": reduction}
        made = {
            "L1": (nn.L1Loss(**how), (wanted,)),
            "MSE": (nn.MSELoss(**how), (wanted,)),
            "Huber": (nn.HuberLoss(delta=0.7, **how), (wanted,)),
            "SmoothL1": (nn.SmoothL1Loss(beta=0.4, **how), (wanted,)),
            "CrossEntropy": (nn.CrossEntropyLoss(**how), (labels,)),
            "CrossEntropy_weight": (
                nn.CrossEntropyLoss(weight, label_smoothing=0.1, **how), (marked,)
            ),
            "CrossEntropy_chances": (nn.CrossEntropyLoss(label_smoothing=0.2, **how), (chances,)),
            "BCEWithLogits": (nn.BCEWithLogitsLoss(weight, pos_weight=weight, **how), (whole,)),
            "KLDiv": (nn.KLDivLoss(**how), (chances,)),
            "KLDiv_log": (nn.KLDivLoss(log_target=True, **how), (torch.log(chances),)),
            "PoissonNLL": (nn.PoissonNLLLoss(full=True, **how), (whole * 4,)),
            "SoftMargin": (nn.SoftMarginLoss(**how), (signs[:, None].expand(N, C),)),
            "HingeEmbedding": (nn.HingeEmbeddingLoss(**how), (signs[:, None].expand(N, C),)),
            "MultiMargin": (nn.MultiMarginLoss(p=1, margin=0.8, **how), (labels,)),
            "MultiLabelMargin": (nn.MultiLabelMarginLoss(**how), (several,)),
            "MultiLabelSoftMargin": (
                nn.MultiLabelSoftMarginLoss(**how), ((whole > 0.5).to(wanted.dtype),)
            ),
            "GaussianNLL": (nn.GaussianNLLLoss(**how), (wanted, whole + 0.1)),
            "CosineEmbedding": (nn.CosineEmbeddingLoss(**how), (wanted, signs)),
            "TripletMargin": (nn.TripletMarginLoss(**how), (wanted, target())),
        }  # fmt: skip
        for name, (loss, rest) in made.items():
            loss.double()
            rest = tuple(x.double() if x.is_floating_point() else x for x in rest)
            found[f"{name}_{reduction}"] = lambda x, loss=loss, rest=rest: loss(x, *rest)
        nll, rank = nn.NLLLoss(weight.double(), **how), nn.MarginRankingLoss(margin=0.2, **how)
        found[f"NLL_{reduction}"] = lambda x, nll=nll: nll(torch.log_softmax(x, 1), marked)
        found[f"NLL_places_{reduction}"] = lambda x, nll=nll: nll(
            torch.log_softmax(x, 1)[:, :, None].expand(N, C, 2), pixels
        )
        found[f"MarginRanking_{reduction}"] = lambda x, rank=rank: rank(
            x[:, 0], x[:, 1], signs.double()
        )
        bce = nn.BCELoss(**how)
        found[f"BCE_{reduction}"] = lambda x, bce=bce: bce(torch.sigmoid(x), whole.double())
    return found


def test_every_loss():
    made = losses()
    torch.manual_seed(2)
    net = read(made, {name: torch.randn(N, C) for name in made})
    assert net.verified.output <= 1e-12
    assert net.verified.gradient <= 1e-9


PICTURES: dict[str, Callable[[], Any]] = {
    "Conv1d": lambda: nn.Sequential(nn.Flatten(2), nn.Conv1d(4, 6, 3, 2, 1, 2, 2)),
    "Conv_same": lambda: nn.Conv2d(4, 3, 4, padding="same", padding_mode="zeros"),
    "Conv_reflect": lambda: nn.Conv2d(4, 3, 3, padding=1, padding_mode="reflect"),
    "Conv_circular": lambda: nn.Conv2d(4, 3, 3, padding=1, padding_mode="circular"),
    "Conv3d": lambda: nn.Sequential(nn.Unflatten(1, (2, 2)), nn.Conv3d(2, 3, (1, 3, 3))),
    "ConvTranspose1d": lambda: nn.Sequential(nn.Flatten(2), nn.ConvTranspose1d(4, 2, 3, 2, 1, 1)),
    "ConvTranspose2d": lambda: nn.ConvTranspose2d(4, 6, 3, 2, 1, 1, groups=2, dilation=2),
    "ConvTranspose_far": lambda: nn.ConvTranspose2d(4, 2, 1, 3, output_padding=2, dilation=4),
    "MaxPool_ceil": lambda: nn.MaxPool2d(3, 2, 1, ceil_mode=True),
    "MaxPool_apart": lambda: nn.MaxPool2d(2, 1, 0, 2),
    "MaxPool_places": lambda: nn.MaxPool2d(3, 2, 1, return_indices=True),
    "AvgPool_ceil": lambda: nn.AvgPool2d(3, 2, 1, ceil_mode=True),
    "AvgPool_bare": lambda: nn.AvgPool2d(3, 2, 1, count_include_pad=False),
    "AvgPool_divisor": lambda: nn.AvgPool2d(2, divisor_override=3),
    "LPPool2d": lambda: nn.Sequential(nn.Softplus(), nn.LPPool2d(3, 2)),
    "AdaptiveAvg": lambda: nn.AdaptiveAvgPool2d((3, None)),
    "AdaptiveMax": lambda: nn.AdaptiveMaxPool2d((3, 2)),
    "AdaptiveAvg1d": lambda: nn.Sequential(nn.Flatten(2), nn.AdaptiveAvgPool1d(5)),
    "Nearest": lambda: nn.Upsample(scale_factor=1.7, mode="nearest"),
    "NearestExact": lambda: nn.Upsample(size=(5, 9), mode="nearest-exact"),
    "Bilinear": lambda: nn.Upsample(size=(9, 4), mode="bilinear"),
    "BilinearFactor": lambda: nn.Upsample(scale_factor=(1.5, 2), mode="bilinear"),
    "BilinearCorners": lambda: nn.Upsample(scale_factor=2, mode="bilinear", align_corners=True),
    "Bicubic": lambda: nn.Upsample(size=(4, 11), mode="bicubic"),
    "Linear": lambda: nn.Sequential(nn.Flatten(2), nn.Upsample(size=7, mode="linear")),
    "Trilinear": lambda: nn.Sequential(
        nn.Unflatten(1, (2, 2)), nn.Upsample(scale_factor=2, mode="trilinear")
    ),
    "PixelShuffle": lambda: nn.PixelShuffle(2),
    "PixelUnshuffle": lambda: nn.PixelUnshuffle(2),
    "ChannelShuffle": lambda: nn.ChannelShuffle(2),
    "ReflectionPad": lambda: nn.ReflectionPad2d((1, 2, 0, 3)),
    "ReplicationPad": lambda: nn.ReplicationPad2d((1, 2, 0, 3)),
    "CircularPad": lambda: nn.CircularPad2d((1, 2, 0, 3)),
    "ConstantPad": lambda: nn.ConstantPad2d((1, -2, 0, 3), 0.5),
    "Unfold": lambda: nn.Unfold(2, 1, 1, 2),
    "Fold": lambda: nn.Sequential(nn.Unfold(2, stride=2), nn.Fold((6, 6), 2, stride=2)),
    "BatchNorm": lambda: nn.BatchNorm2d(4),
    "InstanceNorm": lambda: nn.InstanceNorm2d(4, affine=True),
    "GroupNorm": lambda: nn.GroupNorm(2, 4),
    "LayerNorm": lambda: nn.LayerNorm((6, 6)),
    "RMSNorm": lambda: nn.RMSNorm((6, 6)),
    "LocalResponseNorm": lambda: nn.LocalResponseNorm(3),
    "Dropout2d": lambda: nn.Dropout2d(0.5),
    "AlphaDropout": lambda: nn.AlphaDropout(0.5),
    "WeightNorm": lambda: nn.utils.parametrizations.weight_norm(nn.Conv2d(4, 3, 2)),
    "Bilinear_product": lambda: Twice(nn.Bilinear(6, 6, 3)),
    "CosineSimilarity": lambda: Twice(nn.CosineSimilarity(dim=1)),
    "PairwiseDistance": lambda: Twice(nn.PairwiseDistance(p=3)),
}


class Twice(nn.Module):
    """A layer of two inputs."""

    def __init__(self, layer: nn.Module) -> None:
        super().__init__()
        self.layer = layer

    def forward(self, x):
        return self.layer(x, torch.sin(x) + 1)


def test_layers_of_pictures():
    torch.manual_seed(3)
    made = {name: build() for name, build in PICTURES.items()}
    net = read(made, {name: torch.randn(2, 4, 6, 6) for name in made})
    assert net.verified.output <= 1e-12
    assert net.verified.gradient <= 1e-8


SEQUENCES: dict[str, Callable[[], Any]] = {
    "LSTM": lambda: nn.LSTM(4, 3, 2, bias=False, bidirectional=True),
    "LSTM_project": lambda: nn.LSTM(4, 5, proj_size=2, batch_first=True),
    "GRU": lambda: nn.GRU(4, 3, bidirectional=True),
    "RNN": lambda: nn.RNN(4, 3),
}


class Cells(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.cells = nn.ModuleList([nn.LSTMCell(4, 3), nn.GRUCell(4, 3), nn.RNNCell(4, 3)])

    def forward(self, x):
        return [cell(x[0]) for cell in self.cells]


class Between(nn.Module):
    """Pictures read between their elements, by places that are computed."""

    def forward(self, x):
        theta = torch.stack([x[:2, :3, 0], x[:2, :3, 1]], dim=1)
        grid = nn.functional.affine_grid(theta, (2, 2, 3, 4), align_corners=False)
        picture = x[:2].reshape(2, 2, -1, 4)
        return [
            nn.functional.grid_sample(picture, grid, mode, padding, align_corners=corners)
            for mode in ("bilinear", "nearest")
            for padding in ("zeros", "border", "reflection")
            for corners in (True, False)
        ]


def test_means_of_windows_that_reach_beyond_stay_in_float32():
    module = nn.AvgPool2d(2, 2, ceil_mode=True, count_include_pad=False)
    net = sg.from_torch(module, torch.randn(2, 3, 5, 5), verify=False)
    assert net(np.zeros((2, 3, 5, 5), np.float32)).dtype == np.float32


def test_layers_of_sequences():
    torch.manual_seed(4)
    made = {name: build() for name, build in SEQUENCES.items()} | {
        "Cells": Cells(), "Between": Between()
    }  # fmt: skip
    net = read(made, {name: torch.randn(9, 6, 4) for name in made})
    assert net.verified.output <= 1e-12
    assert net.verified.gradient <= 1e-8


def test_the_largest_gets_all_of_the_derivative_where_pytorch_says_so():
    class Ties(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.x = nn.Parameter(torch.tensor([[1.0, 3.0, 3.0], [2.0, 2.0, 0.0]]))

        def forward(self, one):
            x = self.x * one
            return x.max(1).values, x.min(0).values, x.amax(1), x.cummax(1).values, x.topk(2).values

    net = sg.from_torch(Ties(), torch.ones(()), dynamic_batch=False)
    assert net.verified.gradient <= 1e-6


def test_named_places_are_read():
    net = read({"one": nn.Linear(3, 2)}, {"one": torch.randn(4, 3)})
    assert net.layers["one"].weight.shape == (2, 3)
    assert np.array_equal(net.layers["one"].weight.value, net.at("layers.one.weight").value)


@pytest.mark.parametrize("dim", [1, -2, 2])
def test_cross_products_run_along_any_axis(dim):
    class Crossed(nn.Module):
        def forward(self, a, b):
            return torch.linalg.cross(a, b, dim=dim)

    a, b = torch.randn(2, 2, 3, 3, dtype=torch.float64)
    net = sg.from_torch(Crossed(), a, b)
    np.testing.assert_allclose(net(a.numpy(), b.numpy()), torch.linalg.cross(a, b, dim=dim))


def test_a_network_in_float32_stays_in_float32(monkeypatch):
    torch.manual_seed(0)
    layers = {name: getattr(nn, name)() for name in ACTIVATIONS
              if name not in ("GLU", "Softmax", "Softmin", "LogSoftmax", "Softmax2d")}  # fmt: skip
    layers |= {"norm": nn.LayerNorm(6), "std": lambda x: x.std(0) + x.var(), "pow": torch.sqrt}
    module = Several(layers, {name: torch.rand(4, 6) for name in layers}).eval()
    net = sg.from_torch(module, torch.ones(()), dynamic_batch=False)
    found = {}
    net.run((np.float32(1),), {}, lambda step, value: found.setdefault(step.operator, []).extend(
        (x.dtype, dtype) for x, dtype in zip(sg.tree.flatten(value)[0], step.dtypes)))  # fmt: skip
    assert {op: seen for op, seen in found.items() if any(a != b for a, b in seen)} == {}

    widening = Reader(lambda self: sg.tanh(self.astype(np.float64)), {"self"}, set())
    monkeypatch.setitem(READERS, "tanh", widening)
    assert net(np.float32(1))["Tanh"].dtype == np.float32
    assert net.to(np.float64)(np.float64(1))["Tanh"].dtype == np.float64
