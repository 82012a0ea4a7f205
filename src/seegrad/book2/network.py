"""A network of the second volume, seen through: its last forward pass again, as one graph.

Each `forward` notes what it was given, the states that layers carried, and where the random numbers
stood. `graph` runs the same code on tensors and puts everything back as it was.
"""

from __future__ import annotations

import copy
import functools
from collections.abc import Callable, Iterator
from contextlib import nullcontext
from typing import Any, NamedTuple, Self

import numpy as np

from seegrad.book2.layer import LOCAL, Joined, Layer, is_transpose
from seegrad.display_hooks import present
from seegrad.errors import GradientError
from seegrad.graph.graph import Graph
from seegrad.graph.mode import frame
from seegrad.i18n import tr
from seegrad.tensor.tensor import Tensor, tensor


class Asked(NamedTuple):
    """What a forward pass was given, and what it found."""

    args: tuple[Any, ...]
    words: dict[str, Any]
    chance: Any
    states: list[tuple[Layer, dict[str, Any]]]


def _noting(forward: Callable[..., Any]) -> Callable[..., Any]:
    """`forward`, which also notes what `graph` needs to go the same way again."""

    @functools.wraps(forward)
    def noted(self: Any, *args: Any, **words: Any) -> Any:
        if LOCAL.joined is not None:
            label = LOCAL.joined.labels.get(id(self))            # none: the whole that is asked
            with frame(label) if label else nullcontext():
                return forward(self, *args, **words)
        if self._running:
            return forward(self, *args, **words)
        self._asked = Asked(args, words, np.random.get_state(), _states(self))
        self._running = True
        try:
            return forward(self, *args, **words)
        finally:
            self._running = False

    return noted


def _states(network: Network) -> list[tuple[Layer, dict[str, Any]]]:
    return [
        (part, {name: getattr(part, name) for name in part.carried})
        for _, part in parts(network)
        if isinstance(part, Layer) and part.carried
    ]


def parts(network: Any) -> Iterator[tuple[str, Any]]:
    """(label, part) of the layers and networks inside, each once, in the order of attributes."""
    seen = {id(network)}

    def inside(whole: Any) -> Iterator[tuple[str, Any]]:
        for name, value in list(vars(whole).items()):
            if isinstance(value, Layer | Network):
                yield name, value
            elif isinstance(value, list | tuple) and value and not name.startswith("_"):
                kinds = [type(item).__name__ for item in value]
                for i, item in enumerate(value):
                    again = kinds.count(kinds[i]) > 1
                    if isinstance(item, Layer | Network):
                        yield f"{kinds[i]}{kinds[:i].count(kinds[i]) + 1 if again else ''}", item

    def walk(whole: Any) -> Iterator[tuple[str, Any]]:
        for label, part in inside(whole):
            if id(part) not in seen:
                seen.add(id(part))
                yield label, part
                yield from walk(part)

    return walk(network)


class Network:
    """Several layers in one object; `graph` is the whole graph of the last forward pass.

    Any class of one's own with this base can be seen through, as long as what its `forward` does
    between the layers is NumPy's functions and operators.
    """

    params: list[Any]
    grads: list[Any]
    _asked: Asked | None = None
    _running = False

    def __init_subclass__(cls, **words: Any) -> None:
        super().__init_subclass__(**words)
        if "forward" in cls.__dict__:
            cls.forward = _noting(cls.__dict__["forward"])  # type: ignore[attr-defined]

    def _gather(self, *layers: Any) -> None:
        """The parameters and gradients of all the layers, one behind the other."""
        self.params, self.grads = [], []
        for layer in layers:
            self.params += layer.params
            self.grads += layer.grads

    def __getstate__(self) -> dict[str, Any]:
        """What a copy takes along: all but the last pass."""
        return {k: v for k, v in vars(self).items() if k != "_asked"}

    def __deepcopy__(self, memo: dict[int, Any]) -> Self:
        """A copy whose parameters are tied to each other as they are here."""
        for param in self.params:
            if isinstance(param.base, np.ndarray) and is_transpose(param, param.base):
                memo[id(param)] = copy.deepcopy(param.base, memo).T
        made = type(self).__new__(type(self))
        memo[id(self)] = made
        vars(made).update(copy.deepcopy(self.__getstate__(), memo))
        return made

    @property
    def graph(self) -> Graph:
        """The whole graph of the last forward pass, of a loss with its derivatives.

        The parameters are those of now; the batch, the states that were carried over, the words
        and the masks that were drawn are those of the pass.
        """
        return self._seen().graph

    def show(self, **options: Any) -> None:
        """Show the whole graph in the browser, or in the notebook."""
        present("show", self._seen(), **options)

    def _seen(self) -> Tensor:
        """The result of the last forward pass, as a tensor with its graph."""
        asked = self._asked
        if asked is None:
            raise GradientError(
                tr("this network has not seen anything yet"),
                asked="forward(...), graph",
                came="graph",
                hint=tr("call forward first: the graph is that of a pass"),
            )
        found = list(parts(self))
        kept = [(part, dict(vars(part))) for part in (self, *(p for _, p in found))]
        chance = np.random.get_state()
        before, LOCAL.joined = LOCAL.joined, Joined({id(p): label for label, p in found})
        try:
            np.random.set_state(asked.chance)
            for part, state in asked.states:
                vars(part).update(state)
            args = [_leaf(x, f"x{i + 1}") for i, x in enumerate(asked.args)]
            words = {name: _leaf(x, name) for name, x in asked.words.items()}
            out: Tensor = self.forward(*args, **words)  # type: ignore[attr-defined]
        finally:
            LOCAL.joined = before
            np.random.set_state(chance)
            for part, state in kept:
                vars(part).clear()
                vars(part).update(state)
        if not out.shape:
            out.backward()
        return out


def _leaf(value: Any, name: str) -> Any:
    """An array of floating-point numbers as a leaf; all else as it is."""
    if isinstance(value, np.ndarray) and value.dtype.kind == "f":
        return tensor(value, name=name, requires_grad=False)
    return value


def drawn(scale: Any, *shape: int, dtype: Any = np.float32) -> Any:
    """First weights as the book's code draws them: from `np.random.randn`, over scale."""
    return (np.random.randn(*shape) / scale).astype(dtype)


def lstm_weights(inputs: int, hidden: int, dtype: Any = np.float32) -> tuple[Any, Any, Any]:
    """Wx, Wh and b of an LSTM, as the book begins them."""
    return (
        drawn(np.sqrt(inputs), inputs, 4 * hidden, dtype=dtype),
        drawn(np.sqrt(hidden), hidden, 4 * hidden, dtype=dtype),
        np.zeros(4 * hidden, dtype),
    )
