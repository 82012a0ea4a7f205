"""Layers that apply one activation function to every number, or every row."""

from __future__ import annotations

from typing import Any, ClassVar

import numpy as np

from seegrad.errors import ValueRangeError
from seegrad.graph.op import Op
from seegrad.i18n import tr
from seegrad.nn.module import Module, as_array, listed, parameter, unusual
from seegrad.ops import transcendental
from seegrad.ops.compare import where
from seegrad.ops.nn import activation
from seegrad.ops.shape import reshape, split
from seegrad.tensor.tensor import Tensor


class _Activation(Module):
    """A layer that is one operation, whose attributes the layer has as its own."""

    operation: ClassVar[Op]
    always: ClassVar[bool] = False
    """Whether its settings are told even where they are the usual ones."""

    def _settings(self) -> dict[str, Any]:
        return {name: getattr(self, name) for name in self.operation.attributes}

    def forward(self, x: Any) -> Tensor:
        return self.operation(as_array(x), **self._settings())  # type: ignore[no-any-return]

    def describe(self) -> str:
        return listed(self._settings() if self.always else unusual(self))


class ReLU(_Activation):
    """x where it is positive, else 0; the derivative at 0 is 0 (chapter 5.5.1).

    >>> ReLU()(np.array([-2.0, 0.0, 2.0])).round(3)
    array([0., 0., 2.])
    """

    kind = "relu"
    operation = activation.relu


class LeakyReLU(_Activation):
    """x where it is positive, else slope·x.

    >>> LeakyReLU()(np.array([-2.0, 0.0, 2.0])).round(3)
    array([-0.02,  0.  ,  2.  ])
    """

    kind = "leaky_relu"
    operation = activation.leaky_relu
    always = True

    def __init__(self, slope: float = 0.01) -> None:
        self.slope = slope


class ELU(_Activation):
    """x where it is positive, else alpha·(exp(x) − 1) (Clevert et al., 2015).

    >>> ELU()(np.array([-2.0, 0.0, 2.0])).round(3)
    array([-0.865,  0.   ,  2.   ])
    """

    operation = activation.elu

    def __init__(self, alpha: float = 1.0) -> None:
        self.alpha = alpha


class Sigmoid(_Activation):
    """1/(1 + exp(−x)), with the derivative y(1 − y) (chapter 5.5.2).

    >>> Sigmoid()(np.array([-2.0, 0.0, 2.0])).round(3)
    array([0.119, 0.5  , 0.881])
    """

    operation = activation.sigmoid


class Tanh(_Activation):
    """The hyperbolic tangent.

    >>> Tanh()(np.array([-2.0, 0.0, 2.0])).round(3)
    array([-0.964,  0.   ,  0.964])
    """

    operation = transcendental.tanh


class GELU(_Activation):
    """x·Φ(x), or its approximation by tanh (Hendrycks and Gimpel, 2016).

    Args:
        approximate: by tanh instead of the error function; "tanh" and "none" say the same.

    Raises:
        ValueRangeError: for another approximation.

    >>> GELU()(np.array([-2.0, 0.0, 2.0])).round(3)
    array([-0.046,  0.   ,  1.954])
    """

    operation = activation.gelu

    def __init__(self, approximate: bool | str = False) -> None:
        if approximate not in (True, False, "tanh", "none"):
            raise ValueRangeError(tr("there is no such approximation"), asked="True, False",
                                  came=f"approximate={approximate!r}")  # fmt: skip
        self.approximate = approximate in (True, "tanh")


class SiLU(_Activation):
    """x·σ(x), also called swish (Elfwing et al., 2017).

    >>> SiLU()(np.array([-2.0, 0.0, 2.0])).round(3)
    array([-0.238,  0.   ,  1.762])
    """

    kind = "silu"
    operation = activation.silu


class Softplus(_Activation):
    """log(1 + exp(x)): ReLU without its corner, its derivative the sigmoid.

    >>> Softplus()(np.array([-2.0, 0.0, 2.0])).round(3)
    array([0.127, 0.693, 2.127])
    """

    operation = activation.softplus


class Softmax(_Activation):
    """exp(x) over its sum along `axis`: each row (by default) positive and summing to 1.

    >>> Softmax()(np.array([[0.0, 0.0]]))
    array([[0.5, 0.5]])
    """

    operation = activation.softmax

    def __init__(self, axis: int = -1) -> None:
        self.axis = axis


class CELU(_Activation):
    """x where it is positive, else alpha·(exp(x/alpha) − 1) (Barron, 2017).

    >>> CELU()(np.array([-2.0, 0.0, 2.0])).round(3)
    array([-0.865,  0.   ,  2.   ])
    """

    operation = activation.celu

    def __init__(self, alpha: float = 1.0) -> None:
        self.alpha = alpha


class SELU(_Activation):
    """ELU scaled so that layers keep mean 0 and variance 1 (Klambauer et al., 2017).

    >>> SELU()(np.array([-2.0, 0.0, 2.0])).round(3)
    array([-1.52 ,  0.   ,  2.101])
    """

    operation = activation.selu


