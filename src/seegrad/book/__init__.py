"""The book's classes and functions under the book's own names: a table of contents.

Of "Deep Learning from Scratch", volume 1, chapters 3 to 8. Same signatures and behaviour, the known
slips of the book's code mended, on the graph that can be seen. What was mended stands in each
docstring. `from seegrad.book import *` brings what the book's own star imports bring, `np` too; its
modules stand here under their names, `seegrad.book.functions` for `common.functions`.
"""

import os as os
import sys as sys
from collections import OrderedDict as OrderedDict

import numpy as np

from seegrad.book.deep_convnet import DeepConvNet as DeepConvNet
from seegrad.book.functions import cross_entropy_error as cross_entropy_error
from seegrad.book.functions import identity_function as identity_function
from seegrad.book.functions import mean_squared_error as mean_squared_error
from seegrad.book.functions import relu as relu
from seegrad.book.functions import relu_grad as relu_grad
from seegrad.book.functions import sigmoid as sigmoid
from seegrad.book.functions import sigmoid_grad as sigmoid_grad
from seegrad.book.functions import softmax as softmax
from seegrad.book.functions import softmax_loss as softmax_loss
from seegrad.book.functions import step_function as step_function
from seegrad.book.functions import sum_squared_error as sum_squared_error
from seegrad.book.gradient import numerical_gradient as numerical_gradient
from seegrad.book.layer_naive import AddLayer as AddLayer
from seegrad.book.layer_naive import MulLayer as MulLayer
from seegrad.book.layers import Affine as Affine
from seegrad.book.layers import BatchNormalization as BatchNormalization
from seegrad.book.layers import Convolution as Convolution
from seegrad.book.layers import Dropout as Dropout
from seegrad.book.layers import Pooling as Pooling
from seegrad.book.layers import Relu as Relu
from seegrad.book.layers import Sigmoid as Sigmoid
from seegrad.book.layers import SoftmaxWithLoss as SoftmaxWithLoss
from seegrad.book.mnist import load_mnist as load_mnist
from seegrad.book.multi_layer_net import MultiLayerNet as MultiLayerNet
from seegrad.book.multi_layer_net_extend import MultiLayerNetExtend as MultiLayerNetExtend
from seegrad.book.optimizer import SGD as SGD
from seegrad.book.optimizer import AdaGrad as AdaGrad
from seegrad.book.optimizer import Adam as Adam
from seegrad.book.optimizer import Momentum as Momentum
from seegrad.book.optimizer import Nesterov as Nesterov
from seegrad.book.optimizer import RMSprop as RMSprop
from seegrad.book.simple_convnet import SimpleConvNet as SimpleConvNet
from seegrad.book.trainer import Trainer as Trainer
from seegrad.book.two_layer_net import TwoLayerNet as TwoLayerNet
from seegrad.book.util import col2im as col2im
from seegrad.book.util import conv_output_size as conv_output_size
from seegrad.book.util import im2col as im2col
from seegrad.book.util import shuffle_dataset as shuffle_dataset
from seegrad.book.util import smooth_curve as smooth_curve
from seegrad.text import public

__all__ = [*public(globals()), "np", "os", "sys"]
