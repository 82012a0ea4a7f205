"""Activation functions. Those with a steadier derivative than their body's state it.

Each body is the function in simpler ops: the picture opens into it, the compiler runs it.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from seegrad.errors import DTypeError, ShapeError, ValueRangeError
from seegrad.graph.forms import Body, OneHot
from seegrad.graph.op import Case
from seegrad.graph.spec import Spec, native_dtype
from seegrad.i18n import tr
from seegrad.ops.arithmetic import abs, reciprocal
from seegrad.ops.compare import floating, where
from seegrad.ops.families import CALL, chosen, elementwise, one_axis, operation
from seegrad.ops.float16 import wide
from seegrad.ops.reduce import logsumexp, steady_shift, sum
from seegrad.ops.transcendental import erf, exp, expm1, log1p, tanh


@elementwise(
    scalar="maximum(x, 0)",
    sign="ReLU",
    latex=r"\operatorname{ReLU}($x)",
    onnx="Relu",
    aten="relu",
    kinks="x",
    d={"x": lambda g, x: where(x > 0, g, 0.0)},
)
def relu(x):
    """x where it is positive, else 0; the derivative at 0 is 0 (chapter 5.5.1).

    PyTorch and JAX choose the same; written as maximum(x, 0), each of the tie gets a half.
    """
    return np.maximum(x, 0)


@elementwise(
    scalar="where(x > 0, x, slope * x)",
    sign="LReLU",
    latex=r"\operatorname{LeakyReLU}($x)",
    onnx="LeakyRelu(x, alpha=slope)",
    aten="leaky_relu(x, slope)",
    kinks="x",
    attrs={"slope": 0.1},
    d={"x": lambda g, x, slope: where(x > 0, g, slope * g)},
)
def leaky_relu(x, *, slope=0.01):
    """x where it is positive, else slope·x; the derivative at 0 is the slope (JAX: 1)."""
    return chosen(x > 0, x, slope * x)


@elementwise(
    scalar="where(x > 0, x, alpha * expm1(minimum(x, 0)))",
    sign="ELU",
    latex=r"\operatorname{ELU}($x)",
    onnx="Elu(x, alpha=alpha)",
    aten="elu(x, alpha)",
    attrs={"alpha": 0.7},
    kinks="x",
    d={"x": lambda g, x, alpha: where(x > 0, g, g * (alpha * exp(where(x > 0, 0.0, x))))},
)
def elu(x, *, alpha=1.0):
    """x where it is positive, else alpha·(exp(x) − 1) (Clevert et al., 2015).

    The derivative at 0 is alpha.
    """
    return chosen(x > 0, x, alpha * expm1(np.minimum(x, 0)))


def _sigmoid_body(x):
    return reciprocal(exp(x * -1) + 1)


@elementwise(
    body=_sigmoid_body,
    sign="σ",
    latex=r"\sigma($x)",
    onnx="Sigmoid",
    aten="sigmoid",
    d={"x": lambda g, out: g * (out * (1 - out))},
)
def sigmoid(x):
    """1 / (1 + exp(−x)); dy/dx = y(1 − y) (chapter 5.5.2), 0 far from 0 on both sides."""
    with np.errstate(over="ignore"):
        return _sigmoid_body(x)


@elementwise(
    body=lambda x: x * sigmoid(x),
    sign="SiLU",
    aten="silu",
    latex=r"\operatorname{SiLU}($x)",
    d={"x": lambda g, x: g * (sigmoid(x) * (1 + x * (1 - sigmoid(x))))},
)
def silu(x):
    """x·σ(x), also called swish (Elfwing et al., 2017)."""
    return x * sigmoid(x)


@elementwise(
    scalar="maximum(x, 0) + log1p(exp(-abs(x)))",
    sign="softplus",
    latex=r"\log(1 + e^{$x})",
    onnx="Softplus",
    d={"x": lambda g, x: g * sigmoid(x)},
)
def softplus(x):
    """log(1 + exp(x)) without overflow; its derivative is the sigmoid."""
    return np.maximum(x, 0) + log1p(np.exp(-np.abs(x)))


def _gelu_body(x, *, approximate):
    if approximate:
        return x * (0.5 * (1 + tanh(math.sqrt(2 / math.pi) * (x + 0.044715 * x * x * x))))
    return x * (0.5 * (1 + erf(x * math.sqrt(0.5))))


def _gelu_rule(g: Any, x: Any, approximate: bool) -> Any:
    if approximate:
        c = math.sqrt(2 / math.pi)
        t = tanh(c * (x + 0.044715 * x * x * x))
        inner = c * (1 + 3 * 0.044715 * x * x)
        return g * (0.5 * (1 + t) + 0.5 * x * ((1 - t * t) * inner))
    density = exp(-0.5 * (x * x)) * (1 / math.sqrt(2 * math.pi))
    return g * (0.5 * (1 + erf(x * math.sqrt(0.5))) + x * density)


@elementwise(
    body=_gelu_body,
    sign="GELU",
    latex=r"\operatorname{GELU}($x)",
    onnx="Gelu",
    attrs=({"approximate": False}, {"approximate": True}),
    d={"x": _gelu_rule},
)
def gelu(x, *, approximate=False):
    """x·Φ(x), Φ the normal distribution (Hendrycks & Gimpel, 2016); or its tanh approximation."""
    return _gelu_body(x, approximate=approximate)


SELU_SCALE, SELU_ALPHA = 1.0507009873554805, 1.6732632423543772


@elementwise(
    body=lambda x: SELU_SCALE * elu(x, alpha=SELU_ALPHA),
    sign="SELU",
    latex=r"\operatorname{SELU}($x)",
    onnx="Selu",
    aten="selu",
    kinks="x",
    d={
        "x": lambda g, x: g * where(
            x > 0, SELU_SCALE, SELU_SCALE * SELU_ALPHA * exp(where(x > 0, 0.0, x))
        )
    },
)  # fmt: skip
def selu(x):
    """ELU scaled so that layers keep mean 0 and variance 1 (Klambauer et al., 2017)."""
    return SELU_SCALE * elu(x, alpha=SELU_ALPHA)


@elementwise(
    scalar="maximum(x, 0) + minimum(alpha * expm1(minimum(x, 0) / alpha), 0)",
    sign="CELU",
    latex=r"\operatorname{CELU}($x)",
    onnx="Celu(x, alpha=alpha)",
    aten="celu(x, alpha)",
    attrs={"alpha": 0.7},
    kinks="x",
    d={"x": lambda g, x, alpha: where(x > 0, g, g * exp(where(x > 0, 0.0, x) / alpha))},
)
def celu(x, *, alpha=1.0):
    """x where it is positive, else alpha·(exp(x/alpha) − 1) (Barron, 2017)."""
    return np.maximum(x, 0) + np.minimum(alpha * np.expm1(np.minimum(x, 0) / alpha), 0)


@elementwise(
    body=lambda x: x * tanh(softplus(x)),
    sign="Mish",
    latex=r"\operatorname{Mish}($x)",
    onnx="Mish",
    aten="mish",
    d={"x": lambda g, x: g * _mish_slope(x)},
)
def mish(x):
    """x·tanh(log(1 + exp(x))) (Misra, 2019)."""
    return x * tanh(softplus(x))


def _mish_slope(x: Any) -> Any:
    t = tanh(softplus(x))
    return t + x * ((1 - t * t) * sigmoid(x))


@elementwise(
    scalar="minimum(maximum(x / 6 + 0.5, 0), 1)",
    sign="hard σ",
    aten="hardsigmoid",
    latex=r"\operatorname{hardsigmoid}($x)",
    kinks="(x - 3) * (x + 3)",
    domain=(-5.0, 5.0),
    d={"x": lambda g, x: where((x > -3) & (x < 3), g * (1 / 6), 0.0)},
)
def hardsigmoid(x):
    """The sigmoid in straight lines: x/6 + 1/2 held between 0 and 1."""
    return np.clip(x / 6 + 0.5, 0, 1)


@elementwise(
    body=lambda x: x * hardsigmoid(x),
    sign="hard swish",
    latex=r"\operatorname{hardswish}($x)",
    onnx="HardSwish",
    aten="hardswish",
    kinks="(x - 3) * (x + 3)",
    domain=(-5.0, 5.0),
    d={"x": lambda g, x: g * where(x > -3, where(x < 3, x * (1 / 3) + 0.5, 1.0), 0.0)},
)
def hardswish(x):
    """x·hardsigmoid(x) (Howard et al., 2019)."""
    return x * hardsigmoid(x)


@elementwise(
    scalar="minimum(maximum(x, low), high)",
    sign="hard tanh",
    aten="hardtanh(x, low, high)",
    latex=r"\operatorname{hardtanh}($x)",
    attrs={"low": -1.0, "high": 1.0},
    kinks="(x - 1) * (x + 1)",
    d={"x": lambda g, x, low, high: where((x > low) & (x < high), g, 0.0)},
)
def hardtanh(x, *, low=-1.0, high=1.0):
    """x held between low and high; the derivative outside and at both is 0."""
    return np.clip(x, low, high)


@elementwise(
    scalar="x / (1 + abs(x))",
    sign="softsign",
    latex=r"\frac{$x}{1 + \left|$x\right|}",
    onnx="Softsign",
    d={"x": lambda g, x: g / ((1 + abs(x)) * (1 + abs(x)))},
)
def softsign(x):
    """x / (1 + |x|)."""
    return x / (1 + np.abs(x))


@elementwise(
    scalar="x - tanh(x)",
    sign="x − tanh",
    latex=r"($x - \tanh $x)",
    d={"x": lambda g, x: g * (tanh(x) * tanh(x))},
)
def tanhshrink(x):
    """x − tanh(x)."""
    return x - np.tanh(x)


@elementwise(
    scalar="minimum(x, 0) - log1p(exp(-abs(x)))",
    sign="log σ",
    aten="log_sigmoid",
    latex=r"\log \sigma($x)",
    d={"x": lambda g, x: g * sigmoid(x * -1)},
)
def logsigmoid(x):
    """The logarithm of the sigmoid, steady for any x."""
    return np.minimum(x, 0) - log1p(np.exp(-np.abs(x)))


@elementwise(
    scalar="where(abs(x) > bound, x, 0)",
    sign="hard shrink",
    aten="hardshrink(x, bound)",
    latex=r"\operatorname{hardshrink}($x)",
    attrs={"bound": 0.5},
    kinks="(x - 0.5) * (x + 0.5)",
    d={"x": lambda g, x, bound: where(abs(x) > bound, g, 0.0)},
)
def hardshrink(x, *, bound=0.5):
    """x, and 0 where |x| is at most the bound."""
    return chosen(np.abs(x) > bound, x, 0)


@elementwise(
    scalar="x - minimum(maximum(x, 0 - bound), bound)",
    sign="soft shrink",
    aten="softshrink(x, bound)",
    latex=r"\operatorname{softshrink}($x)",
    attrs={"bound": 0.5},
    kinks="(x - 0.5) * (x + 0.5)",
    d={"x": lambda g, x, bound: where(abs(x) > bound, g, 0.0)},
)
def softshrink(x, *, bound=0.5):
    """x moved towards 0 by the bound, and 0 where |x| is at most the bound."""
    return x - np.clip(x, -bound, bound)


# --------------------------------------------------------------- along an axis


def _along(x: Any, *, axis: Any) -> dict[str, Any]:
    """A single number, which has no axis, is its own row: axis 0 or -1, as in PyTorch."""
    if not len(x.shape) and axis in (0, -1, ()):
        return {"axis": ()}
    return {"axis": one_axis(axis, len(x.shape))}


def _floating_spec(x: Spec, *, axis: int | tuple[()]) -> Spec:
    return Spec(x.shape, x.dtype if x.dtype.kind == "f" else np.dtype(np.float64))


_ALONG = (
    Case(((3,),), {"axis": -1}),
    Case(((2, 3),), {"axis": -1}),
    Case(((2, 3),), {"axis": 0}),
    Case(((2, 1, 4),), {"axis": 1}),
    Case(((0, 3),), {"axis": 1}),
    Case(((5, 0, 0),), {"axis": -1}),
    Case(((),), {"axis": -1}),
)


@wide
def _softmax_body(x, *, axis):
    x = floating(x)
    if 0 in x.shape:
        return x
    shifted = exp(x - steady_shift(x, axis))
    return shifted / sum(shifted, axis=axis, keepdims=True)


@wide
def _softmax_rule(g: Any, out: Any, axis: int) -> Any:
    return out * (g - sum(g * out, axis=axis, keepdims=True))


@operation(
    spec=_floating_spec,
    canonical=_along,
    lower=Body(),
    body=_softmax_body,
    sign="softmax",
    latex=r"\operatorname{softmax}($x)",
    onnx="Softmax(x, axis=axis)",
    aten=("softmax.int(x, axis)", "_softmax(x, axis)"),
    d={"x": _softmax_rule},
    cases=_ALONG,
    family="activation",
)
def softmax(x, *, axis=-1):
    """exp(x) over its sum along `axis` (each row, by default): positive, summing to 1."""
    return _softmax_body(x, axis=axis)


@wide
def _log_softmax_body(x, *, axis):
    x = floating(x)
    if 0 in x.shape:
        return x
    return x - logsumexp(x, axis=axis, keepdims=True)


@wide
def _log_softmax_rule(g: Any, out: Any, axis: int) -> Any:
    return g - exp(out) * sum(g, axis=axis, keepdims=True)


@operation(
    spec=_floating_spec,
    canonical=_along,
    lower=Body(),
    body=_log_softmax_body,
    sign="log softmax",
    latex=r"\log\operatorname{softmax}($x)",
    precedence=CALL,
    onnx="LogSoftmax(x, axis=axis)",
    aten=("log_softmax.int(x, axis)", "_log_softmax(x, axis)"),
    d={"x": _log_softmax_rule},
    cases=_ALONG,
    family="activation",
)
def log_softmax(x, *, axis=-1):
    """log(softmax(x)) along `axis`, without taking the logarithm of a rounded 0."""
    return _log_softmax_body(x, axis=axis)


def _one_hot_attrs(labels: Any, *, classes: Any, dtype: Any) -> dict[str, Any]:
    if labels.dtype.kind not in "iu":
        raise DTypeError(tr("{name} must be integers", name="labels"), came=f"dtype {labels.dtype}")
    if isinstance(classes, bool) or not isinstance(classes, (int, np.integer)) or classes < 1:
        raise ShapeError("classes must be a positive integer", came=f"classes={classes!r}")
    return {"classes": int(classes), "dtype": native_dtype(dtype)}


def labels_in_range(labels: Any, classes: int) -> None:
    """ValueRangeError if a label is not one of 0 … classes − 1."""
    if labels.size and (labels.min() < 0 or labels.max() >= classes):
        raise ValueRangeError(
            "a label is out of range",
            asked=tr(
                "integers from {low} to {high}, one for each of {count} classes",
                low=0, high=classes - 1, count=classes,
            ),
            came=tr("labels from {low} to {high}", low=labels.min(), high=labels.max()),
        )


@operation(
    spec=lambda labels, *, classes, dtype: Spec((*labels.shape, classes), dtype),
    canonical=_one_hot_attrs,
    lower=OneHot(),
    sign="1-hot",
    latex=r"\operatorname{onehot}($labels)",
    numpy=(),
    onnx="OneHot(labels, classes, [0, 1])",
    d={"labels": None},
    integer_inputs=("labels",),
    cases=(
        Case(((3,),), {"classes": 4}, integers={"labels": 4}),
        Case(((2, 3),), {"classes": 2}, integers={"labels": 2}),
        Case(((),), {"classes": 3}, integers={"labels": 3}),
        Case(((0,),), {"classes": 3}, integers={"labels": 3}),
    ),
)
def one_hot(labels, *, classes, dtype=np.float32):
    """A row of zeros with a 1 at the label, for each label."""
    labels_in_range(labels, classes)
    out = np.zeros((*labels.shape, classes), dtype)
    np.put_along_axis(out, np.asarray(labels)[..., None], 1, -1)
    return out
