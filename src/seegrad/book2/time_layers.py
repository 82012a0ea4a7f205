"""The layers over time of chapters 5 to 8: what one layer does for each position of a sequence.

Recurrent layers carry their state from one pass to the next where they are `stateful`; no
derivative goes back beyond the beginning of a pass (truncated backpropagation through time).
"""

from __future__ import annotations

from typing import Any, ClassVar

import numpy as np

from seegrad.book.arrays import as_array, as_floats
from seegrad.book.functions import relu, sigmoid, softmax
from seegrad.book2 import recurrent
from seegrad.book2.arrays import Array, as_ids, as_input, fits
from seegrad.book2.formula import Formula
from seegrad.book2.layer import Layer
from seegrad.book2.layers import (
    Affine,
    Dropout,
    Embedding,
    MatMul,
    Sigmoid,
    SigmoidWithLoss,
    Softmax,
    SoftmaxWithLoss,
    bias_fits,
    ratio,
    rows_fit,
)
from seegrad.book2.network import Network
from seegrad.book2.np import GPU
from seegrad.errors import ShapeError, ValueRangeError
from seegrad.i18n import tr
from seegrad.ops.linear.linalg import matmul
from seegrad.ops.nn.activation import log_softmax
from seegrad.ops.nn.activation import softmax as probabilities
from seegrad.ops.reduce import sum as total
from seegrad.tensor.tensor import Tensor

__all__ = [
    "GPU",
    "GRU",
    "LSTM",
    "RNN",
    "Affine",
    "Dropout",
    "Embedding",
    "MatMul",
    "Sigmoid",
    "SigmoidWithLoss",
    "Simple_TimeAffine",
    "Simple_TimeSoftmaxWithLoss",
    "Softmax",
    "SoftmaxWithLoss",
    "TimeAffine",
    "TimeBiLSTM",
    "TimeDropout",
    "TimeEmbedding",
    "TimeGRU",
    "TimeLSTM",
    "TimeRNN",
    "TimeSigmoidWithLoss",
    "TimeSoftmaxWithLoss",
    "np",
    "relu",
    "sigmoid",
    "softmax",
]


def _weights_fit(layer: str, gates: int, Wx: Array, Wh: Array, b: Any) -> None:
    """ShapeError unless Wx is (D, gates·H), Wh (H, gates·H) and b (gates·H,)."""
    wide = gates * Wh.shape[0] if Wh.ndim == 2 else -1
    if Wx.ndim != 2 or Wh.shape[1:] != (wide,) or Wx.shape[1:] != (wide,) or b.shape != (wide,):
        block = "H" if gates == 1 else f"{gates}·H"
        raise ShapeError(
            tr("{layer}: the weights do not fit together", layer=layer),
            asked=f"Wx (D, {block}) · Wh (H, {block}) · b ({block},)",
            came=f"Wx {Wx.shape} · Wh {Wh.shape} · b {b.shape}",
        )


class RNN(Layer):
    """h ← tanh(h_prev·Wh + x·Wx + b), one position (chapter 5.3.1)."""

    formula = Formula(
        lambda x, h_prev, Wx, Wh, b: recurrent.rnn_step(matmul(x, Wx) + b, (h_prev,), Wh)
    )
    gates: ClassVar[int] = 1

    def __init__(self, Wx: Any, Wh: Any, b: Any) -> None:
        super().__init__(Wx, Wh, b)
        _weights_fit(type(self).__name__, self.gates, *self.params)

    def forward(self, x: Any, h_prev: Any) -> Any:
        """The next h (N, H), from x (N, D) and h_prev (N, H)."""
        return self._step(x, h_prev)

    def backward(self, dh_next: Any) -> Any:
        """(dx, dh_prev)."""
        return self._back(dh_next)

    def _step(self, x: Any, *states: Any) -> Any:
        layer, (Wx, Wh) = type(self).__name__, self.params[:2]
        x = as_input(x, Wx)
        fits(layer, x, ("N", Wx.shape[0]), "x")
        begun = [as_input(s, Wh, name) for s, name in zip(states, ("h_prev", "c_prev"))]
        for state, name in zip(begun, ("h_prev", "c_prev")):
            fits(layer, state, (x.shape[0], Wh.shape[0]), name)
        return self._run(x, *begun)