class Mish(_Activation):
    """x·tanh(log(1 + exp(x))) (Misra, 2019).

    >>> Mish()(np.array([-2.0, 0.0, 2.0])).round(3)
    array([-0.253,  0.   ,  1.944])
    """

    operation = activation.mish


class Hardsigmoid(_Activation):
    """The sigmoid in straight lines: x/6 + 1/2 held between 0 and 1.

    >>> Hardsigmoid()(np.array([-2.0, 0.0, 2.0])).round(3)
    array([0.167, 0.5  , 0.833])
    """

    operation = activation.hardsigmoid


class Hardswish(_Activation):
    """x·hardsigmoid(x) (Howard et al., 2019).

    >>> Hardswish()(np.array([-2.0, 0.0, 2.0])).round(3)
    array([-0.333,  0.   ,  1.667])
    """

    operation = activation.hardswish


class Hardtanh(_Activation):
    """x held between low and high; `ReLU6` is `Hardtanh(0.0, 6.0)`.

    >>> Hardtanh()(np.array([-2.0, 0.0, 2.0])).round(3)
    array([-1.,  0.,  1.])
    """

    operation = activation.hardtanh
    always = True

    def __init__(self, low: float = -1.0, high: float = 1.0) -> None:
        self.low, self.high = low, high


class ReLU6(Hardtanh):
    """x held between 0 and 6.

    >>> ReLU6()(np.array([-2.0, 0.0, 2.0])).round(3)
    array([0., 0., 2.])
    """

    kind = "relu6"
    always = False

    def __init__(self) -> None:
        super().__init__(0.0, 6.0)


class Softsign(_Activation):
    """x / (1 + |x|).

    >>> Softsign()(np.array([-2.0, 0.0, 2.0])).round(3)
    array([-0.667,  0.   ,  0.667])
    """

    operation = activation.softsign


class Tanhshrink(_Activation):
    """x − tanh(x).

    >>> Tanhshrink()(np.array([-2.0, 0.0, 2.0])).round(3)
    array([-1.036,  0.   ,  1.036])
    """

    operation = activation.tanhshrink


class LogSigmoid(_Activation):
    """The logarithm of the sigmoid, steady for any x.

    >>> LogSigmoid()(np.array([-2.0, 0.0, 2.0])).round(3)
    array([-2.127, -0.693, -0.127])
    """

    kind = "logsigmoid"
    operation = activation.logsigmoid


class Hardshrink(_Activation):
    """x, and 0 where |x| is at most the bound.

    >>> Hardshrink()(np.array([-2.0, 0.0, 2.0])).round(3)
    array([-2.,  0.,  2.])
    """

    operation = activation.hardshrink
    always = True

    def __init__(self, bound: float = 0.5) -> None:
        self.bound = bound


class Softshrink(_Activation):
    """x moved towards 0 by the bound, and 0 where |x| is at most the bound.

    >>> Softshrink()(np.array([-2.0, 0.0, 2.0])).round(3)
    array([-1.5,  0. ,  1.5])
    """

    operation = activation.softshrink
    always = True

    def __init__(self, bound: float = 0.5) -> None:
        self.bound = bound


class LogSoftmax(_Activation):
    """The logarithm of softmax along `axis`, steady for any scores.

    >>> LogSoftmax()(np.array([[0.0, 0.0]])).round(3)
    array([[-0.693, -0.693]])
    """

    operation = activation.log_softmax

    def __init__(self, axis: int = -1) -> None:
        self.axis = axis


class GLU(Module):
    """a·σ(b), a and b the halves of x along `axis` (Dauphin et al., 2016).

    >>> GLU()(np.array([1.0, 2.0, 0.0, 0.0]))
    array([0.5, 1. ])
    """

    def __init__(self, axis: int = -1) -> None:
        self.axis = axis

    def forward(self, x: Any) -> Tensor:
        a, b = split(as_array(x), 2, self.axis)
        return a * activation.sigmoid(b)  # type: ignore[no-any-return]

    def describe(self) -> str:
        return listed(unusual(self))


class PReLU(Module):
    """x where it is positive, else slope·x, the slope learnt (He et al., 2015).

    features: 1 for one slope, or a slope for each channel, the second axis of (N, C, …).

    Args:
        dtype: the dtype of the slopes.

    >>> PReLU(slope=0.5)(np.array([[-2.0], [2.0]])).value
    array([[-1.],
           [ 2.]])
    """

    kind = "prelu"
    torch_names: ClassVar[dict[str, str]] = {"slope": "weight"}

    def __init__(self, features: int = 1, slope: float = 0.25, *, dtype: Any = np.float32) -> None:
        self.slope = parameter(np.full(features, slope), "slope", dtype)

    def forward(self, x: Any) -> Tensor:
        x = as_array(x)
        slope: Any = self.slope
        if slope.shape[0] > 1 and len(x.shape) > 2:
            slope = reshape(slope, shape=(slope.shape[0], *(1,) * (len(x.shape) - 2)))
        return where(x > 0, x, x * slope)  # type: ignore[no-any-return]

    def describe(self) -> str:
        return f"{self.slope.shape[0]}"
