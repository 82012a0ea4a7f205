"""The table of contents: the names that computing and differentiating need, and where they are.

`import seegrad` reads this file when the first name is asked for, so that the command line can
answer `--help` without waiting for NumPy. What stands on the upper floors is in `appendix.py`.
Nothing is defined here.
"""

from seegrad.errors import SeegradError as SeegradError
from seegrad.expression import read_expression as read_expression
from seegrad.graph.graph import Edge as Edge
from seegrad.graph.graph import Graph as Graph
from seegrad.graph.node import Node as Node
from seegrad.i18n import set_language as set_language
from seegrad.ops import TABLE as TABLE
from seegrad.ops.arithmetic import abs as abs
from seegrad.ops.arithmetic import add as add
from seegrad.ops.arithmetic import add_n as add_n
from seegrad.ops.arithmetic import cbrt as cbrt
from seegrad.ops.arithmetic import ceil as ceil
from seegrad.ops.arithmetic import clip as clip
from seegrad.ops.arithmetic import divide as divide
from seegrad.ops.arithmetic import floor as floor
from seegrad.ops.arithmetic import floor_divide as floor_divide
from seegrad.ops.arithmetic import hypot as hypot
from seegrad.ops.arithmetic import identity as identity
from seegrad.ops.arithmetic import maximum as maximum
from seegrad.ops.arithmetic import minimum as minimum
from seegrad.ops.arithmetic import mod as mod
from seegrad.ops.arithmetic import multiply as multiply
from seegrad.ops.arithmetic import negative as negative
from seegrad.ops.arithmetic import power_scalar as power_scalar
from seegrad.ops.arithmetic import reciprocal as reciprocal
from seegrad.ops.arithmetic import round as round
from seegrad.ops.arithmetic import sign as sign
from seegrad.ops.arithmetic import sqrt as sqrt
from seegrad.ops.arithmetic import square as square
from seegrad.ops.arithmetic import stop_gradient as stop_gradient
from seegrad.ops.arithmetic import subtract as subtract
from seegrad.ops.arithmetic import trunc as trunc
from seegrad.ops.closeness import isclose as isclose
from seegrad.ops.compare import astype as astype
from seegrad.ops.compare import equal as equal
from seegrad.ops.compare import greater as greater
from seegrad.ops.compare import greater_equal as greater_equal
from seegrad.ops.compare import isfinite as isfinite
from seegrad.ops.compare import isinf as isinf
from seegrad.ops.compare import isnan as isnan
from seegrad.ops.compare import less as less
from seegrad.ops.compare import less_equal as less_equal
from seegrad.ops.compare import logical_and as logical_and
from seegrad.ops.compare import logical_not as logical_not
from seegrad.ops.compare import logical_or as logical_or
from seegrad.ops.compare import logical_xor as logical_xor
from seegrad.ops.compare import not_equal as not_equal
from seegrad.ops.compare import where as where
from seegrad.ops.indexing import take_along_axis as take_along_axis
from seegrad.ops.linear.einsum import contract as contract
from seegrad.ops.linear.einsum import einsum as einsum
from seegrad.ops.linear.linalg import diag as diag
from seegrad.ops.linear.linalg import diagonal as diagonal
from seegrad.ops.linear.linalg import dot as dot
from seegrad.ops.linear.linalg import inner as inner
from seegrad.ops.linear.linalg import kron as kron
from seegrad.ops.linear.linalg import matmul as matmul
from seegrad.ops.linear.linalg import norm as norm
from seegrad.ops.linear.linalg import outer as outer
from seegrad.ops.linear.linalg import tensordot as tensordot
from seegrad.ops.linear.linalg import trace as trace
from seegrad.ops.linear.linalg import tril as tril
from seegrad.ops.linear.linalg import triu as triu
from seegrad.ops.linear.linalg import vecdot as vecdot
from seegrad.ops.linear.solve_systems import det as det
from seegrad.ops.linear.solve_systems import inv as inv
from seegrad.ops.linear.solve_systems import solve as solve
from seegrad.ops.nn.activation import elu as elu
from seegrad.ops.nn.activation import gelu as gelu
from seegrad.ops.nn.activation import leaky_relu as leaky_relu
from seegrad.ops.nn.activation import log_softmax as log_softmax
from seegrad.ops.nn.activation import one_hot as one_hot
from seegrad.ops.nn.activation import relu as relu
from seegrad.ops.nn.activation import sigmoid as sigmoid
from seegrad.ops.nn.activation import silu as silu
from seegrad.ops.nn.activation import softmax as softmax
from seegrad.ops.nn.activation import softplus as softplus
from seegrad.ops.nn.convolution import conv as conv
from seegrad.ops.nn.convolution import conv_transpose as conv_transpose
from seegrad.ops.nn.convolution import conv_weights as conv_weights
from seegrad.ops.nn.loss import binary_cross_entropy as binary_cross_entropy
from seegrad.ops.nn.loss import binary_cross_entropy_with_logits as binary_cross_entropy_with_logits
from seegrad.ops.nn.loss import mean_absolute_error as mean_absolute_error
from seegrad.ops.nn.loss import mean_squared_error as mean_squared_error
from seegrad.ops.nn.loss import softmax_cross_entropy as softmax_cross_entropy
from seegrad.ops.nn.pooling import average_pool as average_pool
from seegrad.ops.nn.pooling import max_pool as max_pool
from seegrad.ops.nn.window import overlap_add as overlap_add
from seegrad.ops.nn.window import unfold as unfold
from seegrad.ops.reduce import all as all
from seegrad.ops.reduce import any as any
from seegrad.ops.reduce import argmax as argmax
from seegrad.ops.reduce import argmin as argmin
from seegrad.ops.reduce import logsumexp as logsumexp
from seegrad.ops.reduce import max as max
from seegrad.ops.reduce import mean as mean
from seegrad.ops.reduce import min as min
from seegrad.ops.reduce import prod as prod
from seegrad.ops.reduce import std as std
from seegrad.ops.reduce import sum as sum
from seegrad.ops.reduce import var as var
from seegrad.ops.scan_sort import diff as diff
from seegrad.ops.shape import broadcast_to as broadcast_to
from seegrad.ops.shape import concatenate as concatenate
from seegrad.ops.shape import expand_dims as expand_dims
from seegrad.ops.shape import flip as flip
from seegrad.ops.shape import hstack as hstack
from seegrad.ops.shape import moveaxis as moveaxis
from seegrad.ops.shape import pad as pad
from seegrad.ops.shape import ravel as ravel
from seegrad.ops.shape import repeat as repeat
from seegrad.ops.shape import reshape as reshape
from seegrad.ops.shape import roll as roll
from seegrad.ops.shape import split as split
from seegrad.ops.shape import squeeze as squeeze
from seegrad.ops.shape import stack as stack
from seegrad.ops.shape import swapaxes as swapaxes
from seegrad.ops.shape import tile as tile
from seegrad.ops.shape import transpose as transpose
from seegrad.ops.shape import vstack as vstack
from seegrad.ops.transcendental import arccos as arccos
from seegrad.ops.transcendental import arccosh as arccosh
from seegrad.ops.transcendental import arcsin as arcsin
from seegrad.ops.transcendental import arcsinh as arcsinh
from seegrad.ops.transcendental import arctan as arctan
from seegrad.ops.transcendental import arctan2 as arctan2
from seegrad.ops.transcendental import arctanh as arctanh
from seegrad.ops.transcendental import cos as cos
from seegrad.ops.transcendental import cosh as cosh
from seegrad.ops.transcendental import erf as erf
from seegrad.ops.transcendental import exp as exp
from seegrad.ops.transcendental import exp2 as exp2
from seegrad.ops.transcendental import expm1 as expm1
from seegrad.ops.transcendental import log as log
from seegrad.ops.transcendental import log1p as log1p
from seegrad.ops.transcendental import log2 as log2
from seegrad.ops.transcendental import log10 as log10
from seegrad.ops.transcendental import logaddexp as logaddexp
from seegrad.ops.transcendental import power as power
from seegrad.ops.transcendental import sin as sin
from seegrad.ops.transcendental import sinh as sinh
from seegrad.ops.transcendental import tan as tan
from seegrad.ops.transcendental import tanh as tanh
from seegrad.tensor import linalg as linalg
from seegrad.tensor.creation import arange as arange
from seegrad.tensor.creation import eye as eye
from seegrad.tensor.creation import full as full
from seegrad.tensor.creation import full_like as full_like
from seegrad.tensor.creation import linspace as linspace
from seegrad.tensor.creation import ones as ones
from seegrad.tensor.creation import ones_like as ones_like
from seegrad.tensor.creation import zeros as zeros
from seegrad.tensor.creation import zeros_like as zeros_like
from seegrad.tensor.numpy_names import argsort as argsort
from seegrad.tensor.numpy_names import cumprod as cumprod
from seegrad.tensor.numpy_names import cumsum as cumsum
from seegrad.tensor.numpy_names import median as median
from seegrad.tensor.numpy_names import quantile as quantile
from seegrad.tensor.numpy_names import sort as sort
from seegrad.tensor.numpy_names import take as take
from seegrad.tensor.tensor import Tensor as Tensor
from seegrad.tensor.tensor import as_tensor as as_tensor
from seegrad.tensor.tensor import from_dlpack as from_dlpack
from seegrad.tensor.tensor import tensor as tensor
from seegrad.transforms.debugging import debug as debug
from seegrad.transforms.derivatives import checkpoint as checkpoint
from seegrad.transforms.derivatives import grad as grad
from seegrad.transforms.derivatives import hessian as hessian
from seegrad.transforms.derivatives import hvp as hvp
from seegrad.transforms.derivatives import jacobian as jacobian
from seegrad.transforms.derivatives import jvp as jvp
from seegrad.transforms.derivatives import no_grad as no_grad
from seegrad.transforms.derivatives import value_and_grad as value_and_grad
from seegrad.transforms.derivatives import vjp as vjp
from seegrad.transforms.folding import FoldCheck as FoldCheck
from seegrad.transforms.folding import check_fold as check_fold
from seegrad.transforms.folding import expand as expand
from seegrad.transforms.folding import fold as fold
from seegrad.transforms.gradcheck import gradcheck as gradcheck
from seegrad.transforms.gradcheck import gradcheck_nodes as gradcheck_nodes
from seegrad.transforms.gradcheck import numerical_gradient as numerical_gradient
from seegrad.transforms.loops.control_flow import cond as cond
from seegrad.transforms.loops.control_flow import fori_loop as fori_loop
from seegrad.transforms.loops.control_flow import scan as scan
from seegrad.transforms.loops.control_flow import while_loop as while_loop
from seegrad.transforms.vmap import vmap as vmap

# The Array API's other names for some of these.
absolute = abs
acos = arccos
acosh = arccosh
asarray = as_tensor
asin = arcsin
asinh = arcsinh
atan = arctan
atan2 = arctan2
atanh = arctanh
concat = concatenate
cumulative_prod = cumprod
cumulative_sum = cumsum
permute_dims = transpose
pow = power
remainder = mod
