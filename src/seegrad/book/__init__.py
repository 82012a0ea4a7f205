"""The book's classes and functions under the book's own names: a table of contents.

Of "Deep Learning from Scratch", volume 1, chapters 3 to 8. Same signatures and behaviour, the known
slips of the book's code mended, on the graph that can be seen. What was mended stands in each
docstring. `from seegrad.book import *` brings what the book's own star imports bring, `np` too; its
modules stand here under their names, `seegrad.book.functions` for `common.functions`.
"""

from __future__ import annotations

import os
import sys
from collections import OrderedDict

import numpy as np

from seegrad.book.deep_convnet import DeepConvNet
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
from seegrad.book.layers import (
    Affine,
    BatchNormalization,
    Convolution,
    Dropout,
    Pooling,
    Relu,
    Sigmoid,
    SoftmaxWithLoss,
)
from seegrad.book.mnist import load_mnist
from seegrad.book.multi_layer_net import MultiLayerNet
from seegrad.book.multi_layer_net_extend import MultiLayerNetExtend
from seegrad.book.optimizer import SGD, AdaGrad, Adam, Momentum, Nesterov, RMSprop
from seegrad.book.simple_convnet import SimpleConvNet
from seegrad.book.trainer import Trainer
from seegrad.book.two_layer_net import TwoLayerNet
from seegrad.book.util import col2im, conv_output_size, im2col, shuffle_dataset, smooth_curve

__all__ = [
    "SGD",
    "AdaGrad",
    "Adam",
    "AddLayer",
    "Affine",
    "BatchNormalization",
    "Convolution",
    "DeepConvNet",
    "Dropout",
    "Momentum",
    "MulLayer",
    "MultiLayerNet",
    "MultiLayerNetExtend",
    "Nesterov",
    "OrderedDict",
    "Pooling",
    "RMSprop",
    "Relu",
    "Sigmoid",
    "SimpleConvNet",
    "SoftmaxWithLoss",
    "Trainer",
    "TwoLayerNet",
    "col2im",
    "conv_output_size",
    "cross_entropy_error",
    "identity_function",
    "im2col",
    "load_mnist",
    "mean_squared_error",
    "np",
    "numerical_gradient",
    "os",
    "relu",
    "relu_grad",
    "shuffle_dataset",
    "sigmoid",
    "sigmoid_grad",
    "smooth_curve",
    "softmax",
    "softmax_loss",
    "step_function",
    "sum_squared_error",
    "sys",
]