class LSTM(RNN):
    """Long short-term memory, one position (chapter 6.3); gates in the order f, g, i, o."""

    formula = Formula(
        lambda x, h_prev, c_prev, Wx, Wh, b: recurrent.lstm_step(
            matmul(x, Wx) + b, (h_prev, c_prev), Wh
        )
    )
    gates = 4

    def forward(self, x: Any, h_prev: Any, c_prev: Any) -> Any:  # type: ignore[override]
        """(h_next, c_next), each (N, H)."""
        return self._step(x, h_prev, c_prev)

    def backward(self, dh_next: Any, dc_next: Any = 0) -> Any:
        """(dx, dh_prev, dc_prev)."""
        return self._back(dh_next, dc_next)


class _Gates(Layer):
    """The names that the book's GRU has for its arrays."""

    Wx = property(lambda self: self.params[0], doc="Weights of the input.")
    Wh = property(lambda self: self.params[1], doc="Weights of the state.")
    dWx = property(lambda self: self.grads[0], doc="The derivative by Wx.")
    dWh = property(lambda self: self.grads[1], doc="The derivative by Wh.")


class GRU(_Gates, RNN):
    """Gated recurrent unit, one position (appendix C); gates in the order z, r, h. b may be left
    out, as in the first printing's code."""

    formula = Formula(
        lambda x, h_prev, Wx, Wh, b: recurrent.gru_step(matmul(x, Wx) + b, (h_prev,), Wh)
    )
    gates = 3

    def __init__(self, Wx: Any, Wh: Any, b: Any = None) -> None:
        super().__init__(Wx, Wh, _bias(Wx, b))


def _bias(Wx: Any, b: Any) -> Any:
    return np.zeros_like(as_floats(Wx, "Wx")[0]) if b is None else b


class TimeRNN(Layer):
    """RNN along xs (N, T, D), giving hs (N, T, H) (chapter 5.3.2).

    stateful: begin with the state that the last pass ended with, `h`, or the one that was set; else
    with zeros. After `backward`, `dh` is the derivative by the state at the beginning.

    >>> layer = TimeRNN(np.ones((3, 4)), np.ones((4, 4)), np.zeros(4))
    >>> layer.forward(np.ones((2, 5, 3))).shape, layer.backward(np.ones((2, 5, 4))).shape
    ((2, 5, 4), (2, 5, 3))
    """

    formula = Formula(recurrent.rnn_along)
    carried: ClassVar[tuple[str, ...]] = ("h",)
    gates: ClassVar[int] = 1

    def __init__(self, Wx: Any, Wh: Any, b: Any, stateful: bool = False) -> None:
        super().__init__(Wx, Wh, b)
        _weights_fit(type(self).__name__, self.gates, *self.params)
        self.stateful = stateful
        self.h: Any = None
        self.dh: Any = None

    def forward(self, xs: Any) -> Any:
        """hs (N, T, H); ShapeError where xs or the state does not fit."""
        layer, Wx = type(self).__name__, self.params[0]
        xs = as_input(xs, Wx, "xs")
        fits(layer, xs, ("N", "T", Wx.shape[0]), "xs")
        if not xs.shape[1]:
            raise ShapeError(
                tr("{layer}: a sequence has at least one position", layer=layer),
                asked="(N, T, D), T ≥ 1", came=f"xs {xs.shape}",
            )  # fmt: skip
        hs, *state = self._run(xs, *(self._begin(name, xs.shape[0]) for name in self.carried))
        for name, value in zip(self.carried, state):
            setattr(self, name, value.detach() if isinstance(value, Tensor) else value)
        return hs

    def backward(self, dhs: Any) -> Any:
        """dxs (N, T, D); keeps `dh`."""
        dxs, self.dh, *_ = self._back(dhs)
        return dxs

    def set_state(self, h: Any) -> None:
        """The state to begin with, (N, H); counts where the layer is stateful."""
        self._set(h=h)

    def reset_state(self) -> None:
        """Begin with zeros again."""
        self._set(**dict.fromkeys(self.carried))

    def _set(self, **states: Any) -> None:
        for name, value in states.items():
            if value is not None:
                value = as_input(value, self.params[1], name)
                fits(type(self).__name__, value, ("N", self.params[1].shape[0]), name)
            setattr(self, name, value)

    def _begin(self, name: str, batch: int) -> Any:
        state, Wh = getattr(self, name), self.params[1]
        if not self.stateful or state is None:
            return np.zeros((batch, Wh.shape[0]), Wh.dtype)
        if state.shape[0] != batch:
            raise ShapeError(
                tr("{layer}: the state is that of another batch", layer=type(self).__name__),
                asked=f"{name} {(batch, Wh.shape[0])}",
                came=f"{name} {tuple(state.shape)}",
                hint=tr("reset_state() before a batch of another size"),
            )
        return state


