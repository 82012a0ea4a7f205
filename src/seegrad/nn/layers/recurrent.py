"""Recurrent layers, RNN, LSTM and GRU: one step repeated along a sequence, its state carried on."""

from __future__ import annotations

import math
from abc import abstractmethod
from typing import Any, ClassVar

import numpy as np

from seegrad.errors import ShapeError
from seegrad.graph.mode import frame
from seegrad.i18n import tr
from seegrad.nn.initialisers import default_generator
from seegrad.nn.module import Module, as_input, parameter
from seegrad.nn.sizes import whole
from seegrad.ops.linear.linalg import matmul
from seegrad.ops.nn.activation import sigmoid
from seegrad.ops.shape import cut_by, reshape, stack
from seegrad.ops.transcendental import tanh
from seegrad.tensor.tensor import Tensor, as_tensor
from seegrad.transforms.loops.control_flow import scan

State = tuple[Any, ...]
UNROLLED = 8
"""Sequences of up to so many positions are steps of the graph, one behind the other; longer ones
are one scan."""


def unstack(x: Any) -> list[Any]:
    """The slices of x along its first axis, found by halving.

    A derivative then comes back through log₂ T additions of the whole, not through T of them.
    """
    count = x.shape[0]
    if count == 1:
        return [reshape(x, shape=x.shape[1:])]
    half = count // 2
    return unstack(cut_by(x, _first(x, 0, half))) + unstack(cut_by(x, _first(x, half, count)))


def _first(x: Any, start: int, stop: int) -> list[Any]:
    return [slice(start, stop), *[slice(None)] * (len(x.shape) - 1)]


class _Recurrent(Module):
    """What the recurrent layers share: weights for `gates` blocks of `hidden` columns.

    W (inputs, gates·hidden) and b meet the input, of all positions at once; U (hidden,
    gates·hidden) and c meet the state, one position after the other.
    """

    torch_names: ClassVar[dict[str, str]] = {
        "W": "weight_ih_l0.T", "U": "weight_hh_l0.T", "b": "bias_ih_l0", "c": "bias_hh_l0"
    }  # fmt: skip
    gates: ClassVar[int]
    states: ClassVar[int] = 1

    def __init__(
        self,
        inputs: int,
        hidden: int,
        last: bool = False,
        dtype: Any = np.float32,
        generator: np.random.Generator | None = None,
    ) -> None:
        whole(inputs=inputs, hidden=hidden)
        self.inputs, self.hidden, self.last = inputs, hidden, last
        chance = generator or default_generator()
        bound = 1 / math.sqrt(hidden)

        def drawn(*shape: int) -> Any:
            return chance.uniform(-bound, bound, shape)

        wide = self.gates * hidden
        self.W = parameter(drawn(inputs, wide), "W", dtype)
        self.U = parameter(drawn(hidden, wide), "U", dtype)
        self.b = parameter(drawn(wide), "b", dtype)
        self.c = parameter(drawn(wide), "c", dtype)

    def forward(self, x: Any, start: State | None = None) -> Any:
        outputs, _ = self.run(x, start)
        return outputs

    def run(self, x: Any, start: State | None = None) -> tuple[Any, State]:
        """All outputs (N, T, hidden), or with `last` the last one (N, hidden); and the state.

        start: the state to begin with, as the second result of an earlier call; zeros by default.
        """
        layer = self.name or self.kind_name()
        x = as_input(x, self.W, -1, layer)
        if x.ndim != 3 or not x.shape[1]:
            raise ShapeError(
                tr("{layer}: this is no batch of sequences", layer=layer),
                asked=tr("(N, T, {width}) with at least one position", width=self.inputs),
                came=tr("an input of shape {shape}", shape=x.shape),
                hint=tr("one sequence alone: x[None]"),
            )
        n, t, _ = x.shape
        state = self._begin(n, start, layer)
        with frame("input"):
            # positions first, so that each step's rows lie together
            early = as_tensor(x).transpose((1, 0, 2))
            rows = matmul(reshape(early, shape=(t * n, self.inputs)), self.W) + self.b
            given = reshape(rows, shape=(t, n, rows.shape[-1]))
        if t > UNROLLED:
            state, outputs = scan(self._turn, state, given)
            return (state[0] if self.last else outputs.transpose((1, 0, 2))), state
        outputs = []
        for position, part in enumerate(unstack(given)):
            with frame(f"step{position + 1}"):
                state = self.step(part, state)
            outputs.append(state[0])
        return (outputs[-1] if self.last else stack(*outputs, axis=1)), state

    def _turn(self, state: State, given: Any) -> tuple[State, Any]:
        """One position, as `scan` asks for it."""
        state = self.step(given, state)
        return state, state[0]

    def _begin(self, n: int, start: State | None, layer: str) -> State:
        shape = (n, self.hidden)
        if start is None:
            return (np.zeros(shape, self.W.dtype),) * self.states
        if len(start) != self.states or any(tuple(s.shape) != shape for s in start):
            raise ShapeError(
                tr("{layer}: the state does not fit", layer=layer),
                asked=tr("{count} arrays of shape {shape}", count=self.states, shape=shape),
                came=", ".join(str(tuple(np.shape(s))) for s in start),
            )
        return tuple(start)

    @abstractmethod
    def step(self, given: Any, state: State) -> State:
        """The next state from the input's part (N, gates·hidden); its first is the output."""

    def _blocks(self, x: Any) -> list[Any]:
        """(N, gates·hidden) as one (N, hidden) for each gate."""
        h = self.hidden
        return [cut_by(x, [slice(None), slice(i * h, i * h + h)]) for i in range(self.gates)]

    def describe(self) -> str:
        return f"{self.inputs} → {self.hidden}" + (", last=True" if self.last else "")


