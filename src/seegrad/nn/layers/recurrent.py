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
from seegrad.nn.layers.dropout import Dropout
from seegrad.nn.module import Module, as_input, parameter
from seegrad.nn.sizes import whole
from seegrad.ops.linear.linalg import matmul
from seegrad.ops.nn.activation import sigmoid
from seegrad.ops.shape import concatenate, cut_by, reshape, stack
from seegrad.ops.transcendental import tanh
from seegrad.tensor.tensor import Tensor, as_tensor
from seegrad.transforms.loops.control_flow import scan

State = tuple[Any, ...]
DEEPEST = 64
"""Layers of a stack that have names in PyTorch's files."""

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


def _torch_names() -> dict[str, str]:
    """What PyTorch calls the weights: weight_ih_l0 for W, weight_hh_l1_reverse for U_l1_reverse."""
    letters = {"W": "weight_ih{}.T", "U": "weight_hh{}.T", "b": "bias_ih{}", "c": "bias_hh{}"}
    places = [(n, way) for n in range(DEEPEST) for way in ("", "_reverse")]
    ends = {f"_l{n}" * (n > 0) + way: f"_l{n}{way}" for n, way in places}
    return {k + ours: v.format(theirs) for k, v in letters.items() for ours, theirs in ends.items()}


class _Recurrent(Module):
    """What the recurrent layers share: weights for `gates` blocks of `hidden` columns.

    W (inputs, gates·hidden) and b meet the input, of all positions at once; U (hidden,
    gates·hidden) and c meet the state, one position after the other. A second layer of the stack
    has W_l1, U_l1, …, the way back W_reverse or W_l1_reverse.

    last: give the last output (N, hidden) instead of all (N, T, hidden); of both ways, the last of
    each. num_layers: so many, each reading the outputs of the one below. bidirectional: each
    also reads backwards, and the outputs (2·hidden wide) stand side by side. dropout: between the
    layers of a stack.
    """

    W: Tensor
    torch_names: ClassVar[dict[str, str]] = _torch_names()
    gates: ClassVar[int]
    states: ClassVar[int] = 1

    def __init__(
        self,
        inputs: int,
        hidden: int,
        *,
        last: bool = False,
        dtype: Any = np.float32,
        generator: np.random.Generator | None = None,
        num_layers: int = 1,
        bidirectional: bool = False,
        dropout: float = 0.0,
    ) -> None:
        whole(inputs=inputs, hidden=hidden, num_layers=num_layers)
        self.inputs, self.hidden, self.last = inputs, hidden, last
        self.num_layers, self.bidirectional = num_layers, bidirectional
        self.drop = Dropout(dropout) if dropout else None
        chance = generator or default_generator()
        bound = 1 / math.sqrt(hidden)
        wide = self.gates * hidden
        for number in range(num_layers):
            taken = inputs if not number else hidden * self._ways
            for end in self._ends(number):
                for name, *shape in (("W", taken, wide), ("U", hidden, wide), ("b", wide),
                                     ("c", wide)):  # fmt: skip
                    values = chance.uniform(-bound, bound, shape)
                    setattr(self, name + end, parameter(values, name + end, dtype))

    @property
    def _ways(self) -> int:
        return 2 if self.bidirectional else 1

    def _ends(self, number: int) -> tuple[str, ...]:
        """What the names of a layer's weights end in, one for each way."""
        end = f"_l{number}" if number else ""
        return (end, f"{end}_reverse") if self.bidirectional else (end,)

    def forward(self, x: Any, start: State | None = None) -> Tensor:
        outputs, _ = self.run(x, start)
        return outputs  # type: ignore[no-any-return]

    def run(self, x: Any, start: State | None = None) -> tuple[Any, State]:
        """All outputs (N, T, hidden), or with `last` the last one (N, hidden); and the state.

        start: the state to begin with, as the second result of an earlier call; zeros by default.
        A state's arrays are (N, hidden); of a stack, or of two ways, (layers·ways, N, hidden).

        Raises:
            ShapeError: for what is no batch of sequences.
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
        begun = self._begin(x.shape[0], start, layer)
        # positions first, so that each step's rows lie together
        outputs = as_tensor(x).transpose((1, 0, 2))
        ended: list[State] = []
        lasts: list[Any] = []
        for number in range(self.num_layers):
            if number and self.drop is not None:
                outputs = self.drop(outputs)
            ways = []
            needed = not self.last or number + 1 < self.num_layers
            for end in self._ends(number):
                way, state = self._one_way(outputs, begun[len(ended)], end, needed)
                ways.append(way)
                ended.append(state)
            if needed:
                outputs = ways[0] if len(ways) == 1 else concatenate(*ways, axis=-1)
            lasts = [state[0] for state in ended[-len(ways) :]]
        if self.last:
            shown = lasts[0] if len(lasts) == 1 else concatenate(*lasts, axis=-1)
        else:
            shown = outputs.transpose((1, 0, 2))
        return shown, ended[0] if len(ended) == 1 else tuple(map(stack, *ended))

    def _one_way(
        self, early: Any, state: State, end: str, needed: bool
    ) -> tuple[Any, State]:
        """The outputs (T, N, hidden) of one layer in one direction, where they are needed, and
        the state at its end."""
        t, n, width = early.shape
        back, own = end.endswith("_reverse"), {k: getattr(self, k + end) for k in "WUbc"}
        with frame("input" + end):
            rows = matmul(reshape(early, shape=(t * n, width)), own["W"]) + own["b"]
            given = reshape(rows, shape=(t, n, rows.shape[-1]))
        weights = own["U"], own["c"]
        if t > UNROLLED:

            def turn(state: State, part: Any) -> tuple[State, Any]:
                state = self.step(part, state, *weights)
                return state, state[0]

            state, outputs = scan(turn, state, given, reverse=back)
            return outputs, state
        steps = []
        for position, part in enumerate(reversed(unstack(given)) if back else unstack(given)):
            with frame(f"step{position + 1}{end}"):
                state = self.step(part, state, *weights)
            steps.append(state[0])
        if not needed:
            return None, state
        return stack(*(reversed(steps) if back else steps), axis=0), state

    def _begin(self, n: int, start: State | None, layer: str) -> list[State]:
        """The state that each layer begins with, in each direction."""
        count = self.num_layers * self._ways
        shape = (n, self.hidden) if count == 1 else (count, n, self.hidden)
        if start is None:
            return [(np.zeros((n, self.hidden), self.W.dtype),) * self.states] * count
        if len(start) != self.states or any(tuple(s.shape) != shape for s in start):
            raise ShapeError(
                tr("{layer}: the state does not fit", layer=layer),
                asked=tr("{count} arrays of shape {shape}", count=self.states, shape=shape),
                came=", ".join(str(tuple(np.shape(s))) for s in start),
            )
        return [tuple(start)] if count == 1 else [tuple(s[i] for s in start) for i in range(count)]

    @abstractmethod
    def step(self, given: Any, state: State, U: Any, c: Any) -> State:
        """The next state from the input's part (N, gates·hidden); its first is the output."""

    def _blocks(self, x: Any) -> list[Any]:
        """(N, gates·hidden) as one (N, hidden) for each gate."""
        h = self.hidden
        return [cut_by(x, [slice(None), slice(i * h, i * h + h)]) for i in range(self.gates)]

    def describe(self) -> str:
        words = [f"{self.inputs} → {self.hidden}"]
        words += [f"num_layers={self.num_layers}"] if self.num_layers > 1 else []
        words += ["bidirectional=True"] if self.bidirectional else []
        words += [f"dropout={self.drop.p}"] if self.drop is not None else []
        return ", ".join([*words, "last=True"] if self.last else words)


