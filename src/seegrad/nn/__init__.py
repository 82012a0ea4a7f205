"""Layers and networks: a table of contents. Each layer stands in its own file."""

from __future__ import annotations

from seegrad.nn.activations import GELU, LeakyReLU, ReLU, Sigmoid, Softmax, Tanh
from seegrad.nn.affine import Affine, Linear
from seegrad.nn.batchnorm import BatchNorm
from seegrad.nn.dropping import Dropout
from seegrad.nn.flattening import Flatten
from seegrad.nn.initialisers import INITIALISERS, he, normal, seed, xavier, zeros
from seegrad.nn.layernorm import LayerNorm
from seegrad.nn.losses import BCELoss, CrossEntropyLoss, MSELoss, SoftmaxWithLoss
from seegrad.nn.module import Module, parameter, state
from seegrad.nn.multilayer import ACTIVATIONS, multilayer
from seegrad.nn.sequential import Sequential

__all__ = [
    "ACTIVATIONS",
    "GELU",
    "INITIALISERS",
    "Affine",
    "BCELoss",
    "BatchNorm",
    "CrossEntropyLoss",
    "Dropout",
    "Flatten",
    "LayerNorm",
    "LeakyReLU",
    "Linear",
    "MSELoss",
    "Module",
    "ReLU",
    "Sequential",
    "Sigmoid",
    "Softmax",
    "SoftmaxWithLoss",
    "Tanh",
    "he",
    "multilayer",
    "normal",
    "parameter",
    "seed",
    "state",
    "xavier",
    "zeros",
]
