"""PyTorch modules of the kinds that people bring, and what each is called with.

Not a test of its own: `test_from_torch.py` reads every one of them.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from torch import nn
from torch.nn import functional as F


class ResNetBlock(nn.Module):
    def __init__(self, a: int, b: int, stride: int) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(a, b, 3, stride, 1, bias=False)
        self.bn1 = nn.BatchNorm2d(b)
        self.conv2 = nn.Conv2d(b, b, 3, 1, 1, bias=False)
        self.bn2 = nn.BatchNorm2d(b)
        self.shortcut = (
            nn.Sequential(nn.Conv2d(a, b, 1, stride, bias=False), nn.BatchNorm2d(b))
            if stride > 1 or a != b
            else nn.Identity()
        )

    def forward(self, x):
        y = F.relu(self.bn1(self.conv1(x)), inplace=True)
        y = self.bn2(self.conv2(y))
        y += self.shortcut(x)
        return F.relu(y)


def resnet20(width: int = 4, classes: int = 10) -> nn.Module:
    layers: list[nn.Module] = [
        nn.Conv2d(3, width, 3, padding=1, bias=False), nn.BatchNorm2d(width), nn.ReLU(True)
    ]  # fmt: skip
    inner = width
    for stage in range(3):
        for block in range(3):
            outer = width * 2**stage
            layers.append(ResNetBlock(inner, outer, 2 if stage and not block else 1))
            inner = outer
    layers += [nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(inner, classes)]
    return nn.Sequential(*layers)


def lenet() -> nn.Module:
    return nn.Sequential(
        nn.Conv2d(1, 6, 5, padding=2), nn.Tanh(), nn.AvgPool2d(2), nn.Conv2d(6, 16, 5), nn.ReLU(),
        nn.MaxPool2d(2), nn.Flatten(), nn.Linear(400, 120), nn.ReLU(), nn.Linear(120, 84),
        nn.ReLU(), nn.Linear(84, 10),
    )  # fmt: skip


def vgg() -> nn.Module:
    layers: list[nn.Module] = []
    inner = 3
    for outer in (8, "M", 12, 12, "M"):
        if outer == "M":
            layers.append(nn.MaxPool2d(2, 2))
            continue
        layers += [nn.Conv2d(inner, outer, 3, padding=1), nn.BatchNorm2d(outer), nn.ReLU(True)]
        inner = outer
    return nn.Sequential(
        nn.Sequential(*layers), nn.AdaptiveAvgPool2d(2), nn.Flatten(), nn.Linear(48, 20),
        nn.ReLU(True), nn.Dropout(), nn.Linear(20, 10),
    )  # fmt: skip


class Depthwise(nn.Module):
    """An inverted residual block with squeeze and excitation, as in MobileNetV3."""

    def __init__(self) -> None:
        super().__init__()
        self.stem = nn.Sequential(nn.Conv2d(3, 8, 3, 2, 1), nn.BatchNorm2d(8), nn.Hardswish())
        self.wide = nn.Sequential(nn.Conv2d(8, 24, 1), nn.BatchNorm2d(24), nn.ReLU6())
        self.deep = nn.Sequential(nn.Conv2d(24, 24, 5, 1, 2, groups=24), nn.BatchNorm2d(24))
        self.squeeze = nn.Sequential(
            nn.AdaptiveAvgPool2d(1), nn.Conv2d(24, 6, 1), nn.ReLU(), nn.Conv2d(6, 24, 1),
            nn.Hardsigmoid(),
        )  # fmt: skip
        self.narrow = nn.Sequential(nn.Conv2d(24, 8, 1), nn.BatchNorm2d(8))
        self.head = nn.Linear(8, 5)

    def forward(self, x):
        x = self.stem(x)
        y = F.hardswish(self.deep(self.wide(x)))
        y = self.narrow(y * self.squeeze(y))
        return self.head((x + y).mean((2, 3)))


class Recurrent(nn.Module):
    def __init__(self, kind: type, **how: Any) -> None:
        super().__init__()
        self.embed = nn.Embedding(20, 6, padding_idx=0)
        self.rnn = kind(6, 5, batch_first=True, **how)
        self.head = nn.Linear(5 * (2 if how.get("bidirectional") else 1), 20)

    def forward(self, ids):
        y, _ = self.rnn(self.embed(ids))
        return self.head(y)


class Attending(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.mha = nn.MultiheadAttention(8, 2, batch_first=True)
        self.norm = nn.LayerNorm(8)

    def forward(self, x, closed):
        y, share = self.mha(x, x, x, key_padding_mask=closed)
        return self.norm(x + y), share


class GPTBlock(nn.Module):
    def __init__(self, width: int, heads: int) -> None:
        super().__init__()
        self.heads = heads
        self.ln_1, self.ln_2 = nn.LayerNorm(width), nn.LayerNorm(width)
        self.attn, self.proj = nn.Linear(width, 3 * width), nn.Linear(width, width)
        self.mlp = nn.Sequential(
            nn.Linear(width, 4 * width), nn.GELU(), nn.Linear(4 * width, width)
        )

    def forward(self, x):
        n, t, c = x.shape
        parts = self.attn(self.ln_1(x)).split(c, dim=2)
        q, k, v = (p.view(n, t, self.heads, c // self.heads).transpose(1, 2) for p in parts)
        y = F.scaled_dot_product_attention(q, k, v, is_causal=True)
        x = x + self.proj(y.transpose(1, 2).contiguous().view(n, t, c))
        return x + self.mlp(self.ln_2(x))


class GPT(nn.Module):
    """A GPT with tied weights, as in nanoGPT."""

    def __init__(self, words: int = 17, width: int = 12, depth: int = 2, most: int = 10) -> None:
        super().__init__()
        self.wte, self.wpe = nn.Embedding(words, width), nn.Embedding(most, width)
        self.h = nn.ModuleList(GPTBlock(width, 3) for _ in range(depth))
        self.ln_f = nn.LayerNorm(width)
        self.lm_head = nn.Linear(width, words, bias=False)
        self.lm_head.weight = self.wte.weight

    def forward(self, ids):
        places = torch.arange(ids.shape[1])
        x = self.wte(ids) + self.wpe(places)
        for block in self.h:
            x = block(x)
        return self.lm_head(self.ln_f(x))


class VAE(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.encoder = nn.Sequential(nn.Linear(12, 10), nn.ELU())
        self.mean, self.spread = nn.Linear(10, 4), nn.Linear(10, 4)
        self.decoder = nn.Sequential(nn.Linear(4, 10), nn.SiLU(), nn.Linear(10, 12))

    def forward(self, x):
        h = self.encoder(x)
        mu, logvar = self.mean(h), self.spread(h)
        z = mu + torch.exp(0.5 * logvar) * torch.randn_like(mu)
        back = self.decoder(z)
        kl = -0.5 * torch.mean(torch.sum(1 + logvar - mu**2 - logvar.exp(), dim=1))
        return {"back": back, "loss": F.mse_loss(back, x) + kl}


class UNet(nn.Module):
    def __init__(self, mode: str = "bilinear") -> None:
        super().__init__()
        self.mode = mode
        self.down1 = nn.Sequential(nn.Conv2d(1, 4, 3, padding=1), nn.GroupNorm(2, 4), nn.SiLU())
        self.down2 = nn.Sequential(nn.Conv2d(4, 8, 3, padding=1), nn.InstanceNorm2d(8), nn.Mish())
        self.up1 = nn.ConvTranspose2d(8, 4, 2, stride=2)
        self.last = nn.Conv2d(8, 1, 1)

    def forward(self, x):
        a = self.down1(x)
        b = self.down2(F.max_pool2d(a, 2))
        c = self.up1(F.avg_pool2d(b, 2))
        c = F.interpolate(c, scale_factor=2, mode=self.mode, align_corners=self.mode == "bilinear")
        return torch.sigmoid(self.last(torch.cat([a, c], dim=1)))


class Bag(nn.Module):
    def __init__(self, mode: str) -> None:
        super().__init__()
        self.bag = nn.EmbeddingBag(15, 6, mode=mode, padding_idx=2)
        self.head = nn.Linear(6, 3)

    def forward(self, ids):
        return self.head(self.bag(ids))


class Encoder(nn.Module):
    def __init__(self, **how: Any) -> None:
        super().__init__()
        layer = nn.TransformerEncoderLayer(8, 2, 16, 0.0, batch_first=True, **how)
        self.encoder = nn.TransformerEncoder(layer, 2, enable_nested_tensor=False)

    def forward(self, x):
        mask = nn.Transformer.generate_square_subsequent_mask(x.shape[1])
        return self.encoder(x, mask=mask, is_causal=True)


class Rotary(nn.Module):
    """Rotary positions, RMS normalisation and a gated unit, as in Llama."""

    def __init__(self) -> None:
        super().__init__()
        self.norm = nn.RMSNorm(8)
        self.qkv, self.out = nn.Linear(8, 24, bias=False), nn.Linear(8, 8, bias=False)
        self.gate, self.up = nn.Linear(8, 16, bias=False), nn.Linear(8, 16, bias=False)
        self.down = nn.Linear(16, 8, bias=False)
        turns = 1 / 10000 ** (torch.arange(0, 4, 2) / 4)
        self.register_buffer("turns", torch.outer(torch.arange(6.0), turns), persistent=False)

    def turned(self, x):
        a, b = x.chunk(2, dim=-1)
        cos, sin = self.turns.cos(), self.turns.sin()
        return torch.cat([a * cos - b * sin, b * cos + a * sin], dim=-1)

    def forward(self, x):
        n, t, c = x.shape
        q, k, v = self.qkv(self.norm(x)).view(n, t, 3, 2, 4).permute(2, 0, 3, 1, 4).unbind(0)
        y = F.scaled_dot_product_attention(self.turned(q), self.turned(k), v, is_causal=True)
        x = x + self.out(y.transpose(1, 2).reshape(n, t, c))
        return x + self.down(F.silu(self.gate(x)) * self.up(x))


def mlp() -> nn.Module:
    return nn.Sequential(
        nn.Flatten(), nn.Linear(12, 16), nn.BatchNorm1d(16), nn.ReLU(), nn.Dropout(0.0),
        nn.Linear(16, 5),
    )  # fmt: skip


def ids(*shape: int, most: int = 15) -> torch.Tensor:
    return torch.randint(0, most, shape)


MODELS: dict[str, tuple[Callable[[], nn.Module], Callable[[], tuple[Any, ...]]]] = {
    "mlp": (mlp, lambda: (torch.randn(6, 3, 4),)),
    "lenet": (lenet, lambda: (torch.randn(3, 1, 28, 28),)),
    "resnet20": (resnet20, lambda: (torch.randn(4, 3, 16, 16),)),
    "vgg": (vgg, lambda: (torch.randn(3, 3, 16, 16),)),
    "depthwise": (Depthwise, lambda: (torch.randn(3, 3, 16, 16),)),
    "lstm": (lambda: Recurrent(nn.LSTM), lambda: (ids(3, 6),)),
    "lstm, two ways": (
        lambda: Recurrent(nn.LSTM, num_layers=2, bidirectional=True), lambda: (ids(2, 12),)
    ),
    "gru": (lambda: Recurrent(nn.GRU), lambda: (ids(3, 10),)),
    "rnn": (lambda: Recurrent(nn.RNN, nonlinearity="relu"), lambda: (ids(3, 5),)),
    "encoder": (Encoder, lambda: (torch.randn(2, 5, 8),)),
    "encoder, norm first": (
        lambda: Encoder(norm_first=True, activation="gelu"), lambda: (torch.randn(2, 5, 8),)
    ),
    "attention": (
        Attending,
        lambda: (torch.randn(2, 5, 8), torch.tensor([[False] * 5, [False] * 3 + [True] * 2])),
    ),
    "transformer": (
        lambda: nn.Transformer(8, 2, 1, 1, 16, 0.0, batch_first=True),
        lambda: (torch.randn(2, 4, 8), torch.randn(2, 3, 8)),
    ),
    "gpt": (GPT, lambda: (ids(2, 7),)),
    "vae": (VAE, lambda: (torch.randn(5, 12),)),
    "unet": (UNet, lambda: (torch.randn(2, 1, 16, 16),)),
    "unet, bicubic": (lambda: UNet("bicubic"), lambda: (torch.randn(2, 1, 16, 16),)),
    "bag of sums": (lambda: Bag("sum"), lambda: (ids(4, 3),)),
    "bag of means": (lambda: Bag("mean"), lambda: (ids(4, 3),)),
    "bag of largest": (lambda: Bag("max"), lambda: (ids(4, 3),)),
    "rotary": (Rotary, lambda: (torch.randn(2, 6, 8),)),
}  # fmt: skip


def made(name: str) -> tuple[nn.Module, tuple[Any, ...]]:
    """A module and what it is called with; always the same."""
    torch.manual_seed(sum(map(ord, name)))
    build, example = MODELS[name]
    return build(), example()


