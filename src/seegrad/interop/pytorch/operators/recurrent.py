"""ATen's recurrent layers: RNN, GRU and LSTM, several layers deep and in both directions.

The step is that of `nn.layers.recurrent`; a short sequence is steps of the graph, a longer one
a scan.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from functools import partial
from typing import Any

from seegrad.graph.mode import frame
from seegrad.interop.pytorch.operators.reader import reads
from seegrad.interop.pytorch.operators.shapes import native_dropout
from seegrad.nn.layers.recurrent import UNROLLED, unstack
from seegrad.ops import activation, linalg, shape, transcendental
from seegrad.tensor.tensor import as_tensor
from seegrad.transforms.loops.control_flow import scan

State = tuple[Any, ...]
Turn = Callable[[Any, Any, State], State]


def _blocks(x: Any, count: int) -> list[Any]:
    return shape.split(x, count, axis=-1)


def _lstm(given: Any, back: Any, state: State) -> State:
    i, f, g, o = _blocks(given + back, 4)
    cell = activation.sigmoid(f) * state[1] + activation.sigmoid(i) * transcendental.tanh(g)
    return activation.sigmoid(o) * transcendental.tanh(cell), cell


def _gru(given: Any, back: Any, state: State) -> State:
    (xr, xz, xn), (hr, hz, hn) = _blocks(given, 3), _blocks(back, 3)
    z = activation.sigmoid(xz + hz)
    n = transcendental.tanh(xn + activation.sigmoid(xr + hr) * hn)
    return (n + z * (state[0] - n),)


def _rnn(bend: Callable[[Any], Any]) -> Turn:
    return lambda given, back, state: (bend(given + back),)


def _affine(x: Any, weight: Any, bias: Any) -> Any:
    product = linalg.matmul(x, shape.matrix_transpose(weight))
    return product if bias is None else product + bias


def _one_way(
    x: Any, state: State, weights: Sequence[Any], biases: bool, turn: Turn, backward: bool
) -> tuple[Any, State]:
    """All outputs (T, N, hidden) of one layer in one direction, and the last state."""
    W, U, *rest = weights
    b, c = rest[:2] if biases else (None, None)
    (project,) = rest[2 * biases :] or (None,)
    given = _affine(x, W, b)

    def step(state: State, part: Any) -> tuple[State, Any]:
        after = turn(part, _affine(state[0], U, c), state)
        if project is not None:
            after = (_affine(after[0], project, None), *after[1:])
        return after, after[0]

    if x.shape[0] > UNROLLED:
        ends, outputs = scan(step, state, given, reverse=backward)
        return outputs, ends
    parts = unstack(given)
    seen = []
    for part in reversed(parts) if backward else parts:
        state, out = step(state, part)
        seen.append(out)
    return shape.stack(*(reversed(seen) if backward else seen), axis=0), state


def _layers(
    x: Any, states: Sequence[Any], params: Sequence[Any], turn: Turn, noise: Any, **how: Any
) -> Iterator[Any]:
    """The outputs, and for each kind of state the last ones of all layers and directions."""
    ways = 1 + bool(how["bidirectional"])
    count = how["num_layers"] * ways
    each = len(params) // count
    x = as_tensor(shape.swapaxes(x, axis1=0, axis2=1)) if how["batch_first"] else as_tensor(x)
    ends: list[State] = []
    for layer in range(how["num_layers"]):
        outputs = []
        for way in range(ways):
            at = layer * ways + way
            begin = tuple(shape.cut_by(s, [at, slice(None), slice(None)]) for s in states)
            weights = params[at * each : (at + 1) * each]
            with frame(f"layer{layer + 1}" + ("_backward" if way else "")):
                out, end = _one_way(x, begin, weights, how["has_biases"], turn, bool(way))
            outputs.append(out)
            ends.append(end)
        x = outputs[0] if ways == 1 else shape.concatenate(*outputs, axis=2)
        if how["train"] and how["dropout"] and layer + 1 < how["num_layers"]:
            x = native_dropout(x, how["dropout"], noise)[0]
    yield shape.swapaxes(x, axis1=0, axis2=1) if how["batch_first"] else x
    for kind in zip(*ends):
        yield shape.stack(*kind, axis=0)


def _run(
    input: Any, hx: Any, params: Sequence[Any], turn: Turn, noise: Any, **how: Any
) -> tuple[Any, ...]:
    single = len(input.shape) == 2
    states = list(hx) if isinstance(hx, (tuple, list)) else [hx]
    if single:  # one sequence, no batch
        input = shape.expand_dims(input, axis=0 if how["batch_first"] else 1)
        states = [shape.expand_dims(s, axis=1) for s in states]
    found = list(_layers(input, states, params, turn, noise, **how))
    if single:
        axes = [0 if how["batch_first"] else 1, *(1,) * len(states)]
        found = [shape.squeeze(x, axis=axis) for x, axis in zip(found, axes)]
    return tuple(found)


def _layer(
    turn: Turn, input: Any, hx: Any, params: Any, has_biases: bool, num_layers: int,
    dropout: float, train: bool, bidirectional: bool, batch_first: bool, noise: Any,
) -> Any:  # fmt: skip
    return _run(
        input, hx, params, turn, noise, has_biases=has_biases, num_layers=num_layers,
        dropout=dropout, train=train, bidirectional=bidirectional, batch_first=batch_first,
    )  # fmt: skip


def _cell(
    turn: Turn, input: Any, hx: Any, w_ih: Any, w_hh: Any, b_ih: Any = None, b_hh: Any = None
) -> Any:
    state = tuple(hx) if isinstance(hx, (tuple, list)) else (hx,)
    after = turn(_affine(input, w_ih, b_ih), _affine(state[0], w_hh, b_hh), state)
    return after if len(after) > 1 else after[0]


TURNS: dict[str, Turn] = {
    "lstm": _lstm, "gru": _gru, "rnn_tanh": _rnn(transcendental.tanh),
    "rnn_relu": _rnn(activation.relu),
}  # fmt: skip
for _name, _turn in TURNS.items():
    reads(f"{_name}.input")(partial(_layer, _turn))
    reads(f"{_name}_cell")(partial(_cell, _turn))
