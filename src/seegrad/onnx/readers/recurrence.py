"""ONNX's recurrent layers: RNN, GRU and LSTM, with every setting, in ops of ours.

A short sequence is written step by step, a long one is a scan.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from seegrad.graph.mode import frame
from seegrad.nn.layers.recurrent import unstack
from seegrad.onnx.readers.values import Attributes, Reader, Values, at, reads
from seegrad.ops import activation, arithmetic, compare, linalg, shape, transcendental
from seegrad.ops.indexing import index
from seegrad.transforms.loops.control_flow import scan

State = tuple[Any, ...]
Turn = Callable[[Any, State], State]
UNROLLED = 16
"""Sequences that are longer become a scan."""
GATES = {"RNN": 1, "GRU": 3, "LSTM": 4}
USUAL = {"RNN": ["Tanh"], "GRU": ["Sigmoid", "Tanh"], "LSTM": ["Sigmoid", "Tanh", "Tanh"]}


def _thresholded(x: Any, alpha: float) -> Any:
    return compare.where(x > alpha, x, np.zeros((), x.dtype))


FUNCTIONS: dict[str, tuple[Callable[..., Any], tuple[float, ...]]] = {
    "affine": (lambda x, alpha, beta: alpha * x + beta, (1.0, 0.0)),
    "elu": (lambda x, alpha: activation.elu(x, alpha=alpha), (1.0,)),
    "hardsigmoid": (
        lambda x, alpha, beta: arithmetic.clip(alpha * x + beta, low=0.0, high=1.0), (0.2, 0.5),
    ),
    "leakyrelu": (lambda x, alpha: activation.leaky_relu(x, slope=alpha), (0.01,)),
    "relu": (activation.relu, ()),
    "scaledtanh": (lambda x, alpha, beta: alpha * transcendental.tanh(beta * x), (1.0, 1.0)),
    "sigmoid": (activation.sigmoid, ()),
    "softplus": (activation.softplus, ()),
    "softsign": (activation.softsign, ()),
    "tanh": (transcendental.tanh, ()),
    "thresholdedrelu": (_thresholded, (1.0,)),
}  # fmt: skip
"""Activations by their names in small letters, with the defaults of alpha and beta."""


def _functions(kind: str, ways: int, attributes: Attributes) -> list[Callable[[Any], Any]]:
    """The activations in order; each takes its alpha and beta from what is left of the lists."""
    words = [str(word) for word in attributes.get("activations") or USUAL[kind] * ways]
    words = words[: len(USUAL[kind]) * ways]  # RNN's default names one for each direction
    if len(words) != len(USUAL[kind]) * ways:
        raise ValueError(f"activations={words}")
    left = [list(attributes.get(f"activation_{name}") or ()) for name in ("alpha", "beta")]
    clip = attributes.get("clip")
    # the last of LSTM's three is of the cell itself, which is not held within bounds
    return [_bent(word, left, None if i % 3 == 2 and kind == "LSTM" else clip)
            for i, word in enumerate(words)]  # fmt: skip


def _bent(word: str, left: Sequence[list[float]], clip: float | None) -> Callable[[Any], Any]:
    function, defaults = FUNCTIONS[word.lower()]
    numbers = [more.pop(0) if more else usual for more, usual in zip(left, defaults)]

    def bent(x: Any) -> Any:
        x = x if clip is None else arithmetic.clip(x, low=-clip, high=clip)
        return function(x, *numbers)

    return bent


@dataclass(frozen=True)
class Direction:
    """One direction of a layer: its weights by ONNX's order of the gates, and its activations."""

    kind: str
    inward: Any
    back: Any
    biases: tuple[Any, Any]
    looks: tuple[Any, ...]
    functions: Sequence[Callable[[Any], Any]]
    attributes: Attributes

    def block(self, a: Any, gate: int) -> Any:
        hidden = self.back.shape[0]
        return index(a, (..., slice(gate * hidden, (gate + 1) * hidden)))

    @property
    def turn(self) -> Turn:
        """From the input's part and a state to the next state."""
        return {"RNN": self.rnn, "GRU": self.gru, "LSTM": self.lstm}[self.kind]

    def rnn(self, given: Any, state: State) -> State:
        (h,) = state
        W_bias, R_bias = self.biases
        return (self.functions[0](given + W_bias + linalg.matmul(h, self.back) + R_bias),)

    def gru(self, given: Any, state: State) -> State:
        (h,) = state
        given = given + self.biases[0]
        block, back, bias = self.block, self.back, self.biases[1]
        z, r = (
            self.functions[0](block(given, i) + linalg.matmul(h, block(back, i)) + block(bias, i))
            for i in (0, 1)
        )
        if self.attributes.get("linear_before_reset"):
            recalled = r * (linalg.matmul(h, block(back, 2)) + block(bias, 2))
        else:
            recalled = linalg.matmul(r * h, block(back, 2)) + block(bias, 2)
        n = self.functions[1](block(given, 2) + recalled)
        return (n + z * (h - n),)

    def lstm(self, given: Any, state: State) -> State:
        h, cell = state
        W_bias, R_bias = self.biases
        sums = given + W_bias + linalg.matmul(h, self.back) + R_bias
        parts = [self.block(sums, gate) for gate in (0, 1, 2)]
        if self.looks:  # peepholes: gates see the cell (Gers & Schmidhuber, 2000)
            parts[0] = parts[0] + self.looks[0] * cell
            parts[2] = parts[2] + self.looks[2] * cell
        gate = self.functions[0]
        i = gate(parts[0])
        f = 1 - i if self.attributes.get("input_forget") else gate(parts[2])
        cell = f * cell + i * self.functions[1](self.block(sums, 3))
        out = parts[1] + self.looks[1] * cell if self.looks else parts[1]
        return gate(out) * self.functions[2](cell), cell