class RNN(_Recurrent):
    """h ← tanh(x·W + b + h·U + c), over (N, T, inputs) (Elman, 1990).

    last: give the last output (N, hidden) instead of all (N, T, hidden). num_layers,
    bidirectional, dropout: a stack, both ways, and what is left out between its layers.

    Args:
        generator: where the first values are drawn from; sg's own when not given.

    >>> RNN(3, 4)(np.ones((2, 5, 3))).shape
    (2, 5, 4)
    >>> RNN(3, 4, num_layers=2, bidirectional=True)(np.ones((2, 5, 3))).shape
    (2, 5, 8)
    """

    gates = 1

    def step(self, given: Any, state: State, U: Any, c: Any) -> State:
        (h,) = state
        return (tanh(given + (matmul(h, U) + c)),)


class LSTM(_Recurrent):
    """Long short-term memory (Hochreiter and Schmidhuber, 1997; with the forget gate of 2000).

    Gates in the order input, forget, candidate, output; the state is (h, cell):
    cell ← σ(f)·cell + σ(i)·tanh(g), h ← σ(o)·tanh(cell). Settings as in `RNN`.

    Args:
        inputs: how many numbers come in at each position.
        hidden: how many the state has.
        last: give the last output alone.
        num_layers: how many stand on each other.
        bidirectional: read backwards too.
        dropout: which share is left out between the layers.
        dtype: the dtype of what is learnt.
        generator: where the first values are drawn from; sg's own when not given.

    >>> LSTM(2, 3)(np.ones((4, 5, 2))).shape
    (4, 5, 3)
    >>> outputs, state = LSTM(2, 3).run(np.ones((4, 5, 2)))
    >>> outputs.shape, len(state)
    ((4, 5, 3), 2)
    """

    gates = 4
    states = 2

    def step(self, given: Any, state: State, U: Any, c: Any) -> State:
        h, cell = state
        i, f, g, o = self._blocks(given + (matmul(h, U) + c))
        cell = sigmoid(f) * cell + sigmoid(i) * tanh(g)
        return sigmoid(o) * tanh(cell), cell