class TimeLSTM(TimeRNN):
    """LSTM along xs (N, T, D), giving hs (N, T, H) (chapter 6.3.1); the state is `h` and `c`."""

    formula = Formula(recurrent.lstm_along)
    carried = ("h", "c")
    gates = 4
    c: Any = None

    def set_state(self, h: Any, c: Any = None) -> None:
        """The state to begin with, each (N, H); without c, the memory begins with zeros."""
        self._set(h=h, c=c)


class TimeGRU(_Gates, TimeRNN):
    """GRU along xs (N, T, D), giving hs (N, T, H) (appendix C). b may be left out."""

    formula = Formula(recurrent.gru_along)
    gates = 3

    def __init__(self, Wx: Any, Wh: Any, b: Any = None, stateful: bool = False) -> None:
        if isinstance(b, bool):
            b, stateful = None, b
        super().__init__(Wx, Wh, _bias(Wx, b), stateful)


class TimeEmbedding(Embedding):
    """Rows of W for ids xs (N, T), giving (N, T, D) (chapter 5.4.2)."""

    @property
    def W(self) -> Array:
        """The word vectors, a row for each word."""
        return self.params[0]

    def forward(self, xs: Any) -> Any:
        """(N, T, D); IndexRangeError for an id that is no word."""
        ids = as_ids(xs, len(self.params[0]), "xs")
        fits("TimeEmbedding", ids, ("N", "T"), "xs")
        return super().forward(ids)


def _time_affine(x: Any, W: Any, b: Any) -> Any:
    n, t, d = x.shape
    return (matmul(x.reshape(n * t, d), W) + b).reshape(n, t, W.shape[1])


class TimeAffine(Affine):
    """x·W + b at each position, (N, T, D) to (N, T, M) (chapter 5.4.2)."""

    formula = Formula(_time_affine)

    def forward(self, x: Any) -> Any:
        """(N, T, M); ShapeError where the sizes do not fit."""
        W, _ = self.params
        self.x = as_input(x, W)
        fits("TimeAffine", self.x, ("N", "T", "D"), "x")
        rows_fit("TimeAffine", self.x, W)
        bias_fits("TimeAffine", *self.params)
        return self._run(self.x)


def _time_softmax_loss(xs: Any, ts: Any, weight: Any) -> tuple[Any, Any]:
    """−Σ weight·log softmax(xs)[ts]; a weight of 0 keeps even an impossible class out."""
    chosen = np.take_along_axis(log_softmax(xs, axis=-1), ts[..., None], -1)[..., 0]
    return -total(np.where(weight > 0, chosen, 0) * weight), probabilities(xs, axis=-1)


class TimeSoftmaxWithLoss(Layer):
    """Softmax with loss at each position; the mean over those that count (chapter 5.4.2).

    xs: (N, T, V); ts: labels (N, T), or one-hot (N, T, V). Where a label is `ignore_label`, neither
    loss nor derivative comes from it.
    """

    formula = Formula(_time_softmax_loss, constants="ts weight")

    def __init__(self, ignore_label: int = -1) -> None:
        super().__init__()
        self.ignore_label = ignore_label
        self.ys: Any = None

    def forward(self, xs: Any, ts: Any) -> Any:
        """The mean loss; `ys` keeps the probabilities."""
        xs, ts = as_floats(xs, "xs"), as_array(ts, "ts")
        fits("TimeSoftmaxWithLoss", xs, ("N", "T", "V"), "xs")
        if ts.ndim == 3:
            fits("TimeSoftmaxWithLoss", ts, xs.shape, "ts")
            ts = ts.argmax(axis=2)
        ids, counts = self._labels(xs, ts)
        loss, self.ys = self._run(xs, ids, (counts / counts.sum()).astype(xs.dtype))
        return loss

    def _labels(self, xs: Any, ts: Any) -> tuple[Array, Array]:
        """The labels, 0 where none counts, and which of them count."""
        fits("TimeSoftmaxWithLoss", ts, xs.shape[:2], "ts")
        counts = np.asarray(ts != self.ignore_label)
        ids = as_ids(np.where(counts, ts, 0), xs.shape[2], "ts")
        if not counts.any():
            raise ValueRangeError(
                tr("{layer}: there is no label that counts", layer="TimeSoftmaxWithLoss"),
                asked=tr("at least one that is not {label}", label=self.ignore_label),
                came=f"ts {ts.shape}",
            )
        return ids, counts

    def backward(self, dout: Any = 1) -> Any:
        """dxs (N, T, V)."""
        return self._back(dout)


