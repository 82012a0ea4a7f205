"""Layers and networks: a table of contents. Each layer stands in its own file."""

from __future__ import annotations

from seegrad.nn.activations import (
    ELU,
    GELU,
    LeakyReLU,
    ReLU,
    Sigmoid,
    SiLU,
    Softmax,
    Softplus,
    Tanh,
)
from seegrad.nn.affine import Affine, Linear
from seegrad.nn.attention import MultiHeadAttention
from seegrad.nn.batchnorm import BatchNorm, BatchNorm2d
from seegrad.nn.convolution import Conv1d, Conv2d
from seegrad.nn.deconvolution import ConvTranspose2d
from seegrad.nn.dropping import Dropout
from seegrad.nn.embedding import Embedding, Positions
from seegrad.nn.flattening import Flatten
from seegrad.nn.groupnorm import GroupNorm
from seegrad.nn.initialisers import INITIALISERS, he, normal, seed, xavier, zeros
from seegrad.nn.layernorm import LayerNorm
from seegrad.nn.losses import BCELoss, CrossEntropyLoss, L1Loss, MSELoss, SoftmaxWithLoss
from seegrad.nn.module import Module, parameter, state
from seegrad.nn.multilayer import ACTIVATIONS, multilayer
from seegrad.nn.pooling import (
    AvgPool1d,
    AvgPool2d,
    GlobalAvgPool,
    GlobalMaxPool,
    MaxPool1d,
    MaxPool2d,
)
from seegrad.nn.recurrent import GRU, LSTM, RNN, detached
from seegrad.nn.residual import Residual
from seegrad.nn.sequential import Sequential
from seegrad.nn.transformer import TransformerBlock

__all__ = [
    "ACTIVATIONS",
    "ELU",
    "GELU",
    "GRU",
    "INITIALISERS",
    "LSTM",
    "RNN",
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
    "L1Loss",
    "LayerNorm",
    "LeakyReLU",
    "Linear",
    "MSELoss",
    "MaxPool1d",
    "MaxPool2d",
    "Module",
    "MultiHeadAttention",
    "Positions",
    "ReLU",
    "Residual",
    "Sequential",
    "SiLU",
    "Sigmoid",
    "Softmax",
    "SoftmaxWithLoss",
    "Softplus",
    "Tanh",
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
