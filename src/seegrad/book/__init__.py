"""The chapter's classes and functions under the book's own names: a table of contents.

Same signatures and behaviour, the known slips of the book's code mended, on the graph that can be
seen. What was mended stands in each docstring.
"""

from __future__ import annotations

from seegrad.book.functions import (
    cross_entropy_error,
    identity_function,
    mean_squared_error,
    relu,
    relu_grad,
    sigmoid,
    sigmoid_grad,
    softmax,
    softmax_loss,
    step_function,
    sum_squared_error,
)
from seegrad.book.gradient import numerical_gradient
from seegrad.book.layer_naive import AddLayer, MulLayer
from seegrad.book.layers import Affine, Relu, Sigmoid, SoftmaxWithLoss
from seegrad.book.mnist import load_mnist
from seegrad.book.two_layer_net import TwoLayerNet

__all__ = [
    "AddLayer",
    "Affine",
    "MulLayer",
    "Relu",
    "Sigmoid",
    "SoftmaxWithLoss",
    "TwoLayerNet",
    "cross_entropy_error",
    "identity_function",
    "load_mnist",
    "mean_squared_error",
    "numerical_gradient",
    "relu",
    "relu_grad",
    "sigmoid",
    "sigmoid_grad",
    "softmax",
    "softmax_loss",
    "step_function",
    "sum_squared_error",
]