def recurrence(kind: str) -> Reader:
    """RNN, GRU or LSTM over (T, N, inputs): all outputs (T, directions, N, hidden), last states."""

    @reads(
        "activation_alpha", "activation_beta", "activations", "clip", "hidden_size",
        "input_forget", "linear_before_reset", "layout",
        direction=("forward", "reverse", "bidirectional"),
    )  # fmt: skip
    def read(values: Values, attributes: Attributes) -> Any:
        x, hidden = values[0], values[2].shape[2]
        first = bool(attributes.get("layout"))
        x = shape.swapaxes(x, axis1=0, axis2=1) if first else x
        if attributes.get("hidden_size", hidden) != hidden:
            raise ValueError(f"hidden_size={attributes['hidden_size']}")
        turns = {"forward": (1,), "reverse": (-1,), "bidirectional": (1, -1)}[
            attributes.get("direction", "forward")
        ]
        functions = _functions(kind, len(turns), attributes)
        outputs, ends = [], []
        for way, turn in enumerate(turns):
            mine = slice(way * len(USUAL[kind]), (way + 1) * len(USUAL[kind]))
            one = _direction(kind, values, way, functions[mine], attributes)
            with frame("backward" if turn < 0 else "forward"):
                state = _begin(values, way, 2 if kind == "LSTM" else 1, x, first)
                seen, end = _along(x, one, state, turn, at(values, 4))
            outputs.append(seen)
            ends.append(end)
        states = [shape.stack(*each, axis=0) for each in zip(*ends)]
        every = shape.stack(*outputs, axis=1)
        if first:
            every = shape.transpose(every, axes=(2, 0, 1, 3))
            states = [shape.swapaxes(one, axis1=0, axis2=1) for one in states]
        return [every, *states]

    return read


def _direction(
    kind: str, values: Values, way: int, functions: Sequence[Any], attributes: Attributes
) -> Direction:
    back = index(values[2], way).T
    hidden = back.shape[0]
    wide = GATES[kind] * hidden
    both, peepholes = at(values, 3), at(values, 7)
    both = np.zeros(2 * wide, values[0].dtype) if both is None else index(both, way)
    looks: tuple[Any, ...] = ()
    if peepholes is not None:
        mine = index(peepholes, way)
        looks = tuple(index(mine, slice(i * hidden, (i + 1) * hidden)) for i in range(3))
    halves = index(both, slice(0, wide)), index(both, slice(wide, 2 * wide))
    return Direction(kind, index(values[1], way).T, back, halves, looks, functions, attributes)


def _begin(values: Values, way: int, count: int, x: Any, first: bool) -> State:
    n, hidden = x.shape[1], values[2].shape[2]
    found = []
    for given in [at(values, 5), at(values, 6)][:count]:
        if given is None:
            found.append(np.zeros((n, hidden), x.dtype))
        else:
            found.append(index(given, (slice(None), way) if first else way))
    return tuple(found)


def _along(
    x: Any, one: Direction, state: State, turn: int, lengths: Any
) -> tuple[Any, State]:
    """All outputs (T, N, hidden) in the sequence's own order, and the last state.

    Beyond the end of a sequence that is shorter the state stays, and the outputs are 0.
    """
    t, n, width = x.shape
    flat = linalg.matmul(shape.reshape(x, shape=(t * n, width)), one.inward)
    given = shape.reshape(flat, shape=(t, n, one.inward.shape[1]))
    within = None
    if lengths is not None:
        counted = np.arange(t, dtype=lengths.dtype)[:, None, None]
        within = counted < shape.reshape(lengths, shape=(1, n, 1))

    def step(part: Any, counts: Any, state: State) -> tuple[Any, State]:
        new = one.turn(part, state)
        if counts is None:
            return new[0], new
        out = compare.where(counts, new[0], np.zeros((), new[0].dtype))
        return out, tuple(compare.where(counts, a, b) for a, b in zip(new, state))

    if t > UNROLLED:
        rows = (given,) if within is None else (given, within)

        def body(state: State, row: Any) -> tuple[State, Any]:
            out, state = step(row[0], row[1] if len(row) > 1 else None, state)
            return state, out

        last, outputs = scan(body, state, rows, reverse=turn < 0)
        return outputs, tuple(last)
    found: list[Any] = []
    for position, part in list(enumerate(unstack(given)))[::turn]:
        with frame(f"step{len(found) + 1}"):
            out, state = step(part, None if within is None else within[position], state)
        found.append(out)
    return shape.stack(*found[::turn], axis=0), state


RECURRENT: dict[str, Reader] = {kind: recurrence(kind) for kind in GATES}
"""Recurrent layers."""
