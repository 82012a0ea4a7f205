"""What keeps a deep network learning, in the book's manner: BatchNormalization and Dropout (6.3).

Both compute one thing while training and another in use: `forward(x, train_flg)`.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from seegrad.book.base.layer import Layer, as_leaf, plain
from seegrad.errors import ShapeError, ValueRangeError
from seegrad.i18n import tr
from seegrad.ops.arithmetic import sqrt
from seegrad.ops.reduce import mean
from seegrad.ops.shape import reshape
from seegrad.tensor.tensor import Tensor, tensor

TINY = 10e-7
"""What the book adds to a variance before its root (it writes 10e-7, which is 10⁻⁶)."""


class Dropout(Layer):
    """While training, each value is 0 with the chance `dropout_ratio`; in use, all are × (1 − it).

    As in the book (6.4.3), and other than in `sg.nn.Dropout`, nothing is scaled while training.
    What is left out is drawn by `np.random`; `mask` is true where values pass.
    """

    by_mode = True

    def __init__(self, dropout_ratio: float = 0.5) -> None:
        if isinstance(dropout_ratio, bool) or not 0 <= dropout_ratio < 1:
            raise ValueRangeError(
                tr("dropout_ratio is the share of values left out"),
                asked="0 ≤ dropout_ratio < 1", came=f"dropout_ratio={dropout_ratio!r}",
            )  # fmt: skip
        self.dropout_ratio = dropout_ratio
        self.mask: Any = None

    def forward(self, x: Any, train_flg: bool = True) -> Any:
        """x without the values that are left out, or x × (1 − dropout_ratio)."""
        leaf = as_leaf(x, "x")
        if train_flg:
            self.mask = np.random.rand(*leaf.shape) > self.dropout_ratio
            mask = tensor(self.mask.astype(leaf.dtype), name="mask", requires_grad=False)
            out = leaf * mask
        else:
            out = leaf * (1.0 - self.dropout_ratio)
        return plain(self._remember((leaf,), out), x)

    def backward(self, dout: Any) -> Any:
        """dout as the last forward pass let values through."""
        (dx,) = self._sent_back(dout, self._inputs)
        return plain(dx, dout)


class BatchNormalization(Layer):
    """Mean 0 and deviation 1 over the batch, then gamma and beta (Ioffe and Szegedy, 2015; 6.3).

    x: (N, D) with gamma and beta (D,). Images (N, C, H, W): with (C,) each channel has one mean;
    with (C·H·W,) each pixel has its own, as in the book. `running_mean` and `running_var`, which
    are used when `train_flg` is False, begin at 0 and move by 1 − momentum with every training
    batch; before the first one x passes as if its mean were 0 and its variance 1.
    """

    learned = "gamma", "beta"
    by_mode = True

    def __init__(
        self, gamma: Any, beta: Any, momentum: float = 0.9, running_mean: Any = None,
        running_var: Any = None, names: tuple[str, str] = ("gamma", "beta"),
    ) -> None:  # fmt: skip
        if isinstance(momentum, bool) or not 0 <= momentum <= 1:
            raise ValueRangeError(
                tr("momentum is the share of the running mean that is kept"),
                asked="0 ≤ momentum ≤ 1", came=f"momentum={momentum!r}",
            )  # fmt: skip
        self.gamma, self.beta, self.momentum, self.names = gamma, beta, momentum, names
        self.running_mean, self.running_var = running_mean, running_var
        self.input_shape: tuple[int, ...] | None = None
        self.batch_size: int | None = None
        self.xc: Any = None
        self.xn: Any = None
        self.std: Any = None
        self.dgamma: Any = None
        self.dbeta: Any = None

    def forward(self, x: Any, train_flg: bool = True) -> Any:
        """gamma·(x − mean)/√(variance + 10⁻⁶) + beta, in the shape of x."""
        leaf = as_leaf(x, "x")
        gamma, beta = as_leaf(self.gamma, self.names[0]), as_leaf(self.beta, self.names[1])
        self.input_shape = leaf.shape
        flat, axes, wide = self._laid_out(leaf, gamma, beta)
        if train_flg:
            middle = mean(flat, axis=axes)
            centred = flat - _as(middle, wide)
            variance = mean(centred**2, axis=axes)
            self._remember_running(middle.value, variance.value, leaf.shape[0])
        else:
            middle, variance = self._running(gamma)
            centred = flat - _as(middle, wide)
        deviation = sqrt(variance + TINY)
        even = centred / _as(deviation, wide)
        if train_flg:
            self.xc, self.xn, self.std = (np.array(_value(v)) for v in (centred, even, deviation))
        out = reshape(even * _as(gamma, wide) + _as(beta, wide), shape=leaf.shape)
        self._leaves = gamma, beta
        return plain(self._remember((leaf, gamma, beta), out), x, self.gamma, self.beta)

    def backward(self, dout: Any) -> Any:
        """The derivative by x, also through mean and variance; keeps dgamma and dbeta."""
        return self._sent_back_with_learned(dout)

    def _laid_out(
        self, x: Tensor, gamma: Tensor, beta: Tensor
    ) -> tuple[Any, tuple[int, ...], tuple[int, ...]]:
        """x as it is normalised, the axes over which, and gamma's shape beside it."""
        pixels = (math.prod(x.shape[1:]),)
        by_channel = len(x.shape) == 4 and gamma.shape == x.shape[1:2] != pixels
        if (
            len(x.shape) not in (2, 4)
            or gamma.shape != beta.shape
            or not (by_channel or gamma.shape == pixels)
        ):
            raise ShapeError(
                tr("BatchNormalization: x, gamma and beta do not fit"),
                asked=tr("x (N, D) and D values, or images and a value for each channel or pixel"),
                came=f"x {x.shape} · gamma {gamma.shape} · beta {beta.shape}",
                hint=tr("one sample: x.reshape(1, -1)") if len(x.shape) == 1 else "",
            )
        if by_channel:
            return x, (0, 2, 3), (x.shape[1], 1, 1)
        flat = x if len(x.shape) == 2 else reshape(x, shape=(x.shape[0], *pixels))
        return flat, (0,), pixels

    def _remember_running(self, middle: Any, variance: Any, batch: int) -> None:
        if self.running_mean is None:
            self.running_mean = np.zeros_like(middle)
        if self.running_var is None:
            self.running_var = np.zeros_like(variance)
        kept, self.batch_size = self.momentum, batch
        self.running_mean = kept * self.running_mean + (1 - kept) * middle
        self.running_var = kept * self.running_var + (1 - kept) * variance

    def _running(self, gamma: Tensor) -> tuple[Any, Any]:
        found = []
        for name, default in (("running_mean", np.zeros), ("running_var", np.ones)):
            value = getattr(self, name)
            value = default(gamma.shape) if value is None else np.asarray(value)
            if value.shape != gamma.shape:
                raise ShapeError(
                    tr("{name} has another shape than gamma", name=name),
                    asked=f"{gamma.shape}", came=f"{value.shape}",
                )  # fmt: skip
            found.append(tensor(value, name=name, requires_grad=False))
        return found[0], found[1]


def _value(x: Any) -> Any:
    return x.value if isinstance(x, Tensor) else x


def _as(values: Any, wide: tuple[int, ...]) -> Any:
    """One number a feature, in the shape that meets the input."""
    return values if tuple(values.shape) == wide else reshape(values, shape=wide)
