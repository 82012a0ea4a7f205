"""Layers and networks: a table of contents.

`module` is what every network is: `containment` finds its parameters by name, `state_loading` takes
values over. `initialisers` draw first values, `layers/` apply ops to what comes in, `losses` end in
one number. How a step is made stands in `optim` and `training`.
"""

from __future__ import annotations

from seegrad.nn.initialisers import INITIALISERS, he, normal, seed, xavier, zeros
from seegrad.nn.layers.activations import (
    CELU,
    ELU,
    GELU,
    GLU,
    SELU,
    Hardshrink,
    Hardsigmoid,
    Hardswish,
    Hardtanh,
    LeakyReLU,
    LogSigmoid,
    LogSoftmax,
    Mish,
    PReLU,
    ReLU,
    ReLU6,
    Sigmoid,
    SiLU,
    Softmax,
    Softplus,
    Softshrink,
    Softsign,
    Tanh,
    Tanhshrink,
)
from seegrad.nn.layers.affine import Affine, Linear
from seegrad.nn.layers.attention import MultiHeadAttention
from seegrad.nn.layers.containers import Residual, Sequential
from seegrad.nn.layers.conv_transpose import ConvTranspose2d
from seegrad.nn.layers.convolution import Conv1d, Conv2d
from seegrad.nn.layers.dropout import Dropout
from seegrad.nn.layers.embedding import Embedding, Positions
from seegrad.nn.layers.flatten import Flatten
from seegrad.nn.layers.mlp import ACTIVATIONS, multilayer
from seegrad.nn.layers.normalisation import (
    BatchNorm,
    BatchNorm2d,
    GroupNorm,
    InstanceNorm,
    LayerNorm,
    RMSNorm,
)
from seegrad.nn.layers.pooling import (
    AvgPool1d,
    AvgPool2d,
    GlobalAvgPool,
    GlobalMaxPool,
    MaxPool1d,
    MaxPool2d,
)
from seegrad.nn.layers.recurrent import GRU, LSTM, RNN, detached
from seegrad.nn.layers.transformer import TransformerBlock
from seegrad.nn.losses import (
    BCELoss,
    CrossEntropyLoss,
    HuberLoss,
    KLDivLoss,
    L1Loss,
    MSELoss,
    NLLLoss,
    SmoothL1Loss,
    SoftmaxWithLoss,
)
from seegrad.nn.module import Module, parameter, state

__all__ = [
    "ACTIVATIONS",
    "CELU",
    "ELU",
    "GELU",
    "GLU",
    "GRU",
    "INITIALISERS",
    "LSTM",
    "RNN",
    "SELU",
    "Affine",
    "AvgPool1d",
    "AvgPool2d",
    "BCELoss",
    "BatchNorm",
    "BatchNorm2d",
    "Conv1d",
    "Conv2d",
    "ConvTranspose2d",
    "CrossEntropyLoss",
    "Dropout",
    "Embedding",
    "Flatten",
    "GlobalAvgPool",
    "GlobalMaxPool",
    "GroupNorm",
    "Hardshrink",
    "Hardsigmoid",
    "Hardswish",
    "Hardtanh",
    "HuberLoss",
    "InstanceNorm",
    "KLDivLoss",
    "L1Loss",
    "LayerNorm",
    "LeakyReLU",
    "Linear",
    "LogSigmoid",
    "LogSoftmax",
    "MSELoss",
    "MaxPool1d",
    "MaxPool2d",
    "Mish",
    "Module",
    "MultiHeadAttention",
    "NLLLoss",
    "PReLU",
    "Positions",
    "RMSNorm",
    "ReLU",
    "ReLU6",
    "Residual",
    "Sequential",
    "SiLU",
    "Sigmoid",
    "SmoothL1Loss",
    "Softmax",
    "SoftmaxWithLoss",
    "Softplus",
    "Softshrink",
    "Softsign",
    "Tanh",
    "Tanhshrink",
    "TransformerBlock",
    "detached",
    "he",
    "multilayer",
    "normal",
    "parameter",
    "seed",
    "state",
    "xavier",
    "zeros",
]