class GRU(_Recurrent):
    """Gated recurrent unit (Cho et al., 2014), the reset applied after the product.

    Gates in the order reset, update, candidate: n = tanh(x·Wₙ + bₙ + r·(h·Uₙ + cₙ)),
    h ← (1 − z)·n + z·h. Settings as in `RNN`.

    Args:
        inputs: how many numbers come in at each position.
        hidden: how many the state has.
        last: give the last output alone.
        num_layers: how many stand on each other.
        bidirectional: read backwards too.
        dropout: which share is left out between the layers.
        dtype: the dtype of what is learnt.
        generator: where the first values are drawn from; sg's own when not given.

    >>> GRU(2, 3)(np.ones((4, 5, 2))).shape
    (4, 5, 3)
    >>> outputs, state = GRU(2, 3).run(np.ones((4, 5, 2)))
    >>> outs, state = GRU(2, 3).run(np.ones((4, 5, 2)), state)
    >>> len(state)
    1
    >>> x = np.ones((4, 5, 2))
    >>> layer = GRU(2, 3)
    >>> given = x[:, 0] @ layer.W.value + layer.b.value
    >>> layer.step(given, (np.zeros((4, 3)),), layer.U, layer.c)[0].shape
    (4, 3)
    """

    gates = 3

    def step(self, given: Any, state: State, U: Any, c: Any) -> State:
        (h,) = state
        xr, xz, xn = self._blocks(given)
        hr, hz, hn = self._blocks(matmul(h, U) + c)
        z = sigmoid(xz + hz)
        n = tanh(xn + sigmoid(xr + hr) * hn)
        return (n + z * (h - n),)


def detached(state: State) -> State:
    """The same state without its past: the derivative goes no further back than this.

    >>> [x.shape for x in detached((np.zeros((1, 2)),))]
    [(1, 2)]
    """
    return tuple(s.detach() if isinstance(s, Tensor) else s for s in state)