class RNN(_Recurrent):
    """h ← tanh(x·W + b + h·U + c), over (N, T, inputs) (Elman, 1990).

    last: give the last output (N, hidden) instead of all (N, T, hidden).

    >>> RNN(3, 4)(np.ones((2, 5, 3))).shape
    (2, 5, 4)
    """

    kind = "rnn"
    gates = 1

    def step(self, given: Any, state: State) -> State:
        (h,) = state
        return (tanh(given + (matmul(h, self.U) + self.c)),)


class LSTM(_Recurrent):
    """Long short-term memory (Hochreiter and Schmidhuber, 1997; with the forget gate of 2000).

    Gates in the order input, forget, candidate, output; the state is (h, cell):
    cell ← σ(f)·cell + σ(i)·tanh(g), h ← σ(o)·tanh(cell).
    """

    kind = "lstm"
    gates = 4
    states = 2

    def step(self, given: Any, state: State) -> State:
        h, cell = state
        i, f, g, o = self._blocks(given + (matmul(h, self.U) + self.c))
        cell = sigmoid(f) * cell + sigmoid(i) * tanh(g)
        return sigmoid(o) * tanh(cell), cell


class GRU(_Recurrent):
    """Gated recurrent unit (Cho et al., 2014), the reset applied after the product.

    Gates in the order reset, update, candidate: n = tanh(x·Wₙ + bₙ + r·(h·Uₙ + cₙ)),
    h ← (1 − z)·n + z·h.
    """

    kind = "gru"
    gates = 3

    def step(self, given: Any, state: State) -> State:
        (h,) = state
        xr, xz, xn = self._blocks(given)
        hr, hz, hn = self._blocks(matmul(h, self.U) + self.c)
        z = sigmoid(xz + hz)
        n = tanh(xn + sigmoid(xr + hr) * hn)
        return (n + z * (h - n),)


def detached(state: State) -> State:
    """The same state without its past: the derivative goes no further back than this."""
    return tuple(s.detach() if isinstance(s, Tensor) else s for s in state)