class TimeDropout(Layer):
    """Drops a share of the numbers while `train_flg` is true and raises the others, so that nothing
    is to be done when it is not (chapter 6.5.2)."""

    formula = Formula(lambda xs, mask: xs * mask, constants="mask")

    def __init__(self, dropout_ratio: float = 0.5) -> None:
        super().__init__()
        self.dropout_ratio = ratio(dropout_ratio)
        self.mask: Any = None
        self.train_flg = True

    def forward(self, xs: Any) -> Any:
        """xs times the mask, drawn anew, while training; else xs."""
        xs = as_floats(xs, "xs")
        self.mask = np.ones((1,) * len(xs.shape), xs.dtype)
        if self.train_flg:
            kept = np.random.rand(*xs.shape) > self.dropout_ratio
            self.mask = kept.astype(xs.dtype) * xs.dtype.type(1 / (1.0 - self.dropout_ratio))
        return self._run(xs, self.mask)

    def backward(self, dout: Any) -> Any:
        """dout where something passed, raised as it was."""
        return self._back(dout)


class TimeBiLSTM(Network):
    """Two LSTMs, one from the left and one from the right, giving (N, T, 2H) (chapter 8.3.1)."""

    def __init__(
        self, Wx1: Any, Wh1: Any, b1: Any, Wx2: Any, Wh2: Any, b2: Any, stateful: bool = False
    ) -> None:
        self.forward_lstm = TimeLSTM(Wx1, Wh1, b1, stateful)
        self.backward_lstm = TimeLSTM(Wx2, Wh2, b2, stateful)
        self._gather(self.forward_lstm, self.backward_lstm)

    def forward(self, xs: Any) -> Any:
        """hs of both directions side by side."""
        xs = as_array(xs, "xs")
        fits("TimeBiLSTM", xs, ("N", "T", self.params[0].shape[0]), "xs")
        left = self.forward_lstm.forward(xs)
        right = self.backward_lstm.forward(xs[:, ::-1])
        return np.concatenate((left, right[:, ::-1]), axis=2)

    def backward(self, dhs: Any) -> Any:
        """dxs (N, T, D)."""
        half = dhs.shape[2] // 2
        left = self.forward_lstm.backward(dhs[:, :, :half])
        return left + self.backward_lstm.backward(dhs[:, ::-1, half:])[:, ::-1]

    def reset_state(self) -> None:
        """Begin with zeros again, in both directions."""
        self.forward_lstm.reset_state()
        self.backward_lstm.reset_state()


class TimeSigmoidWithLoss(SigmoidWithLoss):
    """Sigmoid with loss at each position, xs and ts (N, T): the mean over all of them."""

    def forward(self, xs: Any, ts: Any) -> Any:
        """The mean loss."""
        xs = as_floats(xs, "xs")
        fits("TimeSigmoidWithLoss", xs, ("N", "T"), "xs")
        return super().forward(xs, ts)


Simple_TimeSoftmaxWithLoss = TimeSoftmaxWithLoss
"""The book's slower one that is easier to read: the same numbers, and here the same graph."""


class Simple_TimeAffine(TimeAffine):
    """The book's slower TimeAffine, which has `dW` and `db`."""

    @property
    def dW(self) -> Array:
        """The derivative by W."""
        return self.grads[0]

    @property
    def db(self) -> Array:
        """The derivative by b."""
        return self.grads[1]
