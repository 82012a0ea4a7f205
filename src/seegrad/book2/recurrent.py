"""One step of RNN, LSTM and GRU as the book has them, and the same step along a sequence.

Gates lie as in the book: forget, candidate, input, output in LSTM; update, reset, candidate in GRU,
whose reset comes before the product. No layer lives here.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from seegrad.graph.mode import frame
from seegrad.nn.layers.recurrent import UNROLLED, unstack
from seegrad.ops.linear.linalg import matmul
from seegrad.ops.nn.activation import sigmoid
from seegrad.ops.shape import reshape, stack, swapaxes
from seegrad.ops.transcendental import tanh
from seegrad.transforms.loops.control_flow import scan

State = tuple[Any, ...]
Step = Callable[[Any, State], State]


def _parts(x: Any, count: int) -> list[Any]:
    """The columns of x in `count` blocks of equal width."""
    width = x.shape[-1] // count
    return [x[..., i * width : (i + 1) * width] for i in range(count)]


def rnn_step(given: Any, state: State, Wh: Any) -> State:
    """h ← tanh(given + h·Wh)."""
    (h,) = state
    return (tanh(given + matmul(h, Wh)),)


def lstm_step(given: Any, state: State, Wh: Any) -> State:
    """c ← σ(f)·c + tanh(g)·σ(i), h ← σ(o)·tanh(c)."""
    h, c = state
    f, g, i, o = _parts(given + matmul(h, Wh), 4)
    c = sigmoid(f) * c + tanh(g) * sigmoid(i)
    return sigmoid(o) * tanh(c), c


def gru_step(given: Any, state: State, Wh: Any) -> State:
    """h ← (1 − z)·h + z·tanh(x̂ + (r·h)·Wh)."""
    (h,) = state
    xz, xr, xh = _parts(given, 3)
    wz, wr, wh = _parts(Wh, 3)
    z = sigmoid(xz + matmul(h, wz))
    r = sigmoid(xr + matmul(h, wr))
    return ((1 - z) * h + z * tanh(xh + matmul(r * h, wh)),)


def along(step: Step, xs: Any, state: State, Wx: Any, b: Any) -> tuple[Any, ...]:
    """All states h (N, T, H) of a sequence xs (N, T, D), and the last state.

    Up to 8 steps are steps of the graph, longer sequences one scan.
    """
    n, t, d = xs.shape
    with frame("input"):
        early = reshape(swapaxes(xs, axis1=0, axis2=1), shape=(t * n, d))
        rows = matmul(early, Wx) + b
        given = reshape(rows, shape=(t, n, rows.shape[-1]))
    if t > UNROLLED:
        def turn(carry: State, row: Any) -> tuple[State, Any]:
            carry = step(row, carry)
            return carry, carry[0]

        state, hs = scan(turn, state, given)
        return swapaxes(hs, axis1=0, axis2=1), *state
    outputs = []
    for i, row in enumerate(unstack(given)):
        with frame(f"step{i + 1}"):
            state = step(row, state)
        outputs.append(state[0])
    return stack(*outputs, axis=1), *state


def rnn_along(xs: Any, h: Any, Wx: Any, Wh: Any, b: Any) -> tuple[Any, ...]:
    """TimeRNN: (hs, h)."""
    return along(lambda given, state: rnn_step(given, state, Wh), xs, (h,), Wx, b)


def lstm_along(xs: Any, h: Any, c: Any, Wx: Any, Wh: Any, b: Any) -> tuple[Any, ...]:
    """TimeLSTM: (hs, h, c)."""
    return along(lambda given, state: lstm_step(given, state, Wh), xs, (h, c), Wx, b)


def gru_along(xs: Any, h: Any, Wx: Any, Wh: Any, b: Any) -> tuple[Any, ...]:
    """TimeGRU: (hs, h)."""
    return along(lambda given, state: gru_step(given, state, Wh), xs, (h,), Wx, b)

